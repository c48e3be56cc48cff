/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Mobility between tiers: matrices of transitions, and indices of them. */
#include "creators/mobility.h"

#include "stats/markov-chain.h"
#include <math.h>
#include <stdlib.h>

static int allocate(struct mobility *mobility, struct error *err) {
    const size_t tiers = mobility->tiers, states = tiers + 1;
    const size_t cells = (1 + mobility->steps) * tiers * tiers + 2 * tiers + 2 * states * states;
    mobility->stayers = calloc(cells, sizeof *mobility->stayers);
    if (!mobility->stayers)
        return error_memory(err);
    mobility->leavers = mobility->stayers + tiers * tiers;
    mobility->comers = mobility->leavers + tiers;
    mobility->open = mobility->comers + tiers;
    mobility->closed = mobility->open + states * states;
    mobility->by_step = mobility->closed + states * states;
    return 0;
}

static void add_step(struct mobility *mobility, const uint64_t *matrix, size_t step) {
    const size_t tiers = mobility->tiers, states = tiers + 1;
    for (size_t from = 0; from < tiers; from++) {
        for (size_t to = 0; to < tiers; to++) {
            uint64_t moved = matrix[from * states + to];
            mobility->by_step[(step * tiers + from) * tiers + to] = moved;
            mobility->stayers[from * tiers + to] += moved;
        }
        mobility->leavers[from] += matrix[from * states + tiers];
        mobility->comers[from] += matrix[tiers * states + from];
    }
}

int mobility_begin(struct mobility *ret, const struct flows *flows, size_t group,
                   struct error *err) {
    const size_t tiers = flows->tiers, states = tiers + 1;
    *ret = (struct mobility){.tiers = tiers, .steps = flows->periods > 1 ? flows->periods - 1 : 0};
    if (allocate(ret, err))
        return err->code;
    for (size_t step = 0; step < ret->steps; step++)
        add_step(ret, flows_matrix(flows, group, step + 1), step);
    for (size_t from = 0; from < tiers; from++) {
        for (size_t to = 0; to < tiers; to++)
            ret->open[from * states + to] = ret->closed[from * states + to] =
                ret->stayers[from * tiers + to];
        ret->open[from * states + tiers] = ret->closed[from * states + tiers] = ret->leavers[from];
        ret->open[tiers * states + from] = ret->comers[from];
    }
    ret->closed[tiers * states + tiers] = 1;
    return 0;
}

void mobility_free(struct mobility *mobility) {
    free(mobility->stayers);
    *mobility = (struct mobility){0};
}

/* ---- Indices -----------------------------------------------------------------------------------
 */

const char *mobility_name(enum mobility_kind kind) {
    static const char *const names[] = {[MOBILITY_SHORROCKS] = "shorrocks",
                                        [MOBILITY_BARTHOLOMEW] = "bartholomew",
                                        [MOBILITY_UPWARD] = "upward",
                                        [MOBILITY_DOWNWARD] = "downward"};
    return names[kind];
}

static struct mobility_index shorrocks(const double *shares, const double *totals, size_t n) {
    double leaving = 0, variance = 0;
    for (size_t i = 0; i < n; i++) {
        double stay = shares[i * n + i];
        leaving += 1 - stay;
        variance += stay * (1 - stay) / totals[i];
    }
    double others = (double)n - 1;
    return n > 1 ? (struct mobility_index){leaving / others, sqrt(variance) / others}
                 : (struct mobility_index){NAN, NAN};
}

static double distance(enum mobility_kind kind, size_t from, size_t to) {
    double up = (double)to - (double)from;
    return kind == MOBILITY_BARTHOLOMEW ? fabs(up) : kind == MOBILITY_UPWARD ? up > 0 : up < 0;
}

int mobility_indices(const struct mobility *mobility, struct mobility_index *ret,
                     struct error *err) {
    const size_t n = mobility->tiers;
    int status = 0;
    double *shares = malloc((2 * n * n + n) * sizeof *shares);
    if (!shares)
        return error_memory(err);
    double *values = shares + n * n, *totals = values + n * n;
    markov_shares(mobility->stayers, n, shares, totals);
    ret[MOBILITY_SHORROCKS] = shorrocks(shares, totals, n);
    for (enum mobility_kind kind = MOBILITY_BARTHOLOMEW; kind < MOBILITY_INDICES && !status;
         kind++) {
        for (size_t from = 0; from < n; from++)
            for (size_t to = 0; to < n; to++)
                values[from * n + to] = distance(kind, from, to);
        status = markov_mean(shares, totals, n, values, &ret[kind].value, &ret[kind].error, err);
    }
    free(shares);
    return status;
}
