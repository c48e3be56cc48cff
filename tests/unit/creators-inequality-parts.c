/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Theil's measures within groups and between them: by hand, as R has them, against leaving out one
 * by one and against drawing. */
#include "creators/inequality-parts.h"

#include "base/random.h"
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

/* Three groups, one of them empty. */
enum { SMALL, MIDDLE, NOBODY, LARGE, GROUPS };
static const double example[] = {1, 2, 3, 10, 20, 300};
static const size_t example_start[] = {0, 3, 5, 5, 6};

static void measure(const double *values, const size_t *start, size_t groups,
                    struct parts_of *ret) {
    struct error err = {0};
    assert_int_equal(parts_jackknife(values, start, groups, 0.95, ret, &err), 0);
}

static void parts_add_up(void **state) {
    (void)state;
    struct parts_of parts[GROUPS + PARTS_SUMS];
    struct inequality_estimate whole[INEQUALITY_MEASURES];
    struct error err = {0};
    measure(example, example_start, GROUPS, parts);
    assert_int_equal(inequality_jackknife(example, 6, 0.95, whole, &err), 0);
    const struct inequality_estimate *within = parts[GROUPS + PARTS_WITHIN].found,
                                     *between = parts[GROUPS + PARTS_BETWEEN].found,
                                     *all = parts[GROUPS + PARTS_ALL].found;
    assert_near(all[PARTS_T].value, whole[INEQUALITY_THEIL_T].value, 1e-14, "T");
    assert_near(all[PARTS_L].value, whole[INEQUALITY_THEIL_L].value, 1e-14, "L");
    assert_near(all[PARTS_T].error, whole[INEQUALITY_THEIL_T].error, 1e-12, "error of T");
    assert_near(all[PARTS_L].lower, whole[INEQUALITY_THEIL_L].lower, 1e-12, "bound of L");
    assert_near(within[PARTS_OF_T].value + between[PARTS_OF_T].value, all[PARTS_T].value, 1e-14,
                "sum");
    assert_near(within[PARTS_SHARE_OF_L].value + between[PARTS_SHARE_OF_L].value, 1, 1e-14, "one");
    /* By hand: groups with 6/336, 30/336, 300/336 of the sum and 3, 2, 1 sixths of the creators. */
    assert_near(between[PARTS_OF_T].value,
                6.0 / 336 * log(6.0 / 336 * 2) + 30.0 / 336 * log(30.0 / 336 * 3) +
                    300.0 / 336 * log(300.0 / 336 * 6),
                1e-14, "between");
    assert_int_equal(parts[SMALL].n, 3);
    assert_int_equal(parts[GROUPS + PARTS_BETWEEN].n, 6);
    assert_near(parts[SMALL].found[PARTS_CREATORS].value, 0.5, 1e-15, "creators");
    assert_near(parts[SMALL].found[PARTS_SHARE].value, 6.0 / 336, 1e-15, "share");
}

/* R 4.2.2: theil <- function(x) mean(x / mean(x) * log(x / mean(x))); for a share p of n creators
 * the jackknife's error is sqrt(p (1 - p) / (n - 1)). */
static void groups_of_one_and_none(void **state) {
    (void)state;
    struct parts_of parts[GROUPS + PARTS_SUMS];
    measure(example, example_start, GROUPS, parts);
    const struct inequality_estimate *large = parts[LARGE].found, *nobody = parts[NOBODY].found;
    assert_true(large[PARTS_T].value == 0 && isnan(large[PARTS_T].error));
    assert_true(large[PARTS_OF_T].value == 0 && large[PARTS_OF_T].error == 0);
    assert_true(isnan(nobody[PARTS_T].value) && nobody[PARTS_OF_T].value == 0);
    assert_true(nobody[PARTS_CREATORS].value == 0 && nobody[PARTS_CREATORS].error == 0);
    assert_near(parts[MIDDLE].found[PARTS_CREATORS].error, sqrt(1.0 / 3 * 2 / 3 / 5), 1e-12, "p");
}

/* Leaves one creator out, the slow way. */
static void measure_without(const double *values, const size_t *start, size_t groups, size_t k,
                            struct parts_of *ret) {
    double *rest = malloc(start[groups] * sizeof *rest);
    size_t moved[GROUPS + 1];
    assert_non_null(rest);
    memcpy(rest, values, k * sizeof *values);
    memcpy(rest + k, values + k + 1, (start[groups] - 1 - k) * sizeof *values);
    for (size_t g = 0; g <= groups; g++)
        moved[g] = start[g] - (start[g] > k);
    measure(rest, moved, groups, ret);
    free(rest);
}

/* So many creators in three groups, with equals, group by group. */
static void draw(double *values, size_t n, size_t *start) {
    struct random_stream stream;
    random_open(&stream, 5, 0, 0, 0, 0);
    for (size_t g = 0; g <= 3; g++)
        start[g] = g * n / 3;
    for (size_t i = 0; i < n; i++)
        values[i] = (double)(1 + random_below(&stream, 30)) * (i < n / 3       ? 1
                                                               : i < 2 * n / 3 ? 9
                                                                               : 80);
}

/* The largest value may be as the others, or so large that next to it they are nothing. */
static void leave_each_out(double largest) {
    enum { N = 48, THREE = 3, PARTS = THREE + PARTS_SUMS };
    double values[N], sum[PARTS][PARTS_MEASURES] = {{0}}, squares[PARTS][PARTS_MEASURES] = {{0}};
    size_t start[THREE + 1];
    struct parts_of found[PARTS], without[PARTS];
    draw(values, N, start);
    values[N - 1] = fmax(values[N - 1], largest);
    measure(values, start, THREE, found);
    for (size_t k = 0; k < N; k++) {
        measure_without(values, start, THREE, k, without);
        for (size_t part = 0; part < PARTS; part++)
            for (size_t i = 0; i < PARTS_MEASURES; i++) {
                double value = without[part].found[i].value - found[part].found[i].value;
                sum[part][i] += value;
                squares[part][i] += value * value;
            }
    }
    for (size_t part = 0; part < PARTS; part++)
        for (size_t i = 0; i < PARTS_MEASURES; i++) {
            double spread = squares[part][i] - sum[part][i] * sum[part][i] / N;
            if (parts_has(part, THREE, i))
                assert_near(found[part].found[i].error, sqrt((N - 1.0) / N * spread), 1e-6,
                            parts_name(i));
        }
}

static void jackknife_is_leaving_one_out(void **state) {
    (void)state;
    leave_each_out(0);
    leave_each_out(1e15);
}

/* Errors of both kinds agree, and do not depend on threads. */
static void bootstrap(void **state) {
    (void)state;
    enum { N = 3000, THREE = 3, PARTS = THREE + PARTS_SUMS, REPLICATIONS = 2000 };
    struct error err = {0};
    double *values = malloc(N * sizeof *values);
    size_t start[THREE + 1];
    struct parts_of quick[PARTS], one[PARTS], four[PARTS];
    draw(values, N, start);
    measure(values, start, THREE, quick);
    memset(one, 0, sizeof one);
    memset(four, 0, sizeof four);
    parts_bootstrap(values, start, THREE, 0.95, REPLICATIONS, 1, 0, 1, one, &err);
    parts_bootstrap(values, start, THREE, 0.95, REPLICATIONS, 1, 0, 4, four, &err);
    assert_int_equal(err.code, 0);
    assert_memory_equal(one, four, sizeof one);
    for (size_t part = 0; part < PARTS; part++)
        for (size_t i = 0; i < PARTS_MEASURES; i++)
            if (parts_has(part, THREE, i)) {
                /* A standard deviation of 2,000 draws: 1.6 %; five times that. */
                assert_near(one[part].found[i].error, quick[part].found[i].error, 0.08,
                            parts_name(i));
                assert_near(one[part].found[i].upper, quick[part].found[i].upper, 0.03,
                            parts_name(i));
            }
    free(values);
}

static void zeros_and_nothing(void **state) {
    (void)state;
    static const double zeros[] = {0, 0, 0, 4, 5, 6}, none[] = {0, 0, 0, 0};
    static const size_t start[] = {0, 3, 6}, two[] = {0, 2, 4}, empty[] = {0, 0, 0};
    struct parts_of parts[2 + PARTS_SUMS];
    measure(zeros, start, 2, parts);
    const struct inequality_estimate *all = parts[2 + PARTS_ALL].found;
    assert_true(isnan(parts[0].found[PARTS_T].value) && parts[0].found[PARTS_OF_T].value == 0);
    /* T of half of them with everything, nearly alike: ln 2 and a little. */
    assert_near(parts[2 + PARTS_BETWEEN].found[PARTS_OF_T].value, log(2), 1e-14, "between");
    assert_true(all[PARTS_T].value > log(2) && isfinite(all[PARTS_T].error));
    assert_true(isnan(all[PARTS_L].value) && isnan(all[PARTS_L].error));
    assert_true(isnan(parts[2 + PARTS_BETWEEN].found[PARTS_OF_L].value));
    measure(none, two, 2, parts);
    assert_true(isnan(parts[2 + PARTS_ALL].found[PARTS_T].value));
    measure(none, empty, 2, parts);
    assert_true(isnan(parts[0].found[PARTS_CREATORS].value) && parts[0].n == 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parts_add_up),
        cmocka_unit_test(groups_of_one_and_none),
        cmocka_unit_test(jackknife_is_leaving_one_out),
        cmocka_unit_test(bootstrap),
        cmocka_unit_test(zeros_and_nothing),
    };
    return cmocka_run_group_tests_name("creators-inequality-parts", tests, NULL, NULL);
}
