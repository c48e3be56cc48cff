/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How many have which value: a panel for each of up to three columns. */
#include "chart/shape.h"

#include <math.h>
#include <stdlib.h>

enum { MOST_X = 3, BINS = 24 };

struct part {
    const double *x;
    double low, high; /* what the bins cover */
    double width;
    double counts[BINS];
    double beyond; /* weight above the last bin */
    double column; /* 1 to 3: which role it is */
};

struct histogram {
    struct drawing *drawing;
    const double *weights; /* NULL: 1 each */
    struct part parts[MOST_X];
    size_t n;
};

static double weight_of(const struct histogram *histogram, size_t row) {
    const double weight = histogram->weights ? histogram->weights[row] : 1;
    return weight > 0 ? weight : 0;
}

static int read_columns(struct histogram *histogram, struct error *err) {
    static const char *const roles[MOST_X] = {"x", "x2", "x3"};
    struct drawing *drawing = histogram->drawing;
    if (drawing_has(drawing, "weight") &&
        drawing_numbers(drawing, "weight", &histogram->weights, err))
        return err->code;
    for (size_t i = 0; i < MOST_X && drawing_has(drawing, roles[i]); i++) {
        struct part *part = &histogram->parts[histogram->n];
        bool any = false;
        if (i == 0 ? drawing_values(drawing, roles[i], &part->x, err)
                   : drawing_numbers(drawing, roles[i], &part->x, err))
            return err->code;
        for (size_t row = 0; row < drawing->sheet->rows; row++)
            any = any || isfinite(part->x[row]);
        part->column = (double)i + 1;
        histogram->n += any; /* a column without values has no panel */
    }
    return 0;
}

static int by_value(const void *a, const void *b) {
    const double left = *(const double *)a, right = *(const double *)b;
    return (left > right) - (left < right);
}

/* From the least value, or 0 if that is not far, to one that 99 in 100 rows do not exceed: a few
 * large ones would leave all others in the first bin. */
static int find_range(struct histogram *histogram, struct part *part, struct error *err) {
    const size_t rows = histogram->drawing->sheet->rows;
    double *sorted = drawing_alloc(histogram->drawing, rows, sizeof *sorted, err);
    size_t n = 0;
    if (!sorted)
        return ERROR_SYSTEM;
    for (size_t row = 0; row < rows; row++)
        if (isfinite(part->x[row]))
            sorted[n++] = part->x[row];
    qsort(sorted, n, sizeof *sorted, by_value);
    part->low = sorted[0];
    part->high = sorted[(n - 1) * 99 / 100];
    if (part->low > 0 && part->low < part->high / 2)
        part->low = 0;
    if (!(part->high > part->low))
        part->high = sorted[n - 1] > part->low ? sorted[n - 1] : part->low + 1;
    return 0;
}

static void count(struct histogram *histogram, struct part *part) {
    part->width = (part->high - part->low) / BINS;
    for (size_t row = 0; row < histogram->drawing->sheet->rows; row++) {
        const double x = part->x[row];
        if (!isfinite(x))
            continue;
        const double bin = floor((x - part->low) / part->width);
        if (x > part->high)
            part->beyond += weight_of(histogram, row);
        else
            part->counts[bin < BINS ? (int)bin : BINS - 1] += weight_of(histogram, row);
    }
}

static int place(struct histogram *histogram, const struct area *area, struct error *err) {
    struct drawing *drawing = histogram->drawing;
    struct panel panels[MOST_X] = {0};
    const bool text = drawing->text;
    const double rows = (double)histogram->n, height = (area->bottom - area->top) / rows;
    size_t widest = 0;
    for (size_t i = 0; i < histogram->n; i++) {
        struct part *part = &histogram->parts[i];
        double most = 0;
        for (int b = 0; b < BINS; b++)
            most = fmax(most, part->counts[b]);
        if (axis_linear(&panels[i].x, part->low, part->high, 7, AXIS_EXACT, &drawing->arena, err) ||
            axis_linear(&panels[i].y, 0, most > 0 ? most : 1, text ? 3 : 5, AXIS_NICE,
                        &drawing->arena, err))
            return err->code;
        const size_t width = axis_width(&panels[i].y);
        widest = width > widest ? width : widest;
    }
    const double left = drawing_text_width(drawing, (double)widest + 2, DRAWING_TIC);
    for (size_t i = 0; i < histogram->n; i++) {
        const double top = area->top + (double)i * height;
        panels[i].left = area->left + left;
        panels[i].right = area->right - drawing_text_width(drawing, 2, DRAWING_TIC);
        panels[i].top = (text ? floor(top) : top) + (text ? 1 : 24);
        panels[i].bottom = (text ? floor(top + height) : top + height) - (text ? 2 : 30);
    }
    return drawing_panels(drawing, panels, histogram->n, err);
}

static void write_bars(struct histogram *histogram) {
    struct script *script = &histogram->drawing->script;
    double columns[MOST_X] = {0};
    for (size_t i = 0; i < histogram->n; i++)
        columns[i] = histogram->parts[i].column;
    script_numbers(script, "panel_x", columns, histogram->n);
    script_block(script, "bar");
    for (size_t i = 0; i < histogram->n; i++) {
        const struct part *part = &histogram->parts[i];
        if (i > 0)
            script_next(script);
        for (int b = 0; b < BINS; b++) {
            const double from = part->low + b * part->width;
            script_row(script, 3, (const double[]){from, from + part->width, part->counts[b]});
        }
    }
    script_block_end(script);
}

static int note_beyond(struct histogram *histogram, struct error *err) {
    for (size_t i = 0; i < histogram->n; i++) {
        const struct part *part = &histogram->parts[i];
        char limit[AXIS_TEXT], number[AXIS_TEXT];
        if (!(part->beyond > 0))
            continue;
        axis_format(part->high, limit);
        axis_format(part->beyond, number);
        if (drawing_note(histogram->drawing, err, "%s above %s are not shown", number, limit))
            return err->code;
    }
    return 0;
}

int shape_histogram(struct drawing *drawing, struct error *err) {
    struct histogram histogram = {.drawing = drawing};
    const struct text nobody = text_of("");
    struct area area;
    if (read_columns(&histogram, err) ||
        drawing_series(drawing, DRAWING_OURS, &nobody, 1, 20, NULL, err))
        return err->code;
    for (size_t i = 0; i < histogram.n; i++) {
        if (find_range(&histogram, &histogram.parts[i], err))
            return err->code;
        count(&histogram, &histogram.parts[i]);
    }
    if (!drawing->text)
        drawing->height = 116 + 190 * (double)histogram.n;
    if (note_beyond(&histogram, err) || drawing_frame(drawing, NULL, 0, &area, err) ||
        place(&histogram, &area, err))
        return err->code;
    write_bars(&histogram);
    return 0;
}
