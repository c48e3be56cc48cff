/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Growth curves: published fits, exact curves, breaks, what the counts cannot tell. R's nls is
 * compared live in tests/truth, coverage in tests/statistics. */
#include "users/growth.h"

#include "base/random.h"
#include <gsl/gsl_errno.h>
#include <gsl/gsl_randist.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void assert_near(double found, double expected, double tolerance, const char *what) {
    if (!(fabs(found - expected) <= tolerance * fabs(expected)))
        fail_msg("%s: found %.17g, expected %.17g", what, found, expected);
}

static const struct growth_options plain = {.confidence = 0.95, .launch = -1};

static struct growth_fit fit_of(const double *time, const double *users, size_t n,
                                enum growth_model model, const struct growth_options *how) {
    const struct growth_series series = {n, time, users};
    struct growth_fit fit;
    struct error err = {0};
    assert_int_equal(growth_fit(&series, model, how, &fit, &err), 0);
    return fit;
}

static double parameter(const struct growth_fit *fit, const char *name) {
    for (size_t j = 0; j < fit->k; j++)
        if (strcmp(fit->parameters[j].name, name) == 0)
            return fit->parameters[j].value;
    fail_msg("no parameter %s", name);
    return 0;
}

/* ---- Published ------------------------------------------------------------------------------- */

/* Chick 1 of Crowder & Hand 1990, as in R's ChickWeight. R 4.2.2, nls(weight ~ SSlogis(Time, Asym,
 * xmid, scal)), which stops a little before the minimum: 937.03, 35.223, 11.405, with standard
 * errors 465.87, 8.3120, 0.90525. */
static void a_published_logistic(void **state) {
    (void)state;
    const double time[] = {0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 21};
    const double grams[] = {42, 51, 59, 64, 76, 93, 106, 125, 149, 171, 199, 205};
    struct growth_fit fit = fit_of(time, grams, 12, GROWTH_LOGISTIC, &plain);
    assert_near(parameter(&fit, "capacity"), 937.03, 2e-5, "capacity");
    assert_near(parameter(&fit, "midpoint"), 35.223, 2e-5, "midpoint");
    assert_near(1 / parameter(&fit, "rate"), 11.405, 5e-5, "scale");
    assert_near(fit.parameters[0].std_error, 465.87, 1e-4, "error of the capacity");
    assert_near(fit.parameters[2].std_error, 8.3120, 1e-4, "error of the midpoint");
    /* The bird still grew: its limit lies anywhere within a factor of e. */
    assert_int_equal(fit.verdict, GROWTH_UNDETERMINED);
}

/* ---- Curves without error -------------------------------------------------------------------- */

enum { N = 30 };

static void curves_are_found_again(void **state) {
    (void)state;
    double time[N], users[N];
    for (int i = 0; i < N; i++)
        time[i] = 2 * i;
    for (int i = 0; i < N; i++)
        users[i] = 40 * exp(0.05 * time[i]);
    struct growth_fit fit = fit_of(time, users, N, GROWTH_EXPONENTIAL, &plain);
    assert_near(parameter(&fit, "start"), 40, 1e-8, "start");
    assert_near(parameter(&fit, "rate"), 0.05, 1e-8, "rate");
    assert_near(growth_at(&fit, 100).users, 40 * exp(5), 1e-7, "ahead");
    for (int i = 0; i < N; i++)
        users[i] = 5e6 / (1 + exp(-0.3 * (time[i] - 20)));
    fit = fit_of(time, users, N, GROWTH_LOGISTIC, &plain);
    assert_near(parameter(&fit, "capacity"), 5e6, 1e-8, "capacity");
    assert_near(parameter(&fit, "rate"), 0.3, 1e-7, "rate");
    assert_near(parameter(&fit, "midpoint"), 20, 1e-8, "midpoint");
    for (int i = 0; i < N; i++)
        users[i] = 700 * exp(-exp(-0.1 * (time[i] - 15)));
    fit = fit_of(time, users, N, GROWTH_GOMPERTZ, &plain);
    assert_near(parameter(&fit, "capacity"), 700, 1e-8, "capacity");
    assert_near(parameter(&fit, "midpoint"), 15, 1e-8, "midpoint");
}

static double bass(double p, double q, double t) {
    return (1 - exp(-(p + q) * t)) / (1 + q / p * exp(-(p + q) * t));
}

static void bass_from_a_base_and_from_a_launch(void **state) {
    (void)state;
    double time[N], users[N];
    for (int i = 0; i < N; i++) {
        time[i] = i;
        users[i] = 300 + 1000 * bass(0.02, 0.3, time[i]);
    }
    struct growth_fit fit = fit_of(time, users, N, GROWTH_BASS, &plain);
    assert_near(parameter(&fit, "market"), 1000, 1e-6, "market");
    assert_near(parameter(&fit, "p"), 0.02, 1e-6, "p");
    assert_near(parameter(&fit, "q"), 0.3, 1e-6, "q");
    assert_near(parameter(&fit, "base"), 300, 1e-6, "base");
    for (int i = 0; i < N; i++)
        users[i] = 1000 * bass(0.02, 0.3, time[i] + 5);
    const struct growth_options launched = {.confidence = 0.95, .launch = 5};
    fit = fit_of(time, users, N, GROWTH_BASS, &launched);
    assert_int_equal(fit.k, 3);
    assert_near(parameter(&fit, "p"), 0.02, 1e-6, "p");
    assert_near(growth_at(&fit, 60).users, 1000 * bass(0.02, 0.3, 65), 1e-6, "ahead");
}

static void a_break_is_a_shift_of_level(void **state) {
    (void)state;
    double time[N], users[N];
    const double breaks[] = {11, 20};
    for (int i = 0; i < N; i++) {
        time[i] = i;
        users[i] = 100 * exp(0.03 * i) + (i > 11 ? 25 : 0) - (i > 20 ? 60 : 0);
    }
    const struct growth_options how = {
        .confidence = 0.95, .launch = -1, .breaks = breaks, .n_breaks = 2};
    struct growth_fit fit = fit_of(time, users, N, GROWTH_EXPONENTIAL, &how);
    assert_near(parameter(&fit, "level_1"), 25, 1e-6, "first level");
    assert_near(parameter(&fit, "level_2"), -60, 1e-6, "second level");
    assert_near(growth_at(&fit, 11).users, 100 * exp(0.33), 1e-7, "on the day of the break");
    assert_near(growth_at(&fit, 12).users, 100 * exp(0.36) + 25, 1e-7, "the day after");
}

static void a_decline_is_growth_too(void **state) {
    (void)state;
    double time[N], users[N];
    for (int i = 0; i < N; i++) {
        time[i] = i;
        users[i] = 100 / (1 + exp(0.4 * (i - 12)));
    }
    struct growth_fit fit = fit_of(time, users, N, GROWTH_LOGISTIC, &plain);
    assert_near(parameter(&fit, "rate"), -0.4, 1e-7, "rate");
    assert_near(parameter(&fit, "capacity"), 100, 1e-7, "capacity");
}

/* ---- What cannot be told --------------------------------------------------------------------- */

static void noisy(double *time, double *users, size_t n, double until, uint32_t run) {
    struct random_stream stream;
    random_open(&stream, 3, run, 0, 0, 0);
    for (size_t i = 0; i < n; i++) {
        time[i] = (double)i * until / (double)(n - 1);
        users[i] = 1000 / (1 + exp(-0.2 * (time[i] - 40))) *
                   (1 + gsl_ran_gaussian(random_gsl(&stream), 0.02));
    }
}

static void counts_that_do_not_bend_tell_no_limit(void **state) {
    (void)state;
    double time[N], users[N];
    const struct growth_options relative = {
        .confidence = 0.95, .launch = -1, .error = GROWTH_RELATIVE};
    noisy(time, users, N, 20, 1); /* twice the time away from the midpoint */
    struct growth_fit fits[GROWTH_MODELS];
    for (int m = 0; m < GROWTH_MODELS; m++)
        fits[m] = fit_of(time, users, N, (enum growth_model)m, &relative);
    assert_int_equal(fits[GROWTH_LOGISTIC].verdict, GROWTH_UNDETERMINED);
    assert_int_equal(fits[GROWTH_EXPONENTIAL].verdict, GROWTH_FITS);
    assert_ptr_equal(growth_best(fits, GROWTH_MODELS), &fits[GROWTH_EXPONENTIAL]);
    noisy(time, users, N, 80, 1);
    for (int m = 0; m < GROWTH_MODELS; m++)
        fits[m] = fit_of(time, users, N, (enum growth_model)m, &relative);
    assert_ptr_equal(growth_best(fits, GROWTH_MODELS), &fits[GROWTH_LOGISTIC]);
    assert_true(fits[GROWTH_LOGISTIC].parameters[0].lower < 1000 &&
                1000 < fits[GROWTH_LOGISTIC].parameters[0].upper);
    double weights[GROWTH_MODELS], sum = 0;
    growth_weights(fits, GROWTH_MODELS, weights);
    for (int m = 0; m < GROWTH_MODELS; m++)
        sum += weights[m];
    assert_near(sum, 1, 1e-12, "weights");
    assert_true(weights[GROWTH_LOGISTIC] > 0.5 && weights[GROWTH_EXPONENTIAL] < 1e-9);
}

static void few_counts_are_too_few(void **state) {
    (void)state;
    const double time[] = {0, 1, 2, 3, 4}, users[] = {10, 13, 17, 22, 29};
    assert_int_equal(fit_of(time, users, 5, GROWTH_EXPONENTIAL, &plain).verdict, GROWTH_FITS);
    assert_int_equal(fit_of(time, users, 4, GROWTH_EXPONENTIAL, &plain).verdict, GROWTH_TOO_FEW);
    assert_int_equal(fit_of(time, users, 5, GROWTH_LOGISTIC, &plain).verdict, GROWTH_TOO_FEW);
    assert_int_equal(fit_of(time, users, 1, GROWTH_EXPONENTIAL, &plain).verdict, GROWTH_TOO_FEW);
}

static void the_same_count_all_the_time(void **state) {
    (void)state;
    double time[N], users[N];
    for (int i = 0; i < N; i++) {
        time[i] = i;
        users[i] = 500;
    }
    struct growth_fit fit = fit_of(time, users, N, GROWTH_EXPONENTIAL, &plain);
    assert_true(fabs(parameter(&fit, "rate")) < 1e-9);
    assert_near(growth_at(&fit, 90).users, 500, 1e-6, "ahead");
    for (int i = 0; i < N; i++)
        users[i] = 0;
    struct growth_fit none = fit_of(time, users, N, GROWTH_LOGISTIC, &plain);
    assert_int_equal(none.verdict, GROWTH_NO_FIT);
}

static void weights_need_counts(void **state) {
    (void)state;
    const double time[] = {0, 1, 2, 3, 4, 5}, users[] = {0, 1, 2, 3, 5, 8};
    const struct growth_series series = {6, time, users};
    const struct growth_options how = {.confidence = 0.95, .launch = -1, .error = GROWTH_POISSON};
    struct growth_fit fit;
    struct error err = {0};
    assert_int_equal(growth_fit(&series, GROWTH_EXPONENTIAL, &how, &fit, &err), ERROR_DATA);
}

int main(void) {
    gsl_set_error_handler_off();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_published_logistic),
        cmocka_unit_test(curves_are_found_again),
        cmocka_unit_test(bass_from_a_base_and_from_a_launch),
        cmocka_unit_test(a_break_is_a_shift_of_level),
        cmocka_unit_test(a_decline_is_growth_too),
        cmocka_unit_test(counts_that_do_not_bend_tell_no_limit),
        cmocka_unit_test(few_counts_are_too_few),
        cmocka_unit_test(the_same_count_all_the_time),
        cmocka_unit_test(weights_need_counts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
