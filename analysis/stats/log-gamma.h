/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The logarithm of the gamma function, for several threads at once.
 *
 *     double log_factorial = log_gamma(n + 1);
 *
 * As the C library's lgamma, which writes a global variable for the sign.
 */
#ifndef STATS_LOG_GAMMA_H
#define STATS_LOG_GAMMA_H

#include <math.h>

/* log|Gamma(x)|; infinite for 0 and negative whole numbers. */
static inline double log_gamma(double x) {
    int sign;
    return lgamma_r(x, &sign);
}

#endif
