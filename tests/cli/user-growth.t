# SPDX-License-Identifier: GPL-3.0-or-later
. "$TESTS/lib/tap.sh"
mastodon=$DATA/mastodon/accounts.csv

growth() {
    "$BIN/user-growth" "$@"
}

# ---- The real case -------------------------------------------------------------------------------
runs 'Mastodon' 0 growth --summary --break 2022-11-21 "$mastodon" -o summary.csv
is 'a row for each model' "$(cut -d, -f2,3,4 summary.csv | tr '\n' ' ')" \
    'model,counts,parameters exponential,23,3 logistic,23,4 gompertz,23,4 bass,23,5 '
ok 'weights add up' awk -F, 'NR > 1 { s += $9 } END { exit !(s > 0.999999 && s < 1.000001) }' summary.csv
is 'the best has a delta of 0' "$(awk -F, '$8 == 0 && NR > 1 { n++ } END { print n }' summary.csv)" 1
runs 'without the break' 0 growth --summary "$mastodon" -o without.csv
ok 'all fit worse by far' sh -c 'paste -d, summary.csv without.csv | awk -F, "NR > 1 && !(\$18 > \$7 + 15) { exit 1 }"'
runs 'the shift of level' 0 growth --parameters --break 2022-11-21 "$mastodon"
ok 'is the 1.2 million of the jump' sh -c 'printf "%s\n" "$1" | awk -F, "\$3 == \"level_1\" { exit !(\$6 < 1248000 && 1248000 < \$7) }"' - "$out"
like 'dates hang together, which is said' "$err" 'autocorrelation 0.55\), so that bounds are too narrow'
runs 'a week ahead' 0 growth --break 2022-11-21 --forecast 7 "$mastodon" -o ahead.csv
is 'seven dates more, without a count' "$(awk -F, 'NR > 1 && $4 == "" { printf "%s ", $3 }' ahead.csv)" \
    '2022-11-28 2022-11-29 2022-11-30 2022-12-01 2022-12-02 2022-12-03 2022-12-04 '
ok 'bounds widen' awk -F, 'NR > 24 { w = $7 - $6; if (!(w > last)) exit 1; last = w }' ahead.csv

# ---- Known truth ---------------------------------------------------------------------------------
runs 'a drawn curve' 0 growth --error relative --launch 2025-01-01 --parameters "$DATA/tiny/growth.csv"
ok 'its parameters lie in their bounds' sh -c 'printf "%s\n" "$1" | awk -F, "
    BEGIN { truth[\"market\"] = 900; truth[\"p\"] = 0.02; truth[\"q\"] = 0.25 }
    NR > 1 { n++; if (!(\$6 <= truth[\$3] && truth[\$3] <= \$7)) exit 1 } END { exit n != 3 }"' - "$out"
like 'and Bass is the best' "$out" '^\(all\),bass,market'

# ---- Shapes of input -----------------------------------------------------------------------------
awk -F, 'NR == 1 { print $0 ",platform"; next } { print $0 ",A"; print $1 "," 3 * $2 ",乙" }' "$DATA/tiny/growth.csv" >two.csv
runs 'two series' 0 growth --group platform --summary two.csv -o two-summary.csv
is 'one after the other' "$(cut -d, -f1 two-summary.csv | uniq | tr '\n' ' ')" 'group A 乙 '
ok 'with the same weights, whatever the unit' awk -F, 'NR > 1 && NR < 6 { w[$2] = $9 } NR > 5 { d = w[$2] - $9; if (d < -1e-6 || d > 1e-6) exit 1 }' two-summary.csv
{ head -1 "$DATA/tiny/growth.csv"; sed 1d "$DATA/tiny/growth.csv" | sort -r; } >backwards.csv
growth --error relative "$DATA/tiny/growth.csv" -o forwards.out
runs 'any order' 0 growth --error relative backwards.csv -o backwards.out
same 'the same bytes' forwards.out backwards.out
awk 'BEGIN { print "date,users"; for (i = 0; i < 20; i++) printf "%d-%02d,%d\n", 2020 + int(i / 12), i % 12 + 1, 100 * 1.1 ^ i + 0.5 }' >months.csv
runs 'months' 0 growth --forecast 2 --model exponential months.csv
is 'are carried on by months' "$(printf '%s\n' "$out" | tail -2 | cut -d, -f3 | tr '\n' ' ')" '2021-09 2021-10 '
printf 'date,users\n2025-01-01,5\n2025-01-02,\n2025-01-03,7\n2025-01-04,9\n2025-01-05,11\n2025-01-06,14\n' >gap.csv
runs 'a date without a count' 0 growth --verbose --summary gap.csv
like 'is left out, with a word' "$err" '1 row without a count left out'

# ---- What is turned down -------------------------------------------------------------------------
printf 'date,users\n2025-01-01,5\n2025-01-03,7\n2025-01-01,6\n' >twice.csv
runs 'a date twice' 1 growth twice.csv -o result.csv
is 'both places' "$err" 'user-growth: twice.csv:4:1: found 2025-01-01 a second time, first at twice.csv:2:1, expected each date once in a group'
ok 'nothing left behind' test ! -e result.csv
printf 'date,users\n2025-01-01,5\n2025-01-03,-7\n' >negative.csv
runs 'fewer than nobody' 1 growth negative.csv
like 'and where' "$err" 'negative.csv:3:2: found -7 users, expected 0 or more'
printf 'date,users\n2025-01-01,5\n2025-02,7\n' >mixed.csv
runs 'a day and a month' 1 growth mixed.csv
like 'and where' "$err" 'mixed.csv:[23]:1: found a (day|month), and at mixed.csv:[23]:1 a (day|month)'
printf 'date,users\n2025-01-01,5\n2025-01-02,7\n2025-01-03,9\n' >few.csv
runs 'three counts' 1 growth few.csv
is 'tell no curve' "$err" "user-growth: 3 counts, from which no curve asked for can be told; --summary says why of each"
runs 'and why' 0 growth --summary few.csv
is 'too few' "$(printf '%s\n' "$out" | cut -d, -f11 | sort | uniq -c | sed 's/^ *//' | tr '\n' ' ')" '4 too few counts 1 verdict '
{ echo date,users,platform; sed '1d;s/$/,A/' "$DATA/tiny/growth.csv"; printf '2025-01-01,,B\n2025-01-02,,B\n2025-01-01,7,C\n2025-01-02,,C\n'; } >scant.csv
runs 'groups with few counts, and with none' 0 growth --group platform scant.csv
is 'are left out' "$(printf '%s\n' "$out" | sed 1d | cut -d, -f1 | sort -u)" A
is 'with a word' "$err" "user-growth: group 'B': 0 counts, from which no curve asked for can be told
user-growth: group 'C': 1 count, from which no curve asked for can be told"
runs 'in sum' 0 growth --group platform --summary scant.csv
is 'they are there' "$(printf '%s\n' "$out" | cut -d, -f1,2,3,11 | grep -c '^[BC],[a-z]*,[01],too few counts$')" 8
printf 'date,users\n2025-01-01,\n2025-01-02,\n' >none.csv
runs 'no counts at all' 1 growth none.csv
like 'are said to be none' "$err" 'user-growth: 0 counts, from which no curve'
sed 3,99d scant.csv >thin.csv
runs 'one count in the only group' 1 growth --group platform thin.csv
is 'is said of the group, and of all' "$err" "user-growth: group 'A': 1 count, from which no curve asked for can be told
user-growth: no curve for any group; --summary says why of each"
runs 'a break outside' 1 growth --break 2024-01-01 "$DATA/tiny/growth.csv"
like 'says so' "$err" 'no counts on both sides of the break after 2024-01-01'
runs 'a break twice' 2 growth --break 2022-11-21 --break 2022-11-21 "$mastodon"
like 'is a slip' "$err" "option '--break' is given twice with 2022-11-21"
runs 'a launch too late' 1 growth --launch 2025-02-01 "$DATA/tiny/growth.csv"
like 'says so' "$err" 'the first count is before the launch, expected it later'
printf 'date,users\n2025-01-01,0\n2025-01-02,7\n2025-01-03,9\n2025-01-04,12\n2025-01-05,15\n2025-01-06,20\n' >zero.csv
runs 'no weight of zero' 1 growth --error poisson zero.csv
like 'says what to do' "$err" 'a count of 0 has no weight of its own'
runs 'a model unknown' 2 growth --model gomperz "$DATA/tiny/growth.csv"
like 'did you mean' "$err" 'gompertz'
printf 'date,users\n' >empty.csv
runs 'no rows' 0 growth empty.csv
is 'an empty table' "$out" 'group,model,date,users,fitted,lower,upper'

# ---- The chart -----------------------------------------------------------------------------------
runs 'draws' 0 growth --model all --break 2022-11-21 "$mastodon" --chart chart.gp
like 'a line for each model' "$(cat chart.gp)" '^n_series = 4$'
finish
