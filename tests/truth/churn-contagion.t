# SPDX-License-Identifier: GPL-3.0-or-later
# Fit, profile bounds and test against R: another form of the likelihood, another search.
. "$TESTS/lib/tap.sh"
command -v Rscript >/dev/null || { echo '1..0 # SKIP R is not installed'; exit 0; }
script=$TESTS/truth/churn-contagion.R

# Both to a relative 1e-5: each side searches until the likelihood no longer changes, which leaves
# half of the digits to the parameters.
agree() { # name, file of ours (parameter,estimate,lower,upper), file of R's
    sed 's/tipping_share/ratio/; s/,/ /g' "$2" | paste -d' ' - "$3" | awk '
        function near(a, b) {
            if (a == "" || a == "inf" || b == "NA") return (b == "NA")
            d = a - b; if (d < 0) d = -d
            return d <= 1e-5 * (b < 0 ? -b : b)
        }
        { if ($1 != $5 || !near($2, $6) || !near($3, $7) || !near($4, $8)) { print; bad = 1 } }
        END { exit bad || NR < 4 }' >compared
    tap_result $? "$1" || sed 's/^/# /' compared
}

compare() { # name, file, SINCE, POOL, options...
    name=$1 file=$2 since=$3 pool=$4
    shift 4
    Rscript "$script" fit "$file" "$since" "$pool" >r.txt
    for mode in summary test; do
        runs "$name: $mode" 0 "$BIN/churn-contagion" "$@" --dispersion binomial "--$mode" "$file" -o "$mode.csv"
    done
    # A known pool has no bounds: R's line says NA there.
    sed -n '2,5s/^[^,]*,//p' summary.csv | sed 's/,,/,NA,/; s/,$/,NA/' >ours.txt
    sed '$d' r.txt >theirs.txt
    agree "$name: parameters and bounds" ours.txt theirs.txt
    ok "$name: deviance" awk -v ours="$(sed -n 2p test.csv | cut -d, -f3)" '
        $1 == "test" { d = $2 - ours; if (d < 0) d = -d; exit !(d <= 1e-5 * $2 + 1e-5) }' r.txt
}

Rscript "$script" draw unknown.csv 0.01 0.2 3000 45 1
compare 'a pool to be estimated' unknown.csv - -
Rscript "$script" draw known.csv 0.004 0.3 800 40 2
compare 'a known pool' known.csv - 800 --pool 800
Rscript "$script" draw early.csv 0.03 0.25 2000 30 3
compare 'leavers of the first day over a week' early.csv 2024-12-26 - --since 2024-12-26

# Along a graph: exposure day by day by its definition, and R's coxph.
for lag in 1 5; do
    runs "a follow graph, lag $lag" 0 "$BIN/churn-contagion" --graph "$DATA/tiny/followers.csv" --lag $lag \
        "$DATA/tiny/followers-spells.csv" -o graph.csv
    Rscript "$TESTS/truth/churn-contagion-graph.R" "$DATA/tiny/followers-spells.csv" "$DATA/tiny/followers.csv" $lag >r.txt
    ok 'coefficients and robust errors' sh -c 'sed 1d graph.csv | cut -d, -f2,4 | tr , " " | paste -d" " - r.txt | awk "
        function near(a, b) { d = a - b; if (d < 0) d = -d; return d <= 1e-8 * (b < 0 ? -b : b) }
        { n++; if (!near(\$1, \$3) || !near(\$2, \$4)) exit 1 } END { exit n != 2 }"'
done
finish
