/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reading CSV: files are shards of one table, columns are asked for by name and type, and the rows
 * arrive in batches that any number of threads fold into one state.
 *
 *     const struct table_column columns[] = {
 *         {.name = "platform", .type = TABLE_TEXT},
 *         {.name = "revenue", .type = TABLE_DECIMAL, .missing = true},
 *     };
 *     const struct table_options options = {.files = files, .n_files = n, .threads = 4};
 *     const struct table_fold fold = {total_begin, total_add, total_merge, total_destroy};
 *     struct table *table;
 *     void *total;
 *     if (table_open(&table, &options, err)) ...
 *     if (table_bind(table, columns, 2, err)) ...
 *     if (table_fold(table, &fold, context, &total, err)) ...
 *     total_print(total);
 *     total_destroy(total);
 *     table_close(table);
 *
 * A small table is read whole with table_read, which gives one batch of all rows.
 *
 * The contract of what may stand in a file is docs/csv.md. In short: RFC 4180, LF or CR LF, a byte
 * order mark, gzip and zstd by their magic bytes; a record ends at the first line end at which the
 * number of quotes read so far in the file is even; quotes never change what a cell means. What is
 * not as it should be stops the reading with "FILE:LINE:COLUMN: found, expected" or, with bad_rows
 * = TABLE_SKIP, is counted and kept. Lines and columns (cells of a row) count from 1.
 *
 * Files are read into reused blocks, not mapped: memory is that of the blocks in work, and a file
 * that shrinks is an error. What each part does is in the headers beside this one: source (bytes),
 * cut (records), record (fields), cell (values), scan (rows), reject (bad ones).
 */
#ifndef TABLE_TABLE_H
#define TABLE_TABLE_H

#include "base/calendar.h"
#include "base/decimal.h"
#include "base/dictionary.h"
#include "base/error.h"
#include "base/output.h"
#include "base/sheet.h"
#include "base/text.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* ---- What is asked for ----------------------------------------------------------------------- */

enum table_type {
    TABLE_TEXT,    /* struct text: as it stands, outer blanks kept */
    TABLE_INTEGER, /* int64_t */
    TABLE_NUMBER,  /* double, correctly rounded; finite */
    TABLE_DECIMAL, /* decimal: exact */
    TABLE_DATE,    /* int32_t: days since 1970-01-01 */
    TABLE_PERIOD,  /* struct period */
    /* uint32_t: a text as a code. For what repeats, such as platforms: it is read much faster so,
     * and compared by its code. */
    TABLE_CATEGORY,
};

struct table_column {
    const char *name; /* canonical; options.columns may say what the file calls it */
    enum table_type type;
    bool missing;  /* a missing cell is allowed; otherwise it is a bad row */
    bool optional; /* the column itself may be absent: its cells are then all missing */
};

enum table_bad_rows { TABLE_STOP, TABLE_SKIP };

/* Zero is the default of every field. Nothing is copied: all must outlive the table. */
struct table_options {
    const char *const *files; /* "-" is standard input, and so is no file at all */
    size_t n_files;
    const char *const *columns; /* NAME=HEADER */
    size_t n_columns;
    char delimiter;        /* 0 is ',' */
    char decimal_mark;     /* 0 is '.' */
    const char *const *na; /* texts that mean a missing value, beside the empty cell */
    size_t n_na;
    enum table_bad_rows bad_rows;
    const char *rejects; /* with TABLE_SKIP: where file,line,column,reason,record go; or NULL */
    int threads;         /* 0 is 1 */
    size_t block_bytes;  /* 0 is 1 MiB; the answer does not depend on it */
    /* Bytes as read, before decompression; total 0: unknown. Called by any of the threads, never by
     * two at once. */
    void (*progress)(void *context, uint64_t done, uint64_t total);
    void *progress_context;
};

/* ---- Opening --------------------------------------------------------------------------------- */

struct table;

/* Opens every shard and reads its header; a shard whose header differs from the first one's is
 * ERROR_DATA. A file without any line is ERROR_DATA; a header alone is a table of no rows. */
int table_open(struct table **ret, const struct table_options *options, struct error *err);

/* The names as they stand in the first file, without outer blanks; each is NUL-terminated too. */
size_t table_headers(const struct table *table, const struct text **ret_names);

/* Whether the file has the column that `name` stands for (after options.columns). */
bool table_has(const struct table *table, const char *name);

/* Chooses the columns. Absent ones that are not optional are ERROR_DATA with the nearest header as
 * a suggestion; so is a header that stands twice. A NAME of options.columns that is neither among
 * them nor was given to table_has is ERROR_USAGE. `columns` must last until the rows are read. */
int table_bind(struct table *table, const struct table_column *columns, size_t n,
               struct error *err);

void table_close(struct table *table); /* NULL is fine */

/* ---- Rows ------------------------------------------------------------------------------------ */

/* The cells of one column of a batch, `rows` long; a missing cell's value is zero, or for a
 * category DICTIONARY_NONE. */
struct table_cells {
    union {
        const struct text *text;
        const int64_t *integer;
        const double *number;
        const decimal *decimal;
        const int32_t *date;
        const struct period *period;
        const uint32_t *code; /* DICTIONARY_NONE where it is missing */
    };
    const bool *missing; /* NULL if none is */
    /* Of a category: what the codes mean. It belongs to the worker that reads the batch, who only
     * adds to it, and lives until table_close: a state may keep codes, and the pointer to look them
     * up when states are merged. It may hold names that are in bad rows only. NULL otherwise. */
    const struct dictionary *names;
};

/* Bad rows are not in it. Valid during one call of add, and the texts too; that of table_read
 * lives until table_close. */
struct table_batch {
    size_t rows;
    const struct table_cells *columns; /* as bound */
    size_t sequence;                   /* ascends in the order of the input, with gaps */
    struct table *table;
    const void *origin; /* where the rows stand; for table_where and table_reject */
};

static inline bool table_missing(const struct table_batch *batch, size_t column, size_t row) {
    return batch->columns[column].missing && batch->columns[column].missing[row];
}

/* "FILE:LINE" of a row, or "FILE:LINE:COLUMN" with the bound column (or -1), into `text`. A row
 * that spans lines stands on its first; a column that the file lacks is left out. */
#define TABLE_WHERE 600
void table_where(const struct table_batch *batch, size_t row, int column, char text[TABLE_WHERE]);

/* The same, to be kept: a subject that finds two rows at odds after reading can name both. It is
 * valid until table_close; table_place_format gives "FILE:LINE". */
struct table_place {
    size_t shard;
    uint64_t line;
};
struct table_place table_place(const struct table_batch *batch, size_t row);
void table_place_format(const struct table *table, struct table_place place,
                        char text[TABLE_WHERE]);

/* What a subject does with a row whose cells are well formed but make no sense, such as an end
 * before its start: stops (returns ERROR_DATA, err says where and, from `format`, what was found
 * and what was expected), or with TABLE_SKIP counts and keeps the row and returns 0: the caller
 * goes on with the next row. Safe in any thread. */
int table_reject(const struct table_batch *batch, size_t row, int column, struct error *err,
                 const char *format, ...) __attribute__((format(printf, 5, 6)));

/* ---- Folding --------------------------------------------------------------------------------- */

/* Each worker begins a state and adds the batches it happens to get; the states are then merged
 * into one. Adding and merging in any order must give the same result: count and sum in integers
 * and exact decimals, sort before any floating point, use `sequence` where order matters. */
struct table_fold {
    int (*begin)(void *context, void **ret_state, struct error *err);
    int (*add)(void *state, const struct table_batch *batch, struct error *err);
    int (*merge)(void *into, void *from, struct error *err); /* `from` is destroyed afterwards */
    void (*destroy)(void *state);
};

/* Reads everything once. Of several errors the first in the order of the input is returned, for any
 * number of threads. A table can be read once: by one table_fold or one table_read. */
int table_fold(struct table *table, const struct table_fold *fold, void *context, void **ret_state,
               struct error *err);

/* All rows, in the order of the input, as one batch that lives until table_close. Categories have
 * codes in the order in which they first stand in the input. */
int table_read(struct table *table, const struct table_batch **ret, struct error *err);

/* All columns as text, all rows, into `sheet` (zeroed before; sheet_free it): for tables that
 * people read, such as the result of a tool. In place of table_bind and table_read. */
int table_read_sheet(struct table *table, struct sheet *sheet, struct error *err);

/* ---- Afterwards ------------------------------------------------------------------------------ */

struct table_summary {
    size_t files;
    uint64_t bytes; /* as read, before decompression */
    uint64_t rows;  /* good ones */
    uint64_t bad_rows;
    uint64_t blank_lines;
    char first_bad[512]; /* the first bad row's message; empty if there is none */
};
void table_summarise(const struct table *table, struct table_summary *ret);

/* The rejects, in the order of the input, ready to commit together with the other outputs; NULL if
 * options.rejects is. The caller commits or abandons it. */
int table_take_rejects(struct table *table, struct output **ret, struct error *err);

#endif
