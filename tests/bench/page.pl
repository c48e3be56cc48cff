# SPDX-License-Identifier: GPL-3.0-or-later
# Writes what run.pl measured:
#
#     perl page.pl CASES RESULTS ROWS [TEMPLATE]
#
# CASES is the folder of cases, RESULTS that of results, ROWS the sizes to show. Prints one table of
# ratios or, with TEMPLATE, that page with its marks (@CASES@ and such) filled in.
use strict;
use warnings;

my ($cases, $folder, $rows, $template) = @ARGV;
my %shown = map { $_ => 1 } split ' ', $rows;
my %case = map { m{([^/]+)\.bench$} ? ($1 => read_case($_)) : () } glob "$cases/*.bench";
my @results = sort { $a->{case} cmp $b->{case} || $a->{rows} <=> $b->{rows}
        || $a->{order} <=> $b->{order} }
    grep { $shown{$_->{rows}} && $case{$_->{case}} } map { read_result($_) } glob "$folder/*.tsv";
die "page: no results in $folder\n" unless @results;

if (!defined $template) {
    print_ratios();
} else {
    my %fill = (TARGETS => targets(), CASES => join("\n\n", map { case_section($_) } cases()),
        PROFILES => profiles(), MACHINE => machine());
    my $page = slurp($template);
    $page =~ s/@([A-Z]+)@/$fill{$1} \/\/ die "page: no mark \@$1\@\n"/ge;
    print $page;
}

# ---- Results -------------------------------------------------------------------------------------

sub read_result {
    my ($path) = @_;
    my %result = (runs => {}, who => [], left => [], agrees => {}, profile => [], version => {});
    for (split /\n/, slurp($path)) {
        my ($what, @rest) = split /\t/;
        if ($what eq 'run') {
            push @{$result{runs}{shift @rest}}, \@rest;
        } elsif ($what eq 'left' || $what eq 'profile') {
            push @{$result{$what}}, \@rest;
        } elsif ($what eq 'agrees' || $what eq 'version') {
            $result{$what}{$rest[0]} = $rest[1];
        } else {
            $result{$what} = $rest[0];
        }
    }
    my @inputs = @{$case{$result{case}}{inputs} // []};
    ($result{order}) = grep { $inputs[$_] eq $result{input} } 0 .. $#inputs;
    return defined $result{order} ? \%result : ();
}

# Contenders of a result, ours first and then by their time.
sub contenders {
    my ($result) = @_;
    return sort { ($b eq 'sojourn') <=> ($a eq 'sojourn')
            || seconds($result, $a) <=> seconds($result, $b) } keys %{$result->{runs}};
}

sub seconds { my ($result, $who) = @_; return median(map { $_->[0] } @{$result->{runs}{$who}}) }

sub ratio { my ($result, $who) = @_; return seconds($result, $who) / seconds($result, 'sojourn') }

sub median {
    my @sorted = sort { $a <=> $b } @_;
    return ($sorted[$#sorted / 2] + $sorted[@sorted / 2]) / 2;
}

sub loaded {
    my ($result) = @_;
    my ($processors) = $result->{machine} =~ /(\d+) processors/;
    return $result->{others} > 0.1 * $processors;
}

sub cases { my %seen; return grep { !$seen{$_}++ } map { $_->{case} } @results }

# ---- The table of ratios -------------------------------------------------------------------------

sub print_ratios {
    printf "\n%-19s %-7s %9s  %-11s %9s %9s %9s %5s %6s  %s\n", 'case', 'input', 'rows', 'who',
        'median s', 'least', 'most', 'MiB', 'ratio', 'target';
    for my $result (@results) {
        for my $who (contenders($result)) {
            my @s = sort { $a <=> $b } map { $_->[0] } @{$result->{runs}{$who}};
            printf "%-19s %-7s %9d  %-11s %9.3f %9.3f %9.3f %5.0f %6s  %s\n",
                @$result{qw(case input rows)}, $who, median(@s), $s[0], $s[-1],
                peak($result, $who), figure(ratio($result, $who)), verdict($result, $who);
        }
        print "  $_->[0] left out: $_->[1]\n" for @{$result->{left}};
        print "  WARNING: the machine was busy with other work\n" if loaded($result);
    }
}

sub verdict {
    my ($result, $who) = @_;
    my $target = target_of($result, $who) or return '';
    my $ratio = ratio($result, $who);
    return "at least $target->{text}: met" if $ratio >= $target->{ratio};
    return sprintf 'at least %s: missed, reaches %s', $target->{text},
        percent($ratio / $target->{ratio});
}

sub target_of {
    my ($result, $who) = @_;
    my ($target) = grep { $_->{input} eq $result->{input} && $_->{rows} == $result->{rows}
            && $_->{who} eq $who } @{$case{$result->{case}}{targets}};
    return $target;
}

# ---- The page ------------------------------------------------------------------------------------

sub targets {
    my @lines = ('| work | rows | beside | ratio | at least | |', '|---|---:|---|---:|---:|---|');
    for my $name (cases()) {
        for my $target (@{$case{$name}{targets}}) {
            my ($result) = grep { $_->{case} eq $name && $_->{input} eq $target->{input}
                    && $_->{rows} == $target->{rows} } @results;
            my @cells = ("$case{$name}{title}; $target->{input}", power($target->{rows}),
                $target->{who});
            if ($result && $result->{runs}{$target->{who}}) {
                push @cells, figure(ratio($result, $target->{who})), $target->{text},
                    verdict($result, $target->{who}) =~ s/.*?: //r
                    . (loaded($result) ? ' (on a busy machine)' : '');
            } else {
                push @cells, '', $target->{text}, 'not measured';
            }
            push @lines, '| ' . join(' | ', @cells) . ' |';
        }
    }
    return join "\n", @lines;
}

sub case_section {
    my ($name) = @_;
    my $case = $case{$name};
    my @mine = grep { $_->{case} eq $name } @results;
    my $text = "### $case->{title}\n\n$case->{about}\n\n";
    $text .= "| input | rows | who | median, s | least to most | runs | peak, MiB | ratio |\n"
        . "|---|---:|---|---:|---:|---:|---:|---:|\n";
    $text .= join '', map { rows_of($_) } @mine;
    $text .= "\n" . join '', map { "- $_\n" } notes(@mine);
    $text .= "\nWhat ran, `{input}` being the file and `{out}` a folder:\n";
    for my $section (@{$case->{sections}}) {
        my ($who, $body) = @$section;
        $text .= "\n$who\n\n" . $body =~ s/\n*$/\n/r =~ s/^(?=.)/    /gmr;
    }
    return $text =~ s/\n$//r;
}

sub rows_of {
    my ($result) = @_;
    my $text = '';
    for my $who (contenders($result)) {
        my @s = sort { $a <=> $b } map { $_->[0] } @{$result->{runs}{$who}};
        my $name = $who eq 'sojourn' ? '**sojourn**' : $who;
        $text .= sprintf "| %s | %s | %s | %.3f | %.3f to %.3f | %d | %.0f | %s |\n",
            $result->{input}, power($result->{rows}), $name, median(@s), $s[0], $s[-1],
            scalar @s, peak($result, $who), figure(ratio($result, $who));
    }
    return $text;
}

sub notes {
    my (@mine) = @_;
    my (@notes, %agrees, %left);
    for my $result (@mine) {
        $agrees{"$_: $result->{agrees}{$_}"} = 1 for keys %{$result->{agrees}};
        push @{$left{"$_->[0]: $_->[1]"}}, label($result) for @{$result->{left}};
    }
    push @notes, 'Agrees with ours in: ' . join('; ', sort keys %agrees) if %agrees;
    push @notes, "Left out, $_ (" . join(', ', @{$left{$_}}) . ')' for sort keys %left;
    push @notes, 'Sizes: ' . join ', ', map { sprintf '%s %.0f MB', label($_), $_->{bytes} / 1e6 }
        @mine;
    my %when;
    push @{$when{"measured on $_->{date} at $_->{commit} with $_->{threads} threads; others kept "
        . "$_->{others} processors busy meanwhile"
        . (loaded($_) ? '. **The machine was busy: take the ratios as rough**' : '')}}, label($_)
        for @mine;
    push @notes, map { join(', ', @{$when{$_}}) . ": $_" }
        sort { $when{$a}[0] cmp $when{$b}[0] } keys %when;
    return @notes;
}

sub profiles {
    my %largest;
    for my $result (@results) {
        $largest{"$result->{case} $result->{input}"} = $result; # sorted by rows
    }
    my @lines;
    for my $result (grep { $largest{"$_->{case} $_->{input}"} == $_ } @results) {
        my @parts = map { sprintf '`%s` %.0f %%', $_->[1], $_->[0] } @{$result->{profile}};
        push @lines, "- **$result->{case}, " . label($result) . '**: '
            . (@parts ? join ', ', @parts : 'perf was not there, or not allowed');
    }
    return join "\n", @lines;
}

sub machine {
    my (%machines, %versions);
    for my $result (@results) {
        $machines{$result->{machine}} = 1;
        $versions{$_}{$result->{version}{$_}} = 1 for keys %{$result->{version}};
    }
    return join "\n", (map { "- machine: $_" } sort keys %machines),
        map { "- $_: " . join ' and ', sort keys %{$versions{$_}} } sort keys %versions;
}

# ---- Figures and files ---------------------------------------------------------------------------

sub peak {
    my ($result, $who) = @_;
    return (sort { $b <=> $a } map { $_->[3] } @{$result->{runs}{$who}})[0] / 1024;
}

# Three digits are more than the spread between runs bears out.
sub figure { my ($x) = @_; return $x >= 100 ? sprintf '%.0f', $x : sprintf '%.3g', $x }

sub percent { return sprintf '%.0f %%', 100 * $_[0] }

sub power { my ($n) = @_; return $n =~ /^10*$/ ? '10^' . (length($n) - 1) : $n }

sub label { my ($result) = @_; return "$result->{input} " . power($result->{rows}) }

sub read_case {
    my ($path) = @_;
    my %case = (title => '', about => '', inputs => [], targets => [], sections => []);
    for (split /^/, slurp($path)) {
        if (/^\[(.*)\]$/) {
            push @{$case{sections}}, [$1, ''];
        } elsif (@{$case{sections}}) {
            $case{sections}[-1][1] .= $_;
        } elsif (/^title (.*)$/) {
            $case{title} = $1;
        } elsif (/^about (.*)$/) {
            $case{about} .= ($case{about} ? ' ' : '') . $1;
        } elsif (/^input \S+ (\S+)$/) {
            push @{$case{inputs}}, $1;
        } elsif (m{^target (\S+) (\d+) (\S+) ((\d+)(?:/(\d+))?)$}) {
            push @{$case{targets}}, {input => $1, rows => $2, who => $3, text => $4,
                ratio => $5 / ($6 // 1)};
        }
    }
    return \%case;
}

sub slurp {
    my ($path) = @_;
    open my $in, '<', $path or die "page: $path: $!\n";
    local $/;
    return <$in> // '';
}
