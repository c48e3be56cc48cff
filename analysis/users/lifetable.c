/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Life tables.
 *
 *   1. From sorted counts to rows
 *   2. Names of groups
 */
#include "users/lifetable.h"

#include "base/arena.h"
#include "base/dictionary.h"
#include "users/tally.h"
#include <stdlib.h>

/* ---- 1. From sorted counts to rows ----------------------------------------------------------- */

/* Fills rows with the counts of one group, which are sorted by time and kind. Returns how many. */
static size_t fill_rows(const struct exits_count *counts, size_t n, struct life_row *rows) {
    size_t used = 0;
    for (size_t i = 0; i < n; i++) {
        if (i == 0 || counts[i].time != counts[i - 1].time)
            rows[used++] = (struct life_row){.time = counts[i].time};
        struct life_row *row = &rows[used - 1];
        if (counts[i].kind == EXITS_ENTERED)
            row->entered += counts[i].count;
        else if (counts[i].kind == EXITS_CENSORED)
            row->censored += counts[i].count;
        else
            row->events += counts[i].count;
    }
    return used;
}

/* Backwards: at risk is who leaves now or later and does not enter now or later. */
static void count_at_risk(struct life_row *rows, size_t n) {
    int64_t at_risk = 0;
    for (size_t i = n; i-- > 0;) {
        at_risk += rows[i].events + rows[i].censored - rows[i].entered;
        rows[i].at_risk = at_risk;
    }
}

static void fill_table(struct life_table *table, const struct exits_count *counts, size_t n,
                       struct life_row *rows) {
    table->rows = rows;
    table->n = fill_rows(counts, n, rows);
    count_at_risk(rows, table->n);
    for (size_t i = 0; i < table->n; i++) {
        table->events += rows[i].events;
        table->subjects += rows[i].events + rows[i].censored;
    }
}

/* ---- 2. Names of groups ---------------------------------------------------------------------- */

static int name_table(struct arena *arena, struct text key, struct life_table *table,
                      struct error *err) {
    char *copy = arena_text(arena, key.bytes, key.length);
    if (!copy)
        return error_memory(err);
    table->key = (struct text){copy, key.length};
    return tally_group_name(arena, key, &table->group, err);
}

static size_t group_end(const struct exits_count *counts, size_t n, size_t from) {
    size_t to = from;
    while (to < n && counts[to].group == counts[from].group)
        to++;
    return to;
}

/* tables in the order of their codes; counts sorted by code. */
static void fill_tables(struct life_table *tables, const struct exits_count *counts, size_t n,
                        struct life_row *rows) {
    for (size_t from = 0, to; from < n; from = to) {
        to = group_end(counts, n, from);
        fill_table(&tables[counts[from].group], counts + from, to - from, rows + from);
    }
}

/* ret->tables by name, from by_code. */
static int name_tables(struct life_tables *ret, const struct life_table *by_code,
                       const struct dictionary *groups, struct error *err) {
    uint32_t *order = malloc((groups->count + 1U) * sizeof *order);
    if (!order)
        return error_memory(err);
    dictionary_order(groups, order);
    int status = 0;
    for (size_t i = 0; i < groups->count && !status; i++) {
        ret->tables[i] = by_code[order[i]];
        ret->tables[i].code = order[i];
        status = name_table(&ret->names, dictionary_name(groups, order[i]), &ret->tables[i], err);
    }
    ret->n = groups->count;
    free(order);
    return status;
}

int life_tables_build(struct exits *exits, const struct dictionary *groups, struct life_tables *ret,
                      struct error *err) {
    *ret = (struct life_tables){0};
    const struct exits_count *counts;
    size_t n;
    int status = exits_sort(exits, &counts, &n, err);
    if (status)
        return status;
    struct life_table *by_code = calloc(groups->count + 1U, sizeof *by_code);
    ret->tables = calloc(groups->count + 1U, sizeof *ret->tables);
    ret->rows = malloc((n + 1) * sizeof *ret->rows);
    if (!by_code || !ret->tables || !ret->rows) {
        status = error_memory(err);
        goto done;
    }
    fill_tables(by_code, counts, n, ret->rows);
    status = name_tables(ret, by_code, groups, err);
done:
    free(by_code);
    if (status)
        life_tables_free(ret);
    return status;
}

int64_t life_table_at_risk(const struct life_table *table, decimal time) {
    size_t low = 0, high = table->n; /* the first row that is not before the time */
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (table->rows[middle].time < time)
            low = middle + 1;
        else
            high = middle;
    }
    return low < table->n ? table->rows[low].at_risk : 0;
}

decimal life_tables_last_time(const struct life_tables *lives) {
    decimal last = 0;
    for (size_t g = 0; g < lives->n; g++) {
        const struct life_table *table = &lives->tables[g];
        if (table->n > 0 && table->rows[table->n - 1].time > last)
            last = table->rows[table->n - 1].time;
    }
    return last;
}

void life_tables_free(struct life_tables *lives) {
    free(lives->tables);
    free(lives->rows);
    arena_free(&lives->names);
    *lives = (struct life_tables){0};
}
