/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Counts of what happened when: how many of a group entered or left at a time.
 *
 *     struct exits exits = {0};
 *     exits_add(&exits, group, EXITS_EVENT, 6 * DECIMAL_ONE, 3, err);
 *     exits_add(&exits, group, EXITS_CENSORED, 6 * DECIMAL_ONE, 1, err);
 *     exits_sort(&exits, &counts, err);
 *     free(counts);
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

/* Zero-initialise. A hash table with open addressing; a slot whose count is 0 is free. */
struct exits {
    struct exits_count *slots;
    size_t n_slots; /* a power of two, or 0 */
    size_t used;
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

/* A copy of the counts, `used` long, in the order of group, time, kind. The caller frees it; NULL
 * if there is none. */
int exits_sort(const struct exits *exits, struct exits_count **ret, struct error *err);

void exits_free(struct exits *exits); /* leaves it zeroed, reusable */

#endif
