/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Between kernel.c and its implementations: a round of up to KERNEL_ROUND blocks.
 *
 * Whatever finds a place in the list is at least as good as the `wanted`-th greatest of any maxima
 * of disjoint groups of the scores. So a round scores its blocks, takes the maxima of KERNEL_GROUPS
 * groups, and only picks what reaches the greatest bound that the maxima and the list give: about
 * one and a quarter times as many as are wanted, found without a branch for each.
 *
 * A core multiplies and adds faster than its second-level cache hands over items. So
 * KERNEL_SHARED users are scored in one pass over the blocks that they have in common; and while
 * one step waits for what it has just written of a user, it goes on with the others.
 */
#ifndef RANKING_KERNEL_ROUND_H
#define RANKING_KERNEL_ROUND_H

#include "ranking/kernel.h"

#include <string.h>

#define KERNEL_ROUND  32
#define KERNEL_GROUPS 32
#define KERNEL_SHARED 8
#define KERNEL_PICKED 64 /* the most that are put in order all at once */
#define KERNEL_RANKED 16 /* that are put in order in a way of their own, the fastest */

/* Between the scores of one user and the next: users that share begin up to half a round apart. */
#define KERNEL_ROW ((KERNEL_ROUND + KERNEL_ROUND / 2) * KERNEL_LANES)

/* A round of one user. */
struct kernel_round {
    const float
        *scores; /* [KERNEL_ROUND][KERNEL_LANES], aligned as a line of the cache; may be nan */
    float bound;
    uint32_t first, end; /* position of the first score; those from `end` on follow from 0 */
    size_t found;        /* that reach the bound; KERNEL_PICKED + 1 if more, whose keys are void */
    uint64_t *keys; /* [KERNEL_PICKED], in any order; zeros behind if fewer than KERNEL_RANKED */
};

/* One implementation. */
struct kernel_code {
    /* Scores n blocks; the first one stands at `blocks`. */
    void (*score)(const float *user, size_t dimensions, const float *blocks, const float *biases,
                  size_t n, float *ret);
    /* For user i to ret + i * KERNEL_ROW. */
    void (*score_shared)(const float *const users[KERNEL_SHARED], size_t dimensions,
                         const float *blocks, const float *biases, size_t n, float *ret);
    /* The least of the groups' maxima that fewer than `wanted` others exceed, wanted <=
     * KERNEL_GROUPS. A group is one lane of every other block, nan left out. */
    float (*bound)(const float *scores, size_t n, size_t wanted);
    /* The same for KERNEL_SHARED users, wanted <= KERNEL_GROUPS / 2; may be a little less. */
    void (*bounds)(struct kernel_round rounds[KERNEL_SHARED], size_t n, size_t wanted);
    /* Finds the keys (kernel_key) of the scores in n blocks that are at least `bound`, for each of
     * m <= KERNEL_SHARED users. */
    void (*pick)(struct kernel_round *rounds, size_t m, size_t n);
    /* Puts the `wanted` greatest of n different keys in descending order; returns how many. Zeros
     * follow the keys if n < KERNEL_RANKED, and some may be written behind those returned: `ret`
     * has room for max(n, KERNEL_RANKED). */
    size_t (*rank)(const uint64_t *keys, size_t n, size_t wanted, uint64_t *ret);
};

extern const struct kernel_code kernel_plain;
#ifdef __x86_64__
extern const struct kernel_code kernel_avx2, kernel_avx512;
#endif

/* What puts eight rows of a table in descending order within each column (odd-even merge, Batcher
 * 1968, doi:10.1145/1468075.1468121), and eight that rise and then fall: EXCHANGE(i, j) puts the
 * greater numbers into row i. */
/* clang-format off */
#define KERNEL_SORT_ROWS(EXCHANGE)                                                                 \
    EXCHANGE(0, 1) EXCHANGE(2, 3) EXCHANGE(4, 5) EXCHANGE(6, 7)                                    \
    EXCHANGE(0, 2) EXCHANGE(1, 3) EXCHANGE(4, 6) EXCHANGE(5, 7)                                    \
    EXCHANGE(1, 2) EXCHANGE(5, 6)                                                                  \
    EXCHANGE(0, 4) EXCHANGE(1, 5) EXCHANGE(2, 6) EXCHANGE(3, 7)                                    \
    EXCHANGE(2, 4) EXCHANGE(3, 5)                                                                  \
    EXCHANGE(1, 2) EXCHANGE(3, 4) EXCHANGE(5, 6)
#define KERNEL_SORT_BITONIC_ROWS(EXCHANGE)                                                         \
    EXCHANGE(0, 4) EXCHANGE(1, 5) EXCHANGE(2, 6) EXCHANGE(3, 7)                                    \
    EXCHANGE(0, 2) EXCHANGE(1, 3) EXCHANGE(4, 6) EXCHANGE(5, 7)                                    \
    EXCHANGE(0, 1) EXCHANGE(2, 3) EXCHANGE(4, 5) EXCHANGE(6, 7)
/* clang-format on */

#define KERNEL_SIGN UINT32_C(0x80000000)

/* Scores and positions in one integer: the order of the scores, as bits that ascend with them, then
 * of the positions. */
static inline uint64_t kernel_key(float score, uint32_t position) {
    uint32_t bits;
    score += 0.0f; /* -0 becomes 0 */
    memcpy(&bits, &score, sizeof bits);
    bits ^= -(bits >> 31) | KERNEL_SIGN; /* all bits of the negative, the sign of others */
    return (uint64_t)bits << 32 | (uint32_t)~position;
}

/* Of score number `place` of a round. */
static inline uint64_t kernel_key_of_place(const struct kernel_round *round, uint32_t place) {
    uint32_t position = round->first + place;
    return kernel_key(round->scores[place], position - (position < round->end ? 0 : round->end));
}

#endif
