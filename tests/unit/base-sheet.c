/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Sheets. */
#include "base/sheet.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void add_row(struct sheet *sheet, size_t columns, const char *const *cells) {
    for (size_t column = 0; column < columns; column++)
        assert_int_equal(sheet_cell(sheet, text_of(cells[column]), NULL), 0);
}

static void holds_rows_of_text(void **state) {
    (void)state;
    struct sheet sheet = {0};
    char name[] = "platform";
    const char *names[] = {name, "users", "share"};
    assert_int_equal(sheet_start(&sheet, names, 3, NULL), 0);
    name[0] = 'X'; /* names are copies */
    assert_int_equal(sheet.rows, 0);
    add_row(&sheet, 3, (const char *[]){"TikTok", "500000", "0.25"});
    assert_int_equal(sheet.rows, 1);
    add_row(&sheet, 3, (const char *[]){"RedNote", "", "n/a"});
    assert_int_equal(sheet.rows, 2);
    assert_string_equal(sheet.names[0], "platform");
    assert_string_equal(sheet_at(&sheet, 0, 0), "TikTok");
    assert_string_equal(sheet_at(&sheet, 0, 2), "0.25");
    assert_string_equal(sheet_at(&sheet, 1, 1), "");
    sheet_free(&sheet);
    assert_int_equal(sheet.columns, 0);
}

static void a_row_counts_when_it_is_whole(void **state) {
    (void)state;
    struct sheet sheet = {0};
    const char *names[] = {"a", "b"};
    assert_int_equal(sheet_start(&sheet, names, 2, NULL), 0);
    for (size_t n = 1; n <= 1000; n++) {
        assert_int_equal(sheet_cell(&sheet, (struct text){"cells", n % 6}, NULL), 0);
        assert_int_equal(sheet.rows, n / 2);
        assert_int_equal(sheet.n_cells, n);
    }
    for (size_t n = 0; n < 1000; n++)
        assert_int_equal(strlen(sheet_at(&sheet, n / 2, n % 2)), (n + 1) % 6);
    sheet_free(&sheet);
}

static void finds_columns_by_name(void **state) {
    (void)state;
    struct sheet sheet = {0};
    const char *names[] = {"a", "b", "b", ""};
    size_t column = 42;
    assert_false(sheet_find(&sheet, "a", &column));
    assert_int_equal(sheet_start(&sheet, names, 4, NULL), 0);
    assert_false(sheet_find(&sheet, "A", &column));
    assert_int_equal(column, 42);
    assert_true(sheet_find(&sheet, "b", &column));
    assert_int_equal(column, 1);
    assert_true(sheet_find(&sheet, "", &column));
    assert_int_equal(column, 3);
    sheet_free(&sheet);
}

static void reads_cells_as_numbers(void **state) {
    (void)state;
    struct sheet sheet = {0};
    const char *names[] = {"x"};
    assert_int_equal(sheet_start(&sheet, names, 1, NULL), 0);
    const char *cells[] = {"1.5e3", "", "n/a", "nan", "-0.25", "1,5"};
    for (size_t i = 0; i < 6; i++)
        add_row(&sheet, 1, &cells[i]);
    double x = 42;
    assert_false(sheet_number(&sheet, 1, 0, &x));
    assert_false(sheet_number(&sheet, 2, 0, &x));
    assert_false(sheet_number(&sheet, 3, 0, &x));
    assert_false(sheet_number(&sheet, 5, 0, &x));
    assert_true(x == 42);
    assert_true(sheet_number(&sheet, 0, 0, &x) && x == 1500);
    assert_true(sheet_number(&sheet, 4, 0, &x) && x == -0.25);
    sheet_free(&sheet);
}

static void starts_again(void **state) {
    (void)state;
    struct sheet sheet = {0};
    const char *first[] = {"a", "b"}, *second[] = {"c"};
    assert_int_equal(sheet_start(&sheet, first, 2, NULL), 0);
    add_row(&sheet, 2, (const char *[]){"1", "2"});
    assert_int_equal(sheet_start(&sheet, second, 1, NULL), 0);
    assert_int_equal(sheet.rows, 0);
    add_row(&sheet, 1, (const char *[]){"3"});
    assert_string_equal(sheet.names[0], "c");
    assert_string_equal(sheet_at(&sheet, 0, 0), "3");
    struct error err = {0};
    assert_int_equal(sheet_start(&sheet, second, 0, &err), ERROR_DATA);
    assert_string_equal(err.text, "found a table without columns, expected at least one");
    sheet_free(&sheet);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(holds_rows_of_text),    cmocka_unit_test(a_row_counts_when_it_is_whole),
        cmocka_unit_test(finds_columns_by_name), cmocka_unit_test(reads_cells_as_numbers),
        cmocka_unit_test(starts_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
