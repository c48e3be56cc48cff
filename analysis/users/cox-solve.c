/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Small symmetric matrices. */
#include "users/cox-inside.h"

#include <math.h>

bool cox_cholesky(double *a, size_t p, double least, size_t *ret_column) {
    for (size_t i = 0; i < p; i++)
        for (size_t j = 0; j <= i; j++) {
            double sum = a[i * p + j], whole = sum;
            for (size_t k = 0; k < j; k++)
                sum -= a[i * p + k] * a[j * p + k];
            if (j < i) {
                a[i * p + j] = sum / a[j * p + j];
            } else if (!(sum > least * whole)) {
                *ret_column = i;
                return false;
            } else {
                a[i * p + i] = sqrt(sum);
            }
        }
    return true;
}

void cox_solve(const double *l, size_t p, double *b) {
    for (size_t i = 0; i < p; i++) {
        for (size_t k = 0; k < i; k++)
            b[i] -= l[i * p + k] * b[k];
        b[i] /= l[i * p + i];
    }
    for (size_t i = p; i-- > 0;) {
        for (size_t k = i + 1; k < p; k++)
            b[i] -= l[k * p + i] * b[k];
        b[i] /= l[i * p + i];
    }
}

void cox_invert(const double *l, size_t p, double *ret) {
    for (size_t j = 0; j < p; j++) { /* symmetric, so rows are columns */
        double *row = ret + j * p;
        for (size_t i = 0; i < p; i++)
            row[i] = i == j;
        cox_solve(l, p, row);
    }
}

static void multiply(const double *a, const double *b, size_t p, double *ret) {
    for (size_t i = 0; i < p; i++)
        for (size_t j = 0; j < p; j++) {
            double sum = 0;
            for (size_t k = 0; k < p; k++)
                sum += a[i * p + k] * b[k * p + j];
            ret[i * p + j] = sum;
        }
}

void cox_sandwich(const double *bread, const double *meat, size_t p, double *work, double *ret) {
    multiply(bread, meat, p, work);
    multiply(work, bread, p, ret);
}

double cox_quadratic(const double *a, const double *b, size_t p) {
    double sum = 0;
    for (size_t i = 0; i < p; i++)
        for (size_t j = 0; j < p; j++)
            sum += b[i] * a[i * p + j] * b[j];
    return sum;
}
