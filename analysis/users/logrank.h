/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The log-rank test and its weighted relatives: do groups leave at the same rate at all times?
 *
 *     struct logrank test = {.weight = LOGRANK_FLEMING_HARRINGTON, .rho = 0, .gamma = 1};
 *     if (logrank_add(&test, lives.tables, lives.n, err)) ...
 *     struct logrank_result result;
 *     if (logrank_solve(&test, &result, err)) ...
 *     logrank_free(&test);
 *
 * With d leaving out of n at a time, d_g of the n_g of group g among them, given the margins d_g is
 * hypergeometric under the hypothesis: mean d n_g/n, covariance
 * d (n-d)/(n-1) (n_g/n) (delta_gh - n_h/n). Sums over the times at which anyone left, each with the
 * weight W of its time (W^2 for the covariance), give U' V^- U, chi-square (Mantel 1966; Klein &
 * Moeschberger 2003, eqs. 7.3.3 to 7.3.5).
 */
#ifndef USERS_LOGRANK_H
#define USERS_LOGRANK_H

#include "base/error.h"
#include "users/lifetable.h"
#include <stddef.h>

/* The weight W of a time, with n at risk then in all groups, and S the Kaplan-Meier curve of all
 * groups together (Klein & Moeschberger, table 7.3):
 *   even               1: all times alike
 *   gehan              n: early times count more, and censoring decides how much (Gehan 1965,
 *                      Breslow 1970)
 *   tarone_ware        sqrt(n) (Tarone & Ware 1977)
 *   peto_prentice      the product of 1 - d/(n+1) up to and with this time (Peto & Peto 1972)
 *   modified_peto      the same times n/(n+1) (Andersen, Borgan, Gill & Keiding 1982)
 *   fleming_harrington S(t-)^rho (1 - S(t-))^gamma (Fleming & Harrington 1991): gamma > 0 for
 *                      differences that come late, rho > 0 for early ones; 0^0 is 1. With gamma = 0
 *                      this is survdiff(rho = ) of R. */
enum logrank_weight {
    LOGRANK_EVEN,
    LOGRANK_GEHAN,
    LOGRANK_TARONE_WARE,
    LOGRANK_PETO_PRENTICE,
    LOGRANK_MODIFIED_PETO,
    LOGRANK_FLEMING_HARRINGTON,
};

/* Sums over times, and over strata if several are added: each stratum has a curve S of its own.
 * Zero-initialise all but the weight. Observed and expected are weighted too. */
struct logrank {
    enum logrank_weight weight;
    double rho, gamma; /* 0 or more; of fleming_harrington only */
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

/* Holm's step-down adjustment for n tests (Holm 1979), as R's p.adjust(p, "holm"), in place. NaN (a
 * test that could not be made) stays, and is not counted among the n. */
int logrank_holm(double *p, size_t n, struct error *err);

/* Groups that never were at risk together while anyone left cannot be compared: df is the number of
 * groups less the number of such islands. With df = 0 the others are NaN: there was nothing to
 * compare. */
int logrank_solve(const struct logrank *test, struct logrank_result *ret, struct error *err);

/* Whether leaving rises or falls with the scores, `groups` long and not all equal: chi-square with
 * one degree of freedom, (sum a_g U_g)^2 / (sum a_g a_h V_gh) (Tarone 1975; Klein & Moeschberger,
 * eq. 7.4.2). df = 0 and NaN where nothing can be compared. Adding a number to all scores, or
 * stretching them, changes nothing. */
void logrank_trend(const struct logrank *test, const double *scores, struct logrank_result *ret);

void logrank_free(struct logrank *test);

#endif
