/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Tiers of creators by the size of their following, by money, or by rank.
 *
 *     struct tiers tiers = {0};
 *     if (tiers_parse(&tiers, TIERS_DEFAULT, TIERS_FOLLOWERS, err)) ...
 *     size_t tier = tiers_find(&tiers, 10000);      // 1
 *     tiers.names[tier];                            // "micro"
 *     tiers_free(&tiers);
 *
 * A tier begins at its threshold, which belongs to it, and ends where the next one begins. Tiers
 * are numbered upwards from 0.
 */
#ifndef CREATORS_TIERS_H
#define CREATORS_TIERS_H

#include "base/arena.h"
#include "base/error.h"
#include "table/table.h"
#include <stddef.h>
#include <stdint.h>

/* The bounds of IAB UK's glossary ("Creator tiers", iabuk.com/jargon-buster/creator-tiers) and of
 * Mediakix's table after the Standard Terminology in Influencer Marketing
 * (mediakix.com/influencer-marketing-resources/influencer-tiers), up to a million. Both let nano
 * begin at 1,000; here it begins at 0, so that nobody falls out. */
#define TIERS_DEFAULT "nano:0,micro:10000,mid:50000,macro:500000,mega:1000000"

/* By rank: the lower 90 % of creators, those above up to the highest 1 %, and these. */
#define TIERS_DEFAULT_RANKS "tail:0,middle:0.9,head:0.99"

#define TIERS_MOST 100

/* What a tier begins at. */
enum tiers_unit {
    TIERS_FOLLOWERS, /* a whole number, 0 or more */
    TIERS_AMOUNT,    /* a decimal, 0 or more: `from` holds millionths */
    TIERS_SHARE,     /* a share of creators below it, the first 0, all below 1: millionths */
};

/* Zero-initialise. Owns the names. */
struct tiers {
    struct arena arena;
    size_t count;
    const char *names[TIERS_MOST];
    int64_t from[TIERS_MOST]; /* ascending */
};

#define TIERS_NONE SIZE_MAX

/* From a list NAME:NUMBER,NAME:NUMBER,... in ascending order; blanks around a name or a
 * number do not count, the last ':' of an item divides it. ERROR_USAGE if it is no such list, if a
 * name is empty or stands twice, if a threshold is below 0 or not above the one before it, and for
 * more than TIERS_MOST tiers. `ret` must be empty. */
int tiers_parse(struct tiers *ret, const char *list, enum tiers_unit unit, struct error *err);

/* From an open table with columns tier and from, under the same rules; ERROR_DATA, with the place,
 * for what breaks them, and for a table without rows. */
int tiers_read(struct tiers *ret, struct table *table, enum tiers_unit unit, struct error *err);

/* The tier of so many followers; TIERS_NONE below the first threshold. */
size_t tiers_find(const struct tiers *tiers, int64_t followers);

void tiers_free(struct tiers *tiers); /* leaves it empty */

#endif
