# SPDX-License-Identifier: GPL-3.0-or-later
. "$TESTS/lib/tap.sh"
log=$DATA/tiny/activity.csv

cohorts() {
    "$BIN/churn-cohorts" "$@"
}

# ---- The triangle --------------------------------------------------------------------------------
# Counted by hand; bounds: R's prop.test(3, 4, correct = FALSE)$conf.int and so on
runs 'monthly cohorts' 0 cohorts "$log"
is 'counted by hand' "$out" 'cohort,age,users,active,retention,lower,upper
2025-01,0,4,4,1,1,1
2025-01,1,4,3,0.75,0.300641842582402,0.9544127391902995
2025-01,2,4,4,1,0.5101091635454028,1
2025-03,0,1,1,1,1,1
(all),0,5,5,1,1,1
(all),1,4,3,0.75,0.300641842582402,0.9544127391902995
(all),2,4,4,1,0.5101091635454028,1'
is 'without a word' "$err" ''
runs 'or any later one' 0 cohorts "$log" --retention unbounded --ages 1
is 'all were back' "$(printf '%s\n' "$out" | cut -d, -f1-4)" 'cohort,age,users,active
2025-01,0,4,4
2025-01,1,4,4
2025-03,0,1,1
(all),0,5,5
(all),1,4,4'
runs 'windows of their own' 0 cohorts "$log" --retention rolling
is 'of 30 days' "$(printf '%s\n' "$out" | cut -d, -f1-4)" 'cohort,age,users,active
2025-01,0,4,4
2025-01,1,4,4
(all),0,4,4
(all),1,4,4'
runs 'on each platform' 0 cohorts "$log" --group platform --ages 0
is 'a user begins once in each' "$(printf '%s\n' "$out" | cut -d, -f1-5)" 'group,cohort,age,users,active
Alpha,2025-01,0,4,4
Alpha,2025-03,0,1,1
Alpha,(all),0,5,5
Beta,2025-02,0,1,1
Beta,2025-03,0,1,1
Beta,(all),0,2,2'

# ---- What is not over ----------------------------------------------------------------------------
runs 'the last month is not over' 0 cohorts "$log" --as-of 2025-03-30 --verbose
is 'and is left out' "$(printf '%s\n' "$out" | cut -d, -f1-4)" 'cohort,age,users,active
2025-01,0,4,4
2025-01,1,4,3
(all),0,4,4
(all),1,4,3'
like 'with a warning' "$err" '^churn-cohorts: 2025-03 is seen up to 2025-03-30 only and left out, with 1 user who begins in it'
like 'late rows are counted' "$err" '^churn-cohorts: 1 row after the last look not used$'
runs 'a year that is not over' 0 cohorts "$log" --period year
is 'has no cohort' "$out" 'cohort,age,users,active,retention,lower,upper'
printf 'user,date\n' >none.csv
runs 'nobody' 0 cohorts none.csv
is 'no rows' "$out" 'cohort,age,users,active,retention,lower,upper'

# ---- Money, returns, life cycle ------------------------------------------------------------------
runs 'revenue' 0 cohorts "$log" --revenue --ages 2
is 'of January, by hand' "$(printf '%s\n' "$out" | sed -n 2,4p | cut -d, -f8,9,12)" '5.00,1,1
3.00,0.6,0.5
2.50,0.5,0.43'
runs 'returns' 0 cohorts "$log" --returns
is 'one was away and came back' "$(printf '%s\n' "$out" | sed -n 2,4p)" '2025-01,0,4,0,0,,,
2025-01,1,4,1,0,0,0,0.7934506856227626
2025-01,2,4,1,1,1,0.2065493143772375,1'
runs 'away for two months' 0 cohorts "$log" --returns --gap 2
is 'was nobody' "$(printf '%s\n' "$out" | sed 1d | cut -d, -f4 | sort -u)" 0
runs 'the life cycle' 0 cohorts "$log" --lifecycle --period week
ok 'adds up' awk -F, 'NR > 1 { bad += NR > 2 && $2 != before + $3 + $5 - $6; bad += $2 != $3 + $4 + $5; before = $2; n++ }
    END { exit !(n == 13 && !bad) }' tap.out

# ---- Panels and spells ---------------------------------------------------------------------------
runs 'snapshots' 0 cohorts "$DATA/tiny/creator-panel.csv" --column user=creator --group platform
is 'of creators' "$(printf '%s\n' "$out" | grep '^TikTok,2024-12' | cut -d, -f3-5)" '0,5,5
1,5,4
2,5,4'
runs 'spells' 0 cohorts "$DATA/tiny/spells.csv" --period week --as-of 2025-01-26 --ages 1
is 'a week with a start, and the next' "$(printf '%s\n' "$out" | sed -n 2,3p | cut -d, -f1-4)" '2025-W01,0,4,4
2025-W01,1,4,4'

# ---- What is turned down -------------------------------------------------------------------------
runs 'no dates' 1 cohorts "$DATA/tiny/series.csv"
like 'says what it could be' "$err" "found no column 'user', expected user,date"
runs 'rolling without days' 2 cohorts "$DATA/tiny/creator-panel.csv" --column user=creator --retention rolling
runs 'a column that is not there' 1 cohorts "$log" --group platfrom
like 'with what was meant' "$err" "platform"
sed 's/2025-02-14/2025-02-30/' "$log" >bad.csv
runs 'a bad date' 1 cohorts bad.csv
like 'and where' "$err" '^churn-cohorts: bad.csv:9:3: '
runs 'two reports at once' 2 cohorts "$log" --returns --lifecycle

# ---- Charts --------------------------------------------------------------------------------------
runs 'a triangle' 0 cohorts "$log" --chart chart.gp
like 'by cohort' "$(cat chart.gp)" 'Still active, by cohort'
runs 'returns' 0 cohorts "$log" --returns --chart chart.gp
like 'have theirs' "$(cat chart.gp)" 'Back after an absence'
runs 'the life cycle' 0 cohorts "$log" --lifecycle --chart chart.gp
like 'has lines' "$(cat chart.gp)" 'Active, retained and dormant users'

# ---- The same bytes ------------------------------------------------------------------------------
awk 'BEGIN {
    srand(7)
    print "user,platform,date,revenue"
    for (i = 0; i < 60000; i++)
        printf "user %d,P%d,2024-%02d-%02d,%.2f\n", rand() ^ 2 * 9000, rand() * 3, 1 + rand() * 12, 1 + rand() * 28, rand() * 20 - 1
}' >many.csv
for rule in bounded rolling; do
    cohorts many.csv --retention $rule --group platform --revenue --threads 1 -o expected.csv 2>/dev/null
    ok 'a table of some size' test "$(wc -l <expected.csv)" -gt 150
    for threads in 2 4; do
        cohorts many.csv --retention $rule --group platform --revenue --threads "$threads" -o found.csv 2>/dev/null
        same "$rule, $threads threads" found.csv expected.csv
    done
    perl "$TESTS/lib/vary.pl" shards 7 shard many.csv
    cohorts shard[1-7].csv --retention $rule --group platform --revenue -o found.csv 2>/dev/null
    same "$rule, seven shards" found.csv expected.csv
    (head -n 1 many.csv; tail -n +2 many.csv | sort) >sorted.csv
    cohorts sorted.csv --retention $rule --group platform --revenue -o found.csv 2>/dev/null
    same "$rule, in another order" found.csv expected.csv
done

# ---- Slips ---------------------------------------------------------------------------------------
runs 'a gap of nothing' 2 "$BIN/churn-cohorts" --gap 2 "$DATA/tiny/activity.csv"
like 'needs returns' "$err" "option '--gap' needs '--returns'"
runs 'returns without absences' 2 "$BIN/churn-cohorts" --returns --retention unbounded "$DATA/tiny/activity.csv"
like 'are refused' "$err" '--retention unbounded has none'
runs 'a chart of several groups' 1 "$BIN/churn-cohorts" --group platform --chart x.svg "$DATA/tiny/activity.csv" -o out.csv
is 'says what to do' "$err" 'churn-cohorts: found 2 groups, expected one for --chart, which draws one triangle: filter the rows, or leave --chart or --group out'
ok 'and leaves nothing behind' test ! -e out.csv
finish
