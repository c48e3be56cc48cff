/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Spells from a log of activity, by a rule of inactivity.
 *
 *     const struct activity_spells_options options = {.gap = 30, .threads = 4};
 *     struct activity_spells *spells;
 *     struct activity_spell spell;
 *     if (activity_spells_read(&spells, table, &options, err)) ...
 *     while (activity_spells_next(spells, &spell))
 *         ... spell.user, spell.platform, spell.start, ...
 *     activity_spells_destroy(spells);
 *
 * Read is activity, `user,platform,date`. Of one user on one platform, with active days d1 < d2 <
 * ..., two neighbours are in one spell if they are at most `gap` days apart. The spell
 *
 *   - starts on its first active day;
 *   - has ended if the `gap` days behind its last active day L have all been watched, up to the
 *     last look A, without activity there: A - L >= gap. Its end is L + 1, the first day of the
 *     absence, so that end - start counts the days from the first to the last active one, both
 *     included. Otherwise it has not ended, as the user may yet be back within the gap;
 *   - leads, if it has ended, to the platform of the user's next active day: the first one after L
 *     on which the user is active anywhere. If that is the day on which they are back on the same
 *     platform, it is a return and leads nowhere else; if they are active on several others that
 *     day, the first by name counts.
 *
 * Platforms are looked at one by one, so that use of several at a time (multi-homing) gives spells
 * that overlap, and no spell ends because another one began.
 *
 * By the last look the end of every spell is known up to A - gap + 1 and no further: every spell
 * that has not ended was still there on that day (or began after it).
 */
#ifndef USERS_ACTIVITY_SPELLS_H
#define USERS_ACTIVITY_SPELLS_H

#include "base/error.h"
#include "base/text.h"
#include "table/table.h"
#include <stdbool.h>
#include <stdint.h>

#define ACTIVITY_SPELLS_MOST_DAYS 1000000 /* of gap and within */

/* Zero is the default of every field but the first. Nothing is copied. */
struct activity_spells_options {
    int32_t gap;          /* days, 1 or more */
    const int32_t *as_of; /* the last look: rows after it are not used; NULL: the last date */
    int32_t within;       /* a destination counts up to L + within; 0: however late */
    bool settled;         /* leave out spells that began after A - gap + 1 */
    int threads;          /* for what comes after the reading; 0 is 1 */
};

struct activity_spell {
    struct text user, platform; /* as they stand in the log; valid until the destroy */
    int32_t start;
    int32_t end;             /* if ended */
    bool ended;              /* otherwise still there at the last look */
    struct text destination; /* if ended; empty: nowhere known */
};

/* What was seen, for the tool to say. */
struct activity_spells_report {
    bool any;           /* there is a row that is used; otherwise the dates mean nothing */
    int32_t first;      /* the first date */
    int32_t as_of;      /* A */
    int32_t settled;    /* A - gap + 1: up to here ends are known */
    uint64_t rows;      /* used */
    uint64_t late_rows; /* after A: not used */
    uint64_t days;      /* different user, platform and date: the other rows used are duplicates */
    uint64_t users;
    uint64_t spells;    /* that activity_spells_next gives */
    uint64_t ended;     /* among them */
    uint64_t moved;     /* among these: with a destination */
    uint64_t returns;   /* spells that are not their user's first one on the platform */
    uint64_t early;     /* that start within the gap of the first date: may have begun before it */
    uint64_t unsettled; /* left out */
};

struct activity_spells;

/* Binds the columns and reads all rows; the table can be read once. The same for any number of
 * threads, any order and division of the rows. */
int activity_spells_read(struct activity_spells **ret, struct table *table,
                         const struct activity_spells_options *options, struct error *err);
const struct activity_spells_report *activity_spells_report(const struct activity_spells *spells);

/* The next spell by user, platform (text_compare) and start; false at the end. */
bool activity_spells_next(struct activity_spells *spells, struct activity_spell *ret);
void activity_spells_destroy(struct activity_spells *spells); /* NULL is fine */

#endif
