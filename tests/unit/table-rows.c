/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is a row of a file and what is not: the contract of docs/csv.md, trap by trap. */
#include "tables.h"

static const struct table_column panel[] = {
    {.name = "platform", .type = TABLE_TEXT},
    {.name = "period", .type = TABLE_PERIOD},
    {.name = "users", .type = TABLE_INTEGER, .missing = true},
    {.name = "revenue", .type = TABLE_DECIMAL, .missing = true},
};

static const struct table_column two_texts[] = {
    {.name = "a", .type = TABLE_TEXT, .missing = true},
    {.name = "b", .type = TABLE_TEXT, .missing = true},
};

static void expect(struct text csv, const struct table_options *like,
                   const struct table_column *columns, size_t n, const char *expected) {
    struct buffer shown = {0};
    struct table_options options = like ? *like : (struct table_options){0};
    const char *path = tables_write("p.csv", csv);
    options.files = &path;
    options.n_files = 1;
    tables_show(&shown, &options, columns, n);
    assert_string_equal(shown.bytes, expected);
    buffer_free(&shown);
}

static void expect_texts(const char *csv, const char *expected) {
    expect(text_of(csv), NULL, two_texts, 2, expected);
}

static void expect_panel(const char *csv, const char *expected) {
    expect(text_of(csv), NULL, panel, 4, expected);
}

#define BYTES(literal) ((struct text){literal, sizeof(literal) - 1})

static void reads_a_panel(void **state) {
    (void)state;
    expect_panel("platform,period,users,revenue\n"
                 "TikTok,2025-01,500000,625000.00\n"
                 "RedNote,2025-Q1,,\n",
                 "p.csv:2|[TikTok]|2025-01|500000|625000\n"
                 "p.csv:3|[RedNote]|2025-Q1|NA|NA\n"
                 "rows 2, bad 0, blank 0\n");
}

static void takes_columns_in_any_order_and_leaves_others(void **state) {
    (void)state;
    expect_panel("note,revenue,users,period,more,platform\n"
                 "x,1,2,2025,\xFF,TikTok\n", /* not UTF-8, in a column nobody asked for */
                 "p.csv:2|[TikTok]|2025|2|1\n"
                 "rows 1, bad 0, blank 0\n");
}

static void reads_every_type(void **state) {
    (void)state;
    const struct table_column columns[] = {
        {.name = "t", .type = TABLE_TEXT},   {.name = "i", .type = TABLE_INTEGER},
        {.name = "n", .type = TABLE_NUMBER}, {.name = "d", .type = TABLE_DECIMAL},
        {.name = "day", .type = TABLE_DATE}, {.name = "p", .type = TABLE_PERIOD},
        {.name = "t", .type = TABLE_TEXT}, /* a column may be asked for twice */
    };
    expect(text_of("t,i,n,d,day,p\n"
                   "007, -12 ,1e-3,\t0.000001,2025-01-19T12:00:00Z,2025-W03\n"),
           NULL, columns, 7,
           "p.csv:2|[007]|-12|0.001|0.000001|2025-01-19|2025-W03|[007]\n"
           "rows 1, bad 0, blank 0\n");
}

/* A period that stands below itself, also with a missing one or blanks between. */
static void periods_repeat(void **state) {
    (void)state;
    const struct table_column columns[] = {{.name = "p", .type = TABLE_PERIOD, .missing = true},
                                           {.name = "x", .type = TABLE_TEXT}};
    expect(text_of("p,x\n2025-01,a\n2025-01,b\n,c\n2025-01,d\n2024-W52,e\n 2025-01,f\n2024-W52,g\n"
                   "2025,h\n2025-01,i\n"),
           NULL, columns, 2,
           "p.csv:2|2025-01|[a]\np.csv:3|2025-01|[b]\np.csv:4|NA|[c]\np.csv:5|2025-01|[d]\n"
           "p.csv:6|2024-W52|[e]\np.csv:7|2025-01|[f]\np.csv:8|2024-W52|[g]\n"
           "p.csv:9|2025|[h]\np.csv:10|2025-01|[i]\nrows 9, bad 0, blank 0\n");
}

static void a_header_alone_is_a_table(void **state) {
    (void)state;
    expect_texts("a,b\n", "rows 0, bad 0, blank 0\n");
    expect_texts("a,b", "rows 0, bad 0, blank 0\n");
    expect_texts("a,b\n\n\r\n", "rows 0, bad 0, blank 2\n");
}

static void a_file_without_a_line_is_an_error(void **state) {
    (void)state;
    expect_texts("", "error 1: p.csv:1: found no line, expected a header\n");
    expect_texts("\n\r\n", "error 1: p.csv:3: found no line, expected a header\n");
    expect_texts("\xEF\xBB\xBF", "error 1: p.csv:1: found no line, expected a header\n");
}

static void ends_lines_by_lf_or_cr_lf(void **state) {
    (void)state;
    const char *expected = "p.csv:2|[1]|[2]\np.csv:3|[3]|[4]\nrows 2, bad 0, blank 0\n";
    expect_texts("a,b\n1,2\n3,4\n", expected);
    expect_texts("a,b\r\n1,2\r\n3,4\r\n", expected);
    expect_texts("a,b\r\n1,2\n3,4", expected);
    expect_texts("a,b\r\n1,2\n3,4\r", expected); /* the half of a line end that is left */
    expect_texts("a,b\n\"1\",2\r\n3,\"4\"\r\n", expected);
}

/* libcsv would end a row here, or drop the CR. */
static void a_cr_elsewhere_is_a_byte(void **state) {
    (void)state;
    expect_texts("a,b\n1\r,2\n", "p.csv:2|[1\r]|[2]\nrows 1, bad 0, blank 0\n");
    expect_texts("a,b\n1,2\r\r\n", "p.csv:2|[1]|[2\r]\nrows 1, bad 0, blank 0\n");
    expect_texts("a,b\n\"x\r\",2\n", "p.csv:2|[x\r]|[2]\nrows 1, bad 0, blank 0\n");
}

/* libcsv passes blank lines over, so that its rows are not lines. */
static void blank_lines_count_as_lines(void **state) {
    (void)state;
    expect_texts("\n\r\na,b\n\n1,2\n\r\n3,4\n\n",
                 "p.csv:5|[1]|[2]\np.csv:7|[3]|[4]\nrows 2, bad 0, blank 5\n");
    expect_texts("a,b\n\"x\n\ny\",2\n\n3,4\n", /* no blank line inside quotes */
                 "p.csv:2|[x\n\ny]|[2]\np.csv:6|[3]|[4]\nrows 2, bad 0, blank 1\n");
    expect_texts("a,b\n \n", "error 1: p.csv:2: found 1 field, expected 2 (a,b)\n");
}

/* libcsv strips them from fields without quotes. */
static void keeps_outer_blanks_of_text(void **state) {
    (void)state;
    expect_texts("a,b\n x ,\ty\n", "p.csv:2|[ x ]|[\ty]\nrows 1, bad 0, blank 0\n");
    expect_texts("a,b\n\" x \", \n", "p.csv:2|[ x ]|[ ]\nrows 1, bad 0, blank 0\n");
}

/* Quotes are how a cell travels, not what it means: a file in which every cell is quoted says the
 * same as one without. libcsv tells "" and nothing apart; a line of nothing is no row, though. */
static void quotes_do_not_change_meaning(void **state) {
    (void)state;
    expect_texts("a,b\n\"\",\n,\"\"\n", "p.csv:2|NA|NA\np.csv:3|NA|NA\nrows 2, bad 0, blank 0\n");
    expect_panel("\"platform\",\"period\",\"users\",\"revenue\"\n"
                 "\"TikTok\",\"2025-01\",\"500000\",\"625000.00\"\n"
                 "\"RedNote\",\"2025-Q1\",\"\",\"\"\n",
                 "p.csv:2|[TikTok]|2025-01|500000|625000\n"
                 "p.csv:3|[RedNote]|2025-Q1|NA|NA\n"
                 "rows 2, bad 0, blank 0\n");
    const struct table_column one[] = {{.name = "a", .type = TABLE_TEXT, .missing = true}};
    expect(text_of("a\n\"\"\n\nx\n"), NULL, one, 1,
           "p.csv:2|NA\np.csv:4|[x]\nrows 2, bad 0, blank 1\n");
}

static void reads_quoted_fields(void **state) {
    (void)state;
    expect_texts("a,b\n\"x,y\",\"say \"\"hi\"\"\"\n",
                 "p.csv:2|[x,y]|[say \"hi\"]\nrows 1, bad 0, blank 0\n");
    expect_texts("a,b\n\"1\r\n2\n3\",x\ny,z\n",
                 "p.csv:2|[1\r\n2\n3]|[x]\np.csv:5|[y]|[z]\nrows 2, bad 0, blank 0\n");
    expect_texts("a,b\n\"\"\"\",\"\"\"\"\"\"\n", "p.csv:2|[\"]|[\"\"]\nrows 1, bad 0, blank 0\n");
    expect_texts("\"a\",\"b\"\n\"\n\",\"\"\n", "p.csv:2|[\n]|NA\nrows 1, bad 0, blank 0\n");
}

static void refuses_misplaced_quotes(void **state) {
    (void)state;
    expect_texts("a,b\n5\" disk,2\n",
                 "error 1: p.csv:2:1: found a quote inside a field that does not start with one, "
                 "expected the whole field in quotes and its own quotes doubled\n");
    expect_texts("a,b\n1, \"2\"\n",
                 "error 1: p.csv:2:2: found a quote inside a field that does not start with one, "
                 "expected the whole field in quotes and its own quotes doubled\n");
    expect_texts("a,b\n1,2\n\"x\" ,4\n",
                 "error 1: p.csv:3:1: found ' ' behind a closing quote, expected ',' or the end of "
                 "the line (quotes within a field are doubled)\n");
    expect_texts("a,b\n1,\"x\"y\n",
                 "error 1: p.csv:2:2: found 'y' behind a closing quote, expected ',' or the end of "
                 "the line (quotes within a field are doubled)\n");
    /* It takes all lines up to the next quote with it: that is said. */
    expect_texts("a,b\n5\" disk,2\n3,4\n3\" disk,6\n",
                 "error 1: p.csv:2:1: found a quote inside a field that does not start with one, "
                 "expected the whole field in quotes and its own quotes doubled; the row ends on "
                 "line 4\n");
}

/* libcsv lets it pass unless it is strict at the end as well, and that is checked. */
static void refuses_an_open_quote(void **state) {
    (void)state;
    expect_texts(
        "a,b\n1,\"2\n",
        "error 1: p.csv:2:2: found a quote that opens and is not closed, expected one more "
        "before the end of the file\n");
    expect_texts(
        "a,b\n1,\"2",
        "error 1: p.csv:2:2: found a quote that opens and is not closed, expected one more "
        "before the end of the file\n");
    expect_texts("a,b\n\"", "error 1: p.csv:2:1: found a quote that opens and is not closed, "
                            "expected one more before the end of the file\n");
    expect_texts(
        "a,b\n1,\"2\n3,4\n5,6\n",
        "error 1: p.csv:2:2: found a quote that opens and is not closed, expected one more "
        "before the end of the file; the row ends on line 4\n");
    expect_texts("a,\"b\n1,2\n",
                 "error 1: p.csv:1: found a quote in the header that is not closed\n");
}

static void refuses_ragged_rows(void **state) {
    (void)state;
    expect_texts("a,b\n1,2\n1,2,3\n", "error 1: p.csv:3: found 3 fields, expected 2 (a,b)\n");
    expect_texts("a,b\n1\n", "error 1: p.csv:2: found 1 field, expected 2 (a,b)\n");
    expect_texts("a,b\n\"1,2\"\n", "error 1: p.csv:2: found 1 field, expected 2 (a,b)\n");
    expect_texts("a,b\n1,2,\n", "error 1: p.csv:2: found 3 fields, expected 2 (a,b)\n");
    expect_texts("a,b\n\"1\",\"2\",\"\"\n", "error 1: p.csv:2: found 3 fields, expected 2 (a,b)\n");
}

static void refuses_nul(void **state) {
    (void)state;
    expect(BYTES("a,b\n1,2\n1,\0\n"), NULL, two_texts, 2,
           "error 1: p.csv:3: found a NUL byte, expected text\n");
    expect(BYTES("a,b,c\n1,2,\"\0\"\n"), NULL, two_texts, 2,
           "error 1: p.csv:2: found a NUL byte, expected text\n");
}

static void refuses_bytes_that_are_not_utf8(void **state) {
    (void)state;
    expect_texts("a,b\n1,2\ncaf\xE9,2\n",
                 "error 1: p.csv:3:1: found 'caf\\xE9' in column 'a': bytes that are not UTF-8, "
                 "expected UTF-8 (convert the file with iconv -t UTF-8)\n");
    expect_texts("a,b\n1,\"caf\xE9\"\n",
                 "error 1: p.csv:2:2: found 'caf\\xE9' in column 'b': bytes that are not UTF-8, "
                 "expected UTF-8 (convert the file with iconv -t UTF-8)\n");
    expect_texts("a,b\xE9\n", "error 1: p.csv:1: found bytes that are not UTF-8 in the header, "
                              "expected UTF-8 (convert the file with iconv -t UTF-8)\n");
}

/* A mark before a quoted header would break libcsv: the quote is then inside a field. */
static void drops_the_byte_order_mark(void **state) {
    (void)state;
    const char *expected = "p.csv:2|[1]|[2]\nrows 1, bad 0, blank 0\n";
    expect_texts("\xEF\xBB\xBF"
                 "a,b\n1,2\n",
                 expected);
    expect_texts("\xEF\xBB\xBF\"a\",\"b\"\n1,2\n", expected);
    expect_texts("\xEF\xBB\xBF\na,b\n1,2\n", "p.csv:3|[1]|[2]\nrows 1, bad 0, blank 1\n");
    /* Only there. */
    expect_texts("a,b\n\xEF\xBB\xBF"
                 "1,2\n",
                 "p.csv:2|[\xEF\xBB\xBF"
                 "1]|[2]\nrows 1, bad 0, blank 0\n");
}

static void names_other_kinds_of_text(void **state) {
    (void)state;
    expect(BYTES("\xFF\xFE"
                 "a\0,\0b\0\n\0"),
           NULL, two_texts, 2,
           "error 1: p.csv:1: found UTF-16, expected UTF-8 (convert the file with iconv -f UTF-16 "
           "-t UTF-8)\n");
    expect(BYTES("\xFE\xFF\0a\0,\0b\0\n"), NULL, two_texts, 2,
           "error 1: p.csv:1: found UTF-16, expected UTF-8 (convert the file with iconv -f UTF-16 "
           "-t UTF-8)\n");
    expect(BYTES("a\0,\0b\0\n\0"), NULL, two_texts, 2,
           "error 1: p.csv:1: found a NUL byte in the header, expected text (UTF-16? convert it "
           "with iconv -f UTF-16 -t UTF-8)\n");
    expect_texts("a,b\r1,2\r",
                 "error 1: p.csv:1: found a line that ends in CR alone, expected LF or CR LF "
                 "(convert the file with tr '\\r' '\\n')\n");
    expect_texts("PK\x03\x04rest", "error 1: p.csv: found a zip archive or an .xlsx workbook, "
                                   "expected CSV, plain or by gzip or zstd\n");
}

static void reports_the_leftmost_bad_cell(void **state) {
    (void)state;
    expect_panel("revenue,users,period,platform\n1.2.3,x,y,\n",
                 "error 1: p.csv:2:1: found '1.2.3' in column 'revenue', expected a decimal "
                 "number\n");
    expect_panel("platform,period,users,revenue\n,2025,1,1\n",
                 "error 1: p.csv:2:1: found an empty cell in column 'platform', expected text\n");
    expect_panel("platform,period,users,revenue\nx,,1,1\n",
                 "error 1: p.csv:2:2: found an empty cell in column 'period', expected a period as "
                 "YYYY, YYYY-MM, YYYY-Qn, YYYY-Wnn or YYYY-MM-DD\n");
}

static void takes_other_delimiters_and_marks(void **state) {
    (void)state;
    const char *expected = "p.csv:2|[a]|2025-01|1|1.5\nrows 1, bad 0, blank 0\n";
    struct table_options options = {.delimiter = ';', .decimal_mark = ','};
    expect(text_of("platform;period;users;revenue\na;2025-01;1;1,5\n"), &options, panel, 4,
           expected);
    options = (struct table_options){.delimiter = '\t'};
    expect(text_of("platform\tperiod\tusers\trevenue\na\t2025-01\t 1\t1.5\n"), &options, panel, 4,
           expected);
    options = (struct table_options){.decimal_mark = ','};
    expect(text_of("platform,period,users,revenue\na,2025-01,1,\"1,5\"\n"), &options, panel, 4,
           expected);
    options = (struct table_options){.delimiter = ' '};
    expect(text_of("a b\n\"x y\"  \n"), &options, two_texts, 2,
           "error 1: p.csv:2: found 3 fields, expected 2 (a,b)\n");
}

static void takes_texts_that_mean_missing(void **state) {
    (void)state;
    static const char *const na[] = {"NA", "-"};
    const struct table_options options = {.na = na, .n_na = 2};
    expect(text_of("platform,period,users,revenue\nx,2025,NA, - \ny,2025,\"NA\",1\n"), &options,
           panel, 4, "p.csv:2|[x]|2025|NA|NA\np.csv:3|[y]|2025|NA|1\nrows 2, bad 0, blank 0\n");
    expect(text_of("platform,period,users,revenue\nNA,2025,1,1\n"), &options, panel, 4,
           "error 1: p.csv:2:1: found 'NA', a missing value, in column 'platform', expected "
           "text\n");
}

static void checks_options(void **state) {
    (void)state;
    struct table_options options = {.delimiter = '"'};
    expect(text_of("a,b\n"), &options, two_texts, 2,
           "error 2: --delimiter: found a quote or a line end, expected another character\n");
    options = (struct table_options){.decimal_mark = ';'};
    expect(text_of("a,b\n"), &options, two_texts, 2,
           "error 2: --decimal: found ';', expected '.' or ','\n");
}

static void wide_and_long_rows(void **state) {
    (void)state;
    struct buffer csv = {0}, shown = {0};
    for (int i = 0; i < 5000; i++)
        buffer_format(&csv, "%sc%d", i ? "," : "", i);
    buffer_byte(&csv, '\n');
    for (int i = 0; i < 5000; i++)
        buffer_format(&csv, "%s%d", i ? "," : "", i);
    const struct table_column columns[] = {{.name = "c4999", .type = TABLE_INTEGER},
                                           {.name = "c0", .type = TABLE_INTEGER}};
    expect((struct text){csv.bytes, csv.length}, NULL, columns, 2,
           "p.csv:2|4999|0\nrows 1, bad 0, blank 0\n");
    /* A cell above libcsv's buffer growth and above the usual block. */
    buffer_clear(&csv);
    buffer_text(&csv, "a,b\n\"");
    for (int i = 0; i < 3000000; i++)
        buffer_text(&csv, i % 100 == 0 ? "\n" : "x");
    buffer_text(&csv, "\",end\n");
    const char *path = tables_write("long.csv", (struct text){csv.bytes, csv.length});
    const struct table_options options = {.files = &path, .n_files = 1};
    tables_show(&shown, &options, two_texts, 2);
    const char *tail = "|[end]\nrows 1, bad 0, blank 0\n";
    assert_int_equal(shown.length, strlen("long.csv:2|[]") + 3000000 + strlen(tail));
    assert_string_equal(shown.bytes + shown.length - strlen(tail), tail);
    buffer_free(&csv);
    buffer_free(&shown);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_a_panel),
        cmocka_unit_test(takes_columns_in_any_order_and_leaves_others),
        cmocka_unit_test(reads_every_type),
        cmocka_unit_test(periods_repeat),
        cmocka_unit_test(a_header_alone_is_a_table),
        cmocka_unit_test(a_file_without_a_line_is_an_error),
        cmocka_unit_test(ends_lines_by_lf_or_cr_lf),
        cmocka_unit_test(a_cr_elsewhere_is_a_byte),
        cmocka_unit_test(blank_lines_count_as_lines),
        cmocka_unit_test(keeps_outer_blanks_of_text),
        cmocka_unit_test(quotes_do_not_change_meaning),
        cmocka_unit_test(reads_quoted_fields),
        cmocka_unit_test(refuses_misplaced_quotes),
        cmocka_unit_test(refuses_an_open_quote),
        cmocka_unit_test(refuses_ragged_rows),
        cmocka_unit_test(refuses_nul),
        cmocka_unit_test(refuses_bytes_that_are_not_utf8),
        cmocka_unit_test(drops_the_byte_order_mark),
        cmocka_unit_test(names_other_kinds_of_text),
        cmocka_unit_test(reports_the_leftmost_bad_cell),
        cmocka_unit_test(takes_other_delimiters_and_marks),
        cmocka_unit_test(takes_texts_that_mean_missing),
        cmocka_unit_test(checks_options),
        cmocka_unit_test(wide_and_long_rows),
    };
    return cmocka_run_group_tests_name("table-rows", tests, tables_setup, tables_teardown);
}
