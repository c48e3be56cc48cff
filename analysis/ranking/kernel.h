/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Scoring items and keeping the best of them, in one pass.
 *
 *     struct kernel_top top;
 *     kernel_begin(&top, 10);
 *     kernel_scan(user, 16, shelf, biases, first_block, n_blocks, &top);
 *     for (size_t i = 0; i < top.found; i++)                   // best first
 *         show(kernel_position(&top, i), kernel_score(&top, i));
 *
 *     kernel_scan_many(requests, m, 16, shelf, biases, all, n);   // several users at once
 *
 * Items lie in blocks of KERNEL_LANES; within a block the first dimension of all its items comes
 * first, then the second, and so on, so that one vector register holds the same dimension of many
 * items. The score of an item is
 *
 *     fma(user[d-1], x[d-1], ... fma(user[1], x[1], fma(user[0], x[0], bias)))
 *
 * in single precision, each fused multiply-add rounded once, in this order and no other. Nothing is
 * ever summed across lanes, so that the three implementations (AVX-512, AVX2, and a plain one with
 * fmaf, chosen by what the processor has when the program runs) give the same bits. On a processor
 * without fused multiply-add the plain one is right but slow.
 */
#ifndef RANKING_KERNEL_H
#define RANKING_KERNEL_H

#include <stddef.h>
#include <stdint.h>

#define KERNEL_LANES 16
#define KERNEL_TOP   128 /* the most that can be kept */

/* A score and a position in one integer: the order of the scores (as the bits of a float, made to
 * ascend through the negative ones), then of the positions, lower before higher. */
struct kernel_top {
    size_t wanted, found;
    uint64_t keys[KERNEL_TOP]; /* descending */
};

/* Number of blocks that n items need. */
static inline size_t kernel_blocks(size_t n) {
    return (n + KERNEL_LANES - 1) / KERNEL_LANES;
}

/* Where dimension k of the item at `position` (block * KERNEL_LANES + lane) stands in `blocks`. */
static inline size_t kernel_at(size_t position, size_t dimensions, size_t k) {
    return (position / KERNEL_LANES * dimensions + k) * KERNEL_LANES + position % KERNEL_LANES;
}

/* Starts an empty list that will keep the `wanted` best, 1 to KERNEL_TOP. */
void kernel_begin(struct kernel_top *top, size_t wanted);

/* Offers one item to the list. -infinity and nan are never taken; -0 counts as 0. */
void kernel_offer(struct kernel_top *top, float score, uint32_t position);

/* Offers the items of blocks first to first + n - 1. user: [dimensions], which may be 0 (then the
 * biases are the scores); blocks: [..][dimensions][KERNEL_LANES]; biases: [..][KERNEL_LANES],
 * -infinity where the last block has no item. The outcome of several calls does not depend on their
 * order. */
void kernel_scan(const float *user, size_t dimensions, const float *blocks, const float *biases,
                 size_t first, size_t n, struct kernel_top *top);

/* One of several scans that are made at once. */
struct kernel_request {
    const float *user;
    size_t first;
    struct kernel_top *top;
};

/* Each of m requests over the n blocks from its first one on, block 0 following the last of `all`:
 * what kernel_scan answers, and faster where requests that stand together have most of their blocks
 * in common. n <= all. */
void kernel_scan_many(const struct kernel_request *requests, size_t m, size_t dimensions,
                      const float *blocks, const float *biases, size_t all, size_t n);

/* The same by a given implementation, which the processor must have: for tests and benchmarks. */
enum kernel_level { KERNEL_PLAIN, KERNEL_AVX2, KERNEL_AVX512 };

/* The fastest that this processor has. */
enum kernel_level kernel_level(void);
const char *kernel_level_name(enum kernel_level level);
void kernel_scan_at(enum kernel_level level, const float *user, size_t dimensions,
                    const float *blocks, const float *biases, size_t first, size_t n,
                    struct kernel_top *top);
void kernel_scan_many_at(enum kernel_level level, const struct kernel_request *requests, size_t m,
                         size_t dimensions, const float *blocks, const float *biases, size_t all,
                         size_t n);

/* Of entry i < found. */
static inline uint32_t kernel_position(const struct kernel_top *top, size_t i) {
    return (uint32_t)~top->keys[i];
}
float kernel_score(const struct kernel_top *top, size_t i);

/* Puts another position in the place of entry i, which keeps its score and its place: for lists in
 * which ties go by another order than that of the positions. */
void kernel_rename(struct kernel_top *top, size_t i, uint32_t position);

#endif
