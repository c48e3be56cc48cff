# SPDX-License-Identifier: GPL-3.0-or-later
# What the tools of the users family say where there is little or nothing to say: nobody left, all left
# at time 0, one subject, ties everywhere, a group that is never at risk, durations of 0, dates in the
# wrong order. (Files without rows: tests/cli/contract.t.)
. "$TESTS/lib/tap.sh"
PATH=$BIN:$PATH

columns() { # list for cut: the output without its header
    printf '%s\n' "$out" | sed 1d | cut -d, -f"$1"
}
refused() { # what, message, tool, arguments...
    what=$1 message=$2
    shift 2
    runs "$what: $1" 1 "$@" -o out.csv
    is "$what: $1 says so" "$err" "$1: $message"
    ok "$what: $1 writes nothing" test ! -e out.csv
}

table open.csv user,platform,start,end,destination,x a,A,2025-01-01,,,1 b,A,2025-01-02,,,2 c,B,2025-01-05,,,3
table zero.csv user,platform,start,end,destination,x a,A,2025-01-01,2025-01-01,B,1 b,A,2025-01-01,2025-01-01,C,2 \
    c,B,2025-01-01,2025-01-01,C,3
table one.csv user,platform,start,end,destination,x a,A,2025-01-01,2025-01-04,B,1
table ties.csv user,platform,start,end,destination,x a,A,2025-01-01,2025-01-04,A,1 b,A,2025-01-01,2025-01-04,B,2 \
    c,B,2025-01-01,2025-01-04,A,0 d,B,2025-01-01,2025-01-04,B,5
table wrong.csv user,platform,start,end,destination,x a,A,2025-01-01,2025-01-04,B,1 b,A,2025-01-05,2025-01-03,B,2
table seen.csv user,platform,start,end,destination,x,seen a,A,2025-01-01,2025-01-04,B,1, \
    b,A,2025-01-01,2025-01-06,B,2,2024-12-01 c,B,2025-01-05,,A,3,2025-01-06
table late.csv user,platform,start,end,destination,x,seen a,A,2025-01-01,2025-01-04,B,1, \
    b,A,2025-01-01,2025-01-06,B,2,2025-01-07

# ---- Nobody left ---------------------------------------------------------------------------------
runs 'nobody left: churn-survival' 0 churn-survival --summary open.csv
is 'stays at 1 to the end' "$(columns 2-8)" '3,0,,,,4,0'
runs 'nobody left: churn-destinations' 0 churn-destinations open.csv
is 'has no destination' "$(columns 1-)" ''
is 'and says so' "$err" 'churn-destinations: nobody left: there is no destination to tell of'
runs 'nobody left: its test' 0 churn-destinations --group platform --test gray open.csv
is 'has nothing to test' "$(columns 1-)" ''
refused 'nobody left' 'open.csv: nobody left in 3 rows: without an event nothing can be said about what drives it' \
    churn-drivers --covariate x open.csv
refused 'nobody left' "group '(all)': leavers in 0 periods, expected at least 3: fewer do not tell imitation from the rest" \
    churn-contagion open.csv
runs 'nobody left: churn-flows' 0 churn-flows --departures open.csv
is 'has no flow' "$(columns 1-)" ''
runs 'nobody left: the next weeks' 0 churn-flows --period week --as-of 2025-01-12 --project 1 open.csv
is 'are as the last' "$(columns 2-3 | sort -u)" 'A,0.6666666666666666
B,0.3333333333333333'
runs 'who came in the last period' 0 churn-flows --period day --as-of 2025-01-05 --project 1 open.csv
is 'has an unknown next one' "$(columns 3 | tail -2 | sort -u)" ''
is 'which is said' "$err" "churn-flows: nobody was seen to leave 'B' or to stay in it: shares that hang on it are not known"
runs 'nobody left: churn-cohorts' 0 churn-cohorts --period week --as-of 2025-01-12 open.csv
is 'keeps all' "$(columns 1-5 | sed -n 1,2p)" '2025-W01,0,3,3,1
2025-W01,1,3,3,1'

# ---- All left at time 0 --------------------------------------------------------------------------
runs 'all at 0: churn-survival' 0 churn-survival --group platform zero.csv
is 'has no interval' "$(columns 1-9)" 'A,0,2,2,0,0,,,
B,0,1,1,0,0,,,'
runs 'all at 0: its test' 0 churn-survival --group platform --test logrank zero.csv
is 'compares nothing' "$out" 'test,chi_square,df,p_value
logrank,,0,'
is 'and says why' "$err" 'churn-survival: there is nothing to compare: whenever anyone left, one group was at risk alone or all left at once'
runs 'all at 0: churn-destinations' 0 churn-destinations --summary zero.csv
is 'spend no time' "$(columns 2-5)" '(still there),3,,0
B,3,1,0
C,3,2,0'
# R: cuminc(c(0, 0, 0), c(1, 2, 2), c("A", "A", "B")): 0.5 for both destinations
runs 'all at 0: its test' 0 churn-destinations --group platform --test gray zero.csv
is 'is that of R' "$(printf '%s\n' "$out" | awk -F, 'NR > 1 { printf "%s %.12f %d\n", $2, $3, $4 }')" 'B 0.500000000000 1
C 0.500000000000 1'
runs 'all at 0: churn-drivers' 0 churn-drivers --covariate x zero.csv
is 'finds no effect' "$(columns 1-3)" 'x,0,1'
runs 'all at 0: churn-contagion' 1 churn-contagion zero.csv
like 'left as they came' "$err" "^churn-contagion: group '\(all\)': 3 left in the period in which they came: they are gone, but not fitted as leavers$"
like 'which is no history' "$err" 'leavers in 0 periods, expected at least 3'
refused 'all at 0' 'found one period or none: there are no moves to go on with' churn-flows --stationary zero.csv
runs 'all at 0: churn-flows' 0 churn-flows --departures zero.csv
is 'counts them all' "$(columns 2-4)" 'A,B,1
A,C,1
B,C,1'
runs 'all at 0: churn-cohorts' 0 churn-cohorts --period day zero.csv
is 'has seen them for a day' "$(columns 1-5)" '2025-01-01,0,3,3,1
(all),0,3,3,1'

# ---- One subject ---------------------------------------------------------------------------------
runs 'one subject: churn-survival' 0 churn-survival --summary one.csv
is 'has a median and no band' "$(columns 2-8)" '1,1,3,,,3,0'
refused 'one subject' '1 group in the input, expected at least two to compare; --group COL makes one of each value' \
    churn-survival --group platform --test logrank one.csv
runs 'one subject: churn-destinations' 0 churn-destinations one.csv
is 'has left, and nothing is unsure' "$(columns 1-9)" '(all),3,B,1,1,1,0,,'
refused 'one subject' "one.csv: covariate 'x' is 1 in every row (there is 1), so nothing can be said about it: leave it out" \
    churn-drivers --covariate x one.csv
refused 'one subject' "group '(all)': leavers in 1 period, expected at least 3: fewer do not tell imitation from the rest" \
    churn-contagion one.csv
table walk.csv user,platform,date u1,A,2025-01-01 u1,A,2025-02-01 u1,B,2025-03-01
runs 'one subject: churn-flows' 0 churn-flows --as-of 2025-03-31 walk.csv
is 'has the widest of intervals' "$(columns 1-)" '2025-02,A,A,1,1,0.2065493143772375,1
2025-03,A,B,1,1,0.2065493143772375,1'
runs 'one subject: the long run' 0 churn-flows --as-of 2025-03-31 --stationary walk.csv
is 'is not known' "$(columns 1-)" 'A,0,,,
B,1,,,'
runs 'one subject: churn-cohorts' 0 churn-cohorts --as-of 2025-03-31 walk.csv
is 'likewise' "$(columns 1-7 | sed -n 1,2p)" '2025-01,0,1,1,1,1,1
2025-01,1,1,1,1,0.2065493143772375,1'
table count.csv date,users 2025-01-01,5
refused 'one count' "1 count, from which no curve asked for can be told; --summary says why of each" \
    user-growth count.csv

# ---- Ties everywhere -----------------------------------------------------------------------------
runs 'ties: churn-survival' 0 churn-survival --group platform ties.csv
is 'fall to 0 at once' "$(columns 1-9)" 'A,3,2,2,0,0,,,
B,3,2,2,0,0,,,'
runs 'ties: churn-destinations' 0 churn-destinations ties.csv
is 'are shares with binomial errors' "$(columns 1-7)" '(all),3,A,4,2,0.5,0.25
(all),3,B,4,2,0.5,0.25'
# R: cuminc(rep(3, 4), c(1, 2, 1, 2), c("A", "A", "B", "B")): 0
runs 'ties: its test' 0 churn-destinations --group platform --test gray ties.csv
is 'sees no difference' "$(columns 2-5)" 'A,0,1,1
B,0,1,1'
# R: coxph(Surv(rep(3, 4), rep(1, 4)) ~ c(1, 2, 0, 5)): 0
runs 'ties: churn-drivers' 0 churn-drivers --covariate x ties.csv
is 'by Efron see none either' "$(columns 1-3)" 'x,0,1'
refused 'ties' "group '(all)': leavers in 1 period, expected at least 3: fewer do not tell imitation from the rest" \
    churn-contagion ties.csv
table flat.csv date,users 2025-01-01,5 2025-01-02,5 2025-01-03,5 2025-01-04,5 2025-01-05,5 2025-01-06,5
runs 'ties: user-growth' 0 user-growth --parameters flat.csv
is 'has a curve without bounds' "$(columns 2,3,5-7)" 'exponential,start,,,
exponential,rate,,,'
is 'and says why' "$err" "user-growth: group '(all)', exponential: the curve goes through all counts, so there is no scatter that errors and bounds could be told from"
table double.csv date,users 2025-01-01,1 2025-01-02,2 2025-01-03,4 2025-01-04,8 2025-01-05,16 2025-01-06,32 2025-01-07,64
runs 'a law of nature: user-growth' 0 user-growth --summary double.csv
is 'is exact' "$(columns 2,11 | head -1)" 'exponential,exact: no scatter to tell errors from'

# ---- A group that is never at risk ---------------------------------------------------------------
for tool in churn-survival churn-destinations; do
    runs "a group never at risk: $tool" 0 $tool --group platform --entry seen seen.csv
    is 'has no rows' "$(columns 1 | sort -u)" A
    is 'which is said' "$err" "$tool: 1 open spell is left out: it came under observation on the last day itself"
done
runs 'a group never at risk: churn-survival --summary' 0 churn-survival --group platform --entry seen --summary seen.csv
is 'has nothing to sum up' "$(printf '%s\n' "$out" | tail -1)" 'B,0,0,,,,,'
runs 'a group never at risk: churn-destinations --summary' 0 churn-destinations --group platform --entry seen --summary seen.csv
is 'has no times' "$(printf '%s\n' "$out" | grep '^B')" 'B,(still there),0,,,,,
B,B,0,0,,,,'
runs 'a group never at risk: the test' 0 churn-survival --group platform --entry seen --test logrank seen.csv
is 'compares nothing' "$(columns 2-4)" ',0,'
runs 'a group never at risk: churn-drivers' 1 churn-drivers --covariate x --strata platform --entry seen seen.csv
like 'counts it out' "$err" '^churn-drivers: 1 open spell is left out'

# ---- Some durations of 0 -------------------------------------------------------------------------
table some.csv t,to,x,s 0,A,1,1 0,,2,0 1,B,0,0 2,A,1,1 2,,4,0
runs 'durations of 0: churn-survival' 0 churn-survival --time t --status s some.csv
is 'leave before those are censored' "$(columns 2-6)" '0,5,1,1,0.8
1,3,0,1,0.8
2,2,1,1,0.4'
runs 'durations of 0: churn-destinations' 0 churn-destinations --time t --destination to --at 0,1 some.csv
is 'likewise' "$(printf '%s\n' "$out" | awk -F, 'NR > 1 { printf "%s %s %.12f\n", $2, $3, $4 }')" '0 A 0.200000000000
0 B 0.000000000000
1 A 0.200000000000
1 B 0.266666666667'
runs 'durations of 0: churn-drivers' 0 churn-drivers --time t --status s --covariate x --summary some.csv
like 'are rows' "$out" '^rows,5,'

# ---- Dates in the wrong order --------------------------------------------------------------------
for tool in churn-survival churn-destinations 'churn-drivers --covariate x'; do
    # shellcheck disable=SC2086 # words
    refused 'an end before its start' 'wrong.csv:3:4: end 2025-01-03, expected none before the start, 2025-01-05' $tool wrong.csv
    # shellcheck disable=SC2086
    refused 'an end before the entry' 'late.csv:3:7: entry 2025-01-07, expected one before the last day, 2025-01-06' $tool --entry seen late.csv
done
refused 'an end before its start' 'wrong.csv:3:4: the end is before the start, expected it later' churn-contagion wrong.csv
for tool in churn-flows churn-cohorts; do
    # shellcheck disable=SC2086
    runs "an end before its start: $tool" 1 $tool wrong.csv -o out.csv
    like 'is named by its line' "$err" 'wrong.csv:3:4: '
done

# ---- One cluster ---------------------------------------------------------------------------------
# The influences of all spells add up to 0, so a sum over one cluster says nothing; R says 0.
table lone.csv user,platform,start,end,destination,x,home a,A,2025-01-01,2025-01-04,B,1,h b,A,2025-01-01,2025-01-06,B,0,h \
    c,B,2025-01-01,2025-01-03,A,1,h d,B,2025-01-01,,,0,h
runs 'one cluster: churn-survival' 0 churn-survival --cluster home lone.csv
is 'has no errors' "$(columns 7-9 | sort -u)" ',,'
is 'and says why' "$err" "churn-survival: group '(all)': all spells have one value in column 'home', which does not tell how much clusters differ: there are no errors"
for what in '--estimate cumulative-hazard' '--estimate cumulative-hazard --interval plain' '--interval plain' \
    '--interval log-log'; do
    # shellcheck disable=SC2086 # options are words
    runs "one cluster: churn-survival $what" 0 churn-survival --cluster home $what lone.csv
    is 'has none' "$(columns 7-9 | sort -u)" ',,'
done
runs 'one cluster: churn-survival --summary' 0 churn-survival --cluster home --summary lone.csv
is 'has estimates alone' "$(columns 4-8)" '4,,,3.75,'
runs 'one cluster: churn-destinations' 0 churn-destinations --cluster home lone.csv
is 'has no errors' "$(columns 7-9 | sort -u)" ',,'
like 'and says why' "$err" 'there are no errors$'
runs 'one cluster: churn-destinations --summary' 0 churn-destinations --cluster home --summary lone.csv
is 'has none' "$(columns 6-8 | sort -u)" ',,'
runs 'one cluster: churn-destinations --occupancy' 0 churn-destinations --occupancy --cluster home lone.csv
is 'has none' "$(columns 6-8 | sort -u)" ',,'
like 'and says why' "$err" "all users have one value in column 'home'"
runs 'one cluster: churn-destinations --occupancy --summary' 0 churn-destinations --occupancy --cluster home --summary lone.csv
is 'has none' "$(columns 5-7 | sort -u)" ',,'
refused 'one cluster' "lone.csv: all 4 rows have one value in column 'home', expected at least two clusters: nothing tells how much they differ" \
    churn-drivers --covariate x --cluster home lone.csv
# f is last seen before anyone leaves, so that one cluster has all residuals
table silent.csv start,end,x,home 2025-01-01,2025-01-04,1,h 2025-01-01,2025-01-06,0,h 2025-01-01,2025-01-03,0,h \
    2025-01-06,,0,f 2025-01-01,2025-01-05,1,h 2025-01-01,2025-01-07,0,h
runs 'one cluster that says something' 0 churn-drivers --covariate x --cluster home silent.csv
is 'has a coefficient alone' "$(columns 4-8)" ',,,,'
runs 'one cluster that says something, predicted' 0 churn-drivers --covariate x --cluster home --predict x=1 silent.csv
is 'has a curve alone' "$(columns 7-9 | sort -u)" ',,'
finish
