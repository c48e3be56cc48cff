/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Sets of active days: what was added, once, in order, whichever set it was added to. */
#include "users/active-days.h"

#include "base/buffer.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

/* What the sets of a test share; NULL in the tests without one. */
static struct active_store *store;

static int with_store(void **state) {
    struct error err = {0};
    (void)state;
    return active_store_create(&store, &err);
}

static int without_store(void **state) {
    (void)state;
    active_store_destroy(store);
    store = NULL;
    return 0;
}

struct fact {
    const char *user, *platform;
    int32_t day;
};

static void add(struct active_days *set, const struct fact *facts, size_t n) {
    struct error err = {0};
    struct text *users = calloc(n + 1, sizeof *users), *platforms = calloc(n + 1, sizeof *users);
    int32_t *days = calloc(n + 1, sizeof *days);
    assert_true(users && platforms && days);
    for (size_t i = 0; i < n; i++) {
        users[i] = text_of(facts[i].user);
        platforms[i] = text_of(facts[i].platform);
        days[i] = facts[i].day;
    }
    set->store = store;
    assert_int_equal(active_days_add(set, users, platforms, days, n, &err), 0);
    free(users);
    free(platforms);
    free(days);
}

static void show_block(struct buffer *out, const struct active_part *part,
                       const struct active_platforms *platforms, const struct active_block *block) {
    const struct text user = active_user_name(part, active_block_user(block));
    const struct text platform = active_platform_name(platforms, active_block_platform(block));
    buffer_format(out, "%.*s %.*s", (int)user.length, user.bytes, (int)platform.length,
                  platform.bytes);
    for (int bit = 0; bit < 64; bit++)
        if (block->days >> bit & 1)
            buffer_format(out, " %d", (int)active_block_first_day(block) + bit);
    buffer_byte(out, '\n');
}

/* All blocks of all parts; with users of one part each, by user. */
static void show(struct buffer *out, struct active_days *const *sets, size_t n) {
    struct error err = {0};
    struct active_platforms platforms;
    buffer_text(out, "");
    assert_int_equal(active_platforms_unite(sets, n, &platforms, &err), 0);
    for (size_t number = 0; number < ACTIVE_DAYS_PARTS; number++) {
        struct active_part part;
        assert_int_equal(active_days_unite(sets, n, &platforms, number, &part, &err), 0);
        for (size_t i = 0; i < part.n; i++)
            show_block(out, &part, &platforms, &part.blocks[i]);
        active_part_free(&part);
    }
    active_platforms_free(&platforms);
    for (size_t s = 0; s < n; s++)
        active_days_free(sets[s]);
    assert_false(out->failed);
}

/* A block begins every 64 days from 0001-01-01, day -719162, on: -719162 + 64 x 11237 = 6. */
static void keeps_each_day_once(void **state) {
    (void)state;
    static const struct fact facts[] = {{"u", "A", 5},  {"u", "A", 6},  {"u", "A", 69},
                                        {"u", "A", 70}, {"u", "A", 6},  {"u", "B", 6},
                                        {"u", "A", 5},  {"u", "A", -1}, {"u", "A", 7}};
    struct active_days set = {0}, *sets[] = {&set};
    struct buffer out = {0};
    add(&set, facts, sizeof facts / sizeof *facts);
    show(&out, sets, 1);
    assert_string_equal(out.bytes, "u A -1 5\nu A 6 7 69\nu A 70\nu B 6\n");
    buffer_free(&out);
}

/* Two sets that met users and platforms in another order, and some of the same days. */
static void unites_sets(void **state) {
    (void)state;
    static const struct fact one[] = {{"u", "B", 10}, {"u", "A", 10}, {"u", "C", 11}};
    static const struct fact two[] = {{"u", "A", 12}, {"u", "D", 1}, {"u", "B", 10}};
    struct active_days first = {0}, second = {0}, third = {0}, *sets[] = {&first, &second, &third};
    struct buffer out = {0};
    add(&first, one, 3);
    add(&second, two, 3);
    show(&out, sets, 3);
    assert_string_equal(out.bytes, "u A 10 12\nu B 10\nu C 11\nu D 1\n");
    buffer_free(&out);
}

static void holds_both_ends_of_the_calendar(void **state) {
    (void)state;
    static const struct fact facts[] = {{"", "", CALENDAR_MAX_DAY}, {"", "", CALENDAR_MIN_DAY}};
    struct active_days set = {0}, *sets[] = {&set};
    struct buffer out = {0};
    add(&set, facts, 2);
    show(&out, sets, 1);
    assert_string_equal(out.bytes, "  -719162\n  2932896\n");
    buffer_free(&out);
}

static void is_empty_at_first(void **state) {
    (void)state;
    struct active_days set = {0}, *sets[] = {&set};
    struct buffer out = {0};
    add(&set, NULL, 0);
    show(&out, sets, 1);
    assert_string_equal(out.bytes, "");
    show(&out, sets, 0);
    assert_string_equal(out.bytes, "");
    buffer_free(&out);
}

/* Tables that grow under rows on their way: each user has each platform and day once, and the names
 * of a part are in order. */
static void grows(void **state) {
    (void)state;
    enum { USERS = 20000, EACH = 6 };
    struct error err = {0};
    struct active_days *set = calloc(1, sizeof *set);
    struct fact *facts = calloc((size_t)USERS * EACH, sizeof *facts);
    char(*names)[16] = calloc(USERS, sizeof *names);
    struct active_platforms platforms;
    size_t seen = 0;
    assert_true(set && facts && names);
    for (int i = 0; i < USERS * EACH; i++) {
        const int user = (int)((int64_t)i * 7919 % USERS); /* a prime: all users in turn */
        snprintf(names[user], sizeof names[user], "%d", user);
        facts[i] = (struct fact){names[user], user % 2 ? "odd" : "even", i / USERS * 100};
    }
    add(set, facts, (size_t)USERS * EACH);
    assert_int_equal(active_platforms_unite(&set, 1, &platforms, &err), 0);
    for (size_t number = 0; number < ACTIVE_DAYS_PARTS; number++) {
        struct active_part part;
        assert_int_equal(active_days_unite(&set, 1, &platforms, number, &part, &err), 0);
        for (size_t i = 0; i < part.n; i++) {
            const struct text user = active_user_name(&part, active_block_user(&part.blocks[i]));
            const bool odd = (user.bytes[user.length - 1] - '0') % 2 != 0;
            const struct text platform =
                active_platform_name(&platforms, active_block_platform(&part.blocks[i]));
            assert_true(text_is(platform, odd ? "odd" : "even"));
            assert_int_equal(__builtin_popcountll(part.blocks[i].days), 1);
            assert_true(i == 0 || part.blocks[i - 1].key < part.blocks[i].key);
        }
        for (uint32_t rank = 1; rank < part.users.count; rank++)
            assert_true(
                text_compare(active_user_name(&part, rank - 1), active_user_name(&part, rank)) < 0);
        assert_true(part.users.count > 0);
        seen += part.n;
        active_part_free(&part);
    }
    assert_int_equal(seen, USERS * EACH);
    active_platforms_free(&platforms);
    active_days_free(set);
    free(set);
    free(facts);
    free(names);
}

#define BOTH(test)                                                                                 \
    cmocka_unit_test(test), cmocka_unit_test_setup_teardown(test, with_store, without_store)

int main(void) {
    const struct CMUnitTest tests[] = {
        BOTH(keeps_each_day_once), BOTH(unites_sets), BOTH(holds_both_ends_of_the_calendar),
        BOTH(is_empty_at_first),   BOTH(grows),
    };
    return cmocka_run_group_tests_name("users-active-days", tests, NULL, NULL);
}
