/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Monte Carlo bounds of a scenario against closed forms. */
#include "revenue/loss-interval.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

typedef struct loss_bounds all_bounds[LOSS_MAX_HORIZON][LOSS_MEASURES];

static decimal from_double(double x) {
    decimal value;
    assert_true(decimal_from_double(x, &value));
    return value;
}

static void set(struct loss_scenario *scenario, enum loss_parameter parameter, double low,
                double value, double high) {
    struct error err = {0};
    if (loss_scenario_set(scenario, parameter, from_double(low), from_double(value),
                          from_double(high), &err))
        fail_msg("%s", err.text);
}

static struct loss_scenario scenario_of(double migrants_low, double migrants, double migrants_high,
                                        double arpu_low, double arpu, double arpu_high) {
    struct loss_scenario scenario;
    loss_scenario_begin(&scenario);
    set(&scenario, LOSS_MIGRANTS, migrants_low, migrants, migrants_high);
    set(&scenario, LOSS_ARPU, arpu_low, arpu, arpu_high);
    return scenario;
}

static void simulate(const struct loss_scenario *scenario,
                     const struct loss_interval_options *options, all_bounds bounds) {
    struct error err = {0};
    if (loss_simulate(scenario, options, bounds, &err))
        fail_msg("%s", err.text);
}

/* Bounds at p and 1 - p of a distribution whose density there is `density`: four Monte Carlo errors
 * sqrt(p (1-p)/N)/density, and half the step of rounding, which is at most one error. */
static void assert_bound(decimal found, double expected, double density, double p, uint32_t draws) {
    double error = sqrt(p * (1 - p) / draws) / density, x = decimal_to_double(found);
    if (!(fabs(x - expected) <= 4.5 * error))
        fail_msg("found %.10g, expected %.10g +- %.3g", x, expected, error);
}

static const double p = 0.025;

/* Uniform on [0, 10^6] users at 1: quantiles p and 1 - p times 10^6. */
static void uniform(void **state) {
    (void)state;
    static all_bounds bounds;
    struct loss_interval_options options = LOSS_INTERVAL_DEFAULTS;
    struct loss_scenario scenario = scenario_of(0, 4e5, 1e6, 1, 1, 1);
    options.distribution = LOSS_UNIFORM;
    simulate(&scenario, &options, bounds);
    assert_bound(bounds[0][LOSS_REVENUE].lower, p * 1e6, 1e-6, p, options.draws);
    assert_bound(bounds[0][LOSS_REVENUE].upper, (1 - p) * 1e6, 1e-6, p, options.draws);
    assert_bound(bounds[11][LOSS_CUMULATIVE].upper, 12 * (1 - p) * 1e6, 1e-6 / 12, p,
                 options.draws);
}

/* Triangle on [0, 1] with its top at c: F = x^2/c below c, 1 - (1-x)^2/(1-c) above. */
static void triangular(void **state) {
    (void)state;
    static all_bounds bounds;
    struct loss_interval_options options = LOSS_INTERVAL_DEFAULTS;
    struct loss_scenario scenario = scenario_of(0, 3e5, 1e6, 1, 1, 1);
    const double c = 0.3, low = sqrt(p * c), high = 1 - sqrt(p * (1 - c));
    options.distribution = LOSS_TRIANGULAR;
    simulate(&scenario, &options, bounds);
    assert_bound(bounds[0][LOSS_REVENUE].lower, low * 1e6, 2 * low / c * 1e-6, p, options.draws);
    assert_bound(bounds[0][LOSS_REVENUE].upper, high * 1e6, 2 * (1 - high) / (1 - c) * 1e-6, p,
                 options.draws);
}

/* PERT with its mode at an end is a beta with a shape of 1: F = 1 - (1-x)^5 with value = low, and
 * F = x^5 with value = high. */
static void pert_with_the_mode_at_an_end(void **state) {
    (void)state;
    static all_bounds bounds;
    struct loss_interval_options options = LOSS_INTERVAL_DEFAULTS;
    struct loss_scenario scenario = scenario_of(0, 0, 1e6, 1, 1, 1);
    simulate(&scenario, &options, bounds);
    for (int side = 0; side < 2; side++) {
        double q = side ? 1 - p : p, x = 1 - pow(1 - q, 0.2);
        assert_bound(side ? bounds[0][LOSS_REVENUE].upper : bounds[0][LOSS_REVENUE].lower, x * 1e6,
                     5 * pow(1 - x, 4) * 1e-6, p, options.draws);
    }
    scenario = scenario_of(0, 1e6, 1e6, 1, 1, 1);
    simulate(&scenario, &options, bounds);
    for (int side = 0; side < 2; side++) {
        double q = side ? 1 - p : p, x = pow(q, 0.2);
        assert_bound(side ? bounds[0][LOSS_REVENUE].upper : bounds[0][LOSS_REVENUE].lower, x * 1e6,
                     5 * pow(x, 4) * 1e-6, p, options.draws);
    }
}

/* PERT on [200, 1000] with mode 500: shapes 2.5 and 3.5. Quantiles and densities as qbeta and dbeta
 * of R give them (tests/truth/arpu-loss.R). */
static void pert_in_between(void **state) {
    (void)state;
    static all_bounds bounds;
    struct loss_interval_options options = LOSS_INTERVAL_DEFAULTS;
    struct loss_scenario scenario = scenario_of(200, 500, 1000, 1, 1, 1);
    simulate(&scenario, &options, bounds);
    assert_bound(bounds[0][LOSS_REVENUE].lower, 275.512261875, 0.000768462572782, p, options.draws);
    assert_bound(bounds[0][LOSS_REVENUE].upper, 832.466668739, 0.000478992185037, p, options.draws);
}

/* The product of two uniforms on [0, 1]: F(x) = x - x ln x, f(x) = -ln x. */
static void a_product_of_two_parameters(void **state) {
    (void)state;
    static all_bounds bounds;
    struct loss_interval_options options = LOSS_INTERVAL_DEFAULTS;
    struct loss_scenario scenario = scenario_of(0, 4e5, 1e6, 0, 0.5, 1);
    options.distribution = LOSS_UNIFORM;
    simulate(&scenario, &options, bounds);
    for (int side = 0; side < 2; side++) {
        decimal found = side ? bounds[0][LOSS_REVENUE].upper : bounds[0][LOSS_REVENUE].lower;
        double x = decimal_to_double(found) / 1e6, below = x - x * log(x);
        assert_true(fabs(below - (side ? 1 - p : p)) <= 4.5 * sqrt(p * (1 - p) / options.draws));
    }
}

/* Uniform return rate on [0, 1]: month 1 is certain, month 2 is uniform, month 3 its square. */
static void returns_spread_later_months_only(void **state) {
    (void)state;
    static all_bounds bounds;
    struct loss_interval_options options = LOSS_INTERVAL_DEFAULTS;
    struct loss_scenario scenario = scenario_of(1e6, 1e6, 1e6, 1.25, 1.25, 1.25);
    set(&scenario, LOSS_RETURN_RATE, 0, 0.1, 1);
    options.distribution = LOSS_UNIFORM;
    simulate(&scenario, &options, bounds);
    assert_true(bounds[0][LOSS_REVENUE].lower == from_double(1.25e6));
    assert_true(bounds[0][LOSS_REVENUE].upper == from_double(1.25e6));
    assert_bound(bounds[1][LOSS_REVENUE].lower, 1.25e6 * p, 1 / 1.25e6, p, options.draws);
    assert_bound(bounds[2][LOSS_REVENUE].upper, 1.25e6 * (1 - p) * (1 - p),
                 1 / (2 * (1 - p) * 1.25e6), p, options.draws);
}

/* The bounds of gains and present values, where the loss is certain. */
static void gains_and_present_values(void **state) {
    (void)state;
    static all_bounds bounds;
    struct loss_interval_options options = LOSS_INTERVAL_DEFAULTS;
    struct loss_scenario scenario = scenario_of(1e6, 1e6, 1e6, 1, 1, 1);
    options.distribution = LOSS_UNIFORM;
    simulate(&scenario, &options, bounds);
    assert_true(bounds[5][LOSS_GAIN].upper == 0 && bounds[5][LOSS_PRESENT_VALUE].upper == 0);

    set(&scenario, LOSS_ARPU_DESTINATION, 0, 0.5, 2);
    set(&scenario, LOSS_DISCOUNT_RATE, 0, 0.1, 1);
    simulate(&scenario, &options, bounds);
    assert_bound(bounds[0][LOSS_GAIN].upper, 2e6 * (1 - p), 0.5e-6, p, options.draws);
    assert_bound(bounds[2][LOSS_CUMULATIVE_GAIN].lower, 6e6 * p, 1 / 6e6, p, options.draws);
    assert_true(bounds[0][LOSS_PRESENT_VALUE].lower == from_double(1e6));
    /* Month 13: the first year's months at d = 1 - p, 10^6 (1 - (1+d)^(-13/12))/(1 -
     * (1+d)^(-1/12)), which falls in d, so the lower bound belongs to the upper quantile. */
    struct loss_month months[LOSS_MAX_HORIZON];
    struct error err = {0};
    struct loss_scenario edge = scenario;
    set(&edge, LOSS_DISCOUNT_RATE, 1 - p, 1 - p, 1 - p);
    set(&edge, LOSS_HORIZON, 12, 12, 12);
    assert_int_equal(loss_project(&edge, months, &err), 0);
    double expected = decimal_to_double(months[11].present_value);
    assert_true(fabs(decimal_to_double(bounds[11][LOSS_PRESENT_VALUE].lower) / expected - 1) <
                0.001);
}

/* A bound ends in zeros from the place of its error on: of 10^5 draws of a uniform on [0, 10^6] the
 * error is 494, so hundreds are the last digits; of 3 x 10^6 it is 90, and they are tens. */
static void digits_that_chance_made_are_not_shown(void **state) {
    (void)state;
    static all_bounds bounds;
    static const struct {
        uint32_t draws;
        decimal step;
    } cases[] = {{100000, 100 * DECIMAL_ONE}, {3000000, 10 * DECIMAL_ONE}};
    struct loss_scenario scenario = scenario_of(0, 4e5, 1e6, 1, 1, 1);
    set(&scenario, LOSS_HORIZON, 1, 1, 1);
    for (int i = 0; i < 2; i++) {
        int finer = 0;
        for (uint32_t seed = 1; seed <= (i == 0 ? 5 : 1); seed++) {
            struct loss_interval_options options = LOSS_INTERVAL_DEFAULTS;
            options.distribution = LOSS_UNIFORM;
            options.draws = cases[i].draws;
            options.seed = seed;
            options.threads = 4;
            simulate(&scenario, &options, bounds);
            assert_int_equal(bounds[0][LOSS_REVENUE].lower % cases[i].step, 0);
            assert_int_equal(bounds[0][LOSS_REVENUE].upper % cases[i].step, 0);
            finer += bounds[0][LOSS_REVENUE].lower % (10 * cases[i].step) != 0;
            finer += bounds[0][LOSS_REVENUE].upper % (10 * cases[i].step) != 0;
        }
        assert_true(finer > 0);
    }
}

/* Everything ranged; threads must not show, and what is held still must not move the rest. */
static void draws_depend_on_nothing_else(void **state) {
    (void)state;
    static all_bounds once, again;
    struct loss_interval_options options = LOSS_INTERVAL_DEFAULTS;
    struct loss_scenario scenario = scenario_of(1e5, 5e5, 9e5, 1, 1.25, 2);
    set(&scenario, LOSS_MULTI_HOMING_SHARE, 0, 0.3, 0.5);
    set(&scenario, LOSS_KEPT_SHARE, 0.2, 0.4, 1);
    set(&scenario, LOSS_RETURN_RATE, 0, 0.05, 0.3);
    set(&scenario, LOSS_DISCOUNT_RATE, 0, 0.08, 0.2);
    set(&scenario, LOSS_ARPU_DESTINATION, 0, 0.2, 0.8);
    options.draws = 10001; /* no multiple of anything */
    simulate(&scenario, &options, once);
    for (options.threads = 2; options.threads <= 7; options.threads++) {
        memset(again, 0xff, sizeof again);
        simulate(&scenario, &options, again);
        assert_memory_equal(once, again, 12 * sizeof *once);
    }
    set(&scenario, LOSS_DISCOUNT_RATE, 0.08, 0.08, 0.08);
    simulate(&scenario, &options, again);
    for (int m = 0; m < 12; m++)
        assert_memory_equal(&once[m][LOSS_CUMULATIVE], &again[m][LOSS_CUMULATIVE],
                            sizeof(struct loss_bounds));
    assert_memory_not_equal(once, again, 12 * sizeof *once); /* present values */
    options.seed = 2;
    simulate(&scenario, &options, once);
    assert_true(once[0][LOSS_REVENUE].lower != again[0][LOSS_REVENUE].lower ||
                once[0][LOSS_REVENUE].upper != again[0][LOSS_REVENUE].upper);
}

static void what_does_not_fit_is_an_error(void **state) {
    (void)state;
    static all_bounds bounds;
    struct loss_interval_options options = LOSS_INTERVAL_DEFAULTS;
    struct loss_scenario scenario = scenario_of(1, 1, 9e12, 1, 1, 9e12);
    struct error err = {0};
    options.distribution = LOSS_UNIFORM;
    assert_int_equal(loss_simulate(&scenario, &options, bounds, &err), ERROR_DATA);
    assert_string_equal(err.text, "the interval of month 1 is out of range, expected at most "
                                  "9223372036854.775807");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(uniform),
        cmocka_unit_test(triangular),
        cmocka_unit_test(pert_with_the_mode_at_an_end),
        cmocka_unit_test(pert_in_between),
        cmocka_unit_test(a_product_of_two_parameters),
        cmocka_unit_test(returns_spread_later_months_only),
        cmocka_unit_test(gains_and_present_values),
        cmocka_unit_test(digits_that_chance_made_are_not_shown),
        cmocka_unit_test(draws_depend_on_nothing_else),
        cmocka_unit_test(what_does_not_fit_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
