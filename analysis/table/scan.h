/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One block of records into typed columns.
 *
 *     struct scanner scanner;
 *     scanner_open(&scanner, &layout, names, table, err);
 *     while (... cut_next ...) {
 *         code = scanner_scan(&scanner, &block, shard, sequence, err);
 *         ... scanner.batch: the good rows, on failure those before the bad one ...
 *     }
 *     scanner_close(&scanner);
 *
 * A scanner belongs to one thread; its arrays are used again for every block, so that nothing is
 * allocated for a row. The layout is shared and only read.
 */
#ifndef TABLE_SCAN_H
#define TABLE_SCAN_H

#include "table/category.h"
#include "table/cell.h"
#include "table/cut.h"
#include "table/origin.h"
#include "table/record.h"
#include "table/regular.h"
#include "table/reject.h"
#include "table/table.h"

/* What a scanner has to know about the table. */
struct layout {
    char delimiter;
    struct cell_rules rules;
    const struct text *headers;
    size_t fields; /* in a record: as many as headers */
    const bool *wanted;
    const struct table_column *columns; /* as bound */
    size_t n_columns;
    const int *field_of;      /* of a bound column: its field from 0, or -1: the file has it not */
    const size_t *by_field;   /* the bound columns in the order of their fields */
    const char *const *names; /* of the shards, for messages */
    struct rejects *rejects;  /* NULL: the first bad row stops */
    enum index_level level;   /* the best; tests set each */
    bool libcsv_only;         /* for tests: take the way of libcsv even without quotes */
};

struct scan_column {
    void *values;
    bool *missing;
    bool any_missing;
    struct category *category; /* NULL: it is none */
};

struct scanner {
    const struct layout *layout;
    struct splitter splitter;
    struct regular regular;
    struct scan_column *columns;
    struct table_cells *cells;
    uint32_t *lines;   /* of each row, from the block's first line */
    uint32_t *offsets; /* of each row, from the block's first byte */
    size_t capacity;   /* of rows */
    size_t rows;
    uint64_t blank_lines; /* of this block */
    struct reject_list list;
    struct place place; /* of the block */
    struct origin origin;
    struct table_batch batch;
};

/* `names`, one for each bound column, take what is in the categories and outlive the scanner;
 * `table` is what the batches are going to name as theirs. */
int scanner_open(struct scanner *scanner, const struct layout *layout, struct dictionary *names,
                 struct table *table, struct error *err);

/* Leaves the good rows in scanner->batch and the bad ones in scanner->list. Without rejects a bad
 * row is ERROR_DATA, and the batch holds the rows before it. */
int scanner_scan(struct scanner *scanner, const struct block *block, size_t shard, size_t sequence,
                 struct error *err);

void scanner_close(struct scanner *scanner); /* one that is all zero is fine */

#endif
