/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Money and moves: identities that hold exactly, and rates against their closed forms. */
#include "worlds.h"

#include "base/random.h"
#include "ranking/choice.h"
#include "ranking/market.h"
#include "ranking/payout.h"

/* ---- Money ----------------------------------------------------------------------------------- */

static void shares_of_a_pool(void **state) {
    (void)state;
    const uint64_t exposures[] = {1, 0, 2, 3, 1};
    decimal paid[5] = {0};
    /* 100 over 7 parts: 14.28.., 0, 28.57.., 42.85.., 14.28.. each rounded down. */
    assert_int_equal(payout_share_out(100, exposures, 5, paid), 14 + 28 + 42 + 14);
    assert_int_equal(paid[0], 14);
    assert_int_equal(paid[1], 0);
    assert_int_equal(paid[2], 28);
    assert_int_equal(paid[3], 42);
    paid[0] = 0;
    assert_int_equal(payout_share_out(100, exposures + 1, 1, paid), 0);
    assert_int_equal(paid[0], 0);
}

/* Less than a millionth for each creator stays with the platform, and a creator's share depends on
 * the creator alone: permuted creators get permuted shares. */
static void shares_lose_next_to_nothing(void **state) {
    (void)state;
    enum { N = 1000 };
    uint64_t exposures[N], turned[N];

    for (uint32_t run = 0; run < 50; run++) {
        struct random_stream stream;
        random_open(&stream, run, 0, 0, 0, 0);
        decimal pool = (decimal)random_word(&stream) << 30, paid[N] = {0}, paid_turned[N] = {0};
        for (size_t i = 0; i < N; i++) {
            exposures[i] = random_below(&stream, 1000000) * (uint64_t)random_below(&stream, 1000);
            turned[(i * 7 + 3) % N] = exposures[i];
        }
        decimal sum = payout_share_out(pool, exposures, N, paid), check = 0;
        assert_int_equal(sum, payout_share_out(pool, turned, N, paid_turned));
        for (size_t i = 0; i < N; i++) {
            check += paid[i];
            assert_int_equal(paid[i], paid_turned[(i * 7 + 3) % N]);
        }
        assert_int_equal(check, sum);
        assert_true(sum <= pool && pool - sum < N);
    }
}

/* 30 sessions of 5 a user at 1.25, each user standing for 1000: 6 users' worth is 7500; 10 % of it
 * and 0.02 a thousand of 300 exposures, again for 1000 each: 750 + 6. */
static void revenue_and_payout(void **state) {
    (void)state;
    struct scenario scenario =
        worlds_scenario("users=10", "creators=4", "sessions=5", "user_weight=1000", "arpu_a=1.25",
                        "revenue_share_a=0.1", "payout_per_thousand_a=0.02", "creator_share_b=0",
                        "creator_share_both=0", "recency=0.5", NULL);
    struct settings settings = worlds_settings(&scenario);
    struct world *world = worlds_create(&settings, 1);
    struct tally tally;
    struct books books;
    struct error err = {0};
    world_publish(world);
    assert_int_equal(tally_create(&tally, world, &err), 0);
    tally_clear(&tally, world);
    tally.traffic[PLATFORM_A].sessions = tally.traffic[PLATFORM_A].by_class[0] = 30;
    for (uint32_t i = 0; i < world->platforms[PLATFORM_A].shelf.n; i++)
        tally.exposures[PLATFORM_A][i] =
            world->platforms[PLATFORM_A].shelf.creators[i] == 0 ? 75 : 25; /* 2 items each */
    world_absorb(world, &tally);
    assert_int_equal(market_pay(world, &books, &err), 0);
    assert_int_equal(books.revenue[PLATFORM_A], 7500 * DECIMAL_ONE);
    assert_int_equal(books.paid[PLATFORM_A], 756 * DECIMAL_ONE);
    assert_int_equal(books.revenue[PLATFORM_B], 0);
    assert_int_equal(world->creators.paid[PLATFORM_A][0], 378 * DECIMAL_ONE);
    assert_int_equal(world->creators.paid[PLATFORM_A][1], 126 * DECIMAL_ONE);
    /* The first income is the payout; then each counts for half. */
    assert_int_equal(world->creators.income[PLATFORM_A][0], 378 * DECIMAL_ONE);
    world->step++;
    world_publish(world);
    assert_int_equal(market_pay(world, &books, &err), 0);
    assert_int_equal(world->creators.paid[PLATFORM_A][0], 0);
    assert_int_equal(world->creators.income[PLATFORM_A][0], 189 * DECIMAL_ONE);
    tally_destroy(&tally);
    world_destroy(world);
}

static void too_much_money(void **state) {
    (void)state;
    struct scenario scenario =
        worlds_scenario("users=10", "user_weight=1000000000", "arpu_a=1000000", NULL);
    struct settings settings = worlds_settings(&scenario);
    struct world *world = worlds_create(&settings, 1);
    struct tally tally;
    struct books books;
    struct error err = {0};
    world_publish(world);
    assert_int_equal(tally_create(&tally, world, &err), 0);
    tally_clear(&tally, world);
    tally.traffic[PLATFORM_A].sessions = tally.traffic[PLATFORM_A].by_class[0] = 50;
    world_absorb(world, &tally);
    assert_int_equal(market_pay(world, &books, &err), ERROR_DATA);
    tally_destroy(&tally);
    world_destroy(world);
}

/* ---- Moves ----------------------------------------------------------------------------------- */

/* A world in which users, incomes and audiences differ at random, as after a warm-up. */
static struct world *lively_world(const struct scenario *scenario) {
    struct settings settings = worlds_settings(scenario);
    struct world *world = worlds_create(&settings, 1);
    struct random_stream stream;
    random_open(&stream, 5, 0, 0, 0, 0);
    for (int p = 0; p < PLATFORMS; p++) {
        for (size_t u = 0; u < world->users.n; u++)
            if (home_on(world->users.homes[u], p))
                world->users.satisfaction[p][u] = 3 * random_uniform(&stream);
        for (size_t c = 0; c < world->creators.n; c++)
            if (home_on(world->creators.homes[c], p))
                world->creators.income[p][c] = random_below(&stream, 5000000);
    }
    for (size_t c = 0; c < world->creators.n; c++)
        world->creators.audience[c] = 1000 * random_uniform(&stream);
    return world;
}

static struct market *fit(const struct world *world) {
    struct market *market;
    struct error err = {0};
    assert_int_equal(market_fit(&market, world, &err), 0);
    return market;
}

/* Expected number of a tier's creators to leave a platform. */
static double creators_leave(const struct market *market, struct world *world, int p, int tier) {
    double sum = 0;
    market_note_exit_odds(market, world);
    for (size_t c = 0; c < world->creators.n; c++)
        if (world->creators.tiers[c] == tier)
            sum += choice_logistic(world->creators.exit_odds[p][c]);
    return sum;
}

/* However differently users and creators fare, the expected number to leave is rate times number.
 */
static void fit_meets_rates(void **state) {
    (void)state;
    struct scenario scenario =
        worlds_scenario("users=3000", "creators=2000", "user_leave_a=0.03", "user_leave_b=0.07",
                        "user_sensitivity=2", "creator_sensitivity=1.5", NULL);
    struct world *world = lively_world(&scenario);
    struct market *market = fit(world);
    static const double rates[] = {0.03, 0.07};
    for (int p = 0; p < PLATFORMS; p++) {
        size_t users = 0;
        for (size_t u = 0; u < world->users.n; u++)
            users += home_on(world->users.homes[u], p);
        double expected = market_expected_user_exits(market, world, p);
        assert_true(fabs(expected / (rates[p] * (double)users) - 1) < 1e-9);
        for (int k = 0; k < (int)world->settings.n_tiers; k++) {
            size_t creators = 0;
            for (size_t c = 0; c < world->creators.n; c++)
                creators += home_on(world->creators.homes[c], p) && world->creators.tiers[c] == k;
            expected = creators_leave(market, world, p, k);
            assert_true(creators > 0);
            assert_true(fabs(expected / (world->settings.tiers[k].left * (double)creators) - 1) <
                        1e-9);
        }
    }
    market_destroy(market);
    world_destroy(world);
}

/* Users who get less leave sooner, and creators who earn less. */
static void worse_is_worse(void **state) {
    (void)state;
    struct scenario scenario = worlds_scenario("users=3000", "creators=2000", NULL);
    struct world *world = lively_world(&scenario);
    struct market *market = fit(world);
    double users = market_expected_user_exits(market, world, PLATFORM_A);
    double creators = creators_leave(market, world, PLATFORM_A, 0);
    for (size_t u = 0; u < world->users.n; u++)
        world->users.satisfaction[PLATFORM_A][u] -= 1;
    for (size_t c = 0; c < world->creators.n; c++)
        world->creators.income[PLATFORM_A][c] /= 2;
    /* Sensitivity 1: the log-odds rise by 1, and rates of about 0.02 by a factor of nearly e. */
    double now = market_expected_user_exits(market, world, PLATFORM_A);
    assert_true(now > 2.5 * users && now < 2.718282 * users);
    assert_true(creators_leave(market, world, PLATFORM_A, 0) > 1.2 * creators);
    market_destroy(market);
    world_destroy(world);
}

struct stocks {
    int64_t users[4], creators[4]; /* by home */
};

static struct stocks take_stock(const struct world *world) {
    struct stocks stocks = {0};
    for (size_t u = 0; u < world->users.n; u++)
        stocks.users[world->users.homes[u]]++;
    for (size_t c = 0; c < world->creators.n; c++)
        stocks.creators[world->creators.homes[c]]++;
    return stocks;
}

/* Nobody appears or disappears: what flows out of a platform and into it is what its stock changes
 * by, in every step. */
static void nobody_is_lost(void **state) {
    (void)state;
    struct scenario scenario =
        worlds_scenario("users=3000", "creators=500", "user_adopt=0.05", "user_leave_a=0.1",
                        "user_leave_b=0.2", "switching_cost=1", "user_share_both=0.2", NULL);
    struct world *world = lively_world(&scenario);
    struct market *market = fit(world);
    for (world->step = 0; world->step < 10; world->step++) {
        struct stocks before = take_stock(world);
        struct moves moves;
        market_move(market, world, world->step == 4 ? 500 : 0, &moves);
        struct stocks after = take_stock(world);
        int64_t users = 0, creators = 0;
        for (int home = 0; home < 4; home++) {
            users += after.users[home];
            creators += after.creators[home];
        }
        assert_int_equal(users, world->users.n);
        assert_int_equal(creators, world->creators.n);
        for (int p = 0; p < PLATFORMS; p++) {
            int64_t was = before.users[1 << p] + before.users[HOME_BOTH];
            int64_t is = after.users[1 << p] + after.users[HOME_BOTH];
            assert_int_equal(is - was, moves.users_arrived[p] - moves.users_to_other[p] -
                                           moves.users_gone[p]);
        }
        int64_t entered = 0;
        for (size_t k = 0; k < world->settings.n_tiers; k++)
            entered += moves.entered[k];
        assert_true(after.creators[HOME_NONE] >= before.creators[HOME_NONE] - entered);
    }
    market_destroy(market);
    world_destroy(world);
}

/* Without any sensitivity each move is a coin of known weight. */
static void rates_without_feedback(void **state) {
    (void)state;
    struct scenario scenario =
        worlds_scenario("users=20000", "creators=5000", "user_sensitivity=0",
                        "creator_sensitivity=0", "tier_sensitivity=0", "creator_share_both=0",
                        "user_leave_a=0.03", "switching_cost=1.5", NULL);
    struct world *world = lively_world(&scenario);
    struct market *market = fit(world);
    struct moves moves;
    double on_a = 0, single_a = 0, tiers[WORLD_TIERS] = {0};
    for (size_t u = 0; u < world->users.n; u++) {
        on_a += home_on(world->users.homes[u], PLATFORM_A);
        single_a += world->users.homes[u] == HOME_A;
    }
    for (size_t c = 0; c < 5000; c++)
        tiers[world->creators.tiers[c]]++;
    market_move(market, world, 0, &moves);
    double left = (double)(moves.users_gone[PLATFORM_A] + moves.users_to_other[PLATFORM_A]);
    worlds_near(left, on_a * 0.03, sqrt(on_a * 0.03 * 0.97), 4);
    /* Those on A alone go to B with odds exp(-1.5); those on both stay there. */
    double to_other = 0.03 * (on_a - single_a) + 0.03 * single_a * choice_logistic(-1.5);
    worlds_near((double)moves.users_to_other[PLATFORM_A], to_other, sqrt(to_other), 4);
    for (size_t k = 0; k < world->settings.n_tiers; k++) {
        const struct tier_rates *rates = &world->settings.tiers[k];
        worlds_near((double)moves.promoted[k], tiers[k] * rates->promoted,
                    sqrt(tiers[k] * rates->promoted), 4);
        worlds_near((double)moves.demoted[k], tiers[k] * rates->demoted,
                    sqrt(tiers[k] * rates->demoted), 4);
        worlds_near((double)moves.entered[k], 5000 * rates->entered, sqrt(5000 * rates->entered),
                    4);
    }
    market_destroy(market);
    world_destroy(world);
}

/* The push is such that so many more are expected to leave. */
static void shock_has_its_size(void **state) {
    (void)state;
    enum { RUNS = 20 };
    struct scenario scenario = worlds_scenario("users=20000", "creators=10", NULL);
    double sum = 0;
    for (uint32_t run = 0; run < RUNS; run++) {
        struct moves calm, pushed;
        for (int shock = 0; shock < 2; shock++) {
            struct world *world = lively_world(&scenario);
            struct market *market = fit(world);
            world->seed = run;
            market_move(market, world, shock ? 1000 : 0, shock ? &pushed : &calm);
            market_destroy(market);
            world_destroy(world);
        }
        sum += (double)(pushed.users_gone[PLATFORM_A] + pushed.users_to_other[PLATFORM_A] -
                        calm.users_gone[PLATFORM_A] - calm.users_to_other[PLATFORM_A]);
        assert_int_equal(pushed.users_gone[PLATFORM_B] + pushed.users_to_other[PLATFORM_B],
                         calm.users_gone[PLATFORM_B] + calm.users_to_other[PLATFORM_B]);
    }
    /* The same luck in both: the difference is binomial at most. */
    worlds_near(sum / RUNS, 1000, sqrt(1000.0 / RUNS), 4);
}

/* Only those whom the push made leave go where the shock sends them: here half of them to B, while
 * of the 2 % who leave anyway nobody does. */
static void pushed_have_their_own_cost(void **state) {
    (void)state;
    struct scenario scenario =
        worlds_scenario("users=20000", "creators=2000", "user_sensitivity=0", "user_share_both=0",
                        "creator_sensitivity=0", "creator_share_both=0", "creator_adopt=0",
                        "switching_cost=100", "shock_switching_cost=0", NULL);
    struct world *world = lively_world(&scenario);
    struct market *market = fit(world);
    struct stocks before = take_stock(world);
    struct moves moves;
    market_move(market, world, 4000, &moves);
    struct stocks after = take_stock(world);
    double gone = 0.02 * (double)before.users[HOME_A] + 2000;
    worlds_near((double)moves.users_to_other[PLATFORM_A], 2000, sqrt(2000), 4);
    worlds_near((double)moves.users_gone[PLATFORM_A], gone, sqrt(gone), 4);
    assert_int_equal(moves.users_to_other[PLATFORM_B], 0);
    assert_true(after.creators[HOME_B] > before.creators[HOME_B] + 100);
    market_destroy(market);
    world_destroy(world);
}

/* ---- Tiers over time ------------------------------------------------------------------------- */

/* Without feedback, the default tiers stay as they are: their newcomers balance the flows. */
static void tiers_stay(void **state) {
    (void)state;
    enum { PERIODS = 40, CREATORS = 5000 };
    struct scenario scenario =
        worlds_scenario("users=1", "creators=5000", "creator_sensitivity=0", "tier_sensitivity=0",
                        "creator_share_b=0", "creator_share_both=0", "creator_adopt=0",
                        "switching_cost=100", "periods=40", NULL);
    struct world *world = lively_world(&scenario);
    struct market *market = fit(world);
    for (world->step = 0; world->step < PERIODS; world->step++) {
        struct moves moves;
        market_move(market, world, 0, &moves);
    }
    double counts[WORLD_TIERS] = {0}, all = 0;
    for (size_t c = 0; c < world->creators.n; c++)
        if (world->creators.homes[c] != HOME_NONE)
            counts[world->creators.tiers[c]]++, all++;
    /* Flows in and out are Poisson; over 40 periods with rates r a tier of n has gained and lost no
     * more than about n (1 - exp(-40 r)) <= n each, so that its variance is below 2 n. */
    for (size_t k = 0; k < world->settings.n_tiers; k++) {
        double expected = CREATORS * world->settings.tiers[k].share;
        worlds_near(counts[k], expected, sqrt(2 * expected), 4);
    }
    worlds_near(all, CREATORS, sqrt(2.0 * CREATORS), 4);
    market_destroy(market);
    world_destroy(world);
}

/* ---- Streams of money ------------------------------------------------------------------------ */

/* One world on A for all streams: 4 creators in tiers 0, 1, 2 and 4 of 5, with exposures 10, 20, 30
 * and 40, items taken 1, 0, 2 and 5 times, and followers 3, 0, 1 and 0; everyone stands for 10. */
static struct world *shop_floor(const char *first, const char *second) {
    struct scenario scenario = worlds_scenario(
        "users=20", "creators=4", "sessions=5", "user_weight=10", "arpu_a=2", "creator_share_b=0",
        "creator_share_both=0", "revenue_share_a=0", "warm_up=1", first, second, NULL);
    struct settings settings = worlds_settings(&scenario);
    struct world *world = worlds_create(&settings, 1);
    static const uint8_t tiers[] = {0, 1, 2, 4};
    static const uint64_t exposures[] = {10, 20, 30, 40}, taken[] = {1, 0, 2, 5};
    static const uint32_t followers[] = {3, 0, 1, 0};
    for (size_t c = 0; c < 4; c++) {
        world->creators.tiers[c] = tiers[c];
        world->creators.exposures[PLATFORM_A][c] = exposures[c];
        world->creators.engagements[PLATFORM_A][c] = taken[c];
        world->creators.followers[PLATFORM_A][c] = followers[c];
    }
    world->platforms[PLATFORM_A].period.sessions = world->platforms[PLATFORM_A].period.by_class[0] =
        50;          /* ten users' worth: 200 of revenue */
    world->step = 1; /* period 1 */
    return world;
}

/* amounts in whole units of money */
static void expect_pay(const char *first, const char *second, double revenue, double a, double b,
                       double c, double d) {
    struct world *world = shop_floor(first, second);
    const double expected[] = {a, b, c, d};
    struct books books;
    struct error err = {0};
    assert_int_equal(market_pay(world, &books, &err), 0);
    assert_int_equal(books.revenue[PLATFORM_A], llrint(revenue * (double)DECIMAL_ONE));
    decimal sum = 0;
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(world->creators.paid[PLATFORM_A][i],
                         llrint(expected[i] * (double)DECIMAL_ONE));
        sum += world->creators.paid[PLATFORM_A][i];
    }
    assert_int_equal(books.paid[PLATFORM_A], sum);
    world_destroy(world);
}

static void streams_by_hand(void **state) {
    (void)state;
    expect_pay("revenue_share_a=0.5", "ad_middle=0", 200, 10, 20, 30, 40);
    /* Half of the 100 for the middle, 20 to 30; the rest for all. */
    expect_pay("revenue_share_a=0.5", "ad_middle=0.5", 200, 5, 10 + 20, 15 + 30, 20);
    expect_pay("fund_a=1000", "ad_middle=0", 200, 100, 200, 300, 400);
    /* 1000 exposures for the people they stand for. */
    expect_pay("payout_per_thousand_a=7", "ad_middle=0", 200, 0.7, 1.4, 2.1, 2.8);
    /* 40 followers at 2 are 80, a quarter of it kept: 60 by 3 to 1. */
    expect_pay("subscription_a=2", "fan_cut=0.25", 220, 45, 0, 15, 0);
    /* 80 items taken at 1.5 are 120, 30 % kept: 84 by 1, 2 and 5. */
    expect_pay("tip_a=1.5", "fan_cut=0.3", 236, 10.5, 0, 21, 52.5);
    /* 80 items sell for 10 each: 5 % and 10 % of 800. */
    expect_pay("shop_a=10", "shop_fee=0.05", 240, 10, 0, 20, 50);
}

/* What A pays changes in its period. */
static void payout_changes(void **state) {
    (void)state;
    for (uint32_t period = 1; period <= 3; period++) {
        struct world *world = shop_floor("fund_a=1000", "payout_period=2");
        world->settings.parameters.payout_factor = 0.25;
        struct books books;
        struct error err = {0};
        world->step = period;
        assert_int_equal(market_pay(world, &books, &err), 0);
        assert_int_equal(books.paid[PLATFORM_A], (period < 2 ? 1000 : 250) * DECIMAL_ONE);
        world_destroy(world);
    }
}

/* ---- Cost of being on both, bans, contagion, returns ----------------------------------------- */

static size_t on_both(const struct world *world) {
    size_t n = 0;
    for (size_t c = 0; c < world->creators.n; c++)
        n += world->creators.homes[c] == HOME_BOTH;
    return n;
}

/* As kappa goes to infinity nobody is on both; at ln 2 half of those who would be are. */
static void cost_of_both(void **state) {
    (void)state;
    struct scenario free =
        worlds_scenario("creators=4000", "creator_share_both=0.5", "creator_adopt=0.2", NULL);
    struct scenario half = worlds_scenario("creators=4000", "creator_share_both=0.5",
                                           "creator_adopt=0.2", "both_cost=0.693147", NULL);
    struct scenario never = worlds_scenario("creators=4000", "creator_share_both=0.5",
                                            "creator_adopt=0.2", "both_cost=100", NULL);
    const struct scenario *scenarios[] = {&free, &half, &never};
    double found[3];
    for (int i = 0; i < 3; i++) {
        struct world *world = lively_world(scenarios[i]);
        struct market *market;
        struct moves moves;
        struct error err = {0};
        assert_int_equal(market_fit(&market, world, &err), 0);
        market_move(market, world, 0, &moves);
        found[i] = (double)on_both(world);
        market_destroy(market);
        world_destroy(world);
    }
    assert_int_equal(found[2], 0);
    worlds_near(found[1], found[0] / 2, sqrt(found[0] / 4), 4);
}

static void count_on(const uint8_t *homes, size_t n, size_t ret[PLATFORMS]) {
    ret[PLATFORM_A] = ret[PLATFORM_B] = 0;
    for (size_t i = 0; i < n; i++)
        for (int p = 0; p < PLATFORMS; p++)
            ret[p] += home_on(homes[i], p);
}

/* Nobody is on A from the ban to its end; then people come back, and are known to have been there.
 */
static void ban(void **state) {
    (void)state;
    struct scenario scenario =
        worlds_scenario("users=2000", "creators=300", "ban_period=2", "ban_end=4", "warm_up=1",
                        "user_return=0.5", "user_adopt=0.1", "creator_adopt=0.1", NULL);
    struct world *world = lively_world(&scenario);
    struct market *market;
    struct error err = {0};
    world->step = 1;
    assert_int_equal(market_fit(&market, world, &err), 0);
    for (int period = 1; period <= 5; period++) {
        struct moves moves;
        size_t users[PLATFORMS], creators[PLATFORMS];
        market_move(market, world, 0, &moves);
        world->step++;
        count_on(world->users.homes, world->users.n, users);
        count_on(world->creators.homes, world->creators.n, creators);
        bool closed = period >= 2 && period < 4;
        assert_true((users[PLATFORM_A] == 0) == closed);
        assert_true((creators[PLATFORM_A] == 0) == closed);
        assert_true(users[PLATFORM_B] > 0 && creators[PLATFORM_B] > 0);
        assert_true(!closed || moves.users_arrived[PLATFORM_A] == 0);
        assert_true(moves.users_returned[PLATFORM_A] <= moves.users_arrived[PLATFORM_A]);
        if (period == 4) /* almost all were there */
            assert_true(moves.users_returned[PLATFORM_A] > moves.users_arrived[PLATFORM_A] / 2);
    }
    market_destroy(market);
    world_destroy(world);
}

/* Whose neighbours have all left is e^c times as likely to go, in odds, as one whose neighbours
 * have stayed; the expected number of exits says by how much. */
static void creators_infect_neighbours(void **state) {
    (void)state;
    struct scenario scenario = worlds_scenario(
        "creators=6000", "creator_contagion=3", "creator_neighbours=4", "creator_sensitivity=0",
        "creator_share_b=0", "creator_share_both=0", "warm_up=1", NULL);
    struct settings settings = worlds_settings(&scenario);
    settings.n_tiers = 1;
    settings.tiers[0] = (struct tier_rates){.share = 1, .left = 0.1};
    struct world *world = worlds_create(&settings, 1);
    struct market *market;
    struct moves moves;
    struct error err = {0};
    assert_int_equal(market_fit(&market, world, &err), 0);
    world->step = 2; /* the second period */
    for (size_t c = 0; c < 6000; c++)
        for (size_t i = 0; i < 4; i++)
            assert_true(world->creators.neighbours[c * 4 + i] != c);
    for (size_t c = 0; c < 6000; c++) /* as if all had been away and come back */
        world->creators.left[PLATFORM_A][c] = 2;
    market_move(market, world, 0, &moves);
    double odds = 0.1 / 0.9 * exp(3 * (1 - 0.1)), p = odds / (1 + odds);
    worlds_near((double)moves.creators_left[PLATFORM_A][0], 6000 * p, sqrt(6000 * p * (1 - p)), 4);
    market_destroy(market);
    world_destroy(world);
}

/* Of the items of creators on both, the share output_split is on one platform only. */
static void output_is_split(void **state) {
    (void)state;
    struct scenario scenario =
        worlds_scenario("creators=3000", "creator_share_b=0", "creator_share_both=1", "items=1",
                        "item_life=1", "output_split=0.4", NULL);
    struct settings settings = worlds_settings(&scenario);
    struct world *world = worlds_create(&settings, 1);
    world_publish(world);
    double n[4] = {0};
    for (size_t c = 0; c < 3000; c++)
        n[world->items.homes[c]]++;
    worlds_near(n[HOME_A], 600, sqrt(3000 * 0.2 * 0.8), 4);
    worlds_near(n[HOME_B], 600, sqrt(3000 * 0.2 * 0.8), 4);
    assert_int_equal(n[HOME_A] + n[HOME_B] + n[HOME_BOTH], 3000);
    assert_int_equal(world->platforms[PLATFORM_A].shelf.n, n[HOME_A] + n[HOME_BOTH]);
    world_destroy(world);
}

/* Of users who leave the only platform they are on, the measured share goes to the other, pushed or
 * not. */
static void destinations_as_measured(void **state) {
    (void)state;
    struct scenario scenario =
        worlds_scenario("users=20000", "user_share_both=0", "user_leave_a=0.2", "user_leave_b=0.2",
                        "user_return=0", "warm_up=1", NULL);
    struct settings settings = worlds_settings(&scenario);
    settings.switched[PLATFORM_A] = 0.7;
    for (int shock = 0; shock < 2; shock++) {
        struct world *world = worlds_create(&settings, 1);
        struct market *market;
        struct moves moves;
        struct error err = {0};
        world->step = 1;
        assert_int_equal(market_fit(&market, world, &err), 0);
        market_move(market, world, shock * 3000, &moves);
        double there = (double)moves.users_to_other[PLATFORM_A];
        double left = there + (double)moves.users_gone[PLATFORM_A];
        if (shock)
            assert_true(left > 5000);
        else
            worlds_near(there, 0.7 * left, sqrt(left * 0.21), 4);
        /* B's was not measured: switching_cost is 4. */
        double b = (double)moves.users_to_other[PLATFORM_B];
        assert_true(b < 0.1 * (double)moves.users_gone[PLATFORM_B]);
        market_destroy(market);
        world_destroy(world);
    }
}

/* ---- Classes of users ------------------------------------------------------------------------ */

/* A quarter spends four times as much and leaves three times as fast as the rest. Means stay:
 * (0.75 * 1 + 0.25 * 4) = 1.75 units are the ARPU of 7, so 4 and 16; 1.5 units the rate of 0.06. */
#define CLASSES "class_2_share=0.25", "class_2_arpu=4", "class_2_leave=3", "arpu_a=7"

static void classes_keep_the_mean(void **state) {
    (void)state;
    struct scenario scenario =
        worlds_scenario("users=10000", CLASSES, "user_leave_a=0.06", "user_share_b=0.3", NULL);
    struct settings settings = worlds_settings(&scenario);
    assert_int_equal(settings.n_classes, 2);
    assert_true(settings.classes[0].arpu[PLATFORM_A] == 4);
    assert_true(settings.classes[1].arpu[PLATFORM_A] == 16);
    assert_true(fabs(settings.classes[0].leave[PLATFORM_A] - 0.04) < 1e-12);
    assert_true(fabs(settings.classes[1].leave[PLATFORM_A] - 0.12) < 1e-12);
    /* Within a few users wherever one looks. */
    struct world *world = worlds_create(&settings, 1);
    double n[HOMES] = {0}, second[HOMES] = {0};
    for (size_t u = 0; u < world->users.n; u++) {
        n[world->users.homes[u]]++;
        second[world->users.homes[u]] += world->users.classes[u];
    }
    for (int homes = 0; homes < HOMES; homes++)
        worlds_near(second[homes], 0.25 * n[homes], 2, 1);
    world_destroy(world);
}

/* 30 sessions of 5 a user by the first class, 10 by the second: 6 users' worth of 4, 2 of 16. */
static void classes_bring_their_own(void **state) {
    (void)state;
    struct scenario scenario =
        worlds_scenario("users=10", "creators=4", "sessions=5", CLASSES, NULL);
    struct settings settings = worlds_settings(&scenario);
    struct world *world = worlds_create(&settings, 1);
    struct books books;
    struct error err = {0};
    decimal own;
    world_publish(world);
    world->platforms[PLATFORM_A].period.sessions = 40;
    world->platforms[PLATFORM_A].period.by_class[0] = 30;
    world->platforms[PLATFORM_A].period.by_class[1] = 10;
    assert_int_equal(market_pay(world, &books, &err), 0);
    assert_int_equal(books.revenue[PLATFORM_A], 56 * DECIMAL_ONE);
    assert_true(payout_arpu(world, PLATFORM_A, 1, &own));
    assert_int_equal(own, 32 * DECIMAL_ONE);
    world_destroy(world);
}

/* However differently users fare, the expected number of each class to leave is rate times number.
 */
static void classes_leave_at_their_rates(void **state) {
    (void)state;
    enum { RUNS = 40 };
    struct scenario scenario = worlds_scenario("users=20000", CLASSES, "user_leave_a=0.06",
                                               "user_sensitivity=2", "creators=10", NULL);
    double n[2] = {0}, left[2] = {0};
    struct world *world = lively_world(&scenario);
    struct market *market = fit(world);
    uint8_t *homes = malloc(world->users.n);
    memcpy(homes, world->users.homes, world->users.n);
    double expected = market_expected_user_exits(market, world, PLATFORM_A);
    for (uint32_t run = 0; run < RUNS; run++) {
        struct moves moves;
        world->seed = run;
        for (size_t u = 0; u < world->users.n; u++)
            n[world->users.classes[u]] += home_on(world->users.homes[u], PLATFORM_A);
        market_move(market, world, 0, &moves);
        int64_t sum = 0;
        for (int k = 0; k < 2; k++) {
            const struct user_moves *own = &moves.groups[PLATFORM_A][k];
            left[k] += (double)(own->gone + own->to_other);
            sum += own->gone + own->to_other;
        }
        assert_int_equal(sum, moves.users_gone[PLATFORM_A] + moves.users_to_other[PLATFORM_A]);
        memcpy(world->users.homes, homes, world->users.n);
    }
    worlds_near(left[0], 0.04 * n[0], sqrt(0.04 * n[0]), 4);
    worlds_near(left[1], 0.12 * n[1], sqrt(0.12 * n[1]), 4);
    assert_true(fabs(expected / ((0.04 * n[0] + 0.12 * n[1]) / RUNS) - 1) < 1e-9);
    free(homes);
    market_destroy(market);
    world_destroy(world);
}

/* Half the creators gone are worth w (g(1/2) - g(1)) less to users: the log-odds of all to leave
 * rise by sensitivity times that. */
static void network_effects(void **state) {
    (void)state;
    static const char *const powers[] = {"network_power=0", "network_power=1", "network_power=0.5"};
    const double gains[] = {log(0.5), -0.5, sqrt(0.5) - 1};
    for (int i = 0; i < 3; i++) {
        struct scenario scenario =
            worlds_scenario("users=1000", "creators=40", "user_sensitivity=2", "network_weight=0.7",
                            "user_share_b=0", "user_share_both=0", "creator_share_b=0",
                            "creator_share_both=0", "user_leave_a=0.1", powers[i], NULL);
        struct settings settings = worlds_settings(&scenario);
        struct world *world = worlds_create(&settings, 1);
        struct market *market;
        struct error err = {0};
        assert_int_equal(market_fit(&market, world, &err), 0);
        double before = market_expected_user_exits(market, world, PLATFORM_A);
        for (size_t c = 0; c < 20; c++)
            world->creators.homes[c] = HOME_NONE;
        double after = market_expected_user_exits(market, world, PLATFORM_A);
        double users = before / 0.1, odds = 0.1 / 0.9 * exp(-2 * 0.7 * gains[i]);
        assert_true(fabs(after - users * odds / (1 + odds)) < 1e-6);
        market_destroy(market);
        world_destroy(world);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(streams_by_hand),
        cmocka_unit_test(payout_changes),
        cmocka_unit_test(cost_of_both),
        cmocka_unit_test(ban),
        cmocka_unit_test(creators_infect_neighbours),
        cmocka_unit_test(output_is_split),
        cmocka_unit_test(network_effects),
        cmocka_unit_test(classes_keep_the_mean),
        cmocka_unit_test(classes_bring_their_own),
        cmocka_unit_test(classes_leave_at_their_rates),
        cmocka_unit_test(destinations_as_measured),
        cmocka_unit_test(shares_of_a_pool),
        cmocka_unit_test(shares_lose_next_to_nothing),
        cmocka_unit_test(revenue_and_payout),
        cmocka_unit_test(too_much_money),
        cmocka_unit_test(fit_meets_rates),
        cmocka_unit_test(worse_is_worse),
        cmocka_unit_test(nobody_is_lost),
        cmocka_unit_test(rates_without_feedback),
        cmocka_unit_test(shock_has_its_size),
        cmocka_unit_test(pushed_have_their_own_cost),
        cmocka_unit_test(tiers_stay),
    };
    return cmocka_run_group_tests_name("ranking-market", tests, NULL, NULL);
}
