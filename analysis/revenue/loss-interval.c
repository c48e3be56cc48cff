/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Monte Carlo intervals for a scenario of lost revenue.
 *
 * Contents: one parameter; the draws; sums of a geometric series; quantiles and their error;
 * months.
 */
#include "revenue/loss-interval.h"

#include "base/random.h"
#include "base/workers.h"
#include "stats/pert.h"
#include <gsl/gsl_statistics_double.h>
#include <math.h>
#include <stdlib.h>

/* ---- One parameter --------------------------------------------------------------------------- */

/* For u in [0, 1), 0 < rise < 1 the place of the mode: the inverse of the triangular distribution
 * on [0, 1]. */
static double triangular(double u, double rise) {
    return u < rise ? sqrt(u * rise) : 1 - sqrt((1 - u) * (1 - rise));
}

static double draw(const struct assumption *assumption, enum loss_distribution distribution,
                   struct random_stream *stream) {
    double low = decimal_to_double(assumption->low), high = decimal_to_double(assumption->high);
    double mode = decimal_to_double(assumption->value), place = 0;
    switch (distribution) {
    case LOSS_PERT:
        return pert_draw(low, mode, high, stream);
    case LOSS_TRIANGULAR:
        place = triangular(random_uniform(stream), (mode - low) / (high - low));
        break;
    case LOSS_UNIFORM:
        place = random_uniform(stream);
        break;
    }
    return low + (high - low) * place;
}

/* ---- The draws ------------------------------------------------------------------------------- */

/* What a month needs of a draw. In month m those away are exp((m-1) stay) of the migrants, and
 * money is worth exp(-(m-1) discount). */
struct draws {
    const struct loss_scenario *scenario;
    const struct loss_interval_options *options;
    double *loss;     /* of the first month */
    double *gain;     /* of the first month */
    double *stay;     /* ln(1 - return_rate): -inf if all come back at once */
    double *discount; /* ln(1 + discount_rate)/12 */
};

enum { DRAWS_A_TASK = 4096 };

static void draw_one(struct draws *draws, uint32_t i) {
    double at[LOSS_PARAMETERS];
    for (uint32_t p = 0; p < LOSS_PARAMETERS; p++) {
        const struct assumption *assumption = &draws->scenario->of[p];
        at[p] = decimal_to_double(assumption->value);
        if (assumption->ranged) {
            struct random_stream stream;
            random_open(&stream, draws->options->seed, 0, i, 0, p);
            at[p] = draw(assumption, draws->options->distribution, &stream);
        }
    }
    double giving = at[LOSS_MIGRANTS] * (1 - at[LOSS_MULTI_HOMING_SHARE] * at[LOSS_KEPT_SHARE]);
    draws->loss[i] = giving * at[LOSS_ARPU];
    draws->gain[i] = giving * at[LOSS_ARPU_DESTINATION];
    draws->stay[i] = log1p(-at[LOSS_RETURN_RATE]);
    draws->discount[i] = log1p(at[LOSS_DISCOUNT_RATE]) / 12;
}

static int draw_some(void *context, size_t task, int worker, struct error *err) {
    (void)worker, (void)err;
    struct draws *draws = context;
    size_t end = (task + 1) * DRAWS_A_TASK;
    if (end > draws->options->draws)
        end = draws->options->draws;
    for (size_t i = task * DRAWS_A_TASK; i < end; i++)
        draw_one(draws, (uint32_t)i);
    return 0;
}

/* ---- Sums of a geometric series -------------------------------------------------------------- */

/* x^(m-1) and 1 + x + ... + x^(m-1), for ln x <= 0; x = 0 leaves the first month alone. */
static double power(double log_x, int m) {
    return m == 1 ? 1 : exp((m - 1) * log_x);
}

static double series(double log_x, int m) {
    return log_x == 0 ? m : expm1(m * log_x) / expm1(log_x);
}

/* Without an ARPU at the destination there is no gain to draw, without a rate nothing to discount.
 */
static bool is_wanted(const struct loss_scenario *scenario, enum loss_measure measure) {
    if (measure == LOSS_GAIN || measure == LOSS_CUMULATIVE_GAIN)
        return scenario->of[LOSS_ARPU_DESTINATION].given;
    return measure != LOSS_PRESENT_VALUE || scenario->of[LOSS_DISCOUNT_RATE].given;
}

static double measure_of(const struct draws *draws, size_t i, int month,
                         enum loss_measure measure) {
    switch (measure) {
    case LOSS_REVENUE:
        return draws->loss[i] * power(draws->stay[i], month);
    case LOSS_CUMULATIVE:
        return draws->loss[i] * series(draws->stay[i], month);
    case LOSS_GAIN:
        return draws->gain[i] * power(draws->stay[i], month);
    case LOSS_CUMULATIVE_GAIN:
        return draws->gain[i] * series(draws->stay[i], month);
    default:
        return draws->loss[i] * series(draws->stay[i] - draws->discount[i], month);
    }
}

/* ---- Quantiles and their error --------------------------------------------------------------- */

/* The value at a rank from 0 to n - 1 that may lie between two; puts x in another order. */
static double at_rank(double *x, size_t n, double rank) {
    rank = fmin(fmax(rank, 0), (double)(n - 1));
    size_t below = (size_t)rank;
    double part = rank - (double)below, value = gsl_stats_select(x, 1, n, below);
    if (part > 0)
        value += part * (gsl_stats_select(x, 1, n, below + 1) - value);
    return value;
}

/* Rounds half to even at the place of the error's first digit; value and error are 0 or more. */
static bool round_to_error(decimal value, double error, decimal *ret) {
    decimal step = 1;
    while ((double)step * 10 <= error * DECIMAL_ONE)
        step *= 10;
    decimal rest = value % step, whole = value - rest;
    bool up = rest > step - rest || (rest == step - rest && whole / step % 2 != 0);
    return decimal_add(whole, up ? step : 0, ret);
}

static bool bound(double *x, size_t n, double p, decimal *ret) {
    double rank = p * (double)(n - 1), step = sqrt((double)n * p * (1 - p));
    double error = (at_rank(x, n, rank + step) - at_rank(x, n, rank - step)) / 2;
    decimal exact;
    return decimal_from_double(at_rank(x, n, rank), &exact) && round_to_error(exact, error, ret);
}

/* ---- Months ---------------------------------------------------------------------------------- */

struct months {
    const struct draws *draws;
    double *scratch; /* one column of draws for each worker */
    struct loss_bounds (*bounds)[LOSS_MEASURES];
};

static int simulate_month(void *context, size_t task, int worker, struct error *err) {
    const struct months *months = context;
    const struct loss_interval_options *options = months->draws->options;
    size_t n = options->draws, month = task / LOSS_MEASURES;
    enum loss_measure measure = (enum loss_measure)(task % LOSS_MEASURES);
    double *x = months->scratch + (size_t)worker * n, tail = (1 - options->confidence) / 2;
    struct loss_bounds *bounds = &months->bounds[month][measure];
    *bounds = (struct loss_bounds){0, 0};
    if (!is_wanted(months->draws->scenario, measure))
        return 0;
    for (size_t i = 0; i < n; i++)
        x[i] = measure_of(months->draws, i, (int)month + 1, measure);
    if (!bound(x, n, tail, &bounds->lower) || !bound(x, n, 1 - tail, &bounds->upper))
        return error_set(err, ERROR_DATA,
                         "the interval of month %zu is out of range, expected at most "
                         "9223372036854.775807",
                         month + 1);
    return 0;
}

int loss_simulate(const struct loss_scenario *scenario, const struct loss_interval_options *options,
                  struct loss_bounds (*bounds)[LOSS_MEASURES], struct error *err) {
    size_t n = options->draws, threads = options->threads < 1 ? 1 : (size_t)options->threads;
    double *memory = malloc((4 + threads) * n * sizeof *memory);
    if (!memory)
        return error_memory(err);
    struct draws draws = {scenario, options, memory, memory + n, memory + 2 * n, memory + 3 * n};
    struct months months = {&draws, memory + 4 * n, bounds};
    int code = workers_run(options->threads, (n + DRAWS_A_TASK - 1) / DRAWS_A_TASK, draw_some,
                           &draws, err);
    if (!code)
        code = workers_run(options->threads, (size_t)loss_horizon(scenario) * LOSS_MEASURES,
                           simulate_month, &months, err);
    free(memory);
    return code;
}
