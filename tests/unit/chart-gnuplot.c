/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Running gnuplot, and the last touches to what it draws. */
#include "chart/finish.h"
#include "chart/gnuplot.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static int run(const char *script, struct buffer *picture, struct error *err) {
    *err = (struct error){0};
    buffer_clear(picture);
    return gnuplot_run(text_of(script), picture, err);
}

static void draws(void **state) {
    (void)state;
    struct buffer picture = {0};
    struct error err;
    assert_int_equal(run("set term dumb 40 10\nplot x\n", &picture, &err), 0);
    assert_non_null(strchr(picture.bytes, '*'));
    buffer_free(&picture);
}

static void fails_with(const char *script, const char *words) {
    struct buffer picture = {0};
    struct error err;
    assert_int_equal(run(script, &picture, &err), ERROR_SYSTEM);
    assert_non_null(strstr(err.text, words));
    assert_null(strchr(err.text, '\n'));
    buffer_free(&picture);
}

static void complaints_are_errors(void **state) {
    (void)state;
    fails_with("set term dumb\nplot no_such_thing\n", "undefined variable: no_such_thing");
    /* gnuplot only warns of these, and ends with status 0. */
    fails_with("set term dumb\nplot x, 'no-such-file'\n", "no-such-file");
    fails_with("set term dumb\nset yrange [0:1]\n$d << E\n1 NaN\nE\nplot $d\n", "Warning");
    fails_with("a = 1\n", "gnuplot drew nothing");
    fails_with("exit status 7\n", "gnuplot ended with status 7");
}

static void nothing_around_changes_it(void **state) {
    (void)state;
    char home[] = "/tmp/sojourn-gnuplot-XXXXXX", path[64];
    assert_non_null(mkdtemp(home));
    snprintf(path, sizeof path, "%s/.gnuplot", home);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs("print 'the start-up file was read'\n", file);
    fclose(file);
    struct buffer picture = {0};
    struct error err;
    assert_int_equal(setenv("HOME", home, 1), 0);
    setenv("GNUTERM", "no-such-terminal", 1);
    setenv("GNUPLOT_LIB", home, 1);
    assert_int_equal(run("set print '-'\nprint system('env | sort')\n", &picture, &err), 0);
    assert_null(strstr(picture.bytes, "GNU"));
    assert_null(strstr(picture.bytes, "start-up"));
    assert_non_null(strstr(picture.bytes, "HOME=/nonexistent\n"));
    assert_non_null(strstr(picture.bytes, "LC_ALL=C.UTF-8\n"));
    /* Nothing to read, nothing else open. */
    assert_int_equal(
        run("set print '-'\nprint system('cat; ls /proc/self/fd | wc -w')\n", &picture, &err), 0);
    assert_true(strtol(picture.bytes, NULL, 10) <= 6);
    unlink(path);
    rmdir(home);
    buffer_free(&picture);
}

static void a_missing_gnuplot_is_named(void **state) {
    (void)state;
    struct buffer picture = {0};
    struct error err;
    const char *before = getenv("PATH");
    char *path = strdup(before ? before : "/usr/bin");
    assert_non_null(path);
    setenv("PATH", "/nonexistent", 1);
    assert_int_equal(run("plot x\n", &picture, &err), ERROR_SYSTEM);
    assert_non_null(strstr(err.text, "install gnuplot"));
    setenv("PATH", path, 1);
    free(path);
    buffer_free(&picture);
}

/* ---- Last touches -------------------------------------------------------------------------- */

static void touch_svg(void **state) {
    (void)state;
    struct buffer picture = {0};
    struct error err = {0};
    buffer_text(&picture, "<svg>\n<title>Gnuplot</title>\n<desc>Produced by GNUPLOT 5.4 </desc>\n"
                          "<g font-family=\"DejaVu Sans\" font-size=\"9\">\n"
                          "\t\t<text>font-family=\"DejaVu Sans\" <title></text>\n"
                          "\t<g id=\"gnuplot_plot_1\" ><title>$d using 1</title>\n</svg>\n");
    assert_int_equal(finish_svg(&picture, text_of("a < b & c"), &err), 0);
    assert_string_equal(
        picture.bytes,
        "<svg>\n<title>a &lt; b &amp; c</title>\n"
        "<g font-family=\"DejaVu Sans, Verdana, Noto Sans CJK SC, sans-serif\" font-size=\"9\">\n"
        "\t\t<text>font-family=\"DejaVu Sans\" <title></text>\n"
        "\t<g id=\"gnuplot_plot_1\" >\n</svg>\n");
    buffer_free(&picture);
}

static void touch_pdf(void **state) {
    (void)state;
    struct buffer picture = {0};
    struct error err = {0};
    buffer_append(&picture, "%PDF\0/CreationDate (D:20250119123456Z)\nend", 43);
    assert_int_equal(finish_pdf(&picture, &err), 0);
    assert_memory_equal(picture.bytes, "%PDF\0/CreationDate (D:19700101000000Z)\nend", 43);
    buffer_clear(&picture);
    buffer_text(&picture, "%PDF without a date");
    assert_int_equal(finish_pdf(&picture, &err), ERROR_SYSTEM);
    buffer_free(&picture);
}

static void touched_text_is(const char *before, const char *after) {
    struct buffer picture = {0};
    struct error err = {0};
    buffer_text(&picture, before);
    assert_int_equal(finish_text(&picture, &err), 0);
    assert_string_equal(picture.bytes, after);
    buffer_free(&picture);
}

static void touch_text(void **state) {
    (void)state;
    touched_text_is("\f\n   \n  one  \n\n two\n   \n", "  one\n\n two\n");
    touched_text_is("no line end", "no line end\n");
    /* Three characters of two columns: three blanks too many behind them. */
    touched_text_is("小红书     |\n         |\n", "小红书  |\n         |\n");
    /* Two blanks belong to a label; the gap comes later. */
    touched_text_is("小红  52     *\n", "小红  52   *\n");
    /* No more than there are: one blank stays. */
    touched_text_is("小红书   |\n", "小红书 |\n");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(draws),
        cmocka_unit_test(complaints_are_errors),
        cmocka_unit_test(nothing_around_changes_it),
        cmocka_unit_test(a_missing_gnuplot_is_named),
        cmocka_unit_test(touch_svg),
        cmocka_unit_test(touch_pdf),
        cmocka_unit_test(touch_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
