/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The interval of a share: k of n.
 *
 *     struct proportion_interval moved = proportion_wilson(901, 1056, 0.95);  // 0.8306 to 0.8733
 *
 * The n are taken as independent draws, each of which is a success with the same unknown chance.
 */
#ifndef STATS_PROPORTION_H
#define STATS_PROPORTION_H

struct proportion_interval {
    double lower;
    double upper;
};

/* Wilson's score interval (Wilson 1927, doi:10.1080/01621459.1927.10502953), without continuity
 * correction: the chances p for which k is within z standard errors of n p, the standard error
 * being that of p itself. With z the normal quantile of the confidence, the two solutions of
 *
 *     (k - n p)^2 = z^2 n p (1 - p)
 *
 * It stays within [0, 1], has width for k = 0 and k = n, and contains k / n; its coverage is near
 * the nominal one from small n on (Brown, Cai & DasGupta 2001, doi:10.1214/ss/1009213286). Counts
 * up to 2^53, 0 <= k <= n; confidence in (0, 1). Both bounds are nan for n = 0. The lower bound is
 * 0 exactly for k = 0, the upper one 1 exactly for k = n. */
struct proportion_interval proportion_wilson(double k, double n, double confidence);

#endif
