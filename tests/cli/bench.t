# SPDX-License-Identifier: GPL-3.0-or-later
# make bench on a toy: answers that differ are not timed, peers that are missing are named, and the
# page shows the ratios of what was measured. A peer stands in for Miller.
. "$TESTS/lib/tap.sh"
ROOT=$(cd "$TESTS/.." && pwd)
mkdir -p bench bin cases
printf 'x\n1\n2\n' >bench/data-3.csv
ok 'the stopwatch builds without a warning' make --no-print-directory -C "$ROOT" MODE="$MODE" \
    program SOURCE=tests/bench/measure.c PROGRAM="$PWD/bench/measure"

runs 'the stopwatch exits as the command does' 7 bench/measure took sh -c 'exit 7'
runs 'and runs no command without a report' 125 bench/measure
runs 'a second takes a second' 0 bench/measure took sleep 1
ok 'or hardly more' awk '$1 < 1 || $1 > 30 || $2 + $3 > 1 || $4 <= 0 { exit 1 }' took

cat >bin/mlr <<'END'
#!/bin/sh
[ "$1" = --version ] && echo 'mlr 0' && exit
sleep 0.2
echo "k,v"
echo "a,$1"
END
cat >bin/arpu-loss <<'END'
#!/bin/sh
[ "$1" = --version ] && echo 'arpu-loss 0' && exit
echo "k,v,w"
echo "a,0.3,1"
END
chmod +x bin/mlr bin/arpu-loss
toy() { # name, Miller's answer
    cat >"cases/$1.bench" <<END
title A toy
about That is all.
input data-@.csv plain
compare t.csv by k
target plain 3 Miller 1/4
limit DuckDB 2
limit data.table 2

[sojourn]
arpu-loss >{out}/t.csv

[Miller]
mlr $2 >{out}/t.csv

[DuckDB]
none

[data.table]
none
END
}
toy near 0.30000000000000004
toy far 0.301
bench() {
    perl "$TESTS/bench/run.pl" --bin "$PWD/bin" --folder bench --cases cases --threads 1 \
        --compiler cc --rows 3 "$@"
}
page() { perl "$TESTS/bench/page.pl" cases bench/results 3 "$@"; }

runs 'a far answer stops the run' 255 bench far
like 'and is shown' "$err" '^bench: t.csv, a, v: Miller has 0.301, ours is 0.3$'
ok 'and nothing is kept' test ! -e bench/results/far-plain-3.tsv
runs 'a near one is timed' 0 bench near
is 'five times' "$(grep -c '^run.Miller' bench/results/near-plain-3.tsv)" 5
runs 'there is a table' 0 page
like 'with ours first' "$(printf '%s\n' "$out" | sed -n 3p)" '^near +plain +3 +sojourn .* 1 +$'
like 'with its target' "$out" '^near .*Miller .* at least 1/4: met$'
like 'with who was left out' "$out" '(DuckDB|data.table) left out: not '
runs 'there is a page' 0 page "$TESTS/bench/performance.in.md"
like 'with targets' "$out" '^\| A toy; plain \| 3 \| Miller \| [0-9.e+]* \| 1/4 \| met'
like 'with versions' "$out" '^- Miller: mlr 0$'
like 'with what agreed' "$out" '^- Agrees with ours in: Miller: v$'
like 'with commands' "$out" '^    arpu-loss >\{out\}/t.csv$'
ok 'without a mark left' test -z "$(printf '%s\n' "$out" | grep '@[A-Z]*@')"
finish
