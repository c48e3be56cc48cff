/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Tiers of creators by the size of their following.
 *
 *     struct tiers tiers = {0};
 *     if (tiers_parse(&tiers, TIERS_DEFAULT, err)) ...
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

#define TIERS_MOST 100

/* Zero-initialise. Owns the names. */
struct tiers {
    struct arena arena;
    size_t count;
    const char *names[TIERS_MOST];
    int64_t from[TIERS_MOST]; /* followers, ascending */
};

#define TIERS_NONE SIZE_MAX

/* From a list NAME:FOLLOWERS,NAME:FOLLOWERS,... in ascending order; blanks around a name or a
 * number do not count, the last ':' of an item divides it. ERROR_USAGE if it is no such list, if a
 * name is empty or stands twice, if a threshold is below 0 or not above the one before it, and for
 * more than TIERS_MOST tiers. `ret` must be empty. */
int tiers_parse(struct tiers *ret, const char *list, struct error *err);

/* From an open table with columns tier and from, under the same rules; ERROR_DATA, with the place,
 * for what breaks them, and for a table without rows. */
int tiers_read(struct tiers *ret, struct table *table, struct error *err);

/* The tier of so many followers; TIERS_NONE below the first threshold. */
size_t tiers_find(const struct tiers *tiers, int64_t followers);

void tiers_free(struct tiers *tiers); /* leaves it empty */

#endif
