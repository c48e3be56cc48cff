/* SPDX-License-Identifier: GPL-3.0-or-later */
/* From histories to moves between states.
 *
 *   1. States of one user
 *   2. All users
 *   3. In order
 */
#include "users/occupancy.h"

#include "base/buffer.h"
#include <stdlib.h>
#include <string.h>

/* ---- 1. States of one user ------------------------------------------------------------------- */

/* A spell's start or end. */
struct edge {
    int32_t day;
    int32_t change; /* +1 or -1 */
    uint32_t platform;
};

struct builder {
    const struct histories *histories;
    struct occupancy_paths *paths;
    size_t n, capacity; /* moves */
    uint32_t *group;    /* of each move, beside it */
    size_t group_capacity;
    struct edge *edges; /* of one user */
    size_t edges_capacity;
    uint32_t *active; /* platforms the user is on, by number; one that stands twice is on twice */
    size_t n_active, active_capacity;
    struct dictionary sets; /* of platforms by number; a set has the code of its name */
    struct buffer key, name;
};

static int compare_edges(const void *left, const void *right) {
    const struct edge *a = left, *b = right;
    if (a->day != b->day)
        return a->day < b->day ? -1 : 1;
    return (a->platform > b->platform) - (a->platform < b->platform);
}

/* Those of spells with any length, sorted; behind the day of the last look nothing is seen. A spell
 * that begins on that day is one, if it is open. */
static int find_edges(struct builder *b, size_t from, size_t to, size_t *ret_n, struct error *err) {
    if (array_reserve((void **)&b->edges, &b->edges_capacity, 2 * (to - from) + 1, sizeof *b->edges,
                      err) ||
        array_reserve((void **)&b->active, &b->active_capacity, to - from + 1, sizeof *b->active,
                      err))
        return err->code;
    size_t n = 0;
    for (size_t i = from; i < to; i++) {
        const struct history_spell *spell = &b->histories->spells[i];
        if (spell->start == spell->end && !spell->open)
            continue;
        b->edges[n++] = (struct edge){spell->start, 1, spell->platform};
        if (!spell->open)
            b->edges[n++] = (struct edge){spell->end, -1, spell->platform};
    }
    if (n > 0)
        qsort(b->edges, n, sizeof *b->edges, compare_edges);
    *ret_n = n;
    return 0;
}

static void enter(struct builder *b, uint32_t platform) {
    size_t at = b->n_active++;
    for (; at > 0 && b->active[at - 1] > platform; at--)
        b->active[at] = b->active[at - 1];
    b->active[at] = platform;
}

static void leave(struct builder *b, uint32_t platform) {
    size_t at = 0;
    while (b->active[at] != platform)
        at++;
    b->n_active--;
    memmove(b->active + at, b->active + at + 1, (b->n_active - at) * sizeof *b->active);
}

/* "RedNote+TikTok": the platforms of a set by name. */
static int name_set(struct builder *b, uint32_t code, struct error *err) {
    const size_t n = b->key.length / sizeof *b->active;
    uint32_t platform, named;
    buffer_clear(&b->name);
    for (size_t i = 0; i < n; i++) {
        memcpy(&platform, b->key.bytes + i * sizeof platform, sizeof platform);
        const struct text text = histories_platform(b->histories, platform);
        if (i > 0)
            buffer_byte(&b->name, '+');
        buffer_append(&b->name, text.bytes, text.length);
    }
    if (n == 0)
        buffer_text(&b->name, OCCUPANCY_GONE);
    const struct text name = {b->name.bytes, b->name.length};
    if (buffer_check(&b->name, err) || dictionary_add(&b->paths->names, name, &named, err))
        return err->code;
    if (named != code || (n == 1 && text_is(name, OCCUPANCY_GONE)))
        return error_set(err, ERROR_DATA,
                         "found a platform whose state would be called '%.*s', as another state "
                         "is; expected names that can be told apart: rename it",
                         (int)name.length, name.bytes);
    if (code >= OCCUPANCY_MOST_STATES)
        return error_set(err, ERROR_DATA,
                         "more than %d states (sets of platforms that a user is on), expected "
                         "fewer: put small platforms together",
                         OCCUPANCY_MOST_STATES);
    return 0;
}

/* Of the platforms the user is on, each once. */
static int find_state(struct builder *b, uint32_t *ret, struct error *err) {
    buffer_clear(&b->key);
    for (size_t i = 0; i < b->n_active; i++)
        if (i == 0 || b->active[i] != b->active[i - 1])
            buffer_append(&b->key, &b->active[i], sizeof *b->active);
    const uint32_t known = b->sets.count;
    if (buffer_check(&b->key, err) ||
        dictionary_add(&b->sets, (struct text){b->key.bytes, b->key.length}, ret, err))
        return err->code;
    return *ret == known ? name_set(b, *ret, err) : 0;
}

static int add_move(struct builder *b, uint32_t group, struct occupancy_move move,
                    struct error *err) {
    if (array_reserve((void **)&b->paths->moves, &b->capacity, b->n + 1, sizeof *b->paths->moves,
                      err) ||
        array_reserve((void **)&b->group, &b->group_capacity, b->n + 1, sizeof *b->group, err))
        return err->code;
    b->group[b->n] = group;
    b->paths->moves[b->n++] = move;
    return 0;
}

/* ---- 2. All users ---------------------------------------------------------------------------- */

static int add_user(struct builder *b, size_t from, size_t to, struct error *err) {
    const struct history_spell *first = &b->histories->spells[from];
    const int32_t watched = b->histories->as_of - first->start;
    size_t edges = 0, next = 0;
    if (watched <= 0) {
        b->paths->unwatched++;
        return 0;
    }
    if (find_edges(b, from, to, &edges, err))
        return err->code;
    uint32_t subject = (uint32_t)b->paths->subjects[first->group]++;
    if (b->paths->clusters > 0)
        subject = first->cluster;
    uint16_t before = OCCUPANCY_NONE;
    b->n_active = 0;
    for (int32_t day = first->start; day <= b->histories->as_of;) {
        for (; next < edges && b->edges[next].day == day; next++) {
            if (b->edges[next].change > 0)
                enter(b, b->edges[next].platform);
            else
                leave(b, b->edges[next].platform);
        }
        uint32_t state = 0;
        if (find_state(b, &state, err))
            return err->code;
        if (state != before &&
            add_move(b, first->group,
                     (struct occupancy_move){day - first->start, subject, before, (uint16_t)state},
                     err))
            return err->code;
        before = (uint16_t)state;
        if (next == edges)
            break;
        day = b->edges[next].day;
    }
    b->paths->last_day = watched > b->paths->last_day ? watched : b->paths->last_day;
    return add_move(b, first->group,
                    (struct occupancy_move){watched, subject, before, OCCUPANCY_NONE}, err);
}

/* ---- 3. In order ----------------------------------------------------------------------------- */

/* Stable, by a key that is below n_keys. */
static int sort_moves(struct builder *b, const uint32_t *key, size_t n_keys, struct error *err) {
    struct occupancy_move *moves = malloc((b->n + 1) * sizeof *moves);
    uint32_t *group = malloc((b->n + 1) * sizeof *group);
    size_t *place = calloc(n_keys + 1, sizeof *place);
    int status = 0;
    if (!moves || !group || !place) {
        status = error_memory(err);
        goto done;
    }
    for (size_t i = 0; i < b->n; i++)
        place[key[i] + 1]++;
    for (size_t k = 0; k < n_keys; k++)
        place[k + 1] += place[k];
    for (size_t i = 0; i < b->n; i++) {
        size_t at = place[key[i]]++;
        moves[at] = b->paths->moves[i];
        group[at] = b->group[i];
    }
    memcpy(b->paths->moves, moves, b->n * sizeof *moves);
    memcpy(b->group, group, b->n * sizeof *group);
done:
    free(moves);
    free(group);
    free(place);
    return status;
}

/* By day and, within a day, who was last seen behind the others; then by group, which keeps that.
 */
static int order_moves(struct builder *b, struct error *err) {
    if (b->n == 0)
        return 0;
    uint32_t *key = malloc((b->n + 1) * sizeof *key);
    if (!key)
        return error_memory(err);
    for (size_t i = 0; i < b->n; i++)
        key[i] = 2 * (uint32_t)b->paths->moves[i].day + (b->paths->moves[i].to == OCCUPANCY_NONE);
    int status = sort_moves(b, key, 2 * (size_t)b->paths->last_day + 2, err);
    for (size_t i = 0; i < b->n; i++)
        key[i] = b->group[i];
    if (!status)
        status = sort_moves(b, key, b->paths->groups, err);
    free(key);
    return status;
}

static int rank_states(struct builder *b, struct error *err) {
    struct occupancy_paths *paths = b->paths;
    uint16_t rank[OCCUPANCY_MOST_STATES] = {0};
    paths->states = paths->names.count;
    paths->order = malloc((paths->states + 1) * sizeof *paths->order);
    if (!paths->order)
        return error_memory(err);
    dictionary_order(&paths->names, paths->order);
    for (size_t s = 0; s < paths->states; s++)
        rank[paths->order[s]] = (uint16_t)s;
    for (size_t i = 0; i < b->n; i++) {
        struct occupancy_move *move = &paths->moves[i];
        move->from = move->from == OCCUPANCY_NONE ? OCCUPANCY_NONE : rank[move->from];
        move->to = move->to == OCCUPANCY_NONE ? OCCUPANCY_NONE : rank[move->to];
    }
    return 0;
}

static int find_starts(struct builder *b, struct error *err) {
    b->paths->starts = calloc(b->paths->groups + 1, sizeof *b->paths->starts);
    if (!b->paths->starts)
        return error_memory(err);
    for (size_t i = 0; i < b->n; i++)
        b->paths->starts[b->group[i] + 1]++;
    for (size_t g = 0; g < b->paths->groups; g++)
        b->paths->starts[g + 1] += b->paths->starts[g];
    return 0;
}

int occupancy_paths_build(struct occupancy_paths *ret, const struct histories *histories,
                          struct error *err) {
    *ret = (struct occupancy_paths){.groups = histories->groups.count,
                                    .clusters = histories->clusters};
    struct builder b = {.histories = histories, .paths = ret};
    int status = 0;
    ret->subjects = calloc(ret->groups + 1, sizeof *ret->subjects);
    if (!ret->subjects)
        status = error_memory(err);
    for (size_t from = 0, to; from < histories->n && !status; from = to) {
        to = histories_end(histories, from);
        status = add_user(&b, from, to, err);
    }
    ret->horizon = ret->last_day;
    if (!status)
        status = rank_states(&b, err);
    if (!status)
        status = order_moves(&b, err);
    if (!status)
        status = find_starts(&b, err);
    free(b.group);
    free(b.edges);
    free(b.active);
    buffer_free(&b.key);
    buffer_free(&b.name);
    dictionary_free(&b.sets);
    if (status)
        occupancy_paths_free(ret);
    return status;
}

struct text occupancy_state(const struct occupancy_paths *paths, size_t state) {
    return dictionary_name(&paths->names, paths->order[state]);
}

void occupancy_paths_free(struct occupancy_paths *paths) {
    free(paths->moves);
    free(paths->starts);
    free(paths->subjects);
    dictionary_free(&paths->names);
    free(paths->order);
    *paths = (struct occupancy_paths){0};
}
