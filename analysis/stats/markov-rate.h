/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Markov processes in continuous time, fitted to looks at irregular times (panel data).
 *
 *     const struct markov_look looks[] = {     // by subject, then time
 *         {.subject = 0, .state = 0, .time = 0}, {0, 1, 2.5}, {0, 0, 4}, {1, 0, 0}, {1, 1, 3},
 * ...}; const struct markov_rate_options options = {.names = names}; struct markov_steps steps =
 * {0}; struct markov_rate rate; if (markov_steps_of(looks, n, 2, NULL, &steps, err) ||
 *         markov_rate_fit(&steps, &options, &rate, err)) ...
 *     struct markov_estimate q = markov_rate_intensity(&rate, 0, 1, 0.95);
 *     struct markov_estimate stay = markov_rate_sojourn(&rate, 0, 0.95);
 *     struct markov_estimate p = markov_rate_probability(&rate, 0, 1, 30, 0.95);
 *     markov_rate_free(&rate);
 *     markov_steps_free(&steps);
 *
 * A subject is seen in some state now and then; what happened between two looks is not known, and
 * when to look does not depend on it. Between looks a time t apart the chances are those of
 * exp(Q t) (stats/generator.h), Q being the matrix of intensities, and the likelihood is the
 * product of them (Kalbfleisch & Lawless 1985, doi:10.1080/01621459.1985.10478195; R's msm: Jackson
 * 2011, doi:10.18637/jss.v038.i08). The first look of a subject is taken as given.
 */
#ifndef STATS_MARKOV_RATE_H
#define STATS_MARKOV_RATE_H

#include "base/error.h"
#include "base/text.h"
#include "stats/generator.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* ---- What was seen --------------------------------------------------------------------------- */

/* A subject in a state at a time. */
struct markov_look {
    uint64_t subject;
    uint32_t state; /* from 0 */
    double time;
};

/* From one look to the next: how many subjects were in `from` and, `time` later, in `to`. */
struct markov_step {
    uint32_t from, to;
    double time;  /* above 0 */
    double count; /* above 0 */
};

/* Zero-initialise, or fill in: steps may come in any order, and several of a kind are added up. */
struct markov_steps {
    size_t n_states;
    struct markov_step *steps;
    size_t n, capacity;
    size_t subjects, looks; /* that markov_steps_of read: for reports, not used by the fit */
};

/* Looks sorted by subject and time. Two looks of a subject at one time in one state count once, in
 * two states they are ERROR_DATA; names may be NULL. */
int markov_steps_of(const struct markov_look *looks, size_t n, size_t n_states,
                    const struct text *names, struct markov_steps *ret, struct error *err);
void markov_steps_free(struct markov_steps *steps); /* leaves it zeroed */

/* ---- Fitting --------------------------------------------------------------------------------- */

/* Zero is the default of every field. Nothing is copied. */
struct markov_rate_options {
    const struct text *names; /* of the states, for messages; NULL: numbers from 1 */
    /* n x n by row: whether a subject can go from one state to another without passing a third.
     * NULL: where it was seen in the one at a look and in the other at the next. The diagonal is
     * not read. */
    const bool *allowed;
    /* n: states, such as death, that are entered at the very time of the look, from a state unknown
     * (msm's deathexact). NULL: none. Their likelihood is sum over k of p_ik(t) q_kj. */
    const bool *exact;
};

/* The maximum-likelihood estimate. Parameters are the allowed moves, by from and to. */
struct markov_rate {
    size_t n_states, n_moves;
    struct generator_move *moves;
    double *q;          /* n_states x n_states by row: intensities, per unit of time */
    double *covariance; /* n_moves x n_moves: of the logarithms of the intensities, from the
                           observed information (second derivatives of the log-likelihood) */
    double log_likelihood;
    int iterations;
};

/* Maximises over the logarithms of the intensities: scoring (Kalbfleisch & Lawless 1985, section
 * 3.2), damped so that no step goes down, from crude intensities (moves seen over time spent), then
 * Newton's steps. Times are rescaled inside: any unit will do.
 *
 * ERROR_DATA, naming the move, when the data do not determine an intensity: if it goes to 0 (nobody
 * needs it), without bound (looks are too far apart to tell), or can only be had together with
 * others (the information is singular); or if what was seen cannot happen by the allowed moves. */
int markov_rate_fit(const struct markov_steps *steps, const struct markov_rate_options *options,
                    struct markov_rate *ret, struct error *err);
void markov_rate_free(struct markov_rate *rate); /* leaves it zeroed */

/* ---- What follows from it -------------------------------------------------------------------- */

/* Errors by the delta method from the covariance of the log-intensities. Bounds of intensities and
 * sojourns are exp(log x -+ z error / x), those of probabilities the same on the logit; both as
 * much as x is determined at all: nan where the error is. */
struct markov_estimate {
    double value;
    double error;
    double lower, upper;
};

/* q from one state to another; 0 with nan errors where no such move is allowed. */
struct markov_estimate markov_rate_intensity(const struct markov_rate *rate, size_t from, size_t to,
                                             double confidence);

/* Mean time in the state before it is left, 1 / (sum of the intensities out of it); infinite, with
 * nan errors, if it is never left. */
struct markov_estimate markov_rate_sojourn(const struct markov_rate *rate, size_t state,
                                           double confidence);

/* The chance to be in `to`, `time` (0 or more) after having been in `from`. ERROR_SYSTEM: memory.
 */
int markov_rate_probability(const struct markov_rate *rate, size_t from, size_t to, double time,
                            double confidence, struct markov_estimate *ret, struct error *err);

#endif
