/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Customers under contract: how many of a cohort stay, period by period, and what one still brings.
 *
 *     const double kept[] = {1000, 869, 743, 653, 593, 551, 517, 491};
 *     struct value_contract contract;
 *     if (value_contract_fit(kept, 8, 0.95, &contract, err)) ...
 *     contract.parameters[0].value;                        // 0.668
 *     struct value_bounds stay = value_contract_stay(&contract, 12, 0.95);
 *
 * The shifted beta-geometric model (Fader & Hardie 2007, doi:10.1002/dir.20074): at the end of each
 * period a customer leaves with a chance of their own, from a beta distribution (alpha, beta). By
 * maximum likelihood over logarithms, as revenue/value.h.
 */
#ifndef REVENUE_VALUE_CONTRACT_H
#define REVENUE_VALUE_CONTRACT_H

#include "revenue/value.h"

struct value_contract {
    struct value_parameter parameters[VALUE_CONTRACT_PARAMETERS]; /* alpha, beta */
    double covariance[4];                                         /* of their logarithms */
    double log_likelihood;
};

/* kept[t], t = 0 to n - 1: customers after t periods, not rising. ERROR_DATA if nobody leaves, or
 * there are fewer than two periods, or the likelihood has no clear maximum. */
int value_contract_fit(const double *kept, size_t n, double confidence, struct value_contract *ret,
                       struct error *err);

/* The share still there after t periods, with the interval of its logit by the delta method. */
struct value_bounds value_contract_stay(const struct value_contract *contract, double t,
                                        double confidence);

/* Of those there after t - 1 periods, the share that stays for another: t >= 1. */
double value_contract_retention(const struct value_contract *contract, double t);

/* Periods still to come, discounted by `factor` (0 to 1) a period, of who has been there for t and
 * has just decided to stay or go: sum over k >= 0 of S(t+1+k)/S(t) factor^k (Fader & Hardie 2010,
 * doi:10.1287/mksc.1080.0482). nan if it does not converge: factor 1 and alpha <= 1. */
double value_contract_residual(const struct value_contract *contract, double t, double factor);

#endif
