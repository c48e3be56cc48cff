# SPDX-License-Identifier: GPL-3.0-or-later
# The tools of creator tiers against R on small random panels.
. "$TESTS/lib/tap.sh"
command -v Rscript >/dev/null || { echo '1..0 # SKIP R is not installed'; exit 0; }

Rscript "$TESTS/truth/tiers-random.R" "$BIN" 25 >compared.tap 2>compared.err
ok 'R compares all of it' grep -q '^1\.\.' compared.tap
tap_include compared.tap
finish
