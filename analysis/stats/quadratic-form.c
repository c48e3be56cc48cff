/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Chi-square of a score. */
#include "stats/quadratic-form.h"

#include <gsl/gsl_errno.h>
#include <gsl/gsl_linalg.h>
#include <math.h>
#include <stdlib.h>

int quadratic_form(const double *u, const double *v, size_t stride, const size_t *chosen, size_t n,
                   double *ret, struct error *err) {
    *ret = 0;
    if (n == 0)
        return 0;
    double *matrix = malloc(n * n * sizeof *matrix);
    double *solution = malloc(n * sizeof *solution);
    if (!matrix || !solution) {
        free(matrix);
        free(solution);
        return error_memory(err);
    }
    for (size_t i = 0; i < n; i++) {
        solution[i] = u[chosen[i]];
        for (size_t j = 0; j <= i; j++)
            matrix[i * n + j] = matrix[j * n + i] = v[chosen[i] * stride + chosen[j]];
    }
    gsl_matrix_view a = gsl_matrix_view_array(matrix, n, n);
    gsl_vector_view x = gsl_vector_view_array(solution, n);
    if (gsl_linalg_cholesky_decomp1(&a.matrix) != GSL_SUCCESS ||
        gsl_linalg_cholesky_svx(&a.matrix, &x.vector) != GSL_SUCCESS)
        *ret = NAN;
    for (size_t i = 0; i < n; i++)
        *ret += u[chosen[i]] * solution[i];
    free(matrix);
    free(solution);
    return 0;
}
