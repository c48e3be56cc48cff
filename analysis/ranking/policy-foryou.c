/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Interests learnt from what each user takes up (ranking/interest.h), with a gap between items of
 * the same creator, and some places for items at random. */
#include "ranking/interest.h"
#include "ranking/policy.h"
#include "ranking/slate.h"

static int init(struct policy *policy, struct error *err) {
    policy->state = arena_alloc(&policy->arena, sizeof(struct interest));
    return policy->state ? interest_open(policy->state, policy, err) : error_memory(err);
}

static void round_begin(struct policy *policy) {
    interest_count(policy->state, policy);
}

/* A quarter more than are shown leaves the rule about creators something to choose from; marginal
 * relevance chooses among twice as many. */
static void score(const struct policy *policy, struct session *session,
                  const struct candidates *candidates, struct kernel_top *ret) {
    const struct interest *state = policy->state;
    size_t slate = policy_slate(policy);
    bool novelty = policy->world->settings.parameters.novelty > 0;
    kernel_begin(ret, novelty ? 2 * slate + 1 : slate + slate / 4 + 1);
    policy_scan(policy, candidates, interest_profile(state, policy, session->user),
                policy->world->dimensions, state->biases, ret);
}

static void rerank(const struct policy *policy, struct session *session,
                   const struct kernel_top *top, struct slate *ret) {
    slate_diverse(policy, top, policy->world->settings.parameters.novelty, ret);
    slate_explore(policy, session, ret);
}

static void feedback(struct policy *policy, const struct session *session,
                     const struct slate *slate, const struct reaction *reaction) {
    interest_learn(policy->state, policy, session->user, slate, reaction);
}

static size_t explain(const struct policy *policy, uint32_t user, uint32_t position,
                      struct term ret[POLICY_TERMS]) {
    const struct interest *state = policy->state;
    ret[0] = (struct term){"popularity", (double)state->biases[position]};
    ret[1] = (struct term){"interest", interest_match(state, policy, user, position)};
    return 2;
}

static float *profiles(const struct policy *policy) {
    const struct interest *state = policy->state;
    return state->profiles;
}

const struct policy_class policy_foryou = {
    .name = "foryou",
    .summary = "interests learnt from what each user takes up",
    .init = init,
    .round_begin = round_begin,
    .retrieve = policy_retrieve_sample,
    .score = score,
    .rerank = rerank,
    .feedback = feedback,
    .explain = explain,
    .profiles = profiles,
};
