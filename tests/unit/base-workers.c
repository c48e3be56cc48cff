/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Threads. */
#include "base/workers.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

enum { TASKS = 5000, MOST_THREADS = 16 };

struct world {
    atomic_int runs[TASKS];
    atomic_int by_worker[MOST_THREADS];
    atomic_int strangers; /* workers with a number they should not have */
    atomic_size_t highest;
    uint64_t results[TASKS];
    int threads;
    size_t failing[4]; /* tasks that fail; TASKS for none */
};

static void clear(struct world *world, int threads) {
    memset(world, 0, sizeof *world);
    world->threads = threads;
    for (int i = 0; i < 4; i++)
        world->failing[i] = TASKS;
}

static int task(void *context, size_t index, int worker, struct error *err) {
    struct world *world = context;
    atomic_fetch_add(&world->runs[index], 1);
    if (worker < 0 || worker >= world->threads)
        atomic_fetch_add(&world->strangers, 1);
    else
        atomic_fetch_add(&world->by_worker[worker], 1);
    size_t highest = atomic_load(&world->highest);
    while (index > highest && !atomic_compare_exchange_weak(&world->highest, &highest, index))
        ;
    for (int i = 0; i < 4; i++)
        if (index == world->failing[i])
            return error_set(err, 1 + index % 3, "task %zu failed", index);
    uint64_t x = index + 1;
    for (int i = 0; i < 100; i++)
        x = x * UINT64_C(6364136223846793005) + 1442695040888963407U;
    world->results[index] = x;
    return 0;
}

static struct world world, single;

static void every_task_runs_once(void **state) {
    (void)state;
    clear(&single, 1);
    assert_int_equal(workers_run(1, TASKS, task, &single, NULL), 0);
    for (int threads = 1; threads <= MOST_THREADS; threads *= 2) {
        clear(&world, threads);
        struct error err = {0};
        assert_int_equal(workers_run(threads, TASKS, task, &world, &err), 0);
        assert_int_equal(err.code, 0);
        int total = 0;
        for (size_t i = 0; i < TASKS; i++)
            assert_int_equal(world.runs[i], 1);
        for (int i = 0; i < MOST_THREADS; i++)
            total += world.by_worker[i];
        assert_int_equal(total, TASKS);
        assert_int_equal(world.strangers, 0);
        assert_memory_equal(world.results, single.results, sizeof single.results);
    }
}

static void takes_odd_numbers_of_threads_and_tasks(void **state) {
    (void)state;
    const int threads[] = {-3, 0, 1, 3, MOST_THREADS};
    for (size_t i = 0; i < sizeof threads / sizeof *threads; i++) {
        for (size_t tasks = 0; tasks < 5; tasks++) {
            clear(&world, threads[i] < 1 ? 1 : threads[i]);
            assert_int_equal(workers_run(threads[i], tasks, task, &world, NULL), 0);
            for (size_t j = 0; j < 5; j++)
                assert_int_equal(world.runs[j], j < tasks);
            assert_int_equal(world.strangers, 0);
        }
    }
}

static void the_lowest_failure_is_the_one_told(void **state) {
    (void)state;
    for (int round = 0; round < 200; round++) {
        clear(&world, 8);
        world.failing[0] = 700;
        world.failing[1] = 41;
        world.failing[2] = 42;
        world.failing[3] = 43;
        struct error err = {0};
        assert_int_equal(workers_run(8, TASKS, task, &world, &err), 1 + 41 % 3);
        assert_int_equal(err.code, 1 + 41 % 3);
        assert_string_equal(err.text, "task 41 failed");
        for (size_t i = 0; i <= 41; i++)
            assert_int_equal(world.runs[i], 1);
    }
}

/* Task 0 fails long after task 1 has. */
static int fail_late(void *context, size_t index, int worker, struct error *err) {
    (void)worker;
    atomic_int *failed = context;
    atomic_fetch_add(failed, (int)index);
    for (int i = 0; i < 10000 && index == 0 && atomic_load(failed) == 0; i++)
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    if (index == 0)
        nanosleep(&(struct timespec){.tv_nsec = 50000000}, NULL);
    return error_set(err, ERROR_DATA, "task %zu failed", index);
}

static void a_later_failure_of_a_lower_task_counts(void **state) {
    (void)state;
    struct error err = {0};
    atomic_int failed = 0;
    assert_int_equal(workers_run(2, 2, fail_late, &failed, &err), ERROR_DATA);
    assert_string_equal(err.text, "task 0 failed");
}

static void one_thread_stops_at_the_failure(void **state) {
    (void)state;
    clear(&world, 1);
    world.failing[0] = 10;
    struct error err = {0};
    assert_int_equal(workers_run(1, TASKS, task, &world, &err), 2);
    assert_int_equal(world.highest, 10);
    assert_string_equal(err.text, "task 10 failed");
    clear(&world, 1);
    world.failing[0] = 0;
    assert_int_equal(workers_run(1, 1, task, &world, NULL), 1); /* nobody listens: still a code */
}

static int fail_first(void *context, size_t index, int worker, struct error *err) {
    (void)worker;
    if (index == 0)
        return error_set(err, ERROR_DATA, "at once");
    atomic_fetch_add((atomic_int *)context, 1);
    nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    return 0;
}

/* All of them would take minutes. */
static void many_threads_stop_soon(void **state) {
    (void)state;
    atomic_int after = 0;
    assert_int_equal(workers_run(4, 1000000, fail_first, &after, NULL), ERROR_DATA);
    assert_true(after < 100000);
}

static int fail_without_text(void *context, size_t index, int worker, struct error *err) {
    (void)context;
    (void)worker;
    if (index == 1)
        error_set(err, ERROR_SYSTEM, "%s", "");
    return index == 1 ? ERROR_SYSTEM : 0;
}

static void an_empty_text_passes_through(void **state) {
    (void)state;
    struct error err = {0};
    assert_int_equal(workers_run(3, 9, fail_without_text, NULL, &err), ERROR_SYSTEM);
    assert_int_equal(err.code, ERROR_SYSTEM);
    assert_string_equal(err.text, "");
}

/* Two tasks that wait for each other end only if they run at the same time. */
static int meet(void *context, size_t index, int worker, struct error *err) {
    (void)index;
    (void)worker;
    atomic_int *arrived = context;
    atomic_fetch_add(arrived, 1);
    for (int i = 0; i < 10000 && atomic_load(arrived) < 2; i++)
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    return atomic_load(arrived) < 2 ? error_set(err, ERROR_SYSTEM, "alone") : 0;
}

static void threads_run_at_the_same_time(void **state) {
    (void)state;
    atomic_int arrived = 0;
    assert_int_equal(workers_run(2, 2, meet, &arrived, NULL), 0);
}

static void there_is_a_processor(void **state) {
    (void)state;
    assert_true(workers_available() >= 1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_task_runs_once),
        cmocka_unit_test(takes_odd_numbers_of_threads_and_tasks),
        cmocka_unit_test(the_lowest_failure_is_the_one_told),
        cmocka_unit_test(a_later_failure_of_a_lower_task_counts),
        cmocka_unit_test(one_thread_stops_at_the_failure),
        cmocka_unit_test(many_threads_stop_soon),
        cmocka_unit_test(an_empty_text_passes_through),
        cmocka_unit_test(threads_run_at_the_same_time),
        cmocka_unit_test(there_is_a_processor),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
