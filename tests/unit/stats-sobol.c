/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Sobol indices: Ishigami's function, models whose indices are known, and errors that hold. */
#include "stats/sobol.h"

#include "base/random.h"
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static double uniform(const void *context, size_t input, uint32_t matrix, uint32_t i) {
    struct random_stream stream;
    random_open(&stream, *(const uint32_t *)context, matrix, i, 0, (uint32_t)input);
    return random_uniform(&stream);
}

/* Ishigami & Homma 1990: sin x1 + a sin^2 x2 + b x3^4 sin x1, each x uniform on (-pi, pi). With a =
 * 7 and b = 0.1, V = a^2/8 + b pi^4/5 + b^2 pi^8/18 + 1/2 and
 *   V1 = (1 + b pi^4/5)^2/2, V2 = a^2/8, V3 = 0, V13 = 8 b^2 pi^8/225:
 *   S1 0.3139, S2 0.4424, S3 0; ST1 0.5576, ST2 0.4424, ST3 0.2437. */
static double ishigami(const void *context, const double *u) {
    (void)context;
    double x[3];
    for (int k = 0; k < 3; k++)
        x[k] = M_PI * (2 * u[k] - 1);
    return sin(x[0]) + 7 * pow(sin(x[1]), 2) + 0.1 * pow(x[2], 4) * sin(x[0]);
}

static void estimate(double (*model)(const void *, const double *), size_t inputs, uint32_t draws,
                     uint32_t seed, int threads, struct sobol_index *ret) {
    const struct sobol_problem problem = {inputs, uniform, model, &seed};
    struct sobol_options options = SOBOL_DEFAULTS;
    struct error err = {0};
    options.draws = draws;
    options.threads = threads;
    if (sobol_estimate(&problem, &options, ret, &err))
        fail_msg("%s", err.text);
}

static void near(double found, double expected, double tolerance) {
    if (!(fabs(found - expected) <= tolerance))
        fail_msg("found %.17g, expected %.17g within %g", found, expected, tolerance);
}

static void ishigami_and_homma(void **state) {
    (void)state;
    static const double first[] = {0.3139, 0.4424, 0}, total[] = {0.5576, 0.4424, 0.2437};
    struct sobol_index found[3];
    estimate(ishigami, 3, 200000, 1, 2, found);
    for (int k = 0; k < 3; k++) {
        assert_true(found[k].first_error < 0.006 && found[k].total_error < 0.004);
        near(found[k].first, first[k], 4 * found[k].first_error + 5e-5);
        near(found[k].total, total[k], 4 * found[k].total_error + 5e-5);
    }
}

/* Far from zero, so that digits would be lost without taking the mean off. */
static double additive(const void *context, const double *u) {
    (void)context;
    return 1e6 + 3 * u[0] + 1 * u[1] + 0 * u[2];
}

static void additive_models_have_no_interactions(void **state) {
    (void)state;
    static const double shares[] = {0.9, 0.1, 0};
    struct sobol_index found[3];
    estimate(additive, 3, 50000, 2, 1, found);
    for (int k = 0; k < 3; k++) {
        near(found[k].first, shares[k], 4 * found[k].first_error + 1e-9);
        near(found[k].total, shares[k], 4 * found[k].total_error + 1e-9);
    }
    assert_true(found[2].total == 0);
}

/* (u - 1/2)(v - 1/2): nothing alone, everything together. */
static double product(const void *context, const double *u) {
    (void)context;
    return (u[0] - 0.5) * (u[1] - 0.5);
}

static void a_product_is_all_interaction(void **state) {
    (void)state;
    struct sobol_index found[2];
    estimate(product, 2, 50000, 3, 1, found);
    for (int k = 0; k < 2; k++) {
        near(found[k].first, 0, 4 * found[k].first_error);
        near(found[k].total, 1, 4 * found[k].total_error);
    }
}

static double constant(const void *context, const double *u) {
    (void)context, (void)u;
    return 4;
}

static void nothing_varies(void **state) {
    (void)state;
    struct sobol_index found[1];
    estimate(constant, 1, 100, 1, 1, found);
    assert_true(isnan(found[0].first) && isnan(found[0].total) && isnan(found[0].first_lower));
}

static void threads_change_nothing(void **state) {
    (void)state;
    struct sobol_index once[3], again[3];
    estimate(ishigami, 3, 20000, 1, 1, once);
    for (int threads = 2; threads <= 4; threads++) {
        estimate(ishigami, 3, 20000, 1, threads, again);
        assert_memory_equal(once, again, sizeof once);
    }
}

/* 40 runs of 2,000 draws: intervals of 95 % miss the truth in 2 on average; more than 8 has a
 * chance below 1 in 3,000 for each index. */
static void errors_hold(void **state) {
    (void)state;
    static const double first[] = {0.313905, 0.442411, 0}, total[] = {0.557589, 0.442411, 0.243684};
    int missed[2][3] = {{0}};
    for (uint32_t seed = 1; seed <= 40; seed++) {
        struct sobol_index found[3];
        estimate(ishigami, 3, 2000, seed, 1, found);
        for (int k = 0; k < 3; k++) {
            missed[0][k] += found[k].first_lower > first[k] || found[k].first_upper < first[k];
            missed[1][k] += found[k].total_lower > total[k] || found[k].total_upper < total[k];
        }
    }
    for (int k = 0; k < 3; k++)
        if (missed[0][k] > 8 || missed[1][k] > 8)
            fail_msg("input %d: %d and %d of 40 missed", k, missed[0][k], missed[1][k]);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ishigami_and_homma),
        cmocka_unit_test(additive_models_have_no_interactions),
        cmocka_unit_test(a_product_is_all_interaction),
        cmocka_unit_test(nothing_varies),
        cmocka_unit_test(threads_change_nothing),
        cmocka_unit_test(errors_hold),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
