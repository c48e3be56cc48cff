# SPDX-License-Identifier: GPL-3.0-or-later
# States by share of time, as churn-flows and churn-destinations make them of minutes, against the
# same made in R of the raw minutes, prop.test and survfit.
command -v Rscript >/dev/null || { echo '1..0 # SKIP Rscript is not installed'; exit 0; }
. "$TESTS/lib/tap.sh"

agrees() { # name, log, sole
    "$BIN/churn-flows" --by-share --sole "$3" "$2" -o flows.csv 2>/dev/null
    "$BIN/churn-destinations" --occupancy --by-share --sole "$3" "$2" -o curves.csv 2>/dev/null
    "$BIN/churn-destinations" --occupancy --by-share --sole "$3" --summary "$2" -o means.csv 2>/dev/null
    ok "$1" Rscript "$TESTS/truth/churn-shares.R" "$2" "$3" flows.csv curves.csv means.csv
}

# Minutes in tens and few platforms: ties, shares that are exactly the threshold, and days of 0.
awk 'BEGIN {
    srand(5)
    print "user,platform,date,minutes"
    for (u = 0; u < 250; u++) {
        start = 1 + int(rand() * 4)
        like = int(rand() * 3)
        for (m = start; m <= 8; m++) {
            if (rand() < 0.25) like = int(rand() * 3)
            if (rand() < 0.2) continue
            n = 1 + int(rand() * 4)
            for (i = 0; i < n; i++)
                printf "u%d,%c,2024-%02d-%02d,%d\n", u, 65 + (rand() < 0.75 ? like : int(rand() * 3)), m, 1 + rand() * 28, 10 * int(rand() * 10)
        }
    }
}' >coarse.csv
agrees 'three platforms in tens of minutes' coarse.csv 0.9
agrees 'a threshold often met exactly' coarse.csv 0.75
agrees 'nobody solely but of all' coarse.csv 1

"$BIN/synth-panel" activity --set users=800 --set days=300 --set multi_homing_share=0.4 -o log.csv
agrees 'a synthetic log' log.csv 0.9
agrees 'a synthetic log at six tenths' log.csv 0.6
finish
