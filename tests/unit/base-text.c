/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Slices of text. */
#include "base/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void compares_slices(void **state) {
    (void)state;
    struct text nothing = {NULL, 0};
    assert_int_equal(text_of(NULL).length, 0);
    assert_true(text_equal(nothing, text_of("")));
    assert_true(text_is((struct text){"TikTok,7", 6}, "TikTok"));
    assert_false(text_is((struct text){"TikTok", 5}, "TikTok"));
    assert_false(text_is(text_of("tiktok"), "TikTok"));
    assert_int_equal(text_compare(nothing, text_of("")), 0);
    assert_true(text_compare(nothing, text_of("a")) < 0);
    assert_true(text_compare(text_of("ab"), text_of("abc")) < 0);
    assert_true(text_compare(text_of("b"), text_of("abc")) > 0);
    assert_true(text_compare(text_of("\xc3\xa9"), text_of("z")) > 0); /* bytes are unsigned */
    assert_int_equal(text_compare(text_of("same"), text_of("same")), 0);
    assert_true(text_compare((struct text){"a\0b", 3}, (struct text){"a\0c", 3}) < 0);
}

static void trims_blanks_and_tabs(void **state) {
    (void)state;
    assert_true(text_is(text_trim(text_of(" \t a b\t ")), "a b"));
    assert_true(text_is(text_trim(text_of(" \t ")), ""));
    assert_true(text_is(text_trim(text_of("")), ""));
    assert_int_equal(text_trim((struct text){NULL, 0}).length, 0);
    assert_true(text_is(text_trim(text_of("x\n")), "x\n"));
}

static void knows_the_width_on_a_terminal(void **state) {
    (void)state;
    assert_int_equal(text_width(text_of("")), 0);
    assert_int_equal(text_width((struct text){NULL, 0}), 0);
    assert_int_equal(text_width(text_of("TikTok")), 6);
    assert_int_equal(text_width(text_of("\u5c0f\u7ea2\u4e66")), 6);    /* three CJK characters */
    assert_int_equal(text_width(text_of("\u00e9")), 1);                /* one, precomposed */
    assert_int_equal(text_width(text_of("e\u0301")), 1);               /* the same, combining */
    assert_int_equal(text_width(text_of("\uac00")), 2);                /* Hangul syllable */
    assert_int_equal(text_width(text_of("\uff21")), 2);                /* full-width A */
    assert_int_equal(text_width(text_of("\U0001f600")), 2);            /* emoji */
    assert_int_equal(text_width(text_of("a\u200bb")), 2);              /* zero-width space */
    assert_int_equal(text_width(text_of("a\tb")), 2);                  /* controls take none */
    assert_int_equal(text_width((struct text){"\u5c0f\u7ea2", 3}), 2); /* only the slice */
    assert_int_equal(text_width(text_of("\xff"
                                        "a")),
                     2);                                             /* drawn as a U+FFFD */
    assert_int_equal(text_width((struct text){"ab\xe5\xb0", 4}), 3); /* cut off at the end */
}

static void recognises_utf8(void **state) {
    (void)state;
    const char *good[] = {"", "abc", "\u00e9\u5c0f\U0001f600", "\xf4\x8f\xbf\xbf", "\xed\x9f\xbf"};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        assert_true(text_is_utf8(text_of(good[i])));
    /* A continuation alone, an overlong '/', a surrogate, above U+10FFFF, cut off, Latin-1. */
    const char *bad[] = {"\x80",         "\xc0\xaf",         "\xe0\x80\xaf",
                         "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xf8\x88\x80\x80\x80",
                         "\xe5\xb0",     "caf\xe9"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_false(text_is_utf8(text_of(bad[i])));
    assert_true(text_is_utf8((struct text){NULL, 0}));
}

static void assert_nearest(const char *word, const char *expected, const char *const *candidates,
                           size_t n) {
    const char *found = text_nearest(text_of(word), candidates, n);
    if (!expected && found)
        fail_msg("'%s': found '%s', expected nothing", word, found);
    if (expected && (!found || strcmp(found, expected) != 0))
        fail_msg("'%s': found '%s', expected '%s'", word, found ? found : "(nothing)", expected);
}

static void guesses_what_was_meant(void **state) {
    (void)state;
    const char *names[] = {"user",        "platform", "start",   "end",
                           "destination", "as-of",    "threads", "multi_homing_share"};
    const size_t n = sizeof names / sizeof *names;
    assert_nearest("plaftorm", "platform", names, n); /* a swap is one edit */
    assert_nearest("users", "user", names, n);
    assert_nearest("USER", "user", names, n);
    assert_nearest("usr", "user", names, n);
    assert_nearest("en", "end", names, n);
    assert_nearest("dest", "destination", names, n); /* an abbreviation */
    assert_nearest("destinatoin", "destination", names, n);
    assert_nearest("destnatin", "destination", names, n); /* two of nine */
    assert_nearest("asof", "as-of", names, n);
    assert_nearest("Multi-homing share", "multi_homing_share", names, n);
    assert_nearest("income", NULL, names, n);
    assert_nearest("xyz", NULL, names, n);
    assert_nearest("", NULL, names, n);
    assert_nearest("-_ ", NULL, names, n);
    assert_nearest("user", NULL, names, 0);
}

static void the_first_of_equals_wins(void **state) {
    (void)state;
    const char *names[] = {"cat", "car", "can"};
    assert_nearest("cab", "cat", names, 3);
    assert_nearest("ca", "cat", names, 3);
    assert_nearest("can", "can", names, 3);
}

/* "ca" to "abc" is 3 here, not 2: no part is edited twice. */
static void counts_as_optimal_string_alignment(void **state) {
    (void)state;
    const char *far[] = {"abcabcabc"};
    assert_nearest("cacaca", NULL, far, 1);
    const char *swapped[] = {"badcfe"};
    assert_nearest("abcdef", NULL, swapped, 1); /* three swaps against a limit of two */
    const char *two[] = {"badcef"};
    assert_nearest("abcdef", "badcef", two, 1);
}

static void compares_characters_not_bytes(void **state) {
    (void)state;
    const char *names[] = {"\u5c0f\u7ea2\u4e66"};
    assert_nearest("\u5c0f\u7ea2\u66f8", "\u5c0f\u7ea2\u4e66", names, 1); /* one of three */
    assert_nearest("\u5c0f\u66f8\u66f8", NULL, names, 1);
}

static void very_long_words_are_near_to_nothing(void **state) {
    (void)state;
    char word[200], other[200];
    memset(word, 'a', sizeof word);
    memset(other, 'a', sizeof other);
    word[128] = other[127] = '\0';
    const char *names[] = {other};
    assert_nearest(word, other, names, 1);
    word[128] = 'a';
    word[129] = '\0';
    assert_nearest(word, NULL, names, 1);
    other[127] = 'a';
    other[150] = '\0';
    assert_nearest("aaa", NULL, names, 1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(compares_slices),
        cmocka_unit_test(trims_blanks_and_tabs),
        cmocka_unit_test(knows_the_width_on_a_terminal),
        cmocka_unit_test(recognises_utf8),
        cmocka_unit_test(guesses_what_was_meant),
        cmocka_unit_test(the_first_of_equals_wins),
        cmocka_unit_test(counts_as_optimal_string_alignment),
        cmocka_unit_test(compares_characters_not_bytes),
        cmocka_unit_test(very_long_words_are_near_to_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
