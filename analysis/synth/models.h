/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the models of synthetic data share. */
#ifndef SYNTH_MODELS_H
#define SYNTH_MODELS_H

#include "base/random.h"
#include "synth/synth.h"

/* Derived constants of a model, filled by its prepare. */
#define SYNTH_TIERS 5
struct synth_world {
    const struct synth_model *model;
    double values[SYNTH_MOST]; /* as model->parameters */
    uint32_t seed;
    /* creators: expected numbers and arrivals per tier and period */
    double expected[SYNTH_TIERS], moves[SYNTH_TIERS][SYNTH_TIERS];
    size_t *first; /* [tier + SYNTH_TIERS * period]: number of the first arrival; owned */
    size_t arrivals;
};

/* Purposes of random streams, so that models never share numbers. */
enum synth_purpose {
    SYNTH_DRAW_USER = 1,
    SYNTH_DRAW_DAY,
    SYNTH_DRAW_CREATOR,
    SYNTH_DRAW_ARRIVALS,
    SYNTH_DRAW_REVENUE,
};

int synth_append(struct synth_rows *rows, const struct synth_row *row, struct error *err);

/* Waiting time to an exponential event with this chance a day, in whole days, 1 at least: the day
 * on which a process of hazard -ln(1 - chance) first rings. P(T > t) = (1 - chance)^t exactly. */
int64_t synth_geometric(struct random_stream *draws, double chance);

/* exp(normal) with this mean and coefficient of variation, rounded to cents. */
decimal synth_lognormal_cents(struct random_stream *draws, double mean, double variation);

#endif
