# SPDX-License-Identifier: GPL-3.0-or-later
# Times the cases of tests/bench/*.bench: whole processes, ours and each peer's in turn.
#
#     perl run.pl --bin DIR --folder DIR [--cases DIR] --threads N --compiler TEXT --rows 'N...' \
#         CASE...
#
# A case is a file of lines, `title`, `about`, `input FILE NAME` (@ stands for the number of rows),
# `compare FILE by KEY,...`, `limit WHO ROWS` beyond which a contender is left out, `target NAME
# ROWS WHO RATIO`, and then a section for each contender: shell, SQL or R, in which {input}, {out}
# and {threads} are filled in. For each input every contender runs once, unmeasured; each FILE that
# a peer wrote to {out} must agree with ours in all columns that are no keys. Then they run in turn,
# and every run is kept in FOLDER/results/, from which page.pl writes tables.
use strict;
use warnings;
use File::Basename qw(dirname);
use File::Path qw(make_path remove_tree);
use Getopt::Long qw(GetOptions);
use POSIX qw(strftime);

use constant RUNS      => 5;    # of each contender,
use constant SLOW      => 8;    # but of one that takes more seconds than this
use constant SLOW_RUNS => 3;    # only so many,
use constant VERY_SLOW => 30;   # and of one beyond this the first is measured, and is the only one
use constant BUSY      => 0.1;  # of the processors: as much as others may use
use constant TOLERANCE => 1e-9; # relative: peers that add in binary floating point lose some digits

my %option;
GetOptions(\%option, qw(bin=s folder=s cases=s threads=i compiler=s rows=s)) or exit 2;
my $here = dirname($0);
my $cases = $option{cases} // $here;
my ($folder, $threads) = @option{qw(folder threads)};
my $answers = "$folder/answers";
$ENV{PATH} = "$option{bin}:$ENV{PATH}";
$ENV{GOMAXPROCS} = $threads; # Miller
$ENV{LC_ALL} = 'C.UTF-8';
make_path("$folder/results");

# How a contender runs its section, and how it says its version; empty if it is not installed.
my %contender = (
    sojourn => {
        version => sub { "$option{compiler}; " . output('arpu-loss --version') },
        command => sub { ('sh', '-e', $_[0]) },
    },
    wc => {
        version => sub { output('wc --version') },
        command => sub { ('sh', '-e', $_[0]) },
    },
    Miller => {
        version => sub { output('mlr --version') },
        command => sub { ('sh', '-e', $_[0]) },
    },
    DuckDB => {
        version => sub {
            my $node = output('node --version') or return '';
            my $package = slurp("$folder/node_modules/\@duckdb/node-api/package.json");
            $package =~ /"version":\s*"([^"]*)"/ ? "\@duckdb/node-api $1, node $node" : '';
        },
        command => sub { ('node', "$here/duckdb.mjs", $folder, $threads, slurp($_[0])) },
    },
    'data.table' => {
        version => sub {
            output(q{Rscript --vanilla -e 'cat(R.version.string, ", data.table ", }
                . q{format(packageVersion("data.table")), ", survival ", }
                . q{format(packageVersion("survival")), sep = "")'});
        },
        command => sub {
            ('Rscript', '--vanilla', "$here/fread.R", $threads, $_[1], $answers, $_[0]);
        },
    },
);
my %version = map { $_ => $contender{$_}{version}->() } keys %contender;

for my $rows (split ' ', $option{rows}) {
    for my $name (@ARGV) {
        my $case = read_case("$cases/$name.bench");
        measure($name, $case, $_, $rows) for @{$case->{inputs}};
    }
}

# ---- One input of one case -----------------------------------------------------------------------

sub measure {
    my ($name, $case, $input, $rows) = @_;
    my $path = "$folder/" . $input->{file} =~ s/@/$rows/r;
    my %section = (%{$case->{sections}}, wc => floor_of($path));
    my @names = ('sojourn', sort grep { $_ ne 'sojourn' } keys %section);
    my @lines = (
        [case => $name], [input => $input->{name}], [rows => $rows], [bytes => -s $path],
        [path => $path], [threads => $threads],
        [date => strftime('%Y-%m-%d %H:%M UTC', gmtime)], [machine => machine()],
        [commit => output('git describe --always --dirty')]);
    my (%runs, $ours);
    print "\n$case->{title}: $input->{name}, $rows rows\n";
    for my $who (@names) {
        if ($version{$who} eq '') {
            push @lines, [left => $who, 'not installed'];
            print "  $who is not installed and left out\n";
            next;
        }
        if ($rows > ($case->{limit}{$who} // $rows)) {
            push @lines, [left => $who, "not tried beyond $case->{limit}{$who} rows"];
            next;
        }
        my $warm = run($who, $section{$who}, $path);
        die "bench: $who failed on $path\n" unless $warm || $who ne 'sojourn';
        if (!$warm) {
            push @lines, [left => $who, 'failed'];
            print "  $who failed and is left out\n";
            next;
        }
        if ($who eq 'sojourn') {
            $ours = tables($case);
        } elsif ($who ne 'wc') {
            push @lines, [agrees => $who, agreement($case, $ours, tables($case), $who)];
        }
        push @lines, [version => $who, $version{$who}];
        if ($warm->[0] > VERY_SLOW && $who ne 'sojourn') {
            push @lines, [run => $who, @$warm];
            printf "  %-12s %8.3f s  %7.0f MiB\n", $who, $warm->[0], $warm->[3] / 1024;
            next;
        }
        $runs{$who} = $warm->[0] > SLOW ? SLOW_RUNS : RUNS;
    }
    for my $round (1 .. RUNS) {
        for my $who (grep { ($runs{$_} // 0) >= $round } @names) {
            my $took = run($who, $section{$who}, $path) or die "bench: $who failed on $path\n";
            push @lines, [run => $who, @$took];
            printf "  %-12s %8.3f s  %7.0f MiB\n", $who, $took->[0], $took->[3] / 1024;
        }
    }
    my $others = others(map { $_->[0] eq 'run' ? [@$_[2 .. $#$_]] : () } @lines);
    warn "bench: others kept $others processors busy: ratios are unsure\n"
        if $others > BUSY * processors();
    push @lines, [others => $others];
    push @lines, map { [profile => @$_] } profile($section{sojourn}, $path);
    write_file("$folder/results/$name-$input->{name}-$rows.tsv",
        join '', map { join("\t", @$_) . "\n" } @lines);
}

# Seconds, user and system seconds, peak KiB, and the seconds that all processors together spent on
# something else meanwhile; nothing if the run failed.
sub run {
    my ($who, $section, $path) = @_;
    my $report = "$folder/took";
    remove_tree($answers);
    make_path($answers);
    unlink $report;
    my @command = $contender{$who}{command}->(script($section, $path), $path);
    my $before = spent();
    return undef if system("$folder/measure", $report, @command) != 0;
    my @took = split ' ', slurp($report);
    return [@took, sprintf '%.2f', spent() - $before - $took[1] - $took[2]];
}

# A section with its blanks filled in, in a file of its own.
sub script {
    my ($section, $path) = @_;
    my %fill = (input => $path, out => $answers, threads => $threads);
    write_file("$folder/script", $section =~ s/\{(input|out|threads)\}/$fill{$1}/gr);
    return "$folder/script";
}

sub floor_of {
    my ($path) = @_;
    return ($path =~ /\.gz$/ ? 'gzip -dc {input} | wc -l' : 'wc -l {input}') . " >{out}/lines\n";
}

# [percent, symbol] of where our time goes; nothing if perf is not there or not allowed.
sub profile {
    my ($section, $path) = @_;
    my $script = script($section, $path);
    my $data = "$folder/perf.data";
    return if system("perf record -q -F 997 -o $data sh -e $script >/dev/null 2>&1") != 0;
    my @lines = split /\n/, output("perf report -i $data --stdio -q --sort symbol");
    my @found = map { /^\s*([\d.]+)%\s+\[.\]\s+(\S+)/ ? [$1, $2] : /^\s*([\d.]+)%\s+\[k\]\s+(\S+)/
            ? [$1, "$2 (kernel)"] : () } @lines;
    return grep { $_->[0] >= 2 } @found;
}

# ---- Do the answers agree? -----------------------------------------------------------------------

# The tables that the last run wrote: file -> key -> column -> cell.
sub tables {
    my ($case) = @_;
    my %tables;
    for my $compare (@{$case->{compare}}) {
        open my $in, '<', "$answers/$compare->{file}" or next;
        my @names = cells(scalar <$in>);
        while (my $line = <$in>) {
            my %row;
            @row{@names} = cells($line);
            my $key = join ',', delete @row{@{$compare->{keys}}};
            $tables{$compare->{file}}{$key} = \%row;
        }
    }
    return \%tables;
}

# No cell of these answers holds a comma or a quote of its own.
sub cells {
    my ($line) = @_;
    $line =~ s/[\r\n]+$//;
    return map { s/^"(.*)"$/$1/r } split /,/, $line, -1;
}

# The columns in which a peer's tables agree with ours; dies at the first cell that does not.
sub agreement {
    my ($case, $ours, $theirs, $who) = @_;
    my %seen;
    for my $file (sort keys %$theirs) {
        my ($a, $b) = ($ours->{$file}, $theirs->{$file});
        for my $key (sort keys %{{%$a, %$b}}) {
            die "bench: $file of $who and ours: only one has the row $key\n"
                unless $a->{$key} && $b->{$key};
            for my $column (sort keys %{$b->{$key}}) {
                my ($x, $y) = ($a->{$key}{$column}, $b->{$key}{$column});
                die "bench: $file, $key, $column: $who has $y, ours is " . ($x // 'missing') . "\n"
                    unless defined $x && near($x, $y);
                $seen{$column} = 1;
            }
        }
    }
    die "bench: $who wrote nothing to compare\n" unless %seen;
    return join ', ', sort keys %seen;
}

sub near {
    my ($x, $y) = @_;
    return 1 if $x eq $y;
    my $number = qr/^-?\d*\.?\d+(?:[eE][-+]?\d+)?$/;
    return $x =~ $number && $y =~ $number && abs($x - $y) <= TOLERANCE * abs($x);
}

# ---- The case, the machine -----------------------------------------------------------------------

sub read_case {
    my ($path) = @_;
    my %case = (inputs => [], compare => [], sections => {});
    my $section;
    for (split /^/, slurp($path) || die "bench: there is no case $path\n") {
        if (/^\[(.*)\]$/) {
            $section = $1;
            die "$path: $section is no contender\n" unless $contender{$section};
        } elsif (defined $section) {
            $case{sections}{$section} .= $_;
        } elsif (/^title (.*)$/) {
            $case{title} = $1;
        } elsif (/^input (\S+) (\S+)$/) {
            push @{$case{inputs}}, {file => $1, name => $2};
        } elsif (/^compare (\S+) by (\S+)$/) {
            push @{$case{compare}}, {file => $1, keys => [split /,/, $2]};
        } elsif (/^limit (\S+) (\d+)$/) {
            $case{limit}{$1} = $2;
        } elsif (!/^(?:#|about |target |$)/) { # which are for page.pl
            die "$path: cannot read '$_'\n";
        }
    }
    return \%case;
}

sub processors { return output('nproc') }

# Seconds that all processors together have worked, for whomever, since the machine was started.
sub spent {
    my ($user, $nice, $system, $idle, $wait, $irq, $soft, $steal) =
        slurp('/proc/stat') =~ /^cpu\s+(\d+) (\d+) (\d+) (\d+) (\d+) (\d+) (\d+) (\d+)/
        or return 0;
    return ($user + $nice + $system + $irq + $soft + $steal) / output('getconf CLK_TCK');
}

# How many processors others kept busy during these runs. It is counted in ticks of a hundredth of
# a second, too coarse for one short run but not for all of them.
sub others {
    my ($seconds, $spent) = (0, 0);
    ($seconds, $spent) = ($seconds + $_->[0], $spent + $_->[4]) for @_;
    return sprintf '%.2f', $seconds > 0 && $spent > 0 ? $spent / $seconds : 0;
}

sub machine {
    my ($model) = slurp('/proc/cpuinfo') =~ /^model name\s*:\s*(.*)$/m;
    my ($memory) = slurp('/proc/meminfo') =~ /^MemTotal:\s*(\d+)/m;
    return sprintf '%s, %d processors, %.0f GiB, Linux %s', $model // output('uname -m'),
        processors(), $memory / 1048576, output('uname -r');
}

# The first line of what a command prints, or all of it where more is asked for; empty if it fails.
sub output {
    my ($command) = @_;
    my @lines = `($command) 2>/dev/null`;
    return '' if $? != 0 || !@lines;
    return join '', @lines if $command =~ /^perf/;
    chomp $lines[0];
    return $lines[0];
}

sub slurp {
    my ($path) = @_;
    open my $in, '<', $path or return '';
    local $/;
    return <$in> // '';
}

sub write_file {
    my ($path, $text) = @_;
    open my $out, '>', $path or die "bench: $path: $!\n";
    print $out $text;
    close $out or die "bench: $path: $!\n";
}
