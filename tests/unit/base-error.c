/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Errors. */
#include "base/error.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void sets_code_and_text(void **state) {
    (void)state;
    struct error err = {0};
    assert_int_equal(error_set(&err, ERROR_DATA, "found '%s', expected a %s", "x", "number"), 1);
    assert_int_equal(err.code, ERROR_DATA);
    assert_string_equal(err.text, "found 'x', expected a number");
}

static void the_first_error_wins(void **state) {
    (void)state;
    struct error err = {0};
    error_set(&err, ERROR_USAGE, "first");
    assert_int_equal(error_set(&err, ERROR_DATA, "second"), ERROR_DATA);
    errno = ENOENT;
    assert_int_equal(error_system(&err, "third"), ERROR_SYSTEM);
    assert_int_equal(error_memory(&err), ERROR_SYSTEM);
    assert_int_equal(err.code, ERROR_USAGE);
    assert_string_equal(err.text, "first");
}

static void nobody_has_to_listen(void **state) {
    (void)state;
    assert_int_equal(error_set(NULL, ERROR_DATA, "lost"), ERROR_DATA);
    errno = EACCES;
    assert_int_equal(error_system(NULL, "lost"), ERROR_SYSTEM);
    assert_int_equal(errno, EACCES);
    assert_int_equal(error_memory(NULL), ERROR_SYSTEM);
    error_prefix(NULL, "x: ");
}

static void names_the_system_error(void **state) {
    (void)state;
    struct error err = {0};
    errno = ENOENT;
    error_system(&err, "cannot read '%s'", "a.csv");
    assert_int_equal(err.code, ERROR_SYSTEM);
    assert_string_equal(err.text, "cannot read 'a.csv': No such file or directory");
    assert_int_equal(errno, ENOENT);
    struct error unknown = {0};
    errno = 99999;
    error_system(&unknown, "strange");
    assert_string_equal(unknown.text, "strange: error 99999");
}

static void says_out_of_memory(void **state) {
    (void)state;
    struct error err = {0};
    assert_int_equal(error_memory(&err), ERROR_SYSTEM);
    assert_string_equal(err.text, "out of memory");
}

static void puts_the_place_in_front(void **state) {
    (void)state;
    struct error err = {0};
    error_prefix(&err, "nothing is set: ");
    assert_int_equal(err.code, 0);
    assert_string_equal(err.text, "");
    error_set(&err, ERROR_DATA, "bad 100%% cell");
    error_prefix(&err, "%s:%d: ", "scenario.csv", 3);
    error_prefix(&err, "outer: ");
    assert_string_equal(err.text, "outer: scenario.csv:3: bad 100% cell");
    assert_int_equal(err.code, ERROR_DATA);
}

static void an_empty_text_stays_silent(void **state) {
    (void)state;
    struct error err = {0};
    error_set(&err, ERROR_SYSTEM, "%s", "");
    error_prefix(&err, "x: ");
    assert_int_equal(err.code, ERROR_SYSTEM);
    assert_string_equal(err.text, "");
}

/* 1023 bytes fit; a character of 2, 3 or 4 bytes on the edge goes whole. */
static void cuts_between_characters(void **state) {
    (void)state;
    const char *characters[] = {"x", "\u00e9", "\u5c0f", "\U0001f600"};
    for (size_t bytes = 1; bytes <= 4; bytes++) {
        for (int before = 1015; before <= 1023; before++) {
            struct error err = {0};
            char filler[1024];
            memset(filler, 'a', sizeof filler);
            error_set(&err, ERROR_DATA, "%.*s%s%s", before, filler, characters[bytes - 1],
                      "bbbbbbbbbbbb");
            size_t end = strlen(err.text);
            if ((size_t)before + bytes <= 1023) {
                assert_int_equal(end, 1023);
                assert_memory_equal(err.text + before, characters[bytes - 1], bytes);
            } else {
                assert_int_equal(end, before);
            }
        }
    }
}

static void a_long_prefix_keeps_the_struct_whole(void **state) {
    (void)state;
    struct error err = {0};
    char filler[2000];
    memset(filler, 'p', sizeof filler);
    error_set(&err, ERROR_DATA, "message");
    error_prefix(&err, "%.*s", 1020, filler);
    assert_int_equal(strlen(err.text), 1023);
    assert_string_equal(err.text + 1020, "mes");
    error_prefix(&err, "%.*s", 1999, filler);
    assert_int_equal(strlen(err.text), 1023);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sets_code_and_text),
        cmocka_unit_test(the_first_error_wins),
        cmocka_unit_test(nobody_has_to_listen),
        cmocka_unit_test(names_the_system_error),
        cmocka_unit_test(says_out_of_memory),
        cmocka_unit_test(puts_the_place_in_front),
        cmocka_unit_test(an_empty_text_stays_silent),
        cmocka_unit_test(cuts_between_characters),
        cmocka_unit_test(a_long_prefix_keeps_the_struct_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
