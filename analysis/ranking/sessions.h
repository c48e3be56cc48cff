/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The sessions of one round: what each user is shown, takes up, and does with it.
 *
 *     struct sessions *sessions;
 *     if (sessions_open(&sessions, world, err)) ...
 *     for (; world->round < world_rounds(world); world->round++) {
 *         ... policy_round_begin ...
 *         if (sessions_hold(sessions, desks, &feed, 4, err)) ...
 *         ... policy_round_end ...
 *     }
 *     sessions_close(sessions);
 *
 * Users are served in batches, by several threads. Within a batch the sessions that are shown
 * neighbouring parts of a shelf follow each other, so that the items stay in the cache. Neither the
 * order nor the threads show in the outcome: a session reads what the round before left and what
 * belongs to its user, writes to the latter only, and is counted in integers.
 */
#ifndef RANKING_SESSIONS_H
#define RANKING_SESSIONS_H

#include "base/error.h"
#include "ranking/feed.h"
#include "ranking/policy.h"
#include "ranking/world.h"

/* A platform's policies: the one on trial also watches while the baseline serves. They are one and
 * the same if they are of the same class. */
struct desk {
    struct policy trial, baseline;
    bool alike;
    struct policy *serving;
};

/* One user's round on one platform. `session` points into it. */
struct visit {
    struct session session;
    struct candidates candidates; /* of the session to come */
    struct random_stream retrieving, exploring, choosing, reacting;
    uint64_t sessions;
    double utility;
};

void visit_open(struct visit *ret, const struct world *world, size_t user, int platform);

struct sessions;

int sessions_open(struct sessions **ret, struct world *world, struct error *err);
void sessions_close(struct sessions *sessions); /* NULL is fine */

/* Holds the sessions of the world's round and adds what happened to its counters (world_absorb).
 * feed: NULL where nobody is watched. Any number of threads gives the same world. */
int sessions_hold(struct sessions *sessions, struct desk desks[PLATFORMS], struct feed *feed,
                  int threads, struct error *err);

#endif
