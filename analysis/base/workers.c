/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Tasks done by a number of threads, with an outcome that does not depend on how many there are. */
#include "base/workers.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

struct run {
    workers_task *task;
    void *context;
    atomic_size_t next;  /* the task to start next */
    atomic_size_t limit; /* no task from here on is started */
    pthread_mutex_t lock;
    struct error error; /* of the lowest task that failed, under the lock */
    size_t failed;
};

struct worker {
    struct run *run;
    int number;
    pthread_t thread;
};

/* Tasks start in ascending order, so that every task below a failed one has been started and will
 * report: the lowest failure is found whatever the timing. */
static void record_failure(struct run *run, size_t index, int code, const struct error *error) {
    pthread_mutex_lock(&run->lock);
    if (index < run->failed) {
        run->failed = index;
        run->error = *error;
        run->error.code = code;
        atomic_store(&run->limit, index);
    }
    pthread_mutex_unlock(&run->lock);
}

static void *work(void *argument) {
    struct worker *worker = argument;
    struct run *run = worker->run;
    for (;;) {
        size_t index = atomic_fetch_add(&run->next, 1);
        if (index >= atomic_load(&run->limit))
            return NULL;
        struct error error;
        error.code = 0;
        error.text[0] = '\0';
        int code = run->task(run->context, index, worker->number, &error);
        if (code)
            record_failure(run, index, code, &error);
    }
}

int workers_run(int threads, size_t tasks, workers_task *task, void *context, struct error *err) {
    if (tasks == 0)
        return 0;
    if (threads < 1)
        threads = 1;
    if ((size_t)threads > tasks)
        threads = (int)tasks;
    struct worker *workers = calloc((size_t)threads, sizeof *workers);
    if (!workers)
        return error_memory(err);
    struct run run = {.task = task, .context = context, .failed = SIZE_MAX};
    atomic_init(&run.next, 0);
    atomic_init(&run.limit, tasks);
    pthread_mutex_init(&run.lock, NULL);
    int started = 0;
    for (int i = 0; i < threads; i++) {
        workers[i].run = &run;
        workers[i].number = i;
        /* A thread that cannot be had leaves its share to the others. */
        if (i > 0 && pthread_create(&workers[i].thread, NULL, work, &workers[i]) != 0)
            break;
        started = i + 1;
    }
    work(&workers[0]);
    for (int i = 1; i < started; i++)
        pthread_join(workers[i].thread, NULL);
    pthread_mutex_destroy(&run.lock);
    free(workers);
    if (run.failed == SIZE_MAX)
        return 0;
    return error_set(err, run.error.code, "%s", run.error.text);
}

int workers_available(void) {
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) == 0)
        return CPU_COUNT(&set);
    long online = sysconf(_SC_NPROCESSORS_ONLN); /* more processors than the set can name */
    return online > 0 ? (int)online : 1;
}
