/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How varied what users see is: the "bubble".
 *
 *     struct feed feed;
 *     if (feed_open(&feed, world, err)) ...
 *     feed_clear(&feed);                              // each period
 *     feed_watch(&feed, world, user, platform, &slate);   // different users in any thread
 *     feed_settle(&feed);                             // each round
 *     ... feed_entropy(&feed, platform), feed_distance(&feed, platform) ...
 *     feed_close(&feed);
 *
 * About a thousand users are watched, evenly spread over all. An item's topic is the direction, of
 * the 2 * dimensions along the axes, that its embedding is nearest to.
 */
#ifndef RANKING_FEED_H
#define RANKING_FEED_H

#include "ranking/policy.h"

struct feed {
    size_t n, stride, topics;
    uint16_t *seen[PLATFORMS]; /* [n][topics] in this period */
    double distance[PLATFORMS];
    uint64_t slates[PLATFORMS];
    /* Of the round under way, so that sums do not depend on who was served first: */
    size_t most;                  /* slates of a user */
    double *distances[PLATFORMS]; /* [n][most] of each slate */
    uint32_t *watched[PLATFORMS]; /* [n] how many there are */
};

int feed_open(struct feed *ret, const struct world *world, struct error *err);
void feed_close(struct feed *feed); /* zeroed is fine */
void feed_clear(struct feed *feed);

/* Does nothing for users who are not watched. A user may be watched as often between two settlings
 * as there are sessions in a round. */
void feed_watch(struct feed *feed, const struct world *world, size_t user, int platform,
                const struct slate *slate);

/* Adds up what was watched since the last time. */
void feed_settle(struct feed *feed);

/* Mean over the users watched of the Shannon entropy, in nats, of the topics that a user saw on the
 * platform in the period; at most ln(topics). nan if none saw anything. */
double feed_entropy(const struct feed *feed, int platform);

/* Mean over slates of the mean of 1 - cosine over the pairs of items on it (intra-list diversity,
 * Ziegler et al. 2005, doi:10.1145/1060745.1060754). nan without a slate of two. */
double feed_distance(const struct feed *feed, int platform);

#endif
