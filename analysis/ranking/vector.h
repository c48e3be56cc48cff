/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Short vectors of floats, four lanes at a time, as wide as every 64-bit machine goes without
 * asking: products and sums are rounded one by one and in an order that depends on the length
 * alone.
 *
 *     float match = vector_dot(taste, embedding, 16);
 *     vector_add(profile, 0.3f, embedding, 16);
 */
#ifndef RANKING_VECTOR_H
#define RANKING_VECTOR_H

#include <stddef.h>

/* Aligned as a float is, because vectors lie anywhere. */
typedef float vector_quad __attribute__((vector_size(16), aligned(4), may_alias));

/* Sum of a[k] b[k]: lane by lane for whole quads, (first + third) + (second + fourth) lane, then
 * what is left one by one. */
static inline float vector_dot(const float *a, const float *b, size_t n) {
    vector_quad sum = {0, 0, 0, 0};
    size_t k = 0;
    for (; k + 16 <= n; k += 16) {
        sum += *(const vector_quad *)(a + k) * *(const vector_quad *)(b + k);
        sum += *(const vector_quad *)(a + k + 4) * *(const vector_quad *)(b + k + 4);
        sum += *(const vector_quad *)(a + k + 8) * *(const vector_quad *)(b + k + 8);
        sum += *(const vector_quad *)(a + k + 12) * *(const vector_quad *)(b + k + 12);
    }
    for (; k + 4 <= n; k += 4)
        sum += *(const vector_quad *)(a + k) * *(const vector_quad *)(b + k);
    float total = (sum[0] + sum[2]) + (sum[1] + sum[3]);
    for (; k < n; k++)
        total += a[k] * b[k];
    return total;
}

/* vector_dot of a with each of m vectors, in sixteen dimensions with a in registers. */
static inline void vector_dots(const float *a, const float *const *b, size_t m, size_t n,
                               float *ret) {
    if (n != 16) {
        for (size_t i = 0; i < m; i++)
            ret[i] = vector_dot(a, b[i], n);
        return;
    }
    const vector_quad *own = (const vector_quad *)a, zero = {0, 0, 0, 0};
    const vector_quad a0 = own[0], a1 = own[1], a2 = own[2], a3 = own[3];
    for (size_t i = 0; i < m; i++) {
        const vector_quad *other = (const vector_quad *)b[i];
        vector_quad sum = zero + a0 * other[0];
        sum += a1 * other[1];
        sum += a2 * other[2];
        sum += a3 * other[3];
        ret[i] = (sum[0] + sum[2]) + (sum[1] + sum[3]);
    }
}

/* a[k] += sum over i of factors[i] b[i][k], the first one first. */
static inline void vector_add_all(float *a, const float *factors, const float *const *b, size_t m,
                                  size_t n) {
    size_t k = 0;
    for (; k + 4 <= n; k += 4) {
        vector_quad sum = *(const vector_quad *)(a + k);
        for (size_t i = 0; i < m; i++) {
            const vector_quad factor = {factors[i], factors[i], factors[i], factors[i]};
            sum += factor * *(const vector_quad *)(b[i] + k);
        }
        *(vector_quad *)(a + k) = sum;
    }
    for (; k < n; k++)
        for (size_t i = 0; i < m; i++)
            a[k] += factors[i] * b[i][k];
}

/* a[k] += factor * b[k] */
static inline void vector_add(float *a, float factor, const float *b, size_t n) {
    const vector_quad factors = {factor, factor, factor, factor};
    size_t k = 0;
    for (; k + 4 <= n; k += 4)
        *(vector_quad *)(a + k) += factors * *(const vector_quad *)(b + k);
    for (; k < n; k++)
        a[k] += factor * b[k];
}

/* a[k] /= by */
static inline void vector_divide(float *a, float by, size_t n) {
    const vector_quad divisors = {by, by, by, by};
    size_t k = 0;
    for (; k + 4 <= n; k += 4)
        *(vector_quad *)(a + k) /= divisors;
    for (; k < n; k++)
        a[k] /= by;
}

#endif
