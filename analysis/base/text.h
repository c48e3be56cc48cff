/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Slices of UTF-8 text, and the nearest word for "did you mean". */
#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>

/* Not owned, not NUL-terminated. */
struct text {
    const char *bytes;
    size_t length;
};

struct text text_of(const char *string); /* NULL gives the empty slice */
bool text_equal(struct text a, struct text b);
bool text_is(struct text a, const char *string);
int text_compare(struct text a, struct text b); /* by bytes, as strcmp; the order of all outputs */
struct text text_trim(struct text a);           /* without outer blanks and tabs */

/* Columns a terminal needs: 2 for CJK, 0 for combining marks; independent of the locale. */
size_t text_width(struct text a);

/* Whether the bytes are well-formed UTF-8. */
bool text_is_utf8(struct text a);

/* The candidate that a person most likely meant by `word`: smallest optimal-string-alignment
 * distance, without regard to ASCII case, blanks, '-' or '_'; NULL if none is near (distance above
 * a third of the word's length, at least 1). A candidate that starts with `word` is near. The first
 * one wins a tie; words of more than 128 characters are near to nothing. */
const char *text_nearest(struct text word, const char *const *candidates, size_t n);

#endif
