/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is recorded of each period of a replication.
 *
 *     struct series series[MEASURE_SERIES];
 *     size_t n = measure_list(n_tiers, n_classes, n_languages, series);
 *     struct census census;
 *     census_take(&census, world, &books, &feed, scratch);   // before anyone moves
 *     market_move(market, world, shock, &moves);
 *     for (size_t i = 0; i < n; i++)
 *         row[i] = measure_value(&series[i], &census, &moves);
 *
 * Stocks are those of the period itself: who was there while it lasted. Moves happen at its end.
 * People, creators and money are those that the simulated ones stand for.
 */
#ifndef RANKING_MEASURE_H
#define RANKING_MEASURE_H

#include "base/text.h"
#include "ranking/feed.h"
#include "ranking/market.h"
#include "ranking/world.h"

enum measure {
    MEASURE_USERS,            /* on the platform, those on both counted on each */
    MEASURE_USER_ARRIVALS,    /* came to the platform */
    MEASURE_USER_RETURNS,     /* of those who came: were there before */
    MEASURE_USER_EXITS_OTHER, /* left it for the other, or stayed on the other only */
    MEASURE_USER_EXITS_GONE,  /* left it and are nowhere */
    MEASURE_LANGUAGE_MATCH,   /* share of exposures in the user's language, if there are several */
    MEASURE_UTILITY, /* mean of a session beyond the outside option: ln(1 + sum exp(v_i - v_0)) */
    MEASURE_REVENUE,
    MEASURE_ARPU_REVENUE,  /* what users bring by their ARPU; only where there are classes of users
                            */
    MEASURE_PAID,          /* to creators */
    MEASURE_CREATORS,      /* on the platform, by tier */
    MEASURE_CREATOR_EXITS, /* left it, by tier; the next two add up to it */
    MEASURE_CREATOR_EXITS_OTHER, /* and are on the other */
    MEASURE_CREATOR_EXITS_GONE,  /* and are nowhere */
    MEASURE_MULTIHOMING,         /* share of the platform's creators who are on both, by tier */
    MEASURE_FOLLOWERS,           /* mean of a creator on the platform, by tier */
    MEASURE_INCOME,              /* mean payout of a creator on the platform, by tier */
    MEASURE_EXPOSURE_SHARE,      /* of the platform's exposures, by tier */
    MEASURE_GINI,                /* of the exposures of the platform's creators */
    MEASURE_BOTTOM_HALF,   /* share of exposures of the half that is seen least (Lorenz at 1/2) */
    MEASURE_TOP_TENTH,     /* of the tenth that is seen most */
    MEASURE_TOP_HUNDREDTH, /* of the hundredth */
    MEASURE_TAIL,          /* exponent of the density of exposures, by the top tenth (Hill) */
    MEASURE_COVERAGE,      /* share of the items that could be shown which ever were */
    MEASURE_DIVERSITY,     /* of a slate: mean of 1 - cosine over pairs of items */
    MEASURE_ENTROPY,       /* of the topics in a user's period, in nats */
    MEASURE_SESSIONS,
    MEASURE_EXPOSURES, /* items shown */
    MEASURES
};

const char *measure_name(enum measure measure); /* "users", "user_arrivals", ... */

/* false if there is none of this name; err (which may be NULL) is then ERROR_USAGE and names the
 * nearest. */
bool measure_find(struct text name, enum measure *ret, struct error *err);

/* Beside the two platforms, users have two states of their own. */
enum { SERIES_BOTH = PLATFORMS, SERIES_NONE };
enum { SERIES_ALL = -1 }; /* tier: all together */

struct series {
    enum measure measure;
    int platform, tier; /* of measures of users: a group instead of a tier */
};

/* Whether the parts of a measure are groups of users: classes below WORLD_CLASSES, and languages
 * from there on. */
bool measure_of_users(enum measure measure);

/* More than the list ever needs. */
#define MEASURE_SERIES (2 * MEASURES * (WORLD_TIERS + 2))

/* In the order of the output; returns how many. A single class is not listed for itself. */
size_t measure_list(size_t n_tiers, size_t n_classes, size_t n_languages,
                    struct series ret[MEASURE_SERIES]);

/* Sums over one period; index WORLD_TIERS is all tiers, index WORLD_GROUPS all users. */
struct census {
    double user_weight, creator_weight;
    int64_t users[PLATFORMS + 2][WORLD_GROUPS + 1]; /* A, B (both included), both, none */
    uint64_t sessions[PLATFORMS][WORLD_GROUPS + 1];
    uint64_t shown[PLATFORMS][WORLD_GROUPS + 1], own[PLATFORMS][WORLD_GROUPS + 1]; /* languages */
    decimal arpu_revenue[PLATFORMS][WORLD_GROUPS + 1];                             /* classes */
    int64_t utility[PLATFORMS][WORLD_GROUPS + 1];                                  /* languages */
    struct books books;
    int64_t creators[PLATFORMS][WORLD_TIERS + 1];
    uint64_t exposures[PLATFORMS][WORLD_TIERS + 1];
    decimal_sum paid[PLATFORMS][WORLD_TIERS + 1];
    int64_t both[PLATFORMS][WORLD_TIERS + 1];
    uint64_t followers[PLATFORMS][WORLD_TIERS + 1];
    double gini[PLATFORMS], bottom_half[PLATFORMS], top_tenth[PLATFORMS], top_hundredth[PLATFORMS];
    double tail[PLATFORMS], coverage[PLATFORMS], diversity[PLATFORMS], entropy[PLATFORMS];
};

/* scratch: room for one number for each creator of the world. */
void census_take(struct census *ret, const struct world *world, const struct books *books,
                 const struct feed *feed, uint64_t *scratch);

/* nan where the measure does not exist: a mean of nothing. */
double measure_value(const struct series *series, const struct census *census,
                     const struct moves *moves);

/* Gini's coefficient sum_i (2 i - n - 1) x_(i) / (n sum x) of counts, which are sorted in place; no
 * small-sample correction; nan for no counts or a sum of 0. Exact in integers until the division.
 */
double measure_gini(uint64_t *counts, size_t n);

/* Of counts in ascending order: the share that the `k` greatest have of all; nan for a sum of 0. */
double measure_top_share(const uint64_t *counts, size_t n, size_t k);

/* Of counts in ascending order: Hill's estimate of the exponent a of a density x^-a from the k
 * greatest, 1 + k / sum ln(x_i / x_(k+1)-th greatest) (Hill 1975, doi:10.1214/aos/1176343247;
 * Clauset, Shalizi & Newman 2009, equation 3.1, with that as xmin). nan for k < 2 or k >= n, if
 * xmin is 0, and if all are equal. */
double measure_tail(const uint64_t *counts, size_t n, size_t k);

#endif
