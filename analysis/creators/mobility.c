/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Mobility between tiers: matrices of transitions, and indices of them. */
#include "creators/mobility.h"

#include "base/buffer.h"
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

struct mobility_stay mobility_stay(const struct mobility *mobility, size_t tier,
                                   double confidence) {
    const uint64_t *row = mobility->stayers + tier * mobility->tiers;
    uint64_t total = 0;
    for (size_t to = 0; to < mobility->tiers; to++)
        total += row[to];
    const struct proportion_interval stay = markov_interval(row[tier], total, 2, confidence);
    const double n = (double)total, p = (double)row[tier] / n;
    return (struct mobility_stay){1 / (1 - p),
                                  row[tier] < total ? sqrt(p / n / pow(1 - p, 3)) : NAN,
                                  1 / (1 - stay.lower), 1 / (1 - stay.upper)};
}

/* ---- Looks at irregular times ------------------------------------------------------------------
 */

/* Counts by [time][from][to]. */
struct looks {
    const struct standing *standing;
    size_t group, tiers, times;
    uint64_t *counts;
};

static void count_looks(struct looks *looks, const struct unit *unit) {
    const struct period *periods = looks->standing->options.panel->periods;
    size_t before = unit->first;
    for (size_t now = unit->first + 1; now < unit->end; now++) {
        if (unit->followers[now] < 0)
            continue;
        size_t time = (size_t)(periods[now].index - periods[before].index);
        if (unit->group[before] == looks->group && unit->group[now] == looks->group)
            looks->counts[(time * looks->tiers + unit->tier[before]) * looks->tiers +
                          unit->tier[now]]++;
        before = now;
    }
}

static int count_all_looks(struct looks *looks, struct error *err) {
    const size_t n = looks->standing->options.panel->n_creators;
    struct units units = {0};
    int status = 0;
    for (size_t creator = 0; creator < n && !status; creator++) {
        status = standing_load(looks->standing, creator, &units, err);
        for (size_t i = 0; i < units.n && !status; i++)
            count_looks(looks, &units.items[i]);
    }
    units_free(&units);
    return status;
}

static void allow(bool *allowed, size_t tiers, size_t from, size_t to) {
    for (size_t i = from; i < to; i++)
        allowed[i * tiers + i + 1] = true;
    for (size_t i = from; i > to; i--)
        allowed[i * tiers + i - 1] = true;
}

static int list_looks(const struct looks *looks, struct markov_steps *ret, bool *allowed,
                      struct error *err) {
    const size_t tiers = looks->tiers;
    for (size_t cell = 0; cell < looks->times * tiers * tiers; cell++) {
        if (looks->counts[cell] == 0)
            continue;
        size_t to = cell % tiers, from = cell / tiers % tiers, time = cell / (tiers * tiers);
        if (array_reserve((void **)&ret->steps, &ret->capacity, ret->n + 1, sizeof *ret->steps,
                          err))
            return err->code;
        ret->steps[ret->n++] = (struct markov_step){(uint32_t)from, (uint32_t)to, (double)time,
                                                    (double)looks->counts[cell]};
        allow(allowed, tiers, from, to);
    }
    return 0;
}

int mobility_looks(const struct standing *standing, size_t group, struct markov_steps *ret,
                   bool *allowed, struct error *err) {
    const struct panel *panel = standing->options.panel;
    struct looks looks = {.standing = standing, .group = group, .tiers = standing->outside};
    ret->n_states = looks.tiers;
    if (panel->n_periods == 0)
        return 0;
    looks.times =
        (size_t)(panel->periods[panel->n_periods - 1].index - panel->periods[0].index) + 1;
    looks.counts = calloc(looks.times * looks.tiers * looks.tiers, sizeof *looks.counts);
    if (!looks.counts)
        return error_memory(err);
    int status = count_all_looks(&looks, err);
    if (!status)
        status = list_looks(&looks, ret, allowed, err);
    free(looks.counts);
    return status;
}
