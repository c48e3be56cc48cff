/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reading a series with an event in it. */
#include "revenue/impact-series.h"

#include "revenue/currency.h"
#include <math.h>
#include <stdlib.h>

enum { DATE, VALUE, CONTROLS };

struct dated {
    int32_t index; /* of the period */
    size_t row;
};

static int by_index(const void *a, const void *b) {
    const struct dated *left = a, *right = b;
    if (left->index != right->index)
        return left->index < right->index ? -1 : 1;
    return (left->row > right->row) - (left->row < right->row);
}

static int read_kind(const struct table_batch *batch, const struct impact_request *request,
                     struct dated *dated, size_t *ret_n, enum period_kind *ret_kind,
                     struct error *err) {
    *ret_n = 0;
    for (size_t row = 0; row < batch->rows; row++) {
        struct period period = batch->columns[DATE].period[row];
        if (request->coarsen) {
            if (period.kind < request->kind ||
                (period.kind == PERIOD_WEEK && request->kind != PERIOD_WEEK)) {
                if (table_reject(batch, row, DATE, err, "found a %s, expected a %s or finer",
                                 period_kind_name(period.kind), period_kind_name(request->kind)))
                    return err->code;
                continue;
            }
            period = period_of(request->kind, period_first_day(period));
        }
        if (*ret_n == 0)
            *ret_kind = period.kind;
        if (period.kind != *ret_kind) {
            if (table_reject(batch, row, DATE, err, "found a %s, expected a %s as above",
                             period_kind_name(period.kind), period_kind_name(*ret_kind)))
                return err->code;
            continue;
        }
        dated[(*ret_n)++] = (struct dated){period.index, row};
    }
    return 0;
}

/* Sorts, and leaves the first of several rows of one period. */
static int sort_dates(const struct table_batch *batch, struct dated *dated, size_t *n,
                      struct error *err) {
    size_t kept = 0;
    qsort(dated, *n, sizeof *dated, by_index);
    for (size_t i = 0; i < *n; i++) {
        if (kept > 0 && dated[kept - 1].index == dated[i].index) {
            char where[TABLE_WHERE];
            table_where(batch, dated[kept - 1].row, -1, where);
            if (table_reject(batch, dated[i].row, DATE, err,
                             "same period as %s, expected one row for each", where))
                return err->code;
            continue;
        }
        dated[kept++] = dated[i];
    }
    *n = kept;
    return 0;
}

static int32_t common_step(const struct dated *dated, size_t n) {
    int32_t step = 0;
    for (size_t i = 1; i < n; i++) {
        int32_t a = dated[i].index - dated[i - 1].index;
        while (a != 0) {
            const int32_t rest = step % a;
            step = a;
            a = rest;
        }
    }
    return step > 0 ? step : 1;
}

static int place_dates(struct impact_series *series, const struct dated *dated, size_t n,
                       struct error *err) {
    const char *unit = period_kind_name(series->kind);
    series->first = n > 0 ? dated[0].index : 0;
    series->step = common_step(dated, n);
    series->n = n > 0 ? (size_t)((dated[n - 1].index - series->first) / series->step) + 1 : 0;
    series->rows = n;
    if (series->n > 2 * n)
        return error_set(err, ERROR_DATA,
                         "dates are irregular: %zu rows for %zu steps of %d %s%s, expected at "
                         "least every second one; --period month takes month ends to months",
                         n, series->n, series->step, unit, series->step == 1 ? "" : "s");
    return 0;
}

static double cell(const struct table_batch *batch, size_t column, size_t row) {
    return table_missing(batch, column, row) ? NAN : batch->columns[column].number[row];
}

static int fill(struct impact_series *series, const struct table_batch *batch,
                const struct dated *dated, size_t n, struct error *err) {
    const size_t k = series->n_controls;
    series->value = malloc((series->n + 1) * sizeof *series->value);
    series->controls = malloc((series->n * k + 1) * sizeof *series->controls);
    if (!series->value || !series->controls)
        return error_memory(err);
    for (size_t t = 0; t < series->n; t++)
        series->value[t] = NAN;
    for (size_t i = 0; i < series->n * k; i++)
        series->controls[i] = NAN;
    for (size_t i = 0; i < n; i++) {
        const size_t t = (size_t)((dated[i].index - series->first) / series->step);
        series->value[t] = cell(batch, VALUE, dated[i].row);
        for (size_t j = 0; j < k; j++)
            series->controls[t * k + j] = cell(batch, CONTROLS + j, dated[i].row);
    }
    return 0;
}

static int place_event(struct impact_series *series, struct period event, struct error *err) {
    const int32_t day = period_first_day(event);
    char found[CALENDAR_TEXT], first[CALENDAR_TEXT], last[CALENDAR_TEXT];
    if (series->n == 0)
        return 0;
    while (series->event < series->n && period_last_day(impact_at(series, series->event)) < day)
        series->event++;
    if (series->event == 0 || series->event == series->n) {
        period_format(event, found);
        period_format(impact_at(series, 0), first);
        period_format(impact_at(series, series->n - 1), last);
        return error_set(err, ERROR_DATA,
                         "the event is in %s and the series runs from %s to %s, expected periods "
                         "before and after the event",
                         found, first, last);
    }
    series->split = period_first_day(impact_at(series, series->event)) < day;
    for (size_t t = 0; t < series->n; t++)
        if (impact_known(series, t))
            *(t < series->event ? &series->before : &series->after) += 1;
    return 0;
}

/* The last column, if there is one: one text at most. */
static int check_currency(const struct table_batch *batch, size_t column, struct error *err) {
    struct currencies currencies = {0};
    struct text name;
    int code = 0;
    for (size_t row = 0; !code && row < batch->rows; row++)
        code = currencies_note(&currencies, batch, row, column, err);
    if (!code)
        code = currencies_check(&currencies, batch->table, &name, err);
    currencies_free(&currencies);
    return code;
}

int impact_read(struct table *table, const struct impact_request *request,
                struct impact_series *ret, struct error *err) {
    const size_t columns = CONTROLS + request->n_controls;
    struct table_column *bound = calloc(columns + 1, sizeof *bound);
    const struct table_batch *batch = NULL;
    struct dated *dated = NULL;
    size_t n;
    *ret = (struct impact_series){.n_controls = request->n_controls, .kind = request->kind};
    int code = bound ? 0 : error_memory(err);
    if (!code) {
        bound[DATE] = (struct table_column){.name = "date", .type = TABLE_PERIOD};
        bound[VALUE] =
            (struct table_column){.name = request->value, .type = TABLE_NUMBER, .missing = true};
        for (size_t i = 0; i < request->n_controls; i++)
            bound[CONTROLS + i] = (struct table_column){
                .name = request->controls[i], .type = TABLE_NUMBER, .missing = true};
        bound[columns] = (struct table_column){
            .name = "currency", .type = TABLE_TEXT, .missing = true, .optional = true};
        code = table_bind(table, bound, columns + 1, err);
    }
    if (!code)
        code = table_read(table, &batch, err);
    if (!code)
        code = check_currency(batch, columns, err);
    if (!code && !(dated = malloc((batch->rows + 1) * sizeof *dated)))
        code = error_memory(err);
    if (!code)
        code = read_kind(batch, request, dated, &n, &ret->kind, err);
    if (!code)
        code = sort_dates(batch, dated, &n, err);
    if (!code)
        code = place_dates(ret, dated, n, err);
    if (!code)
        code = fill(ret, batch, dated, n, err);
    if (!code)
        code = place_event(ret, request->event, err);
    free(dated);
    free(bound);
    if (code)
        impact_series_free(ret);
    return code;
}

struct period impact_at(const struct impact_series *series, size_t position) {
    return (struct period){series->kind, series->first + (int32_t)position * series->step};
}

bool impact_controls_known(const struct impact_series *series, size_t position) {
    for (size_t j = 0; j < series->n_controls; j++)
        if (isnan(series->controls[position * series->n_controls + j]))
            return false;
    return true;
}

bool impact_known(const struct impact_series *series, size_t position) {
    return !isnan(series->value[position]) && impact_controls_known(series, position);
}

void impact_series_free(struct impact_series *series) {
    free(series->value);
    free(series->controls);
    *series = (struct impact_series){0};
}
