/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Models of repeat purchases: R's values, extremes, closed forms; fits that know the truth. */
#include "revenue/value-contract.h"
#include "revenue/value.h"

#include "base/random.h"
#include <gsl/gsl_errno.h>
#include <gsl/gsl_randist.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void assert_near(double found, double expected, double tolerance, const char *what) {
    if (!(fabs(found - expected) <= tolerance * fabs(expected) + 1e-300))
        fail_msg("%s: found %.17g, expected %.17g", what, found, expected);
}

/* ---- Models ---------------------------------------------------------------------------------- */

/* R 4.2.2: log-likelihood and chance of being alive by the formulas with lgamma; purchases, of who
 * is alive, and the integral over the time of death by trapezoid sums after a double exponential
 * substitution (tests/truth/customer-value.R has the same with integrate). The first of each is
 * customer 1 of CDNOW; then a = 1 and s = 1, where the closed forms divide by 0; tiny scales
 * against long times; many purchases; a rate of which all have the same. */
static const struct {
    enum value_model model;
    double theta[4];
    struct value_history history;
    double t, log_likelihood, alive, purchases; /* if alive */
} from_r[] = {
    {VALUE_BG_NBD,
     {.243, 4.414, .793, 2.426},
     {2, 30.43, 38.86},
     39,
     -9.45860630706627,
     0.726578570080673,
     1.68739930580531},
    {VALUE_BG_NBD,
     {.243, 4.414, 1, 2.426},
     {0, 0, 10},
     52,
     -0.287570731626252,
     1,
     0.590890940591269},
    {VALUE_BG_NBD, {.5, .01, .3, .4}, {0, 0, 0}, 1000, 0, 1, 1369.86286890716},
    {VALUE_BG_NBD,
     {1, 5, .7, 3},
     {200, 95, 100},
     10,
     -69.4307589196561,
     0.0156443050104984,
     18.5419345228672},
    {VALUE_BG_NBD,
     {60, 5, .7, 3},
     {3, 90, 100},
     1000,
     -180.450783119641,
     0.0128796295060128,
     59.323230335632},
    {VALUE_BG_NBD,
     {.25, 4, .01, .05},
     {1, 1, 38},
     1e5,
     -4.54343986852266,
     0.259061580766821,
     2752.02474554867},
    {VALUE_PARETO_NBD,
     {.553, 10.578, .606, 11.669},
     {2, 30.43, 38.86},
     39,
     -9.5542832451504,
     0.869167559153011,
     1.67415727604421},
    {VALUE_PARETO_NBD,
     {.553, 10.578, 1, 11.669},
     {0, 0, 10},
     52,
     -0.267153524909382,
     0.486856859190126,
     0.712583220752128},
    {VALUE_PARETO_NBD,
     {.5, .001, .3, 500},
     {0, 0, 100},
     10,
     -5.70080965383456,
     0.89551657748613,
     0.049875395466248},
    {VALUE_PARETO_NBD,
     {.5, 500, .3, .001},
     {0, 0, 100},
     10,
     -0.00404138032521795,
     0.0289843271686455,
     0.00821345887837954},
    {VALUE_PARETO_NBD,
     {1, 5, .7, 3},
     {200, 20, 100},
     10,
     210.840763466005,
     4.95254258747459e-124,
     18.5259702697517},
    {VALUE_PARETO_NBD,
     {30, 5, 40, 300},
     {3, 90, 100},
     1000,
     -103.610738202781,
     0.0553998502379839,
     3.22344322344322},
    {VALUE_PARETO_NBD, {1, 2, .5, 3}, {4, 7, 7}, 5, -7.71690827793618, 1, 2.49716523768432},
};

static void agree_with_r(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof from_r / sizeof *from_r; i++) {
        char what[40];
        snprintf(what, sizeof what, "case %zu", i);
        const double alive = value_alive(from_r[i].model, from_r[i].theta, &from_r[i].history);
        assert_near(value_log_likelihood(from_r[i].model, from_r[i].theta, &from_r[i].history) + 1,
                    from_r[i].log_likelihood + 1, 1e-9, what);
        assert_near(alive, from_r[i].alive, 1e-9, what);
        assert_near(
            value_purchases(from_r[i].model, from_r[i].theta, &from_r[i].history, from_r[i].t),
            alive * from_r[i].purchases, 1e-8, what);
    }
}

/* Where the series hands over to the quadrature, and near a = 1, nothing jumps. */
static void no_seams(void **state) {
    (void)state;
    const struct value_history history = {2, 30, 40};
    double before = 0, rise = 0;
    for (int i = 0; i < 1200; i++) { /* z = 0.9 at t = 400 */
        const double theta[4] = {.3, 4.4444, .8, 2.4};
        const double now = value_purchases(VALUE_BG_NBD, theta, &history, 300 + 0.25 * i);
        assert_true(i == 0 || now > before);
        assert_true(i < 2 || fabs(now - before - rise) < 3e-6);
        rise = now - before;
        before = now;
    }
    const double at[3] = {1 - 1e-9, 1, 1 + 1e-9};
    for (int i = 0; i < 3; i++) {
        const double theta[4] = {.3, 4, at[i], 2.4};
        assert_near(value_purchases(VALUE_BG_NBD, theta, &history, 20),
                    value_purchases(VALUE_BG_NBD, (const double[]){.3, 4, 1, 2.4}, &history, 20),
                    1e-8, "a = 1");
    }
}

/* Without a rate the same; against sums of many short stretches, each discounted at its middle. */
static void discounting(void **state) {
    (void)state;
    for (size_t i = 0; i < 8; i += 7) {
        const double *theta = from_r[i].theta;
        const struct value_history *history = &from_r[i].history;
        double sum = 0;
        for (int k = 0; k < 5200; k++)
            sum += exp(-0.002 * (k + 0.5) / 100) *
                   (value_purchases(from_r[i].model, theta, history, (k + 1) / 100.0) -
                    value_purchases(from_r[i].model, theta, history, k / 100.0));
        assert_near(value_discounted(from_r[i].model, theta, history, 52, 0.002), sum, 1e-7,
                    "discounted");
        assert_near(value_discounted(from_r[i].model, theta, history, 52, 0),
                    value_purchases(from_r[i].model, theta, history, 52), 1e-14, "undiscounted");
    }
}

/* Density: R's integrate over the rate. Expectation: Fader & Hardie 2013, (5): a weighted mean of
 * the population's p gamma/(q - 1) and the customer's own. */
static void spend(void **state) {
    (void)state;
    const double theta[3] = {6.25, 3.74, 15.44};
    assert_near(value_spend_log_density(theta, 2, 22.35), -3.5513167597317, 1e-11, "density");
    assert_near(value_spend_log_density((const double[]){1, 2, 3}, 7, 0.5), -1.16115536401543,
                1e-11, "density");
    const double all = 6.25 * 15.44 / 2.74, own = 6.25 * 2 / (6.25 * 2 + 2.74);
    assert_near(value_spend_expected(theta, 0, 0), all, 1e-14, "of anyone");
    assert_near(value_spend_expected(theta, 2, 22.35), (1 - own) * all + own * 22.35, 1e-14, "own");
    assert_true(isnan(value_spend_expected((const double[]){2, 0.9, 1}, 0, 0)));
}

/* ---- Fits ------------------------------------------------------------------------------------ */

static const struct value_options options = {.model = VALUE_BG_NBD,
                                             .horizon = 20,
                                             .replicates = 50,
                                             .confidence = 0.95,
                                             .seed = 1,
                                             .threads = 2};

/* Customers who live as the model says, seen for 30 to 40 units; spend by gamma-gamma(6, 4, 15). */
static void draw_customers(struct value_customers *customers, enum value_model model, size_t n,
                           uint32_t which) {
    struct random_stream stream;
    *customers = (struct value_customers){.n = n, .spend = true};
    customers->items = calloc(n, sizeof *customers->items);
    assert_non_null(customers->items);
    random_open(&stream, 17, 0, which, model, 0);
    gsl_rng *rng = random_gsl(&stream);
    for (size_t i = 0; i < n; i++) {
        struct value_customer *customer = &customers->items[i];
        const double rate = gsl_ran_gamma(rng, 0.6, 1 / 5.0), nu = gsl_ran_gamma(rng, 4, 1 / 15.0);
        const double chance = gsl_ran_beta(rng, 0.8, 2.5);
        const double death = gsl_ran_exponential(rng, 1 / gsl_ran_gamma(rng, 0.8, 1 / 15.0));
        customer->history.age = 30 + 10 * random_uniform(&stream);
        customer->count = 1;
        double t = 0, paid = 0;
        for (;;) {
            t += gsl_ran_exponential(rng, 1 / rate);
            if (t > customer->history.age || (model == VALUE_PARETO_NBD && t > death))
                break;
            customer->history.x++;
            customer->history.t_x = t;
            paid += gsl_ran_gamma(rng, 6, 1 / nu);
            if (model == VALUE_BG_NBD && random_uniform(&stream) < chance)
                break;
        }
        customer->mean = customer->history.x > 0 ? paid / customer->history.x : NAN;
    }
}

static void finds_the_truth(void **state) {
    (void)state;
    static const double truth[2][4] = {{0.6, 5, 0.8, 2.5}, {0.6, 5, 0.8, 15}};
    static const double spends[3] = {6, 4, 15};
    for (int model = 0; model < 2; model++) {
        struct value_customers customers;
        struct value_fit fit;
        struct error err = {0};
        struct value_options other = options;
        other.model = (enum value_model)model;
        draw_customers(&customers, other.model, 1500, 1);
        if (value_estimate(&customers, &other, &fit, &err))
            fail_msg("%s", err.text);
        /* Within 3.5 standard errors, of logarithms. */
        for (int i = 0; i < 4; i++)
            if (!(fabs(log(fit.parameters[i].value / truth[model][i])) <
                  3.5 * fit.parameters[i].error / fit.parameters[i].value))
                fail_msg("model %d, %s: %g +- %g", model, value_parameter_names[model][i],
                         fit.parameters[i].value, fit.parameters[i].error);
        for (int i = 0; i < 3; i++)
            assert_true(fabs(log(fit.spend_parameters[i].value / spends[i])) <
                        3.5 * fit.spend_parameters[i].error / fit.spend_parameters[i].value);
        assert_int_equal(fit.agreeing, fit.starts);
        assert_true(fit.alike == NULL);
        value_fit_free(&fit);
        value_customers_free(&customers);
    }
}

/* The spread of the replicates is that of the Hessian where the model is right: standard errors of
 * 400 replicates are known to 4 %; three of those, and 5 % between two estimates of one matrix. */
static void replicates_spread_as_the_errors_say(void **state) {
    (void)state;
    struct value_customers customers;
    struct value_fit fit;
    struct error err = {0};
    struct value_options other = options;
    other.replicates = 400;
    draw_customers(&customers, VALUE_BG_NBD, 2000, 2);
    assert_int_equal(value_estimate(&customers, &other, &fit, &err), 0);
    for (int i = 0; i < 4; i++) {
        double square = 0;
        for (int b = 0; b < 400; b++) {
            const double d = log(fit.replicates[b * 4 + i] / fit.parameters[i].value);
            square += d * d / 400;
        }
        assert_near(sqrt(square), fit.parameters[i].error / fit.parameters[i].value, 0.17,
                    value_parameter_names[0][i]);
    }
    value_fit_free(&fit);
    value_customers_free(&customers);
}

/* The unit of time changes the parameters that are times, and nothing that is expected; customers
 * written as counts change nothing at all, nor do threads. */
static void units_counts_and_threads(void **state) {
    (void)state;
    struct value_customers customers, scaled;
    struct value_fit first, second, third;
    struct error err = {0};
    draw_customers(&customers, VALUE_BG_NBD, 1000, 3);
    draw_customers(&scaled, VALUE_BG_NBD, 1000, 3);
    struct value_options days = options, alone = options;
    days.horizon = 140;
    alone.threads = 1;
    for (size_t i = 0; i < scaled.n; i++) {
        scaled.items[i].history.t_x *= 7;
        scaled.items[i].history.age *= 7;
    }
    assert_int_equal(value_estimate(&customers, &options, &first, &err), 0);
    assert_int_equal(value_estimate(&scaled, &days, &second, &err), 0);
    assert_int_equal(value_estimate(&customers, &alone, &third, &err), 0);
    assert_near(second.parameters[1].value, 7 * first.parameters[1].value, 1e-5, "alpha");
    assert_near(second.parameters[0].value, first.parameters[0].value, 1e-5, "r");
    assert_memory_equal(first.parameters, third.parameters, sizeof first.parameters);
    assert_memory_equal(first.replicates, third.replicates, 50 * 4 * sizeof(double));

    struct value_worth *each = calloc(customers.n, sizeof *each), sums[1];
    uint32_t *groups = calloc(customers.n, sizeof *groups);
    assert_int_equal(value_each(&customers, &options, &first, each, &err), 0);
    assert_int_equal(value_sum(&customers, &options, &first, groups, 1, sums, &err), 0);
    double alive = 0, purchases = 0, revenue = 0;
    for (size_t i = 0; i < customers.n; i++) {
        alive += each[i].alive;
        purchases += each[i].purchases.value;
        revenue += each[i].revenue.value;
        assert_true(each[i].purchases.lower <= each[i].purchases.upper);
        assert_near(each[i].revenue.value, each[i].purchases.value * each[i].spend, 1e-12,
                    "revenue");
    }
    assert_near(sums->alive, alive, 1e-10, "alive");
    assert_near(sums->purchases.value, purchases, 1e-10, "purchases");
    assert_near(sums->revenue.value, revenue, 1e-10, "revenue");
    assert_true(sums->purchases.lower < purchases && purchases < sums->purchases.upper);
    free(each);
    free(groups);
    value_fit_free(&first);
    value_fit_free(&second);
    value_fit_free(&third);
    value_customers_free(&customers);
    value_customers_free(&scaled);
}

/* More histories than are tried at first: the end is the same as of the whole from the start. */
static void many_histories(void **state) {
    (void)state;
    struct value_customers customers;
    struct value_fit fit;
    struct error err = {0};
    struct value_options other = options;
    other.replicates = 0;
    draw_customers(&customers, VALUE_BG_NBD, 14000, 4);
    assert_int_equal(value_estimate(&customers, &other, &fit, &err), 0);
    assert_true(fit.histories > 10000);
    double found = 0;
    for (size_t i = 0; i < customers.n; i++) {
        const double theta[4] = {fit.parameters[0].value, fit.parameters[1].value,
                                 fit.parameters[2].value, fit.parameters[3].value};
        found += value_log_likelihood(VALUE_BG_NBD, theta, &customers.items[i].history);
    }
    assert_near(fit.log_likelihood, found, 1e-10, "log-likelihood");
    /* No step in any parameter climbs. */
    for (int i = 0; i < 8; i++) {
        double theta[4], value = 0;
        for (int j = 0; j < 4; j++)
            theta[j] = fit.parameters[j].value * (j == i / 2 ? (i % 2 ? 1.01 : 0.99) : 1);
        for (size_t c = 0; c < customers.n; c++)
            value += value_log_likelihood(VALUE_BG_NBD, theta, &customers.items[c].history);
        assert_true(value < found);
    }
    value_fit_free(&fit);
    value_customers_free(&customers);
}

static int estimate_of(const struct value_customer *items, size_t n, struct value_fit *fit,
                       struct error *err) {
    const struct value_customers customers = {
        .items = (struct value_customer *)items, .n = n, .spend = true};
    *err = (struct error){0};
    return value_estimate(&customers, &options, fit, err);
}

static void what_says_too_little(void **state) {
    (void)state;
    struct value_customer items[40];
    struct value_fit fit;
    struct error err;
    for (int i = 0; i < 40; i++)
        items[i] = (struct value_customer){.history = {0, 0, 10 + i}, .mean = NAN, .count = 1};
    assert_int_equal(estimate_of(items, 0, &fit, &err), ERROR_DATA);
    assert_string_equal(err.text, "found no customers");
    assert_int_equal(estimate_of(items, 40, &fit, &err), ERROR_DATA);
    assert_non_null(strstr(err.text, "none of 40 customers has bought again"));
    /* One lone history: either an error that says so, or parameters that are held. */
    items[0].history = (struct value_history){3, 5, 10};
    if (estimate_of(items, 1, &fit, &err) == 0) {
        assert_non_null(fit.alike);
        value_fit_free(&fit);
    } else
        assert_non_null(strstr(err.text, "no clear maximum"));
}

/* All leave with the same chance of 0.2: a and b run off, and a is held. Then b is 4 times a. */
static void customers_who_do_not_differ(void **state) {
    (void)state;
    enum { N = 1500 };
    struct value_customer *items = calloc(N, sizeof *items);
    struct random_stream stream;
    struct value_fit fit;
    struct error err;
    random_open(&stream, 19, 0, 0, 0, 0);
    gsl_rng *rng = random_gsl(&stream);
    for (int i = 0; i < N; i++) {
        const double rate = gsl_ran_gamma(rng, 2, 1 / 8.0);
        double t = 0;
        items[i] = (struct value_customer){.history = {0, 0, 40}, .mean = NAN, .count = 1};
        while ((t += gsl_ran_exponential(rng, 1 / rate)) < 40) {
            items[i].history.x++;
            items[i].history.t_x = t;
            if (random_uniform(&stream) < 0.2)
                break;
        }
    }
    assert_int_equal(estimate_of(items, N, &fit, &err), 0);
    const double a = fit.parameters[2].value, b = fit.parameters[3].value;
    assert_true(a > 20); /* held, or far out */
    assert_near(a / (a + b), 0.2, 0.06, "chance");
    assert_near(fit.parameters[0].value, 2, 0.15, "r");
    value_fit_free(&fit);
    free(items);
}

/* Fader & Hardie 2007: 0.668 and 3.806. R's optim on the same likelihood: 0.66809, 3.80609 and
 * -1611.1581473912. Residuals against sums written out, and, undiscounted, the mean of what is
 * left: with alpha 3 and beta 2 after 4 periods (2 + 4)/(3 - 1). */
static void contracts(void **state) {
    (void)state;
    static const double kept[] = {1000, 869, 743, 653, 593, 551, 517, 491};
    struct value_contract contract;
    struct error err = {0};
    assert_int_equal(value_contract_fit(kept, 8, 0.95, &contract, &err), 0);
    assert_near(contract.parameters[0].value, 0.66809, 1e-4, "alpha");
    assert_near(contract.parameters[1].value, 3.80609, 1e-4, "beta");
    assert_near(contract.log_likelihood, -1611.1581473912, 1e-10, "log-likelihood");
    const struct value_bounds stay = value_contract_stay(&contract, 7, 0.95);
    /* 491 of 1,000 with a binomial error of 0.0158: a fit of two numbers is a little surer. */
    assert_true(fabs(stay.value - 0.491) < 0.01 && stay.upper - stay.lower < 4 * 0.0158 &&
                stay.upper - stay.lower > 2 * 0.0158);
    double left = 0;
    for (int k = 0; k < 2000; k++)
        left += value_contract_stay(&contract, 4 + k, 0.95).value /
                value_contract_stay(&contract, 3, 0.95).value * pow(0.9, k);
    assert_near(value_contract_residual(&contract, 3, 0.9), left, 1e-10, "residual");
    assert_true(isnan(value_contract_residual(&contract, 3, 1))); /* alpha < 1 */
    contract.parameters[0].value = 3;
    contract.parameters[1].value = 2;
    assert_near(value_contract_residual(&contract, 4, 1), 3, 1e-15, "undiscounted");
    assert_near(value_contract_retention(&contract, 1), 0.4, 1e-15, "retention");
}

int main(void) {
    gsl_set_error_handler_off();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(agree_with_r),
        cmocka_unit_test(no_seams),
        cmocka_unit_test(discounting),
        cmocka_unit_test(spend),
        cmocka_unit_test(finds_the_truth),
        cmocka_unit_test(replicates_spread_as_the_errors_say),
        cmocka_unit_test(units_counts_and_threads),
        cmocka_unit_test(many_histories),
        cmocka_unit_test(what_says_too_little),
        cmocka_unit_test(customers_who_do_not_differ),
        cmocka_unit_test(contracts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
