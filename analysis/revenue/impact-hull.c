/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The nearest point of a convex hull, by Wolfe's algorithm. */
#include "revenue/impact-hull.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

struct hull {
    const double *gram;
    size_t n;
    size_t *corral, size; /* the points in use */
    double *weights;      /* of all points */
    double *products;     /* z'p_j */
    double *matrix, *solution;
    double scale; /* the largest squared length: what "zero" is measured by */
};

static double gram_at(const struct hull *hull, size_t i, size_t j) {
    return hull->gram[i * hull->n + j];
}

static void multiply(struct hull *hull) {
    for (size_t j = 0; j < hull->n; j++) {
        hull->products[j] = 0;
        for (size_t s = 0; s < hull->size; s++)
            hull->products[j] += hull->weights[hull->corral[s]] * gram_at(hull, hull->corral[s], j);
    }
}

static double squares(const struct hull *hull) {
    double sum = 0;
    for (size_t s = 0; s < hull->size; s++)
        sum += hull->weights[hull->corral[s]] * hull->products[hull->corral[s]];
    return fmax(sum, 0);
}

/* Cholesky of G + scale 11' of some points: positive definite if they are affinely independent. The
 * smallest pivot, as a share of the diagonal; 0 if there is none. */
static double factor(struct hull *hull, const size_t *points, size_t n) {
    double least = 1;
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j <= i; j++) {
            const double diagonal = gram_at(hull, points[i], points[i]) + hull->scale;
            double sum = gram_at(hull, points[i], points[j]) + hull->scale;
            for (size_t m = 0; m < j; m++)
                sum -= hull->matrix[i * n + m] * hull->matrix[j * n + m];
            if (i == j) {
                least = fmin(least, sum / diagonal);
                if (!(sum > 1e-14 * diagonal))
                    return 0;
                hull->matrix[i * n + i] = sqrt(sum);
            } else
                hull->matrix[i * n + j] = sum / hull->matrix[j * n + j];
        }
    return least;
}

/* The nearest point of the corral's affine hull: (G + scale 11') u = 1, over its sum. */
static bool affine_minimum(struct hull *hull) {
    const size_t n = hull->size;
    double sum = 0;
    if (!(factor(hull, hull->corral, n) > 0))
        return false;
    /* The analyser loses sight of the arrays here; hull_nearest frees them all. */
    for (size_t i = 0; i < n; i++) { // NOLINT(clang-analyzer-unix.Malloc)
        hull->solution[i] = 1;
        for (size_t m = 0; m < i; m++)
            hull->solution[i] -= hull->matrix[i * n + m] * hull->solution[m];
        hull->solution[i] /= hull->matrix[i * n + i];
    }
    for (size_t i = n; i-- > 0;) {
        for (size_t m = i + 1; m < n; m++)
            hull->solution[i] -= hull->matrix[m * n + i] * hull->solution[m];
        hull->solution[i] /= hull->matrix[i * n + i];
        sum += hull->solution[i];
    }
    for (size_t i = 0; i < n; i++)
        hull->solution[i] /= sum;
    return sum > 0;
}

/* Goes towards the affine minimum until a weight vanishes, and lets those points go. True if the
 * minimum itself was reached. */
static bool step(struct hull *hull) {
    double share = 1;
    for (size_t s = 0; s < hull->size; s++) {
        const double now = hull->weights[hull->corral[s]], then = hull->solution[s];
        if (then <= 0 && now - then > 0)
            share = fmin(share, now / (now - then));
    }
    const bool whole = share >= 1;
    size_t kept = 0;
    for (size_t s = 0; s < hull->size; s++) {
        const size_t j = hull->corral[s];
        const double next = hull->weights[j] + share * (hull->solution[s] - hull->weights[j]);
        hull->weights[j] = next > 1e-14 ? next : 0;
        if (hull->weights[j] > 0)
            hull->corral[kept++] = j;
    }
    hull->size = kept;
    return whole;
}

static size_t steepest(const struct hull *hull) {
    size_t best = 0;
    for (size_t j = 1; j < hull->n; j++)
        if (hull->products[j] < hull->products[best])
            best = j;
    return best;
}

static void search(struct hull *hull) {
    for (size_t round = 0; round < 100 * hull->n + 100; round++) {
        multiply(hull);
        const size_t j = steepest(hull);
        if (squares(hull) - hull->products[j] <= 1e-13 * hull->scale || hull->weights[j] > 0)
            return;
        hull->corral[hull->size++] = j;
        while (hull->size > 0) {
            if (!affine_minimum(hull)) { /* the new point adds nothing that rounding leaves */
                if (hull->corral[hull->size - 1] == j && hull->weights[j] == 0)
                    hull->size--;
                return;
            }
            if (step(hull))
                break;
        }
    }
}

/* Points that touch the plane through z: other weights on them do as well if they are dependent. */
static bool is_unique(struct hull *hull, double square) {
    size_t n = 0;
    for (size_t j = 0; j < hull->n; j++)
        if (hull->products[j] - square <= 1e-9 * hull->scale)
            hull->corral[n++] = j;
    return factor(hull, hull->corral, n) > 1e-10;
}

int hull_nearest(const double *gram, size_t n, double *weights, struct hull_fit *ret,
                 struct error *err) {
    assert(n > 0);
    struct hull hull = {.gram = gram, .n = n, .weights = weights, .size = 1};
    hull.corral = calloc(n + 1, sizeof *hull.corral);
    hull.products = calloc(n + 1, sizeof *hull.products);
    hull.matrix = calloc((n + 1) * (n + 1), sizeof *hull.matrix);
    hull.solution = calloc(n + 1, sizeof *hull.solution);
    int code = hull.corral && hull.products && hull.matrix && hull.solution ? 0 : error_memory(err);
    if (!code) {
        size_t first = 0;
        for (size_t j = 0; j < n; j++) {
            hull.scale = fmax(hull.scale, gram_at(&hull, j, j));
            first = gram_at(&hull, j, j) < gram_at(&hull, first, first) ? j : first;
            weights[j] = 0;
        }
        if (hull.scale == 0)
            hull.scale = 1;
        weights[first] = 1;
        hull.corral[0] = first;
        search(&hull);
        multiply(&hull);
        ret->squares = squares(&hull);
        ret->gap = 2 * fmax(0, ret->squares - hull.products[steepest(&hull)]);
        ret->unique = is_unique(&hull, ret->squares);
    }
    free(hull.corral);
    free(hull.products);
    free(hull.matrix);
    free(hull.solution);
    return code;
}
