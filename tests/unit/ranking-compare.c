/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Paired differences: against R, and of simulations that must not differ. */
#include "worlds.h"

#include "ranking/compare.h"

enum { N = 10 };

/* Student's sleep data, as R's data set `sleep`: hours of extra sleep of ten patients under two
 * drugs. */
static double first[N] = {0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0};
static double second[N] = {1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4};

static struct simulation of(double *values, size_t replications, size_t periods) {
    return (struct simulation){
        .replications = replications, .periods = periods, .n_series = 1, .values = values};
}

/* R 4.2: t.test(sleep$extra[11:20], sleep$extra[1:10], paired = TRUE), and conf.level = 0.8 */
static void as_t_test(void **state) {
    (void)state;
    struct simulation a = of(second, N, 1), b = of(first, N, 1);
    struct compare_pair pair;
    compare_pairs(&a, &b, 0, 0, 0.95, &pair);
    assert_int_equal(pair.n, 10);
    assert_true(fabs(pair.value - 2.33) < 1e-14 && fabs(pair.reference - 0.75) < 1e-14);
    assert_true(fabs(pair.difference - 1.58) < 1e-14);
    assert_true(fabs(pair.error - 0.3889587238883952) < 1e-14);
    assert_true(fabs(pair.lower - 0.70011423672301754) < 1e-12);
    assert_true(fabs(pair.upper - 2.45988576327698238) < 1e-12);
    compare_pairs(&a, &b, 0, 0, 0.8, &pair);
    assert_true(fabs(pair.lower - 1.0420589068122688) < 1e-12);
    assert_true(fabs(pair.upper - 2.1179410931877314) < 1e-12);
}

/* Two replications of three periods; where one has no value, the pair is left out of the mean. */
static void mean_over_periods(void **state) {
    (void)state;
    double x[] = {1, 2, 6, NAN, 4, 8}, y[] = {0, NAN, 1, 5, 2, 2};
    struct simulation a = of(x, 2, 3), b = of(y, 2, 3);
    struct compare_pair pair;
    compare_pairs(&a, &b, COMPARE_MEAN, 0, 0.95, &pair);
    assert_int_equal(pair.n, 2);
    assert_true(pair.value == (3.5 + 6) / 2);
    assert_true(pair.reference == (0.5 + 2) / 2);
    assert_true(pair.difference == (3.0 + 4) / 2);
    assert_true(fabs(pair.error - 0.5) < 1e-15); /* of 3 and 4 */
    compare_pairs(&a, &b, 1, 0, 0.95, &pair);
    assert_int_equal(pair.n, 1);
    assert_true(pair.difference == 2 && isnan(pair.error) && isnan(pair.lower));
    x[4] = NAN;
    compare_pairs(&a, &b, 1, 0, 0.95, &pair);
    assert_int_equal(pair.n, 0);
    assert_true(isnan(pair.value) && isnan(pair.difference));
}

static struct simulation run(const struct scenario *scenario, const struct policy_class *policy) {
    struct calibration calibration;
    struct simulation simulation;
    struct error err = {0};
    struct simulate_options options = {.seed = 11,
                                       .replications = 6,
                                       .threads = 2,
                                       .policies = {policy, policy},
                                       .baseline = {&policy_foryou, &policy_foryou}};
    calibrate_default(&calibration);
    if (simulate_run(&simulation, scenario, &calibration, &options, &err))
        fail_msg("%s", err.text);
    calibrate_free(&calibration);
    return simulation;
}

/* A shock to nobody changes nothing, in any measure, period and world; nor does a parameter that
 * only another rule uses. A pair of rules differs by less than two worlds do. */
static void what_does_not_differ(void **state) {
    (void)state;
    struct scenario calm =
        worlds_scenario("users=200", "creators=40", "periods=4", "warm_up=3", NULL);
    struct scenario zero =
        worlds_scenario("users=200", "creators=40", "periods=4", "warm_up=3", "shock_period=2",
                        "shock_users=0", "pool_views=99", NULL);
    struct simulation a = run(&calm, &policy_foryou), b = run(&zero, &policy_foryou);
    struct simulation c = run(&calm, &policy_popularity);
    print_message("seed 11: a shock to nobody against none\n");
    size_t utility = 0;
    for (size_t i = 0; i < a.n_series; i++)
        for (long t = COMPARE_MEAN; t < 4; t++) {
            struct compare_pair pair;
            compare_pairs(&a, &b, t, i, 0.95, &pair);
            assert_true(pair.n == 0 || pair.difference == 0);
            assert_true(pair.n < 2 || (pair.lower == 0 && pair.upper == 0));
        }
    while (a.series[utility].measure != MEASURE_USERS)
        utility++;
    struct compare_pair pair;
    struct simulate_summary one;
    struct error err = {0};
    compare_pairs(&c, &a, 3, utility, 0.95, &pair);
    assert_int_equal(simulate_summarise(&a, 3, utility, 0.95, &one, &err), 0);
    assert_true(pair.error > 0 && pair.error < one.error);
    simulation_free(&a);
    simulation_free(&b);
    simulation_free(&c);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(as_t_test),
        cmocka_unit_test(mean_over_periods),
        cmocka_unit_test(what_does_not_differ),
    };
    return cmocka_run_group_tests_name("ranking-compare", tests, NULL, NULL);
}
