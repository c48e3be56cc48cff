/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One record into its fields. */
#include "table/record.h"

#include <stdlib.h>
#include <string.h>

enum {
    /* What a record may look like is left to us: libcsv sees one record at a time, without its line
     * end, so that blank lines, positions and a quote that is never closed are in our hands. */
    OPTIONS = CSV_STRICT | CSV_STRICT_FINI | CSV_APPEND_NULL | CSV_EMPTY_IS_NULL,
    GROWTH = 64 * 1024, /* of libcsv's field buffer; its default of 128 suits short fields only */
};

/* Outer blanks belong to the field, and line ends within a record to it as well: no byte is special
 * to libcsv but the quote and the delimiter. */
static int never(unsigned char byte) {
    (void)byte;
    return 0;
}

int splitter_open(struct splitter *splitter, char delimiter, size_t capacity, const bool *wanted,
                  struct error *err) {
    *splitter = (struct splitter){.delimiter = delimiter, .capacity = capacity, .wanted = wanted};
    if (csv_init(&splitter->parser, OPTIONS) != 0)
        return error_memory(err);
    csv_set_delim(&splitter->parser, (unsigned char)delimiter);
    csv_set_blk_size(&splitter->parser, GROWTH);
    splitter->fields = calloc(capacity + 1, sizeof *splitter->fields);
    return splitter->fields ? 0 : error_memory(err);
}

void splitter_close(struct splitter *splitter) {
    if (splitter->fields)
        csv_free(&splitter->parser);
    free(splitter->fields);
    free(splitter->room);
    *splitter = (struct splitter){0};
}

/* Unquoting never lengthens a field, so that as many bytes as the records have are enough, and
 * fields that were taken out stay where they are. */
int splitter_start(struct splitter *splitter, size_t bytes, struct error *err) {
    splitter->used = 0;
    if (bytes <= splitter->size)
        return 0;
    free(splitter->room);
    splitter->room = malloc(bytes);
    splitter->size = splitter->room ? bytes : 0;
    return splitter->room ? 0 : error_memory(err);
}

static enum split split_plain(struct splitter *splitter, const char *bytes, size_t length) {
    const char *end = bytes + length;
    size_t count = 0;
    for (;;) {
        const char *stop = memchr(bytes, splitter->delimiter, (size_t)(end - bytes));
        if (!stop)
            stop = end;
        if (count < splitter->capacity)
            splitter->fields[count] = (struct text){bytes, (size_t)(stop - bytes)};
        count++;
        if (stop == end)
            break;
        bytes = stop + 1;
    }
    splitter->count = count;
    return SPLIT_GOOD;
}

/* ---- By libcsv ------------------------------------------------------------------------------- */

static void take_field(void *bytes, size_t length, void *context) {
    struct splitter *splitter = context;
    size_t number = splitter->count++;
    if (number >= splitter->capacity)
        return;
    struct text *field = &splitter->fields[number];
    *field = (struct text){"", 0};
    if (length == 0 || (splitter->wanted && !splitter->wanted[number]))
        return;
    char *copy = splitter->room + splitter->used;
    memcpy(copy, bytes, length);
    splitter->used += length;
    *field = (struct text){copy, length};
}

/* Without strictness csv_fini only puts the parser back to its first state. */
static enum split reset(struct csv_parser *parser, enum split split) {
    csv_set_opts(parser, 0);
    csv_fini(parser, NULL, NULL, NULL);
    csv_set_opts(parser, OPTIONS);
    return split;
}

static bool has_either(const char *bytes, size_t length, char a, char b) {
    return memchr(bytes, a, length) || memchr(bytes, b, length);
}

/* libcsv asks about each byte; its own tests, inline, are quicker where they find nothing. */
static void choose_tests(struct csv_parser *parser, const char *bytes, size_t length) {
    csv_set_space_func(parser, has_either(bytes, length, ' ', '\t') ? never : NULL);
    csv_set_term_func(parser, has_either(bytes, length, '\n', '\r') ? never : NULL);
}

static enum split split_quoted(struct splitter *splitter, const char *bytes, size_t length) {
    struct csv_parser *parser = &splitter->parser;
    splitter->count = 0;
    if (length == 0) { /* libcsv sees no record at all; the direct way sees one empty field */
        take_field(NULL, 0, splitter);
        return SPLIT_GOOD;
    }
    choose_tests(parser, bytes, length);
    size_t done = csv_parse(parser, bytes, length, take_field, NULL, splitter);
    if (done < length) {
        if (csv_error(parser) != CSV_EPARSE)
            return reset(parser, SPLIT_MEMORY);
        splitter->found = bytes[done];
        return reset(parser, bytes[done] == '"' ? SPLIT_QUOTE_INSIDE : SPLIT_BEHIND_QUOTE);
    }
    if (csv_fini(parser, take_field, NULL, splitter) != 0)
        return reset(parser, SPLIT_UNCLOSED);
    return SPLIT_GOOD;
}

enum split splitter_split(struct splitter *splitter, const char *bytes, size_t length,
                          bool quotes) {
    return quotes ? split_quoted(splitter, bytes, length) : split_plain(splitter, bytes, length);
}
