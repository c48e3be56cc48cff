/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The list of the best, rounds of blocks, the plain implementation, and the choice among the three.
 */
#include "ranking/kernel.h"

#include "ranking/kernel-round.h"

#include <math.h>
#include <string.h>

/* ---- The list -------------------------------------------------------------------------------- */

#define SIGN UINT32_C(0x80000000)

/* Bits whose order as integers is the order of the floats. */
static uint32_t ordered_bits(float score) {
    uint32_t bits;
    score += 0.0f; /* -0 becomes 0 */
    memcpy(&bits, &score, sizeof bits);
    return bits & SIGN ? ~bits : bits | SIGN;
}

static float score_of(uint64_t key) {
    uint32_t bits = (uint32_t)(key >> 32);
    bits = bits & SIGN ? bits & ~SIGN : ~bits;
    float score;
    memcpy(&score, &bits, sizeof score);
    return score;
}

uint64_t kernel_key(float score, uint32_t position) {
    return (uint64_t)ordered_bits(score) << 32 | (uint32_t)~position;
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

uint32_t kernel_position(const struct kernel_top *top, size_t i) {
    return (uint32_t)~top->keys[i];
}

float kernel_score(const struct kernel_top *top, size_t i) {
    return score_of(top->keys[i]);
}

void kernel_rename(struct kernel_top *top, size_t i, uint32_t position) {
    top->keys[i] = (top->keys[i] >> 32 << 32) | (uint32_t)~position;
}

/* ---- The plain implementation ---------------------------------------------------------------- */

static void plain_score(const float *user, size_t dimensions, const float *blocks,
                        const float *biases, size_t n, struct kernel_round *ret) {
    for (size_t g = 0; g < KERNEL_GROUPS; g++)
        ret->maxima[g] = -INFINITY;
    for (size_t i = 0; i < n * KERNEL_LANES; i++) {
        size_t block = i / KERNEL_LANES, lane = i % KERNEL_LANES;
        const float *x = blocks + block * dimensions * KERNEL_LANES + lane;
        float score = biases[i];
        for (size_t k = 0; k < dimensions; k++)
            score = fmaf(user[k], x[k * KERNEL_LANES], score);
        score = score > -INFINITY ? score : -INFINITY;
        ret->scores[i] = score;
        size_t group = block % 2 * KERNEL_LANES + lane;
        ret->maxima[group] = score > ret->maxima[group] ? score : ret->maxima[group];
    }
}

static float plain_bound(const struct kernel_round *round, size_t wanted) {
    float bound = INFINITY;
    for (size_t i = 0; i < KERNEL_GROUPS; i++) {
        size_t greater = 0;
        for (size_t j = 0; j < KERNEL_GROUPS; j++)
            greater += round->maxima[j] > round->maxima[i];
        if (greater < wanted && round->maxima[i] < bound)
            bound = round->maxima[i];
    }
    return bound;
}

static size_t plain_pick(const struct kernel_round *round, size_t n, float bound,
                         uint32_t first_position, uint64_t *keys, size_t most) {
    size_t found = 0;
    for (size_t i = 0; i < n * KERNEL_LANES; i++) {
        if (!(round->scores[i] >= bound && round->scores[i] > -INFINITY))
            continue;
        if (found == most)
            return most + 1;
        keys[found++] = kernel_key(round->scores[i], first_position + (uint32_t)i);
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

const struct kernel_code kernel_plain = {plain_score, plain_bound, plain_pick, plain_rank};

/* ---- Rounds ---------------------------------------------------------------------------------- */

enum { PICKED = 64 }; /* that are put in order all at once; more come one by one */

static void take_one_by_one(const struct kernel_round *round, size_t n, uint32_t first,
                            struct kernel_top *top) {
    for (size_t i = 0; i < n * KERNEL_LANES; i++)
        kernel_offer(top, round->scores[i], first + (uint32_t)i);
}

/* What the list holds and what is picked are put in order together. */
static void take_picked(const struct kernel_code *code, const struct kernel_round *round, size_t n,
                        float bound, uint32_t first, struct kernel_top *top) {
    uint64_t keys[KERNEL_GROUPS + PICKED + 8]; /* room for a whole vector behind the last one */
    size_t found = code->pick(round, n, bound, first, keys + top->found, PICKED);
    if (found > PICKED) {
        take_one_by_one(round, n, first, top);
    } else if (found > 0) {
        memcpy(keys, top->keys, top->found * sizeof *keys);
        top->found = code->rank(keys, top->found + found, top->wanted, top->keys);
    }
}

static void scan(const struct kernel_code *code, const float *user, size_t dimensions,
                 const float *blocks, const float *biases, size_t first, size_t n,
                 struct kernel_top *top) {
    struct kernel_round round;
    for (size_t begin = first; begin < first + n; begin += KERNEL_ROUND) {
        size_t left = first + n - begin, now = left < KERNEL_ROUND ? left : KERNEL_ROUND;
        uint32_t position = (uint32_t)(begin * KERNEL_LANES);
        code->score(user, dimensions, blocks + begin * dimensions * KERNEL_LANES,
                    biases + begin * KERNEL_LANES, now, &round);
        if (top->wanted > KERNEL_GROUPS) {
            take_one_by_one(&round, now, position, top);
            continue;
        }
        float bound = code->bound(&round, top->wanted);
        if (top->found == top->wanted)
            bound = fmaxf(bound, kernel_score(top, top->found - 1));
        take_picked(code, &round, now, bound, position, top);
    }
}

/* ---- Which implementation -------------------------------------------------------------------- */

enum kernel_level kernel_level(void) {
#ifdef __x86_64__
    if (__builtin_cpu_supports("avx512f"))
        return KERNEL_AVX512;
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
        return KERNEL_AVX2;
#endif
    return KERNEL_PLAIN;
}

const char *kernel_level_name(enum kernel_level level) {
    static const char *const names[] = {"plain", "AVX2", "AVX-512"};
    return names[level];
}

void kernel_scan_at(enum kernel_level level, const float *user, size_t dimensions,
                    const float *blocks, const float *biases, size_t first, size_t n,
                    struct kernel_top *top) {
#ifdef __x86_64__
    static const struct kernel_code *const codes[] = {&kernel_plain, &kernel_avx2, &kernel_avx512};
#else
    static const struct kernel_code *const codes[] = {&kernel_plain, &kernel_plain, &kernel_plain};
#endif
    scan(codes[level], user, dimensions, blocks, biases, first, n, top);
}

void kernel_scan(const float *user, size_t dimensions, const float *blocks, const float *biases,
                 size_t first, size_t n, struct kernel_top *top) {
    kernel_scan_at(kernel_level(), user, dimensions, blocks, biases, first, n, top);
}
