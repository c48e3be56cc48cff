# SPDX-License-Identifier: GPL-3.0-or-later
. "$TESTS/lib/tap.sh"
tool=$BIN/rank-compare
tiny=$DATA/tiny/simulation.csv

runs 'two rules' 0 "$tool" --replications 6 --policy foryou --policy random "$tiny" -o two.csv
is 'columns' "$(head -1 two.csv)" 'period,platform,tier,measure,subject,case,reference,value,reference_value,difference,std_error,lower,upper,worlds'
is 'the last period only' "$(sed 1d two.csv | cut -d, -f1 | sort -u)" 4
is 'against the first one' "$(grep '^4,A,(all),users,' two.csv | cut -d, -f6,7,14)" 'random,foryou,6'

# What rank-simulate says of each, to its rounding.
for policy in foryou random; do
    "$BIN/rank-simulate" --replications 6 --policy $policy --measure utility "$tiny" | grep '^4,A,' | cut -d, -f5 >$policy.mean
done
is 'values are those of rank-simulate' "$(grep '^4,A,(all),utility,' two.csv | cut -d, -f8,9)" "$(cat random.mean),$(cat foryou.mean)"
ok 'learnt interests are worth more than chance' awk -F, '/^4,A,.all.,utility,/ { found = 1; exit !($13 < 0) } END { exit !found }' two.csv

runs 'the other way round' 0 "$tool" --replications 6 --policy foryou --policy random --reference random "$tiny" -o turned.csv
is 'turns the sign' "$(grep '^4,A,(all),utility,' turned.csv | cut -d, -f10)" "$(grep '^4,A,(all),utility,' two.csv | cut -d, -f10 | tr -d -)"

runs 'all periods' 0 "$tool" --replications 3 --policy foryou --policy random --at all --measure users "$tiny" -o all.csv
is 'are there' "$(sed 1d all.csv | cut -d, -f1 | sort -nu | tr '\n' ' ')" '1 2 3 4 '
is 'users of the first are the same' "$(grep '^1,' all.csv | cut -d, -f10-13 | sort -u)" '0,0,0,0'
runs 'their mean' 0 "$tool" --replications 3 --policy foryou --policy random --at mean --measure users "$tiny" -o mean.csv
is 'is that of the periods' "$(awk -F, '/^mean,A,/ { print $10 }' mean.csv)" \
    "$(awk -F, '/,A,/ && $2 == "A" { sum += $10 } END { x = sprintf("%.6f", sum / 4); sub(/\.?0+$/, "", x); print x }' all.csv)"

runs 'all rules' 0 "$tool" --replications 2 --periods 1 --measure gini "$tiny" -o rules.csv
is 'are compared where none is named' "$(grep '^1,A,' rules.csv | cut -d, -f6 | tr '\n' ' ')" 'popularity following foryou viability transparent pools '

# ---- Scenarios -----------------------------------------------------------------------------------
runs 'a shock against none' 0 "$tool" --replications 6 --policy foryou --case calm:shock_period=0 --at all --measure users --measure revenue "$tiny" -o calm.csv
is 'nothing differs before it' "$(grep '^[12],' calm.csv | cut -d, -f10 | sort -u)" 0
ok 'users and revenue are lost by it' awk -F, '/^4,A,.all.,(users|revenue)/ { n++; if (!($12 > 0)) bad = 1 } END { exit bad || n != 2 }' calm.csv
runs 'a shock to nobody' 0 "$tool" --replications 3 --policy foryou --case calm:shock_period=0 --set shock_users=0 --at all "$tiny" -o zero.csv
is 'differs from no shock in nothing' "$(sed 1d zero.csv | awk -F, '{ print $(NF - 4) }' | sort -u | tr '\n' ' ')" "$(printf '\n0\n' | sort -u | tr '\n' ' ')"
runs 'a case with a rule of its own' 0 "$tool" --replications 2 --policy foryou --case 'open:policy=transparent,dial_interest=2' --measure utility "$tiny" -o case.csv
is 'is named as it was' "$(grep '^4,A,' case.csv | cut -d, -f6)" open
"$tool" --replications 6 --policy foryou --policy random --threads 1 "$tiny" -o threads.csv
same 'the same bytes for any number of threads' two.csv threads.csv

runs 'cases with rules for each platform' 0 "$tool" --replications 2 --case x:policy_a=random,policy_b=pools --case y:policy_b=pools,policy_a=foryou "$tiny" --measure utility -o cases.csv
"$tool" --replications 2 --policy random,pools --policy foryou,pools "$tiny" --measure utility | sed 's/"random,pools"/x/; s/"foryou,pools"/y/' >pairs.csv
same 'are those rules' cases.csv pairs.csv

runs 'a penalty where all read all' 0 "$tool" --replications 3 --case free:language_penalty=0 --case dear:language_penalty=5 \
    --set language_2_creators_b=0.5 --set language_1_read=1 --set language_2_read=1 --at all "$tiny" -o read.csv
is 'makes no difference' "$(sed 1d read.csv | awk -F, '{ print $(NF - 4) }' | sort -u | tr '\n' ' ')" "$(printf '\n0\n' | sort -u | tr '\n' ' ')"
runs 'and where they do not' 0 "$tool" --replications 3 --case free:language_penalty=0 --case dear:language_penalty=5 \
    --set language_2_creators_b=0.5 --measure utility --at all "$tiny" -o unread.csv
ok 'makes one' awk -F, '$2 == "B" && $5 == "B" { n++; if ($10 == 0) bad = 1 } END { exit bad || n != 4 }' unread.csv

# ---- Side by side --------------------------------------------------------------------------------
runs 'what each rule gives' 0 "$tool" --values --replications 6 --policy foryou --policy random "$tiny" -o values.csv --chart values.svg
is 'columns of it' "$(head -1 values.csv)" 'period,platform,tier,measure,subject,case,mean,std_error,lower,median,upper'
"$BIN/rank-simulate" --replications 6 --policy random "$tiny" | sed 1d >random.csv
sed -n 's/^\([^,]*,[^,]*,[^,]*,[^,]*\),\("[^"]*"\|[^,]*\),random/\1/p' values.csv >random.values
same 'is what rank-simulate says' random.values random.csv
ok 'is drawn rule by rule' grep -q 'What each rule gives' values.svg

# ---- What is refused -----------------------------------------------------------------------------
refuse() { # name, status, what it says, arguments...
    name=$1 status=$2 says=$3
    shift 3
    runs "$name is refused" "$status" "$tool" "$@" "$tiny" -o left.csv
    like "$name: what is wrong" "$err" "$says"
    ok "$name: nothing left" test ! -e left.csv
}
refuse 'one rule' 2 'only one rule or case, expected two or more' --policy foryou
refuse 'a rule twice' 2 "'random' is to be compared twice" --policy random --policy random
refuse 'an unknown rule' 2 "unknown policy 'pool', did you mean 'pools'" --policy foryou --policy pool
refuse 'an unknown parameter in a case' 2 "unknown parameter 'shock_user', did you mean 'shock_users'" --case a:shock_user=3 --policy foryou
refuse 'a case without settings' 2 "option '--case' is 'calm', expected NAME:SETTING" --policy foryou --case calm
refuse 'a case of another size' 2 "case 'big' sets users, expected the same in all cases: use --set" --policy foryou --case big:users=500
refuse 'a case of other classes' 2 "case 'rich' has other classes of users, expected the same" --policy foryou --case rich:class_2_share=0.1
refuse 'a case of other languages' 2 "case 'two' has another number of languages, expected the same" --policy foryou --case two:language_2_users_b=0.1
refuse 'a case that sets one thing twice' 2 "'arpu_a=2' and 'arpu_a=3' set the same" --policy foryou --case a:arpu_a=2,arpu_a=3
refuse 'a contradiction in a case' 2 'candidates is below slate' --policy foryou --case few:candidates=3
refuse 'differences of values' 2 "'--values'" --values --at mean --policy foryou --policy pools
refuse 'an unknown reference' 2 "option '--reference' is 'pool', did you mean 'pools'" --policy foryou --policy pools --reference pool

runs 'one world' 0 "$tool" --replications 1 --policy foryou --policy random --measure users "$tiny" -o one.csv
like 'is warned of' "$err" 'one replication: differences have no interval'
is 'and has none' "$(grep '^4,A,' one.csv | cut -d, -f11-14)" ',,,1'

runs 'a chart' 0 "$tool" --replications 4 --policy foryou --policy pools --measure utility --measure gini "$tiny" -o c.csv --chart c.svg
ok 'is drawn' grep -q 'What would change' c.svg
finish
