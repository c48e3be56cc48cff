/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Bad rows that are skipped: counted, and kept whole with their reason where that is asked for.
 *
 *     struct reject_list list = {0};                        // one a block, filled by one thread
 *     reject_add(&list, place, reason, record, err);
 *     rejects_put(rejects, sequence, &list, err);           // in any order, by any thread
 *
 * The file gets its rows in the order of the input however the threads take turns: what a block
 * hands in waits until every block before it has.
 */
#ifndef TABLE_REJECT_H
#define TABLE_REJECT_H

#include "base/buffer.h"
#include "base/error.h"
#include "base/output.h"
#include "base/text.h"
#include <stdbool.h>
#include <stdint.h>

struct reject_place {
    size_t shard;
    uint64_t line;
    int column; /* of the file, from 1; 0: the whole row */
};

struct reject {
    struct reject_place place;
    size_t reason, record, end; /* offsets into the list's text */
};

/* Zero-initialise. */
struct reject_list {
    struct reject *items;
    size_t count;
    size_t capacity;
    struct buffer text;
};

/* Copies reason and record. */
int reject_add(struct reject_list *list, struct reject_place place, const char *reason,
               struct text record, struct error *err);
void reject_list_free(struct reject_list *list); /* leaves it zeroed */

struct rejects;

/* Opens the file that is going to hold them, NULL for none; `names` are the shards' names. */
int rejects_open(struct rejects **ret, const char *path, const char *const *names,
                 struct error *err);
bool rejects_wanted(const struct rejects *rejects); /* whether records must be kept */

/* Takes the list of block `sequence` (from 0, without gaps) and leaves it empty. */
int rejects_put(struct rejects *rejects, size_t sequence, struct reject_list *list,
                struct error *err);

/* From now on nothing is written before rejects_take: rows that a subject turns down after reading
 * still find their place among the others. */
void rejects_hold(struct rejects *rejects);

/* What a subject turns down: into the list of the block it is adding, or with NULL, after reading,
 * among those held. Safe in any thread. */
int rejects_add(struct rejects *rejects, struct reject_list *list, struct reject_place place,
                const char *reason, struct text record, struct error *err);

uint64_t rejects_count(const struct rejects *rejects);
uint64_t rejects_late(const struct rejects *rejects); /* of them, those turned down after reading */

/* "FILE:LINE:COLUMN: reason" of the first one in the input; empty if there is none. */
const char *rejects_first(const struct rejects *rejects);

/* The whole file, ready to commit; NULL if none was asked for. The caller commits or abandons. */
int rejects_take(struct rejects *rejects, struct output **ret, struct error *err);
void rejects_close(struct rejects *rejects); /* NULL is fine */

#endif
