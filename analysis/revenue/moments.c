/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Exact moments of money. Sums of squares need 190 bits, the numerator of the variance 254, that of
 * the residuals of a ratio 351: they are worked out in 64-bit limbs, the lowest first.
 *
 * Contents: one amount; wide integers; its variance; pairs of amounts. */
#include "revenue/moments.h"

#include <math.h>
#include <stdbool.h>

static const double units_squared = (double)DECIMAL_ONE * DECIMAL_ONE; /* exact: 10^12 */

/* ---- One amount ------------------------------------------------------------------------------ */

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

/* ---- Wide integers --------------------------------------------------------------------------- */

enum { LIMBS = 6 };

struct wide {
    uint64_t limb[LIMBS];
};

static struct wide wide_of(moments_word low, uint64_t high) {
    return (struct wide){{(uint64_t)low, (uint64_t)(low >> 64), high}};
}

/* What passes 384 bits is not there by the bounds above. */
static struct wide multiply(const struct wide *a, const struct wide *b) {
    struct wide product = {{0}};
    for (int i = 0; i < LIMBS; i++) {
        uint64_t carry = 0;
        for (int j = 0; i + j < LIMBS && a->limb[i] != 0; j++) {
            const moments_word sum =
                (moments_word)a->limb[i] * b->limb[j] + product.limb[i + j] + carry;
            product.limb[i + j] = (uint64_t)sum;
            carry = (uint64_t)(sum >> 64);
        }
    }
    return product;
}

static void add(struct wide *a, const struct wide *b) {
    uint64_t carry = 0;
    for (int i = 0; i < LIMBS; i++) {
        const moments_word sum = (moments_word)a->limb[i] + b->limb[i] + carry;
        a->limb[i] = (uint64_t)sum;
        carry = (uint64_t)(sum >> 64);
    }
}

static void subtract(struct wide *a, const struct wide *b) {
    uint64_t borrow = 0;
    for (int i = 0; i < LIMBS; i++) {
        const moments_word taken = (moments_word)b->limb[i] + borrow;
        borrow = a->limb[i] < taken;
        a->limb[i] -= (uint64_t)taken;
    }
}

static double wide_to_double(const struct wide *a) {
    double x = 0;
    for (int i = LIMBS - 1; i >= 0; i--)
        x = ldexp(x, 64) + (double)a->limb[i];
    return x;
}

static moments_word size_of(decimal_sum sum) {
    return sum < 0 ? -(moments_word)sum : (moments_word)sum;
}

static struct wide product_of(decimal_sum a, decimal_sum b) {
    const struct wide left = wide_of(size_of(a), 0), right = wide_of(size_of(b), 0);
    return multiply(&left, &right);
}

/* ---- Its variance ---------------------------------------------------------------------------- */

double moments_mean(const struct moments *moments) {
    return moments->count == 0 ? NAN : decimal_sum_to_double(moments->sum) / (double)moments->count;
}

double moments_variance(const struct moments *moments) {
    if (moments->count < 2)
        return NAN;
    const struct wide squares = wide_of(moments->squares_low, moments->squares_high);
    const struct wide count = wide_of((moments_word)moments->count, 0);
    const struct wide sum_squared = product_of(moments->sum, moments->sum);
    struct wide numerator = multiply(&squares, &count);
    subtract(&numerator, &sum_squared);
    double n = (double)moments->count;
    return wide_to_double(&numerator) / units_squared / n / (n - 1);
}

double moments_squares(const struct moments *moments) {
    const struct wide squares = wide_of(moments->squares_low, moments->squares_high);
    return wide_to_double(&squares) / units_squared;
}

/* ---- Pairs of amounts ------------------------------------------------------------------------ */

static void add_square(struct moment_squares *into, const struct moment_squares *from) {
    into->low += from->low;
    into->high += from->high + (into->low < from->low);
}

static struct moment_squares signed_product(decimal a, decimal b) {
    const int128 product = (int128)a * b;
    return (struct moment_squares){product < 0 ? UINT64_MAX : 0, (moments_word)product};
}

void moment_pairs_add(struct moment_pairs *pairs, decimal x, decimal y) {
    const struct moment_squares xx = signed_product(x, x), xy = signed_product(x, y),
                                yy = signed_product(y, y);
    pairs->x += x;
    pairs->y += y;
    add_square(&pairs->xx, &xx);
    add_square(&pairs->xy, &xy);
    add_square(&pairs->yy, &yy);
}

void moment_pairs_merge(struct moment_pairs *into, const struct moment_pairs *from) {
    into->x += from->x;
    into->y += from->y;
    add_square(&into->xx, &from->xx);
    add_square(&into->xy, &from->xy);
    add_square(&into->yy, &from->yy);
}

double moment_pairs_ratio(const struct moment_pairs *pairs) {
    return pairs->x > 0 ? decimal_sum_to_double(pairs->y) / decimal_sum_to_double(pairs->x) : NAN;
}

/* The size of a signed sum; *ret_negative says its sign. */
static struct wide size_of_squares(const struct moment_squares *sum, bool *ret_negative) {
    struct moment_squares size = *sum;
    *ret_negative = sum->high >> 63 != 0;
    if (*ret_negative) {
        size.low = -sum->low;
        size.high = ~sum->high + (sum->low == 0);
    }
    return wide_of(size.low, size.high);
}

double moment_pairs_residuals(const struct moment_pairs *pairs) {
    bool negative;
    if (pairs->x <= 0)
        return NAN;
    const struct wide xx = size_of_squares(&pairs->xx, &negative),
                      yy = size_of_squares(&pairs->yy, &negative),
                      xy = size_of_squares(&pairs->xy, &negative);
    const struct wide x_x = product_of(pairs->x, pairs->x), x_y = product_of(pairs->x, pairs->y),
                      y_y = product_of(pairs->y, pairs->y);
    const struct wide last = multiply(&xx, &y_y), middle = multiply(&xy, &x_y);
    struct wide sum = multiply(&yy, &x_x);
    add(&sum, &last);
    for (int twice = 0; twice < 2; twice++) /* the signs of xy and of Y */
        (negative != (pairs->y < 0) ? add : subtract)(&sum, &middle);
    return wide_to_double(&sum) / wide_to_double(&x_x) / units_squared;
}
