/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The index of a block: every level against a loop over the bytes; and blocks that are regular or
 * not. */
#include "table/index.h"
#include "table/regular.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static uint64_t next_bits(uint64_t *state) {
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    return *state * UINT64_C(2685821657736338717);
}

static size_t draw(uint64_t *state, size_t below) {
    return (size_t)((next_bits(state) >> 33) % below);
}

/* ---- Every level ----------------------------------------------------------------------------- */

static void index_by_loop(const char *bytes, size_t length, char delimiter, uint32_t *ends,
                          struct index_found *ret) {
    *ret = (struct index_found){.ascii = true};
    for (size_t i = 0; i < length; i++) {
        ret->nul |= bytes[i] == '\0';
        ret->ascii &= (unsigned char)bytes[i] < 0x80;
        ret->lines += bytes[i] == '\n';
        if (bytes[i] == '\n' || bytes[i] == delimiter)
            ends[ret->n++] = (uint32_t)i;
    }
}

/* Both buffers are exactly as long as the index may need: what is read or written beyond is caught
 * by the address sanitiser. */
static void expect_same(const char *given, size_t length, char delimiter) {
    char *bytes = malloc(length + !length);
    uint32_t *expected = malloc((length + 1) * sizeof *expected);
    uint32_t *ends = malloc((length + INDEX_ROOM) * sizeof *ends);
    struct index_found one, other;
    assert_true(bytes && expected && ends);
    memcpy(bytes, given, length);
    index_by_loop(bytes, length, delimiter, expected, &one);
    for (int level = 0; level < INDEX_LEVELS; level++) {
        if (!index_supports((enum index_level)level))
            continue;
        index_block((enum index_level)level, bytes, length, delimiter, ends, &other);
        if (other.n != one.n || other.lines != one.lines || other.nul != one.nul ||
            other.ascii != one.ascii)
            fail_msg("level %d, length %zu: found %zu ends, %zu lines, nul %d, ascii %d, expected "
                     "%zu, %zu, %d, %d",
                     level, length, other.n, other.lines, other.nul, other.ascii, one.n, one.lines,
                     one.nul, one.ascii);
        assert_memory_equal(ends, expected, one.n * sizeof *ends);
    }
    free(bytes);
    free(expected);
    free(ends);
}

static void every_level_finds_the_same(void **state) {
    (void)state;
    /* Neighbours of what is looked for, and bytes that carries and signs might turn into it. */
    static const char hostile[] = ",\n\0\x80\xFF\x7F\x01+-\x0B\x09\x8A\xAC\x2B";
    static const char rare[] = "abcdefghijklmnopqrstuvw,xyz\n";
    static const char plain[] = "x";
    static const struct {
        const char *letters;
        size_t n;
        char delimiter;
    } kinds[] = {{hostile, sizeof hostile - 1, ','},
                 {hostile, sizeof hostile - 1, '\xFF'},
                 {hostile, sizeof hostile - 1, '\t'},
                 {hostile, sizeof hostile - 1, '\x01'},
                 {rare, sizeof rare - 1, ','},
                 {plain, 1, 'x'},
                 {plain, 1, ','}};
    uint64_t seed = 5;
    char bytes[700];
    for (size_t kind = 0; kind < sizeof kinds / sizeof kinds[0]; kind++)
        for (size_t round = 0; round < 1500; round++) {
            const size_t length = round < 300 ? round : draw(&seed, sizeof bytes);
            for (size_t i = 0; i < length; i++)
                bytes[i] = kinds[kind].letters[draw(&seed, kinds[kind].n)];
            expect_same(bytes, length, kinds[kind].delimiter);
        }
}

static void the_best_level_is_there(void **state) {
    (void)state;
    assert_true(index_supports(INDEX_PORTABLE));
    assert_true(index_supports(index_best()));
    assert_false(index_supports(INDEX_LEVELS));
}

/* ---- Regular blocks -------------------------------------------------------------------------- */

static bool find(struct regular *regular, const char *bytes, size_t length, size_t fields) {
    struct index_found found;
    struct error err = {0};
    assert_int_equal(regular_find(regular, index_best(), bytes, length, ',', fields, &found, &err),
                     0);
    return regular->is;
}

static void expect_cell(const struct regular *regular, size_t row, size_t field,
                        const char *expected) {
    const struct text cell = regular_cell(regular, row, field);
    if (!text_is(cell, expected))
        fail_msg("row %zu, field %zu: found '%.*s', expected '%s'", row, field, (int)cell.length,
                 cell.bytes, expected);
}

static void cells_of_a_regular_block(void **state) {
    (void)state;
    struct regular regular = {0};
    assert_true(find(&regular, "a,,c\n,\r,f\r\n,,\r\n", 15, 3));
    assert_int_equal(regular.rows, 3);
    static const char *const expected[3][3] = {{"a", "", "c"}, {"", "\r", "f"}, {"", "", ""}};
    for (size_t row = 0; row < 3; row++)
        for (size_t field = 0; field < 3; field++)
            expect_cell(&regular, row, field, expected[row][field]);
    assert_int_equal(regular_offset(&regular, 0), 0);
    assert_int_equal(regular_offset(&regular, 1), 5);
    assert_int_equal(regular_offset(&regular, 2), 11);
    assert_true(find(&regular, "x\n \n", 4, 1));
    expect_cell(&regular, 0, 0, "x");
    expect_cell(&regular, 1, 0, " ");
    regular_free(&regular);
}

static void what_is_not_regular(void **state) {
    (void)state;
    static const struct {
        const char *bytes;
        size_t length, fields;
    } cases[] = {
        {"a,b\nc\n", 6, 2},                                /* too few */
        {"a,b\nc,d,e\n", 10, 2},                           /* too many */
        {"a,b,c\nd\n", 8, 2},                              /* as many in all, but not in each */
        {"a\nb,c,d\n", 8, 2},      {"a,b\n\nc,d\n", 9, 2}, /* a blank line */
        {"a,b\n\r\nc,d\n", 10, 2}, {"a\n\nb\n", 5, 1},
        {"a\n\r\nb\n", 6, 1},      {"\n", 1, 1},
        {"a,b\nc,d", 7, 2}, /* no end of the last line */
        {"a,\0\n", 4, 2},          {"", 0, 2},
    };
    struct regular regular = {0};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        if (find(&regular, cases[i].bytes, cases[i].length, cases[i].fields))
            fail_msg("case %zu was taken for regular", i);
    regular_free(&regular);
}

/* Longer than an index is made for: read some other way. */
static void a_block_too_long_for_an_index(void **state) {
    (void)state;
    struct regular regular = {0};
    const size_t length = INDEX_MOST + 2;
    char *bytes = malloc(length);
    assert_non_null(bytes);
    memset(bytes, '\n', length);
    for (size_t i = 0; i < length; i += 2)
        bytes[i] = 'x';
    assert_true(find(&regular, bytes, INDEX_MOST, 1));
    assert_int_equal(regular.rows, INDEX_MOST / 2);
    expect_cell(&regular, regular.rows - 1, 0, "x");
    assert_false(find(&regular, bytes, length, 1));
    free(bytes);
    regular_free(&regular);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_level_finds_the_same),    cmocka_unit_test(the_best_level_is_there),
        cmocka_unit_test(cells_of_a_regular_block),      cmocka_unit_test(what_is_not_regular),
        cmocka_unit_test(a_block_too_long_for_an_index),
    };
    return cmocka_run_group_tests_name("table-index", tests, NULL, NULL);
}
