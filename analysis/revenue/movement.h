/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Revenue churn: what the users of one period gave less or more in the next, and where those who
 * gave less went.
 *
 *     struct movement_options options = {.confidence = 0.95, .threads = 4};
 *     struct movements movements = {0};
 *     if (movements_count(accounts, &options, &movements, err)) ...   // revenue/accounts.h
 *     movements.items[0].gross.value;                                 // (lost + contraction)/start
 *     movements_free(&movements);
 *
 * A user of a place (a platform, or a platform and a group) is active in a period that has a row of
 * theirs. From the period before to this one, with what they paid x0 and x1:
 *
 *     lost          active before, not now         x0
 *     contraction   active in both, x1 < x0        x0 - x1
 *     expansion     active in both, x1 > x0        x1 - x0
 *     returned      active now, not before, but earlier in the log     x1
 *     new           active now, never before in the log                x1
 *
 *     end = start - lost - contraction + expansion + returned + new    exactly
 *
 *     gross revenue churn = (lost + contraction)/start
 *     net revenue churn   = (lost + contraction - expansion)/start = 1 - net revenue retention
 *
 * Intervals take the users of the period before as independent draws: by the delta method for a
 * ratio of two sums (estimate_pairs of revenue/estimate.h), x what a user paid before and y what of
 * it is missing, and by a bootstrap over users (revenue/bootstrap.h). There is none if start is not
 * above 0, for fewer than two users, or if all lost the same share: that nobody was seen to differ
 * does not make it certain. Gross churn and shares are cut to [0, 1] if the estimate is in it; net
 * churn is not, as it is below 0 where users spend more.
 */
#ifndef REVENUE_MOVEMENT_H
#define REVENUE_MOVEMENT_H

#include "revenue/bootstrap.h"

struct movement_options {
    double confidence;
    struct bootstrap_options bootstrap;
    int threads;
};

enum movement_kind {
    MOVEMENT_LOST,
    MOVEMENT_CONTRACTION,
    MOVEMENT_EXPANSION,
    MOVEMENT_RETURNED,
    MOVEMENT_NEW,
    MOVEMENT_KINDS
};

struct movement_share {
    double value; /* nan unless start is above 0 */
    struct interval delta, bootstrap;
};

struct movement {
    uint32_t place;
    struct period period;
    decimal_sum start, end;
    decimal_sum of[MOVEMENT_KINDS]; /* all 0 or more unless revenue is negative */
    int64_t users_start, users_end;
    int64_t users[MOVEMENT_KINDS];
    struct movement_share gross, net;
};

/* Zero-initialise. A row for each place and period behind the first in which the place has anyone,
 * to the end of the log; by place and period. */
struct movements {
    struct movement *items;
    size_t count;
};
int movements_count(const struct accounts *accounts, const struct movement_options *options,
                    struct movements *ret, struct error *err);
void movements_free(struct movements *movements);

#endif
