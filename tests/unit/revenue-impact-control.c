/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Synthetic control: weights by hand and against R, a truth that is known, placebos, few periods.
 */
#include "revenue/impact-control.h"

#include "base/random.h"
#include "revenue/impact-hull.h"
#include <gsl/gsl_randist.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "series.h"

/* ---- Weights --------------------------------------------------------------------------------- */

static void nearest(const double *gram, size_t n, double *weights, struct hull_fit *fit) {
    struct error err = {0};
    assert_int_equal(hull_nearest(gram, n, weights, fit, &err), 0);
}

static void hulls_by_hand(void **state) {
    (void)state;
    double w[3];
    struct hull_fit fit;
    /* (1, 0) and (0, 1): half way. (2, 0) and (0, 1): 1/5 and 4/5, at distance 2/sqrt 5. */
    nearest((const double[]){1, 0, 0, 1}, 2, w, &fit);
    assert_near(w[0], 0.5, 1e-15, "w");
    assert_near(fit.squares, 0.5, 1e-15, "squares");
    assert_true(fit.unique && fit.gap < 1e-14);
    nearest((const double[]){4, 0, 0, 1}, 2, w, &fit);
    assert_near(w[0], 0.2, 1e-14, "w");
    assert_near(fit.squares, 0.8, 1e-14, "squares");
    /* (1, 1) and (2, 3): the first by itself. */
    nearest((const double[]){2, 5, 5, 13}, 2, w, &fit);
    assert_true(w[0] == 1 && w[1] == 0 && fit.unique);
    /* -1 and 1 on a line: the origin, exactly one way; with a third at 0.5 in many. */
    nearest((const double[]){1, -1, -1, 1}, 2, w, &fit);
    assert_true(fit.squares < 1e-15 && fit.unique);
    nearest((const double[]){1, -1, -0.5, -1, 1, 0.5, -0.5, 0.5, 0.25}, 3, w, &fit);
    assert_true(fit.squares < 1e-15 && !fit.unique);
    /* The same point twice. */
    nearest((const double[]){1, 1, 1, 1}, 2, w, &fit);
    assert_true(!fit.unique);
    assert_near(w[0] + w[1], 1, 1e-15, "sum");
    nearest((const double[]){0}, 1, w, &fit);
    assert_true(w[0] == 1 && fit.squares == 0);
}

/* 300 random hulls of up to 40 points in up to 30 dimensions: the certificate says that nothing
 * better exists, and weights are weights. */
static void random_hulls_are_certified(void **state) {
    (void)state;
    enum { MOST = 40, DIMENSIONS = 30 };
    double points[MOST * DIMENSIONS], gram[MOST * MOST], w[MOST];
    for (uint32_t trial = 0; trial < 300; trial++) {
        struct random_stream stream;
        struct hull_fit fit;
        random_open(&stream, 3, 0, trial, 0, 0);
        gsl_rng *rng = random_gsl(&stream);
        const size_t n = 1 + random_below(&stream, MOST), d = 1 + random_below(&stream, DIMENSIONS);
        const double away = trial % 3;
        for (size_t i = 0; i < n * d; i++)
            points[i] = away + gsl_ran_gaussian(rng, 1);
        double scale = 0, sum = 0;
        for (size_t i = 0; i < n; i++)
            for (size_t j = 0; j < n; j++) {
                gram[i * n + j] = 0;
                for (size_t k = 0; k < d; k++)
                    gram[i * n + j] += points[i * d + k] * points[j * d + k];
                scale = fmax(scale, gram[i * n + j]);
            }
        nearest(gram, n, w, &fit);
        for (size_t i = 0; i < n; i++) {
            assert_true(w[i] >= 0);
            sum += w[i];
        }
        assert_near(sum, 1, 1e-12, "sum");
        if (!(fit.gap <= 1e-10 * scale))
            fail_msg("trial %u, %zu points, %zu dimensions: gap %g of %g", trial, n, d, fit.gap,
                     scale);
    }
}

/* ---- A truth that is known ------------------------------------------------------------------- */

enum { PERIODS = 60, EVENT = 40, CONTROLS = 6 };

/* Two factors and noise; the series is half of the first control and half of the second, and falls
 * by `effect` at the event. */
static void draw_panel(uint32_t which, double effect, double *y, double *x) {
    struct random_stream stream;
    random_open(&stream, 5, 0, which, 0, 0);
    gsl_rng *rng = random_gsl(&stream);
    double loads[CONTROLS][2], wander = 0;
    for (int j = 0; j < CONTROLS; j++)
        for (int f = 0; f < 2; f++)
            loads[j][f] = 0.5 + random_uniform(&stream);
    for (int t = 0; t < PERIODS; t++) {
        wander += gsl_ran_gaussian(rng, 2);
        double level[2] = {wander, 10 * sin(t / 3.0)};
        double mine = 0;
        for (int j = 0; j < CONTROLS; j++) {
            const double clean = 100 + loads[j][0] * level[0] + loads[j][1] * level[1];
            x[t * CONTROLS + j] = clean + gsl_ran_gaussian(rng, 0.3);
            mine += j < 2 ? clean / 2 : 0;
        }
        y[t] = mine + gsl_ran_gaussian(rng, 0.3) + (t >= EVENT ? effect : 0);
    }
}

static const char *const names[] = {"A", "B", "C", "D", "E", "F"};
static const struct impact_control_options options = {
    .confidence = 0.95, .seed = 1, .threads = 2, .control_names = names};

static void weigh(const double *y, const double *x, size_t n_controls,
                  struct impact_result *result) {
    struct error err = {0};
    const struct impact_series series = series_of(y, PERIODS, EVENT, x, n_controls);
    if (impact_control(&series, &options, result, &err))
        fail_msg("%s", err.text);
}

/* 100 panels with an effect of -5: found within half a unit, always ranked first of seven, and 95 %
 * intervals of single periods hold it 95 times in 100. Of 2,000 that share noise within a panel;
 * three points to either side are beyond four standard errors of any such sharing. */
static void finds_the_truth(void **state) {
    (void)state;
    double y[PERIODS], x[PERIODS * CONTROLS];
    int held = 0, held_sum = 0, all = 0;
    for (uint32_t which = 0; which < 100; which++) {
        struct impact_result result = {0};
        draw_panel(which, -5, y, x);
        weigh(y, x, CONTROLS, &result);
        assert_true(fabs(figure_of(&result, "effect_mean")->of.value + 5) < 0.6);
        assert_near(figure_of(&result, "rmspe_ratio")->p, 1.0 / 7, 1e-12, "p in space");
        assert_true(fabs(figure_of(&result, "placebo_in_time")->of.value) < 0.6);
        for (int t = EVENT; t < PERIODS; t++, all++)
            held += result.periods[t].effect.lower <= -5 && result.periods[t].effect.upper >= -5;
        const struct impact_bounds sum = figure_of(&result, "effect_mean")->of;
        held_sum += sum.lower <= -5 && sum.upper >= -5;
        impact_result_free(&result);
    }
    if (held < 0.92 * all || held > 0.99 * all || held_sum < 88)
        fail_msg("%d of %d periods and %d of 100 means held", held, all, held_sum);
}

/* Without an effect p in time is small as seldom as it says. */
static void finds_nothing_where_nothing_is(void **state) {
    (void)state;
    double y[PERIODS], x[PERIODS * CONTROLS];
    int alarms = 0;
    for (uint32_t which = 0; which < 200; which++) {
        struct impact_result result = {0};
        draw_panel(1000 + which, 0, y, x);
        weigh(y, x, CONTROLS, &result);
        alarms += figure_of(&result, "effect_mean")->p <= 0.1;
        impact_result_free(&result);
    }
    if (alarms > 38) /* 20 expected; four standard errors */
        fail_msg("%d of 200 had p at most 0.1", alarms);
}

/* ---- What is doubtful ------------------------------------------------------------------------ */

static bool warns(const struct impact_result *result, const char *words) {
    for (size_t i = 0; i < result->n_warnings; i++)
        if (strstr(result->warnings[i].bytes, words))
            return true;
    return false;
}

static void doubts_are_said(void **state) {
    (void)state;
    double y[PERIODS], x[PERIODS * CONTROLS], twice[PERIODS * 2];
    struct impact_result result = {0};
    draw_panel(1, 0, y, x);
    for (int t = 0; t < PERIODS; t++) /* the same control twice */
        twice[2 * t] = twice[2 * t + 1] = x[t * CONTROLS];
    weigh(y, twice, 2, &result);
    assert_true(warns(&result, "the weights are not determined by the data"));
    impact_result_free(&result);
    for (int t = 0; t < PERIODS; t++) /* one that is the series itself, one that is far off */
        twice[2 * t] = y[t], twice[2 * t + 1] = 1000;
    weigh(y, twice, 2, &result);
    assert_true(warns(&result, "A has a weight of 1: what is expected rests on it alone"));
    impact_result_free(&result);
    for (int t = 0; t < PERIODS; t++) /* two that do not follow */
        twice[2 * t] = 100 + t % 2, twice[2 * t + 1] = 90 + t % 3;
    weigh(y, twice, 2, &result);
    assert_true(warns(&result, "the controls do not follow the series before the event"));
    impact_result_free(&result);
}

static void few_periods(void **state) {
    (void)state;
    double y[PERIODS], x[PERIODS * CONTROLS];
    struct impact_result result = {0};
    struct error err = {0};
    draw_panel(2, -5, y, x);
    struct impact_series series = series_of(y + 30, 20, 10, x + 30 * CONTROLS, CONTROLS);
    assert_int_equal(impact_control(&series, &options, &result, &err), 0);
    assert_true(isnan(result.periods[12].effect.lower) &&
                isfinite(result.periods[12].effect.value));
    assert_true(warns(&result, "10 periods before the event are too few for intervals at 95 %, "
                               "expected at least 19"));
    impact_result_free(&result);
    series = series_of(y, 20, 4, x, CONTROLS);
    assert_int_equal(impact_control(&series, &options, &result, &err), ERROR_DATA);
    assert_non_null(strstr(err.text, "found 4 periods with all values, expected at least 5"));
    err.code = 0;
    series = series_of(y, PERIODS, EVENT, x, 1);
    assert_int_equal(impact_control(&series, &options, &result, &err), ERROR_DATA);
    assert_non_null(strstr(err.text, "found 1 controls, expected at least two"));
}

/* A period in which a control is missing takes no part. */
static void missing_controls(void **state) {
    (void)state;
    double y[PERIODS], x[PERIODS * CONTROLS];
    struct impact_result result = {0};
    draw_panel(3, -5, y, x);
    x[10 * CONTROLS + 4] = x[50 * CONTROLS] = y[45] = NAN;
    weigh(y, x, CONTROLS, &result);
    assert_true(figure_of(&result, "periods_missing")->of.value == 3);
    assert_true(isnan(result.periods[10].expected.value) && isnan(result.periods[50].effect.value));
    assert_near(figure_of(&result, "effect_cumulative")->of.value,
                18 * figure_of(&result, "effect_mean")->of.value, 1e-12, "sum");
    impact_result_free(&result);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hulls_by_hand),    cmocka_unit_test(random_hulls_are_certified),
        cmocka_unit_test(finds_the_truth),  cmocka_unit_test(finds_nothing_where_nothing_is),
        cmocka_unit_test(doubts_are_said),  cmocka_unit_test(few_periods),
        cmocka_unit_test(missing_controls),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
