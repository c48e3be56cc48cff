/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Who is exposed to whose leaving: a follow graph and spells become the rows of a Cox regression
 * with a covariate that changes over time.
 *
 *     const struct follow_graph_options options = {.lag = 1};
 *     struct follow_exposure exposure;
 *     if (follow_graph_read(spells, graph, &options, &exposure, err)) ...
 *     const double *x[] = {exposure.count};
 *     const struct cox_data data = {.n = exposure.n, .p = 1, .time = exposure.time,
 *                                   .entry = exposure.entry, .status = exposure.status,
 *                                   .cluster = exposure.user, .x = x};
 *     follow_exposure_free(&exposure);
 *
 * Time is the day of the calendar, so that at each day those who are there are compared with each
 * other: whatever makes all leave sooner or later alike plays no part. A spell becomes one row, and
 * one more for each day on which the number of followed accounts that are gone changes. An account
 * is gone from the end of a spell until its next one begins; the exposure of day t is that of day
 * t - lag, so that nobody is exposed to what happens later, or at the same time.
 *
 * One pass over the edges: each change goes to the followers of who left, O(edges + changes log
 * changes).
 */
#ifndef USERS_FOLLOW_GRAPH_H
#define USERS_FOLLOW_GRAPH_H

#include "base/decimal.h"
#include "base/error.h"
#include "table/table.h"
#include <stddef.h>
#include <stdint.h>

struct follow_graph_options {
    int32_t lag;          /* days, 1 or more */
    const int32_t *as_of; /* the last day looked at; NULL: the last date in the spells */
};

struct follow_exposure {
    size_t n;              /* rows, by user and day */
    decimal *entry, *time; /* days since 1970-01-01; entry is INT64_MIN before the records */
    uint8_t *status;       /* 0 still there, 1 left at `time` */
    uint32_t *user;        /* codes below `users`, ascending */
    double *count;         /* followed accounts that are gone */
    double *share;         /* of those followed; 0 of none */

    size_t users, spells, leavers; /* with rows; and spells with rows that end */
    size_t edges;                  /* between users of the spells, each once */
    size_t unknown;                /* edges that name somebody without a spell: left out */
    size_t never_at_risk;          /* spells that end on the day they begin: left out */
};

/* Reads the spells (user, start, end; an empty start is before the records, an empty end still
 * there) and the graph (follower, followed). Rows that make no sense go through table_reject: an
 * end before its start, a start after the last look, someone who follows themself. */
int follow_graph_read(struct table *spells, struct table *graph,
                      const struct follow_graph_options *options, struct follow_exposure *ret,
                      struct error *err);
void follow_exposure_free(struct follow_exposure *exposure); /* leaves it zeroed */

#endif
