/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Mobility between tiers: its matrices by hand, its indices as R has them, and looks at irregular
 * times. */
#include "creators/mobility.h"

#include "panels.h"
#include <math.h>

enum { LOW, MIDDLE, HIGH, TIERS };

static void assert_near(double found, double expected, double tolerance, const char *what) {
    if (!(fabs(found - expected) <= tolerance * fabs(expected)))
        fail_msg("%s: found %.17g, expected %.17g", what, found, expected);
}

/* stays, rises, falls, leaves after the first step, comes with the second one. */
static const char moves[] = "creator,period,followers\n"
                            "stays,2025-01,50\nstays,2025-02,60\nstays,2025-03,70\n"
                            "rises,2025-01,5\nrises,2025-02,10\nrises,2025-03,100\n"
                            "falls,2025-01,100\nfalls,2025-02,5\nfalls,2025-03,0\n"
                            "leaves,2025-01,5\n"
                            "comes,2025-03,500\n";

struct scene {
    struct tiers tiers;
    struct panel panel;
    struct standing standing;
};

static void begin(struct scene *scene, const char *csv) {
    struct error err = {0};
    *scene = (struct scene){0};
    panels_tiers(&scene->tiers, "low:0,middle:10,high:100");
    panels_read(&scene->panel, &(struct panel_options){0}, csv);
    const struct standing_options options = {.panel = &scene->panel, .tiers = &scene->tiers};
    assert_int_equal(standing_open(&scene->standing, &options, &err), 0);
}

static void end(struct scene *scene) {
    standing_close(&scene->standing);
    panel_free(&scene->panel);
    tiers_free(&scene->tiers);
}

static void matrices_by_hand(void **state) {
    (void)state;
    struct scene scene;
    struct flows flows = {0};
    struct mobility mobility;
    struct error err = {0};
    begin(&scene, moves);
    assert_int_equal(flows_count(&scene.standing, &(struct flows_options){0}, &flows, &err), 0);
    assert_int_equal(mobility_begin(&mobility, &flows, 0, &err), 0);
    static const uint64_t stayers[] = {1, 1, 0, 0, 2, 1, 1, 0, 0};
    static const uint64_t first[] = {0, 1, 0, 0, 1, 0, 1, 0, 0};
    static const uint64_t open[] = {1, 1, 0, 1, 0, 2, 1, 0, 1, 0, 0, 0, 0, 0, 1, 0};
    static const uint64_t closed[] = {1, 1, 0, 1, 0, 2, 1, 0, 1, 0, 0, 0, 0, 0, 0, 1};
    assert_true(mobility.tiers == TIERS && mobility.steps == 2);
    assert_memory_equal(mobility.stayers, stayers, sizeof stayers);
    assert_memory_equal(mobility.by_step, first, sizeof first);
    assert_memory_equal(mobility.open, open, sizeof open);
    assert_memory_equal(mobility.closed, closed, sizeof closed);
    assert_true(mobility.leavers[LOW] == 1 && mobility.comers[HIGH] == 1);
    mobility_free(&mobility);
    flows_free(&flows);
    end(&scene);
}

/* R 4.2.2: n <- matrix(c(50, 8, 1, 6, 40, 5, 0, 4, 30), 3, byrow = TRUE); p <- n / rowSums(n);
 * pi <- qr.solve(rbind(t(p) - diag(3), 1), c(0, 0, 0, 1)); the indices from their definitions,
 * errors by central differences of these with the multinomial covariance of each row (as `delta` in
 * tests/truth/tier-mobility.R); 1 / (1 - qbeta(c(0.025, 0.975), 50.5, 9.5)). */
static void indices_as_r_has_them(void **state) {
    (void)state;
    uint64_t counts[] = {50, 8, 1, 6, 40, 5, 0, 4, 30};
    static const double values[] = {0.2429378531073, 0.1684717208183, 0.0794223826715,
                                    0.0842358604091},
                        errors[] = {0.0462632957, 0.0357146595, 0.0169547855, 0.0178573298},
                        stays[] = {59.0 / 9, 51.0 / 11, 34.0 / 4},
                        stay_errors[] = {2.0116260255, 1.2380154282, 3.9921798845};
    const struct mobility mobility = {.tiers = TIERS, .stayers = counts};
    struct mobility_index found[MOBILITY_INDICES];
    struct error err = {0};
    assert_int_equal(mobility_indices(&mobility, found, &err), 0);
    for (enum mobility_kind kind = 0; kind < MOBILITY_INDICES; kind++) {
        assert_near(found[kind].value, values[kind], 1e-11, mobility_name(kind));
        assert_near(found[kind].error, errors[kind], 1e-6, mobility_name(kind));
    }
    for (size_t tier = 0; tier < TIERS; tier++) {
        struct mobility_stay stay = mobility_stay(&mobility, tier, 0.95);
        assert_near(stay.value, stays[tier], 1e-14, "stay");
        assert_near(stay.error, stay_errors[tier], 1e-7, "error of a stay");
    }
    struct mobility_stay stay = mobility_stay(&mobility, LOW, 0.95);
    assert_near(stay.lower, 3.84751653371, 1e-11, "lower");
    assert_near(stay.upper, 12.7794008622, 1e-11, "upper");
}

/* Nobody leaves a tier, or nobody is in it. */
static void ends_of_the_scale(void **state) {
    (void)state;
    uint64_t nobody_moves[] = {5, 0, 0, 0, 4, 0, 0, 0, 3}, unknown[] = {5, 1, 0, 1, 4, 0, 0, 0, 0};
    struct mobility mobility = {.tiers = TIERS, .stayers = nobody_moves};
    struct mobility_index found[MOBILITY_INDICES];
    struct error err = {0};
    assert_int_equal(mobility_indices(&mobility, found, &err), 0);
    assert_true(found[MOBILITY_SHORROCKS].value == 0);
    assert_true(isnan(found[MOBILITY_UPWARD].value)); /* three chains, no one long run */
    struct mobility_stay stay = mobility_stay(&mobility, LOW, 0.95);
    assert_true(isinf(stay.value) && isinf(stay.upper) && isnan(stay.error) && stay.lower > 2);
    mobility.stayers = unknown;
    assert_int_equal(mobility_indices(&mobility, found, &err), 0);
    assert_true(isnan(found[MOBILITY_SHORROCKS].value));
    assert_true(isnan(mobility_stay(&mobility, HIGH, 0.95).value));
    mobility.tiers = 1;
    assert_int_equal(mobility_indices(&mobility, found, &err), 0);
    assert_true(isnan(found[MOBILITY_SHORROCKS].value));
}

/* A look to the next row, however long that takes; neighbours that somebody passed are allowed. */
static void looks_at_irregular_times(void **state) {
    (void)state;
    struct scene scene;
    struct markov_steps steps = {0};
    bool allowed[TIERS * TIERS] = {false};
    struct error err = {0};
    begin(&scene, "creator,period,followers\n"
                  "a,2025-01,5\na,2025-03,500\na,2025-04,600\n"
                  "b,2025-01,5\nb,2025-02,6\n"
                  "c,2025-03,7\nc,2025-04,8\n");
    assert_int_equal(mobility_looks(&scene.standing, 0, &steps, allowed, &err), 0);
    /* By time, then from, then to: low to low in a month twice, high to high, low to high in two.
     */
    static const struct markov_step expected[] = {
        {LOW, LOW, 1, 2}, {HIGH, HIGH, 1, 1}, {LOW, HIGH, 2, 1}};
    assert_true(steps.n == 3 && steps.n_states == TIERS);
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(steps.steps[i].from, expected[i].from);
        assert_int_equal(steps.steps[i].to, expected[i].to);
        assert_true(steps.steps[i].time == expected[i].time);
        assert_true(steps.steps[i].count == expected[i].count);
    }
    static const bool up[] = {false, true, false, false, false, true, false, false, false};
    assert_memory_equal(allowed, up, sizeof up);
    markov_steps_free(&steps);
    end(&scene);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(matrices_by_hand),
        cmocka_unit_test(indices_as_r_has_them),
        cmocka_unit_test(ends_of_the_scale),
        cmocka_unit_test(looks_at_irregular_times),
    };
    return cmocka_run_group_tests_name("creators-mobility", tests, tables_setup, tables_teardown);
}
