/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Random streams. */
#include "base/random.h"

#include <gsl/gsl_cdf.h>
#include <gsl/gsl_randist.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* Every test here draws from a fixed seed: a bound that holds once holds always. The bounds on
 * random quantities are at 4.5 standard errors, or at p = 1e-5. */

/* philox4x32, 10 rounds, from tests/kat_vectors of Random123. */
static void gives_the_published_answers(void **state) {
    (void)state;
    static const struct {
        uint32_t counter[4], key[2], expected[4];
    } answers[] = {
        {{0, 0, 0, 0}, {0, 0}, {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}},
        {{0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff},
         {0xffffffff, 0xffffffff},
         {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}},
        {{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344},
         {0xa4093822, 0x299f31d0},
         {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}},
    };
    for (size_t i = 0; i < sizeof answers / sizeof *answers; i++) {
        uint32_t found[4];
        random_philox(answers[i].counter, answers[i].key, found);
        assert_memory_equal(found, answers[i].expected, sizeof found);
    }
}

/* (entity, step, purpose, block) is the counter and (seed, replication) the key. */
static void words_are_the_blocks_in_order(void **state) {
    (void)state;
    const uint32_t key[2] = {11, 22};
    uint32_t counter[4] = {33, 44, 55, 0}, block[4];
    struct random_stream stream;
    random_open(&stream, 11, 22, 33, 44, 55);
    for (; counter[3] < 5; counter[3]++) {
        random_philox(counter, key, block);
        for (int i = 0; i < 4; i++)
            assert_int_equal(random_word(&stream), block[i]);
    }
}

/* Streams at all stages of a block, prepared again and again or not, give the same words. */
static void prepared_streams_are_the_same(void **state) {
    (void)state;
    enum { STREAMS = 23 };
    struct random_stream plain[STREAMS], prepared[STREAMS], *all[STREAMS];
    for (uint32_t i = 0; i < STREAMS; i++) {
        random_open(&plain[i], i % 3, i % 5, UINT32_MAX - i, i, 7 * i);
        random_open(&prepared[i], i % 3, i % 5, UINT32_MAX - i, i, 7 * i);
        all[i] = &prepared[i];
    }
    for (size_t n = 0; n <= STREAMS; n++) {
        random_prepare(all, n);
        for (size_t i = 0; i < STREAMS; i++)
            for (size_t k = 0; k < (i + n) % 4 * i % 7; k++)
                assert_int_equal(random_word(&prepared[i]), random_word(&plain[i]));
    }
}

static void every_coordinate_makes_another_stream(void **state) {
    (void)state;
    uint32_t first[6];
    for (uint32_t i = 0; i < 6; i++) {
        struct random_stream stream, again;
        random_open(&stream, 1 + (i == 1), 1 + (i == 2), 1 + (i == 3), 1 + (i == 4), 1 + (i == 5));
        random_open(&again, 1 + (i == 1), 1 + (i == 2), 1 + (i == 3), 1 + (i == 4), 1 + (i == 5));
        first[i] = random_word(&stream);
        assert_int_equal(random_word(&again), first[i]);
        for (uint32_t j = 0; j < i; j++)
            assert_int_not_equal(first[i], first[j]);
    }
}

enum { DRAWS = 1 << 18 };

static void assert_uniform(double (*draw)(struct random_stream *), uint32_t purpose) {
    enum { CELLS = 256 };
    unsigned counts[CELLS] = {0};
    double sum = 0, squares = 0, products = 0, previous = 0.5;
    struct random_stream stream;
    random_open(&stream, 2025, 1, 19, 0, purpose);
    for (int i = 0; i < DRAWS; i++) {
        double u = draw(&stream);
        assert_true(u >= 0 && u < 1);
        counts[(int)(u * CELLS)]++;
        sum += u - 0.5;
        squares += (u - 0.5) * (u - 0.5);
        products += (u - 0.5) * (previous - 0.5);
        previous = u;
    }
    const double n = DRAWS;
    assert_true(fabs(sum / n) < 4.5 * sqrt(1 / 12.0 / n));
    assert_true(fabs(squares / n - 1 / 12.0) < 4.5 * sqrt(1 / 180.0 / n)); /* var of (u-1/2)^2 */
    assert_true(fabs(products / n) < 4.5 / 12 / sqrt(n));                  /* serial correlation */
    double chi_square = 0, expected = n / CELLS;
    for (int i = 0; i < CELLS; i++)
        chi_square += (counts[i] - expected) * (counts[i] - expected) / expected;
    double p = gsl_cdf_chisq_Q(chi_square, CELLS - 1);
    assert_true(p > 1e-5 && p < 1 - 1e-5);
}

static void uniforms_are_uniform(void **state) {
    (void)state;
    assert_uniform(random_uniform, 1);
    assert_uniform(random_uniform_open, 2);
}

/* The streams of neighbouring entities, one draw each: what a simulation really uses. */
static void neighbouring_streams_are_independent(void **state) {
    (void)state;
    double sum = 0, products = 0, previous = 0.5;
    const double n = DRAWS;
    for (uint32_t entity = 0; entity < DRAWS; entity++) {
        struct random_stream stream;
        random_open(&stream, 7, 0, entity, 3, 1);
        double u = random_uniform(&stream);
        sum += u - 0.5;
        products += (u - 0.5) * (previous - 0.5);
        previous = u;
    }
    assert_true(fabs(sum / n) < 4.5 * sqrt(1 / 12.0 / n));
    assert_true(fabs(products / n) < 4.5 / 12 / sqrt(n));
}

/* A stream whose next words are given. */
static struct random_stream stream_of(uint32_t a, uint32_t b, uint32_t c, uint32_t d) {
    struct random_stream stream;
    random_open(&stream, 0, 0, 0, 0, 0);
    const uint32_t words[4] = {a, b, c, d};
    memcpy(stream.words, words, sizeof words);
    stream.used = 0;
    return stream;
}

static void the_ends_are_where_they_belong(void **state) {
    (void)state;
    struct random_stream low = stream_of(0, 0, 0, 0);
    struct random_stream high = stream_of(UINT32_MAX, UINT32_MAX, UINT32_MAX, UINT32_MAX);
    assert_true(random_uniform(&low) == 0);
    assert_true(random_uniform_open(&low) == 0x1p-53);
    assert_true(random_uniform(&high) == 1 - 0x1p-53);
    assert_true(random_uniform_open(&high) == 1 - 0x1p-53);
    struct random_stream half = stream_of(0x80000000, 0, 0, 1u << 11);
    assert_true(random_uniform(&half) == 0.5);
    assert_true(random_uniform(&half) == 0x1p-53); /* the last of 53 bits */
}

static void below_is_fair(void **state) {
    (void)state;
    const uint32_t ns[] = {2, 3, 6, 7, 100, 1000};
    for (size_t k = 0; k < sizeof ns / sizeof *ns; k++) {
        unsigned counts[1000] = {0};
        struct random_stream stream;
        random_open(&stream, 99, 0, (uint32_t)k, 0, 0);
        for (int i = 0; i < DRAWS; i++) {
            uint32_t value = random_below(&stream, ns[k]);
            assert_true(value < ns[k]);
            counts[value]++;
        }
        double chi_square = 0, expected = (double)DRAWS / ns[k];
        for (uint32_t i = 0; i < ns[k]; i++)
            chi_square += (counts[i] - expected) * (counts[i] - expected) / expected;
        double p = gsl_cdf_chisq_Q(chi_square, ns[k] - 1);
        assert_true(p > 1e-5 && p < 1 - 1e-5);
    }
}

/* With n = 3 * 2^30 a quarter of all words is turned away; without that, every third value would
 * come up twice as often. */
static void below_turns_words_away(void **state) {
    (void)state;
    const uint32_t n = UINT32_C(3) << 30;
    unsigned by_rest[3] = {0};
    struct random_stream stream;
    random_open(&stream, 5, 0, 0, 0, 0);
    for (int i = 0; i < DRAWS; i++)
        by_rest[random_below(&stream, n) % 3]++;
    for (int i = 0; i < 3; i++)
        assert_true(fabs(by_rest[i] / (double)DRAWS - 1 / 3.0) < 4.5 * sqrt(2 / 9.0 / DRAWS));
    /* Word 0 gives the product 0, below 2^32 mod 3 = 1: the next word is taken. */
    struct random_stream zero = stream_of(0, 0x80000000, 0, 0);
    assert_int_equal(random_below(&zero, 3), 1);
    assert_int_equal(zero.used, 2);
    assert_int_equal(random_below(&stream, 1), 0);
}

static void gsl_draws_from_the_same_position(void **state) {
    (void)state;
    struct random_stream plain, wrapped;
    random_open(&plain, 3, 1, 4, 1, 5);
    random_open(&wrapped, 3, 1, 4, 1, 5);
    gsl_rng *gsl = random_gsl(&wrapped);
    assert_string_equal(gsl_rng_name(gsl), "philox4x32-10");
    assert_int_equal(gsl_rng_min(gsl), 0);
    assert_int_equal(gsl_rng_max(gsl), UINT32_MAX);
    for (int i = 0; i < 50; i++) {
        assert_int_equal(gsl_rng_get(gsl), random_word(&plain));
        assert_true(gsl_rng_uniform(gsl) == random_uniform(&plain));
        assert_int_equal(random_word(&wrapped), random_word(&plain));
        assert_true(gsl_rng_uniform_int(gsl, 10) < 10);
        random_word(&plain); /* 2^32 - 1 is 10 * 429496729 + 5: one draw in 8 * 10^8 is repeated */
    }
}

static void gsl_distributions_work(void **state) {
    (void)state;
    struct random_stream stream;
    random_open(&stream, 8, 0, 0, 0, 0);
    gsl_rng *gsl = random_gsl(&stream);
    double sum = 0, squares = 0, waits = 0;
    for (int i = 0; i < DRAWS; i++) {
        double z = gsl_ran_gaussian(gsl, 1.0);
        sum += z;
        squares += z * z;
        waits += gsl_ran_exponential(gsl, 2.0);
    }
    const double n = DRAWS;
    assert_true(fabs(sum / n) < 4.5 / sqrt(n));
    assert_true(fabs(squares / n - 1) < 4.5 * sqrt(2 / n));
    assert_true(fabs(waits / n - 2) < 4.5 * 2 / sqrt(n));
}

static void a_copy_draws_for_itself(void **state) {
    (void)state;
    struct random_stream original, copy;
    random_open(&original, 1, 2, 3, 4, 5);
    random_gsl(&original);
    random_word(&original);
    copy = original;
    unsigned long expected = gsl_rng_get(random_gsl(&original));
    assert_int_equal(gsl_rng_get(random_gsl(&copy)), expected);
    gsl_rng *clone = gsl_rng_clone(random_gsl(&original));
    assert_int_equal(gsl_rng_get(clone), gsl_rng_get(&original.gsl));
    gsl_rng_free(clone);
}

static void gsl_can_seed_it(void **state) {
    (void)state;
    struct random_stream stream, expected;
    random_open(&stream, 1, 2, 3, 4, 5);
    random_word(&stream);
    gsl_rng_set(random_gsl(&stream), 77);
    random_open(&expected, 77, 2, 3, 4, 5);
    assert_int_equal(random_word(&stream), random_word(&expected));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gives_the_published_answers),
        cmocka_unit_test(words_are_the_blocks_in_order),
        cmocka_unit_test(prepared_streams_are_the_same),
        cmocka_unit_test(every_coordinate_makes_another_stream),
        cmocka_unit_test(uniforms_are_uniform),
        cmocka_unit_test(neighbouring_streams_are_independent),
        cmocka_unit_test(the_ends_are_where_they_belong),
        cmocka_unit_test(below_is_fair),
        cmocka_unit_test(below_turns_words_away),
        cmocka_unit_test(gsl_draws_from_the_same_position),
        cmocka_unit_test(gsl_distributions_work),
        cmocka_unit_test(a_copy_draws_for_itself),
        cmocka_unit_test(gsl_can_seed_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
