/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Between kernel.c and its implementations: a round of up to KERNEL_ROUND blocks.
 *
 * Whatever finds a place in the list is at least as good as the `wanted`-th greatest of any maxima
 * of disjoint groups of the scores. So a round scores its blocks, keeps the maxima of KERNEL_GROUPS
 * groups, and only hands over what reaches the greatest bound that the maxima and the list give:
 * about twice as many as are wanted, found without a branch for each.
 */
#ifndef RANKING_KERNEL_ROUND_H
#define RANKING_KERNEL_ROUND_H

#include "ranking/kernel.h"

#define KERNEL_ROUND  32
#define KERNEL_GROUPS 32

struct kernel_round {
    float scores[KERNEL_ROUND * KERNEL_LANES] __attribute__((aligned(64)));
    float maxima[KERNEL_GROUPS] __attribute__((aligned(64)));
};

/* One implementation. */
struct kernel_code {
    /* Scores n blocks, nan as -infinity, and notes the maxima; the first block stands at `blocks`.
     */
    void (*score)(const float *user, size_t dimensions, const float *blocks, const float *biases,
                  size_t n, struct kernel_round *ret);
    /* The least of the maxima that fewer than `wanted` others exceed; wanted <= KERNEL_GROUPS. */
    float (*bound)(const struct kernel_round *round, size_t wanted);
    /* Keys (kernel_key) of the scores in n blocks that are at least `bound` and not -infinity;
     * returns how many, or more than `most` without having written any beyond that. */
    size_t (*pick)(const struct kernel_round *round, size_t n, float bound, uint32_t first_position,
                   uint64_t *keys, size_t most);
    /* Puts the `wanted` greatest of n different keys in descending order; returns how many. */
    size_t (*rank)(const uint64_t *keys, size_t n, size_t wanted, uint64_t *ret);
};

extern const struct kernel_code kernel_plain;
#ifdef __x86_64__
extern const struct kernel_code kernel_avx2, kernel_avx512;
#endif

/* The order of scores, then of positions, in one integer. */
uint64_t kernel_key(float score, uint32_t position);

#endif
