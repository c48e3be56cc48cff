/* SPDX-License-Identifier: GPL-3.0-or-later */
/* All spells of each user. */
#include "users/histories.h"

#include "base/buffer.h"
#include <stdlib.h>

enum { USER, PLATFORM, CLUSTER, EXTRA };

/* What all workers share. */
struct context {
    const struct spells *spells;
    bool clustered;
};

/* ---- The fold over a table of spells --------------------------------------------------------- */

struct state {
    struct spells_reader reader;
    bool clustered;
    struct dictionary users, platforms, groups, clusters;
    struct history_spell *spells;
    size_t n, capacity;
};

static int state_begin(void *pointer, void **ret_state, struct error *err) {
    const struct context *context = pointer;
    struct state *state = calloc(1, sizeof *state);
    if (!state)
        return error_memory(err);
    state->reader.spells = context->spells;
    state->clustered = context->clustered;
    *ret_state = state;
    return 0;
}

static void state_destroy(void *pointer) {
    struct state *state = pointer;
    if (!state)
        return;
    spells_reader_free(&state->reader);
    dictionary_free(&state->users);
    dictionary_free(&state->platforms);
    dictionary_free(&state->groups);
    dictionary_free(&state->clusters);
    free(state->spells);
    free(state);
}

/* `end` of a spell without one is set when the last day is known. */
static int add_row(struct state *state, const struct table_batch *batch, size_t row,
                   struct error *err) {
    struct spell spell;
    struct history_spell found = {0};
    int status = spells_read(&state->reader, batch, row, &spell, err);
    if (status || spell.outcome == SPELL_REJECTED)
        return status;
    size_t first = spells_extra(state->reader.spells);
    if (spells_group_code(&state->reader, batch, row, &state->groups, &found.group, err) ||
        dictionary_add(&state->users, batch->columns[first + USER].text[row], &found.user, err) ||
        dictionary_add(&state->platforms, batch->columns[first + PLATFORM].text[row],
                       &found.platform, err) ||
        (state->clustered &&
         dictionary_add(&state->clusters, batch->columns[first + CLUSTER].text[row], &found.cluster,
                        err)) ||
        array_reserve((void **)&state->spells, &state->capacity, state->n + 1,
                      sizeof *state->spells, err))
        return err->code;
    found.start = spell.start;
    found.open = spell.outcome != SPELL_EVENT;
    found.end = spell.start + (int32_t)(spell.time / DECIMAL_ONE);
    state->spells[state->n++] = found;
    return 0;
}

static int state_add(void *state, const struct table_batch *batch, struct error *err) {
    int status = 0;
    for (size_t row = 0; row < batch->rows && !status; row++)
        status = add_row(state, batch, row, err);
    return status;
}

static int merge_names(struct dictionary *into, const struct dictionary *from, uint32_t **ret_codes,
                       struct error *err) {
    *ret_codes = malloc((from->count + (size_t)1) * sizeof **ret_codes);
    return *ret_codes ? dictionary_merge(into, from, *ret_codes, err) : error_memory(err);
}

static int state_merge(void *into, void *pointer, struct error *err) {
    struct state *to = into;
    struct state *from = pointer;
    uint32_t *users = NULL, *platforms = NULL, *groups = NULL, *clusters = NULL;
    int status = merge_names(&to->users, &from->users, &users, err);
    if (!status)
        status = merge_names(&to->platforms, &from->platforms, &platforms, err);
    if (!status)
        status = merge_names(&to->groups, &from->groups, &groups, err);
    if (!status)
        status = merge_names(&to->clusters, &from->clusters, &clusters, err);
    if (!status)
        status = array_reserve((void **)&to->spells, &to->capacity, to->n + from->n + 1,
                               sizeof *to->spells, err);
    for (size_t i = 0; i < from->n && !status; i++) {
        struct history_spell *spell = &to->spells[to->n++];
        *spell = from->spells[i];
        spell->user = users[spell->user];
        spell->platform = platforms[spell->platform];
        spell->group = groups[spell->group];
        spell->cluster = to->clustered ? clusters[spell->cluster] : 0;
    }
    spells_merge(&to->reader, &from->reader);
    free(users);
    free(platforms);
    free(groups);
    free(clusters);
    return status;
}

/* ---- In order -------------------------------------------------------------------------------- */

static int compare_spells(const void *left, const void *right) {
    const struct history_spell *a = left, *b = right;
    if (a->user != b->user)
        return a->user < b->user ? -1 : 1;
    if (a->start != b->start)
        return a->start < b->start ? -1 : 1;
    if (a->end != b->end)
        return a->end < b->end ? -1 : 1;
    if (a->platform != b->platform)
        return a->platform < b->platform ? -1 : 1;
    if (a->open != b->open)
        return a->open < b->open ? -1 : 1;
    if (a->cluster != b->cluster)
        return a->cluster < b->cluster ? -1 : 1;
    return (a->group > b->group) - (a->group < b->group);
}

/* Codes become ranks by name. */
struct ranks {
    uint32_t *users, *platforms, *groups, *clusters;
    uint32_t *user_order, *cluster_order;
};

static void rank_spells(struct state *state, const struct ranks *ranks, int32_t as_of) {
    for (size_t i = 0; i < state->n; i++) {
        struct history_spell *spell = &state->spells[i];
        spell->user = ranks->users[spell->user];
        spell->platform = ranks->platforms[spell->platform];
        spell->group = ranks->groups[spell->group];
        spell->cluster = state->clustered ? ranks->clusters[spell->cluster] : 0;
        spell->end = spell->open ? as_of : spell->end;
    }
}

/* Of sorted spells. */
static int check_clusters(const struct state *state, const struct ranks *ranks, struct error *err) {
    for (size_t i = 1; i < state->n; i++) {
        const struct history_spell *spell = &state->spells[i];
        if (spell->user != spell[-1].user || spell->cluster == spell[-1].cluster)
            continue;
        const uint32_t least =
            spell->cluster < spell[-1].cluster ? spell->cluster : spell[-1].cluster;
        const uint32_t most = spell->cluster + spell[-1].cluster - least;
        struct text user = dictionary_name(&state->users, ranks->user_order[spell->user]);
        struct text one = dictionary_name(&state->clusters, ranks->cluster_order[least]);
        struct text other = dictionary_name(&state->clusters, ranks->cluster_order[most]);
        return error_set(err, ERROR_DATA,
                         "user '%.*s' is in the clusters '%.*s' and '%.*s', expected one",
                         (int)user.length, user.bytes, (int)one.length, one.bytes,
                         (int)other.length, other.bytes);
    }
    return 0;
}

static int put_in_order(struct state *state, struct histories *ret, struct error *err) {
    struct ranks ranks = {0};
    int status = dictionary_ranks(&state->users, &ranks.user_order, &ranks.users, err);
    if (!status)
        status = dictionary_ranks(&state->platforms, &ret->platform_order, &ranks.platforms, err);
    if (!status)
        status = dictionary_ranks(&state->groups, &ret->group_order, &ranks.groups, err);
    if (!status)
        status = dictionary_ranks(&state->clusters, &ranks.cluster_order, &ranks.clusters, err);
    if (!status) {
        rank_spells(state, &ranks, ret->as_of);
        if (state->n > 0)
            qsort(state->spells, state->n, sizeof *state->spells, compare_spells);
        status = check_clusters(state, &ranks, err);
    }
    free(ranks.users);
    free(ranks.platforms);
    free(ranks.groups);
    free(ranks.clusters);
    free(ranks.user_order);
    free(ranks.cluster_order);
    return status;
}

static int finish(struct state *state, struct histories *ret, struct error *err) {
    int status = spells_finish(&state->reader, &ret->report, err);
    if (status)
        return status;
    ret->as_of = ret->report.any_date ? ret->report.as_of : 0;
    status = put_in_order(state, ret, err);
    ret->spells = state->spells;
    ret->n = state->n;
    ret->users = state->users.count;
    ret->clusters = state->clusters.count;
    ret->platforms = state->platforms;
    ret->groups = state->groups;
    state->spells = NULL;
    state->platforms = state->groups = (struct dictionary){0};
    return status;
}

int histories_read(struct histories *ret, struct table *table, const struct spells_options *options,
                   const char *cluster, struct error *err) {
    const struct table_column extra[EXTRA] = {
        [USER] = {.name = "user", .type = TABLE_TEXT},
        [PLATFORM] = {.name = "platform", .type = TABLE_TEXT},
        [CLUSTER] = {.name = cluster, .type = TABLE_TEXT},
    };
    const struct table_fold fold = {state_begin, state_add, state_merge, state_destroy};
    struct spells *spells = NULL;
    void *state = NULL;
    *ret = (struct histories){0};
    int status = spells_bind(&spells, table, options, extra, cluster ? EXTRA : CLUSTER, err);
    struct context context = {spells, cluster != NULL};
    if (!status)
        status = table_fold(table, &fold, &context, &state, err);
    if (!status)
        status = finish(state, ret, err);
    state_destroy(state);
    spells_destroy(spells);
    if (status)
        histories_free(ret);
    return status;
}

struct text histories_platform(const struct histories *histories, uint32_t platform) {
    return dictionary_name(&histories->platforms, histories->platform_order[platform]);
}

struct text histories_group(const struct histories *histories, uint32_t group) {
    return dictionary_name(&histories->groups, histories->group_order[group]);
}

size_t histories_end(const struct histories *histories, size_t from) {
    size_t to = from;
    while (to < histories->n && histories->spells[to].user == histories->spells[from].user)
        to++;
    return to;
}

void histories_free(struct histories *histories) {
    free(histories->spells);
    free(histories->platform_order);
    free(histories->group_order);
    dictionary_free(&histories->platforms);
    dictionary_free(&histories->groups);
    *histories = (struct histories){0};
}
