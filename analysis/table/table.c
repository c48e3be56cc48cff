/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Opening a table, choosing its columns, closing it. */
#include "table/inside.h"

#include <stdlib.h>
#include <string.h>

enum { USUAL_BLOCK = 1 << 20 };

/* ---- Options --------------------------------------------------------------------------------- */

size_t table_block_bytes(const struct table *table) {
    return table->options->block_bytes ? table->options->block_bytes : USUAL_BLOCK;
}

static char delimiter_of(const struct table_options *options) {
    return options->delimiter ? options->delimiter : ',';
}

static char mark_of(const struct table_options *options) {
    return options->decimal_mark ? options->decimal_mark : '.';
}

/* The HEADER of NAME=HEADER for this name; NULL if it is no such pair or not this name. */
static const char *header_in(const char *pair, const char *name) {
    size_t length = strlen(name);
    return strncmp(pair, name, length) == 0 && pair[length] == '=' ? pair + length + 1 : NULL;
}

static struct text called(const struct table *table, const char *name) {
    for (size_t i = 0; i < table->options->n_columns; i++) {
        const char *header = header_in(table->options->columns[i], name);
        if (header) {
            table->asked_for[i] = true;
            return text_trim(text_of(header));
        }
    }
    return text_of(name);
}

static int check_column(const struct table_options *options, size_t i, struct error *err) {
    const char *pair = options->columns[i];
    const char *equals = strchr(pair, '=');
    if (!equals || equals == pair || text_trim(text_of(equals + 1)).length == 0)
        return error_set(err, ERROR_USAGE, "--column: found '%s', expected NAME=HEADER", pair);
    size_t length = (size_t)(equals - pair) + 1; /* with the '=' */
    for (size_t j = 0; j < i; j++)
        if (strncmp(options->columns[j], pair, length) == 0)
            return error_set(err, ERROR_USAGE,
                             "--column: found '%s' and '%s', expected one header for '%.*s'",
                             options->columns[j], pair, (int)length - 1, pair);
    return 0;
}

static int check_options(const struct table_options *options, struct error *err) {
    char delimiter = delimiter_of(options), mark = mark_of(options);
    if (delimiter == '"' || delimiter == '\n' || delimiter == '\r')
        return error_set(err, ERROR_USAGE,
                         "--delimiter: found a quote or a line end, expected another character");
    if (mark != '.' && mark != ',')
        return error_set(err, ERROR_USAGE, "--decimal: found '%c', expected '.' or ','", mark);
    bool standard = false;
    for (size_t i = 0; i < options->n_files; i++) {
        bool is = strcmp(options->files[i], "-") == 0;
        if (is && standard)
            return error_set(err, ERROR_USAGE,
                             "found standard input ('-') twice, expected it once");
        standard |= is;
    }
    for (size_t i = 0; i < options->n_columns; i++)
        if (check_column(options, i, err))
            return err->code;
    return 0;
}

/* ---- Opening --------------------------------------------------------------------------------- */

/* Opens a shard and reads its header, which must be as that of the first. */
static int open_header(struct table *table, size_t shard, struct header *header, struct cut **ret,
                       struct error *err) {
    struct block block = {0};
    int code = cut_open(ret, table->files[shard], table_block_bytes(table), CUT_LONGEST, err);
    if (!code)
        code = header_read(header, *ret, &block, delimiter_of(table->options),
                           table->file_names[shard], err);
    if (!code && header != &table->header)
        code = header_compare(header, table->file_names[shard], &table->header,
                              table->file_names[0], err);
    block_free(&block);
    return code;
}

/* Looks at one shard's header, for the first time. A file is closed again, so that a thousand
 * shards need no thousand descriptors; a pipe cannot be. */
static int look_at(struct table *table, size_t shard, struct error *err) {
    struct header other = {0};
    struct header *header = shard == 0 ? &table->header : &other;
    struct cut *cut = NULL;
    int code = open_header(table, shard, header, &cut, err);
    if (!code) {
        const struct source *source = cut_source(cut);
        uint64_t size = source_size(source);
        table->total_bytes =
            size == 0 || (shard > 0 && table->total_bytes == 0) ? 0 : table->total_bytes + size;
        table->all_plain &= source_is_plain(source);
        table->summary.blank_lines += header->blank_lines;
        if (!source_is_file(source)) {
            table->shards[shard].kept = cut;
            cut = NULL;
        }
    }
    cut_close(cut);
    header_free(&other);
    return code;
}

int table_open_shard(struct table *table, size_t shard, struct cut **ret, struct error *err) {
    *ret = table->shards[shard].kept;
    table->shards[shard].kept = NULL;
    if (*ret)
        return 0;
    struct header header = {0};
    struct cut *cut = NULL;
    int code = open_header(table, shard, &header, &cut, err);
    header_free(&header);
    if (code)
        cut_close(cut);
    else
        *ret = cut;
    return code;
}

static int prepare(struct table *table, struct error *err) {
    static const char *const standard_input[] = {"-"};
    const struct table_options *options = table->options;
    table->files = options->n_files > 0 ? options->files : standard_input;
    table->n_files = options->n_files > 0 ? options->n_files : 1;
    table->summary.files = table->n_files;
    table->all_plain = true;
    table->file_names = calloc(table->n_files, sizeof *table->file_names);
    table->shards = calloc(table->n_files, sizeof *table->shards);
    table->asked_for = calloc(options->n_columns + 1, sizeof *table->asked_for);
    if (!table->file_names || !table->shards || !table->asked_for)
        return error_memory(err);
    for (size_t i = 0; i < table->n_files; i++)
        table->file_names[i] = source_name(table->files[i]);
    return 0;
}

static int open_all(struct table *table, struct error *err) {
    if (prepare(table, err))
        return err->code;
    for (size_t i = 0; i < table->n_files; i++)
        if (look_at(table, i, err))
            return err->code;
    if (table->options->bad_rows == TABLE_SKIP)
        return rejects_open(&table->rejects, table->options->rejects, table->file_names, err);
    return 0;
}

int table_open(struct table **ret, const struct table_options *options, struct error *err) {
    if (check_options(options, err))
        return err->code;
    struct table *table = calloc(1, sizeof *table);
    if (!table)
        return error_memory(err);
    table->options = options;
    if (open_all(table, err)) {
        table_close(table);
        return err->code;
    }
    *ret = table;
    return 0;
}

void table_close(struct table *table) {
    if (!table)
        return;
    for (size_t i = 0; table->shards && i < table->n_files; i++)
        cut_close(table->shards[i].kept);
    whole_destroy(table->whole);
    rejects_close(table->rejects);
    header_free(&table->header);
    for (size_t i = 0; table->names && i < table->n_names; i++)
        dictionary_free(&table->names[i]);
    free(table->names);
    free(table->file_names);
    free(table->asked_for);
    free(table->shards);
    free(table->field_of);
    free(table->by_field);
    free(table->wanted);
    free(table);
}

/* ---- Columns --------------------------------------------------------------------------------- */

size_t table_headers(const struct table *table, const struct text **ret_names) {
    *ret_names = table->header.names;
    return table->header.count;
}

bool table_has(const struct table *table, const char *name) {
    size_t column;
    return header_find(&table->header, called(table, name), &column) > 0;
}

static int bind_one(struct table *table, const struct table_column *column, int *ret_field,
                    struct error *err) {
    struct text name = called(table, column->name);
    size_t field = 0;
    size_t found = header_find(&table->header, name, &field);
    *ret_field = found > 0 ? (int)field : -1;
    if (found > 1) {
        char where[TABLE_WHERE], shown[CELL_SHOWN];
        origin_format(table->file_names[0], table->header.line, 0, where);
        cell_show(name, shown);
        return error_set(err, ERROR_DATA, "%s: found column %s %zu times, expected it once", where,
                         shown, found);
    }
    if (found == 0 && !column->optional)
        return header_lacks(&table->header, table->file_names[0], column->name, name,
                            delimiter_of(table->options), err);
    if (found > 0)
        table->wanted[field] = true;
    return 0;
}

/* A record is read from left to right, so that of two bad cells the first is reported. */
static void order_by_field(const int *field_of, size_t n, size_t *by_field) {
    for (size_t i = 0; i < n; i++) {
        size_t at = i;
        for (; at > 0 && field_of[by_field[at - 1]] > field_of[i]; at--)
            by_field[at] = by_field[at - 1];
        by_field[at] = i;
    }
}

static int allocate_binding(struct table *table, size_t n, struct error *err) {
    free(table->field_of);
    free(table->by_field);
    free(table->wanted);
    table->field_of = calloc(n + 1, sizeof *table->field_of);
    table->by_field = calloc(n + 1, sizeof *table->by_field);
    table->wanted = calloc(table->header.count, sizeof *table->wanted);
    return table->field_of && table->by_field && table->wanted ? 0 : error_memory(err);
}

/* A name that nobody asks for is a slip, and would otherwise pass in silence. */
static int refuse_column(const char *pair, const struct table_column *columns, size_t n,
                         struct error *err) {
    const struct text name = {pair, (size_t)(strchr(pair, '=') - pair)};
    const char **names = calloc(n + 1, sizeof *names);
    struct text *texts = calloc(n + 1, sizeof *texts);
    char list[300];
    if (!names || !texts) {
        free(names);
        free(texts);
        return error_memory(err);
    }
    for (size_t i = 0; i < n; i++) {
        names[i] = columns[i].name;
        texts[i] = text_of(columns[i].name);
    }
    const char *near = text_nearest(name, names, n);
    header_list(texts, n, ", ", list, sizeof list);
    error_set(err, ERROR_USAGE,
              "--column: found '%s', but no column '%.*s' is read here%s%s%s; "
              "expected one of: %s",
              pair, (int)name.length, pair, near ? "; did you mean '" : "", near ? near : "",
              near ? "'?" : "", list);
    free(names);
    free(texts);
    return err->code;
}

static int check_names(const struct table *table, const struct table_column *columns, size_t n,
                       struct error *err) {
    for (size_t i = 0; i < n; i++)
        called(table, columns[i].name);
    for (size_t i = 0; i < table->options->n_columns; i++)
        if (!table->asked_for[i])
            return refuse_column(table->options->columns[i], columns, n, err);
    return 0;
}

int table_bind(struct table *table, const struct table_column *columns, size_t n,
               struct error *err) {
    if (check_names(table, columns, n, err))
        return err->code;
    if (allocate_binding(table, n, err))
        return err->code;
    for (size_t i = 0; i < n; i++)
        if (bind_one(table, &columns[i], &table->field_of[i], err))
            return err->code;
    order_by_field(table->field_of, n, table->by_field);
    const struct table_options *options = table->options;
    table->layout = (struct layout){
        .delimiter = delimiter_of(options),
        .rules = {.mark = mark_of(options), .na = options->na, .n_na = options->n_na},
        .headers = table->header.names,
        .fields = table->header.count,
        .wanted = table->wanted,
        .columns = columns,
        .n_columns = n,
        .field_of = table->field_of,
        .by_field = table->by_field,
        .names = table->file_names,
        .rejects = table->rejects,
        .level = index_best(),
    };
    return 0;
}

/* ---- Afterwards ------------------------------------------------------------------------------ */

void table_place_format(const struct table *table, struct table_place place,
                        char text[TABLE_WHERE]) {
    origin_format(table->file_names[place.shard], place.line, 0, text);
}

void table_summarise(const struct table *table, struct table_summary *ret) {
    *ret = table->summary;
    if (!table->rejects)
        return;
    ret->bad_rows = rejects_count(table->rejects);
    ret->rows -= rejects_late(table->rejects);
    strncpy(ret->first_bad, rejects_first(table->rejects), sizeof ret->first_bad - 1);
}

int table_take_rejects(struct table *table, struct output **ret, struct error *err) {
    *ret = NULL;
    return table->rejects ? rejects_take(table->rejects, ret, err) : 0;
}
