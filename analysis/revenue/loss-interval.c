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

double loss_draw(const struct assumption *assumption, enum loss_distribution distribution,
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

/* What a month needs of the draws of a cell. In month m those away are exp((m-1) stay) of the
 * migrants, and money is worth exp(-(m-1) discount). */
struct cell {
    double *loss;     /* of the first month */
    double *gain;     /* of the first month */
    double *stay;     /* ln(1 - return_rate): -inf if all come back at once */
    double *discount; /* ln(1 + discount_rate)/12 */
};

struct draws {
    const struct loss_cells *cells;
    const struct loss_interval_options *options;
    struct cell *cell;
};

enum { DRAWS_A_TASK = 4096 };

static void draw_one(const struct draws *draws, size_t c, uint32_t i) {
    double at[LOSS_PARAMETERS];
    const struct cell *cell = &draws->cell[c];
    for (uint32_t p = 0; p < LOSS_PARAMETERS; p++) {
        const struct assumption *assumption = &draws->cells->of[c]->of[p];
        at[p] = decimal_to_double(assumption->value);
        if (assumption->ranged) {
            struct random_stream stream;
            random_open(&stream, draws->options->seed, 0, i, draws->cells->streams[c][p], p);
            at[p] = loss_draw(assumption, draws->options->distribution, &stream);
        }
    }
    double giving = at[LOSS_MIGRANTS] * (1 - at[LOSS_MULTI_HOMING_SHARE] * at[LOSS_KEPT_SHARE]);
    cell->loss[i] = giving * at[LOSS_ARPU];
    cell->gain[i] = giving * at[LOSS_ARPU_DESTINATION];
    cell->stay[i] = log1p(-at[LOSS_RETURN_RATE]);
    cell->discount[i] = log1p(at[LOSS_DISCOUNT_RATE]) / 12;
}

static int draw_some(void *context, size_t task, int worker, struct error *err) {
    (void)worker, (void)err;
    const struct draws *draws = context;
    size_t end = (task + 1) * DRAWS_A_TASK;
    if (end > draws->options->draws)
        end = draws->options->draws;
    for (size_t c = 0; c < draws->cells->n; c++)
        for (size_t i = task * DRAWS_A_TASK; i < end; i++)
            draw_one(draws, c, (uint32_t)i);
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

static double measure_of(const struct cell *cell, size_t i, int month, enum loss_measure measure) {
    switch (measure) {
    case LOSS_REVENUE:
        return cell->loss[i] * power(cell->stay[i], month);
    case LOSS_CUMULATIVE:
        return cell->loss[i] * series(cell->stay[i], month);
    case LOSS_GAIN:
        return cell->gain[i] * power(cell->stay[i], month);
    case LOSS_CUMULATIVE_GAIN:
        return cell->gain[i] * series(cell->stay[i], month);
    default:
        return cell->loss[i] * series(cell->stay[i] - cell->discount[i], month);
    }
}

double loss_total_of(const double at[LOSS_PARAMETERS], int horizon) {
    double giving = at[LOSS_MIGRANTS] * (1 - at[LOSS_MULTI_HOMING_SHARE] * at[LOSS_KEPT_SHARE]);
    double stay = log1p(-at[LOSS_RETURN_RATE]), discount = log1p(at[LOSS_DISCOUNT_RATE]) / 12;
    return giving * at[LOSS_ARPU] * series(stay - discount, horizon);
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

/* Fills x; false if the measure is asked for in none of the cells from `first` to `end` - 1. */
static bool measure_all(const struct draws *draws, size_t first, size_t end, int month,
                        enum loss_measure measure, double *x) {
    bool any = false;
    for (size_t i = 0; i < draws->options->draws; i++)
        x[i] = 0;
    for (size_t c = first; c < end; c++) {
        if (!is_wanted(draws->cells->of[c], measure))
            continue;
        any = true;
        for (size_t i = 0; i < draws->options->draws; i++)
            x[i] += measure_of(&draws->cell[c], i, month, measure);
    }
    return any;
}

static int simulate_month(void *context, size_t task, int worker, struct error *err) {
    const struct months *months = context;
    const struct draws *draws = months->draws;
    const size_t n = draws->options->draws, at = task / LOSS_MEASURES;
    const size_t horizon = (size_t)loss_horizon(draws->cells->of[0]), cell = at / horizon;
    const enum loss_measure measure = (enum loss_measure)(task % LOSS_MEASURES);
    const bool all = cell == draws->cells->n;
    const int month = (int)(at % horizon) + 1;
    double *x = months->scratch + (size_t)worker * n, tail = (1 - draws->options->confidence) / 2;
    struct loss_bounds *bounds = &months->bounds[at][measure];
    *bounds = (struct loss_bounds){0, 0};
    if (!measure_all(draws, all ? 0 : cell, all ? cell : cell + 1, month, measure, x))
        return 0;
    if (!bound(x, n, tail, &bounds->lower) || !bound(x, n, 1 - tail, &bounds->upper))
        return error_set(err, ERROR_DATA,
                         "the interval of month %d is out of range, expected at most "
                         "9223372036854.775807",
                         month);
    return 0;
}

static int simulate(const struct loss_cells *cells, const struct loss_interval_options *options,
                    bool sum, struct loss_bounds (*bounds)[LOSS_MEASURES], struct error *err) {
    const size_t n = options->draws, threads = options->threads < 1 ? 1 : (size_t)options->threads;
    const size_t horizon = (size_t)loss_horizon(cells->of[0]);
    double *memory = malloc((4 * cells->n + threads) * n * sizeof *memory);
    struct cell *cell = malloc(cells->n * sizeof *cell);
    struct draws draws = {cells, options, cell};
    int code = memory && cell ? 0 : error_memory(err);
    for (size_t c = 0; !code && c < cells->n; c++) {
        double *columns = memory + (threads + 4 * c) * n;
        cell[c] = (struct cell){columns, columns + n, columns + 2 * n, columns + 3 * n};
    }
    struct months months = {&draws, memory, bounds};
    if (!code)
        code = workers_run(options->threads, (n + DRAWS_A_TASK - 1) / DRAWS_A_TASK, draw_some,
                           &draws, err);
    if (!code)
        code = workers_run(options->threads, (cells->n + sum) * horizon * LOSS_MEASURES,
                           simulate_month, &months, err);
    free(memory);
    free(cell);
    return code;
}

int loss_simulate_cells(const struct loss_cells *cells, const struct loss_interval_options *options,
                        struct loss_bounds (*bounds)[LOSS_MEASURES], struct error *err) {
    return simulate(cells, options, true, bounds, err);
}

int loss_simulate(const struct loss_scenario *scenario, const struct loss_interval_options *options,
                  struct loss_bounds (*bounds)[LOSS_MEASURES], struct error *err) {
    static const uint32_t streams[LOSS_PARAMETERS] = {0};
    const uint32_t *const one = streams;
    const struct loss_cells cells = {1, &scenario, &one};
    return simulate(&cells, options, false, bounds, err);
}
