/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Money, and who moves where.
 *
 *     struct market *market;
 *     if (market_fit(&market, world, err)) ...        // once, after the warm-up
 *     if (market_pay(world, &books, err)) ...         // every step, after world_end_step
 *     market_move(market, world, &moves);             // every step after the warm-up
 *     market_destroy(market);
 *
 * Every move is a logit: log-odds = intercept + sensitivity times what has changed for the mover.
 * market_fit sets the intercepts so that, at the state the world is in when it is called, the
 * expected number of moves is exactly what the rates of the settings say: a measured rate is what
 * people did under the rules in force when it was measured. From then on the rates move with what
 * users and creators get.
 *
 *     a user leaves a platform     -user_sensitivity * satisfaction there
 *     a user takes up the other    +user_sensitivity * (mean satisfaction there - own here)
 *     a creator leaves             -creator_sensitivity * ln(income / mean income of the tier)
 *     a creator takes up the other +creator_sensitivity * ln(the tier's income there / here)
 *     promotion, demotion          +-tier_sensitivity * ln(audience / mean audience of the tier)
 *
 * Exits breed exits: contagion times (share who left in the moves before - usual share) is added to
 * the log-odds to leave, of users by the platform's users, of creators by their neighbours' exits;
 * with income that is the exit rule of EcoAgent, h = logit^-1(a + b (w - y) + c neighbours' exits).
 * Being on both costs creators both_cost. A platform that is banned is left by all and reached by
 * none.
 *
 * Who leaves a platform and is on no other chooses between the other one and going away, the
 * outside option of utility 0: user_sensitivity * mean satisfaction there (for creators
 * creator_sensitivity * ln(income there / here)) less switching_cost. Returning users and new
 * creators go to A and B in the proportion of those who are there, with the log-odds moved by what
 * has changed since for the one platform over the other.
 */
#ifndef RANKING_MARKET_H
#define RANKING_MARKET_H

#include "base/decimal.h"
#include "base/error.h"
#include "ranking/world.h"

/* ---- Money ----------------------------------------------------------------------------------- */

struct books {
    decimal revenue[PLATFORMS], paid[PLATFORMS];
};

/* All streams of ranking/payout.h. `paid` is the sum of what creators got. Sets creators.paid and
 * moves the running means creators.income. ERROR_DATA if an amount is too large for a decimal. */
int market_pay(struct world *world, struct books *ret, struct error *err);

/* ---- Moves ----------------------------------------------------------------------------------- */

struct market;

/* Counts of one step. A user or creator who leaves one platform and stays on the other goes to the
 * other. */
struct moves {
    int64_t users_to_other[PLATFORMS], users_gone[PLATFORMS], users_arrived[PLATFORMS];
    int64_t users_returned[PLATFORMS]; /* of those who arrived: were there before */
    struct user_moves {
        int64_t to_other, gone, arrived, returned;
    } groups[PLATFORMS][WORLD_GROUPS]; /* those of classes add up to the four above */
    int64_t creators_left[PLATFORMS][WORLD_TIERS], creators_gone[PLATFORMS][WORLD_TIERS];
    int64_t promoted[WORLD_TIERS], demoted[WORLD_TIERS]; /* out of each tier */
    int64_t entered[WORLD_TIERS];
};

int market_fit(struct market **ret, const struct world *world, struct error *err);
void market_destroy(struct market *market); /* NULL is fine */

/* Decides for all users and creators by the state they are all in, then moves them. `shock` is the
 * expected number of users who leave A beside those who would anyway (in simulated users); it is
 * turned into a push on the log-odds of all, and shock_creators times it on those of creators. Who
 * would not have left without the push faces shock_switching_cost in place of switching_cost; to
 * those elsewhere the platform is as much less attractive. */
void market_move(const struct market *market, struct world *world, double shock, struct moves *ret);

/* Expected users to leave a platform at the world's state, without shock: what market_fit made
 * equal to rate times number, and to what a shock is added. */
double market_expected_user_exits(const struct market *market, const struct world *world,
                                  int platform);

/* Sets creators.exit_odds, for policies that look at them: of all at the world's state, without
 * shock. market_move ends with it. */
void market_note_exit_odds(const struct market *market, struct world *world);

#endif
