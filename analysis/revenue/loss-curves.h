/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How long the users of a group stay, and where they go: curves that churn-survival or
 * churn-destinations wrote, read back.
 *
 *     struct risk_curves curves = {0};
 *     if (risk_read_curves(table, &curves, err)) ...
 *     const struct risk_curve *curve = &curves.items[0];
 *     double stay = risk_survival(curve, risk_steps_until(curve, 12 * DECIMAL_ONE));
 *     risk_curves_free(&curves);
 */
#ifndef REVENUE_LOSS_CURVES_H
#define REVENUE_LOSS_CURVES_H

#include "base/decimal.h"
#include "base/error.h"
#include "table/table.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct risk_step {
    decimal time;
    double survival; /* just after it */
    double variance; /* of ln S: d/(n (n - d)) (Greenwood 1926); nan where all at risk left */
    int64_t at_risk, events;
};

struct risk_curve {
    struct text group;
    struct risk_step *steps; /* by time */
    size_t n;                /* at least 1 */
    /* By destination, [step * n_destinations + destination]; NULL for curves of survival alone. */
    double *incidence; /* just after the step */
    int64_t *left;     /* events */
};

/* Zero-initialise. Texts live as the table. */
struct risk_curves {
    struct risk_curve *items; /* by group */
    size_t count;
    struct text *destinations; /* by name */
    size_t n_destinations;     /* 0 for curves of survival alone */
    struct risk_step *steps;   /* of all */
    double *incidence;
    int64_t *left;
};

/* Reads group, time, at_risk, events and survival; or, of a table with the columns destination and
 * incidence, group, time, destination, at_risk, events and incidence, a row for each destination at
 * each time. ERROR_DATA if a row stands twice or is missing, or if survival or incidence is not
 * what at_risk and events of the rows up to it say (rows are missing, or it is no Kaplan-Meier or
 * Aalen-Johansen curve). No row of a curve is ever skipped. */
int risk_read_curves(struct table *table, struct risk_curves *ret, struct error *err);
void risk_curves_free(struct risk_curves *curves);

/* How many steps lie at or before `time`. */
size_t risk_steps_until(const struct risk_curve *curve, decimal time);

/* The share still there after so many steps; the share gone to a destination. */
double risk_survival(const struct risk_curve *curve, size_t steps);
double risk_incidence(const struct risk_curves *curves, const struct risk_curve *curve,
                      size_t steps, size_t destination);

/* Whether the curve says what becomes of users of this age up to the horizon: it reaches so far, or
 * has come to 0 before. */
bool risk_covers(const struct risk_curve *curve, decimal age, decimal horizon);

#endif
