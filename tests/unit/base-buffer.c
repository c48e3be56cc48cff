/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Growable bytes and arrays. */
#include "base/buffer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static void appends_in_order(void **state) {
    (void)state;
    struct buffer line = {0};
    buffer_text(&line, "TikTok");
    buffer_byte(&line, ',');
    buffer_format(&line, "%d%s", 7, "!");
    buffer_append(&line, "\0z", 2);
    assert_int_equal(line.length, 11);
    assert_memory_equal(line.bytes, "TikTok,7!\0z", 12); /* with the NUL behind */
    assert_int_equal(buffer_check(&line, NULL), 0);
    buffer_free(&line);
    assert_null(line.bytes);
    assert_int_equal(line.length + line.capacity, 0);
    buffer_text(&line, "again");
    assert_string_equal(line.bytes, "again");
    buffer_free(&line);
}

static void nothing_appended_is_the_empty_text(void **state) {
    (void)state;
    struct buffer empty = {0};
    buffer_append(&empty, NULL, 0);
    assert_string_equal(empty.bytes, "");
    buffer_free(&empty);
    buffer_free(&empty);
}

/* Every length passes through every boundary of capacity. */
static void keeps_the_nul_while_growing(void **state) {
    (void)state;
    struct buffer grown = {0};
    for (int i = 0; i < 5000; i++) {
        buffer_byte(&grown, (char)('a' + i % 26));
        assert_int_equal(grown.length, i + 1);
        assert_true(grown.length < grown.capacity);
        assert_int_equal(grown.bytes[grown.length], 0);
    }
    for (int i = 0; i < 5000; i++)
        assert_int_equal(grown.bytes[i], 'a' + i % 26);
    size_t capacity = grown.capacity;
    buffer_clear(&grown);
    assert_string_equal(grown.bytes, "");
    assert_int_equal(grown.capacity, capacity);
    buffer_free(&grown);
}

/* Far more than twice the capacity at once. */
static void has_room_for_the_nul_of_a_long_text(void **state) {
    (void)state;
    char text[1000];
    memset(text, 'x', sizeof text);
    for (size_t length = 60; length < sizeof text; length++) {
        struct buffer line = {0};
        buffer_append(&line, text, length);
        assert_true(line.length < line.capacity);
        assert_int_equal(strlen(line.bytes), length);
        buffer_free(&line);
    }
}

static void formats_across_boundaries(void **state) {
    (void)state;
    for (int before = 0; before < 200; before++) {
        struct buffer line = {0};
        char expected[512];
        int length = 0;
        for (int i = 0; i < before; i++) {
            buffer_byte(&line, 'x');
            expected[length++] = 'x';
        }
        buffer_format(&line, "%s-%05d", "sixty-four bytes or so are the first capacity", before);
        snprintf(expected + length, sizeof expected - (size_t)length, "%s-%05d",
                 "sixty-four bytes or so are the first capacity", before);
        assert_string_equal(line.bytes, expected);
        assert_int_equal(line.length, strlen(expected));
        buffer_free(&line);
    }
}

static void one_failure_stops_the_rest(void **state) {
    (void)state;
    struct buffer line = {0};
    struct error err = {0};
    buffer_text(&line, "kept");
    buffer_append(&line, "x", SIZE_MAX - 2); /* refused before anything is read */
    assert_true(line.failed);
    buffer_text(&line, "ignored");
    buffer_format(&line, "%d", 1);
    assert_string_equal(line.bytes, "kept");
    assert_int_equal(buffer_check(&line, &err), ERROR_SYSTEM);
    assert_string_equal(err.text, "out of memory");
    buffer_clear(&line);
    buffer_text(&line, "usable");
    assert_string_equal(line.bytes, "usable");
    buffer_free(&line);
}

static void write_file(const char *path, size_t length) {
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    for (size_t i = 0; i < length; i++)
        putc((int)(i * 31 % 256), file);
    assert_int_equal(fclose(file), 0);
}

static void reads_whole_files(void **state) {
    (void)state;
    char path[] = "/tmp/buffer-test-XXXXXX";
    int file = mkstemp(path);
    assert_true(file >= 0);
    close(file);
    const size_t lengths[] = {0, 1, 63, 64, 65535, 65536, 65537, 300000};
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        struct buffer all = {0};
        write_file(path, lengths[i]);
        buffer_text(&all, ">");
        assert_int_equal(buffer_read_file(&all, path, NULL), 0);
        assert_int_equal(all.length, lengths[i] + 1);
        for (size_t j = 0; j < lengths[i]; j++)
            if ((unsigned char)all.bytes[j + 1] != j * 31 % 256)
                fail_msg("byte %zu of %zu differs", j, lengths[i]);
        assert_int_equal(all.bytes[all.length], 0);
        buffer_free(&all);
    }
    unlink(path);
}

/* /proc files say they have no bytes. */
static void reads_files_of_unknown_size(void **state) {
    (void)state;
    struct buffer all = {0};
    assert_int_equal(buffer_read_file(&all, "/proc/self/status", NULL), 0);
    assert_true(all.length > 100);
    assert_memory_equal(all.bytes, "Name:", 5);
    buffer_free(&all);
}

static void says_what_it_could_not_read(void **state) {
    (void)state;
    struct buffer all = {0};
    struct error err = {0};
    assert_int_equal(buffer_read_file(&all, "/no/such/file", &err), ERROR_SYSTEM);
    assert_string_equal(err.text, "cannot read '/no/such/file': No such file or directory");
    struct error folder = {0};
    assert_int_equal(buffer_read_file(&all, "/tmp", &folder), ERROR_SYSTEM);
    assert_string_equal(folder.text, "cannot read '/tmp': Is a directory");
    buffer_free(&all);
}

static void arrays_at_least_double(void **state) {
    (void)state;
    int32_t *items = NULL;
    size_t capacity = 0, growths = 0;
    for (size_t n = 0; n < 100000; n++) {
        size_t before = capacity;
        assert_int_equal(array_reserve((void **)&items, &capacity, n + 1, sizeof *items, NULL), 0);
        assert_true(capacity > n);
        if (capacity != before) {
            assert_true(capacity >= 2 * before);
            growths++;
        }
        items[n] = (int32_t)n;
    }
    assert_true(growths < 20);
    for (size_t n = 0; n < 100000; n++)
        assert_int_equal(items[n], n);
    free(items);
}

static void an_array_too_large_leaves_the_old_one(void **state) {
    (void)state;
    double *items = NULL;
    size_t capacity = 0;
    struct error err = {0};
    assert_int_equal(array_reserve((void **)&items, &capacity, 3, sizeof *items, &err), 0);
    items[2] = 1.5;
    double *before = items;
    size_t had = capacity;
    assert_int_equal(array_reserve((void **)&items, &capacity, SIZE_MAX / 4, sizeof *items, &err),
                     ERROR_SYSTEM);
    assert_string_equal(err.text, "out of memory");
    assert_ptr_equal(items, before);
    assert_int_equal(capacity, had);
    assert_true(items[2] == 1.5);
    free(items);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(appends_in_order),
        cmocka_unit_test(nothing_appended_is_the_empty_text),
        cmocka_unit_test(keeps_the_nul_while_growing),
        cmocka_unit_test(has_room_for_the_nul_of_a_long_text),
        cmocka_unit_test(formats_across_boundaries),
        cmocka_unit_test(one_failure_stops_the_rest),
        cmocka_unit_test(reads_whole_files),
        cmocka_unit_test(reads_files_of_unknown_size),
        cmocka_unit_test(says_what_it_could_not_read),
        cmocka_unit_test(arrays_at_least_double),
        cmocka_unit_test(an_array_too_large_leaves_the_old_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
