/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Segmented regression beyond its errors, and the test for a break. */
#include "revenue/impact-regression.h"

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

#include "nile.h"
#include "series.h"

static const struct impact_regression_options options = {
    .slope = true, .confidence = 0.95, .seed = 1};

/* Sine and cosine of the K-th harmonic of an even season have no sine; dummies leave one out. */
static void columns_of_a_season(void **state) {
    (void)state;
    double row[11];
    assert_int_equal(impact_season_columns(1, 0), 0);
    assert_int_equal(impact_season_columns(12, 0), 11);
    assert_int_equal(impact_season_columns(12, 6), 11);
    assert_int_equal(impact_season_columns(7, 3), 6);
    impact_fill_season(12, 6, 13, row);
    assert_near(row[0], cos(M_PI / 6), 1e-14, "cosine 1");
    assert_near(row[1], sin(M_PI / 6), 1e-14, "sine 1");
    assert_near(row[10], -1, 1e-14, "cosine 6");
    impact_fill_season(4, 0, 7, row);
    assert_true(row[0] == 0 && row[1] == 0 && row[2] == 1);
}

/* As many harmonics as there are seasons: another basis of the same space, so the same effects. */
static void harmonics_and_dummies_agree(void **state) {
    (void)state;
    struct impact_result results[2] = {{0}};
    struct error err = {0};
    const struct impact_series series = series_of(nile, NILE, NILE_EVENT, NULL, 0);
    for (int i = 0; i < 2; i++) {
        struct impact_regression_options other = options;
        other.season = 6;
        other.harmonics = i == 0 ? 0 : 3;
        assert_int_equal(impact_regress(&series, &other, &results[i], &err), 0);
    }
    for (int t = 0; t < NILE; t++) {
        assert_near(results[1].periods[t].expected.lower, results[0].periods[t].expected.lower,
                    1e-9, "lower");
        assert_near(results[1].periods[t].effect.value, results[0].periods[t].effect.value, 1e-7,
                    "effect");
    }
    for (int i = 0; i < 2; i++)
        impact_result_free(&results[i]);
}

/* R 4.2.2: t <- 0:27; y <- Nile[1:28]; max(sapply(6:24, function(b) abs(summary(lm(y ~ t + (t >=
 * b - 1)))$coefficients[3, 3]))) is 2.69020163799 at b = 20, which is 1890. */
static void the_break_as_r_finds_it(void **state) {
    (void)state;
    double x[2 * NILE_EVENT];
    struct impact_break found;
    struct error err = {0};
    for (int t = 0; t < NILE_EVENT; t++) {
        x[2 * t] = 1;
        x[2 * t + 1] = t;
    }
    assert_int_equal(impact_find_break(x, nile, NILE_EVENT, 2, 1, &found, &err), 0);
    assert_near(found.statistic, 2.69020163799, 1e-8, "statistic");
    assert_int_equal(found.row, 19);
    assert_true(found.p > 0.1 && found.p < 0.4);
    assert_int_equal(impact_find_break(x, nile, 9, 2, 1, &found, &err), 0);
    assert_true(isnan(found.p)); /* too few rows */
}

/* Under AR(1) noise without a break p is below 0.05 about one time in twenty, with a jump of three
 * standard deviations nearly always. 300 series: four binomial standard errors, and room for what
 * the estimate of the coefficient costs. */
static void breaks_are_not_autocorrelation(void **state) {
    (void)state;
    enum { SERIES = 300, LENGTH = 60 };
    double x[2 * LENGTH], y[LENGTH];
    int alarms = 0, found_jump = 0;
    struct error err = {0};
    for (int t = 0; t < LENGTH; t++) {
        x[2 * t] = 1;
        x[2 * t + 1] = t;
    }
    for (uint32_t i = 0; i < SERIES; i++) {
        struct random_stream stream;
        struct impact_break found;
        random_open(&stream, 11, 0, i, 0, 0);
        gsl_rng *rng = random_gsl(&stream);
        double noise = gsl_ran_gaussian(rng, 1);
        for (int t = 0; t < LENGTH; t++) {
            noise = 0.5 * noise + gsl_ran_gaussian(rng, 1);
            y[t] = 3 * t + noise;
        }
        assert_int_equal(impact_find_break(x, y, LENGTH, 2, 1, &found, &err), 0);
        alarms += found.p < 0.05;
        for (int t = 30; t < LENGTH; t++)
            y[t] += 9;
        assert_int_equal(impact_find_break(x, y, LENGTH, 2, 1, &found, &err), 0);
        found_jump += found.p < 0.05 && found.row >= 28 && found.row <= 32;
    }
    if (alarms > 45 || found_jump < 0.5 * SERIES)
        fail_msg("%d alarms and %d jumps found of %d", alarms, found_jump, SERIES);
}

/* Controls and values that are missing leave their periods out, and nothing else. */
static void missing_values(void **state) {
    (void)state;
    double y[NILE], control[NILE];
    static const char *const names[] = {"x"};
    struct impact_regression_options other = options;
    struct impact_result result = {0};
    struct error err = {0};
    other.control_names = names;
    for (int t = 0; t < NILE; t++) {
        y[t] = nile[t];
        control[t] = (t * 7) % 11;
    }
    y[5] = y[50] = control[60] = NAN;
    const struct impact_series series = series_of(y, NILE, NILE_EVENT, control, 1);
    assert_int_equal(impact_regress(&series, &other, &result, &err), 0);
    assert_true(figure_of(&result, "periods_missing")->of.value == 3);
    assert_true(isfinite(result.periods[50].expected.value));
    assert_true(isnan(result.periods[50].effect.value) && isnan(result.periods[60].expected.value));
    double sum = 0;
    for (int t = NILE_EVENT; t < NILE; t++)
        if (t != 50 && t != 60) {
            sum += result.periods[t].effect.value;
            assert_near(result.periods[t].cumulative.value, sum, 1e-10, "cumulative");
        }
    impact_result_free(&result);
}

int main(void) {
    gsl_set_error_handler_off();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(columns_of_a_season),     cmocka_unit_test(harmonics_and_dummies_agree),
        cmocka_unit_test(the_break_as_r_finds_it), cmocka_unit_test(breaks_are_not_autocorrelation),
        cmocka_unit_test(missing_values),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
