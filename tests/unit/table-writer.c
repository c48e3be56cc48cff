/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The five formats, byte for byte, and what must not get through them. */
#include "table/writer.h"
#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* A writer into memory. */
struct page {
    char *bytes;
    size_t length;
    FILE *stream;
    struct writer *writer;
};

static void page_open(struct page *page, enum writer_format format, const char *const *names,
                      size_t columns) {
    struct error err = {0};
    page->bytes = NULL;
    page->stream = open_memstream(&page->bytes, &page->length);
    assert_non_null(page->stream);
    assert_int_equal(writer_open(&page->writer, page->stream, format, names, columns, &err), 0);
}

static void page_close(struct page *page, const char *expected) {
    struct error err = {0};
    assert_int_equal(writer_finish(page->writer, &err), 0);
    assert_string_equal(page->bytes, expected);
    writer_destroy(page->writer);
    fclose(page->stream);
    free(page->bytes);
}

static const char *const measures[] = {"platform", "day", "users", "share", "arpu"};

/* One row of each kind of cell, and one of what is missing. */
static void write_measures(struct writer *writer) {
    writer_string(writer, "TikTok");
    writer_date(writer, 20107);
    writer_integer(writer, 500000);
    writer_number(writer, 0.1);
    writer_decimal(writer, 1250000, 2);
    writer_string(writer, "小红书");
    writer_missing(writer);
    writer_integer(writer, -7);
    writer_number(writer, NAN);
    writer_sum(writer, (decimal_sum)12345678 * 10, 2);
}

static void test_csv(void **state) {
    (void)state;
    struct page page;
    page_open(&page, WRITER_CSV, measures, 5);
    write_measures(page.writer);
    assert_int_equal(writer_rows(page.writer), 2);
    page_close(&page, "platform,day,users,share,arpu\n"
                      "TikTok,2025-01-19,500000,0.1,1.25\n"
                      "小红书,,-7,,123.45678\n");
}

static void test_tsv(void **state) {
    (void)state;
    const char *const names[] = {"a,b", "c"};
    struct page page;
    page_open(&page, WRITER_TSV, names, 2);
    writer_string(page.writer, "1,5");
    writer_string(page.writer, "two\tthree");
    page_close(&page, "a,b\tc\n1,5\t\"two\tthree\"\n");
}

static void test_json(void **state) {
    (void)state;
    struct page page;
    page_open(&page, WRITER_JSON, measures, 5);
    write_measures(page.writer);
    page_close(&page, "[\n"
                      "{\"platform\": \"TikTok\", \"day\": \"2025-01-19\", \"users\": 500000, "
                      "\"share\": 0.1, \"arpu\": 1.25},\n"
                      "{\"platform\": \"小红书\", \"day\": null, \"users\": -7, \"share\": null, "
                      "\"arpu\": 123.45678}\n"
                      "]\n");
}

static void test_markdown(void **state) {
    (void)state;
    struct page page;
    page_open(&page, WRITER_MARKDOWN, measures, 5);
    write_measures(page.writer);
    page_close(&page, "| platform | day        |  users | share |      arpu |\n"
                      "| -------- | ---------- | -----: | ----: | --------: |\n"
                      "| TikTok   | 2025-01-19 | 500000 |   0.1 |   1.25    |\n"
                      "| 小红书   |            |     -7 |       | 123.45678 |\n");
}

static void test_table(void **state) {
    (void)state;
    struct page page;
    page_open(&page, WRITER_TABLE, measures, 5);
    write_measures(page.writer);
    page_close(&page, "platform  day          users  share       arpu\n"
                      "--------  ----------  ------  -----  ---------\n"
                      "TikTok    2025-01-19  500000    0.1    1.25\n"
                      "小红书                    -7         123.45678\n");
}

/* A column of numbers and texts is a column of texts. */
static void test_table_mixed_column(void **state) {
    (void)state;
    const char *const names[] = {"value", "n"};
    struct page page;
    page_open(&page, WRITER_TABLE, names, 2);
    writer_integer(page.writer, 5);
    writer_number(page.writer, 2e20);
    writer_string(page.writer, "none");
    writer_number(page.writer, 1234.5);
    page_close(&page, "value         n\n"
                      "-----  --------\n"
                      "5         2e+20\n"
                      "none   1234.5\n");
}

/* Formats for people round; the copy for the chart does not. */
static void test_table_rounds_numbers(void **state) {
    (void)state;
    const char *const names[] = {"x"};
    const double values[] = {0.853219696969697, 2352.872538259342, 147912345.5, 1e-7 / 3, -2.0 / 3};
    struct sheet sheet = {0};
    struct error err = {0};
    struct page page;
    page_open(&page, WRITER_MARKDOWN, names, 1);
    assert_int_equal(writer_copy(page.writer, &sheet, &err), 0);
    for (size_t i = 0; i < sizeof values / sizeof *values; i++)
        writer_number(page.writer, values[i]);
    page_close(&page, "|                  x |\n| -----------------: |\n|         0.85322    |\n"
                      "|      2352.87       |\n| 147912346          |\n|         3.33333e-8 |\n"
                      "|        -0.666667   |\n");
    assert_string_equal(sheet_at(&sheet, 0, 0), "0.853219696969697");
    sheet_free(&sheet);
}

static void test_no_rows(void **state) {
    (void)state;
    const char *const names[] = {"a", "b"};
    static const struct {
        enum writer_format format;
        const char *text;
    } cases[] = {
        {WRITER_CSV, "a,b\n"},          {WRITER_TSV, "a\tb\n"},
        {WRITER_JSON, "[]\n"},          {WRITER_MARKDOWN, "| a   | b   |\n| --- | --- |\n"},
        {WRITER_TABLE, "a  b\n-  -\n"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct page page;
        page_open(&page, cases[i].format, names, 2);
        page_close(&page, cases[i].text);
    }
}

static void test_csv_quotes_only_where_needed(void **state) {
    (void)state;
    static const struct {
        const char *cell, *written;
    } cases[] = {
        {"plain", "plain"},
        {"in side", "in side"},
        {"it's; fine|", "it's; fine|"},
        {"a,b", "\"a,b\""},
        {"say \"hi\"", "\"say \"\"hi\"\"\""},
        {"two\nlines", "\"two\nlines\""},
        {"two\rlines", "\"two\rlines\""},
        {" before", "\" before\""},
        {"behind ", "\"behind \""},
        {"behind\t", "\"behind\t\""},
        {"in\tside", "in\tside"},
        {"\"", "\"\"\"\""},
        {" ", "\" \""},
        {"", ""},
    };
    const char *const names[] = {"a", "b"};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char expected[64];
        struct page page;
        page_open(&page, WRITER_CSV, names, 2);
        writer_string(page.writer, cases[i].cell);
        writer_string(page.writer, "x");
        snprintf(expected, sizeof expected, "a,b\n%s,x\n", cases[i].written);
        page_close(&page, expected);
    }
}

/* Otherwise it would be a blank line, and readers skip those. */
static void test_csv_empty_cell_of_one_column(void **state) {
    (void)state;
    const char *const names[] = {"only"};
    struct page page;
    page_open(&page, WRITER_CSV, names, 1);
    writer_missing(page.writer);
    writer_string(page.writer, "");
    writer_number(page.writer, NAN);
    writer_integer(page.writer, 1);
    page_close(&page, "only\n\"\"\n\"\"\n\"\"\n1\n");
}

/* CSV hands bytes on as they are: identifiers must survive. Text formats for UTF-8 readers do
 * not. */
static void test_invalid_utf8(void **state) {
    (void)state;
    static const struct {
        enum writer_format format;
        const char *text;
    } cases[] = {
        {WRITER_CSV, "n\xc3\n\xff\xe5\xb0z\n"},
        {WRITER_JSON, "[\n{\"n\uFFFD\": \"\uFFFD\uFFFD\uFFFDz\"}\n]\n"},
        {WRITER_MARKDOWN, "| n\uFFFD   |\n| ---- |\n| \uFFFD\uFFFD\uFFFDz |\n"},
        {WRITER_TABLE, "n\uFFFD\n----\n\uFFFD\uFFFD\uFFFDz\n"},
    };
    const char *const names[] = {"n\xc3"};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct page page;
        page_open(&page, cases[i].format, names, 1);
        writer_string(page.writer, "\xff\xe5\xb0z");
        page_close(&page, cases[i].text);
    }
}

/* Another implementation reads back what was written, for every byte. */
static void test_json_reads_back(void **state) {
    (void)state;
    char cell[200];
    size_t n = 0;
    for (int c = 1; c < 128; c++)
        cell[n++] = (char)c;
    n += (size_t)snprintf(cell + n, sizeof cell - n, "é小\U0001F600");
    const char *const names[] = {"a \"b\"\\", "x", "inf"};
    struct page page;
    struct error err = {0};
    page_open(&page, WRITER_JSON, names, 3);
    writer_text(page.writer, (struct text){cell, n});
    writer_number(page.writer, 1e-7);
    writer_number(page.writer, INFINITY);
    assert_int_equal(writer_finish(page.writer, &err), 0);
    json_error_t why;
    json_t *array = json_loadb(page.bytes, page.length, 0, &why);
    assert_non_null(array);
    assert_int_equal(json_array_size(array), 1);
    const json_t *row = json_array_get(array, 0);
    const json_t *text = json_object_get(row, names[0]);
    assert_int_equal(json_string_length(text), n);
    assert_memory_equal(json_string_value(text), cell, n);
    assert_true(json_number_value(json_object_get(row, "x")) == 1e-7);
    assert_true(json_is_null(json_object_get(row, "inf")));
    json_decref(array);
    writer_destroy(page.writer);
    fclose(page.stream);
    free(page.bytes);
}

static void test_markdown_escapes(void **state) {
    (void)state;
    const char *const names[] = {"std_error", "_x_"};
    struct page page;
    page_open(&page, WRITER_MARKDOWN, names, 2);
    writer_string(page.writer, "a|b");
    writer_string(page.writer, "<b> &lt; AT&T");
    writer_string(page.writer, "1\n2\r\n3");
    writer_string(page.writer, "`*\\~[x](y)\x1b");
    page_close(&page, "| std_error   | \\_x\\_            |\n"
                      "| ----------- | ---------------- |\n"
                      "| a\\|b        | \\<b> \\&lt; AT&T  |\n"
                      "| 1<br>2<br>3 | \\`\\*\\\\\\~\\[x](y)  |\n");
}

/* What stands in a file must not move the cursor of the terminal it is shown on. */
static void test_table_shows_control_characters(void **state) {
    (void)state;
    const char *const names[] = {"a"};
    struct page page;
    page_open(&page, WRITER_TABLE, names, 1);
    writer_string(page.writer, "\x1b[2Jx\ny\tz\x7f\r");
    writer_string(page.writer, "\xc2\x9b"
                               "2J");
    page_close(&page, "a\n"
                      "--------------------\n"
                      "\\x1b[2Jx\\ny\\tz\\x7f\\r\n"
                      "\uFFFD2J\n");
}

static void test_integers(void **state) {
    (void)state;
    const char *const names[] = {"n"};
    struct page page;
    page_open(&page, WRITER_CSV, names, 1);
    writer_integer(page.writer, INT64_MIN);
    writer_integer(page.writer, INT64_MAX);
    writer_integer(page.writer, 0);
    page_close(&page, "n\n-9223372036854775808\n9223372036854775807\n0\n");
}

static void test_periods_and_infinity(void **state) {
    (void)state;
    const char *const names[] = {"period", "x"};
    struct page page;
    page_open(&page, WRITER_CSV, names, 2);
    writer_period(page.writer, period_of(PERIOD_MONTH, 20107));
    writer_number(page.writer, -INFINITY);
    page_close(&page, "period,x\n2025-01,-inf\n");
}

/* Cells longer than the writer's block, and more of them than it holds. */
static void test_large(void **state) {
    (void)state;
    const char *const names[] = {"a", "b"};
    enum { LONG = 200000, ROWS = 100000 };
    char *cell = malloc(LONG);
    assert_non_null(cell);
    memset(cell, '"', LONG);
    struct page page;
    struct error err = {0};
    page_open(&page, WRITER_CSV, names, 2);
    writer_text(page.writer, (struct text){cell, LONG});
    memset(cell, 'x', LONG);
    writer_text(page.writer, (struct text){cell, LONG});
    for (int i = 0; i < ROWS; i++) {
        writer_integer(page.writer, i);
        writer_string(page.writer, "y");
    }
    assert_int_equal(writer_finish(page.writer, &err), 0);
    assert_int_equal(writer_rows(page.writer), ROWS + 1);
    const char *at = page.bytes + 4;
    assert_int_equal(strspn(at, "\""), 2 * LONG + 2);
    at += 2 * LONG + 3;
    assert_int_equal(strspn(at, "x"), LONG);
    at += LONG + 1;
    for (int i = 0; i < ROWS; i++) {
        char *end;
        assert_int_equal(strtol(at, &end, 10), i);
        assert_memory_equal(end, ",y\n", 3);
        at = end + 3;
    }
    assert_ptr_equal(at, page.bytes + page.length);
    writer_destroy(page.writer);
    fclose(page.stream);
    free(page.bytes);
    free(cell);
}

static void test_copy_to_sheet(void **state) {
    (void)state;
    struct sheet sheet = {0};
    struct error err = {0};
    struct page page;
    page_open(&page, WRITER_JSON, measures, 5);
    assert_int_equal(writer_copy(page.writer, &sheet, &err), 0);
    write_measures(page.writer);
    assert_int_equal(sheet.rows, 2);
    assert_string_equal(sheet.names[4], "arpu");
    assert_string_equal(sheet_at(&sheet, 0, 1), "2025-01-19");
    assert_string_equal(sheet_at(&sheet, 0, 4), "1.25");
    assert_string_equal(sheet_at(&sheet, 1, 0), "小红书");
    assert_string_equal(sheet_at(&sheet, 1, 3), "");
    assert_int_equal(writer_finish(page.writer, &err), 0);
    writer_destroy(page.writer);
    fclose(page.stream);
    free(page.bytes);
    sheet_free(&sheet);
}

static void test_half_a_row_is_an_error(void **state) {
    (void)state;
    const char *const names[] = {"a", "b"};
    struct page page;
    struct error err = {0};
    page_open(&page, WRITER_CSV, names, 2);
    writer_integer(page.writer, 1);
    assert_int_equal(writer_finish(page.writer, &err), ERROR_SYSTEM);
    assert_string_equal(err.text, "row 1 has 1 cells, expected 2");
    writer_destroy(page.writer);
    fclose(page.stream);
    free(page.bytes);
}

static void test_full_disk(void **state) {
    (void)state;
    const char *const names[] = {"a"};
    static const enum writer_format formats[] = {WRITER_CSV, WRITER_TSV, WRITER_JSON,
                                                 WRITER_MARKDOWN, WRITER_TABLE};
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++) {
        struct error err = {0};
        struct writer *writer;
        FILE *full = fopen("/dev/full", "w");
        assert_non_null(full);
        assert_int_equal(writer_open(&writer, full, formats[i], names, 1, &err), 0);
        assert_false(writer_failed(writer));
        writer_integer(writer, 1);
        assert_int_equal(writer_finish(writer, &err), ERROR_SYSTEM);
        assert_true(writer_failed(writer));
        assert_string_equal(err.text, "cannot write the result: No space left on device");
        writer_destroy(writer);
        fclose(full);
    }
}

/* The first error sticks: a million further cells are no trouble. */
static void test_error_sticks(void **state) {
    (void)state;
    const char *const names[] = {"a"};
    struct error err = {0};
    struct writer *writer;
    FILE *full = fopen("/dev/full", "w");
    assert_non_null(full);
    assert_int_equal(writer_open(&writer, full, WRITER_CSV, names, 1, &err), 0);
    for (int i = 0; i < 1000000; i++)
        writer_integer(writer, i);
    assert_true(writer_failed(writer));
    assert_int_equal(writer_finish(writer, &err), ERROR_SYSTEM);
    writer_destroy(writer);
    fclose(full);
}

static void test_no_columns(void **state) {
    (void)state;
    struct error err = {0};
    struct writer *writer;
    assert_int_equal(writer_open(&writer, stderr, WRITER_CSV, NULL, 0, &err), ERROR_SYSTEM);
    assert_null(writer);
    writer_destroy(writer);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_csv),
        cmocka_unit_test(test_tsv),
        cmocka_unit_test(test_json),
        cmocka_unit_test(test_markdown),
        cmocka_unit_test(test_table),
        cmocka_unit_test(test_table_mixed_column),
        cmocka_unit_test(test_table_rounds_numbers),
        cmocka_unit_test(test_no_rows),
        cmocka_unit_test(test_csv_quotes_only_where_needed),
        cmocka_unit_test(test_csv_empty_cell_of_one_column),
        cmocka_unit_test(test_invalid_utf8),
        cmocka_unit_test(test_json_reads_back),
        cmocka_unit_test(test_markdown_escapes),
        cmocka_unit_test(test_table_shows_control_characters),
        cmocka_unit_test(test_integers),
        cmocka_unit_test(test_periods_and_infinity),
        cmocka_unit_test(test_large),
        cmocka_unit_test(test_copy_to_sheet),
        cmocka_unit_test(test_half_a_row_is_an_error),
        cmocka_unit_test(test_full_disk),
        cmocka_unit_test(test_error_sticks),
        cmocka_unit_test(test_no_columns),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
