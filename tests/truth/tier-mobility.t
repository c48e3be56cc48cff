# SPDX-License-Identifier: GPL-3.0-or-later
# Every table of tier-mobility against R, on a panel that R draws.
. "$TESTS/lib/tap.sh"
command -v Rscript >/dev/null || { echo '1..0 # SKIP R is not installed'; exit 0; }
Rscript -e 'library(sandwich)' >/dev/null 2>&1 || { echo '1..0 # SKIP sandwich is not installed'; exit 0; }
script=$TESTS/truth/tier-mobility.R

compared() { # what, options...
    what=$1
    shift
    runs "tier-mobility $*" 0 "$BIN/tier-mobility" "$@" panel.csv -o result.csv
    Rscript "$script" compare panel.csv "$what" result.csv >compared.tap 2>&1
    ok 'R compares all of it' grep -q '^1\.\.' compared.tap
    tap_include compared.tap
}

ok 'R draws a panel' Rscript "$script" draw panel.csv
compared matrix
compared stationary --stationary
compared time --time-to mega --stayers
compared indices --indices
compared test --test
compared creator --gibrat
compared hc1 --gibrat --errors hc1
compared hc3 --gibrat --errors hc3
awk -F, 'NR == 1 || $2 == "TikTok"' panel.csv >tiktok.csv && mv tiktok.csv panel.csv
if Rscript -e 'library(msm)' >/dev/null 2>&1; then
    compared rate --rate --tiers small:0,large:50000
fi
finish
