/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A value for each pair of row and column, as a coloured grid. */
#include "chart/label.h"
#include "chart/shape.h"

#include <math.h>
#include <string.h>

enum { MOST_LINES = 40, MOST_LINES_TEXT = 16, MOST_NAMES = 4000 };
enum { LEAST_CELL = 5 }; /* columns of text that a cell must hold to show its value */

/* Viridis (van der Walt & Smith 2015), nine stops from dark to light. */
static const unsigned stops[] = {0x440154, 0x472c7a, 0x3b518b, 0x2c718e, 0x21908d,
                                 0x27ad81, 0x5cc863, 0xaadc32, 0xfde725};
enum { STOPS = sizeof stops / sizeof *stops };

struct matrix {
    struct drawing *drawing;
    struct groups row, column;
    size_t n_rows, n_columns; /* that are drawn: the first ones */
    const double *value;
    double *cells; /* n_rows x n_columns; nan: no such row of the table */
    double least, most;
    struct panel panel;
    double cell_columns; /* of text that a cell has room for */
};

/* ---- Reading ------------------------------------------------------------------------------- */

static int fill_cells(struct matrix *matrix, struct error *err) {
    size_t n = matrix->n_rows * matrix->n_columns;
    matrix->cells = drawing_alloc(matrix->drawing, n, sizeof *matrix->cells, err);
    if (!matrix->cells)
        return ERROR_SYSTEM;
    for (size_t i = 0; i < n; i++)
        matrix->cells[i] = NAN;
    matrix->least = INFINITY;
    matrix->most = -INFINITY;
    for (size_t i = 0; i < matrix->drawing->sheet->rows; i++) {
        size_t row = matrix->row.of_row[i], column = matrix->column.of_row[i];
        if (row >= matrix->n_rows || column >= matrix->n_columns || isnan(matrix->value[i]))
            continue;
        double *cell = &matrix->cells[row * matrix->n_columns + column];
        if (!isnan(*cell))
            return error_set(err, ERROR_DATA,
                             "row %zu: found a second value for '%.60s' and '%.60s', expected one",
                             i + 1, matrix->row.names[row].bytes,
                             matrix->column.names[column].bytes);
        *cell = matrix->value[i];
        matrix->least = fmin(matrix->least, *cell);
        matrix->most = fmax(matrix->most, *cell);
    }
    if (matrix->least > matrix->most)
        return error_set(err, ERROR_DATA, "no cell has a value: there is nothing to draw");
    return 0;
}

/* Columns whose names are those of rows move to the front, in the order of the rows. */
static int order_columns(struct matrix *matrix, struct error *err) {
    struct groups *column = &matrix->column;
    size_t rows = matrix->drawing->sheet->rows, n = 0;
    uint32_t *place = drawing_alloc(matrix->drawing, column->n, sizeof *place, err);
    uint32_t *of_row = drawing_alloc(matrix->drawing, rows, sizeof *of_row, err);
    struct text *names = drawing_alloc(matrix->drawing, column->n, sizeof *names, err);
    if (!place || !of_row || !names)
        return ERROR_SYSTEM;
    for (size_t i = 0; i < matrix->row.n; i++)
        for (size_t k = 0; k < column->n; k++)
            if (text_equal(matrix->row.names[i], column->names[k])) {
                names[n++] = column->names[k];
                place[k] = (uint32_t)n; /* from 1; 0: not placed yet */
            }
    for (size_t k = 0; k < column->n; k++)
        if (place[k] == 0) {
            names[n++] = column->names[k];
            place[k] = (uint32_t)n;
        }
    for (size_t row = 0; row < rows; row++)
        of_row[row] = place[column->of_row[row]] - 1;
    column->names = names;
    column->of_row = of_row;
    return 0;
}

static int read_cells(struct matrix *matrix, struct error *err) {
    struct drawing *drawing = matrix->drawing;
    int status = drawing_groups(drawing, "row", &matrix->row, err);
    if (status == 0)
        status = drawing_groups(drawing, "column", &matrix->column, err);
    if (status == 0)
        status = drawing_values(drawing, "value", &matrix->value, err);
    if (status == 0 && matrix->row.n + matrix->column.n > MOST_NAMES)
        status = error_set(err, ERROR_DATA,
                           "found %zu rows and %zu columns, expected a table that fits on a page",
                           matrix->row.n, matrix->column.n);
    if (status == 0)
        status = order_columns(matrix, err);
    if (status)
        return status;
    size_t most = drawing->text ? MOST_LINES_TEXT : MOST_LINES;
    matrix->n_rows = matrix->row.n < most ? matrix->row.n : most;
    matrix->n_columns = matrix->column.n < most ? matrix->column.n : most;
    if (matrix->n_rows < matrix->row.n)
        status = drawing_note(drawing, err, "%zu of %zu rows shown", matrix->n_rows, matrix->row.n);
    if (status == 0 && matrix->n_columns < matrix->column.n)
        status = drawing_note(drawing, err, "%zu of %zu columns shown", matrix->n_columns,
                              matrix->column.n);
    return status ? status : fill_cells(matrix, err);
}

/* ---- Colours ------------------------------------------------------------------------------- */

/* Relative luminance of viridis at 0 to 1 (WCAG 2.1, with the plain power 2.2). */
static double luminance(double share) {
    static const double weights[] = {0.2126, 0.7152, 0.0722};
    double at = share * (STOPS - 1);
    int stop = (int)fmin(floor(at), STOPS - 2);
    double sum = 0;
    for (int channel = 0; channel < 3; channel++) {
        int shift = 16 - 8 * channel;
        double from = stops[stop] >> shift & 0xFF, to = stops[stop + 1] >> shift & 0xFF;
        sum += weights[channel] * pow((from + (to - from) * (at - stop)) / 255, 2.2);
    }
    return sum;
}

static void write_palette(struct drawing *drawing) {
    struct buffer *bytes = &drawing->script.bytes;
    buffer_text(bytes, "set palette defined (");
    for (int i = 0; i < STOPS; i++)
        buffer_format(bytes, "%s%d '#%06x'", i > 0 ? ", " : "", i, stops[i]);
    buffer_text(bytes, ")\n");
}

/* ---- Blocks -------------------------------------------------------------------------------- */

struct place {
    double x, y;
};

static struct place place_of(const struct matrix *matrix, size_t cell) {
    const size_t row = cell / matrix->n_columns, column = cell % matrix->n_columns;
    return (struct place){(double)column + 1, (double)row + 1};
}

static int write_cells(struct matrix *matrix, struct error *err) {
    struct drawing *drawing = matrix->drawing;
    struct script *script = &drawing->script;
    size_t n = matrix->n_rows * matrix->n_columns, n_texts = 0;
    struct text *texts = drawing_alloc(drawing, n, sizeof *texts, err);
    if (!texts)
        return ERROR_SYSTEM;
    double low = matrix->least >= 0 ? 0 : matrix->least;
    double high = matrix->most > low ? matrix->most : low + 1;
    script_block(script, "cell");
    for (size_t i = 0; i < n; i++) {
        const struct place at = place_of(matrix, i);
        if (!isnan(matrix->cells[i]))
            script_row(script, 3, (const double[]){at.x, at.y, matrix->cells[i]});
    }
    script_block_end(script);
    script_block(script, "text");
    for (size_t i = 0; i < n; i++) {
        const struct place at = place_of(matrix, i);
        char value[AXIS_TEXT];
        axis_format(matrix->cells[i], value);
        if (isnan(matrix->cells[i]) || (double)text_width(text_of(value)) > matrix->cell_columns)
            continue;
        /* Black on 0.179 has the contrast that white has there: (L + 0.05)^2 = 1.05 x 0.05. */
        bool light = luminance((matrix->cells[i] - low) / (high - low)) > 0.179;
        texts[n_texts++] = drawing_format(drawing, "%s", value);
        script_row(script, 4,
                   (const double[]){at.x, at.y, (double)n_texts, light ? 0x000000 : 0xFFFFFF});
    }
    script_block_end(script);
    script_number(script, "n_texts", (double)n_texts);
    script_texts(script, "cell_text", texts, n_texts);
    script_number(script, "value_min", low);
    script_number(script, "value_max", high);
    write_palette(drawing);
    return 0;
}

/* ---- Places -------------------------------------------------------------------------------- */

static int shorten_all(struct drawing *drawing, const struct text *names, size_t n, size_t columns,
                       struct text **ret, size_t *widest, struct error *err) {
    *ret = drawing_alloc(drawing, n, sizeof **ret, err);
    if (!*ret)
        return ERROR_SYSTEM;
    for (size_t i = 0; i < n; i++) {
        int status = script_accepts(names[i], err);
        if (status == 0)
            status = label_shorten(names[i], columns, &drawing->arena, &(*ret)[i], err);
        if (status)
            return status;
        size_t width = text_width((*ret)[i]);
        *widest = width > *widest ? width : *widest;
    }
    return 0;
}

/* "mostly TikTok" in two lines where there is no room for one. */
static int name_columns(struct matrix *matrix, size_t room, struct axis *ret, struct error *err) {
    struct drawing *drawing = matrix->drawing;
    struct text *columns;
    size_t widest = 0;
    int status =
        shorten_all(drawing, matrix->column.names, matrix->n_columns, room, &columns, &widest, err);
    struct text *second = drawing_alloc(drawing, matrix->n_columns, sizeof *second, err);
    if (status || !second)
        return status ? status : ERROR_SYSTEM;
    for (size_t i = 0; i < matrix->n_columns && status == 0; i++) {
        const struct text name = matrix->column.names[i];
        struct text lines[2];
        size_t n;
        second[i] = text_of("");
        if (drawing->text || text_width(name) <= room || !memchr(name.bytes, ' ', name.length))
            continue;
        status = label_wrap(name, room, 2, &drawing->arena, lines, &n, err);
        if (status == 0 && n == 2) {
            columns[i] = lines[0];
            second[i] = lines[1];
        }
    }
    if (status == 0)
        status = axis_names(ret, columns, matrix->n_columns, &drawing->arena, err);
    ret->second = second;
    return status;
}

static int place(struct matrix *matrix, struct error *err) {
    struct drawing *drawing = matrix->drawing;
    struct panel *panel = &matrix->panel;
    struct text *rows;
    size_t row_width = 0;
    struct area area;
    if (!drawing->text)
        drawing->height = fmax(300, 150 + 28 * (double)matrix->n_rows);
    int status = drawing_frame(drawing, NULL, 0, &area, err);
    if (status == 0)
        status = shorten_all(drawing, matrix->row.names, matrix->n_rows, drawing->text ? 14 : 22,
                             &rows, &row_width, err);
    if (status)
        return status;
    panel->left = area.left + drawing_text_width(drawing, (double)row_width + 2, DRAWING_TIC) +
                  (drawing->text ? 0 : 18);
    double least = drawing_text_width(drawing, LEAST_CELL, DRAWING_TIC);
    bool narrow = (area.right - panel->left) / (double)matrix->n_columns < least;
    script_number(&drawing->script, "narrow", narrow);
    panel->right = area.right - (narrow && !drawing->text ? 60 : 0);
    panel->top = area.top + (drawing->text ? 1 : 22);
    panel->bottom = area.bottom - (drawing->text ? 3 : 38);
    panel->downwards = true;
    double cell = (panel->right - panel->left) / (double)matrix->n_columns;
    matrix->cell_columns = cell / drawing_text_width(drawing, 1, DRAWING_TIC);
    size_t room = (size_t)fmax(matrix->cell_columns - 1, 1);
    status = name_columns(matrix, room, &panel->x, err);
    return status ? status : axis_names(&panel->y, rows, matrix->n_rows, &drawing->arena, err);
}

int shape_matrix(struct drawing *drawing, struct error *err) {
    struct matrix matrix = {.drawing = drawing};
    int status = read_cells(&matrix, err);
    if (status == 0)
        status = drawing_series(drawing, DRAWING_OURS, NULL, 0, 1, NULL, err);
    if (status == 0)
        status = place(&matrix, err);
    if (status == 0)
        status = drawing_panels(drawing, &matrix.panel, 1, err);
    return status ? status : write_cells(&matrix, err);
}
