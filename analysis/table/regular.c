/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Blocks whose cells are found by arithmetic. */
#include "table/regular.h"

#include "base/buffer.h"
#include <stdlib.h>

/* Every record has as many cells as it should if the line ends are where they then stand: so many
 * separators, of which so many are line ends, that none is left to stand elsewhere. */
static bool are_regular(struct regular *regular, const uint32_t *ends, size_t n, size_t lines) {
    const size_t fields = regular->fields;
    const char *bytes = regular->bytes;
    if (lines * fields != n)
        return false;
    char before = 0;
    for (size_t i = fields - 1; i < n; i += fields) {
        if (bytes[ends[i]] != '\n')
            return false;
        before |= ends[i] > 0 && bytes[ends[i] - 1] == '\r';
    }
    regular->carriage_returns = before;
    regular->rows = lines;
    return true;
}

/* With one column nothing between two line ends is a blank line, which is no row. */
static bool has_blank_line(const struct regular *regular) {
    for (size_t row = 0; row < regular->rows; row++)
        if (regular_cell(regular, row, 0).length == 0)
            return true;
    return false;
}

int regular_find(struct regular *regular, enum index_level level, const char *bytes, size_t length,
                 char delimiter, size_t fields, struct index_found *found, struct error *err) {
    regular->is = false;
    *found = (struct index_found){0};
    if (length > INDEX_MOST || length == 0)
        return 0;
    if (array_reserve((void **)&regular->ends, &regular->capacity, length + INDEX_ROOM + 2,
                      sizeof *regular->ends, err))
        return err->code;
    regular->bytes = bytes;
    regular->fields = fields;
    uint32_t *ends = regular->ends + 1;
    regular->ends[0] = UINT32_MAX;
    index_block(level, bytes, length, delimiter, ends, found);
    /* The last line of a file may lack its end; it is looked at as any block of odd shape. */
    regular->is = bytes[length - 1] == '\n' && !found->nul &&
                  are_regular(regular, ends, found->n, found->lines) &&
                  !(fields == 1 && has_blank_line(regular));
    return 0;
}

void regular_free(struct regular *regular) {
    free(regular->ends);
    *regular = (struct regular){0};
}
