/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Numbers and names as people write them. */
#include "creators/name.h"
#include "creators/quantity.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void reads(void **state) {
    (void)state;
    static const struct {
        const char *text;
        char mark;
        int64_t millionths;
    } good[] = {
        {"1300000", '.', 1300000000000},
        {"1.3M", '.', 1300000000000},
        {"1,300,000", '.', 1300000000000},
        {"1.300.000", ',', 1300000000000},
        {"1,3M", ',', 1300000000000},
        {"1 300 000", '.', 1300000000000},
        {"1\xE2\x80\xAF"
         "300\xE2\x80\xAF"
         "000",
         '.', 1300000000000},
        {"1'300'000", '.', 1300000000000},
        {" 1.3 m ", '.', 1300000000000},
        {"130万", '.', 1300000000000},
        {"130 萬", '.', 1300000000000},
        {"130w", '.', 1300000000000},
        {"1.2亿", '.', 120000000000000},
        {"1.5B", '.', 1500000000000000},
        {"2bn", '.', 2000000000000000},
        {"12.5K", '.', 12500000000},
        {"0", '.', 0},
        {"0k", '.', 0},
        {"-2k", '.', -2000000000},
        {"+1", '.', 1000000},
        {".5k", '.', 500000000},
        {"1,250.75", '.', 1250750000},
        {"12,345.5k", '.', 12345500000000},
    };
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        decimal found = -1;
        if (!quantity_parse(text_of(good[i].text), good[i].mark, &found) ||
            found != good[i].millionths)
            fail_msg("'%s' came out as %lld", good[i].text, (long long)found);
    }
}

static void refuses(void **state) {
    (void)state;
    static const char *const bad[] = {
        "",       " ",     "k",       "M",         "1.3X",        "1,3", "1,30",
        "1,3000", ",300",  "1,,300",  "1300,000",  "1.3.0",       "1e6", "1e3k",
        "1.3MM",  "$1.3M", "1.3M+",   "~1M",       "1,300 000",   "--1", "1 3",
        "inf",    "nan",   "99999bn", "1.0000001", "1.3 million",
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        decimal found = 42;
        if (quantity_parse(text_of(bad[i]), '.', &found) || found != 42)
            fail_msg("'%s'", bad[i]);
    }
}

static void folds(void **state) {
    (void)state;
    static const char *const same[][2] = {
        {"Ada Lovelace", "adalovelace"},
        {"ＡＤＡ　１", "ada1"},
        {"STRASSE", "strasse"},
        {"Straße", "strasse"},
        {"李 雷", "李雷"},
        {"É", "é"},
        {"\t x\xC2\xA0y ", "xy"},
        {"", ""},
        {"  ", ""},
        {"@Ada_L", "@ada_l"},
        {"ΣΑΣ", "σασ"},
    };
    struct error err = {0};
    struct buffer folded = {0};
    for (size_t i = 0; i < sizeof same / sizeof *same; i++) {
        assert_int_equal(name_fold(text_of(same[i][0]), &folded, &err), 0);
        struct text found = {folded.bytes, folded.length};
        if (!text_equal(found, text_of(same[i][1])))
            fail_msg("'%s' folds to '%.*s'", same[i][0], (int)found.length, found.bytes);
        if (name_is_plain(text_of(same[i][0])))
            assert_true(text_equal(found, text_of(same[i][0])));
    }
    assert_true(name_is_plain(text_of("c00001.x_@")));
    assert_false(name_is_plain(text_of("a b")) || name_is_plain(text_of("aB")) ||
                 name_is_plain(text_of("é")));
    buffer_free(&folded);
}

/* Every byte at every place of names of all lengths, eight of them at a time or not. */
static void plain_is_small_printable_ascii(void **state) {
    (void)state;
    char name[20];
    for (size_t length = 1; length <= sizeof name; length++)
        for (size_t at = 0; at < length; at++)
            for (int byte = 0; byte < 256; byte++) {
                for (size_t i = 0; i < length; i++)
                    name[i] = "!~@[z"[i % 5]; /* the ends of what is plain */
                name[at] = (char)byte;
                bool plain = byte > ' ' && byte < 0x7F && !(byte >= 'A' && byte <= 'Z');
                if (name_is_plain((struct text){name, length}) != plain)
                    fail_msg("byte %d at %zu of %zu", byte, at, length);
            }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads),
        cmocka_unit_test(refuses),
        cmocka_unit_test(folds),
        cmocka_unit_test(plain_is_small_printable_ascii),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
