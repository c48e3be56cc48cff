/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Interrupted time series by segmented regression.
 *
 *     struct impact_regression_options options = {.slope = true, .confidence = 0.95, .seed = 1,
 *                                                 .hac = HAC_DEFAULTS};
 *     struct impact_result result = {0};
 *     if (impact_regress(&series, &options, &result, err)) ...
 *
 * With t counted in steps from the first period, and T0 the first one after the event,
 *
 *     y_t = b0 + b1 t + b2 [t >= T0] + b3 (t - T0) [t >= T0] + season + controls + e_t
 *
 * (Wagner, Soumerai, Zhang & Ross-Degnan 2002, doi:10.1046/j.1365-2710.2002.00430.x), by least
 * squares over the periods that are known; b2 is the change of level, b3 that of slope. Errors of
 * the coefficients: revenue/impact-fit.h, Student's t with n - k degrees of freedom. What was
 * expected is the same without b2 and b3.
 *
 * The effect of one period is y_t - x0_t b with variance x0' V x0 + s^2, that of several with
 * c' V c + sum over pairs of periods of w(i - j) g(i - j), where c sums the x0, V is the HAC
 * covariance, s^2 = sum e^2/(n - k), and g are the autocovariances of the residuals (sums over
 * n - k) under the weights w of the kernel. The relative effect is sum y / sum x0 b - 1, by the
 * delta method.
 *
 * Gaps: time t goes on, lags count the periods that are known, as R's na.omit does (equal spacing:
 * Datta & Du 2012, "Nonparametric HAC estimation for time series data with missing observations").
 */
#ifndef REVENUE_IMPACT_REGRESSION_H
#define REVENUE_IMPACT_REGRESSION_H

#include "revenue/impact-fit.h"
#include "revenue/impact.h"

struct impact_regression_options {
    struct hac_options hac;
    size_t season;    /* steps in a cycle; below 2: none */
    size_t harmonics; /* pairs of sine and cosine instead of a dummy a season; 0: dummies */
    bool slope;       /* the slope may change too */
    double confidence;
    uint32_t seed; /* of the test for a break */
    const char *const *control_names;
};

/* ERROR_DATA if there are fewer than two periods before the event beyond the numbers to be fitted
 * there, fewer after it than changes, or columns that depend on each other. `result` is
 * zero-initialised. The figures: periods_before, periods_after, periods_missing, residual_sd,
 * r_squared, autocorrelation (of the residuals), durbin_watson, break_before, bandwidth, the
 * coefficients, effect_mean, effect_cumulative, effect_relative. */
int impact_regress(const struct impact_series *series,
                   const struct impact_regression_options *options, struct impact_result *ret,
                   struct error *err);

/* The columns of season and controls of one position, without constant and trend: what all models
 * share. `harmonics` may be at most season/2, where the last has no sine. */
size_t impact_season_columns(size_t season, size_t harmonics);
void impact_fill_season(size_t season, size_t harmonics, int64_t step, double *ret);

#endif
