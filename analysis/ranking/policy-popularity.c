/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The same ranking for everybody: by how often an item was taken up, and those of its creator. */
#include "ranking/policy.h"

#include <string.h>

struct popularity {
    float *biases;     /* by position on the shelf */
    uint64_t *taken;   /* engagements with each creator's living items */
    uint32_t *offered; /* how many living items each creator has */
};

static int init(struct policy *policy, struct error *err) {
    struct popularity *state = arena_alloc(&policy->arena, sizeof *state);
    if (!state)
        return error_memory(err);
    size_t n = policy->world->creators.n;
    state->biases = policy_biases(policy);
    state->taken = arena_alloc(&policy->arena, n * sizeof *state->taken);
    state->offered = arena_alloc(&policy->arena, n * sizeof *state->offered);
    policy->state = state;
    return state->biases && state->taken && state->offered ? 0 : error_memory(err);
}

/* score = engagements with the item + mean engagements with the living items of its creator: the
 * second term is all that a new item has. */
static void round_begin(struct policy *policy) {
    struct popularity *state = policy->state;
    const struct world *world = policy->world;
    const struct shelf *shelf = policy->shelf;
    const uint32_t *engagements = world->items.engagements[policy->platform];
    memset(state->taken, 0, world->creators.n * sizeof *state->taken);
    memset(state->offered, 0, world->creators.n * sizeof *state->offered);
    for (size_t i = 0; i < shelf->n; i++) {
        uint32_t creator = shelf->creators[i];
        state->taken[creator] += engagements[shelf->items[i]];
        state->offered[creator]++;
    }
    for (size_t i = 0; i < shelf->n; i++) {
        uint32_t creator = shelf->creators[i];
        double mean = (double)state->taken[creator] / state->offered[creator];
        state->biases[i] = (float)(engagements[shelf->items[i]] + mean);
    }
    policy_seal(policy, state->biases);
}

static void query(const struct policy *policy, const struct session *session, float *room,
                  struct query *ret) {
    (void)session; /* the same for all users */
    (void)room;
    const struct popularity *state = policy->state;
    *ret = (struct query){.biases = state->biases, .wanted = policy_slate(policy)};
}

static size_t explain(const struct policy *policy, uint32_t user, uint32_t position,
                      struct term ret[POLICY_TERMS]) {
    (void)user;
    const struct popularity *state = policy->state;
    uint32_t taken =
        policy->world->items.engagements[policy->platform][policy->shelf->items[position]];
    ret[0] = term_part("item", (double)taken);
    ret[1] = term_part("creator", (double)state->biases[position] - (double)taken);
    return 2;
}

const struct policy_class policy_popularity = {
    .name = "popularity",
    .summary = "by how often an item and those of its creator were taken up",
    .init = init,
    .round_begin = round_begin,
    .retrieve = policy_retrieve_sample,
    .query = query,
    .explain = explain,
};
