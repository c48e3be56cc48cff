/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Ledgers: hash tables of (user, cell, period) with exact sums.
 *
 * Contents: the table of one part; adding; visiting. */
#include "base/ledger.h"

#define XXH_INLINE_ALL /* most names are short: the call would cost as much as the hash */
#include "base/buffer.h"
#include <stdlib.h>
#include <xxhash.h>

__extension__ typedef unsigned __int128 uint128;

/* ---- The table of one part ------------------------------------------------------------------- */

/* Open addressing with linear probing, between a half and three quarters full. A place of 0 is a
 * free slot. */
struct slots {
    struct ledger_entry *entries;
    size_t size, used;
};

/* A sum is kept modulo 2^64, and how often it went around, up less down, is an entry of the same
 * key in a table of its own. It is empty unless amounts are of the size of the whole range. */
struct part {
    struct slots sums, turns;
};

struct ledger {
    struct partition *partition;
    struct part parts[LEDGER_PARTS];
};

enum { FIRST_SLOTS = 64, AHEAD = 16 };

/* The user's hash is uniform already; the place is spread over it, so that the periods of one user
 * do not form a cluster. Scaled to the size rather than cut, so that a size need not be a power of
 * two, and growing keeps the order. */
static size_t home_of(const struct slots *slots, const struct ledger_entry *key) {
    const uint64_t hash = key->user ^ key->place * UINT64_C(0x9e3779b97f4a7c15);
    return (size_t)((uint128)hash * slots->size >> 64);
}

/* The entry of this key, or the free slot where it belongs. */
static struct ledger_entry *find(const struct slots *slots, const struct ledger_entry *key) {
    for (size_t i = home_of(slots, key);; i = i + 1 < slots->size ? i + 1 : 0) {
        struct ledger_entry *entry = &slots->entries[i];
        if (entry->place == 0 || (entry->user == key->user && entry->place == key->place))
            return entry;
    }
}

/* By a half: memory is then never less than half in use. */
static int grow(struct slots *slots, struct error *err) {
    struct slots wider = {.size = slots->size ? slots->size / 2 * 3 : FIRST_SLOTS,
                          .used = slots->used};
    wider.entries = calloc(wider.size, sizeof *wider.entries);
    if (!wider.entries)
        return error_memory(err);
    for (size_t i = 0; i < slots->size; i++)
        if (slots->entries[i].place != 0)
            *find(&wider, &slots->entries[i]) = slots->entries[i];
    free(slots->entries);
    *slots = wider;
    return 0;
}

/* The entry of this key, from nothing if there is none; NULL when memory is out. */
static struct ledger_entry *claim(struct slots *slots, const struct ledger_entry *key,
                                  struct error *err) {
    if (slots->used >= slots->size / 4 * 3 && grow(slots, err)) /* so it is at first */
        return NULL;
    struct ledger_entry *entry = find(slots, key);
    if (entry->place == 0) {
        *entry = (struct ledger_entry){key->user, key->place, 0};
        slots->used++;
    }
    return entry;
}

/* ---- Adding ---------------------------------------------------------------------------------- */

int ledger_create(struct ledger **ret, struct error *err) {
    struct ledger *ledger = calloc(1, sizeof *ledger);
    if (!ledger)
        return error_memory(err);
    if (partition_create(&ledger->partition, err)) {
        free(ledger);
        return err->code;
    }
    *ret = ledger;
    return 0;
}

void ledger_hand_free(struct ledger_hand *hand) {
    partition_deal_free(&hand->deal);
    free(hand->lines);
    free(hand->parts);
    *hand = (struct ledger_hand){0};
}

static int add_line(struct part *part, const struct ledger_entry *line, struct error *err) {
    struct ledger_entry *entry = claim(&part->sums, line, err);
    int64_t sum;
    if (!entry)
        return err->code;
    const bool around = __builtin_add_overflow((int64_t)entry->amount, (int64_t)line->amount, &sum);
    entry->amount = (uint64_t)sum;
    if (!around)
        return 0;
    struct ledger_entry *turns = claim(&part->turns, line, err);
    if (!turns)
        return err->code;
    turns->amount += (int64_t)line->amount > 0 ? 1 : UINT64_MAX; /* up or down */
    return 0;
}

struct adding {
    struct ledger *ledger;
    const struct ledger_entry *lines;
};

/* Each slot is fetched some rows before it is needed. */
static int add_rows(void *context, size_t number, const uint32_t *rows, size_t n,
                    struct error *err) {
    const struct adding *adding = context;
    struct part *part = &adding->ledger->parts[number];
    const struct slots *sums = &part->sums;
    const struct ledger_entry *lines = adding->lines;
    for (size_t i = 0; i < n + AHEAD; i++) {
        if (i < n && sums->size > 0)
            __builtin_prefetch(&sums->entries[home_of(sums, &lines[rows[i]])], 1);
        if (i >= AHEAD && add_line(part, &lines[rows[i - AHEAD]], err))
            return err->code;
    }
    return 0;
}

static uint64_t place_of(uint64_t user, uint32_t cell, int32_t period) {
    return user << (LEDGER_CELL_BITS + LEDGER_PERIOD_BITS) | (uint64_t)cell << LEDGER_PERIOD_BITS |
           (uint32_t)(period - LEDGER_FIRST_PERIOD);
}

int ledger_add(struct ledger *ledger, struct ledger_hand *hand, const struct ledger_rows *rows,
               size_t n, struct error *err) {
    if (array_reserve((void **)&hand->lines, &hand->capacity, n, sizeof *hand->lines, err) ||
        array_reserve((void **)&hand->parts, &hand->parts_capacity, n, sizeof *hand->parts, err))
        return err->code;
    for (size_t i = 0; i < n; i++) {
        const XXH128_hash_t hash = XXH3_128bits(rows->users[i].bytes, rows->users[i].length);
        hand->parts[i] = (uint8_t)(hash.high64 >> 56);
        hand->lines[i] = (struct ledger_entry){
            hash.low64, place_of(hash.high64, rows->cells[i], rows->periods[i]),
            (uint64_t)rows->revenue[i]};
    }
    struct adding adding = {ledger, hand->lines};
    return partition_post(ledger->partition, &hand->deal, hand->parts, n, add_rows, &adding, err);
}

/* ---- Visiting -------------------------------------------------------------------------------- */

static int128 sum_of(const struct part *part, const struct ledger_entry *entry) {
    int64_t turns = 0;
    if (part->turns.used > 0) {
        const struct ledger_entry *found = find(&part->turns, entry);
        turns = found->place != 0 ? (int64_t)found->amount : 0;
    }
    return (int64_t)entry->amount + turns * ((int128)1 << 64);
}

const struct ledger_entry *ledger_next(const struct ledger *ledger, size_t number, size_t *place,
                                       int128 *ret_sum) {
    const struct part *part = &ledger->parts[number];
    while (*place < part->sums.size) {
        const struct ledger_entry *entry = &part->sums.entries[(*place)++];
        if (entry->place == 0)
            continue;
        *ret_sum = sum_of(part, entry);
        return entry;
    }
    return NULL;
}

bool ledger_holds(const struct ledger *ledger, size_t part, const struct ledger_entry *entry,
                  int32_t period) {
    const int32_t change = period - ledger_period(entry);
    const struct ledger_entry key = {entry->user, entry->place + (uint64_t)(int64_t)change, 0};
    return find(&ledger->parts[part].sums, &key)->place != 0;
}

void ledger_drop(struct ledger *ledger, size_t number) {
    struct part *part = &ledger->parts[number];
    free(part->sums.entries);
    free(part->turns.entries);
    *part = (struct part){0};
}

void ledger_destroy(struct ledger *ledger) {
    for (size_t i = 0; ledger && i < LEDGER_PARTS; i++)
        ledger_drop(ledger, i);
    if (ledger)
        partition_destroy(ledger->partition);
    free(ledger);
}
