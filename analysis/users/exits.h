/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Counts of what happened when: how many of a group entered or left at a time.
 *
 *     struct exits exits = {0};
 *     const struct exits_count *counts;
 *     size_t n;
 *     exits_add(&exits, group, EXITS_EVENT, 6 * DECIMAL_ONE, 3, err);
 *     exits_add(&exits, group, EXITS_CENSORED, 6 * DECIMAL_ONE, 1, err);
 *     exits_sort(&exits, &counts, &n, err);
 *     exits_free(&exits);
 *
 * Everything that Kaplan-Meier, log-rank and Aalen-Johansen need of a table of spells. Memory grows
 * with the distinct (group, kind, time), not with the rows. The counts do not depend on the order
 * of adding and merging.
 */
#ifndef USERS_EXITS_H
#define USERS_EXITS_H

#include "base/decimal.h"
#include "base/error.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum exits_kind {
    EXITS_ENTERED,  /* came under observation at this time: late entry */
    EXITS_CENSORED, /* was last seen at this time, still there */
    EXITS_EVENT,    /* left at this time; EXITS_EVENT + d when destinations are told apart */
};

struct exits_count {
    decimal time;
    uint32_t group;
    uint32_t kind; /* enum exits_kind */
    int64_t count; /* at least 1 */
};

/* Zero-initialise. A hash table small enough for a processor's cache gathers the counts; whenever
 * it is full its contents move to a list, which is sorted and summed up each time it has doubled.
 */
struct exits {
    struct exits_count *slots; /* a count of 0 is a free slot */
    size_t used;
    struct exits_count *list;
    size_t n, capacity;
    bool stubborn; /* summing up freed little */
    int64_t total; /* of all counts, at most EXITS_MAX */
};

/* Sums above this are refused, so that each count is exact as a double too: 2^53. */
#define EXITS_MAX (INT64_C(1) << 53)

/* count >= 1. ERROR_DATA when the total would exceed EXITS_MAX. */
int exits_add(struct exits *exits, uint32_t group, uint32_t kind, decimal time, int64_t count,
              struct error *err);

/* Adds every count of `from`; codes[group in from] = group in into. */
int exits_merge(struct exits *into, const struct exits *from, const uint32_t *codes,
                struct error *err);

/* The same; kinds[kind in from] = kind in into. */
int exits_merge_kinds(struct exits *into, const struct exits *from, const uint32_t *codes,
                      const uint32_t *kinds, struct error *err);

/* Gives every count the kind kinds[its kind]. */
int exits_rename_kinds(struct exits *exits, const uint32_t *kinds, struct error *err);

/* All counts, each (group, time, kind) once, in this order. They belong to `exits` and are valid
 * until it changes; NULL if there is none. */
int exits_sort(struct exits *exits, const struct exits_count **ret, size_t *ret_n,
               struct error *err);

void exits_free(struct exits *exits); /* leaves it zeroed, reusable */

#endif
