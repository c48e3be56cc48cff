/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Interests learnt from what each user takes up (ranking/interest.h), with a gap between items of
 * the same creator, and some places for items at random; and the language of the device. */
#include "ranking/interest.h"
#include "ranking/policy.h"

static int init(struct policy *policy, struct error *err) {
    struct interest *state = arena_alloc(&policy->arena, sizeof *state);
    if (!state)
        return error_memory(err);
    policy->state = state;
    return interest_open(state, policy, err) ? err->code
                                             : interest_heed(state, policy, state->biases, err);
}

static void round_begin(struct policy *policy) {
    struct interest *state = policy->state;
    interest_count(state, policy);
    device_score(&state->device, policy, state->biases);
}

static void query(const struct policy *policy, const struct session *session, float *room,
                  struct query *ret) {
    (void)room;
    interest_query(policy, session, ret);
}

static size_t explain(const struct policy *policy, uint32_t user, uint32_t position,
                      struct term ret[POLICY_TERMS]) {
    const struct interest *state = policy->state;
    ret[0] = term_part("popularity", (double)state->biases[position]);
    ret[1] = term_part("interest", interest_match(state, policy, user, position));
    return device_explain(&state->device, policy, user, position, ret, 2);
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
