/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The simulation: replications of a world, step by step.
 *
 *     struct simulate_options options = {.seed = 1, .replications = 20, .threads = 4,
 *                                        .policies = {foryou, popularity},
 *                                        .baseline = {foryou, foryou}};
 *     struct simulation result;
 *     if (simulate_run(&result, &scenario, &calibration, &options, err)) ...
 *     struct simulate_summary summary;
 *     simulate_summarise(&result, period, i, 0.95, &summary);
 *     simulation_free(&result);
 *
 * A step: creators publish; sessions (retrieve, score, rerank, choose, give feedback); the barrier,
 * at which counts are put together in integers; revenue and payout; moves of users and creators.
 * Sessions and moves look at the state from before the step or the barrier only.
 *
 * The warm-up runs under the baseline policies without moves. It fills the shelves, lets policies
 * learn (those to be tried too: they see the same log) and ends with market_fit: the measured rates
 * are taken as those under the baseline.
 *
 * The result is a pure function of scenario, calibration, seed, replications and policies; not of
 * the threads. Replications share their number's random streams across policies.
 */
#ifndef RANKING_SIMULATE_H
#define RANKING_SIMULATE_H

#include "base/error.h"
#include "ranking/calibrate.h"
#include "ranking/measure.h"
#include "ranking/policy.h"
#include "ranking/scenario.h"
#include <stdint.h>

struct simulate_options {
    uint32_t seed;
    uint32_t replications; /* at least 1 */
    int threads;
    const struct policy_class *policies[PLATFORMS]; /* from the first period on */
    const struct policy_class *baseline[PLATFORMS]; /* in the warm-up */
    uint32_t first_user,
        first_creator;     /* who stands at place 0: the same people in another order */
    bool explain;          /* fill `shown` below */
    uint32_t explain_user; /* below the number of users */
    const char *state;     /* file for finished replications (ranking/state.h); NULL: none */
    bool resume;           /* it is there, and of this very run */
    /* Called in any thread; NULL: not wanted. */
    void (*progress)(void *context, uint64_t done, uint64_t total);
    void *progress_context;
};

/* An item of one more session after the last period of replication 0, and why it is there. */
struct shown {
    int platform, tier;
    size_t place; /* from 0 */
    uint32_t creator;
    size_t n;
    struct term terms[POLICY_TERMS];
};

struct simulation {
    size_t replications, periods, n_series;
    struct series series[MEASURE_SERIES];
    double *values;    /* [replication][period][series]; nan: not defined there */
    uint64_t sessions; /* simulated, the warm-up included */
    size_t resumed;    /* replications that were taken from a file */
    size_t n_shown;
    struct shown shown[PLATFORMS * POLICY_SLATE];
};

int simulate_run(struct simulation *ret, const struct scenario *scenario,
                 const struct calibration *calibration, const struct simulate_options *options,
                 struct error *err);
void simulation_free(struct simulation *simulation);

/* Over the replications in which the measure exists: the mean and its Monte-Carlo error, sd/sqrt(n)
 * (nan for n = 1); and the quantiles (type 7 of Hyndman & Fan 1996) at (1 - confidence)/2, 1/2 and
 * (1 + confidence)/2. Those are where a single world would fall, not how well the mean is known.
 * All nan if it exists in none. */
struct simulate_summary {
    double mean, error, lower, median, upper;
};
int simulate_summarise(const struct simulation *simulation, size_t period, size_t series,
                       double confidence, struct simulate_summary *ret, struct error *err);

/* Puts against - ret in the place of ret, world by world: what ret has lost against another
 * simulation of the same worlds and series. nan where either is. */
void simulation_lost(struct simulation *ret, const struct simulation *against);

/* The same of the share that a tier has of the creators of both platforms. */
int simulate_summarise_tier(const struct simulation *simulation, size_t period, int tier,
                            double confidence, struct simulate_summary *ret, struct error *err);

#endif
