/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How a tier grew between two periods, and what that is a year. */
#include "creators/growth.h"

#include "creators/ratio.h"
#include <math.h>

struct growth growth_estimate(const struct tier_change *change, enum growth_interval interval,
                              double confidence) {
    if (change->from == 0)
        return (struct growth){NAN, NAN, NAN};
    uint64_t lost = change->promoted_out + change->demoted_out + change->left;
    uint64_t gained = change->promoted_in + change->demoted_in + change->entered;
    struct ratio_interval ratio = interval == GROWTH_FLOWS
                                      ? ratio_paired(change->from - lost, lost, gained, confidence)
                                      : ratio_poisson(change->from, change->to, confidence);
    /* The difference first: it is exact, so the rate is rounded once. */
    double difference = (double)((int64_t)change->to - (int64_t)change->from);
    return (struct growth){difference / (double)change->from, ratio.lower - 1, ratio.upper - 1};
}

static double annualise(double rate, double years) {
    if (years == 1) /* not through a power, which could change its last digit */
        return rate;
    /* Near 0 by logarithms, which do not cancel; elsewhere the plain power is as good, and exact
     * where the result is: doubled in two months is 2^6 - 1 a year. */
    double annual = fabs(rate) < 0.5 ? expm1(log1p(rate) / years) : pow(1 + rate, 1 / years) - 1;
    return isfinite(annual) ? annual : NAN;
}

struct growth growth_annualise(struct growth growth, double years) {
    return (struct growth){annualise(growth.rate, years), annualise(growth.lower, years),
                           annualise(growth.upper, years)};
}
