/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Curves over numbers, on linear or logarithmic axes, with a fitted line beside each. */
#include "chart/shape.h"
#include "chart/thin.h"

#include <math.h>

enum { MOST_LINES = 12, MOST_LINES_TEXT = 7 };

struct curve {
    struct drawing *drawing;
    bool logarithmic;
    struct groups groups;
    size_t n; /* lines that are drawn: the first n groups */
    const double *y, *fit;
    double *x; /* nan for rows that are not drawn */
    const size_t *rows, *start;
    double low[2], high[2]; /* of x, of y */
};

static bool can_draw(const struct curve *curve, double x, double y) {
    return !isnan(x) && !isnan(y) && (!curve->logarithmic || (x > 0 && y > 0));
}

static void widen(struct curve *curve, int axis, double value) {
    curve->low[axis] = fmin(curve->low[axis], value);
    curve->high[axis] = fmax(curve->high[axis], value);
}

static int read_columns(struct curve *curve, struct error *err) {
    struct drawing *drawing = curve->drawing;
    const double *x;
    if (drawing_groups(drawing, "group", &curve->groups, err) ||
        drawing_values(drawing, "x", &x, err) || drawing_values(drawing, "y", &curve->y, err) ||
        drawing_numbers(drawing, "fit", &curve->fit, err))
        return err->code;
    size_t most = drawing->text ? MOST_LINES_TEXT : MOST_LINES, rows = drawing->sheet->rows;
    curve->n = curve->groups.n < most ? curve->groups.n : most;
    curve->x = drawing_alloc(drawing, rows, sizeof *curve->x, err);
    if (!curve->x)
        return ERROR_SYSTEM;
    size_t drawn = 0;
    for (size_t row = 0; row < rows; row++) {
        bool draws = curve->groups.of_row[row] < curve->n && can_draw(curve, x[row], curve->y[row]);
        curve->x[row] = draws ? x[row] : NAN;
        if (!draws)
            continue;
        drawn++;
        widen(curve, 0, x[row]);
        widen(curve, 1, curve->y[row]);
    }
    if (drawn == 0)
        return error_set(err, ERROR_DATA, "no row has values that can be drawn%s",
                         curve->logarithmic ? " on logarithmic axes: they are to be above 0" : "");
    if (curve->n == curve->groups.n)
        return 0;
    return drawing_note(drawing, err, "%zu of %zu groups shown", curve->n, curve->groups.n);
}

/* ---- Places -------------------------------------------------------------------------------- */

static int make_axis(struct curve *curve, int which, struct axis *ret, struct error *err) {
    size_t most = curve->drawing->text ? 5 : which == 0 ? 8 : 7;
    double low = curve->low[which], high = curve->high[which];
    struct arena *arena = &curve->drawing->arena;
    return curve->logarithmic ? axis_logarithmic(ret, low, high, most, arena, err)
                              : axis_linear(ret, low, high, most, AXIS_NICE, arena, err);
}

static int place(struct curve *curve, struct panel *panel, struct error *err) {
    struct drawing *drawing = curve->drawing;
    struct area area;
    int status =
        drawing_frame(drawing, curve->groups.names, curve->n > 1 ? curve->n : 0, &area, err);
    if (status == 0)
        status = make_axis(curve, 0, &panel->x, err);
    if (status == 0)
        status = make_axis(curve, 1, &panel->y, err);
    if (status)
        return status;
    double half = drawing_text_width(drawing, (double)axis_width(&panel->x) / 2, DRAWING_TIC);
    panel->left =
        area.left +
        fmax(drawing_text_width(drawing, (double)axis_width(&panel->y) + 2, DRAWING_TIC), half);
    panel->right = area.right - half;
    panel->top = area.top + (drawing->text ? 1 : 24);
    panel->bottom = area.bottom - (drawing->text ? 3 : 42); /* tics, and what x is */
    return 0;
}

/* ---- Blocks -------------------------------------------------------------------------------- */

static int write_line(struct curve *curve, size_t s, const double *values, struct error *err) {
    struct script *script = &curve->drawing->script;
    size_t n = curve->start[s + 1] - curve->start[s], n_kept;
    const size_t *rows = curve->rows + curve->start[s];
    double *x = drawing_alloc(curve->drawing, n, sizeof *x, err);
    double *y = drawing_alloc(curve->drawing, n, sizeof *y, err);
    size_t *keep = drawing_alloc(curve->drawing, n, sizeof *keep, err);
    if (!x || !y || !keep)
        return ERROR_SYSTEM;
    for (size_t i = 0; i < n; i++) {
        /* Columns of equal width on the axis that is drawn. */
        x[i] = curve->logarithmic ? log(curve->x[rows[i]]) : curve->x[rows[i]];
        y[i] = values[rows[i]];
    }
    thin_curve(x, y, n, THIN_POINTS, keep, &n_kept);
    for (size_t i = 0; i < n_kept; i++) {
        size_t row = rows[keep[i]];
        if (isnan(values[row]))
            script_gap(script);
        else
            script_row(script, 2, (const double[]){curve->x[row], values[row]});
    }
    return 0;
}

static int write_block(struct curve *curve, const char *name, const double *values,
                       struct error *err) {
    struct script *script = &curve->drawing->script;
    script_block(script, name);
    for (size_t s = 0; s < curve->n; s++) {
        if (s > 0)
            script_next(script);
        if (write_line(curve, s, values, err))
            return err->code;
    }
    script_block_end(script);
    return 0;
}

/* Gnuplot warns of data sets without a point. */
static bool any_fit(const struct curve *curve) {
    bool all = true;
    for (size_t s = 0; s < curve->n; s++) {
        bool any = false;
        for (size_t i = curve->start[s]; i < curve->start[s + 1]; i++)
            any = any || !isnan(curve->fit[curve->rows[i]]);
        all = all && any;
    }
    return all;
}

static int lay_out(struct drawing *drawing, bool logarithmic, struct error *err) {
    struct curve curve = {.drawing = drawing,
                          .logarithmic = logarithmic,
                          .low = {INFINITY, INFINITY},
                          .high = {-INFINITY, -INFINITY}};
    struct panel panel = {0};
    int status = read_columns(&curve, err);
    if (status == 0)
        status = drawing_order(drawing, curve.groups.of_row, curve.n, curve.x, &curve.rows,
                               &curve.start, err);
    if (status == 0)
        status = drawing_series(drawing, DRAWING_BY_NAME, curve.groups.names, curve.n,
                                drawing->text ? 12 : 24, &curve.groups.names, err);
    if (status == 0)
        status = place(&curve, &panel, err);
    if (status == 0)
        status = drawing_panels(drawing, &panel, 1, err);
    if (status == 0)
        status = write_block(&curve, "line", curve.y, err);
    bool fit = status == 0 && any_fit(&curve);
    script_number(&drawing->script, "has_fit", fit);
    if (fit)
        return write_block(&curve, "fit", curve.fit, err);
    script_block(&drawing->script, "fit"); /* gnuplot reads its name even if it draws none */
    script_block_end(&drawing->script);
    return status;
}

int shape_curve(struct drawing *drawing, struct error *err) {
    return lay_out(drawing, false, err);
}

int shape_curve_log(struct drawing *drawing, struct error *err) {
    return lay_out(drawing, true, err);
}
