/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Money through 10^8 rows: a block of rows is posted to one ledger again and again, by four
 * threads, and every user's sum, and the sum of all, is right to the micro-unit. */
#include "base/ledger.h"
#include "base/workers.h"

#include "revenue/moments.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

enum { BLOCK = 65536, BLOCKS = 1536, USERS = 4096, THREADS = 4 }; /* 100,663,296 rows */

struct posting {
    struct ledger *ledger;
    struct ledger_hand hands[THREADS];
    struct ledger_rows rows;
};

static int post(void *context, size_t index, int worker, struct error *err) {
    struct posting *posting = context;
    (void)index;
    return ledger_add(posting->ledger, &posting->hands[worker], &posting->rows, BLOCK, err);
}

/* Row i is of user i mod 4,096 and of 0.000001 + i thousand millions of millionths less some: sums
 * of 24,576 such rows leave the range of a double's whole numbers, 2^53, far behind. */
static decimal amount_of(size_t i) {
    return (decimal)i * 1000000007 - (i % 3 == 0 ? 300000000000001 : 0) + 1;
}

static void every_unit_is_there(void **state) {
    (void)state;
    static char names[USERS][8];
    static struct text users[BLOCK];
    static uint16_t cells[BLOCK];
    static int32_t periods[BLOCK];
    static decimal revenue[BLOCK];
    struct posting posting = {.rows = {users, cells, periods, revenue}};
    struct error err = {0};
    int128 expected[USERS] = {0}, total = 0, found_total = 0;
    for (size_t u = 0; u < USERS; u++)
        snprintf(names[u], sizeof names[u], "u%04zu", u);
    for (size_t i = 0; i < BLOCK; i++) {
        users[i] = text_of(names[i % USERS]);
        periods[i] = 660;
        revenue[i] = amount_of(i);
        expected[i % USERS] += (int128)amount_of(i) * BLOCKS;
        total += (int128)amount_of(i) * BLOCKS;
    }
    assert_int_equal(ledger_create(&posting.ledger, &err), 0);
    assert_int_equal(workers_run(THREADS, BLOCKS, post, &posting, &err), 0);
    size_t found = 0;
    for (size_t part = 0; part < LEDGER_PARTS; part++) {
        const struct ledger_entry *entry;
        int128 sum;
        for (size_t place = 0; (entry = ledger_next(posting.ledger, part, &place, &sum));) {
            size_t user = 0;
            while (user < USERS && expected[user] != sum)
                user++;
            assert_true(user < USERS);
            expected[user] = (int128)1 << 120; /* each once */
            found_total += sum;
            found++;
        }
    }
    assert_int_equal(found, USERS);
    assert_true(found_total == total);
    for (int t = 0; t < THREADS; t++)
        ledger_hand_free(&posting.hands[t]);
    ledger_destroy(posting.ledger);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_unit_is_there)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
