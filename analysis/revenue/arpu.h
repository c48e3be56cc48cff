/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Average revenue per user by platform, segment and period, and what changed since the period
 * before.
 *
 *     struct arpu_table arpu = {0};
 *     if (arpu_read_panel(table, NULL, &arpu, err)) ...       // revenue/arpu-panel.h
 *     for (size_t i = 0; i < arpu.count; i++)
 *         arpu.rows[i].revenue_lost;
 *     arpu_free(&arpu);
 *
 * Rows are sorted by platform, segment and period. With users U, revenue R, ARPU A = R/U, and 0 for
 * the period just before:
 *
 *     R1 - R0 = (U1 - U0) A0 + U1 (A1 - A0)
 *               by users       by ARPU
 *
 * The first term is worked out as (U1 - U0) R0 / U0 and rounded half to even at the sixth decimal,
 * the second is the exact rest, so the two always sum to the change.
 *
 * Edge cases. No users: the ARPU is missing. Negative revenue (refunds above sales) is a number as
 * any other, only a share of revenue that is not above zero is missing. A period that is not in the
 * input breaks the comparison: the one after it has no change.
 */
#ifndef REVENUE_ARPU_H
#define REVENUE_ARPU_H

#include "base/arena.h"
#include "base/calendar.h"
#include "base/decimal.h"
#include "base/error.h"
#include "base/text.h"
#include "revenue/estimate.h"
#include <stdbool.h>
#include <stddef.h>

struct arpu_row {
    struct text platform;
    struct text segment; /* empty without one */
    struct period period;
    decimal users; /* whole in logs; a panel may give averages such as 1234.5 */
    decimal_sum revenue;
    bool has_arpu; /* users > 0 */
    decimal arpu;  /* rounded half to even at the sixth decimal */
    struct interval arpu_interval;

    bool has_change; /* the period before is known */
    decimal users_change;
    decimal users_lost; /* panel: net, logs: all who were active before and are not now */
    decimal_sum revenue_change;
    decimal_sum revenue_lost; /* panel: users_lost times the ARPU before; logs: what they paid */
    decimal_sum change_by_users;
    decimal_sum change_by_arpu;
    double share_lost; /* revenue_lost / revenue before; nan if that is not above 0 */
    struct interval share_interval;
    double users_share_lost; /* users_lost / users before; nan if there were none */
    struct interval users_interval;
    /* By a bootstrap over users; nan unless revenue/arpu-users.h */
    struct interval arpu_drawn, share_drawn, users_drawn;
};

/* Zero-initialise. Owns the texts of its rows and the currency. */
struct arpu_table {
    struct arpu_row *rows;
    size_t count, capacity;
    struct arena names;
    struct text currency; /* of column `currency`, or empty */
    bool has_segments;
};

/* Fills has_arpu and arpu of a row with users and revenue. ERROR_DATA if the ARPU exceeds the range
 * of decimals. */
int arpu_of_row(struct arpu_row *row, struct error *err);

/* Fills the changes of `row` since `before`, the same platform and segment one period earlier, but
 * leaves users_lost, revenue_lost and the shares: those depend on what the input can tell. */
int arpu_compare(const struct arpu_row *before, struct arpu_row *row, struct error *err);

/* Divides exactly and rounds half to even; false if divisor <= 0 or the result does not fit. */
bool arpu_divide(decimal_sum dividend, decimal_sum divisor, decimal_sum *ret);

/* Adds an empty row at the end; NULL (with err set) when memory is out. */
struct arpu_row *arpu_add(struct arpu_table *table, struct error *err);

void arpu_free(struct arpu_table *table);

#endif
