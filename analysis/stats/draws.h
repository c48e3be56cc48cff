/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the draws of a bootstrap or a posterior say: spread and percentiles.
 *
 *     double draws[] = {3, 1, 2, 5, 4};
 *     struct draws_summary found = draws_summarise(draws, 5, 0.5);   // error 1.58, 2 to 4
 */
#ifndef STATS_DRAWS_H
#define STATS_DRAWS_H

#include <stddef.h>

struct draws_summary {
    double error;        /* standard deviation, n - 1; nan for one draw */
    double lower, upper; /* equal-tailed percentiles, type 7 as R's quantile() */
};

/* Sorts the draws. All three are nan for no draws, and if one of them is nan or infinite: quantiles
 * of the others would be those of another thing. `confidence` is in (0, 1). */
struct draws_summary draws_summarise(double *draws, size_t n, double confidence);

#endif
