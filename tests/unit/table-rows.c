/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the rows of well-formed files are. */
#include "tables.h"

static const struct table_column panel[] = {
    {.name = "platform", .type = TABLE_TEXT},
    {.name = "period", .type = TABLE_PERIOD},
    {.name = "users", .type = TABLE_INTEGER, .missing = true},
    {.name = "revenue", .type = TABLE_DECIMAL, .missing = true},
};

static void expect_panel(const char *csv, const char *expected) {
    struct buffer shown = {0};
    const char *path = tables_write("p.csv", text_of(csv));
    const struct table_options options = {.files = &path, .n_files = 1};
    tables_show(&shown, &options, panel, 4);
    assert_string_equal(shown.bytes, expected);
    buffer_free(&shown);
}

static void reads_a_panel(void **state) {
    (void)state;
    expect_panel("platform,period,users,revenue\n"
                 "TikTok,2025-01,500000,625000.00\n"
                 "RedNote,2025-Q1,,\n",
                 "p.csv:2|[TikTok]|2025-01|500000|625000\n"
                 "p.csv:3|[RedNote]|2025-Q1|NA|NA\n"
                 "rows 2, bad 0, blank 0\n");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_a_panel),
    };
    return cmocka_run_group_tests_name("table-rows", tests, tables_setup, tables_teardown);
}
