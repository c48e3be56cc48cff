/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Growth curves.
 *
 *   1. The curves and their derivatives
 *   2. Starts: a grid of shapes, the levels solved for
 *   3. Least squares
 *   4. What is reported
 *   5. Comparing, and carrying on
 *
 * All is computed with time in units of the series' length and users in units of its largest count,
 * on the logarithms of positive parameters.
 */
#include "users/growth.h"

#include <gsl/gsl_blas.h>
#include <gsl/gsl_cdf.h>
#include <gsl/gsl_linalg.h>
#include <gsl/gsl_multifit_nlinear.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- 1. The curves --------------------------------------------------------------------------- */

/* One parameter of a curve: its name, how it is computed with, and its unit. */
struct shape_parameter {
    const char *name;
    bool logarithm;
    int time, users; /* powers of their units */
};

static const struct growth_curve {
    const char *name;
    size_t k;
    struct shape_parameter parameters[GROWTH_SHAPE];
} curves[GROWTH_MODELS] = {
    [GROWTH_EXPONENTIAL] = {"exponential", 2, {{"start", true, 0, 1}, {"rate", false, -1, 0}}},
    [GROWTH_LOGISTIC] = {"logistic",
                         3,
                         {{"capacity", true, 0, 1},
                          {"rate", false, -1, 0},
                          {"midpoint", false, 1, 0}}},
    [GROWTH_GOMPERTZ] = {"gompertz",
                         3,
                         {{"capacity", true, 0, 1},
                          {"rate", false, -1, 0},
                          {"midpoint", false, 1, 0}}},
    /* The base comes last, as a known launch leaves it out. */
    [GROWTH_BASS] =
        {"bass",
         4,
         {{"market", true, 0, 1}, {"p", true, -1, 0}, {"q", true, -1, 0}, {"base", false, 0, 1}}},
};

const char *growth_model_name(enum growth_model model) {
    return curves[model].name;
}

/* What is fitted: a curve, and a level behind each break. */
struct problem {
    enum growth_model model;
    size_t n, shape, k; /* counts; parameters of the curve; all */
    const double *time, *users;
    double *weights;
    double launch; /* in units of time; below 0: not known */
    const double *breaks;
};

/* Bass's F and its derivatives by ln p and ln q. */
static double bass(double p, double q, double t, double *by_p, double *by_q) {
    const double e = exp(-(p + q) * t), over = 1 - e, under = 1 + q / p * e, f = over / under;
    const double grown = t * e;
    *by_p = p * (grown - f * (-q / (p * p) * e - q / p * grown)) / under;
    *by_q = q * (grown - f * (e / p - q / p * grown)) / under;
    return f;
}

/* The curve at t; the derivatives by its parameters, of which there are as many as curves say. */
static double curve_at(const struct problem *problem, const double *at, double t, double *by) {
    switch (problem->model) {
    case GROWTH_EXPONENTIAL: {
        const double y = exp(at[0] + at[1] * t);
        by[0] = y;
        by[1] = y * t;
        return y;
    }
    case GROWTH_LOGISTIC: {
        const double e = exp(-at[1] * (t - at[2])), y = exp(at[0]) / (1 + e);
        const double slope = isinf(e) ? 0 : y * e / (1 + e);
        by[0] = y;
        by[1] = slope * (t - at[2]);
        by[2] = -slope * at[1];
        return y;
    }
    case GROWTH_GOMPERTZ: {
        const double e = exp(-at[1] * (t - at[2])), y = exp(at[0] - e);
        const double slope = isinf(e) ? 0 : y * e;
        by[0] = y;
        by[1] = slope * (t - at[2]);
        by[2] = -slope * at[1];
        return y;
    }
    case GROWTH_BASS: {
        double by_p, by_q;
        const bool based = problem->launch < 0;
        const double market = exp(at[0]);
        const double f =
            bass(exp(at[1]), exp(at[2]), based ? t : t + problem->launch, &by_p, &by_q);
        by[0] = market * f;
        by[1] = market * by_p;
        by[2] = market * by_q;
        if (based)
            by[3] = 1;
        return market * f + (based ? at[3] : 0);
    }
    case GROWTH_MODELS:
        break;
    }
    return NAN;
}

/* The same with the levels of the breaks that t lies behind. */
static double model_at(const struct problem *problem, const double *at, double t, double *by) {
    double y = curve_at(problem, at, t, by);
    for (size_t j = problem->shape; j < problem->k; j++) {
        by[j] = t > problem->breaks[j - problem->shape];
        y += by[j] * at[j];
    }
    return y;
}

static int residuals(const gsl_vector *at, void *context, gsl_vector *ret) {
    const struct problem *problem = context;
    double by[GROWTH_PARAMETERS];
    for (size_t i = 0; i < problem->n; i++) {
        const double miss = model_at(problem, at->data, problem->time[i], by) - problem->users[i];
        if (!isfinite(miss))
            return GSL_EDOM;
        gsl_vector_set(ret, i, miss);
    }
    return GSL_SUCCESS;
}

static int jacobian(const gsl_vector *at, void *context, gsl_matrix *ret) {
    const struct problem *problem = context;
    for (size_t i = 0; i < problem->n; i++) {
        double by[GROWTH_PARAMETERS];
        model_at(problem, at->data, problem->time[i], by);
        for (size_t j = 0; j < problem->k; j++) {
            if (!isfinite(by[j]))
                return GSL_EDOM;
            gsl_matrix_set(ret, i, j, by[j]);
        }
    }
    return GSL_SUCCESS;
}

/* ---- 2. Starts ------------------------------------------------------------------------------- */

/* A shape (the parameters beside the amplitude) with the best amplitude, base and levels for it:
 * they enter linearly. Writes the start and returns its weighted sum of squares; infinity if the
 * amplitude is not positive or cannot be told. */
static double solve_levels(const struct problem *problem, double *at) {
    enum { MOST = 2 + GROWTH_BREAKS };
    const bool based = problem->model == GROWTH_BASS && problem->launch < 0;
    const size_t linear = 1 + (based ? 1 : 0) + problem->k - problem->shape;
    double gram[MOST * MOST] = {0}, right[MOST] = {0}, squares = 0;
    at[0] = 0; /* an amplitude of 1 */
    if (based)
        at[3] = 0;
    for (size_t j = problem->shape; j < problem->k; j++)
        at[j] = 0;
    for (size_t i = 0; i < problem->n; i++) {
        double by[GROWTH_PARAMETERS] = {0}, x[MOST] = {0};
        const double weight = problem->weights[i], y = problem->users[i];
        x[0] = model_at(problem, at, problem->time[i], by);
        if (!isfinite(x[0]))
            return INFINITY;
        if (based)
            x[1] = 1;
        for (size_t j = problem->shape; j < problem->k; j++)
            x[linear - problem->k + j] = by[j];
        for (size_t a = 0; a < linear; a++) {
            right[a] += weight * x[a] * y;
            for (size_t b = 0; b < linear; b++)
                gram[a * linear + b] += weight * x[a] * x[b];
        }
        squares += weight * y * y;
    }
    double solution[MOST];
    gsl_matrix_view matrix = gsl_matrix_view_array(gram, linear, linear);
    gsl_vector_view known = gsl_vector_view_array(right, linear);
    gsl_vector_view solved = gsl_vector_view_array(solution, linear);
    if (gsl_linalg_cholesky_decomp1(&matrix.matrix) ||
        gsl_linalg_cholesky_solve(&matrix.matrix, &known.vector, &solved.vector) ||
        !(solution[0] > 0))
        return INFINITY;
    for (size_t a = 0; a < linear; a++)
        squares -= solution[a] * right[a];
    at[0] = log(solution[0]);
    if (based)
        at[3] = solution[1];
    for (size_t j = problem->shape; j < problem->k; j++)
        at[j] = solution[linear - problem->k + j];
    return squares;
}

enum { STARTS = 6 };

struct start {
    double squares;
    double at[GROWTH_PARAMETERS];
};

/* Keeps the best ones, best first. */
static void keep(struct start *starts, const struct start *found) {
    size_t i = STARTS;
    if (!(found->squares < starts[STARTS - 1].squares))
        return;
    for (i = STARTS - 1; i > 0 && found->squares < starts[i - 1].squares; i--)
        starts[i] = starts[i - 1];
    starts[i] = *found;
}

static void try_shape(const struct problem *problem, double first, double second,
                      struct start *starts) {
    struct start found = {0};
    found.at[1] = first;
    found.at[2] = second;
    found.squares = solve_levels(problem, found.at);
    keep(starts, &found);
}

/* Rates of 0.05 to 92 over the time looked at, by factors of 1.6. */
enum { RATES = 17 };
static double grid_rate(int i) {
    return 0.05 * pow(1.6, i);
}

/* Midpoints from half of that time before it to twice it, by eighths. */
enum { MIDPOINTS = 21 };
static double grid_midpoint(int i) {
    return -0.5 + i / 8.0;
}

static void try_rate(const struct problem *problem, double rate, struct start *starts) {
    switch (problem->model) {
    case GROWTH_EXPONENTIAL:
        try_shape(problem, rate, 0, starts);
        try_shape(problem, -rate, 0, starts);
        break;
    case GROWTH_LOGISTIC:
    case GROWTH_GOMPERTZ:
        for (int i = 0; i < MIDPOINTS; i++) {
            try_shape(problem, rate, grid_midpoint(i), starts);
            try_shape(problem, -rate, grid_midpoint(i), starts);
        }
        break;
    case GROWTH_BASS:
        for (int i = 0; i < RATES; i++)
            try_shape(problem, log(rate / 30), log(grid_rate(i)), starts);
        break;
    case GROWTH_MODELS:
        break;
    }
}

static void find_starts(const struct problem *problem, struct start *starts) {
    for (size_t i = 0; i < STARTS; i++)
        starts[i].squares = INFINITY;
    for (int i = 0; i < RATES; i++)
        try_rate(problem, grid_rate(i), starts);
}

/* ---- 3. Least squares ------------------------------------------------------------------------ */

struct solution {
    double squares; /* weighted; infinity: none */
    double at[GROWTH_PARAMETERS], covariance[GROWTH_PARAMETERS * GROWTH_PARAMETERS];
    bool singular; /* some parameters cannot be told apart */
};

/* (J'WJ)^-1 by QR; GSL leaves zeros where J is short of rank. */
static void take_covariance(const struct problem *problem, gsl_multifit_nlinear_workspace *work,
                            struct solution *ret) {
    gsl_matrix_view covariance = gsl_matrix_view_array(ret->covariance, problem->k, problem->k);
    gsl_multifit_nlinear_covar(gsl_multifit_nlinear_jac(work), 1e-12, &covariance.matrix);
    ret->singular = false;
    for (size_t j = 0; j < problem->k; j++)
        ret->singular = ret->singular || !(ret->covariance[j * problem->k + j] > 0);
}

static int solve_from(const struct problem *problem, const struct start *start,
                      struct solution *ret, struct error *err) {
    enum { STEPS = 500 };
    gsl_multifit_nlinear_parameters how = gsl_multifit_nlinear_default_parameters();
    gsl_multifit_nlinear_fdf system = {.f = residuals,
                                       .df = jacobian,
                                       .n = problem->n,
                                       .p = problem->k,
                                       .params = (void *)problem};
    gsl_multifit_nlinear_workspace *work =
        gsl_multifit_nlinear_alloc(gsl_multifit_nlinear_trust, &how, problem->n, problem->k);
    if (!work)
        return error_memory(err);
    gsl_vector_const_view at = gsl_vector_const_view_array(start->at, problem->k);
    gsl_vector_const_view weights = gsl_vector_const_view_array(problem->weights, problem->n);
    int info = 0;
    int status = gsl_multifit_nlinear_winit(&at.vector, &weights.vector, &system, work);
    if (!status)
        status = gsl_multifit_nlinear_driver(STEPS, 1e-13, 1e-13, 0, NULL, NULL, &info, work);
    /* GSL_ENOPROG: no step gains any more, which at a minimum is rounding. GSL_EMAXITER: on its way
     * to infinity, as a limit of which the counts say nothing is. */
    if (status == GSL_SUCCESS || status == GSL_ENOPROG || status == GSL_EMAXITER) {
        gsl_blas_ddot(gsl_multifit_nlinear_residual(work), gsl_multifit_nlinear_residual(work),
                      &ret->squares);
        memcpy(ret->at, gsl_multifit_nlinear_position(work)->data, problem->k * sizeof *ret->at);
        take_covariance(problem, work, ret);
        ret->singular = ret->singular || status == GSL_EMAXITER;
    } else {
        ret->squares = INFINITY;
    }
    gsl_multifit_nlinear_free(work);
    return 0;
}

static int solve(const struct problem *problem, struct solution *ret, struct error *err) {
    struct start starts[STARTS];
    find_starts(problem, starts);
    ret->squares = INFINITY;
    for (size_t i = 0; i < STARTS && isfinite(starts[i].squares); i++) {
        struct solution found = {0};
        if (solve_from(problem, &starts[i], &found, err))
            return err->code;
        if (found.squares < ret->squares)
            *ret = found;
    }
    return 0;
}

/* ---- 4. What is reported --------------------------------------------------------------------- */

static double power(double unit, int exponent) {
    return exponent == 0 ? 1 : exponent > 0 ? unit : 1 / unit;
}

static void report_parameter(struct growth_fit *fit, size_t j, const char *name, bool logarithm,
                             double unit) {
    const double error = sqrt(fit->covariance[j * fit->k + j]), width = fit->quantile * error;
    struct growth_parameter *ret = &fit->parameters[j];
    ret->name = name;
    if (logarithm) {
        ret->value = exp(fit->at[j]) * unit;
        ret->std_error = ret->value * error;
        ret->lower = ret->value * exp(-width);
        ret->upper = ret->value * exp(width);
    } else {
        ret->value = fit->at[j] * unit;
        ret->std_error = error * unit;
        ret->lower = (fit->at[j] - width) * unit;
        ret->upper = (fit->at[j] + width) * unit;
    }
}

static void report_parameters(struct growth_fit *fit, const struct problem *problem) {
    static const char *const levels[GROWTH_BREAKS] = {"level_1", "level_2", "level_3", "level_4",
                                                      "level_5", "level_6", "level_7", "level_8"};
    for (size_t j = 0; j < problem->shape; j++) {
        const struct shape_parameter *parameter = &curves[fit->model].parameters[j];
        report_parameter(fit, j, parameter->name, parameter->logarithm,
                         power(fit->time_unit, parameter->time) *
                             power(fit->users_unit, parameter->users));
    }
    for (size_t j = problem->shape; j < problem->k; j++)
        report_parameter(fit, j, levels[j - problem->shape], false, fit->users_unit);
}

/* Weights relative to the units of the fit; the normal likelihood is that of the counts as given.
 */
static void report_residuals(struct growth_fit *fit, const struct problem *problem,
                             double squares) {
    const double n = (double)problem->n, k = (double)problem->k + 1;
    double logs = 0, before = 0, products = 0;
    for (size_t i = 0; i < problem->n; i++) {
        double by[GROWTH_PARAMETERS];
        const double miss = sqrt(problem->weights[i]) *
                            (problem->users[i] - model_at(problem, fit->at, problem->time[i], by));
        logs += log(problem->weights[i]);
        products += i > 0 ? miss * before : 0;
        before = miss;
    }
    fit->autocorrelation = squares > 0 ? products / squares : 0;
    fit->log_likelihood = squares > 0 ? -n / 2 * (log(2 * M_PI) + 1 - log(n) + log(squares)) +
                                            logs / 2 - n * log(fit->users_unit)
                                      : NAN;
    fit->aicc = -2 * fit->log_likelihood + 2 * k + 2 * k * (k + 1) / (n - k - 1);
    const double per_count = fit->error == GROWTH_CONSTANT  ? fit->users_unit
                             : fit->error == GROWTH_POISSON ? sqrt(fit->users_unit)
                                                            : 1;
    fit->sigma = sqrt(squares / (n - k + 1)) * per_count;
}

/* The first parameter of a curve that ends is what it ends at; where its error is a factor of e,
 * the counts say nothing of it. */
static bool undetermined(const struct growth_fit *fit, const struct solution *solution) {
    if (solution->singular)
        return true;
    if (fit->model == GROWTH_EXPONENTIAL)
        return false;
    return sqrt(fit->covariance[0]) * fit->quantile > 1 &&
           fit->at[0] > log(1.05); /* of a decline, the capacity lies behind, not ahead */
}

/* Nothing is left but what the search for the minimum leaves; whole numbers scatter by more. */
static bool is_exact(const struct problem *problem, double squares) {
    double counts = 0;
    for (size_t i = 0; i < problem->n; i++)
        counts += problem->weights[i] * problem->users[i] * problem->users[i];
    return squares <= 1e-20 * counts;
}

static void report(struct growth_fit *fit, const struct problem *problem,
                   const struct solution *solution, double confidence) {
    const bool exact = is_exact(problem, solution->squares);
    const double scale = exact ? NAN : solution->squares / (double)(problem->n - problem->k);
    memcpy(fit->at, solution->at, problem->k * sizeof *fit->at);
    for (size_t i = 0; i < problem->k * problem->k; i++)
        fit->covariance[i] = solution->covariance[i] * scale;
    fit->quantile = gsl_cdf_tdist_Pinv((1 + confidence) / 2, (double)(problem->n - problem->k));
    report_parameters(fit, problem);
    report_residuals(fit, problem, exact ? 0 : solution->squares);
    fit->verdict = undetermined(fit, solution) ? GROWTH_UNDETERMINED
                   : exact                     ? GROWTH_EXACT
                                               : GROWTH_FITS;
}

static int make_weights(struct problem *problem, enum growth_error error, struct error *err) {
    for (size_t i = 0; i < problem->n; i++) {
        const double users = problem->users[i];
        if (error != GROWTH_CONSTANT && !(users > 0))
            return error_set(err, ERROR_DATA,
                             "a count of 0 has no weight of its own, expected all counts above 0, "
                             "or errors of the same size at all counts");
        problem->weights[i] = error == GROWTH_CONSTANT  ? 1
                              : error == GROWTH_POISSON ? 1 / users
                                                        : 1 / (users * users);
    }
    return 0;
}

static int fit_scaled(struct problem *problem, const struct growth_options *options,
                      struct growth_fit *ret, struct error *err) {
    struct solution solution = {0};
    if (make_weights(problem, options->error, err) || solve(problem, &solution, err))
        return err->code;
    if (isfinite(solution.squares))
        report(ret, problem, &solution, options->confidence);
    else
        ret->verdict = GROWTH_NO_FIT;
    return 0;
}

static double largest(const double *values, size_t n) {
    double ret = 0;
    for (size_t i = 0; i < n; i++)
        ret = fmax(ret, fabs(values[i]));
    return ret > 0 ? ret : 1;
}

int growth_fit(const struct growth_series *series, enum growth_model model,
               const struct growth_options *options, struct growth_fit *ret, struct error *err) {
    const size_t shape = curves[model].k - (model == GROWTH_BASS && options->launch >= 0 ? 1 : 0);
    const size_t n = series->n, k = shape + options->n_breaks;
    *ret = (struct growth_fit){.model = model, .n = n, .k = k, .error = options->error};
    if (n < k + 3) {
        ret->verdict = GROWTH_TOO_FEW;
        return 0;
    }
    ret->time_unit = largest(series->time, n);
    ret->users_unit = largest(series->users, n);
    ret->launch = options->launch >= 0 ? options->launch / ret->time_unit : -1;
    for (size_t i = 0; i < options->n_breaks; i++)
        ret->breaks[i] = options->breaks[i] / ret->time_unit;
    double *scaled = malloc(3 * n * sizeof *scaled);
    if (!scaled)
        return error_memory(err);
    for (size_t i = 0; i < n; i++) {
        scaled[i] = series->time[i] / ret->time_unit;
        scaled[n + i] = series->users[i] / ret->users_unit;
    }
    struct problem problem = {model,          n,           shape,      k, scaled, scaled + n,
                              scaled + 2 * n, ret->launch, ret->breaks};
    const int status = fit_scaled(&problem, options, ret, err);
    free(scaled);
    return status;
}

/* ---- 5. Comparing, and carrying on ----------------------------------------------------------- */

const char *growth_verdict_says(enum growth_verdict verdict) {
    switch (verdict) {
    case GROWTH_FITS:
        return "fits";
    case GROWTH_TOO_FEW:
        return "too few counts";
    case GROWTH_NO_FIT:
        return "no minimum found";
    case GROWTH_UNDETERMINED:
        return "no bend: limit not determined";
    case GROWTH_EXACT:
        return "exact: no scatter to tell errors from";
    }
    return "";
}

const struct growth_fit *growth_best(const struct growth_fit *fits, size_t n) {
    const struct growth_fit *best = NULL;
    for (size_t i = 0; i < n; i++)
        if (fits[i].verdict == GROWTH_EXACT)
            return &fits[i];
    for (size_t i = 0; i < n; i++)
        if (fits[i].verdict == GROWTH_FITS && (!best || fits[i].aicc < best->aicc))
            best = &fits[i];
    return best;
}

void growth_weights(const struct growth_fit *fits, size_t n, double *ret) {
    const struct growth_fit *best = growth_best(fits, n);
    double sum = 0;
    for (size_t i = 0; i < n; i++) {
        ret[i] = 0;
        if (&fits[i] == best)
            ret[i] = 1;
        else if (fits[i].verdict == GROWTH_FITS && best->verdict == GROWTH_FITS)
            ret[i] = exp(-(fits[i].aicc - best->aicc) / 2);
        sum += ret[i];
    }
    for (size_t i = 0; i < n && sum > 0; i++)
        ret[i] /= sum;
}

struct growth_point growth_at(const struct growth_fit *fit, double time) {
    const struct problem problem = {
        .model = fit->model,
        .shape = curves[fit->model].k - (fit->model == GROWTH_BASS && fit->launch >= 0 ? 1 : 0),
        .k = fit->k,
        .launch = fit->launch,
        .breaks = fit->breaks};
    double by[GROWTH_PARAMETERS] = {0}, variance = 0;
    const double users = model_at(&problem, fit->at, time / fit->time_unit, by) * fit->users_unit;
    for (size_t i = 0; i < fit->k; i++)
        for (size_t j = 0; j < fit->k; j++)
            variance += by[i] * fit->covariance[i * fit->k + j] * by[j];
    const double single = fit->sigma * (fit->error == GROWTH_CONSTANT  ? 1
                                        : fit->error == GROWTH_POISSON ? sqrt(fmax(users, 0))
                                                                       : users);
    const double width = fit->quantile * hypot(sqrt(variance) * fit->users_unit, single);
    return (struct growth_point){users, users - width, users + width};
}
