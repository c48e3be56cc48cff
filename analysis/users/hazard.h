/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The cumulative hazard of leaving, by Nelson-Aalen.
 *
 *     const struct hazard_options options = {.interval = HAZARD_LOG, .confidence = 0.95};
 *     struct hazard_curve curve;
 *     if (hazard_fit(&curve, &lives.tables[0], &options, err)) ...
 *     ... curve.steps[i].hazard ...
 *     hazard_free(&curve);
 *
 * H(t) = sum over t_i <= t of d_i/n_i, with the variance sum of d_i/n_i^2 (Nelson 1972; Aalen 1978,
 * doi:10.1214/aos/1176344247; Klein & Moeschberger 2003, eqs. 4.2.3 and 4.2.4). How often a user
 * would have left by t if one could leave again and again at the rate of that time: its slope is
 * the rate of leaving, a straight line means a constant one.
 */
#ifndef USERS_HAZARD_H
#define USERS_HAZARD_H

#include "base/decimal.h"
#include "base/error.h"
#include "users/lifetable.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Pointwise intervals, z the normal quantile and s the standard error:
 *   log    H exp(+-z s/H): never below 0; none where H = 0
 *   plain  H +- z s, at least 0 */
enum hazard_interval { HAZARD_LOG, HAZARD_PLAIN };

struct hazard_options {
    enum hazard_interval interval;
    double confidence;       /* in (0, 1) */
    const double *variances; /* of H just after each row of the table, in place of sum d/n^2
                                (users/robust.h); NULL: that sum */
};

/* What does not exist is NaN. */
struct hazard_step {
    decimal time; /* somebody left or was last seen */
    int64_t at_risk;
    int64_t events;
    int64_t censored;
    double hazard; /* up to and with this time */
    double std_error;
    double lower;
    double upper;
};

struct hazard_curve {
    struct hazard_step *steps; /* by time; H = 0 before the first */
    size_t n;                  /* 0: nobody was at risk */
};

/* Allocates *ret; hazard_free it. */
int hazard_fit(struct hazard_curve *ret, const struct life_table *table,
               const struct hazard_options *options, struct error *err);

/* Sets the interval that goes with the step's hazard and std_error. */
void hazard_set_interval(struct hazard_step *step, const struct hazard_options *options);

/* The step that holds at this time, as survival_at; *ret_known is false beyond the last step. */
const struct hazard_step *hazard_at(const struct hazard_curve *curve, decimal time,
                                    bool *ret_known);

void hazard_free(struct hazard_curve *curve); /* leaves it zeroed */

#endif
