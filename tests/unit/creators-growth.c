/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Growth of a tier, per step and a year. */
#include "creators/growth.h"

#include "base/calendar.h"
#include "creators/ratio.h"
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void near(double found, double expected) {
    if (!(fabs(found - expected) <= 1e-13 * fmax(1, fabs(expected))))
        fail_msg("found %.17g, expected %.17g", found, expected);
}

/* By hand: 10 creators; 1 promoted, 2 demoted, 1 left, so 6 stayed; 3 entered, 2 came up, 1 came
 * down: 12. */
static const struct tier_change example = {.from = 10,
                                           .to = 12,
                                           .entered = 3,
                                           .promoted_in = 2,
                                           .demoted_in = 1,
                                           .promoted_out = 1,
                                           .demoted_out = 2,
                                           .left = 1};

static void flows_decide_the_interval(void **state) {
    (void)state;
    struct growth growth = growth_estimate(&example, GROWTH_FLOWS, 0.9);
    struct ratio_interval expected = ratio_paired(6, 4, 6, 0.9);
    near(growth.rate, 0.2);
    near(growth.lower, expected.lower - 1);
    near(growth.upper, expected.upper - 1);
}

static void or_totals_do(void **state) {
    (void)state;
    struct growth growth = growth_estimate(&example, GROWTH_POISSON, 0.9);
    struct ratio_interval expected = ratio_poisson(10, 12, 0.9);
    near(growth.rate, 0.2);
    near(growth.lower, expected.lower - 1);
    near(growth.upper, expected.upper - 1);
}

static void growth_from_nothing_is_missing(void **state) {
    (void)state;
    struct tier_change change = {.to = 5, .entered = 5};
    for (int kind = GROWTH_FLOWS; kind <= GROWTH_POISSON; kind++) {
        struct growth growth = growth_estimate(&change, (enum growth_interval)kind, 0.95);
        assert_true(isnan(growth.rate) && isnan(growth.lower) && isnan(growth.upper));
        growth = growth_annualise(growth, 0.5);
        assert_true(isnan(growth.rate) && isnan(growth.lower) && isnan(growth.upper));
    }
}

static void a_tier_can_empty(void **state) {
    (void)state;
    struct tier_change change = {.from = 5, .left = 5};
    struct growth growth = growth_estimate(&change, GROWTH_FLOWS, 0.95);
    assert_true(growth.rate == -1 && growth.lower == -1 && growth.upper > -1);
    growth = growth_annualise(growth, 1 / 12.0);
    assert_true(growth.rate == -1 && growth.lower == -1 && growth.upper > -1);
}

/* The published 46.7 % a year: over two years it is 1.467^2 = 2.152089 times as many. */
static void published_rate_comes_back(void **state) {
    (void)state;
    struct tier_change two_years = {.from = 1000000, .to = 2152089, .entered = 1152089};
    struct growth growth = growth_estimate(&two_years, GROWTH_FLOWS, 0.95);
    near(growth_annualise(growth, 2).rate, 0.467);
    /* And twelve equal months of it make a year of it. */
    double monthly = pow(1.467, 1.0 / 12) - 1;
    struct growth month = {monthly, monthly, monthly};
    near(growth_annualise(month, 1 / period_per_year(PERIOD_MONTH)).rate, 0.467);
    /* A year's growth is its own annual growth, to the last digit. */
    struct growth year = {0.467, -0.1, 1.7};
    year = growth_annualise(year, 1);
    assert_true(year.rate == 0.467 && year.lower == -0.1 && year.upper == 1.7);
}

/* The step's real length counts, whatever the kind of period. */
static void steps_compound_by_their_length(void **state) {
    (void)state;
    struct growth doubled = {1, 0.5, 1.5};
    assert_true(growth_annualise(doubled, 2 / period_per_year(PERIOD_MONTH)).rate == 63);
    near(growth_annualise(doubled, 1 / period_per_year(PERIOD_QUARTER)).rate, 15);
    near(growth_annualise(doubled, 3 / period_per_year(PERIOD_YEAR)).rate, cbrt(2) - 1);
    near(growth_annualise(doubled, 365.2425 / period_per_year(PERIOD_DAY)).rate, 1);
    /* The bounds go the same way, each for itself. */
    struct growth annual = growth_annualise(doubled, 0.5);
    near(annual.lower, 1.5 * 1.5 - 1);
    near(annual.upper, 2.5 * 2.5 - 1);
}

/* 1e-12 a day: (1 + x)^n - 1 = n x + n (n-1) x^2 / 2 + ..., of which a plain power would keep four
 * digits. */
static void small_rates_keep_their_digits(void **state) {
    (void)state;
    struct growth day = {1e-12, -1e-12, 1e-12};
    struct growth annual = growth_annualise(day, 1 / period_per_year(PERIOD_DAY));
    double n = 365.2425, second = n * (n - 1) / 2 * 1e-24;
    assert_true(fabs(annual.rate - (n * 1e-12 + second)) < 1e-24);
    assert_true(fabs(annual.lower - (-n * 1e-12 + second)) < 1e-24);
}

/* A thousandfold in a day has no annual rate that a double could hold. */
static void too_large_is_missing(void **state) {
    (void)state;
    struct growth day = {999, 0, 999};
    struct growth annual = growth_annualise(day, 1 / period_per_year(PERIOD_DAY));
    assert_true(isnan(annual.rate) && annual.lower == 0 && isnan(annual.upper));
}

/* Two creators, of whom one stays and one is lost: of two drawn, both stay, one does or none does
 * with the chances 1/4, 1/2, 1/4, growth 0, -1/2, -1. Drawing none who was there before cannot
 * happen. */
static void bootstrap_of_two(void **state) {
    (void)state;
    static const uint64_t clusters[] = {0, 0, 1, 1}; /* [before * 2 + now] */
    double work[4000];
    struct growth growth = growth_bootstrap(clusters, 1, 2, 0.4, 4000, 1, 0, 1, work);
    near(growth.rate, -0.5);
    near(growth.lower, -0.5); /* the quantiles 0.3 and 0.7 */
    near(growth.upper, -0.5);
    growth = growth_bootstrap(clusters, 1, 2, 0.6, 4000, 1, 0, 1, work);
    near(growth.lower, -1); /* 0.2 and 0.8 */
    near(growth.upper, 0);
    double drawn = 0, square = 0;
    for (size_t i = 0; i < 4000; i++) {
        drawn += work[i] / 4000;
        square += work[i] * work[i] / 4000;
    }
    /* Mean -1/2, variance 1/8: the error of the mean is 0.0056. */
    assert_true(fabs(drawn + 0.5) < 0.025 && fabs(square - drawn * drawn - 0.125) < 0.01);
}

/* R 4.2.2: k <- data.frame(a = c(1, 1, 0, 2, 2), b = c(1, 0, 1, 2, 1), n = c(900, 60, 90, 30, 10));
 * r <- sum(k$b * k$n) / sum(k$a * k$n); r - 1 is 0.01923077, its linearised error
 * sqrt(sum(k$n * (k$b - r * k$a)^2)) / sum(k$a * k$n) is 0.01229458. Of 4,000 draws a bound is off
 * by 3 % of the distance. */
static void bootstrap_is_the_linearised_error(void **state) {
    (void)state;
    static const uint64_t clusters[] = {0, 90, 0, 60, 900, 0, 0, 10, 30};
    double work[4000];
    struct growth growth = growth_bootstrap(clusters, 2, 100000, 0.95, 4000, 7, 3, 2, work);
    assert_true(fabs(growth.rate - 0.01923077) < 1e-8);
    double reach = 1.959964 * 0.01229458;
    assert_true(fabs((growth.rate - growth.lower) / reach - 1) < 0.12);
    assert_true(fabs((growth.upper - growth.rate) / reach - 1) < 0.12);
    struct growth again = growth_bootstrap(clusters, 2, 100000, 0.95, 4000, 7, 3, 2, work);
    assert_true(again.lower == growth.lower && again.upper == growth.upper);
    struct growth other = growth_bootstrap(clusters, 2, 100000, 0.95, 4000, 8, 3, 2, work);
    assert_true(other.lower != growth.lower);
}

static void bootstrap_from_nothing(void **state) {
    (void)state;
    static const uint64_t came[] = {0, 5, 0, 0}, rare[] = {0, 5, 1, 0};
    double work[1000];
    struct growth growth = growth_bootstrap(came, 1, 10, 0.95, 1000, 1, 0, 1, work);
    assert_true(isnan(growth.rate) && isnan(growth.lower));
    /* One in ten was there before: a third of the samples have nobody to grow from. */
    growth = growth_bootstrap(rare, 1, 10, 0.95, 1000, 1, 0, 1, work);
    assert_true(growth.rate == 4 && isnan(growth.lower) && isnan(growth.upper));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(flows_decide_the_interval),
        cmocka_unit_test(or_totals_do),
        cmocka_unit_test(growth_from_nothing_is_missing),
        cmocka_unit_test(a_tier_can_empty),
        cmocka_unit_test(published_rate_comes_back),
        cmocka_unit_test(steps_compound_by_their_length),
        cmocka_unit_test(small_rates_keep_their_digits),
        cmocka_unit_test(too_large_is_missing),
        cmocka_unit_test(bootstrap_of_two),
        cmocka_unit_test(bootstrap_is_the_linearised_error),
        cmocka_unit_test(bootstrap_from_nothing),
    };
    return cmocka_run_group_tests_name("creators-growth", tests, NULL, NULL);
}
