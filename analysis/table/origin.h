/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where the rows of a batch stand in the input.
 *
 * A batch comes from one block, or, after table_read, from all of them. Each row keeps four bytes:
 * how many lines it stands below the first line of its block.
 */
#ifndef TABLE_ORIGIN_H
#define TABLE_ORIGIN_H

#include "base/text.h"
#include "table/reject.h"
#include "table/table.h"
#include <stddef.h>
#include <stdint.h>

struct layout;

/* One block. */
struct place {
    size_t first_row; /* of the batch */
    size_t shard;
    uint64_t line;     /* of the block's first byte, from 1 */
    const char *bytes; /* NULL: not kept */
    size_t length;
    bool quotes;
};

struct origin {
    const struct layout *layout;
    const struct place *places; /* ascending by first_row */
    size_t n_places;
    const uint32_t *lines;    /* of each row, from its place's line */
    const uint32_t *offsets;  /* of each row, from its place's bytes; NULL: not kept */
    struct reject_list *list; /* of the block being added; NULL: after reading */
};

#define ORIGIN_NAME 500

/* The name of a shard as messages show it: one that does not fit `size` loses its beginning. */
void origin_name(const char *name, char *shown, size_t size);

/* "FILE:LINE" or, with column > 0 (of the file, from 1), "FILE:LINE:COLUMN". */
void origin_format(const char *name, uint64_t line, int column, char text[TABLE_WHERE]);

#endif
