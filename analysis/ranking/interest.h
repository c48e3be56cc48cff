/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Interests learnt from what each user takes up, for the policies that rank by them.
 *
 *     struct interest interest;
 *     if (interest_open(&interest, policy, err)) ...
 *     interest_count(&interest, policy);                           // each round: b_i
 *     policy_scan(policy, candidates, interest_profile(&interest, policy, user), d,
 *                 interest.biases, &top);
 *     interest_learn(&interest, policy, user, slate, reaction);    // each session: w_u
 *
 * A session is the multinomial logit that it is: utility of item i for user u
 *
 *     v_ui = b_i + w_u . x_i
 *
 * against an outside option of utility 0. b_i is ln(share of the item's exposures that were taken
 * up) - ln(share of sessions in which nothing was); an item's share is shrunk to its creator's and
 * that to the platform's, each with the weight of 20 exposures. The profile follows the gradient of
 * the log-likelihood of what the user took up (Train 2009, section 3.7), session by session:
 *
 *     w_u += learning_rate * (g x_chosen - sum_i P_ui x_i - x_dismissed / 2)
 *
 * g = 1 + 1/4 for each action (a like, a comment, ...): likelihood alone has g = 1 and no
 * dismissal. A user without history has w = 0 and is shown what is popular: the cold start.
 * With interest_heed v_ui has the term of the device's language (ranking/device.h) too, so that the
 * profile need not learn it, and a cold start is by what is popular in that language.
 */
#ifndef RANKING_INTEREST_H
#define RANKING_INTEREST_H

#include "ranking/device.h"
#include "ranking/policy.h"

struct counts {
    uint64_t shown, taken;
};

struct interest {
    float *biases;          /* b_i by position on the shelf */
    float *profiles;        /* [users][dimensions] */
    struct counts *creator; /* over living items */
    struct device device;   /* zeroed: none */
};

/* From the policy's arena. */
int interest_open(struct interest *ret, struct policy *policy, struct error *err);
void interest_count(struct interest *interest, const struct policy *policy);

/* Takes device_language off items that are not in the language of the device: `scores` (biases, or
 * such with more) become those by language in interest->device, which device_score fills. */
int interest_heed(struct interest *interest, struct policy *policy, float *scores,
                  struct error *err);

static inline const float *interest_profile(const struct interest *interest,
                                            const struct policy *policy, uint32_t user) {
    return interest->profiles + user * policy->world->dimensions;
}

/* w_u . x_i of the item at a position. */
double interest_match(const struct interest *interest, const struct policy *policy, uint32_t user,
                      uint32_t position);
void interest_learn(struct interest *interest, const struct policy *policy, uint32_t user,
                    const struct slate *slate, const struct reaction *reaction);

/* ---- For policy classes whose state begins with a struct interest ------------------------------
 */

/* Asks for the best by w_u . x_i + the scores of the device: as many as interest_rerank chooses
 * from. */
void interest_query(const struct policy *policy, const struct session *session, struct query *ret);

/* Gaps between creators, novelty, and some places for items at random. */
void interest_rerank(const struct policy *policy, struct session *session,
                     const struct kernel_top *top, struct slate *ret);
void interest_feedback(struct policy *policy, const struct session *session,
                       const struct slate *slate, const struct reaction *reaction);
float *interest_profiles(const struct policy *policy);

#endif
