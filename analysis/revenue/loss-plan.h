/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A file of scenarios of lost revenue, one row a parameter:
 *
 *     parameter,low,value,high,unit,source
 *     migrants,,500000,,users,Smart Power 2025-01-17
 *     arpu,,1.25,,USD per user per month,Smart Power 2025-01-17
 *
 *     struct loss_plan plan = {0};
 *     if (loss_plan_read(table, &plan, err) || loss_plan_check(&plan, err)) ...
 *     for (size_t c = 0; c < plan.n_cases; c++)
 *         if (loss_case_project(&plan.cases[c], months, err)) ...
 *     loss_plan_free(&plan);
 *
 * Further columns say what a row is about; where one is empty or absent, the row is about all:
 *
 *     scenario      one of several, computed side by side and with the same draws
 *     destination   where the migrants go
 *     tier          what kind of creator, or user, they are
 *     line          of revenue: advertising, shop, tips, subscriptions
 *
 * A case is a scenario. Its cells are all combinations of the destinations, tiers and lines that
 * the file names, each a loss of its own (revenue/loss.h), and their sum is the loss of the case. A
 * cell takes each parameter from the row that fits it with most columns filled in; two that fit
 * equally well are an error. A migrant gives revenue in every line, so that migrants,
 * multi_homing_share and return_rate cannot differ by line; horizon and discount_rate can differ by
 * scenario only.
 */
#ifndef REVENUE_LOSS_PLAN_H
#define REVENUE_LOSS_PLAN_H

#include "revenue/loss-interval.h"
#include "revenue/loss.h"

enum loss_key { LOSS_SCENARIO, LOSS_DESTINATION, LOSS_TIER, LOSS_LINE, LOSS_KEYS };
extern const char *const loss_key_names[LOSS_KEYS];

struct loss_row { /* of the file */
    enum loss_parameter parameter;
    struct assumption value;
    struct text keys[LOSS_KEYS];
    uint32_t stream; /* of its draws: of its keys but the scenario; 0 without any */
};

struct loss_cell {
    struct text keys[LOSS_KEYS];
    struct loss_scenario scenario;
    size_t rows[LOSS_PARAMETERS]; /* of the plan; SIZE_MAX: the fallback */
    uint32_t streams[LOSS_PARAMETERS];
};

struct loss_case {
    struct text name; /* empty without scenarios */
    struct loss_cell *cells;
    size_t n_cells; /* at least 1 */
    int horizon;
    bool discounted; /* a rate is given */
    bool gains;      /* some cell has an ARPU at the destination */
};

/* Zero-initialise. Texts live as the table. */
struct loss_plan {
    struct loss_row *rows;
    size_t n_rows;
    struct loss_case *cases; /* in the order of the file */
    size_t n_cases;
    bool has[LOSS_KEYS]; /* some row has the key filled in */
    struct text currency;
};

/* Binds the columns and reads the open table. `parameter` and `value` are required, `low`, `high`,
 * `unit`, `source` and the keys optional. ERROR_DATA for an unknown parameter or one that is given
 * twice for the same keys, a value outside its range or not between low and high, one of low and
 * high without the other, units that contradict each other or the parameter, keys that a parameter
 * cannot have, or a cell with two rows that fit equally well; messages say where. Free the plan
 * after an error too. */
int loss_plan_read(struct table *table, struct loss_plan *ret, struct error *err);

/* ERROR_DATA if a cell lacks a required parameter. */
int loss_plan_check(const struct loss_plan *plan, struct error *err);
void loss_plan_free(struct loss_plan *plan);

bool loss_case_ranged(const struct loss_case *item);

/* months[cell * horizon + month - 1]; the cell behind the last is their sum. Its users are those of
 * one line: each counts once. */
int loss_case_project(const struct loss_case *item, struct loss_month *months, struct error *err);

/* Loss over the horizon, of all cells: see loss_total. */
int loss_case_total(const struct loss_case *item, decimal *ret, struct error *err);

/* What a row alone does to the total: as struct loss_swing. */
struct loss_case_swing {
    const struct loss_row *row;
    decimal loss_at_low, loss_at_high, swing;
};

/* One swing for each ranged row that the case uses, the largest first; `swings` has room for the
 * rows of the plan. */
int loss_case_sensitivity(const struct loss_plan *plan, const struct loss_case *item,
                          struct loss_case_swing *swings, size_t *ret_count, struct error *err);

/* bounds as for loss_simulate_cells. */
int loss_case_simulate(const struct loss_case *item, const struct loss_interval_options *options,
                       struct loss_bounds (*bounds)[LOSS_MEASURES], struct error *err);

/* Sobol indices of the total (stats/sobol.h) for each ranged row that the case uses, the largest
 * total order first. `options` as for draws; ret_rows and ret_indices have room for the rows of the
 * plan. */
struct sobol_index;
int loss_case_sobol(const struct loss_plan *plan, const struct loss_case *item,
                    const struct loss_interval_options *options, const struct loss_row **ret_rows,
                    struct sobol_index *ret_indices, size_t *ret_count, struct error *err);

#endif
