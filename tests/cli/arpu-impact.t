# SPDX-License-Identifier: GPL-3.0-or-later
# arpu-impact as a user types it.
. "$TESTS/lib/tap.sh"
PATH=$BIN:$PATH
nile=$DATA/nile/flow.csv

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
near() { # name, found, expected, absolute tolerance
    ok "$1: $2 is $3" awk -v a="$2" -v b="$3" -v t="$4" 'BEGIN { d = a - b; exit !(a != "" && d <= t && -d <= t) }'
}

# ---- The series ----------------------------------------------------------------------------------
columns=date,after,actual,expected,expected_lower,expected_upper,effect,effect_lower,effect_upper,cumulative,cumulative_lower,cumulative_upper

# A line of slope 1 from 10; from 2025-01-09 on 5 less, and half a unit up and down.
# R: lm(y ~ t + I(t >= 8)).
awk 'BEGIN { print "date,revenue"; for (i = 0; i < 14; i++) printf "2025-01-%02d,%.1f\n", i + 1, 10 + i - (i >= 8 ? 5 : 0) + (i % 2 ? 0.5 : -0.5) }' >line.csv
runs 'a line' 0 arpu-impact --errors hac --event 2025-01-09 --change level --summary line.csv
near 'its fall' "$(figure level_change 3)" -5.41176470588235 1e-12
near 'counted before' "$(figure periods_before 3)" 8 0
near 'counted after' "$(figure periods_after 3)" 6 0
near 'its residuals alternate' "$(figure autocorrelation 3)" -0.887605042017 1e-11
near 'the sum' "$(figure effect_cumulative 3)" "$(figure effect_mean 3 | awk '{ printf "%.15g", 6 * $1 }')" 1e-9
runs 'period by period' 0 arpu-impact --event 2025-01-09 --change level line.csv
is 'the columns' "$(head -1 tap.out)" "$columns"
ok 'effect is actual less expected, cumulative their sum' awk -F, 'NR > 1 {
    d = $3 - $4 - $7; if (d * d > 1e-18) exit 1
    if ($2 == 1) { sum += $7; d = sum - $10; if (d * d > 1e-18) exit 1 } else if ($10 != "") exit 1 }' tap.out
cp tap.out straight.csv
{ head -1 line.csv; tail -n +2 line.csv | sort -r; } >back.csv
runs 'in any order' 0 arpu-impact --event 2025-01-09 --change level back.csv
same 'the same' tap.out straight.csv

# ---- Missing and irregular dates -----------------------------------------------------------------
grep -v -e 2025-01-04 -e 2025-01-11 line.csv | sed 's/2025-01-06,.*/2025-01-06,/' >holes.csv
runs 'days without a row, and without a value' 0 arpu-impact --event 2025-01-09 --change level holes.csv
is 'have an expectation and no effect' "$(grep -e 2025-01-04 -e 2025-01-06 -e 2025-01-11 tap.out | cut -d, -f3,7,10)" ',,
,,
,,'
ok 'but are expected' awk -F, '$1 == "2025-01-04" { exit !($4 > 12 && $4 < 14) }' tap.out
runs 'are counted' 0 arpu-impact -v --event 2025-01-09 --change level --summary holes.csv
near 'all three' "$(figure periods_missing 3)" 3 0
like 'and told of' "$err" '2 periods have no row: time goes on, nothing is filled in'
awk -F, 'BEGIN { print "date,revenue" } { for (i = 0; i < 9; i++) ; } NR > 1 { print $0 }' line.csv | awk -F, 'NR == 1 || NR % 2 == 0' >fortnight.csv
runs 'every second day' 0 arpu-impact --event 2025-01-09 --change level fortnight.csv
is 'is a step of two days' "$(sed -n '2,3p' tap.out | cut -d, -f1 | tr '\n' ' ')" '2025-01-01 2025-01-03 '
printf 'date,revenue\n2025-01-01,1\n2025-01-02,1\n2025-01-09,1\n2025-02-23,1\n' >irregular.csv
refused 'irregular dates' 1 'irregular.csv: dates are irregular: 4 rows for 54 steps of 1 day, expected at least every second one' \
    arpu-impact --event 2025-01-09 irregular.csv
awk 'BEGIN { print "date,revenue"; split("31 28 31 30 31 30 31 31 30 31 30 31", d, " "); for (y = 2023; y < 2025; y++) for (m = 1; m <= 12; m++) printf "%d-%02d-%02d,%d\n", y, m, d[m], 100 + m % 5 }' >ends.csv
runs 'month ends' 0 arpu-impact --period month --event 2024-03 ends.csv
is 'as months' "$(sed -n 2p tap.out | cut -d, -f1)" 2023-01
refused 'month ends as days' 1 'dates are irregular.*--period month takes month ends to months' arpu-impact --event 2024-03-01 ends.csv
refused 'two days in a month' 1 'line.csv:3:1: same period as line.csv:2, expected one row for each' arpu-impact --period month --event 2025-01 line.csv
sed 's/2024-06-30/2024-W20/' ends.csv >week.csv
refused 'weeks do not lie in months' 1 'week.csv:19:1: found a week, expected a month or finer' arpu-impact --period month --event 2024-03 week.csv
printf 'date,revenue\n2025-01,1\n2025-02-01,1\n' >kinds.csv
refused 'months and days' 1 'kinds.csv:3:1: found a day, expected a month as above' arpu-impact --event 2025-02 kinds.csv

# ---- Too little ----------------------------------------------------------------------------------
refused 'a short time before' 1 'the time before the event is too short: found 2 periods with values, expected at least 4 for the 2 numbers' \
    arpu-impact --event 2025-01-03 line.csv
refused 'a short time before, for a season' 1 'found 8 periods with values, expected at least 10 for the 8 numbers' \
    arpu-impact --season 7 --event 2025-01-09 line.csv
refused 'one period after' 1 'found 1 periods with values after the event, expected at least 2; --change level needs one' \
    arpu-impact --event 2025-01-14 line.csv
runs 'one period after, and its level' 0 arpu-impact --event 2025-01-14 --change level --summary line.csv
ok 'has an error from the noise before' test -n "$(figure level_change 4)"
runs 'the same, HAC' 0 arpu-impact --errors hac --event 2025-01-14 --change level --summary line.csv
is 'has no error: its residual is 0 whatever it is' "$(figure level_change 4)" ''
ok 'but the effect has' test -n "$(figure effect_mean 4)"
like 'and that is said' "$err" '1 periods after the event are too few for HAC errors of the changes'
refused 'an event before the series' 1 'the event is in 2024-12-31 and the series runs from 2025-01-01 to 2025-01-14' arpu-impact --event 2024-12-31 line.csv
refused 'an event after it' 1 'expected periods before and after the event' arpu-impact --event 2025-02 line.csv
refused 'a tiny series' 1 'series.csv: the time before the event is too short' arpu-impact --event 2025-01-03 "$DATA/tiny/series.csv"
head -1 line.csv >header.csv
runs 'a header alone' 0 arpu-impact --event 2025-01-09 header.csv
is 'gives a header' "$out" "$columns"
awk 'BEGIN { print "date,revenue"; for (i = 1; i < 15; i++) printf "2025-01-%02d,7\n", i }' >flat.csv
runs 'a flat series' 0 arpu-impact --event 2025-01-09 flat.csv
ok 'has no effect' awk -F, 'NR > 1 && $7 * $7 > 1e-18 { exit 1 }' tap.out
is 'and nothing to say how sure that is' "$err" \
    'arpu-impact: the model fits exactly, and no noise is left to tell how sure it is: the intervals have no width'

# ---- Break before the event ----------------------------------------------------------------------
awk 'BEGIN { srand(3); print "date,revenue"; for (i = 0; i < 90; i++) printf "%d,%.3f\n", 1900 + i, 100 + (i >= 30 ? 40 : 0) + 6 * rand() }' >broken.csv
runs 'a break before the event' 0 arpu-impact --event 1960 broken.csv --summary
like 'is said plainly' "$err" 'the series shifts before the event, at 1930 \(p = 0.00'
is 'and where' "$(figure break_before 2)" 1930
runs 'none' 0 arpu-impact --value flow --event 1899 "$nile" --summary
is 'is not said' "$err" ''

# ---- Errors --------------------------------------------------------------------------------------
ok 'AR(1) noise: its correlation has bounds' test -n "$(figure noise_autocorrelation 5)"
is 'and no bandwidth' "$(figure bandwidth 3)" ''
runs 'by name' 0 arpu-impact --errors ar1 --value flow --event 1899 "$nile" --summary -o named.csv
arpu-impact --value flow --event 1899 "$nile" --summary >default.csv
same 'is the default' named.csv default.csv
# nlme::gls(flow ~ t + level + slope, correlation = corAR1(form = ~t), method = "REML")
runs 'restricted likelihood' 0 arpu-impact --errors ar1-reml --value flow --event 1899 "$nile" --summary
near 'level as nlme has it' "$(figure level_change 3)" -289.689 1e-3
near 'its error too' "$(figure level_change 4)" 69.3585 1e-3
runs 'HAC' 0 arpu-impact --errors hac --value flow --event 1899 "$nile" --summary
is 'says that its errors are small' "$err" \
    'arpu-impact: HAC errors are too small for 100 periods; --errors ar1, the default, holds better'
# sandwich::NeweyWest(lm(...), lag = floor(4 * (100 / 100)^(2/9)), prewhite = FALSE, adjust = TRUE)
is 'by the rule of thumb' "$(figure bandwidth 3)" 4
near 'as R' "$(figure level_change 4)" 63.0498036635270 1e-9
refused 'lags without HAC' 2 '--lag means nothing for --errors ar1, expected --errors hac' arpu-impact --lag 3 --event 1899 --value flow "$nile"
refused 'a kernel without HAC' 2 '--kernel means nothing for --errors ar1-reml' arpu-impact --kernel bartlett --errors ar1-reml --event 1899 --value flow "$nile"
refused 'errors of a state space' 2 '--errors means nothing for --method local-level' arpu-impact --errors ar1 --method local-level --event 1899 --value flow "$nile"
awk 'BEGIN { print "date,revenue"; for (i = 0; i < 60; i++) { v = 0.6 * v + sin(i * i * i); w += v; printf "%d,%.4f\n", 1800 + i, 50 + w } }' >walk.csv
runs 'a random walk' 0 arpu-impact --event 1840 --summary walk.csv
like 'is said to be nearly one' "$err" 'the noise is nearly a random walk for 60 periods \(autocorrelation 0.9[0-9]*\): intervals of slope_change may be too narrow'
runs 'with a change of level alone' 0 arpu-impact --event 1840 --change level --summary walk.csv
ok 'that does no harm' test "${err#*slope_change}" = "$err"
awk 'BEGIN { srand(4); print "date,revenue"; for (i = 0; i < 150; i++) printf "%d,%.4f\n", 1800 + i, 50 + 3 * sin(i * 0.9) + rand() }' >wave.csv
runs 'a wave' 0 arpu-impact --event 1900 --summary wave.csv
like 'is no first-order autoregression' "$err" 'what one period says of the next is not all that is left in the residuals \(Ljung-Box p = '
awk 'BEGIN { srand(1); print "date,revenue"; for (i = 0; i < 400; i++) printf "%d,%.3f\n", 1600 + i, 100 + rand() }' >long.csv
runs 'a long series, HAC' 0 arpu-impact --errors hac --event 1950 long.csv
is 'is long enough' "$err" ''

# ---- Negative values, controls, seasons ----------------------------------------------------------
sed 's/^\(2025-01-1.\),\(.*\)/\1,-\2/' line.csv >refunds.csv
runs 'refunds above sales are numbers as any other' 0 arpu-impact --event 2025-01-09 refunds.csv
ok 'and stay negative' grep -q '^2025-01-10,1,-14.5,' tap.out
awk -F, 'NR > 1 { $2 = -$2 } { print }' OFS=, line.csv >debts.csv
runs 'an expectation below zero' 0 arpu-impact --event 2025-01-09 --summary debts.csv
is 'has no relative effect' "$(figure effect_relative 3)" ''
awk -F, '{ print $0 "," (NR == 1 ? "ads" : NR * NR % 7) }' line.csv >ads.csv
runs 'a control' 0 arpu-impact --event 2025-01-09 --change level --controls ads --summary ads.csv
ok 'has a coefficient' test -n "$(figure 'control ads' 3)"
refused 'a control that says the same as the trend' 1 "'control t' cannot be told from what stands beside it" \
    sh -c 'awk -F, '\''{ print $0 "," (NR == 1 ? "t" : 3 * NR) }'\'' line.csv >t.csv; exec arpu-impact --event 2025-01-09 --controls t t.csv "$@"' sh
refused 'a control that is not there' 1 "no column 'adds'; did you mean 'ads'" arpu-impact --event 2025-01-09 --controls adds ads.csv
refused 'the series as its own control' 2 "--controls names 'revenue', which is the series itself" arpu-impact --event 2025-01-09 --controls ads,revenue ads.csv
refused 'harmonics of no season' 2 "option '--harmonics' needs '--season' as well" arpu-impact --event 2025-01-09 --harmonics 2 line.csv
refused 'an empty name' 2 "--controls 'ads,' has an empty name" arpu-impact --event 2025-01-09 --controls ads, ads.csv
refused 'no event' 2 'found no --event' arpu-impact line.csv
refused 'an event that is no date' 2 "--event is 'soon', expected a date or a period" arpu-impact --event soon line.csv
refused 'too many harmonics' 2 '--harmonics is 4 for a season of 7 steps' arpu-impact --event 2025-01-09 --season 7 --harmonics 4 line.csv
sed 's/2025-01-05,.*/2025-01-05,many/' line.csv >words.csv
refused 'a word for a number' 1 'words.csv:6:2: ' arpu-impact --event 2025-01-09 words.csv
runs 'an event within a month' 0 arpu-impact --period month --event 2024-03-10 ends.csv
like 'is told of' "$err" 'the event falls within 2024-03, which is taken as after it'

awk -F, '{ print $0 "," (NR == 1 ? "currency" : NR == 5 ? "EUR" : NR == 3 ? "" : "USD") }' line.csv >mixed.csv
refused 'several currencies' 1 'mixed.csv:5: currency is EUR, expected USD as at mixed.csv:2' arpu-impact --event 2025-01-09 mixed.csv
sed 's/EUR/USD/' mixed.csv >one.csv
runs 'one currency' 0 arpu-impact --event 2025-01-09 one.csv
printf 'date,revenue\n2025-01-01,5\n' >alone.csv
refused 'all in one period' 1 'the event is in 2025-01-01 and the series runs from 2025-01-01 to 2025-01-01, expected periods before and after' arpu-impact --event 2025-01-01 alone.csv

# ---- State space ---------------------------------------------------------------------------------
awk 'BEGIN { print "date,revenue,rival"; srand(5); for (i = 0; i < 48; i++) { m += rand() - 0.5; r = 20 + 3 * sin(i); printf "%d-%02d,%.4f,%.4f\n", 2021 + int(i / 12), 1 + i % 12, 50 + m + 2 * r - (i >= 36 ? 10 : 0) + rand(), r } }' >months.csv
runs 'a level that wanders' 0 arpu-impact --method local-level --controls rival --event 2024-01 --summary months.csv
near 'finds the fall' "$(figure effect_mean 3)" -10 2
near 'and what the rival is worth' "$(figure 'control rival' 3)" 2 0.2
ok 'the interval holds the truth' awk -F, '$1 == "effect_mean" { exit !($5 < -10 && $6 > -10) }' tap.out
runs 'one day more' 0 arpu-impact --method local-level --controls rival --event 2024-01 months.csv
is 'the same columns' "$(head -1 tap.out)" "$columns"
is 'the first forecasts need a level and a coefficient' "$(sed -n '2,4p' tap.out | cut -d, -f4 | sed 's/..*/x/' | tr '\n' ' ')" '  x '
cp tap.out once.csv
runs 'with paths' 0 arpu-impact --method local-level --controls rival --event 2024-01 --paths paths.csv --draws 3 months.csv
same 'the same result' tap.out once.csv
is 'three paths of a year' "$(wc -l <paths.csv) $(head -1 paths.csv) $(tail -1 paths.csv | cut -d, -f1,2)" '37 draw,date,value 3,2024-12'
arpu-impact --method local-level --controls rival --event 2024-01 --paths again.csv --draws 3 months.csv >/dev/null
same 'the same again' paths.csv again.csv
arpu-impact --method local-level --controls rival --event 2024-01 --paths other.csv --seed 2 --draws 3 months.csv >/dev/null
ok 'and others by another seed' sh -c '! cmp -s paths.csv other.csv'
runs 'a trend that wanders' 0 arpu-impact --method local-trend --event 2024-01 --season 12 --harmonics 1 --summary months.csv
ok 'has a slope' test -n "$(figure slope_at_event 4)"
runs 'a flood in one year' 0 sh -c 'sed "s/^1885,.*/1885,4000/" "$0" | exec arpu-impact --method local-level --value flow --event 1899 --summary' "$nile"
like 'is a surprise that is said' "$err" 'the series jumps before the event, at 1885 \(p = '
refused 'a flat series has no noise' 1 'flat.csv: the series does not vary before the event' arpu-impact --method local-level --event 2025-01-09 flat.csv
refused 'three periods before' 1 'the time before the event is too short: found 3 periods with values, expected at least 5' arpu-impact --method local-level --event 2025-01-04 line.csv
refused 'a kernel for a state space' 2 '--kernel means nothing for --method local-level' arpu-impact --method local-level --kernel bartlett --event 2025-01-09 line.csv
refused 'paths of a regression' 2 '--paths means nothing for --method regression' arpu-impact --paths p.csv --event 2025-01-09 line.csv
runs 'a header alone, state space' 0 arpu-impact --method local-level --event 2025-01-09 header.csv

# ---- Synthetic control ---------------------------------------------------------------------------
# Half A and half B, 5 less from the 25th year on; C goes elsewhere.
awk 'BEGIN { print "date,revenue,A,B,C"; srand(9); for (i = 0; i < 36; i++) { a = 100 + 10 * sin(i); b = 80 + 8 * cos(i / 2); printf "%d,%.3f,%.3f,%.3f,%.3f\n", 1951 + i, (a + b) / 2 - (i >= 24 ? 5 : 0) + rand() - 0.5, a, b, 300 - i } }' >panel.csv
runs 'a synthetic control' 0 arpu-impact --method synthetic-control --controls A,B,C --event 1975 --summary panel.csv
near 'half of A' "$(figure 'weight A' 3)" 0.5 0.02
near 'half of B' "$(figure 'weight B' 3)" 0.5 0.02
near 'five less' "$(figure effect_mean 3)" -5 0.2
near 'first of four' "$(figure rmspe_ratio 7)" 0.25 1e-12
ok 'the interval holds it' awk -F, '$1 == "effect_mean" { exit !($5 < -5 && $6 > -5) }' tap.out
ok 'the certificate of the weights' awk -F, '$1 == "gap" { exit !($3 < 1e-10) }' tap.out
for threads in 1 3; do
    arpu-impact --threads $threads --method synthetic-control --controls A,B --controls C --event 1975 panel.csv >threads-$threads
done
same 'threads change nothing' threads-1 threads-3
refused 'one control' 2 'found 1 --controls, expected at least two for --method synthetic-control' arpu-impact --method synthetic-control --controls A --event 1975 panel.csv
refused 'none' 2 'found 0 --controls' arpu-impact --method synthetic-control --event 1975 panel.csv
refused 'a season' 2 '--season means nothing for --method synthetic-control' arpu-impact --method synthetic-control --season 7 --controls A,B --event 1975 panel.csv
runs 'its chart' 0 arpu-impact --method synthetic-control --controls A,B,C --event 1975 --chart control.svg -o /dev/null panel.csv
head -1 panel.csv >none.csv
runs 'a header alone, synthetic control' 0 arpu-impact --method synthetic-control --controls A,B --event 1975 none.csv

# ---- Charts --------------------------------------------------------------------------------------
runs 'a chart' 0 arpu-impact --value flow --event 1899 \
    "$nile" --chart picture.svg -o result.csv
is 'nothing is complained of' "$err" ''
for word in 'expected (line) and actual (dots)' 'effect since the event' 1960; do
    ok "shows $word" grep -q -- "$word" picture.svg
done
draw-chart arpu-impact result.csv -o again.svg
same 'draw-chart draws the same' picture.svg again.svg
finish
