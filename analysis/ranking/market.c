/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Money, and who moves where.
 *
 * Contents: money; means that decisions look at; log-odds; fitting; the shock; moves of users;
 * moves of creators. */
#include "ranking/market.h"

#include "base/random.h"
#include "ranking/choice.h"
#include "ranking/payout.h"
#include "ranking/purpose.h"
#include "ranking/spans.h"

#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

/* ---- Money ----------------------------------------------------------------------------------- */

int market_pay(struct world *world, struct books *ret, struct error *err) {
    struct creators *creators = &world->creators;
    double recency = world->step == 0 ? 1 : world->settings.parameters.recency;
    *ret = (struct books){0};
    for (int p = 0; p < PLATFORMS; p++) {
        memset(creators->paid[p], 0, creators->n * sizeof *creators->paid[p]);
        for (size_t i = 0; payout_rules[i]; i++)
            if (payout_apply(payout_rules[i], world, p, &ret->revenue[p], &ret->paid[p], err))
                return err->code;
        for (size_t c = 0; c < creators->n; c++)
            creators->income[p][c] +=
                llrint(recency * (double)(creators->paid[p][c] - creators->income[p][c]));
    }
    return 0;
}

/* ---- Means that decisions look at ------------------------------------------------------------ */

/* The state of the world as everybody sees it when they decide. */
struct view {
    double satisfaction[PLATFORMS];
    double income[PLATFORMS][WORLD_TIERS]; /* the platform's mean for a tier that is empty there */
    double audience[WORLD_TIERS];
    double user_push[PLATFORMS], creator_push[PLATFORMS]; /* loss of utility by the shock */
    size_t outside;                                       /* creators who are nowhere */
    bool closed[PLATFORMS];
    double creators[PLATFORMS], network[PLATFORMS]; /* how many; what more of them are worth */
};

static void view_income(const struct world *world, int p, double ret[WORLD_TIERS]) {
    const struct creators *creators = &world->creators;
    decimal_sum sums[WORLD_TIERS] = {0}, sum = 0;
    int64_t n[WORLD_TIERS] = {0}, all = 0;
    for (size_t c = 0; c < creators->n; c++) {
        if (!home_on(creators->homes[c], p))
            continue;
        sums[creators->tiers[c]] += creators->income[p][c];
        n[creators->tiers[c]]++;
    }
    for (size_t k = 0; k < world->settings.n_tiers; k++)
        sum += sums[k], all += n[k];
    for (size_t k = 0; k < world->settings.n_tiers; k++)
        ret[k] = n[k] > 0  ? decimal_sum_to_double(sums[k]) / (double)n[k]
                 : all > 0 ? decimal_sum_to_double(sum) / (double)all
                           : 0;
}

static void view_audience(const struct world *world, struct view *ret) {
    const struct creators *creators = &world->creators;
    int64_t sums[WORLD_TIERS] = {0}, n[WORLD_TIERS] = {0};
    ret->outside = 0;
    for (size_t c = 0; c < creators->n; c++) {
        if (creators->homes[c] == HOME_NONE) {
            ret->outside++;
            continue;
        }
        /* In thousandths, so that the order of creators does not matter. */
        sums[creators->tiers[c]] += llrint(creators->audience[c] * 1000);
        n[creators->tiers[c]]++;
    }
    for (size_t k = 0; k < world->settings.n_tiers; k++)
        ret->audience[k] = n[k] > 0 ? (double)sums[k] / 1000 / (double)n[k] : 0;
}

static struct view view_world(const struct world *world) {
    struct view view = {0};
    for (int p = 0; p < PLATFORMS; p++) {
        view.satisfaction[p] = world_satisfaction(world, p);
        for (size_t c = 0; c < world->creators.n; c++)
            view.creators[p] += home_on(world->creators.homes[c], p);
        view_income(world, p, view.income[p]);
    }
    view_audience(world, &view);
    view.closed[PLATFORM_A] = world_banned(world);
    return view;
}

/* ---- Log-odds -------------------------------------------------------------------------------- */

struct market {
    double user_leave[PLATFORMS][WORLD_CLASSES], user_adopt[PLATFORMS]; /* intercepts */
    double creator_leave[PLATFORMS][WORLD_TIERS], creator_adopt[PLATFORMS];
    double promote[WORLD_TIERS], demote[WORLD_TIERS];
    double return_a, enter_a;              /* of returning users and newcomers going to A */
    struct view start;                     /* when the intercepts were set */
    double newcomers[WORLD_TIERS], coming; /* per period, and their sum */
    double switch_cost[PLATFORMS];         /* measured, of who leaves it; nan: not measured */
    double both_stays;                     /* exp(-kappa): of creators on both, or about to be */
    double usual_exits;                    /* mean rate at which creators leave a platform */
    double *scratch;                       /* one number for each user or creator */
};

static int other(int platform) {
    return PLATFORM_A + PLATFORM_B - platform;
}

/* ln(amount / mean), a tenth of the mean added to both so that nothing is not minus infinity; 0
 * where there is no mean to compare with. */
static double log_relative(double amount, double mean) {
    return mean > 0 ? log((amount + mean / 10) / (mean + mean / 10)) : 0;
}

/* ln(there / here), the same way. */
static double log_ratio(double there, double here) {
    double little = (there + here) / 20;
    return little > 0 ? log((there + little) / (here + little)) : 0;
}

/* Two-sided network effects: g(n) - g(1) for n times as many creators as when the rates were
 * measured (Katz & Shapiro 1985, and as sensitivities n, ln n and n^beta). */
static double network_effect(const struct parameters *set, double creators, double at_start) {
    double n = at_start > 0 ? fmax(creators / at_start, 1e-3) : 1;
    double gain = set->network_power > 0 ? pow(n, set->network_power) - 1 : log(n);
    return set->network_weight * gain;
}

/* The world as it is now, to those who compare it with the start. */
static struct view view_now(const struct world *world, const struct view *start) {
    struct view view = view_world(world);
    for (int p = 0; p < PLATFORMS; p++)
        view.network[p] =
            network_effect(&world->settings.parameters, view.creators[p], start->creators[p]);
    return view;
}

/* Who has not been on a platform yet expects what others find there. */
static double satisfaction(const struct world *world, const struct view *view, size_t u, int p) {
    double own = world->users.satisfaction[p][u];
    return (isnan(own) ? view->satisfaction[p] : own) + view->network[p];
}

/* Mean of a platform, and what its creators are worth. */
static double mean_satisfaction(const struct view *view, int p) {
    return view->satisfaction[p] + view->network[p];
}

static double user_leaves(const struct world *world, const struct view *view, size_t u, int p) {
    const struct parameters *set = &world->settings.parameters;
    double more = world->users.left_share[p] > 0
                      ? world->users.left_share[p] - set->user_leave[p]
                      : 0; /* nobody has had a chance to leave yet, or nobody has left */
    return view->user_push[p] + set->user_contagion * more -
           set->user_sensitivity * satisfaction(world, view, u, p);
}

static double user_adopts(const struct world *world, const struct view *view, size_t u, int here) {
    int there = other(here);
    return world->settings.parameters.user_sensitivity *
               (mean_satisfaction(view, there) - satisfaction(world, view, u, here)) +
           view->user_push[here] - view->user_push[there];
}

/* Share of a creator's neighbours who left the platform in the last moves. */
static double neighbours_left(const struct world *world, size_t c, int p) {
    const struct creators *creators = &world->creators;
    size_t n = (size_t)world->settings.parameters.creator_neighbours, left = 0;
    for (size_t i = 0; i < n; i++)
        left += creators->left_before[p][creators->neighbours[c * n + i]] == world->step;
    return (double)left / (double)n;
}

/* How exits breed exits: nothing where as many left as usual. Nobody moves in the warm-up. */
static double creator_infection(const struct world *world, double usual, size_t c, int p) {
    double contagion = world->settings.parameters.creator_contagion;
    if (!(contagion > 0) || world_period(world) < 2)
        return 0;
    return contagion * (neighbours_left(world, c, p) - usual);
}

/* Income is measured against what the tier had when the rates were: if all lose, all are nearer to
 * leaving. */
static double creator_leaves(const struct world *world, const struct view *start,
                             const struct view *now, size_t c, int p) {
    double usual = start->income[p][world->creators.tiers[c]];
    return now->creator_push[p] -
           world->settings.parameters.creator_sensitivity *
               log_relative((double)world->creators.income[p][c], usual * (double)DECIMAL_ONE);
}

/* Utility of a platform to a creator who is on the other one only. */
static double creator_attraction(const struct world *world, const struct view *view, size_t tier,
                                 int there) {
    return world->settings.parameters.creator_sensitivity *
               log_ratio(view->income[there][tier], view->income[other(there)][tier]) -
           view->creator_push[there];
}

static double creator_prefers(const struct world *world, const struct view *view, size_t tier,
                              int there) {
    return creator_attraction(world, view, tier, there) + view->creator_push[other(there)];
}

static double creator_rises(const struct world *world, const struct view *start, size_t c) {
    return world->settings.parameters.tier_sensitivity *
           log_relative(world->creators.audience[c], start->audience[world->creators.tiers[c]]);
}

/* Utility of a platform to someone who is not on it; staying away has 0. */
static double user_attraction(const struct world *world, const struct view *view, int p) {
    return world->settings.parameters.user_sensitivity * mean_satisfaction(view, p) -
           view->user_push[p];
}

/* ---- Fitting --------------------------------------------------------------------------------- */

static bool single(uint8_t homes) {
    return homes == HOME_A || homes == HOME_B;
}

/* Log-odds of a platform's users to leave it, of one class or of all (WORLD_CLASSES). */
static size_t list_user_leaves(const struct market *market, const struct world *world, int p,
                               size_t class) {
    const struct users *users = &world->users;
    size_t n = 0;
    for (size_t u = 0; u < users->n; u++)
        if (home_on(users->homes[u], p) && (class == WORLD_CLASSES || users->classes[u] == class))
            market->scratch[n++] = user_leaves(world, &market->start, u, p);
    return n;
}

/* Where a class has no users yet they are taken to fare as the others do. */
static void fit_user_leave(struct market *market, const struct world *world, int p, size_t class) {
    size_t n = list_user_leaves(market, world, p, class);
    if (n == 0)
        n = list_user_leaves(market, world, p, WORLD_CLASSES);
    market->user_leave[p][class] =
        choice_intercept(market->scratch, n, world->settings.classes[class].leave[p]);
}

static void fit_user_adopt(struct market *market, const struct world *world, int p) {
    const uint8_t *homes = world->users.homes;
    size_t n = 0;
    for (size_t u = 0; u < world->users.n; u++)
        if (home_on(homes[u], p) && single(homes[u]))
            market->scratch[n++] = user_adopts(world, &market->start, u, p);
    market->user_adopt[p] =
        choice_intercept(market->scratch, n, world->settings.parameters.user_adopt);
}

static void fit_creator_leave(struct market *market, const struct world *world, int p, size_t k) {
    const struct creators *creators = &world->creators;
    size_t n = 0;
    for (size_t c = 0; c < creators->n; c++)
        if (home_on(creators->homes[c], p) && creators->tiers[c] == k)
            market->scratch[n++] = creator_leaves(world, &market->start, &market->start, c, p);
    market->creator_leave[p][k] =
        choice_intercept(market->scratch, n, world->settings.tiers[k].left);
}

static void fit_creator_adopt(struct market *market, const struct world *world, int p) {
    const struct creators *creators = &world->creators;
    size_t n = 0;
    for (size_t c = 0; c < creators->n; c++)
        if (home_on(creators->homes[c], p) && single(creators->homes[c]))
            market->scratch[n++] =
                creator_prefers(world, &market->start, creators->tiers[c], other(p));
    market->creator_adopt[p] =
        choice_intercept(market->scratch, n, world->settings.parameters.creator_adopt);
}

/* Leaving, promotion and demotion are decided one after the other, each among those whom the ones
 * before left in place. */
static void fit_mobility(struct market *market, const struct world *world, size_t k) {
    const struct tier_rates *rates = &world->settings.tiers[k];
    const struct creators *creators = &world->creators;
    size_t n = 0;
    for (size_t c = 0; c < creators->n; c++)
        if (creators->homes[c] != HOME_NONE && creators->tiers[c] == k)
            market->scratch[n++] = creator_rises(world, &market->start, c);
    double stay = 1 - rates->left, unmoved = stay - rates->promoted;
    double up = stay > 0 ? fmin(rates->promoted / stay, 1) : 0;
    double down = unmoved > 0 ? fmin(rates->demoted / unmoved, 1) : 0;
    market->promote[k] = choice_intercept(market->scratch, n, up);
    for (size_t i = 0; i < n; i++)
        market->scratch[i] = -market->scratch[i];
    market->demote[k] = choice_intercept(market->scratch, n, down);
}

/* Log-odds of A among those who are somewhere, each counted once for each platform. */
static double split(const uint8_t *homes, size_t n) {
    size_t on[PLATFORMS] = {0};
    for (size_t i = 0; i < n; i++)
        for (int p = 0; p < PLATFORMS; p++)
            on[p] += home_on(homes[i], p);
    return log((double)on[PLATFORM_A]) - log((double)on[PLATFORM_B]);
}

/* Who comes goes where the others are, unless what they get there changes. */
static void fit_entry(struct market *market, const struct world *world) {
    const struct settings *settings = &world->settings;
    market->return_a = split(world->users.homes, world->users.n);
    market->enter_a = split(world->creators.homes, world->creators.n);
    market->coming = 0;
    for (size_t k = 0; k < settings->n_tiers; k++) {
        market->newcomers[k] = settings->tiers[k].entered * settings->parameters.creators;
        market->coming += market->newcomers[k];
    }
}

int market_fit(struct market **ret, const struct world *world, struct error *err) {
    struct market *market = calloc(1, sizeof *market);
    size_t most = world->users.n > world->creators.n ? world->users.n : world->creators.n;
    double *scratch = malloc(most * sizeof *scratch);
    if (!market || !scratch) {
        free(market);
        free(scratch);
        return error_memory(err);
    }
    market->scratch = scratch;
    market->start = view_world(world);
    for (int p = 0; p < PLATFORMS; p++) {
        for (size_t k = 0; k < world->settings.n_classes; k++)
            fit_user_leave(market, world, p, k);
        fit_user_adopt(market, world, p);
        fit_creator_adopt(market, world, p);
        for (size_t k = 0; k < world->settings.n_tiers; k++)
            fit_creator_leave(market, world, p, k);
    }
    for (size_t k = 0; k < world->settings.n_tiers; k++) {
        fit_mobility(market, world, k);
        market->usual_exits += world->settings.tiers[k].share * world->settings.tiers[k].left;
    }
    fit_entry(market, world);
    for (int p = 0; p < PLATFORMS;
         p++) /* so that the measured share of leavers goes to the other */
        market->switch_cost[p] = user_attraction(world, &market->start, other(p)) -
                                 choice_log_odds(world->settings.switched[p]);
    market->both_stays = exp(-world->settings.parameters.both_cost);
    *ret = market;
    return 0;
}

void market_destroy(struct market *market) {
    if (!market)
        return;
    free(market->scratch);
    free(market);
}

/* With the intercept of the user's class. */
static double user_leaves_odds(const struct market *market, const struct world *world,
                               const struct view *view, size_t u, int p) {
    return market->user_leave[p][world->users.classes[u]] + user_leaves(world, view, u, p);
}

static double expected_user_exits(const struct market *market, const struct world *world,
                                  const struct view *view, int p) {
    double sum = 0;
    for (size_t u = 0; u < world->users.n; u++)
        if (home_on(world->users.homes[u], p))
            sum += choice_logistic(user_leaves_odds(market, world, view, u, p));
    return sum;
}

double market_expected_user_exits(const struct market *market, const struct world *world,
                                  int platform) {
    struct view now = view_now(world, &market->start);
    return expected_user_exits(market, world, &now, platform);
}

/* ---- The shock ------------------------------------------------------------------------------- */

/* The push for which the expected number of leavers rises by `shock`. Not all can be pushed off:
 * a logit reaches 1 only at infinity. */
static double push_for(const struct market *market, const struct world *world,
                       const struct view *view, double shock) {
    double expected = expected_user_exits(market, world, view, PLATFORM_A);
    size_t n = 0;
    for (size_t u = 0; u < world->users.n; u++) {
        if (!home_on(world->users.homes[u], PLATFORM_A))
            continue;
        double x = user_leaves_odds(market, world, view, u, PLATFORM_A);
        /* Of those who never leave of their own accord, any push moves all alike. */
        market->scratch[n++] = isfinite(x) ? x : 0;
    }
    if (n == 0)
        return 0;
    double target = fmin((expected + shock) / (double)n, 0.999);
    return choice_intercept(market->scratch, n, target);
}

/* ---- Moves of users -------------------------------------------------------------------------- */

/* Each decision has its own number, whether it is taken or not, so that the same person meets the
 * same luck whatever happened to others. */
enum { LEAVES_A, LEAVES_B, WHERE_TO, ADOPTS, RISES, FALLS, DROPS, FOLLOWS, LUCK };

/* Who leaves which platforms, and whom only the shock made leave: bits as of homes. */
struct exits {
    uint8_t left, pushed;
};

static void decide_exit(double luck, double log_odds, double push, int p, struct exits *exits) {
    if (luck >= choice_logistic(log_odds))
        return;
    exits->left |= (uint8_t)(1 << p);
    if (push > 0 && luck >= choice_logistic(log_odds - push))
        exits->pushed |= (uint8_t)(1 << p);
}

/* Against going to the other platform, for someone who leaves the only one. What was measured holds
 * for those who are pushed too: it is about people who left. */
static double cost_of_switching(const struct world *world, const struct exits *exits,
                                double measured) {
    const struct parameters *set = &world->settings.parameters;
    if (!isnan(measured))
        return measured;
    return exits->pushed ? set->shock_switching_cost : set->switching_cost;
}

static void draw_luck(const struct world *world, uint32_t entity, uint32_t purpose,
                      double ret[LUCK]) {
    struct random_stream stream;
    random_open(&stream, world->seed, world->replication, entity, world->step, purpose);
    for (int i = 0; i < LUCK; i++)
        ret[i] = random_uniform(&stream);
}

/* From a platform that closes everybody goes, as pushed as can be. */
static void decide_closing(const struct view *view, uint8_t homes, struct exits *exits) {
    for (int p = 0; p < PLATFORMS; p++)
        if (view->closed[p] && home_on(homes, p)) {
            exits->left |= (uint8_t)(1 << p);
            exits->pushed |= (uint8_t)(1 << p);
        }
}

static void add_moves(struct user_moves *sum, struct user_moves more) {
    sum->to_other += more.to_other;
    sum->gone += more.gone;
    sum->arrived += more.arrived;
    sum->returned += more.returned;
}

/* For user u's class, and language where there are several. */
static void count_move(struct moves *moves, const struct world *world, size_t u, int p,
                       struct user_moves more) {
    const struct users *users = &world->users;
    const size_t groups[] = {users->classes[u],
                             WORLD_CLASSES + (users->languages ? users->languages[u] : 0)};
    for (int g = 0; g < (users->languages ? 2 : 1); g++)
        add_moves(&moves->groups[p][groups[g]], more);
}

/* Nobody comes to a platform that is closed. */
static void user_arrives(struct world *world, const struct view *view, size_t u, int p,
                         struct moves *moves) {
    if (view->closed[p])
        return;
    count_move(moves, world, u, p,
               (struct user_moves){.arrived = 1, .returned = home_on(world->users.been[u], p)});
    world->users.been[u] |= (uint8_t)(1 << p);
    world->users.homes[u] |= (uint8_t)(1 << p);
    world->users.came[u] |= (uint8_t)(1 << p);
    world->users.satisfaction[p][u] = view->satisfaction[p];
}

/* By how much more A attracts than B. */
static double user_preference(const struct world *world, const struct view *view) {
    return user_attraction(world, view, PLATFORM_A) - user_attraction(world, view, PLATFORM_B);
}

static void return_user(const struct market *market, struct world *world, const struct view *view,
                        size_t u, const double luck[LUCK], struct moves *moves) {
    if (luck[ADOPTS] >= world->settings.parameters.user_return)
        return;
    double change = user_preference(world, view) - user_preference(world, &market->start);
    double to_a = choice_logistic(market->return_a + change);
    user_arrives(world, view, u, luck[WHERE_TO] < to_a ? PLATFORM_A : PLATFORM_B, moves);
}

static bool follows_exodus(const struct world *world, size_t u, double luck) {
    const struct exodus *exodus = &world->exodus;
    return (world->users.thresholds &&
            exodus_threshold(exodus, (double)world->users.thresholds[u])) ||
           luck < exodus_chance(exodus, &world->settings.parameters);
}

static struct exits user_exits(const struct market *market, const struct world *world,
                               const struct view *view, size_t u, const double luck[LUCK]) {
    struct exits exits = {0};
    for (int p = 0; p < PLATFORMS; p++)
        if (home_on(world->users.homes[u], p))
            decide_exit(luck[LEAVES_A + p], user_leaves_odds(market, world, view, u, p),
                        view->user_push[p], p, &exits);
    if (home_on(world->users.homes[u], PLATFORM_A) && follows_exodus(world, u, luck[FOLLOWS]))
        exits.left |= HOME_A, exits.pushed |= HOME_A;
    decide_closing(view, world->users.homes[u], &exits);
    return exits;
}

static void move_user(const struct market *market, struct world *world, const struct view *view,
                      size_t u, struct moves *moves) {
    uint8_t *homes = &world->users.homes[u], before = *homes;
    double luck[LUCK];
    world->users.came[u] = 0;
    draw_luck(world, world_user_id(world, u), DRAW_USER_MOVE, luck);
    if (before == HOME_NONE) {
        return_user(market, world, view, u, luck, moves);
        return;
    }
    struct exits exits = user_exits(market, world, view, u, luck);
    *homes = before & (uint8_t)~exits.left;
    int here = before == HOME_B ? PLATFORM_B : PLATFORM_A; /* where it is one platform */
    if (exits.left == 0) {
        if (single(before) && luck[ADOPTS] < choice_logistic(market->user_adopt[here] +
                                                             user_adopts(world, view, u, here)))
            user_arrives(world, view, u, other(here), moves);
    } else if (single(before)) {
        double x = user_attraction(world, view, other(here)) -
                   cost_of_switching(world, &exits, market->switch_cost[here]);
        if (luck[WHERE_TO] < choice_logistic(x))
            user_arrives(world, view, u, other(here), moves);
    }
    bool gone = *homes == HOME_NONE;
    for (int p = 0; p < PLATFORMS; p++)
        if (home_on(exits.left, p))
            count_move(moves, world, u, p, (struct user_moves){.gone = gone, .to_other = !gone});
}

/* All users, by all threads. */
struct moving {
    const struct market *market;
    struct world *world;
    const struct view *view;
    pthread_mutex_t lock;
    struct moves *moves; /* under the lock */
};

static void move_span(void *context, size_t begin, size_t end) {
    struct moving *moving = context;
    struct moves own = {0};
    for (size_t u = begin; u < end; u++)
        move_user(moving->market, moving->world, moving->view, u, &own);
    pthread_mutex_lock(&moving->lock);
    for (int p = 0; p < PLATFORMS; p++)
        for (size_t k = 0; k < WORLD_GROUPS; k++)
            add_moves(&moving->moves->groups[p][k], own.groups[p][k]);
    pthread_mutex_unlock(&moving->lock);
}

static void move_users(const struct market *market, struct world *world, const struct view *view,
                       struct moves *ret) {
    struct moving moving = {.market = market, .world = world, .view = view, .moves = ret};
    pthread_mutex_init(&moving.lock, NULL);
    spans_run(world->threads, world->users.n, move_span, &moving);
    pthread_mutex_destroy(&moving.lock);
}

static void add_classes(struct moves *moves, int p) {
    for (size_t k = 0; k < WORLD_CLASSES; k++) {
        const struct user_moves *own = &moves->groups[p][k];
        moves->users_to_other[p] += own->to_other;
        moves->users_gone[p] += own->gone;
        moves->users_arrived[p] += own->arrived;
        moves->users_returned[p] += own->returned;
    }
}

/* ---- Moves of creators ----------------------------------------------------------------------- */

static void creator_arrives(struct world *world, const struct view *view, size_t c, int p) {
    struct creators *creators = &world->creators;
    if (view->closed[p])
        return;
    creators->homes[c] |= (uint8_t)(1 << p);
    creators->income[p][c] = llrint(view->income[p][creators->tiers[c]] * (double)DECIMAL_ONE);
}

/* One of those outside becomes a newcomer; as many are expected as the settings say. */
static void enter_creator(const struct market *market, struct world *world, const struct view *view,
                          size_t c, const double luck[LUCK], struct moves *moves) {
    if (luck[ADOPTS] * (double)view->outside >= market->coming)
        return;
    size_t tier = 0;
    double below = market->newcomers[0];
    while (tier + 1 < world->settings.n_tiers && luck[RISES] * market->coming >= below)
        below += market->newcomers[++tier];
    world->creators.tiers[c] = (uint8_t)tier;
    world->creators.audience[c] = view->audience[tier];
    double change = creator_prefers(world, view, tier, PLATFORM_A) -
                    creator_prefers(world, &market->start, tier, PLATFORM_A);
    double to_a = choice_logistic(market->enter_a + change);
    int p = luck[WHERE_TO] < to_a ? PLATFORM_A : PLATFORM_B;
    world_speak(world, c, p);
    creator_arrives(world, view, c, p);
    moves->entered[tier]++;
}

static struct exits creator_exits(const struct market *market, const struct world *world,
                                  const struct view *view, size_t c, const double luck[LUCK]) {
    size_t tier = world->creators.tiers[c];
    struct exits exits = {0};
    for (int p = 0; p < PLATFORMS; p++)
        if (home_on(world->creators.homes[c], p))
            decide_exit(luck[LEAVES_A + p],
                        market->creator_leave[p][tier] +
                            creator_leaves(world, &market->start, view, c, p) +
                            creator_infection(world, market->usual_exits, c, p),
                        view->creator_push[p], p, &exits);
    decide_closing(view, world->creators.homes[c], &exits);
    return exits;
}

/* What being on both costs: who stays on both drops the one with less income, B if equal. */
static void decide_drop(const struct market *market, const struct world *world, size_t c,
                        double luck, struct exits *exits) {
    if (exits->left != 0 || world->creators.homes[c] != HOME_BOTH || luck < market->both_stays)
        return;
    const struct creators *creators = &world->creators;
    bool b = creators->income[PLATFORM_B][c] <= creators->income[PLATFORM_A][c];
    exits->left = b ? HOME_B : HOME_A;
}

/* Where those who left are now. */
static void count_creator_exits(struct world *world, size_t c, uint8_t tier, struct exits exits,
                                struct moves *moves) {
    for (int p = 0; p < PLATFORMS; p++) {
        if (!home_on(exits.left, p))
            continue;
        world->creators.left[p][c] = world->step + 1;
        moves->creators_left[p][tier]++;
        moves->creators_gone[p][tier] += world->creators.homes[c] == HOME_NONE;
    }
}

/* The tier that a share `luck` of those who move up (step 1) or down (-1) reaches, by the weights:
 * the nearest for the least luck. */
static uint8_t tier_reached(const struct world *world, uint8_t from, int step, double luck) {
    const double *to = world->settings.tiers[from].to;
    int end = step > 0 ? (int)world->settings.n_tiers : -1;
    double all = 0, below = 0;
    for (int k = from + step; k != end; k += step)
        all += to[k];
    for (int k = from + step; k != end; k += step) {
        below += to[k];
        if (luck * all < below)
            return (uint8_t)k;
    }
    return (uint8_t)(from + step);
}

/* Who moves: the number that decided says how far, as it is uniform below the chance to move. */
static void change_tier(const struct market *market, struct world *world, size_t c,
                        const double luck[LUCK], struct moves *moves) {
    uint8_t *tier = &world->creators.tiers[c], from = *tier;
    double x = creator_rises(world, &market->start, c);
    double up = choice_logistic(market->promote[from] + x);
    double down = choice_logistic(market->demote[from] - x);
    if (luck[RISES] < up) {
        *tier = tier_reached(world, from, 1, luck[RISES] / up);
        moves->promoted[from]++;
    } else if (luck[FALLS] < down) {
        *tier = tier_reached(world, from, -1, luck[FALLS] / down);
        moves->demoted[from]++;
    }
}

static void move_creator(const struct market *market, struct world *world, const struct view *view,
                         size_t c, struct moves *moves) {
    struct creators *creators = &world->creators;
    uint8_t before = creators->homes[c];
    double luck[LUCK];
    draw_luck(world, world_creator_id(world, c), DRAW_CREATOR_MOVE, luck);
    if (before == HOME_NONE) {
        enter_creator(market, world, view, c, luck, moves);
        return;
    }
    struct exits exits = creator_exits(market, world, view, c, luck);
    decide_drop(market, world, c, luck[DROPS], &exits);
    creators->homes[c] = before & (uint8_t)~exits.left;
    int here = before == HOME_B ? PLATFORM_B : PLATFORM_A, there = other(here);
    uint8_t tier = creators->tiers[c];
    if (exits.left == 0) {
        double x = market->creator_adopt[here] + creator_prefers(world, view, tier, there);
        if (single(before) && luck[ADOPTS] < market->both_stays * choice_logistic(x))
            creator_arrives(world, view, c, there);
        change_tier(market, world, c, luck, moves);
    } else if (single(before)) {
        double x =
            creator_attraction(world, view, tier, there) - cost_of_switching(world, &exits, NAN);
        if (luck[WHERE_TO] < choice_logistic(x))
            creator_arrives(world, view, c, there);
    }
    count_creator_exits(world, c, tier, exits, moves);
}

/* In the tier after the moves. */
void market_note_exit_odds(const struct market *market, struct world *world) {
    static const struct view calm; /* no push; what else it holds does not matter here */
    struct creators *creators = &world->creators;
    for (int p = 0; p < PLATFORMS; p++)
        for (size_t c = 0; c < creators->n; c++)
            creators->exit_odds[p][c] = home_on(creators->homes[c], p)
                                            ? market->creator_leave[p][creators->tiers[c]] +
                                                  creator_leaves(world, &market->start, &calm, c, p)
                                            : -INFINITY;
}

static int64_t count_users(const struct world *world, int p) {
    int64_t n = 0;
    for (size_t u = 0; u < world->users.n; u++)
        n += home_on(world->users.homes[u], p);
    return n;
}

void market_move(const struct market *market, struct world *world, double shock,
                 struct moves *ret) {
    struct view view = view_now(world, &market->start);
    *ret = (struct moves){0};
    if (shock > 0) {
        double push = push_for(market, world, &view, shock);
        view.user_push[PLATFORM_A] = push;
        view.creator_push[PLATFORM_A] = push * world->settings.parameters.shock_creators;
    }
    int64_t users[PLATFORMS];
    for (int p = 0; p < PLATFORMS; p++)
        users[p] = count_users(world, p);
    const struct parameters *set = &world->settings.parameters;
    if (set->exodus_period > 0 && world_period(world) == (size_t)set->exodus_period)
        exodus_begin(&world->exodus, users[PLATFORM_A]);
    move_users(market, world, &view, ret);
    for (int p = 0; p < PLATFORMS; p++)
        add_classes(ret, p);
    exodus_end_period(&world->exodus, set,
                      ret->users_to_other[PLATFORM_A] + ret->users_gone[PLATFORM_A]);
    for (int p = 0; p < PLATFORMS; p++)
        world->users.left_share[p] =
            users[p] > 0 ? (double)(ret->users_to_other[p] + ret->users_gone[p]) / (double)users[p]
                         : 0;
    for (int p = 0; p < PLATFORMS; p++) /* what all see, whoever is the first to go now */
        memcpy(world->creators.left_before[p], world->creators.left[p],
               world->creators.n * sizeof *world->creators.left[p]);
    for (size_t c = 0; c < world->creators.n; c++)
        move_creator(market, world, &view, c, ret);
    market_note_exit_odds(market, world);
}
