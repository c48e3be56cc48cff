/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Interrupted time series by segmented regression.
 *
 *     struct impact_regression_options options = {.slope = true, .confidence = 0.95, .seed = 1};
 *     struct impact_result result = {0};
 *     if (impact_regress(&series, &options, &result, err)) ...
 *
 * With t counted in steps from the first period, and T0 the first one after the event,
 *
 *     y_t = b0 + b1 t + b2 [t >= T0] + b3 (t - T0) [t >= T0] + season + controls + e_t
 *
 * (Wagner, Soumerai, Zhang & Ross-Degnan 2002, doi:10.1046/j.1365-2710.2002.00430.x), over the
 * periods that are known; b2 is the change of level, b3 that of slope. What was expected is the
 * same without b2 and b3. The effect of periods is the sum of y_t less what these periods were to
 * be without the event, x0_t b and noise.
 *
 * By generalised least squares with noise that is a first-order autoregression
 * (revenue/impact-ar1.h): the noise that was to be is correlated with that before the event, and
 * over gaps as over so many steps. Before the event the interval is that of the residual.
 *
 * Or by least squares with HAC errors (revenue/impact-fit.h) and Student's t with n - k degrees of
 * freedom: one effect has variance x0' V x0 + s^2, that of several c' V c + sum over pairs of
 * periods of w(i - j) g(i - j), where c sums the x0, V is the HAC covariance, s^2 = sum e^2/(n -
 * k), and g are the autocovariances of the residuals (sums over n - k) under the weights w of the
 * kernel. Lags count the periods that are known, as R's na.omit does (equal spacing: Datta & Du
 * 2012, "Nonparametric HAC estimation for time series data with missing observations").
 *
 * The relative effect is sum y / sum of what was to be - 1; HAC: by the delta method.
 */
#ifndef REVENUE_IMPACT_REGRESSION_H
#define REVENUE_IMPACT_REGRESSION_H

#include "revenue/impact-ar1.h"
#include "revenue/impact-fit.h"
#include "revenue/impact.h"

enum impact_errors { IMPACT_AR1, IMPACT_AR1_REML, IMPACT_HAC };

struct impact_regression_options {
    enum impact_errors errors;
    struct hac_options hac; /* IMPACT_HAC */
    size_t season;          /* steps in a cycle; below 2: none */
    size_t harmonics;       /* pairs of sine and cosine instead of a dummy a season; 0: dummies */
    bool slope;             /* the slope may change too */
    double confidence;
    uint32_t seed; /* of the test for a break */
    const char *const *control_names;
};

/* ERROR_DATA if there are fewer than two periods before the event beyond the numbers to be fitted
 * there, fewer after it than changes, or columns that depend on each other. `result` is
 * zero-initialised. The figures: periods_before, periods_after, periods_missing, residual_sd,
 * r_squared, autocorrelation (of the residuals), durbin_watson, all by least squares, break_before,
 * bandwidth (IMPACT_HAC) or noise_autocorrelation and ljung_box, the coefficients, effect_mean,
 * effect_cumulative, effect_relative. */
int impact_regress(const struct impact_series *series,
                   const struct impact_regression_options *options, struct impact_result *ret,
                   struct error *err);

/* The columns of season and controls of one position, without constant and trend: what all models
 * share. `harmonics` may be at most season/2, where the last has no sine. */
size_t impact_season_columns(size_t season, size_t harmonics);
void impact_fill_season(size_t season, size_t harmonics, int64_t step, double *ret);

#endif
