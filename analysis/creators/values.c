/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The followers of all units by group and period: counted, filed, sorted. */
#include "creators/values.h"

#include "base/workers.h"
#include <stdlib.h>
#include <string.h>

static size_t cell_of(const struct values *values, size_t group, size_t period, size_t tier) {
    return (group * values->periods + period) * values->tiers + tier;
}

/* Creators are gone through twice, a range of them at a time: what they have in each cell is
 * counted first, then filed behind what the ranges before have there. So each cell has the order of
 * the creators, for any number of threads. */
struct gathering {
    const struct standing *standing;
    const struct values_options *options;
    struct values *values;
    size_t ranges, cells;
    size_t *at; /* [ranges][cells]: how many, then where the next one goes */
    bool fill;
};

static void gather_unit(const struct gathering *gathering, const struct unit *unit, size_t *at) {
    const struct values_options *options = gathering->options;
    const int64_t *from =
        options->amount > 0 ? unit->amounts[options->amount - 1] : unit->followers;
    for (size_t period = unit->first; period < unit->end; period++) {
        if (from[period] < 0 || (options->one && period != options->period))
            continue;
        size_t *next = &at[cell_of(gathering->values, unit->group[period], period,
                                   options->by_tier ? unit->tier[period] : 0)];
        if (gathering->fill)
            gathering->values->items[*next] = from[period];
        ++*next;
    }
}

/* Accounts whose tiers are not asked for are rows of the panel as they stand. */
static bool takes_rows(const struct gathering *gathering) {
    return !gathering->standing->options.creators && !gathering->options->by_tier;
}

static void gather_rows(const struct gathering *gathering, size_t first, size_t end, size_t *at) {
    const struct values_options *options = gathering->options;
    const struct panel *panel = gathering->standing->options.panel;
    const enum standing_split split = gathering->standing->options.split;
    const int64_t *from =
        options->amount > 0 ? panel->amounts[options->amount - 1] : panel->followers;
    for (size_t row = first; row < end; row++) {
        const struct panel_key key = panel->keys[row];
        if (from[row] < 0 || (options->one && key.period != options->period))
            continue;
        const size_t group = split == STANDING_PLATFORMS ? key.platform
                             : split == STANDING_GROUPS  ? panel->row_groups[row]
                                                         : 0;
        size_t *next = &at[cell_of(gathering->values, group, key.period, 0)];
        if (gathering->fill)
            gathering->values->items[*next] = from[row];
        ++*next;
    }
}

static int gather_units(const struct gathering *gathering, size_t first, size_t end, size_t *at,
                        struct error *err) {
    struct units units = {0};
    int status = 0;
    for (size_t i = first; i < end && !status; i++) {
        status = standing_load(gathering->standing, i, &units, err);
        for (size_t k = 0; k < units.n && !status; k++)
            gather_unit(gathering, &units.items[k], at);
    }
    units_free(&units);
    return status;
}

static int gather_task(void *context, size_t range, int worker, struct error *err) {
    (void)worker;
    const struct gathering *gathering = context;
    const struct panel *panel = gathering->standing->options.panel;
    const size_t n = panel->n_creators, ranges = gathering->ranges;
    const size_t first = n * range / ranges, end = n * (range + 1) / ranges;
    size_t *at = gathering->at + range * gathering->cells;
    if (!takes_rows(gathering))
        return gather_units(gathering, first, end, at, err);
    gather_rows(gathering, panel->start[first], panel->start[end], at);
    return 0;
}

/* From how many there are to where each range's begin, and where each cell does. */
static void place(const struct gathering *gathering) {
    size_t total = 0;
    for (size_t cell = 0; cell < gathering->cells; cell++) {
        gathering->values->start[cell] = total;
        for (size_t range = 0; range < gathering->ranges; range++) {
            size_t *at = &gathering->at[range * gathering->cells + cell], n = *at;
            *at = total;
            total += n;
        }
    }
    gathering->values->start[gathering->cells] = total;
}

/* ---- Sorting: by digits from the lowest up, those above the largest value left out ----
 */

/* So many bits of a digit that each of its counts has a line of the first cache to write to. */
enum { DIGIT_BITS = 10, DIGITS_MOST = (63 + DIGIT_BITS - 1) / DIGIT_BITS };

struct digits {
    int n, bits; /* each */
    size_t counts[DIGITS_MOST][1 << DIGIT_BITS];
};

static size_t digit_of(const struct digits *digits, int64_t value, int which) {
    return (uint64_t)value >> which * digits->bits & (((size_t)1 << digits->bits) - 1);
}

/* As few digits as the largest value needs, as narrow as so many allow. */
static void count_digits(struct digits *digits, const int64_t *items, size_t n) {
    int64_t all = 0;
    for (size_t i = 0; i < n; i++)
        all |= items[i];
    int bits = 0;
    while (bits < 63 && all >> bits > 0)
        bits++;
    digits->n = (bits + DIGIT_BITS - 1) / DIGIT_BITS;
    digits->bits = digits->n > 0 ? (bits + digits->n - 1) / digits->n : 0;
    memset(digits->counts, 0, sizeof digits->counts);
    for (size_t i = 0; i < n; i++)
        for (int which = 0; which < digits->n; which++)
            digits->counts[which][digit_of(digits, items[i], which)]++;
}

static void sort_by_digit(const int64_t *from, int64_t *to, size_t n, struct digits *digits,
                          int which) {
    size_t *at = digits->counts[which], total = 0;
    for (size_t i = 0; i < (size_t)1 << digits->bits; i++) {
        const size_t count = at[i];
        at[i] = total;
        total += count;
    }
    for (size_t i = 0; i < n; i++)
        to[at[digit_of(digits, from[i], which)]++] = from[i];
}

/* No value is negative. `work` has room for n. */
static void sort_values(int64_t *items, int64_t *work, size_t n) {
    struct digits digits;
    int64_t *from = items, *to = work;
    count_digits(&digits, items, n);
    for (int which = 0; which < digits.n; which++) {
        sort_by_digit(from, to, n, &digits, which);
        int64_t *swap = from;
        from = to;
        to = swap;
    }
    if (from != items)
        memcpy(items, from, n * sizeof *items);
}

static int sort_task(void *context, size_t cell, int worker, struct error *err) {
    (void)worker;
    struct values *values = context;
    size_t first = values->start[cell], n = values->start[cell + 1] - first;
    int64_t *work = malloc((n + 1) * sizeof *work);
    if (!work)
        return error_memory(err);
    sort_values(values->items + first, work, n);
    free(work);
    return 0;
}

int values_gather(const struct standing *standing, const struct values_options *options,
                  struct values *ret, struct error *err) {
    *ret = (struct values){.groups = standing->groups,
                           .periods = standing->periods,
                           .tiers = options->by_tier ? standing->outside : 1};
    const size_t cells = ret->groups * ret->periods * ret->tiers;
    const size_t ranges = options->threads > 1 ? (size_t)options->threads : 1;
    struct gathering gathering = {standing, options, ret, ranges, cells, NULL, false};
    ret->start = calloc(cells + 1, sizeof *ret->start);
    gathering.at = calloc(ranges * cells + 1, sizeof *gathering.at);
    int status = ret->start && gathering.at ? 0 : error_memory(err);
    if (!status)
        status = workers_run(options->threads, ranges, gather_task, &gathering, err);
    if (!status) {
        place(&gathering);
        gathering.fill = true;
        ret->items = malloc((ret->start[cells] + 1) * sizeof *ret->items);
        status = ret->items ? workers_run(options->threads, ranges, gather_task, &gathering, err)
                            : error_memory(err);
    }
    if (!status)
        status = workers_run(options->threads, cells, sort_task, ret, err);
    free(gathering.at);
    if (status)
        values_free(ret);
    return status;
}

const int64_t *values_of(const struct values *values, size_t group, size_t period, size_t tier,
                         size_t *ret_n) {
    size_t cell = cell_of(values, group, period, tier);
    *ret_n = values->start[cell + 1] - values->start[cell];
    return values->items + values->start[cell];
}

void values_free(struct values *values) {
    free(values->start);
    free(values->items);
    *values = (struct values){0};
}
