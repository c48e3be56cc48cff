/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The followers of all units by group and period: counted, filed, sorted. */
#include "creators/values.h"

#include "base/workers.h"
#include <stdlib.h>
#include <string.h>

static size_t cell_of(const struct values *values, size_t group, size_t period, size_t tier) {
    return (group * values->periods + period) * values->tiers + tier;
}

/* Goes through all units: counts their values by cell, or puts them where start says. */
static int pass(const struct standing *standing, const struct values_options *options,
                struct values *values, bool fill, struct error *err) {
    const size_t n = standing->options.panel->n_creators;
    struct units units = {0};
    int status = 0;
    for (size_t creator = 0; creator < n && !status; creator++) {
        status = standing_load(standing, creator, &units, err);
        for (size_t i = 0; i < units.n && !status; i++) {
            const struct unit *unit = &units.items[i];
            const int64_t *from =
                options->amount > 0 ? unit->amounts[options->amount - 1] : unit->followers;
            for (size_t period = unit->first; period < unit->end; period++) {
                if (from[period] < 0 || (options->one && period != options->period))
                    continue;
                size_t cell = cell_of(values, unit->group[period], period,
                                      options->by_tier ? unit->tier[period] : 0);
                if (fill)
                    values->items[values->start[cell]++] = from[period];
                else
                    values->start[cell + 1]++;
            }
        }
    }
    units_free(&units);
    return status;
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
    size_t first = cell > 0 ? values->start[cell - 1] : 0, n = values->start[cell] - first;
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
    ret->start = calloc(cells + 2, sizeof *ret->start);
    if (!ret->start)
        return error_memory(err);
    int status = pass(standing, options, ret, false, err);
    if (!status) {
        for (size_t cell = 0; cell < cells; cell++)
            ret->start[cell + 1] += ret->start[cell];
        ret->items = malloc((ret->start[cells] + 1) * sizeof *ret->items);
        status = ret->items ? pass(standing, options, ret, true, err) : error_memory(err);
    }
    /* Filling has moved each start to the end of its cell. */
    if (!status)
        status = workers_run(options->threads, cells, sort_task, ret, err);
    if (status) {
        values_free(ret);
        return status;
    }
    memmove(ret->start + 1, ret->start, cells * sizeof *ret->start);
    ret->start[0] = 0;
    return 0;
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
