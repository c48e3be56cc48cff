/* SPDX-License-Identifier: GPL-3.0-or-later */
/* From a table to the history of exits, period by period, that users/contagion.h fits.
 *
 *     const struct exit_history_options options = {.leavers = "leavers", .period = NULL};
 *     struct exit_histories histories;
 *     if (exit_histories_read(table, &options, &histories, err)) ...
 *     for (size_t g = 0; g < histories.n; g++)
 *         contagion_fit(&histories.items[g].history, ...);
 *     exit_histories_free(&histories);
 *
 * Two shapes are read. Counts, `date,leavers`: how many left on a day or in a period; rows of the
 * same date are added up, dates between that have no row count as 0. Spells, `start,end`: who came
 * and left when, an empty start meaning before the records, an empty end still there; then the pool
 * is known at every step.
 */
#ifndef USERS_EXIT_HISTORY_H
#define USERS_EXIT_HISTORY_H

#include "base/arena.h"
#include "base/calendar.h"
#include "base/error.h"
#include "base/text.h"
#include "table/table.h"
#include "users/contagion.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Zero is the default of every field. Nothing is copied: all must outlive the reading. */
struct exit_history_options {
    bool spells;        /* the shape; otherwise counts */
    const char *weight; /* spells: column of how many a row stands for, a whole number from 1 */
    const char *group;  /* column; NULL: all are one group */
    const enum period_kind *period; /* steps; NULL: those of the file, days for spells */
    /* The first day on which anybody could leave. Counts: the first leavers left on any day from it
     * on, so that their step begins there. Spells: who left before does not count at all. NULL: the
     * first date in the file. */
    const int32_t *since;
    const int32_t *as_of; /* the last day looked at; NULL: the last date in the file */
    int64_t pool;         /* counts: how many could leave, the gone among them; 0: not known */
    /* The first step with leavers shows who had left before the records began: they are gone, but
     * when they left is not looked at. */
    bool left_truncate;
};

struct exit_history {
    struct text group;
    const struct period *periods; /* of each step */
    struct contagion_history history;
    int64_t leavers;     /* in all steps and, with left_truncate, before */
    int64_t first_share; /* leavers of the first step that has any */
    int64_t at_once;     /* spells that end in the period in which they began: never at risk at the
                          * beginning of a step, so they are gone but no leavers */
};

struct exit_histories {
    struct exit_history *items; /* by group name */
    size_t n;
    enum period_kind kind; /* of the steps */
    int32_t first, last;   /* days looked at */
    struct arena arena;    /* owns names and arrays */
};

/* Binds the columns and reads all rows. ERROR_DATA for dates of different kinds (both places are
 * named), periods finer than those of the file, more leavers than the pool. Rows that make no sense
 * (negative counts, an end before its start, weights below 1) go through table_reject. Empty (n =
 * 0) if no row counts. */
int exit_histories_read(struct table *table, const struct exit_history_options *options,
                        struct exit_histories *ret, struct error *err);
void exit_histories_free(struct exit_histories *histories); /* leaves it zeroed */

#endif
