/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Multinomial and binary logit, and the intercept that makes a logit agree with a rate. */
#include "ranking/choice.h"

#include <math.h>

double choice_shares(const double *utilities, size_t n, double outside, double *shares) {
    double greatest = outside;
    for (size_t i = 0; i < n; i++)
        greatest = fmax(greatest, utilities[i]);
    double none = exp(outside - greatest), sum = none;
    for (size_t i = 0; i < n; i++) {
        shares[i] = exp(utilities[i] - greatest);
        sum += shares[i];
    }
    for (size_t i = 0; i < n; i++)
        shares[i] /= sum;
    return log(sum) + greatest - outside;
}

void choice_cascade(const double *utilities, size_t n, double outside, double patience,
                    double *shares) {
    double reached = 1;
    for (size_t i = 0; i < n; i++) {
        double taken = choice_logistic(utilities[i] - outside);
        shares[i] = reached * taken;
        reached *= (1 - taken) * patience;
    }
}

int choice_draw(const double *shares, size_t n, double uniform) {
    double below = 0;
    for (size_t i = 0; i < n; i++) {
        below += shares[i];
        if (uniform < below)
            return (int)i;
    }
    return -1;
}

double choice_logistic(double x) {
    return 1 / (1 + exp(-x));
}

double choice_log_odds(double p) {
    return log(p) - log1p(-p);
}

/* The mean and its derivative with respect to a. */
static double mean_share(const double *x, size_t n, double a, double *ret_slope) {
    double sum = 0, slope = 0;
    for (size_t i = 0; i < n; i++) {
        double share = choice_logistic(a + x[i]);
        sum += share;
        slope += share * (1 - share);
    }
    *ret_slope = slope / (double)n;
    return sum / (double)n;
}

/* Newton's method, which falls back on halving whenever it would leave the bracket: the mean rises
 * with a, and is on either side of the rate where all x were the least or the greatest. */
double choice_intercept(const double *x, size_t n, double rate) {
    double centre = choice_log_odds(rate);
    if (n == 0 || !isfinite(centre))
        return centre;
    double least = x[0], greatest = x[0];
    for (size_t i = 1; i < n; i++) {
        least = fmin(least, x[i]);
        greatest = fmax(greatest, x[i]);
    }
    double low = centre - greatest, high = centre - least, a = low + (high - low) / 2;
    for (int step = 0; step < 200; step++) {
        double slope, excess = mean_share(x, n, a, &slope) - rate;
        if (fabs(excess) <= 1e-12 * rate)
            break;
        if (excess > 0)
            high = a;
        else
            low = a;
        double next = a - excess / slope;
        a = next > low && next < high ? next : low + (high - low) / 2;
    }
    return a;
}
