/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Exit contagion: do exits breed exits?
 *
 *     const struct contagion_history history = {.n = n, .days = days, .gone = gone,
 *                                               .leavers = leavers, .pool = NULL};
 *     const struct contagion_options options = {.confidence = 0.95};
 *     struct contagion_fit fit;
 *     if (contagion_fit(&history, &options, &fit, err)) ...
 *     ... fit.q.value, fit.q.lower, fit.q.upper, fit.p_value ...
 *
 * Whoever is still there leaves at the rate of Bass (1969, doi:10.1287/mnsc.15.5.215), eq. 1,
 *
 *     h = p + q F,
 *
 * F being the share gone of the pool m: p a day of one's own accord, q F a day by imitation. What
 * is seen is how many left in each step of one or more days. Within a step F grows as Bass's
 * equation says, from the share that was really gone at its beginning; so a leaver is a binomial
 * draw of
 *
 *     P = (p + q F)(1 - e^-(p+q)d) / (p + q F + q (1 - F) e^-(p+q)d)
 *
 * for a step of d days. Conditioning on what happened before, step by step, lets chance early on
 * carry through, which a curve fitted to the cumulative count does not (cf. Schmittlein & Mahajan
 * 1982, doi:10.1287/mksc.1.1.57, who fit F(t) itself to grouped data by maximum likelihood). A pool
 * that is not known is a third parameter, of the binomial counts.
 */
#ifndef USERS_CONTAGION_H
#define USERS_CONTAGION_H

#include "base/error.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The caller's arrays, of length n but for gone. */
struct contagion_history {
    size_t n;               /* steps, in order and without gaps */
    const double *days;     /* length of each, above 0 */
    const int64_t *gone;    /* n + 1: who had left before the step, and at the end of the last one;
                             * not falling */
    const int64_t *leavers; /* who left in it, of those there at its beginning */
    const int64_t *pool;    /* all who had come by its beginning, those gone among them; NULL: not
                             * known, and the same in every step */
};

/* Rates a day; the pool only where it is not known. */
struct contagion_parameters {
    double p, q, pool;
};

struct contagion_options {
    double confidence;
    bool binomial; /* take the dispersion as 1, rather than estimate it */
};

/* Bounds by profile likelihood: nan where there is no estimate, infinity where the data set no
 * upper bound. */
struct contagion_estimate {
    double value, lower, upper;
};

struct contagion_fit {
    struct contagion_estimate p, q; /* a day */
    struct contagion_estimate pool; /* bounds only if it was estimated */
    /* p/q: the share gone from which on more leave by imitation than of their own accord. Above 1:
     * never; nan for q = 0. */
    struct contagion_estimate tipping;
    struct contagion_parameters maximum;
    double log_likelihood; /* at it, without terms that depend on the data alone */
    /* Against q = 0: deviance difference / dispersion. q cannot be below 0, so its distribution is
     * half that of chi-square (or of F, if the dispersion was estimated) with 1 degree of freedom
     * and half a point mass at 0 (Self & Liang 1987, doi:10.1080/01621459.1987.10478472, case 5).
     */
    double statistic, p_value;
    /* Pearson's chi-square over its degrees of freedom, steps being put together until 5 leavers
     * are expected; at least 1 (McCullagh & Nelder 1989, section 4.5). Intervals and test allow
     * for it. nan if there are too few leavers to tell; then it is taken as 1. */
    double dispersion;
    size_t cells, df; /* steps put together; cells less parameters */
    int64_t leavers;  /* that the fit rests on */
    /* A pool a million times those gone is as likely as any (within 0.001): exits have not begun to
     * slow down, so that p times the pool is known, but neither of them is. Then p and tipping are
     * nan, and the pool is infinite. */
    bool pool_unbound;
};

/* The chance that somebody still there at the beginning of a step leaves in it. */
double contagion_chance(double p, double q, double share_gone, double days);

/* The log-likelihood that fit.log_likelihood is the maximum of. */
double contagion_log_likelihood(const struct contagion_history *history,
                                struct contagion_parameters at);

/* ERROR_DATA if the history cannot tell p from q: leavers in fewer than three steps, or none but in
 * steps that begin with the same share gone. */
int contagion_fit(const struct contagion_history *history, const struct contagion_options *options,
                  struct contagion_fit *ret, struct error *err);

/* ---- Forecast -------------------------------------------------------------------------------- */

struct contagion_forecast_options {
    double confidence;
    uint32_t seed;
    size_t draws;       /* of parameters and future; at least 2 */
    size_t steps;       /* ahead */
    const double *days; /* length of each of them */
    int threads;
};

/* Of the leavers in a step and of all who are gone at its end. */
struct contagion_step {
    double leavers, lower, upper;
    double gone, gone_lower, gone_upper;
};

/* Parametric bootstrap (Efron & Tibshirani 1993, section 6.5): each draw simulates the whole
 * history from the fit, fits that anew, and goes on from the history as it was. `ret` gets
 * history->n rows for the past (expected from the state at the beginning of each step, bounds by
 * simulation with the fitted parameters; gone as observed, without bounds) and options->steps for
 * what comes: means, and quantiles of type 7. With a dispersion above 1, draws are beta-binomial. A
 * function of the seed, whatever the threads. */
int contagion_forecast(const struct contagion_history *history, const struct contagion_fit *fit,
                       const struct contagion_forecast_options *options, struct contagion_step *ret,
                       struct error *err);

#endif
