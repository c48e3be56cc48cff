/* SPDX-License-Identifier: GPL-3.0-or-later */
/* ARPU from single users who are kept.
 *
 * Contents: tallying; the bootstrap; rows.
 */
#include "revenue/arpu-users.h"

#include "revenue/arpu-tally.h"
#include "revenue/movement-step.h"
#include <math.h>
#include <stdlib.h>

struct tallying {
    const struct accounts *accounts;
    size_t periods, n;          /* n = places x periods */
    struct arpu_tally *tallies; /* [worker][place][period] */
};

static size_t place_at(const struct tallying *tallying, const struct account_entry *entry) {
    return entry->place * tallying->periods + (size_t)(entry->period - tallying->accounts->first);
}

/* Whether a period follows in which the user is not here. */
static bool is_lost(const struct tallying *tallying, const struct step *step) {
    return step->here->period < tallying->accounts->last && !step_stays(step);
}

/* ---- Tallying -------------------------------------------------------------------------------- */

static int tally_user(void *context, size_t part, int worker, const struct account_entry *entries,
                      size_t n, struct error *err) {
    (void)part, (void)err;
    const struct tallying *tallying = context;
    for (size_t i = 0; i < n; i++) {
        const struct step step = step_of(entries, n, i);
        struct arpu_tally *tally =
            &tallying->tallies[(size_t)worker * tallying->n + place_at(tallying, step.here)];
        moments_add(&tally->active, step_paid(step.here));
        if (is_lost(tallying, &step))
            moments_add(&tally[1].lost, step_paid(step.here));
    }
    return 0;
}

static int tally_all(struct tallying *tallying, int threads, struct error *err) {
    const size_t workers = threads < 1 ? 1 : (size_t)threads;
    tallying->tallies = calloc(workers * tallying->n + 1, sizeof *tallying->tallies);
    if (!tallying->tallies)
        return error_memory(err);
    if (accounts_each(tallying->accounts, threads, tally_user, tallying, err))
        return err->code;
    for (size_t worker = 1; worker < workers; worker++)
        for (size_t i = 0; i < tallying->n; i++) {
            const struct arpu_tally *other = &tallying->tallies[worker * tallying->n + i];
            moments_merge(&tallying->tallies[i].active, &other->active);
            moments_merge(&tallying->tallies[i].lost, &other->lost);
        }
    return 0;
}

/* ---- The bootstrap --------------------------------------------------------------------------- */

/* Sums of a place and period; the last two of those who were there before and are not now. */
enum drawn { DRAWN_USERS, DRAWN_REVENUE, DRAWN_USERS_LOST, DRAWN_REVENUE_LOST, DRAWN };

static void draw_user(const void *context, const struct account_entry *entries, size_t n,
                      const struct bootstrap_lanes *weights, struct bootstrap_lanes *sums) {
    const struct tallying *tallying = context;
    for (size_t i = 0; i < n; i++) {
        const struct step step = step_of(entries, n, i);
        struct bootstrap_lanes *of = sums + DRAWN * place_at(tallying, step.here);
        const double revenue = decimal_to_double(step_paid(step.here));
        bootstrap_add(&of[DRAWN_USERS], weights, 1);
        bootstrap_add(&of[DRAWN_REVENUE], weights, revenue);
        if (is_lost(tallying, &step)) {
            bootstrap_add(&of[DRAWN + DRAWN_USERS_LOST], weights, 1);
            bootstrap_add(&of[DRAWN + DRAWN_REVENUE_LOST], weights, revenue);
        }
    }
}

/* Where the other methods have no interval, draws would all say the same. */
static void draw_row(struct bootstrap *bootstrap, size_t at, double confidence,
                     struct arpu_row *row) {
    const size_t now = DRAWN * at, before = now - DRAWN;
    if (!isnan(row->arpu_interval.lower))
        row->arpu_drawn =
            bootstrap_ratio(bootstrap, now + DRAWN_REVENUE, now + DRAWN_USERS, confidence);
    if (!isnan(row->share_interval.lower))
        row->share_drawn = bootstrap_ratio(bootstrap, now + DRAWN_REVENUE_LOST,
                                           before + DRAWN_REVENUE, confidence);
    if (row->has_change && row->users_lost > 0)
        row->users_drawn =
            bootstrap_ratio(bootstrap, now + DRAWN_USERS_LOST, before + DRAWN_USERS, confidence);
}

/* ---- Rows ------------------------------------------------------------------------------------ */

static int copy_text(struct arpu_table *table, struct text from, struct text *ret,
                     struct error *err) {
    *ret = (struct text){NULL, 0};
    if (from.length == 0)
        return 0;
    *ret = (struct text){arena_text(&table->names, from.bytes, from.length), from.length};
    return ret->bytes ? 0 : error_memory(err);
}

static int add_rows(const struct tallying *tallying, const struct arpu_log_options *options,
                    struct bootstrap *bootstrap, struct arpu_table *ret, struct error *err) {
    for (size_t p = 0; p < tallying->accounts->n_places; p++) {
        const struct account_place *place = &tallying->accounts->places[p];
        struct arpu_tally_key key = {.first = {options->period, tallying->accounts->first}};
        const size_t begun = ret->count;
        if (copy_text(ret, place->platform, &key.platform, err) ||
            copy_text(ret, place->groups[0], &key.segment, err) ||
            arpu_tally_rows(&tallying->tallies[p * tallying->periods], tallying->periods, &key,
                            options->confidence, ret, err))
            return err->code;
        for (size_t i = begun; i < ret->count; i++) /* the last one is that of the last period */
            draw_row(bootstrap, (p + 1) * tallying->periods - (ret->count - i), options->confidence,
                     &ret->rows[i]);
    }
    return 0;
}

static int make_rows(const struct accounts *accounts, const struct arpu_log_options *options,
                     const struct bootstrap_options *how, struct arpu_table *ret,
                     struct error *err) {
    struct tallying tallying = {.accounts = accounts};
    struct bootstrap bootstrap = {0};
    if (accounts->first <= accounts->last)
        tallying.periods = (size_t)(accounts->last - accounts->first) + 1;
    tallying.n = accounts->n_places * tallying.periods;
    ret->has_segments = options->segment != NULL;
    int code = copy_text(ret, accounts->currency, &ret->currency, err);
    if (!code)
        code = tally_all(&tallying, options->threads, err);
    if (!code)
        code = bootstrap_run(accounts, how, DRAWN * tallying.n, options->threads, draw_user,
                             &tallying, &bootstrap, err);
    if (!code)
        code = add_rows(&tallying, options, &bootstrap, ret, err);
    bootstrap_free(&bootstrap);
    free(tallying.tallies);
    return code;
}

int arpu_read_users(struct table *table, const struct arpu_log_options *options,
                    const struct bootstrap_options *bootstrap, struct arpu_table *ret,
                    struct arpu_log_summary *ret_summary, struct error *err) {
    const struct accounts_options how = {.period = options->period,
                                         .groups = {options->segment},
                                         .revenue_alone = true,
                                         .threads = options->threads};
    struct accounts *accounts;
    if (accounts_read(table, &how, &accounts, err))
        return err->code;
    *ret_summary = (struct arpu_log_summary){.first_day = accounts->first_day,
                                             .last_day = accounts->last_day,
                                             .without_revenue = accounts->without_revenue};
    const int code = make_rows(accounts, options, bootstrap, ret, err);
    accounts_destroy(accounts);
    return code;
}
