/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A line of text per row with a point and its interval beside it, around a line of reference.
 *
 *   1. Rows
 *   2. Lines: which row stands where
 *   3. Texts beside the points
 *   4. Axes
 *   5. Blocks
 *   6. Places
 */
#include "chart/label.h"
#include "chart/shape.h"

#include "base/number.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    MOST_LINES = 60,
    MOST_LINES_TEXT = 14,
    LABEL_COLUMNS = 34,
    LABEL_COLUMNS_TEXT = 20,
    HEADING_COLUMNS = 23
};
static const double line_height = 22;   /* pixels */
static const double between_names = .5; /* lines, where a name has several */

struct item {
    size_t row, group;
    struct text estimate, beside;
    double y;
};

struct name {
    struct text text;
    double y;
};

/* A panel: its items, those of one label together, and the labels. */
struct facet {
    struct item *items;
    size_t n;
    struct name *names;
    size_t n_names;
    double height; /* lines */
};

struct forest {
    struct drawing *drawing;
    const double *point, *lower, *upper, *p;
    const struct text *texts;
    struct groups label, group, panel;
    bool logarithmic, common; /* the axis; one for all panels */
    double reference;         /* nan: none */
    struct facet *facets;
    struct panel *panels;
    size_t *ranks; /* [values of panel] in which order they are drawn; SIZE_MAX: not at all */
    size_t n;
    size_t lines;                          /* drawn, of all panels */
    size_t name_columns, estimate_columns; /* widest texts */
    size_t beside_columns;
};

/* ---- 1. Rows ------------------------------------------------------------------------------- */

static int read_scale(struct forest *forest, struct error *err) {
    const struct template *template = &forest->drawing->template;
    forest->logarithmic = text_is(template->scale, "log");
    forest->common = text_is(template->scale, "common");
    forest->reference = NAN;
    if (template->scale.length > 0 && !forest->logarithmic && !forest->common)
        return error_set(err, ERROR_SYSTEM,
                         "template %s: found scale '%.*s', expected log or common",
                         template->file->name, (int)template->scale.length, template->scale.bytes);
    if (template->reference.length > 0 &&
        !number_parse(template->reference, '.', &forest->reference))
        return error_set(
            err, ERROR_SYSTEM, "template %s: found reference '%.*s', expected a number",
            template->file->name, (int)template->reference.length, template->reference.bytes);
    return 0;
}

static int read_columns(struct forest *forest, struct error *err) {
    struct drawing *drawing = forest->drawing;
    int status = read_scale(forest, err);
    if (status == 0)
        status = drawing_values(drawing, "point", &forest->point, err);
    if (status == 0)
        status = drawing_numbers(drawing, "lower", &forest->lower, err);
    if (status == 0)
        status = drawing_numbers(drawing, "upper", &forest->upper, err);
    if (status == 0)
        status = drawing_numbers(drawing, "p", &forest->p, err);
    if (status == 0)
        status = drawing_texts(drawing, "text", &forest->texts, err);
    if (status == 0)
        status = drawing_groups(drawing, "label", &forest->label, err);
    if (status == 0)
        status = drawing_groups(drawing, "group", &forest->group, err);
    return status ? status : drawing_groups(drawing, "panel", &forest->panel, err);
}

/* A place on the axis, in the measure that distances are judged by. */
static double place_of(const struct forest *forest, double value) {
    if (!forest->logarithmic || isnan(value))
        return value;
    return value > 0 ? log(value) : -INFINITY;
}

static bool drawable(const struct forest *forest, double value) {
    return isfinite(place_of(forest, value));
}

/* ---- 2. Lines ------------------------------------------------------------------------------ */

/* Where not all rows have room, the panels that the template names, if there are any of them. */
static int rank_panels(struct forest *forest, size_t most, struct error *err) {
    const struct groups *panel = &forest->panel;
    const struct drawing *drawing = forest->drawing;
    bool named = false;
    forest->ranks = drawing_alloc(forest->drawing, panel->n, sizeof *forest->ranks, err);
    if (!forest->ranks)
        return ERROR_SYSTEM;
    for (size_t i = 0; i < panel->n && drawing->sheet->rows > most; i++) {
        forest->ranks[i] = template_rank(drawing->template.panels, panel->names[i]);
        named |= forest->ranks[i] < SIZE_MAX;
    }
    for (size_t i = 0; i < panel->n && !named; i++)
        forest->ranks[i] = i;
    return 0;
}

/* Panel, then label in the order of first appearance, then the order of the rows. */
static int by_place(const void *a, const void *b, void *context) {
    const struct forest *forest = context;
    size_t left = ((const struct item *)a)->row, right = ((const struct item *)b)->row;
    const uint32_t *panel = forest->panel.of_row, *label = forest->label.of_row;
    if (panel[left] != panel[right])
        return forest->ranks[panel[left]] < forest->ranks[panel[right]] ? -1 : 1;
    if (label[left] != label[right])
        return label[left] < label[right] ? -1 : 1;
    return (left > right) - (left < right);
}

static int shorten_name(struct forest *forest, struct text text, struct name *name,
                        struct error *err) {
    struct drawing *drawing = forest->drawing;
    size_t most = drawing->text ? LABEL_COLUMNS_TEXT : LABEL_COLUMNS;
    int status = script_accepts(text, err);
    if (status == 0)
        status = label_shorten(text, most, &drawing->arena, &name->text, err);
    size_t width = text_width(name->text);
    forest->name_columns = width > forest->name_columns ? width : forest->name_columns;
    return status;
}

/* Lines count from 1; a name stands in the middle of its own. */
static int place_lines(struct forest *forest, struct facet *facet, struct error *err) {
    double y = 1, gap = forest->group.n > 1 && !forest->drawing->text ? between_names : 0;
    const uint32_t *label = forest->label.of_row;
    for (size_t i = 0, to; i < facet->n; i = to) {
        double first = y;
        for (to = i; to < facet->n && label[facet->items[to].row] == label[facet->items[i].row];)
            facet->items[to++].y = y++;
        struct name *name = &facet->names[facet->n_names++];
        name->y = forest->drawing->text ? first : (first + y - 1) / 2;
        int status =
            shorten_name(forest, forest->label.names[label[facet->items[i].row]], name, err);
        if (status)
            return status;
        y += gap;
    }
    facet->height = y - gap - 1;
    return 0;
}

static int find_lines(struct forest *forest, struct error *err) {
    struct drawing *drawing = forest->drawing;
    size_t all = drawing->sheet->rows, most = drawing->text ? MOST_LINES_TEXT : MOST_LINES;
    size_t rows = 0;
    struct item *items = drawing_alloc(drawing, all, sizeof *items, err);
    struct name *names = drawing_alloc(drawing, all, sizeof *names, err);
    forest->facets = drawing_alloc(drawing, forest->panel.n, sizeof *forest->facets, err);
    forest->panels = drawing_alloc(drawing, forest->panel.n, sizeof *forest->panels, err);
    if (!items || !names || !forest->facets || !forest->panels ||
        rank_panels(forest, MOST_LINES, err))
        return ERROR_SYSTEM;
    for (size_t row = 0; row < all; row++)
        if (forest->ranks[forest->panel.of_row[row]] < SIZE_MAX)
            items[rows++] = (struct item){.row = row, .group = forest->group.of_row[row]};
    qsort_r(items, rows, sizeof *items, by_place, forest);
    int status = 0;
    for (size_t from = 0, to; from < rows && status == 0; from = to) {
        size_t used = forest->lines + (drawing->text && forest->n > 0 ? 4 * forest->n : 0);
        uint32_t panel = forest->panel.of_row[items[from].row];
        for (to = from; to < rows && forest->panel.of_row[items[to].row] == panel;)
            to++;
        if (used >= most)
            break;
        struct facet *facet = &forest->facets[forest->n++];
        facet->items = items + from;
        facet->names = names + from;
        facet->n = to - from < most - used ? to - from : most - used;
        forest->lines += facet->n;
        forest->panels[forest->n - 1].name = forest->panel.names[panel];
        status = place_lines(forest, facet, err);
    }
    if (status == 0 && forest->lines < all)
        status = drawing_note(drawing, err, "%zu of %zu rows shown", forest->lines, all);
    return status;
}

/* ---- 3. Texts beside the points ------------------------------------------------------------ */

/* Decimals that give the width of an interval two significant digits. */
static int decimals_for(double width) {
    if (!(width > 0) || !isfinite(width))
        return -1;
    int decimals = 1 - (int)floor(log10(width) + 1e-9);
    return decimals < 0 ? 0 : decimals > 8 ? 8 : decimals;
}

static void format_value(double value, int decimals, char text[64]) {
    char plain[AXIS_TEXT];
    axis_format(value, plain);
    if (isnan(value))
        snprintf(text, 64, "?");
    else if (decimals < 0 || fabs(value) >= 1e6)
        snprintf(text, 64, "%s", plain);
    else
        number_format_grouped(value, decimals, text);
}

/* "0.75 (0.65 to 0.87)", as many decimals as the interval can tell apart. */
static struct text estimate_text(struct forest *forest, size_t row) {
    double point = forest->point[row], lower = forest->lower[row], upper = forest->upper[row];
    char value[64], from[64], to[64];
    if (isnan(point))
        return text_of("");
    bool wide = forest->logarithmic && !(upper <= 100 * lower); /* each with digits of its own */
    int decimals = wide ? -1 : decimals_for(upper - lower);
    if (forest->logarithmic && !wide && upper < 10 && decimals < 2)
        decimals = 2; /* ratios: their lower half lies between 0 and 1 */
    format_value(point, decimals, value);
    if (isnan(lower) && isnan(upper))
        return drawing_format(forest->drawing, "%s%s", value,
                              point == forest->reference ? " (reference)" : "");
    format_value(lower, decimals, from);
    format_value(upper, decimals, to);
    return drawing_format(forest->drawing, "%s (%s to %s)", value, from, to);
}

/* p-values as they are printed in papers, any other number short, any other text as it is. */
static int beside_text(struct forest *forest, size_t row, struct text *ret, struct error *err) {
    struct drawing *drawing = forest->drawing;
    double p = forest->p[row], number;
    struct text text = forest->texts[row];
    char plain[AXIS_TEXT];
    if (!isnan(p)) {
        *ret = p < 0.001 ? drawing_format(drawing, "<0.001") : drawing_format(drawing, "%.3f", p);
        return 0;
    }
    if (number_parse(text, '.', &number)) {
        axis_format(number, plain);
        *ret = drawing_format(drawing, "%s", plain);
        return 0;
    }
    int status = script_accepts(text, err);
    return status ? status : label_shorten(text, 16, &drawing->arena, ret, err);
}

static int write_texts(struct forest *forest, struct error *err) {
    for (size_t f = 0; f < forest->n; f++)
        for (size_t i = 0; i < forest->facets[f].n; i++) {
            struct item *item = &forest->facets[f].items[i];
            item->estimate = estimate_text(forest, item->row);
            int status = beside_text(forest, item->row, &item->beside, err);
            if (status)
                return status;
            size_t estimate = text_width(item->estimate), beside = text_width(item->beside);
            if (estimate > forest->estimate_columns)
                forest->estimate_columns = estimate;
            if (beside > forest->beside_columns)
                forest->beside_columns = beside;
        }
    return 0;
}

/* ---- 4. Axes ------------------------------------------------------------------------------- */

static int ascending(const void *a, const void *b) {
    double left = *(const double *)a, right = *(const double *)b;
    return (left > right) - (left < right);
}

/* How far beyond the outermost points an interval is drawn: one that is far wider than the others
 * would press them into a dot. Three times the median width, or three quarters of the spread. */
static int farthest(struct forest *forest, const struct facet *facets, size_t n_facets,
                    double spread, double *ret, struct error *err) {
    size_t n = 0, most = 0;
    for (size_t f = 0; f < n_facets; f++)
        most += facets[f].n;
    double *widths = drawing_alloc(forest->drawing, most, sizeof *widths, err);
    if (!widths)
        return ERROR_SYSTEM;
    for (size_t f = 0; f < n_facets; f++)
        for (size_t i = 0; i < facets[f].n; i++) {
            size_t row = facets[f].items[i].row;
            double width =
                place_of(forest, forest->upper[row]) - place_of(forest, forest->lower[row]);
            if (isfinite(width))
                widths[n++] = width;
        }
    qsort(widths, n, sizeof *widths, ascending);
    *ret = fmax(n > 0 ? 3 * widths[n / 2] : 0, 0.75 * spread);
    return 0;
}

/* What the axis of a panel shows: of its own rows, or of all panels' if it is common to them. */
static int find_range(struct forest *forest, const struct facet *facet, double *low, double *high,
                      struct error *err) {
    const struct facet *facets = forest->common ? forest->facets : facet;
    const size_t n_facets = forest->common ? forest->n : 1;
    double first = place_of(forest, forest->reference), last = first, reach;
    double least = INFINITY, most = -INFINITY;
    for (size_t f = 0; f < n_facets; f++)
        for (size_t i = 0; i < facets[f].n; i++) {
            size_t row = facets[f].items[i].row;
            if (!drawable(forest, forest->point[row]))
                continue;
            first = fmin(first, place_of(forest, forest->point[row]));
            last = fmax(last, place_of(forest, forest->point[row]));
            least = fmin(least, place_of(forest, forest->lower[row]));
            most = fmax(most, place_of(forest, forest->upper[row]));
        }
    if (isnan(first)) /* no point, no reference */
        first = last = 0;
    int status = farthest(forest, facets, n_facets, last - first, &reach, err);
    if (status)
        return status;
    *low = fmin(first, fmax(least, first - reach));
    *high = fmax(last, fmin(most, last + reach));
    if (forest->logarithmic) {
        *low = exp(*low);
        *high = exp(*high);
    }
    return 0;
}

/* A narrow logarithmic axis has the tics of a linear one: powers of ten would be too far apart. */
static int make_axis(struct forest *forest, const struct facet *facet, struct axis *ret,
                     struct error *err) {
    double low, high;
    size_t most = forest->drawing->text ? 4 : 9;
    struct arena *arena = &forest->drawing->arena;
    int status = find_range(forest, facet, &low, &high, err);
    if (status)
        return status;
    if (forest->logarithmic && high > 5 * low)
        return axis_logarithmic(ret, low, high, most, arena, err);
    status = axis_linear(ret, low, high, most, AXIS_NICE, arena, err);
    ret->logarithmic = forest->logarithmic;
    return status;
}

/* ---- 5. Blocks ----------------------------------------------------------------------------- */

/* The part of an interval that is on the axis; false if there is none. */
static bool clip(const struct forest *forest, const struct axis *axis, size_t row, double *from,
                 double *to) {
    *from = fmax(forest->lower[row], axis->min);
    *to = fmin(forest->upper[row], axis->max);
    return !isnan(forest->lower[row]) && !isnan(forest->upper[row]) &&
           drawable(forest, forest->point[row]) && *from <= *to;
}

static void write_intervals(struct forest *forest) {
    struct script *script = &forest->drawing->script;
    script_block(script, "interval");
    for (size_t f = 0; f < forest->n; f++) {
        const struct axis *axis = &forest->panels[f].x;
        bool any = false;
        if (f > 0)
            script_next(script);
        for (size_t i = 0; i < forest->facets[f].n; i++) {
            const struct item *item = &forest->facets[f].items[i];
            double from, to;
            if (!clip(forest, axis, item->row, &from, &to))
                continue;
            bool beyond =
                forest->lower[item->row]<axis->min, above = forest->upper[item->row]> axis->max;
            any = true;
            script_row(script, 6,
                       (const double[]){from, to, item->y, (double)item->group + 1, beyond, above});
        }
        if (!any) /* gnuplot warns of an empty set: this one lies beyond the panel */
            script_row(script, 6, (const double[]){axis->max, axis->max, -1e9, 1, 0, 0});
    }
    script_block_end(script);
}

static void write_points(struct forest *forest) {
    struct script *script = &forest->drawing->script;
    script_block(script, "point");
    for (size_t f = 0; f < forest->n; f++) {
        bool any = false;
        if (f > 0)
            script_next(script);
        for (size_t i = 0; i < forest->facets[f].n; i++) {
            const struct item *item = &forest->facets[f].items[i];
            double point = forest->point[item->row];
            if (!drawable(forest, point))
                continue;
            any = true;
            script_row(script, 3, (const double[]){point, item->y, (double)item->group + 1});
        }
        if (!any)
            script_row(script, 3, (const double[]){forest->panels[f].x.max, -1e9, 1});
    }
    script_block_end(script);
}

/* Names and texts of all panels, one behind the other: those of panel p are row_first[p] to
 * row_last[p], its names name_first[p] to name_last[p]. */
static int write_words(struct forest *forest, struct error *err) {
    struct drawing *drawing = forest->drawing;
    struct script *script = &drawing->script;
    struct text *names = drawing_alloc(drawing, forest->lines, sizeof *names, err);
    struct text *estimates = drawing_alloc(drawing, forest->lines, sizeof *estimates, err);
    struct text *besides = drawing_alloc(drawing, forest->lines, sizeof *besides, err);
    double *numbers =
        drawing_alloc(drawing, 2 * forest->lines + 4 * forest->n, sizeof *numbers, err);
    if (!names || !estimates || !besides || !numbers)
        return ERROR_SYSTEM;
    double *name_y = numbers, *row_y = name_y + forest->lines, *first = row_y + forest->lines;
    double *last = first + forest->n, *row_first = last + forest->n;
    double *row_last = row_first + forest->n;
    size_t n_names = 0, n_rows = 0;
    for (size_t f = 0; f < forest->n; f++) {
        const struct facet *facet = &forest->facets[f];
        first[f] = (double)n_names + 1;
        row_first[f] = (double)n_rows + 1;
        for (size_t i = 0; i < facet->n_names; i++) {
            names[n_names] = facet->names[i].text;
            name_y[n_names++] = facet->names[i].y;
        }
        for (size_t i = 0; i < facet->n; i++) {
            estimates[n_rows] = facet->items[i].estimate;
            besides[n_rows] = facet->items[i].beside;
            row_y[n_rows++] = facet->items[i].y;
        }
        last[f] = (double)n_names;
        row_last[f] = (double)n_rows;
    }
    script_texts(script, "name_text", names, n_names);
    script_numbers(script, "name_y", name_y, n_names);
    script_numbers(script, "name_first", first, forest->n);
    script_numbers(script, "name_last", last, forest->n);
    script_texts(script, "estimate_text", estimates, n_rows);
    script_texts(script, "beside_text", besides, n_rows);
    script_numbers(script, "row_y", row_y, n_rows);
    script_numbers(script, "row_first", row_first, forest->n);
    script_numbers(script, "row_last", row_last, forest->n);
    return 0;
}

static void write_reference(const struct forest *forest) {
    struct script *script = &forest->drawing->script;
    script_number(script, "has_reference", !isnan(forest->reference));
    script_number(script, "reference", forest->reference);
}

/* ---- 6. Places ----------------------------------------------------------------------------- */

/* Widths beside the panels, in pixels or cells. */
struct widths {
    double name, estimate, beside;
};

/* Between a panel and the texts right of it. */
static double gap_beside(const struct drawing *drawing) {
    return drawing_text_width(drawing, drawing->text ? 3 : 1.5, DRAWING_TIC);
}

static struct widths find_widths(const struct forest *forest) {
    const struct drawing *drawing = forest->drawing;
    double name = (double)forest->name_columns + 2,
           estimate = fmax(forest->estimate_columns, HEADING_COLUMNS) + 2,
           beside = forest->beside_columns > 0 ? (double)forest->beside_columns + 1 : 0;
    return (struct widths){drawing_text_width(drawing, name, DRAWING_LABEL),
                           drawing_text_width(drawing, estimate, DRAWING_TIC),
                           drawing_text_width(drawing, beside, DRAWING_TIC)};
}

/* Where names and texts start, in widths of the panel from its left edge. */
static void write_places(const struct forest *forest, const struct widths *widths) {
    struct script *script = &forest->drawing->script;
    const struct panel *panel = &forest->panels[0];
    double width = panel->right - panel->left, gap = gap_beside(forest->drawing);
    script_number(script, "name_x", -widths->name / width);
    script_number(script, "estimate_x", 1 + gap / width);
    script_number(script, "beside_x", 1 + (gap + widths->estimate) / width);
    script_number(script, "has_beside", forest->beside_columns > 0);
}

static int place(struct forest *forest, const struct area *area, struct error *err) {
    struct drawing *drawing = forest->drawing;
    const struct widths widths = find_widths(forest);
    bool text = drawing->text;
    double top = area->top, gap = gap_beside(drawing);
    for (size_t f = 0; f < forest->n; f++) {
        struct panel *panel = &forest->panels[f];
        panel->left = area->left + widths.name;
        panel->right = area->right - gap - widths.estimate - widths.beside;
        panel->top = top + (text ? 1 : 26);
        panel->bottom = panel->top + forest->facets[f].height * (text ? 1 : line_height);
        panel->downwards = true;
        /* In a terminal rows stand on whole cells, the axis in the cell below the last of them.
         * gnuplot cuts the upper edge down to a cell and rounds everything else. */
        const double edge = text ? 1 : 0.5;
        panel->y = (struct axis){.min = edge, .max = edge + forest->facets[f].height};
        panel->top -= text ? 0.5 : 0;
        top = panel->bottom + (text ? 2 : 34);
        int status = make_axis(forest, &forest->facets[f], &panel->x, err);
        if (status == 0)
            status = script_accepts(panel->name, err);
        if (status == 0)
            status = label_shorten(panel->name, text ? 40 : 60, &drawing->arena, &panel->name, err);
        if (status)
            return status;
    }
    write_places(forest, &widths);
    return drawing_panels(drawing, forest->panels, forest->n, err);
}

/* The picture is as high as its lines need. */
static void choose_height(struct forest *forest) {
    double height = 92;
    for (size_t f = 0; f < forest->n; f++)
        height += forest->facets[f].height * line_height + 60;
    if (!forest->drawing->text)
        forest->drawing->height = height;
}

static bool goes_beyond(struct forest *forest, struct error *err) {
    for (size_t f = 0; f < forest->n; f++) {
        double low, high;
        if (find_range(forest, &forest->facets[f], &low, &high, err))
            return false;
        for (size_t i = 0; i < forest->facets[f].n; i++) {
            size_t row = forest->facets[f].items[i].row;
            if (forest->lower[row] < low || forest->upper[row] > high)
                return true;
        }
    }
    return false;
}

int shape_forest(struct drawing *drawing, struct error *err) {
    struct forest forest = {.drawing = drawing};
    const struct text *legend;
    struct area area;
    int status = read_columns(&forest, err);
    if (status == 0)
        status = find_lines(&forest, err);
    if (status == 0)
        status = write_texts(&forest, err);
    if (status == 0)
        status = drawing_series(drawing, DRAWING_BY_NAME, forest.group.names, forest.group.n, 24,
                                &legend, err);
    if (status == 0 && goes_beyond(&forest, err))
        status = drawing_note(drawing, err, "An arrow: the interval goes on beyond the axis");
    if (status)
        return status;
    choose_height(&forest);
    bool named = forest.group.n > 1;
    status = drawing_frame(drawing, legend, named ? forest.group.n : 0, &area, err);
    if (status == 0)
        status = place(&forest, &area, err);
    if (status)
        return status;
    write_reference(&forest);
    write_intervals(&forest);
    write_points(&forest);
    return write_words(&forest, err);
}
