#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# arpu-loss against R, live: intervals of a log, and the quantiles behind the Monte Carlo bounds.
. "$TESTS/lib/tap.sh"
PATH=$BIN:$PATH
script=$TESTS/truth/arpu-loss.R
command -v Rscript >/dev/null || { echo '1..0 # SKIP Rscript is not installed'; exit 0; }

# Rows that differ: the same columns, numbers to a relative 1e-9 (or 1e-6 absolute for money, which
# the tool rounds to the millionth: columns 4 to 7, 9), missing where the other is.
differing() { # tool's CSV, R's lines; both without a header
    paste -d'|' "$1" "$2" | awk -F'|' '
        function near(a, b, money) {
            if (a == "" || b == "" || a !~ /^[-+0-9.eE]+$/) return a == b
            d = a - b; if (d < 0) d = -d
            s = b < 0 ? -b : b
            return d <= (money ? 5.1e-7 : 1e-9 * s + 1e-15)
        }
        {
            n = split($1, a, ","); m = split($2, b, ",")
            if (n != m) { print "columns: " $0; next }
            for (i = 1; i <= n; i++)
                if (!near(a[i], b[i], i >= 4 && i <= 7 || i == 9)) { print i ": " $0; next }
        }'
}

# platform,period,users,revenue,arpu,bounds,users_lost,revenue_lost,share_lost,bounds,users_share,bounds
compare_log() { # name, file, level
    arpu-loss --confidence "$3" "$2" 2>/dev/null | tail -n +2 | cut -d, -f1,3-8,10,12-18 >tool.csv
    Rscript "$script" log "$2" "$3" >r.csv
    ok "$1: rows" test "$(wc -l <tool.csv)" -eq "$(wc -l <r.csv)" -a -s r.csv
    is "$1: as R" "$(differing tool.csv r.csv)" ''
}

compare_log 'the tiny log' "$DATA/tiny/activity.csv" 0.95

# 600 users on two platforms over four months: tails of payments, refunds, visits without payment.
awk 'BEGIN {
    srand(5)
    print "user,platform,date,revenue"
    for (u = 1; u <= 600; u++)
        for (m = 1; m <= 4; m++)
            for (v = 1; v <= 3; v++) {
                if (rand() < 0.55) continue
                paid = rand() < 0.4 ? "" : sprintf("%.2f", 0.2 / (rand() + 0.003) - 0.4)
                printf "u%04d,%s,2025-%02d-%02d,%s\n", u, rand() < 0.5 ? "B" : "A", m, 1 + int(28 * rand()), paid
            }
    print "u0001,A,2025-05-31,1"
}' >log.csv
for level in 0.5 0.95 0.999; do
    compare_log "a log of 600 users at $level" log.csv $level
done

# A single parameter: the bounds are its quantiles. Four Monte Carlo errors of 10^6 draws, and half a
# step of rounding, which is one error at most.
for case in '200 500 1000 0.95' '0 0 10 0.9' '3 9.5 10 0.99' '0 0.5 1 0.8'; do
    set -- $case
    printf 'parameter,low,value,high\nmigrants,%s,%s,%s\narpu,,1,\nhorizon,,1,\n' "$1" "$2" "$3" >s.csv
    bounds=$(arpu-loss --draws 1000000 --confidence "$4" s.csv | sed -n 2p | cut -d, -f4,5)
    Rscript "$script" pert "$1" "$2" "$3" "$4" >r.csv
    ok "PERT on $1, $2, $3 at $4: $bounds" awk -v bounds="$bounds" -v level="$4" '{
        split(bounds, b, ","); p = (1 - level) / 2
        for (i = 1; i <= 2; i++) {
            d = b[i] - $i; if (d < 0) d = -d
            if (d > 4.5 * sqrt(p * (1 - p) / 1e6) / $(i + 2)) exit 1
        }
    }' r.csv
done

# The values that stand in the unit tests are still what R says.
Rscript "$script" unit >unit.txt
is 'the values of the unit tests' "$(sed -n 's/.*show(.*# *//p' "$script" | while read -r wanted; do
    n=$((n + 1))
    sed -n "${n}p" unit.txt | awk -v wanted="$wanted" '{
        m = split(wanted, w, " ")
        if (m != NF) print "columns: " wanted
        for (i = 1; i <= NF; i++) { d = $i - w[i]; if (d < 0) d = -d; if (d > 1e-11 * (w[i] < 0 ? -w[i] : w[i]) + 1e-15) print wanted }
    }'
done)" ''
finish
