/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A block in one register. */
#include "ranking/kernel-round.h"

#ifdef __x86_64__
#include <math.h>

#define WITH_AVX512 __attribute__((target("avx512f,bmi,bmi2,popcnt")))

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

/* Four blocks of four users at a time: 16 sums under way, with half as many loads. */
static WITH_AVX512 void score_shared(const float *const users[KERNEL_SHARED], size_t dimensions,
                                     const float *blocks, const float *biases, size_t n,
                                     float *const ret[KERNEL_SHARED]) {
    const size_t size = dimensions * KERNEL_LANES;
    const float *const user0 = users[0], *const user1 = users[1];
    const float *const user2 = users[2], *const user3 = users[3];
    size_t b = 0;
#define USERS(do_it) do_it(0) do_it(1) do_it(2) do_it(3)
    for (; b + 4 <= n; b += 4) {
        const float *x = blocks + b * size, *bias = biases + b * KERNEL_LANES;
        __m512 x0 = _mm512_loadu_ps(bias), x1 = _mm512_loadu_ps(bias + KERNEL_LANES);
        __m512 x2 = _mm512_loadu_ps(bias + 2 * KERNEL_LANES);
        __m512 x3 = _mm512_loadu_ps(bias + 3 * KERNEL_LANES);
#define BEGIN(i) __m512 s##i##0 = x0, s##i##1 = x1, s##i##2 = x2, s##i##3 = x3;
#define STEP(i)                                                                                    \
    factor = _mm512_set1_ps(user##i[k]);                                                           \
    s##i##0 = _mm512_fmadd_ps(factor, x0, s##i##0);                                                \
    s##i##1 = _mm512_fmadd_ps(factor, x1, s##i##1);                                                \
    s##i##2 = _mm512_fmadd_ps(factor, x2, s##i##2);                                                \
    s##i##3 = _mm512_fmadd_ps(factor, x3, s##i##3);
#define END(i)                                                                                     \
    _mm512_store_ps(ret[i] + b * KERNEL_LANES, s##i##0);                                           \
    _mm512_store_ps(ret[i] + (b + 1) * KERNEL_LANES, s##i##1);                                     \
    _mm512_store_ps(ret[i] + (b + 2) * KERNEL_LANES, s##i##2);                                     \
    _mm512_store_ps(ret[i] + (b + 3) * KERNEL_LANES, s##i##3);
        USERS(BEGIN)
        for (size_t k = 0; k < dimensions; k++, x += KERNEL_LANES) {
            __m512 factor;
            x0 = _mm512_loadu_ps(x), x1 = _mm512_loadu_ps(x + size);
            x2 = _mm512_loadu_ps(x + 2 * size), x3 = _mm512_loadu_ps(x + 3 * size);
            USERS(STEP)
        }
        USERS(END)
#undef BEGIN
#undef STEP
#undef END
    }
    for (; b < n; b++) {
        const float *x = blocks + b * size;
        __m512 s0 = _mm512_loadu_ps(biases + b * KERNEL_LANES), s1 = s0, s2 = s0, s3 = s0;
        for (size_t k = 0; k < dimensions; k++, x += KERNEL_LANES) {
            __m512 item = _mm512_loadu_ps(x);
#define STEP(i) s##i = _mm512_fmadd_ps(_mm512_set1_ps(user##i[k]), item, s##i);
            USERS(STEP)
        }
#define END(i) _mm512_store_ps(ret[i] + b * KERNEL_LANES, s##i);
        USERS(END)
#undef STEP
#undef END
    }
#undef USERS
}

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
static WITH_AVX512 void bounds(const float *const scores[KERNEL_SHARED], size_t n, size_t wanted,
                               float ret[KERNEL_SHARED]) {
    __m512 maxima[2 * KERNEL_SHARED]; /* even blocks of each user, then odd ones */
    const __m512 low_end = _mm512_set1_ps(-INFINITY);
#define USERS(do_it) do_it(0) do_it(1) do_it(2) do_it(3)
#define BEGIN(u)     __m512 even##u = low_end, odd##u = low_end;
#define EVEN(u)      even##u = _mm512_max_ps(_mm512_load_ps(scores[u] + b * KERNEL_LANES), even##u);
#define ODD(u)       odd##u = _mm512_max_ps(_mm512_load_ps(scores[u] + (b + 1) * KERNEL_LANES), odd##u);
#define END(u)       maxima[u] = even##u, maxima[KERNEL_SHARED + (u)] = odd##u;
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
    TURN(KERNEL_SHARED, row4, row5, row6, row7)
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
    for (size_t u = 0; u < KERNEL_SHARED; u++)
        ret[u] = lanes[4 * u];
}

static WITH_AVX512 size_t pick(const float *scores, size_t n, float bound, uint32_t first_position,
                               uint64_t *keys, size_t most) {
    uint64_t bits[KERNEL_ROUND * KERNEL_LANES / 64] = {0};
    const __m512 least = _mm512_set1_ps(bound);
#define REACHED(block)                                                                             \
    (uint64_t) _mm512_cmp_ps_mask(_mm512_load_ps(scores + (block)*KERNEL_LANES), least, _CMP_GE_OQ)
    size_t b = 0;
    for (; b + 4 <= n; b += 4)
        bits[b / 4] =
            REACHED(b) | REACHED(b + 1) << 16 | REACHED(b + 2) << 32 | REACHED(b + 3) << 48;
    for (; b < n; b++)
        bits[b / 4] |= REACHED(b) << 16 * (b % 4);
#undef REACHED
    return kernel_keys_of_bits(bits, scores, first_position, keys, most);
}

/* Three times eight keys against each: a key's place is the number of those greater. */
static WITH_AVX512 size_t rank(const uint64_t *keys, size_t n, size_t wanted, uint64_t *ret) {
    const __m512i one = _mm512_set1_epi64(1), limit = _mm512_set1_epi64((long long)wanted);
    for (size_t i = 0; i < n; i += 24) {
        const uint32_t real = n - i < 24 ? (UINT32_C(1) << (n - i)) - 1 : UINT32_MAX;
#define THREE(do_it) do_it(0) do_it(1) do_it(2)
#define BEGIN(k)                                                                                   \
    const __mmask8 real##k = (__mmask8)(real >> 8 * (k));                                          \
    const __m512i own##k = _mm512_maskz_loadu_epi64(real##k, keys + i + 8 * (k));                  \
    __m512i place##k = _mm512_setzero_si512();
#define COUNT(k)                                                                                   \
    place##k =                                                                                     \
        _mm512_mask_add_epi64(place##k, _mm512_cmpgt_epu64_mask(other, own##k), place##k, one);
#define KEEP(k)                                                                                    \
    _mm512_mask_i64scatter_epi64(ret, _mm512_mask_cmplt_epu64_mask(real##k, place##k, limit),      \
                                 place##k, own##k, 8);
        THREE(BEGIN)
        for (size_t j = 0; j < n; j++) {
            __m512i other = _mm512_set1_epi64((long long)keys[j]);
            THREE(COUNT)
        }
        THREE(KEEP)
#undef THREE
#undef BEGIN
#undef COUNT
#undef KEEP
    }
    return n < wanted ? n : wanted;
}

const struct kernel_code kernel_avx512 = {score, score_shared, bound, bounds, pick, rank};
#endif
