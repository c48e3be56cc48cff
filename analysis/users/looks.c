/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Rows to looks, and looks to steps. */
#include "users/looks.h"

#include "base/buffer.h"
#include "base/dictionary.h"
#include <stdlib.h>
#include <string.h>

enum { USER, PLATFORM, TIME, COLUMNS };

/* A row, with names as ranks. */
struct row {
    uint32_t user, platform;
    double time;
};

static int by_user_and_time(const void *a, const void *b) {
    const struct row *x = a, *y = b;
    if (x->user != y->user)
        return x->user < y->user ? -1 : 1;
    if (x->time != y->time)
        return x->time < y->time ? -1 : 1;
    return (x->platform > y->platform) - (x->platform < y->platform);
}

/* codes become ranks by name, so that states do not depend on the order of rows. */
static int rank_all(const struct dictionary *names, uint32_t *ranks, struct error *err) {
    uint32_t *order = malloc((names->count + 1) * sizeof *order);
    if (!order)
        return error_memory(err);
    dictionary_order(names, order);
    for (uint32_t rank = 0; rank < names->count; rank++)
        ranks[order[rank]] = rank;
    free(order);
    return 0;
}

/* What is being read, and the sets of platforms met, by the ranks of their platforms. */
struct reading {
    const struct looks_options *options;
    struct dictionary users, platforms, sets;
    struct row *rows;
    size_t n;
    uint32_t *ranks; /* of platforms */
    struct markov_look *looks;
    size_t n_looks;
};

static void reading_free(struct reading *reading) {
    dictionary_free(&reading->users);
    dictionary_free(&reading->platforms);
    dictionary_free(&reading->sets);
    free(reading->rows);
    free(reading->ranks);
    free(reading->looks);
}

static int read_rows(struct reading *reading, const struct table_batch *batch, struct error *err) {
    const struct table_cells *cells = batch->columns;
    reading->rows = malloc((batch->rows + 1) * sizeof *reading->rows);
    reading->looks = malloc((batch->rows + 1) * sizeof *reading->looks);
    if (!reading->rows || !reading->looks)
        return error_memory(err);
    for (size_t i = 0; i < batch->rows; i++) {
        struct row *row = &reading->rows[reading->n++];
        if (dictionary_add(&reading->users, cells[USER].text[i], &row->user, err) ||
            dictionary_add(&reading->platforms, cells[PLATFORM].text[i], &row->platform, err))
            return err->code;
        row->time = reading->options->time ? cells[TIME].number[i] : cells[TIME].date[i];
    }
    reading->ranks = malloc((reading->platforms.count + 1) * sizeof *reading->ranks);
    if (!reading->ranks)
        return error_memory(err);
    if (rank_all(&reading->platforms, reading->ranks, err))
        return err->code;
    for (size_t i = 0; i < reading->n; i++)
        reading->rows[i].platform = reading->ranks[reading->rows[i].platform];
    qsort(reading->rows, reading->n, sizeof *reading->rows, by_user_and_time);
    return 0;
}

/* The platforms of one user at one time become a state, and that a look. */
static int find_looks(struct reading *reading, struct error *err) {
    struct buffer key = {0};
    int status = 0;
    for (size_t i = 0, end; i < reading->n && !status; i = end) {
        const struct row *row = &reading->rows[i];
        struct markov_look *look = &reading->looks[reading->n_looks++];
        buffer_clear(&key);
        for (end = i; end < reading->n && reading->rows[end].user == row->user &&
                      reading->rows[end].time == row->time;
             end++)
            if (end == i || reading->rows[end].platform != reading->rows[end - 1].platform)
                buffer_append(&key, &reading->rows[end].platform, sizeof row->platform);
        *look = (struct markov_look){.subject = row->user, .time = row->time};
        status = buffer_check(&key, err);
        if (!status)
            status = dictionary_add(&reading->sets, (struct text){key.bytes, key.length},
                                    &look->state, err);
    }
    buffer_free(&key);
    return status;
}

/* "A+B" for a set of ranks. */
static int name_set(const struct reading *reading, const uint32_t *order, struct text key,
                    struct arena *arena, struct text *ret, struct error *err) {
    struct buffer name = {0};
    for (size_t i = 0; i < key.length; i += sizeof(uint32_t)) {
        uint32_t rank;
        memcpy(&rank, key.bytes + i, sizeof rank);
        const struct text platform = dictionary_name(&reading->platforms, order[rank]);
        if (i > 0)
            buffer_text(&name, reading->options->join);
        buffer_append(&name, platform.bytes, platform.length);
    }
    int status = buffer_check(&name, err);
    ret->length = name.length;
    ret->bytes = status ? NULL : arena_text(arena, name.bytes, name.length);
    buffer_free(&name);
    return status ? status : ret->bytes ? 0 : error_memory(err);
}

struct named {
    struct text name;
    uint32_t code;
};

static int by_name(const void *a, const void *b) {
    return text_compare(((const struct named *)a)->name, ((const struct named *)b)->name);
}

static int name_states(struct reading *reading, struct looks *ret, struct error *err) {
    const uint32_t n = reading->sets.count;
    struct named *named = calloc(n + 1, sizeof *named);
    uint32_t *order = malloc((reading->platforms.count + 1) * sizeof *order);
    uint32_t *ranks = malloc((n + 1) * sizeof *ranks);
    ret->states = calloc(n + 1, sizeof *ret->states);
    ret->n_states = n;
    int status = ERROR_SYSTEM;
    if (!named || !order || !ranks || !ret->states) {
        error_memory(err);
        goto done;
    }
    dictionary_order(&reading->platforms, order);
    for (uint32_t i = 0; i < n; i++) {
        named[i].code = i;
        status = name_set(reading, order, dictionary_name(&reading->sets, i), &ret->arena,
                          &named[i].name, err);
        if (status)
            goto done;
    }
    qsort(named, n, sizeof *named, by_name);
    for (uint32_t i = 0; i < n; i++) {
        ret->states[i] = named[i].name;
        ranks[named[i].code] = i;
    }
    for (size_t i = 0; i < reading->n_looks; i++)
        reading->looks[i].state = ranks[reading->looks[i].state];
    status = 0;
done:
    free(named);
    free(order);
    free(ranks);
    return status;
}

static int by_step(const void *a, const void *b) {
    const struct markov_step *x = a, *y = b;
    if (x->from != y->from)
        return x->from < y->from ? -1 : 1;
    if (x->to != y->to)
        return x->to < y->to ? -1 : 1;
    return (x->time > y->time) - (x->time < y->time);
}

static void put_together(struct markov_steps *steps) {
    size_t kept = 0;
    if (steps->n > 0)
        qsort(steps->steps, steps->n, sizeof *steps->steps, by_step);
    for (size_t i = 0; i < steps->n; i++)
        if (kept > 0 && by_step(&steps->steps[kept - 1], &steps->steps[i]) == 0)
            steps->steps[kept - 1].count += steps->steps[i].count;
        else
            steps->steps[kept++] = steps->steps[i];
    steps->n = kept;
}

int looks_read(struct table *table, const struct looks_options *options, struct looks *ret,
               struct error *err) {
    const struct table_column columns[COLUMNS] = {
        [USER] = {.name = "user", .type = TABLE_TEXT},
        [PLATFORM] = {.name = options->platform, .type = TABLE_TEXT},
        [TIME] = {.name = options->time ? options->time : options->date,
                  .type = options->time ? TABLE_NUMBER : TABLE_DATE}};
    struct reading reading = {.options = options};
    const struct table_batch *batch;
    *ret = (struct looks){0};
    int status = table_bind(table, columns, COLUMNS, err);
    if (!status)
        status = table_read(table, &batch, err);
    if (!status)
        status = read_rows(&reading, batch, err);
    if (!status)
        status = find_looks(&reading, err);
    if (!status)
        status = name_states(&reading, ret, err);
    if (!status)
        status = markov_steps_of(reading.looks, reading.n_looks, ret->n_states, ret->states,
                                 &ret->steps, err);
    if (!status)
        put_together(&ret->steps);
    reading_free(&reading);
    if (status)
        looks_free(ret);
    return status;
}

bool looks_find(const struct looks *looks, struct text state, size_t *ret) {
    for (size_t i = 0; i < looks->n_states; i++)
        if (text_equal(looks->states[i], state)) {
            *ret = i;
            return true;
        }
    return false;
}

void looks_free(struct looks *looks) {
    markov_steps_free(&looks->steps);
    free(looks->states);
    arena_free(&looks->arena);
    *looks = (struct looks){0};
}
