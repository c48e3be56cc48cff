/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Sobol indices by Monte Carlo.
 *
 * Contents: running the model; estimates from a sample of the draws; errors.
 */
#include "stats/sobol.h"

#include "base/random.h"
#include "base/workers.h"
#include <gsl/gsl_cdf.h>
#include <math.h>
#include <stdlib.h>

/* ---- Running the model ----------------------------------------------------------------------- */

struct sobol {
    const struct sobol_problem *problem;
    const struct sobol_options *options;
    double *y;     /* [column][draw]: f(A), f(B), then f(A_B^i) for each input */
    double *drawn; /* [replication][input]: first and total */
};

enum { DRAWS_A_TASK = 4096 };

static double *column(const struct sobol *sobol, size_t number) {
    return sobol->y + number * sobol->options->draws;
}

static void run_draw(const struct sobol *sobol, uint32_t i, double *a, double *b) {
    const struct sobol_problem *problem = sobol->problem;
    for (size_t k = 0; k < problem->inputs; k++) {
        a[k] = problem->draw(problem->context, k, 0, i);
        b[k] = problem->draw(problem->context, k, 1, i);
    }
    column(sobol, 0)[i] = problem->model(problem->context, a);
    column(sobol, 1)[i] = problem->model(problem->context, b);
    for (size_t k = 0; k < problem->inputs; k++) {
        const double kept = a[k];
        a[k] = b[k];
        column(sobol, 2 + k)[i] = problem->model(problem->context, a);
        a[k] = kept;
    }
}

static int run_some(void *context, size_t task, int worker, struct error *err) {
    (void)worker;
    const struct sobol *sobol = context;
    const size_t inputs = sobol->problem->inputs;
    double *scratch = malloc(2 * inputs * sizeof *scratch);
    if (!scratch)
        return error_memory(err);
    size_t end = (task + 1) * DRAWS_A_TASK;
    if (end > sobol->options->draws)
        end = sobol->options->draws;
    for (size_t i = task * DRAWS_A_TASK; i < end; i++)
        run_draw(sobol, (uint32_t)i, scratch, scratch + inputs);
    free(scratch);
    return 0;
}

/* Takes the mean of f(A) and f(B) off everything, so that sums keep their digits. */
static void centre(const struct sobol *sobol) {
    const size_t n = sobol->options->draws;
    double mean = 0;
    for (size_t i = 0; i < 2 * n; i++)
        mean += (sobol->y[i] - mean) / (double)(i + 1);
    for (size_t i = 0; i < (sobol->problem->inputs + 2) * n; i++)
        sobol->y[i] -= mean;
}

/* ---- Estimates from a sample of the draws ---------------------------------------------------- */

/* first[k] and total[k] from the n draws that `pick` names (NULL: all of them). */
static void estimate(const struct sobol *sobol, const uint32_t *pick, double *first,
                     double *total) {
    const size_t n = sobol->options->draws, inputs = sobol->problem->inputs;
    const double *a = column(sobol, 0), *b = column(sobol, 1);
    double sum = 0, squares = 0;
    for (size_t j = 0; j < n; j++) {
        const size_t i = pick ? pick[j] : j;
        sum += a[i] + b[i];
        squares += a[i] * a[i] + b[i] * b[i];
    }
    const double count = (double)n, mean = sum / (2 * count);
    const double variance = squares / (2 * count) - mean * mean;
    for (size_t k = 0; k < inputs; k++) {
        const double *mixed = column(sobol, 2 + k);
        double alone = 0, with = 0;
        for (size_t j = 0; j < n; j++) {
            const size_t i = pick ? pick[j] : j;
            const double step = mixed[i] - a[i];
            alone += (b[i] - mean) * step;
            with += step * step;
        }
        first[k] = variance > 0 ? alone / count / variance : NAN;
        total[k] = variance > 0 ? with / (2 * count) / variance : NAN;
    }
}

/* ---- Errors ---------------------------------------------------------------------------------- */

enum { RANDOM_RESAMPLE = 29 };

static int replicate(void *context, size_t replication, int worker, struct error *err) {
    (void)worker;
    const struct sobol *sobol = context;
    const size_t n = sobol->options->draws, inputs = sobol->problem->inputs;
    uint32_t *pick = malloc(n * sizeof *pick);
    struct random_stream stream;
    if (!pick)
        return error_memory(err);
    random_open(&stream, sobol->options->seed, (uint32_t)replication, 0, 0, RANDOM_RESAMPLE);
    for (size_t j = 0; j < n; j++)
        pick[j] = random_below(&stream, (uint32_t)n);
    double *drawn = sobol->drawn + replication * 2 * inputs;
    estimate(sobol, pick, drawn, drawn + inputs);
    free(pick);
    return 0;
}

/* Standard deviation of one estimate over the replications. */
static double spread(const struct sobol *sobol, size_t at) {
    const size_t n = sobol->options->replications, stride = 2 * sobol->problem->inputs;
    double mean = 0, squares = 0;
    for (size_t r = 0; r < n; r++)
        mean += sobol->drawn[r * stride + at] / (double)n;
    for (size_t r = 0; r < n; r++) {
        const double off = sobol->drawn[r * stride + at] - mean;
        squares += off * off;
    }
    return sqrt(squares / (double)(n - 1));
}

static void settle(const struct sobol *sobol, const double *all, struct sobol_index *ret) {
    const size_t inputs = sobol->problem->inputs;
    const double z = gsl_cdf_ugaussian_Qinv((1 - sobol->options->confidence) / 2);
    for (size_t k = 0; k < inputs; k++) {
        const double first = spread(sobol, k), total = spread(sobol, inputs + k);
        ret[k] = (struct sobol_index){
            .first = all[k],
            .first_error = first,
            .first_lower = all[k] - z * first,
            .first_upper = all[k] + z * first,
            .total = all[inputs + k],
            .total_error = total,
            .total_lower = all[inputs + k] - z * total,
            .total_upper = all[inputs + k] + z * total,
        };
    }
}

int sobol_estimate(const struct sobol_problem *problem, const struct sobol_options *options,
                   struct sobol_index *ret, struct error *err) {
    const size_t n = options->draws, inputs = problem->inputs;
    struct sobol sobol = {
        .problem = problem,
        .options = options,
        .y = malloc((inputs + 2) * n * sizeof(double)),
        .drawn = calloc(options->replications * 2 * inputs + 1, sizeof(double)),
    };
    double *all = calloc(2 * inputs + 1, sizeof *all);
    int code = sobol.y && sobol.drawn && all ? 0 : error_memory(err);
    if (!code)
        code = workers_run(options->threads, (n + DRAWS_A_TASK - 1) / DRAWS_A_TASK, run_some,
                           &sobol, err);
    if (!code) {
        centre(&sobol);
        estimate(&sobol, NULL, all, all + inputs);
        code = workers_run(options->threads, options->replications, replicate, &sobol, err);
    }
    if (!code)
        settle(&sobol, all, ret);
    free(sobol.y);
    free(sobol.drawn);
    free(all);
    return code;
}
