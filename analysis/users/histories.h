/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Histories: all spells of each user in order, with those who come back and those who are in
 * several places at a time.
 *
 *     const struct spells_options options = {.groups = names, .n_groups = 1};
 *     struct histories histories;
 *     if (histories_read(&histories, table, &options, NULL, err)) ...
 *     for (size_t i = 0; i < histories.n; i++)
 *         ... histories.spells[i].user, .platform, .start, .end, .open ...
 *     histories_free(&histories);
 *
 * Read are the columns user, platform, start and end, with dates; an open spell goes on to the day
 * of the last look. Users are numbered by name, and so are platforms, so that nothing depends on
 * the order of rows.
 */
#ifndef USERS_HISTORIES_H
#define USERS_HISTORIES_H

#include "base/dictionary.h"
#include "base/error.h"
#include "base/text.h"
#include "table/table.h"
#include "users/spells.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct history_spell {
    uint32_t user;     /* from 0, by name */
    uint32_t platform; /* from 0, by name */
    uint32_t group;    /* of the row; from 0, by name */
    uint32_t cluster;  /* of the user; from 0, by name, if clusters are read */
    int32_t start;
    int32_t end; /* the day of the last look, if open */
    bool open;
};

struct histories {
    struct history_spell *spells; /* by user, start, end, platform */
    size_t n;
    size_t users;
    struct dictionary platforms;
    uint32_t *platform_order; /* platform_order[platform] = code in `platforms` */
    struct dictionary groups; /* cells joined by NUL, see spells_group */
    uint32_t *group_order;    /* group_order[group] = code in `groups` */
    size_t clusters;          /* 0: none are read */
    struct spells_report report;
    int32_t as_of; /* the day of the last look; 0 without spells */
};

/* Of the options, groups and as_of are used. `cluster` is a column that says to which cluster a
 * user belongs, or NULL; one user in two clusters is ERROR_DATA. The table can be read once. */
int histories_read(struct histories *ret, struct table *table, const struct spells_options *options,
                   const char *cluster, struct error *err);

/* The platform's name, and the cells of the group, joined by NUL. */
struct text histories_group(const struct histories *histories, uint32_t group);
struct text histories_platform(const struct histories *histories, uint32_t platform);

/* One past the last spell of the user whose first one is spells[from]. */
size_t histories_end(const struct histories *histories, size_t from);

void histories_free(struct histories *histories); /* leaves it zeroed */

#endif
