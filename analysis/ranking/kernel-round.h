/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Between kernel.c and its implementations: a round of up to KERNEL_ROUND blocks.
 *
 * Whatever finds a place in the list is at least as good as the `wanted`-th greatest of any maxima
 * of disjoint groups of the scores. So a round scores its blocks, takes the maxima of KERNEL_GROUPS
 * groups, and only hands over what reaches the greatest bound that the maxima and the list give:
 * about one and a half times as many as are wanted, found without a branch for each.
 *
 * A core multiplies and adds faster than its second-level cache hands over items. So
 * KERNEL_SHARED users are scored in one pass over the blocks that they have in common.
 */
#ifndef RANKING_KERNEL_ROUND_H
#define RANKING_KERNEL_ROUND_H

#include "ranking/kernel.h"

#include <string.h>

#define KERNEL_ROUND  32
#define KERNEL_GROUPS 32
#define KERNEL_SHARED 4

/* One implementation. Scores: [KERNEL_ROUND][KERNEL_LANES], as aligned as a vector is wide; there
 * may be nan among them. */
struct kernel_code {
    /* Scores n blocks; the first one stands at `blocks`. */
    void (*score)(const float *user, size_t dimensions, const float *blocks, const float *biases,
                  size_t n, float *ret);
    void (*score_shared)(const float *const users[KERNEL_SHARED], size_t dimensions,
                         const float *blocks, const float *biases, size_t n,
                         float *const ret[KERNEL_SHARED]);
    /* The least of the groups' maxima that fewer than `wanted` others exceed, wanted <=
     * KERNEL_GROUPS. A group is one lane of every other block, nan left out. */
    float (*bound)(const float *scores, size_t n, size_t wanted);
    /* Keys (kernel_key) of the scores in n blocks that are at least `bound`; returns how many, or
     * more than `most` without having written any beyond that. There is room for eight keys behind
     * the last one. */
    size_t (*pick)(const float *scores, size_t n, float bound, uint32_t first_position,
                   uint64_t *keys, size_t most);
    /* Puts the `wanted` greatest of n different keys in descending order; returns how many. */
    size_t (*rank)(const uint64_t *keys, size_t n, size_t wanted, uint64_t *ret);
};

extern const struct kernel_code kernel_plain;
#ifdef __x86_64__
extern const struct kernel_code kernel_avx2, kernel_avx512;
#endif

#define KERNEL_SIGN UINT32_C(0x80000000)

/* Scores and positions in one integer: the order of the scores, as bits that ascend with them, then
 * of the positions. */
static inline uint64_t kernel_key(float score, uint32_t position) {
    uint32_t bits;
    score += 0.0f; /* -0 becomes 0 */
    memcpy(&bits, &score, sizeof bits);
    bits = bits & KERNEL_SIGN ? ~bits : bits | KERNEL_SIGN;
    return (uint64_t)bits << 32 | (uint32_t)~position;
}

#endif
