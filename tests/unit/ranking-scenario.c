/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reading scenarios, and drawing from them. */
#include "tables.h"
#include "worlds.h"

/* The error text, or "" if it could be read; `ret` may be NULL. */
static const char *read_scenario(const char *rows, struct scenario *ret) {
    static char text[1200];
    char csv[2000];
    struct scenario scenario;
    struct error err = {0};
    struct table *table = NULL;
    snprintf(csv, sizeof csv, "parameter,low,value,high,unit,source\n%s", rows);
    const char *path = tables_write("s.csv", text_of(csv));
    const struct table_options options = {.files = &path, .n_files = 1};
    scenario_default(&scenario);
    if (!table_open(&table, &options, &err))
        scenario_read(&scenario, table, &err);
    table_close(table);
    if (ret)
        *ret = scenario;
    snprintf(text, sizeof text, "%s", err.code ? tables_name(err.text) : "");
    return text;
}

static void defaults_are_allowed(void **state) {
    (void)state;
    for (size_t i = 0; i < SCENARIO_PARAMETERS; i++) {
        const struct scenario_parameter *parameter = &scenario_parameters[i];
        assert_true(parameter->least <= parameter->fallback);
        assert_true(parameter->fallback <= parameter->most);
        assert_non_null(parameter->meaning);
    }
    struct scenario scenario;
    struct error err = {0};
    scenario_default(&scenario);
    assert_int_equal(scenario_check(&scenario, &err), 0);
}

static void reads_values_and_ranges(void **state) {
    (void)state;
    struct scenario scenario;
    assert_string_equal(read_scenario("users,,500,,users,here\n"
                                      "arpu_a,1,1.25,2,USD,there\n",
                                      &scenario),
                        "");
    struct parameters drawn;
    scenario_draw(&scenario, 1, 0, &drawn);
    assert_true(drawn.users == 500);
    assert_true(drawn.arpu[PLATFORM_A] > 1 && drawn.arpu[PLATFORM_A] < 2);
    assert_true(drawn.arpu[PLATFORM_B] == 1); /* the default */
    assert_true(scenario_value(&scenario, "arpu_a") == 1.25);
}

static void refuses(void **state) {
    (void)state;
    static const struct {
        const char *rows, *says;
    } cases[] = {
        {"user,,500,,,\n", "s.csv:2:1: unknown parameter 'user', did you mean 'users'"},
        {"users,,500,,,\nusers,,600,,,\n",
         "s.csv:3:1: users is given again, expected it once; first at "},
        {"users,,0,,,\n", "s.csv:2:3: users is 0, expected 1 to 20000000"},
        {"users,,2.5,,,\n", "s.csv:2:3: users is 2.5, expected a whole number"},
        {"users,400,500,600,,\n", "s.csv:2:2: users has a low and a high, expected neither: it is "
                                  "a size of the simulation itself"},
        {"arpu_a,1,1.25,,,\n", "s.csv:2:4: arpu_a has a low but no high, expected both or neither"},
        {"user_leave_a,,0,,,\n", "s.csv:2:3: user_leave_a is 0, expected 0.000001 to 0.99"},
        {"user_share_b,0.2,0.5,0.7,,\nuser_share_none,,0.3,,,\n",
         "s.csv:3: user_share_b to user_share_none add up to 1.05 at their highest, expected at "
         "most 1"},
        {"creator_share_both,,0.95,,,\n",
         "s.csv:2: creator_share_b to creator_share_both add up to 1.05 at their highest, expected "
         "at most 1"},
        {"language_2_users_a,,1.5,,,\n", "s.csv:2:3: language_2_users_a is 1.5, expected 0 to 1"},
        {"language_2_user_a,,0.5,,,\n", "s.csv:2:1: unknown parameter 'language_2_user_a', did you "
                                        "mean 'language_2_users_a'"},
        {"language_3_creators_b,,0.5,,,\nlanguage_2_creators_b,,0.6,,,\n",
         "s.csv:3: language_2_creators_b to language_4_creators_b add up to 1.1 at their highest, "
         "expected at most 1"},
        {"ban_end,,5,,,\nban_period,2,3,8,,\n",
         "s.csv:3: ban_end is not after ban_period, expected a later period"},
        {"ban_end,0,5,7,,\nban_period,,3,,,\n",
         "s.csv:3: ban_end is not after ban_period, expected a later period"},
        {"payout_period,0,0,3,,\npayout_factor,,20,,,\n",
         "s.csv:3: revenue_share_a times payout_factor is above 1 at its highest"},
        {"slate,,40,,,\ncandidates,,32,,,\n",
         "s.csv:3: candidates is below slate, expected at least as many"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *found = read_scenario(cases[i].rows, NULL);
        if (strncmp(found, cases[i].says, strlen(cases[i].says)) != 0)
            fail_msg("found '%s', expected '%s'", found, cases[i].says);
    }
}

/* Beta-PERT has mean (low + 4 value + high) / 6 and variance (mean - low)(high - mean) / 7. */
static void draws_are_pert(void **state) {
    (void)state;
    enum { DRAWS = 20000 };
    struct scenario scenario;
    assert_string_equal(read_scenario("switching_cost,1,2,7,,\nshock_period,2,5,9,,\n", &scenario),
                        "");
    double sum = 0, square = 0, mean = (1 + 4 * 2 + 7) / 6.0;
    double variance = (mean - 1) * (7 - mean) / 7;
    for (uint32_t i = 0; i < DRAWS; i++) {
        struct parameters drawn;
        scenario_draw(&scenario, 1, i, &drawn);
        double x = drawn.switching_cost;
        assert_true(x >= 1 && x <= 7);
        assert_true(drawn.shock_period == round(drawn.shock_period));
        sum += x;
        square += (x - mean) * (x - mean);
    }
    worlds_near(sum / DRAWS, mean, sqrt(variance / DRAWS), 4);
    /* The relative error of a variance is about sqrt(2 / n), less for a beta. */
    worlds_near(square / DRAWS, variance, variance * sqrt(2.0 / DRAWS), 4);
}

/* What else is uncertain does not move a parameter's draws; seeds and replications do. */
static void draws_are_independent(void **state) {
    (void)state;
    struct scenario one, two;
    read_scenario("switching_cost,1,2,7,,\n", &one);
    read_scenario("arpu_a,1,2,3,,\nrecency,0.1,0.2,0.5,,\nswitching_cost,1,2,7,,\n", &two);
    struct parameters a, b, c, d;
    scenario_draw(&one, 1, 3, &a);
    scenario_draw(&two, 1, 3, &b);
    scenario_draw(&one, 1, 4, &c);
    scenario_draw(&one, 2, 3, &d);
    assert_true(a.switching_cost == b.switching_cost);
    assert_true(a.switching_cost != c.switching_cost);
    assert_true(a.switching_cost != d.switching_cost);
}

static void money_is_in_millionths(void **state) {
    (void)state;
    struct scenario scenario;
    read_scenario("arpu_a,1,1.25,2,,\n", &scenario);
    for (uint32_t i = 0; i < 100; i++) {
        struct parameters drawn;
        decimal money = 0;
        scenario_draw(&scenario, 1, i, &drawn);
        assert_true(decimal_from_double(drawn.arpu[PLATFORM_A], &money));
        assert_true(decimal_to_double(money) == drawn.arpu[PLATFORM_A]);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(defaults_are_allowed),
        cmocka_unit_test(reads_values_and_ranges),
        cmocka_unit_test(refuses),
        cmocka_unit_test(draws_are_pert),
        cmocka_unit_test(draws_are_independent),
        cmocka_unit_test(money_is_in_millionths),
    };
    return cmocka_run_group_tests_name("ranking-scenario", tests, tables_setup, tables_teardown);
}
