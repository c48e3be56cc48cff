/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A progress bar on standard error.
 *
 *     struct progress progress;
 *     progress_begin(&progress, PROGRESS_AUTO);
 *     progress_show(&progress, "reading", done, total);   // from any thread, as often as one likes
 *     progress_clear(&progress);                          // before anything else is said
 *     progress_end(&progress);
 *
 * PROGRESS_AUTO draws only on a terminal, and only once the work has taken a second: short work
 * leaves nothing behind.
 */
#ifndef CLI_PROGRESS_H
#define CLI_PROGRESS_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

enum progress_when { PROGRESS_AUTO, PROGRESS_ALWAYS, PROGRESS_NEVER };

struct progress {
    pthread_mutex_t lock;
    bool enabled;
    bool terminal;
    bool drawn;      /* a bar stands on the terminal's last line */
    double patience; /* seconds of work before the first bar */
    double begun;    /* of the work now under way; seconds of the monotonic clock */
    double last;     /* when it was drawn */
    const char *what;
};

void progress_begin(struct progress *progress, enum progress_when when);

/* `what` ("reading") is compared by address: another one starts another piece of work. total 0:
 * unknown. A bar is drawn at most ten times a second. */
void progress_show(struct progress *progress, const char *what, uint64_t done, uint64_t total);

void progress_clear(struct progress *progress);
void progress_end(struct progress *progress);

/* The bar itself, in at most `width` columns: "reading  [=====     ]  50 %  0:03 left". */
#define PROGRESS_TEXT 256
void progress_format(const char *what, uint64_t done, uint64_t total, double elapsed, int width,
                     char text[PROGRESS_TEXT]);

#endif
