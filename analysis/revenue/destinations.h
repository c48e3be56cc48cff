/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where those who gave less went.
 *
 *     const struct movement_options options = {.confidence = 0.95, .threads = 4};
 *     struct destinations destinations = {0};
 *     if (destinations_count(accounts, &options, &destinations, err)) ...   // revenue/accounts.h
 *     destinations.items[0].share.value;            // of what was lost in this place and period
 *     destinations_free(&destinations);
 *
 * A user who is lost to a place, or gives it less, goes to the other platforms they are active on
 * in the new period: to all of them in proportion to the minutes they spend there, if the log has
 * minutes (and any there), otherwise in equal parts. Without such platforms those lost are
 * MOVEMENT_GONE, and those who give less MOVEMENT_STAYED. Users and money are apportioned in
 * millionths, the rest going to the first by name, so that destinations add up to what was lost.
 *
 * With minutes, users_moved counts partial migration: a user's share of time in a place falls from
 * s0 to s1 of all their minutes, which is s0 - s1 users moved to where their shares rose, in
 * proportion, or to MOVEMENT_GONE if they have no minutes any more.
 *
 * The interval of a share is that of estimate_pairs (revenue/estimate.h) over all users who were
 * there before: x what a user gives less, y what of it goes to this destination, cut to [0, 1].
 *
 * Memory: 208 bytes for each place, period and platform, and for each thread, of which fewer work
 * where that would come to much.
 */
#ifndef REVENUE_DESTINATIONS_H
#define REVENUE_DESTINATIONS_H

#include "revenue/movement.h"

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

/* Zero-initialise. */
struct destinations {
    struct destination *items; /* by place, period and name; only what has any user or money */
    size_t count, capacity;
    struct text *platforms; /* by name */
    size_t n_platforms;
};
int destinations_count(const struct accounts *accounts, const struct movement_options *options,
                       struct destinations *ret, struct error *err);
void destinations_free(struct destinations *destinations);

#endif
