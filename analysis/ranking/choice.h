/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Choice by logit.
 *
 *     double shares[10];
 *     double worth = choice_shares(utilities, 10, outside, shares);
 *     int chosen = choice_draw(shares, 10, random_uniform(&stream));   // -1: the outside option
 *
 * A person who sees utilities v_i plus independent errors of the standard Gumbel distribution takes
 * option i with probability exp(v_i) / (exp(v_0) + sum_j exp(v_j)), v_0 being the utility of taking
 * none (McFadden 1974, "Conditional logit analysis of qualitative choice behavior"; Train 2009,
 * "Discrete choice methods with simulation", equation 3.6). No utility is too large: the greatest
 * one is taken out first.
 */
#ifndef RANKING_CHOICE_H
#define RANKING_CHOICE_H

#include "ranking/kernel.h"
#include <stddef.h>

/* Shares of n options (n = 0 is fine). Returns the expected utility of the choice beyond that of
 * the outside option, ln(1 + sum_j exp(v_j - v_0)), which is never negative (Train 2009, section
 * 3.5, the "log-sum"). */
double choice_shares(const double *utilities, size_t n, double outside, double *shares);

/* The shares alone. */
void choice_split(const double *utilities, size_t n, double outside, double *shares);

/* Shares of n options that are looked at one after the other, each taken with probability
 * logit^-1(v_i - outside), the next being looked at with probability `patience` if it is not: the
 * cascade model, s_i = p_i prod_{j < i} (1 - p_j) for a patience of 1 (Craswell et al. 2008,
 * doi:10.1145/1341531.1341545, equation 7). */
void choice_cascade(const double *utilities, size_t n, double outside, double patience,
                    double *shares);

/* The option that a uniform number in [0, 1) falls on, or -1. */
int choice_draw(const double *shares, size_t n, double uniform);

/* 1 / (1 + exp(-x)); 0 and 1 for -infinity and infinity. */
double choice_logistic(double x);

/* ln(p / (1 - p)); -infinity and infinity for 0 and 1. */
double choice_log_odds(double p);

/* The number a for which the mean of choice_logistic(a + x_i) is `rate`: what has to be added to
 * log-odds so that they agree with a measured rate. Infinite for rates of 0 and 1; the log-odds of
 * the rate for n = 0. The x are finite; the answer is good to 1e-12 of the rate. */
double choice_intercept(const double *x, size_t n, double rate);

/* exp(x[i] - shift) of n numbers, x[i] <= shift, as shares are made of: to 1 unit in the last
 * place, 0 below exp(-708), and the same bits for each kind of registers, whatever the C library.
 * For tests. */
void choice_exponentials_at(enum kernel_level level, const double *x, size_t n, double shift,
                            double *ret);

#endif
