/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A table of spells, counted: what happened when, by group and, if asked for, by destination.
 *
 *     const struct tally_options options = {.destinations = true}; // an extra column of the spells
 *     struct tally tally;
 *     if (tally_read(table, spells, &options, &tally, err)) ...
 *     ... exits_sort(&tally.exits, ...), tally.groups, tally.destinations ...
 *     tally_free(&tally);
 *
 * Memory grows with the distinct times, unless single records are kept, which errors by cluster
 * need.
 */
#ifndef USERS_TALLY_H
#define USERS_TALLY_H

#include "base/decimal.h"
#include "base/dictionary.h"
#include "base/error.h"
#include "table/table.h"
#include "users/exits.h"
#include "users/spells.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TALLY_NOWHERE "(gone)" /* left, and no destination is known */

/* The extra columns of the spells are, in this order, those that are asked for: TABLE_CATEGORY
 * that may be missing for the destination, TABLE_TEXT that may not be for the cluster. */
struct tally_options {
    bool destinations;  /* kinds are EXITS_EVENT + code in `destinations` */
    bool stays;         /* a missing destination means still there, not TALLY_NOWHERE */
    const char *stayed; /* so does this word; NULL: none */
    bool records;       /* keep each spell */
    bool clusters;      /* with records: read which cluster it belongs to */
};

/* One spell that counts. */
struct tally_record {
    decimal entry; /* if late */
    decimal time;
    int64_t weight;
    uint32_t group;
    uint32_t kind; /* EXITS_CENSORED or EXITS_EVENT + destination */
    uint32_t cluster;
    bool late;
};

/* Codes of groups are in order of appearance; those of destinations, and of clusters, by name. */
struct tally {
    struct dictionary groups;       /* cells joined by NUL, see spells_group */
    struct dictionary destinations; /* names; its codes are those before sorting: see below */
    uint32_t *order;                /* order[d] = code in `destinations` of kind EXITS_EVENT + d */
    struct exits exits;
    struct spells_report report;
    bool stayed_met;              /* some row had the word options.stayed */
    struct tally_record *records; /* by group, then cluster */
    size_t n_records;
    size_t *starts; /* starts[code of a group]: its first record; one more than there are groups */
};

/* Reads all spells; the table can be read once. The counts do not depend on the order of rows. */
int tally_read(struct table *table, const struct spells *spells,
               const struct tally_options *options, struct tally *ret, struct error *err);

/* The name of destination d, counted from 0 by name. */
struct text tally_destination(const struct tally *tally, uint32_t d);

/* Names of groups as people read them: "a, b" for the cells "a" and "b", joined by NUL. */
int tally_group_name(struct arena *arena, struct text key, struct text *ret, struct error *err);

void tally_free(struct tally *tally); /* leaves it zeroed */

#endif
