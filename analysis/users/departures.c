/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Departures: of those who left, where to.
 *
 *   1. The order of the output
 *   2. Reading spells: each worker counts with codes of its own
 *   3. Keeping the largest destinations
 *   4. Listing
 */
#include "users/departures.h"

#include "base/decimal.h"
#include "users/transitions.h"
#include <stdlib.h>

/* Every worker's dictionary begins with these two, so that merging leaves their codes alone. */
enum { GONE, OTHER, PLATFORMS };

/* ---- 1. Order -------------------------------------------------------------------------------- */

static int compare_states(const struct dictionary *states, uint32_t a, uint32_t b) {
    return text_compare(dictionary_name(states, a), dictionary_name(states, b));
}

/* Platforms first, then (gone), then (other). */
static int place_of(uint32_t to) {
    return to == OTHER ? 2 : to == GONE ? 1 : 0;
}

static int compare_counts(const void *left, const void *right, void *context) {
    const struct transition *a = left, *b = right;
    const struct dictionary *states = context;
    if (a->period != b->period)
        return a->period < b->period ? -1 : 1;
    if (a->from != b->from)
        return compare_states(states, a->from, b->from);
    if (place_of(a->to) != place_of(b->to))
        return place_of(a->to) - place_of(b->to);
    if (a->users != b->users)
        return a->users > b->users ? -1 : 1;
    return compare_states(states, a->to, b->to);
}

/* ---- 2. Reading spells ----------------------------------------------------------------------- */

enum { PLATFORM, END, DESTINATION, WEIGHT, COLUMNS };

/* The fold's state. */
struct reading {
    const struct departures_options *options;
    struct dictionary states;
    struct transitions counts;
    int128 stayed, undecided;
    int32_t first, last; /* days of departure */
    uint32_t from, to;   /* of the departure before, as most are like it */
    int32_t day, period; /* likewise */
};

static void reading_destroy(void *state) {
    struct reading *reading = state;
    if (!reading)
        return;
    dictionary_free(&reading->states);
    transitions_free(&reading->counts);
    free(reading);
}

static int32_t period_index(const struct departures_options *options, int32_t day) {
    return options->period ? period_of(*options->period, day).index : 0;
}

static int reading_begin(void *context, void **ret_state, struct error *err) {
    static const char *const names[PLATFORMS] = {
        [GONE] = DEPARTURES_GONE, [OTHER] = DEPARTURES_OTHER};
    struct reading *reading = calloc(1, sizeof *reading);
    if (!reading)
        return error_memory(err);
    reading->options = context;
    reading->first = CALENDAR_MAX_DAY;
    reading->last = CALENDAR_MIN_DAY;
    reading->period = period_index(reading->options, reading->day);
    for (uint32_t i = 0, code; i < PLATFORMS; i++) {
        int status = dictionary_add(&reading->states, text_of(names[i]), &code, err);
        if (status) {
            reading_destroy(reading);
            return status;
        }
    }
    *ret_state = reading;
    return 0;
}

static int add_state(struct dictionary *states, struct text name, uint32_t *latest,
                     struct error *err) {
    if (text_equal(dictionary_name(states, *latest), name))
        return 0;
    return dictionary_add(states, name, latest, err);
}

static void see_departure(struct reading *reading, int32_t day) {
    if (day < reading->first)
        reading->first = day;
    if (day > reading->last)
        reading->last = day;
    if (day != reading->day) {
        reading->day = day;
        reading->period = period_index(reading->options, day);
    }
}

static int add_departure(struct reading *reading, const struct table_batch *batch, size_t row,
                         int64_t users, struct error *err) {
    const struct table_cells *cells = batch->columns;
    int status = add_state(&reading->states, cells[PLATFORM].text[row], &reading->from, err);
    if (status)
        return status;
    if (table_missing(batch, DESTINATION, row))
        reading->to = GONE;
    else
        status = add_state(&reading->states, cells[DESTINATION].text[row], &reading->to, err);
    if (status)
        return status;
    if (reading->from == reading->to) {
        struct text name = dictionary_name(&reading->states, reading->to);
        return table_reject(batch, row, DESTINATION, err,
                            "destination '%.*s' is the platform itself, expected another or none",
                            (int)name.length, name.bytes);
    }
    see_departure(reading, cells[END].date[row]);
    return transitions_add(&reading->counts, reading->period, reading->from, reading->to, users,
                           err);
}

static int add_row(struct reading *reading, const struct table_batch *batch, size_t row,
                   struct error *err) {
    int64_t users = reading->options->weight ? batch->columns[WEIGHT].integer[row] : 1;
    if (users < 1)
        return table_reject(batch, row, WEIGHT, err,
                            "weight %lld, expected a whole number from 1 on", (long long)users);
    if (!table_missing(batch, END, row))
        return add_departure(reading, batch, row, users, err);
    reading->stayed += users;
    reading->undecided += table_missing(batch, DESTINATION, row) ? 0 : users;
    return 0;
}

static int reading_add(void *state, const struct table_batch *batch, struct error *err) {
    int status = 0;
    for (size_t row = 0; row < batch->rows && !status; row++)
        status = add_row(state, batch, row, err);
    return status;
}

static int reading_merge(void *into_state, void *from_state, struct error *err) {
    struct reading *into = into_state, *from = from_state;
    uint32_t *codes = malloc(from->states.count * sizeof *codes);
    if (!codes)
        return error_memory(err);
    int status = dictionary_merge(&into->states, &from->states, codes, err);
    if (!status)
        status = transitions_merge(&into->counts, &from->counts, codes, err);
    free(codes);
    into->stayed += from->stayed;
    into->undecided += from->undecided;
    into->first = from->first < into->first ? from->first : into->first;
    into->last = from->last > into->last ? from->last : into->last;
    return status;
}

/* ---- 3. Keeping the largest destinations ----------------------------------------------------- */

static int sum_periods(const struct transitions *counts, struct transitions *totals,
                       struct error *err) {
    const struct transition *move;
    for (size_t place = 0; transitions_next(counts, &place, &move);)
        if (transitions_add(totals, 0, move->from, move->to, move->users, err))
            return err->code;
    return 0;
}

/* The flows, without their periods, whose destination is beyond the `top` largest. */
static int find_small(const struct transitions *totals, struct dictionary *states, size_t top,
                      struct transitions *small, struct error *err) {
    struct transition *sorted = transitions_sort(totals, compare_counts, states);
    if (!sorted)
        return error_memory(err);
    int status = 0;
    for (size_t i = 0, rank = 0; i < totals->used && !status; i++) {
        rank = i > 0 && sorted[i].from == sorted[i - 1].from ? rank + 1 : 0;
        if (rank >= top && sorted[i].to >= PLATFORMS)
            status = transitions_add(small, 0, sorted[i].from, sorted[i].to, 1, err);
    }
    free(sorted);
    return status;
}

static int keep_largest(struct transitions *counts, struct dictionary *states, size_t top,
                        size_t *ret_others, struct error *err) {
    struct transitions totals = {0}, small = {0}, kept = {0};
    int status = sum_periods(counts, &totals, err);
    if (!status)
        status = find_small(&totals, states, top, &small, err);
    const struct transition *move;
    for (size_t place = 0; !status && transitions_next(counts, &place, &move);) {
        const bool put_together = transitions_has(&small, 0, move->from, move->to);
        status = transitions_add(&kept, move->period, move->from, put_together ? OTHER : move->to,
                                 move->users, err);
    }
    *ret_others = small.used;
    transitions_free(&totals);
    transitions_free(&small);
    transitions_free(counts);
    *counts = kept;
    return status;
}

/* ---- 4. Listing ------------------------------------------------------------------------------ */

static int check_total(const struct reading *reading, struct departures *flows, struct error *err) {
    int128 left = 0;
    const struct transition *move;
    for (size_t place = 0; transitions_next(&reading->counts, &place, &move);)
        left += move->users;
    if (left + reading->stayed > DEPARTURES_MAX)
        return error_set(err, ERROR_DATA, "more than %lld users, counting weights",
                         (long long)DEPARTURES_MAX);
    flows->left = (int64_t)left;
    flows->stayed = (int64_t)reading->stayed;
    flows->undecided = (int64_t)reading->undecided;
    flows->first = reading->first;
    flows->last = reading->last;
    return 0;
}

/* Sums each run of flows from one platform in one period. */
static void add_up(struct departure *items, const struct transition *sorted, size_t n) {
    for (size_t start = 0, end; start < n; start = end) {
        int64_t left = 0;
        for (end = start; end < n && sorted[end].period == sorted[start].period &&
                          sorted[end].from == sorted[start].from;
             end++)
            left += items[end].users;
        for (size_t i = start; i < end; i++)
            items[i].left = left;
    }
}

static int list(const struct transitions *counts, const struct departures_options *options,
                struct departures *flows, struct error *err) {
    struct transition *sorted = transitions_sort(counts, compare_counts, &flows->states);
    flows->items = calloc(counts->used + 1, sizeof *flows->items);
    if (!sorted || !flows->items) {
        free(sorted);
        return error_memory(err);
    }
    flows->n = counts->used;
    for (size_t i = 0; i < flows->n; i++)
        flows->items[i] = (struct departure){
            .period = {options->period ? *options->period : PERIOD_YEAR, sorted[i].period},
            .from = dictionary_name(&flows->states, sorted[i].from),
            .to = dictionary_name(&flows->states, sorted[i].to),
            .users = (int64_t)sorted[i].users,
        };
    add_up(flows->items, sorted, flows->n);
    free(sorted);
    return 0;
}

static int finish(struct reading *reading, struct departures *flows, struct error *err) {
    int status = check_total(reading, flows, err);
    if (!status && reading->options->top > 0)
        status = keep_largest(&reading->counts, &reading->states, reading->options->top,
                              &flows->others, err);
    if (status)
        return status;
    flows->states = reading->states;
    reading->states = (struct dictionary){0};
    return list(&reading->counts, reading->options, flows, err);
}

int departures_read(struct table *table, const struct departures_options *options,
                    struct departures *ret, struct error *err) {
    static const struct table_fold fold = {reading_begin, reading_add, reading_merge,
                                           reading_destroy};
    const struct table_column columns[COLUMNS] = {
        [PLATFORM] = {.name = "platform", .type = TABLE_TEXT},
        [END] = {.name = "end", .type = TABLE_DATE, .missing = true},
        [DESTINATION] = {.name = "destination", .type = TABLE_TEXT, .missing = true},
        [WEIGHT] = {.name = options->weight, .type = TABLE_INTEGER},
    };
    void *reading = NULL;
    *ret = (struct departures){0};
    int status = table_bind(table, columns, options->weight ? COLUMNS : WEIGHT, err);
    if (!status)
        status = table_fold(table, &fold, (void *)options, &reading, err);
    if (!status)
        status = finish(reading, ret, err);
    reading_destroy(reading);
    if (status)
        departures_free(ret);
    return status;
}

void departures_free(struct departures *flows) {
    free(flows->items);
    dictionary_free(&flows->states);
    *flows = (struct departures){0};
}
