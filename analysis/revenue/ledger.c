/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Ledgers: hash tables of (user, cell, period) with exact sums. */
#include "revenue/ledger.h"

#include "base/buffer.h"
#include <stdlib.h>
#include <xxhash.h>

enum { GATHERED = 1024, AHEAD = 16 };

struct ledger_user ledger_user(struct text name) {
    XXH128_hash_t hash = XXH3_128bits(name.bytes, name.length);
    return (struct ledger_user){hash.high64, hash.low64};
}

static size_t part_of(const struct ledger_key *key) {
    return key->user.high % LEDGER_PARTS;
}

/* The user's hash is uniform already; cell and period are spread over it, so that the periods of
 * one user do not form a cluster. */
static uint64_t hash_of(const struct ledger_key *key) {
    uint64_t place = (uint64_t)key->cell << 32 | (uint32_t)key->period;
    uint64_t x = key->user.low ^ place * UINT64_C(0x9e3779b97f4a7c15);
    return x ^ x >> 32;
}

static struct ledger_entry *find(const struct ledger_part *part, const struct ledger_key *key) {
    size_t mask = part->size - 1;
    for (size_t i = hash_of(key) & mask;; i = (i + 1) & mask) {
        struct ledger_entry *entry = &part->slots[i];
        if (entry->cell_plus_one == 0 ||
            (entry->user.low == key->user.low && entry->user.high == key->user.high &&
             entry->cell_plus_one == key->cell + 1 && entry->period == key->period))
            return entry;
    }
}

static struct ledger_key key_of(const struct ledger_entry *entry) {
    return (struct ledger_key){entry->user, entry->period, (uint16_t)(entry->cell_plus_one - 1)};
}

static int grow(struct ledger_part *part, size_t size, struct error *err) {
    struct ledger_part wider = *part;
    wider.slots = calloc(size, sizeof *wider.slots);
    wider.size = size;
    if (!wider.slots)
        return error_memory(err);
    for (size_t i = 0; i < part->size; i++)
        if (part->slots[i].cell_plus_one != 0) {
            struct ledger_key key = key_of(&part->slots[i]);
            *find(&wider, &key) = part->slots[i];
        }
    free(part->slots);
    *part = wider;
    return 0;
}

static int128 sum_of(const struct ledger_entry *entry) {
    return (int128)entry->revenue_high * ((int128)1 << 64) + entry->revenue_low;
}

static int part_add(struct ledger_part *part, const struct ledger_key *key, int128 revenue,
                    struct error *err) {
    if (part->used >= part->size / 4 * 3 && /* so it is at first, with no slots */
        grow(part, part->size ? 2 * part->size : 64, err))
        return err->code;
    struct ledger_entry *entry = find(part, key);
    if (entry->cell_plus_one == 0) {
        *entry = (struct ledger_entry){
            .user = key->user, .period = key->period, .cell_plus_one = (uint16_t)(key->cell + 1)};
        part->used++;
    }
    int128 sum = sum_of(entry) + revenue, high = sum >> 64;
    if (high < INT16_MIN || high > INT16_MAX)
        return error_set(err, ERROR_DATA,
                         "the revenue of one user in one period is out of range, expected at most "
                         "9223372036854.775807");
    entry->revenue_high = (int16_t)high;
    entry->revenue_low = (uint64_t)sum;
    return 0;
}

/* Sums the lines that were gathered, fetching each slot some lines before it is needed. */
static int post(struct ledger_part *part, struct error *err) {
    for (size_t i = 0; i < part->gathered; i++) {
        if (part->size > 0 && i + AHEAD < part->gathered)
            __builtin_prefetch(
                &part->slots[hash_of(&part->lines[i + AHEAD].key) & (part->size - 1)], 1);
        if (part_add(part, &part->lines[i].key, part->lines[i].revenue, err))
            return err->code;
    }
    part->gathered = 0;
    return 0;
}

int ledger_add(struct ledger *ledger, const struct ledger_key *key, decimal revenue,
               struct error *err) {
    struct ledger_part *part = &ledger->parts[part_of(key)];
    if (part->gathered == GATHERED && post(part, err))
        return err->code;
    if (part->gathered == part->capacity &&
        array_reserve((void **)&part->lines, &part->capacity, part->gathered + 1,
                      sizeof *part->lines, err))
        return err->code;
    part->lines[part->gathered++] = (struct ledger_line){*key, revenue};
    return 0;
}

/* The entries of one part go into `ret`, with the cells' new numbers. */
static int move(struct ledger_part *part, const uint32_t *codes, struct ledger_part *ret,
                struct error *err) {
    struct ledger_key key;
    int128 revenue;
    for (size_t place = 0; ledger_next(part, &place, &key, &revenue);) {
        key.cell = (uint16_t)codes[key.cell];
        if (part_add(ret, &key, revenue, err))
            return err->code;
    }
    ledger_part_free(part);
    return 0;
}

int ledger_unite(const struct ledger_share *shares, size_t n, size_t number,
                 struct ledger_part *ret, struct error *err) {
    size_t entries = 0, size = 64;
    for (size_t i = 0; i < n; i++) {
        struct ledger_part *part = &shares[i].ledger->parts[number];
        if (post(part, err))
            return err->code;
        entries += part->used;
    }
    while (size / 4 * 3 <= entries)
        size *= 2;
    if (grow(ret, size, err))
        return err->code;
    for (size_t i = 0; i < n; i++)
        if (move(&shares[i].ledger->parts[number], shares[i].codes, ret, err))
            return err->code;
    return 0;
}

bool ledger_holds(const struct ledger_part *part, const struct ledger_key *key) {
    return find(part, key)->cell_plus_one != 0;
}

bool ledger_next(const struct ledger_part *part, size_t *place, struct ledger_key *ret_key,
                 int128 *ret_revenue) {
    for (; *place < part->size; ++*place) {
        const struct ledger_entry *entry = &part->slots[*place];
        if (entry->cell_plus_one == 0)
            continue;
        *ret_key = key_of(entry);
        *ret_revenue = sum_of(entry);
        ++*place;
        return true;
    }
    return false;
}

void ledger_part_free(struct ledger_part *part) {
    free(part->slots);
    free(part->lines);
    *part = (struct ledger_part){0};
}

void ledger_free(struct ledger *ledger) {
    for (size_t i = 0; i < LEDGER_PARTS; i++)
        ledger_part_free(&ledger->parts[i]);
}
