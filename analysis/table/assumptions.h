/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A scenario file: one assumption a row, `parameter,low,value,high,unit,source`.
 *
 *     static const struct assumption_known known[] = {
 *         {.name = "migrants", .least = 0, .most = INT64_MAX},
 *         {.name = "kept_share", .least = 0, .most = DECIMAL_ONE},
 *     };
 *     struct assumption values[2] = {0};
 *     if (assumptions_read(table, known, 2, values, err)) ...
 *     if (values[1].given) ... values[1].value ...
 *
 * What is checked here is what all scenarios share: that a parameter is known (with "did you
 * mean"), stands once, has both of low and high or neither, low <= value <= high, and all three in
 * range. Units and what parameters mean together are the caller's; `row` and table_reject place its
 * errors.
 */
#ifndef TABLE_ASSUMPTIONS_H
#define TABLE_ASSUMPTIONS_H

#include "base/decimal.h"
#include "base/error.h"
#include "table/table.h"
#include <stdbool.h>
#include <stddef.h>

struct assumption_known {
    const char *name;
    decimal least, most; /* both allowed */
    bool whole;          /* a whole number of something */
};

struct assumption {
    bool given;
    bool ranged;              /* low < high */
    decimal low, value, high; /* equal without a range */
    struct text unit;         /* empty if the file has none; lives as the table */
    size_t row;               /* in the batch of all rows */
};

enum assumption_column {
    ASSUMPTION_PARAMETER,
    ASSUMPTION_LOW,
    ASSUMPTION_VALUE,
    ASSUMPTION_HIGH,
    ASSUMPTION_UNIT,
    ASSUMPTION_COLUMNS
};

/* Binds and reads the open table. Writes values[i] for each known[i] that the file names and leaves
 * the others alone, so that the caller may put defaults there first. `ret_batch` (may be NULL) is
 * for table_where and table_reject; columns as in the enum above. */
int assumptions_read(struct table *table, const struct assumption_known *known, size_t n,
                     struct assumption *values, const struct table_batch **ret_batch,
                     struct error *err);

/* A file in which further columns say what a row is about, such as the one of several scenarios, or
 * the destination: `keys` names at most ASSUMPTION_KEYS of them, NULL behind the last. A file may
 * lack any of them; an empty cell is an empty text. A parameter stands once for each combination of
 * keys. The rows come in the order of the file, in place of values; free() them. */
enum { ASSUMPTION_KEYS = 4 };
struct assumption_row {
    size_t known; /* number of its parameter */
    struct assumption value;
    struct text keys[ASSUMPTION_KEYS]; /* live as the table */
};
int assumptions_read_keyed(struct table *table, const struct assumption_known *known, size_t n,
                           const char *const *keys, struct assumption_row **ret_rows,
                           size_t *ret_count, const struct table_batch **ret_batch,
                           struct error *err);

/* Sets one assumption from "NAME=VALUE", as a command line gives it; ERROR_USAGE if it cannot. */
int assumptions_set(const char *setting, const struct assumption_known *known, size_t n,
                    struct assumption *values, struct error *err);

#endif
