/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Power-law tails: published fits, R's, GSL's zeta, the slow way, recovery. */
#include "creators/tail.h"

#include "base/random.h"
#include <gsl/gsl_sf_zeta.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

static void assert_near(double found, double expected, double tolerance, const char *what) {
    if (!(fabs(found - expected) <= tolerance * fabs(expected)))
        fail_msg("%s: found %.17g, expected %.17g", what, found, expected);
}

/* log zeta against GSL's; its derivatives against differences of step h: h^2 and 1e-16 / h. */
static void zeta(void **state) {
    (void)state;
    const double h = 1e-4;
    for (double s = 1.2; s < 40; s *= 1.3)
        for (double q = 1; q < 1e7; q *= 7) {
            double first, second, here = tail_log_zeta(s, q, &first, &second);
            double up = tail_log_zeta(s + h, q, NULL, NULL),
                   down = tail_log_zeta(s - h, q, NULL, NULL);
            double direct = gsl_sf_hzeta(s, q);
            if (direct > 0 && isfinite(log(direct))) /* where GSL does not run out of range */
                assert_true(fabs(here - log(direct)) < 2e-13 * fmax(1, fabs(here)));
            assert_true(fabs(first - (up - down) / (2 * h)) <
                        1e-4 * fabs(first) + 1e-14 * fmax(1, fabs(here)) / h);
            assert_true(fabs(second - (up - 2 * here + down) / (h * h)) <
                        1e-3 * fabs(second) + 1e-15 * fmax(1, fabs(here)) / (h * h) * 20);
        }
    assert_near(tail_log_zeta(2, 1, NULL, NULL), log(M_PI * M_PI / 6), 1e-14, "Euler");
}

/* The continuous estimate of 1, e, e^2, e^3: 1 + 4/6; the distance by hand: with survival
 * exp(-2 y / 3) at y = 0 to 3 against 1, 3/4, 1/2, 1/4 and 3/4, 1/2, 1/4, 0. */
static void by_hand(void **state) {
    (void)state;
    struct error err = {0};
    struct tail_data data;
    const double values[] = {1, exp(1), exp(2), exp(3)};
    assert_int_equal(tail_begin(&data, values, 4, TAIL_CONTINUOUS, &err), 0);
    struct tail_fit fit = tail_fit_from(&data, 0);
    assert_near(fit.alpha, 5.0 / 3, 1e-14, "alpha");
    assert_near(fit.error, 1.0 / 3, 1e-14, "error");
    assert_near(fit.ks, 0.25, 1e-14, "distance: just above 1");
    assert_near(tail_survival(&data, &fit, exp(3)), exp(-2), 1e-14, "survival");
    tail_end(&data);
}

static int compare_doubles(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Lognormal below, a power law above, so that the search has something to find. */
static double *draw(size_t n, bool whole, uint32_t seed) {
    double *values = malloc(n * sizeof *values);
    struct random_stream stream;
    assert_non_null(values);
    random_open(&stream, seed, 0, 0, 0, 0);
    for (size_t i = 0; i < n; i++) {
        double u = random_uniform_open(&stream);
        double x = random_uniform(&stream) < 0.3 ? 50 * pow(u, -1 / 1.4) : 1 + 49 * u;
        values[i] = whole ? floor(x + 0.5) : x;
    }
    qsort(values, n, sizeof *values, compare_doubles);
    return values;
}

/* Every candidate, every point. */
static struct tail_fit search_slowly(const struct tail_data *data, size_t least) {
    struct tail_fit best = {.ks = INFINITY};
    for (size_t first = 0; first + 1 < data->distinct; first++) {
        if (data->above[first] < (double)least)
            continue;
        struct tail_fit fit = tail_fit_from(data, first);
        fit.ks = 0;
        for (size_t i = first; i < data->distinct; i++) {
            double x = data->values[i], from = tail_survival(data, &fit, x);
            double beyond = data->kind == TAIL_DISCRETE ? tail_survival(data, &fit, x + 1) : from;
            fit.ks = fmax(fit.ks, fmax(fabs(data->above[i] / fit.n - from),
                                       fabs(data->above[i + 1] / fit.n - beyond)));
        }
        if (fit.ks < best.ks)
            best = fit;
    }
    return best;
}

static void quick_search_is_the_slow_one(void **state) {
    (void)state;
    struct error err = {0};
    for (uint32_t seed = 1; seed <= 12; seed++) {
        enum tail_kind kind = seed % 2 ? TAIL_DISCRETE : TAIL_CONTINUOUS;
        size_t n = 60 * seed;
        double *values = draw(n, kind == TAIL_DISCRETE, seed);
        struct tail_data data;
        struct tail_fit found;
        assert_int_equal(tail_begin(&data, values, n, kind, &err), 0);
        tail_find(&data, 10, &found);
        struct tail_fit wanted = search_slowly(&data, 10);
        assert_true(found.found && found.first == wanted.first);
        /* The slow way has no starting value for alpha: the last digits may differ. */
        assert_near(found.alpha, wanted.alpha, 1e-12, "alpha");
        assert_near(found.ks, wanted.ks, 1e-10, "distance");
        tail_end(&data);
        free(values);
    }
}

/* Drawn with alpha 2.4 from 50 on: found within four errors, and not refused. */
static void recovery(void **state) {
    (void)state;
    struct error err = {0};
    size_t n = 20000;
    double *values = draw(n, true, 99), p;
    struct tail_data data;
    struct tail_fit fit;
    struct tail_comparison versus[TAIL_ALTERNATIVES];
    assert_int_equal(tail_begin(&data, values, n, TAIL_DISCRETE, &err), 0);
    tail_find(&data, 10, &fit);
    assert_true(fabs(fit.alpha - 2.4) < 4 * fit.error);
    assert_true(fit.xmin >= 45 && fit.xmin < 200);
    assert_int_equal(tail_goodness(&data, &fit, 10, 50, 1, 0, 2, &p, &err), 0);
    assert_true(p > 0.1);
    double again;
    assert_int_equal(tail_goodness(&data, &fit, 10, 50, 1, 0, 1, &again, &err), 0);
    assert_true(p == again); /* for any number of threads */
    assert_int_equal(tail_compare(&data, &fit, versus, &err), 0);
    assert_true(versus[TAIL_EXPONENTIAL].normalised > 5);
    assert_true(versus[TAIL_TRUNCATED].p > 0.01);
    tail_end(&data);
    /* An exponential distribution is found out. */
    struct random_stream stream;
    random_open(&stream, 3, 0, 0, 0, 0);
    for (size_t i = 0; i < n; i++)
        values[i] = 1 - 20 * log(random_uniform_open(&stream));
    qsort(values, n, sizeof *values, compare_doubles);
    assert_int_equal(tail_begin(&data, values, n, TAIL_CONTINUOUS, &err), 0);
    fit = tail_fit_from(&data, 0);
    assert_int_equal(tail_compare(&data, &fit, versus, &err), 0);
    assert_true(versus[TAIL_EXPONENTIAL].normalised < -5);
    assert_true(versus[TAIL_TRUNCATED].p < 1e-10);
    assert_near(versus[TAIL_EXPONENTIAL].parameters[0], 0.05, 0.05, "lambda");
    tail_end(&data);
    free(values);
}

static void nothing_to_fit(void **state) {
    (void)state;
    struct error err = {0};
    struct tail_data data;
    struct tail_fit fit;
    struct tail_comparison versus[TAIL_ALTERNATIVES];
    static const double equal[] = {5, 5, 5, 5};
    double p;
    for (size_t n = 0; n <= 4; n += 4) {
        assert_int_equal(tail_begin(&data, equal, n, TAIL_DISCRETE, &err), 0);
        tail_find(&data, 2, &fit);
        assert_true(!fit.found && isnan(fit.alpha));
        assert_int_equal(tail_goodness(&data, &fit, 2, 10, 1, 0, 1, &p, &err), 0);
        assert_int_equal(tail_compare(&data, &fit, versus, &err), 0);
        assert_true(isnan(p) && isnan(versus[TAIL_LOGNORMAL].p));
        tail_end(&data);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(zeta),
        cmocka_unit_test(by_hand),
        cmocka_unit_test(quick_search_is_the_slow_one),
        cmocka_unit_test(recovery),
        cmocka_unit_test(nothing_to_fit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
