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

/* ---- Pairs ----------------------------------------------------------------------------------- */

static struct moment_pairs pairs_of(const decimal (*values)[2], size_t n) {
    struct moment_pairs pairs = {0};
    for (size_t i = 0; i < n; i++)
        moment_pairs_add(&pairs, values[i][0], values[i][1]);
    return pairs;
}

/* r = 2/6; (1 - 2/3)^2 + (1 - 4/3)^2 = 2/9. */
static void pairs_by_hand(void **state) {
    (void)state;
    const decimal values[][2] = {{2000000, 1000000}, {4000000, 1000000}};
    const struct moment_pairs pairs = pairs_of(values, 2), none = {0};
    assert_true(moment_pairs_ratio(&pairs) == 2.0 / 6);
    assert_true(fabs(moment_pairs_residuals(&pairs) - 2.0 / 9) < 1e-16);
    assert_true(isnan(moment_pairs_ratio(&none)) && isnan(moment_pairs_residuals(&none)));
    const decimal refunds[][2] = {{-2, 1}, {1, 1}};
    const struct moment_pairs below = pairs_of(refunds, 2);
    assert_true(isnan(moment_pairs_residuals(&below)));
}

/* 1/3 has no exact double, and y - r x would not be 0. */
static void pairs_in_one_ratio_have_no_residuals(void **state) {
    (void)state;
    const decimal values[][2] = {{3, 1}, {6, 2}, {-30, -10}, {3333333333333333, 1111111111111111}};
    const struct moment_pairs pairs = pairs_of(values, 4);
    assert_true(moment_pairs_residuals(&pairs) == 0);
    const decimal against[][2] = {{3, -1}, {6, -2}, {300, -100}};
    const struct moment_pairs negative = pairs_of(against, 3);
    assert_true(moment_pairs_residuals(&negative) == 0);
}

/* Against the definition in long double, with signs of all kinds: to its rounding. */
static void pairs_as_defined(void **state) {
    (void)state;
    decimal values[MANY][2];
    struct random_stream stream;
    for (uint32_t set = 0; set < 20; set++) {
        random_open(&stream, 2, 0, set, 0, 0);
        for (int i = 0; i < MANY; i++) {
            values[i][0] = (decimal)random_below(&stream, 1000000000) - 300 * DECIMAL_ONE;
            values[i][1] =
                (decimal)random_below(&stream, 1000000000) - (set % 2 ? 900 : 100) * DECIMAL_ONE;
        }
        const struct moment_pairs pairs = pairs_of((const decimal(*)[2])values, MANY);
        long double x = 0, y = 0, sum = 0;
        for (int i = 0; i < MANY; i++) {
            x += (long double)values[i][0];
            y += (long double)values[i][1];
        }
        for (int i = 0; i < MANY; i++) {
            const long double off = (long double)values[i][1] - y / x * (long double)values[i][0];
            sum += off * off;
        }
        assert_true(fabsl((long double)moment_pairs_residuals(&pairs) / (sum / 1e12L) - 1) <
                    1e-14L);
    }
}

static void pairs_merge_exactly(void **state) {
    (void)state;
    decimal values[MANY][2];
    struct random_stream stream;
    random_open(&stream, 3, 0, 0, 0, 0);
    for (int i = 0; i < MANY; i++)
        for (int k = 0; k < 2; k++)
            values[i][k] = (decimal)((uint64_t)random_word(&stream) << 32 | random_word(&stream));
    const struct moment_pairs all = pairs_of((const decimal(*)[2])values, MANY);
    for (size_t cut = 0; cut <= MANY; cut += 100) {
        struct moment_pairs left = pairs_of((const decimal(*)[2])values, cut);
        const struct moment_pairs right = pairs_of((const decimal(*)[2])values + cut, MANY - cut);
        moment_pairs_merge(&left, &right);
        assert_true(left.x == all.x && left.y == all.y && left.xx.low == all.xx.low &&
                    left.xx.high == all.xx.high && left.xy.low == all.xy.low &&
                    left.xy.high == all.xy.high && left.yy.low == all.yy.low &&
                    left.yy.high == all.yy.high);
    }
}

/* ---- 10^8 rows --------------------------------------------------------------------------------
 */

/* 2^27 = 134,217,728 rows of the largest amount and of the least unit, by doubling: sums and sums
 * of squares keep every unit. */
static void a_hundred_million_rows(void **state) {
    (void)state;
    struct moments rows = {0};
    struct moment_pairs pairs = {0};
    moments_add(&rows, INT64_MAX);
    moments_add(&rows, 1);
    moment_pairs_add(&pairs, INT64_MAX, INT64_MIN);
    moment_pairs_add(&pairs, 1, 1);
    for (int k = 1; k < 27; k++) {
        const struct moments once = rows;
        const struct moment_pairs pair = pairs;
        moments_merge(&rows, &once);
        moment_pairs_merge(&pairs, &pair);
    }
    const moments_word n = (moments_word)1 << 26; /* of each kind */
    assert_int_equal(rows.count, 2 * (int64_t)n);
    assert_true(rows.sum == (int128)n * INT64_MAX + (int128)n);
    /* n (2^63 - 1)^2 + n = n 2^126 - n 2^64 + 2 n: 2^152 - 2^90 + 2^27. */
    assert_true(rows.squares_high == (UINT64_C(1) << 24) - 1);
    assert_true(rows.squares_low == -((moments_word)1 << 90) + ((moments_word)1 << 27));
    assert_true(pairs.y == -(int128)n * INT64_MAX);
    /* -n 2^63 (2^63 - 1) + n = -2^152 + 2^89 + 2^26. */
    assert_true(pairs.xy.high == -(UINT64_C(1) << 24));
    assert_true(pairs.xy.low == ((moments_word)1 << 89) + ((moments_word)1 << 26));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pairs_by_hand),
        cmocka_unit_test(pairs_in_one_ratio_have_no_residuals),
        cmocka_unit_test(pairs_as_defined),
        cmocka_unit_test(pairs_merge_exactly),
        cmocka_unit_test(a_hundred_million_rows),
        cmocka_unit_test(small_values_by_hand),
        cmocka_unit_test(too_few_values_have_no_moments),
        cmocka_unit_test(agrees_with_gsl),
        cmocka_unit_test(a_shift_changes_no_digit_of_the_variance),
        cmocka_unit_test(the_largest_values_fit),
        cmocka_unit_test(merging_and_removing_are_exact),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
