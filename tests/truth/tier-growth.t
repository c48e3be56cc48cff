# SPDX-License-Identifier: GPL-3.0-or-later
# Every cell of tier-growth against R, on a panel that R draws, pooled and by platform.
. "$TESTS/lib/tap.sh"
command -v Rscript >/dev/null || { echo '1..0 # SKIP R is not installed'; exit 0; }
script=$TESTS/truth/tier-growth.R

ok 'R draws a panel' Rscript "$script" draw panel.csv
for kind in flows poisson; do
    for by in '' --by-platform; do
        runs "tier-growth --interval $kind $by" 0 "$BIN/tier-growth" --interval $kind $by panel.csv -o result.csv
        Rscript "$script" compare panel.csv result.csv $kind >compared.tap 2>&1
        ok 'R compares all of it' grep -q '^1\.\.' compared.tap
        tap_include compared.tap
    done
done
finish
