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
    /* The same for KERNEL_SHARED users, wanted <= KERNEL_GROUPS / 2; may be a little less. */
    void (*bounds)(const float *const scores[KERNEL_SHARED], size_t n, size_t wanted,
                   float ret[KERNEL_SHARED]);
    /* Keys (kernel_key) of the scores in n blocks that are at least `bound`; returns how many, or
     * more than `most` without having written any beyond that; most <= 64. */
    size_t (*pick)(const float *scores, size_t n, float bound, uint32_t first_position,
                   uint64_t *keys, size_t most);
    /* Puts the `wanted` greatest of n different keys in descending order; returns how many. */
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

#ifdef __x86_64__
#include <immintrin.h>

/* What `pick` does once the bits of the scores that are wanted are known, [8] words of them:
 * without a branch that depends on where they stand. Each word puts its number where its first key
 * will stand and behind, over what the word before has put there. More than MOST_OF_WORD keys of
 * one word are too many. */
enum { MOST_OF_WORD = 16 };

__attribute__((target("bmi,bmi2,popcnt"))) static inline size_t
kernel_keys_of_bits(const uint64_t *bits, const float *scores, uint32_t first_position,
                    uint64_t *keys, size_t most) {
    uint8_t words[64 + MOST_OF_WORD];
    size_t before[8], found = 0, dense = 0;
    for (size_t w = 0; w < 8; w++) {
        size_t own = (size_t)_mm_popcnt_u64(bits[w]);
        memset(words + (found < 64 ? found : 64), (int)w, MOST_OF_WORD);
        before[w] = found;
        found += own;
        dense |= own > MOST_OF_WORD;
    }
    if (found > most || dense)
        return most + 1;
    for (size_t k = 0; k < found; k++) {
        size_t w = words[k];
        uint64_t one = _pdep_u64(UINT64_C(1) << (k - before[w]), bits[w]);
        uint32_t i = (uint32_t)(w * 64 + _tzcnt_u64(one));
        keys[k] = kernel_key(scores[i], first_position + i);
    }
    return found;
}
#endif

#endif
