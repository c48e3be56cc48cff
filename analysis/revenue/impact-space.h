/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What was expected, by a level that wanders: a state-space model of the time before the event.
 *
 *     struct impact_space_options options = {.confidence = 0.95};
 *     struct impact_space *space;
 *     struct impact_result result = {0};
 *     if (impact_space_fit(&series, &options, &space, err)) ...
 *     if (impact_space_report(space, &result, err)) ...
 *     if (impact_space_path(space, seed, draw, path, err)) ...     // one way it could have gone
 *     impact_space_destroy(space);
 *
 * The local level model, and with `trend` the local linear trend (Harvey 1989; Durbin & Koopman
 * 2012, Time Series Analysis by State Space Methods, sections 2 and 3.2), with regressors:
 *
 *     y_t     = m_t + season_t + controls_t' b + e_t       e_t ~ N(0, V_e)
 *     m_(t+1) = m_t + d_t + u_t                            u_t ~ N(0, V_u)
 *     d_(t+1) = d_t + w_t                                  w_t ~ N(0, V_w), d = 0 without trend
 *
 * Season and controls have constant coefficients. First level and slope and all coefficients are
 * diffuse, exactly (section 5.2): no large number stands for infinity. The variances are those of
 * the largest diffuse likelihood of the periods before the event; one whose absence costs less than
 * 1e-3 of the log-likelihood is 0, its boundary. After the event the filter goes on without
 * observations, which gives the exact distribution of what was expected, of its sums, and of the
 * effects: normal, given the variances. The error of coefficients and level is in it.
 *
 * So is that of the variances, unless `plug_in` takes those of the largest likelihood as known.
 * They are integrated over: their common factor by the prior 1/r, which makes the normal
 * distributions Student's t (West & Harrison 1997, Bayesian Forecasting and Dynamic Models, chapter
 * 4), and the ratios of their roots by a prior that is even in all directions
 * (revenue/impact-posterior.h). What is expected is then the mean, and bounds are quantiles, of a
 * mixture of t distributions; nothing is drawn. (Hamilton 1994, "State-space models", Handbook of
 * Econometrics IV, section 3.4, draws parameters from the normal distribution of their estimates
 * instead, which has no answer where a variance is estimated as 0.)
 */
#ifndef REVENUE_IMPACT_SPACE_H
#define REVENUE_IMPACT_SPACE_H

#include "revenue/impact.h"

struct impact_space_options {
    bool trend;
    size_t season, harmonics; /* as in revenue/impact-regression.h */
    double confidence;
    bool plug_in; /* the variances are taken as known */
    const char *const *control_names;
};

struct impact_space; /* a fitted model */

/* The series and the options must outlive the model. ERROR_DATA if there are fewer than two periods
 * before the event beyond the numbers to be fitted, if a coefficient cannot be told from the
 * others, or if no maximum of the likelihood is found. */
int impact_space_fit(const struct impact_series *series, const struct impact_space_options *options,
                     struct impact_space **ret, struct error *err);

/* Periods: before the event, `expected` is the forecast from one period to the next with the
 * variances of the largest likelihood. Not for two threads at once. Figures:
 * periods_before, periods_after, periods_missing, variance_irregular, variance_level and
 * variance_slope (with intervals from the curvature of the likelihood in their logarithms; at the
 * boundary from 0 to where the profile likelihood ends it), log_likelihood (diffuse, without the
 * constants of the diffuse elements), autocorrelation and ljung_box of the standardised forecast
 * errors, largest_surprise (the largest of them, its place, and a Bonferroni p), the coefficients,
 * effect_mean, effect_cumulative, effect_relative, tail_probability. */
int impact_space_report(const struct impact_space *space, struct impact_result *ret,
                        struct error *err);

/* What y could have been at each position from the event on, drawn from the variances and then the
 * model forward: `path`
 * has room for series->n - series->event. nan where controls are unknown. A pure function of seed
 * and draw. */
int impact_space_path(const struct impact_space *space, uint32_t seed, uint32_t draw, double *path,
                      struct error *err);

/* The diffuse log-likelihood at given variances (irregular, level, slope), for the tests. */
double impact_space_likelihood(const struct impact_space *space, const double variances[3]);

void impact_space_destroy(struct impact_space *space); /* NULL is fine */

#endif
