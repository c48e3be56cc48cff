/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Who is in which tier, and who moves between tiers from one period to the next.
 *
 *   1. The arrays of counts, and where each cell is
 *   2. Counting the units of a creator
 *   3. Counting all creators, a thread some of them
 *   4. Asking
 */
#include "creators/flows.h"

#include "base/buffer.h"
#include "base/workers.h"
#include <stdlib.h>

enum { CREATORS_A_TASK = 4096 };

/* ---- 1. Cells ----------------------------------------------------------------------------------
 */

static size_t row_of(const struct flows *flows, size_t group, size_t period, size_t tier) {
    return (group * flows->periods + period) * flows->tiers + tier;
}

static uint64_t *cell_moved(const struct flows *flows, size_t group, size_t period, size_t before,
                            size_t now) {
    size_t states = flows->tiers + 1;
    return &flows->moved[((group * flows->periods + period) * states + before) * states + now];
}

static uint64_t *cell_spanned(const struct flows *flows, size_t group, size_t first, size_t last) {
    size_t states = flows->tiers + 1;
    return &flows->spanned[(group * states + first) * states + last];
}

static size_t cluster_cells(const struct flows *flows) {
    return flows->most > 0 ? (flows->most + 1) * (flows->most + 1) : 0;
}

static size_t amount_cells(const struct flows *flows) {
    return flows->n_amounts * flows->groups * flows->periods * flows->tiers;
}

/* The arrays are one allocation, so that merging two of them is one loop. */
static int allocate(struct flows *flows, bool triples, struct error *err) {
    size_t states = flows->tiers + 1, rows = flows->groups * flows->periods * flows->tiers;
    struct {
        uint64_t **array;
        size_t cells;
    } parts[] = {
        {&flows->creators, rows},
        {&flows->moved, flows->groups * flows->periods * states * states},
        {&flows->spanned, flows->groups * states * states},
        {&flows->elsewhere, 2 * rows},
        {&flows->to, rows * flows->places},
        {&flows->from, rows * flows->places},
        {&flows->triples, triples ? flows->groups * flows->tiers * flows->tiers * flows->tiers : 0},
        {&flows->clusters, rows * cluster_cells(flows)},
        {&flows->spans, flows->groups * flows->tiers * cluster_cells(flows)},
    };
    const size_t n = sizeof parts / sizeof *parts;
    flows->cells = 0;
    for (size_t i = 0; i < n; i++)
        flows->cells += parts[i].cells;
    flows->counts = calloc(flows->cells + 1, sizeof *flows->counts);
    flows->amounts = calloc(amount_cells(flows) + 1, sizeof *flows->amounts);
    if (!flows->counts || !flows->amounts)
        return error_memory(err);
    uint64_t *at = flows->counts;
    for (size_t i = 0; i < n; i++) {
        *parts[i].array = parts[i].cells > 0 ? at : NULL;
        at += parts[i].cells;
    }
    return 0;
}

/* ---- 2. One creator ----------------------------------------------------------------------------
 */

/* How many units of a creator were in a tier of a group, and are. */
struct presence {
    size_t group, tier, before, now;
};

/* One thread's. */
struct worker {
    struct flows flows;
    struct units units;
    struct presence *presences;
    size_t capacity;
};

static void add_amounts(struct flows *flows, const struct unit *unit, size_t period, size_t tier) {
    for (size_t k = 0; k < flows->n_amounts; k++) {
        decimal amount = unit->amounts[k][period];
        if (amount == PANEL_UNKNOWN)
            continue;
        struct flows_amount *cell =
            &flows->amounts[k * flows->groups * flows->periods * flows->tiers +
                            row_of(flows, unit->group[period], period, tier)];
        int128 square = (int128)amount * (int128)amount;
        cell->sum += amount;
        cell->squares_high += square >> 64;
        cell->squares_low += (int128)(uint64_t)square;
        cell->known++;
    }
}

/* Where an account is, to those who ask where one went or came from. */
static size_t place_of(const struct flows *flows, const struct unit *unit, size_t period) {
    return flows->by_group ? unit->group[period] : unit->platform;
}

/* Left for outside, or entered from there: is it known to where, and from where? */
static void count_places(struct flows *flows, const struct units *units, const struct unit *unit,
                         size_t period, size_t before, size_t now) {
    const size_t outside = flows->tiers;
    const struct unit *other = NULL;
    if (now == outside) {
        other = units_destination(units, unit, period, outside);
        size_t row = row_of(flows, unit->group[period - 1], period, before);
        flows->elsewhere[2 * row] += other != NULL;
        if (other && flows->to)
            flows->to[row * flows->places + place_of(flows, other, period)]++;
    } else {
        other = units_origin(units, unit, period, outside);
        size_t row = row_of(flows, unit->group[period], period, now);
        flows->elsewhere[2 * row + 1] += other != NULL;
        if (other && flows->from)
            flows->from[row * flows->places + place_of(flows, other, period - 1)]++;
    }
}

/* Within the panel, but in another group. */
static void count_change_of_group(struct flows *flows, const struct unit *unit, size_t period,
                                  size_t before, size_t now) {
    size_t old = unit->group[period - 1], new = unit->group[period];
    ++*cell_moved(flows, old, period, before, flows->tiers);
    ++*cell_moved(flows, new, period, flows->tiers, now);
    size_t left = row_of(flows, old, period, before), entered = row_of(flows, new, period, now);
    flows->elsewhere[2 * left]++;
    flows->elsewhere[2 * entered + 1]++;
    if (flows->to) {
        flows->to[left * flows->places + new]++;
        flows->from[entered * flows->places + old]++;
    }
}

static void count_step(struct flows *flows, const struct units *units, const struct unit *unit,
                       size_t period) {
    const size_t outside = flows->tiers;
    size_t before = unit_tier(unit, period - 1, outside), now = unit_tier(unit, period, outside);
    if (before == outside && now == outside)
        return;
    if (before == outside || now == outside) {
        ++*cell_moved(flows, unit->group[now == outside ? period - 1 : period], period, before,
                      now);
        count_places(flows, units, unit, period, before, now);
    } else if (unit->group[period - 1] == unit->group[period]) {
        ++*cell_moved(flows, unit->group[period], period, before, now);
    } else {
        count_change_of_group(flows, unit, period, before, now);
    }
}

static void count_triple(struct flows *flows, const struct unit *unit, size_t third) {
    const size_t outside = flows->tiers;
    size_t a = unit_tier(unit, third - 2, outside), b = unit_tier(unit, third - 1, outside),
           c = unit_tier(unit, third, outside);
    if (a == outside || b == outside || c == outside ||
        unit->group[third - 2] != unit->group[third] ||
        unit->group[third - 1] != unit->group[third])
        return;
    flows->triples[((unit->group[third] * flows->tiers + a) * flows->tiers + b) * flows->tiers +
                   c]++;
}

static void count_span(struct flows *flows, const struct unit *unit) {
    const size_t outside = flows->tiers, last = flows->periods - 1;
    size_t from = unit_tier(unit, 0, outside), to = unit_tier(unit, last, outside);
    if (from != outside && to != outside && unit->group[0] != unit->group[last]) {
        ++*cell_spanned(flows, unit->group[0], from, outside);
        ++*cell_spanned(flows, unit->group[last], outside, to);
    } else if (from != outside || to != outside) {
        ++*cell_spanned(flows, unit->group[from != outside ? 0 : last], from, to);
    }
}

static void count_unit(struct flows *flows, const struct units *units, const struct unit *unit) {
    for (size_t period = unit->first; period < unit->end; period++) {
        size_t tier = unit->tier[period];
        if (tier != flows->tiers) {
            flows->creators[row_of(flows, unit->group[period], period, tier)]++;
            add_amounts(flows, unit, period, tier);
        }
        if (period > 0)
            count_step(flows, units, unit, period);
        if (flows->triples && period >= unit->first + 2)
            count_triple(flows, unit, period);
    }
    if (unit->end < flows->periods)
        count_step(flows, units, unit, unit->end);
    count_span(flows, unit);
}

static struct presence *find_presence(struct worker *worker, size_t *n, size_t group, size_t tier) {
    for (size_t i = 0; i < *n; i++)
        if (worker->presences[i].group == group && worker->presences[i].tier == tier)
            return &worker->presences[i];
    worker->presences[*n] = (struct presence){.group = group, .tier = tier};
    return &worker->presences[(*n)++];
}

/* Of all units of the creator together, between two periods. `cells` is where the matrices of a
 * group and tier are, in rows of so many cells each group. */
static void count_clusters(struct worker *worker, size_t before, size_t now, uint64_t *cells,
                           size_t group_rows, size_t first_row) {
    const struct flows *flows = &worker->flows;
    const struct units *units = &worker->units;
    size_t n = 0;
    for (size_t i = 0; i < units->n; i++) {
        const struct unit *unit = &units->items[i];
        size_t from = unit_tier(unit, before, flows->tiers),
               to = unit_tier(unit, now, flows->tiers);
        if (from != flows->tiers)
            find_presence(worker, &n, unit->group[before], from)->before++;
        if (to != flows->tiers)
            find_presence(worker, &n, unit->group[now], to)->now++;
    }
    for (size_t i = 0; i < n; i++) {
        const struct presence *presence = &worker->presences[i];
        size_t row = presence->group * group_rows + first_row + presence->tier;
        cells[row * cluster_cells(flows) + presence->before * (flows->most + 1) + presence->now]++;
    }
}

static int count_creator(struct worker *worker, struct error *err) {
    struct flows *flows = &worker->flows;
    const struct units *units = &worker->units;
    for (size_t i = 0; i < units->n; i++)
        count_unit(flows, units, &units->items[i]);
    if (flows->most == 0)
        return 0;
    if (array_reserve((void **)&worker->presences, &worker->capacity, 2 * units->n,
                      sizeof *worker->presences, err))
        return err->code;
    for (size_t period = 1; period < flows->periods; period++)
        count_clusters(worker, period - 1, period, flows->clusters, flows->periods * flows->tiers,
                       period * flows->tiers);
    count_clusters(worker, 0, flows->periods - 1, flows->spans, flows->tiers, 0);
    return 0;
}

/* ---- 3. All creators ---------------------------------------------------------------------------
 */

struct count {
    const struct standing *standing;
    struct worker *workers;
};

static int count_task(void *context, size_t index, int number, struct error *err) {
    const struct count *count = context;
    struct worker *worker = &count->workers[number];
    const struct panel *panel = count->standing->options.panel;
    size_t first = index * CREATORS_A_TASK, end = first + CREATORS_A_TASK;
    if (end > panel->n_creators)
        end = panel->n_creators;
    for (size_t creator = first; creator < end; creator++)
        if (standing_load(count->standing, creator, &worker->units, err) ||
            count_creator(worker, err))
            return err->code;
    return 0;
}

/* The most accounts of one creator. */
static size_t most_accounts(const struct standing *standing) {
    const struct panel *panel = standing->options.panel;
    size_t most = 1;
    for (size_t creator = 0; creator < panel->n_creators && !standing->options.creators;
         creator++) {
        size_t n = 1;
        for (size_t row = panel->start[creator] + 1; row < panel->start[creator + 1]; row++)
            n += panel->keys[row].platform != panel->keys[row - 1].platform;
        most = n > most ? n : most;
    }
    return most;
}

static void merge(struct flows *into, const struct flows *from) {
    for (size_t cell = 0; cell < into->cells; cell++)
        into->counts[cell] += from->counts[cell];
    for (size_t cell = 0; cell < amount_cells(into); cell++) {
        into->amounts[cell].sum += from->amounts[cell].sum;
        into->amounts[cell].squares_high += from->amounts[cell].squares_high;
        into->amounts[cell].squares_low += from->amounts[cell].squares_low;
        into->amounts[cell].known += from->amounts[cell].known;
    }
}

static struct flows shape_of(const struct standing *standing, const struct flows_options *options) {
    const struct panel *panel = standing->options.panel;
    struct flows flows = {.groups = standing->groups,
                          .periods = standing->periods,
                          .tiers = standing->outside,
                          .by_group = standing->options.split == STANDING_GROUPS,
                          .most = options->clusters ? most_accounts(standing) : 0};
    if (options->places)
        flows.places = flows.by_group ? panel->n_groups : panel->n_platforms;
    while (flows.n_amounts < PANEL_AMOUNTS && panel->amounts[flows.n_amounts])
        flows.n_amounts++;
    return flows;
}

int flows_count(const struct standing *standing, const struct flows_options *options,
                struct flows *ret, struct error *err) {
    size_t tasks = (standing->options.panel->n_creators + CREATORS_A_TASK - 1) / CREATORS_A_TASK;
    size_t n_workers = options->threads < 1 ? 1 : (size_t)options->threads;
    if (n_workers > tasks)
        n_workers = tasks > 0 ? tasks : 1;
    const struct flows shape = shape_of(standing, options);
    struct count count = {standing, calloc(n_workers, sizeof *count.workers)};
    if (!count.workers)
        return error_memory(err);
    int status = 0;
    for (size_t i = 0; i < n_workers && !status; i++) {
        count.workers[i].flows = shape;
        status = allocate(&count.workers[i].flows, options->triples, err);
    }
    if (!status)
        status = workers_run((int)n_workers, tasks, count_task, &count, err);
    if (!status) {
        *ret = count.workers[0].flows;
        count.workers[0].flows = (struct flows){0};
        for (size_t i = 1; i < n_workers; i++)
            merge(ret, &count.workers[i].flows);
    }
    for (size_t i = 0; i < n_workers; i++) {
        flows_free(&count.workers[i].flows);
        units_free(&count.workers[i].units);
        free(count.workers[i].presences);
    }
    free(count.workers);
    return status;
}

/* ---- 4. Asking ---------------------------------------------------------------------------------
 */

uint64_t flows_creators(const struct flows *flows, size_t group, size_t period, size_t tier) {
    return flows->creators[row_of(flows, group, period, tier)];
}

uint64_t flows_moved(const struct flows *flows, size_t group, size_t period, size_t before,
                     size_t now) {
    return *cell_moved(flows, group, period, before, now);
}

const uint64_t *flows_matrix(const struct flows *flows, size_t group, size_t period) {
    return cell_moved(flows, group, period, 0, 0);
}

/* The change of one tier from a matrix of states before (rows) and after (columns). */
static struct tier_change change_of(const uint64_t *matrix, size_t tiers, size_t tier) {
    size_t states = tiers + 1;
    struct tier_change change = {0};
    for (size_t other = 0; other < states; other++) {
        uint64_t in = matrix[other * states + tier], out = matrix[tier * states + other];
        change.to += in;
        change.from += out;
        if (other == tiers) {
            change.entered = in;
            change.left = out;
        } else if (other < tier) {
            change.promoted_in += in;
            change.demoted_out += out;
        } else if (other > tier) {
            change.demoted_in += in;
            change.promoted_out += out;
        }
    }
    return change;
}

struct tier_change flows_step(const struct flows *flows, size_t group, size_t period, size_t tier) {
    struct tier_change change = change_of(flows_matrix(flows, group, period), flows->tiers, tier);
    change.moved_out = flows->elsewhere[2 * row_of(flows, group, period, tier)];
    change.moved_in = flows->elsewhere[2 * row_of(flows, group, period, tier) + 1];
    return change;
}

struct tier_change flows_span(const struct flows *flows, size_t group, size_t tier) {
    return change_of(cell_spanned(flows, group, 0, 0), flows->tiers, tier);
}

uint64_t flows_to(const struct flows *flows, size_t group, size_t period, size_t tier,
                  size_t place) {
    return flows->to[row_of(flows, group, period, tier) * flows->places + place];
}

uint64_t flows_from(const struct flows *flows, size_t group, size_t period, size_t tier,
                    size_t place) {
    return flows->from[row_of(flows, group, period, tier) * flows->places + place];
}

const uint64_t *flows_triples(const struct flows *flows, size_t group) {
    return flows->triples + group * flows->tiers * flows->tiers * flows->tiers;
}

const uint64_t *flows_clusters(const struct flows *flows, size_t group, size_t period,
                               size_t tier) {
    return period == 0
               ? flows->spans + (group * flows->tiers + tier) * cluster_cells(flows)
               : flows->clusters + row_of(flows, group, period, tier) * cluster_cells(flows);
}

const struct flows_amount *flows_amount(const struct flows *flows, size_t amount, size_t group,
                                        size_t period, size_t tier) {
    return &flows->amounts[amount * flows->groups * flows->periods * flows->tiers +
                           row_of(flows, group, period, tier)];
}

void flows_free(struct flows *flows) {
    free(flows->counts);
    free(flows->amounts);
    *flows = (struct flows){0};
}
