/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Growth curves: users of a platform by date, compared and carried on.
 *
 *     const struct growth_series series = {.n = 23, .time = days, .users = counts};
 *     const struct growth_options options = {.confidence = 0.95};
 *     struct growth_fit fits[GROWTH_MODELS];
 *     for (int m = 0; m < GROWTH_MODELS; m++)
 *         if (growth_fit(&series, (enum growth_model)m, &options, &fits[m], err)) ...
 *     const struct growth_fit *best = growth_best(fits, GROWTH_MODELS);   // NULL: none can be told
 *     struct growth_point in_a_week = growth_at(best, last_day + 7);
 *
 * Curves, t in days since the first date of the series:
 *
 *     exponential  start e^(rate t)
 *     logistic     capacity/(1 + e^-(rate (t - midpoint)))           (Verhulst 1838)
 *     Gompertz     capacity exp(-e^-(rate (t - midpoint)))           (Gompertz 1825, Winsor 1932)
 *     Bass         base + market F(t), F = (1 - e)/(1 + (q/p) e), e = e^-((p + q) t)
 *                                                                    (Bass 1969, eq. 9)
 *
 * fitted by weighted least squares (Levenberg-Marquardt of GSL, from a grid of starts at each of
 * which the linear parameters are solved for). Errors are those of the linearised model (Seber &
 * Wild 1989, section 5.1), bounds Student's t with n - k degrees of freedom: on the logarithm for
 * parameters that are positive, otherwise on the parameter itself.
 */
#ifndef USERS_GROWTH_H
#define USERS_GROWTH_H

#include "base/error.h"
#include <stdbool.h>
#include <stddef.h>

enum growth_model {
    GROWTH_EXPONENTIAL,
    GROWTH_LOGISTIC,
    GROWTH_GOMPERTZ,
    GROWTH_BASS,
    GROWTH_MODELS
};
const char *growth_model_name(enum growth_model model); /* "exponential", ... */

/* Length n; time ascends from 0. */
struct growth_series {
    size_t n;
    const double *time; /* days since the first date */
    const double *users;
};

/* How the variance of a count goes with it: not at all, as the count, as its square. Weights are
 * made of the counts themselves, so that all models have the same. */
enum growth_error { GROWTH_CONSTANT, GROWTH_POISSON, GROWTH_RELATIVE };

enum { GROWTH_SHAPE = 4, GROWTH_BREAKS = 8, GROWTH_PARAMETERS = GROWTH_SHAPE + GROWTH_BREAKS };

struct growth_options {
    enum growth_error error;
    double confidence;
    /* Counts after each of these days are made in another way: they lie higher by a constant, which
     * is fitted. At most GROWTH_BREAKS, ascending, each with counts on both sides. */
    const double *breaks;
    size_t n_breaks;
    /* Bass: days from the launch, when there were no users, to the first date; -1: not known, so
     * that the curve begins at the first date above a base, which is fitted. */
    double launch;
};

enum growth_verdict {
    GROWTH_FITS,
    GROWTH_TOO_FEW,      /* fewer than k + 3 counts for k parameters: AICc needs as many */
    GROWTH_NO_FIT,       /* no start led to a minimum */
    GROWTH_UNDETERMINED, /* the counts do not bend: the capacity may be anything above them */
    GROWTH_EXACT,        /* the curve goes through all counts: there is no scatter to tell errors
                          * from; errors, bounds and likelihood are nan */
};
const char *growth_verdict_says(enum growth_verdict verdict); /* a sentence */

struct growth_parameter {
    const char *name; /* "capacity", "level_1"; static */
    double value, std_error, lower, upper;
};

struct growth_fit {
    enum growth_model model;
    enum growth_verdict verdict; /* all below holds only for GROWTH_FITS, GROWTH_EXACT and, as what
                                  * was tried, GROWTH_UNDETERMINED */
    size_t n, k;                 /* counts, parameters */
    struct growth_parameter parameters[GROWTH_PARAMETERS];
    double sigma;          /* residual standard deviation, sqrt(sum of w r^2/(n - k)) */
    double log_likelihood; /* normal, as R's logLik of an nls */
    double aicc; /* with k + 1 parameters (Hurvich & Tsai 1989, doi:10.1093/biomet/76.2.297) */
    double autocorrelation; /* of weighted residuals, from one date to the next */

    /* What growth_at needs: parameters in the units of the fit, and their covariance. */
    double at[GROWTH_PARAMETERS], covariance[GROWTH_PARAMETERS * GROWTH_PARAMETERS];
    double time_unit, users_unit, launch, breaks[GROWTH_BREAKS], quantile;
    enum growth_error error;
};

/* ERROR_DATA for a count that is not positive where weights need one; what the data cannot tell is
 * a verdict, no error. */
int growth_fit(const struct growth_series *series, enum growth_model model,
               const struct growth_options *options, struct growth_fit *ret, struct error *err);

/* The first that is exact, or else the one with the least AICc of those that fit; NULL if none
 * does.
 */
const struct growth_fit *growth_best(const struct growth_fit *fits, size_t n);

/* Akaike weights (Burnham & Anderson 2002, section 2.9), 0 for those that do not fit. */
void growth_weights(const struct growth_fit *fits, size_t n, double *ret);

/* The curve at a day since the first date, and bounds for a count on that day: the error of the
 * curve and that of a single count (Seber & Wild 1989, section 5.1). */
struct growth_point {
    double users, lower, upper;
};
struct growth_point growth_at(const struct growth_fit *fit, double time);

#endif
