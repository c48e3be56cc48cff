/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Random streams: Philox4x32-10 over a counter that says what the numbers are for. */
#include "base/random.h"

#include <Random123/philox.h>
#ifdef __x86_64__
#include <immintrin.h>
#endif

enum { ENTITY, STEP, PURPOSE, BLOCK };

void random_philox(const uint32_t counter[4], const uint32_t key[2], uint32_t ret[4]) {
    philox4x32_ctr_t block = {{counter[0], counter[1], counter[2], counter[3]}};
    philox4x32_key_t secret = {{key[0], key[1]}};
    block = philox4x32_R(10, block, secret);
    for (int i = 0; i < 4; i++)
        ret[i] = block.v[i];
}

void random_open(struct random_stream *stream, uint32_t seed, uint32_t replication, uint32_t entity,
                 uint32_t step, uint32_t purpose) {
    *stream = (struct random_stream){
        .key = {seed, replication},
        .counter = {[ENTITY] = entity, [STEP] = step, [PURPOSE] = purpose, [BLOCK] = 0},
        .used = 4,
    };
}

uint32_t random_word(struct random_stream *stream) {
    if (stream->used == 4) {
        random_philox(stream->counter, stream->key, stream->words);
        stream->counter[BLOCK]++;
        stream->used = 0;
    }
    return stream->words[stream->used++];
}

/* ---- Several streams at once ----------------------------------------------------------------- */

#ifdef __x86_64__
enum { TOGETHER = 4 };

/* Ten rounds of Philox (Salmon et al. 2011, section 3.3). Each word has a lane of 64 bits, of which
 * only the lower half counts: a product then needs nothing moved. */
static __attribute__((target("avx2"))) void next_blocks(struct random_stream *const *streams) {
#define LANES(field)                                                                               \
    _mm256_set_epi64x(streams[3]->field, streams[2]->field, streams[1]->field, streams[0]->field)
    const __m256i first = _mm256_set1_epi64x(0xD2511F53), second = _mm256_set1_epi64x(0xCD9E8D57);
    const __m256i step = _mm256_set1_epi64x(0x9E3779B9),
                  other_step = _mm256_set1_epi64x(0xBB67AE85);
    __m256i a = LANES(counter[0]), b = LANES(counter[1]);
    __m256i c = LANES(counter[2]), d = LANES(counter[3]);
    __m256i key = LANES(key[0]), other_key = LANES(key[1]);
#undef LANES
    for (int round = 0; round < 10; round++) {
        __m256i x = _mm256_mul_epu32(a, first), y = _mm256_mul_epu32(c, second);
        a = _mm256_xor_si256(_mm256_xor_si256(_mm256_srli_epi64(y, 32), b), key);
        c = _mm256_xor_si256(_mm256_xor_si256(_mm256_srli_epi64(x, 32), d), other_key);
        b = y, d = x;
        key = _mm256_add_epi32(key, step);
        other_key = _mm256_add_epi32(other_key, other_step);
    }
    uint64_t words[4][TOGETHER];
    _mm256_storeu_si256((__m256i *)(void *)words[0], a);
    _mm256_storeu_si256((__m256i *)(void *)words[1], b);
    _mm256_storeu_si256((__m256i *)(void *)words[2], c);
    _mm256_storeu_si256((__m256i *)(void *)words[3], d);
    for (int i = 0; i < TOGETHER; i++) {
        for (int k = 0; k < 4; k++)
            streams[i]->words[k] = (uint32_t)words[k][i];
        streams[i]->counter[BLOCK]++;
        streams[i]->used = 0;
    }
}
#endif

/* Lanes that no stream needs are given to one that nobody reads. */
void random_prepare(struct random_stream *const *streams, size_t n) {
#ifdef __x86_64__
    struct random_stream nobody = {.used = 4}, *some[TOGETHER];
    size_t found = 0;
    if (!__builtin_cpu_supports("avx2"))
        return;
    for (size_t i = 0; i < n; i++) {
        if (streams[i]->used == 4)
            some[found++] = streams[i];
        if (found == TOGETHER || (found > 0 && i + 1 == n)) {
            while (found < TOGETHER)
                some[found++] = &nobody;
            next_blocks(some);
            found = 0;
        }
    }
#else
    (void)streams;
    (void)n;
#endif
}

/* ---- Numbers --------------------------------------------------------------------------------- */

/* The upper `bits` of 64, from two words, the first one leading. */
static uint64_t random_bits(struct random_stream *stream, int bits) {
    uint64_t high = random_word(stream);
    return (high << 32 | random_word(stream)) >> (64 - bits);
}

double random_uniform(struct random_stream *stream) {
    return (double)random_bits(stream, 53) * 0x1p-53;
}

/* The midpoints of 2^52 equal cells: exact in a double, and the ends are out of reach. */
double random_uniform_open(struct random_stream *stream) {
    return ((double)random_bits(stream, 52) + 0.5) * 0x1p-52;
}

/* The high half of word * n falls on each value floor(2^32 / n) or one time more; turning away the
 * low halves under 2^32 mod n takes the difference out (Lemire 2019, doi:10.1145/3230636,
 * algorithm 5). */
uint32_t random_below(struct random_stream *stream, uint32_t n) {
    uint64_t product = (uint64_t)random_word(stream) * n;
    if ((uint32_t)product < n) {
        uint32_t turned_away = -n % n;
        while ((uint32_t)product < turned_away)
            product = (uint64_t)random_word(stream) * n;
    }
    return (uint32_t)(product >> 32);
}

/* ---- As a generator of GSL ----------------------------------------------------------------- */

static void gsl_seed(void *state, unsigned long seed) {
    struct random_stream *stream = state;
    stream->key[0] = (uint32_t)seed;
    stream->counter[BLOCK] = 0;
    stream->used = 4;
}

static unsigned long gsl_word(void *state) {
    return random_word(state);
}

static double gsl_uniform(void *state) {
    return random_uniform(state);
}

static const gsl_rng_type philox_type = {
    .name = "philox4x32-10",
    .max = UINT32_MAX,
    .min = 0,
    .size = sizeof(struct random_stream),
    .set = gsl_seed,
    .get = gsl_word,
    .get_double = gsl_uniform,
};

gsl_rng *random_gsl(struct random_stream *stream) {
    stream->gsl = (gsl_rng){.type = &philox_type, .state = stream};
    return &stream->gsl;
}
