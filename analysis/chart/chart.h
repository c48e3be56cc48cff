/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Charts: a tool's result and a template of plots/ become one self-contained gnuplot script, which
 * gnuplot turns into a picture.
 *
 *     struct output *picture;
 *     if (chart_draw("churn-survival", &result, &options, "km.svg", &picture, err)) ...
 *     if (output_commit(&picture, err)) ...
 *
 * Which template: plots/TOOL.gp or plots/TOOL.VARIANT.gp, the first (in this order, variants by
 * name) whose columns the result has. Each template starts by naming the shape that lays its data
 * out (see chart/shape.h) and the columns it needs.
 *
 * Every text that comes from outside is quoted so that gnuplot cannot take it for a command; see
 * chart/script.h. gnuplot is run by fork and exec, never through a shell.
 */
#ifndef CHART_CHART_H
#define CHART_CHART_H

#include "base/buffer.h"
#include "base/error.h"
#include "base/output.h"
#include "base/sheet.h"
#include <stdbool.h>
#include <stddef.h>

struct chart_options {
    const char *title;  /* NULL: the template's */
    const char *source; /* shown in the caption; NULL: none */
    const char
        *colors; /* "TikTok,RedNote": these series take the first colours, in this order, so
                    that a platform has one colour in all charts of a report; NULL: by name */
};

enum chart_kind {
    CHART_SVG,
    CHART_PDF,
    CHART_PNG,
    CHART_TXT, /* for a terminal, 79 columns and 23 lines of UTF-8 */
    CHART_GP,  /* the script: `gnuplot FILE` writes an SVG to standard output */
};

/* "svg", "pdf", "png", "txt" or "gp"; false if it is none of them. */
bool chart_kind_named(const char *name, enum chart_kind *ret);

/* Draws `result` into a temporary file beside `path`, for the caller to commit. The kind is the
 * extension: svg, pdf, png, txt (for a terminal), gp (the script itself); anything else is
 * ERROR_USAGE. A result without the columns of any template, or without rows, is ERROR_DATA;
 * gnuplot missing, failing or complaining is ERROR_SYSTEM with its own words. */
int chart_draw(const char *tool, const struct sheet *result, const struct chart_options *options,
               const char *path, struct output **ret, struct error *err);

/* The same, appended to `picture`. */
int chart_render(const char *tool, const struct sheet *result, const struct chart_options *options,
                 enum chart_kind kind, struct buffer *picture, struct error *err);

/* Whether any template exists for this tool. */
bool chart_exists(const char *tool);

/* The i-th chart there is, counted from 0: "arpu-loss" and the columns that its table must have,
 * "month,revenue_lost", cut off at `size` bytes. False behind the last. Several charts of one tool
 * follow each other. */
bool chart_list(size_t i, char *tool, char *columns, size_t size);

#endif
