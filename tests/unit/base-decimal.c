/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Exact decimals. */
#include "base/decimal.h"

#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define MOST INT64_MAX /* 9,223,372,036,854.775807 */

static uint64_t next_bits(uint64_t *state) {
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    return *state * UINT64_C(2685821657736338717);
}

static void assert_parses(const char *cell, decimal expected) {
    decimal a = -1;
    if (!decimal_parse(text_of(cell), '.', &a))
        fail_msg("'%s' was refused", cell);
    if (a != expected)
        fail_msg("'%s': found %lld, expected %lld", cell, (long long)a, (long long)expected);
}

static void assert_refused(const char *cell) {
    decimal a = 42;
    if (decimal_parse(text_of(cell), '.', &a))
        fail_msg("'%s' was accepted as %lld", cell, (long long)a);
    assert_true(a == 42);
}

static void parses_exactly(void **state) {
    (void)state;
    assert_parses("0", 0);
    assert_parses("-0", 0);
    assert_parses("1.25", 1250000);
    assert_parses("+1.25", 1250000);
    assert_parses("-0.000001", -1);
    assert_parses("0.1", 100000);
    assert_parses("500000", 500000 * DECIMAL_ONE);
    assert_parses("1e3", 1000 * DECIMAL_ONE);
    assert_parses("1.5E-5", 15);
    assert_parses("1234567e-6", 1234567);
    assert_parses("0.1234560000000000000000000000000000000", 123456);
    assert_parses("1230000000000000000000000000000e-30", 1230000);
    assert_parses("0e999", 0);
    assert_parses("9223372036854.775807", MOST);
    assert_parses("-9223372036854.775807", -MOST);
    decimal a;
    assert_true(decimal_parse(text_of("1,25"), ',', &a));
    assert_int_equal(a, 1250000);
    assert_false(decimal_parse(text_of("1.25"), ',', &a));
}

static void refuses_what_it_would_have_to_round(void **state) {
    (void)state;
    assert_refused("0.0000001");
    assert_refused("1.2345678");
    assert_refused("1e-7");
    assert_refused("0.12345600000000000000000000000001");
    assert_refused("9223372036854.775808");
    assert_refused("-9223372036854.775808");
    assert_refused("9223372036855");
    assert_refused("1e13");
    assert_refused("1e99999999999999999999");
    assert_refused("123456789012345678901234567890");
    const char *bad[] = {"",    "-",   ".",  "1.2.3", "12abc", "0x1",
                         "nan", "inf", " 1", "1 ",    "1e",    "1,000"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_refused(bad[i]);
}

static void adds_within_the_range(void **state) {
    (void)state;
    decimal a = 42;
    assert_true(decimal_add(MOST - 1, 1, &a));
    assert_true(a == MOST);
    assert_true(decimal_add(MOST, -MOST, &a));
    assert_true(a == 0);
    assert_false(decimal_add(MOST, 1, &a));
    assert_false(decimal_add(-MOST, -1, &a));
    assert_true(a == 0);
}

static void assert_product(decimal a, decimal b, decimal expected) {
    decimal product = 42;
    assert_true(decimal_multiply(a, b, &product));
    assert_true(product == expected);
    assert_true(decimal_multiply(b, a, &product));
    assert_true(product == expected);
    assert_true(decimal_multiply(-a, b, &product));
    assert_true(product == -expected);
}

static void multiplies_half_to_even(void **state) {
    (void)state;
    assert_product(1250000, 500000 * DECIMAL_ONE, 625000 * DECIMAL_ONE);
    assert_product(1, 500000, 0); /* 0.5 millionths: to even */
    assert_product(3, 500000, 2); /* 1.5 */
    assert_product(5, 500000, 2); /* 2.5 */
    assert_product(5, 500001, 3);
    assert_product(7, 500000, 4); /* 3.5 */
    assert_product(1, 499999, 0);
    assert_product(MOST, DECIMAL_ONE, MOST);
    decimal a = 42;
    assert_false(decimal_multiply(MOST, DECIMAL_ONE + 1, &a));
    assert_false(decimal_multiply(MOST, MOST, &a));
    assert_false(decimal_multiply(-MOST, MOST, &a));
    assert_true(a == 42);
}

static void sums_do_not_wrap(void **state) {
    (void)state;
    decimal_sum sum = 0;
    decimal a = 42;
    for (int i = 0; i < 1000; i++)
        sum += MOST;
    assert_false(decimal_narrow(sum, &a));
    assert_false(decimal_narrow(-(decimal_sum)MOST - 1, &a)); /* INT64_MIN is no decimal */
    assert_true(a == 42);
    assert_true(decimal_sum_divide(sum, 1000, &a));
    assert_true(a == MOST);
    assert_true(decimal_sum_divide(-sum, 1000, &a));
    assert_true(a == -MOST);
    assert_true(decimal_sum_divide(3, 2, &a) && a == 2);
    assert_true(decimal_sum_divide(5, 2, &a) && a == 2);
    assert_true(decimal_sum_divide(-5, 2, &a) && a == -2);
    assert_true(decimal_sum_divide(-7, 2, &a) && a == -4);
    assert_true(decimal_sum_divide(0, MOST, &a) && a == 0);
    a = 42;
    assert_false(decimal_sum_divide(sum, 999, &a));
    assert_false(decimal_sum_divide(1, 0, &a));
    assert_false(decimal_sum_divide(1, -1, &a));
    assert_true(a == 42);
}

/* 10^19 addends of the largest size are what the header promises. */
static void the_largest_sum_has_a_mean_and_a_text(void **state) {
    (void)state;
    decimal_sum sum = (decimal_sum)MOST * INT64_MAX;
    decimal a;
    char text[DECIMAL_TEXT];
    assert_true(decimal_sum_divide(sum, INT64_MAX, &a));
    assert_true(a == MOST);
    /* (2^63 - 1)^2 = 85070591730234615847396907784232501249 */
    assert_int_equal(decimal_sum_format(sum, 0, text), 39);
    assert_string_equal(text, "85070591730234615847396907784232.501249");
    decimal_sum least = -sum - sum - (decimal_sum)4 * MOST - 2; /* -2^127 */
    decimal_sum_format(least, 0, text);
    assert_string_equal(text, "-170141183460469231731687303715884.105728");
    assert_true(decimal_sum_to_double(least) == -0x1p127 / 1e6);
}

static void assert_from_double(double x, decimal expected) {
    decimal a = 42;
    if (!decimal_from_double(x, &a) || a != expected)
        fail_msg("%.17g: found %lld, expected %lld", x, (long long)a, (long long)expected);
    assert_true(decimal_from_double(-x, &a));
    assert_true(a == -expected);
}

static void takes_doubles_to_the_nearest(void **state) {
    (void)state;
    assert_from_double(0, 0);
    assert_from_double(1.25, 1250000);
    assert_from_double(0.1, 100000);
    assert_from_double(1e-7, 0);
    assert_from_double(DBL_MIN, 0);
    assert_from_double(0x1p-1074, 0);
    assert_from_double(0.0000005, 0);           /* the double lies below the tie */
    assert_from_double(0.0000015, 2);           /* the double lies above the tie */
    assert_from_double(0x1p-7, 7812);           /* 7812.5 exactly: to even */
    assert_from_double(3 * 0x1p-7, 23438);      /* 23437.5 exactly: to even */
    assert_from_double(0x1p-7 + 0x1p-50, 7813); /* just above the tie */
    assert_from_double(0x1p-7 - 0x1p-50, 7812);
    assert_from_double(9223372036854.0, INT64_C(9223372036854000000));
    assert_from_double(4611686018427.388, INT64_C(4611686018427387695)); /* ...7.3876953125 */
    decimal a = 42;
    assert_false(decimal_from_double(9223372036854.777, &a));
    assert_false(decimal_from_double(1e13, &a));
    assert_false(decimal_from_double(-1e300, &a));
    assert_false(decimal_from_double(INFINITY, &a));
    assert_false(decimal_from_double(-INFINITY, &a));
    assert_false(decimal_from_double(NAN, &a));
    assert_true(a == 42);
}

/* printf rounds the exact binary value half to even in glibc; its digits are the expectation. */
static void takes_doubles_as_printf_rounds_them(void **state) {
    (void)state;
    uint64_t seed = 3;
    for (int i = 0; i < 200000; i++) {
        double x = ldexp((double)(next_bits(&seed) >> 11), -(int)(next_bits(&seed) % 80) - 11);
        char digits[64];
        decimal found = 42, expected = 43;
        if (x > 9e12)
            continue;
        snprintf(digits, sizeof digits, "%.6f", x);
        assert_true(decimal_parse(text_of(digits), '.', &expected));
        assert_true(decimal_from_double(x, &found));
        if (found != expected)
            fail_msg("%.17g: found %lld, expected %s", x, (long long)found, digits);
    }
}

static void assert_to_double(decimal_sum sum, double expected) {
    double x = decimal_sum_to_double(sum);
    if (x != expected) {
        char text[DECIMAL_TEXT];
        decimal_sum_format(sum, 0, text);
        fail_msg("%s: found %.17g, expected %.17g", text, x, expected);
    }
}

static void gives_the_nearest_double(void **state) {
    (void)state;
    assert_to_double(0, 0);
    assert_to_double(1, 1e-6);
    assert_to_double(-1250000, -1.25);
    assert_to_double(MOST, 9223372036854.775807);
    /* Ties at 2^53 and their neighbours, in whole units: 2^53 + 1 goes down, 2^53 + 3 up. */
    const decimal_sum two53 = (decimal_sum)1 << 53;
    assert_to_double((two53 + 1) * DECIMAL_ONE, 0x1p53);
    assert_to_double((two53 + 1) * DECIMAL_ONE + 1, 0x1p53 + 2);
    assert_to_double((two53 + 1) * DECIMAL_ONE - 1, 0x1p53);
    assert_to_double((two53 + 3) * DECIMAL_ONE, 0x1p53 + 4);
    assert_to_double((two53 + 3) * DECIMAL_ONE - 1, 0x1p53 + 2);
    /* A tie far above 2^64 that one millionth breaks. */
    const decimal_sum tie = ((decimal_sum)1 << 100) + ((decimal_sum)1 << 47);
    assert_to_double(tie * DECIMAL_ONE, 0x1p100);
    assert_to_double(tie * DECIMAL_ONE + 1, 0x1p100 + 0x1p48);
    assert_to_double(-tie * DECIMAL_ONE - 1, -0x1p100 - 0x1p48);
}

static void gives_what_strtod_gives(void **state) {
    (void)state;
    uint64_t seed = 5;
    for (int i = 0; i < 200000; i++) {
        int128 sum = (int128)next_bits(&seed) << 63 | next_bits(&seed) >> 1;
        sum >>= next_bits(&seed) % 126;
        if (next_bits(&seed) & 1)
            sum = -sum;
        char text[DECIMAL_TEXT];
        decimal_sum_format(sum, 0, text);
        assert_to_double(sum, strtod(text, NULL));
        if (sum >= -MOST && sum <= MOST)
            assert_true(decimal_to_double((decimal)sum) == strtod(text, NULL));
    }
}

static void assert_format(decimal a, int places, const char *expected) {
    char text[DECIMAL_TEXT];
    int length = decimal_format(a, places, text);
    assert_string_equal(text, expected);
    assert_int_equal(length, strlen(expected));
}

static void writes_at_least_the_places(void **state) {
    (void)state;
    assert_format(0, 0, "0");
    assert_format(0, 2, "0.00");
    assert_format(625000 * DECIMAL_ONE, 2, "625000.00");
    assert_format(1, 2, "0.000001");
    assert_format(-1, 0, "-0.000001");
    assert_format(1500000, 0, "1.5");
    assert_format(1500000, 1, "1.5");
    assert_format(1500000, 6, "1.500000");
    assert_format(1010000, 0, "1.01");
    assert_format(100 * DECIMAL_ONE, 0, "100");
    assert_format(-1250000, 2, "-1.25");
    assert_format(MOST, 0, "9223372036854.775807");
    assert_format(-MOST, 0, "-9223372036854.775807");
}

static void reads_back_what_it_wrote(void **state) {
    (void)state;
    uint64_t seed = 9;
    for (int i = 0; i < 200000; i++) {
        decimal a = (decimal)(next_bits(&seed) >> (1 + next_bits(&seed) % 62)), back = -1;
        if (next_bits(&seed) & 1)
            a = -a;
        char text[DECIMAL_TEXT];
        decimal_format(a, i % 7, text);
        assert_true(decimal_parse(text_of(text), '.', &back));
        assert_true(back == a);
    }
}

/* Short cells without a sign are read eight digits at a time; with a sign they are not. */
static void short_cells_read_as_with_a_sign(void **state) {
    (void)state;
    static const char letters[] = "0123456789012345678901234567890123456789..,,eE+- /:\0\xB0";
    uint64_t seed = 4;
    for (int round = 0; round < 500000; round++) {
        char cell[16] = "+";
        const size_t length = next_bits(&seed) % 11;
        for (size_t i = 0; i < length; i++)
            cell[1 + i] = letters[(next_bits(&seed) >> 32) % (sizeof letters - 1)];
        if (length > 0 && (cell[1] == '+' || cell[1] == '-'))
            continue;
        const char mark = round % 2 ? '.' : ',';
        decimal a = -1, b = -1;
        assert_int_equal(decimal_parse((struct text){cell + 1, length}, mark, &a),
                         decimal_parse((struct text){cell, length + 1}, mark, &b));
        assert_int_equal(a, b);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parses_exactly),
        cmocka_unit_test(refuses_what_it_would_have_to_round),
        cmocka_unit_test(adds_within_the_range),
        cmocka_unit_test(multiplies_half_to_even),
        cmocka_unit_test(sums_do_not_wrap),
        cmocka_unit_test(the_largest_sum_has_a_mean_and_a_text),
        cmocka_unit_test(takes_doubles_to_the_nearest),
        cmocka_unit_test(takes_doubles_as_printf_rounds_them),
        cmocka_unit_test(gives_the_nearest_double),
        cmocka_unit_test(gives_what_strtod_gives),
        cmocka_unit_test(writes_at_least_the_places),
        cmocka_unit_test(reads_back_what_it_wrote),
        cmocka_unit_test(short_cells_read_as_with_a_sign),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
