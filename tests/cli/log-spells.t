# SPDX-License-Identifier: GPL-3.0-or-later
. "$TESTS/lib/tap.sh"
PATH=$BIN:$PATH

log() { # file, rows...
    tap_file=$1
    shift
    printf '%s\n' user,platform,date "$@" >"$tap_file"
}

# ---- By hand -------------------------------------------------------------------------------------
# 0001 is never away for more than 26 days and was last seen 30 days before the end; 0002 stayed away
# from Beta for 34 days, 0004 from Alpha for 53; 0003 was last on Alpha 31 days before the end, and
# on Beta on the last day.
runs 'the tiny log' 0 log-spells --gap 30d "$DATA/tiny/activity.csv" --verbose
is 'as counted by hand' "$out" 'user,platform,start,end,destination
0001,Alpha,2025-01-05,2025-03-02,
0002,Alpha,2025-01-07,2025-01-08,Beta
0002,Beta,2025-02-14,2025-02-15,
0002,Beta,2025-03-20,,
0003,Alpha,2025-01-31,2025-03-01,Beta
0003,Beta,2025-03-31,,
0004,Alpha,2025-01-15,2025-01-16,
0004,Alpha,2025-03-09,,
0005,Alpha,2025-03-10,,'
like 'says what there was' "$err" '^log-spells: 5 users, 14 active days from 2025-01-05 to the last look, 2025-03-31; 0 duplicate rows$'
like 'and what it made of it' "$err" '^log-spells: 9 spells with a gap of 30 days: 5 ended, 2 of them with a destination; 2 are returns$'
like 'and which starts are not sure' "$err" '^log-spells: 4 spells start within the gap of the first date, and may have begun before it$'
like 'and which ends' "$err" '^log-spells: ends are known up to 2025-03-02$'

runs '30 days are the default' 0 log-spells "$DATA/tiny/activity.csv"
is 'without a word' "$err" ''
like 'the same' "$out" '^0001,Alpha,2025-01-05,2025-03-02,$'
runs 'a day more' 0 log-spells --gap 31d "$DATA/tiny/activity.csv"
like '30 days are within it: not over yet' "$out" '^0001,Alpha,2025-01-05,,$'
like '31 days are: over' "$out" '^0003,Alpha,2025-01-31,2025-03-01,Beta$'
runs 'weeks' 0 log-spells --gap 5w "$DATA/tiny/activity.csv"
is 'are seven days' "$out" "$(log-spells --gap 35d "$DATA/tiny/activity.csv")"
like 'and 34 days on Beta are within five' "$out" '^0002,Beta,2025-02-14,,$'

# ---- The last look -------------------------------------------------------------------------------
log once.csv u,A,2025-01-10 u,B,2025-01-18
for look in 2025-01-09: 2025-01-10:u,A,2025-01-10,, 2025-01-14:u,A,2025-01-10,, \
    2025-01-15:u,A,2025-01-10,2025-01-11, 2025-01-17:u,A,2025-01-10,2025-01-11,; do
    runs "a look on ${look%%:*}" 0 log-spells --gap 5d --as-of "${look%%:*}" once.csv
    is 'sees what had happened by then' "$(printf '%s\n' "$out" | sed 1d)" "${look#*:}"
done
runs 'a look on 2025-01-18' 0 log-spells --gap 5d --as-of 2025-01-18 once.csv
is 'sees where the user went' "$(printf '%s\n' "$out" | sed 1d)" 'u,A,2025-01-10,2025-01-11,B
u,B,2025-01-18,,'
runs 'too early a look' 0 log-spells --gap 5d --as-of 2025-01-15 -v once.csv
like 'says what it did not use' "$err" '^log-spells: 1 row after the last look not used$'
runs 'a later look' 0 log-spells --gap 5d --as-of 2025-02-01 once.csv
is 'than the log' "$(printf '%s\n' "$out" | sed 1d)" 'u,A,2025-01-10,2025-01-11,B
u,B,2025-01-18,2025-01-19,'

log short.csv u,A,2025-01-10 u,A,2025-01-12
runs 'a log shorter than the gap' 0 log-spells -v short.csv
like 'says so' "$err" '^log-spells: the log is too short for any end to be seen$'

# ---- Where to ------------------------------------------------------------------------------------
# On A and B until the 5th, then on B: one move, no return. v was away from A for 6 days, on B in
# between; w came back without having been elsewhere; x went to C and B on one day.
log moves.csv u,A,2025-01-03 u,B,2025-01-03 u,A,2025-01-05 u,B,2025-01-05 u,B,2025-01-08 \
    u,B,2025-01-11 v,A,2025-01-01 v,B,2025-01-04 v,A,2025-01-07 w,A,2025-01-01 w,A,2025-01-07 \
    w,B,2025-01-08 x,A,2025-01-01 x,C,2025-01-07 x,B,2025-01-07
runs 'multi-homing, returns, ties' 0 log-spells --gap 4d moves.csv
is 'are told apart' "$out" 'user,platform,start,end,destination
u,A,2025-01-03,2025-01-06,B
u,B,2025-01-03,,
v,A,2025-01-01,2025-01-02,B
v,A,2025-01-07,2025-01-08,
v,B,2025-01-04,2025-01-05,A
w,A,2025-01-01,2025-01-02,
w,A,2025-01-07,2025-01-08,B
w,B,2025-01-08,,
x,A,2025-01-01,2025-01-02,B
x,B,2025-01-07,2025-01-08,
x,C,2025-01-07,2025-01-08,'
runs 'a limit' 0 log-spells --gap 4d --within 5d moves.csv
is 'drops what came later' "$(printf '%s\n' "$out" | grep -v ',$')" 'user,platform,start,end,destination
u,A,2025-01-03,2025-01-06,B
v,A,2025-01-01,2025-01-02,B
v,B,2025-01-04,2025-01-05,A
w,A,2025-01-07,2025-01-08,B'
runs 'settled' 0 log-spells --gap 4d --settled -v moves.csv
is 'leaves out what began too late' "$(printf '%s\n' "$out" | grep -c .)" "$(log-spells --gap 4d moves.csv | awk -F, '$3 == "start" || $3 <= "2025-01-08"' | wc -l)"
like 'says so' "$err" '^log-spells: ends are known up to 2025-01-08$'
log late.csv u,A,2025-01-01 v,A,2025-01-09 w,A,2025-01-10
runs 'settled, with late starts' 0 log-spells --gap 4d --settled -v late.csv
is 'has the first only' "$out" 'user,platform,start,end,destination
u,A,2025-01-01,2025-01-02,'
like 'and says how many are out' "$err" '^log-spells: 2 spells left out: no end of theirs could be seen$'

# ---- Names ---------------------------------------------------------------------------------------
log names.csv 7,A,2025-01-01 007,A,2025-01-01 '"a, b",A,2025-01-01' '小红,A,2025-01-01' 07,A,2025-01-01 7,A,2025-01-01
runs 'names' 0 log-spells -v names.csv
is 'are kept, and sorted by bytes' "$(printf '%s\n' "$out" | sed 1d)" '007,A,2025-01-01,,
07,A,2025-01-01,,
7,A,2025-01-01,,
"a, b",A,2025-01-01,,
小红,A,2025-01-01,,'
like 'and a row that stands twice counts once' "$err" '5 users, 5 active days .* 1 duplicate row$'
printf 'day,creator,platform\n2025-01-01,c,A\n' >headers.csv
runs 'other headers' 0 log-spells --column user=creator --column date=day headers.csv
is 'in another order' "$out" 'user,platform,start,end,destination
c,A,2025-01-01,,'

# ---- What is turned down -------------------------------------------------------------------------
for gap in 30 0d -1d 1.5d 30m d '' 142858d 9999999999999999999w; do
    runs "--gap '$gap'" 2 log-spells --gap="$gap" no-such-file.csv
    like 'is no such time' "$err" "^log-spells: --gap: found '$gap', expected days or weeks from 1 to 142857, such as 30d or 4w; try"
done
runs '--within 3' 2 log-spells --within 3 no-such-file.csv
like 'is none either' "$err" "^log-spells: --within: found '3', expected days or weeks"
log bad.csv u,A,2025-01-01 u,A,2025-13-01
runs 'a bad date' 1 log-spells bad.csv -o out.csv
like 'and where' "$err" "^log-spells: bad.csv:3:3: found '2025-13-01'"
ok 'nothing left behind' test ! -e out.csv
log bad.csv u,A,2025-01-01 ,A,2025-01-02
runs 'nobody' 1 log-spells bad.csv
like 'is no user' "$err" '^log-spells: bad.csv:3:1: '

# ---- The same bytes ------------------------------------------------------------------------------
# Several blocks of 1 MiB, so that the threads have something to share.
synth-panel activity --set users=3000 --set multi_homing_share=0.3 --seed 3 -o sorted.csv
log-spells --gap 5d --threads 1 sorted.csv -o expected.csv
ok 'a table of some size' test "$(wc -l <expected.csv)" -gt 4000
ok 'sorted' sh -c 'sed 1d expected.csv | cut -d, -f1-3 >keys && LC_ALL=C sort -c -t, -k1,1 -k2,2 -k3,3 keys'
{ head -1 sorted.csv; sed 1d sorted.csv | awk '{ print (NR * 7919) % 1000003 "\t" $0 }' | sort -n | cut -f2; } >mixed.csv
ok 'in another order' sh -c '! cmp -s sorted.csv mixed.csv && [ "$(wc -l <sorted.csv)" = "$(wc -l <mixed.csv)" ]'
for threads in 1 2 3 4 8; do
    log-spells --gap 5d --threads "$threads" mixed.csv -o found.csv
    same "in another order, $threads threads" found.csv expected.csv
done
perl "$TESTS/lib/vary.pl" shards 7 shard mixed.csv
log-spells --gap 5d shard[1-7].csv -o found.csv
same 'in seven shards' found.csv expected.csv
log-spells --gap 5d shard[1-7].csv sorted.csv -o found.csv
same 'every row twice' found.csv expected.csv
gzip -c mixed.csv | log-spells --gap 5d - -o found.csv
same 'gzip through a pipe' found.csv expected.csv

# ---- Known truth ---------------------------------------------------------------------------------
# Users leave TikTok with the chance c a day, so that (1 - c)^t are there after t days. Who shows up
# with the chance a on each day is seen from the first such day to the last one; by the lack of
# memory of c, the share seen for more than t days, t > 0, is (1 - c)^t times the chance
# a/(a + (1 - a) c) to show up again before leaving. The gap is long enough that (1 - a)^gap, and so
# false ends, do not matter. Four standard errors hold at all times of the curve.
truth() { # a, gap: spells.csv and curve.csv
    synth-panel activity --set users=8000 --set days=120 --set leave_chance=0.02 --set active_chance="$1" \
        --seed 20250119 -o log.csv
    log-spells --gap "$2" --settled log.csv -o spells.csv
    churn-survival --group platform spells.csv -f csv -o curve.csv
    ok "a = $1: the curve is the true one" awk -F, -v a="$1" -v c=0.02 '
        $1 == "TikTok" {
            n++
            error = ($6 - (1 - c) ^ $2 * a / (a + (1 - a) * c)) / $7
            worst = error * error > worst ? error * error : worst
        }
        END { print n, sqrt(worst); exit !(n > 80 && worst < 16) }' curve.csv
}
truth 1 7d
# Of those who leave, 0.6 move; 0.1 are on RedNote anyway: 1 - 0.4 * 0.9 are active there next.
churn-flows --departures --confidence 0.999 spells.csv -f csv -o flows.csv
ok 'the share that went to RedNote is the true one' awk -F, '
    $2 == "TikTok" && $3 == "RedNote" { n++; held = $6 <= 0.64 && 0.64 <= $7; print }
    END { exit !(n == 1 && held) }' flows.csv
truth 0.5 21d
# A rule that is too impatient is found out: who is there on half of the days is often away for more
# than two.
log-spells --gap 2d --settled log.csv | churn-survival --group platform - -f csv -o curve.csv
ok 'too short a gap makes stays look short' awk -F, '$1 == "TikTok" && $2 == 30 { print; exit !($6 < 0.3) }' curve.csv
finish
