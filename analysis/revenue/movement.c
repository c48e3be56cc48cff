/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Revenue churn of single users.
 *
 * Contents: counting; the bootstrap; rows.
 */
#include "revenue/movement.h"

#include "revenue/movement-step.h"
#include <math.h>
#include <stdlib.h>

static const struct interval unknown = {NAN, NAN};

/* ---- Counting -------------------------------------------------------------------------------- */

/* Of one place and period. What is paid in the period before is x, what of it is missing y. */
struct count {
    struct movement movement;
    struct moment_pairs gross, net;
};

struct counting {
    const struct accounts *accounts;
    const struct movement_options *options;
    size_t periods, n;    /* n = places x periods */
    struct count *counts; /* [worker][place][period] */
};

static size_t place_at(const struct counting *counting, const struct account_entry *entry) {
    return entry->place * counting->periods + (size_t)(entry->period - counting->accounts->first);
}

static void add_movement(struct movement *movement, enum movement_kind kind, decimal_sum amount) {
    movement->of[kind] += amount;
    movement->users[kind]++;
}

/* How this period came about, from the one before. */
static void count_arrival(const struct step *step, struct movement *now) {
    const decimal_sum x1 = step_paid(step->here);
    now->end += x1;
    now->users_end++;
    if (!step->before) {
        add_movement(now, MOVEMENT_NEW, x1);
    } else if (step->before->period + 1 != step->here->period) {
        add_movement(now, MOVEMENT_RETURNED, x1);
    } else {
        const decimal_sum x0 = step_paid(step->before);
        if (x1 < x0)
            add_movement(now, MOVEMENT_CONTRACTION, x0 - x1);
        if (x1 > x0)
            add_movement(now, MOVEMENT_EXPANSION, x1 - x0);
    }
}

static void count_departure(const struct step *step, struct count *next) {
    next->movement.start += step_paid(step->here);
    next->movement.users_start++;
    if (!step_stays(step))
        add_movement(&next->movement, MOVEMENT_LOST, step_paid(step->here));
    moment_pairs_add(&next->gross, step_paid(step->here), step_narrow(step_gross_loss(step)));
    moment_pairs_add(&next->net, step_paid(step->here), step_narrow(step_net_loss(step)));
}

static int count_user(void *context, size_t part, int worker, const struct account_entry *entries,
                      size_t n, struct error *err) {
    (void)part, (void)err;
    const struct counting *counting = context;
    struct count *counts = counting->counts + (size_t)worker * counting->n;
    for (size_t i = 0; i < n; i++) {
        const struct step step = step_of(entries, n, i);
        struct count *now = &counts[place_at(counting, step.here)];
        count_arrival(&step, &now->movement);
        if (step.here->period != counting->accounts->last)
            count_departure(&step, &now[1]);
    }
    return 0;
}

static void merge(struct count *into, const struct count *from) {
    into->movement.start += from->movement.start;
    into->movement.end += from->movement.end;
    into->movement.users_start += from->movement.users_start;
    into->movement.users_end += from->movement.users_end;
    for (int k = 0; k < MOVEMENT_KINDS; k++) {
        into->movement.of[k] += from->movement.of[k];
        into->movement.users[k] += from->movement.users[k];
    }
    moment_pairs_merge(&into->gross, &from->gross);
    moment_pairs_merge(&into->net, &from->net);
}

/* A net churn can leave [0, 1], below, where users spend more than before. */
static void find_shares(struct count *count, double confidence) {
    struct movement *movement = &count->movement;
    const decimal_sum gross = movement->of[MOVEMENT_LOST] + movement->of[MOVEMENT_CONTRACTION];
    movement->gross = movement->net = (struct movement_share){NAN, unknown, unknown};
    if (movement->start <= 0)
        return;
    const double start = decimal_sum_to_double(movement->start);
    movement->gross.value = decimal_sum_to_double(gross) / start;
    movement->net.value = decimal_sum_to_double(gross - movement->of[MOVEMENT_EXPANSION]) / start;
    movement->gross.delta = estimate_cut(
        estimate_pairs(&count->gross, movement->users_start, confidence), movement->gross.value);
    movement->net.delta = estimate_pairs(&count->net, movement->users_start, confidence);
}

static int count_all(struct counting *counting, struct error *err) {
    const size_t threads = counting->options->threads < 1 ? 1 : (size_t)counting->options->threads;
    counting->counts = calloc(threads * counting->n + 1, sizeof *counting->counts);
    if (!counting->counts)
        return error_memory(err);
    if (accounts_each(counting->accounts, counting->options->threads, count_user, counting, err))
        return err->code;
    for (size_t i = 0; i < counting->n; i++) {
        for (size_t worker = 1; worker < threads; worker++)
            merge(&counting->counts[i], &counting->counts[worker * counting->n + i]);
        find_shares(&counting->counts[i], counting->options->confidence);
    }
    return 0;
}

/* ---- The bootstrap --------------------------------------------------------------------------- */

enum drawn { DRAWN_START, DRAWN_GROSS, DRAWN_NET, DRAWN };

static void draw_user(const void *context, const struct account_entry *entries, size_t n,
                      const struct bootstrap_lanes *weights, struct bootstrap_lanes *sums) {
    const struct counting *counting = context;
    for (size_t i = 0; i < n; i++) {
        const struct step step = step_of(entries, n, i);
        if (step.here->period == counting->accounts->last)
            continue;
        struct bootstrap_lanes *of = sums + DRAWN * (place_at(counting, step.here) + 1);
        bootstrap_add(&of[DRAWN_START], weights, (double)step_paid(step.here));
        bootstrap_add(&of[DRAWN_GROSS], weights, (double)step_gross_loss(&step));
        bootstrap_add(&of[DRAWN_NET], weights, (double)step_net_loss(&step));
    }
}

static int draw_shares(struct counting *counting, struct error *err) {
    const struct movement_options *options = counting->options;
    struct bootstrap bootstrap = {0};
    const int code = bootstrap_run(counting->accounts, &options->bootstrap, DRAWN * counting->n,
                                   options->threads, draw_user, counting, &bootstrap, err);
    for (size_t i = 0; !code && i < counting->n; i++) {
        struct movement *movement = &counting->counts[i].movement;
        if (!isnan(movement->gross.delta.lower)) /* elsewhere draws would all say the same */
            movement->gross.bootstrap = bootstrap_ratio(
                &bootstrap, DRAWN * i + DRAWN_GROSS, DRAWN * i + DRAWN_START, options->confidence);
        if (!isnan(movement->net.delta.lower))
            movement->net.bootstrap = bootstrap_ratio(&bootstrap, DRAWN * i + DRAWN_NET,
                                                      DRAWN * i + DRAWN_START, options->confidence);
    }
    bootstrap_free(&bootstrap);
    return code;
}

/* ---- Rows ------------------------------------------------------------------------------------ */

static void keep_rows(const struct counting *counting, struct movements *ret) {
    for (size_t place = 0; place < counting->accounts->n_places; place++) {
        bool begun = false;
        for (size_t k = 0; k < counting->periods; k++) {
            struct movement *item = &counting->counts[place * counting->periods + k].movement;
            item->place = (uint32_t)place;
            item->period =
                (struct period){counting->accounts->kind, counting->accounts->first + (int32_t)k};
            if (begun)
                ret->items[ret->count++] = *item;
            begun |= item->users_end > 0;
        }
    }
}

int movements_count(const struct accounts *accounts, const struct movement_options *options,
                    struct movements *ret, struct error *err) {
    struct counting counting = {.accounts = accounts, .options = options};
    if (accounts->first <= accounts->last)
        counting.periods = (size_t)(accounts->last - accounts->first) + 1;
    counting.n = accounts->n_places * counting.periods;
    ret->items = malloc((counting.n + 1) * sizeof *ret->items);
    int code = ret->items ? count_all(&counting, err) : error_memory(err);
    if (!code)
        code = draw_shares(&counting, err);
    if (!code)
        keep_rows(&counting, ret);
    free(counting.counts);
    return code;
}

void movements_free(struct movements *movements) {
    free(movements->items);
    *movements = (struct movements){0};
}
