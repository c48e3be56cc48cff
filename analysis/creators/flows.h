/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Who is in which tier, and who moves between tiers from one period to the next.
 *
 *     struct flows flows = {0};
 *     if (flows_count(&panel, &tiers, false, threads, &flows, err)) ...
 *     flows_creators(&flows, 0, period, tier);
 *     flows_moved(&flows, 0, period, micro, mid);                  // since period - 1
 *     struct tier_change change = flows_step(&flows, 0, period, tier);
 *     flows_free(&flows);
 *
 * The unit is the account: a creator on one platform. Someone on two platforms counts twice, once
 * with the followers of each. An account without a row in a period is outside; if it comes back it
 * has left and entered again.
 *
 * Groups are the platforms of the panel, in its order, or one group of all.
 */
#ifndef CREATORS_FLOWS_H
#define CREATORS_FLOWS_H

#include "creators/growth.h"
#include "creators/panel.h"
#include "creators/tiers.h"
#include <stdbool.h>

/* Zero-initialise. */
struct flows {
    size_t groups;
    size_t periods;
    size_t tiers;       /* states are the tiers and, last, outside: number `tiers` */
    uint64_t *creators; /* [group][period][tier] */
    uint64_t *moved;    /* [group][period][state before][state now]; period 0 is all zero */
    uint64_t *spanned;  /* [group][state in the first period][state in the last one] */
};

/* The panel must have been read with these tiers, so that every account has one. Integers summed in
 * any order: the same result for any number of threads. Takes memory for
 * groups x periods x (tiers + 1)^2 counts in each thread. */
int flows_count(const struct panel *panel, const struct tiers *tiers, bool by_platform, int threads,
                struct flows *ret, struct error *err);

uint64_t flows_creators(const struct flows *flows, size_t group, size_t period, size_t tier);

/* Accounts by their state in period - 1 and in this one, period > 0; outside to outside is not
 * counted: 0. */
uint64_t flows_moved(const struct flows *flows, size_t group, size_t period, size_t before,
                     size_t now);

/* A tier between period - 1 and this one, period > 0. */
struct tier_change flows_step(const struct flows *flows, size_t group, size_t period, size_t tier);

/* A tier between the first and the last period; there must be two. What happened between them does
 * not count: who left and came back into the tier has stayed. */
struct tier_change flows_span(const struct flows *flows, size_t group, size_t tier);

void flows_free(struct flows *flows); /* leaves it empty */

#endif
