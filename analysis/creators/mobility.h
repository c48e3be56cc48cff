/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Mobility between tiers: matrices of transitions made ready for stats/markov-chain.h, and indices.
 *
 *     struct mobility mobility = {0};
 *     if (mobility_begin(&mobility, &flows, group, err)) ...
 *     mobility.stayers;                          // [from * tiers + to], of all steps together
 *     struct mobility_index index[MOBILITY_INDICES];
 *     if (mobility_indices(&mobility, index, err)) ...
 *     mobility_free(&mobility);
 */
#ifndef CREATORS_MOBILITY_H
#define CREATORS_MOBILITY_H

#include "creators/flows.h"
#include "stats/markov-rate.h"

/* Counts over all steps of one group. Zero-initialise. */
struct mobility {
    size_t tiers, steps;
    uint64_t *stayers; /* [from * tiers + to]: in a tier before and after */
    uint64_t *leavers; /* [tier]: to outside */
    uint64_t *comers;  /* [tier]: from outside */
    uint64_t *by_step; /* [(step * tiers + from) * tiers + to] */
    uint64_t *open;   /* [from * (tiers + 1) + to]: with outside as a state, whose row are comers */
    uint64_t *closed; /* the same, but outside is only ever stayed in: its row is 0 but for a 1 */
};

int mobility_begin(struct mobility *ret, const struct flows *flows, size_t group,
                   struct error *err);
void mobility_free(struct mobility *mobility); /* leaves it empty */

/* Of those who stay in the panel. P is their matrix, n its tiers, pi its stationary shares. */
enum mobility_kind {
    MOBILITY_SHORROCKS,   /* (n - trace P) / (n - 1): 0 if nobody moves, 1 if where one is says
                             nothing; the mean of Prais's chances to leave a tier, times n/(n-1)
                             (Shorrocks 1978, doi:10.2307/1911433) */
    MOBILITY_BARTHOLOMEW, /* sum pi_i p_ij |i - j|: tiers moved a step (Bartholomew 1973) */
    MOBILITY_UPWARD,      /* sum pi_i p_ij over j > i: share promoted a step */
    MOBILITY_DOWNWARD,    /* the same over j < i; in the long run as much is climbed as fallen, so
                             that leaps up and falls down by one make it differ from the former */
    MOBILITY_INDICES
};

struct mobility_index {
    double value;
    double error; /* by the delta method; of the first, sqrt(sum p_ii (1 - p_ii) / n_i) / (n - 1) */
};

const char *mobility_name(enum mobility_kind kind);

/* Writes all of them; nan where a tier has no transitions, or with one tier. */
int mobility_indices(const struct mobility *mobility, struct mobility_index *ret,
                     struct error *err);

/* Of one tier: how many periods in a row those are in it who are in it, 1/(1 - p_ii), by which
 * Prais measured mobility (1955, J. Roy. Statist. Soc. A 118:56-66). Bounds are those of Jeffreys'
 * interval for p_ii, which this rises with; the error is that of the delta method, sqrt(p/n) (1 -
 * p)^(-3/2). Infinite, as the upper bound, if nobody has left the tier; nan without transitions. */
struct mobility_stay {
    double value, error, lower, upper;
};
struct mobility_stay mobility_stay(const struct mobility *mobility, size_t tier, double confidence);

/* Looks at the tiers of one group, at whatever times there are rows, for stats/markov-rate.h: from
 * one row of a unit to its next, `time` in periods of the panel's kind (a month that is left out
 * makes it 2). Who is not there is not looked at, and not gone. Zero-initialise ret;
 * markov_steps_free it. allowed[from * tiers + to], of tiers x tiers, becomes true for neighbouring
 * tiers between which somebody was seen to pass: followers rise and fall through what is between.
 */
int mobility_looks(const struct standing *standing, size_t group, struct markov_steps *ret,
                   bool *allowed, struct error *err);

#endif
