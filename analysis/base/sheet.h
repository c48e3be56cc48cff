/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A small table of text cells in memory: what a tool wrote, on its way to a chart or a report.
 *
 *     struct sheet sheet = {0};
 *     sheet_start(&sheet, names, n_columns, err);
 *     sheet_cell(&sheet, text_of("TikTok"), err);          // row by row, left to right
 *     const char *cell = sheet_at(&sheet, row, column);
 */
#ifndef BASE_SHEET_H
#define BASE_SHEET_H

#include "base/arena.h"
#include "base/error.h"
#include "base/text.h"
#include <stdbool.h>

/* Zero-initialise. Cells are NUL-terminated, owned; a missing value is the empty text. */
struct sheet {
    struct arena arena;
    size_t columns;
    const char **names;
    size_t rows; /* complete ones */
    const char **cells;
    size_t n_cells;
    size_t capacity;
};

int sheet_start(struct sheet *sheet, const char *const *names, size_t columns, struct error *err);
int sheet_cell(struct sheet *sheet, struct text cell, struct error *err);
const char *sheet_at(const struct sheet *sheet, size_t row, size_t column);
bool sheet_find(const struct sheet *sheet, const char *name, size_t *ret_column);

/* The cell as a number ('.' decimals); false if it is missing or none. */
bool sheet_number(const struct sheet *sheet, size_t row, size_t column, double *ret);
void sheet_free(struct sheet *sheet);

#endif
