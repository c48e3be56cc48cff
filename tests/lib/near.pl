#!/usr/bin/perl
# SPDX-License-Identifier: GPL-3.0-or-later
# near.pl EXPECTED FOUND [TOLERANCE]
# Compares two tab-separated tables cell by cell: numbers within TOLERANCE (1e-9) relative to what
# is expected, everything else as text. Says the first differences and exits 1 if there are any.
use strict;
use warnings;

my ($expected, $found, $tolerance) = @ARGV;
$tolerance //= 1e-9;
my $number = qr/^-?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?$/;

sub rows {
    my ($path) = @_;
    open my $file, '<', $path or die "$path: $!\n";
    my @rows = map { chomp; [split /\t/, $_, -1] } <$file>;
    return @rows;
}

sub near {
    my ($a, $b) = @_;
    return 1 if $a eq $b;
    return 0 unless $a =~ $number && $b =~ $number;
    return abs($a - $b) <= $tolerance * abs($a);
}

my @a = rows($expected);
my @b = rows($found);
my @faults;
push @faults, sprintf 'found %d rows, expected %d', scalar @b, scalar @a if @a != @b;
push @faults, 'expected no empty table' if @a < 2;
for my $row (0 .. ($#a < $#b ? $#a : $#b)) {
    my ($x, $y) = ($a[$row], $b[$row]);
    push @faults, sprintf 'row %d: found %d cells, expected %d', $row, scalar @$y, scalar @$x
        if @$x != @$y;
    for my $column (0 .. ($#$x < $#$y ? $#$x : $#$y)) {
        push @faults, "row $row, $a[0][$column]: found '$y->[$column]', expected '$x->[$column]'"
            unless near($x->[$column], $y->[$column]);
    }
}
exit 0 unless @faults;
print "$_\n" for @faults[0 .. ($#faults < 4 ? $#faults : 4)];
printf "and %d more\n", @faults - 5 if @faults > 5;
exit 1;
