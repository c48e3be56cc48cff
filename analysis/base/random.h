/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Random streams that are pure functions of what they are for.
 *
 *     struct random_stream draws;
 *     random_open(&draws, seed, replication, user, step, RANDOM_CHOICE);
 *     double u = random_uniform(&draws);
 *     double z = gsl_ran_gaussian(random_gsl(&draws), 1.0);
 *
 * Philox4x32-10 (Salmon, Moraes, Dror & Shaw 2011, doi:10.1145/2063384.2063405), from Random123.
 * The key is (seed, replication), the counter (entity, step, purpose, block), so that a draw
 * depends on nothing else: not on threads, not on the order in which entities are served. Streams
 * that share a key and differ in the counter give common random numbers across policies.
 */
#ifndef BASE_RANDOM_H
#define BASE_RANDOM_H

#include <gsl/gsl_rng.h>
#include <stddef.h>
#include <stdint.h>

struct random_stream {
    uint32_t key[2];
    uint32_t counter[4]; /* the block to come */
    uint32_t words[4];   /* the block in use */
    int used;            /* words already given; 4 = none left */
    gsl_rng gsl;
};

/* Starts the stream at its first number. A stream holds 2^34 words; the tools stay far below. */
void random_open(struct random_stream *stream, uint32_t seed, uint32_t replication, uint32_t entity,
                 uint32_t step, uint32_t purpose);

/* Draws the next block of each of n different streams that has no word left, four at a time where
 * the processor can: faster for many short streams, and the numbers are those that would come
 * anyway. */
void random_prepare(struct random_stream *const *streams, size_t n);

uint32_t random_word(struct random_stream *stream);
double random_uniform(struct random_stream *stream);      /* [0, 1), 53 bits */
double random_uniform_open(struct random_stream *stream); /* (0, 1): never 0, for logarithms */

/* 0 to n - 1, each exactly as likely (Lemire 2019, by rejection); n > 0. */
uint32_t random_below(struct random_stream *stream, uint32_t n);

/* The stream as a generator for GSL's distributions. Both share one position. The generator points
 * into this very stream: it ends with it, and a copy of the stream needs a call of its own before
 * its `gsl` may be used (until then that one would draw from the original). */
gsl_rng *random_gsl(struct random_stream *stream);

/* One block of the bijection itself, for the published known answers. */
void random_philox(const uint32_t counter[4], const uint32_t key[2], uint32_t ret[4]);

#endif
