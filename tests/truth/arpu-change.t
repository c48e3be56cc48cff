#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# arpu-change against the formulas of the papers, written in R.
. "$TESTS/lib/tap.sh"
PATH=$BIN:$PATH
script=$TESTS/truth/arpu-change.R
command -v Rscript >/dev/null || { echo '1..0 # SKIP Rscript is not installed'; exit 0; }

# Three platforms of up to seven segments over three months.
awk 'BEGIN {
    srand(8)
    print "platform,period,segment,users,revenue"
    for (p = 0; p < 3; p++)
        for (s = 0; s <= 3 * p; s++)
            for (m = 1; m <= 3; m++)
                printf "P%d,2025-%02d,s%d,%d,%.2f\n", p, m, s, 1 + int(1e5 * rand()), 1e6 * rand()
}' >panel.csv

for method in lmdi shapley; do
    for ends in '2025-01 2025-02' '2025-01 2025-03' '2025-03 2025-03'; do
        set -- $ends
        [ "$1" = "$2" ] && continue
        arpu-change --method $method --first "$1" --last "$2" panel.csv |
            awk -F, '$4 ~ /^(users|mix|arpu)$/ {print $1 "," $4 "," $6}' >tool.csv
        Rscript "$script" panel panel.csv $method "$1" "$2" >r.csv
        ok "$method, $1 to $2: nine parts" test "$(wc -l <tool.csv)" -eq 9 -a "$(wc -l <r.csv)" -eq 9
        # To the millionth, and what double precision leaves of millions.
        is "$method, $1 to $2: as R" "$(paste -d, tool.csv r.csv | awk -F, '
            { d = $3 - $6; if (d < 0) d = -d }
            $1 != $4 || $2 != $5 || d > 3e-6 { print }')" ''
    done
done

# A log of 200 users on two platforms with three plans, one of which begins in the second month and
# one of which ends with it: chained, with the interval of every part.
awk 'BEGIN {
    srand(3)
    print "user,platform,date,revenue,segment"
    for (u = 1; u <= 200; u++)
        for (m = 1; m <= 3; m++)
            for (v = 1; v <= 2; v++) {
                plan = 1 + int(4 * rand())
                if (rand() < 0.3 || plan == 3 && m == 1 || plan == 4 && m == 3) continue
                printf "u%03d,%s,2025-%02d-%02d,%.2f,p%d\n", u, rand() < 0.5 ? "A" : "B", m, 1 + int(28 * rand()), plan + 5 * rand(), plan
            }
    print "u001,A,2025-03-31,1,p1"
}' >log.csv
for how in '0.95 lmdi all 42' '0.5 lmdi segment 132' '0.9 shapley all 42' '0.95 shapley segment 132'; do
    set -- $how
    by=
    [ "$3" = segment ] && by=--by-segment
    arpu-change --chain --group segment --confidence "$1" --method "$2" $by log.csv |
        tail -n +2 | cut -d, -f1-8 >tool.csv
    Rscript "$script" log log.csv "$1" "$2" "$3" 2025-01 2025-02 2025-03 >r.csv
    ok "a log, $how: rows" test "$(wc -l <tool.csv)" -eq "$4" -a "$(wc -l <r.csv)" -eq "$4"
    # Bounds that are missing have no error in R.
    is "a log, $how: as R" "$(paste -d, tool.csv r.csv | awk -F, '
        function far(a, b,   d, s) { d = a - b; if (d < 0) d = -d; s = b < 0 ? -b : b; return d > 1e-6 * s + 5e-6 }
        { for (i = 1; i <= 5; i++) if ($i != $(i + 8)) { print "names: " $0; next } }
        { for (i = 6; i <= 8; i++) if ($i == "" ? far($(i + 8), $14) : far($i, $(i + 8))) { print i ": " $0; next } }')" ''
done

# The values that stand in the unit tests are still what R says.
is 'the values of the unit tests' "$(Rscript "$script" unit | sed 's/^ *//; s/ *$//; s/  */ /g')" \
    "$(sed -n 's/^ *show(.*#  *//p' "$script")"
finish
