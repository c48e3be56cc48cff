/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Quantiles of the beta distribution. */
#include "stats/beta.h"

#include <gsl/gsl_cdf.h>
#include <gsl/gsl_sf_gamma.h>
#include <math.h>

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

/* The density of the log-odds, x^a (1-x)^b, is log-concave, and so is its integral: as a function
 * of the log-odds the logarithm of a beta distribution is increasing and concave, so Newton's
 * method finds its root from anywhere: after the first step it stays below the root and climbs. */
double beta_quantile_odds(double tail, double a, double b) {
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

double beta_quantile(double tail, double a, double b) {
    double odds = beta_quantile_odds(tail, a, b);
    return odds / (1 + odds);
}

/* 1 - X is Beta(b, a). */
double beta_quantile_upper(double tail, double a, double b) {
    return 1 / (1 + beta_quantile_odds(tail, b, a));
}
