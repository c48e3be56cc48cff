# SPDX-License-Identifier: GPL-3.0-or-later
# Runs every command of the ```console blocks in the pages named as arguments and compares what it
# prints (standard output and error together) with what the page shows. In a block, lines that start
# with "$ " are commands, continued while they end in a backslash; the lines that follow are their
# output. A line "..." stands for any lines. All commands of a page run in one empty folder in which
# datasets/ and docs/ are those of the project, with the executables in PATH. A block within a block
# of a longer fence is text, and not run. Prints TAP.
use strict;
use warnings;
use Cwd qw(abs_path);
use File::Basename qw(basename dirname);
use File::Temp qw(tempdir);

my $root = abs_path("$ENV{TESTS}/..");
$ENV{PATH} = "$ENV{BIN}:$ENV{PATH}";
my $count = 0;

for my $page (@ARGV) {
    my $name = $page =~ s{^\Q$root\E/}{}r;
    my $folder = tempdir(CLEANUP => 1);
    symlink("$root/$_", "$folder/$_") for qw(datasets docs);
    chdir $folder or die "$folder: $!";
    for my $step (steps($page)) {
        my ($line, $command, $expected) = @$step;
        open my $pipe, '-|', 'sh', '-c', "($command) 2>&1 </dev/null" or die "sh: $!";
        my $found = do { local $/; <$pipe> } // '';
        close $pipe;
        my $same = $found =~ pattern($expected);
        $count++;
        print $same ? '' : 'not ', "ok $count - $name:$line ", $command =~ s/\\\n\s*/ /gr, "\n";
        next if $same;
        print "# the page shows:\n", $expected =~ s/^/#   /mgr, "# the command prints:\n",
            $found =~ s/^/#   /mgr;
    }
    chdir '/';
}
print "1..$count\n";

# [line, command, expected output] of each command in a page.
sub steps {
    my ($page) = @_;
    open my $in, '<', $page or die "$page: $!";
    my ($fence, $inside, $continued, @steps) = ('', 0, 0);
    while (my $text = <$in>) {
        if ($fence eq '' ? $text =~ /^(```+)/ : $text =~ /^\Q$fence\E\s*$/) {
            $fence = $fence eq '' ? $1 : ''; # before the next match, which forgets $1
            $inside = $text =~ /^```console\s*$/;
            $continued = 0;
        } elsif ($inside && $continued) {
            $steps[-1][1] .= $text;
            $continued = $text =~ /\\$/;
        } elsif ($inside && $text =~ /^\$ (.*\n)/) {
            push @steps, [$., $1, ''];
            $continued = $text =~ /\\$/;
        } elsif ($inside && @steps) {
            $steps[-1][2] .= $text;
        }
    }
    chomp $_->[1] for @steps;
    return @steps;
}

sub pattern {
    my ($expected) = @_;
    my $pattern = join '',
        map { $_ eq "...\n" ? '(?:.*\n)*' : quotemeta($_) } split /(?<=\n)/, $expected;
    return qr/\A$pattern\z/;
}
