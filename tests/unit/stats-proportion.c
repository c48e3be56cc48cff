/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Wilson's interval: R's values, the definition, closed forms, mirrors, the ends. */
#include "stats/proportion.h"

#include <gsl/gsl_cdf.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

/* Some ten operations, of which none cancels, and a quantile within a few ulp. */
#define CLOSE 1e-14

static void assert_near(double found, double expected, double tolerance, const char *what) {
    if (!(fabs(found - expected) <= tolerance * fabs(expected)))
        fail_msg("%s: found %.17g, expected %.17g", what, found, expected);
}

/* R 4.2.2: x <- prop.test(k, n, conf.level = confidence, correct = FALSE)$conf.int;
 * sprintf("%.17g", x) */
static const struct {
    double k, n, confidence, lower, upper;
} from_r[] = {
    {901, 1056, 0.95, 0.83059548806208694, 0.87328337399912037},
    {901, 1056, 0.9, 0.83440454027293642, 0.87022953349050758},
    {74, 1056, 0.95, 0.056186609379595236, 0.087081478084779868},
    {1, 1056, 0.95, 0.00016718296728996973, 0.0053444516003877543},
    {0, 10, 0.95, 0, 0.27753279986288915},
    {10, 10, 0.95, 0.72246720013711085, 1},
    {1, 1, 0.95, 0.2065493143772375, 1},
    {3, 7, 0.99, 0.11637368051613818, 0.81028509591161224},
    {999999999, 1e9, 0.95, 0.9999999943350657, 0.99999999982347543},
    {5e8, 1e9, 0.999, 0.49994797220441572, 0.50005202779558422},
};

static void agrees_with_r(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof from_r / sizeof *from_r; i++) {
        struct proportion_interval found =
            proportion_wilson(from_r[i].k, from_r[i].n, from_r[i].confidence);
        assert_near(found.lower, from_r[i].lower, CLOSE, "lower");
        assert_near(found.upper, from_r[i].upper, CLOSE, "upper");
    }
}

/* Where R's own formula loses digits: both solutions of the quadratic, computed to 50 digits
 * (Python's mpmath, with z = sqrt(2) erfinv(confidence)). */
static void keeps_its_digits_at_the_ends(void **state) {
    (void)state;
    static const struct {
        double k, n, confidence, lower, upper;
    } exact[] = {
        {1, 0x1p53, 0.95, 1.9598162530071508e-17, 6.2893404548336146e-16},
        {1, 1056, 1 - 0x1p-40, 1.7863793528047703e-5, 0.04788537242223656},
        {0x1p53 - 1, 0x1p53, 0.95, 0.99999999999999937, 0.99999999999999998},
        {1, 1e9, 0.95, 1.7652455495696313e-10, 5.6649342432974394e-9},
        {500, 1e6, 0.5, 0.00048514725349373116, 0.00051530722778620521},
    };
    for (size_t i = 0; i < sizeof exact / sizeof *exact; i++) {
        struct proportion_interval found =
            proportion_wilson(exact[i].k, exact[i].n, exact[i].confidence);
        assert_near(found.lower, exact[i].lower, CLOSE, "lower");
        assert_near(found.upper, exact[i].upper, CLOSE, "upper");
    }
}

/* At a bound p, k is z standard errors of n p away from n p. */
static void assert_defined(double k, double n, double p, double z) {
    assert_near(fabs(k - n * p), z * sqrt(n * p * (1 - p)), 1e-10,
                "distance of k from n p"); /* 0.02 or more, from numbers up to 60 */
}

static void assert_sound(double k, double n, double confidence) {
    double z = gsl_cdf_ugaussian_Qinv((1 - confidence) / 2);
    struct proportion_interval found = proportion_wilson(k, n, confidence);
    struct proportion_interval mirror = proportion_wilson(n - k, n, confidence);
    assert_true(0 <= found.lower && found.lower <= k / n);
    assert_true(k / n <= found.upper && found.upper <= 1);
    assert_true(found.lower < found.upper);
    assert_true(fabs(found.lower - (1 - mirror.upper)) <= CLOSE);
    assert_true(fabs(found.upper - (1 - mirror.lower)) <= CLOSE);
    if (k > 0)
        assert_defined(k, n, found.lower, z);
    if (k < n)
        assert_defined(k, n, found.upper, z);
}

static void is_what_it_is_defined_as(void **state) {
    (void)state;
    static const double levels[] = {0.1, 0.5, 0.8, 0.95, 0.999};
    for (size_t i = 0; i < sizeof levels / sizeof *levels; i++)
        for (int n = 1; n <= 60; n++)
            for (int k = 0; k <= n; k++)
                assert_sound(k, n, levels[i]);
}

/* z^2 / (n + z^2), and exact ends. */
static void has_closed_forms_at_the_ends(void **state) {
    (void)state;
    double z = gsl_cdf_ugaussian_Qinv(0.005);
    for (int n = 1; n < 100000; n = 3 * n + 1) {
        struct proportion_interval none = proportion_wilson(0, n, 0.99);
        struct proportion_interval all = proportion_wilson(n, n, 0.99);
        assert_true(none.lower == 0);
        assert_true(all.upper == 1);
        assert_near(none.upper, z * z / (n + z * z), CLOSE, "upper of none");
        assert_near(all.lower, n / (n + z * z), CLOSE, "lower of all");
    }
}

static void knows_nothing_of_nobody(void **state) {
    (void)state;
    struct proportion_interval found = proportion_wilson(0, 0, 0.95);
    assert_true(isnan(found.lower));
    assert_true(isnan(found.upper));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(agrees_with_r),
        cmocka_unit_test(keeps_its_digits_at_the_ends),
        cmocka_unit_test(is_what_it_is_defined_as),
        cmocka_unit_test(has_closed_forms_at_the_ends),
        cmocka_unit_test(knows_nothing_of_nobody),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
