/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Sessions, in batches of users.
 *
 * Contents: visits; one session; batches and their order; threads. */
#include "ranking/sessions.h"

#include "base/random.h"
#include "base/workers.h"
#include "ranking/choice.h"
#include "ranking/purpose.h"
#include "ranking/vector.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* What one thread works with. */
struct worker {
    bool open, counted; /* counted: the tally holds some of this round */
    struct tally tally;
    struct visit *visits; /* [batch][PLATFORMS] */
    uint8_t *places;      /* [batch][sessions]: the platform of each session, or NOWHERE */
    uint32_t *queue;      /* [batch] visits whose session is held now */
    uint32_t *sorted;     /* [batch] room to sort them in */
    char apart[64];       /* no line of the cache is written by two threads */
};

enum { NOWHERE = PLATFORMS };

struct sessions {
    struct world *world;
    size_t batch, most;          /* users of a batch; sessions of a user in a round */
    double recency;              /* weight of a round in users' satisfaction */
    double odds[ACTION_DISMISS]; /* of each action for an item worth as much as none */
    struct worker *workers;
    int n_workers;
    struct desk *desks; /* of the round under way, and the next two */
    struct feed *feed;
    size_t users; /* of a task */
};

/* ---- Visits ---------------------------------------------------------------------------------- */

void visit_open(struct visit *ret, const struct world *world, size_t user, int platform) {
    uint32_t place = (uint32_t)platform + DRAW_ROUND * world->round;
    struct random_stream *streams[] = {&ret->retrieving, &ret->exploring, &ret->choosing,
                                       &ret->reacting};
    static const uint32_t purposes[] = {DRAW_RETRIEVE, DRAW_EXPLORE, DRAW_CHOOSE, DRAW_REACT};
    for (int i = 0; i < 4; i++)
        random_open(streams[i], world->seed, world->replication, world_user_id(world, user),
                    world->step, purposes[i] + place);
    ret->session = (struct session){(uint32_t)user, &ret->retrieving, &ret->exploring};
    ret->sessions = 0;
    ret->utility = 0;
}

/* Where a user of both platforms goes: by logit on what they have been worth. */
static double share_of_a(const struct world *world, size_t u) {
    double a = world->users.satisfaction[PLATFORM_A][u];
    double b = world->users.satisfaction[PLATFORM_B][u];
    if (isnan(a) || isnan(b)) /* not tried yet */
        return 0.5;
    return choice_logistic(world->settings.parameters.user_sensitivity * (a - b));
}

/* Where each of n sessions of a user is held. In an outage who is on both goes to B, and others
 * have a session that is worth nothing. */
static void draw_places(const struct world *world, size_t u, size_t n, struct visit *visits,
                        uint8_t *ret) {
    const struct parameters *set = &world->settings.parameters;
    uint8_t homes = world->users.homes[u];
    bool down = set->outage_period > 0 && world_period(world) == (size_t)set->outage_period;
    memset(ret, homes == HOME_NONE ? NOWHERE : homes == HOME_A ? PLATFORM_A : PLATFORM_B, n);
    if (homes == HOME_NONE || (homes != HOME_BOTH && !down))
        return;
    struct random_stream where, outage;
    uint32_t id = world_user_id(world, u);
    random_open(&outage, world->seed, world->replication, id, world->step,
                DRAW_OUTAGE + DRAW_ROUND * world->round);
    random_open(&where, world->seed, world->replication, id, world->step,
                DRAW_VISIT + DRAW_ROUND * world->round);
    double to_a = homes == HOME_BOTH ? share_of_a(world, u) : 0;
    for (size_t s = 0; s < n; s++) {
        if (homes == HOME_BOTH)
            ret[s] = random_uniform(&where) < to_a ? PLATFORM_A : PLATFORM_B;
        if (ret[s] != PLATFORM_A || !down || random_uniform(&outage) >= set->outage_share)
            continue;
        ret[s] = homes == HOME_BOTH ? PLATFORM_B : NOWHERE;
        visits[PLATFORM_A].sessions += homes != HOME_BOTH;
    }
}

static void remember(const struct sessions *sessions, size_t u, int p, const struct visit *visit) {
    if (visit->sessions == 0)
        return;
    double *satisfaction = &sessions->world->users.satisfaction[p][u];
    double mean = visit->utility / (double)visit->sessions;
    *satisfaction =
        isnan(*satisfaction) ? mean : *satisfaction + sessions->recency * (mean - *satisfaction);
}

/* ---- One session ----------------------------------------------------------------------------- */

/* Utilities of what is shown: taste_weight * (taste . embedding) + the item's own, less the penalty
 * for what the user cannot read. */
static void see(const struct world *world, const struct shelf *shelf, const struct slate *slate,
                size_t u, double *ret) {
    size_t d = world->dimensions;
    const float *x[POLICY_SLATE];
    float matches[POLICY_SLATE];
    for (size_t i = 0; i < slate->n; i++)
        x[i] = shelf->rows + slate->positions[i] * d;
    vector_dots(world->users.tastes + u * d, x, slate->n, d, matches);
    for (size_t i = 0; i < slate->n; i++)
        ret[i] = world->settings.parameters.taste_weight * (double)matches[i] +
                 (double)shelf->utility[slate->positions[i]];
    for (size_t i = 0; shelf->languages && i < slate->n; i++)
        if (!world_reads(world, u, shelf, slate->positions[i]))
            ret[i] -= world->settings.parameters.language_penalty;
}

static size_t worst(const double *utilities, size_t n) {
    size_t worst = 0;
    for (size_t i = 1; i < n; i++)
        worst = utilities[i] < utilities[worst] ? i : worst;
    return worst;
}

/* What is done with the item taken, each action by itself, with log-odds that rise with what the
 * item is worth beyond taking nothing; and perhaps a word against the worst. */
static struct reaction react(const struct sessions *sessions, struct random_stream *stream,
                             const double *utilities, size_t n, int chosen) {
    const struct parameters *set = &sessions->world->settings.parameters;
    struct reaction reaction = {.chosen = chosen, .dismissed = -1};
    if (chosen >= 0) {
        /* Beyond e^700 an action is certain, and there are hardly greater numbers. */
        double lift =
            exp(fmin(set->action_sensitivity * (utilities[chosen] - set->outside_utility), 700));
        for (int a = 0; a < ACTION_DISMISS; a++) {
            double odds = sessions->odds[a] * lift;
            reaction.actions |= (uint8_t)((random_uniform(stream) * (1 + odds) < odds) << a);
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

/* Of a world with several languages. */
static void count_languages(struct tally *tally, const struct world *world, int p, uint32_t user,
                            const struct slate *slate, double worth) {
    struct reading *reading = &tally->traffic[p].languages[world->users.languages[user]];
    reading->sessions++;
    reading->shown += slate->n;
    reading->utility += llrint(worth / WORLD_UTILITY);
    for (size_t i = 0; i < slate->n; i++)
        reading->own +=
            world_own_language(world, user, &world->platforms[p].shelf, slate->positions[i]);
}

/* Cuts the slate behind the last item that the user looks at; returns the index of the one at which
 * a cascade ends, -1 for none. */
static int look_through(const struct world *world, struct visit *visit, const double *utilities,
                        struct slate *slate) {
    const struct parameters *set = &world->settings.parameters;
    if (!set->cascade && !(set->patience < 1))
        return -1;
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
static void drift(struct world *world, size_t u, const float *item) {
    size_t d = world->dimensions;
    float *taste = world->users.tastes + u * d;
    vector_add(taste, (float)world->settings.parameters.taste_drift, item, d);
    float length = sqrtf(vector_dot(taste, taste, d));
    if (length > 0)
        vector_divide(taste, length, d);
}

/* What follows from a slate. */
static void hold_session(const struct sessions *sessions, struct worker *worker,
                         struct visit *visit, int p, struct slate *slate) {
    struct world *world = sessions->world;
    const struct shelf *shelf = &world->platforms[p].shelf;
    struct desk *desk = &sessions->desks[p];
    const struct parameters *set = &world->settings.parameters;
    double utilities[POLICY_SLATE], shares[POLICY_SLATE];
    uint32_t user = visit->session.user;
    see(world, shelf, slate, user, utilities);
    int chosen = look_through(world, visit, utilities, slate);
    double worth = choice_shares(utilities, slate->n, set->outside_utility, shares);
    if (!set->cascade)
        chosen = choice_draw(shares, slate->n, random_uniform(&visit->choosing));
    struct reaction reaction = react(sessions, &visit->reacting, utilities, slate->n, chosen);
    policy_feedback(&desk->trial, &visit->session, slate, &reaction);
    if (!desk->alike)
        policy_feedback(&desk->baseline, &visit->session, slate, &reaction);
    if (reaction.actions >> ACTION_FOLLOW & 1)
        world_follow(world, user, p, shelf->creators[slate->positions[chosen]]);
    if (chosen >= 0 && set->taste_drift > 0)
        drift(world, user, shelf->rows + slate->positions[chosen] * world->dimensions);
    count_session(&worker->tally, p, world->users.classes[user], slate, &reaction, worth);
    if (shelf->languages)
        count_languages(&worker->tally, world, p, user, slate, worth);
    for (size_t i = 0; i < slate->n && set->seen > 0; i++)
        world_see(world, user, p, shelf->items[slate->positions[i]]);
    if (sessions->feed)
        feed_watch(sessions->feed, world, user, p, slate);
    visit->sessions++;
    visit->utility += worth;
}

/* ---- Batches --------------------------------------------------------------------------------- */

enum { BATCH = 1024, BUCKETS = 4096 };

/* The queue by the first block of the candidates, or by buckets of first blocks. */
static void sort_queue(struct worker *worker, size_t n, size_t blocks) {
    uint32_t ends[BUCKETS + 1];
    unsigned shift = 0;
    while (blocks >> shift >= BUCKETS)
        shift++;
    size_t buckets = (blocks >> shift) + 1;
    memset(ends, 0, (buckets + 1) * sizeof *ends);
    for (size_t i = 0; i < n; i++)
        ends[(worker->visits[worker->queue[i]].candidates.first >> shift) + 1]++;
    for (size_t b = 1; b <= buckets; b++)
        ends[b] += ends[b - 1];
    for (size_t i = 0; i < n; i++) {
        uint32_t visit = worker->queue[i];
        worker->sorted[ends[worker->visits[visit].candidates.first >> shift]++] = visit;
    }
    uint32_t *swapped = worker->queue;
    worker->queue = worker->sorted;
    worker->sorted = swapped;
}

/* Asks for lines of memory that will be needed soon. */
static void fetch(const void *from, size_t bytes) {
    for (size_t i = 0; i < bytes; i += 64)
        __builtin_prefetch((const char *)from + i);
}

static void fetch_visit(const struct sessions *sessions, const struct visit *visit, int p) {
    const struct world *world = sessions->world;
    const struct policy *policy = sessions->desks[p].serving;
    size_t u = visit->session.user, d = world->dimensions;
    fetch(world->users.tastes + u * d, d * sizeof(float));
    if (policy->class->profiles)
        fetch(policy->class->profiles(policy) + u * d, d * sizeof(float));
}

static void fetch_items(const struct world *world, const struct shelf *shelf,
                        const struct slate *slate) {
    size_t d = world->dimensions;
    for (size_t i = 0; i < slate->n; i++)
        fetch(shelf->rows + slate->positions[i] * d, d * sizeof(float));
}

/* Up to POLICY_TOGETHER sessions on platform p. */
static void serve_together(const struct sessions *sessions, struct worker *worker,
                           const uint32_t *queue, size_t n, int p) {
    const struct policy *policy = sessions->desks[p].serving;
    struct session *served[POLICY_TOGETHER] = {0};
    struct candidates candidates[POLICY_TOGETHER] = {0};
    struct kernel_top tops[POLICY_TOGETHER];
    struct slate slates[POLICY_TOGETHER];
    for (size_t i = 0; i < n; i++) {
        served[i] = &worker->visits[queue[i]].session;
        candidates[i] = worker->visits[queue[i]].candidates;
        slates[i].n = 0;
    }
    if (policy->shelf->n > 0) {
        policy_score(policy, served, candidates, n, tops);
        for (size_t i = 0; i < n; i++) {
            policy_rerank(policy, served[i], &tops[i], &slates[i]);
            fetch_items(sessions->world, policy->shelf, &slates[i]);
        }
    }
    for (size_t i = 0; i < n; i++)
        hold_session(sessions, worker, &worker->visits[queue[i]], p, &slates[i]);
}

/* Session number s of those of the batch's users, `begin` the first of them, who are on platform p
 * then and have a language: at most one of each. */
static void serve_language(const struct sessions *sessions, struct worker *worker, size_t begin,
                           size_t users, size_t s, int p, uint8_t language) {
    const struct policy *policy = sessions->desks[p].serving;
    size_t n = 0;
    for (size_t i = 0; i < users; i++) {
        if (worker->places[i * sessions->most + s] != p ||
            world_language(sessions->world, begin + i) != language)
            continue;
        uint32_t visit = (uint32_t)(i * PLATFORMS + (size_t)p);
        struct visit *own = &worker->visits[visit];
        struct random_stream *const streams[] = {&own->retrieving, &own->exploring, &own->choosing,
                                                 &own->reacting};
        random_prepare(streams, 4);
        policy_retrieve(policy, &own->session, &own->candidates);
        worker->queue[n++] = visit;
    }
    if (policy->class->retrieve)
        sort_queue(worker, n, policy->shelf->blocks);
    for (size_t i = 0; i < n; i += POLICY_TOGETHER) {
        size_t left = n - i, ahead = i + POLICY_TOGETHER;
        for (size_t j = ahead; j < ahead + POLICY_TOGETHER && j < n; j++)
            fetch_visit(sessions, &worker->visits[worker->queue[j]], p);
        for (size_t j = ahead + POLICY_TOGETHER; j < ahead + 2 * POLICY_TOGETHER && j < n; j++)
            fetch(&worker->visits[worker->queue[j]], sizeof(struct visit));
        serve_together(sessions, worker, worker->queue + i,
                       left < POLICY_TOGETHER ? left : POLICY_TOGETHER, p);
    }
}

/* Users begin to end - 1, one session after the other: what a user learnt or followed in one shows
 * in the next. Users of a language follow each other, as a policy may score by it. */
static void serve_batch(const struct sessions *sessions, struct worker *worker, size_t begin,
                        size_t end) {
    const struct world *world = sessions->world;
    size_t all = (size_t)world->settings.parameters.sessions, rounds = world_rounds(world);
    size_t n = (world->round + 1) * all / rounds - world->round * all / rounds;
    for (size_t u = begin; u < end; u++) {
        struct visit *visits = &worker->visits[(u - begin) * PLATFORMS];
        for (int p = 0; p < PLATFORMS; p++)
            if (home_on(world->users.homes[u], p))
                visit_open(&visits[p], world, u, p);
        draw_places(world, u, n, visits, worker->places + (u - begin) * sessions->most);
    }
    for (size_t s = 0; s < n; s++)
        for (int p = 0; p < PLATFORMS; p++)
            for (size_t k = 0; k < world->settings.n_languages; k++)
                serve_language(sessions, worker, begin, end - begin, s, p, (uint8_t)k);
    for (size_t u = begin; u < end; u++)
        for (int p = 0; p < PLATFORMS; p++)
            if (home_on(world->users.homes[u], p))
                remember(sessions, u, p, &worker->visits[(u - begin) * PLATFORMS + (size_t)p]);
}

/* ---- Threads --------------------------------------------------------------------------------- */

static double odds_of(double rate) {
    return rate / (1 - rate);
}

int sessions_open(struct sessions **ret, struct world *world, struct error *err) {
    const struct parameters *set = &world->settings.parameters;
    struct sessions *sessions = calloc(1, sizeof *sessions);
    if (!sessions)
        return error_memory(err);
    sessions->world = world;
    sessions->batch = world->users.n < BATCH ? world->users.n : BATCH;
    sessions->most = world_sessions(world);
    /* The weight of a period's sessions is what those of its rounds add up to. */
    sessions->recency =
        set->recency < 1 ? -expm1(log1p(-set->recency) / (double)world_rounds(world)) : 1;
    sessions->odds[ACTION_LIKE] = odds_of(set->like_rate);
    sessions->odds[ACTION_SAVE] = odds_of(set->save_rate);
    sessions->odds[ACTION_COMMENT] = odds_of(set->comment_rate);
    sessions->odds[ACTION_SHARE] = odds_of(set->share_rate);
    sessions->odds[ACTION_FOLLOW] = odds_of(set->follow_rate);
    *ret = sessions;
    return 0;
}

static void close_worker(struct worker *worker) {
    tally_destroy(&worker->tally);
    free(worker->visits);
    free(worker->places);
    free(worker->queue);
    free(worker->sorted);
}

void sessions_close(struct sessions *sessions) {
    if (!sessions)
        return;
    for (int i = 0; i < sessions->n_workers; i++)
        close_worker(&sessions->workers[i]);
    free(sessions->workers);
    free(sessions);
}

/* A worker that has something to do, for the first time or in this round. */
static int prepare_worker(const struct sessions *sessions, struct worker *worker,
                          struct error *err) {
    size_t n = sessions->batch;
    if (!worker->open) {
        worker->visits = malloc(n * PLATFORMS * sizeof *worker->visits);
        worker->places = malloc(n * sessions->most);
        worker->queue = malloc(n * sizeof *worker->queue);
        worker->sorted = malloc(n * sizeof *worker->sorted);
        if (!worker->visits || !worker->places || !worker->queue || !worker->sorted)
            return error_memory(err);
        if (tally_create(&worker->tally, sessions->world, err))
            return err->code;
        worker->open = true;
    }
    if (!worker->counted)
        tally_clear(&worker->tally, sessions->world);
    worker->counted = true;
    return 0;
}

static int serve_task(void *context, size_t index, int number, struct error *err) {
    struct sessions *sessions = context;
    struct worker *worker = &sessions->workers[number];
    size_t begin = index * sessions->users, end = begin + sessions->users;
    if (prepare_worker(sessions, worker, err))
        return err->code;
    serve_batch(sessions, worker, begin,
                end < sessions->world->users.n ? end : sessions->world->users.n);
    return 0;
}

static int have_workers(struct sessions *sessions, int n, struct error *err) {
    if (n <= sessions->n_workers)
        return 0;
    struct worker *more = realloc(sessions->workers, (size_t)n * sizeof *more);
    if (!more)
        return error_memory(err);
    memset(more + sessions->n_workers, 0, (size_t)(n - sessions->n_workers) * sizeof *more);
    sessions->workers = more;
    sessions->n_workers = n;
    return 0;
}

int sessions_hold(struct sessions *sessions, struct desk desks[PLATFORMS], struct feed *feed,
                  int threads, struct error *err) {
    size_t n = sessions->world->users.n, each = n / (size_t)(threads > 1 ? 4 * threads : 1) + 1;
    sessions->desks = desks;
    sessions->feed = feed;
    sessions->users = each < sessions->batch ? each : sessions->batch;
    for (int i = 0; i < sessions->n_workers; i++)
        sessions->workers[i].counted = false;
    size_t tasks = (n + sessions->users - 1) / sessions->users;
    if (have_workers(sessions, threads > 1 ? threads : 1, err) ||
        workers_run(threads, tasks, serve_task, sessions, err))
        return err->code;
    for (int i = 0; i < sessions->n_workers; i++)
        if (sessions->workers[i].counted)
            world_absorb(sessions->world, &sessions->workers[i].tally);
    if (feed)
        feed_settle(feed);
    return 0;
}
