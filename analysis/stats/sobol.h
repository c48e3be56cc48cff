/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Sobol indices: what share of a result's variance each uncertain input accounts for.
 *
 *     const struct sobol_problem problem = {3, draw, model, context};
 *     const struct sobol_options options = SOBOL_DEFAULTS;
 *     struct sobol_index indices[3];
 *     if (sobol_estimate(&problem, &options, indices, err)) ...
 *     indices[0].first;   // alone
 *     indices[0].total;   // with all of its interactions
 *
 * For a model Y = f(X_1 ... X_k) of independent inputs, with V = Var Y,
 *
 *     first order  S_i  = Var(E(Y | X_i)) / V           what would go if X_i were known
 *     total order  ST_i = E(Var(Y | all but X_i)) / V   what would be left if all but X_i were
 *
 * (Sobol' 1993; Homma & Saltelli 1996). Two independent samples A and B of n draws, and for each
 * input the sample A_B^i, which is A with column i from B, give
 *
 *     S_i  = 1/n sum of f(B)_j (f(A_B^i)_j - f(A)_j) / V     (Saltelli et al. 2010,
 *                                                 doi:10.1016/j.cpc.2009.09.018, table 2, b)
 *     ST_i = 1/(2n) sum of (f(A)_j - f(A_B^i)_j)^2 / V       (Jansen 1999,
 *                                                 doi:10.1016/S0010-4655(98)00154-4; table 2, f)
 *
 * with V the variance of f(A) and f(B) together, and f less their mean, which changes neither
 * expectation and takes noise away. n (k + 2) runs of the model. Estimates are not cut to [0, 1]:
 * one below 0 says how large the error is. The errors are those of a bootstrap over the n draws
 * (Archer, Saltelli & Sobol' 1997, doi:10.1080/00949659708811825), the intervals estimate +- z
 * error.
 */
#ifndef STATS_SOBOL_H
#define STATS_SOBOL_H

#include "base/error.h"
#include <stddef.h>
#include <stdint.h>

/* Both are called by several threads at once, and must be pure functions of what they are given. */
struct sobol_problem {
    size_t inputs;
    /* Draw i of an input, in matrix 0 (A) or 1 (B). */
    double (*draw)(const void *context, size_t input, uint32_t matrix, uint32_t i);
    double (*model)(const void *context, const double *inputs);
    const void *context;
};

struct sobol_options {
    uint32_t draws;        /* n, at least 2 */
    uint32_t replications; /* of the bootstrap, at least 2 */
    uint32_t seed;         /* of the bootstrap */
    double confidence;
    int threads;
};
#define SOBOL_DEFAULTS                                                                             \
    { .draws = 100000, .replications = 200, .seed = 1, .confidence = 0.95, .threads = 1 }

struct sobol_index {
    double first, first_error, first_lower, first_upper;
    double total, total_error, total_lower, total_upper;
};

/* Fills ret[input]; nan throughout if the model gave the same for all draws. The same for any
 * number of threads. ERROR_SYSTEM if memory is out: 8 bytes for each draw and each of k + 2
 * columns. */
int sobol_estimate(const struct sobol_problem *problem, const struct sobol_options *options,
                   struct sobol_index *ret, struct error *err);

#endif
