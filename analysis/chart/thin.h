/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Thinning a long curve to what a picture can show. */
#ifndef CHART_THIN_H
#define CHART_THIN_H

#include "base/error.h"
#include <stddef.h>

#define THIN_POINTS 2000 /* at most about as many points are drawn of one curve */

/* Chooses points of the curve x (ascending), y: x is cut into `most` / 4 columns of equal width,
 * and of each column the first, the last, the lowest and the highest point stay (M4: Jugel, Jerzak,
 * Hackenbroich & Markl 2014, doi:10.14778/2732951.2732953), besides its first missing one (y nan),
 * so that gaps stay gaps. A curve of at most `most` points is kept whole. `keep`, as long as the
 * curve, gets the chosen indices, ascending; *ret_n says how many. */
void thin_curve(const double *x, const double *y, size_t n, size_t most, size_t *keep,
                size_t *ret_n);

#endif
