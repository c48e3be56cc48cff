/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The header of a shard, and finding columns in it.
 *
 * The header is the first line that is not blank. Names lose their outer blanks; a byte order mark
 * before them is dropped.
 */
#ifndef TABLE_HEADER_H
#define TABLE_HEADER_H

#include "base/arena.h"
#include "base/error.h"
#include "base/text.h"
#include "table/cut.h"
#include <stddef.h>
#include <stdint.h>

/* Zero-initialise. */
struct header {
    struct arena arena;
    struct text *names; /* also NUL-terminated */
    size_t count;
    uint64_t line;
    uint64_t blank_lines; /* before it */
};

/* Reads the header; the cut goes on with the line behind it. `block` is scratch space. `name` is
 * the shard's, for messages. */
int header_read(struct header *header, struct cut *cut, struct block *block, char delimiter,
                const char *name, struct error *err);
void header_free(struct header *header);

/* ERROR_DATA that names both shards and the first difference. */
int header_compare(const struct header *header, const char *name, const struct header *first,
                   const char *first_name, struct error *err);

/* How many columns are called so, and the first of them. */
size_t header_find(const struct header *header, struct text name, size_t *ret_column);

/* The names as messages list them, shortened to fit `size`. */
void header_list(const struct text *names, size_t n, const char *separator, char *list,
                 size_t size);

/* "no column 'user'; did you mean 'users'? ...", always ERROR_DATA. `called` is what the file is
 * said to call the column `name`: the same, unless --column said something else. */
int header_lacks(const struct header *header, const char *shard, const char *name,
                 struct text called, char delimiter, struct error *err);

#endif
