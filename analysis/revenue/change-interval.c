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

struct bounding {
    const struct accounts *accounts;
    struct change_steps *steps;
    struct change_slopes **slopes;       /* [step][segment]; NULL for a chain */
    size_t *first_step, *end_step;       /* [place]: steps of its platform */
    size_t *segment;                     /* [place]: its number within the platform */
    double (*squares)[CHANGE_PARTS + 2]; /* [part][step]: of the parts, then of both levels */
    double (*scratch)[CHANGE_PARTS + 2]; /* [worker][step]: what one user adds */
};

static int place_steps(struct bounding *bounding, struct error *err) {
    const struct change_steps *steps = bounding->steps;
    const struct accounts *accounts = bounding->accounts;
    for (size_t s = 0; s < steps->count; s++) {
        const struct change_step *step = &steps->items[s];
        if (step->chain)
            continue;
        bounding->slopes[s] = malloc(step->n_segments * sizeof *bounding->slopes[s]);
        if (!bounding->slopes[s])
            return error_memory(err);
        change_differentiate(step->values, step->n_segments, bounding->slopes[s]);
    }
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
    return 0;
}

/* ---- What a user adds ------------------------------------------------------------------------ */

static void add_entry(const struct bounding *bounding, const struct account_entry *entry,
                      double (*adds)[CHANGE_PARTS + 2]) {
    const double paid = (double)entry->of[ACCOUNT_REVENUE];
    const size_t segment = bounding->segment[entry->place], end = bounding->end_step[entry->place];
    const struct change_step *chain = NULL;
    if (end > bounding->first_step[entry->place] && bounding->steps->items[end - 1].chain)
        chain = &bounding->steps->items[end - 1];
    for (size_t s = bounding->first_step[entry->place]; s < end; s++) {
        const struct change_step *step = &bounding->steps->items[s];
        for (int t = 0; t < CHANGE_TIMES; t++) {
            if ((t == CHANGE_BEFORE ? step->from : step->to).index != entry->period)
                continue;
            adds[s][CHANGE_PARTS + t] += paid;
            if (step == chain)
                continue;
            const struct change_slopes *slopes = &bounding->slopes[s][segment];
            for (int p = 0; p < CHANGE_PARTS; p++) {
                const double add =
                    slopes->users[t][p] * (double)DECIMAL_ONE + slopes->revenue[t][p] * paid;
                adds[s][p] += add;
                if (chain)
                    adds[end - 1][p] += add;
            }
        }
    }
}

static int square_user(void *context, size_t part, int worker, const struct account_entry *entries,
                       size_t n, struct error *err) {
    (void)err;
    const struct bounding *bounding = context;
    const size_t count = bounding->steps->count;
    double(*adds)[CHANGE_PARTS + 2] = bounding->scratch + (size_t)worker * count;
    double(*squares)[CHANGE_PARTS + 2] = bounding->squares + part * count;
    for (size_t i = 0, end; i < n; i = end) { /* platform by platform: places are in their order */
        const size_t first = bounding->first_step[entries[i].place],
                     last = bounding->end_step[entries[i].place];
        for (size_t s = first; s < last; s++)
            for (int p = 0; p < CHANGE_PARTS + 2; p++)
                adds[s][p] = 0;
        for (end = i; end < n && text_equal(bounding->accounts->places[entries[end].place].platform,
                                            bounding->accounts->places[entries[i].place].platform);
             end++)
            add_entry(bounding, &entries[end], adds);
        for (size_t s = first; s < last; s++)
            for (int p = 0; p < CHANGE_PARTS + 2; p++)
                squares[s][p] += adds[s][p] * adds[s][p];
    }
    return 0;
}

/* ---- Bounds ---------------------------------------------------------------------------------- */

static struct interval reach(decimal_sum amount, double variance, double z) {
    const double middle = decimal_sum_to_double(amount);
    const double off = z * sqrt(variance) / (double)DECIMAL_ONE;
    return off > 0 ? (struct interval){middle - off, middle + off} : (struct interval){NAN, NAN};
}

static void settle(const struct bounding *bounding, double confidence) {
    const double z = gsl_cdf_ugaussian_Qinv((1 - confidence) / 2);
    for (size_t s = 0; s < bounding->steps->count; s++) {
        struct change_step *step = &bounding->steps->items[s];
        double sums[CHANGE_PARTS + 2] = {0};
        for (size_t part = 0; part < LEDGER_PARTS; part++)
            for (int p = 0; p < CHANGE_PARTS + 2; p++)
                sums[p] += bounding->squares[part * bounding->steps->count + s][p];
        for (int p = 0; p < CHANGE_PARTS; p++)
            step->bounds[p] = reach(step->total.of[p], sums[p], z);
        for (int t = 0; t < CHANGE_TIMES; t++)
            step->levels[t] = reach(step->revenue[t], sums[CHANGE_PARTS + t], z);
    }
}

int change_bounds(const struct accounts *accounts, struct change_steps *steps, double confidence,
                  int threads, struct error *err) {
    const size_t workers = threads < 1 ? 1 : (size_t)threads, places = accounts->n_places + 1;
    struct bounding bounding = {
        .accounts = accounts,
        .steps = steps,
        .slopes = calloc(steps->count + 1, sizeof(struct change_slopes *)),
        .first_step = calloc(places, sizeof(size_t)),
        .end_step = calloc(places, sizeof(size_t)),
        .segment = calloc(places, sizeof(size_t)),
        .squares = calloc(LEDGER_PARTS * steps->count + 1, sizeof *bounding.squares),
        .scratch = calloc(workers * steps->count + 1, sizeof *bounding.scratch),
    };
    int code = 0;
    if (!bounding.slopes || !bounding.first_step || !bounding.end_step || !bounding.segment ||
        !bounding.squares || !bounding.scratch)
        code = error_memory(err);
    if (!code)
        code = place_steps(&bounding, err);
    if (!code)
        code = accounts_each(accounts, threads, square_user, &bounding, err);
    if (!code)
        settle(&bounding, confidence);
    for (size_t s = 0; bounding.slopes && s < steps->count; s++)
        free(bounding.slopes[s]);
    free(bounding.slopes);
    free(bounding.first_step);
    free(bounding.end_step);
    free(bounding.segment);
    free(bounding.squares);
    free(bounding.scratch);
    return code;
}
