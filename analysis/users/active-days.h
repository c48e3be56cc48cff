/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Active days: who was active where on which days, as a set.
 *
 *     struct active_days days = {0};
 *     if (active_days_add(&days, users, platforms, dates, n_rows, err)) ...
 *     ... every thread has a set of its own; then, with the sets of all threads:
 *     struct active_platforms platforms;
 *     if (active_platforms_unite(sets, n, &platforms, err)) ...
 *     for (size_t part = 0; part < ACTIVE_DAYS_PARTS; part++)     // or as tasks, in any order
 *         if (active_days_unite(sets, n, &platforms, part, &united, err)) ...
 *
 * or, so that no user is kept once a thread, with a store that all sets share:
 *     struct active_store *store;
 *     if (active_store_create(&store, err)) ...
 *     struct active_days days = {.store = store};
 *     ... the rest is the same; then active_store_destroy(store), last of all.
 *
 * Adding a day twice changes nothing. A set grows with users, platforms and months of activity, not
 * with rows: 64 days of one user on one platform are one block of 16 bytes, a bit a day, and the
 * user's name is kept once. Users are dealt into parts by the hash of their name, so that a part
 * fits the cache, and a user is in the same part of every set.
 */
#ifndef USERS_ACTIVE_DAYS_H
#define USERS_ACTIVE_DAYS_H

#include "base/arena.h"
#include "base/calendar.h"
#include "base/dictionary.h"
#include "base/error.h"
#include "base/partition.h"
#include "base/text.h"
#include <stddef.h>
#include <stdint.h>

enum { ACTIVE_DAYS_PARTS = PARTITION_PARTS };
#define ACTIVE_DAYS_CODES (UINT32_C(1) << 24) /* users of one part, and platforms, are fewer */

/* 64 days in a row. Keys sort by user, platform and time. */
struct active_block {
    uint64_t key;  /* 24 bits of user, 24 of platform, 16 of block */
    uint64_t days; /* bit i: active on the block's first day + i; never 0 in use */
};

static inline uint32_t active_block_user(const struct active_block *block) {
    return (uint32_t)(block->key >> 40);
}

static inline uint32_t active_block_platform(const struct active_block *block) {
    return (uint32_t)(block->key >> 16) & (ACTIVE_DAYS_CODES - 1);
}

static inline int32_t active_block_first_day(const struct active_block *block) {
    return CALENDAR_MIN_DAY + 64 * (int32_t)(block->key & UINT16_MAX);
}

/* A user as met in one set. */
struct active_user {
    uint64_t hash;
    struct text name;       /* in the set's arena */
    uint32_t code_plus_one; /* 0: the slot is free */
};

/* Users and blocks are open-addressing hash tables with linear probing; sizes are 0 or powers of
 * two. */
struct active_set_part {
    struct active_user *users;
    size_t users_size, n_users;
    struct active_block *blocks;
    size_t blocks_size, n_blocks;
};

struct active_store;
struct active_row;

int active_store_create(struct active_store **ret, struct error *err);
void active_store_destroy(struct active_store *store); /* NULL is fine */

/* Zero-initialise; `store` may be set: the sets that one call unites have the same one, or none. */
struct active_days {
    struct active_store *store;
    struct active_set_part parts[ACTIVE_DAYS_PARTS]; /* empty with a store */
    struct arena names;
    struct dictionary platforms;
    struct text platform;   /* met last, inside the dictionary; bytes are NULL at first */
    uint32_t platform_code; /* of it, in the store if there is one */

    struct partition_deal deal; /* for the store: rows on their way, */
    struct active_row *rows;
    size_t rows_capacity;
    uint8_t *row_parts; /* their parts, */
    size_t parts_capacity;
    uint32_t *store_codes; /* and the store's codes of this set's platforms */
    size_t codes_capacity;
};

/* Adds n rows: users[i] was active on platforms[i] on days[i] (since 1970-01-01, a date of
 * base/calendar.h). Many at a time, because the memory that a row needs is fetched while the rows
 * before it are added. ERROR_DATA for more than ACTIVE_DAYS_CODES platforms (or users in a part,
 * which is some 4 x 10^9 users in all). */
int active_days_add(struct active_days *set, const struct text *users, const struct text *platforms,
                    const int32_t *days, size_t n, struct error *err);
void active_days_free(struct active_days *set); /* leaves it zeroed */

/* The platforms of several sets, ranked by name. */
struct active_platforms {
    struct dictionary names;
    uint32_t *order;  /* order[rank] = code in names */
    uint32_t **ranks; /* ranks[set][code in the set] = rank; those of the store come last */
    size_t n_sets;
};

int active_platforms_unite(struct active_days *const *sets, size_t n, struct active_platforms *ret,
                           struct error *err);
struct text active_platform_name(const struct active_platforms *platforms, uint32_t rank);
void active_platforms_free(struct active_platforms *platforms);

/* One part of several sets. Users and platforms in the keys are ranks by name (text_compare). */
struct active_part {
    struct dictionary users;
    uint32_t *order;             /* order[rank] = code in users */
    struct active_block *blocks; /* sorted by key, no key twice */
    size_t n;
};

/* Moves the part out of the sets, which keep their others: safe in several threads, for different
 * parts. Zeroes *ret on failure. */
int active_days_unite(struct active_days *const *sets, size_t n,
                      const struct active_platforms *platforms, size_t part,
                      struct active_part *ret, struct error *err);
struct text active_user_name(const struct active_part *part, uint32_t rank);
void active_part_free(struct active_part *part); /* leaves it zeroed */

#endif
