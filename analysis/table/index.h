/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where the cells of a block end: one pass over its bytes, many at a time.
 *
 *     uint32_t *ends = malloc((length + INDEX_ROOM) * sizeof *ends);
 *     struct index_found found;
 *     index_block(index_best(), bytes, length, ',', ends, &found);
 *     ... bytes[ends[0 .. found.n)] are the delimiters and line ends ...
 *
 * For blocks without a quote: there, every delimiter ends a cell and every LF a record. There are
 * three ways of doing it, which give the same answer and are held to that by the tests: 64 bytes at
 * a time with AVX-512 or AVX2, where the processor has them, and 8 with plain arithmetic.
 */
#ifndef TABLE_INDEX_H
#define TABLE_INDEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum index_level { INDEX_PORTABLE, INDEX_AVX2, INDEX_AVX512, INDEX_LEVELS };

bool index_supports(enum index_level level); /* whether this processor has what it takes */
enum index_level index_best(void);           /* the quickest of those */

#define INDEX_ROOM 64                /* entries that may be written behind the last one */
#define INDEX_MOST ((size_t)1 << 24) /* bytes of a block that is worth an index */

struct index_found {
    size_t n;     /* delimiters and line ends */
    size_t lines; /* line ends among them */
    bool nul;     /* there is a NUL byte */
    bool ascii;   /* no byte is above 127 */
};

/* Offsets of all delimiters and LFs, ascending. `ends` has room for `length` + INDEX_ROOM entries;
 * length is at most INDEX_MOST. The delimiter is not LF. */
void index_block(enum index_level level, const char *bytes, size_t length, char delimiter,
                 uint32_t *ends, struct index_found *ret);

#endif
