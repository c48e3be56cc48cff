/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Tables by group within strata, for tests that compare groups among users who are alike.
 *
 *     struct life_strata strata;      // tables read with the columns of groups, then of strata
 *     if (life_strata_split(&lives, n_group_columns, &strata, err)) ...
 *     for (size_t s = 0; s < strata.n; s++)
 *         logrank_add(&test, strata.tables + s * strata.groups, strata.groups, err);
 *     life_strata_free(&strata);
 *
 * and likewise exit_strata for gray_add.
 */
#ifndef USERS_STRATA_H
#define USERS_STRATA_H

#include "base/arena.h"
#include "base/error.h"
#include "base/text.h"
#include "users/incidence.h"
#include "users/lifetable.h"
#include <stddef.h>

struct life_strata {
    size_t n;                  /* strata, by name; 1 if there are no columns of strata */
    size_t groups;             /* by name */
    struct life_table *tables; /* stratum after stratum; no rows where a stratum lacks the group */
    struct text *names;        /* of the groups, for people */
    struct arena arena;
};

struct exit_strata {
    size_t n;
    size_t groups;
    struct exit_table *tables;
    struct text *names;
    struct arena arena;
};

/* Splits each key behind its first n_group_columns cells. The rows stay those of `lives`. */
int life_strata_split(const struct life_tables *lives, size_t n_group_columns,
                      struct life_strata *ret, struct error *err);
void life_strata_free(struct life_strata *strata); /* leaves it zeroed */

/* The same; the counts stay those of `exits`. */
int exit_strata_split(const struct exit_tables *exits, size_t n_group_columns,
                      struct exit_strata *ret, struct error *err);
void exit_strata_free(struct exit_strata *strata); /* leaves it zeroed */

#endif
