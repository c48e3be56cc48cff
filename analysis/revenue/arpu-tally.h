/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What single users of a platform and segment paid, tallied by period, and the rows of ARPU that
 * follow from it.
 *
 *     struct arpu_tally *tallies = calloc(periods, sizeof *tallies);
 *     moments_add(&tallies[0].active, revenue);         // a user active in the first period
 *     moments_add(&tallies[1].lost, revenue);           // who is not in the second
 *     if (arpu_tally_rows(tallies, periods, &key, 0.95, &table, err)) ...
 */
#ifndef REVENUE_ARPU_TALLY_H
#define REVENUE_ARPU_TALLY_H

#include "revenue/arpu.h"

/* Of one period. */
struct arpu_tally {
    struct moments active; /* revenue per active user */
    struct moments lost; /* of those active in the period before and not now: what they paid then */
};

struct arpu_tally_key {
    struct text platform, segment; /* must live as long as the table */
    struct period first;           /* of tallies[0] */
};

/* Adds a row for each period from the first in which anyone is active; there must be one. */
int arpu_tally_rows(const struct arpu_tally *tallies, size_t periods,
                    const struct arpu_tally_key *key, double confidence, struct arpu_table *table,
                    struct error *err);

#endif
