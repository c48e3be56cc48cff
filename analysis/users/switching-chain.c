/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A Markov chain from a switching matrix, and what it leads to. */
#include "users/switching-chain.h"

#include "base/random.h"
#include "stats/markov-chain.h"
#include <gsl/gsl_statistics_double.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- The chain ------------------------------------------------------------------------------- */

void switching_chain_free(struct switching_chain *chain) {
    free(chain->states);
    free(chain->counts);
    free(chain->start);
    *chain = (struct switching_chain){0};
}

/* The place of each state in the chain, SIZE_MAX for those that have no part in it. */
static size_t number_states(const struct switching *switching, struct switching_chain *chain,
                            size_t *places) {
    const uint32_t new = switching->n_states - 2;
    for (uint32_t i = 0; i < switching->n_states; i++)
        places[i] = SIZE_MAX;
    for (size_t i = 0; i < switching->n; i++) {
        places[switching->moves[i].from] = 0;
        places[switching->moves[i].to] = 0;
    }
    places[new] = SIZE_MAX;
    for (uint32_t i = 0; i < switching->n_states; i++)
        if (places[i] == 0) {
            chain->states[chain->n] = i;
            places[i] = chain->n++;
        }
    return chain->n;
}

static void count_moves(const struct switching *switching, const size_t *places,
                        struct switching_chain *chain) {
    for (size_t i = 0; i < switching->n; i++) {
        const struct switching_move *move = &switching->moves[i];
        const size_t from = places[move->from], to = places[move->to];
        if (from != SIZE_MAX)
            chain->counts[from * chain->n + to] += (uint64_t)move->users;
        if (period_compare(move->period, chain->last) == 0) {
            chain->start[to] += (double)move->users;
            chain->users += move->users;
        }
    }
    for (size_t i = 0; i < chain->n; i++)
        chain->start[i] /= (double)chain->users;
}

int switching_chain_of(const struct switching *switching, struct switching_chain *ret,
                       struct error *err) {
    *ret = (struct switching_chain){0};
    if (switching->n == 0)
        return error_set(err, ERROR_DATA,
                         "found one period or none: there are no moves to go on with");
    const size_t n = switching->n_states;
    size_t *places = calloc(n, sizeof *places);
    ret->states = calloc(n, sizeof *ret->states);
    ret->counts = calloc(n * n, sizeof *ret->counts);
    ret->start = calloc(n, sizeof *ret->start);
    ret->last = switching->moves[switching->n - 1].period;
    if (!places || !ret->states || !ret->counts || !ret->start) {
        free(places);
        switching_chain_free(ret);
        return error_memory(err);
    }
    number_states(switching, ret, places);
    count_moves(switching, places, ret);
    free(places);
    return 0;
}

/* ---- Draws ----------------------------------------------------------------------------------- */

enum { PURPOSE = 0x666c6f77 }; /* "flow": no other tool draws from these streams */

/* What is computed of one matrix: `size` shares. */
struct target {
    const struct switching_chain *chain;
    size_t steps; /* 0: the stationary shares */
    size_t size;
};

static int compute(const struct target *target, const double *shares, double *ret,
                   struct error *err) {
    const size_t n = target->chain->n;
    if (target->steps == 0)
        return markov_stationary(shares, NULL, n, ret, NULL, err);
    for (size_t k = 0; k <= target->steps; k++)
        if (markov_project(shares, NULL, n, target->chain->start, (unsigned)k, ret + k * n, NULL,
                           err))
            return err->code;
    return 0;
}

static int by_value(const void *a, const void *b) {
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* values[draw * size + i]; nan where a drawn matrix has no answer. */
static int draw_values(const struct target *target, const struct switching_draws *how,
                       double *shares, double *values, struct error *err) {
    for (size_t i = 0; i < how->draws; i++) {
        struct random_stream stream;
        random_open(&stream, how->seed, (uint32_t)i, 0, 0, PURPOSE);
        markov_draw(target->chain->counts, target->chain->n, &stream, shares);
        if (compute(target, shares, values + i * target->size, err))
            return err->code;
    }
    return 0;
}

static struct proportion_interval middle(const struct target *target, const double *values,
                                         size_t i, const struct switching_draws *how,
                                         double *column) {
    size_t n = 0;
    for (size_t draw = 0; draw < how->draws; draw++)
        if (!isnan(values[draw * target->size + i]))
            column[n++] = values[draw * target->size + i];
    if (n == 0)
        return (struct proportion_interval){NAN, NAN};
    qsort(column, n, sizeof *column, by_value);
    const double tail = (1 - how->confidence) / 2;
    return (struct proportion_interval){
        gsl_stats_quantile_from_sorted_data(column, 1, n, tail),
        gsl_stats_quantile_from_sorted_data(column, 1, n, 1 - tail)};
}

static int estimate(const struct target *target, const struct switching_draws *how,
                    struct switching_share *ret, struct error *err) {
    const size_t n = target->chain->n;
    double *room = calloc(n * n + target->size * (how->draws + 1) + how->draws + 1, sizeof *room);
    if (!room)
        return error_memory(err);
    double *const shares = room, *const value = shares + n * n;
    double *const values = value + target->size;
    double *const column = values + target->size * how->draws;
    markov_shares(target->chain->counts, n, shares, NULL);
    int status = compute(target, shares, value, err);
    if (!status)
        status = draw_values(target, how, shares, values, err);
    for (size_t i = 0; i < target->size && !status; i++) {
        ret[i].share = value[i];
        ret[i].interval = isnan(value[i]) ? (struct proportion_interval){NAN, NAN}
                                          : middle(target, values, i, how, column);
    }
    free(room);
    return status;
}

int switching_stationary(const struct switching_chain *chain, const struct switching_draws *how,
                         struct switching_share *ret, struct error *err) {
    const struct target target = {chain, 0, chain->n};
    return estimate(&target, how, ret, err);
}

int switching_project(const struct switching_chain *chain, size_t steps,
                      const struct switching_draws *how, struct switching_share *ret,
                      struct error *err) {
    const struct target target = {chain, steps, (steps + 1) * chain->n};
    return estimate(&target, how, ret, err);
}
