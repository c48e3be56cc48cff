/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Exact moments of money. Sums of squares need 190 bits and the numerator of the variance 254: it
 * is worked out in four 64-bit limbs, the lowest first. */
#include "revenue/moments.h"

#include <math.h>

struct wide {
    uint64_t limb[4];
};

static const double units_squared = (double)DECIMAL_ONE * DECIMAL_ONE; /* exact: 10^12 */

static void add_squares(struct moments *moments, moments_word low, uint64_t high) {
    moments->squares_low += low;
    moments->squares_high += high + (moments->squares_low < low);
}

void moments_add(struct moments *moments, decimal value) {
    moments->count++;
    moments->sum += value;
    add_squares(moments, (moments_word)((int128)value * value), 0);
}

void moments_merge(struct moments *into, const struct moments *from) {
    into->count += from->count;
    into->sum += from->sum;
    add_squares(into, from->squares_low, from->squares_high);
}

void moments_remove(struct moments *whole, const struct moments *part) {
    whole->count -= part->count;
    whole->sum -= part->sum;
    whole->squares_high -= part->squares_high + (whole->squares_low < part->squares_low);
    whole->squares_low -= part->squares_low;
}

/* product += a * b * 2^(64 shift); whatever passes 256 bits is not there by the bounds above. */
static void add_product(struct wide *product, uint64_t a, uint64_t b, int shift) {
    moments_word carry = (moments_word)a * b;
    for (int i = shift; i < 4 && carry != 0; i++) {
        moments_word limb = (moments_word)product->limb[i] + (uint64_t)carry;
        product->limb[i] = (uint64_t)limb;
        carry = (carry >> 64) + (limb >> 64);
    }
}

static void subtract(struct wide *a, const struct wide *b) {
    uint64_t borrow = 0;
    for (int i = 0; i < 4; i++) {
        moments_word taken = (moments_word)b->limb[i] + borrow;
        borrow = a->limb[i] < taken;
        a->limb[i] -= (uint64_t)taken;
    }
}

static double wide_to_double(const struct wide *a) {
    double x = 0;
    for (int i = 3; i >= 0; i--)
        x = ldexp(x, 64) + (double)a->limb[i];
    return x;
}

static struct wide squares_times(const struct moments *moments, uint64_t factor) {
    struct wide product = {{0}};
    add_product(&product, (uint64_t)moments->squares_low, factor, 0);
    add_product(&product, (uint64_t)(moments->squares_low >> 64), factor, 1);
    add_product(&product, moments->squares_high, factor, 2);
    return product;
}

static struct wide square(decimal_sum sum) {
    moments_word size = sum < 0 ? -(moments_word)sum : (moments_word)sum;
    uint64_t low = (uint64_t)size, high = (uint64_t)(size >> 64);
    struct wide product = {{0}};
    add_product(&product, low, low, 0);
    add_product(&product, low, high, 1);
    add_product(&product, low, high, 1);
    add_product(&product, high, high, 2);
    return product;
}

double moments_mean(const struct moments *moments) {
    return moments->count == 0 ? NAN : decimal_sum_to_double(moments->sum) / (double)moments->count;
}

double moments_variance(const struct moments *moments) {
    if (moments->count < 2)
        return NAN;
    struct wide numerator = squares_times(moments, (uint64_t)moments->count);
    struct wide sum_squared = square(moments->sum);
    subtract(&numerator, &sum_squared);
    double n = (double)moments->count;
    return wide_to_double(&numerator) / units_squared / n / (n - 1);
}

double moments_squares(const struct moments *moments) {
    struct wide squares = squares_times(moments, 1);
    return wide_to_double(&squares) / units_squared;
}
