/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Least squares, and errors that hold although neighbouring periods are alike.
 *
 *     struct impact_fit fit = {0};
 *     size_t dependent;
 *     if (impact_fit_least_squares(x, y, n, k, &fit, &dependent, err)) ...   // dependent < k:
 *     struct hac_options options = HAC_DEFAULTS;                              // which one
 *     double covariance[k * k], bandwidth;
 *     if (hac_covariance(&fit, x, &options, covariance, &bandwidth, err)) ...
 *     fit.coefficients[1], sqrt(covariance[1 * k + 1]);
 *     impact_fit_free(&fit);
 *
 * Matrices are arrays by rows: x[row * k + column]. Column 0 is the constant.
 */
#ifndef REVENUE_IMPACT_FIT_H
#define REVENUE_IMPACT_FIT_H

#include "base/error.h"
#include <stdbool.h>
#include <stddef.h>

/* Zero-initialise. Owns its arrays. */
struct impact_fit {
    size_t n, k;
    double *coefficients; /* k */
    double *residuals;    /* n */
    double *inverse;      /* k x k: (X'X)^-1 */
    double *root;         /* k x k, upper triangular: inverse = root root', X root orthonormal */
    double squares;       /* sum of squared residuals */
};

/* By Householder's QR of the columns scaled to length 1. A column that depends on those before it
 * (its remainder is below 1e-9 of its length), or n < k, is ERROR_DATA; *ret_dependent is then its
 * index (k - 1 for n < k), otherwise k. */
int impact_fit_least_squares(const double *x, const double *y, size_t n, size_t k,
                             struct impact_fit *ret, size_t *ret_dependent, struct error *err);
void impact_fit_free(struct impact_fit *fit);

/* A quantity with its standard error, its bounds, and the two-sided p of its being what it is
 * compared with (nan if the error is 0). */
struct impact_answer {
    double value, error, lower, upper, p;
};

enum hac_kernel { HAC_BARTLETT, HAC_QUADRATIC_SPECTRAL };

enum hac_bandwidth {
    HAC_NEWEY_WEST, /* Newey & West 1994, doi:10.2307/2297912 */
    HAC_ANDREWS,    /* Andrews 1991, doi:10.2307/2938229, (6.2) and (6.4), an AR(1) a column */
    HAC_RULE,       /* floor(4 (n/100)^(2/9)) */
    HAC_GIVEN,
};

struct hac_options {
    enum hac_kernel kernel;
    enum hac_bandwidth bandwidth;
    double given;   /* HAC_GIVEN */
    bool prewhiten; /* by a VAR(1): Andrews & Monahan 1992, doi:10.2307/2951574 */
    bool adjust;    /* times n/(n - k) */
};
#define HAC_DEFAULTS                                                                               \
    { .kernel = HAC_BARTLETT, .bandwidth = HAC_RULE, .adjust = true }

/* Weight of lag l. Bartlett: 1 - l/(L + 1) for a lag L that is whole (Newey & West 1987,
 * doi:10.2307/1913610), which HAC_NEWEY_WEST (rounded down), HAC_RULE and HAC_GIVEN are, and
 * 1 - l/S for the bandwidth S of HAC_ANDREWS. Quadratic spectral: Andrews 1991, (2.7), at l/S. */
double hac_weight(const struct hac_options *options, double bandwidth, size_t lag);

/* The covariance of the coefficients, k x k: (X'X)^-1 S (X'X)^-1 with S = sum over lags of weight
 * times sum over t of u_t u'_(t-l), u_t = x_t e_t. The same as R's sandwich::NeweyWest (Bartlett,
 * HAC_NEWEY_WEST or a lag) and sandwich::kernHAC (the rest) with these options; bandwidths leave
 * out the constant as there. Rows are taken as they follow each other. ERROR_DATA if prewhitening
 * is not possible. */
int hac_covariance(const struct impact_fit *fit, const double *x, const struct hac_options *options,
                   double *ret, double *ret_bandwidth, struct error *err);

#endif
