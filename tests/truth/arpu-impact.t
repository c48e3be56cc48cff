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

# AR(1) noise: R's integrals and roots are good to ten digits, its second differences to five.
noisy_agrees() { # name, options...
    name=$1
    shift
    tolerance=1e-9
    case $name in *reml) tolerance=2e-5 ;; esac
    arpu-impact --value y "$@" --summary -f tsv -o summary.tsv "expected/$name.csv" 2>/dev/null &&
        { echo "$coefficients" | tr ' ' '\t'
          sed -n '/^level_before/,/^effect_mean/p' summary.tsv | sed '$d' | cut -f3- |
              awk -F'\t' -v OFS='\t' '$5 < 1e-3 { $5 = 0 } { print }'; } >found.tsv &&
        $near "expected/$name.tsv" found.tsv $tolerance &&
        arpu-impact --value y "$@" -f tsv -o periods.tsv "expected/$name.csv" 2>/dev/null &&
        { cut -f1 "expected/$name.periods.tsv" | sed '1d;$d' | while read -r date; do
              awk -F'\t' -v d="$date" '$1 == d { print $4 "\t" $5 "\t" $6 }' periods.tsv
          done
          awk -F'\t' '$10 != "" { total = $10; low = $11; high = $12; actual += $3 } END { printf "%.15g\t%.15g\t%.15g\n", actual - total, low, high }' periods.tsv
        } >rows.tsv &&
        { printf 'expected\tlower\tupper\n'; cat rows.tsv; } >found.tsv &&
        cut -f2- "expected/$name.periods.tsv" >wanted.tsv && $near wanted.tsv found.tsv $tolerance
}
while read -r name options; do
    # shellcheck disable=SC2086 # options are words
    ok "AR(1), $name: $options" noisy_agrees "$name" $options
done <expected/noisy.txt
gls_agrees() { # name, options...
    name=$1
    shift
    arpu-impact --value y --errors ar1-reml "$@" --summary -f tsv -o summary.tsv "expected/$name-ar1-reml.csv" 2>/dev/null &&
        sed -n '/^level_before/,/^effect_mean/p' summary.tsv | sed '$d' | cut -f3,4 >found.tsv &&
        tail -n +2 "expected/$name.gls.tsv" | paste - found.tsv | awk -F'\t' '{
            n++
            d = ($1 - $3) / $2; e = ($2 - $4) / $2
            if (d * d > 1e-8 || e * e > 1e-8) { print; bad = 1 } } END { exit bad || n == 0 }'
}
grep -- '-ar1-reml ' expected/noisy.txt | sed 's/-ar1-reml --errors ar1-reml//' >gls.txt
while read -r name options; do
    [ -e "expected/$name.gls.tsv" ] || continue
    # shellcheck disable=SC2086 # options are words
    ok "nlme::gls, $name: $options" gls_agrees "$name" $options
done <gls.txt

# State space: the likelihood at the tool's variances is that of the dense normal distribution, no
# optimiser of R finds a higher one (by more than the variances that the tool leaves at 0 may cost),
# and the forecasts and the sums of effects are its best linear unbiased predictions.
space_agrees() { # name, trend, options...
    name=$1 trend=$2
    shift 2
    set -- --variances plug-in "$@"
    arpu-impact --value y "$@" --summary -f tsv -o "expected/$name.summary.tsv" "expected/$name.csv" &&
        arpu-impact --value y "$@" -f tsv -o periods.tsv "expected/$name.csv" &&
        Rscript "$TESTS/truth/arpu-impact.R" expected space "$name" "$trend" &&
        { printf 'expected\tupper\tcumulative\tcumulative_upper\n'
          awk -F'\t' 'NR > 1 && $2 == 1 { print $4 "\t" $6 "\t" $10 "\t" $12 }' periods.tsv; } >found.tsv &&
        $near "expected/$name.later.tsv" found.tsv 1e-6 &&
        awk -F'\t' -v found="$(awk -F'\t' '$1 == "log_likelihood" { print $3 }' "expected/$name.summary.tsv")" '{
            d = found - $1
            print found, $1, $2
            exit !(d * d < 1e-14 * found * found && found > $2 - 2e-3) }' "expected/$name.likelihood.tsv"
}
while read -r name trend options; do
    # shellcheck disable=SC2086 # options are words
    ok "state space, $name: $options" space_agrees "$name" "$trend" $options
done <expected/spaces.txt

# With the error of the variances: integrated on a grid in R, the same mean and quantiles, to a share
# of the width of the bounds. R's grid is coarser over two angles than over one.
integral_agrees() { # name, trend, options...
    name=$1 trend=$2
    shift 2
    arpu-impact --value y "$@" -f tsv -o periods.tsv "expected/$name.csv" &&
        Rscript "$TESTS/truth/arpu-impact.R" expected integrated "$name" "$trend" &&
        awk -F'\t' 'NR > 1 && $2 == 1 { print $4 "\t" $5 "\t" $6 "\t" $10 "\t" $11 "\t" $12 }' periods.tsv >found.tsv &&
        tail -n +2 "expected/$name.integrated.tsv" | paste - found.tsv | awk -F'\t' -v trend="$trend" '
            function far(a, b, width) {
                if (a == "" || b == "") return a != b
                return (a - b) * (a - b) > (trend == "TRUE" ? 1e-7 : 1e-12) * width * width
            }
            { n++
              for (i = 1; i <= 6; i++)
                  if (far($i, $(i + 6), i < 4 ? $3 - $2 : $6 - $5)) { print i ": " $0; bad = 1 } }
            END { exit bad || n == 0 }'
}
grep -E '^(nile-space|controls-space-FALSE|holes-space-FALSE|wander)' expected/spaces.txt >integrated.txt
while read -r name trend options; do
    # shellcheck disable=SC2086 # options are words
    ok "integrated, $name: $options" integral_agrees "$name" "$trend" $options
done <integrated.txt

arpu-impact --value y --method local-level --event 1971 --summary -f tsv expected/structts.csv >summary.tsv 2>/dev/null
is 'StructTS on the Nile: the same variances' \
    "$(awk -F'\t' '$1 ~ /^variance_/ { printf "%.0f ", $3 }' summary.tsv)" \
    "$(tail -1 expected/structts.tsv | tr '\t' ' ') "

# CausalImpact's vignette, summary(impact): average effect 11 (10.5 with more digits), 95 % interval
# 9.8 to 11.2; prediction 107, actual 117. Its prior says that the level hardly moves; the variances
# of the largest likelihood say so too, and taken as known they give nearly its interval.
arpu-impact --variances plug-in --value y --method local-level --controls x1 --event 2014-03-12 --summary -f tsv expected/vignette.csv >summary.tsv
ok 'the example of CausalImpact: the effect, and nearly its interval' awk -F'\t' '
    $1 == "effect_mean" { print; exit !($3 > 10.4 && $3 < 10.7 && $5 > 9.5 && $5 < 10.2 && $6 > 10.9 && $6 < 11.5) }' summary.tsv

# Synthetic control: the same distance to the weighted mean in every period as with R's weights. An
# effect is a difference of about 1 between numbers of about 100 that R gives to some eight digits.
weights_agree() { # name, controls
    arpu-impact --value y --method synthetic-control --controls "$2" --event 1946 -f tsv "expected/$1.csv" >periods.tsv 2>/dev/null
    awk -F'\t' 'NR > 1 { print $7 }' periods.tsv >found.txt
    tail -n +2 "expected/$1.tsv" | paste - found.txt | awk '{ n++; d = $1 - $2; if (d > 1e-5 || -d > 1e-5) { print; bad = 1 } } END { exit bad || n != 60 }'
}
while read -r name controls; do
    ok "synthetic control, $name" weights_agree "$name" "$controls"
done <expected/panels.txt
finish
