/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Replications, their steps and sessions, and the summary over them.
 *
 * Contents: one replication's parts; steps; all replications; saved states; running; summary. */
#include "ranking/simulate.h"

#include "base/workers.h"
#include "ranking/market.h"
#include "ranking/sessions.h"
#include "ranking/state.h"

#include <gsl/gsl_statistics_double.h>
#include <math.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

/* ---- One replication's parts ----------------------------------------------------------------- */

struct replication {
    struct world *world;
    struct sessions *sessions;
    struct feed feed;
    struct desk desks[PLATFORMS];
    struct market *market; /* NULL during the warm-up */
    uint64_t *scratch;     /* one number for each creator */
};

static int open_desk(struct desk *desk, const struct world *world, int p,
                     const struct simulate_options *options, struct error *err) {
    desk->alike = options->policies[p] == options->baseline[p];
    desk->serving = desk->alike ? &desk->trial : &desk->baseline;
    if (policy_open(&desk->trial, options->policies[p], world, p, err))
        return err->code;
    return desk->alike ? 0 : policy_open(&desk->baseline, options->baseline[p], world, p, err);
}

static void close_replication(struct replication *replication) {
    for (int p = 0; p < PLATFORMS; p++) {
        policy_close(&replication->desks[p].trial);
        policy_close(&replication->desks[p].baseline);
    }
    market_destroy(replication->market);
    sessions_close(replication->sessions);
    feed_close(&replication->feed);
    free(replication->scratch);
    world_destroy(replication->world);
}

/* On failure close_replication is still due. */
static int open_replication(struct replication *ret, const struct settings *settings,
                            const struct simulate_options *options, uint32_t number, int threads,
                            struct error *err) {
    *ret = (struct replication){0};
    if (world_create(&ret->world, settings, options->seed, number, threads, err) ||
        sessions_open(&ret->sessions, ret->world, err) || feed_open(&ret->feed, ret->world, err))
        return err->code;
    ret->scratch = malloc(ret->world->creators.n * sizeof *ret->scratch);
    if (!ret->scratch)
        return error_memory(err);
    for (int p = 0; p < PLATFORMS; p++)
        if (open_desk(&ret->desks[p], ret->world, p, options, err))
            return err->code;
    return 0;
}

/* ---- Steps ----------------------------------------------------------------------------------- */

struct run {
    const struct scenario *scenario;
    const struct calibration *calibration;
    const struct simulate_options *options;
    struct simulation *simulation;
    atomic_ullong steps_done, sessions;
    struct state *state; /* NULL: none */
    bool *done;          /* [replications] taken from it */
    atomic_size_t left;  /* replications that are not finished */
};

/* Replications are simulated side by side; where there are fewer than threads, each gets its share
 * of these. */
static int threads_of_one(struct run *run) {
    int threads = run->options->threads;
    size_t left = atomic_load(&run->left);
    return left > 0 && threads > 1 && left < (size_t)threads ? threads / (int)left : 1;
}

static void for_policies(struct replication *replication, void (*hook)(struct policy *)) {
    for (int p = 0; p < PLATFORMS; p++) {
        hook(&replication->desks[p].trial);
        if (!replication->desks[p].alike)
            hook(&replication->desks[p].baseline);
    }
}

/* The warm-up is over: rates are fitted, and the policies on trial take their place. */
static int end_warm_up(struct replication *replication, struct error *err) {
    for (int p = 0; p < PLATFORMS; p++) {
        struct desk *desk = &replication->desks[p];
        if (!desk->alike)
            policy_close(&desk->baseline);
        desk->alike = true;
        desk->serving = &desk->trial;
    }
    return market_fit(&replication->market, replication->world, err);
}

/* What was learnt elsewhere may come along with a user. */
static void welcome_users(struct replication *replication) {
    for (int p = 0; p < PLATFORMS; p++)
        policy_welcome(&replication->desks[p].trial,
                       &replication->desks[PLATFORM_A + PLATFORM_B - p].trial);
}

/* The warm-up is not measured. */
static int take_round(struct replication *replication, int threads, struct error *err) {
    struct feed *feed = replication->market ? &replication->feed : NULL;
    for_policies(replication, policy_round_begin);
    if (sessions_hold(replication->sessions, replication->desks, feed, threads, err))
        return err->code;
    for_policies(replication, policy_round_end);
    return 0;
}

/* row: [series], or NULL in the warm-up. shock: in simulated users. */
static int take_step(struct run *run, struct replication *replication, double shock, double *row,
                     struct error *err) {
    struct world *world = replication->world;
    const struct simulation *simulation = run->simulation;
    struct books books;
    world->threads = threads_of_one(run);
    world_publish(world);
    feed_clear(&replication->feed);
    for (; world->round < world_rounds(world); world->round++)
        if (take_round(replication, threads_of_one(run), err))
            return err->code;
    if (world_end_step(world, err) || market_pay(world, &books, err))
        return err->code;
    if (row) {
        struct census census;
        struct moves moves;
        census_take(&census, world, &books, &replication->feed, replication->scratch);
        market_move(replication->market, world, shock, &moves);
        welcome_users(replication);
        for (size_t i = 0; i < simulation->n_series; i++)
            row[i] = measure_value(&simulation->series[i], &census, &moves);
    }
    world->step++;
    return 0;
}

/* ---- All replications ------------------------------------------------------------------------ */

static void report(struct run *run) {
    const struct simulation *simulation = run->simulation;
    uint64_t warm_up = (uint64_t)scenario_value(run->scenario, "warm_up");
    uint64_t total =
        (simulation->replications - simulation->resumed) * (simulation->periods + warm_up);
    uint64_t done = atomic_fetch_add(&run->steps_done, 1) + 1;
    if (run->options->progress)
        run->options->progress(run->options->progress_context, done < total ? done : total, total);
}

/* One more session of a user on each platform. */
static void explain(const struct replication *replication, uint32_t user,
                    struct simulation *simulation) {
    const struct world *world = replication->world;
    for (int p = 0; p < PLATFORMS; p++) {
        const struct policy *policy = &replication->desks[p].trial;
        struct visit visit;
        struct slate slate;
        visit_open(&visit, world, user, p);
        policy_serve(policy, &visit.session, &slate);
        for (size_t place = 0; place < slate.n; place++) {
            struct shown *shown = &simulation->shown[simulation->n_shown++];
            uint32_t creator = policy->shelf->creators[slate.positions[place]];
            *shown = (struct shown){.platform = p,
                                    .tier = world->creators.tiers[creator],
                                    .place = place,
                                    .creator = creator};
            shown->n = policy_explain_place(policy, user, &slate, place, shown->terms);
        }
    }
}

static int take_steps(struct run *run, struct replication *replication, size_t number,
                      struct error *err) {
    struct simulation *simulation = run->simulation;
    const struct parameters *set = &replication->world->settings.parameters;
    size_t warm_up = (size_t)set->warm_up;
    for (size_t step = 0; step < warm_up + simulation->periods; step++) {
        if (step == warm_up && end_warm_up(replication, err))
            return err->code;
        size_t period = step < warm_up ? 0 : step - warm_up + 1; /* from 1 */
        double *row = NULL;
        if (period > 0)
            row = simulation->values +
                  (number * simulation->periods + period - 1) * simulation->n_series;
        bool shock = period > 0 && period == (size_t)set->shock_period;
        double pushed = shock ? set->shock_users / set->user_weight : 0;
        if (take_step(run, replication, pushed, row, err))
            return err->code;
        report(run);
    }
    if (number == 0 && run->options->explain) {
        world_publish(replication->world); /* of the period after the last */
        for_policies(replication, policy_round_begin);
        explain(replication, run->options->explain_user, simulation);
    }
    return 0;
}

/* ---- Saved states ---------------------------------------------------------------------------- */

/* A record: the sessions held, then the values. */
static size_t row_of(const struct simulation *simulation) {
    return simulation->periods * simulation->n_series;
}

/* What a run is asked for, as a number: the settings that each replication draws from it (numbers
 * only, without padding), rules and seed. */
static uint64_t key_of(const struct run *run) {
    const struct simulate_options *options = run->options;
    XXH64_hash_t key = options->seed;
    for (uint32_t r = 0; r < options->replications; r++) {
        struct settings settings;
        memset(&settings, 0, sizeof settings);
        calibrate_draw(run->calibration, run->scenario, options->seed, r, &settings);
        key = XXH3_64bits_withSeed(&settings, sizeof settings, key);
    }
    for (int p = 0; p < PLATFORMS; p++) {
        const char *names[] = {options->policies[p]->name, options->baseline[p]->name};
        for (int i = 0; i < 2; i++)
            key = XXH3_64bits_withSeed(names[i], strlen(names[i]) + 1, key);
    }
    return key;
}

static void found_record(void *context, uint32_t replication, const void *record) {
    struct run *run = context;
    struct simulation *simulation = run->simulation;
    uint64_t sessions;
    if (replication >= simulation->replications || run->done[replication])
        return;
    memcpy(&sessions, record, sizeof sessions);
    memcpy(simulation->values + replication * row_of(simulation),
           (const char *)record + sizeof sessions, row_of(simulation) * sizeof(double));
    run->done[replication] = true;
    simulation->resumed++;
    atomic_fetch_add(&run->sessions, sessions);
}

static int open_state(struct run *run, struct error *err) {
    const struct simulate_options *options = run->options;
    size_t bytes = sizeof(uint64_t) + row_of(run->simulation) * sizeof(double);
    run->done = calloc(options->replications, sizeof *run->done);
    if (!run->done)
        return error_memory(err);
    if (!options->state)
        return 0;
    uint64_t key = key_of(run);
    return (options->resume ? state_resume : state_create)(&run->state, options->state, key, bytes,
                                                           found_record, run, err);
}

static int save(struct run *run, size_t number, uint64_t sessions, struct error *err) {
    size_t bytes = row_of(run->simulation) * sizeof(double);
    char *record = malloc(sizeof sessions + bytes);
    if (!record)
        return error_memory(err);
    memcpy(record, &sessions, sizeof sessions);
    memcpy(record + sizeof sessions, run->simulation->values + number * row_of(run->simulation),
           bytes);
    int code = state_add(run->state, (uint32_t)number, record, err);
    free(record);
    return code;
}

/* ---- Running --------------------------------------------------------------------------------- */

static int simulate_one(struct run *run, size_t number, struct error *err) {
    struct settings settings;
    struct replication replication;
    uint64_t sessions = 0;
    calibrate_draw(run->calibration, run->scenario, run->options->seed, (uint32_t)number,
                   &settings);
    settings.first_user = run->options->first_user;
    settings.first_creator = run->options->first_creator;
    int code = open_replication(&replication, &settings, run->options, (uint32_t)number,
                                threads_of_one(run), err);
    if (!code)
        code = take_steps(run, &replication, number, err);
    for (int p = 0; p < PLATFORMS && !code; p++)
        sessions += replication.world->platforms[p].so_far.sessions;
    close_replication(&replication);
    if (!code && run->state && !run->done[number])
        code = save(run, number, sessions, err);
    atomic_fetch_add(&run->sessions, sessions);
    return code;
}

static int replicate(void *context, size_t number, int worker, struct error *err) {
    (void)worker;
    struct run *run = context;
    bool known = run->done[number] && !(number == 0 && run->options->explain);
    int code = known ? 0 : simulate_one(run, number, err);
    atomic_fetch_sub(&run->left, 1);
    return code;
}

int simulate_run(struct simulation *ret, const struct scenario *scenario,
                 const struct calibration *calibration, const struct simulate_options *options,
                 struct error *err) {
    if (calibrate_check(calibration, scenario, err))
        return err->code;
    *ret = (struct simulation){.replications = options->replications,
                               .periods = (size_t)scenario_value(scenario, "periods")};
    ret->n_series = measure_list(calibration->n_tiers, calibrate_classes(calibration, scenario),
                                 calibrate_languages(scenario), ret->series);
    ret->values = calloc(ret->replications * ret->periods * ret->n_series, sizeof *ret->values);
    if (!ret->values)
        return error_memory(err);
    struct run run = {
        .scenario = scenario, .calibration = calibration, .options = options, .simulation = ret};
    atomic_init(&run.left, ret->replications);
    int code = open_state(&run, err);
    if (!code)
        code = workers_run(options->threads, ret->replications, replicate, &run, err);
    ret->sessions = atomic_load(&run.sessions);
    state_close(run.state);
    free(run.done);
    if (code)
        simulation_free(ret);
    return code;
}

void simulation_free(struct simulation *simulation) {
    free(simulation->values);
    simulation->values = NULL;
}

void simulation_lost(struct simulation *ret, const struct simulation *against) {
    size_t n = ret->replications * ret->periods * ret->n_series;
    for (size_t i = 0; i < n; i++)
        ret->values[i] = against->values[i] - ret->values[i];
}

/* ---- Summary --------------------------------------------------------------------------------- */

static int by_value(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

static double mean_error(const double *values, size_t n, double mean) {
    double squares = 0;
    for (size_t i = 0; i < n; i++)
        squares += (values[i] - mean) * (values[i] - mean);
    return n > 1 ? sqrt(squares / (double)(n - 1) / (double)n) : NAN;
}

/* found: n values, which are sorted. */
static void summarise(double *found, size_t n, double confidence, struct simulate_summary *ret) {
    double sum = 0;
    *ret = (struct simulate_summary){NAN, NAN, NAN, NAN, NAN};
    if (n == 0)
        return;
    for (size_t i = 0; i < n; i++)
        sum += found[i];
    qsort(found, n, sizeof *found, by_value);
    ret->mean = sum / (double)n;
    ret->error = mean_error(found, n, ret->mean);
    ret->lower = gsl_stats_quantile_from_sorted_data(found, 1, n, (1 - confidence) / 2);
    ret->median = gsl_stats_quantile_from_sorted_data(found, 1, n, 0.5);
    ret->upper = gsl_stats_quantile_from_sorted_data(found, 1, n, (1 + confidence) / 2);
}

static const double *values_of(const struct simulation *simulation, size_t replication,
                               size_t period) {
    return simulation->values + (replication * simulation->periods + period) * simulation->n_series;
}

int simulate_summarise(const struct simulation *simulation, size_t period, size_t series,
                       double confidence, struct simulate_summary *ret, struct error *err) {
    double *found = malloc(simulation->replications * sizeof *found);
    if (!found)
        return error_memory(err);
    size_t n = 0;
    for (size_t r = 0; r < simulation->replications; r++) {
        double value = values_of(simulation, r, period)[series];
        if (!isnan(value))
            found[n++] = value;
    }
    summarise(found, n, confidence, ret);
    free(found);
    return 0;
}

int simulate_summarise_tier(const struct simulation *simulation, size_t period, int tier,
                            double confidence, struct simulate_summary *ret, struct error *err) {
    double *found = malloc(simulation->replications * sizeof *found);
    if (!found)
        return error_memory(err);
    size_t n = 0;
    for (size_t r = 0; r < simulation->replications; r++) {
        const double *values = values_of(simulation, r, period);
        double there = 0, all = 0;
        for (size_t i = 0; i < simulation->n_series; i++) {
            const struct series *series = &simulation->series[i];
            if (series->measure != MEASURE_CREATORS)
                continue;
            there += series->tier == tier ? values[i] : 0;
            all += series->tier == SERIES_ALL ? values[i] : 0;
        }
        if (all > 0)
            found[n++] = there / all;
    }
    summarise(found, n, confidence, ret);
    free(found);
    return 0;
}
