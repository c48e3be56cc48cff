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

# The values that stand in the unit tests are still what R says.
is 'the values of the unit tests' "$(Rscript "$script" unit | sed 's/^ *//; s/ *$//; s/  */ /g')" \
    "$(sed -n 's/^ *show(.*#  *//p' "$script")"
finish
