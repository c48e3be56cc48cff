/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Followers and amounts by group and period, in ascending order: held to a plain selection from the
 * panel, sorted by qsort. */
#include "creators/values.h"

#include "panels.h"

enum { CREATORS = 500, PERIODS = 3, PLATFORMS = 2, ROLES = 3 };

struct scene {
    struct tiers tiers;
    struct panel panel;
};

static const char *const money[] = {"income"};

/* Followers of every size: up to 2^62, with zeros and ties. */
static int64_t followers_of(int creator, int platform, int period) {
    const uint64_t mixed = (uint64_t)(creator * 31 + platform * 7 + period) * 0x9e3779b97f4a7c15u;
    return creator % 10 == 0 ? 0 : (int64_t)(mixed >> (2 + creator % 62));
}

/* Some accounts have no row in some periods, and some rows no income. */
static bool has_row(int creator, int platform, int period) {
    return (creator + 2 * platform + period) % 4 != 0;
}

static void begin(struct scene *scene) {
    struct buffer csv = {0};
    *scene = (struct scene){0};
    buffer_text(&csv, "creator,platform,period,followers,role,income\n");
    for (int creator = 0; creator < CREATORS; creator++)
        for (int platform = 0; platform < PLATFORMS; platform++)
            for (int period = 0; period < PERIODS; period++) {
                if (!has_row(creator, platform, period))
                    continue;
                buffer_format(&csv, "c%d,p%d,202%d,%lld,r%d,", creator, platform, period,
                              (long long)followers_of(creator, platform, period), creator % ROLES);
                if (creator % 3 != period)
                    buffer_format(&csv, "%d.%d", creator * 7 % 100, platform);
                buffer_text(&csv, "\n");
            }
    panels_tiers(&scene->tiers, "low:0,high:1000000");
    panels_read(&scene->panel,
                &(struct panel_options){
                    .tiers = &scene->tiers, .group = "role", .amounts = money, .n_amounts = 1},
                csv.bytes);
    buffer_free(&csv);
}

static void end(struct scene *scene) {
    panel_free(&scene->panel);
    tiers_free(&scene->tiers);
}

static int compare(const void *a, const void *b) {
    const int64_t left = *(const int64_t *)a, right = *(const int64_t *)b;
    return (left > right) - (left < right);
}

/* What a cell is to hold, found row by row; tier 2 is any. */
static size_t choose(const struct scene *scene, enum standing_split split, bool income,
                     size_t group, size_t period, size_t tier, int64_t *ret) {
    const struct panel *panel = &scene->panel;
    size_t n = 0;
    for (size_t row = 0; row < panel->n_rows; row++) {
        const int64_t value = income ? panel->amounts[0][row] : panel->followers[row];
        const size_t own = split == STANDING_PLATFORMS ? panel->keys[row].platform
                           : split == STANDING_GROUPS  ? panel->row_groups[row]
                                                       : 0;
        if (own == group && panel->keys[row].period == period && value != PANEL_UNKNOWN &&
            (tier == 2 || tier == (panel->followers[row] >= 1000000)))
            ret[n++] = value;
    }
    qsort(ret, n, sizeof *ret, compare);
    return n;
}

static void check(const struct scene *scene, enum standing_split split,
                  struct values_options options) {
    const struct standing_options wanted = {
        .panel = &scene->panel, .tiers = &scene->tiers, .split = split};
    struct standing standing;
    struct values values = {0};
    struct error err = {0};
    int64_t expected[CREATORS * PLATFORMS];
    assert_int_equal(standing_open(&standing, &wanted, &err), 0);
    assert_int_equal(values_gather(&standing, &options, &values, &err), 0);
    assert_int_equal(values.tiers, options.by_tier ? 2 : 1);
    for (size_t group = 0; group < values.groups; group++)
        for (size_t period = 0; period < PERIODS; period++)
            for (size_t tier = 0; tier < values.tiers; tier++) {
                size_t n, wanted_n = choose(scene, split, options.amount > 0, group, period,
                                            options.by_tier ? tier : 2, expected);
                if (options.one && period != options.period)
                    wanted_n = 0;
                const int64_t *found = values_of(&values, group, period, tier, &n);
                assert_int_equal(n, wanted_n);
                assert_memory_equal(found, expected, n * sizeof *found);
            }
    values_free(&values);
    standing_close(&standing);
}

static void values_are_those_of_the_panel(void **state) {
    (void)state;
    static const enum standing_split splits[] = {STANDING_TOGETHER, STANDING_PLATFORMS,
                                                 STANDING_GROUPS};
    struct scene scene;
    begin(&scene);
    for (int threads = 1; threads <= 3; threads++)
        for (size_t i = 0; i < 3; i++)
            for (size_t amount = 0; amount < 2; amount++) {
                struct values_options options = {.amount = amount, .threads = threads};
                check(&scene, splits[i], options);
                options.by_tier = true;
                check(&scene, splits[i], options);
                options.one = true;
                options.period = 1;
                check(&scene, splits[i], options);
                options.by_tier = false;
                check(&scene, splits[i], options);
            }
    end(&scene);
}

/* By hand: a creator has the followers of the largest account and the income of all. */
static void creators_count_once(void **state) {
    (void)state;
    struct scene scene = {0};
    panels_tiers(&scene.tiers, "all:0");
    panels_read(&scene.panel,
                &(struct panel_options){.tiers = &scene.tiers, .amounts = money, .n_amounts = 1},
                "creator,platform,period,followers,income\n"
                "ada,X,2025,7,1\nada,Y,2025,9,2.5\nben,X,2025,8,\ncao,Y,2025,0,0\n");
    const struct standing_options wanted = {
        .panel = &scene.panel, .tiers = &scene.tiers, .creators = true};
    static const int64_t expected[2][3] = {{0, 8, 9}, {0, 3500000}};
    struct standing standing;
    struct error err = {0};
    assert_int_equal(standing_open(&standing, &wanted, &err), 0);
    for (size_t amount = 0; amount < 2; amount++) {
        const struct values_options options = {.amount = amount, .threads = 2};
        struct values values = {0};
        size_t n;
        assert_int_equal(values_gather(&standing, &options, &values, &err), 0);
        const int64_t *found = values_of(&values, 0, 0, 0, &n);
        assert_int_equal(n, 3 - amount);
        assert_memory_equal(found, expected[amount], n * sizeof *found);
        values_free(&values);
    }
    standing_close(&standing);
    end(&scene);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_are_those_of_the_panel),
        cmocka_unit_test(creators_count_once),
    };
    return cmocka_run_group_tests_name("creators-values", tests, tables_setup, tables_teardown);
}
