/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Lines with bands over periods, in panels. */
#include "chart/label.h"
#include "chart/shape.h"
#include "chart/thin.h"

#include <math.h>
#include <stdlib.h>

enum { MOST_PANELS = 12, MOST_PANELS_TEXT = 4, MOST_GROUPS = 16, MOST_GROUPS_TEXT = 7 };
enum { MOST_Y = 3, MARKED_POINTS = 40, MOST_CELLS = 100000 };

/* One y of the template with its interval. */
struct measure {
    const double *y, *lower, *upper;
};

/* What one panel shows: a measure of the rows with this value of `panel` and of `part`. */
struct facet {
    size_t measure;
    uint32_t panel, part;
    bool whole;  /* all parts together */
    size_t rank; /* among those that the template names */
    size_t first_row;
};

struct fan {
    struct drawing *drawing;
    struct measure measures[MOST_Y];
    size_t n_measures;
    struct groups panel, part, group;
    size_t n_groups; /* that are drawn: the first ones */
    const struct text *names;
    const struct text *periods;
    double *x;
    struct axis axis; /* of x, the same in all panels */
    struct facet *facets;
    size_t n;
    struct panel *panels;
    size_t grid_columns, grid_rows;
    size_t longest;         /* points of the longest line */
    const double *observed; /* NULL if the template has none */
    bool common;            /* one axis of values for all panels */
};

/* ---- Reading ------------------------------------------------------------------------------- */

static int read_measures(struct fan *fan, struct error *err) {
    static const char *const roles[MOST_Y][3] = {
        {"y", "lower", "upper"}, {"y2", "lower2", "upper2"}, {"y3", "lower3", "upper3"}};
    for (size_t i = 0; i < MOST_Y && drawing_has(fan->drawing, roles[i][0]); i++) {
        struct measure *measure = &fan->measures[fan->n_measures++];
        int status = i == 0 ? drawing_values(fan->drawing, roles[i][0], &measure->y, err)
                            : drawing_numbers(fan->drawing, roles[i][0], &measure->y, err);
        if (status == 0)
            status = drawing_numbers(fan->drawing, roles[i][1], &measure->lower, err);
        if (status == 0)
            status = drawing_numbers(fan->drawing, roles[i][2], &measure->upper, err);
        if (status)
            return status;
    }
    return 0;
}

static int read_scale(struct fan *fan, struct error *err) {
    const struct template *template = &fan->drawing->template;
    fan->common = text_is(template->scale, "common");
    return template->scale.length == 0 || fan->common
               ? 0
               : error_set(err, ERROR_SYSTEM, "template %s: found scale '%.*s', expected common",
                           template->file->name, (int)template->scale.length,
                           template->scale.bytes);
}

static int read_columns(struct fan *fan, struct error *err) {
    int status = read_measures(fan, err);
    if (status == 0)
        status = drawing_groups(fan->drawing, "panel", &fan->panel, err);
    if (status == 0)
        status = drawing_groups(fan->drawing, "part", &fan->part, err);
    if (status == 0)
        status = drawing_groups(fan->drawing, "group", &fan->group, err);
    if (status == 0)
        status = drawing_texts(fan->drawing, "x", &fan->periods, err);
    if (status == 0 && drawing_has(fan->drawing, "observed"))
        status = drawing_numbers(fan->drawing, "observed", &fan->observed, err);
    if (status)
        return status;
    size_t most = fan->drawing->text ? MOST_GROUPS_TEXT : MOST_GROUPS;
    fan->n_groups = fan->group.n < most ? fan->group.n : most;
    if (fan->n_groups == fan->group.n)
        return 0;
    return drawing_note(fan->drawing, err, "%zu of %zu groups shown", fan->n_groups, fan->group.n);
}

/* ---- Facets -------------------------------------------------------------------------------- */

static bool stands_for_all(struct text part) {
    return part.length == 0 || text_is(part, "all") || text_is(part, "(all)");
}

/* Panels of whole measures come first, then those of parts; each in the order of the rows. */
static int by_weight(const void *a, const void *b) {
    const struct facet *left = a, *right = b;
    if (left->whole != right->whole)
        return left->whole ? -1 : 1;
    if (left->first_row != right->first_row)
        return left->first_row < right->first_row ? -1 : 1;
    return (left->measure > right->measure) - (left->measure < right->measure);
}

static int by_rank(const void *a, const void *b) {
    const struct facet *left = a, *right = b;
    return left->rank != right->rank ? (left->rank < right->rank ? -1 : 1) : by_weight(a, b);
}

/* Where not all panels have room: those that the template names, none of them in parts. */
static void keep_named(struct fan *fan) {
    size_t n = 0;
    for (size_t i = 0; i < fan->n; i++) {
        struct facet *facet = &fan->facets[i];
        facet->rank = template_rank(fan->drawing->template.panels, fan->panel.names[facet->panel]);
        n += facet->whole && facet->rank < SIZE_MAX;
    }
    if (n == 0)
        return;
    n = 0;
    for (size_t i = 0; i < fan->n; i++)
        if (fan->facets[i].whole && fan->facets[i].rank < SIZE_MAX)
            fan->facets[n++] = fan->facets[i];
    qsort(fan->facets, n, sizeof *fan->facets, by_rank);
    fan->n = n;
}

/* A facet for each measure that has a number somewhere in the rows of a panel and part. */
static int find_facets(struct fan *fan, struct error *err) {
    struct drawing *drawing = fan->drawing;
    if (fan->panel.n * fan->part.n > MOST_CELLS)
        return error_set(
            err, ERROR_DATA,
            "found %zu values that each want panels, expected a few: what the table is "
            "split by is no category",
            fan->panel.n > fan->part.n ? fan->panel.n : fan->part.n);
    size_t cells = fan->panel.n * fan->part.n * fan->n_measures;
    bool *seen = drawing_alloc(drawing, cells, sizeof *seen, err);
    fan->facets = drawing_alloc(drawing, cells, sizeof *fan->facets, err);
    if (!seen || !fan->facets)
        return ERROR_SYSTEM;
    for (size_t row = 0; row < drawing->sheet->rows; row++) {
        for (size_t m = 0; m < fan->n_measures; m++) {
            uint32_t panel = fan->panel.of_row[row], part = fan->part.of_row[row];
            size_t cell = (panel * fan->part.n + part) * fan->n_measures + m;
            if (seen[cell] || isnan(fan->measures[m].y[row]) ||
                fan->group.of_row[row] >= fan->n_groups || fan->periods[row].length == 0)
                continue;
            seen[cell] = true;
            fan->facets[fan->n++] =
                (struct facet){m, panel, part, stands_for_all(fan->part.names[part]), row, 0};
        }
    }
    if (fan->n == 0)
        return error_set(err, ERROR_DATA,
                         "no row has a period and a value: there is nothing to draw");
    qsort(fan->facets, fan->n, sizeof *fan->facets, by_weight);
    size_t most = drawing->text ? MOST_PANELS_TEXT : MOST_PANELS, all = fan->n;
    if (all > MOST_PANELS)
        keep_named(fan);
    fan->n = fan->n < most ? fan->n : most;
    return fan->n == all ? 0 : drawing_note(drawing, err, "%zu of %zu panels shown", fan->n, all);
}

/* "exposure share, nano"; the empty text where there is nothing to tell apart. */
static int name_facet(struct fan *fan, const struct facet *facet, double columns, struct text *ret,
                      struct error *err) {
    struct text panel = drawing_words(fan->drawing, fan->panel.names[facet->panel]);
    struct text part = facet->whole ? text_of("") : fan->part.names[facet->part];
    const char *comma = panel.length > 0 && part.length > 0 ? ", " : "";
    struct text name = drawing_format(fan->drawing, "%.*s%s%.*s", (int)panel.length, panel.bytes,
                                      comma, (int)part.length, part.bytes);
    int status = script_accepts(name, err);
    return status ? status
                  : label_shorten(name, (size_t)fmax(columns, 4), &fan->drawing->arena, ret, err);
}

/* ---- Places -------------------------------------------------------------------------------- */

static void choose_grid(struct fan *fan) {
    static const size_t columns[] = {1, 1, 2, 3, 2, 3, 3, 3, 3, 3, 3, 3, 3};
    fan->grid_columns = fan->drawing->text && fan->n > 1 ? 2 : columns[fan->n];
    if (fan->observed && fan->n <= MOST_Y) /* one above the other, so that times can be compared */
        fan->grid_columns = 1;
    fan->grid_rows = (fan->n + fan->grid_columns - 1) / fan->grid_columns;
    if (!fan->drawing->text && fan->n > 1)
        fan->drawing->height = 116 + 212 * (double)fan->grid_rows;
}

static bool shows(const struct fan *fan, const struct facet *facet, size_t row) {
    return fan->panel.of_row[row] == facet->panel && fan->part.of_row[row] == facet->part &&
           fan->group.of_row[row] < fan->n_groups && !isnan(fan->x[row]);
}

/* Widens [low, high] to what a facet shows. */
static void find_range(const struct fan *fan, const struct facet *facet, double *low,
                       double *high) {
    const struct measure *measure = &fan->measures[facet->measure];
    for (size_t row = 0; row < fan->drawing->sheet->rows; row++) {
        if (!shows(fan, facet, row) || isnan(measure->y[row]))
            continue;
        *low = fmin(*low, fmin(measure->y[row], measure->lower[row]));
        *high = fmax(*high, fmax(measure->y[row], measure->upper[row]));
        if (fan->observed && facet->measure == 0) {
            *low = fmin(*low, fan->observed[row]);
            *high = fmax(*high, fan->observed[row]);
        }
    }
}

/* Of one facet, or with `scale: common` of all of them. */
static int value_axis(struct fan *fan, const struct facet *facet, struct axis *ret,
                      struct error *err) {
    double low = INFINITY, high = -INFINITY;
    if (fan->common)
        for (size_t i = 0; i < fan->n; i++)
            find_range(fan, &fan->facets[i], &low, &high);
    else
        find_range(fan, facet, &low, &high);
    size_t most = !fan->drawing->text ? 6 : fan->grid_rows > 1 ? 3 : 5;
    return drawing_value_axis(fan->drawing, low, high, most, ret, err);
}

/* The panels' places in the grid, once it is known how wide the labels of their axes are. */
static int place_panels(struct fan *fan, const struct area *area, double right, double left,
                        struct error *err) {
    struct drawing *drawing = fan->drawing;
    bool text = drawing->text;
    double title = text ? 1 : 24, below = text ? 2 : 26;
    /* The last label below one panel and the first below the next keep apart. */
    double label = drawing_text_width(drawing, (double)axis_width(&fan->axis), DRAWING_TIC);
    double gap = text ? 2 : fmax(14, label + 10 - left);
    double under = text ? 1 : 22; /* the name of the x axis */
    double columns = (double)fan->grid_columns, rows = (double)fan->grid_rows;
    double width = (area->right - area->left - right - (columns - 1) * gap) / columns;
    double height = (area->bottom - area->top - under) / rows;
    if (text) {
        width = floor(width);
        height = floor(height);
    }
    for (size_t i = 0; i < fan->n; i++) {
        struct panel *panel = &fan->panels[i];
        const size_t above = i / fan->grid_columns;
        double column = (double)(i % fan->grid_columns), row = (double)above;
        panel->left = area->left + column * (width + gap) + left;
        panel->right = area->left + column * (width + gap) + width;
        panel->top = area->top + row * height + title;
        panel->bottom = area->top + (row + 1) * height - below;
        panel->x = fan->axis;
        double room = width / drawing_text_width(drawing, 1, DRAWING_LABEL);
        int status = name_facet(fan, &fan->facets[i], room, &panel->name, err);
        if (status)
            return status;
    }
    return 0;
}

/* x is laid out for the width of one panel. */
static int place(struct fan *fan, const struct area *area, double right, struct error *err) {
    struct drawing *drawing = fan->drawing;
    size_t rows = drawing->sheet->rows, widest = 0;
    fan->panels = drawing_alloc(drawing, fan->n, sizeof *fan->panels, err);
    fan->x = drawing_alloc(drawing, rows, sizeof *fan->x, err);
    if (!fan->panels || !fan->x)
        return ERROR_SYSTEM;
    double columns = (area->right - area->left - right) / (double)fan->grid_columns /
                         drawing_text_width(drawing, 1, DRAWING_TIC) -
                     8;
    int status =
        axis_periods(&fan->axis, fan->x, fan->periods, rows, columns, &drawing->arena, err);
    for (size_t i = 0; i < fan->n && status == 0; i++) {
        status = value_axis(fan, &fan->facets[i], &fan->panels[i].y, err);
        size_t width = axis_width(&fan->panels[i].y);
        widest = width > widest ? width : widest;
    }
    if (status)
        return status;
    /* The labels of the first and last tics stand out by half. */
    double half = drawing_text_width(drawing, (double)axis_width(&fan->axis) / 2, DRAWING_TIC);
    double left = drawing_text_width(drawing, (double)widest + 2, DRAWING_TIC);
    return place_panels(fan, area, fmax(right, half), fmax(left, half), err);
}

/* ---- Blocks -------------------------------------------------------------------------------- */

/* The lines or the bands of all panels: which series each has, and where a panel's begin. */
struct sets {
    double *series, *first, *last;
    size_t n;
};

static int make_sets(struct fan *fan, struct sets *sets, struct error *err) {
    sets->series = drawing_alloc(fan->drawing, fan->n * fan->n_groups, sizeof(double), err);
    sets->first = drawing_alloc(fan->drawing, fan->n, sizeof(double), err);
    sets->last = drawing_alloc(fan->drawing, fan->n, sizeof(double), err);
    return sets->series && sets->first && sets->last ? 0 : ERROR_SYSTEM;
}

static void write_sets(struct fan *fan, const char *name, const struct sets *sets) {
    struct script *script = &fan->drawing->script;
    char whole[32];
    snprintf(whole, sizeof whole, "%s_series", name);
    script_numbers(script, whole, sets->series, sets->n);
    snprintf(whole, sizeof whole, "%s_first", name);
    script_numbers(script, whole, sets->first, fan->n);
    snprintf(whole, sizeof whole, "%s_last", name);
    script_numbers(script, whole, sets->last, fan->n);
}

/* The rows of one facet by group, each group's ascending in x and thinned by y. */
struct lines {
    const size_t *rows, *start;
    size_t **kept;
    size_t *n_kept;
};

static int thin_group(struct fan *fan, const double *values, struct lines *lines, size_t g,
                      struct error *err) {
    size_t n = lines->start[g + 1] - lines->start[g];
    const size_t *rows = lines->rows + lines->start[g];
    double *x = drawing_alloc(fan->drawing, n, sizeof *x, err);
    double *y = drawing_alloc(fan->drawing, n, sizeof *y, err);
    lines->kept[g] = drawing_alloc(fan->drawing, n, sizeof *lines->kept[g], err);
    if (!x || !y || !lines->kept[g])
        return ERROR_SYSTEM;
    for (size_t i = 0; i < n; i++) {
        x[i] = fan->x[rows[i]];
        y[i] = values[rows[i]];
    }
    thin_curve(x, y, n, THIN_POINTS, lines->kept[g], &lines->n_kept[g]);
    for (size_t i = 0; i < lines->n_kept[g]; i++)
        lines->kept[g][i] = rows[lines->kept[g][i]];
    fan->longest = lines->n_kept[g] > fan->longest ? lines->n_kept[g] : fan->longest;
    return 0;
}

static int find_lines(struct fan *fan, const struct facet *facet, struct lines *ret,
                      struct error *err) {
    size_t rows = fan->drawing->sheet->rows;
    uint32_t *of_row = drawing_alloc(fan->drawing, rows, sizeof *of_row, err);
    ret->kept = drawing_alloc(fan->drawing, fan->n_groups, sizeof *ret->kept, err);
    ret->n_kept = drawing_alloc(fan->drawing, fan->n_groups, sizeof *ret->n_kept, err);
    if (!of_row || !ret->kept || !ret->n_kept)
        return ERROR_SYSTEM;
    for (size_t row = 0; row < rows; row++)
        of_row[row] = shows(fan, facet, row) ? fan->group.of_row[row] : UINT32_MAX;
    int status =
        drawing_order(fan->drawing, of_row, fan->n_groups, fan->x, &ret->rows, &ret->start, err);
    for (size_t g = 0; g < fan->n_groups && status == 0; g++)
        status = thin_group(fan, fan->measures[facet->measure].y, ret, g, err);
    return status;
}

static bool any_value(const double *values, const struct lines *lines, size_t g) {
    for (size_t i = 0; i < lines->n_kept[g]; i++)
        if (!isnan(values[lines->kept[g][i]]))
            return true;
    return false;
}

static void put_line(const struct fan *fan, const double *y, const struct lines *lines, size_t g) {
    struct script *script = &fan->drawing->script;
    for (size_t i = 0; i < lines->n_kept[g]; i++) {
        size_t row = lines->kept[g][i];
        if (isnan(y[row]))
            script_gap(script);
        else
            script_row(script, 2, (const double[]){fan->x[row], y[row]});
    }
}

static void put_band(const struct fan *fan, const struct measure *measure,
                     const struct lines *lines, size_t g) {
    struct script *script = &fan->drawing->script;
    for (size_t i = 0; i < lines->n_kept[g]; i++) {
        size_t row = lines->kept[g][i];
        if (isnan(measure->lower[row]) || isnan(measure->upper[row]))
            script_gap(script);
        else
            script_row(script, 3,
                       (const double[]){fan->x[row], measure->lower[row], measure->upper[row]});
    }
}

/* Lines (bands = false) or bands of all panels, as one block. */
static int write_block(struct fan *fan, const struct lines *lines, bool bands, struct error *err) {
    struct script *script = &fan->drawing->script;
    struct sets sets = {0};
    int status = make_sets(fan, &sets, err);
    if (status)
        return status;
    script_block(script, bands ? "band" : "line");
    for (size_t i = 0; i < fan->n; i++) {
        const struct measure *measure = &fan->measures[fan->facets[i].measure];
        sets.first[i] = (double)sets.n + 1;
        for (size_t g = 0; g < fan->n_groups; g++) {
            if (!any_value(bands ? measure->lower : measure->y, &lines[i], g))
                continue;
            if (sets.n > 0)
                script_next(script);
            sets.series[sets.n++] = (double)g + 1;
            if (bands)
                put_band(fan, measure, &lines[i], g);
            else
                put_line(fan, measure->y, &lines[i], g);
        }
        sets.last[i] = (double)sets.n;
        if (sets.first[i] > sets.last[i]) /* gnuplot reads the body of an empty loop once */
            sets.first[i] = 1, sets.last[i] = 0;
    }
    script_block_end(script);
    write_sets(fan, bands ? "band" : "line", &sets);
    return 0;
}

/* The points of one panel, ascending in x; a missing one is left out. */
static int put_observed(struct fan *fan, const struct facet *facet, struct sets *sets,
                        struct error *err) {
    struct script *script = &fan->drawing->script;
    const size_t rows = fan->drawing->sheet->rows;
    const size_t *order, *start;
    uint32_t *one = drawing_alloc(fan->drawing, rows, sizeof *one, err);
    if (!one)
        return ERROR_SYSTEM;
    for (size_t row = 0; row < rows; row++)
        one[row] = isnan(fan->observed[row]) || !shows(fan, facet, row) ? UINT32_MAX : 0;
    if (drawing_order(fan->drawing, one, 1, fan->x, &order, &start, err))
        return err->code;
    const size_t n = start[1], every = n / THIN_POINTS + 1;
    if (n == 0)
        return 0;
    if (sets->n > 0)
        script_next(script);
    sets->series[sets->n++] = 1;
    for (size_t i = 0; i < n; i += every)
        script_row(script, 2, (const double[]){fan->x[order[i]], fan->observed[order[i]]});
    return 0;
}

/* The points beside the lines of the first y. */
static int write_observed(struct fan *fan, struct error *err) {
    struct sets sets = {0};
    int status = make_sets(fan, &sets, err);
    if (status)
        return status;
    script_block(&fan->drawing->script, "observed");
    for (size_t i = 0; i < fan->n && status == 0; i++) {
        sets.first[i] = (double)sets.n + 1;
        if (fan->facets[i].measure == 0)
            status = put_observed(fan, &fan->facets[i], &sets, err);
        sets.last[i] = (double)sets.n;
        if (sets.first[i] > sets.last[i]) /* as above */
            sets.first[i] = 1, sets.last[i] = 0;
    }
    script_block_end(&fan->drawing->script);
    write_sets(fan, "observed", &sets);
    return status;
}

/* Half way between the last row without a mark and the first with one. */
static int write_mark(struct fan *fan, struct error *err) {
    const double *mark;
    double before = -INFINITY, from = INFINITY;
    if (drawing_numbers(fan->drawing, "mark", &mark, err))
        return err->code;
    for (size_t row = 0; row < fan->drawing->sheet->rows; row++)
        if (mark[row] > 0)
            from = fmin(from, fan->x[row]);
    for (size_t row = 0; row < fan->drawing->sheet->rows; row++)
        if (!(mark[row] > 0) && fan->x[row] < from)
            before = fmax(before, fan->x[row]);
    const bool has = isfinite(before) && isfinite(from);
    script_number(&fan->drawing->script, "has_mark", has);
    script_number(&fan->drawing->script, "mark_x", has ? (before + from) / 2 : 0);
    return 0;
}

static int write_blocks(struct fan *fan, struct error *err) {
    struct script *script = &fan->drawing->script;
    struct lines *lines = drawing_alloc(fan->drawing, fan->n, sizeof *lines, err);
    double *measure = drawing_alloc(fan->drawing, fan->n, sizeof *measure, err);
    double *lowest = drawing_alloc(fan->drawing, fan->n, sizeof *lowest, err);
    if (!lines || !measure || !lowest)
        return ERROR_SYSTEM;
    int status = 0;
    for (size_t i = 0; i < fan->n && status == 0; i++) {
        status = find_lines(fan, &fan->facets[i], &lines[i], err);
        measure[i] = (double)fan->facets[i].measure + 1;
        lowest[i] = i + fan->grid_columns >= fan->n;
    }
    if (status == 0)
        status = write_block(fan, lines, false, err);
    if (status == 0)
        status = write_block(fan, lines, true, err);
    script_numbers(script, "panel_y", measure, fan->n);
    script_numbers(script, "panel_lowest", lowest, fan->n);
    script_number(script, "marked", fan->longest * fan->grid_columns <= MARKED_POINTS);
    if (status == 0 && fan->observed)
        status = write_observed(fan, err);
    if (status == 0 && drawing_has(fan->drawing, "mark"))
        status = write_mark(fan, err);
    return status;
}

static bool has_bands(const struct fan *fan) {
    for (size_t m = 0; m < fan->n_measures; m++)
        for (size_t row = 0; row < fan->drawing->sheet->rows; row++)
            if (!isnan(fan->measures[m].lower[row]) && !isnan(fan->measures[m].upper[row]))
                return true;
    return false;
}

/* ---- Names of the lines -------------------------------------------------------------------- */

/* In a single panel each line has its name where it ends. */
static int label_lines(struct fan *fan, struct error *err) {
    struct side_label *labels = drawing_alloc(fan->drawing, fan->n_groups, sizeof *labels, err);
    if (!labels)
        return ERROR_SYSTEM;
    const struct facet *facet = &fan->facets[0];
    const double *y = fan->measures[facet->measure].y;
    size_t n = 0;
    for (size_t g = 0; g < fan->n_groups; g++) {
        double last = NAN, at = -INFINITY;
        for (size_t row = 0; row < fan->drawing->sheet->rows; row++) {
            if (!shows(fan, facet, row) || fan->group.of_row[row] != g || isnan(y[row]) ||
                fan->x[row] < at)
                continue;
            last = y[row];
            at = fan->x[row];
        }
        if (!isnan(last))
            labels[n++] = (struct side_label){fan->names[g], last, g};
    }
    return drawing_side_labels(fan->drawing, DRAWING_RIGHT, &fan->panels[0], labels, n, err);
}

static double widest_name(const struct fan *fan) {
    size_t widest = 0;
    for (size_t g = 0; g < fan->n_groups; g++) {
        size_t width = text_width(fan->names[g]);
        widest = width > widest ? width : widest;
    }
    return (double)widest;
}

int shape_fan(struct drawing *drawing, struct error *err) {
    struct fan fan = {.drawing = drawing};
    struct area area;
    int status = read_scale(&fan, err);
    if (status == 0)
        status = read_columns(&fan, err);
    if (status == 0)
        status = find_facets(&fan, err);
    if (status == 0)
        status = drawing_series(drawing, DRAWING_BY_NAME, fan.group.names, fan.n_groups, 20,
                                &fan.names, err);
    if (status)
        return status;
    choose_grid(&fan);
    if (!drawing->text && has_bands(&fan))
        status = drawing_note_bands(drawing, err);
    if (status)
        return status;
    bool named = fan.n_groups > 1 || fan.names[0].length > 0;
    bool beside = named && fan.n == 1;
    status = drawing_frame(drawing, fan.names, named && !beside ? fan.n_groups : 0, &area, err);
    double right = drawing_text_width(drawing, beside ? widest_name(&fan) + 4.5 : 1, DRAWING_LABEL);
    if (status == 0)
        status = place(&fan, &area, right, err);
    if (status == 0)
        status = drawing_panels(drawing, fan.panels, fan.n, err);
    if (status == 0 && beside)
        status = label_lines(&fan, err);
    return status ? status : write_blocks(&fan, err);
}
