# SPDX-License-Identifier: GPL-3.0-or-later
# Every parameter, error, likelihood and curve against R's nls.
. "$TESTS/lib/tap.sh"
command -v Rscript >/dev/null || { echo '1..0 # SKIP R is not installed'; exit 0; }
script=$TESTS/truth/user-growth.R

compare() { # name, file, MODEL, ERROR, BREAK, LAUNCH
    set -- "$1" "$2" "$3" "$4" "$5" "$6"
    how="--error $4"
    [ "$5" = - ] || how="$how --break $5"
    [ "$6" = - ] || how="$how --launch $6"
    runs "$1: parameters" 0 "$BIN/user-growth" $how --model "$3" --parameters "$2" -o parameters.csv
    runs "$1: summary" 0 "$BIN/user-growth" $how --summary "$2" -o summary.csv
    runs "$1: curve" 0 "$BIN/user-growth" $how --model "$3" "$2" -o curve.csv
    Rscript "$script" compare "$2" parameters.csv summary.csv curve.csv "$4" "$5" "$6" >compared.tap 2>&1
    ok "$1: R compares" grep -q '^1\.\.' compared.tap
    tap_include compared.tap
}

for error in constant poisson relative; do
    compare "Mastodon, $error" "$DATA/mastodon/accounts.csv" all "$error" 2022-11-21 -
done
compare 'Mastodon without its break' "$DATA/mastodon/accounts.csv" all constant - -
# SSlogis gives 937.03, 35.223 and 1/11.405 of it (R's help page of SSlogis).
Rscript "$script" chick chick.csv
compare 'the growth of a chicken' chick.csv logistic constant - -
compare 'a launch' "$DATA/tiny/growth.csv" all relative - 2025-01-01
finish
