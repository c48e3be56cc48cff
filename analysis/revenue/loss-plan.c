/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Scenarios of lost revenue, with destinations, tiers and lines.
 *
 * Contents: rows; what a cell takes; cells; cases; the projection; sensitivities.
 */
#include "revenue/loss-plan.h"

#include "base/workers.h"
#include "stats/sobol.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *const loss_key_names[LOSS_KEYS] = {"scenario", "destination", "tier", "line"};

/* Which keys a parameter may have. */
static bool may_have(enum loss_parameter parameter, enum loss_key key) {
    switch (parameter) {
    case LOSS_HORIZON:
    case LOSS_DISCOUNT_RATE:
        return key == LOSS_SCENARIO;
    case LOSS_MIGRANTS:
    case LOSS_MULTI_HOMING_SHARE:
    case LOSS_RETURN_RATE:
        return key != LOSS_LINE;
    default:
        return true;
    }
}

/* ---- Rows ------------------------------------------------------------------------------------ */

/* FNV-1a (Fowler, Noll & Vo) of the keys that cells have, so that a row that is added leaves the
 * draws of the others as they were; never 0, which is that of a row about everything. */
static uint32_t stream_of(const struct text keys[LOSS_KEYS]) {
    uint32_t hash = 2166136261U;
    bool any = false;
    for (int k = LOSS_DESTINATION; k < LOSS_KEYS; k++) {
        any |= keys[k].length > 0;
        for (size_t i = 0; i < keys[k].length; i++)
            hash = (hash ^ (unsigned char)keys[k].bytes[i]) * 16777619U;
        hash = (hash ^ 0xFFU) * 16777619U; /* between texts */
    }
    return !any ? 0 : hash == 0 ? 1 : hash;
}

/* Units and allowed values; false in *ret_good if the row was rejected. */
static int take_row(const struct table_batch *batch, struct assumption_row *read,
                    struct loss_scenario *master, size_t *currency_row, struct loss_row *ret,
                    bool *ret_good, struct error *err) {
    const enum loss_parameter parameter = (enum loss_parameter)read->known;
    *ret_good = false;
    for (int k = 0; k < LOSS_KEYS; k++)
        if (read->keys[k].length > 0 && !may_have(parameter, (enum loss_key)k))
            return table_reject(batch, read->value.row, ASSUMPTION_COLUMNS + k, err,
                                "%s cannot differ by %s, expected an empty cell",
                                loss_parameters[parameter].name, loss_key_names[k]);
    master->of[parameter].given = false;
    if (loss_scenario_take(batch, parameter, &read->value, master, currency_row, err))
        return err->code;
    *ret_good = master->of[parameter].given;
    *ret = (struct loss_row){.parameter = parameter, .value = master->of[parameter]};
    ret->value.row = read->value.row;
    for (int k = 0; k < LOSS_KEYS; k++)
        ret->keys[k] = read->keys[k];
    ret->stream = stream_of(ret->keys);
    return 0;
}

static int read_rows(struct table *table, struct loss_plan *plan,
                     const struct table_batch **ret_batch, struct error *err) {
    struct assumption_known known[LOSS_PARAMETERS];
    const char *keys[ASSUMPTION_KEYS];
    struct assumption_row *read = NULL;
    struct loss_scenario master;
    size_t n = 0, currency_row = 0;
    for (int p = 0; p < LOSS_PARAMETERS; p++) /* the upper end depends on the unit */
        known[p] = (struct assumption_known){
            .name = loss_parameters[p].name, .least = loss_parameters[p].least, .most = INT64_MAX};
    for (int k = 0; k < LOSS_KEYS; k++)
        keys[k] = loss_key_names[k];
    loss_scenario_begin(&master);
    int code =
        assumptions_read_keyed(table, known, LOSS_PARAMETERS, keys, &read, &n, ret_batch, err);
    if (!code && !(plan->rows = calloc(n + 1, sizeof *plan->rows)))
        code = error_memory(err);
    for (size_t i = 0; !code && i < n; i++) {
        bool good;
        code = take_row(*ret_batch, &read[i], &master, &currency_row, &plan->rows[plan->n_rows],
                        &good, err);
        for (int k = 0; !code && good && k < LOSS_KEYS; k++)
            plan->has[k] |= read[i].keys[k].length > 0;
        plan->n_rows += !code && good;
    }
    plan->currency = master.currency;
    free(read);
    return code;
}

/* ---- What a cell takes ----------------------------------------------------------------------- */

/* How many keys a row has filled in, or -1 if it is about another cell. */
static int fits(const struct loss_row *row, const struct text keys[LOSS_KEYS]) {
    int filled = 0;
    for (int k = 0; k < LOSS_KEYS; k++) {
        if (row->keys[k].length == 0)
            continue;
        if (!text_equal(row->keys[k], keys[k]))
            return -1;
        filled++;
    }
    return filled;
}

/* "RedNote, mid, tips", or nothing. */
static void name_cell(const struct text keys[LOSS_KEYS], char *text, size_t size) {
    size_t used = 0;
    *text = '\0';
    for (int k = 0; k < LOSS_KEYS && used < size; k++)
        if (keys[k].length > 0)
            used += (size_t)snprintf(text + used, size - used, "%s%.*s", used ? ", " : "",
                                     (int)keys[k].length, keys[k].bytes);
}

static int find_row(const struct loss_plan *plan, const struct table_batch *batch,
                    const struct loss_cell *cell, enum loss_parameter parameter, size_t *ret,
                    struct error *err) {
    int best = -1;
    size_t rival = SIZE_MAX;
    *ret = SIZE_MAX;
    for (size_t i = 0; i < plan->n_rows; i++) {
        const int filled =
            plan->rows[i].parameter == parameter ? fits(&plan->rows[i], cell->keys) : -1;
        if (filled > best) {
            best = filled;
            *ret = i;
            rival = SIZE_MAX;
        } else if (filled == best && filled >= 0) {
            rival = i;
        }
    }
    if (rival == SIZE_MAX)
        return 0;
    char first[TABLE_WHERE], second[TABLE_WHERE], name[300];
    table_where(batch, plan->rows[*ret].value.row, -1, first);
    table_where(batch, plan->rows[rival].value.row, -1, second);
    name_cell(cell->keys, name, sizeof name);
    return error_set(err, ERROR_DATA,
                     "%s: %s of '%s' is given here and at %s, expected one that fits best: a row "
                     "for just this",
                     second, loss_parameters[parameter].name, name, first);
}

static int fill_cell(const struct loss_plan *plan, const struct table_batch *batch,
                     struct loss_cell *cell, struct error *err) {
    loss_scenario_begin(&cell->scenario);
    for (enum loss_parameter p = 0; p < LOSS_PARAMETERS; p++) {
        if (find_row(plan, batch, cell, p, &cell->rows[p], err))
            return err->code;
        if (cell->rows[p] == SIZE_MAX)
            continue;
        cell->scenario.of[p] = plan->rows[cell->rows[p]].value;
        cell->streams[p] = plan->rows[cell->rows[p]].stream;
    }
    return 0;
}

int loss_plan_check(const struct loss_plan *plan, struct error *err) {
    for (size_t c = 0; c < plan->n_cases; c++)
        for (size_t i = 0; i < plan->cases[c].n_cells; i++) {
            const struct loss_cell *cell = &plan->cases[c].cells[i];
            struct error problem = {0};
            char name[300];
            if (!loss_scenario_check(&cell->scenario, &problem))
                continue;
            name_cell(cell->keys, name, sizeof name);
            return error_set(err, ERROR_DATA, "%s%s%s", problem.text, *name ? ", for " : "", name);
        }
    return 0;
}

/* ---- Cells ----------------------------------------------------------------------------------- */

/* The texts of a key, each once, in the order of the file; the empty one if there are none. */
static int list_key(const struct loss_plan *plan, enum loss_key key, struct text **ret,
                    size_t *ret_n, struct error *err) {
    struct text *names = malloc((plan->n_rows + 1) * sizeof *names);
    size_t n = 0;
    *ret = names;
    if (!names)
        return error_memory(err);
    for (size_t i = 0; i < plan->n_rows; i++) {
        const struct text name = plan->rows[i].keys[key];
        size_t k = 0;
        while (k < n && !text_equal(names[k], name))
            k++;
        if (k == n && name.length > 0)
            names[n++] = name;
    }
    if (n == 0)
        names[n++] = (struct text){NULL, 0};
    *ret_n = n;
    return 0;
}

static int fill_case(const struct loss_plan *plan, const struct table_batch *batch,
                     struct text *const names[LOSS_KEYS], const size_t n[LOSS_KEYS],
                     struct loss_case *item, struct error *err) {
    item->cells = calloc(n[LOSS_DESTINATION] * n[LOSS_TIER] * n[LOSS_LINE], sizeof *item->cells);
    if (!item->cells)
        return error_memory(err);
    for (size_t d = 0; d < n[LOSS_DESTINATION]; d++)
        for (size_t t = 0; t < n[LOSS_TIER]; t++)
            for (size_t l = 0; l < n[LOSS_LINE]; l++) {
                struct loss_cell *cell = &item->cells[item->n_cells++];
                cell->keys[LOSS_SCENARIO] = item->name;
                cell->keys[LOSS_DESTINATION] = names[LOSS_DESTINATION][d];
                cell->keys[LOSS_TIER] = names[LOSS_TIER][t];
                cell->keys[LOSS_LINE] = names[LOSS_LINE][l];
                if (fill_cell(plan, batch, cell, err))
                    return err->code;
                item->discounted |= cell->scenario.of[LOSS_DISCOUNT_RATE].given;
                item->gains |= cell->scenario.of[LOSS_ARPU_DESTINATION].given;
            }
    item->horizon = loss_horizon(&item->cells[0].scenario);
    return 0;
}

/* ---- Cases ----------------------------------------------------------------------------------- */

enum { MOST_CELLS = 10000 };

int loss_plan_read(struct table *table, struct loss_plan *ret, struct error *err) {
    struct text *names[LOSS_KEYS] = {NULL};
    size_t n[LOSS_KEYS] = {0}, cells = 1;
    const struct table_batch *batch;
    int code = read_rows(table, ret, &batch, err);
    for (int k = 0; !code && k < LOSS_KEYS; k++) {
        code = list_key(ret, (enum loss_key)k, &names[k], &n[k], err);
        cells *= n[k];
        if (!code && cells > MOST_CELLS)
            code = error_set(err, ERROR_DATA,
                             "more than %d combinations of scenario, destination, tier and line, "
                             "expected fewer",
                             MOST_CELLS);
    }
    if (!code && !(ret->cases = calloc(n[LOSS_SCENARIO], sizeof *ret->cases)))
        code = error_memory(err);
    for (size_t c = 0; !code && c < n[LOSS_SCENARIO]; c++) {
        ret->cases[ret->n_cases] = (struct loss_case){.name = names[LOSS_SCENARIO][c]};
        code = fill_case(ret, batch, names, n, &ret->cases[ret->n_cases++], err);
    }
    for (int k = 0; k < LOSS_KEYS; k++)
        free(names[k]);
    return code;
}

void loss_plan_free(struct loss_plan *plan) {
    for (size_t c = 0; c < plan->n_cases; c++)
        free(plan->cases[c].cells);
    free(plan->cases);
    free(plan->rows);
    *plan = (struct loss_plan){0};
}

bool loss_case_ranged(const struct loss_case *item) {
    for (size_t c = 0; c < item->n_cells; c++)
        if (loss_scenario_ranged(&item->cells[c].scenario))
            return true;
    return false;
}

/* ---- The projection -------------------------------------------------------------------------- */

/* The first line of each destination and tier stands for its users. */
static bool counts_users(const struct loss_case *item, size_t c) {
    return text_equal(item->cells[c].keys[LOSS_LINE], item->cells[0].keys[LOSS_LINE]);
}

static bool add_month(struct loss_month *into, const struct loss_month *from, bool users) {
    return (!users || decimal_add(into->users_lost, from->users_lost, &into->users_lost)) &&
           decimal_add(into->revenue_lost, from->revenue_lost, &into->revenue_lost) &&
           decimal_add(into->cumulative, from->cumulative, &into->cumulative) &&
           decimal_add(into->gain, from->gain, &into->gain) &&
           decimal_add(into->cumulative_gain, from->cumulative_gain, &into->cumulative_gain) &&
           decimal_add(into->present_value, from->present_value, &into->present_value);
}

int loss_case_project(const struct loss_case *item, struct loss_month *months, struct error *err) {
    const size_t horizon = (size_t)item->horizon;
    struct loss_month *sum = months + item->n_cells * horizon;
    for (size_t m = 0; m < horizon; m++)
        sum[m] = (struct loss_month){0};
    for (size_t c = 0; c < item->n_cells; c++) {
        struct loss_month *of = months + c * horizon;
        if (loss_project(&item->cells[c].scenario, of, err))
            return err->code;
        for (size_t m = 0; m < horizon; m++)
            if (!add_month(&sum[m], &of[m], counts_users(item, c)))
                return error_set(err, ERROR_DATA,
                                 "the loss of all up to month %zu is out of range, expected at "
                                 "most 9223372036854.775807",
                                 m + 1);
    }
    return 0;
}

int loss_case_total(const struct loss_case *item, decimal *ret, struct error *err) {
    *ret = 0;
    for (size_t c = 0; c < item->n_cells; c++) {
        decimal total;
        if (loss_total(&item->cells[c].scenario, &total, err))
            return err->code;
        if (!decimal_add(*ret, total, ret))
            return error_set(err, ERROR_DATA,
                             "the loss of all is out of range, expected at most "
                             "9223372036854.775807");
    }
    return 0;
}

int loss_case_simulate(const struct loss_case *item, const struct loss_interval_options *options,
                       struct loss_bounds (*bounds)[LOSS_MEASURES], struct error *err) {
    const struct loss_scenario **of = malloc(item->n_cells * sizeof(void *));
    const uint32_t **streams = malloc(item->n_cells * sizeof(void *));
    int code = of && streams ? 0 : error_memory(err);
    for (size_t c = 0; !code && c < item->n_cells; c++) {
        of[c] = &item->cells[c].scenario;
        streams[c] = item->cells[c].streams;
    }
    const struct loss_cells cells = {item->n_cells, of, streams};
    if (!code)
        code = loss_simulate_cells(&cells, options, bounds, err);
    free(of);
    free(streams);
    return code;
}

/* ---- Sensitivities --------------------------------------------------------------------------- */

static bool uses(const struct loss_case *item, size_t row, enum loss_parameter parameter) {
    for (size_t c = 0; c < item->n_cells; c++)
        if (item->cells[c].rows[parameter] == row)
            return true;
    return false;
}

/* The total with one row's value in place of its own. */
static int total_with(struct loss_case *item, size_t row, enum loss_parameter parameter,
                      decimal value, decimal *ret, struct error *err) {
    decimal kept = 0;
    for (size_t c = 0; c < item->n_cells; c++)
        if (item->cells[c].rows[parameter] == row) {
            kept = item->cells[c].scenario.of[parameter].value;
            item->cells[c].scenario.of[parameter].value = value;
        }
    int code = loss_case_total(item, ret, err);
    for (size_t c = 0; c < item->n_cells; c++)
        if (item->cells[c].rows[parameter] == row)
            item->cells[c].scenario.of[parameter].value = kept;
    return code;
}

static int by_size(const void *a, const void *b) {
    const struct loss_case_swing *x = a, *y = b;
    const decimal first = x->swing < 0 ? -x->swing : x->swing;
    const decimal second = y->swing < 0 ? -y->swing : y->swing;
    if (first != second)
        return first > second ? -1 : 1;
    if (x->row->parameter != y->row->parameter)
        return (int)x->row->parameter - (int)y->row->parameter;
    return x->row < y->row ? -1 : x->row > y->row;
}

int loss_case_sensitivity(const struct loss_plan *plan, const struct loss_case *item,
                          struct loss_case_swing *swings, size_t *ret_count, struct error *err) {
    struct loss_case varied = *item;
    size_t n = 0;
    int code = 0;
    varied.cells = malloc(item->n_cells * sizeof *varied.cells);
    if (!varied.cells)
        return error_memory(err);
    memcpy(varied.cells, item->cells, item->n_cells * sizeof *varied.cells);
    for (size_t i = 0; !code && i < plan->n_rows; i++) {
        const struct loss_row *row = &plan->rows[i];
        if (!row->value.ranged || !uses(item, i, row->parameter))
            continue;
        struct loss_case_swing *swing = &swings[n++];
        swing->row = row;
        code = total_with(&varied, i, row->parameter, row->value.low, &swing->loss_at_low, err);
        if (!code)
            code =
                total_with(&varied, i, row->parameter, row->value.high, &swing->loss_at_high, err);
        if (!code)
            swing->swing = swing->loss_at_high - swing->loss_at_low; /* both are 0 or more */
    }
    qsort(swings, n, sizeof *swings, by_size);
    *ret_count = n;
    free(varied.cells);
    return code;
}

/* ---- Sobol indices --------------------------------------------------------------------------- */

struct model {
    const struct loss_plan *plan;
    const struct loss_case *item;
    const struct loss_interval_options *options;
    const struct loss_row **inputs;
    size_t n_inputs;
};

static double draw_input(const void *context, size_t input, uint32_t matrix, uint32_t i) {
    const struct model *model = context;
    const struct loss_row *row = model->inputs[input];
    struct random_stream stream;
    random_open(&stream, model->options->seed, matrix, i, row->stream, row->parameter);
    return loss_draw(&row->value, model->options->distribution, &stream);
}

static double total_at(const void *context, const double *inputs) {
    const struct model *model = context;
    double sum = 0;
    for (size_t c = 0; c < model->item->n_cells; c++) {
        const struct loss_cell *cell = &model->item->cells[c];
        double at[LOSS_PARAMETERS];
        for (int p = 0; p < LOSS_PARAMETERS; p++)
            at[p] = decimal_to_double(cell->scenario.of[p].value);
        for (size_t k = 0; k < model->n_inputs; k++) {
            const enum loss_parameter p = model->inputs[k]->parameter;
            if (cell->rows[p] == (size_t)(model->inputs[k] - model->plan->rows))
                at[p] = inputs[k];
        }
        sum += loss_total_of(at, model->item->horizon);
    }
    return sum;
}

int loss_case_sobol(const struct loss_plan *plan, const struct loss_case *item,
                    const struct loss_interval_options *options, const struct loss_row **ret_rows,
                    struct sobol_index *ret_indices, size_t *ret_count, struct error *err) {
    struct model model = {plan, item, options, ret_rows, 0};
    for (size_t i = 0; i < plan->n_rows; i++)
        if (plan->rows[i].value.ranged && uses(item, i, plan->rows[i].parameter))
            ret_rows[model.n_inputs++] = &plan->rows[i];
    *ret_count = model.n_inputs;
    if (model.n_inputs == 0)
        return 0;
    const struct sobol_problem problem = {model.n_inputs, draw_input, total_at, &model};
    const struct sobol_options how = {.draws = options->draws,
                                      .replications = 200,
                                      .seed = options->seed,
                                      .confidence = options->confidence,
                                      .threads = options->threads};
    if (sobol_estimate(&problem, &how, ret_indices, err))
        return err->code;
    for (size_t i = 1; i < model.n_inputs; i++) /* few: by insertion, ties as in the file */
        for (size_t k = i; k > 0 && ret_indices[k].total > ret_indices[k - 1].total; k--) {
            const struct sobol_index index = ret_indices[k];
            const struct loss_row *row = ret_rows[k];
            ret_indices[k] = ret_indices[k - 1];
            ret_rows[k] = ret_rows[k - 1];
            ret_indices[k - 1] = index;
            ret_rows[k - 1] = row;
        }
    return 0;
}
