# SPDX-License-Identifier: GPL-3.0-or-later
# Every count, share and bound against R's tapply, prop.test and the delta method written out.
. "$TESTS/lib/tap.sh"

agrees() { # name, log, confidence
    for rule in bounded unbounded rolling; do
        runs "$1, $rule: ends well" 0 "$BIN/churn-cohorts" "$2" --confidence "$3" --revenue --retention $rule -o result.csv
        ok "$1, $rule: as in R" Rscript "$TESTS/truth/churn-cohorts.R" "$2" result.csv "$3" $rule
    done
}

agrees 'the tiny log' "$DATA/tiny/activity.csv" 0.95
awk 'BEGIN {
    srand(5)
    print "user,date,revenue"
    print "u0,2024-10-31,1"
    for (i = 0; i < 6000; i++) {
        user = int(rand() * 700)
        printf "u%d,2024-%02d-%02d,%.2f\n", user, user % 5 + 2 + rand() ^ 2 * 4, 1 + rand() * 28, rand() ^ 4 * 30 - 2
    }
}' >random.csv
agrees 'a random log' random.csv 0.9
finish
