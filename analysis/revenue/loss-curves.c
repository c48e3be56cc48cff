/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Curves of survival and incidence, read back.
 *
 * Contents: rows; destinations; steps; curves; what a curve says.
 */
#include "revenue/loss-curves.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* ---- Rows ------------------------------------------------------------------------------------ */

/* SHARE is survival, or incidence. */
enum column { GROUP, TIME, AT_RISK, EVENTS, SHARE, DESTINATION, COLUMNS };

struct row {
    struct text group, destination; /* the latter empty without destinations */
    decimal time;
    size_t number;
};

static int by_key(const void *a, const void *b) {
    const struct row *x = a, *y = b;
    int order = text_compare(x->group, y->group);
    if (order == 0)
        order = x->time < y->time ? -1 : x->time > y->time;
    if (order == 0)
        order = text_compare(x->destination, y->destination);
    return order != 0 ? order : x->number < y->number ? -1 : x->number > y->number;
}

struct reading {
    const struct table_batch *batch;
    struct row *rows; /* by key */
    size_t n;
    bool destinations; /* there is a column of them */
    struct risk_curves *curves;
};

/* A curve that lacks a row would be another curve: none is ever skipped. */
static int bad_row(const struct reading *reading, const struct row *row, enum column column,
                   struct error *err, const char *problem) {
    char where[TABLE_WHERE];
    table_where(reading->batch, row->number, (int)column, where);
    return error_set(err, ERROR_DATA, "%s: %s", where, problem);
}

static int list_rows(struct reading *reading, struct error *err) {
    const struct table_batch *batch = reading->batch;
    reading->n = batch->rows;
    reading->rows = malloc(reading->n * sizeof *reading->rows);
    if (!reading->rows)
        return error_memory(err);
    for (size_t i = 0; i < reading->n; i++)
        reading->rows[i] = (struct row){
            .group = batch->columns[GROUP].text[i],
            .destination =
                reading->destinations ? batch->columns[DESTINATION].text[i] : (struct text){0},
            .time = batch->columns[TIME].decimal[i],
            .number = i,
        };
    qsort(reading->rows, reading->n, sizeof *reading->rows, by_key);
    for (size_t i = 1; i < reading->n; i++) {
        const struct row *row = &reading->rows[i], *before = row - 1;
        if (!text_equal(row->group, before->group) || row->time != before->time ||
            !text_equal(row->destination, before->destination))
            continue;
        char where[TABLE_WHERE], problem[TABLE_WHERE + 80];
        table_where(batch, before->number, -1, where);
        snprintf(problem, sizeof problem, "same group%s and time as %s, expected one row for each",
                 reading->destinations ? ", destination" : "", where);
        return bad_row(reading, row, TIME, err, problem);
    }
    return 0;
}

/* ---- Destinations ---------------------------------------------------------------------------- */

static int by_name(const void *a, const void *b) {
    return text_compare(*(const struct text *)a, *(const struct text *)b);
}

/* Those of all groups: the table has a row for each of them wherever it has one for any. */
static int list_destinations(struct reading *reading, struct error *err) {
    struct risk_curves *curves = reading->curves;
    size_t kept = 0;
    if (!reading->destinations)
        return 0;
    struct text *names = malloc(reading->n * sizeof *names);
    curves->destinations = names;
    if (!names)
        return error_memory(err);
    for (size_t i = 0; i < reading->n; i++)
        names[i] = reading->rows[i].destination;
    qsort(names, reading->n, sizeof *names, by_name);
    for (size_t i = 0; i < reading->n; i++)
        if (kept == 0 || !text_equal(names[kept - 1], names[i]))
            names[kept++] = names[i];
    curves->n_destinations = kept;
    return 0;
}

/* ---- Steps ----------------------------------------------------------------------------------- */

/* Rows of one group and time: one, or one for each destination. */
struct moment {
    const struct row *rows;
    size_t n;
};

static int64_t integer_at(const struct reading *reading, const struct row *row,
                          enum column column) {
    return reading->batch->columns[column].integer[row->number];
}

/* All destinations must be there, and agree on who was at risk. */
static int check_moment(const struct reading *reading, const struct moment *moment,
                        struct error *err) {
    const struct risk_curves *curves = reading->curves;
    char problem[300];
    for (size_t k = 0; k < curves->n_destinations; k++) {
        const struct text expected = curves->destinations[k];
        if (k < moment->n && text_equal(moment->rows[k].destination, expected))
            continue;
        snprintf(problem, sizeof problem,
                 "no row for the destination '%.*s' at this time, expected one: all rows of "
                 "churn-destinations",
                 (int)(expected.length < 100 ? expected.length : 100), expected.bytes);
        return bad_row(reading, &moment->rows[0], TIME, err, problem);
    }
    for (size_t k = 1; k < moment->n; k++)
        if (integer_at(reading, &moment->rows[k], AT_RISK) !=
            integer_at(reading, &moment->rows[0], AT_RISK))
            return bad_row(reading, &moment->rows[k], AT_RISK, err,
                           "at_risk differs between destinations, expected one and the same");
    return 0;
}

static int check_share(const struct reading *reading, const struct row *row, double expected,
                       struct error *err) {
    const double found = reading->batch->columns[SHARE].number[row->number];
    char problem[300];
    if (fabs(found - expected) <= 1e-9) /* rounding over thousands of steps stays far below */
        return 0;
    snprintf(problem, sizeof problem,
             "%s is %.9g, expected %.9g by at_risk and events up to here: all rows of one "
             "curve of %s",
             reading->destinations ? "incidence" : "survival", found, expected,
             reading->destinations ? "churn-destinations" : "churn-survival");
    return bad_row(reading, row, SHARE, err, problem);
}

static int count_step(const struct reading *reading, const struct moment *moment,
                      struct risk_step *ret, struct error *err) {
    const struct row *first = &moment->rows[0];
    *ret = (struct risk_step){.time = first->time, .at_risk = integer_at(reading, first, AT_RISK)};
    if (first->time < 0)
        return bad_row(reading, first, TIME, err, "time is negative, expected 0 or more");
    for (size_t k = 0; k < moment->n; k++) {
        const int64_t events = integer_at(reading, &moment->rows[k], EVENTS);
        char problem[200];
        if (ret->at_risk < 1 || events < 0 || events > ret->at_risk - ret->events) {
            snprintf(problem, sizeof problem,
                     "%" PRId64 " of %" PRId64
                     " at risk left, expected none to all of at least one",
                     ret->events + events, ret->at_risk);
            return bad_row(reading, &moment->rows[k], EVENTS, err, problem);
        }
        ret->events += events;
    }
    return 0;
}

/* The step of a moment, after the steps that the curve has. */
static int read_step(const struct reading *reading, const struct moment *moment,
                     struct risk_curve *curve, struct error *err) {
    const size_t n = curve->left && curve->incidence ? reading->curves->n_destinations : 0;
    struct risk_step *step = &curve->steps[curve->n];
    const double before = risk_survival(curve, curve->n);
    if (check_moment(reading, moment, err) || count_step(reading, moment, step, err))
        return err->code;
    const double at_risk = (double)step->at_risk, stay = at_risk - (double)step->events;
    step->survival = before * (stay / at_risk);
    step->variance = stay > 0 ? (double)step->events / at_risk / stay : NAN;
    for (size_t k = 0; k < n; k++) {
        const size_t at = curve->n * n + k;
        curve->left[at] = integer_at(reading, &moment->rows[k], EVENTS);
        curve->incidence[at] = risk_incidence(reading->curves, curve, curve->n, k) +
                               before * ((double)curve->left[at] / at_risk);
        if (check_share(reading, &moment->rows[k], curve->incidence[at], err))
            return err->code;
    }
    if (n == 0 && check_share(reading, &moment->rows[0], step->survival, err))
        return err->code;
    curve->n++;
    return 0;
}

/* ---- Curves ---------------------------------------------------------------------------------- */

static int reserve(const struct reading *reading, struct error *err) {
    struct risk_curves *curves = reading->curves;
    curves->items = malloc(reading->n * sizeof *curves->items);
    curves->steps = malloc(reading->n * sizeof *curves->steps);
    if (!curves->items || !curves->steps)
        return error_memory(err);
    if (!reading->destinations)
        return 0;
    /* A row is one destination at one time. */
    curves->incidence = malloc(reading->n * sizeof *curves->incidence);
    curves->left = malloc(reading->n * sizeof *curves->left);
    return curves->incidence && curves->left ? 0 : error_memory(err);
}

static struct risk_curve *begin_curve(const struct reading *reading, const struct row *row) {
    struct risk_curves *curves = reading->curves;
    struct risk_curve *curve = &curves->items[curves->count++];
    const size_t used = (size_t)(row - reading->rows); /* a step for each row, or fewer */
    *curve = (struct risk_curve){.group = row->group, .steps = curves->steps + used};
    if (reading->destinations) {
        curve->incidence = curves->incidence + used;
        curve->left = curves->left + used;
    }
    return curve;
}

static int fill_curves(const struct reading *reading, struct error *err) {
    struct risk_curve *curve = NULL;
    for (size_t i = 0, end; i < reading->n; i = end) {
        const struct row *row = &reading->rows[i];
        for (end = i + 1; end < reading->n && reading->rows[end].time == row->time &&
                          text_equal(reading->rows[end].group, row->group);)
            end++;
        const struct moment moment = {row, end - i};
        if (!curve || !text_equal(curve->group, row->group))
            curve = begin_curve(reading, row);
        if (moment.n > reading->curves->n_destinations + !reading->destinations)
            return bad_row(reading, row, TIME, err, "more rows than destinations at this time");
        if (read_step(reading, &moment, curve, err))
            return err->code;
    }
    return 0;
}

int risk_read_curves(struct table *table, struct risk_curves *ret, struct error *err) {
    struct reading reading = {.curves = ret};
    reading.destinations = table_has(table, "destination") && table_has(table, "incidence");
    const struct table_column columns[COLUMNS] = {
        [GROUP] = {.name = "group", .type = TABLE_TEXT},
        [TIME] = {.name = "time", .type = TABLE_DECIMAL},
        [AT_RISK] = {.name = "at_risk", .type = TABLE_INTEGER},
        [EVENTS] = {.name = "events", .type = TABLE_INTEGER},
        [SHARE] = {.name = reading.destinations ? "incidence" : "survival", .type = TABLE_NUMBER},
        [DESTINATION] = {.name = "destination", .type = TABLE_TEXT},
    };
    if (table_bind(table, columns, reading.destinations ? COLUMNS : DESTINATION, err) ||
        table_read(table, &reading.batch, err))
        return err->code;
    if (reading.batch->rows == 0)
        return error_set(err, ERROR_DATA, "the %s curve has no rows, expected some",
                         reading.destinations ? "incidence" : "survival");
    int code = list_rows(&reading, err);
    if (!code)
        code = list_destinations(&reading, err);
    if (!code)
        code = reserve(&reading, err);
    if (!code)
        code = fill_curves(&reading, err);
    free(reading.rows);
    return code;
}

void risk_curves_free(struct risk_curves *curves) {
    free(curves->items);
    free(curves->destinations);
    free(curves->steps);
    free(curves->incidence);
    free(curves->left);
    *curves = (struct risk_curves){0};
}

/* ---- What a curve says ----------------------------------------------------------------------- */

size_t risk_steps_until(const struct risk_curve *curve, decimal time) {
    size_t low = 0, high = curve->n;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (curve->steps[middle].time <= time)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

double risk_survival(const struct risk_curve *curve, size_t steps) {
    return steps == 0 ? 1 : curve->steps[steps - 1].survival;
}

double risk_incidence(const struct risk_curves *curves, const struct risk_curve *curve,
                      size_t steps, size_t destination) {
    return steps == 0 ? 0 : curve->incidence[(steps - 1) * curves->n_destinations + destination];
}

bool risk_covers(const struct risk_curve *curve, decimal age, decimal horizon) {
    decimal until;
    return risk_survival(curve, curve->n) == 0 ||
           (decimal_add(age, horizon, &until) && until <= curve->steps[curve->n - 1].time);
}
