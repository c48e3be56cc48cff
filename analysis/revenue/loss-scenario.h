/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The assumptions behind one loss of revenue:
 *
 *     struct loss_scenario scenario;
 *     loss_scenario_begin(&scenario);
 *     if (loss_scenario_set(&scenario, LOSS_ARPU, low, value, high, err)) ...
 *     if (loss_scenario_check(&scenario, err)) ...
 *     struct loss_month months[LOSS_MAX_HORIZON];
 *     if (loss_project(&scenario, months, err)) ...      // see revenue/loss.h
 *
 * A file of them is read by revenue/loss-plan.h.
 */
#ifndef REVENUE_LOSS_SCENARIO_H
#define REVENUE_LOSS_SCENARIO_H

#include "base/decimal.h"
#include "base/error.h"
#include "table/assumptions.h"
#include "table/table.h"
#include <stdbool.h>

/* The numbers also tell the random streams of the parameters apart: new ones go to the end. */
enum loss_parameter {
    LOSS_MIGRANTS,
    LOSS_ARPU,
    LOSS_MULTI_HOMING_SHARE,
    LOSS_KEPT_SHARE,
    LOSS_RETURN_RATE,
    LOSS_HORIZON,
    LOSS_DISCOUNT_RATE,
    LOSS_ARPU_DESTINATION,
    LOSS_PARAMETERS
};

#define LOSS_MAX_HORIZON 600 /* months */

/* What a parameter is: what its values may be, and what its unit must not say. */
struct loss_parameter_info {
    const char *name;
    const char *unit;    /* as expected in the file */
    decimal least, most; /* allowed values, both included */
    decimal fallback;    /* when the file has no row for it */
    bool required;
    bool is_money, is_share, is_count; /* a count is whole and has no range */
    const char *per; /* the time that its unit may name: "month", "year", or NULL */
};
extern const struct loss_parameter_info loss_parameters[LOSS_PARAMETERS];

struct loss_scenario {
    struct assumption of[LOSS_PARAMETERS]; /* without unit and row */
    struct text currency; /* the first word of the units of money, or empty; lives as the table */
};

/* Every parameter at its fallback, none given. */
void loss_scenario_begin(struct loss_scenario *scenario);

/* A value without a range, for callers who read no file. Returns 0, or ERROR_DATA outside the
 * allowed values. */
int loss_scenario_set(struct loss_scenario *scenario, enum loss_parameter parameter, decimal low,
                      decimal value, decimal high, struct error *err);

/* Sets a parameter from a row of a file: its unit, what that does to the values (percent), and then
 * whether these are allowed. The first row with a currency says which it is, and *currency_row
 * keeps where. ERROR_DATA for a unit that contradicts the parameter or another row; with TABLE_SKIP
 * the row is rejected and nothing is set. */
int loss_scenario_take(const struct table_batch *batch, enum loss_parameter parameter,
                       struct assumption *read, struct loss_scenario *scenario,
                       size_t *currency_row, struct error *err);

/* ERROR_DATA if a required parameter was not given. */
int loss_scenario_check(const struct loss_scenario *scenario, struct error *err);

/* Whether any parameter has a range. */
bool loss_scenario_ranged(const struct loss_scenario *scenario);

#endif
