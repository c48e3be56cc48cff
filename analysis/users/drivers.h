/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Spells with covariates, from a table to what a Cox fit takes.
 *
 *     const char *const ages[] = {"age"}, *const contracts[] = {"contract=Two year"};
 *     const struct drivers_options options = {.spells = {.time = "months", .status = "churned"},
 *                                             .numbers = ages, .n_numbers = 1,
 *                                             .categories = contracts, .n_categories = 1};
 *     struct drivers drivers;
 *     if (drivers_read(table, &options, &drivers, err)) ...
 *     if (cox_fit(&cox, &drivers.data, &how, err)) ...
 *     drivers_free(&drivers);
 *
 * Rows keep the order of the input, and categories are sorted by name, so that nothing depends on
 * how the reading was divided.
 */
#ifndef USERS_DRIVERS_H
#define USERS_DRIVERS_H

#include "base/dictionary.h"
#include "users/cox.h"
#include "users/design.h"
#include "users/spells.h"

/* Zero is the default of every field. Nothing is copied: all must outlive the reading. */
struct drivers_options {
    struct spells_options spells; /* its groups are the strata */
    const char *const *numbers;   /* columns of numbers */
    size_t n_numbers;
    const char *const *categories; /* "COL" or "COL=REFERENCE"; without one, the first by name is it
                                    */
    size_t n_categories;
    const char *const *products; /* "A:B" */
    size_t n_products;
    const char *cluster;     /* column */
    const char *case_weight; /* column of numbers above 0; not with spells.weight */
    const char *destination; /* events are those whose `destination` is this; NULL: all */
    bool competing;          /* with destination: the others compete; otherwise they are censored */
    bool drop_missing;       /* leave rows out that lack a value; otherwise they are bad rows */
    int threads;             /* for what comes after the reading; 0 is 1 */
};

/* What was seen, for the tool to say. */
struct drivers_report {
    struct spells_report spells;
    int64_t rows;         /* read, good ones */
    int64_t dropped;      /* lacked a value */
    const char **lacking; /* columns that lacked one, and in how many rows */
    int64_t *lacked;
    size_t n_lacking;
};

struct drivers {
    struct cox_data data;
    struct design design;
    struct drivers_report report;
    const struct text *strata; /* names by code: "a, b" */
    size_t n_strata;
    void *storage; /* owns the arrays */
};

/* Binds the columns and reads all rows; the table can be read once. ERROR_DATA also if a reference
 * or the destination never stands in its column. */
int drivers_read(struct table *table, const struct drivers_options *options, struct drivers *ret,
                 struct error *err);
void drivers_free(struct drivers *drivers); /* leaves it zeroed */

#endif
