/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Finished replications in a file, so that a run that was stopped can go on.
 *
 *     struct state *state;
 *     if (state_create(&state, "run.state", key, bytes, found, context, err)) ...
 *     if (state_add(state, replication, record, err)) ...             // from any thread
 *     state_close(state);
 *
 * A replication is a pure function of what the run was asked for, so that a run which takes
 * finished ones from a file gives the same bytes as one that simulates all. `key` stands for what
 * was asked for: a file of another key is refused. Records are appended as they come, each with a
 * checksum; one that was cut off when the run was stopped is dropped.
 */
#ifndef RANKING_STATE_H
#define RANKING_STATE_H

#include "base/error.h"
#include <stddef.h>
#include <stdint.h>

struct state;

/* An empty state. bytes: of a record. One of the same key and size that is there already is gone on
 * with, as by state_resume, so that a command that is given again loses nothing; one of another run
 * gives way. Any other file with something in it is ERROR_DATA and stays as it is. */
int state_create(struct state **ret, const char *path, uint64_t key, size_t bytes,
                 void (*found)(void *context, uint32_t replication, const void *record),
                 void *context, struct error *err);

/* Calls `found` for each whole record and goes on behind the last one. A file that is not there is
 * ERROR_SYSTEM, one of another key or another size of records ERROR_DATA. */
int state_resume(struct state **ret, const char *path, uint64_t key, size_t bytes,
                 void (*found)(void *context, uint32_t replication, const void *record),
                 void *context, struct error *err);

/* Appends a record and hands it to the system, so that it outlives the process. */
int state_add(struct state *state, uint32_t replication, const void *record, struct error *err);

void state_close(struct state *state); /* NULL is fine */

#endif
