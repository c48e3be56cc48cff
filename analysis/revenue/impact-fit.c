/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Least squares and HAC errors.
 *
 *   1. Least squares
 *   2. Prewhitening
 *   3. Bandwidths
 *   4. The covariance
 */
#include "revenue/impact-fit.h"

#include <gsl/gsl_linalg.h>
#include <gsl/gsl_math.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- 1. Least squares ------------------------------------------------------------------------ */

void impact_fit_free(struct impact_fit *fit) {
    free(fit->coefficients);
    free(fit->residuals);
    free(fit->inverse);
    free(fit->root);
    *fit = (struct impact_fit){0};
}

/* What the decomposition works with. */
struct work {
    double *q; /* n x k: the scaled columns, then their QR */
    double *tau, *scale;
};

static void work_free(struct work *work) {
    free(work->q);
    free(work->tau);
    free(work->scale);
}

static int reserve(struct impact_fit *fit, struct work *work, size_t n, size_t k,
                   struct error *err) {
    *fit = (struct impact_fit){.n = n, .k = k};
    fit->coefficients = calloc(k, sizeof(double));
    fit->residuals = calloc(n, sizeof(double));
    fit->inverse = calloc(k * k, sizeof(double));
    fit->root = calloc(k * k, sizeof(double));
    work->q = malloc(n * k * sizeof(double));
    work->tau = malloc(k * sizeof(double));
    work->scale = malloc(k * sizeof(double));
    return fit->coefficients && fit->residuals && fit->inverse && fit->root && work->q &&
                   work->tau && work->scale
               ? 0
               : error_memory(err);
}

/* Columns to length 1, so that their units do not matter; one of zeros stays. */
static void scale_columns(struct work *work, const double *x, size_t n, size_t k) {
    for (size_t j = 0; j < k; j++) {
        double length = 0;
        for (size_t i = 0; i < n; i++)
            length = hypot(length, x[i * k + j]);
        work->scale[j] = length > 0 ? length : 1;
        for (size_t i = 0; i < n; i++)
            work->q[i * k + j] = x[i * k + j] / work->scale[j];
    }
}

/* R^-1, upper triangular, by back substitution. */
static void invert_triangle(const double *r, size_t k, double *ret) {
    for (size_t j = 0; j < k; j++)
        for (size_t i = j + 1; i-- > 0;) {
            double sum = i == j;
            for (size_t m = i + 1; m <= j; m++)
                sum -= r[i * k + m] * ret[m * k + j];
            ret[i * k + j] = sum / r[i * k + i];
        }
}

static int solve(struct impact_fit *fit, struct work *work, const double *y, struct error *err) {
    const size_t n = fit->n, k = fit->k;
    gsl_matrix_view q = gsl_matrix_view_array(work->q, n, k);
    gsl_vector_view tau = gsl_vector_view_array(work->tau, k);
    gsl_vector_const_view b = gsl_vector_const_view_array(y, n);
    gsl_vector_view solution = gsl_vector_view_array(fit->coefficients, k);
    gsl_vector_view residuals = gsl_vector_view_array(fit->residuals, n);
    if (gsl_linalg_QR_lssolve(&q.matrix, &tau.vector, &b.vector, &solution.vector,
                              &residuals.vector) != GSL_SUCCESS)
        return error_set(err, ERROR_DATA, "least squares failed");
    invert_triangle(work->q, k, fit->root);
    for (size_t i = 0; i < k; i++)
        for (size_t j = 0; j < k; j++) {
            double sum = 0;
            for (size_t m = i > j ? i : j; m < k; m++)
                sum += fit->root[i * k + m] * fit->root[j * k + m];
            fit->inverse[i * k + j] = sum / work->scale[i] / work->scale[j];
        }
    for (size_t i = 0; i < k; i++) {
        fit->coefficients[i] /= work->scale[i];
        for (size_t j = i; j < k; j++)
            fit->root[i * k + j] /= work->scale[i];
    }
    for (size_t i = 0; i < n; i++)
        fit->squares += fit->residuals[i] * fit->residuals[i];
    return 0;
}

int impact_fit_least_squares(const double *x, const double *y, size_t n, size_t k,
                             struct impact_fit *ret, size_t *ret_dependent, struct error *err) {
    struct work work = {0};
    *ret_dependent = k;
    *ret = (struct impact_fit){0};
    if (n < k) {
        *ret_dependent = k - 1;
        return error_set(err, ERROR_DATA,
                         "found %zu rows for %zu columns, expected at least one "
                         "row a column",
                         n, k);
    }
    int code = reserve(ret, &work, n, k, err);
    if (!code) {
        scale_columns(&work, x, n, k);
        gsl_matrix_view q = gsl_matrix_view_array(work.q, n, k);
        gsl_vector_view tau = gsl_vector_view_array(work.tau, k);
        gsl_linalg_QR_decomp(&q.matrix, &tau.vector);
        for (size_t j = k; j-- > 0;)
            if (!(fabs(work.q[j * k + j]) > 1e-9)) {
                *ret_dependent = j;
                code = error_set(err, ERROR_DATA, "column %zu depends on those before it", j + 1);
            }
    }
    if (!code)
        code = solve(ret, &work, y, err);
    work_free(&work);
    if (code)
        impact_fit_free(ret);
    return code;
}

/* ---- 2. Prewhitening ------------------------------------------------------------------------- */

/* The scores u, n x k, and after prewhitening the residuals of their VAR(1), n - 1 x k. */
struct scores {
    double *u;
    size_t n, k;
    double *colour; /* k x k: (I - A)^-1; NULL without prewhitening */
};

static void scores_free(struct scores *scores) {
    free(scores->u);
    free(scores->colour);
}

/* A, k x k, of u_t = A u_(t-1) + v_t by least squares, an equation a column. */
static int fit_var(const struct scores *scores, double *a, struct error *err) {
    const size_t n = scores->n - 1, k = scores->k;
    double *now = malloc(n * sizeof *now);
    int code = now ? 0 : error_memory(err);
    for (size_t j = 0; j < k && !code; j++) {
        struct impact_fit fit;
        size_t dependent;
        struct error inner = {0};
        for (size_t t = 0; t < n; t++)
            now[t] = scores->u[(t + 1) * k + j];
        code = impact_fit_least_squares(scores->u, now, n, k, &fit, &dependent, &inner);
        if (code)
            error_set(err, inner.code,
                      dependent < k ? "prewhitening is not possible with %zu columns in %zu periods"
                                    : "prewhitening failed",
                      k, n);
        for (size_t m = 0; m < k && !code; m++)
            a[j * k + m] = fit.coefficients[m];
        impact_fit_free(&fit);
    }
    free(now);
    return code;
}

/* (I - A)^-1. */
static int colour_of(const double *a, size_t k, double *ret, struct error *err) {
    double *matrix = malloc(k * k * sizeof *matrix);
    gsl_permutation *order = gsl_permutation_alloc(k);
    int code = matrix && order ? 0 : error_memory(err), sign;
    if (!code) {
        gsl_matrix_view m = gsl_matrix_view_array(matrix, k, k);
        gsl_matrix_view inverse = gsl_matrix_view_array(ret, k, k);
        for (size_t i = 0; i < k; i++)
            for (size_t j = 0; j < k; j++)
                matrix[i * k + j] = (i == j) - a[i * k + j];
        if (gsl_linalg_LU_decomp(&m.matrix, order, &sign) != GSL_SUCCESS ||
            gsl_linalg_LU_invert(&m.matrix, order, &inverse.matrix) != GSL_SUCCESS)
            code = error_set(err, ERROR_DATA, "prewhitening met a unit root");
    }
    free(matrix);
    gsl_permutation_free(order);
    return code;
}

static int whiten(struct scores *scores, struct error *err) {
    const size_t k = scores->k;
    double *a = malloc(k * k * sizeof *a);
    scores->colour = malloc(k * k * sizeof *scores->colour);
    int code = a && scores->colour ? 0 : error_memory(err);
    if (!code)
        code = fit_var(scores, a, err);
    if (!code)
        code = colour_of(a, k, scores->colour, err);
    if (!code) {
        for (size_t t = scores->n; t-- > 1;)
            for (size_t j = 0; j < k; j++)
                for (size_t m = 0; m < k; m++)
                    scores->u[t * k + j] -= a[j * k + m] * scores->u[(t - 1) * k + m];
        scores->n--;
        memmove(scores->u, scores->u + k, scores->n * k * sizeof *scores->u);
    }
    free(a);
    return code;
}

/* ---- 3. Bandwidths --------------------------------------------------------------------------- */

/* The sum of all columns but the constant; of a model of the constant alone, that. */
static double outside_constant(const struct scores *scores, size_t t) {
    double sum = 0;
    for (size_t j = scores->k > 1; j < scores->k; j++)
        sum += scores->u[t * scores->k + j];
    return sum;
}

/* `n` counts the periods before prewhitening. */
static double newey_west_1994(const struct scores *scores, size_t n,
                              const struct hac_options *options) {
    const bool bartlett = options->kernel == HAC_BARTLETT;
    const double rate = bartlett ? 2.0 / 9 : 2.0 / 25;
    const size_t m = (size_t)floor((options->prewhiten ? 3 : 4) * pow((double)n / 100, rate));
    double s0 = 0, sq = 0;
    for (size_t j = 0; j <= m && j < scores->n; j++) {
        double sigma = 0;
        for (size_t t = j; t < scores->n; t++)
            sigma += outside_constant(scores, t) * outside_constant(scores, t - j);
        sigma /= (double)scores->n;
        s0 += j == 0 ? sigma : 2 * sigma;
        sq += 2 * (bartlett ? (double)j : (double)j * (double)j) * sigma;
    }
    const double root = bartlett ? 1.0 / 3 : 1.0 / 5;
    const double ratio = sq / s0;
    return (bartlett ? 1.1447 : 1.3221) * pow(ratio * ratio * (double)n, root);
}

/* rho and the variance of the innovations of one column as an AR(1) with a constant. */
static void autoregression(const struct scores *scores, size_t j, double *rho, double *variance) {
    const size_t n = scores->n - 1, k = scores->k;
    double before = 0, now = 0, sxx = 0, sxy = 0, syy = 0;
    for (size_t t = 0; t < n; t++) {
        before += scores->u[t * k + j] / (double)n;
        now += scores->u[(t + 1) * k + j] / (double)n;
    }
    for (size_t t = 0; t < n; t++) {
        const double x = scores->u[t * k + j] - before, y = scores->u[(t + 1) * k + j] - now;
        sxx += x * x;
        sxy += x * y;
        syy += y * y;
    }
    *rho = sxx > 0 ? sxy / sxx : 0;
    *variance = (syy - *rho * sxy) / (double)n;
}

static double andrews_1991(const struct scores *scores, const struct hac_options *options) {
    double denominator = 0, first = 0, second = 0;
    for (size_t j = scores->k > 1; j < scores->k; j++) {
        double rho, variance;
        autoregression(scores, j, &rho, &variance);
        const double less = 1 - rho, more = 1 + rho, square = variance * variance;
        const double numerator = 4 * rho * rho * square;
        denominator += square / gsl_pow_4(less);
        first += numerator / (gsl_pow_6(less) * more * more);
        second += numerator / gsl_pow_8(less);
    }
    const double n = (double)scores->n;
    return options->kernel == HAC_BARTLETT ? 1.1447 * pow(n * first / denominator, 1.0 / 3)
                                           : 1.3221 * pow(n * second / denominator, 1.0 / 5);
}

static double choose_bandwidth(const struct scores *scores, size_t n,
                               const struct hac_options *options) {
    double found = options->given;
    if (options->bandwidth == HAC_NEWEY_WEST)
        found = newey_west_1994(scores, n, options);
    else if (options->bandwidth == HAC_ANDREWS)
        found = andrews_1991(scores, options);
    else if (options->bandwidth == HAC_RULE)
        found = floor(4 * pow((double)n / 100, 2.0 / 9));
    if (!(found >= 0)) /* no variation at all */
        found = 0;
    if (options->kernel == HAC_BARTLETT && options->bandwidth == HAC_NEWEY_WEST)
        found = floor(found);
    return found;
}

/* ---- 4. The covariance ----------------------------------------------------------------------- */

double hac_weight(const struct hac_options *options, double bandwidth, size_t lag) {
    if (lag == 0)
        return 1;
    if (options->kernel == HAC_BARTLETT) {
        const double reach = options->bandwidth == HAC_ANDREWS ? bandwidth : bandwidth + 1;
        return fmax(0, 1 - (double)lag / reach);
    }
    if (!(bandwidth > 0))
        return 0;
    const double y = 6 * M_PI / 5 * (double)lag / bandwidth;
    /* The closed form cancels near 0; its series to y^4. */
    return y < 0.01 ? 1 - y * y / 10 + gsl_pow_4(y) / 280 : 3 / (y * y) * (sin(y) / y - cos(y));
}

/* R's kernHAC drops the lags behind the last whose weight exceeds this. */
#define NEGLIGIBLE 1e-7

static size_t last_lag(const struct hac_options *options, double bandwidth, size_t n) {
    size_t last = n - 1;
    while (last > 0 && fabs(hac_weight(options, bandwidth, last)) <= NEGLIGIBLE)
        last--;
    return last;
}

/* ret = sum over lags, k x k, symmetric. */
static void sum_lags(const struct scores *scores, const struct hac_options *options,
                     double bandwidth, double *ret) {
    const size_t k = scores->k, last = last_lag(options, bandwidth, scores->n);
    memset(ret, 0, k * k * sizeof *ret);
    for (size_t lag = 0; lag <= last; lag++) {
        const double weight = hac_weight(options, bandwidth, lag) * (lag == 0 ? 0.5 : 1);
        for (size_t t = lag; t < scores->n; t++)
            for (size_t i = 0; i < k; i++)
                for (size_t j = 0; j < k; j++) {
                    const double product =
                        weight * scores->u[t * k + i] * scores->u[(t - lag) * k + j];
                    ret[i * k + j] += product;
                    ret[j * k + i] += product;
                }
    }
}

/* ret = a m a', all k x k; `room` too. */
static void enclose(const double *a, const double *m, size_t k, double *room, double *ret) {
    memset(room, 0, k * k * sizeof *room);
    for (size_t i = 0; i < k; i++)
        for (size_t l = 0; l < k; l++)
            for (size_t j = 0; j < k; j++)
                room[i * k + j] += a[i * k + l] * m[l * k + j];
    for (size_t i = 0; i < k; i++)
        for (size_t j = 0; j < k; j++) {
            double sum = 0;
            for (size_t l = 0; l < k; l++)
                sum += room[i * k + l] * a[j * k + l];
            ret[i * k + j] = sum;
        }
}

int hac_covariance(const struct impact_fit *fit, const double *x, const struct hac_options *options,
                   double *ret, double *ret_bandwidth, struct error *err) {
    const size_t n = fit->n, k = fit->k;
    struct scores scores = {.n = n, .k = k};
    scores.u = malloc(n * k * sizeof *scores.u);
    double *meat = malloc(k * k * sizeof *meat), *room = malloc(k * k * sizeof *room);
    int code = scores.u && meat && room ? 0 : error_memory(err);
    if (!code) {
        for (size_t t = 0; t < n; t++)
            for (size_t j = 0; j < k; j++)
                scores.u[t * k + j] = x[t * k + j] * fit->residuals[t];
        if (options->prewhiten)
            code = n > 1 ? whiten(&scores, err)
                         : error_set(err, ERROR_DATA, "prewhitening needs two periods");
    }
    if (!code) {
        *ret_bandwidth = choose_bandwidth(&scores, n, options);
        sum_lags(&scores, options, *ret_bandwidth, meat);
        if (scores.colour) {
            enclose(scores.colour, meat, k, room, ret);
            memcpy(meat, ret, k * k * sizeof *meat);
        }
        enclose(fit->inverse, meat, k, room, ret);
        for (size_t i = 0; i < k * k && options->adjust; i++)
            ret[i] *= (double)n / (double)(n - k);
    }
    scores_free(&scores);
    free(meat);
    free(room);
    return code;
}
