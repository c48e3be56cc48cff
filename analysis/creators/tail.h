/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Is the tail a power law? Clauset, Shalizi & Newman 2009, SIAM Review 51:661-703,
 * doi:10.1137/070710111; equations below are theirs.
 *
 *     struct tail_data data = {0};
 *     struct tail_fit fit;
 *     if (tail_begin(&data, followers, n, TAIL_DISCRETE, err)) ...      // ascending, 1 or more
 *     tail_find(&data, 10, &fit);                                // xmin by least KS distance
 *     fit.alpha, fit.error, fit.xmin, fit.ks;
 *     struct tail_comparison versus[TAIL_ALTERNATIVES];
 *     if (tail_compare(&data, &fit, versus, err)) ...
 *     if (tail_goodness(&data, &fit, 10, 500, seed, 0, threads, &p, err)) ...
 *     if (tail_bootstrap(&data, 10, 0.95, 500, seed, 0, threads, &spread, err)) ...
 *     tail_end(&data);
 *
 * p(x) = C x^-alpha for x >= xmin: of whole numbers C = 1/zeta(alpha, xmin), of real ones
 * (alpha - 1) xmin^(alpha - 1).
 */
#ifndef CREATORS_TAIL_H
#define CREATORS_TAIL_H

#include "base/error.h"
#include "stats/draws.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum tail_kind { TAIL_DISCRETE, TAIL_CONTINUOUS };

/* Distinct values, ascending, and sums over them and all above. Zero-initialise. */
struct tail_data {
    enum tail_kind kind;
    size_t n; /* values */
    size_t distinct;
    double *values; /* [distinct] */
    double *above;  /* [distinct + 1]: how many values are this large or larger */
    double *logs;   /* [distinct + 1]: sum of their logarithms */
};

/* Values are ascending and above 0, for TAIL_DISCRETE whole; they are copied. */
int tail_begin(struct tail_data *ret, const double *values, size_t n, enum tail_kind kind,
               struct error *err);
void tail_end(struct tail_data *data);

struct tail_fit {
    bool found;
    size_t first; /* the index of xmin */
    double xmin;
    double n;     /* values from xmin on */
    double alpha; /* the maximum-likelihood estimate: (3.1), or the root of (3.5) */
    double error; /* its standard error, xmin being given: (3.2), (3.6) */
    double ks;    /* largest distance of the two distribution functions, (3.9) */
};

/* The fit from one value on. */
struct tail_fit tail_fit_from(const struct tail_data *data, size_t first);

/* The fit with the least KS distance, over every value as xmin that leaves at least `least` values
 * (2 or more) and two distinct ones; of equals the smallest. Not `found` if there is none.
 *
 * Exact, and O(n) but for sorting, in practice: the distance at any one point bounds a candidate's
 * KS distance from below, so that most are ruled out where their neighbour was worst, by a single
 * evaluation. For the rest both functions are monotone, which bounds the distance between two
 * points from above: intervals that cannot hold the largest one are never looked into. */
void tail_find(const struct tail_data *data, size_t least, struct tail_fit *ret);

/* P(X >= x) of the fitted law, x >= xmin. */
double tail_survival(const struct tail_data *data, const struct tail_fit *fit, double x);

/* How often samples of the fitted law (and below xmin of the data themselves), fitted anew, are as
 * far from it as the data are: the semiparametric bootstrap of section 4.1. Small: no power law.
 * Its error is at most 1/(2 sqrt(replications)). Replication r draws from (seed, r, stream). */
int tail_goodness(const struct tail_data *data, const struct tail_fit *fit, size_t least,
                  size_t replications, uint32_t seed, uint32_t stream, int threads, double *ret_p,
                  struct error *err);

/* What is not known of a fit with its xmin. */
struct tail_spread {
    struct draws_summary alpha, xmin;
};

/* Errors and percentiles of alpha and xmin when xmin is found anew in each of so many samples of n
 * values drawn from the n with replacement: the nonparametric bootstrap of section 3.3, as
 * poweRlaw's bootstrap(). What `error` of a fit leaves out is in it. Replication r draws from
 * (seed, r, stream); all are nan without replications, and if nothing can be fitted to one of the
 * samples. */
int tail_bootstrap(const struct tail_data *data, size_t least, double confidence,
                   size_t replications, uint32_t seed, uint32_t stream, int threads,
                   struct tail_spread *ret, struct error *err);

enum tail_alternative {
    TAIL_LOGNORMAL,
    TAIL_EXPONENTIAL,
    TAIL_TRUNCATED, /* x^-alpha exp(-lambda x): holds the power law, lambda = 0 */
    TAIL_ALTERNATIVES
};

/* The power law against another, both fitted from xmin on by maximum likelihood. */
struct tail_comparison {
    double ratio;      /* log-likelihood of the power law less that of the other */
    double normalised; /* over its standard deviation, sigma sqrt(n): Vuong 1989; nan for nested */
    double p; /* that a ratio as far from 0 is chance: (C.6); for nested ones, by chi-square
                 of -2 ratio with one degree of freedom */
    double parameters[2]; /* mu, sigma; lambda; alpha, lambda */
};

const char *tail_alternative_name(enum tail_alternative alternative);

int tail_compare(const struct tail_data *data, const struct tail_fit *fit,
                 struct tail_comparison ret[TAIL_ALTERNATIVES], struct error *err);

/* log zeta(s, q) and its two derivatives by s (NULL: not wanted), s > 1, q > 0, by Euler and
 * Maclaurin's formula (DLMF 25.11.5); GSL has no derivatives. */
double tail_log_zeta(double s, double q, double *ret_first, double *ret_second);

#endif
