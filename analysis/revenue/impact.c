/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the methods share: results, and the test for a break before the event. */
#include "revenue/impact.h"

#include "base/buffer.h"
#include "base/random.h"
#include "revenue/impact-fit.h"

#include <gsl/gsl_cdf.h>
#include <gsl/gsl_randist.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- Results --------------------------------------------------------------------------------- */

const struct impact_bounds impact_unknown = {NAN, NAN, NAN};

struct impact_bounds impact_around(double value, double reach) {
    return (struct impact_bounds){value, value - reach, value + reach};
}

struct impact_bounds impact_relative(double actual, struct impact_bounds expected) {
    if (!(expected.lower > 0))
        return impact_unknown;
    const double low = actual / (actual > 0 ? expected.upper : expected.lower) - 1;
    const double high = actual / (actual > 0 ? expected.lower : expected.upper) - 1;
    return (struct impact_bounds){actual / expected.value - 1, low, high};
}

int impact_result_begin(struct impact_result *result, size_t n, struct error *err) {
    *result = (struct impact_result){.n = n};
    result->periods = malloc((n + 1) * sizeof *result->periods);
    if (!result->periods)
        return error_memory(err);
    for (size_t t = 0; t < n; t++)
        result->periods[t] = (struct impact_period){impact_unknown, impact_unknown, impact_unknown};
    return 0;
}

void impact_result_free(struct impact_result *result) {
    free(result->periods);
    free(result->figures);
    arena_free(&result->names);
    *result = (struct impact_result){0};
}

static struct text keep(struct impact_result *result, const char *format, va_list arguments) {
    char text[600];
    vsnprintf(text, sizeof text, format, arguments);
    return text_of(arena_text(&result->names, text, strlen(text)));
}

struct impact_figure *impact_figure_add(struct impact_result *result, struct error *err,
                                        const char *format, ...) {
    if (array_reserve((void **)&result->figures, &result->capacity, result->n_figures + 1,
                      sizeof *result->figures, err))
        return NULL;
    va_list arguments;
    va_start(arguments, format);
    const struct text name = keep(result, format, arguments);
    va_end(arguments);
    if (name.length == 0) {
        error_memory(err);
        return NULL;
    }
    struct impact_figure *figure = &result->figures[result->n_figures++];
    *figure =
        (struct impact_figure){.quantity = name, .of = impact_unknown, .error = NAN, .p = NAN};
    return figure;
}

int impact_figure_plain(struct impact_result *result, const char *name, double value,
                        struct error *err) {
    struct impact_figure *figure = impact_figure_add(result, err, "%s", name);
    if (!figure)
        return err->code;
    figure->of.value = value;
    return 0;
}

int impact_warn(struct impact_result *result, struct error *err, const char *format, ...) {
    if (result->n_warnings == sizeof result->warnings / sizeof *result->warnings)
        return 0;
    va_list arguments;
    va_start(arguments, format);
    const struct text warning = keep(result, format, arguments);
    va_end(arguments);
    if (warning.length == 0)
        return error_memory(err);
    result->warnings[result->n_warnings++] = warning;
    return 0;
}

int impact_count_figures(struct impact_result *result, const struct impact_series *series,
                         struct error *err) {
    const size_t missing = series->n - series->before - series->after;
    return impact_figure_plain(result, "periods_before", (double)series->before, err) ||
                   impact_figure_plain(result, "periods_after", (double)series->after, err) ||
                   impact_figure_plain(result, "periods_missing", (double)missing, err)
               ? err->code
               : 0;
}

int impact_report_ljung_box(struct impact_result *result, const double *errors, size_t n,
                            size_t lags, size_t used, struct error *err) {
    struct impact_figure *figure = impact_figure_add(result, err, "ljung_box");
    double mean = 0, square = 0, q = 0;
    if (!figure)
        return err->code;
    for (size_t t = 0; t < n; t++)
        mean += errors[t] / (double)n;
    for (size_t t = 0; t < n; t++)
        square += (errors[t] - mean) * (errors[t] - mean);
    if (lags <= used || !(square > 0))
        return 0;
    for (size_t l = 1; l <= lags; l++) {
        double sum = 0;
        for (size_t t = l; t < n; t++)
            sum += (errors[t] - mean) * (errors[t - l] - mean);
        q += sum / square * sum / square / (double)(n - l);
    }
    figure->of.value = q * (double)n * (double)(n + 2);
    figure->p = gsl_cdf_chisq_Q(figure->of.value, (double)(lags - used));
    return 0;
}

/* ---- Breaks ---------------------------------------------------------------------------------- */

enum { DRAWS = 999, LEAST_ROWS = 10, PURPOSE_BREAK = 0x62726b };

double impact_autocorrelation(const double *residuals, size_t n) {
    double product = 0, square = 0;
    for (size_t t = 0; t < n; t++) {
        square += residuals[t] * residuals[t];
        if (t > 0)
            product += residuals[t] * residuals[t - 1];
    }
    return square > 0 ? product / square : NAN;
}

/* What is the same for every draw: what is left of the shift at each row when x is taken out. */
struct search {
    const double *x;
    size_t n, k, from, to;
    struct impact_fit fit;
    double *left; /* d'Md for a shift d that begins at row b; by b */
};

/* Suffix sums of x give d'x, and d'Md = d'd - d'x (X'X)^-1 x'd. */
static int prepare(struct search *search, const double *y, struct error *err) {
    const size_t n = search->n, k = search->k;
    size_t dependent;
    search->left = calloc(n, sizeof *search->left);
    double *sums = calloc(k, sizeof *sums);
    int code = search->left && sums ? 0 : error_memory(err);
    if (!code)
        code = impact_fit_least_squares(search->x, y, n, k, &search->fit, &dependent, err);
    for (size_t b = n; b-- > 0 && !code;) {
        double left = (double)(n - b);
        for (size_t j = 0; j < k; j++)
            sums[j] += search->x[b * k + j];
        for (size_t i = 0; i < k; i++)
            for (size_t j = 0; j < k; j++)
                left -= sums[i] * search->fit.inverse[i * k + j] * sums[j];
        search->left[b] = left;
    }
    free(sums);
    return code;
}

/* The largest F = (d'e)^2 / d'Md / s^2, s^2 of the regression with that shift in it. */
static double largest(const struct search *search, const double *residuals, size_t *ret_row) {
    double total = 0, suffix = 0, most = 0;
    const double degrees = (double)(search->n - search->k) - 1;
    for (size_t t = 0; t < search->n; t++)
        total += residuals[t] * residuals[t];
    for (size_t b = search->n; b-- > search->from;) {
        suffix += residuals[b];
        if (b >= search->to || !(search->left[b] > 1e-9))
            continue;
        const double explained = suffix * suffix / search->left[b];
        const double f = explained / (fmax(total - explained, 1e-12 * total) / degrees);
        if (f > most) {
            most = f;
            *ret_row = b;
        }
    }
    return sqrt(most);
}

/* Residuals, on x, of AR(1) noise of unit innovations that begins in its stationary state. */
static void draw_residuals(const struct search *search, double rho, uint32_t seed, uint32_t draw,
                           double *room, double *noise) {
    const size_t n = search->n, k = search->k;
    struct random_stream stream;
    random_open(&stream, seed, 0, draw, 0, PURPOSE_BREAK);
    gsl_rng *rng = random_gsl(&stream);
    noise[0] = gsl_ran_gaussian(rng, 1 / sqrt(1 - rho * rho));
    for (size_t t = 1; t < n; t++)
        noise[t] = rho * noise[t - 1] + gsl_ran_gaussian(rng, 1);
    for (size_t i = 0; i < 2 * k; i++)
        room[i] = 0;
    for (size_t t = 0; t < n; t++)
        for (size_t j = 0; j < k; j++)
            room[j] += search->x[t * k + j] * noise[t];
    for (size_t i = 0; i < k; i++)
        for (size_t j = 0; j < k; j++)
            room[k + i] += search->fit.inverse[i * k + j] * room[j];
    for (size_t t = 0; t < n; t++)
        for (size_t j = 0; j < k; j++)
            noise[t] -= search->x[t * k + j] * room[k + j];
}

static int compare_with_draws(const struct search *search, uint32_t seed, struct impact_break *ret,
                              struct error *err) {
    double *noise = calloc(search->n, sizeof *noise);
    double *room = calloc(2 * search->k, sizeof *room);
    if (!noise || !room) {
        free(noise);
        free(room);
        return error_memory(err);
    }
    double rho = impact_autocorrelation(search->fit.residuals, search->n);
    rho = fmax(-0.99, fmin(0.99, rho));
    size_t row, larger = 0;
    for (uint32_t draw = 0; draw < DRAWS; draw++) {
        draw_residuals(search, rho, seed, draw, room, noise);
        larger += largest(search, noise, &row) >= ret->statistic;
    }
    ret->p = (1 + (double)larger) / (1 + DRAWS);
    free(noise);
    free(room);
    return 0;
}

int impact_find_break(const double *x, const double *y, size_t n, size_t k, uint32_t seed,
                      struct impact_break *ret, struct error *err) {
    *ret = (struct impact_break){.statistic = NAN, .p = NAN};
    if (n < LEAST_ROWS || n < k + 4)
        return 0;
    const size_t margin = (size_t)ceil(0.15 * (double)n);
    struct search search = {.x = x, .n = n, .k = k, .from = margin, .to = n - margin + 1};
    double scale = 0;
    for (size_t t = 0; t < n; t++)
        scale += y[t] * y[t];
    int code = prepare(&search, y, err);
    /* A perfect fit has only rounding errors left, which say nothing. */
    if (!code && search.fit.squares > 1e-20 * scale) {
        ret->statistic = largest(&search, search.fit.residuals, &ret->row);
        code = compare_with_draws(&search, seed, ret, err);
    }
    impact_fit_free(&search.fit);
    free(search.left);
    return code;
}

int impact_report_break(struct impact_result *result, const struct impact_series *series,
                        const struct impact_break *found, const size_t *positions,
                        struct error *err) {
    struct impact_figure *figure = impact_figure_add(result, err, "break_before");
    if (!figure)
        return err->code;
    if (isnan(found->p))
        return 0;
    char at[CALENDAR_TEXT];
    const int length = period_format(impact_at(series, positions[found->row]), at);
    figure->of.value = found->statistic;
    figure->p = found->p;
    const char *kept = arena_text(&result->names, at, (size_t)length);
    if (!kept)
        return error_memory(err);
    figure->at = text_of(kept);
    if (found->p >= 0.05)
        return 0;
    return impact_warn(result, err,
                       "the series shifts before the event, at %s (p = %.3g): what is expected "
                       "after the event may be wrong",
                       at, found->p);
}
