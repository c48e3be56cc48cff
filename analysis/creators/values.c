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

static int gather_task(void *context, size_t range, int worker, struct error *err) {
    (void)worker;
    const struct gathering *gathering = context;
    const size_t n = gathering->standing->options.panel->n_creators, ranges = gathering->ranges;
    struct units units = {0};
    int status = 0;
    for (size_t i = n * range / ranges; i < n * (range + 1) / ranges && !status; i++) {
        status = standing_load(gathering->standing, i, &units, err);
        for (size_t k = 0; k < units.n && !status; k++)
            gather_unit(gathering, &units.items[k], gathering->at + range * gathering->cells);
    }
    units_free(&units);
    return status;
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

/* ---- Sorting: by bytes from the lowest up; those that are the same in all values are skipped ----
 */

static void sort_by_byte(const int64_t *from, int64_t *to, size_t n, int shift,
                         const size_t counts[256]) {
    size_t at[256];
    at[0] = 0;
    for (size_t i = 1; i < 256; i++)
        at[i] = at[i - 1] + counts[i - 1];
    for (size_t i = 0; i < n; i++)
        to[at[(uint64_t)from[i] >> shift & 255]++] = from[i];
}

/* No value is negative. `work` has room for n. */
static void sort_values(int64_t *items, int64_t *work, size_t n) {
    int64_t *from = items, *to = work;
    for (int shift = 0; shift < 64; shift += 8) {
        size_t counts[256] = {0};
        for (size_t i = 0; i < n; i++)
            counts[(uint64_t)from[i] >> shift & 255]++;
        if (n == 0 || counts[(uint64_t)from[0] >> shift & 255] == n)
            continue;
        sort_by_byte(from, to, n, shift, counts);
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
