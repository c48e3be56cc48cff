/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Weights that are not negative and sum to one, and bring a combination nearest to its target.
 *
 *     double weights[J];
 *     struct hull_fit fit;
 *     if (hull_nearest(gram, J, weights, &fit, err)) ...
 *     fit.gap;           // by how much at most the sum of squares could still fall
 *
 * With columns p_j = x_j - y, sum of squares of y - sum w_j x_j is the squared length of sum w_j
 * p_j: the point of the convex hull of the p_j that is nearest to the origin. Wolfe's algorithm
 * (1976, doi:10.1007/BF01580381) finds it in finitely many steps from the products p_j' p_k alone.
 */
#ifndef REVENUE_IMPACT_HULL_H
#define REVENUE_IMPACT_HULL_H

#include "base/error.h"
#include <stdbool.h>
#include <stddef.h>

struct hull_fit {
    double squares; /* at the weights */
    /* squares - the least possible is at most this: 2 max over j of (z'z - z'p_j), z = sum w_j p_j
     * (the Frank-Wolfe duality gap). */
    double gap;
    bool unique; /* no other weights do as well */
};

/* gram: n x n, n >= 1. Weights that are not in use are exactly 0. */
int hull_nearest(const double *gram, size_t n, double *weights, struct hull_fit *ret,
                 struct error *err);

#endif
