#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# That intervals of revenue hold the truth as often as they say, over 400 simulated data sets each:
# 95 % of 400 are 380, with a standard deviation of 4.4; from 362 to 394 is four of them, and what
# few users cost.
. "$TESTS/lib/tap.sh"
PATH=$BIN:$PATH
sets=400
within() { # name, hits
    ok "$1: $2 of $sets" test "$2" -ge 362 -a "$2" -le 394
}

# ---- Revenue at risk -----------------------------------------------------------------------------
# Stays are geometric with a chance of 0.1 a month, watched for 12 months at most; 150 customers of
# ages 0 to 5 pay 1 to 3, evenly. At a horizon of 6 months each has 1 - 0.9^6 of it at risk.
hits=0 set=1
while [ $set -le $sets ]; do
    awk -v seed=$set 'BEGIN {
        srand(seed)
        print "time,status"
        for (i = 0; i < 200; i++) {
            t = 1
            while (rand() > 0.1 && t <= 12) t++
            watched = 6 + int(7 * rand())
            print (t <= watched ? t : watched) "," (t <= watched)
        }
    }' | churn-survival --time time --status status -o curve.csv
    awk -v seed=$set 'BEGIN {
        srand(seed + 5000)
        print "user,revenue,age"
        for (i = 0; i < 150; i++) printf "u%d,%.6f,%d\n", i, 1 + 2 * rand(), int(6 * rand())
    }' | arpu-loss --survival curve.csv --horizon 6 2>/dev/null >risk.csv
    hits=$((hits + $(awk -F, -v truth="$(awk 'BEGIN { print 150 * 2 * (1 - 0.9 ^ 6) }')" '
        NR == 2 { print ($7 <= truth && truth <= $8) }' risk.csv)))
    set=$((set + 1))
done
within 'revenue at risk holds the truth' $hits

# ---- Parts of a change, and churn ----------------------------------------------------------------
# A Poisson number of users, 250 on average, in two plans: basic (70 %, pays 1 to 3) and plus (30 %,
# pays 5 to 15). Each month all are active with a chance of 0.8, and in the second one basic users
# with 0.5 and plus users pay 20 % more. Expected users: 140 and 60, then 87.5 and 60; expected
# revenue 280 and 600, then 175 and 720.
truth=$(awk 'function l(a, b) { return (a - b) / log(a / b) } BEGIN {
    lb = l(175, 280); lp = l(720, 600); all = log(147.5 / 200)
    printf "%.9f %.9f %.9f", (lb + lp) * all, lb * (log(87.5 / 140) - all) + lp * (log(1) - all), lp * log(1.2) }')
users=0 mix=0 arpu=0 gross=0 set=1
while [ $set -le $sets ]; do
    awk -v seed=$set 'BEGIN {
        srand(seed + 9000)
        print "user,platform,date,revenue,plan"
        n = 0; t = -log(1 - rand())
        while (t < 250) { n++; t += -log(1 - rand()) }
        for (i = 0; i < n; i++) {
            plus = rand() < 0.3
            if (rand() < 0.8) printf "u%d,A,2025-01-31,%.6f,%s\n", i, plus ? 5 + 10 * rand() : 1 + 2 * rand(), plus ? "plus" : "basic"
            if (rand() < (plus ? 0.8 : 0.5)) printf "u%d,A,2025-02-28,%.6f,%s\n", i, plus ? 1.2 * (5 + 10 * rand()) : 1 + 2 * rand(), plus ? "plus" : "basic"
        }
    }' >log.csv
    arpu-change --group plan log.csv >change.csv
    set -- $(awk -F, -v truth="$truth" '
        BEGIN { split(truth, t, " "); of["users"] = t[1]; of["mix"] = t[2]; of["arpu"] = t[3] }
        $4 in of { printf "%d ", $7 <= of[$4] && of[$4] <= $8 }' change.csv) $set
    users=$((users + $1)) mix=$((mix + $2)) arpu=$((arpu + $3)) set=$4
    # Gross churn: 0.2 or 0.5 leave with all; of the others half pay less: what is lost on average is
    # (x - y)+ of two even draws, a sixth of the spread: 1/3 of basic; of plus, (x - 1.2 y)+.
    gross=$((gross + $(arpu-churn log.csv | awk -F, -v truth="$(awk 'BEGIN {
        n = 2000; s = 0
        for (i = 0; i < n; i++) { x = 5 + 10 * (i + 0.5) / n; top = x / 1.2; if (top > 15) top = 15
            if (top > 5) s += (x * (top - 5) - 0.6 * (top * top - 25)) / 10 / n }
        print (280 * 0.5 + 140 * 0.5 / 3 + 600 * 0.2 + 60 * 0.8 * s) / 880 }')" '
        NR == 2 { print ($16 <= truth && truth <= $17) }')))
    set=$((set + 1))
done
within 'the effect of users' $users
within 'the effect of the mix' $mix
within 'the effect of the ARPU' $arpu
within 'gross churn' $gross
finish
