/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Replications, their steps and sessions, and the summary over them.
 *
 * Contents: one replication's parts; sessions; steps; all replications; summary. */
#include "ranking/simulate.h"

#include "base/random.h"
#include "base/workers.h"
#include "ranking/choice.h"
#include "ranking/kernel.h"
#include "ranking/market.h"
#include "ranking/purpose.h"
#include "ranking/state.h"
#include "ranking/vector.h"

#include <gsl/gsl_statistics_double.h>
#include <math.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

/* ---- One replication's parts ----------------------------------------------------------------- */

/* A platform's policies: the one on trial also watches while the baseline serves. They are one and
 * the same if they are of the same class. */
struct desk {
    struct policy trial, baseline;
    bool alike;
    struct policy *serving;
};

struct replication {
    struct world *world;
    struct tally tally;
    struct feed feed;
    struct desk desks[PLATFORMS];
    struct market *market; /* NULL during the warm-up */
    uint64_t *scratch;     /* one number for each creator */
    size_t rounds;
    double round_recency;        /* of users' satisfaction */
    double odds[ACTION_DISMISS]; /* of each action for an item worth as much as none */
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
    tally_destroy(&replication->tally);
    feed_close(&replication->feed);
    free(replication->scratch);
    world_destroy(replication->world);
}

static double odds_of(double rate) {
    return rate / (1 - rate);
}

static void set_behaviour(struct replication *ret, const struct parameters *set) {
    ret->rounds = (size_t)fmin(set->rounds, set->sessions);
    ret->round_recency = set->recency < 1 ? -expm1(log1p(-set->recency) / (double)ret->rounds) : 1;
    ret->odds[ACTION_LIKE] = odds_of(set->like_rate);
    ret->odds[ACTION_SAVE] = odds_of(set->save_rate);
    ret->odds[ACTION_COMMENT] = odds_of(set->comment_rate);
    ret->odds[ACTION_SHARE] = odds_of(set->share_rate);
    ret->odds[ACTION_FOLLOW] = odds_of(set->follow_rate);
}

/* On failure close_replication is still due. */
static int open_replication(struct replication *ret, const struct settings *settings,
                            const struct simulate_options *options, uint32_t number,
                            struct error *err) {
    *ret = (struct replication){0};
    if (world_create(&ret->world, settings, options->seed, number, err) ||
        tally_create(&ret->tally, ret->world, err) || feed_open(&ret->feed, ret->world, err))
        return err->code;
    ret->scratch = malloc(ret->world->creators.n * sizeof *ret->scratch);
    if (!ret->scratch)
        return error_memory(err);
    set_behaviour(ret, &settings->parameters);
    for (int p = 0; p < PLATFORMS; p++)
        if (open_desk(&ret->desks[p], ret->world, p, options, err))
            return err->code;
    return 0;
}

/* ---- Sessions -------------------------------------------------------------------------------- */

/* One user's round on one platform. */
struct visit {
    struct session session;
    struct random_stream retrieving, exploring, choosing, reacting;
    uint64_t sessions;
    double utility;
};

static void open_visit(struct visit *visit, const struct world *world, size_t u, int p) {
    uint32_t user = (uint32_t)u, place = (uint32_t)p + DRAW_ROUND * world->round;
    struct random_stream *streams[] = {&visit->retrieving, &visit->exploring, &visit->choosing,
                                       &visit->reacting};
    static const uint32_t purposes[] = {DRAW_RETRIEVE, DRAW_EXPLORE, DRAW_CHOOSE, DRAW_REACT};
    for (int i = 0; i < 4; i++)
        random_open(streams[i], world->seed, world->replication, user, world->step,
                    purposes[i] + place);
    visit->session = (struct session){user, &visit->retrieving, &visit->exploring};
    visit->sessions = 0;
    visit->utility = 0;
}

/* Utilities of what is shown: taste_weight * (taste . embedding) + the item's own. */
static void see(const struct world *world, const struct shelf *shelf, const struct slate *slate,
                size_t u, double *ret) {
    size_t d = world->dimensions;
    const float *taste = world->users.tastes + u * d;
    for (size_t i = 0; i < slate->n; i++) {
        const float *x = world->items.embeddings + (size_t)shelf->items[slate->positions[i]] * d;
        float match = vector_dot(taste, x, d);
        ret[i] = world->settings.parameters.taste_weight * (double)match +
                 (double)shelf->utility[slate->positions[i]];
    }
}

static size_t worst(const double *utilities, size_t n) {
    size_t worst = 0;
    for (size_t i = 1; i < n; i++)
        worst = utilities[i] < utilities[worst] ? i : worst;
    return worst;
}

/* What is done with the item taken, each action by itself, with log-odds that rise with what the
 * item is worth beyond taking nothing; and perhaps a word against the worst. */
static struct reaction react(const struct replication *replication, struct random_stream *stream,
                             const double *utilities, size_t n, int chosen) {
    const struct parameters *set = &replication->world->settings.parameters;
    struct reaction reaction = {.chosen = chosen, .dismissed = -1};
    if (chosen >= 0) {
        double lift = exp(set->action_sensitivity * (utilities[chosen] - set->outside_utility));
        for (int a = 0; a < ACTION_DISMISS; a++) {
            double odds = replication->odds[a] * lift;
            if (random_uniform(stream) * (1 + odds) < odds)
                reaction.actions |= (uint8_t)(1 << a);
        }
    }
    if (n > 0 && random_uniform(stream) < set->dismiss_rate) {
        size_t least = worst(utilities, n);
        reaction.dismissed = (int)least == chosen ? -1 : (int)least;
    }
    return reaction;
}

static void count_session(struct tally *tally, int p, uint8_t class, const struct slate *slate,
                          const struct reaction *reaction, double worth) {
    struct traffic *traffic = &tally->traffic[p];
    for (size_t i = 0; i < slate->n; i++)
        tally->exposures[p][slate->positions[i]]++;
    if (reaction->chosen >= 0) {
        size_t position = slate->positions[reaction->chosen];
        tally->engagements[p][position]++;
        for (size_t a = 0; a < ACTION_DISMISS; a++)
            tally->actions[p][position * ACTIONS + a] += reaction->actions >> a & 1;
    } else {
        traffic->unchosen++;
    }
    if (reaction->dismissed >= 0)
        tally->actions[p][slate->positions[reaction->dismissed] * ACTIONS + ACTION_DISMISS]++;
    traffic->sessions++;
    traffic->by_class[class]++;
    traffic->utility += llrint(worth / WORLD_UTILITY);
}

/* Cuts the slate behind the last item that the user looks at; returns the index of the one at which
 * a cascade ends, -1 for none. */
static int look_through(const struct world *world, struct visit *visit, const double *utilities,
                        struct slate *slate) {
    const struct parameters *set = &world->settings.parameters;
    for (size_t i = 0; i < slate->n; i++) {
        bool taken = set->cascade && random_uniform(&visit->choosing) <
                                         choice_logistic(utilities[i] - set->outside_utility);
        bool last =
            taken || (set->patience < 1 && !(random_uniform(&visit->choosing) < set->patience));
        if (last)
            slate->n = i + 1;
        if (taken)
            return (int)i;
    }
    return -1;
}

/* Towards what was taken, at unit length. */
static void drift(struct world *world, size_t u, size_t item) {
    size_t d = world->dimensions;
    float *taste = world->users.tastes + u * d;
    vector_add(taste, (float)world->settings.parameters.taste_drift,
               world->items.embeddings + item * d, d);
    float length = sqrtf(vector_dot(taste, taste, d));
    for (size_t k = 0; k < d && length > 0; k++)
        taste[k] /= length;
}

static void hold_session(struct replication *replication, struct visit *visit, int p) {
    struct world *world = replication->world;
    const struct shelf *shelf = &world->platforms[p].shelf;
    struct desk *desk = &replication->desks[p];
    const struct parameters *set = &world->settings.parameters;
    double outside = set->outside_utility;
    struct slate slate;
    double utilities[POLICY_SLATE], shares[POLICY_SLATE];
    policy_serve(desk->serving, &visit->session, &slate);
    see(world, shelf, &slate, visit->session.user, utilities);
    int chosen = look_through(world, visit, utilities, &slate);
    double worth = choice_shares(utilities, slate.n, outside, shares);
    if (!set->cascade)
        chosen = choice_draw(shares, slate.n, random_uniform(&visit->choosing));
    struct reaction reaction = react(replication, &visit->reacting, utilities, slate.n, chosen);
    policy_feedback(&desk->trial, &visit->session, &slate, &reaction);
    if (!desk->alike)
        policy_feedback(&desk->baseline, &visit->session, &slate, &reaction);
    if (reaction.actions >> ACTION_FOLLOW & 1)
        world_follow(world, visit->session.user, p, shelf->creators[slate.positions[chosen]]);
    if (chosen >= 0 && set->taste_drift > 0)
        drift(world, visit->session.user, shelf->items[slate.positions[chosen]]);
    count_session(&replication->tally, p, world->users.classes[visit->session.user], &slate,
                  &reaction, worth);
    if (replication->market) /* the warm-up is not measured */
        feed_watch(&replication->feed, world, visit->session.user, p, &slate);
    visit->sessions++;
    visit->utility += worth;
}

/* Where a user of both platforms goes: by logit on what they have been worth. */
static double share_of_a(const struct world *world, size_t u) {
    double a = world->users.satisfaction[PLATFORM_A][u];
    double b = world->users.satisfaction[PLATFORM_B][u];
    if (isnan(a) || isnan(b)) /* not tried yet */
        return 0.5;
    return choice_logistic(world->settings.parameters.user_sensitivity * (a - b));
}

/* `recency` is the weight of a period's sessions: of one round's, the share that n such weights add
 * up to it. */
static void remember(struct world *world, size_t u, int p, const struct visit *visit,
                     double round_recency) {
    if (visit->sessions == 0)
        return;
    double *satisfaction = &world->users.satisfaction[p][u];
    double mean = visit->utility / (double)visit->sessions;
    *satisfaction =
        isnan(*satisfaction) ? mean : *satisfaction + round_recency * (mean - *satisfaction);
}

/* The user's sessions of this round: an equal part of those of the period. */
static void serve_user(struct replication *replication, size_t u) {
    struct world *world = replication->world;
    uint8_t homes = world->users.homes[u];
    if (homes == HOME_NONE)
        return;
    size_t all = (size_t)world->settings.parameters.sessions;
    size_t begin = world->round * all / replication->rounds;
    size_t end = (world->round + 1) * all / replication->rounds;
    struct visit visits[PLATFORMS];
    for (int p = 0; p < PLATFORMS; p++)
        if (home_on(homes, p))
            open_visit(&visits[p], world, u, p);
    double to_a = homes == HOME_BOTH ? share_of_a(world, u) : 0;
    const struct parameters *set = &world->settings.parameters;
    bool down = set->outage_period > 0 && world_period(world) == (size_t)set->outage_period;
    struct random_stream where, outage;
    random_open(&outage, world->seed, world->replication, (uint32_t)u, world->step,
                DRAW_OUTAGE + DRAW_ROUND * world->round);
    random_open(&where, world->seed, world->replication, (uint32_t)u, world->step,
                DRAW_VISIT + DRAW_ROUND * world->round);
    for (size_t s = begin; s < end; s++) {
        int p = homes == HOME_A ? PLATFORM_A : PLATFORM_B;
        if (homes == HOME_BOTH)
            p = random_uniform(&where) < to_a ? PLATFORM_A : PLATFORM_B;
        if (p == PLATFORM_A && down && random_uniform(&outage) < set->outage_share) {
            if (homes != HOME_BOTH) {
                visits[p].sessions++; /* worth nothing */
                continue;
            }
            p = PLATFORM_B;
        }
        hold_session(replication, &visits[p], p);
    }
    for (int p = 0; p < PLATFORMS; p++)
        if (home_on(homes, p))
            remember(world, u, p, &visits[p], replication->round_recency);
}

/* ---- Steps ----------------------------------------------------------------------------------- */

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

static void take_round(struct replication *replication) {
    struct world *world = replication->world;
    tally_clear(&replication->tally, world);
    for_policies(replication, policy_round_begin);
    for (size_t u = 0; u < world->users.n; u++)
        serve_user(replication, u);
    world_absorb(world, &replication->tally);
    for_policies(replication, policy_round_end);
}

/* row: [series], or NULL in the warm-up. shock: in simulated users. */
static int take_step(struct replication *replication, const struct simulation *simulation,
                     double shock, double *row, struct error *err) {
    struct world *world = replication->world;
    struct books books;
    world_publish(world);
    feed_clear(&replication->feed);
    for (; world->round < replication->rounds; world->round++)
        take_round(replication);
    world_end_step(world);
    if (market_pay(world, &books, err))
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

struct run {
    const struct scenario *scenario;
    const struct calibration *calibration;
    const struct simulate_options *options;
    struct simulation *simulation;
    atomic_ullong steps_done, sessions;
    struct state *state; /* NULL: none */
    bool *done;          /* [replications] taken from it */
};

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
        open_visit(&visit, world, user, p);
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
        if (take_step(replication, simulation, pushed, row, err))
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
    return options->resume
               ? state_resume(&run->state, options->state, key, bytes, found_record, run, err)
               : state_create(&run->state, options->state, key, bytes, err);
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

static int replicate(void *context, size_t number, int worker, struct error *err) {
    (void)worker;
    struct run *run = context;
    struct settings settings;
    struct replication replication;
    uint64_t sessions = 0;
    if (run->done[number] && !(number == 0 && run->options->explain))
        return 0;
    calibrate_draw(run->calibration, run->scenario, run->options->seed, (uint32_t)number,
                   &settings);
    int code = open_replication(&replication, &settings, run->options, (uint32_t)number, err);
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

int simulate_run(struct simulation *ret, const struct scenario *scenario,
                 const struct calibration *calibration, const struct simulate_options *options,
                 struct error *err) {
    if (calibrate_check(calibration, scenario, err))
        return err->code;
    *ret = (struct simulation){.replications = options->replications,
                               .periods = (size_t)scenario_value(scenario, "periods")};
    ret->n_series =
        measure_list(calibration->n_tiers, calibrate_classes(calibration, scenario), ret->series);
    ret->values = calloc(ret->replications * ret->periods * ret->n_series, sizeof *ret->values);
    if (!ret->values)
        return error_memory(err);
    struct run run = {
        .scenario = scenario, .calibration = calibration, .options = options, .simulation = ret};
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
