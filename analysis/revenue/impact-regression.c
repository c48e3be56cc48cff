/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Segmented regression.
 *
 *   1. Columns
 *   2. Fitting
 *   3. Answers, by either kind of errors
 *   4. What was expected, and the effects
 *   5. Figures
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
    double variance;    /* s^2 of the least squares */
    struct ar1 ar1;     /* of IMPACT_AR1 and IMPACT_AR1_REML */
    double *covariance; /* of IMPACT_HAC, as the rest: k x k */
    double bandwidth;
    double *autocovariances; /* of the residuals, weighted, from lag 0 to the periods after */
};

static bool by_hac(const struct regression *r) {
    return r->options->errors == IMPACT_HAC;
}

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
    r->autocovariances = malloc((r->series->after + 1) * sizeof *r->autocovariances);
    if (!r->positions || !r->x || !r->y || !r->covariance || !r->autocovariances)
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

/* Of the residuals, weighted by the kernel. */
static void weigh_autocovariances(struct regression *r) {
    for (size_t l = 0; l <= r->series->after; l++) {
        const double weight = hac_weight(&r->options->hac, r->bandwidth, l);
        r->autocovariances[l] = 0;
        for (size_t t = l; t < r->n && weight != 0; t++)
            r->autocovariances[l] +=
                weight * r->fit.residuals[t] * r->fit.residuals[t - l] / (double)(r->n - r->k);
    }
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
    r->variance = r->fit.squares / (double)(r->n - r->k); // NOLINT(clang-analyzer-unix.Malloc)
    if (!by_hac(r))
        return ar1_fit(&r->fit, r->x, r->positions,
                       r->options->errors == IMPACT_AR1 ? AR1_INTEGRATED : AR1_REML, &r->ar1, err);
    if (hac_covariance(&r->fit, r->x, &r->options->hac, r->covariance, &r->bandwidth, err))
        return err->code;
    weigh_autocovariances(r);
    return 0;
}

/* ---- 3. Answers, by either kind of errors ------------------------------------------------------
 */

static double form(const struct regression *r, const double *c) {
    double sum = 0;
    for (size_t i = 0; i < r->k; i++)
        for (size_t j = 0; j < r->k; j++)
            sum += c[i] * r->covariance[i * r->k + j] * c[j];
    return fmax(sum, 0);
}

static double dot(const struct regression *r, const double *c) {
    double sum = 0;
    for (size_t j = 0; j < r->k; j++)
        sum += c[j] * r->fit.coefficients[j];
    return sum;
}

static struct impact_answer student(const struct regression *r, double value, double variance,
                                    double against) {
    const double degrees = (double)(r->n - r->k), error = sqrt(fmax(variance, 0));
    const double reach = error * gsl_cdf_tdist_Qinv((1 - r->options->confidence) / 2, degrees);
    struct impact_answer ret = {value, error, value - reach, value + reach, NAN};
    if (error > 0)
        ret.p = 2 * gsl_cdf_tdist_Q(fabs(value - against) / error, degrees);
    return ret;
}

static struct impact_answer ask_coefficient(struct regression *r, size_t j) {
    return by_hac(r) ? student(r, r->fit.coefficients[j], r->covariance[j * r->k + j], 0)
                     : ar1_coefficient(&r->ar1, j, r->options->confidence);
}

/* A row before the event, or a gap there: what the noise of its neighbours says of its own. `row`
 * is the first known row that does not come before it. */
static struct impact_answer ask_before(struct regression *r, size_t position, const double *columns,
                                       size_t row) {
    if (by_hac(r))
        return student(r, dot(r, columns), form(r, columns) + r->variance, NAN);
    struct ar1_neighbour before = {0}, after = {0};
    if (r->positions[row] == position)
        before.row = r->x + row * r->k;
    else {
        after = (struct ar1_neighbour){r->x + row * r->k, r->positions[row] - position};
        if (row > 0)
            before =
                (struct ar1_neighbour){r->x + (row - 1) * r->k, position - r->positions[row - 1]};
    }
    return ar1_period(&r->ar1, columns, before, after, r->options->confidence, NAN);
}

/* What periods since the event were to be in all. */
struct total {
    size_t periods;
    double actual;
    double *columns, noise; /* of HAC */
    struct ar1_sum sum;
};

static int total_begin(const struct regression *r, struct total *ret, struct error *err) {
    *ret = (struct total){.columns = calloc(r->k, sizeof(double))};
    if (!ret->columns)
        return error_memory(err);
    return by_hac(r) ? 0
                     : ar1_sum_begin(&r->ar1, r->x + (r->first_after - 1) * r->k, &ret->sum, err);
}

static void total_free(struct total *total) {
    free(total->columns);
    ar1_sum_free(&total->sum);
}

static void total_add(const struct regression *r, struct total *total, size_t position,
                      const double *columns, double actual) {
    /* The noise of a sum grows by that of the new period and its covariance with those before. */
    if (by_hac(r)) {
        total->noise += r->autocovariances[0];
        for (size_t l = 1; l <= total->periods; l++)
            total->noise += 2 * r->autocovariances[l];
        for (size_t j = 0; j < r->k; j++)
            total->columns[j] += columns[j];
    } else
        ar1_sum_add(&r->ar1, &total->sum, columns, position - r->positions[r->first_after - 1]);
    total->periods++;
    total->actual += actual;
}

static struct impact_answer total_ask(struct regression *r, const struct total *total) {
    return by_hac(r) ? student(r, dot(r, total->columns),
                               form(r, total->columns) + fmax(total->noise, 0), total->actual)
                     : ar1_sum_answer(&r->ar1, &total->sum, r->options->confidence, total->actual);
}

static struct impact_answer ask_after(struct regression *r, size_t position,
                                      const double *columns) {
    if (by_hac(r))
        return student(r, dot(r, columns), form(r, columns) + r->variance, NAN);
    const size_t last = r->first_after - 1;
    const struct ar1_neighbour before = {r->x + last * r->k, position - r->positions[last]},
                               after = {0};
    return ar1_period(&r->ar1, columns, before, after, r->options->confidence, NAN);
}

/* ---- 4. What was expected, and the effects ----------------------------------------------------
 */

static struct impact_bounds bounds_of(struct impact_answer answer) {
    return (struct impact_bounds){answer.value, answer.lower, answer.upper};
}

/* actual - expected */
static struct impact_bounds less(double actual, struct impact_answer expected) {
    return (struct impact_bounds){actual - expected.value, actual - expected.upper,
                                  actual - expected.lower};
}

static void compare(struct regression *r, double *columns, struct total *total,
                    struct impact_result *ret) {
    size_t row = 0;
    for (size_t t = 0; t < r->series->n; t++) {
        struct impact_period *period = &ret->periods[t];
        const bool after = t >= r->series->event;
        while (row < r->n && r->positions[row] < t)
            row++;
        if (!impact_controls_known(r->series, t))
            continue;
        fill_row(r, t, true, columns);
        const struct impact_answer expected =
            after ? ask_after(r, t, columns) : ask_before(r, t, columns, row);
        const double actual = r->series->value[t];
        period->expected = bounds_of(expected);
        if (isnan(actual))
            continue;
        period->effect = less(actual, expected);
        if (!after)
            continue;
        total_add(r, total, t, columns, actual);
        period->cumulative = less(total->actual, total_ask(r, total));
    }
}

/* ---- 5. Figures ------------------------------------------------------------------------------ */

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

/* Noise forgets in 1/(1 - rho) periods. With fewer than so many of these times intervals of the
 * change of slope hold less than 90 % where they say 95 % (docs/arpu-impact.md). */
#define MEMORIES 6

/* What is left of the residuals once each is told from the one before it should not be correlated:
 * Ljung & Box, with a lag less for rho. */
static int report_noise(struct regression *r, struct impact_result *ret, struct error *err) {
    if (!(r->ar1.nodes[0].variance > 0))
        return impact_warn(ret, err,
                           "the model fits exactly, and no noise is left to tell how sure it is: "
                           "the intervals have no width");
    const struct impact_answer rho = ar1_correlation(&r->ar1, r->options->confidence);
    struct impact_figure *figure = impact_figure_add(ret, err, "noise_autocorrelation");
    if (!figure)
        return err->code;
    figure->of = bounds_of(rho);
    figure->error = rho.error;
    double *left = malloc(r->n * sizeof *left);
    if (!left)
        return error_memory(err);
    ar1_innovations(&r->ar1, r->x, r->y, r->positions, r->n, left);
    const size_t lags = r->n / 5 < 10 ? r->n / 5 : 10;
    const int code = impact_report_ljung_box(ret, left, r->n, lags, 1, err);
    free(left);
    if (code)
        return code;
    if (ret->figures[ret->n_figures - 1].p < 0.05 &&
        impact_warn(ret, err,
                    "what one period says of the next is not all that is left in the residuals "
                    "(Ljung-Box p = %.3g): intervals may be too narrow; the model leaves something "
                    "out, such as a season, or try --method local-level",
                    ret->figures[ret->n_figures - 1].p))
        return err->code;
    return r->changes == 2 && (1 - rho.value) * (double)r->n < MEMORIES
               ? impact_warn(ret, err,
                             "the noise is nearly a random walk for %zu periods (autocorrelation "
                             "%.2g): intervals of slope_change may be too narrow; --method "
                             "local-level or local-trend does not take the line as known to go on",
                             r->n, rho.value)
               : 0;
}

static int report_errors(struct regression *r, struct impact_result *ret, struct error *err) {
    return by_hac(r) ? impact_figure_plain(ret, "bandwidth", r->bandwidth, err)
                     : report_noise(r, ret, err);
}

/* Few periods after the event leave next to nothing of their own residuals, and the scores that
 * HAC errors of the changes are made of vanish: better none than one near zero. */
enum { SPARE_AFTER = 3 };

static int report_coefficients(struct regression *r, struct impact_result *ret, struct error *err) {
    const bool few = by_hac(r) && r->series->after < r->changes + SPARE_AFTER;
    for (size_t j = 0; j < r->k; j++) {
        char name[200];
        name_column(r, j, name, sizeof name);
        struct impact_figure *figure = impact_figure_add(ret, err, "%s", name);
        if (!figure)
            return err->code;
        const struct impact_answer answer = ask_coefficient(r, j);
        figure->of.value = answer.value;
        if (few && j >= LEVEL && j < LEVEL + r->changes)
            continue;
        figure->of = bounds_of(answer);
        figure->error = answer.error;
        figure->p = answer.p;
    }
    return few ? impact_warn(ret, err,
                             "%zu periods after the event are too few for HAC errors of the "
                             "changes of level and slope, expected %zu or more; the effects have "
                             "theirs",
                             r->series->after, r->changes + SPARE_AFTER)
               : 0;
}

/* Of sums that are not above 0 nothing is a share. HAC: by the delta method. */
static void relative(const struct regression *r, double actual, struct impact_answer expected,
                     struct impact_figure *figure) {
    if (!by_hac(r))
        figure->of = impact_relative(actual, bounds_of(expected));
    else if (expected.value > 0) {
        const double scale = fabs(actual) / (expected.value * expected.value);
        figure->error = expected.error * scale;
        figure->of =
            impact_around(actual / expected.value - 1, (expected.upper - expected.value) * scale);
    }
}

static int report_effects(struct regression *r, const struct total *total,
                          struct impact_result *ret, struct error *err) {
    static const char *const names[] = {"effect_mean", "effect_cumulative"};
    const struct impact_answer expected = total_ask(r, total);
    const struct impact_bounds effect = less(total->actual, expected);
    for (size_t i = 0; i < 2; i++) {
        const double share = i == 0 ? 1 / (double)total->periods : 1;
        struct impact_figure *figure = impact_figure_add(ret, err, "%s", names[i]);
        if (!figure)
            return err->code;
        figure->of = (struct impact_bounds){effect.value * share, effect.lower * share,
                                            effect.upper * share};
        figure->error = expected.error * share;
        figure->p = expected.p;
    }
    struct impact_figure *figure = impact_figure_add(ret, err, "effect_relative");
    if (!figure)
        return err->code;
    relative(r, total->actual, expected, figure);
    return 0;
}

static int compare_and_report(struct regression *r, struct impact_result *ret, struct error *err) {
    struct total total;
    double *columns = calloc(r->k, sizeof *columns);
    int code = total_begin(r, &total, err);
    if (!code && !columns)
        code = error_memory(err);
    if (!code) {
        compare(r, columns, &total, ret);
        code = impact_count_figures(ret, r->series, err) || report_fit(r, ret, err) ||
                       report_break(r, ret, err) || report_errors(r, ret, err) ||
                       report_coefficients(r, ret, err) || report_effects(r, &total, ret, err)
                   ? err->code
                   : 0;
    }
    total_free(&total);
    free(columns);
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
    free(r.autocovariances);
    ar1_free(&r.ar1);
    if (code)
        impact_result_free(ret);
    return code;
}
