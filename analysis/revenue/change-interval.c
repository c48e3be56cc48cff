/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Intervals for the parts of a change, from single users.
 *
 * Contents: rows; which steps a platform has; what a user adds; bounds.
 */
#include "revenue/change-interval.h"

#include <gsl/gsl_cdf.h>
#include <math.h>
#include <stdlib.h>

/* ---- Rows ------------------------------------------------------------------------------------ */

struct total {
    int64_t users;
    decimal_sum revenue;
};

struct totals {
    const struct accounts *accounts;
    size_t periods, n;
    struct total *items; /* [worker][place][period] */
};

static int add_user(void *context, size_t part, int worker, const struct account_entry *entries,
                    size_t n, struct error *err) {
    (void)part, (void)err;
    const struct totals *totals = context;
    for (size_t i = 0; i < n; i++) {
        const size_t period = (size_t)(entries[i].period - totals->accounts->first);
        struct total *total =
            &totals
                 ->items[(size_t)worker * totals->n + entries[i].place * totals->periods + period];
        total->users++;
        total->revenue += entries[i].of[ACCOUNT_REVENUE];
    }
    return 0;
}

int change_rows(const struct accounts *accounts, struct arpu_table *ret, struct error *err) {
    struct totals totals = {.accounts = accounts};
    if (accounts->first <= accounts->last)
        totals.periods = (size_t)(accounts->last - accounts->first) + 1;
    totals.n = accounts->n_places * totals.periods;
    totals.items = calloc(totals.n + 1, sizeof *totals.items);
    int code =
        totals.items ? accounts_each(accounts, 1, add_user, &totals, err) : error_memory(err);
    ret->currency = accounts->currency;
    for (size_t i = 0; !code && i < totals.n; i++) {
        if (totals.items[i].users == 0)
            continue;
        struct arpu_row *row = arpu_add(ret, err);
        if (!row) {
            code = err->code;
            break;
        }
        const struct account_place *place = &accounts->places[i / totals.periods];
        row->platform = place->platform;
        row->segment = place->groups[0];
        row->period =
            (struct period){accounts->kind, accounts->first + (int32_t)(i % totals.periods)};
        row->users = totals.items[i].users * DECIMAL_ONE;
        row->revenue = totals.items[i].revenue;
    }
    free(totals.items);
    return code;
}

/* ---- Which steps a platform has -------------------------------------------------------------- */

/* Sums of squares, and what one user adds. */
struct levels {
    double parts[CHANGE_PARTS], revenue[CHANGE_TIMES];
    int64_t users; /* who are there before or after */
};

struct segment_parts {
    double of[CHANGE_PARTS];
};

/* What one user adds to one step. */
struct adds {
    struct levels own; /* to the parts through their own segments */
    double users[CHANGE_TIMES];
};

/* A step's slopes: of each segment, and the sum of those by the users of the whole. NULL and unused
 * for a chain. */
struct slopes {
    struct change_slopes *of;
    double all[CHANGE_TIMES][CHANGE_PARTS];
    size_t slot; /* of its first segment, with by_segment */
    bool alone;  /* fewer than two users are in the step */
};

struct bounding {
    const struct accounts *accounts;
    struct change_steps *steps;
    const struct change_bounds_options *options;
    struct slopes *slopes;              /* [step] */
    size_t slots;                       /* segments of all steps, with by_segment */
    size_t *first_step, *end_step;      /* [place]: steps of its platform */
    size_t *segment;                    /* [place]: its number within the platform */
    struct levels *squares;             /* [part][step] */
    struct segment_parts *slot_squares; /* [part][slot] */
    struct adds *adds;                  /* [worker][step] */
    struct segment_parts *slot_adds;    /* [worker][slot] */
};

static int differentiate(struct bounding *bounding, struct error *err) {
    for (size_t s = 0; s < bounding->steps->count; s++) {
        const struct change_step *step = &bounding->steps->items[s];
        struct slopes *slopes = &bounding->slopes[s];
        slopes->slot = bounding->slots;
        bounding->slots += bounding->options->by_segment ? step->n_segments : 0;
        if (step->chain)
            continue;
        slopes->of = malloc((step->n_segments + 1) * sizeof *slopes->of);
        if (!slopes->of)
            return error_memory(err);
        change_differentiate(step->values, step->n_segments, bounding->options->method, slopes->of);
        for (size_t i = 0; i < step->n_segments; i++)
            for (int t = 0; t < CHANGE_TIMES; t++)
                for (int p = 0; p < CHANGE_PARTS; p++)
                    slopes->all[t][p] += slopes->of[i].all[t][p];
    }
    return 0;
}

static void place_steps(struct bounding *bounding) {
    const struct change_steps *steps = bounding->steps;
    const struct accounts *accounts = bounding->accounts;
    for (size_t p = 0; p < accounts->n_places; p++) {
        size_t s = 0;
        while (s < steps->count &&
               !text_equal(steps->items[s].platform, accounts->places[p].platform))
            s++;
        bounding->first_step[p] = s;
        while (s < steps->count &&
               text_equal(steps->items[s].platform, accounts->places[p].platform))
            s++;
        bounding->end_step[p] = s;
        for (size_t i = 0; bounding->first_step[p] < s; i++)
            if (text_equal(steps->items[bounding->first_step[p]].segments[i],
                           accounts->places[p].groups[0])) {
                bounding->segment[p] = i;
                break;
            }
    }
}

/* ---- What a user adds ------------------------------------------------------------------------ */

/* To the steps of the platform that begin or end in the period of the entry. `slots` is NULL but
 * with by_segment. */
static void add_entry(const struct bounding *bounding, const struct account_entry *entry,
                      struct adds *adds, struct segment_parts *slots) {
    const double paid = (double)entry->of[ACCOUNT_REVENUE];
    const size_t segment = bounding->segment[entry->place];
    for (size_t s = bounding->first_step[entry->place]; s < bounding->end_step[entry->place]; s++) {
        const struct change_step *step = &bounding->steps->items[s];
        for (int t = 0; t < CHANGE_TIMES; t++) {
            if ((t == CHANGE_BEFORE ? step->from : step->to).index != entry->period)
                continue;
            adds[s].own.revenue[t] += paid;
            adds[s].users[t] += (double)DECIMAL_ONE;
            if (step->chain)
                continue;
            const struct change_slopes *slopes = &bounding->slopes[s].of[segment];
            for (int p = 0; p < CHANGE_PARTS; p++) {
                const double add =
                    slopes->users[t][p] * (double)DECIMAL_ONE + slopes->revenue[t][p] * paid;
                adds[s].own.parts[p] += add;
                if (slots)
                    slots[bounding->slopes[s].slot + segment].of[p] += add;
            }
        }
    }
}

/* As one more of all users, to every segment of a step. */
static void add_to_all(const struct bounding *bounding, size_t s, struct adds *adds,
                       struct segment_parts *slots) {
    const struct slopes *slopes = &bounding->slopes[s];
    for (int t = 0; t < CHANGE_TIMES; t++) {
        if (adds->users[t] == 0)
            continue;
        for (int p = 0; p < CHANGE_PARTS; p++)
            adds->own.parts[p] += adds->users[t] * slopes->all[t][p];
        for (size_t i = 0; slots && i < bounding->steps->items[s].n_segments; i++)
            for (int p = 0; p < CHANGE_PARTS; p++)
                slots[slopes->slot + i].of[p] += adds->users[t] * slopes->of[i].all[t][p];
    }
}

/* The chain, the last of a platform's steps, gets what the others have. */
static void add_chain(const struct bounding *bounding, size_t first, size_t chain,
                      struct adds *adds, struct segment_parts *slots) {
    for (size_t s = first; s < chain; s++) {
        for (int p = 0; p < CHANGE_PARTS; p++)
            adds[chain].own.parts[p] += adds[s].own.parts[p];
        for (int t = 0; t < CHANGE_TIMES; t++)
            adds[chain].users[t] += adds[s].users[t];
        for (size_t i = 0; slots && i < bounding->steps->items[s].n_segments; i++)
            for (int p = 0; p < CHANGE_PARTS; p++)
                slots[bounding->slopes[chain].slot + i].of[p] +=
                    slots[bounding->slopes[s].slot + i].of[p];
    }
}

static void square_step(const struct adds *adds, struct levels *squares) {
    for (int p = 0; p < CHANGE_PARTS; p++)
        squares->parts[p] += adds->own.parts[p] * adds->own.parts[p];
    for (int t = 0; t < CHANGE_TIMES; t++)
        squares->revenue[t] += adds->own.revenue[t] * adds->own.revenue[t];
    squares->users += adds->users[CHANGE_BEFORE] > 0 || adds->users[CHANGE_AFTER] > 0;
}

/* One user on one platform: its steps from `first` up to `end`. */
static void square_platform(const struct bounding *bounding, size_t part, size_t first, size_t end,
                            struct adds *adds, struct segment_parts *slots) {
    const size_t count = bounding->steps->count;
    const bool chained = end > first && bounding->steps->items[end - 1].chain;
    for (size_t s = first; s < end - chained; s++)
        add_to_all(bounding, s, &adds[s], slots);
    if (chained)
        add_chain(bounding, first, end - 1, adds, slots);
    for (size_t s = first; s < end; s++) {
        square_step(&adds[s], &bounding->squares[part * count + s]);
        adds[s] = (struct adds){0};
    }
    if (!slots || first == end)
        return;
    const size_t last = bounding->slopes[end - 1].slot + bounding->steps->items[end - 1].n_segments;
    for (size_t k = bounding->slopes[first].slot; k < last; k++) {
        struct segment_parts *squares = &bounding->slot_squares[part * bounding->slots + k];
        for (int p = 0; p < CHANGE_PARTS; p++)
            squares->of[p] += slots[k].of[p] * slots[k].of[p];
        slots[k] = (struct segment_parts){0};
    }
}

static int square_user(void *context, size_t part, int worker, const struct account_entry *entries,
                       size_t n, struct error *err) {
    (void)err;
    const struct bounding *bounding = context;
    struct adds *adds = bounding->adds + (size_t)worker * bounding->steps->count;
    struct segment_parts *slots = bounding->options->by_segment
                                      ? bounding->slot_adds + (size_t)worker * bounding->slots
                                      : NULL;
    for (size_t i = 0, end; i < n; i = end) { /* platform by platform: places are in their order */
        const uint32_t place = entries[i].place;
        for (end = i; end < n && text_equal(bounding->accounts->places[entries[end].place].platform,
                                            bounding->accounts->places[place].platform);
             end++)
            add_entry(bounding, &entries[end], adds, slots);
        square_platform(bounding, part, bounding->first_step[place], bounding->end_step[place],
                        adds, slots);
    }
    return 0;
}

/* ---- Bounds ---------------------------------------------------------------------------------- */

static struct interval reach(decimal_sum amount, double variance, double z) {
    const double middle = decimal_sum_to_double(amount);
    const double off = z * sqrt(variance) / (double)DECIMAL_ONE;
    return off > 0 ? (struct interval){middle - off, middle + off} : (struct interval){NAN, NAN};
}

static void settle_step(const struct bounding *bounding, size_t s, double z) {
    struct change_step *step = &bounding->steps->items[s];
    struct levels sums = {{0}, {0}, 0};
    for (size_t part = 0; part < LEDGER_PARTS; part++) {
        const struct levels *squares = &bounding->squares[part * bounding->steps->count + s];
        for (int p = 0; p < CHANGE_PARTS; p++)
            sums.parts[p] += squares->parts[p];
        for (int t = 0; t < CHANGE_TIMES; t++)
            sums.revenue[t] += squares->revenue[t];
        sums.users += squares->users;
    }
    bounding->slopes[s].alone = sums.users < 2;
    if (bounding->slopes[s].alone) /* one user does not say how users differ */
        return;
    for (int p = 0; p < CHANGE_PARTS; p++)
        step->bounds[p] = reach(step->total.of[p], sums.parts[p], z);
    for (int t = 0; t < CHANGE_TIMES; t++)
        step->levels[t] = reach(step->revenue[t], sums.revenue[t], z);
}

static int settle_segments(const struct bounding *bounding, size_t s, double z, struct error *err) {
    struct change_step *step = &bounding->steps->items[s];
    step->segment_bounds =
        arena_alloc(&bounding->steps->arena, (step->n_segments + 1) * sizeof *step->segment_bounds);
    if (!step->segment_bounds)
        return error_memory(err);
    for (size_t i = 0; i < step->n_segments; i++)
        for (int p = 0; p < CHANGE_PARTS; p++) {
            double sum = 0;
            for (size_t part = 0; !bounding->slopes[s].alone && part < LEDGER_PARTS; part++)
                sum += bounding->slot_squares[part * bounding->slots + bounding->slopes[s].slot + i]
                           .of[p];
            step->segment_bounds[i].of[p] = reach(step->parts[i].of[p], sum, z);
        }
    return 0;
}

static int reserve(struct bounding *bounding, struct error *err) {
    const size_t steps = bounding->steps->count, places = bounding->accounts->n_places + 1;
    const size_t workers = bounding->options->threads < 1 ? 1 : (size_t)bounding->options->threads;
    bounding->slopes = calloc(steps + 1, sizeof *bounding->slopes);
    if (!bounding->slopes)
        return error_memory(err);
    const int code = differentiate(bounding, err);
    if (code)
        return code;
    bounding->first_step = calloc(places, sizeof(size_t));
    bounding->end_step = calloc(places, sizeof(size_t));
    bounding->segment = calloc(places, sizeof(size_t));
    bounding->squares = calloc(LEDGER_PARTS * steps + 1, sizeof *bounding->squares);
    bounding->adds = calloc(workers * steps + 1, sizeof *bounding->adds);
    bounding->slot_squares =
        calloc(LEDGER_PARTS * bounding->slots + 1, sizeof *bounding->slot_squares);
    bounding->slot_adds = calloc(workers * bounding->slots + 1, sizeof *bounding->slot_adds);
    return bounding->first_step && bounding->end_step && bounding->segment && bounding->squares &&
                   bounding->adds && bounding->slot_squares && bounding->slot_adds
               ? 0
               : error_memory(err);
}

static void release(struct bounding *bounding) {
    for (size_t s = 0; bounding->slopes && s < bounding->steps->count; s++)
        free(bounding->slopes[s].of);
    free(bounding->slopes);
    free(bounding->first_step);
    free(bounding->end_step);
    free(bounding->segment);
    free(bounding->squares);
    free(bounding->adds);
    free(bounding->slot_squares);
    free(bounding->slot_adds);
}

int change_bounds(const struct accounts *accounts, struct change_steps *steps,
                  const struct change_bounds_options *options, struct error *err) {
    struct bounding bounding = {.accounts = accounts, .steps = steps, .options = options};
    const double z = gsl_cdf_ugaussian_Qinv((1 - options->confidence) / 2);
    int code = reserve(&bounding, err);
    if (!code) {
        place_steps(&bounding);
        code = accounts_each(accounts, options->threads, square_user, &bounding, err);
    }
    for (size_t s = 0; !code && s < steps->count; s++) {
        settle_step(&bounding, s, z);
        if (options->by_segment)
            code = settle_segments(&bounding, s, z, err);
    }
    release(&bounding);
    return code;
}
