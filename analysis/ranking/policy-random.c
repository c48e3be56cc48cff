/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Every item as likely as any other: the baseline without a ranking. */
#include "ranking/policy.h"

static int contains(const struct kernel_top *top, size_t n, uint32_t position) {
    for (size_t i = 0; i < n; i++)
        if (kernel_position(top, i) == position)
            return 1;
    return 0;
}

/* A sample without replacement from the whole shelf by Floyd's method (Bentley & Floyd 1987,
 * doi:10.1145/30401.315746): the i-th draw is from the first n - k + i + 1 items, and one that is
 * there already gives way to the last of them. Scores fall from draw to draw, so that the list
 * keeps the order of drawing. */
static void score(const struct policy *policy, struct session *session,
                  const struct candidates *candidates, struct kernel_top *ret) {
    (void)candidates; /* the whole shelf */
    size_t n = policy->shelf->n, k = policy_slate(policy);
    kernel_begin(ret, k);
    for (size_t i = 0; i < k; i++) {
        uint32_t last = (uint32_t)(n - k + i);
        uint32_t position = random_below(session->retrieving, last + 1);
        if (contains(ret, i, position))
            position = last;
        kernel_offer(ret, -(float)i, position);
    }
}

static size_t explain(const struct policy *policy, uint32_t user, uint32_t position,
                      struct term ret[POLICY_TERMS]) {
    (void)user, (void)position; /* all alike */
    double chance = (double)policy_slate(policy) / (double)policy->shelf->n;
    ret[0] = term_fact("chance", chance);
    return 1;
}

const struct policy_class policy_random = {
    .name = "random",
    .summary = "every item as likely as any other",
    .score = score,
    .explain = explain,
};
