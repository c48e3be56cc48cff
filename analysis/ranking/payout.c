/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Streams of money: advertising, what advertisers keep for the middle, a fund, subscriptions, tips
 * and shops. Amounts are for all the people that a simulated one stands for. */
#include "ranking/payout.h"

#include <stddef.h>

decimal payout_share_out(decimal pool, const uint64_t *weights, size_t n, decimal *paid) {
    uint64_t all = 0;
    for (size_t i = 0; i < n; i++)
        all += weights[i];
    decimal sum = 0;
    for (size_t i = 0; i < n && all > 0; i++) {
        decimal part = (decimal)((int128)pool * (int128)weights[i] / (int128)all);
        paid[i] += part;
        sum += part;
    }
    return sum;
}

/* ---- Amounts --------------------------------------------------------------------------------- */

/* amount times a share that is a parameter. */
static bool part_of(decimal amount, double share, decimal *ret) {
    decimal exact;
    return decimal_from_double(share, &exact) && decimal_multiply(amount, exact, ret);
}

/* What A pays changes by a factor from payout_period on. */
static bool changed(const struct world *world, int p, decimal amount, decimal *ret) {
    const struct parameters *set = &world->settings.parameters;
    *ret = amount;
    if (p != PLATFORM_A || set->payout_period == 0 ||
        world_period(world) < (size_t)set->payout_period)
        return true;
    return part_of(amount, set->payout_factor, ret);
}

/* A user who spends a share of the sessions on a platform brings that share of its ARPU. */
bool payout_arpu(const struct world *world, int p, size_t class, decimal *ret) {
    const struct parameters *set = &world->settings.parameters;
    decimal arpu;
    return decimal_from_double(world->settings.classes[class].arpu[p], &arpu) &&
           decimal_sum_divide((int128)arpu * (int64_t)set->user_weight *
                                  (int128)world->platforms[p].period.by_class[class],
                              (int64_t)set->sessions, ret);
}

static bool advertising(const struct world *world, int p, decimal *ret) {
    *ret = 0;
    for (size_t k = 0; k < world->settings.n_classes; k++) {
        decimal part;
        if (!payout_arpu(world, p, k, &part) || !decimal_add(*ret, part, ret))
            return false;
    }
    return true;
}

/* revenue_share of it, the part for the middle or the rest. */
static bool creators_part(const struct world *world, int p, decimal revenue, bool middle,
                          decimal *ret) {
    const struct parameters *set = &world->settings.parameters;
    decimal part, kept, pool;
    if (!part_of(revenue, set->revenue_share[p], &part) || !part_of(part, set->ad_middle, &kept))
        return false;
    pool = middle ? kept : part - kept;
    return changed(world, p, pool, ret);
}

static bool advertising_amounts(const struct world *world, int p, decimal *ret_revenue,
                                decimal *ret_pool) {
    return advertising(world, p, ret_revenue) &&
           creators_part(world, p, *ret_revenue, false, ret_pool);
}

static bool middle_amounts(const struct world *world, int p, decimal *ret_revenue,
                           decimal *ret_pool) {
    decimal revenue;
    *ret_revenue = *ret_pool = 0;
    return world->settings.parameters.ad_middle == 0 ||
           (advertising(world, p, &revenue) && creators_part(world, p, revenue, true, ret_pool));
}

static bool views_amounts(const struct world *world, int p, decimal *ret_revenue,
                          decimal *ret_pool) {
    const struct parameters *set = &world->settings.parameters;
    decimal payout, pool;
    int128 exposures = 0;
    for (size_t c = 0; c < world->creators.n; c++)
        exposures += world->creators.exposures[p][c];
    *ret_revenue = 0;
    return decimal_from_double(set->payout_per_thousand[p], &payout) &&
           decimal_sum_divide((int128)payout * (int64_t)set->user_weight * exposures, 1000,
                              &pool) &&
           changed(world, p, pool, ret_pool);
}

static bool fund_amounts(const struct world *world, int p, decimal *ret_revenue,
                         decimal *ret_pool) {
    decimal fund;
    *ret_revenue = 0;
    return decimal_from_double(world->settings.parameters.fund[p], &fund) &&
           changed(world, p, fund, ret_pool);
}

/* A price for each of `count` simulated things, of which the platform and creators get shares. */
static bool sales(const struct world *world, double price, int128 count, double platform,
                  double creators, decimal *ret_revenue, decimal *ret_pool) {
    decimal exact, gross;
    return decimal_from_double(price, &exact) &&
           decimal_sum_divide((int128)exact * (int64_t)world->settings.parameters.user_weight *
                                  count,
                              1, &gross) &&
           part_of(gross, platform, ret_revenue) && part_of(gross, creators, ret_pool);
}

static bool subscription_amounts(const struct world *world, int p, decimal *ret_revenue,
                                 decimal *ret_pool) {
    const struct parameters *set = &world->settings.parameters;
    int128 followers = 0;
    for (size_t c = 0; c < world->creators.n; c++)
        followers += home_on(world->creators.homes[c], p) ? world->creators.followers[p][c] : 0;
    return sales(world, set->subscription[p], followers, set->fan_cut, 1 - set->fan_cut,
                 ret_revenue, ret_pool);
}

static int128 taken(const struct world *world, int p) {
    int128 sum = 0;
    for (size_t c = 0; c < world->creators.n; c++)
        sum += world->creators.engagements[p][c];
    return sum;
}

static bool tip_amounts(const struct world *world, int p, decimal *ret_revenue, decimal *ret_pool) {
    const struct parameters *set = &world->settings.parameters;
    return sales(world, set->tip[p], taken(world, p), set->fan_cut, 1 - set->fan_cut, ret_revenue,
                 ret_pool);
}

static bool shop_amounts(const struct world *world, int p, decimal *ret_revenue,
                         decimal *ret_pool) {
    const struct parameters *set = &world->settings.parameters;
    return sales(world, set->shop[p], taken(world, p), set->shop_fee, set->shop_commission,
                 ret_revenue, ret_pool);
}

/* ---- Weights --------------------------------------------------------------------------------- */

static uint64_t by_exposures(const struct world *world, int p, size_t c) {
    return world->creators.exposures[p][c];
}

static uint64_t by_exposures_in_the_middle(const struct world *world, int p, size_t c) {
    uint8_t tier = world->creators.tiers[c];
    bool middle = tier > 0 && (size_t)tier + 1 < world->settings.n_tiers;
    return middle ? world->creators.exposures[p][c] : 0;
}

static uint64_t by_followers(const struct world *world, int p, size_t c) {
    return home_on(world->creators.homes[c], p) ? world->creators.followers[p][c] : 0;
}

static uint64_t by_engagements(const struct world *world, int p, size_t c) {
    return world->creators.engagements[p][c];
}

/* ---- The rules ------------------------------------------------------------------------------- */

static const struct payout_rule rule_advertising = {"advertising", advertising_amounts,
                                                    by_exposures};
static const struct payout_rule rule_middle = {"middle", middle_amounts,
                                               by_exposures_in_the_middle};
static const struct payout_rule rule_views = {"views", views_amounts, by_exposures};
static const struct payout_rule rule_fund = {"fund", fund_amounts, by_exposures};
static const struct payout_rule rule_subscription = {"subscription", subscription_amounts,
                                                     by_followers};
static const struct payout_rule rule_tips = {"tips", tip_amounts, by_engagements};
static const struct payout_rule rule_shop = {"shop", shop_amounts, by_engagements};

const struct payout_rule *const payout_rules[] = {
    &rule_advertising,  &rule_middle, &rule_views, &rule_fund,
    &rule_subscription, &rule_tips,   &rule_shop,  NULL,
};

int payout_apply(const struct payout_rule *rule, struct world *world, int platform,
                 decimal *revenue, decimal *paid, struct error *err) {
    struct creators *creators = &world->creators;
    decimal gained, pool;
    if (!rule->amounts(world, platform, &gained, &pool) ||
        !decimal_add(*revenue, gained, revenue) || !decimal_add(*paid, pool, &(decimal){0}))
        return error_set(err, ERROR_DATA,
                         "revenue or payout of a period is too large, expected below 9.2e12: count "
                         "money in thousands or millions");
    if (pool == 0)
        return 0;
    for (size_t c = 0; c < creators->n; c++)
        creators->weights[c] = rule->weight(world, platform, c);
    *paid += payout_share_out(pool, creators->weights, creators->n, creators->paid[platform]);
    return 0;
}
