/* SPDX-License-Identifier: GPL-3.0-or-later */
/* For the tests of policies: one that is about to serve a small world.
 *
 *     struct stage stage;
 *     open_stage(&stage, &policy_foryou, &scenario);
 *     serve(&stage, user, &slate);
 *     close_stage(&stage);
 */
#ifndef TESTS_STAGE_H
#define TESTS_STAGE_H

#include "worlds.h"

#include "ranking/purpose.h"

/* A world with its first items, and a policy that has begun its step. */
struct stage {
    struct world *world;
    struct policy policy;
    struct random_stream retrieving, exploring;
};

static inline void open_stage(struct stage *stage, const struct policy_class *class,
                              const struct scenario *scenario) {
    struct settings settings = worlds_settings(scenario);
    struct error err = {0};
    stage->world = worlds_create(&settings, 1);
    world_publish(stage->world);
    assert_int_equal(policy_open(&stage->policy, class, stage->world, PLATFORM_A, &err), 0);
    policy_round_begin(&stage->policy);
    random_open(&stage->retrieving, 1, 0, 0, 0, DRAW_RETRIEVE);
    random_open(&stage->exploring, 1, 0, 0, 0, DRAW_EXPLORE);
}

static inline void close_stage(struct stage *stage) {
    policy_close(&stage->policy);
    world_destroy(stage->world);
}

static inline void serve(struct stage *stage, uint32_t user, struct slate *ret) {
    struct session session = {user, &stage->retrieving, &stage->exploring};
    policy_serve(&stage->policy, &session, ret);
}

#endif
