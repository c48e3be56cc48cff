/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Cutting a shard into blocks of whole records.
 *
 *     struct cut *cut;
 *     struct block block = {0};
 *     cut_open(&cut, "panel.csv", 1 << 20, CUT_LONGEST, err);
 *     while (!(code = cut_next(cut, &block, err)) && block.length > 0)
 *         ... block.bytes, block.length, block.line ...
 *     block_free(&block);
 *     cut_close(cut);
 *
 * A record ends at the first line end at which the number of quotes read so far in the shard is
 * even, or at the end of the shard. That rule needs no guess about quoting and so gives the same
 * records for any size of the blocks.
 */
#ifndef TABLE_CUT_H
#define TABLE_CUT_H

#include "base/error.h"
#include "table/source.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CUT_LONGEST ((size_t)1 << 30) /* bytes of a record, with its line end */

/* Zero-initialise; reused from call to call. */
struct block {
    char *bytes;
    size_t length;
    size_t capacity;
    uint64_t line; /* of the first byte, from 1 */
    bool quotes;   /* false: there is no quote in it */
};

void block_free(struct block *block);

struct cut;

/* `longest` is CUT_LONGEST; tests set less. The path must outlive the cut. */
int cut_open(struct cut **ret, const char *path, size_t block_bytes, size_t longest,
             struct error *err);

/* The next block; length 0 at the end. Before an error come all whole records that precede it. */
int cut_next(struct cut *cut, struct block *block, struct error *err);

/* Gives back all but the first `used` bytes of the block that cut_next gave last; they must begin
 * a record at `line`. */
int cut_return(struct cut *cut, const struct block *block, size_t used, uint64_t line,
               struct error *err);

void cut_read_ahead(struct cut *cut); /* see source_read_ahead */
const struct source *cut_source(const struct cut *cut);
void cut_close(struct cut *cut); /* NULL is fine */

/* The end of the record that starts at `bytes`: its length without the line end (LF or CR LF, or
 * CR at the end of the shard). *ret_next is where the next one starts, *ret_lines how many line
 * ends were passed, *ret_quotes whether there is a quote in it. `quotes` false promises that the
 * bytes hold none. */
size_t cut_record(const char *bytes, size_t length, bool quotes, size_t *ret_next,
                  size_t *ret_lines, bool *ret_quotes);

#endif
