/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Segmented regression.
 *
 *   1. Columns
 *   2. Fitting
 *   3. What was expected, and the effects
 *   4. Figures
 */
#include "revenue/impact-regression.h"

#include <gsl/gsl_cdf.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- 1. Columns ------------------------------------------------------------------------------ */

size_t impact_season_columns(size_t season, size_t harmonics) {
    if (season < 2)
        return 0;
    return harmonics == 0 ? season - 1 : 2 * harmonics - (2 * harmonics == season);
}

void impact_fill_season(size_t season, size_t harmonics, int64_t step, double *ret) {
    if (season < 2)
        return;
    const size_t phase = (size_t)(((step % (int64_t)season) + (int64_t)season) % (int64_t)season);
    if (harmonics == 0) {
        for (size_t s = 1; s < season; s++)
            ret[s - 1] = phase == s;
        return;
    }
    for (size_t h = 1; h <= harmonics; h++) {
        const double angle = 2 * M_PI * (double)(h * phase) / (double)season;
        *ret++ = cos(angle);
        if (2 * h < season)
            *ret++ = sin(angle);
    }
}

enum { CONSTANT, TREND, LEVEL, SLOPE };

struct regression {
    const struct impact_series *series;
    const struct impact_regression_options *options;
    size_t changes;     /* 1 or 2 */
    size_t n_seasons;   /* columns */
    size_t n, k;        /* known rows, columns */
    size_t first_after; /* the first row after the event */
    size_t *positions;  /* n */
    double *x, *y;
    struct impact_fit fit;
    double *covariance; /* k x k */
    double bandwidth;
    double variance; /* s^2 */
    double reach;    /* Student's quantile */
};

static size_t columns_before(const struct regression *r) {
    return r->k - r->changes;
}

/* The row of a position; `counterfactual` leaves the changes out. */
static void fill_row(const struct regression *r, size_t position, bool counterfactual,
                     double *row) {
    const struct impact_series *series = r->series;
    const bool after = position >= series->event && !counterfactual;
    row[CONSTANT] = 1;
    row[TREND] = (double)position;
    row[LEVEL] = after;
    if (r->changes == 2)
        row[SLOPE] = after ? (double)(position - series->event) : 0;
    double *rest = row + TREND + 1 + r->changes;
    impact_fill_season(r->options->season, r->options->harmonics, (int64_t)position, rest);
    for (size_t j = 0; j < series->n_controls; j++)
        rest[r->n_seasons + j] = series->controls[position * series->n_controls + j];
}

static void name_column(const struct regression *r, size_t column, char *name, size_t size) {
    static const char *const fixed[] = {"level_before", "trend_before", "level_change",
                                        "slope_change"};
    const size_t season = r->options->season, rest = TREND + 1 + r->changes;
    if (column < rest)
        snprintf(name, size, "%s", fixed[column]);
    else if (column >= rest + r->n_seasons)
        snprintf(name, size, "control %s", r->options->control_names[column - rest - r->n_seasons]);
    else if (r->options->harmonics == 0)
        snprintf(name, size, "season %zu of %zu", column - rest + 2, season);
    else
        snprintf(name, size, "%s %zu of %zu", (column - rest) % 2 ? "sine" : "cosine",
                 (column - rest) / 2 + 1, season);
}

/* ---- 2. Fitting ------------------------------------------------------------------------------ */

static int check_lengths(const struct regression *r, struct error *err) {
    const size_t needed = columns_before(r) + 2;
    if (r->series->before < needed)
        return error_set(err, ERROR_DATA,
                         "the time before the event is too short: found %zu periods with values, "
                         "expected at least %zu for the %zu numbers to be fitted there",
                         r->series->before, needed, columns_before(r));
    if (r->series->after < r->changes)
        return error_set(err, ERROR_DATA,
                         "found %zu periods with values after the event, expected at least %zu%s",
                         r->series->after, r->changes,
                         r->series->after == 1 ? "; --change level needs one" : "");
    return 0;
}

static int gather(struct regression *r, struct error *err) {
    r->n = r->series->before + r->series->after;
    r->positions = malloc(r->n * sizeof *r->positions);
    r->x = malloc(r->n * r->k * sizeof *r->x);
    r->y = malloc(r->n * sizeof *r->y);
    r->covariance = malloc(r->k * r->k * sizeof *r->covariance);
    if (!r->positions || !r->x || !r->y || !r->covariance)
        return error_memory(err);
    size_t n = 0;
    for (size_t t = 0; t < r->series->n; t++) {
        if (!impact_known(r->series, t))
            continue;
        r->positions[n] = t;
        r->y[n] = r->series->value[t];
        fill_row(r, t, false, r->x + n * r->k);
        n++;
    }
    r->first_after = r->series->before;
    return 0;
}

static int fit(struct regression *r, struct error *err) {
    size_t dependent;
    struct error inner = {0};
    if (impact_fit_least_squares(r->x, r->y, r->n, r->k, &r->fit, &dependent, &inner)) {
        char name[200];
        if (dependent >= r->k)
            return error_set(err, inner.code, "%s", inner.text);
        name_column(r, dependent, name, sizeof name);
        return error_set(err, ERROR_DATA,
                         "'%s' cannot be told from what stands beside it: expected more periods, "
                         "fewer seasons or other controls",
                         name);
    }
    /* The analyser loses sight of the arrays here; impact_regress frees them all. */
    const double degrees = (double)(r->n - r->k); // NOLINT(clang-analyzer-unix.Malloc)
    r->variance = r->fit.squares / degrees;
    r->reach = gsl_cdf_tdist_Qinv((1 - r->options->confidence) / 2, degrees);
    return hac_covariance(&r->fit, r->x, &r->options->hac, r->covariance, &r->bandwidth, err);
}

/* ---- 3. What was expected, and the effects ----------------------------------------------------
 */

static double form(const struct regression *r, const double *c) {
    double sum = 0;
    for (size_t i = 0; i < r->k; i++)
        for (size_t j = 0; j < r->k; j++)
            sum += c[i] * r->covariance[i * r->k + j] * c[j];
    return fmax(sum, 0);
}

/* The weighted autocovariances of the residuals: ret[l], l < most. */
static void weigh_autocovariances(const struct regression *r, size_t most, double *ret) {
    for (size_t l = 0; l < most; l++) {
        const double weight = hac_weight(&r->options->hac, r->bandwidth, l);
        ret[l] = 0;
        for (size_t t = l; t < r->n && weight != 0; t++)
            ret[l] +=
                weight * r->fit.residuals[t] * r->fit.residuals[t - l] / (double)(r->n - r->k);
    }
}

struct total {
    size_t periods;
    double actual, expected, noise;
    double *c; /* sum of rows */
};

static struct impact_bounds add_to_total(const struct regression *r, struct total *total,
                                         double actual, double expected, const double *row,
                                         const double *autocovariance) {
    /* The noise of a sum grows by that of the new period and its covariance with those before. */
    total->noise += autocovariance[0];
    for (size_t l = 1; l <= total->periods; l++)
        total->noise += 2 * autocovariance[l];
    total->periods++;
    total->actual += actual;
    total->expected += expected;
    for (size_t j = 0; j < r->k; j++)
        total->c[j] += row[j];
    const double variance = form(r, total->c) + fmax(total->noise, 0);
    return impact_around(total->actual - total->expected, r->reach * sqrt(variance));
}

static void compare(const struct regression *r, const double *autocovariance, double *row,
                    struct total *total, struct impact_result *ret) {
    for (size_t t = 0; t < r->series->n; t++) {
        struct impact_period *period = &ret->periods[t];
        if (!impact_controls_known(r->series, t))
            continue;
        fill_row(r, t, true, row);
        double expected = 0;
        for (size_t j = 0; j < r->k; j++)
            expected += row[j] * r->fit.coefficients[j];
        const double reach = r->reach * sqrt(form(r, row) + r->variance);
        const double actual = r->series->value[t];
        period->expected = impact_around(expected, reach);
        if (isnan(actual))
            continue;
        period->effect = impact_around(actual - expected, reach);
        if (t >= r->series->event)
            period->cumulative = add_to_total(r, total, actual, expected, row, autocovariance);
    }
}

/* ---- 4. Figures ------------------------------------------------------------------------------ */

static int report_fit(const struct regression *r, struct impact_result *ret, struct error *err) {
    const double *e = r->fit.residuals;
    double mean = 0, total = 0, changes = 0;
    for (size_t t = 0; t < r->n; t++)
        mean += r->y[t] / (double)r->n;
    for (size_t t = 0; t < r->n; t++) {
        total += (r->y[t] - mean) * (r->y[t] - mean);
        changes += t > 0 ? (e[t] - e[t - 1]) * (e[t] - e[t - 1]) : 0;
    }
    return impact_figure_plain(ret, "residual_sd", sqrt(r->variance), err) ||
                   impact_figure_plain(ret, "r_squared",
                                       total > 0 ? 1 - r->fit.squares / total : NAN, err) ||
                   impact_figure_plain(ret, "autocorrelation", impact_autocorrelation(e, r->n),
                                       err) ||
                   impact_figure_plain(ret, "durbin_watson",
                                       r->fit.squares > 0 ? changes / r->fit.squares : NAN, err)
               ? err->code
               : 0;
}

/* The columns before the event, without those of the changes. */
static int report_break(const struct regression *r, struct impact_result *ret, struct error *err) {
    const size_t k = columns_before(r), n = r->first_after;
    double *x = malloc(n * k * sizeof *x);
    struct impact_break found;
    if (!x)
        return error_memory(err);
    for (size_t t = 0; t < n; t++) {
        const double *row = r->x + t * r->k;
        x[t * k] = row[CONSTANT];
        x[t * k + 1] = row[TREND];
        memcpy(x + t * k + 2, row + 2 + r->changes, (k - 2) * sizeof *x);
    }
    struct error inner = {0};
    int code = impact_find_break(x, r->y, n, k, r->options->seed, &found, &inner);
    free(x);
    /* Columns that only depend on each other before the event leave nothing to test. */
    if (code == ERROR_DATA)
        found = (struct impact_break){.p = NAN};
    else if (code)
        return error_set(err, code, "%s", inner.text);
    return impact_report_break(ret, r->series, &found, r->positions, err);
}

static void put_p(const struct regression *r, struct impact_figure *figure) {
    if (figure->error > 0)
        figure->p =
            2 * gsl_cdf_tdist_Q(fabs(figure->of.value / figure->error), (double)(r->n - r->k));
}

/* Few periods after the event leave next to nothing of their own residuals, and the scores that
 * the errors of the changes are made of vanish: better none than one near zero. */
enum { SPARE_AFTER = 3 };

static int report_coefficients(const struct regression *r, struct impact_result *ret,
                               struct error *err) {
    const bool few = r->series->after < r->changes + SPARE_AFTER;
    for (size_t j = 0; j < r->k; j++) {
        char name[200];
        name_column(r, j, name, sizeof name);
        struct impact_figure *figure = impact_figure_add(ret, err, "%s", name);
        if (!figure)
            return err->code;
        figure->of.value = r->fit.coefficients[j];
        if (few && j >= LEVEL && j < LEVEL + r->changes)
            continue;
        figure->error = sqrt(fmax(r->covariance[j * r->k + j], 0));
        figure->of = impact_around(figure->of.value, r->reach * figure->error);
        put_p(r, figure);
    }
    return few ? impact_warn(ret, err,
                             "%zu periods after the event are too few for errors of the changes of "
                             "level and slope, expected %zu or more; the effects have theirs",
                             r->series->after, r->changes + SPARE_AFTER)
               : 0;
}

static int report_effects(const struct regression *r, const struct total *total,
                          struct impact_result *ret, struct error *err) {
    const double periods = (double)total->periods, effect = total->actual - total->expected;
    const double error = sqrt(form(r, total->c) + fmax(total->noise, 0));
    const struct {
        const char *name;
        double value, scale; /* of the error of the sum */
    } effects[] = {
        {"effect_mean", effect / periods, 1 / periods},
        {"effect_cumulative", effect, 1},
        {"effect_relative", total->actual / total->expected - 1,
         fabs(total->actual) / (total->expected * total->expected)},
    };
    for (size_t i = 0; i < sizeof effects / sizeof *effects; i++) {
        struct impact_figure *figure = impact_figure_add(ret, err, "%s", effects[i].name);
        if (!figure)
            return err->code;
        if (i == 2 && !(total->expected > 0)) /* a share of nothing, or of a loss */
            continue;
        figure->error = error * effects[i].scale;
        figure->of = impact_around(effects[i].value, r->reach * figure->error);
        if (i < 2)
            put_p(r, figure);
    }
    return 0;
}

static int compare_and_report(struct regression *r, struct impact_result *ret, struct error *err) {
    struct total total = {.c = calloc(r->k, sizeof(double))};
    double *row = calloc(r->k, sizeof *row);
    double *autocovariance = malloc((r->series->after + 1) * sizeof *autocovariance);
    int code = total.c && row && autocovariance ? 0 : error_memory(err);
    if (!code) {
        weigh_autocovariances(r, r->series->after + 1, autocovariance);
        compare(r, autocovariance, row, &total, ret);
        code = impact_count_figures(ret, r->series, err) || report_fit(r, ret, err) ||
                       report_break(r, ret, err) ||
                       impact_figure_plain(ret, "bandwidth", r->bandwidth, err) ||
                       report_coefficients(r, ret, err) || report_effects(r, &total, ret, err)
                   ? err->code
                   : 0;
    }
    free(total.c);
    free(row);
    free(autocovariance);
    return code;
}

int impact_regress(const struct impact_series *series,
                   const struct impact_regression_options *options, struct impact_result *ret,
                   struct error *err) {
    struct regression r = {.series = series, .options = options, .changes = options->slope ? 2 : 1};
    r.n_seasons = impact_season_columns(options->season, options->harmonics);
    r.k = TREND + 1 + r.changes + r.n_seasons + series->n_controls;
    int code = impact_result_begin(ret, series->n, err);
    if (!code && series->n > 0) {
        code = check_lengths(&r, err) || gather(&r, err) || fit(&r, err) ||
                       compare_and_report(&r, ret, err)
                   ? err->code
                   : 0;
    }
    impact_fit_free(&r.fit);
    free(r.positions);
    free(r.x);
    free(r.y);
    free(r.covariance);
    if (code)
        impact_result_free(ret);
    return code;
}
