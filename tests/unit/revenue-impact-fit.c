/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Least squares and HAC errors: R's values, dependent columns, perfect fits. */
#include "revenue/impact-fit.h"

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
static void segments(double x[NILE * K]) {
    for (int t = 0; t < NILE; t++) {
        const int after = t >= NILE_EVENT;
        const double row[K] = {1, t, after, after * (t - NILE_EVENT)};
        memcpy(x + t * K, row, sizeof row);
    }
}

/* R 4.2.2, sandwich: t <- 0:99; l <- as.numeric(t >= 28); s <- (t - 28) * l;
 * f <- lm(as.numeric(Nile) ~ t + l + s); sqrt(diag(...)) of each, and the bandwidth. */
static const struct {
    const char *call;
    struct hac_options options;
    double bandwidth; /* before it is rounded down, where it is */
    double errors[K];
} from_r[] = {
    {"NeweyWest(f, prewhite = FALSE, adjust = TRUE)",
     {HAC_BARTLETT, HAC_NEWEY_WEST, 0, false, true},
     2,
     {38.8525873623243, 2.67019189976252, 62.4657203998349, 2.80223754489458}},
    {"NeweyWest(f)",
     {HAC_BARTLETT, HAC_NEWEY_WEST, 0, true, false},
     3,
     {30.217167005178, 2.64020097160846, 67.7271075944188, 2.79068742372299}},
    {"kernHAC(f)",
     {HAC_QUADRATIC_SPECTRAL, HAC_ANDREWS, 0, true, true},
     0.302020335279396,
     {43.0421721772713, 2.97449541191104, 69.0357554576638, 3.10561574143865}},
    {"kernHAC(f, prewhite = FALSE, kernel = 'Bartlett', adjust = FALSE)",
     {HAC_BARTLETT, HAC_ANDREWS, 0, false, false},
     3.05921951533264,
     {37.6220911862701, 2.60841436365503, 61.2984398284044, 2.73817629920983}},
};

static void agrees_with_r(void **state) {
    (void)state;
    static const double coefficients[K] = {1082.0960591133, 1.1595511767926, -289.102685366384,
                                           -0.469088767634451};
    double x[NILE * K], covariance[K * K], bandwidth;
    struct impact_fit fit;
    struct error err = {0};
    size_t dependent;
    segments(x);
    assert_int_equal(impact_fit_least_squares(x, nile, NILE, K, &fit, &dependent, &err), 0);
    assert_int_equal(dependent, K);
    for (int j = 0; j < K; j++)
        assert_near(fit.coefficients[j], coefficients[j], 1e-11, "coefficient");
    for (size_t i = 0; i < sizeof from_r / sizeof *from_r; i++) {
        assert_int_equal(hac_covariance(&fit, x, &from_r[i].options, covariance, &bandwidth, &err),
                         0);
        assert_near(bandwidth, from_r[i].bandwidth, 1e-10, from_r[i].call);
        for (int j = 0; j < K; j++)
            assert_near(sqrt(covariance[j * K + j]), from_r[i].errors[j], 1e-10, from_r[i].call);
    }
    impact_fit_free(&fit);
}

/* With no lags, the covariance is White's, and (X'X)^-1 sum e^2 x x' (X'X)^-1 by hand for a mean:
 * sum e^2 / n^2. */
static void no_lags_of_a_mean(void **state) {
    (void)state;
    const double x[4] = {1, 1, 1, 1}, y[4] = {1, 2, 3, 6};
    const struct hac_options options = {HAC_BARTLETT, HAC_GIVEN, 0, false, false};
    struct impact_fit fit;
    struct error err = {0};
    size_t dependent;
    double covariance, bandwidth;
    assert_int_equal(impact_fit_least_squares(x, y, 4, 1, &fit, &dependent, &err), 0);
    assert_int_equal(hac_covariance(&fit, x, &options, &covariance, &bandwidth, &err), 0);
    assert_near(fit.coefficients[0], 3, 1e-15, "mean");
    assert_near(covariance, 14.0 / 16, 1e-14, "variance");
    /* Lag 1 with weight 1/2: residuals -2 -1 0 3 add 2 (1/2) (2 + 0 + 0). */
    const struct hac_options one = {HAC_BARTLETT, HAC_GIVEN, 1, false, false};
    assert_int_equal(hac_covariance(&fit, x, &one, &covariance, &bandwidth, &err), 0);
    assert_near(covariance, 16.0 / 16, 1e-14, "variance with a lag");
    impact_fit_free(&fit);
}

static void weights_of_lags(void **state) {
    (void)state;
    const struct hac_options bartlett = {.kernel = HAC_BARTLETT, .bandwidth = HAC_GIVEN};
    const struct hac_options spectral = {.kernel = HAC_QUADRATIC_SPECTRAL,
                                         .bandwidth = HAC_ANDREWS};
    assert_near(hac_weight(&bartlett, 3, 1), 0.75, 1e-15, "Bartlett");
    assert_true(hac_weight(&bartlett, 3, 4) == 0);
    /* 25/(12 pi^2 x^2) (sin(6 pi x/5)/(6 pi x/5) - cos(6 pi x/5)) at x = 1/2, by 30 digits of bc.
     */
    assert_near(hac_weight(&spectral, 2, 1), 0.6869307300640595, 1e-14, "quadratic spectral");
    /* The series meets the closed form. */
    assert_near(hac_weight(&spectral, 377, 1), hac_weight(&spectral, 376.9, 1), 1e-7, "seam");
    assert_true(hac_weight(&spectral, 0, 1) == 0);
}

static void dependent_columns_are_named(void **state) {
    (void)state;
    const double x[12] = {1, 1, 2, 1, 2, 4, 1, 3, 6, 1, 4, 8}, y[4] = {1, 2, 3, 5};
    struct impact_fit fit;
    struct error err = {0};
    size_t dependent;
    assert_int_equal(impact_fit_least_squares(x, y, 4, 3, &fit, &dependent, &err), ERROR_DATA);
    assert_int_equal(dependent, 2);
    assert_string_equal(err.text, "column 3 depends on those before it");
    err.code = 0;
    assert_int_equal(impact_fit_least_squares(x, y, 2, 3, &fit, &dependent, &err), ERROR_DATA);
    assert_string_equal(err.text, "found 2 rows for 3 columns, expected at least one row a column");
}

/* Nothing is left over: the errors are 0 up to rounding, whatever the bandwidth. */
static void a_perfect_fit(void **state) {
    (void)state;
    double x[NILE * K], y[NILE], covariance[K * K], bandwidth;
    struct impact_fit fit;
    struct error err = {0};
    size_t dependent;
    segments(x);
    for (int t = 0; t < NILE; t++)
        y[t] = 3 + 2 * t - 5 * x[t * K + 2];
    assert_int_equal(impact_fit_least_squares(x, y, NILE, K, &fit, &dependent, &err), 0);
    for (size_t i = 0; i < sizeof from_r / sizeof *from_r; i++) {
        struct hac_options options = from_r[i].options;
        options.prewhiten = false;
        assert_int_equal(hac_covariance(&fit, x, &options, covariance, &bandwidth, &err), 0);
        for (int j = 0; j < K; j++)
            assert_true(covariance[j * K + j] >= 0 && covariance[j * K + j] < 1e-20);
    }
    impact_fit_free(&fit);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(agrees_with_r),   cmocka_unit_test(no_lags_of_a_mean),
        cmocka_unit_test(weights_of_lags), cmocka_unit_test(dependent_columns_are_named),
        cmocka_unit_test(a_perfect_fit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
