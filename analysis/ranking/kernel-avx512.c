/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A block in one register. */
#include "ranking/kernel-round.h"

#ifdef __x86_64__
#include <immintrin.h>
#include <math.h>

#define WITH_AVX512 __attribute__((target("avx512f")))

/* Blocks at a time: as many sums under way as keep two units of latency 4 busy. */
enum { WIDE = 8 };

static WITH_AVX512 inline __m512 no_nan(__m512 scores) {
    const __m512 none = _mm512_set1_ps(-INFINITY);
    return _mm512_mask_blend_ps(_mm512_cmp_ps_mask(scores, none, _CMP_GT_OQ), none, scores);
}

static WITH_AVX512 void score(const float *user, size_t dimensions, const float *blocks,
                              const float *biases, size_t n, struct kernel_round *ret) {
    const size_t size = dimensions * KERNEL_LANES;
    __m512 even = _mm512_set1_ps(-INFINITY), odd = even;
    size_t b = 0;
    for (; b + WIDE <= n; b += WIDE) {
        const float *x = blocks + b * size, *bias = biases + b * KERNEL_LANES;
        __m512 s0 = _mm512_loadu_ps(bias), s1 = _mm512_loadu_ps(bias + 16);
        __m512 s2 = _mm512_loadu_ps(bias + 32), s3 = _mm512_loadu_ps(bias + 48);
        __m512 s4 = _mm512_loadu_ps(bias + 64), s5 = _mm512_loadu_ps(bias + 80);
        __m512 s6 = _mm512_loadu_ps(bias + 96), s7 = _mm512_loadu_ps(bias + 112);
        for (size_t k = 0; k < dimensions; k++, x += KERNEL_LANES) {
            __m512 u = _mm512_set1_ps(user[k]);
            s0 = _mm512_fmadd_ps(u, _mm512_loadu_ps(x), s0);
            s1 = _mm512_fmadd_ps(u, _mm512_loadu_ps(x + size), s1);
            s2 = _mm512_fmadd_ps(u, _mm512_loadu_ps(x + 2 * size), s2);
            s3 = _mm512_fmadd_ps(u, _mm512_loadu_ps(x + 3 * size), s3);
            s4 = _mm512_fmadd_ps(u, _mm512_loadu_ps(x + 4 * size), s4);
            s5 = _mm512_fmadd_ps(u, _mm512_loadu_ps(x + 5 * size), s5);
            s6 = _mm512_fmadd_ps(u, _mm512_loadu_ps(x + 6 * size), s6);
            s7 = _mm512_fmadd_ps(u, _mm512_loadu_ps(x + 7 * size), s7);
        }
        __m512 sums[WIDE] = {s0, s1, s2, s3, s4, s5, s6, s7};
        for (size_t i = 0; i < WIDE; i += 2) {
            __m512 first = no_nan(sums[i]), second = no_nan(sums[i + 1]);
            even = _mm512_max_ps(even, first);
            odd = _mm512_max_ps(odd, second);
            _mm512_store_ps(ret->scores + (b + i) * KERNEL_LANES, first);
            _mm512_store_ps(ret->scores + (b + i + 1) * KERNEL_LANES, second);
        }
    }
    for (; b < n; b++) {
        const float *x = blocks + b * size;
        __m512 sum = _mm512_loadu_ps(biases + b * KERNEL_LANES);
        for (size_t k = 0; k < dimensions; k++, x += KERNEL_LANES)
            sum = _mm512_fmadd_ps(_mm512_set1_ps(user[k]), _mm512_loadu_ps(x), sum);
        sum = no_nan(sum);
        if (b % 2 == 0)
            even = _mm512_max_ps(even, sum);
        else
            odd = _mm512_max_ps(odd, sum);
        _mm512_store_ps(ret->scores + b * KERNEL_LANES, sum);
    }
    _mm512_store_ps(ret->maxima, even);
    _mm512_store_ps(ret->maxima + KERNEL_LANES, odd);
}

static WITH_AVX512 float bound(const struct kernel_round *round, size_t wanted) {
    const __m512 even = _mm512_load_ps(round->maxima);
    const __m512 odd = _mm512_load_ps(round->maxima + KERNEL_LANES);
    const __m512i one = _mm512_set1_epi32(1), limit = _mm512_set1_epi32((int)wanted);
    __m512i above_even = _mm512_setzero_si512(), above_odd = above_even;
    for (size_t j = 0; j < KERNEL_GROUPS; j++) {
        __m512 other = _mm512_set1_ps(round->maxima[j]);
        __mmask16 e = _mm512_cmp_ps_mask(other, even, _CMP_GT_OQ);
        __mmask16 o = _mm512_cmp_ps_mask(other, odd, _CMP_GT_OQ);
        above_even = _mm512_mask_add_epi32(above_even, e, above_even, one);
        above_odd = _mm512_mask_add_epi32(above_odd, o, above_odd, one);
    }
    const __m512 high = _mm512_set1_ps(INFINITY);
    __m512 a = _mm512_mask_blend_ps(_mm512_cmplt_epi32_mask(above_even, limit), high, even);
    __m512 b = _mm512_mask_blend_ps(_mm512_cmplt_epi32_mask(above_odd, limit), high, odd);
    return _mm512_reduce_min_ps(_mm512_min_ps(a, b));
}

/* kernel_key of eight scores at once: the sign turned, and below 0 all other bits too. */
static WITH_AVX512 inline __m512i keys_of(__m256 scores, __m256i positions) {
    __m256 no_minus_zero = _mm256_add_ps(scores, _mm256_setzero_ps());
    __m512i bits = _mm512_cvtepi32_epi64(_mm256_castps_si256(no_minus_zero)); /* sign in front */
    __m512i turn = _mm512_or_si512(_mm512_srai_epi64(bits, 63),
                                   _mm512_set1_epi64((long long)UINT64_C(0x80000000)));
    __m512i high = _mm512_slli_epi64(_mm512_xor_si512(bits, turn), 32);
    __m512i low = _mm512_xor_si512(_mm512_cvtepu32_epi64(positions), _mm512_set1_epi64(UINT32_MAX));
    return _mm512_or_si512(high, low);
}

/* Scores that reach the bound are pushed together without a branch, and made keys afterwards. */
static WITH_AVX512 size_t pick(const struct kernel_round *round, size_t n, float bound,
                               uint32_t first_position, uint64_t *keys, size_t most) {
    float picked[KERNEL_ROUND * KERNEL_LANES];
    int32_t positions[KERNEL_ROUND * KERNEL_LANES];
    const __m512 least = _mm512_set1_ps(bound), none = _mm512_set1_ps(-INFINITY);
    const __m512i step = _mm512_set1_epi32(KERNEL_LANES);
    __m512i position =
        _mm512_add_epi32(_mm512_set_epi32(15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0),
                         _mm512_set1_epi32((int)first_position));
    size_t found = 0;
    for (size_t b = 0; b < n; b++) {
        __m512 scores = _mm512_load_ps(round->scores + b * KERNEL_LANES);
        __mmask16 mask = _mm512_mask_cmp_ps_mask(_mm512_cmp_ps_mask(scores, least, _CMP_GE_OQ),
                                                 scores, none, _CMP_GT_OQ);
        _mm512_mask_compressstoreu_ps(picked + found, mask, scores);
        _mm512_mask_compressstoreu_epi32(positions + found, mask, position);
        position = _mm512_add_epi32(position, step);
        found += (size_t)__builtin_popcount(mask);
    }
    if (found > most)
        return found;
    for (size_t i = 0; i < found; i += 8)
        _mm512_storeu_si512(
            keys + i, keys_of(_mm256_loadu_ps(picked + i),
                              _mm256_loadu_si256((const __m256i *)(const void *)(positions + i))));
    return found;
}

/* Eight keys against each: a key's place is the number of those greater. */
static WITH_AVX512 size_t rank(const uint64_t *keys, size_t n, size_t wanted, uint64_t *ret) {
    for (size_t i = 0; i < n; i += 8) {
        const __mmask8 real = (__mmask8)(n - i < 8 ? (1u << (n - i)) - 1 : 0xff);
        const __m512i own = _mm512_maskz_loadu_epi64(real, keys + i);
        const __m512i one = _mm512_set1_epi64(1);
        __m512i place = _mm512_setzero_si512();
        for (size_t j = 0; j < n; j++) {
            __mmask8 greater = _mm512_cmpgt_epu64_mask(_mm512_set1_epi64((long long)keys[j]), own);
            place = _mm512_mask_add_epi64(place, greater, place, one);
        }
        __mmask8 kept =
            _mm512_mask_cmplt_epu64_mask(real, place, _mm512_set1_epi64((long long)wanted));
        _mm512_mask_i64scatter_epi64(ret, kept, place, own, 8);
    }
    return n < wanted ? n : wanted;
}

const struct kernel_code kernel_avx512 = {score, bound, pick, rank};
#endif
