/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The calendar. */
#include "base/calendar.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

static int32_t day_of(const char *date) {
    int32_t day = INT32_MIN;
    if (!calendar_parse_date(text_of(date), &day))
        fail_msg("'%s' was refused", date);
    return day;
}

static bool is_leap(int year) {
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

/* Every day there is, counted one by one by the rules of the calendar alone. */
static void every_day_round_trips(void **state) {
    (void)state;
    static const int lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    int32_t day = CALENDAR_MIN_DAY;
    for (int year = 1; year <= 9999; year++) {
        for (int month = 1; month <= 12; month++) {
            int length = lengths[month - 1] + (month == 2 && is_leap(year));
            for (int of_month = 1; of_month <= length; of_month++, day++) {
                int found_year, found_month, found_day;
                calendar_civil(day, &found_year, &found_month, &found_day);
                if (calendar_day(year, month, of_month) != day || found_year != year ||
                    found_month != month || found_day != of_month)
                    fail_msg("day %d is %04d-%02d-%02d", day, year, month, of_month);
            }
        }
    }
    assert_int_equal(day, CALENDAR_MAX_DAY + 1);
}

static void every_text_round_trips(void **state) {
    (void)state;
    char text[CALENDAR_TEXT];
    for (int32_t day = CALENDAR_MIN_DAY; day <= CALENDAR_MAX_DAY; day += 3) {
        int32_t back = 0;
        assert_int_equal(calendar_format_date(day, text), 10);
        if (!calendar_parse_date((struct text){text, 10}, &back) || back != day)
            fail_msg("'%s' does not read back as %d", text, day);
    }
}

/* Days since 1970 and ISO weeks against the C library. */
static void agrees_with_the_c_library(void **state) {
    (void)state;
    for (int32_t day = -200000; day <= 200000; day += 11) {
        time_t seconds = (time_t)day * 86400;
        struct tm expected;
        assert_non_null(gmtime_r(&seconds, &expected));
        int year, month, of_month;
        calendar_civil(day, &year, &month, &of_month);
        assert_int_equal(year, expected.tm_year + 1900);
        assert_int_equal(month, expected.tm_mon + 1);
        assert_int_equal(of_month, expected.tm_mday);
        char found[CALENDAR_TEXT], iso[48];
        strftime(iso, sizeof iso, "%G-W%V", &expected);
        period_format(period_of(PERIOD_WEEK, day), found);
        assert_string_equal(found, iso);
    }
}

static void knows_some_days(void **state) {
    (void)state;
    assert_int_equal(day_of("1970-01-01"), 0);
    assert_int_equal(day_of("1969-12-31"), -1);
    assert_int_equal(day_of("2000-03-01"), 11017);
    assert_int_equal(day_of("0001-01-01"), CALENDAR_MIN_DAY);
    assert_int_equal(day_of("9999-12-31"), CALENDAR_MAX_DAY);
    assert_int_equal(day_of("2000-02-29") + 1, day_of("2000-03-01"));
}

static void drops_a_time_of_day(void **state) {
    (void)state;
    const char *good[] = {"2025-01-19T00:00",       "2025-01-19 23:59:59",
                          "2025-01-19T12:00:60Z",   "2025-01-19T12:00:00.123456",
                          "2025-01-19T12:00:00.5Z", "2025-01-19T12:00Z",
                          "2025-01-19T12:00:00+08", "2025-01-19 12:00:00.1-03:30"};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        assert_int_equal(day_of(good[i]), day_of("2025-01-19"));
}

static void refuses_what_is_no_date(void **state) {
    (void)state;
    const char *bad[] = {"",
                         "2025",
                         "2025-01",
                         "2025-1-19",
                         "25-01-19",
                         "2025-01-19 ",
                         " 2025-01-19",
                         "2025-00-10",
                         "2025-13-01",
                         "2025-01-00",
                         "2025-01-32",
                         "2025-04-31",
                         "2025-02-29",
                         "1900-02-29",
                         "0000-01-01",
                         "10000-01-01",
                         "2025/01/19",
                         "20250119",
                         "2025-01-19x",
                         "-2025-01-19",
                         "+2025-01-19",
                         "2025-01-1a",
                         "2025-01-19T",
                         "2025-01-19T1:00",
                         "2025-01-19T24:00",
                         "2025-01-19T12:60",
                         "2025-01-19T12:00:61",
                         "2025-01-19T12:00:00.",
                         "2025-01-19T12:00:00ZZ",
                         "2025-01-19T12:00:00+8",
                         "2025-01-19T12:00:00+24",
                         "2025-01-19T12:00:00+08:60",
                         "2025-01-19T12:00:00+08:00x",
                         "2025-01-19T12:00:00 UTC",
                         "2025-01-19T12",
                         "2025-01-19t12:00",
                         "2025-01-19  12:00",
                         "2025-W03-7"};
    int32_t day = 42;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (calendar_parse_date(text_of(bad[i]), &day))
            fail_msg("'%s' was accepted", bad[i]);
    assert_int_equal(day, 42);
    assert_false(calendar_parse_date((struct text){NULL, 0}, &day));
    assert_true(calendar_parse_date((struct text){"2025-01-19T", 10}, &day)); /* only the slice */
}

static void assert_period(const char *cell, enum period_kind kind, int32_t index, const char *first,
                          const char *last) {
    struct period period = {PERIOD_DAY, INT32_MIN};
    char text[CALENDAR_TEXT];
    if (!period_parse(text_of(cell), &period))
        fail_msg("'%s' was refused", cell);
    assert_int_equal(period.kind, kind);
    assert_int_equal(period.index, index);
    assert_int_equal(period_format(period, text), strlen(cell));
    assert_string_equal(text, cell);
    assert_int_equal(period_first_day(period), day_of(first));
    assert_int_equal(period_last_day(period), day_of(last));
}

static void reads_every_kind_of_period(void **state) {
    (void)state;
    assert_period("2025", PERIOD_YEAR, 2025, "2025-01-01", "2025-12-31");
    assert_period("2025-Q1", PERIOD_QUARTER, 8100, "2025-01-01", "2025-03-31");
    assert_period("2025-Q4", PERIOD_QUARTER, 8103, "2025-10-01", "2025-12-31");
    assert_period("2024-02", PERIOD_MONTH, 24289, "2024-02-01", "2024-02-29");
    assert_period("2025-12", PERIOD_MONTH, 24311, "2025-12-01", "2025-12-31");
    assert_period("2025-01-19", PERIOD_DAY, 20107, "2025-01-19", "2025-01-19");
    assert_period("0001-W01", PERIOD_WEEK, 0, "0001-01-01", "0001-01-07");
    assert_period("0001", PERIOD_YEAR, 1, "0001-01-01", "0001-12-31");
    assert_period("9999-Q4", PERIOD_QUARTER, 39999, "9999-10-01", "9999-12-31");
    /* The calendar ends on a Friday, and its last week with it. */
    assert_period("9999-W52", PERIOD_WEEK, 521722, "9999-12-27", "9999-12-31");
}

/* The examples of the ISO 8601 article's table: days around New Year. */
static void weeks_belong_to_their_thursday(void **state) {
    (void)state;
    static const char *const examples[][2] = {
        {"2005-01-01", "2004-W53"}, {"2005-01-02", "2004-W53"}, {"2005-12-31", "2005-W52"},
        {"2006-01-01", "2005-W52"}, {"2006-01-02", "2006-W01"}, {"2006-12-31", "2006-W52"},
        {"2007-01-01", "2007-W01"}, {"2007-12-30", "2007-W52"}, {"2007-12-31", "2008-W01"},
        {"2008-01-01", "2008-W01"}, {"2008-12-28", "2008-W52"}, {"2008-12-29", "2009-W01"},
        {"2009-12-31", "2009-W53"}, {"2010-01-03", "2009-W53"}, {"2010-01-04", "2010-W01"}};
    for (size_t i = 0; i < sizeof examples / sizeof *examples; i++) {
        char text[CALENDAR_TEXT];
        period_format(period_of(PERIOD_WEEK, day_of(examples[i][0])), text);
        assert_string_equal(text, examples[i][1]);
    }
}

static void refuses_what_is_no_period(void **state) {
    (void)state;
    const char *bad[] = {"",         "25",        "02025",    "0000",     "0000-01",    "2025-",
                         "2025-0",   "2025-00",   "2025-13",  "2025-Q0",  "2025-Q5",    "2025-Q",
                         "2025-Q11", "2025Q1",    "2025-q1",  "2025-W00", "2025-W53",   "2026-W54",
                         "2025-W1",  "2025-W011", "2025-w01", "2025-01-", "2025-01-32", "2025 ",
                         "2025-01 ", "year",      "2025-1"};
    struct period period = {PERIOD_DAY, 42};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (period_parse(text_of(bad[i]), &period))
            fail_msg("'%s' was accepted", bad[i]);
    assert_int_equal(period.index, 42);
    assert_true(period_parse(text_of("2026-W53"), &period)); /* 2026 begins on a Thursday */
}

/* Periods of a kind follow each other without a gap, and every day is in its own. */
static void periods_tile_the_calendar(void **state) {
    (void)state;
    for (enum period_kind kind = PERIOD_YEAR; kind <= PERIOD_DAY; kind++) {
        struct period period = period_of(kind, CALENDAR_MIN_DAY);
        const struct period end = period_of(kind, CALENDAR_MAX_DAY);
        int32_t day = CALENDAR_MIN_DAY;
        for (; period.index <= end.index; period.index++) {
            char text[CALENDAR_TEXT];
            struct period back;
            assert_int_equal(period_first_day(period), day);
            int32_t last = period_last_day(period);
            assert_true(last >= day);
            assert_int_equal(period_of(kind, day).index, period.index);
            assert_int_equal(period_of(kind, last).index, period.index);
            int length = period_format(period, text);
            assert_true(period_parse((struct text){text, (size_t)length}, &back));
            assert_int_equal(back.kind, kind);
            assert_int_equal(back.index, period.index);
            day = last + 1;
        }
        assert_int_equal(day, CALENDAR_MAX_DAY + 1);
    }
}

static struct period parsed(const char *cell) {
    struct period period;
    assert_true(period_parse(text_of(cell), &period));
    return period;
}

static void compares_by_first_day_then_kind(void **state) {
    (void)state;
    const char *ascending[] = {"2024-12",    "2024-W52",   "2025",     "2025-Q1", "2025-01",
                               "2025-01-01", "2025-01-02", "2025-W02", "2025-Q2"};
    const int n = sizeof ascending / sizeof *ascending;
    for (int i = 0; i < n; i++) {
        for (int j = 0; j < n; j++) {
            int order = period_compare(parsed(ascending[i]), parsed(ascending[j]));
            assert_int_equal((order > 0) - (order < 0), (i > j) - (i < j));
        }
    }
}

static void names_and_counts_kinds(void **state) {
    (void)state;
    const char *names[] = {"year", "quarter", "month", "week", "day"};
    const double expected[] = {1, 4, 12, 52.1775, 365.2425};
    for (int kind = PERIOD_YEAR; kind <= PERIOD_DAY; kind++) {
        assert_string_equal(period_kind_name((enum period_kind)kind), names[kind]);
        assert_true(period_per_year((enum period_kind)kind) == expected[kind]);
    }
}

/* A date alone is read ten bytes at once, and one with a time behind it byte by byte. */
static void dates_read_as_with_a_time(void **state) {
    (void)state;
    static const char letters[] = "0123456789-/: \0\xAD\xB1";
    uint64_t seed = 1582;
    for (int round = 0; round < 1000000; round++) {
        char cell[24] = "2024-02-29T23:59";
        for (int changes = round % 4; changes > 0; changes--) {
            seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407;
            cell[(seed >> 33) % 10] = letters[(seed >> 40) % (sizeof letters - 1)];
        }
        int32_t alone = INT32_MIN, timed = INT32_MIN;
        assert_int_equal(calendar_parse_date((struct text){cell, 10}, &alone),
                         calendar_parse_date((struct text){cell, 16}, &timed));
        assert_int_equal(alone, timed);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_day_round_trips),
        cmocka_unit_test(every_text_round_trips),
        cmocka_unit_test(agrees_with_the_c_library),
        cmocka_unit_test(knows_some_days),
        cmocka_unit_test(drops_a_time_of_day),
        cmocka_unit_test(dates_read_as_with_a_time),
        cmocka_unit_test(refuses_what_is_no_date),
        cmocka_unit_test(reads_every_kind_of_period),
        cmocka_unit_test(weeks_belong_to_their_thursday),
        cmocka_unit_test(refuses_what_is_no_period),
        cmocka_unit_test(periods_tile_the_calendar),
        cmocka_unit_test(compares_by_first_day_then_kind),
        cmocka_unit_test(names_and_counts_kinds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
