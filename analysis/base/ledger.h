/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Ledgers: what each user paid, or spent in time, in each cell and period, summed exactly.
 *
 *     struct ledger *ledger;                                  // one for all threads
 *     struct ledger_hand hand = {0};                          // one a thread
 *     const struct ledger_rows rows = {users, cells, periods, revenue};
 *     if (ledger_create(&ledger, err)) ...
 *     if (ledger_add(ledger, &hand, &rows, n, err)) ...
 *     ledger_hand_free(&hand);
 *     // when all threads are done, each part is one task:
 *     for (size_t place = 0; (entry = ledger_next(ledger, part, &place, &sum));)
 *         ... ledger_cell(entry), ledger_period(entry), sum ...
 *     ledger_destroy(ledger);
 *
 * A cell is whatever parts the money: a platform, or a platform and a segment. All threads fill the
 * same ledger (base/partition.h): a user is in one part of it only. All sums are integers, so no
 * order of adding shows in the result.
 *
 * Users are told apart by 98 bits of XXH3 of their text: an entry takes 24 bytes however long the
 * name, and among 10^9 users the chance of one mix-up is 1 in 6 x 10^11.
 */
#ifndef BASE_LEDGER_H
#define BASE_LEDGER_H

#include "base/calendar.h"
#include "base/decimal.h"
#include "base/error.h"
#include "base/partition.h"
#include "base/text.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { LEDGER_PARTS = PARTITION_PARTS };
#define LEDGER_CELLS 65535 /* cells are numbered from 0 to this less one */

/* 98 bits of hash: 8 are the number of the part, 26 stand above the place. */
struct ledger_entry {
    uint64_t user;
    uint64_t place;  /* 26 bits of user, 16 of cell, 22 of period; never 0 in use */
    uint64_t amount; /* the sum modulo 2^64 */
};

enum { LEDGER_PERIOD_BITS = 22, LEDGER_CELL_BITS = 16 };
#define LEDGER_FIRST_PERIOD (CALENDAR_MIN_DAY - 1) /* below the index of any period */

static inline int32_t ledger_period(const struct ledger_entry *entry) {
    return (int32_t)(entry->place & ((1U << LEDGER_PERIOD_BITS) - 1)) + LEDGER_FIRST_PERIOD;
}

static inline uint32_t ledger_cell(const struct ledger_entry *entry) {
    return (uint32_t)(entry->place >> LEDGER_PERIOD_BITS) & ((1U << LEDGER_CELL_BITS) - 1);
}

struct ledger;

int ledger_create(struct ledger **ret, struct error *err);
void ledger_destroy(struct ledger *ledger); /* NULL is fine */

/* One thread's scratch space. Zero-initialise. */
struct ledger_hand {
    struct partition_deal deal;
    struct ledger_entry *lines;
    size_t capacity;
    uint8_t *parts;
    size_t parts_capacity;
};
void ledger_hand_free(struct ledger_hand *hand); /* leaves it zeroed */

/* Columns, all of the same length. Periods are indices of one kind (base/calendar.h). */
struct ledger_rows {
    const struct text *users;
    const uint16_t *cells;
    const int32_t *periods;
    const decimal *revenue;
};

/* Adds n rows (below 2^32), each to what its user has in its cell and period, from nothing if there
 * is none yet. Safe in several threads, each with a hand of its own. */
int ledger_add(struct ledger *ledger, struct ledger_hand *hand, const struct ledger_rows *rows,
               size_t n, struct error *err);

/* Visits the entries of a part, in an order that means nothing: start with *place = 0, until it is
 * NULL. Nothing may be added meanwhile. */
const struct ledger_entry *ledger_next(const struct ledger *ledger, size_t part, size_t *place,
                                       int128 *ret_sum);

/* Whether the user of an entry of this part has one in the same cell in that period too. */
bool ledger_holds(const struct ledger *ledger, size_t part, const struct ledger_entry *entry,
                  int32_t period);

/* Gives the memory of a part back before the rest. */
void ledger_drop(struct ledger *ledger, size_t part);

#endif
