# SPDX-License-Identifier: GPL-3.0-or-later
. "$TESTS/lib/tap.sh"
. "$TESTS/lib/cases.sh"
PATH=$BIN:$PATH

drivers() {
    churn-drivers --time t --status s "$@"
}

# ---- Against R's survival and cmprsk -------------------------------------------------------------
# Inputs, options and expected values as tests/truth/churn-drivers.R wrote them (with `stored`).
cases_stored churn-drivers 1e-8

# ---- By hand -------------------------------------------------------------------------------------
# Therneau & Grambsch 2000, appendix E, first data set: with r = exp(b) the likelihood by Breslow is
# 2b - log(3r + 3) - 2 log(r + 3), so that its derivative is 0 at r = (3 + sqrt 33)/2.
table book.csv t,s,x 1,1,1 1,0,1 6,1,1 6,1,0 8,0,0 9,1,0
runs 'a worked example' 0 drivers -f tsv --ties breslow --covariate x book.csv
is 'has the coefficient of the book' "$(printf '%s\n' "$out" | awk 'NR == 2 { printf "%.6f", $2 }')" 1.475285
runs 'and by Efron' 0 drivers -f tsv --covariate x book.csv
is 'the other one' "$(printf '%s\n' "$out" | awk 'NR == 2 { printf "%.6f", $2 }')" 1.676857
runs 'its summary' 0 drivers -f csv --ties breslow --covariate x book.csv --summary
like 'has the log-likelihood at 0: -log 6 - 2 log 4' "$out" '^loglik_null,-4\.564348191467836'

# ---- The same bytes ------------------------------------------------------------------------------
in=$DATA/tiny/drivers.csv
tiny() {
    churn-drivers --time months --status left --covariate posts --covariate friends "$@"
}
for what in '' --summary '--test ph' --baseline; do
    # shellcheck disable=SC2086 # words or none
    tiny $what --categorical kind --cluster device --threads 1 "$in" >one.csv
    # shellcheck disable=SC2086
    tiny $what --categorical kind --cluster device --threads 4 "$in" >four.csv
    same "1 and 4 threads: ${what:-coefficients}" one.csv four.csv
done

# ---- Categories ----------------------------------------------------------------------------------
runs 'categories' 0 tiny --categorical kind=viewer -f csv "$in"
like 'are named with their column' "$out" '^kind=creator,'
like 'and the reference has ratio 1' "$out" '^kind=viewer,0,1,,,,,$'
runs 'without a reference' 0 tiny --categorical kind -v -f csv "$in"
like 'the first by name is it' "$out" '^kind=creator,0,1,,,,,$'
like 'and that is said' "$err" "'kind' is compared with 'creator'"
runs 'a reference that no row has' 1 tiny --categorical kind=view "$in"
like 'is an error' "$err" "no row has the reference 'view' in column 'kind', which holds 'creator', 'viewer'$"
runs 'words where numbers should be' 1 tiny --covariate kind "$in"
like 'come with a hint' "$err" "drivers.csv:2:6: found 'creator' in column 'kind', expected a number; --categorical COL takes a column of categories"
printf 't,s,g\n1,1,a\n2,1, a\n3,0,a\n4,1, a\n5,1,a\n6,0, a\n' >blanks.csv
runs 'categories with blanks' 0 churn-drivers --time t --status s --categorical g -f csv blanks.csv
is 'are others than those without' "$(printf '%s\n' "$out" | sed 1d | cut -d, -f1-2)" 'g= a,0
g=a,0.2739478173257899'
runs 'a product' 0 tiny --categorical kind=viewer --interaction posts:kind -f csv "$in"
like 'is named by both' "$out" '^posts:kind=creator,'
runs 'a product of what is not in the model' 2 tiny --interaction posts:kind "$in"
like 'is refused' "$err" "found interaction 'posts:kind', expected A:B of two covariates that are in the model by themselves"
runs 'a covariate given twice' 2 tiny --covariate posts "$in"
like 'is refused' "$err" "covariate 'posts' was given twice"
table names.csv t,s,'性别' 1,1,'男' 2,1,'女' 3,1,'男' 4,0,'女' 5,1,'女' 6,1,'男'
runs 'Chinese names' 0 drivers --categorical '性别=女' -f csv names.csv
like 'stay as they are' "$out" '^性别=男,'

# ---- One destination, and nobody who left for elsewhere --------------------------------------------
# R: coxph(Surv(t, s) ~ x, ties = "breslow", robust = TRUE), and crr(t, s, x): 1.073068, 1.051694
table alone.csv t,s,x,destination 1,1,1,A 2,1,0,A 3,0,1, 4,1,1,A 5,0,0, 6,1,0,A
runs 'a destination to which all went' 0 drivers --destination A --ties breslow --covariate x -f csv alone.csv
one=$out
runs 'robust errors without a destination' 0 drivers --robust --ties breslow --covariate x -f csv alone.csv
is 'are the same' "$one" "$out"

# ---- What cannot be estimated --------------------------------------------------------------------
wrong() { # what, message, arguments...
    what=$1 message=$2
    shift 2
    runs "$what" 1 drivers "$@" -o out.csv
    is "$what: what to do" "$err" "churn-drivers: $message"
    ok "$what: no output" test ! -e out.csv
}
table none.csv t,s,x
wrong 'no rows' 'none.csv: no rows to fit: 0 were read, of which 0 lack a value' --covariate x none.csv
table stay.csv t,s,x 1,0,0 2,0,1
wrong 'no events' 'stay.csv: nobody left in 2 rows: without an event nothing can be said about what drives it' --covariate x stay.csv
table one.csv t,s,x 1,1,0
wrong 'one subject' "one.csv: covariate 'x' is 0 in every row (there is 1), so nothing can be said about it: leave it out" --covariate x one.csv
table same.csv t,s,x,y 1,1,3,1 2,1,3,2 3,1,3,0
wrong 'a constant' "same.csv: covariate 'x' is 3 in every row (there are 3), so nothing can be said about it: leave it out" --covariate x --covariate y same.csv
wrong 'a category of one' "same.csv: column 'x' holds one category only, '3', expected at least two categories: leave it out" --categorical x same.csv
table sum.csv t,s,x,y,z 1,1,0,1,1 2,1,1,3,4 3,1,0,2,2 4,0,1,5,6 5,1,0,1,1 6,1,1,7,8
wrong 'a sum of others' "sum.csv: covariate 'z' is an exact linear combination of 'x' and 'y' among those at risk together, so their effects cannot be told apart: leave one of them out" --covariate x --covariate y --covariate z sum.csv
table within.csv t,s,g,x 1,1,a,1 2,1,a,1 3,0,a,1 1,1,b,2 2,1,b,2 3,1,b,2
wrong 'what strata are made of' "within.csv: covariate 'x' is the same for all who are at risk together whenever anyone leaves, so nothing can be said about it: leave it out (it may be what the strata are made of)" --covariate x --strata g within.csv
table apart.csv t,s,x,g 1,1,1,a 2,1,2,a 3,1,0.5,a 4,0,1.2,b 5,1,3,a 6,0,1,b 7,1,1,a
wrong 'a category that nobody left' "apart.csv: the likelihood has no maximum: the estimate of 'g=b' goes to minus infinity, as nobody left for whom it is 1; leave it out, merge rare categories, or compare within strata" --covariate x --categorical g apart.csv
table order.csv t,s,x 1,1,9 2,1,8 3,1,7 4,1,6 5,1,5 6,0,4
wrong 'a perfect order' "order.csv: the likelihood has no maximum: the estimate of 'x' goes to infinity, as it tells those who left from all who were at risk with them; leave it out, merge rare categories, or compare within strata" --covariate x order.csv
# Far off, and never at risk at an event: nothing that it does may matter.
table far.csv t,s,x,y 16,0,0.24,1 2,0,1.1,0 3,0,0.2,0 9,0,0.4,0 10,1,0.02,0 19,0,0.07,0 4,0,535,0
wrong 'a perfect order, and an outlier that is gone by then' "far.csv: the likelihood has no maximum: the estimates of 'x' and 'y' go to infinity, as together they tell those who left from all who were at risk with them; leave it out, merge rare categories, or compare within strata" --covariate x --covariate y far.csv
table entry.csv t,s,x,e 1,1,0,0 2,1,1,2
wrong 'an entry that is not before the exit' 'entry.csv:3:4: entry 2, expected one before the time, 2' --covariate x --entry e entry.csv
table weight.csv t,s,x,w 1,1,0,1 2,1,1,0
wrong 'a weight of 0' 'weight.csv:3:4: weight 0, expected a number above 0' --covariate x --sampling-weight w weight.csv
table ties.csv t,s,x 0,1,0 0,1,1 0,1,2 5,0,1
runs 'all at time 0' 0 drivers --covariate x -f csv ties.csv
like 'is a fit' "$out" '^x,0,1,0\.88465173692938'
runs 'a logarithm of time 0' 1 drivers --covariate x --test ph --transform log ties.csv
like 'has no test' "$err" 'somebody left at time 0, which has no logarithm: choose another scale'
runs 'one time of events' 0 drivers --covariate x --test ph -f csv ties.csv
is 'nothing can change' "$out" 'term,chi_square,df,p_value
x,,1,
(all),,1,'
like 'and that is said' "$err" 'x: no test, as there is too little change over time to tell'

# ---- Missing values ------------------------------------------------------------------------------
table missing.csv t,s,x,y 1,1,1,2 2,1,,1 3,1,0.5,3 4,0,,  5,1,3,1 6,0,1,2 7,1,1,0
wrong 'a missing value' "missing.csv:3:3: column 'x' has no value here, expected one; --missing drop leaves such rows out" --covariate x --covariate y missing.csv
runs 'dropped' 0 drivers --covariate x --covariate y --missing drop -f csv missing.csv
is 'with a word for each column' "$err" "churn-drivers: 2 of 7 rows left out, as they lack a covariate
churn-drivers: 'x' has no value in 2 rows
churn-drivers: 'y' has no value in 1 row"
runs 'and counted' 0 drivers --covariate x --covariate y --missing drop --summary -f csv missing.csv
like 'in the summary' "$out" '^rows_left_out,2,'

# ---- Predictions ---------------------------------------------------------------------------------
runs 'a list of covariates' 0 tiny --categorical kind --predict 'kind=viewer,posts=2,friends=10' --at 6,99 -f csv "$in"
like 'names the curve' "$out" '^"kind=viewer, posts=2, friends=10",6,,,0\.'
like 'and says nothing beyond the data' "$out" '^"kind=viewer, posts=2, friends=10",99,,,,,,,$'
table new.csv kind,friends,posts viewer,10,2 creator,0,1
runs 'a file of them' 0 tiny --categorical kind --predict new.csv --at 6 -f csv "$in"
is 'gives a curve a row' "$(printf '%s\n' "$out" | grep -c '"posts=')" 2
table new.csv kind,friends,posts viewer,10,2 vewer,0,1
runs 'a category that is not in the model' 1 tiny --categorical kind --predict new.csv "$in"
like 'has its place' "$err" "new.csv:3:1: found 'vewer' for 'kind', expected one of its categories"
runs 'a covariate without a value' 2 tiny --predict posts=2 "$in"
like 'is refused' "$err" "predict gives no value for 'friends'"
runs 'a covariate that is not in the model' 2 tiny --predict 'posts=2,friends=1,age=3' "$in"
like 'is refused too' "$err" "found '1,age=3' for 'friends', expected a number|found 'age=3' in --predict"
runs 'times without a curve' 2 tiny --at 6 "$in"
like 'are refused' "$err" 'at needs --baseline or --predict'
runs 'the average user' 0 tiny --strata kind --baseline -f csv "$in"
like 'has a curve in each stratum' "$out" '^creator,[0-9]+,[0-9]+,1,'

# ---- Destinations --------------------------------------------------------------------------------
table to.csv t,s,x,destination 1,1,1,A 2,1,2,B 3,1,0.5,A 4,0,1.2, 5,1,3,A 6,1,1,B 7,1,2, 8,1,1, 9,0,1.5, 9,0,3,
runs 'one destination' 0 drivers --covariate x --destination A -f csv to.csv
like 'has a coefficient' "$out" '^x,-?[0-9]'
runs 'who left for nowhere known' 0 drivers --covariate x --destination '(gone)' --cause-specific --summary -f csv to.csv
like 'can be asked for' "$out" '^events,2,'
runs 'a destination that nobody has' 1 drivers --covariate x --destination a to.csv
like 'comes with what was meant' "$err" "nobody left for 'a'; did you mean 'A'?"
runs 'a test of that model' 2 drivers --covariate x --destination A --test ph to.csv
like 'is refused' "$err" 'cause-specific'
runs 'a curve of that model' 0 drivers --covariate x --destination A --predict x=1 --at 0.5,3,99 -f csv to.csv
is 'is an incidence' "$(printf '%s\n' "$out" | head -1)" 'group,time,at_risk,events,hazard,incidence,std_error,lower,upper'
like 'without an interval before anyone left' "$out" '^x=1,0\.5,,,0,0,0,,$'
like 'with one afterwards' "$out" '^x=1,3,,,0\.[0-9]+,0\.[0-9]+,0\.[0-9]+,0\.[0-9]+,0\.[0-9]+$'
like 'and unknown beyond the data' "$out" '^x=1,99,,,,,,,$'
runs 'a chart of it' 2 drivers --covariate x --destination A --predict x=1 --chart x.svg to.csv
table late.csv t,s,x,e,destination 2,1,1,,A 3,1,0,1,B 4,1,0.5,,A 4,1,2,1,B 8,1,1,5,A 9,0,0,5,
runs 'all leave while others enter later' 1 drivers --covariate x --destination A --entry e late.csv
is 'is an error with the time' "$err" 'churn-drivers: late.csv: all who were at risk at time 4 left, and others enter later, so the weight then of those who left for elsewhere is not known: leave out what is before, or fit the cause-specific hazard'

# ---- Dates ---------------------------------------------------------------------------------------
table dated.csv start,end,x 2024-01-01,2024-01-11,1 2024-01-03,,2 2024-01-04,2024-01-09,0 2024-01-01,2024-01-31,0
table days.csv t,s,x 10,1,1 28,0,2 5,1,0 30,1,0
churn-drivers --covariate x -f csv dated.csv >dated.out
drivers --covariate x -f csv days.csv >days.out
same 'dates are days since the start' dated.out days.out

# ---- Known truth ---------------------------------------------------------------------------------
# Hazard ratios of 1.5 for segment b and 1.3 for ten years of age: found within 3.5 errors.
synth-panel spells --seed 4 --set users=20000 --set hazard_ratio_b=1.5 --set hazard_ratio_age=1.3 \
    -o synthetic.csv
runs 'synthetic spells' 0 churn-drivers --covariate age --categorical segment=a -f tsv synthetic.csv
is 'give the ratios they were made with' "$(printf '%s\n' "$out" | awk -F'\t' '
    $1 == "age" { truth = log(1.3) / 10 } $1 == "segment=b" { truth = log(1.5) }
    NR > 1 && $4 != "" { off = ($2 - truth) / $4; print $1, off * off < 12.25 && $4 < 0.02 }')" 'age 1
segment=b 1'

# Three shards of several blocks, users as clusters in whatever order the threads meet them.
perl "$TESTS/lib/vary.pl" shards 3 shard synthetic.csv
churn-drivers --covariate age --categorical segment=a --cluster user --summary --threads 1 \
    synthetic.csv >one.csv
for threads in 2 3 4; do
    churn-drivers --covariate age --categorical segment=a --cluster user --summary \
        --threads $threads shard1.csv shard2.csv shard3.csv >many.csv
    same "$threads threads, three shards: the same" one.csv many.csv
done

# ---- Charts --------------------------------------------------------------------------------------
runs 'a forest plot' 0 tiny --categorical kind -o /dev/null --chart forest.svg "$in"
like 'shows the ratios' "$(cat forest.svg)" '1 \(reference\)'
runs 'curves' 0 tiny --baseline -o /dev/null --chart curve.svg "$in"
like 'are drawn too' "$(cat curve.svg)" 'How long such users stay, by the model'
finish
