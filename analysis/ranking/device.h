/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the language of the user's device adds to scores.
 *
 *     struct device device;
 *     if (device_open(&device, policy, biases, 0, -set->device_language, err)) ...
 *     device_score(&device, policy, biases);               // each round, biases being sealed
 *     *ret = (struct query){.biases = device_scores(&device, policy, user), ...};
 *     n = device_explain(&device, policy, user, position, terms, n);
 *
 * The score of an item has `own` added if it is in the language of the device, which is the user's
 * own, and `other` if it is in another one. TikTok names "device and account settings" such as the
 * language among what its feed goes by, with less weight than what users do ("How TikTok recommends
 * videos #ForYou", TikTok Newsroom, 18 June 2020); how much less it does not say.
 *
 * The kernel adds a vector of biases to all scores of a block: here there is one vector for each
 * language, and users of a language are served together. With one language, or with nothing to add,
 * there is only the vector given, and nothing to do.
 */
#ifndef RANKING_DEVICE_H
#define RANKING_DEVICE_H

#include "ranking/policy.h"

struct device {
    bool used; /* otherwise all scores are those given */
    double own, other;
    float *scores[WORLD_LANGUAGES]; /* by position on the shelf */
};

/* `scores`: from policy_biases; kept. */
int device_open(struct device *ret, struct policy *policy, float *scores, double own, double other,
                struct error *err);
void device_score(const struct device *device, const struct policy *policy, const float *scores);

/* What is added for a user and an item. */
static inline double device_term(const struct device *device, const struct policy *policy,
                                 uint32_t user, uint32_t position) {
    if (!device->used)
        return 0;
    return world_own_language(policy->world, user, policy->shelf, position) ? device->own
                                                                            : device->other;
}

static inline const float *device_scores(const struct device *device, const struct policy *policy,
                                         uint32_t user) {
    return device->scores[world_language(policy->world, user)];
}

/* The term "language" behind the n terms there are, if there are several languages; returns how
 * many there are then. */
size_t device_explain(const struct device *device, const struct policy *policy, uint32_t user,
                      uint32_t position, struct term ret[POLICY_TERMS], size_t n);

#endif
