#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# arpu-change as a user types it. Expected numbers are worked out by hand beside them.
. "$TESTS/lib/tap.sh"
PATH=$BIN:$PATH

panel() {
    printf '%s\n' 'platform,period,users,revenue,segment' "$@" >p.csv
}
refused() { # name, exit status, extended regular expression for the message, command...
    name=$1 status=$2 pattern=$3
    shift 3
    runs "$name" "$status" "$@" -o out.csv
    like "$name: says so" "$err" "$pattern"
    ok "$name: leaves nothing behind" test ! -e out.csv
}
# start + parts = end, and running is their sum, in whole micro-units, for every block.
exact() {
    awk -F, '
        function micro(x,   sign, part) {
            sign = x ~ /^-/ ? -1 : 1; sub(/^-/, "", x); split(x "." , part, ".")
            return sign * (part[1] * 1000000 + substr(part[2] "000000", 1, 6))
        }
        NR == 1 { next }
        $4 == "start" { sum = micro($6); next }
        $4 == "end" { if (sum != micro($6)) { print; bad = 1 } n++; next }
        { sum += micro($6); if (sum != micro($10)) { print; bad = 1 } }
        END { exit bad || n == 0 }' "$1"
}

# ---- By hand -------------------------------------------------------------------------------------
# 100 users at 1, then 200 at 2: both doubled, so each has half of the change of 300.
panel A,2025-01,100,100, A,2025-02,200,400,
runs 'users and ARPU' 0 arpu-change p.csv
is 'half each' "$out" 'platform,from,to,part,segment,amount,lower,upper,share,running
A,2025-01,2025-02,start,,100.00,,,1,100.00
A,2025-01,2025-02,users,,150.00,,,1.5,250.00
A,2025-01,2025-02,mix,,0.00,,,0,250.00
A,2025-01,2025-02,arpu,,150.00,,,1.5,400.00
A,2025-01,2025-02,arrived,,0.00,,,0,400.00
A,2025-01,2025-02,left,,0.00,,,0,400.00
A,2025-01,2025-02,end,,400.00,,,4,400.00'
is 'and nothing is said' "$err" ''
# Free and paying users change places: 10 and 30 of 40 become 30 and 10, at 0 and 2 each. All is mix:
# L(20, 60) ln(1/3) = 40/ln 3 x ln(1/3) = -40.
panel A,2025-01,10,0,free A,2025-01,30,60,plus A,2025-02,30,0,free A,2025-02,10,20,plus
runs 'only the mix changes' 0 arpu-change p.csv
is 'all is mix' "$(echo "$out" | cut -d, -f4,6 | sed -n 3,5p)" 'users,0.00
mix,-40.00
arpu,0.00'
# Shapley: half of each order. Users 1 to 2 in tens, ARPU 3 to 5: users (2-1)(3+5)/2 = 4, ARPU 2 x 1.5 = 3.
panel A,2025-01,1,3, A,2025-02,2,10,
runs 'Shapley' 0 arpu-change --method shapley p.csv
is 'Shapley by hand' "$(echo "$out" | cut -d, -f4,6 | sed -n 3,5p)" 'users,4.00
mix,0.00
arpu,3.00'
# A segment that comes, one that goes, and one that stops paying.
runs 'zeros' 0 arpu-change --group plan --by-segment "$DATA/tiny/revenue-plans.csv"
is 'have parts of their own' "$(echo "$out" | awk -F, '$6 != "0.00" {print $4 "," $5 "," $6}')" 'part,segment,amount
start,,1080.00
arpu,free,-80.00
arrived,team,750.00
left,plus,-1000.00
end,,750.00'
# Revenue without users: a late refund for a segment that nobody is in.
panel A,2025-01,5,50,x A,2025-01,0,3,y A,2025-02,5,50,x A,2025-02,0,-4,y
runs 'revenue without users' 0 arpu-change p.csv
like 'is a part of its own' "$out" '^A,2025-01,2025-02,without_users,,-7.00,,,-0.1320754716981132,46.00$'

# ---- Exact sums ----------------------------------------------------------------------------------
awk 'BEGIN {
    srand(3)
    print "platform,period,users,revenue,segment"
    for (p = 0; p < 4; p++) for (s = 0; s < 5; s++) for (m = 1; m <= 9; m++)
        if (rand() < 0.85) printf "P%d,2025-%02d,%d,%.6f,s%d\n", p, m, 5000 * rand(), 90000 * rand(), s
}' >big.csv
for how in '' '--chain' '--by-segment' '--chain --by-segment' '--method shapley' '--method shapley --chain'; do
    arpu-change $how big.csv >sums.csv
    ok "parts add up to the micro-unit: ${how:-at once}" exact sums.csv
done
arpu-change --chain big.csv >all.csv
ok 'the chain is the sum of its steps' awk -F, '
    NR > 1 && $4 !~ /start|end/ { k = $1 "," $4; n[$1 "," $2 "," $4]++
        if ($2 == "2025-01" && $3 == "2025-09") { d = sum[k] - $6; if (d < 0) d = -d; if (d > 1e-5) bad = 1; found++ }
        else sum[k] += $6 }
    END { exit bad || !found }' all.csv
{ head -1 big.csv; tail -n +2 big.csv | sort -r; } >turned.csv
arpu-change --chain turned.csv >again.csv
same 'the order of rows changes nothing' all.csv again.csv

# ---- Periods -------------------------------------------------------------------------------------
tiny=$DATA/tiny/revenue-panel.csv
runs 'from a month to another' 0 arpu-change --first 2025-02 --last 2025-03 "$tiny"
is 'only these' "$(echo "$out" | cut -d, -f1-4,6 | grep start)" 'Alpha,2025-02,2025-03,start,1040.00
Beta,2025-02,2025-03,start,30.00'
panel A,2025-01,1,1, A,2025-03,2,2, B,2025-03,1,1,
runs 'a gap in a chain' 0 arpu-change --chain p.csv
like 'is said' "$err" 'A has no rows between 2025-01 and 2025-03: one step leads over the gap'
like 'and a platform with one period is left out' "$err" '1 platform is left out, such as B'
is 'with rows for the other' "$(echo "$out" | cut -d, -f1 | sort -u | tr '\n' ' ')" 'A platform '
refused 'no period' 2 "'soon', expected a period such as 2025" arpu-change --first soon "$tiny"
refused 'a period of another kind' 2 '--last is a year, expected a month as in the input' \
    arpu-change --last 2025 "$tiny"

# ---- A log ---------------------------------------------------------------------------------------
# Alpha: 4 users with 5.00, then 3 with 2.75: L = 2.25/ln(5/2.75), users L ln(3/4) = -1.082711.
runs 'a log' 0 arpu-change "$DATA/tiny/activity.csv"
is 'its parts' "$(echo "$out" | cut -d, -f1-4,6 | sed -n 2,5p)" 'Alpha,2025-01,2025-03,start,5.00
Alpha,2025-01,2025-03,users,-1.082711
Alpha,2025-01,2025-03,mix,0.00
Alpha,2025-01,2025-03,arpu,-1.167289'
# Both ends of Alpha: revenue is a sum of squares away, 1.959964 sqrt(1.5^2 + 3^2 + 0.5^2) = 6.646561.
is 'the interval of the start by hand' "$(echo "$out" | sed -n 2p | cut -d, -f7,8)" '-1.646561,11.646561'
synth-panel activity --set users=300 >one.csv
arpu-change --chain one.csv >once.csv 2>/dev/null
head -1 one.csv >header
for i in 0 1; do { cat header; tail -n +2 one.csv | awk "NR % 2 == $i"; } >shard-$i.csv; done
for threads in 1 3; do
    arpu-change --chain --threads $threads shard-1.csv shard-0.csv >again.csv 2>/dev/null
    same "a log in shards, $threads threads: the same bytes" once.csv again.csv
done
ok 'and its parts add up' exact once.csv
runs 'a log by Shapley' 0 arpu-change --method shapley "$DATA/tiny/activity.csv"
# One segment: users, (U1 - U0)(A0 + A1)/2, from 4 at 1.25 to 3 at 11/12.
is 'has intervals around its parts' "$(echo "$out" | sed -n '2,6p' | awk -F, '$7 != "" { print $4, $6, ($7 < $6 && $6 < $8) }')" 'start 5.00 1
users -1.083333 1
arpu -1.166667 1'
awk 'BEGIN { OFS = FS = "," } { print $0, NR == 1 ? "plan" : substr($1, length($1)) % 3 }' one.csv >plans.csv
head -1 plans.csv >header
for i in 0 1; do { cat header; tail -n +2 plans.csv | awk "NR % 2 == $i"; } >shard-$i.csv; done
runs 'by segment' 0 arpu-change --chain --by-segment --group plan plans.csv
echo "$out" >segments.csv
ok 'every part of a segment that anything was seen of has an interval' awk -F, '
    NR > 1 && $5 != "" { n++; if ($6 != 0 && !($7 < $6 && $6 < $8)) { print; bad = 1 } } END { exit bad || n == 0 }' segments.csv
for threads in 1 3; do
    arpu-change --chain --by-segment --group plan --threads $threads shard-1.csv shard-0.csv >again.csv 2>/dev/null
    same "by segment in shards, $threads threads: the same bytes" segments.csv again.csv
done
printf 'user,platform,date,revenue,currency\nu,A,2025-01-31,1,USD\nu,A,2025-02-28,1,EUR\n' >log.csv
refused 'several currencies in a log' 1 'log.csv:3: currency is EUR, expected USD as at log.csv:2' arpu-change log.csv
refused '--period with a panel' 2 '--period means nothing for a panel' arpu-change --period week "$tiny"

# ---- One user, one period ------------------------------------------------------------------------
printf 'user,platform,date,revenue\nu,A,2025-01-31,5\nu,A,2025-02-28,3\n' >log.csv
runs 'one user' 0 arpu-change --by-segment log.csv
is 'has parts, and no bounds' "$(echo "$out" | cut -d, -f4,6-8 | sed -n '2,4p')" 'start,5.00,,
users,0.00,,
mix,0.00,,'
printf 'user,platform,date,revenue\nu,A,2025-01-30,5\nv,A,2025-01-31,-3\n' >onep.csv
runs 'all in one period' 0 arpu-change onep.csv
is 'gives a header' "$out" 'platform,from,to,part,segment,amount,lower,upper,share,running'
like 'and is said' "$err" '1 platform is left out, such as A: no two periods to compare'

# ---- What is refused -----------------------------------------------------------------------------
panel A,2025-01,5,50,x A,2025-02,5,-10,x
refused 'a change of sign' 1 'revenue of A, x is 50.00 in 2025-01 and -10.00 in 2025-02: a change of sign has no logarithm' arpu-change p.csv
runs 'Shapley takes it' 0 arpu-change --method shapley p.csv
like 'all is ARPU' "$out" ',arpu,,-60.00,'
panel A,2025-01,5,-50,x A,2025-02,10,-100,x
runs 'refunds in both periods' 0 arpu-change p.csv
like 'are the users' "$out" ',users,,-50.00,,,,-100.00'
printf 'platform,period,users,revenue,currency\nA,2025-01,1,1,USD\nA,2025-02,1,1,EUR\n' >mixed.csv
refused 'several currencies' 1 'mixed.csv:3:5: currency is EUR, expected USD as at mixed.csv:2' arpu-change mixed.csv
sed 's/EUR/USD/' mixed.csv >usd.csv
runs 'one currency' 0 arpu-change usd.csv
is 'is a column' "$(echo "$out" | sed -n '1p;2p')" 'platform,from,to,part,segment,amount,lower,upper,share,running,currency
A,2025-01,2025-02,start,,1.00,,,1,1.00,USD'
panel
runs 'a header alone' 0 arpu-change p.csv
is 'gives a header' "$out" 'platform,from,to,part,segment,amount,lower,upper,share,running'
printf 'parameter,value\nmigrants,1\n' >s.csv
refused 'a scenario' 1 "no column 'platform'" arpu-change s.csv
# Bounds may lie beyond what money can be: 18e12 -+ 1.96 times 9e12 sqrt 2, and they are there.
printf 'user,platform,date,revenue\na,A,2025-01-01,9000000000000\nb,A,2025-01-02,5\na,A,2025-02-01,9000000000000\nb,A,2025-02-02,9000000000000\n' >large.csv
runs 'huge amounts' 0 arpu-change large.csv
like 'have bounds too' "$out" 'A,2025-01,2025-02,end,,18000000000000.00,-6946[0-9.]+,42946[0-9.]+,'

runs 'periods in the wrong order' 2 arpu-change --first 2025-03 --last 2025-01 "$DATA/tiny/revenue-panel.csv"
like 'are told' "$err" '--first is 2025-03 and --last 2025-01, expected a first one before the last'
finish
