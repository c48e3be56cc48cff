/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Interests learnt from what each user takes up (ranking/interest.h), with a gap between items of
 * the same creator, and some places for items at random. */
#include "ranking/interest.h"
#include "ranking/policy.h"

static int init(struct policy *policy, struct error *err) {
    policy->state = arena_alloc(&policy->arena, sizeof(struct interest));
    return policy->state ? interest_open(policy->state, policy, err) : error_memory(err);
}

static void round_begin(struct policy *policy) {
    interest_count(policy->state, policy);
}

static void query(const struct policy *policy, const struct session *session, float *room,
                  struct query *ret) {
    (void)room;
    const struct interest *state = policy->state;
    interest_query(policy, session, state->biases, ret);
}

static size_t explain(const struct policy *policy, uint32_t user, uint32_t position,
                      struct term ret[POLICY_TERMS]) {
    const struct interest *state = policy->state;
    ret[0] = term_part("popularity", (double)state->biases[position]);
    ret[1] = term_part("interest", interest_match(state, policy, user, position));
    return 2;
}

const struct policy_class policy_foryou = {
    .name = "foryou",
    .summary = "interests learnt from what each user takes up",
    .aside = "exploration",
    .fresh = true,
    .init = init,
    .round_begin = round_begin,
    .retrieve = policy_retrieve_sample,
    .query = query,
    .rerank = interest_rerank,
    .feedback = interest_feedback,
    .explain = explain,
    .profiles = interest_profiles,
};
