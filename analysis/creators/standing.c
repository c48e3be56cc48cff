/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where each account stands in each period.
 *
 *   1. Loading a creator: rows become units, units get tiers
 *   2. Ranks: the followers at which each tier begins, by group and period
 *   3. Who moved elsewhere
 */
#include "creators/standing.h"

#include "base/buffer.h"
#include <stdlib.h>

/* ---- 1. Loading --------------------------------------------------------------------------------
 */

/* Makes room for n units of so many periods; what was there is lost. */
static int make_room(struct units *units, size_t n, size_t periods, struct error *err) {
    /* Followers and amounts (8 bytes each), then tier and group (2 bytes each). */
    const size_t bytes = (1 + PANEL_AMOUNTS) * sizeof(int64_t) + 2 * sizeof(uint16_t);
    if (array_reserve((void **)&units->items, &units->capacity, n, sizeof *units->items, err) ||
        array_reserve((void **)&units->room, &units->cells, n * periods, bytes, err))
        return err->code;
    int64_t *wide = (int64_t *)units->room;
    uint16_t *narrow = (uint16_t *)(wide + (1 + PANEL_AMOUNTS) * n * periods);
    for (size_t i = 0; i < n; i++) {
        struct unit *unit = &units->items[i];
        *unit = (struct unit){.tier = narrow + 2 * i * periods,
                              .group = narrow + (2 * i + 1) * periods,
                              .followers = wide + (1 + PANEL_AMOUNTS) * i * periods};
        for (size_t k = 0; k < PANEL_AMOUNTS; k++)
            unit->amounts[k] = unit->followers + (1 + k) * periods;
    }
    units->n = n;
    return 0;
}

static void blank(struct unit *unit, size_t period) {
    unit->followers[period] = -1;
    for (size_t k = 0; k < PANEL_AMOUNTS; k++)
        unit->amounts[k][period] = PANEL_UNKNOWN;
}

/* Money of a creator on several platforms. What is too large for a sum is in the highest tier
 * anyway. */
static void add_amount(decimal *sum, decimal amount) {
    if (amount == PANEL_UNKNOWN)
        return;
    if (*sum == PANEL_UNKNOWN)
        *sum = amount;
    else if (__builtin_add_overflow(*sum, amount, sum))
        *sum = INT64_MAX;
}

static void put_row(const struct standing *standing, struct unit *unit, size_t row) {
    const struct panel *panel = standing->options.panel;
    size_t period = panel->keys[row].period;
    for (size_t k = 0; k < PANEL_AMOUNTS && panel->amounts[k]; k++)
        add_amount(&unit->amounts[k][period], panel->amounts[k][row]);
    if (panel->followers[row] <= unit->followers[period])
        return;
    unit->followers[period] = panel->followers[row];
    unit->group[period] = standing->options.split == STANDING_PLATFORMS ? panel->keys[row].platform
                          : standing->options.split == STANDING_GROUPS  ? panel->row_groups[row]
                                                                        : 0;
}

/* The rows [at, end) as one unit, without tiers. */
static void gather(const struct standing *standing, struct unit *unit, size_t at, size_t end) {
    const struct panel_key *keys = standing->options.panel->keys;
    size_t first = keys[at].period, last = first;
    for (size_t row = at; row < end; row++) {
        first = keys[row].period < first ? keys[row].period : first;
        last = keys[row].period > last ? keys[row].period : last;
    }
    unit->platform = keys[at].platform;
    unit->first = first;
    unit->end = last + 1;
    for (size_t period = first; period <= last; period++)
        blank(unit, period);
    for (size_t row = at; row < end; row++)
        put_row(standing, unit, row);
}

static size_t find_bound(const int64_t *bounds, size_t n, int64_t value) {
    size_t tier = 0;
    while (tier + 1 < n && value >= bounds[tier + 1])
        tier++;
    return tier;
}

static size_t tier_of(const struct standing *standing, const struct unit *unit, size_t period) {
    const struct standing_options *options = &standing->options;
    size_t n = options->tiers->count;
    if (options->by == STANDING_AMOUNT)
        return find_bound(options->tiers->from, n, unit->amounts[0][period]);
    if (options->by == STANDING_RANK)
        return find_bound(standing->bounds + (unit->group[period] * standing->periods + period) * n,
                          n, unit->followers[period]);
    return find_bound(options->tiers->from, n, unit->followers[period]);
}

static void set_tiers(const struct standing *standing, struct unit *unit) {
    size_t seen = unit->first; /* the last period in which it was there */
    for (size_t period = unit->first; period < unit->end; period++) {
        if (unit->followers[period] < 0) {
            unit->tier[period] = (uint16_t)standing->outside;
            unit->group[period] = unit->group[seen];
            continue;
        }
        unit->tier[period] = (uint16_t)tier_of(standing, unit, period);
        size_t missing = period > seen ? period - seen - 1 : 0;
        for (size_t gap = seen + 1; gap < period && missing <= standing->options.gap; gap++)
            unit->tier[gap] = unit->tier[seen];
        seen = period;
    }
}

static size_t count_units(const struct standing *standing, size_t creator) {
    const struct panel *panel = standing->options.panel;
    size_t n = 1;
    for (size_t row = panel->start[creator] + 1; row < panel->start[creator + 1]; row++)
        n += panel->keys[row].platform != panel->keys[row - 1].platform;
    return standing->options.creators ? 1 : n;
}

/* The creator's units, still without tiers. */
static int load_rows(const struct standing *standing, size_t creator, struct units *units,
                     struct error *err) {
    const struct panel *panel = standing->options.panel;
    size_t stop = panel->start[creator + 1], i = 0;
    if (make_room(units, count_units(standing, creator), standing->periods, err))
        return err->code;
    for (size_t row = panel->start[creator], next; row < stop; row = next) {
        for (next = row + 1; next < stop; next++)
            if (!standing->options.creators &&
                panel->keys[next].platform != panel->keys[row].platform)
                break;
        gather(standing, &units->items[i++], row, next);
    }
    return 0;
}

int standing_load(const struct standing *standing, size_t creator, struct units *units,
                  struct error *err) {
    if (load_rows(standing, creator, units, err))
        return err->code;
    for (size_t i = 0; i < units->n; i++)
        set_tiers(standing, &units->items[i]);
    return 0;
}

void units_free(struct units *units) {
    free(units->items);
    free(units->room);
    *units = (struct units){0};
}

/* ---- 2. Ranks ----------------------------------------------------------------------------------
 */

/* The followers of all units, by group and period: those of cell c are values[start[c]] to
 * values[start[c + 1] - 1]. */
struct rankings {
    size_t cells, *start;
    int64_t *values;
};

static int compare_values(const void *a, const void *b) {
    int64_t left = *(const int64_t *)a, right = *(const int64_t *)b;
    return (left > right) - (left < right);
}

/* Goes through all units: counts them by cell, or with `values` puts their followers there. */
static int rank_pass(const struct standing *standing, struct rankings *rankings, bool values,
                     struct error *err) {
    struct units units = {0};
    int status = 0;
    size_t n = standing->options.panel->n_creators;
    for (size_t creator = 0; creator < n && !status; creator++) {
        status = load_rows(standing, creator, &units, err);
        for (size_t i = 0; i < units.n && !status; i++)
            for (size_t period = units.items[i].first; period < units.items[i].end; period++) {
                const struct unit *unit = &units.items[i];
                if (unit->followers[period] < 0)
                    continue;
                size_t cell = unit->group[period] * standing->periods + period;
                if (values)
                    rankings->values[rankings->start[cell]++] = unit->followers[period];
                else
                    rankings->start[cell + 1]++;
            }
    }
    units_free(&units);
    return status;
}

/* The smallest of the n sorted values that at least a share of them is below; INT64_MAX if there is
 * none. */
static int64_t find_quantile(const int64_t *values, size_t n, decimal share) {
    int128 product = (int128)share * (int128)n + DECIMAL_ONE - 1;
    size_t below = (size_t)(product / DECIMAL_ONE); /* rounded up */
    while (below > 0 && below < n && values[below] == values[below - 1])
        below++; /* equals stand together */
    return below < n ? values[below] : INT64_MAX;
}

static void set_bounds(struct standing *standing, const struct rankings *rankings) {
    size_t tiers = standing->options.tiers->count;
    for (size_t cell = 0; cell < rankings->cells; cell++) {
        size_t from = cell > 0 ? rankings->start[cell - 1] : 0, n = rankings->start[cell] - from;
        qsort(rankings->values + from, n, sizeof *rankings->values, compare_values);
        for (size_t tier = 0; tier < tiers; tier++)
            standing->bounds[cell * tiers + tier] =
                find_quantile(rankings->values + from, n, standing->options.tiers->from[tier]);
    }
}

static int rank(struct standing *standing, struct error *err) {
    struct rankings rankings = {.cells = standing->groups * standing->periods};
    int status = 0;
    standing->bounds =
        malloc((rankings.cells * standing->options.tiers->count + 1) * sizeof *standing->bounds);
    rankings.start = calloc(rankings.cells + 2, sizeof *rankings.start);
    if (!standing->bounds || !rankings.start) {
        status = error_memory(err);
        goto done;
    }
    status = rank_pass(standing, &rankings, false, err);
    if (status)
        goto done;
    for (size_t cell = 0; cell < rankings.cells; cell++)
        rankings.start[cell + 1] += rankings.start[cell];
    rankings.values = malloc((rankings.start[rankings.cells] + 1) * sizeof *rankings.values);
    if (!rankings.values) {
        status = error_memory(err);
        goto done;
    }
    /* Filling moves each start to the end of its cell. */
    status = rank_pass(standing, &rankings, true, err);
    if (!status)
        set_bounds(standing, &rankings);
done:
    free(rankings.start);
    free(rankings.values);
    return status;
}

static int check_amounts(const struct standing *standing, struct error *err) {
    const struct panel *panel = standing->options.panel;
    const struct tiers *tiers = standing->options.tiers;
    for (size_t row = 0; row < panel->n_rows; row++)
        if (panel->amounts[0][row] < tiers->from[0])
            return error_set(err, ERROR_DATA,
                             "found an amount below the lowest tier, '%s': let that one begin at 0",
                             tiers->names[0]);
    return 0;
}

int standing_open(struct standing *ret, const struct standing_options *options, struct error *err) {
    const struct panel *panel = options->panel;
    *ret = (struct standing){
        .options = *options,
        .periods = panel->n_periods,
        .outside = options->tiers->count,
        .groups = options->split == STANDING_PLATFORMS ? panel->n_platforms
                  : options->split == STANDING_GROUPS  ? panel->n_groups
                                                       : 1,
        .group_names = options->split == STANDING_PLATFORMS ? panel->platforms
                       : options->split == STANDING_GROUPS  ? panel->groups
                                                            : NULL,
    };
    int status = 0;
    if (options->by == STANDING_RANK)
        status = rank(ret, err);
    else if (options->by == STANDING_AMOUNT)
        status = check_amounts(ret, err);
    if (status)
        standing_close(ret);
    return status;
}

void standing_close(struct standing *standing) {
    free(standing->bounds);
    *standing = (struct standing){0};
}

/* ---- 3. Elsewhere ------------------------------------------------------------------------------
 */

/* Of the other units, the one that is there in `with` and not in `without`: the largest, the first
 * platform of equals. */
static const struct unit *find_other(const struct units *units, const struct unit *unit,
                                     size_t with, size_t without, size_t outside) {
    const struct unit *best = NULL;
    for (size_t i = 0; i < units->n; i++) {
        const struct unit *other = &units->items[i];
        if (other != unit && unit_tier(other, with, outside) != outside &&
            unit_tier(other, without, outside) == outside &&
            (!best || other->followers[with] > best->followers[with]))
            best = other;
    }
    return best;
}

const struct unit *units_destination(const struct units *units, const struct unit *unit,
                                     size_t period, size_t outside) {
    return units->n > 1 ? find_other(units, unit, period, period - 1, outside) : NULL;
}

const struct unit *units_origin(const struct units *units, const struct unit *unit, size_t period,
                                size_t outside) {
    return units->n > 1 ? find_other(units, unit, period - 1, period, outside) : NULL;
}
