/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The creator panel `creator,platform,period,followers`, gathered by creator.
 *
 *     struct panel panel = {0};
 *     const struct panel_options options = {.tiers = &tiers, .threads = 4};
 *     if (panel_read(table, &options, &panel, err)) ...
 *     for (size_t row = panel.start[creator]; row < panel.start[creator + 1]; row++)
 *         panel.keys[row].platform, panel.keys[row].period, panel.followers[row];
 *     panel_free(&panel);
 *
 * Creators are told apart by 128 bits of XXH3 of their name's bytes: the same name in another
 * spelling is another creator, and among 10^9 of them the chance of one mix-up is 1 in 6 x 10^20.
 * Names are not kept. A row takes 12 bytes (and 32 more until panel_read returns), a creator 24.
 */
#ifndef CREATORS_PANEL_H
#define CREATORS_PANEL_H

#include "base/calendar.h"
#include "base/dictionary.h"
#include "creators/tiers.h"
#include "table/table.h"
#include <stdbool.h>

struct panel_options {
    const struct tiers *tiers; /* fewer followers than the first tier asks for are a bad row */
    bool platform;             /* the file must have the column platform */
    int threads;               /* for what follows the reading */
};

#define PANEL_MOST 65535 /* platforms, and periods */

struct panel_creator {
    uint64_t high, low; /* of the hash */
};

/* Of one row: indices into platforms and periods. */
struct panel_key {
    uint16_t platform;
    uint16_t period;
};

/* Zero-initialise. */
struct panel {
    size_t n_creators;
    struct panel_creator *creators; /* ascending, which is in no order that means anything */
    size_t n_platforms;
    struct text *platforms; /* sorted by text_compare */
    struct dictionary platform_names;
    size_t n_periods;
    struct period *periods; /* those with rows, of one kind, ascending; there may be gaps */
    size_t n_rows;
    size_t *start; /* n_creators + 1: the rows of creator c are start[c] to start[c + 1] - 1 */
    struct panel_key *keys; /* ascending by platform, then period, within a creator */
    int64_t *followers;
    unsigned char *present; /* [platform * n_periods + period]: 1 if it has any row */
};

/* Binds the columns and reads the open table as a fold. A file without a column platform is one
 * platform with an empty name, unless the options ask for the column. ERROR_DATA for what the table
 * refuses, for followers below 0 or below the first tier (a bad row: table_reject), for periods of
 * several kinds and for a creator listed twice on one platform in one period (these two always
 * stop, and name both lines). Neither the order of the rows nor the number of threads or of files
 * shows in the panel. */
int panel_read(struct table *table, const struct panel_options *options, struct panel *ret,
               struct error *err);

/* The number of the creator of this name; false if the panel has none. */
bool panel_find(const struct panel *panel, struct text creator, size_t *ret);

/* The first period in which a platform has no row although it has some before and after; false if
 * there is none. */
bool panel_gap(const struct panel *panel, size_t platform, size_t *ret_period);

void panel_free(struct panel *panel); /* leaves it empty */

#endif
