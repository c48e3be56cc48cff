/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Spread and percentiles of draws. */
#include "stats/draws.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void near(double found, double expected) {
    if (!(fabs(found - expected) <= 1e-14 * fabs(expected)))
        fail_msg("found %.17g, expected %.17g", found, expected);
}

/* R: x <- c(3, 1, 2, 5, 4); sd(x); quantile(x, c(0.25, 0.75)); quantile(x, c(0.025, 0.975)) */
static void as_r(void **state) {
    (void)state;
    double draws[] = {3, 1, 2, 5, 4};
    struct draws_summary found = draws_summarise(draws, 5, 0.5);
    near(found.error, 1.5811388300841898);
    near(found.lower, 2);
    near(found.upper, 4);
    found = draws_summarise(draws, 5, 0.95);
    near(found.lower, 1.1);
    near(found.upper, 4.9);
}

static void what_is_not_there(void **state) {
    (void)state;
    double draws[] = {1, NAN, 2}, infinite[] = {1, INFINITY}, one[] = {7};
    struct draws_summary found = draws_summarise(draws, 3, 0.9);
    assert_true(isnan(found.error) && isnan(found.lower) && isnan(found.upper));
    assert_true(isnan(draws_summarise(infinite, 2, 0.9).lower));
    assert_true(isnan(draws_summarise(one, 0, 0.9).lower));
    found = draws_summarise(one, 1, 0.9);
    assert_true(isnan(found.error) && found.lower == 7 && found.upper == 7);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(as_r),
        cmocka_unit_test(what_is_not_there),
    };
    return cmocka_run_group_tests_name("stats-draws", tests, NULL, NULL);
}
