/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One line per group through periods, labelled where it starts and ends. */
#include "chart/label.h"
#include "chart/shape.h"
#include "chart/thin.h"

#include <math.h>

enum { MOST_LINES = 20, MOST_LINES_TEXT = 7, LONGEST_PERIOD = 22 };

struct slope {
    struct drawing *drawing;
    struct groups groups;
    size_t n; /* lines that are drawn: the first n groups */
    const struct text *names;
    const double *y;
    double *x;
    const struct text *x_texts;
    struct axis periods;
    const size_t *rows, *start;
    bool two; /* two periods: both ends carry their values, and there is no y axis */
    double low, high;
};

/* The sum of all would dwarf what it is the sum of: its rows get no group. */
static int leave_out_sum(struct groups *groups, struct drawing *drawing, struct error *err) {
    size_t rows = drawing->sheet->rows, sum = groups->n;
    for (size_t i = 0; i < groups->n; i++)
        if (text_is(groups->names[i], "(all)"))
            sum = i;
    if (sum == groups->n)
        return 0;
    uint32_t *of_row = drawing_alloc(drawing, rows, sizeof *of_row, err);
    struct text *names = drawing_alloc(drawing, groups->n, sizeof *names, err);
    if (!of_row || !names)
        return ERROR_SYSTEM;
    for (size_t i = 0; i + 1 < groups->n; i++)
        names[i] = groups->names[i < sum ? i : i + 1];
    for (size_t row = 0; row < rows; row++) {
        uint32_t code = groups->of_row[row];
        of_row[row] = code < sum ? code : code > sum ? code - 1 : UINT32_MAX;
    }
    *groups = (struct groups){groups->n - 1, names, of_row};
    return 0;
}

static int read_columns(struct slope *slope, struct error *err) {
    struct drawing *drawing = slope->drawing;
    int status = drawing_groups(drawing, "group", &slope->groups, err);
    if (status == 0)
        status = drawing_values(drawing, "y", &slope->y, err);
    if (status == 0)
        status = drawing_texts(drawing, "x", &slope->x_texts, err);
    if (status == 0)
        status = leave_out_sum(&slope->groups, drawing, err);
    if (status)
        return status;
    slope->x = drawing_alloc(drawing, drawing->sheet->rows, sizeof *slope->x, err);
    if (!slope->x)
        return ERROR_SYSTEM;
    double columns = 0.7 * drawing->width / drawing_text_width(drawing, 1, DRAWING_TIC);
    status = axis_periods(&slope->periods, slope->x, slope->x_texts, drawing->sheet->rows, columns,
                          &drawing->arena, err);
    return status ? status
                  : drawing_order(drawing, slope->groups.of_row, slope->groups.n, slope->x,
                                  &slope->rows, &slope->start, err);
}

static int limit_lines(struct slope *slope, struct error *err) {
    size_t most = slope->drawing->text ? MOST_LINES_TEXT : MOST_LINES;
    slope->n = slope->groups.n < most ? slope->groups.n : most;
    double first = INFINITY, last = -INFINITY;
    bool between = false;
    slope->low = INFINITY;
    slope->high = -INFINITY;
    for (size_t i = 0; i < slope->start[slope->n]; i++) {
        double x = slope->x[slope->rows[i]], y = slope->y[slope->rows[i]];
        first = fmin(first, x);
        last = fmax(last, x);
        slope->low = fmin(slope->low, isnan(y) ? slope->low : y);
        slope->high = fmax(slope->high, isnan(y) ? slope->high : y);
    }
    for (size_t i = 0; i < slope->start[slope->n]; i++) {
        double x = slope->x[slope->rows[i]];
        between = between || (x > first && x < last);
    }
    if (slope->low > slope->high)
        return error_set(err, ERROR_DATA,
                         "no row has a period and a value: there is nothing to draw");
    slope->two = first < last && !between;
    if (slope->n == slope->groups.n)
        return 0;
    return drawing_note(slope->drawing, err, "%zu of %zu groups shown", slope->n, slope->groups.n);
}

/* Two periods that lie far apart have tics at these two, not at round ones between them. */
static int label_two(struct slope *slope, struct error *err) {
    struct drawing *drawing = slope->drawing;
    double *at = drawing_alloc(drawing, 2, sizeof *at, err);
    struct text *labels = drawing_alloc(drawing, 2, sizeof *labels, err);
    if (!at || !labels)
        return ERROR_SYSTEM;
    at[0] = slope->periods.min;
    at[1] = slope->periods.max;
    for (size_t i = 0; i < slope->start[slope->n]; i++) {
        size_t row = slope->rows[i];
        if (!isnan(slope->x[row]))
            labels[slope->x[row] > at[0]] = slope->x_texts[row];
    }
    for (int i = 0; i < 2; i++) {
        int status = script_accepts(labels[i], err);
        if (status == 0)
            status = label_shorten(labels[i], LONGEST_PERIOD, &drawing->arena, &labels[i], err);
        if (status)
            return status;
    }
    slope->periods.n = 2;
    slope->periods.at = at;
    slope->periods.label = labels;
    return 0;
}

/* ---- Blocks -------------------------------------------------------------------------------- */

static int write_line(struct slope *slope, size_t s, struct error *err) {
    struct script *script = &slope->drawing->script;
    size_t n = slope->start[s + 1] - slope->start[s], n_kept;
    const size_t *rows = slope->rows + slope->start[s];
    double *x = drawing_alloc(slope->drawing, n, sizeof *x, err);
    double *y = drawing_alloc(slope->drawing, n, sizeof *y, err);
    size_t *keep = drawing_alloc(slope->drawing, n, sizeof *keep, err);
    if (!x || !y || !keep)
        return ERROR_SYSTEM;
    for (size_t i = 0; i < n; i++) {
        x[i] = slope->x[rows[i]];
        y[i] = slope->y[rows[i]];
    }
    thin_curve(x, y, n, THIN_POINTS, keep, &n_kept);
    for (size_t i = 0; i < n_kept; i++) {
        if (isnan(y[keep[i]]))
            script_gap(script);
        else
            script_row(script, 2, (const double[]){x[keep[i]], y[keep[i]]});
    }
    return 0;
}

static int write_lines(struct slope *slope, struct error *err) {
    struct script *script = &slope->drawing->script;
    script_block(script, "line");
    for (size_t s = 0; s < slope->n; s++) {
        if (s > 0)
            script_next(script);
        int status = write_line(slope, s, err);
        if (status)
            return status;
    }
    script_block_end(script);
    script_number(script, "slope", slope->two);
    return 0;
}

/* ---- Labels -------------------------------------------------------------------------------- */

/* The first or last row of a line that has a value; false if none has. */
static bool end_of(const struct slope *slope, size_t s, enum drawing_side side, size_t *ret) {
    bool any = false;
    for (size_t i = slope->start[s]; i < slope->start[s + 1]; i++) {
        size_t row = slope->rows[i];
        if (isnan(slope->y[row]))
            continue;
        *ret = row;
        any = true;
        if (side == DRAWING_LEFT)
            break;
    }
    return any;
}

/* "micro 1,240" on the left; "1,575 (+27%)" or, where there is no left side, "micro 1,575" on the
 * right. The percentage only where the line starts and ends above 0. */
static struct text label_of(struct slope *slope, size_t s, enum drawing_side side, size_t row) {
    char value[AXIS_TEXT];
    size_t first;
    axis_format(slope->y[row], value);
    struct text name = slope->names[s];
    if (side == DRAWING_LEFT || !slope->two)
        return drawing_format(slope->drawing, "%.*s%s%s", (int)name.length, name.bytes,
                              name.length > 0 ? "  " : "", value);
    if (!end_of(slope, s, DRAWING_LEFT, &first) || slope->x[first] >= slope->x[row])
        return drawing_format(slope->drawing, "%.*s  %s", (int)name.length, name.bytes, value);
    double change = 100 * (slope->y[row] / slope->y[first] - 1);
    if (!(slope->y[first] > 0) || slope->y[row] < 0 || change > 999)
        return drawing_format(slope->drawing, "%s", value);
    return drawing_format(slope->drawing, "%s  (%+.0f%%)", value, change);
}

struct sides {
    struct side_label *labels[2];
    size_t n[2];
    double columns[2]; /* of the widest */
};

static int make_labels(struct slope *slope, struct sides *sides, struct error *err) {
    for (int side = DRAWING_LEFT; side <= DRAWING_RIGHT; side++) {
        sides->labels[side] =
            drawing_alloc(slope->drawing, slope->n, sizeof *sides->labels[0], err);
        if (!sides->labels[side])
            return ERROR_SYSTEM;
        for (size_t s = 0; s < slope->n && (side == DRAWING_RIGHT || slope->two); s++) {
            size_t row;
            /* A line that starts late has no label on the left, where it is not. */
            if (!end_of(slope, s, (enum drawing_side)side, &row) ||
                (side == DRAWING_LEFT && slope->x[row] > slope->periods.min))
                continue;
            struct text text = label_of(slope, s, (enum drawing_side)side, row);
            sides->labels[side][sides->n[side]++] = (struct side_label){text, slope->y[row], s};
            sides->columns[side] = fmax(sides->columns[side], (double)text_width(text));
        }
    }
    return 0;
}

/* ---- Places -------------------------------------------------------------------------------- */

static int value_axis(struct slope *slope, struct axis *ret, struct error *err) {
    size_t most = slope->drawing->text ? 5 : 7;
    struct arena *arena = &slope->drawing->arena;
    if (slope->low > 0 && slope->high / slope->low >= 30)
        return axis_logarithmic(ret, slope->low, slope->high, most, arena, err);
    return drawing_value_axis(slope->drawing, slope->low, slope->high, most, ret, err);
}

static int place(struct slope *slope, struct sides *sides, struct panel *panel, struct error *err) {
    struct drawing *drawing = slope->drawing;
    struct area area;
    int status = drawing_frame(drawing, NULL, 0, &area, err);
    if (status == 0)
        status = value_axis(slope, &panel->y, err);
    if (status)
        return status;
    double left = slope->two
                      ? drawing_text_width(drawing, sides->columns[0] + 4, DRAWING_LABEL)
                      : drawing_text_width(drawing, (double)axis_width(&panel->y) + 2, DRAWING_TIC);
    double right = drawing_text_width(drawing, sides->columns[1] + 4, DRAWING_LABEL);
    /* The labels of the first and last tics stand out by half. */
    double half = drawing_text_width(drawing, (double)axis_width(&slope->periods) / 2, DRAWING_TIC);
    panel->left = area.left + fmax(left, half);
    panel->right = area.right - fmax(right, half);
    panel->top = area.top + (drawing->text ? 1 : 24);
    panel->bottom = area.bottom - (drawing->text ? 2 : 22);
    panel->x = slope->periods;
    return 0;
}

int shape_slope(struct drawing *drawing, struct error *err) {
    struct slope slope = {.drawing = drawing};
    struct sides sides = {0};
    struct panel panel = {0};
    int status = read_columns(&slope, err);
    if (status == 0)
        status = limit_lines(&slope, err);
    if (status == 0 && slope.two)
        status = label_two(&slope, err);
    if (status == 0)
        status = drawing_series(drawing, DRAWING_BY_NAME, slope.groups.names, slope.n,
                                drawing->text ? 12 : 18, &slope.names, err);
    if (status == 0)
        status = make_labels(&slope, &sides, err);
    if (status == 0)
        status = place(&slope, &sides, &panel, err);
    if (status == 0)
        status = drawing_panels(drawing, &panel, 1, err);
    for (int side = DRAWING_LEFT; side <= DRAWING_RIGHT && status == 0; side++)
        status = drawing_side_labels(drawing, (enum drawing_side)side, &panel, sides.labels[side],
                                     sides.n[side], err);
    return status ? status : write_lines(&slope, err);
}
