/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Categories: texts as codes, for any number of workers. */
#include "tables.h"

#include "base/dictionary.h"
#include "table/category.h"

/* ---- One column of one worker ---------------------------------------------------------------- */

static uint64_t next_bits(uint64_t *state) {
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    return *state * UINT64_C(2685821657736338717);
}

/* Short texts over few letters, so that their first and last bytes agree again and again; each must
 * have the code that a dictionary alone gives it. */
static void codes_are_those_of_a_dictionary(void **state) {
    (void)state;
    struct dictionary names = {0}, expected = {0};
    struct category *category = calloc(1, sizeof *category);
    const struct cell_rules rules = {.mark = '.', .ascii = true};
    struct error err = {0};
    uint64_t seed = 9;
    assert_non_null(category);
    category->names = &names;
    for (int round = 0; round < 300000; round++) {
        const size_t length = 1 + next_bits(&seed) % (round % 9 == 0 ? 40 : 18);
        const size_t behind = next_bits(&seed) % 10;
        char *bytes = malloc(length + behind); /* a read past its end is caught */
        assert_non_null(bytes);
        memset(bytes, 'a', length + behind);
        for (int changes = round % 3; changes > 0; changes--)
            bytes[next_bits(&seed) % length] = "ab0"[next_bits(&seed) % 3];
        const struct text cell = {bytes, length};
        uint32_t code, wanted;
        enum cell_state found = CELL_GOOD;
        if (!category_find(category, cell, bytes + length + behind, &code))
            assert_int_equal(category_read(category, cell, &rules, &code, &found, &err), 0);
        assert_int_equal(found, CELL_GOOD);
        assert_int_equal(dictionary_add(&expected, cell, &wanted, &err), 0);
        assert_int_equal(code, wanted);
        free(bytes);
    }
    dictionary_free(&names);
    dictionary_free(&expected);
    free(category);
}

/* What means a missing value or is not UTF-8 never gets a code, however often it comes. */
static void missing_and_bad_texts_have_no_code(void **state) {
    (void)state;
    static const char *const na[] = {"NA"};
    struct dictionary names = {0};
    struct category *category = calloc(1, sizeof *category);
    const struct cell_rules rules = {.mark = '.', .na = na, .n_na = 1};
    struct error err = {0};
    assert_non_null(category);
    category->names = &names;
    for (int round = 0; round < 3; round++) {
        static const struct {
            const char *cell;
            enum cell_state state;
        } cases[] = {
            {"", CELL_MISSING}, {"NA", CELL_MISSING}, {"\xFF", CELL_BAD}, {"x", CELL_GOOD}};
        for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
            uint32_t code = 7;
            enum cell_state found;
            char bytes[16] = "";
            strcpy(bytes, cases[i].cell);
            const struct text cell = text_of(bytes);
            const bool known = category_find(category, cell, bytes + sizeof bytes, &code);
            assert_int_equal(known, round > 0 && cases[i].state == CELL_GOOD);
            assert_int_equal(category_read(category, cell, &rules, &code, &found, &err), 0);
            assert_int_equal(found, cases[i].state);
            assert_int_equal(code, found == CELL_GOOD ? 0 : DICTIONARY_NONE);
        }
    }
    assert_int_equal(names.count, 1);
    dictionary_free(&names);
    free(category);
}

/* ---- Whole tables ---------------------------------------------------------------------------- */

static const struct table_column columns[] = {
    {.name = "p", .type = TABLE_CATEGORY, .missing = true},
    {.name = "n", .type = TABLE_INTEGER},
};

enum { ROWS = 5000 };

/* Sums by platform, as a fold that keeps codes and looks them up when all is read. */
struct sums {
    const struct dictionary *names;
    int64_t by_code[8];
    int64_t missing;
    struct dictionary merged;
    int64_t totals[8];
};

static int sums_begin(void *context, void **ret, struct error *err) {
    (void)context;
    *ret = calloc(1, sizeof(struct sums));
    return *ret ? 0 : error_memory(err);
}

static int sums_add(void *state, const struct table_batch *batch, struct error *err) {
    struct sums *sums = state;
    const struct table_cells *cells = &batch->columns[0];
    if (sums->names && sums->names != cells->names)
        return error_set(err, ERROR_SYSTEM, "a worker has two dictionaries");
    sums->names = cells->names;
    for (size_t row = 0; row < batch->rows; row++) {
        const int64_t n = batch->columns[1].integer[row];
        if (table_missing(batch, 0, row) != (cells->code[row] == DICTIONARY_NONE))
            return error_set(err, ERROR_SYSTEM, "a missing cell has a code");
        if (cells->code[row] == DICTIONARY_NONE)
            sums->missing += n;
        else
            sums->by_code[cells->code[row]] += n;
    }
    return 0;
}

static int sums_resolve(struct sums *sums, struct sums *into, struct error *err) {
    for (uint32_t code = 0, common; sums->names && code < sums->names->count; code++) {
        if (dictionary_add(&into->merged, dictionary_name(sums->names, code), &common, err))
            return err->code;
        into->totals[common] += sums->by_code[code];
        sums->by_code[code] = 0;
    }
    return 0;
}

static int sums_merge(void *into, void *from, struct error *err) {
    struct sums *a = into, *b = from;
    a->missing += b->missing;
    return sums_resolve(b, a, err);
}

static void sums_destroy(void *state) {
    struct sums *sums = state;
    dictionary_free(&sums->merged);
    free(sums);
}

static const char *platform_of(size_t row) {
    static const char *const platforms[] = {"RedNote", "TikTok", "", "", "\"quoted, too\""};
    return platforms[row % 97 == 0 ? 4 : row % 4];
}

static const char *write_table(void) {
    struct buffer csv = {0};
    buffer_text(&csv, "p,n\n");
    for (size_t row = 0; row < ROWS; row++)
        buffer_format(&csv, "%s,%zu\n", platform_of(row), row);
    const char *path = tables_write("p.csv", (struct text){csv.bytes, csv.length});
    buffer_free(&csv);
    return path;
}

static int64_t sum_of(const struct sums *sums, const char *name) {
    uint32_t code;
    assert_true(dictionary_find(&sums->merged, text_of(name), &code));
    return sums->totals[code];
}

static void states_may_keep_codes(void **state) {
    (void)state;
    static const struct table_fold fold = {sums_begin, sums_add, sums_merge, sums_destroy};
    const char *path = write_table();
    int64_t expected[5] = {0};
    for (size_t row = 0; row < ROWS; row++)
        expected[row % 97 == 0 ? 4 : row % 4] += (int64_t)row;
    for (int threads = 1; threads <= 8; threads++) {
        const struct table_options options = {
            .files = &path, .n_files = 1, .threads = threads, .block_bytes = 700};
        struct error err = {0};
        struct table *table;
        void *result;
        assert_int_equal(table_open(&table, &options, &err), 0);
        assert_int_equal(table_bind(table, columns, 2, &err), 0);
        if (table_fold(table, &fold, NULL, &result, &err))
            fail_msg("%s", err.text);
        struct sums *sums = result;
        assert_int_equal(sums_resolve(sums, sums, &err), 0);
        assert_int_equal(sum_of(sums, "RedNote"), expected[0]);
        assert_int_equal(sum_of(sums, "TikTok"), expected[1]);
        assert_int_equal(sum_of(sums, "quoted, too"), expected[4]);
        assert_int_equal(sums->missing, expected[2] + expected[3]);
        sums_destroy(sums);
        table_close(table);
    }
}

/* As one batch, names come in the order of the input, whoever read them. */
static void read_whole_they_are_in_order(void **state) {
    (void)state;
    const char *path = write_table();
    for (int threads = 1; threads <= 8; threads++) {
        const struct table_options options = {
            .files = &path, .n_files = 1, .threads = threads, .block_bytes = 700};
        struct error err = {0};
        struct table *table;
        const struct table_batch *batch;
        assert_int_equal(table_open(&table, &options, &err), 0);
        assert_int_equal(table_bind(table, columns, 2, &err), 0);
        assert_int_equal(table_read(table, &batch, &err), 0);
        const struct table_cells *cells = &batch->columns[0];
        assert_int_equal(batch->rows, ROWS);
        assert_int_equal(cells->names->count, 3);
        assert_true(text_is(dictionary_name(cells->names, 0), "quoted, too"));
        assert_true(text_is(dictionary_name(cells->names, 1), "TikTok"));
        assert_true(text_is(dictionary_name(cells->names, 2), "RedNote"));
        for (size_t row = 0; row < ROWS; row++) {
            const char *name = row % 97 == 0 ? "quoted, too" : platform_of(row);
            const uint32_t code = cells->code[row];
            assert_true(code == DICTIONARY_NONE
                            ? !*name
                            : text_is(dictionary_name(cells->names, code), name));
        }
        table_close(table);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(codes_are_those_of_a_dictionary),
        cmocka_unit_test(missing_and_bad_texts_have_no_code),
        cmocka_unit_test(states_may_keep_codes),
        cmocka_unit_test(read_whole_they_are_in_order),
    };
    return cmocka_run_group_tests_name("table-categories", tests, tables_setup, tables_teardown);
}
