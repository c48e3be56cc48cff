/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Intervals for the ratio of two counts, one before and one after.
 *
 *     // 1000 creators before; 950 of them are still there after, with 100 new ones beside them
 *     struct ratio_interval turnover = ratio_paired(950, 50, 100, 0.95);   // 1.0256 to 1.0750
 *     struct ratio_interval totals = ratio_poisson(1000, 1050, 0.95);      // 0.9620 to 1.1461
 *
 * The two answer different questions. Most of those counted after are the very ones counted before,
 * and who stays adds nothing to the doubt about growth: ratio_paired uses that. ratio_poisson knows
 * the totals alone and takes them as independent, so it is right for two separate samples and far
 * too wide for one that is followed.
 *
 * `confidence` is in (0, 1). Bounds are nan where the count before is 0.
 */
#ifndef CREATORS_RATIO_H
#define CREATORS_RATIO_H

#include <stdint.h>

struct ratio_interval {
    double lower;
    double upper;
};

/* For (both + gained) / (both + lost): `both` counted before and after, `lost` before only,
 * `gained` after only. The hybrid Wilson score interval for a ratio of paired proportions (Bonett &
 * Price 2006, Statistics in Medicine 25:3039-3047, doi:10.1002/sim.2440), recommended for it by
 * Fagerland, Lydersen & Laake 2014 (doi:10.1002/sim.6148). For large counts it becomes ratio
 * exp(+-z sqrt((lost + gained) / (before after))). It is approximate: its coverage is close to the
 * nominal one from a few counts up, and it has width even if nothing was lost or gained. */
struct ratio_interval ratio_paired(uint64_t both, uint64_t lost, uint64_t gained,
                                   double confidence);

/* For the ratio of the means of two independent Poisson counts, after / before: given their sum,
 * `after` is binomial, so Clopper & Pearson's exact limits for its share p give limits p / (1 - p)
 * for the ratio (Przyborowski & Wilenski 1940, Biometrika 31:313-323; R's poisson.test). Never
 * covers less than it says, mostly more. The upper bound is infinite only for before = 0, which is
 * nan. */
struct ratio_interval ratio_poisson(uint64_t before, uint64_t after, double confidence);

#endif
