/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Counting what is taken up, and learning from it. */
#include "ranking/interest.h"

#include "base/random.h"
#include "ranking/choice.h"
#include "ranking/purpose.h"
#include "ranking/slate.h"
#include "ranking/vector.h"

#include <gsl/gsl_randist.h>
#include <math.h>
#include <string.h>

/* Weight of the prior, in exposures: an item's own record counts as much as its creator's after
 * this many. */
static const double PRIOR = 20;

/* Assumed: how much more an action says than taking up does, and how much a dismissal does. */
static const double ACTION_PULL = 0.25, DISMISS_PULL = 0.5;

int interest_open(struct interest *ret, struct policy *policy, struct error *err) {
    const struct world *world = policy->world;
    ret->biases = policy_biases(policy);
    ret->profiles = arena_alloc(&policy->arena, world->users.n * world->dimensions * sizeof(float));
    ret->creator = arena_alloc(&policy->arena, world->creators.n * sizeof *ret->creator);
    return ret->biases && ret->profiles && ret->creator ? 0 : error_memory(err);
}

int interest_heed(struct interest *interest, struct policy *policy, float *scores,
                  struct error *err) {
    return device_open(&interest->device, policy, scores, 0,
                       -policy->world->settings.parameters.device_language, err);
}

static double shrunk(struct counts counts, double prior) {
    return ((double)counts.taken + PRIOR * prior) / ((double)counts.shown + PRIOR);
}

static struct counts count_creators(struct interest *interest, const struct policy *policy) {
    const struct items *items = &policy->world->items;
    struct counts all = {0};
    memset(interest->creator, 0, policy->world->creators.n * sizeof *interest->creator);
    for (size_t i = 0; i < policy->shelf->n; i++) {
        uint32_t item = policy->shelf->items[i];
        struct counts *creator = &interest->creator[policy->shelf->creators[i]];
        uint32_t shown = items->exposures[policy->platform][item];
        uint32_t taken = items->engagements[policy->platform][item];
        creator->shown += shown, creator->taken += taken;
        all.shown += shown, all.taken += taken;
    }
    return all;
}

/* Thompson (1933, doi:10.1093/biomet/25.3-4.285): from the beta distribution of which `shrunk` is
 * the mean. Never 0, of which there is no logarithm. */
static double draw_share(const struct policy *policy, uint32_t item, struct counts own,
                         double prior) {
    const struct world *world = policy->world;
    struct random_stream stream;
    uint32_t each = (uint32_t)world->settings.parameters.items;
    uint32_t creator = (uint32_t)world_creator(world, item);
    uint32_t id = item - creator * each + world_creator_id(world, creator) * each;
    random_open(&stream, world->seed, world->replication, id, world->step,
                DRAW_THOMPSON + (uint32_t)policy->platform + DRAW_ROUND * world->round);
    return fmax(gsl_ran_beta(random_gsl(&stream), (double)own.taken + PRIOR * prior,
                             (double)(own.shown - own.taken) + PRIOR * (1 - prior)),
                1e-9);
}

/* UCB1 (Auer, Cesa-Bianchi & Fischer 2002, doi:10.1023/A:1013689704352), with the prior's
 * exposures. */
static double uncertainty(struct counts own, struct counts all) {
    return sqrt(2 * log1p((double)all.shown) / ((double)own.shown + PRIOR));
}

/* exp(v_i) is an item's share of choices over that of the outside option. */
void interest_count(struct interest *interest, const struct policy *policy) {
    const struct items *items = &policy->world->items;
    const struct traffic *traffic = &policy->world->platforms[policy->platform].so_far;
    /* Before anything was seen: one exposure in twenty, one session in two. */
    const struct parameters *set = &policy->world->settings.parameters;
    struct counts all = count_creators(interest, policy);
    double rate = shrunk(all, 0.05);
    double nothing = ((double)traffic->unchosen + 0.5) / ((double)traffic->sessions + 1);
    for (size_t i = 0; i < policy->shelf->n; i++) {
        uint32_t item = policy->shelf->items[i];
        struct counts own = {items->exposures[policy->platform][item],
                             items->engagements[policy->platform][item]};
        double prior = shrunk(interest->creator[policy->shelf->creators[i]], rate);
        double share =
            set->thompson > 0 ? draw_share(policy, item, own, prior) : shrunk(own, prior);
        interest->biases[i] =
            (float)(log(share) - log(nothing) + set->optimism * uncertainty(own, all));
    }
    policy_seal(policy, interest->biases);
}

static const float *embedding_of(const struct policy *policy, uint32_t position) {
    return policy->shelf->rows + position * policy->world->dimensions;
}

double interest_match(const struct interest *interest, const struct policy *policy, uint32_t user,
                      uint32_t position) {
    size_t d = policy->world->dimensions;
    const float *profile = interest->profiles + user * d, *x = embedding_of(policy, position);
    return (double)vector_dot(profile, x, d);
}

static int count_actions(uint8_t actions) {
    int n = 0;
    for (int a = 0; a < ACTION_DISMISS; a++)
        n += actions >> a & 1;
    return n;
}

void interest_learn(struct interest *interest, const struct policy *policy, uint32_t user,
                    const struct slate *slate, const struct reaction *reaction) {
    size_t d = policy->world->dimensions;
    double rate = policy->world->settings.parameters.learning_rate;
    float *profile = interest->profiles + user * d;
    const float *x[POLICY_SLATE];
    double utilities[POLICY_SLATE], shares[POLICY_SLATE];
    float matches[POLICY_SLATE], steps[POLICY_SLATE];
    for (size_t i = 0; i < slate->n; i++)
        x[i] = embedding_of(policy, slate->positions[i]);
    vector_dots(profile, x, slate->n, d, matches);
    for (size_t i = 0; i < slate->n; i++)
        utilities[i] = (double)interest->biases[slate->positions[i]] + (double)matches[i];
    for (size_t i = 0; interest->device.used && i < slate->n; i++)
        utilities[i] += device_term(&interest->device, policy, user, slate->positions[i]);
    choice_split(utilities, slate->n, 0, shares);
    for (size_t i = 0; i < slate->n; i++) {
        double pull = -shares[i];
        if ((int)i == reaction->chosen)
            pull += 1 + ACTION_PULL * count_actions(reaction->actions);
        if ((int)i == reaction->dismissed)
            pull -= DISMISS_PULL;
        steps[i] = (float)(rate * pull);
    }
    vector_add_all(profile, steps, x, slate->n, d);
}

/* ---- For policy classes -----------------------------------------------------------------------
 */

/* A quarter more than are shown leaves the rule about creators something to choose from; marginal
 * relevance chooses among twice as many. */
void interest_query(const struct policy *policy, const struct session *session, struct query *ret) {
    const struct interest *interest = policy->state;
    size_t slate = policy_slate(policy);
    bool novelty = policy->world->settings.parameters.novelty > 0;
    *ret = (struct query){
        .user = interest_profile(interest, policy, session->user),
        .dimensions = policy->world->dimensions,
        .biases = device_scores(&interest->device, policy, session->user),
        .wanted = policy_wanted(policy, novelty ? 2 * slate + 1 : slate + slate / 4 + 1, 1)};
}

void interest_rerank(const struct policy *policy, struct session *session,
                     const struct kernel_top *top, struct slate *ret) {
    slate_diverse(policy, top, policy->world->settings.parameters.novelty, ret);
    slate_explore(policy, session, ret);
}

void interest_feedback(struct policy *policy, const struct session *session,
                       const struct slate *slate, const struct reaction *reaction) {
    interest_learn(policy->state, policy, session->user, slate, reaction);
}

float *interest_profiles(const struct policy *policy) {
    const struct interest *interest = policy->state;
    return interest->profiles;
}
