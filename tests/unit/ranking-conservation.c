/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What no scenario may break, over a hundred that are drawn at random: nobody is lost, views and
 * money add up, nothing is paid that nobody brought, and a shock to nobody changes nothing. */
#include "worlds.h"

#include "base/random.h"
#include "ranking/simulate.h"

enum { SCENARIOS = 100, SEED = 20250119 };

static uint32_t below(struct random_stream *stream, uint32_t n) {
    return random_below(stream, n);
}

/* Sizes that a test can afford, and periods that its four may hold. */
static double most_of(const struct scenario_parameter *parameter) {
    static const struct {
        const char *name;
        double most;
    } bounded[] = {
        {"periods", 4},       {"warm_up", 4},       {"users", 120},         {"creators", 60},
        {"dimensions", 20},   {"items", 4},         {"item_life", 5},       {"sessions", 6},
        {"rounds", 8},        {"follows", 20},      {"user_weight", 1e5},   {"creator_weight", 1e4},
        {"shock_period", 5},  {"ban_period", 5},    {"ban_end", 6},         {"outage_period", 5},
        {"payout_period", 5}, {"exodus_period", 5}, {"user_sensitivity", 5}};
    for (size_t i = 0; i < sizeof bounded / sizeof *bounded; i++)
        if (strcmp(parameter->name, bounded[i].name) == 0)
            return bounded[i].most;
    return parameter->most;
}

static void set(struct scenario *scenario, const char *name, double value) {
    char setting[80];
    struct error err = {0};
    snprintf(setting, sizeof setting, "%s=%.6f", name, value);
    if (scenario_set(scenario, setting, &err))
        fail_msg("%s", err.text);
}

/* Most parameters keep their default; others are at an end of their range, or within it, more often
 * near the lower end. */
static struct scenario draw(struct random_stream *stream) {
    struct scenario scenario;
    struct error err = {0};
    do {
        scenario_default(&scenario);
        for (size_t i = 0; i < SCENARIO_PARAMETERS; i++) {
            const struct scenario_parameter *parameter = &scenario_parameters[i];
            double least = parameter->least, most = most_of(parameter), luck, value;
            bool bounded = most < parameter->most;
            if (!bounded && below(stream, 4) > 0)
                continue;
            luck = random_uniform(stream);
            value = least + (most - least) * luck * luck;
            switch (below(stream, 8)) {
            case 0:
                value = least;
                break;
            case 1:
                value = parameter->kind == SCENARIO_MONEY ? value : most;
                break;
            default:
                break;
            }
            bool whole = parameter->kind == SCENARIO_SIZE || parameter->kind == SCENARIO_COUNT;
            set(&scenario, parameter->name, whole ? floor(value) : floor(value * 1e6) / 1e6);
        }
    } while (scenario_check(&scenario, &err));
    return scenario;
}

/* One stream of money at a time, so that what creators may get follows from what is measured. */
enum stream { ADVERTISING, VIEWS_AND_FUND, TIPS, SHOP, STREAMS };

static void choose_stream(struct scenario *scenario, enum stream stream) {
    static const char *const names[][PLATFORMS] = {
        {"arpu_a", "arpu_b"}, {"payout_per_thousand_a", "payout_per_thousand_b"},
        {"fund_a", "fund_b"}, {"tip_a", "tip_b"},
        {"shop_a", "shop_b"}, {"subscription_a", "subscription_b"}};
    for (size_t i = 0; i < 6; i++)
        for (int p = 0; p < PLATFORMS; p++)
            set(scenario, names[i][p], 0);
    for (int p = 0; p < PLATFORMS; p++) {
        set(scenario, names[0][p], stream == ADVERTISING ? 1.25 : 0);
        set(scenario, names[1][p], stream == VIEWS_AND_FUND ? 2.5 : 0);
        set(scenario, names[2][p], stream == VIEWS_AND_FUND ? 1000 : 0);
        set(scenario, names[3][p], stream == TIPS ? 0.5 : 0);
        set(scenario, names[4][p], stream == SHOP ? 7 : 0);
    }
}

static struct simulation run(const struct scenario *scenario, const struct policy_class *a,
                             const struct policy_class *b, int threads) {
    struct calibration calibration;
    struct simulation simulation;
    struct error err = {0};
    struct simulate_options options = {.seed = SEED,
                                       .replications = 1,
                                       .threads = threads,
                                       .policies = {a, b},
                                       .baseline = {b, a}};
    calibrate_default(&calibration);
    if (simulate_run(&simulation, scenario, &calibration, &options, &err))
        fail_msg("%s", err.text);
    calibrate_free(&calibration);
    return simulation;
}

/* Of period t, from 0; 0 where there is none. */
static double at(const struct simulation *s, size_t t, enum measure measure, int platform,
                 int part) {
    for (size_t i = 0; i < s->n_series; i++)
        if (s->series[i].measure == measure && s->series[i].platform == platform &&
            s->series[i].tier == part) {
            double value = s->values[t * s->n_series + i];
            return isnan(value) ? 0 : value;
        }
    fail_msg("no such series");
    return 0;
}

static double whole(const struct simulation *s, size_t t, enum measure measure, int platform) {
    return at(s, t, measure, platform, SERIES_ALL);
}

/* ---- The laws -------------------------------------------------------------------------------- */

static void values_can_be(const struct simulation *s, size_t t) {
    for (size_t i = 0; i < s->n_series; i++) {
        double value = s->values[t * s->n_series + i];
        enum measure measure = s->series[i].measure;
        bool share = measure == MEASURE_MULTIHOMING || measure == MEASURE_EXPOSURE_SHARE ||
                     measure == MEASURE_LANGUAGE_MATCH || measure == MEASURE_COVERAGE ||
                     measure == MEASURE_BOTTOM_HALF || measure == MEASURE_TOP_TENTH ||
                     measure == MEASURE_TOP_HUNDREDTH || measure == MEASURE_GINI;
        assert_false(isinf(value));
        /* Embeddings are of single precision: no distance between items that are one and the same
         * may come out a little below 0. */
        double least = measure == MEASURE_DIVERSITY ? -1e-6 : -1e-12;
        if (!isnan(value) && (value < least || (share && value > 1 + 1e-12)))
            fail_msg("%s is %g", measure_name(measure), value);
    }
}

static void users_are_kept(const struct simulation *s, const struct scenario *scenario, size_t t) {
    double all = scenario_value(scenario, "users") * scenario_value(scenario, "user_weight");
    assert_true(whole(s, t, MEASURE_USERS, PLATFORM_A) + whole(s, t, MEASURE_USERS, PLATFORM_B) -
                    whole(s, t, MEASURE_USERS, SERIES_BOTH) +
                    whole(s, t, MEASURE_USERS, SERIES_NONE) ==
                all);
    for (size_t i = 0; i < s->n_series && t + 1 < s->periods; i++) {
        int p = s->series[i].platform, part = s->series[i].tier;
        if (s->series[i].measure != MEASURE_USERS || p >= PLATFORMS)
            continue;
        double next = at(s, t, MEASURE_USERS, p, part) + at(s, t, MEASURE_USER_ARRIVALS, p, part) -
                      at(s, t, MEASURE_USER_EXITS_OTHER, p, part) -
                      at(s, t, MEASURE_USER_EXITS_GONE, p, part);
        assert_true(next == at(s, t + 1, MEASURE_USERS, p, part));
        assert_true(at(s, t, MEASURE_USER_RETURNS, p, part) <=
                    at(s, t, MEASURE_USER_ARRIVALS, p, part));
    }
}

/* Classes, and languages, add up to all. */
static void groups_add_up(const struct simulation *s, size_t t) {
    double classes[PLATFORMS + 2] = {0}, languages[PLATFORMS + 2] = {0};
    for (size_t i = 0; i < s->n_series; i++) {
        const struct series *series = &s->series[i];
        if (series->measure != MEASURE_USERS || series->tier == SERIES_ALL)
            continue;
        (series->tier < WORLD_CLASSES ? classes : languages)[series->platform] +=
            s->values[t * s->n_series + i];
    }
    for (int state = 0; state < PLATFORMS + 2; state++) {
        double all = whole(s, t, MEASURE_USERS, state);
        assert_true(classes[state] == 0 || classes[state] == all);
        assert_true(languages[state] == 0 || languages[state] == all);
    }
}

static void views_add_up(const struct simulation *s, const struct scenario *scenario, size_t t) {
    double all = scenario_value(scenario, "users") * scenario_value(scenario, "user_weight") -
                 whole(s, t, MEASURE_USERS, SERIES_NONE);
    double due = all * scenario_value(scenario, "sessions"), held = 0;
    bool down = scenario_value(scenario, "outage_period") == (double)t + 1;
    for (int p = 0; p < PLATFORMS; p++) {
        double shown = whole(s, t, MEASURE_EXPOSURES, p), shares = 0, creators = 0;
        held += whole(s, t, MEASURE_SESSIONS, p);
        assert_true(shown <= whole(s, t, MEASURE_SESSIONS, p) * scenario_value(scenario, "slate"));
        for (int k = 0; k < 5; k++) {
            shares += at(s, t, MEASURE_EXPOSURE_SHARE, p, k);
            creators += at(s, t, MEASURE_CREATORS, p, k);
        }
        assert_true(shown > 0 ? fabs(shares - 1) < 1e-9 : shares == 0);
        assert_true(creators == whole(s, t, MEASURE_CREATORS, p));
        double left = whole(s, t, MEASURE_CREATOR_EXITS, p);
        assert_true(left <= creators);
        assert_true(left == whole(s, t, MEASURE_CREATOR_EXITS_OTHER, p) +
                                whole(s, t, MEASURE_CREATOR_EXITS_GONE, p));
    }
    assert_true(down ? held <= due : held == due);
}

/* What creators may get of what there is: all of it but for rounding down. */
static void money_adds_up(const struct simulation *s, const struct scenario *scenario,
                          enum stream stream, size_t t) {
    for (int p = 0; p < PLATFORMS; p++) {
        double paid = whole(s, t, MEASURE_PAID, p), revenue = whole(s, t, MEASURE_REVENUE, p);
        double period = scenario_value(scenario, "payout_period"), due = 0, income = 0;
        double factor = p == PLATFORM_A && period > 0 && (double)t + 1 >= period
                            ? scenario_value(scenario, "payout_factor")
                            : 1;
        double cut = scenario_value(scenario, "fan_cut");
        double fee = scenario_value(scenario, "shop_fee");
        double share =
            scenario_value(scenario, p == PLATFORM_A ? "revenue_share_a" : "revenue_share_b");
        switch (stream) {
        case ADVERTISING:
            due = factor * share * revenue;
            assert_true(paid <= revenue + 1e-6);
            break;
        case VIEWS_AND_FUND:
            due = factor * (2.5 * whole(s, t, MEASURE_EXPOSURES, p) / 1000 + 1000);
            assert_true(revenue == 0);
            break;
        case TIPS:
            due = cut > 0 ? revenue / cut * (1 - cut) : INFINITY;
            break;
        default:
            due = fee > 0 ? revenue / fee * scenario_value(scenario, "shop_commission") : INFINITY;
            break;
        }
        for (int k = 0; k < 5; k++)
            income += at(s, t, MEASURE_CREATORS, p, k) * at(s, t, MEASURE_INCOME, p, k);
        /* Amounts are whole millionths: a cut of a millionth tells little of the gross. */
        double error = 1e-5 + (cut > 1e-3 && fee > 1e-3 ? 2e-3 : due);
        if (paid > due * (1 + 1e-9) + error)
            fail_msg("stream %d: %.6f paid of %.6f", (int)stream, paid, due);
        /* Who was seen and has left since the moves before is paid, but counted nowhere. */
        assert_true(fabs(income - paid) <= 1e-9 * (1 + paid));
    }
}

/* ---- A hundred scenarios --------------------------------------------------------------------- */

static void same_values(const struct simulation *a, const struct simulation *b) {
    assert_int_equal(a->n_series, b->n_series);
    assert_memory_equal(a->values, b->values, a->periods * a->n_series * sizeof *a->values);
}

static void laws_hold(void **state) {
    (void)state;
    size_t n_policies = 0;
    while (policy_classes[n_policies])
        n_policies++;
    for (uint32_t i = 0; i < SCENARIOS; i++) {
        struct random_stream stream;
        random_open(&stream, SEED, i, 0, 0, 0);
        struct scenario scenario = draw(&stream);
        const struct policy_class *a = policy_classes[below(&stream, (uint32_t)n_policies)];
        const struct policy_class *b = policy_classes[below(&stream, (uint32_t)n_policies)];
        enum stream money = (enum stream)(i % STREAMS);
        choose_stream(&scenario, money);
        set(&scenario, "shock_users", 0);
        print_message("seed %d, scenario %u: %s and %s\n", SEED, i, a->name, b->name);
        struct simulation pushed = run(&scenario, a, b, 1 + (int)(i % 3));
        set(&scenario, "shock_period", 0);
        struct simulation calm = run(&scenario, a, b, 1);
        same_values(&pushed, &calm); /* a shock to nobody, and other threads */
        simulation_free(&pushed);
        double there = 1 - scenario_value(&scenario, "user_share_b") -
                       scenario_value(&scenario, "user_share_none");
        set(&scenario, "shock_period", 1 + below(&stream, 4));
        set(&scenario, "shock_users",
            floor(there * scenario_value(&scenario, "users") *
                  scenario_value(&scenario, "user_weight") * random_uniform(&stream)));
        struct simulation shocked = run(&scenario, a, b, 1);
        struct simulation *both[] = {&calm, &shocked};
        for (int k = 0; k < 2; k++)
            for (size_t t = 0; t < both[k]->periods; t++) {
                values_can_be(both[k], t);
                users_are_kept(both[k], &scenario, t);
                groups_add_up(both[k], t);
                views_add_up(both[k], &scenario, t);
                money_adds_up(both[k], &scenario, money, t);
            }
        simulation_free(&calm);
        simulation_free(&shocked);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(laws_hold)};
    return cmocka_run_group_tests_name("ranking-conservation", tests, NULL, NULL);
}
