# SPDX-License-Identifier: GPL-3.0-or-later
. "$TESTS/lib/tap.sh"
. "$TESTS/lib/cases.sh"
PATH=$BIN:$PATH

# ---- Against R's survival ------------------------------------------------------------------------
# Inputs, options and expected values as tests/truth/churn-survival.R wrote them (with `stored`).
cases_stored churn-survival 1e-9

# ---- Dates ---------------------------------------------------------------------------------------
# By hand: u01 left after 10 days with 6 at risk; u02, u03, u05 after 18 with 5; u06 was last seen
# after 25, u04 after 30.
runs 'spells by platform' 0 churn-survival -f csv --group platform "$DATA/tiny/spells.csv"
is 'are counted in days' "$(printf '%s\n' "$out" | cut -d, -f1-5)" 'group,time,at_risk,events,censored
RedNote,12,3,1,1
RedNote,20,1,0,1
TikTok,10,6,1,0
TikTok,18,5,3,0
TikTok,25,2,0,1
TikTok,30,1,0,1
小红书 test,1,1,1,0'
like '5/6, with its error' "$out" '^TikTok,10,6,1,0,0\.83333333333333[0-9]*,0\.152145154862546[0-9]*,'
like '5/6 times 2/5' "$out" '^TikTok,18,5,3,0,0\.3333333333333333[0-9]*,'
is 'and say nothing' "$err" ''

runs 'without groups' 0 churn-survival -f csv --summary "$DATA/tiny/spells.csv"
like 'there is one, called (all)' "$out" '^\(all\),10,6,18,'
runs 'an earlier last look' 0 churn-survival -f csv --as-of 2025-01-19 --group platform "$DATA/tiny/spells.csv" --bad-rows=skip
is 'takes what happened later for still there' "$(printf '%s\n' "$out" | cut -d, -f1-5)" 'group,time,at_risk,events,censored
RedNote,0,3,0,2
RedNote,8,1,0,1
TikTok,10,6,1,0
TikTok,13,5,0,2
TikTok,18,3,2,1
小红书 test,0,1,0,1'
runs 'verbose' 0 churn-survival -v -o /dev/null "$DATA/tiny/spells.csv"
like 'says up to when open spells count' "$err" 'open spells are counted to 2025-01-31$'
like 'and which interval it is' "$err" "intervals of the kind 'log'"

table late.csv start,end,seen 2024-01-01,2024-01-11,2024-01-04 2024-01-01,2024-01-06,
runs 'entry by date' 0 churn-survival -f csv --entry seen late.csv
is 'counts days from the start' "$(printf '%s\n' "$out" | cut -d, -f1-6)" 'group,time,at_risk,events,censored,survival
(all),5,2,1,0,0.5
(all),10,1,1,0,0'

table last.csv start,end,seen 2024-01-01,2024-01-11, 2024-01-01,,2024-01-11
runs 'a spell seen on the last day only' 0 churn-survival -f csv --entry seen last.csv
is 'is left out with a word' "$err" 'churn-survival: 1 open spell is left out: it came under observation on the last day itself'

# ---- Several groups ------------------------------------------------------------------------------
table groups.csv g,h,t,s b,x,1,1 a,y,2,0 b,,3,1 a,y,4,1 ,x,5,1
runs 'two group columns' 0 churn-survival -f csv --time t --status s --group g --group h --summary groups.csv
is 'make one group of each pair, by name' "$(printf '%s\n' "$out" | cut -d'"' -f2 | cut -d'"' -f1)" 'group,subjects,events,median,median_lower,median_upper,rmst,rmst_se
(missing), x
a, y
b, (missing)
b, x'
runs 'a log' 1 churn-survival "$DATA/tiny/activity.csv"
is 'is shown the way' "$err" "churn-survival: found no column 'start', but 'date', as in a log of activity; expected spells: log-spells makes spells of a log (or name the column: --column start=HEADER)"
runs 'a group that is not there' 1 churn-survival --time t --status s --group gg groups.csv
like 'is named, with what was meant' "$err" "no column 'gg'; did you mean 'g'"

# ---- Status --------------------------------------------------------------------------------------
table coded.csv time,status 5,1 6,2 7,1 8,2
runs 'a status of 1 and 2' 1 churn-survival --time time --status status coded.csv -o out.csv
is 'is refused with what the column holds' "$err" "churn-survival: coded.csv:3:2: status '2', expected 1, true or yes (left), 0, false or no (still there); the column holds '1', '2': --status status=VALUE says which one means left"
ok 'and leaves no file' test ! -e out.csv
runs 'unless VALUE says which' 0 churn-survival -f csv --summary --time time --status status=2 coded.csv
like 'means left' "$out" '^\(all\),4,2,8,6,,'
runs 'a VALUE that never comes' 0 churn-survival -f csv --summary --time time --status status=9 coded.csv
is 'is said' "$err" "churn-survival: no row has '9' in column 'status', which holds '1', '2': everyone counts as still there"
like 'and nobody left' "$out" '^\(all\),4,0,,,,8,0$'
table words.csv time,left 5,Yes 6,No
runs 'a VALUE in other letters' 1 churn-survival --time time --status left=yes words.csv
is 'is a slip' "$err" "churn-survival: no row has 'yes' in column 'left', which holds 'No', 'Yes': expected the same upper and lower case"

# ---- Rows that make no sense ---------------------------------------------------------------------
bad() { # what, message, arguments...
    what=$1 message=$2
    shift 2
    runs "$what" 1 churn-survival "$@" bad.csv -o out.csv
    is "$what: where and why" "$err" "churn-survival: bad.csv:$message"
    ok "$what: no output" test ! -e out.csv
}
table bad.csv user,start,end u1,2025-01-01,2025-01-02 u2,2025-01-05,2025-01-04
bad 'an end before its start' '3:3: end 2025-01-04, expected none before the start, 2025-01-05'
table bad.csv user,start,end u1,2025-01-01,2025-01-02 u2,2025-01-05,
bad 'a start after the last look' '3:2: start 2025-01-05, expected none after --as-of 2025-01-03' --as-of 2025-01-03
table bad.csv t,s,e,w 4,1,,1 5,1,5,1
bad 'an entry not before the exit' '3:3: entry 5, expected one before the time, 5' --time t --status s --entry e
table bad.csv t,s,e,w 4,1,,1 -5,1,,1
bad 'a time below 0' '3:1: time -5, expected 0 or more' --time t --status s
table bad.csv t,s,e,w 4,1,,1 5,1,,0
bad 'a weight of 0' '3:4: weight 0, expected a whole number from 1 on' --time t --status s --weight w
table bad.csv t,s,e,w 4,1,,1 5,1,,1.5
runs 'a weight that is not whole' 1 churn-survival --time t --status s --weight w bad.csv
like 'is refused' "$err" "bad.csv:3:4: found '1.5' in column 'w'"

# ---- Nobody, nothing, one ------------------------------------------------------------------------
table none.csv time,status
runs 'no spells' 0 churn-survival -f csv --time time --status status none.csv
is 'no rows' "$out" 'group,time,at_risk,events,censored,survival,std_error,lower,upper'
runs 'no spells in sum' 0 churn-survival -f csv --time time --status status --summary none.csv
is 'no rows either' "$out" 'group,subjects,events,median,median_lower,median_upper,rmst,rmst_se'
runs 'no groups to test' 1 churn-survival --time time --status status --test logrank none.csv
is 'is said' "$err" 'churn-survival: 0 groups in the input, expected at least two to compare; --group COL makes one of each value'
runs 'one group to test' 1 churn-survival --time time --status status=2 --test logrank coded.csv
like 'is one too few' "$err" '1 group in the input, expected at least two'

table stay.csv t,s,g 3,0,a 5,0,b
runs 'nobody left' 0 churn-survival -f csv --time t --status s stay.csv
is 'keeps the curve at 1' "$(printf '%s\n' "$out" | sed 1d)" '(all),3,2,0,1,1,0,1,1
(all),5,1,0,1,1,0,1,1'
runs 'nobody left, to test' 0 churn-survival -f csv --time t --status s --group g --test logrank stay.csv
is 'has no chi-square' "$out" 'test,chi_square,df,p_value
logrank,,0,'
is 'and a word about it' "$err" 'churn-survival: there is nothing to compare: whenever anyone left, one group was at risk alone or all left at once'

table zero.csv t,s 0,1 0,1
runs 'all left at 0' 0 churn-survival -f csv --time t --status s zero.csv
is 'is one row without an interval' "$(printf '%s\n' "$out" | sed 1d)" '(all),0,2,2,0,0,,,'
runs 'all left at 0, in sum' 0 churn-survival -f csv --summary --time t --status s zero.csv
is 'has a median of 0' "$(printf '%s\n' "$out" | sed 1d)" '(all),2,2,0,,,0,0'

# ---- Certain times and shares, hazards ------------------------------------------------------------
# By hand: 4 of 4 at risk at 1; 2 censored; 1 of 2 leaves at 3.
table few.csv t,s 1,1 2,0 3,1 4,0
runs 'certain times' 0 churn-survival -f csv --time t --status s --at 4,0,2.5,9 few.csv
is 'come in the order given' "$(printf '%s\n' "$out" | cut -d, -f1-4)" 'group,time,at_risk,survival
(all),4,1,0.375
(all),0,4,1
(all),2.5,2,0.75
(all),9,0,'
runs 'shares that have left' 0 churn-survival -f csv --time t --status s --quantile 0.25,0.5,0.9 few.csv
is 'are times, or missing' "$(printf '%s\n' "$out" | cut -d, -f1-3)" 'group,quantile,time
(all),0.25,2
(all),0.5,3
(all),0.9,'
runs 'cumulative hazards' 0 churn-survival -f csv --time t --status s --estimate cumulative-hazard few.csv
is 'add up 1/4 and 1/2' "$(printf '%s\n' "$out" | cut -d, -f1-6)" 'group,time,at_risk,events,censored,cumulative_hazard
(all),1,4,1,0,0.25
(all),2,3,0,1,0.25
(all),3,2,1,0,0.75
(all),4,1,0,1,0.75'
runs 'hazards at times' 0 churn-survival -f csv --time t --status s --estimate cumulative-hazard --at 0.5,3,5 few.csv
is 'are missing beyond the last' "$(printf '%s\n' "$out" | cut -d, -f1-4)" 'group,time,at_risk,cumulative_hazard
(all),0.5,4,0
(all),3,2,0.75
(all),5,0,'
runs 'plain bounds of hazards at times' 0 churn-survival -f csv --time t --status s --estimate cumulative-hazard --interval plain --at 0.5 few.csv
like 'begin at 0 too' "$out" '^\(all\),0.5,4,0,0,0,0$'
runs 'a hazard by log-log' 2 churn-survival --time t --status s --estimate cumulative-hazard --interval log-log few.csv
runs 'a chart of hazards' 0 churn-survival --time t --status s --estimate cumulative-hazard --chart x.gp few.csv
like 'begins at 0' "$(grep -A1 '^.curve' x.gp)" '^0 0$'
runs 'a quantile of 1' 2 churn-survival --time t --status s --quantile 0.5,1 few.csv
like 'is out of range' "$err" "takes numbers above 0 and below 1, separated by commas, found '0.5,1'"
runs 'a chart of certain times' 2 churn-survival --time t --status s --at 1 --chart x.svg few.csv
runs 'a quantile of a hazard' 2 churn-survival --time t --status s --estimate cumulative-hazard --quantile 0.5 few.csv

# ---- Spells of one user --------------------------------------------------------------------------
# By hand: two users, each with two equal spells: as one spell each, with the error of two spells.
table twice.csv u,t,s a,1,1 b,2,1 a,1,1 b,2,1
runs 'two spells a user' 0 churn-survival -f csv --time t --status s --cluster u twice.csv
like 'count as one' "$out" '^\(all\),1,4,2,0,0\.5,0\.35355339059327[0-9]*,'
runs 'without their user' 0 churn-survival -f csv --time t --status s twice.csv
like 'as two' "$out" '^\(all\),1,4,2,0,0\.5,0\.25,'
sed 's/^b/,/; s/^,,/,/' twice.csv >nobody.csv
runs 'a spell of nobody' 1 churn-survival --time t --status s --cluster u nobody.csv
like 'is a bad row' "$err" "nobody.csv:3:1: .*'u'"
runs 'a test by user' 2 churn-survival --time t --status s --group u --test logrank --cluster u twice.csv

# ---- Tests of groups -----------------------------------------------------------------------------
table tiers.csv t,s,g,h 1,1,low,x 2,1,low,y 3,1,mid,x 4,0,mid,y 5,1,high,x 6,0,high,y
tiers() { churn-survival -f csv --time t --status s --group g --test logrank "$@" tiers.csv; }
runs 'a trend by name' 0 tiers --trend -v
like 'says what it goes by' "$err" 'the trend is over the groups in the order of their names'
by_name=$out
runs 'a trend by order' 0 tiers --trend --order low,mid,high
like 'has one degree of freedom' "$out" '^logrank trend,[0-9.]+,1,'
ok 'and is not that by name' test "$out" != "$by_name"
runs 'the order turned round' 0 tiers --trend --order 'high, mid, low'
like 'is the same trend' "$out" '^logrank trend,[0-9.]+,1,'
runs 'an order without a group' 1 tiers --trend --order low,high
like 'is one too short' "$err" "group 'mid' is not in --order 'low,high'"
runs 'an order with a stranger' 1 tiers --trend --order low,mid,high,top
like 'is one too long' "$err" "names 4 groups, expected the 3 of the input"
runs 'an order without a trend' 2 tiers --order low,mid,high
runs 'pairs' 0 tiers --pairwise
is 'are all there' "$(printf '%s\n' "$out" | cut -d, -f1-3)" 'test,group,other
logrank,high,low
logrank,high,mid
logrank,low,mid'
runs 'strata' 0 tiers --strata h
like 'are named' "$out" '^stratified logrank,'
runs 'strata of one each' 0 tiers --strata h --strata t
is 'leave nothing to compare' "$err" 'churn-survival: there is nothing to compare: whenever anyone left, one group was at risk alone or all left at once'
runs 'weights of a test without any' 2 tiers --rho 1
like 'are refused' "$err" "--rho and --gamma are for --test fleming-harrington, found 'logrank'"
runs 'pairs of a trend' 2 tiers --pairwise --trend
runs 'strata without groups' 2 churn-survival --time t --status s --test logrank --strata h tiers.csv

# ---- Late entry ----------------------------------------------------------------------------------
table gap.csv from,to,s 0,3,1 5,8,1 6,9,0
runs 'all left while others enter later' 0 churn-survival -f csv --time to --status s --entry from gap.csv
is 'is warned of by time' "$err" "churn-survival: group '(all)': all who were at risk at time 3 left, so the curve is 0 from there on, although others enter later"
table gap.csv from,to,s 0,2,1 0,3,0 5,8,1 6,9,0
runs 'nobody at risk for a while' 0 churn-survival -f csv --time to --status s --entry from gap.csv
is 'is warned of by times' "$err" "churn-survival: group '(all)': nobody is at risk between times 3 and 5, so the curve says nothing about them"
table apart.csv from,to,s,g 0,3,1,a 5,8,1,b 5,9,0,b 0,4,1,a 0,4,0,c
runs 'groups that never meet' 0 churn-survival -f csv --time to --status s --entry from --group g --test logrank apart.csv
is 'cost degrees of freedom' "$(printf '%s\n' "$out" | sed 1d | cut -d, -f1,3)" 'logrank,1'
is 'and are warned of' "$err" 'churn-survival: some groups were never at risk together when anyone left: 1 degree of freedom for 3 groups'

# ---- Exactness -----------------------------------------------------------------------------------
# The sums of 0.1 that differ in binary are one time when they are written alike.
table tied.csv t,s 0.3,1 0.30,1 3e-1,1 0.300001,1
runs 'times written in several ways' 0 churn-survival -f csv --time t --status s tied.csv
is 'tie exactly' "$(printf '%s\n' "$out" | sed 1d | cut -d, -f1-6)" '(all),0.3,4,3,0,0.25
(all),0.300001,1,1,0,0'
table bad.csv t,s 0.123456,1 0.1234567,1
runs 'a seventh decimal' 1 churn-survival --time t --status s bad.csv
like 'is refused rather than rounded' "$err" "bad.csv:3:1: found '0.1234567' in column 't'"
table even.csv t,s 1,1 2,1 3,1 4,1
runs 'an even sample' 0 churn-survival -f csv --summary --time t --status s even.csv
like 'has its median between the middle ones' "$out" '^\(all\),4,4,2\.5,1,,2\.5,'

# 60,000 rows, so that there are several blocks of work: any threads, shards or order of rows.
awk 'BEGIN {
    srand(5); print "g,from,to,left,n"
    for (i = 0; i < 60000; i++) {
        from = int(rand() * 40) / 4
        printf "group %d,%s,%s,%d,%d\n", rand() * 5, from, from + 0.25 + int(rand() * 300) / 4, rand() < 0.6, 1 + rand() * 3
    }
}' </dev/null >big.csv
head -1 big.csv | tee first.csv second.csv >third.csv
sed -n '2,100p' big.csv >>second.csv
sed -n '101,30000p' big.csv >>first.csv
sed -n '30001,$p' big.csv >>third.csv
gzip -n third.csv
for what in '' '--summary' '--test logrank' '--cluster n' '--cluster n --summary'; do
    big() {
        # shellcheck disable=SC2086 # options are words
        churn-survival -f csv --time to --status left --entry from --weight n --group g $what "$@"
    }
    big --threads 1 big.csv >expected.csv
    ok "60,000 rows${what:+, $what}" test "$(wc -l <expected.csv)" -ge 2
    for threads in 2 4; do
        big --threads "$threads" big.csv >found.csv
        same "$threads threads: the same" found.csv expected.csv
        big --threads "$threads" first.csv second.csv third.csv.gz >found.csv
        same "$threads threads, three shards in another order: the same" found.csv expected.csv
    done
done

# ---- A truth that is known: the spells that synth-panel draws -------------------------------------
# Twenty files of 2,000 spells, a Weibull curve for each of two segments, known at five days: 200
# intervals, of which 190 should hold the truth. The five days of a file go together, so the spread is
# that of 40 draws and not of 200: 200 (0.95 - 3 sqrt(0.95 * 0.05 / 40)) = 169.
for seed in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
    synth-panel spells --set users=2000 --set shape=1.3 --set arrival_days=100 --seed $seed \
        --truth truth.csv -o spells.csv
    churn-survival spells.csv --group segment --as-of 2026-01-01 -o curve.csv
    awk -F, '
        FNR == NR { if ($1 == "survival") truth[$2, $3] = $4; next }
        FNR > 1 { # the last row at or before each day stands for it
            for (key in truth) {
                split(key, part, SUBSEP)
                if (part[1] == $1 && part[2] >= $2) { lower[key] = $8; upper[key] = $9; held[key] = 1 }
            }
        }
        END { for (key in truth) print key in held && lower[key] <= truth[key] && truth[key] <= upper[key] }
    ' truth.csv curve.csv
done >holds
is 'an interval at each day, segment and file' "$(wc -l <holds)" 200
ok "the known survival is in $(grep -c 1 holds) of 200 intervals" test "$(grep -c 1 holds)" -ge 169
# One large file: hazards differ by half, which no chance of 10^-12 explains away.
synth-panel spells --set users=20000 -o spells.csv
churn-survival spells.csv --group segment --as-of 2026-01-01 --test logrank >test.csv
ok 'segments that differ are told apart' awk -F, 'NR == 2 { exit !($4 < 1e-12) }' test.csv
synth-panel spells --set users=20000 --set hazard_ratio_b=1 -o spells.csv
churn-survival spells.csv --group segment --as-of 2026-01-01 --test logrank >test.csv
ok 'segments that do not are not' awk -F, 'NR == 2 { exit !($4 > 0.001) }' test.csv

# ---- Options -------------------------------------------------------------------------------------
runs 'a time without a status' 2 churn-survival --time t even.csv
runs 'a status without a time' 2 churn-survival --status s even.csv
runs 'a summary and a test' 2 churn-survival --summary --test logrank even.csv
runs 'a horizon without a summary' 2 churn-survival --horizon 3 even.csv
runs 'a horizon of 0' 2 churn-survival --summary --horizon 0 even.csv
runs 'durations as of a date' 2 churn-survival --time t --status s --as-of 2025-01-01 even.csv
runs 'an interval for a test' 2 churn-survival --test logrank --interval plain even.csv
finish
