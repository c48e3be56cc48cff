/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Exact moments of money: count, sum and sum of squares in integers.
 *
 *     struct moments paid = {0};
 *     moments_add(&paid, 1250000);              // 1.25
 *     moments_add(&paid, 3000000);              // 3.00
 *     double mean = moments_mean(&paid);        // 2.125
 *     double variance = moments_variance(&paid); // 1.53125
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

#endif
