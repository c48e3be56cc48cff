/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Two simulations of the same worlds, replication by replication.
 *
 *     struct compare_pair pair;
 *     compare_pairs(&trial, &reference, period, series, 0.95, &pair);
 *     ... pair.difference, pair.lower, pair.upper ...
 *
 * Simulations of one seed meet the same people, items and luck in each replication, so that what
 * differs is due to the rule: the differences vary much less than the simulations do (common random
 * numbers; Law 2015, "Simulation Modeling and Analysis", 5th ed., section 11.2). Their mean has the
 * interval of paired observations, d +- t_(n-1) s_d / sqrt(n) (there, section 10.2.1).
 */
#ifndef RANKING_COMPARE_H
#define RANKING_COMPARE_H

#include "ranking/simulate.h"
#include <stddef.h>

struct compare_pair {
    size_t n;                /* replications in which the measure exists in both */
    double value, reference; /* means over these */
    double difference;       /* value - reference */
    double error;            /* of the mean difference */
    double lower, upper;     /* of the mean difference, at the confidence asked for */
};

enum { COMPARE_MEAN = -1 }; /* period: the mean over all periods of each replication */

/* period from 0, or COMPARE_MEAN, to which only periods count in which the measure exists in both.
 * All but n are nan for n = 0; error and bounds are nan for n = 1. Both simulations have the same
 * replications, periods and series. */
void compare_pairs(const struct simulation *trial, const struct simulation *reference, long period,
                   size_t series, double confidence, struct compare_pair *ret);

#endif
