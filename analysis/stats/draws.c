/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Spread and percentiles of draws. */
#include "stats/draws.h"

#include <gsl/gsl_sort.h>
#include <gsl/gsl_statistics_double.h>
#include <math.h>

struct draws_summary draws_summarise(double *draws, size_t n, double confidence) {
    const double tail = (1 - confidence) / 2;
    for (size_t i = 0; i < n; i++)
        if (!isfinite(draws[i]))
            n = 0;
    if (n == 0)
        return (struct draws_summary){NAN, NAN, NAN};
    gsl_sort(draws, 1, n);
    return (struct draws_summary){n > 1 ? gsl_stats_sd(draws, 1, n) : NAN,
                                  gsl_stats_quantile_from_sorted_data(draws, 1, n, tail),
                                  gsl_stats_quantile_from_sorted_data(draws, 1, n, 1 - tail)};
}
