/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Exact moments of money. */
#include "revenue/moments.h"

#include "base/random.h"
#include <gsl/gsl_statistics_double.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

enum { MANY = 1000 };

/* Money between -50 and 950, drawn from stream number `which`. */
static void draw_money(decimal money[MANY], uint32_t which) {
    struct random_stream stream;
    random_open(&stream, 1, 0, which, 0, 0);
    for (int i = 0; i < MANY; i++)
        money[i] = (decimal)random_below(&stream, 1000000000) - 50 * DECIMAL_ONE;
}

static struct moments moments_of(const decimal *values, size_t n) {
    struct moments moments = {0};
    for (size_t i = 0; i < n; i++)
        moments_add(&moments, values[i]);
    return moments;
}

static bool same(const struct moments *a, const struct moments *b) {
    return a->count == b->count && a->sum == b->sum && a->squares_low == b->squares_low &&
           a->squares_high == b->squares_high;
}

/* 1.25, 3, 3: mean 7.25/3; squares 1.5625 + 9 + 9; variance (19.5625 - 7.25^2/3)/2. */
static void small_values_by_hand(void **state) {
    (void)state;
    const decimal values[] = {1250000, 3000000, 3000000};
    struct moments moments = moments_of(values, 3);
    assert_int_equal(moments.count, 3);
    assert_true(moments.sum == 7250000);
    assert_true(moments_mean(&moments) == 7.25 / 3);
    assert_true(moments_squares(&moments) == 19.5625);
    /* Not exactly: the decimal places of the two sides are rounded differently at the end. */
    assert_true(fabs(moments_variance(&moments) - (19.5625 - 7.25 * 7.25 / 3) / 2) < 1e-15);
}

static void too_few_values_have_no_moments(void **state) {
    (void)state;
    struct moments moments = {0};
    assert_true(isnan(moments_mean(&moments)));
    assert_true(isnan(moments_variance(&moments)));
    moments_add(&moments, 5);
    assert_true(moments_mean(&moments) == 5e-6);
    assert_true(isnan(moments_variance(&moments)));
}

/* GSL works in doubles: it agrees to their precision, here 1e-13 of the variance. */
static void agrees_with_gsl(void **state) {
    (void)state;
    decimal money[MANY];
    double values[MANY];
    draw_money(money, 1);
    for (int i = 0; i < MANY; i++)
        values[i] = decimal_to_double(money[i]);
    struct moments moments = moments_of(money, MANY);
    double mean = gsl_stats_mean(values, 1, MANY), variance = gsl_stats_variance(values, 1, MANY);
    assert_true(fabs(moments_mean(&moments) / mean - 1) < 1e-13);
    assert_true(fabs(moments_variance(&moments) / variance - 1) < 1e-13);
}

/* The point of the exact numerator: a spread of millionths on top of 9 x 10^12 keeps every digit,
 * where doubles would have lost it altogether. */
static void a_shift_changes_no_digit_of_the_variance(void **state) {
    (void)state;
    decimal money[MANY], shifted[MANY];
    draw_money(money, 2);
    for (int i = 0; i < MANY; i++)
        shifted[i] = money[i] + 9000000000000 * DECIMAL_ONE;
    struct moments a = moments_of(money, MANY), b = moments_of(shifted, MANY);
    double first = moments_variance(&a), second = moments_variance(&b);
    assert_memory_equal(&first, &second, sizeof first);
}

static void the_largest_values_fit(void **state) {
    (void)state;
    const decimal largest[] = {INT64_MAX, -INT64_MAX, INT64_MAX, -INT64_MAX};
    struct moments moments = moments_of(largest, 4);
    double x = 9223372036854.775807;
    assert_true(moments.sum == 0);
    assert_true(fabs(moments_variance(&moments) / (4 * x * x / 3) - 1) < 1e-15);

    struct moments equal = {0};
    for (int i = 0; i < 5; i++)
        moments_add(&equal, INT64_MAX);
    assert_true(moments_variance(&equal) == 0);
    assert_true(fabs(moments_mean(&equal) / x - 1) < 1e-15);
    assert_true(equal.squares_high > 0); /* 5 x 2^126 needs more than 128 bits */
}

static void merging_and_removing_are_exact(void **state) {
    (void)state;
    decimal money[MANY];
    draw_money(money, 3);
    money[0] = money[1] = money[MANY - 1] = INT64_MAX; /* so that squares carry over 128 bits */
    struct moments all = moments_of(money, MANY);
    for (size_t cut = 0; cut <= MANY; cut += 50) {
        struct moments left = moments_of(money, cut), right = moments_of(money + cut, MANY - cut);
        struct moments merged = right;
        moments_merge(&merged, &left);
        assert_true(same(&merged, &all));
        moments_remove(&merged, &right);
        assert_true(same(&merged, &left));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(small_values_by_hand),
        cmocka_unit_test(too_few_values_have_no_moments),
        cmocka_unit_test(agrees_with_gsl),
        cmocka_unit_test(a_shift_changes_no_digit_of_the_variance),
        cmocka_unit_test(the_largest_values_fit),
        cmocka_unit_test(merging_and_removing_are_exact),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
