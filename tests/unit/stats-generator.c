/* SPDX-License-Identifier: GPL-3.0-or-later */
/* exp(Q t): closed forms, Chapman-Kolmogorov, and derivatives. */
#include "stats/generator.h"

#include <gsl/gsl_linalg.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { MOST = 8 };
static double work[64 * MOST * MOST];

static void exponential(size_t n, const double *q, double t, double *p) {
    assert_true(generator_work(n) <= sizeof work / sizeof *work);
    generator_exponential(n, q, t, NULL, 0, p, NULL, work);
}

static void assert_near(double found, double expected, double relative) {
    if (!(fabs(found - expected) <= relative * fabs(expected)))
        fail_msg("found %.17g, expected %.17g", found, expected);
}

/* p_01 = a / (a + b) (1 - exp(-(a + b) t)); its digits hold for the smallest and the largest t. */
static void two_states(void **state) {
    (void)state;
    const double a = 0.2, b = 0.1, q[] = {-a, a, b, -b};
    for (double t = 1e-12; t < 1e4; t *= 7) {
        double p[4];
        exponential(2, q, t, p);
        const double moved = -expm1(-(a + b) * t) / (a + b);
        /* Each squaring may double the relative error of what it squares. */
        const double relative = 1e-14 * fmax(1, t);
        assert_near(p[1], a * moved, relative);
        assert_near(p[2], b * moved, relative);
        assert_near(p[0], 1 - a * moved, relative);
    }
    double p[4];
    exponential(2, q, 0, p);
    assert_true(p[0] == 1 && p[1] == 0 && p[2] == 0 && p[3] == 1);
    const double nothing[4] = {0};
    exponential(2, nothing, 5, p);
    assert_true(p[0] == 1 && p[1] == 0 && p[2] == 0 && p[3] == 1);
}

/* A chain that goes up one by one at the same rate is a Poisson process until its last state. For
 * t = 1e-3 the chance of five steps is 8e-18: far below the rounding of the largest element. */
static void small_chances_keep_their_digits(void **state) {
    (void)state;
    enum { N = 7 };
    double q[N * N] = {0}, p[N * N];
    for (int i = 0; i + 1 < N; i++) {
        q[i * N + i] = -1;
        q[i * N + i + 1] = 1;
    }
    static const double times[] = {1e-3, 0.5, 3, 40};
    for (size_t k = 0; k < sizeof times / sizeof *times; k++) {
        const double t = times[k];
        double expected = exp(-t);
        exponential(N, q, t, p);
        for (int j = 0; j + 1 < N; j++) {
            assert_near(p[j], expected, 2e-13);
            expected *= t / (j + 1);
        }
    }
}

static const double several[] = {-1.5, 1, 0.5, 0, 0.25, -0.75, 0,     0.5,
                                 2,    0, -7,  5, 0,    0,     0.125, -0.125};

static void as_gsl_has_it(void **state) {
    (void)state;
    double scaled[16], gsl[16], p[16];
    for (int i = 0; i < 16; i++)
        scaled[i] = several[i] * 1.7;
    gsl_matrix_const_view in = gsl_matrix_const_view_array(scaled, 4, 4);
    gsl_matrix_view out = gsl_matrix_view_array(gsl, 4, 4);
    gsl_linalg_exponential_ss(&in.matrix, &out.matrix, GSL_PREC_DOUBLE);
    exponential(4, several, 1.7, p);
    for (int i = 0; i < 16; i++)
        assert_true(fabs(p[i] - gsl[i]) < 1e-12); /* of the largest, which is near 1 */
}

/* exp(Q (s + t)) = exp(Q s) exp(Q t), and rows sum to 1. */
static void chapman_kolmogorov(void **state) {
    (void)state;
    double s[16], t[16], both[16];
    exponential(4, several, 0.3, s);
    exponential(4, several, 2.9, t);
    exponential(4, several, 3.2, both);
    for (int i = 0; i < 4; i++) {
        double row = 0;
        for (int j = 0; j < 4; j++) {
            double sum = 0;
            for (int k = 0; k < 4; k++)
                sum += s[4 * i + k] * t[4 * k + j];
            assert_near(both[4 * i + j], sum, 1e-13);
            row += both[4 * i + j];
        }
        assert_near(row, 1, 1e-13);
    }
}

/* Two states: with s = a + b, dp_01/da = b (1 - exp(-s t))/s^2 + a t exp(-s t)/s. */
static void derivatives_in_closed_form(void **state) {
    (void)state;
    const double a = 0.2, b = 0.1, s = a + b, q[] = {-a, a, b, -b};
    const struct generator_move moves[] = {{0, 1}, {1, 0}};
    static const double times[] = {1e-6, 0.1, 3, 50};
    for (size_t k = 0; k < sizeof times / sizeof *times; k++) {
        const double t = times[k], left = exp(-s * t), moved = -expm1(-s * t);
        double p[4], dp[8];
        generator_exponential(2, q, t, moves, 2, p, dp, work);
        const double by_a = b * moved / (s * s) + a * t * left / s;
        const double by_b = -a * moved / (s * s) + a * t * left / s;
        assert_near(dp[1], by_a, 1e-12);
        assert_near(dp[0], -by_a, 1e-12);
        assert_true(fabs(dp[4 + 1] - by_b) < 1e-13 * fmax(1, t)); /* a difference */
    }
}

static void derivatives_as_differences(void **state) {
    (void)state;
    const struct generator_move moves[] = {{0, 1}, {2, 0}, {3, 2}};
    double p[16], dp[3 * 16], more[16], less[16], q[16];
    const double h = 1e-5;
    generator_exponential(4, several, 2.5, moves, 3, p, dp, work);
    for (int k = 0; k < 3; k++) {
        const size_t from = moves[k].from, to = moves[k].to;
        for (int sign = -1; sign <= 1; sign += 2) {
            memcpy(q, several, sizeof q);
            q[4 * from + to] += sign * h;
            q[4 * from + from] -= sign * h;
            exponential(4, q, 2.5, sign > 0 ? more : less);
        }
        for (int i = 0; i < 16; i++)
            assert_true(fabs(dp[16 * k + i] - (more[i] - less[i]) / (2 * h)) < 1e-9);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(two_states),
        cmocka_unit_test(small_chances_keep_their_digits),
        cmocka_unit_test(as_gsl_has_it),
        cmocka_unit_test(chapman_kolmogorov),
        cmocka_unit_test(derivatives_in_closed_form),
        cmocka_unit_test(derivatives_as_differences),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
