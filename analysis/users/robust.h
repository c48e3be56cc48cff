/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Errors of survival curves when several spells belong to one user: the infinitesimal jackknife by
 * cluster.
 *
 *     struct robust robust;                       // records of one group, from a tally
 *     if (robust_begin(&robust, &lives.tables[g], records, n, err)) ...
 *     if (robust_variances(&robust, ROBUST_LOG_SURVIVAL, variances, err)) ...
 *     const struct survival_options options = {.confidence = 0.95, .log_variances = variances};
 *     if (survival_fit(&curve, &lives.tables[g], &options, err)) ...
 *     robust_end(&robust);
 *
 * Spells of one user are alike, and Greenwood's error, which takes them for independent, is then
 * too small. The jackknife sums the squares of each user's influence, the derivative of the
 * estimate by the user's weight (Efron 1982; Therneau & Grambsch 2000, section 7.2; R's survfit
 * with cluster). Of ln S, with Y and dN the user's spells at risk and leaving,
 *
 *     J(t) = -sum over times up to t of (dN - Y d/n)/(n - d),
 *
 * and of the cumulative hazard the same with n in place of n - d and the other sign. If every spell
 * is a cluster of its own, without late entry, this is Greenwood's variance itself.
 *
 * Between the times at which a user's own spells begin or end, J = b - Y A(t), with b and Y
 * constant and A the same for everyone. So the sum of squares follows from three running sums, and
 * a curve takes one pass over spells and times: linear, where the definition is a product of the
 * two.
 */
#ifndef USERS_ROBUST_H
#define USERS_ROBUST_H

#include "base/decimal.h"
#include "base/error.h"
#include "users/lifetable.h"
#include "users/survival.h"
#include "users/tally.h"
#include <stddef.h>
#include <stdint.h>

/* What one cluster does at one row of the table. */
struct robust_change {
    uint32_t row, cluster;
    int64_t events, exits, entries; /* by weight; exits count events too */
};

struct robust {
    const struct life_table *table;
    struct robust_change *changes; /* by row, then cluster; each pair once */
    size_t n;
    size_t clusters;
    int64_t *at_risk; /* of each cluster before the first row */
};

/* `records` are those of the table's group, sorted by cluster; clusters are numbered across groups.
 * The table must outlive *ret. */
int robust_begin(struct robust *ret, const struct life_table *table,
                 const struct tally_record *records, size_t n, struct error *err);

enum robust_estimate { ROBUST_LOG_SURVIVAL, ROBUST_HAZARD };

/* ret[i], for each row of the table: the variance just after its time. That of ln S is NaN from the
 * time on at which S falls to 0. All are NaN for a single cluster, whose influence adds up to 0
 * whatever the truth is. */
int robust_variances(const struct robust *robust, enum robust_estimate estimate, double *ret,
                     struct error *err);

/* The standard error of survival_restricted_mean: the influence of a user on the area under S is
 * the sum of their terms of J, each times the area from its time on. NaN for a single cluster. */
int robust_mean_error(const struct robust *robust, const struct survival_curve *curve,
                      decimal horizon, double *ret, struct error *err);

void robust_end(struct robust *robust); /* leaves it zeroed */

#endif
