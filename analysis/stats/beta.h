/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Quantiles of the beta distribution, also where GSL's gsl_cdf_beta_Pinv fails: that one gives nan
 * for some large parameters and may search for ever.
 *
 *     double upper = beta_quantile_upper(0.025, 0.5, 1694.5);     // 0.00148...
 *
 * a > 0, b > 0, 0 < tail < 1. Good to 12 digits, for parameters in the hundred millions to 8.
 */
#ifndef STATS_BETA_H
#define STATS_BETA_H

/* The x with P(X <= x) = tail, and the x with P(X >= x) = tail. */
double beta_quantile(double tail, double a, double b);
double beta_quantile_upper(double tail, double a, double b);

/* The first as odds, x / (1 - x), which keep their digits near 1. */
double beta_quantile_odds(double tail, double a, double b);

#endif
