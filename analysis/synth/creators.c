/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Creators by month: a Markov chain over five follower tiers, with arrivals that make each tier
 * grow at a rate that is given.
 *
 * With n(t, k) the expected creators of tier k in month t, M the chance to be in tier k next month
 * (promoted or demoted by one tier, or the same; the rest leave), and g(k) the yearly growth,
 *
 *     n(t, k) = n(0, k) (1 + g(k))^(t/12),
 *     arrivals(t, k) = n(t, k) - sum over j of n(t - 1, j) M(j, k)  >= 0,
 *
 * arrivals being drawn from a Poisson distribution with that mean. So E n(t, k) is exact, while
 * each creator's path is the chain's.
 */
#include "synth/models.h"
#include <gsl/gsl_randist.h>
#include <math.h>
#include <stdlib.h>

enum {
    COUNT,                        /* SYNTH_TIERS of them, nano first */
    GROWTH = COUNT + SYNTH_TIERS, /* as many */
    MONTHS = GROWTH + SYNTH_TIERS,
    PROMOTE,
    DEMOTE,
    LEAVE,
    INCOME,
    REDNOTE,
};

#define ONE  DECIMAL_ONE
#define MOST (100000000 * ONE)
#define FALL (-ONE * 99 / 100)

static const struct synth_parameter parameters[] = {
    {{"creators_nano", 0, MOST, true}, 6000 * ONE, "creators", "in the first month"},
    {{"creators_micro", 0, MOST, true}, 2500 * ONE, "creators", "in the first month"},
    {{"creators_mid", 0, MOST, true}, 1000 * ONE, "creators", "in the first month"},
    {{"creators_macro", 0, MOST, true}, 200 * ONE, "creators", "in the first month"},
    {{"creators_mega", 0, MOST, true}, 50 * ONE, "creators", "in the first month"},
    {{"growth_nano", FALL, 100 * ONE, false}, ONE / 10, "share a year", "expected growth"},
    {{"growth_micro", FALL, 100 * ONE, false}, ONE / 10, "share a year", "expected growth"},
    {{"growth_mid", FALL, 100 * ONE, false}, ONE * 467 / 1000, "share a year", "expected growth"},
    {{"growth_macro", FALL, 100 * ONE, false}, ONE * 15 / 100, "share a year", "expected growth"},
    {{"growth_mega", FALL, 100 * ONE, false}, ONE / 50, "share a year", "expected growth"},
    [MONTHS] = {{"months", ONE, 1200 * ONE, true}, 25 * ONE, "months", "from 2023-01"},
    [PROMOTE] = {{"promote_chance", 0, ONE, false},
                 ONE / 200,
                 "chance a month",
                 "of moving up one tier"},
    [DEMOTE] = {{"demote_chance", 0, ONE, false},
                ONE / 100,
                "chance a month",
                "of moving down one tier"},
    [LEAVE] = {{"leave_chance", 0, ONE, false}, ONE * 3 / 100, "chance a month", "of leaving"},
    [INCOME] = {{"income_per_thousand", 0, 1000000 * ONE, false},
                ONE * 2,
                "USD a month",
                "mean income for a thousand followers"},
    [REDNOTE] = {{"share_rednote", 0, ONE, false}, 0, "share", "of accounts that are on RedNote"},
};

static const struct synth_column columns[] = {
    {"creator", SYNTH_ID, "c"},     {"platform", SYNTH_NAME, ""}, {"period", SYNTH_PERIOD, ""},
    {"followers", SYNTH_COUNT, ""}, {"income", SYNTH_MONEY, ""},
};

static const char *const tiers[SYNTH_TIERS] = {"nano", "micro", "mid", "macro", "mega"};
/* The default tiers of tier-growth; the last bound is where invented followers end. */
static const double bounds[SYNTH_TIERS + 1] = {100, 1e4, 5e4, 5e5, 1e6, 1e8};

#define FIRST_MONTH (2023 * 12)

static void fill_moves(struct synth_world *world) {
    for (int j = 0; j < SYNTH_TIERS; j++) {
        double up = j + 1 < SYNTH_TIERS ? world->values[PROMOTE] : 0;
        double down = j > 0 ? world->values[DEMOTE] : 0;
        for (int k = 0; k < SYNTH_TIERS; k++)
            world->moves[j][k] = k == j + 1   ? up
                                 : k == j - 1 ? down
                                 : k == j     ? 1 - up - down - world->values[LEAVE]
                                              : 0;
    }
}

static double expected_creators(const struct synth_world *world, int tier, int month) {
    return world->values[COUNT + tier] * pow(1 + world->values[GROWTH + tier], month / 12.0);
}

static double expected_arrivals(const struct synth_world *world, int tier, int month) {
    if (month == 0)
        return world->values[COUNT + tier];
    double arrivals = expected_creators(world, tier, month);
    for (int j = 0; j < SYNTH_TIERS; j++)
        arrivals -= expected_creators(world, j, month - 1) * world->moves[j][tier];
    return arrivals;
}

/* How many of each tier arrive in each month is drawn first: it numbers the creators. */
static int prepare(struct synth_world *world, struct error *err) {
    int months = (int)world->values[MONTHS];
    if (world->values[PROMOTE] + world->values[DEMOTE] + world->values[LEAVE] > 1)
        return error_set(err, ERROR_DATA,
                         "promote_chance, demote_chance and leave_chance add up "
                         "to more than 1");
    fill_moves(world);
    world->first = calloc((size_t)months * SYNTH_TIERS + 1, sizeof *world->first);
    if (!world->first)
        return error_memory(err);
    for (int at = 0; at < months * SYNTH_TIERS; at++) {
        int month = at / SYNTH_TIERS, tier = at % SYNTH_TIERS;
        double mean = expected_arrivals(world, tier, month);
        if (mean < 0)
            return error_set(err, ERROR_DATA,
                             "tier %s cannot grow as slowly as growth_%s says: in month %d more "
                             "come from other tiers than that leaves room for; raise it, or "
                             "leave_chance",
                             tiers[tier], tiers[tier], month);
        struct random_stream draws;
        random_open(&draws, world->seed, 0, (uint32_t)at, 0, SYNTH_DRAW_ARRIVALS);
        size_t n = month ? gsl_ran_poisson(random_gsl(&draws), mean) : (size_t)mean;
        world->first[at + 1] = world->first[at] + n;
    }
    return 0;
}

static size_t entities(const struct synth_world *world) {
    return world->first[(size_t)world->values[MONTHS] * SYNTH_TIERS];
}

/* The cell of `first` that a creator's number falls into. */
static int arrival_of(const struct synth_world *world, size_t number) {
    int low = 0, high = (int)world->values[MONTHS] * SYNTH_TIERS;
    while (high - low > 1) {
        int middle = low + (high - low) / 2;
        if (world->first[middle] <= number)
            low = middle;
        else
            high = middle;
    }
    return low;
}

/* A step within [0, 1], reflected at its ends: followers drift within a tier. */
static double drift(double place, struct random_stream *draws) {
    place += gsl_ran_gaussian_ziggurat(random_gsl(draws), 0.05);
    place = fabs(place);
    return place > 1 ? fmax(2 - place, 0) : place;
}

static int next_tier(const struct synth_world *world, int tier, struct random_stream *draws) {
    double u = random_uniform(draws);
    for (int k = 0; k < SYNTH_TIERS; k++) {
        if (u < world->moves[tier][k])
            return k;
        u -= world->moves[tier][k];
    }
    return -1; /* left */
}

static int entity(const struct synth_world *world, size_t number, struct synth_rows *append,
                  struct error *err) {
    struct random_stream draws;
    random_open(&draws, world->seed, 0, (uint32_t)number, 0, SYNTH_DRAW_CREATOR);
    int arrival = arrival_of(world, number), tier = arrival % SYNTH_TIERS;
    const char *platform = random_uniform(&draws) < world->values[REDNOTE] ? "RedNote" : "TikTok";
    double place = random_uniform(&draws);
    for (int month = arrival / SYNTH_TIERS; month < (int)world->values[MONTHS] && tier >= 0;
         month++) {
        double width = log(bounds[tier + 1] / bounds[tier]);
        double followers = floor(bounds[tier] * exp(place * width));
        followers = fmin(fmax(followers, bounds[tier]), bounds[tier + 1] - 1);
        struct synth_row row = {.cells = {
                                    {.number = (int64_t)number},
                                    {.name = platform},
                                    {.period = {PERIOD_MONTH, FIRST_MONTH + month}},
                                    {.number = (int64_t)followers},
                                    {.money = synth_lognormal_cents(
                                         &draws, world->values[INCOME] * followers / 1000, 1)},
                                }};
        if (synth_append(append, &row, err))
            return err->code;
        int next = next_tier(world, tier, &draws);
        place = next == tier ? drift(place, &draws) : random_uniform(&draws);
        tier = next;
    }
    return 0;
}

static void truth(const struct synth_world *world, synth_say *say, void *context) {
    int last = (int)world->values[MONTHS] - 1;
    char month[CALENDAR_TEXT];
    period_format((struct period){PERIOD_MONTH, FIRST_MONTH + last}, month);
    for (int k = 0; k < SYNTH_TIERS; k++) {
        say(context, "annual growth", tiers[k], "", world->values[GROWTH + k], "share a year");
        say(context, "expected creators", tiers[k], month, expected_creators(world, k, last),
            "creators");
        say(context, "chance to stay", tiers[k], "", world->moves[k][k], "chance a month");
        say(context, "chance to leave", tiers[k], "", world->values[LEAVE], "chance a month");
        if (k + 1 < SYNTH_TIERS)
            say(context, "chance to move up", tiers[k], "", world->moves[k][k + 1],
                "chance a month");
        if (k > 0)
            say(context, "chance to move down", tiers[k], "", world->moves[k][k - 1],
                "chance a month");
    }
}

const struct synth_model synth_creators = {
    .name = "creators",
    .summary = "a monthly panel of creators that move between follower tiers, arrive and leave",
    .columns = columns,
    .n_columns = sizeof columns / sizeof *columns,
    .parameters = parameters,
    .n_parameters = sizeof parameters / sizeof *parameters,
    .prepare = prepare,
    .entities = entities,
    .entity = entity,
    .truth = truth,
};
