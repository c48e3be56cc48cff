/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Interests learnt from what each user takes up.
 *
 * The policy models a session as the multinomial logit that it is: utility of item i for user u
 *
 *     v_ui = b_i + w_u . x_i
 *
 * against an outside option of utility 0. b_i comes from counts, shrunk from the item to its
 * creator to the platform; the profile w_u follows the gradient of the log-likelihood of what the
 * user took up (Train 2009, section 3.7), summed over the step's sessions and applied at the
 * barrier:
 *
 *     w_u += rate * sum over sessions (x_chosen - sum_i P_ui x_i)
 *
 * A user without history has w = 0 and is shown what is popular: the cold start. A share of places
 * goes to items at random, and no creator stands twice within `creator_gap` places. */
#include "ranking/choice.h"
#include "ranking/policy.h"

#include <math.h>
#include <string.h>

struct counts {
    uint64_t shown, taken;
};

struct foryou {
    float *biases;          /* by position on the shelf */
    float *profiles;        /* [users][dimensions] */
    float *gradients;       /* the same; of this step */
    struct counts *creator; /* over living items */
};

/* Weight of the prior, in exposures: an item's own record counts as much as its creator's after
 * this many. */
static const double PRIOR = 20;

static int init(struct policy *policy, struct error *err) {
    struct foryou *state = arena_alloc(&policy->arena, sizeof *state);
    if (!state)
        return error_memory(err);
    const struct world *world = policy->world;
    size_t size = world->users.n * world->dimensions * sizeof(float);
    state->biases = policy_biases(policy);
    state->profiles = arena_alloc(&policy->arena, size);
    state->gradients = arena_alloc(&policy->arena, size);
    state->creator = arena_alloc(&policy->arena, world->creators.n * sizeof *state->creator);
    policy->state = state;
    return state->biases && state->profiles && state->gradients && state->creator
               ? 0
               : error_memory(err);
}

/* ---- What counts say of items ---------------------------------------------------------------- */

static double shrunk(struct counts counts, double prior) {
    return ((double)counts.taken + PRIOR * prior) / ((double)counts.shown + PRIOR);
}

static struct counts count_creators(struct policy *policy) {
    struct foryou *state = policy->state;
    const struct items *items = &policy->world->items;
    struct counts all = {0};
    memset(state->creator, 0, policy->world->creators.n * sizeof *state->creator);
    for (size_t i = 0; i < policy->shelf->n; i++) {
        uint32_t item = policy->shelf->items[i];
        struct counts *creator = &state->creator[policy->shelf->creators[i]];
        uint32_t shown = items->exposures[policy->platform][item];
        uint32_t taken = items->engagements[policy->platform][item];
        creator->shown += shown, creator->taken += taken;
        all.shown += shown, all.taken += taken;
    }
    return all;
}

/* exp(v_i) is an item's share of choices over that of the outside option, and so b_i = ln(share of
 * its exposures that were taken up) - ln(share of sessions in which nothing was). */
static void step_begin(struct policy *policy) {
    struct foryou *state = policy->state;
    const struct items *items = &policy->world->items;
    const struct platform *platform = &policy->world->platforms[policy->platform];
    /* Before anything was seen: one exposure in twenty, one session in two. */
    double rate = shrunk(count_creators(policy), 0.05);
    double nothing = ((double)platform->unchosen + 0.5) / ((double)platform->sessions + 1);
    for (size_t i = 0; i < policy->shelf->n; i++) {
        uint32_t item = policy->shelf->items[i];
        struct counts own = {items->exposures[policy->platform][item],
                             items->engagements[policy->platform][item]};
        double prior = shrunk(state->creator[policy->shelf->creators[i]], rate);
        state->biases[i] = (float)(log(shrunk(own, prior)) - log(nothing));
    }
    policy_seal(policy, state->biases);
}

/* ---- What to show ---------------------------------------------------------------------------- */

/* A quarter more than are shown leaves the rule about creators something to choose from. */
static void score(const struct policy *policy, struct session *session,
                  const struct candidates *candidates, struct kernel_top *ret) {
    const struct foryou *state = policy->state;
    size_t d = policy->world->dimensions, slate = policy_slate(policy);
    kernel_begin(ret, slate + slate / 4 + 1);
    policy_scan(policy, candidates, state->profiles + session->user * d, d, state->biases, ret);
}

static bool near_same_creator(const struct policy *policy, const struct slate *slate,
                              uint32_t position) {
    size_t gap = (size_t)policy->world->settings.parameters.creator_gap;
    uint32_t creator = policy->shelf->creators[position];
    for (size_t i = slate->n; i > 0 && slate->n - i < gap; i--)
        if (policy->shelf->creators[slate->positions[i - 1]] == creator)
            return true;
    return false;
}

/* The best left that keeps the gap, or the best left where none does. */
static size_t next_best(const struct policy *policy, const struct kernel_top *top, size_t found,
                        const bool *used, const struct slate *slate) {
    size_t best = found;
    for (size_t i = 0; i < found; i++) {
        if (used[i])
            continue;
        if (!near_same_creator(policy, slate, kernel_position(top, i)))
            return i;
        if (best == found)
            best = i;
    }
    return best;
}

static bool on_slate(const struct slate *slate, uint32_t position) {
    for (size_t i = 0; i < slate->n; i++)
        if (slate->positions[i] == position)
            return true;
    return false;
}

/* Places that are drawn for exploration are a geometric number apart. An item that is on the slate
 * already leaves the place as it is. */
static void explore(const struct policy *policy, struct session *session, struct slate *slate) {
    double share = policy->world->settings.parameters.exploration;
    if (!(share > 0))
        return;
    double scale = share < 1 ? 1 / log1p(-share) : 0, place = -1;
    for (;;) {
        place += 1 + floor(log(random_uniform_open(session->exploring)) * scale);
        if (!(place < (double)slate->n))
            return;
        uint32_t position = random_below(session->exploring, (uint32_t)policy->shelf->n);
        if (!on_slate(slate, position))
            slate->positions[(size_t)place] = position;
    }
}

static void rerank(const struct policy *policy, struct session *session,
                   const struct kernel_top *top, struct slate *ret) {
    size_t found = top->found, wanted = policy_slate(policy);
    bool used[KERNEL_TOP] = {false};
    ret->n = 0;
    while (ret->n < wanted && ret->n < found) {
        size_t i = next_best(policy, top, found, used, ret);
        used[i] = true;
        ret->positions[ret->n++] = kernel_position(top, i);
    }
    explore(policy, session, ret);
}

/* ---- What to learn --------------------------------------------------------------------------- */

static void feedback(struct policy *policy, const struct session *session,
                     const struct slate *slate, int chosen) {
    struct foryou *state = policy->state;
    size_t d = policy->world->dimensions;
    const float *profile = state->profiles + session->user * d;
    float *gradient = state->gradients + session->user * d;
    const float *embeddings = policy->shelf->embeddings;
    double utilities[POLICY_SLATE], shares[POLICY_SLATE];
    for (size_t i = 0; i < slate->n; i++) {
        const float *x = embeddings + kernel_at(slate->positions[i], d, 0);
        float v = state->biases[slate->positions[i]];
        for (size_t k = 0; k < d; k++)
            v += profile[k] * x[k * KERNEL_LANES];
        utilities[i] = (double)v;
    }
    choice_shares(utilities, slate->n, 0, shares);
    for (size_t i = 0; i < slate->n; i++) {
        float pull = (float)(((int)i == chosen) - shares[i]);
        const float *x = embeddings + kernel_at(slate->positions[i], d, 0);
        for (size_t k = 0; k < d; k++)
            gradient[k] += pull * x[k * KERNEL_LANES];
    }
}

static void step_end(struct policy *policy) {
    struct foryou *state = policy->state;
    size_t n = policy->world->users.n * policy->world->dimensions;
    float rate = (float)policy->world->settings.parameters.learning_rate;
    for (size_t i = 0; i < n; i++)
        state->profiles[i] += rate * state->gradients[i];
    memset(state->gradients, 0, n * sizeof *state->gradients);
}

const struct policy_class policy_foryou = {
    .name = "foryou",
    .summary = "interests learnt from what each user takes up",
    .init = init,
    .step_begin = step_begin,
    .retrieve = policy_retrieve_sample,
    .score = score,
    .rerank = rerank,
    .feedback = feedback,
    .step_end = step_end,
};
