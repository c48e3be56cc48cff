/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Partitions: many threads fill one table of groups (users, say), each part of it under a lock of
 * its own.
 *
 *     static int add_rows(void *context, size_t part, const uint32_t *rows, size_t n,
 *                         struct error *err);            // rows[0 .. n) belong to this part
 *
 *     struct partition *partition;                       // one for all threads
 *     struct partition_deal deal = {0};                  // one a thread
 *     uint8_t parts[ROWS];                               // of a batch: 8 bits of each key's hash
 *     if (partition_create(&partition, err)) ...
 *     if (partition_post(partition, &deal, parts, n, add_rows, context, err)) ...
 *     partition_deal_free(&deal);
 *     // when all threads are done, every part is a task:
 *     if (workers_run(threads, PARTITION_PARTS, finish_part, context, err)) ...
 *     partition_destroy(partition);
 *
 * The rows of a batch are dealt into parts by the hash of their key and handed out part by part,
 * each part to one thread at a time. So no group is there twice, nothing has to be merged at the
 * end, and memory does not grow with the number of threads. In which order batches reach a part
 * depends on the threads: what is kept of a group must not depend on it (sums in integers, sets,
 * least and greatest). A finished result that goes through the parts in ascending order, and sorts
 * what is in them, is then the same for any number of threads.
 *
 * base/ledger.c is a sum for each user, cell and period made so.
 */
#ifndef BASE_PARTITION_H
#define BASE_PARTITION_H

#include "base/error.h"
#include <stddef.h>
#include <stdint.h>

enum { PARTITION_PARTS = 256 };

struct partition;

int partition_create(struct partition **ret, struct error *err);
void partition_destroy(struct partition *partition); /* NULL is fine */

/* One thread's scratch space. Zero-initialise. */
struct partition_deal {
    uint32_t *rows; /* of the batch, by part */
    size_t capacity;
};
void partition_deal_free(struct partition_deal *deal); /* leaves it zeroed */

/* `rows` ascend; no other thread is in this part until it returns. */
typedef int partition_rows(void *context, size_t part, const uint32_t *rows, size_t n,
                           struct error *err);

/* Calls `add` once for each part that any of rows 0 to n - 1 (below 2^32) is in, in no fixed order:
 * parts in which another thread is are left for later. Stops at the first error and returns it. */
int partition_post(struct partition *partition, struct partition_deal *deal, const uint8_t *parts,
                   size_t n, partition_rows *add, void *context, struct error *err);

#endif
