/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Fitting models of repeat purchases to customers, and what each customer is worth.
 *
 *     struct value_customers customers = {0};
 *     if (value_read(table, &request, &customers, err)) ...          // revenue/value-read.h
 *     struct value_options options = {.model = VALUE_BG_NBD, .horizon = 52, .replicates = 100,
 *                                     .confidence = 0.95, .seed = 1, .threads = 4};
 *     struct value_fit fit = {0};
 *     if (value_estimate(&customers, &options, &fit, err)) ...
 *     struct value_worth *worth = malloc(customers.n * sizeof *worth);
 *     if (value_each(&customers, &options, &fit, worth, err)) ...     // worth[i] of customer i
 *     if (value_sum(&customers, &options, &fit, cohorts, n, sums, err)) ...
 *     value_fit_free(&fit);
 *
 * Maximum likelihood over the logarithms of the parameters, time in units of the mean age and money
 * in units of the mean spend, from several starts; customers with the same history are one term.
 * Where there are many different histories, the starts are tried on some 5,000 of them, and
 * Newton's steps on all go on from the best.
 *
 * Intervals are for expectations, not for what a customer will do, and hold the error of the
 * parameters: a bootstrap over customers by Poisson counts, in which a replicate moves the
 * parameters by one Newton step from the fit, (-H)^-1 times the sum of the customers' scores
 * (Hu & Kalbfleisch 2000, doi:10.2307/3315928, section 2). That the model may be wrong in its
 * variance is thereby allowed for, as in a sandwich. Replicates are a pure function of the seed and
 * their number. Bounds are quantiles (type 7).
 */
#ifndef REVENUE_VALUE_H
#define REVENUE_VALUE_H

#include "base/dictionary.h"
#include "base/error.h"
#include "revenue/value-model.h"
#include "stats/maximise.h"
#include <stdbool.h>
#include <stdint.h>

struct value_customer {
    uint32_t name; /* in names */
    int32_t first; /* day of the first purchase; INT32_MIN: not known */
    struct value_history history;
    double mean;  /* spend per repeat purchase; nan: none, or not above 0 */
    double count; /* customers like this one */
};

/* Zero-initialise. Owns its names. */
struct value_customers {
    struct value_customer *items;
    size_t n, capacity;
    struct dictionary names;
    bool spend; /* the input has amounts */
};

void value_customers_free(struct value_customers *customers);

struct value_options {
    enum value_model model;
    double horizon;  /* in the unit of the histories */
    double discount; /* continuous rate per unit */
    size_t replicates;
    double confidence;
    uint32_t seed;
    int threads;
};

struct value_parameter {
    double value, error, lower, upper; /* Wald's interval of the logarithm */
};

/* Zero-initialise. */
struct value_fit {
    struct value_parameter parameters[VALUE_PARAMETERS];
    double log_likelihood;
    size_t starts, agreeing, histories;
    double customers, buyers; /* counts; those with a repeat purchase */
    /* The parameter that ran off and is held at 1,000, without an error, as customers do not differ
     * in what it is the shape of; NULL: none. */
    const char *alike;
    bool spend;         /* the rest is fitted */
    bool spend_unclear; /* it is not, as its likelihood has no clear maximum */
    struct value_parameter spend_parameters[VALUE_SPEND_PARAMETERS];
    double spend_log_likelihood;
    double spenders;
    double
        correlation; /* of mean spend and repeat purchases: the models take them as independent */
    /* replicates x 4 and replicates x 3: parameters */
    double *replicates, *spend_replicates;
    size_t n_replicates;
};

/* ERROR_DATA if there are no customers, none or all have bought again in a way that leaves a
 * parameter undetermined, or the likelihood has no clear maximum. Spend is fitted if there are ten
 * customers with a mean. */
int value_estimate(const struct value_customers *customers, const struct value_options *options,
                   struct value_fit *ret, struct error *err);
void value_fit_free(struct value_fit *fit);

struct value_bounds {
    double value, lower, upper; /* bounds nan without replicates */
};

struct value_worth {
    double alive, spend;                                /* chance; expected per purchase */
    struct value_bounds purchases, revenue, discounted; /* over the horizon; nan without spend */
};

/* Of each customer (of each of its count). */
int value_each(const struct value_customers *customers, const struct value_options *options,
               const struct value_fit *fit, struct value_worth *worth, struct error *err);

/* Summed by group: groups[i] < n_groups is that of customer i. `alive` is the expected number,
 * `spend` revenue over purchases. */
int value_sum(const struct value_customers *customers, const struct value_options *options,
              const struct value_fit *fit, const uint32_t *groups, size_t n_groups,
              struct value_worth *sums, struct error *err);

#endif
