/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The bytes of one shard: a file, a pipe or standard input, plain or compressed.
 *
 *     struct source *source;
 *     if (source_open(&source, "panel.csv.gz", err)) ...
 *     do
 *         code = source_read(source, bytes, sizeof bytes, &n, err);
 *     while (!code && n > 0);
 *     source_close(source);
 *
 * gzip (any number of members) and zstd (any number of frames) are known by their first bytes,
 * whatever the file is called. Files are read, not mapped: memory stays that of the blocks in
 * use, and a file that shrinks while it is read is an error instead of a fault.
 */
#ifndef TABLE_SOURCE_H
#define TABLE_SOURCE_H

#include "base/error.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct source;

/* What messages call a shard: its path, or "<stdin>" for "-". */
const char *source_name(const char *path);

/* `path` "-" is standard input. The path must outlive the source. A file that is known to be no
 * CSV (zip, xz, bzip2, Parquet) is ERROR_DATA here. */
int source_open(struct source **ret, const char *path, struct error *err);

/* From now on a compressed source is decoded ahead of the reading, by a thread of its own; without
 * a thread to be had, and for a plain one, all stays as it is. Once at most. */
void source_read_ahead(struct source *source);

/* Fills `bytes` with the next `size` (> 0) decompressed ones; *ret_n is less only at the end or
 * before an error. It is set even on failure: what came before a broken place is good. */
int source_read(struct source *source, char *bytes, size_t size, size_t *ret_n, struct error *err);

/* Bytes so far, before decompression; safe while another thread reads. */
uint64_t source_consumed(const struct source *source);
uint64_t source_size(const struct source *source); /* the same at the end; 0: unknown */
bool source_is_plain(const struct source *source); /* not compressed */

/* A file that can be closed and opened again without loss; a pipe cannot. */
bool source_is_file(const struct source *source);

void source_close(struct source *source); /* NULL is fine */

#endif
