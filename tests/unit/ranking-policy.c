/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What each policy shows. */
#include "worlds.h"

#include "ranking/purpose.h"

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

/* A world with its first items, and a policy that has begun its step. */
struct stage {
    struct world *world;
    struct policy policy;
    struct random_stream retrieving, exploring;
};

static void open_stage(struct stage *stage, const struct policy_class *class,
                       const struct scenario *scenario) {
    struct settings settings = worlds_settings(scenario);
    struct error err = {0};
    stage->world = worlds_create(&settings, 1);
    world_publish(stage->world);
    assert_int_equal(policy_open(&stage->policy, class, stage->world, PLATFORM_A, &err), 0);
    policy_step_begin(&stage->policy);
    random_open(&stage->retrieving, 1, 0, 0, 0, DRAW_RETRIEVE);
    random_open(&stage->exploring, 1, 0, 0, 0, DRAW_EXPLORE);
}

static void close_stage(struct stage *stage) {
    policy_close(&stage->policy);
    world_destroy(stage->world);
}

static void serve(struct stage *stage, uint32_t user, struct slate *ret) {
    struct session session = {user, &stage->retrieving, &stage->exploring};
    policy_serve(&stage->policy, &session, ret);
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
    assert_true(gsl_cdf_chisq_Q(chi_square, (double)n - 1) > 0.001);
    assert_true(gsl_cdf_chisq_P(chi_square, (double)n - 1) > 0.001); /* nor too even */
    free(counts);
    close_stage(&stage);
}

/* Fewer items than places: all are shown. */
static void short_shelves(void **state) {
    (void)state;
    static const struct policy_class *const classes[] = {&policy_random, &policy_popularity,
                                                         &policy_foryou};
    struct scenario scenario = worlds_scenario("users=1", "creators=3", "creator_share_b=0",
                                               "creator_share_both=0", "slate=10", NULL);
    for (int i = 0; i < 3; i++) {
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
    for (int i = 0; i < 3; i++) {
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
    policy_step_begin(&stage.policy);
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
            policy_feedback(&stage.policy, &session, &slate, chosen);
        }
        policy_step_end(&stage.policy);
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

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(found_by_name),   cmocka_unit_test(random_is_uniform),
        cmocka_unit_test(short_shelves),   cmocka_unit_test(popularity_by_counts),
        cmocka_unit_test(foryou_learns),   cmocka_unit_test(foryou_keeps_the_gap),
        cmocka_unit_test(foryou_explores),
    };
    return cmocka_run_group_tests_name("ranking-policy", tests, NULL, NULL);
}
