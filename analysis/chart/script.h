/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Writing gnuplot that cannot be talked into anything.
 *
 *     struct script script = {0};
 *     script_number(&script, "n_series", 2);                     // n_series = 2
 *     script_texts(&script, "series_name", names, 2);            // array series_name[2] =
 * ['a','b'] script_block(&script, "curve");                            // $curve << DATA
 *     script_row(&script, 2, (const double[]){time, survival});  // 7 0.93
 *     script_next(&script);                                      // the next series: index 1
 *     script_block_end(&script);                                 // DATA
 *     if (script_check(&script, err)) ...
 *
 * Texts from outside appear in one place only: between single quotes, quotes in them taken out (and
 * joined on by number). There gnuplot reads no escapes, runs no backticks and expands no macros.
 * Control characters end the drawing, since a line end inside quotes would end the string. Data
 * blocks hold numbers only, written here, so that no text can look like the line that ends a block;
 * a label is looked up by its number in an array. Of the strings, only the labels of tics pass
 * through a format: there '%' is doubled.
 *
 * The first error sticks and is returned by script_check.
 */
#ifndef CHART_SCRIPT_H
#define CHART_SCRIPT_H

#include "base/buffer.h"
#include "base/error.h"
#include "base/text.h"
#include <stddef.h>

/* Zero-initialise. */
struct script {
    struct buffer bytes;
    struct error error;
};

void script_line(struct script *script, const char *line); /* gnuplot of our own, as it is */

/* Names of variables, arrays and blocks are written here or in templates: letters and '_'. */
void script_number(struct script *script, const char *name, double value);
void script_text(struct script *script, const char *name, struct text value);

/* Lines joined by line ends, "a" and "b" giving 'a'."\n".'b'. */
void script_paragraph(struct script *script, const char *name, const struct text *lines, size_t n);

/* gnuplot has no empty arrays: with n = 0 the array has one element that means nothing. */
void script_numbers(struct script *script, const char *name, const double *values, size_t n);
void script_texts(struct script *script, const char *name, const struct text *values, size_t n);
/* The same as labels of tics; `second` holds second lines, empty ones being none. */
void script_tic_texts(struct script *script, const char *name, const struct text *values,
                      const struct text *second, size_t n);

/* A data block. Columns are numbers; nan is a missing value. A block that got no rows holds one
 * that lies outside every axis, because gnuplot refuses empty ones. */
void script_block(struct script *script, const char *name);
void script_row(struct script *script, size_t n, const double *values);
void script_gap(struct script *script);  /* the line is broken here */
void script_next(struct script *script); /* what follows is the next data set ("index") */
void script_block_end(struct script *script);

int script_check(const struct script *script, struct error *err);
void script_free(struct script *script);

/* ERROR_DATA if the text holds a control character or is not UTF-8, naming it legibly. */
int script_accepts(struct text text, struct error *err);

#endif
