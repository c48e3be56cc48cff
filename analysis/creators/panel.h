/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The creator panel `creator,platform,period,followers`, gathered by creator, with a group and
 * amounts (such as income) of each row where they are asked for.
 *
 *     struct panel panel = {0};
 *     const struct panel_options options = {.tiers = &tiers, .threads = 4};
 *     if (panel_read(table, &options, &panel, err)) ...
 *     for (size_t row = panel.start[creator]; row < panel.start[creator + 1]; row++)
 *         panel.keys[row].platform, panel.keys[row].period, panel.followers[row];
 *     panel_free(&panel);
 *
 * Creators are told apart by 96 bits of XXH3 of their name's bytes, or with fold_names of what
 * name_fold makes of it: among 10^9 of them the chance of one mix-up is 1 in 10^11. Only those
 * names are kept that folding may change. A row takes 12 bytes (and 24 more until panel_read
 * returns), an amount 16, a group 4, a creator 24.
 */
#ifndef CREATORS_PANEL_H
#define CREATORS_PANEL_H

#include "base/calendar.h"
#include "base/dictionary.h"
#include "creators/tiers.h"
#include "table/table.h"
#include <stdbool.h>

/* What several rows of one creator on one platform in one period are. */
enum panel_duplicates {
    PANEL_REFUSE, /* an error that names the first two of them */
    PANEL_MAX,    /* the row with most followers, the first of them in the input */
    PANEL_FIRST,  /* the first row in the input */
    PANEL_SUM,    /* followers and amounts added up; the group of the first */
};

#define PANEL_MOST    65535     /* platforms, groups, and periods */
#define PANEL_AMOUNTS 3         /* at most */
#define PANEL_UNKNOWN INT64_MIN /* an amount that is missing */

/* Zero is the default of every field. */
struct panel_options {
    const struct tiers *tiers;  /* fewer followers than the first tier asks for are a bad row; NULL:
                                   any number from 0 on will do */
    bool platform;              /* the file must have the column platform */
    const char *group;          /* a column of texts; missing ones are the empty text */
    const char *const *amounts; /* columns of decimals, 0 or more; missing ones are allowed... */
    size_t n_amounts;
    unsigned amounts_required; /* ...but not in column i, if bit i is set: a bad row */
    bool human_numbers;        /* followers and amounts in the forms of quantity_parse */
    char decimal_mark;         /* of these; 0 is '.' */
    bool fold_names;           /* tell creators apart without regard to case, width and blanks */
    enum panel_duplicates duplicates;
    bool timeless; /* the column period may be absent: all rows are of one period */
    int threads;   /* for what follows the reading */
};

struct panel_creator {
    uint64_t high; /* of the hash */
    uint32_t low;
};

/* Of one row: indices into platforms and periods. */
struct panel_key {
    uint16_t platform;
    uint16_t period;
};

/* Two names that differ only in case, width or blanks. */
struct panel_alike {
    struct text one, other;
};

/* Zero-initialise. */
struct panel {
    size_t n_creators;
    struct panel_creator *creators; /* ascending, which is in no order that means anything */
    size_t n_platforms;
    struct text *platforms; /* sorted by text_compare */
    struct dictionary platform_names;
    bool timeless; /* there was no column period: one period that means nothing */
    size_t n_periods;
    struct period *periods; /* those with rows, of one kind, ascending; there may be gaps */
    size_t n_rows;
    size_t *start; /* n_creators + 1: the rows of creator c are start[c] to start[c + 1] - 1 */
    struct panel_key *keys; /* ascending by platform, then period, within a creator */
    int64_t *followers;
    decimal *amounts[PANEL_AMOUNTS]; /* by row; NULL beyond n_amounts */
    size_t n_groups;
    struct text *groups; /* sorted by text_compare */
    struct dictionary group_names;
    uint16_t *row_groups; /* by row, indices into groups; NULL without a group */
    size_t n_joined;      /* rows that were put together with others, by `duplicates` */
    size_t n_alike;       /* pairs of names; none with fold_names */
    struct panel_alike *alike;
    struct dictionary odd_names; /* holds their texts */
    unsigned char *present;      /* [platform * n_periods + period]: 1 if it has any row */
};

/* Binds the columns and reads the open table as a fold. A file without a column platform is one
 * platform with an empty name, unless the options ask for the column. ERROR_DATA for what the table
 * refuses, for followers below 0 or below the first tier (a bad row: table_reject), for periods of
 * several kinds and, unless `duplicates` says what to do, for a creator listed twice on one
 * platform in one period (these two always stop, and name both lines). Neither the order of the
 * rows nor the number of threads or of files shows in the panel. */
int panel_read(struct table *table, const struct panel_options *options, struct panel *ret,
               struct error *err);

/* The number of the creator of this name; false if the panel has none. */
bool panel_find(const struct panel *panel, struct text creator, size_t *ret);

/* The first period in which a platform has no row although it has some before and after; false if
 * there is none. */
bool panel_gap(const struct panel *panel, size_t platform, size_t *ret_period);

void panel_free(struct panel *panel); /* leaves it empty */

#endif
