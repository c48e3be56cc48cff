/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Intervals for a scenario whose assumptions have ranges, by Monte Carlo.
 *
 *     struct loss_interval_options options = LOSS_INTERVAL_DEFAULTS;
 *     struct loss_bounds bounds[LOSS_MAX_HORIZON][LOSS_MEASURES];
 *     if (loss_simulate(&scenario, &options, bounds, err)) ...
 *     bounds[0][LOSS_REVENUE].lower;
 *
 * Each parameter with a range is drawn on its own, the others stay at their values, and the model
 * of revenue/loss.h is worked out in floating point for every draw; the bounds are quantiles over
 * the draws (type 7). A draw is a pure function of (seed, parameter, number of the draw), so
 * neither the threads nor --draws change a draw, and what holds a parameter still leaves the draws
 * of the others as they were.
 *
 * low and high are read as bounds: what lies outside is taken as impossible, and value is the most
 * likely. LOSS_PERT is the beta distribution on [low, high] with mode value and mean
 * (low + 4 value + high)/6 (Malcolm, Roseboom, Clark & Fazar 1959, doi:10.1287/opre.7.5.646),
 * shapes 1 + 4 (value-low)/(high-low) and 1 + 4 (high-value)/(high-low). It never leaves the range
 * that a share or an amount must stay in, exists wherever value lies in it, and gives the named
 * value more weight than a triangle does. LOSS_UNIFORM takes nothing from value.
 */
#ifndef REVENUE_LOSS_INTERVAL_H
#define REVENUE_LOSS_INTERVAL_H

#include "base/random.h"
#include "revenue/loss.h"
#include <stdint.h>

enum loss_distribution { LOSS_PERT, LOSS_TRIANGULAR, LOSS_UNIFORM };

struct loss_interval_options {
    uint32_t draws; /* at least 100 */
    uint32_t seed;
    double confidence;
    enum loss_distribution distribution;
    int threads;
};
#define LOSS_INTERVAL_DEFAULTS                                                                     \
    { .draws = 100000, .seed = 1, .confidence = 0.95, .distribution = LOSS_PERT, .threads = 1 }

enum loss_measure {
    LOSS_REVENUE,
    LOSS_CUMULATIVE,
    LOSS_GAIN,
    LOSS_CUMULATIVE_GAIN,
    LOSS_PRESENT_VALUE,
    LOSS_MEASURES
};

struct loss_bounds {
    decimal lower;
    decimal upper;
};

/* bounds[month - 1][measure]; 0 for gains without an ARPU at the destination and for the present
 * value without a discount rate. A bound is rounded to the decimal place of the first digit of its
 * own Monte Carlo error (half the distance between the order statistics one binomial standard error
 * to either side: David & Nagaraja, Order Statistics, 3rd ed. 2003, 7.1), so digits that only the
 * number of draws would change are not shown. ERROR_DATA if a bound exceeds the range of decimals;
 * ERROR_SYSTEM if memory is out: 8 bytes a draw for each of 4 + threads columns. */
int loss_simulate(const struct loss_scenario *scenario, const struct loss_interval_options *options,
                  struct loss_bounds (*bounds)[LOSS_MEASURES], struct error *err);

/* Several cells of one loss, such as destinations or lines of revenue, and their sum. Parameters of
 * two cells with the same number in `streams` (0 is that of loss_simulate) are one and the same
 * assumption, and have the same draws. */
struct loss_cells {
    size_t n;
    const struct loss_scenario *const *of; /* [n], all with the same horizon */
    const uint32_t *const *streams;        /* [n][LOSS_PARAMETERS] */
};

/* bounds[cell * horizon + month - 1][measure]; the cell behind the last is the sum of all. Memory:
 * 8 bytes a draw for each of 4 columns of each cell, and one for each thread. */
int loss_simulate_cells(const struct loss_cells *cells, const struct loss_interval_options *options,
                        struct loss_bounds (*bounds)[LOSS_MEASURES], struct error *err);

/* A value between low and high. */
double loss_draw(const struct assumption *assumption, enum loss_distribution distribution,
                 struct random_stream *stream);

/* loss_total in floating point, for parameters `at` (those of a horizon in months). */
double loss_total_of(const double at[LOSS_PARAMETERS], int horizon);

#endif
