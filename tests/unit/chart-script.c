/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Scripts: texts that gnuplot cannot take for commands, blocks that no text can end. */
#include "chart/gnuplot.h"
#include "chart/script.h"
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static void expect(struct script *script, const char *expected) {
    struct error err = {0};
    assert_int_equal(script_check(script, &err), 0);
    assert_string_equal(script->bytes.bytes, expected);
    script_free(script);
    *script = (struct script){0};
}

static void plain_values(void **state) {
    (void)state;
    struct script script = {0};
    script_number(&script, "n", 2);
    script_number(&script, "x", -0.25);
    script_number(&script, "missing", NAN);
    script_number(&script, "large", 5e9); /* an integer of 32 bits would overflow */
    script_numbers(&script, "a", (const double[]){1, 2.5}, 2);
    script_numbers(&script, "none", NULL, 0);
    script_texts(&script, "t", (const struct text[]){{"one", 3}, {"two", 3}}, 2);
    script_texts(&script, "no_t", NULL, 0);
    expect(&script, "n = 2\nx = -0.25\nmissing = NaN\nlarge = 5000000000.0\n"
                    "array a[2] = [1, 2.5]\narray none[1] = [0]\n"
                    "array t[2] = ['one', 'two']\narray no_t[1] = [0]\n");
}

static void quotes_leave_the_string(void **state) {
    (void)state;
    struct script script = {0};
    script_text(&script, "a", text_of("it's"));
    script_text(&script, "b", text_of("'"));
    script_text(&script, "c", text_of("50% \"x\" `y` \\n"));
    script_tic_texts(&script, "d", (const struct text[]){{"50%", 3}, {"a", 1}},
                     (const struct text[]){{"", 0}, {"'%", 2}}, 2);
    expect(&script, "a = 'it'.\"\\047\".'s'\nb = ''.\"\\047\".''\nc = '50% \"x\" `y` \\n'\n"
                    "array d[2] = ['50%%', 'a'.\"\\n\".''.\"\\047\".'%%']\n");
    script_paragraph(&script, "p", (const struct text[]){{"one", 3}, {"two", 3}}, 2);
    script_paragraph(&script, "q", NULL, 0);
    expect(&script, "p = 'one'.\"\\n\".'two'\nq = ''\n");
}

static void refuses(const char *bytes, size_t length, const char *words) {
    struct script script = {0};
    struct error err = {0};
    script_text(&script, "a", (struct text){bytes, length});
    script_text(&script, "b", text_of("a later text changes nothing\n"));
    assert_int_equal(script_check(&script, &err), ERROR_DATA);
    assert_string_equal(err.text, words);
    script_free(&script);
}

static void control_characters_end_it(void **state) {
    (void)state;
    refuses("a\nb", 3, "found a control character in 'a\\x0ab', which a chart cannot show");
    refuses("a\0b", 3, "found a control character in 'a\\x00b', which a chart cannot show");
    refuses("\x1b[0m", 4, "found a control character in '\\x1b[0m', which a chart cannot show");
    refuses("\x7f", 1, "found a control character in '\\x7f', which a chart cannot show");
    refuses("\xc2\x85", 2, "found a control character in '\\xc2\\x85', which a chart cannot show");
    refuses("\xe2\x80\xa8", 3,
            "found a control character in '\\xe2\\x80\\xa8', which a chart cannot show");
    refuses("\xff", 1, "found '\\xff' in a chart, expected UTF-8");
    struct error err = {0};
    assert_int_equal(script_accepts(text_of("caf\xc3\xa9 \xe5\xb0\x8f\xe7\xba\xa2"), &err), 0);
}

/* gnuplot itself is asked what it makes of a text: it must say the same text, whatever it is. */
static void gnuplot_reads_what_was_written(void **state) {
    (void)state;
    static const char *const texts[] = {"plain",
                                        "`touch pwned`",
                                        "$(touch pwned)",
                                        "'; system('touch pwned'); a='",
                                        "''",
                                        "'''x'''",
                                        "plot '<touch pwned'",
                                        "@ink %s %d \\n \\047 \\",
                                        "a' @ink",
                                        "\" @ink \"",
                                        "{/Bold x}_2 # { [ , ] }",
                                        "DATA",
                                        "\xe5\xb0\x8f\xe7\xba\xa2\xe4\xb9\xa6"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct script script = {0};
        struct buffer said = {0};
        struct error err = {0};
        struct text text = text_of(texts[i]);
        script_line(&script, "set encoding utf8\nset print '-'\nink = 'blue'");
        script_text(&script, "a", text);
        script_texts(&script, "b", (const struct text[]){{"-", 1}, text, {"-", 1}}, 3);
        script_line(&script, "print a\nprint b[2]");
        assert_int_equal(
            gnuplot_run((struct text){script.bytes.bytes, script.bytes.length}, &said, &err), 0);
        struct buffer expected = {0};
        buffer_format(&expected, "%s\n%s\n", texts[i], texts[i]);
        assert_string_equal(said.bytes, expected.bytes);
        assert_int_not_equal(access("pwned", F_OK), 0);
        buffer_free(&said);
        buffer_free(&expected);
        script_free(&script);
    }
}

static void blocks(void **state) {
    (void)state;
    struct script script = {0};
    script_block(&script, "d");
    script_gap(&script); /* at the start: none */
    script_row(&script, 2, (const double[]){1, 2});
    script_gap(&script);
    script_gap(&script); /* two are one */
    script_row(&script, 2, (const double[]){3, NAN});
    script_next(&script);
    script_row(&script, 1, (const double[]){4});
    script_gap(&script);
    script_next(&script); /* a gap at the end: none */
    script_gap(&script);
    script_row(&script, 1, (const double[]){5});
    script_block_end(&script);
    expect(&script, "$d << DATA\n1 2\n\n3 NaN\n\n\n4\n\n\n5\nDATA\n");
}

static void empty_data_sets_hold_a_row_far_away(void **state) {
    (void)state;
    struct script script = {0};
    script_block(&script, "d");
    script_block_end(&script);
    script_block(&script, "e");
    script_next(&script);
    script_row(&script, 1, (const double[]){1});
    script_block_end(&script);
    const char *far = "1e+300 1e+300 1e+300 1e+300 1e+300 1e+300\n";
    char expected[256];
    snprintf(expected, sizeof expected, "$d << DATA\n%sDATA\n$e << DATA\n%s\n\n1\nDATA\n", far,
             far);
    expect(&script, expected);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain_values),
        cmocka_unit_test(quotes_leave_the_string),
        cmocka_unit_test(control_characters_end_it),
        cmocka_unit_test(gnuplot_reads_what_was_written),
        cmocka_unit_test(blocks),
        cmocka_unit_test(empty_data_sets_hold_a_row_far_away),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
