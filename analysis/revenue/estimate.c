/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Intervals for the figures of revenue. */
#include "revenue/estimate.h"

#include <gsl/gsl_cdf.h>
#include <math.h>

static const struct interval unknown = {NAN, NAN};

static double student(double degrees, double confidence) {
    return gsl_cdf_tdist_Qinv((1 - confidence) / 2, degrees);
}

struct interval estimate_mean(const struct moments *moments, double confidence) {
    double n = (double)moments->count, mean = moments_mean(moments);
    double variance = moments_variance(moments);
    if (!(variance > 0))
        return unknown;
    double reach = student(n - 1, confidence) * sqrt(variance / n);
    return (struct interval){mean - reach, mean + reach};
}

struct interval estimate_ratio(const struct moments *lost, const struct moments *kept,
                               double confidence) {
    double n = (double)lost->count + (double)kept->count;
    double money = decimal_sum_to_double(lost->sum + kept->sum);
    if (lost->count == 0 || kept->count == 0 || !(money > 0))
        return unknown;
    double p = decimal_sum_to_double(lost->sum) / money;
    double residuals = (1 - p) * (1 - p) * moments_squares(lost) + p * p * moments_squares(kept);
    if (!(residuals > 0))
        return unknown;
    double reach = student(n - 1, confidence) * sqrt(n / (n - 1) * residuals) / money;
    return estimate_cut((struct interval){p - reach, p + reach}, p);
}

struct interval estimate_pairs(const struct moment_pairs *pairs, int64_t count, double confidence) {
    const double n = (double)count, r = moment_pairs_ratio(pairs);
    const double residuals = moment_pairs_residuals(pairs);
    if (count < 2 || !(residuals > 0))
        return unknown;
    const double reach = student(n - 1, confidence) * sqrt(n / (n - 1) * residuals) /
                         decimal_sum_to_double(pairs->x);
    return (struct interval){r - reach, r + reach};
}

struct interval estimate_cut(struct interval interval, double share) {
    if (!(share >= 0 && share <= 1) || isnan(interval.lower))
        return interval;
    return (struct interval){fmax(interval.lower, 0), fmin(interval.upper, 1)};
}
