/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Revenue lost when users leave: the projection in exact decimals, and its sensitivities. */
#include "revenue/loss.h"

#include <math.h>
#include <stdlib.h>

int loss_horizon(const struct loss_scenario *scenario) {
    return (int)(scenario->of[LOSS_HORIZON].value / DECIMAL_ONE);
}

static bool discount(decimal amount, decimal yearly_rate, int month, decimal *ret) {
    double years = (month - 1) / 12.0;
    double factor = exp(-years * log1p(decimal_to_double(yearly_rate)));
    return decimal_from_double(decimal_to_double(amount) * factor, ret);
}

/* One month, and the number still away at its end. False if an amount does not fit. */
static bool project_month(const struct loss_scenario *scenario, int month,
                          const struct loss_month *before, decimal *away, struct loss_month *ret) {
    const struct assumption *of = scenario->of;
    decimal part_time, kept, returned, present;
    if (!decimal_multiply(*away, of[LOSS_MULTI_HOMING_SHARE].value, &part_time) ||
        !decimal_multiply(part_time, of[LOSS_KEPT_SHARE].value, &kept) ||
        !decimal_multiply(*away, of[LOSS_RETURN_RATE].value, &returned) ||
        !decimal_multiply(*away - kept, of[LOSS_ARPU].value, &ret->revenue_lost) ||
        !decimal_multiply(*away - kept, of[LOSS_ARPU_DESTINATION].value, &ret->gain) ||
        !discount(ret->revenue_lost, of[LOSS_DISCOUNT_RATE].value, month, &present))
        return false;
    ret->users_lost = *away - part_time;
    *away -= returned;
    return decimal_add(before->cumulative, ret->revenue_lost, &ret->cumulative) &&
           decimal_add(before->cumulative_gain, ret->gain, &ret->cumulative_gain) &&
           decimal_add(before->present_value, present, &ret->present_value);
}

int loss_project(const struct loss_scenario *scenario, struct loss_month *months,
                 struct error *err) {
    static const struct loss_month nothing = {0};
    decimal away = scenario->of[LOSS_MIGRANTS].value;
    for (int m = 1; m <= loss_horizon(scenario); m++)
        if (!project_month(scenario, m, m == 1 ? &nothing : &months[m - 2], &away, &months[m - 1]))
            return error_set(err, ERROR_DATA,
                             "the loss up to month %d is out of range, expected at most "
                             "9223372036854.775807",
                             m);
    return 0;
}

int loss_total(const struct loss_scenario *scenario, decimal *ret, struct error *err) {
    struct loss_month months[LOSS_MAX_HORIZON];
    int code = loss_project(scenario, months, err);
    if (code)
        return code;
    const struct loss_month *last = &months[loss_horizon(scenario) - 1];
    *ret = scenario->of[LOSS_DISCOUNT_RATE].given ? last->present_value : last->cumulative;
    return 0;
}

static int by_size(const void *a, const void *b) {
    const struct loss_swing *x = a, *y = b;
    decimal first = x->swing < 0 ? -x->swing : x->swing;
    decimal second = y->swing < 0 ? -y->swing : y->swing;
    if (first != second)
        return first > second ? -1 : 1;
    return (int)x->parameter - (int)y->parameter;
}

int loss_sensitivity(const struct loss_scenario *scenario, struct loss_swing *swings,
                     size_t *ret_count, struct error *err) {
    size_t n = 0;
    for (int p = 0; p < LOSS_PARAMETERS; p++) {
        const struct assumption *assumption = &scenario->of[p];
        if (!assumption->ranged)
            continue;
        struct loss_swing *swing = &swings[n++];
        struct loss_scenario varied = *scenario;
        *swing = (struct loss_swing){
            .parameter = (enum loss_parameter)p, .low = assumption->low, .high = assumption->high};
        varied.of[p].value = assumption->low;
        int code = loss_total(&varied, &swing->loss_at_low, err);
        varied.of[p].value = assumption->high;
        if (!code)
            code = loss_total(&varied, &swing->loss_at_high, err);
        if (code)
            return code;
        swing->swing = swing->loss_at_high - swing->loss_at_low; /* both are 0 or more */
    }
    qsort(swings, n, sizeof *swings, by_size);
    *ret_count = n;
    return 0;
}
