/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A series in memory, as impact_read would have made it. Included after cmocka.h.
 *
 *     struct impact_series series = series_of(nile, NILE, NILE_EVENT, NULL, 0);
 *
 * Years from 1871 on. The arrays stay the caller's: do not free the series. */
#ifndef SERIES_H
#define SERIES_H

#include "revenue/impact-series.h"

static inline struct impact_series series_of(const double *value, size_t n, size_t event,
                                             const double *controls, size_t n_controls) {
    struct impact_series series = {.kind = PERIOD_YEAR,
                                   .first = 1871,
                                   .step = 1,
                                   .n = n,
                                   .event = event,
                                   .value = (double *)value,
                                   .controls = (double *)controls,
                                   .n_controls = n_controls,
                                   .rows = n};
    for (size_t t = 0; t < n; t++)
        if (impact_known(&series, t))
            *(t < event ? &series.before : &series.after) += 1;
    return series;
}

static inline const struct impact_figure *figure_of(const struct impact_result *result,
                                                    const char *quantity) {
    for (size_t i = 0; i < result->n_figures; i++)
        if (text_is(result->figures[i].quantity, quantity))
            return &result->figures[i];
    fail_msg("no figure %s", quantity);
    return NULL;
}

static inline void assert_near(double found, double expected, double tolerance, const char *what) {
    if (!(fabs(found - expected) <= tolerance * fabs(expected)))
        fail_msg("%s: found %.17g, expected %.17g", what, found, expected);
}

#endif
