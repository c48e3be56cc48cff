/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The parameters of a simulation: their table, reading it from a file, drawing from it. */
#include "ranking/scenario.h"

#include "base/random.h"
#include "ranking/purpose.h"
#include "stats/pert.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define AT(field) offsetof(struct parameters, field)

const struct scenario_parameter scenario_parameters[] = {
    /* Time */
    {"periods", AT(periods), SCENARIO_SIZE, 1, 1200, 24, "periods", "periods to simulate"},
    {"warm_up", AT(warm_up), SCENARIO_SIZE, 1, 1200, 12, "periods",
     "periods before the first, in which nobody moves and the baseline policy learns"},
    {"period_days", AT(period_days), SCENARIO_REAL, 0.01, 3660, 30.436875, "days",
     "length of a period, to turn hazards per day into rates per period"},
    /* Sizes */
    {"users", AT(users), SCENARIO_SIZE, 1, 20e6, 2000, "users", "simulated users"},
    {"user_weight", AT(user_weight), SCENARIO_SIZE, 1, 1e9, 1, "people",
     "people that one simulated user stands for"},
    {"creators", AT(creators), SCENARIO_SIZE, 1, 1e6, 200, "creators",
     "simulated creators at the start"},
    {"creator_weight", AT(creator_weight), SCENARIO_SIZE, 1, 1e9, 1, "creators",
     "creators that one simulated creator stands for"},
    {"dimensions", AT(dimensions), SCENARIO_SIZE, 1, 256, 16, "dimensions",
     "length of the embeddings"},
    {"items", AT(items), SCENARIO_SIZE, 1, 100, 2, "items",
     "items that a creator publishes in a period"},
    {"item_life", AT(item_life), SCENARIO_SIZE, 1, 100, 3, "periods",
     "periods for which an item can be shown"},
    {"candidates", AT(candidates), SCENARIO_SIZE, 1, 1e6, 128, "items",
     "items retrieved for a session, in whole blocks of 16"},
    {"slate", AT(slate), SCENARIO_SIZE, 1, 50, 10, "items", "items shown in a session"},
    {"sessions", AT(sessions), SCENARIO_SIZE, 1, 1000, 5, "sessions",
     "sessions of a user in a period"},
    {"rounds", AT(rounds), SCENARIO_SIZE, 1, 1000, 4, "rounds",
     "of sessions in a period; policies see what happened at the end of each; at most `sessions`"},
    {"follows", AT(follows), SCENARIO_SIZE, 0, 1000, 16, "creators",
     "that a user follows on a platform at most; the first ones give way"},
    /* Who is where at the start */
    {"user_share_b", AT(user_share_b), SCENARIO_REAL, 0, 1, 0.10, "share of users", "on B only"},
    {"user_share_both", AT(user_share_both), SCENARIO_REAL, 0, 1, 0.05, "share of users",
     "on A and B"},
    {"user_share_none", AT(user_share_none), SCENARIO_REAL, 0, 1, 0.15, "share of users",
     "on neither, but could come; the rest are on A only"},
    {"creator_share_b", AT(creator_share_b), SCENARIO_REAL, 0, 1, 0.10, "share of creators",
     "on B only"},
    {"creator_share_both", AT(creator_share_both), SCENARIO_REAL, 0, 1, 0.10, "share of creators",
     "on A and B; the rest are on A only"},
    /* What users like */
    {"taste_weight", AT(taste_weight), SCENARIO_REAL, 0, 20, 4, "utility",
     "utility of an item that matches a user's taste exactly"},
    {"appeal_spread", AT(appeal_spread), SCENARIO_REAL, 0, 10, 0.7, "utility",
     "standard deviation of the creators' appeal"},
    {"item_spread", AT(item_spread), SCENARIO_REAL, 0, 10, 0.7, "utility",
     "standard deviation of items about their creator's appeal"},
    {"theme_spread", AT(theme_spread), SCENARIO_REAL, 0, 10, 0.5, "theme lengths",
     "how far items stray from their creator's theme"},
    {"tier_appeal", AT(tier_appeal), SCENARIO_REAL, -10, 10, 0.2, "utility",
     "added for every tier above the lowest"},
    {"outside_utility", AT(outside_utility), SCENARIO_REAL, -20, 20, 3, "utility",
     "of taking none of the items shown"},
    {"taste_drift", AT(taste_drift), SCENARIO_REAL, 0, 10, 0, "taste lengths",
     "by which a user's taste moves towards each item taken"},
    {"network_weight", AT(network_weight), SCENARIO_REAL, 0, 100, 0, "utility",
     "of more creators on a platform to its users: times g(creators / at the start) - g(1)"},
    {"network_power", AT(network_power), SCENARIO_REAL, 0, 2, 0, "power",
     "beta of g(n) = n^beta; 1: g(n) = n, 0: g(n) = ln n"},
    /* What users do with an item that they take up */
    {"like_rate", AT(like_rate), SCENARIO_REAL, 0, 0.99, 0.3, "per item taken",
     "likes it, if it is worth as much as taking nothing; the next four alike"},
    {"save_rate", AT(save_rate), SCENARIO_REAL, 0, 0.99, 0.05, "per item taken", "saves it"},
    {"comment_rate", AT(comment_rate), SCENARIO_REAL, 0, 0.99, 0.03, "per item taken",
     "comments on it"},
    {"share_rate", AT(share_rate), SCENARIO_REAL, 0, 0.99, 0.03, "per item taken", "shares it"},
    {"follow_rate", AT(follow_rate), SCENARIO_REAL, 0, 0.99, 0.05, "per item taken",
     "follows its creator"},
    {"action_sensitivity", AT(action_sensitivity), SCENARIO_REAL, 0, 20, 0.5,
     "log-odds per utility", "how much these depend on what the item is worth"},
    {"cascade", AT(cascade), SCENARIO_SIZE, 0, 1, 0, "yes or no",
     "1: items are looked at one after the other until one is taken; 0: the whole slate at once"},
    {"patience", AT(patience), SCENARIO_REAL, 0, 1, 1, "probability",
     "with which a user looks at the next place of a slate: position bias if below 1"},
    {"dismiss_rate", AT(dismiss_rate), SCENARIO_REAL, 0, 1, 0.02, "per session",
     "says of the item worth least: not interested"},
    /* What policies may use */
    {"creator_gap", AT(creator_gap), SCENARIO_SIZE, 0, 50, 1, "items",
     "foryou, viability: items between two of the same creator, at least"},
    {"exploration", AT(exploration), SCENARIO_REAL, 0, 1, 0.05, "share of places",
     "foryou, viability: places that go to an item at random"},
    {"learning_rate", AT(learning_rate), SCENARIO_REAL, 0, 10, 0.3, "step",
     "step of the gradient by which tastes are learnt"},
    {"warm_start", AT(warm_start), SCENARIO_REAL, 0, 1, 0, "share",
     "of the profile learnt on the other platform that a new user brings along"},
    {"novelty", AT(novelty), SCENARIO_REAL, 0, 10, 0, "utility",
     "foryou, viability: taken off an item that is just like one above it (maximal marginal "
     "relevance)"},
    {"optimism", AT(optimism), SCENARIO_REAL, 0, 100, 0, "utility",
     "foryou, viability: times sqrt(2 ln N / n) added to an item shown n of N times (UCB1)"},
    {"thompson", AT(thompson), SCENARIO_SIZE, 0, 1, 0, "yes or no",
     "foryou, viability: 1: an item's share is drawn from what is known of it, each round "
     "(Beta-Thompson)"},
    {"weight_like", AT(weight_like), SCENARIO_REAL, 0, 1000, 1, "points",
     "transparent, pools: what a like counts"},
    {"weight_save", AT(weight_save), SCENARIO_REAL, 0, 1000, 1, "points", "a save"},
    {"weight_comment", AT(weight_comment), SCENARIO_REAL, 0, 1000, 4, "points", "a comment"},
    {"weight_share", AT(weight_share), SCENARIO_REAL, 0, 1000, 4, "points", "a share"},
    {"weight_follow", AT(weight_follow), SCENARIO_REAL, 0, 1000, 8, "points", "a follow"},
    {"dial_interest", AT(dial_interest), SCENARIO_REAL, 0, 100, 1, "mean items",
     "transparent: what a match of one unit of utility counts beside an item of mean points"},
    {"dial_following", AT(dial_following), SCENARIO_REAL, 0, 100, 0.5, "mean items",
     "transparent: what it counts that the user follows the creator"},
    {"diversity", AT(diversity), SCENARIO_REAL, 0, 100, 0.5, "mean items",
     "transparent: weight of the volume that an item adds to the window (sliding spectrum)"},
    {"diversity_window", AT(diversity_window), SCENARIO_SIZE, 1, 50, 5, "items",
     "transparent: items that are looked back on"},
    {"pool_views", AT(pool_views), SCENARIO_REAL, 1, 1e9, 20, "views",
     "pools: simulated views in the first pool"},
    {"pool_growth", AT(pool_growth), SCENARIO_REAL, 1, 1000, 10, "times",
     "pools: how many times as large the next pool is"},
    {"pool_levels", AT(pool_levels), SCENARIO_SIZE, 1, 16, 4, "pools",
     "pools: how many there are; the last one is the front page, without an end"},
    {"pool_threshold", AT(pool_threshold), SCENARIO_REAL, 0, 1000, 0.06, "points per view",
     "pools: that lift an item into the next pool"},
    {"pool_choice", AT(pool_choice), SCENARIO_SIZE, 1, 12, 4, "items",
     "pools: drawn for each place, to show those that match best"},
    {"pool_following", AT(pool_following), SCENARIO_REAL, 0, 1, 0.1, "share of places",
     "pools: that go to creators whom the user follows"},
    {"viability_boost", AT(viability_boost), SCENARIO_REAL, 0, 100, 1, "utility",
     "viability: added at most for creators near their exit"},
    /* Money */
    {"arpu_a", AT(arpu[PLATFORM_A]), SCENARIO_MONEY, 0, 1e6, 1, "money per user and period",
     "revenue from a user who spends all sessions on A"},
    {"arpu_b", AT(arpu[PLATFORM_B]), SCENARIO_MONEY, 0, 1e6, 1, "money per user and period",
     "the same on B"},
    {"revenue_share_a", AT(revenue_share[PLATFORM_A]), SCENARIO_REAL, 0, 1, 0.1, "share of revenue",
     "paid to creators by A, in proportion to exposures"},
    {"revenue_share_b", AT(revenue_share[PLATFORM_B]), SCENARIO_REAL, 0, 1, 0.1, "share of revenue",
     "the same by B"},
    {"payout_per_thousand_a", AT(payout_per_thousand[PLATFORM_A]), SCENARIO_MONEY, 0, 1e6, 0,
     "money per 1000 exposures", "paid to creators by A besides"},
    {"payout_per_thousand_b", AT(payout_per_thousand[PLATFORM_B]), SCENARIO_MONEY, 0, 1e6, 0,
     "money per 1000 exposures", "the same by B"},
    {"fund_a", AT(fund[PLATFORM_A]), SCENARIO_MONEY, 0, 1e9, 0, "money per period",
     "a fixed fund that A pays to creators, in proportion to exposures"},
    {"fund_b", AT(fund[PLATFORM_B]), SCENARIO_MONEY, 0, 1e9, 0, "money per period",
     "the same by B"},
    {"subscription_a", AT(subscription[PLATFORM_A]), SCENARIO_MONEY, 0, 1e6, 0,
     "money per follower and period", "that followers on A pay for their creator"},
    {"subscription_b", AT(subscription[PLATFORM_B]), SCENARIO_MONEY, 0, 1e6, 0,
     "money per follower and period", "the same on B"},
    {"tip_a", AT(tip[PLATFORM_A]), SCENARIO_MONEY, 0, 1e6, 0, "money per item taken",
     "that users of A tip"},
    {"tip_b", AT(tip[PLATFORM_B]), SCENARIO_MONEY, 0, 1e6, 0, "money per item taken",
     "the same on B"},
    {"shop_a", AT(shop[PLATFORM_A]), SCENARIO_MONEY, 0, 1e6, 0, "money per item taken",
     "worth of the goods that items on A sell"},
    {"shop_b", AT(shop[PLATFORM_B]), SCENARIO_MONEY, 0, 1e6, 0, "money per item taken",
     "the same on B"},
    {"fan_cut", AT(fan_cut), SCENARIO_REAL, 0, 1, 0.3, "share",
     "of subscriptions and tips that the platform keeps"},
    {"shop_fee", AT(shop_fee), SCENARIO_REAL, 0, 1, 0.05, "share of sales",
     "that the platform keeps"},
    {"shop_commission", AT(shop_commission), SCENARIO_REAL, 0, 1, 0.1, "share of sales",
     "that goes to the creator"},
    {"ad_middle", AT(ad_middle), SCENARIO_REAL, 0, 1, 0, "share",
     "of the creators' part of revenue that advertisers keep for the tiers between the lowest and "
     "the highest"},
    /* Moving */
    {"recency", AT(recency), SCENARIO_REAL, 0.001, 1, 0.3, "share",
     "weight of the newest period in the running averages that decisions look at"},
    {"user_leave_a", AT(user_leave[PLATFORM_A]), SCENARIO_REAL, 1e-6, 0.99, 0.02, "per period",
     "rate at which users leave A at the start"},
    {"user_leave_b", AT(user_leave[PLATFORM_B]), SCENARIO_REAL, 1e-6, 0.99, 0.02, "per period",
     "the same for B"},
    {"user_sensitivity", AT(user_sensitivity), SCENARIO_REAL, 0, 100, 1, "log-odds per utility",
     "how much users' moves depend on what they get"},
    {"user_adopt", AT(user_adopt), SCENARIO_REAL, 0, 0.99, 0.002, "per period",
     "rate at which users of one platform take up the other at the start"},
    {"user_return", AT(user_return), SCENARIO_REAL, 0, 1, 0.1, "per period",
     "rate at which people on neither platform come to one"},
    {"switching_cost", AT(switching_cost), SCENARIO_REAL, 0, 100, 4, "log-odds",
     "against going to the other platform rather than away"},
    {"creator_sensitivity", AT(creator_sensitivity), SCENARIO_REAL, 0, 100, 0.5,
     "log-odds per log income", "how much creators' moves depend on income"},
    {"creator_adopt", AT(creator_adopt), SCENARIO_REAL, 0, 0.99, 0.006, "per period",
     "rate at which creators of one platform take up the other at the start"},
    {"tier_sensitivity", AT(tier_sensitivity), SCENARIO_REAL, 0, 100, 1,
     "log-odds per log audience", "how much promotion and demotion depend on exposures"},
    {"user_contagion", AT(user_contagion), SCENARIO_REAL, 0, 1000, 0, "log-odds per share",
     "of a platform's users who left in the period before, beyond the usual rate: how exits breed "
     "exits"},
    {"creator_contagion", AT(creator_contagion), SCENARIO_REAL, 0, 1000, 0, "log-odds per share",
     "the same of a creator's neighbours"},
    {"creator_neighbours", AT(creator_neighbours), SCENARIO_SIZE, 1, 100, 8, "creators",
     "with the most similar themes, who are a creator's neighbours"},
    {"both_cost", AT(both_cost), SCENARIO_REAL, 0, 100, 0, "log",
     "cost kappa of being on both platforms: creators take up the other exp(-kappa) times as often "
     "and drop one with probability 1 - exp(-kappa)"},
    {"output_split", AT(output_split), SCENARIO_REAL, 0, 1, 0, "share",
     "of the items of a creator on both that are on one of them only"},
    /* The shock */
    {"shock_period", AT(shock_period), SCENARIO_COUNT, 0, 1200, 0, "period",
     "at whose end users are pushed off A; 0: no shock"},
    {"shock_users", AT(shock_users), SCENARIO_REAL, 0, 1e12, 0, "people",
     "expected to leave A by it, beside those who leave anyway"},
    {"shock_creators", AT(shock_creators), SCENARIO_REAL, 0, 10, 1, "multiple",
     "push on A's creators as a multiple of that on its users, in log-odds"},
    {"shock_switching_cost", AT(shock_switching_cost), SCENARIO_REAL, 0, 100, 1, "log-odds",
     "switching_cost for those whom the shock pushes off"},
    {"exodus_period", AT(exodus_period), SCENARIO_COUNT, 0, 1200, 0, "period",
     "from whose end on the next six are in force for users of A; 0: never"},
    {"bass_p", AT(bass_p), SCENARIO_REAL, 0, 10, 0, "per period",
     "hazard to leave of one's own accord (Bass)"},
    {"bass_q", AT(bass_q), SCENARIO_REAL, 0, 100, 0, "per period",
     "hazard to leave times the share that has left (Bass)"},
    {"sir_contact", AT(sir_contact), SCENARIO_REAL, 0, 100, 0, "per period",
     "hazard to leave times the share that has left and still persuades (SIR)"},
    {"sir_recovery", AT(sir_recovery), SCENARIO_REAL, 0, 100, 0.5, "per period",
     "rate at which those stop persuading (SIR)"},
    {"threshold_mean", AT(threshold_mean), SCENARIO_REAL, -10, 10, 0.25, "share that has left",
     "at which a user follows, on average (Granovetter)"},
    {"threshold_spread", AT(threshold_spread), SCENARIO_REAL, 0, 10, 0, "share that has left",
     "standard deviation of these thresholds between users; 0: nobody has one"},
    {"ban_period", AT(ban_period), SCENARIO_COUNT, 0, 1200, 0, "period",
     "at whose end A closes: all leave it, facing shock_switching_cost; 0: never"},
    {"ban_end", AT(ban_end), SCENARIO_COUNT, 0, 1200, 0, "period",
     "at whose end A opens again; 0: never"},
    {"outage_period", AT(outage_period), SCENARIO_COUNT, 0, 1200, 0, "period",
     "in which A is down for a part of the time; 0: none"},
    {"outage_share", AT(outage_share), SCENARIO_REAL, 0, 1, 1, "share of sessions",
     "that fail then: users of both go to B instead"},
    {"payout_period", AT(payout_period), SCENARIO_COUNT, 0, 1200, 0, "period",
     "from which on A pays creators otherwise; 0: never"},
    {"payout_factor", AT(payout_factor), SCENARIO_REAL, 0, 1000, 1, "times",
     "what A pays then: revenue_share_a, payout_per_thousand_a and fund_a times this"},
};

_Static_assert(sizeof scenario_parameters / sizeof *scenario_parameters == SCENARIO_PARAMETERS,
               "scenario.h must know how many parameters there are");

static double *field_of(struct parameters *parameters, size_t index) {
    void *field = (char *)parameters + scenario_parameters[index].offset;
    return field;
}

/* Every bound and default in the table above is a decimal of six places. */
static decimal exact(double x) {
    decimal ret = 0;
    decimal_from_double(x, &ret);
    return ret;
}

void scenario_default(struct scenario *ret) {
    for (size_t i = 0; i < SCENARIO_PARAMETERS; i++) {
        decimal value = exact(scenario_parameters[i].fallback);
        ret->values[i] = (struct assumption){.low = value, .value = value, .high = value};
    }
}

/* SCENARIO_PARAMETERS if there is none of this name. */
static size_t find(const char *name) {
    size_t i = 0;
    while (i < SCENARIO_PARAMETERS && strcmp(name, scenario_parameters[i].name) != 0)
        i++;
    return i;
}

double scenario_value(const struct scenario *scenario, const char *name) {
    return decimal_to_double(scenario->values[find(name)].value);
}

/* ---- Reading --------------------------------------------------------------------------------- */

static void list_known(struct assumption_known known[SCENARIO_PARAMETERS]) {
    for (size_t i = 0; i < SCENARIO_PARAMETERS; i++) {
        const struct scenario_parameter *parameter = &scenario_parameters[i];
        known[i] = (struct assumption_known){.name = parameter->name,
                                             .least = exact(parameter->least),
                                             .most = exact(parameter->most),
                                             .whole = parameter->kind == SCENARIO_SIZE ||
                                                      parameter->kind == SCENARIO_COUNT};
    }
}

/* A batch says where: at the last of these parameters that stands in it. */
static int contradiction(const struct scenario *scenario, const struct table_batch *batch,
                         const char *const *names, size_t n, const char *says, struct error *err) {
    const struct assumption *last = NULL;
    for (size_t i = 0; i < n; i++) {
        const struct assumption *value = &scenario->values[find(names[i])];
        if (value->given && (!last || value->row > last->row))
            last = value;
    }
    if (!batch || !last)
        return error_set(err, ERROR_USAGE, "%s", says);
    char where[TABLE_WHERE];
    table_where(batch, last->row, -1, where);
    return error_set(err, ERROR_DATA, "%s: %s", where, says);
}

static int check_shares(const struct scenario *scenario, const struct table_batch *batch,
                        const char *const *names, size_t n, struct error *err) {
    decimal sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += scenario->values[find(names[i])].high; /* each at most 1 */
    if (sum <= DECIMAL_ONE)
        return 0;
    char says[200], total[DECIMAL_TEXT];
    decimal_format(sum, 0, total);
    snprintf(says, sizeof says, "%s to %s add up to %s at their highest, expected at most 1",
             names[0], names[n - 1], total);
    return contradiction(scenario, batch, names, n, says, err);
}

static int check(const struct scenario *scenario, const struct table_batch *batch,
                 struct error *err) {
    static const char *const users[] = {"user_share_b", "user_share_both", "user_share_none"};
    static const char *const creators[] = {"creator_share_b", "creator_share_both"};
    static const char *const lists[] = {"candidates", "slate"};
    static const char *const shop[] = {"shop_fee", "shop_commission"};
    if (check_shares(scenario, batch, users, 3, err) ||
        check_shares(scenario, batch, shop, 2, err) ||
        check_shares(scenario, batch, creators, 2, err))
        return err->code;
    static const char *const bans[] = {"ban_period", "ban_end"};
    double ban = scenario_value(scenario, "ban_period"), end = scenario_value(scenario, "ban_end");
    if (end > 0 && end <= ban)
        return contradiction(scenario, batch, bans, 2,
                             "ban_end is not after ban_period, expected a later period", err);
    static const char *const pay[] = {"revenue_share_a", "payout_factor"};
    const struct assumption *shares = &scenario->values[find("revenue_share_a")];
    const struct assumption *factor = &scenario->values[find("payout_factor")];
    if (scenario_value(scenario, "payout_period") > 0 &&
        decimal_to_double(shares->high) * decimal_to_double(factor->high) > 1)
        return contradiction(scenario, batch, pay, 2,
                             "revenue_share_a times payout_factor is above 1 at its highest, "
                             "expected at most 1",
                             err);
    if (scenario_value(scenario, "candidates") < scenario_value(scenario, "slate"))
        return contradiction(scenario, batch, lists, 2,
                             "candidates is below slate, expected at least as many", err);
    return 0;
}

int scenario_read(struct scenario *scenario, struct table *table, struct error *err) {
    struct assumption_known known[SCENARIO_PARAMETERS];
    const struct table_batch *batch;
    list_known(known);
    if (assumptions_read(table, known, SCENARIO_PARAMETERS, scenario->values, &batch, err))
        return err->code;
    for (size_t i = 0; i < SCENARIO_PARAMETERS; i++) {
        struct assumption *value = &scenario->values[i];
        if (!value->ranged || scenario_parameters[i].kind != SCENARIO_SIZE)
            continue;
        if (table_reject(batch, value->row, ASSUMPTION_LOW, err,
                         "%s has a low and a high, expected neither: it is a size of the "
                         "simulation itself",
                         known[i].name))
            return err->code;
        decimal fallback = exact(scenario_parameters[i].fallback);
        *value = (struct assumption){.low = fallback, .value = fallback, .high = fallback};
    }
    return check(scenario, batch, err);
}

int scenario_set(struct scenario *scenario, const char *setting, struct error *err) {
    struct assumption_known known[SCENARIO_PARAMETERS];
    list_known(known);
    return assumptions_set(setting, known, SCENARIO_PARAMETERS, scenario->values, err);
}

int scenario_check(const struct scenario *scenario, struct error *err) {
    return check(scenario, NULL, err);
}

/* ---- Drawing --------------------------------------------------------------------------------- */

/* FNV-1a: a parameter keeps its stream when others are added to the table. */
static uint32_t name_hash(const char *name) {
    uint32_t hash = 2166136261u;
    for (; *name; name++)
        hash = (hash ^ (unsigned char)*name) * 16777619u;
    return hash;
}

void scenario_draw(const struct scenario *scenario, uint32_t seed, uint32_t replication,
                   struct parameters *ret) {
    for (size_t i = 0; i < SCENARIO_PARAMETERS; i++) {
        struct random_stream stream;
        random_open(&stream, seed, replication, name_hash(scenario_parameters[i].name), 0,
                    DRAW_PARAMETER);
        const struct assumption *value = &scenario->values[i];
        double x = pert_draw(decimal_to_double(value->low), decimal_to_double(value->value),
                             decimal_to_double(value->high), &stream);
        if (scenario_parameters[i].kind == SCENARIO_COUNT)
            x = round(x);
        /* Money leaves binary floating point here, for good: all later sums are of millionths. */
        if (scenario_parameters[i].kind == SCENARIO_MONEY)
            x = decimal_to_double(exact(x));
        *field_of(ret, i) = x;
    }
}
