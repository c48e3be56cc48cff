/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Dictionaries. */
#include "base/dictionary.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static uint32_t add(struct dictionary *dictionary, const char *name) {
    uint32_t code = DICTIONARY_NONE;
    assert_int_equal(dictionary_add(dictionary, text_of(name), &code, NULL), 0);
    return code;
}

static void numbers_in_order_of_first_sight(void **state) {
    (void)state;
    struct dictionary platforms = {0};
    assert_int_equal(add(&platforms, "TikTok"), 0);
    assert_int_equal(add(&platforms, "RedNote"), 1);
    assert_int_equal(add(&platforms, "TikTok"), 0);
    assert_int_equal(add(&platforms, ""), 2);
    assert_int_equal(add(&platforms, ""), 2);
    assert_int_equal(add(&platforms, "tiktok"), 3);
    assert_int_equal(platforms.count, 4);
    assert_true(text_is(dictionary_name(&platforms, 1), "RedNote"));
    assert_string_equal(dictionary_name(&platforms, 2).bytes, "");
    dictionary_free(&platforms);
    assert_int_equal(add(&platforms, "again"), 0);
    dictionary_free(&platforms);
}

static void finds_without_adding(void **state) {
    (void)state;
    struct dictionary names = {0};
    uint32_t code = 7;
    assert_false(dictionary_find(&names, text_of("a"), &code));
    add(&names, "a");
    add(&names, "b");
    assert_true(dictionary_find(&names, text_of("b"), &code));
    assert_int_equal(code, 1);
    assert_false(dictionary_find(&names, text_of("c"), &code));
    assert_false(dictionary_find(&names, (struct text){"ab", 0}, &code));
    assert_int_equal(code, 1);
    assert_int_equal(names.count, 2);
    dictionary_free(&names);
}

static void keeps_copies_of_any_bytes(void **state) {
    (void)state;
    struct dictionary names = {0};
    char bytes[] = "a\0b";
    uint32_t first, second;
    assert_int_equal(dictionary_add(&names, (struct text){bytes, 3}, &first, NULL), 0);
    bytes[2] = 'c';
    assert_int_equal(dictionary_add(&names, (struct text){bytes, 3}, &second, NULL), 0);
    assert_int_not_equal(first, second);
    assert_memory_equal(dictionary_name(&names, first).bytes, "a\0b", 4);
    dictionary_free(&names);
}

/* Through many growths; every code stays what it was. */
static void holds_many(void **state) {
    (void)state;
    enum { MANY = 300000 };
    struct dictionary names = {0};
    char name[32];
    for (uint32_t i = 0; i < MANY; i++) {
        snprintf(name, sizeof name, "user-%u", (unsigned)i * 7919);
        assert_int_equal(add(&names, name), i);
        assert_true(names.n_slots >= 2 * (size_t)names.count);
    }
    for (uint32_t i = 0; i < MANY; i++) {
        uint32_t code = DICTIONARY_NONE;
        snprintf(name, sizeof name, "user-%u", (unsigned)i * 7919);
        assert_true(dictionary_find(&names, text_of(name), &code));
        assert_int_equal(code, i);
        assert_int_equal(add(&names, name), i);
    }
    assert_int_equal(names.count, MANY);
    dictionary_free(&names);
}

static void merges_and_translates(void **state) {
    (void)state;
    struct dictionary into = {0}, from = {0}, nothing = {0};
    add(&into, "a");
    add(&into, "b");
    add(&from, "c");
    add(&from, "a");
    add(&from, "d");
    uint32_t codes[3] = {9, 9, 9};
    assert_int_equal(dictionary_merge(&into, &from, codes, NULL), 0);
    const uint32_t expected[] = {2, 0, 3};
    assert_memory_equal(codes, expected, sizeof codes);
    assert_int_equal(into.count, 4);
    dictionary_free(&from); /* what was merged is a copy */
    assert_true(text_is(dictionary_name(&into, 3), "d"));
    assert_int_equal(dictionary_merge(&into, &nothing, NULL, NULL), 0);
    assert_int_equal(dictionary_merge(&into, &into, NULL, NULL), 0);
    assert_int_equal(into.count, 4);
    dictionary_free(&into);
}

static void orders_by_bytes(void **state) {
    (void)state;
    struct dictionary names = {0};
    dictionary_order(&names, NULL);
    const char *given[] = {"b", "\u00e9", "", "a", "B", "ab"};
    const uint32_t expected[] = {2, 4, 3, 5, 0, 1};
    for (size_t i = 0; i < 6; i++)
        add(&names, given[i]);
    uint32_t order[6];
    dictionary_order(&names, order);
    assert_memory_equal(order, expected, sizeof order);
    dictionary_free(&names);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_in_order_of_first_sight), cmocka_unit_test(finds_without_adding),
        cmocka_unit_test(keeps_copies_of_any_bytes),       cmocka_unit_test(holds_many),
        cmocka_unit_test(merges_and_translates),           cmocka_unit_test(orders_by_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
