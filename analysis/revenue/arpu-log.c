/* SPDX-License-Identifier: GPL-3.0-or-later */
/* ARPU from a log of single users: a fold into ledgers, then tallies of what each user paid.
 *
 * Contents: the state of one worker; adding a batch; merging; tallying; rows.
 */
#include "revenue/arpu-log.h"

#include "base/buffer.h"
#include "base/dictionary.h"
#include "base/workers.h"
#include "revenue/ledger.h"
#include "stats/proportion.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- The state of one worker ----------------------------------------------------------------- */

enum { DAYS = 1024 };

struct share {
    struct ledger ledger;    /* cells as numbered by the dictionary */
    struct dictionary cells; /* the platform, and with segments a NUL and the segment */
    struct dictionary currencies;
    int32_t first_day, last_day;
    uint64_t without_revenue;

    struct buffer name;            /* scratch for the name of a cell */
    struct text platform, segment; /* of the cell met last, inside the dictionary */
    uint32_t cell;                 /* its number */
    uint32_t currency;             /* met last */
    struct {
        int32_t day, period;
    } days[DAYS]; /* periods of days met before */
};

/* What table_fold hands round: the shares of one worker, or of several once merged. */
struct state {
    const struct arpu_log_options *options;
    struct share **shares;
    size_t count, capacity;
};

static void share_destroy(struct share *share) {
    ledger_free(&share->ledger);
    dictionary_free(&share->cells);
    dictionary_free(&share->currencies);
    buffer_free(&share->name);
    free(share);
}

static void state_destroy(void *given) {
    struct state *state = given;
    if (!state)
        return;
    for (size_t i = 0; i < state->count; i++)
        share_destroy(state->shares[i]);
    free(state->shares);
    free(state);
}

static int state_begin(void *context, void **ret, struct error *err) {
    struct state *state = calloc(1, sizeof *state);
    struct share *share = calloc(1, sizeof *share);
    if (!state || !share ||
        array_reserve((void **)&state->shares, &state->capacity, 1, sizeof(struct share *), err)) {
        free(state);
        free(share);
        return error_memory(err);
    }
    share->first_day = INT32_MAX;
    share->last_day = INT32_MIN;
    share->cell = share->currency = DICTIONARY_NONE;
    for (size_t i = 0; i < DAYS; i++)
        share->days[i].day = INT32_MIN; /* no date */
    state->options = context;
    state->shares[state->count++] = share;
    *ret = state;
    return 0;
}

/* ---- Adding a batch -------------------------------------------------------------------------- */

enum column { USER, PLATFORM, DATE, REVENUE, CURRENCY, SEGMENT, COLUMNS };

static int32_t period_of_day(struct share *share, enum period_kind kind, int32_t day) {
    size_t place = (uint32_t)day % DAYS;
    if (share->days[place].day != day) {
        share->days[place].day = day;
        share->days[place].period = period_of(kind, day).index;
    }
    return share->days[place].period;
}

/* Sets share->cell. Logs often stay on one platform for a while: the cell met last is tried first.
 */
static int find_cell(struct share *share, struct text platform, struct text segment,
                     bool has_segments, struct error *err) {
    if (share->cell != DICTIONARY_NONE && text_equal(platform, share->platform) &&
        text_equal(segment, share->segment))
        return 0;
    struct text name = platform;
    if (has_segments) {
        buffer_clear(&share->name);
        buffer_append(&share->name, platform.bytes, platform.length);
        buffer_byte(&share->name, '\0'); /* no input holds one */
        buffer_append(&share->name, segment.bytes, segment.length);
        if (buffer_check(&share->name, err))
            return err->code;
        name = (struct text){share->name.bytes, share->name.length};
    }
    if (dictionary_add(&share->cells, name, &share->cell, err))
        return err->code;
    if (share->cell >= LEDGER_CELLS)
        return error_set(err, ERROR_DATA,
                         "more than %d pairs of platform and segment, expected fewer",
                         LEDGER_CELLS);
    name = dictionary_name(&share->cells, share->cell);
    share->platform = (struct text){name.bytes, platform.length};
    if (has_segments)
        share->segment =
            (struct text){name.bytes + platform.length + 1, name.length - platform.length - 1};
    return 0;
}

static int note_currency(struct share *share, const struct table_batch *batch, size_t row,
                         struct error *err) {
    if (table_missing(batch, CURRENCY, row))
        return 0;
    struct text currency = batch->columns[CURRENCY].text[row];
    if (share->currency != DICTIONARY_NONE &&
        text_equal(currency, dictionary_name(&share->currencies, share->currency)))
        return 0;
    return dictionary_add(&share->currencies, currency, &share->currency, err);
}

static int key_of_row(struct state *state, struct share *share, const struct table_batch *batch,
                      size_t row, struct ledger_key *ret, struct error *err) {
    struct text user = batch->columns[USER].text[row];
    int32_t day = batch->columns[DATE].date[row];
    bool has_segments = state->options->segment != NULL;
    struct text segment = {NULL, 0};
    if (has_segments)
        segment = batch->columns[SEGMENT].text[row];
    if (find_cell(share, batch->columns[PLATFORM].text[row], segment, has_segments, err) ||
        note_currency(share, batch, row, err))
        return err->code;
    if (day < share->first_day)
        share->first_day = day;
    if (day > share->last_day)
        share->last_day = day;
    share->without_revenue += table_missing(batch, REVENUE, row);
    ret->user = ledger_user(user);
    ret->period = period_of_day(share, state->options->period, day);
    ret->cell = (uint16_t)share->cell;
    return 0;
}

static int state_add(void *given, const struct table_batch *batch, struct error *err) {
    struct state *state = given;
    struct share *share = state->shares[0]; /* merging comes after all adding */
    for (size_t row = 0; row < batch->rows; row++) {
        struct ledger_key key;
        decimal revenue = batch->columns[REVENUE].decimal[row]; /* zero where it is missing */
        if (key_of_row(state, share, batch, row, &key, err) ||
            ledger_add(&share->ledger, &key, revenue, err))
            return err->code;
    }
    return 0;
}

/* ---- Merging --------------------------------------------------------------------------------- */

static int state_merge(void *given_into, void *given_from, struct error *err) {
    struct state *into = given_into, *from = given_from;
    if (array_reserve((void **)&into->shares, &into->capacity, into->count + from->count,
                      sizeof(struct share *), err))
        return err->code;
    for (size_t i = 0; i < from->count; i++)
        into->shares[into->count++] = from->shares[i];
    from->count = 0;
    return 0;
}

/* ---- Tallying -------------------------------------------------------------------------------- */

/* Of one cell and period. */
struct tally {
    struct moments active; /* revenue per active user */
    struct moments lost; /* of those active in the period before and not now, what they paid then */
};

struct finish {
    const struct state *state;
    struct dictionary cells;     /* of all shares */
    struct ledger_share *shares; /* with the numbers of their cells among all */
    int32_t first, last;         /* periods of the whole log */
    size_t periods;              /* last - first + 1, or 0 */
    struct tally *tallies;       /* [worker][cell][period] */
};

static struct tally *tally_at(const struct finish *finish, size_t worker, size_t cell,
                              size_t period) {
    return &finish->tallies[(worker * finish->cells.count + cell) * finish->periods + period];
}

static int tally_part(const struct finish *finish, const struct ledger_part *part, size_t worker,
                      struct error *err) {
    struct ledger_key key;
    int128 sum;
    for (size_t place = 0; ledger_next(part, &place, &key, &sum);) {
        decimal revenue;
        if (!decimal_narrow(sum, &revenue))
            return error_set(err, ERROR_DATA,
                             "the revenue of one user in one period is out of range, expected at "
                             "most 9223372036854.775807");
        struct tally *tally =
            tally_at(finish, worker, key.cell, (size_t)(key.period - finish->first));
        moments_add(&tally->active, revenue);
        if (key.period++ < finish->last && !ledger_holds(part, &key))
            moments_add(&tally[1].lost, revenue);
    }
    return 0;
}

static int finish_part(void *context, size_t number, int worker, struct error *err) {
    const struct finish *finish = context;
    struct ledger_part part = {0};
    int code = ledger_unite(finish->shares, finish->state->count, number, &part, err);
    if (!code)
        code = tally_part(finish, &part, (size_t)worker, err);
    ledger_part_free(&part);
    return code;
}

/* Common numbers for the cells of all shares. */
static int number_cells(struct finish *finish, struct error *err) {
    const struct state *state = finish->state;
    finish->shares = calloc(state->count + 1, sizeof *finish->shares);
    if (!finish->shares)
        return error_memory(err);
    for (size_t s = 0; s < state->count; s++) {
        const struct dictionary *cells = &state->shares[s]->cells;
        uint32_t *codes = malloc((cells->count + 1) * sizeof *codes);
        if (!codes)
            return error_memory(err);
        finish->shares[s] = (struct ledger_share){&state->shares[s]->ledger, codes};
        if (dictionary_merge(&finish->cells, cells, codes, err))
            return err->code;
    }
    if (finish->cells.count > LEDGER_CELLS)
        return error_set(err, ERROR_DATA,
                         "more than %d pairs of platform and segment, expected fewer",
                         LEDGER_CELLS);
    return 0;
}

/* The tallies of the first worker become those of all. */
static int tally_all(struct finish *finish, const struct arpu_log_options *options,
                     struct error *err) {
    size_t threads = options->threads < 1 ? 1 : (size_t)options->threads;
    size_t n = finish->cells.count * finish->periods;
    finish->tallies = calloc(threads * n + 1, sizeof *finish->tallies);
    if (!finish->tallies)
        return error_memory(err);
    if (workers_run(options->threads, LEDGER_PARTS, finish_part, finish, err))
        return err->code;
    for (size_t worker = 1; worker < threads; worker++)
        for (size_t i = 0; i < n; i++) {
            moments_merge(&finish->tallies[i].active, &finish->tallies[worker * n + i].active);
            moments_merge(&finish->tallies[i].lost, &finish->tallies[worker * n + i].lost);
        }
    return 0;
}

static void finish_free(struct finish *finish) {
    for (size_t s = 0; finish->shares && s < finish->state->count; s++)
        free(finish->shares[s].codes);
    free(finish->shares);
    free(finish->tallies);
    dictionary_free(&finish->cells);
}

/* ---- Rows ------------------------------------------------------------------------------------ */

/* The names of a cell, owned by the table. */
static int name_cell(const struct finish *finish, uint32_t cell, struct arpu_table *table,
                     struct text *ret_platform, struct text *ret_segment, struct error *err) {
    struct text name = dictionary_name(&finish->cells, cell);
    char *copy = arena_text(&table->names, name.bytes, name.length);
    if (!copy)
        return error_memory(err);
    *ret_platform = (struct text){copy, name.length};
    *ret_segment = (struct text){NULL, 0};
    if (finish->state->options->segment) {
        ret_platform->length = strlen(copy); /* up to the NUL between the two */
        *ret_segment =
            (struct text){copy + ret_platform->length + 1, name.length - ret_platform->length - 1};
    }
    return 0;
}

static void count_lost(const struct arpu_row *before, const struct moments *active_before,
                       const struct moments *lost, double confidence, struct arpu_row *row) {
    struct moments kept = *active_before;
    moments_remove(&kept, lost);
    row->users_lost = lost->count * DECIMAL_ONE;
    row->revenue_lost = lost->sum;
    struct proportion_interval users =
        proportion_wilson((double)lost->count, (double)active_before->count, confidence);
    row->users_interval = (struct interval){users.lower, users.upper};
    row->share_interval = estimate_ratio(lost, &kept, confidence);
    if (before->users > 0)
        row->users_share_lost = (double)lost->count / (double)active_before->count;
    if (before->revenue > 0)
        row->share_lost = decimal_sum_to_double(lost->sum) / decimal_sum_to_double(before->revenue);
}

static int add_row(const struct finish *finish, uint32_t cell, size_t period, bool is_first,
                   struct text platform, struct text segment, struct arpu_table *table,
                   struct error *err) {
    const struct arpu_log_options *options = finish->state->options;
    const struct tally *tally = tally_at(finish, 0, cell, period);
    struct arpu_row *row = arpu_add(table, err);
    if (!row)
        return err->code;
    row->platform = platform;
    row->segment = segment;
    row->period = (struct period){options->period, finish->first + (int32_t)period};
    row->users = tally->active.count * DECIMAL_ONE;
    row->revenue = tally->active.sum;
    if (arpu_of_row(row, err))
        return err->code;
    row->arpu_interval = estimate_mean(&tally->active, options->confidence);
    if (is_first)
        return 0;
    if (arpu_compare(row - 1, row, err))
        return err->code;
    count_lost(row - 1, &tally[-1].active, &tally->lost, options->confidence, row);
    return 0;
}

static int add_cell(const struct finish *finish, uint32_t cell, struct arpu_table *table,
                    struct error *err) {
    struct text platform = {0}, segment = {0};
    if (name_cell(finish, cell, table, &platform, &segment, err))
        return err->code;
    size_t first = 0;
    while (tally_at(finish, 0, cell, first)->active.count == 0) /* every cell has someone */
        first++;
    for (size_t period = first; period < finish->periods; period++)
        if (add_row(finish, cell, period, period == first, platform, segment, table, err))
            return err->code;
    return 0;
}

static int add_rows(const struct finish *finish, struct arpu_table *table, struct error *err) {
    uint32_t *order = malloc((finish->cells.count + 1) * sizeof *order);
    if (!order)
        return error_memory(err);
    dictionary_order(&finish->cells, order);
    int code = 0;
    for (uint32_t i = 0; !code && i < finish->cells.count; i++)
        code = add_cell(finish, order[i], table, err);
    free(order);
    return code;
}

/* One currency at most; several are named in the order of the alphabet. */
static int check_currency(const struct state *state, struct arpu_table *table, struct error *err) {
    struct dictionary all = {0};
    uint32_t *order = NULL;
    int code = 0;
    for (size_t s = 0; !code && s < state->count; s++)
        code = dictionary_merge(&all, &state->shares[s]->currencies, NULL, err);
    if (!code && all.count > 1) {
        order = malloc(all.count * sizeof *order);
        if (!order) {
            code = error_memory(err);
        } else {
            dictionary_order(&all, order);
            struct text a = dictionary_name(&all, order[0]), b = dictionary_name(&all, order[1]);
            code = error_set(err, ERROR_DATA, "%u currencies, such as %.*s and %.*s, expected one",
                             all.count, (int)a.length, a.bytes, (int)b.length, b.bytes);
        }
    }
    if (!code && all.count == 1) {
        struct text name = dictionary_name(&all, 0);
        table->currency =
            (struct text){arena_text(&table->names, name.bytes, name.length), name.length};
        if (!table->currency.bytes)
            code = error_memory(err);
    }
    free(order);
    dictionary_free(&all);
    return code;
}

static int finish_state(const struct state *state, struct arpu_table *ret,
                        struct arpu_log_summary *summary, struct error *err) {
    struct finish finish = {.state = state};
    *summary = (struct arpu_log_summary){.first_day = INT32_MAX, .last_day = INT32_MIN};
    for (size_t s = 0; s < state->count; s++) {
        const struct share *share = state->shares[s];
        if (share->first_day < summary->first_day)
            summary->first_day = share->first_day;
        if (share->last_day > summary->last_day)
            summary->last_day = share->last_day;
        summary->without_revenue += share->without_revenue;
    }
    if (summary->first_day <= summary->last_day) {
        finish.first = period_of(state->options->period, summary->first_day).index;
        finish.last = period_of(state->options->period, summary->last_day).index;
        finish.periods = (size_t)(finish.last - finish.first) + 1;
    }
    int code = check_currency(state, ret, err);
    if (!code)
        code = number_cells(&finish, err);
    if (!code)
        code = tally_all(&finish, state->options, err);
    if (!code)
        code = add_rows(&finish, ret, err);
    ret->has_segments = state->options->segment != NULL;
    finish_free(&finish);
    return code;
}

int arpu_read_log(struct table *table, const struct arpu_log_options *options,
                  struct arpu_table *ret, struct arpu_log_summary *ret_summary, struct error *err) {
    static const struct table_fold fold = {state_begin, state_add, state_merge, state_destroy};
    const struct table_column columns[COLUMNS] = {
        [USER] = {.name = "user", .type = TABLE_TEXT},
        [PLATFORM] = {.name = "platform", .type = TABLE_TEXT},
        [DATE] = {.name = "date", .type = TABLE_DATE},
        [REVENUE] = {.name = "revenue", .type = TABLE_DECIMAL, .missing = true},
        [CURRENCY] = {.name = "currency", .type = TABLE_TEXT, .missing = true, .optional = true},
        [SEGMENT] = {.name = options->segment, .type = TABLE_TEXT, .missing = true},
    };
    struct arpu_log_options copy = *options;
    void *state = NULL;
    int code = table_bind(table, columns, options->segment ? COLUMNS : SEGMENT, err);
    if (!code)
        code = table_fold(table, &fold, &copy, &state, err);
    if (!code)
        code = finish_state(state, ret, ret_summary, err);
    state_destroy(state);
    return code;
}
