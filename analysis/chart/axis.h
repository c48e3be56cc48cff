/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Axes: their ends, their tics, and how the tics read.
 *
 *     struct axis axis;
 *     if (axis_linear(&axis, 0, 1234567, 6, AXIS_NICE, arena, err)) ...   // 0.0M, 0.5M, 1.0M
 *
 * Tics stand at 1, 2 or 5 times a power of ten, and all labels of an axis have the same decimals.
 * Thousands are grouped by ','; from a million on labels are in M (10^6), bn (10^9) or tn (10^12),
 * and beyond, or far below 1, in powers of ten.
 */
#ifndef CHART_AXIS_H
#define CHART_AXIS_H

#include "base/arena.h"
#include "base/error.h"
#include "base/text.h"
#include <stdbool.h>
#include <stddef.h>

/* Texts and arrays live in the arena that made them. */
struct axis {
    double min, max; /* min < max; on a logarithmic axis 0 < min */
    bool logarithmic;
    size_t n;
    const double *at;
    const struct text *label;
    const struct text *second; /* a second line of each label, where it is not empty; or NULL */
};

enum axis_ends {
    AXIS_EXACT, /* the axis ends where the data does */
    AXIS_WHOLE, /* the same; the data are whole numbers, and so are the tics */
    AXIS_NICE,  /* the axis ends at tics, or a little beyond the data where those are far */
};

/* Values low <= high, both finite; if they are equal the axis opens around them. At most `most`
 * tics (at least 3 are allowed). */
int axis_linear(struct axis *ret, double low, double high, size_t most, enum axis_ends ends,
                struct arena *arena, struct error *err);

/* 0 < low <= high; tics at powers of ten, with 2 and 5 between them where there is room. */
int axis_logarithmic(struct axis *ret, double low, double high, size_t most, struct arena *arena,
                     struct error *err);

/* Positions 1 to n named by `names`; ends half a step beyond. */
int axis_names(struct axis *ret, const struct text *names, size_t n, struct arena *arena,
               struct error *err);

/* Positions of the periods that texts name, and the axis through them. If all are periods of one
 * kind (base/calendar.h) they lie as in the calendar; if all are numbers, as numbers; otherwise
 * evenly, in the order of their first appearance. at[i] is the position of texts[i]; an empty text
 * has nan. `columns` is how many columns of text fit beside each other. */
int axis_periods(struct axis *ret, double *at, const struct text *texts, size_t n, double columns,
                 struct arena *arena, struct error *err);

/* Where a value lies between the ends: 0 to 1; and back. */
double axis_fraction(const struct axis *axis, double value);
double axis_value(const struct axis *axis, double fraction);

/* The widest tic label, in columns. */
size_t axis_width(const struct axis *axis);

/* One number by itself, as a label beside a point: "52", "1,234", "0.0375", "2.35M". */
#define AXIS_TEXT 40
void axis_format(double value, char text[AXIS_TEXT]);

#endif
