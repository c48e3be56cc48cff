/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How fast the ranking simulation is, against what the processor could do:
 *
 *     make bench-ranking
 *
 * prints, one line each, for a core: fused multiply-adds a second with nothing to load (the
 * ceiling), pairs of user and item scored a second with the ten best of 512 kept, for each
 * implementation and 16 and 32 dimensions; and whole sessions a second on one thread and on all.
 * The best of several short runs counts, as others may be at work on the machine.
 */
#include "base/random.h"
#include "base/workers.h"
#include "ranking/kernel.h"
#include "ranking/simulate.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#ifdef __x86_64__
#include <immintrin.h>
#endif

enum { RUNS = 7, ITEMS = 512, USERS = 256, BEST = 10, TOGETHER = 4 };
static const double SECONDS = 0.15; /* of a run */

static double now(clockid_t clock) {
    struct timespec time;
    clock_gettime(clock, &time);
    return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

/* ---- The ceiling ----------------------------------------------------------------------------- */

/* Twelve sums under way, as two units of latency 4 to 6 need; ROUNDS times each. Returns their sum,
 * so that nothing is left out. */
enum { ROUNDS = 100000, SUMS = 12 };

#define TWELVE(do_it)                                                                              \
    do_it(0) do_it(1) do_it(2) do_it(3) do_it(4) do_it(5) do_it(6) do_it(7) do_it(8) do_it(9)      \
        do_it(10) do_it(11)

#ifdef __x86_64__
__attribute__((target("avx512f"))) static float ceiling_avx512(void) {
    const __m512 factor = _mm512_set1_ps(0.5f), one = _mm512_set1_ps(1);
#define BEGIN(i) __m512 s##i = _mm512_set1_ps(i);
#define STEP(i)  s##i = _mm512_fmadd_ps(s##i, factor, one);
#define END(i)   s0 = _mm512_add_ps(s0, s##i);
    TWELVE(BEGIN)
    for (int round = 0; round < ROUNDS; round++) {
        TWELVE(STEP)
    }
    TWELVE(END)
#undef BEGIN
#undef STEP
#undef END
    return _mm512_reduce_add_ps(s0);
}

__attribute__((target("avx2,fma"))) static float ceiling_avx2(void) {
    const __m256 factor = _mm256_set1_ps(0.5f), one = _mm256_set1_ps(1);
#define BEGIN(i) __m256 s##i = _mm256_set1_ps(i);
#define STEP(i)  s##i = _mm256_fmadd_ps(s##i, factor, one);
#define END(i)   s0 = _mm256_add_ps(s0, s##i);
    TWELVE(BEGIN)
    for (int round = 0; round < ROUNDS; round++) {
        TWELVE(STEP)
    }
    TWELVE(END)
#undef BEGIN
#undef STEP
#undef END
    return _mm256_cvtss_f32(s0);
}
#endif

static double measure_ceiling(enum kernel_level level) {
    double best = 0;
    float sum = 0;
#ifdef __x86_64__
    const double lanes = level == KERNEL_AVX512 ? 16 : 8;
    for (int run = 0; run < RUNS && level != KERNEL_PLAIN; run++) {
        double begin = now(CLOCK_THREAD_CPUTIME_ID), n = 0, seconds;
        do {
            sum += level == KERNEL_AVX512 ? ceiling_avx512() : ceiling_avx2();
            n += lanes * SUMS * ROUNDS;
            seconds = now(CLOCK_THREAD_CPUTIME_ID) - begin;
        } while (seconds < SECONDS);
        best = n / seconds > best ? n / seconds : best;
    }
#else
    (void)level;
#endif
    return sum == 0.125f ? 0 : best; /* which it never is */
}

/* ---- Pairs ----------------------------------------------------------------------------------- */

struct stock {
    size_t dimensions, blocks;
    float *users, *items, *biases;
};

static float draw(struct random_stream *stream) {
    return (float)(random_uniform(stream) - 0.5);
}

static struct stock draw_stock(size_t dimensions) {
    struct stock stock = {dimensions, kernel_blocks(ITEMS), NULL, NULL, NULL};
    struct random_stream stream;
    random_open(&stream, 1, 0, (uint32_t)dimensions, 0, 0);
    stock.users = aligned_alloc(64, USERS * dimensions * sizeof(float));
    stock.items = aligned_alloc(64, ITEMS * dimensions * sizeof(float));
    stock.biases = aligned_alloc(64, ITEMS * sizeof(float));
    if (!stock.users || !stock.items || !stock.biases)
        exit(1);
    for (size_t i = 0; i < USERS * dimensions; i++)
        stock.users[i] = 4 * draw(&stream);
    for (size_t i = 0; i < ITEMS * dimensions; i++)
        stock.items[i] = draw(&stream);
    for (size_t i = 0; i < ITEMS; i++)
        stock.biases[i] = draw(&stream);
    return stock;
}

/* Pairs a second of processor time. */
static double measure_pairs(enum kernel_level level, const struct stock *stock) {
    double best = 0;
    for (int run = 0; run < RUNS; run++) {
        double begin = now(CLOCK_THREAD_CPUTIME_ID), n = 0, seconds;
        do {
            struct kernel_request requests[TOGETHER];
            struct kernel_top tops[TOGETHER];
            for (size_t u = 0; u < USERS; u += TOGETHER) {
                for (size_t i = 0; i < TOGETHER; i++) {
                    kernel_begin(&tops[i], BEST);
                    requests[i] = (struct kernel_request){
                        stock->users + (u + i) * stock->dimensions, 0, &tops[i]};
                }
                kernel_scan_many_at(level, requests, TOGETHER, stock->dimensions, stock->items,
                                    stock->biases, stock->blocks, stock->blocks);
            }
            n += (double)USERS * ITEMS;
            seconds = now(CLOCK_THREAD_CPUTIME_ID) - begin;
        } while (seconds < SECONDS);
        best = n / seconds > best ? n / seconds : best;
    }
    return best;
}

/* ---- Sessions -------------------------------------------------------------------------------- */

static void set(struct scenario *scenario, const char *setting) {
    struct error err = {0};
    if (scenario_set(scenario, setting, &err)) {
        fprintf(stderr, "%s\n", err.text);
        exit(1);
    }
}

/* Whole steps of 512 candidates in 16 dimensions, a world for each thread, by the clock on the
 * wall. */
static double measure_sessions(int threads) {
    static const char *const settings[] = {"users=5000",    "creators=500", "candidates=512",
                                           "dimensions=16", "sessions=10",  "rounds=2",
                                           "warm_up=2",     "periods=4",    "shock_period=0"};
    struct scenario scenario;
    struct calibration calibration;
    struct simulate_options options = {.seed = 1,
                                       .replications = (uint32_t)threads,
                                       .threads = threads,
                                       .policies = {&policy_foryou, &policy_foryou},
                                       .baseline = {&policy_foryou, &policy_foryou}};
    double best = 0;
    scenario_default(&scenario);
    for (size_t i = 0; i < sizeof settings / sizeof *settings; i++)
        set(&scenario, settings[i]);
    calibrate_default(&calibration);
    for (int run = 0; run < RUNS; run++) {
        struct simulation simulation;
        struct error err = {0};
        double begin = now(CLOCK_MONOTONIC);
        if (simulate_run(&simulation, &scenario, &calibration, &options, &err))
            exit(1);
        double rate = (double)simulation.sessions / (now(CLOCK_MONOTONIC) - begin);
        best = rate > best ? rate : best;
        simulation_free(&simulation);
    }
    calibrate_free(&calibration);
    return best;
}

int main(void) {
    const double giga = 1e9, mega = 1e6;
    for (int level = KERNEL_PLAIN; level <= (int)kernel_level(); level++) {
        const char *name = kernel_level_name((enum kernel_level)level);
        double ceiling = measure_ceiling((enum kernel_level)level);
        if (ceiling > 0)
            printf("%-8s %7.2f thousand million fused multiply-adds a second\n", name,
                   ceiling / giga);
        for (size_t d = 16; d <= 32; d += 16) {
            struct stock stock = draw_stock(d);
            double pairs = measure_pairs((enum kernel_level)level, &stock);
            printf("%-8s %7.2f thousand million pairs a second, d = %zu", name, pairs / giga, d);
            if (ceiling > 0)
                printf(", %.0f %% of the ceiling", 100 * pairs * (double)d / ceiling);
            printf("\n");
            free(stock.users);
            free(stock.items);
            free(stock.biases);
        }
    }
    int threads = workers_available();
    printf("sessions %7.2f million a second on 1 thread\n", measure_sessions(1) / mega);
    printf("sessions %7.2f million a second on %d threads\n", measure_sessions(threads) / mega,
           threads);
    return 0;
}
