/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How often the bounds of arpu-impact hold the truth over 1,000 simulated series in which the event
 * does nothing: 95 % bounds of the effect of a single period, of the mean effect, and of what is
 * fitted. State spaces both with the error of their variances and with the variances plugged in,
 * which shows what the former is for. */
#include "revenue/impact-ar1.h"
#include "revenue/impact-regression.h"
#include "revenue/impact-space.h"

#include "base/random.h"
#include <gsl/gsl_cdf.h>
#include <gsl/gsl_errno.h>
#include <gsl/gsl_randist.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "series.h"

enum { RUNS = 1000, AFTER = 10, LONGEST = 400 };

/* 0 is held by the bounds of so many of the runs. */
struct held {
    int first, last, mean; /* effects of the first and last period after, and of all */
};

static void look(const struct impact_result *result, const struct impact_series *series,
                 struct held *held) {
    const struct impact_bounds first = result->periods[series->event].effect,
                               last = result->periods[series->n - 1].effect,
                               mean = figure_of(result, "effect_mean")->of;
    held->first += first.lower <= 0 && 0 <= first.upper;
    held->last += last.lower <= 0 && 0 <= last.upper;
    held->mean += mean.lower <= 0 && 0 <= mean.upper;
}

static void assert_between(const char *what, int found, int least, int most) {
    if (found < least || found > most)
        fail_msg("%s: held %d times of %d, expected %d to %d", what, found, RUNS, least, most);
}

/* ---- Interrupted time series ------------------------------------------------------------------
 */

enum { COLUMNS = 4 }; /* constant, trend, change of level, change of slope */

enum { RULE, NEWEY_WEST, ANDREWS, KERN_HAC, REML, INTEGRATED, ERRORS };
static const char *const names_of_errors[ERRORS] = {"rule",    "newey-west", "andrews",
                                                    "kernHAC", "ar1-reml",   "ar1"};
static const struct hac_options hac_of[REML] = {
    [RULE] = HAC_DEFAULTS,
    [NEWEY_WEST] = {.bandwidth = HAC_NEWEY_WEST, .adjust = true},
    [ANDREWS] = {.bandwidth = HAC_ANDREWS, .adjust = true},
    [KERN_HAC] = {.kernel = HAC_QUADRATIC_SPECTRAL,
                  .bandwidth = HAC_ANDREWS,
                  .prewhiten = true,
                  .adjust = true},
};

/* e_t = ar[0] e_(t-1) + ar[1] e_(t-2) + u_t, and white noise beside it; `later` multiplies what
 * comes after the event. */
struct noise {
    double ar[2], white, later;
};

static void draw_noise(const struct noise *noise, size_t n, size_t event, uint32_t run,
                       double *ret) {
    enum { BEFORE = 200 }; /* until it has forgotten its start */
    struct random_stream stream;
    random_open(&stream, 21, run, 0, 0, 0);
    gsl_rng *rng = random_gsl(&stream);
    double last = 0, before_last = 0;
    for (size_t t = 0; t < BEFORE + n; t++) {
        const double now =
            noise->ar[0] * last + noise->ar[1] * before_last + gsl_ran_gaussian(rng, 1);
        before_last = last;
        last = now;
        if (t >= BEFORE)
            ret[t - BEFORE] = (now + gsl_ran_gaussian(rng, noise->white)) *
                              (noise->later > 0 && t - BEFORE >= event ? noise->later : 1);
    }
}

/* How many of the runs hold the changes of level and slope, -5 and -0.1, and what was to be on
 * average after the event. */
struct coverage {
    int changes[ERRORS][2], mean[ERRORS];
};

static bool held_by(struct impact_answer answer, double truth) {
    return answer.lower <= truth && truth <= answer.upper;
}

static void count_autoregressive(const struct impact_fit *fit, const double *x, size_t event,
                                 const double *calm, enum ar1_method method, int changes[2],
                                 int *mean) {
    size_t positions[LONGEST];
    struct ar1 ar1;
    struct ar1_sum sum;
    struct error err = {0};
    double total = 0;
    for (size_t t = 0; t < fit->n; t++)
        positions[t] = t;
    assert_int_equal(ar1_fit(fit, x, positions, method, &ar1, &err), 0);
    changes[0] += held_by(ar1_coefficient(&ar1, 2, 0.95), -5);
    changes[1] += held_by(ar1_coefficient(&ar1, 3, 0.95), -0.1);
    assert_int_equal(ar1_sum_begin(&ar1, x + (event - 1) * COLUMNS, &sum, &err), 0);
    for (size_t t = event; t < fit->n; t++) {
        const double columns[COLUMNS] = {1, (double)t, 0, 0};
        ar1_sum_add(&ar1, &sum, columns, t - event + 1);
        total += calm[t];
    }
    *mean += held_by(ar1_sum_answer(&ar1, &sum, 0.95, total), total);
    ar1_sum_free(&sum);
    ar1_free(&ar1);
}

static void count_run(const struct noise *noise, size_t n, size_t event, uint32_t run,
                      struct coverage *ret) {
    double x[LONGEST * COLUMNS], values[LONGEST], calm[LONGEST] = {0};
    const double reach = gsl_cdf_tdist_Qinv(0.025, (double)(n - COLUMNS));
    struct impact_fit fit = {0};
    struct error err = {0};
    size_t dependent;
    draw_noise(noise, n, event, run, calm);
    for (size_t t = 0; t < n; t++) {
        const double since = (double)t - (double)event, after = since >= 0;
        const double row[COLUMNS] = {1, (double)t, after, after * since};
        memcpy(x + COLUMNS * t, row, sizeof row);
        calm[t] += 50 + 0.3 * (double)t;
        values[t] = calm[t] - after * (5 + 0.1 * since);
    }
    assert_int_equal(impact_fit_least_squares(x, values, n, COLUMNS, &fit, &dependent, &err), 0);
    for (int e = 0; e < REML; e++) {
        double covariance[COLUMNS * COLUMNS], bandwidth;
        assert_int_equal(hac_covariance(&fit, x, &hac_of[e], covariance, &bandwidth, &err), 0);
        for (int k = 0; k < 2; k++)
            ret->changes[e][k] += fabs(fit.coefficients[2 + k] - (k == 0 ? -5 : -0.1)) <=
                                  reach * sqrt(covariance[(2 + k) * (COLUMNS + 1)]);
    }
    for (int e = REML; e < ERRORS; e++)
        count_autoregressive(&fit, x, event, calm, e == REML ? AR1_REML : AR1_INTEGRATED,
                             ret->changes[e], &ret->mean[e]);
    impact_fit_free(&fit);
}

/* What docs/arpu-impact.md says: level and slope by each kind of errors, and the mean by ar1. */
struct row {
    const char *what;
    struct noise noise;
    size_t n;
    int expected[ERRORS][2], mean;
};

static const struct row rows[] = {
    {"AR(1) 0",
     {{0, 0}, 0, 0},
     24,
     {{847, 796}, {677, 634}, {850, 811}, {846, 782}, {953, 964}, {959, 972}},
     972},
    {"AR(1) 0.3",
     {{0.3, 0}, 0, 0},
     24,
     {{803, 715}, {667, 600}, {838, 747}, {835, 719}, {942, 959}, {947, 969}},
     975},
    {"AR(1) 0.6",
     {{0.6, 0}, 0, 0},
     24,
     {{757, 590}, {661, 514}, {775, 618}, {803, 625}, {930, 957}, {941, 958}},
     964},
    {"AR(1) 0.9",
     {{0.9, 0}, 0, 0},
     24,
     {{648, 405}, {611, 384}, {647, 424}, {739, 473}, {936, 928}, {934, 862}},
     875},
    {"AR(1) 0",
     {{0, 0}, 0, 0},
     40,
     {{849, 825}, {669, 659}, {880, 864}, {871, 867}, {947, 953}, {949, 960}},
     953},
    {"AR(1) 0.3",
     {{0.3, 0}, 0, 0},
     40,
     {{788, 763}, {645, 648}, {826, 806}, {852, 828}, {942, 949}, {951, 962}},
     959},
    {"AR(1) 0.6",
     {{0.6, 0}, 0, 0},
     40,
     {{710, 667}, {648, 603}, {717, 682}, {831, 779}, {937, 951}, {951, 963}},
     962},
    {"AR(1) 0.9",
     {{0.9, 0}, 0, 0},
     40,
     {{624, 437}, {600, 427}, {609, 428}, {801, 613}, {956, 941}, {941, 883}},
     909},
    {"AR(1) 0",
     {{0, 0}, 0, 0},
     120,
     {{914, 897}, {850, 820}, {936, 924}, {936, 919}, {954, 949}, {956, 949}},
     952},
    {"AR(1) 0.3",
     {{0.3, 0}, 0, 0},
     120,
     {{895, 865}, {848, 825}, {901, 877}, {932, 908}, {950, 948}, {951, 949}},
     954},
    {"AR(1) 0.6",
     {{0.6, 0}, 0, 0},
     120,
     {{823, 786}, {798, 784}, {818, 780}, {909, 884}, {944, 951}, {949, 953}},
     952},
    {"AR(1) 0.9",
     {{0.9, 0}, 0, 0},
     120,
     {{615, 480}, {658, 515}, {630, 478}, {848, 754}, {944, 956}, {946, 950}},
     954},
    {"AR(1) 0",
     {{0, 0}, 0, 0},
     400,
     {{937, 926}, {921, 900}, {942, 945}, {947, 936}, {956, 951}, {955, 951}},
     952},
    {"AR(1) 0.3",
     {{0.3, 0}, 0, 0},
     400,
     {{921, 911}, {912, 895}, {922, 910}, {947, 936}, {957, 949}, {956, 948}},
     953},
    {"AR(1) 0.6",
     {{0.6, 0}, 0, 0},
     400,
     {{879, 864}, {887, 873}, {884, 863}, {939, 926}, {950, 946}, {950, 948}},
     959},
    {"AR(1) 0.9",
     {{0.9, 0}, 0, 0},
     400,
     {{626, 623}, {754, 731}, {765, 714}, {899, 877}, {944, 945}, {949, 944}},
     973},
    {"AR(2) 0.3, 0.4",
     {{0.3, 0.4}, 0, 0},
     40,
     {{686, 564}, {633, 528}, {689, 587}, {729, 604}, {836, 798}, {872, 814}},
     822},
    {"AR(1) 0.9 and white noise of variance 4",
     {{0.9, 0}, 2, 0},
     40,
     {{737, 565}, {654, 503}, {760, 604}, {780, 619}, {876, 822}, {900, 840}},
     832},
    {"white noise, three times as large after the event",
     {{0, 0}, 0, 3},
     40,
     {{793, 794}, {631, 634}, {832, 833}, {823, 835}, {853, 811}, {858, 822}},
     969},
    {"AR(2) 0.3, 0.4",
     {{0.3, 0.4}, 0, 0},
     120,
     {{728, 672}, {733, 686}, {717, 668}, {722, 693}, {837, 792}, {849, 797}},
     807},
    {"AR(1) 0.9 and white noise of variance 4",
     {{0.9, 0}, 2, 0},
     120,
     {{680, 544}, {687, 548}, {669, 544}, {700, 592}, {797, 705}, {804, 706}},
     714},
    {"white noise, three times as large after the event",
     {{0, 0}, 0, 3},
     120,
     {{899, 892}, {788, 777}, {930, 918}, {928, 912}, {877, 817}, {880, 821}},
     974},
    {"AR(2) 0.3, 0.4",
     {{0.3, 0.4}, 0, 0},
     400,
     {{776, 777}, {835, 814}, {810, 803}, {745, 753}, {816, 814}, {818, 816}},
     793},
    {"AR(1) 0.9 and white noise of variance 4",
     {{0.9, 0}, 2, 0},
     400,
     {{667, 662}, {758, 736}, {716, 708}, {644, 637}, {715, 715}, {715, 715}},
     687},
    {"white noise, three times as large after the event",
     {{0, 0}, 0, 3},
     400,
     {{920, 921}, {895, 887}, {943, 945}, {938, 937}, {863, 818}, {864, 818}},
     981},
};

/* As often as the page says; the C library's last digits may move a series or two. */
static void check_row(const struct row *row) {
    struct coverage found = {0};
    for (uint32_t run = 0; run < RUNS; run++)
        count_run(&row->noise, row->n, 2 * row->n / 3, run, &found);
    print_message("# %s, n %zu:", row->what, row->n);
    for (int e = 0; e < ERRORS; e++)
        print_message(" {%d, %d},", found.changes[e][0], found.changes[e][1]);
    print_message(" mean %d\n", found.mean[INTEGRATED]);
    for (int e = 0; e < ERRORS; e++)
        for (int k = 0; k < 2; k++)
            assert_between(names_of_errors[e], found.changes[e][k], row->expected[e][k] - 2,
                           row->expected[e][k] + 2);
    assert_between("mean", found.mean[INTEGRATED], row->mean - 2, row->mean + 2);
}

static void of_regression(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        check_row(&rows[i]);
}

/* ---- State space ------------------------------------------------------------------------------
 */

/* Standard deviations of noise, level and slope. */
struct truth {
    size_t before;
    double sd[3];
};

static void draw(const struct truth *truth, uint32_t run, double *values) {
    struct random_stream stream;
    double level = 100, slope = 0;
    random_open(&stream, 22, run, (uint32_t)truth->before, 0, 0);
    gsl_rng *rng = random_gsl(&stream);
    for (size_t t = 0; t < truth->before + AFTER; t++) {
        values[t] = level + gsl_ran_gaussian(rng, truth->sd[0]);
        level += slope + gsl_ran_gaussian(rng, truth->sd[1]);
        slope += gsl_ran_gaussian(rng, truth->sd[2]);
    }
}

/* Runs whose series has no clear maximum are counted out. Where the level does not wander, bounds
 * that allow for it hold too often. */
static void space(const struct truth *truth, bool trend, int most_runs, int least, int most) {
    struct held held[2] = {{0}, {0}};
    int runs = 0;
    for (uint32_t run = 0; runs < most_runs; run++) {
        double values[LONGEST];
        draw(truth, run, values);
        const struct impact_series series =
            series_of(values, truth->before + AFTER, truth->before, NULL, 0);
        bool fitted = true;
        for (int plug_in = 0; plug_in < 2 && fitted; plug_in++) {
            const struct impact_space_options options = {
                .trend = trend, .confidence = 0.95, .plug_in = plug_in};
            struct impact_space *model;
            struct impact_result result = {0};
            struct error err = {0};
            fitted = impact_space_fit(&series, &options, &model, &err) == 0;
            if (!fitted)
                continue;
            assert_int_equal(impact_space_report(model, &result, &err), 0);
            look(&result, &series, &held[plug_in]);
            impact_result_free(&result);
            impact_space_destroy(model);
        }
        runs += fitted;
        assert_true(run < (uint32_t)(most_runs + most_runs / 10));
    }
    print_message("# %s, %zu before, sd %.1f %.1f %.2f: first %d, last %d, mean %d of %d; plugged "
                  "in: %d, %d, %d\n",
                  trend ? "trend" : "level", truth->before, truth->sd[0], truth->sd[1],
                  truth->sd[2], held[0].first, held[0].last, held[0].mean, runs, held[1].first,
                  held[1].last, held[1].mean);
    assert_between("first", held[0].first * RUNS / runs, least, most);
    assert_between("last", held[0].last * RUNS / runs, least, most);
    assert_between("mean", held[0].mean * RUNS / runs, least, most);
}

static void of_levels(void **state) {
    (void)state;
    static const struct truth truths[] = {
        {20, {1, 0, 0}}, {20, {1, 0.3, 0}}, {20, {1, 1, 0}}, {20, {0.3, 1, 0}},
        {80, {1, 0, 0}}, {80, {1, 0.3, 0}}, {80, {1, 1, 0}},
    };
    for (size_t i = 0; i < sizeof truths / sizeof *truths; i++)
        space(&truths[i], false, RUNS, 905, 1000);
}

static void of_trends(void **state) {
    (void)state;
    static const struct truth truths[] = {{40, {1, 0.3, 0.1}}, {40, {1, 1, 0.3}}};
    for (size_t i = 0; i < sizeof truths / sizeof *truths; i++)
        space(&truths[i], true, RUNS / 5, 905, 1000);
}

int main(void) {
    gsl_set_error_handler_off();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(of_regression),
        cmocka_unit_test(of_levels),
        cmocka_unit_test(of_trends),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
