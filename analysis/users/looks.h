/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Looks: where users were seen now and then, for a Markov process in continuous time.
 *
 *     const struct looks_options options = {.platform = "platform", .date = "date"};
 *     struct looks looks;
 *     if (looks_read(table, &options, &looks, err)) ...
 *     if (markov_rate_fit(&looks.steps, &how, &rate, err)) ...
 *     looks_free(&looks);
 *
 * A row says that a user was on a platform at a time. What a user was seen on at the same time
 * makes one state, "A+B". All rows are kept in memory, 24 bytes each beside the file: this is for
 * panels.
 */
#ifndef USERS_LOOKS_H
#define USERS_LOOKS_H

#include "base/arena.h"
#include "base/error.h"
#include "base/text.h"
#include "stats/markov-rate.h"
#include "table/table.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Nothing is copied. */
struct looks_options {
    const char *platform; /* column */
    const char *time;     /* column of numbers, in any unit; NULL: dates, and days */
    const char *date;     /* column of dates, if time is NULL */
    const char *join;     /* between the platforms of a state */
};

struct looks {
    struct markov_steps steps; /* sorted: by from, to and time, each once */
    struct text *states;       /* by name: what the numbers in `steps` mean */
    size_t n_states;
    struct arena arena; /* owns the names */
};

/* Binds the columns and reads all rows; the table can be read once. */
int looks_read(struct table *table, const struct looks_options *options, struct looks *ret,
               struct error *err);

/* The number of a state; false if nobody was seen in it. */
bool looks_find(const struct looks *looks, struct text state, size_t *ret);
void looks_free(struct looks *looks); /* leaves it zeroed */

#endif
