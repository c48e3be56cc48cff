/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The interval of a share. */
#include "stats/proportion.h"

#include <gsl/gsl_cdf.h>
#include <math.h>

/* The quadratic (n + z^2) p^2 - (2k + z^2) p + k^2/n = 0. Its smaller solution is taken from the
 * product of both, as the usual formula is a difference of nearly equal numbers where k is small
 * or z large. */
struct proportion_interval proportion_wilson(double k, double n, double confidence) {
    if (!(n > 0))
        return (struct proportion_interval){NAN, NAN};
    double z = gsl_cdf_ugaussian_Qinv((1 - confidence) / 2);
    double sum = k + z * z / 2 + z * sqrt(k * ((n - k) / n) + z * z / 4);
    return (struct proportion_interval){
        k > 0 ? k / n * (k / sum) : 0,
        k < n ? sum / (n + z * z) : 1,
    };
}
