/* SPDX-License-Identifier: GPL-3.0-or-later */
/* ARPU and its changes from single users who are kept, so that they can be drawn again.
 *
 *     struct arpu_log_options options = {.period = PERIOD_MONTH, .confidence = 0.95, .threads = 4};
 *     const struct bootstrap_options bootstrap = {.replications = 1000, .seed = 1};
 *     struct arpu_log_summary summary;
 *     struct arpu_table arpu = {0};
 *     if (arpu_read_users(table, &options, &bootstrap, &arpu, &summary, err)) ...
 *     arpu.rows[0].arpu_drawn.lower;
 *
 * The same rows as arpu_read_log gives (revenue/arpu-log.h), and in them the intervals of ARPU and
 * of the shares of revenue and users lost by a bootstrap over users (revenue/bootstrap.h). Those of
 * ARPU and of revenue are given where the other intervals exist. Memory: revenue/accounts.h.
 */
#ifndef REVENUE_ARPU_USERS_H
#define REVENUE_ARPU_USERS_H

#include "revenue/arpu-log.h"
#include "revenue/bootstrap.h"

int arpu_read_users(struct table *table, const struct arpu_log_options *options,
                    const struct bootstrap_options *bootstrap, struct arpu_table *ret,
                    struct arpu_log_summary *ret_summary, struct error *err);

#endif
