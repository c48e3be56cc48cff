# SPDX-License-Identifier: GPL-3.0-or-later
# Every count, share and bound against R's tapply and prop.test.
. "$TESTS/lib/tap.sh"

agrees() { # name, file of spells, confidence, R's format of the period, options...
    what=$1 spells=$2 confidence=$3 format=$4
    shift 4
    runs "$what: ends well" 0 "$BIN/churn-flows" "$spells" --confidence "$confidence" -o result.csv "$@"
    ok "$what: as in R" Rscript "$TESTS/truth/churn-flows.R" "$spells" result.csv "$confidence" "$format"
}

sed '1s/.*/end,platform,destination,n/' "$DATA/freenode-libera/exits.csv" >exits.csv
agrees 'Freenode' exits.csv 0.95 all --weight n
agrees 'Freenode at 99.9 %' exits.csv 0.999 all --weight n
agrees 'Freenode by year' exits.csv 0.95 %Y --weight n --period year
agrees 'Freenode by month' exits.csv 0.9 %Y-%m --weight n --period month
agrees 'Freenode by ISO week' exits.csv 0.95 %G-W%V --weight n --period week
agrees 'Freenode by day' exits.csv 0.5 %Y-%m-%d --weight n --period day
agrees 'a few spells made by hand' "$DATA/tiny/spells.csv" 0.95 all

"$BIN/synth-panel" spells --set users=20000 --set arrival_days=300 -o synthetic.csv
agrees 'synthetic spells' synthetic.csv 0.95 all
agrees 'synthetic spells by month' synthetic.csv 0.8 %Y-%m --period month

cat >lopsided.csv <<'END'
platform,end,destination,n
A,2025-01-01,B,1
A,2025-01-02,C,999999999
END
agrees 'one of 10^9' lopsided.csv 0.95 all --weight n
finish
