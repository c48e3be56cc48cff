# SPDX-License-Identifier: GPL-3.0-or-later
. "$TESTS/lib/tap.sh"
tool=$BIN/rank-simulate
tiny=$DATA/tiny/simulation.csv

pick() { # file, period, platform, tier, measure: the mean
    awk -F, -v key="$2,$3,$4,$5" '$1 "," $2 "," $3 "," $4 == key { print $5 }' "$1"
}

# ---- What it writes ------------------------------------------------------------------------------
runs 'a small world' 0 "$tool" --platforms TikTok,RedNote --replications 1 "$tiny" -o world.csv
is 'columns' "$(head -1 world.csv)" 'period,platform,tier,measure,mean,std_error,lower,median,upper'
is 'as many periods as asked for' "$(sed 1d world.csv | cut -d, -f1 | sort -nu | tr '\n' ' ')" '1 2 3 4 '
is 'platforms and states' "$(sed 1d world.csv | cut -d, -f2 | sort -u | tr '\n' ' ')" '(gone) RedNote TikTok TikTok+RedNote '
is 'tiers from the lowest up' "$(grep '^1,TikTok,.*,creators,' world.csv | cut -d, -f3 | tr '\n' ' ')" '(all) nano micro mid macro mega '

runs 'one measure' 0 "$tool" --platforms TikTok,RedNote --replications 1 --measure gini "$tiny" -o gini.csv
is 'is what all of them say of it' "$(sed 1d gini.csv)" "$(grep ',gini,' world.csv)"
refuse_measure() {
    runs "measure '$1' is refused" 2 "$tool" --measure "$1" "$tiny"
    like 'with what is meant' "$err" "$2"
}
refuse_measure gni "unknown measure 'gni', did you mean 'gini'"
refuse_measure wealth "unknown measure 'wealth', expected one of those that --help lists"

# 200 users, 5 sessions of 10 items each; one replication, so that every figure is one world's.
for period in 1 2 3 4; do
    a=$(pick world.csv $period TikTok '(all)' users)
    b=$(pick world.csv $period RedNote '(all)' users)
    both=$(pick world.csv $period TikTok+RedNote '(all)' users)
    gone=$(pick world.csv $period '(gone)' '(all)' users)
    is "period $period: nobody is lost" $((a + b - both + gone)) 200
    sessions=$(pick world.csv $period TikTok '(all)' sessions)
    other=$(pick world.csv $period RedNote '(all)' sessions)
    is "period $period: five sessions each" $((sessions + other)) $(((200 - gone) * 5))
    is "period $period: ten items a session" "$(pick world.csv $period TikTok '(all)' exposures)" $((sessions * 10))
done
is 'a mean over one world is its bounds' "$(awk -F, 'NR > 1 && ($5 != $7 || $5 != $8 || $5 != $9 || $6 != "")' world.csv)" ''

runs 'exact money' 0 "$tool" --replications 1 --set arpu_a=0.1 --set revenue_share_a=0 \
    --set payout_per_thousand_a=0.3 "$tiny" -o money.csv
sessions=$(pick money.csv 3 A '(all)' sessions)
is 'revenue is a fifth of the ARPU a session' "$(pick money.csv 3 A '(all)' revenue)" \
    "$(awk -v s="$sessions" 'BEGIN { print s / 50 }')"
ok 'payout is what a thousand exposures cost, but for rounding' \
    awk -v s="$sessions" -v paid="$(pick money.csv 3 A '(all)' paid)" \
    'BEGIN { due = s * 10 * 0.3 / 1000; exit !(paid <= due + 1e-9 && paid > due - 1e-4) }'

# ---- Parameters ----------------------------------------------------------------------------------
"$tool" --parameters -o defaults.csv
printf 'parameter,value\n' >nothing.csv
set -- --periods 2 --replications 2 --set users=100
runs 'the defaults are a scenario' 0 "$tool" "$@" defaults.csv -o given.csv
runs 'and are the defaults' 0 "$tool" "$@" nothing.csv -o assumed.csv
same 'with the same result' given.csv assumed.csv

"$tool" --parameters -f tsv | awk -F'\t' 'NR > 1 { printf "| `%s` | %s | %s to %s | %s | %s |\n", $1, $2, $3, $4, $5, $6 }' >said
grep -Fxf said "$TESTS/../docs/rank-simulate.md" >shown
same 'the page lists every parameter as it is' shown said

refuse() { # name, status, what it says, arguments...
    name=$1 status=$2 says=$3
    shift 3
    runs "$name is refused" "$status" "$tool" "$@" -o left.csv
    like "$name: what is wrong" "$err" "$says"
    ok "$name: nothing left" test ! -e left.csv
}
bad() { # name, row, what it says
    printf 'parameter,low,value,high,unit,source\nperiods,,2,,,\n%s\n' "$2" >bad.csv
    refuse "$1" 1 "$3" bad.csv
}
bad 'an unknown parameter' 'shock_user,,5,,,' "bad.csv:3:1: unknown parameter 'shock_user', did you mean 'shock_users'"
bad 'a share above 1' 'user_share_b,,1.2,,,' 'bad.csv:3:3: user_share_b is 1.2, expected 0 to 1'
bad 'a rate above 1' 'user_adopt,,1.5,,,' 'bad.csv:3:3: user_adopt is 1.5, expected 0 to 0.99'
bad 'no creators' 'creators,,0,,,' 'bad.csv:3:3: creators is 0, expected 1 to 1000000'
bad 'half a user' 'users,,10.5,,,' 'users is 10.5, expected a whole number'
bad 'an uncertain size' 'users,1,2,3,,' 'bad.csv:3:2: users has a low and a high, expected neither'
bad 'shares above 1' 'user_share_none,,0.9,,,' 'bad.csv:3: user_share_b to user_share_none add up to 1.05 at their highest'
bad 'shares of sales above 1' 'shop_commission,,0.99,,,' 'bad.csv:3: shop_fee to shop_commission add up to 1.04'
bad 'a ban that ends before it begins' 'ban_end,,3,,,
ban_period,,3,,,' 'bad.csv:4: ban_end is not after ban_period'
bad 'paying more than there is' 'payout_period,,3,,,
payout_factor,,11,,,' 'bad.csv:4: revenue_share_a times payout_factor is above 1'
bad 'a share of speakers above 1' 'language_2_users_b,,1.5,,,' 'bad.csv:3:3: language_2_users_b is 1.5, expected 0 to 1'
bad 'an unknown language' 'language_5_users_b,,0.5,,,' "bad.csv:3:1: unknown parameter 'language_5_users_b', did you mean 'language_[24]_users_b'"
bad 'speakers of more than all languages' 'language_2_users_a,,0.7,,,
language_3_users_a,,0.4,,,' 'bad.csv:4: language_2_users_a to language_4_users_a add up to 1.1'
bad 'fewer candidates than places' 'candidates,,5,,,' 'bad.csv:3: candidates is below slate'
bad 'more leavers than users' 'shock_users,,1501,,,
shock_period,,1,,,' 'a shock to 1501 users, expected at most the 1500'
bad 'more leavers than users at most' 'shock_users,5,10,1600,,
shock_period,,1,,,' 'a shock to 1600 users, expected at most the 1500'
refuse 'an unknown parameter on the command line' 2 "unknown parameter 'arpu', did you mean 'arpu_a'" --set arpu=1 "$tiny"
refuse 'a contradiction on the command line' 2 'candidates is below slate' --set candidates=9 "$tiny"

# ---- Policies and platforms ----------------------------------------------------------------------
refuse 'an unknown policy' 2 "unknown policy 'popular', did you mean 'popularity'" --policy popular "$tiny"
refuse 'an unknown policy of B' 2 "unknown policy 'forme'" --policy foryou,forme "$tiny"
refuse 'three policies' 2 'expected one or two names' --policy random,random,random "$tiny"
refuse 'an empty policy' 2 'expected one or two names' --baseline random, "$tiny"
refuse 'one platform' 2 'expected two different names' --platforms TikTok "$tiny"

for policy in random popularity following foryou viability transparent pools popularity,foryou; do
    runs "policy $policy" 0 "$tool" --replications 6 --policy "$policy" "$tiny" -o "$policy.csv"
done
"$tool" --replications 6 --policy foryou,foryou "$tiny" -o pair.csv
same 'one name stands for both' foryou.csv pair.csv
utility() { pick "$1.csv" 4 A '(all)' utility; }
ok 'learnt interests are worth more than what is popular, and that more than chance' \
    awk -v a="$(utility foryou)" -v b="$(utility popularity)" -v c="$(utility random)" \
    'BEGIN { exit !(a > b && b > c) }'
is 'rules meet the same users' "$(grep '^1,.*,users,' random.csv)" "$(grep '^1,.*,users,' foryou.csv)"
# With nobody on both, whose sessions would go where they are worth more.
alone() { "$tool" --replications 6 --periods 1 --set user_share_both=0 --policy "$1" "$tiny" -o alone.csv && pick alone.csv 1 B '(all)' utility; }
is 'B is ranked as before where only A changes' "$(alone popularity,foryou)" "$(alone foryou)"

"$tool" --replications 6 --seed 2 "$tiny" -o seed2.csv
ok 'another seed, another world' sh -c '! cmp -s foryou.csv seed2.csv'

# ---- Languages -----------------------------------------------------------------------------------
cat >languages.csv <<'END'
parameter,low,value,high,unit,source
language_2_users_b,,0.5,,,
language_2_creators_b,,0.4,,,
language_penalty,1,2,3,,
device_language,,1,,,
END
set -- --platforms TikTok,RedNote --languages English,中文 --replications 5
runs 'two languages' 0 "$tool" "$@" "$tiny" languages.csv -v -o spoken.csv
like 'are said' "$err" 'English: 1 of the users and 1 of the creators on TikTok only, 0.5 and 0.6 on RedNote'
like 'are said, both' "$err" '中文: 0 of the users and 0 of the creators on TikTok only, 0.5 and 0.4 on RedNote'
is 'are named as they were' "$(grep '^1,RedNote,.*,utility,' spoken.csv | cut -d, -f3 | tr '\n' ' ')" '(all) English 中文 '
is 'users have one of them' "$(awk -F, '$4 == "users" { sum[$1 $2] += $3 == "(all)" ? -$5 : $5 } END { for (i in sum) if (sum[i] ^ 2 > 1e-9) print i }' spoken.csv)" ''
is 'exposures match by language' "$(grep -c '^1,.*,language_match,' spoken.csv)" 6
runs 'unnamed ones' 0 "$tool" --replications 5 "$tiny" languages.csv -o numbered.csv
sed 's/TikTok+RedNote/A+B/; s/,TikTok,/,A,/; s/,RedNote,/,B,/; s/English/language 1/; s/中文/language 2/' spoken.csv >renamed.csv
same 'are numbered' numbered.csv renamed.csv
runs 'two languages with classes' 0 "$tool" "$@" --set class_2_share=0.2 "$tiny" languages.csv --measure users -o both.csv
is 'stand behind these' "$(grep '^1,RedNote,' both.csv | cut -d, -f3 | tr '\n' ' ')" '(all) class 1 class 2 English 中文 '
runs 'a term of the device' 0 "$tool" "$@" --explain 190 "$tiny" languages.csv -o why.csv
is 'is in each score' "$(grep -c ',language,' why.csv)" "$(grep -c ',popularity,' why.csv)"
runs 'saving with languages' 0 "$tool" "$@" --save-state spoken.state "$tiny" languages.csv -o saved.csv
same 'changes nothing' spoken.csv saved.csv
head -c 20000 spoken.state >cut.state
runs 'going on with languages' 0 "$tool" "$@" --resume cut.state --threads 3 -v "$tiny" languages.csv -o saved.csv
like 'takes what there is' "$err" "[1-4] of 5 worlds taken from 'cut.state'"
same 'and gives the same bytes' spoken.csv saved.csv
runs 'a chart by language' 0 "$tool" "$@" --measure utility "$tiny" languages.csv -o /dev/null --chart spoken.svg
ok 'names them' grep -q '中文' spoken.svg
runs 'a penalty in one language' 0 "$tool" --replications 1 --set language_penalty=2 "$tiny" -o alone.csv
like 'is warned of' "$err" 'language_penalty is above 0 but there is one language: it has no effect'
"$tool" --replications 1 "$tiny" -o plain.csv
same 'and changes nothing' alone.csv plain.csv

refuse_languages() { # names, what it says
    runs "languages '$1' are refused" 2 "$tool" --languages "$1" "$tiny" languages.csv
    like "languages '$1': what is wrong" "$err" "$2"
}
refuse_languages English "option '--languages' has 1 names, expected 2"
refuse_languages English,English "option '--languages' has 'English' twice"
refuse_languages English, "option '--languages' is 'English,', expected names with commas between"
refuse_languages a,b,c,d,e "option '--languages' has more than 4 names"
runs 'a language named as a class' 2 "$tool" --languages 'English,class 1' --set class_2_share=0.1 "$tiny" languages.csv
like 'is refused' "$err" "'class 1' is a language and a class of users"
runs 'matches in one language' 2 "$tool" --measure language_match "$tiny"
like 'are refused' "$err" "measure 'language_match' is of several languages, and there is one"

# ---- Explaining ----------------------------------------------------------------------------------
runs 'what a user is shown, and why' 0 "$tool" --policy transparent,random --replications 2 --explain 7 "$tiny" -o why.csv
is 'columns of it' "$(head -1 why.csv)" 'platform,place,creator,tier,term,value,share'
is 'seven terms for each of ten places' "$(grep -c '^A,' why.csv)" 70
is 'shares add up to 1 at each place' "$(awk -F, '/^A,/ { sum[$2] += $7 } END { for (i in sum) if (sum[i] < 0.99999 || sum[i] > 1.00001) print i, sum[i] }' why.csv)" ''
# B shows 10 of all its items.
is 'chance is all that decides by chance' "$(grep '^B,' why.csv | cut -d, -f5,7 | sort | uniq -c | tr -s ' ')" ' 10 chance,'
runs 'why pools show it' 0 "$tool" --policy pools,following --replications 1 --explain 7 "$tiny" -o pools.csv
is 'each place by what it is drawn by, or by whom is followed' "$(awk -F, '$1 == "A" { terms[$2] = terms[$2] " " $5 }
    END { for (i in terms) if (terms[i] != " pool views_left chance interest" && terms[i] != " following") print i terms[i] }' pools.csv)" ''
is 'facts have no share' "$(grep -c '^A,.*,$' pools.csv)" "$(grep -c '^A,' pools.csv)"
is 'following has a score' "$(grep '^B,1,' pools.csv | cut -d, -f5 | tr '\n' ' ')" 'following popularity '
runs 'one replication says the same' 0 "$tool" --policy transparent,random --replications 1 --explain 7 "$tiny" -o again.csv
same 'as it is of the first world' why.csv again.csv
refuse 'a parameter set twice' 2 "'users=100' and 'users=120' set the same, expected one of them" --set users=100 --set users=120 "$tiny"
refuse 'one file for worlds and result' 2 "'left.csv' is to hold both the worlds and the result" --save-state left.csv "$tiny"
refuse 'more money than there are numbers for' 1 'expected below 9.2e12: count money in thousands or millions' --set arpu_a=1000000 --set user_weight=1000000000 "$tiny"
runs 'names with blanks between' 0 "$tool" --platforms 'TikTok, RedNote' --policy 'foryou, pools' --replications 1 "$tiny" -o blanks.csv
is 'are names without' "$(cut -d, -f2 blanks.csv | sort -u | tr '\n' ' ')" '(gone) RedNote TikTok TikTok+RedNote platform '
runs 'a shock after the end' 0 "$tool" --replications 1 --set periods=1 "$tiny" -o late.csv
like 'is warned of' "$err" 'shock_period is 2, after the last of 1 periods: it does not take place'
runs 'more leavers than users in no shock' 0 "$tool" --replications 1 --set users=10 --set shock_period=0 "$tiny" -o small.csv
is 'are nothing to speak of' "$err" ''
runs 'leavers without a period' 0 "$tool" --replications 1 --set shock_users=5 nothing.csv -o small.csv
like 'are warned of' "$err" 'shock_users is 5 but there is no shock_period: nobody is pushed'
runs 'a run that is cut short' 0 "$tool" --replications 1 --periods 1 "$tiny" -o late.csv
is 'is not' "$err" ''
runs 'and says so when asked' 0 "$tool" --replications 1 --periods 1 -v "$tiny" -o late.csv
like 'what is left out' "$err" 'shock_period is 2, after the last of 1 periods'
runs 'what a shock after the end costs' 0 "$tool" --loss --replications 1 --periods 1 "$tiny" -o late.csv
like 'is nothing, with a warning' "$err" 'no shock within the periods: nothing is lost'
refuse 'a user who is not there' 2 "option '--explain' is 200, expected below the 200 users" --explain 200 "$tiny"

# ---- Calibration ---------------------------------------------------------------------------------
cat >arpu.csv <<'END'
platform,period,users,arpu,arpu_lower,arpu_upper
TikTok,2024-12,100,9,9,9
TikTok,2025-01,100,2.5,2.5,2.5
END
cat >tiers.csv <<'END'
tier,period,creators,entered,promoted_in,demoted_in,promoted_out,demoted_out,left
small,2024-12,900,,,,,,
large,2024-12,100,,,,,,
small,2025-01,905,45,0,10,10,0,40
large,2025-01,95,0,10,0,0,10,5
END
cat >survival.csv <<'END'
group,time,at_risk,events,censored,survival,std_error,lower,upper
TikTok,100,50,5,0,0.9,0.04,,
(all),100,80,16,0,0.8,0.04,,
END
runs 'calibrated by three tools' 0 "$tool" --platforms TikTok,RedNote --arpu arpu.csv \
    --tiers tiers.csv --survival survival.csv --set period_days=50 --set shock_period=0 \
    --set recency=1 --replications 40 -v "$tiny" -o calibrated.csv
like 'ARPU is said' "$err" 'TikTok: ARPU 2.5, standard error 0 \(arpu-loss\)'
like 'mobility is said' "$err" 'tier large: 95 creators; of 100 at risk 0 promoted, 10 demoted, 5 left; 0 entered'
# S = 0.9 in 100 days: 1 - sqrt(0.9) in 50.
like 'hazards are said' "$err" 'TikTok: users leave at 0.05132 per period of 50 days'
like 'the hazard of all where a platform has none' "$err" 'RedNote: users leave at 0.1056 per period of 50 days'
is 'tiers are those of the file' "$(grep '^1,TikTok,.*,creators,' calibrated.csv | cut -d, -f3 | tr '\n' ' ')" '(all) small large '
is 'revenue has its ARPU' "$(pick calibrated.csv 2 TikTok '(all)' revenue)" \
    "$(awk -v s="$(pick calibrated.csv 2 TikTok '(all)' sessions)" 'BEGIN { x = sprintf("%.6f", s / 5 * 2.5); sub(/\.?0+$/, "", x); print x }')"
# 150 users on TikTok, of whom 0.0513 are expected to leave: 7.7, with a spread of 2.7 and the
# error of the hazard in each of 40 worlds.
ok 'users leave at the measured rate' awk \
    -v other="$(pick calibrated.csv 1 TikTok '(all)' user_exits_other)" \
    -v gone="$(pick calibrated.csv 1 TikTok '(all)' user_exits_gone)" \
    'BEGIN { left = other + gone; exit !(left > 5.2 && left < 11.2) }'

printf 'month,users_lost,revenue_lost\n1,40,50\n2,40,50\n' >loss.csv
runs 'users lost are the shock' 0 "$tool" --arpu loss.csv -v --replications 2 "$tiny" -o /dev/null
like 'and said' "$err" 'the shock pushes 40 users off A \(arpu-loss\)'
runs 'users lost without a shock' 0 "$tool" --arpu loss.csv --set shock_period=0 --replications 2 "$tiny" -o /dev/null
like 'are warned of' "$err" 'shock_period is 0'
printf 'month,users_lost\n1,4000\n' >loss.csv
refuse 'a loss larger than the platform' 1 'a shock to 4000 users, expected at most the 150' --arpu loss.csv "$tiny"
refuse 'a calibration of other platforms' 1 "no row of platform 'A' or 'B'" --arpu arpu.csv "$tiny"
printf 'platform,period,users,arpu\nTikTok,2025-01,10,2\nRednote,2025-01,10,1\n' >typo.csv
runs 'a platform spelt otherwise' 0 "$tool" --platforms TikTok,RedNote --arpu typo.csv --replications 1 --periods 1 "$tiny" -o /dev/null
like 'is warned of' "$err" "ARPU: no platform 'RedNote', did you mean 'Rednote'"
printf 'from,to,users\nTikTok,Rednote,5\nTikTok,(gone),3\n' >typo.csv
runs 'a destination spelt otherwise' 0 "$tool" --platforms TikTok,RedNote --flows typo.csv --replications 1 --periods 1 "$tiny" -o /dev/null
like 'is warned of, too' "$err" "flows: no platform 'RedNote', did you mean 'Rednote'"
printf 'platform,period,users,arpu\nTikTok,2025-01,10,2\n' >alone.csv
runs 'a platform that a file says nothing of' 0 "$tool" --platforms TikTok,RedNote --arpu alone.csv --replications 1 "$tiny" -o /dev/null
is 'stays as the scenario says without a word' "$err" ''
refuse 'a calibration that is not there' 3 "cannot open 'none.csv'" --tiers none.csv "$tiny"
sed 's/,40$/,-40/' tiers.csv >negative.csv
refuse 'a count below 0' 1 'negative.csv:4:9: left is -40' --tiers negative.csv "$tiny"

cat >empty-tier.csv <<'END'
tier,period,creators,entered,promoted_in,demoted_in,promoted_out,demoted_out,left
small,2024-12,900,,,,,,
huge,2024-12,0,,,,,,
small,2025-01,905,45,0,0,0,0,40
huge,2025-01,0,0,0,0,0,0,0
END
refuse 'a tier that no one can reach' 1 "empty-tier.csv:3:1: no one can reach tier 'huge'" --tiers empty-tier.csv "$tiny"

runs 'where leavers go, from spells' 0 "$BIN/churn-flows" --departures "$DATA/tiny/spells.csv" -o flows.csv
runs 'destinations from a file' 0 "$tool" --platforms TikTok,RedNote --flows flows.csv --replications 1 -v "$tiny" -o /dev/null
like 'are said' "$err" 'TikTok: of 4 who left 2 went to the other platform \(churn-flows\)'
cat >pooled.csv <<'END'
step,from,to,transitions,share
x,TikTok,RedNote,5,0.1
x,TikTok,Other+RedNote,3,0.1
x,TikTok,RedNote+TikTok,9,0.1
x,TikTok,(gone),2,0.1
x,(new),RedNote,7,1
END
runs 'destinations of a pooled matrix' 0 "$tool" --platforms TikTok,RedNote --flows pooled.csv --replications 1 -v "$tiny" -o /dev/null
like 'are those who left' "$err" 'TikTok: of 10 who left 8 went'
refuse 'destinations of nobody' 1 "flows: nobody left 'A' or 'B'" --flows pooled.csv "$tiny"
refuse 'destinations that are none' 1 "flows: no column 'users' or 'transitions'" --flows "$tiny" "$tiny"

# ---- What shocks cost ----------------------------------------------------------------------------
runs 'what the shock costs' 0 "$tool" --loss --replications 4 "$tiny" -o loss-out.csv
is 'columns of the loss' "$(head -1 loss-out.csv)" 'period,platform,tier,measure,lost,std_error,lower,median,upper'
is 'nothing before it' "$(awk -F, '$1 < 2 && ($5 != 0 && $5 != "")' loss-out.csv)" ''
"$tool" --replications 4 "$tiny" -o with.csv
"$tool" --replications 4 --set shock_period=0 "$tiny" -o without.csv
is 'revenue without less revenue with it' "$(pick loss-out.csv 4 A '(all)' revenue)" \
    "$(awk -v a="$(pick without.csv 4 A '(all)' revenue)" -v b="$(pick with.csv 4 A '(all)' revenue)" 'BEGIN { x = sprintf("%.6f", a - b); sub(/\.?0+$/, "", x); print x }')"
"$BIN/rank-compare" --replications 4 --policy foryou --case calm:shock_period=0 --measure users "$tiny" -o calm-users.csv
is 'users as rank-compare has them' "$(grep '^4,A,(all),users,' loss-out.csv | cut -d, -f5,6)" "$(grep '^4,A,' calm-users.csv | cut -d, -f10,11)"
runs 'no shock' 0 "$tool" --loss --replications 2 --set shock_period=0 "$tiny" -o nothing-lost.csv
like 'is said to be none' "$err" 'no shock within the periods: nothing is lost'
is 'costs nothing' "$(awk -F, 'NR > 1 && $5 != 0 && $5 != ""' nothing-lost.csv)" ''
refuse 'a loss of an explanation' 2 "'--loss'" --loss --explain 3 "$tiny"

# ---- Classes of users ----------------------------------------------------------------------------
runs 'two classes of users' 0 "$tool" --replications 1 --set class_2_share=0.2 --set class_2_arpu=9 \
    --set class_2_leave=0.5 "$tiny" -o classes.csv
is 'are listed by users and what they bring' "$(grep '^4,A,' classes.csv | cut -d, -f3,4 | grep '^class 2' | cut -d, -f2 | tr '\n' ' ')" \
    'users user_arrivals user_returns user_exits_other user_exits_gone arpu_revenue sessions '
# Shares 0.8 and 0.2, spending 1 and 9: means of 2.6.
is 'they bring what they spend a session' "$(awk -F, '$1 == 3 && $2 == "A" && $3 != "(all)" && ($4 == "sessions" || $4 == "arpu_revenue") { x[$4 $3] = $5 }
    END { printf "%.4f\n", x["arpu_revenueclass 2"] / x["sessionsclass 2"] / (x["arpu_revenueclass 1"] / x["sessionsclass 1"]) }' classes.csv)" 9.0000
cat >segments.csv <<'END'
platform,segment,period,users,revenue
TikTok,free,2025-01,900,900
TikTok,paying,2025-01,100,1100
RedNote,free,2025-01,100,50
END
"$BIN/arpu-table" --group segment segments.csv -o arpu-segments.csv
cat >segment-survival.csv <<'END'
group,time,at_risk,events,censored,survival,std_error
"TikTok, paying",100,50,5,0,0.5,0.0001
END
runs 'classes from segments' 0 "$tool" --platforms TikTok,RedNote --arpu arpu-segments.csv --class segment \
    --survival segment-survival.csv --replications 2 -v "$tiny" -o segments-out.csv
like 'are said' "$err" 'TikTok, paying: 100 users, ARPU 11'
like 'with their rates of leaving' "$err" 'TikTok, paying: users leave at 0.1902 per period'
is 'are named as they are' "$(grep '^1,TikTok,.*,users,' segments-out.csv | cut -d, -f3 | tr '\n' ' ')" '(all) free paying '
is 'and have their shares' "$(grep '^1,TikTok,paying,users,' segments-out.csv | cut -d, -f5)" 15
refuse 'a class without ARPU' 2 "option '--class' needs" --class segment "$tiny"
refuse 'a class that is no column' 1 "'segmnt'.*did you mean 'segment'" --platforms TikTok,RedNote --arpu arpu-segments.csv --class segmnt "$tiny"
refuse 'classes twice' 1 'classes of users in the scenario' --platforms TikTok,RedNote --arpu arpu-segments.csv --class segment --set class_2_share=0.1 "$tiny"
refuse 'revenue by class of one class' 2 "measure 'arpu_revenue' is of classes of users" --measure arpu_revenue "$tiny"
bad 'classes above 1' 'class_2_share,,0.7,,,
class_3_share,,0.5,,,' 'bad.csv:4: class_2_share to class_4_share add up to 1.2'

# ---- Moves between tiers, and destinations, from the tools that measure them ----------------------
runs 'moves of a panel' 0 "$BIN/tier-mobility" --tiers small:0,large:50000 "$DATA/tiny/creator-panel.csv" -o moves.csv
runs 'moves from a file' 0 "$tool" --mobility moves.csv --replications 2 -v "$tiny" -o moved.csv
like 'are said' "$err" 'tier small: 8 creators; of 9 at risk 2 promoted, 0 demoted, 2 left; 2 entered \(tier-mobility\)'
is 'tiers are those of the moves' "$(grep '^1,A,.*,creators,' moved.csv | cut -d, -f3 | tr '\n' ' ')" '(all) small large '
runs 'tiers and their moves' 0 "$tool" --tiers tiers.csv --mobility moves.csv --replications 2 -v "$tiny" -o moved.csv
like 'sizes are those of the tiers' "$err" 'tier large: 95 creators; of 3 at risk 0 promoted, 1 demoted, 0 left'
sed 's/large/lagre/' moves.csv >other.csv
refuse 'moves between other tiers' 1 "other.csv:3:3: tier 'lagre' is not one of those of --tiers, did you mean 'large'" --tiers tiers.csv --mobility other.csv "$tiny"
"$BIN/tier-mobility" --stayers --tiers small:0,large:50000 "$DATA/tiny/creator-panel.csv" -o stayers.csv
refuse 'moves of stayers only' 1 "expected the output of tier-mobility without --stayers" --mobility stayers.csv "$tiny"
"$BIN/tier-mobility" --stationary --tiers small:0,large:50000 "$DATA/tiny/creator-panel.csv" -o stationary.csv
refuse 'the long run for moves' 1 "stationary.csv.*'from'" --mobility stationary.csv "$tiny"

runs 'incidence by platform' 0 "$BIN/churn-destinations" --group platform "$DATA/tiny/spells.csv" -o gone.csv
runs 'destinations from incidence' 0 "$tool" --platforms TikTok,RedNote --destinations gone.csv --replications 1 -v "$tiny" -o /dev/null
like 'are those of the spells' "$err" 'TikTok: of 4 who left 2 went to the other platform \(churn-destinations\)'
"$BIN/churn-destinations" "$DATA/tiny/spells.csv" -o all.csv
# Synthetic spells of users who began together, nobody censored before the end: incidences stand for
# the very counts that churn-flows has, and 0.6 of leavers go to RedNote. Then with users who began
# over most of the time seen.
went() { printf '%s\n' "$err" | sed -n 's/.*TikTok: of \(.*\) who left \(.*\) went to the other.*/\1 \2/p'; }
"$BIN/synth-panel" spells --seed 3 --set users=8000 -o together.csv
"$BIN/churn-flows" --departures together.csv -o together-flows.csv
"$BIN/churn-destinations" together.csv --group platform --as-of 2026-01-01 -o together-gone.csv
runs 'counts of synthetic leavers' 0 "$tool" --platforms TikTok,RedNote --flows together-flows.csv --periods 1 --replications 1 -v "$tiny" -o /dev/null
counted=$(went)
runs 'their incidences' 0 "$tool" --platforms TikTok,RedNote --destinations together-gone.csv --periods 1 --replications 1 -v "$tiny" -o /dev/null
is 'stand for these counts' "$(went)" "$counted"
near_share() { echo "$1" | awk '{ p = $2 / $1; exit !($1 > 1000 && (p - 0.6) ^ 2 < 16 * 0.24 / $1) }'; }
ok 'of whom the share that was put in went to RedNote' near_share "$counted"
"$BIN/synth-panel" spells --seed 4 --set users=8000 --set arrival_days=300 -o later.csv
"$BIN/churn-destinations" later.csv --group platform --as-of 2026-01-01 -o later-gone.csv
runs 'incidences of users who began later' 0 "$tool" --platforms TikTok,RedNote --destinations later-gone.csv --periods 1 --replications 1 -v "$tiny" -o /dev/null
ok 'have the share that was put in' near_share "$(went)"
ok 'and stand for fewer leavers than all users' test "$(went | cut -d. -f1 | cut -d' ' -f1)" -lt 8000

# Of synthetic creators 0.005 a month are promoted and 0.03 leave.
"$BIN/synth-panel" creators --seed 5 -o creators.csv
"$BIN/tier-mobility" creators.csv -o creators-moves.csv
runs 'moves of synthetic creators' 0 "$tool" --mobility creators-moves.csv --periods 1 --replications 1 -v "$tiny" -o /dev/null
printf '%s\n' "$err" >said-moves
ok 'have the chances that were put in' awk '/tier nano:/ { match($0, /of [0-9]+ at risk [0-9]+ promoted, [0-9]+ demoted, [0-9]+ left/)
    split(substr($0, RSTART, RLENGTH), w, " "); n = w[2]; p = w[5] / n; l = w[9] / n
    found = n > 10000 && (p - 0.005) ^ 2 < 16 * 0.005 / n && (l - 0.03) ^ 2 < 16 * 0.03 / n } END { exit !found }' said-moves

refuse 'incidence of all platforms together' 1 'expected the output of churn-destinations --group platform' --platforms TikTok,RedNote --destinations all.csv "$tiny"
refuse 'two sources of destinations' 2 "'--destinations'.*'--flows'|'--flows'.*'--destinations'" --flows flows.csv --destinations gone.csv "$tiny"

# ---- A run without shock against what was measured -----------------------------------------------
runs 'tiers after a run without shock' 0 "$tool" --match --replications 4 --tiers tiers.csv "$tiny" -o match.csv
is 'columns of the match' "$(head -1 match.csv)" 'tier,observed,simulated,std_error,lower,upper,residual'
is 'observed is what the file says' "$(cut -d, -f1,2 match.csv | tail -n +2 | tr '\n' ' ')" 'small,0.905 large,0.095 '
is 'the residual is what is left' "$(awk -F, 'NR > 1 && ($7 - ($3 - $2)) ^ 2 > 1e-11' match.csv)" ''
"$tool" --match --replications 4 --tiers tiers.csv --set shock_period=0 "$tiny" -o calm.csv
same 'no shock takes part' match.csv calm.csv

# ---- Stopping and going on -----------------------------------------------------------------------
runs 'a run that saves' 0 "$tool" --replications 5 --save-state full.state "$tiny" -o whole.csv
for bytes in 32 9000 13000; do
    head -c $bytes full.state >cut.state
    runs "going on from $bytes bytes" 0 "$tool" --replications 5 --resume cut.state --threads 2 "$tiny" -o resumed.csv
    same "gives the same bytes after $bytes" whole.csv resumed.csv
    runs "and has kept what was missing after $bytes" 0 "$tool" --replications 5 --resume cut.state -v "$tiny" -o resumed.csv
    like "all of it, after $bytes" "$err" "5 of 5 worlds taken from 'cut.state'"
done
head -c 13000 full.state >cut.state
runs 'the same command once more' 0 "$tool" --replications 5 --save-state cut.state -v "$tiny" -o resumed.csv
like 'loses nothing' "$err" "[1-4] of 5 worlds taken from 'cut.state'"
same 'and gives the same bytes once more' whole.csv resumed.csv
cp full.state cut.state
runs 'another run' 0 "$tool" --replications 5 --seed 2 --save-state cut.state -v "$tiny" -o seeded.csv
is 'takes nothing' "$(printf '%s\n' "$err" | grep -c 'worlds taken')" 0
runs 'and has the place' 0 "$tool" --replications 5 --seed 2 --resume cut.state -v "$tiny" -o seeded.csv
like 'to itself' "$err" "5 of 5 worlds taken from 'cut.state'"
cp "$tiny" mine.csv
refuse 'saving over the scenario' 1 "'mine.csv' is there already and is no saved state, expected a new file" --save-state mine.csv mine.csv
same 'which stays as it was' mine.csv "$tiny"
: >hollow.state
runs 'an empty file' 0 "$tool" --replications 5 --save-state hollow.state "$tiny" -o resumed.csv
is 'can be a state' "$(wc -c <hollow.state)" "$(wc -c <full.state)"
refuse 'a state of another seed' 1 "'full.state' was saved by a run with other parameters" --replications 5 --seed 2 --resume full.state "$tiny"
refuse 'a state of another rule' 1 'was saved by a run with other' --replications 5 --policy random --resume full.state "$tiny"
refuse 'what is no state' 1 "'whole.csv' is no saved state" --replications 5 --resume whole.csv "$tiny"
refuse 'a state that is not there' 3 "cannot open 'none.state'" --resume none.state "$tiny"

# ---- From data to simulation ---------------------------------------------------------------------
printf 'platform,period,users,revenue\nTikTok,2025-01,200,500\nRedNote,2025-01,50,25\n' >revenue.csv
runs 'ARPU from a panel' 0 "$BIN/arpu-loss" revenue.csv -o arpu.csv
runs 'survival from spells' 0 "$BIN/churn-survival" --group platform "$DATA/tiny/spells.csv" -o survival.csv
runs 'tiers from a panel' 0 "$BIN/tier-growth" "$DATA/tiny/creator-panel.csv" -o tiers.csv
runs 'loss from a scenario' 0 "$BIN/arpu-loss" "$DATA/tiny/scenario.csv" -o loss.csv
runs 'and all of it simulated' 0 "$tool" --platforms TikTok,RedNote --arpu arpu.csv \
    --survival survival.csv --tiers tiers.csv --replications 2 -v "$tiny" -o end.csv
like 'with what was measured: ARPU' "$err" 'TikTok: ARPU 2.5, .*\(arpu-loss\)'
like 'with what was measured: leaving' "$err" 'TikTok: users leave at .*\(churn-survival\)'
like 'with what was measured: tiers' "$err" 'tier nano: .*\(tier-growth\)'
runs 'and the loss as a shock' 0 "$tool" --arpu loss.csv --set user_weight=100 --replications 2 -v "$tiny" -o end.csv
like 'of its size' "$err" 'the shock pushes 1000 users off A'
finish
