/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A block in two registers. */
#include "ranking/kernel-round.h"

#ifdef __x86_64__
#include <immintrin.h>
#include <math.h>

#define WITH_AVX2 __attribute__((target("avx2,fma")))

/* Blocks at a time: twice as many sums under way. */
enum { WIDE = 4, HALF = KERNEL_LANES / 2 };

static WITH_AVX2 inline __m256 no_nan(__m256 scores) {
    const __m256 none = _mm256_set1_ps(-INFINITY);
    return _mm256_blendv_ps(none, scores, _mm256_cmp_ps(scores, none, _CMP_GT_OQ));
}

/* Keeps half a block, and the maxima of its group. */
static WITH_AVX2 inline void keep(struct kernel_round *ret, size_t block, size_t half, __m256 sum,
                                  __m256 maxima[4]) {
    sum = no_nan(sum);
    size_t group = block % 2 * 2 + half;
    maxima[group] = _mm256_max_ps(maxima[group], sum);
    _mm256_store_ps(ret->scores + block * KERNEL_LANES + half * HALF, sum);
}

static WITH_AVX2 void score(const float *user, size_t dimensions, const float *blocks,
                            const float *biases, size_t n, struct kernel_round *ret) {
    const size_t size = dimensions * KERNEL_LANES;
    const __m256 none = _mm256_set1_ps(-INFINITY);
    __m256 maxima[4] = {none, none, none, none};
    size_t b = 0;
    for (; b + WIDE <= n; b += WIDE) {
        const float *x = blocks + b * size, *bias = biases + b * KERNEL_LANES;
        __m256 s0 = _mm256_loadu_ps(bias), s1 = _mm256_loadu_ps(bias + 8);
        __m256 s2 = _mm256_loadu_ps(bias + 16), s3 = _mm256_loadu_ps(bias + 24);
        __m256 s4 = _mm256_loadu_ps(bias + 32), s5 = _mm256_loadu_ps(bias + 40);
        __m256 s6 = _mm256_loadu_ps(bias + 48), s7 = _mm256_loadu_ps(bias + 56);
        for (size_t k = 0; k < dimensions; k++, x += KERNEL_LANES) {
            __m256 u = _mm256_set1_ps(user[k]);
            s0 = _mm256_fmadd_ps(u, _mm256_loadu_ps(x), s0);
            s1 = _mm256_fmadd_ps(u, _mm256_loadu_ps(x + HALF), s1);
            s2 = _mm256_fmadd_ps(u, _mm256_loadu_ps(x + size), s2);
            s3 = _mm256_fmadd_ps(u, _mm256_loadu_ps(x + size + HALF), s3);
            s4 = _mm256_fmadd_ps(u, _mm256_loadu_ps(x + 2 * size), s4);
            s5 = _mm256_fmadd_ps(u, _mm256_loadu_ps(x + 2 * size + HALF), s5);
            s6 = _mm256_fmadd_ps(u, _mm256_loadu_ps(x + 3 * size), s6);
            s7 = _mm256_fmadd_ps(u, _mm256_loadu_ps(x + 3 * size + HALF), s7);
        }
        keep(ret, b, 0, s0, maxima);
        keep(ret, b, 1, s1, maxima);
        keep(ret, b + 1, 0, s2, maxima);
        keep(ret, b + 1, 1, s3, maxima);
        keep(ret, b + 2, 0, s4, maxima);
        keep(ret, b + 2, 1, s5, maxima);
        keep(ret, b + 3, 0, s6, maxima);
        keep(ret, b + 3, 1, s7, maxima);
    }
    for (; b < n; b++)
        for (size_t half = 0; half < 2; half++) {
            const float *x = blocks + b * size + half * HALF;
            __m256 sum = _mm256_loadu_ps(biases + b * KERNEL_LANES + half * HALF);
            for (size_t k = 0; k < dimensions; k++, x += KERNEL_LANES)
                sum = _mm256_fmadd_ps(_mm256_set1_ps(user[k]), _mm256_loadu_ps(x), sum);
            keep(ret, b, half, sum, maxima);
        }
    for (size_t g = 0; g < 4; g++)
        _mm256_store_ps(ret->maxima + g * HALF, maxima[g]);
}

/* Comparisons give -1 where they hold, which is taken off. */
static WITH_AVX2 float bound(const struct kernel_round *round, size_t wanted) {
    __m256 own[4], least = _mm256_set1_ps(INFINITY);
    __m256i above[4];
    for (size_t g = 0; g < 4; g++) {
        own[g] = _mm256_load_ps(round->maxima + g * HALF);
        above[g] = _mm256_setzero_si256();
    }
    for (size_t j = 0; j < KERNEL_GROUPS; j++) {
        __m256 other = _mm256_set1_ps(round->maxima[j]);
        for (size_t g = 0; g < 4; g++) {
            __m256 greater = _mm256_cmp_ps(other, own[g], _CMP_GT_OQ);
            above[g] = _mm256_sub_epi32(above[g], _mm256_castps_si256(greater));
        }
    }
    const __m256i limit = _mm256_set1_epi32((int)wanted);
    const __m256 high = _mm256_set1_ps(INFINITY);
    for (size_t g = 0; g < 4; g++) {
        __m256 few = _mm256_castsi256_ps(_mm256_cmpgt_epi32(limit, above[g]));
        least = _mm256_min_ps(least, _mm256_blendv_ps(high, own[g], few));
    }
    float lanes[HALF], ret = INFINITY;
    _mm256_storeu_ps(lanes, least);
    for (size_t i = 0; i < HALF; i++)
        ret = lanes[i] < ret ? lanes[i] : ret;
    return ret;
}

static WITH_AVX2 size_t pick(const struct kernel_round *round, size_t n, float bound,
                             uint32_t first_position, uint64_t *keys, size_t most) {
    const __m256 least = _mm256_set1_ps(bound), none = _mm256_set1_ps(-INFINITY);
    size_t found = 0;
    for (size_t h = 0; h < 2 * n; h++) {
        __m256 scores = _mm256_load_ps(round->scores + h * HALF);
        __m256 taken = _mm256_and_ps(_mm256_cmp_ps(scores, least, _CMP_GE_OQ),
                                     _mm256_cmp_ps(scores, none, _CMP_GT_OQ));
        for (unsigned mask = (unsigned)_mm256_movemask_ps(taken); mask; mask &= mask - 1) {
            size_t i = h * HALF + (size_t)__builtin_ctz(mask);
            if (found == most)
                return most + 1;
            keys[found++] = kernel_key(round->scores[i], first_position + (uint32_t)i);
        }
    }
    return found;
}

/* Four keys against each, as signed integers with the top bit turned. */
static WITH_AVX2 size_t rank(const uint64_t *keys, size_t n, size_t wanted, uint64_t *ret) {
    const __m256i turn = _mm256_set1_epi64x((long long)(UINT64_C(1) << 63));
    for (size_t i = 0; i < n; i += 4) {
        uint64_t own[4] = {0}, place[4];
        for (size_t k = 0; k < 4 && i + k < n; k++)
            own[k] = keys[i + k];
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
    return n < wanted ? n : wanted;
}

const struct kernel_code kernel_avx2 = {score, bound, pick, rank};
#endif
