/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How a tier grew between two periods, and what that is a year.
 *
 *     const struct tier_change change = flows_step(&flows, group, period, tier);
 *     struct growth growth = growth_estimate(&change, GROWTH_FLOWS, 0.95);
 *     struct growth annual = growth_annualise(growth, 1 / 12.0);     // a month is a 12th of a year
 *     growth.rate;                                                   // 0.05: five per cent
 */
#ifndef CREATORS_GROWTH_H
#define CREATORS_GROWTH_H

#include <stddef.h>
#include <stdint.h>

/* A tier between a period and a later one. Always
 * to = from + entered + promoted_in + demoted_in - promoted_out - demoted_out - left. */
struct tier_change {
    uint64_t from;         /* accounts in the tier in the earlier period */
    uint64_t to;           /* in the later one */
    uint64_t entered;      /* not in the panel in the earlier period */
    uint64_t promoted_in;  /* in a lower tier in the earlier period */
    uint64_t demoted_in;   /* in a higher tier in the earlier period */
    uint64_t promoted_out; /* in a higher tier in the later period */
    uint64_t demoted_out;  /* in a lower tier in the later period */
    uint64_t left;         /* not in the panel in the later period */
    uint64_t moved_in;     /* of `entered`: from another platform, or another group */
    uint64_t moved_out;    /* of `left`: to another one */
};

/* A rate and its bounds, as fractions: 0.05 is five per cent more. nan where there is none. */
struct growth {
    double rate;
    double lower;
    double upper;
};

enum growth_interval {
    GROWTH_FLOWS,     /* ratio_paired on who stayed, went and came */
    GROWTH_POISSON,   /* ratio_poisson on the two totals */
    GROWTH_BOOTSTRAP, /* growth_bootstrap, not growth_estimate */
};

/* rate = to / from - 1. All three are nan for a tier that was empty: growth from nothing is no
 * rate. A tier that became empty has rate -1, lower bound -1 and an upper bound above it. */
struct growth growth_estimate(const struct tier_change *change, enum growth_interval interval,
                              double confidence);

/* The same rate with the percentiles (type 7) of a bootstrap over creators. clusters[a * (most + 1)
 * + b] counts the creators of whom a units were in the tier before and b are in it now; `creators`
 * is how many there are in all. To draw that many from them again is to draw how often each kind
 * comes up, which is multinomial: it takes no time that grows with their number. Replication r
 * draws from (seed, r, entity, step). nan where a replication has nobody to grow from. */
struct growth growth_bootstrap(const uint64_t *clusters, size_t most, uint64_t creators,
                               double confidence, size_t replications, uint32_t seed,
                               uint32_t entity, uint32_t step, double *work);

/* (1 + rate)^(1 / years) - 1, of the rate and of both bounds: the transformation is monotone, so
 * the interval keeps its confidence. years > 0 is the time the growth took. nan where the result is
 * too large for a double. */
struct growth growth_annualise(struct growth growth, double years);

#endif
