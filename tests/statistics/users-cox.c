/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How often the intervals of a Cox fit hold the truth, and how often its tests err, over 1,000
 * simulated data sets each. A share of 0.95 has a standard error of 0.0069 there; expected is the
 * nominal share within four of them, and a little below where errors are robust and users few. */
#include "users/cox.h"

#include "base/random.h"
#include "base/workers.h"
#include <gsl/gsl_cdf.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

enum { RUNS = 1000, USERS = 400, COPIES = 3 };
static const double truth[] = {0.5, -0.7};

/* What one data set gave. */
struct outcome {
    bool holds[2], robust_holds[2], survival_holds;
    bool lr_rejects, wald_rejects, ph_rejects;
};

struct study {
    const char *name;
    double b[2];
    bool days;      /* times rounded up to whole days: ties */
    bool copies;    /* each user has COPIES equal rows: only errors over clusters are right */
    bool late;      /* users came under observation late */
    bool competing; /* Fine and Gray's model */
    bool changes;   /* the effect of x[0] falls with time: not proportional */
    struct outcome outcomes[RUNS];
};

struct rows {
    decimal time[USERS * COPIES], entry[USERS * COPIES];
    uint8_t status[USERS * COPIES];
    uint32_t cluster[USERS * COPIES];
    double x[2][USERS * COPIES];
    size_t n;
};

static decimal to_time(const struct study *study, double time) {
    decimal ret = 0;
    assert_true(decimal_from_double(study->days ? ceil(time) : time, &ret));
    return ret > 0 ? ret : 1;
}

/* Time to the event of hazard 0.02 exp(x'b); with `changes`, of x[0] only up to day 30. */
static double draw_event(const struct study *study, const double x[2],
                         struct random_stream *stream) {
    double rate = 0.02 * exp(x[0] * study->b[0] + x[1] * study->b[1]);
    double hazard = -log(random_uniform_open(stream));
    if (!study->changes || hazard <= rate * 30)
        return hazard / rate;
    return 30 + (hazard - rate * 30) / (0.02 * exp(x[1] * study->b[1]));
}

/* Fine and Gray's own simulation: P(T <= t, here | x) = 1 - (1 - p (1 - exp(-t/40)))^exp(x'b), and
 * who goes elsewhere does so at the rate 1/40. Ret status 1 here, 2 elsewhere. */
static double draw_competing(const struct study *study, const double x[2],
                             struct random_stream *stream, uint8_t *status) {
    const double p = 0.5, power = exp(x[0] * study->b[0] + x[1] * study->b[1]);
    double here = 1 - pow(1 - p, power), u = random_uniform_open(stream);
    if (u >= here) {
        *status = COX_COMPETING;
        return -40 * log(random_uniform_open(stream));
    }
    *status = COX_EVENT;
    return -40 * log(1 - (1 - pow(1 - u, 1 / power)) / p);
}

static void draw(const struct study *study, uint32_t run, struct rows *rows) {
    struct random_stream stream;
    random_open(&stream, 1972, run, 0, 0, 0);
    rows->n = 0;
    for (uint32_t user = 0; rows->n < USERS; user++) {
        size_t i = rows->n;
        double x[2] = {2 * random_uniform(&stream) - 1, random_uniform(&stream) < 0.4};
        uint8_t status = COX_EVENT;
        double time = study->competing ? draw_competing(study, x, &stream, &status)
                                       : draw_event(study, x, &stream);
        double censored = 20 + 80 * random_uniform(&stream);
        double entry = study->late ? 30 * random_uniform(&stream) : -1;
        if (study->late && study->competing) /* some from the start: all may not leave at first */
            entry = 1.5 * entry - 15;
        if (entry >= time || entry >= censored)
            continue; /* left before anyone looked: not in the data */
        rows->time[i] = to_time(study, fmin(time, censored));
        rows->status[i] = time <= censored ? status : COX_CENSORED;
        rows->entry[i] = entry < 0 ? COX_NO_ENTRY : to_time(study, entry);
        if (rows->entry[i] >= rows->time[i])
            continue;
        rows->x[0][i] = x[0];
        rows->x[1][i] = x[1];
        rows->cluster[i] = (uint32_t)i;
        rows->n++;
    }
    for (size_t i = 0; i < USERS && study->copies; i++)
        for (size_t copy = 1; copy < COPIES; copy++) {
            size_t to = rows->n++;
            rows->time[to] = rows->time[i];
            rows->status[to] = rows->status[i];
            rows->entry[to] = rows->entry[i];
            rows->cluster[to] = rows->cluster[i];
            rows->x[0][to] = rows->x[0][i];
            rows->x[1][to] = rows->x[1][i];
        }
}

static bool within(double estimate, double variance, double value) {
    return fabs(estimate - value) <= 1.959963984540054 * sqrt(variance);
}

/* Of the share still there on day 25, or gone to the destination, of someone with x = (0.5, 1). */
static bool survival_holds(const struct study *study, const struct cox *cox, struct error *err) {
    const double x[2] = {0.5, 1};
    struct cox_curve curve;
    if (cox_predict(cox, x, 0, &curve, err))
        return false;
    double hazard = 0, error = 0;
    for (size_t i = 0; i < curve.n && curve.points[i].time <= 25 * DECIMAL_ONE; i++) {
        hazard = curve.points[i].hazard;
        error = curve.points[i].std_error;
    }
    free(curve.points);
    const double baseline = study->competing ? -log(1 - 0.5 * (1 - exp(-25 / 40.0))) : 25 * 0.02;
    /* By its logarithm: with late entry few are at risk at first, and the hazard is skewed. */
    return within(log(hazard), error * error / (hazard * hazard),
                  log(baseline) + x[0] * study->b[0] + x[1] * study->b[1]);
}

static int run_one(void *context, size_t run, int worker, struct error *err) {
    (void)worker;
    struct study *study = context;
    struct outcome *outcome = &study->outcomes[run];
    struct rows *rows = calloc(1, sizeof *rows);
    struct cox *cox = NULL;
    if (!rows)
        return error_memory(err);
    draw(study, (uint32_t)run, rows);
    const double *columns[] = {rows->x[0], rows->x[1]};
    const struct cox_data data = {.n = rows->n,
                                  .p = 2,
                                  .time = rows->time,
                                  .entry = study->late ? rows->entry : NULL,
                                  .status = rows->status,
                                  .cluster = study->competing ? NULL : rows->cluster,
                                  .x = columns};
    const struct cox_options options = {.robust = true};
    int status = cox_fit(&cox, &data, &options, err);
    if (!status) {
        const struct cox_result *result = cox_result(cox);
        for (size_t j = 0; j < 2; j++) {
            double b = result->coefficient[j];
            outcome->holds[j] = within(b, result->variance[3 * j], study->b[j]);
            outcome->robust_holds[j] = within(b, result->robust[3 * j], study->b[j]);
        }
        double lr = 2 * (result->loglik - result->loglik_null);
        outcome->lr_rejects = gsl_cdf_chisq_Q(lr, 2) < 0.05;
        outcome->wald_rejects = gsl_cdf_chisq_Q(result->wald, 2) < 0.05;
        if (!study->competing) {
            struct cox_ph_test tests[3];
            status = cox_test_ph(cox, COX_KM, (const size_t[]){0, 1}, 2, tests, err);
            outcome->ph_rejects = tests[2].p_value < 0.05;
        }
        outcome->survival_holds = survival_holds(study, cox, err);
    }
    cox_destroy(cox);
    free(rows);
    return status;
}

static struct study study;

static void run_study(struct study how) {
    struct error err = {0};
    study = how;
    if (workers_run(workers_available(), RUNS, run_one, &study, &err))
        fail_msg("%s", err.text);
}

static void expect_share(const char *what, size_t offset, double share, double slack) {
    const double error = sqrt(share * (1 - share) / RUNS);
    int count = 0;
    for (int i = 0; i < RUNS; i++)
        count += *(const bool *)((const char *)&study.outcomes[i] + offset);
    print_message("# %s, %s: %d of %d\n", study.name, what, count, RUNS);
    if (fabs((double)count / RUNS - share) > 4 * error + slack)
        fail_msg("%s, %s: %d of %d, expected %g within %.3f", study.name, what, count, RUNS, share,
                 4 * error + slack);
}

#define EXPECT(what, field, share, slack)                                                          \
    expect_share(what, offsetof(struct outcome, field), share, slack)

static void expect_coverage(void) {
    EXPECT("intervals of b1", holds[0], 0.95, 0);
    EXPECT("intervals of b2", holds[1], 0.95, 0);
    EXPECT("robust intervals of b1", robust_holds[0], 0.95, 0.005);
    EXPECT("robust intervals of b2", robust_holds[1], 0.95, 0.005);
    EXPECT("tests of proportional hazards that err", ph_rejects, 0.05, 0.005);
    EXPECT("intervals of predicted hazard", survival_holds, 0.95, 0.005);
}

static void continuous_times(void **state) {
    (void)state;
    run_study((struct study){.name = "continuous", .b = {truth[0], truth[1]}});
    expect_coverage();
}

/* Efron's ties: some ten events a day at first. */
static void whole_days(void **state) {
    (void)state;
    run_study((struct study){.name = "whole days", .b = {truth[0], truth[1]}, .days = true});
    expect_coverage();
}

static void late_entry(void **state) {
    (void)state;
    run_study((struct study){.name = "late entry", .b = {truth[0], truth[1]}, .late = true});
    expect_coverage();
}

static void nothing_drives(void **state) {
    (void)state;
    run_study((struct study){.name = "no effect"});
    EXPECT("likelihood-ratio tests that err", lr_rejects, 0.05, 0.005);
    EXPECT("robust Wald tests that err", wald_rejects, 0.05, 0.01);
}

/* Three equal rows a user: the plain errors are too small by sqrt 3, those over clusters are not.
 */
static void clusters(void **state) {
    (void)state;
    run_study((struct study){.name = "clusters", .b = {truth[0], truth[1]}, .copies = true});
    EXPECT("robust intervals of b1", robust_holds[0], 0.95, 0.01);
    EXPECT("robust intervals of b2", robust_holds[1], 0.95, 0.01);
    /* P(|Z| < 1.96/sqrt 3) = 0.742 */
    EXPECT("plain intervals of b1", holds[0], 0.742, 0.01);
}

static void fine_and_gray(void **state) {
    (void)state;
    run_study((struct study){.name = "competing", .b = {truth[0], truth[1]}, .competing = true});
    EXPECT("intervals of b1", robust_holds[0], 0.95, 0.005);
    EXPECT("intervals of b2", robust_holds[1], 0.95, 0.005);
    EXPECT("intervals of predicted incidence", survival_holds, 0.95, 0.005);
}

static void fine_and_gray_late(void **state) {
    (void)state;
    run_study((struct study){.name = "competing, late entry",
                             .b = {truth[0], truth[1]},
                             .late = true,
                             .competing = true});
    EXPECT("intervals of b1", robust_holds[0], 0.95, 0.005);
    EXPECT("intervals of b2", robust_holds[1], 0.95, 0.005);
    EXPECT("intervals of predicted incidence", survival_holds, 0.95, 0.005);
}

/* An effect of 1 that ends on day 30 is noticed more often than not. */
static void effect_that_ends(void **state) {
    (void)state;
    run_study((struct study){.name = "an effect that ends", .b = {1, truth[1]}, .changes = true});
    int noticed = 0;
    for (int i = 0; i < RUNS; i++)
        noticed += study.outcomes[i].ph_rejects;
    print_message("# noticed: %d of %d\n", noticed, RUNS);
    assert_true(noticed > RUNS / 2);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(continuous_times),   cmocka_unit_test(whole_days),
        cmocka_unit_test(late_entry),         cmocka_unit_test(nothing_drives),
        cmocka_unit_test(clusters),           cmocka_unit_test(fine_and_gray),
        cmocka_unit_test(fine_and_gray_late), cmocka_unit_test(effect_that_ends),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
