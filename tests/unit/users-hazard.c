/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Nelson-Aalen: the book's table, closed forms and edge cases. R's own values are compared in
 * tests/truth. */
#include "users/hazard.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "lives.h"

static struct hazard_curve fit_spells(const struct lived *spells, size_t n,
                                      enum hazard_interval interval) {
    struct error err = {0};
    const struct hazard_options options = {.interval = interval, .confidence = 0.95};
    struct life_tables lives = lives_of(spells, n, 1);
    struct hazard_curve curve;
    assert_int_equal(hazard_fit(&curve, &lives.tables[0], &options, &err), 0);
    life_tables_free(&lives);
    return curve;
}

#define FIT(spells, interval) fit_spells(spells, sizeof(spells) / sizeof *(spells), interval)

/* Klein & Moeschberger 2003, table 4.2: 6-MP, four decimals of H and of its variance. */
static void prints_as_the_book(void **state) {
    (void)state;
    static const double printed[][3] = {
        {6, 0.1428, 0.0068},  {7, 0.2017, 0.0103},  {10, 0.2683, 0.0147}, {13, 0.3517, 0.0217},
        {16, 0.4426, 0.0299}, {22, 0.5854, 0.0503}, {23, 0.7521, 0.0781}};
    struct error err = {0};
    const struct hazard_options options = {.confidence = 0.95};
    struct life_tables lives = lives_of(lives_leukaemia, LIVES_LEUKAEMIA, 2);
    struct hazard_curve curve;
    assert_int_equal(hazard_fit(&curve, &lives.tables[0], &options, &err), 0);
    for (size_t i = 0; i < sizeof printed / sizeof *printed; i++) {
        bool known;
        const struct hazard_step *step = hazard_at(&curve, lived_time(printed[i][0]), &known);
        assert_true(known);
        /* The book's running sums are of rounded terms. */
        assert_true(fabs(step->hazard - printed[i][1]) <= 0.0001);
        assert_true(fabs(step->std_error * step->std_error - printed[i][2]) <= 0.00011);
    }
    hazard_free(&curve);
    life_tables_free(&lives);
}

/* Four who leave one by one: 1/4, 1/4 + 1/3, ...; z = 1.959963984540054. */
static void sums_up(void **state) {
    (void)state;
    static const struct lived four[] = {{.time = 1, .left = 1},
                                        {.time = 2, .left = 1},
                                        {.time = 3, .left = 1},
                                        {.time = 4, .left = 1}};
    const double z = 1.959963984540054, h = 1.0 / 4 + 1.0 / 3, s = sqrt(1.0 / 16 + 1.0 / 9);
    struct hazard_curve log_curve = FIT(four, HAZARD_LOG), plain = FIT(four, HAZARD_PLAIN);
    assert_int_equal(log_curve.n, 4);
    assert_near(log_curve.steps[1].hazard, h, 1e-15, "hazard");
    assert_near(log_curve.steps[1].std_error, s, 1e-15, "error");
    assert_near(log_curve.steps[1].lower, h * exp(-z * s / h), 1e-14, "lower, log");
    assert_near(log_curve.steps[1].upper, h * exp(z * s / h), 1e-14, "upper, log");
    assert_true(plain.steps[1].lower == 0); /* h - z s is below 0 */
    assert_near(plain.steps[1].upper, h + z * s, 1e-15, "upper, plain");
    assert_near(plain.steps[3].hazard, 25.0 / 12, 1e-15, "the harmonic number");
    hazard_free(&log_curve);
    hazard_free(&plain);
}

static void nobody_and_nothing(void **state) {
    (void)state;
    static const struct lived stayed[] = {{.time = 2, .weight = 3}};
    bool known;
    struct hazard_curve curve = FIT(stayed, HAZARD_LOG);
    assert_int_equal(curve.n, 1);
    assert_true(curve.steps[0].hazard == 0 && curve.steps[0].std_error == 0);
    assert_true(isnan(curve.steps[0].lower) && isnan(curve.steps[0].upper));
    assert_null(hazard_at(&curve, lived_time(1), &known));
    assert_true(known);
    assert_ptr_equal(hazard_at(&curve, lived_time(2), &known), &curve.steps[0]);
    assert_true(known);
    hazard_at(&curve, lived_time(2.5), &known);
    assert_false(known);
    hazard_free(&curve);
    curve = fit_spells(NULL, 0, HAZARD_PLAIN);
    assert_int_equal(curve.n, 0);
    assert_null(hazard_at(&curve, 0, &known));
    assert_false(known);
    hazard_free(&curve);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(prints_as_the_book),
        cmocka_unit_test(sums_up),
        cmocka_unit_test(nobody_and_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
