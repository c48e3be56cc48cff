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
                               const float *blocks, const float *biases, size_t n, float *ret) {
    for (size_t u = 0; u < KERNEL_SHARED; u++)
        plain_score(users[u], dimensions, blocks, biases, n, ret + u * KERNEL_ROW);
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

static void plain_bounds(struct kernel_round rounds[KERNEL_SHARED], size_t n, size_t wanted) {
    for (size_t u = 0; u < KERNEL_SHARED; u++)
        rounds[u].bound = plain_bound(rounds[u].scores, n, wanted);
}

static void plain_pick(struct kernel_round *rounds, size_t m, size_t n) {
    for (struct kernel_round *round = rounds; round < rounds + m; round++) {
        memset(round->keys, 0, KERNEL_RANKED * sizeof *round->keys);
        round->found = 0;
        for (uint32_t i = 0; i < n * KERNEL_LANES && round->found <= KERNEL_PICKED; i++)
            if (round->scores[i] >= round->bound && round->found++ < KERNEL_PICKED)
                round->keys[round->found - 1] = kernel_key_of_place(round, i);
    }
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

static void take_one_by_one(const struct kernel_round *round, size_t n, struct kernel_top *top) {
    for (uint32_t i = 0; i < n * KERNEL_LANES; i++)
        if (round->scores[i] > -INFINITY)
            offer_key(top, kernel_key_of_place(round, i));
}

/* What the lists hold and what is picked are put in order together. */
static void take_picked(const struct kernel_code *code, struct kernel_round *rounds, size_t m,
                        size_t n, const struct kernel_request *requests) {
    uint64_t keys[KERNEL_SHARED][KERNEL_GROUPS + KERNEL_PICKED];
    for (size_t u = 0; u < m; u++) {
        const struct kernel_top *top = requests[u].top;
        rounds[u].keys = keys[u] + top->found;
        if (top->found > 0)
            memcpy(keys[u], top->keys, top->found * sizeof *top->keys);
        float worst = top->found < top->wanted ? -FLT_MAX : score_of(top->keys[top->found - 1]);
        rounds[u].bound = rounds[u].bound > worst ? rounds[u].bound : worst;
    }
    code->pick(rounds, m, n);
    for (size_t u = 0; u < m; u++) {
        struct kernel_top *top = requests[u].top;
        if (rounds[u].found > KERNEL_PICKED)
            take_one_by_one(&rounds[u], n, top);
        else if (rounds[u].found > 0)
            top->found = code->rank(keys[u], top->found + rounds[u].found, top->wanted, top->keys);
    }
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
                             float *ret) {
    size_t straight = straight_part(stock, &first, n);
    code->score_shared(users, stock->dimensions,
                       stock->blocks + first * stock->dimensions * KERNEL_LANES,
                       stock->biases + first * KERNEL_LANES, straight, ret);
    if (n > straight)
        code->score_shared(users, stock->dimensions, stock->blocks, stock->biases, n - straight,
                           ret + straight * KERNEL_LANES);
}

static void begin_round(struct kernel_round *round, const struct stock *stock, const float *scores,
                        size_t first) {
    round->scores = scores;
    round->first = (uint32_t)((first < stock->all ? first : first - stock->all) * KERNEL_LANES);
    round->end = (uint32_t)(stock->all * KERNEL_LANES);
}

static void scan_one(const struct kernel_code *code, const struct stock *stock,
                     const struct kernel_request *request, size_t n) {
    float scores[KERNEL_ROUND * KERNEL_LANES] __attribute__((aligned(64)));
    for (size_t done = 0; done < n; done += KERNEL_ROUND) {
        size_t now = least(n - done, KERNEL_ROUND), first = request->first + done;
        struct kernel_round round;
        begin_round(&round, stock, scores, first);
        score_run(code, stock, request->user, first, now, scores);
        if (request->top->wanted > KERNEL_GROUPS) {
            take_one_by_one(&round, now, request->top);
            continue;
        }
        round.bound = code->bound(scores, now, request->top->wanted);
        take_picked(code, &round, 1, now, request);
    }
}

/* KERNEL_SHARED requests, the first of which begins at block `begin` and the last `spread` later.
 */
struct group {
    const struct kernel_request *requests;
    size_t begin, spread;
};

/* The next m requests as one group, if at least half of each round, the last and shortest too, is
 * common to them, and a bound for all of them can be had. */
static bool group(const struct kernel_request *requests, size_t m, size_t n, struct group *ret) {
    size_t shortest = n % KERNEL_ROUND > 0 ? n % KERNEL_ROUND : KERNEL_ROUND, last = 0;
    size_t wanted = requests[0].top->wanted;
    bool alike = m >= KERNEL_SHARED && wanted <= KERNEL_GROUPS / 2;
    *ret = (struct group){requests, SIZE_MAX, 0};
    for (size_t u = 0; alike && u < KERNEL_SHARED; u++) {
        alike = requests[u].top->wanted == wanted;
        ret->begin = least(ret->begin, requests[u].first);
        last = requests[u].first > last ? requests[u].first : last;
    }
    ret->spread = last - ret->begin;
    return alike && 2 * ret->spread <= shortest;
}

/* Blocks that only some of a group have, before those that all have and behind them. */
static void score_edges(const struct kernel_code *code, const struct stock *stock,
                        const struct group *group, size_t done, size_t now, float *scores) {
    for (size_t u = 0; u < KERNEL_SHARED; u++) {
        const struct kernel_request *own = &group->requests[u];
        size_t before = own->first - group->begin;
        float *ret = scores + u * KERNEL_ROW + before * KERNEL_LANES;
        score_run(code, stock, own->user, own->first + done, group->spread - before, ret);
        score_run(code, stock, own->user, group->begin + done + now, before,
                  ret + (now - before) * KERNEL_LANES);
    }
}

static void scan_shared(const struct kernel_code *code, const struct stock *stock,
                        const struct group *group, size_t n) {
    float scores[KERNEL_SHARED * KERNEL_ROW] __attribute__((aligned(64)));
    struct kernel_round rounds[KERNEL_SHARED];
    const float *users[KERNEL_SHARED];
    const struct kernel_request *requests = group->requests;
    size_t begin = group->begin, spread = group->spread;
    for (size_t u = 0; u < KERNEL_SHARED; u++)
        users[u] = requests[u].user;
    for (size_t done = 0; done < n; done += KERNEL_ROUND) {
        size_t now = least(n - done, KERNEL_ROUND);
        for (size_t u = 0; u < KERNEL_SHARED; u++)
            begin_round(&rounds[u], stock,
                        scores + u * KERNEL_ROW + (requests[u].first - begin) * KERNEL_LANES,
                        requests[u].first + done);
        score_shared_run(code, stock, users, begin + done + spread, now - spread,
                         scores + spread * KERNEL_LANES);
        if (spread > 0)
            score_edges(code, stock, group, done, now, scores);
        code->bounds(rounds, now, requests->top->wanted);
        take_picked(code, rounds, KERNEL_SHARED, now, requests);
    }
}

static void scan(const struct kernel_code *code, const struct stock *stock,
                 const struct kernel_request *requests, size_t m, size_t n) {
    struct group shared;
    while (m > 0) {
        bool many = group(requests, m, n, &shared);
        if (many)
            scan_shared(code, stock, &shared, n);
        else
            scan_one(code, stock, requests, n);
        requests += many ? KERNEL_SHARED : 1;
        m -= many ? KERNEL_SHARED : 1;
    }
}

/* ---- Which implementation -------------------------------------------------------------------- */

enum kernel_level kernel_level(void) {
#ifdef __x86_64__
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512cd") &&
        __builtin_cpu_supports("bmi2") && __builtin_cpu_supports("popcnt"))
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
