/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Gibrat's law: does growth depend on size?
 *
 *     struct gibrat *fits = NULL;                          // [group][tier], and all tiers together
 *     if (gibrat_fit(&standing, GIBRAT_CLUSTERED, 4, &fits, err)) ...
 *     fits[group * (tiers + 1) + tiers].slope;             // -0.02: twice as large, 1.4 % slower
 *     free(fits);
 *
 * Of each account that has followers in a period and in the next one, y = ln(followers next /
 * followers) on x = ln(followers), by least squares. Gibrat's law, that growth is independent of
 * size, is slope 0 (Sutton 1997, Journal of Economic Literature 35:40-59). Those who are gone in
 * the next period are not in it: where small accounts leave rather than shrink, the slope is too
 * low.
 */
#ifndef CREATORS_GIBRAT_H
#define CREATORS_GIBRAT_H

#include "creators/standing.h"

/* Errors that allow for another spread of growth at another size. X = (1, x - mean), e residuals.
 */
enum gibrat_errors {
    GIBRAT_CLUSTERED, /* by creator, whose steps are not independent: factor G/(G-1) (n-1)/(n-2) on
                         sum over creators of (X'e)(X'e)' (Liang & Zeger 1986; R's
                         sandwich::vcovCL(type = "HC1")); Student's t with G - 1 df */
    GIBRAT_HC1,       /* White 1980 with n/(n-2); t with n - 2 */
    GIBRAT_HC3,       /* residuals over 1 - leverage (MacKinnon & White 1985); t with n - 2 */
};

struct gibrat {
    uint64_t observations, creators; /* steps, and who made them */
    uint64_t zeros;                  /* steps left out, as followers were 0 at one of its ends */
    double slope, error;             /* nan for fewer than 3 observations or one size only */
    double df;                       /* of Student's t */
    double mean_growth;              /* of y */
    double mean_size;                /* exp of the mean of x: the geometric mean */
    double spread;                   /* of y about the line: its standard deviation, n - 2 */
};

/* The tier is that of the earlier period. *ret has groups x (tiers + 1) fits, which the caller
 * frees; number `tiers` of a group is of all its tiers. Sums are made in the order of the panel in
 * fixed parts: the same digits for any number of threads. */
int gibrat_fit(const struct standing *standing, enum gibrat_errors errors, int threads,
               struct gibrat **ret, struct error *err);

#endif
