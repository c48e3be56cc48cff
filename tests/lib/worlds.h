/* SPDX-License-Identifier: GPL-3.0-or-later */
/* For the tests of analysis/ranking: settings and small worlds.
 *
 *     struct scenario scenario = worlds_scenario("users=500", "dimensions=4", NULL);
 *     struct settings settings = worlds_settings(&scenario);
 *     struct world *world = worlds_create(&settings, 1);
 *     world_destroy(world);
 */
#ifndef TESTS_WORLDS_H
#define TESTS_WORLDS_H

#include "ranking/calibrate.h"
#include "ranking/policy.h"
#include "ranking/scenario.h"
#include "ranking/world.h"
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* The default scenario with some parameters set; the list ends with NULL. */
static inline struct scenario worlds_scenario(const char *setting, ...) {
    struct scenario scenario;
    struct error err = {0};
    scenario_default(&scenario);
    va_list settings;
    va_start(settings, setting);
    for (; setting; setting = va_arg(settings, const char *))
        if (scenario_set(&scenario, setting, &err))
            fail_msg("%s", err.text);
    va_end(settings);
    return scenario;
}

static inline struct settings worlds_settings(const struct scenario *scenario) {
    struct calibration calibration;
    struct settings settings;
    calibrate_default(&calibration);
    calibrate_draw(&calibration, scenario, 1, 0, &settings);
    calibrate_free(&calibration);
    return settings;
}

static inline struct world *worlds_create(const struct settings *settings, uint32_t seed) {
    struct world *world = NULL;
    struct error err = {0};
    if (world_create(&world, settings, seed, 0, 1, &err))
        fail_msg("%s", err.text);
    return world;
}

/* Within `widths` standard errors. */
static inline void worlds_near(double found, double expected, double error, double widths) {
    if (!(fabs(found - expected) <= widths * error))
        fail_msg("found %.10g, expected %.10g within %g times %.3g", found, expected, widths,
                 error);
}

#endif
