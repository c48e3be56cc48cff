/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The world to simulate, as a table `parameter,low,value,high,unit,source`.
 *
 *     struct scenario scenario;
 *     struct parameters drawn;
 *     scenario_default(&scenario);
 *     if (scenario_read(&scenario, table, err)) ...
 *     scenario_draw(&scenario, seed, replication, &drawn);
 *     ... drawn.users, drawn.arpu[PLATFORM_A] ...
 *
 * A row sets one parameter; what no row names keeps its default. A row with `low` and `high` makes
 * the parameter uncertain: each replication draws it from the beta-PERT distribution with these
 * ends and the mode `value`, that is low + (high - low) Beta(1 + 4 (value - low)/(high - low),
 * 1 + 4 (high - value)/(high - low)) (Malcolm, Roseboom, Clark & Fazar 1959, doi:10.1287/opre.7.5.
 * 646; Vose 2008, "Risk Analysis", section III).
 *
 * What each parameter means, its unit, range and default: scenario_parameters in scenario.c, which
 * `rank-simulate --parameters` prints, and docs/rank-simulate.md.
 */
#ifndef RANKING_SCENARIO_H
#define RANKING_SCENARIO_H

#include "base/error.h"
#include "table/assumptions.h"
#include "table/table.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { PLATFORM_A, PLATFORM_B, PLATFORMS };

#define SCENARIO_CLASSES   4 /* of users, by what they spend and how soon they leave */
#define SCENARIO_LANGUAGES 4 /* of users and creators */

/* One draw: the parameters by their names, [PLATFORMS] where there is one for each platform. Sizes
 * and counts are whole numbers. */
struct parameters {
    double periods, warm_up, period_days;
    double users, user_weight, creators, creator_weight;
    double dimensions, items, item_life, candidates, slate, sessions, rounds, follows;
    double user_share_b, user_share_both, user_share_none;
    double creator_share_b, creator_share_both;
    double taste_weight, appeal_spread, item_spread, theme_spread, tier_appeal, outside_utility;
    double like_rate, save_rate, comment_rate, share_rate, follow_rate, dismiss_rate;
    double action_sensitivity, cascade, patience;
    double taste_drift, network_weight, network_power;
    double creator_gap, exploration, learning_rate, warm_start, novelty, optimism, thompson, seen;
    double weight_like, weight_save, weight_comment, weight_share, weight_follow;
    double dial_interest, dial_following, diversity, diversity_window;
    double pool_views, pool_growth, pool_levels, pool_threshold, pool_choice, pool_following;
    double viability_boost;
    double class_share[SCENARIO_CLASSES], class_arpu[SCENARIO_CLASSES]; /* but of the first class */
    double class_leave[SCENARIO_CLASSES];
    /* But of the first language, which is that of all others. */
    double language_users[PLATFORMS][SCENARIO_LANGUAGES];
    double language_creators[PLATFORMS][SCENARIO_LANGUAGES];
    double language_read[SCENARIO_LANGUAGES], language_penalty, device_language, dial_language;
    double arpu[PLATFORMS], revenue_share[PLATFORMS], payout_per_thousand[PLATFORMS];
    double fund[PLATFORMS], subscription[PLATFORMS], tip[PLATFORMS], shop[PLATFORMS];
    double fan_cut, shop_fee, shop_commission, ad_middle;
    double recency, user_leave[PLATFORMS], user_sensitivity, user_adopt, user_return;
    double switching_cost, creator_sensitivity, creator_adopt, tier_sensitivity;
    double user_contagion, creator_contagion, creator_neighbours, both_cost, output_split;
    double shock_period, shock_users, shock_creators, shock_switching_cost;
    double exodus_period, bass_p, bass_q, sir_contact, sir_recovery;
    double threshold_mean, threshold_spread;
    double ban_period, ban_end, outage_period, outage_share, payout_period, payout_factor;
};

enum scenario_kind {
    SCENARIO_SIZE,  /* a whole number that shapes the simulation itself: never uncertain */
    SCENARIO_COUNT, /* a whole number; draws are rounded to the nearest */
    SCENARIO_REAL,
    SCENARIO_MONEY, /* rounded to the millionth, so that sums are exact */
};

struct scenario_parameter {
    const char *name;
    size_t offset; /* of its double in struct parameters */
    enum scenario_kind kind;
    double least, most, fallback;
    const char *unit, *meaning;
};

#define SCENARIO_PARAMETERS 140
extern const struct scenario_parameter scenario_parameters[SCENARIO_PARAMETERS];

/* low and high are equal to value where nothing is uncertain. */
struct scenario {
    struct assumption values[SCENARIO_PARAMETERS]; /* as scenario_parameters */
};

void scenario_default(struct scenario *ret);

/* Sets what the rows of an open table name (see table/assumptions.h). A size with low and high, and
 * values that contradict each other, are ERROR_DATA too, with the row. */
int scenario_read(struct scenario *scenario, struct table *table, struct error *err);

/* Sets one parameter from "NAME=VALUE"; ERROR_USAGE if it cannot. */
int scenario_set(struct scenario *scenario, const char *setting, struct error *err);

/* After the last scenario_set: ERROR_USAGE if values contradict each other. */
int scenario_check(const struct scenario *scenario, struct error *err);

/* The value (not a draw) of a parameter, found by name, which must exist. */
double scenario_value(const struct scenario *scenario, const char *name);

/* Whether a row or a setting named it, though it be the default that it gave. */
bool scenario_given(const struct scenario *scenario, const char *name);

/* The greatest value that a draw of it can have. */
double scenario_most(const struct scenario *scenario, const char *name);

/* The parameters of one replication: a pure function of the scenario, seed and replication; the
 * draw of one parameter does not depend on which others are uncertain. */
void scenario_draw(const struct scenario *scenario, uint32_t seed, uint32_t replication,
                   struct parameters *ret);

#endif
