/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Counts by (group, kind, time).
 *
 *   1. Sorting and summing up a list
 *   2. The list
 *   3. The table in front of it
 */
#include "users/exits.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* ---- 1. Sorting and summing up a list -------------------------------------------------------- */

/* The three parts of a key packed into one number, group above time above kind: each less its
 * smallest, in as many bits as the largest needs. */
struct packing {
    decimal least_time;
    int kind_bits, time_bits;
    int bits; /* of the whole */
};

static int bits_of(uint64_t value) {
    return value > 0 ? 64 - __builtin_clzll(value) : 0;
}

static struct packing pack_of(const struct exits_count *counts, size_t n) {
    uint32_t kinds = 0, groups = 0;
    decimal least = n > 0 ? counts[0].time : 0, most = least;
    for (size_t i = 0; i < n; i++) {
        kinds |= counts[i].kind;
        groups |= counts[i].group;
        least = counts[i].time < least ? counts[i].time : least;
        most = counts[i].time > most ? counts[i].time : most;
    }
    struct packing packing = {.least_time = least,
                              .kind_bits = bits_of(kinds),
                              .time_bits = bits_of((uint64_t)most - (uint64_t)least)};
    packing.bits = bits_of(groups) + packing.time_bits + packing.kind_bits;
    return packing;
}

/* The packed key from bit `shift` on: at most 32 + 64 + 32 bits, and hardly ever more than 64. */
static uint64_t digit_of(const struct exits_count *count, const struct packing *packing,
                         int shift) {
    const uint64_t time = (uint64_t)count->time - (uint64_t)packing->least_time;
    if (packing->bits < 64) {
        const uint64_t above = (uint64_t)count->group << packing->time_bits | time;
        return (above << packing->kind_bits | count->kind) >> shift;
    }
    __extension__ unsigned __int128 key = count->group;
    key = (key << packing->time_bits) | time;
    key = (key << packing->kind_bits) | count->kind;
    return (uint64_t)(key >> shift);
}

/* Stable, by the 11 bits of the key from `shift` on. */
enum { DIGIT_BITS = 11, DIGITS = 1 << DIGIT_BITS };

static void sort_by_digit(const struct exits_count *from, struct exits_count *to, size_t n,
                          const struct packing *packing, int shift) {
    size_t places[DIGITS] = {0};
    for (size_t i = 0; i < n; i++)
        places[digit_of(&from[i], packing, shift) & (DIGITS - 1)]++;
    size_t place = 0;
    for (int digit = 0; digit < DIGITS; digit++) {
        size_t count = places[digit];
        places[digit] = place;
        place += count;
    }
    for (size_t i = 0; i < n; i++)
        to[places[digit_of(&from[i], packing, shift) & (DIGITS - 1)]++] = from[i];
}

/* Radix sort from the least digit: linear, and few passes, as times share their upper bits. The
 * result is in *counts; *counts and *scratch, both n long, may have changed places. */
static void sort_counts(struct exits_count **counts, struct exits_count **scratch, size_t n) {
    const struct packing packing = pack_of(*counts, n);
    for (int shift = 0; shift < packing.bits; shift += DIGIT_BITS) {
        sort_by_digit(*counts, *scratch, n, &packing, shift);
        struct exits_count *sorted = *scratch;
        *scratch = *counts;
        *counts = sorted;
    }
}

static bool same_key(const struct exits_count *a, const struct exits_count *b) {
    return a->time == b->time && a->group == b->group && a->kind == b->kind;
}

/* Makes one count of those with the same key, which are neighbours. Returns how many are left. */
static size_t sum_up(struct exits_count *counts, size_t n) {
    size_t used = 0;
    for (size_t i = 0; i < n; i++) {
        if (used > 0 && same_key(&counts[used - 1], &counts[i]))
            counts[used - 1].count += counts[i].count;
        else
            counts[used++] = counts[i];
    }
    return used;
}

/* ---- 2. The list ----------------------------------------------------------------------------- */

static int compact(struct exits *exits, struct error *err) {
    if (exits->n == 0)
        return 0;
    struct exits_count *scratch = malloc(exits->capacity * sizeof *scratch);
    if (!scratch)
        return error_memory(err);
    sort_counts(&exits->list, &scratch, exits->n);
    const size_t before = exits->n;
    exits->n = sum_up(exits->list, exits->n);
    exits->stubborn = exits->n > before / 4 * 3;
    free(scratch);
    return 0;
}

/* Room for `more` counts. What summing up frees must be worth its cost: half the list, or the list
 * doubles. Where the last time freed little, every other time is enough. */
static int make_room(struct exits *exits, size_t more, struct error *err) {
    if (exits->n + more <= exits->capacity)
        return 0;
    int status = 0;
    if (exits->stubborn)
        exits->stubborn = false;
    else
        status = compact(exits, err);
    if (status || (exits->n + more) * 2 <= exits->capacity)
        return status;
    size_t capacity = (exits->n + more) * 2;
    struct exits_count *list = realloc(exits->list, capacity * sizeof *list);
    if (!list)
        return error_memory(err);
    exits->list = list;
    exits->capacity = capacity;
    return 0;
}

/* ---- 3. The table in front of it ------------------------------------------------------------- */

/* 768 KiB: a quarter free keeps probes short. */
enum { SLOTS = 1 << 15, MOST_USED = SLOTS / 4 * 3 };

/* Multiplies and folds, so that times that are all multiples of a million spread as well. */
static uint64_t hash_of(uint32_t group, uint32_t kind, decimal time) {
    uint64_t key = (uint64_t)time ^ ((uint64_t)group << 34 | (uint64_t)kind << 58 | kind);
    key = (key ^ key >> 32) * UINT64_C(0xD6E8FEB86659FD93);
    key = (key ^ key >> 32) * UINT64_C(0xD6E8FEB86659FD93);
    return key ^ key >> 32;
}

/* The slot of this key, or the free one where it belongs. */
static struct exits_count *seek(struct exits_count *slots, const struct exits_count *key) {
    for (uint64_t i = hash_of(key->group, key->kind, key->time);; i++) {
        struct exits_count *slot = &slots[i & (SLOTS - 1)];
        if (slot->count == 0 || same_key(slot, key))
            return slot;
    }
}

/* The table's counts to the list. */
static int flush(struct exits *exits, struct error *err) {
    if (exits->used == 0)
        return 0;
    int status = make_room(exits, exits->used, err);
    if (status)
        return status;
    for (size_t i = 0; i < SLOTS; i++)
        if (exits->slots[i].count > 0)
            exits->list[exits->n++] = exits->slots[i];
    memset(exits->slots, 0, SLOTS * sizeof *exits->slots);
    exits->used = 0;
    return 0;
}

static int claim(struct exits *exits, const struct exits_count *key, struct exits_count **slot,
                 struct error *err) {
    if (exits->used == MOST_USED) {
        int status = flush(exits, err);
        if (status)
            return status;
        *slot = seek(exits->slots, key);
    }
    **slot = *key;
    exits->used++;
    return 0;
}

static int too_many(struct error *err) {
    return error_set(err, ERROR_DATA, "more than %lld spells, counting weights",
                     (long long)EXITS_MAX);
}

int exits_add(struct exits *exits, uint32_t group, uint32_t kind, decimal time, int64_t count,
              struct error *err) {
    if (count > EXITS_MAX - exits->total)
        return too_many(err);
    if (!exits->slots) {
        exits->slots = calloc(SLOTS, sizeof *exits->slots);
        if (!exits->slots)
            return error_memory(err);
    }
    const struct exits_count key = {.time = time, .group = group, .kind = kind};
    struct exits_count *slot = seek(exits->slots, &key);
    if (slot->count == 0) {
        int status = claim(exits, &key, &slot, err);
        if (status)
            return status;
    }
    slot->count += count;
    exits->total += count;
    return 0;
}

int exits_merge_kinds(struct exits *into, const struct exits *from, const uint32_t *codes,
                      const uint32_t *kinds, struct error *err) {
    if (from->total > EXITS_MAX - into->total)
        return too_many(err);
    int status = make_room(into, from->n, err);
    for (size_t i = 0; i < from->n && !status; i++) {
        struct exits_count *count = &into->list[into->n++];
        *count = from->list[i];
        count->group = codes[count->group];
        count->kind = kinds ? kinds[count->kind] : count->kind;
        into->total += count->count;
    }
    for (size_t i = 0; i < SLOTS && from->used > 0 && !status; i++) {
        const struct exits_count *slot = &from->slots[i];
        uint32_t kind = kinds && slot->count > 0 ? kinds[slot->kind] : slot->kind;
        if (slot->count > 0)
            status = exits_add(into, codes[slot->group], kind, slot->time, slot->count, err);
    }
    return status;
}

int exits_merge(struct exits *into, const struct exits *from, const uint32_t *codes,
                struct error *err) {
    return exits_merge_kinds(into, from, codes, NULL, err);
}

int exits_rename_kinds(struct exits *exits, const uint32_t *kinds, struct error *err) {
    int status = flush(exits, err);
    for (size_t i = 0; i < exits->n && !status; i++)
        exits->list[i].kind = kinds[exits->list[i].kind];
    return status;
}

int exits_sort(struct exits *exits, const struct exits_count **ret, size_t *ret_n,
               struct error *err) {
    int status = flush(exits, err);
    if (!status)
        status = compact(exits, err);
    *ret = exits->n > 0 ? exits->list : NULL;
    *ret_n = exits->n;
    return status;
}

void exits_free(struct exits *exits) {
    free(exits->slots);
    free(exits->list);
    *exits = (struct exits){0};
}
