/* SPDX-License-Identifier: GPL-3.0-or-later */
/* ARPU and its changes from single users: a log `user,platform,date,revenue`, a row an activity.
 *
 *     struct arpu_log_options options = {.period = PERIOD_MONTH, .confidence = 0.95, .threads = 4};
 *     struct arpu_log_summary summary;
 *     struct arpu_table arpu = {0};
 *     if (arpu_read_log(table, &options, &arpu, &summary, err)) ...
 *
 * A user is active on a platform in a period that has a row of theirs; their revenue there is the
 * sum over the rows, an empty cell being none. users are distinct active users, users_lost those
 * active in the period before and not in this one, revenue_lost what they had paid in that period.
 * With a segment, a user who moves to another segment is lost to the first. Rows run without gaps
 * from the first period in which a platform (and segment) has anyone to the last of the log, so one
 * that everybody left shows as no users.
 *
 * Intervals: ARPU by estimate_mean, the share of revenue lost by estimate_ratio
 * (revenue/estimate.h), the share of users lost by proportion_wilson (stats/proportion.h).
 *
 * Memory grows with users, not rows, and not with threads: 32 to 48 bytes for each user, cell and
 * period they are active in (base/ledger.h).
 */
#ifndef REVENUE_ARPU_LOG_H
#define REVENUE_ARPU_LOG_H

#include "revenue/arpu.h"
#include "table/table.h"

struct arpu_log_options {
    enum period_kind period;
    const char *segment; /* a column to part the users by, or NULL */
    double confidence;
    int threads; /* for what follows the reading */
};

struct arpu_log_summary {
    int32_t first_day, last_day; /* of the log; first > last if it has no rows */
    uint64_t without_revenue;    /* rows whose revenue is empty */
};

/* Binds the columns and reads the open table as a fold. A column "currency", if there is one, must
 * hold one and the same text. At most LEDGER_CELLS pairs of platform and
 * segment. `ret` is zero-initialised. */
int arpu_read_log(struct table *table, const struct arpu_log_options *options,
                  struct arpu_table *ret, struct arpu_log_summary *ret_summary, struct error *err);

#endif
