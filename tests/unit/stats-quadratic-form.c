/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Chi-squares of scores that sum to 0: any component may be left out. */
#include "stats/quadratic-form.h"

#include <gsl/gsl_errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum { N = 3 };
static const double u[N] = {3, -1, -2};
/* Above the diagonal: not read. */
static const double v[N * N] = {4, NAN, NAN, -2, 4, NAN, -2, -2, 4};

static double form(size_t a, size_t b) {
    struct error err = {0};
    const size_t chosen[] = {a, b};
    double ret;
    assert_int_equal(quadratic_form(u, v, N, chosen, 2, &ret, &err), 0);
    return ret;
}

/* By hand: the inverse of (4 -2; -2 4) is (4 2; 2 4)/12. */
static void any_two_of_three(void **state) {
    (void)state;
    assert_true(fabs(form(0, 1) - 28.0 / 12) < 1e-14);
    assert_true(fabs(form(0, 2) - 28.0 / 12) < 1e-14);
    assert_true(fabs(form(1, 2) - 28.0 / 12) < 1e-14);
}

static void one_none_and_singular(void **state) {
    (void)state;
    struct error err = {0};
    const size_t chosen[] = {0, 1, 2};
    double ret;
    assert_int_equal(quadratic_form(u, v, N, chosen + 2, 1, &ret, &err), 0);
    assert_true(ret == 1);
    assert_int_equal(quadratic_form(u, v, N, chosen, 0, &ret, &err), 0);
    assert_true(ret == 0);
    static const double singular[] = {1, NAN, 1, 1};
    assert_int_equal(quadratic_form(u, singular, 2, chosen, 2, &ret, &err), 0);
    assert_true(isnan(ret));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_two_of_three),
        cmocka_unit_test(one_none_and_singular),
    };
    gsl_set_error_handler_off();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
