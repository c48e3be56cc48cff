# SPDX-License-Identifier: GPL-3.0-or-later
# churn-destinations against survival, cmprsk and etm of R, run here and now on their own data sets: every number to
# 1e-9.
. "$TESTS/lib/tap.sh"
export DATA

ok 'R computes what to expect' Rscript "$TESTS/truth/churn-destinations.R" expected
[ -s expected/cases.txt ] || { finish; exit 1; }

agrees() { # name, input, options...
    name=$1 input=$2
    shift 2
    "$BIN/churn-destinations" "$@" -f tsv -o found.tsv "expected/$input.csv" &&
        perl "$TESTS/lib/near.pl" "expected/$name.tsv" found.tsv
}

while read -r name input options; do
    # shellcheck disable=SC2086 # options are words
    ok "$name" agrees "$name" "$input" $options
done <expected/cases.txt
finish
