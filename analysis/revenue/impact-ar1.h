/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A regression whose noise is a first-order autoregression, with intervals that hold in short
 * series.
 *
 *     struct ar1 ar1;
 *     if (ar1_fit(&fit, x, positions, AR1_INTEGRATED, &ar1, err)) ...    // fit by least squares
 *     struct impact_answer change = ar1_coefficient(&ar1, 2, 0.95);
 *     change.value, change.error, change.lower, change.upper, change.p;
 *     ar1_free(&ar1);
 *
 * y_t = x_t b + e_t, e_t = rho e_(t-1) + u_t with normal u_t: rows that lie d steps apart have
 * correlation rho^d. Given rho, b is estimated by generalised least squares, (b(rho) - b) over its
 * error is Student's t on n - k degrees of freedom, and what the data say of rho is the restricted
 * likelihood (Harville 1974, Biometrika 61, 383)
 *
 *     l(rho) = -log|R|/2 - log|X'R^-1 X|/2 - (n - k)/2 log RSS(rho).
 *
 * AR1_INTEGRATED: with all rho between -AR1_MOST and AR1_MOST as likely as each other beforehand, b
 * is a mixture of these t distributions with weights exp l(rho): the posterior of Zellner & Tiao
 * 1964 (doi:10.2307/2283097), with the first row's likelihood. Integrals are sums
 * over Gauss and Legendre's nodes; nothing is drawn.
 *
 * AR1_REML: rho that has the largest l, taken as known, but with Satterthwaite's degrees of freedom
 * 2 V^2 / Var(V) (1946, Biometrics Bulletin 2, 110) for each variance V, Var(V) by the delta method
 * from the observed information of (log variance, atanh rho); at least 1 and at most n - k, and 1
 * if rho is at its bound.
 */
#ifndef REVENUE_IMPACT_AR1_H
#define REVENUE_IMPACT_AR1_H

#include "base/error.h"
#include "revenue/impact-fit.h"
#include "revenue/impact-posterior.h"

/* At 1 the level of the noise has no variance. */
#define AR1_MOST 0.999

enum ar1_method { AR1_INTEGRATED, AR1_REML };

struct ar1_node {
    double rho, weight;
    double variance;      /* of the u_t */
    double *coefficients; /* k */
    double *root;         /* k x k: their covariance is variance root root' */
};

/* Zero-initialise. Owns its arrays. */
struct ar1 {
    enum ar1_method method;
    size_t k, n_nodes;
    double dof;            /* n - k */
    double best;           /* rho with the largest restricted likelihood */
    bool edge;             /* it is at its bound */
    double log_likelihood; /* l(best), up to what does not depend on rho */
    double information[3]; /* of log variance, of both, of atanh rho; AR1_REML */
    struct ar1_node *nodes;
    double *store;
    struct posterior_term *terms; /* room for a question */
    double *room;                 /* 3 k */
};

/* From the least-squares fit of y on x (its n rows; positions ascend, whole steps). A perfect fit
 * has rho 0 and variance 0. */
int ar1_fit(const struct impact_fit *fit, const double *x, const size_t *positions,
            enum ar1_method method, struct ar1 *ret, struct error *err);
void ar1_free(struct ar1 *ar1);

/* Of a mixture `error` is the standard deviation, nan for n - k <= 2. */

/* Coefficient j, compared with 0. */
struct impact_answer ar1_coefficient(struct ar1 *ar1, size_t j, double confidence);

/* rho: its mean (or the estimate), standard deviation, and bounds tanh(m -+ z s), where m and s are
 * mean and standard deviation of atanh rho; p is nan. */
struct impact_answer ar1_correlation(const struct ar1 *ar1, double confidence);

/* What is left of each of the n rows once the row before it is known, with the values of
 * coefficients and rho that the answers give: of mean 0 and equal variance if the noise is what it
 * is taken for.
 */
void ar1_innovations(struct ar1 *ar1, const double *x, const double *y, const size_t *positions,
                     size_t n, double *ret);

/* A row of the fit that stands beside a period, `steps` before or after it: 0 is the period itself.
 * NULL: there is none. */
struct ar1_neighbour {
    const double *row;
    size_t steps;
};

/* What a period with these columns was to be, noise included, compared with `actual`: the noise is
 * correlated with that of the rows before and after it, and of those only. */
struct impact_answer ar1_period(struct ar1 *ar1, const double *columns, struct ar1_neighbour before,
                                struct ar1_neighbour after, double confidence, double actual);

/* The sum of what periods after the last row that the noise is known of were to be. */
struct ar1_sum {
    size_t periods, last;         /* steps since that row */
    double *columns;              /* k: their sum */
    double *chain, *own, *shared; /* n_nodes */
    const double *row;            /* that row */
};

int ar1_sum_begin(const struct ar1 *ar1, const double *row, struct ar1_sum *ret, struct error *err);
void ar1_sum_add(const struct ar1 *ar1, struct ar1_sum *sum, const double *columns, size_t steps);
struct impact_answer ar1_sum_answer(struct ar1 *ar1, const struct ar1_sum *sum, double confidence,
                                    double actual);
void ar1_sum_free(struct ar1_sum *sum);

#endif
