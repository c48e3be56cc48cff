/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A chart being laid out: what the columns hold, and measures. The placing is drawing-frame.c. */
#include "chart/drawing.h"

#include "base/dictionary.h"
#include "chart/label.h"
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- Small things -------------------------------------------------------------------------- */

void *drawing_alloc(struct drawing *drawing, size_t n, size_t size, struct error *err) {
    void *items = arena_alloc(&drawing->arena, (n > 0 ? n : 1) * size);
    if (!items)
        error_memory(err);
    return items;
}

static struct text keep(struct drawing *drawing, const char *bytes, size_t length) {
    const char *copy = arena_text(&drawing->arena, bytes, length);
    return copy ? (struct text){copy, length} : text_of("");
}

struct text drawing_format(struct drawing *drawing, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    char *text = NULL;
    int length = vasprintf(&text, format, arguments);
    va_end(arguments);
    if (length < 0)
        return text_of("");
    struct text kept = keep(drawing, text, (size_t)length);
    free(text);
    return kept;
}

struct text drawing_words(struct drawing *drawing, struct text name) {
    struct text words = keep(drawing, name.bytes, name.length);
    char *bytes = (char *)words.bytes; /* the copy in the arena */
    for (size_t i = 0; i < words.length; i++)
        if (bytes[i] == '_')
            bytes[i] = ' ';
    return words;
}

/* ---- Columns ------------------------------------------------------------------------------- */

/* The template's column for a role; false if there is no such role, or no such column. */
static bool find_column(const struct drawing *drawing, const char *role, size_t *ret) {
    const struct template *template = &drawing->template;
    for (size_t i = 0; i < template->n_roles; i++) {
        if (!text_is(template->roles[i].role, role))
            continue;
        for (size_t column = 0; column < drawing->sheet->columns; column++)
            if (text_is(template->roles[i].column, drawing->sheet->names[column])) {
                *ret = column;
                return true;
            }
    }
    return false;
}

bool drawing_has(const struct drawing *drawing, const char *role) {
    size_t column;
    return find_column(drawing, role, &column);
}

/* gnuplot overflows where it computes with ranges; nothing measured is as large or small. */
static const double largest = 1e280, smallest = 1e-280;

static int read_number(const struct drawing *drawing, size_t row, size_t column, double *ret,
                       struct error *err) {
    const char *cell = sheet_at(drawing->sheet, row, column);
    *ret = NAN;
    if (!*cell || strcmp(cell, "nan") == 0)
        return 0;
    if (!sheet_number(drawing->sheet, row, column, ret)) {
        struct error unfit = {0};
        int status = script_accepts(text_of(cell), &unfit);
        return error_set(err, ERROR_DATA, "column '%s', row %zu: %s%.100s%s",
                         drawing->sheet->names[column], row + 1, status ? "" : "found '",
                         status ? unfit.text : cell, status ? "" : "', expected a number");
    }
    if (fabs(*ret) > largest)
        return error_set(err, ERROR_DATA,
                         "column '%s', row %zu: found '%.100s', which is too large to draw",
                         drawing->sheet->names[column], row + 1, cell);
    if (fabs(*ret) < smallest)
        *ret = 0;
    return 0;
}

int drawing_numbers(struct drawing *drawing, const char *role, const double **ret,
                    struct error *err) {
    size_t column, rows = drawing->sheet->rows;
    double *values = drawing_alloc(drawing, rows, sizeof *values, err);
    if (!values)
        return ERROR_SYSTEM;
    *ret = values;
    bool there = find_column(drawing, role, &column);
    for (size_t row = 0; row < rows; row++) {
        values[row] = NAN;
        int status = there ? read_number(drawing, row, column, &values[row], err) : 0;
        if (status)
            return status;
    }
    return 0;
}

int drawing_values(struct drawing *drawing, const char *role, const double **ret,
                   struct error *err) {
    int status = drawing_numbers(drawing, role, ret, err);
    if (status)
        return status;
    for (size_t row = 0; row < drawing->sheet->rows; row++)
        if (!isnan((*ret)[row]))
            return 0;
    size_t column = 0;
    find_column(drawing, role, &column);
    return error_set(err, ERROR_DATA, "column '%s' holds no number: there is nothing to draw",
                     drawing->sheet->names[column]);
}

int drawing_texts(struct drawing *drawing, const char *role, const struct text **ret,
                  struct error *err) {
    size_t column, rows = drawing->sheet->rows;
    struct text *texts = drawing_alloc(drawing, rows, sizeof *texts, err);
    if (!texts)
        return ERROR_SYSTEM;
    bool there = find_column(drawing, role, &column);
    for (size_t row = 0; row < rows; row++)
        texts[row] = text_of(there ? sheet_at(drawing->sheet, row, column) : "");
    *ret = texts;
    return 0;
}

int drawing_unit(struct drawing *drawing, struct error *err) {
    const struct text *units;
    int status = drawing_texts(drawing, "unit", &units, err);
    if (status)
        return status;
    struct text unit = drawing->sheet->rows > 0 ? units[0] : text_of("");
    for (size_t row = 1; row < drawing->sheet->rows; row++)
        if (!text_equal(units[row], unit))
            unit = text_of("");
    status = script_accepts(unit, err);
    if (status == 0)
        status = label_shorten(unit, 12, &drawing->arena, &unit, err);
    script_text(&drawing->script, "unit", unit);
    return status;
}

/* ---- Groups -------------------------------------------------------------------------------- */

static int code_rows(struct drawing *drawing, const struct text *texts,
                     struct dictionary *dictionary, struct groups *ret, struct error *err) {
    size_t rows = drawing->sheet->rows;
    uint32_t *of_row = drawing_alloc(drawing, rows, sizeof *of_row, err);
    int status = of_row ? 0 : ERROR_SYSTEM;
    for (size_t row = 0; row < rows && status == 0; row++)
        status = dictionary_add(dictionary, texts[row], &of_row[row], err);
    if (status)
        return status;
    struct text *names = drawing_alloc(drawing, dictionary->count, sizeof *names, err);
    if (!names)
        return ERROR_SYSTEM;
    for (uint32_t code = 0; code < dictionary->count; code++) {
        struct text name = dictionary_name(dictionary, code);
        names[code] = keep(drawing, name.bytes, name.length);
    }
    if (dictionary->count == 1 && text_is(names[0], "(all)"))
        names[0] = text_of("");
    *ret = (struct groups){dictionary->count, names, of_row};
    return 0;
}

int drawing_groups(struct drawing *drawing, const char *role, struct groups *ret,
                   struct error *err) {
    const struct text *texts;
    int status = drawing_texts(drawing, role, &texts, err);
    if (status)
        return status;
    struct dictionary dictionary = {0};
    status = code_rows(drawing, texts, &dictionary, ret, err);
    dictionary_free(&dictionary);
    return status;
}

static int by_x(const void *a, const void *b, void *context) {
    const double *x = context;
    size_t left = *(const size_t *)a, right = *(const size_t *)b;
    if (x[left] != x[right])
        return x[left] < x[right] ? -1 : 1;
    return (left > right) - (left < right);
}

int drawing_order(struct drawing *drawing, const uint32_t *of_row, size_t n, const double *x,
                  const size_t **ret_rows, const size_t **ret_start, struct error *err) {
    size_t total = drawing->sheet->rows;
    size_t *rows = drawing_alloc(drawing, total, sizeof *rows, err);
    size_t *start = drawing_alloc(drawing, n + 2, sizeof *start, err);
    if (!rows || !start)
        return ERROR_SYSTEM;
    /* A counting sort by group: start[g + 1] is first where group g will be put next. */
    for (size_t row = 0; row < total; row++)
        if (of_row[row] < n && !isnan(x[row]))
            start[of_row[row] + 2]++;
    for (size_t g = 2; g <= n; g++)
        start[g] += start[g - 1];
    for (size_t row = 0; row < total; row++)
        if (of_row[row] < n && !isnan(x[row]))
            rows[start[of_row[row] + 1]++] = row;
    for (size_t g = 0; g < n; g++)
        qsort_r(rows + start[g], start[g + 1] - start[g], sizeof *rows, by_x, (void *)x);
    *ret_rows = rows;
    *ret_start = start;
    return 0;
}

/* ---- Measures ------------------------------------------------------------------------------ */

/* DejaVu Sans is about 0.6 em a column on the average of mixed text; CJK, at one em for two
 * columns, is narrower. A little more than both, so that nothing is clipped where another font
 * stands in. */
static const double em_per_column = 0.62;

double drawing_text_width(const struct drawing *drawing, double columns, double points) {
    return drawing->text ? columns : columns * points * em_per_column;
}

double drawing_line(const struct drawing *drawing, double points) {
    return drawing->text ? 1 : points * 1.35;
}
