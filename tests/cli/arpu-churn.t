#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# arpu-churn as a user types it. Expected numbers are worked out by hand beside them.
. "$TESTS/lib/tap.sh"
PATH=$BIN:$PATH
tiny=$DATA/tiny/activity.csv

log() { # rows without the header; writes log.csv
    printf '%s\n' 'user,platform,date,revenue' "$@" >log.csv
}
refused() { # name, exit status, extended regular expression for the message, command...
    name=$1 status=$2 pattern=$3
    shift 3
    runs "$name" "$status" "$@" -o out.csv
    like "$name: says so" "$err" "$pattern"
    ok "$name: leaves nothing behind" test ! -e out.csv
}

# ---- By hand -------------------------------------------------------------------------------------
# January: a 10, b 20, c 30, d 40: 100. February: a 10, b 25 (+5), c 18 (-12), d gone (-40), e 7 (new).
# March: d is back with 3, b gone.
log a,A,2025-01-01,10 b,A,2025-01-01,20 c,A,2025-01-01,30 d,A,2025-01-01,40 \
    a,A,2025-02-01,10 b,A,2025-02-01,25 c,A,2025-02-01,20 c,A,2025-02-02,-2 e,A,2025-02-01,7 \
    a,A,2025-03-31,10 c,A,2025-03-01,18 e,A,2025-03-01,7 d,A,2025-03-01,3
runs 'movements' 0 arpu-churn log.csv
is 'movements by hand' "$(echo "$out" | cut -d, -f1-15,18)" \
    'platform,period,users_start,users_lost,users_returned,users_new,users_end,start,lost,contraction,expansion,returned,new,end,gross_churn,net_churn
A,2025-02,4,1,0,1,4,100.00,40.00,12.00,5.00,0.00,7.00,60.00,0.52,0.47
A,2025-03,4,1,1,0,4,60.00,25.00,0.00,0.00,3.00,0.00,38.00,0.4166666666666667,0.4166666666666667'
is 'nothing is said' "$err" ''
# y - 0.52 x: -5.2, -10.4, -3.6, 19.2: sqrt(4/3 x 516.8)/100 = 0.2625; t of 3 is 3.182446.
is 'the interval by hand, cut to 1' "$(echo "$out" | sed -n 2p | cut -d, -f16,17)" '0,1'
runs 'at half' 0 arpu-churn --confidence 0.5 log.csv
is 'the interval by hand: t is 0.764892' "$(echo "$out" | sed -n 2p | cut -d, -f16,17 | awk -F, '{ printf "%.4f,%.4f", $1, $2 }')" '0.3192,0.7208'

# ---- Destinations --------------------------------------------------------------------------------
# u leaves A with 9 for B and C: half each, or by minutes 10 to 20. v stays with 4 of 10 and is on B.
log u,A,2025-01-01,9 u,B,2025-01-01,1 v,A,2025-01-01,10 w,A,2025-01-31,5 \
    u,B,2025-02-28,3 u,C,2025-02-01,2 v,A,2025-02-01,4 v,B,2025-02-01,1
runs 'destinations' 0 arpu-churn --destinations log.csv
is 'destinations by hand' "$(echo "$out" | grep '^A,2025-02' | cut -d, -f3-7,10)" \
    'B,0.5,4.50,6.00,0.525,3.00
C,0.5,4.50,0.00,0.225,2.00
(gone),1,5.00,0.00,0.25,'
{ head -1 log.csv | sed 's/$/,minutes/'; tail -n +2 log.csv | sed 's/$/,10/; s/^\(u,C.*\),10$/\1,20/'; } >minutes.csv
runs 'by minutes' 0 arpu-churn --destinations minutes.csv
# What is not a whole millionth goes to the first. u had half of the time on A; B's share fell too, so all of it went to C. v: half to B. w: gone.
is 'by minutes, by hand' "$(echo "$out" | grep '^A,2025-02' | cut -d, -f3-6,11)" \
    'B,0.333334,3.00,6.00,0.5
C,0.666666,6.00,0.00,0.5
(gone),1,5.00,0.00,1'
runs 'what is apportioned adds up' 0 sh -c 'synth-panel activity --set users=500 | arpu-churn --destinations - >d.csv; synth-panel activity --set users=500 | arpu-churn - >m.csv'
ok 'to what was lost' awk -F, '
    FNR == 1 { file++; next }
    file == 1 { lost[$1 $2] += $5; less[$1 $2] += $6; users[$1 $2] += $4 }
    file == 2 && $3 > 0 { k = $1 $2; n++
        if ((lost[k] - $9) ^ 2 > 1e-9 || (less[k] - $10) ^ 2 > 1e-9 || (users[k] - $4) ^ 2 > 1e-9) { print; bad = 1 } }
    END { exit bad || n < 2 }' d.csv m.csv

# ---- The same for any threads, shards and order ----------------------------------------------------
synth-panel activity --set users=400 -o big.csv
head -1 big.csv >header
for i in 0 1 2; do
    { cat header; tail -n +2 big.csv | awk "NR % 3 == $i"; } >shard-$i.csv
done
for how in '--bootstrap 200' --destinations; do
    arpu-churn --threads 1 $how big.csv >once.csv 2>/dev/null
    for threads in 1 2 4; do
        arpu-churn --threads $threads $how shard-2.csv shard-0.csv shard-1.csv >again.csv 2>/dev/null
        same "$how, shards, $threads threads" once.csv again.csv
    done
done

# ---- Groups --------------------------------------------------------------------------------------
printf 'user,platform,date,revenue,plan,tier\nu,A,2025-01-31,5,plus,x\nu,A,2025-02-28,3,free,x\nv,A,2025-01-31,2,,y\nv,A,2025-02-01,2,,y\n' >plans.csv
runs 'two groups' 0 arpu-churn --group plan --group tier plans.csv
is 'are columns' "$(echo "$out" | cut -d, -f1-5,7,9)" 'platform,plan,tier,period,users_start,users_returned,users_end
A,,y,2025-02,1,0,1
A,plus,x,2025-02,1,0,0'
refused 'three groups' 2 '--group is given 3 times, expected at most 2' \
    arpu-churn --group plan --group tier --group user plans.csv

# ---- Edges ---------------------------------------------------------------------------------------
runs 'a tiny log' 0 arpu-churn "$tiny"
is 'without differences there are no intervals' "$(echo "$out" | sed -n 3p | cut -d, -f15-20)" '0.375,,,0.375,,'
log u,A,2025-01-31,-5 u,A,2025-02-28,3
runs 'refunds above sales' 0 arpu-churn log.csv
is 'are no base of a share' "$(echo "$out" | tail -1)" 'A,2025-02,1,0,0,0,1,-5.00,0.00,0.00,8.00,0.00,0.00,3.00,,,,,,'
log u,A,2025-01-31,5 u,A,2025-03-31,3
runs 'a missing month' 0 arpu-churn log.csv
is 'is a month without anybody, and a return' "$(echo "$out" | cut -d, -f2-7,12 | tail -2)" '2025-02,1,1,0,0,0,0.00
2025-03,0,0,1,0,1,3.00'
log u,A,2025-01-30,5 v,A,2025-01-31,-3
for how in '' --destinations '--bootstrap 100'; do
    runs "all in one period $how" 0 arpu-churn $how log.csv
    is "has nothing to compare $how" "$(echo "$out" | wc -l)" 1
done
log
runs 'a header alone' 0 arpu-churn log.csv
is 'gives a header' "$(echo "$out" | wc -l)" 1
log u,A,2025-01-30,1 u,A,2025-02-10,1
runs 'a log that is cut' 0 arpu-churn log.csv
like 'is warned of' "$err" 'the log ends on 2025-02-10, before the month 2025-02 does'
printf 'user,platform,date,revenue,currency\nu,A,2025-01-31,1,USD\nv,A,2025-01-31,1,\nv,A,2025-01-31,1,EUR\nv,A,2025-01-31,1,CHF\n' >mixed.csv
for threads in 1 4; do
    refused "several currencies, $threads threads" 1 'mixed.csv:4: currency is EUR, expected USD as at mixed.csv:2' \
        arpu-churn --threads $threads mixed.csv
done
printf 'user,platform,date,revenue,minutes\nu,A,2025-01-31,1,-3\n' >minutes.csv
refused 'negative minutes' 1 'minutes.csv:2:5: minutes are negative, expected 0 or more' arpu-churn minutes.csv
refused 'a panel' 1 "no column 'user'" arpu-churn "$DATA/tiny/revenue-panel.csv"
refused 'bootstrap of destinations' 2 'destinations' arpu-churn --destinations --bootstrap 100 "$tiny"

printf 'user,platform,date,revenue\na,A,2025-01-01,5\nb,B,2025-01-31,5\n' >month.csv
runs 'one period' 0 arpu-churn month.csv
like 'has nothing to compare, and that is said' "$err" 'no platform has two periods to compare'
runs 'one period, destinations' 0 arpu-churn --destinations month.csv
like 'nor to go to' "$err" 'no platform has two periods to compare, or nobody gave less'
runs 'a group named as the platform' 2 arpu-churn --group platform month.csv
like 'is refused' "$err" "two columns 'platform'"
finish
