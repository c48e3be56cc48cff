/* SPDX-License-Identifier: GPL-3.0-or-later */
/* For the tests of analysis/table: small files, and all that a table holds as one text.
 *
 *     const char *path = tables_write("a.csv", text_of("x\n1\n"));
 *     struct table_options options = {.files = &path, .n_files = 1};
 *     tables_show(&shown, &options, columns, 1);     // "a.csv:2|1\n"
 *
 * A table that cannot be read shows as "error 1: a.csv:2: ...". Names of files are shown without
 * their folder, which tables_setup makes and tables_teardown removes.
 */
#ifndef TESTS_TABLES_H
#define TESTS_TABLES_H

#include "base/buffer.h"
#include "base/number.h"
#include "table/table.h"
#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#define ZLIB_CONST /* deflate does not write to its input */
#include <zlib.h>
#include <zstd.h>

#include <cmocka.h>

static char tables_folder[64];

static inline int tables_setup(void **state) {
    (void)state;
    strcpy(tables_folder, "/tmp/sojourn-table-XXXXXX");
    return mkdtemp(tables_folder) ? 0 : -1;
}

static inline int tables_remove_one(const char *path, const struct stat *about, int kind,
                                    struct FTW *walk) {
    (void)about, (void)kind, (void)walk;
    return remove(path);
}

static inline int tables_teardown(void **state) {
    (void)state;
    return nftw(tables_folder, tables_remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

/* The path of a file of this name; valid until the eighth call after it. */
static inline const char *tables_path(const char *name) {
    static char paths[8][128];
    static int next;
    char *path = paths[next++ % 8];
    snprintf(path, sizeof paths[0], "%s/%s", tables_folder, name);
    return path;
}

static inline const char *tables_write(const char *name, struct text bytes) {
    const char *path = tables_path(name);
    unlink(path); /* some file systems wait for the disk when one is written over */
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes.bytes, 1, bytes.length, file), bytes.length);
    assert_int_equal(fclose(file), 0);
    return path;
}

/* Append one gzip member, one zstd frame. */
static inline void tables_gzip(struct buffer *out, struct text bytes) {
    z_stream stream = {0};
    unsigned char room[1024];
    assert_int_equal(deflateInit2(&stream, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
    stream.next_in = (const unsigned char *)bytes.bytes;
    stream.avail_in = (unsigned)bytes.length;
    int status;
    do {
        stream.next_out = room;
        stream.avail_out = sizeof room;
        status = deflate(&stream, Z_FINISH);
        buffer_append(out, room, sizeof room - stream.avail_out);
    } while (status == Z_OK);
    assert_int_equal(status, Z_STREAM_END);
    deflateEnd(&stream);
}

static inline void tables_zstd(struct buffer *out, struct text bytes) {
    size_t bound = ZSTD_compressBound(bytes.length);
    char *room = malloc(bound);
    ZSTD_CCtx *context = ZSTD_createCCtx();
    assert_non_null(room);
    assert_non_null(context);
    ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1);
    size_t n = ZSTD_compress2(context, room, bound, bytes.bytes, bytes.length);
    assert_false(ZSTD_isError(n));
    buffer_append(out, room, n);
    ZSTD_freeCCtx(context);
    free(room);
}

/* ---- Showing --------------------------------------------------------------------------------- */

static inline void tables_cell(struct buffer *out, const struct table_batch *batch,
                               const struct table_column *columns, size_t c, size_t row) {
    const struct table_cells *cells = &batch->columns[c];
    char text[64];
    if (table_missing(batch, c, row)) {
        buffer_text(out, "NA");
        return;
    }
    switch (columns[c].type) {
    case TABLE_TEXT:
        buffer_byte(out, '[');
        buffer_append(out, cells->text[row].bytes, cells->text[row].length);
        buffer_byte(out, ']');
        return;
    case TABLE_CATEGORY: {
        struct text name = dictionary_name(cells->names, cells->code[row]);
        buffer_byte(out, '[');
        buffer_append(out, name.bytes, name.length);
        buffer_byte(out, ']');
        return;
    }
    case TABLE_INTEGER:
        buffer_format(out, "%lld", (long long)cells->integer[row]);
        return;
    case TABLE_NUMBER:
        number_format(cells->number[row], text);
        break;
    case TABLE_DECIMAL:
        decimal_format(cells->decimal[row], 0, text);
        break;
    case TABLE_DATE:
        calendar_format_date(cells->date[row], text);
        break;
    case TABLE_PERIOD:
        period_format(cells->period[row], text);
        break;
    }
    buffer_text(out, text);
}

static inline const char *tables_name(const char *where) {
    size_t n = strlen(tables_folder);
    return strncmp(where, tables_folder, n) == 0 ? where + n + 1 : where;
}

static inline void tables_batch(struct buffer *out, const struct table_batch *batch,
                                const struct table_column *columns, size_t n) {
    for (size_t row = 0; row < batch->rows; row++) {
        char where[TABLE_WHERE];
        table_where(batch, row, -1, where);
        buffer_text(out, tables_name(where));
        for (size_t c = 0; c < n; c++) {
            buffer_byte(out, '|');
            tables_cell(out, batch, columns, c, row);
        }
        buffer_byte(out, '\n');
    }
}

/* A fold that shows each batch and joins them in the order of the input. */
struct tables_state {
    const struct table_column *columns;
    size_t n_columns;
    struct tables_part {
        size_t sequence;
        struct buffer shown;
    } parts[4096];
    size_t n;
};

static inline int tables_begin(void *context, void **ret_state, struct error *err) {
    const struct tables_state *like = context;
    struct tables_state *state = calloc(1, sizeof *state);
    if (!state)
        return error_memory(err);
    state->columns = like->columns;
    state->n_columns = like->n_columns;
    *ret_state = state;
    return 0;
}

static inline int tables_add(void *context, const struct table_batch *batch, struct error *err) {
    struct tables_state *state = context;
    if (state->n == sizeof state->parts / sizeof state->parts[0])
        return error_set(err, ERROR_SYSTEM, "the test has too many blocks");
    struct tables_part *part = &state->parts[state->n++];
    part->sequence = batch->sequence;
    tables_batch(&part->shown, batch, state->columns, state->n_columns);
    return 0;
}

static inline int tables_merge(void *into_context, void *from_context, struct error *err) {
    struct tables_state *into = into_context, *from = from_context;
    if (into->n + from->n > sizeof into->parts / sizeof into->parts[0])
        return error_set(err, ERROR_SYSTEM, "the test has too many blocks");
    memcpy(into->parts + into->n, from->parts, from->n * sizeof *from->parts);
    into->n += from->n;
    from->n = 0;
    return 0;
}

static inline void tables_destroy(void *context) {
    struct tables_state *state = context;
    for (size_t i = 0; i < state->n; i++)
        buffer_free(&state->parts[i].shown);
    free(state);
}

static inline int tables_by_sequence(const void *a, const void *b) {
    const struct tables_part *x = a, *y = b;
    return (x->sequence > y->sequence) - (x->sequence < y->sequence);
}

static inline int tables_fold(struct buffer *out, struct table *table,
                              const struct table_column *columns, size_t n, struct error *err) {
    static const struct table_fold fold = {tables_begin, tables_add, tables_merge, tables_destroy};
    struct tables_state *like = calloc(1, sizeof *like);
    void *result;
    assert_non_null(like);
    like->columns = columns;
    like->n_columns = n;
    int code = table_fold(table, &fold, like, &result, err);
    free(like);
    if (code)
        return code;
    struct tables_state *state = result;
    qsort(state->parts, state->n, sizeof *state->parts, tables_by_sequence);
    for (size_t i = 0; i < state->n; i++)
        buffer_append(out, state->parts[i].shown.bytes, state->parts[i].shown.length);
    tables_destroy(state);
    return 0;
}

/* What is said of the table as a whole. */
static inline void tables_summary(struct buffer *out, const struct table *table) {
    struct table_summary summary;
    table_summarise(table, &summary);
    buffer_format(out, "rows %llu, bad %llu, blank %llu", (unsigned long long)summary.rows,
                  (unsigned long long)summary.bad_rows, (unsigned long long)summary.blank_lines);
    if (summary.first_bad[0])
        buffer_format(out, ", first: %s", tables_name(summary.first_bad));
    buffer_byte(out, '\n');
}

static inline void tables_error(struct buffer *out, const struct error *err) {
    buffer_clear(out);
    buffer_format(out, "error %d: %s\n", err->code, tables_name(err->text));
}

enum tables_way { TABLES_FOLD, TABLES_READ };

/* All rows, the summary and the rejects, or the error, in *out, which is cleared before. */
static inline void tables_show_by(enum tables_way way, struct buffer *out,
                                  const struct table_options *options,
                                  const struct table_column *columns, size_t n) {
    struct error err = {0};
    struct table *table = NULL;
    struct output *rejects = NULL;
    buffer_clear(out);
    if (options->rejects)
        unlink(options->rejects);
    int code = table_open(&table, options, &err);
    if (!code)
        code = table_bind(table, columns, n, &err);
    if (!code && way == TABLES_FOLD)
        code = tables_fold(out, table, columns, n, &err);
    if (!code && way == TABLES_READ) {
        const struct table_batch *batch;
        code = table_read(table, &batch, &err);
        if (!code)
            tables_batch(out, batch, columns, n);
    }
    if (!code)
        tables_summary(out, table);
    if (!code)
        code = table_take_rejects(table, &rejects, &err);
    if (!code && rejects)
        code = output_commit(&rejects, &err);
    if (!code && options->rejects)
        code = buffer_read_file(out, options->rejects, &err);
    if (code) {
        assert_int_equal(code, err.code);
        tables_error(out, &err);
    }
    table_close(table);
    assert_false(out->failed);
}

/* Both ways, which must agree. */
static inline void tables_show(struct buffer *out, const struct table_options *options,
                               const struct table_column *columns, size_t n) {
    struct buffer other = {0};
    tables_show_by(TABLES_FOLD, out, options, columns, n);
    tables_show_by(TABLES_READ, &other, options, columns, n);
    assert_string_equal(out->bytes, other.bytes);
    buffer_free(&other);
}

#endif
