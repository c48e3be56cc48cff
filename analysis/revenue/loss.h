/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Revenue lost when users leave, month by month, from a few assumptions.
 *
 *     struct loss_scenario scenario;
 *     loss_scenario_begin(&scenario);
 *     loss_scenario_set(&scenario, LOSS_MIGRANTS, n, n, n, err);   // 500000.000000
 *     loss_scenario_set(&scenario, LOSS_ARPU, a, a, a, err);       // 1.250000
 *     struct loss_month months[LOSS_MAX_HORIZON];
 *     if (loss_project(&scenario, months, err)) ...
 *     months[0].revenue_lost;                                      // 625000.000000
 *
 * The model. All migrants leave at the start of month 1. A share s of them stays part-time and
 * keeps giving a share k of its ARPU. At the end of each month a share r of those who are still
 * away comes back for good, part-timers too. With n migrants and ARPU a, in month m
 *
 *     away(m)         = n (1 - r)^(m-1)
 *     users_lost(m)   = away(m) (1 - s)
 *     revenue_lost(m) = away(m) (1 - s k) a
 *     gain(m)         = away(m) (1 - s k) b          b: ARPU at the destination
 *     present value   = sum over i = 1..m of revenue_lost(i) (1 + d)^(-(i-1)/12)
 *
 * Discounting is to the start of month 1, by the effective yearly rate d, each month's loss taken
 * at the month's start, as the retention form of customer lifetime value does (Gupta, Lehmann &
 * Stuart 2004, doi:10.1509/jmkr.41.1.7.25084).
 *
 * Rounding: users and money are decimals of six places. Those who come back in a month, those of
 * the away who are part-time, what these keep, and the product with the ARPU are each rounded half
 * to even at the sixth place; differences and sums are exact. So users_lost and its complement add
 * up, and cumulative figures are the sums of the printed ones. Discount factors are the one use of
 * floating point: each month's present value is rounded from a double.
 */
#ifndef REVENUE_LOSS_H
#define REVENUE_LOSS_H

#include "revenue/loss-scenario.h"

struct loss_month {
    decimal users_lost;      /* gone altogether during this month */
    decimal revenue_lost;    /* in this month */
    decimal cumulative;      /* months 1 to this one */
    decimal gain;            /* at the destination, in this month; 0 without its ARPU */
    decimal cumulative_gain; /* months 1 to this one */
    decimal present_value;   /* of the losses of months 1 to this one */
};

/* Months 1 to this one are projected: months[0] to months[horizon - 1]. */
int loss_horizon(const struct loss_scenario *scenario);

/* Fills months from the scenario's values. ERROR_DATA if an amount exceeds the range of decimals.
 */
int loss_project(const struct loss_scenario *scenario, struct loss_month *months,
                 struct error *err);

/* Loss over the whole horizon: the present value if a discount rate is given, else the plain sum.
 */
int loss_total(const struct loss_scenario *scenario, decimal *ret, struct error *err);

/* What a parameter alone does to the total when it goes from its low to its high and all others
 * stay at their values. */
struct loss_swing {
    enum loss_parameter parameter;
    decimal low, high;
    decimal loss_at_low, loss_at_high;
    decimal swing; /* loss_at_high - loss_at_low */
};

/* One swing for each parameter with a range, the largest |swing| first, ties in the order of the
 * parameters. `swings` has room for LOSS_PARAMETERS. */
int loss_sensitivity(const struct loss_scenario *scenario, struct loss_swing *swings,
                     size_t *ret_count, struct error *err);

#endif
