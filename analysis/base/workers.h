/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Threads: a number of tasks, done by a number of workers, with an outcome that does not depend on
 * how many there are.
 *
 *     static int simulate(void *context, size_t replication, int worker, struct error *err);
 *     workers_run(4, n_replications, simulate, world, err);
 *
 * A task writes only to what belongs to its own index (or, for scratch space, to its worker);
 * results are put together afterwards, in the order of the index.
 */
#ifndef BASE_WORKERS_H
#define BASE_WORKERS_H

#include "base/error.h"
#include <stddef.h>

/* index: 0 to tasks - 1, started in ascending order; worker: 0 to threads - 1. Returns 0 or a
 * code, with err (its own, never shared) filled. */
typedef int workers_task(void *context, size_t index, int worker, struct error *err);

/* Runs all tasks, the caller's thread being one of the workers; threads < 1 is taken as 1. When
 * tasks fail, no task of a higher index is started any more, and the error of the lowest failing
 * index is returned: the same one for any number of threads. */
int workers_run(int threads, size_t tasks, workers_task *task, void *context, struct error *err);

/* Processors this process may use. */
int workers_available(void);

#endif
