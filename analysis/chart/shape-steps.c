/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Curves that fall in steps, with bands, censoring marks and the numbers at risk. */
#include "chart/label.h"
#include "chart/shape.h"
#include "chart/thin.h"

#include <math.h>
#include <string.h>

enum { MOST_SERIES = 32, MOST_SERIES_TEXT = 7, MOST_BANDS = 6, MOST_RISK = 12, MOST_RISK_TEXT = 5 };
enum { MOST_MARKED = 8 };  /* series with censoring marks */
enum { MOST_MARKS = 150 }; /* censoring marks a curve: one for every few pixels */

struct steps {
    struct drawing *drawing;
    struct groups groups;
    size_t n; /* series that are drawn: the first n groups */
    const struct text *names;
    const double *x, *y, *lower, *upper, *at_risk, *censored;
    const size_t *rows, *start;
    double first, last; /* the least and the largest x, and 0 */
    bool risk, bands, marks;
};

/* ---- Reading ------------------------------------------------------------------------------- */

static int read_columns(struct steps *steps, struct error *err) {
    const struct {
        const char *role;
        const double **values;
    } optional[] = {{"lower", &steps->lower},
                    {"upper", &steps->upper},
                    {"at_risk", &steps->at_risk},
                    {"censored", &steps->censored}};
    int status = drawing_groups(steps->drawing, "group", &steps->groups, err);
    if (status == 0)
        status = drawing_values(steps->drawing, "x", &steps->x, err);
    if (status == 0)
        status = drawing_values(steps->drawing, "y", &steps->y, err);
    for (size_t i = 0; i < sizeof optional / sizeof *optional && status == 0; i++)
        status = drawing_numbers(steps->drawing, optional[i].role, optional[i].values, err);
    if (status == 0)
        status = drawing_order(steps->drawing, steps->groups.of_row, steps->groups.n, steps->x,
                               &steps->rows, &steps->start, err);
    return status;
}

static int limit_series(struct steps *steps, struct error *err) {
    size_t most = steps->drawing->text ? MOST_SERIES_TEXT : MOST_SERIES;
    steps->n = steps->groups.n < most ? steps->groups.n : most;
    for (size_t i = 0; i < steps->start[steps->n]; i++) {
        steps->first = fmin(steps->first, steps->x[steps->rows[i]]);
        steps->last = fmax(steps->last, steps->x[steps->rows[i]]);
    }
    size_t most_risk = steps->drawing->text ? MOST_RISK_TEXT : MOST_RISK;
    steps->risk = drawing_has(steps->drawing, "at_risk") && steps->n <= most_risk;
    if (steps->n == steps->groups.n)
        return 0;
    return drawing_note(steps->drawing, err, "%zu of %zu groups shown", steps->n, steps->groups.n);
}

/* Bands and marks are drawn where they do not hide the curves. */
static int say_what_is_drawn(struct steps *steps, struct error *err) {
    bool text = steps->drawing->text, bands = false, marks = false;
    for (size_t i = 0; i < steps->start[steps->n]; i++) {
        size_t row = steps->rows[i];
        bands = bands || (!isnan(steps->lower[row]) && !isnan(steps->upper[row]));
        marks = marks || (steps->censored[row] > 0 && !isnan(steps->y[row]));
    }
    steps->bands = bands && !text && steps->n <= MOST_BANDS;
    steps->marks = marks && !text && steps->n <= MOST_MARKED;
    int status = steps->bands ? drawing_note_bands(steps->drawing, err) : 0;
    if (status == 0 && steps->marks)
        status =
            drawing_note(steps->drawing, err, "Ticks on a curve are spells that had not ended");
    return status;
}

/* ---- Blocks -------------------------------------------------------------------------------- */

/* A curve's points that are drawn, as rows of the sheet. */
struct points {
    const size_t *rows;
    size_t n;
};

static int thin(struct steps *steps, size_t s, struct points *ret, struct error *err) {
    size_t n = steps->start[s + 1] - steps->start[s];
    const size_t *rows = steps->rows + steps->start[s];
    double *x = drawing_alloc(steps->drawing, n, sizeof *x, err);
    double *y = drawing_alloc(steps->drawing, n, sizeof *y, err);
    size_t *keep = drawing_alloc(steps->drawing, n, sizeof *keep, err);
    if (!x || !y || !keep)
        return ERROR_SYSTEM;
    for (size_t i = 0; i < n; i++) {
        x[i] = steps->x[rows[i]];
        y[i] = steps->y[rows[i]];
    }
    thin_curve(x, y, n, THIN_POINTS, keep, &ret->n);
    for (size_t i = 0; i < ret->n; i++)
        keep[i] = rows[keep[i]];
    ret->rows = keep;
    return 0;
}

/* Everyone is there at 0, whether or not the table says so. */
static bool starts_later(const struct steps *steps, const struct points *points) {
    return points->n > 0 && steps->x[points->rows[0]] > 0;
}

static void write_curve(struct steps *steps, const struct points *points) {
    struct script *script = &steps->drawing->script;
    if (starts_later(steps, points))
        script_row(script, 2, (const double[]){0, 1});
    for (size_t i = 0; i < points->n; i++) {
        size_t row = points->rows[i];
        if (isnan(steps->y[row]))
            script_gap(script);
        else
            script_row(script, 2, (const double[]){steps->x[row], steps->y[row]});
    }
}

/* The band holds from each point to the next: `filledcurves` needs both ends. */
static void write_band(struct steps *steps, const struct points *points) {
    struct script *script = &steps->drawing->script;
    if (starts_later(steps, points)) {
        script_row(script, 3, (const double[]){0, 1, 1});
        script_row(script, 3, (const double[]){steps->x[points->rows[0]], 1, 1});
    }
    for (size_t i = 0; i < points->n; i++) {
        size_t row = points->rows[i], next = points->rows[i + 1 < points->n ? i + 1 : i];
        double lower = steps->lower[row], upper = steps->upper[row];
        if (isnan(lower) || isnan(upper)) {
            script_gap(script);
            continue;
        }
        script_row(script, 3, (const double[]){steps->x[row], lower, upper});
        script_row(script, 3, (const double[]){steps->x[next], lower, upper});
    }
}

static bool has_band(const struct steps *steps, size_t s) {
    for (size_t i = steps->start[s]; i < steps->start[s + 1]; i++)
        if (!isnan(steps->lower[steps->rows[i]]) && !isnan(steps->upper[steps->rows[i]]))
            return true;
    return false;
}

/* Curves and bands are both thinned alike, by the curve. */
static int write_curves(struct steps *steps, struct error *err) {
    struct script *script = &steps->drawing->script;
    struct points *points = drawing_alloc(steps->drawing, steps->n, sizeof *points, err);
    if (!points)
        return ERROR_SYSTEM;
    script_block(script, "curve");
    for (size_t s = 0; s < steps->n; s++) {
        int status = thin(steps, s, &points[s], err);
        if (status)
            return status;
        if (s > 0)
            script_next(script);
        write_curve(steps, &points[s]);
    }
    script_block_end(script);
    double band_series[MOST_BANDS];
    size_t n_bands = 0;
    script_block(script, "band");
    for (size_t s = 0; s < steps->n && steps->bands; s++) {
        if (!has_band(steps, s))
            continue;
        if (n_bands > 0)
            script_next(script);
        write_band(steps, &points[s]);
        band_series[n_bands++] = (double)s + 1;
    }
    script_block_end(script);
    script_number(script, "n_bands", (double)n_bands);
    script_numbers(script, "band_series", band_series, n_bands);
    return 0;
}

static void write_censored(struct steps *steps) {
    struct script *script = &steps->drawing->script;
    double least = steps->last / MOST_MARKS;
    script_block(script, "censored");
    for (size_t s = 0; s < steps->n && steps->marks; s++) {
        double before = -INFINITY;
        for (size_t i = steps->start[s]; i < steps->start[s + 1]; i++) {
            size_t row = steps->rows[i];
            if (!(steps->censored[row] > 0) || isnan(steps->y[row]) ||
                steps->x[row] - before < least)
                continue;
            before = steps->x[row];
            script_row(script, 3, (const double[]){steps->x[row], steps->y[row], (double)s + 1});
        }
    }
    script_block_end(script);
}

/* Under observation just before t: at the first time that is not before it. */
static double risk_at(const struct steps *steps, size_t s, double t) {
    for (size_t i = steps->start[s]; i < steps->start[s + 1]; i++)
        if (steps->x[steps->rows[i]] >= t)
            return steps->at_risk[steps->rows[i]];
    return 0;
}

static int write_risk(struct steps *steps, const struct axis *x, struct error *err) {
    struct drawing *drawing = steps->drawing;
    struct script *script = &drawing->script;
    size_t n = steps->risk ? steps->n * x->n : 0, number = 0;
    struct text *texts = drawing_alloc(drawing, n, sizeof *texts, err);
    if (!texts)
        return ERROR_SYSTEM;
    script_block(script, "risk");
    for (size_t s = 0; s < steps->n && n > 0; s++) {
        for (size_t i = 0; i < x->n; i++) {
            char text[AXIS_TEXT];
            axis_format(risk_at(steps, s, x->at[i]), text);
            texts[number++] = drawing_format(drawing, "%s", text);
            script_row(script, 3, (const double[]){x->at[i], (double)s + 1, (double)number});
        }
    }
    script_block_end(script);
    script_number(script, "n_risk", (double)n);
    script_texts(script, "risk_text", texts, n);
    return 0;
}

/* ---- Places -------------------------------------------------------------------------------- */

/* 0 to 1, read as percent. */
static int share_axis(struct drawing *drawing, struct axis *ret, struct error *err) {
    size_t most = drawing->text ? 5 : 6;
    int status = axis_linear(ret, 0, 100, most, AXIS_NICE, &drawing->arena, err);
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
    *ret = (struct axis){.max = 1, .n = ret->n, .at = at, .label = label};
    return 0;
}

static double widest_name(const struct steps *steps) {
    size_t widest = 0;
    for (size_t s = 0; s < steps->n; s++) {
        size_t width = text_width(steps->names[s]);
        widest = width > widest ? width : widest;
    }
    return (double)widest;
}

/* The number at risk is at most that of the first row: how many columns it takes. */
static double widest_number(const struct steps *steps) {
    double largest = 0;
    for (size_t i = 0; i < steps->start[steps->n]; i++)
        largest = fmax(largest, steps->at_risk[steps->rows[i]]);
    char text[AXIS_TEXT];
    axis_format(largest, text);
    return (double)text_width(text_of(text));
}

static double row_height(const struct drawing *drawing) {
    return drawing->text ? 1 : 16;
}

/* The curves above, the numbers at risk below, on the same x. */
static int place(struct steps *steps, struct panel panels[2], struct error *err) {
    struct drawing *drawing = steps->drawing;
    bool named = steps->names[0].length > 0;
    double rows = (double)steps->n, table = steps->risk ? (rows + 1) * row_height(drawing) : 0;
    if (!drawing->text)
        drawing->height += table + fmax(0, rows - 20) * drawing_line(drawing, DRAWING_LABEL);
    struct area area;
    int status = drawing_frame(drawing, NULL, 0, &area, err);
    if (status)
        return status;
    double names = widest_name(steps), number = widest_number(steps);
    /* The first number stands in the middle below the start of the axis. */
    double beside = steps->risk ? fmax(names, 7) + 2 + number / 2 : 0;
    double left = drawing_text_width(drawing, fmax(5.5, beside), DRAWING_TIC);
    double right = named ? drawing_text_width(drawing, names + 4.5, DRAWING_LABEL)
                         : drawing_text_width(drawing, 2, DRAWING_LABEL);
    struct panel *curves = &panels[0], *risk = &panels[1];
    curves->left = area.left + left;
    curves->right = area.right - right;
    curves->top = area.top + (drawing->text ? 1 : 22);
    curves->bottom = area.bottom - table - (drawing->text ? 3 : 36);
    double columns = (curves->right - curves->left) / drawing_text_width(drawing, 1, DRAWING_TIC);
    double most = columns / (number + 2);
    status = axis_linear(&curves->x, steps->first, steps->last > 0 ? steps->last : 1,
                         (size_t)fmin(fmax(most, 3), 10), AXIS_EXACT, &drawing->arena, err);
    if (status == 0)
        status = share_axis(drawing, &curves->y, err);
    script_number(&drawing->script, "risk_shift",
                  drawing_text_width(drawing, number / 2, DRAWING_TIC) / drawing->width);
    *risk = (struct panel){.left = curves->left,
                           .right = curves->right,
                           .bottom = area.bottom - drawing->text,
                           .downwards = true,
                           .x = {.min = curves->x.min, .max = curves->x.max}};
    risk->top = risk->bottom - rows * row_height(drawing);
    if (status == 0)
        status = axis_names(&risk->y, steps->names, steps->n, &drawing->arena, err);
    if (drawing->text) { /* a row is a cell there, not a stripe around its position */
        risk->y.min = 0;
        risk->y.max = rows;
    }
    return status;
}

/* Each curve's name where it ends. */
static int label_curves(struct steps *steps, const struct panel *panel, struct error *err) {
    struct side_label *labels = drawing_alloc(steps->drawing, steps->n, sizeof *labels, err);
    if (!labels)
        return ERROR_SYSTEM;
    size_t n = 0;
    for (size_t s = 0; s < steps->n; s++) {
        double last = NAN;
        for (size_t i = steps->start[s]; i < steps->start[s + 1]; i++)
            if (!isnan(steps->y[steps->rows[i]]))
                last = steps->y[steps->rows[i]];
        if (!isnan(last) && steps->names[s].length > 0)
            labels[n++] = (struct side_label){steps->names[s], last, s};
    }
    return drawing_side_labels(steps->drawing, DRAWING_RIGHT, panel, labels, n, err);
}

int shape_steps(struct drawing *drawing, struct error *err) {
    struct steps steps = {.drawing = drawing};
    struct panel panels[2] = {0};
    size_t columns = drawing->text ? 14 : 20;
    int status = read_columns(&steps, err);
    if (status == 0)
        status = limit_series(&steps, err);
    if (status == 0)
        status = say_what_is_drawn(&steps, err);
    if (status == 0)
        status = drawing_series(drawing, DRAWING_BY_NAME, steps.groups.names, steps.n, columns,
                                &steps.names, err);
    if (status == 0)
        status = place(&steps, panels, err);
    if (status == 0)
        status = drawing_panels(drawing, panels, steps.risk ? 2 : 1, err);
    if (status == 0)
        status = label_curves(&steps, &panels[0], err);
    if (status == 0)
        status = write_risk(&steps, &panels[0].x, err);
    if (status == 0)
        status = write_curves(&steps, err);
    if (status == 0)
        write_censored(&steps);
    return status;
}
