/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The creator panel.
 *
 *   1. Reading: each worker codes texts and periods of its batches
 *   2. Joining: the codes of the workers become those of the panel
 *   3. Gathering: a counting sort by creator, then a sort within each
 *   4. Refusing: the places of what stands twice or is of another kind
 */
#include "creators/panel.h"

#include "base/buffer.h"
#include "base/workers.h"
#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CREATOR, PERIOD, FOLLOWERS, PLATFORM, COLUMNS };

static const struct table_column bound[COLUMNS] = {
    [CREATOR] = {.name = "creator", .type = TABLE_TEXT},
    [PERIOD] = {.name = "period", .type = TABLE_PERIOD},
    [FOLLOWERS] = {.name = "followers", .type = TABLE_INTEGER},
    [PLATFORM] = {.name = "platform", .type = TABLE_TEXT}, /* last: left out if the file has none */
};

/* ---- 1. Reading ------------------------------------------------------------------------------ */

/* The rows of one batch, coded by the dictionaries of their part. The columns are one allocation,
 * which `followers` begins. */
struct chunk {
    size_t sequence;
    size_t rows;
    struct table_place first; /* of row 0 */
    uint32_t *lines;          /* of each row, below the first; NULL: row after row */
    int64_t *followers;
    uint32_t *creators;
    int32_t *periods;
    uint16_t *platforms;
};

/* The earliest row with a period of some kind. */
struct first_row {
    bool found;
    size_t sequence, row;
    struct table_place place;
    struct period period;
};

enum { KINDS = PERIOD_DAY + 1 };

/* What one worker has read. */
struct part {
    struct part *next;
    struct dictionary creators, platforms;
    uint32_t creator, platform; /* codes of the row before */
    struct first_row kinds[KINDS];
    uint64_t *seen; /* a bit per period index; see period_bit */
    struct chunk *chunks;
    size_t n_chunks, capacity;
};

/* The fold's state: the parts of all workers merged so far. */
struct reading {
    const struct panel_options *options;
    bool has_platform;
    struct part *parts;
};

/* Every period index, of whatever kind, is at least the smallest day and at most the largest. */
enum { PERIOD_BITS = CALENDAR_MAX_DAY - CALENDAR_MIN_DAY + 1, SEEN_WORDS = PERIOD_BITS / 64 + 1 };

static size_t period_bit(int32_t index) {
    return (size_t)(index - CALENDAR_MIN_DAY);
}

static void part_destroy(struct part *part) {
    if (!part)
        return;
    dictionary_free(&part->creators);
    dictionary_free(&part->platforms);
    for (size_t i = 0; i < part->n_chunks; i++) {
        free(part->chunks[i].lines);
        free(part->chunks[i].followers);
    }
    free(part->chunks);
    free(part->seen);
    free(part);
}

static void reading_destroy(void *state) {
    struct reading *reading = state;
    if (!reading)
        return;
    for (struct part *part = reading->parts, *next; part; part = next) {
        next = part->next;
        part_destroy(part);
    }
    free(reading);
}

static int reading_begin(void *context, void **ret_state, struct error *err) {
    const struct reading *wanted = context;
    struct reading *reading = calloc(1, sizeof *reading);
    if (!reading)
        return error_memory(err);
    *reading = *wanted;
    reading->parts = calloc(1, sizeof *reading->parts);
    if (reading->parts)
        reading->parts->seen = calloc(SEEN_WORDS, sizeof *reading->parts->seen);
    if (!reading->parts || !reading->parts->seen) {
        reading_destroy(reading);
        return error_memory(err);
    }
    *ret_state = reading;
    return 0;
}

static int reading_merge(void *into, void *from, struct error *err) {
    (void)err;
    struct reading *reading = into, *other = from;
    struct part **end = &reading->parts;
    while (*end)
        end = &(*end)->next;
    *end = other->parts;
    other->parts = NULL;
    return 0;
}

/* Appends an empty chunk with room for the batch; NULL if memory is out. */
static struct chunk *add_chunk(struct part *part, const struct table_batch *batch) {
    size_t rows = batch->rows;
    if (array_reserve((void **)&part->chunks, &part->capacity, part->n_chunks + 1,
                      sizeof *part->chunks, NULL))
        return NULL;
    int64_t *followers =
        malloc(rows * (sizeof *followers + sizeof(uint32_t) + sizeof(int32_t) + sizeof(uint16_t)));
    if (!followers)
        return NULL;
    uint32_t *creators = (uint32_t *)(followers + rows);
    int32_t *periods = (int32_t *)(creators + rows);
    struct chunk *chunk = &part->chunks[part->n_chunks++];
    *chunk = (struct chunk){.sequence = batch->sequence,
                            .followers = followers,
                            .creators = creators,
                            .periods = periods,
                            .platforms = (uint16_t *)(periods + rows)};
    return chunk;
}

/* Adds a name that is likely to be that of the row before, or the one first seen after that: panels
 * are mostly sorted by creator, or list the same creators in the same order period after period. */
static int add_likely(struct dictionary *dictionary, struct text name, uint32_t *latest,
                      struct error *err) {
    for (uint32_t guess = *latest; guess < dictionary->count && guess <= *latest + 1; guess++)
        if (text_equal(dictionary->names[guess], name)) {
            *latest = guess;
            return 0;
        }
    return dictionary_add(dictionary, name, latest, err);
}

static int too_many(struct error *err, const char *what) {
    return error_set(err, ERROR_DATA, "more than %d %ss, expected a column %s with fewer",
                     PANEL_MOST, what, what);
}

static int add_names(struct part *part, struct text creator, struct text platform,
                     struct error *err) {
    int status = add_likely(&part->platforms, platform, &part->platform, err);
    if (status)
        return status;
    if (part->platform >= PANEL_MOST)
        return too_many(err, "platform");
    return add_likely(&part->creators, creator, &part->creator, err);
}

static void note_period(struct part *part, struct period period, const struct table_batch *batch,
                        size_t row) {
    struct first_row *first = &part->kinds[period.kind];
    if (!first->found || batch->sequence < first->sequence)
        *first = (struct first_row){true, batch->sequence, row, table_place(batch, row), period};
    size_t bit = period_bit(period.index);
    part->seen[bit / 64] |= UINT64_C(1) << bit % 64;
}

/* Whether the followers make sense; if not, *ret_status says whether reading goes on. */
static bool accept(const struct table_batch *batch, size_t row, const struct tiers *tiers,
                   int *ret_status, struct error *err) {
    int64_t followers = batch->columns[FOLLOWERS].integer[row];
    if (followers >= tiers->from[0])
        return true;
    *ret_status = followers < 0
                      ? table_reject(batch, row, FOLLOWERS, err,
                                     "found %" PRId64 " followers, expected 0 or more", followers)
                      : table_reject(batch, row, FOLLOWERS, err,
                                     "found %" PRId64 " followers, expected at least %" PRId64
                                     ", where the lowest tier, '%s', begins",
                                     followers, tiers->from[0], tiers->names[0]);
    return false;
}

/* Places cost nothing if the rows stand on consecutive lines, four bytes a row if not. */
static int keep_place(struct chunk *chunk, const struct table_batch *batch, size_t row,
                      struct error *err) {
    struct table_place place = table_place(batch, row);
    if (chunk->rows == 0)
        chunk->first = place;
    uint32_t below = (uint32_t)(place.line - chunk->first.line);
    if (!chunk->lines && below != chunk->rows) {
        chunk->lines = malloc(batch->rows * sizeof *chunk->lines);
        if (!chunk->lines)
            return error_memory(err);
        for (size_t i = 0; i < chunk->rows; i++)
            chunk->lines[i] = (uint32_t)i;
    }
    if (chunk->lines)
        chunk->lines[chunk->rows] = below;
    return 0;
}

static int add_row(struct part *part, struct chunk *chunk, const struct table_batch *batch,
                   size_t row, bool has_platform, struct error *err) {
    struct text platform = has_platform ? batch->columns[PLATFORM].text[row] : text_of("");
    struct period period = batch->columns[PERIOD].period[row];
    int status = add_names(part, batch->columns[CREATOR].text[row], platform, err);
    if (!status)
        status = keep_place(chunk, batch, row, err);
    if (status)
        return status;
    note_period(part, period, batch, row);
    size_t at = chunk->rows++;
    chunk->creators[at] = part->creator;
    chunk->platforms[at] = (uint16_t)part->platform;
    chunk->periods[at] = period.index;
    chunk->followers[at] = batch->columns[FOLLOWERS].integer[row];
    return 0;
}

static int reading_add(void *state, const struct table_batch *batch, struct error *err) {
    const struct reading *reading = state;
    struct chunk *chunk = add_chunk(reading->parts, batch);
    if (!chunk)
        return error_memory(err);
    int status = 0;
    for (size_t row = 0; row < batch->rows && !status; row++)
        if (accept(batch, row, reading->options->tiers, &status, err))
            status = add_row(reading->parts, chunk, batch, row, reading->has_platform, err);
    return status;
}

/* ---- 2. Joining ------------------------------------------------------------------------------ */

/* A part, and what its codes are in the panel. */
struct joined {
    struct part *part;
    uint32_t *creators;
    uint16_t *platforms;
    size_t *cursor; /* by creator of the panel: where its next row from this part goes */
};

struct joining {
    struct panel *panel;
    struct joined *parts;
    size_t n_parts;
    int32_t first_period;   /* index of the earliest */
    uint16_t *period_codes; /* by index - first_period */
    atomic_bool repeated;   /* something stands twice */
};

/* A row's numbers in the panel. */
static struct panel_key key_of(const struct joining *joining, const struct joined *joined,
                               const struct chunk *chunk, size_t row) {
    return (struct panel_key){
        joined->platforms[chunk->platforms[row]],
        joining->period_codes[chunk->periods[row] - joining->first_period],
    };
}

/* Puts the parts side by side, so that threads can share them out by index. */
static int list_parts(struct joining *joining, struct part *parts, struct error *err) {
    size_t capacity = 0;
    for (struct part *part = parts; part; part = part->next) {
        int status = array_reserve((void **)&joining->parts, &capacity, joining->n_parts + 1,
                                   sizeof *joining->parts, err);
        if (status)
            return status;
        joining->parts[joining->n_parts++] = (struct joined){.part = part};
    }
    return 0;
}

static void joining_free(struct joining *joining) {
    for (size_t i = 0; i < joining->n_parts; i++) {
        free(joining->parts[i].creators);
        free(joining->parts[i].platforms);
        free(joining->parts[i].cursor);
    }
    free(joining->parts);
    free(joining->period_codes);
}

static int join_creators(struct joining *joining, struct error *err) {
    struct panel *panel = joining->panel;
    for (size_t i = 0; i < joining->n_parts; i++) {
        struct joined *joined = &joining->parts[i];
        struct dictionary *from = &joined->part->creators;
        joined->creators = malloc((from->count + (size_t)1) * sizeof *joined->creators);
        if (!joined->creators)
            return error_memory(err);
        int status = dictionary_merge(&panel->creators, from, joined->creators, err);
        if (status)
            return status;
        dictionary_free(from);
    }
    panel->n_creators = panel->creators.count;
    return 0;
}

/* Platforms are few and shown in the output: their numbers follow the order of their names. */
static int join_platforms(struct joining *joining, struct error *err) {
    struct panel *panel = joining->panel;
    for (size_t i = 0; i < joining->n_parts; i++) {
        int status =
            dictionary_merge(&panel->platform_names, &joining->parts[i].part->platforms, NULL, err);
        if (status)
            return status;
    }
    size_t n = panel->platform_names.count;
    if (n > PANEL_MOST)
        return too_many(err, "platform");
    int status = 0;
    uint32_t *order = malloc((n + 1) * sizeof *order), *rank = malloc((n + 1) * sizeof *rank);
    panel->platforms = malloc((n + 1) * sizeof *panel->platforms);
    if (!order || !rank || !panel->platforms) {
        status = error_memory(err);
        goto done;
    }
    panel->n_platforms = n;
    dictionary_order(&panel->platform_names, order);
    for (uint32_t i = 0; i < n; i++) {
        rank[order[i]] = i;
        panel->platforms[i] = dictionary_name(&panel->platform_names, order[i]);
    }
    for (size_t i = 0; i < joining->n_parts; i++) {
        struct joined *joined = &joining->parts[i];
        const struct dictionary *from = &joined->part->platforms;
        joined->platforms = malloc((from->count + (size_t)1) * sizeof *joined->platforms);
        if (!joined->platforms) {
            status = error_memory(err);
            goto done;
        }
        for (uint32_t code = 0; code < from->count; code++) {
            uint32_t merged = 0;
            dictionary_find(&panel->platform_names, dictionary_name(from, code), &merged);
            joined->platforms[code] = (uint16_t)rank[merged];
        }
    }
done:
    free(order);
    free(rank);
    return status;
}

/* Numbers the periods that any part has seen, in ascending order. */
static int join_periods(struct joining *joining, enum period_kind kind, struct error *err) {
    struct panel *panel = joining->panel;
    size_t capacity = 0;
    for (size_t word = 0; word < SEEN_WORDS; word++) {
        uint64_t bits = 0;
        for (size_t i = 0; i < joining->n_parts; i++)
            bits |= joining->parts[i].part->seen[word];
        for (; bits != 0; bits &= bits - 1) {
            int status = array_reserve((void **)&panel->periods, &capacity, panel->n_periods + 1,
                                       sizeof *panel->periods, err);
            if (status)
                return status;
            int32_t index = (int32_t)(word * 64) + __builtin_ctzll(bits) + CALENDAR_MIN_DAY;
            panel->periods[panel->n_periods++] = (struct period){kind, index};
        }
    }
    if (panel->n_periods > PANEL_MOST)
        return too_many(err, "period");
    if (panel->n_periods == 0)
        return 0;
    joining->first_period = panel->periods[0].index;
    int32_t last = panel->periods[panel->n_periods - 1].index;
    joining->period_codes =
        calloc((size_t)(last - joining->first_period) + 1, sizeof *joining->period_codes);
    if (!joining->period_codes)
        return error_memory(err);
    for (size_t i = 0; i < panel->n_periods; i++)
        joining->period_codes[panel->periods[i].index - joining->first_period] = (uint16_t)i;
    return 0;
}

/* ---- 3. Gathering ---------------------------------------------------------------------------- */

static int count_rows(void *context, size_t index, int worker, struct error *err) {
    (void)worker;
    struct joining *joining = context;
    struct joined *joined = &joining->parts[index];
    joined->cursor = calloc(joining->panel->n_creators + 1, sizeof *joined->cursor);
    if (!joined->cursor)
        return error_memory(err);
    for (size_t i = 0; i < joined->part->n_chunks; i++) {
        const struct chunk *chunk = &joined->part->chunks[i];
        for (size_t row = 0; row < chunk->rows; row++)
            joined->cursor[joined->creators[chunk->creators[row]]]++;
    }
    return 0;
}

/* Turns the counts into the places where each part's rows of each creator begin. */
static int place_creators(struct joining *joining, struct error *err) {
    struct panel *panel = joining->panel;
    panel->start = malloc((panel->n_creators + 1) * sizeof *panel->start);
    if (!panel->start)
        return error_memory(err);
    for (size_t creator = 0; creator < panel->n_creators; creator++) {
        panel->start[creator] = panel->n_rows;
        for (size_t i = 0; i < joining->n_parts; i++) {
            size_t rows = joining->parts[i].cursor[creator];
            joining->parts[i].cursor[creator] = panel->n_rows;
            panel->n_rows += rows;
        }
    }
    panel->start[panel->n_creators] = panel->n_rows;
    panel->keys = malloc((panel->n_rows + 1) * sizeof *panel->keys);
    panel->followers = malloc((panel->n_rows + 1) * sizeof *panel->followers);
    panel->present = calloc(panel->n_platforms * panel->n_periods + 1, 1);
    if (!panel->keys || !panel->followers || !panel->present)
        return error_memory(err);
    return 0;
}

static int scatter_rows(void *context, size_t index, int worker, struct error *err) {
    (void)worker;
    (void)err;
    const struct joining *joining = context;
    const struct joined *joined = &joining->parts[index];
    struct panel *panel = joining->panel;
    for (size_t i = 0; i < joined->part->n_chunks; i++) {
        const struct chunk *chunk = &joined->part->chunks[i];
        for (size_t row = 0; row < chunk->rows; row++) {
            size_t at = joined->cursor[joined->creators[chunk->creators[row]]]++;
            panel->keys[at] = key_of(joining, joined, chunk, row);
            panel->followers[at] = chunk->followers[row];
        }
    }
    return 0;
}

static uint32_t rank_of(struct panel_key key) {
    return (uint32_t)key.platform << 16 | key.period;
}

/* Shell's sort: most creators have few rows that are nearly in order, and whoever has a great many
 * still takes no memory and no square of their number. */
static void sort_rows(struct panel *panel, size_t from, size_t to) {
    struct panel_key *keys = panel->keys + from;
    int64_t *followers = panel->followers + from;
    size_t n = to - from, gap = 1;
    while (gap < n / 9)
        gap = 3 * gap + 1;
    for (; gap > 0; gap /= 3)
        for (size_t i = gap; i < n; i++) {
            struct panel_key key = keys[i];
            int64_t value = followers[i];
            size_t at = i;
            for (; at >= gap && rank_of(keys[at - gap]) > rank_of(key); at -= gap) {
                keys[at] = keys[at - gap];
                followers[at] = followers[at - gap];
            }
            keys[at] = key;
            followers[at] = value;
        }
}

/* Several threads may mark the same cell, all with the same 1. */
static void mark_present(struct panel *panel, struct panel_key key) {
    unsigned char *cell = &panel->present[key.platform * panel->n_periods + key.period];
    if (!__atomic_load_n(cell, __ATOMIC_RELAXED))
        __atomic_store_n(cell, 1, __ATOMIC_RELAXED);
}

enum { CREATORS_A_TASK = 4096 };

static int sort_creators(void *context, size_t index, int worker, struct error *err) {
    (void)worker;
    (void)err;
    struct joining *joining = context;
    struct panel *panel = joining->panel;
    size_t first = index * CREATORS_A_TASK, end = first + CREATORS_A_TASK;
    if (end > panel->n_creators)
        end = panel->n_creators;
    for (size_t creator = first; creator < end; creator++) {
        size_t from = panel->start[creator], to = panel->start[creator + 1];
        sort_rows(panel, from, to);
        for (size_t row = from; row < to; row++) {
            mark_present(panel, panel->keys[row]);
            if (row > from && rank_of(panel->keys[row]) == rank_of(panel->keys[row - 1]))
                atomic_store(&joining->repeated, true);
        }
    }
    return 0;
}

/* ---- 4. Refusing ----------------------------------------------------------------------------- */

static struct table_place place_of(const struct chunk *chunk, size_t row) {
    struct table_place place = chunk->first;
    place.line += chunk->lines ? chunk->lines[row] : row;
    return place;
}

static bool comes_before(const struct first_row *a, const struct first_row *b) {
    return a->sequence != b->sequence ? a->sequence < b->sequence : a->row < b->row;
}

/* Periods must all be of the kind of the first row; gives that kind. */
static int check_kinds(const struct table *table, const struct part *parts,
                       enum period_kind *ret_kind, struct error *err) {
    const struct first_row *first = NULL, *other = NULL;
    for (const struct part *part = parts; part; part = part->next)
        for (int kind = 0; kind < KINDS; kind++)
            if (part->kinds[kind].found && (!first || comes_before(&part->kinds[kind], first)))
                first = &part->kinds[kind];
    if (!first)
        return 0;
    *ret_kind = first->period.kind;
    for (const struct part *part = parts; part; part = part->next)
        for (int kind = 0; kind < KINDS; kind++)
            if (part->kinds[kind].found && (enum period_kind)kind != *ret_kind &&
                (!other || comes_before(&part->kinds[kind], other)))
                other = &part->kinds[kind];
    if (!other)
        return 0;
    char here[TABLE_WHERE], there[TABLE_WHERE], found[CALENDAR_TEXT], expected[CALENDAR_TEXT];
    table_place_format(table, other->place, here);
    table_place_format(table, first->place, there);
    period_format(other->period, found);
    period_format(first->period, expected);
    return error_set(err, ERROR_DATA, "%s: period '%s' is a %s, expected a %s as '%s' in %s", here,
                     found, period_kind_name(other->period.kind),
                     period_kind_name(first->period.kind), expected, there);
}

/* A chunk in the order of the input. */
struct ordered {
    const struct chunk *chunk;
    const struct joined *joined;
};

static int compare_sequence(const void *a, const void *b) {
    size_t left = ((const struct ordered *)a)->chunk->sequence;
    size_t right = ((const struct ordered *)b)->chunk->sequence;
    return (left > right) - (left < right);
}

static int order_chunks(const struct joining *joining, struct ordered **ret, size_t *ret_n,
                        struct error *err) {
    size_t capacity = 0;
    for (size_t i = 0; i < joining->n_parts; i++) {
        const struct joined *joined = &joining->parts[i];
        for (size_t j = 0; j < joined->part->n_chunks; j++) {
            int status = array_reserve((void **)ret, &capacity, *ret_n + 1, sizeof **ret, err);
            if (status)
                return status;
            (*ret)[(*ret_n)++] = (struct ordered){&joined->part->chunks[j], joined};
        }
    }
    if (*ret_n > 0)
        qsort(*ret, *ret_n, sizeof **ret, compare_sequence);
    return 0;
}

/* The first of the creator's sorted rows with this key, which there is. */
static size_t find_row(const struct panel *panel, uint32_t creator, struct panel_key key) {
    size_t low = panel->start[creator], high = panel->start[creator + 1];
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (rank_of(panel->keys[middle]) < rank_of(key))
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* Goes through the input in its order. `twice` says whether to look for the first row whose slot in
 * the panel was met before (its slot is returned), or for the first row of *slot. */
static struct table_place search(const struct joining *joining, const struct ordered *chunks,
                                 size_t n, unsigned char *met, size_t *slot) {
    for (size_t i = 0; i < n; i++) {
        const struct chunk *chunk = chunks[i].chunk;
        const struct joined *joined = chunks[i].joined;
        for (size_t row = 0; row < chunk->rows; row++) {
            uint32_t creator = joined->creators[chunk->creators[row]];
            size_t found = find_row(joining->panel, creator, key_of(joining, joined, chunk, row));
            bool stop = met ? met[found] : found == *slot;
            if (met)
                met[found] = 1;
            if (stop) {
                *slot = found;
                return place_of(chunk, row);
            }
        }
    }
    return (struct table_place){0};
}

static struct text creator_of(const struct panel *panel, size_t row) {
    size_t low = 0, high = panel->n_creators;
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        if (panel->start[middle] <= row)
            low = middle;
        else
            high = middle;
    }
    return dictionary_name(&panel->creators, (uint32_t)low);
}

/* Names the first row of the input that repeats an earlier one, and that one. */
static int refuse_repeated(const struct table *table, const struct joining *joining,
                           struct error *err) {
    const struct panel *panel = joining->panel;
    struct ordered *chunks = NULL;
    size_t n = 0, slot = 0;
    unsigned char *met = NULL;
    int status = order_chunks(joining, &chunks, &n, err);
    if (status)
        goto done;
    met = calloc(panel->n_rows, 1);
    if (!met) {
        status = error_memory(err);
        goto done;
    }
    char here[TABLE_WHERE], there[TABLE_WHERE], period[CALENDAR_TEXT];
    table_place_format(table, search(joining, chunks, n, met, &slot), here);
    table_place_format(table, search(joining, chunks, n, NULL, &slot), there);
    period_format(panel->periods[panel->keys[slot].period], period);
    struct text creator = creator_of(panel, slot);
    struct text platform = panel->platforms[panel->keys[slot].platform];
    char on[256] = "";
    if (platform.length > 0)
        snprintf(on, sizeof on, " on '%.*s'", (int)platform.length, platform.bytes);
    status = error_set(err, ERROR_DATA,
                       "%s: creator '%.*s'%s in %s stands here and in %s, expected one row", here,
                       (int)creator.length, creator.bytes, on, period, there);
done:
    free(met);
    free(chunks);
    return status;
}

/* ---- All of it ------------------------------------------------------------------------------- */

static int gather(struct joining *joining, const struct table *table, int threads,
                  struct error *err) {
    struct panel *panel = joining->panel;
    int status = workers_run(threads, joining->n_parts, count_rows, joining, err);
    if (status)
        return status;
    status = place_creators(joining, err);
    if (status)
        return status;
    status = workers_run(threads, joining->n_parts, scatter_rows, joining, err);
    if (status)
        return status;
    size_t tasks = (panel->n_creators + CREATORS_A_TASK - 1) / CREATORS_A_TASK;
    status = workers_run(threads, tasks, sort_creators, joining, err);
    if (status)
        return status;
    return joining->repeated ? refuse_repeated(table, joining, err) : 0;
}

static int join(const struct reading *reading, const struct table *table, int threads,
                struct panel *ret, struct error *err) {
    struct joining joining = {.panel = ret};
    enum period_kind kind = PERIOD_YEAR; /* of no rows: any will do */
    int status = check_kinds(table, reading->parts, &kind, err);
    if (!status)
        status = list_parts(&joining, reading->parts, err);
    if (!status)
        status = join_creators(&joining, err);
    if (!status)
        status = join_platforms(&joining, err);
    if (!status)
        status = join_periods(&joining, kind, err);
    if (!status)
        status = gather(&joining, table, threads, err);
    joining_free(&joining);
    return status;
}

int panel_read(struct table *table, const struct panel_options *options, struct panel *ret,
               struct error *err) {
    static const struct table_fold fold = {reading_begin, reading_add, reading_merge,
                                           reading_destroy};
    struct reading wanted = {
        .options = options,
        .has_platform = options->platform || table_has(table, "platform"),
    };
    void *state = NULL;
    int status = table_bind(table, bound, wanted.has_platform ? COLUMNS : COLUMNS - 1, err);
    if (status)
        return status;
    status = table_fold(table, &fold, &wanted, &state, err);
    if (status)
        return status;
    status = join(state, table, options->threads, ret, err);
    reading_destroy(state);
    if (status)
        panel_free(ret);
    return status;
}

bool panel_gap(const struct panel *panel, size_t platform, size_t *ret_period) {
    const unsigned char *present = panel->present + platform * panel->n_periods;
    size_t period = 0, end = panel->n_periods;
    while (period < end && !present[period])
        period++;
    while (end > period && !present[end - 1])
        end--;
    while (period < end && present[period])
        period++;
    *ret_period = period;
    return period < end;
}

void panel_free(struct panel *panel) {
    dictionary_free(&panel->creators);
    dictionary_free(&panel->platform_names);
    free(panel->platforms);
    free(panel->periods);
    free(panel->start);
    free(panel->keys);
    free(panel->followers);
    free(panel->present);
    *panel = (struct panel){0};
}
