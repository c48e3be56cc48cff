/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A chart being laid out: title, caption, colours, legend, panels, labels at their side. */
#include "chart/drawing.h"

#include "base/dictionary.h"
#include "chart/label.h"
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* ---- Places, as gnuplot counts them -------------------------------------------------------- */

/* A place in a terminal of characters is the middle of its cell. */
static double screen_x(const struct drawing *drawing, double x) {
    return (x + (drawing->text ? 0.5 : 0)) / drawing->width;
}

static double screen_y(const struct drawing *drawing, double y) {
    return 1 - (y + (drawing->text ? 0.5 : 0)) / drawing->height;
}

static double margin(const struct drawing *drawing) {
    return drawing->text ? 0 : 14;
}

/* ---- Notes --------------------------------------------------------------------------------- */

int drawing_note(struct drawing *drawing, struct error *err, const char *format, ...) {
    char note[400];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(note, sizeof note, format, arguments);
    va_end(arguments);
    struct text kept = drawing_format(drawing, "%s", note);
    if (kept.length != strlen(note))
        return error_memory(err);
    if (drawing->n_notes < DRAWING_NOTES)
        drawing->notes[drawing->n_notes++] = kept;
    return 0;
}

int drawing_note_bands(struct drawing *drawing, struct error *err) {
    struct text bands = drawing->template.bands;
    if (bands.length == 0)
        return 0;
    return drawing_note(drawing, err, "Bands are %.*s", (int)bands.length, bands.bytes);
}

/* ---- Series -------------------------------------------------------------------------------- */

/* Okabe & Ito 2008, "Color Universal Design": told apart with any colour vision. Yellow comes last,
 * because it is faint on white. */
static const char *const palette[] = {"#0072B2", "#E69F00", "#009E73", "#CC79A7",
                                      "#56B4E9", "#D55E00", "#000000", "#F0E442"};
enum { COLORS = sizeof palette / sizeof *palette };

/* What gnuplot's terminal of characters draws line types with. */
static const char glyphs[] = "*#$%@&=";

static int add_listed(struct dictionary *colors, const char *list, struct error *err) {
    while (list && *list) {
        size_t length = strcspn(list, ",");
        struct text name = text_trim((struct text){list, length});
        uint32_t code;
        int status = name.length > 0 ? dictionary_add(colors, name, &code, err) : 0;
        if (status)
            return status;
        list += length + (list[length] == ',');
    }
    return 0;
}

static int add_names(struct dictionary *colors, const struct text *names, size_t n,
                     struct error *err) {
    uint32_t code;
    int status = 0;
    for (size_t i = 0; i < n && status == 0; i++)
        status = dictionary_add(colors, names[i], &code, err);
    return status;
}

/* Adds the names to the colours in sorted order. */
static int add_sorted(struct dictionary *colors, const struct text *names, size_t n,
                      struct drawing *drawing, struct error *err) {
    struct dictionary sorted = {0};
    uint32_t code, *order = drawing_alloc(drawing, n, sizeof *order, err);
    int status = order ? add_names(&sorted, names, n, err) : ERROR_SYSTEM;
    if (status == 0)
        dictionary_order(&sorted, order);
    for (uint32_t i = 0; i < sorted.count && status == 0; i++)
        status = dictionary_add(colors, dictionary_name(&sorted, order[i]), &code, err);
    dictionary_free(&sorted);
    return status;
}

static int write_series(struct drawing *drawing, const struct dictionary *colors,
                        const struct text *names, const struct text *shown, size_t n,
                        struct error *err) {
    struct text *color = drawing_alloc(drawing, n, sizeof *color, err);
    double *dash = drawing_alloc(drawing, n, sizeof *dash, err);
    if (!color || !dash)
        return ERROR_SYSTEM;
    for (size_t i = 0; i < n; i++) {
        uint32_t code = 0;
        dictionary_find(colors, names[i], &code);
        color[i] = text_of(palette[code % COLORS]);
        dash[i] = 1 + code / COLORS % 5;
    }
    script_number(&drawing->script, "n_series", (double)n);
    script_texts(&drawing->script, "series_name", shown, n);
    script_texts(&drawing->script, "series_color", color, n);
    script_numbers(&drawing->script, "series_dash", dash, n);
    return 0;
}

/* Names as they are shown. */
static int show_names(struct drawing *drawing, const struct text *names, size_t n, size_t columns,
                      struct text *shown, struct error *err) {
    for (size_t i = 0; i < n; i++) {
        /* What is cut must be well formed first. */
        int status = script_accepts(names[i], err);
        if (status == 0)
            status = label_shorten(names[i], columns, &drawing->arena, &shown[i], err);
        if (status)
            return status;
        char glyph = glyphs[i % (sizeof glyphs - 1)];
        if (drawing->text && n > 1)
            shown[i] = drawing_format(drawing, "%c%c %.*s", glyph, glyph, (int)shown[i].length,
                                      shown[i].bytes);
    }
    return 0;
}

int drawing_series(struct drawing *drawing, enum drawing_names whose, const struct text *names,
                   size_t n, size_t columns, const struct text **ret_names, struct error *err) {
    struct text *shown = drawing_alloc(drawing, n, sizeof *shown, err);
    if (!shown)
        return ERROR_SYSTEM;
    struct dictionary colors = {0};
    int status = 0;
    if (whose == DRAWING_OURS || (n == 1 && names[0].length == 0)) {
        status = add_names(&colors, names, n, err);
    } else {
        status = add_listed(&colors, drawing->options->colors, err);
        if (status == 0)
            status = whose == DRAWING_BY_NAME ? add_sorted(&colors, names, n, drawing, err)
                                              : add_names(&colors, names, n, err);
    }
    if (status == 0)
        status = show_names(drawing, names, n, columns, shown, err);
    if (status == 0)
        status = write_series(drawing, &colors, names, shown, n, err);
    dictionary_free(&colors);
    if (ret_names)
        *ret_names = shown;
    return status;
}

/* ---- Title and caption --------------------------------------------------------------------- */

enum { MOST_LINES = 4 };

struct paragraph {
    struct text lines[MOST_LINES];
    size_t n;
};

static int wrap(struct drawing *drawing, struct text text, double points, size_t most,
                struct paragraph *ret, struct error *err) {
    int status = script_accepts(text, err);
    if (status)
        return status;
    double room = drawing->width - 2 * margin(drawing);
    /* Sentences, with their blanks, are narrower than names and numbers. */
    double prose = drawing->text ? 1 : 0.87;
    size_t columns = (size_t)(room / (prose * drawing_text_width(drawing, 1, points)));
    return label_wrap(text, columns, most, &drawing->arena, ret->lines, &ret->n, err);
}

static int place_title(struct drawing *drawing, double *top, struct error *err) {
    const char *given = drawing->options->title;
    struct paragraph title = {0};
    int status = wrap(drawing, given ? text_of(given) : drawing->template.title, DRAWING_TITLE, 2,
                      &title, err);
    if (status)
        return status;
    double height = (double)title.n * drawing_line(drawing, DRAWING_TITLE);
    double first = *top + margin(drawing) / 2;
    script_paragraph(&drawing->script, "title", title.lines, title.n);
    script_number(&drawing->script, "title_x", screen_x(drawing, margin(drawing)));
    script_number(&drawing->script, "title_y",
                  screen_y(drawing, first + (drawing->text ? 0 : DRAWING_TITLE)));
    *top = first + height + margin(drawing) / 2;
    return 0;
}

/* "Note. Note. Source: SOURCE" */
static struct text join_notes(struct drawing *drawing) {
    struct text all = text_of("");
    for (size_t i = 0; i < drawing->n_notes; i++)
        all = drawing_format(drawing, "%.*s%s%.*s.", (int)all.length, all.bytes,
                             all.length > 0 ? " " : "", (int)drawing->notes[i].length,
                             drawing->notes[i].bytes);
    const char *source = drawing->options->source;
    if (source && *source)
        all = drawing_format(drawing, "%.*s%sSource: %s", (int)all.length, all.bytes,
                             all.length > 0 ? " " : "", source);
    return all;
}

static int place_caption(struct drawing *drawing, double *bottom, struct error *err) {
    struct paragraph caption = {0};
    size_t most = drawing->text ? 2 : MOST_LINES;
    int status = wrap(drawing, join_notes(drawing), DRAWING_CAPTION, most, &caption, err);
    if (status)
        return status;
    double line = drawing_line(drawing, DRAWING_CAPTION);
    double first = *bottom - margin(drawing) / 2 - (double)caption.n * line;
    script_paragraph(&drawing->script, "caption", caption.lines, caption.n);
    script_number(&drawing->script, "caption_x", screen_x(drawing, margin(drawing)));
    script_number(&drawing->script, "caption_y",
                  screen_y(drawing, first + (drawing->text ? 0 : line / 2)));
    *bottom = first - margin(drawing) / 2;
    return 0;
}

/* ---- Legend -------------------------------------------------------------------------------- */

static double swatch(const struct drawing *drawing) {
    return drawing->text ? 0 : 22;
}

/* From left to right, as many lines as it takes. */
static int place_legend(struct drawing *drawing, const struct text *texts, size_t n, double *top,
                        struct error *err) {
    double *at_x = drawing_alloc(drawing, n, sizeof *at_x, err);
    double *at_y = drawing_alloc(drawing, n, sizeof *at_y, err);
    double *series = drawing_alloc(drawing, n, sizeof *series, err);
    if (!at_x || !at_y || !series)
        return ERROR_SYSTEM;
    double line = drawing->text ? 1 : DRAWING_LABEL * 1.6;
    double x = margin(drawing), y = *top + (drawing->text ? 0 : line / 2);
    for (size_t i = 0; i < n; i++) {
        double width = swatch(drawing) + drawing_text_width(drawing, 3, DRAWING_LABEL) +
                       drawing_text_width(drawing, (double)text_width(texts[i]), DRAWING_LABEL);
        if (x > margin(drawing) && x + width > drawing->width - margin(drawing)) {
            x = margin(drawing);
            y += line;
        }
        at_x[i] = screen_x(drawing, x);
        at_y[i] = screen_y(drawing, y);
        series[i] = (double)i + 1;
        x += width;
    }
    if (n > 0)
        *top = y + (drawing->text ? 1 : line / 2 + margin(drawing) / 3);
    script_number(&drawing->script, "n_legend", (double)n);
    script_texts(&drawing->script, "legend_text", texts, n);
    script_numbers(&drawing->script, "legend_series", series, n);
    script_numbers(&drawing->script, "legend_x", at_x, n);
    script_numbers(&drawing->script, "legend_y", at_y, n);
    script_number(&drawing->script, "swatch_width", swatch(drawing) / drawing->width);
    return 0;
}

int drawing_frame(struct drawing *drawing, const struct text *legend, size_t n, struct area *ret,
                  struct error *err) {
    double top = 0, bottom = drawing->height;
    int status = place_title(drawing, &top, err);
    if (status == 0)
        status = place_legend(drawing, legend, n, &top, err);
    if (status == 0)
        status = place_caption(drawing, &bottom, err);
    *ret = (struct area){margin(drawing), drawing->width - margin(drawing), top, bottom};
    if (drawing->text)
        ret->right -= 1; /* the last column */
    return status;
}

/* ---- Panels -------------------------------------------------------------------------------- */

/* What the script gets as one array each, over all panels. */
static const char *const panel_arrays[] = {
    "panel_left", "panel_right", "panel_top", "panel_bottom", "x_min",  "x_max",   "y_min",
    "y_max",      "x_log",       "y_log",     "x_first",      "x_last", "y_first", "y_last"};
enum { PANEL_ARRAYS = sizeof panel_arrays / sizeof *panel_arrays };

/* The values of one panel, in the order above; its tics follow the x_before and y_before of the
 * panels before it. Without tics the loop is from 1 to 0: gnuplot reads the body of an empty loop
 * once, with the first number. */
static void describe_panel(const struct drawing *drawing, const struct panel *panel,
                           size_t x_before, size_t y_before, double values[PANEL_ARRAYS]) {
    const struct axis *x = &panel->x, *y = &panel->y;
    const double described[] = {
        screen_x(drawing, panel->left),
        screen_x(drawing, panel->right),
        screen_y(drawing, panel->top),
        screen_y(drawing, panel->bottom),
        x->min,
        x->max,
        panel->downwards ? y->max : y->min,
        panel->downwards ? y->min : y->max,
        x->logarithmic,
        y->logarithmic,
        x->n > 0 ? (double)x_before + 1 : 1,
        x->n > 0 ? (double)(x_before + x->n) : 0,
        y->n > 0 ? (double)y_before + 1 : 1,
        y->n > 0 ? (double)(y_before + y->n) : 0,
    };
    memcpy(values, described, sizeof described);
}

static int write_places(struct drawing *drawing, const struct panel *panels, size_t n,
                        struct error *err) {
    double *values = drawing_alloc(drawing, n * PANEL_ARRAYS, sizeof *values, err);
    if (!values)
        return ERROR_SYSTEM;
    size_t x_before = 0, y_before = 0;
    for (size_t i = 0; i < n; i++) {
        double panel[PANEL_ARRAYS];
        describe_panel(drawing, &panels[i], x_before, y_before, panel);
        for (size_t k = 0; k < PANEL_ARRAYS; k++)
            values[k * n + i] = panel[k];
        x_before += panels[i].x.n;
        y_before += panels[i].y.n;
    }
    for (size_t k = 0; k < PANEL_ARRAYS; k++)
        script_numbers(&drawing->script, panel_arrays[k], values + k * n, n);
    return 0;
}

/* The tics of all panels, one behind the other. */
static int write_tics(struct drawing *drawing, const struct panel *panels, size_t n, bool x,
                      struct error *err) {
    size_t total = 0, done = 0;
    for (size_t i = 0; i < n; i++)
        total += x ? panels[i].x.n : panels[i].y.n;
    double *at = drawing_alloc(drawing, total, sizeof *at, err);
    struct text *label = drawing_alloc(drawing, total, sizeof *label, err);
    struct text *second = drawing_alloc(drawing, total, sizeof *second, err);
    if (!at || !label || !second)
        return ERROR_SYSTEM;
    for (size_t i = 0; i < n; i++) {
        const struct axis *axis = x ? &panels[i].x : &panels[i].y;
        for (size_t k = 0; k < axis->n; k++, done++) {
            at[done] = axis->at[k];
            label[done] = axis->label[k];
            second[done] = axis->second ? axis->second[k] : text_of("");
        }
    }
    script_numbers(&drawing->script, x ? "x_at" : "y_at", at, total);
    script_tic_texts(&drawing->script, x ? "x_label" : "y_label", label, second, total);
    return 0;
}

int drawing_panels(struct drawing *drawing, const struct panel *panels, size_t n,
                   struct error *err) {
    struct text *names = drawing_alloc(drawing, n, sizeof *names, err);
    if (!names)
        return ERROR_SYSTEM;
    for (size_t i = 0; i < n; i++)
        names[i] = panels[i].name;
    script_number(&drawing->script, "n_panels", (double)n);
    script_texts(&drawing->script, "panel_name", names, n);
    script_number(&drawing->script, "name_gap",
                  (drawing->text ? 1 : DRAWING_LABEL) / drawing->height);
    int status = write_places(drawing, panels, n, err);
    if (status == 0)
        status = write_tics(drawing, panels, n, true, err);
    return status ? status : write_tics(drawing, panels, n, false, err);
}

int drawing_value_axis(struct drawing *drawing, double low, double high, size_t most,
                       struct axis *ret, struct error *err) {
    bool flat = high - low <= 1e-9 * fmax(fabs(low), fabs(high));
    if (low > 0 && (flat || low < 0.6 * high))
        low = 0;
    if (high < 0 && (flat || high > 0.6 * low))
        high = 0;
    return axis_linear(ret, low, high, most, AXIS_NICE, &drawing->arena, err);
}

/* ---- Labels at the side -------------------------------------------------------------------- */

static void write_named(struct script *script, bool texts, const char *side, const char *name,
                        const void *values, size_t n) {
    char whole[32];
    snprintf(whole, sizeof whole, "%s_%s", side, name);
    if (texts)
        script_texts(script, whole, values, n);
    else
        script_numbers(script, whole, values, n);
}

/* Where on the axis, in fractions of its height from below, each label is to stand. */
static int spread_labels(const struct drawing *drawing, const struct panel *panel, double *places,
                         size_t n, struct error *err) {
    double height = panel->bottom - panel->top;
    double gap = drawing_line(drawing, DRAWING_LABEL) / height;
    double over = drawing->text ? 0 : gap / 2; /* the first and last may stand out by half a line */
    return label_spread(places, n, gap, -over, 1 + over, err);
}

int drawing_side_labels(struct drawing *drawing, enum drawing_side side, const struct panel *panel,
                        const struct side_label *labels, size_t n, struct error *err) {
    const char *name = side == DRAWING_LEFT ? "left" : "right";
    struct text *texts = drawing_alloc(drawing, n, sizeof *texts, err);
    double *from = drawing_alloc(drawing, n, sizeof *from, err);
    double *at = drawing_alloc(drawing, n, sizeof *at, err);
    double *series = drawing_alloc(drawing, n, sizeof *series, err);
    if (!texts || !from || !at || !series)
        return ERROR_SYSTEM;
    for (size_t i = 0; i < n; i++) {
        texts[i] = labels[i].text;
        from[i] = labels[i].value;
        at[i] = axis_fraction(&panel->y, labels[i].value);
        series[i] = (double)labels[i].series + 1;
    }
    int status = spread_labels(drawing, panel, at, n, err);
    for (size_t i = 0; i < n; i++)
        at[i] = axis_value(&panel->y, at[i]);
    struct script *script = &drawing->script;
    char count[16];
    snprintf(count, sizeof count, "n_%s", name);
    script_number(script, count, (double)n);
    write_named(script, true, name, "text", texts, n);
    write_named(script, false, name, "from", from, n);
    write_named(script, false, name, "at", at, n);
    write_named(script, false, name, "series", series, n);
    /* Where the lines from the curves to the labels end, in widths of the panel. */
    double reach = (drawing->text ? 1 : swatch(drawing)) / (panel->right - panel->left);
    snprintf(count, sizeof count, "%s_edge", name);
    script_number(script, count, side == DRAWING_LEFT ? -reach : 1 + reach);
    return status;
}
