/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How unequally something is spread: Gini, Theil, Palma, top shares, with errors.
 *
 *     double followers[] = {0, 10, 20, 970};                    // ascending
 *     struct inequality_estimate found[INEQUALITY_MEASURES];
 *     if (inequality_jackknife(followers, 4, 0.95, found, err)) ...
 *     found[INEQUALITY_GINI].value;                             // 0.97
 *
 * Values are ascending, finite, 0 or more. A measure is nan where it is not defined: all of them
 * for no values or a sum of 0; Theil's L with a value of 0; Palma's ratio where the lower 40 % have
 * nothing; errors for fewer than 3 values.
 */
#ifndef CREATORS_INEQUALITY_H
#define CREATORS_INEQUALITY_H

#include "base/error.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum inequality_measure {
    INEQUALITY_GINI,    /* sum (2i - n - 1) x_(i) / ((n - 1) sum x): with the small-sample factor
                           n/(n-1), so that one who has all gives 1 (Deltas 2003,
                           doi:10.1162/rest.2003.85.1.226); R's ineq::Gini(corr = TRUE) */
    INEQUALITY_THEIL_T, /* mean of (x/m) ln(x/m); 0 ln 0 = 0 (Theil 1967) */
    INEQUALITY_THEIL_L, /* mean of ln(m/x), the mean log deviation */
    INEQUALITY_PALMA,   /* what the upper 10 % have over what the lower 40 % have (Palma 2011) */
    INEQUALITY_TOP_1,   /* share of the upper 1 % */
    INEQUALITY_TOP_10,  /* share of the upper 10 % */
    INEQUALITY_MEASURES /* shares between two values are interpolated on the Lorenz curve */
};

struct inequality_estimate {
    double value;
    double error; /* standard error */
    double lower, upper;
};

const char *inequality_name(enum inequality_measure measure);

/* All measures with jackknife errors, sqrt((n-1)/n sum (f_(-i) - mean)^2), in O(n): leaving one
 * value out changes sums that are known (Gini: Karagiannis & Kovacevic 2000,
 * doi:10.1111/1468-0084.00163). Bounds are value +- z error on the log-odds for Gini and shares, on
 * the logarithm for the others. Where the tail is so heavy that the variance is infinite (exponent
 * below 3), errors of every kind are too small (Cowell & Flachaire 2007,
 * doi:10.1016/j.jeconom.2006.08.007). */
int inequality_jackknife(const double *values, size_t n, double confidence,
                         struct inequality_estimate ret[INEQUALITY_MEASURES], struct error *err);

/* The same with errors and bounds (percentiles, type 7) of a bootstrap of n values from n, in
 * O(replications n). Replication r draws from the stream (seed, r, stream): the result does not
 * depend on threads. */
int inequality_bootstrap(const double *values, size_t n, double confidence, size_t replications,
                         uint32_t seed, uint32_t stream, int threads,
                         struct inequality_estimate ret[INEQUALITY_MEASURES], struct error *err);

/* The Lorenz curve at a share p of the lowest values: the share of the sum that they have. `sums`
 * are running sums of the values, sums[0] = 0 to sums[n]. */
double inequality_lorenz(const double *sums, size_t n, double p);

/* The bounds above from an error, for what else is estimated of the same kind: value exp(+-z error
 * / value), or for a share the same on its odds; a value at the end of its range is both bounds. */
void inequality_bound(struct inequality_estimate *estimate, bool share, double confidence);

#endif
