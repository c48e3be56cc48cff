/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Languages: who has which, what that does to choices, and what the device's language does to what
 * is shown. */
#include "stage.h"

#include "ranking/interest.h"
#include "ranking/purpose.h"
#include "ranking/sessions.h"
#include "ranking/simulate.h"

/* ---- Who has which --------------------------------------------------------------------------- */

static void dealt_out(void **state) {
    (void)state;
    struct scenario scenario = worlds_scenario(
        "users=20000", "creators=4000", "user_share_b=0.3", "user_share_both=0.2",
        "user_share_none=0.1", "creator_share_b=0.25", "creator_share_both=0.25",
        "class_2_share=0.3", "language_2_users_a=0.1", "language_3_users_a=0.05",
        "language_2_users_b=0.7", "language_2_creators_a=0.2", "language_2_creators_b=0.6",
        "language_1_read=0.4", "language_3_read=0.25", NULL);
    struct settings settings = worlds_settings(&scenario);
    struct world *world = worlds_create(&settings, 1);
    assert_int_equal(settings.n_languages, 3);
    double n[HOMES] = {0}, second[HOMES] = {0}, rich = 0, both = 0, read[2] = {0}, others[2] = {0};
    for (size_t u = 0; u < world->users.n; u++) {
        uint8_t own = world->users.languages[u], reads = world->users.reads[u];
        n[world->users.homes[u]]++;
        second[world->users.homes[u]] += own == 1;
        rich += world->users.classes[u] == 1;
        both += world->users.classes[u] == 1 && own == 1;
        assert_true(reads >> own & 1);
        others[0] += own != 0, read[0] += own != 0 && (reads & 1);
        others[1] += own != 2, read[1] += own != 2 && (reads >> 2 & 1);
        assert_true(own == 1 || !(reads >> 1 & 1)); /* nobody learns it */
    }
    /* 8,000 on A only and 6,000 on B only: the others are as these together. */
    double mixed = (8000 * 0.1 + 6000 * 0.7) / 14000;
    assert_true(fabs(second[HOME_A] / n[HOME_A] - 0.1) < 2e-3);
    assert_true(fabs(second[HOME_B] / n[HOME_B] - 0.7) < 2e-3);
    assert_true(fabs(second[HOME_BOTH] / n[HOME_BOTH] - mixed) < 2e-3);
    assert_true(fabs(second[HOME_NONE] / n[HOME_NONE] - mixed) < 2e-3);
    double all = second[HOME_A] + second[HOME_B] + second[HOME_BOTH] + second[HOME_NONE];
    assert_true(fabs(both / rich - all / 20000) < 2e-3); /* class and language go by themselves */
    worlds_near(read[0] / others[0], 0.4, sqrt(0.4 * 0.6 / others[0]), 4);
    worlds_near(read[1] / others[1], 0.25, sqrt(0.25 * 0.75 / others[1]), 4);
    double creators[HOMES] = {0}, spoken[HOMES] = {0};
    for (size_t c = 0; c < 4000; c++) {
        creators[world->creators.homes[c]]++;
        spoken[world->creators.homes[c]] += world->creators.languages[c] == 1;
    }
    assert_true(fabs(spoken[HOME_A] / creators[HOME_A] - 0.2) < 2e-3);
    assert_true(fabs(spoken[HOME_B] / creators[HOME_B] - 0.6) < 2e-3);
    /* Who comes speaks what is spoken where. */
    size_t came[PLATFORMS] = {0};
    for (size_t c = 0; c < 4000; c++)
        for (int p = 0; p < PLATFORMS; p++) {
            world_speak(world, c, p);
            came[p] += world->creators.languages[c] == 1;
        }
    assert_true(fabs((double)came[PLATFORM_A] / 4000 - 0.2) < 2e-3);
    assert_true(fabs((double)came[PLATFORM_B] / 4000 - 0.6) < 2e-3);
    world_destroy(world);
}

/* ---- Sessions -------------------------------------------------------------------------------- */

/* One round of a rule on A and B. */
static void hold(struct world *world, const struct policy_class *class, int threads) {
    struct desk desks[PLATFORMS] = {0};
    struct sessions *sessions = NULL;
    struct error err = {0};
    for (int p = 0; p < PLATFORMS; p++) {
        assert_int_equal(policy_open(&desks[p].trial, class, world, p, &err), 0);
        desks[p].alike = true, desks[p].serving = &desks[p].trial;
        policy_round_begin(&desks[p].trial);
    }
    assert_int_equal(sessions_open(&sessions, world, &err), 0);
    assert_int_equal(sessions_hold(sessions, desks, NULL, threads, &err), 0);
    sessions_close(sessions);
    for (int p = 0; p < PLATFORMS; p++)
        policy_close(&desks[p].trial);
}

static double share_on_shelf(const struct shelf *shelf, uint8_t language) {
    double n = 0;
    for (size_t i = 0; i < shelf->n; i++)
        n += shelf->languages[i] == language;
    return n / (double)shelf->n;
}

/* By chance a slate of m of n items holds a hypergeometric number of those in a language, with
 * variance m p (1 - p) (n - m)/(n - 1), whatever the penalty: nothing is learnt. */
static void chance_is_blind(void **state) {
    (void)state;
    struct scenario scenario =
        worlds_scenario("users=4000", "creators=60", "sessions=10", "rounds=1", "user_share_none=0",
                        "language_2_users_a=0.4", "language_2_users_b=0.5",
                        "language_2_creators_a=0.3", "language_2_creators_b=0.8", NULL);
    struct settings settings = worlds_settings(&scenario);
    struct world *world = worlds_create(&settings, 2);
    world_publish(world);
    hold(world, &policy_random, 2);
    for (int p = 0; p < PLATFORMS; p++)
        for (uint8_t k = 0; k < 2; k++) {
            const struct shelf *shelf = &world->platforms[p].shelf;
            const struct reading *reading = &world->platforms[p].period.languages[k];
            double own = share_on_shelf(shelf, k), n = (double)shelf->n, m = 10;
            double variance = m * own * (1 - own) * (n - m) / (n - 1);
            assert_int_equal(reading->shown, 10 * reading->sessions);
            print_message("seed 2: language %d on %d: %.4f of the items, %.4f of those shown\n", k,
                          p, own, (double)reading->own / (double)reading->shown);
            worlds_near((double)reading->own, (double)reading->shown * own,
                        sqrt((double)reading->sessions * variance), 4);
        }
    world_destroy(world);
}

/* All items alike, and all of them shown, i in the user's language and j in the other: one of the
 * first is taken with probability i / (e^v0 + i + j e^-penalty), one of the others e^-penalty times
 * as often (McFadden 1974); those who read both do not care. */
static void penalty_in_the_logit(void **state) {
    (void)state;
    struct scenario scenario = worlds_scenario(
        "users=40000", "creators=8", "items=1", "item_life=1", "sessions=5", "rounds=1",
        "taste_weight=0", "appeal_spread=0", "item_spread=0", "tier_appeal=0", "outside_utility=1",
        "user_share_b=0", "user_share_both=0", "user_share_none=0", "creator_share_b=0",
        "creator_share_both=0", "language_2_creators_a=0.4", "language_2_users_b=1",
        "language_2_read=0.25", "language_penalty=1.5", NULL);
    struct settings settings = worlds_settings(&scenario);
    struct world *world = worlds_create(&settings, 3);
    world_publish(world);
    const struct shelf *shelf = &world->platforms[PLATFORM_A].shelf;
    hold(world, &policy_random, 2);
    double j = share_on_shelf(shelf, 1) * (double)shelf->n, i = (double)shelf->n - j;
    assert_true(i > 0 && j > 0 && i + j <= 10);
    double reads = 0, n = (double)world->platforms[PLATFORM_A].period.sessions;
    for (size_t u = 0; u < world->users.n; u++)
        reads += world->users.reads[u] == 3;
    reads /= (double)world->users.n;
    double strange = exp(1.0) + i + j * exp(-1.5), known = exp(1.0) + i + j;
    const double expected[2] = {(1 - reads) * i / strange + reads * i / known,
                                (1 - reads) * j * exp(-1.5) / strange + reads * j / known};
    double taken[2] = {0};
    for (size_t k = 0; k < shelf->n; k++)
        taken[shelf->languages[k]] += world->items.engagements[PLATFORM_A][shelf->items[k]];
    for (int k = 0; k < 2; k++) {
        print_message("seed 3: %.0f and %.0f items, language %d taken in %.4f, expected %.4f\n", i,
                      j, k, taken[k] / n, expected[k]);
        worlds_near(taken[k], n * expected[k], sqrt(n * expected[k] * (1 - expected[k])), 4);
    }
    /* A session's worth is the log-sum. */
    double worth = (1 - reads) * log(strange / exp(1.0)) + reads * log(known / exp(1.0));
    double found = (double)world->platforms[PLATFORM_A].period.utility * WORLD_UTILITY / n;
    assert_true(fabs(found - worth) < 1e-5);
    world_destroy(world);
}

/* ---- Policies -------------------------------------------------------------------------------- */

static const struct policy_class *const heedful[] = {&policy_foryou, &policy_viability,
                                                     &policy_transparent};

/* With a weight beyond all others a slate is in the device's language as long as there is enough in
 * it; where there is not, what there is comes first. */
static void own_language_first(void **state) {
    (void)state;
    static const char *const some[] = {"language_2_creators_a=0.5", "language_2_creators_a=0.05"};
    for (size_t i = 0; i < 6; i++) {
        struct scenario scenario = worlds_scenario(
            "users=200", "creators=40", "candidates=1000", "creator_gap=0", "exploration=0",
            "diversity=0", "device_language=100", "dial_language=100", "creator_share_both=0",
            "language_2_users_a=0.5", some[i % 2], NULL);
        struct stage stage;
        struct slate slate;
        open_stage(&stage, heedful[i / 2], &scenario);
        const struct shelf *shelf = &stage.world->platforms[PLATFORM_A].shelf;
        for (uint32_t u = 0; u < 100; u++) {
            uint8_t own = world_language(stage.world, u);
            size_t there = (size_t)lround(share_on_shelf(shelf, own) * (double)shelf->n);
            assert_true(there > 0 && (i % 2 == 0 || own == 0 || there < 10));
            serve(&stage, u, &slate);
            assert_int_equal(slate.n, 10);
            for (size_t place = 0; place < slate.n; place++)
                assert_int_equal(world_own_language(stage.world, u, shelf, slate.positions[place]),
                                 place < there);
        }
        close_stage(&stage);
    }
}

/* Without a profile: what is popular, in the language of the device first, in the same order. */
static void cold_start_by_language(void **state) {
    (void)state;
    struct scenario scenario = worlds_scenario(
        "users=50", "creators=30", "candidates=1000", "creator_gap=0", "exploration=0", "slate=8",
        "creator_share_both=0", "creator_share_b=0", "device_language=100",
        "language_2_users_a=0.5", "language_2_creators_a=0.5", NULL);
    struct stage stage;
    struct slate slate;
    open_stage(&stage, &policy_foryou, &scenario);
    const struct shelf *shelf = &stage.world->platforms[PLATFORM_A].shelf;
    for (size_t i = 0; i < shelf->n; i++) { /* the later on the shelf, the more often taken up */
        stage.world->items.exposures[PLATFORM_A][shelf->items[i]] = 1000;
        stage.world->items.engagements[PLATFORM_A][shelf->items[i]] = (uint32_t)i;
    }
    policy_round_begin(&stage.policy);
    for (uint32_t u = 0; u < 20; u++) {
        serve(&stage, u, &slate);
        size_t place = 0;
        for (size_t i = shelf->n; i > 0 && place < slate.n; i--)
            if (world_own_language(stage.world, u, shelf, (uint32_t)(i - 1)))
                assert_int_equal(slate.positions[place++], i - 1);
        assert_int_equal(place, 8);
    }
    close_stage(&stage);
}

/* Users of several languages may be scored at once. */
static void together_as_alone(void **state) {
    (void)state;
    struct scenario scenario =
        worlds_scenario("users=50", "creators=60", "device_language=0.5", "language_2_users_a=0.5",
                        "language_2_creators_a=0.5", NULL);
    struct stage stage;
    open_stage(&stage, &policy_foryou, &scenario);
    struct session sessions[POLICY_TOGETHER], *pointers[POLICY_TOGETHER];
    struct candidates candidates[POLICY_TOGETHER];
    struct kernel_top tops[POLICY_TOGETHER], alone;
    size_t second = 0;
    for (uint32_t u = 0; u < POLICY_TOGETHER; u++) {
        sessions[u] = (struct session){u, &stage.retrieving, &stage.exploring};
        pointers[u] = &sessions[u];
        candidates[u] = (struct candidates){u / 2, 6};
        second += world_language(stage.world, u);
    }
    assert_true(second > 0 && second < POLICY_TOGETHER && stage.policy.shelf->blocks >= 6);
    policy_score(&stage.policy, pointers, candidates, POLICY_TOGETHER, tops);
    for (size_t u = 0; u < POLICY_TOGETHER; u++) {
        policy_score(&stage.policy, &pointers[u], &candidates[u], 1, &alone);
        assert_int_equal(tops[u].found, alone.found);
        assert_memory_equal(tops[u].keys, alone.keys, alone.found * sizeof *alone.keys);
    }
    close_stage(&stage);
}

/* The parts of a score add up to it. Other rules say nothing of languages, and none does where
 * there is one. */
static void explained(void **state) {
    (void)state;
    struct scenario scenario =
        worlds_scenario("users=50", "creators=30", "device_language=1.5", "dial_language=0.75",
                        "language_2_users_a=0.5", "language_2_creators_a=0.5", NULL);
    static const double own[] = {0, 0, 0.75}, other[] = {-1.5, -1.5, 0};
    struct term terms[POLICY_TERMS];
    for (int i = 0; i < 3; i++) {
        struct stage stage;
        open_stage(&stage, heedful[i], &scenario);
        const struct shelf *shelf = &stage.world->platforms[PLATFORM_A].shelf;
        for (uint32_t position = 0; position < shelf->n; position++) {
            struct session session = {3, &stage.retrieving, &stage.exploring};
            float room[POLICY_DIMENSIONS];
            struct query query;
            double sum = 0;
            size_t n = policy_explain(&stage.policy, 3, position, terms);
            stage.policy.class->query(&stage.policy, &session, room, &query);
            for (size_t k = 0; k < n; k++)
                sum += terms[k].value;
            assert_true(fabs(sum - (double)query.biases[position]) < 1e-6); /* no profile yet */
            assert_string_equal(terms[n - 1].name, "language");
            bool match = shelf->languages[position] == world_language(stage.world, 3);
            assert_true(terms[n - 1].value == (match ? own[i] : other[i]));
        }
        close_stage(&stage);
    }
    struct stage stage;
    open_stage(&stage, &policy_popularity, &scenario);
    assert_int_equal(policy_explain(&stage.policy, 3, 0, terms), 2);
    close_stage(&stage);
    scenario = worlds_scenario("users=50", "creators=30", "device_language=1", NULL);
    open_stage(&stage, &policy_foryou, &scenario);
    assert_int_equal(policy_explain(&stage.policy, 3, 0, terms), 2);
    close_stage(&stage);
}

/* What the device says need not be learnt: from a slate of which nothing was taken, the profile
 * moves by -rate sum P_i x_i, P_i the share that b_i and the device's language give item i. */
static void profile_beside_the_device(void **state) {
    (void)state;
    struct scenario scenario = worlds_scenario(
        "users=50", "creators=30", "device_language=2", "learning_rate=0.5", "creator_share_both=0",
        "language_2_users_a=0.5", "language_2_creators_a=0.5", NULL);
    struct stage stage;
    open_stage(&stage, &policy_foryou, &scenario);
    const struct shelf *shelf = &stage.world->platforms[PLATFORM_A].shelf;
    struct slate slate = {.n = 6, .positions = {0, 1, 2, 3, 4, 5}};
    const struct reaction nothing = {.chosen = -1, .dismissed = -1};
    struct session session = {1, &stage.retrieving, &stage.exploring};
    const struct interest *interest = stage.policy.state;
    policy_feedback(&stage.policy, &session, &slate, &nothing);
    double weights[6], all = 1;
    bool some[2] = {false, false};
    for (uint32_t i = 0; i < 6; i++) {
        bool own = shelf->languages[i] == world_language(stage.world, 1);
        some[own] = true;
        weights[i] = exp((double)interest->biases[i] - (own ? 0 : 2));
        all += weights[i];
    }
    assert_true(some[0] && some[1]);
    size_t d = stage.world->dimensions;
    for (size_t k = 0; k < d; k++) {
        double expected = 0;
        for (size_t i = 0; i < 6; i++)
            expected -= 0.5 * weights[i] / all * (double)shelf->rows[i * d + k];
        assert_true(fabs((double)interest->profiles[1 * d + k] - expected) < 1e-6);
    }
    close_stage(&stage);
}

/* ---- Whole simulations ----------------------------------------------------------------------- */

static struct simulation run(const struct scenario *scenario, const struct policy_class *a,
                             const struct policy_class *b, int threads) {
    struct calibration calibration;
    struct simulation simulation;
    struct error err = {0};
    struct simulate_options options = {
        .seed = 4, .replications = 2, .threads = threads, .policies = {a, b}, .baseline = {a, b}};
    calibrate_default(&calibration);
    if (simulate_run(&simulation, scenario, &calibration, &options, &err))
        fail_msg("%s", err.text);
    calibrate_free(&calibration);
    return simulation;
}

static double at(const struct simulation *simulation, size_t row, enum measure measure,
                 int platform, int part) {
    size_t i = 0;
    while (simulation->series[i].measure != measure || simulation->series[i].platform != platform ||
           simulation->series[i].tier != part)
        i++;
    assert_true(i < simulation->n_series);
    return simulation->values[row * simulation->n_series + i];
}

static bool same(double a, double b) {
    return isnan(a) ? isnan(b) : a == b;
}

#define SHOCKED                                                                                    \
    "users=400", "creators=50", "periods=5", "warm_up=3", "shock_period=2", "shock_users=60",      \
        "user_contagion=2", "creator_contagion=1", "warm_start=0.5", "taste_drift=0.05"
#define LANGUAGES                                                                                  \
    "language_2_users_a=0.1", "language_2_users_b=0.7", "language_3_users_b=0.1",                  \
        "language_2_creators_a=0.1", "language_2_creators_b=0.8", "language_3_creators_b=0.05",    \
        "language_1_read=0.5"

/* Languages without penalty and weight change nothing but who is counted where: under common random
 * numbers the same people, luck and moves. Parts add up to the whole. */
static void no_effect(void **state) {
    (void)state;
    static const struct policy_class *const rules[][PLATFORMS] = {
        {&policy_foryou, &policy_transparent},
        {&policy_viability, &policy_pools},
        {&policy_popularity, &policy_following}};
    struct scenario one = worlds_scenario(SHOCKED, NULL);
    struct scenario three = worlds_scenario(SHOCKED, LANGUAGES, "user_share_both=0.05", NULL);
    for (int i = 0; i < 3; i++) {
        struct simulation a = run(&one, rules[i][0], rules[i][1], 2);
        struct simulation b = run(&three, rules[i][0], rules[i][1], 2);
        for (size_t row = 0; row < a.replications * a.periods; row++) {
            for (size_t k = 0; k < a.n_series; k++) {
                const struct series *s = &a.series[k];
                assert_true(same(a.values[row * a.n_series + k],
                                 at(&b, row, s->measure, s->platform, s->tier)));
            }
            for (size_t k = 0; k < b.n_series; k++) {
                const struct series *s = &b.series[k];
                if (!measure_of_users(s->measure) || s->tier != SERIES_ALL)
                    continue;
                bool mean = s->measure == MEASURE_UTILITY || s->measure == MEASURE_LANGUAGE_MATCH;
                double sum = 0, n = 0;
                for (int l = WORLD_CLASSES; l < WORLD_CLASSES + 3; l++) {
                    double part = at(&b, row, s->measure, s->platform, l);
                    double weight = mean ? at(&b, row, MEASURE_SESSIONS, s->platform, l) : 1;
                    sum += weight > 0 ? weight * part : 0;
                    n += weight;
                }
                double whole = at(&b, row, s->measure, s->platform, SERIES_ALL);
                assert_true(fabs(sum / (mean ? n : 1) - whole) <= 1e-9 * (1 + fabs(whole)));
            }
        }
        simulation_free(&a);
        simulation_free(&b);
    }
}

static void any_threads(void **state) {
    (void)state;
    struct scenario scenario =
        worlds_scenario(SHOCKED, LANGUAGES, "users=3000", "language_penalty=2",
                        "device_language=1.5", "dial_language=0.5", NULL);
    struct simulation one = run(&scenario, &policy_foryou, &policy_transparent, 1);
    static const int threads[] = {2, 4, 7};
    for (int i = 0; i < 3; i++) {
        struct simulation other = run(&scenario, &policy_foryou, &policy_transparent, threads[i]);
        assert_memory_equal(one.values, other.values,
                            one.replications * one.periods * one.n_series * sizeof *one.values);
        simulation_free(&other);
    }
    simulation_free(&one);
}

/* A in the first language and B in the second, or the other way round: the same people meet the
 * same, and are counted in each other's place. */
static void renamed(void **state) {
    (void)state;
    struct scenario first =
        worlds_scenario(SHOCKED, "user_share_both=0", "user_share_none=0", "creator_share_both=0",
                        "language_penalty=2", "device_language=1", "dial_language=0.5",
                        "language_2_users_b=1", "language_2_creators_b=1", NULL);
    struct scenario second =
        worlds_scenario(SHOCKED, "user_share_both=0", "user_share_none=0", "creator_share_both=0",
                        "language_penalty=2", "device_language=1", "dial_language=0.5",
                        "language_2_users_a=1", "language_2_creators_a=1", NULL);
    struct simulation a = run(&first, &policy_foryou, &policy_transparent, 1);
    struct simulation b = run(&second, &policy_foryou, &policy_transparent, 1);
    for (size_t row = 0; row < a.replications * a.periods; row++)
        for (size_t k = 0; k < a.n_series; k++) {
            const struct series *s = &a.series[k];
            int part = measure_of_users(s->measure) && s->tier >= WORLD_CLASSES
                           ? 2 * WORLD_CLASSES + 1 - s->tier
                           : s->tier;
            assert_true(
                same(a.values[row * a.n_series + k], at(&b, row, s->measure, s->platform, part)));
        }
    simulation_free(&a);
    simulation_free(&b);
}

/* A rule that looks at the device shows more that is read, which is worth more where nobody reads
 * what is not in the own language. */
static void worth_heeding(void **state) {
    (void)state;
    struct scenario blind = worlds_scenario(SHOCKED, LANGUAGES, "creators=200", "language_1_read=0",
                                            "language_penalty=3", NULL);
    struct scenario heeding =
        worlds_scenario(SHOCKED, LANGUAGES, "creators=200", "language_1_read=0",
                        "language_penalty=3", "device_language=3", NULL);
    struct simulation a = run(&blind, &policy_foryou, &policy_foryou, 2);
    struct simulation b = run(&heeding, &policy_foryou, &policy_foryou, 2);
    for (size_t row = 0; row < a.replications * a.periods; row++) {
        assert_true(at(&b, row, MEASURE_LANGUAGE_MATCH, PLATFORM_B, SERIES_ALL) >
                    at(&a, row, MEASURE_LANGUAGE_MATCH, PLATFORM_B, SERIES_ALL) + 0.05);
        assert_true(at(&b, row, MEASURE_UTILITY, PLATFORM_B, SERIES_ALL) >
                    at(&a, row, MEASURE_UTILITY, PLATFORM_B, SERIES_ALL));
    }
    simulation_free(&a);
    simulation_free(&b);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(dealt_out),
        cmocka_unit_test(chance_is_blind),
        cmocka_unit_test(penalty_in_the_logit),
        cmocka_unit_test(own_language_first),
        cmocka_unit_test(cold_start_by_language),
        cmocka_unit_test(together_as_alone),
        cmocka_unit_test(explained),
        cmocka_unit_test(profile_beside_the_device),
        cmocka_unit_test(no_effect),
        cmocka_unit_test(any_threads),
        cmocka_unit_test(renamed),
        cmocka_unit_test(worth_heeding),
    };
    return cmocka_run_group_tests_name("ranking-language", tests, NULL, NULL);
}
