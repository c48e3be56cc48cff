/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A block that is as regular as most are: no quote, no NUL, and in every record the same number of
 * cells. Its cells are found by arithmetic in an index of delimiters and line ends, and converted
 * column by column, so that what was not asked for is never looked at.
 *
 *     struct regular regular = {0};
 *     if (regular_find(&regular, block.bytes, block.length, ',', fields, &found, err)) ...
 *     if (regular.is) ... regular_cell(&regular, row, field) for every row < regular.rows ...
 *     regular_free(&regular);
 *
 * A block that is not regular is read record by record (record.h), which says what is wrong with it
 * or that nothing is: both ways give the same cells where both can.
 */
#ifndef TABLE_REGULAR_H
#define TABLE_REGULAR_H

#include "base/error.h"
#include "base/text.h"
#include "table/index.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Zero-initialise; used again from block to block. */
struct regular {
    bool is;
    bool carriage_returns; /* some record ends in CR LF */
    const char *bytes;
    size_t fields;
    size_t rows;
    uint32_t *ends; /* [rows * fields + 1]; ends[0] is "-1": what lies before the first cell */
    size_t capacity;
};

/* Looks at a block without quotes. *found says what is in it, also if it is not regular; it is not
 * looked at, and found->ascii false, if it has more than INDEX_MOST bytes. */
int regular_find(struct regular *regular, enum index_level level, const char *bytes, size_t length,
                 char delimiter, size_t fields, struct index_found *found, struct error *err);
void regular_free(struct regular *regular);

/* Of a regular block: the cell as it stands. */
static inline struct text regular_cell(const struct regular *regular, size_t row, size_t field) {
    const uint32_t *ends = regular->ends + row * regular->fields + field;
    const uint32_t start = ends[0] + 1; /* around from the -1 to 0 */
    struct text cell = {regular->bytes + start, ends[1] - start};
    if (regular->carriage_returns && field + 1 == regular->fields && cell.length > 0 &&
        cell.bytes[cell.length - 1] == '\r')
        cell.length--;
    return cell;
}

/* Behind the last byte of the block. */
static inline const char *regular_end(const struct regular *regular) {
    return regular->bytes + regular->ends[regular->rows * regular->fields] + 1;
}

/* The offset of the row's first byte in the block. */
static inline uint32_t regular_offset(const struct regular *regular, size_t row) {
    return regular->ends[row * regular->fields] + 1;
}

#endif
