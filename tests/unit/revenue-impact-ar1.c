/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Regression with AR(1) noise: R's values, sums and periods, other units, a perfect fit. */
#include "revenue/impact-ar1.h"

#include <gsl/gsl_cdf.h>
#include <gsl/gsl_errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "nile.h"

enum { K = 4 };

static void assert_near(double found, double expected, double tolerance, const char *what) {
    if (!(fabs(found - expected) <= tolerance * fabs(expected)))
        fail_msg("%s: found %.17g, expected %.17g", what, found, expected);
}

/* Constant, trend, level and slope from 1899 on. */
static void segments(double x[NILE * K], size_t positions[NILE]) {
    for (int t = 0; t < NILE; t++) {
        const int after = t >= NILE_EVENT;
        const double row[K] = {1, t, after, after * (t - NILE_EVENT)};
        memcpy(x + t * K, row, sizeof row);
        positions[t] = (size_t)t;
    }
}

static void fit_to(const double *y, enum ar1_method method, double x[NILE * K], struct ar1 *ret) {
    size_t positions[NILE], dependent;
    struct impact_fit fit;
    struct error err = {0};
    segments(x, positions);
    assert_int_equal(impact_fit_least_squares(x, y, NILE, K, &fit, &dependent, &err), 0);
    assert_int_equal(ar1_fit(&fit, x, positions, method, ret, &err), 0);
    impact_fit_free(&fit);
}

/* R 4.2.2, nlme 3.1-162: t <- 0:99; l <- as.numeric(t >= 28); s <- (t - 28) * l; y <-
 * as.numeric(Nile); f <- gls(y ~ t + l + s, correlation = corAR1(form = ~t), method = "REML");
 * summary(f)$tTable; its optimiser ends within 1e-6 of the top. */
static void the_largest_likelihood(void **state) {
    (void)state;
    static const double values[K] = {1082.7196119371, 1.1680315138, -289.6889641367, -0.5026057754},
                        errors[K] = {56.948100198, 3.596369332, 69.358452832, 3.720219132};
    double x[NILE * K];
    struct ar1 ar1;
    fit_to(nile, AR1_REML, x, &ar1);
    for (size_t j = 0; j < K; j++) {
        const struct impact_answer answer = ar1_coefficient(&ar1, j, 0.95);
        assert_near(answer.value, values[j], 2e-6, "coefficient");
        assert_near(answer.error, errors[j], 2e-6, "error");
        /* Fewer degrees of freedom than n - k: wider than by Student's t with 96. */
        const double reach = answer.error * gsl_cdf_tdist_Qinv(0.025, NILE - K);
        assert_true(answer.upper - answer.value > reach);
        assert_true(answer.upper - answer.value < 1.2 * reach);
    }
    /* intervals(f)$corStruct: -0.01195693 0.1974742 0.3903079, by its own second differences */
    const struct impact_answer rho = ar1_correlation(&ar1, 0.95);
    assert_near(rho.value, 0.1974742, 1e-5, "rho");
    assert_near(rho.lower, -0.01195693, 2e-3, "rho, lower");
    assert_near(rho.upper, 0.3903079, 1e-4, "rho, upper");
    ar1_free(&ar1);
}

/* The same R: z <- seq(-atanh(0.999), atanh(0.999), length = 1501); a gls() with corAR1(tanh(z),
 * fixed = TRUE) for each, weights exp(logLik) (1 - tanh(z)^2), and uniroot() on the sum of weights
 * times pt((x - coef) / se, 96): tests/truth/arpu-impact.R, where the covariances are written out.
 */
static void integrated_as_by_r(void **state) {
    (void)state;
    static const struct impact_answer expected[K] = {
        {1082.7252627627, 59.4043816153343, 965.534373141835, 1200.14708942472, NAN},
        {1.1763653925048, 3.73807142635256, -6.19549636251729, 8.56206464626192, 0.746470682288},
        {-289.961261332489, 71.8448299582646, -432.001846169006, -148.449377395537, NAN},
        {-0.512238789735026, 3.8759632294706, -8.17795470142087, 7.1284827075594, 0.892403534687},
    };
    double x[NILE * K];
    struct ar1 ar1;
    fit_to(nile, AR1_INTEGRATED, x, &ar1);
    for (size_t j = 0; j < K; j++) {
        const struct impact_answer answer = ar1_coefficient(&ar1, j, 0.95);
        assert_near(answer.value, expected[j].value, 1e-8, "mean");
        assert_near(answer.error, expected[j].error, 1e-8, "sd");
        assert_near(answer.lower, expected[j].lower, 1e-8, "lower");
        assert_near(answer.upper, expected[j].upper, 1e-8, "upper");
        if (!isnan(expected[j].p))
            assert_near(answer.p, expected[j].p, 1e-8, "p");
    }
    assert_near(ar1_correlation(&ar1, 0.95).value, 0.19969, 1e-6, "rho");
    ar1_free(&ar1);
}

/* A sum of one period is the period, and of two the same whichever way they are added up; a period
 * without neighbours has the noise of any. */
static void sums_and_periods(void **state) {
    (void)state;
    double x[NILE * K];
    const double columns[2][K] = {{1, 30, 0, 0}, {1, 33, 0, 0}};
    const double *last = x + 27 * K;
    struct ar1 ar1;
    struct ar1_sum sum;
    struct error err = {0};
    fit_to(nile, AR1_INTEGRATED, x, &ar1);
    assert_int_equal(ar1_sum_begin(&ar1, last, &sum, &err), 0);
    ar1_sum_add(&ar1, &sum, columns[0], 3);
    const struct ar1_neighbour before = {last, 3}, none = {0};
    const struct impact_answer one = ar1_sum_answer(&ar1, &sum, 0.9, 700),
                               period = ar1_period(&ar1, columns[0], before, none, 0.9, 700),
                               alone = ar1_period(&ar1, columns[0], none, none, 0.9, 700);
    assert_near(one.lower, period.lower, 1e-13, "lower");
    assert_near(one.upper, period.upper, 1e-13, "upper");
    assert_near(one.p, period.p, 1e-10, "p");
    assert_near(alone.value, period.value, 1e-14, "value");
    assert_true(alone.upper > period.upper);
    /* Two periods lie between nothing in common and everything. */
    ar1_sum_add(&ar1, &sum, columns[1], 6);
    const struct impact_answer two = ar1_sum_answer(&ar1, &sum, 0.9, 1400),
                               second = ar1_period(&ar1, columns[1],
                                                   (struct ar1_neighbour){last, 6}, none, 0.9, 700);
    assert_int_equal(sum.periods, 2);
    assert_near(two.value, one.value + second.value, 1e-13, "sum");
    assert_true(two.upper - two.value < one.upper - one.value + second.upper - second.value);
    assert_true(two.upper - two.value > hypot(one.upper - one.value, second.upper - second.value));
    ar1_sum_free(&sum);
    ar1_free(&ar1);
}

/* In thousandths, on top of a line: everything in thousandths, and the line added. */
static void other_units(void **state) {
    (void)state;
    double x[NILE * K], y[NILE];
    static const enum ar1_method methods[] = {AR1_INTEGRATED, AR1_REML};
    for (int t = 0; t < NILE; t++)
        y[t] = 1000 * nile[t] + 5e6 - 300 * t;
    for (int i = 0; i < 2; i++) {
        struct ar1 plain, scaled;
        fit_to(nile, methods[i], x, &plain);
        fit_to(y, methods[i], x, &scaled);
        for (size_t j = 0; j < K; j++) {
            const double added = j == 0 ? 5e6 : j == 1 ? -300 : 0;
            const struct impact_answer a = ar1_coefficient(&plain, j, 0.95),
                                       b = ar1_coefficient(&scaled, j, 0.95);
            assert_near(b.value - added, 1000 * a.value, 1e-7, "value");
            assert_near(b.error, 1000 * a.error, 1e-7, "error");
            assert_near(b.upper - added, 1000 * a.upper, 1e-7, "upper");
        }
        ar1_free(&plain);
        ar1_free(&scaled);
    }
}

/* A curve that no line follows: rho runs to its bound, where it has no error. */
static void at_the_bound(void **state) {
    (void)state;
    double x[NILE * K], y[NILE];
    struct ar1 ar1;
    for (int t = 0; t < NILE; t++)
        y[t] = t * t + 0.01 * (t % 3);
    fit_to(y, AR1_REML, x, &ar1);
    assert_true(ar1.edge && ar1.best > 0.99);
    const struct impact_answer answer = ar1_coefficient(&ar1, 2, 0.95);
    assert_near(answer.upper - answer.value, answer.error * gsl_cdf_tdist_Qinv(0.025, 1), 1e-10,
                "one degree of freedom");
    assert_true(isnan(ar1_correlation(&ar1, 0.95).lower));
    ar1_free(&ar1);
}

static void a_perfect_fit(void **state) {
    (void)state;
    double x[NILE * K], y[NILE], left[NILE];
    size_t positions[NILE];
    struct ar1 ar1;
    for (int t = 0; t < NILE; t++)
        y[t] = 3 + 2 * t - (t >= NILE_EVENT ? 5 : 0);
    fit_to(y, AR1_REML, x, &ar1);
    const struct impact_answer answer = ar1_coefficient(&ar1, 2, 0.95);
    assert_near(answer.value, -5, 1e-12, "level");
    assert_true(answer.error == 0 && answer.lower == answer.upper && isnan(answer.p));
    assert_true(ar1_correlation(&ar1, 0.95).value == 0);
    segments(x, positions);
    ar1_innovations(&ar1, x, y, positions, NILE, left);
    assert_true(fabs(left[50]) < 1e-10);
    ar1_free(&ar1);
}

/* Of an autoregression with known coefficients: e_t - rho^d e_(t-d) over its standard deviation. */
static void innovations_by_hand(void **state) {
    (void)state;
    enum { ROWS = 5 };
    const double x[ROWS] = {1, 1, 1, 1, 1}, y[ROWS] = {3, 1, 4, 1, 5};
    const size_t positions[ROWS] = {0, 1, 2, 4, 5};
    struct impact_fit fit;
    struct ar1 ar1;
    struct error err = {0};
    size_t dependent;
    double left[ROWS];
    assert_int_equal(impact_fit_least_squares(x, y, ROWS, 1, &fit, &dependent, &err), 0);
    assert_int_equal(ar1_fit(&fit, x, positions, AR1_REML, &ar1, &err), 0);
    const double mean = ar1_coefficient(&ar1, 0, 0.95).value,
                 rho = ar1_correlation(&ar1, 0.95).value;
    ar1_innovations(&ar1, x, y, positions, ROWS, left);
    assert_near(left[0], (3 - mean) * sqrt(1 - rho * rho), 1e-12, "first");
    assert_near(left[1], 1 - mean - rho * (3 - mean), 1e-12, "second");
    assert_near(left[3], (1 - mean - rho * rho * (4 - mean)) / sqrt(1 + rho * rho), 1e-12,
                "across a gap");
    double squares = 0;
    for (int t = 0; t < ROWS; t++)
        squares += left[t] * left[t];
    assert_near(squares / (ROWS - 1), ar1.nodes[2].variance, 1e-12, "variance");
    impact_fit_free(&fit);
    ar1_free(&ar1);
}

int main(void) {
    gsl_set_error_handler_off();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_largest_likelihood), cmocka_unit_test(integrated_as_by_r),
        cmocka_unit_test(sums_and_periods),       cmocka_unit_test(other_units),
        cmocka_unit_test(at_the_bound),           cmocka_unit_test(a_perfect_fit),
        cmocka_unit_test(innovations_by_hand),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
