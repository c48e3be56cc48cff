/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A block in two registers. */
#include "ranking/kernel-round.h"

#ifdef __x86_64__
#include <immintrin.h>
#include <math.h>
#include <stdbool.h>

#define WITH_AVX2 __attribute__((target("avx2,fma,bmi,bmi2,popcnt")))

enum {
    HALF = KERNEL_LANES / 2,
    WORDS = KERNEL_ROUND * KERNEL_LANES / 64,
    AT_ONCE = 4, /* places of a word */
    PLACES = KERNEL_PICKED + WORDS * AT_ONCE
};

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
static WITH_AVX2 void score_four(const float *const users[4], size_t dimensions,
                                 const float *blocks, const float *biases, size_t n, float *ret) {
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
    _mm256_store_ps(ret + (i)*KERNEL_ROW + b * KERNEL_LANES, a##i);                                \
    _mm256_store_ps(ret + (i)*KERNEL_ROW + b * KERNEL_LANES + HALF, b##i);
        FOUR(BEGIN)
#pragma GCC unroll 4
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

/* So many blocks at a time that they are still in the first-level cache for the next four. */
static WITH_AVX2 void score_shared(const float *const users[KERNEL_SHARED], size_t dimensions,
                                   const float *blocks, const float *biases, size_t n, float *ret) {
    for (size_t u = 0; u < KERNEL_SHARED; u += 4)
        score_four(users + u, dimensions, blocks, biases, n, ret + u * KERNEL_ROW);
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
static WITH_AVX2 void bounds_of_two(struct kernel_round rounds[2], size_t n, size_t wanted) {
    __m256 maxima[2][4];
    for (size_t u = 0; u < 2; u++) {
        __m256 a = _mm256_set1_ps(-INFINITY), b = a, c = a, d = a;
        const float *x = rounds[u].scores;
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
    rounds[0].bound = lanes[0];
    rounds[1].bound = lanes[4];
}

static WITH_AVX2 void bounds(struct kernel_round rounds[KERNEL_SHARED], size_t n, size_t wanted) {
    for (size_t u = 0; u < KERNEL_SHARED; u += 2)
        bounds_of_two(rounds + u, n, wanted);
}

static WITH_AVX2 void find_bits(const struct kernel_round *round, size_t n, uint64_t bits[WORDS]) {
    const __m256 least = _mm256_set1_ps(round->bound);
    const float *x = round->scores;
#define REACHED(half)                                                                              \
    (uint64_t)(unsigned)                                                                           \
        _mm256_movemask_ps(_mm256_cmp_ps(_mm256_load_ps(x + (half)*HALF), least, _CMP_GE_OQ))
    memset(bits, 0, WORDS * sizeof *bits);
    size_t h = 0;
    for (; h + 8 <= 2 * n; h += 8, x += 8 * HALF)
        bits[h / 8] = (REACHED(0) | REACHED(1) << 8 | REACHED(2) << 16 | REACHED(3) << 24) |
                      (REACHED(4) << 32 | REACHED(5) << 40 | REACHED(6) << 48 | REACHED(7) << 56);
    for (; h < 2 * n; h++, x += HALF)
        bits[h / 8] |= REACHED(0) << 8 * (h % 8);
#undef REACHED
}

/* The numbers of the scores that are wanted, from a bit for each, [KERNEL_ROUND * KERNEL_LANES].
 * Of each word AT_ONCE places are written whether it has as many or not, what the next word writes
 * being put over what was not: so that there is no branch but for the rare word that has more.
 * Returns how many, or KERNEL_PICKED + 1 if more. */
static WITH_AVX2 size_t find_places(const uint64_t bits[WORDS], uint32_t places[PLACES]) {
    size_t found = 0;
    for (uint32_t w = 0; w < WORDS; w++) {
        uint64_t word = bits[w];
        size_t own = (size_t)_mm_popcnt_u64(word);
#define NEXT(k)                                                                                    \
    places[found + (k)] = w * 64 + (uint32_t)_tzcnt_u64(word);                                     \
    word = _blsr_u64(word);
        NEXT(0)
        NEXT(1)
        NEXT(2)
        NEXT(3)
        if (own > AT_ONCE) {
            if (found + own > KERNEL_PICKED)
                return KERNEL_PICKED + 1;
            for (size_t k = AT_ONCE; k < own; k++) {
                NEXT(k)
            }
        }
#undef NEXT
        found += own;
    }
    return found <= KERNEL_PICKED ? found : KERNEL_PICKED + 1;
}

static WITH_AVX2 void pick(struct kernel_round *rounds, size_t m, size_t n) {
    uint64_t bits[KERNEL_SHARED][WORDS];
    uint32_t places[PLACES];
    for (size_t u = 0; u < m; u++)
        find_bits(&rounds[u], n, bits[u]);
    for (size_t u = 0; u < m; u++) {
        struct kernel_round *round = &rounds[u];
        round->found = find_places(bits[u], places);
        memset(round->keys, 0, KERNEL_RANKED * sizeof *round->keys);
        if (round->found <= KERNEL_PICKED)
            for (size_t i = 0; i < round->found; i++)
                round->keys[i] = kernel_key_of_place(round, places[i]);
    }
}

/* As in kernel-avx512.c, in two registers, as signed integers with the top bit turned. */
static WITH_AVX2 bool rank_few(const uint64_t *keys, size_t n, uint64_t *ret) {
    const __m256i turn = _mm256_set1_epi32((int)KERNEL_SIGN);
    uint32_t scores[KERNEL_RANKED], sum = 0;
    for (size_t i = 0; i < KERNEL_RANKED; i++)
        scores[i] = (uint32_t)(keys[i] >> 32);
    const __m256i *lines = (const __m256i *)(const void *)scores;
    const __m256i first = _mm256_xor_si256(_mm256_loadu_si256(lines), turn);
    const __m256i second = _mm256_xor_si256(_mm256_loadu_si256(lines + 1), turn);
    for (size_t i = 0; i < KERNEL_RANKED; i++) {
        const __m256i own = _mm256_xor_si256(_mm256_set1_epi32((int)scores[i]), turn);
        __m256 above = _mm256_castsi256_ps(_mm256_cmpgt_epi32(first, own));
        __m256 above_second = _mm256_castsi256_ps(_mm256_cmpgt_epi32(second, own));
        uint32_t place = (uint32_t)_mm_popcnt_u32((unsigned)_mm256_movemask_ps(above) << HALF |
                                                  (unsigned)_mm256_movemask_ps(above_second));
        ret[place] = keys[i];
        sum += place;
    }
    return sum == n * (n - 1) / 2 + (KERNEL_RANKED - n) * n;
}

/* Four keys against each. */
static WITH_AVX2 void rank_many(const uint64_t *keys, size_t n, size_t wanted, uint64_t *ret) {
    const __m256i turn = _mm256_set1_epi64x((long long)(UINT64_C(1) << 63));
    for (size_t i = 0; i < n; i += 4) {
        uint64_t own[4] = {0}, place[4];
        memcpy(own, keys + i, (n - i < 4 ? n - i : 4) * sizeof *keys);
        const __m256i mine =
            _mm256_xor_si256(_mm256_loadu_si256((const __m256i *)(const void *)own), turn);
        __m256i above = _mm256_setzero_si256();
        for (size_t j = 0; j < n; j++) {
            __m256i other = _mm256_xor_si256(_mm256_set1_epi64x((long long)keys[j]), turn);
            above = _mm256_sub_epi64(above, _mm256_cmpgt_epi64(other, mine));
        }
        _mm256_storeu_si256((__m256i *)(void *)place, above);
        for (size_t k = 0; k < 4 && i + k < n; k++)
            if (place[k] < wanted)
                ret[place[k]] = own[k];
    }
}

static WITH_AVX2 size_t rank(const uint64_t *keys, size_t n, size_t wanted, uint64_t *ret) {
    if (n > KERNEL_RANKED || !rank_few(keys, n, ret))
        rank_many(keys, n, wanted, ret);
    return n < wanted ? n : wanted;
}

const struct kernel_code kernel_avx2 = {score, score_shared, bound, bounds, pick, rank};
#endif
