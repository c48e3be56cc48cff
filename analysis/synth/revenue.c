/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A revenue panel of two platforms: in one month a number of users moves from the one to the other.
 *
 * Users follow their growth exactly. Revenue is users times ARPU with the normal error that the sum
 * of that many independent users has, sd = variation * ARPU * sqrt(users).
 */
#include "synth/models.h"
#include <gsl/gsl_randist.h>
#include <math.h>

enum {
    USERS_TIKTOK,
    USERS_REDNOTE,
    GROWTH_TIKTOK,
    GROWTH_REDNOTE,
    ARPU_TIKTOK,
    ARPU_REDNOTE,
    VARIATION,
    MONTHS,
    SHOCK,
    MIGRANTS,
};

#define ONE DECIMAL_ONE
static const struct synth_parameter parameters[] = {
    [USERS_TIKTOK] = {{"users_tiktok", 0, 1000000000000 * ONE, true},
                      10000000 * ONE,
                      "users",
                      "in the first month"},
    [USERS_REDNOTE] = {{"users_rednote", 0, 1000000000000 * ONE, true},
                       300000 * ONE,
                       "users",
                       "in the first month"},
    [GROWTH_TIKTOK] = {{"growth_tiktok", -ONE / 2, ONE, false}, ONE / 100, "share a month", ""},
    [GROWTH_REDNOTE] = {{"growth_rednote", -ONE / 2, ONE, false},
                        ONE * 3 / 100,
                        "share a month",
                        ""},
    [ARPU_TIKTOK] = {{"arpu_tiktok", 0, 1000000 * ONE, false}, ONE * 5 / 4, "USD a month", ""},
    [ARPU_REDNOTE] = {{"arpu_rednote", 0, 1000000 * ONE, false}, ONE * 2 / 5, "USD a month", ""},
    [VARIATION] = {{"spend_variation", 0, 1000 * ONE, false},
                   3 * ONE,
                   "",
                   "coefficient of variation of a user's revenue"},
    [MONTHS] = {{"months", ONE, 1200 * ONE, true}, 24 * ONE, "months", "from 2024-01"},
    [SHOCK] = {{"shock_month", 0, 1200 * ONE, true},
               12 * ONE,
               "months",
               "after the first in which the migrants move; 12: 2025-01"},
    [MIGRANTS] = {{"migrants", 0, 1000000000000 * ONE, true},
                  500000 * ONE,
                  "users",
                  "who move from TikTok to RedNote"},
};

static const struct synth_column columns[] = {
    {"platform", SYNTH_NAME, ""},
    {"period", SYNTH_PERIOD, ""},
    {"users", SYNTH_COUNT, ""},
    {"revenue", SYNTH_MONEY, ""},
};

#define FIRST_MONTH (2024 * 12)

static double expected_users(const struct synth_world *world, size_t platform, int month) {
    const double *value = world->values;
    double factor = 1 + value[GROWTH_TIKTOK + platform];
    double users = value[USERS_TIKTOK + platform] * pow(factor, month);
    if (month >= value[SHOCK])
        users += (platform ? 1 : -1) * value[MIGRANTS] * pow(factor, month - value[SHOCK]);
    return users;
}

static int prepare(struct synth_world *world, struct error *err) {
    if (world->values[SHOCK] < world->values[MONTHS] &&
        expected_users(world, 0, (int)world->values[SHOCK]) < 0)
        return error_set(err, ERROR_DATA, "migrants is %.0f, more than TikTok has users then",
                         world->values[MIGRANTS]);
    for (size_t platform = 0; platform < 2; platform++)
        if (expected_users(world, platform, (int)world->values[MONTHS] - 1) *
                fmax(world->values[ARPU_TIKTOK + platform], 1) >
            9e12)
            return error_set(err, ERROR_DATA,
                             "users and revenue grow beyond 9e12 by the last "
                             "month: shorten months, or grow more slowly");
    return 0;
}

static size_t entities(const struct synth_world *world) {
    (void)world;
    return 2;
}

static int entity(const struct synth_world *world, size_t number, struct synth_rows *append,
                  struct error *err) {
    const double *value = world->values;
    for (int month = 0; month < (int)value[MONTHS]; month++) {
        struct random_stream draws;
        random_open(&draws, world->seed, 0, (uint32_t)number, (uint32_t)month, SYNTH_DRAW_REVENUE);
        double users = round(expected_users(world, number, month));
        double arpu = value[ARPU_TIKTOK + number];
        double revenue =
            users * arpu +
            gsl_ran_gaussian_ziggurat(random_gsl(&draws), value[VARIATION] * arpu * sqrt(users));
        struct synth_row row = {.cells = {
                                    {.name = number ? "RedNote" : "TikTok"},
                                    {.period = {PERIOD_MONTH, FIRST_MONTH + month}},
                                    {.number = (int64_t)users},
                                    {.money = (decimal)llround(revenue * 100) * (ONE / 100)},
                                }};
        if (synth_append(append, &row, err))
            return err->code;
    }
    return 0;
}

static void truth(const struct synth_world *world, synth_say *say, void *context) {
    const double *value = world->values;
    char month[CALENDAR_TEXT];
    period_format((struct period){PERIOD_MONTH, FIRST_MONTH + (int)value[SHOCK]}, month);
    if (value[SHOCK] >= value[MONTHS])
        return;
    say(context, "users lost", "TikTok", month, value[MIGRANTS], "users");
    say(context, "revenue lost", "TikTok", month, value[MIGRANTS] * value[ARPU_TIKTOK], "USD");
    say(context, "revenue gained", "RedNote", month, value[MIGRANTS] * value[ARPU_REDNOTE], "USD");
}

const struct synth_model synth_revenue = {
    .name = "revenue",
    .summary = "monthly users and revenue of two platforms, with a migration from one to the other",
    .columns = columns,
    .n_columns = sizeof columns / sizeof *columns,
    .parameters = parameters,
    .n_parameters = sizeof parameters / sizeof *parameters,
    .prepare = prepare,
    .entities = entities,
    .entity = entity,
    .truth = truth,
};
