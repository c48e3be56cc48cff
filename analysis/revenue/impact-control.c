/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Synthetic control.
 *
 *   1. Weights
 *   2. Conformal intervals
 *   3. The periods
 *   4. Placebos
 *   5. Figures
 */
#include "revenue/impact-control.h"

#include "base/workers.h"
#include "revenue/impact-hull.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct control {
    const struct impact_series *series;
    const struct impact_control_options *options;
    size_t n, before, j; /* known periods, those before the event, controls */
    size_t *positions;   /* n */
    double *y, *x;       /* n; n x j */
    double *weights;     /* j */
    double *gap;         /* n: y - x w */
    struct hull_fit fit;
};

/* ---- 1. Weights ------------------------------------------------------------------------------ */

/* A problem of its own: a target and columns, of which some rows are fitted. */
struct problem {
    size_t j;
    const double *y, *x;
    size_t stride, skip; /* x[t * stride + column], without column `skip`; SIZE_MAX: with all */
};

static double column_at(const struct problem *problem, size_t t, size_t column) {
    return problem->x[t * problem->stride + column + (column >= problem->skip)];
}

/* Adds rows from..to of (x_j - y)(x_k - y) to the j x j products. */
static void add_products(const struct problem *problem, size_t from, size_t to, double less,
                         double *row, double *gram) {
    for (size_t t = from; t < to; t++) {
        for (size_t i = 0; i < problem->j; i++)
            row[i] = column_at(problem, t, i) - (problem->y[t] - less);
        for (size_t i = 0; i < problem->j; i++)
            for (size_t k = 0; k < problem->j; k++)
                gram[i * problem->j + k] += row[i] * row[k];
    }
}

static int fit_weights(const struct problem *problem, size_t rows, double *weights,
                       struct hull_fit *ret, struct error *err) {
    double *gram = calloc(problem->j * problem->j, sizeof *gram);
    double *row = malloc(problem->j * sizeof *row);
    int code = gram && row ? 0 : error_memory(err);
    if (!code) {
        add_products(problem, 0, rows, 0, row, gram);
        code = hull_nearest(gram, problem->j, weights, ret, err);
    }
    free(gram);
    free(row);
    return code;
}

static double residual(const struct problem *problem, const double *weights, size_t t) {
    double expected = 0;
    for (size_t i = 0; i < problem->j; i++)
        expected += weights[i] * column_at(problem, t, i);
    return problem->y[t] - expected;
}

static struct problem whole(const struct control *control) {
    return (struct problem){control->j, control->y, control->x, control->j, SIZE_MAX};
}

/* ---- 2. Conformal intervals -------------------------------------------------------------------
 */

/* What is needed to test effects in the periods from..to after the event, besides all before it. */
struct conformal {
    const struct control *control;
    size_t from, to;
    double *before; /* j x j: the products before the event */
    double *gram, *row, *weights, *residuals;
};

static size_t conformal_room(const struct control *control) {
    return control->j * control->j + 2 * control->j + control->n;
}

/* p(a). */
static int test(struct conformal *conformal, double effect, double *ret, struct error *err) {
    const struct control *control = conformal->control;
    const struct problem problem = whole(control);
    const size_t j = control->j, tested = conformal->to - conformal->from;
    const size_t n = control->before + tested;
    struct hull_fit fit;
    memcpy(conformal->gram, conformal->before, j * j * sizeof *conformal->gram);
    add_products(&problem, conformal->from, conformal->to, effect, conformal->row, conformal->gram);
    if (hull_nearest(conformal->gram, j, conformal->weights, &fit, err))
        return err->code;
    double sum = 0;
    for (size_t t = 0; t < n; t++) {
        const size_t at = t < control->before ? t : conformal->from + t - control->before;
        conformal->residuals[t] =
            residual(&problem, conformal->weights, at) - (t < control->before ? 0 : effect);
    }
    for (size_t t = control->before; t < n; t++)
        sum += conformal->residuals[t];
    const double found = fabs(sum) * (1 - 1e-9);
    size_t larger = 0;
    for (size_t shift = 0; shift < n; shift++) { /* from the identity on */
        larger += fabs(sum) >= found;
        sum += conformal->residuals[(control->before + tested + shift) % n] -
               conformal->residuals[(control->before + shift) % n];
    }
    *ret = (double)larger / (double)n;
    return 0;
}

/* Where p(a) falls to 1 - confidence, to one side of the estimate. */
static int find_end(struct conformal *conformal, double estimate, double reach, double *ret,
                    struct error *err) {
    const double alpha = 1 - conformal->control->options->confidence;
    double inside = estimate, outside = estimate + reach, p = 0;
    for (int i = 0;; i++) {
        if (test(conformal, outside, &p, err))
            return err->code;
        if (!(p > alpha * (1 + 1e-12)))
            break;
        if (i == 60) { /* the weights follow any effect */
            *ret = NAN;
            return 0;
        }
        inside = outside;
        outside = estimate + (outside - estimate) * 2;
    }
    while (fabs(outside - inside) > 1e-9 * (fabs(outside - estimate) + fabs(reach))) {
        const double middle = (inside + outside) / 2;
        if (test(conformal, middle, &p, err))
            return err->code;
        *(p > alpha * (1 + 1e-12) ? &inside : &outside) = middle;
    }
    *ret = (inside + outside) / 2;
    return 0;
}

static bool attainable(const struct control *control, size_t tested) {
    return (double)(control->before + tested) * (1 - control->options->confidence) >= 1 - 1e-9;
}

/* An interval for the mean effect of periods from..to. */
static int find_interval(const struct control *control, const double *before, size_t from,
                         size_t to, double *room, struct impact_bounds *ret, double *ret_p,
                         struct error *err) {
    const size_t j = control->j;
    struct conformal conformal = {control,
                                  from,
                                  to,
                                  (double *)before,
                                  room,
                                  room + j * j,
                                  room + j * j + j,
                                  room + j * j + 2 * j};
    double mean = 0;
    for (size_t t = from; t < to; t++)
        mean += control->gap[t] / (double)(to - from);
    *ret = (struct impact_bounds){mean, NAN, NAN};
    if (test(&conformal, 0, ret_p, err))
        return err->code;
    if (!attainable(control, to - from))
        return 0;
    /* Taking off what was found need not leave the least p: start where residuals are. */
    double reach = sqrt(control->fit.squares / (double)control->before);
    if (!(reach > 1e-12 * fabs(mean)))
        reach = fmax(fabs(mean), 1) * 1e-12;
    return find_end(&conformal, mean, reach, &ret->upper, err) ||
                   find_end(&conformal, mean, -reach, &ret->lower, err)
               ? err->code
               : 0;
}

/* ---- 3. The periods -------------------------------------------------------------------------- */

struct intervals {
    const struct control *control;
    struct impact_result *result;
    double *before; /* the products before the event */
    double **rooms; /* a worker */
    double *p;      /* of the cumulative effect, by period */
};

/* Task i: the i-th period after the event by itself, and together with those before it. */
static int find_intervals(void *context, size_t index, int worker, struct error *err) {
    const struct intervals *all = context;
    const struct control *control = all->control;
    const size_t t = control->before + index;
    struct impact_period *period = &all->result->periods[control->positions[t]];
    struct impact_bounds mean;
    double p;
    if (find_interval(control, all->before, t, t + 1, all->rooms[worker], &period->effect, &p,
                      err) ||
        find_interval(control, all->before, control->before, t + 1, all->rooms[worker], &mean,
                      &all->p[index], err))
        return err->code;
    const double actual = control->y[t], together = (double)(index + 1);
    period->expected =
        (struct impact_bounds){actual - period->effect.value, actual - period->effect.upper,
                               actual - period->effect.lower};
    period->cumulative =
        (struct impact_bounds){together * mean.value, together * mean.lower, together * mean.upper};
    return 0;
}

static int compare(const struct control *control, struct impact_result *ret, double *ret_p,
                   struct error *err) {
    const int threads = control->options->threads < 1 ? 1 : control->options->threads;
    const size_t after = control->n - control->before, j = control->j;
    struct intervals all = {.control = control, .result = ret};
    const struct problem problem = whole(control);
    all.before = calloc(j * j, sizeof(double));
    all.rooms = calloc((size_t)threads, sizeof *all.rooms);
    all.p = calloc(after, sizeof(double));
    double *row = malloc(j * sizeof *row);
    int code = all.before && all.rooms && all.p && row ? 0 : error_memory(err);
    for (int i = 0; i < threads && !code; i++)
        if (!(all.rooms[i] = malloc(conformal_room(control) * sizeof(double))))
            code = error_memory(err);
    if (!code) {
        add_products(&problem, 0, control->before, 0, row, all.before);
        code = workers_run(threads, after, find_intervals, &all, err);
    }
    for (size_t t = 0; t < control->before && !code; t++) {
        struct impact_period *period = &ret->periods[control->positions[t]];
        period->effect.value = control->gap[t];
        period->expected.value = control->y[t] - control->gap[t];
    }
    if (!code)
        *ret_p = all.p[after - 1];
    for (int i = 0; i < threads && all.rooms; i++)
        free(all.rooms[i]);
    free(all.rooms);
    free(all.before);
    free(all.p);
    free(row);
    return code;
}

/* ---- 4. Placebos ----------------------------------------------------------------------------- */

struct trial {
    double before, after; /* root mean squared errors */
    double mean;          /* effect */
    double ratio;
};

/* Fits the rows before `event` and looks at the rest up to `end`. */
static int try(const struct problem *problem, size_t event, size_t end, double *weights,
               struct hull_fit *fit, struct trial *ret, struct error *err) {
    if (fit_weights(problem, event, weights, fit, err))
        return err->code;
    *ret = (struct trial){0};
    for (size_t t = 0; t < end; t++) {
        const double left = residual(problem, weights, t);
        *(t < event ? &ret->before : &ret->after) += left * left;
        ret->mean += t < event ? 0 : left / (double)(end - event);
    }
    ret->before = sqrt(ret->before / (double)event);
    ret->after = sqrt(ret->after / (double)(end - event));
    ret->ratio = ret->after / ret->before;
    return 0;
}

/* The ratio of each control as if it had been touched; *ret_larger counts those at least `ratio`.
 */
static int placebos_in_space(const struct control *control, double ratio, double *ratios,
                             size_t *ret_larger, struct error *err) {
    double *y = calloc(control->n + 1, sizeof *y);
    double *weights = calloc(control->j + 1, sizeof *weights);
    int code = y && weights ? 0 : error_memory(err);
    *ret_larger = 0;
    for (size_t d = 0; d < control->j && !code; d++) {
        const struct problem problem = {control->j - 1, y, control->x, control->j, d};
        struct trial trial = {0};
        struct hull_fit fit;
        for (size_t t = 0; t < control->n; t++)
            y[t] = control->x[t * control->j + d];
        code = try(&problem, control->before, control->n, weights, &fit, &trial, err);
        ratios[d] = code ? NAN : trial.ratio;
        *ret_larger += !code && !(trial.ratio < ratio * (1 - 1e-9));
    }
    free(y);
    free(weights);
    return code;
}

/* ---- 5. Figures ------------------------------------------------------------------------------ */

static int report_fit(const struct control *control, const struct trial *trial,
                      struct impact_result *ret, struct error *err) {
    double mean = 0, square = 0;
    for (size_t t = 0; t < control->before; t++)
        mean += control->y[t] / (double)control->before;
    for (size_t t = 0; t < control->before; t++)
        square += (control->y[t] - mean) * (control->y[t] - mean) / (double)control->before;
    if (impact_figure_plain(ret, "rmspe_before", trial->before, err) ||
        impact_figure_plain(ret, "rmspe_after", trial->after, err))
        return err->code;
    return trial->before * trial->before < 0.5 * square || square == 0
               ? 0
               : impact_warn(ret, err,
                             "the controls do not follow the series before the event: they leave "
                             "%.0f %% of its variance",
                             100 * trial->before * trial->before / square);
}

static int report_space(const struct control *control, double ratio, struct impact_result *ret,
                        struct error *err) {
    double *ratios = malloc(control->j * sizeof *ratios);
    size_t larger = 0;
    int code = ratios ? placebos_in_space(control, ratio, ratios, &larger, err) : error_memory(err);
    struct impact_figure *figure = code ? NULL : impact_figure_add(ret, err, "rmspe_ratio");
    if (figure) {
        figure->of.value = ratio;
        figure->p = (1 + (double)larger) / (double)(control->j + 1);
    }
    for (size_t d = 0; d < control->j && figure; d++) {
        figure = impact_figure_add(ret, err, "placebo %s", control->options->control_names[d]);
        if (figure)
            figure->of.value = ratios[d];
    }
    free(ratios);
    return figure ? 0 : err->code;
}

static int report_weights(const struct control *control, struct impact_result *ret,
                          struct error *err) {
    const double squares = control->fit.squares;
    if (impact_figure_plain(ret, "gap", squares > 0 ? control->fit.gap / squares : 0, err))
        return err->code;
    for (size_t d = 0; d < control->j; d++) {
        struct impact_figure *figure =
            impact_figure_add(ret, err, "weight %s", control->options->control_names[d]);
        if (!figure)
            return err->code;
        figure->of.value = control->weights[d];
        if (control->weights[d] > 0.9 &&
            impact_warn(ret, err, "%s has a weight of %.3g: what is expected rests on it alone",
                        control->options->control_names[d], control->weights[d]))
            return err->code;
    }
    return control->fit.unique
               ? 0
               : impact_warn(ret, err,
                             "the weights are not determined by the data: other weights fit the "
                             "%zu periods before the event as well, and may expect something else",
                             control->before);
}

/* The mean effect without each control that counts. */
static int report_without(const struct control *control, struct impact_result *ret,
                          struct error *err) {
    double *weights = calloc(control->j + 1, sizeof *weights);
    int code = weights ? 0 : error_memory(err);
    for (size_t d = 0; d < control->j && !code; d++) {
        if (!(control->weights[d] > 0))
            continue;
        struct problem problem = whole(control);
        struct hull_fit fit;
        struct trial trial = {0};
        problem.skip = d;
        problem.j--;
        struct impact_figure *figure =
            impact_figure_add(ret, err, "without %s", control->options->control_names[d]);
        if (!figure)
            code = err->code;
        else if (!(code = try(&problem, control->before, control->n, weights, &fit, &trial, err)))
            figure->of.value = trial.mean;
    }
    free(weights);
    return code;
}

static int report_time(const struct control *control, struct impact_result *ret,
                       struct error *err) {
    const size_t event = control->before * 2 / 3;
    const struct problem problem = whole(control);
    double *weights = malloc(control->j * sizeof *weights);
    struct hull_fit fit;
    struct trial trial = {0};
    char at[CALENDAR_TEXT];
    int code = weights ? try(&problem, event, control->before, weights, &fit, &trial, err)
                       : error_memory(err);
    free(weights);
    struct impact_figure *figure = code ? NULL : impact_figure_add(ret, err, "placebo_in_time");
    if (!figure)
        return err->code;
    const int length = period_format(impact_at(control->series, control->positions[event]), at);
    const char *kept = arena_text(&ret->names, at, (size_t)length);
    if (!kept)
        return error_memory(err);
    figure->at = text_of(kept);
    figure->of.value = trial.mean;
    return 0;
}

static int report_break(const struct control *control, struct impact_result *ret,
                        struct error *err) {
    double *ones = malloc(control->before * sizeof *ones);
    struct impact_break found;
    if (!ones)
        return error_memory(err);
    for (size_t t = 0; t < control->before; t++)
        ones[t] = 1;
    int code = impact_find_break(ones, control->gap, control->before, 1, control->options->seed,
                                 &found, err);
    free(ones);
    return code ? code : impact_report_break(ret, control->series, &found, control->positions, err);
}

static int report_effects(const struct control *control, double p, struct impact_result *ret,
                          struct error *err) {
    const size_t last = control->positions[control->n - 1];
    const struct impact_bounds sum = ret->periods[last].cumulative;
    const double periods = (double)(control->n - control->before);
    double actual = 0;
    for (size_t t = control->before; t < control->n; t++)
        actual += control->y[t];
    /* actual / expected - 1 rises with the effect as long as what was expected is above 0. */
    const bool positive = actual - sum.value > 0 && actual > 0;
    const bool bounded = positive && actual - sum.upper > 0;
    const struct impact_bounds effects[] = {
        {sum.value / periods, sum.lower / periods, sum.upper / periods},
        sum,
        {positive ? actual / (actual - sum.value) - 1 : NAN,
         bounded ? actual / (actual - sum.lower) - 1 : NAN,
         bounded ? actual / (actual - sum.upper) - 1 : NAN},
    };
    static const char *const names[] = {"effect_mean", "effect_cumulative", "effect_relative"};
    for (int i = 0; i < 3; i++) {
        struct impact_figure *figure = impact_figure_add(ret, err, "%s", names[i]);
        if (!figure)
            return err->code;
        figure->of = effects[i];
        figure->p = p;
    }
    return attainable(control, control->n - control->before) && attainable(control, 1)
               ? 0
               : impact_warn(ret, err,
                             "%zu periods before the event are too few for intervals at %g %%, "
                             "expected at least %.0f",
                             control->before, 100 * control->options->confidence,
                             ceil(1 / (1 - control->options->confidence) - 1 - 1e-9));
}

/* ---- Setting up ------------------------------------------------------------------------------ */

static int check(const struct impact_series *series, struct error *err) {
    if (series->n_controls < 2)
        return error_set(err, ERROR_DATA,
                         "found %zu controls, expected at least two for a synthetic control",
                         series->n_controls);
    if (series->n > 0 && series->before < 5)
        return error_set(err, ERROR_DATA,
                         "the time before the event is too short: found %zu periods with all "
                         "values, expected at least 5",
                         series->before);
    if (series->n > 0 && series->after == 0)
        return error_set(err, ERROR_DATA, "found no period with all values after the event");
    return 0;
}

static int gather(struct control *control, struct error *err) {
    const struct impact_series *series = control->series;
    control->j = series->n_controls;
    control->before = series->before;
    const size_t most = series->before + series->after;
    control->positions = malloc(most * sizeof *control->positions);
    control->y = calloc(most, sizeof *control->y);
    control->x = calloc(most * control->j, sizeof *control->x);
    control->gap = malloc(most * sizeof *control->gap);
    control->weights = calloc(control->j, sizeof *control->weights);
    if (!control->positions || !control->y || !control->x || !control->gap || !control->weights)
        return error_memory(err);
    for (size_t t = 0; t < series->n; t++) {
        if (!impact_known(series, t))
            continue;
        control->positions[control->n] = t;
        control->y[control->n] = series->value[t];
        memcpy(control->x + control->n * control->j, series->controls + t * control->j,
               control->j * sizeof *control->x);
        control->n++;
    }
    return 0;
}

static int report(struct control *control, struct impact_result *ret, struct error *err) {
    const struct problem problem = whole(control);
    struct trial trial = {0};
    double p = NAN;
    if (try(&problem, control->before, control->n, control->weights, &control->fit, &trial, err))
        return err->code;
    for (size_t t = 0; t < control->n; t++)
        control->gap[t] = residual(&problem, control->weights, t);
    return compare(control, ret, &p, err) || impact_count_figures(ret, control->series, err) ||
                   report_fit(control, &trial, ret, err) || report_weights(control, ret, err) ||
                   report_break(control, ret, err) || report_time(control, ret, err) ||
                   report_space(control, trial.ratio, ret, err) ||
                   report_without(control, ret, err) || report_effects(control, p, ret, err)
               ? err->code
               : 0;
}

int impact_control(const struct impact_series *series, const struct impact_control_options *options,
                   struct impact_result *ret, struct error *err) {
    struct control control = {.series = series, .options = options};
    int code = impact_result_begin(ret, series->n, err) || check(series, err) ? err->code : 0;
    if (!code && series->n > 0)
        code = gather(&control, err) || report(&control, ret, err) ? err->code : 0;
    free(control.positions);
    free(control.y);
    free(control.x);
    free(control.gap);
    free(control.weights);
    if (code)
        impact_result_free(ret);
    return code;
}
