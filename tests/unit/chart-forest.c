/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The shape `forest`: what it makes of rows with points and intervals, and that gnuplot draws it.
 */
#include "chart/chart.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Lines of cells between commas; the first are the names. */
static void fill(struct sheet *sheet, const char *csv) {
    struct error err = {0};
    char *copy = strdup(csv), *rest = copy, *line;
    const char *cells[32];
    assert_non_null(copy);
    *sheet = (struct sheet){0};
    for (bool first = true; (line = strsep(&rest, "\n")) && *line; first = false) {
        size_t n = 0;
        for (char *cell; (cell = strsep(&line, ","));)
            cells[n++] = cell;
        if (first)
            assert_int_equal(sheet_start(sheet, cells, n, &err), 0);
        for (size_t i = 0; i < n && !first; i++)
            assert_int_equal(sheet_cell(sheet, text_of(cells[i]), &err), 0);
    }
    free(copy);
}

/* Fills script and text, and draws the pictures too. */
static void draw(const char *csv, struct buffer *script, struct buffer *text) {
    static const enum chart_kind kinds[] = {CHART_GP, CHART_TXT, CHART_SVG, CHART_PNG, CHART_PDF};
    struct sheet sheet;
    struct error err = {0};
    struct buffer pictures[5] = {{0}};
    fill(&sheet, csv);
    for (size_t i = 0; i < 5; i++)
        if (chart_render("churn-drivers", &sheet, NULL, kinds[i], &pictures[i], &err))
            fail_msg("%s", err.text);
    for (size_t i = 2; i < 5; i++) {
        assert_true(pictures[i].length > 1000);
        buffer_free(&pictures[i]);
    }
    *script = pictures[0];
    *text = pictures[1];
    sheet_free(&sheet);
}

static void has(const struct buffer *where, const char *what) {
    if (!strstr(where->bytes, what))
        fail_msg("found no '%s' in:\n%s", what, where->bytes);
}

#define HEADER "term,hazard_ratio,lower,upper,p_value\n"

static void points_with_intervals(void **state) {
    (void)state;
    struct buffer script, text;
    draw(HEADER "age,1.011,0.993,1.029,0.2301\nkind=a (reference),,,,\nkind=b,0.5,0.25,0.98,1e-9\n",
         &script, &text);
    has(&script, "$interval << DATA\n0.993 1.029 1 1 0 0\n0.25 0.98 3 1 0 0\nDATA\n");
    has(&script, "$point << DATA\n1.011 1 1\n0.5 3 1\nDATA\n");
    /* Two significant digits of each interval's width. */
    has(&script, "array estimate_text[3] = ['1.011 (0.993 to 1.029)', '', '0.50 (0.25 to 0.98)']");
    has(&script, "array beside_text[3] = ['0.230', '', '<0.001']");
    has(&script, "array name_y[3] = [1, 2, 3]");
    has(&script, "array x_log[1] = [1]");
    has(&script, "reference = 1\n");
    has(&script, "Lines are confidence intervals");
    /* A row to a line, its numbers beside it. */
    has(&text, "kind=b");
    has(&text, "0.50 (0.25 to 0.98)");
    assert_null(strstr(script.bytes, "An arrow"));
    buffer_free(&script);
    buffer_free(&text);
}

/* One interval that is far wider than the others is cut, and the caption says so; its numbers have
 * digits of their own. */
static void wide_intervals_are_cut(void **state) {
    (void)state;
    struct buffer script, text;
    draw(HEADER "a,1.1,1,1.21,0.05\nb,1.2,1,1.44,0.05\nc,1.65,0.0046,590,0.87\n", &script, &text);
    has(&script, "1.65 (0.0046 to 590)");
    has(&script, " 3 1 1 1\nDATA\n");
    has(&script, "An arrow: the interval goes on beyond the axis");
    buffer_free(&script);
    buffer_free(&text);
}

/* What is not above 0 has no place on a logarithmic axis; a bound that is not goes on below. */
static void nothing_at_zero(void **state) {
    (void)state;
    struct buffer script, text;
    draw(HEADER "a,0,0,1.2,\nb,1.2,0,1.5,\nc,2,,,\n", &script, &text);
    has(&script, "$point << DATA\n1.2 2 1\n2 3 1\nDATA\n");
    has(&script, " 1.5 2 1 1 0\nDATA\n");
    has(&script, "has_beside = 0\n");
    buffer_free(&script);
    buffer_free(&text);
}

static void groups_and_panels(void **state) {
    (void)state;
    struct buffer script, text;
    draw(
        "term,destination,model,hazard_ratio,lower,upper\nage,X,crude,1.1,1,1.2\nsex,X,crude,2,1,4\n"
        "age,X,full,1.3,1.1,1.5\nsex,Y,full,1.5,1.2,1.9\n",
        &script, &text);
    has(&script, "n_panels = 2\n");
    has(&script, "array panel_name[2] = ['X', 'Y']");
    /* Rows of one name stand together: age, age, a little space, sex. */
    has(&script, "$point << DATA\n1.1 1 1\n1.3 2 2\n2 3.5 1\n\n\n1.5 1 2\nDATA\n");
    has(&script, "array name_text[3] = ['age', 'sex', 'sex']");
    has(&script, "array name_y[3] = [1.5, 3.5, 1]");
    has(&script, "array name_last[2] = [2, 3]");
    has(&script, "n_legend = 2\n");
    buffer_free(&script);
    buffer_free(&text);
}

static void many_rows(void **state) {
    (void)state;
    struct buffer csv = {0}, script, text;
    buffer_text(&csv, HEADER);
    for (int i = 0; i < 100; i++)
        buffer_format(&csv, "term %d,%g,%g,%g,0.5\n", i, 1 + i * .01, .9 + i * .01, 1.1 + i * .01);
    draw(csv.bytes, &script, &text);
    has(&script, "60 of 100 rows shown");
    has(&text, "14 of");
    buffer_free(&csv);
    buffer_free(&script);
    buffer_free(&text);
}

static void refused(void **state) {
    (void)state;
    struct sheet sheet;
    struct buffer picture = {0};
    struct error err = {0};
    fill(&sheet, HEADER "a,,1,2,\n");
    assert_int_equal(chart_render("churn-drivers", &sheet, NULL, CHART_SVG, &picture, &err),
                     ERROR_DATA);
    assert_string_equal(err.text,
                        "column 'hazard_ratio' holds no number: there is nothing to draw");
    sheet_free(&sheet);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(points_with_intervals),
        cmocka_unit_test(wide_intervals_are_cut),
        cmocka_unit_test(nothing_at_zero),
        cmocka_unit_test(groups_and_panels),
        cmocka_unit_test(many_rows),
        cmocka_unit_test(refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
