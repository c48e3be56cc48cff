/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A bar per parameter from the result at its low value to that at its high one. */
#include "chart/label.h"
#include "chart/shape.h"

#include <math.h>
#include <stdlib.h>

enum { MOST_BARS = 20, MOST_BARS_TEXT = 12 };
static const double half_bar = 0.375; /* of the distance between bars */

struct bar {
    struct text name;
    double low, high;
    double base; /* nan: there is none */
    struct text low_text, high_text;
    size_t row;
};

struct tornado {
    struct drawing *drawing;
    struct bar *bars;
    size_t n;
    double base; /* nan: bars are drawn from end to end */
    double least, most;
};

/* The value of the parameter as the table gives it, numbers in readable form. */
static struct text input_text(struct drawing *drawing, struct text cell) {
    struct sheet one = {.columns = 1, .rows = 1, .cells = (const char *[]){cell.bytes}};
    double value;
    char text[AXIS_TEXT];
    if (!sheet_number(&one, 0, 0, &value))
        return cell;
    axis_format(value, text);
    return drawing_format(drawing, "%s", text);
}

/* Longest first; ties by name, then by row. */
static int by_length(const void *a, const void *b) {
    const struct bar *left = a, *right = b;
    double left_length = fabs(left->high - left->low),
           right_length = fabs(right->high - right->low);
    if (left_length != right_length)
        return left_length > right_length ? -1 : 1;
    int order = text_compare(left->name, right->name);
    return order != 0 ? order : (left->row > right->row) - (left->row < right->row);
}

static int read_bars(struct tornado *tornado, struct error *err) {
    struct drawing *drawing = tornado->drawing;
    const struct text *names, *low_inputs, *high_inputs;
    const double *low, *high, *base;
    int status = drawing_texts(drawing, "label", &names, err);
    if (status == 0)
        status = drawing_texts(drawing, "low_input", &low_inputs, err);
    if (status == 0)
        status = drawing_texts(drawing, "high_input", &high_inputs, err);
    if (status == 0)
        status = drawing_values(drawing, "low", &low, err);
    if (status == 0)
        status = drawing_values(drawing, "high", &high, err);
    if (status == 0)
        status = drawing_numbers(drawing, "base", &base, err);
    if (status)
        return status;
    size_t rows = drawing->sheet->rows;
    tornado->bars = drawing_alloc(drawing, rows, sizeof *tornado->bars, err);
    if (!tornado->bars)
        return ERROR_SYSTEM;
    for (size_t row = 0; row < rows; row++) {
        if (isnan(low[row]) || isnan(high[row]))
            continue;
        struct text name = drawing_words(drawing, names[row]);
        status = script_accepts(name, err);
        if (status == 0)
            status = label_shorten(name, drawing->text ? 18 : 28, &drawing->arena, &name, err);
        if (status)
            return status;
        tornado->bars[tornado->n++] =
            (struct bar){.name = name,
                         .low = low[row],
                         .high = high[row],
                         .base = base[row],
                         .low_text = input_text(drawing, low_inputs[row]),
                         .high_text = input_text(drawing, high_inputs[row]),
                         .row = row};
    }
    return 0;
}

static int sort_bars(struct tornado *tornado, struct error *err) {
    struct drawing *drawing = tornado->drawing;
    size_t most = drawing->text ? MOST_BARS_TEXT : MOST_BARS, all = tornado->n;
    if (all == 0)
        return error_set(err, ERROR_DATA,
                         "no row has both ends of a bar: there is nothing to draw");
    qsort(tornado->bars, all, sizeof *tornado->bars, by_length);
    tornado->n = all < most ? all : most;
    tornado->base = tornado->bars[0].base;
    tornado->least = INFINITY;
    tornado->most = -INFINITY;
    for (size_t i = 0; i < tornado->n; i++) {
        const struct bar *bar = &tornado->bars[i];
        tornado->least = fmin(tornado->least, fmin(bar->low, bar->high));
        tornado->most = fmax(tornado->most, fmax(bar->low, bar->high));
        if (bar->base != tornado->base) /* one base for all, or none */
            tornado->base = NAN;
    }
    if (!isnan(tornado->base)) {
        tornado->least = fmin(tornado->least, tornado->base);
        tornado->most = fmax(tornado->most, tornado->base);
    }
    if (tornado->n == all)
        return 0;
    return drawing_note(drawing, err, "The %zu largest of %zu parameters", tornado->n, all);
}

/* ---- Blocks -------------------------------------------------------------------------------- */

/* Where the two sides of a bar meet: without a base each has half of it. */
static double middle(const struct tornado *tornado, const struct bar *bar) {
    return isnan(tornado->base) ? bar->low + (bar->high - bar->low) / 2 : tornado->base;
}

static void put_bar(struct script *script, double from, double to, size_t i, double side) {
    double y = (double)i + 1;
    script_row(script, 5, (const double[]){from, to, y - half_bar, y + half_bar, side});
}

/* For terminals: a line along each part of a bar, by side. */
static void write_strokes(const struct tornado *tornado) {
    struct script *script = &tornado->drawing->script;
    script_block(script, "stroke");
    for (int side = 1; side <= 2; side++) {
        if (side == 2)
            script_next(script);
        for (size_t i = 0; i < tornado->n; i++) {
            const struct bar *bar = &tornado->bars[i];
            script_gap(script);
            script_row(script, 2, (const double[]){middle(tornado, bar), (double)i + 1});
            script_row(script, 2,
                       (const double[]){side == 1 ? bar->low : bar->high, (double)i + 1});
        }
    }
    script_block_end(script);
}

static void write_bars(const struct tornado *tornado) {
    struct script *script = &tornado->drawing->script;
    script_number(script, "has_base", !isnan(tornado->base));
    script_number(script, "base", tornado->base);
    script_block(script, "bar");
    for (size_t i = 0; i < tornado->n; i++) {
        const struct bar *bar = &tornado->bars[i];
        put_bar(script, middle(tornado, bar), bar->low, i, 1);
        put_bar(script, middle(tornado, bar), bar->high, i, 2);
    }
    script_block_end(script);
}

static void put_end(struct tornado *tornado, double x, size_t i, double side, struct text text,
                    struct text *texts, size_t *n) {
    if (text.length == 0)
        return;
    texts[(*n)++] = text;
    script_row(&tornado->drawing->script, 4, (const double[]){x, (double)i + 1, side, (double)*n});
}

/* The lower end of a bar has its text on the left, whichever value of the parameter gave it. */
static int write_ends(struct tornado *tornado, struct error *err) {
    struct script *script = &tornado->drawing->script;
    struct text *texts = drawing_alloc(tornado->drawing, 2 * tornado->n, sizeof *texts, err);
    if (!texts)
        return ERROR_SYSTEM;
    size_t n = 0;
    script_block(script, "end");
    for (size_t i = 0; i < tornado->n; i++) {
        const struct bar *bar = &tornado->bars[i];
        bool rises = bar->low <= bar->high;
        put_end(tornado, bar->low, i, rises ? -1 : 1, bar->low_text, texts, &n);
        put_end(tornado, bar->high, i, rises ? 1 : -1, bar->high_text, texts, &n);
    }
    script_block_end(script);
    script_number(script, "n_ends", (double)n);
    script_texts(script, "end_text", texts, n);
    return 0;
}

/* ---- Places -------------------------------------------------------------------------------- */

static int place(struct tornado *tornado, const struct text *legend, struct panel *panel,
                 struct error *err) {
    struct drawing *drawing = tornado->drawing;
    if (!drawing->text)
        drawing->height = 150 + fmax(4, (double)tornado->n) * 28;
    struct text *names = drawing_alloc(drawing, tornado->n, sizeof *names, err);
    if (!names)
        return ERROR_SYSTEM;
    size_t name = 0, input = 0;
    for (size_t i = 0; i < tornado->n; i++) {
        const struct bar *bar = &tornado->bars[i];
        names[i] = bar->name;
        name = text_width(bar->name) > name ? text_width(bar->name) : name;
        input = text_width(bar->low_text) > input ? text_width(bar->low_text) : input;
        input = text_width(bar->high_text) > input ? text_width(bar->high_text) : input;
    }
    struct area area;
    int status = drawing_frame(drawing, legend, 2, &area, err);
    if (status)
        return status;
    panel->left = area.left + drawing_text_width(drawing, (double)name + 2, DRAWING_LABEL);
    panel->right = area.right;
    panel->top = area.top + (drawing->text ? 0 : 6);
    panel->bottom = area.bottom - (drawing->text ? 3 : 38);
    panel->downwards = true;
    /* Room for the texts at both ends, as a share of the width. */
    double room =
        drawing_text_width(drawing, (double)input + 2, DRAWING_TIC) / (panel->right - panel->left);
    double pad = (tornado->most - tornado->least) * room / (1 - 2 * fmin(room, 0.3));
    size_t most = drawing->text ? 5 : 7;
    status = axis_linear(&panel->x, tornado->least - pad, tornado->most + pad, most, AXIS_EXACT,
                         &drawing->arena, err);
    return status ? status : axis_names(&panel->y, names, tornado->n, &drawing->arena, err);
}

int shape_tornado(struct drawing *drawing, struct error *err) {
    struct tornado tornado = {.drawing = drawing};
    const struct text sides[] = {text_of("parameter at its low value"),
                                 text_of("parameter at its high value")};
    const struct text *legend;
    struct panel panel = {0};
    int status = read_bars(&tornado, err);
    if (status == 0)
        status = sort_bars(&tornado, err);
    if (status == 0)
        status = drawing_series(drawing, DRAWING_OURS, sides, 2, 40, &legend, err);
    if (status == 0)
        status = place(&tornado, legend, &panel, err);
    if (status == 0)
        status = drawing_panels(drawing, &panel, 1, err);
    if (status == 0)
        write_bars(&tornado);
    if (status == 0)
        write_strokes(&tornado);
    return status ? status : write_ends(&tornado, err);
}
