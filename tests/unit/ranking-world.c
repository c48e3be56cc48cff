/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a world is made of, and what it shows. */
#include "worlds.h"

#include "ranking/kernel.h"

static size_t count_homes(const uint8_t *homes, size_t n, uint8_t which) {
    size_t count = 0;
    for (size_t i = 0; i < n; i++)
        count += homes[i] == which;
    return count;
}

static void expect_unit(const float *vectors, size_t n, size_t d) {
    for (size_t i = 0; i < n; i++) {
        double square = 0;
        for (size_t k = 0; k < d; k++)
            square += (double)vectors[i * d + k] * (double)vectors[i * d + k];
        assert_true(fabs(square - 1) < 1e-5); /* single precision, d = 16 */
    }
}

static void starts_as_asked(void **state) {
    (void)state;
    struct scenario scenario = worlds_scenario(
        "users=1000", "creators=200", "user_share_b=0.2", "user_share_both=0.1",
        "user_share_none=0.3", "creator_share_b=0.25", "creator_share_both=0.5", NULL);
    struct settings settings = worlds_settings(&scenario);
    struct world *world = worlds_create(&settings, 1);
    assert_int_equal(count_homes(world->users.homes, 1000, HOME_A), 400);
    assert_int_equal(count_homes(world->users.homes, 1000, HOME_BOTH), 100);
    assert_int_equal(count_homes(world->users.homes, 1000, HOME_B), 200);
    assert_int_equal(count_homes(world->users.homes, 1000, HOME_NONE), 300);
    assert_int_equal(count_homes(world->creators.homes, 200, HOME_A), 50);
    assert_int_equal(count_homes(world->creators.homes, 200, HOME_BOTH), 100);
    assert_int_equal(count_homes(world->creators.homes, 200, HOME_B), 50);
    /* Room for newcomers, who are nowhere yet. */
    assert_true(world->creators.n > 200);
    assert_int_equal(count_homes(world->creators.homes + 200, world->creators.n - 200, HOME_NONE),
                     world->creators.n - 200);
    expect_unit(world->users.tastes, 1000, world->dimensions);
    expect_unit(world->creators.themes, world->creators.n, world->dimensions);
    world_destroy(world);
}

/* Shares 0.60, 0.25, 0.10, 0.04 and 0.01, cut by rank of appeal plus as much luck: so the higher
 * the tier, the greater its mean appeal, which correlates with the rank by 1/sqrt(2) but for the
 * cutting. */
static void tiers_by_standing(void **state) {
    (void)state;
    static const int expected[] = {1200, 500, 200, 80, 20};
    struct scenario scenario = worlds_scenario("creators=2000", NULL);
    struct settings settings = worlds_settings(&scenario);
    struct world *world = worlds_create(&settings, 1);
    int counts[5] = {0};
    double appeal[5] = {0};
    for (size_t c = 0; c < 2000; c++) {
        counts[world->creators.tiers[c]]++;
        appeal[world->creators.tiers[c]] += (double)world->creators.appeal[c];
    }
    for (int k = 0; k < 5; k++) {
        assert_int_equal(counts[k], expected[k]);
        if (k > 0)
            assert_true(appeal[k] / counts[k] > appeal[k - 1] / counts[k - 1] + 0.1);
    }
    world_destroy(world);
}

/* Each living item of a creator who is there stands once on the shelf, as it is. */
static void expect_shelf(const struct world *world, int p) {
    const struct shelf *shelf = &world->platforms[p].shelf;
    const struct items *items = &world->items;
    size_t d = world->dimensions, expected = 0;
    bool *seen = calloc(items->n, sizeof *seen);
    for (size_t i = 0; i < items->n; i++)
        expected += (items->homes[i] != HOME_NONE) &&
                    home_on(world->creators.homes[world_creator(world, i)], p);
    assert_int_equal(shelf->n, expected);
    assert_int_equal(shelf->blocks, kernel_blocks(expected));
    for (size_t position = 0; position < shelf->n; position++) {
        uint32_t item = shelf->items[position];
        assert_false(seen[item]);
        seen[item] = true;
        assert_int_equal(shelf->creators[position], world_creator(world, item));
        for (size_t k = 0; k < d; k++) {
            float value = items->embeddings[item * d + k];
            assert_true(shelf->embeddings[kernel_at(position, d, k)] == value);
            assert_true(shelf->rows[position * d + k] == value);
        }
    }
    free(seen);
}

static void shelves_hold_what_lives(void **state) {
    (void)state;
    struct scenario scenario =
        worlds_scenario("users=1", "creators=30", "items=3", "item_life=2", "dimensions=5", NULL);
    struct settings settings = worlds_settings(&scenario);
    struct world *world = worlds_create(&settings, 1);
    for (world->step = 0; world->step < 5; world->step++) {
        world->creators.homes[world->step] = HOME_NONE; /* one leaves in every step */
        world_publish(world);
        expect_shelf(world, PLATFORM_A);
        expect_shelf(world, PLATFORM_B);
        size_t living = 0;
        for (size_t i = 0; i < world->items.n; i++)
            living += (world->items.homes[i] != HOME_NONE);
        /* 3 items of each who was there in this step, and in the last one. */
        size_t now = 29 - world->step, before = world->step > 0 ? now + 1 : 0;
        assert_int_equal(living, 3 * (now + before));
    }
    world_destroy(world);
}

static void tallies_add_up(void **state) {
    (void)state;
    struct scenario scenario = worlds_scenario("users=1", "creators=20", NULL);
    struct settings settings = worlds_settings(&scenario);
    struct world *world = worlds_create(&settings, 1);
    struct tally tally;
    struct error err = {0};
    world_publish(world);
    assert_int_equal(tally_create(&tally, world, &err), 0);
    tally_clear(&tally, world);
    uint64_t sum = 0;
    for (uint32_t i = 0; i < world->platforms[PLATFORM_A].shelf.n; i++) {
        tally.exposures[PLATFORM_A][i] = i;
        tally.engagements[PLATFORM_A][i] = i / 2;
        sum += i;
    }
    tally.traffic[PLATFORM_A].sessions = 9;
    tally.traffic[PLATFORM_A].unchosen = 4;
    tally.actions[PLATFORM_A][5 * ACTIONS + ACTION_SAVE] = 7;
    world_absorb(world, &tally); /* two rounds */
    world_absorb(world, &tally);
    uint64_t exposures = 0, of_creators = 0;
    for (size_t i = 0; i < world->items.n; i++)
        exposures += world->items.exposures[PLATFORM_A][i];
    for (size_t c = 0; c < world->creators.n; c++)
        of_creators += world->creators.exposures[PLATFORM_A][c];
    assert_int_equal(exposures, 2 * sum);
    assert_int_equal(of_creators, 2 * sum);
    uint32_t item = world->platforms[PLATFORM_A].shelf.items[5];
    assert_int_equal(world->items.actions[PLATFORM_A][item * ACTIONS + ACTION_SAVE], 14);
    assert_int_equal(world->platforms[PLATFORM_A].period.sessions, 18);
    world->step++;
    world_publish(world);
    assert_int_equal(world->platforms[PLATFORM_A].period.sessions, 0);
    assert_int_equal(world->platforms[PLATFORM_A].so_far.sessions, 18);
    assert_int_equal(world->platforms[PLATFORM_A].so_far.unchosen, 8);
    for (size_t c = 0; c < world->creators.n; c++)
        assert_int_equal(world->creators.exposures[PLATFORM_A][c], 0);
    tally_destroy(&tally);
    world_destroy(world);
}

/* A creator's positions on a shelf stand together, the newest items first. */
static void shelves_by_creator(void **state) {
    (void)state;
    struct scenario scenario = worlds_scenario("users=1", "creators=30", "items=2", NULL);
    struct settings settings = worlds_settings(&scenario);
    struct world *world = worlds_create(&settings, 1);
    for (world->step = 0; world->step < 5; world->step++) {
        world_publish(world);
        for (int p = 0; p < PLATFORMS; p++) {
            const struct shelf *shelf = &world->platforms[p].shelf;
            assert_int_equal(shelf->first[0], 0);
            assert_int_equal(shelf->first[world->creators.n], shelf->n);
            for (uint32_t c = 0; c < world->creators.n; c++) {
                size_t last_age = 0;
                for (uint32_t i = shelf->first[c]; i < shelf->first[c + 1]; i++) {
                    uint32_t position = shelf->by_creator[i];
                    size_t generation = shelf->items[position] / (world->creators.n * 2);
                    size_t age = (world->step + 3 - generation) % 3;
                    assert_int_equal(shelf->creators[position], c);
                    assert_true(age >= last_age && age <= world->step);
                    last_age = age;
                }
            }
        }
    }
    world_destroy(world);
}

/* The list of whom a user follows is a ring without repetition; followers are those who are there.
 */
static void follows_are_a_ring(void **state) {
    (void)state;
    struct scenario scenario = worlds_scenario("users=10", "creators=20", "follows=3",
                                               "user_share_b=0", "user_share_both=0", NULL);
    struct settings settings = worlds_settings(&scenario);
    struct world *world = worlds_create(&settings, 1);
    const uint32_t creators[] = {4, 7, 4, 9, 11, 7};
    for (size_t i = 0; i < 6; i++)
        world_follow(world, 0, PLATFORM_A, creators[i]);
    assert_int_equal(users_following(&world->users, 0, PLATFORM_A, 3), 3);
    assert_false(world_follows(world, 0, PLATFORM_A, 4)); /* gave way to 11 */
    assert_true(world_follows(world, 0, PLATFORM_A, 7));
    assert_true(world_follows(world, 0, PLATFORM_A, 9));
    assert_true(world_follows(world, 0, PLATFORM_A, 11));
    assert_false(world_follows(world, 0, PLATFORM_B, 11));
    world_follow(world, 1, PLATFORM_A, 7);
    assert_int_equal(world->users.homes[9], HOME_NONE);
    world_follow(world, 9, PLATFORM_A, 7);
    static const int threads[] = {0, 1, 3, 64}; /* more than there are users */
    for (int i = 0; i < 4; i++) {
        struct error err = {0};
        world->threads = threads[i];
        assert_int_equal(world_end_step(world, &err), 0);
        assert_int_equal(world->creators.followers[PLATFORM_A][7], 2);
        assert_int_equal(world->creators.followers[PLATFORM_A][11], 1);
        assert_int_equal(world->creators.followers[PLATFORM_A][4], 0);
    }
    world_destroy(world);
}

static void too_many_items(void **state) {
    (void)state;
    struct scenario scenario =
        worlds_scenario("users=1", "creators=1000000", "items=100", "item_life=100", NULL);
    struct settings settings = worlds_settings(&scenario);
    struct world *world;
    struct error err = {0};
    assert_int_equal(world_create(&world, &settings, 1, 0, 1, &err), ERROR_DATA);
    assert_non_null(strstr(err.text, "items at once"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(starts_as_asked),         cmocka_unit_test(tiers_by_standing),
        cmocka_unit_test(shelves_hold_what_lives), cmocka_unit_test(tallies_add_up),
        cmocka_unit_test(too_many_items),          cmocka_unit_test(shelves_by_creator),
        cmocka_unit_test(follows_are_a_ring),
    };
    return cmocka_run_group_tests_name("ranking-world", tests, NULL, NULL);
}
