/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Flows between states.
 *
 *   1. Counts by period and by the states on both sides
 *   2. Reading spells: each worker counts with codes of its own
 *   3. Keeping the largest destinations
 *   4. Listing
 */
#include "users/flows.h"

#include "base/decimal.h"
#include <stdlib.h>

/* Every worker's dictionary begins with these two, so that merging leaves their codes alone. */
enum { GONE, OTHER, PLATFORMS };

/* ---- 1. Counts ------------------------------------------------------------------------------- */

/* 128 bits cannot overflow: at most 2^64 rows of less than 2^63. What is too much is told at the
 * end, once, in whatever order the rows came. */
struct count {
    int128 users; /* 0: a free slot */
    int32_t period;
    uint32_t from, to;
};

/* A hash table with open addressing. Zero-initialise. */
struct counts {
    struct count *slots;
    size_t n_slots; /* a power of two, or 0 */
    size_t used;
};

enum { FIRST_SLOTS = 64 };

static uint64_t hash_of(int32_t period, uint32_t from, uint32_t to) {
    uint64_t key = ((uint64_t)from << 32 | to) * UINT64_C(0x9E3779B97F4A7C15);
    key = (key ^ key >> 32 ^ (uint32_t)period) * UINT64_C(0xD6E8FEB86659FD93);
    return key ^ key >> 32;
}

/* The slot of this flow, or the free one where it belongs. */
static struct count *seek(struct count *slots, size_t n_slots, int32_t period, uint32_t from,
                          uint32_t to) {
    size_t mask = n_slots - 1;
    for (size_t i = hash_of(period, from, to) & mask;; i = (i + 1) & mask) {
        struct count *slot = &slots[i];
        if (slot->users == 0 || (slot->period == period && slot->from == from && slot->to == to))
            return slot;
    }
}

/* Room for `more` further flows, at most half full; false when memory is out. */
static bool counts_reserve(struct counts *counts, size_t more) {
    if (counts->slots && (counts->used + more) * 2 <= counts->n_slots)
        return true;
    size_t n_slots = FIRST_SLOTS;
    while ((counts->used + more) * 2 > n_slots)
        n_slots *= 2;
    struct count *slots = calloc(n_slots, sizeof *slots);
    if (!slots)
        return false;
    for (size_t i = 0; i < counts->n_slots; i++) {
        const struct count *old = &counts->slots[i];
        if (old->users > 0)
            *seek(slots, n_slots, old->period, old->from, old->to) = *old;
    }
    free(counts->slots);
    counts->slots = slots;
    counts->n_slots = n_slots;
    return true;
}

static int counts_add(struct counts *counts, int32_t period, uint32_t from, uint32_t to,
                      int128 users, struct error *err) {
    if (!counts_reserve(counts, 1))
        return error_memory(err);
    struct count *slot = seek(counts->slots, counts->n_slots, period, from, to);
    if (slot->users == 0) {
        *slot = (struct count){.period = period, .from = from, .to = to};
        counts->used++;
    }
    slot->users += users;
    return 0;
}

static bool counts_has(const struct counts *counts, int32_t period, uint32_t from, uint32_t to) {
    return counts->used > 0 && seek(counts->slots, counts->n_slots, period, from, to)->users > 0;
}

static int compare_states(const struct dictionary *states, uint32_t a, uint32_t b) {
    return text_compare(dictionary_name(states, a), dictionary_name(states, b));
}

/* Platforms first, then (gone), then (other). */
static int place_of(uint32_t to) {
    return to == OTHER ? 2 : to == GONE ? 1 : 0;
}

static int compare_counts(const void *left, const void *right, void *context) {
    const struct count *a = left, *b = right;
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

/* A copy, `used` long, in the order of the output; the caller frees it. NULL when memory is out. */
static struct count *counts_sort(const struct counts *counts, struct dictionary *states) {
    struct count *sorted = malloc((counts->used + 1) * sizeof *sorted);
    if (!sorted)
        return NULL;
    size_t n = 0;
    for (size_t i = 0; i < counts->n_slots; i++)
        if (counts->slots[i].users > 0)
            sorted[n++] = counts->slots[i];
    qsort_r(sorted, n, sizeof *sorted, compare_counts, states);
    return sorted;
}

static void counts_free(struct counts *counts) {
    free(counts->slots);
    *counts = (struct counts){0};
}

/* ---- 2. Reading spells ----------------------------------------------------------------------- */

enum { PLATFORM, END, DESTINATION, WEIGHT, COLUMNS };

/* The fold's state. */
struct reading {
    const struct user_flows_options *options;
    struct dictionary states;
    struct counts counts;
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
    counts_free(&reading->counts);
    free(reading);
}

static int32_t period_index(const struct user_flows_options *options, int32_t day) {
    return options->period ? period_of(*options->period, day).index : 0;
}

static int reading_begin(void *context, void **ret_state, struct error *err) {
    static const char *const names[PLATFORMS] = {
        [GONE] = USER_FLOWS_GONE, [OTHER] = USER_FLOWS_OTHER};
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
    return counts_add(&reading->counts, reading->period, reading->from, reading->to, users, err);
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

static int merge_counts(struct counts *into, const struct counts *from, const uint32_t *codes,
                        struct error *err) {
    /* All at once: flows that arrive in the order of their hash would pile up in a table that is
     * nearly full. */
    if (!counts_reserve(into, from->used))
        return error_memory(err);
    int status = 0;
    for (size_t i = 0; i < from->n_slots && !status; i++) {
        const struct count *slot = &from->slots[i];
        if (slot->users > 0)
            status = counts_add(into, slot->period, codes[slot->from], codes[slot->to], slot->users,
                                err);
    }
    return status;
}

static int reading_merge(void *into_state, void *from_state, struct error *err) {
    struct reading *into = into_state, *from = from_state;
    uint32_t *codes = malloc(from->states.count * sizeof *codes);
    if (!codes)
        return error_memory(err);
    int status = dictionary_merge(&into->states, &from->states, codes, err);
    if (!status)
        status = merge_counts(&into->counts, &from->counts, codes, err);
    free(codes);
    into->stayed += from->stayed;
    into->undecided += from->undecided;
    into->first = from->first < into->first ? from->first : into->first;
    into->last = from->last > into->last ? from->last : into->last;
    return status;
}

/* ---- 3. Keeping the largest destinations ----------------------------------------------------- */

static int sum_periods(const struct counts *counts, struct counts *totals, struct error *err) {
    int status = 0;
    for (size_t i = 0; i < counts->n_slots && !status; i++) {
        const struct count *slot = &counts->slots[i];
        if (slot->users > 0)
            status = counts_add(totals, 0, slot->from, slot->to, slot->users, err);
    }
    return status;
}

/* The flows, without their periods, whose destination is beyond the `top` largest. */
static int find_small(const struct counts *totals, struct dictionary *states, size_t top,
                      struct counts *small, struct error *err) {
    struct count *sorted = counts_sort(totals, states);
    if (!sorted)
        return error_memory(err);
    int status = 0;
    for (size_t i = 0, rank = 0; i < totals->used && !status; i++) {
        rank = i > 0 && sorted[i].from == sorted[i - 1].from ? rank + 1 : 0;
        if (rank >= top && sorted[i].to >= PLATFORMS)
            status = counts_add(small, 0, sorted[i].from, sorted[i].to, 1, err);
    }
    free(sorted);
    return status;
}

static int keep_largest(struct counts *counts, struct dictionary *states, size_t top,
                        size_t *ret_others, struct error *err) {
    struct counts totals = {0}, small = {0}, kept = {0};
    int status = sum_periods(counts, &totals, err);
    if (!status)
        status = find_small(&totals, states, top, &small, err);
    for (size_t i = 0; i < counts->n_slots && !status; i++) {
        const struct count *slot = &counts->slots[i];
        if (slot->users == 0)
            continue;
        uint32_t to = counts_has(&small, 0, slot->from, slot->to) ? OTHER : slot->to;
        status = counts_add(&kept, slot->period, slot->from, to, slot->users, err);
    }
    *ret_others = small.used;
    counts_free(&totals);
    counts_free(&small);
    counts_free(counts);
    *counts = kept;
    return status;
}

/* ---- 4. Listing ------------------------------------------------------------------------------ */

static int check_total(const struct reading *reading, struct user_flows *flows, struct error *err) {
    int128 left = 0;
    for (size_t i = 0; i < reading->counts.n_slots; i++)
        left += reading->counts.slots[i].users;
    if (left + reading->stayed > USER_FLOWS_MAX)
        return error_set(err, ERROR_DATA, "more than %lld users, counting weights",
                         (long long)USER_FLOWS_MAX);
    flows->left = (int64_t)left;
    flows->stayed = (int64_t)reading->stayed;
    flows->undecided = (int64_t)reading->undecided;
    flows->first = reading->first;
    flows->last = reading->last;
    return 0;
}

/* Sums each run of flows from one platform in one period. */
static void add_up(struct user_flow *items, const struct count *sorted, size_t n) {
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

static int list(const struct counts *counts, const struct user_flows_options *options,
                struct user_flows *flows, struct error *err) {
    struct count *sorted = counts_sort(counts, &flows->states);
    flows->items = calloc(counts->used + 1, sizeof *flows->items);
    if (!sorted || !flows->items) {
        free(sorted);
        return error_memory(err);
    }
    flows->n = counts->used;
    for (size_t i = 0; i < flows->n; i++)
        flows->items[i] = (struct user_flow){
            .period = {options->period ? *options->period : PERIOD_YEAR, sorted[i].period},
            .from = dictionary_name(&flows->states, sorted[i].from),
            .to = dictionary_name(&flows->states, sorted[i].to),
            .users = (int64_t)sorted[i].users,
        };
    add_up(flows->items, sorted, flows->n);
    free(sorted);
    return 0;
}

static int finish(struct reading *reading, struct user_flows *flows, struct error *err) {
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

int user_flows_read(struct table *table, const struct user_flows_options *options,
                    struct user_flows *ret, struct error *err) {
    static const struct table_fold fold = {reading_begin, reading_add, reading_merge,
                                           reading_destroy};
    const struct table_column columns[COLUMNS] = {
        [PLATFORM] = {.name = "platform", .type = TABLE_TEXT},
        [END] = {.name = "end", .type = TABLE_DATE, .missing = true},
        [DESTINATION] = {.name = "destination", .type = TABLE_TEXT, .missing = true},
        [WEIGHT] = {.name = options->weight, .type = TABLE_INTEGER},
    };
    void *reading = NULL;
    *ret = (struct user_flows){0};
    int status = table_bind(table, columns, options->weight ? COLUMNS : WEIGHT, err);
    if (!status)
        status = table_fold(table, &fold, (void *)options, &reading, err);
    if (!status)
        status = finish(reading, ret, err);
    reading_destroy(reading);
    if (status)
        user_flows_free(ret);
    return status;
}

void user_flows_free(struct user_flows *flows) {
    free(flows->items);
    dictionary_free(&flows->states);
    *flows = (struct user_flows){0};
}
