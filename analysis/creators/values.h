/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The followers (or amounts) of all units by group and period, in ascending order.
 *
 *     struct values values = {0};
 *     const struct values_options options = {.threads = 4};
 *     if (values_gather(&standing, &options, &values, err)) ...
 *     size_t n;
 *     const int64_t *sorted = values_of(&values, group, period, 0, &n);
 *     values_free(&values);
 */
#ifndef CREATORS_VALUES_H
#define CREATORS_VALUES_H

#include "creators/standing.h"

/* Zero is the default of every field. */
struct values_options {
    size_t amount; /* 0: followers; k: amounts[k - 1], where known */
    bool by_tier;  /* tiers apart */
    bool one;      /* only the period `period` */
    size_t period;
    int threads;
};

/* Zero-initialise. */
struct values {
    size_t groups, periods, tiers; /* tiers is 1 if they are together */
    size_t *start;                 /* [(group * periods + period) * tiers + tier], and the end */
    int64_t *items;
};

int values_gather(const struct standing *standing, const struct values_options *options,
                  struct values *ret, struct error *err);
const int64_t *values_of(const struct values *values, size_t group, size_t period, size_t tier,
                         size_t *ret_n);
void values_free(struct values *values); /* leaves it empty */

#endif
