# SPDX-License-Identifier: GPL-3.0-or-later
# Measures of inequality against R, tails against poweRlaw: drawn data, and its own.
. "$TESTS/lib/tap.sh"
command -v Rscript >/dev/null || { echo '1..0 # SKIP R is not installed'; exit 0; }
Rscript -e 'library(poweRlaw)' >/dev/null 2>&1 || { echo '1..0 # SKIP poweRlaw is not installed'; exit 0; }
script=$TESTS/truth/tier-inequality.R

compared() { # what, file, options...
    what=$1 file=$2
    shift 2
    runs "tier-inequality $*" 0 "$BIN/tier-inequality" "$@" "$file" -o result.csv
    Rscript "$script" "$what" "$file" result.csv >compared.tap 2>&1
    ok 'R compares all of it' grep -q '^1\.\.' compared.tap
    tap_include compared.tap
}

ok 'R draws a panel' Rscript "$script" draw panel.csv
compared measures panel.csv
awk -F, 'NR == 1 || $2 == "2024-01"' panel.csv >month.csv
head -n 601 month.csv >part.csv
compared parts part.csv --decompose --tiers low:0,middle:50,high:400
compared tail month.csv --tail --replications 0
awk -F, 'NR == 1 { print "creator,followers" } NR > 1 { for (i = 0; i < $2; i++) print "w" ++n "," $1 }' \
    "$TESTS/truth/tier-inequality/native-american.csv" >native.csv
compared tail native.csv --tail --replications 0
compared bootstrap native.csv --tail --least 2 --replications 2000
finish
