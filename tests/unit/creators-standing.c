/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where each account stands: gaps, creators counted once, ranks, amounts, and where they went. */
#include "creators/standing.h"

#include "panels.h"

enum { LOW, MIDDLE, HIGH, OUTSIDE };

/* A panel with tiers, and the standing that options ask of it. */
struct scene {
    struct tiers tiers;
    struct panel panel;
    struct standing standing;
    struct units units;
};

static void begin(struct scene *scene, const char *tiers, struct panel_options reading,
                  struct standing_options options, const char *csv) {
    struct error err = {0};
    *scene = (struct scene){0};
    panels_tiers(&scene->tiers, tiers);
    panels_read(&scene->panel, &reading, csv);
    options.panel = &scene->panel;
    options.tiers = &scene->tiers;
    assert_int_equal(standing_open(&scene->standing, &options, &err), 0);
}

static void end(struct scene *scene) {
    units_free(&scene->units);
    standing_close(&scene->standing);
    panel_free(&scene->panel);
    tiers_free(&scene->tiers);
}

static const struct unit *load(struct scene *scene, const char *creator, size_t n_units) {
    struct error err = {0};
    assert_int_equal(
        standing_load(&scene->standing, panels_find(&scene->panel, creator), &scene->units, &err),
        0);
    assert_int_equal(scene->units.n, n_units);
    return scene->units.items;
}

/* Tiers by period as a text: l, m, h, - for outside. */
static void stands(const struct unit *unit, size_t periods, const char *expected) {
    char shown[16];
    for (size_t period = 0; period < periods; period++)
        shown[period] = "lmh-"[unit_tier(unit, period, OUTSIDE)];
    shown[periods] = '\0';
    assert_string_equal(shown, expected);
}

static const char gaps[] = "creator,period,followers\n"
                           "all,2025-01,1\nall,2025-02,1\nall,2025-03,1\nall,2025-04,1\n"
                           "all,2025-05,1\nall,2025-06,1\n"
                           "one,2025-01,9\none,2025-02,10\none,2025-04,100\n"
                           "two,2025-02,50\ntwo,2025-05,5\n"
                           "zero,2025-03,0\n";

/* Who is missing stays where they were, but has no followers; if not for too long. */
static void gaps_are_bridged(void **state) {
    (void)state;
    static const char *const expected[][2] = {
        {"lm-h--", "-m--l-"}, {"lmmh--", "-m--l-"}, {"lmmh--", "-mmml-"}};
    for (size_t gap = 0; gap < 3; gap++) {
        struct scene scene;
        begin(&scene, "low:0,middle:10,high:100", (struct panel_options){0},
              (struct standing_options){.gap = gap}, gaps);
        assert_int_equal(scene.standing.outside, OUTSIDE);
        const struct unit *unit = load(&scene, "one", 1);
        stands(unit, 6, expected[gap][0]);
        assert_int_equal(unit->followers[2], -1);
        assert_true(unit->first == 0 && unit->end == 4);
        stands(load(&scene, "two", 1), 6, expected[gap][1]);
        stands(load(&scene, "zero", 1), 6, "--l---");
        end(&scene);
    }
}

static const char platforms[] = "creator,platform,period,followers,income,role\n"
                                "ada,A,2025-01,5,1.5,x\nada,B,2025-01,50,2,y\n"
                                "ada,A,2025-02,500,,x\nada,B,2025-02,50,3,y\n"
                                "ada,B,2025-03,50,,y\n";

/* Followers and group of the largest account, amounts of all that are known. */
static void creators_count_once(void **state) {
    (void)state;
    static const char *const income[] = {"income"};
    const struct panel_options reading = {.amounts = income, .n_amounts = 1, .group = "role"};
    struct scene scene;
    begin(&scene, "low:0,middle:10,high:100", reading,
          (struct standing_options){.creators = true, .split = STANDING_GROUPS}, platforms);
    const struct unit *unit = load(&scene, "ada", 1);
    stands(unit, 3, "mhm");
    assert_int_equal(scene.standing.groups, 2);
    assert_true(unit->group[0] == 1 && unit->group[1] == 0 && unit->group[2] == 1);
    assert_true(unit->amounts[0][0] == 3500000 && unit->amounts[0][1] == 3000000);
    assert_true(unit->amounts[0][2] == PANEL_UNKNOWN);
    end(&scene);
    begin(&scene, "low:0,middle:10,high:100", reading,
          (struct standing_options){.split = STANDING_PLATFORMS}, platforms);
    unit = load(&scene, "ada", 2);
    stands(&unit[0], 3, "lh-");
    stands(&unit[1], 3, "mmm");
    assert_true(unit[0].group[0] == 0 && unit[1].group[0] == 1 && unit[1].platform == 1);
    end(&scene);
}

static void amounts_make_tiers(void **state) {
    (void)state;
    static const char *const income[] = {"income"};
    const struct panel_options reading = {.amounts = income, .n_amounts = 1, .amounts_required = 1};
    static const char csv[] = "creator,period,followers,income\na,2025-01,9,1.99\nb,2025-01,0,2\n";
    struct tiers tiers = {0};
    struct panel panel = {0};
    struct standing standing;
    struct units units = {0};
    struct error err = {0};
    assert_int_equal(tiers_parse(&tiers, "poor:0.5,rich:2", TIERS_AMOUNT, &err), 0);
    panels_read(&panel, &reading, csv);
    struct standing_options options = {.panel = &panel, .tiers = &tiers, .by = STANDING_AMOUNT};
    assert_int_equal(standing_open(&standing, &options, &err), 0);
    assert_int_equal(standing_load(&standing, panels_find(&panel, "a"), &units, &err), 0);
    assert_int_equal(units.items[0].tier[0], 0);
    assert_int_equal(standing_load(&standing, panels_find(&panel, "b"), &units, &err), 0);
    assert_int_equal(units.items[0].tier[0], 1);
    standing_close(&standing);
    tiers_free(&tiers);
    assert_int_equal(tiers_parse(&tiers, "rich:2", TIERS_AMOUNT, &err), 0);
    assert_int_equal(standing_open(&standing, &options, &err), ERROR_DATA);
    assert_string_equal(err.text, "found an amount below the lowest tier, 'rich': let that one "
                                  "begin at 0");
    units_free(&units);
    panel_free(&panel);
    tiers_free(&tiers);
}

/* R 4.2.2: x <- c(1, 2, 2, 2, 5, 6, 7, 8, 9, 30)
 *          findInterval(sapply(x, function(v) mean(x < v)), c(0, 0.5, 0.9)) - 1
 *          0 0 0 0 0 1 1 1 1 2
 * and of the five of platform B, c(2, 2, 6, 8, 30): 0 0 0 1 1 */
static void ranks(void **state) {
    (void)state;
    static const char csv[] =
        "creator,platform,period,followers\n"
        "c0,A,2025,1\nc1,A,2025,2\nc2,B,2025,2\nc3,B,2025,2\nc4,A,2025,5\nc5,B,2025,6\n"
        "c6,A,2025,7\nc7,B,2025,8\nc8,A,2025,9\nc9,B,2025,30\n";
    static const size_t together[] = {0, 0, 0, 0, 0, 1, 1, 1, 1, 2};
    static const size_t apart[] = {0, 0, 0, 0, 0, 0, 1, 1, 1, 1};
    struct tiers tiers = {0};
    struct panel panel = {0};
    struct error err = {0};
    assert_int_equal(tiers_parse(&tiers, "tail:0,middle:0.5,head:0.9", TIERS_SHARE, &err), 0);
    panels_read(&panel, &(struct panel_options){0}, csv);
    for (int split = 0; split < 2; split++) {
        const struct standing_options options = {.panel = &panel,
                                                 .tiers = &tiers,
                                                 .by = STANDING_RANK,
                                                 .split = split ? STANDING_PLATFORMS
                                                                : STANDING_TOGETHER};
        struct standing standing;
        struct units units = {0};
        assert_int_equal(standing_open(&standing, &options, &err), 0);
        for (size_t i = 0; i < 10; i++) {
            char name[] = {'c', (char)('0' + i), '\0'};
            assert_int_equal(standing_load(&standing, panels_find(&panel, name), &units, &err), 0);
            assert_int_equal(units.items[0].tier[0], split ? apart[i] : together[i]);
        }
        units_free(&units);
        standing_close(&standing);
    }
    panel_free(&panel);
    tiers_free(&tiers);
}

/* Who goes missing went to the largest account that came up; of equals, the first platform's. */
static void moves_have_ends(void **state) {
    (void)state;
    struct scene scene;
    begin(&scene, "low:0,middle:10,high:100", (struct panel_options){0},
          (struct standing_options){0},
          "creator,platform,period,followers\n"
          "ada,A,2025-01,10\nada,B,2025-01,99\nada,B,2025-02,99\n"
          "ada,C,2025-02,7\nada,D,2025-02,7\nada,E,2025-02,6\n"
          "ben,A,2025-01,10\n");
    const struct unit *units = load(&scene, "ada", 5);
    assert_ptr_equal(units_destination(&scene.units, &units[0], 1, OUTSIDE), &units[2]);
    assert_ptr_equal(units_origin(&scene.units, &units[4], 1, OUTSIDE), &units[0]);
    units = load(&scene, "ben", 1);
    assert_null(units_destination(&scene.units, &units[0], 1, OUTSIDE));
    end(&scene);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gaps_are_bridged),   cmocka_unit_test(creators_count_once),
        cmocka_unit_test(amounts_make_tiers), cmocka_unit_test(ranks),
        cmocka_unit_test(moves_have_ends),
    };
    return cmocka_run_group_tests_name("creators-standing", tests, tables_setup, tables_teardown);
}
