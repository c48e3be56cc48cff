/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Maximum likelihood: a simplex from each start, then Newton's steps. */
#include "stats/maximise.h"

#include <gsl/gsl_linalg.h>
#include <gsl/gsl_multimin.h>
#include <math.h>
#include <string.h>

struct problem {
    maximise_function *function;
    void *context;
    size_t k;
};

/* What stands for minus infinity: the simplex must be able to compare it. */
#define IMPOSSIBLE 1e300

static double value_at(const struct problem *problem, const double *theta) {
    const double value = problem->function(problem->context, theta);
    return isnan(value) ? -INFINITY : value;
}

static double minus(const gsl_vector *theta, void *context) {
    const struct problem *problem = context;
    double copy[MAXIMISE_MOST];
    for (size_t i = 0; i < problem->k; i++)
        copy[i] = gsl_vector_get(theta, i);
    const double value = value_at(problem, copy);
    return value > -IMPOSSIBLE ? -value : IMPOSSIBLE;
}

/* ---- The simplex ----------------------------------------------------------------------------- */

enum { MOST_STEPS = 500 }; /* a parameter */

static int descend(struct problem *problem, double size, double *theta, double *value,
                   struct error *err) {
    const size_t k = problem->k;
    gsl_multimin_fminimizer *simplex =
        gsl_multimin_fminimizer_alloc(gsl_multimin_fminimizer_nmsimplex2, k);
    double sizes[MAXIMISE_MOST];
    gsl_multimin_function function = {minus, k, problem};
    gsl_vector_view start = gsl_vector_view_array(theta, k);
    gsl_vector_view step = gsl_vector_view_array(sizes, k);
    if (!simplex)
        return error_memory(err);
    for (size_t i = 0; i < k; i++)
        sizes[i] = size;
    gsl_multimin_fminimizer_set(simplex, &function, &start.vector, &step.vector);
    for (size_t i = 0; i < MOST_STEPS * k; i++)
        if (gsl_multimin_fminimizer_iterate(simplex) != GSL_SUCCESS ||
            gsl_multimin_fminimizer_size(simplex) < 1e-6)
            break;
    for (size_t i = 0; i < k; i++)
        theta[i] = gsl_vector_get(gsl_multimin_fminimizer_x(simplex), i);
    *value = value_at(problem, theta);
    gsl_multimin_fminimizer_free(simplex);
    return 0;
}

/* ---- Newton ---------------------------------------------------------------------------------- */

/* Errors of a second difference: the function's rounding, 1e-15 |value| / h^2, and the fourth
 * derivative, h^2 / 12. */
#define STEP 1e-3

struct local {
    double value;
    double gradient[MAXIMISE_MOST];
    double information[MAXIMISE_MOST * MAXIMISE_MOST]; /* minus the Hessian */
};

static double shifted(const struct problem *problem, const double *theta, size_t i, double di,
                      size_t j, double dj) {
    double at[MAXIMISE_MOST];
    memcpy(at, theta, problem->k * sizeof *at);
    at[i] += di;
    at[j] += dj;
    return value_at(problem, at);
}

static void look_around(const struct problem *problem, const double *theta, struct local *ret) {
    const size_t k = problem->k;
    ret->value = value_at(problem, theta);
    for (size_t i = 0; i < k; i++) {
        const double up = shifted(problem, theta, i, STEP, i, 0);
        const double down = shifted(problem, theta, i, -STEP, i, 0);
        ret->gradient[i] = (up - down) / (2 * STEP);
        ret->information[i * k + i] = -(up - 2 * ret->value + down) / (STEP * STEP);
        for (size_t j = 0; j < i; j++) {
            const double cross = shifted(problem, theta, i, STEP, j, STEP) -
                                 shifted(problem, theta, i, STEP, j, -STEP) -
                                 shifted(problem, theta, i, -STEP, j, STEP) +
                                 shifted(problem, theta, i, -STEP, j, -STEP);
            ret->information[i * k + j] = ret->information[j * k + i] = -cross / (4 * STEP * STEP);
        }
    }
}

/* The inverse of the information into `covariance`; false if it is not positive definite. */
static bool invert(const struct local *local, size_t k, double *covariance) {
    memcpy(covariance, local->information, k * k * sizeof *covariance);
    for (size_t i = 0; i < k * k; i++)
        if (!isfinite(covariance[i]))
            return false;
    gsl_matrix_view matrix = gsl_matrix_view_array(covariance, k, k);
    return gsl_linalg_cholesky_decomp1(&matrix.matrix) == GSL_SUCCESS &&
           gsl_linalg_cholesky_invert(&matrix.matrix) == GSL_SUCCESS;
}

/* Steps as long as they climb. Fills gradient, converged and covariance. */
static void climb(const struct problem *problem, struct maximum *found) {
    const size_t k = problem->k;
    struct local local;
    for (int round = 0; round < 20; round++) {
        double step[MAXIMISE_MOST] = {0}, next[MAXIMISE_MOST];
        look_around(problem, found->theta, &local);
        if (!invert(&local, k, found->covariance))
            break;
        found->gradient = 0;
        for (size_t i = 0; i < k; i++) {
            for (size_t j = 0; j < k; j++)
                step[i] += found->covariance[i * k + j] * local.gradient[j];
            found->gradient += step[i] * local.gradient[i] / 2;
        }
        found->converged = found->gradient < 1e-10 * (1 + fabs(found->value));
        double length = 1, value = -INFINITY;
        for (int half = 0; half < 10 && !(value > found->value); half++) {
            for (size_t i = 0; i < k; i++)
                next[i] = found->theta[i] + length * step[i];
            value = value_at(problem, next);
            length /= 2;
        }
        if (!(value > found->value))
            return;
        memcpy(found->theta, next, k * sizeof *next);
        found->value = value;
        if (found->gradient < 1e-14 * (1 + fabs(found->value)))
            return;
    }
    if (!invert(&local, k, found->covariance)) {
        found->converged = false;
        for (size_t i = 0; i < k * k; i++)
            found->covariance[i] = NAN;
    }
}

int maximise(maximise_function *function, void *context, size_t k, const double *starts,
             size_t n_starts, struct maximum *ret, struct error *err) {
    struct problem problem = {function, context, k};
    *ret = (struct maximum){.value = -INFINITY, .gradient = NAN};
    for (size_t s = 0; s < n_starts; s++) {
        double theta[MAXIMISE_MOST], value = -INFINITY;
        memcpy(theta, starts + s * k, k * sizeof *theta);
        if (!(value_at(&problem, theta) > -INFINITY))
            continue;
        if (descend(&problem, 1, theta, &value, err))
            return err->code;
        if (value > ret->value + 1e-4)
            ret->agreeing = 0;
        ret->agreeing += value >= ret->value - 1e-4;
        if (value > ret->value) {
            memcpy(ret->theta, theta, k * sizeof *theta);
            ret->value = value;
        }
    }
    if (!(ret->value > -INFINITY))
        return error_set(err, ERROR_DATA, "the likelihood is zero at every start");
    /* A simplex may have shrunk on the way. */
    if (descend(&problem, 0.1, ret->theta, &ret->value, err))
        return err->code;
    climb(&problem, ret);
    return 0;
}

int maximise_from(maximise_function *function, void *context, size_t k, const double *start,
                  struct maximum *ret, struct error *err) {
    struct problem problem = {function, context, k};
    *ret = (struct maximum){.gradient = NAN, .agreeing = 1};
    memcpy(ret->theta, start, k * sizeof *start);
    ret->value = value_at(&problem, start);
    if (!(ret->value > -INFINITY))
        return error_set(err, ERROR_DATA, "the likelihood is zero at the start");
    climb(&problem, ret);
    return 0;
}
