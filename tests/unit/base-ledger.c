/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Ledgers against sums in a plain array. */
#include "base/ledger.h"

#include "base/random.h"
#include "base/workers.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { USERS = 3000, CELLS = 3, PERIODS = 7, BATCH = 2000, BATCHES = 100, FIRST = -3 };

/* Rows of one batch, and the room that their columns point to. */
struct batch {
    struct text users[BATCH];
    char names[BATCH][16];
    uint16_t cells[BATCH];
    int32_t periods[BATCH];
    decimal revenue[BATCH];
    uint32_t numbers[BATCH];
};

static void name_user(struct batch *batch, size_t row, uint32_t number) {
    const int length = snprintf(batch->names[row], sizeof batch->names[row], "%08u", number);
    batch->users[row] = (struct text){batch->names[row], (size_t)length};
    batch->numbers[row] = number;
}

static void draw_batch(struct batch *batch, size_t number) {
    struct random_stream stream;
    random_open(&stream, 1, (uint32_t)number, 0, 0, 0);
    for (size_t i = 0; i < BATCH; i++) {
        name_user(batch, i, random_below(&stream, USERS));
        batch->cells[i] = (uint16_t)random_below(&stream, CELLS);
        batch->periods[i] = FIRST + (int32_t)random_below(&stream, PERIODS);
        batch->revenue[i] = (decimal)random_below(&stream, 1000000) - 100000;
    }
}

static struct ledger_rows rows_of(const struct batch *batch) {
    return (struct ledger_rows){batch->users, batch->cells, batch->periods, batch->revenue};
}

static struct ledger *create(void) {
    struct ledger *ledger;
    struct error err = {0};
    assert_int_equal(ledger_create(&ledger, &err), 0);
    return ledger;
}

/* ---- Many users ------------------------------------------------------------------------------ */

/* What was added, per user, cell and period. */
struct expected {
    int128 sum[USERS][CELLS][PERIODS];
    int times[USERS][CELLS][PERIODS];
};

static void expect_batches(struct expected *expected) {
    static struct batch batch;
    memset(expected, 0, sizeof *expected);
    for (size_t number = 0; number < BATCHES; number++) {
        draw_batch(&batch, number);
        for (size_t i = 0; i < BATCH; i++) {
            const size_t period = (size_t)(batch.periods[i] - FIRST);
            expected->sum[batch.numbers[i]][batch.cells[i]][period] += batch.revenue[i];
            expected->times[batch.numbers[i]][batch.cells[i]][period]++;
        }
    }
}

static int add_batch(void *context, size_t number, int worker, struct error *err) {
    struct ledger_hand hand = {0};
    struct batch *batch = malloc(sizeof *batch);
    (void)worker;
    if (!batch)
        return error_memory(err);
    draw_batch(batch, number);
    const struct ledger_rows rows = rows_of(batch);
    const int code = ledger_add(context, &hand, &rows, BATCH, err);
    ledger_hand_free(&hand);
    free(batch);
    return code;
}

/* The part and the first 64 bits of the hash that an entry of this user has, by adding one. */
struct known {
    uint64_t user;
    uint32_t number;
};

static int by_user(const void *a, const void *b) {
    const struct known *x = a, *y = b;
    return x->user < y->user ? -1 : x->user > y->user;
}

static void know_users(struct known known[USERS]) {
    static struct batch batch;
    struct error err = {0};
    struct ledger_hand hand = {0};
    for (uint32_t number = 0; number < USERS; number++) {
        struct ledger *ledger = create();
        int128 sum;
        name_user(&batch, 0, number);
        const struct ledger_rows rows = rows_of(&batch);
        assert_int_equal(ledger_add(ledger, &hand, &rows, 1, &err), 0);
        for (size_t part = 0; part < LEDGER_PARTS; part++) {
            size_t place = 0;
            const struct ledger_entry *entry = ledger_next(ledger, part, &place, &sum);
            if (entry)
                known[number] = (struct known){entry->user, number};
        }
        ledger_destroy(ledger);
    }
    ledger_hand_free(&hand);
    qsort(known, USERS, sizeof *known, by_user);
}

/* Every entry has the sum that was added to its key, and no other. Returns how many there are. */
static size_t check_part(const struct ledger *ledger, size_t part, const struct known *known,
                         const struct expected *expected) {
    const struct ledger_entry *entry;
    int128 sum;
    size_t entries = 0;
    for (size_t place = 0; (entry = ledger_next(ledger, part, &place, &sum)); entries++) {
        const struct known wanted = {entry->user, 0};
        const struct known *found = bsearch(&wanted, known, USERS, sizeof *known, by_user);
        const size_t period = (size_t)(ledger_period(entry) - FIRST);
        const uint32_t cell = ledger_cell(entry);
        assert_non_null(found);
        assert_in_range(cell, 0, CELLS - 1);
        assert_in_range(period, 0, PERIODS - 1);
        assert_true(sum == expected->sum[found->number][cell][period]);
        assert_true(expected->times[found->number][cell][period] > 0);
        for (int32_t other = 0; other < PERIODS; other++)
            assert_int_equal(ledger_holds(ledger, part, entry, FIRST + other),
                             expected->times[found->number][cell][other] > 0);
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

static void a_ledger_holds_every_sum_once(void **state) {
    (void)state;
    static struct expected expected;
    static struct known known[USERS];
    know_users(known);
    expect_batches(&expected);
    for (int threads = 1; threads <= 8; threads *= 2) {
        struct ledger *ledger = create();
        struct error err = {0};
        size_t entries = 0;
        assert_int_equal(workers_run(threads, BATCHES, add_batch, ledger, &err), 0);
        for (size_t part = 0; part < LEDGER_PARTS; part++) {
            entries += check_part(ledger, part, known, &expected);
            ledger_drop(ledger, part);
        }
        assert_int_equal(entries, count_keys(&expected));
        ledger_destroy(ledger);
    }
}

/* ---- Far ends -------------------------------------------------------------------------------- */

/* The number of entries and the sum of all. */
static size_t sum_up(const struct ledger *ledger, uint32_t cell, int128 *ret_sum) {
    size_t entries = 0;
    *ret_sum = 0;
    for (size_t part = 0; part < LEDGER_PARTS; part++) {
        const struct ledger_entry *entry;
        int128 sum;
        for (size_t place = 0; (entry = ledger_next(ledger, part, &place, &sum)); entries++) {
            assert_int_equal(ledger_cell(entry), cell);
            *ret_sum += sum;
        }
    }
    return entries;
}

static void add_times(struct ledger *ledger, decimal revenue, size_t times) {
    static struct batch batch;
    struct ledger_hand hand = {0};
    struct error err = {0};
    assert_true(times <= BATCH);
    for (size_t i = 0; i < times; i++) {
        name_user(&batch, i, 1);
        batch.revenue[i] = revenue;
    }
    const struct ledger_rows rows = rows_of(&batch);
    assert_int_equal(ledger_add(ledger, &hand, &rows, times, &err), 0);
    ledger_hand_free(&hand);
}

/* Sums go around 64 bits as often as they like, up or down, and are exact all the same. */
static void sums_do_not_wrap(void **state) {
    (void)state;
    struct ledger *ledger = create();
    int128 sum;
    add_times(ledger, INT64_MAX, 1000);
    assert_int_equal(sum_up(ledger, 0, &sum), 1);
    assert_true(sum == (int128)INT64_MAX * 1000);
    add_times(ledger, -INT64_MAX, 1001);
    assert_int_equal(sum_up(ledger, 0, &sum), 1);
    assert_true(sum == -(int128)INT64_MAX);
    add_times(ledger, -INT64_MAX, 2000);
    assert_int_equal(sum_up(ledger, 0, &sum), 1);
    assert_true(sum == (int128)INT64_MAX * -2001);
    ledger_destroy(ledger);
}

/* One user with very many periods must not form a cluster that slows probing to a crawl; and every
 * index of a period fits, with the last cell. */
static void many_periods_of_one_user(void **state) {
    (void)state;
    static struct batch batch;
    static const int32_t starts[] = {CALENDAR_MIN_DAY, -500000, 500000, CALENDAR_MAX_DAY - 500000};
    struct ledger *ledger = create();
    struct ledger_hand hand = {0};
    struct error err = {0};
    int128 sum, expected = 0;
    size_t entries = 0;
    for (size_t i = 0; i < BATCH; i++) {
        name_user(&batch, i, 1);
        batch.cells[i] = LEDGER_CELLS - 1;
    }
    const struct ledger_rows rows = rows_of(&batch);
    for (size_t s = 0; s < sizeof starts / sizeof starts[0]; s++)
        for (int32_t from = 1; from <= 200000; from += BATCH) {
            for (int32_t i = 0; i < BATCH; i++) {
                batch.periods[i] = starts[s] + from + i;
                batch.revenue[i] = batch.periods[i];
                expected += batch.periods[i];
            }
            assert_int_equal(ledger_add(ledger, &hand, &rows, BATCH, &err), 0);
            entries += BATCH;
        }
    assert_int_equal(sum_up(ledger, LEDGER_CELLS - 1, &sum), entries);
    assert_true(sum == expected);
    ledger_hand_free(&hand);
    ledger_destroy(ledger);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_ledger_holds_every_sum_once),
        cmocka_unit_test(sums_do_not_wrap),
        cmocka_unit_test(many_periods_of_one_user),
    };
    return cmocka_run_group_tests_name("revenue-ledger", tests, NULL, NULL);
}
