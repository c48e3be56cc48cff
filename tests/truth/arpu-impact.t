# SPDX-License-Identifier: GPL-3.0-or-later
# arpu-impact against R, run here and now: segmented regressions and their HAC errors.
. "$TESTS/lib/tap.sh"
command -v Rscript >/dev/null || { echo '1..0 # SKIP Rscript is not installed'; exit 0; }
PATH=$BIN:$PATH
near="perl $TESTS/lib/near.pl"

ok 'R computes what to expect' Rscript "$TESTS/truth/arpu-impact.R" expected
[ -s expected/cases.txt ] || { finish; exit 1; }

# Coefficients and errors, and what was expected of each period, to 1e-8.
coefficients='estimate std_error lower upper p'
agrees() { # name, options...
    name=$1
    shift
    arpu-impact --value y "$@" --summary -f tsv -o summary.tsv "expected/$name.csv" 2>/dev/null &&
        { echo "$coefficients" | tr ' ' '\t'
          sed -n '/^level_before/,/^effect_mean/p' summary.tsv | sed '$d' | cut -f3- |
              awk -F'\t' -v OFS='\t' '$5 < 1e-15 { $5 = 0 } { print }'; } >found.tsv &&
        $near "expected/$name.tsv" found.tsv 1e-8 &&
        arpu-impact --value y "$@" -f tsv -o periods.tsv "expected/$name.csv" 2>/dev/null &&
        { printf 'expected\tlower\tupper\teffect\n'
          awk -F'\t' 'NR > 1 && $7 != "" { print $4 "\t" $5 "\t" $6 "\t" $7 }' periods.tsv; } >found.tsv &&
        $near "expected/$name.periods.tsv" found.tsv 1e-8
}
while read -r name options; do
    # shellcheck disable=SC2086 # options are words
    ok "regression, $name: $options" agrees "$name" $options
done <expected/cases.txt
finish
