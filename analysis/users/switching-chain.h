/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where switching leads, if users go on as they did: shares in the long run, and K periods ahead.
 *
 *     struct switching_chain chain;
 *     if (switching_chain_of(&switching, &chain, err) ||
 *         switching_stationary(&chain, &how, shares, err)) ...
 *     switching_chain_free(&chain);
 *
 * All steps are pooled into one matrix of moves, and next period's state is taken to depend on the
 * present one only (a Markov chain: stats/markov-chain.h). (new) is no state of it: looked at are
 * those who have been seen, (gone) included, and nobody is added.
 */
#ifndef USERS_SWITCHING_CHAIN_H
#define USERS_SWITCHING_CHAIN_H

#include "base/error.h"
#include "stats/proportion.h"
#include "users/switching.h"
#include <stddef.h>
#include <stdint.h>

struct switching_chain {
    size_t n;         /* states */
    uint32_t *states; /* [n] numbers in switching.states */
    uint64_t *counts; /* [n][n]: moves of all periods */
    double *start;    /* [n]: shares of the states in the last period */
    int64_t users;    /* all who have been seen */
    struct period last;
};

/* ERROR_DATA if there is no move. */
int switching_chain_of(const struct switching *switching, struct switching_chain *ret,
                       struct error *err);
void switching_chain_free(struct switching_chain *chain); /* leaves it zeroed */

struct switching_draws {
    uint32_t seed;
    size_t draws; /* 1 or more */
    double confidence;
};

struct switching_share {
    double share; /* by the shares as they were seen */
    struct proportion_interval interval;
};

/* ret[n]: the stationary shares. nan if they are not unique. The interval holds the middle part,
 * as large as the confidence, of the same computed from matrices drawn from the posterior of each
 * row under Jeffreys' prior, Dirichlet(1/2, ...); quantiles of type 7. */
int switching_stationary(const struct switching_chain *chain, const struct switching_draws *how,
                         struct switching_share *ret, struct error *err);

/* ret[(steps + 1) * n]: the shares now and after 1 to `steps` periods, likewise. */
int switching_project(const struct switching_chain *chain, size_t steps,
                      const struct switching_draws *how, struct switching_share *ret,
                      struct error *err);

#endif
