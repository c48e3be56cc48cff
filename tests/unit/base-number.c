/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Numbers as text. */
#include "base/number.h"

#include <locale.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* A small generator of its own, so that this test needs no other module (xorshift64*). */
static uint64_t next_bits(uint64_t *state) {
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    return *state * UINT64_C(2685821657736338717);
}

static double bits_to_double(uint64_t bits) {
    double x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

static uint64_t double_to_bits(double x) {
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}

/* Equal bits: tells 0 from -0 and leaves no room for a tolerance. */
static void assert_same(double found, double expected, const char *what) {
    if (double_to_bits(found) != double_to_bits(expected))
        fail_msg("%s: found %.17g (%a), expected %.17g (%a)", what, found, found, expected,
                 expected);
}

static void assert_parses(const char *cell, char mark, double expected) {
    double x = -1;
    if (!number_parse(text_of(cell), mark, &x))
        fail_msg("'%s' was refused", cell);
    assert_same(x, expected, cell);
}

static void assert_refused(const char *cell, char mark) {
    double x = 42;
    if (number_parse(text_of(cell), mark, &x))
        fail_msg("'%s' was accepted as %.17g", cell, x);
    assert_true(x == 42);
}

static void parses_plain_numbers(void **state) {
    (void)state;
    assert_parses("0", '.', 0.0);
    assert_parses("-0", '.', -0.0);
    assert_parses("007", '.', 7);
    assert_parses("+12", '.', 12);
    assert_parses("1.25", '.', 1.25);
    assert_parses("1,25", ',', 1.25);
    assert_parses("-1.5e3", '.', -1500);
    assert_parses("1E-2", '.', 0.01);
    assert_parses(".5", '.', 0.5);
    assert_parses("5.", '.', 5);
    assert_parses("0.1", '.', 0.1);
    assert_parses("1e22", '.', 1e22);
    assert_parses("1e23", '.', 1e23);
    assert_parses("9007199254740993", '.', 9007199254740992.0); /* 2^53 + 1: tie, to even */
    assert_parses("9007199254740995", '.', 9007199254740996.0);
}

static void parses_the_far_ends(void **state) {
    (void)state;
    assert_parses("1.7976931348623157e308", '.', 0x1.fffffffffffffp1023);
    assert_parses("4.9e-324", '.', 0x1p-1074);
    assert_parses("2e-324", '.', 0.0);
    assert_parses("-1e-99999999999999999999", '.', -0.0);
    assert_parses("0e99999999999999999999", '.', 0.0);
    assert_refused("1.7976931348623159e308", '.'); /* above halfway to 2^1024 */
    assert_refused("1e309", '.');
    assert_refused("-1e99999999999999999999", '.');
}

static void refuses_what_is_no_number(void **state) {
    (void)state;
    const char *cells[] = {"",    " ",     "1 ",       " 1",     "12abc", "0x10", "inf",
                           "nan", "NaN",   "1e",       "1e+",    "e5",    ".",    "-",
                           "+",   "--1",   "1_000",    "1,000",  "1.2.3", "-.",   "1.e",
                           "1d5", "1e5.0", "infinity", "\u00a01"};
    for (size_t i = 0; i < sizeof cells / sizeof *cells; i++)
        assert_refused(cells[i], '.');
    assert_refused("1.5", ',');
    double x;
    assert_false(number_parse((struct text){"1\0", 2}, '.', &x));
    assert_false(number_parse((struct text){NULL, 0}, '.', &x));
}

/* Numbers longer than any double needs: the digit that decides may stand far to the right. */
static void rounds_long_numerals_once(void **state) {
    (void)state;
    char cell[4096];
    /* 1 + 2^-53 is halfway between 1 and its neighbour: the tie goes to the even 1. */
    const char *half = "1.00000000000000011102230246251565404236316680908203125";
    assert_parses(half, '.', 1.0);
    snprintf(cell, sizeof cell, "%s%01000d1", half, 0);
    assert_parses(cell, '.', 0x1.0000000000001p0);
    snprintf(cell, sizeof cell, "%s%01000d", half, 0);
    assert_parses(cell, '.', 1.0);
    snprintf(cell, sizeof cell, "0.%01000d1e1001", 0);
    assert_parses(cell, '.', 1.0);
    snprintf(cell, sizeof cell, "1%01000de-1000", 0);
    assert_parses(cell, '.', 1.0);
    snprintf(cell, sizeof cell, "1%030d.5", 0);
    assert_parses(cell, '.', 1e30);
}

/* strtod rounds correctly in glibc, and its grammar agrees on these texts. */
static void agrees_with_strtod(void **state) {
    (void)state;
    uint64_t seed = 7;
    for (int i = 0; i < 200000; i++) {
        char cell[64];
        int digits = (int)(next_bits(&seed) % 25);
        uint64_t high = next_bits(&seed) % 10000000000U, low = next_bits(&seed) % 10000000000U;
        snprintf(cell, sizeof cell, "%lu.%0*lue%d", (unsigned long)(high >> (digits % 20)), digits,
                 (unsigned long)low, (int)(next_bits(&seed) % 60) - 30);
        assert_parses(cell, '.', strtod(cell, NULL));
    }
}

static void parses_integers_whole(void **state) {
    (void)state;
    int64_t n = 42;
    assert_true(number_parse_integer(text_of("9223372036854775807"), &n));
    assert_true(n == INT64_MAX);
    assert_true(number_parse_integer(text_of("-9223372036854775808"), &n));
    assert_true(n == INT64_MIN);
    assert_true(number_parse_integer(text_of("+0012"), &n));
    assert_true(n == 12);
    n = 42;
    const char *bad[] = {"",
                         "-",
                         "+",
                         "1.0",
                         "1e3",
                         "12a",
                         " 1",
                         "0x1",
                         "9223372036854775808",
                         "-9223372036854775809",
                         "99999999999999999999"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_false(number_parse_integer(text_of(bad[i]), &n));
    assert_true(n == 42);
}

static void assert_format(double x, const char *expected) {
    char text[NUMBER_TEXT];
    int length = number_format(x, text);
    assert_string_equal(text, expected);
    assert_int_equal(length, strlen(expected));
}

static void writes_the_shortest_form(void **state) {
    (void)state;
    assert_format(0.0, "0");
    assert_format(-0.0, "0");
    assert_format(1, "1");
    assert_format(-12.5, "-12.5");
    assert_format(0.1, "0.1");
    assert_format(0.1 + 0.2, "0.30000000000000004");
    assert_format(1.0 / 3, "0.3333333333333333");
    assert_format(2.0 / 3, "0.6666666666666666");
    assert_format(100, "100");
    assert_format(625000, "625000");
    assert_format(123456.789, "123456.789");
    assert_format(1e-5, "0.00001");
    assert_format(0.000012345678901234567, "0.000012345678901234568");
    assert_format(1.5e-7, "1.5e-7");
    assert_format(9.999e-6, "9.999e-6");
    assert_format(2e20, "2e+20");
    assert_format(1e15, "1e+15");
    assert_format(999999999999999, "999999999999999");
    assert_format(999999999999999.9, "999999999999999.9");
    assert_format(1.7976931348623157e308, "1.7976931348623157e+308");
    assert_format(-2.2250738585072014e-308, "-2.2250738585072014e-308");
    assert_format(0x1p-1074, "5e-324");
    /* Powers of two whose shortest digits are not their nearest 16. */
    assert_format(0x1p-44, "5.684341886080802e-14");
    assert_format(0x1p89, "6.189700196426902e+26");
    assert_format(0x1p-1017, "7.120236347223045e-307");
    assert_format(NAN, "nan");
    assert_format(-NAN, "nan");
    assert_format(INFINITY, "inf");
    assert_format(-INFINITY, "-inf");
}

/* The significant digits alone, without zeros on either side. */
static int significant_digits(const char *text, char digits[NUMBER_TEXT]) {
    int n = 0;
    for (; *text && *text != 'e'; text++)
        if (*text >= '0' && *text <= '9' && (n > 0 || *text != '0'))
            digits[n++] = *text;
    while (n > 0 && digits[n - 1] == '0')
        n--;
    digits[n] = '\0';
    return n;
}

/* Reads back; the nearest number with a digit less does not; and no other number with as many
 * digits is nearer. printf gives the nearest of each length. */
static void assert_shortest(double x) {
    char text[NUMBER_TEXT], digits[NUMBER_TEXT], nearest[64], nearest_digits[NUMBER_TEXT];
    double back = 0;
    int length = number_format(x, text);
    assert_true(length < NUMBER_TEXT);
    assert_true(number_parse((struct text){text, (size_t)length}, '.', &back));
    assert_same(back, x == 0 ? 0.0 : x, text);
    int n = significant_digits(text, digits);
    if (n == 0)
        return;
    snprintf(nearest, sizeof nearest, "%.*e", n - 1, x);
    significant_digits(nearest, nearest_digits);
    if (strtod(nearest, NULL) == x && strcmp(digits, nearest_digits) != 0)
        fail_msg("%s is not the nearest: %s", text, nearest);
    if (n == 1)
        return;
    snprintf(nearest, sizeof nearest, "%.*e", n - 2, x);
    if (strtod(nearest, NULL) == x)
        fail_msg("%s is not the shortest: %s", text, nearest);
}

static void round_trips_random_doubles(void **state) {
    (void)state;
    uint64_t seed = 11;
    for (int i = 0; i < 50000; i++) {
        double x = bits_to_double(next_bits(&seed));
        if (isfinite(x))
            assert_shortest(x);
        assert_shortest((double)(int64_t)next_bits(&seed) / 1e6);
        assert_shortest((double)(next_bits(&seed) % 100000000) / 100);
        assert_shortest((double)(next_bits(&seed) >> 11) * 0x1p-53);
        int exponent = (int)(next_bits(&seed) % 68) - 17; /* 1e-5 to 1e15 */
        assert_shortest(ldexp(1 + (double)(next_bits(&seed) >> 12) * 0x1p-52, exponent));
    }
}

/* Where the doubles change their distance, and where the digits change their number. */
static void round_trips_around_powers(void **state) {
    (void)state;
    for (int exponent = -1074; exponent <= 1023; exponent++) {
        double power = ldexp(1, exponent);
        assert_shortest(power);
        assert_shortest(nextafter(power, 0));
        assert_shortest(nextafter(power, INFINITY));
    }
    for (int exponent = -323; exponent <= 308; exponent++) {
        char cell[16];
        snprintf(cell, sizeof cell, "1e%d", exponent);
        double power = strtod(cell, NULL), below = power, above = power;
        for (int i = 0; i < 20; i++) {
            assert_shortest(below);
            assert_shortest(above);
            below = nextafter(below, 0);
            above = nextafter(above, INFINITY);
        }
    }
}

static void assert_grouped(double x, int digits, const char *expected) {
    char text[64];
    int length = number_format_grouped(x, digits, text);
    assert_string_equal(text, expected);
    assert_int_equal(length, strlen(expected));
}

static void groups_for_people(void **state) {
    (void)state;
    assert_grouped(0, 0, "0");
    assert_grouped(999, 0, "999");
    assert_grouped(1000, 0, "1,000");
    assert_grouped(-1234567.891, 2, "-1,234,567.89");
    assert_grouped(625000, 2, "625,000.00");
    assert_grouped(0.125, 2, "0.12"); /* ties to even */
    assert_grouped(0.375, 2, "0.38");
    assert_grouped(2.5, 0, "2");
    assert_grouped(3.5, 0, "4");
    assert_grouped(-0.001, 2, "0.00");
    assert_grouped(999.996, 2, "1,000.00");
    assert_grouped(999999999999999, 9, "999,999,999,999,999.000000000");
    assert_grouped(1e15, 2, "1e+15");
    assert_grouped(NAN, 2, "nan");
    assert_grouped(-INFINITY, 0, "-inf");
}

/* A locale with a decimal comma, made in a folder of its own where the system can make one. */
static bool enter_comma_locale(const char *folder) {
    char command[160];
    snprintf(command, sizeof command, "localedef -i de_DE -f UTF-8 %s/de_DE.UTF-8 2>/dev/null",
             folder);
    /* NOLINTNEXTLINE(cert-env33-c): nothing in the command comes from outside */
    if (system(command) == 0)
        setenv("LOCPATH", folder, 1);
    return setlocale(LC_NUMERIC, "de_DE.UTF-8") != NULL;
}

static void ignores_the_locale(void **state) {
    (void)state;
    char folder[] = "/tmp/number-test-XXXXXX", command[64], written[16];
    assert_non_null(mkdtemp(folder));
    if (enter_comma_locale(folder)) {
        snprintf(written, sizeof written, "%.1f", 1.5);
        assert_string_equal(written, "1,5"); /* the locale is at work */
        assert_parses("1.00000000000000011102230246251565404236316680908203125", '.', 1.0);
        assert_parses("1.2345678901234567", '.', 0x1.3c0ca428c59fbp0);
        assert_refused("1,5", '.');
        assert_format(0.1 + 0.2, "0.30000000000000004");
        assert_format(1.5e-7, "1.5e-7");
        assert_format(1.0 / 3, "0.3333333333333333");
        assert_grouped(1234.5, 1, "1,234.5");
        assert_grouped(1234.5, 0, "1,234");
    } else {
        print_message("# no locale with a decimal comma here\n");
    }
    setlocale(LC_NUMERIC, "C");
    unsetenv("LOCPATH");
    snprintf(command, sizeof command, "rm -rf '%s'", folder);
    /* NOLINTNEXTLINE(cert-env33-c): nothing in the command comes from outside */
    assert_int_equal(system(command), 0);
}

/* ---- Short numerals -------------------------------------------------------------------------- */

/* Short cells without a sign are read eight digits at a time; with a sign they are not, and must
 * give the same, as must a cell that a NUL is behind (its bytes are nobody else's business). */
static void short_cells_read_as_with_a_sign(void **state) {
    (void)state;
    static const char letters[] = "0123456789012345678901234567890123456789..,,eE+- /:\0\xB0";
    uint64_t seed = 2025;
    for (int round = 0; round < 500000; round++) {
        char cell[16] = "+";
        const size_t length = next_bits(&seed) % 11;
        for (size_t i = 0; i < length; i++)
            cell[1 + i] = letters[(next_bits(&seed) >> 32) % (sizeof letters - 1)];
        if (length > 0 && (cell[1] == '+' || cell[1] == '-'))
            continue;
        const struct text bare = {cell + 1, length}, with_sign = {cell, length + 1};
        const char mark = round % 2 ? '.' : ',';
        double x = -1, y = -1;
        int64_t m = -1, n = -1;
        assert_int_equal(number_parse(bare, mark, &x), number_parse(with_sign, mark, &y));
        assert_same(x, y, cell);
        assert_int_equal(number_parse_integer(bare, &m), number_parse_integer(with_sign, &n));
        assert_int_equal(m, n);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parses_plain_numbers),
        cmocka_unit_test(parses_the_far_ends),
        cmocka_unit_test(refuses_what_is_no_number),
        cmocka_unit_test(rounds_long_numerals_once),
        cmocka_unit_test(agrees_with_strtod),
        cmocka_unit_test(parses_integers_whole),
        cmocka_unit_test(writes_the_shortest_form),
        cmocka_unit_test(round_trips_random_doubles),
        cmocka_unit_test(round_trips_around_powers),
        cmocka_unit_test(groups_for_people),
        cmocka_unit_test(ignores_the_locale),
        cmocka_unit_test(short_cells_read_as_with_a_sign),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
