/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How often the bounds of customer-value hold the truth, over simulated customers of BG/NBD,
 * Pareto/NBD and contracts: parameters, what one customer is expected to buy, and what all of them
 * are expected to buy and bring in. */
#include "revenue/value-contract.h"
#include "revenue/value.h"

#include "base/random.h"
#include <gsl/gsl_errno.h>
#include <gsl/gsl_randist.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* 0.95 to within four standard errors of such a share, and what large-sample bounds may be off. */
static void assert_share(const char *what, int held, int runs) {
    const double off = fabs((double)held / runs - 0.95);
    print_message("# %s: %d of %d\n", what, held, runs);
    if (off > 0.015 + 4 * sqrt(0.95 * 0.05 / runs))
        fail_msg("%s: held %d times of %d, expected 0.95 of them", what, held, runs);
}

static bool holds(double lower, double upper, double truth) {
    return lower <= truth && truth <= upper;
}

/* ---- Repeat purchases --------------------------------------------------------------------------
 */

struct truth {
    enum value_model model;
    double theta[VALUE_PARAMETERS], spend[VALUE_SPEND_PARAMETERS];
    size_t customers;
    int runs;
};

/* Whether a purchase is the last (BG/NBD), or when the end comes (Pareto/NBD). */
static struct value_history draw_history(const struct truth *truth, gsl_rng *rng) {
    const double *theta = truth->theta, age = 20 + 20 * gsl_rng_uniform(rng);
    const double rate = gsl_ran_gamma(rng, theta[0], 1 / theta[1]);
    double end = age, last = 0;
    struct value_history history = {.age = age};
    if (truth->model == VALUE_PARETO_NBD)
        end = fmin(age, gsl_ran_exponential(rng, 1 / gsl_ran_gamma(rng, theta[2], 1 / theta[3])));
    const double dies = truth->model == VALUE_BG_NBD ? gsl_ran_beta(rng, theta[2], theta[3]) : 0;
    for (;;) {
        last += gsl_ran_exponential(rng, 1 / rate);
        if (last > end)
            return history;
        history.x++;
        history.t_x = last;
        if (gsl_rng_uniform(rng) < dies)
            return history;
    }
}

static void draw_customers(const struct truth *truth, uint32_t run,
                           struct value_customers *customers) {
    customers->n = truth->customers;
    customers->spend = true;
    for (size_t i = 0; i < truth->customers; i++) {
        struct random_stream stream;
        random_open(&stream, 31, run, (uint32_t)i, 0, (uint32_t)truth->model);
        gsl_rng *rng = random_gsl(&stream);
        struct value_customer *customer = &customers->items[i];
        *customer = (struct value_customer){.first = INT32_MIN, .count = 1, .mean = NAN};
        customer->history = draw_history(truth, rng);
        const double nu = gsl_ran_gamma(rng, truth->spend[1], 1 / truth->spend[2]);
        if (customer->history.x > 0) /* a mean of x gamma amounts is gamma, of shape p x */
            customer->mean = gsl_ran_gamma(rng, truth->spend[0] * customer->history.x, 1 / nu) /
                             customer->history.x;
    }
}

enum { HELD_ONE = VALUE_PARAMETERS, HELD_ALL, HELD_REVENUE, HELD };

static void look(const struct truth *truth, const struct value_customers *customers,
                 const struct value_options *options, const struct value_fit *fit, int *held) {
    uint32_t *groups = calloc(customers->n, sizeof *groups);
    struct value_worth *each = malloc(customers->n * sizeof *each), all;
    struct error err = {0};
    double purchases = 0, revenue = 0;
    assert_true(groups && each);
    assert_int_equal(value_each(customers, options, fit, each, &err), 0);
    assert_int_equal(value_sum(customers, options, fit, groups, 1, &all, &err), 0);
    for (size_t i = 0; i < customers->n; i++) {
        const struct value_customer *customer = &customers->items[i];
        const double expected =
            value_purchases(truth->model, truth->theta, &customer->history, options->horizon);
        const bool known = customer->history.x > 0;
        purchases += expected;
        revenue += expected * value_spend_expected(truth->spend, known ? customer->history.x : 0,
                                                   known ? customer->mean : 0);
        if (i == 0)
            held[HELD_ONE] += holds(each[0].purchases.lower, each[0].purchases.upper, expected);
    }
    held[HELD_ALL] += holds(all.purchases.lower, all.purchases.upper, purchases);
    held[HELD_REVENUE] += holds(all.revenue.lower, all.revenue.upper, revenue);
    for (int k = 0; k < VALUE_PARAMETERS; k++)
        held[k] += holds(fit->parameters[k].lower, fit->parameters[k].upper, truth->theta[k]);
    free(groups);
    free(each);
}

/* Samples that do not determine the model are refused, and counted out; there are few. */
static void coverage(const struct truth *truth) {
    struct value_customers customers = {.items =
                                            malloc(truth->customers * sizeof *customers.items)};
    int held[HELD] = {0}, runs = 0, refused = 0;
    assert_non_null(customers.items);
    for (uint32_t run = 0; runs < truth->runs; run++) {
        const struct value_options options = {.model = truth->model,
                                              .horizon = 20,
                                              .replicates = 200,
                                              .confidence = 0.95,
                                              .seed = run,
                                              .threads = 1};
        struct value_fit fit = {0};
        struct error err = {0};
        draw_customers(truth, run, &customers);
        if (value_estimate(&customers, &options, &fit, &err) || !fit.spend || fit.alike) {
            assert_in_range(++refused, 0, truth->runs / 20);
        } else {
            look(truth, &customers, &options, &fit, held);
            runs++;
        }
        value_fit_free(&fit);
    }
    for (int k = 0; k < VALUE_PARAMETERS; k++)
        assert_share(value_parameter_names[truth->model][k], held[k], runs);
    assert_share("purchases of one customer", held[HELD_ONE], runs);
    assert_share("purchases of all", held[HELD_ALL], runs);
    assert_share("revenue of all", held[HELD_REVENUE], runs);
    free(customers.items);
}

static void of_bg_nbd(void **state) {
    (void)state;
    static const struct truth truth = {
        VALUE_BG_NBD, {0.7, 4, 0.8, 2.4}, {6, 4, 15}, .customers = 1000, .runs = 400};
    coverage(&truth);
}

static void of_pareto_nbd(void **state) {
    (void)state;
    static const struct truth truth = {
        VALUE_PARETO_NBD, {0.8, 4, 0.7, 8}, {6, 4, 15}, .customers = 600, .runs = 60};
    coverage(&truth);
}

/* ---- Contracts ---------------------------------------------------------------------------------
 */

/* 1,000 customers over eight periods: parameters, and the share there after twelve. */
static void of_contracts(void **state) {
    (void)state;
    enum { RUNS = 1000, PERIODS = 8, CUSTOMERS = 1000 };
    const double theta[VALUE_CONTRACT_PARAMETERS] = {0.7, 1.5};
    int held[3] = {0}, runs = 0, refused = 0;
    for (uint32_t run = 0; runs < RUNS; run++) {
        double kept[PERIODS] = {CUSTOMERS};
        struct random_stream stream;
        struct value_contract contract;
        struct error err = {0};
        random_open(&stream, 32, run, 0, 0, 0);
        for (int i = 0; i < CUSTOMERS; i++) {
            const double leaves = gsl_ran_beta(random_gsl(&stream), theta[0], theta[1]);
            for (int t = 1; t < PERIODS && random_uniform(&stream) >= leaves; t++)
                kept[t]++;
        }
        if (value_contract_fit(kept, PERIODS, 0.95, &contract, &err)) {
            assert_in_range(++refused, 0, RUNS / 50);
            continue;
        }
        runs++;
        for (int k = 0; k < 2; k++)
            held[k] += holds(contract.parameters[k].lower, contract.parameters[k].upper, theta[k]);
        const struct value_bounds stay = value_contract_stay(&contract, 12, 0.95);
        held[2] += holds(stay.lower, stay.upper, value_contract_survival(theta, 12));
    }
    assert_share("alpha", held[0], runs);
    assert_share("beta", held[1], runs);
    assert_share("still there after twelve", held[2], runs);
}

int main(void) {
    gsl_set_error_handler_off();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(of_bg_nbd),
        cmocka_unit_test(of_pareto_nbd),
        cmocka_unit_test(of_contracts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
