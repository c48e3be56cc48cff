/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Curves in steps, falling or rising, with bands, censoring marks and the numbers at risk. */
#include "chart/label.h"
#include "chart/shape.h"
#include "chart/thin.h"

#include <math.h>
#include <string.h>

enum { MOST_SERIES = 32, MOST_SERIES_TEXT = 7, MOST_BANDS = 6, MOST_RISK = 12, MOST_RISK_TEXT = 5 };
enum { MOST_MARKED = 8 };  /* series with censoring marks */
enum { MOST_MARKS = 150 }; /* censoring marks a curve: one for every few pixels */
enum { MOST_PANELS = 4, MOST_PANELS_TEXT = 2 };

struct steps {
    struct drawing *drawing;
    double origin; /* where curves begin at x = 0 */
    bool share;    /* y is at most 1 */
    struct groups groups, panel;
    size_t n;        /* series that are drawn: the first n groups */
    size_t n_panels; /* likewise */
    const struct text *names;
    const double *x, *y, *lower, *upper, *at_risk, *censored;
    const size_t *rows, *start; /* by cell: panel * n + series */
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
        status = drawing_groups(steps->drawing, "panel", &steps->panel, err);
    if (status == 0)
        status = drawing_values(steps->drawing, "x", &steps->x, err);
    if (status == 0)
        status = drawing_values(steps->drawing, "y", &steps->y, err);
    for (size_t i = 0; i < sizeof optional / sizeof *optional && status == 0; i++)
        status = drawing_numbers(steps->drawing, optional[i].role, optional[i].values, err);
    return status;
}

static size_t cells(const struct steps *steps) {
    return steps->n_panels * steps->n;
}

static int order_rows(struct steps *steps, struct error *err) {
    const size_t n = steps->drawing->sheet->rows;
    uint32_t *cell = drawing_alloc(steps->drawing, n, sizeof *cell, err);
    if (!cell)
        return ERROR_SYSTEM;
    for (size_t row = 0; row < n; row++) {
        const uint32_t panel = steps->panel.of_row[row], series = steps->groups.of_row[row];
        const bool shown = panel < steps->n_panels && series < steps->n;
        cell[row] = shown ? panel * (uint32_t)steps->n + series : UINT32_MAX;
    }
    return drawing_order(steps->drawing, cell, cells(steps), steps->x, &steps->rows, &steps->start,
                         err);
}

static int limit_series(struct steps *steps, struct error *err) {
    const bool text = steps->drawing->text;
    const size_t most = text ? MOST_SERIES_TEXT : MOST_SERIES;
    const size_t most_panels = text ? MOST_PANELS_TEXT : MOST_PANELS;
    const size_t most_risk = text ? MOST_RISK_TEXT : MOST_RISK;
    steps->n = steps->groups.n < most ? steps->groups.n : most;
    steps->n_panels = steps->panel.n < most_panels ? steps->panel.n : most_panels;
    /* A terminal has no lines to spare for a table below each of several panels. */
    steps->risk = drawing_has(steps->drawing, "at_risk") && steps->n <= most_risk &&
                  !(text && steps->n_panels > 1);
    int status = order_rows(steps, err);
    if (status == 0 && steps->n < steps->groups.n)
        status =
            drawing_note(steps->drawing, err, "%zu of %zu groups shown", steps->n, steps->groups.n);
    return status;
}

/* Bands and marks are drawn where they do not hide the curves. */
static int say_what_is_drawn(struct steps *steps, struct error *err) {
    bool text = steps->drawing->text, bands = false, marks = false;
    for (size_t i = 0; i < steps->start[cells(steps)]; i++) {
        size_t row = steps->rows[i];
        bands = bands || (!isnan(steps->lower[row]) && !isnan(steps->upper[row]));
        marks = marks || (steps->censored[row] > 0 && !isnan(steps->y[row]));
    }
    steps->bands = bands && !text && steps->n <= MOST_BANDS;
    steps->marks = marks && !text && steps->n <= MOST_MARKED;
    int status = steps->bands ? drawing_note_bands(steps->drawing, err) : 0;
    if (status == 0 && steps->marks)
        status = drawing_note(steps->drawing, err, "Ticks on a curve are %s",
                              steps->share && steps->origin == 0 ? "users of whom no more is known"
                                                                 : "spells that had not ended");
    return status;
}

/* ---- Blocks -------------------------------------------------------------------------------- */

/* A curve's points that are drawn, as rows of the sheet. */
struct points {
    const size_t *rows;
    size_t n;
};

static int thin(struct steps *steps, size_t cell, struct points *ret, struct error *err) {
    size_t n = steps->start[cell + 1] - steps->start[cell];
    const size_t *rows = steps->rows + steps->start[cell];
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

/* Nothing has happened at 0, whether or not the table says so. */
static bool starts_later(const struct steps *steps, const struct points *points) {
    return points->n > 0 && steps->x[points->rows[0]] > 0;
}

static void write_curve(struct steps *steps, const struct points *points) {
    struct script *script = &steps->drawing->script;
    if (starts_later(steps, points))
        script_row(script, 2, (const double[]){0, steps->origin});
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
        const double y = steps->origin;
        script_row(script, 3, (const double[]){0, y, y});
        script_row(script, 3, (const double[]){steps->x[points->rows[0]], y, y});
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

static bool has_band(const struct steps *steps, size_t cell) {
    for (size_t i = steps->start[cell]; i < steps->start[cell + 1]; i++)
        if (!isnan(steps->lower[steps->rows[i]]) && !isnan(steps->upper[steps->rows[i]]))
            return true;
    return false;
}

/* Curves and bands are both thinned alike, by the curve. */
static int write_curves(struct steps *steps, struct error *err) {
    struct script *script = &steps->drawing->script;
    struct points *points = drawing_alloc(steps->drawing, cells(steps), sizeof *points, err);
    if (!points)
        return ERROR_SYSTEM;
    script_block(script, "curve");
    for (size_t cell = 0; cell < cells(steps); cell++) {
        int status = thin(steps, cell, &points[cell], err);
        if (status)
            return status;
        if (cell > 0)
            script_next(script);
        write_curve(steps, &points[cell]);
    }
    script_block_end(script);
    double band_series[MOST_PANELS * MOST_BANDS], first[MOST_PANELS], last[MOST_PANELS];
    size_t n_bands = 0;
    script_block(script, "band");
    for (size_t p = 0; p < steps->n_panels; p++) {
        first[p] = (double)n_bands + 1;
        for (size_t s = 0; s < steps->n && steps->bands; s++) {
            if (!has_band(steps, p * steps->n + s))
                continue;
            if (n_bands > 0)
                script_next(script);
            write_band(steps, &points[p * steps->n + s]);
            band_series[n_bands++] = (double)s + 1;
        }
        last[p] = (double)n_bands;
        if (last[p] < first[p]) { /* none; gnuplot looks at the first one all the same */
            first[p] = 1;
            last[p] = 0;
        }
    }
    script_block_end(script);
    script_number(script, "n_bands", (double)n_bands);
    script_numbers(script, "band_series", band_series, n_bands);
    script_numbers(script, "band_first", first, steps->n_panels);
    script_numbers(script, "band_last", last, steps->n_panels);
    return 0;
}

static void write_marks(struct steps *steps, size_t cell, size_t series, double last) {
    struct script *script = &steps->drawing->script;
    double before = -INFINITY;
    for (size_t i = steps->start[cell]; i < steps->start[cell + 1]; i++) {
        size_t row = steps->rows[i];
        if (!(steps->censored[row] > 0) || isnan(steps->y[row]) ||
            steps->x[row] - before < last / MOST_MARKS)
            continue;
        before = steps->x[row];
        script_row(script, 3, (const double[]){steps->x[row], steps->y[row], (double)series + 1});
    }
}

static void write_censored(struct steps *steps, const struct panel *panels) {
    struct script *script = &steps->drawing->script;
    script_block(script, "censored");
    for (size_t p = 0; p < steps->n_panels; p++) {
        if (p > 0)
            script_next(script);
        for (size_t s = 0; s < steps->n && steps->marks; s++)
            write_marks(steps, p * steps->n + s, s, panels[p].x.max);
    }
    script_block_end(script);
}

/* Under observation just before t: at the first time that is not before it. */
static double risk_at(const struct steps *steps, size_t cell, double t) {
    for (size_t i = steps->start[cell]; i < steps->start[cell + 1]; i++)
        if (steps->x[steps->rows[i]] >= t)
            return steps->at_risk[steps->rows[i]];
    return 0;
}

static int write_risk(struct steps *steps, const struct panel *panels, struct error *err) {
    struct drawing *drawing = steps->drawing;
    struct script *script = &drawing->script;
    size_t n = 0, number = 0;
    for (size_t p = 0; p < steps->n_panels && steps->risk; p++)
        n += steps->n * panels[p].x.n;
    struct text *texts = drawing_alloc(drawing, n, sizeof *texts, err);
    if (!texts)
        return ERROR_SYSTEM;
    script_block(script, "risk");
    for (size_t cell = 0; cell < cells(steps) && n > 0; cell++) {
        const struct axis *x = &panels[cell / steps->n].x;
        const double line = (double)(cell % steps->n) + 1;
        if (cell > 0 && cell % steps->n == 0)
            script_next(script);
        for (size_t i = 0; i < x->n; i++) {
            char text[AXIS_TEXT];
            axis_format(risk_at(steps, cell, x->at[i]), text);
            texts[number++] = drawing_format(drawing, "%s", text);
            script_row(script, 3, (const double[]){x->at[i], line, (double)number});
        }
    }
    script_block_end(script);
    script_number(script, "n_risk", (double)n);
    script_texts(script, "risk_text", texts, n);
    return 0;
}

/* ---- Places -------------------------------------------------------------------------------- */

/* 0 to 1, or less where that leaves most of the panel empty, read as percent. */
static int share_axis(struct drawing *drawing, double top, size_t most, struct axis *ret,
                      struct error *err) {
    int status = axis_linear(ret, 0, 100 * top, most, AXIS_NICE, &drawing->arena, err);
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

/* The largest y; with bounds the band's end too, but not where it would flatten the curves. */
static double highest(const struct steps *steps, size_t panel) {
    double top = 0, bound = 0;
    for (size_t i = steps->start[panel * steps->n]; i < steps->start[(panel + 1) * steps->n]; i++) {
        top = fmax(top, steps->y[steps->rows[i]]);
        bound = fmax(bound, steps->upper[steps->rows[i]]);
    }
    return steps->bands && bound > top ? fmin(bound, 1.5 * top) : top;
}

static int value_axis(const struct steps *steps, size_t panel, struct axis *ret,
                      struct error *err) {
    struct drawing *drawing = steps->drawing;
    const size_t most = steps->n_panels > 1 ? 4 : drawing->text ? 5 : 6;
    const double top = highest(steps, panel);
    if (steps->share)
        return share_axis(drawing, steps->origin > 0 || top > 0.5 || !(top > 0) ? 1 : top, most,
                          ret, err);
    return axis_linear(ret, 0, top > 0 ? top : 1, most, AXIS_NICE, &drawing->arena, err);
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
    for (size_t i = 0; i < steps->start[cells(steps)]; i++)
        largest = fmax(largest, steps->at_risk[steps->rows[i]]);
    char text[AXIS_TEXT];
    axis_format(largest, text);
    return (double)text_width(text_of(text));
}

static double row_height(const struct drawing *drawing) {
    return drawing->text ? 1 : 16;
}

static int time_axis(const struct steps *steps, size_t panel, size_t most, struct axis *ret,
                     struct error *err) {
    double first = 0, last = 0;
    for (size_t i = steps->start[panel * steps->n]; i < steps->start[(panel + 1) * steps->n]; i++) {
        first = fmin(first, steps->x[steps->rows[i]]);
        last = fmax(last, steps->x[steps->rows[i]]);
    }
    return axis_linear(ret, first, last > 0 ? last : 1, most, AXIS_EXACT, &steps->drawing->arena,
                       err);
}

static double table_height(const struct steps *steps) {
    return steps->risk ? ((double)steps->n + 1) * row_height(steps->drawing) : 0;
}

static int place_risk(const struct steps *steps, const struct panel *curves, double bottom,
                      struct panel *risk, struct error *err) {
    const double rows = (double)steps->n;
    *risk = (struct panel){.left = curves->left,
                           .right = curves->right,
                           .bottom = bottom,
                           .downwards = true,
                           .x = {.min = curves->x.min, .max = curves->x.max}};
    risk->top = risk->bottom - rows * row_height(steps->drawing);
    int status = axis_names(&risk->y, steps->names, steps->n, &steps->drawing->arena, err);
    if (steps->drawing->text) { /* a row is a cell there, not a stripe around its position */
        risk->y.min = 0;
        risk->y.max = rows;
    }
    return status;
}

/* One below the other: of each the curves, and below them the numbers at risk on the same x. */
static int place_panels(const struct steps *steps, const struct area *area, struct panel *panels,
                        struct error *err) {
    const struct drawing *drawing = steps->drawing;
    const double number = widest_number(steps);
    const double columns =
        (panels->right - panels->left) / drawing_text_width(drawing, 1, DRAWING_TIC);
    const size_t most = (size_t)fmin(fmax(columns / (number + 2), 3), 10);
    double height = (area->bottom - area->top) / (double)steps->n_panels;
    if (drawing->text)
        height = floor(height);
    int status = 0;
    for (size_t p = 0; p < steps->n_panels && status == 0; p++) {
        struct panel *curves = &panels[p];
        const double top = area->top + (double)p * height;
        const bool lowest = p + 1 == steps->n_panels;
        const double bottom = lowest ? area->bottom : top + height - (drawing->text ? 0 : 14);
        curves->left = panels->left;
        curves->right = panels->right;
        curves->top = top + (drawing->text ? 1 : 22);
        curves->bottom = bottom - table_height(steps) - (drawing->text ? 3 : 36);
        curves->name = steps->panel.names[p];
        status = script_accepts(curves->name, err);
        if (status == 0)
            status = time_axis(steps, p, most, &curves->x, err);
        if (status == 0)
            status = value_axis(steps, p, &curves->y, err);
        if (status == 0)
            status = place_risk(steps, curves, bottom - drawing->text, &panels[steps->n_panels + p],
                                err);
    }
    return status;
}

/* Names stand beside the curves, or above all where there are several panels. */
static int place(struct steps *steps, struct panel *panels, struct error *err) {
    struct drawing *drawing = steps->drawing;
    const bool named = steps->names[0].length > 0, beside = named && steps->n_panels == 1;
    const double rows = (double)steps->n, more = (double)steps->n_panels - 1;
    if (!drawing->text)
        drawing->height += (more + 1) * table_height(steps) + more * 190 +
                           fmax(0, rows - 20) * drawing_line(drawing, DRAWING_LABEL);
    struct area area;
    int status = drawing_frame(drawing, steps->names, named && !beside ? steps->n : 0, &area, err);
    if (status)
        return status;
    const double names = widest_name(steps), number = widest_number(steps);
    double widest = 3.5;
    for (size_t p = 0; p < steps->n_panels && status == 0; p++) {
        struct axis y;
        status = value_axis(steps, p, &y, err);
        widest = status ? widest : fmax(widest, (double)axis_width(&y));
    }
    /* The first number stands in the middle below the start of the axis. */
    const double table = steps->risk ? fmax(names, 7) + 2 + number / 2 : 0;
    panels->left = area.left + drawing_text_width(drawing, fmax(widest + 2, table), DRAWING_TIC);
    panels->right =
        area.right - drawing_text_width(drawing, beside ? names + 4.5 : 2, DRAWING_LABEL);
    script_number(&drawing->script, "risk_shift",
                  drawing_text_width(drawing, number / 2, DRAWING_TIC) / drawing->width);
    return status ? status : place_panels(steps, &area, panels, err);
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

static int lay_out(struct drawing *drawing, double origin, bool share, struct error *err) {
    struct steps steps = {.drawing = drawing, .origin = origin, .share = share};
    struct panel panels[2 * MOST_PANELS] = {0};
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
        status = drawing_panels(drawing, panels, (steps.risk ? 2 : 1) * steps.n_panels, err);
    script_number(&drawing->script, "n_curves", (double)steps.n_panels);
    if (status == 0 && steps.n_panels == 1)
        status = label_curves(&steps, &panels[0], err);
    if (status == 0)
        status = write_risk(&steps, panels, err);
    if (status == 0)
        status = write_curves(&steps, err);
    if (status == 0)
        write_censored(&steps, panels);
    return status;
}

int shape_steps(struct drawing *drawing, struct error *err) {
    return lay_out(drawing, 1, true, err);
}

int shape_rise(struct drawing *drawing, struct error *err) {
    return lay_out(drawing, 0, true, err);
}

int shape_rise_sum(struct drawing *drawing, struct error *err) {
    return lay_out(drawing, 0, false, err);
}
