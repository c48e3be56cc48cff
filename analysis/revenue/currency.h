/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The currency of a column: one and the same, or an error that names two lines.
 *
 *     struct currencies currencies = {0};                         // one a worker of a fold
 *     if (currencies_note(&currencies, batch, row, CURRENCY, err)) ...
 *     if (currencies_merge(&currencies, &other, err)) ...
 *     if (currencies_check(&currencies, table, &currency, err)) ...  // when all is read
 *     currencies_free(&currencies);
 *
 * The first row of the input that names a currency says what is expected, for any number of
 * threads. Empty cells say nothing.
 */
#ifndef REVENUE_CURRENCY_H
#define REVENUE_CURRENCY_H

#include "base/arena.h"
#include "base/error.h"
#include "table/table.h"

struct currency {
    struct text name;
    struct table_place first; /* where it stands first */
};

/* Zero-initialise. */
struct currencies {
    struct currency *items; /* in the order they were met */
    size_t count, capacity;
    size_t last; /* met last */
    struct arena arena;
};

/* The first place of a currency; any of its places will do, the earliest one is kept. */
int currencies_add(struct currencies *currencies, struct text name, struct table_place place,
                   struct error *err);

/* The same for the cell of a text column; a missing one adds nothing. Rows of one worker come in
 * the order of the input. */
int currencies_note(struct currencies *currencies, const struct table_batch *batch, size_t row,
                    size_t column, struct error *err);
int currencies_merge(struct currencies *into, const struct currencies *from, struct error *err);

/* *ret_name is the one currency, or empty; it lives as long as `currencies`. ERROR_DATA if there
 * are several. */
int currencies_check(const struct currencies *currencies, const struct table *table,
                     struct text *ret_name, struct error *err);
void currencies_free(struct currencies *currencies);

#endif
