/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where each account stands in each period: its tier, and the group it is counted in.
 *
 *     struct standing standing;
 *     const struct standing_options options = {.panel = &panel, .tiers = &tiers, .gap = 1};
 *     struct units units = {0};                               // one a thread
 *     if (standing_open(&standing, &options, err)) ...
 *     for (size_t creator = 0; creator < panel.n_creators; creator++) {
 *         if (standing_load(&standing, creator, &units, err)) ...
 *         for (size_t i = 0; i < units.n; i++)
 *             unit_tier(&units.items[i], period, standing.outside);
 *     }
 *     units_free(&units);
 *     standing_close(&standing);
 *
 * The unit is the account, a creator on one platform; or the creator, whose followers are then
 * those of the largest account (audiences overlap, so that a sum would count people twice) and
 * whose amounts are the sum.
 */
#ifndef CREATORS_STANDING_H
#define CREATORS_STANDING_H

#include "creators/panel.h"
#include "creators/tiers.h"
#include <stdbool.h>

enum standing_by {
    STANDING_FOLLOWERS, /* tiers[].from are followers */
    STANDING_AMOUNT,    /* they are decimals, held against panel.amounts[0] */
    STANDING_RANK, /* they are shares as decimals, 0 first: a unit is in the tier of the share of
                      those of its group and period that have fewer followers */
};

enum standing_split { STANDING_TOGETHER, STANDING_PLATFORMS, STANDING_GROUPS };

/* Zero is the default of every field but the first two. They must outlive the standing. */
struct standing_options {
    const struct panel *panel; /* read with these tiers, if by followers */
    const struct tiers *tiers;
    enum standing_by by;
    enum standing_split split; /* not STANDING_PLATFORMS with creators */
    bool creators;             /* the unit */
    size_t gap; /* a unit that is missing for at most so many periods between two in which it is
                   there stays where it was */
};

struct standing {
    struct standing_options options;
    size_t periods;
    size_t outside; /* the state of who is not there: the number of tiers */
    size_t groups;
    const struct text *group_names; /* NULL if there is one of all */
    int64_t *bounds;                /* by rank: [group][period][tier] */
};

/* ERROR_DATA for what has no tier: an amount below the first tier. */
int standing_open(struct standing *ret, const struct standing_options *options, struct error *err);
void standing_close(struct standing *standing);

/* One unit. Arrays are by period, and hold something in [first, end) only. */
struct unit {
    size_t platform; /* of an account */
    size_t first, end;
    uint16_t *tier;                  /* or `outside` */
    uint16_t *group;                 /* where it is counted */
    int64_t *followers;              /* -1 where it is not there, or only by `gap` */
    decimal *amounts[PANEL_AMOUNTS]; /* PANEL_UNKNOWN likewise */
};

/* Zero-initialise. */
struct units {
    size_t n;
    struct unit *items;
    size_t capacity, cells; /* of the arrays */
    char *room;
};

/* All units of one creator, until the next call. */
int standing_load(const struct standing *standing, size_t creator, struct units *units,
                  struct error *err);
void units_free(struct units *units);

static inline size_t unit_tier(const struct unit *unit, size_t period, size_t outside) {
    return period >= unit->first && period < unit->end ? unit->tier[period] : outside;
}

/* Where the account went that is there in period - 1 and not in this one: another account of the
 * same creator that is there now and was not before, the one with most followers; NULL if there is
 * none. Likewise where the one came from that is there now and was not before. */
const struct unit *units_destination(const struct units *units, const struct unit *unit,
                                     size_t period, size_t outside);
const struct unit *units_origin(const struct units *units, const struct unit *unit, size_t period,
                                size_t outside);

#endif
