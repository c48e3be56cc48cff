/* SPDX-License-Identifier: GPL-3.0-or-later */
/* State-space models: published fits of the Nile, the likelihood without a filter, paths against
 * the exact distribution, boundaries, what cannot be fitted. */
#include "revenue/impact-space.h"

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

static const struct impact_space_options level = {.confidence = 0.95, .plug_in = true};

static struct impact_space *fit(const struct impact_series *series,
                                const struct impact_space_options *options,
                                struct impact_result *ret) {
    struct impact_space *space;
    struct error err = {0};
    if (impact_space_fit(series, options, &space, &err) || impact_space_report(space, ret, &err))
        fail_msg("%s", err.text);
    return space;
}

/* The Nile and one more year. */
static void longer_nile(double values[NILE + 1]) {
    memcpy(values, nile, sizeof nile);
    values[NILE] = 800;
}

/* Durbin & Koopman 2012, section 2.10.3: variances 15099 and 1469.1. Their diffuse log-likelihood
 * is the one here: R's KFAS::logLik gives -632.5456 for it. One year ahead: level 798.37, variance
 * of the forecast 5501.2 + 15099 (their a_101 and P_101: section 2.6). */
static void durbin_and_koopman(void **state) {
    (void)state;
    double values[NILE + 1];
    longer_nile(values);
    const struct impact_series series = series_of(values, NILE + 1, NILE, NULL, 0);
    struct impact_result result = {0};
    struct impact_space *space = fit(&series, &level, &result);
    assert_near(figure_of(&result, "variance_irregular")->of.value, 15099, 5e-5, "irregular");
    assert_near(figure_of(&result, "variance_level")->of.value, 1469.1, 1e-4, "level");
    assert_near(figure_of(&result, "log_likelihood")->of.value, -632.5456, 1e-6, "likelihood");
    assert_near(figure_of(&result, "level_at_event")->of.value, 798.37, 1e-4, "forecast");
    impact_result_free(&result);
    impact_space_destroy(space);
}

/* R 4.2.2, the dense normal likelihood of tests/truth/arpu-impact.R (dense), on Nile. */
static void likelihood_without_a_filter(void **state) {
    (void)state;
    static const struct {
        bool trend;
        double variances[3], expected;
    } from_r[] = {
        {false, {1000, 200, 0}, -1114.83357496434}, {false, {20000, 1, 0}, -653.562769729346},
        {false, {1, 5000, 0}, -789.616120620516},   {true, {1000, 200, 3}, -1100.86225424372},
        {true, {20000, 1, 0.5}, -632.628292171657},
    };
    double values[NILE + 1];
    longer_nile(values);
    const struct impact_series series = series_of(values, NILE + 1, NILE, NULL, 0);
    for (size_t i = 0; i < sizeof from_r / sizeof *from_r; i++) {
        const struct impact_space_options options = {
            .trend = from_r[i].trend, .confidence = 0.95, .plug_in = true};
        struct impact_result result = {0};
        struct impact_space *space = fit(&series, &options, &result);
        assert_near(impact_space_likelihood(space, from_r[i].variances), from_r[i].expected, 1e-11,
                    "likelihood");
        impact_result_free(&result);
        impact_space_destroy(space);
    }
}

/* A level that wanders and a control; the event changes nothing. */
enum { LONG = 90, BEFORE = 60 };
static void draw_series(uint32_t which, double *values, double *control) {
    struct random_stream stream;
    random_open(&stream, 7, 0, which, 0, 0);
    gsl_rng *rng = random_gsl(&stream);
    double at = 100;
    for (int t = 0; t < LONG; t++) {
        at += gsl_ran_gaussian(rng, 1);
        control[t] = 5 * sin(t) + gsl_ran_gaussian(rng, 1);
        values[t] = at + 2 * control[t] + gsl_ran_gaussian(rng, 2);
    }
}

/* 4,000 paths have the mean and the variance, of single periods and of the sum, that the filter
 * gives exactly: within four standard errors of a mean and of a variance. */
static void paths_are_of_the_distribution(void **state) {
    (void)state;
    enum { DRAWS = 4000, AFTER = LONG - BEFORE };
    double values[LONG], control[LONG], path[AFTER];
    double sums[AFTER + 1] = {0}, squares[AFTER + 1] = {0};
    draw_series(0, values, control);
    const struct impact_series series = series_of(values, LONG, BEFORE, control, 1);
    for (int trend = 0; trend < 2; trend++) {
        static const char *const names[] = {"x"};
        const struct impact_space_options options = {
            .trend = trend, .confidence = 0.95, .plug_in = true, .control_names = names};
        struct impact_result result = {0};
        struct error err = {0};
        struct impact_space *space = fit(&series, &options, &result);
        double exact[AFTER + 1], error[AFTER + 1];
        exact[AFTER] = error[AFTER] = 0;
        for (int t = 0; t < AFTER; t++) {
            const struct impact_period *period = &result.periods[BEFORE + t];
            sums[t] = squares[t] = 0;
            exact[t] = period->expected.value;
            error[t] = (period->expected.upper - period->expected.lower) / 2 / 1.959963984540054;
            exact[AFTER] += exact[t];
        }
        sums[AFTER] = squares[AFTER] = 0;
        error[AFTER] = figure_of(&result, "effect_cumulative")->error;
        for (uint32_t draw = 0; draw < DRAWS; draw++) {
            double total = -exact[AFTER];
            assert_int_equal(impact_space_path(space, 1, draw, path, &err), 0);
            for (int t = 0; t <= AFTER; t++) {
                const double left = t < AFTER ? path[t] - exact[t] : total;
                total += t < AFTER ? path[t] : 0;
                sums[t] += left;
                squares[t] += left * left;
            }
        }
        for (int t = 0; t <= AFTER; t++) {
            assert_true(fabs(sums[t] / DRAWS) < 4 * error[t] / sqrt(DRAWS));
            assert_true(fabs(squares[t] / DRAWS / (error[t] * error[t]) - 1) <
                        4 * sqrt(2.0 / DRAWS));
        }
        impact_result_free(&result);
        impact_space_destroy(space);
    }
}

/* With the error of the variances: of 4,000 paths 95 % lie within the bounds of a period, and their
 * sums within those of the sum, and half of the others below, to within four standard errors. */
static void paths_hold_the_error_of_the_variances(void **state) {
    (void)state;
    enum { DRAWS = 4000, AFTER = LONG - BEFORE };
    double values[LONG], control[LONG], path[AFTER];
    draw_series(1, values, control);
    const struct impact_series series = series_of(values, LONG, BEFORE, control, 1);
    for (int trend = 0; trend < 2; trend++) {
        static const char *const names[] = {"x"};
        const struct impact_space_options options = {
            .trend = trend, .confidence = 0.95, .control_names = names};
        struct impact_result result = {0};
        struct error err = {0};
        struct impact_space *space = fit(&series, &options, &result);
        double below[AFTER + 1] = {0}, above[AFTER + 1] = {0}, actual = 0;
        for (int t = BEFORE; t < LONG; t++)
            actual += values[t];
        const struct impact_bounds effect = figure_of(&result, "effect_cumulative")->of;
        for (uint32_t draw = 0; draw < DRAWS; draw++) {
            double total = 0;
            assert_int_equal(impact_space_path(space, 1, draw, path, &err), 0);
            for (int t = 0; t < AFTER; t++) {
                const struct impact_bounds expected = result.periods[BEFORE + t].expected;
                total += path[t];
                below[t] += path[t] < expected.lower;
                above[t] += path[t] > expected.upper;
            }
            below[AFTER] += total < actual - effect.upper;
            above[AFTER] += total > actual - effect.lower;
        }
        for (int t = 0; t <= AFTER; t++) {
            assert_true(fabs(below[t] / DRAWS - 0.025) < 4 * sqrt(0.025 * 0.975 / DRAWS));
            assert_true(fabs(above[t] / DRAWS - 0.025) < 4 * sqrt(0.025 * 0.975 / DRAWS));
        }
        impact_result_free(&result);
        impact_space_destroy(space);
    }
}

/* At the boundary, where plugging in takes the level as fixed, it may wander after all; where there
 * is much before the event the two agree. */
static void integrating_is_wider(void **state) {
    (void)state;
    enum { MANY = 800 };
    static const struct impact_space_options integrated = {.confidence = 0.95};
    double values[MANY + 5];
    struct random_stream stream;
    random_open(&stream, 8, 0, 0, 0, 0);
    double at = 0;
    for (int t = 0; t < MANY + 5; t++) {
        at += gsl_ran_gaussian(random_gsl(&stream), 1);
        values[t] = at + gsl_ran_gaussian(random_gsl(&stream), 1);
    }
    const struct impact_series few = series_of(nile, NILE_EVENT + 10, NILE_EVENT, NULL, 0),
                               many = series_of(values, MANY + 5, MANY, NULL, 0);
    const struct impact_series *const both[] = {&few, &many};
    for (int k = 0; k < 2; k++) {
        struct impact_result plain = {0}, wide = {0};
        struct impact_space *one = fit(both[k], &level, &plain),
                            *other = fit(both[k], &integrated, &wide);
        const struct impact_bounds a = figure_of(&plain, "effect_mean")->of,
                                   b = figure_of(&wide, "effect_mean")->of;
        const double ratio = (b.upper - b.lower) / (a.upper - a.lower);
        assert_true(k == 0 ? ratio > 1.3 && ratio < 4 : ratio > 0.99 && ratio < 1.03);
        assert_int_equal(wide.n_warnings, 0);
        impact_result_free(&plain);
        impact_result_free(&wide);
        impact_space_destroy(one);
        impact_space_destroy(other);
    }
}

/* Pure noise: the level does not wander, its variance is 0 with an end above, and that is said. */
static void a_variance_at_its_boundary(void **state) {
    (void)state;
    const struct impact_series series = series_of(nile, NILE, NILE_EVENT, NULL, 0);
    struct impact_result result = {0};
    struct impact_space *space = fit(&series, &level, &result);
    const struct impact_figure *figure = figure_of(&result, "variance_level");
    assert_true(figure->of.value == 0 && figure->of.lower == 0 && isnan(figure->error));
    /* R: uniroot on the profile of the dense likelihood, lowered by qchisq(0.9, 1) / 2. */
    assert_near(figure->of.upper, 4720.31346, 1e-5, "upper end");
    /* Then it is the mean of 28 years: R's sd(Nile[1:28])^2 and its mean, t-free. */
    assert_near(figure_of(&result, "variance_irregular")->of.value, 18223.972222, 1e-6, "variance");
    assert_near(figure_of(&result, "level_at_event")->of.value, 1097.75, 1e-9, "mean");
    assert_int_equal(result.n_warnings, 1);
    assert_non_null(strstr(result.warnings[0].bytes, "no wandering of the level was seen"));
    impact_result_free(&result);
    impact_space_destroy(space);
}

static void unfit(const double *values, size_t n, size_t event, const double *controls,
                  size_t n_controls, const char *words) {
    const struct impact_series series = series_of(values, n, event, controls, n_controls);
    struct impact_space *space;
    struct error err = {0};
    assert_int_equal(impact_space_fit(&series, &level, &space, &err), ERROR_DATA);
    assert_null(space);
    if (!strstr(err.text, words))
        fail_msg("found '%s', expected '%s'", err.text, words);
}

static void what_cannot_be_fitted(void **state) {
    (void)state;
    double flat[20], same[20], missing[20];
    for (int t = 0; t < 20; t++) {
        flat[t] = 0.1;
        same[t] = 3;
        missing[t] = t < 10 ? nile[t] : NAN;
    }
    unfit(nile, 20, 4, NULL, 0,
          "found 4 periods with values, expected at least 5 for the 3 numbers");
    unfit(flat, 20, 10, NULL, 0, "the series does not vary before the event");
    unfit(nile, 20, 10, same, 1, "a season or control cannot be told from the level");
    unfit(missing, 20, 10, NULL, 0, "found no period with a value after the event");
}

/* Multiplying the series changes nothing but the unit. */
static void units_do_not_matter(void **state) {
    (void)state;
    double small[NILE], controls[NILE], large_controls[NILE];
    for (int t = 0; t < NILE; t++) {
        small[t] = nile[t] * 1e-9;
        controls[t] = cos(t);
        large_controls[t] = 1e9 + 1e6 * cos(t);
    }
    static const char *const names[] = {"x"};
    const struct impact_space_options options = {.confidence = 0.95, .control_names = names};
    const struct impact_series a = series_of(nile, NILE, NILE_EVENT, controls, 1);
    const struct impact_series b = series_of(small, NILE, NILE_EVENT, large_controls, 1);
    struct impact_result first = {0}, second = {0};
    struct impact_space *one = fit(&a, &options, &first), *other = fit(&b, &options, &second);
    assert_near(figure_of(&second, "effect_cumulative")->of.lower,
                1e-9 * figure_of(&first, "effect_cumulative")->of.lower, 1e-6, "unit");
    assert_near(figure_of(&second, "control x")->of.value,
                1e-15 * figure_of(&first, "control x")->of.value, 1e-6, "coefficient");
    impact_result_free(&first);
    impact_result_free(&second);
    impact_space_destroy(one);
    impact_space_destroy(other);
}

int main(void) {
    gsl_set_error_handler_off();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(durbin_and_koopman),
        cmocka_unit_test(likelihood_without_a_filter),
        cmocka_unit_test(paths_are_of_the_distribution),
        cmocka_unit_test(paths_hold_the_error_of_the_variances),
        cmocka_unit_test(integrating_is_wider),
        cmocka_unit_test(a_variance_at_its_boundary),
        cmocka_unit_test(what_cannot_be_fitted),
        cmocka_unit_test(units_do_not_matter),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
