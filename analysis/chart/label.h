/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Labels: cut to a width, wrapped into lines, and pushed apart until none covers another. */
#ifndef CHART_LABEL_H
#define CHART_LABEL_H

#include "base/arena.h"
#include "base/error.h"
#include "base/text.h"
#include <stddef.h>

/* The text, or as much of its start as fits `columns` (at least 1) with an ellipsis behind it. The
 * cut falls between characters, and never before a combining mark. */
int label_shorten(struct text text, size_t columns, struct arena *arena, struct text *ret,
                  struct error *err);

/* Breaks at blanks, or inside a word (CJK text has no blanks) that alone is wider than a line, into
 * at most `most` lines, of which the last is shortened if more would follow. ret_lines has room for
 * `most`; returned is how many were needed. Empty text: no lines. */
int label_wrap(struct text text, size_t columns, size_t most, struct arena *arena,
               struct text *ret_lines, size_t *ret_n, struct error *err);

/* Moves n positions so that neighbours are at least `gap` apart and all lie in [low, high], each as
 * near as can be to where it was: the sum of squared moves is least. Equal positions keep their
 * order. If they cannot fit, the gap shrinks until they do. nan is left alone.
 *
 * With d_i = wanted_i - i gap in ascending order this is isotonic regression, solved exactly by
 * pooling adjacent violators (Ayer et al. 1955, doi:10.1214/aoms/1177728423), then clamping. */
int label_spread(double *positions, size_t n, double gap, double low, double high,
                 struct error *err);

#endif
