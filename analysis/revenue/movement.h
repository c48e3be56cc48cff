/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Revenue churn: what the users of one period gave less or more in the next, and where those who
 * gave less went.
 *
 *     struct movement_options options = {.confidence = 0.95, .threads = 4};
 *     struct movements movements = {0};
 *     if (movements_count(accounts, &options, &movements, err)) ...   // accounts:
 * revenue/accounts.h movements.items[0].gross.value;                                 // (lost +
 * contraction)/start movements_free(&movements);
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
 * Intervals take the users of the period before as independent draws. The delta method for a ratio
 * of two means (Cochran, Sampling Techniques, 3rd ed. 1977, theorem 2.5), r = sum y / sum x over n
 * users, has the variance n/(n-1) sum (y - r x)^2 / (sum x)^2, with Student's t of n - 1 degrees of
 * freedom. The bootstrap draws each user a Poisson(1) number of times (Hanley & MacGibbon 2006,
 * doi:10.1016/j.cmpb.2006.04.006), a function of seed, user and replication alone, and takes
 * quantiles (type 7). There is no interval if start is not above 0, n < 2, or all residuals are 0:
 * that nobody was seen to differ does not make it certain. Gross churn and shares are cut to [0, 1]
 * if the estimate is in it; net churn is not, as it is below 0 where users spend more.
 */
#ifndef REVENUE_MOVEMENT_H
#define REVENUE_MOVEMENT_H

#include "revenue/accounts.h"
#include "revenue/estimate.h"

struct movement_options {
    double confidence;
    uint32_t replications; /* of the bootstrap; 0: none */
    uint32_t seed;
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

/* Where those who gave less went. A user who is lost to a place, or gives it less, goes to the
 * other platforms they are active on in the new period: to all of them in proportion to the minutes
 * they spend there, if the log has minutes (and any there), otherwise in equal parts. Without such
 * platforms those lost are MOVEMENT_GONE, and those who give less MOVEMENT_STAYED. Users and money
 * are apportioned in millionths, the rest going to the first by name, so that destinations add up
 * to what was lost.
 *
 * With minutes, users_moved counts partial migration: a user's share of time in a place falls from
 * s0 to s1 of all their minutes, which is s0 - s1 users moved to where their shares rose, in
 * proportion, or to MOVEMENT_GONE if they have no minutes any more. */
enum { MOVEMENT_GONE = -1, MOVEMENT_STAYED = -2 };

struct destination {
    uint32_t place;
    struct period period;
    int64_t platform; /* number in `platforms`, or one of the above */
    decimal_sum users_lost, lost, contraction;
    decimal_sum users_moved;     /* by share of time */
    decimal_sum gain;            /* what all of these users pay there, less what they did before */
    struct movement_share share; /* of lost + contraction of the place and period; by delta */
};

struct destinations {
    struct destination *items; /* by place, period and name; only what has any user or money */
    size_t count;
    struct text *platforms; /* by name */
    size_t n_platforms;
};
int destinations_count(const struct accounts *accounts, const struct movement_options *options,
                       struct destinations *ret, struct error *err);
void destinations_free(struct destinations *destinations);

#endif
