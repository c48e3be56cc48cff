/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Who is in which tier, and who moves between tiers from one period to the next. */
#include "creators/flows.h"

#include "base/workers.h"
#include <stdlib.h>

enum { CREATORS_A_TASK = 4096 };

/* One worker's counts. The three arrays are one allocation, behind `creators`. */
static size_t count_cells(const struct flows *flows) {
    size_t states = flows->tiers + 1;
    return flows->groups * (flows->periods * (flows->tiers + states * states) + states * states);
}

static int allocate(struct flows *flows, struct error *err) {
    size_t states = flows->tiers + 1;
    size_t cells = count_cells(flows);
    flows->creators = calloc(cells > 0 ? cells : 1, sizeof *flows->creators);
    if (!flows->creators)
        return error_memory(err);
    flows->moved = flows->creators + flows->groups * flows->periods * flows->tiers;
    flows->spanned = flows->moved + flows->groups * flows->periods * states * states;
    return 0;
}

static uint64_t *cell_creators(const struct flows *flows, size_t group, size_t period,
                               size_t tier) {
    return &flows->creators[(group * flows->periods + period) * flows->tiers + tier];
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

struct count {
    const struct panel *panel;
    const struct tiers *tiers;
    bool by_platform;
    struct flows *workers; /* one each */
};

/* One account: the rows [at, end) of one creator on one platform, by period. */
static void count_account(const struct count *count, struct flows *flows, size_t at, size_t end) {
    const struct panel *panel = count->panel;
    size_t group = count->by_platform ? panel->keys[at].platform : 0;
    size_t outside = flows->tiers, final = flows->periods - 1;
    size_t before = outside, first = outside, last = outside;
    size_t expected = panel->keys[at].period; /* the period after the previous row's */
    for (; at < end; at++) {
        size_t period = panel->keys[at].period;
        size_t tier = tiers_find(count->tiers, panel->followers[at]);
        if (period != expected) {
            ++*cell_moved(flows, group, expected, before, outside);
            before = outside;
        }
        ++*cell_creators(flows, group, period, tier);
        if (period > 0)
            ++*cell_moved(flows, group, period, before, tier);
        if (period == 0)
            first = tier;
        if (period == final)
            last = tier;
        before = tier;
        expected = period + 1;
    }
    if (expected <= final)
        ++*cell_moved(flows, group, expected, before, outside);
    if (first != outside || last != outside)
        ++*cell_spanned(flows, group, first, last);
}

static int count_task(void *context, size_t index, int worker, struct error *err) {
    (void)err;
    const struct count *count = context;
    const struct panel *panel = count->panel;
    size_t first = index * CREATORS_A_TASK, end = first + CREATORS_A_TASK;
    if (end > panel->n_creators)
        end = panel->n_creators;
    for (size_t creator = first; creator < end; creator++) {
        size_t stop = panel->start[creator + 1];
        for (size_t row = panel->start[creator], next; row < stop; row = next) {
            next = row + 1;
            while (next < stop && panel->keys[next].platform == panel->keys[row].platform)
                next++;
            count_account(count, &count->workers[worker], row, next);
        }
    }
    return 0;
}

int flows_count(const struct panel *panel, const struct tiers *tiers, bool by_platform, int threads,
                struct flows *ret, struct error *err) {
    size_t tasks = (panel->n_creators + CREATORS_A_TASK - 1) / CREATORS_A_TASK;
    size_t n_workers = threads < 1 ? 1 : (size_t)threads;
    if (n_workers > tasks)
        n_workers = tasks > 0 ? tasks : 1;
    struct count count = {.panel = panel, .tiers = tiers, .by_platform = by_platform};
    count.workers = calloc(n_workers, sizeof *count.workers);
    if (!count.workers)
        return error_memory(err);
    int status = 0;
    for (size_t i = 0; i < n_workers && !status; i++) {
        count.workers[i] = (struct flows){.groups = by_platform ? panel->n_platforms : 1,
                                          .periods = panel->n_periods,
                                          .tiers = tiers->count};
        status = allocate(&count.workers[i], err);
    }
    if (!status)
        status = workers_run((int)n_workers, tasks, count_task, &count, err);
    if (status)
        goto done;
    *ret = count.workers[0];
    count.workers[0] = (struct flows){0};
    for (size_t i = 1; i < n_workers; i++)
        for (size_t cell = 0; cell < count_cells(ret); cell++)
            ret->creators[cell] += count.workers[i].creators[cell];
done:
    for (size_t i = 0; i < n_workers; i++)
        flows_free(&count.workers[i]);
    free(count.workers);
    return status;
}

uint64_t flows_creators(const struct flows *flows, size_t group, size_t period, size_t tier) {
    return *cell_creators(flows, group, period, tier);
}

uint64_t flows_moved(const struct flows *flows, size_t group, size_t period, size_t before,
                     size_t now) {
    return *cell_moved(flows, group, period, before, now);
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
    return change_of(cell_moved(flows, group, period, 0, 0), flows->tiers, tier);
}

struct tier_change flows_span(const struct flows *flows, size_t group, size_t tier) {
    return change_of(cell_spanned(flows, group, 0, 0), flows->tiers, tier);
}

void flows_free(struct flows *flows) {
    free(flows->creators);
    *flows = (struct flows){0};
}
