/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Partitions: each row comes once, in its part, and no part has two threads in it. */
#include "base/partition.h"

#include "base/workers.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { BATCHES = 200, MOST_ROWS = 3000 };

static uint64_t next_bits(uint64_t *state) {
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    return *state * UINT64_C(2685821657736338717);
}

struct totals {
    struct partition *partition;
    atomic_bool inside[PARTITION_PARTS];
    uint64_t rows[PARTITION_PARTS]; /* plain numbers: the locks keep threads apart */
    uint64_t sums[PARTITION_PARTS];
};

struct batch {
    struct totals *totals;
    size_t number, n;
    uint8_t parts[MOST_ROWS];
};

static uint64_t value_of(size_t batch, size_t row) {
    return batch * 1000003 + row;
}

/* cmocka's assertions are for one thread: what is wrong comes back as an error. */
static int add_rows(void *context, size_t part, const uint32_t *rows, size_t n, struct error *err) {
    const struct batch *batch = context;
    struct totals *totals = batch->totals;
    if (n == 0 || atomic_exchange(&totals->inside[part], true))
        return error_set(err, ERROR_SYSTEM, "two threads in part %zu, or no row", part);
    for (size_t i = 0; i < n; i++) {
        if (rows[i] >= batch->n || batch->parts[rows[i]] != part ||
            (i > 0 && rows[i] <= rows[i - 1]))
            return error_set(err, ERROR_SYSTEM, "row %u in part %zu", rows[i], part);
        totals->rows[part]++;
        totals->sums[part] += value_of(batch->number, rows[i]);
    }
    atomic_store(&totals->inside[part], false);
    return 0;
}

static void draw_batch(struct batch *batch, size_t number) {
    uint64_t seed = number + 1;
    batch->number = number;
    batch->n = number % 7 == 0 ? number % 3 : next_bits(&seed) % MOST_ROWS;
    for (size_t row = 0; row < batch->n; row++)
        batch->parts[row] = (uint8_t)(next_bits(&seed) >> (number % 5 == 0 ? 62 : 40));
}

static int post_batch(void *context, size_t number, int worker, struct error *err) {
    struct totals *totals = context;
    struct partition_deal deal = {0};
    struct batch batch = {.totals = totals};
    (void)worker;
    draw_batch(&batch, number);
    int code =
        partition_post(totals->partition, &deal, batch.parts, batch.n, add_rows, &batch, err);
    partition_deal_free(&deal);
    return code;
}

static void every_row_is_added_once_in_its_part(void **state) {
    (void)state;
    static struct totals expected;
    for (size_t number = 0; number < BATCHES; number++) {
        struct batch batch = {0};
        draw_batch(&batch, number);
        for (size_t row = 0; row < batch.n; row++) {
            expected.rows[batch.parts[row]]++;
            expected.sums[batch.parts[row]] += value_of(number, row);
        }
    }
    for (int threads = 1; threads <= 8; threads *= 2) {
        static struct totals totals;
        struct error err = {0};
        memset(&totals, 0, sizeof totals);
        assert_int_equal(partition_create(&totals.partition, &err), 0);
        if (workers_run(threads, BATCHES, post_batch, &totals, &err))
            fail_msg("%s", err.text);
        assert_memory_equal(totals.rows, expected.rows, sizeof expected.rows);
        assert_memory_equal(totals.sums, expected.sums, sizeof expected.sums);
        partition_destroy(totals.partition);
    }
}

static int refuse(void *context, size_t part, const uint32_t *rows, size_t n, struct error *err) {
    int *calls = context;
    (void)rows, (void)n;
    return ++*calls < 3 ? 0 : error_set(err, ERROR_DATA, "part %zu", part);
}

static void the_first_error_ends_a_batch(void **state) {
    (void)state;
    struct partition *partition;
    struct partition_deal deal = {0};
    struct error err = {0};
    uint8_t parts[100];
    int calls = 0;
    for (size_t i = 0; i < sizeof parts; i++)
        parts[i] = (uint8_t)i;
    assert_int_equal(partition_create(&partition, &err), 0);
    assert_int_equal(partition_post(partition, &deal, parts, sizeof parts, refuse, &calls, &err),
                     ERROR_DATA);
    assert_int_equal(calls, 3);
    /* The lock of the part that failed is open again. */
    calls = -1000;
    err = (struct error){0};
    assert_int_equal(partition_post(partition, &deal, parts, sizeof parts, refuse, &calls, &err),
                     0);
    assert_int_equal(calls, -900);
    partition_deal_free(&deal);
    partition_destroy(partition);
    partition_destroy(NULL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_row_is_added_once_in_its_part),
        cmocka_unit_test(the_first_error_ends_a_batch),
    };
    return cmocka_run_group_tests_name("base-partition", tests, NULL, NULL);
}
