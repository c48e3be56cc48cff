/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What each policy shows. */
#include "stage.h"

#include "ranking/purpose.h"
#include "ranking/slate.h"

#include <gsl/gsl_cdf.h>

static void found_by_name(void **state) {
    (void)state;
    struct error err = {0};
    assert_ptr_equal(policy_find(text_of("foryou"), &err), &policy_foryou);
    assert_ptr_equal(policy_find(text_of("random"), &err), &policy_random);
    assert_null(policy_find(text_of("for-you-page"), NULL));
    assert_null(policy_find(text_of("popular"), &err));
    assert_int_equal(err.code, ERROR_USAGE);
    assert_string_equal(err.text, "unknown policy 'popular', did you mean 'popularity'");
}

static void expect_different(const struct slate *slate) {
    for (size_t i = 0; i < slate->n; i++)
        for (size_t j = 0; j < i; j++)
            assert_int_not_equal(slate->positions[i], slate->positions[j]);
}

/* M sessions show k of n items each: an item is shown a binomial number of times, with variance
 * M k/n (1 - k/n); as the counts sum to M k, sum (x - M k/n)^2 (n - 1) / (n variance) has a
 * chi-square distribution with n - 1 degrees of freedom. */
static void random_is_uniform(void **state) {
    (void)state;
    enum { M = 20000 };
    struct scenario scenario = worlds_scenario("users=1", "creators=60", NULL);
    struct stage stage;
    struct slate slate;
    open_stage(&stage, &policy_random, &scenario);
    size_t n = stage.world->platforms[PLATFORM_A].shelf.n;
    int *counts = calloc(n, sizeof *counts);
    for (int session = 0; session < M; session++) {
        serve(&stage, 0, &slate);
        assert_int_equal(slate.n, 10);
        expect_different(&slate);
        for (size_t i = 0; i < slate.n; i++)
            counts[slate.positions[i]]++;
    }
    double share = 10 / (double)n, sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += (counts[i] - M * share) * (counts[i] - M * share);
    double chi_square = sum / (M * share * (1 - share)) * ((double)n - 1) / (double)n;
    print_message("seed 1: uniform exposure, chi-square %.1f on %zu\n", chi_square, n - 1);
    assert_true(gsl_cdf_chisq_Q(chi_square, (double)n - 1) > 0.001);
    assert_true(gsl_cdf_chisq_P(chi_square, (double)n - 1) > 0.001); /* nor too even */
    free(counts);
    close_stage(&stage);
}

/* Fewer items than places: all are shown. */
static void short_shelves(void **state) {
    (void)state;
    const struct policy_class *const *classes = policy_classes;
    struct scenario scenario = worlds_scenario("users=1", "creators=3", "creator_share_b=0",
                                               "creator_share_both=0", "slate=10", NULL);
    for (int i = 0; classes[i]; i++) {
        struct stage stage;
        struct slate slate;
        open_stage(&stage, classes[i], &scenario);
        serve(&stage, 0, &slate);
        assert_int_equal(slate.n, 6); /* 3 creators, 2 items each */
        expect_different(&slate);
        close_stage(&stage);
    }
    scenario =
        worlds_scenario("users=1", "creators=3", "creator_share_b=1", "creator_share_both=0", NULL);
    for (int i = 0; classes[i]; i++) {
        struct stage stage;
        struct slate slate;
        open_stage(&stage, classes[i], &scenario);
        serve(&stage, 0, &slate);
        assert_int_equal(slate.n, 0);
        close_stage(&stage);
    }
}

/* What was taken up most comes first; a creator's other items come before those of strangers. */
static void popularity_by_counts(void **state) {
    (void)state;
    struct scenario scenario = worlds_scenario("users=1", "creators=20", "creator_share_b=0",
                                               "creator_share_both=0", "candidates=1000", NULL);
    struct stage stage;
    struct slate slate;
    open_stage(&stage, &policy_popularity, &scenario);
    const struct shelf *shelf = &stage.world->platforms[PLATFORM_A].shelf;
    uint32_t *taken = stage.world->items.engagements[PLATFORM_A];
    uint32_t first = shelf->items[3], second = shelf->items[7];
    assert_int_not_equal(shelf->creators[3], shelf->creators[7]);
    taken[first] = 100;
    taken[second] = 80;
    policy_round_begin(&stage.policy);
    serve(&stage, 0, &slate);
    assert_int_equal(slate.positions[0], 3);
    assert_int_equal(slate.positions[1], 7);
    assert_int_equal(shelf->creators[slate.positions[2]], shelf->creators[3]);
    assert_int_equal(shelf->creators[slate.positions[3]], shelf->creators[7]);
    close_stage(&stage);
}

/* A user who always takes the item nearest to a taste is shown ever nearer ones. */
static void foryou_learns(void **state) {
    (void)state;
    struct scenario scenario = worlds_scenario("users=2", "creators=200", "exploration=0", NULL);
    struct stage stage;
    open_stage(&stage, &policy_foryou, &scenario);
    const struct world *world = stage.world;
    const float *x = world->platforms[PLATFORM_A].shelf.embeddings;
    size_t d = world->dimensions;
    double before = 0, after = 0; /* mean match of what is shown, first and last five sessions */
    for (int step = 0; step < 40; step++) {
        for (int s = 0; s < 5; s++) {
            struct slate slate;
            struct session session = {1, &stage.retrieving, &stage.exploring};
            double best = -2;
            int chosen = -1;
            policy_serve(&stage.policy, &session, &slate);
            for (size_t i = 0; i < slate.n; i++) {
                double match = 0;
                for (size_t k = 0; k < d; k++)
                    match += (double)world->users.tastes[d + k] *
                             (double)x[kernel_at(slate.positions[i], d, k)];
                if (match > best)
                    best = match, chosen = (int)i;
                if (step == 0)
                    before += match / (double)slate.n / 5;
                if (step == 39)
                    after += match / (double)slate.n / 5;
            }
            struct reaction reaction = {.chosen = chosen, .dismissed = -1};
            if (step > 0)
                policy_feedback(&stage.policy, &session, &slate, &reaction);
        }
        policy_round_end(&stage.policy);
    }
    assert_true(fabs(before) < 0.15);
    assert_true(after > 0.3);
    close_stage(&stage);
}

/* Three creators with many items: with a gap of 2 the same one may come at every third place. */
static void foryou_keeps_the_gap(void **state) {
    (void)state;
    struct scenario scenario =
        worlds_scenario("users=1", "creators=3", "creator_share_b=0", "creator_share_both=0",
                        "items=30", "creator_gap=2", "exploration=0", "slate=12", NULL);
    struct stage stage;
    struct slate slate;
    open_stage(&stage, &policy_foryou, &scenario);
    for (int session = 0; session < 200; session++) {
        serve(&stage, 0, &slate);
        assert_int_equal(slate.n, 12);
        expect_different(&slate);
        /* The list kept for choosing from is short: near its end the gap may have to give way. */
        for (size_t i = 1; i < 4; i++)
            for (size_t j = i > 2 ? i - 2 : 0; j < i; j++)
                assert_int_not_equal(stage.policy.shelf->creators[slate.positions[i]],
                                     stage.policy.shelf->creators[slate.positions[j]]);
    }
    close_stage(&stage);
}

/* With a share e of places explored, the number that differ from the plain slate is binomial, but
 * for draws that hit the slate itself or the same item. */
static void foryou_explores(void **state) {
    (void)state;
    enum { SESSIONS = 4000 };
    struct scenario plain =
        worlds_scenario("users=1", "creators=500", "exploration=0", "candidates=10000", NULL);
    struct scenario curious =
        worlds_scenario("users=1", "creators=500", "exploration=0.2", "candidates=10000", NULL);
    struct stage a, b;
    open_stage(&a, &policy_foryou, &plain);
    open_stage(&b, &policy_foryou, &curious);
    double changed = 0;
    for (int session = 0; session < SESSIONS; session++) {
        struct slate x, y;
        serve(&a, 0, &x);
        serve(&b, 0, &y);
        expect_different(&y);
        for (size_t i = 0; i < x.n; i++)
            changed += x.positions[i] != y.positions[i];
    }
    double n = SESSIONS * 10.0, hit = 10.0 / (double)a.policy.shelf->n;
    worlds_near(changed, n * 0.2 * (1 - hit), sqrt(n * 0.2 * 0.8), 4);
    close_stage(&a);
    close_stage(&b);
}

/* ---- What was seen ----------------------------------------------------------------------------
 */

/* 120 items, slates of 10: with a ring of 60 nothing comes again within six sessions, whatever the
 * rule, and what comes is otherwise what would have come. */
static void seen_is_not_shown_again(void **state) {
    (void)state;
    static const struct policy_class *const classes[] = {
        &policy_foryou, &policy_viability, &policy_transparent, &policy_following, &policy_pools};
    struct scenario scenario = worlds_scenario(
        "users=2", "creators=60", "creator_share_b=0", "creator_share_both=0", "candidates=1000",
        "seen=60", "exploration=0.3", "pool_following=0.3", "novelty=0.5", NULL);
    for (int c = 0; c < 5; c++) {
        struct stage stage;
        open_stage(&stage, classes[c], &scenario);
        size_t n = stage.policy.shelf->n;
        int *last = calloc(n, sizeof *last); /* session in which it was shown */
        for (uint32_t creator = 0; creator < 16; creator++)
            world_follow(stage.world, 1, PLATFORM_A, creator);
        for (int session = 1; session <= 40; session++) {
            struct slate slate;
            serve(&stage, 1, &slate);
            assert_int_equal(slate.n, 10);
            expect_different(&slate);
            for (size_t i = 0; i < slate.n; i++) {
                uint32_t position = slate.positions[i];
                assert_true(last[position] == 0 || last[position] < session - 6);
                last[position] = session;
                world_see(stage.world, 1, PLATFORM_A, stage.policy.shelf->items[position]);
            }
        }
        free(last);
        close_stage(&stage);
    }
}

/* Where all has been seen it is shown again; and a new item in the place of an old one is new. */
static void seen_where_nothing_is_left(void **state) {
    (void)state;
    struct scenario scenario =
        worlds_scenario("users=1", "creators=4", "items=2", "item_life=1", "creator_share_b=0",
                        "creator_share_both=0", "seen=64", "slate=8", "exploration=0", NULL);
    struct stage stage;
    struct slate slate;
    open_stage(&stage, &policy_foryou, &scenario);
    for (int step = 0; step < 3; step++) {
        for (size_t i = 0; i < 8; i++)
            assert_false(policy_has_shown(&stage.policy, 0, (uint32_t)i));
        for (int session = 0; session < 2; session++) {
            serve(&stage, 0, &slate);
            assert_int_equal(slate.n, 8);
            expect_different(&slate);
            for (size_t i = 0; i < slate.n; i++)
                world_see(stage.world, 0, PLATFORM_A,
                          stage.policy.shelf->items[slate.positions[i]]);
        }
        for (size_t i = 0; i < 8; i++)
            assert_true(policy_has_shown(&stage.policy, 0, (uint32_t)i));
        stage.world->step++;
        world_publish(stage.world);
        policy_round_begin(&stage.policy);
    }
    close_stage(&stage);
}

/* ---- Following ------------------------------------------------------------------------------- */

static void following_shows_the_followed(void **state) {
    (void)state;
    struct scenario scenario = worlds_scenario("users=3", "creators=50", "creator_share_b=0",
                                               "creator_share_both=0", "candidates=1000", NULL);
    struct stage stage;
    struct slate slate;
    open_stage(&stage, &policy_following, &scenario);
    const struct shelf *shelf = stage.policy.shelf;
    world_follow(stage.world, 1, PLATFORM_A, 30);
    world_follow(stage.world, 1, PLATFORM_A, 12);
    serve(&stage, 1, &slate);
    assert_int_equal(slate.n, 10);
    expect_different(&slate);
    for (int i = 0; i < 4; i++) { /* two items each */
        uint32_t creator = shelf->creators[slate.positions[i]];
        assert_true(creator == 30 || creator == 12);
    }
    stage.world->step++; /* the newest first */
    world_publish(stage.world);
    policy_round_begin(&stage.policy);
    serve(&stage, 1, &slate);
    size_t generation = stage.world->creators.n * 2;
    for (int i = 0; i < 8; i++) {
        uint32_t creator = shelf->creators[slate.positions[i]];
        assert_true(creator == 30 || creator == 12);
        assert_int_equal(shelf->items[slate.positions[i]] / generation, i < 4 ? 1 : 0);
    }
    close_stage(&stage);
}

/* ---- Pools ----------------------------------------------------------------------------------- */

/* Draws without replacement in proportion to weights: the chance of an ordered pair (i, j) is
 * p_i p_j / (1 - p_i) (Plackett 1975). Quotas here are those of items in pools of 20 and 200. */
static void pools_draw_in_proportion(void **state) {
    (void)state;
    enum { N = 6, SESSIONS = 200000 };
    struct scenario scenario =
        worlds_scenario("users=1", "creators=3", "items=2", "slate=2", "creator_share_b=0",
                        "creator_share_both=0", "pool_choice=1", "pool_following=0", NULL);
    struct stage stage;
    open_stage(&stage, &policy_pools, &scenario);
    static const uint32_t views[N] = {0, 5, 10, 15, 19, 12};
    double quota[N], sum = 0, chi_square = 0;
    assert_int_equal(stage.policy.shelf->n, N);
    for (size_t i = 0; i < N; i++) {
        stage.world->items.exposures[PLATFORM_A][stage.policy.shelf->items[i]] = views[i];
        quota[i] = 20 - views[i];
        sum += quota[i];
    }
    policy_round_begin(&stage.policy);
    int counts[N][N] = {0};
    for (int s = 0; s < SESSIONS; s++) {
        struct slate slate;
        serve(&stage, 0, &slate);
        counts[slate.positions[0]][slate.positions[1]]++;
    }
    for (size_t i = 0; i < N; i++)
        for (size_t j = 0; j < N; j++) {
            double expected = SESSIONS * quota[i] / sum * quota[j] / (sum - quota[i]);
            if (i != j)
                chi_square += (counts[i][j] - expected) * (counts[i][j] - expected) / expected;
        }
    assert_true(gsl_cdf_chisq_Q(chi_square, N * (N - 1) - 1) > 0.001);
    close_stage(&stage);
}

/* Each view is a like with probability q, so that an item with n views in its pool passes with
 * P(binomial(n, q) >= threshold n): the expected number of items that reach a pool is the sum over
 * those judged before, and of them a product of such probabilities. */
static void pools_pass_binomially(void **state) {
    (void)state;
    enum { ROUNDS = 60, SESSIONS = 200 };
    const double q = 0.3, threshold = 0.3;
    struct scenario scenario =
        worlds_scenario("users=1", "creators=400", "items=2", "creator_share_b=0",
                        "creator_share_both=0", "pool_views=10", "pool_growth=3", "pool_levels=3",
                        "pool_threshold=0.3", "pool_following=0", NULL);
    struct stage stage;
    struct tally tally;
    struct error err = {0};
    open_stage(&stage, &policy_pools, &scenario);
    struct world *world = stage.world;
    const struct shelf *shelf = stage.policy.shelf;
    assert_int_equal(tally_create(&tally, world, &err), 0);
    /* The test's own account of each item: views and likes in its pool, and its fate. */
    struct record {
        int level, views, likes, out;
    } *records = calloc(shelf->n, sizeof *records);
    double expected[2] = {0}, variance[2] = {0};
    int passed[2] = {0}, judged[2] = {0};
    static const int sizes[] = {10, 30};
    struct random_stream stream;
    random_open(&stream, 77, 0, 0, 0, 0);
    for (int round = 0; round < ROUNDS; round++) {
        tally_clear(&tally, world);
        for (int s = 0; s < SESSIONS; s++) {
            struct slate slate;
            serve(&stage, 0, &slate);
            for (size_t i = 0; i < slate.n; i++) {
                bool like = random_uniform(&stream) < q;
                tally.exposures[PLATFORM_A][slate.positions[i]]++;
                tally.actions[PLATFORM_A][slate.positions[i] * ACTIONS + ACTION_LIKE] += like;
                records[slate.positions[i]].views++;
                records[slate.positions[i]].likes += like;
            }
        }
        world_absorb(world, &tally);
        policy_round_begin(&stage.policy);
        for (size_t i = 0; i < shelf->n; i++) {
            struct record *record = &records[i];
            if (record->out || record->level == 2 || record->views < sizes[record->level])
                continue;
            /* Likes of exactly the threshold pass; the product is rounded as the policy's is. */
            int needed = 0;
            while (needed < threshold * record->views)
                needed++;
            double pass = gsl_cdf_binomial_Q((unsigned)needed - 1, q, (unsigned)record->views);
            int level = record->level;
            judged[level]++;
            expected[level] += pass;
            variance[level] += pass * (1 - pass);
            passed[level] += record->likes >= needed;
            record->out = record->likes < needed;
            record->level += record->likes >= needed;
            record->views = record->likes = 0;
        }
    }
    assert_int_equal(judged[0], 800);
    assert_true(judged[1] <= passed[0] && judged[1] > passed[0] * 9 / 10);
    print_message("seed 77: pools pass %d and %d, expected %.1f and %.1f\n", passed[0], passed[1],
                  expected[0], expected[1]);
    for (int k = 0; k < 2; k++)
        worlds_near(passed[k], expected[k], sqrt(variance[k]), 4);
    /* And what failed is shown no more. */
    assert_true(passed[1] >= 10);
    for (int s = 0; s < SESSIONS; s++) {
        struct slate slate;
        serve(&stage, 0, &slate);
        for (size_t i = 0; i < slate.n; i++)
            assert_false(records[slate.positions[i]].out);
    }
    free(records);
    tally_destroy(&tally);
    close_stage(&stage);
}

/* ---- Transparent ----------------------------------------------------------------------------- */

/* Weights 1, 1, 4, 4, 8. With 980 exposures, of which half are the item's, the rates are so near to
 * the counts' that the terms can be worked out by hand. */
static void transparent_by_hand(void **state) {
    (void)state;
    struct scenario scenario =
        worlds_scenario("users=2", "creators=2", "items=1", "creator_share_b=0",
                        "creator_share_both=0", "dial_following=0.5", "diversity=0", NULL);
    struct stage stage;
    struct slate slate;
    struct term terms[POLICY_TERMS];
    open_stage(&stage, &policy_transparent, &scenario);
    struct items *items = &stage.world->items;
    const struct shelf *shelf = stage.policy.shelf;
    for (size_t i = 0; i < 2; i++)
        items->exposures[PLATFORM_A][shelf->items[i]] = 490;
    uint32_t *actions = items->actions[PLATFORM_A] + (size_t)shelf->items[1] * ACTIONS;
    actions[ACTION_LIKE] = 98;
    actions[ACTION_FOLLOW] = 49;
    policy_round_begin(&stage.policy);
    /* Platform: (98 + 0.2)/1000, (49 + 0.2)/1000 and 0.2/1000 three times. */
    double mean = 0.0982 + 0.0002 + 4 * 0.0002 + 4 * 0.0002 + 8 * 0.0492;
    assert_int_equal(policy_explain(&stage.policy, 1, 1, terms), 7);
    assert_string_equal(terms[ACTION_LIKE].name, "like");
    assert_true(fabs(terms[ACTION_LIKE].value - (98 + 20 * 0.0982) / 510 / mean) < 1e-12);
    assert_true(fabs(terms[ACTION_FOLLOW].value - 8 * (49 + 20 * 0.0492) / 510 / mean) < 1e-12);
    assert_true(fabs(terms[ACTION_SAVE].value - 20 * 0.0002 / 510 / mean) < 1e-12);
    assert_true(terms[5].value == 0 && terms[6].value == 0); /* no interest yet, not followed */
    serve(&stage, 1, &slate);
    assert_int_equal(slate.positions[0], 1);
    /* A user who follows the other one sees it first only if the dial is worth the difference. */
    world_follow(stage.world, 1, PLATFORM_A, shelf->creators[0]);
    policy_explain(&stage.policy, 1, 0, terms);
    assert_string_equal(terms[6].name, "following");
    assert_true(terms[6].value == 0.5);
    serve(&stage, 1, &slate);
    assert_int_equal(slate.n, 2);
    assert_int_equal(slate.positions[0], 1);
    close_stage(&stage);
}

/* Terms add up to the score that the kernel ranks by, for every policy that has one. */
static void terms_add_up(void **state) {
    (void)state;
    struct scenario scenario = worlds_scenario("users=5", "creators=50", "candidates=10000",
                                               "follows=0", "exploration=0", NULL);
    for (int c = 0; policy_classes[c]; c++) {
        if (policy_classes[c] == &policy_random || policy_classes[c] == &policy_pools)
            continue; /* they draw */
        struct stage stage;
        open_stage(&stage, policy_classes[c], &scenario);
        const struct shelf *shelf = stage.policy.shelf;
        struct random_stream stream;
        random_open(&stream, 3, 0, 0, 0, 0);
        if (stage.policy.class->profiles)
            for (size_t k = 0; k < 5 * stage.world->dimensions; k++)
                stage.policy.class->profiles(&stage.policy)[k] = (float)random_uniform(&stream);
        for (size_t i = 0; i < shelf->n; i++) {
            stage.world->items.exposures[PLATFORM_A][shelf->items[i]] = 50;
            stage.world->items.engagements[PLATFORM_A][shelf->items[i]] = random_below(&stream, 9);
            stage.world->creators.exit_odds[PLATFORM_A][shelf->creators[i]] =
                4 * random_uniform(&stream) - 3;
        }
        policy_round_begin(&stage.policy);
        struct kernel_top top;
        struct session session = {2, &stage.retrieving, &stage.exploring}, *one = &session;
        struct candidates all = {0, shelf->blocks};
        policy_score(&stage.policy, &one, &all, 1, &top);
        assert_true(top.found >= 10);
        for (size_t i = 0; i < top.found; i++) {
            struct term terms[POLICY_TERMS];
            double sum = 0;
            size_t n = policy_explain(&stage.policy, 2, kernel_position(&top, i), terms);
            assert_true(n > 0 && n <= POLICY_TERMS);
            for (size_t k = 0; k < n; k++) {
                assert_false(terms[k].fact);
                sum += terms[k].value;
            }
            /* Sums of 16 products in single precision, in another order. */
            assert_true(fabs(sum - (double)kernel_score(&top, i)) < 1e-5 * (1 + fabs(sum)));
        }
        close_stage(&stage);
    }
}

/* ---- What decided without a score ------------------------------------------------------------ */

static double value_of(const struct term *terms, size_t n, const char *name) {
    for (size_t k = 0; k < n; k++)
        if (strcmp(terms[k].name, name) == 0)
            return terms[k].value;
    fail_msg("no term '%s'", name);
    return NAN;
}

/* Six items with 20, 15, 10, 5, 1 and 8 views left of 59 in all, the first of a pool of 20. */
static void pools_say_how_items_are_drawn(void **state) {
    (void)state;
    struct scenario scenario =
        worlds_scenario("users=1", "creators=3", "items=2", "slate=2", "creator_share_b=0",
                        "creator_share_both=0", "pool_choice=1", "pool_following=0", NULL);
    struct stage stage;
    struct term terms[POLICY_TERMS];
    static const uint32_t views[] = {0, 5, 10, 15, 19, 12};
    open_stage(&stage, &policy_pools, &scenario);
    for (size_t i = 0; i < 6; i++)
        stage.world->items.exposures[PLATFORM_A][stage.policy.shelf->items[i]] = views[i];
    policy_round_begin(&stage.policy);
    for (uint32_t i = 0; i < 6; i++) {
        size_t n = policy_explain(&stage.policy, 0, i, terms);
        assert_true(value_of(terms, n, "pool") == 1);
        assert_true(value_of(terms, n, "views_left") == 20 - views[i]);
        assert_true(value_of(terms, n, "chance") == (20 - views[i]) / 59.0);
        for (size_t k = 0; k < n; k++)
            assert_true(terms[k].fact);
    }
    /* All of its views, and a like for each: the second pool, of 200. */
    uint32_t item = stage.policy.shelf->items[4];
    stage.world->items.exposures[PLATFORM_A][item] = 20;
    stage.world->items.actions[PLATFORM_A][item * ACTIONS + ACTION_LIKE] = 20;
    policy_round_begin(&stage.policy);
    size_t n = policy_explain(&stage.policy, 0, 4, terms);
    assert_true(value_of(terms, n, "pool") == 2);
    assert_true(value_of(terms, n, "chance") == 200 / 258.0);
    close_stage(&stage);
}

static void places_given_away(void **state) {
    (void)state;
    struct term terms[POLICY_TERMS];
    struct slate slate;
    struct stage stage;
    struct scenario scenario =
        worlds_scenario("users=2", "creators=200", "creator_share_b=0", "creator_share_both=0",
                        "pool_following=0.5", "exploration=0.5", NULL);
    open_stage(&stage, &policy_pools, &scenario);
    for (uint32_t c = 0; c < 16; c++)
        world_follow(stage.world, 1, PLATFORM_A, c);
    int aside = 0;
    for (int session = 0; session < 50; session++) {
        serve(&stage, 1, &slate);
        for (size_t i = 0; i < slate.n; i++) {
            size_t n = policy_explain_place(&stage.policy, 1, &slate, i, terms);
            if (n > 1)
                continue;
            assert_string_equal(terms[0].name, "following");
            assert_true(terms[0].fact && isnan(terms[0].value));
            assert_true(stage.policy.shelf->creators[slate.positions[i]] < 16);
            aside++;
        }
    }
    /* Of 500 places half, but for items that stand on the slate already. */
    assert_true(aside > 100 && aside < 300);
    serve(&stage, 0, &slate); /* who follows nobody */
    assert_int_equal(slate.aside, 0);
    close_stage(&stage);

    open_stage(&stage, &policy_foryou, &scenario);
    serve(&stage, 0, &slate);
    for (size_t i = 0; i < slate.n; i++) {
        bool explored = slate.aside >> i & 1;
        assert_int_equal(policy_explain_place(&stage.policy, 0, &slate, i, terms),
                         explored ? 1 : 2);
        assert_string_equal(terms[0].name, explored ? "exploration" : "popularity");
    }
    close_stage(&stage);

    open_stage(&stage, &policy_random, &scenario);
    assert_int_equal(policy_explain(&stage.policy, 0, 0, terms), 1);
    assert_string_equal(terms[0].name, "chance");
    assert_true(terms[0].value == 10 / (double)stage.policy.shelf->n && terms[0].fact);
    close_stage(&stage);
}

/* Whom a user follows counts for more than all popularity, the newer items the more. */
static void following_says_whom(void **state) {
    (void)state;
    struct scenario scenario = worlds_scenario("users=1", "creators=20", "creator_share_b=0",
                                               "creator_share_both=0", NULL);
    struct stage stage;
    struct term terms[POLICY_TERMS];
    open_stage(&stage, &policy_following, &scenario);
    world_follow(stage.world, 0, PLATFORM_A, 3);
    for (uint32_t i = 0; i < stage.policy.shelf->n; i++)
        stage.world->items.engagements[PLATFORM_A][stage.policy.shelf->items[i]] = 7;
    policy_round_begin(&stage.policy);
    for (uint32_t i = 0; i < stage.policy.shelf->n; i++) {
        size_t n = policy_explain(&stage.policy, 0, i, terms);
        bool followed = stage.policy.shelf->creators[i] == 3;
        worlds_near(value_of(terms, n, "popularity"), log(8), 1e-6, 1);
        worlds_near(value_of(terms, n, "following"), followed ? 300 : 0, 1e-4, 1);
    }
    close_stage(&stage);
}

/* ---- Diversity ------------------------------------------------------------------------------- */

/* Three directions, many items of each, the first the best scored: without diversity the first
 * alone, with a great weight on volume each direction in turn. */
static void spectrum_takes_turns(void **state) {
    (void)state;
    struct scenario scenario =
        worlds_scenario("users=1", "creators=30", "items=1", "slate=6", "dimensions=3",
                        "creator_share_b=0", "creator_share_both=0", NULL);
    struct stage stage;
    struct slate slate;
    struct kernel_top top;
    open_stage(&stage, &policy_random, &scenario);
    const struct shelf *shelf = stage.policy.shelf;
    kernel_begin(&top, 30);
    for (uint32_t i = 0; i < 30; i++) {
        for (size_t k = 0; k < 3; k++)
            shelf->rows[i * 3 + k] = i / 10 == k ? 1 : 0;
        kernel_offer(&top, 1 - (float)i / 100, i);
    }
    slate_spectrum(&stage.policy, &top, 0, 3, &slate);
    for (uint32_t i = 0; i < 6; i++)
        assert_int_equal(slate.positions[i], i);
    slate_spectrum(&stage.policy, &top, 10, 3, &slate);
    static const uint32_t turns[] = {0, 10, 20, 1, 11, 21};
    for (size_t i = 0; i < 6; i++)
        assert_int_equal(slate.positions[i], turns[i]);
    /* With a window of 2 only the last place counts: 0.99 of the first direction beats the third.
     */
    slate_spectrum(&stage.policy, &top, 10, 2, &slate);
    static const uint32_t pairs[] = {0, 10, 1, 11, 2, 12};
    for (size_t i = 0; i < 6; i++)
        assert_int_equal(slate.positions[i], pairs[i]);
    /* Marginal relevance with a novelty of 1: cosine 1 within a direction, 0 between. */
    slate_diverse(&stage.policy, &top, 1, &slate);
    static const uint32_t relevant[] = {0, 10, 20, 1, 2, 3};
    for (size_t i = 0; i < 6; i++)
        assert_int_equal(slate.positions[i], relevant[i]);
    slate_diverse(&stage.policy, &top, 0, &slate);
    for (uint32_t i = 0; i < 6; i++)
        assert_int_equal(slate.positions[i], i);
    close_stage(&stage);
}

/* ---- Viability ------------------------------------------------------------------------------- */

/* g = h (1 - h) is 1/4 at the threshold and next to nothing for who is safe or lost; with boost 2 a
 * creator at the threshold among such gets 2 g / (g + mean g). */
static void viability_boosts_who_is_near(void **state) {
    (void)state;
    struct scenario scenario =
        worlds_scenario("users=1", "creators=10", "items=1", "creator_share_b=0",
                        "creator_share_both=0", "viability_boost=2", "exploration=0", NULL);
    struct stage stage;
    struct slate slate;
    open_stage(&stage, &policy_viability, &scenario);
    const struct shelf *shelf = stage.policy.shelf;
    double *odds = stage.world->creators.exit_odds[PLATFORM_A];
    for (size_t c = 0; c < 10; c++)
        odds[c] = c % 2 ? -10 : 10;
    odds[shelf->creators[6]] = 0;
    policy_round_begin(&stage.policy);
    double g = 1 / (1 + exp(10.0)) * (1 / (1 + exp(-10.0))), mean = (0.25 + 9 * g) / 10;
    for (uint32_t i = 0; i < 10; i++) {
        struct term terms[POLICY_TERMS];
        assert_int_equal(policy_explain(&stage.policy, 0, i, terms), 3);
        double own = i == 6 ? 0.25 : g;
        assert_true(fabs(terms[2].value - 2 * own / (own + mean)) < 1e-6);
    }
    serve(&stage, 0, &slate);
    assert_int_equal(slate.positions[0], 6);
    close_stage(&stage);
}

/* ---- Warm start ------------------------------------------------------------------------------ */

static void warm_start_brings_profiles(void **state) {
    (void)state;
    struct scenario scenario = worlds_scenario("users=4", "warm_start=0.5", "dimensions=2", NULL);
    struct settings settings = worlds_settings(&scenario);
    struct world *world = worlds_create(&settings, 1);
    struct policy a, b, c;
    struct error err = {0};
    assert_int_equal(policy_open(&a, &policy_foryou, world, PLATFORM_A, &err), 0);
    assert_int_equal(policy_open(&b, &policy_transparent, world, PLATFORM_B, &err), 0);
    assert_int_equal(policy_open(&c, &policy_random, world, PLATFORM_B, &err), 0);
    float *theirs = a.class->profiles(&a), *mine = b.class->profiles(&b);
    for (int i = 0; i < 8; i++)
        theirs[i] = (float)(i + 1);
    world->users.came[1] = HOME_B;
    world->users.came[2] = HOME_A;
    world->users.came[3] = HOME_B;
    mine[7] = 9; /* has been there before */
    policy_welcome(&b, &a);
    policy_welcome(&b, &c);
    static const float expected[] = {0, 0, 1.5f, 2, 0, 0, 0, 9};
    for (int i = 0; i < 8; i++)
        assert_true(mine[i] == expected[i]);
    policy_close(&a);
    policy_close(&b);
    policy_close(&c);
    world_destroy(world);
}

/* ---- Exploration by what is not known -------------------------------------------------------- */

/* With equal records the item that was shown less has the greater bonus, sqrt(2 ln(1 + N)/(n +
 * 20)). */
static void optimism_for_the_unknown(void **state) {
    (void)state;
    struct scenario scenario =
        worlds_scenario("users=1", "creators=2", "items=1", "creator_share_b=0",
                        "creator_share_both=0", "optimism=3", NULL);
    struct stage stage;
    struct term terms[POLICY_TERMS];
    open_stage(&stage, &policy_foryou, &scenario);
    const struct shelf *shelf = stage.policy.shelf;
    for (uint32_t i = 0; i < 2; i++) { /* one in ten of either was taken, as of the platform */
        stage.world->items.exposures[PLATFORM_A][shelf->items[i]] = i ? 1000 : 10;
        stage.world->items.engagements[PLATFORM_A][shelf->items[i]] = i ? 100 : 1;
    }
    policy_round_begin(&stage.policy);
    double bias[2], n = 1010;
    for (uint32_t i = 0; i < 2; i++) {
        policy_explain(&stage.policy, 0, i, terms);
        bias[i] = terms[0].value;
    }
    double expected = 3 * (sqrt(2 * log1p(n) / 30) - sqrt(2 * log1p(n) / 1020));
    /* Shares differ a little: the priors are not quite one in ten. */
    assert_true(fabs(bias[0] - bias[1] - expected) < 0.05);
    close_stage(&stage);
}

/* Beta draws have the mean of the shrunk share: 30 taken of 100 with a prior of weight 20. */
static void thompson_draws(void **state) {
    (void)state;
    enum { ITEMS = 4000 };
    struct scenario scenario =
        worlds_scenario("users=1", "creators=2000", "items=2", "creator_share_b=0",
                        "creator_share_both=0", "thompson=1", NULL);
    struct stage stage;
    open_stage(&stage, &policy_foryou, &scenario);
    const struct shelf *shelf = stage.policy.shelf;
    for (size_t i = 0; i < ITEMS; i++) {
        stage.world->items.exposures[PLATFORM_A][shelf->items[i]] = 100;
        stage.world->items.engagements[PLATFORM_A][shelf->items[i]] = 30;
    }
    policy_round_begin(&stage.policy);
    /* The platform's share is 0.3 but for 1 part in 20000; a creator's, from 200, and an item's
     * too. */
    double sum = 0, squares = 0, nothing = 0.5;
    for (uint32_t i = 0; i < ITEMS; i++) {
        struct term terms[POLICY_TERMS];
        policy_explain(&stage.policy, 0, i, terms);
        double share = exp(terms[0].value) * nothing;
        sum += share;
        squares += share * share;
    }
    double mean = sum / ITEMS, variance = squares / ITEMS - mean * mean;
    worlds_near(mean, 0.3, sqrt(0.3 * 0.7 / 121 / ITEMS), 4);
    worlds_near(variance, 0.3 * 0.7 / 121, 0.3 * 0.7 / 121 * sqrt(2.0 / ITEMS), 4);
    close_stage(&stage);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(found_by_name),
        cmocka_unit_test(random_is_uniform),
        cmocka_unit_test(short_shelves),
        cmocka_unit_test(popularity_by_counts),
        cmocka_unit_test(foryou_learns),
        cmocka_unit_test(foryou_keeps_the_gap),
        cmocka_unit_test(foryou_explores),
        cmocka_unit_test(following_shows_the_followed),
        cmocka_unit_test(pools_draw_in_proportion),
        cmocka_unit_test(pools_pass_binomially),
        cmocka_unit_test(transparent_by_hand),
        cmocka_unit_test(terms_add_up),
        cmocka_unit_test(pools_say_how_items_are_drawn),
        cmocka_unit_test(places_given_away),
        cmocka_unit_test(seen_is_not_shown_again),
        cmocka_unit_test(seen_where_nothing_is_left),
        cmocka_unit_test(following_says_whom),
        cmocka_unit_test(spectrum_takes_turns),
        cmocka_unit_test(viability_boosts_who_is_near),
        cmocka_unit_test(warm_start_brings_profiles),
        cmocka_unit_test(optimism_for_the_unknown),
        cmocka_unit_test(thompson_draws),
    };
    return cmocka_run_group_tests_name("ranking-policy", tests, NULL, NULL);
}
