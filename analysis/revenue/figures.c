/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Revenue per user, payer, minute and thousand views.
 *
 * Contents: ratios; sums of a log; intervals; the bootstrap; tails; a log; a panel.
 */
#include "revenue/figures.h"

#include "base/workers.h"
#include "revenue/currency.h"
#include "stats/proportion.h"
#include <math.h>
#include <stdlib.h>

static const struct interval unknown = {NAN, NAN};

/* ---- Ratios ---------------------------------------------------------------------------------- */

static double ratio(decimal_sum a, decimal_sum b, bool known) {
    return known && b > 0 ? decimal_sum_to_double(a) / decimal_sum_to_double(b) : NAN;
}

static void fill_ratios(struct figure *figure) {
    const decimal_sum revenue = figure->of[ACCOUNT_REVENUE];
    figure->arpu.value = ratio(revenue, figure->users, true);
    figure->arppu.value = ratio(revenue, figure->payers, figure->has_payers);
    figure->payer_share.value = ratio(figure->payers, figure->users, figure->has_payers);
    figure->per_minute.value =
        ratio(revenue, figure->of[ACCOUNT_MINUTES], figure->has[ACCOUNT_MINUTES]);
    figure->per_thousand_views.value =
        1000 * ratio(revenue, figure->of[ACCOUNT_VIEWS], figure->has[ACCOUNT_VIEWS]);
    figure->arpu.interval = figure->arppu.interval = figure->payer_share.interval = unknown;
    figure->per_minute.interval = figure->per_thousand_views.interval = unknown;
    figure->arpu.bootstrap = figure->arppu.bootstrap = figure->payer_share.bootstrap = unknown;
    figure->per_minute.bootstrap = figure->per_thousand_views.bootstrap = unknown;
    figure->top_1 = figure->top_10 = figure->tail = NAN;
}

/* ---- Sums of a log --------------------------------------------------------------------------- */

/* What revenue, y, is divided by, x. */
enum pair { PER_PAYER, PER_MINUTE, PER_VIEW, PAIRS };

/* Of one place and period. */
struct tally {
    struct moments paid; /* by all users */
    int64_t payers;
    decimal_sum of[ACCOUNT_MEASURES];
    struct moment_pairs pairs[PAIRS];
};

struct summing {
    const struct accounts *accounts;
    size_t periods, n;
    struct tally *tallies;  /* [worker][place][period] */
    struct figure *figures; /* [place][period] */
    decimal *amounts;       /* of payers, by place and period */
    size_t *starts;         /* [n + 1] */
};

static size_t at(const struct summing *summing, const struct account_entry *entry) {
    return entry->place * summing->periods + (size_t)(entry->period - summing->accounts->first);
}

static int sum_user(void *context, size_t part, int worker, const struct account_entry *entries,
                    size_t n, struct error *err) {
    (void)part, (void)err;
    const struct summing *summing = context;
    for (size_t i = 0; i < n; i++) {
        struct tally *tally =
            &summing->tallies[(size_t)worker * summing->n + at(summing, &entries[i])];
        moments_add(&tally->paid, entries[i].of[ACCOUNT_REVENUE]);
        tally->payers += entries[i].of[ACCOUNT_REVENUE] > 0;
        for (int m = 0; m < ACCOUNT_MEASURES; m++)
            tally->of[m] += entries[i].of[m];
        const decimal x[PAIRS] = {entries[i].of[ACCOUNT_REVENUE] > 0 ? DECIMAL_ONE : 0,
                                  entries[i].of[ACCOUNT_MINUTES], entries[i].of[ACCOUNT_VIEWS]};
        for (int p = 0; p < PAIRS; p++)
            moment_pairs_add(&tally->pairs[p], x[p], entries[i].of[ACCOUNT_REVENUE]);
    }
    return 0;
}

static int sum_all(struct summing *summing, int threads, struct error *err) {
    const size_t workers = threads < 1 ? 1 : (size_t)threads;
    summing->tallies = calloc(workers * summing->n + 1, sizeof *summing->tallies);
    summing->figures = calloc(summing->n + 1, sizeof *summing->figures);
    if (!summing->tallies || !summing->figures)
        return error_memory(err);
    if (accounts_each(summing->accounts, threads, sum_user, summing, err))
        return err->code;
    for (size_t i = 0; i < summing->n; i++) {
        struct tally *tally = &summing->tallies[i];
        for (size_t w = 1; w < workers; w++) {
            const struct tally *other = &summing->tallies[w * summing->n + i];
            moments_merge(&tally->paid, &other->paid);
            tally->payers += other->payers;
            for (int m = 0; m < ACCOUNT_MEASURES; m++)
                tally->of[m] += other->of[m];
            for (int p = 0; p < PAIRS; p++)
                moment_pairs_merge(&tally->pairs[p], &other->pairs[p]);
        }
        struct figure *figure = &summing->figures[i];
        figure->users = (decimal_sum)tally->paid.count * DECIMAL_ONE;
        figure->payers = (decimal_sum)tally->payers * DECIMAL_ONE;
        figure->has_payers = true;
        for (int m = 0; m < ACCOUNT_MEASURES; m++) {
            figure->of[m] = tally->of[m];
            figure->has[m] = summing->accounts->has[m];
        }
        fill_ratios(figure);
    }
    return 0;
}

/* ---- Intervals ------------------------------------------------------------------------------- */

static struct interval times(struct interval interval, double scale) {
    return (struct interval){scale * interval.lower, scale * interval.upper};
}

static void find_intervals(struct figure *figure, const struct tally *tally, double confidence) {
    const int64_t users = tally->paid.count;
    const struct proportion_interval share =
        proportion_wilson((double)tally->payers, (double)users, confidence);
    figure->arpu.interval = estimate_mean(&tally->paid, confidence);
    figure->payer_share.interval = (struct interval){share.lower, share.upper};
    figure->arppu.interval = estimate_pairs(&tally->pairs[PER_PAYER], users, confidence);
    figure->per_minute.interval = estimate_pairs(&tally->pairs[PER_MINUTE], users, confidence);
    figure->per_thousand_views.interval =
        times(estimate_pairs(&tally->pairs[PER_VIEW], users, confidence), 1000);
}

/* ---- The bootstrap --------------------------------------------------------------------------- */

/* Sums of a place and period: users and payers, then the measures. */
enum drawn { DRAWN_USERS, DRAWN_PAYERS, DRAWN_OF, DRAWN = DRAWN_OF + ACCOUNT_MEASURES };

static void draw_user(const void *context, const struct account_entry *entries, size_t n,
                      const struct bootstrap_lanes *weights, struct bootstrap_lanes *sums) {
    const struct summing *summing = context;
    for (size_t i = 0; i < n; i++) {
        struct bootstrap_lanes *of = sums + DRAWN * at(summing, &entries[i]);
        bootstrap_add(&of[DRAWN_USERS], weights, 1);
        bootstrap_add(&of[DRAWN_PAYERS], weights, entries[i].of[ACCOUNT_REVENUE] > 0);
        for (int m = 0; m < ACCOUNT_MEASURES; m++)
            bootstrap_add(&of[DRAWN_OF + m], weights, decimal_to_double(entries[i].of[m]));
    }
}

/* No interval where the other method has none: draws would all say the same. */
static void draw_ratio(struct bootstrap *bootstrap, size_t over, size_t under, double scale,
                       double confidence, struct figure_ratio *ratio) {
    if (!isnan(ratio->interval.lower))
        ratio->bootstrap = times(bootstrap_ratio(bootstrap, over, under, confidence), scale);
}

static int draw_figures(struct summing *summing, const struct figures_options *options,
                        struct error *err) {
    struct bootstrap bootstrap = {0};
    const int code = bootstrap_run(summing->accounts, &options->bootstrap, DRAWN * summing->n,
                                   options->threads, draw_user, summing, &bootstrap, err);
    for (size_t i = 0; !code && i < summing->n; i++) {
        struct figure *figure = &summing->figures[i];
        const double level = options->confidence;
        const size_t users = DRAWN * i + DRAWN_USERS, payers = DRAWN * i + DRAWN_PAYERS,
                     of = DRAWN * i + DRAWN_OF;
        draw_ratio(&bootstrap, of + ACCOUNT_REVENUE, users, 1, level, &figure->arpu);
        draw_ratio(&bootstrap, of + ACCOUNT_REVENUE, payers, 1, level, &figure->arppu);
        draw_ratio(&bootstrap, payers, users, 1, level, &figure->payer_share);
        draw_ratio(&bootstrap, of + ACCOUNT_REVENUE, of + ACCOUNT_MINUTES, 1, level,
                   &figure->per_minute);
        draw_ratio(&bootstrap, of + ACCOUNT_REVENUE, of + ACCOUNT_VIEWS, 1000, level,
                   &figure->per_thousand_views);
    }
    bootstrap_free(&bootstrap);
    return code;
}

/* ---- Tails ----------------------------------------------------------------------------------- */

static int falling(const void *a, const void *b) {
    const decimal x = *(const decimal *)a, y = *(const decimal *)b;
    return x > y ? -1 : x < y;
}

static double share_of_top(const decimal *amounts, size_t n, size_t top) {
    decimal_sum all = 0, best = 0;
    for (size_t i = 0; i < n; i++) {
        all += amounts[i];
        best += i < top ? amounts[i] : 0;
    }
    return decimal_sum_to_double(best) / decimal_sum_to_double(all);
}

static double tail_index(const decimal *amounts, size_t n) {
    const size_t k = n / 10 > 10 ? n / 10 : 10;
    double sum = 0;
    if (n < 20)
        return NAN;
    for (size_t i = 0; i < k; i++)
        sum += log((double)amounts[i] / (double)amounts[k]);
    return sum > 0 ? (double)k / sum : NAN;
}

/* One place and period: payers by what they paid. */
static int rank_payers(void *context, size_t cell, int worker, struct error *err) {
    (void)worker, (void)err;
    const struct summing *summing = context;
    decimal *amounts = summing->amounts + summing->starts[cell];
    const size_t n = summing->starts[cell + 1] - summing->starts[cell];
    struct figure *figure = &summing->figures[cell];
    if (n == 0)
        return 0;
    qsort(amounts, n, sizeof *amounts, falling);
    figure->top_1 = share_of_top(amounts, n, (n + 99) / 100);
    figure->top_10 = share_of_top(amounts, n, (n + 9) / 10);
    figure->tail = tail_index(amounts, n);
    return 0;
}

static int find_tails(struct summing *summing, int threads, struct error *err) {
    summing->starts = calloc(summing->n + 2, sizeof *summing->starts);
    if (!summing->starts)
        return error_memory(err);
    for (size_t i = 0; i < summing->n; i++)
        summing->starts[i + 1] = summing->starts[i] + (size_t)summing->tallies[i].payers;
    summing->amounts = malloc((summing->starts[summing->n] + 1) * sizeof *summing->amounts);
    size_t *next = malloc((summing->n + 1) * sizeof *next);
    if (!summing->amounts || !next) {
        free(next);
        return error_memory(err);
    }
    for (size_t i = 0; i < summing->n; i++)
        next[i] = summing->starts[i];
    for (size_t p = 0; p < LEDGER_PARTS; p++)
        for (size_t i = 0; i < summing->accounts->parts[p].count; i++) {
            const struct account_entry *entry = &summing->accounts->parts[p].entries[i];
            if (entry->of[ACCOUNT_REVENUE] > 0)
                summing->amounts[next[at(summing, entry)]++] = entry->of[ACCOUNT_REVENUE];
        }
    free(next);
    return workers_run(threads, summing->n, rank_payers, summing, err);
}

/* ---- A log ----------------------------------------------------------------------------------- */

static void keep_figures(const struct summing *summing, struct figures *ret) {
    const struct accounts *accounts = summing->accounts;
    for (size_t place = 0; place < accounts->n_places; place++) {
        bool begun = false;
        for (size_t k = 0; k < summing->periods; k++) {
            struct figure *figure = &summing->figures[place * summing->periods + k];
            begun |= figure->users > 0;
            if (!begun)
                continue;
            figure->place = accounts->places[place];
            figure->period = (struct period){accounts->kind, accounts->first + (int32_t)k};
            ret->items[ret->count++] = *figure;
        }
    }
}

int figures_of_log(const struct accounts *accounts, const struct figures_options *options,
                   struct figures *ret, struct error *err) {
    struct summing summing = {.accounts = accounts};
    if (accounts->first <= accounts->last)
        summing.periods = (size_t)(accounts->last - accounts->first) + 1;
    summing.n = accounts->n_places * summing.periods;
    ret->has_payers = true;
    for (int m = 0; m < ACCOUNT_MEASURES; m++)
        ret->has[m] = accounts->has[m];
    ret->currency = accounts->currency;
    ret->items = malloc((summing.n + 1) * sizeof *ret->items);
    int code = ret->items ? sum_all(&summing, options->threads, err) : error_memory(err);
    for (size_t i = 0; !code && i < summing.n; i++)
        find_intervals(&summing.figures[i], &summing.tallies[i], options->confidence);
    if (!code)
        code = draw_figures(&summing, options, err);
    if (!code)
        code = find_tails(&summing, options->threads, err);
    if (!code)
        keep_figures(&summing, ret);
    free(summing.tallies);
    free(summing.figures);
    free(summing.amounts);
    free(summing.starts);
    return code;
}

/* ---- A panel --------------------------------------------------------------------------------- */

enum column {
    PLATFORM,
    PERIOD,
    USERS,
    REVENUE,
    PAYERS,
    MINUTES,
    VIEWS,
    CURRENCY,
    GROUP,
    COLUMNS = GROUP + ACCOUNT_GROUPS
};

struct item {
    struct account_place place;
    struct period period;
    size_t row;
};

static int by_key(const void *a, const void *b) {
    const struct item *x = a, *y = b;
    int order = text_compare(x->place.platform, y->place.platform);
    for (int g = 0; g < ACCOUNT_GROUPS && order == 0; g++)
        order = text_compare(x->place.groups[g], y->place.groups[g]);
    if (order == 0)
        order = period_compare(x->period, y->period);
    return order;
}

static int by_key_and_row(const void *a, const void *b) {
    const struct item *x = a, *y = b;
    int order = by_key(a, b);
    return order != 0 ? order : x->row < y->row ? -1 : x->row > y->row;
}

/* *ret_good is false if the row was rejected and is to be skipped; `first` is the first good row.
 */
static int check_row(const struct table_batch *batch, size_t row, size_t first, bool *ret_good,
                     struct error *err) {
    static const struct {
        enum column column;
        const char *name;
    } counts[] = {{USERS, "users"}, {PAYERS, "payers"}, {MINUTES, "minutes"}, {VIEWS, "views"}};
    const struct period *periods = batch->columns[PERIOD].period;
    *ret_good = false;
    for (size_t c = 0; c < sizeof counts / sizeof *counts; c++)
        if (batch->columns[counts[c].column].decimal[row] < 0)
            return table_reject(batch, row, counts[c].column, err,
                                "%s are negative, expected 0 or more", counts[c].name);
    if (batch->columns[PAYERS].decimal[row] > batch->columns[USERS].decimal[row])
        return table_reject(batch, row, PAYERS, err,
                            "there are more payers than users, expected at most as many");
    if (periods[row].kind != periods[first].kind) {
        char where[TABLE_WHERE];
        table_where(batch, first, -1, where);
        return table_reject(batch, row, PERIOD, err, "period is a %s, expected a %s as at %s",
                            period_kind_name(periods[row].kind),
                            period_kind_name(periods[first].kind), where);
    }
    *ret_good = true;
    return 0;
}

static int copy_text(struct figures *figures, struct text *text, struct error *err) {
    text->bytes = arena_text(&figures->arena, text->bytes ? text->bytes : "", text->length);
    return text->bytes ? 0 : error_memory(err);
}

static int add_figure(struct figures *figures, const struct table_batch *batch,
                      const struct item *item, struct error *err) {
    static const enum column measures[ACCOUNT_MEASURES] = {REVENUE, MINUTES, VIEWS};
    struct figure *figure = &figures->items[figures->count++];
    *figure = (struct figure){.place = item->place, .period = item->period};
    figure->users = batch->columns[USERS].decimal[item->row];
    figure->payers = batch->columns[PAYERS].decimal[item->row];
    figure->has_payers = !table_missing(batch, PAYERS, item->row);
    figures->has_payers |= figure->has_payers;
    for (int m = 0; m < ACCOUNT_MEASURES; m++) {
        figure->of[m] = batch->columns[measures[m]].decimal[item->row];
        figure->has[m] = !table_missing(batch, measures[m], item->row);
        figures->has[m] |= figure->has[m];
    }
    fill_ratios(figure);
    int code = copy_text(figures, &figure->place.platform, err);
    for (int g = 0; g < ACCOUNT_GROUPS && !code; g++)
        code = copy_text(figures, &figure->place.groups[g], err);
    return code;
}

static int by_row(const void *a, const void *b) {
    const struct item *x = a, *y = b;
    return x->row < y->row ? -1 : x->row > y->row;
}

/* Of several items with one key only the first is kept; the others are rejected in the order of the
 * input. */
static int refuse_repeats(const struct table_batch *batch, struct item *items, size_t *n,
                          struct error *err) {
    struct item *repeats = malloc((*n + 1) * sizeof *repeats);
    size_t *originals = calloc(batch->rows + 1, sizeof *originals); /* of each repeat, by its row */
    size_t kept = 0, repeated = 0;
    int code = repeats && originals ? 0 : error_memory(err);
    for (size_t i = 0; !code && i < *n; i++) {
        if (kept > 0 && by_key(&items[kept - 1], &items[i]) == 0) {
            originals[items[i].row] = items[kept - 1].row;
            repeats[repeated++] = items[i];
        } else {
            items[kept++] = items[i];
        }
    }
    if (!code) {
        *n = kept;
        qsort(repeats, repeated, sizeof *repeats, by_row);
    }
    for (size_t i = 0; !code && i < repeated; i++) {
        char where[TABLE_WHERE];
        table_where(batch, originals[repeats[i].row], -1, where);
        code = table_reject(batch, repeats[i].row, PERIOD, err,
                            "same platform, groups and period as %s, expected one row for each; "
                            "--group names what sets them apart",
                            where);
    }
    free(repeats);
    free(originals);
    return code;
}

static int read_panel(const struct table_batch *batch, size_t groups, struct item *items,
                      struct currencies *currencies, struct figures *ret, struct error *err) {
    size_t n = 0;
    for (size_t row = 0; row < batch->rows; row++) {
        bool good;
        if (check_row(batch, row, n > 0 ? items[0].row : row, &good, err))
            return err->code;
        if (!good)
            continue;
        if (currencies_note(currencies, batch, row, CURRENCY, err))
            return err->code;
        struct item *item = &items[n++];
        *item = (struct item){.period = batch->columns[PERIOD].period[row], .row = row};
        item->place.platform = batch->columns[PLATFORM].text[row];
        for (size_t g = 0; g < groups; g++)
            item->place.groups[g] = batch->columns[GROUP + g].text[row];
    }
    if (currencies_check(currencies, batch->table, &ret->currency, err) ||
        copy_text(ret, &ret->currency, err))
        return err->code;
    qsort(items, n, sizeof *items, by_key_and_row);
    if (refuse_repeats(batch, items, &n, err))
        return err->code;
    for (size_t i = 0; i < n; i++)
        if (add_figure(ret, batch, &items[i], err))
            return err->code;
    return 0;
}

int figures_of_panel(struct table *table, const char *const *groups, struct figures *ret,
                     struct error *err) {
    const struct table_column columns[COLUMNS] = {
        [PLATFORM] = {.name = "platform", .type = TABLE_TEXT},
        [PERIOD] = {.name = "period", .type = TABLE_PERIOD},
        [USERS] = {.name = "users", .type = TABLE_DECIMAL},
        [REVENUE] = {.name = "revenue", .type = TABLE_DECIMAL},
        [PAYERS] = {.name = "payers", .type = TABLE_DECIMAL, .missing = true, .optional = true},
        [MINUTES] = {.name = "minutes", .type = TABLE_DECIMAL, .missing = true, .optional = true},
        [VIEWS] = {.name = "views", .type = TABLE_DECIMAL, .missing = true, .optional = true},
        [CURRENCY] = {.name = "currency", .type = TABLE_TEXT, .missing = true, .optional = true},
        [GROUP] = {.name = groups[0], .type = TABLE_TEXT, .missing = true},
        [GROUP + 1] = {.name = groups[1], .type = TABLE_TEXT, .missing = true},
    };
    const size_t n = groups[0] == NULL ? 0 : groups[1] == NULL ? 1 : 2;
    const struct table_batch *batch;
    struct currencies currencies = {0};
    if (table_bind(table, columns, GROUP + n, err) || table_read(table, &batch, err))
        return err->code;
    struct item *items = malloc((batch->rows + 1) * sizeof *items);
    ret->items = malloc((batch->rows + 1) * sizeof *ret->items);
    int code = items && ret->items ? read_panel(batch, n, items, &currencies, ret, err)
                                   : error_memory(err);
    free(items);
    currencies_free(&currencies);
    return code;
}

void figures_free(struct figures *figures) {
    free(figures->items);
    arena_free(&figures->arena);
    *figures = (struct figures){0};
}
