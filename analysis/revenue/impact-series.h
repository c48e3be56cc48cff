/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A series with an event in it: one value a period, and other series beside it.
 *
 *     const char *const controls[] = {"rednote"};
 *     struct impact_request request = {.value = "revenue", .controls = controls, .n_controls = 1,
 *                                      .event = period_of(PERIOD_DAY, 20107)};
 *     struct impact_series series = {0};
 *     if (impact_read(table, &request, &series, err)) ...
 *     for (size_t t = 0; t < series.n; t++)
 *         impact_at(&series, t), series.value[t], series.controls[t * series.n_controls];
 *     impact_series_free(&series);
 *
 * Column `date` holds periods of one kind: dates, weeks, months, quarters or years, in any order.
 * The step is the greatest common divisor of the differences (so weekly dates have a step of seven
 * days), and positions run from the first period to the last without gaps. Where the input has no
 * row, or an empty cell, the value is nan: time goes on, but nothing is known. Dates of which more
 * than half of the positions have no row are irregular and ERROR_DATA.
 */
#ifndef REVENUE_IMPACT_SERIES_H
#define REVENUE_IMPACT_SERIES_H

#include "base/calendar.h"
#include "base/error.h"
#include "table/table.h"
#include <stdbool.h>
#include <stddef.h>

struct impact_request {
    const char *value;           /* column of the series */
    const char *const *controls; /* columns beside it */
    size_t n_controls;
    bool coarsen; /* take dates to the periods of this kind: month ends to months */
    enum period_kind kind;
    struct period event; /* the first period that it touches */
};

/* Zero-initialise. Owns its arrays. */
struct impact_series {
    enum period_kind kind;
    int32_t first, step; /* period index of position 0, and from one to the next */
    size_t n;
    size_t event;     /* the first position that ends on the event's first day or later */
    bool split;       /* the event falls within that period, not on its first day */
    double *value;    /* n */
    double *controls; /* n x n_controls */
    size_t n_controls;
    size_t rows;          /* of the input */
    size_t before, after; /* positions with a value and all controls */
};

/* Binds the columns and reads the open table. A column "currency", if there is one, must hold one
 * and the same text. ERROR_DATA for several currencies, two rows of one period, periods of
 * several kinds or finer than asked for, irregular dates, and an event that is not after the first
 * period and at most in the last. A table without rows gives n = 0. */
int impact_read(struct table *table, const struct impact_request *request,
                struct impact_series *ret, struct error *err);

struct period impact_at(const struct impact_series *series, size_t position);

/* Whether value and all controls are known. */
bool impact_known(const struct impact_series *series, size_t position);
bool impact_controls_known(const struct impact_series *series, size_t position);

void impact_series_free(struct impact_series *series);

#endif
