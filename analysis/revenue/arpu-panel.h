/* SPDX-License-Identifier: GPL-3.0-or-later */
/* ARPU and its changes from aggregates: a panel `platform,period,users,revenue[,segment]`.
 *
 *     struct arpu_table arpu = {0};
 *     if (arpu_read_panel(table, NULL, &arpu, err)) ...
 *
 * `users` are those who were active in the period, or their average over it, as the source counts
 * them. From two counts only the net change is known: users_lost is the fall (0 for a rise), and
 * revenue_lost is what that many users gave before, users_lost times the ARPU before. A total says
 * nothing of how much users differ, so every interval is missing: any would need an assumption that
 * is not in the data.
 */
#ifndef REVENUE_ARPU_PANEL_H
#define REVENUE_ARPU_PANEL_H

#include "revenue/arpu.h"
#include "table/table.h"

/* Binds the columns and reads the open table. `segment` is the column that parts a platform's rows;
 * NULL: the column "segment" if there is one. A column "currency", if there is one, must hold one
 * and the same text. ERROR_DATA for negative users, two rows of one platform, segment and period,
 * periods of several kinds, and several currencies. `ret` is zero-initialised. */
int arpu_read_panel(struct table *table, const char *segment, struct arpu_table *ret,
                    struct error *err);

#endif
