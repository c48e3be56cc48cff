# SPDX-License-Identifier: GPL-3.0-or-later
# Every count, share and bound against R's tapply and prop.test.
. "$TESTS/lib/tap.sh"

agrees() { # name, file of spells, confidence, R's format of the period, options...
    what=$1 spells=$2 confidence=$3 format=$4
    shift 4
    runs "$what: ends well" 0 "$BIN/churn-flows" --departures "$spells" --confidence "$confidence" -o result.csv "$@"
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

# The switching matrix of a log.
matrix_agrees() { # name, log, confidence
    runs "$1: ends well" 0 "$BIN/churn-flows" "$2" --confidence "$3" -o result.csv
    ok "$1: as in R" Rscript "$TESTS/truth/churn-flows-matrix.R" "$2" result.csv "$3"
}
matrix_agrees 'the tiny log' "$DATA/tiny/activity.csv" 0.95
"$BIN/synth-panel" activity --set users=3000 -o log.csv
matrix_agrees 'a synthetic log' log.csv 0.9
awk 'BEGIN {
    srand(11)
    print "user,platform,date"
    for (i = 0; i < 20000; i++)
        printf "u%d,%c,2024-%02d-%02d\n", rand() * 2500, 65 + rand() * 4, 3 + rand() * 8, 1 + rand() * 28
}' >random.csv
matrix_agrees 'a random log' random.csv 0.99

# Intensities, mean stays and chances, on the panels that come with msm.
rates_agree() { # data set, the moves that are allowed, further options...
    set_of_data=$1 moves=$2
    shift 2
    Rscript "$TESTS/truth/churn-flows-rate.R" "$set_of_data" write panel.csv
    for move in $moves; do set -- "$@" --allow "$move"; done
    runs "$set_of_data: ends well" 0 "$BIN/churn-flows" panel.csv --rate --time time --horizon 4 -o result.csv "$@"
    ok "$set_of_data: as in msm" Rscript "$TESTS/truth/churn-flows-rate.R" "$set_of_data" compare result.csv 4
}
rates_agree psor '1>2 2>3 3>4'
rates_agree cav '1>2 1>4 2>1 2>3 2>4 3>2 3>4'
rates_agree cav-exact '1>2 1>4 2>1 2>3 2>4 3>2 3>4' --exact 4
rates_agree bos '1>2 1>5 2>3 2>5 3>4 3>5 4>5' --exact 5
finish
