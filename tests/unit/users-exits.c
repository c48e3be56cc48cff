/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Counts by group, kind and time: the same for any order of adding and any split into parts; and
 * the life tables made of them. */
#include "users/exits.h"

#include "base/random.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lives.h"

static void add(struct exits *exits, uint32_t group, uint32_t kind, decimal time, int64_t count) {
    struct error err = {0};
    assert_int_equal(exits_add(exits, group, kind, time, count, &err), 0);
}

static const struct exits_count *sorted(struct exits *exits, size_t *ret_n) {
    struct error err = {0};
    const struct exits_count *counts;
    assert_int_equal(exits_sort(exits, &counts, ret_n, &err), 0);
    return counts;
}

static void counts_and_sorts(void **state) {
    (void)state;
    struct exits exits = {0};
    add(&exits, 1, EXITS_EVENT, 5 * DECIMAL_ONE, 2);
    add(&exits, 0, EXITS_EVENT, 7 * DECIMAL_ONE, 1);
    add(&exits, 0, EXITS_CENSORED, 7 * DECIMAL_ONE, 4);
    add(&exits, 1, EXITS_EVENT, 5 * DECIMAL_ONE, 3);
    add(&exits, 0, EXITS_ENTERED, -DECIMAL_ONE, 1);
    assert_int_equal(exits.total, 11);
    static const struct exits_count expected[] = {{-DECIMAL_ONE, 0, EXITS_ENTERED, 1},
                                                  {7 * DECIMAL_ONE, 0, EXITS_CENSORED, 4},
                                                  {7 * DECIMAL_ONE, 0, EXITS_EVENT, 1},
                                                  {5 * DECIMAL_ONE, 1, EXITS_EVENT, 5}};
    size_t n;
    const struct exits_count *counts = sorted(&exits, &n);
    assert_int_equal(n, 4);
    assert_memory_equal(counts, expected, sizeof expected);
    /* Adding goes on after sorting. */
    add(&exits, 1, EXITS_EVENT, 5 * DECIMAL_ONE, 7);
    counts = sorted(&exits, &n);
    assert_int_equal(n, 4);
    assert_int_equal(counts[3].count, 12);
    exits_free(&exits);
}

static void empty_is_fine(void **state) {
    (void)state;
    struct exits exits = {0}, other = {0};
    struct error err = {0};
    size_t n;
    assert_null(sorted(&exits, &n));
    assert_int_equal(n, 0);
    assert_int_equal(exits_merge(&exits, &other, NULL, &err), 0);
    assert_null(sorted(&exits, &n));
    exits_free(&exits);
    exits_free(&other);
}

/* Random counts over `times` times, summed up in seven parts that are merged, with the groups
 * renumbered, against plain arrays. */
static void assert_parts_make_the_whole(int rows, uint32_t times) {
    enum { PARTS = 7, GROUPS = 5, KINDS = 3 };
    static const uint32_t turned[GROUPS] = {4, 3, 2, 1, 0};
    int64_t *plain = calloc((size_t)GROUPS * KINDS * times, sizeof *plain), total = 0;
    struct exits merged = {0}, parts[PARTS];
    memset(parts, 0, sizeof parts);
    struct error err = {0};
    struct random_stream draws;
    random_open(&draws, 41, 0, 0, 0, 0);
    for (int i = 0; i < rows; i++) {
        uint32_t group = random_below(&draws, GROUPS), kind = random_below(&draws, KINDS);
        uint32_t time = random_below(&draws, times);
        int64_t count = 1 + (int64_t)random_below(&draws, 9);
        plain[(group * (size_t)times + time) * KINDS + kind] += count;
        total += count;
        add(&parts[random_below(&draws, PARTS)], turned[group], kind, time * DECIMAL_ONE / 2,
            count);
    }
    for (int i = 0; i < PARTS; i++)
        assert_int_equal(exits_merge(&merged, &parts[i], turned, &err), 0);
    assert_true(merged.total == total);
    size_t n, seen = 0;
    const struct exits_count *counts = sorted(&merged, &n);
    for (uint32_t i = 0; i < GROUPS * KINDS * times; i++) {
        if (plain[i] == 0)
            continue;
        assert_true(seen < n);
        assert_int_equal(counts[seen].kind, i % KINDS);
        assert_int_equal(counts[seen].time, i / KINDS % times * DECIMAL_ONE / 2);
        assert_int_equal(counts[seen].group, i / KINDS / times);
        assert_int_equal(counts[seen].count, plain[i]);
        seen++;
    }
    assert_int_equal(seen, n);
    /* Memory follows the distinct counts, not the rows. */
    assert_true(merged.capacity <= 8 * n + 200000);
    exits_free(&merged);
    for (int i = 0; i < PARTS; i++)
        exits_free(&parts[i]);
    free(plain);
}

static void few_times(void **state) {
    (void)state;
    assert_parts_make_the_whole(20000, 100);
}

/* More than a table holds, each seen about once. */
static void many_times(void **state) {
    (void)state;
    assert_parts_make_the_whole(600000, 40000);
}

/* More than a table holds, each seen often. */
static void many_times_again_and_again(void **state) {
    (void)state;
    assert_parts_make_the_whole(2000000, 5000);
}

static void refuses_what_a_double_cannot_count(void **state) {
    (void)state;
    struct exits exits = {0};
    struct error err = {0};
    add(&exits, 0, EXITS_EVENT, 0, EXITS_MAX - 1);
    add(&exits, 0, EXITS_EVENT, 0, 1);
    assert_int_equal(exits_add(&exits, 0, EXITS_EVENT, 0, 1, &err), ERROR_DATA);
    assert_string_equal(err.text, "more than 9007199254740992 spells, counting weights");
    exits_free(&exits);
}

/* The risk set is entry < t <= exit; between rows it does not change. */
static void life_tables_know_who_is_at_risk(void **state) {
    (void)state;
    enum { N = 300, LAST = 40 };
    struct lived spells[N];
    struct random_stream draws;
    random_open(&draws, 42, 0, 0, 0, 0);
    for (int i = 0; i < N; i++) {
        bool late = random_below(&draws, 2) == 1;
        double entry = late ? (double)random_below(&draws, 20) : 0;
        spells[i] = (struct lived){.time = entry + late + (double)random_below(&draws, 18),
                                   .left = random_below(&draws, 2) == 1,
                                   .late = late,
                                   .entry = entry};
    }
    struct life_tables lives = lives_of(spells, N, 1);
    const struct life_table *table = &lives.tables[0];
    assert_int_equal(table->subjects, N);
    for (int t = 0; t <= LAST; t++) {
        int64_t at_risk = 0, events = 0, censored = 0, entered = 0;
        for (int i = 0; i < N; i++) {
            at_risk += t <= spells[i].time && (!spells[i].late || spells[i].entry < t);
            events += spells[i].left && spells[i].time == t;
            censored += !spells[i].left && spells[i].time == t;
            entered += spells[i].late && spells[i].entry == t;
        }
        size_t i = 0;
        while (i < table->n && table->rows[i].time < lived_time(t))
            i++;
        const struct life_row *row = i < table->n ? &table->rows[i] : NULL;
        assert_int_equal(row ? row->at_risk : 0, at_risk);
        if (row && row->time == lived_time(t)) {
            assert_int_equal(row->events, events);
            assert_int_equal(row->censored, censored);
            assert_int_equal(row->entered, entered);
        } else {
            assert_int_equal(events + censored + entered, 0);
        }
    }
    life_tables_free(&lives);
}

/* By name, not by code, and with the parts of a name put together. */
static void groups_come_by_name(void **state) {
    (void)state;
    struct error err = {0};
    struct exits exits = {0};
    struct dictionary names = {0};
    struct life_tables lives;
    static const struct text keys[] = {{"b\0x", 3}, {"a\0y", 3}, {"a", 1}, {"a\0b\0c", 5}};
    static const char *const expected[] = {"a", "a, b, c", "a, y", "b, x"};
    for (uint32_t i = 0; i < 4; i++) {
        uint32_t code;
        assert_int_equal(dictionary_add(&names, keys[i], &code, &err), 0);
        if (i != 2) /* a group of which nobody was ever at risk */
            add(&exits, code, EXITS_EVENT, DECIMAL_ONE, 1 + code);
    }
    assert_int_equal(life_tables_build(&exits, &names, &lives, &err), 0);
    assert_int_equal(lives.n, 4);
    for (size_t i = 0; i < 4; i++)
        assert_true(text_is(lives.tables[i].group, expected[i]));
    assert_int_equal(lives.tables[0].n, 0);
    assert_int_equal(lives.tables[0].subjects, 0);
    assert_int_equal(lives.tables[1].events, 4);
    assert_int_equal(lives.tables[3].events, 1);
    life_tables_free(&lives);
    exits_free(&exits);
    dictionary_free(&names);
}

/* Sorting packs the three parts of a key into one number, which here takes 128 bits; and kinds can
 * be given other numbers. */
static void keys_of_any_width(void **state) {
    (void)state;
    static const struct exits_count sorted[] = {
        {.time = INT64_MIN, .group = 0, .kind = 1, .count = 1},
        {.time = INT64_MAX, .group = 0, .kind = 0, .count = 1},
        {.time = INT64_MAX, .group = 0, .kind = UINT32_MAX, .count = 1},
        {.time = -1, .group = 7, .kind = 2, .count = 1},
        {.time = 0, .group = 7, .kind = 0, .count = 1},
        {.time = INT64_MIN, .group = UINT32_MAX, .kind = 3, .count = 2},
    };
    const size_t n = sizeof sorted / sizeof *sorted;
    struct error err = {0};
    struct exits exits = {0};
    const struct exits_count *found;
    size_t n_found;
    for (size_t i = n; i-- > 0;)
        assert_int_equal(exits_add(&exits, sorted[i].group, sorted[i].kind, sorted[i].time,
                                   sorted[i].count, &err),
                         0);
    assert_int_equal(exits_sort(&exits, &found, &n_found, &err), 0);
    assert_int_equal(n_found, n);
    for (size_t i = 0; i < n; i++) {
        assert_true(found[i].time == sorted[i].time && found[i].count == sorted[i].count);
        assert_true(found[i].group == sorted[i].group && found[i].kind == sorted[i].kind);
    }
    exits_free(&exits);

    struct exits from = {0}, into = {0};
    const uint32_t codes[] = {1}, kinds[] = {0, 1, 4, 3}, renamed[] = {0, 1, 3, 2, 2};
    assert_int_equal(exits_add(&from, 0, 2, 5, 10, &err), 0);
    assert_int_equal(exits_add(&from, 0, 3, 5, 20, &err), 0);
    assert_int_equal(exits_merge_kinds(&into, &from, codes, kinds, &err), 0);
    assert_int_equal(exits_rename_kinds(&into, renamed, &err), 0);
    assert_int_equal(exits_sort(&into, &found, &n_found, &err), 0);
    assert_int_equal(n_found, 1); /* 2 became 4, and 3 and 4 became 2 */
    assert_true(found[0].group == 1 && found[0].kind == 2 && found[0].count == 30);
    exits_free(&from);
    exits_free(&into);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counts_and_sorts),
        cmocka_unit_test(empty_is_fine),
        cmocka_unit_test(few_times),
        cmocka_unit_test(many_times),
        cmocka_unit_test(many_times_again_and_again),
        cmocka_unit_test(refuses_what_a_double_cannot_count),
        cmocka_unit_test(life_tables_know_who_is_at_risk),
        cmocka_unit_test(groups_come_by_name),
        cmocka_unit_test(keys_of_any_width),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
