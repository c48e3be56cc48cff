/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Counting bytes, many at a time. */
#ifndef TABLE_COUNT_H
#define TABLE_COUNT_H

#include <stdbool.h>
#include <stddef.h>

/* How many of `bytes` are `byte`. */
size_t count_byte(const char *bytes, size_t length, char byte);

/* Whether all of `bytes` are ASCII (0 to 127). */
bool count_is_ascii(const char *bytes, size_t length);

#endif
