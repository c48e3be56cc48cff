# SPDX-License-Identifier: GPL-3.0-or-later
# customer-value against R, run here and now: parameters by R's own optimiser from likelihoods that
# are written down with numerical integrals, and what they expect of each customer.
#
# With CDNOW=FILE, the 1/10 sample of CDNOW's customers (brucehardie.com, not ours to pass on) as
# frequency,recency,T[,value] in weeks, the published fits as well.
. "$TESTS/lib/tap.sh"
command -v Rscript >/dev/null || { echo '1..0 # SKIP Rscript is not installed'; exit 0; }
PATH=$BIN:$PATH

customer-value --replicates 0 "$DATA/tiny/purchases.csv" -f csv >each.csv
{ echo frequency,recency,T,value; tail -n +2 each.csv | cut -d, -f3-6; } >histories.csv
is 'a log and its histories: the same' "$(customer-value --replicates 0 histories.csv | cut -d, -f3-)" "$(cut -d, -f3- each.csv)"

near() { # name, found and expected as lines, tolerance
    ok "$1" sh -c 'paste "$0" "$1" | awk -v t="$2" "{ n++; for (i = 1; i <= NF / 2; i++) { d = \$i - \$(i + NF / 2); s = \$(i + NF / 2); if (d < 0) d = -d; if (s < 0) s = -s; if (!(d <= t * s + 1e-12)) { print; bad = 1 } } } END { exit bad || n == 0 }"' "$2" "$3" "$4"
}
for model in bg-nbd pareto-nbd; do
    ok "$model: R computes what to expect" Rscript "$TESTS/truth/customer-value.R" . histories.csv $model
    customer-value --model $model --replicates 0 --summary histories.csv >summary.csv
    awk -F, '$1 ~ /^(r|alpha|a|b|s|beta|log_likelihood|p|q|gamma|spend_log_likelihood)$/ { print $2 }' summary.csv >found.txt
    # Where R stops: its gradient is a difference, and the likelihood is flat at the top.
    near "$model: parameters and likelihoods" found.txt fit.txt 2e-3
    near "$model: log-likelihoods" "$(sed -n '5p;9p' found.txt >l1; echo l1)" "$(sed -n '5p;9p' fit.txt >l2; echo l2)" 1e-7
    customer-value --model $model --replicates 0 --horizon 12 histories.csv | awk -F, 'NR > 1 { print $7, $8 }' >found.txt
    near "$model: each customer" found.txt each.txt 2e-3
done

if [ -n "${CDNOW:-}" ]; then
    # Fader, Hardie & Lee 2005, tables 2 and 3 of the BG/NBD paper; Fader & Hardie's notes on both.
    published() { # model, pairs of quantity and value
        customer-value --model "$1" --horizon 39 --replicates 0 --summary "$CDNOW" >summary.csv
        model=$1
        shift
        while [ $# -gt 0 ]; do
            found=$(awk -F, -v q="$1" '$1 == q { print $2 }' summary.csv)
            ok "CDNOW, $model: $1 is $2 ($found)" awk -v a="$found" -v b="$2" -v t="$3" 'BEGIN { d = a - b; exit !(a != "" && d <= t && -d <= t) }'
            shift 3
        done
    }
    published bg-nbd r 0.243 0.0005 alpha 4.414 0.0006 a 0.793 0.0005 b 2.426 0.0005 log_likelihood -9582.4 0.05
    published pareto-nbd r 0.553 0.0005 alpha 10.578 0.001 s 0.606 0.0005 beta 11.669 0.0015 log_likelihood -9595.0 0.05
    ! head -1 "$CDNOW" | grep -q value || published bg-nbd p 6.25 0.005 q 3.74 0.006 gamma 15.44 0.01
fi
finish
