/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Lookups: the small language in which a template says which figure or table it wants.
 *
 *     struct lookup lookup;
 *     if (lookup_parse(&lookup, text_of("loss.csv: revenue_lost where month = 1 | 2"), err)) ...
 *     if (lookup_value(&lookup, &sheet, &out, err)) ...        // appends 625,000.00
 *     lookup_free(&lookup);
 *
 *     value:  FILE: [FUNCTION] COLUMN [where CONDITIONS] [| FORMAT] [or TEXT]
 *     table:  table FILE: COLUMN [as HEADING] [| FORMAT] [or TEXT]; ... [where CONDITIONS]
 *
 * A name or text with blanks or signs in it stands in single quotes, '' for a quote in it.
 *
 *     FUNCTION    sum, count, first, last, min, max over the rows that match; without one, exactly
 *                 one row must match
 *     CONDITIONS  COLUMN = VALUE, also != < <= > >=, several joined by `and`; numbers are compared
 *                 as numbers, everything else byte by byte
 *     FORMAT      N: rounded to N decimals, thousands grouped; percent N: times a hundred, with %;
 *                 millions N: in millions; plain: as the file has it
 *     or TEXT     what to show where the value is missing, which otherwise is an error
 */
#ifndef REPORT_LOOKUP_H
#define REPORT_LOOKUP_H

#include "base/arena.h"
#include "base/buffer.h"
#include "base/error.h"
#include "base/sheet.h"
#include "base/text.h"
#include <stdbool.h>

enum lookup_function {
    LOOKUP_ONE,
    LOOKUP_SUM,
    LOOKUP_COUNT,
    LOOKUP_FIRST,
    LOOKUP_LAST,
    LOOKUP_MIN,
    LOOKUP_MAX,
};
enum lookup_comparison {
    LOOKUP_EQUAL,
    LOOKUP_UNEQUAL,
    LOOKUP_BELOW,
    LOOKUP_AT_MOST,
    LOOKUP_ABOVE,
    LOOKUP_AT_LEAST,
};
enum lookup_style { LOOKUP_PLAIN, LOOKUP_FIXED, LOOKUP_PERCENT, LOOKUP_MILLIONS };

struct lookup_column {
    enum lookup_function function;
    const char *name;
    const char *heading; /* of a table; the name unless `as` is given */
    enum lookup_style style;
    int digits;
    const char *otherwise; /* for a missing value; NULL: an error */
};

struct lookup_condition {
    const char *column;
    enum lookup_comparison comparison;
    const char *value;
};

#define LOOKUP_MOST 24 /* columns, and conditions, of one lookup */

struct lookup {
    struct arena arena; /* holds the texts */
    bool table;
    const char *file;
    struct lookup_column columns[LOOKUP_MOST];
    size_t n_columns;
    struct lookup_condition conditions[LOOKUP_MOST];
    size_t n_conditions;
};

/* ERROR_DATA says what was found and expected. Free in every case. */
int lookup_parse(struct lookup *ret, struct text expression, struct error *err);
void lookup_free(struct lookup *lookup);

/* Appends the one value, as Markdown; the texts of a sheet cannot become markup. */
int lookup_value(const struct lookup *lookup, const struct sheet *sheet, struct buffer *out,
                 struct error *err);

/* Appends a GitHub table of the rows that match, in their order; a column whose cells are all
 * numbers is aligned to the right. No row is ERROR_DATA. */
int lookup_table(const struct lookup *lookup, const struct sheet *sheet, struct buffer *out,
                 struct error *err);

#endif
