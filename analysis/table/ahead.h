/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reading ahead: a thread of its own fills a few buffers before they are asked for.
 *
 *     struct ahead *ahead;
 *     if (ahead_open(&ahead, 128 * 1024, decode, source, err)) ...
 *     while (!(code = ahead_next(ahead, &bytes, &n, err)) && n > 0)
 *         ... bytes[0 .. n), until the next call ...
 *     ahead_close(ahead);
 */
#ifndef TABLE_AHEAD_H
#define TABLE_AHEAD_H

#include "base/error.h"
#include <stdatomic.h>
#include <stddef.h>

struct ahead;

/* Gives up to `size` bytes, always as many as there are for the same data; none at the end. On
 * failure *ret_n may be above 0: those bytes come before it. It is called by the thread alone, and
 * not again after the end or a failure. Once *stop is true nobody wants the bytes: what waits for a
 * slow pipe should look at it. */
typedef int ahead_read(void *context, const atomic_bool *stop, char *bytes, size_t size,
                       size_t *ret_n, struct error *err);

/* ERROR_SYSTEM if there is no memory or no thread to be had. */
int ahead_open(struct ahead **ret, size_t size, ahead_read *read, void *context, struct error *err);

/* The next bytes, which are valid until the next call; *ret_n = 0 at the end. A failure comes after
 * the bytes before it, and again at each further call. */
int ahead_next(struct ahead *ahead, const char **ret_bytes, size_t *ret_n, struct error *err);

void ahead_close(struct ahead *ahead); /* waits for the thread; NULL is fine */

#endif
