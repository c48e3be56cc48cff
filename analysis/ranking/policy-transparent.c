/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Published weights, and dials that the user can turn.
 *
 *     score = sum over actions of weight_a r_ia / m + dial_interest w_u . x_i + dial_following f_ui
 *             + dial_language l_ui
 *
 * r_ia is how often action a was done per exposure of item i, shrunk to the platform's rate with
 * the weight of 20 exposures; m is the platform's mean of sum_a weight_a r_a, so that a mean item
 * has 1 point. w_u is the profile of ranking/interest.h, f_ui is 1 if the user follows the creator,
 * l_ui if the item is in the language of the user's device. The slate is chosen by sliding spectrum
 * (ranking/slate.h). */
#include "ranking/interest.h"
#include "ranking/policy.h"
#include "ranking/slate.h"

#include <math.h>

static const double PRIOR = 20;

struct transparent {
    struct interest interest; /* first, for ranking/interest.h */
    double weights[POLICY_ACTIONS], platform[POLICY_ACTIONS],
        mean;      /* rates and points per exposure */
    float *points; /* by position on the shelf */
    struct device device;
};

static int init(struct policy *policy, struct error *err) {
    struct transparent *state = arena_alloc(&policy->arena, sizeof *state);
    if (!state)
        return error_memory(err);
    policy->state = state;
    policy_weights(policy, state->weights);
    state->points = policy_biases(policy);
    if (!state->points)
        return error_memory(err);
    return device_open(&state->device, policy, state->points,
                       policy->world->settings.parameters.dial_language, 0, err)
               ? err->code
               : interest_open(&state->interest, policy, err);
}

/* Before anything was seen each action is done once in a hundred exposures. */
static void count_platform(struct transparent *state, const struct policy *policy) {
    const struct items *items = &policy->world->items;
    int p = policy->platform;
    uint64_t shown = 0, done[POLICY_ACTIONS] = {0};
    for (size_t i = 0; i < policy->shelf->n; i++) {
        uint32_t item = policy->shelf->items[i];
        shown += items->exposures[p][item];
        for (size_t a = 0; a < POLICY_ACTIONS; a++)
            done[a] += items->actions[p][(size_t)item * ACTIONS + a];
    }
    state->mean = 0;
    for (size_t a = 0; a < POLICY_ACTIONS; a++) {
        state->platform[a] = ((double)done[a] + PRIOR * 0.01) / ((double)shown + PRIOR);
        state->mean += state->weights[a] * state->platform[a];
    }
}

/* What an item has for an action, in points of a mean item. */
static double points(const struct transparent *state, const struct policy *policy, uint32_t item,
                     size_t action) {
    const struct items *items = &policy->world->items;
    if (!(state->mean > 0))
        return 0;
    double done = (double)items->actions[policy->platform][(size_t)item * ACTIONS + action];
    double shown = (double)items->exposures[policy->platform][item];
    double rate = (done + PRIOR * state->platform[action]) / (shown + PRIOR);
    return state->weights[action] * rate / state->mean;
}

static void round_begin(struct policy *policy) {
    struct transparent *state = policy->state;
    interest_count(&state->interest, policy);
    count_platform(state, policy);
    for (size_t i = 0; i < policy->shelf->n; i++) {
        double sum = 0;
        for (size_t a = 0; a < POLICY_ACTIONS; a++)
            sum += points(state, policy, policy->shelf->items[i], a);
        state->points[i] = (float)sum;
    }
    policy_seal(policy, state->points);
    device_score(&state->device, policy, state->points);
}

/* The dial scales the user's side of the product. */
static void query(const struct policy *policy, const struct session *session, float *room,
                  struct query *ret) {
    const struct transparent *state = policy->state;
    size_t d = policy->world->dimensions;
    float dial = (float)policy->world->settings.parameters.dial_interest;
    const float *profile = interest_profile(&state->interest, policy, session->user);
    for (size_t k = 0; k < d; k++)
        room[k] = dial * profile[k];
    *ret = (struct query){.user = room,
                          .dimensions = d,
                          .biases = device_scores(&state->device, policy, session->user),
                          .wanted = policy_wanted(policy, 2 * policy_slate(policy) + 1, 2)};
}

static double interest_term(const struct policy *policy, uint32_t user, uint32_t position) {
    const struct transparent *state = policy->state;
    return policy->world->settings.parameters.dial_interest *
           interest_match(&state->interest, policy, user, position);
}

/* Items of those whom the user follows are offered beside the sample, with their bonus. */
static void score(const struct policy *policy, struct session *session,
                  const struct candidates *candidates, struct kernel_top *ret) {
    (void)candidates;
    const struct transparent *state = policy->state;
    const struct world *world = policy->world;
    const struct shelf *shelf = policy->shelf;
    size_t most = (size_t)world->settings.parameters.follows, u = session->user;
    size_t n = users_following(&world->users, u, policy->platform, most);
    const uint32_t *followed = world->users.follows[policy->platform] + u * most;
    double bonus = world->settings.parameters.dial_following;
    const float *points = device_scores(&state->device, policy, session->user);
    for (size_t f = 0; f < n && bonus > 0; f++)
        for (uint32_t i = shelf->first[followed[f]]; i < shelf->first[followed[f] + 1]; i++) {
            uint32_t position = shelf->by_creator[i];
            kernel_offer(ret,
                         (float)((double)points[position] + bonus +
                                 interest_term(policy, session->user, position)),
                         position);
        }
}

static void rerank(const struct policy *policy, struct session *session,
                   const struct kernel_top *top, struct slate *ret) {
    (void)session;
    const struct parameters *set = &policy->world->settings.parameters;
    slate_spectrum(policy, top, set->diversity, (size_t)set->diversity_window, ret);
}

static size_t explain(const struct policy *policy, uint32_t user, uint32_t position,
                      struct term ret[POLICY_TERMS]) {
    static const char *const names[POLICY_ACTIONS] = {
        [ACTION_LIKE] = "like",   [ACTION_SAVE] = "save",     [ACTION_COMMENT] = "comment",
        [ACTION_SHARE] = "share", [ACTION_FOLLOW] = "follow",
    };
    const struct transparent *state = policy->state;
    uint32_t item = policy->shelf->items[position], creator = policy->shelf->creators[position];
    bool followed = world_follows(policy->world, user, policy->platform, creator);
    for (size_t a = 0; a < POLICY_ACTIONS; a++)
        ret[a] = term_part(names[a], points(state, policy, item, a));
    ret[POLICY_ACTIONS] = term_part("interest", interest_term(policy, user, position));
    ret[POLICY_ACTIONS + 1] =
        term_part("following", followed ? policy->world->settings.parameters.dial_following : 0);
    return device_explain(&state->device, policy, user, position, ret, POLICY_ACTIONS + 2);
}

const struct policy_class policy_transparent = {
    .name = "transparent",
    .summary = "published weights of likes, saves, comments, shares and follows, and user dials",
    .fresh = true,
    .init = init,
    .round_begin = round_begin,
    .retrieve = policy_retrieve_sample,
    .query = query,
    .score = score,
    .rerank = rerank,
    .feedback = interest_feedback,
    .explain = explain,
    .profiles = interest_profiles,
};
