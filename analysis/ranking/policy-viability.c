/* SPDX-License-Identifier: GPL-3.0-or-later */
/* foryou, with a boost for creators near their exit threshold.
 *
 * With exit probability h = logit^-1(a - b y) of income y, b h (1 - h) is how much a little more
 * income keeps a creator: most at h = 1/2, little for those who are safe and for those who are
 * lost. EcoAgent (Zhan et al. 2021, arXiv:2105.02377) gives items the uplift that a recommendation
 * means to their provider; here it is viability_boost times g / (g + mean g), g = h (1 - h), which
 * lies between 0 and 1 and is 1/2 for a creator at mean risk. */
#include "ranking/choice.h"
#include "ranking/interest.h"
#include "ranking/policy.h"

#include <math.h>

struct viability {
    struct interest interest; /* first, for ranking/interest.h */
    float *scores;            /* biases and boosts, by position on the shelf */
};

static int init(struct policy *policy, struct error *err) {
    struct viability *state = arena_alloc(&policy->arena, sizeof *state);
    if (!state)
        return error_memory(err);
    policy->state = state;
    state->scores = policy_biases(policy);
    if (!state->scores)
        return error_memory(err);
    return interest_open(&state->interest, policy, err)
               ? err->code
               : interest_heed(&state->interest, policy, state->scores, err);
}

/* 0 for who is not there, or not known to be at any risk. */
static double leverage(const struct policy *policy, size_t creator) {
    double h = choice_logistic(policy->world->creators.exit_odds[policy->platform][creator]);
    return h * (1 - h);
}

/* Sums in millionths, so that the order of creators does not matter. */
static double mean_leverage(const struct policy *policy) {
    const struct creators *creators = &policy->world->creators;
    int64_t sum = 0, n = 0;
    for (size_t c = 0; c < creators->n; c++) {
        if (!home_on(creators->homes[c], policy->platform))
            continue;
        sum += llrint(leverage(policy, c) * 1e9);
        n++;
    }
    return n > 0 ? (double)sum / 1e9 / (double)n : 0;
}

static double boost(const struct policy *policy, uint32_t creator, double mean) {
    double g = leverage(policy, creator);
    return g > 0 ? policy->world->settings.parameters.viability_boost * g / (g + mean) : 0;
}

static void round_begin(struct policy *policy) {
    struct viability *state = policy->state;
    interest_count(&state->interest, policy);
    double mean = mean_leverage(policy);
    for (size_t i = 0; i < policy->shelf->n; i++)
        state->scores[i] =
            state->interest.biases[i] + (float)boost(policy, policy->shelf->creators[i], mean);
    policy_seal(policy, state->scores);
    device_score(&state->interest.device, policy, state->scores);
}

static void query(const struct policy *policy, const struct session *session, float *room,
                  struct query *ret) {
    (void)room;
    interest_query(policy, session, ret);
}

static size_t explain(const struct policy *policy, uint32_t user, uint32_t position,
                      struct term ret[POLICY_TERMS]) {
    const struct viability *state = policy->state;
    double own = (double)state->interest.biases[position];
    ret[0] = term_part("popularity", own);
    ret[1] = term_part("interest", interest_match(&state->interest, policy, user, position));
    ret[2] = term_part("viability", (double)state->scores[position] - own);
    return device_explain(&state->interest.device, policy, user, position, ret, 3);
}

const struct policy_class policy_viability = {
    .name = "viability",
    .summary = "foryou with a boost for creators who are near leaving",
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
