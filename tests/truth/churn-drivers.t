# SPDX-License-Identifier: GPL-3.0-or-later
# churn-drivers against R's survival and cmprsk, run here and now on R's own data sets: every number
# to 1e-8.
. "$TESTS/lib/tap.sh"
command -v Rscript >/dev/null || { echo '1..0 # SKIP Rscript is not installed'; exit 0; }

ok 'R computes what to expect' Rscript "$TESTS/truth/churn-drivers.R" expected
[ -s expected/cases.txt ] || { finish; exit 1; }

agrees() { # name, input, options...
    name=$1 input=$2
    shift 2
    "$BIN/churn-drivers" "$@" -f tsv -o found.tsv "expected/$input.csv" || return
    # finegray gives coefficients only: its errors leave out that of the weights
    cut -f "1-$(head -1 "expected/$name.tsv" | wc -w)" found.tsv >columns.tsv
    perl "$TESTS/lib/near.pl" "expected/$name.tsv" columns.tsv 1e-8
}

while read -r name input options; do
    # shellcheck disable=SC2086 # options are words
    ok "$name" agrees "$name" "$input" $options
done <expected/cases.txt

# Where R warns of infinite coefficients there is an error here, and nowhere else.
verdict() { # number of a small data set
    if "$BIN/churn-drivers" --time t --status s --covariate x --covariate y -o small.out \
        "expected/small-$1.csv" 2>small.err; then
        echo finite
    else
        grep -q 'the likelihood has no maximum' small.err && echo infinite
    fi
}
while read -r number expected; do
    is "small data set $number" "$(verdict "$number")" "$expected"
done <expected/infinite.txt
finish
