/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Counts of users by date, one series for each group, as users/growth.h fits them.
 *
 *     struct growth_table growing;
 *     if (growth_table_read(table, NULL, &growing, err)) ...
 *     for (size_t g = 0; g < growing.n; g++)
 *         growth_fit(&growing.items[g].series, ...);
 *     growth_table_free(&growing);
 */
#ifndef USERS_GROWTH_SERIES_H
#define USERS_GROWTH_SERIES_H

#include "base/arena.h"
#include "base/calendar.h"
#include "base/error.h"
#include "base/text.h"
#include "table/table.h"
#include "users/growth.h"
#include <stddef.h>
#include <stdint.h>

struct grown {
    struct text group;
    const struct period *periods; /* of each count, ascending; there may be none */
    struct growth_series series;
    int32_t step; /* median distance of neighbouring dates, in periods; 1 with fewer than two */
};

struct growth_table {
    struct grown *items; /* by name */
    size_t n;
    size_t missing;     /* rows without a count, left out */
    struct arena arena; /* owns all arrays and names */
};

/* Reads `date` (a day or a period, all of one kind) and `users`, in any order; `group`, unless
 * NULL, names the column of groups. A date that stands twice in a group is ERROR_DATA with both
 * places, as are dates of two kinds; a negative count goes through table_reject. */
int growth_table_read(struct table *table, const char *group, struct growth_table *ret,
                      struct error *err);
void growth_table_free(struct growth_table *growing); /* leaves it zeroed */

/* Days from the first date of the series to this one. A period stands on its first day. */
double grown_time(const struct grown *grown, struct period period);

#endif
