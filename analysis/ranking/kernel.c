/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The list of the best, rounds of blocks, the plain implementation, and the choice among the three.
 */
#include "ranking/kernel.h"

#include "ranking/kernel-round.h"

#include <float.h>
#include <math.h>
#include <stdbool.h>

/* ---- The list -------------------------------------------------------------------------------- */

static float score_of(uint64_t key) {
    uint32_t bits = (uint32_t)(key >> 32);
    bits = bits & KERNEL_SIGN ? bits & ~KERNEL_SIGN : ~bits;
    float score;
    memcpy(&score, &bits, sizeof score);
    return score;
}

void kernel_begin(struct kernel_top *top, size_t wanted) {
    top->wanted = wanted;
    top->found = 0;
}

static void offer_key(struct kernel_top *top, uint64_t key) {
    size_t i = top->found;
    if (i == top->wanted) {
        if (key <= top->keys[i - 1])
            return;
        i--;
    } else {
        top->found++;
    }
    for (; i > 0 && top->keys[i - 1] < key; i--)
        top->keys[i] = top->keys[i - 1];
    top->keys[i] = key;
}

void kernel_offer(struct kernel_top *top, float score, uint32_t position) {
    if (score > -INFINITY)
        offer_key(top, kernel_key(score, position));
}

float kernel_score(const struct kernel_top *top, size_t i) {
    return score_of(top->keys[i]);
}

void kernel_rename(struct kernel_top *top, size_t i, uint32_t position) {
    top->keys[i] = (top->keys[i] >> 32 << 32) | (uint32_t)~position;
}

/* ---- The plain implementation ---------------------------------------------------------------- */

static void plain_score(const float *user, size_t dimensions, const float *blocks,
                        const float *biases, size_t n, float *ret) {
    for (size_t i = 0; i < n * KERNEL_LANES; i++) {
        const float *x = blocks + i / KERNEL_LANES * dimensions * KERNEL_LANES + i % KERNEL_LANES;
        ret[i] = biases[i];
        for (size_t k = 0; k < dimensions; k++)
            ret[i] = fmaf(user[k], x[k * KERNEL_LANES], ret[i]);
    }
}

static void plain_score_shared(const float *const users[KERNEL_SHARED], size_t dimensions,
                               const float *blocks, const float *biases, size_t n,
                               float *const ret[KERNEL_SHARED]) {
    for (size_t u = 0; u < KERNEL_SHARED; u++)
        plain_score(users[u], dimensions, blocks, biases, n, ret[u]);
}

static float plain_bound(const float *scores, size_t n, size_t wanted) {
    float maxima[KERNEL_GROUPS], bound = INFINITY;
    for (size_t g = 0; g < KERNEL_GROUPS; g++) {
        maxima[g] = -INFINITY;
        for (size_t i = g; i < n * KERNEL_LANES; i += KERNEL_GROUPS)
            maxima[g] = scores[i] > maxima[g] ? scores[i] : maxima[g];
    }
    for (size_t i = 0; i < KERNEL_GROUPS; i++) {
        size_t greater = 0;
        for (size_t j = 0; j < KERNEL_GROUPS; j++)
            greater += maxima[j] > maxima[i];
        if (greater < wanted && maxima[i] < bound)
            bound = maxima[i];
    }
    return bound;
}

static void plain_bounds(const float *const scores[KERNEL_SHARED], size_t n, size_t wanted,
                         float ret[KERNEL_SHARED]) {
    for (size_t u = 0; u < KERNEL_SHARED; u++)
        ret[u] = plain_bound(scores[u], n, wanted);
}

static size_t plain_pick(const float *scores, size_t n, float bound, uint32_t first_position,
                         uint64_t *keys, size_t most) {
    size_t found = 0;
    for (size_t i = 0; i < n * KERNEL_LANES; i++) {
        if (!(scores[i] >= bound))
            continue;
        if (found == most)
            return most + 1;
        keys[found++] = kernel_key(scores[i], first_position + (uint32_t)i);
    }
    return found;
}

static size_t plain_rank(const uint64_t *keys, size_t n, size_t wanted, uint64_t *ret) {
    for (size_t i = 0; i < n; i++) {
        size_t greater = 0;
        for (size_t j = 0; j < n; j++)
            greater += keys[j] > keys[i];
        if (greater < wanted)
            ret[greater] = keys[i];
    }
    return n < wanted ? n : wanted;
}

const struct kernel_code kernel_plain = {plain_score,  plain_score_shared, plain_bound,
                                         plain_bounds, plain_pick,         plain_rank};

/* ---- Rounds ---------------------------------------------------------------------------------- */

enum { PICKED = 64 }; /* that are put in order all at once; more come one by one */

static void take_one_by_one(const float *scores, size_t n, uint32_t first, struct kernel_top *top) {
    for (size_t i = 0; i < n * KERNEL_LANES; i++) {
        uint64_t worst = top->found == top->wanted ? top->keys[top->found - 1] : 0;
        if (scores[i] > -INFINITY && kernel_key(scores[i], first + (uint32_t)i) > worst)
            kernel_offer(top, scores[i], first + (uint32_t)i);
    }
}

/* What the list holds and what is picked are put in order together. */
static void take_picked(const struct kernel_code *code, const float *scores, size_t n, float bound,
                        uint32_t first, struct kernel_top *top) {
    uint64_t keys[KERNEL_GROUPS + PICKED];
    size_t found = code->pick(scores, n, bound, first, keys + top->found, PICKED);
    if (found > PICKED) {
        take_one_by_one(scores, n, first, top);
    } else if (found > 0) {
        memcpy(keys, top->keys, top->found * sizeof *keys);
        top->found = code->rank(keys, top->found + found, top->wanted, top->keys);
    }
}

/* The best of n blocks that were scored; `block` is the number of the first one. */
static void take(const struct kernel_code *code, const float *scores, size_t n, float bound,
                 size_t block, struct kernel_top *top) {
    uint32_t position = (uint32_t)(block * KERNEL_LANES);
    if (top->wanted > KERNEL_GROUPS) {
        take_one_by_one(scores, n, position, top);
        return;
    }
    float worst = top->found == top->wanted ? kernel_score(top, top->found - 1) : -FLT_MAX;
    take_picked(code, scores, n, bound > worst ? bound : worst, position, top);
}

static size_t least(size_t a, size_t b) {
    return a < b ? a : b;
}

/* A shelf; block 0 follows the last one. */
struct stock {
    size_t dimensions, all;
    const float *blocks, *biases;
};

/* The part of a run of n blocks up to the end of the shelf; the rest begins at block 0. A run may
 * begin behind the end. */
static size_t straight_part(const struct stock *stock, size_t *first, size_t n) {
    *first = *first < stock->all ? *first : *first - stock->all;
    return least(n, stock->all - *first);
}

static void score_run(const struct kernel_code *code, const struct stock *stock, const float *user,
                      size_t first, size_t n, float *ret) {
    size_t straight = straight_part(stock, &first, n);
    code->score(user, stock->dimensions, stock->blocks + first * stock->dimensions * KERNEL_LANES,
                stock->biases + first * KERNEL_LANES, straight, ret);
    if (n > straight)
        code->score(user, stock->dimensions, stock->blocks, stock->biases, n - straight,
                    ret + straight * KERNEL_LANES);
}

static void score_shared_run(const struct kernel_code *code, const struct stock *stock,
                             const float *const users[KERNEL_SHARED], size_t first, size_t n,
                             float *ret[KERNEL_SHARED]) {
    size_t straight = straight_part(stock, &first, n);
    code->score_shared(users, stock->dimensions,
                       stock->blocks + first * stock->dimensions * KERNEL_LANES,
                       stock->biases + first * KERNEL_LANES, straight, ret);
    for (size_t u = 0; u < KERNEL_SHARED; u++)
        ret[u] += straight * KERNEL_LANES;
    if (n > straight)
        code->score_shared(users, stock->dimensions, stock->blocks, stock->biases, n - straight,
                           ret);
}

static void take_run(const struct kernel_code *code, const struct stock *stock, const float *scores,
                     size_t first, size_t n, float bound, struct kernel_top *top) {
    size_t straight = straight_part(stock, &first, n);
    take(code, scores, straight, bound, first, top);
    if (n > straight)
        take(code, scores + straight * KERNEL_LANES, n - straight, bound, 0, top);
}

static float bound_of(const struct kernel_code *code, const float *scores, size_t n,
                      size_t wanted) {
    return wanted <= KERNEL_GROUPS ? code->bound(scores, n, wanted) : -FLT_MAX;
}

static void scan_one(const struct kernel_code *code, const struct stock *stock,
                     const struct kernel_request *request, size_t n) {
    float scores[KERNEL_ROUND * KERNEL_LANES] __attribute__((aligned(64)));
    for (size_t done = 0; done < n; done += KERNEL_ROUND) {
        size_t now = least(n - done, KERNEL_ROUND), first = request->first + done;
        score_run(code, stock, request->user, first, now, scores);
        float bound = bound_of(code, scores, now, request->top->wanted);
        take_run(code, stock, scores, first, now, bound, request->top);
    }
}

/* Of KERNEL_SHARED requests. */
static size_t first_of(const struct kernel_request *requests) {
    size_t first = requests[0].first;
    for (size_t u = 1; u < KERNEL_SHARED; u++)
        first = least(first, requests[u].first);
    return first;
}

static size_t last_of(const struct kernel_request *requests) {
    size_t last = requests[0].first;
    for (size_t u = 1; u < KERNEL_SHARED; u++)
        last = requests[u].first > last ? requests[u].first : last;
    return last;
}

static void bounds_of(const struct kernel_code *code, const float *const scores[KERNEL_SHARED],
                      size_t n, const struct kernel_request *requests, float ret[KERNEL_SHARED]) {
    size_t wanted = requests[0].top->wanted;
    bool alike = wanted <= KERNEL_GROUPS / 2;
    for (size_t u = 1; u < KERNEL_SHARED; u++)
        alike = alike && requests[u].top->wanted == wanted;
    if (alike)
        code->bounds(scores, n, wanted, ret);
    for (size_t u = 0; u < KERNEL_SHARED && !alike; u++)
        ret[u] = bound_of(code, scores[u], n, requests[u].top->wanted);
}

/* The blocks of a round that all have are scored together, those before and behind for each. */
static void scan_shared(const struct kernel_code *code, const struct stock *stock,
                        const struct kernel_request *requests, size_t n) {
    float scores[KERNEL_SHARED][KERNEL_ROUND * KERNEL_LANES] __attribute__((aligned(64)));
    const float *const each[KERNEL_SHARED] = {scores[0], scores[1], scores[2], scores[3]};
    const float *users[KERNEL_SHARED];
    float *shared[KERNEL_SHARED], bounds[KERNEL_SHARED];
    for (size_t done = 0; done < n; done += KERNEL_ROUND) {
        size_t now = least(n - done, KERNEL_ROUND);
        size_t from = last_of(requests) + done, to = first_of(requests) + done + now;
        for (size_t u = 0; u < KERNEL_SHARED; u++) {
            size_t first = requests[u].first + done;
            users[u] = requests[u].user;
            shared[u] = scores[u] + (from - first) * KERNEL_LANES;
            score_run(code, stock, users[u], first, from - first, scores[u]);
            score_run(code, stock, users[u], to, first + now - to,
                      scores[u] + (to - first) * KERNEL_LANES);
        }
        score_shared_run(code, stock, users, from, to - from, shared);
        bounds_of(code, each, now, requests, bounds);
        for (size_t u = 0; u < KERNEL_SHARED; u++)
            take_run(code, stock, scores[u], requests[u].first + done, now, bounds[u],
                     requests[u].top);
    }
}

/* Whether at least half of each round, the last and shortest too, is common to the next
 * KERNEL_SHARED requests. */
static bool worth_sharing(const struct kernel_request *requests, size_t m, size_t n) {
    size_t shortest = n % KERNEL_ROUND > 0 ? n % KERNEL_ROUND : KERNEL_ROUND;
    return m >= KERNEL_SHARED && 2 * (last_of(requests) - first_of(requests)) <= shortest;
}

static void scan(const struct kernel_code *code, const struct stock *stock,
                 const struct kernel_request *requests, size_t m, size_t n) {
    while (m > 0) {
        bool shared = worth_sharing(requests, m, n);
        (shared ? scan_shared : scan_one)(code, stock, requests, n);
        requests += shared ? KERNEL_SHARED : 1;
        m -= shared ? KERNEL_SHARED : 1;
    }
}

/* ---- Which implementation -------------------------------------------------------------------- */

enum kernel_level kernel_level(void) {
#ifdef __x86_64__
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("bmi2") &&
        __builtin_cpu_supports("popcnt"))
        return KERNEL_AVX512;
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") &&
        __builtin_cpu_supports("bmi2") && __builtin_cpu_supports("popcnt"))
        return KERNEL_AVX2;
#endif
    return KERNEL_PLAIN;
}

const char *kernel_level_name(enum kernel_level level) {
    static const char *const names[] = {"plain", "AVX2", "AVX-512"};
    return names[level];
}

void kernel_scan_many_at(enum kernel_level level, const struct kernel_request *requests, size_t m,
                         size_t dimensions, const float *blocks, const float *biases, size_t all,
                         size_t n) {
#ifdef __x86_64__
    static const struct kernel_code *const codes[] = {&kernel_plain, &kernel_avx2, &kernel_avx512};
#else
    static const struct kernel_code *const codes[] = {&kernel_plain, &kernel_plain, &kernel_plain};
#endif
    const struct stock stock = {dimensions, all, blocks, biases};
    scan(codes[level], &stock, requests, m, n);
}

void kernel_scan_many(const struct kernel_request *requests, size_t m, size_t dimensions,
                      const float *blocks, const float *biases, size_t all, size_t n) {
    kernel_scan_many_at(kernel_level(), requests, m, dimensions, blocks, biases, all, n);
}

void kernel_scan_at(enum kernel_level level, const float *user, size_t dimensions,
                    const float *blocks, const float *biases, size_t first, size_t n,
                    struct kernel_top *top) {
    const struct kernel_request request = {user, first, top};
    kernel_scan_many_at(level, &request, 1, dimensions, blocks, biases, first + n, n);
}

void kernel_scan(const float *user, size_t dimensions, const float *blocks, const float *biases,
                 size_t first, size_t n, struct kernel_top *top) {
    kernel_scan_at(kernel_level(), user, dimensions, blocks, biases, first, n, top);
}
