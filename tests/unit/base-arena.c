/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Arenas. */
#include "base/arena.h"

#include <setjmp.h>
#include <stdalign.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void allocations_are_zeroed_and_aligned(void **state) {
    (void)state;
    struct arena arena = {0};
    for (int round = 0; round < 3; round++) {
        for (size_t size = 0; size < 3000; size += 7) {
            unsigned char *memory = arena_alloc(&arena, size);
            assert_non_null(memory);
            assert_int_equal((uintptr_t)memory % alignof(max_align_t), 0);
            for (size_t i = 0; i < size; i++)
                assert_int_equal(memory[i], 0);
            memset(memory, 0xAA, size);
            assert_non_null(arena_text(&arena, "odd", 3)); /* the next one must be aligned again */
        }
        arena_clear(&arena); /* used memory comes back, zeroed */
    }
    arena_free(&arena);
}

static void texts_are_copies(void **state) {
    (void)state;
    struct arena arena = {0};
    char original[] = "RedNote";
    char *copy = arena_text(&arena, original, 3);
    original[0] = 'x';
    assert_string_equal(copy, "Red");
    assert_string_equal(arena_text(&arena, NULL, 0), "");
    assert_memory_equal(arena_text(&arena, "a\0b", 3), "a\0b", 4);
    arena_free(&arena);
}

/* Small and large items side by side: none overwrites another. */
static void items_do_not_overlap(void **state) {
    (void)state;
    enum { ITEMS = 3000 };
    static unsigned char *items[ITEMS];
    static size_t sizes[ITEMS];
    struct arena arena = {0};
    uint32_t seed = 1;
    for (int i = 0; i < ITEMS; i++) {
        seed = seed * 1664525 + 1013904223;
        sizes[i] = i % 100 == 0 ? 100000 + seed % 2000000 / 64 : seed >> 26;
        items[i] = arena_alloc(&arena, sizes[i]);
        assert_non_null(items[i]);
        memset(items[i], i % 251, sizes[i]);
    }
    for (int i = 0; i < ITEMS; i++)
        for (size_t j = 0; j < sizes[i]; j++)
            if (items[i][j] != i % 251)
                fail_msg("item %d was overwritten at byte %zu", i, j);
    arena_free(&arena);
}

static void frees_and_starts_again(void **state) {
    (void)state;
    struct arena arena = {0};
    arena_clear(&arena);
    arena_free(&arena);
    assert_string_equal(arena_text(&arena, "one", 3), "one");
    arena_free(&arena);
    assert_null(arena.last);
    assert_string_equal(arena_text(&arena, "two", 3), "two");
    arena_free(&arena);
}

static void an_impossible_size_is_refused(void **state) {
    (void)state;
    struct arena arena = {0};
    assert_null(arena_alloc(&arena, SIZE_MAX));
    assert_null(arena_alloc(&arena, SIZE_MAX - 64));
    assert_null(arena_text(&arena, "x", SIZE_MAX));
    assert_string_equal(arena_text(&arena, "still", 5), "still");
    assert_null(arena_alloc(&arena, SIZE_MAX - 64));
    assert_string_equal(arena_text(&arena, "there", 5), "there");
    arena_free(&arena);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(allocations_are_zeroed_and_aligned),
        cmocka_unit_test(texts_are_copies),
        cmocka_unit_test(items_do_not_overlap),
        cmocka_unit_test(frees_and_starts_again),
        cmocka_unit_test(an_impossible_size_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
