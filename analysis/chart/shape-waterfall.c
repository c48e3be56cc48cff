/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A waterfall: what leads from one level to another, read from top to bottom.
 *
 * Contents: reading the rows into bars; panels; blocks; places.
 */
#include "chart/label.h"
#include "chart/shape.h"

#include <math.h>

enum { MOST_PANELS = 8, MOST_BARS = 40, MOST_BARS_TEXT = 14 };
static const double half_bar = 0.375; /* of the distance between bars */

enum kind { MORE = 1, LESS, LEVEL };

struct bar {
    struct text name;
    enum kind kind;
    double from, to;     /* `to` is where the next bar begins */
    double lower, upper; /* where `to` may lie; nan: not known */
    struct text amount;
};

struct falls {
    struct text name, part;
    struct bar *bars;
    size_t n;
    size_t blocks;
    struct text first, last; /* periods */
    bool cut;                /* the axis does not start at zero */
    double least, most;
};

struct waterfall {
    struct drawing *drawing;
    struct falls *panels;
    size_t n, left_out;
};

/* ---- Reading --------------------------------------------------------------------------------- */

struct columns {
    const struct text *label, *detail, *from, *to, *panel, *part;
    const double *amount, *running, *lower, *upper;
};

static int read_columns(struct drawing *drawing, struct columns *ret, struct error *err) {
    int status = drawing_texts(drawing, "label", &ret->label, err);
    if (status == 0)
        status = drawing_texts(drawing, "detail", &ret->detail, err);
    if (status == 0)
        status = drawing_texts(drawing, "from", &ret->from, err);
    if (status == 0)
        status = drawing_texts(drawing, "to", &ret->to, err);
    if (status == 0)
        status = drawing_texts(drawing, "panel", &ret->panel, err);
    if (status == 0)
        status = drawing_texts(drawing, "part", &ret->part, err);
    if (status == 0)
        status = drawing_values(drawing, "amount", &ret->amount, err);
    if (status == 0)
        status = drawing_values(drawing, "running", &ret->running, err);
    if (status == 0)
        status = drawing_numbers(drawing, "lower", &ret->lower, err);
    return status ? status : drawing_numbers(drawing, "upper", &ret->upper, err);
}

static bool same_panel(const struct columns *columns, size_t a, size_t b) {
    return text_equal(columns->panel[a], columns->panel[b]) &&
           text_equal(columns->part[a], columns->part[b]);
}

static bool same_block(const struct columns *columns, size_t a, size_t b) {
    return same_panel(columns, a, b) && text_equal(columns->from[a], columns->from[b]) &&
           text_equal(columns->to[a], columns->to[b]);
}

static int add_bar(struct waterfall *waterfall, struct falls *panel, const struct columns *columns,
                   size_t row, enum kind kind, struct text name, struct error *err) {
    struct drawing *drawing = waterfall->drawing;
    double amount = columns->amount[row], running = columns->running[row];
    char text[AXIS_TEXT];
    struct bar *bar = &panel->bars[panel->n];
    if (script_accepts(name, err) ||
        label_shorten(name, drawing->text ? 18 : 30, &drawing->arena, &name, err))
        return err->code;
    axis_format(amount, text);
    *bar = (struct bar){
        .name = name,
        .kind = kind,
        .from = kind == LEVEL ? 0 : running - amount,
        .to = running,
        .lower = running - amount + columns->lower[row],
        .upper = running - amount + columns->upper[row],
        .amount = drawing_format(drawing, "%s%s", kind == MORE ? "+" : "", text),
    };
    if (bar->amount.length == 0)
        return error_memory(err);
    panel->n++;
    return 0;
}

/* The rows of a block: a level, what changes it, the level it leads to. The first level is there
 * already if the block goes on where the one before ended. */
static int add_block(struct waterfall *waterfall, struct falls *panel,
                     const struct columns *columns, size_t first, size_t end, struct error *err) {
    int status = 0;
    for (size_t row = first; row < end && status == 0; row++) {
        const bool level = row == first || row + 1 == end;
        struct text name = row == first ? columns->from[row] : columns->to[row];
        if (isnan(columns->amount[row]) || isnan(columns->running[row]) ||
            (row == first && panel->n > 0) || (!level && columns->amount[row] == 0))
            continue;
        if (!level) {
            const struct text detail = columns->detail[row];
            name = drawing_words(waterfall->drawing, columns->label[row]);
            if (detail.length > 0)
                name = drawing_format(waterfall->drawing, "%.*s, %.*s", (int)name.length,
                                      name.bytes, (int)detail.length, detail.bytes);
        }
        status = add_bar(waterfall, panel, columns, row,
                         level                      ? LEVEL
                         : columns->amount[row] > 0 ? MORE
                                                    : LESS,
                         name, err);
    }
    panel->blocks++;
    panel->last = columns->to[first];
    return status;
}

/* Blocks that follow each other are one waterfall, unless that is too long to be seen. */
static int read_panels(struct waterfall *waterfall, struct error *err) {
    struct drawing *drawing = waterfall->drawing;
    struct columns columns;
    const size_t rows = drawing->sheet->rows, most = drawing->text ? MOST_BARS_TEXT : MOST_BARS;
    if (read_columns(drawing, &columns, err))
        return err->code;
    waterfall->panels = drawing_alloc(drawing, rows + 1, sizeof *waterfall->panels, err);
    struct bar *bars = drawing_alloc(drawing, rows + 1, sizeof *bars, err);
    if (!waterfall->panels || !bars)
        return ERROR_SYSTEM;
    struct falls *panel = NULL;
    for (size_t row = 0, end; row < rows; row = end) {
        for (end = row + 1; end < rows && same_block(&columns, row, end);)
            end++;
        const bool follows = panel && same_panel(&columns, row, row - 1) &&
                             text_equal(columns.from[row], panel->last);
        if (!follows) {
            if (panel)
                bars = panel->bars + panel->n;
            if (panel && panel->n > most) { /* what came before is too long */
                waterfall->left_out++;
                waterfall->n--;
            }
            panel = &waterfall->panels[waterfall->n++];
            *panel = (struct falls){.name = columns.panel[row],
                                    .part = columns.part[row],
                                    .bars = bars,
                                    .first = columns.from[row]};
        }
        if (add_block(waterfall, panel, &columns, row, end, err))
            return err->code;
    }
    if (panel && panel->n > most) {
        waterfall->left_out++;
        waterfall->n--;
    }
    return 0;
}

/* ---- Panels ---------------------------------------------------------------------------------- */

static void find_range(struct falls *panel) {
    double least = INFINITY, most = -INFINITY;
    for (size_t i = 0; i < panel->n; i++) {
        const struct bar *bar = &panel->bars[i];
        const double ends[] = {bar->to, bar->lower, bar->upper};
        for (int e = 0; e < 3; e++) {
            if (isnan(ends[e]))
                continue;
            least = fmin(least, ends[e]);
            most = fmax(most, ends[e]);
        }
    }
    /* Bars from zero would hide changes that are small beside the levels. */
    panel->cut = least > 0 && most > least && most - least < 0.3 * most;
    panel->least = panel->cut ? least - 0.15 * (most - least) : fmin(least, 0);
    panel->most = panel->cut ? most : fmax(most, 0);
}

static int choose_panels(struct waterfall *waterfall, struct error *err) {
    struct drawing *drawing = waterfall->drawing;
    const size_t most = drawing->text ? 1 : MOST_PANELS;
    bool cut = false, whiskers = false;
    if (waterfall->n == 0)
        return error_set(err, ERROR_DATA,
                         waterfall->left_out > 0
                             ? "more bars than can be told apart: there is nothing to draw"
                             : "no row has an amount: there is nothing to draw");
    if (waterfall->n > most) {
        waterfall->left_out += waterfall->n - most;
        waterfall->n = most;
    }
    for (size_t p = 0; p < waterfall->n; p++) {
        struct falls *panel = &waterfall->panels[p];
        find_range(panel);
        cut |= panel->cut;
        for (size_t i = 0; i < panel->n; i++)
            whiskers |= !isnan(panel->bars[i].lower) && !isnan(panel->bars[i].upper);
        panel->name = drawing_format(
            drawing, "%.*s%s%.*s%s%.*s to %.*s%s", (int)panel->name.length, panel->name.bytes,
            panel->name.length > 0 ? ", " : "", (int)panel->part.length, panel->part.bytes,
            panel->part.length > 0 ? ", " : "", (int)panel->first.length, panel->first.bytes,
            (int)panel->last.length, panel->last.bytes, panel->blocks > 1 ? ", step by step" : "");
        if (script_accepts(panel->name, err))
            return err->code;
    }
    if (cut && drawing_note(drawing, err, "Axes do not start at zero where levels are short lines"))
        return err->code;
    const struct text bands = drawing->template.bands;
    if (whiskers && bands.length > 0 &&
        drawing_note(drawing, err, "Thin lines are %.*s", (int)bands.length, bands.bytes))
        return err->code;
    if (waterfall->left_out == 0)
        return 0;
    return drawing_note(drawing, err, "%zu of %zu are not drawn", waterfall->left_out,
                        waterfall->left_out + waterfall->n);
}

/* ---- Blocks ---------------------------------------------------------------------------------- */

/* A data set may not be empty: each begins with a row that lies outside every axis. */
static void begin_set(struct script *script, size_t p, size_t columns) {
    static const double outside[] = {-1e300, -1e300, 1, 1, 1};
    if (p > 0)
        script_next(script);
    script_row(script, columns, outside);
    script_gap(script);
}

/* A level is a short line where its axis is cut. */
static double level_from(const struct falls *panel, const struct bar *bar) {
    return panel->cut ? bar->to - (panel->most - panel->least) / 120 : 0;
}

static void write_bars(const struct waterfall *waterfall) {
    struct script *script = &waterfall->drawing->script;
    script_block(script, "bar");
    for (size_t p = 0; p < waterfall->n; p++) {
        const struct falls *panel = &waterfall->panels[p];
        begin_set(script, p, 5);
        for (size_t i = 0; i < panel->n; i++) {
            const struct bar *bar = &panel->bars[i];
            const double y = (double)i + 1;
            script_row(script, 5,
                       (const double[]){bar->kind == LEVEL ? level_from(panel, bar) : bar->from,
                                        bar->to, y - half_bar, y + half_bar, bar->kind});
        }
    }
    script_block_end(script);
}

/* From each bar down to the next, and along what `to` may be. */
static void write_lines(const struct waterfall *waterfall) {
    struct script *script = &waterfall->drawing->script;
    script_block(script, "link");
    for (size_t p = 0; p < waterfall->n; p++) {
        const struct falls *panel = &waterfall->panels[p];
        begin_set(script, p, 2);
        for (size_t i = 0; i + 1 < panel->n; i++) {
            const double x = panel->bars[i].to;
            script_gap(script);
            script_row(script, 2, (const double[]){x, (double)i + 1 + half_bar});
            script_row(script, 2, (const double[]){x, (double)i + 2 - half_bar});
        }
    }
    script_block_end(script);
    script_block(script, "whisker");
    for (size_t p = 0; p < waterfall->n; p++) {
        const struct falls *panel = &waterfall->panels[p];
        begin_set(script, p, 2);
        for (size_t i = 0; i < panel->n; i++) {
            const struct bar *bar = &panel->bars[i];
            if (isnan(bar->lower) || isnan(bar->upper))
                continue;
            script_gap(script);
            script_row(script, 2, (const double[]){bar->lower, (double)i + 1});
            script_row(script, 2, (const double[]){bar->upper, (double)i + 1});
        }
    }
    script_block_end(script);
}

/* For terminals: a line along each bar, by kind: index 3 (p - 1) + kind - 1. */
static void write_strokes(const struct waterfall *waterfall) {
    struct script *script = &waterfall->drawing->script;
    script_block(script, "stroke");
    for (size_t p = 0; p < waterfall->n; p++)
        for (int kind = MORE; kind <= LEVEL; kind++) {
            const struct falls *panel = &waterfall->panels[p];
            begin_set(script, p + (size_t)kind - 1, 2);
            for (size_t i = 0; i < panel->n; i++) {
                const struct bar *bar = &panel->bars[i];
                if ((int)bar->kind != kind)
                    continue;
                const double from = kind == LEVEL ? level_from(panel, bar) : bar->from;
                script_gap(script);
                script_row(script, 2, (const double[]){from, (double)i + 1});
                script_row(script, 2, (const double[]){bar->to, (double)i + 1});
            }
        }
    script_block_end(script);
}

/* The right end of a bar, or of what its end may be. */
static double right_end(const struct bar *bar) {
    double end = fmax(bar->from, bar->to);
    return isnan(bar->upper) ? end : fmax(end, bar->upper);
}

static int write_amounts(const struct waterfall *waterfall, struct error *err) {
    struct script *script = &waterfall->drawing->script;
    size_t total = 0, n = 0;
    for (size_t p = 0; p < waterfall->n; p++)
        total += waterfall->panels[p].n;
    struct text *texts = drawing_alloc(waterfall->drawing, total + 1, sizeof *texts, err);
    if (!texts)
        return ERROR_SYSTEM;
    script_block(script, "end");
    for (size_t p = 0; p < waterfall->n; p++) {
        const struct falls *panel = &waterfall->panels[p];
        begin_set(script, p, 3);
        for (size_t i = 0; i < panel->n; i++) {
            texts[n++] = panel->bars[i].amount;
            script_row(script, 3,
                       (const double[]){right_end(&panel->bars[i]), (double)i + 1, (double)n});
        }
    }
    script_block_end(script);
    script_texts(script, "end_text", texts, n);
    return 0;
}

/* ---- Places ---------------------------------------------------------------------------------- */

struct measures {
    double bar, name, axis, left,
        amount; /* heights of a bar, a name and an axis; widths of texts */
};

static struct measures measure(const struct waterfall *waterfall) {
    const struct drawing *drawing = waterfall->drawing;
    size_t name = 0, amount = 0;
    for (size_t p = 0; p < waterfall->n; p++)
        for (size_t i = 0; i < waterfall->panels[p].n; i++) {
            const struct bar *bar = &waterfall->panels[p].bars[i];
            name = text_width(bar->name) > name ? text_width(bar->name) : name;
            amount = text_width(bar->amount) > amount ? text_width(bar->amount) : amount;
        }
    return (struct measures){
        .bar = 24,
        .name = drawing->text ? 1 : 24,
        .axis = drawing->text ? 2 : 30,
        .left = drawing_text_width(drawing, (double)name + 2, DRAWING_LABEL),
        .amount = drawing_text_width(drawing, (double)amount + 2, DRAWING_TIC),
    };
}

static int place_panel(struct waterfall *waterfall, const struct falls *falls, struct panel *panel,
                       double amount_width, struct error *err) {
    struct drawing *drawing = waterfall->drawing;
    struct text *names = drawing_alloc(drawing, falls->n, sizeof *names, err);
    if (!names)
        return ERROR_SYSTEM;
    for (size_t i = 0; i < falls->n; i++)
        names[i] = falls->bars[i].name;
    const double room = amount_width / (panel->right - panel->left);
    const double pad = (falls->most - falls->least) * room / (1 - fmin(room, 0.5));
    const double low =
        falls->least < 0 ? falls->least - 0.02 * (falls->most - falls->least) : falls->least;
    panel->downwards = true;
    panel->name = falls->name;
    if (axis_linear(&panel->x, low, falls->most + pad, drawing->text ? 4 : 6, AXIS_EXACT,
                    &drawing->arena, err))
        return err->code;
    return axis_names(&panel->y, names, falls->n, &drawing->arena, err);
}

static int place(struct waterfall *waterfall, const struct text *legend, struct error *err) {
    struct drawing *drawing = waterfall->drawing;
    const struct measures measures = measure(waterfall);
    struct panel *panels = drawing_alloc(drawing, waterfall->n, sizeof *panels, err);
    struct area area;
    double height = 110;
    if (!panels)
        return ERROR_SYSTEM;
    for (size_t p = 0; p < waterfall->n; p++)
        height += measures.name + measures.axis + (double)waterfall->panels[p].n * measures.bar;
    if (!drawing->text)
        drawing->height = height;
    if (drawing_frame(drawing, legend, 2, &area, err))
        return err->code;
    const double over = (double)waterfall->n * (measures.name + measures.axis);
    size_t bars = 0, done = 0;
    for (size_t p = 0; p < waterfall->n; p++)
        bars += waterfall->panels[p].n;
    for (size_t p = 0; p < waterfall->n; p++) {
        const struct falls *falls = &waterfall->panels[p];
        const double each = (area.bottom - area.top - over) / (double)bars;
        panels[p] = (struct panel){
            .left = area.left + measures.left,
            .right = area.right,
            .top = area.top + (double)(p + 1) * measures.name + (double)p * measures.axis +
                   (double)done * each,
        };
        done += falls->n;
        panels[p].bottom = panels[p].top + (double)falls->n * each;
        if (place_panel(waterfall, falls, &panels[p], measures.amount, err))
            return err->code;
    }
    return drawing_panels(drawing, panels, waterfall->n, err);
}

int shape_waterfall(struct drawing *drawing, struct error *err) {
    struct waterfall waterfall = {.drawing = drawing};
    const struct text kinds[] = {text_of("more"), text_of("less")};
    const struct text *legend;
    if (read_panels(&waterfall, err) || choose_panels(&waterfall, err) ||
        drawing_series(drawing, DRAWING_OURS, kinds, 2, 40, &legend, err) ||
        place(&waterfall, legend, err))
        return err->code;
    write_bars(&waterfall);
    write_lines(&waterfall);
    write_strokes(&waterfall);
    return write_amounts(&waterfall, err);
}
