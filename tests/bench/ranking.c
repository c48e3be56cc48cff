/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How fast the ranking simulation is, against what the processor could do, as the tables of
 * docs/performance-ranking.md:
 *
 *     make bench-ranking              # and one replication of the large world
 *     make bench-ranking WORLDS=20    # and all of them, of one session each period
 *
 * For a core: fused multiply-adds a second with nothing to load (the ceiling), and pairs of user
 * and item scored a second with the ten best of 512 kept, eight users at a time, for each
 * implementation and 16 and 32 dimensions. Whole sessions a second on one thread and on all. Then
 * the large world, once. Of the others the best of several short runs counts, as others may be at
 * work on the machine; what is said of a core is by the processor time of the thread.
 */
#include "base/random.h"
#include "base/workers.h"
#include "ranking/kernel.h"
#include "ranking/simulate.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#ifdef __x86_64__
#include <immintrin.h>
#endif

enum { RUNS = 7, ITEMS = 512, USERS = 256, BEST = 10, TOGETHER = 8 };
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

/* Seconds by the clock and of all threads' processor time, and what was done in them. */
struct run {
    double sessions, wall, processor;
};

static struct run simulate(const char *const settings[], uint32_t replications, int threads) {
    struct scenario scenario;
    struct calibration calibration;
    struct simulation simulation;
    struct error err = {0};
    struct simulate_options options = {.seed = 1,
                                       .replications = replications,
                                       .threads = threads,
                                       .policies = {&policy_foryou, &policy_foryou},
                                       .baseline = {&policy_foryou, &policy_foryou}};
    scenario_default(&scenario);
    for (size_t i = 0; settings[i]; i++)
        set(&scenario, settings[i]);
    calibrate_default(&calibration);
    double wall = now(CLOCK_MONOTONIC), processor = now(CLOCK_PROCESS_CPUTIME_ID);
    if (simulate_run(&simulation, &scenario, &calibration, &options, &err)) {
        fprintf(stderr, "%s\n", err.text);
        exit(1);
    }
    struct run run = {(double)simulation.sessions, now(CLOCK_MONOTONIC) - wall,
                      now(CLOCK_PROCESS_CPUTIME_ID) - processor};
    simulation_free(&simulation);
    calibrate_free(&calibration);
    return run;
}

/* Whole steps of 512 candidates in 16 dimensions, the ten best of which are shown, with the rule
 * about creators, choice, reactions, learning and drift: a world for each thread. */
static struct run measure_sessions(int threads) {
    static const char *const settings[] = {
        "users=20000", "creators=500", "candidates=512", "dimensions=16",  "sessions=10",
        "rounds=2",    "warm_up=1",    "periods=2",      "shock_period=0", "taste_drift=0.05",
        NULL};
    struct run best = {0, 1, 1};
    for (int i = 0; i < RUNS; i++) {
        struct run run = simulate(settings, (uint32_t)threads, threads);
        best.sessions = run.sessions; /* the same each time */
        best.wall = i == 0 || run.wall < best.wall ? run.wall : best.wall;
        best.processor = i == 0 || run.processor < best.processor ? run.processor : best.processor;
    }
    return best;
}

/* ---- The tables ------------------------------------------------------------------------------ */

/* How a rate compares with what it should be at least, by the clock and, if that differs, by
 * processor time; nothing is asked of 0. */
static void print_target(double rate, double by_processor, double target) {
    if (!(target > 0)) {
        printf(" | |");
        return;
    }
    printf(" %.3g | %s, %.0f %%", target, rate >= target ? "met" : "missed", 100 * rate / target);
    if (by_processor != rate)
        printf("; %.0f %% by processor time", 100 * by_processor / target);
    printf(" |");
}

static void print_machine(void) {
    char line[256], model[256] = "unknown processor";
    FILE *file = fopen("/proc/cpuinfo", "r");
    while (file && fgets(line, sizeof line, file)) {
        char *colon = strchr(line, ':');
        if (strncmp(line, "model name", 10) != 0 || !colon)
            continue;
        snprintf(model, sizeof model, "%s", colon + 2);
        model[strcspn(model, "\n")] = '\0';
        break;
    }
    if (file)
        fclose(file);
    time_t when = time(NULL);
    struct tm utc;
    double load[1] = {0};
    if (getloadavg(load, 1) != 1)
        load[0] = 0;
    strftime(line, sizeof line, "%Y-%m-%d", gmtime_r(&when, &utc));
    printf("%s, %d of its processors, registers used: %s. Measured on %s; before it began, %.1f "
           "processes of others wanted to run.\n\n",
           model, workers_available(), kernel_level_name(kernel_level()), line, load[0]);
}

static void print_pairs(void) {
    static const double targets[][2] = {{0, 0}, {1.4, 0.72}, {2, 1}}; /* by level; d = 16 and 32 */
    printf(
        "| registers | dimensions | multiply-adds a second, 10^9 | pairs a second, 10^9 | of the "
        "multiply-adds | target | |\n|---|---:|---:|---:|---:|---:|---|\n");
    for (int level = KERNEL_PLAIN; level <= (int)kernel_level(); level++) {
        double ceiling = measure_ceiling((enum kernel_level)level) / 1e9;
        for (size_t d = 16; d <= 32; d += 16) {
            struct stock stock = draw_stock(d);
            double pairs = measure_pairs((enum kernel_level)level, &stock) / 1e9;
            printf("| %s | %zu |", kernel_level_name((enum kernel_level)level), d);
            if (ceiling > 0)
                printf(" %.1f | %.2f | %.0f %% |", ceiling, pairs,
                       100 * pairs * (double)d / ceiling);
            else
                printf(" | %.2f | |", pairs);
            print_target(pairs, pairs, targets[level][d > 16]);
            printf("\n");
            fflush(stdout);
            free(stock.users);
            free(stock.items);
            free(stock.biases);
        }
    }
}

static void print_sessions(void) {
    int all = workers_available();
    printf("\n| threads | sessions a second, 10^6, by the clock | by processor time | target | "
           "|\n|---:|---:|---:|---:|---|\n");
    for (int threads = 1; threads <= all; threads = threads < all ? all : all + 1) {
        struct run run = measure_sessions(threads);
        double rate = run.sessions / run.wall / 1e6;
        double by_processor = run.sessions / run.processor * threads / 1e6;
        printf("| %d | %.2f | %.2f |", threads, rate, by_processor);
        print_target(rate, by_processor, threads == 4 ? 2.5 : 0);
        printf("\n");
        fflush(stdout);
    }
}

static void print_world(uint32_t worlds, const char *sessions) {
    const char *const settings[] = {"users=1000000", "creators=10000", "periods=24", sessions,
                                    NULL};
    enum { ALL = 20 };
    int threads = workers_available();
    struct run run = simulate(settings, worlds, threads);
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    double share = ALL / (double)worlds;
    printf("| %s | %u | %d | %.0f | %.0f | %.2f | %.0f | %.0f | %.2f |\n",
           strchr(sessions, '=') + 1, worlds, threads, run.wall, run.processor,
           run.sessions / run.wall / 1e6, run.wall * share, run.processor / threads * share,
           (double)usage.ru_maxrss / 1024 / 1024);
    fflush(stdout);
}

int main(int argc, char **argv) {
    uint32_t worlds = argc > 1 ? (uint32_t)strtoul(argv[1], NULL, 10) : 1;
    print_machine();
    print_pairs();
    print_sessions();
    if (worlds == 0)
        return 0;
    printf(
        "\n| sessions of a user and period | worlds | threads | seconds | of processors | sessions "
        "a second, 10^6 | seconds for 20 worlds (at most 600) | by processor time | peak, GiB (at "
        "most 4) |\n|---:|---:|---:|---:|---:|---:|---:|---:|---:|\n");
    print_world(worlds, "sessions=1");
    print_world(1, "sessions=5");
    return 0;
}
