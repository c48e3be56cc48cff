/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Designs: from covariates as people have them to columns of numbers.
 *
 *     struct design design = {0};
 *     if (design_number(&design, "age", err)) ...                        // one column
 *     if (design_category(&design, "contract", names, 3, 0, err)) ...    // two: names 1 and 2
 *     if (design_product(&design, "age:contract", err)) ...              // age times each of them
 *     double x[design.columns];
 *     design_row(&design, (const double[]){42, 2}, x);                   // age 42, names[2]
 *     design_free(&design);
 *
 * A category of k values has k - 1 columns, one for each but the reference: 1 for rows of that
 * value, otherwise 0 (treatment coding). A product has a column for each pair of columns of its two
 * factors. Columns of one term stand together, in the order of adding.
 */
#ifndef USERS_DESIGN_H
#define USERS_DESIGN_H

#include "base/arena.h"
#include "base/error.h"
#include "base/text.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum design_kind { DESIGN_NUMBER, DESIGN_CATEGORY, DESIGN_PRODUCT };

struct design_term {
    enum design_kind kind;
    const char *name;
    size_t first, columns;     /* its columns of the design */
    size_t input;              /* number or category: which value of a row is its */
    const struct text *levels; /* category: n_levels names, in the order of their codes */
    size_t n_levels;
    size_t reference; /* code of the level without a column */
    size_t factor[2]; /* product: terms */
};

/* Zero-initialise. Owns copies of its names. */
struct design {
    struct design_term *terms;
    size_t n, capacity;
    size_t inputs;      /* values that make a row: one per number and category */
    size_t columns;     /* p */
    const char **names; /* of the columns: "age", "contract=One year", "age:contract=One year" */
    size_t names_capacity;
    struct arena arena;
};

enum { DESIGN_MOST_COLUMNS = 1000 };

/* ERROR_DATA for a category with fewer than two levels, more than DESIGN_MOST_COLUMNS columns, and
 * a name that stands twice. */
int design_number(struct design *design, const char *name, struct error *err);
int design_category(struct design *design, const char *name, const struct text *levels, size_t n,
                    size_t reference, struct error *err);

/* "a:b" of two terms that are numbers or categories; ERROR_USAGE if it is not. */
int design_product(struct design *design, const char *name, struct error *err);

/* The term of this name; NULL if there is none. */
const struct design_term *design_find(const struct design *design, struct text name);

/* x has room for `columns`; values has `inputs`: numbers as they are, categories by their codes. */
void design_row(const struct design *design, const double *values, double *x);

/* term[j] is the number of column j's term. */
void design_terms(const struct design *design, size_t *term);

void design_free(struct design *design);

#endif
