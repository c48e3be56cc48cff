# SPDX-License-Identifier: GPL-3.0-or-later
. "$TESTS/lib/tap.sh"
. "$TESTS/lib/cases.sh"
PATH=$BIN:$PATH

# ---- Against R -----------------------------------------------------------------------------------
# Inputs, options and expected values as tests/truth/churn-destinations.R wrote them (with `stored`).
cases_stored churn-destinations 1e-9

# ---- Dates ---------------------------------------------------------------------------------------
# By hand: of 6 on TikTok one left for RedNote after 10 days; of the other 5 three after 18.
runs 'spells by platform' 0 churn-destinations -f csv --group platform "$DATA/tiny/spells.csv"
is 'are counted in days' "$(printf '%s\n' "$out" | grep '^TikTok,18' | cut -d, -f1-5)" 'TikTok,18,(gone),5,1
TikTok,18,Instagram,5,1
TikTok,18,RedNote,5,1
TikTok,18,TikTok,5,0'
like '1/6 to Instagram' "$out" '^TikTok,18,Instagram,5,1,0\.1666666666666666[0-9]*,0\.15214515486254[0-9]*,'
like '2/6 to RedNote' "$out" '^TikTok,18,RedNote,5,1,0\.3333333333333333[0-9]*,0\.19245008972987[0-9]*,'
like 'Chinese names' "$out" '^小红书 test,1,TikTok,1,1,1,0,,$'
is 'and say nothing' "$err" ''
runs 'verbose' 0 churn-destinations -v -o /dev/null "$DATA/tiny/spells.csv"
like 'says up to when open spells count' "$err" 'open spells are counted to 2025-01-31$'
like 'and which errors and intervals' "$err" "errors are of the kind 'greenwood', intervals of the kind 'log-log'"

# ---- Durations -----------------------------------------------------------------------------------
table few.csv t,s,to,w 1,1,A,2 2,0,,1 3,1,B,1 4,0,C,1
runs 'a status and a destination' 0 churn-destinations -f csv --time t --status s --destination to --weight w --at 0,4,9,2 few.csv
is 'a destination without leaving does not count' "$(printf '%s\n' "$out" | cut -d, -f1-4)" 'group,time,destination,incidence
(all),0,A,0
(all),0,B,0
(all),2,A,0.4
(all),2,B,0
(all),4,A,0.4
(all),4,B,0.3
(all),9,A,
(all),9,B,'
sed 's/A//' few.csv >gone.csv
runs 'left for nowhere known' 0 churn-destinations -f csv --time t --status s --destination to --at 4 gone.csv
like 'has a name' "$out" '^\(all\),4,\(gone\),0\.25,'
runs 'a destination alone' 0 churn-destinations -f csv --time t --destination to --stayed C --weight w --at 4 few.csv
is 'says who left, and a word who stayed' "$(printf '%s\n' "$out" | cut -d, -f1-4)" 'group,time,destination,incidence
(all),4,A,0.4
(all),4,B,0.3'
is 'and says nothing' "$err" ''
table named.csv t,destination 2,A 4,C 5,
runs 'a word alone' 0 churn-destinations -f csv --time t --stayed C --at 4 named.csv
is 'is of the usual column' "$(printf '%s\n' "$out" | cut -d, -f1-4)" 'group,time,destination,incidence
(all),4,A,0.3333333333333333'
printf 't,destination\n2,A\n4,(still there)\n' >state.csv
runs 'a destination called as a state' 1 churn-destinations --time t --destination destination --summary state.csv
like 'is an error' "$err" "found a destination called '\(still there\)', which is the name of a state"
runs 'a word that never comes' 0 churn-destinations -f csv --time t --destination to --stayed c --at 4 few.csv
is 'is warned of' "$err" "churn-destinations: no row has 'c' in column 'to': every word there counts as a destination"
runs 'a time alone' 2 churn-destinations --time t few.csv
like 'is not enough' "$err" '--time needs --status COL, --stayed VALUE or --destination COL as well'
runs 'a word and a status' 2 churn-destinations --time t --status s --destination to --stayed C few.csv

# ---- Time in each state --------------------------------------------------------------------------
# By hand: S is 1 to time 1, 0.6 to 3, 0.3 to 4; A 0.4 from 1 on; B 0.3 from 3 on.
runs 'expected times' 0 churn-destinations -f csv --time t --status s --destination to --weight w --summary --horizon 4 few.csv
is 'add up to the horizon' "$(printf '%s\n' "$out" | cut -d, -f1-5)" 'group,state,subjects,events,mean_time
(all),(still there),5,,2.5
(all),A,5,2,1.2000000000000002
(all),B,5,1,0.3'
runs 'a shorter horizon' 0 churn-destinations -f csv --time t --status s --destination to --weight w --summary --horizon 2 few.csv
is 'ends between two times' "$(printf '%s\n' "$out" | cut -d, -f2,4-5 | sed 1d)" '(still there),,1.6
A,2,0.4
B,0,0'

# ---- Nobody, nothing, one ------------------------------------------------------------------------
table none.csv start,end,destination
for what in '' '--at 5' '--summary'; do
    # shellcheck disable=SC2086 # options are words
    runs "no spells ${what:-as a curve}" 0 churn-destinations -f csv $what none.csv
    is 'no rows' "$(printf '%s\n' "$out" | wc -l)" 1
done
table open.csv start,end,destination 2025-01-01,, 2025-01-05,,
runs 'nobody left' 0 churn-destinations -f csv open.csv
is 'no destination, no rows' "$(printf '%s\n' "$out" | wc -l)" 1
runs 'nobody left, in sum' 0 churn-destinations -f csv --summary open.csv
like 'all time is spent there' "$out" '^\(all\),\(still there\),2,,4,0,4,4$'
table zero.csv t,to 0,A 0,A 0,B
runs 'all left at 0' 0 churn-destinations -f csv --time t --destination to zero.csv
is 'is one step' "$(printf '%s\n' "$out" | cut -d, -f1-6 | sed 1d)" '(all),0,A,3,2,0.6666666666666666
(all),0,B,3,1,0.3333333333333333'
table bad.csv user,start,end,destination u1,2025-01-01,2025-01-02,A u2,2025-01-05,2025-01-04,B
runs 'an end before its start' 1 churn-destinations bad.csv -o out.csv
is 'where and why' "$err" 'churn-destinations: bad.csv:3:3: end 2025-01-04, expected none before the start, 2025-01-05'
ok 'no output' test ! -e out.csv

# ---- Late entry ----------------------------------------------------------------------------------
table gap.csv from,to,where 0,3,A 5,8,B 6,9,
runs 'all left while others enter later' 0 churn-destinations -f csv --time to --destination where --entry from gap.csv
like 'is warned of by time' "$err" "group '\(all\)': all who were at risk at time 3 left"

# ---- Several spells of one user ------------------------------------------------------------------
# By hand: n at risk 4, then 2; the pair of user u leaves together, those of v and w do not. F_A is
# 1/2, with influences 2 (1 - 1/2)/4 of u and -1/8 each of v and w if both were one row; u has two rows
# of weight 1 each: (2 - 2/2)/4 = 1/4, v and w -1/2/4 each: variance 1/16 + 2/64.
table users.csv u,t,to u,1,A u,1,A v,2,B w,3,
runs 'spells by user' 0 churn-destinations -f csv --time t --destination to --cluster u --at 1 users.csv
like 'have larger errors' "$out" '^\(all\),1,A,0\.5,0\.306186217847897'
runs 'each by itself' 0 churn-destinations -f csv --time t --destination to --at 1 users.csv
like 'has the binomial one' "$out" '^\(all\),1,A,0\.5,0\.25,'
table nobody.csv u,t,to ,1,A v,2,
runs 'a spell of nobody' 1 churn-destinations --time t --destination to --cluster u nobody.csv
like 'is an error with its place' "$err" 'nobody\.csv:2:1: '
runs 'Greenwood by user' 2 churn-destinations --time t --destination to --cluster u --error greenwood users.csv
like 'is refused' "$err" '--error greenwood takes spells for independent; --cluster takes infinitesimal-jackknife'
runs 'a test by user' 2 churn-destinations --time t --destination to --group u --test gray --cluster u users.csv
runs 'verbose, by user' 0 churn-destinations -v -o x.csv --time t --destination to --cluster u users.csv
like 'names the error' "$err" "errors are of the kind 'infinitesimal-jackknife'"

# ---- Gray's test ---------------------------------------------------------------------------------
table one.csv t,to,g 1,A,x 2,B,x
runs 'one group to test' 1 churn-destinations --time t --destination to --test gray --group g one.csv
table two.csv t,to,g 1,A,x 2,B,x 3,A,y 4,,y 5,,x
runs 'two groups' 0 churn-destinations -f csv --time t --destination to --group g --test gray two.csv
is 'have a test for each destination' "$(printf '%s\n' "$out" | cut -d, -f1,2,4)" 'test,destination,df
gray,A,1
gray,B,1'
table alone.csv t,to,g 3,A,a 2,,b
runs 'a group alone at risk' 0 churn-destinations -f csv --time t --destination to --group g --test gray alone.csv
is 'has nothing to be compared with' "$out" 'test,destination,chi_square,df,p_value
gray,A,,0,'
like 'and is named' "$err" "destination 'A': [12] of 2 groups cannot be compared"
table strata.csv t,to,g,s 1,A,x,p 2,B,x,p 3,A,y,p 4,,y,p 1,A,x,q 2,B,x,q 3,A,y,q 4,,y,q 9,A,x,r
runs 'strata' 0 churn-destinations -f csv --time t --destination to --group g --strata s --test gray strata.csv
is 'are named' "$(printf '%s\n' "$out" | cut -d, -f1,2,4)" 'test,destination,df
stratified gray,A,1
stratified gray,B,1'
head -5 strata.csv >stratum.csv
churn-destinations -f csv --time t --destination to --group g --test gray stratum.csv >one.out
ok 'two alike and one with one group: twice the chi-square' test "$(printf '%s\n' "$out" | awk -F, '/,A,/ { printf "%.9f", $3 }')" = "$(awk -F, '/,A,/ { printf "%.9f", 2 * $3 }' one.out)"
runs 'strata without a test' 2 churn-destinations --time t --destination to --group g --strata s strata.csv
runs 'a test with late entry' 2 churn-destinations --time t --destination to --group g --entry t --test gray two.csv
runs 'a test without groups' 2 churn-destinations --time t --destination to --test gray two.csv
runs 'a chart of a test' 2 churn-destinations --time t --destination to --group g --test gray --chart x.svg two.csv

# ---- States over time ----------------------------------------------------------------------------
# By hand: after 3 days a is on both, b on T, c gone, d on T; after 10 a is back on T, b gone.
table back.csv user,platform,start,end a,T,2025-01-01,2025-01-05 a,R,2025-01-04,2025-01-08 a,T,2025-01-10, \
    b,T,2025-01-01,2025-01-05 b,T,2025-01-05,2025-01-09 b,T,2025-01-12,2025-01-15 c,R,2025-01-02,2025-01-04 \
    d,T,2025-01-03,2025-01-20
runs 'states over time' 0 churn-destinations -f csv --occupancy --at 0,3,10 back.csv
is 'have the share of users in each' "$(printf '%s\n' "$out" | cut -d, -f2-4)" 'time,state,share
0,(gone),0
0,R,0.25
0,R+T,0
0,T,0.75
3,(gone),0.25
3,R,0
3,R+T,0.25
3,T,0.5
10,(gone),0.5
10,R,0
10,R+T,0
10,T,0.5'
runs 'in sum' 0 churn-destinations -f csv --occupancy --summary --horizon 10 back.csv
is 'times add up to the horizon' "$(printf '%s\n' "$out" | cut -d, -f2-4)" 'state,users,mean_time
(gone),4,3
R,4,1.25
R+T,4,0.25
T,4,5.5'
runs 'beyond the last look' 0 churn-destinations -f csv --occupancy --at 30 back.csv
is 'nothing is known' "$(printf '%s\n' "$out" | cut -d, -f4 | sort -u)" '
share'
runs 'by the first platform' 0 churn-destinations -f csv --occupancy --group platform --at 0 back.csv
like 'c began on R' "$out" '^R,0,R,1,'
table lastday.csv user,platform,start,end a,T,2025-01-01, b,T,2025-01-05,
runs 'a user first seen on the last day' 0 churn-destinations -f csv --occupancy --at 0 lastday.csv
is 'is left out with a word' "$err" 'churn-destinations: 1 user is left out: first seen on the day of the last look'
# By hand: u leaves A for B on the day of the last look, and v begins B on it, staying on A.
table lastmove.csv user,platform,start,end u,A,2025-01-01,2025-01-05 u,B,2025-01-05, v,A,2025-01-01, v,B,2025-01-05,
runs 'moves on the last day' 0 churn-destinations -f csv --occupancy --at 4 lastmove.csv
is 'are seen' "$(printf '%s\n' "$out" | cut -d, -f3-4)" 'state,share
A,0
A+B,0.5
B,0.5'
runs 'with an earlier last look' 0 churn-destinations -f csv --occupancy --at 4 --as-of 2025-01-05 lastmove.csv
is 'as well' "$(printf '%s\n' "$out" | cut -d, -f3-4)" 'state,share
A,0
A+B,0.5
B,0.5'
table plus.csv user,platform,start,end a,A+B,2025-01-01,2025-01-05 b,A,2025-01-01,2025-01-08 b,B,2025-01-01,2025-01-08
runs 'a platform called as two others together' 1 churn-destinations --occupancy plus.csv -o out.csv
is 'is an error' "$err" "churn-destinations: found a platform whose state would be called 'A+B', as another state is; expected names that can be told apart: rename it"
ok 'without output' test ! -e out.csv
table plus.csv user,platform,start,end 'a,(gone),2025-01-01,2025-01-05' b,A,2025-01-01,2025-01-08
runs 'a platform called (gone)' 1 churn-destinations --occupancy plus.csv
like 'is none' "$err" "would be called '\(gone\)'"
for what in '--occupancy' '--occupancy --summary' '--occupancy --at 3' '--returns'; do
    printf 'user,platform,start,end\n' >none.csv
    # shellcheck disable=SC2086 # options are words
    runs "no users, $what" 0 churn-destinations -f csv $what none.csv
    is 'no rows' "$(printf '%s\n' "$out" | wc -l)" 1
done
runs "an error of another kind" 2 churn-destinations --occupancy --error aalen back.csv
runs 'half a day' 2 churn-destinations --occupancy --summary --horizon 2.5 back.csv
runs 'durations' 2 churn-destinations --occupancy --time t back.csv
runs 'without users' 1 churn-destinations --occupancy open.csv
like 'the column is asked for' "$err" "no column 'user'"
runs 'a chart of states' 0 churn-destinations --occupancy back.csv --chart states.svg -o states.csv
like 'has them all' "$(cat states.svg)" 'R\+T'

# By hand: a and d live together, and c with nobody. Of the share on T on day 0, 3/4, the influences of
# a home are the sums of its users': 1/16 each of a, b, d and -3/16 of c: (1/8)^2 + (1/16)^2 + (3/16)^2.
table homes.csv user,platform,start,end,home a,T,2025-01-01,2025-01-05,1 b,T,2025-01-01,2025-01-05,2 \
    c,R,2025-01-02,2025-01-04,3 d,T,2025-01-03,2025-01-20,1 a,R,2025-01-09,,1
runs 'users by home' 0 churn-destinations -f csv --occupancy --cluster home --at 0 homes.csv
like 'have errors over homes' "$out" '^\(all\),0,T,0\.75,0\.23385358667337'
sed '$s/1$/4/' homes.csv >moved.csv
runs 'a user in two homes' 1 churn-destinations --occupancy --cluster home moved.csv
is 'is named' "$err" "churn-destinations: user 'a' is in the clusters '1' and '4', expected one"
runs 'returns by home' 2 churn-destinations --returns --cluster home homes.csv
runs 'shares of time by home' 2 churn-destinations --occupancy --by-share --cluster home homes.csv

# ---- Returns -------------------------------------------------------------------------------------
# By hand: a left T after 4 days and was back after 5 more, still there 10 days later; b, whose first
# two spells touch, back after 3 and away again after 3; d left and was not back by the last day.
runs 'returns' 0 churn-destinations -f csv --returns --group platform back.csv
is 'are first absences and second stays' "$(printf '%s\n' "$out" | cut -d, -f1-7)" 'group,event,time,at_risk,events,censored,share
R,came back,12,2,0,1,0
R,came back,16,1,0,1,0
T,came back,0,3,0,1,0
T,came back,3,2,1,0,0.5
T,came back,5,1,1,0,1
T,left again,3,2,1,0,0.5
T,left again,10,1,0,1,0.5'
runs 'returns at certain days' 0 churn-destinations -f csv --returns --at 4,1 back.csv
is 'of all platforms' "$(printf '%s\n' "$out" | cut -d, -f2-4)" 'event,time,share
came back,1,0
came back,4,0.25
left again,1,0
left again,4,0.5'
runs 'returns with a chart' 0 churn-destinations -f csv --returns back.csv --chart x.gp
like 'of coming back and of leaving again' "$(cat x.gp)" "^array panel_name\[4\] = \['came back', 'left again', '', ''\]"
table left.csv user,platform,start,end a,T,2025-01-01,2025-01-05 b,T,2025-01-02,2025-01-09
runs 'nobody came back' 0 churn-destinations -f csv --returns left.csv --chart x.svg
for what in --summary '--at 3'; do
    # shellcheck disable=SC2086 # options are words
    runs "a chart of $what" 2 churn-destinations --occupancy $what back.csv --chart x.svg
    like 'says what there is' "$err" '--chart draws curves, of destinations, --occupancy or --returns'
done

# ---- By share of time ----------------------------------------------------------------------------
share() {
    churn-destinations -f csv --occupancy --by-share "$@"
}
# By hand: six users; eli comes a month later and is watched for two, all others for three. At age 3
# one of two leaves RedNote and one of two comes back: 1/2 (1/2), 1/3 (1/2) and the rest.
runs 'shares of time' 0 share "$DATA/tiny/minutes.csv"
is 'by age' "$(printf '%s\n' "$out" | cut -d, -f2-5)" 'age,state,at_risk,share
0,RedNote,0,0
0,mostly RedNote,1,0.16666666666666666
0,TikTok,5,0.8333333333333334
0,mostly TikTok,0,0
0,(gone),0,0
1,RedNote,0,0.16666666666666666
1,mostly RedNote,1,0.33333333333333337
1,TikTok,5,0.5
1,mostly TikTok,0,0
1,(gone),0,0
2,RedNote,1,0.5
2,mostly RedNote,2,0
2,TikTok,3,0
2,mostly TikTok,0,0.16666666666666666
2,(gone),0,0.3333333333333333
3,RedNote,2,0.25
3,mostly RedNote,0,0.16666666666666666
3,TikTok,0,0.16666666666666666
3,mostly TikTok,1,0
3,(gone),2,0.41666666666666663'
is 'without a word' "$err" ''
# R> survfit(Surv(from, to, after) ~ 1, r, id = id, istate = now, influence = TRUE)$std.err[3, ],
# r being the stays of these states by user: ada T 0-2, mT 2-3 and then mR, ...
ok 'with the errors that R has at age 3' awk -F, '
    BEGIN { r["RedNote"] = 0.204124145231932; r["mostly RedNote"] = r["TikTok"] = 0.152145154862546; r["(gone)"] = 0.225667733462110; r["mostly TikTok"] = 0 }
    $2 == 3 { n++; d = $6 - r[$3]; bad += d > 1e-14 || d < -1e-14 }
    END { exit !(n == 5 && !bad) }' tap.out
runs 'time in each state' 0 share "$DATA/tiny/minutes.csv" --summary
ok 'adds up to the four months seen' awk -F, 'NR > 1 { n++; sum += $4 } END { exit !(n == 5 && sum > 4 - 1e-12 && sum < 4 + 1e-12) }' tap.out
runs 'shares with a chart' 0 share "$DATA/tiny/minutes.csv" --chart x.gp
like 'of whole periods' "$(cat x.gp)" '^array x_max\[1\] = \[4\]'
sed 's/-12,/-12-31,/; s/-0\([123]\),/-0\1-02,/; 1s/period/date/' "$DATA/tiny/minutes.csv" >minutes-log.csv
runs 'a log' 0 share --verbose minutes-log.csv --summary
like 'in months' "$err" 'ages are periods of kind month'
like 'not over' "$err" '2025-03 is seen up to 2025-03-02 only'
share "$DATA/tiny/minutes.csv" --summary >panel.csv
share minutes-log.csv --summary --as-of 2025-03-31 >found.csv
same 'of a log the same as of a panel' found.csv panel.csv
runs 'in quarters' 0 share minutes-log.csv --period quarter --at 0,1
like 'there are two' "$out" '^.all.,1,mostly RedNote,0.4,'
cat >gaps.csv <<'END'
user,platform,period,minutes
a,A,2024,1
a,A,2027,1
b,A,2024,1
b,B,2026,1
c,A,2027,1
END
runs 'snapshots with gaps' 0 share gaps.csv
is 'age by the calendar' "$(printf '%s\n' "$out" | cut -d, -f2-5)" 'age,state,at_risk,share
0,A,2,1
0,B,0,0
0,(gone),0,0
2,A,2,0
2,B,0,0.5
2,(gone),0,0.5
3,A,0,0.5
3,B,1,0
3,(gone),1,0.5'
is 'who came last is left out' "$err" 'churn-destinations: 1 user is left out: first seen in the last period'
cat >ties.csv <<'END'
user,platform,period,minutes
a,A,2024,5
a,B,2024,5
a,A,2025,0
b,A,2024,0
END
runs 'ties and zeros' 0 share ties.csv
is 'as in churn-flows' "$(printf '%s\n' "$out" | cut -d, -f2-5)" 'age,state,at_risk,share
0,mostly A,1,1
0,(gone),0,0
1,mostly A,1,0
1,(gone),0,1'
like 'ties are counted' "$err" '^churn-destinations: 1 time a user spent as much on several platforms'
like 'zeros too' "$err" '^churn-destinations: 2 times a user has rows in a period but no minutes'
printf 'user,platform,period,minutes\na,X,2025,5\na,Y,2025,\n' >blank.csv
runs 'a row without minutes' 1 share blank.csv
like 'has its place' "$err" 'blank.csv:3:4: '
printf 'user,platform,period,minutes\na,(gone),2025,5\n' >gone.csv
runs 'a platform called (gone)' 1 share gone.csv
runs 'spells' 1 share back.csv
like 'say what is wanted' "$err" 'expected a log'
printf 'user,platform,period,minutes\n' >none.csv
runs 'nobody' 0 share none.csv
is 'no rows' "$out" 'group,age,state,at_risk,share,std_error,lower,upper'
cat >small.csv <<'END'
user,platform,period,minutes
a,A,2021,9
a,B,2022,9
a,C,2023,9
a,C,2024,5
a,A,2024,4
b,A,2021,9
b,C,2023,9
b,A,2024,9
c,A,2021,9
c,B,2022,6
c,C,2022,5
c,C,2023,5
c,B,2023,6
c,A,2024,9
END
runs 'one platform told apart' 0 share --top 1 --verbose small.csv
is 'moves between the others are none' "$(printf '%s\n' "$out" | cut -d, -f2-5)" 'age,state,at_risk,share
0,A,3,1
0,(other),0,0
0,mostly (other),0,0
0,(gone),0,0
1,A,3,0
1,(other),0,0.3333333333333333
1,mostly (other),0,0.3333333333333333
1,(gone),0,0.3333333333333333
2,A,0,0
2,(other),1,0.6666666666666666
2,mostly (other),1,0.3333333333333333
2,(gone),1,0
3,A,0,0.6666666666666666
3,(other),2,0
3,mostly (other),1,0.3333333333333333
3,(gone),0,0'
like 'and are told' "$err" '2 platforms put together as \(other\)'
awk 'BEGIN { print "user,platform,period,minutes"; for (i = 0; i < 21; i++) for (y = 2024; y < 2026; y++) printf "u%d,P%02d,%d,5\nv%d,P%02d,%d,5\nv%d,P%02d,%d,6\n", i, i, y, i, i, y, i, (i + 1) % 21, y }' >many.csv
runs 'more states than there may be' 1 share many.csv
like 'says what helps' "$err" 'more than 40 states.* --top'
runs 'with what helps' 0 share many.csv --top 3
runs 'shares of what' 2 churn-destinations --by-share "$DATA/tiny/minutes.csv"
# Each half of the file by itself is a group of the whole.
awk -F, -v OFS=, 'NR == 1 { print $0, "side", "kind" } NR > 1 { print $0, (/^[abe]/ ? "left" : "right"), (/^cao/ ? "" : "k") }' "$DATA/tiny/minutes.csv" >sides.csv
runs 'shares in groups' 0 share --group side sides.csv
cp tap.out sides-out.csv
for side in left right; do
    awk -F, -v side="$side" 'NR == 1 || $5 == side' sides.csv >half.csv
    share half.csv | sed "s/^(all)/$side/" | grep -v ',0,0,0,,$' >expected.csv
    { head -1 sides-out.csv; grep "^$side" sides-out.csv | grep -v ',0,0,0,,$'; } >found.csv
    same "$side" found.csv expected.csv
done
runs 'in two ways' 0 share --group side --group kind --at 0 sides.csv
is 'a missing one is one' "$(printf '%s\n' "$out" | sed 's/,0,.*//' | uniq)" 'group,age,state,share,std_error,lower,upper
"left, k"
"right, (missing)"
"right, k"'
cat >mixed.csv <<'END'
user,platform,period,minutes,g
a,A,2024,5,x
a,A,2024,4,y
a,B,2024,1,x
a,A,2025,9,y
b,B,2024,0,x
b,B,2025,3,y
b,C,2024,1,y
END
runs 'a user of two groups' 0 share --group g mixed.csv
is 'is in the first with any time, minutes are added up' "$(printf '%s\n' "$out" | cut -d, -f1-5)" 'group,age,state,at_risk,share
x,0,A,1,1
x,0,B,0,0
x,0,C,0,0
y,0,A,0,0
y,0,B,0,0
y,0,C,1,1
y,1,A,0,0
y,1,B,0,1
y,1,C,1,0'
runs 'half a period' 2 share --summary --horizon 1.5 "$DATA/tiny/minutes.csv"
like 'is named' "$err" "whole periods, found '1.5'"
synth-panel activity --set users=2000 --set multi_homing_share=0.5 --set days=200 -o log.csv
{ head -1 log.csv; sed 1d log.csv | sort -r; } >turned.csv
for what in '' --summary '--error greenwood' '--group platform'; do
    # shellcheck disable=SC2086 # options are words
    share $what --threads 1 log.csv >expected.csv 2>/dev/null
    # shellcheck disable=SC2086 # options are words
    share $what --threads 4 turned.csv >found.csv 2>/dev/null
    same "any threads and any order of rows $what" found.csv expected.csv
done

# ---- Many rows, threads and shards ---------------------------------------------------------------
awk 'BEGIN {
    srand(7)
    print "g,from,to,where,n"
    for (i = 0; i < 40000; i++) {
        from = int(rand() * 40) / 4
        w = int(rand() * 5)
        printf "group %d,%s,%s,%s,%d\n", rand() * 5, from, from + 0.25 + int(rand() * 300) / 4, w ? "place " w : "", 1 + rand() * 3
    }
}' </dev/null >big.csv
head -1 big.csv | tee first.csv second.csv >third.csv
sed -n '2,100p' big.csv >>second.csv
sed -n '101,20000p' big.csv >>first.csv
sed -n '20001,$p' big.csv >>third.csv
for what in '--entry from' '--entry from --summary' '--entry from --error infinitesimal-jackknife' \
    '--entry from --error infinitesimal-jackknife --summary' '--entry from --cluster n' \
    '--cluster from --summary' '--test gray' '--test gray --strata n'; do
    big() {
        # shellcheck disable=SC2086 # options are words
        churn-destinations -f csv --time to --destination where --weight n --group g $what "$@"
    }
    big --threads 1 big.csv >expected.csv
    ok "40,000 rows, $what" test "$(wc -l <expected.csv)" -ge 2
    for threads in 2 4; do
        big --threads "$threads" first.csv second.csv third.csv >found.csv
        same "$threads threads, three shards in another order: the same" found.csv expected.csv
    done
done

awk 'BEGIN {
    srand(8)
    print "user,platform,start,end,home"
    for (i = 0; i < 20000; i++) {
        day = int(rand() * 200)
        from = sprintf("2025-%02d-%02d", 1 + int(day / 28) % 12, 1 + day % 28)
        day += 1 + int(rand() * 60)
        to = rand() < 0.1 ? "" : sprintf("2025-%02d-%02d", 1 + int(day / 28) % 12, 1 + day % 28)
        user = int(rand() * 6000)
        printf "u%d,%s,%s,%s,%d\n", user, substr("ABC", 1 + int(rand() * 3), 1), from, to, user / 3
    }
}' </dev/null >big.csv
head -1 big.csv | tee first.csv >second.csv
sed -n '2,9000p' big.csv >>second.csv
sed -n '9001,$p' big.csv >>first.csv
for what in '--occupancy --group platform' '--occupancy --summary' '--returns' \
    '--occupancy --cluster home --summary'; do
    # shellcheck disable=SC2086 # options are words
    churn-destinations -f csv $what --threads 1 big.csv >expected.csv
    ok "20,000 spells, $what" test "$(wc -l <expected.csv)" -ge 2
    # shellcheck disable=SC2086 # options are words
    churn-destinations -f csv $what --threads 4 first.csv second.csv >found.csv
    same '4 threads, two shards in another order: the same' found.csv expected.csv
done

# ---- A truth that is known: the spells that synth-panel draws -------------------------------------
# Twenty files of 2,000 spells, three destinations and two segments, known at four days: 480
# intervals, of which 456 should hold the truth. The four days of a curve go together, so the spread
# is that of 120 draws and not of 480: 480 (0.95 - 3 sqrt(0.95 * 0.05 / 120)) = 427.
for seed in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
    synth-panel spells --set users=2000 --set shape=1.3 --set arrival_days=100 --seed $seed \
        --truth truth.csv -o spells.csv
    churn-destinations spells.csv --group segment --as-of 2026-01-01 --at 7,30,90,180 -o found.csv
    awk -F, '
        FNR == NR { if (sub(/^incidence /, "", $1)) truth[$1, $2, $3] = $4; next }
        FNR > 1 { t = truth[$3, $1, $2]; print t != "" && $6 <= t && t <= $7 }
    ' truth.csv found.csv
done >holds
is 'an interval at each day, destination, segment and file' "$(wc -l <holds)" 480
ok "the known incidence is in $(grep -c 1 holds) of 480 intervals" test "$(grep -c 1 holds)" -ge 427
# Segments that leave at different rates differ in every destination; those that do not, do not.
synth-panel spells --set users=20000 -o spells.csv
churn-destinations spells.csv --group segment --as-of 2026-01-01 --test gray >test.csv
ok 'segments that differ are told apart' awk -F, 'NR > 1 && !($5 < 1e-4) { exit 1 }' test.csv
synth-panel spells --set users=20000 --set hazard_ratio_b=1 -o spells.csv
churn-destinations spells.csv --group segment --as-of 2026-01-01 --test gray >test.csv
ok 'segments that do not are not' awk -F, 'NR > 1 && !($5 > 0.001) { exit 1 }' test.csv
finish
