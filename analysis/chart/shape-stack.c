/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Shares that pile up on each other over time, in steps and in panels. */
#include "chart/label.h"
#include "chart/shape.h"
#include "chart/thin.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_PANELS = 9, MOST_PANELS_TEXT = 2, MOST_SERIES = 12, MOST_SERIES_TEXT = 7 };

struct stack {
    struct drawing *drawing;
    double lasts; /* how long after the last x its values hold */
    struct groups panel, series;
    size_t n;           /* panels that are drawn */
    size_t n_series;    /* that are drawn: the first ones */
    uint32_t *order;    /* order[place from the bottom] = group of `series` */
    uint32_t *place_of; /* the other way round */
    const struct text *names;
    const double *x, *y;
    const size_t *rows, *start; /* by cell: panel n_series + place */
    double first, last;         /* the least and the largest x, and 0 */
    double highest;             /* of all piles */
    struct panel *panels;
    size_t columns, lines; /* of the grid of panels */
};

/* ---- Reading ------------------------------------------------------------------------------- */

/* "(gone)" and the like say less than a name does: they lie on top. */
static bool is_ours(struct text name) {
    return name.length > 0 && name.bytes[0] == '(';
}

static int order_series(struct stack *stack, struct error *err) {
    struct drawing *drawing = stack->drawing;
    size_t most = drawing->text ? MOST_SERIES_TEXT : MOST_SERIES, place = 0;
    stack->n_series = stack->series.n < most ? stack->series.n : most;
    stack->order = drawing_alloc(drawing, stack->series.n, sizeof *stack->order, err);
    stack->place_of = drawing_alloc(drawing, stack->series.n, sizeof *stack->place_of, err);
    struct text *names = drawing_alloc(drawing, stack->n_series, sizeof *names, err);
    if (!stack->order || !stack->place_of || !names)
        return ERROR_SYSTEM;
    for (int ours = 0; ours < 2; ours++)
        for (size_t s = 0; s < stack->n_series; s++)
            if (is_ours(stack->series.names[s]) == ours) {
                stack->place_of[s] = (uint32_t)place;
                names[place] = stack->series.names[s];
                stack->order[place++] = (uint32_t)s;
            }
    int status =
        drawing_series(drawing, DRAWING_BY_NAME, names, stack->n_series, 20, &stack->names, err);
    if (status == 0 && stack->n_series < stack->series.n)
        status =
            drawing_note(drawing, err, "%zu of %zu parts shown", stack->n_series, stack->series.n);
    return status;
}

/* The rows by panel and place, in the order of x. */
static int order_rows(struct stack *stack, struct error *err) {
    struct drawing *drawing = stack->drawing;
    uint32_t *cell = drawing_alloc(drawing, drawing->sheet->rows, sizeof *cell, err);
    if (!cell)
        return ERROR_SYSTEM;
    for (size_t row = 0; row < drawing->sheet->rows; row++) {
        uint32_t panel = stack->panel.of_row[row], series = stack->series.of_row[row];
        bool shown = panel < stack->n && series < stack->n_series && !isnan(stack->x[row]);
        cell[row] =
            shown ? panel * (uint32_t)stack->n_series + stack->place_of[series] : UINT32_MAX;
        if (!shown)
            continue;
        stack->first = fmin(stack->first, stack->x[row]);
        stack->last = fmax(stack->last, stack->x[row]);
    }
    return drawing_order(drawing, cell, stack->n * stack->n_series, stack->x, &stack->rows,
                         &stack->start, err);
}

static int read_columns(struct stack *stack, struct error *err) {
    struct drawing *drawing = stack->drawing;
    size_t most = drawing->text ? MOST_PANELS_TEXT : MOST_PANELS;
    int status = drawing_groups(drawing, "panel", &stack->panel, err);
    if (status == 0)
        status = drawing_groups(drawing, "part", &stack->series, err);
    if (status == 0)
        status = drawing_values(drawing, "x", &stack->x, err);
    if (status == 0)
        status = drawing_values(drawing, "y", &stack->y, err);
    if (status)
        return status;
    stack->n = stack->panel.n < most ? stack->panel.n : most;
    if (stack->n < stack->panel.n)
        status = drawing_note(drawing, err, "%zu of %zu groups shown", stack->n, stack->panel.n);
    if (status == 0)
        status = order_series(stack, err);
    return status ? status : order_rows(stack, err);
}

/* ---- Piles --------------------------------------------------------------------------------- */

/* One panel on a common grid of x: edge[(place + 1) n + i] is the top of a part, edge[i] is 0. */
struct pile {
    double *x;
    double *edge;
    size_t n;
};

static int compare_numbers(const void *left, const void *right) {
    const double *a = left, *b = right;
    return (*a > *b) - (*a < *b);
}

/* Every x of the panel once, with 0 before them. */
static size_t find_grid(const struct stack *stack, size_t panel, double *x) {
    size_t from = stack->start[panel * stack->n_series];
    size_t to = stack->start[(panel + 1) * stack->n_series], n = 0, used = 0;
    x[n++] = fmin(0, stack->first);
    for (size_t i = from; i < to; i++)
        x[n++] = stack->x[stack->rows[i]];
    qsort(x, n, sizeof *x, compare_numbers);
    for (size_t i = 0; i < n; i++)
        if (used == 0 || x[i] > x[used - 1])
            x[used++] = x[i];
    return used;
}

/* A part holds its value until its next row, and is 0 before its first. A missing value holds the
 * one before it. */
static void add_part(const struct stack *stack, size_t panel, size_t place,
                     const struct pile *pile) {
    const double *below = pile->edge + place * pile->n;
    double *above = pile->edge + (place + 1) * pile->n, value = 0;
    size_t next = stack->start[panel * stack->n_series + place];
    size_t end = stack->start[panel * stack->n_series + place + 1];
    for (size_t i = 0; i < pile->n; i++) {
        for (; next < end && stack->x[stack->rows[next]] <= pile->x[i]; next++)
            if (!isnan(stack->y[stack->rows[next]]))
                value = stack->y[stack->rows[next]];
        above[i] = below[i] + value;
    }
}

static int make_pile(struct stack *stack, size_t panel, struct pile *ret, struct error *err) {
    size_t from = stack->start[panel * stack->n_series];
    size_t most = stack->start[(panel + 1) * stack->n_series] - from + 1;
    ret->x = drawing_alloc(stack->drawing, most, sizeof *ret->x, err);
    if (!ret->x)
        return ERROR_SYSTEM;
    ret->n = find_grid(stack, panel, ret->x);
    ret->edge =
        drawing_alloc(stack->drawing, (stack->n_series + 1) * ret->n, sizeof *ret->edge, err);
    if (!ret->edge)
        return ERROR_SYSTEM;
    memset(ret->edge, 0, ret->n * sizeof *ret->edge);
    for (size_t place = 0; place < stack->n_series; place++)
        add_part(stack, panel, place, ret);
    const double *top = ret->edge + stack->n_series * ret->n;
    for (size_t i = 0; i < ret->n; i++)
        stack->highest = fmax(stack->highest, top[i]);
    return 0;
}

/* ---- Places -------------------------------------------------------------------------------- */

/* 0 to 1, or less where that leaves most of the panel empty, read as percent. */
static int share_axis(struct stack *stack, struct axis *ret, struct error *err) {
    struct drawing *drawing = stack->drawing;
    size_t most = drawing->text || stack->lines > 2 ? 4 : 6;
    double top = stack->highest > 0.5 && stack->highest <= 1 + 1e-9 ? 1 : stack->highest;
    int status =
        axis_linear(ret, 0, top > 0 ? 100 * top : 1, most, AXIS_NICE, &drawing->arena, err);
    if (status)
        return status;
    double *at = drawing_alloc(drawing, ret->n, sizeof *at, err);
    struct text *label = drawing_alloc(drawing, ret->n, sizeof *label, err);
    if (!at || !label)
        return ERROR_SYSTEM;
    for (size_t i = 0; i < ret->n; i++) {
        at[i] = ret->at[i] / 100;
        label[i] = drawing_format(drawing, "%s%%", ret->label[i].bytes);
    }
    *ret = (struct axis){.max = ret->max / 100, .n = ret->n, .at = at, .label = label};
    return 0;
}

static void choose_grid(struct stack *stack) {
    static const size_t columns[] = {1, 1, 2, 3, 2, 3, 3, 3, 3, 3};
    stack->columns = columns[stack->n];
    stack->lines = (stack->n + stack->columns - 1) / stack->columns;
    if (!stack->drawing->text && stack->n > 1)
        stack->drawing->height = 126 + 222 * (double)stack->lines;
}

static int name_panel(struct stack *stack, size_t panel, double width, struct error *err) {
    struct text name = stack->panel.names[panel];
    double room = width / drawing_text_width(stack->drawing, 1, DRAWING_LABEL);
    int status = script_accepts(name, err);
    return status ? status
                  : label_shorten(name, (size_t)fmax(room, 4), &stack->drawing->arena,
                                  &stack->panels[panel].name, err);
}

static int place(struct stack *stack, const struct area *area, double right, struct error *err) {
    struct drawing *drawing = stack->drawing;
    bool text = drawing->text;
    double gap = text ? 2 : 16, title = text ? 1 : 24, below = text ? 2 : 26, under = text ? 1 : 22;
    struct axis y;
    stack->panels = drawing_alloc(drawing, stack->n, sizeof *stack->panels, err);
    if (!stack->panels)
        return ERROR_SYSTEM;
    int status = share_axis(stack, &y, err);
    if (status)
        return status;
    double left = drawing_text_width(drawing, (double)axis_width(&y) + 2, DRAWING_TIC);
    double columns = (double)stack->columns;
    double width = (area->right - area->left - right - (columns - 1) * gap) / columns;
    double height = (area->bottom - area->top - under) / (double)stack->lines;
    if (text) {
        width = floor(width);
        height = floor(height);
    }
    double tics = (width - left) / drawing_text_width(drawing, 8, DRAWING_TIC);
    for (size_t i = 0; i < stack->n && status == 0; i++) {
        struct panel *panel = &stack->panels[i];
        size_t line = i / stack->columns;
        double from = area->left + (double)(i % stack->columns) * (width + gap);
        *panel = (struct panel){.left = from + left,
                                .right = from + width,
                                .top = area->top + (double)line * height + title,
                                .bottom = area->top + (double)(line + 1) * height - below,
                                .y = y};
        status = axis_linear(&panel->x, stack->first, stack->last > 0 ? stack->last : 1,
                             (size_t)fmin(fmax(tics, 3), 10),
                             stack->lasts > 0 ? AXIS_WHOLE : AXIS_EXACT, &drawing->arena, err);
        if (status == 0)
            status = name_panel(stack, i, width, err);
    }
    return status;
}

/* ---- Blocks -------------------------------------------------------------------------------- */

/* A pile ends where its rows do, but one that fills everything stays full. */
static double pile_end(const struct stack *stack, const struct pile *pile) {
    double top = pile->edge[stack->n_series * pile->n + pile->n - 1];
    return top > 1 - 1e-9 ? stack->last : pile->x[pile->n - 1] + stack->lasts;
}

/* Thinned alike for all parts, by the top of the pile. */
static void write_part(const struct stack *stack, const struct pile *pile, size_t part,
                       const size_t *keep, size_t kept) {
    struct script *script = &stack->drawing->script;
    const double *below = pile->edge + part * pile->n, *above = below + pile->n;
    for (size_t i = 0; i < kept; i++) {
        size_t at = keep[i];
        double next = i + 1 < kept ? pile->x[keep[i + 1]] : pile_end(stack, pile);
        script_row(script, 3, (const double[]){pile->x[at], below[at], above[at]});
        script_row(script, 3, (const double[]){next, below[at], above[at]});
    }
}

static int write_areas(struct stack *stack, const struct pile *piles, struct error *err) {
    struct drawing *drawing = stack->drawing;
    struct script *script = &drawing->script;
    size_t cells = stack->n * stack->n_series;
    double *series = drawing_alloc(drawing, cells, sizeof *series, err);
    double *first = drawing_alloc(drawing, stack->n, sizeof *first, err);
    double *last = drawing_alloc(drawing, stack->n, sizeof *last, err);
    double *lowest = drawing_alloc(drawing, stack->n, sizeof *lowest, err);
    if (!series || !first || !last || !lowest)
        return ERROR_SYSTEM;
    script_block(script, "area");
    for (size_t p = 0; p < stack->n; p++) {
        const struct pile *pile = &piles[p];
        size_t *keep = drawing_alloc(drawing, pile->n, sizeof *keep, err), kept;
        if (!keep)
            return ERROR_SYSTEM;
        thin_curve(pile->x, pile->edge + stack->n_series * pile->n, pile->n, THIN_POINTS, keep,
                   &kept);
        for (size_t part = 0; part < stack->n_series; part++) {
            if (p + part > 0)
                script_next(script);
            write_part(stack, pile, part, keep, kept);
            series[p * stack->n_series + part] = (double)part + 1;
        }
        first[p] = (double)(p * stack->n_series) + 1;
        last[p] = (double)((p + 1) * stack->n_series);
        lowest[p] = p + stack->columns >= stack->n;
    }
    script_block_end(script);
    script_numbers(script, "area_series", series, cells);
    script_numbers(script, "area_first", first, stack->n);
    script_numbers(script, "area_last", last, stack->n);
    script_numbers(script, "panel_lowest", lowest, stack->n);
    return 0;
}

/* ---- Names --------------------------------------------------------------------------------- */

/* In a single panel each part has its name where it ends, at half its height. */
static int label_parts(struct stack *stack, const struct pile *pile, struct error *err) {
    struct side_label *labels = drawing_alloc(stack->drawing, stack->n_series, sizeof *labels, err);
    if (!labels)
        return ERROR_SYSTEM;
    size_t end = pile->n - 1, n = 0;
    for (size_t part = 0; part < stack->n_series; part++) {
        double below = pile->edge[part * pile->n + end];
        double above = pile->edge[(part + 1) * pile->n + end];
        if (stack->names[part].length > 0)
            labels[n++] = (struct side_label){stack->names[part], (below + above) / 2, part};
    }
    return drawing_side_labels(stack->drawing, DRAWING_RIGHT, &stack->panels[0], labels, n, err);
}

static double widest_name(const struct stack *stack) {
    size_t widest = 0;
    for (size_t s = 0; s < stack->n_series; s++) {
        size_t width = text_width(stack->names[s]);
        widest = width > widest ? width : widest;
    }
    return (double)widest;
}

static int lay_out(struct drawing *drawing, double lasts, struct error *err) {
    struct stack stack = {.drawing = drawing, .lasts = lasts};
    struct area area;
    int status = read_columns(&stack, err);
    if (status)
        return status;
    stack.last += lasts;
    struct pile *piles = drawing_alloc(drawing, stack.n, sizeof *piles, err);
    if (!piles)
        return ERROR_SYSTEM;
    for (size_t p = 0; p < stack.n && status == 0; p++)
        status = make_pile(&stack, p, &piles[p], err);
    if (status)
        return status;
    choose_grid(&stack);
    bool beside = stack.n == 1;
    status = drawing_frame(drawing, stack.names, beside ? 0 : stack.n_series, &area, err);
    double right =
        drawing_text_width(drawing, beside ? widest_name(&stack) + 4.5 : 2, DRAWING_LABEL);
    if (status == 0)
        status = place(&stack, &area, right, err);
    if (status == 0)
        status = drawing_panels(drawing, stack.panels, stack.n, err);
    if (status == 0 && beside)
        status = label_parts(&stack, &piles[0], err);
    return status ? status : write_areas(&stack, piles, err);
}

int shape_stack(struct drawing *drawing, struct error *err) {
    return lay_out(drawing, 0, err);
}

int shape_stack_periods(struct drawing *drawing, struct error *err) {
    return lay_out(drawing, 1, err);
}
