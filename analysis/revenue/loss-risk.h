/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Revenue at risk: what users who are here now will no longer bring in at a horizon, from survival
 * curves of their groups.
 *
 *     struct risk_curves curves = {0};
 *     struct risk_base base = {0};
 *     if (risk_read_curves(survival_table, &curves, err) ||        // revenue/loss-curves.h
 *         risk_read_base(table, "contract", &curves, &base, err)) ...
 *     const struct risk_question ask = {.horizon = 12 * DECIMAL_ONE, .confidence = 0.95};
 *     struct risk_answer answer;
 *     if (risk_estimate(&curves, &base, 0, &ask, &answer, err)) ...  // group 0
 *     answer.at_risk.value;                           // money per period, at month 12
 *
 * With M_a the revenue per period of the users of age a (the time since their start; 0 for all if
 * it is not known), S the survival curve of their group, and h the horizon,
 *
 *     at risk(h) = sum over a of M_a (1 - q_a(h)),      q_a(h) = S(a + h)/S(a)
 *     lost(h)    = sum over a of M_a (integral of 1 - q_a(u) from 0 to h) / per
 *
 * where a period of revenue lasts `per` of the curve's time. Users for whom a + h lies beyond the
 * last time of the curve (unless it has come to 0 by then) are not covered: nothing is known about
 * them, and they are left out of all but `revenue` and `users`.
 *
 * With curves by destination k the same for each, F_k being its cumulative incidence:
 *
 *     at risk_k(h) = sum over a of M_a p_ak(h),      p_ak(h) = (F_k(a + h) - F_k(a))/S(a)
 *     lost_k(h)    = sum over a of M_a (integral of p_ak(u) from 0 to h) / per
 *
 * which add up to the above over the destinations.
 *
 * Interval, by the delta method from both parts. The curve: ln S is a sum over its times t_j of
 * increments that are uncorrelated, with the variances v_j = d_j/(n_j (n_j - d_j)) (Greenwood 1926;
 * Andersen, Borgan, Gill & Keiding 1993, IV.3), so
 *
 *     var = sum over j of v_j (sum over a with a < t_j <= a + h of M_a q_a(h))^2
 *
 * and for lost(h) with M_a (integral of q_a from t_j - a to h)/per in the inner sum. By destination
 * the increments of the cumulative hazards A_l at one time have the covariances (delta_lm d_l n -
 * d_l d_m)/n^3 and those at different times none (Andersen et al. 1993, IV.4), and
 *
 *     d p_ak / d A_l(t_j) = [delta_kl S(t_j-) - (F_k(a + h) - F_k(t_j)) S(t_j-)/S(t_j)]/S(a)
 *
 * for a < t_j <= a + h. The money: of
 * n single users with z = x (1 - q), or x p_k, each, n times the sample variance of z; of totals,
 * the sum of (1 - q_a)^2 se_a^2 where a standard error is given, and none where it is not. Both
 * parts are taken as independent. Bounds are cut to what is possible, 0 to all that is covered, if
 * no revenue is negative. There are none where users are followed through a fall of the curve to 0,
 * which has no standard error (whither they go then has one).
 */
#ifndef REVENUE_LOSS_RISK_H
#define REVENUE_LOSS_RISK_H

#include "base/arena.h"
#include "base/decimal.h"
#include "base/error.h"
#include "revenue/estimate.h"
#include "revenue/loss-curves.h"
#include "table/table.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Users of one group and age. */
struct risk_cell {
    size_t group; /* number of the curve */
    decimal age;
    decimal_sum users, revenue;
    struct moments paid; /* single users; no count with totals */
    double variance;     /* of the revenue of totals, from their standard errors */
};

/* Zero-initialise. */
struct risk_base {
    struct risk_cell *cells; /* by group and age */
    size_t count;
    bool single; /* a row is a user */
    bool has_age;
    bool has_error; /* totals with standard errors */
    bool negative;  /* some revenue is below 0 */
    struct text currency;
    struct arena arena;
};

/* Reads `revenue` and either `user` (each row is a user) or `users` with, if there is one,
 * `revenue_se`; `age`, if there is one; `currency`, if there is one, which must be one and the
 * same. `group` is the column that names each row's curve; NULL if there is only one curve.
 * ERROR_DATA for a group without a curve, negative users or ages, an age beyond the end of a curve
 * that came to 0, a user who stands twice. */
int risk_read_base(struct table *table, const char *group, const struct risk_curves *curves,
                   struct risk_base *ret, struct error *err);
void risk_base_free(struct risk_base *base);

struct risk_question {
    decimal horizon;    /* above 0, in the curve's time */
    decimal per;        /* that a period of revenue lasts; 0: lost is not asked for */
    size_t destination; /* 1 for the curves' first, and so on; 0: whatever the destination */
    double confidence;
};

struct risk_amount {
    double value, std_error;
    struct interval interval;
};

struct risk_answer {
    decimal_sum users, revenue; /* all of the group */
    decimal_sum covered;        /* revenue of those the curve covers */
    bool known;                 /* anybody is covered */
    struct risk_amount at_risk, lost;
};

/* The answer for one group, or with group = curves->count for all of them together (their errors
 * independent); known only if all that have users are. ERROR_SYSTEM when memory is out. */
int risk_estimate(const struct risk_curves *curves, const struct risk_base *base, size_t group,
                  const struct risk_question *question, struct risk_answer *ret, struct error *err);

#endif
