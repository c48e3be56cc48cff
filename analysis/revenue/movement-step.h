/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One step of a user: what they had in a place and period, and what before and after it. For the
 * files of this folder that follow users from period to period.
 *
 *     for (size_t i = 0; i < n; i++) {                     // entries of one user
 *         const struct step step = step_of(entries, n, i);
 *         if (!step_stays(&step)) ...                      // lost to the place
 */
#ifndef REVENUE_MOVEMENT_STEP_H
#define REVENUE_MOVEMENT_STEP_H

#include "revenue/accounts.h"

/* One entry and its neighbours in the same place; NULL where there are none. */
struct step {
    const struct account_entry *before, *here, *after;
};

static inline struct step step_of(const struct account_entry *entries, size_t n, size_t i) {
    struct step step = {NULL, &entries[i], NULL};
    if (i > 0 && entries[i - 1].place == entries[i].place)
        step.before = &entries[i - 1];
    if (i + 1 < n && entries[i + 1].place == entries[i].place)
        step.after = &entries[i + 1];
    return step;
}

static inline decimal step_paid(const struct account_entry *entry) {
    return entry->of[ACCOUNT_REVENUE];
}

/* In the period after, too. */
static inline bool step_stays(const struct step *step) {
    return step->after && step->after->period == step->here->period + 1;
}

/* What the user gives less in the period after; below 0 if more. */
static inline decimal_sum step_net_loss(const struct step *step) {
    return (decimal_sum)step_paid(step->here) - (step_stays(step) ? step_paid(step->after) : 0);
}

/* The same, but 0 for who stays and gives more. */
static inline decimal_sum step_gross_loss(const struct step *step) {
    const decimal_sum loss = step_net_loss(step);
    return step_stays(step) && loss < 0 ? 0 : loss;
}

/* For the moments of an interval: a fall from one end of the range of decimals to the other is
 * taken as one of half of it. */
static inline decimal step_narrow(decimal_sum amount) {
    return amount > INT64_MAX ? INT64_MAX : amount < INT64_MIN ? INT64_MIN : (decimal)amount;
}

#endif
