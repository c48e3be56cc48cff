#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# arpu-loss as a user types it. Expected numbers are worked out by hand beside them.
. "$TESTS/lib/tap.sh"
PATH=$BIN:$PATH

scenario() { # rows without the header; writes s.csv
    printf '%s\n' 'parameter,low,value,high,unit,source' "$@" >s.csv
}
panel() {
    printf '%s\n' 'platform,period,users,revenue' "$@" >p.csv
}
refused() { # name, exit status, extended regular expression for the message, command...
    name=$1 status=$2 pattern=$3
    shift 3
    runs "$name" "$status" "$@" -o out.csv
    like "$name: says so" "$err" "$pattern"
    ok "$name: leaves nothing behind" test ! -e out.csv
}

# ---- A scenario ----------------------------------------------------------------------------------
runs 'the headline' 0 arpu-loss "$DATA/tiktok-rednote/scenario.csv"
is 'half a million users at 1.25 are 625000.00 in the first month' \
    "$(echo "$out" | sed -n 2p)" '1,500000,625000.00,,,625000.00,,,USD'
is 'and 7500000.00 in twelve months' "$(echo "$out" | tail -1)" \
    '12,500000,625000.00,,,7500000.00,,,USD'
is 'twelve months follow' "$(echo "$out" | wc -l)" 13
is 'nothing is said without --verbose' "$err" ''
runs 'verbose' 0 arpu-loss -v "$DATA/tiktok-rednote/scenario.csv"
like 'says why there are no bounds' "$err" 'no parameter has a low and a high that differ: the bounds stay empty'
like 'says what was assumed' "$err" 'horizon is not given: 12'

# 1000 leave, 40 % part-time with half their ARPU: 800 x 2 lost, 600 gone. 25 % come back each month.
# The destination gets 0.50 a head: 400. Month 13 would be 1/1.21 of its value; month 1 is not discounted.
scenario migrants,,1000,,users, arpu,,2,,EUR/user/month, multi_homing_share,,40,,percent, \
    kept_share,,0.5,,, 'return_rate,,25,,percent per month,' horizon,,2,,months, \
    'arpu_destination,,0.5,,EUR per user per month,' 'discount_rate,,21,,% per year,'
runs 'every parameter' 0 arpu-loss s.csv
is 'every parameter, by hand' "$out" \
    'month,users_lost,revenue_lost,lower,upper,cumulative,cumulative_lower,cumulative_upper,destination_gain,destination_gain_lower,destination_gain_upper,cumulative_gain,cumulative_gain_lower,cumulative_gain_upper,present_value,present_value_lower,present_value_upper,currency
1,600,1600.00,,,1600.00,,,400.00,,,400.00,,,1600.00,,,EUR
2,450,1200.00,,,2800.00,,,300.00,,,700.00,,,2781.088566,,,EUR'
# 1200 x 1.21^(-1/12) = 1181.0885663

scenario migrants,,1000,,, arpu,,2,,,
runs 'a scenario without units' 0 arpu-loss s.csv
is 'has no currency' "$(echo "$out" | head -1)" \
    'month,users_lost,revenue_lost,lower,upper,cumulative,cumulative_lower,cumulative_upper'
runs 'a label' 0 arpu-loss --currency CNY s.csv
is 'becomes a column' "$(echo "$out" | sed -n 2p)" '1,1000,2000.00,,,2000.00,,,CNY'
printf 'parameter,value\nmigrants,3\narpu,2\n' >short.csv
runs 'two columns are enough' 0 arpu-loss short.csv
is 'two columns, first month' "$(echo "$out" | sed -n 2p)" '1,3,6.00,,,6.00,,'
runs 'standard input' 0 sh -c 'arpu-loss <short.csv'
is 'standard input, first month' "$(echo "$out" | sed -n 2p)" '1,3,6.00,,,6.00,,'

# ---- Bounds --------------------------------------------------------------------------------------
range=$DATA/tiktok-rednote/scenario-range.csv
runs 'bounds' 0 arpu-loss --threads 1 "$range"
cp tap.out once.csv
for threads in 2 3 4; do
    arpu-loss --threads $threads "$range" >again.csv
    same "bounds: $threads threads give the same bytes" once.csv again.csv
done
ok 'bounds lie around the value' awk -F, 'NR > 1 && !($4 < $3 && $3 < $5 && $7 < $6 && $6 < $8) {exit 1}' once.csv
runs 'another seed' 0 arpu-loss --seed 2 "$range"
ok 'another seed gives other bounds' sh -c '! cmp -s tap.out once.csv'
# Uniform on 0 to 10^6 users at 1: the 5 % and 95 % points are 50000 and 950000, the error of 10^5
# draws is 10^6 sqrt(.05 x .95/10^5) = 689, shown to hundreds.
scenario migrants,0,400000,1000000,, arpu,,1,,,
runs 'uniform' 0 arpu-loss --distribution uniform --confidence 0.9 s.csv
ok 'uniform bounds are where they must be' awk -F, 'NR == 2 && ($4 < 47200 || $4 > 52800 || $5 < 947200 || $5 > 952800 || $4 % 100 || $5 % 100) {exit 1}' tap.out

# ---- Sensitivity ---------------------------------------------------------------------------------
scenario migrants,900,1000,1200,, arpu,0.5,1,1.5,USD, return_rate,0,0.1,0.5,, horizon,,2,,,
runs 'sensitivity' 0 arpu-loss --sensitivity s.csv
is 'sensitivity by hand' "$out" 'parameter,low,high,loss_at_low,loss_at_high,swing,value,loss_at_value,currency
arpu,0.5,1.5,950.00,2850.00,1900.00,1,1900.00,USD
migrants,900,1200,1710.00,2280.00,570.00,1000,1900.00,USD
return_rate,0,0.5,2000.00,1500.00,-500.00,0.1,1900.00,USD'
refused 'sensitivity without ranges' 1 's.csv: no parameter has a low and a high that differ, expected at least one for --sensitivity' \
    sh -c 'sed "s/,0.5,1,1.5,/,,1,,/; s/900,1000,1200/,1000,/; s/0,0.1,0.5/,0.1,/" s.csv >t.csv; mv t.csv s.csv; exec arpu-loss --sensitivity s.csv "$@"' sh

# ---- Scenarios, destinations, tiers, lines -----------------------------------------------------------
keyed() { # rows without the header; writes k.csv
    printf '%s\n' 'parameter,low,value,high,unit,scenario,destination,tier,line' "$@" >k.csv
}
# 100 go to X and 50 to Y; ads are worth 2 and tips 1, in Y tips 3. Half of them stay part-time and
# keep half, of tips nothing: X loses 100 x 0.75 x 2 of ads and 100 of tips, Y 75 and 150. Users
# count once: 50 of X and 25 of Y are gone altogether.
keyed 'migrants,,100,,,,X,,' 'migrants,,50,,,,Y,,' 'arpu,,2,,USD,,,,ads' 'arpu,,1,,USD,,,,tips' 'arpu,,3,,USD,,Y,,tips' \
    'multi_homing_share,,0.5,,,,,,' 'kept_share,,0.5,,,,,,' 'kept_share,,0,,,,,,tips' 'horizon,,1,,,,,,'
runs 'destinations and lines' 0 arpu-loss k.csv
is 'destinations and lines by hand' "$out" \
    'destination,line,month,users_lost,revenue_lost,lower,upper,cumulative,cumulative_lower,cumulative_upper,currency
X,ads,1,50,150.00,,,150.00,,,USD
X,tips,1,50,100.00,,,100.00,,,USD
Y,ads,1,25,75.00,,,75.00,,,USD
Y,tips,1,25,150.00,,,150.00,,,USD
(all),(all),1,75,475.00,,,475.00,,,USD'
keyed 'migrants,,10,,,,,,' 'arpu,,1,,,,,,' 'arpu,,3,,,dear,,,' 'return_rate,,0.5,,,short,,,' 'horizon,,2,,,,,,' 'horizon,,1,,,dear,,,'
runs 'scenarios' 0 arpu-loss k.csv
is 'scenarios by hand, in the order of the file' "$(echo "$out" | cut -d, -f1-4,7)" 'scenario,month,users_lost,revenue_lost,cumulative
dear,1,10,30.00,30.00
short,1,10,10.00,10.00
short,2,5,5.00,15.00'
keyed 'migrants,,10,,,,,mid,' 'migrants,,20,,,,,top,' 'arpu,,1,,,,,,' 'arpu_destination,,2,,,,,top,' 'discount_rate,,0.1,,,,,,' 'horizon,,1,,,,,,'
runs 'tiers' 0 arpu-loss k.csv
is 'tiers by hand, with gains of one' "$(echo "$out" | cut -d, -f1-4,10,16)" 'tier,month,users_lost,revenue_lost,destination_gain,present_value
mid,1,10,10.00,0.00,10.00
top,1,20,20.00,40.00,20.00
(all),1,30,30.00,40.00,30.00'
refused 'a chart of tiers' 2 '--chart tells scenarios' arpu-loss --chart k.svg k.csv
# A column that says nothing changes nothing, the draws least of all.
awk -F, 'NR == 1 { print $0 ",scenario,line" } NR > 1 { print $0 ",," }' "$DATA/tiktok-rednote/scenario-range.csv" >empty.csv
arpu-loss --draws 5000 "$DATA/tiktok-rednote/scenario-range.csv" >once.csv
arpu-loss --draws 5000 empty.csv >again.csv
same 'empty columns' once.csv again.csv
awk -F, 'NR == 1 { print $0 ",scenario" } NR > 1 { print $0 ",a"; print $0 ",b" }' "$DATA/tiktok-rednote/scenario-range.csv" >twins.csv
arpu-loss --draws 5000 twins.csv >twins.out
sed -n 's/^a,//p' twins.out >a.csv
sed -n 's/^b,//p' twins.out >b.csv
same 'two scenarios alike have the same draws' a.csv b.csv
tail -n +2 once.csv >again.csv
same 'and those of the scenario alone' a.csv again.csv
# Two lines of 0 to 1 by the same assumption move together, by two of their own they do not: the
# bounds of the sum are 0.05 and 1.95 at 90 %, or sqrt(0.1) and 2 - sqrt(0.1).
keyed 'migrants,,1,,,,,,' 'arpu,0,0.5,1,,,,,' 'kept_share,,0,,,,,,p' 'kept_share,,0,,,,,,q' 'horizon,,1,,,,,,'
runs 'one assumption for two lines' 0 arpu-loss --distribution uniform --confidence 0.9 k.csv
ok 'moves both' awk -F, '/all/ && ($5 - 0.1) ^ 2 + ($6 - 1.9) ^ 2 < 0.0002 { found = 1 } END { exit !found }' tap.out
keyed 'migrants,,1,,,,,,' 'arpu,0,0.5,1,,,,,p' 'arpu,0,0.5,1,,,,,q' 'horizon,,1,,,,,,'
runs 'one for each line' 0 arpu-loss --distribution uniform --confidence 0.9 k.csv
ok 'moves one' awk -F, '/all/ && ($5 - 0.316228) ^ 2 + ($6 - 1.683772) ^ 2 < 0.0002 { found = 1 } END { exit !found }' tap.out
for threads in 1 3; do
    arpu-loss --draws 3000 --threads $threads "$DATA/tiktok-rednote/scenarios.csv" >again.csv
    [ $threads = 1 ] && cp again.csv once.csv
    same "scenarios, $threads threads" once.csv again.csv
done
keyed 'migrants,,1,,,,,,' 'migrants,,2,,,,,,p' 'arpu,,1,,,,,,'
refused 'migrants of a line' 1 'k.csv:3:9: migrants cannot differ by line, expected an empty cell' arpu-loss k.csv
keyed 'migrants,,1,,,,,,' 'arpu,,1,,,,,,' 'horizon,,1,,,,X,,'
refused 'a horizon of a destination' 1 'k.csv:4:7: horizon cannot differ by destination' arpu-loss k.csv
keyed 'migrants,,1,,,,X,,' 'arpu,,1,,,,,,p' 'arpu,,1,,,,X,,'
refused 'two rows that fit equally well' 1 "k.csv:4: arpu of 'X, p' is given here and at .*k.csv:3, expected one that fits best" arpu-loss k.csv
keyed 'migrants,,1,,,,X,,' 'arpu,,1,,,,,,p' 'arpu_destination,,1,,,,Y,,'
refused 'a cell without migrants' 1 'k.csv: no row for parameter migrants, expected its value in users, for Y, p' arpu-loss k.csv
keyed 'migrants,,1,,,,X,,' 'arpu,,1,,,,,,' 'migrants,,1,,,,X,,'
refused 'a row that stands twice for a destination' 1 'k.csv:4:1: migrants is given again, expected it once; first at k.csv:2' arpu-loss k.csv
keyed 'migrants,,1,,,,X,,' 'arpu,,1,,USD,,,,p' 'arpu,,1,,EUR,,,,q'
refused 'lines in two currencies' 1 'k.csv:4:5: arpu is in EUR, expected USD as at k.csv:3' arpu-loss k.csv

# ---- Sobol indices -------------------------------------------------------------------------------
# A product of two uniforms on 0 to 1: V = 7/144, alone 3/144 each, together 1/144.
scenario migrants,0,0.5,1,, arpu,0,0.5,1,, horizon,,1,,,
runs 'Sobol indices' 0 arpu-loss --sobol --distribution uniform s.csv
ok 'of a product: 3/7 alone, 4/7 with the interaction' awk -F, '
    NR > 1 { truth = $2 == "first" ? 3 / 7 : 4 / 7; d = $3 - truth; n++
        if (d < 0) d = -d
        if (d > 4 * $6 || $6 > 0.01 || $4 > $3 || $5 < $3) { print; bad = 1 } }
    END { exit bad || n != 4 }' tap.out
cp tap.out once.csv
arpu-loss --sobol --distribution uniform --threads 3 s.csv >again.csv
same 'Sobol indices, 3 threads' once.csv again.csv
runs 'of every scenario' 0 arpu-loss --sobol --draws 1000 "$DATA/tiktok-rednote/scenarios.csv"
like 'name what a row is about' "$out" '^as assumed,"arpu, advertising",first,'
scenario migrants,,1,,, arpu,,1,,,
refused 'Sobol indices without ranges' 1 's.csv: no parameter has a low and a high that differ, expected at least one for --sobol' \
    arpu-loss --sobol s.csv
refused 'both kinds of sensitivity' 2 'sobol' arpu-loss --sobol --sensitivity s.csv
refused 'Sobol indices of a panel' 2 '--sobol means nothing for a panel' arpu-loss --sobol "$DATA/tiny/revenue-panel.csv"
refused 'too many draws for them' 2 '--draws is 2000000, expected at most 1000000 with --sobol' \
    arpu-loss --sobol --draws 2000000 "$DATA/tiny/scenario.csv"

# ---- What a scenario may not say -----------------------------------------------------------------
scenario migrants,,1,,, arpuu,,1,,,
refused 'an unknown parameter' 1 "s.csv:3:1: unknown parameter 'arpuu', did you mean 'arpu'" arpu-loss s.csv
scenario migrants,,1,,, arpu,,1,,, migrants,,2,,,
refused 'a parameter given again' 1 's.csv:4:1: migrants is given again, expected it once; first at s.csv:2' arpu-loss s.csv
scenario arpu,,1,,,
refused 'a parameter that is missing' 1 's.csv: no row for parameter migrants, expected its value in users' arpu-loss s.csv
scenario migrants,,1,,, arpu,,-1,,,
refused 'a value outside its range' 1 's.csv:3:3: arpu is -1, expected 0 or more' arpu-loss s.csv
scenario migrants,,1,,, arpu,,1,,, kept_share,,40,,share,
refused 'a share above 1' 1 "s.csv:4:3: kept_share is 40, expected 0 to 1 \(or 'percent' in its unit\)" arpu-loss s.csv
scenario migrants,5,1,9,, arpu,,1,,,
refused 'a range that does not rise' 1 's.csv:2:3: migrants is low 5, value 1, high 9, expected them in rising order' arpu-loss s.csv
scenario migrants,5,6,,, arpu,,1,,,
refused 'half a range' 1 's.csv:2:4: migrants has a low but no high, expected both or neither' arpu-loss s.csv
scenario migrants,,1,,, arpu,,1,,, horizon,6,12,24,,
refused 'an uncertain horizon' 1 's.csv:4:3: horizon has a low and a high, expected one value' arpu-loss s.csv
scenario migrants,,1,,, 'arpu,,1,,USD per user per month,' 'arpu_destination,,1,,EUR per user per month,'
refused 'two currencies' 1 's.csv:4:5: arpu_destination is in EUR, expected USD as at s.csv:3' arpu-loss s.csv
scenario migrants,,1,,, 'arpu,,1,,USD per user per month,'
refused 'a label against the unit' 2 '--currency is EUR, but the input says USD' arpu-loss --currency EUR s.csv
for unit in 'USD per user per year' 'million USD per user per month' 'percent'; do
    scenario migrants,,1,,, "arpu,,1,,$unit,"
    refused "arpu in $unit" 1 "s.csv:3:5: unit of arpu is '$unit', expected 'CURRENCY per user per month'" arpu-loss s.csv
done
scenario migrants,,1,,thousands, arpu,,1,,,
refused 'migrants in thousands' 1 "s.csv:2:5: unit of migrants is 'thousands', expected 'users'" arpu-loss s.csv
scenario migrants,,1,,, arpu,,1,,, 'return_rate,,0.1,,share per year,'
refused 'a return rate per year' 1 "s.csv:4:5: unit of return_rate is 'share per year', expected 'share per month'" arpu-loss s.csv
scenario migrants,,1,,, arpu,,1,,, kept_share,,33.33333,,percent,
refused 'too many decimals of a percent' 1 's.csv:4:3: kept_share has more than four decimals' arpu-loss s.csv
scenario migrants,,9e12,,, arpu,,9e12,,,
refused 'a loss beyond all money' 1 's.csv: the loss up to month 1 is out of range' arpu-loss s.csv
scenario migrants,,1,,, arpu,,1,,, multi_homing_share,,0.5,,,
runs 'part-time users without what they keep' 0 arpu-loss s.csv
like 'are told of' "$err" 'multi_homing_share without kept_share'
scenario migrants,,1,,, arpu,,1,,, wages,,3,,,
runs 'bad rows may be skipped' 0 arpu-loss --bad-rows=skip --rejects rejects.csv s.csv
like 'and are kept with their reason' "$(cat rejects.csv)" "unknown parameter 'wages'"

# ---- A panel -------------------------------------------------------------------------------------
columns=platform,segment,period,users,revenue,arpu,arpu_lower,arpu_upper,users_change,users_lost,revenue_change,revenue_lost,share_lost,share_lost_lower,share_lost_upper,users_share_lost,users_share_lost_lower,users_share_lost_upper,change_by_users,change_by_arpu
# Alpha in February: 200 users fewer at 1.25 are 250 of 1250; the other 800 give 0.05 more each.
runs 'a panel' 0 arpu-loss "$DATA/tiny/revenue-panel.csv"
is 'a panel by hand' "$out" "$columns
Alpha,,2025-01,1000,1250.00,1.25,,,,,,,,,,,,,,
Alpha,,2025-02,800,1040.00,1.30,,,-200,200,-210.00,250.00,0.2,,,0.2,,,-250.00,40.00
Alpha,,2025-03,900,990.00,1.10,,,100,0,-50.00,0.00,0,,,0,,,130.00,-180.00
Beta,,2025-01,0,0.00,,,,,,,,,,,,,,,
Beta,,2025-02,150,30.00,0.20,,,150,0,30.00,0.00,,,,,,,30.00,0.00
Beta,,2025-03,150,45.00,0.30,,,0,0,15.00,0.00,0,,,0,,,0.00,15.00"
runs 'a panel, verbose' 0 arpu-loss -v "$DATA/tiny/revenue-panel.csv"
like 'says why it has no bounds' "$err" 'a panel does not say how users differ: the bounds stay empty'
sed 's/platform/Plattform/; s/users/Nutzer/' "$DATA/tiny/revenue-panel.csv" >german.csv
runs 'headers of another name' 0 arpu-loss --column platform=Plattform --column users=Nutzer german.csv
is 'headers of another name change nothing' "$(echo "$out" | sed -n 3p)" \
    'Alpha,,2025-02,800,1040.00,1.30,,,-200,200,-210.00,250.00,0.2,,,0.2,,,-250.00,40.00'
runs "TikTok's two revenues of 2021" 0 arpu-loss "$DATA/tiktok-rednote/revenue.csv"
is 'stay two' "$(echo "$out" | cut -d, -f1-6 | tail -2)" \
    'TikTok,as in the fact box,2021,1200000000,11000000000.00,9.166667
TikTok,as in the text,2021,1200000000,4600000000.00,3.833333'
printf 'platform,period,users,revenue,land,currency\nA,2025-W01,4,8,DE,EUR\nA,2025-W02,2,8,DE,EUR\nA,2025-W01,1,8,AT,EUR\n' >group.csv
runs 'a panel by a column of its own' 0 arpu-loss --group land group.csv
is 'a panel by a column of its own, by hand' "$out" "$columns,currency
A,AT,2025-W01,1,8.00,8.00,,,,,,,,,,,,,,,EUR
A,DE,2025-W01,4,8.00,2.00,,,,,,,,,,,,,,,EUR
A,DE,2025-W02,2,8.00,4.00,,,-2,2,0.00,4.00,0.5,,,0.5,,,-4.00,4.00,EUR"
panel A,2025-01,1,1 B,2025-01,1,1 A,2025-01,2,2
refused 'a row that stands twice' 1 'p.csv:4:2: same platform, segment and period as p.csv:2, expected one row for each' arpu-loss p.csv
runs 'the second may be skipped' 0 arpu-loss --bad-rows=skip p.csv
is 'and the first counts' "$(echo "$out" | sed -n 2p | cut -d, -f1-5)" 'A,,2025-01,1,1.00'
panel A,2025-01,1,1 A,2025-Q2,1,1
refused 'months and quarters' 1 'p.csv:3:2: period is a quarter, expected a month as at p.csv:2' arpu-loss p.csv
panel A,2025-01,-1,1
refused 'negative users' 1 'p.csv:2:3: users are negative, expected 0 or more' arpu-loss p.csv
panel A,2025-01,1,0.0000001
refused 'more than six decimals' 1 'p.csv:2:4: ' arpu-loss p.csv
sed 's/AT,EUR/AT,CHF/' group.csv >mixed.csv
refused 'several currencies in a panel' 1 'mixed.csv:4:6: currency is CHF, expected EUR as at mixed.csv:2' arpu-loss mixed.csv
panel
runs 'a panel without rows' 0 arpu-loss p.csv
is 'gives the header' "$out" "$columns"

# ---- A log ---------------------------------------------------------------------------------------
log=$DATA/tiny/activity.csv
# Alpha: January 1.50, 3.00, 0, 0.50 of four users; February 2.00 and 0, users 0002 and 0004 with
# 3.50 of 5.00 lost; March 1.25, 0.75 and, after a refund, 0.75. Intervals: R (tests/truth/arpu-loss.R).
runs 'a log' 0 arpu-loss "$log"
is 'a log by hand' "$out" "$columns
Alpha,,2025-01,4,5.00,1.25,-0.85499,3.35499,,,,,,,,,,,,
Alpha,,2025-02,2,2.00,1.00,-11.706205,13.706205,-2,2,-3.00,3.50,0.7,0,1,0.5,0.15003898915214953,0.8499610108478505,-2.50,-0.50
Alpha,,2025-03,3,2.75,0.916667,0.199558,1.633775,1,1,0.75,0.00,0,,,0.5,0.09453120573423075,0.9054687942657692,1.00,-0.25
Beta,,2025-02,1,1.00,1.00,,,,,,,,,,,,,,
Beta,,2025-03,2,0.50,0.25,-1.655931,2.155931,1,0,-0.50,0.00,0,,,0,0,0.7934506856227626,1.00,-1.50"
is 'a log that ends with its last month is not warned of' "$err" ''
runs 'a log by quarter' 0 arpu-loss --period quarter "$log"
is 'a log by quarter, by hand' "$(echo "$out" | cut -d, -f1-6 | tail -2)" \
    'Alpha,,2025-Q1,5,9.75,1.95
Beta,,2025-Q1,2,1.50,0.75'
runs 'a log cut off within a year' 0 arpu-loss --period year "$log"
like 'is warned of' "$err" 'the log ends on 2025-03-31, before the year 2025 does'
runs 'a log from within its first month' 0 arpu-loss -v "$log"
like 'is told of with --verbose' "$err" 'the log begins on 2025-01-05, after the month 2025-01 did'
like 'and so are rows without revenue' "$err" 'rows without revenue, taken as active and nothing paid: 1$'
runs 'a log by another column' 0 arpu-loss --group minutes "$log"
is 'is parted by it' "$(echo "$out" | sed -n 2p | cut -d, -f1-6)" 'Alpha,0,2025-03,1,-0.25,-0.25'
{ head -1 "$log"; tail -n +2 "$log" | sed 's/^/x/'; } >plain.csv
head -1 plain.csv >header
for i in 0 1 2 3 4 5 6; do # seven shards, each with rows of all months
    { cat header; tail -n +2 plain.csv | awk "NR % 7 == $i"; } >shard-$i.csv
done
gzip -k plain.csv
arpu-loss plain.csv >once.csv
for threads in 1 2 4; do
    arpu-loss --threads $threads shard-*.csv >again.csv
    same "a log in seven shards, $threads threads: the same bytes" once.csv again.csv
done
arpu-loss plain.csv.gz >again.csv
same 'a log, compressed: the same bytes' once.csv again.csv
printf 'user,platform,date,revenue,currency\nu,A,2025-01-31,1,USD\nv,A,2025-01-31,1,EUR\n' >mixed.csv
refused 'several currencies in a log' 1 'mixed.csv:3: currency is EUR, expected USD as at mixed.csv:2' arpu-loss mixed.csv
awk 'BEGIN { print "user,platform,date,revenue,shop"; for (i = 0; i < 66000; i++) print "u,A,2025-01-31,1," i }' >shops.csv
for threads in 1 4; do
    refused "more groups than there is room for, $threads threads" 1 'more than 65535 pairs of platform and segment' \
        arpu-loss --threads $threads --group shop shops.csv
done
printf 'user,platform,date,revenue\n,A,2025-01-31,1\n' >nobody.csv
refused 'a row without a user' 1 'nobody.csv:2:1: ' arpu-loss nobody.csv

# ---- The bootstrap -------------------------------------------------------------------------------
synth-panel activity --set users=800 -o many.csv
arpu-loss many.csv >plain.csv 2>/dev/null
runs 'a bootstrap' 0 arpu-loss --bootstrap 500 many.csv
echo "$out" >drawn.csv
cut -d, -f1-20 drawn.csv >same.csv
same 'leaves the other columns as they are' same.csv plain.csv
is 'adds its own' "$(head -1 drawn.csv | cut -d, -f21-)" 'arpu_bootstrap_lower,arpu_bootstrap_upper,share_lost_bootstrap_lower,share_lost_bootstrap_upper,users_share_lost_bootstrap_lower,users_share_lost_bootstrap_upper'
ok 'near the intervals beside them' awk -F, '
    NR > 1 && $1 == "TikTok" && $13 > 0 { rows++
        a = ($22 - $21) / ($8 - $7); b = ($24 - $23) / ($15 - $14); c = ($26 - $25) / ($18 - $17)
        if (a < 0.8 || a > 1.2 || b < 0.8 || b > 1.25 || c < 0.8 || c > 1.25) { print; bad = 1 } }
    END { exit bad || rows == 0 }' drawn.csv
arpu-loss --bootstrap 500 --group segment many.csv >segments.csv 2>/dev/null
arpu-loss --group segment many.csv 2>/dev/null >plain.csv
cut -d, -f1-20 segments.csv >same.csv
same 'by segment too' same.csv plain.csv
for threads in 1 4; do
    { head -1 many.csv; tail -n +2 many.csv | sort -r; } | arpu-loss --threads $threads --bootstrap 500 >again.csv 2>/dev/null
    same "the same in another order, $threads threads" drawn.csv again.csv
done
runs 'a bootstrap of few' 0 arpu-loss --bootstrap 100 "$DATA/tiny/activity.csv"
is 'has no bounds, as some draws have nobody' "$(echo "$out" | cut -d, -f21-26 | sort -u | tail -1)" 'arpu_bootstrap_lower,arpu_bootstrap_upper,share_lost_bootstrap_lower,share_lost_bootstrap_upper,users_share_lost_bootstrap_lower,users_share_lost_bootstrap_upper'
refused 'a bootstrap of totals' 2 '--bootstrap means nothing for a panel' \
    arpu-loss --bootstrap 500 "$DATA/tiny/revenue-panel.csv"

printf 'user,platform,date,revenue\nu,A,2025-01-31,5\nu,A,2025-03-31,-1\n' >few.csv
for how in '' '--bootstrap 100'; do
    runs "one user $how" 0 arpu-loss $how few.csv
    is "is a row a month, without bounds of money $how" "$(echo "$out" | tail -n +2 | cut -d, -f3-8,12-15)" '2025-01,1,5.00,5.00,,,,,,
2025-02,0,0.00,,,,5.00,1,,
2025-03,1,-1.00,-1.00,,,0.00,,,'
done
printf 'user,platform,date,revenue\nu,A,2025-01-30,5\nv,A,2025-01-31,-3\nw,A,2025-01-31,\n' >few.csv
runs 'all in one period' 0 arpu-loss few.csv
is 'has an ARPU and no change' "$(echo "$out" | tail -n +2 | cut -d, -f3-6,9-)" '2025-01,3,2.00,0.666667,,,,,,,,,,,,'

# ---- Survival curves -----------------------------------------------------------------------------
telco=$DATA/telco
churn-survival --time tenure_months --status churned=Yes --weight customers --group contract \
    -o survival.csv "$telco/tenure.csv"
same 'the curves in datasets/ are what churn-survival says' survival.csv "$telco/survival.csv"
awk -F, 'NR == 1 { print "contract,age,users,revenue,currency" } NR > 1 && $3 == "No" { print $1 "," $2 "," $4 "," $5 ",USD" }' \
    "$telco/tenure.csv" >customers.csv
same 'and the customers those who stayed' customers.csv "$telco/customers.csv"
risk_columns=group,horizon,users,revenue,covered,revenue_at_risk,lower,upper,share_at_risk
# S = 0.8 from 1 on with v = 2/(10 x 8), 0.64 from 3 on with v = 1/(5 x 4): 100 x 0.2, and
# 1.959964 x 80 sqrt(0.025) = 24.79 to either side.
printf 'group,time,at_risk,events,survival\n(all),1,10,2,0.8\n(all),3,5,1,0.64\n' >curve.csv
printf 'users,revenue\n50,100\n' >base.csv
runs 'revenue at risk' 0 arpu-loss --survival curve.csv --horizon 2,3 base.csv
is 'revenue at risk by hand' "$out" "$risk_columns
(all),2,50,100.00,100.00,20.00,0.00,44.791801,0.19999999999999996
(all),3,50,100.00,100.00,36.00,1.647472,70.352528,0.3599999999999999"
runs 'and what is lost on the way' 0 arpu-loss --survival curve.csv --horizon 3 --per 2 base.csv
is 'lost by hand: 0.2 of 100 for two thirds of 1.5 periods' "$(echo "$out" | tail -1 | cut -d, -f10-12)" \
    '20.00,0.00,44.791801'
runs 'beyond the curve' 0 arpu-loss --survival curve.csv --horizon 4 base.csv
is 'nothing is known' "$(echo "$out" | tail -1)" '(all),4,50,100.00,0.00,,,,'
like 'and that is said' "$err" 'the curve ends before 4, so nothing is known of it'
runs 'telco' 0 arpu-loss --survival "$telco/survival.csv" --group contract --horizon 12 "$telco/customers.csv"
is 'month to month against contracts: R (tests/truth/arpu-loss-risk.R)' "$(echo "$out" | cut -d, -f1,6-8 | tail -4)" \
    'Month-to-month,26645.310013,24909.854245,28380.765782
One year,4780.778923,3965.989157,5595.568689
Two year,425.472504,299.213328,551.731681
(all),31851.56144,29930.199822,33772.923058'
arpu-loss --survival "$telco/survival.csv" --group contract --horizon 12 -o all.csv "$telco/customers.csv"
for threads in 1 4; do
    { head -1 "$telco/customers.csv"; tail -n +2 "$telco/customers.csv" | sort -r; } |
        arpu-loss --threads $threads --survival "$telco/survival.csv" --group contract --horizon 12 >again.csv
    same "in another order, $threads threads: the same bytes" all.csv again.csv
done
refused 'no column of groups' 2 'has 3 curves, expected --group COL' \
    arpu-loss --survival "$telco/survival.csv" --horizon 1 "$telco/customers.csv"
refused 'no horizon' 2 "option '--survival' needs '--horizon' as well" arpu-loss --survival curve.csv base.csv
for times in 0 -1 x 1,,2 3,2 1,; do
    refused "horizon $times" 2 "--horizon is '$times', expected at most 120 times above 0" \
        arpu-loss --survival curve.csv "--horizon=$times" base.csv
done
refused 'what is for a scenario' 2 '--sensitivity means nothing with --survival' \
    arpu-loss --sensitivity --survival curve.csv --horizon 1 base.csv
sed 2d curve.csv >part.csv
refused 'a part of a curve' 1 'part.csv:2:5: survival is 0.64, expected 0.8 by at_risk and events' \
    arpu-loss --survival part.csv --horizon 1 base.csv
sed 's/One year/One yaer/' "$telco/customers.csv" >typo.csv
refused 'a group without a curve' 1 "typo.csv:74:1: there is no survival curve of 'One yaer'" \
    arpu-loss --survival "$telco/survival.csv" --group contract --horizon 1 typo.csv
printf 'users,revenue\n-1,7\n50,100\n' >negative.csv
runs 'bad rows may be skipped at risk' 0 arpu-loss --bad-rows=skip --survival curve.csv --horizon 2 negative.csv
is 'and leave the others' "$(echo "$out" | tail -1 | cut -d, -f3-6)" '50,100.00,100.00,20.00'
printf 'user,revenue\nu,60\nv,40\nu,7\n' >twice.csv
runs 'a user who stands twice may be skipped' 0 arpu-loss --bad-rows=skip --survival curve.csv --horizon 2 twice.csv
is 'and the first row counts' "$(echo "$out" | tail -1 | cut -d, -f3-6)" '2,100.00,100.00,20.00'
refused 'but no row of a curve' 1 'part.csv:2:5: survival is 0.64' \
    arpu-loss --bad-rows=skip --survival part.csv --horizon 1 base.csv
printf 'users,revenue,currency\n1,1,USD\n1,1,EUR\n' >mixed.csv
refused 'several currencies at risk' 1 'mixed.csv:3: currency is EUR, expected USD as at mixed.csv:2' \
    arpu-loss --survival curve.csv --horizon 1 mixed.csv

# ---- By destination ------------------------------------------------------------------------------
# Of ten 1 goes to X and 1 to Y at 1, of the five then watched 1 to Y at 3: F_X 0.1, F_Y 0.1 + 0.8/5.
# X at 2: 1.959964 x 100 sqrt(0.1 x 0.9/10) = 18.593851. The same users whatever the destination have
# what the curve of survival gives.
printf 'group,time,destination,at_risk,events,incidence\n(all),1,X,10,1,0.1\n(all),1,Y,10,1,0.1\n(all),3,X,5,0,0.1\n(all),3,Y,5,1,0.26\n' >where.csv
runs 'revenue at risk by destination' 0 arpu-loss --survival where.csv --horizon 2,3 --per 1 base.csv
is 'by hand' "$(echo "$out" | cut -d, -f1-3,6-11)" 'group,destination,horizon,covered,revenue_at_risk,lower,upper,share_at_risk,revenue_lost
(all),X,2,100.00,10.00,0.00,28.593851,0.1,10.00
(all),X,3,100.00,10.00,0.00,28.593851,0.1,20.00
(all),Y,2,100.00,10.00,0.00,28.593851,0.1,10.00
(all),Y,3,100.00,26.00,0.00,58.157747,0.26,20.00
(all),(all),2,100.00,20.00,0.00,44.791801,0.19999999999999996,20.00
(all),(all),3,100.00,36.00,1.647472,70.352528,0.3599999999999999,40.00'
synth-panel spells --set users=3000 -o spells.csv
churn-survival --as-of 2026-01-01 --group segment -o stay.csv spells.csv 2>/dev/null
churn-destinations --as-of 2026-01-01 --group segment -o go.csv spells.csv 2>/dev/null
awk 'BEGIN { print "user,segment,revenue,age"; for (i = 0; i < 200; i++) printf "u%d,%s,%d.%02d,%d\n", i, i % 3 ? "a" : "b", i * i % 90, i % 100, i * 7 % 60 }' >users.csv
arpu-loss --survival stay.csv --group segment --horizon 30,90 --per 30 users.csv >stay-risk.csv
arpu-loss --survival go.csv --group segment --horizon 30,90 --per 30 users.csv >go-risk.csv
awk 'BEGIN { FS = OFS = "," } NR == 1 || $2 == "(all)" { print $1, $3, $4, $5, $6, $7, $8, $9 }' go-risk.csv >go-all.csv
cut -d, -f1-8 stay-risk.csv | sed 's/^group,.*//' | grep . >stay-all.csv
tail -n +2 go-all.csv >go-rows.csv
same 'all destinations are what survival says' stay-all.csv go-rows.csv
ok 'and destinations add up to it' awk -F, '
    NR > 1 && $7 != "" { if ($2 == "(all)") { d = sum[$1 $3] - $7; n++; if (d > 1e-5 || d < -1e-5) { print; bad = 1 } } else sum[$1 $3] += $7 }
    END { exit bad || n == 0 }' go-risk.csv
arpu-loss --threads 1 --survival go.csv --group segment --horizon 30,90 --per 30 users.csv >again.csv
same 'threads change nothing' go-risk.csv again.csv
sed 3d where.csv >part.csv
refused 'a destination without a row' 1 "part.csv:2:2: no row for the destination 'Y' at this time, expected one: all rows of churn-destinations" \
    arpu-loss --survival part.csv --horizon 1 base.csv
sed 's/,0.26$/,0.3/' where.csv >wrong.csv
refused 'an incidence that does not follow' 1 'wrong.csv:5:6: incidence is 0.3, expected 0.26 by at_risk and events up to here' \
    arpu-loss --survival wrong.csv --horizon 1 base.csv
sed 's/,Y,10,1/,Y,9,1/' where.csv >differ.csv
refused 'at_risk that differs' 1 'differ.csv:3:4: at_risk differs between destinations' arpu-loss --survival differ.csv --horizon 1 base.csv
sed 's/3,Y/3,X/' where.csv >twice.csv
refused 'a destination twice' 1 'twice.csv:5:2: same group, destination and time as twice.csv:4' arpu-loss --survival twice.csv --horizon 1 base.csv
sed 's/Y,10,1,/Y,10,10,/' where.csv >many.csv
refused 'more than all left' 1 'many.csv:3:5: 11 of 10 at risk left' arpu-loss --survival many.csv --horizon 1 base.csv
churn-destinations --at 30 --as-of 2026-01-01 spells.csv >at.csv
refused 'chosen times alone' 1 "no column 'at_risk'" arpu-loss --survival at.csv --horizon 1 base.csv

# ---- Known truth ---------------------------------------------------------------------------------
# 500,000 of 10,000,000 users leave a platform that does not grow, at an ARPU of 1.25 whose estimate
# has an error of 3 x 1.25/sqrt(10^7): 0.0012 of 625,000, here four times.
synth-panel revenue --set growth_tiktok=0 -o panel.csv
runs 'a synthetic panel' 0 arpu-loss panel.csv
is 'its users lost' "$(echo "$out" | grep '^TikTok,,2025-01,' | cut -d, -f10)" 500000
ok 'its revenue lost' awk -F, '$1 == "TikTok" && $3 == "2025-01" { found = $12 > 625000 - 2372 && $12 < 625000 + 2372 } END { exit !found }' tap.out
# A day's revenue per active user is 0.075; intervals that leave out one in 10,000 hold it on each of
# 90 days, and intervals that leave out half miss it on about half of them.
synth-panel activity --set users=20000 -o activity.csv
for level in 0.9999 0.5; do
    arpu-loss --period day --confidence $level activity.csv | awk -F, -v level=$level '
        $1 == "TikTok" { days++; held += $7 <= 0.075 && 0.075 <= $8 }
        END { print level, days, held }' >held-$level
done
is 'a synthetic log: wide intervals hold its ARPDAU' "$(cat held-0.9999)" '0.9999 90 90'
ok 'a synthetic log: narrow ones miss it at times' awk '{ exit !($3 >= 20 && $3 <= 70) }' held-0.5

# ---- Charts --------------------------------------------------------------------------------------
chart() { # name, words that the picture must hold (a pattern each), -- command...
    name=$1
    shift
    : >words
    while [ "$1" != -- ]; do
        echo "$1" >>words
        shift
    done
    shift
    runs "chart: $name" 0 "$@" --chart picture.svg -o result.csv
    is "chart: $name: nothing is complained of" "$err" ''
    while read -r word; do
        ok "chart: $name: shows $word" grep -q -- "$word" picture.svg
    done <words
    draw-chart arpu-loss result.csv -o again.svg
    same "chart: $name: draw-chart draws the same" picture.svg again.svg
}
chart 'months and their bounds' 'lost in the month, USD' 'lost so far, USD' -- arpu-loss "$range"
chart 'a loss that stays the same starts at zero' '>0<' '200,000' -- arpu-loss "$DATA/tiktok-rednote/scenario.csv"
chart 'sensitivity' 'migrants' 'multi homing share' '900,000' 'revenue lost over the horizon, USD' -- arpu-loss --sensitivity "$range"
chart 'risk' 'no longer there at the horizon' -- arpu-loss --survival curve.csv --horizon 1,2,3 base.csv
chart 'risk by destination' '>X<' '(all)' horizon -- arpu-loss --survival where.csv --horizon 1,2,3 base.csv
chart 'a panel' 'Alpha' 'Beta' '2025-03' -- arpu-loss "$DATA/tiny/revenue-panel.csv"
chart 'a log' 'Bands are confidence intervals' -- arpu-loss "$log"

# ---- Which of the three --------------------------------------------------------------------------
printf 'user,platform,date,revenue,period,users\nu,A,2025-01-31,1,2025-01,7\n' >both.csv
refused 'columns of a panel and of a log' 2 'the columns fit several kinds of input, expected --from scenario, panel or log' arpu-loss both.csv
runs 'read as a panel' 0 arpu-loss --from panel both.csv
is 'has 7 users' "$(echo "$out" | sed -n 2p | cut -d, -f4)" 7
runs 'read as a log' 0 arpu-loss --from log both.csv
is 'has one' "$(echo "$out" | sed -n 2p | cut -d, -f4)" 1
printf 'a,b\n1,2\n' >neither.csv
refused 'columns of nothing known' 1 'neither.csv: the columns fit no kind of input, expected parameter,value' arpu-loss neither.csv
printf 'platform,perid,users,revenue\nA,2025-01,1,1\n' >typo.csv
refused 'a header with a slip' 1 "did you mean 'perid'" arpu-loss typo.csv
refused '--period for a panel' 2 '--period means nothing for a panel' arpu-loss --period week "$DATA/tiny/revenue-panel.csv"
refused '--sensitivity for a log' 2 '--sensitivity means nothing for a log' arpu-loss --sensitivity "$log"
refused '--group for a scenario' 2 '--group means nothing for a scenario' arpu-loss --group unit "$DATA/tiny/scenario.csv"
# Bounds may lie beyond what money can be: 4.5e12 -+ 12.7062 times as much, and they are there.
printf 'user,platform,date,revenue\na,A,2025-01-01,9000000000000\nb,A,2025-01-02,5\n' >large.csv
runs 'huge amounts' 0 arpu-loss large.csv
like 'have bounds too' "$out" ',-5267[0-9.]+,6167[0-9.]+,'

printf 'user;platform;date;revenue\na;A;2025-01-01;5,25\n' >semicolons.csv
runs 'another delimiter' 1 arpu-loss semicolons.csv
like 'is guessed' "$err" "found one column: is the delimiter another \(--delimiter ';'\)"
printf '用户,平台,日期,收入\n张三,小红书,2025-01-31,5\n' >names.csv
runs 'headers in Chinese' 1 arpu-loss names.csv
like 'are shown, with what to do' "$err" '\(--column user=HEADER\); found: 用户, 平台, 日期, 收入'
runs 'headers named' 0 arpu-loss --column user=用户 --column platform=平台 --column date=日期 --column revenue=收入 names.csv
like 'are read' "$out" '^小红书,,2025-01,1,5.00,'
finish
