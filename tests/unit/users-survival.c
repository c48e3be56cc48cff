/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Kaplan-Meier, Greenwood, quantiles and restricted means: a worked example in fractions, closed
 * forms, edge cases and known truth. R's own values are compared in tests/truth. */
#include "users/survival.h"

#include "base/random.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "lives.h"

/* A curve of some 20 factors is within a few ulp. */
#define CLOSE 1e-14

static const struct survival_options log_95 = {.interval = SURVIVAL_LOG, .confidence = 0.95};

static struct survival_curve fit(const struct life_table *table,
                                 const struct survival_options *options) {
    struct error err = {0};
    struct survival_curve curve;
    assert_int_equal(survival_fit(&curve, table, options, &err), 0);
    return curve;
}

static struct survival_curve fit_spells(const struct lived *spells, size_t n,
                                        enum survival_interval interval) {
    const struct survival_options options = {.interval = interval, .confidence = 0.95};
    struct life_tables lives = lives_of(spells, n, 1);
    struct survival_curve curve = fit(&lives.tables[0], &options);
    life_tables_free(&lives);
    return curve;
}

#define FIT(spells, interval) fit_spells(spells, sizeof(spells) / sizeof *(spells), interval)

/* ---- A worked example ------------------------------------------------------------------------ */

/* S and Greenwood's sum as fractions, by rational arithmetic. */
static const struct {
    double time;
    int64_t at_risk, events, censored;
    double s, s_over, g, g_over;
} on_6mp[] = {{6, 21, 3, 1, 6, 7, 1, 126},          {7, 17, 1, 0, 96, 119, 199, 17136},
              {9, 16, 0, 1, 96, 119, 199, 17136},   {10, 15, 1, 1, 64, 85, 1403, 85680},
              {11, 13, 0, 1, 64, 85, 1403, 85680},  {13, 12, 1, 0, 176, 255, 22573, 942480},
              {16, 11, 1, 0, 32, 51, 2831, 85680},  {17, 10, 0, 1, 32, 51, 2831, 85680},
              {19, 9, 0, 1, 32, 51, 2831, 85680},   {20, 8, 0, 1, 32, 51, 2831, 85680},
              {22, 7, 1, 0, 64, 119, 4871, 85680},  {23, 6, 1, 0, 160, 357, 7727, 85680},
              {25, 5, 0, 1, 160, 357, 7727, 85680}, {32, 4, 0, 2, 160, 357, 7727, 85680},
              {34, 2, 0, 1, 160, 357, 7727, 85680}, {35, 1, 0, 1, 160, 357, 7727, 85680}};

static void gives_the_fractions_of_the_book(void **state) {
    (void)state;
    struct life_tables lives = lives_of(lives_leukaemia, LIVES_LEUKAEMIA, 2);
    struct survival_curve curve = fit(&lives.tables[0], &log_95);
    const double z = 1.959963984540054; /* normal quantile at 0.975, as R's qnorm gives it */
    assert_int_equal(curve.n, sizeof on_6mp / sizeof *on_6mp);
    assert_int_equal(curve.subjects, 21);
    assert_int_equal(curve.events, 9);
    for (size_t i = 0; i < curve.n; i++) {
        const struct survival_step *step = &curve.steps[i];
        double s = on_6mp[i].s / on_6mp[i].s_over, g = on_6mp[i].g / on_6mp[i].g_over;
        assert_true(step->time == lived_time(on_6mp[i].time));
        assert_int_equal(step->at_risk, on_6mp[i].at_risk);
        assert_int_equal(step->events, on_6mp[i].events);
        assert_int_equal(step->censored, on_6mp[i].censored);
        assert_near(step->survival, s, CLOSE, "survival");
        assert_near(step->std_error, s * sqrt(g), CLOSE, "std_error");
        assert_near(step->lower, s * exp(-z * sqrt(g)), CLOSE, "lower");
        assert_near(step->upper, fmin(s * exp(z * sqrt(g)), 1), CLOSE, "upper");
    }
    survival_free(&curve);
    life_tables_free(&lives);
}

/* Klein & Moeschberger 2003, Table 4.1A: three decimals of S, four of its error. */
static void prints_as_the_book(void **state) {
    (void)state;
    static const double printed[][3] = {
        {6, 0.857, 0.0764},  {7, 0.807, 0.0869},  {10, 0.753, 0.0963}, {13, 0.690, 0.1068},
        {16, 0.627, 0.1141}, {22, 0.538, 0.1282}, {23, 0.448, 0.1346}};
    struct life_tables lives = lives_of(lives_leukaemia, LIVES_LEUKAEMIA, 2);
    struct survival_curve curve = fit(&lives.tables[0], &log_95);
    size_t seen = 0;
    for (size_t i = 0; i < curve.n; i++)
        for (size_t j = 0; j < sizeof printed / sizeof *printed; j++)
            if (curve.steps[i].time == lived_time(printed[j][0])) {
                assert_true(fabs(curve.steps[i].survival - printed[j][1]) <= 0.0005);
                assert_true(fabs(curve.steps[i].std_error - printed[j][2]) <= 0.00005);
                seen++;
            }
    assert_int_equal(seen, sizeof printed / sizeof *printed);
    survival_free(&curve);
    life_tables_free(&lives);
}

/* Medians with intervals and restricted means to week 35, from R's summary(survfit)$table,
 * survival 3.5-3; the means are also 13856/595 and 26/3 by rational arithmetic. */
static void summarises_as_r(void **state) {
    (void)state;
    static const struct {
        enum survival_interval interval;
        double median[3], placebo[3];
    } expected[] = {{SURVIVAL_LOG, {23, 16, NAN}, {8, 4, 12}},
                    {SURVIVAL_LOG_LOG, {23, 13, NAN}, {8, 4, 11}},
                    {SURVIVAL_PLAIN, {23, 13, NAN}, {8, 4, 11}}};
    struct life_tables lives = lives_of(lives_leukaemia, LIVES_LEUKAEMIA, 2);
    decimal horizon = life_tables_last_time(&lives);
    assert_true(horizon == lived_time(35));
    for (size_t i = 0; i < sizeof expected / sizeof *expected; i++) {
        const struct survival_options options = {.interval = expected[i].interval,
                                                 .confidence = 0.95};
        struct survival_curve treated = fit(&lives.tables[0], &options);
        struct survival_curve placebo = fit(&lives.tables[1], &options);
        static const enum survival_line lines[] = {SURVIVAL_ESTIMATE, SURVIVAL_LOWER,
                                                   SURVIVAL_UPPER};
        for (size_t j = 0; j < 3; j++) {
            assert_near(survival_quantile(&treated, 0.5, lines[j]), expected[i].median[j], 0,
                        "median on 6-MP");
            assert_near(survival_quantile(&placebo, 0.5, lines[j]), expected[i].placebo[j], 0,
                        "median on placebo");
        }
        struct survival_mean mean = survival_restricted_mean(&treated, horizon);
        assert_near(mean.mean, 13856.0 / 595, CLOSE, "restricted mean on 6-MP");
        assert_near(mean.std_error, 2.8274676233714389, CLOSE, "its error");
        mean = survival_restricted_mean(&placebo, horizon);
        assert_near(mean.mean, 26.0 / 3, CLOSE, "restricted mean on placebo");
        assert_near(mean.std_error, 1.3773900412645483, CLOSE, "its error");
        survival_free(&treated);
        survival_free(&placebo);
    }
    life_tables_free(&lives);
}

/* ---- Closed forms ---------------------------------------------------------------------------- */

/* Without censoring the curve is the share still there, exactly; Greenwood's error is the
 * binomial's; the restricted mean is the mean of min(t, horizon) and its error that of a mean with
 * divisor n. */
static void is_empirical_without_censoring(void **state) {
    (void)state;
    enum { N = 997 };
    struct lived *spells = calloc(N, sizeof *spells);
    struct random_stream draws;
    random_open(&draws, 7, 0, 0, 0, 0);
    for (int i = 0; i < N; i++) {
        spells[i].time = (double)(random_below(&draws, 300) + 1);
        spells[i].left = true;
    }
    struct survival_curve curve = fit_spells(spells, N, SURVIVAL_PLAIN);
    for (size_t i = 0; i < curve.n; i++) {
        int longer = 0;
        for (int j = 0; j < N; j++)
            longer += lived_time(spells[j].time) > curve.steps[i].time;
        double share = (double)longer / N;
        assert_true(curve.steps[i].survival == share);
        if (longer > 0) /* a sum of up to 300 terms */
            assert_near(curve.steps[i].std_error, sqrt(share * (1 - share) / N), 1e-12, "error");
    }
    double sum = 0, squares = 0;
    for (int j = 0; j < N; j++)
        sum += fmin(spells[j].time, 200);
    for (int j = 0; j < N; j++)
        squares += pow(fmin(spells[j].time, 200) - sum / N, 2);
    struct survival_mean mean = survival_restricted_mean(&curve, lived_time(200));
    assert_near(mean.mean, sum / N, 1e-12, "restricted mean");
    assert_near(mean.std_error, sqrt(squares) / N, 1e-12, "error of the restricted mean");
    survival_free(&curve);
    free(spells);
}

/* A weight stands for that many equal rows. */
static void weights_are_copies(void **state) {
    (void)state;
    struct lived copies[200];
    size_t n = 0;
    for (size_t i = 0; i < LIVES_LEUKAEMIA; i++)
        for (int64_t k = 0; k < lives_leukaemia[i].weight; k++) {
            copies[n] = lives_leukaemia[i];
            copies[n++].weight = 1;
        }
    struct life_tables weighted = lives_of(lives_leukaemia, LIVES_LEUKAEMIA, 2);
    struct life_tables copied = lives_of(copies, n, 2);
    for (size_t g = 0; g < 2; g++) {
        assert_int_equal(weighted.tables[g].n, copied.tables[g].n);
        for (size_t i = 0; i < weighted.tables[g].n; i++)
            assert_memory_equal(&weighted.tables[g].rows[i], &copied.tables[g].rows[i],
                                sizeof(struct life_row));
    }
    life_tables_free(&weighted);
    life_tables_free(&copied);
}

/* ---- Where a horizontal line meets the curve --------------------------------------------------
 */

static void median_is_the_midpoint_on_a_half(void **state) {
    (void)state;
    static const struct lived even[] = {{.time = 1, .left = 1},
                                        {.time = 2, .left = 1},
                                        {.time = 3, .left = 1},
                                        {.time = 4, .left = 1}};
    struct survival_curve curve = FIT(even, SURVIVAL_LOG);
    assert_true(survival_quantile(&curve, 0.5, SURVIVAL_ESTIMATE) == 2.5);
    assert_true(survival_quantile(&curve, 0.25, SURVIVAL_ESTIMATE) == 1.5);
    assert_true(survival_quantile(&curve, 0.3, SURVIVAL_ESTIMATE) == 2);
    survival_free(&curve);
    /* A censoring on the flat part does not end it. */
    static const struct lived flat[] = {
        {.time = 1, .left = 1}, {.time = 2, .left = 1}, {.time = 3}, {.time = 4, .left = 1}};
    curve = FIT(flat, SURVIVAL_LOG);
    assert_true(survival_quantile(&curve, 0.5, SURVIVAL_ESTIMATE) == 3);
    survival_free(&curve);
    /* A half by way of censored times, 6/7 * 7/12, which binary products may miss by an ulp. */
    static const struct lived broken[] = {{.time = 1, .left = 1, .weight = 4},
                                          {.time = 2, .weight = 12},
                                          {.time = 3, .left = 1, .weight = 5},
                                          {.time = 5, .left = 1, .weight = 7}};
    curve = FIT(broken, SURVIVAL_LOG);
    assert_true(survival_quantile(&curve, 0.5, SURVIVAL_ESTIMATE) == 4);
    survival_free(&curve);
}

/* As R's summary(survfit)$table, where the flat part has no end (quantile() takes the last time for
 * one and says 3 and 2). */
static void a_curve_that_ends_on_a_half(void **state) {
    (void)state;
    static const struct lived to_the_end[] = {
        {.time = 1, .left = 1}, {.time = 2, .left = 1}, {.time = 3}, {.time = 4}};
    struct survival_curve curve = FIT(to_the_end, SURVIVAL_LOG);
    assert_true(survival_quantile(&curve, 0.5, SURVIVAL_ESTIMATE) == 2);
    survival_free(&curve);
    static const struct lived from_the_start[] = {
        {.time = 0, .left = 1, .weight = 2}, {.time = 3}, {.time = 4}};
    curve = FIT(from_the_start, SURVIVAL_LOG);
    assert_true(survival_quantile(&curve, 0.5, SURVIVAL_ESTIMATE) == 0);
    survival_free(&curve);
}

/* The step that holds at a time; before the first there is none, and beyond the last one it is
 * known only of a curve that has fallen to 0. */
static void looks_a_time_up(void **state) {
    (void)state;
    static const struct lived stays[] = {{.time = 2, .left = 1}, {.time = 5}};
    static const struct lived falls[] = {{.time = 2, .left = 1}, {.time = 5, .left = 1}};
    bool known;
    struct survival_curve curve = FIT(stays, SURVIVAL_LOG);
    assert_null(survival_at(&curve, lived_time(1.5), &known));
    assert_true(known);
    assert_ptr_equal(survival_at(&curve, lived_time(2), &known), &curve.steps[0]);
    assert_true(known);
    assert_ptr_equal(survival_at(&curve, lived_time(4), &known), &curve.steps[0]);
    assert_ptr_equal(survival_at(&curve, lived_time(5), &known), &curve.steps[1]);
    assert_true(known);
    survival_at(&curve, lived_time(5.000001), &known);
    assert_false(known);
    survival_free(&curve);
    curve = FIT(falls, SURVIVAL_LOG);
    assert_ptr_equal(survival_at(&curve, lived_time(9), &known), &curve.steps[1]);
    assert_true(known);
    survival_free(&curve);
    curve = fit_spells(NULL, 0, SURVIVAL_LOG);
    assert_null(survival_at(&curve, 0, &known));
    assert_false(known);
    survival_free(&curve);
}

/* ---- Edge cases ------------------------------------------------------------------------------ */

static void nobody(void **state) {
    (void)state;
    struct life_tables lives = lives_of(NULL, 0, 1);
    struct survival_curve curve = fit(&lives.tables[0], &log_95);
    assert_int_equal(curve.n, 0);
    assert_true(isnan(survival_quantile(&curve, 0.5, SURVIVAL_ESTIMATE)));
    assert_true(isnan(survival_restricted_mean(&curve, lived_time(10)).mean));
    assert_true(life_tables_last_time(&lives) == 0);
    survival_free(&curve);
    life_tables_free(&lives);
}

static void nobody_left(void **state) {
    (void)state;
    static const struct lived spells[] = {{.time = 1}, {.time = 2, .weight = 3}};
    static const enum survival_interval kinds[] = {SURVIVAL_LOG, SURVIVAL_LOG_LOG, SURVIVAL_PLAIN};
    for (size_t k = 0; k < 3; k++) {
        struct survival_curve curve = FIT(spells, kinds[k]);
        double bound = kinds[k] == SURVIVAL_LOG_LOG ? NAN : 1; /* as R */
        assert_int_equal(curve.n, 2);
        for (size_t i = 0; i < 2; i++) {
            assert_true(curve.steps[i].survival == 1);
            assert_true(curve.steps[i].std_error == 0);
            assert_near(curve.steps[i].lower, bound, 0, "lower");
            assert_near(curve.steps[i].upper, bound, 0, "upper");
        }
        assert_true(isnan(survival_quantile(&curve, 0.5, SURVIVAL_ESTIMATE)));
        struct survival_mean mean = survival_restricted_mean(&curve, lived_time(2));
        assert_true(mean.mean == 2 && mean.std_error == 0);
        survival_free(&curve);
    }
}

static void all_left_at_once(void **state) {
    (void)state;
    static const struct lived at_zero[] = {{.time = 0, .left = 1, .weight = 5}};
    struct survival_curve curve = FIT(at_zero, SURVIVAL_PLAIN);
    assert_int_equal(curve.n, 1);
    assert_int_equal(curve.steps[0].at_risk, 5);
    assert_true(curve.steps[0].survival == 0);
    assert_true(isnan(curve.steps[0].std_error));
    assert_true(isnan(curve.steps[0].lower) && isnan(curve.steps[0].upper));
    assert_true(survival_quantile(&curve, 0.5, SURVIVAL_ESTIMATE) == 0);
    assert_true(isnan(survival_quantile(&curve, 0.5, SURVIVAL_LOWER)));
    struct survival_mean mean = survival_restricted_mean(&curve, lived_time(9));
    assert_true(mean.mean == 0 && mean.std_error == 0);
    survival_free(&curve);
}

static void one_subject(void **state) {
    (void)state;
    static const struct lived one[] = {{.time = 2.5, .left = 1}};
    struct survival_curve curve = FIT(one, SURVIVAL_LOG);
    assert_int_equal(curve.n, 1);
    assert_true(curve.steps[0].survival == 0);
    assert_true(survival_quantile(&curve, 0.5, SURVIVAL_ESTIMATE) == 2.5);
    assert_true(survival_restricted_mean(&curve, lived_time(4)).mean == 2.5);
    assert_true(survival_restricted_mean(&curve, lived_time(2)).mean == 2);
    survival_free(&curve);
}

/* Events come before censorings at a tie: the censored ones are at risk of it. */
static void ties_everywhere(void **state) {
    (void)state;
    static const struct lived tied[] = {{.time = 3, .left = 1, .weight = 2},
                                        {.time = 3, .weight = 6}};
    struct survival_curve curve = FIT(tied, SURVIVAL_LOG);
    assert_int_equal(curve.n, 1);
    assert_int_equal(curve.steps[0].at_risk, 8);
    assert_int_equal(curve.steps[0].events, 2);
    assert_int_equal(curve.steps[0].censored, 6);
    assert_true(curve.steps[0].survival == 0.75);
    assert_false(curve.gap.found);
    survival_free(&curve);
}

static void near_ties_stay_apart(void **state) {
    (void)state;
    /* 0.1 + 0.2 and 0.3 differ in binary; written out they are one time, a millionth apart two. */
    static const struct lived close[] = {
        {.time = 0.3, .left = 1}, {.time = 0.3, .left = 1}, {.time = 0.300001, .left = 1}};
    struct survival_curve curve = FIT(close, SURVIVAL_LOG);
    assert_int_equal(curve.n, 2);
    assert_int_equal(curve.steps[0].events, 2);
    survival_free(&curve);
}

/* ---- Late entry ------------------------------------------------------------------------------ */

/* Entry at t means at risk after t, not at t. Three enter at 2: the first event is out of 1, the
 * second out of 4. */
static void entry_opens_after_its_time(void **state) {
    (void)state;
    static const struct lived spells[] = {{.time = 2, .left = 1},
                                          {.time = 5},
                                          {.time = 4, .left = 1, .late = 1, .entry = 2},
                                          {.time = 9, .late = 1, .entry = 2, .weight = 2}};
    struct survival_curve curve = FIT(spells, SURVIVAL_LOG);
    assert_int_equal(curve.n, 4);
    assert_int_equal(curve.steps[0].at_risk, 2);
    assert_int_equal(curve.steps[1].at_risk, 4);
    assert_near(curve.steps[1].survival, 1.0 / 2 * 3 / 4, CLOSE, "survival");
    assert_int_equal(curve.subjects, 5);
    assert_false(curve.gap.found);
    survival_free(&curve);
}

static void an_empty_risk_set_is_noted(void **state) {
    (void)state;
    /* Everyone at risk leaves at 3 although others enter at 5. */
    static const struct lived falls[] = {{.time = 3, .left = 1},
                                         {.time = 8, .left = 1, .late = 1, .entry = 5}};
    struct survival_curve curve = FIT(falls, SURVIVAL_LOG);
    assert_true(curve.gap.found && curve.gap.fell_to_zero);
    assert_true(curve.gap.from == lived_time(3));
    assert_true(curve.steps[1].survival == 0 && isnan(curve.steps[1].std_error));
    survival_free(&curve);
    /* The same when they enter at 3 itself. */
    static const struct lived at_once[] = {{.time = 3, .left = 1},
                                           {.time = 8, .left = 1, .late = 1, .entry = 3}};
    curve = FIT(at_once, SURVIVAL_LOG);
    assert_true(curve.gap.found && curve.gap.fell_to_zero);
    survival_free(&curve);
    /* Nobody is watched from 3 to 5, but the curve goes on where it was. */
    static const struct lived pauses[] = {{.time = 2, .left = 1},
                                          {.time = 3},
                                          {.time = 8, .left = 1, .late = 1, .entry = 5},
                                          {.time = 9, .late = 1, .entry = 6}};
    curve = FIT(pauses, SURVIVAL_LOG);
    assert_true(curve.gap.found && !curve.gap.fell_to_zero);
    assert_true(curve.gap.from == lived_time(3) && curve.gap.to == lived_time(5));
    assert_true(curve.steps[2].survival == 0.25);
    survival_free(&curve);
    /* The last one to leave is the end, not a gap. */
    static const struct lived ends[] = {{.time = 3, .left = 1}, {.time = 3, .left = 1}};
    curve = FIT(ends, SURVIVAL_LOG);
    assert_false(curve.gap.found);
    survival_free(&curve);
}

/* ---- Known truth ----------------------------------------------------------------------------- */

/* Weibull times with shape k and scale 30, censored at uniform times: does the interval at time 20
 * hold the truth, and that of the median? 95 in 100 should; among 400 the binomial error is 1.1 in
 * 100, and 91 to 98.5 is more than three of them (the log interval is a little narrow at n = 120).
 */
static void intervals_cover_the_truth(void **state) {
    (void)state;
    enum { RUNS = 400, N = 120 };
    static const double shapes[] = {1, 1.6, 0.7};
    struct lived *spells = calloc(N, sizeof *spells);
    for (size_t k = 0; k < 3; k++) {
        double truth = exp(-pow(20 / 30.0, shapes[k]));
        double median = 30 * pow(log(2), 1 / shapes[k]);
        int covered = 0, covered_median = 0;
        double bias = 0;
        for (uint32_t run = 0; run < RUNS; run++) {
            struct random_stream draws;
            random_open(&draws, 11, run, (uint32_t)k, 0, 0);
            for (int i = 0; i < N; i++) {
                double time = 30 * pow(-log(random_uniform_open(&draws)), 1 / shapes[k]);
                double censored = 10 + 90 * random_uniform(&draws);
                spells[i] = (struct lived){.time = fmin(time, censored), .left = time <= censored};
            }
            struct survival_curve curve = fit_spells(spells, N, SURVIVAL_LOG_LOG);
            const struct survival_step *at = NULL;
            for (size_t i = 0; i < curve.n && curve.steps[i].time <= lived_time(20); i++)
                at = &curve.steps[i];
            assert_non_null(at);
            covered += at->lower <= truth && truth <= at->upper;
            bias += (at->survival - truth) / RUNS;
            double lower = survival_quantile(&curve, 0.5, SURVIVAL_LOWER);
            double upper = survival_quantile(&curve, 0.5, SURVIVAL_UPPER);
            covered_median += lower <= median && (isnan(upper) || median <= upper);
            survival_free(&curve);
        }
        assert_in_range(covered, RUNS * 91 / 100, RUNS * 985 / 1000);
        assert_in_range(covered_median, RUNS * 91 / 100, RUNS * 985 / 1000);
        /* The error of S is about 0.05, that of its mean over 400 runs 0.0025. */
        assert_true(fabs(bias) < 0.01);
    }
    free(spells);
}

/* The restricted mean of exponential times is scale (1 - exp(-horizon/scale)). */
static void restricted_mean_recovers_the_truth(void **state) {
    (void)state;
    enum { RUNS = 300, N = 150 };
    double truth = 30 * -expm1(-40 / 30.0);
    int covered = 0;
    struct lived *spells = calloc(N, sizeof *spells);
    for (uint32_t run = 0; run < RUNS; run++) {
        struct random_stream draws;
        random_open(&draws, 12, run, 0, 0, 0);
        for (int i = 0; i < N; i++) {
            double time = -30 * log(random_uniform_open(&draws));
            double censored = 20 + 80 * random_uniform(&draws);
            spells[i] = (struct lived){.time = fmin(time, censored), .left = time <= censored};
        }
        struct survival_curve curve = fit_spells(spells, N, SURVIVAL_LOG);
        struct survival_mean mean = survival_restricted_mean(&curve, lived_time(40));
        covered += fabs(mean.mean - truth) <= 1.96 * mean.std_error;
        survival_free(&curve);
    }
    assert_in_range(covered, RUNS * 91 / 100, RUNS * 985 / 1000);
    free(spells);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gives_the_fractions_of_the_book),
        cmocka_unit_test(prints_as_the_book),
        cmocka_unit_test(summarises_as_r),
        cmocka_unit_test(is_empirical_without_censoring),
        cmocka_unit_test(weights_are_copies),
        cmocka_unit_test(median_is_the_midpoint_on_a_half),
        cmocka_unit_test(a_curve_that_ends_on_a_half),
        cmocka_unit_test(looks_a_time_up),
        cmocka_unit_test(nobody),
        cmocka_unit_test(nobody_left),
        cmocka_unit_test(all_left_at_once),
        cmocka_unit_test(one_subject),
        cmocka_unit_test(ties_everywhere),
        cmocka_unit_test(near_ties_stay_apart),
        cmocka_unit_test(entry_opens_after_its_time),
        cmocka_unit_test(an_empty_risk_set_is_noted),
        cmocka_unit_test(intervals_cover_the_truth),
        cmocka_unit_test(restricted_mean_recovers_the_truth),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
