/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Paired differences between simulations. */
#include "ranking/compare.h"

#include <gsl/gsl_cdf.h>
#include <math.h>

static double value_of(const struct simulation *simulation, size_t replication, size_t period,
                       size_t series) {
    size_t row = replication * simulation->periods + period;
    return simulation->values[row * simulation->n_series + series];
}

/* false if the measure does not exist in both. */
static bool pair_of(const struct simulation *trial, const struct simulation *reference,
                    size_t replication, long period, size_t series, double *ret_trial,
                    double *ret_reference) {
    size_t first = period == COMPARE_MEAN ? 0 : (size_t)period, n = 0;
    size_t end = period == COMPARE_MEAN ? trial->periods : first + 1;
    *ret_trial = *ret_reference = 0;
    for (size_t t = first; t < end; t++) {
        double a = value_of(trial, replication, t, series);
        double b = value_of(reference, replication, t, series);
        if (isnan(a) || isnan(b))
            continue;
        *ret_trial += a, *ret_reference += b;
        n++;
    }
    *ret_trial /= (double)n, *ret_reference /= (double)n;
    return n > 0;
}

/* Welford's recurrence: the mean and the sum of squares about it in one pass. */
void compare_pairs(const struct simulation *trial, const struct simulation *reference, long period,
                   size_t series, double confidence, struct compare_pair *ret) {
    double mean = 0, squares = 0, value = 0, other = 0;
    size_t n = 0;
    for (size_t r = 0; r < trial->replications; r++) {
        double a, b;
        if (!pair_of(trial, reference, r, period, series, &a, &b))
            continue;
        n++;
        value += (a - value) / (double)n;
        other += (b - other) / (double)n;
        double off = a - b - mean;
        mean += off / (double)n;
        squares += off * (a - b - mean);
    }
    *ret = (struct compare_pair){n, NAN, NAN, NAN, NAN, NAN, NAN};
    if (n == 0)
        return;
    ret->value = value, ret->reference = other, ret->difference = mean;
    if (n == 1)
        return;
    ret->error = sqrt(squares / (double)(n - 1) / (double)n);
    double width = gsl_cdf_tdist_Pinv((1 + confidence) / 2, (double)(n - 1)) * ret->error;
    ret->lower = mean - width, ret->upper = mean + width;
}
