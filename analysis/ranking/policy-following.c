/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The social graph instead of the interest graph: what the creators whom a user follows published,
 * the newest first, within a period by how often it was taken up. Places that are left go to what
 * is popular, which is where a user finds somebody to follow. */
#include "ranking/policy.h"

#include <math.h>

/* More than the logarithm of any count: between what is followed and what is not, and between the
 * periods of publication. */
static const double RANK = 100;

struct following {
    float *biases; /* ln(1 + engagements) by position on the shelf */
    float *newest; /* RANK times (periods that an item will still be shown for) and its bias */
};

static int init(struct policy *policy, struct error *err) {
    struct following *state = arena_alloc(&policy->arena, sizeof *state);
    if (!state)
        return error_memory(err);
    policy->state = state;
    state->biases = policy_biases(policy);
    state->newest = policy_biases(policy);
    return state->biases && state->newest ? 0 : error_memory(err);
}

static void round_begin(struct policy *policy) {
    struct following *state = policy->state;
    const struct world *world = policy->world;
    const struct parameters *set = &world->settings.parameters;
    uint32_t life = (uint32_t)set->item_life;
    for (size_t i = 0; i < policy->shelf->n; i++) {
        uint32_t item = policy->shelf->items[i];
        double taken = (double)world->items.engagements[policy->platform][item];
        state->biases[i] = (float)log1p(taken);
        state->newest[i] = (float)(RANK * (life - world_age(world, item)) + log1p(taken));
    }
    policy_seal(policy, state->biases);
}

/* Some items may be found both ways. */
static void query(const struct policy *policy, const struct session *session, float *room,
                  struct query *ret) {
    (void)session;
    (void)room;
    const struct following *state = policy->state;
    *ret = (struct query){.biases = state->biases,
                          .wanted = policy_wanted(policy, 2 * policy_slate(policy), 2)};
}

static void score(const struct policy *policy, struct session *session,
                  const struct candidates *candidates, struct kernel_top *ret) {
    (void)candidates;
    const struct following *state = policy->state;
    const struct world *world = policy->world;
    const struct shelf *shelf = policy->shelf;
    size_t most = (size_t)world->settings.parameters.follows, u = session->user;
    size_t n = users_following(&world->users, u, policy->platform, most);
    const uint32_t *followed = world->users.follows[policy->platform] + u * most;
    for (size_t f = 0; f < n; f++)
        for (uint32_t i = shelf->first[followed[f]]; i < shelf->first[followed[f] + 1]; i++)
            kernel_offer(ret, state->newest[shelf->by_creator[i]], shelf->by_creator[i]);
}

/* The score: of those whom the user follows the newest, otherwise what is popular. */
static size_t explain(const struct policy *policy, uint32_t user, uint32_t position,
                      struct term ret[POLICY_TERMS]) {
    const struct following *state = policy->state;
    double popularity = (double)state->biases[position];
    bool followed =
        world_follows(policy->world, user, policy->platform, policy->shelf->creators[position]);
    ret[0] = term_part("following", followed ? (double)state->newest[position] - popularity : 0);
    ret[1] = term_part("popularity", popularity);
    return 2;
}

const struct policy_class policy_following = {
    .name = "following",
    .summary = "the newest of those whom a user follows, then what is popular",
    .fresh = true,
    .init = init,
    .round_begin = round_begin,
    .retrieve = policy_retrieve_sample,
    .query = query,
    .score = score,
    .explain = explain,
};
