/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Groups within strata: the same for tables of both kinds, by their names and their size. */
#include "users/strata.h"

#include "base/dictionary.h"
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* What a table begins with: its group as people read it, and the cells joined by NUL. */
struct name {
    struct text shown, key;
};

_Static_assert(offsetof(struct life_table, group) == 0 && offsetof(struct exit_table, group) == 0 &&
                   offsetof(struct life_table, key) == offsetof(struct name, key) &&
                   offsetof(struct exit_table, key) == offsetof(struct name, key),
               "tables begin with their names");

struct split {
    const char *from; /* tables, sorted by key, of `size` bytes each */
    size_t n, size;
    struct dictionary group_keys, stratum_keys;
    uint32_t *group, *stratum; /* of each table; strata by rank, in the end */
    size_t strata, groups;
    /* the caller's, also on failure */
    struct text *names; /* of the groups */
    struct arena arena;
    char *tables; /* stratum after stratum */
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
static int shown_name(struct split *split, const struct name *name, size_t length, size_t cells,
                      struct text *ret, struct error *err) {
    size_t shown = length + cells - 1;
    char *copy = arena_text(&split->arena, name->shown.bytes, shown);
    *ret = (struct text){copy, shown};
    return copy ? 0 : error_memory(err);
}

/* As tables are sorted by key, groups come by name; strata do not. */
static int take_apart(struct split *split, size_t cells, struct error *err) {
    for (size_t i = 0; i < split->n; i++) {
        struct name name;
        memcpy(&name, split->from + i * split->size, sizeof name);
        size_t length = length_of(name.key, cells);
        struct text group = {name.key.bytes, length};
        struct text stratum = {name.key.bytes + length, name.key.length - length};
        uint32_t known = split->group_keys.count;
        if (dictionary_add(&split->group_keys, group, &split->group[i], err) ||
            dictionary_add(&split->stratum_keys, stratum, &split->stratum[i], err))
            return ERROR_SYSTEM;
        if (split->group_keys.count > known &&
            shown_name(split, &name, length, cells, &split->names[known], err))
            return ERROR_SYSTEM;
    }
    split->groups = split->group_keys.count;
    split->strata = split->stratum_keys.count;
    return 0;
}

static int rank_strata(struct split *split, struct error *err) {
    uint32_t *order = NULL, *rank = NULL;
    int status = dictionary_ranks(&split->stratum_keys, &order, &rank, err);
    for (size_t i = 0; i < split->n && !status; i++)
        split->stratum[i] = rank[split->stratum[i]];
    free(order);
    free(rank);
    return status;
}

/* A stratum that lacks a group has a table of zeros for it, with its name. */
static int put_in_place(struct split *split, struct error *err) {
    const size_t size = split->size, places = split->strata * split->groups;
    split->tables = calloc(places + 1, size);
    if (!split->tables)
        return error_memory(err);
    for (size_t i = 0; i < split->n; i++)
        memcpy(split->tables + (split->stratum[i] * split->groups + split->group[i]) * size,
               split->from + i * size, size);
    for (size_t i = 0; i < places; i++)
        memcpy(split->tables + i * size, &split->names[i % split->groups], sizeof *split->names);
    return 0;
}

static int split_tables(struct split *split, size_t cells, struct error *err) {
    split->group = malloc((split->n + 1) * sizeof *split->group);
    split->stratum = malloc((split->n + 1) * sizeof *split->stratum);
    split->names = malloc((split->n + 1) * sizeof *split->names);
    int status = split->group && split->stratum && split->names ? 0 : error_memory(err);
    if (!status)
        status = take_apart(split, cells > 0 ? cells : 1, err); /* "(all)" is one cell */
    if (!status)
        status = rank_strata(split, err);
    if (!status)
        status = put_in_place(split, err);
    dictionary_free(&split->group_keys);
    dictionary_free(&split->stratum_keys);
    free(split->group);
    free(split->stratum);
    return status;
}

int life_strata_split(const struct life_tables *lives, size_t n_group_columns,
                      struct life_strata *ret, struct error *err) {
    struct split split = {
        .from = (const char *)lives->tables, .n = lives->n, .size = sizeof *lives->tables};
    int status = split_tables(&split, n_group_columns, err);
    *ret = (struct life_strata){split.strata, split.groups, (void *)split.tables, split.names,
                                split.arena};
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

int exit_strata_split(const struct exit_tables *exits, size_t n_group_columns,
                      struct exit_strata *ret, struct error *err) {
    struct split split = {
        .from = (const char *)exits->tables, .n = exits->n, .size = sizeof *exits->tables};
    int status = split_tables(&split, n_group_columns, err);
    *ret = (struct exit_strata){split.strata, split.groups, (void *)split.tables, split.names,
                                split.arena};
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
