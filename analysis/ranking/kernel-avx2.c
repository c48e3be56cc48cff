/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A block in two registers. */
#include "ranking/kernel-round.h"

#ifdef __x86_64__
#include <math.h>

#define WITH_AVX2 __attribute__((target("avx2,fma,bmi,bmi2,popcnt")))

enum { HALF = KERNEL_LANES / 2 };

/* Four blocks at a time: eight sums under way, which keep two units of latency 4 busy. */
static WITH_AVX2 void score(const float *user, size_t dimensions, const float *blocks,
                            const float *biases, size_t n, float *ret) {
    const size_t size = dimensions * KERNEL_LANES;
    size_t b = 0;
    for (; b + 4 <= n; b += 4, ret += 4 * KERNEL_LANES) {
        const float *x = blocks + b * size, *bias = biases + b * KERNEL_LANES;
#define BEGIN(i)                                                                                   \
    __m256 a##i = _mm256_loadu_ps(bias + (i)*KERNEL_LANES);                                        \
    __m256 b##i = _mm256_loadu_ps(bias + (i)*KERNEL_LANES + HALF);
#define STEP(i)                                                                                    \
    a##i = _mm256_fmadd_ps(factor, _mm256_loadu_ps(x + (i)*size), a##i);                           \
    b##i = _mm256_fmadd_ps(factor, _mm256_loadu_ps(x + (i)*size + HALF), b##i);
#define END(i)                                                                                     \
    _mm256_store_ps(ret + (i)*KERNEL_LANES, a##i);                                                 \
    _mm256_store_ps(ret + (i)*KERNEL_LANES + HALF, b##i);
#define FOUR(do_it) do_it(0) do_it(1) do_it(2) do_it(3)
        FOUR(BEGIN)
        for (size_t k = 0; k < dimensions; k++, x += KERNEL_LANES) {
            __m256 factor = _mm256_set1_ps(user[k]);
            FOUR(STEP)
        }
        FOUR(END)
#undef BEGIN
#undef STEP
#undef END
    }
    for (; b < n; b++, ret += KERNEL_LANES)
        for (size_t half = 0; half < KERNEL_LANES; half += HALF) {
            const float *x = blocks + b * size + half;
            __m256 sum = _mm256_loadu_ps(biases + b * KERNEL_LANES + half);
            for (size_t k = 0; k < dimensions; k++, x += KERNEL_LANES)
                sum = _mm256_fmadd_ps(_mm256_set1_ps(user[k]), _mm256_loadu_ps(x), sum);
            _mm256_store_ps(ret + half, sum);
        }
}

/* One block of four users at a time: eight sums under way, with two thirds of the loads. */
static WITH_AVX2 void score_shared(const float *const users[KERNEL_SHARED], size_t dimensions,
                                   const float *blocks, const float *biases, size_t n,
                                   float *const ret[KERNEL_SHARED]) {
    const float *const user0 = users[0], *const user1 = users[1];
    const float *const user2 = users[2], *const user3 = users[3];
    const float *x = blocks;
    for (size_t b = 0; b < n; b++) {
        __m256 low = _mm256_loadu_ps(biases + b * KERNEL_LANES);
        __m256 high = _mm256_loadu_ps(biases + b * KERNEL_LANES + HALF);
#define BEGIN(i) __m256 a##i = low, b##i = high;
#define STEP(i)                                                                                    \
    factor = _mm256_set1_ps(user##i[k]);                                                           \
    a##i = _mm256_fmadd_ps(factor, low, a##i);                                                     \
    b##i = _mm256_fmadd_ps(factor, high, b##i);
#define END(i)                                                                                     \
    _mm256_store_ps(ret[i] + b * KERNEL_LANES, a##i);                                              \
    _mm256_store_ps(ret[i] + b * KERNEL_LANES + HALF, b##i);
        FOUR(BEGIN)
        for (size_t k = 0; k < dimensions; k++, x += KERNEL_LANES) {
            __m256 factor;
            low = _mm256_loadu_ps(x), high = _mm256_loadu_ps(x + HALF);
            FOUR(STEP)
        }
        FOUR(END)
#undef BEGIN
#undef STEP
#undef END
#undef FOUR
    }
}

/* Of two operands of which one is nan, the second one counts as the greater. Comparisons give -1
 * where they hold, which is taken off. */
static WITH_AVX2 float bound(const float *scores, size_t n, size_t wanted) {
    float maxima[KERNEL_GROUPS] __attribute__((aligned(32))), lanes[HALF], ret = INFINITY;
    const __m256i limit = _mm256_set1_epi32((int)wanted);
    const __m256 low = _mm256_set1_ps(-INFINITY), high = _mm256_set1_ps(INFINITY);
    size_t b = 0;
#define FOUR(do_it) do_it(0) do_it(1) do_it(2) do_it(3)
#define BEGIN(i)                                                                                   \
    __m256 own##i = low;                                                                           \
    __m256i above##i = _mm256_setzero_si256();
#define GREATEST(i)                                                                                \
    own##i = _mm256_max_ps(_mm256_load_ps(scores + b * KERNEL_LANES + (i)*HALF), own##i);
#define KEEP(i) _mm256_store_ps(maxima + (i)*HALF, own##i);
#define COUNT(i)                                                                                   \
    greater = _mm256_castps_si256(_mm256_cmp_ps(other, own##i, _CMP_GT_OQ));                       \
    above##i = _mm256_sub_epi32(above##i, greater);
#define LEAST(i)                                                                                   \
    least = _mm256_min_ps(                                                                         \
        least,                                                                                     \
        _mm256_blendv_ps(high, own##i, _mm256_castsi256_ps(_mm256_cmpgt_epi32(limit, above##i))));
    FOUR(BEGIN)
    for (; b + 2 <= n; b += 2) {
        FOUR(GREATEST)
    }
    if (b < n) {
        GREATEST(0)
        GREATEST(1)
    }
    FOUR(KEEP)
    for (size_t j = 0; j < KERNEL_GROUPS; j++) {
        __m256 other = _mm256_broadcast_ss(maxima + j);
        __m256i greater;
        FOUR(COUNT)
    }
    __m256 least = high;
    FOUR(LEAST)
#undef FOUR
#undef BEGIN
#undef GREATEST
#undef KEEP
#undef COUNT
#undef LEAST
    _mm256_storeu_ps(lanes, least);
    for (size_t i = 0; i < HALF; i++)
        ret = lanes[i] < ret ? lanes[i] : ret;
    return ret;
}

/* As in kernel-avx512.c, for the two users whose halves of a register hold four numbers each. */
static WITH_AVX2 void bounds_of_two(const float *const scores[2], size_t n, size_t wanted,
                                    float ret[2]) {
    __m256 maxima[2][4];
    for (size_t u = 0; u < 2; u++) {
        __m256 a = _mm256_set1_ps(-INFINITY), b = a, c = a, d = a;
        const float *x = scores[u];
        size_t left = n;
        for (; left >= 2; left -= 2, x += 2 * KERNEL_LANES) {
            a = _mm256_max_ps(_mm256_load_ps(x), a);
            b = _mm256_max_ps(_mm256_load_ps(x + HALF), b);
            c = _mm256_max_ps(_mm256_load_ps(x + 2 * HALF), c);
            d = _mm256_max_ps(_mm256_load_ps(x + 3 * HALF), d);
        }
        if (left > 0) {
            a = _mm256_max_ps(_mm256_load_ps(x), a);
            b = _mm256_max_ps(_mm256_load_ps(x + HALF), b);
        }
        maxima[u][0] = a, maxima[u][1] = b, maxima[u][2] = c, maxima[u][3] = d;
    }
    __m256 row0, row1, row2, row3, row4, row5, row6, row7, high;
#define TURN(g, a, b)                                                                              \
    (a) = _mm256_permute2f128_ps(maxima[0][g], maxima[1][g], 0x20);                                \
    (b) = _mm256_permute2f128_ps(maxima[0][g], maxima[1][g], 0x31);
#define EXCHANGE(i, j)                                                                             \
    high = _mm256_max_ps(row##i, row##j);                                                          \
    row##j = _mm256_min_ps(row##i, row##j);                                                        \
    row##i = high;
#define JOIN(i, j)                                                                                 \
    high = _mm256_max_ps(row##i, _mm256_permute_ps(row##j, 0xb1));                                 \
    row##j = _mm256_max_ps(row##j, _mm256_permute_ps(row##i, 0xb1));                               \
    row##i = high;
    TURN(0, row0, row1)
    TURN(1, row2, row3)
    TURN(2, row4, row5)
    TURN(3, row6, row7)
    KERNEL_SORT_ROWS(EXCHANGE)
    JOIN(0, 7)
    JOIN(1, 6)
    JOIN(2, 5)
    JOIN(3, 4)
    KERNEL_SORT_BITONIC_ROWS(EXCHANGE)
#undef TURN
#undef EXCHANGE
#undef JOIN
    const __m256 rows[8] = {row0, row1, row2, row3, row4, row5, row6, row7};
    __m256 best = wanted <= 8 ? rows[wanted - 1] : _mm256_set1_ps(-INFINITY);
    for (size_t i = wanted <= 8 ? 1 : wanted - 8; i <= 8 && i < wanted; i++)
        best = _mm256_max_ps(
            best, _mm256_min_ps(rows[i - 1], _mm256_permute_ps(rows[wanted - i - 1], 0x4e)));
    float lanes[HALF];
    _mm256_storeu_ps(lanes, _mm256_max_ps(best, _mm256_permute_ps(best, 0x4e)));
    ret[0] = lanes[0];
    ret[1] = lanes[4];
}

static WITH_AVX2 void bounds(const float *const scores[KERNEL_SHARED], size_t n, size_t wanted,
                             float ret[KERNEL_SHARED]) {
    for (size_t u = 0; u < KERNEL_SHARED; u += 2)
        bounds_of_two(scores + u, n, wanted, ret + u);
}

static WITH_AVX2 size_t pick(const float *scores, size_t n, float bound, uint32_t first_position,
                             uint64_t *keys, size_t most) {
    uint64_t bits[KERNEL_ROUND * KERNEL_LANES / 64] = {0};
    const __m256 least = _mm256_set1_ps(bound);
#define REACHED(half)                                                                              \
    (uint64_t)(unsigned)                                                                           \
        _mm256_movemask_ps(_mm256_cmp_ps(_mm256_load_ps(scores + (half)*HALF), least, _CMP_GE_OQ))
    size_t h = 0;
    for (; h + 8 <= 2 * n; h += 8)
        bits[h / 8] =
            (REACHED(h) | REACHED(h + 1) << 8 | REACHED(h + 2) << 16 | REACHED(h + 3) << 24) |
            (REACHED(h + 4) << 32 | REACHED(h + 5) << 40 | REACHED(h + 6) << 48 |
             REACHED(h + 7) << 56);
    for (; h < 2 * n; h++)
        bits[h / 8] |= REACHED(h) << 8 * (h % 8);
#undef REACHED
    return kernel_keys_of_bits(bits, scores, first_position, keys, most);
}

/* Eight keys against each, as signed integers with the top bit turned. */
static WITH_AVX2 size_t rank(const uint64_t *keys, size_t n, size_t wanted, uint64_t *ret) {
    const __m256i turn = _mm256_set1_epi64x((long long)(UINT64_C(1) << 63));
    for (size_t i = 0; i < n; i += 8) {
        uint64_t own[8] = {0}, place[8];
        size_t some = n - i < 8 ? n - i : 8;
        for (size_t k = 0; k < some; k++)
            own[k] = keys[i + k];
        const __m256i *lines = (const __m256i *)(const void *)own;
        const __m256i first = _mm256_xor_si256(_mm256_loadu_si256(lines), turn);
        const __m256i second = _mm256_xor_si256(_mm256_loadu_si256(lines + 1), turn);
        __m256i above = _mm256_setzero_si256(), above_second = above;
        for (size_t j = 0; j < n; j++) {
            __m256i other = _mm256_xor_si256(_mm256_set1_epi64x((long long)keys[j]), turn);
            above = _mm256_sub_epi64(above, _mm256_cmpgt_epi64(other, first));
            above_second = _mm256_sub_epi64(above_second, _mm256_cmpgt_epi64(other, second));
        }
        _mm256_storeu_si256((__m256i *)(void *)place, above);
        _mm256_storeu_si256((__m256i *)(void *)(place + 4), above_second);
        for (size_t k = 0; k < some; k++)
            if (place[k] < wanted)
                ret[place[k]] = own[k];
    }
    return n < wanted ? n : wanted;
}

const struct kernel_code kernel_avx2 = {score, score_shared, bound, bounds, pick, rank};
#endif
