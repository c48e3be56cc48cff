/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A block in one register. */
#include "ranking/kernel-round.h"

#ifdef __x86_64__
#include <immintrin.h>
#include <math.h>
#include <stdbool.h>

#define WITH_AVX512 __attribute__((target("avx512f,avx512cd,bmi,bmi2,popcnt")))

/* Eight blocks at a time: as many sums under way as keep two units of latency 4 busy. */
static WITH_AVX512 void score(const float *user, size_t dimensions, const float *blocks,
                              const float *biases, size_t n, float *ret) {
    const size_t size = dimensions * KERNEL_LANES;
    size_t b = 0;
    for (; b + 8 <= n; b += 8, ret += 8 * KERNEL_LANES) {
        const float *x = blocks + b * size, *bias = biases + b * KERNEL_LANES;
#define BEGIN(i)     __m512 s##i = _mm512_loadu_ps(bias + (i)*KERNEL_LANES);
#define STEP(i)      s##i = _mm512_fmadd_ps(factor, _mm512_loadu_ps(x + (i)*size), s##i);
#define END(i)       _mm512_store_ps(ret + (i)*KERNEL_LANES, s##i);
#define EIGHT(do_it) do_it(0) do_it(1) do_it(2) do_it(3) do_it(4) do_it(5) do_it(6) do_it(7)
        EIGHT(BEGIN)
        for (size_t k = 0; k < dimensions; k++, x += KERNEL_LANES) {
            __m512 factor = _mm512_set1_ps(user[k]);
            EIGHT(STEP)
        }
        EIGHT(END)
#undef BEGIN
#undef STEP
#undef END
#undef EIGHT
    }
    for (; b < n; b++, ret += KERNEL_LANES) {
        const float *x = blocks + b * size;
        __m512 sum = _mm512_loadu_ps(biases + b * KERNEL_LANES);
        for (size_t k = 0; k < dimensions; k++, x += KERNEL_LANES)
            sum = _mm512_fmadd_ps(_mm512_set1_ps(user[k]), _mm512_loadu_ps(x), sum);
        _mm512_store_ps(ret, sum);
    }
}

#define USERS(do_it) do_it(0) do_it(1) do_it(2) do_it(3) do_it(4) do_it(5) do_it(6) do_it(7)

/* Three blocks of eight users at a time: 24 sums under way, with a third of the loads. */
static WITH_AVX512 void score_shared(const float *const users[KERNEL_SHARED], size_t dimensions,
                                     const float *blocks, const float *biases, size_t n,
                                     float *ret) {
    const size_t size = dimensions * KERNEL_LANES;
#define USER(i) const float *const user##i = users[i];
    USERS(USER)
#undef USER
    size_t b = 0;
    for (; b + 3 <= n; b += 3) {
        const float *x = blocks + b * size;
        __m512 x0 = _mm512_loadu_ps(biases + b * KERNEL_LANES);
        __m512 x1 = _mm512_loadu_ps(biases + (b + 1) * KERNEL_LANES);
        __m512 x2 = _mm512_loadu_ps(biases + (b + 2) * KERNEL_LANES);
#define BEGIN(i) __m512 s##i##0 = x0, s##i##1 = x1, s##i##2 = x2;
#define STEP(i)                                                                                    \
    factor = _mm512_set1_ps(user##i[k]);                                                           \
    s##i##0 = _mm512_fmadd_ps(factor, x0, s##i##0);                                                \
    s##i##1 = _mm512_fmadd_ps(factor, x1, s##i##1);                                                \
    s##i##2 = _mm512_fmadd_ps(factor, x2, s##i##2);
#define END(i)                                                                                     \
    _mm512_store_ps(ret + (i)*KERNEL_ROW + b * KERNEL_LANES, s##i##0);                             \
    _mm512_store_ps(ret + (i)*KERNEL_ROW + (b + 1) * KERNEL_LANES, s##i##1);                       \
    _mm512_store_ps(ret + (i)*KERNEL_ROW + (b + 2) * KERNEL_LANES, s##i##2);
        USERS(BEGIN)
        for (size_t k = 0; k < dimensions; k++, x += KERNEL_LANES) {
            __m512 factor;
            x0 = _mm512_loadu_ps(x), x1 = _mm512_loadu_ps(x + size),
            x2 = _mm512_loadu_ps(x + 2 * size);
            USERS(STEP)
        }
        USERS(END)
#undef BEGIN
#undef STEP
#undef END
    }
    for (; b < n; b++) {
        const float *x = blocks + b * size;
        __m512 x0 = _mm512_loadu_ps(biases + b * KERNEL_LANES);
#define BEGIN(i) __m512 s##i = x0;
#define STEP(i)  s##i = _mm512_fmadd_ps(_mm512_set1_ps(user##i[k]), x0, s##i);
#define END(i)   _mm512_store_ps(ret + (i)*KERNEL_ROW + b * KERNEL_LANES, s##i);
        USERS(BEGIN)
        for (size_t k = 0; k < dimensions; k++, x += KERNEL_LANES) {
            x0 = _mm512_loadu_ps(x);
            USERS(STEP)
        }
        USERS(END)
#undef BEGIN
#undef STEP
#undef END
    }
}
#undef USERS

/* Of two operands of which one is nan, the second one counts as the greater. */
static WITH_AVX512 float bound(const float *scores, size_t n, size_t wanted) {
    __m512 even = _mm512_set1_ps(-INFINITY), odd = even;
    size_t b = 0;
    for (; b + 2 <= n; b += 2) {
        even = _mm512_max_ps(_mm512_load_ps(scores + b * KERNEL_LANES), even);
        odd = _mm512_max_ps(_mm512_load_ps(scores + (b + 1) * KERNEL_LANES), odd);
    }
    if (b < n)
        even = _mm512_max_ps(_mm512_load_ps(scores + b * KERNEL_LANES), even);
    float maxima[KERNEL_GROUPS] __attribute__((aligned(64)));
    _mm512_store_ps(maxima, even);
    _mm512_store_ps(maxima + KERNEL_LANES, odd);
    const __m512i one = _mm512_set1_epi32(1), limit = _mm512_set1_epi32((int)wanted);
    __m512i above_even = _mm512_setzero_si512(), above_odd = above_even;
    for (size_t j = 0; j < KERNEL_GROUPS; j++) {
        __m512 other = _mm512_set1_ps(maxima[j]);
        __mmask16 e = _mm512_cmp_ps_mask(other, even, _CMP_GT_OQ);
        __mmask16 o = _mm512_cmp_ps_mask(other, odd, _CMP_GT_OQ);
        above_even = _mm512_mask_add_epi32(above_even, e, above_even, one);
        above_odd = _mm512_mask_add_epi32(above_odd, o, above_odd, one);
    }
    const __m512 high = _mm512_set1_ps(INFINITY);
    __m512 below = _mm512_mask_blend_ps(_mm512_cmplt_epi32_mask(above_even, limit), high, even);
    below = _mm512_mask_min_ps(below, _mm512_cmplt_epi32_mask(above_odd, limit), below, odd);
    return _mm512_reduce_min_ps(below);
}

/* Four numbers of each user, in the user's quarter of a register, for each of eight rows. Columns
 * are sorted; then the eight greatest of two columns each, which leaves two descending lists A and
 * B of a user, one in the lower half of the quarter and one in the upper, twice. The k-th greatest
 * of both is the greatest min(A_i, B_(k - i)), as far as these go down. */
static WITH_AVX512 void bounds_of_four(struct kernel_round rounds[4], size_t n, size_t wanted) {
    __m512 maxima[8]; /* even blocks of each user, then odd ones */
    const __m512 low_end = _mm512_set1_ps(-INFINITY);
#define USERS(do_it) do_it(0) do_it(1) do_it(2) do_it(3)
#define BEGIN(u)     __m512 even##u = low_end, odd##u = low_end;
#define EVEN(u)                                                                                    \
    even##u = _mm512_max_ps(_mm512_load_ps(rounds[u].scores + b * KERNEL_LANES), even##u);
#define ODD(u)                                                                                     \
    odd##u = _mm512_max_ps(_mm512_load_ps(rounds[u].scores + (b + 1) * KERNEL_LANES), odd##u);
#define END(u) maxima[u] = even##u, maxima[4 + (u)] = odd##u;
    USERS(BEGIN)
    size_t b = 0;
    for (; b + 2 <= n; b += 2) {
        USERS(EVEN)
        USERS(ODD)
    }
    if (b < n) {
        USERS(EVEN)
    }
    USERS(END)
#undef USERS
#undef BEGIN
#undef EVEN
#undef ODD
#undef END
    __m512 row0, row1, row2, row3, row4, row5, row6, row7, low, high, last_low, last_high;
#define TURN(from, a, b, c, d)                                                                     \
    low = _mm512_shuffle_f32x4(maxima[from], maxima[(from) + 1], 0x44);                            \
    high = _mm512_shuffle_f32x4(maxima[from], maxima[(from) + 1], 0xee);                           \
    last_low = _mm512_shuffle_f32x4(maxima[(from) + 2], maxima[(from) + 3], 0x44);                 \
    last_high = _mm512_shuffle_f32x4(maxima[(from) + 2], maxima[(from) + 3], 0xee);                \
    (a) = _mm512_shuffle_f32x4(low, last_low, 0x88);                                               \
    (b) = _mm512_shuffle_f32x4(low, last_low, 0xdd);                                               \
    (c) = _mm512_shuffle_f32x4(high, last_high, 0x88);                                             \
    (d) = _mm512_shuffle_f32x4(high, last_high, 0xdd);
#define EXCHANGE(i, j)                                                                             \
    high = _mm512_max_ps(row##i, row##j);                                                          \
    row##j = _mm512_min_ps(row##i, row##j);                                                        \
    row##i = high;
/* Row i of one column of a pair against row j = 7 - i of the other, and the reverse. */
#define JOIN(i, j)                                                                                 \
    high = _mm512_max_ps(row##i, _mm512_permute_ps(row##j, 0xb1));                                 \
    row##j = _mm512_max_ps(row##j, _mm512_permute_ps(row##i, 0xb1));                               \
    row##i = high;
    TURN(0, row0, row1, row2, row3)
    TURN(4, row4, row5, row6, row7)
    KERNEL_SORT_ROWS(EXCHANGE)
    JOIN(0, 7)
    JOIN(1, 6)
    JOIN(2, 5)
    JOIN(3, 4)
    KERNEL_SORT_BITONIC_ROWS(EXCHANGE)
#undef TURN
#undef EXCHANGE
#undef JOIN
    const __m512 rows[8] = {row0, row1, row2, row3, row4, row5, row6, row7};
    __m512 best = wanted <= 8 ? rows[wanted - 1] : _mm512_set1_ps(-INFINITY);
    for (size_t i = wanted <= 8 ? 1 : wanted - 8; i <= 8 && i < wanted; i++)
        best = _mm512_max_ps(
            best, _mm512_min_ps(rows[i - 1], _mm512_permute_ps(rows[wanted - i - 1], 0x4e)));
    float lanes[KERNEL_LANES];
    _mm512_storeu_ps(lanes, _mm512_max_ps(best, _mm512_permute_ps(best, 0x4e)));
    for (size_t u = 0; u < 4; u++)
        rounds[u].bound = lanes[4 * u];
}

static WITH_AVX512 void bounds(struct kernel_round rounds[KERNEL_SHARED], size_t n, size_t wanted) {
    for (size_t u = 0; u < KERNEL_SHARED; u += 4)
        bounds_of_four(rounds + u, n, wanted);
}

static WITH_AVX512 void find_bits(const struct kernel_round *round, size_t n,
                                  __mmask16 bits[KERNEL_ROUND]) {
    const __m512 least = _mm512_set1_ps(round->bound);
    const float *x = round->scores;
    if (n < KERNEL_ROUND)
        memset(bits, 0, KERNEL_ROUND * sizeof *bits);
    const float *end = x + n * KERNEL_LANES;
#pragma GCC unroll 8
    for (; x < end; x += KERNEL_LANES, bits++)
        _store_mask16(bits, _mm512_cmp_ps_mask(_mm512_load_ps(x), least, _CMP_GE_OQ));
}

/* The places of the bits, 32 of which lie in each of 16 lanes: the highest that is left in each,
 * until none is, which three times are mostly enough for. Returns how many, or KERNEL_PICKED + 1 if
 * more. */
static WITH_AVX512 size_t find_places(const __mmask16 bits[KERNEL_ROUND],
                                      uint32_t places[KERNEL_PICKED + KERNEL_LANES]) {
    const __m512i lane = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
    const __m512i last = _mm512_add_epi32(_mm512_slli_epi32(lane, 5), _mm512_set1_epi32(31));
    const __m512i highest = _mm512_set1_epi32((int)KERNEL_SIGN);
    __m512i left = _mm512_loadu_si512(bits), zeros, place;
    __mmask16 some = _mm512_test_epi32_mask(left, left);
    size_t found = 0;
#define NEXT                                                                                       \
    zeros = _mm512_lzcnt_epi32(left);                                                              \
    place = _mm512_maskz_compress_epi32(some, _mm512_sub_epi32(last, zeros));                      \
    _mm512_storeu_si512(places + found, place);                                                    \
    found += (size_t)_mm_popcnt_u32(some);                                                         \
    left = _mm512_xor_si512(left, _mm512_srlv_epi32(highest, zeros));                              \
    some = _mm512_test_epi32_mask(left, left)
    NEXT;
    NEXT;
    NEXT;
    while (some != 0 && found <= KERNEL_PICKED) {
        NEXT;
    }
#undef NEXT
    return found <= KERNEL_PICKED ? found : KERNEL_PICKED + 1;
}

/* One by one, which is faster than a gather; 16 at least, so that there is hardly a branch: behind
 * the last place, find_places leaves zeros. */
static WITH_AVX512 void find_scores(const struct kernel_round *round, const uint32_t *places,
                                    float *scores) {
    const float *x = round->scores;
#pragma GCC unroll 16
    for (size_t i = 0; i < 16; i++)
        scores[i] = x[places[i]];
    for (size_t i = 16; i < round->found; i++)
        scores[i] = x[places[i]];
}

/* As kernel_key, of 16 scores at a time. */
static WITH_AVX512 void find_keys(const struct kernel_round *round, const uint32_t *places,
                                  const float *scores) {
    const __m512i low = _mm512_setr_epi32(0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
    const __m512i high = _mm512_add_epi32(low, _mm512_set1_epi32(8));
    const __m512i all = _mm512_set1_epi32(-1), sign = _mm512_set1_epi32((int)KERNEL_SIGN);
    const __m512i end = _mm512_set1_epi32((int)round->end);
    for (size_t i = 0; i < round->found; i += 16) {
        const __mmask16 real = (__mmask16)_bzhi_u32(UINT16_MAX, (unsigned)(round->found - i));
        __m512i place = _mm512_loadu_si512(places + i);
        __m512 score = _mm512_maskz_loadu_ps(real, scores + i);
        __m512i key = _mm512_castps_si512(_mm512_add_ps(score, _mm512_setzero_ps()));
        key = _mm512_maskz_xor_epi32(real, key, _mm512_or_si512(_mm512_srai_epi32(key, 31), sign));
        place = _mm512_add_epi32(place, _mm512_set1_epi32((int)round->first));
        place = _mm512_mask_sub_epi32(place, _mm512_cmpge_epu32_mask(place, end), place, end);
        place = _mm512_maskz_xor_epi32(real, place, all);
        _mm512_storeu_si512(round->keys + i, _mm512_permutex2var_epi32(place, low, key));
        _mm512_storeu_si512(round->keys + i + 8, _mm512_permutex2var_epi32(place, high, key));
    }
}

static WITH_AVX512 void pick(struct kernel_round *rounds, size_t m, size_t n) {
    __mmask16 bits[KERNEL_SHARED][KERNEL_ROUND] __attribute__((aligned(64)));
    uint32_t places[KERNEL_SHARED][KERNEL_PICKED + KERNEL_LANES] __attribute__((aligned(64)));
    float scores[KERNEL_SHARED][KERNEL_PICKED] __attribute__((aligned(64)));
    for (size_t u = 0; u < m; u++)
        find_bits(&rounds[u], n, bits[u]);
    for (size_t u = 0; u < m; u++)
        rounds[u].found = find_places(bits[u], places[u]);
    for (size_t u = 0; u < m; u++)
        if (rounds[u].found <= KERNEL_PICKED)
            find_scores(&rounds[u], places[u], scores[u]);
    for (size_t u = 0; u < m; u++)
        if (rounds[u].found <= KERNEL_PICKED)
            find_keys(&rounds[u], places[u], scores[u]);
}

/* Each of KERNEL_RANKED scores against all: a key's place is the number of scores that are greater.
 * Zeros have their place behind the rest. That is all if no two scores are the same, which is
 * returned. */
static WITH_AVX512 bool rank_few(const uint64_t *keys, size_t n, uint64_t *ret) {
    const __m512i odd =
        _mm512_setr_epi32(1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31);
    const __m512i scores =
        _mm512_permutex2var_epi32(_mm512_loadu_si512(keys), odd, _mm512_loadu_si512(keys + 8));
    size_t sum = 0, place;
#define EACH(i)                                                                                    \
    own = _mm512_broadcastd_epi32(_mm_loadu_si32((const char *)(keys + (i)) + 4));                 \
    place = (size_t)_mm_popcnt_u32(_mm512_cmpgt_epu32_mask(scores, own));                          \
    ret[place] = keys[i];                                                                          \
    sum += place;
#define FOUR(i) EACH(i) EACH((i) + 1) EACH((i) + 2) EACH((i) + 3)
    __m512i own;
    FOUR(0)
    FOUR(4)
    FOUR(8)
    FOUR(12)
#undef FOUR
#undef EACH
    return sum == n * (n - 1) / 2 + (KERNEL_RANKED - n) * n;
}

static WITH_AVX512 void rank_many(const uint64_t *keys, size_t n, size_t wanted, uint64_t *ret) {
    const __m512i one = _mm512_set1_epi64(1), limit = _mm512_set1_epi64((long long)wanted);
    for (size_t i = 0; i < n; i += 8) {
        const __mmask8 real = (__mmask8)_bzhi_u32(UINT8_MAX, (unsigned)(n - i));
        const __m512i own = _mm512_maskz_loadu_epi64(real, keys + i);
        __m512i place = _mm512_setzero_si512();
        for (size_t j = 0; j < n; j++) {
            const __m512i other = _mm512_set1_epi64((long long)keys[j]);
            place = _mm512_mask_add_epi64(place, _mm512_cmpgt_epu64_mask(other, own), place, one);
        }
        _mm512_mask_i64scatter_epi64(ret, _mm512_mask_cmplt_epu64_mask(real, place, limit), place,
                                     own, 8);
    }
}

static WITH_AVX512 size_t rank(const uint64_t *keys, size_t n, size_t wanted, uint64_t *ret) {
    if (n > KERNEL_RANKED || !rank_few(keys, n, ret))
        rank_many(keys, n, wanted, ret);
    return n < wanted ? n : wanted;
}

const struct kernel_code kernel_avx512 = {score, score_shared, bound, bounds, pick, rank};
#endif
