/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Rows dealt into parts, and a lock for each part. */
#include "base/partition.h"

#include "base/buffer.h"
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>

/* On a cache line of its own: a lock that is taken does not take its neighbours out of the caches
 * of other processors. */
struct lock {
    _Alignas(64) pthread_mutex_t mutex;
};

struct partition {
    struct lock locks[PARTITION_PARTS];
    atomic_uint posts;
};

int partition_create(struct partition **ret, struct error *err) {
    struct partition *partition = aligned_alloc(_Alignof(struct lock), sizeof *partition);
    if (!partition)
        return error_memory(err);
    for (size_t i = 0; i < PARTITION_PARTS; i++)
        pthread_mutex_init(&partition->locks[i].mutex, NULL);
    atomic_init(&partition->posts, 0);
    *ret = partition;
    return 0;
}

void partition_destroy(struct partition *partition) {
    for (size_t i = 0; partition && i < PARTITION_PARTS; i++)
        pthread_mutex_destroy(&partition->locks[i].mutex);
    free(partition);
}

void partition_deal_free(struct partition_deal *deal) {
    free(deal->rows);
    *deal = (struct partition_deal){0};
}

/* Counting sort: starts[part] to starts[part + 1] are the part's in deal->rows. */
static int sort_rows(struct partition_deal *deal, const uint8_t *parts, size_t n,
                     uint32_t starts[PARTITION_PARTS + 1], struct error *err) {
    uint32_t places[PARTITION_PARTS] = {0};
    if (array_reserve((void **)&deal->rows, &deal->capacity, n, sizeof *deal->rows, err))
        return err->code;
    for (size_t row = 0; row < n; row++)
        places[parts[row]]++;
    starts[0] = 0;
    for (size_t part = 0; part < PARTITION_PARTS; part++) {
        starts[part + 1] = starts[part] + places[part];
        places[part] = starts[part];
    }
    for (size_t row = 0; row < n; row++)
        deal->rows[places[parts[row]]++] = (uint32_t)row;
    return 0;
}

int partition_post(struct partition *partition, struct partition_deal *deal, const uint8_t *parts,
                   size_t n, partition_rows *add, void *context, struct error *err) {
    uint32_t starts[PARTITION_PARTS + 1];
    bool done[PARTITION_PARTS] = {false};
    if (sort_rows(deal, parts, n, starts, err))
        return err->code;
    /* Threads that start at different parts rarely meet. 97 has no factor in common with 256. */
    const size_t first = atomic_fetch_add(&partition->posts, 1) * 97;
    for (int round = 0; round < 2; round++)
        for (size_t i = 0; i < PARTITION_PARTS; i++) {
            const size_t part = (first + i) % PARTITION_PARTS;
            const size_t rows = starts[part + 1] - starts[part];
            pthread_mutex_t *mutex = &partition->locks[part].mutex;
            if (rows == 0 || done[part])
                continue;
            if (round > 0)
                pthread_mutex_lock(mutex);
            else if (pthread_mutex_trylock(mutex) != 0)
                continue;
            const int code = add(context, part, deal->rows + starts[part], rows, err);
            pthread_mutex_unlock(mutex);
            if (code)
                return code;
            done[part] = true;
        }
    return 0;
}
