/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Filling templates and making pages. */
#include "report/report.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/* A file of three columns, one of them hostile to Markdown. */
static int give_sheet(void *context, const char *name, const struct sheet **ret,
                      struct error *err) {
    static const char *const names[] = {"group", "value", "share of users"};
    static const char *const cells[] = {
        "a",          "625000", "0.125", "b", "-1234567.5", "0.00025",
        "*<b>x</b>|", "",       "1",     "d", "4600000000", "0.333333333333333315"};
    struct sheet *sheet = context;
    if (strcmp(name, "t.csv") != 0)
        return error_set(err, ERROR_SYSTEM, "cannot open '%s'", name);
    if (sheet->columns == 0) {
        assert_int_equal(sheet_start(sheet, names, 3, err), 0);
        for (int i = 0; i < 12; i++)
            assert_int_equal(sheet_cell(sheet, text_of(cells[i]), err), 0);
    }
    *ret = sheet;
    return 0;
}

static int give_bytes(void *context, const char *name, struct buffer *append, struct error *err) {
    (void)context;
    (void)err;
    buffer_text(append, strcmp(name, "one.svg") == 0 ? "<svg/>" : "ab");
    return 0;
}

static char *fill(const char *template, struct buffer *out, struct error *err) {
    struct sheet sheet = {0};
    struct report_files files = {give_sheet, give_bytes, &sheet};
    buffer_clear(out);
    *err = (struct error){0};
    int code = report_fill(text_of(template), "r.md", &files, out, err);
    assert_int_equal(code, err->code);
    sheet_free(&sheet);
    return code ? err->text : out->bytes;
}

static void check(const char *template, const char *expected) {
    struct buffer out = {0};
    struct error err;
    assert_string_equal(fill(template, &out, &err), expected);
    buffer_free(&out);
}

static void test_values(void **state) {
    (void)state;
    check("x {{t.csv: value where group = a | 2}} USD", "x 625,000.00 USD");
    check("{{ t.csv: value where group = a }}", "625000");
    check("{{t.csv: value where group = b | 0}}", "-1,234,568"); /* tie to even */
    check("{{t.csv: 'share of users' where group = a | percent 1}}", "12.5 %");
    check("{{t.csv: 'share of users' where group = b | percent 2}}", "0.02 %"); /* tie to even */
    check("{{t.csv: 'share of users' where group = d | percent 3}}", "33.333 %");
    check("{{t.csv: value where group = d | millions 1}}", "4,600.0 million");
    check("{{t.csv: sum value where group != b | 0}}", "4,600,625,000");
    check("{{t.csv: count where value > 0}}", "2");
    check("{{t.csv: count}}", "4");
    check("{{t.csv: first group}}{{t.csv: last group}}", "ad");
    check("{{t.csv: max 'share of users'}} {{t.csv: min value where group < b}}", "1 625000");
    check("{{t.csv: value where 'share of users' = 1 | 0 or 'not known'}}", "not known");
    check("\\{{literal}} \\{{t.csv: group}}", "{{literal}} {{t.csv: group}}");
    check("no lookup", "no lookup");
}

static void test_rounding(void **state) {
    (void)state;
    check("{{t.csv: value where group = b | 1}}", "-1,234,567.5");
    check("{{t.csv: value where group = b | 3}}", "-1,234,567.500");
    check("{{t.csv: value where group = a | millions 0}}", "1 million");
    check("{{t.csv: value where group = a | 9}}", "625,000.000000000");
}

static void test_texts_are_no_markup(void **state) {
    (void)state;
    check("{{t.csv: group where 'share of users' = 1}}", "\\*\\<b\\>x\\</b\\>\\|");
}

static void test_tables(void **state) {
    (void)state;
    check("{{table t.csv: group as Group; value as 'Value, USD' | 0 or '-' where value > 0}}",
          "| Group | Value, USD |\n| --- | ---: |\n| a | 625,000 |\n| d | 4,600,000,000 |\n");
    check("{{table t.csv: value or none where group >= a and group != b and group != d}}",
          "| value |\n| ---: |\n| 625000 |\n");
}

static void test_figures(void **state) {
    (void)state;
    check("{{t.csv: count}}\n{{figures}}",
          "4\n| figure | looked up as |\n| ---: | --- |\n| 4 | `t.csv: count` |\n");
}

static void test_errors(void **state) {
    (void)state;
    check("a\n b {{t.csv: valu where group = a}}",
          "r.md:2:4: t.csv has no column 'valu'; did you mean 'value'?");
    check("{{t.csv: value}}", "r.md:1:1: found 4 rows in t.csv, expected exactly one");
    check("{{t.csv: value where group = z}}",
          "r.md:1:1: found 0 rows in t.csv where group = z, expected exactly one");
    check("{{t.csv: first value where group = z}}",
          "r.md:1:1: found 0 rows in t.csv where group = z, expected at least one");
    check("{{table t.csv: value where group = z}}",
          "r.md:1:1: found 0 rows in t.csv where group = z, expected at least one");
    check("{{t.csv: group where value = 625000 | 2}}",
          "r.md:1:1: found 'a' in column 'group', expected a number to format");
    check("{{t.csv: sum group}}",
          "r.md:1:1: found 'a' in column 'group', expected a number to sum");
    check("{{t.csv: value where 'share of users' = 1}}",
          "r.md:1:1: the value of column 'value' is missing; say what to show instead: or '...'");
    check("{{u.csv: value}}", "r.md:1:1: cannot open 'u.csv'");
    check("{{t.csv value}}",
          "r.md:1:1: found no ':', expected FILE: COLUMN, such as loss.csv: revenue_lost");
    check("{{t.csv: value", "r.md:1:1: found {{ without its }}");
    check("{{t.csv: value where}}",
          "r.md:1:1: found the end of the lookup, expected a column to compare");
    check("{{t.csv: value where group}}",
          "r.md:1:1: found nothing behind 'group', expected one of = != < <= > >=");
    check("{{t.csv: value | many}}",
          "r.md:1:1: found many, expected a number of decimals from 0 to 9");
    check("{{t.csv: 'value}}", "r.md:1:1: found no closing ' in the lookup");
    check("{{t.csv: value group}}",
          "r.md:1:1: found 'group' in the lookup, expected where, | FORMAT, or TEXT or its end");
}

static void test_page(void **state) {
    (void)state;
    struct report_files files = {give_sheet, give_bytes, NULL};
    struct buffer out = {0};
    struct error err = {0};
    const char *markdown = "# A & *b*\n\n![cap \"q\"](one.svg)\n\ntext ![in](two.png) <script>x\n\n"
                           "<script>alert(1)</script>\n\n[l](javascript:x) [m](a/b:c)\n\n"
                           "| a |\n| ---: |\n| 1 |\n";
    assert_int_equal(report_page(text_of(markdown), &files, &out, &err), 0);
    assert_non_null(strstr(out.bytes, "<title>A &amp; b</title>"));
    assert_non_null(strstr(out.bytes, "<figure><img src=\"data:image/svg+xml;base64,PHN2Zy8+\" "
                                      "alt=\"cap &quot;q&quot;\"><figcaption>cap &quot;q&quot;"));
    assert_non_null(strstr(out.bytes, "text <img src=\"data:image/png;base64,YWI=\" alt=\"in\""));
    assert_non_null(strstr(out.bytes, "<td align=\"right\">1</td>"));
    assert_null(strstr(out.bytes, "<script"));
    assert_null(strstr(out.bytes, "javascript"));
    assert_non_null(strstr(out.bytes, "href=\"a/b:c\""));
    buffer_clear(&out);
    assert_int_equal(report_page(text_of("![x](http://a/b.svg)"), &files, &out, &err), ERROR_DATA);
    buffer_free(&out);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_values),
        cmocka_unit_test(test_rounding),
        cmocka_unit_test(test_texts_are_no_markup),
        cmocka_unit_test(test_tables),
        cmocka_unit_test(test_figures),
        cmocka_unit_test(test_errors),
        cmocka_unit_test(test_page),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
