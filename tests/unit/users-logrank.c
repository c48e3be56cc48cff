/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The log-rank test: a worked example in fractions, sums by definition, groups that never meet, and
 * its size under the hypothesis. R's own values are compared in tests/truth. */
#include "users/logrank.h"

#include "base/random.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "lives.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

static struct logrank_result test_of(const struct lived *spells, size_t n, unsigned groups) {
    struct error err = {0};
    struct life_tables lives = lives_of(spells, n, groups);
    struct logrank test = {0};
    struct logrank_result result;
    assert_int_equal(logrank_add(&test, lives.tables, lives.n, &err), 0);
    assert_int_equal(logrank_solve(&test, &result, &err), 0);
    logrank_free(&test);
    life_tables_free(&lives);
    return result;
}

/* Freireich et al. 1963: observed 9, expected 406602257588/21121645545,
 * chi-square 261377648054706132013894664/15564733313988771371954089 by rational arithmetic (printed
 * as 19.25 and 16.79 in Kleinbaum & Klein 2012, section 2.IV); p from R's pchisq. */
static void gives_the_numbers_of_the_book(void **state) {
    (void)state;
    struct error err = {0};
    struct life_tables lives = lives_of(lives_leukaemia, LIVES_LEUKAEMIA, 2);
    struct logrank test = {0};
    struct logrank_result result;
    assert_int_equal(logrank_add(&test, lives.tables, 2, &err), 0);
    assert_true(test.observed[0] == 9 && test.observed[1] == 21);
    assert_near(test.expected[0], 406602257588.0 / 21121645545.0, 1e-14, "expected on 6-MP");
    assert_near(test.difference[0], -test.difference[1], 1e-14, "differences");
    assert_near(test.covariance[0], 2223533330569824481707727.0 / 355369560729653700430200.0, 1e-14,
                "variance");
    assert_int_equal(logrank_solve(&test, &result, &err), 0);
    assert_int_equal(result.df, 1);
    assert_near(result.chi_square, 261377648054706132013894664.0 / 15564733313988771371954089.0,
                1e-13, "chi-square");
    assert_near(result.p_value, 4.1688091093345308e-05, 1e-11, "p");
    logrank_free(&test);
    life_tables_free(&lives);
}

/* ---- By definition --------------------------------------------------------------------------- */

enum { GROUPS = 4, SPELLS = 160 };

static void draw_spells(struct lived *spells, uint32_t run, bool late) {
    struct random_stream draws;
    random_open(&draws, 21, run, 0, 0, 0);
    for (int i = 0; i < SPELLS; i++) {
        double entry = late ? (double)random_below(&draws, 12) : 0;
        spells[i] = (struct lived){.group = random_below(&draws, GROUPS),
                                   .time = entry + 1 + (double)random_below(&draws, 25),
                                   .left = random_below(&draws, 3) > 0,
                                   .late = late,
                                   .entry = entry,
                                   .weight = 1 + (int64_t)random_below(&draws, 3)};
    }
}

static bool at_risk(const struct lived *spell, double time) {
    return time <= spell->time && (!spell->late || spell->entry < time);
}

/* Sums over all spells at each time, straight from the formulas. */
static void sum_plainly(const struct lived *spells, double difference[GROUPS],
                        double covariance[GROUPS][GROUPS]) {
    for (int time = 0; time < 60; time++) {
        double n = 0, d = 0, n_g[GROUPS] = {0}, d_g[GROUPS] = {0};
        for (int i = 0; i < SPELLS; i++) {
            bool left = spells[i].left && spells[i].time == time;
            n_g[spells[i].group] += at_risk(&spells[i], time) ? (double)spells[i].weight : 0;
            d_g[spells[i].group] += left ? (double)spells[i].weight : 0;
        }
        for (int g = 0; g < GROUPS; g++) {
            n += n_g[g];
            d += d_g[g];
        }
        if (d == 0)
            continue;
        for (int g = 0; g < GROUPS; g++) {
            difference[g] += d_g[g] - d * n_g[g] / n;
            for (int h = 0; h < GROUPS && n > 1; h++)
                covariance[g][h] += d * (n - d) / (n - 1) * (n_g[g] / n) * ((g == h) - n_g[h] / n);
        }
    }
}

static void sums_are_the_formulas(void **state) {
    (void)state;
    struct lived spells[SPELLS];
    for (uint32_t run = 0; run < 20; run++) {
        double difference[GROUPS] = {0}, covariance[GROUPS][GROUPS] = {{0}};
        struct error err = {0};
        struct logrank test = {0};
        draw_spells(spells, run, run % 2 == 1);
        struct life_tables lives = lives_of(spells, SPELLS, GROUPS);
        assert_int_equal(logrank_add(&test, lives.tables, GROUPS, &err), 0);
        sum_plainly(spells, difference, covariance);
        for (int g = 0; g < GROUPS; g++) {
            assert_true(fabs(test.difference[g] - difference[g]) < 1e-11);
            for (int h = 0; h <= g; h++)
                assert_true(fabs(test.covariance[g * GROUPS + h] - covariance[g][h]) < 1e-11);
        }
        logrank_free(&test);
        life_tables_free(&lives);
    }
}

/* Which group is left out of the quadratic form must not matter, nor in what order they come. */
static void order_of_groups_does_not_matter(void **state) {
    (void)state;
    struct lived spells[SPELLS];
    draw_spells(spells, 3, false);
    struct logrank_result straight = test_of(spells, SPELLS, GROUPS);
    for (int i = 0; i < SPELLS; i++)
        spells[i].group = GROUPS - 1 - spells[i].group;
    struct logrank_result turned = test_of(spells, SPELLS, GROUPS);
    assert_int_equal(straight.df, GROUPS - 1);
    assert_int_equal(turned.df, GROUPS - 1);
    assert_near(turned.chi_square, straight.chi_square, 1e-12, "chi-square");
}

/* Two equal strata: twice the differences over twice the variance. */
static void strata_add_up(void **state) {
    (void)state;
    struct lived spells[SPELLS];
    struct error err = {0};
    struct logrank test = {0};
    struct logrank_result once, twice;
    draw_spells(spells, 5, false);
    struct life_tables lives = lives_of(spells, SPELLS, GROUPS);
    assert_int_equal(logrank_add(&test, lives.tables, GROUPS, &err), 0);
    assert_int_equal(logrank_solve(&test, &once, &err), 0);
    assert_int_equal(logrank_add(&test, lives.tables, GROUPS, &err), 0);
    assert_int_equal(logrank_solve(&test, &twice, &err), 0);
    assert_near(twice.chi_square, 2 * once.chi_square, 1e-12, "chi-square");
    logrank_free(&test);
    life_tables_free(&lives);
}

/* ---- Edge cases ------------------------------------------------------------------------------ */

static void nothing_to_compare(void **state) {
    (void)state;
    static const struct lived no_events[] = {{.group = 0, .time = 3}, {.group = 1, .time = 4}};
    static const struct lived all_at_once[] = {{.group = 0, .time = 3, .left = 1},
                                               {.group = 1, .time = 3, .left = 1}};
    /* Whoever leaves in group 1 entered after all of group 0 had gone. */
    static const struct lived apart[] = {{.group = 0, .time = 3, .left = 1},
                                         {.group = 1, .time = 8, .left = 1, .late = 1, .entry = 5},
                                         {.group = 1, .time = 9, .left = 1, .late = 1, .entry = 5}};
    static const struct {
        const struct lived *spells;
        size_t n;
    } cases[] = {{no_events, COUNT(no_events)},
                 {all_at_once, COUNT(all_at_once)},
                 {apart, COUNT(apart)},
                 {NULL, 0}};
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct logrank_result result = test_of(cases[i].spells, cases[i].n, 2);
        assert_int_equal(result.df, 0);
        assert_true(isnan(result.chi_square) && isnan(result.p_value));
    }
}

/* A group that nobody shared a time with takes nothing away from the test of the others; R drops
 * it when it expects no event (survdiff) and stops at a singular matrix otherwise. */
static void islands_are_left_out(void **state) {
    (void)state;
    struct lived spells[SPELLS + 2];
    draw_spells(spells, 8, false);
    struct logrank_result alone = test_of(spells, SPELLS, GROUPS);
    spells[SPELLS] = (struct lived){.group = GROUPS, .time = 90, .left = 1, .late = 1, .entry = 80};
    spells[SPELLS + 1] = (struct lived){.group = GROUPS, .time = 91, .late = 1, .entry = 80};
    struct logrank_result with = test_of(spells, SPELLS + 2, GROUPS + 1);
    assert_int_equal(with.df, alone.df);
    assert_near(with.chi_square, alone.chi_square, 1e-13, "chi-square");
}

/* A and B meet, C and D meet, but neither of A, B meets C or D: two comparisons, and their
 * chi-squares add up. */
static void islands_are_compared_within(void **state) {
    (void)state;
    static const struct lived early[] = {{.group = 0, .time = 1, .left = 1},
                                         {.group = 1, .time = 2, .left = 1},
                                         {.group = 0, .time = 3, .left = 1},
                                         {.group = 1, .time = 4},
                                         {.group = 0, .time = 4}};
    struct lived both[2 * COUNT(early)];
    for (size_t i = 0; i < COUNT(early); i++) {
        both[i] = both[i + COUNT(early)] = early[i];
        both[i + COUNT(early)].group += 2;
        both[i + COUNT(early)].time += 10;
        both[i + COUNT(early)].late = true;
        both[i + COUNT(early)].entry = 10;
    }
    struct logrank_result one = test_of(early, COUNT(early), 2);
    struct logrank_result two = test_of(both, COUNT(both), 4);
    assert_int_equal(one.df, 1);
    assert_int_equal(two.df, 2);
    assert_near(two.chi_square, 2 * one.chi_square, 1e-13, "chi-square");
}

/* p from R: pchisq(c(500, 1400), c(1, 3), lower = FALSE) is 9.5053977665540927e-111 and
 * 2.9456193610163185e-303. Two big groups that differ much must not get p = 0. */
static void tiny_p_values_stay(void **state) {
    (void)state;
    static const struct lived apart[] = {{.group = 0, .time = 1, .left = 1, .weight = 300},
                                         {.group = 0, .time = 2, .weight = 700},
                                         {.group = 1, .time = 1, .left = 1, .weight = 700},
                                         {.group = 1, .time = 2, .weight = 300}};
    struct logrank_result result = test_of(apart, COUNT(apart), 2);
    /* One time: U = 300 - 500, V = 1000 * 1000/1999 * 1/4. */
    assert_near(result.chi_square, 200.0 * 200 / (1000.0 * 1000 / 1999 / 4), 1e-13, "chi-square");
    /* R: pchisq(319.84, 1, lower = FALSE) */
    assert_near(result.p_value, 1.5694689614333853e-71, 1e-11, "p");
}

/* ---- Known truth ----------------------------------------------------------------------------- */

/* Three groups with one Weibull hazard: at the 5 % level the test rejects 5 in 100. Among 600 the
 * binomial error is 0.9 in 100; 2.5 to 8 is about three of them. With hazards in the ratio 1 : 2 it
 * nearly always rejects. */
static void rejects_as_often_as_it_says(void **state) {
    (void)state;
    enum { RUNS = 600, N = 90 };
    struct lived spells[N];
    int rejected[2] = {0, 0};
    for (uint32_t other = 0; other < 2; other++)
        for (uint32_t run = 0; run < RUNS; run++) {
            struct random_stream draws;
            random_open(&draws, 31, run, other, 0, 0);
            for (unsigned i = 0; i < N; i++) {
                double hazard = other && i % 3 == 2 ? 3 : 1;
                double time = 20 * pow(-log(random_uniform_open(&draws)) / hazard, 1 / 1.4);
                double censored = 60 * random_uniform(&draws);
                spells[i] = (struct lived){
                    .group = i % 3, .time = fmin(time, censored), .left = time <= censored};
            }
            rejected[other] += test_of(spells, N, 3).p_value < 0.05;
        }
    assert_in_range(rejected[0], RUNS * 25 / 1000, RUNS * 8 / 100);
    assert_in_range(rejected[1], RUNS * 8 / 10, RUNS);
}

/* ---- Weights, trend, several tests -------------------------------------------------------------
 */

#define INFECTED(g, t, w)                                                                          \
    { .group = (g), .time = (t), .weight = (w), .left = true }
#define FREE(g, t, w)                                                                              \
    { .group = (g), .time = (t), .weight = (w) }
/* Months to an infection of 119 kidney patients whose catheter was placed surgically (group 0) or
 * percutaneously (1): Klein & Moeschberger 2003, table 1.2. */
static const struct lived kidney[] = {
    INFECTED(0, 1.5, 1),  INFECTED(0, 3.5, 1),  INFECTED(0, 4.5, 2),  INFECTED(0, 5.5, 1),
    INFECTED(0, 8.5, 2),  INFECTED(0, 9.5, 1),  INFECTED(0, 10.5, 1), INFECTED(0, 11.5, 1),
    INFECTED(0, 15.5, 1), INFECTED(0, 16.5, 1), INFECTED(0, 18.5, 1), INFECTED(0, 23.5, 1),
    INFECTED(0, 26.5, 1), FREE(0, 2.5, 2),      FREE(0, 3.5, 3),      FREE(0, 4.5, 1),
    FREE(0, 5.5, 1),      FREE(0, 6.5, 2),      FREE(0, 7.5, 4),      FREE(0, 8.5, 1),
    FREE(0, 9.5, 1),      FREE(0, 10.5, 1),     FREE(0, 11.5, 1),     FREE(0, 12.5, 2),
    FREE(0, 13.5, 1),     FREE(0, 14.5, 2),     FREE(0, 21.5, 2),     FREE(0, 22.5, 2),
    FREE(0, 25.5, 1),     FREE(0, 27.5, 1),     INFECTED(1, 0.5, 6),  INFECTED(1, 2.5, 2),
    INFECTED(1, 3.5, 1),  INFECTED(1, 6.5, 1),  INFECTED(1, 15.5, 1), FREE(1, 0.5, 10),
    FREE(1, 1.5, 4),      FREE(1, 2.5, 5),      FREE(1, 3.5, 5),      FREE(1, 4.5, 3),
    FREE(1, 5.5, 5),      FREE(1, 6.5, 1),      FREE(1, 7.5, 3),      FREE(1, 8.5, 3),
    FREE(1, 9.5, 2),      FREE(1, 10.5, 3),     FREE(1, 11.5, 2),     FREE(1, 12.5, 4),
    FREE(1, 14.5, 2),     FREE(1, 16.5, 2),     FREE(1, 18.5, 1),     FREE(1, 19.5, 3),
    FREE(1, 20.5, 1),     FREE(1, 22.5, 1),     FREE(1, 24.5, 1),     FREE(1, 25.5, 1),
    FREE(1, 26.5, 2),     FREE(1, 28.5, 1)};

/* Chi-square to two decimals and p to three, as printed in Klein & Moeschberger 2003, table 7.3. */
static void weighs_as_the_book(void **state) {
    (void)state;
    static const struct {
        struct logrank test;
        double chi_square, p;
    } printed[] = {{{.weight = LOGRANK_EVEN}, 2.53, 0.112},
                   {{.weight = LOGRANK_GEHAN}, 0.002, 0.964},
                   {{.weight = LOGRANK_TARONE_WARE}, 0.40, 0.526},
                   {{.weight = LOGRANK_PETO_PRENTICE}, 1.40, 0.237},
                   {{.weight = LOGRANK_MODIFIED_PETO}, 1.28, 0.259},
                   {{.weight = LOGRANK_FLEMING_HARRINGTON, .rho = 0, .gamma = 1}, 9.67, 0.002},
                   {{.weight = LOGRANK_FLEMING_HARRINGTON, .rho = 1, .gamma = 0}, 1.39, 0.239},
                   {{.weight = LOGRANK_FLEMING_HARRINGTON, .rho = 1, .gamma = 1}, 9.83, 0.002},
                   {{.weight = LOGRANK_FLEMING_HARRINGTON, .rho = 0.5, .gamma = 0.5}, 9.28, 0.002},
                   {{.weight = LOGRANK_FLEMING_HARRINGTON, .rho = 0.5, .gamma = 2}, 8.18, 0.004}};
    struct life_tables lives = lives_of(kidney, COUNT(kidney), 2);
    assert_int_equal(lives.tables[0].subjects, 43);
    assert_int_equal(lives.tables[1].subjects, 76);
    for (size_t i = 0; i < COUNT(printed); i++) {
        struct error err = {0};
        struct logrank test = printed[i].test;
        struct logrank_result result;
        assert_int_equal(logrank_add(&test, lives.tables, 2, &err), 0);
        assert_int_equal(logrank_solve(&test, &result, &err), 0);
        assert_true(fabs(result.chi_square - printed[i].chi_square) <= 0.005);
        assert_true(fabs(result.p_value - printed[i].p) <= 0.0005);
        logrank_free(&test);
    }
    life_tables_free(&lives);
}

/* With two groups a trend is the test itself, whatever the scores; with more, scores may be moved
 * and stretched. Groups that all have one score have no trend. */
static void trend_goes_by_scores(void **state) {
    (void)state;
    struct error err = {0};
    struct lived spells[SPELLS];
    draw_spells(spells, 8, false);
    struct life_tables lives = lives_of(spells, SPELLS, GROUPS);
    struct logrank two = {0}, all = {0};
    struct logrank_result plain, trend, moved;
    assert_int_equal(logrank_add(&two, lives.tables, 2, &err), 0);
    assert_int_equal(logrank_solve(&two, &plain, &err), 0);
    logrank_trend(&two, (const double[]){1, 2}, &trend);
    assert_int_equal(trend.df, 1);
    assert_near(trend.chi_square, plain.chi_square, 1e-12, "chi-square of two");
    assert_int_equal(logrank_add(&all, lives.tables, GROUPS, &err), 0);
    logrank_trend(&all, (const double[]){1, 2, 3, 4}, &trend);
    logrank_trend(&all, (const double[]){2007, 2004, 2001, 1998}, &moved);
    assert_near(moved.chi_square, trend.chi_square, 1e-10, "chi-square of moved scores");
    logrank_trend(&all, (const double[]){5, 5, 5, 5}, &trend);
    assert_int_equal(trend.df, 0);
    assert_true(isnan(trend.chi_square) && isnan(trend.p_value));
    logrank_free(&two);
    logrank_free(&all);
    life_tables_free(&lives);
}

/* R: p.adjust(c(0.01, 0.04, NA, 0.03, 0.02, 0.9), "holm") */
static void adjusts_as_holm(void **state) {
    (void)state;
    struct error err = {0};
    double p[] = {0.01, 0.04, NAN, 0.03, 0.02, 0.9};
    static const double expected[] = {0.05, 0.09, NAN, 0.09, 0.08, 0.9};
    assert_int_equal(logrank_holm(p, COUNT(p), &err), 0);
    for (size_t i = 0; i < COUNT(p); i++)
        assert_near(p[i], expected[i], 1e-15, "adjusted p");
    assert_int_equal(logrank_holm(NULL, 0, &err), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gives_the_numbers_of_the_book),
        cmocka_unit_test(sums_are_the_formulas),
        cmocka_unit_test(order_of_groups_does_not_matter),
        cmocka_unit_test(strata_add_up),
        cmocka_unit_test(nothing_to_compare),
        cmocka_unit_test(islands_are_left_out),
        cmocka_unit_test(islands_are_compared_within),
        cmocka_unit_test(tiny_p_values_stay),
        cmocka_unit_test(rejects_as_often_as_it_says),
        cmocka_unit_test(weighs_as_the_book),
        cmocka_unit_test(trend_goes_by_scores),
        cmocka_unit_test(adjusts_as_holm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
