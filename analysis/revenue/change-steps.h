/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The changes of every platform, from one period to another or step by step.
 *
 *     struct change_options options = {.method = CHANGE_LMDI, .chain = true};
 *     struct change_steps steps = {0};
 *     if (change_steps_make(&arpu, &options, &steps, err)) ...   // arpu: see revenue/arpu.h
 *     steps.items[0].total.of[CHANGE_MIX];
 *     change_steps_free(&steps);
 *
 * A platform's steps run from the first of its periods to the last, at once; with `chain`, from
 * each period that has a row to the next, and behind them, if they are several, comes their sum
 * over the whole way. A chained sum follows the way that users, mix and ARPU took; the step at once
 * sees its two ends only. Both add up to the same change of revenue.
 *
 * A segment without a row in a period in which its platform has others is not there in it: no
 * users, no revenue.
 */
#ifndef REVENUE_CHANGE_STEPS_H
#define REVENUE_CHANGE_STEPS_H

#include "base/arena.h"
#include "revenue/arpu.h"
#include "revenue/change.h"
#include <stdbool.h>

struct change_options {
    enum change_method method;
    bool chain;
    const struct period *first, *last; /* NULL: those of the platform */
};

struct change_bounds {
    struct interval of[CHANGE_PARTS];
};

struct change_step {
    struct text platform;
    struct period from, to;
    bool gap;   /* periods between the two have no row */
    bool chain; /* the sum of the steps before it */
    size_t n_segments;
    const struct text *segments;         /* by name; those of all the platform's periods */
    const struct change_segment *values; /* [n_segments] */
    struct change_parts *parts;          /* [n_segments] */
    struct change_parts total;
    decimal_sum revenue[CHANGE_TIMES];
    struct interval bounds[CHANGE_PARTS]; /* of the total; nan unless revenue/change-interval.h */
    struct interval levels[CHANGE_TIMES]; /* of revenue; nan likewise */
    struct change_bounds *segment_bounds; /* [n_segments], of parts; NULL likewise */
};

/* Zero-initialise. Texts are those of the table. */
struct change_steps {
    struct change_step *items;
    size_t count, capacity;
    size_t left_out; /* platforms without a row in `first` or `last`, or with one period only */
    struct text left_name; /* the first of them */
    struct arena arena;
};

/* ERROR_DATA names platform, segment and periods where LMDI does not exist. The table must live as
 * long as the steps. */
int change_steps_make(const struct arpu_table *arpu, const struct change_options *options,
                      struct change_steps *ret, struct error *err);
void change_steps_free(struct change_steps *steps);

#endif
