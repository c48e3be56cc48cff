/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Spells on one platform, left for another, for nowhere known, or not yet.
 *
 * A user of segment g and age a leaves after T days,
 *
 *     P(T > t) = exp(-r (t / scale)^shape),   r = hazard_ratio_b^[g = b] hazard_ratio_age^((a -
 * 35)/10),
 *
 * a proportional-hazards Weibull model (Kalbfleisch & Prentice 2002, section 2.3). T is rounded up
 * to whole days, so that the formula is exact at whole days. The destination is drawn apart from T,
 * so the cumulative incidence of each is its share of 1 - S(t).
 */
#include "synth/models.h"
#include <math.h>

enum { USERS, DAYS, ARRIVAL, SHAPE, SCALE, RATIO_B, SHARE_B, RATIO_AGE, TO_REDNOTE, TO_INSTAGRAM };

#define ONE DECIMAL_ONE
static const struct synth_parameter parameters[] = {
    [USERS] = {{"users", 0, 100000000 * ONE, true}, 10000 * ONE, "users", "spells in the file"},
    [DAYS] = {{"days", ONE, 36500 * ONE, true}, 365 * ONE, "days", "watched, from 2025-01-01"},
    [ARRIVAL] = {{"arrival_days", 0, 36500 * ONE, true},
                 0,
                 "days",
                 "users arrive evenly over these first days; 0: all on the first"},
    [SHAPE] = {{"shape", ONE / 10, 10 * ONE, false}, ONE, "", "of the Weibull; 1: constant hazard"},
    [SCALE] = {{"scale", ONE / 10, 1000000 * ONE, false},
               200 * ONE,
               "days",
               "by which 63 % of segment a have left"},
    [RATIO_B] = {{"hazard_ratio_b", ONE / 100, 100 * ONE, false},
                 ONE * 3 / 2,
                 "",
                 "segment b to a"},
    [SHARE_B] = {{"share_b", 0, ONE, false}, ONE * 4 / 10, "share", "of users in segment b"},
    [RATIO_AGE] = {{"hazard_ratio_age", ONE / 100, 100 * ONE, false},
                   ONE,
                   "",
                   "for ten years of age"},
    [TO_REDNOTE] = {{"share_to_rednote", 0, ONE, false},
                    ONE * 6 / 10,
                    "share",
                    "of those who leave"},
    [TO_INSTAGRAM] = {{"share_to_instagram", 0, ONE, false},
                      ONE * 25 / 100,
                      "share",
                      "of those who leave; the rest leave for nowhere known"},
};

static const struct synth_column columns[] = {
    {"user", SYNTH_ID, "u"},         {"platform", SYNTH_NAME, ""}, {"segment", SYNTH_NAME, ""},
    {"age", SYNTH_COUNT, ""},        {"start", SYNTH_DATE, ""},    {"end", SYNTH_DATE, ""},
    {"destination", SYNTH_NAME, ""},
};

#define FIRST_DAY 20089 /* 2025-01-01 */
#define AGES      50    /* 16 to 65 */

static int prepare(struct synth_world *world, struct error *err) {
    const double *value = world->values;
    if (value[TO_REDNOTE] + value[TO_INSTAGRAM] > 1 + 1e-9)
        return error_set(err, ERROR_DATA,
                         "share_to_rednote and share_to_instagram add up to %g, expected at most 1",
                         value[TO_REDNOTE] + value[TO_INSTAGRAM]);
    if (value[ARRIVAL] > value[DAYS])
        return error_set(err, ERROR_DATA, "arrival_days is %g, expected at most days, which is %g",
                         value[ARRIVAL], value[DAYS]);
    return 0;
}

static size_t entities(const struct synth_world *world) {
    return (size_t)world->values[USERS];
}

static const char *draw_destination(const struct synth_world *world, struct random_stream *draws) {
    double u = random_uniform(draws);
    if (u < world->values[TO_REDNOTE])
        return "RedNote";
    return u < world->values[TO_REDNOTE] + world->values[TO_INSTAGRAM] ? "Instagram" : NULL;
}

static int entity(const struct synth_world *world, size_t number, struct synth_rows *append,
                  struct error *err) {
    const double *value = world->values;
    struct random_stream draws;
    random_open(&draws, world->seed, 0, (uint32_t)number, 0, SYNTH_DRAW_USER);
    uint32_t arrival = value[ARRIVAL] >= 1 ? random_below(&draws, (uint32_t)value[ARRIVAL]) : 0;
    bool b = random_uniform(&draws) < value[SHARE_B];
    int age = 16 + (int)random_below(&draws, AGES);
    double ratio = (b ? value[RATIO_B] : 1) * pow(value[RATIO_AGE], (age - 35) / 10.0);
    double exponential = -log(random_uniform_open(&draws));
    double days = ceil(value[SCALE] * pow(exponential / ratio, 1 / value[SHAPE]));
    const char *destination = draw_destination(world, &draws);
    bool left = arrival + days <= value[DAYS];
    struct synth_row row = {.cells = {
                                {.number = (int64_t)number},
                                {.name = "TikTok"},
                                {.name = b ? "b" : "a"},
                                {.number = age},
                                {.day = FIRST_DAY + (int32_t)arrival},
                                {.missing = !left},
                                {.missing = !left || !destination, .name = destination},
                            }};
    if (left)
        row.cells[5].day = FIRST_DAY + (int32_t)arrival + (int32_t)days;
    return synth_append(append, &row, err);
}

static double survival(const struct synth_world *world, bool b, double days) {
    const double *value = world->values;
    return exp(-(b ? value[RATIO_B] : 1) * pow(days / value[SCALE], value[SHAPE]));
}

static void truth(const struct synth_world *world, synth_say *say, void *context) {
    static const int at[] = {7, 30, 90, 180, 365};
    static const char *const names[] = {"7", "30", "90", "180", "365"};
    const double *value = world->values;
    double shares[] = {value[TO_REDNOTE], value[TO_INSTAGRAM],
                       1 - value[TO_REDNOTE] - value[TO_INSTAGRAM]};
    static const char *const incidences[] = {"incidence RedNote", "incidence Instagram",
                                             "incidence (gone)"};
    for (int b = 0; b < 2; b++)
        for (int i = 0; i < 5; i++) {
            double s = survival(world, b, at[i]); /* at age 35 */
            say(context, "survival", b ? "b" : "a", names[i], s, "share");
            for (int k = 0; k < 3; k++)
                say(context, incidences[k], b ? "b" : "a", names[i], shares[k] * (1 - s), "share");
        }
}

const struct synth_model synth_spells = {
    .name = "spells",
    .summary =
        "users who leave a platform: Weibull times, two segments, an age, three destinations",
    .columns = columns,
    .n_columns = sizeof columns / sizeof *columns,
    .parameters = parameters,
    .n_parameters = sizeof parameters / sizeof *parameters,
    .prepare = prepare,
    .entities = entities,
    .entity = entity,
    .truth = truth,
};
