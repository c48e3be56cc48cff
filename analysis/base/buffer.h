/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Growable bytes and growable arrays.
 *
 *     struct buffer line = {0};
 *     buffer_format(&line, "%s,%d\n", name, 7);
 *     buffer_free(&line);
 *
 *     if (array_reserve((void **)&days, &capacity, n + 1, sizeof *days, err))
 *         return err->code;
 *     days[n++] = day;
 */
#ifndef BASE_BUFFER_H
#define BASE_BUFFER_H

#include "base/error.h"
#include <stdbool.h>
#include <stddef.h>

/* Zero-initialise. `bytes` is NULL or ends in a NUL that `length` does not count. An allocation
 * that fails sets `failed` and makes later appends do nothing, so that one check at the end
 * is enough. */
struct buffer {
    char *bytes;
    size_t length;
    size_t capacity;
    bool failed;
};

void buffer_append(struct buffer *buffer, const void *bytes, size_t length);
void buffer_text(struct buffer *buffer, const char *text); /* up to its NUL */
void buffer_byte(struct buffer *buffer, char byte);
void buffer_format(struct buffer *buffer, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void buffer_clear(struct buffer *buffer);                         /* keeps the memory */
int buffer_check(const struct buffer *buffer, struct error *err); /* 0, or out of memory */
int buffer_read_file(struct buffer *buffer, const char *path, struct error *err); /* appends all */
void buffer_free(struct buffer *buffer); /* leaves it zeroed, reusable */

/* Makes room for `needed` items of `size` bytes in *items (NULL at first), at least doubling.
 * Pass the address of a typed pointer, cast to void **. Items beyond the old capacity are not
 * initialised. On failure *items and *capacity stay as they were. The caller frees *items. */
int array_reserve(void **items, size_t *capacity, size_t needed, size_t size, struct error *err);

#endif
