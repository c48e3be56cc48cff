/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Counting a period: sums in integers, ratios at the end. */
#include "ranking/measure.h"

#include <math.h>
#include <stdlib.h>

/* ---- What there is to record ----------------------------------------------------------------- */

static const struct {
    const char *name;
    bool by_tier;
} kinds[MEASURES] = {
    [MEASURE_USERS] = {"users", false},
    [MEASURE_USER_ARRIVALS] = {"user_arrivals", false},
    [MEASURE_USER_RETURNS] = {"user_returns", false},
    [MEASURE_USER_EXITS_OTHER] = {"user_exits_other", false},
    [MEASURE_USER_EXITS_GONE] = {"user_exits_gone", false},
    [MEASURE_UTILITY] = {"utility", false},
    [MEASURE_REVENUE] = {"revenue", false},
    [MEASURE_PAID] = {"paid", false},
    [MEASURE_CREATORS] = {"creators", true},
    [MEASURE_CREATOR_EXITS] = {"creator_exits", true},
    [MEASURE_CREATOR_EXITS_OTHER] = {"creator_exits_other", true},
    [MEASURE_CREATOR_EXITS_GONE] = {"creator_exits_gone", true},
    [MEASURE_MULTIHOMING] = {"multihoming", true},
    [MEASURE_FOLLOWERS] = {"followers", true},
    [MEASURE_INCOME] = {"income", true},
    [MEASURE_EXPOSURE_SHARE] = {"exposure_share", true},
    [MEASURE_GINI] = {"gini", false},
    [MEASURE_BOTTOM_HALF] = {"bottom_half", false},
    [MEASURE_TOP_TENTH] = {"top_tenth", false},
    [MEASURE_TOP_HUNDREDTH] = {"top_hundredth", false},
    [MEASURE_TAIL] = {"tail_exponent", false},
    [MEASURE_COVERAGE] = {"coverage", false},
    [MEASURE_DIVERSITY] = {"diversity", false},
    [MEASURE_ENTROPY] = {"entropy", false},
    [MEASURE_SESSIONS] = {"sessions", false},
    [MEASURE_EXPOSURES] = {"exposures", false},
};

const char *measure_name(enum measure measure) {
    return kinds[measure].name;
}

bool measure_find(struct text name, enum measure *ret, struct error *err) {
    const char *names[MEASURES];
    for (int m = 0; m < MEASURES; m++) {
        names[m] = kinds[m].name;
        if (!text_is(name, names[m]))
            continue;
        *ret = (enum measure)m;
        return true;
    }
    const char *nearest = text_nearest(name, names, MEASURES);
    error_set(err, ERROR_USAGE, "unknown measure '%.*s', %s%s%s", (int)name.length, name.bytes,
              nearest ? "did you mean '" : "expected one of those that --help lists",
              nearest ? nearest : "", nearest ? "'" : "");
    return false;
}

static void add(struct series *list, size_t *n, enum measure measure, int platform, int tier) {
    list[(*n)++] = (struct series){measure, platform, tier};
}

size_t measure_list(size_t n_tiers, struct series ret[MEASURE_SERIES]) {
    size_t n = 0;
    for (int p = 0; p < PLATFORMS; p++)
        for (int m = 0; m < MEASURES; m++) {
            /* The share of all tiers together is 1: it says nothing. */
            if (m != MEASURE_EXPOSURE_SHARE)
                add(ret, &n, (enum measure)m, p, SERIES_ALL);
            for (int k = 0; kinds[m].by_tier && k < (int)n_tiers; k++)
                add(ret, &n, (enum measure)m, p, k);
        }
    add(ret, &n, MEASURE_USERS, SERIES_BOTH, SERIES_ALL);
    add(ret, &n, MEASURE_USERS, SERIES_NONE, SERIES_ALL);
    return n;
}

/* ---- Counting -------------------------------------------------------------------------------- */

static int by_count(const void *a, const void *b) {
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return x < y ? -1 : x > y;
}

double measure_gini(uint64_t *counts, size_t n) {
    qsort(counts, n, sizeof *counts, by_count);
    int128 weighted = 0, sum = 0;
    for (size_t i = 0; i < n; i++) {
        weighted += (int128)(2 * (int64_t)(i + 1) - (int64_t)n - 1) * (int128)counts[i];
        sum += counts[i];
    }
    return sum > 0 ? (double)weighted / ((double)n * (double)sum) : NAN;
}

double measure_top_share(const uint64_t *counts, size_t n, size_t k) {
    double all = 0, top = 0; /* whole numbers far below 2^53 */
    for (size_t i = 0; i < n; i++) {
        all += (double)counts[i];
        top += i + k >= n ? (double)counts[i] : 0;
    }
    return all > 0 ? top / all : NAN;
}

double measure_tail(const uint64_t *counts, size_t n, size_t k) {
    if (k < 2 || k >= n || counts[n - k - 1] == 0)
        return NAN;
    double least = (double)counts[n - k - 1], sum = 0;
    for (size_t i = n - k; i < n; i++)
        sum += log((double)counts[i] / least);
    return sum > 0 ? 1 + (double)k / sum : NAN;
}

static void count_users(struct census *ret, const struct world *world) {
    for (size_t u = 0; u < world->users.n; u++) {
        uint8_t homes = world->users.homes[u];
        ret->users[PLATFORM_A] += home_on(homes, PLATFORM_A);
        ret->users[PLATFORM_B] += home_on(homes, PLATFORM_B);
        ret->users[SERIES_BOTH] += homes == HOME_BOTH;
        ret->users[SERIES_NONE] += homes == HOME_NONE;
    }
}

static void count_creators(struct census *ret, const struct world *world, int p,
                           uint64_t *scratch) {
    const struct creators *creators = &world->creators;
    size_t n = 0;
    for (size_t c = 0; c < creators->n; c++) {
        if (!home_on(creators->homes[c], p))
            continue;
        scratch[n++] = creators->exposures[p][c];
        size_t groups[2] = {creators->tiers[c], WORLD_TIERS};
        for (int g = 0; g < 2; g++) {
            ret->creators[p][groups[g]]++;
            ret->exposures[p][groups[g]] += creators->exposures[p][c];
            ret->paid[p][groups[g]] += creators->paid[p][c];
            ret->both[p][groups[g]] += creators->homes[c] == HOME_BOTH;
            ret->followers[p][groups[g]] += creators->followers[p][c];
        }
    }
    ret->gini[p] = measure_gini(scratch, n); /* in ascending order from here on */
    ret->bottom_half[p] = 1 - measure_top_share(scratch, n, n - n / 2);
    ret->top_tenth[p] = measure_top_share(scratch, n, (n + 9) / 10);
    ret->top_hundredth[p] = measure_top_share(scratch, n, (n + 99) / 100);
    ret->tail[p] = measure_tail(scratch, n, (n + 9) / 10);
}

static double coverage(const struct world *world, int p) {
    const struct shelf *shelf = &world->platforms[p].shelf;
    size_t shown = 0;
    for (size_t i = 0; i < shelf->n; i++)
        shown += world->items.exposures[p][shelf->items[i]] > 0;
    return shelf->n > 0 ? (double)shown / (double)shelf->n : NAN;
}

void census_take(struct census *ret, const struct world *world, const struct books *books,
                 const struct feed *feed, uint64_t *scratch) {
    *ret = (struct census){.user_weight = world->settings.parameters.user_weight,
                           .creator_weight = world->settings.parameters.creator_weight,
                           .books = *books};
    count_users(ret, world);
    for (int p = 0; p < PLATFORMS; p++) {
        ret->sessions[p] = world->platforms[p].period.sessions;
        ret->utility[p] = world->platforms[p].period.utility;
        count_creators(ret, world, p, scratch);
        ret->coverage[p] = coverage(world, p);
        ret->diversity[p] = feed_distance(feed, p);
        ret->entropy[p] = feed_entropy(feed, p);
    }
}

/* ---- Values ---------------------------------------------------------------------------------- */

/* 0 / 0 is nan: there is no such mean. */
static double ratio(double part, double whole) {
    return whole > 0 ? part / whole : NAN;
}

/* WORLD_TIERS: of all together. */
static int64_t of_tier(const int64_t counts[WORLD_TIERS], size_t tier) {
    int64_t sum = 0;
    for (size_t k = 0; k < WORLD_TIERS; k++)
        sum += tier == WORLD_TIERS || tier == k ? counts[k] : 0;
    return sum;
}

static double creator_value(const struct series *series, const struct census *census,
                            const struct moves *moves) {
    int p = series->platform;
    size_t k = series->tier == SERIES_ALL ? WORLD_TIERS : (size_t)series->tier;
    double creators = (double)census->creators[p][k] * census->creator_weight;
    switch (series->measure) {
    case MEASURE_CREATORS:
        return creators;
    case MEASURE_INCOME:
        return ratio(decimal_sum_to_double(census->paid[p][k]), creators);
    case MEASURE_EXPOSURE_SHARE:
        return ratio((double)census->exposures[p][k], (double)census->exposures[p][WORLD_TIERS]);
    case MEASURE_MULTIHOMING:
        return ratio((double)census->both[p][k], (double)census->creators[p][k]);
    case MEASURE_FOLLOWERS:
        return ratio((double)census->followers[p][k] * census->user_weight,
                     (double)census->creators[p][k] * census->creator_weight);
    case MEASURE_CREATOR_EXITS:
        return (double)of_tier(moves->creators_left[p], k) * census->creator_weight;
    case MEASURE_CREATOR_EXITS_GONE:
        return (double)of_tier(moves->creators_gone[p], k) * census->creator_weight;
    default: /* MEASURE_CREATOR_EXITS_OTHER */
        return (double)(of_tier(moves->creators_left[p], k) - of_tier(moves->creators_gone[p], k)) *
               census->creator_weight;
    }
}

double measure_value(const struct series *series, const struct census *census,
                     const struct moves *moves) {
    int p = series->platform;
    double weight = census->user_weight;
    switch (series->measure) {
    case MEASURE_USERS:
        return (double)census->users[p] * weight;
    case MEASURE_USER_ARRIVALS:
        return (double)moves->users_arrived[p] * weight;
    case MEASURE_USER_RETURNS:
        return (double)moves->users_returned[p] * weight;
    case MEASURE_USER_EXITS_OTHER:
        return (double)moves->users_to_other[p] * weight;
    case MEASURE_USER_EXITS_GONE:
        return (double)moves->users_gone[p] * weight;
    case MEASURE_SESSIONS:
        return (double)census->sessions[p] * weight;
    case MEASURE_EXPOSURES:
        return (double)census->exposures[p][WORLD_TIERS] * weight;
    case MEASURE_UTILITY:
        return ratio((double)census->utility[p] * WORLD_UTILITY, (double)census->sessions[p]);
    case MEASURE_REVENUE:
        return decimal_to_double(census->books.revenue[p]);
    case MEASURE_PAID:
        return decimal_to_double(census->books.paid[p]);
    case MEASURE_GINI:
        return census->gini[p];
    case MEASURE_BOTTOM_HALF:
        return census->bottom_half[p];
    case MEASURE_TOP_TENTH:
        return census->top_tenth[p];
    case MEASURE_TOP_HUNDREDTH:
        return census->top_hundredth[p];
    case MEASURE_TAIL:
        return census->tail[p];
    case MEASURE_COVERAGE:
        return census->coverage[p];
    case MEASURE_DIVERSITY:
        return census->diversity[p];
    case MEASURE_ENTROPY:
        return census->entropy[p];
    default:
        return creator_value(series, census, moves);
    }
}
