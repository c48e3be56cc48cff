/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Presence: who was where in which period, one user at a time.
 *
 *     const struct presence_options options = {.shape = PRESENCE_LOG, .platform = "platform",
 *                                              .period = &month, .threads = 4};
 *     const struct presence_fold fold = {count_begin, count_user, count_merge, count_destroy};
 *     struct presence *presence;
 *     void *counts;
 *     if (presence_read(&presence, table, &options, err)) ...
 *     if (presence_fold(presence, &fold, context, &counts, err)) ...
 *     presence_destroy(presence);
 *
 * Three shapes are read:
 *
 *   - a log, `user,PLATFORM,date`: active there on that day;
 *   - a panel, `user,PLATFORM,period`: there in that period;
 *   - spells, `user,PLATFORM,start,end`: there from start up to the day before end (the first day
 * of absence), and on the start itself in any case; without an end, up to the last look.
 *
 * PLATFORM is whatever column tells apart where they were, or none. Rows may come in any order and
 * repeat: a row that says again what is known changes nothing, but for amounts (money, minutes),
 * which are added up.
 *
 * All threads fill one ledger (base/ledger.h): 24 bytes for each user, platform and period (or
 * day), however many rows there are and however long the names; users are told apart by 98 bits of
 * hash.
 *
 * Time goes in steps, numbered from 0. The steps of a log and of spells are all calendar periods of
 * one kind from the first date to the last look, those without any row included. The steps of a
 * panel are the periods that it has, so that snapshots may be taken at uneven times.
 */
#ifndef USERS_PRESENCE_H
#define USERS_PRESENCE_H

#include "base/calendar.h"
#include "base/error.h"
#include "base/text.h"
#include "table/table.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum presence_shape { PRESENCE_LOG, PRESENCE_PANEL, PRESENCE_SPELLS };

/* Zero is the default of every field. Nothing is copied: all must outlive the presence. */
struct presence_options {
    enum presence_shape shape;
    const char *platform; /* column; NULL: not told apart, one platform without a name */
    /* Columns that say to which group a user belongs; with a platform only. They are those of a
     * row, so a user may have several: a stay for each on the same platform. */
    const char *const *groups;
    size_t n_groups;
    /* The kind of the steps. NULL: months; of a panel, those of its periods. A panel of dates can
     * be had in any kind, other ones in their own only. */
    const enum period_kind *period;
    bool days;            /* tell the days of a log apart, not only the steps */
    const char *amount;   /* column: something to be added up, missing is 0; NULL: none */
    bool positive;        /* amounts below 0 are bad rows */
    bool complete;        /* and so are missing ones, which otherwise are 0 */
    const int32_t *as_of; /* the last look: what happened later is not used; NULL: the last date */
    int threads;          /* for what comes after the reading; 0 is 1 */
};

/* What was read. */
struct presence_report {
    bool any;            /* there is a row that is used; otherwise there are no steps */
    int32_t first, last; /* the first and the last date; of a panel, the days of its periods */
    int32_t as_of;       /* the last look; of a panel, the last day of its last period */
    enum period_kind kind;
    uint64_t rows;      /* used */
    uint64_t late_rows; /* after the last look: not used */
};

struct presence;

/* Binds the columns and reads all rows; the table can be read once. An end before its start goes
 * through table_reject, and so does a platform called "(new)", "(gone)" or without a name.
 * ERROR_DATA for a panel of several kinds of periods, or of another kind than asked for. */
int presence_read(struct presence **ret, struct table *table,
                  const struct presence_options *options, struct error *err);
const struct presence_report *presence_report(const struct presence *presence);

/* Whether the last look comes before the last step is over. */
bool presence_unfinished(const struct presence *presence);

size_t presence_steps(const struct presence *presence);
struct period presence_period(const struct presence *presence, size_t step);
/* The step of that period; false if there is none. */
bool presence_find(const struct presence *presence, struct period period, size_t *ret_step);

/* Platforms are ranked by name (text_compare). */
uint32_t presence_platforms(const struct presence *presence);
struct text presence_platform(const struct presence *presence, uint32_t rank);

/* Groups are ranked too; a name is its cells joined by NUL, "(missing)" for a missing one. Without
 * columns of groups there is one, whose name is empty. */
uint32_t presence_groups(const struct presence *presence);
struct text presence_group(const struct presence *presence, uint32_t rank);

#define PRESENCE_OTHER "(other)" /* any of the platforms that are not told apart */

/* Which platforms are told apart: the `top` with most of users[rank] (0: all), the first by name
 * where there are as many. numbers[rank] is their number by name from 0 to *ret_own - 1; the
 * others, and one that is called (other), have *ret_own. *ret_others is how many `top` leaves out.
 */
int presence_choose(const struct presence *presence, const int64_t *users, size_t top,
                    uint32_t *numbers, uint32_t *ret_own, size_t *ret_others, struct error *err);

void presence_destroy(struct presence *presence); /* NULL is fine */

/* ---- One user at a time ---------------------------------------------------------------------- */

/* There in this step, on this platform. */
struct presence_stay {
    uint32_t step;
    uint32_t platform;
    uint32_t group;
    int32_t day; /* with options.days the day; otherwise the first day of the step's period */
    decimal amount;
};

/* All of one user; valid during the call. */
struct presence_user {
    const struct presence_stay *stays; /* by step, day, platform, group; none twice; at least one */
    size_t n;
};

/* As a table_fold, over users in place of batches: each worker begins a state, and adding and
 * merging in any order must give the same result. */
struct presence_fold {
    int (*begin)(void *context, void **ret_state, struct error *err);
    int (*add)(void *state, const struct presence_user *user, struct error *err);
    int (*merge)(void *into, void *from, struct error *err); /* `from` is destroyed afterwards */
    void (*destroy)(void *state);
};

/* Hands out every user once; what was read is used up by it, so there is one fold to a presence.
 * ERROR_DATA if an amount is out of range. */
int presence_fold(struct presence *presence, const struct presence_fold *fold, void *context,
                  void **ret_state, struct error *err);

#endif
