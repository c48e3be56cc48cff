/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Scores a block of items at a time and keeps the best in a short sorted list.
 *
 * To compare every score with the worst one kept costs more than the scoring: whether it wins is a
 * coin toss that the processor keeps losing. So some blocks are scored first, with the greatest of
 * each noted; the best item is then found among few numbers, taken out, and so on until no more is
 * wanted. */
#include "ranking/kernel.h"

#include <math.h>
#include <string.h>

/* The same dimension of four items: four of these make a block, which is as wide as every 64-bit
 * machine goes without asking. Aligned as a float is, because blocks lie anywhere. */
typedef float quad __attribute__((vector_size(16), aligned(4), may_alias));
typedef int32_t mask __attribute__((vector_size(16)));

enum {
    QUADS = KERNEL_LANES / 4,
    ROUND = 32, /* blocks scored before the best are taken out */
};

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

void kernel_begin(struct kernel_top *top, size_t wanted) {
    top->wanted = wanted;
    top->found = 0;
}

/* Whether there was a place for it. */
static int offer(struct kernel_top *top, float score, uint32_t position) {
    uint64_t key = (uint64_t)ordered_bits(score) << 32 | (uint32_t)~position;
    size_t i = top->found;
    if (i == top->wanted) {
        if (key <= top->keys[i - 1])
            return 0;
        i--;
    } else {
        top->found++;
    }
    for (; i > 0 && top->keys[i - 1] < key; i--)
        top->keys[i] = top->keys[i - 1];
    top->keys[i] = key;
    return 1;
}

void kernel_offer(struct kernel_top *top, float score, uint32_t position) {
    if (score > -INFINITY)
        offer(top, score, position);
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

/* ---- Scoring --------------------------------------------------------------------------------- */

/* yes where the mask is set, no elsewhere. */
static inline quad choose(mask when, quad yes, quad no) {
    return (quad)(((mask)yes & when) | ((mask)no & ~when));
}

/* The scores of a block, by four or one by one. */
union scores {
    quad quads[QUADS];
    float lanes[KERNEL_LANES];
};

static float greatest(const union scores *scores) {
    quad most = scores->quads[0];
    for (int i = 1; i < QUADS; i++)
        most = choose(scores->quads[i] > most, scores->quads[i], most);
    float a = most[0] > most[1] ? most[0] : most[1], b = most[2] > most[3] ? most[2] : most[3];
    return a > b ? a : b;
}

/* A nan becomes -infinity, so that the comparisons above and below are of numbers. The four sums
 * are written out, not looped over, for compilers to keep them in registers. */
static void score_block(const float *user, size_t dimensions, const float *block,
                        const float *biases, union scores *ret) {
    const quad none = {-INFINITY, -INFINITY, -INFINITY, -INFINITY};
    const quad *x = (const quad *)biases;
    quad a = x[0], b = x[1], c = x[2], d = x[3];
    x = (const quad *)block;
    for (size_t k = 0; k < dimensions; k++, x += QUADS) {
        a = a + user[k] * x[0];
        b = b + user[k] * x[1];
        c = c + user[k] * x[2];
        d = d + user[k] * x[3];
    }
    ret->quads[0] = choose(a >= none, a, none);
    ret->quads[1] = choose(b >= none, b, none);
    ret->quads[2] = choose(c >= none, c, none);
    ret->quads[3] = choose(d >= none, d, none);
}

/* Takes the best out of n scored blocks for as long as they find a place. Of equal scores the one
 * at the lowest position comes first. */
static void take_best(union scores *scores, float *best, size_t n, size_t first,
                      struct kernel_top *top) {
    for (;;) {
        size_t block = 0, lane = 0;
        for (size_t b = 1; b < n; b++)
            block = best[b] > best[block] ? b : block;
        float score = best[block];
        if (!(score > -INFINITY))
            return;
        while (scores[block].lanes[lane] != score)
            lane++;
        if (!offer(top, score, (uint32_t)((first + block) * KERNEL_LANES + lane)))
            return;
        scores[block].lanes[lane] = -INFINITY;
        best[block] = greatest(&scores[block]);
    }
}

void kernel_scan(const float *user, size_t dimensions, const float *blocks, const float *biases,
                 size_t first, size_t n, struct kernel_top *top) {
    union scores scores[ROUND];
    float best[ROUND];
    for (size_t begin = first; begin < first + n; begin += ROUND) {
        size_t left = first + n - begin, now = left < ROUND ? left : ROUND, b = 0;
        do {
            score_block(user, dimensions, blocks + (begin + b) * dimensions * KERNEL_LANES,
                        biases + (begin + b) * KERNEL_LANES, &scores[b]);
            best[b] = greatest(&scores[b]);
        } while (++b < now);
        take_best(scores, best, now, begin, top);
    }
}
