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
# 250 draws settle a standard deviation to 4.5 %; the delta method leaves out the curvature.
is 'errors as by draws' "$(Rscript "$script" draws "$tenure" 12 | awk '
    { for (i = NF - 1; i <= NF; i++) if ($i < 0.84 || $i > 1.16) print }')" ''
finish
