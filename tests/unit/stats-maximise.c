/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Maximum likelihood: closed forms, several peaks, ridges, nothing to climb. */
#include "stats/maximise.h"

#include <gsl/gsl_errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static void assert_near(double found, double expected, double tolerance, const char *what) {
    if (!(fabs(found - expected) <= tolerance))
        fail_msg("%s: found %.17g, expected %.17g", what, found, expected);
}

/* Of 50 normal observations with mean 3 and variance 4 (sums of squares exactly that): theta is the
 * mean and the logarithm of the standard deviation. Information n/s^2 = 12.5 and 2 n = 100. */
static double normal(void *context, const double *theta) {
    (void)context;
    const double d = theta[0] - 3, s = exp(theta[1]);
    return -50 * theta[1] - 50 * (4 + d * d) / (2 * s * s);
}

static void a_normal_sample(void **state) {
    (void)state;
    const double starts[] = {0, 0, 10, 3, -5, -1};
    struct maximum found;
    struct error err = {0};
    assert_int_equal(maximise(normal, NULL, 2, starts, 3, &found, &err), 0);
    assert_true(found.converged);
    assert_int_equal(found.agreeing, 3);
    assert_near(found.theta[0], 3, 1e-6, "mean");
    assert_near(found.theta[1], log(2), 1e-6, "log sd");
    assert_near(found.covariance[0], 1 / 12.5, 1e-6, "variance of the mean");
    assert_near(found.covariance[3], 1 / 100.0, 1e-6, "variance of the log sd");
    assert_near(found.covariance[1], 0, 1e-6, "covariance");
}

/* Peaks of 1 at -3 and of 2 at 3, and nothing possible beyond 6. */
static double two_peaks(void *context, const double *theta) {
    (void)context;
    const double x = theta[0];
    if (fabs(x) > 6)
        return -INFINITY;
    return log(exp(-(x + 3) * (x + 3)) + 2 * exp(-(x - 3) * (x - 3)));
}

static void the_higher_of_two_peaks(void **state) {
    (void)state;
    const double starts[] = {-3.5, 3.5, 7, -2};
    struct maximum found;
    struct error err = {0};
    assert_int_equal(maximise(two_peaks, NULL, 1, starts, 4, &found, &err), 0);
    assert_near(found.theta[0], 3, 1e-5, "place");
    assert_near(found.value, log(2), 1e-9, "height");
    assert_int_equal(found.agreeing, 1);
    assert_true(found.converged);
}

static void newton_alone(void **state) {
    (void)state;
    const double start[] = {2.5, 0.5}, outside[] = {7};
    struct maximum found;
    struct error err = {0};
    assert_int_equal(maximise_from(normal, NULL, 2, start, &found, &err), 0);
    assert_true(found.converged);
    assert_near(found.theta[0], 3, 1e-6, "mean");
    assert_near(found.covariance[3], 1 / 100.0, 1e-6, "variance of the log sd");
    assert_int_equal(maximise_from(two_peaks, NULL, 1, outside, &found, &err), ERROR_DATA);
    assert_string_equal(err.text, "the likelihood is zero at the start");
}

/* Only the sum is determined: no peak, and no errors are claimed. */
static double ridge(void *context, const double *theta) {
    (void)context;
    const double d = theta[0] + theta[1] - 1;
    return -d * d;
}

/* Rises for ever. */
static double slope(void *context, const double *theta) {
    (void)context;
    return theta[0];
}

static double nowhere(void *context, const double *theta) {
    (void)context;
    (void)theta;
    return NAN;
}

static void no_peak_is_said(void **state) {
    (void)state;
    const double starts[] = {0, 0};
    struct maximum found;
    struct error err = {0};
    assert_int_equal(maximise(ridge, NULL, 2, starts, 1, &found, &err), 0);
    assert_false(found.converged && isfinite(found.covariance[0]) && found.covariance[0] < 1e6);
    assert_int_equal(maximise(slope, NULL, 1, starts, 1, &found, &err), 0);
    assert_false(found.converged);
    assert_true(isnan(found.covariance[0]));
    assert_int_equal(maximise(nowhere, NULL, 1, starts, 2, &found, &err), ERROR_DATA);
    assert_string_equal(err.text, "the likelihood is zero at every start");
}

int main(void) {
    gsl_set_error_handler_off();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_normal_sample),
        cmocka_unit_test(the_higher_of_two_peaks),
        cmocka_unit_test(no_peak_is_said),
        cmocka_unit_test(newton_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
