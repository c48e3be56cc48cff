/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Spells: how long each user stayed, and whether the end was seen.
 *
 *     const struct spells_options options = {.groups = names, .n_groups = 1};
 *     struct spells *spells;
 *     if (spells_bind(&spells, table, &options, NULL, 0, err)) ...
 *     // in a worker of table_fold, with a reader of its own:
 *     struct spells_reader reader = {.spells = spells};
 *     struct spell spell;
 *     if (spells_read(&reader, batch, row, &spell, err)) ...
 *     if (spell.outcome != SPELL_REJECTED) ... spell.time ...
 *     // after the fold, with all readers merged into one:
 *     if (spells_finish(&reader, &report, err)) ...
 *
 * Two shapes are read: dates `start,end`, where an empty end means still there, and durations, a
 * column of times with a column of statuses. Times are exact decimals in either case (dates: whole
 * days since the start), so that two times tie exactly when they were written alike.
 */
#ifndef USERS_SPELLS_H
#define USERS_SPELLS_H

#include "base/buffer.h"
#include "base/decimal.h"
#include "base/dictionary.h"
#include "base/error.h"
#include "base/text.h"
#include "table/table.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Zero is the default of every field. Nothing is copied: all must outlive the spells. */
struct spells_options {
    const char *time;   /* column of durations; NULL: dates in start and end */
    const char *status; /* with time: "COL" (0/1, no/yes, false/true) or "COL=VALUE"; NULL: every
                           row is an event, and the caller knows better */
    const char *entry;  /* late entry: a date with dates, a duration with durations */
    const char *weight; /* how many such spells a row stands for: a whole number from 1 */
    const char *const *groups;
    size_t n_groups;
    const int32_t *as_of; /* dates: the day of the last look; NULL: the last date in the file */
};

/* A table's columns as spells; read-only, shared by all workers. */
struct spells;

/* Binds the columns of the spells and, behind them, `extra` ones for the caller; see spells_extra.
 * Both must outlive *ret, and *ret the reading of the table. */
int spells_bind(struct spells **ret, struct table *table, const struct spells_options *options,
                const struct table_column *extra, size_t n_extra, struct error *err);
size_t spells_extra(const struct spells *spells); /* index of the first extra column in a batch */
void spells_destroy(struct spells *spells);       /* NULL is fine */

enum spell_outcome {
    SPELL_REJECTED, /* a bad row that is skipped: go on with the next one */
    SPELL_CENSORED, /* still there at `time` */
    SPELL_EVENT,    /* left at `time` */
    SPELL_OPEN,     /* still there on the last date in the file: its day is known at the end only */
};

struct spell {
    enum spell_outcome outcome;
    bool late;     /* `entry` holds; otherwise at risk from before the first time on */
    decimal entry; /* late: was watched from this time on; below `time` */
    decimal time;  /* 0 or more; not of an open one */
    int32_t start; /* dates only */
    int64_t weight;
};

/* What stood in the status column, for the message when it is not as expected. The least words by
 * text_compare, so that they do not depend on the order of reading. */
enum { SPELLS_WORDS = 8, SPELLS_WORD = 40 };
struct spells_words {
    char words[SPELLS_WORDS][SPELLS_WORD]; /* sorted; long ones are cut */
    int n;
    bool more; /* others were seen */
};

/* One worker's reading: the fields but the first are its own. Zero-initialise them. */
struct spells_reader {
    const struct spells *spells;
    struct buffer group; /* scratch */
    uint8_t *states;     /* of each code of the status column: what is known of it */
    size_t n_states, states_capacity;
    uint32_t *group_codes; /* by a number that the reader gives each group it meets, from 0 */
    size_t n_group_codes, group_codes_capacity;
    struct dictionary groups_met; /* with several group columns: their codes, joined */
    bool any_date;
    int32_t last_date; /* of the good rows */
    bool matched;      /* "COL=VALUE": some row had VALUE */
    unsigned usual;    /* otherwise: which of the usual words were seen, a bit each */
    struct spells_words words;
    bool unexpected; /* a status that is none; `place` is the first one's */
    size_t sequence;
    size_t row;
    char place[TABLE_WHERE + 2 * SPELLS_WORD];
};

/* One row. Rows that make no sense (an end before its start, a start after the last look, an entry
 * not before the exit, a negative time, a weight below 1) go through table_reject. */
int spells_read(struct spells_reader *reader, const struct table_batch *batch, size_t row,
                struct spell *ret, struct error *err);

/* The row's group: the cells of the group columns, joined by NUL so that no two different ones
 * meet; "(missing)" for a missing cell, "(all)" without group columns. Valid until the next call.
 */
int spells_group(struct spells_reader *reader, const struct table_batch *batch, size_t row,
                 struct text *ret, struct error *err);

/* The code of the row's group in `groups`, where it is added if it is new: what spells_group and
 * dictionary_add give, but quicker for a group met before. Always the same `groups` for a reader.
 */
int spells_group_code(struct spells_reader *reader, const struct table_batch *batch, size_t row,
                      struct dictionary *groups, uint32_t *ret, struct error *err);

/* Adds what `from` has seen. */
void spells_merge(struct spells_reader *into, const struct spells_reader *from);

/* What was assumed, for the tool to say. */
struct spells_report {
    bool dated;
    bool any_date;         /* as_of holds: given, or some row has a date */
    int32_t as_of;         /* dates: the day up to which open spells are counted */
    int64_t never_at_risk; /* open spells that came under observation on the last day itself */
    char unmatched[512];   /* no row has VALUE: what the column holds instead; or empty */
};

/* ERROR_DATA when the status column holds what it should not, with the first place and the words
 * found. */
int spells_finish(const struct spells_reader *reader, struct spells_report *ret, struct error *err);

void spells_reader_free(struct spells_reader *reader);

#endif
