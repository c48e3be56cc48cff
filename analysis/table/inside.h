/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a table is made of; for the files of this folder only. */
#ifndef TABLE_INSIDE_H
#define TABLE_INSIDE_H

#include "base/arena.h"
#include "table/cut.h"
#include "table/header.h"
#include "table/origin.h"
#include "table/reject.h"
#include "table/scan.h"
#include "table/table.h"
#include <pthread.h>

struct shard {
    struct cut *kept; /* of a pipe, opened to see its header; a file is opened again: NULL */
};

struct table {
    const struct table_options *options;
    const char *const *files;
    size_t n_files;
    const char **file_names; /* for messages */
    bool *asked_for;         /* of each of options->columns: somebody asked for its NAME */
    struct header header;
    struct shard *shards;
    uint64_t total_bytes; /* of all files; 0: unknown */
    bool all_plain;

    struct layout layout; /* filled by table_bind */
    int *field_of;
    size_t *by_field;
    bool *wanted;
    struct rejects *rejects; /* NULL: TABLE_STOP */
    bool used;               /* the rows have been asked for */

    struct dictionary *names; /* of categories: [worker][column as bound] */
    size_t n_names;

    struct table_summary summary;
    struct whole *whole; /* of table_read */
};

size_t table_block_bytes(const struct table *table);

/* Opens shard `shard` (again) behind its header, which must be as that of the first. */
int table_open_shard(struct table *table, size_t shard, struct cut **ret, struct error *err);

void whole_destroy(struct whole *whole); /* NULL is fine */

#endif
