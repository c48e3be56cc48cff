/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How sure the parts of a change are, from single users.
 *
 *     if (change_rows(accounts, &arpu, err) ||                       // revenue/accounts.h
 *         change_steps_make(&arpu, &options, &steps, err) ||
 *         change_bounds(accounts, &steps, &how, err)) ...
 *     steps.items[0].bounds[CHANGE_MIX].lower;
 *     steps.items[0].segment_bounds[0].of[CHANGE_MIX].lower;         // with how.by_segment
 *
 * Users are taken as a Poisson number of independent draws from a larger population of users like
 * them: how many there are is itself a part of what changes. A part is a smooth function of the
 * totals of users and revenue by segment and period, so, by the delta method, its variance is the
 * sum over users of the square of what one of them adds to it to first order (the infinitesimal
 * jackknife, Efron & Tibshirani 1993, An Introduction to the Bootstrap, chapter 21):
 *
 *     d_u = sum over what u did of (slope by users + slope by revenue times what u paid)
 *
 * and the interval part +- z sqrt(sum of d_u^2), z the normal quantile. A user who is there in both
 * periods counts once, with both, and in a chained sum with all steps. That holds for both methods,
 * and for the parts of a segment as for those of the whole: a user adds to the parts of their own
 * segment and, as one more of all users, to those of every other. There are no bounds where no d_u
 * differs from 0, and none for a step in which there is one user only.
 */
#ifndef REVENUE_CHANGE_INTERVAL_H
#define REVENUE_CHANGE_INTERVAL_H

#include "revenue/accounts.h"
#include "revenue/change-steps.h"

/* Users and revenue of each place and period in which there is anyone, as rows of ARPU without
 * changes. Texts are those of the accounts; `ret` is zero-initialised. */
int change_rows(const struct accounts *accounts, struct arpu_table *ret, struct error *err);

struct change_bounds_options {
    enum change_method method; /* by which the steps were made */
    bool by_segment;
    double confidence;
    int threads;
};

/* Fills bounds and levels of all steps, which were made from change_rows, and with by_segment their
 * segment_bounds. Those take time with users times segments, and 16 KiB for each segment of each
 * step. */
int change_bounds(const struct accounts *accounts, struct change_steps *steps,
                  const struct change_bounds_options *options, struct error *err);

#endif
