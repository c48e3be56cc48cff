/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The log-rank test: do groups leave at the same rate at all times?
 *
 *     struct logrank test = {0};
 *     if (logrank_add(&test, lives.tables, lives.n, err)) ...
 *     struct logrank_result result;
 *     if (logrank_solve(&test, &result, err)) ...
 *     logrank_free(&test);
 *
 * With d leaving out of n at a time, d_g of the n_g of group g among them, given the margins d_g is
 * hypergeometric under the hypothesis: mean d n_g/n, covariance
 * d (n-d)/(n-1) (n_g/n) (delta_gh - n_h/n). Sums over the times at which anyone left give
 * U' V^- U, chi-square (Mantel 1966; Klein & Moeschberger 2003, eqs. 7.3.3 to 7.3.5).
 */
#ifndef USERS_LOGRANK_H
#define USERS_LOGRANK_H

#include "base/error.h"
#include "users/lifetable.h"
#include <stddef.h>

/* Sums over times, and over strata if several are added. Zero-initialise. */
struct logrank {
    size_t groups;
    double *observed;   /* groups long */
    double *expected;   /* groups long */
    double *difference; /* sum of d_g - d n_g/n: not the difference of two large sums */
    double *covariance; /* groups by groups; only [g][h] with h <= g is kept */
};

/* Adds the times of one stratum: `groups` tables, the same groups in the same order at each call.
 */
int logrank_add(struct logrank *test, const struct life_table *tables, size_t groups,
                struct error *err);

struct logrank_result {
    double chi_square;
    size_t df;
    double p_value; /* upper tail; below 1e-308 it is 0 */
};

/* Groups that never were at risk together while anyone left cannot be compared: df is the number of
 * groups less the number of such islands. With df = 0 the others are NaN: there was nothing to
 * compare. */
int logrank_solve(const struct logrank *test, struct logrank_result *ret, struct error *err);

void logrank_free(struct logrank *test);

#endif
