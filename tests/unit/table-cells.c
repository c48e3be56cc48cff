/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Single cells: their values, and what is said of those that have none. */
#include "table/cell.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static const char *const na[] = {"NA", "n.a."};
static const struct cell_rules point = {.mark = '.', .na = na, .n_na = 2};
static const struct cell_rules comma = {.mark = ','};

static void expect_state(const char *cell, enum table_type type, enum cell_state expected) {
    char value[64];
    enum cell_state state = cell_read(text_of(cell), type, &point, value);
    if (state != expected)
        fail_msg("'%s' as type %d: found state %d, expected %d", cell, (int)type, (int)state,
                 (int)expected);
}

static void expect_reason(const char *cell, enum table_type type, const struct cell_rules *rules,
                          const char *expected) {
    char value[64], reason[CELL_REASON];
    assert_int_equal(cell_read(text_of(cell), type, rules, value), CELL_BAD);
    cell_explain(text_of(cell), text_of("x"), type, rules, reason);
    assert_string_equal(reason, expected);
}

static void trims_all_but_text(void **state) {
    (void)state;
    int64_t users;
    assert_int_equal(cell_read(text_of(" \t12\t "), TABLE_INTEGER, &point, &users), CELL_GOOD);
    assert_int_equal(users, 12);
    double number;
    assert_int_equal(cell_read(text_of(" 1.5"), TABLE_NUMBER, &point, &number), CELL_GOOD);
    assert_true(number == 1.5);
    decimal money;
    assert_int_equal(cell_read(text_of("1,25 "), TABLE_DECIMAL, &comma, &money), CELL_GOOD);
    assert_int_equal(money, 1250000);
    int32_t day;
    assert_int_equal(cell_read(text_of(" 1970-01-02 "), TABLE_DATE, &point, &day), CELL_GOOD);
    assert_int_equal(day, 1);
    struct period period;
    assert_int_equal(cell_read(text_of("\t2025-Q1"), TABLE_PERIOD, &point, &period), CELL_GOOD);
    assert_int_equal(period.kind, PERIOD_QUARTER);
    struct text text;
    assert_int_equal(cell_read(text_of(" 007 "), TABLE_TEXT, &point, &text), CELL_GOOD);
    assert_true(text_is(text, " 007 "));
}

static void tells_missing_cells(void **state) {
    (void)state;
    for (int type = TABLE_TEXT; type <= TABLE_PERIOD; type++) {
        expect_state("", (enum table_type)type, CELL_MISSING);
        expect_state("NA", (enum table_type)type, CELL_MISSING);
        expect_state("n.a.", (enum table_type)type, CELL_MISSING);
    }
    expect_state("  ", TABLE_INTEGER, CELL_MISSING);
    expect_state(" NA\t", TABLE_DATE, CELL_MISSING);
    expect_state("  ", TABLE_TEXT, CELL_GOOD); /* text is taken as it stands */
    expect_state(" NA", TABLE_TEXT, CELL_GOOD);
    expect_state("na", TABLE_INTEGER, CELL_BAD); /* as written, not as meant */
}

static void missing_values_are_zero(void **state) {
    (void)state;
    for (int type = TABLE_TEXT; type <= TABLE_PERIOD; type++) {
        char value[16];
        memset(value, 0x55, sizeof value);
        assert_int_equal(cell_read(text_of(""), (enum table_type)type, &point, value),
                         CELL_MISSING);
        if (type == TABLE_TEXT) {
            struct text text;
            memcpy(&text, value, sizeof text);
            assert_int_equal(text.length, 0);
            assert_non_null(text.bytes);
            continue;
        }
        for (size_t i = 0; i < cell_size((enum table_type)type); i++)
            assert_int_equal(value[i], 0);
    }
}

static void checks_utf8_in_text(void **state) {
    (void)state;
    const struct cell_rules ascii = {.mark = '.', .ascii = true};
    struct text text;
    assert_int_equal(cell_read(text_of("小红书"), TABLE_TEXT, &point, &text), CELL_GOOD);
    assert_int_equal(cell_read(text_of("plain"), TABLE_TEXT, &ascii, &text), CELL_GOOD);
    expect_reason("caf\xE9", TABLE_TEXT, &point,
                  "found 'caf\\xE9' in column 'x': bytes that are not UTF-8, expected UTF-8 "
                  "(convert the file with iconv -t UTF-8)");
    /* An overlong form and a surrogate are not UTF-8 either. */
    expect_state("\xC0\xAF", TABLE_TEXT, CELL_BAD);
    expect_state("\xED\xA0\x80", TABLE_TEXT, CELL_BAD);
}

static void explains_numbers(void **state) {
    (void)state;
    expect_reason("1.2.3", TABLE_DECIMAL, &point,
                  "found '1.2.3' in column 'x', expected a decimal number");
    expect_reason("12abc", TABLE_NUMBER, &point,
                  "found '12abc' in column 'x', expected plain digits, without unit or symbol");
    expect_reason("abc", TABLE_NUMBER, &point, "found 'abc' in column 'x', expected a number");
    expect_reason("1.3M", TABLE_DECIMAL, &point,
                  "found '1.3M' in column 'x', expected plain digits, without unit or symbol");
    expect_reason("$1.25", TABLE_DECIMAL, &point,
                  "found '$1.25' in column 'x', expected plain digits, without unit or symbol");
    expect_reason("45%", TABLE_NUMBER, &point,
                  "found '45%' in column 'x', expected plain digits, without unit or symbol");
    expect_reason("1,234,567", TABLE_INTEGER, &point,
                  "found '1,234,567' in column 'x', expected plain digits without thousands "
                  "separators");
    expect_reason(
        "1 234", TABLE_INTEGER, &point,
        "found '1 234' in column 'x', expected plain digits without thousands separators");
    expect_reason("12\xC2\xA0"
                  "345",
                  TABLE_INTEGER, &point,
                  "found '12\xC2\xA0"
                  "345' in column 'x', expected plain digits without thousands separators");
    expect_reason("1.234.567,50", TABLE_DECIMAL, &comma,
                  "found '1.234.567,50' in column 'x', expected plain digits without thousands "
                  "separators");
    expect_reason("1,234", TABLE_DECIMAL, &point,
                  "found '1,234' in column 'x', expected plain digits without thousands separators "
                  "(or --decimal , for a decimal comma)");
    expect_reason(
        "1,5", TABLE_DECIMAL, &point,
        "found '1,5' in column 'x', expected a decimal point (or --decimal , for a decimal "
        "comma)");
    expect_reason("1.5", TABLE_DECIMAL, &comma,
                  "found '1.5' in column 'x', expected a decimal comma, as --decimal says");
    expect_reason("1.2345678", TABLE_DECIMAL, &point,
                  "found '1.2345678' in column 'x', expected a decimal number with at most six "
                  "decimals");
    expect_reason("1e13", TABLE_DECIMAL, &point,
                  "found '1e13' in column 'x', expected a decimal number of at most "
                  "9223372036854.775807");
    expect_reason("1.5", TABLE_INTEGER, &point,
                  "found '1.5' in column 'x', expected a whole number, digits only");
    expect_reason("1e3", TABLE_INTEGER, &point,
                  "found '1e3' in column 'x', expected a whole number, digits only");
    expect_reason("9223372036854775808", TABLE_INTEGER, &point,
                  "found '9223372036854775808' in column 'x', expected a whole number of at most "
                  "9223372036854775807");
    expect_reason("inf", TABLE_NUMBER, &point,
                  "found 'inf' in column 'x', expected a finite number");
    expect_reason("-Infinity", TABLE_NUMBER, &point,
                  "found '-Infinity' in column 'x', expected a finite number");
    expect_reason("1e999", TABLE_NUMBER, &point,
                  "found '1e999' in column 'x', expected a finite number");
    expect_reason("0x10", TABLE_INTEGER, &point,
                  "found '0x10' in column 'x', expected a whole number");
    expect_reason("5\r", TABLE_INTEGER, &point,
                  "found '5\\x0D' in column 'x', expected a whole number");
}

static void explains_what_may_mean_missing(void **state) {
    (void)state;
    static const char *const words[] = {"na", "NULL", "None", "-", "N/A", "NaN", "\\N", "?"};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        char expected[CELL_REASON];
        snprintf(
            expected, sizeof expected,
            "found '%s' in column 'x', expected a number (where it stands for a missing value, "
            "say --na '%s')",
            words[i], words[i]);
        expect_reason(words[i], TABLE_NUMBER, &point, expected);
    }
    expect_reason(
        "NULL", TABLE_DATE, &point,
        "found 'NULL' in column 'x', expected a date as YYYY-MM-DD (where it stands for a "
        "missing value, say --na 'NULL')");
}

static void explains_dates(void **state) {
    (void)state;
    expect_reason("19/01/2025", TABLE_DATE, &point,
                  "found '19/01/2025' in column 'x', expected a date as YYYY-MM-DD");
    expect_reason("20250119", TABLE_DATE, &point,
                  "found '20250119' in column 'x', expected a date as YYYY-MM-DD");
    expect_reason("2025-02-29", TABLE_DATE, &point,
                  "found '2025-02-29' in column 'x', expected a date that exists, as YYYY-MM-DD");
    expect_reason("2025-01-19 25:00", TABLE_DATE, &point,
                  "found '2025-01-19 25:00' in column 'x', expected a date as YYYY-MM-DD, with at "
                  "most a time of day behind it");
    expect_reason("2025-13", TABLE_PERIOD, &point,
                  "found '2025-13' in column 'x', expected a period as YYYY, YYYY-MM, YYYY-Qn, "
                  "YYYY-Wnn or YYYY-MM-DD");
}

static void explains_missing_values(void **state) {
    (void)state;
    char reason[CELL_REASON];
    cell_explain_missing(text_of(""), text_of("users"), TABLE_INTEGER, reason);
    assert_string_equal(reason, "found an empty cell in column 'users', expected a whole number");
    cell_explain_missing(text_of(" NA "), text_of("end"), TABLE_DATE, reason);
    assert_string_equal(
        reason, "found 'NA', a missing value, in column 'end', expected a date as YYYY-MM-DD");
}

/* Whatever a file holds, a message stays one line of text that a terminal may be given. */
static void shows_cells_safely(void **state) {
    (void)state;
    char shown[CELL_SHOWN];
    cell_show(text_of("a\tb\n\x1b[31m\x7f"), shown);
    assert_string_equal(shown, "'a\\x09b\\x0A\\x1B[31m\\x7F'");
    cell_show((struct text){"a\0b", 3}, shown);
    assert_string_equal(shown, "'a\\x00b'");
    cell_show(text_of("\xC2\x85 \xE2\x82\xAC \xFF"), shown); /* NEL is a control character too */
    assert_string_equal(shown, "'\\xC2\\x85 € \\xFF'");
    cell_show(text_of("1234567890123456789012345678901234567890"), shown);
    assert_string_equal(shown, "'1234567890123456789012345678901234567890'");
    cell_show(text_of("12345678901234567890123456789012345678901"), shown);
    assert_string_equal(shown, "'1234567890123456789012345678901234567890...'");
    cell_show(text_of(""), shown);
    assert_string_equal(shown, "''");
    char wide[4 * 60 + 1];
    for (size_t i = 0; i < 60; i++)
        snprintf(wide + 4 * i, 5, "😀");
    cell_show(text_of(wide), shown); /* cut between characters, never inside one */
    assert_true(strlen(shown) < CELL_SHOWN && text_is_utf8(text_of(shown)));
    assert_string_equal(shown + strlen(shown) - 4, "...'");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(trims_all_but_text),      cmocka_unit_test(tells_missing_cells),
        cmocka_unit_test(missing_values_are_zero), cmocka_unit_test(checks_utf8_in_text),
        cmocka_unit_test(explains_numbers),        cmocka_unit_test(explains_what_may_mean_missing),
        cmocka_unit_test(explains_dates),          cmocka_unit_test(explains_missing_values),
        cmocka_unit_test(shows_cells_safely),
    };
    return cmocka_run_group_tests_name("table-cells", tests, NULL, NULL);
}
