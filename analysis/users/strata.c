/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Groups within strata. */
#include "users/strata.h"

#include "base/dictionary.h"
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* The length of the first `cells` cells of a key: without the NUL behind them. */
static size_t length_of(struct text key, size_t cells) {
    for (size_t i = 0; i < key.length; i++)
        if (key.bytes[i] == '\0' && --cells == 0)
            return i;
    return key.length;
}

/* The first n cells of the name that is shown: "a, b" takes one byte more for each cell before the
 * last than the key does. */
static int shown_name(struct arena *arena, const struct life_table *table, size_t length,
                      size_t cells, struct text *ret, struct error *err) {
    size_t shown = length + cells - 1;
    char *copy = arena_text(arena, table->group.bytes, shown);
    *ret = (struct text){copy, shown};
    return copy ? 0 : error_memory(err);
}

struct split {
    struct dictionary groups, strata;
    uint32_t *group, *stratum; /* of each table */
};

/* Tables are sorted by key, so that groups come by name; strata do not. */
static int take_apart(const struct life_tables *lives, size_t cells, struct split *split,
                      struct life_strata *ret, struct error *err) {
    for (size_t i = 0; i < lives->n; i++) {
        struct text key = lives->tables[i].key;
        size_t length = length_of(key, cells);
        struct text group = {key.bytes, length};
        struct text stratum = {key.bytes + length, key.length - length};
        uint32_t known = split->groups.count;
        if (dictionary_add(&split->groups, group, &split->group[i], err) ||
            dictionary_add(&split->strata, stratum, &split->stratum[i], err))
            return ERROR_SYSTEM;
        if (split->groups.count > known &&
            shown_name(&ret->arena, &lives->tables[i], length, cells, &ret->names[known], err))
            return ERROR_SYSTEM;
    }
    return 0;
}

static int arrange(const struct life_tables *lives, const struct split *split,
                   struct life_strata *ret, struct error *err) {
    ret->n = split->strata.count;
    ret->groups = split->groups.count;
    ret->tables = calloc(ret->n * ret->groups + 1, sizeof *ret->tables);
    uint32_t *order = malloc((ret->n + 1) * sizeof *order);
    uint32_t *rank = malloc((ret->n + 1) * sizeof *rank);
    int status = 0;
    if (!ret->tables || !order || !rank) {
        status = error_memory(err);
        goto done;
    }
    dictionary_order(&split->strata, order);
    for (uint32_t i = 0; i < ret->n; i++)
        rank[order[i]] = i;
    for (size_t i = 0; i < ret->n * ret->groups; i++)
        ret->tables[i].group = ret->names[i % ret->groups];
    for (size_t i = 0; i < lives->n; i++) {
        struct life_table *table =
            &ret->tables[rank[split->stratum[i]] * ret->groups + split->group[i]];
        struct text name = table->group;
        *table = lives->tables[i];
        table->group = name;
    }
done:
    free(order);
    free(rank);
    return status;
}

int life_strata_split(const struct life_tables *lives, size_t n_group_columns,
                      struct life_strata *ret, struct error *err) {
    *ret = (struct life_strata){0};
    size_t cells = n_group_columns > 0 ? n_group_columns : 1; /* "(all)" is one */
    struct split split = {.group = malloc((lives->n + 1) * sizeof *split.group),
                          .stratum = malloc((lives->n + 1) * sizeof *split.stratum)};
    ret->names = malloc((lives->n + 1) * sizeof *ret->names);
    int status = 0;
    if (!split.group || !split.stratum || !ret->names) {
        status = error_memory(err);
        goto done;
    }
    status = take_apart(lives, cells, &split, ret, err);
    if (!status)
        status = arrange(lives, &split, ret, err);
done:
    dictionary_free(&split.groups);
    dictionary_free(&split.strata);
    free(split.group);
    free(split.stratum);
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
