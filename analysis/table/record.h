/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One record into its fields: directly where it holds no quote, by libcsv where it does.
 *
 *     struct splitter splitter;
 *     splitter_open(&splitter, ',', 4, NULL, err);
 *     if (splitter_split(&splitter, bytes, length, false) == SPLIT_GOOD)
 *         ... splitter.fields[0 .. splitter.count) ...
 *     splitter_close(&splitter);
 *
 * Both ways give the same fields, which the tests hold them to on random and hostile bytes.
 */
#ifndef TABLE_RECORD_H
#define TABLE_RECORD_H

#include "base/error.h"
#include "base/text.h"
#include <csv.h>
#include <stdbool.h>
#include <stddef.h>

enum split {
    SPLIT_GOOD,
    SPLIT_QUOTE_INSIDE, /* a quote in a field that does not start with one */
    SPLIT_BEHIND_QUOTE, /* something other than the delimiter behind a closing quote */
    SPLIT_UNCLOSED,     /* the record ends inside quotes */
    SPLIT_MEMORY,
};

struct splitter {
    char delimiter;
    size_t capacity;     /* of fields: further ones are counted, not kept */
    struct text *fields; /* [capacity]; what is not wanted is empty */
    const bool *wanted;  /* [capacity]; NULL: all are */
    size_t count;        /* fields of the record; when it is bad, those before the bad one */
    char found;          /* SPLIT_BEHIND_QUOTE: the byte behind the quote */
    struct csv_parser parser;
    char *room; /* what libcsv takes out of its quotes: room[0 .. used) */
    size_t used;
    size_t size;
};

/* `wanted` is the caller's and must outlive the splitter. */
int splitter_open(struct splitter *splitter, char delimiter, size_t capacity, const bool *wanted,
                  struct error *err);

/* Room for records of `bytes` bytes together, whose fields stay valid until the next call. */
int splitter_start(struct splitter *splitter, size_t bytes, struct error *err);

/* A record without its line end. Fields point into it, or into room. `quotes` false promises that
 * there is no quote in it; true takes the way of libcsv. */
enum split splitter_split(struct splitter *splitter, const char *bytes, size_t length, bool quotes);

void splitter_close(struct splitter *splitter); /* one that is all zero is fine */

#endif
