/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Counts of moves in a hash table. */
#include "users/transitions.h"

#include <stdlib.h>

enum { FIRST_SLOTS = 64 };

static uint64_t hash_of(int32_t period, uint32_t from, uint32_t to) {
    uint64_t key = ((uint64_t)from << 32 | to) * UINT64_C(0x9E3779B97F4A7C15);
    key = (key ^ key >> 32 ^ (uint32_t)period) * UINT64_C(0xD6E8FEB86659FD93);
    return key ^ key >> 32;
}

/* The slot of this move, or the free one where it belongs. */
static struct transition *seek(struct transition *slots, size_t n_slots, int32_t period,
                               uint32_t from, uint32_t to) {
    const size_t mask = n_slots - 1;
    for (size_t i = hash_of(period, from, to) & mask;; i = (i + 1) & mask) {
        struct transition *slot = &slots[i];
        if (slot->users == 0 || (slot->period == period && slot->from == from && slot->to == to))
            return slot;
    }
}

/* Room for `more` further moves, at most half full; false when memory is out. */
static bool reserve(struct transitions *counts, size_t more) {
    if (counts->slots && (counts->used + more) * 2 <= counts->n_slots)
        return true;
    size_t n_slots = FIRST_SLOTS;
    while ((counts->used + more) * 2 > n_slots)
        n_slots *= 2;
    struct transition *slots = calloc(n_slots, sizeof *slots);
    if (!slots)
        return false;
    const struct transition *old;
    for (size_t place = 0; transitions_next(counts, &place, &old);)
        *seek(slots, n_slots, old->period, old->from, old->to) = *old;
    free(counts->slots);
    counts->slots = slots;
    counts->n_slots = n_slots;
    return true;
}

int transitions_add(struct transitions *counts, int32_t period, uint32_t from, uint32_t to,
                    int128 users, struct error *err) {
    if (!reserve(counts, 1))
        return error_memory(err);
    struct transition *slot = seek(counts->slots, counts->n_slots, period, from, to);
    if (slot->users == 0) {
        *slot = (struct transition){.period = period, .from = from, .to = to};
        counts->used++;
    }
    slot->users += users;
    return 0;
}

/* Room is made all at once: moves that arrive in the order of their hash would pile up in a table
 * that is nearly full. */
int transitions_merge(struct transitions *into, const struct transitions *from,
                      const uint32_t *states, struct error *err) {
    if (!reserve(into, from->used))
        return error_memory(err);
    const struct transition *move;
    for (size_t place = 0; transitions_next(from, &place, &move);)
        if (transitions_add(into, move->period, states ? states[move->from] : move->from,
                            states ? states[move->to] : move->to, move->users, err))
            return err->code;
    return 0;
}

bool transitions_has(const struct transitions *counts, int32_t period, uint32_t from, uint32_t to) {
    return counts->used > 0 && seek(counts->slots, counts->n_slots, period, from, to)->users > 0;
}

bool transitions_next(const struct transitions *counts, size_t *place,
                      const struct transition **ret) {
    while (counts->slots && *place < counts->n_slots) {
        *ret = &counts->slots[(*place)++];
        if ((*ret)->users > 0)
            return true;
    }
    return false;
}

struct transition *transitions_sort(const struct transitions *counts,
                                    int (*compare)(const void *, const void *, void *context),
                                    void *context) {
    struct transition *sorted = malloc((counts->used + 1) * sizeof *sorted);
    if (!sorted)
        return NULL;
    size_t n = 0;
    const struct transition *move;
    for (size_t place = 0; transitions_next(counts, &place, &move);)
        sorted[n++] = *move;
    qsort_r(sorted, n, sizeof *sorted, compare, context);
    return sorted;
}

void transitions_free(struct transitions *counts) {
    free(counts->slots);
    *counts = (struct transitions){0};
}
