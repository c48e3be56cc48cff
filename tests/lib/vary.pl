#!/usr/bin/env perl
# SPDX-License-Identifier: GPL-3.0-or-later
# Variants of a CSV file, for tests that hold a tool to the same answer or to the right complaint.
#
#   vary.pl columns FILE              the number of columns
#   vary.pl header FILE               its header alone
#   vary.pl cell COLUMN TEXT FILE     TEXT in that column (from 1) of the first row
#   vary.pl quote FILE                every cell quoted
#   vary.pl crlf FILE                 every record ended by CR LF
#   vary.pl bom FILE                  a byte-order mark in front
#   vary.pl shards N PREFIX FILE      the rows dealt out in order to PREFIX1.csv .. PREFIXN.csv,
#                                     each with the header
use strict;
use warnings;

my $what = shift or die "vary.pl: what?\n";
my $file = pop or die "vary.pl: which file?\n";
open my $in, '<:raw', $file or die "vary.pl: $file: $!\n";
my $bytes = do { local $/; <$in> };
$bytes .= "\n" unless $bytes =~ /\n\z/;

# Records end at a line end outside quotes, cells at a comma outside quotes.
my @records = $bytes =~ /\G((?:"[^"]*"|[^"\n])*\r?\n)/g;
my $header  = shift @records;

sub cells {
    my ($record) = @_;
    $record =~ s/\r?\n\z//;
    return $record =~ /(?:^|,)((?:"[^"]*"|[^",])*)/g;
}

sub quoted {
    my ($cell) = @_;
    return $cell if $cell =~ /^"/;
    return "\"$cell\"";
}

binmode STDOUT;
if ($what eq 'columns') {
    my @names = cells($header);
    print scalar(@names), "\n";
} elsif ($what eq 'header') {
    print $header;
} elsif ($what eq 'cell') {
    my ($column, $text) = @ARGV;
    my @cells = cells($records[0]);
    $cells[$column - 1] = $text;
    print $header, join(',', @cells), "\n", @records[1 .. $#records];
} elsif ($what eq 'quote') {
    print join(',', map { quoted($_) } cells($_)), "\n" for $header, @records;
} elsif ($what eq 'crlf') {
    s/\r?\n\z/\r\n/ for $header, @records;
    print $header, @records;
} elsif ($what eq 'bom') {
    print "\xef\xbb\xbf", $header, @records;
} elsif ($what eq 'shards') {
    my ($n, $prefix) = @ARGV;
    for my $i (1 .. $n) {
        open my $out, '>:raw', "$prefix$i.csv" or die "vary.pl: $prefix$i.csv: $!\n";
        my $from = int(@records * ($i - 1) / $n);
        my $to   = int(@records * $i / $n) - 1;
        print $out $header, @records[$from .. $to];
        close $out or die "vary.pl: $prefix$i.csv: $!\n";
    }
} else {
    die "vary.pl: unknown variant '$what'\n";
}
