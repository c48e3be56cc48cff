/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Whole simulations: identities in every period, the same bytes for any number of threads, and
 * what policies and shocks must do. */
#include "worlds.h"

#include "ranking/sessions.h"
#include "ranking/simulate.h"

#include <stdatomic.h>

static const struct policy_class *const random_policy[] = {&policy_random, &policy_random};

/* How far the progress that was reported went; every report in any thread raises it. */
struct progress {
    atomic_ullong reports, most, total;
};

static void note_progress(void *context, uint64_t done, uint64_t total) {
    struct progress *progress = context;
    atomic_fetch_add(&progress->reports, 1);
    unsigned long long most = atomic_load(&progress->most);
    while (done > most && !atomic_compare_exchange_weak(&progress->most, &most, done))
        continue;
    atomic_store(&progress->total, total);
}

static struct simulation run(const struct scenario *scenario,
                             const struct policy_class *const *policies,
                             const struct policy_class *const *baseline, uint32_t seed,
                             uint32_t replications, int threads) {
    struct calibration calibration;
    struct simulation simulation;
    struct error err = {0};
    struct progress progress = {0};
    struct simulate_options options = {.seed = seed,
                                       .replications = replications,
                                       .threads = threads,
                                       .progress = note_progress,
                                       .progress_context = &progress,
                                       .policies = {policies[0], policies[1]},
                                       .baseline = {baseline[0], baseline[1]}};
    calibrate_default(&calibration);
    if (simulate_run(&simulation, scenario, &calibration, &options, &err))
        fail_msg("%s", err.text);
    calibrate_free(&calibration);
    assert_int_equal(progress.most, progress.total);
    assert_int_equal(progress.reports, progress.total);
    return simulation;
}

static size_t find(const struct simulation *simulation, enum measure measure, int platform,
                   int tier) {
    size_t i = 0;
    while (simulation->series[i].measure != measure || simulation->series[i].platform != platform ||
           simulation->series[i].tier != tier)
        i++;
    assert_true(i < simulation->n_series);
    return i;
}

/* period from 0 */
static double at(const struct simulation *simulation, size_t replication, size_t period,
                 enum measure measure, int platform, int tier) {
    return simulation->values[(replication * simulation->periods + period) * simulation->n_series +
                              find(simulation, measure, platform, tier)];
}

static double mean(const struct simulation *simulation, size_t period, enum measure measure,
                   int platform) {
    struct simulate_summary summary;
    struct error err = {0};
    assert_int_equal(simulate_summarise(simulation, period,
                                        find(simulation, measure, platform, SERIES_ALL), 0.95,
                                        &summary, &err),
                     0);
    return summary.mean;
}

static void same_for_any_threads(void **state) {
    (void)state;
    static const struct policy_class *const policies[] = {&policy_foryou, &policy_popularity};
    struct scenario scenario = worlds_scenario("users=200", "creators=40", "periods=5", "warm_up=2",
                                               "shock_period=2", "shock_users=20", NULL);
    struct simulation one = run(&scenario, policies, random_policy, 7, 6, 1);
    size_t bytes = one.replications * one.periods * one.n_series * sizeof *one.values;
    print_message("seed 7: worlds for 1, 2, 4 and 7 threads\n");
    static const int threads[] = {2, 4, 7};
    for (int i = 0; i < 3; i++) {
        struct simulation other = run(&scenario, policies, random_policy, 7, 6, threads[i]);
        assert_memory_equal(one.values, other.values, bytes);
        assert_int_equal(one.sessions, other.sessions);
        simulation_free(&other);
    }
    struct simulation other = run(&scenario, policies, random_policy, 8, 6, 4);
    assert_memory_not_equal(one.values, other.values, bytes);
    simulation_free(&other);
    simulation_free(&one);
}

/* One world shared by several threads, in batches of other sizes each time: with everything on that
 * a user can do, and with users on both platforms. */
static void one_world_for_any_threads(void **state) {
    (void)state;
    static const struct policy_class *const policies[] = {&policy_foryou, &policy_transparent};
    static const struct policy_class *const baseline[] = {&policy_foryou, &policy_following};
    struct scenario scenario =
        worlds_scenario("users=2500", "creators=1200", "periods=3", "warm_up=2", "sessions=7",
                        "rounds=3", "user_share_both=0.4", "taste_drift=0.1", "follow_rate=0.3",
                        "outage_period=2", "outage_share=0.5", "shock_period=2", "shock_users=200",
                        "seen=15", "class_2_share=0.3", NULL);
    struct simulation one = run(&scenario, policies, baseline, 3, 1, 1);
    size_t bytes = one.replications * one.periods * one.n_series * sizeof *one.values;
    print_message("seed 3: one world for 1, 2, 3 and 8 threads\n");
    static const int threads[] = {2, 3, 8};
    for (int i = 0; i < 3; i++) {
        struct simulation other = run(&scenario, policies, baseline, 3, 1, threads[i]);
        assert_memory_equal(one.values, other.values, bytes);
        assert_int_equal(one.sessions, other.sessions);
        simulation_free(&other);
    }
    simulation_free(&one);
}

/* The same users and creators in another order, under rules that draw as well as rules that score:
 * every measure is the same but for the order of sums, and the person is shown the same. */
static void relabelled(void **state) {
    (void)state;
    static const struct policy_class *const rules[][PLATFORMS] = {
        {&policy_foryou, &policy_pools},
        {&policy_random, &policy_transparent},
        {&policy_viability, &policy_following},
        {&policy_popularity, &policy_foryou},
    };
    struct scenario scenario = worlds_scenario(
        "users=300", "creators=50", "periods=5", "warm_up=3", "shock_period=2", "shock_users=40",
        "user_share_both=0.2", "creator_share_both=0.2", "both_cost=0.3", "output_split=0.3",
        "class_2_share=0.2", "class_2_arpu=5", "user_contagion=2", "creator_contagion=2",
        "thompson=1", "seen=20", "outage_period=4", "outage_share=0.5", "threshold_spread=0.1",
        "exodus_period=3", "taste_drift=0.05", "warm_start=0.5", "tip_a=0.01",
        "language_2_users_a=0.3", "language_3_creators_b=0.4", "language_1_read=0.5",
        "language_penalty=1", "device_language=0.5", "dial_language=0.5", NULL);
    struct calibration calibration;
    struct error err = {0};
    calibrate_default(&calibration);
    for (int i = 0; i < 4; i++) {
        struct simulation a, b;
        struct simulate_options options = {.seed = 3,
                                           .replications = 2,
                                           .threads = 2,
                                           .policies = {rules[i][0], rules[i][1]},
                                           .baseline = {&policy_foryou, &policy_foryou},
                                           .explain = true,
                                           .explain_user = 217};
        assert_int_equal(simulate_run(&a, &scenario, &calibration, &options, &err), 0);
        options.first_user = 100, options.first_creator = 23, options.explain_user = 117;
        assert_int_equal(simulate_run(&b, &scenario, &calibration, &options, &err), 0);
        print_message("seed %u: users and creators in another order, rules %d\n", options.seed, i);
        for (size_t k = 0; k < a.replications * a.periods * a.n_series; k++)
            assert_true(isnan(a.values[k])
                            ? isnan(b.values[k])
                            : fabs(a.values[k] - b.values[k]) <= 1e-9 * (1 + fabs(a.values[k])));
        assert_int_equal(a.n_shown, b.n_shown);
        for (size_t k = 0; k < a.n_shown; k++) {
            assert_int_equal(a.shown[k].tier, b.shown[k].tier);
            assert_int_equal(a.shown[k].n, b.shown[k].n);
            /* Newcomers have numbers behind those who are there at the start. */
            assert_true(a.shown[k].creator >= 23 ? b.shown[k].creator == a.shown[k].creator - 23
                                                 : b.shown[k].creator > a.shown[k].creator);
        }
        simulation_free(&a);
        simulation_free(&b);
    }
    calibrate_free(&calibration);
}

/* In every period of every replication. */
static void identities(void **state) {
    (void)state;
    static const struct policy_class *const policies[] = {&policy_foryou, &policy_popularity};
    enum { USERS = 400, WEIGHT = 50, SESSIONS = 4, SLATE = 6 };
    struct scenario scenario = worlds_scenario(
        "users=400", "user_weight=50", "sessions=4", "slate=6", "creators=60", "creator_weight=3",
        "arpu_a=1.5", "arpu_b=0.5", "user_leave_a=0.1", "user_adopt=0.05", "switching_cost=1",
        "revenue_share_b=0", "payout_per_thousand_b=2", "shock_period=3", "shock_users=3000",
        "periods=8", NULL);
    struct simulation s = run(&scenario, policies, policies, 1, 4, 4);
    for (size_t r = 0; r < s.replications; r++)
        for (size_t t = 0; t < s.periods; t++) {
            double a = at(&s, r, t, MEASURE_USERS, PLATFORM_A, SERIES_ALL);
            double b = at(&s, r, t, MEASURE_USERS, PLATFORM_B, SERIES_ALL);
            double both = at(&s, r, t, MEASURE_USERS, SERIES_BOTH, SERIES_ALL);
            double none = at(&s, r, t, MEASURE_USERS, SERIES_NONE, SERIES_ALL);
            assert_true(a + b - both + none == USERS * WEIGHT);
            double sessions[PLATFORMS], all = 0;
            for (int p = 0; p < PLATFORMS; p++) {
                sessions[p] = at(&s, r, t, MEASURE_SESSIONS, p, SERIES_ALL);
                all += sessions[p];
                assert_true(at(&s, r, t, MEASURE_EXPOSURES, p, SERIES_ALL) == sessions[p] * SLATE);
                double shares = 0, creators = 0, income = 0;
                for (int k = 0; k < 5; k++) {
                    double n = at(&s, r, t, MEASURE_CREATORS, p, k);
                    shares += at(&s, r, t, MEASURE_EXPOSURE_SHARE, p, k);
                    creators += n;
                    income += n > 0 ? n * at(&s, r, t, MEASURE_INCOME, p, k) : 0;
                }
                double paid = at(&s, r, t, MEASURE_PAID, p, SERIES_ALL);
                assert_true(fabs(shares - 1) < 1e-12);
                assert_true(creators == at(&s, r, t, MEASURE_CREATORS, p, SERIES_ALL));
                assert_true(fabs(income / paid - 1) < 1e-12);
            }
            assert_true(all == (USERS * WEIGHT - none) * SESSIONS);
            assert_true(fabs(at(&s, r, t, MEASURE_REVENUE, PLATFORM_A, SERIES_ALL) -
                             1.5 * sessions[PLATFORM_A] / SESSIONS) < 1e-6);
            /* 2 for each 1000 exposures, less what rounding leaves: a millionth a creator. */
            double owed = 2 * SLATE * sessions[PLATFORM_B] / 1000;
            double paid = at(&s, r, t, MEASURE_PAID, PLATFORM_B, SERIES_ALL);
            assert_true(paid <= owed + 1e-9 && paid > owed - 1e-3);
            if (t + 1 == s.periods)
                continue;
            for (int p = 0; p < PLATFORMS; p++) {
                double next = at(&s, r, t, MEASURE_USERS, p, SERIES_ALL) +
                              at(&s, r, t, MEASURE_USER_ARRIVALS, p, SERIES_ALL) -
                              at(&s, r, t, MEASURE_USER_EXITS_OTHER, p, SERIES_ALL) -
                              at(&s, r, t, MEASURE_USER_EXITS_GONE, p, SERIES_ALL);
                assert_true(next == at(&s, r, t + 1, MEASURE_USERS, p, SERIES_ALL));
            }
        }
    simulation_free(&s);
}

/* Learnt interests are worth more to users than what is popular, and that more than chance. */
static void policies_in_order(void **state) {
    (void)state;
    static const struct policy_class *const popularity[] = {&policy_popularity, &policy_popularity};
    static const struct policy_class *const foryou[] = {&policy_foryou, &policy_foryou};
    struct scenario scenario =
        worlds_scenario("users=400", "creators=100", "periods=6", "warm_up=6", NULL);
    struct simulation a = run(&scenario, random_policy, random_policy, 1, 4, 4);
    struct simulation b = run(&scenario, popularity, popularity, 1, 4, 4);
    struct simulation c = run(&scenario, foryou, foryou, 1, 4, 4);
    double chance = mean(&a, 5, MEASURE_UTILITY, PLATFORM_A);
    double popular = mean(&b, 5, MEASURE_UTILITY, PLATFORM_A);
    double learnt = mean(&c, 5, MEASURE_UTILITY, PLATFORM_A);
    assert_true(popular > chance + 0.2);
    assert_true(learnt > popular + 0.2);
    /* Attention is spread most evenly by chance. */
    assert_true(mean(&a, 5, MEASURE_GINI, PLATFORM_A) < mean(&b, 5, MEASURE_GINI, PLATFORM_A));
    simulation_free(&a);
    simulation_free(&b);
    simulation_free(&c);
}

/* The warm-up is the baseline's: two policies on trial start from the same users and creators, and
 * from the same rates. A worse one then loses users by comparison. */
static void trial_against_baseline(void **state) {
    (void)state;
    static const struct policy_class *const foryou[] = {&policy_foryou, &policy_foryou};
    struct scenario scenario = worlds_scenario("users=1000", "creators=100", "periods=8",
                                               "user_leave_a=0.05", "user_sensitivity=2", NULL);
    struct simulation same = run(&scenario, foryou, foryou, 1, 6, 4);
    struct simulation worse = run(&scenario, random_policy, foryou, 1, 6, 4);
    for (size_t r = 0; r < same.replications; r++)
        assert_true(at(&same, r, 0, MEASURE_USERS, PLATFORM_A, SERIES_ALL) ==
                    at(&worse, r, 0, MEASURE_USERS, PLATFORM_A, SERIES_ALL));
    assert_true(mean(&worse, 7, MEASURE_USERS, PLATFORM_A) <
                0.9 * mean(&same, 7, MEASURE_USERS, PLATFORM_A));
    simulation_free(&same);
    simulation_free(&worse);
}

/* Without a shock, people leave in the first period at the rates that were measured, although each
 * of them is the more likely to leave the less there was to like. */
static void first_period_at_base_rates(void **state) {
    (void)state;
    enum { REPLICATIONS = 24 };
    static const struct policy_class *const foryou[] = {&policy_foryou, &policy_foryou};
    struct scenario scenario =
        worlds_scenario("users=800", "creators=400", "periods=1", "user_sensitivity=2",
                        "creator_sensitivity=1", "user_leave_a=0.05", NULL);
    struct settings settings = worlds_settings(&scenario);
    struct simulation s = run(&scenario, foryou, foryou, 1, REPLICATIONS, 4);
    double users = 0, users_expected = 0, creators = 0, creators_expected = 0;
    for (size_t r = 0; r < REPLICATIONS; r++) {
        users += at(&s, r, 0, MEASURE_USER_EXITS_OTHER, PLATFORM_A, SERIES_ALL) +
                 at(&s, r, 0, MEASURE_USER_EXITS_GONE, PLATFORM_A, SERIES_ALL);
        users_expected += 0.05 * at(&s, r, 0, MEASURE_USERS, PLATFORM_A, SERIES_ALL);
        creators += at(&s, r, 0, MEASURE_CREATOR_EXITS, PLATFORM_A, SERIES_ALL);
        for (int k = 0; k < (int)settings.n_tiers; k++)
            creators_expected +=
                settings.tiers[k].left * at(&s, r, 0, MEASURE_CREATORS, PLATFORM_A, k);
    }
    worlds_near(users, users_expected, sqrt(users_expected), 4);
    worlds_near(creators, creators_expected, sqrt(creators_expected), 4);
    simulation_free(&s);
}

/* A shock changes nothing before it, and the number who leave by what was asked for. */
static void shock_in_its_period(void **state) {
    (void)state;
    enum { REPLICATIONS = 16 };
    struct scenario calm = worlds_scenario("users=1000", "creators=60", "periods=4", NULL);
    struct scenario pushed = worlds_scenario("users=1000", "creators=60", "periods=4",
                                             "shock_period=3", "shock_users=200", NULL);
    struct simulation a = run(&calm, random_policy, random_policy, 1, REPLICATIONS, 4);
    struct simulation b = run(&pushed, random_policy, random_policy, 1, REPLICATIONS, 4);
    for (size_t r = 0; r < REPLICATIONS; r++)
        for (size_t t = 0; t < 2; t++)
            for (size_t i = 0; i < a.n_series; i++) {
                size_t index = (r * a.periods + t) * a.n_series + i;
                assert_memory_equal(&a.values[index], &b.values[index], sizeof *a.values);
            }
    double more = mean(&b, 2, MEASURE_USER_EXITS_OTHER, PLATFORM_A) +
                  mean(&b, 2, MEASURE_USER_EXITS_GONE, PLATFORM_A) -
                  mean(&a, 2, MEASURE_USER_EXITS_OTHER, PLATFORM_A) -
                  mean(&a, 2, MEASURE_USER_EXITS_GONE, PLATFORM_A);
    worlds_near(more, 200, sqrt(200.0 / REPLICATIONS), 4);
    simulation_free(&a);
    simulation_free(&b);
}

/* As kappa goes to infinity nobody stays on both, in no world and period after the first. */
static void no_multihoming(void **state) {
    (void)state;
    static const struct policy_class *const foryou[] = {&policy_foryou, &policy_foryou};
    struct scenario scenario =
        worlds_scenario("users=200", "creators=80", "periods=5", "warm_up=2", "both_cost=100",
                        "creator_share_both=0.4", "creator_adopt=0.3", NULL);
    struct simulation s = run(&scenario, foryou, foryou, 5, 4, 2);
    print_message("seed 5: nobody on both for a cost of 100\n");
    for (size_t r = 0; r < s.replications; r++)
        for (size_t t = 0; t < s.periods; t++)
            for (int p = 0; p < PLATFORMS; p++) {
                double both = at(&s, r, t, MEASURE_MULTIHOMING, p, SERIES_ALL);
                assert_true(t == 0 ? both > 0 : both == 0);
            }
    simulation_free(&s);
}

/* Two classes that differ in nothing change nothing but who is counted where, and the parts of each
 * measure add up to the whole. Without sensitivity, as each class has an intercept of its own. */
static void alike_classes(void **state) {
    (void)state;
    static const struct policy_class *const foryou[] = {&policy_foryou, &policy_foryou};
    struct scenario one =
        worlds_scenario("users=300", "creators=40", "periods=4", "warm_up=2", "user_sensitivity=0",
                        "shock_period=2", "shock_users=60", NULL);
    struct scenario two = worlds_scenario("users=300", "creators=40", "periods=4", "warm_up=2",
                                          "user_sensitivity=0", "shock_period=2", "shock_users=60",
                                          "class_2_share=0.3", "class_3_share=0.1", NULL);
    struct simulation a = run(&one, foryou, foryou, 1, 3, 2);
    struct simulation b = run(&two, foryou, foryou, 1, 3, 2);
    assert_true(b.n_series > a.n_series);
    for (size_t r = 0; r < a.replications; r++)
        for (size_t t = 0; t < a.periods; t++) {
            for (size_t i = 0; i < a.n_series; i++) {
                const struct series *s = &a.series[i];
                double x = at(&a, r, t, s->measure, s->platform, s->tier);
                double y = at(&b, r, t, s->measure, s->platform, s->tier);
                assert_true(isnan(x) ? isnan(y) : fabs(x - y) <= 3e-6);
            }
            for (size_t i = 0; i < b.n_series; i++) {
                const struct series *s = &b.series[i];
                if (!measure_of_users(s->measure) || s->measure == MEASURE_UTILITY ||
                    s->tier != SERIES_ALL)
                    continue;
                double sum = 0;
                for (int k = 0; k < 3; k++)
                    sum += at(&b, r, t, s->measure, s->platform, k);
                assert_true(fabs(sum - at(&b, r, t, s->measure, s->platform, SERIES_ALL)) < 1e-9);
            }
            assert_true(at(&b, r, t, MEASURE_ARPU_REVENUE, PLATFORM_A, SERIES_ALL) ==
                        at(&b, r, t, MEASURE_REVENUE, PLATFORM_A, SERIES_ALL));
        }
    simulation_free(&a);
    simulation_free(&b);
}

/* With 5 values 1 to 5 the quantile of type 7 at p lies at 1 + 4 p. */
static void summary_over_replications(void **state) {
    (void)state;
    double values[] = {3, NAN, 5, 1, 4, 2, NAN};
    struct simulation simulation = {
        .replications = 7, .periods = 1, .n_series = 1, .values = values};
    struct simulate_summary summary;
    struct error err = {0};
    assert_int_equal(simulate_summarise(&simulation, 0, 0, 0.5, &summary, &err), 0);
    assert_true(summary.mean == 3);
    assert_true(summary.lower == 2);
    assert_true(summary.upper == 4);
    assert_int_equal(simulate_summarise(&simulation, 0, 0, 0.9, &summary, &err), 0);
    assert_true(fabs(summary.lower - 1.2) < 1e-12);
    assert_true(fabs(summary.upper - 4.8) < 1e-12);
    values[0] = values[2] = values[3] = values[4] = values[5] = NAN;
    assert_int_equal(simulate_summarise(&simulation, 0, 0, 0.9, &summary, &err), 0);
    assert_true(isnan(summary.mean) && isnan(summary.lower) && isnan(summary.upper));
}

/* Gini of 0, 0, 0, 1 is 3/4; of equal counts 0; of 1, 2, 3, 4: (-3 - 2 + 3 + 12) / (4 * 10). */
static void gini_by_hand(void **state) {
    (void)state;
    uint64_t one[] = {0, 1, 0, 0}, equal[] = {7, 7, 7}, ramp[] = {3, 1, 4, 2}, none[] = {0, 0};
    assert_true(measure_gini(one, 4) == 0.75);
    assert_true(measure_gini(equal, 3) == 0);
    assert_true(measure_gini(ramp, 4) == 0.25);
    assert_true(isnan(measure_gini(none, 2)));
    assert_true(isnan(measure_gini(none, 0)));
}

/* ---- How users look at slates ---------------------------------------------------------------- */

/* With equal items the cascade takes the i-th with probability p (patience (1 - p))^(i-1), and
 * shows (1 - c^n)/(1 - c) of them on average, c = patience (1 - p). */
static void cascades_in_sessions(void **state) {
    (void)state;
    struct scenario scenario =
        worlds_scenario("users=10000", "creators=50", "periods=1", "warm_up=1", "taste_weight=0",
                        "appeal_spread=0", "item_spread=0", "tier_appeal=0", "outside_utility=1",
                        "cascade=1", "patience=0.8", "slate=6", "sessions=70", NULL);
    struct simulation s = run(&scenario, random_policy, random_policy, 3, 1, 4);
    double sessions = at(&s, 0, 0, MEASURE_SESSIONS, PLATFORM_A, SERIES_ALL);
    double shown = at(&s, 0, 0, MEASURE_EXPOSURES, PLATFORM_A, SERIES_ALL) / sessions;
    double p = 1 / (1 + exp(1.0)), c = 0.8 * (1 - p);
    print_message("seed 3: a cascade of %.0f looks shows %.4f items, expected %.4f\n",
                  shown * sessions, shown, (1 - pow(c, 6)) / (1 - c));
    worlds_near(shown, (1 - pow(c, 6)) / (1 - c), 2 / sqrt(sessions), 4); /* at most 6, so sd < 2 */
    simulation_free(&s);
}

/* Of items that are worth far more than taking nothing each that is taken is liked, also where the
 * odds are greater than any number. */
static void certain_actions(void **state) {
    (void)state;
    struct scenario scenario =
        worlds_scenario("users=50", "creators=30", "sessions=5", "rounds=1", "taste_weight=0",
                        "appeal_spread=0", "item_spread=0", "tier_appeal=10", "outside_utility=-20",
                        "action_sensitivity=20", "like_rate=0.5", "slate=1", NULL);
    struct settings settings = worlds_settings(&scenario);
    struct world *world = worlds_create(&settings, 1);
    struct desk desks[PLATFORMS] = {0};
    struct sessions *sessions = NULL;
    struct error err = {0};
    world_publish(world);
    for (int p = 0; p < PLATFORMS; p++) {
        assert_int_equal(policy_open(&desks[p].trial, &policy_random, world, p, &err), 0);
        desks[p].alike = true, desks[p].serving = &desks[p].trial;
    }
    assert_int_equal(sessions_open(&sessions, world, &err), 0);
    assert_int_equal(sessions_hold(sessions, desks, NULL, 1, &err), 0);
    uint64_t taken = 0, beyond = 0;
    for (size_t i = 0; i < world->items.n; i++) {
        size_t tier = world->creators.tiers[world_creator(world, i)];
        uint32_t n = world->items.engagements[PLATFORM_A][i];
        assert_int_equal(world->items.actions[PLATFORM_A][i * ACTIONS + ACTION_LIKE], n);
        taken += n, beyond += tier >= 2 ? n : 0; /* 20 times (20 + 20) or more */
    }
    assert_true(taken == world->platforms[PLATFORM_A].period.sessions && beyond > 0);
    sessions_close(sessions);
    for (int p = 0; p < PLATFORMS; p++)
        policy_close(&desks[p].trial);
    world_destroy(world);
}

/* In an outage the sessions of A fail with its share; those of users of both go to B. */
static void outages(void **state) {
    (void)state;
    struct scenario scenario =
        worlds_scenario("users=3000", "creators=50", "periods=3", "warm_up=2",
                        "user_share_both=0.4", "user_share_b=0.1", "user_share_none=0",
                        "user_adopt=0", "user_return=0", "user_leave_a=0.000001",
                        "user_leave_b=0.000001", "outage_period=2", "outage_share=0.25", NULL);
    struct simulation s = run(&scenario, random_policy, random_policy, 3, 1, 1);
    double sessions[3];
    for (size_t t = 0; t < 3; t++)
        sessions[t] = at(&s, 0, t, MEASURE_SESSIONS, PLATFORM_A, SERIES_ALL) +
                      at(&s, 0, t, MEASURE_SESSIONS, PLATFORM_B, SERIES_ALL);
    assert_true(sessions[0] == 15000 && sessions[2] == 15000);
    double only_a = 3000 * 0.5 * 5; /* of whose sessions a quarter fails */
    worlds_near(15000 - sessions[1], only_a / 4, sqrt(only_a * 0.25 * 0.75), 4);
    simulation_free(&s);
}

/* Tastes that drift towards what is taken make what is shown worth more. */
static void tastes_drift(void **state) {
    (void)state;
    static const struct policy_class *const foryou[] = {&policy_foryou, &policy_foryou};
    struct scenario still = worlds_scenario("users=300", "creators=60", "periods=6", NULL);
    struct scenario moving =
        worlds_scenario("users=300", "creators=60", "periods=6", "taste_drift=0.1", NULL);
    struct simulation a = run(&still, foryou, foryou, 1, 4, 2);
    struct simulation b = run(&moving, foryou, foryou, 1, 4, 2);
    assert_true(mean(&b, 5, MEASURE_UTILITY, PLATFORM_A) >
                mean(&a, 5, MEASURE_UTILITY, PLATFORM_A) + 0.2);
    simulation_free(&a);
    simulation_free(&b);
}

/* ---- Measures -------------------------------------------------------------------------------- */

/* Of 1 to 10 the greatest has 10/55; Hill's estimate from 3 and 6 above 2: 1 + 2/(ln 1.5 + ln 3).
 */
static void shares_and_tail_by_hand(void **state) {
    (void)state;
    const uint64_t ramp[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10}, tail[] = {1, 2, 3, 6},
                   flat[] = {4, 4, 4};
    assert_true(fabs(measure_top_share(ramp, 10, 1) - 10.0 / 55) < 1e-15);
    assert_true(fabs(1 - measure_top_share(ramp, 10, 5) - 15.0 / 55) < 1e-15);
    assert_true(measure_top_share(ramp, 10, 10) == 1);
    assert_true(isnan(measure_top_share(ramp, 0, 0)));
    assert_true(fabs(measure_tail(tail, 4, 2) - (1 + 2 / (log(1.5) + log(3)))) < 1e-15);
    assert_true(isnan(measure_tail(flat, 3, 2)) && isnan(measure_tail(ramp, 10, 1)));
}

/* A slate of three items along one axis and one against it: three pairs of cosine 1, three of -1, a
 * mean distance of 1; topics 3/4 and 1/4. */
static void feeds_by_hand(void **state) {
    (void)state;
    struct scenario scenario = worlds_scenario("users=3", "creators=10", "items=1", "dimensions=2",
                                               "creator_share_b=0", "creator_share_both=0", NULL);
    struct settings settings = worlds_settings(&scenario);
    struct world *world = worlds_create(&settings, 1);
    struct feed feed;
    struct error err = {0};
    world_publish(world);
    assert_int_equal(feed_open(&feed, world, &err), 0);
    struct slate slate = {.n = 4, .positions = {0, 1, 2, 3}};
    for (uint32_t i = 0; i < 4; i++) {
        float *x = world->platforms[PLATFORM_A].shelf.rows + i * world->dimensions;
        x[0] = 0, x[1] = i < 3 ? 1 : -1;
    }
    feed_clear(&feed);
    assert_true(isnan(feed_entropy(&feed, PLATFORM_A)) && isnan(feed_distance(&feed, PLATFORM_A)));
    feed_watch(&feed, world, 1, PLATFORM_A, &slate);
    feed_watch(&feed, world, 1, PLATFORM_A, &slate);
    feed_settle(&feed);
    assert_true(fabs(feed_distance(&feed, PLATFORM_A) - 1) < 1e-12);
    assert_true(fabs(feed_entropy(&feed, PLATFORM_A) - (log(4) - 0.75 * log(3))) < 1e-12);
    slate.n = 1;
    feed_watch(&feed, world, 2, PLATFORM_A, &slate); /* no variety at all */
    feed_settle(&feed);
    assert_true(fabs(feed_distance(&feed, PLATFORM_A) - 1) < 1e-12);
    assert_true(fabs(feed_entropy(&feed, PLATFORM_A) - (log(4) - 0.75 * log(3)) / 2) < 1e-12);
    feed_close(&feed);
    world_destroy(world);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cascades_in_sessions),
        cmocka_unit_test(tastes_drift),
        cmocka_unit_test(certain_actions),
        cmocka_unit_test(outages),
        cmocka_unit_test(shares_and_tail_by_hand),
        cmocka_unit_test(feeds_by_hand),
        cmocka_unit_test(same_for_any_threads),
        cmocka_unit_test(one_world_for_any_threads),
        cmocka_unit_test(identities),
        cmocka_unit_test(relabelled),
        cmocka_unit_test(policies_in_order),
        cmocka_unit_test(trial_against_baseline),
        cmocka_unit_test(alike_classes),
        cmocka_unit_test(no_multihoming),
        cmocka_unit_test(shock_in_its_period),
        cmocka_unit_test(gini_by_hand),
        cmocka_unit_test(summary_over_replications),
        cmocka_unit_test(first_period_at_base_rates),
    };
    return cmocka_run_group_tests_name("ranking-simulate", tests, NULL, NULL);
}
