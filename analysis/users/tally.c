/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Counting spells.
 *
 *   1. Names
 *   2. The fold over a table of spells
 *   3. Open spells, once the last date is known
 *   4. Codes that do not depend on the order of rows
 */
#include "users/tally.h"

#include "base/arena.h"
#include "base/buffer.h"
#include <stdlib.h>

/* ---- 1. Names -------------------------------------------------------------------------------- */

int tally_group_name(struct arena *arena, struct text key, struct text *ret, struct error *err) {
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

struct text tally_destination(const struct tally *tally, uint32_t d) {
    return dictionary_name(&tally->destinations, tally->order[d]);
}

/* ---- 2. The fold over a table of spells ------------------------------------------------------ */

#define OPEN UINT32_MAX

struct context {
    const struct spells *spells;
    const struct tally_options *options;
};

/* What one thread has seen. Spells that are open have no time yet: without records they are counted
 * by start and entry (open_key), with records they wait among them with the kind OPEN. */
struct state {
    const struct tally_options *options;
    struct spells_reader reader;
    struct dictionary groups, destinations, clusters;
    uint32_t
        *kinds; /* of the destinations met, by their code in the table plus 1; OPEN: none yet */
    size_t n_kinds, kinds_capacity;
    bool stayed_met;
    struct exits exits;
    struct exits open;
    struct tally_record *records;
    size_t n, capacity;
};

static int state_begin(void *context, void **ret_state, struct error *err) {
    const struct context *from = context;
    struct state *state = calloc(1, sizeof *state);
    if (!state)
        return error_memory(err);
    state->reader.spells = from->spells;
    state->options = from->options;
    *ret_state = state;
    return 0;
}

static void state_destroy(void *pointer) {
    struct state *state = pointer;
    if (!state)
        return;
    spells_reader_free(&state->reader);
    dictionary_free(&state->groups);
    dictionary_free(&state->destinations);
    dictionary_free(&state->clusters);
    exits_free(&state->exits);
    exits_free(&state->open);
    free(state->kinds);
    free(state->records);
    free(state);
}

/* The start day and the days from it to the entry (0: from the start on), in one number. */
static decimal open_key(const struct spell *spell) {
    uint64_t start = (uint32_t)spell->start;
    return (decimal)(start << 32 | (uint32_t)(spell->entry / DECIMAL_ONE));
}

static int count_exit(struct exits *exits, uint32_t group, const struct spell *spell, uint32_t kind,
                      struct error *err) {
    int status = 0;
    if (spell->late)
        status = exits_add(exits, group, EXITS_ENTERED, spell->entry, spell->weight, err);
    return status ? status : exits_add(exits, group, kind, spell->time, spell->weight, err);
}

/* The kind of a destination that was not met before, by its number: its code plus 1, 0 where it is
 * missing. */
static int learn_destination(struct state *state, struct text name, bool missing, uint32_t *ret,
                             struct error *err) {
    const struct tally_options *options = state->options;
    *ret = EXITS_CENSORED;
    state->stayed_met =
        state->stayed_met || (!missing && options->stayed && text_is(name, options->stayed));
    if (missing ? options->stays : options->stayed && text_is(name, options->stayed))
        return 0;
    uint32_t code;
    int status =
        dictionary_add(&state->destinations, missing ? text_of(TALLY_NOWHERE) : name, &code, err);
    *ret = EXITS_EVENT + code;
    return status;
}

/* What became of a spell that is not open: censored, or gone somewhere. */
static int kind_of(struct state *state, const struct table_batch *batch, size_t row,
                   const struct spell *spell, uint32_t *ret, struct error *err) {
    *ret = spell->outcome == SPELL_EVENT ? EXITS_EVENT : EXITS_CENSORED;
    if (!state->options->destinations || spell->outcome != SPELL_EVENT)
        return 0;
    const struct table_cells *cells = &batch->columns[spells_extra(state->reader.spells)];
    const uint32_t number = cells->code[row] + 1; /* DICTIONARY_NONE + 1 is 0 */
    if (array_reserve((void **)&state->kinds, &state->kinds_capacity, (size_t)number + 1,
                      sizeof *state->kinds, err))
        return err->code;
    while (state->n_kinds <= number)
        state->kinds[state->n_kinds++] = OPEN;
    if (state->kinds[number] == OPEN &&
        learn_destination(state,
                          number > 0 ? dictionary_name(cells->names, number - 1) : text_of(""),
                          number == 0, &state->kinds[number], err))
        return err->code;
    *ret = state->kinds[number];
    return 0;
}

static int keep_record(struct state *state, const struct table_batch *batch, size_t row,
                       const struct spell *spell, uint32_t group, uint32_t kind,
                       struct error *err) {
    struct tally_record record = {.entry = spell->entry,
                                  .time = spell->time,
                                  .weight = spell->weight,
                                  .group = group,
                                  .kind = kind,
                                  .late = spell->late};
    if (kind == OPEN)
        record.time = spell->start;
    if (state->options->clusters) {
        size_t column = spells_extra(state->reader.spells) + state->options->destinations;
        if (dictionary_add(&state->clusters, batch->columns[column].text[row], &record.cluster,
                           err))
            return err->code;
    }
    if (array_reserve((void **)&state->records, &state->capacity, state->n + 1,
                      sizeof *state->records, err))
        return err->code;
    state->records[state->n++] = record;
    return 0;
}

static int add_row(struct state *state, const struct table_batch *batch, size_t row,
                   struct error *err) {
    struct spell spell;
    uint32_t group = 0, kind = OPEN;
    int status = spells_read(&state->reader, batch, row, &spell, err);
    if (status || spell.outcome == SPELL_REJECTED)
        return status;
    bool open = spell.outcome == SPELL_OPEN;
    status = spells_group_code(&state->reader, batch, row, &state->groups, &group, err);
    if (!status && !open)
        status = kind_of(state, batch, row, &spell, &kind, err);
    if (!status && state->options->records)
        status = keep_record(state, batch, row, &spell, group, kind, err);
    if (status || (open && state->options->records))
        return status;
    return open
               ? exits_add(&state->open, group, EXITS_CENSORED, open_key(&spell), spell.weight, err)
               : count_exit(&state->exits, group, &spell, kind, err);
}

static int state_add(void *state, const struct table_batch *batch, struct error *err) {
    int status = 0;
    for (size_t row = 0; row < batch->rows && !status; row++)
        status = add_row(state, batch, row, err);
    return status;
}

/* codes[code in from] = code in into, with the first `before` numbers kept as they are. */
static int merge_names(struct dictionary *into, const struct dictionary *from, uint32_t before,
                       uint32_t **ret_codes, struct error *err) {
    uint32_t *codes = malloc((before + from->count + (size_t)1) * sizeof *codes);
    *ret_codes = codes;
    if (!codes)
        return error_memory(err);
    for (uint32_t i = 0; i < before; i++)
        codes[i] = i;
    int status = dictionary_merge(into, from, codes + before, err);
    for (uint32_t i = 0; i < from->count && !status; i++)
        codes[before + i] += before;
    return status;
}

static int merge_records(struct state *to, const struct state *from, const uint32_t *groups,
                         const uint32_t *kinds, const uint32_t *clusters, struct error *err) {
    if (array_reserve((void **)&to->records, &to->capacity, to->n + from->n + 1,
                      sizeof *to->records, err))
        return err->code;
    for (size_t i = 0; i < from->n; i++) {
        struct tally_record *record = &to->records[to->n++];
        *record = from->records[i];
        record->group = groups[record->group];
        record->kind = record->kind == OPEN ? OPEN : kinds[record->kind];
        if (to->options->clusters)
            record->cluster = clusters[record->cluster];
    }
    return 0;
}

static int state_merge(void *into, void *pointer, struct error *err) {
    struct state *to = into;
    struct state *from = pointer;
    uint32_t *groups = NULL, *kinds = NULL, *clusters = NULL;
    int status = merge_names(&to->groups, &from->groups, 0, &groups, err);
    if (!status) /* without destinations EXITS_EVENT is the last kind */
        status = merge_names(&to->destinations, &from->destinations,
                             EXITS_EVENT + !to->options->destinations, &kinds, err);
    if (!status)
        status = merge_names(&to->clusters, &from->clusters, 0, &clusters, err);
    if (!status)
        status = exits_merge_kinds(&to->exits, &from->exits, groups, kinds, err);
    if (!status)
        status = exits_merge(&to->open, &from->open, groups, err);
    if (!status)
        status = merge_records(to, from, groups, kinds, clusters, err);
    spells_merge(&to->reader, &from->reader);
    to->stayed_met = to->stayed_met || from->stayed_met;
    free(groups);
    free(kinds);
    free(clusters);
    return status;
}

/* ---- 3. Open spells, once the last date is known --------------------------------------------- */

static int close_counted(struct state *state, struct spells_report *report, struct error *err) {
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
            status = count_exit(&state->exits, open[i].group, &spell, EXITS_CENSORED, err);
    }
    return status;
}

static int close_records(struct state *state, struct spells_report *report, struct error *err) {
    size_t kept = 0;
    int status = 0;
    for (size_t i = 0; i < state->n && !status; i++) {
        struct tally_record record = state->records[i];
        if (record.kind == OPEN) {
            record.kind = EXITS_CENSORED;
            record.time = ((decimal)report->as_of - record.time) * DECIMAL_ONE;
            if (record.late && record.entry >= record.time) {
                report->never_at_risk += record.weight;
                continue;
            }
            const struct spell spell = {.entry = record.entry,
                                        .time = record.time,
                                        .weight = record.weight,
                                        .late = record.late};
            status = count_exit(&state->exits, record.group, &spell, EXITS_CENSORED, err);
        }
        state->records[kept++] = record;
    }
    state->n = kept;
    return status;
}

/* ---- 4. Codes that do not depend on the order of rows ---------------------------------------- */

static int sort_destinations(struct state *state, struct tally *ret, struct error *err) {
    uint32_t *ranks = NULL;
    uint32_t n = state->destinations.count;
    uint32_t *kinds = calloc(n + EXITS_EVENT + (size_t)1, sizeof *kinds);
    int status = dictionary_ranks(&state->destinations, &ret->order, &ranks, err);
    if (!kinds || status) {
        status = error_memory(err);
        goto done;
    }
    for (uint32_t kind = 0; kind < EXITS_EVENT; kind++)
        kinds[kind] = kind;
    for (uint32_t i = 0; i < n; i++)
        kinds[EXITS_EVENT + i] = EXITS_EVENT + ranks[i];
    status = exits_rename_kinds(&state->exits, kinds, err);
    for (size_t i = 0; i < state->n && !status; i++)
        state->records[i].kind = kinds[state->records[i].kind];
done:
    free(kinds);
    free(ranks);
    return status;
}

static int rank_clusters(struct state *state, struct error *err) {
    uint32_t *order = NULL, *ranks = NULL;
    int status = dictionary_ranks(&state->clusters, &order, &ranks, err);
    for (size_t i = 0; i < state->n && !status; i++)
        state->records[i].cluster = ranks[state->records[i].cluster];
    free(order);
    free(ranks);
    return status;
}

static size_t key_of(const struct tally_record *record, bool by_group) {
    return by_group ? record->group : record->cluster;
}

/* Stable. places[key], on return, is where the next key begins. */
static void sort_records(const struct tally_record *from, struct tally_record *to, size_t n,
                         bool by_group, size_t *places, size_t n_keys) {
    for (size_t key = 0; key <= n_keys; key++)
        places[key] = 0;
    for (size_t i = 0; i < n; i++)
        places[key_of(&from[i], by_group) + 1]++;
    for (size_t key = 0; key < n_keys; key++)
        places[key + 1] += places[key];
    for (size_t i = 0; i < n; i++)
        to[places[key_of(&from[i], by_group)]++] = from[i];
}

/* By cluster first, as the second sort keeps that order within a group. */
static int order_records(struct state *state, struct tally *ret, struct error *err) {
    size_t n_groups = state->groups.count, n_clusters = state->clusters.count + (size_t)1;
    size_t *places = malloc((n_clusters + 1) * sizeof *places);
    size_t *starts = malloc((n_groups + 2) * sizeof *starts);
    struct tally_record *scratch = malloc((state->n + 1) * sizeof *scratch);
    int status = 0;
    if (!places || !starts || !scratch) {
        status = error_memory(err);
        free(starts);
        goto done;
    }
    sort_records(state->records, scratch, state->n, false, places, n_clusters);
    sort_records(scratch, state->records, state->n, true, starts + 1, n_groups);
    starts[0] = 0;
    ret->starts = starts;
done:
    free(places);
    free(scratch);
    return status;
}

/* Moves what was counted out of the state. */
static int finish(struct state *state, struct tally *ret, struct error *err) {
    int status = spells_finish(&state->reader, &ret->report, err);
    if (!status)
        status = close_counted(state, &ret->report, err);
    if (!status)
        status = close_records(state, &ret->report, err);
    if (!status && state->options->destinations)
        status = sort_destinations(state, ret, err);
    if (!status && state->options->clusters)
        status = rank_clusters(state, err);
    if (!status && state->options->records)
        status = order_records(state, ret, err);
    if (status)
        return status;
    ret->groups = state->groups;
    ret->destinations = state->destinations;
    ret->exits = state->exits;
    ret->records = state->records;
    ret->n_records = state->n;
    ret->stayed_met = state->stayed_met;
    state->groups = state->destinations = (struct dictionary){0};
    state->exits = (struct exits){0};
    state->records = NULL;
    return 0;
}

int tally_read(struct table *table, const struct spells *spells,
               const struct tally_options *options, struct tally *ret, struct error *err) {
    const struct table_fold fold = {state_begin, state_add, state_merge, state_destroy};
    struct context context = {spells, options};
    void *state;
    *ret = (struct tally){0};
    int status = table_fold(table, &fold, &context, &state, err);
    if (status)
        return status;
    status = finish(state, ret, err);
    state_destroy(state);
    if (status)
        tally_free(ret);
    return status;
}

void tally_free(struct tally *tally) {
    dictionary_free(&tally->groups);
    dictionary_free(&tally->destinations);
    exits_free(&tally->exits);
    free(tally->order);
    free(tally->starts);
    free(tally->records);
    *tally = (struct tally){0};
}
