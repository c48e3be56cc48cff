/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Synthetic data against the truth they claim. Each bound is five standard errors of the quantity
 * under the model: with fixed seeds a test either always passes or always fails, and a wrong model
 * fails. */
#include "synth/synth.h"
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct sample {
    struct synth_row *rows;
    size_t n;
    struct synth *synth; /* for its truth, and the row's texts */
};

static void set(const struct synth_model *model, struct assumption *values, const char *setting) {
    struct assumption_known known[SYNTH_MOST];
    struct error err = {0};
    for (size_t i = 0; i < model->n_parameters; i++)
        known[i] = model->parameters[i].known;
    if (assumptions_set(setting, known, model->n_parameters, values, &err))
        fail_msg("%s", err.text);
}

/* settings: texts NAME=VALUE, ending with NULL. */
static struct sample draw(const char *name, const char *const *settings, int threads) {
    const struct synth_model *model = synth_find(name);
    struct assumption values[SYNTH_MOST];
    struct error err = {0};
    struct sample sample = {0};
    size_t capacity = 0, n;
    const struct synth_row *rows;
    synth_defaults(model, values);
    for (; *settings; settings++)
        set(model, values, *settings);
    if (synth_open(&sample.synth, model, values, 7, threads, &err))
        fail_msg("%s", err.text);
    while (!synth_next(sample.synth, &rows, &n, &err) && n > 0) {
        while (sample.n + n > capacity) {
            capacity = capacity ? 2 * capacity : 1024;
            sample.rows = realloc(sample.rows, capacity * sizeof *rows);
            assert_non_null(sample.rows);
        }
        memcpy(sample.rows + sample.n, rows, n * sizeof *rows);
        sample.n += n;
    }
    assert_int_equal(err.code, 0);
    return sample;
}

static void drop(struct sample *sample) {
    free(sample->rows);
    synth_close(sample->synth);
}

struct wanted {
    const char *quantity, *group, *at;
    double value;
};

static void look(void *context, const char *quantity, const char *group, const char *at,
                 double value, const char *unit) {
    struct wanted *wanted = context;
    (void)unit;
    if (strcmp(quantity, wanted->quantity) == 0 && strcmp(group, wanted->group) == 0 &&
        strcmp(at, wanted->at) == 0)
        wanted->value = value;
}

static double truth(const struct sample *sample, const char *quantity, const char *group,
                    const char *at) {
    struct wanted wanted = {quantity, group, at, NAN};
    synth_truth(sample->synth, look, &wanted);
    if (isnan(wanted.value))
        fail_msg("no truth about %s %s %s", quantity, group, at);
    return wanted.value;
}

static void assert_share(double k, double n, double p, const char *what) {
    double error = sqrt(p * (1 - p) / n);
    if (!(fabs(k / n - p) <= 5 * error))
        fail_msg("%s: found %g, expected %g +- %g", what, k / n, p, 5 * error);
}

/* ---- Spells ---------------------------------------------------------------------------------- */

enum { USER, PLATFORM, SEGMENT, AGE, START, END, DESTINATION };

static void test_spells_follow_their_survival(void **state) {
    (void)state;
    const char *const settings[] = {"users=40000", "shape=1.4", NULL};
    struct sample sample = draw("spells", settings, 2);
    assert_int_equal(sample.n, 40000);
    static const int at[] = {30, 180, 365};
    static const char *const names[] = {"30", "180", "365"};
    for (int i = 0; i < 3; i++) {
        double in_b = 0, stays = 0, rednote = 0;
        for (size_t r = 0; r < sample.n; r++) {
            const struct synth_cell *cells = sample.rows[r].cells;
            if (strcmp(cells[SEGMENT].name, "b") != 0)
                continue;
            bool left = !cells[END].missing && cells[END].day - cells[START].day <= at[i];
            in_b++;
            stays += !left;
            rednote += left && !cells[DESTINATION].missing &&
                       strcmp(cells[DESTINATION].name, "RedNote") == 0;
        }
        assert_share(stays, in_b, truth(&sample, "survival", "b", names[i]), "survival");
        assert_share(rednote, in_b, truth(&sample, "incidence RedNote", "b", names[i]),
                     "incidence");
        assert_share(in_b, (double)sample.n, 0.4, "segment b");
    }
    drop(&sample);
}

static void test_spells_end_when_the_watch_does(void **state) {
    (void)state;
    const char *const settings[] = {"users=5000", "days=100", "arrival_days=100", NULL};
    struct sample sample = draw("spells", settings, 1);
    for (size_t r = 0; r < sample.n; r++) {
        const struct synth_cell *cells = sample.rows[r].cells;
        assert_true(cells[START].day >= 20089 && cells[START].day < 20189);
        assert_true(cells[END].missing ||
                    (cells[END].day > cells[START].day && cells[END].day <= 20189));
        assert_true(cells[DESTINATION].missing || !cells[END].missing);
    }
    drop(&sample);
}

/* ---- Activity -------------------------------------------------------------------------------- */

static void test_activity_earns_and_loses_as_said(void **state) {
    (void)state;
    const char *const settings[] = {"users=20000", "days=40", "multi_homing_share=0",
                                    "active_chance=1", NULL};
    struct sample sample = draw("activity", settings, 3);
    double on_day[40] = {0}, moved = 0, rows = 0, revenue = 0;
    for (size_t r = 0; r < sample.n; r++) {
        const struct synth_cell *cells = sample.rows[r].cells;
        int day = cells[2].day - 20089;
        bool tiktok = strcmp(cells[1].name, "TikTok") == 0;
        on_day[day] += tiktok;
        moved += !tiktok && day == 39;
        rows += tiktok;
        revenue += tiktok ? decimal_to_double(cells[4].money) : 0;
    }
    /* Leaving after 30 days at the latest: not there on day 30. */
    assert_share(on_day[30], 20000, truth(&sample, "still on TikTok", "", "30"), "still there");
    assert_share(moved, 20000, 0.6 * (1 - pow(0.99, 39)), "moved");
    double mean = truth(&sample, "revenue per active user and day", "TikTok", "");
    /* Of a user's mean: payers 0.3, 0.25 USD a day: between-user sd 0.115, plus the days' own. */
    assert_true(fabs(revenue / rows - mean) < 5 * 0.13 / sqrt(20000));
    drop(&sample);
}

/* ---- Creators -------------------------------------------------------------------------------- */

static int tier_of(int64_t followers) {
    return followers >= 1000000  ? 4
           : followers >= 500000 ? 3
           : followers >= 50000  ? 2
           : followers >= 10000  ? 1
                                 : 0;
}

static void test_creators_grow_as_said(void **state) {
    (void)state;
    const char *const settings[] = {"creators_nano=60000",
                                    "creators_micro=25000",
                                    "creators_mid=10000",
                                    "creators_macro=2000",
                                    "creators_mega=500",
                                    "months=13",
                                    NULL};
    struct sample sample = draw("creators", settings, 4);
    double counts[2][5] = {{0}}, up = 0, down = 0, stay = 0, at_risk = 0;
    for (size_t r = 0; r < sample.n; r++) {
        const struct synth_cell *cells = sample.rows[r].cells;
        int month = cells[2].period.index - 2023 * 12, tier = tier_of(cells[3].number);
        if (month == 0 || month == 12)
            counts[month / 12][tier]++;
        if (tier != 1 || month == 12)
            continue;
        at_risk++;
        bool again = r + 1 < sample.n && sample.rows[r + 1].cells[0].number == cells[0].number;
        int next = again ? tier_of(sample.rows[r + 1].cells[3].number) : -1;
        up += next == 2;
        down += next == 0;
        stay += next == 1;
    }
    assert_share(up, at_risk, truth(&sample, "chance to move up", "micro", ""), "up");
    assert_share(down, at_risk, truth(&sample, "chance to move down", "micro", ""), "down");
    assert_share(stay, at_risk, truth(&sample, "chance to stay", "micro", ""), "stay");
    assert_true(counts[0][2] == 10000);
    /* 14,670 expected; arrivals and leavers are at most Poisson: sd below sqrt(2 * 14,670). */
    assert_true(fabs(truth(&sample, "expected creators", "mid", "2024-01") - 14670) < 1e-6);
    assert_true(fabs(counts[1][2] - 14670) < 5 * sqrt(2 * 14670));
    drop(&sample);
}

static void test_impossible_growth_is_refused(void **state) {
    (void)state;
    const struct synth_model *model = synth_find("creators");
    struct assumption values[SYNTH_MOST];
    struct error err = {0};
    struct synth *synth;
    synth_defaults(model, values);
    set(model, values, "growth_mega=-0.9");
    assert_int_equal(synth_open(&synth, model, values, 1, 1, &err), ERROR_DATA);
    assert_non_null(strstr(err.text, "tier mega cannot grow as slowly as growth_mega says"));
}

/* ---- Revenue --------------------------------------------------------------------------------- */

static void test_revenue_falls_by_the_migrants(void **state) {
    (void)state;
    const char *const settings[] = {"growth_tiktok=0", "growth_rednote=0", NULL};
    struct sample sample = draw("revenue", settings, 1);
    assert_int_equal(sample.n, 48);
    assert_int_equal(sample.rows[11].cells[2].number - sample.rows[12].cells[2].number, 500000);
    assert_int_equal(sample.rows[36].cells[2].number - sample.rows[35].cells[2].number, 500000);
    double before = 0, after = 0;
    for (int month = 0; month < 12; month++) {
        before += decimal_to_double(sample.rows[month].cells[3].money) / 12;
        after += decimal_to_double(sample.rows[12 + month].cells[3].money) / 12;
    }
    double lost = truth(&sample, "revenue lost", "TikTok", "2025-01");
    assert_true(lost == 625000);
    /* sd of a month 3 * 1.25 * sqrt(1e7); of the difference of two means of twelve: sqrt(2/12). */
    assert_true(fabs(before - after - lost) < 5 * 3.75 * sqrt(1e7 * 2 / 12));
    drop(&sample);
}

/* ---- All ------------------------------------------------------------------------------------- */

static void test_threads_and_size_change_nothing(void **state) {
    (void)state;
    static const char *const kinds[] = {"spells", "activity"};
    for (int k = 0; k < 2; k++) {
        const char *const many[] = {"users=3000", NULL}, *const few[] = {"users=700", NULL};
        struct sample one = draw(kinds[k], many, 1), four = draw(kinds[k], many, 4);
        struct sample small = draw(kinds[k], few, 3);
        assert_int_equal(one.n, four.n);
        assert_true(small.n < one.n);
        for (size_t r = 0; r < one.n; r++)
            for (size_t c = 0; c < synth_find(kinds[k])->n_columns; c++) {
                const struct synth_cell *a = &one.rows[r].cells[c], *b = &four.rows[r].cells[c];
                assert_true(a->missing == b->missing && a->number == b->number);
                if (r < small.n)
                    assert_true(a->number == small.rows[r].cells[c].number);
            }
        drop(&one);
        drop(&four);
        drop(&small);
    }
}

static void test_no_entities_give_no_rows(void **state) {
    (void)state;
    const char *const none[] = {"users=0", NULL};
    struct sample sample = draw("spells", none, 2);
    assert_int_equal(sample.n, 0);
    drop(&sample);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_spells_follow_their_survival),
        cmocka_unit_test(test_spells_end_when_the_watch_does),
        cmocka_unit_test(test_activity_earns_and_loses_as_said),
        cmocka_unit_test(test_creators_grow_as_said),
        cmocka_unit_test(test_impossible_growth_is_refused),
        cmocka_unit_test(test_revenue_falls_by_the_migrants),
        cmocka_unit_test(test_threads_and_size_change_nothing),
        cmocka_unit_test(test_no_entities_give_no_rows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
