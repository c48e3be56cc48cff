/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Activity: who was on which platform on which day, for how long, and what it earned.
 *
 * Each user begins on TikTok and leaves it for good with the same chance each day, so
 * P(still there after t days) = (1 - leave_chance)^t. Who leaves either moves to RedNote or is
 * gone. Some use both from the beginning. On each day and platform a user shows up with
 * active_chance; a payer's active day on TikTok earns a lognormal amount.
 */
#include "synth/models.h"
#include <gsl/gsl_randist.h>
#include <math.h>

enum { USERS, DAYS, LEAVE, MOVE, BOTH, ACTIVE, PAYERS, SPEND, VARIATION, MINUTES };

#define ONE DECIMAL_ONE
static const struct synth_parameter parameters[] = {
    [USERS] = {{"users", 0, 100000000 * ONE, true}, 1000 * ONE, "users", "in the file"},
    [DAYS] = {{"days", ONE, 3650 * ONE, true}, 90 * ONE, "days", "from 2025-01-01"},
    [LEAVE] = {{"leave_chance", ONE / 1000000, ONE * 99 / 100, false},
               ONE / 100,
               "chance a day",
               "of leaving TikTok"},
    [MOVE] = {{"move_share", 0, ONE, false}, ONE * 6 / 10, "share", "of leavers who go to RedNote"},
    [BOTH] = {{"multi_homing_share", 0, ONE, false},
              ONE / 10,
              "share",
              "of users on both from the beginning"},
    [ACTIVE] = {{"active_chance", 0, ONE, false}, ONE / 2, "chance a day", "of showing up"},
    [PAYERS] = {{"payer_share", 0, ONE, false}, ONE * 3 / 10, "share", "of users who ever pay"},
    [SPEND] = {{"spend_mean", ONE / 100, 1000000 * ONE, false},
               ONE / 4,
               "USD a day",
               "of an active payer on TikTok"},
    [VARIATION] = {{"spend_variation", 0, 100 * ONE, false},
                   ONE,
                   "",
                   "coefficient of variation of a day's spend"},
    [MINUTES] = {{"minutes_mean", ONE, 1440 * ONE, false}, 45 * ONE, "minutes", "of an active day"},
};

static const struct synth_column columns[] = {
    {"user", SYNTH_ID, "u"},      {"platform", SYNTH_NAME, ""}, {"date", SYNTH_DATE, ""},
    {"minutes", SYNTH_COUNT, ""}, {"revenue", SYNTH_MONEY, ""},
};

#define FIRST_DAY 20089 /* 2025-01-01 */

static int prepare(struct synth_world *world, struct error *err) {
    (void)world;
    (void)err;
    return 0;
}

static size_t entities(const struct synth_world *world) {
    return (size_t)world->values[USERS];
}

/* What is true of a user for the whole time. */
struct user {
    size_t number;
    int64_t leaves; /* on TikTok on days 0 to leaves - 1 */
    bool moves, both, pays;
};

static int append_day(const struct synth_world *world, const struct user *user, int32_t day,
                      bool rednote, struct random_stream *draws, struct synth_rows *append,
                      struct error *err) {
    const double *value = world->values;
    if (random_uniform(draws) >= value[ACTIVE])
        return 0;
    int64_t minutes = 1 + (int64_t)gsl_ran_poisson(random_gsl(draws), value[MINUTES] - 1);
    decimal revenue = 0;
    if (user->pays && !rednote)
        revenue = synth_lognormal_cents(draws, value[SPEND], value[VARIATION]);
    struct synth_row row = {.cells = {
                                {.number = (int64_t)user->number},
                                {.name = rednote ? "RedNote" : "TikTok"},
                                {.day = FIRST_DAY + day},
                                {.number = minutes},
                                {.money = revenue},
                            }};
    return synth_append(append, &row, err);
}

static int entity(const struct synth_world *world, size_t number, struct synth_rows *append,
                  struct error *err) {
    const double *value = world->values;
    struct random_stream draws;
    random_open(&draws, world->seed, 0, (uint32_t)number, 0, SYNTH_DRAW_USER);
    struct user user = {.number = number, .leaves = synth_geometric(&draws, value[LEAVE])};
    user.moves = random_uniform(&draws) < value[MOVE];
    user.both = random_uniform(&draws) < value[BOTH];
    user.pays = random_uniform(&draws) < value[PAYERS];
    for (int32_t day = 0; day < (int32_t)value[DAYS]; day++) {
        bool left = day >= user.leaves;
        random_open(&draws, world->seed, 0, (uint32_t)number, (uint32_t)day, SYNTH_DRAW_DAY);
        if (!left && append_day(world, &user, day, false, &draws, append, err))
            return err->code;
        if ((user.both || (left && user.moves)) &&
            append_day(world, &user, day, true, &draws, append, err))
            return err->code;
    }
    return 0;
}

static void truth(const struct synth_world *world, synth_say *say, void *context) {
    static const int at[] = {7, 30, 60, 90};
    static const char *const names[] = {"7", "30", "60", "90"};
    const double *value = world->values;
    for (int i = 0; i < 4; i++)
        say(context, "still on TikTok", "", names[i], pow(1 - value[LEAVE], at[i]), "share");
    say(context, "revenue per active user and day", "TikTok", "", value[PAYERS] * value[SPEND],
        "USD");
    say(context, "minutes per active user and day", "", "", value[MINUTES], "minutes");
}

const struct synth_model synth_activity = {
    .name = "activity",
    .summary =
        "a log of users by day and platform, with minutes and revenue, as TikTok loses users",
    .columns = columns,
    .n_columns = sizeof columns / sizeof *columns,
    .parameters = parameters,
    .n_parameters = sizeof parameters / sizeof *parameters,
    .prepare = prepare,
    .entities = entities,
    .entity = entity,
    .truth = truth,
};
