/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where money comes from and by what creators are paid: as open as ranking.
 *
 *     for (size_t i = 0; payout_rules[i]; i++)
 *         if (payout_apply(payout_rules[i], world, p, &revenue, &paid, err)) ...
 *
 * A rule is a stream of money: what the platform gets by it, what it sets aside for creators, and
 * by what each of them gets a part of that. It looks at what happened on the platform in this step.
 * A stream whose parameters are 0 does nothing.
 */
#ifndef RANKING_PAYOUT_H
#define RANKING_PAYOUT_H

#include "base/decimal.h"
#include "base/error.h"
#include "ranking/world.h"

struct payout_rule {
    const char *name;
    /* false if an amount does not fit into a decimal */
    bool (*amounts)(const struct world *world, int platform, decimal *ret_revenue,
                    decimal *ret_pool);
    uint64_t (*weight)(const struct world *world, int platform, size_t creator);
};

/* All of them, ending with NULL. */
extern const struct payout_rule *const payout_rules[];

/* Adds the rule's revenue to *revenue, what it pays to creators.paid, and the sum of that to *paid.
 * Each creator gets floor(pool * weight / sum of weights). ERROR_DATA if an amount is too large. */
int payout_apply(const struct payout_rule *rule, struct world *world, int platform,
                 decimal *revenue, decimal *paid, struct error *err);

/* What users of a class bring a platform in this step by its ARPU; false if it does not fit into a
 * decimal. */
bool payout_arpu(const struct world *world, int platform, size_t class, decimal *ret);

/* pool shared in proportion to weights, each share rounded down: adds floor(pool * weights[i] / sum
 * of weights) to paid[i], nothing if all weights are 0. Returns the sum of what was added. */
decimal payout_share_out(decimal pool, const uint64_t *weights, size_t n, decimal *paid);

#endif
