# SPDX-License-Identifier: GPL-3.0-or-later
. "$TESTS/lib/tap.sh"
exits=$DATA/freenode-libera/exits.csv

flows() {
    "$BIN/churn-flows" "$@"
}

# ---- Switching ------------------------------------------------------------------------------------
# Bounds: R's prop.test(k, n, correct = FALSE)$conf.int
runs 'a log' 0 flows "$DATA/tiny/activity.csv"
is 'counted by hand' "$out" 'period,from,to,users,share,lower,upper
2025-02,Alpha,Alpha,2,0.5,0.15003898915214953,0.8499610108478505
2025-02,Alpha,Beta,1,0.25,0.04558726080970058,0.699358157417598
2025-02,Alpha,(gone),1,0.25,0.04558726080970058,0.699358157417598
2025-03,Alpha,Alpha,1,0.5,0.09453120573423075,0.9054687942657692
2025-03,Alpha,Beta,1,0.5,0.09453120573423075,0.9054687942657692
2025-03,Beta,Beta,1,1,0.2065493143772375,1
2025-03,(new),Alpha,1,1,0.2065493143772375,1
2025-03,(gone),Alpha,1,1,0.2065493143772375,1'
is 'without a word' "$err" ''
runs 'all months in one' 0 flows "$DATA/tiny/activity.csv" --pooled
is 'by another name' "$(printf '%s\n' "$out" | cut -d, -f1-4)" 'from,to,transitions,share
Alpha,Alpha,3,0.5
Alpha,Beta,2,0.3333333333333333
Alpha,(gone),1,0.16666666666666666
Beta,Beta,1,1
(new),Alpha,1,1
(gone),Alpha,1,1'
runs 'two months' 0 flows "$DATA/tiny/activity.csv" --between 2025-01,2025-03
is 'whatever was between' "$(printf '%s\n' "$out" | cut -d, -f1-4)" 'period,from,to,users
2025-01/2025-03,Alpha,Alpha,2
2025-01/2025-03,Alpha,Beta,2
2025-01/2025-03,(new),Alpha,1'
runs 'the last period is not over' 0 flows "$DATA/tiny/activity.csv" --as-of 2025-03-10 --verbose
like 'a warning' "$err" '^churn-flows: 2025-03 is seen up to 2025-03-10 only: who comes later in it counts as \(gone\)'
like 'late rows are not used' "$err" '^churn-flows: 3 rows after the last look not used$'
runs 'one period' 0 flows "$DATA/tiny/activity.csv" --period year
is 'nothing to compare' "$out" 'period,from,to,users,share,lower,upper'
runs 'a creator panel' 0 flows "$DATA/tiny/creator-panel.csv" --column user=creator --between 2024-12,2025-02
is 'who went where' "$(printf '%s\n' "$out" | cut -d, -f2-4)" 'from,to,users
RedNote+TikTok,RedNote,1
TikTok,TikTok,4
(new),RedNote,1'
runs 'spells' 0 flows "$DATA/tiny/spells.csv" --period week --as-of 2025-01-26
like 'those who left are gone' "$out" '^2025-W04,TikTok,\(gone\),2,0.4,'

runs 'in and out' 0 flows "$DATA/tiny/activity.csv" --summary
ok 'who came and went makes up who is there' awk -F, '
    NR > 1 { n++; bad += $3 + $4 + $5 + $6 - $7 - $8 != $9; net[$1] += $12 }
    END { for (p in net) bad += net[p] > 1e-12 || net[p] < -1e-12; exit !(n == 4 && bad == 0) }' tap.out

runs 'no users, no departures' 1 flows "$DATA/tiny/series.csv"
like 'says what it could be' "$err" "^churn-flows: found no column 'user', expected user,platform,date"
runs 'periods the wrong way round' 2 flows "$DATA/tiny/activity.csv" --between 2025-03,2025-01
like 'with an example' "$err" "found '2025-03,2025-01', expected two periods of one kind, the earlier one first"
runs 'a period that is not there' 1 flows "$DATA/tiny/activity.csv" --between 2025-01,2025-04
like 'is named' "$err" 'found no period 2025-04 in the data'
runs 'weights of users' 2 flows "$DATA/tiny/activity.csv" --weight minutes
runs 'all periods' 2 flows "$DATA/tiny/activity.csv" --period all
like 'are pooled' "$err" -- '--pooled'
runs 'a heat map' 0 flows "$DATA/tiny/activity.csv" --pooled --chart pooled.gp
like 'of the shares' "$(cat pooled.gp)" 'From where to where'
runs 'ribbons' 0 flows "$DATA/tiny/activity.csv" --chart ribbons.gp
like 'of the users' "$(cat ribbons.gp)" 'Where they went'

# ---- By share of time ----------------------------------------------------------------------------
share() {
    "$BIN/churn-flows" --by-share "$@"
}
runs 'a panel with minutes' 0 share "$DATA/tiny/minutes.csv"
is 'counted by hand: nine tenths are solely there' "$(printf '%s\n' "$out" | cut -d, -f1-4)" 'period,from,to,users
2025-01,TikTok,mostly RedNote,2
2025-01,TikTok,TikTok,3
2025-01,(new),mostly RedNote,1
2025-02,mostly RedNote,RedNote,3
2025-02,TikTok,mostly TikTok,1
2025-02,TikTok,(gone),2
2025-03,RedNote,RedNote,2
2025-03,RedNote,(gone),1
2025-03,mostly TikTok,mostly RedNote,1
2025-03,(gone),TikTok,1
2025-03,(gone),(gone),1'
is 'without a word' "$err" ''
runs 'a higher threshold' 0 share "$DATA/tiny/minutes.csv" --sole 0.900001 --between 2024-12,2025-01
is 'ada is mostly there now' "$(printf '%s\n' "$out" | cut -d, -f2-4)" 'from,to,users
TikTok,mostly RedNote,2
TikTok,TikTok,2
TikTok,mostly TikTok,1
(new),mostly RedNote,1'
sed 's/minutes/sessions/' "$DATA/tiny/minutes.csv" >sessions.csv
runs 'another amount' 0 share sessions.csv --column minutes=sessions
runs 'a file without minutes' 1 share sessions.csv
like 'says which column' "$err" "no column 'minutes'"
runs 'the market' 0 share "$DATA/tiny/minutes.csv" --summary
is 'everyone is on one platform' "$(printf '%s\n' "$out" | cut -d, -f1-11)" 'period,platform,before,new,returned,joined,moved,gone,users,share_before,share
2025-01,RedNote,0,1,0,2,0,0,3,0,0.5
2025-01,TikTok,5,0,0,0,2,0,3,1,0.5
2025-02,RedNote,3,0,0,0,0,0,3,0.5,0.75
2025-02,TikTok,3,0,0,0,0,2,1,0.5,0.25
2025-03,RedNote,3,0,0,1,0,1,3,0.75,0.75
2025-03,TikTok,1,0,1,0,1,0,1,0.25,0.25'

# A log: days of a month are added up. Binary floating point would have 0.63 / (0.63 + 0.07) < 0.9.
cat >exact.csv <<'END'
user,platform,date,minutes
a,X,2025-01-01,0.31
a,X,2025-01-31,0.32
a,Y,2025-01-15,0.07
a,Y,2025-02-01,1
b,X,2025-01-01,0.629999
b,Y,2025-01-01,0.07
b,Y,2025-02-01,1
END
runs 'exactly nine tenths, and a millionth less' 0 share exact.csv --as-of 2025-02-28
is 'told apart' "$(printf '%s\n' "$out" | cut -d, -f2-4)" 'from,to,users
X,Y,1
mostly X,Y,1'

# Three platforms: a plurality, a tie of the two largest, a tie of all; months of zeros only.
cat >edges.csv <<'END'
user,platform,period,minutes
a,X,2025-01,4
a,Y,2025-01,3
a,Z,2025-01,3
b,X,2025-01,2
b,Y,2025-01,4
b,Z,2025-01,4
c,Z,2025-01,5
c,Y,2025-01,5
c,X,2025-01,5
d,X,2025-01,0
d,Y,2025-01,0
d,X,2025-02,7
d,Y,2025-02,0
e,X,2025-01,7
e,X,2025-02,0
f,Y,2025-02,0
END
runs 'three platforms' 0 share edges.csv
is 'pluralities, ties, zeros' "$(printf '%s\n' "$out" | cut -d, -f2-4)" 'from,to,users
X,(gone),1
mostly X,(gone),2
mostly Y,(gone),1
(new),X,1'
like 'ties are counted' "$err" '^churn-flows: 2 times a user spent as much on several platforms: taken for mostly on the first of them by name$'
like 'and months without a minute' "$err" '^churn-flows: 3 times a user has rows in a period but no minutes: taken for not there$'
runs 'two months' 0 share edges.csv --between 2025-01,2025-02
is 'the same' "$(printf '%s\n' "$out" | cut -d, -f2-4)" 'from,to,users
X,(gone),1
mostly X,(gone),2
mostly Y,(gone),1
(new),X,1'
runs 'one platform told apart' 0 share edges.csv --top 1
is 'others by the same shares' "$(printf '%s\n' "$out" | cut -d, -f2-4)" 'from,to,users
X,(gone),1
mostly X,(gone),2
mostly (other),(gone),1
(new),X,1'

printf 'user,platform,period,minutes\na,X,2025-01,5\na,Y,2025-01,\n' >blank.csv
runs 'a row without minutes' 1 share blank.csv
like 'has its place' "$err" '^churn-flows: blank.csv:3:4: '
runs 'left out' 0 share blank.csv --bad-rows skip
printf 'user,platform,period,minutes\na,X,2025-01,5\na,Y,2025-01,-5\n' >minus.csv
runs 'minutes below 0' 1 share minus.csv
is 'have their place' "$err" "churn-flows: minus.csv:3:4: found -5 in 'minutes', expected 0 or more"
runs 'spells' 1 share "$DATA/tiny/spells.csv"
like 'say what is wanted' "$err" 'expected a log \(user,platform,date,minutes\) or a panel'
printf 'user,platform,period,minutes\na,X,2025-01,5\na,mostly X,2025-01,6\n' >mostly.csv
runs 'a platform that reads like a state' 1 share mostly.csv
like 'is named' "$err" "found a platform called 'mostly X', which is what users who are mostly on 'X' are called"
printf 'user,platform,period,minutes\na,mostly X,2025-01,5\na,mostly X,2025-02,6\n' >mostly.csv
runs 'which it does not alone' 0 share mostly.csv
printf 'user,platform,period,minutes\n' >none.csv
runs 'nobody' 0 share none.csv
is 'nothing' "$out" 'period,from,to,users,share,lower,upper'
for sole in 0.5 1.1 90% x; do
    runs "a threshold of $sole" 2 share --sole $sole "$DATA/tiny/minutes.csv"
done
runs 'a threshold of what' 2 flows --sole 0.8 "$DATA/tiny/minutes.csv"
for with in --rate --departures '--join +'; do
    # shellcheck disable=SC2086 # options are words
    runs "shares and $with" 2 share $with "$DATA/tiny/minutes.csv"
done
runs 'ribbons of shares' 0 share "$DATA/tiny/minutes.csv" --chart ribbons.gp
like 'by state' "$(cat ribbons.gp)" 'mostly RedNote'
runs 'a heat map of shares' 0 share "$DATA/tiny/minutes.csv" --pooled --chart pooled.gp
runs 'shares ahead' 0 share "$DATA/tiny/minutes.csv" --project 3 --draws 100 --chart ahead.gp
like 'as lines' "$(cat ahead.gp)" 'If users go on as they did'
for what in --summary --stationary --rate; do
    runs "a chart of $what" 2 flows "$DATA/tiny/activity.csv" $what --chart x.gp
    like 'says what there is' "$err" "ribbons .* $what has no chart"
done

"$BIN/synth-panel" activity --set users=4000 --set multi_homing_share=0.5 -o log.csv
{ head -1 log.csv; sed 1d log.csv | sort -r; } >turned.csv
for what in '' --pooled --summary '--project 2 --draws 100'; do
    # shellcheck disable=SC2086 # options are words
    share log.csv $what --threads 1 -o one.csv 2>/dev/null
    # shellcheck disable=SC2086 # options are words
    share turned.csv $what --threads 4 -o four.csv 2>/dev/null
    same "any threads and any order of rows $what" four.csv one.csv
done

# ---- If users go on as they did ------------------------------------------------------------------
# A log in which all states are left and come back to; months without a name of their own.
awk 'BEGIN {
    srand(3)
    print "user,platform,date"
    for (u = 0; u < 400; u++)
        for (m = 1; m <= 12; m++)
            for (p = 0; p < 2; p++)
                if (rand() < 0.35 + p / 5 || m == 1 && p == 0 || m == 12 && u == 0)
                    printf "u%d,%s,2024-%02d-%02d\n", u, p ? "B" : "A", m, 1 + rand() * 28
}' >mixed.csv
flows mixed.csv --as-of 2024-12-31 --pooled -o pooled.csv
runs 'the long run' 0 flows mixed.csv --as-of 2024-12-31 --stationary --draws 400 -o long.csv
ok 'is what one more step leaves alone' awk -F, '
    FNR == 1 { file++; next }
    file == 1 { p[$1 "," $2] = $4 }
    file == 2 { pi[$1] = $3; sum += $3; outside += !($4 < $3 && $3 < $5) }
    END {
        for (j in pi) {
            next_share = 0
            for (i in pi) next_share += pi[i] * p[i "," j]
            bad += next_share - pi[j] > 1e-12 || pi[j] - next_share > 1e-12
            n++
        }
        exit !(n == 4 && !bad && !outside && sum > 1 - 1e-12 && sum < 1 + 1e-12)
    }' pooled.csv long.csv
runs 'the next periods' 0 flows mixed.csv --as-of 2024-12-31 --project 2 --draws 400 -o ahead.csv
ok 'follow from the last by the pooled matrix' awk -F, '
    FNR == 1 { file++; next }
    file == 1 { p[$1 "," $2] = $4 }
    file == 2 { share[$1 "," $2] = $3; state[$2]; period[$1] }
    END {
        split("2024-12 2025-01 2025-02", at, " ")
        for (k = 2; k <= 3; k++) for (j in state) {
            expected = 0
            for (i in state) expected += share[at[k - 1] "," i] * p[i "," j]
            d = expected - share[at[k] "," j]
            bad += d > 1e-12 || d < -1e-12
            n++
        }
        exit !(n == 8 && !bad)
    }' pooled.csv ahead.csv
flows mixed.csv --as-of 2024-12-31 --project 2 --draws 400 --threads 1 -o again.csv
same 'the same seed, the same draws' again.csv ahead.csv
runs 'no long run' 0 flows "$DATA/tiny/spells.csv" --period week --as-of 2025-01-26 --stationary
like 'that does not depend on the start' "$err" 'the long run depends on where one begins'
runs 'one period' 1 flows "$DATA/tiny/activity.csv" --period year --stationary
like 'leads nowhere' "$err" 'there are no moves to go on with'

# ---- Rates ---------------------------------------------------------------------------------------
# R> library(msm); f <- msm(state ~ months, ptnum, psor, control = list(reltol = 1e-16, fnscale = 1000),
#        qmatrix = rbind(c(0, .1, 0, 0), c(0, 0, .1, 0), c(0, 0, 0, .1), 0))
# R> f$Qmatrices$baseline; f$QmatricesSE$baseline; sojourn.msm(f)
runs 'a panel of msm' 0 flows "$TESTS/truth/churn-flows/psor.csv" --rate --time months --allow '1>2' --allow '2>3' --allow '3>4' --verbose
ok 'as msm has it, to a millionth' awk -F, '
    BEGIN {
        q["1,2"] = 0.0912459386269; e["1,2"] = 0.0102244049315
        q["2,3"] = 0.1571596623043; e["2,3"] = 0.0181143128901
        q["3,4"] = 0.2598215282350; e["3,4"] = 0.0338395868153
    }
    function far(a, b) { return a / b - 1 > 1e-6 || 1 - a / b > 1e-6 }
    $1 == "intensity" { n++; bad += far($4, q[$2 "," $3]) || far($5, e[$2 "," $3]) }
    $1 == "sojourn" && $2 < 4 { n++; bad += far($4, 1 / q[$2 "," $2 + 1]) }
    END { exit !(n == 6 && !bad) }' tap.out
like 'the same log-likelihood' "$err" 'log-likelihood -623.0076402 after'
awk 'function two(from, to, n) { for (; n > 0; n--) printf "u%d,%s,0\nu%d,%s,1\n", ++u, from, u, to }
    BEGIN { print "user,platform,time"; two("A", "A", 900); two("A", "B", 95); two("A", "C", 2); two("B", "B", 900); two("B", "C", 95) }' >by-b.csv
runs 'a move that nobody needs' 1 flows by-b.csv --rate --time time
like 'is named' "$err" "the intensity from 'A' to 'C' goes to 0: .*; do not allow it"
runs 'moves that do not lead there' 1 flows "$TESTS/truth/churn-flows/psor.csv" --rate --time months --allow '1>2' --allow '2>3'
like 'what was seen all the same' "$err" "going from '1' to '4', which the allowed moves do not lead to"
runs 'a state that nobody was in' 1 flows "$TESTS/truth/churn-flows/psor.csv" --rate --time months --allow '1>9'
like 'is named too' "$err" "^churn-flows: --allow: nobody was seen in '9'"
runs 'no move' 2 flows "$TESTS/truth/churn-flows/psor.csv" --rate --time months --allow 12
# Two states and one interval: q = -log(0.7) / 10 a day for those of whom 3 of 10 have gone.
awk 'BEGIN { print "user,platform,date"; for (i = 0; i < 10; i++) { printf "u%d,A,2025-01-01\n", i; printf "u%d,%s,2025-01-11\n", i, i < 3 ? "(gone)" : "A" } }' >ten.csv
runs 'dates are days' 0 flows ten.csv --rate --horizon 10
ok 'in closed form' awk -F, '
    $1 == "intensity" { q = $4 }
    $1 == "probability" && $2 == "A" && $3 == "(gone)" { p = $4 }
    END { exit !(q > 0.03566749439387 && q < 0.03566749439388 && p > 0.29999999999 && p < 0.30000000001) }' tap.out

# ---- Departures: the real case -------------------------------------------------------------------------------
# Counts: awk -F, 'NR > 1 { n[$3] += $4 } END { for (d in n) print n[d], d }' | sort -rn
# Bounds: R's prop.test(k, 1056, correct = FALSE)$conf.int
runs 'Freenode' 0 flows "$exits" --column end=date --weight projects --top 6
is 'where its projects went' "$out" 'period,from,to,users,share,lower,upper
2021-06-01/2021-12-26,Freenode,Libera.Chat,901,0.853219696969697,0.8305954880620869,0.8732833739991204
2021-06-01/2021-12-26,Freenode,OFTC,74,0.07007575757575757,0.05618660937959524,0.08708147808477988
2021-06-01/2021-12-26,Freenode,Matrix,20,0.01893939393939394,0.012293325409992518,0.02907272840477083
2021-06-01/2021-12-26,Freenode,GitHub,12,0.011363636363636364,0.006512273977762584,0.019757182259280498
2021-06-01/2021-12-26,Freenode,Discord,8,0.007575757575757576,0.0038436636154347247,0.01487749383274823
2021-06-01/2021-12-26,Freenode,hackint,6,0.005681818181818182,0.0026065525719631963,0.012340455481789692
2021-06-01/2021-12-26,Freenode,(other),35,0.03314393939393939,0.02392673781833482,0.04574543645465402'
is 'without a word' "$err" ''

runs 'all destinations' 0 flows "$exits" --column end=date --weight projects
is 'the same as awk counts' "$(printf '%s\n' "$out" | sed 1d | cut -d, -f3,4 | LC_ALL=C sort)" \
    "$(awk -F, 'NR > 1 { n[$3] += $4 } END { for (d in n) print d "," n[d] }' "$exits" | LC_ALL=C sort)"

runs 'by month' 0 flows "$exits" --column end=date --weight projects --top 1 --period month
is 'a month without departures has no row' "$(printf '%s\n' "$out" | cut -d, -f1-4)" 'period,from,to,users
2021-06,Freenode,Libera.Chat,852
2021-06,Freenode,(other),148
2021-07,Freenode,Libera.Chat,21
2021-07,Freenode,(other),5
2021-08,Freenode,Libera.Chat,12
2021-08,Freenode,(other),2
2021-10,Freenode,Libera.Chat,2
2021-12,Freenode,Libera.Chat,14'

runs 'at 90 %' 0 flows "$exits" --column end=date --weight projects --top 1 --confidence 0.9
like 'narrower, as in R' "$out" 'Libera.Chat,901,0.853219696969697,0.83440454027293[0-9]*,0.87022953349050[0-9]*$'

runs 'without weights each row counts' 0 flows "$exits" --column end=date --top 1
like 'as one' "$out" ",Libera.Chat,$(grep -c ,Libera.Chat, "$exits"),"

# ---- Who left and who did not --------------------------------------------------------------------
runs 'the tiny spells' 0 flows --departures "$DATA/tiny/spells.csv" --verbose
is 'counted by hand' "$(printf '%s\n' "$out" | cut -d, -f1-5)" 'period,from,to,users,share
2025-01-11/2025-01-31,RedNote,TikTok,1,1
2025-01-11/2025-01-31,TikTok,RedNote,2,0.5
2025-01-11/2025-01-31,TikTok,Instagram,1,0.25
2025-01-11/2025-01-31,TikTok,(gone),1,0.25
2025-01-11/2025-01-31,小红书 test,TikTok,1,1'
like 'says who is in no flow' "$err" '^churn-flows: 6 users left, 2025-01-11/2025-01-31; 4 still there, in no flow$'
runs 'the largest, with a word' 0 flows --departures "$DATA/tiny/spells.csv" --top 1 --verbose
like 'says what was put together' "$err" '^churn-flows: 1 destination put together as \(other\)$'

cat >promised.csv <<'END'
platform,end,destination
A,2025-01-01,B
A,,C
END
runs 'a destination without an end' 0 flows promised.csv
is 'is no departure' "$(printf '%s\n' "$out" | cut -d, -f1-4)" 'period,from,to,users
2025-01-01/2025-01-01,A,B,1'
is 'which is said' "$err" 'churn-flows: 1 user with a destination but no end: taken as still there'

printf 'platform,end,destination\nA,,\n' >nobody.csv
runs 'nobody left' 0 flows nobody.csv --verbose
is 'no rows' "$out" 'period,from,to,users,share,lower,upper'
like 'says so' "$err" '^churn-flows: 0 users left; 1 still there, in no flow$'

runs 'another word for nothing' 0 flows promised.csv --na C --na B
is 'is gone' "$(printf '%s\n' "$out" | sed 1d | cut -d, -f3)" '(gone)'

# ---- What is turned down -------------------------------------------------------------------------
printf 'platform,end,destination,n\nA,2025-01-01,B,2\nA,2025-01-02,A,1\nA,2025-01-03,C,0\n' >bad.csv
runs 'a platform left for itself' 1 flows bad.csv -o result.csv
is 'and where' "$err" "churn-flows: bad.csv:3:3: destination 'A' is the platform itself, expected another or none"
ok 'nothing left behind' test ! -e result.csv
runs 'skipped' 0 flows bad.csv --weight n --bad-rows skip --rejects rejects.csv
is 'the good row counts' "$(printf '%s\n' "$out" | sed 1d | cut -d, -f1-5)" '2025-01-01/2025-01-01,A,B,2,1'
like 'and the others are counted' "$err" '^churn-flows: skipped 2 of 3 rows'
is 'and kept' "$(cat rejects.csv)" "file,line,column,reason,record
bad.csv,3,3,\"destination 'A' is the platform itself, expected another or none\",\"A,2025-01-02,A,1\"
bad.csv,4,4,\"weight 0, expected a whole number from 1 on\",\"A,2025-01-03,C,0\""

printf 'platform,end,destination,n\nA,2025-01-01,B,1.5\n' >half.csv
runs 'half a user' 1 flows half.csv --weight n
like 'and where' "$err" '^churn-flows: half.csv:2:4: '
runs 'a column that is not there' 1 flows --departures "$DATA/tiny/spells.csv" --weight destinatoin
like 'with what was meant' "$err" 'destination'
runs 'a file without ends' 1 flows "$exits"
like 'says what is missing' "$err" "'end'"
runs 'no destination told apart' 2 flows "$exits" --top 0
runs 'a period unknown' 2 flows "$exits" --period fortnight
like 'with those there are' "$err" 'all, year, quarter, month, week or day'

# ---- The chart -----------------------------------------------------------------------------------
# At most 12 names a side: what --top put together and what the chart does are one.
runs 'draws' 0 flows "$exits" --column end=date --weight projects --top 13 --chart flows.gp
like 'with one (other), the last' "$(grep right_text flows.gp)" "^array right_text\[12\] = \['Libera.Chat  901 \(85%\)', .*, 'Gitter  2 \(0.2%\)', '\(other\)  17 \(2%\)'\]\$"
runs 'draws the tiny spells' 0 flows --departures "$DATA/tiny/spells.csv" --top 1 --chart flows.gp
like 'nowhere known before (other)' "$(grep right_text flows.gp)" "^array right_text\[4\] = \['RedNote .*', 'TikTok .*', '\(gone\) .*', '\(other\) .*'\]\$"

# ---- The same bytes ------------------------------------------------------------------------------
# Several blocks of 1 MiB, so that the threads have something to share.
awk 'BEGIN {
    srand(7)
    print "user,platform,start,end,destination,n"
    for (i = 0; i < 60000; i++) {
        from = int(rand() * 40); to = int(rand() * 41)
        to = to == from || to == 40 ? "" : "Platform " to
        end = rand() < 0.3 ? "" : sprintf("2024-%02d-%02d", 1 + rand() * 12, 1 + rand() * 28)
        printf "u%d,Platform %d,2023-12-31,%s,%s,%d\n", i, from, end, end == "" ? "" : to, 1 + rand() * 9
    }
}' >many.csv
flows many.csv --departures --weight n --period month --top 5 --threads 1 -o expected.csv
ok 'a table of some size' test "$(wc -l <expected.csv)" -gt 2000
awk -F, -v OFS=, 'NR > 1 && $4 != "" { n[substr($4, 1, 7) "," $2] += $6 } END { for (k in n) print k, n[k] }' many.csv | LC_ALL=C sort >left
awk -F, -v OFS=, 'NR > 1 { n[$1 "," $2] += $4 } END { for (k in n) print k, n[k] }' expected.csv | LC_ALL=C sort >summed
same 'all who left are in some flow' summed left
for threads in 2 4; do
    flows many.csv --departures --weight n --period month --top 5 --threads "$threads" -o found.csv
    same "$threads threads" found.csv expected.csv
done
perl "$TESTS/lib/vary.pl" shards 7 shard many.csv
flows --departures --weight n --period month --top 5 shard[1-7].csv -o found.csv
same 'seven shards' found.csv expected.csv
gzip -c many.csv | flows - --departures --weight n --period month --top 5 -o found.csv
same 'gzip through a pipe' found.csv expected.csv

# ---- Known truth ---------------------------------------------------------------------------------
# Destinations of synthetic spells are drawn apart from the time of leaving, so that each of 365 days
# is a sample of its own: of 1,095 intervals 95 % should hold the truth, give or take three times
# sqrt(0.95 x 0.05 / 730) (the shares of a day sum to 1: two of three are free).
"$BIN/synth-panel" spells --set users=100000 --seed 20210519 -o spells.csv
flows spells.csv --departures --period day -o shares.csv
ok 'the intervals of 365 days hold the known shares as often as they should' awk -F, '
    BEGIN { truth["RedNote"] = 0.6; truth["Instagram"] = 0.25; truth["(gone)"] = 0.15 }
    NR > 1 { n++; held += $6 <= truth[$3] && truth[$3] <= $7 }
    END { print n, held / n; exit !(n == 1095 && held / n > 0.926 && held / n < 0.974) }' shares.csv

# ---- Slips ---------------------------------------------------------------------------------------
runs 'all in one period' 0 "$BIN/churn-flows" --period year "$DATA/tiny/activity.csv"
is 'is said' "$err" 'churn-flows: all is in one year, 2025: there is nothing to compare it with'
runs 'draws of nothing' 2 "$BIN/churn-flows" --draws 500 "$DATA/tiny/activity.csv"
like 'are refused' "$err" '--draws needs --stationary or --project'
runs 'a period beyond the data' 1 "$BIN/churn-flows" --between 2025-01,2026-01 "$DATA/tiny/activity.csv"
is 'is named, with those there are' "$err" 'churn-flows: found no period 2026-01 in the data, expected two of those from 2025-01 to 2025-03'
finish
