/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Ledgers: what each user paid in each cell and period, summed exactly.
 *
 *     struct ledger ledger = {0};
 *     struct ledger_key key = {ledger_user(name), month, cell};
 *     if (ledger_add(&ledger, &key, 1250000, err)) ...     // 1.25 more
 *     ledger_free(&ledger);
 *
 * A cell is whatever parts the money: a platform, or a platform and a segment. Every thread keeps a
 * ledger of its own; they are united afterwards, part by part, so that each part is one task and
 * needs no lock: a user is in the same part of every ledger. All sums are integers, so no order of
 * adding or uniting shows in the result.
 *
 * Users are told apart by 128 bits of XXH3 of their text: an entry takes 32 bytes however long the
 * name, and among 10^9 users the chance of one mix-up is 1 in 6 x 10^20.
 */
#ifndef REVENUE_LEDGER_H
#define REVENUE_LEDGER_H

#include "base/decimal.h"
#include "base/error.h"
#include "base/text.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { LEDGER_PARTS = 256 };
#define LEDGER_CELLS 65535 /* cells are numbered from 0 to this less one */

struct ledger_user {
    uint64_t high, low;
};

struct ledger_key {
    struct ledger_user user;
    int32_t period;
    uint16_t cell;
};

/* What was added and is not summed yet. */
struct ledger_line {
    struct ledger_key key;
    decimal revenue;
};

/* Half a cache line. */
struct ledger_entry {
    struct ledger_user user;
    int32_t period;
    uint16_t cell_plus_one; /* 0: the slot is free */
    int16_t revenue_high;   /* above revenue_low: 80 bits, so that no order of adding amounts of */
    uint64_t revenue_low;   /* both signs overflows on the way to a sum that fits */
};

/* Lines are gathered and summed a thousand at a time: a part's slots then stay in the cache for
 * that long, where a row at a time would wait for memory at each. The slots are an open-addressing
 * hash table with linear probing; size is 0 or a power of two. */
struct ledger_part {
    struct ledger_entry *slots;
    size_t size, used;
    struct ledger_line *lines;
    size_t gathered, capacity;
};

/* Zero-initialise. */
struct ledger {
    struct ledger_part parts[LEDGER_PARTS];
};

struct ledger_user ledger_user(struct text name);

/* Adds to what the key has, from nothing if it is new. ERROR_DATA, at this or a later call, if a
 * sum leaves 80 bits, which takes more than 60,000 of the largest amounts. */
int ledger_add(struct ledger *ledger, const struct ledger_key *key, decimal revenue,
               struct error *err);

/* A ledger and what its cells are called in common: codes[its cell] = common cell. */
struct ledger_share {
    struct ledger *ledger;
    uint32_t *codes;
};

/* Moves one part of all ledgers into `ret` (zero-initialised; see ledger_part_free). */
int ledger_unite(const struct ledger_share *shares, size_t n, size_t part, struct ledger_part *ret,
                 struct error *err);

/* Whether a united part has an entry for the key. */
bool ledger_holds(const struct ledger_part *part, const struct ledger_key *key);

/* Visits the entries of a united part, in an order that means nothing: start with *place = 0, until
 * it is false. */
bool ledger_next(const struct ledger_part *part, size_t *place, struct ledger_key *ret_key,
                 int128 *ret_revenue);

void ledger_part_free(struct ledger_part *part);
void ledger_free(struct ledger *ledger);

#endif
