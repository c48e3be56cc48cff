/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Life tables.
 *
 *   1. From sorted counts to rows
 *   2. Names of groups
 *   3. The fold over a table of spells
 *   4. Open spells, once the last date is known
 */
#include "users/lifetable.h"

#include "base/arena.h"
#include "base/buffer.h"
#include "base/dictionary.h"
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

/* "a, b" for the cells "a" and "b", which are joined by NUL. */
static int display_name(struct arena *arena, struct text key, struct text *ret, struct error *err) {
    struct buffer name = {0};
    for (size_t i = 0; i < key.length; i++) {
        if (key.bytes[i] == '\0')
            buffer_text(&name, ", ");
        else
            buffer_byte(&name, key.bytes[i]);
    }
    int status = buffer_check(&name, err);
    if (!status) {
        char *copy = arena_text(arena, name.bytes ? name.bytes : "", name.length);
        *ret = (struct text){copy, name.length};
        status = copy ? 0 : error_memory(err);
    }
    buffer_free(&name);
    return status;
}

static int name_table(struct arena *arena, struct text key, struct life_table *table,
                      struct error *err) {
    char *copy = arena_text(arena, key.bytes, key.length);
    if (!copy)
        return error_memory(err);
    table->key = (struct text){copy, key.length};
    return display_name(arena, key, &table->group, err);
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

/* ---- 3. The fold over a table of spells ------------------------------------------------------ */

struct life_state {
    struct spells_reader reader;
    struct dictionary groups;
    struct exits exits;
    struct exits open; /* whose end is known at the end: by start and entry, see open_key */
};

static int state_begin(void *context, void **ret_state, struct error *err) {
    struct life_state *state = calloc(1, sizeof *state);
    if (!state)
        return error_memory(err);
    state->reader.spells = context;
    *ret_state = state;
    return 0;
}

static void state_destroy(void *state) {
    struct life_state *lives = state;
    if (!lives)
        return;
    spells_reader_free(&lives->reader);
    dictionary_free(&lives->groups);
    exits_free(&lives->exits);
    exits_free(&lives->open);
    free(lives);
}

/* The start day and the days from it to the entry (0: from the start on), in one number. */
static decimal open_key(const struct spell *spell) {
    uint64_t start = (uint32_t)spell->start;
    return (decimal)(start << 32 | (uint32_t)(spell->entry / DECIMAL_ONE));
}

static int count_exit(struct exits *exits, uint32_t group, const struct spell *spell,
                      struct error *err) {
    int status = 0;
    if (spell->late)
        status = exits_add(exits, group, EXITS_ENTERED, spell->entry, spell->weight, err);
    uint32_t kind = spell->outcome == SPELL_EVENT ? EXITS_EVENT : EXITS_CENSORED;
    return status ? status : exits_add(exits, group, kind, spell->time, spell->weight, err);
}

static int add_row(struct life_state *state, const struct table_batch *batch, size_t row,
                   struct error *err) {
    struct spell spell;
    uint32_t group = 0;
    int status = spells_read(&state->reader, batch, row, &spell, err);
    if (status || spell.outcome == SPELL_REJECTED)
        return status;
    status = spells_group_code(&state->reader, batch, row, &state->groups, &group, err);
    if (status)
        return status;
    if (spell.outcome == SPELL_OPEN)
        return exits_add(&state->open, group, EXITS_CENSORED, open_key(&spell), spell.weight, err);
    return count_exit(&state->exits, group, &spell, err);
}

static int state_add(void *state, const struct table_batch *batch, struct error *err) {
    int status = 0;
    for (size_t row = 0; row < batch->rows && !status; row++)
        status = add_row(state, batch, row, err);
    return status;
}

static int state_merge(void *into, void *from, struct error *err) {
    struct life_state *to = into;
    struct life_state *other = from;
    uint32_t *codes = malloc((other->groups.count + 1U) * sizeof *codes);
    if (!codes)
        return error_memory(err);
    int status = dictionary_merge(&to->groups, &other->groups, codes, err);
    if (!status)
        status = exits_merge(&to->exits, &other->exits, codes, err);
    if (!status)
        status = exits_merge(&to->open, &other->open, codes, err);
    spells_merge(&to->reader, &other->reader);
    free(codes);
    return status;
}

/* ---- 4. Open spells, once the last date is known --------------------------------------------- */

static int close_spells(struct life_state *state, struct spells_report *report, struct error *err) {
    const struct exits_count *open;
    size_t n;
    int status = exits_sort(&state->open, &open, &n, err);
    for (size_t i = 0; i < n && !status; i++) {
        int32_t start = (int32_t)(uint32_t)((uint64_t)open[i].time >> 32);
        struct spell spell = {.outcome = SPELL_CENSORED, .weight = open[i].count};
        spell.time = ((decimal)report->as_of - start) * DECIMAL_ONE;
        spell.entry = (decimal)(uint32_t)open[i].time * DECIMAL_ONE;
        spell.late = spell.entry > 0;
        if (spell.late && spell.entry >= spell.time)
            report->never_at_risk += open[i].count;
        else
            status = count_exit(&state->exits, open[i].group, &spell, err);
    }
    return status;
}

int life_tables_read(struct table *table, const struct spells *spells, struct life_tables *ret,
                     struct error *err) {
    const struct table_fold fold = {state_begin, state_add, state_merge, state_destroy};
    struct spells_report report;
    void *state;
    *ret = (struct life_tables){0};
    int status = table_fold(table, &fold, (void *)spells, &state, err);
    if (status)
        return status;
    struct life_state *lives = state;
    status = spells_finish(&lives->reader, &report, err);
    if (!status)
        status = close_spells(lives, &report, err);
    if (!status)
        status = life_tables_build(&lives->exits, &lives->groups, ret, err);
    if (!status)
        ret->report = report;
    state_destroy(state);
    return status;
}
