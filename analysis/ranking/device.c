/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Scores by the language of the user's device. */
#include "ranking/device.h"

int device_open(struct device *ret, struct policy *policy, float *scores, double own, double other,
                struct error *err) {
    size_t n = policy->world->settings.n_languages;
    *ret = (struct device){.used = n > 1 && own != other, .own = own, .other = other};
    for (size_t k = 0; k < n; k++) {
        ret->scores[k] = ret->used ? policy_biases(policy) : scores;
        if (!ret->scores[k])
            return error_memory(err);
    }
    return 0;
}

void device_score(const struct device *device, const struct policy *policy, const float *scores) {
    const struct shelf *shelf = policy->shelf;
    for (size_t k = 0; device->used && k < policy->world->settings.n_languages; k++) {
        for (size_t i = 0; i < shelf->n; i++) {
            double more = shelf->languages[i] == k ? device->own : device->other;
            device->scores[k][i] = (float)((double)scores[i] + more);
        }
        policy_seal(policy, device->scores[k]);
    }
}

size_t device_explain(const struct device *device, const struct policy *policy, uint32_t user,
                      uint32_t position, struct term ret[POLICY_TERMS], size_t n) {
    if (policy->world->settings.n_languages > 1)
        ret[n++] = term_part("language", device_term(device, policy, user, position));
    return n;
}
