/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What an event cost: each period against what was expected without the event.
 *
 *     struct impact_result result = {0};
 *     if (impact_regress(&series, &options, &result, err)) ...     // revenue/impact-regression.h
 *     for (size_t t = 0; t < result.n; t++)
 *         result.periods[t].effect.value;
 *     for (size_t i = 0; i < result.n_figures; i++)
 *         result.figures[i].quantity, result.figures[i].of.value;
 *     impact_result_free(&result);
 *
 * All methods give the same: a row for each position of the series and a list of figures, with nan
 * for what is not known. effect = actual - expected. Its interval says where actual - (what would
 * have been) lies, which holds the noise of the period itself, not only the error of a mean.
 */
#ifndef REVENUE_IMPACT_H
#define REVENUE_IMPACT_H

#include "base/arena.h"
#include "base/error.h"
#include "base/text.h"
#include "revenue/impact-series.h"

struct impact_bounds {
    double value, lower, upper;
};

struct impact_period {
    struct impact_bounds expected;
    struct impact_bounds effect;     /* nan if the actual value is */
    struct impact_bounds cumulative; /* since the event, over the periods that are known */
};

struct impact_figure {
    struct text quantity;
    struct text at; /* a period, or empty */
    struct impact_bounds of;
    double error; /* standard error */
    double p;
};

/* Zero-initialise. Owns its arrays and texts. */
struct impact_result {
    struct impact_period *periods;
    size_t n;
    struct impact_figure *figures;
    size_t n_figures, capacity;
    struct arena names;
    /* Sentences about what is doubtful (the break before the event, few periods): the caller
     * says them. */
    struct text warnings[8];
    size_t n_warnings;
};

extern const struct impact_bounds impact_unknown;

/* The periods, all unknown. */
int impact_result_begin(struct impact_result *result, size_t n, struct error *err);
void impact_result_free(struct impact_result *result);

/* A figure with a name as by printf, everything else nan; NULL (err set) when memory is out. */
struct impact_figure *impact_figure_add(struct impact_result *result, struct error *err,
                                        const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Adds a figure that is a number without error. */
int impact_figure_plain(struct impact_result *result, const char *name, double value,
                        struct error *err);

/* A sentence as by printf; those beyond the eighth are dropped. */
int impact_warn(struct impact_result *result, struct error *err, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Periods before, after and missing: the figures that every method begins with. */
int impact_count_figures(struct impact_result *result, const struct impact_series *series,
                         struct error *err);

/* value +- reach */
struct impact_bounds impact_around(double value, double reach);

/* actual/expected - 1, which falls as what was expected rises; unknown unless all of that is above
 * 0.
 */
struct impact_bounds impact_relative(double actual, struct impact_bounds expected);

/* The figure ljung_box: Q = n (n + 2) sum over the lags l of r_l^2/(n - l) of the errors less their
 * mean, p from chi-square with lags - used degrees of freedom (Ljung & Box 1978,
 * doi:10.1093/biomet/65.2.297); nan if these are none, or without variation. */
int impact_report_ljung_box(struct impact_result *result, const double *errors, size_t n,
                            size_t lags, size_t used, struct error *err);

/* ---- Is the time before the event one piece? --------------------------------------------------
 */

struct impact_break {
    size_t row; /* of the first row after it */
    double statistic;
    double p; /* nan if there are too few rows */
};

/* The largest |t| of a shift of level that begins at any row but the first and last 15 %, added to
 * the regression of y on x (n rows, k columns): sup-Wald (Andrews 1993, doi:10.2307/2951764). Its
 * p-value is by parametric bootstrap: the share of 999 series from the fitted regression with AR(1)
 * errors (coefficient by least squares from the residuals, at most 0.99 in size) that have a larger
 * one, (1 + count) / 1000, so that autocorrelation alone is not taken for a break. */
int impact_find_break(const double *x, const double *y, size_t n, size_t k, uint32_t seed,
                      struct impact_break *ret, struct error *err);

/* Autocorrelation of lag 1: sum of e_t e_(t-1) over sum of e_t^2; nan without variation. */
double impact_autocorrelation(const double *residuals, size_t n);

/* The figure break_before, and a warning if p < 0.05. `positions` are those of the rows. */
int impact_report_break(struct impact_result *result, const struct impact_series *series,
                        const struct impact_break *found, const size_t *positions,
                        struct error *err);

#endif
