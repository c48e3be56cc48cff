/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Counts by (group, kind, time) in a hash table. */
#include "users/exits.h"

#include <stdlib.h>

enum { FIRST_SLOTS = 256 };

/* Multiplies and folds, so that times that are all multiples of a million spread as well. */
static uint64_t hash_of(uint32_t group, uint32_t kind, decimal time) {
    uint64_t key = (uint64_t)time ^ ((uint64_t)group << 34 | (uint64_t)kind << 58 | kind);
    key = (key ^ key >> 32) * UINT64_C(0xD6E8FEB86659FD93);
    key = (key ^ key >> 32) * UINT64_C(0xD6E8FEB86659FD93);
    return key ^ key >> 32;
}

/* The slot of this key, or the free one where it belongs. */
static struct exits_count *seek(struct exits_count *slots, size_t n_slots, uint32_t group,
                                uint32_t kind, decimal time) {
    size_t mask = n_slots - 1;
    for (size_t i = hash_of(group, kind, time) & mask;; i = (i + 1) & mask) {
        struct exits_count *slot = &slots[i];
        if (slot->count == 0 || (slot->time == time && slot->group == group && slot->kind == kind))
            return slot;
    }
}

/* Room for `more` further keys, at most three quarters full. */
static int reserve(struct exits *exits, size_t more, struct error *err) {
    size_t n_slots = exits->n_slots == 0 ? FIRST_SLOTS : exits->n_slots;
    while ((exits->used + more) * 4 > n_slots * 3)
        n_slots *= 2;
    if (n_slots == exits->n_slots)
        return 0;
    struct exits_count *slots = calloc(n_slots, sizeof *slots);
    if (!slots)
        return error_memory(err);
    for (size_t i = 0; i < exits->n_slots; i++) {
        const struct exits_count *from = &exits->slots[i];
        if (from->count > 0)
            *seek(slots, n_slots, from->group, from->kind, from->time) = *from;
    }
    free(exits->slots);
    exits->slots = slots;
    exits->n_slots = n_slots;
    return 0;
}

int exits_add(struct exits *exits, uint32_t group, uint32_t kind, decimal time, int64_t count,
              struct error *err) {
    if (count > EXITS_MAX - exits->total)
        return error_set(err, ERROR_DATA, "more than %lld spells, counting weights",
                         (long long)EXITS_MAX);
    int status = reserve(exits, 1, err);
    if (status)
        return status;
    struct exits_count *slot = seek(exits->slots, exits->n_slots, group, kind, time);
    if (slot->count == 0) {
        *slot = (struct exits_count){.time = time, .group = group, .kind = kind};
        exits->used++;
    }
    slot->count += count;
    exits->total += count;
    return 0;
}

int exits_merge(struct exits *into, const struct exits *from, const uint32_t *codes,
                struct error *err) {
    /* All at once: keys that arrive in the order of their hash would pile up in a table that is
     * nearly full. */
    int status = reserve(into, from->used, err);
    if (status)
        return status;
    for (size_t i = 0; i < from->n_slots; i++) {
        const struct exits_count *slot = &from->slots[i];
        if (slot->count == 0)
            continue;
        status = exits_add(into, codes[slot->group], slot->kind, slot->time, slot->count, err);
        if (status)
            return status;
    }
    return 0;
}

static int compare_counts(const void *left, const void *right) {
    const struct exits_count *a = left, *b = right;
    if (a->group != b->group)
        return a->group < b->group ? -1 : 1;
    if (a->time != b->time)
        return a->time < b->time ? -1 : 1;
    return (a->kind > b->kind) - (a->kind < b->kind);
}

int exits_sort(const struct exits *exits, struct exits_count **ret, struct error *err) {
    *ret = NULL;
    if (exits->used == 0)
        return 0;
    struct exits_count *counts = malloc(exits->used * sizeof *counts);
    if (!counts)
        return error_memory(err);
    size_t n = 0;
    for (size_t i = 0; i < exits->n_slots; i++)
        if (exits->slots[i].count > 0)
            counts[n++] = exits->slots[i];
    qsort(counts, n, sizeof *counts, compare_counts);
    *ret = counts;
    return 0;
}

void exits_free(struct exits *exits) {
    free(exits->slots);
    *exits = (struct exits){0};
}
