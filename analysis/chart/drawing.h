/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A chart being laid out: what the shapes share.
 *
 *     struct groups groups;
 *     const double *y;
 *     if (drawing_groups(drawing, "group", &groups, err)) ...
 *     if (drawing_numbers(drawing, "y", &y, err)) ...
 *     if (drawing_series(drawing, groups.names, groups.n, err)) ...
 *     if (drawing_frame(drawing, NULL, 0, &area, err)) ...       // title and caption are placed
 *     struct panel panel = {.left = area.left + 40, ...};
 *     if (drawing_panels(drawing, &panel, 1, err)) ...
 *     script_block(&drawing->script, "curve"); ...
 *
 * Lengths are pixels of the SVG, or cells of the terminal, counted from the upper left corner. The
 * script gets fractions of the picture counted from the lower left one, as gnuplot wants.
 *
 * What every script gets, whatever its shape (used by plots/common.gp):
 *
 *     text                      1 in a terminal of characters
 *     unit
 *     title, title_x, title_y; caption, caption_x, caption_y
 *     n_series, series_name[], series_color[], series_dash[]
 *     n_legend, legend_text[], legend_series[], legend_x[], legend_y[], swatch_width
 *     n_panels, panel_name[], panel_left[], panel_right[], panel_top[], panel_bottom[], name_gap
 *     x_min[], x_max[], y_min[], y_max[], x_log[], y_log[]       by panel
 *     x_first[], x_last[], x_at[], x_label[]                     the tics x_first[p] to x_last[p]
 *     y_first[], y_last[], y_at[], y_label[]
 *     n_left, left_text[], left_from[], left_at[], left_series[], left_edge
 *     n_right, right_text[], ...                                 labels beside panel 1
 */
#ifndef CHART_DRAWING_H
#define CHART_DRAWING_H

#include "base/arena.h"
#include "base/error.h"
#include "base/sheet.h"
#include "chart/axis.h"
#include "chart/chart.h"
#include "chart/script.h"
#include "chart/template.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { DRAWING_NOTES = 8 };

struct drawing {
    const struct sheet *sheet;
    const struct chart_options *options;
    struct template template;
    bool text;            /* drawn with characters */
    double width, height; /* a shape may raise the height before drawing_frame */
    struct script script; /* variables and data */
    struct arena arena;   /* lives as long as the drawing */
    struct text notes[DRAWING_NOTES];
    size_t n_notes;
};

/* ---- What the columns hold: arrays of sheet->rows, in the arena ------------------------------ */

bool drawing_has(const struct drawing *drawing, const char *role); /* is there such a column? */

/* nan for missing cells, and throughout if there is no such column. ERROR_DATA for a cell that is
 * no number. */
int drawing_numbers(struct drawing *drawing, const char *role, const double **ret,
                    struct error *err);

/* The same; ERROR_DATA also if all are missing: there is nothing to draw. */
int drawing_values(struct drawing *drawing, const char *role, const double **ret,
                   struct error *err);

/* The empty text for missing cells, and throughout if there is no such column. */
int drawing_texts(struct drawing *drawing, const char *role, const struct text **ret,
                  struct error *err);

/* Writes `unit`: what stands in the column of the role "unit" (a currency, say) if all rows agree,
 * otherwise the empty text. */
int drawing_unit(struct drawing *drawing, struct error *err);

struct groups {
    size_t n;
    const struct text *names; /* in the order of first appearance; "" for missing cells, and for
                                 "(all)" where there is no other */
    const uint32_t *of_row;
};

/* Rows by the value of one column; a single group if there is no such column. */
int drawing_groups(struct drawing *drawing, const char *role, struct groups *ret,
                   struct error *err);

/* The rows of each group by ascending x (ties in their order, nan left out): those of group g are
 * (*ret_rows)[start[g]] to [start[g + 1] - 1], with start[n]. `of_row` gives numbers below n, or
 * UINT32_MAX for rows to be left out. */
int drawing_order(struct drawing *drawing, const uint32_t *of_row, size_t n, const double *x,
                  const size_t **ret_rows, const size_t **ret_start, struct error *err);

/* ---- Measures ---------------------------------------------------------------------------------
 */
double drawing_text_width(const struct drawing *drawing, double columns, double points);
double drawing_line(const struct drawing *drawing, double points); /* height of a line of text */

/* Sizes of type, in points of the SVG. */
#define DRAWING_TITLE   15.0
#define DRAWING_LABEL   11.0
#define DRAWING_TIC     10.0
#define DRAWING_CAPTION 9.0

/* ---- Placing ---------------------------------------------------------------------------------
 */

/* Adds a sentence (without its full stop) to the caption, before the source. */
int drawing_note(struct drawing *drawing, struct error *err, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The same with what the template calls the bands: for a shape that draws some. */
int drawing_note_bands(struct drawing *drawing, struct error *err);

enum drawing_names {
    DRAWING_BY_NAME,  /* colours go by name, so that they are the same in any order of the rows */
    DRAWING_BY_ORDER, /* in this order, which means something */
    DRAWING_OURS,     /* words of the shape, not of the data: nor do options->colors concern them */
};

/* Names, colours and dashes of the series, numbered from 1 in this order. Names are shortened to
 * `columns`. The names of options->colors have the first colours, in their order and whether they
 * are in this chart or not; the others follow, and from the ninth on colours repeat with other
 * dashes. A single series without a name has the first colour. ret_names (may be NULL) are the
 * names as they are to be shown: in a terminal of characters, behind the character that draws the
 * series. */
int drawing_series(struct drawing *drawing, enum drawing_names whose, const struct text *names,
                   size_t n, size_t columns, const struct text **ret_names, struct error *err);

struct area {
    double left, right, top, bottom;
};

/* Places title, legend (n series with these texts; 0: none) and caption; the rest is for panels. */
int drawing_frame(struct drawing *drawing, const struct text *legend, size_t n, struct area *ret,
                  struct error *err);

struct panel {
    double left, right, top, bottom; /* of the axes, without their labels */
    struct axis x, y;
    bool downwards; /* y grows downwards */
    struct text name;
};

int drawing_panels(struct drawing *drawing, const struct panel *panels, size_t n,
                   struct error *err);

/* The y axis for values from low to high: from zero, unless that would flatten what happens far
 * above or below it. */
int drawing_value_axis(struct drawing *drawing, double low, double high, size_t most,
                       struct axis *ret, struct error *err);

enum drawing_side { DRAWING_LEFT, DRAWING_RIGHT };

struct side_label {
    struct text text;
    double value;  /* on the y axis */
    size_t series; /* from 0 */
};

/* Labels beside a panel, pushed apart; a side without a call has none. */
int drawing_side_labels(struct drawing *drawing, enum drawing_side side, const struct panel *panel,
                        const struct side_label *labels, size_t n, struct error *err);

/* ---- Small things ----------------------------------------------------------------------------
 */
struct text drawing_format(struct drawing *drawing, const char *format, ...)
    __attribute__((format(printf, 2, 3))); /* in the arena; empty when memory is out */
struct text drawing_words(struct drawing *drawing, struct text name); /* "a_b" becomes "a b" */
void *drawing_alloc(struct drawing *drawing, size_t n, size_t size, struct error *err);

#endif
