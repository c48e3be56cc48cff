/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Axes: where tics stand and how they read. */
#include "chart/axis.h"
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static struct arena arena;

static int teardown(void **state) {
    (void)state;
    arena_free(&arena);
    return 0;
}

/* "MIN..MAX: LABEL LABEL ..." */
static const char *show(const struct axis *axis) {
    static char text[512];
    size_t length = (size_t)snprintf(text, sizeof text, "%.6g..%.6g:", axis->min, axis->max);
    for (size_t i = 0; i < axis->n; i++) {
        /* Every label names the place where it stands, and is inside the axis. */
        assert_true(axis->at[i] >= axis->min && axis->at[i] <= axis->max);
        length += (size_t)snprintf(text + length, sizeof text - length, " %.*s",
                                   (int)axis->label[i].length, axis->label[i].bytes);
    }
    return text;
}

static void linear_is(double low, double high, size_t most, enum axis_ends ends,
                      const char *expected) {
    struct axis axis;
    struct error err = {0};
    assert_int_equal(axis_linear(&axis, low, high, most, ends, &arena, &err), 0);
    assert_string_equal(show(&axis), expected);
}

static void linear(void **state) {
    (void)state;
    linear_is(0, 100, 6, AXIS_NICE, "0..100: 0 20 40 60 80 100");
    linear_is(0, 72, 10, AXIS_EXACT, "0..72: 0 10 20 30 40 50 60 70");
    linear_is(0, 1, 6, AXIS_NICE, "0..1: 0 0.2 0.4 0.6 0.8 1.0");
    linear_is(-3, 7, 6, AXIS_NICE, "-5..7.4: -5 0 5");
    linear_is(0, 12345, 5, AXIS_NICE, "0..12838.8: 0 5,000 10,000");
    linear_is(0, 1800000, 6, AXIS_NICE, "0..2e+06: 0 0.5M 1.0M 1.5M 2.0M");
    linear_is(0, 4e9, 5, AXIS_NICE, "0..4e+09: 0 1bn 2bn 3bn 4bn");
    linear_is(0, 9.5e12, 3, AXIS_NICE, "0..1e+13: 0 5tn 10tn");
    linear_is(0, 2e20, 5, AXIS_NICE, "0..2e+20: 0 0.5×10²⁰ 1.0×10²⁰ 1.5×10²⁰ 2.0×10²⁰");
    linear_is(0, 3e-7, 5, AXIS_NICE, "0..3e-07: 0 1×10⁻⁷ 2×10⁻⁷ 3×10⁻⁷");
    linear_is(1, 12, 13, AXIS_WHOLE, "1..12: 1 2 3 4 5 6 7 8 9 10 11 12");
    linear_is(1, 2, 13, AXIS_WHOLE, "1..2: 1 2");
}

static void one_value_opens(void **state) {
    (void)state;
    linear_is(5, 5, 3, AXIS_NICE, "4.5..5.5: 4.5 5.0 5.5");
    linear_is(0, 0, 3, AXIS_NICE, "0..1: 0 0.5 1.0");
    linear_is(3, 3, 9, AXIS_WHOLE, "2..4: 2 3 4");
    linear_is(-1e200, -1e200, 3, AXIS_NICE, "-1.1e+200..-9e+199: -1.1×10²⁰⁰ -1.0×10²⁰⁰ -0.9×10²⁰⁰");
}

/* However the range lies, there are tics, no more than asked for, and the data are on the axis. */
static void every_range_has_tics(void **state) {
    (void)state;
    unsigned seed = 1;
    for (int i = 0; i < 20000; i++) {
        double bound[2];
        for (int k = 0; k < 2; k++) {
            seed = seed * 1664525u + 1013904223u;
            int power = (int)(seed >> 16) % 40 - 20;
            seed = seed * 1664525u + 1013904223u;
            bound[k] = ((int)(seed >> 12) % 20001 - 10000) * pow(10, power);
        }
        double low = fmin(bound[0], bound[1]), high = fmax(bound[0], bound[1]);
        struct axis axis;
        struct error err = {0};
        enum axis_ends ends = i % 2 ? AXIS_NICE : AXIS_EXACT;
        size_t most = 3 + (size_t)i % 8;
        assert_int_equal(axis_linear(&axis, low, high, most, ends, &arena, &err), 0);
        assert_true(axis.n >= 1 && axis.n <= most);
        assert_true(axis.min <= low && axis.max >= high && axis.min < axis.max);
        show(&axis);
        arena_clear(&arena);
    }
}

static void logarithmic_is(double low, double high, size_t most, const char *expected) {
    struct axis axis;
    struct error err = {0};
    assert_int_equal(axis_logarithmic(&axis, low, high, most, &arena, &err), 0);
    assert_true(axis.logarithmic && axis.min < low && axis.max > high);
    assert_string_equal(show(&axis), expected);
}

static void logarithmic(void **state) {
    (void)state;
    logarithmic_is(198, 52400, 7, "99.9999..100000: 100 1,000 10,000 100,000");
    logarithmic_is(3, 90, 7, "2..100: 2 5 10 20 50 100");
    logarithmic_is(1, 1000, 4, "0.999999..1000: 1 10 100 1,000");
    logarithmic_is(1e-3, 1e9, 5, "0.000999999..1e+09: 0.001 1 1,000 1M 1bn");
    logarithmic_is(20, 20, 7, "20..50: 20 50");
}

static void names(void **state) {
    (void)state;
    struct axis axis;
    struct error err = {0};
    const struct text names[] = {{"a", 1}, {"b", 1}};
    assert_int_equal(axis_names(&axis, names, 2, &arena, &err), 0);
    assert_string_equal(show(&axis), "0.5..2.5: a b");
    assert_int_equal(axis_width(&axis), 1);
}

static void periods_are(const char *list, double columns, const char *expected) {
    struct text texts[64] = {0};
    double at[64];
    size_t n = 0;
    for (const char *word = list; *word; n++) {
        texts[n] = (struct text){word, strcspn(word, " ")};
        word += texts[n].length;
        word += *word == ' ';
        if (text_is(texts[n], "-"))
            texts[n].length = 0;
    }
    struct axis axis;
    struct error err = {0};
    assert_int_equal(axis_periods(&axis, at, texts, n, columns, &arena, &err), 0);
    for (size_t i = 0; i < n; i++)
        assert_int_equal(isnan(at[i]), texts[i].length == 0);
    assert_string_equal(show(&axis), expected);
}

static void periods(void **state) {
    (void)state;
    periods_are("2023 2024", 80, "2023..2024: 2023 2024");
    periods_are("2024 - 2020", 80, "2020..2024: 2020 2021 2022 2023 2024");
    periods_are("2024-11 2025-02", 80, "24298..24301: 2024-11 2024-12 2025-01 2025-02");
    /* With little room quarters, counted from January. */
    periods_are("2024-11 2025-08", 36, "24298..24307: 2025-01 2025-04 2025-07");
    periods_are("2024-Q4 2025-Q1", 80, "8099..8100: 2024-Q4 2025-Q1");
    periods_are("1 3 2", 80, "1..3: 1 2 3");
    periods_are("0.5 1", 80, "0.5..1: 0.5 0.6 0.7 0.8 0.9 1.0");
    /* Two kinds of period are names. */
    periods_are("2024 2025-01", 80, "0..1: 2024 2025-01");
    periods_are("before after before", 80, "0..1: before after");
    periods_are("before after later", 9, "0..2: before");
    periods_are("only", 80, "-1..1: only");
    periods_are("2025-01", 80, "24299..24301: 2025-01");
}

static void formats(void **state) {
    (void)state;
    static const struct {
        double value;
        const char *expected;
    } cases[] = {{0, "0"},
                 {52, "52"},
                 {-7, "-7"},
                 {1234, "1,234"},
                 {999999, "999,999"},
                 {1.25, "1.25"},
                 {0.5, "0.5"},
                 {0.0375, "0.0375"},
                 {12.3456, "12.3"},
                 {2345678, "2.35M"},
                 {1e6, "1M"},
                 {7.5e9, "7.5bn"},
                 {1e13, "10tn"},
                 {1.5e18, "1.5×10¹⁸"},
                 {2e-5, "2×10⁻⁵"},
                 {-1e-300, "-1×10⁻³⁰⁰"},
                 {625000, "625,000"},
                 {1234.5, "1,234"},
                 {NAN, ""},
                 {-0.002, "-0.002"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[AXIS_TEXT];
        axis_format(cases[i].value, text);
        assert_string_equal(text, cases[i].expected);
    }
}

static void fractions(void **state) {
    (void)state;
    const struct axis plain = {.min = 10, .max = 30};
    const struct axis log = {.min = 1, .max = 10000, .logarithmic = true};
    assert_true(axis_fraction(&plain, 15) == 0.25 && axis_value(&plain, 0.25) == 15);
    assert_true(fabs(axis_fraction(&log, 100) - 0.5) < 1e-15);
    assert_true(fabs(axis_value(&log, 0.75) - 1000) < 1e-9);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(linear),
        cmocka_unit_test(one_value_opens),
        cmocka_unit_test(every_range_has_tics),
        cmocka_unit_test(logarithmic),
        cmocka_unit_test(names),
        cmocka_unit_test(periods),
        cmocka_unit_test(formats),
        cmocka_unit_test(fractions),
    };
    return cmocka_run_group_tests(tests, NULL, teardown);
}
