/* SPDX-License-Identifier: GPL-3.0-or-later */
/* ARPU from a log of single users: a fold into one ledger, then tallies of what each user paid.
 *
 * Contents: the state of one worker; adding a batch; merging; tallying; rows.
 */
#include "revenue/arpu-log.h"

#include "base/buffer.h"
#include "base/dictionary.h"
#include "base/ledger.h"
#include "base/workers.h"
#include "revenue/arpu-tally.h"
#include "revenue/currency.h"
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

/* ---- The state of one worker ----------------------------------------------------------------- */

/* What all workers fill. */
struct common {
    const struct arpu_log_options *options;
    struct ledger *ledger;
    pthread_mutex_t lock;    /* for what follows */
    struct dictionary cells; /* the platform, and with segments a NUL and the segment */
};

enum { DAYS = 1024 };
#define UNKNOWN UINT16_MAX /* no number of a cell */

struct state {
    struct common *common;
    struct ledger_hand hand;
    struct currencies currencies;
    int32_t first_day, last_day;
    uint64_t without_revenue;

    struct dictionary pairs; /* codes of platform and segment, as this worker has them */
    uint16_t *cells;         /* of each pair, or without segments of each platform */
    size_t n_cells, cells_capacity;
    uint32_t pair[2];  /* met last */
    uint16_t cell;     /* its number */
    uint32_t currency; /* code met last */
    struct {
        int32_t day, period;
    } days[DAYS]; /* periods of days met before */

    uint16_t *row_cells; /* of a batch */
    size_t row_cells_capacity;
    int32_t *row_periods;
    size_t row_periods_capacity;
};

static void state_destroy(void *given) {
    struct state *state = given;
    if (!state)
        return;
    ledger_hand_free(&state->hand);
    currencies_free(&state->currencies);
    dictionary_free(&state->pairs);
    free(state->cells);
    free(state->row_cells);
    free(state->row_periods);
    free(state);
}

static int state_begin(void *context, void **ret, struct error *err) {
    struct state *state = calloc(1, sizeof *state);
    if (!state)
        return error_memory(err);
    state->common = context;
    state->first_day = INT32_MAX;
    state->last_day = INT32_MIN;
    state->cell = UNKNOWN;
    state->currency = DICTIONARY_NONE;
    for (size_t i = 0; i < DAYS; i++)
        state->days[i].day = INT32_MIN; /* no date */
    *ret = state;
    return 0;
}

/* ---- Adding a batch -------------------------------------------------------------------------- */

enum column { USER, PLATFORM, DATE, REVENUE, CURRENCY, SEGMENT, COLUMNS };

static int32_t period_of_day(struct state *state, enum period_kind kind, int32_t day) {
    size_t place = (uint32_t)day % DAYS;
    if (state->days[place].day != day) {
        state->days[place].day = day;
        state->days[place].period = period_of(kind, day).index;
    }
    return state->days[place].period;
}

static void note_days(struct state *state, const int32_t *days, size_t rows) {
    const enum period_kind kind = state->common->options->period;
    for (size_t row = 0; row < rows; row++) {
        state->first_day = days[row] < state->first_day ? days[row] : state->first_day;
        state->last_day = days[row] > state->last_day ? days[row] : state->last_day;
        state->row_periods[row] = period_of_day(state, kind, days[row]);
    }
}

/* The number that the cell of this row has for all workers. */
static int number_cell(struct common *common, const struct table_batch *batch, size_t row,
                       uint16_t *ret, struct error *err) {
    const struct table_cells *platforms = &batch->columns[PLATFORM];
    const struct text platform = dictionary_name(platforms->names, platforms->code[row]);
    struct buffer name = {0};
    uint32_t code = 0;
    buffer_append(&name, platform.bytes, platform.length);
    if (common->options->segment) {
        const struct table_cells *segments = &batch->columns[SEGMENT];
        buffer_byte(&name, '\0'); /* no input holds one */
        if (!table_missing(batch, SEGMENT, row)) {
            const struct text segment = dictionary_name(segments->names, segments->code[row]);
            buffer_append(&name, segment.bytes, segment.length);
        }
    }
    int status = buffer_check(&name, err);
    pthread_mutex_lock(&common->lock);
    if (!status)
        status = dictionary_add(&common->cells, (struct text){name.bytes, name.length}, &code, err);
    pthread_mutex_unlock(&common->lock);
    buffer_free(&name);
    if (!status && code >= LEDGER_CELLS)
        status =
            error_set(err, ERROR_DATA, "more than %d pairs of platform and segment, expected fewer",
                      LEDGER_CELLS);
    *ret = (uint16_t)code;
    return status;
}

/* state->cells[number] for this row, numbered for all workers if it is new here. */
static int look_up(struct state *state, const struct table_batch *batch, size_t row,
                   uint32_t number, uint16_t *ret, struct error *err) {
    if (number >= state->n_cells) {
        if (array_reserve((void **)&state->cells, &state->cells_capacity, (size_t)number + 1,
                          sizeof *state->cells, err))
            return err->code;
        while (state->n_cells <= number)
            state->cells[state->n_cells++] = UNKNOWN;
    }
    if (state->cells[number] == UNKNOWN &&
        number_cell(state->common, batch, row, &state->cells[number], err))
        return err->code;
    *ret = state->cells[number];
    return 0;
}

static int find_platform_cells(struct state *state, const struct table_batch *batch,
                               struct error *err) {
    const uint32_t *platforms = batch->columns[PLATFORM].code;
    for (size_t row = 0; row < batch->rows; row++) {
        if (platforms[row] < state->n_cells && state->cells[platforms[row]] != UNKNOWN)
            state->row_cells[row] = state->cells[platforms[row]];
        else if (look_up(state, batch, row, platforms[row], &state->row_cells[row], err))
            return err->code;
    }
    return 0;
}

/* Pairs are found by their two codes; the one met last is tried first. */
static int find_pair_cells(struct state *state, const struct table_batch *batch,
                           struct error *err) {
    for (size_t row = 0; row < batch->rows; row++) {
        const uint32_t pair[2] = {batch->columns[PLATFORM].code[row],
                                  batch->columns[SEGMENT].code[row]};
        if (state->cell == UNKNOWN || memcmp(pair, state->pair, sizeof pair) != 0) {
            uint32_t number;
            const struct text name = {(const char *)pair, sizeof pair};
            if (dictionary_add(&state->pairs, name, &number, err) ||
                look_up(state, batch, row, number, &state->cell, err))
                return err->code;
            memcpy(state->pair, pair, sizeof pair);
        }
        state->row_cells[row] = state->cell;
    }
    return 0;
}

static int note_currencies(struct state *state, const struct table_batch *batch,
                           struct error *err) {
    const struct table_cells *cells = &batch->columns[CURRENCY];
    for (size_t row = 0; row < batch->rows; row++) {
        const uint32_t code = cells->code[row];
        if (code == state->currency || code == DICTIONARY_NONE)
            continue;
        if (currencies_add(&state->currencies, dictionary_name(cells->names, code),
                           table_place(batch, row), err))
            return err->code;
        state->currency = code;
    }
    return 0;
}

static int state_add(void *given, const struct table_batch *batch, struct error *err) {
    struct state *state = given;
    if (array_reserve((void **)&state->row_cells, &state->row_cells_capacity, batch->rows,
                      sizeof *state->row_cells, err) ||
        array_reserve((void **)&state->row_periods, &state->row_periods_capacity, batch->rows,
                      sizeof *state->row_periods, err))
        return err->code;
    note_days(state, batch->columns[DATE].date, batch->rows);
    for (size_t row = 0; batch->columns[REVENUE].missing && row < batch->rows; row++)
        state->without_revenue += batch->columns[REVENUE].missing[row];
    if (note_currencies(state, batch, err) ||
        (state->common->options->segment ? find_pair_cells(state, batch, err)
                                         : find_platform_cells(state, batch, err)))
        return err->code;
    const struct ledger_rows rows = {
        .users = batch->columns[USER].text,
        .cells = state->row_cells,
        .periods = state->row_periods,
        .revenue = batch->columns[REVENUE].decimal, /* zero where it is missing */
    };
    return ledger_add(state->common->ledger, &state->hand, &rows, batch->rows, err);
}

/* ---- Merging --------------------------------------------------------------------------------- */

static int state_merge(void *given_into, void *given_from, struct error *err) {
    struct state *into = given_into, *from = given_from;
    into->first_day = from->first_day < into->first_day ? from->first_day : into->first_day;
    into->last_day = from->last_day > into->last_day ? from->last_day : into->last_day;
    into->without_revenue += from->without_revenue;
    return currencies_merge(&into->currencies, &from->currencies, err);
}

/* ---- Tallying -------------------------------------------------------------------------------- */

struct finish {
    struct common *common;
    int32_t first, last;        /* periods of the whole log */
    size_t periods;             /* last - first + 1, or 0 */
    struct arpu_tally *tallies; /* [worker][cell][period] */
};

static struct arpu_tally *tally_at(const struct finish *finish, size_t worker, size_t cell,
                                   size_t period) {
    return &finish
                ->tallies[(worker * finish->common->cells.count + cell) * finish->periods + period];
}

static int finish_part(void *context, size_t part, int worker, struct error *err) {
    const struct finish *finish = context;
    struct ledger *ledger = finish->common->ledger;
    const struct ledger_entry *entry;
    int128 sum;
    for (size_t place = 0; (entry = ledger_next(ledger, part, &place, &sum));) {
        decimal revenue;
        if (!decimal_narrow(sum, &revenue))
            return error_set(err, ERROR_DATA,
                             "the revenue of one user in one period is out of range, expected at "
                             "most 9223372036854.775807");
        const int32_t period = ledger_period(entry);
        struct arpu_tally *tally =
            tally_at(finish, (size_t)worker, ledger_cell(entry), (size_t)(period - finish->first));
        moments_add(&tally->active, revenue);
        if (period < finish->last && !ledger_holds(ledger, part, entry, period + 1))
            moments_add(&tally[1].lost, revenue);
    }
    ledger_drop(ledger, part);
    return 0;
}

/* The tallies of the first worker become those of all. */
static int tally_all(struct finish *finish, const struct arpu_log_options *options,
                     struct error *err) {
    size_t threads = options->threads < 1 ? 1 : (size_t)options->threads;
    size_t n = finish->common->cells.count * finish->periods;
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

/* ---- Rows ------------------------------------------------------------------------------------ */

/* The names of a cell, owned by the table. */
static int name_cell(const struct finish *finish, uint32_t cell, struct arpu_table *table,
                     struct text *ret_platform, struct text *ret_segment, struct error *err) {
    struct text name = dictionary_name(&finish->common->cells, cell);
    char *copy = arena_text(&table->names, name.bytes, name.length);
    if (!copy)
        return error_memory(err);
    *ret_platform = (struct text){copy, name.length};
    *ret_segment = (struct text){NULL, 0};
    if (finish->common->options->segment) {
        ret_platform->length = strlen(copy); /* up to the NUL between the two */
        *ret_segment =
            (struct text){copy + ret_platform->length + 1, name.length - ret_platform->length - 1};
    }
    return 0;
}

static int add_cell(const struct finish *finish, uint32_t cell, struct arpu_table *table,
                    struct error *err) {
    struct arpu_tally_key key = {.first = {finish->common->options->period, finish->first}};
    if (name_cell(finish, cell, table, &key.platform, &key.segment, err))
        return err->code;
    return arpu_tally_rows(tally_at(finish, 0, cell, 0), finish->periods, &key,
                           finish->common->options->confidence, table, err);
}

static int add_rows(const struct finish *finish, struct arpu_table *table, struct error *err) {
    uint32_t *order = malloc((finish->common->cells.count + 1) * sizeof *order);
    if (!order)
        return error_memory(err);
    dictionary_order(&finish->common->cells, order);
    int code = 0;
    for (uint32_t i = 0; !code && i < finish->common->cells.count; i++)
        code = add_cell(finish, order[i], table, err);
    free(order);
    return code;
}

/* One currency at most. */
static int check_currency(const struct currencies *all, const struct table *table,
                          struct arpu_table *ret, struct error *err) {
    struct text name;
    if (currencies_check(all, table, &name, err))
        return err->code;
    if (name.length == 0)
        return 0;
    ret->currency = (struct text){arena_text(&ret->names, name.bytes, name.length), name.length};
    return ret->currency.bytes ? 0 : error_memory(err);
}

static int finish_state(struct common *common, const struct state *state, const struct table *table,
                        struct arpu_table *ret, struct arpu_log_summary *summary,
                        struct error *err) {
    const struct arpu_log_options *options = common->options;
    struct finish finish = {.common = common};
    *summary = (struct arpu_log_summary){.first_day = state->first_day,
                                         .last_day = state->last_day,
                                         .without_revenue = state->without_revenue};
    if (summary->first_day <= summary->last_day) {
        finish.first = period_of(options->period, summary->first_day).index;
        finish.last = period_of(options->period, summary->last_day).index;
        finish.periods = (size_t)(finish.last - finish.first) + 1;
    }
    int code = check_currency(&state->currencies, table, ret, err);
    if (!code)
        code = tally_all(&finish, options, err);
    if (!code)
        code = add_rows(&finish, ret, err);
    ret->has_segments = options->segment != NULL;
    free(finish.tallies);
    return code;
}

int arpu_read_log(struct table *table, const struct arpu_log_options *options,
                  struct arpu_table *ret, struct arpu_log_summary *ret_summary, struct error *err) {
    static const struct table_fold fold = {state_begin, state_add, state_merge, state_destroy};
    const struct table_column columns[COLUMNS] = {
        [USER] = {.name = "user", .type = TABLE_TEXT},
        [PLATFORM] = {.name = "platform", .type = TABLE_CATEGORY},
        [DATE] = {.name = "date", .type = TABLE_DATE},
        [REVENUE] = {.name = "revenue", .type = TABLE_DECIMAL, .missing = true},
        [CURRENCY] = {.name = "currency",
                      .type = TABLE_CATEGORY,
                      .missing = true,
                      .optional = true},
        [SEGMENT] = {.name = options->segment, .type = TABLE_CATEGORY, .missing = true},
    };
    struct common common = {.options = options};
    void *state = NULL;
    pthread_mutex_init(&common.lock, NULL);
    int code = ledger_create(&common.ledger, err);
    if (!code)
        code = table_bind(table, columns, options->segment ? COLUMNS : SEGMENT, err);
    if (!code)
        code = table_fold(table, &fold, &common, &state, err);
    if (!code)
        code = finish_state(&common, state, table, ret, ret_summary, err);
    state_destroy(state);
    ledger_destroy(common.ledger);
    dictionary_free(&common.cells);
    pthread_mutex_destroy(&common.lock);
    return code;
}
