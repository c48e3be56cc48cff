# SPDX-License-Identifier: GPL-3.0-or-later
. "$TESTS/lib/tap.sh"
exits=$DATA/freenode-libera/exits.csv

contagion() {
    "$BIN/churn-contagion" "$@"
}
cell() { # file, parameter, column
    awk -F, -v p="$2" -v c="$3" '$2 == p { print $c }' "$1"
}

# ---- The real case -------------------------------------------------------------------------------
runs 'Freenode, as the file stands' 0 contagion --column leavers=projects "$exits" --summary -o raw.csv
like 'the pile of the first day is said' "$err" '470 of 1056 left in 2021-06-01, the first period with any: .* --since, or --left-truncate'
runs 'since the staff resigned' 0 contagion --column leavers=projects --since 2021-05-19 "$exits" --summary -o since.csv
ok 'the first day no longer makes p twice as high' awk -v raw="$(cell raw.csv p 3)" -v since="$(cell since.csv p 3)" \
    'BEGIN { exit !(raw > 1.8 * since) }'
runs 'left out of the fit' 0 contagion --column leavers=projects --left-truncate "$exits" --summary -o truncated.csv
ok 'both ways agree on p' awk -v a="$(cell since.csv p 3)" -v low="$(cell truncated.csv p 4)" -v high="$(cell truncated.csv p 5)" \
    'BEGIN { exit !(low < a && a < high) }'
is 'no sign of contagion' "$(cell truncated.csv q 3),$(cell truncated.csv q 4)" '0,0'
runs 'tested' 0 contagion --column leavers=projects --left-truncate "$exits" --test
is 'the test says the same' "$(printf '%s\n' "$out" | sed -n 2p | cut -d, -f1-4,6)" '(all),F,0,1,1'

# ---- Counts --------------------------------------------------------------------------------------
runs 'period by period' 0 contagion --group platform "$DATA/tiny/exits.csv" -o periods.csv
is 'every day of every group' "$(wc -l <periods.csv)" 29
is 'leavers as they are' "$(sed 1d periods.csv | awk -F, '{ n[$1] += $3 } END { print n["TikTok"], n["Twitter"] }')" \
    "$(awk -F, 'NR > 1 { n[$2] += $3 } END { print n["TikTok"], n["Twitter"] }' "$DATA/tiny/exits.csv")"
ok 'gone is their running sum' awk -F, 'NR > 1 { if ($1 != g) { g = $1; sum = 0 } sum += $3; if ($7 != sum) exit 1 }' periods.csv
runs 'a week ahead' 0 contagion --group platform --forecast 7 --threads 1 "$DATA/tiny/exits.csv" -o ahead.csv
is 'seven more rows a group' "$(wc -l <ahead.csv)" 43
is 'whose leavers nobody has seen' "$(grep -c '^Twitter,2025-03-[12][0-9],,' ahead.csv)" 7
for threads in 2 4; do
    runs "$threads threads" 0 contagion --group platform --forecast 7 --threads $threads "$DATA/tiny/exits.csv" -o same.csv
    same 'the same bytes' ahead.csv same.csv
done
runs 'by week' 0 contagion --period week --pool 700 "$DATA/tiny/exits.csv" -o weeks.csv
is 'the weeks of the calendar' "$(cut -d, -f2,3 weeks.csv | tr '\n' ' ')" \
    "period,leavers 2025-W09,$(awk -F, '$1 <= "2025-03-02" { s += $3 } END { print s }' "$DATA/tiny/exits.csv") 2025-W10,$(awk -F, '$1 >= "2025-03-03" && $1 <= "2025-03-09" { s += $3 } END { print s }' "$DATA/tiny/exits.csv") 2025-W11,$(awk -F, '$1 >= "2025-03-10" { s += $3 } END { print s }' "$DATA/tiny/exits.csv") "
printf 'date,leavers\n2024-01,5\n2024-04,9\n2024-02,7\n2024-04,1\n' >months.csv
runs 'months, in any order' 0 contagion --pool 50 months.csv
is 'are added up, and those without a row are 0' "$(printf '%s\n' "$out" | cut -d, -f2,3,7 | tr '\n' ' ')" \
    'period,leavers,gone 2024-01,5,5 2024-02,7,12 2024-03,0,12 2024-04,10,22 '

# ---- Spells --------------------------------------------------------------------------------------
# Each user of tiny/exits.csv as a spell; 100 of Twitter still there.
awk -F, 'BEGIN { print "user,platform,start,end" }
    NR > 1 && $2 == "Twitter" { for (i = 0; i < $3; i++) print "u" ++n ",Twitter,," $1 }
    END { for (i = 0; i < 100; i++) print "u" ++n ",Twitter,," }' "$DATA/tiny/exits.csv" >spells.csv
runs 'spells' 0 contagion --summary spells.csv -o from-spells.csv
grep -v TikTok "$DATA/tiny/exits.csv" >counts.csv
pool=$(($(wc -l <spells.csv) - 1))
runs 'the same as counts' 0 contagion --summary --pool "$pool" counts.csv -o from-counts.csv
same 'one fit' from-spells.csv from-counts.csv
printf 'start,end\n2025-01-01,2025-01-03\n2025-01-02,2025-01-02\n2025-01-01,2025-01-04\n2025-01-01,2025-01-05\n2025-01-01,\n' >short.csv
runs 'gone the day they came' 0 contagion short.csv
like 'is said' "$err" '1 left in the period in which they came'
is 'and counts as gone' "$(printf '%s\n' "$out" | cut -d, -f2,3,7 | sed -n '3,4p' | tr '\n' ' ')" '2025-01-02,0,1 2025-01-03,1,2 '

# ---- Two hills -----------------------------------------------------------------------------------
# With p held at 0.05, a pool of 310 with much imitation is likely, and one of 810 with none more so.
# R 4.2.2 says 0.0362551066722:
#     y <- c(40, 40, 39, 38, 29, 35, 25, 23); left <- cumsum(y) - y
#     ll <- function(p, q, N) {
#         there <- (N - left)[-1]; k <- y[-1]; F <- (left / N)[-1]; e <- exp(-p - q)
#         P <- (p + q * F) * (1 - e) / (p + q * F + q * (1 - F) * e)
#         sum(k * log(P) + (there - k) * log1p(-P) + lgamma(there + 1) - lgamma(there - k + 1)) }
#     top <- optim(log(c(0.1, 0.2, 90)), function(x) -ll(exp(x[1]), exp(x[2]), 269 + exp(x[3])),
#                  control = list(reltol = 1e-15, maxit = 9999))$value
#     flat <- function(p) optimize(function(x) -ll(p, 0, 269 + exp(x)), c(0, 14), tol = 1e-12)$objective
#     print(uniroot(function(p) 2 * (flat(p) - top) - qchisq(0.95, 1), c(0.02, 0.05), tol = 1e-13)$root, digits = 12)
{ echo date,leavers; day=20; for y in 40 40 39 38 29 35 25 23; do echo "2024-02-$day,$y"; day=$((day + 1)); done; } >hills.csv
runs 'a profile with two hills' 0 contagion --dispersion binomial --left-truncate --summary hills.csv
like 'is followed along the higher one' "$out" '^\(all\),p,0\.10597577133[0-9]*,0\.0362551066[0-9]*,'

# ---- What is turned down -------------------------------------------------------------------------
printf 'date,leavers\n2025-01-01,5\n2025-01-02,-1\n' >bad.csv
runs 'a negative count' 1 contagion bad.csv -o result.csv
is 'and where' "$err" 'churn-contagion: bad.csv:3:2: found -1 leavers, expected a whole number from 0 on'
ok 'nothing left behind' test ! -e result.csv
printf 'date,leavers\n2025-01-01,5\n2025-02,1\n' >mixed.csv
runs 'days and months' 1 contagion mixed.csv
is 'both places' "$err" 'churn-contagion: mixed.csv:2: found a day, and at mixed.csv:3 a month, expected all dates to be of one kind'
runs 'months in days' 1 contagion --period day months.csv
like 'cannot be' "$err" 'counts by month cannot be divided into periods of a day'
runs 'more than the pool' 1 contagion --pool 20 months.csv
like 'says how many' "$err" '22 left of a pool of 20, expected at most all of it'
runs 'a pool of spells' 2 contagion --pool 20 spells.csv
runs 'weights of counts' 2 contagion --weight leavers months.csv
printf 'date,leavers\n2025-01-01,5\n2025-01-09,4\n' >few.csv
runs 'two days' 1 contagion --summary few.csv
like 'are too few' "$err" "group '\(all\)': leavers in 2 periods, expected at least 3"
printf 'date,platform,leavers\n2025-01-01,X,5\n' >scant.csv
sed 1d "$DATA/tiny/exits.csv" >>scant.csv
runs 'one group of several' 0 contagion --summary --group platform scant.csv
like 'is left open, with a word' "$err" "group 'X': leavers in 1 period, expected at least 3"
is 'and no estimate' "$(printf '%s\n' "$out" | grep '^X,p,')" 'X,p,,,'
like 'the others are there' "$out" '^Twitter,q,[0-9.]+,[0-9.]+,[0-9.]+$'
runs 'seen all the same' 0 contagion --group platform scant.csv
like 'without what is expected' "$out" '^X,2025-01-01,5,,,,5,,$'
runs 'since too late' 1 contagion --since 2025-01-05 few.csv
like 'with the first date' "$err" 'the first leavers are of 2025-01-01'
runs 'a look too early' 1 contagion --as-of 2025-01-05 few.csv
like 'says so' "$err" 'the last look is before the last date'
printf 'date,leavers\n' >empty.csv
runs 'no rows' 0 contagion empty.csv
is 'an empty table' "$out" 'group,period,leavers,expected,lower,upper,gone,gone_lower,gone_upper'
printf 'date,leavers\n2025-01-01,3\n2025-01-02,4\n2025-01-03,6\n2025-01-04,7\n2025-01-05,10\n2025-01-06,13\n2025-01-07,17\n2025-01-08,22\n2025-01-09,31\n2025-01-10,42\n2025-01-11,59\n2025-01-12,83\n' >rising.csv
runs 'exits that only grow' 0 contagion --summary rising.csv
like 'leave the pool open, and say so' "$err" 'exits have not begun to slow down'
is 'as does the table' "$(printf '%s\n' "$out" | grep pool | cut -d, -f3,5)" 'inf,inf'

# ---- Along a follow graph ------------------------------------------------------------------------
graph=$DATA/tiny/followers.csv lives=$DATA/tiny/followers-spells.csv
runs 'a follow graph' 0 contagion --graph "$graph" "$lives" --threads 1 -o graph.csv
is 'without a word' "$err" ''
ok 'the factor of 1.8 lies within its bounds' awk -F, '$1 == "followed_gone" { exit !($7 < 1.8 && 1.8 < $8) }' graph.csv
runs 'two threads' 0 contagion --graph "$graph" "$lives" --threads 2 -o same.csv
same 'the same bytes' graph.csv same.csv
{ cat "$graph"; echo u001,stranger; } >strangers.csv
runs 'somebody without a spell' 0 contagion --graph strangers.csv "$lives" -o same.csv
like 'is said' "$err" '1 row of the graph name somebody without a spell: left out'
same 'and left out' graph.csv same.csv
printf 'follower,followed\nu001,u001\n' >self.csv
runs 'someone who follows themself' 1 contagion --graph self.csv "$lives"
like 'and where' "$err" "self.csv:2:2: 'u001' follows 'u001', expected somebody else"
printf 'follower,followed\n' >nobody.csv
runs 'nobody follows anybody' 1 contagion --graph nobody.csv "$lives"
like 'is no covariate' "$err" 'followed_gone'
runs 'a graph and a forecast' 2 contagion --graph "$graph" --forecast 3 "$lives"
runs 'a lag without a graph' 2 contagion --lag 3 "$DATA/tiny/exits.csv"

# ---- The chart -----------------------------------------------------------------------------------
runs 'draws' 0 contagion --group platform --forecast 7 "$DATA/tiny/exits.csv" --chart chart.gp
like 'a panel of leavers and one of those gone for each group' "$(cat chart.gp)" '^n_panels = 4$'
finish
