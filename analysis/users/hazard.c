/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Nelson-Aalen curves and their intervals. */
#include "users/hazard.h"

#include <gsl/gsl_cdf.h>
#include <math.h>
#include <stdlib.h>

void hazard_set_interval(struct hazard_step *step, const struct hazard_options *options) {
    double z = gsl_cdf_ugaussian_Qinv((1 - options->confidence) / 2);
    double width = z * step->std_error;
    step->lower = step->upper = NAN;
    switch (options->interval) {
    case HAZARD_LOG:
        if (step->hazard > 0) {
            step->lower = step->hazard * exp(-width / step->hazard);
            step->upper = step->hazard * exp(width / step->hazard);
        }
        break;
    case HAZARD_PLAIN:
        step->lower = width > step->hazard ? 0 : step->hazard - width; /* or missing */
        step->upper = step->hazard + width;
        break;
    }
}

int hazard_fit(struct hazard_curve *ret, const struct life_table *table,
               const struct hazard_options *options, struct error *err) {
    *ret = (struct hazard_curve){0};
    ret->steps = malloc((table->n + 1) * sizeof *ret->steps);
    if (!ret->steps)
        return error_memory(err);
    double hazard = 0, variance = 0;
    for (size_t i = 0; i < table->n; i++) {
        const struct life_row *row = &table->rows[i];
        if (row->events + row->censored == 0)
            continue;
        double n = (double)row->at_risk, d = (double)row->events;
        hazard += d / n;
        variance += d / n / n;
        struct hazard_step *step = &ret->steps[ret->n++];
        *step = (struct hazard_step){
            .time = row->time,
            .at_risk = row->at_risk,
            .events = row->events,
            .censored = row->censored,
            .hazard = hazard,
            .std_error = sqrt(options->variances ? options->variances[i] : variance)};
        hazard_set_interval(step, options);
    }
    return 0;
}

const struct hazard_step *hazard_at(const struct hazard_curve *curve, decimal time,
                                    bool *ret_known) {
    size_t low = 0, high = curve->n; /* the first step after the time */
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (curve->steps[middle].time <= time)
            low = middle + 1;
        else
            high = middle;
    }
    const struct hazard_step *step = low > 0 ? &curve->steps[low - 1] : NULL;
    *ret_known = low < curve->n || (step && step->time == time);
    return step;
}

void hazard_free(struct hazard_curve *curve) {
    free(curve->steps);
    *curve = (struct hazard_curve){0};
}
