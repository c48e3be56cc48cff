# SPDX-License-Identifier: GPL-3.0-or-later
# churn-drivers against R's survival and cmprsk, run here and now on R's own data sets: every number
# to 1e-8.
. "$TESTS/lib/tap.sh"
. "$TESTS/lib/cases.sh"

# finegray gives coefficients only: its errors leave out that of the weights.
cases_live churn-drivers 1e-8 first

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
