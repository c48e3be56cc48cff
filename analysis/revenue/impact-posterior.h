/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which of a model's standard deviations are large beside the others, and how sure that is; and
 * what follows for a quantity whose distribution hangs on it.
 *
 *     static double density(void *context, const double sd[3]);   // log, up to a constant
 *     const double start[3] = {0.9, 0.1, 0};
 *     struct posterior_node *nodes;
 *     size_t n;
 *     if (posterior_nodes(density, context, 2, start, &nodes, &n, err)) ...
 *     struct posterior_term *terms = ...;                         // one for each node
 *     terms[k] = (struct posterior_term){nodes[k].weight, mean, scale};
 *     double lower = posterior_quantile(terms, n, 27, 0.025);
 *     free(nodes);
 *
 * Directions (a, b) or (a, b, c) of length 1 with no negative element, by their posterior density
 * under a prior that is uniform on the quarter circle or the eighth of the sphere: none of the
 * standard deviations is favoured, and 0 is as likely as any other value (that a prior should be
 * even in the standard deviation, not in its logarithm, which never lets go of 0: Gelman 2006,
 * doi:10.1214/06-BA117A). Integrals are sums over Gauss and Legendre's nodes in a box found around
 * the mass: nothing is drawn, and nothing depends on a seed.
 */
#ifndef REVENUE_IMPACT_POSTERIOR_H
#define REVENUE_IMPACT_POSTERIOR_H

#include "base/error.h"
#include <stddef.h>

struct posterior_node {
    double sd[3]; /* of length 1; the third is 0 for two */
    double weight;
};

/* The logarithm of the likelihood of a direction; -INFINITY: impossible. */
typedef double posterior_density(void *context, const double sd[3]);

/* n_sd is 2 or 3; `start` is a direction near the peak, of any length. Weights sum to 1; nodes that
 * do not matter are left out. The caller frees *ret. ERROR_DATA if all is impossible. */
int posterior_nodes(posterior_density *density, void *context, size_t n_sd, const double start[3],
                    struct posterior_node **ret, size_t *ret_n, struct error *err);

/* A mixture of Student's t distributions about `mean`, with `dof` degrees of freedom (INFINITY:
 * normal ones); weights sum to 1, scales are 0 or more. */
struct posterior_term {
    double weight, mean, scale;
};

double posterior_mean(const struct posterior_term *terms, size_t n);
double posterior_sd(const struct posterior_term *terms, size_t n, double dof); /* dof > 2 */

/* The chance of at most x, and of at least x. */
double posterior_below(const struct posterior_term *terms, size_t n, double dof, double x);
double posterior_above(const struct posterior_term *terms, size_t n, double dof, double x);

/* Where the chance of at most that is p, 0 < p < 1. */
double posterior_quantile(const struct posterior_term *terms, size_t n, double dof, double p);

#endif
