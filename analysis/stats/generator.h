/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Transition probabilities of a Markov process in continuous time: exp(Q t), and its derivatives.
 *
 *     const double q[] = {-0.2, 0.2, 0.1, -0.1};                 // by row, each of which sums to 0
 *     double p[4], *work = malloc(generator_work(2) * sizeof *work);
 *     generator_exponential(2, q, 3.0, NULL, 0, p, NULL, work);  // p[1] = (1 - exp(-0.9)) 2/3
 *
 * Q is a generator: its off-diagonals, the intensities, are at least 0. With m the largest exit
 * intensity, Q + m I has no negative element, and
 *
 *     exp(Q t) = (exp(-m h) exp((Q + m I) h))^(2^s),   h = t / 2^s,   m h <= 1,
 *
 * is computed by a power series and s squarings, in which nothing is ever subtracted. So each
 * probability, however small, has nearly all its digits (Xue & Ye 2013, doi:10.1090/S0025-5718-
 * 2013-02677-4), where a method for any matrix, such as gsl_linalg_exponential_ss, is exact only
 * against the largest one.
 */
#ifndef STATS_GENERATOR_H
#define STATS_GENERATOR_H

#include <stddef.h>
#include <stdint.h>

/* A move from one state to another, whose intensity a derivative is for. */
struct generator_move {
    uint32_t from, to;
};

/* Numbers that `work` needs for n states. */
size_t generator_work(size_t n);

/* p = exp(q t), n x n by row; t >= 0 and finite. dp (NULL if n_moves is 0) gets a matrix for each
 * move: the derivative of p by q[from][to], the diagonal q[from][from] falling by as much (the same
 * series and squarings, differentiated). */
void generator_exponential(size_t n, const double *q, double t, const struct generator_move *moves,
                           size_t n_moves, double *p, double *dp, double *work);

#endif
