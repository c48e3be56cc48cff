/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The beta-PERT distribution: what an expert means by lowest, likeliest and highest.
 *
 *     double arpu = pert_draw(0.90, 1.25, 1.60, stream);
 */
#ifndef STATS_PERT_H
#define STATS_PERT_H

#include "base/random.h"

/* Draws from low + (high - low) B, where B is Beta(1 + 4 r, 1 + 4 (1 - r)) and r the place of the
 * mode within the range: mean (low + 4 mode + high) / 6 (Malcolm, Roseboom, Clark & Fazar 1959,
 * doi:10.1287/opre.7.5.646). Needs low <= mode <= high; gives the mode, and draws nothing, if low
 * is high. */
double pert_draw(double low, double mode, double high, struct random_stream *stream);

#endif
