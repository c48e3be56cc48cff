/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Who is in which tier, and who moves between tiers from one period to the next.
 *
 *     struct flows flows = {0};
 *     const struct flows_options options = {.threads = 4};
 *     if (flows_count(&standing, &options, &flows, err)) ...
 *     flows_creators(&flows, 0, period, tier);
 *     flows_moved(&flows, 0, period, micro, mid);                  // since period - 1
 *     struct tier_change change = flows_step(&flows, 0, period, tier);
 *     flows_free(&flows);
 *
 * Units, groups and tiers are those of the standing (creators/standing.h). A unit that is not there
 * in a period is outside; if it comes back it has left and entered again. One that changes its
 * group has left the one and entered the other.
 */
#ifndef CREATORS_FLOWS_H
#define CREATORS_FLOWS_H

#include "creators/growth.h"
#include "creators/standing.h"
#include <stdbool.h>

/* Zero is the default of every field. */
struct flows_options {
    bool places;   /* count also where to and where from: flows_to and flows_from */
    bool triples;  /* count three periods in a row: flows_triples */
    bool clusters; /* count by creator, for a bootstrap: flows_clusters */
    int threads;
};

/* Sums of one amount over the units of a tier, in millionths and in their squares. */
struct flows_amount {
    decimal_sum sum;
    decimal_sum squares_high, squares_low; /* 2^64 high + low */
    uint64_t known;                        /* units whose amount is known */
};

/* Zero-initialise. */
struct flows {
    size_t groups;
    size_t periods;
    size_t tiers;  /* states are the tiers and, last, outside: number `tiers` */
    bool by_group; /* places are groups */
    size_t places; /* platforms, or the groups of STANDING_GROUPS; 0: not counted */
    size_t most;   /* accounts of one creator, 0 if clusters are not counted */
    size_t n_amounts;
    size_t cells;        /* of all counts together */
    uint64_t *counts;    /* the arrays below, one after another */
    uint64_t *creators;  /* [group][period][tier] */
    uint64_t *moved;     /* [group][period][state before][state now]; period 0 is all zero */
    uint64_t *spanned;   /* [group][state in the first period][state in the last one] */
    uint64_t *elsewhere; /* [group][period][tier][0: went, 1: came] */
    uint64_t *to;        /* [group][period][tier][place] */
    uint64_t *from;      /* [group][period][tier][place] */
    uint64_t *triples;   /* [group][first][second][third] of tiers, over all periods */
    uint64_t *clusters;  /* [group][period][tier][before * (most + 1) + now] */
    uint64_t *spans;     /* [group][tier][the same] */
    struct flows_amount *amounts; /* [amount][group][period][tier] */
};

/* Integers summed in any order: the same result for any number of threads. Takes memory for
 * groups x periods x (tiers + 1)^2 counts in each thread. */
int flows_count(const struct standing *standing, const struct flows_options *options,
                struct flows *ret, struct error *err);

uint64_t flows_creators(const struct flows *flows, size_t group, size_t period, size_t tier);

/* Units by their state in period - 1 and in this one, period > 0; outside to outside is not
 * counted: 0. The matrix of a period begins at before = now = 0, row by row. */
uint64_t flows_moved(const struct flows *flows, size_t group, size_t period, size_t before,
                     size_t now);
const uint64_t *flows_matrix(const struct flows *flows, size_t group, size_t period);

/* A tier between period - 1 and this one, period > 0. */
struct tier_change flows_step(const struct flows *flows, size_t group, size_t period, size_t tier);

/* A tier between the first and the last period; there must be two. What happened between them does
 * not count: who left and came back into the tier has stayed. moved_in and moved_out are 0. */
struct tier_change flows_span(const struct flows *flows, size_t group, size_t tier);

/* Of those that left the tier for outside, or entered it from there, since period - 1: the accounts
 * whose creator turned up on, or went missing from, this platform in the same step
 * (units_destination, units_origin); with STANDING_GROUPS, those that changed to this group, or
 * from it. */
uint64_t flows_to(const struct flows *flows, size_t group, size_t period, size_t tier,
                  size_t place);
uint64_t flows_from(const struct flows *flows, size_t group, size_t period, size_t tier,
                    size_t place);

/* [first * tiers * tiers + second * tiers + third] */
const uint64_t *flows_triples(const struct flows *flows, size_t group);

/* Creators by how many of their units were in the tier in period - 1 and are in it now; with
 * period 0, in the first and the last period. [before * (most + 1) + now]; none in both: 0. */
const uint64_t *flows_clusters(const struct flows *flows, size_t group, size_t period, size_t tier);

const struct flows_amount *flows_amount(const struct flows *flows, size_t amount, size_t group,
                                        size_t period, size_t tier);

void flows_free(struct flows *flows); /* leaves it empty */

#endif
