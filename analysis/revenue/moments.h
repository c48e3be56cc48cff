/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Exact moments of money: count, sum and sum of squares in integers.
 *
 *     struct moments paid = {0};
 *     moments_add(&paid, 1250000);              // 1.25
 *     moments_add(&paid, 3000000);              // 3.00
 *     double mean = moments_mean(&paid);        // 2.125
 *     double variance = moments_variance(&paid); // 1.53125
 *
 *     struct moment_pairs pairs = {0};          // for a ratio of two sums
 *     moment_pairs_add(&pairs, 2000000, 1000000);
 *     moment_pairs_add(&pairs, 4000000, 1000000);
 *     double ratio = moment_pairs_ratio(&pairs);            // 1/3
 *     double residuals = moment_pairs_residuals(&pairs);    // (1 - 2/3)^2 + (1 - 4/3)^2
 *
 * Nothing is rounded before the last division, so the order of adding, the number of threads and
 * the size of the values against their spread change no digit.
 */
#ifndef REVENUE_MOMENTS_H
#define REVENUE_MOMENTS_H

#include "base/decimal.h"
#include <stdint.h>

__extension__ typedef unsigned __int128 moments_word;

/* Zero-initialise. The sum of squares is 192 bits wide, in squared micro-units: 2^63 values of any
 * size fit. */
struct moments {
    int64_t count;
    uint64_t squares_high;
    moments_word squares_low;
    decimal_sum sum;
};

void moments_add(struct moments *moments, decimal value);
void moments_merge(struct moments *into, const struct moments *from);

/* Takes away what was added before: `part` must be moments of a part of the values of `whole`. */
void moments_remove(struct moments *whole, const struct moments *part);

/* In units of money; nan for count = 0. */
double moments_mean(const struct moments *moments);

/* Sample variance (n Q - S^2) / (n (n - 1)), in squared units; nan for count < 2. The numerator is
 * exact, so there is no cancellation and equal values give exactly 0. */
double moments_variance(const struct moments *moments);

/* Sum of squares, in squared units. */
double moments_squares(const struct moments *moments);

/* Sums of squares and products, 192 bits wide and signed (two's complement). */
struct moment_squares {
    uint64_t high;
    moments_word low;
};

/* Zero-initialise. 2^32 pairs of any size fit. */
struct moment_pairs {
    decimal_sum x, y;
    struct moment_squares xx, xy, yy;
};

void moment_pairs_add(struct moment_pairs *pairs, decimal x, decimal y);
void moment_pairs_merge(struct moment_pairs *into, const struct moment_pairs *from);

/* sum y / sum x; nan unless sum x is above 0. */
double moment_pairs_ratio(const struct moment_pairs *pairs);

/* Sum of (y - r x)^2 with r = sum y / sum x, in squared units; nan unless sum x is above 0. Worked
 * out exactly as (yy X^2 - 2 xy X Y + xx Y^2) / X^2, so that it is 0 if and only if y = r x for
 * every pair. */
double moment_pairs_residuals(const struct moment_pairs *pairs);

#endif
