/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Intervals for the ratio of two counts. */
#include "creators/ratio.h"

#include <gsl/gsl_cdf.h>
#include <gsl/gsl_sf_gamma.h>
#include <math.h>

/* Bonett & Price give each of the two proportions a Wilson interval of its own with a critical
 * value k below z, so that lower over upper and upper over lower bound the ratio at the confidence
 * asked for. With n units counted at least once, and one added to each cell under the roots,
 *
 *     k = z A / (B + C)        A^2 = (lost + gained + 2) / ((after + 1) (before + 1))
 *                              B^2 = (lost + 1) / ((n + 2) (after + 1))
 *                              C^2 = (gained + 1) / ((n + 2) (before + 1))
 *
 * in which the factors (after + 1) and (before + 1) cancel as below. */
static double paired_critical_value(double both, double lost, double gained, double z) {
    double n = both + lost + gained;
    double before = both + lost, after = both + gained;
    return z * sqrt((lost + gained + 2) * (n + 2)) /
           (sqrt((lost + 1) * (before + 1)) + sqrt((gained + 1) * (after + 1)));
}

/* Wilson's limits for the share x / n, of which n - x = rest, times 2 (n + k^2), a factor that both
 * shares have and the ratio loses. The lower one is written as the quotient of its conjugate: no
 * cancellation, and exactly 0 for x = 0. */
static double wilson_upper(double x, double rest, double n, double k) {
    return 2 * x + k * k + k * sqrt(k * k + 4 * x * (rest / n));
}

static double wilson_lower(double x, double rest, double n, double k) {
    return 4 * x * x * (1 + k * k / n) / wilson_upper(x, rest, n, k);
}

struct ratio_interval ratio_paired(uint64_t both, uint64_t lost, uint64_t gained,
                                   double confidence) {
    if (both + lost == 0)
        return (struct ratio_interval){NAN, NAN};
    double b = (double)both, l = (double)lost, g = (double)gained, n = b + l + g;
    double z = gsl_cdf_ugaussian_Qinv((1 - confidence) / 2);
    double k = paired_critical_value(b, l, g, z);
    return (struct ratio_interval){
        wilson_lower(b + g, l, n, k) / wilson_upper(b + l, g, n, k),
        wilson_upper(b + g, l, n, k) / wilson_lower(b + l, g, n, k),
    };
}

/* The continued fraction of the incomplete beta function (DLMF 8.17.22) by the modified Lentz
 * algorithm: I_x(a, b) = x^a (1-x)^b / (a B(a, b)) times the value returned. Converges fast for
 * x < (a+1)/(a+b+2), in about sqrt(a + b) terms near that end. GSL's own stops at 512 terms, too
 * few for counts in the millions, and its quantile may then search for ever. */
static double beta_fraction(double x, double a, double b) {
    const double tiny = 1e-300;
    double c = 1, d = 1 - (a + b) * x / (a + 1);
    d = 1 / (fabs(d) < tiny ? tiny : d);
    double value = d;
    for (int m = 1; m < 1000000; m++) {
        double change = 1;
        for (int odd = 0; odd < 2; odd++) {
            double term = odd ? -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
                              : m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
            d = 1 + term * d;
            d = 1 / (fabs(d) < tiny ? tiny : d);
            c = 1 + term / c;
            if (fabs(c) < tiny)
                c = tiny;
            change = c * d;
            value *= change;
        }
        if (fabs(change - 1) < 1e-16)
            break;
    }
    return value;
}

/* log of I_x(a, b) at the log-odds t = log(x / (1-x)), and its derivative by t. */
static double log_beta_cdf(double t, double a, double b, double *ret_slope) {
    double x = 1 / (1 + exp(-t)), rest = 1 / (1 + exp(t));
    /* x^a (1-x)^b / B(a, b) is the derivative of I_x by t. */
    double log_density = -a * log1p(exp(-t)) - b * log1p(exp(t)) - gsl_sf_lnbeta(a, b);
    if (x < (a + 1) / (a + b + 2)) {
        double fraction = beta_fraction(x, a, b);
        *ret_slope = a / fraction;
        return log_density + log(fraction / a);
    }
    double above = exp(log_density) * beta_fraction(rest, b, a) / b;
    *ret_slope = exp(log_density) / (1 - above);
    return log1p(-above);
}

/* x / (1-x) at which I_x(a, b) = tail, for a >= 1, b >= 1. As a function of the log-odds the
 * logarithm of a beta distribution is increasing and concave, so Newton's method finds its root
 * from anywhere: after the first step it stays below the root and climbs. */
static double beta_quantile_odds(double tail, double a, double b) {
    double t = log(a / b) - gsl_cdf_ugaussian_Qinv(tail) * sqrt(1 / a + 1 / b);
    for (int i = 0; i < 200; i++) {
        double slope;
        double step = (log(tail) - log_beta_cdf(t, a, b, &slope)) / slope;
        t += step;
        if (fabs(step) <= 1e-13 * fmax(1, fabs(t)))
            break;
    }
    return exp(t);
}

/* Clopper & Pearson: the share for which so many or more are as rare as `tail`, as odds. */
static double lower_odds(double count, double other, double tail) {
    return count == 0 ? 0 : beta_quantile_odds(tail, count, other + 1);
}

struct ratio_interval ratio_poisson(uint64_t before, uint64_t after, double confidence) {
    if (before == 0)
        return (struct ratio_interval){NAN, NAN};
    double tail = (1 - confidence) / 2;
    return (struct ratio_interval){
        lower_odds((double)after, (double)before, tail),
        1 / lower_odds((double)before, (double)after, tail),
    };
}
