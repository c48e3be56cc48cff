# SPDX-License-Identifier: GPL-3.0-or-later
# customer-value as a user types it.
. "$TESTS/lib/tap.sh"
PATH=$BIN:$PATH
log=$DATA/tiny/purchases.csv

refused() { # name, exit status, extended regular expression for the message, command...
    name=$1 status=$2 pattern=$3
    shift 3
    runs "$name" "$status" "$@" -o out.csv
    like "$name: says so" "$err" "$pattern"
    ok "$name: leaves nothing behind" test ! -e out.csv
}
figure() { # quantity, column: of the summary in tap.out
    awk -F, -v q="$1" -v c="$2" '$1 == q { print $c }' tap.out
}

# ---- What a log is taken for ---------------------------------------------------------------------
# The log of 200 users, and four more whose histories are known by hand. w: purchases on days 0, 7,
# 7 again and 21 of 30, 42, 10 and 20 after the first: 2 repeats, mean (10 + 42 + ... )/2.
{
    cat "$log"
    cat <<'END'
w-by-hand,2024-01-01,30
w-by-hand,2024-01-08,12.50
w-by-hand,2024-01-08,7.50
w-by-hand,2024-01-22,10
x-refunded,2024-01-01,5
x-refunded,2024-01-08,20
x-refunded,2024-01-08,-20
x-refunded,2024-01-15,-5
y-never,2024-01-01,0
y-never,2024-01-02,
z-late,2024-06-01,8
END
} >more.csv
runs 'a log' 0 customer-value --replicates 0 more.csv
last=$(tail -n +2 more.csv | cut -d, -f2 | sort | tail -1)
weeks() { perl -MTime::Piece -e 'print 0 + sprintf("%.12g", (Time::Piece->strptime($ARGV[1], "%Y-%m-%d") - Time::Piece->strptime($ARGV[0], "%Y-%m-%d")) / 604800)' "$1" "$last"; }
is 'purchases of a day are one; the first is no repeat' "$(grep '^w-by-hand' tap.out | cut -d, -f1-4,6)" 'w-by-hand,1,2,3,15'
ok 'age runs to the last date of the log' awk -F, -v t="$(weeks 2024-01-01)" '$1 == "w-by-hand" { d = $5 - t; exit !(d * d < 1e-18) }' tap.out
is 'a day that is refunded whole is no purchase' "$(grep '^x-refunded' tap.out | cut -d, -f1-4,6)" 'x-refunded,1,0,0,'
is 'who never paid is no customer' "$(grep '^y-never' tap.out)" ''
like 'refunds are told of' "$err" 'days on which a user was refunded more than paid: 1, in sum -5.00'
runs 'and idle users' 0 customer-value -v --replicates 0 more.csv
like 'with --verbose' "$err" 'users who never paid, and are no customers: 1'
is 'one user a row, by name' "$(tail -n +2 tap.out | cut -d, -f1 | sort -c 2>&1; tail -n +2 tap.out | cut -d, -f1 | uniq -d)" ''
runs 'an earlier last look' 0 customer-value --replicates 0 --as-of 2024-05-01 more.csv
is 'leaves out what comes behind' "$(grep -c '^z-late' tap.out)" 0
runs 'days' 0 customer-value --replicates 0 --unit day --horizon 364 more.csv
is 'are seven to a week' "$(grep '^w-by-hand' tap.out | cut -d, -f3,4)" '2,21'
cut -d, -f8 tap.out | tail -n +2 >days
customer-value --replicates 0 --horizon 52 more.csv 2>/dev/null | cut -d, -f8 | tail -n +2 >weeks
ok 'and expect the same of a year' sh -c 'paste days weeks | awk "{ d = \$1 - \$2; if (d > 1e-5 || -d > 1e-5) exit 1 }"'
for i in 0 1 2; do { head -1 more.csv; tail -n +2 more.csv | awk "NR % 3 == $i"; } >shard-$i.csv; done
customer-value more.csv >once.csv 2>/dev/null
for threads in 1 4; do
    customer-value --threads $threads shard-*.csv >again.csv 2>/dev/null
    same "three shards, $threads threads: the same bytes" once.csv again.csv
done
sed 's/^u001/小红书 用户/' "$log" >names.csv
ok 'Chinese names' sh -c 'customer-value --replicates 0 names.csv | grep -q "^小红书 用户,1,"'

# ---- Figures -------------------------------------------------------------------------------------
runs 'a summary' 0 customer-value --summary "$log"
is 'nothing is complained of' "$err" ''
is 'its customers' "$(figure customers 2) $(figure bought_again 2)" '200 136'
is 'all starts agree' "$(figure starts_agreeing 2)" "$(figure starts 2)"
# The log was drawn with r 0.7, alpha 4, a 0.6, b 1; spend p 6, q 4, gamma 16.
for pair in r:0.7 alpha:4 a:0.6 b:1 p:6 q:4 gamma:16; do
    ok "the truth is near: $pair" awk -F, -v q="${pair%:*}" -v v="${pair#*:}" '$1 == q { print; d = log($2 / v) * $2 / $3; exit !(d < 3.5 && -d < 3.5) }' tap.out
done
ok 'bounds hold the totals' awk -F, '$1 == "purchases" || $1 == "revenue" || $1 == "present_value" { n++; if (!($4 < $2 && $2 < $5)) exit 1 } END { exit n != 3 }' tap.out
total=$(figure revenue 2) present=$(figure present_value 2)
ok 'the present value is less' awk -v a="$present" -v b="$total" 'BEGIN { exit !(a < b && a > 0.9 * b) }'
runs 'without discounting' 0 customer-value --summary --discount-rate 0 "$log"
ok 'it is not' awk -v a="$(figure present_value 2)" -v b="$total" 'BEGIN { d = a / b - 1; exit !(d < 1e-12 && -d < 1e-12) }'
runs 'each customer' 0 customer-value "$log"
ok 'sums to the total' awk -F, -v total="$total" 'NR > 1 { sum += $12 } END { d = sum / total - 1; exit !(d < 1e-9 && -d < 1e-9) }' tap.out
ok 'within bounds, and alive with a chance' awk -F, 'NR > 1 && !($7 >= 0 && $7 <= 1 && $9 <= $10 && $13 <= $14) { exit 1 }' tap.out
runs 'by cohort' 0 customer-value --cohort month "$log"
is 'three months' "$(tail -n +2 tap.out | cut -d, -f1 | tr '\n' ' ')" '2024-01 2024-02 2024-03 '
ok 'sum to the total' awk -F, -v total="$total" 'NR > 1 { n += $2; sum += $8 } END { d = sum / total - 1; exit !(n == 200 && d < 1e-9 && -d < 1e-9) }' tap.out
customer-value --cohort month --seed 2 "$log" >seed.csv
is 'another seed: the same estimates, other bounds' "$(cut -d, -f1-4 seed.csv)" "$(cut -d, -f1-4 tap.out)"
ok 'other bounds' sh -c '! cmp -s seed.csv tap.out'
runs 'Pareto/NBD' 0 customer-value --model pareto-nbd --summary "$log"
ok 'has a death rate' test -n "$(figure s 3)"

# ---- Histories -----------------------------------------------------------------------------------
customer-value --replicates 0 "$log" | tail -n +2 | cut -d, -f3-6 >rest
{ echo frequency,recency,T,value; cat rest; } >histories.csv
customer-value --replicates 0 "$log" | cut -d, -f3- >from-log
customer-value --replicates 0 histories.csv | cut -d, -f3- >from-histories
same 'histories give what their log gives' from-log from-histories
{ echo frequency,recency,T; cut -d, -f1-3 rest; } >bare.csv
runs 'without spend' 0 customer-value bare.csv
is 'revenue is empty' "$(sed -n 2p tap.out | cut -d, -f11-)" ',,,,,,'
{ echo frequency,recency,T,customers; cut -d, -f1-3 rest | sort | uniq -c | awk '{ print $2 "," $1 }'; } >counts.csv
customer-value --summary bare.csv | grep -e '^r,' -e '^log_l' >one
customer-value --summary counts.csv | grep -e '^r,' -e '^log_l' >other
ok 'counts of customers are customers' sh -c 'paste -d, one other | awk -F, "{ d = \$2 / \$7 - 1; if (!(d < 1e-9 && -d < 1e-9)) exit 1 }"'
bad() { # name, row, pattern
    { echo frequency,recency,T; cut -d, -f1-3 rest; echo "$2"; } >bad.csv
    refused "$1" 1 "bad.csv:202:$3" customer-value bad.csv
}
bad 'a negative frequency' -1,0,5 '1: found frequency -1, recency 0, T 5, expected a whole number of repeat purchases'
bad 'half a purchase' 1.5,2,5 '1: '
bad 'recency beyond T' 1,6,5 '2: found frequency 1, recency 6, T 5, expected a time from the first to the last purchase, 0 to T'
bad 'recency without a repeat' 0,2,5 '2: .*frequency counts repeat purchases'
bad 'a repeat without recency' 2,0,5 '2: .*expected more than 0'
bad 'columns swapped' 38.86,2,30.43 '1: '
runs 'may be skipped' 0 customer-value --bad-rows skip --summary bad.csv
refused '--cohort for histories' 2 '--cohort means nothing for a table of histories' customer-value --cohort month bare.csv
refused '--as-of for histories' 2 '--as-of means nothing for a table of histories' customer-value --as-of 2024-01-01 bare.csv

# ---- Too little ----------------------------------------------------------------------------------
head -1 "$log" >header.csv
refused 'no customers' 1 'header.csv: found no customers' customer-value header.csv
printf 'user,date,revenue\na,2024-01-01,5\nb,2024-01-02,5\n' >once.csv
refused 'nobody bought again' 1 'once.csv: none of 2 customers has bought again' customer-value once.csv
printf 'user,date,revenue\na,2024-01-01,5\nb,2024-01-01,3\nc,2024-01-01,-2\n' >once.csv
refused 'all in one period' 1 'once.csv: none of 2 customers has bought again' customer-value once.csv
printf 'user,date,revenue,currency\na,2024-01-01,5,USD\nb,2024-01-02,5,EUR\n' >mixed.csv
refused 'several currencies' 1 '2 currencies, such as EUR and USD, expected one' customer-value mixed.csv
printf 'user,date\na,2024-01-01\n' >short.csv
refused 'no revenue' 1 "no column 'revenue'" customer-value short.csv

# ---- Contracts -----------------------------------------------------------------------------------
# Fader & Hardie 2007, table 2: alpha and beta of both cohorts.
for cohort in 'high-end 0.668 3.806' 'regular 0.704 1.182'; do
    set -- $cohort
    runs "contracts, $1" 0 customer-value --model sbg --summary "$DATA/contracts/$1.csv"
    is "contracts, $1: the published parameters" "$(awk -F, '$1 == "alpha" || $1 == "beta" { printf "%.3f ", $2 }' tap.out)" "$2 $3 "
done
runs 'contracts by period' 0 customer-value --model sbg --unit year --horizon 12 "$DATA/contracts/high-end.csv" --chart contract.svg
is 'run to the horizon' "$(tail -1 tap.out | cut -d, -f1,2,4)" '12,,'
ok 'the model ends where the paper does: 39.4 % were there after 12 years' awk -F, '$1 == 12 { print $5; exit !($5 > 0.36 && $5 < 0.40 && $6 < $5 && $5 < $7) }' tap.out
{ head -1 "$DATA/contracts/regular.csv"; tail -n +2 "$DATA/contracts/regular.csv" | sort -r; } >back.csv
is 'in any order' "$(customer-value --model sbg back.csv)" "$(customer-value --model sbg "$DATA/contracts/regular.csv")"
printf 'period,customers\n0,100\n2,50\n3,40\n' >gap.csv
refused 'a period that is missing' 1 'gap.csv:4:1: found period 3, expected each from 0 to 2 once' customer-value --model sbg gap.csv
printf 'period,customers\n0,100\n1,50\n2,60\n' >rise.csv
refused 'customers that come back' 1 'rise.csv: found 60 customers in period 2 and 50 before' customer-value --model sbg rise.csv
printf 'period,customers\n0,100\n1,100\n2,100\n' >stay.csv
refused 'nobody leaves' 1 'stay.csv: nobody leaves' customer-value --model sbg stay.csv
printf 'period,customers\n0,1000\n1,800\n2,640\n3,512\n' >same.csv
refused 'all leave with the same chance' 1 'same.csv: the likelihood has no clear maximum' customer-value --model sbg same.csv
printf 'period,customers\n0,100\n1,50\n' >two.csv
refused 'one period' 1 'two.csv: found 2 periods' customer-value --model sbg two.csv
refused '--cohort for contracts' 2 '--cohort means nothing for --model sbg' customer-value --model sbg --cohort month two.csv

# ---- Charts --------------------------------------------------------------------------------------
runs 'a chart of customers' 0 customer-value "$log" --chart each.svg -o each.csv
is 'nothing is complained of' "$err" ''
like 'has its words' "$(cat each.svg)" 'customers by chance of being alive'
draw-chart customer-value each.csv -o again.svg
same 'draw-chart draws the same' each.svg again.svg
runs 'a chart of cohorts' 0 customer-value --cohort week "$log" --chart cohort.svg -o /dev/null
like 'has its words too' "$(cat cohort.svg)" 'revenue expected over the horizon'
runs 'a chart without spend' 0 customer-value bare.csv --chart bare.svg -o /dev/null
ok 'has two panels' sh -c '! grep -q "present value" bare.svg'

runs 'a bootstrap of contracts' 2 customer-value --model sbg --replicates 10 "$DATA/contracts/high-end.csv"
like 'there is none' "$err" '--replicates means nothing for --model sbg'
finish
