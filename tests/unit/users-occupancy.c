/* SPDX-License-Identifier: GPL-3.0-or-later */
/* State occupancy and returns: moves from spells, shares and errors against their definition and
 * against Greenwood, times spent, first absences. R's own values are compared in tests/truth. */
#include "users/occupancy.h"
#include "users/returns.h"

#include "base/random.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lives.h"

/* Histories of one group from spells, sorted as histories_read leaves them. */
static struct histories made_of(struct history_spell *spells, size_t n, int32_t as_of) {
    static const char *const names[] = {"A", "B", "C"};
    struct error err = {0};
    struct histories ret = {.spells = spells, .n = n, .as_of = as_of};
    uint32_t code;
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(dictionary_add(&ret.platforms, text_of(names[i]), &code, &err), 0);
    assert_int_equal(dictionary_add(&ret.groups, text_of("(all)"), &code, &err), 0);
    ret.platform_order = calloc(3, sizeof *ret.platform_order);
    ret.group_order = calloc(1, sizeof *ret.group_order);
    for (uint32_t i = 0; i < 3; i++)
        ret.platform_order[i] = i;
    return ret;
}

static void unmake(struct histories *histories) {
    histories->spells = NULL; /* the test's */
    histories_free(histories);
}

#define COUNT(array) (sizeof(array) / sizeof *(array))

static bool same(struct text text, const char *name) {
    return text_is(text, name);
}

/* ---- Moves ----------------------------------------------------------------------------------- */

static void finds_the_moves(void **state) {
    (void)state;
    /* user 0: A 0-4, both 4-6, B 6-8, gone 8-9, A from 9; user 1: B that ends as it begins, then
     * nothing; user 2 starts on the last day, on which user 0 comes to C. */
    struct history_spell spells[] = {{.user = 0, .platform = 0, .start = 10, .end = 16},
                                     {.user = 0, .platform = 1, .start = 14, .end = 18},
                                     {.user = 0, .platform = 0, .start = 19, .end = 30, .open = 1},
                                     {.user = 0, .platform = 2, .start = 30, .end = 30, .open = 1},
                                     {.user = 1, .platform = 1, .start = 20, .end = 20},
                                     {.user = 2, .platform = 1, .start = 30, .end = 30, .open = 1}};
    static const struct {
        int day;
        unsigned subject;
        const char *from, *to; /* NULL: none */
    } expected[] = {{0, 0, NULL, "A"},       {0, 1, NULL, "(gone)"}, {4, 0, "A", "A+B"},
                    {6, 0, "A+B", "B"},      {8, 0, "B", "(gone)"},  {9, 0, "(gone)", "A"},
                    {10, 1, "(gone)", NULL}, {20, 0, "A", "A+C"},    {20, 0, "A+C", NULL}};
    struct error err = {0};
    struct histories histories = made_of(spells, COUNT(spells), 30);
    struct occupancy_paths paths;
    assert_int_equal(occupancy_paths_build(&paths, &histories, &err), 0);
    assert_int_equal(paths.states, 5);
    assert_int_equal(paths.subjects[0], 2);
    assert_int_equal(paths.unwatched, 1);
    assert_int_equal(paths.last_day, 20);
    assert_int_equal(paths.starts[1], COUNT(expected));
    for (size_t i = 0; i < COUNT(expected); i++) {
        const struct occupancy_move *move = &paths.moves[i];
        assert_int_equal(move->day, expected[i].day);
        assert_int_equal(move->subject, expected[i].subject);
        assert_true(expected[i].from ? same(occupancy_state(&paths, move->from), expected[i].from)
                                     : move->from == OCCUPANCY_NONE);
        assert_true(expected[i].to ? same(occupancy_state(&paths, move->to), expected[i].to)
                                   : move->to == OCCUPANCY_NONE);
    }
    occupancy_paths_free(&paths);
    unmake(&histories);
}

/* ---- Shares ---------------------------------------------------------------------------------- */

enum { USERS = 90, MOST_SPELLS = USERS * 40, DAYS = 80 };

/* Users who wander between A, B and gone; the later ones are watched for a shorter time, if cut. */
static size_t draw(struct history_spell *spells, bool cut) {
    struct random_stream draws;
    size_t n = 0;
    random_open(&draws, 41, cut, 0, 0, 0);
    for (uint32_t user = 0; user < USERS; user++) {
        const int32_t first = cut ? (int32_t)random_below(&draws, 50) : 0;
        int32_t day = first;
        for (uint32_t state = 1 + random_below(&draws, 2); day < DAYS;) {
            int32_t to = day + 1 + (int32_t)random_below(&draws, 15);
            if (state > 0)
                spells[n++] = (struct history_spell){.user = user,
                                                     .platform = state - 1,
                                                     .start = day,
                                                     .end = to < DAYS ? to : DAYS,
                                                     .open = to >= DAYS};
            day = to;
            state = (state + 1 + random_below(&draws, 2)) % 3;
        }
    }
    return n;
}

/* Everyone watched to the end: shares are those of the users, errors the binomial's by the
 * jackknife, times spent averages with the error of an average. */
static void are_shares_without_censoring(void **state) {
    (void)state;
    static struct history_spell spells[MOST_SPELLS];
    struct error err = {0};
    struct histories histories = made_of(spells, draw(spells, false), DAYS);
    struct occupancy_paths paths;
    struct occupancy curve;
    assert_int_equal(occupancy_paths_build(&paths, &histories, &err), 0);
    assert_int_equal(paths.states, 3);
    assert_int_equal(occupancy_begin(&curve, &paths, 0, OCCUPANCY_JACKKNIFE, true, &err), 0);
    for (bool more = true; more;) {
        double gone = USERS, in_a = 0;
        for (size_t i = 0; i < histories.n; i++)
            if (spells[i].start <= curve.day && (curve.day < spells[i].end || spells[i].open)) {
                gone--;
                in_a += spells[i].platform == 0;
            }
        assert_true(fabs(curve.share[0] - gone / USERS) < 1e-13);
        assert_true(fabs(curve.share[1] - in_a / USERS) < 1e-13);
        assert_true(fabs(curve.variance[1] - in_a / USERS * (1 - in_a / USERS) / USERS) < 1e-14);
        assert_int_equal(occupancy_next(&curve, &more, &err), 0);
    }
    occupancy_wait(&curve, DAYS);
    double spent[USERS] = {0}, sum = 0, squares = 0;
    for (size_t i = 0; i < histories.n; i++)
        spent[spells[i].user] += spells[i].platform == 0 ? spells[i].end - spells[i].start : 0;
    for (size_t u = 0; u < USERS; u++) {
        sum += spent[u] / USERS;
        squares += spent[u] * spent[u] / USERS;
    }
    assert_near(curve.time[1], sum, 1e-12, "time on A");
    assert_near(curve.time_variance[1], (squares - sum * sum) / USERS, 1e-11, "its variance");
    occupancy_end(&curve);
    occupancy_paths_free(&paths);
    unmake(&histories);
}

/* The share of a state on a day with weights of the users, straight from the definition. */
static double share_on(const struct occupancy_paths *paths, const double *weights, size_t asked,
                       int32_t last) {
    double p[3] = {0}, in[3] = {0}, moved[3][3];
    const struct occupancy_move *move = paths->moves, *end = move + paths->starts[1];
    for (; move->from == OCCUPANCY_NONE; move++)
        in[move->to] += weights[move->subject];
    for (size_t s = 0; s < 3; s++)
        p[s] = in[s] / (in[0] + in[1] + in[2]);
    while (move < end && move->day <= last) {
        double before[3] = {p[0], p[1], p[2]}, at_risk[3] = {in[0], in[1], in[2]};
        memset(moved, 0, sizeof moved);
        for (int32_t day = move->day; move < end && move->day == day; move++) {
            in[move->from] -= weights[move->subject];
            if (move->to == OCCUPANCY_NONE)
                continue;
            in[move->to] += weights[move->subject];
            moved[move->from][move->to] += weights[move->subject];
        }
        for (size_t j = 0; j < 3; j++)
            for (size_t k = 0; k < 3 && at_risk[j] > 0; k++) {
                p[k] += before[j] * moved[j][k] / at_risk[j];
                p[j] -= before[j] * moved[j][k] / at_risk[j];
            }
    }
    return p[asked];
}

/* The jackknife is the sum of squared derivatives: central differences of step 1e-4 are off by some
 * 1e-8. Users are watched for different times; `home` of them in a row are a cluster, or none is.
 */
static void compare_with_derivatives(size_t home) {
    static struct history_spell spells[MOST_SPELLS];
    struct error err = {0};
    struct histories histories = made_of(spells, draw(spells, true), DAYS);
    struct occupancy_paths paths;
    struct occupancy curve;
    double weights[USERS]; /* of subjects: users or clusters */
    for (size_t u = 0; u < USERS; u++)
        weights[u] = 1;
    for (size_t i = 0; i < histories.n && home > 1; i++)
        spells[i].cluster = spells[i].user / (uint32_t)home;
    histories.clusters = home > 1 ? USERS / home : 0;
    assert_int_equal(occupancy_paths_build(&paths, &histories, &err), 0);
    assert_int_equal(occupancy_begin(&curve, &paths, 0, OCCUPANCY_JACKKNIFE, false, &err), 0);
    for (bool more = true; more;) {
        for (size_t s = 0; s < 3 && curve.day % 7 == 0; s++) {
            double sum = 0;
            assert_true(fabs(curve.share[s] - share_on(&paths, weights, s, curve.day)) < 1e-13);
            for (size_t u = 0; u < USERS / home; u++) {
                weights[u] = 1 + 1e-4;
                double rise = share_on(&paths, weights, s, curve.day);
                weights[u] = 1 - 1e-4;
                rise -= share_on(&paths, weights, s, curve.day);
                weights[u] = 1;
                sum += rise / 2e-4 * (rise / 2e-4);
            }
            assert_true(fabs(curve.variance[s] - sum) < 1e-6 * sum + 1e-15);
        }
        assert_int_equal(occupancy_next(&curve, &more, &err), 0);
    }
    occupancy_end(&curve);
    occupancy_paths_free(&paths);
    unmake(&histories);
}

static void jackknife_is_its_derivative(void **state) {
    (void)state;
    compare_with_derivatives(1);
}

static void jackknife_by_cluster(void **state) {
    (void)state;
    compare_with_derivatives(3);
}

/* From one state to one other and no way back, the two kinds of error are one. */
static void greenwood_is_the_jackknife_of_one_move(void **state) {
    (void)state;
    struct history_spell spells[USERS];
    struct random_stream draws;
    random_open(&draws, 42, 0, 0, 0, 0);
    for (uint32_t user = 0; user < USERS; user++) {
        int32_t start = (int32_t)random_below(&draws, 50);
        int32_t end = start + 1 + (int32_t)random_below(&draws, 60);
        spells[user] = (struct history_spell){
            .user = user, .start = start, .end = end < DAYS ? end : DAYS, .open = end >= DAYS};
    }
    struct error err = {0};
    struct histories histories = made_of(spells, USERS, DAYS);
    struct occupancy_paths paths;
    struct occupancy curves[2];
    assert_int_equal(occupancy_paths_build(&paths, &histories, &err), 0);
    for (int kind = 0; kind < 2; kind++)
        assert_int_equal(
            occupancy_begin(&curves[kind], &paths, 0, (enum occupancy_error)kind, true, &err), 0);
    for (bool more = true; more;) {
        assert_true(fabs(curves[1].variance[0] - curves[0].variance[0]) < 1e-16);
        assert_int_equal(occupancy_next(&curves[0], &more, &err), 0);
        assert_int_equal(occupancy_next(&curves[1], &more, &err), 0);
    }
    for (int kind = 0; kind < 2; kind++)
        occupancy_wait(&curves[kind], DAYS);
    assert_near(curves[1].time_variance[0], curves[0].time_variance[0], 1e-10, "of the time");
    for (int kind = 0; kind < 2; kind++)
        occupancy_end(&curves[kind]);
    occupancy_paths_free(&paths);
    unmake(&histories);
}

static void nobody(void **state) {
    (void)state;
    struct error err = {0};
    struct histories histories = made_of(NULL, 0, 0);
    struct occupancy_paths paths;
    struct occupancy curve;
    bool more = true;
    assert_int_equal(occupancy_paths_build(&paths, &histories, &err), 0);
    assert_int_equal(paths.states, 0);
    assert_int_equal(occupancy_begin(&curve, &paths, 0, OCCUPANCY_JACKKNIFE, true, &err), 0);
    assert_int_equal(occupancy_next(&curve, &more, &err), 0);
    assert_false(more);
    occupancy_end(&curve);
    occupancy_paths_free(&paths);
    unmake(&histories);
}

/* ---- Returns --------------------------------------------------------------------------------- */

static void counts_first_absences(void **state) {
    (void)state;
    /* user 0 on A: 0-5 and 5-9 are one stay; back after 3 days, away again after 8, then back once
     * more, which does not count. On B meanwhile: no matter. user 1: still there. user 2: gone from
     * 4 on. user 3: back after 6 days and still there at 40. */
    struct history_spell spells[] = {{.user = 0, .platform = 0, .start = 0, .end = 5},
                                     {.user = 0, .platform = 0, .start = 5, .end = 9},
                                     {.user = 0, .platform = 1, .start = 8, .end = 40, .open = 1},
                                     {.user = 0, .platform = 0, .start = 12, .end = 20},
                                     {.user = 0, .platform = 0, .start = 25, .end = 40, .open = 1},
                                     {.user = 1, .platform = 0, .start = 3, .end = 40, .open = 1},
                                     {.user = 2, .platform = 0, .start = 1, .end = 4},
                                     {.user = 3, .platform = 0, .start = 2, .end = 6},
                                     {.user = 3, .platform = 0, .start = 12, .end = 40, .open = 1}};
    struct error err = {0};
    struct histories histories = made_of(spells, COUNT(spells), 40);
    struct returns returns;
    assert_int_equal(returns_build(&returns, &histories, &err), 0);
    /* After 3, 6 and, censored, 36; after 8 and, censored, 28. */
    static const struct {
        int time;
        bool event;
    } back[] = {{3, true}, {6, true}, {36, false}}, again[] = {{8, true}, {28, false}};
    assert_int_equal(returns.back.tables[0].n, COUNT(back));
    for (size_t i = 0; i < COUNT(back); i++) {
        const struct exits_count *count = &returns.back.tables[0].counts[i];
        assert_true(count->time == lived_time(back[i].time) && count->count == 1);
        assert_int_equal(count->kind, back[i].event ? EXITS_EVENT : EXITS_CENSORED);
    }
    assert_int_equal(returns.again.tables[0].n, COUNT(again));
    for (size_t i = 0; i < COUNT(again); i++) {
        const struct exits_count *count = &returns.again.tables[0].counts[i];
        assert_true(count->time == lived_time(again[i].time) && count->count == 1);
        assert_int_equal(count->kind, again[i].event ? EXITS_EVENT : EXITS_CENSORED);
    }
    returns_free(&returns);
    unmake(&histories);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_the_moves),
        cmocka_unit_test(are_shares_without_censoring),
        cmocka_unit_test(jackknife_is_its_derivative),
        cmocka_unit_test(jackknife_by_cluster),
        cmocka_unit_test(greenwood_is_the_jackknife_of_one_move),
        cmocka_unit_test(nobody),
        cmocka_unit_test(counts_first_absences),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
