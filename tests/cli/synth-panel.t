# SPDX-License-Identifier: GPL-3.0-or-later
# synth-panel: the kinds of data, their parameters, and the truth beside them.
. "$TESTS/lib/tap.sh"

runs 'three spells' 0 "$BIN/synth-panel" spells --set users=3
is 'header and three rows' "$(echo "$out" | wc -l)" 4
like 'columns of spells' "$out" '^user,platform,segment,age,start,end,destination$'

for kind in spells activity creators revenue; do
    "$BIN/synth-panel" "$kind" --seed 5 --threads 1 -o one.csv
    "$BIN/synth-panel" "$kind" --seed 5 --threads 4 -o four.csv
    same "$kind: threads change nothing" one.csv four.csv
    "$BIN/synth-panel" "$kind" --seed 6 -o other.csv
    ok "$kind: another seed, other data" sh -c '! cmp -s one.csv other.csv'
    runs "$kind: its parameters" 0 "$BIN/synth-panel" "$kind" --parameters -f csv
    like "$kind: parameters have ranges" "$out" '^parameter,value,least,most,unit,meaning$'
    echo "$out" >parameters.csv
    runs "$kind: the listed parameters are a scenario" 0 \
        "$BIN/synth-panel" "$kind" parameters.csv --seed 5 -o again.csv
    same "$kind: and the defaults" one.csv again.csv
done

runs 'truth beside the data' 0 "$BIN/synth-panel" revenue --truth truth.csv -o revenue.csv
like 'half a million at 1.25' "$(cat truth.csv)" '^revenue lost,TikTok,2025-01,625000,USD$'
like 'and every parameter' "$(cat truth.csv)" '^migrants,,,500000,users$'

printf 'parameter,value\nusers,2\n' >scenario.csv
runs 'a scenario file sets parameters' 0 "$BIN/synth-panel" spells scenario.csv
is 'two users' "$(echo "$out" | wc -l)" 3
runs 'and --set goes before it' 0 "$BIN/synth-panel" spells scenario.csv --set users=4
is 'four users' "$(echo "$out" | wc -l)" 5

runs 'an unknown kind' 2 "$BIN/synth-panel" spels
like 'did you mean' "$err" "no kind of data is called 'spels'; did you mean 'spells'"
runs 'an unknown parameter' 2 "$BIN/synth-panel" spells --set user=3
like 'did you mean' "$err" "unknown parameter 'user', did you mean 'users'"
runs 'a value out of range' 2 "$BIN/synth-panel" spells --set share_b=2
like 'the range' "$err" 'share_b is 2, expected 0 to 1'
runs 'half a user' 2 "$BIN/synth-panel" spells --set users=1.5
like 'whole' "$err" 'users is 1.5, expected a whole number'
printf 'parameter,value\nusers,2\nusers,3\n' >twice.csv
runs 'a parameter twice' 1 "$BIN/synth-panel" spells twice.csv
like 'both lines' "$err" 'twice.csv:3:1: users is given again, expected it once; first at .*twice.csv:2'
runs 'shares above one' 1 "$BIN/synth-panel" spells --set share_to_rednote=0.9 -o no.csv
like 'which ones' "$err" 'share_to_rednote and share_to_instagram add up to 1.15'
ok 'and no file' test ! -e no.csv

finish
