#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# arpu-table against R, live.
. "$TESTS/lib/tap.sh"
PATH=$BIN:$PATH
script=$TESTS/truth/arpu-table.R
command -v Rscript >/dev/null || { echo '1..0 # SKIP Rscript is not installed'; exit 0; }

# 700 users on two platforms over three months: payments with a long tail, refunds, idle visits.
awk 'BEGIN {
    srand(12)
    print "user,platform,date,revenue,minutes,views"
    for (u = 1; u <= 700; u++)
        for (m = 1; m <= 3; m++)
            for (v = 1; v <= 3; v++) {
                if (rand() < 0.5) continue
                paid = rand() < 0.4 ? "" : sprintf("%.2f", 0.2 / (rand() + 0.003) - 0.4)
                printf "u%04d,%s,2025-%02d-%02d,%s,%d,%d\n", u, rand() < 0.3 ? "B" : "A", m, 1 + int(28 * rand()), paid, 90 * rand(), 300 * rand() * rand()
            }
    print "u0001,A,2025-03-31,1,1,1"
}' >log.csv
for level in 0.95 0.6; do
    arpu-table --confidence $level log.csv 2>/dev/null | tail -n +2 >tool.csv
    Rscript "$script" log.csv $level >r.csv
    ok "rows at $level" test "$(wc -l <tool.csv)" -eq 6 -a "$(wc -l <r.csv)" -eq 6
    # Money is shown to the millionth (columns 4 to 7 and 9 to 11), all else to a relative 1e-9.
    is "as R at $level" "$(paste -d'|' tool.csv r.csv | awk -F'|' '
        function near(a, b, money,   d, s) {
            if (a == "" || b == "" || a !~ /^[-+0-9.eE]+$/) return a == b
            d = a - b; if (d < 0) d = -d
            s = b < 0 ? -b : b
            return d <= (money ? 5.1e-7 : 0) + 1e-9 * s + 1e-15
        }
        { n = split($1, a, ","); m = split($2, b, ",")
          if (n != m) { print "columns: " $0; next }
          for (i = 1; i <= n; i++) if (!near(a[i], b[i], i >= 4 && i <= 7 || i >= 9 && i <= 11)) { print i ": " $0; next } }')" ''
done
finish
