/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Departures: of those who left a platform, how many went where.
 *
 *     const enum period_kind month = PERIOD_MONTH;
 *     const struct departures_options options = {.period = &month, .top = 5};
 *     struct departures departures;
 *     if (departures_read(table, &options, &departures, err)) ...
 *     for (size_t i = 0; i < departures.n; i++)
 *         ... departures.items[i].users of departures.items[i].left ...
 *     departures_free(&departures);
 *
 * Read are spells, `platform,end,destination`: a row with an end is a departure on that day, from
 * the platform to the destination; one without an end has not left. A state is where somebody is: a
 * platform, or one of the names below. Counts are whole numbers, so they do not depend on how the
 * reading was divided.
 */
#ifndef USERS_DEPARTURES_H
#define USERS_DEPARTURES_H

#include "base/calendar.h"
#include "base/dictionary.h"
#include "base/error.h"
#include "base/text.h"
#include "table/table.h"
#include <stddef.h>
#include <stdint.h>

/* States that are no platforms. A cell that reads so means the same. */
#define DEPARTURES_GONE  "(gone)"  /* left for nowhere known: no destination */
#define DEPARTURES_OTHER "(other)" /* one of the destinations that are not told apart */

/* Sums of users above this are refused, so that each count is exact as a double too: 2^53. */
#define DEPARTURES_MAX (INT64_C(1) << 53)

/* Zero is the default of every field. Nothing is copied. */
struct departures_options {
    const char *weight; /* column: users that a row stands for, a whole number from 1; NULL: one */
    const enum period_kind *period; /* NULL: all departures in one */
    size_t top; /* the destinations told apart per platform left; 0: all of them */
};

/* At least one user who left `from` for `to`. */
struct departure {
    struct period period; /* of the departure; index 0 where all are in one */
    struct text from;
    struct text to;
    int64_t users;
    int64_t left; /* all who left `from` in this period: the flows of `from` add up to it */
};

struct departures {
    /* By period, from, users (largest first), to; (gone) and then (other) last of each from. */
    struct departure *items;
    size_t n;
    int64_t left;             /* all users who left */
    int64_t stayed;           /* users of rows without an end */
    int64_t undecided;        /* those among them whose row names a destination all the same */
    int32_t first, last;      /* days of the first and the last departure; none if n = 0 */
    size_t others;            /* destinations put together as (other), counted for each `from` */
    struct dictionary states; /* owns the texts */
};

/* Binds the columns and reads all rows; the table can be read once. A destination that is the
 * platform itself and a weight below 1 go through table_reject. The `top` destinations of a
 * platform are those with most users over all periods, the first by name where users are equal;
 * (gone) and (other) are not among them. More than DEPARTURES_MAX users are ERROR_DATA. */
int departures_read(struct table *table, const struct departures_options *options,
                    struct departures *ret, struct error *err);

void departures_free(struct departures *flows); /* leaves it zeroed */

#endif
