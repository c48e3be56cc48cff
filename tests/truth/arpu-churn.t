#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# arpu-churn against R, live: movements, destinations and their intervals.
. "$TESTS/lib/tap.sh"
PATH=$BIN:$PATH
script=$TESTS/truth/arpu-churn.R
command -v Rscript >/dev/null || { echo '1..0 # SKIP Rscript is not installed'; exit 0; }

# 150 users on three platforms over four months: payments, refunds, visits without minutes.
awk 'BEGIN {
    srand(6)
    print "user,platform,date,revenue,minutes"
    for (u = 1; u <= 150; u++)
        for (m = 1; m <= 4; m++)
            for (v = 1; v <= 3; v++) {
                if (rand() < 0.5) continue
                paid = rand() < 0.4 ? "" : sprintf("%.2f", 0.2 / (rand() + 0.01) - 0.4)
                printf "u%04d,%s,2025-%02d-%02d,%s,%d\n", u, substr("ABC", 1 + int(3 * rand() * rand()), 1), m, 1 + int(28 * rand()), paid, rand() < 0.2 ? 0 : 90 * rand()
            }
    print "u0001,A,2025-04-30,1,1"
}' >log.csv

# Money and users to a few millionths (R adds in floating point; what is apportioned is rounded for
# each user), ratios to a relative 1e-7, missing where the other is.
differing() { # tool's rows, R's rows
    paste -d'|' "$1" "$2" | awk -F'|' '
        function near(a, b,   d, s) {
            if (a == "" || b == "" || a !~ /^[-+0-9.eE]+$/) return a == b
            d = a - b; if (d < 0) d = -d
            s = b < 0 ? -b : b
            return d <= 1e-7 * s + 3e-5
        }
        { n = split($1, a, ","); m = split($2, b, ",")
          if (n != m) { print "columns: " $0; next }
          for (i = 1; i <= n; i++) if (!near(a[i], b[i])) { print i ": " $0; next } }'
}

for level in 0.95 0.8; do
    arpu-churn --confidence $level log.csv | tail -n +2 >tool.csv
    Rscript "$script" movements log.csv $level >r.csv
    ok "movements at $level: rows" test "$(wc -l <tool.csv)" -eq "$(wc -l <r.csv)" -a -s r.csv
    is "movements at $level: as R" "$(differing tool.csv r.csv)" ''
done
arpu-churn --destinations log.csv | tail -n +2 >tool.csv
Rscript "$script" destinations log.csv 0.95 >r.csv
ok 'destinations: rows' test "$(wc -l <tool.csv)" -eq "$(wc -l <r.csv)" -a -s r.csv
is 'destinations: as R' "$(differing tool.csv r.csv)" ''

# The bootstrap: within what 2,000 draws and the shape of the distribution leave, as the delta method.
ok 'the bootstrap agrees with the delta method' sh -c 'synth-panel activity --set users=3000 |
    arpu-churn --bootstrap 2000 2>/dev/null - | awk -F, "
        NR > 1 && \$16 != \"\" { w = (\$22 - \$21) / (\$17 - \$16); n++; if (w < 0.9 || w > 1.1) { print; bad = 1 } }
        END { exit bad || n == 0 }"'
finish
