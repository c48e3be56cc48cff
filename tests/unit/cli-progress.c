/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The progress bar: what it shows, where, and that it leaves nothing behind. */
#include "cli/progress.h"
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cmocka.h>

static void test_bar(void **state) {
    (void)state;
    static const struct {
        uint64_t done, total;
        double elapsed;
        int width;
        const char *text;
    } cases[] = {
        {0, 100, 0, 60, "reading  [                            ]   0 %"},
        {50, 100, 30, 60, "reading  [==============              ]  50 %  0:30 left"},
        {1, 4, 1234, 60, "reading  [=======                     ]  25 %  1:01:42 left"},
        {100, 100, 30, 60, "reading  [============================] 100 %"},
        {200, 100, 30, 60, "reading  [============================] 100 %"},
        {1, 1000000000, 3600, 60, "reading  [                            ]   0 %  99:59:59 left"},
        {50, 100, 30, 20, "reading  50 %"},
        {50, 100, 30, 1000, "reading  [====================                    ]  50 %  0:30 left"},
        {7, 0, 12.4, 60, "reading  12 s"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[PROGRESS_TEXT];
        progress_format("reading", cases[i].done, cases[i].total, cases[i].elapsed, cases[i].width,
                        text);
        assert_string_equal(text, cases[i].text);
    }
}

/* Standard error, replaced by `file` while `draw` runs, as bytes. */
static void capture(int file, void (*draw)(void), int read_from, char *text, size_t size) {
    fflush(stderr);
    const int kept = dup(STDERR_FILENO);
    assert_true(kept >= 0 && dup2(file, STDERR_FILENO) >= 0);
    draw();
    fflush(stderr);
    assert_true(dup2(kept, STDERR_FILENO) >= 0);
    close(kept);
    size_t n = 0;
    ssize_t got;
    while (n + 1 < size && (got = read(read_from, text + n, size - 1 - n)) > 0)
        n += (size_t)got;
    text[n] = '\0';
}

static void capture_log(void (*draw)(void), char *text, size_t size) {
    FILE *file = tmpfile();
    assert_non_null(file);
    /* The same open file: what was written is read from the start by its own offset. */
    char path[64];
    snprintf(path, sizeof path, "/dev/fd/%d", fileno(file));
    const int reader = open(path, O_RDONLY);
    assert_true(reader >= 0);
    capture(fileno(file), draw, reader, text, size);
    close(reader);
    fclose(file);
}

/* A pseudo-terminal: its slave is the terminal, its master what a person sees. */
static void capture_terminal(void (*draw)(void), char *text, size_t size) {
    const int master = posix_openpt(O_RDWR | O_NOCTTY);
    assert_true(master >= 0 && grantpt(master) == 0 && unlockpt(master) == 0);
    const int slave = open(ptsname(master), O_RDWR | O_NOCTTY);
    assert_true(slave >= 0);
    const struct winsize narrow = {.ws_row = 24, .ws_col = 40};
    assert_int_equal(ioctl(slave, TIOCSWINSZ, &narrow), 0);
    assert_int_equal(fcntl(master, F_SETFL, O_NONBLOCK), 0);
    capture(slave, draw, master, text, size);
    close(slave);
    close(master);
}

static void show_quick_work(enum progress_when when) {
    struct progress progress;
    progress_begin(&progress, when);
    for (uint64_t i = 0; i <= 100; i++)
        progress_show(&progress, "reading", i, 100);
    progress_end(&progress);
}

static void quick_auto(void) {
    show_quick_work(PROGRESS_AUTO);
}

static void quick_always(void) {
    show_quick_work(PROGRESS_ALWAYS);
}

static void quick_never(void) {
    show_quick_work(PROGRESS_NEVER);
}

static void test_quick_work_shows_nothing(void **state) {
    (void)state;
    char text[4096];
    capture_terminal(quick_auto, text, sizeof text);
    assert_string_equal(text, "");
    capture_terminal(quick_never, text, sizeof text);
    assert_string_equal(text, "");
    capture_log(quick_auto, text, sizeof text);
    assert_string_equal(text, "");
}

/* Every line of a terminal is erased again; none is wider than it. */
static void test_always_on_a_terminal(void **state) {
    (void)state;
    char text[4096];
    capture_terminal(quick_always, text, sizeof text);
    assert_string_equal(text, "\r\033[Kreading  [       ]   0 %\r\033[K");
}

static void test_always_in_a_log(void **state) {
    (void)state;
    char text[4096];
    capture_log(quick_always, text, sizeof text);
    assert_string_equal(text, "reading  [                                        ]   0 %\n"
                              "reading  [========================================] 100 %\n");
}

static void slow_work(void) {
    struct progress progress;
    progress_begin(&progress, PROGRESS_AUTO);
    progress_show(&progress, "reading", 1, 4);
    progress.begun -= 2; /* as if it had begun two seconds earlier */
    progress_show(&progress, "reading", 2, 4);
    progress_show(&progress, "sorting", 1, 4);
    progress_end(&progress);
}

static void test_slow_work_on_a_terminal(void **state) {
    (void)state;
    char text[4096];
    capture_terminal(slow_work, text, sizeof text);
    assert_string_equal(text, "\r\033[Kreading  [===    ]  50 %  0:02 left\r\033[K");
    capture_log(slow_work, text, sizeof text);
    assert_string_equal(text, "");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bar),
        cmocka_unit_test(test_quick_work_shows_nothing),
        cmocka_unit_test(test_always_on_a_terminal),
        cmocka_unit_test(test_always_in_a_log),
        cmocka_unit_test(test_slow_work_on_a_terminal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
