/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Counting a period: sums in integers, ratios at the end. */
#include "ranking/measure.h"

#include "ranking/payout.h"

#include <math.h>
#include <stdlib.h>

/* ---- What there is to record ----------------------------------------------------------------- */

enum parts { WHOLE, BY_TIER, BY_CLASS, BY_GROUP, BY_LANGUAGE };

static const struct {
    const char *name;
    enum parts parts;
} kinds[MEASURES] = {
    [MEASURE_USERS] = {"users", BY_GROUP},
    [MEASURE_USER_ARRIVALS] = {"user_arrivals", BY_GROUP},
    [MEASURE_USER_RETURNS] = {"user_returns", BY_GROUP},
    [MEASURE_USER_EXITS_OTHER] = {"user_exits_other", BY_GROUP},
    [MEASURE_USER_EXITS_GONE] = {"user_exits_gone", BY_GROUP},
    [MEASURE_LANGUAGE_MATCH] = {"language_match", BY_LANGUAGE},
    [MEASURE_UTILITY] = {"utility", BY_LANGUAGE},
    [MEASURE_REVENUE] = {"revenue", WHOLE},
    [MEASURE_ARPU_REVENUE] = {"arpu_revenue", BY_CLASS},
    [MEASURE_PAID] = {"paid", WHOLE},
    [MEASURE_CREATORS] = {"creators", BY_TIER},
    [MEASURE_CREATOR_EXITS] = {"creator_exits", BY_TIER},
    [MEASURE_CREATOR_EXITS_OTHER] = {"creator_exits_other", BY_TIER},
    [MEASURE_CREATOR_EXITS_GONE] = {"creator_exits_gone", BY_TIER},
    [MEASURE_MULTIHOMING] = {"multihoming", BY_TIER},
    [MEASURE_FOLLOWERS] = {"followers", BY_TIER},
    [MEASURE_INCOME] = {"income", BY_TIER},
    [MEASURE_EXPOSURE_SHARE] = {"exposure_share", BY_TIER},
    [MEASURE_GINI] = {"gini", WHOLE},
    [MEASURE_BOTTOM_HALF] = {"bottom_half", WHOLE},
    [MEASURE_TOP_TENTH] = {"top_tenth", WHOLE},
    [MEASURE_TOP_HUNDREDTH] = {"top_hundredth", WHOLE},
    [MEASURE_TAIL] = {"tail_exponent", WHOLE},
    [MEASURE_COVERAGE] = {"coverage", WHOLE},
    [MEASURE_DIVERSITY] = {"diversity", WHOLE},
    [MEASURE_ENTROPY] = {"entropy", WHOLE},
    [MEASURE_SESSIONS] = {"sessions", BY_GROUP},
    [MEASURE_EXPOSURES] = {"exposures", WHOLE},
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

bool measure_of_users(enum measure measure) {
    return kinds[measure].parts != WHOLE && kinds[measure].parts != BY_TIER;
}

/* What there may be several of, and where there is only one no part of a whole. */
static size_t several(size_t n) {
    return n > 1 ? n : 0;
}

/* Of a measure: the numbers of its parts; how many there are. */
static size_t list_parts(enum measure measure, size_t n_tiers, size_t n_classes, size_t n_languages,
                         int ret[WORLD_TIERS + WORLD_GROUPS]) {
    enum parts parts = kinds[measure].parts;
    size_t n = 0;
    for (size_t k = 0; parts == BY_TIER && k < n_tiers; k++)
        ret[n++] = (int)k;
    for (size_t k = 0; (parts == BY_CLASS || parts == BY_GROUP) && k < several(n_classes); k++)
        ret[n++] = (int)k;
    for (size_t k = 0; (parts == BY_LANGUAGE || parts == BY_GROUP) && k < several(n_languages); k++)
        ret[n++] = (int)(WORLD_CLASSES + k);
    return n;
}

size_t measure_list(size_t n_tiers, size_t n_classes, size_t n_languages,
                    struct series ret[MEASURE_SERIES]) {
    size_t n = 0, parts;
    int numbers[WORLD_TIERS + WORLD_GROUPS];
    for (int p = 0; p < PLATFORMS; p++)
        for (int m = 0; m < MEASURES; m++) {
            parts = list_parts((enum measure)m, n_tiers, n_classes, n_languages, numbers);
            if ((m == MEASURE_ARPU_REVENUE || m == MEASURE_LANGUAGE_MATCH) && parts == 0)
                continue;
            /* The share of all tiers together is 1: it says nothing. */
            if (m != MEASURE_EXPOSURE_SHARE)
                add(ret, &n, (enum measure)m, p, SERIES_ALL);
            for (size_t k = 0; k < parts; k++)
                add(ret, &n, (enum measure)m, p, numbers[k]);
        }
    parts = list_parts(MEASURE_USERS, n_tiers, n_classes, n_languages, numbers);
    for (int state = SERIES_BOTH; state <= SERIES_NONE; state++) {
        add(ret, &n, MEASURE_USERS, state, SERIES_ALL);
        for (size_t k = 0; k < parts; k++)
            add(ret, &n, MEASURE_USERS, state, numbers[k]);
    }
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
        const uint8_t *languages = world->users.languages;
        size_t groups[3] = {world->users.classes[u], WORLD_GROUPS};
        groups[2] = WORLD_CLASSES + (languages ? languages[u] : 0U);
        for (int g = 0; g < (languages ? 3 : 2); g++) {
            ret->users[PLATFORM_A][groups[g]] += home_on(homes, PLATFORM_A);
            ret->users[PLATFORM_B][groups[g]] += home_on(homes, PLATFORM_B);
            ret->users[SERIES_BOTH][groups[g]] += homes == HOME_BOTH;
            ret->users[SERIES_NONE][groups[g]] += homes == HOME_NONE;
        }
    }
}

/* Amounts that do not fit have been refused before. */
static void count_sessions(struct census *ret, const struct world *world, int p) {
    const struct traffic *period = &world->platforms[p].period;
    ret->sessions[p][WORLD_GROUPS] = period->sessions;
    ret->utility[p][WORLD_GROUPS] = period->utility;
    ret->arpu_revenue[p][WORLD_GROUPS] = 0;
    for (size_t k = 0; k < world->settings.n_classes; k++) {
        ret->sessions[p][k] = period->by_class[k];
        payout_arpu(world, p, k, &ret->arpu_revenue[p][k]);
        ret->arpu_revenue[p][WORLD_GROUPS] += ret->arpu_revenue[p][k];
    }
    for (size_t k = 0; k < WORLD_LANGUAGES; k++) {
        const struct reading *reading = &period->languages[k];
        ret->sessions[p][WORLD_CLASSES + k] = reading->sessions;
        ret->utility[p][WORLD_CLASSES + k] = reading->utility;
        ret->shown[p][WORLD_CLASSES + k] = reading->shown;
        ret->own[p][WORLD_CLASSES + k] = reading->own;
        ret->shown[p][WORLD_GROUPS] += reading->shown;
        ret->own[p][WORLD_GROUPS] += reading->own;
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
        count_sessions(ret, world, p);
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

/* Of one group, or of all. */
static struct user_moves moves_of(const struct moves *moves, int p, int group) {
    if (group != SERIES_ALL)
        return moves->groups[p][group];
    return (struct user_moves){moves->users_to_other[p], moves->users_gone[p],
                               moves->users_arrived[p], moves->users_returned[p]};
}

static double user_value(const struct series *series, const struct census *census,
                         const struct moves *moves) {
    int p = series->platform;
    size_t k = series->tier == SERIES_ALL ? WORLD_GROUPS : (size_t)series->tier;
    double weight = census->user_weight;
    if (series->measure == MEASURE_USERS)
        return (double)census->users[p][k] * weight;
    struct user_moves own = moves_of(moves, p, series->tier);
    switch (series->measure) {
    case MEASURE_USER_ARRIVALS:
        return (double)own.arrived * weight;
    case MEASURE_USER_RETURNS:
        return (double)own.returned * weight;
    case MEASURE_USER_EXITS_OTHER:
        return (double)own.to_other * weight;
    case MEASURE_USER_EXITS_GONE:
        return (double)own.gone * weight;
    case MEASURE_UTILITY:
        return ratio((double)census->utility[p][k] * WORLD_UTILITY, (double)census->sessions[p][k]);
    case MEASURE_LANGUAGE_MATCH:
        return ratio((double)census->own[p][k], (double)census->shown[p][k]);
    case MEASURE_ARPU_REVENUE:
        return decimal_to_double(census->arpu_revenue[p][k]);
    default: /* MEASURE_SESSIONS */
        return (double)census->sessions[p][k] * weight;
    }
}

double measure_value(const struct series *series, const struct census *census,
                     const struct moves *moves) {
    int p = series->platform;
    double weight = census->user_weight;
    if (measure_of_users(series->measure))
        return user_value(series, census, moves);
    switch (series->measure) {
    case MEASURE_EXPOSURES:
        return (double)census->exposures[p][WORLD_TIERS] * weight;
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
