/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Discrete-time Markov chains, estimated from counts of transitions.
 *
 *     const uint64_t counts[] = {50, 25, 25,   50, 0, 50,   25, 25, 50};   // [from * 3 + to]
 *     double shares[9], totals[3], stationary[3], errors[3];
 *     markov_shares(counts, 3, shares, totals);
 *     if (markov_stationary(shares, totals, 3, stationary, errors, err)) ...   // 0.4, 0.2, 0.4
 *     struct markov_reach reach[3];
 *     if (markov_reach(shares, totals, 3, 1, reach, err)) ...       // reach[0].time: 4 steps
 *     struct markov_test test = markov_test_order(triples, 3);      // does one step back suffice?
 *
 * Matrices are square, row by row, [from * states + to]. A row is one multinomial sample; rows are
 * independent. `shares` may be estimates (markov_shares), a draw (markov_draw) or known; a row of
 * nan means that nothing is known of a state. States are numbered from 0.
 *
 * Standard errors are those of the delta method: for a smooth function f of the matrix,
 *
 *     Var f = sum over i of [sum_j p_ij g_ij^2 - (sum_j p_ij g_ij)^2] / n_i,    g_ij = df / dp_ij,
 *
 * the multinomial covariance of each row i of n_i = totals[i] transitions (Anderson & Goodman 1957,
 * doi:10.1214/aoms/1177707039, section 2). They hold for large counts. A share that is 0 or 1 has
 * none: where the result hangs on few transitions, use markov_draw in place of them. For known
 * shares totals and errors may be NULL.
 */
#ifndef STATS_MARKOV_CHAIN_H
#define STATS_MARKOV_CHAIN_H

#include "base/error.h"
#include "base/random.h"
#include "stats/proportion.h"
#include <stddef.h>
#include <stdint.h>

/* ---- From counts to probabilities --------------------------------------------------------------
 */

/* p_ij = n_ij / n_i, the maximum-likelihood estimate, and n_i (totals may be NULL). A state that
 * was never left nor stayed in, n_i = 0, gets a row of nan. */
void markov_shares(const uint64_t *counts, size_t states, double *ret_shares, double *ret_totals);

/* The equal-tailed interval of one share: `count` of `total` transitions from a state went to one
 * of `categories` (2 or more) states. The posterior under Jeffreys' prior, Dirichlet(1/2, ...,
 * 1/2), is Dirichlet again, and one share of it Beta(count + 1/2, total - count + (categories -
 * 1)/2) (Gelman et al., Bayesian Data Analysis, 3rd ed. 2013, sections 3.4 and 2.8). As Brown, Cai
 * & DasGupta 2001 (doi:10.1214/ss/1009213286, section 4.1.2) advise, the lower bound is 0 for count
 * 0 and the upper bound 1 for count = total. Both are nan for total 0. */
struct proportion_interval markov_interval(uint64_t count, uint64_t total, size_t categories,
                                           double confidence);

/* A matrix from that posterior: row i is Dirichlet(n_i1 + 1/2, ..., n_im + 1/2). A row without
 * counts is drawn from the prior. Quantiles of any function of 1,000 or more such matrices are its
 * interval; they hold for small counts too, as far as the prior is accepted. */
void markov_draw(const uint64_t *counts, size_t states, struct random_stream *stream,
                 double *ret_shares);

/* ---- What follows from a matrix ----------------------------------------------------------------
 */

/* The shares pi with pi P = pi, and their standard errors: with D the deviation matrix
 * (I - P + 1 pi)^-1 - 1 pi, g_ij for pi_k is pi_i D_jk (Schweitzer 1968, doi:10.2307/3212261).
 * pi is computed without subtraction (Grassmann, Taksar & Heyman 1985, doi:10.1287/opre.33.5.1107),
 * so that small shares keep their digits. States that are left for good have share 0. All are nan
 * if pi is not unique (there are several classes that nothing leads out of), or if it hangs on a
 * state of which nothing is known. */
int markov_stationary(const double *shares, const double *totals, size_t states, double *ret,
                      double *ret_errors, struct error *err);

/* The same among the states that are seen: pi_k / (1 - pi_hidden). With "outside" as a state, in
 * which everybody who leaves is replaced by a newcomer, these are the shares of those inside in the
 * long run. With h the hidden state and c the result, g_ij for c_k is
 * pi_i (D_jk + c_k D_jh) / (1 - pi_h). nan for the hidden state itself. */
int markov_stationary_without(const double *shares, const double *totals, size_t states,
                              size_t hidden, double *ret, double *ret_errors, struct error *err);

/* The mean of values[from * states + to] over the steps of a chain in its long run,
 * sum pi_i p_ij v_ij: the share of steps that lead upwards, say, if v_ij is 1 for them and 0 for
 * others. g_ij is pi_i (v_ij + sum_l D_jl sum_m p_lm v_lm). nan where pi is. */
int markov_mean(const double *shares, const double *totals, size_t states, const double *values,
                double *ret, double *ret_error, struct error *err);

/* start P^steps: the shares of the states after so many steps; start is taken as known, errors are
 * those of P. nan in start stays nan; a state without known row makes what follows from it nan. */
int markov_project(const double *shares, const double *totals, size_t states, const double *start,
                   unsigned steps, double *ret, double *ret_errors, struct error *err);

/* Of one state: will the target be reached, and when? */
struct markov_reach {
    double probability; /* of ever reaching it */
    double probability_error;
    double time; /* expected steps, given that it is reached; nan if it cannot be */
    double time_error;
};

/* For each state. With Q the matrix among the states from which the target can be reached, other
 * than itself, N = (I - Q)^-1 and r the shares to the target: probability h = N r, time N h / h
 * (Kemeny & Snell, Finite Markov Chains 1960, chapter 3). Where the target is reached for certain,
 * h = 1, and time is (I - Q)^-1 1. For errors, row k has the gradient N_ik h for h_i and
 * ((N^2)_ik h + N_ik u - t_i N_ik h) / h_i for t_i = u_i / h_i, u = N h. A state that is only ever
 * stayed in, such as "gone", needs a row that says so (1 on the diagonal). The target itself has
 * probability 1 and time 0. nan where a state of which nothing is known lies on the way. */
int markov_reach(const double *shares, const double *totals, size_t states, size_t target,
                 struct markov_reach *ret, struct error *err);

/* Large-sample intervals that stay in range: value +- z error on the log-odds (for shares) or on
 * the logarithm (for times), transformed back. A value at the end of its range or without error has
 * none: that nobody moved yet does not say that nobody will. Both bounds are nan then. */
struct proportion_interval markov_share_interval(double value, double error, double confidence);
struct proportion_interval markov_time_interval(double value, double error, double confidence);

/* ---- Tests --------------------------------------------------------------------------------------
 */

/* Pearson's and the likelihood-ratio statistic, both chi-squared under the hypothesis. Rows and
 * columns without counts give no degrees of freedom. Without any df, p is nan. */
struct markov_test {
    double pearson, pearson_p;
    double likelihood_ratio, likelihood_ratio_p;
    uint64_t df;
    uint64_t cells; /* that have an expected count */
    uint64_t
        sparse; /* of them with an expected count below 5: the p-values are rough if many are */
};

/* Are the shares the same at all steps? counts[(step * states + from) * states + to]. From each
 * state a table of step by destination: sum n_i(t) (p_ij(t) - p_ij)^2 / p_ij (Anderson & Goodman
 * 1957, eq. 3.6 and 3.10). */
struct markov_test markov_test_homogeneity(const uint64_t *counts, size_t steps, size_t states);

/* The same for one state only. */
struct markov_test markov_test_homogeneity_from(const uint64_t *counts, size_t steps, size_t states,
                                                size_t from);

/* Does the state before matter at all (order 0 against 1)? counts[from * states + to]. */
struct markov_test markov_test_independence(const uint64_t *counts, size_t states);

/* Does the state before the present one matter (order 1 against 2)? Counts of three in a row,
 * triples[(first * states + second) * states + third]; for each second state a table of first by
 * third (Anderson & Goodman 1957, eq. 4.8 and 4.11). */
struct markov_test markov_test_order(const uint64_t *triples, size_t states);

#endif
