/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A progress bar on standard error. */
#include "cli/progress.h"
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#define PATIENCE      1.0 /* seconds */
#define REDRAW        0.1 /* seconds between two bars on a terminal */
#define REDRAW_IN_LOG 1.0 /* and between two lines elsewhere */

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

void progress_begin(struct progress *progress, enum progress_when when) {
    *progress = (struct progress){0};
    pthread_mutex_init(&progress->lock, NULL);
    progress->terminal = isatty(STDERR_FILENO);
    progress->enabled = when == PROGRESS_ALWAYS || (when == PROGRESS_AUTO && progress->terminal);
    progress->patience = when == PROGRESS_ALWAYS ? 0 : PATIENCE;
}

void progress_end(struct progress *progress) {
    progress_clear(progress);
    pthread_mutex_destroy(&progress->lock);
}

/* ---- What it looks like ---------------------------------------------------------------------- */

static void format_left(double seconds, char *text, size_t size) {
    const uint64_t left = seconds < 0 ? 0 : seconds > 359999 ? 359999 : (uint64_t)(seconds + 0.5);
    if (left >= 3600)
        snprintf(text, size, "  %u:%02u:%02u left", (unsigned)(left / 3600),
                 (unsigned)(left / 60 % 60), (unsigned)(left % 60));
    else
        snprintf(text, size, "  %u:%02u left", (unsigned)(left / 60), (unsigned)(left % 60));
}

static void format_bar(char *text, size_t size, double share, int cells) {
    size_t n = 0;
    for (int i = 0; i < cells && n + 1 < size; i++)
        text[n++] = i < (int)(share * cells) ? '=' : ' ';
    text[n] = '\0';
}

void progress_format(const char *what, uint64_t done, uint64_t total, double elapsed, int width,
                     char text[PROGRESS_TEXT]) {
    if (total == 0) {
        snprintf(text, PROGRESS_TEXT, "%.100s  %.0f s", what, elapsed);
        return;
    }
    const double share = done >= total ? 1 : (double)done / (double)total;
    char left[32] = "", bar[64];
    if (share > 0 && share < 1)
        format_left(elapsed * (1 - share) / share, left, sizeof left);
    const int taken = (int)(strlen(what) + strlen("  [] 100 %  99:59:59 left"));
    const int room = width - taken;
    format_bar(bar, sizeof bar, share, room > 40 ? 40 : room);
    if (room >= 5)
        snprintf(text, PROGRESS_TEXT, "%.100s  [%s] %3.0f %%%s", what, bar, 100 * share, left);
    else
        snprintf(text, PROGRESS_TEXT, "%.100s %3.0f %%", what, 100 * share);
}

/* ---- Drawing --------------------------------------------------------------------------------- */

static int terminal_width(void) {
    struct winsize size;
    if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
        return size.ws_col;
    return 80;
}

/* Erases the line, so that what follows stands alone. */
static void erase(struct progress *progress) {
    if (progress->drawn)
        fputs("\r\033[K", stderr);
    progress->drawn = false;
}

static void draw(struct progress *progress, uint64_t done, uint64_t total, double time) {
    char text[PROGRESS_TEXT];
    const int width = progress->terminal ? terminal_width() - 1 : 79;
    progress_format(progress->what, done, total, time - progress->begun, width, text);
    if (progress->terminal)
        fprintf(stderr, "\r\033[K%.*s", width > 0 ? width : 0, text);
    else
        fprintf(stderr, "%s\n", text);
    fflush(stderr);
    progress->drawn = progress->terminal;
    progress->last = time;
}

void progress_show(struct progress *progress, const char *what, uint64_t done, uint64_t total) {
    /* A thread that finds another one drawing has better things to do. */
    if (!progress->enabled || pthread_mutex_trylock(&progress->lock) != 0)
        return;
    const double time = now();
    if (progress->what != what) {
        erase(progress);
        progress->what = what;
        progress->begun = time;
        progress->last = 0;
    }
    const bool whole = total > 0 && done >= total;
    const double pause = progress->terminal ? REDRAW : REDRAW_IN_LOG;
    if (whole && progress->terminal)
        erase(progress);
    else if (time - progress->begun >= progress->patience &&
             (whole || time - progress->last > pause))
        draw(progress, done, total, time);
    pthread_mutex_unlock(&progress->lock);
}

void progress_clear(struct progress *progress) {
    pthread_mutex_lock(&progress->lock);
    erase(progress);
    fflush(stderr);
    pthread_mutex_unlock(&progress->lock);
}
