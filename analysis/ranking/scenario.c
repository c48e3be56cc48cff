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

/* Rows of the table: name, range, default, unit and meaning. EACH is two of them, NAME_a and
 * NAME_b, of the same range; CLASS three, LANGUAGE five. */
/* clang-format off */
#define ROW(name, offset, kind, ...) {name, offset, kind, __VA_ARGS__}
#define SIZE(field, ...)             ROW(#field, AT(field), SCENARIO_SIZE, __VA_ARGS__)
#define COUNT(field, ...)            ROW(#field, AT(field), SCENARIO_COUNT, __VA_ARGS__)
#define REAL(field, ...)             ROW(#field, AT(field), SCENARIO_REAL, __VA_ARGS__)
#define EACH(kind, field, least, most, fallback, unit, meaning_a, meaning_b) \
    ROW(#field "_a", AT(field), kind, least, most, fallback, unit, meaning_a), \
    ROW(#field "_b", AT(field) + sizeof(double), kind, least, most, fallback, unit, meaning_b)
#define CLASS(number, index) \
    ROW("class_" #number "_share", AT(class_share[index]), SCENARIO_REAL, 0, 1, 0, \
        "share of users", "in revenue class " #number "; class 1 is what the others leave"), \
    ROW("class_" #number "_arpu", AT(class_arpu[index]), SCENARIO_REAL, 0, 10000, 1, "times", \
        "what users of class " #number " spend, as a multiple of class 1"), \
    ROW("class_" #number "_leave", AT(class_leave[index]), SCENARIO_REAL, 0, 1000, 1, "times", \
        "how fast they leave, as a multiple of class 1")
#define READ(number, index) \
    ROW("language_" #number "_read", AT(language_read[index]), SCENARIO_REAL, 0, 1, 0, \
        "share of users", "of the other languages, who read language " #number " too")
#define LANGUAGE(number, index) \
    ROW("language_" #number "_users_a", AT(language_users[PLATFORM_A][index]), SCENARIO_REAL, \
        0, 1, 0, "share of users", \
        "of those on A only, whose language is number " #number "; 1 is what the others leave"), \
    ROW("language_" #number "_users_b", AT(language_users[PLATFORM_B][index]), SCENARIO_REAL, \
        0, 1, 0, "share of users", "the same of those on B only"), \
    ROW("language_" #number "_creators_a", AT(language_creators[PLATFORM_A][index]), \
        SCENARIO_REAL, 0, 1, 0, "share of creators", \
        "of those on A only, whose items are in language " #number), \
    ROW("language_" #number "_creators_b", AT(language_creators[PLATFORM_B][index]), \
        SCENARIO_REAL, 0, 1, 0, "share of creators", "the same of those on B only"), \
    READ(number, index)
/* clang-format on */

const struct scenario_parameter scenario_parameters[] = {
    /* Time */
    SIZE(periods, 1, 1200, 24, "periods", "periods to simulate"),
    SIZE(warm_up, 1, 1200, 12, "periods",
         "periods before the first, in which nobody moves and the baseline policy learns"),
    REAL(period_days, 0.01, 3660, 30.436875, "days",
         "length of a period, to turn hazards per day into rates per period"),
    /* Sizes */
    SIZE(users, 1, 20e6, 2000, "users", "simulated users"),
    SIZE(user_weight, 1, 1e9, 1, "people", "people that one simulated user stands for"),
    SIZE(creators, 1, 1e6, 200, "creators", "simulated creators at the start"),
    SIZE(creator_weight, 1, 1e9, 1, "creators", "creators that one simulated creator stands for"),
    SIZE(dimensions, 1, 256, 16, "dimensions", "length of the embeddings"),
    SIZE(items, 1, 100, 2, "items", "items that a creator publishes in a period"),
    SIZE(item_life, 1, 100, 3, "periods", "periods for which an item can be shown"),
    SIZE(candidates, 1, 1e6, 128, "items", "items retrieved for a session, in whole blocks of 16"),
    SIZE(slate, 1, 50, 10, "items", "items shown in a session"),
    SIZE(sessions, 1, 1000, 5, "sessions", "sessions of a user in a period"),
    SIZE(rounds, 1, 1000, 4, "rounds",
         "of sessions in a period; policies see what happened at the end of each; at most "
         "`sessions`"),
    SIZE(follows, 0, 1000, 16, "creators",
         "that a user follows on a platform at most; the first ones give way"),
    /* Who is where at the start */
    REAL(user_share_b, 0, 1, 0.10, "share of users", "on B only"),
    REAL(user_share_both, 0, 1, 0.05, "share of users", "on A and B"),
    REAL(user_share_none, 0, 1, 0.15, "share of users",
         "on neither, but could come; the rest are on A only"),
    REAL(creator_share_b, 0, 1, 0.10, "share of creators", "on B only"),
    REAL(creator_share_both, 0, 1, 0.10, "share of creators", "on A and B; the rest are on A only"),
    CLASS(2, 1),
    CLASS(3, 2),
    CLASS(4, 3),
    READ(1, 0),
    LANGUAGE(2, 1),
    LANGUAGE(3, 2),
    LANGUAGE(4, 3),
    /* What users like */
    REAL(taste_weight, 0, 20, 4, "utility",
         "utility of an item that matches a user's taste exactly"),
    REAL(appeal_spread, 0, 10, 0.7, "utility", "standard deviation of the creators' appeal"),
    REAL(item_spread, 0, 10, 0.7, "utility",
         "standard deviation of items about their creator's appeal"),
    REAL(theme_spread, 0, 10, 0.5, "theme lengths",
         "how far items stray from their creator's theme"),
    REAL(tier_appeal, -10, 10, 0.2, "utility", "added for every tier above the lowest"),
    REAL(language_penalty, 0, 100, 0, "utility",
         "taken off an item in a language that the user does not read"),
    REAL(outside_utility, -20, 20, 3, "utility", "of taking none of the items shown"),
    REAL(taste_drift, 0, 10, 0, "taste lengths",
         "by which a user's taste moves towards each item taken"),
    REAL(network_weight, 0, 100, 0, "utility",
         "of more creators on a platform to its users: times g(creators / at the start) - g(1)"),
    REAL(network_power, 0, 2, 0, "power", "beta of g(n) = n^beta; 1: g(n) = n, 0: g(n) = ln n"),
    /* What users do with an item that they take up */
    REAL(like_rate, 0, 0.99, 0.3, "per item taken",
         "likes it, if it is worth as much as taking nothing; the next four alike"),
    REAL(save_rate, 0, 0.99, 0.05, "per item taken", "saves it"),
    REAL(comment_rate, 0, 0.99, 0.03, "per item taken", "comments on it"),
    REAL(share_rate, 0, 0.99, 0.03, "per item taken", "shares it"),
    REAL(follow_rate, 0, 0.99, 0.05, "per item taken", "follows its creator"),
    REAL(action_sensitivity, 0, 20, 0.5, "log-odds per utility",
         "how much these depend on what the item is worth"),
    SIZE(
        cascade, 0, 1, 0, "yes or no",
        "1: items are looked at one after the other until one is taken; 0: the whole slate at once"),
    REAL(patience, 0, 1, 1, "probability",
         "with which a user looks at the next place of a slate: position bias if below 1"),
    REAL(dismiss_rate, 0, 1, 0.02, "per session", "says of the item worth least: not interested"),
    /* What policies may use */
    SIZE(creator_gap, 0, 50, 1, "items",
         "foryou, viability: items between two of the same creator, at least"),
    REAL(exploration, 0, 1, 0.05, "share of places",
         "foryou, viability: places that go to an item at random"),
    REAL(learning_rate, 0, 10, 0.3, "step", "step of the gradient by which tastes are learnt"),
    REAL(warm_start, 0, 1, 0, "share",
         "of the profile learnt on the other platform that a new user brings along"),
    REAL(novelty, 0, 10, 0, "utility",
         "foryou, viability: taken off an item that is just like one above it (maximal marginal "
         "relevance)"),
    REAL(optimism, 0, 100, 0, "utility",
         "foryou, viability: times sqrt(2 ln N / n) added to an item shown n of N times (UCB1)"),
    SIZE(thompson, 0, 1, 0, "yes or no",
         "foryou, viability: 1: an item's share is drawn from what is known of it, each round "
         "(Beta-Thompson)"),
    SIZE(seen, 0, 64, 0, "items",
         "all but random, popularity: that a user saw last on a platform and is not shown again"),
    REAL(device_language, 0, 100, 0, "utility",
         "foryou, viability: taken off an item that is not in the language of the user's device"),
    REAL(weight_like, 0, 1000, 1, "points", "transparent, pools: what a like counts"),
    REAL(weight_save, 0, 1000, 1, "points", "a save"),
    REAL(weight_comment, 0, 1000, 4, "points", "a comment"),
    REAL(weight_share, 0, 1000, 4, "points", "a share"),
    REAL(weight_follow, 0, 1000, 8, "points", "a follow"),
    REAL(dial_interest, 0, 100, 1, "mean items",
         "transparent: what a match of one unit of utility counts beside an item of mean points"),
    REAL(dial_following, 0, 100, 0.5, "mean items",
         "transparent: what it counts that the user follows the creator"),
    REAL(dial_language, 0, 100, 0, "mean items",
         "transparent: what it counts that the item is in the language of the user's device"),
    REAL(diversity, 0, 100, 0.5, "mean items",
         "transparent: weight of the volume that an item adds to the window (sliding spectrum)"),
    SIZE(diversity_window, 1, 50, 5, "items", "transparent: items that are looked back on"),
    REAL(pool_views, 1, 1e9, 20, "views", "pools: simulated views in the first pool"),
    REAL(pool_growth, 1, 1000, 10, "times", "pools: how many times as large the next pool is"),
    SIZE(pool_levels, 1, 16, 4, "pools",
         "pools: how many there are; the last one is the front page, without an end"),
    REAL(pool_threshold, 0, 1000, 0.06, "points per view",
         "pools: that lift an item into the next pool"),
    SIZE(pool_choice, 1, 12, 4, "items",
         "pools: drawn for each place, to show those that match best"),
    REAL(pool_following, 0, 1, 0.1, "share of places",
         "pools: that go to creators whom the user follows"),
    REAL(viability_boost, 0, 100, 1, "utility",
         "viability: added at most for creators near their exit"),
    /* Money */
    EACH(SCENARIO_MONEY, arpu, 0, 1e6, 1, "money per user and period",
         "revenue from a user who spends all sessions on A", "the same on B"),
    EACH(SCENARIO_REAL, revenue_share, 0, 1, 0.1, "share of revenue",
         "paid to creators by A, in proportion to exposures", "the same by B"),
    EACH(SCENARIO_MONEY, payout_per_thousand, 0, 1e6, 0, "money per 1000 exposures",
         "paid to creators by A besides", "the same by B"),
    EACH(SCENARIO_MONEY, fund, 0, 1e9, 0, "money per period",
         "a fixed fund that A pays to creators, in proportion to exposures", "the same by B"),
    EACH(SCENARIO_MONEY, subscription, 0, 1e6, 0, "money per follower and period",
         "that followers on A pay for their creator", "the same on B"),
    EACH(SCENARIO_MONEY, tip, 0, 1e6, 0, "money per item taken", "that users of A tip",
         "the same on B"),
    EACH(SCENARIO_MONEY, shop, 0, 1e6, 0, "money per item taken",
         "worth of the goods that items on A sell", "the same on B"),
    REAL(fan_cut, 0, 1, 0.3, "share", "of subscriptions and tips that the platform keeps"),
    REAL(shop_fee, 0, 1, 0.05, "share of sales", "that the platform keeps"),
    REAL(shop_commission, 0, 1, 0.1, "share of sales", "that goes to the creator"),
    REAL(ad_middle, 0, 1, 0, "share",
         "of the creators' part of revenue that advertisers keep for the tiers between the lowest "
         "and the highest"),
    /* Moving */
    REAL(recency, 0.001, 1, 0.3, "share",
         "weight of the newest period in the running averages that decisions look at"),
    EACH(SCENARIO_REAL, user_leave, 1e-6, 0.99, 0.02, "per period",
         "rate at which users leave A at the start", "the same for B"),
    REAL(user_sensitivity, 0, 100, 1, "log-odds per utility",
         "how much users' moves depend on what they get"),
    REAL(user_adopt, 0, 0.99, 0.002, "per period",
         "rate at which users of one platform take up the other at the start"),
    REAL(user_return, 0, 1, 0.1, "per period",
         "rate at which people on neither platform come to one"),
    REAL(switching_cost, 0, 100, 4, "log-odds",
         "against going to the other platform rather than away"),
    REAL(creator_sensitivity, 0, 100, 0.5, "log-odds per log income",
         "how much creators' moves depend on income"),
    REAL(creator_adopt, 0, 0.99, 0.006, "per period",
         "rate at which creators of one platform take up the other at the start"),
    REAL(tier_sensitivity, 0, 100, 1, "log-odds per log audience",
         "how much promotion and demotion depend on exposures"),
    REAL(user_contagion, 0, 1000, 0, "log-odds per share",
         "of a platform's users who left in the period before, beyond the usual rate: how exits "
         "breed exits"),
    REAL(creator_contagion, 0, 1000, 0, "log-odds per share", "the same of a creator's neighbours"),
    SIZE(creator_neighbours, 1, 100, 8, "creators",
         "with the most similar themes, who are a creator's neighbours"),
    REAL(both_cost, 0, 100, 0, "log",
         "cost kappa of being on both platforms: creators take up the other exp(-kappa) times as "
         "often and drop one with probability 1 - exp(-kappa)"),
    REAL(output_split, 0, 1, 0, "share",
         "of the items of a creator on both that are on one of them only"),
    /* The shock */
    COUNT(shock_period, 0, 1200, 0, "period", "at whose end users are pushed off A; 0: no shock"),
    REAL(shock_users, 0, 1e12, 0, "people",
         "expected to leave A by it, beside those who leave anyway"),
    REAL(shock_creators, 0, 10, 1, "multiple",
         "push on A's creators as a multiple of that on its users, in log-odds"),
    REAL(shock_switching_cost, 0, 100, 1, "log-odds",
         "switching_cost for those whom the shock pushes off"),
    COUNT(exodus_period, 0, 1200, 0, "period",
          "from whose end on the next six are in force for users of A; 0: never"),
    REAL(bass_p, 0, 10, 0, "per period", "hazard to leave of one's own accord (Bass)"),
    REAL(bass_q, 0, 100, 0, "per period", "hazard to leave times the share that has left (Bass)"),
    REAL(sir_contact, 0, 100, 0, "per period",
         "hazard to leave times the share that has left and still persuades (SIR)"),
    REAL(sir_recovery, 0, 100, 0.5, "per period", "rate at which those stop persuading (SIR)"),
    REAL(threshold_mean, -10, 10, 0.25, "share that has left",
         "at which a user follows, on average (Granovetter)"),
    REAL(threshold_spread, 0, 10, 0, "share that has left",
         "standard deviation of these thresholds between users; 0: nobody has one"),
    COUNT(ban_period, 0, 1200, 0, "period",
          "at whose end A closes: all leave it, facing shock_switching_cost; 0: never"),
    COUNT(ban_end, 0, 1200, 0, "period", "at whose end A opens again; 0: never"),
    COUNT(outage_period, 0, 1200, 0, "period",
          "in which A is down for a part of the time; 0: none"),
    REAL(outage_share, 0, 1, 1, "share of sessions",
         "that fail then: users of both go to B instead"),
    COUNT(payout_period, 0, 1200, 0, "period", "from which on A pays creators otherwise; 0: never"),
    REAL(payout_factor, 0, 1000, 1, "times",
         "what A pays then: revenue_share_a, payout_per_thousand_a and fund_a times this"),
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

bool scenario_given(const struct scenario *scenario, const char *name) {
    return scenario->values[find(name)].given;
}

double scenario_most(const struct scenario *scenario, const char *name) {
    return decimal_to_double(scenario->values[find(name)].high);
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
    static const char *const classes[] = {"class_2_share", "class_3_share", "class_4_share"};
    static const char *const languages[][3] = {
        {"language_2_users_a", "language_3_users_a", "language_4_users_a"},
        {"language_2_users_b", "language_3_users_b", "language_4_users_b"},
        {"language_2_creators_a", "language_3_creators_a", "language_4_creators_a"},
        {"language_2_creators_b", "language_3_creators_b", "language_4_creators_b"}};
    static const char *const lists[] = {"candidates", "slate"};
    static const char *const shop[] = {"shop_fee", "shop_commission"};
    if (check_shares(scenario, batch, users, 3, err) ||
        check_shares(scenario, batch, classes, 3, err) ||
        check_shares(scenario, batch, shop, 2, err) ||
        check_shares(scenario, batch, creators, 2, err))
        return err->code;
    for (size_t i = 0; i < sizeof languages / sizeof *languages; i++)
        if (check_shares(scenario, batch, languages[i], 3, err))
            return err->code;
    static const char *const bans[] = {"ban_period", "ban_end"};
    const struct assumption *ban = &scenario->values[find("ban_period")];
    const struct assumption *end = &scenario->values[find("ban_end")];
    if (end->high > 0 && end->low <= ban->high)
        return contradiction(scenario, batch, bans, 2,
                             "ban_end is not after ban_period, expected a later period", err);
    static const char *const pay[] = {"revenue_share_a", "payout_factor"};
    const struct assumption *shares = &scenario->values[find("revenue_share_a")];
    const struct assumption *factor = &scenario->values[find("payout_factor")];
    if (scenario_most(scenario, "payout_period") > 0 &&
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
