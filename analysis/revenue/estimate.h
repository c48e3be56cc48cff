/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Intervals for figures of revenue: a mean per user, a share of money. (That of a share of users is
 * stats/proportion.h's.)
 *
 *     struct interval arpu = estimate_mean(&paid, 0.95);
 *     struct interval money = estimate_ratio(&lost, &kept, 0.95);
 *     struct interval churn = estimate_pairs(&gave_less, users, 0.95);
 *
 * The users counted are taken as independent draws from a larger population of users like them
 * (those of the same platform in a like period). Bounds are nan where no honest one exists.
 * `confidence` is in (0, 1).
 */
#ifndef REVENUE_ESTIMATE_H
#define REVENUE_ESTIMATE_H

#include "revenue/moments.h"

struct interval {
    double lower;
    double upper;
};

/* For the mean m = S/n of money per user: m +- t s / sqrt(n), with Student's t of n - 1 degrees of
 * freedom (exact for normal revenue, by the central limit theorem otherwise; with few users and a
 * long tail of payers it is too short). nan for n < 2, and if all paid the same: that nobody was
 * seen to differ does not make it certain. */
struct interval estimate_mean(const struct moments *moments, double confidence);

/* For p = S_lost / (S_lost + S_kept), the share of money that those who left had paid, over the n
 * users of both groups: the delta method for a ratio of two means (Cochran, Sampling Techniques,
 * 3rd ed. 1977, theorem 2.5). With residuals (1-p) x for who left and -p x for who stayed,
 *
 *     se^2 = n / (n-1) ((1-p)^2 Q_lost + p^2 Q_kept) / (S_lost + S_kept)^2
 *
 * and p +- t se, cut to [0, 1] if p is in it. nan if n < 2, if the money of both is not above 0, or
 * if one of the groups is empty or paid nothing: that nobody who pays was seen to leave (or to
 * stay) does not make it certain. */
struct interval estimate_ratio(const struct moments *lost, const struct moments *kept,
                               double confidence);

/* For r = sum y / sum x over n users, of whom those with x = y = 0 need not be among the pairs, the
 * same method: r +- t se with Student's t of n - 1 degrees of freedom and
 *
 *     se^2 = n / (n-1) sum (y - r x)^2 / (sum x)^2
 *
 * nan if n < 2, if sum x is not above 0, or if y = r x for all: that nobody was seen to differ does
 * not make it certain. Nothing is cut. */
struct interval estimate_pairs(const struct moment_pairs *pairs, int64_t n, double confidence);

/* Cut to [0, 1] if the share itself is in it. */
struct interval estimate_cut(struct interval interval, double share);

#endif
