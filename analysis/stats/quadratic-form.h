/* SPDX-License-Identifier: GPL-3.0-or-later */
/* U' V^-1 U: the chi-square of a score U with covariance V.
 *
 *     const double u[] = {3, -1, -2}, v[] = {4, 0, 0,   -2, 4, 0,   -2, -2, 4};   // lower triangle
 *     const size_t chosen[] = {0, 1};          // the third follows from the others
 *     double chi_square;
 *     if (quadratic_form(u, v, 3, chosen, 2, &chi_square, err)) ...            // 2.333333
 */
#ifndef STATS_QUADRATIC_FORM_H
#define STATS_QUADRATIC_FORM_H

#include "base/error.h"
#include <stddef.h>

/* Over the n chosen components (numbers from 0, ascending) of u and of v, a matrix of `stride`
 * columns by rows, of which only [i][j] with j <= i is read. By Cholesky's factor; *ret is nan if v
 * is not positive definite to working precision, and 0 for n = 0. Fails only without memory. */
int quadratic_form(const double *u, const double *v, size_t stride, const size_t *chosen, size_t n,
                   double *ret, struct error *err);

#endif
