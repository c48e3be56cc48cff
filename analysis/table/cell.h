/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One cell: from its text to a value, and what to tell a person when it has none.
 *
 *     int64_t users;
 *     switch (cell_read(cell, TABLE_INTEGER, &rules, &users)) {
 *     case CELL_GOOD: ...
 *     case CELL_MISSING: ...
 *     case CELL_BAD: cell_explain(cell, "users", TABLE_INTEGER, &rules, reason); ...
 *     }
 *
 * Quotes are gone by now: they never change what a cell means.
 */
#ifndef TABLE_CELL_H
#define TABLE_CELL_H

#include "base/text.h"
#include "table/table.h"
#include <stdbool.h>
#include <stddef.h>

struct cell_rules {
    char mark; /* of decimals */
    const char *const *na;
    size_t n_na;
    bool ascii; /* promises that no byte is above 127, so that UTF-8 need not be checked */
};

enum cell_state { CELL_GOOD, CELL_MISSING, CELL_BAD };

size_t cell_size(enum table_type type); /* bytes of one value */

/* Writes the value to *value, which has the type that goes with `type`; zero if it is missing,
 * undefined if it is bad. A text value points into `cell`. Not for TABLE_CATEGORY, whose codes need
 * a dictionary (table/category.h). */
enum cell_state cell_read(struct text cell, enum table_type type, const struct cell_rules *rules,
                          void *value);

#define CELL_REASON 600
#define CELL_SHOWN  120

/* Why the cell is bad: "found '1.2.3' in column 'revenue', expected a decimal number". */
void cell_explain(struct text cell, struct text column, enum table_type type,
                  const struct cell_rules *rules, char reason[CELL_REASON]);

/* Why a missing cell is bad where a value is required. */
void cell_explain_missing(struct text cell, struct text column, enum table_type type,
                          char reason[CELL_REASON]);

/* The cell as messages show it, in single quotes: at most 40 characters, then "...";
 * control characters and bytes that are not UTF-8 as \xNN. */
void cell_show(struct text cell, char shown[CELL_SHOWN]);

#endif
