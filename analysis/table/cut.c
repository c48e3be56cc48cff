/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Cutting a shard into blocks of whole records. */
#include "table/cut.h"

#include "base/buffer.h"
#include "table/count.h"
#include <stdlib.h>
#include <string.h>

struct cut {
    struct source *source;
    const char *path;
    size_t block_bytes;
    size_t longest;
    char *carried; /* the start of a record whose end was not in the last block */
    size_t n_carried;
    size_t capacity;
    uint64_t line; /* of the next block's first byte */
    bool ended;
    struct error failure; /* of the source, until the records before it are given out */
};

void block_free(struct block *block) {
    free(block->bytes);
    *block = (struct block){0};
}

int cut_open(struct cut **ret, const char *path, size_t block_bytes, size_t longest,
             struct error *err) {
    struct cut *cut = calloc(1, sizeof *cut);
    if (!cut)
        return error_memory(err);
    cut->path = path;
    cut->longest = longest;
    cut->block_bytes = block_bytes < longest ? block_bytes : longest;
    cut->line = 1;
    int code = source_open(&cut->source, path, err);
    if (code) {
        cut_close(cut);
        return code;
    }
    *ret = cut;
    return 0;
}

void cut_read_ahead(struct cut *cut) {
    source_read_ahead(cut->source);
}

const struct source *cut_source(const struct cut *cut) {
    return cut->source;
}

void cut_close(struct cut *cut) {
    if (!cut)
        return;
    source_close(cut->source);
    free(cut->carried);
    free(cut);
}

/* ---- Blocks ---------------------------------------------------------------------------------- */

static int carry(struct cut *cut, const char *bytes, size_t length, struct error *err) {
    if (array_reserve((void **)&cut->carried, &cut->capacity, length, 1, err))
        return err->code;
    if (length > 0)
        memmove(cut->carried, bytes, length);
    cut->n_carried = length;
    return 0;
}

/* Exactly `capacity` bytes, so that a record above the limit is noticed at the limit. */
static int grow(struct block *block, size_t capacity, struct error *err) {
    if (capacity <= block->capacity)
        return 0;
    char *bytes = realloc(block->bytes, capacity);
    if (!bytes)
        return error_memory(err);
    block->bytes = bytes;
    block->capacity = capacity;
    return 0;
}

/* Reads until the block holds `size` bytes or the source ends or fails. */
static void fill(struct cut *cut, struct block *block, size_t size) {
    size_t n;
    if (source_read(cut->source, block->bytes + block->length, size - block->length, &n,
                    &cut->failure))
        cut->ended = true;
    block->length += n;
    if (block->length < size)
        cut->ended = true;
}

/* The end of the last record that ends in bytes[from, length), looking backwards; 0 if none does.
 * `quotes` is the number of quotes in bytes[0, length). */
static size_t last_end(const char *bytes, size_t from, size_t length, size_t quotes) {
    size_t end = length;
    while (end > from) {
        const char *newline = memrchr(bytes + from, '\n', end - from);
        if (!newline)
            return 0;
        size_t next = (size_t)(newline - bytes) + 1;
        if (quotes > 0)
            quotes -= count_byte(newline, end - next + 1, '"');
        if (quotes % 2 == 0)
            return next;
        end = next - 1;
    }
    return 0;
}

static int too_long(const struct cut *cut, const struct block *block, size_t quotes,
                    struct error *err) {
    bool gib = cut->longest == CUT_LONGEST;
    const char *why = quotes % 2 ? ": a quote opens and is not closed"
                      : memchr(block->bytes, '\r', block->length)
                          ? ": lines must end in LF or CR LF, not in CR alone"
                          : "";
    return error_set(err, ERROR_DATA,
                     "%s:%llu: found a record of more than %zu %s, expected a shorter one%s",
                     source_name(cut->path), (unsigned long long)cut->line,
                     gib ? cut->longest >> 30 : cut->longest, gib ? "GiB" : "bytes", why);
}

/* Takes block->bytes[0, end) as the block and keeps the rest for the next one. */
static int give(struct cut *cut, struct block *block, size_t end, bool quotes, struct error *err) {
    if (carry(cut, block->bytes + end, block->length - end, err))
        return err->code;
    block->length = end;
    block->line = cut->line;
    block->quotes = quotes;
    cut->line += count_byte(block->bytes, block->length, '\n');
    return 0;
}

/* Most files have none, which memchr finds out faster than a count. */
static size_t count_quotes(const char *bytes, size_t length) {
    const char *first = length > 0 ? memchr(bytes, '"', length) : NULL;
    return first ? count_byte(first, length - (size_t)(first - bytes), '"') : 0;
}

int cut_next(struct cut *cut, struct block *block, struct error *err) {
    size_t size = cut->n_carried > cut->block_bytes ? cut->n_carried : cut->block_bytes;
    size_t searched = 0, quotes = 0;
    if (grow(block, size, err))
        return err->code;
    if (cut->n_carried > 0)
        memcpy(block->bytes, cut->carried, cut->n_carried);
    block->length = cut->n_carried;
    cut->n_carried = 0;
    for (;;) {
        if (!cut->ended)
            fill(cut, block, size);
        quotes += count_quotes(block->bytes + searched, block->length - searched);
        if (cut->ended && !cut->failure.code)
            return give(cut, block, block->length, quotes > 0, err);
        size_t end = last_end(block->bytes, searched, block->length, quotes);
        if (end > 0)
            return give(cut, block, end, quotes > 0, err);
        if (cut->ended)
            return error_set(err, cut->failure.code, "%s", cut->failure.text);
        if (size >= cut->longest)
            return too_long(cut, block, quotes, err);
        searched = block->length;
        size = size > cut->longest / 2 ? cut->longest : 2 * size;
        if (grow(block, size, err))
            return err->code;
    }
}

int cut_return(struct cut *cut, const struct block *block, size_t used, uint64_t line,
               struct error *err) {
    size_t given = block->length - used, carried = cut->n_carried;
    if (array_reserve((void **)&cut->carried, &cut->capacity, given + carried, 1, err))
        return err->code;
    if (carried > 0)
        memmove(cut->carried + given, cut->carried, carried);
    if (given > 0)
        memcpy(cut->carried, block->bytes + used, given);
    cut->n_carried = given + carried;
    cut->line = line;
    return 0;
}

/* ---- Records --------------------------------------------------------------------------------- */

size_t cut_record(const char *bytes, size_t length, bool quotes, size_t *ret_next,
                  size_t *ret_lines, bool *ret_quotes) {
    size_t from = 0, seen = 0, lines = 0;
    const char *newline;
    for (;;) {
        newline = memchr(bytes + from, '\n', length - from);
        size_t end = newline ? (size_t)(newline - bytes) : length;
        if (quotes)
            seen += count_byte(bytes + from, end - from, '"');
        from = end;
        if (!newline)
            break;
        lines++;
        from++;
        if (seen % 2 == 0)
            break;
    }
    *ret_next = from;
    *ret_lines = lines;
    *ret_quotes = seen > 0;
    size_t end = newline ? from - 1 : from;
    return end > 0 && bytes[end - 1] == '\r' ? end - 1 : end;
}
