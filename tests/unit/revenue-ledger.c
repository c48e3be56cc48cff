/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Ledgers against sums in a plain array. */
#include "revenue/ledger.h"

#include "base/random.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { USERS = 3000, CELLS = 3, PERIODS = 7, ADDED = 200000, FIRST = -3 };

static struct ledger_user user_of(uint32_t number) {
    char name[16];
    snprintf(name, sizeof name, "%08u", number);
    return ledger_user(text_of(name));
}

static void add(struct ledger *ledger, const struct ledger_key *key, decimal revenue) {
    struct error err = {0};
    if (ledger_add(ledger, key, revenue, &err))
        fail_msg("%s", err.text);
}

/* What was added, per user, cell and period. */
struct expected {
    int128 sum[USERS][CELLS][PERIODS];
    int times[USERS][CELLS][PERIODS];
};

/* The same rows go into one ledger of `n` in turn; cells are numbered differently in each. */
static void fill(struct ledger *ledgers, size_t n, struct expected *expected) {
    struct random_stream stream;
    random_open(&stream, 1, 0, 0, 0, 0);
    memset(expected, 0, sizeof *expected);
    for (size_t i = 0; i < ADDED; i++) {
        uint32_t user = random_below(&stream, USERS), cell = random_below(&stream, CELLS);
        uint32_t period = random_below(&stream, PERIODS);
        decimal revenue = (decimal)random_below(&stream, 1000000) - 100000;
        struct ledger_key key = {user_of(user), FIRST + (int32_t)period,
                                 (uint16_t)((cell + i % n) % CELLS)};
        add(&ledgers[i % n], &key, revenue);
        expected->sum[user][cell][period] += revenue;
        expected->times[user][cell][period]++;
    }
}

struct known {
    struct ledger_user user;
    uint32_t number;
};

static int by_user(const void *a, const void *b) {
    const struct known *x = a, *y = b;
    return x->user.low < y->user.low ? -1 : x->user.low > y->user.low;
}

static void know_users(struct known known[USERS]) {
    for (uint32_t number = 0; number < USERS; number++)
        known[number] = (struct known){user_of(number), number};
    qsort(known, USERS, sizeof *known, by_user);
}

/* Every entry has the sum that was added to its key, and no other. Returns how many there are. */
static size_t check_part(const struct ledger_part *part, const struct known *known,
                         const struct expected *expected) {
    struct ledger_key key;
    int128 sum;
    size_t entries = 0;
    for (size_t place = 0; ledger_next(part, &place, &key, &sum); entries++) {
        struct known wanted = {key.user, 0};
        const struct known *found = bsearch(&wanted, known, USERS, sizeof *known, by_user);
        assert_non_null(found);
        assert_true(ledger_holds(part, &key));
        assert_true(sum == expected->sum[found->number][key.cell][key.period - FIRST]);
        assert_true(expected->times[found->number][key.cell][key.period - FIRST] > 0);
        key.period += PERIODS;
        assert_false(ledger_holds(part, &key));
    }
    return entries;
}

static size_t count_keys(const struct expected *expected) {
    size_t count = 0;
    for (size_t user = 0; user < USERS; user++)
        for (size_t cell = 0; cell < CELLS; cell++)
            for (size_t period = 0; period < PERIODS; period++)
                count += expected->times[user][cell][period] > 0;
    return count;
}

static void united_ledgers_hold_every_sum_once(void **state) {
    (void)state;
    static struct expected expected;
    static struct known known[USERS];
    know_users(known);
    for (size_t n = 1; n <= 4; n++) {
        struct ledger ledgers[4] = {{{{0}}}};
        struct ledger_share shares[4];
        uint32_t codes[4][CELLS];
        size_t entries = 0;
        fill(ledgers, n, &expected);
        for (size_t i = 0; i < n; i++) {
            shares[i] = (struct ledger_share){&ledgers[i], codes[i]};
            for (uint32_t cell = 0; cell < CELLS; cell++)
                codes[i][(cell + i) % CELLS] = cell;
        }
        for (size_t p = 0; p < LEDGER_PARTS; p++) {
            struct ledger_part part = {0};
            struct error err = {0};
            assert_int_equal(ledger_unite(shares, n, p, &part, &err), 0);
            entries += check_part(&part, known, &expected);
            ledger_part_free(&part);
        }
        assert_int_equal(entries, count_keys(&expected));
        for (size_t i = 0; i < n; i++)
            ledger_free(&ledgers[i]);
    }
}

/* Unites a single ledger, and returns the number of entries and the sum of all. */
static size_t sum_up(struct ledger *ledger, uint16_t cell, int128 *ret_sum) {
    static uint32_t codes[LEDGER_CELLS];
    const struct ledger_share share = {ledger, codes};
    size_t entries = 0;
    codes[cell] = cell;
    *ret_sum = 0;
    for (size_t p = 0; p < LEDGER_PARTS; p++) {
        struct ledger_part part = {0};
        struct error err = {0};
        struct ledger_key key;
        int128 sum;
        assert_int_equal(ledger_unite(&share, 1, p, &part, &err), 0);
        for (size_t place = 0; ledger_next(&part, &place, &key, &sum); entries++) {
            assert_int_equal(key.cell, cell);
            *ret_sum += sum;
        }
        ledger_part_free(&part);
    }
    return entries;
}

/* Sums beyond 64 bits on the way do no harm; beyond 80 they are an error, not a wrong number. */
static void sums_do_not_wrap(void **state) {
    (void)state;
    struct ledger ledger = {{{0}}};
    struct ledger_key key = {user_of(1), 0, 0};
    struct error err = {0};
    int128 sum;
    for (int i = 0; i < 1000; i++)
        add(&ledger, &key, INT64_MAX);
    for (int i = 0; i < 1001; i++)
        add(&ledger, &key, -INT64_MAX);
    assert_int_equal(sum_up(&ledger, 0, &sum), 1);
    assert_true(sum == -(int128)INT64_MAX);
    int code = 0;
    for (int i = 0; code == 0 && i < 100000; i++)
        code = ledger_add(&ledger, &key, INT64_MAX, &err);
    assert_int_equal(code, ERROR_DATA);
    ledger_free(&ledger);
}

/* One user with very many periods must not form a cluster that slows probing to a crawl. */
static void many_periods_of_one_user(void **state) {
    (void)state;
    struct ledger ledger = {{{0}}};
    int128 sum;
    for (int32_t period = -500000; period < 500000; period++) {
        struct ledger_key key = {user_of(1), period, LEDGER_CELLS - 1};
        add(&ledger, &key, period);
    }
    assert_int_equal(sum_up(&ledger, LEDGER_CELLS - 1, &sum), 1000000);
    assert_true(sum == -500000);
    ledger_free(&ledger);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(united_ledgers_hold_every_sum_once),
        cmocka_unit_test(sums_do_not_wrap),
        cmocka_unit_test(many_periods_of_one_user),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
