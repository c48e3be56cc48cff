/* SPDX-License-Identifier: GPL-3.0-or-later */
/* exp(Q t) by a series without subtractions, scaled and squared. */
#include "stats/generator.h"

#include <math.h>
#include <string.h>

/* With m h <= 1 the terms behind this one are below 1/24! = 2e-24 of the sum. An element that is
 * reached in n - 1 moves at the earliest needs as many more. */
enum { TERMS = 24 };

static size_t terms_of(size_t n) {
    return TERMS + n;
}

size_t generator_work(size_t n) {
    return (terms_of(n) + 1) * n * n + 3 * n * n;
}

/* c = a b */
static void multiply(size_t n, const double *a, const double *b, double *c) {
    memset(c, 0, n * n * sizeof *c);
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < n; k++) {
            const double x = a[i * n + k];
            if (x == 0)
                continue;
            for (size_t j = 0; j < n; j++)
                c[i * n + j] += x * b[k * n + j];
        }
}

static void add(size_t size, const double *a, double *into) {
    for (size_t i = 0; i < size; i++)
        into[i] += a[i];
}

static void scale(size_t size, double by, double *a) {
    for (size_t i = 0; i < size; i++)
        a[i] *= by;
}

static double largest_exit(size_t n, const double *q) {
    double m = 0;
    for (size_t i = 0; i < n; i++)
        m = fmax(m, -q[i * n + i]);
    return m;
}

/* The terms (A^k / k!), k = 0 to the last, and their sum. */
static void sum_series(size_t n, const double *a, double *terms, double *sum) {
    const size_t size = n * n;
    memset(terms, 0, size * sizeof *terms);
    for (size_t i = 0; i < n; i++)
        terms[i * n + i] = 1;
    memcpy(sum, terms, size * sizeof *sum);
    for (size_t k = 1; k <= terms_of(n); k++) {
        double *term = terms + k * size;
        multiply(n, a, term - size, term);
        scale(size, 1 / (double)k, term);
        add(size, term, sum);
    }
}

/* The derivative of the k-th term is D_k = (A D_(k-1) + E h A^(k-1) / (k-1)!) / k, where E has 1 at
 * the move and -1 on the diagonal of its row. */
static void sum_derivatives(size_t n, const double *a, const double *terms, double h,
                            const struct generator_move *move, double *scratch, double *sum) {
    const size_t size = n * n;
    double *last = scratch, *next = scratch + size;
    memset(last, 0, size * sizeof *last);
    memset(sum, 0, size * sizeof *sum);
    for (size_t k = 1; k <= terms_of(n); k++) {
        const double *before = terms + (k - 1) * size;
        multiply(n, a, last, next);
        for (size_t j = 0; j < n; j++)
            next[move->from * n + j] += h * (before[move->to * n + j] - before[move->from * n + j]);
        scale(size, 1 / (double)k, next);
        add(size, next, sum);
        double *const swap = last;
        last = next;
        next = swap;
    }
}

void generator_exponential(size_t n, const double *q, double t, const struct generator_move *moves,
                           size_t n_moves, double *p, double *dp, double *work) {
    const size_t size = n * n;
    double *const a = work, *const scratch = work + size, *const terms = work + 3 * size;
    const double m = largest_exit(n, q);
    int squarings = 0;
    if (m * t > 1)
        frexp(m * t, &squarings); /* m t < 2^squarings */
    const double h = ldexp(t, -squarings), shrink = exp(-m * h);
    for (size_t i = 0; i < size; i++)
        a[i] = q[i] * h;
    for (size_t i = 0; i < n; i++)
        a[i * n + i] = (q[i * n + i] + m) * h;
    sum_series(n, a, terms, p);
    scale(size, shrink, p);
    for (size_t k = 0; k < n_moves; k++) {
        sum_derivatives(n, a, terms, h, &moves[k], scratch, dp + k * size);
        scale(size, shrink, dp + k * size);
    }
    for (; squarings > 0; squarings--) {
        for (size_t k = 0; k < n_moves; k++) { /* d(PP) = P dP + dP P */
            multiply(n, p, dp + k * size, scratch);
            multiply(n, dp + k * size, p, scratch + size);
            add(size, scratch + size, scratch);
            memcpy(dp + k * size, scratch, size * sizeof *dp);
        }
        multiply(n, p, p, scratch);
        memcpy(p, scratch, size * sizeof *p);
    }
}
