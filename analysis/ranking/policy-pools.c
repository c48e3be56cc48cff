/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Staged traffic pools.
 *
 * A new item is in the first pool and is to get pool_views views there. At the first barrier at
 * which it has them it is judged: with pool_threshold points per view of that pool, or more, it
 * rises to the next, pool_growth times as large; with less, it is shown no more, but to followers.
 * The last pool is the front page, which has no end.
 *
 * A session's items are drawn in proportion to the views that they are still to get, without
 * replacement (the Plackett-Luce model: Plackett 1975, doi:10.2307/2346567; drawing again whatever
 * was drawn before is the same as Gumbel top-k). pool_choice draws are made for each place, and
 * those shown that match the user's profile best. A share pool_following of the places goes to
 * creators whom the user follows. Points are those of `transparent`. */
#include "ranking/alias.h"
#include "ranking/interest.h"
#include "ranking/policy.h"
#include "ranking/slate.h"

#include <math.h>
#include <string.h>

struct pools {
    struct interest interest; /* first, for ranking/interest.h */
    double weights[POLICY_ACTIONS];
    /* Of each item: */
    uint8_t *level; /* 0 is the first pool */
    bool *stopped;
    uint32_t *born;     /* in which step it was put into the first pool */
    uint32_t *views;    /* when it came into its pool */
    double *points;     /* the same */
    double *quota;      /* by position on the shelf: views it is still to get */
    struct alias alias; /* over the shelf */
    size_t open;        /* positions with a quota */
};

static int init(struct policy *policy, struct error *err) {
    struct arena *arena = &policy->arena;
    struct pools *state = arena_alloc(arena, sizeof *state);
    if (!state)
        return error_memory(err);
    size_t n = policy->world->items.n;
    policy->state = state;
    policy_weights(policy, state->weights);
    state->level = arena_alloc(arena, n * sizeof *state->level);
    state->stopped = arena_alloc(arena, n * sizeof *state->stopped);
    state->born = arena_alloc(arena, n * sizeof *state->born);
    state->views = arena_alloc(arena, n * sizeof *state->views);
    state->points = arena_alloc(arena, n * sizeof *state->points);
    state->quota = arena_alloc(arena, n * sizeof *state->quota);
    state->alias.chance = arena_alloc(arena, n * sizeof *state->alias.chance);
    state->alias.other = arena_alloc(arena, n * sizeof *state->alias.other);
    state->alias.work = arena_alloc(arena, n * sizeof *state->alias.work);
    if (!state->level || !state->stopped || !state->born || !state->views || !state->points ||
        !state->quota || !state->alias.chance || !state->alias.other || !state->alias.work)
        return error_memory(err);
    return interest_open(&state->interest, policy, err);
}

/* ---- Pools ----------------------------------------------------------------------------------- */

static double points_of(const struct pools *state, const struct policy *policy, uint32_t item) {
    const uint32_t *actions =
        policy->world->items.actions[policy->platform] + (size_t)item * ACTIONS;
    double sum = 0;
    for (size_t a = 0; a < POLICY_ACTIONS; a++)
        sum += state->weights[a] * (double)actions[a];
    return sum;
}

static double size_of(const struct policy *policy, int level) {
    const struct parameters *set = &policy->world->settings.parameters;
    return set->pool_views * pow(set->pool_growth, level);
}

static void enter_pool(struct pools *state, const struct policy *policy, uint32_t item, int level) {
    state->level[item] = (uint8_t)level;
    state->views[item] = policy->world->items.exposures[policy->platform][item];
    state->points[item] = points_of(state, policy, item);
}

/* A place of the ring is taken by a new item: one that was not born in the step noted here. Step 0
 * is noted as 1, as 0 is what the arena gives. */
static void judge(struct pools *state, const struct policy *policy, uint32_t item) {
    uint32_t birth = policy->world->step - world_age(policy->world, item) + 1;
    if (state->born[item] != birth) {
        state->born[item] = birth;
        state->stopped[item] = false;
        enter_pool(state, policy, item, 0);
        /* An item whose creator brought it along was seen elsewhere, not here. */
    }
    int last = (int)policy->world->settings.parameters.pool_levels - 1;
    double views =
        (double)(policy->world->items.exposures[policy->platform][item] - state->views[item]);
    if (state->stopped[item] || state->level[item] == last ||
        views < size_of(policy, state->level[item]))
        return;
    double points = points_of(state, policy, item) - state->points[item];
    if (points < policy->world->settings.parameters.pool_threshold * views)
        state->stopped[item] = true;
    else
        enter_pool(state, policy, item, state->level[item] + 1);
}

static double quota_of(const struct pools *state, const struct policy *policy, uint32_t item) {
    int last = (int)policy->world->settings.parameters.pool_levels - 1;
    double size = size_of(policy, state->level[item]);
    if (state->stopped[item])
        return 0;
    if (state->level[item] == last)
        return size;
    return size -
           (double)(policy->world->items.exposures[policy->platform][item] - state->views[item]);
}

static void round_begin(struct policy *policy) {
    struct pools *state = policy->state;
    interest_count(&state->interest, policy);
    state->open = 0;
    for (size_t i = 0; i < policy->shelf->n; i++) {
        uint32_t item = policy->shelf->items[i];
        judge(state, policy, item);
        state->quota[i] = quota_of(state, policy, item);
        state->open += state->quota[i] > 0;
    }
    alias_build(state->quota, policy->shelf->n, &state->alias);
}

/* ---- What to show ---------------------------------------------------------------------------- */

static bool contains(const uint32_t *positions, size_t n, uint32_t position) {
    for (size_t i = 0; i < n; i++)
        if (positions[i] == position)
            return true;
    return false;
}

static bool drawable(const struct policy *policy, uint32_t user, const uint32_t *drawn, size_t n,
                     uint32_t position) {
    return !contains(drawn, n, position) && !policy_has_shown(policy, user, position);
}

/* As many different items as there are places, then more until `choice` times as many draws have
 * been made. Where fewer items are still to be seen, others fill the places. The number of tries is
 * bound for the case that all but a few quotas are next to nothing. */
static size_t draw(const struct policy *policy, struct session *session, size_t slate,
                   size_t choice, uint32_t *ret) {
    const struct pools *state = policy->state;
    size_t n = 0, least = state->open < slate ? state->open : slate;
    size_t usual = state->open > 0 ? slate * choice : 0, most = 100 * slate;
    for (size_t tries = 0; tries < usual || (n < least && tries < most); tries++) {
        uint32_t position = alias_draw(&state->alias, session->retrieving);
        if (drawable(policy, session->user, ret, n, position))
            ret[n++] = position;
    }
    uint32_t any = n < slate ? random_below(session->retrieving, (uint32_t)policy->shelf->n) : 0;
    for (; n < slate; any = (any + 1) % (uint32_t)policy->shelf->n)
        if (!contains(ret, n, any))
            ret[n++] = any;
    return n;
}

static void score(const struct policy *policy, struct session *session,
                  const struct candidates *candidates, struct kernel_top *ret) {
    (void)candidates; /* the whole shelf */
    const struct pools *state = policy->state;
    uint32_t drawn[POLICY_SLATE * 12];
    size_t slate = policy_slate(policy);
    size_t choice = (size_t)policy->world->settings.parameters.pool_choice;
    size_t n = draw(policy, session, slate, choice, drawn);
    kernel_begin(ret, slate);
    for (uint32_t i = 0; i < n; i++) /* equal matches in the order in which they were drawn */
        kernel_offer(ret,
                     choice == 1
                         ? -(float)i
                         : (float)interest_match(&state->interest, policy, session->user, drawn[i]),
                     i);
    for (size_t i = 0; i < ret->found; i++)
        kernel_rename(ret, i, drawn[kernel_position(ret, i)]);
}

/* The newest item of one of those whom the user follows, each as likely as any other; false if
 * there is none. */
static bool draw_followed(const struct policy *policy, struct session *session, uint32_t *ret) {
    const struct world *world = policy->world;
    size_t most = (size_t)world->settings.parameters.follows, u = session->user;
    size_t n = users_following(&world->users, u, policy->platform, most);
    if (n == 0)
        return false;
    uint32_t creator =
        world->users
            .follows[policy->platform][u * most + random_below(session->exploring, (uint32_t)n)];
    const struct shelf *shelf = policy->shelf;
    if (shelf->first[creator] == shelf->first[creator + 1])
        return false;
    *ret = shelf->by_creator[shelf->first[creator]];
    return true;
}

static void rerank(const struct policy *policy, struct session *session,
                   const struct kernel_top *top, struct slate *ret) {
    double share = policy->world->settings.parameters.pool_following;
    slate_take_best(policy, top, ret);
    for (size_t i = 0; i < ret->n && share > 0; i++) {
        uint32_t position;
        if (random_uniform(session->exploring) < share &&
            draw_followed(policy, session, &position) && !slate_holds(ret, position) &&
            !policy_has_shown(policy, session->user, position))
            ret->positions[i] = position, ret->aside |= UINT64_C(1) << i;
    }
}

/* How an item comes to be drawn, and by what it is then chosen among those drawn. */
static size_t explain(const struct policy *policy, uint32_t user, uint32_t position,
                      struct term ret[POLICY_TERMS]) {
    const struct pools *state = policy->state;
    double all = 0, left = state->quota[position];
    for (size_t i = 0; i < policy->shelf->n; i++)
        all += state->quota[i];
    size_t n = 0;
    ret[n++] = term_fact("pool", state->level[policy->shelf->items[position]] + 1.0);
    ret[n++] = term_fact("views_left", left);
    ret[n++] = term_fact("chance", all > 0 ? left / all : 0);
    ret[n++] = term_fact("interest", interest_match(&state->interest, policy, user, position));
    return n;
}

const struct policy_class policy_pools = {
    .name = "pools",
    .summary = "staged traffic: items that do well in one pool of views get into a larger one",
    .aside = "following",
    .init = init,
    .round_begin = round_begin,
    .score = score,
    .rerank = rerank,
    .feedback = interest_feedback,
    .explain = explain,
    .profiles = interest_profiles,
};
