/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The header of a shard, and finding columns in it. */
#include "table/header.h"

#include "base/buffer.h"
#include "table/cell.h"
#include "table/count.h"
#include "table/origin.h"
#include "table/record.h"
#include <stdlib.h>
#include <string.h>

static int bad(const struct header *header, const char *name, const char *what, struct error *err) {
    char where[TABLE_WHERE];
    origin_format(name, header->line, 0, where);
    return error_set(err, ERROR_DATA, "%s: %s", where, what);
}

/* ---- Reading --------------------------------------------------------------------------------- */

static bool starts_with(struct text a, const char *bytes, size_t length) {
    return a.length >= length && memcmp(a.bytes, bytes, length) == 0;
}

/* What no header looks like, with the remedy. */
static int check_bytes(const struct header *header, struct text record, bool quotes,
                       const char *name, struct error *err) {
    if (memchr(record.bytes, '\0', record.length))
        return bad(header, name,
                   "found a NUL byte in the header, expected text (UTF-16? convert it with "
                   "iconv -f UTF-16 -t UTF-8)",
                   err);
    if (!text_is_utf8(record))
        return bad(header, name,
                   "found bytes that are not UTF-8 in the header, expected UTF-8 (convert the "
                   "file with iconv -t UTF-8)",
                   err);
    if (!quotes && memchr(record.bytes, '\r', record.length))
        return bad(header, name,
                   "found a line that ends in CR alone, expected LF or CR LF (convert the file "
                   "with tr '\\r' '\\n')",
                   err);
    return 0;
}

static int keep_names(struct header *header, const struct splitter *splitter, struct error *err) {
    header->count = splitter->count;
    header->names = arena_alloc(&header->arena, header->count * sizeof *header->names);
    if (!header->names)
        return error_memory(err);
    for (size_t i = 0; i < header->count; i++) {
        struct text name = text_trim(splitter->fields[i]);
        char *copy = arena_text(&header->arena, name.bytes, name.length);
        if (!copy)
            return error_memory(err);
        header->names[i] = (struct text){copy, name.length};
    }
    return 0;
}

static int split(struct header *header, struct text record, bool quotes, char delimiter,
                 const char *name, struct error *err) {
    struct splitter splitter = {0};
    size_t most = count_byte(record.bytes, record.length, delimiter) + 1;
    int code = splitter_open(&splitter, delimiter, most, NULL, err);
    if (!code)
        code = splitter_start(&splitter, record.length, err);
    if (!code) {
        enum split outcome = splitter_split(&splitter, record.bytes, record.length, quotes);
        if (outcome == SPLIT_MEMORY)
            code = error_memory(err);
        else if (outcome != SPLIT_GOOD)
            code = bad(header, name,
                       outcome == SPLIT_UNCLOSED
                           ? "found a quote in the header that is not closed"
                           : "found a misplaced quote in the header, expected a whole name in "
                             "quotes and its own quotes doubled",
                       err);
        else
            code = keep_names(header, &splitter, err);
    }
    splitter_close(&splitter);
    return code;
}

/* The byte order mark of UTF-8 is dropped; that of UTF-16 is a file of another kind. */
static int skip_mark(const struct header *header, const struct block *block, size_t *ret_at,
                     const char *name, struct error *err) {
    struct text start = {block->bytes, block->length};
    *ret_at = starts_with(start, "\xEF\xBB\xBF", 3) ? 3 : 0;
    if (starts_with(start, "\xFF\xFE", 2) || starts_with(start, "\xFE\xFF", 2))
        return bad(header, name,
                   "found UTF-16, expected UTF-8 (convert the file with iconv -f UTF-16 -t UTF-8)",
                   err);
    return 0;
}

int header_read(struct header *header, struct cut *cut, struct block *block, char delimiter,
                const char *name, struct error *err) {
    header->line = 1;
    for (bool first = true;; first = false) {
        if (cut_next(cut, block, err))
            return err->code;
        if (block->length == 0)
            return bad(header, name, "found no line, expected a header", err);
        size_t at = 0, used, lines;
        if (first && skip_mark(header, block, &at, name, err))
            return err->code;
        for (; at < block->length; at += used, header->line += lines, header->blank_lines++) {
            bool quotes;
            struct text record = {block->bytes + at, 0};
            record.length =
                cut_record(record.bytes, block->length - at, block->quotes, &used, &lines, &quotes);
            if (record.length == 0)
                continue;
            if (check_bytes(header, record, quotes, name, err) ||
                split(header, record, quotes, delimiter, name, err))
                return err->code;
            return cut_return(cut, block, at + used, header->line + lines, err);
        }
    }
}

void header_free(struct header *header) {
    arena_free(&header->arena);
    *header = (struct header){0};
}

/* ---- Comparing ------------------------------------------------------------------------------- */

int header_compare(const struct header *header, const char *name, const struct header *first,
                   const char *first_name, struct error *err) {
    char where[TABLE_WHERE], other[ORIGIN_NAME], found[CELL_SHOWN], expected[CELL_SHOWN];
    origin_name(first_name, other, sizeof other);
    size_t shorter = header->count < first->count ? header->count : first->count;
    for (size_t i = 0; i < shorter; i++) {
        if (text_equal(header->names[i], first->names[i]))
            continue;
        origin_format(name, header->line, (int)i + 1, where);
        cell_show(header->names[i], found);
        cell_show(first->names[i], expected);
        return error_set(err, ERROR_DATA, "%s: found column %s, expected %s as in %s", where, found,
                         expected, other);
    }
    if (header->count == first->count)
        return 0;
    origin_format(name, header->line, 0, where);
    bool more = header->count > shorter;
    cell_show(more ? header->names[shorter] : first->names[shorter], found);
    return error_set(err, ERROR_DATA, "%s: found %zu column%s, expected %zu as in %s; %s is %s",
                     where, header->count, header->count == 1 ? "" : "s", first->count, other,
                     found, more ? "one too many" : "the first that lacks");
}

/* ---- Finding --------------------------------------------------------------------------------- */

size_t header_find(const struct header *header, struct text name, size_t *ret_column) {
    size_t found = 0;
    for (size_t i = 0; i < header->count; i++)
        if (text_equal(header->names[i], name) && found++ == 0)
            *ret_column = i;
    return found;
}

void header_list(const struct text *names, size_t n, const char *separator, char *list,
                 size_t size) {
    size_t used = 0, most = size - sizeof ", ..."; /* so much is kept for the end */
    list[0] = '\0';
    for (size_t i = 0; i < n; i++) {
        char shown[CELL_SHOWN];
        cell_show(names[i], shown);
        size_t length = strlen(shown) - 2; /* its quotes stay out */
        size_t needed = length + (i > 0 ? strlen(separator) : 0);
        if (used + needed > most) {
            snprintf(list + used, size - used, "%s...", i > 0 ? separator : "");
            return;
        }
        used += (size_t)snprintf(list + used, size - used, "%s%.*s", i > 0 ? separator : "",
                                 (int)length, shown + 1);
    }
}

static const char *nearest(const struct header *header, struct text name) {
    const char **candidates = calloc(header->count, sizeof *candidates);
    if (!candidates)
        return NULL; /* an error is being reported: it can do without its suggestion */
    for (size_t i = 0; i < header->count; i++)
        candidates[i] = header->names[i].bytes;
    const char *near = text_nearest(name, candidates, header->count);
    free(candidates);
    return near;
}

/* A header that is one name with another program's delimiter in it. */
static const char *likely_delimiter(const struct header *header, char delimiter) {
    static const char *const others[] = {";", "\t", ",", "|"};
    for (size_t i = 0; header->count == 1 && i < sizeof others / sizeof others[0]; i++)
        if (*others[i] != delimiter && strchr(header->names[0].bytes, *others[i]))
            return others[i];
    return NULL;
}

int header_lacks(const struct header *header, const char *shard, const char *name,
                 struct text called, char delimiter, struct error *err) {
    struct buffer message = {0};
    char where[TABLE_WHERE], shown[CELL_SHOWN];
    origin_format(shard, header->line, 0, where);
    cell_show(called, shown);
    buffer_format(&message, "%s: no column %s", where, shown);
    if (!text_is(called, name))
        buffer_format(&message, ", which --column says is '%s'", name);
    const char *near = nearest(header, called);
    const char *other = likely_delimiter(header, delimiter);
    if (near && !other) {
        cell_show(text_of(near), shown);
        buffer_format(&message, "; did you mean %s?", shown);
    }
    if (other)
        buffer_format(&message, "; found one column: is the delimiter another (--delimiter %s)?",
                      *other == '\t'  ? "tab"
                      : *other == ',' ? ","
                      : *other == '|' ? "'|'"
                                      : "';'");
    else
        buffer_format(&message, " (or name it: --column %s=HEADER)", name);
    char list[300];
    header_list(header->names, header->count, ", ", list, sizeof list);
    buffer_format(&message, "; found: %s", list);
    int code = buffer_check(&message, err);
    if (!code)
        code = error_set(err, ERROR_DATA, "%s", message.bytes);
    buffer_free(&message);
    return code;
}
