/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Predicted survival.
 *
 * With r = exp(x'b) and the baseline's increments h = sum over l of m/den at each event time,
 *
 *     H(t) = r sum h,   var H(t) = r^2 (sum over times, l of m/den^2 + c' V c),
 *     c = sum of (x - xbar_l) m/den
 *
 * as in R's survfit.coxph (Therneau & Grambsch 2000, eq. 10.11, with Efron's sums for tied events).
 * In Fine and Gray's model the error is that of the jackknife (cox-competing.c).
 */
#include "users/cox-inside.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

size_t cox_strata(const struct cox *cox) {
    return cox->n_strata;
}

/* Rows at risk at each slot's event, by their weights if these count. */
static double at_risk_before(const struct cox *cox, double at_risk, uint32_t slot) {
    bool counts = cox->options.counts;
    for (uint32_t k = cox->late[slot]; k < cox->late[slot + 1]; k++)
        at_risk -= counts ? cox_weight(cox, cox->late_row[k]) : 1;
    for (uint32_t i = cox->group[slot]; i < cox->group[slot + 1]; i++)
        if (!cox_idle(cox, i))
            at_risk += counts ? cox_weight(cox, i) : 1;
    return at_risk;
}

/* The drift of slot `slot`: adds (x - xbar_l) m/den, in the scale of the fit. */
static void add_drift(const struct cox *cox, uint32_t slot, const double *x, double *c) {
    for (size_t j = 0; j < cox->p; j++) {
        double xbar = cox->q0[slot] * cox->at_risk[(j + 1) * cox->slots + slot];
        if (cox->dying)
            xbar -= cox->q1[slot] * cox->dying[(j + 1) * cox->slots + slot];
        c[j] += (x[j] - cox->centre[j]) / cox->scale[j] * cox->h[slot] - xbar;
    }
}

/* c' V c, V being that of the coefficients as given. */
static double spread(const struct cox *cox, const double *c, double *unscaled) {
    const double *v = cox->result.robust ? cox->result.robust : cox->result.variance;
    for (size_t j = 0; j < cox->p; j++)
        unscaled[j] = c[j] * cox->scale[j];
    return cox_quadratic(v, unscaled, cox->p);
}

/* Cox's model: var H as above, for exp(x'b) = 1. `drift` has p numbers for each point. */
static void plain_errors(const struct cox *cox, const double *drift, uint32_t first, size_t n,
                         double *unscaled, double *ret) {
    double variance = 0;
    for (size_t i = 0; i < n; i++) {
        variance += cox->q0[first + 1 + i];
        ret[i] = sqrt(variance + spread(cox, drift + i * cox->p, unscaled));
    }
}

/* Hazard, counts and drift at each event. */
static void fill_points(const struct cox *cox, const double *x, uint32_t first, uint32_t end,
                        struct cox_point *points, double *drift) {
    const bool counts = cox->options.counts;
    double hazard = 0, at_risk = 0;
    for (uint32_t slot = end; slot-- > first + 1;) {
        at_risk = at_risk_before(cox, at_risk, slot);
        points[slot - first - 1].at_risk = (int64_t)llrint(at_risk);
    }
    for (uint32_t slot = first + 1; slot < end; slot++) {
        struct cox_point *point = &points[slot - first - 1];
        double *c = drift + (slot - first - 1) * cox->p;
        if (slot > first + 1)
            memcpy(c, c - cox->p, cox->p * sizeof *c);
        add_drift(cox, slot, x, c);
        hazard += cox->h[slot];
        point->time = cox->when[slot];
        point->events = counts ? (int64_t)llrint(cox->death_weight[slot]) : cox->deaths[slot];
        point->hazard = hazard;
    }
}

int cox_predict(const struct cox *cox, const double *x, size_t stratum, struct cox_curve *ret,
                struct error *err) {
    const uint32_t first = cox->stratum_first[stratum], end = cox->stratum_first[stratum + 1];
    const size_t n = end - first - 1;
    double *drift = calloc((n + 1) * cox->p + n, sizeof *drift);
    struct cox_point *points = calloc(n + 1, sizeof *points);
    double log_risk = 0;
    int status = drift && points ? 0 : error_memory(err);
    if (status)
        goto done;
    double *const unscaled = drift + n * cox->p, *const errors = unscaled + cox->p;
    fill_points(cox, x, first, end, points, drift);
    if (cox->competing)
        status = cox_incidence_errors(cox, drift, stratum, errors, err);
    else
        plain_errors(cox, drift, first, n, unscaled, errors);
    for (size_t j = 0; j < cox->p; j++)
        log_risk += (x[j] - cox->centre[j]) * cox->result.coefficient[j];
    for (size_t i = 0; i < n; i++) {
        points[i].hazard *= exp(log_risk);
        points[i].std_error = exp(log_risk) * errors[i];
    }
    *ret =
        (struct cox_curve){cox->stratum_code[stratum], points, n, cox->time[cox->group[end] - 1]};
done:
    free(drift);
    if (status)
        free(points);
    return status;
}
