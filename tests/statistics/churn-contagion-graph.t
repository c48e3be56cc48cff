# SPDX-License-Identifier: GPL-3.0-or-later
# How often the bounds along a follow graph hold the truth: 400 graphs of 250 users, hazard of leaving
# 0.006 a day, times 1.8 for each followed account that had left by the day before. 0.95 has a
# standard error of 0.011 there; expected is the share within three of them.
. "$TESTS/lib/tap.sh"

simulate() { # seed
    awk -v seed="$1" 'BEGIN {
        srand(seed)
        users = 250; days = 50
        print "follower,followed" >"graph.csv"
        for (i = 0; i < users; i++) {
            n[i] = int(7 * rand())
            for (k = 0; k < n[i]; k++) {
                j = int(users * rand())
                if (j == i || (i, j) in seen) { k--; continue }
                seen[i, j] = 1
                follows[i, k] = j
                print "u" i ",u" j >"graph.csv"
            }
        }
        for (d = 1; d <= days; d++) {
            for (i = 0; i < users; i++) {
                if (end[i]) continue
                gone = 0
                for (k = 0; k < n[i]; k++) { j = follows[i, k]; gone += end[j] && end[j] < d }
                if (rand() < 1 - exp(-0.006 * 1.8 ^ gone)) end[i] = d
            }
        }
        print "user,end" >"spells.csv"
        for (i = 0; i < users; i++)
            print "u" i "," (end[i] ? sprintf("2025-%02d-%02d", 1 + int((end[i] - 1) / 28), (end[i] - 1) % 28 + 1) : "") >"spells.csv"
        close("graph.csv"); close("spells.csv")
    }'
}

held=0
for seed in $(seq 400); do
    simulate "$seed"
    "$BIN/churn-contagion" --graph graph.csv spells.csv 2>/dev/null |
        awk -F, '$1 == "followed_gone" { exit !($7 <= 1.8 && 1.8 <= $8) }' && held=$((held + 1))
done
echo "# $held of 400"
ok 'bounds hold the truth as often as they should' test "$held" -ge 367 -a "$held" -le 393
finish
