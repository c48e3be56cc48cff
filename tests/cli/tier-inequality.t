# SPDX-License-Identifier: GPL-3.0-or-later
. "$TESTS/lib/tap.sh"
PATH=$BIN:$PATH
tiny=$DATA/tiny/creator-panel.csv

columns() { # numbers of columns, separated by commas, of the last result
    printf '%s\n' "$out" | cut -d, -f"$1"
}

near() { # name, found, expected, relative tolerance
    ok "$1" awk "BEGIN { x = $2; y = $3; d = x - y; if (d < 0) d = -d; if (y < 0) y = -y; exit !(d <= $4 * y) }"
}

expand() { # value,count to one creator each
    awk -F, 'NR == 1 { print "creator,followers" } NR > 1 { for (i = 0; i < $2; i++) print "w" ++n "," $1 }' "$1"
}

# ---- Measures --------------------------------------------------------------------------------------
printf '%s\n' creator,followers a,1 b,2 c,3 d,10 >four.csv
runs 'a snapshot without periods' 0 tier-inequality four.csv
# Gini: (2 (1 + 4 + 9 + 40) / 16 - 5) / 3 = 1.75/3; T: ln 4 + sum s ln s; Palma: 40 % of four is 1 + 0.6 x 2.
near 'Gini by hand' "$(columns 2 | sed -n 2p)" '7 / 12' 1e-14
near 'Palma by hand' "$(columns 2 | sed -n 5p)" '0.4 * 10 / 2.2' 1e-14
is 'has no column period' "$(columns 1,6 | sed -n 1,2p)" 'measure,creators
gini,4'
runs 'periods' 0 tier-inequality "$tiny"
is 'each has all measures' "$(columns 1,2 | tail -n +2 | sort | uniq | wc -l)" 18
runs 'one period' 0 tier-inequality --period 2025-01 "$tiny"
is 'alone' "$(columns 1 | tail -n +2 | sort -u)" 2025-01
runs 'the last' 0 tier-inequality --period last --by-platform "$tiny"
is 'by platform' "$(columns 1-3,8 | grep gini)" 'RedNote,2025-02,gini,2
TikTok,2025-02,gini,4'
runs 'a period that is none' 2 tier-inequality --period soon "$tiny"
runs 'one that is not in the file' 1 tier-inequality --period 2031-01 "$tiny"
is 'is named' "$err" "tier-inequality: no row is of period '2031-01'"

printf '%s\n' creator,followers,income a,1,2.50 b,1,7.50 c,1, >income.csv
runs 'income' 0 tier-inequality --of income income.csv
is 'where it is known' "$(columns 1,2,6 | sed -n 2p)" 'gini,0.5,2'
printf '%s\n' creator,followers a,1k b,1.5k >human.csv
runs 'numbers as people write them' 0 tier-inequality --human-numbers human.csv
near 'are read' "$(columns 2 | sed -n 2p)" 0.2 1e-14

# ---- Lorenz, parts -----------------------------------------------------------------------------------
runs 'a Lorenz curve' 0 tier-inequality --lorenz four.csv
is 'by hand' "$out" 'creators,share
0,0
0.25,0.0625
0.5,0.1875
0.75,0.375
1,1'
runs 'parts' 0 tier-inequality --decompose --tiers low:0,high:5 four.csv
cell() { # tier, quantity, column number
    printf '%s\n' "$out" | awk -F, -v t="$1" -v q="$2" -v c="$3" '$1 == t && $2 == q { print $c }'
}
near 'within and between are all' "$(cell '(within)' part_t 3) + $(cell '(between)' part_t 3)" "$(cell '(all)' theil_t 3)" 1e-12
is 'one creator has no inequality, and no error of it' "$(columns 1-7 | grep '^high,theil')" 'high,theil_t,0,,,,1
high,theil_l,0,,,,1'
# s = 10/16 of p = 1/4: s ln(s/p) + (1 - s) ln((1 - s)/(1 - p)).
near 'between, by hand' "$(cell '(between)' part_t 3)" '0.625 * log(2.5) + 0.375 * log(0.5)' 1e-12
near 'its share of all' "$(cell '(between)' part_t_share 3)" "$(cell '(between)' part_t 3) / $(cell '(all)' theil_t 3)" 1e-12
ok 'has an interval about it' awk "BEGIN { x = $(cell '(between)' part_t 3); exit !($(cell '(between)' part_t 4) < x && x < $(cell '(between)' part_t 5)) }"
runs 'parts of the panel' 0 tier-inequality --decompose "$tiny"
is 'an empty tier has none' "$(columns 1-8 | grep macro,theil)" '2025-02,macro,theil_t,,,,,0
2025-02,macro,theil_l,,,,,0'

# ---- The tail: Clauset, Shalizi & Newman 2009, tables 6.1 and 6.3, and R's poweRlaw -------------------
expand "$TESTS/truth/tier-inequality/moby.csv" >moby.csv
runs 'words in Moby Dick' 0 tier-inequality --tail --errors given-xmin --replications 0 moby.csv
is '18,855 words, xmin 7, 2,958 of them' "$(columns 1-5 | tail -1)" '18855,7,,,2958'
near 'alpha 1.95' "$(columns 6 | tail -1)" 1.95 0.003
near 'error 0.02' "$(columns 9 | tail -1)" 0.0175 0.01
# poweRlaw: m <- displ$new(moby); estimate_xmin(m): gof 0.00825263395, pars 1.9527283
near 'as poweRlaw' "$(columns 6 | tail -1)" 1.95272835 1e-6
near 'its distance' "$(columns 10 | tail -1)" 0.00825263395 1e-4
# Table 6.3: exponential 9.09; with cut-off p = 0.18.
near 'against the exponential' "$(columns 14 | tail -1)" 9.09 0.01
near 'against the truncated law' "$(columns 17 | tail -1)" 0.18 0.02
# poweRlaw's own bootstrap of these, of 5,000 samples: data(bootstrap_moby); sd(pars) 0.02428821,
# sd(xmin) 1.78, quantiles of pars 1.891631 and 1.992898, of xmin 3 and 11; data(bootstrap_p_moby):
# p 0.6738. Of 300 samples errors are off by some 4 %, p by 0.03.
runs 'with xmin found anew' 0 tier-inequality --tail --replications 300 moby.csv
near 'the error of alpha' "$(columns 9 | tail -1)" 0.02428821 0.16
near 'its lower bound' "$(columns 7 | tail -1)" 1.891631 0.01
near 'its upper bound' "$(columns 8 | tail -1)" 1.992898 0.01
is 'xmin from 3 to about 11' "$(columns 3,4 | tail -1 | sed 's/,1[0-2]$/,about 11/')" '3,about 11'
near 'p' "$(columns 11 | tail -1)" 0.6738 0.16
expand "$TESTS/truth/tier-inequality/native-american.csv" >native.csv
runs 'casualties' 0 tier-inequality --tail --replications 0 native.csv
is 'xmin, without samples no bounds' "$(columns 2-4,7-9,11 | tail -1)" '20,,,,,,'
near 'alpha' "$(columns 6 | tail -1)" 2.21005305 1e-6
near 'distance' "$(columns 10 | tail -1)" 0.03757127 1e-4
# compare_distributions with dislnorm: -0.67261221, over n - 1 in place of n: 275/274.
near 'against the lognormal' "$(columns 12 | tail -1)" '-0.67261221 * 1.001823' 1e-3
near 'its p' "$(columns 13 | tail -1)" 0.50119403 0.005
runs 'samples' 0 tier-inequality --tail --replications 40 --threads 3 native.csv
cp tap.out three.csv
runs 'by one thread' 0 tier-inequality --tail --replications 40 --threads 1 native.csv
same 'are the same' three.csv tap.out
runs 'nothing to fit' 0 tier-inequality --tail four.csv
is 'is left empty' "$(tail -1 tap.out)" '4,,,,,,,,,,,,,,,,'
runs 'a tail by jackknife' 2 tier-inequality --tail --errors jackknife native.csv
like 'is no way' "$err" 'expected bootstrap or given-xmin with --tail'
runs 'xmin given to none' 2 tier-inequality --errors given-xmin native.csv
like 'needs a tail' "$err" 'expected --tail with it'

# Table 6.3 and the powerlaw package's testing/test_reference_data.py: normalised ratios against
# lognormal and exponential, the plain one against the truncated law, and p. Their optimisers stop at
# about two digits.
published() { # name, options, xmin, alpha, lognormal, p, exponential, truncated, p
    expand "$TESTS/truth/tier-inequality/$1.csv" >published.csv
    runs "$1" 0 tier-inequality --tail --errors given-xmin --replications 0 $2 published.csv
    is "$1: xmin" "$(columns 2 | tail -1)" "$3"
    near "$1: alpha" "$(columns 6 | tail -1)" "$4" 0.02
    near "$1: lognormal" "$(columns 12 | tail -1)" "$5" 0.03
    near "$1: its p" "$(columns 13 | tail -1)" "$6" 0.03
    near "$1: exponential" "$(columns 14 | tail -1)" "$7" 0.03
    near "$1: truncated" "$(columns 16 | tail -1)" "$8" 0.05
    near "$1: its p" "$(columns 17 | tail -1)" "$9" 0.05
}
published blackouts '--values continuous' 230000 2.273 -0.412 0.68 1.43 -0.382 0.38
published terrorism '' 12 2.4 -0.278 0.78 2.457 -0.077 0.70
published flares '--values continuous' 323 1.79 -0.803 0.42 13.7 -4.52 0.00264

runs 'the distribution' 0 tier-inequality --ccdf --least 3 four.csv
is 'shares at or above' "$(columns 1,2)" 'value,share
1,1
2,0.75
3,0.5
10,0.25'

# ---- Edges ---------------------------------------------------------------------------------------------
printf '%s\n' creator,followers a,0 b,0 >zero.csv
runs 'nobody has anything' 0 tier-inequality zero.csv
is 'nothing is measured' "$(columns 1-6 | sed -n 2p)" 'gini,,,,,2'
echo creator,period,followers >empty.csv
for what in '' --lorenz --decompose --tail --ccdf; do
    runs "a header alone $what" 0 tier-inequality $what empty.csv
done
runs 'curves of several periods and platforms' 2 tier-inequality --lorenz --by-platform --period all --chart x.svg "$tiny"
like 'are too many for one chart' "$err" 'expected --period last'
runs 'of several periods' 0 tier-inequality --lorenz --period all --chart lorenz.gp -o lorenz.csv "$tiny"
like 'is a line each' "$(cat lorenz.gp)" "^array series_name\[3\] = \['2024-12', '2025-01', '2025-02'\]"
runs 'a chart of parts' 2 tier-inequality --decompose --chart x.svg "$tiny"
runs 'parts by bootstrap' 0 tier-inequality --decompose --errors bootstrap --replications 50 --threads 1 moby.csv
cp tap.out one.csv
runs 'with threads' 0 tier-inequality --decompose --errors bootstrap --replications 50 --threads 4 moby.csv
same 'are the same' one.csv tap.out
runs 'errors by bootstrap' 0 tier-inequality --errors bootstrap --replications 50 --threads 1 moby.csv
cp tap.out one.csv
runs 'with threads' 0 tier-inequality --errors bootstrap --replications 50 --threads 4 moby.csv
same 'are the same' one.csv tap.out
finish
