#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# arpu-table as a user types it. Expected numbers are worked out by hand beside them.
. "$TESTS/lib/tap.sh"
PATH=$BIN:$PATH
tiny=$DATA/tiny/activity.csv

panel() { # header, rows; writes p.csv
    printf '%s\n' "$@" >p.csv
}
refused() { # name, exit status, extended regular expression for the message, command...
    name=$1 status=$2 pattern=$3
    shift 3
    runs "$name" "$status" "$@" -o out.csv
    like "$name: says so" "$err" "$pattern"
    ok "$name: leaves nothing behind" test ! -e out.csv
}

# ---- A log ---------------------------------------------------------------------------------------
# January on Alpha: 1.50, 3.00, 0 and 0.50 of four users in 45, 60, 5 and 20 minutes.
runs 'a log' 0 arpu-table "$tiny"
is 'figures by hand' "$(echo "$out" | cut -d, -f1-5,8,9,12,15,16,19,20 | head -2)" \
    'platform,period,users,revenue,arpu,payers,arppu,payer_share,minutes,per_minute,top_1_percent,top_10_percent
Alpha,2025-01,4,5.00,1.25,3,1.666667,0.75,130,0.038461538461538464,0.6,0.6'
is 'the ARPU is that of arpu-loss' "$(arpu-table "$tiny" | cut -d, -f1-7)" \
    "$(arpu-loss "$tiny" | cut -d, -f1,3-8)"
runs 'the ARPDAU' 0 arpu-table --period day "$tiny"
is 'is by day' "$(echo "$out" | sed -n 2p | cut -d, -f1-5)" 'Alpha,2025-01-05,1,1.00,1.00'
printf 'user,platform,date,revenue,views\nu,A,2025-01-31,2,500\nv,A,2025-01-31,1,1500\n' >views.csv
runs 'views' 0 arpu-table views.csv
is 'are counted by the thousand' "$(echo "$out" | cut -d, -f15,16)" 'views,per_thousand_views
2000,1.5'
# Pareto with index 1 at 100/k: nobody's mean. 100 payers: the top one has 100/518.74.
awk 'BEGIN { print "user,platform,date,revenue"; for (k = 1; k <= 100; k++) printf "u%d,A,2025-01-31,%.6f\n", k, 100 / k }' >tail.csv
runs 'a long tail' 0 arpu-table tail.csv
like 'is warned of' "$err" 'in 1 row the tail of payers is so long \(index below 2, as in A, 2025-01: 1\.'
is 'its top by hand' "$(echo "$out" | tail -1 | cut -d, -f15,16 | awk -F, '{ printf "%.6f,%.6f", $1, $2 }')" '0.192776,0.564634'
for threads in 1 3; do
    { head -1 "$tiny"; tail -n +2 "$tiny" | sort -r; } | arpu-table --threads $threads >again.csv
    arpu-table "$tiny" >once.csv
    same "in another order, $threads threads" once.csv again.csv
done

# ---- The bootstrap -------------------------------------------------------------------------------
synth-panel activity --set users=800 -o many.csv
runs 'a bootstrap' 0 arpu-table --bootstrap 500 many.csv
echo "$out" >drawn.csv
columns=$(arpu-table many.csv 2>/dev/null | head -1 | tr , '\n' | wc -l)
arpu-table many.csv 2>/dev/null >plain.csv
cut -d, -f"1-$columns" drawn.csv >same.csv
same 'leaves the other columns as they are' same.csv plain.csv
is 'adds its own' "$(head -1 drawn.csv | cut -d, -f"$((columns + 1))-")" 'arpu_bootstrap_lower,arpu_bootstrap_upper,arppu_bootstrap_lower,arppu_bootstrap_upper,payer_bootstrap_lower,payer_bootstrap_upper,per_minute_bootstrap_lower,per_minute_bootstrap_upper'
ok 'near the intervals beside them' awk -F, -v n="$columns" '
    NR == 1 { for (i = 1; i <= NF; i++) at[$i] = i; next }
    $1 == "TikTok" { rows++
        split("arpu arppu payer per_minute", name, " ")
        for (k = 1; k <= 4; k++) {
            w = ($at[name[k] "_bootstrap_upper"] - $at[name[k] "_bootstrap_lower"]) / ($at[name[k] "_upper"] - $at[name[k] "_lower"])
            if (w < 0.8 || w > 1.2) { bad = 1; print name[k], w } } }
    END { exit bad || rows == 0 }' drawn.csv
for threads in 1 4; do
    { head -1 many.csv; tail -n +2 many.csv | sort -r; } | arpu-table --threads $threads --bootstrap 500 >again.csv 2>/dev/null
    same "the same in another order, $threads threads" drawn.csv again.csv
done
ok 'another seed draws others' sh -c 'arpu-table --seed 2 --bootstrap 500 many.csv 2>/dev/null | cmp -s - drawn.csv; test $? -eq 1'
refused 'a bootstrap of totals' 2 '--bootstrap needs single users, and the input is a panel' \
    arpu-table --bootstrap 500 --group segment "$DATA/tiktok-rednote/revenue.csv"
refused 'too few draws' 2 "bootstrap" arpu-table --bootstrap 99 many.csv

# ---- A panel -------------------------------------------------------------------------------------
panel 'platform,period,users,revenue,payers,minutes,views,tier,plan' 'A,2025-01,100,50,10,1000,20000,mid,x' \
    'A,2025-01,0,3,0,,,mid,y' 'A,2025-02,100,-50,,1000,,mid,x'
runs 'a panel' 0 arpu-table --group tier --group plan p.csv
is 'a panel by hand' "$out" 'platform,tier,plan,period,users,revenue,arpu,arpu_lower,arpu_upper,payers,arppu,arppu_lower,arppu_upper,payer_share,payer_lower,payer_upper,minutes,per_minute,per_minute_lower,per_minute_upper,views,per_thousand_views,per_thousand_lower,per_thousand_upper,top_1_percent,top_10_percent,tail_index
A,mid,x,2025-01,100,50.00,0.50,,,10,5.00,,,0.1,,,1000,0.05,,,20000,2.5,,,,,
A,mid,x,2025-02,100,-50.00,-0.50,,,,,,,,,,1000,-0.05,,,,,,,,,
A,mid,y,2025-01,0,3.00,,,,0,,,,,,,,,,,,,,,,,'
runs "TikTok's two revenues of 2021" 0 arpu-table --group segment "$DATA/tiktok-rednote/revenue.csv"
is 'stay two' "$(echo "$out" | cut -d, -f1-6 | tail -2)" \
    'TikTok,as in the fact box,2021,1200000000,11000000000.00,9.166667
TikTok,as in the text,2021,1200000000,4600000000.00,3.833333'
refused 'and are not added up' 1 'revenue.csv:3:2: same platform, groups and period as .*revenue.csv:2, expected one row for each; --group' \
    arpu-table "$DATA/tiktok-rednote/revenue.csv"
panel platform,period,users,revenue A,2025-01,3,9000000000000.000001
runs 'an amount that no double holds' 0 arpu-table p.csv
is 'is divided exactly' "$(echo "$out" | tail -1 | cut -d, -f5)" 3000000000000.00
panel platform,period,users,revenue
runs 'a header alone' 0 arpu-table p.csv
is 'gives a header' "$out" 'platform,period,users,revenue,arpu,arpu_lower,arpu_upper'

# ---- What is refused -----------------------------------------------------------------------------
panel platform,period,users,revenue,payers A,2025-01,3,1,4
refused 'more payers than users' 1 'p.csv:2:5: there are more payers than users' arpu-table p.csv
panel platform,period,users,revenue A,2025-01,-3,1
refused 'negative users' 1 'p.csv:2:3: users are negative' arpu-table p.csv
panel platform,period,users,revenue A,2025-01,3,1 A,2025-Q2,3,1
refused 'months and quarters' 1 'p.csv:3:2: period is a quarter, expected a month as at p.csv:2' arpu-table p.csv
panel platform,period,users,revenue A,2025-01,-3,1 A,2025-01,4,2 A,2025-01,5,9
runs 'bad rows may be skipped' 0 arpu-table --bad-rows=skip p.csv
is 'and the first good one counts' "$(echo "$out" | tail -1)" 'A,2025-01,4,2.00,0.50,,'
panel platform,period,users,revenue,currency A,2025-01,3,1,USD B,2025-01,3,1,EUR
refused 'several currencies' 1 'p.csv:3: currency is EUR, expected USD as at p.csv:2' arpu-table p.csv
refused '--period with a panel' 2 '--period means nothing for a panel' arpu-table --period week "$DATA/tiny/revenue-panel.csv"
# Bounds may lie beyond what money can be: 4.5e12 -+ 12.7062 times as much, and they are there.
printf 'user,platform,date,revenue\na,A,2025-01-01,9000000000000\nb,A,2025-01-02,5\n' >large.csv
runs 'huge amounts' 0 arpu-table large.csv
like 'have bounds too' "$out" ',-5267[0-9.]+,6167[0-9.]+,'

# ---- Names -----------------------------------------------------------------------------------------
runs 'a group named as a figure' 2 arpu-table --group revenue "$DATA/tiny/activity.csv"
like 'is refused: nothing could read the result' "$err" "two columns 'revenue', expected names that differ"
finish
