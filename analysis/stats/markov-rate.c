/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Intensities of a Markov process from panel data.
 *
 *   1. From looks to steps
 *   2. Steps put together by their length
 *   3. Which moves are allowed, and whether they explain what was seen
 *   4. The log-likelihood, its gradient and the scoring matrix
 *   5. Where it is largest
 *   6. Whether the data determine it
 *   7. All of it
 *   8. What follows
 */
#include "stats/markov-rate.h"

#include "base/buffer.h"
#include "stats/markov-chain.h"
#include <gsl/gsl_eigen.h>
#include <gsl/gsl_linalg.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- 1. From looks to steps ------------------------------------------------------------------ */

enum { NAME_TEXT = 80 };

/* A state as messages show it; long names are cut. */
static const char *name_of(const struct text *names, size_t state, char text[NAME_TEXT]) {
    if (names)
        snprintf(text, NAME_TEXT, "%.*s",
                 (int)(names[state].length < 60 ? names[state].length : 60), names[state].bytes);
    else
        snprintf(text, NAME_TEXT, "%zu", state + 1);
    return text;
}

int markov_steps_of(const struct markov_look *looks, size_t n, size_t n_states,
                    const struct text *names, struct markov_steps *ret, struct error *err) {
    ret->n_states = n_states;
    ret->looks += n;
    for (size_t i = 0; i < n; i++) {
        const struct markov_look *now = &looks[i], *before = now - 1;
        if (i == 0 || now->subject != before->subject) {
            ret->subjects++;
            continue;
        }
        if (now->time == before->time && now->state == before->state)
            continue;
        if (!(now->time > before->time)) {
            char a[NAME_TEXT], b[NAME_TEXT];
            return error_set(err, ERROR_DATA,
                             "found a subject in '%s' and in '%s' at the same time, %g, expected "
                             "one state at a time",
                             name_of(names, before->state, a), name_of(names, now->state, b),
                             now->time);
        }
        if (array_reserve((void **)&ret->steps, &ret->capacity, ret->n + 1, sizeof *ret->steps,
                          err))
            return err->code;
        ret->steps[ret->n++] =
            (struct markov_step){before->state, now->state, now->time - before->time, 1};
    }
    return 0;
}

void markov_steps_free(struct markov_steps *steps) {
    free(steps->steps);
    *steps = (struct markov_steps){0};
}

/* ---- 2. Steps put together by their length --------------------------------------------------- */

/* Moves that are allowed, and all that one evaluation needs. */
struct fit {
    const struct markov_rate_options *options;
    size_t n, size; /* states, and their square */
    double unit;    /* times are divided by it: their mean */
    double *times;  /* [groups], ascending */
    double *counts; /* [groups][size] */
    size_t groups;
    double total, shortest;
    bool *allowed; /* [size] */
    struct generator_move *moves;
    size_t n_moves;
    double *q, *p, *dp, *work;
    double exact_looks;
};

static int by_time(const void *a, const void *b) {
    const struct markov_step *x = a, *y = b;
    return (x->time > y->time) - (x->time < y->time);
}

/* The steps sorted, so that sums do not depend on the order in which they came. */
static struct markov_step *sorted_steps(const struct markov_steps *steps) {
    struct markov_step *sorted = malloc((steps->n + 1) * sizeof *sorted);
    if (!sorted)
        return NULL;
    memcpy(sorted, steps->steps, steps->n * sizeof *sorted);
    qsort(sorted, steps->n, sizeof *sorted, by_time);
    return sorted;
}

static void find_unit(struct fit *fit, const struct markov_step *sorted, size_t n) {
    double total = 0;
    for (size_t start = 0, end; start < n; start = end) {
        double count = 0; /* whole numbers: exact in any order */
        for (end = start; end < n && sorted[end].time == sorted[start].time; end++)
            count += sorted[end].count;
        total += count * sorted[start].time;
        fit->total += count;
        fit->groups++;
    }
    fit->unit = fit->total > 0 ? total / fit->total : 1;
}

static int group_steps(struct fit *fit, const struct markov_steps *steps, struct error *err) {
    struct markov_step *sorted = sorted_steps(steps);
    if (!sorted)
        return error_memory(err);
    find_unit(fit, sorted, steps->n);
    fit->times = calloc(fit->groups, sizeof *fit->times);
    fit->counts = calloc(fit->groups * fit->size, sizeof *fit->counts);
    if (!fit->times || !fit->counts) {
        free(sorted);
        return error_memory(err);
    }
    size_t group = 0;
    for (size_t i = 0; i < steps->n; i++) {
        group += i > 0 && sorted[i].time != sorted[i - 1].time;
        fit->times[group] = sorted[i].time / fit->unit;
        fit->counts[group * fit->size + sorted[i].from * fit->n + sorted[i].to] += sorted[i].count;
    }
    fit->shortest = fit->times[0];
    free(sorted);
    return 0;
}

/* ---- 3. Which moves are allowed -------------------------------------------------------------- */

static bool is_exact(const struct fit *fit, size_t from, size_t to) {
    return from != to && fit->options->exact && fit->options->exact[to];
}

static double seen(const struct fit *fit, size_t from, size_t to) {
    double count = 0;
    for (size_t g = 0; g < fit->groups; g++)
        count += fit->counts[g * fit->size + from * fit->n + to];
    return count;
}

/* reach[i][j]: by allowed moves, in any number of them (Warshall). */
static void find_reach(const struct fit *fit, bool *reach) {
    const size_t n = fit->n;
    memcpy(reach, fit->allowed, fit->size * sizeof *reach);
    for (size_t i = 0; i < n; i++)
        reach[i * n + i] = true;
    for (size_t k = 0; k < n; k++)
        for (size_t i = 0; i < n; i++)
            for (size_t j = 0; j < n; j++)
                if (reach[i * n + k] && reach[k * n + j])
                    reach[i * n + j] = true;
}

static int check_reach(const struct fit *fit, struct error *err) {
    bool *reach = malloc(fit->size * sizeof *reach);
    if (!reach)
        return error_memory(err);
    find_reach(fit, reach);
    int status = 0;
    for (size_t from = 0; from < fit->n; from++)
        for (size_t to = 0; to < fit->n && !status; to++) {
            char a[NAME_TEXT], b[NAME_TEXT];
            if (!reach[from * fit->n + to] && seen(fit, from, to) > 0)
                status = error_set(err, ERROR_DATA,
                                   "found %.0f going from '%s' to '%s', which the allowed moves do "
                                   "not lead to",
                                   seen(fit, from, to), name_of(fit->options->names, from, a),
                                   name_of(fit->options->names, to, b));
        }
    free(reach);
    return status;
}

static int find_moves(struct fit *fit, struct error *err) {
    fit->allowed = calloc(fit->size, sizeof *fit->allowed);
    fit->moves = calloc(fit->size, sizeof *fit->moves);
    if (!fit->allowed || !fit->moves)
        return error_memory(err);
    for (size_t from = 0; from < fit->n; from++)
        for (size_t to = 0; to < fit->n; to++) {
            const size_t at = from * fit->n + to;
            if (from == to)
                continue;
            fit->allowed[at] =
                fit->options->allowed ? fit->options->allowed[at] : seen(fit, from, to) > 0;
            if (fit->allowed[at])
                fit->moves[fit->n_moves++] = (struct generator_move){(uint32_t)from, (uint32_t)to};
            if (is_exact(fit, from, to))
                fit->exact_looks += seen(fit, from, to);
        }
    if (fit->n_moves == 0)
        return error_set(err, ERROR_DATA,
                         "nobody was seen to go from one state to another: no intensity can be "
                         "told");
    return check_reach(fit, err);
}

/* Moves seen over time spent, as if nothing happened between looks; half a move where none was. */
static void start_crudely(const struct fit *fit, double *theta) {
    for (size_t k = 0; k < fit->n_moves; k++) {
        const size_t from = fit->moves[k].from;
        double spent = 0;
        for (size_t g = 0; g < fit->groups; g++)
            for (size_t to = 0; to < fit->n; to++)
                spent += fit->counts[g * fit->size + from * fit->n + to] * fit->times[g];
        const double moved = fmax(seen(fit, from, fit->moves[k].to), 0.5);
        theta[k] = log(spent > 0 ? moved / spent : 1);
    }
}

/* ---- 4. The log-likelihood ------------------------------------------------------------------- */

/* Value and, if they are asked for, gradient and scoring matrix, by the log-intensities. */
struct value {
    double log_likelihood;
    double *gradient; /* [n_moves] or NULL */
    double *scoring;  /* [n_moves][n_moves] or NULL */
};

static void set_q(struct fit *fit, const double *theta) {
    memset(fit->q, 0, fit->size * sizeof *fit->q);
    for (size_t k = 0; k < fit->n_moves; k++) {
        const struct generator_move *move = &fit->moves[k];
        const double q = exp(theta[k]);
        fit->q[move->from * fit->n + move->to] = q;
        fit->q[move->from * fit->n + move->from] -= q;
    }
}

/* The chance (of an exact look: the density) of a step, and its derivatives by the
 * log-intensities. */
static double chance(const struct fit *fit, size_t from, size_t to, double *derivatives) {
    const size_t n = fit->n;
    const bool exact = is_exact(fit, from, to);
    double p = exact ? 0 : fit->p[from * n + to];
    for (size_t m = 0; m < n && exact; m++)
        if (m != to)
            p += fit->p[from * n + m] * fit->q[m * n + to];
    for (size_t k = 0; k < fit->n_moves && derivatives; k++) {
        const struct generator_move *move = &fit->moves[k];
        const double *dp = fit->dp + k * fit->size + from * n;
        double d = exact ? 0 : dp[to];
        for (size_t m = 0; m < n && exact; m++)
            if (m != to)
                d += dp[m] * fit->q[m * n + to];
        if (exact && move->to == to)
            d += fit->p[from * n + move->from];
        derivatives[k] = d * fit->q[move->from * n + move->to];
    }
    return p;
}

static void add_outer(size_t n, double by, const double *d, double *into) {
    for (size_t k = 0; k < n; k++)
        for (size_t l = 0; l < n; l++)
            into[k * n + l] += by * d[k] * d[l];
}

/* Steps between two looks have the expected information, n_i sum_j dp dp' / p; exact ones what was
 * seen of it. */
static void add_row(const struct fit *fit, const double *counts, size_t from, double *derivatives,
                    struct value *value) {
    double looked = 0;
    for (size_t to = 0; to < fit->n; to++)
        looked += is_exact(fit, from, to) ? 0 : counts[to];
    for (size_t to = 0; to < fit->n; to++) {
        const bool exact = is_exact(fit, from, to);
        if (counts[to] == 0 && (exact || looked == 0 || !value->scoring))
            continue;
        const double p = chance(fit, from, to, value->gradient ? derivatives : NULL);
        if (counts[to] > 0)
            value->log_likelihood += counts[to] * log(p);
        for (size_t k = 0; k < fit->n_moves && value->gradient && counts[to] > 0; k++)
            value->gradient[k] += counts[to] * derivatives[k] / p;
        if (value->scoring && p > 0)
            add_outer(fit->n_moves, exact ? counts[to] / (p * p) : looked / p, derivatives,
                      value->scoring);
    }
}

static void evaluate(struct fit *fit, const double *theta, double *derivatives,
                     struct value *value) {
    value->log_likelihood = 0;
    if (value->gradient)
        memset(value->gradient, 0, fit->n_moves * sizeof *value->gradient);
    if (value->scoring)
        memset(value->scoring, 0, fit->n_moves * fit->n_moves * sizeof *value->scoring);
    set_q(fit, theta);
    for (size_t g = 0; g < fit->groups; g++) {
        generator_exponential(fit->n, fit->q, fit->times[g], fit->moves,
                              value->gradient ? fit->n_moves : 0, fit->p, fit->dp, fit->work);
        for (size_t from = 0; from < fit->n; from++)
            add_row(fit, fit->counts + g * fit->size + from * fit->n, from, derivatives, value);
    }
}

/* ---- 5. Where it is largest ------------------------------------------------------------------ */

struct search {
    double *theta, *tried, *step, *derivatives;
    double *gradient, *scoring, *information; /* information: of the end, observed */
    double *other;                            /* a second gradient */
};

/* step = (a + damping diag a)^-1 gradient, by Cholesky of a scaled to a unit diagonal; false if
 * that fails. */
static bool solve(size_t n, const double *a, double damping, const double *gradient, double *step) {
    gsl_matrix *matrix = gsl_matrix_alloc(n, n);
    gsl_vector *vector = gsl_vector_alloc(n);
    bool done = matrix && vector;
    for (size_t k = 0; k < n && done; k++) {
        const double at = a[k * n + k];
        done = at > 0 && isfinite(at);
        for (size_t l = 0; l < n && done; l++)
            gsl_matrix_set(matrix, k, l,
                           a[k * n + l] / sqrt(at * a[l * n + l]) + (k == l ? damping : 0));
        if (done)
            gsl_vector_set(vector, k, gradient[k] / sqrt(at));
    }
    done = done && gsl_linalg_cholesky_decomp1(matrix) == 0 &&
           gsl_linalg_cholesky_svx(matrix, vector) == 0;
    for (size_t k = 0; k < n && done; k++) {
        step[k] = gsl_vector_get(vector, k) / sqrt(a[k * n + k]);
        done = isfinite(step[k]);
    }
    gsl_matrix_free(matrix);
    gsl_vector_free(vector);
    return done;
}

static int not_bounded(const struct fit *fit, size_t k, bool grows, struct error *err) {
    char a[NAME_TEXT], b[NAME_TEXT];
    name_of(fit->options->names, fit->moves[k].from, a);
    name_of(fit->options->names, fit->moves[k].to, b);
    if (grows)
        return error_set(err, ERROR_DATA,
                         "the intensity from '%s' to '%s' grows without bound: moves are quicker "
                         "than the looks are apart; look more often, or do not allow this move",
                         a, b);
    return error_set(err, ERROR_DATA,
                     "the intensity from '%s' to '%s' goes to 0: what was seen is explained better "
                     "without this move; do not allow it",
                     a, b);
}

/* With times around 1, an intensity under which not even 10^-6 moves are expected, or one that
 * forgets everything before the nearest look, is on its way to 0 or infinity. */
static int check_bounds(const struct fit *fit, const double *theta, struct error *err) {
    for (size_t k = 0; k < fit->n_moves; k++) {
        if (exp(theta[k]) * fit->total < 1e-6)
            return not_bounded(fit, k, false, err);
        if (exp(theta[k]) * fit->shortest > 100)
            return not_bounded(fit, k, true, err);
    }
    return 0;
}

enum { MOST_ITERATIONS = 500, MOST_DAMPINGS = 40 };
static const double most_step = 2; /* of a log-intensity at a time */

/* How far the search is from the peak: what its last step promised to gain, and its length. */
struct distance {
    double gain, largest;
};

/* One step upwards; false if there is none. */
static bool step_up(struct fit *fit, struct search *search, double log_likelihood, double *damping,
                    struct distance *ret) {
    const size_t n = fit->n_moves;
    for (int i = 0; i < MOST_DAMPINGS; i++) {
        struct value tried = {0};
        double gain = 0, largest = 0;
        if (solve(n, search->scoring, *damping, search->gradient, search->step)) {
            for (size_t k = 0; k < n; k++)
                largest = fmax(largest, fabs(search->step[k]));
            for (size_t k = 0; k < n; k++) {
                const double step = search->step[k] * fmin(1, most_step / largest);
                search->tried[k] = search->theta[k] + (largest > 0 ? step : 0);
                gain += search->gradient[k] * search->step[k];
            }
            evaluate(fit, search->tried, NULL, &tried);
            if (tried.log_likelihood >= log_likelihood) {
                memcpy(search->theta, search->tried, n * sizeof *search->theta);
                *damping = *damping < 1e-8 ? 0 : *damping / 10;
                *ret = (struct distance){gain, largest};
                return true;
            }
        }
        *damping = fmax(10 * *damping, 1e-6);
    }
    return false;
}

static int climb(struct fit *fit, struct search *search, int *ret_iterations, struct error *err) {
    struct distance left = {INFINITY, INFINITY};
    double damping = 1e-3;
    int i = 0;
    for (; i < MOST_ITERATIONS && (left.gain > 1e-4 || left.largest > 0.1); i++) {
        struct value value = {.gradient = search->gradient, .scoring = search->scoring};
        evaluate(fit, search->theta, search->derivatives, &value);
        if (!step_up(fit, search, value.log_likelihood, &damping, &left))
            break; /* nothing near is higher, to the last digit */
        if (check_bounds(fit, search->theta, err))
            return err->code;
    }
    *ret_iterations = i;
    return 0;
}

/* ---- 6. Whether the data determine it -------------------------------------------------------- */

static void gradient_beside(struct fit *fit, struct search *search, size_t k, double by,
                            double *gradient) {
    struct value value = {.gradient = gradient};
    memcpy(search->tried, search->theta, fit->n_moves * sizeof *search->tried);
    search->tried[k] += by;
    evaluate(fit, search->tried, search->derivatives, &value);
}

/* Minus the second derivatives: central differences of the gradient at two distances, combined so
 * that the error is of fourth order (Richardson), 1e-12 relative. */
static void observe_information(struct fit *fit, struct search *search) {
    static const double apart = 1e-3;
    static const double weights[] = {-1.0 / 12, 8.0 / 12, -8.0 / 12, 1.0 / 12};
    static const double places[] = {2, 1, -1, -2};
    const size_t n = fit->n_moves;
    double *information = search->information;
    memset(information, 0, n * n * sizeof *information);
    for (size_t k = 0; k < n; k++)
        for (int i = 0; i < 4; i++) {
            gradient_beside(fit, search, k, places[i] * apart, search->other);
            for (size_t l = 0; l < n; l++)
                information[k * n + l] -= weights[i] * search->other[l] / apart;
        }
    for (size_t k = 0; k < n; k++)
        for (size_t l = 0; l < k; l++)
            information[k * n + l] = information[l * n + k] =
                (information[k * n + l] + information[l * n + k]) / 2;
}

static int not_determined(const struct fit *fit, size_t worst, size_t next, struct error *err) {
    char a[NAME_TEXT], b[NAME_TEXT], c[NAME_TEXT], d[NAME_TEXT], with[3 * NAME_TEXT] = "";
    name_of(fit->options->names, fit->moves[worst].from, a);
    name_of(fit->options->names, fit->moves[worst].to, b);
    if (next != worst)
        snprintf(with, sizeof with, " apart from that from '%s' to '%s'",
                 name_of(fit->options->names, fit->moves[next].from, c),
                 name_of(fit->options->names, fit->moves[next].to, d));
    return error_set(err, ERROR_DATA,
                     "the data do not tell the intensity from '%s' to '%s'%s: do not allow so many "
                     "moves",
                     a, b, with);
}

/* The direction in which the log-likelihood is flattest, in units of each intensity's own error. */
static int check_information(const struct fit *fit, const double *information, struct error *err) {
    const size_t n = fit->n_moves;
    for (size_t k = 0; k < n; k++)
        if (!(information[k * n + k] > 1e-6))
            return not_determined(fit, k, k, err);
    gsl_matrix *matrix = gsl_matrix_alloc(n, n), *vectors = gsl_matrix_alloc(n, n);
    gsl_vector *values = gsl_vector_alloc(n);
    gsl_eigen_symmv_workspace *work = gsl_eigen_symmv_alloc(n);
    int status = matrix && vectors && values && work ? 0 : error_memory(err);
    for (size_t i = 0; i < n * n && !status; i++)
        gsl_matrix_set(matrix, i / n, i % n,
                       information[i] /
                           sqrt(information[i / n * n + i / n] * information[i % n * n + i % n]));
    if (!status && gsl_eigen_symmv(matrix, values, vectors, work) != 0)
        status = error_set(err, ERROR_DATA, "the information has no eigenvalues");
    const size_t least = status ? 0 : gsl_vector_min_index(values);
    if (!status && gsl_vector_get(values, least) < 1e-7) {
        size_t worst = 0, next = 0;
        for (size_t k = 1; k < n; k++)
            if (fabs(gsl_matrix_get(vectors, k, least)) >
                fabs(gsl_matrix_get(vectors, worst, least)))
                worst = k;
        next = worst == 0 && n > 1 ? 1 : 0;
        for (size_t k = 0; k < n; k++)
            if (k != worst && fabs(gsl_matrix_get(vectors, k, least)) >
                                  fabs(gsl_matrix_get(vectors, next, least)))
                next = k;
        status = not_determined(fit, worst, next, err);
    }
    gsl_matrix_free(matrix);
    gsl_matrix_free(vectors);
    gsl_vector_free(values);
    gsl_eigen_symmv_free(work);
    return status;
}

static int observe_and_check(struct fit *fit, struct search *search, struct error *err) {
    observe_information(fit, search);
    return check_information(fit, search->information, err);
}

/* The last steps are Newton's, with the observed information: the gradient goes to 0 to the last
 * digit. One such matrix will do for all of them, as it hardly changes any more; that of the end is
 * the one for the errors. */
static int polish(struct fit *fit, struct search *search, struct error *err) {
    enum { STEPS = 6 };
    if (observe_and_check(fit, search, err))
        return err->code;
    for (int step = 0; step < STEPS; step++) {
        struct value value = {.gradient = search->gradient};
        double largest = 0;
        evaluate(fit, search->theta, search->derivatives, &value);
        if (!solve(fit->n_moves, search->information, 0, search->gradient, search->step))
            return error_set(err, ERROR_DATA, "the log-likelihood has no peak that can be found");
        for (size_t k = 0; k < fit->n_moves; k++)
            largest = fmax(largest, fabs(search->step[k]));
        for (size_t k = 0; k < fit->n_moves && largest > 0; k++)
            search->theta[k] += search->step[k] * fmin(1, 0.1 / largest);
        if (largest < 1e-8)
            break;
    }
    return observe_and_check(fit, search, err);
}

/* ---- 7. All of it ---------------------------------------------------------------------------- */

static int invert(size_t n, const double *information, double *covariance, struct error *err) {
    gsl_matrix *matrix = gsl_matrix_alloc(n, n);
    int status = matrix ? 0 : error_memory(err);
    for (size_t i = 0; i < n * n && !status; i++)
        gsl_matrix_set(matrix, i / n, i % n, information[i]);
    if (!status && (gsl_linalg_cholesky_decomp1(matrix) || gsl_linalg_cholesky_invert(matrix)))
        status = error_set(err, ERROR_DATA, "the log-likelihood has no peak that can be found");
    for (size_t i = 0; i < n * n && !status; i++)
        covariance[i] = gsl_matrix_get(matrix, i / n, i % n);
    gsl_matrix_free(matrix);
    return status;
}

/* An error of a log-intensity above 10 is an interval of e^40 from end to end: level ground on the
 * way to 0 or infinity, which rounding has made a peak of. */
static int check_errors(const struct fit *fit, const double *theta, const double *covariance,
                        struct error *err) {
    const size_t n = fit->n_moves;
    size_t worst = 0, next = 0;
    for (size_t k = 1; k < n; k++)
        if (covariance[k * n + k] > covariance[worst * n + worst])
            worst = k;
    if (!(covariance[worst * n + worst] > 100))
        return 0;
    if (exp(theta[worst]) * fit->shortest > 5)
        return not_bounded(fit, worst, true, err);
    next = worst == 0 && n > 1 ? 1 : 0;
    for (size_t k = 0; k < n; k++)
        if (k != worst && fabs(covariance[k * n + worst]) > fabs(covariance[next * n + worst]))
            next = k;
    return not_determined(fit, worst, next, err);
}

static int finish(struct fit *fit, const struct search *search, struct markov_rate *ret,
                  struct error *err) {
    struct value value = {0};
    evaluate(fit, search->theta, NULL, &value);
    ret->n_states = fit->n;
    ret->n_moves = fit->n_moves;
    ret->log_likelihood = value.log_likelihood - fit->exact_looks * log(fit->unit);
    ret->q = malloc(fit->size * sizeof *ret->q);
    ret->covariance = calloc(fit->n_moves * fit->n_moves + 1, sizeof *ret->covariance);
    if (!ret->q || !ret->covariance)
        return error_memory(err);
    for (size_t i = 0; i < fit->size; i++)
        ret->q[i] = fit->q[i] / fit->unit;
    if (invert(fit->n_moves, search->information, ret->covariance, err))
        return err->code;
    if (check_errors(fit, search->theta, ret->covariance, err))
        return err->code;
    ret->moves = fit->moves;
    fit->moves = NULL;
    return 0;
}

static int search_all(struct fit *fit, struct markov_rate *ret, struct error *err) {
    const size_t n = fit->n_moves;
    double *room = calloc(6 * n + 2 * n * n + 1, sizeof *room);
    fit->q = calloc(2 * fit->size + n * fit->size + generator_work(fit->n), sizeof *fit->q);
    if (!room || !fit->q) {
        free(room);
        return error_memory(err);
    }
    fit->p = fit->q + fit->size;
    fit->dp = fit->p + fit->size;
    fit->work = fit->dp + n * fit->size;
    struct search search = {.theta = room,
                            .tried = room + n,
                            .step = room + 2 * n,
                            .derivatives = room + 3 * n,
                            .gradient = room + 4 * n,
                            .other = room + 5 * n,
                            .scoring = room + 6 * n,
                            .information = room + 6 * n + n * n};
    start_crudely(fit, search.theta);
    int status = climb(fit, &search, &ret->iterations, err);
    if (!status)
        status = polish(fit, &search, err);
    if (!status)
        status = finish(fit, &search, ret, err);
    free(room);
    return status;
}

int markov_rate_fit(const struct markov_steps *steps, const struct markov_rate_options *options,
                    struct markov_rate *ret, struct error *err) {
    struct fit fit = {
        .options = options, .n = steps->n_states, .size = steps->n_states * steps->n_states};
    *ret = (struct markov_rate){0};
    if (steps->n == 0 || steps->n_states == 0)
        return error_set(err, ERROR_DATA, "nobody was seen twice: no intensity can be told");
    int status = group_steps(&fit, steps, err);
    if (!status)
        status = find_moves(&fit, err);
    if (!status)
        status = search_all(&fit, ret, err);
    free(fit.times);
    free(fit.counts);
    free(fit.allowed);
    free(fit.moves);
    free(fit.q);
    if (status)
        markov_rate_free(ret);
    return status;
}

void markov_rate_free(struct markov_rate *rate) {
    free(rate->moves);
    free(rate->q);
    free(rate->covariance);
    *rate = (struct markov_rate){0};
}

/* ---- 8. What follows ------------------------------------------------------------------------- */

static const struct markov_estimate unknown = {NAN, NAN, NAN, NAN};

/* The error of something with these derivatives by the log-intensities. */
static double error_of(const struct markov_rate *rate, const double *gradient) {
    const size_t n = rate->n_moves;
    double variance = 0;
    for (size_t k = 0; k < n; k++)
        for (size_t l = 0; l < n; l++)
            variance += gradient[k] * rate->covariance[k * n + l] * gradient[l];
    return sqrt(variance);
}

static struct markov_estimate with_bounds(double value, double error,
                                          struct proportion_interval interval) {
    return (struct markov_estimate){value, error, interval.lower, interval.upper};
}

struct markov_estimate markov_rate_intensity(const struct markov_rate *rate, size_t from, size_t to,
                                             double confidence) {
    struct markov_estimate ret = unknown;
    ret.value = rate->q[from * rate->n_states + to];
    for (size_t k = 0; k < rate->n_moves; k++)
        if (rate->moves[k].from == from && rate->moves[k].to == to) {
            const double error = ret.value * sqrt(rate->covariance[k * rate->n_moves + k]);
            return with_bounds(ret.value, error,
                               markov_time_interval(ret.value, error, confidence));
        }
    return ret;
}

/* d(1 / sum q) / d(log q_k) = -q_k / (sum q)^2 */
struct markov_estimate markov_rate_sojourn(const struct markov_rate *rate, size_t state,
                                           double confidence) {
    const size_t n = rate->n_moves;
    const double out = -rate->q[state * rate->n_states + state];
    double variance = 0;
    if (!(out > 0))
        return (struct markov_estimate){INFINITY, NAN, NAN, NAN};
    for (size_t k = 0; k < n; k++)
        for (size_t l = 0; l < n; l++)
            if (rate->moves[k].from == state && rate->moves[l].from == state)
                variance += rate->q[state * rate->n_states + rate->moves[k].to] *
                            rate->covariance[k * n + l] *
                            rate->q[state * rate->n_states + rate->moves[l].to];
    const double error = sqrt(variance) / (out * out);
    return with_bounds(1 / out, error, markov_time_interval(1 / out, error, confidence));
}

int markov_rate_probability(const struct markov_rate *rate, size_t from, size_t to, double time,
                            double confidence, struct markov_estimate *ret, struct error *err) {
    const size_t n = rate->n_states, size = n * n;
    double *p =
        malloc((size + rate->n_moves * size + rate->n_moves + generator_work(n)) * sizeof *p);
    if (!p)
        return error_memory(err);
    double *const dp = p + size, *const gradient = dp + rate->n_moves * size;
    generator_exponential(n, rate->q, time, rate->moves, rate->n_moves, p, dp,
                          gradient + rate->n_moves);
    for (size_t k = 0; k < rate->n_moves; k++)
        gradient[k] =
            dp[k * size + from * n + to] * rate->q[rate->moves[k].from * n + rate->moves[k].to];
    const double value = p[from * n + to], error = error_of(rate, gradient);
    free(p);
    *ret = with_bounds(value, error, markov_share_interval(value, error, confidence));
    return 0;
}
