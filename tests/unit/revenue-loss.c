/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The projection of a scenario, worked out by hand, and its sensitivities. */
#include "revenue/loss.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static decimal parse(const char *text) {
    decimal value;
    if (!decimal_parse(text_of(text), '.', &value))
        fail_msg("'%s' is no decimal", text);
    return value;
}

static void assert_decimal(decimal found, const char *expected) {
    char text[DECIMAL_TEXT];
    decimal_format(found, 0, text);
    if (found != parse(expected))
        fail_msg("found %s, expected %s", text, expected);
}

static void set(struct loss_scenario *scenario, enum loss_parameter parameter, const char *value) {
    struct error err = {0};
    decimal x = parse(value);
    if (loss_scenario_set(scenario, parameter, x, x, x, &err))
        fail_msg("%s", err.text);
}

static void set_range(struct loss_scenario *scenario, enum loss_parameter parameter,
                      const char *low, const char *value, const char *high) {
    struct error err = {0};
    if (loss_scenario_set(scenario, parameter, parse(low), parse(value), parse(high), &err))
        fail_msg("%s", err.text);
}

static void assert_refused(enum loss_parameter parameter, const char *low, const char *value,
                           const char *high, const char *message) {
    struct loss_scenario scenario;
    struct error err = {0};
    loss_scenario_begin(&scenario);
    assert_int_equal(
        loss_scenario_set(&scenario, parameter, parse(low), parse(value), parse(high), &err),
        ERROR_DATA);
    assert_string_equal(err.text, message);
    assert_false(scenario.of[parameter].given);
}

/* Half a million users at 1.25. */
static struct loss_scenario headline(void) {
    struct loss_scenario scenario;
    loss_scenario_begin(&scenario);
    set(&scenario, LOSS_MIGRANTS, "500000");
    set(&scenario, LOSS_ARPU, "1.25");
    return scenario;
}

static const struct loss_month *project(const struct loss_scenario *scenario,
                                        struct loss_month months[LOSS_MAX_HORIZON]) {
    struct error err = {0};
    if (loss_project(scenario, months, &err))
        fail_msg("%s", err.text);
    return months;
}

static void the_headline_is_exact(void **state) {
    (void)state;
    struct loss_month months[LOSS_MAX_HORIZON];
    struct loss_scenario scenario = headline();
    assert_int_equal(loss_horizon(&scenario), 12);
    project(&scenario, months);
    for (int m = 0; m < 12; m++) {
        assert_decimal(months[m].users_lost, "500000");
        assert_decimal(months[m].revenue_lost, "625000");
        assert_true(months[m].cumulative == (m + 1) * 625000 * DECIMAL_ONE);
        assert_true(months[m].present_value == months[m].cumulative);
        assert_true(months[m].gain == 0 && months[m].cumulative_gain == 0);
    }
}

/* 5 % of those away come back at the end of each month: 500000, 475000, 451250, 428687.5,
 * 407253.125, 386890.46875. Then 19344.5234375 come back: a tie, rounded to the even 19344.523438.
 */
static void returns_are_exact_until_they_must_be_rounded(void **state) {
    (void)state;
    static const char *const away[] = {"500000",     "475000",       "451250",       "428687.5",
                                       "407253.125", "386890.46875", "367545.945312"};
    static const char *const lost[] = {"625000",       "593750",        "564062.5",    "535859.375",
                                       "509066.40625", "483613.085938", "459432.43164"};
    struct loss_month months[LOSS_MAX_HORIZON];
    struct loss_scenario scenario = headline();
    decimal sum = 0;
    set(&scenario, LOSS_RETURN_RATE, "0.05");
    set(&scenario, LOSS_HORIZON, "7");
    project(&scenario, months);
    for (int m = 0; m < 7; m++) {
        sum += months[m].revenue_lost;
        assert_decimal(months[m].users_lost, away[m]);
        assert_decimal(months[m].revenue_lost, lost[m]);
        assert_true(months[m].cumulative == sum);
    }
}

/* 30 % stay part-time (150,000) and keep giving 40 % (as 60,000 would): 440,000 x 1.25. The
 * destination gets 0.80 from what the origin lost: 440,000 x 0.80. */
static void part_time_users_give_a_part(void **state) {
    (void)state;
    struct loss_month months[LOSS_MAX_HORIZON];
    struct loss_scenario scenario = headline();
    set(&scenario, LOSS_MULTI_HOMING_SHARE, "0.3");
    set(&scenario, LOSS_KEPT_SHARE, "0.4");
    set(&scenario, LOSS_ARPU_DESTINATION, "0.80");
    project(&scenario, months);
    assert_decimal(months[0].users_lost, "350000");
    assert_decimal(months[0].revenue_lost, "550000");
    assert_decimal(months[0].gain, "352000");
    assert_decimal(months[11].cumulative_gain, "4224000");
}

/* Month 13 lies one year after month 1: 625000/1.08. */
static void discounting_is_by_the_effective_yearly_rate(void **state) {
    (void)state;
    struct loss_month months[LOSS_MAX_HORIZON];
    struct loss_scenario scenario = headline();
    set(&scenario, LOSS_DISCOUNT_RATE, "0.08");
    set(&scenario, LOSS_HORIZON, "25");
    project(&scenario, months);
    assert_decimal(months[0].present_value, "625000");
    assert_decimal(months[12].present_value - months[11].present_value, "578703.703704");
    assert_decimal(months[24].present_value - months[23].present_value, "535836.762689");
}

static void extremes(void **state) {
    (void)state;
    struct loss_month months[LOSS_MAX_HORIZON];
    struct loss_scenario scenario = headline();
    set(&scenario, LOSS_RETURN_RATE, "1");
    set(&scenario, LOSS_HORIZON, "600");
    project(&scenario, months);
    assert_decimal(months[1].users_lost, "0");
    assert_decimal(months[599].cumulative, "625000");

    scenario = headline();
    set(&scenario, LOSS_MIGRANTS, "0");
    project(&scenario, months);
    assert_decimal(months[11].cumulative, "0");

    scenario = headline();
    set(&scenario, LOSS_MULTI_HOMING_SHARE, "1");
    set(&scenario, LOSS_KEPT_SHARE, "1");
    project(&scenario, months);
    assert_decimal(months[0].users_lost, "0");
    assert_decimal(months[11].cumulative, "0");
}

static void what_does_not_fit_is_an_error(void **state) {
    (void)state;
    struct loss_month months[LOSS_MAX_HORIZON];
    struct loss_scenario scenario = headline();
    struct error err = {0};
    set(&scenario, LOSS_MIGRANTS, "1000000000000");
    set(&scenario, LOSS_ARPU, "3");
    assert_int_equal(loss_project(&scenario, months, &err), ERROR_DATA);
    assert_string_equal(err.text, "the loss up to month 4 is out of range, expected at most "
                                  "9223372036854.775807");
}

/* Over two months at a return rate of 0.1: 1.9 times the first month's loss. */
static void sensitivity_by_hand(void **state) {
    (void)state;
    struct loss_swing swings[LOSS_PARAMETERS];
    struct loss_scenario scenario;
    struct error err = {0};
    size_t count;
    loss_scenario_begin(&scenario);
    set_range(&scenario, LOSS_MIGRANTS, "900", "1000", "1200");   /* 1710 to 2280: 570 */
    set_range(&scenario, LOSS_ARPU, "0.5", "1", "1.5");           /* 950 to 2850: 1900 */
    set_range(&scenario, LOSS_RETURN_RATE, "0", "0.1", "0.5");    /* 2000 to 1500: -500 */
    set_range(&scenario, LOSS_ARPU_DESTINATION, "0", "0.1", "9"); /* nothing to the loss */
    set(&scenario, LOSS_HORIZON, "2");
    assert_int_equal(loss_sensitivity(&scenario, swings, &count, &err), 0);
    assert_int_equal(count, 4);
    assert_int_equal(swings[0].parameter, LOSS_ARPU);
    assert_decimal(swings[0].loss_at_low, "950");
    assert_decimal(swings[0].loss_at_high, "2850");
    assert_decimal(swings[0].swing, "1900");
    assert_int_equal(swings[1].parameter, LOSS_MIGRANTS);
    assert_decimal(swings[1].swing, "570");
    assert_int_equal(swings[2].parameter, LOSS_RETURN_RATE);
    assert_decimal(swings[2].low, "0");
    assert_decimal(swings[2].high, "0.5");
    assert_decimal(swings[2].swing, "-500");
    assert_int_equal(swings[3].parameter, LOSS_ARPU_DESTINATION);
    assert_decimal(swings[3].swing, "0");
}

/* With a rate the total is the present value, so that the rate has a swing of its own. */
static void sensitivity_is_discounted_if_a_rate_is_given(void **state) {
    (void)state;
    struct loss_swing swings[LOSS_PARAMETERS];
    struct loss_scenario scenario = headline();
    struct error err = {0};
    size_t count;
    set_range(&scenario, LOSS_DISCOUNT_RATE, "0", "0.08", "1");
    set(&scenario, LOSS_HORIZON, "13");
    assert_int_equal(loss_sensitivity(&scenario, swings, &count, &err), 0);
    assert_int_equal(count, 1);
    assert_decimal(swings[0].loss_at_low, "8125000");
    assert_true(swings[0].swing < 0);
}

static void values_are_checked(void **state) {
    (void)state;
    assert_refused(LOSS_MIGRANTS, "-1", "-1", "-1", "migrants is -1, expected 0 or more");
    assert_refused(LOSS_KEPT_SHARE, "1.5", "1.5", "1.5",
                   "kept_share is 1.5, expected 0 to 1 (or "
                   "'percent' in its unit)");
    assert_refused(LOSS_KEPT_SHARE, "0", "0.5", "101", "kept_share is 101, expected 0 to 1");
    assert_refused(LOSS_HORIZON, "0", "0", "0", "horizon is 0, expected 1 to 600");
    assert_refused(LOSS_HORIZON, "1.5", "1.5", "1.5", "horizon is 1.5, expected a whole number");
    assert_refused(LOSS_HORIZON, "6", "12", "24",
                   "horizon has a low and a high, expected one value: it is chosen, not uncertain");
    assert_refused(LOSS_ARPU, "2", "1", "3",
                   "arpu is low 2, value 1, high 3, expected them in rising order");
    assert_refused(LOSS_ARPU, "1", "3", "2",
                   "arpu is low 1, value 3, high 2, expected them in rising order");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_headline_is_exact),
        cmocka_unit_test(returns_are_exact_until_they_must_be_rounded),
        cmocka_unit_test(part_time_users_give_a_part),
        cmocka_unit_test(discounting_is_by_the_effective_yearly_rate),
        cmocka_unit_test(extremes),
        cmocka_unit_test(what_does_not_fit_is_an_error),
        cmocka_unit_test(sensitivity_by_hand),
        cmocka_unit_test(sensitivity_is_discounted_if_a_rate_is_given),
        cmocka_unit_test(values_are_checked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
