/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where the cells of a block end.
 *
 * Contents: plain arithmetic; AVX2; AVX-512; choosing.
 *
 * Each way goes through whole steps of 8 or 64 bytes; what is left over is copied into a step of
 * its own, whose further bytes are not looked at. */
#include "table/index.h"

#include <string.h>

enum { STEP = 64 };

/* ---- Plain arithmetic ------------------------------------------------------------------------ */

enum { WORD = 8 };
#define EACH(byte) (UINT64_C(0x0101010101010101) * (uint8_t)(byte))

/* The first byte is the lowest, on every machine. */
static uint64_t load_word(const char *bytes) {
    uint64_t word;
    memcpy(&word, bytes, sizeof word);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    word = __builtin_bswap64(word);
#endif
    return word;
}

/* The high bit of each byte that is zero. No carry leaves a byte, so that no other is marked. */
static uint64_t zero_bytes(uint64_t word) {
    return ~(((word & EACH(0x7F)) + EACH(0x7F)) | word | EACH(0x7F));
}

/* `valid` has the high bits of the bytes to look at. */
static uint32_t *step_portable(uint64_t word, uint64_t valid, char delimiter, uint32_t base,
                               uint32_t *to, struct index_found *found) {
    const uint64_t lines = zero_bytes(word ^ EACH('\n')) & valid;
    uint64_t ends = lines | (zero_bytes(word ^ EACH(delimiter)) & valid);
    found->lines += (size_t)__builtin_popcountll(lines);
    found->nul |= (zero_bytes(word) & valid) != 0;
    found->ascii &= (word & valid) == 0;
    for (; ends != 0; ends &= ends - 1)
        *to++ = base + (uint32_t)(__builtin_ctzll(ends) / WORD);
    return to;
}

static void index_portable(const char *bytes, size_t length, char delimiter, uint32_t *ends,
                           struct index_found *found) {
    uint32_t *to = ends;
    size_t at = 0;
    for (; length - at >= WORD; at += WORD)
        to = step_portable(load_word(bytes + at), EACH(0x80), delimiter, (uint32_t)at, to, found);
    if (at < length) {
        char rest[WORD] = {0};
        memcpy(rest, bytes + at, length - at);
        const uint64_t valid = EACH(0x80) >> WORD * (WORD - (length - at));
        to = step_portable(load_word(rest), valid, delimiter, (uint32_t)at, to, found);
    }
    found->n = (size_t)(to - ends);
}

#if defined __x86_64__
#include <immintrin.h>

#define AVX2   __attribute__((target("avx2,bmi,popcnt")))
#define AVX512 __attribute__((target("avx512f,avx512bw,avx512vl,bmi,popcnt")))

/* What is left over at the end, as a step: bytes behind it are neither NUL nor above 127. */
static uint64_t last_step(char step[STEP], const char *bytes, size_t length) {
    memset(step, 1, STEP);
    memcpy(step, bytes, length);
    return (UINT64_C(1) << length) - 1;
}

/* ---- AVX2 ------------------------------------------------------------------------------------ */

AVX2 static uint64_t equal_avx2(__m256i low, __m256i high, __m256i pattern) {
    const uint32_t a = (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(low, pattern));
    const uint32_t b = (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(high, pattern));
    return (uint64_t)b << 32 | a;
}

/* Four at a time, as many as there are and up to three further ones: that the loop ends after the
 * same number of rounds as before is easier to foresee for four than for one. */
AVX2 static uint32_t *put_avx2(uint64_t ends, uint32_t base, uint32_t *to) {
    uint32_t *const after = to + __builtin_popcountll(ends);
    while (ends != 0) {
        for (int i = 0; i < 4; i++, ends = _blsr_u64(ends))
            to[i] = base + (uint32_t)_tzcnt_u64(ends);
        to += 4;
    }
    return after;
}

/* What was seen of all steps, a byte a lane. */
struct seen_avx2 {
    __m256i least, any;
};

AVX2 static uint32_t *step_avx2(const char *bytes, uint64_t valid, char delimiter, uint32_t base,
                                uint32_t *to, struct seen_avx2 *seen, size_t *lines) {
    const __m256i low = _mm256_loadu_si256((const __m256i *)(const void *)bytes);
    const __m256i high = _mm256_loadu_si256((const __m256i *)(const void *)(bytes + STEP / 2));
    seen->least = _mm256_min_epu8(seen->least, _mm256_min_epu8(low, high));
    seen->any = _mm256_or_si256(seen->any, _mm256_or_si256(low, high));
    const uint64_t newlines = equal_avx2(low, high, _mm256_set1_epi8('\n')) & valid;
    const uint64_t ends = equal_avx2(low, high, _mm256_set1_epi8(delimiter)) & valid;
    *lines += (size_t)__builtin_popcountll(newlines);
    return put_avx2(ends | newlines, base, to);
}

AVX2 static void index_avx2(const char *bytes, size_t length, char delimiter, uint32_t *ends,
                            struct index_found *found) {
    struct seen_avx2 seen = {_mm256_set1_epi8(1), _mm256_setzero_si256()};
    uint32_t *to = ends;
    size_t at = 0, lines = 0;
    for (; length - at >= STEP; at += STEP)
        to = step_avx2(bytes + at, UINT64_MAX, delimiter, (uint32_t)at, to, &seen, &lines);
    if (at < length) {
        char step[STEP];
        const uint64_t valid = last_step(step, bytes + at, length - at);
        to = step_avx2(step, valid, delimiter, (uint32_t)at, to, &seen, &lines);
    }
    const __m256i none = _mm256_cmpeq_epi8(seen.least, _mm256_setzero_si256());
    found->n = (size_t)(to - ends);
    found->lines = lines;
    found->nul = _mm256_movemask_epi8(none) != 0;
    found->ascii = _mm256_movemask_epi8(seen.any) == 0;
}

/* ---- AVX-512 --------------------------------------------------------------------------------- */

/* Sixteen at a time are squeezed together, however many of them are wanted: nothing to foresee. */
AVX512 static uint32_t *put_avx512(uint64_t ends, __m512i places, uint32_t *to) {
    for (int i = 0; i < STEP / 16; i++, ends >>= 16) {
        const __mmask16 sixteen = (__mmask16)ends;
        _mm512_storeu_si512(to, _mm512_maskz_compress_epi32(sixteen, places));
        to += __builtin_popcount(sixteen);
        places = _mm512_add_epi32(places, _mm512_set1_epi32(16));
    }
    return to;
}

AVX512 static void index_avx512(const char *bytes, size_t length, char delimiter, uint32_t *ends,
                                struct index_found *found) {
    const __m512i line = _mm512_set1_epi8('\n'), mark = _mm512_set1_epi8(delimiter);
    const __m512i steps = _mm512_set1_epi32(STEP);
    __m512i least = _mm512_set1_epi8(1), any = _mm512_setzero_si512();
    __m512i places = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
    uint32_t *to = ends;
    size_t lines = 0;
    for (size_t at = 0; at < length; at += STEP) {
        const size_t left = length - at;
        const __mmask64 valid = left >= STEP ? UINT64_MAX : (UINT64_C(1) << left) - 1;
        /* Bytes that are not valid are not read, and stand as 1. */
        const __m512i step =
            _mm512_mask_loadu_epi8(_mm512_set1_epi8(1), valid, (const void *)(bytes + at));
        least = _mm512_min_epu8(least, step);
        any = _mm512_or_si512(any, step);
        const __mmask64 newlines = _mm512_mask_cmpeq_epi8_mask(valid, step, line);
        const __mmask64 marks = _mm512_mask_cmpeq_epi8_mask(valid, step, mark);
        lines += (size_t)__builtin_popcountll(newlines);
        to = put_avx512(newlines | marks, places, to);
        places = _mm512_add_epi32(places, steps);
    }
    found->n = (size_t)(to - ends);
    found->lines = lines;
    found->nul = _mm512_cmpeq_epi8_mask(least, _mm512_setzero_si512()) != 0;
    found->ascii = _mm512_movepi8_mask(any) == 0;
}
#endif

/* ---- Choosing -------------------------------------------------------------------------------- */

bool index_supports(enum index_level level) {
#if defined __x86_64__
    __builtin_cpu_init();
    if (level == INDEX_AVX2)
        return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi") &&
               __builtin_cpu_supports("popcnt");
    if (level == INDEX_AVX512)
        return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
               __builtin_cpu_supports("avx512vl") && index_supports(INDEX_AVX2);
#endif
    return level == INDEX_PORTABLE;
}

enum index_level index_best(void) {
    enum index_level level = INDEX_PORTABLE;
    for (int i = 0; i < INDEX_LEVELS; i++)
        if (index_supports((enum index_level)i))
            level = (enum index_level)i;
    return level;
}

void index_block(enum index_level level, const char *bytes, size_t length, char delimiter,
                 uint32_t *ends, struct index_found *ret) {
    *ret = (struct index_found){.ascii = true};
#if defined __x86_64__
    if (level == INDEX_AVX512)
        index_avx512(bytes, length, delimiter, ends, ret);
    else if (level == INDEX_AVX2)
        index_avx2(bytes, length, delimiter, ends, ret);
    else
#endif
        index_portable(bytes, length, delimiter, ends, ret);
}
