/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Life tables: for each group, who was at risk and who left at each time.
 *
 *     struct life_tables lives;
 *     if (tally_read(table, spells, &how, &tally, err)) ...
 *     if (life_tables_build(&tally.exits, &tally.groups, &lives, err)) ...
 *     for (size_t g = 0; g < lives.n; g++)
 *         survival_fit(&lives.tables[g], &options, &curve, err);
 *     life_tables_free(&lives);
 *
 * The risk set at t is everyone with entry < t <= exit (Andersen, Borgan, Gill & Keiding 1993,
 * section III.3); events come before censorings at the same time. Whoever has no entry time was at
 * risk from before the first time on.
 */
#ifndef USERS_LIFETABLE_H
#define USERS_LIFETABLE_H

#include "base/arena.h"
#include "base/decimal.h"
#include "base/dictionary.h"
#include "base/error.h"
#include "base/text.h"
#include "users/exits.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One time at which anybody entered or left. Between two rows the risk set does not change: at any
 * t it is at_risk of the first row with time >= t, and 0 beyond the last row. */
struct life_row {
    decimal time;
    int64_t at_risk; /* at this time: exits at it included, entries at it not yet */
    int64_t entered;
    int64_t events;
    int64_t censored;
};

struct life_table {
    struct text group;           /* for people: "a, b"; "(all)" without groups */
    struct text key;             /* the cells themselves, joined by NUL */
    uint32_t code;               /* of the group in the dictionary it was built from */
    const struct life_row *rows; /* by time, each time once */
    size_t n;
    int64_t subjects; /* spells, by their weights */
    int64_t events;
};

/* Groups by name. */
struct life_tables {
    struct life_table *tables;
    size_t n;
    struct life_row *rows; /* storage of all tables */
    struct arena names;
};

/* From counts and the names of their groups (joined by NUL, as spells_group does). A group without
 * any exit gets a table of no rows. */
int life_tables_build(struct exits *exits, const struct dictionary *groups, struct life_tables *ret,
                      struct error *err);

/* At risk at this time, whether or not anything happens then. */
int64_t life_table_at_risk(const struct life_table *table, decimal time);

/* The largest time at which anybody left, over all groups; 0 if nobody did. */
decimal life_tables_last_time(const struct life_tables *lives);

void life_tables_free(struct life_tables *lives);

#endif
