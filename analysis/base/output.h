/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Files written beside their target and renamed when whole, so that nobody ever sees half of one.
 *
 *     struct output *out;
 *     if (output_open(&out, "result.csv", err)) ...
 *     fputs("a,b\n", output_stream(out));
 *     if (output_finish(out, err)) ...      // everything is on disk, under a temporary name
 *     if (output_commit(&out, err)) ...     // now it is result.csv
 *     output_abandon(&out);                 // on any other path; NULL is fine
 */
#ifndef BASE_OUTPUT_H
#define BASE_OUTPUT_H

#include "base/error.h"
#include <stdio.h>

struct output;

/* path NULL or "-" is standard output. What exists and is no regular file (a device, a FIFO), and
 * what is open already (/dev/stderr, /dev/fd/3), is written to in place. A symbolic link's target
 * is replaced, not the link; the mode of an existing file is kept, a new one's follows the umask.
 */
int output_open(struct output **ret, const char *path, struct error *err);
FILE *output_stream(struct output *output);
const char *
output_temporary(const struct output *output); /* the path being written; NULL: stdout */

/* Flushes and checks; closes the stream unless it is standard output. A closed pipe gives
 * ERROR_SYSTEM with an empty text: the tools end quietly. */
int output_finish(struct output *output, struct error *err);

/* Finishes if that was not done, renames, frees and sets *output to NULL; on failure the temporary
 * file is removed. */
int output_commit(struct output **output, struct error *err);
void output_abandon(struct output **output);

/* Removes every temporary file of this process; safe in a signal handler. */
void output_remove_all(void);

#endif
