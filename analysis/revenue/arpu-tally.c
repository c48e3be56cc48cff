/* SPDX-License-Identifier: GPL-3.0-or-later */
/* From tallies of single users to rows of ARPU. */
#include "revenue/arpu-tally.h"

#include "stats/proportion.h"

static void count_lost(const struct arpu_row *before, const struct moments *active_before,
                       const struct moments *lost, double confidence, struct arpu_row *row) {
    struct moments kept = *active_before;
    moments_remove(&kept, lost);
    row->users_lost = lost->count * DECIMAL_ONE;
    row->revenue_lost = lost->sum;
    struct proportion_interval users =
        proportion_wilson((double)lost->count, (double)active_before->count, confidence);
    row->users_interval = (struct interval){users.lower, users.upper};
    row->share_interval = estimate_ratio(lost, &kept, confidence);
    if (before->users > 0)
        row->users_share_lost = (double)lost->count / (double)active_before->count;
    if (before->revenue > 0)
        row->share_lost = decimal_sum_to_double(lost->sum) / decimal_sum_to_double(before->revenue);
}

int arpu_tally_rows(const struct arpu_tally *tallies, size_t periods,
                    const struct arpu_tally_key *key, double confidence, struct arpu_table *table,
                    struct error *err) {
    bool begun = false;
    for (size_t k = 0; k < periods; k++) {
        if (!begun && tallies[k].active.count == 0)
            continue;
        struct arpu_row *row = arpu_add(table, err);
        if (!row)
            return err->code;
        row->platform = key->platform;
        row->segment = key->segment;
        row->period = (struct period){key->first.kind, key->first.index + (int32_t)k};
        row->users = tallies[k].active.count * DECIMAL_ONE;
        row->revenue = tallies[k].active.sum;
        if (arpu_of_row(row, err))
            return err->code;
        row->arpu_interval = estimate_mean(&tallies[k].active, confidence);
        if (begun) {
            if (arpu_compare(row - 1, row, err))
                return err->code;
            count_lost(row - 1, &tallies[k - 1].active, &tallies[k].lost, confidence, row);
        }
        begun = true;
    }
    return 0;
}
