/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Gray's test: is the cumulative incidence of a destination the same in all groups?
 *
 *     struct gray test = {.destination = k};
 *     struct gray_result result;
 *     if (gray_add(&test, exits.tables, exits.n, err)) ...
 *     if (gray_solve(&test, &result, err)) ...
 *     gray_free(&test);
 *
 * A log-rank test of the rate of leaving for k would ask another question: who leaves elsewhere
 * would be taken out of the risk set, so groups with the same share gone to k could differ, and the
 * other way round. Here they stay in it, as people who can no longer go to k: with n_i at risk in
 * group i, S_i its Kaplan-Meier curve of staying and F_i its incidence of k, both just before t,
 * the adjusted risk set is R_i = n_i (1 - F_i)/S_i, and the score sums
 *
 *     W (d_i - d R_i/R),  W = (1 - F)^rho
 *
 * over the times at which anyone left for k (Gray 1988, doi:10.1214/aos/1176350951, section 2; the
 * variance is that of section 3, with his correction for ties, so that the results are those of
 * cuminc in R's cmprsk). Strata are added up. Without late entry.
 */
#ifndef USERS_GRAY_H
#define USERS_GRAY_H

#include "base/error.h"
#include "users/incidence.h"
#include <stddef.h>
#include <stdint.h>

/* Zero-initialise all but destination and rho. */
struct gray {
    size_t destination;
    double rho; /* above 0: early differences count more */
    size_t groups;
    double *score;      /* groups long */
    double *covariance; /* groups by groups */
};

/* Adds one stratum: `groups` tables, the same groups in the same order at each call. */
int gray_add(struct gray *test, const struct exit_table *tables, size_t groups, struct error *err);

struct gray_result {
    double chi_square;
    size_t df;
    double p_value;
};

/* df = 0 and NaN where nothing can be compared: nobody left for the destination while several
 * groups were at risk. Groups that nobody was in are left out, one degree of freedom each. */
int gray_solve(const struct gray *test, struct gray_result *ret, struct error *err);

void gray_free(struct gray *test); /* keeps destination and rho */

#endif
