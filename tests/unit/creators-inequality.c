/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Inequality: by hand, in closed form, against leaving out one by one and against drawing. */
#include "creators/inequality.h"

#include "base/random.h"
#include <gsl/gsl_cdf.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void assert_near(double found, double expected, double tolerance, const char *what) {
    if (!(fabs(found - expected) <= tolerance * fabs(expected)))
        fail_msg("%s: found %.17g, expected %.17g", what, found, expected);
}

static void measure(const double *values, size_t n,
                    struct inequality_estimate ret[INEQUALITY_MEASURES]) {
    struct error err = {0};
    assert_int_equal(inequality_jackknife(values, n, 0.95, ret, &err), 0);
}

/* R 4.2.2: x <- c(0, 10, 20, 30, 40, 50, 60, 70, 80, 640); n <- 10;
 * sum((2 * 1:n - n - 1) * x) / ((n - 1) * sum(x)); mean(ifelse(x > 0, x/mean(x) * log(x/mean(x)),
 * 0)); Palma (640) / (0 + 10 + 20 + 30); of 10 the upper 1 % is a tenth of the largest, by
 * interpolation. */
static void by_hand(void **state) {
    (void)state;
    static const double values[] = {0, 10, 20, 30, 40, 50, 60, 70, 80, 640};
    struct inequality_estimate found[INEQUALITY_MEASURES];
    measure(values, 10, found);
    assert_near(found[INEQUALITY_GINI].value, 0.73333333333333328, 1e-14, "gini");
    assert_near(found[INEQUALITY_THEIL_T].value, 0.95191966461582933, 1e-14, "theil");
    assert_true(isnan(found[INEQUALITY_THEIL_L].value)); /* of a 0 there is no logarithm */
    assert_near(found[INEQUALITY_PALMA].value, 640.0 / 60, 1e-14, "palma");
    assert_near(found[INEQUALITY_TOP_10].value, 0.64, 1e-14, "top tenth");
    assert_near(found[INEQUALITY_TOP_1].value, 0.064, 1e-13, "top hundredth");

    static const double one_has_all[] = {0, 0, 0, 5};
    measure(one_has_all, 4, found);
    assert_near(found[INEQUALITY_GINI].value, 1, 1e-15, "one has all");
    assert_near(found[INEQUALITY_THEIL_T].value, log(4), 1e-14, "ln n");
    assert_true(isnan(found[INEQUALITY_PALMA].value));
    static const double equal[] = {7, 7, 7, 7, 7};
    measure(equal, 5, found);
    assert_true(fabs(found[INEQUALITY_GINI].value) < 1e-15);
    assert_true(fabs(found[INEQUALITY_THEIL_L].value) < 1e-15);
    assert_near(found[INEQUALITY_PALMA].value, 0.25, 1e-14, "palma of equals");
}

static void too_few(void **state) {
    (void)state;
    static const double values[] = {0, 0, 0};
    struct inequality_estimate found[INEQUALITY_MEASURES];
    measure(values, 0, found);
    assert_true(isnan(found[INEQUALITY_GINI].value) && isnan(found[INEQUALITY_TOP_1].lower));
    measure(values, 3, found);
    assert_true(isnan(found[INEQUALITY_GINI].value));
    static const double two[] = {1, 3};
    measure(two, 2, found);
    assert_near(found[INEQUALITY_GINI].value, 0.5, 1e-15, "of two");
    assert_true(isnan(found[INEQUALITY_GINI].error));
}

static int compare_doubles(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* The quick jackknife is the slow one: all values but one, measured anew. */
static void jackknife_is_leaving_one_out(void **state) {
    (void)state;
    enum { N = 57 };
    double values[N], rest[N], sum[INEQUALITY_MEASURES] = {0}, squares[INEQUALITY_MEASURES] = {0};
    struct random_stream stream;
    random_open(&stream, 1, 0, 0, 0, 0);
    for (size_t i = 0; i < N; i++)
        values[i] = 1 + random_below(&stream, 40); /* with equals */
    qsort(values, N, sizeof *values, compare_doubles);
    struct inequality_estimate found[INEQUALITY_MEASURES], without[INEQUALITY_MEASURES];
    measure(values, N, found);
    for (size_t k = 0; k < N; k++) {
        memcpy(rest, values, k * sizeof *values);
        memcpy(rest + k, values + k + 1, (N - 1 - k) * sizeof *values);
        measure(rest, N - 1, without);
        for (size_t i = 0; i < INEQUALITY_MEASURES; i++) {
            sum[i] += without[i].value;
            squares[i] += without[i].value * without[i].value;
        }
    }
    for (size_t i = 0; i < INEQUALITY_MEASURES; i++)
        assert_near(found[i].error, sqrt((N - 1.0) / N * (squares[i] - sum[i] * sum[i] / N)), 1e-6,
                    inequality_name(i));
}

/* In R, th_t being function(x) mean(x / mean(x) * log(x / mean(x))), and the others alike:
 *
 *     x <- c(1, 2, 5, 5, 1000, 2000, 300000, 1e15); n <- length(x)
 *     o <- sapply(1:n, function(i) th_t(x[-i])); sqrt((n - 1) / n * sum((o - mean(o))^2))
 */
static void one_who_has_nearly_all(void **state) {
    (void)state;
    static const double values[] = {1, 2, 5, 5, 1000, 2000, 300000, 1e15};
    static const double expected[INEQUALITY_MEASURES][2] = {
        [INEQUALITY_GINI] = {0.9999999999122674, 0.0038993100740123692},
        [INEQUALITY_THEIL_T] = {2.0794415347167132, 0.054575712582223365},
        [INEQUALITY_THEIL_L] = {24.262960491971189, 15.491023896282526},
        [INEQUALITY_PALMA] = {88888888888888.859, 87563509985414.109},
        [INEQUALITY_TOP_1] = {0.079999999975759017, 0.00060903738512739524},
        [INEQUALITY_TOP_10] = {0.7999999997575894, 0.0060903738512741333}};
    struct inequality_estimate found[INEQUALITY_MEASURES];
    measure(values, 8, found);
    for (size_t i = 0; i < INEQUALITY_MEASURES; i++) { /* what doubles leave of 1 - 1e-10 */
        assert_near(found[i].value / expected[i][0], 1, 1e-13, inequality_name(i));
        assert_near(found[i].error / expected[i][1], 1, 1e-11, inequality_name(i));
    }
}

/* Equal amounts that are no binary fractions: nothing is left of their differences. */
static void equals(void **state) {
    (void)state;
    double values[7];
    struct inequality_estimate found[INEQUALITY_MEASURES];
    for (size_t i = 0; i < 7; i++)
        values[i] = 0.1;
    measure(values, 7, found);
    for (size_t i = INEQUALITY_GINI; i <= INEQUALITY_THEIL_L; i++)
        assert_true(found[i].value >= 0 && found[i].value < 1e-15);
    for (size_t i = 0; i < INEQUALITY_MEASURES; i++)
        assert_true(found[i].error < 1e-15);
    static const double three[] = {0, 507, 151727987669550}; /* in R: 4.454956e-13 */
    measure(three, 3, found);
    assert_near(found[INEQUALITY_TOP_10].error, 4.4549549254006e-13, 1e-3, "top 10");
}

/* Pareto with density exponent a: G = 1/(2a - 3). Lognormal: G = 2 Phi(s / sqrt 2) - 1, T = L =
 * s^2/2, Lorenz Phi(Phi^-1(p) - s). At N quantiles in place of a sample: off by less than a part in
 * a thousand. */
static void closed_forms(void **state) {
    (void)state;
    enum { N = 200000 };
    double *values = malloc((N + 1) * sizeof *values);
    struct inequality_estimate found[INEQUALITY_MEASURES];
    for (size_t i = 0; i < N; i++)
        values[i] = pow(1 - (i + 0.5) / N, -1 / 2.5); /* a = 3.5 */
    measure(values, N, found);
    assert_near(found[INEQUALITY_GINI].value, 0.25, 2e-3, "Pareto");
    const double s = 0.8;
    for (size_t i = 0; i < N; i++)
        values[i] = exp(gsl_cdf_gaussian_Pinv((i + 0.5) / N, s));
    measure(values, N, found);
    assert_near(found[INEQUALITY_GINI].value, 2 * gsl_cdf_ugaussian_P(s / sqrt(2)) - 1, 1e-4, "G");
    assert_near(found[INEQUALITY_THEIL_T].value, s * s / 2, 1e-3, "T");
    assert_near(found[INEQUALITY_THEIL_L].value, s * s / 2, 1e-3, "L");
    double lower = gsl_cdf_ugaussian_P(gsl_cdf_ugaussian_Pinv(0.9) - s);
    assert_near(found[INEQUALITY_TOP_10].value, 1 - lower, 1e-3, "Lorenz");
    assert_near(found[INEQUALITY_PALMA].value,
                (1 - lower) / gsl_cdf_ugaussian_P(gsl_cdf_ugaussian_Pinv(0.4) - s), 1e-3, "Palma");
    free(values);
}

/* Errors of both kinds agree on a sample that is not heavy, and do not depend on threads. */
static void bootstrap(void **state) {
    (void)state;
    enum { N = 3000, REPLICATIONS = 2000 };
    struct error err = {0};
    double values[N];
    struct random_stream stream;
    random_open(&stream, 2, 0, 0, 0, 0);
    for (size_t i = 0; i < N; i++)
        values[i] = -log(random_uniform_open(&stream));
    qsort(values, N, sizeof *values, compare_doubles);
    struct inequality_estimate quick[INEQUALITY_MEASURES], one[INEQUALITY_MEASURES],
        four[INEQUALITY_MEASURES];
    measure(values, N, quick);
    inequality_bootstrap(values, N, 0.95, REPLICATIONS, 1, 0, 1, one, &err);
    inequality_bootstrap(values, N, 0.95, REPLICATIONS, 1, 0, 4, four, &err);
    assert_int_equal(err.code, 0);
    assert_memory_equal(one, four, sizeof one);
    for (size_t i = 0; i < INEQUALITY_MEASURES; i++) {
        /* A standard deviation of 2,000 draws: 1.6 %; five times that. */
        assert_near(one[i].error, quick[i].error, 0.08, inequality_name(i));
        assert_near(one[i].lower, quick[i].lower, 0.02, inequality_name(i));
    }
    /* Of an exponential distribution G = 1/2, T = 1 - 0.5772... */
    assert_true(fabs(quick[INEQUALITY_GINI].value - 0.5) < 5 * quick[INEQUALITY_GINI].error);
    assert_true(fabs(quick[INEQUALITY_THEIL_T].value - 0.42278433509846714) <
                5 * quick[INEQUALITY_THEIL_T].error);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(by_hand),
        cmocka_unit_test(too_few),
        cmocka_unit_test(jackknife_is_leaving_one_out),
        cmocka_unit_test(one_who_has_nearly_all),
        cmocka_unit_test(equals),
        cmocka_unit_test(closed_forms),
        cmocka_unit_test(bootstrap),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
