#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# arpu-loss --survival against R's survfit: estimates, errors by numerical differences, and by draws.
. "$TESTS/lib/tap.sh"
PATH=$BIN:$PATH
script=$TESTS/truth/arpu-loss-risk.R
Rscript -e 'library(survival)' >/dev/null 2>&1 || { echo '1..0 # SKIP R or its survival is not installed'; exit 0; }
tenure=$DATA/telco/tenure.csv

for level in 0.9; do
    arpu-loss --survival "$DATA/telco/survival.csv" --group contract --horizon 1,12,70 --per 2 \
        --confidence $level "$DATA/telco/customers.csv" | grep -v '^(all)' |
        tail -n +2 | cut -d, -f1,2,5-12 >tool.csv
    Rscript "$script" telco "$tenure" 2 $level 1 12 70 >r.csv
    ok "nine rows at $level" test "$(wc -l <tool.csv)" -eq 9 -a "$(wc -l <r.csv)" -eq 9
    # Money to the millionth, and to a relative 1e-7 where R takes differences; without an error
    # (nobody can be lost before the first step) the tool has no bounds.
    is "as R at $level" "$(paste -d, tool.csv r.csv | awk -F, '
        function far(a, b,   d, s) { d = a - b; if (d < 0) d = -d; s = b < 0 ? -b : b; return d > 1e-6 + 1e-7 * s }
        { for (i = 2; i <= 10; i++)
            if ($i == "" ? ($8 != 0 || $18 != 0) : far($i, $(i + 10))) { print i ": " $0; next } }
        $1 != $11 { print }')" ''
done
# By destination: spells that end in X, Y or (gone), or are still there, in two groups; users of all
# ages in totals, so that the curves' error is all there is.
awk 'BEGIN {
    srand(12)
    print "group,time,to"
    for (i = 0; i < 120; i++)
        printf "%s,%d,%s\n", i % 3 ? "a" : "b", 1 + int(12 * rand()), substr("stayed X      Y      (gone) X      ", 1 + 7 * int(5 * rand()), 7)
}' | sed 's/ *$//' >spells.csv
awk 'BEGIN { srand(13); print "group,age,users,revenue"; for (i = 0; i < 30; i++) printf "%s,%d,%d,%.2f\n", i % 2 ? "a" : "b", int(8 * rand()), 5, 100 * rand() }' >users.csv
churn-destinations --time time --destination to --stayed stayed --group group -o curves.csv spells.csv 2>/dev/null
arpu-loss --survival curves.csv --group group --horizon 1,4,9 --per 2 --confidence 0.9 users.csv 2>/dev/null |
    grep -v '(all)' | tail -n +2 | cut -d, -f1-3,6-9,11-13 >tool.csv
Rscript "$script" destinations spells.csv users.csv 2 0.9 1 4 9 >r.csv
ok 'destinations: eighteen rows' test "$(wc -l <tool.csv)" -eq 18 -a "$(wc -l <r.csv)" -eq 18
is 'destinations: as R' "$(paste -d, tool.csv r.csv | awk -F, '
    function far(a, b,   d, s) { d = a - b; if (d < 0) d = -d; s = b < 0 ? -b : b; return d > 1e-6 + 1e-6 * s }
    { for (i = 4; i <= 10; i++)
        if ($i == "" ? $(i + 10) != $15 && $(i + 10) != 0 : far($i, $(i + 10))) { print i ": " $0; next } }
    $1 != $11 || $2 != $12 || $3 != $13 { print }')" ''
# 250 draws settle a standard deviation to 4.5 %; the delta method leaves out the curvature.
is 'errors as by draws' "$(Rscript "$script" draws "$tenure" 12 | awk '
    { for (i = NF - 1; i <= NF; i++) if ($i < 0.84 || $i > 1.16) print }')" ''
finish
