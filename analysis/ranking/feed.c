/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Watching what some users see. */
#include "ranking/feed.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { WATCHED = 1000 };

int feed_open(struct feed *ret, const struct world *world, struct error *err) {
    *ret = (struct feed){.stride = (world->users.n + WATCHED - 1) / WATCHED,
                         .topics = 2 * world->dimensions};
    ret->n = (world->users.n + ret->stride - 1) / ret->stride;
    ret->most = world_sessions(world);
    for (int p = 0; p < PLATFORMS; p++) {
        ret->seen[p] = calloc(ret->n * ret->topics, sizeof *ret->seen[p]);
        ret->distances[p] = calloc(ret->n * ret->most, sizeof *ret->distances[p]);
        ret->watched[p] = calloc(ret->n, sizeof *ret->watched[p]);
        if (!ret->seen[p] || !ret->distances[p] || !ret->watched[p]) {
            feed_close(ret);
            return error_memory(err);
        }
    }
    return 0;
}

void feed_close(struct feed *feed) {
    for (int p = 0; p < PLATFORMS; p++) {
        free(feed->seen[p]);
        free(feed->distances[p]);
        free(feed->watched[p]);
    }
    *feed = (struct feed){0};
}

void feed_clear(struct feed *feed) {
    for (int p = 0; p < PLATFORMS; p++) {
        memset(feed->seen[p], 0, feed->n * feed->topics * sizeof *feed->seen[p]);
        feed->distance[p] = 0;
        feed->slates[p] = 0;
    }
}

static size_t topic_of(const float *x, size_t d) {
    size_t axis = 0;
    for (size_t k = 1; k < d; k++)
        axis = fabsf(x[k]) > fabsf(x[axis]) ? k : axis;
    return 2 * axis + (x[axis] < 0);
}

/* Of unit vectors: the sum over pairs of cosines is (|sum of all|^2 - n) / 2. */
static double mean_distance(const struct world *world, const struct shelf *shelf,
                            const struct slate *slate) {
    size_t d = world->dimensions;
    double sums[POLICY_DIMENSIONS] = {0}, square = 0, n = (double)slate->n;
    for (size_t i = 0; i < slate->n; i++) {
        const float *x = shelf->rows + slate->positions[i] * d;
        for (size_t k = 0; k < d; k++)
            sums[k] += (double)x[k];
    }
    for (size_t k = 0; k < d; k++)
        square += sums[k] * sums[k];
    return 1 - (square - n) / (n * (n - 1));
}

void feed_watch(struct feed *feed, const struct world *world, size_t user, int platform,
                const struct slate *slate) {
    if (user % feed->stride != 0)
        return;
    const struct shelf *shelf = &world->platforms[platform].shelf;
    size_t own = user / feed->stride;
    uint16_t *seen = feed->seen[platform] + own * feed->topics;
    for (size_t i = 0; i < slate->n; i++)
        seen[topic_of(shelf->rows + slate->positions[i] * world->dimensions, world->dimensions)]++;
    if (slate->n < 2)
        return;
    feed->distances[platform][own * feed->most + feed->watched[platform][own]++] =
        mean_distance(world, shelf, slate);
}

void feed_settle(struct feed *feed) {
    for (int p = 0; p < PLATFORMS; p++)
        for (size_t i = 0; i < feed->n; i++) {
            for (size_t j = 0; j < feed->watched[p][i]; j++)
                feed->distance[p] += feed->distances[p][i * feed->most + j];
            feed->slates[p] += feed->watched[p][i];
            feed->watched[p][i] = 0;
        }
}

/* ln n - sum c ln c / n; nan if n is 0. */
static double entropy(const uint16_t *counts, size_t topics) {
    double n = 0, sum = 0;
    for (size_t i = 0; i < topics; i++) {
        n += counts[i];
        if (counts[i] > 1)
            sum += counts[i] * log(counts[i]);
    }
    return n > 0 ? log(n) - sum / n : NAN;
}

double feed_entropy(const struct feed *feed, int platform) {
    double sum = 0;
    size_t n = 0;
    for (size_t i = 0; i < feed->n; i++) {
        double own = entropy(feed->seen[platform] + i * feed->topics, feed->topics);
        if (isnan(own))
            continue;
        sum += own;
        n++;
    }
    return n > 0 ? sum / (double)n : NAN;
}

double feed_distance(const struct feed *feed, int platform) {
    return feed->slates[platform] > 0 ? feed->distance[platform] / (double)feed->slates[platform]
                                      : NAN;
}
