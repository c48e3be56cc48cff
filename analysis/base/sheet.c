/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A small table of text cells in memory. */
#include "base/sheet.h"

#include "base/buffer.h"
#include "base/number.h"
#include <stdlib.h>
#include <string.h>

int sheet_start(struct sheet *sheet, const char *const *names, size_t columns, struct error *err) {
    arena_clear(&sheet->arena);
    sheet->columns = sheet->rows = sheet->n_cells = 0;
    if (columns == 0)
        return error_set(err, ERROR_DATA, "found a table without columns, expected at least one");
    sheet->names = arena_alloc(&sheet->arena, columns * sizeof *sheet->names);
    if (!sheet->names)
        return error_memory(err);
    for (size_t column = 0; column < columns; column++) {
        sheet->names[column] = arena_text(&sheet->arena, names[column], strlen(names[column]));
        if (!sheet->names[column])
            return error_memory(err);
    }
    sheet->columns = columns;
    return 0;
}

int sheet_cell(struct sheet *sheet, struct text cell, struct error *err) {
    int status = array_reserve((void **)&sheet->cells, &sheet->capacity, sheet->n_cells + 1,
                               sizeof *sheet->cells, err);
    if (status)
        return status;
    const char *copy = cell.length == 0 ? "" : arena_text(&sheet->arena, cell.bytes, cell.length);
    if (!copy)
        return error_memory(err);
    sheet->cells[sheet->n_cells++] = copy;
    if (sheet->n_cells - sheet->rows * sheet->columns == sheet->columns)
        sheet->rows++;
    return 0;
}

const char *sheet_at(const struct sheet *sheet, size_t row, size_t column) {
    return sheet->cells[row * sheet->columns + column];
}

bool sheet_find(const struct sheet *sheet, const char *name, size_t *ret_column) {
    for (size_t column = 0; column < sheet->columns; column++) {
        if (strcmp(sheet->names[column], name) == 0) {
            *ret_column = column;
            return true;
        }
    }
    return false;
}

bool sheet_number(const struct sheet *sheet, size_t row, size_t column, double *ret) {
    return number_parse(text_of(sheet_at(sheet, row, column)), '.', ret);
}

void sheet_free(struct sheet *sheet) {
    arena_free(&sheet->arena);
    free(sheet->cells);
    *sheet = (struct sheet){0};
}
