/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What was expected, by a synthetic control: a weighted mean of series that the event did not
 * touch.
 *
 *     struct impact_control_options options = {.confidence = 0.95, .control_names = names};
 *     struct impact_result result = {0};
 *     if (impact_control(&series, &options, &result, err)) ...
 *
 * Weights w >= 0 with sum 1 that make sum over the periods before the event of (y_t - x_t' w)^2
 * least (Abadie, Diamond & Hainmueller 2010, doi:10.1198/jasa.2009.ap08746, with the outcome before
 * the event as the only predictors): revenue/impact-hull.h. Periods in which anything is missing
 * take no part.
 *
 * Is the effect one that any series would show? Placebos in space: each control in turn is taken as
 * touched, with the other controls as its own. The ratio of the root mean squared errors after and
 * before the event ranks the series among them, p = (1 + those at least as large) / (controls + 1).
 * In time: the event is moved to two thirds of the time before it, where it must find nothing.
 *
 * Intervals and p in time are conformal (Chernozhukov, Wuethrich & Zhu 2021,
 * doi:10.1080/01621459.2021.1920957): for an effect a supposed the same in some periods after the
 * event, the weights are fitted to all periods with a taken off, and p(a) is the share of cyclic
 * shifts of the residuals under which the absolute sum over those periods is at least what it is.
 * The interval is where p(a) exceeds 1 - confidence, found by bisection from the estimate to either
 * side. For one period it is an interval for its effect; for the first h together, h times one for
 * an effect that is the same in each. There is none with too few periods: (1 + n before) (1 -
 * confidence) < 1.
 */
#ifndef REVENUE_IMPACT_CONTROL_H
#define REVENUE_IMPACT_CONTROL_H

#include "revenue/impact.h"

struct impact_control_options {
    double confidence;
    uint32_t seed; /* of the test for a break */
    int threads;
    const char *const *control_names;
};

/* ERROR_DATA with fewer than two controls, fewer than five periods before the event, or none after.
 * The figures: periods_before, periods_after, periods_missing, rmspe_before, rmspe_after,
 * rmspe_ratio (p: in space), gap (of the weights, as a share of the squares), break_before,
 * "weight NAME" of each control, placebo_in_time (the mean effect found where there is none, and
 * where), "placebo NAME" (the ratio of each control), "without NAME" (the mean effect without a
 * control that has a weight), effect_mean, effect_cumulative, effect_relative (p: in time). */
int impact_control(const struct impact_series *series, const struct impact_control_options *options,
                   struct impact_result *ret, struct error *err);

#endif
