/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Groups within strata. */
#include "users/strata.h"

#include "base/dictionary.h"
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* ---- Where each table belongs ---------------------------------------------------------------- */

/* Of one table: its cells joined by NUL, and as people read them. */
struct name {
    struct text key, shown;
};

struct layout {
    struct dictionary group_keys, stratum_keys;
    uint32_t *group, *stratum; /* of each table; strata by rank, in the end */
    size_t strata, groups;
    struct text *names; /* of the groups */
    struct arena *arena;
};

/* The length of the first `cells` cells of a key: without the NUL behind them. */
static size_t length_of(struct text key, size_t cells) {
    for (size_t i = 0; i < key.length; i++)
        if (key.bytes[i] == '\0' && --cells == 0)
            return i;
    return key.length;
}

/* The first n cells of the name that is shown: "a, b" takes one byte more for each cell before the
 * last than the key does. */
static int shown_name(struct layout *layout, const struct name *name, size_t length, size_t cells,
                      struct text *ret, struct error *err) {
    size_t shown = length + cells - 1;
    char *copy = arena_text(layout->arena, name->shown.bytes, shown);
    *ret = (struct text){copy, shown};
    return copy ? 0 : error_memory(err);
}

/* Tables are sorted by key, so that groups come by name; strata do not. */
static int take_apart(struct layout *layout, const struct name *tables, size_t n, size_t cells,
                      struct error *err) {
    for (size_t i = 0; i < n; i++) {
        struct text key = tables[i].key;
        size_t length = length_of(key, cells);
        struct text group = {key.bytes, length};
        struct text stratum = {key.bytes + length, key.length - length};
        uint32_t known = layout->group_keys.count;
        if (dictionary_add(&layout->group_keys, group, &layout->group[i], err) ||
            dictionary_add(&layout->stratum_keys, stratum, &layout->stratum[i], err))
            return ERROR_SYSTEM;
        if (layout->group_keys.count > known &&
            shown_name(layout, &tables[i], length, cells, &layout->names[known], err))
            return ERROR_SYSTEM;
    }
    layout->groups = layout->group_keys.count;
    layout->strata = layout->stratum_keys.count;
    return 0;
}

static int rank_strata(struct layout *layout, size_t n, struct error *err) {
    uint32_t *order = NULL, *rank = NULL;
    int status = dictionary_ranks(&layout->stratum_keys, &order, &rank, err);
    for (size_t i = 0; i < n && !status; i++)
        layout->stratum[i] = rank[layout->stratum[i]];
    free(order);
    free(rank);
    return status;
}

static void free_layout(struct layout *layout) {
    dictionary_free(&layout->group_keys);
    dictionary_free(&layout->stratum_keys);
    free(layout->group);
    free(layout->stratum);
}

/* layout->names are the caller's to free, also on failure; free_layout the rest. */
static int lay_out(struct layout *layout, struct arena *arena, const struct name *tables, size_t n,
                   size_t cells, struct error *err) {
    *layout = (struct layout){.arena = arena};
    layout->group = malloc((n + 1) * sizeof *layout->group);
    layout->stratum = malloc((n + 1) * sizeof *layout->stratum);
    layout->names = malloc((n + 1) * sizeof *layout->names);
    if (!layout->group || !layout->stratum || !layout->names)
        return error_memory(err);
    int status =
        take_apart(layout, tables, n, cells > 0 ? cells : 1, err); /* "(all)" is one cell */
    return status ? status : rank_strata(layout, n, err);
}

static size_t place_of(const struct layout *layout, size_t table) {
    return layout->stratum[table] * layout->groups + layout->group[table];
}

/* ---- Life tables ----------------------------------------------------------------------------- */

int life_strata_split(const struct life_tables *lives, size_t n_group_columns,
                      struct life_strata *ret, struct error *err) {
    *ret = (struct life_strata){0};
    struct layout layout = {0};
    struct name *names = malloc((lives->n + 1) * sizeof *names);
    if (!names)
        return error_memory(err);
    for (size_t i = 0; i < lives->n; i++)
        names[i] = (struct name){lives->tables[i].key, lives->tables[i].group};
    int status = lay_out(&layout, &ret->arena, names, lives->n, n_group_columns, err);
    ret->names = layout.names;
    ret->n = layout.strata;
    ret->groups = layout.groups;
    if (!status) {
        ret->tables = calloc(ret->n * ret->groups + 1, sizeof *ret->tables);
        status = ret->tables ? 0 : error_memory(err);
    }
    for (size_t i = 0; i < lives->n && !status; i++)
        ret->tables[place_of(&layout, i)] = lives->tables[i];
    for (size_t i = 0; i < ret->n * ret->groups && !status; i++)
        ret->tables[i].group = ret->names[i % ret->groups];
    free_layout(&layout);
    free(names);
    if (status)
        life_strata_free(ret);
    return status;
}

void life_strata_free(struct life_strata *strata) {
    free(strata->tables);
    free(strata->names);
    arena_free(&strata->arena);
    *strata = (struct life_strata){0};
}

/* ---- Exits ----------------------------------------------------------------------------------- */

int exit_strata_split(const struct exit_tables *exits, size_t n_group_columns,
                      struct exit_strata *ret, struct error *err) {
    *ret = (struct exit_strata){0};
    struct layout layout = {0};
    struct name *names = malloc((exits->n + 1) * sizeof *names);
    if (!names)
        return error_memory(err);
    for (size_t i = 0; i < exits->n; i++)
        names[i] = (struct name){exits->tables[i].key, exits->tables[i].group};
    int status = lay_out(&layout, &ret->arena, names, exits->n, n_group_columns, err);
    ret->names = layout.names;
    ret->n = layout.strata;
    ret->groups = layout.groups;
    if (!status) {
        ret->tables = calloc(ret->n * ret->groups + 1, sizeof *ret->tables);
        status = ret->tables ? 0 : error_memory(err);
    }
    for (size_t i = 0; i < exits->n && !status; i++)
        ret->tables[place_of(&layout, i)] = exits->tables[i];
    for (size_t i = 0; i < ret->n * ret->groups && !status; i++)
        ret->tables[i].group = ret->names[i % ret->groups];
    free_layout(&layout);
    free(names);
    if (status)
        exit_strata_free(ret);
    return status;
}

void exit_strata_free(struct exit_strata *strata) {
    free(strata->tables);
    free(strata->names);
    arena_free(&strata->arena);
    *strata = (struct exit_strata){0};
}
