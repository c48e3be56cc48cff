/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Counts of moves: how many users went from one state to another in a period.
 *
 *     struct transitions counts = {0};
 *     if (transitions_add(&counts, period, from, to, 1, err)) ...
 *     for (size_t i = 0; transitions_next(&counts, &i, &move);)
 *         ... move->users ...
 *     transitions_free(&counts);
 *
 * States and periods are numbers that mean what the caller says. Counts are whole numbers: the
 * order of adding and merging does not show.
 */
#ifndef USERS_TRANSITIONS_H
#define USERS_TRANSITIONS_H

#include "base/decimal.h"
#include "base/error.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* 128 bits cannot overflow: at most 2^64 rows of less than 2^63 users. */
struct transition {
    int128 users; /* 0: a free slot */
    int32_t period;
    uint32_t from, to;
};

/* Zero-initialise. A hash table with open addressing. */
struct transitions {
    struct transition *slots;
    size_t n_slots; /* a power of two, or 0 */
    size_t used;
};

/* users >= 1. */
int transitions_add(struct transitions *counts, int32_t period, uint32_t from, uint32_t to,
                    int128 users, struct error *err);

/* Adds all of `from`, whose state i is states[i] here (NULL: the same). */
int transitions_merge(struct transitions *into, const struct transitions *from,
                      const uint32_t *states, struct error *err);
bool transitions_has(const struct transitions *counts, int32_t period, uint32_t from, uint32_t to);

/* Visits all, in an order that means nothing: start with *place = 0, until it is false. */
bool transitions_next(const struct transitions *counts, size_t *place,
                      const struct transition **ret);

/* A copy, `used` long, sorted by `compare`; the caller frees it. NULL when memory is out. */
struct transition *transitions_sort(const struct transitions *counts,
                                    int (*compare)(const void *, const void *, void *context),
                                    void *context);
void transitions_free(struct transitions *counts); /* leaves it zeroed */

#endif
