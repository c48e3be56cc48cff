/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Errors of cumulative incidence by the infinitesimal jackknife: with late entry, and when several
 * spells belong to one user. For users/incidence.c; called for by incidence_jackknife there.
 *
 * The jackknife sums the squares of each unit's influence, the derivative of an estimate by the
 * unit's weight (Efron 1982; R's survfit of several states). Of S and F_k, with Y and dN the unit's
 * spells at risk and leaving, h = d/n and h_k = d_k/n,
 *
 *     U_S <- U_S (1 - h) - S (dN - Y h)/n,    U_k <- U_k + U_S h_k + S (dN_k - Y h_k)/n
 *
 * with U_S and S just before the time. With U_S = S L, L changes by -(dN - Y h)/(n - d). So between
 * the times at which a unit's own spells begin or end, its Y is constant, and
 *
 *     L = b + Y A,   U_k = c_k + b F_k + Y G_k,   dA = d/(n (n - d)),   dG_k = (A - 1/n) dF_k
 *
 * with b and c_k of the unit and A, F_k and G_k the same for everyone. The sums of squares follow
 * from running sums of the products of c_k, b and Y, and a curve takes one pass over times and
 * spells, where the definition takes their product. The areas under F_k go the same way: theirs are
 * m_k + c_k t and the areas of F_k and G_k.
 */
#ifndef USERS_INCIDENCE_JACKKNIFE_H
#define USERS_INCIDENCE_JACKKNIFE_H

#include "base/decimal.h"
#include "base/error.h"
#include "users/tally.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct jackknife;

/* Units are clusters, of which records must be sorted, or else single spells: a record of weight w
 * is w of them. Records are not kept. With `areas`, jackknife_areas may be asked. */
int jackknife_create(struct jackknife **ret, const struct tally_record *records, size_t n,
                     bool clustered, bool areas, size_t destinations, struct error *err);

/* A time at which anyone left or was last seen; n at risk, d leaving, left[k] of them for k, S just
 * before. */
struct jackknife_moment {
    decimal time;
    double at_risk, events, staying;
    const int64_t *left;
};

/* Times ascend, and none with an exit is left out. The variances are those just after it. */
void jackknife_step(struct jackknife *jackknife, const struct jackknife_moment *moment,
                    double *ret_staying, double *ret_variance);

/* Of the areas under S and each F_k from 0 to `time`, at or after the last step and before the
 * next. Goes through all units. */
void jackknife_areas(struct jackknife *jackknife, decimal time, double *ret_staying,
                     double *ret_variance);

void jackknife_destroy(struct jackknife *jackknife); /* NULL is fine */

#endif
