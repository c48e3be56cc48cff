/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Single users from a log: a fold into a ledger for each measure, then sorted entries.
 *
 * Contents: the state of one worker; adding a batch; merging; places; entries; visiting.
 */
#include "revenue/accounts.h"

#include "base/buffer.h"
#include "base/dictionary.h"
#include "base/workers.h"
#include "revenue/currency.h"
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

/* ---- The state of one worker ----------------------------------------------------------------- */

/* What all workers fill, and what lives as long as the accounts. */
struct common {
    const struct accounts_options *options;
    size_t groups; /* how many there are */
    bool has[ACCOUNT_MEASURES];
    struct ledger *ledgers[ACCOUNT_MEASURES]; /* NULL for a measure that the log lacks */
    pthread_mutex_t lock;                     /* for what follows */
    struct dictionary cells;                  /* platform and groups, a NUL between each */
    struct currencies currencies;
};

/* Rows of a batch, on their way into the ledgers. */
struct rows {
    struct text *users;
    uint16_t *cells;
    int32_t *periods;
    decimal *amounts[ACCOUNT_MEASURES];
    size_t n, capacity;
};

struct state {
    struct common *common;
    struct ledger_hand hands[ACCOUNT_MEASURES];
    struct rows rows;
    struct dictionary names; /* of the cells that this worker has met */
    uint16_t *numbers;       /* of each, among all */
    size_t numbers_capacity;
    struct currencies currencies;
    int32_t first_day, last_day;
    uint64_t without_revenue;
    struct buffer name; /* scratch for the name of a cell */
};

static void state_destroy(void *given) {
    struct state *state = given;
    if (!state)
        return;
    for (int m = 0; m < ACCOUNT_MEASURES; m++) {
        ledger_hand_free(&state->hands[m]);
        free(state->rows.amounts[m]);
    }
    free(state->rows.users);
    free(state->rows.cells);
    free(state->rows.periods);
    dictionary_free(&state->names);
    free(state->numbers);
    currencies_free(&state->currencies);
    buffer_free(&state->name);
    free(state);
}

static int state_begin(void *context, void **ret, struct error *err) {
    struct state *state = calloc(1, sizeof *state);
    if (!state)
        return error_memory(err);
    state->common = context;
    state->first_day = INT32_MAX;
    state->last_day = INT32_MIN;
    *ret = state;
    return 0;
}

/* ---- Adding a batch -------------------------------------------------------------------------- */

enum column { USER, PLATFORM, DATE, REVENUE, MINUTES, VIEWS, CURRENCY, GROUP, COLUMNS = GROUP + 2 };

static const enum column column_of[ACCOUNT_MEASURES] = {REVENUE, MINUTES, VIEWS};

/* The number that a cell has for all workers. */
static int number_cell(struct common *common, struct text name, uint16_t *ret, struct error *err) {
    uint32_t code = 0;
    pthread_mutex_lock(&common->lock);
    int status = dictionary_add(&common->cells, name, &code, err);
    pthread_mutex_unlock(&common->lock);
    if (!status && code >= LEDGER_CELLS)
        status = error_set(err, ERROR_DATA, "more than %d platforms and groups, expected fewer",
                           LEDGER_CELLS);
    *ret = (uint16_t)code;
    return status;
}

static int find_cell(struct state *state, const struct table_batch *batch, size_t row,
                     uint16_t *ret, struct error *err) {
    const struct text platform = batch->columns[PLATFORM].text[row];
    const uint32_t known = state->names.count;
    uint32_t code;
    buffer_clear(&state->name);
    buffer_append(&state->name, platform.bytes, platform.length);
    for (size_t g = 0; g < state->common->groups; g++) {
        const struct text group = batch->columns[GROUP + g].text[row];
        buffer_byte(&state->name, '\0'); /* no input holds one */
        buffer_append(&state->name, group.bytes, group.length);
    }
    const struct text name = {state->name.bytes, state->name.length};
    if (buffer_check(&state->name, err) || dictionary_add(&state->names, name, &code, err) ||
        array_reserve((void **)&state->numbers, &state->numbers_capacity, (size_t)code + 1,
                      sizeof *state->numbers, err))
        return err->code;
    if (code == known && number_cell(state->common, name, &state->numbers[code], err))
        return err->code;
    *ret = state->numbers[code];
    return 0;
}

/* Columns grow together: their capacities are one. */
static int reserve_rows(struct rows *rows, size_t needed, struct error *err) {
    size_t capacity[ACCOUNT_MEASURES + 3];
    for (size_t c = 0; c < ACCOUNT_MEASURES + 3; c++)
        capacity[c] = rows->capacity;
    if (array_reserve((void **)&rows->users, &capacity[0], needed, sizeof *rows->users, err) ||
        array_reserve((void **)&rows->cells, &capacity[1], needed, sizeof *rows->cells, err) ||
        array_reserve((void **)&rows->periods, &capacity[2], needed, sizeof *rows->periods, err))
        return err->code;
    for (int m = 0; m < ACCOUNT_MEASURES; m++)
        if (array_reserve((void **)&rows->amounts[m], &capacity[3 + m], needed, sizeof(decimal),
                          err))
            return err->code;
    rows->capacity = needed > rows->capacity ? needed : rows->capacity;
    return 0;
}

static int take_row(struct state *state, const struct table_batch *batch, size_t row,
                    struct error *err) {
    struct rows *rows = &state->rows;
    const int32_t day = batch->columns[DATE].date[row];
    for (int m = ACCOUNT_MINUTES; m < ACCOUNT_MEASURES; m++)
        if (state->common->has[m] && batch->columns[column_of[m]].decimal[row] < 0)
            return table_reject(batch, row, column_of[m], err,
                                "%s are negative, expected 0 or more",
                                m == ACCOUNT_MINUTES ? "minutes" : "views");
    if (find_cell(state, batch, row, &rows->cells[rows->n], err) ||
        currencies_note(&state->currencies, batch, row, CURRENCY, err))
        return err->code;
    state->first_day = day < state->first_day ? day : state->first_day;
    state->last_day = day > state->last_day ? day : state->last_day;
    state->without_revenue += table_missing(batch, REVENUE, row);
    rows->users[rows->n] = batch->columns[USER].text[row];
    rows->periods[rows->n] = period_of(state->common->options->period, day).index;
    for (int m = 0; m < ACCOUNT_MEASURES; m++)
        rows->amounts[m][rows->n] = batch->columns[column_of[m]].decimal[row];
    rows->n++;
    return 0;
}

static int state_add(void *given, const struct table_batch *batch, struct error *err) {
    struct state *state = given;
    state->rows.n = 0;
    if (reserve_rows(&state->rows, batch->rows, err))
        return err->code;
    for (size_t row = 0; row < batch->rows; row++)
        if (take_row(state, batch, row, err))
            return err->code;
    for (int m = 0; m < ACCOUNT_MEASURES; m++) {
        const struct ledger_rows rows = {state->rows.users, state->rows.cells, state->rows.periods,
                                         state->rows.amounts[m]};
        if (state->common->has[m] &&
            ledger_add(state->common->ledgers[m], &state->hands[m], &rows, state->rows.n, err))
            return err->code;
    }
    return 0;
}

/* ---- Merging --------------------------------------------------------------------------------- */

static int state_merge(void *given_into, void *given_from, struct error *err) {
    struct state *into = given_into, *from = given_from;
    into->first_day = from->first_day < into->first_day ? from->first_day : into->first_day;
    into->last_day = from->last_day > into->last_day ? from->last_day : into->last_day;
    into->without_revenue += from->without_revenue;
    return currencies_merge(&into->currencies, &from->currencies, err);
}

/* ---- Places ---------------------------------------------------------------------------------- */

struct finish {
    struct common *common;
    struct accounts *accounts;
    uint32_t *place; /* of a cell's number: by name */
};

static void name_place(struct text name, size_t groups, struct account_place *place) {
    const char *end = name.bytes + name.length;
    place->platform = (struct text){name.bytes, strlen(name.bytes)};
    const char *at = name.bytes + place->platform.length + 1;
    for (size_t g = 0; g < groups && at <= end; g++) {
        place->groups[g] = (struct text){at, strlen(at)};
        at += place->groups[g].length + 1;
    }
}

static int number_places(struct finish *finish, struct error *err) {
    struct accounts *accounts = finish->accounts;
    const struct dictionary *all = &finish->common->cells;
    uint32_t *order = malloc((all->count + 1) * sizeof *order);
    finish->place = malloc((all->count + 1) * sizeof *finish->place);
    accounts->places = calloc((size_t)all->count + 1, sizeof *accounts->places);
    if (!order || !finish->place || !accounts->places) {
        free(order);
        return error_memory(err);
    }
    dictionary_order(all, order);
    accounts->n_places = all->count;
    for (uint32_t rank = 0; rank < all->count; rank++) {
        finish->place[order[rank]] = rank;
        name_place(dictionary_name(all, order[rank]), finish->common->groups,
                   &accounts->places[rank]);
    }
    free(order);
    return 0;
}

/* ---- Entries --------------------------------------------------------------------------------- */

static int by_user(const void *a, const void *b) {
    const struct account_entry *x = a, *y = b;
    if (x->user != y->user)
        return x->user < y->user ? -1 : 1;
    if (x->user_rest != y->user_rest)
        return x->user_rest < y->user_rest ? -1 : 1;
    if (x->place != y->place)
        return x->place < y->place ? -1 : 1;
    return x->period < y->period ? -1 : x->period > y->period;
}

/* What the entries of one measure's ledger are, in the order above; the amounts in of[0]. */
static int list_measure(const struct finish *finish, size_t number, enum account_measure measure,
                        struct accounts_part *ret, struct error *err) {
    struct ledger *ledger = finish->common->ledgers[measure];
    const struct ledger_entry *found;
    size_t capacity = 0;
    int128 sum;
    for (size_t at = 0; (found = ledger_next(ledger, number, &at, &sum));) {
        if (array_reserve((void **)&ret->entries, &capacity, ret->count + 1, sizeof *ret->entries,
                          err))
            return ERROR_SYSTEM;
        struct account_entry *entry = &ret->entries[ret->count++];
        *entry = (struct account_entry){
            .user = found->user,
            .user_rest = (uint32_t)(found->place >> (LEDGER_CELL_BITS + LEDGER_PERIOD_BITS)),
            .period = ledger_period(found),
            .place = finish->place[ledger_cell(found)]};
        if (!decimal_narrow(sum, &entry->of[0]))
            return error_set(err, ERROR_DATA,
                             "what one user has in one period is out of range, expected at most "
                             "9223372036854.775807");
    }
    ledger_drop(ledger, number);
    if (ret->count > 0)
        qsort(ret->entries, ret->count, sizeof *ret->entries, by_user);
    return 0;
}

/* Each row has added to every measure, so that all of them have the same entries. */
static int list_part(void *context, size_t number, int worker, struct error *err) {
    (void)worker;
    const struct finish *finish = context;
    struct accounts_part *part = &finish->accounts->parts[number];
    if (list_measure(finish, number, ACCOUNT_REVENUE, part, err))
        return err->code;
    for (enum account_measure m = ACCOUNT_MINUTES; m < ACCOUNT_MEASURES; m++) {
        struct accounts_part other = {0};
        if (!finish->common->has[m])
            continue;
        int code = list_measure(finish, number, m, &other, err);
        for (size_t i = 0; !code && i < part->count && i < other.count; i++)
            part->entries[i].of[m] = other.entries[i].of[0];
        free(other.entries);
        if (code)
            return code;
    }
    return 0;
}

static int finish_state(struct state *state, const struct table *table, struct accounts *accounts,
                        struct error *err) {
    struct common *common = state->common;
    struct finish finish = {.common = common, .accounts = accounts};
    accounts->first_day = state->first_day;
    accounts->last_day = state->last_day;
    accounts->without_revenue = state->without_revenue;
    if (state->first_day <= state->last_day) {
        accounts->first = period_of(accounts->kind, state->first_day).index;
        accounts->last = period_of(accounts->kind, state->last_day).index;
    }
    int code = currencies_merge(&common->currencies, &state->currencies, err);
    if (!code)
        code = currencies_check(&common->currencies, table, &accounts->currency, err);
    if (!code)
        code = number_places(&finish, err);
    if (!code)
        code = workers_run(common->options->threads, LEDGER_PARTS, list_part, &finish, err);
    free(finish.place);
    return code;
}

static void common_destroy(struct common *common) {
    if (!common)
        return;
    for (int m = 0; m < ACCOUNT_MEASURES; m++)
        ledger_destroy(common->ledgers[m]);
    pthread_mutex_destroy(&common->lock);
    dictionary_free(&common->cells);
    currencies_free(&common->currencies);
    free(common);
}

static int begin_accounts(const struct table *table, const struct accounts_options *options,
                          struct accounts **ret, struct error *err) {
    struct accounts *accounts = calloc(1, sizeof *accounts);
    struct common *common = calloc(1, sizeof *common);
    if (!accounts || !common || pthread_mutex_init(&common->lock, NULL)) {
        free(accounts);
        free(common);
        return error_memory(err);
    }
    *ret = accounts;
    accounts->inside = common;
    accounts->kind = options->period;
    accounts->last = -1; /* before `first` until there is a row */
    common->options = options;
    while (common->groups < ACCOUNT_GROUPS && options->groups[common->groups])
        common->groups++;
    common->has[ACCOUNT_REVENUE] = true;
    common->has[ACCOUNT_MINUTES] = !options->revenue_alone && table_has(table, "minutes");
    common->has[ACCOUNT_VIEWS] = !options->revenue_alone && table_has(table, "views");
    for (int m = 0; m < ACCOUNT_MEASURES; m++) {
        accounts->has[m] = common->has[m];
        if (common->has[m] && ledger_create(&common->ledgers[m], err))
            return err->code;
    }
    return 0;
}

int accounts_read(struct table *table, const struct accounts_options *options,
                  struct accounts **ret, struct error *err) {
    static const struct table_fold fold = {state_begin, state_add, state_merge, state_destroy};
    const struct table_column columns[COLUMNS] = {
        [USER] = {.name = "user", .type = TABLE_TEXT},
        [PLATFORM] = {.name = "platform", .type = TABLE_TEXT},
        [DATE] = {.name = "date", .type = TABLE_DATE},
        [REVENUE] = {.name = "revenue", .type = TABLE_DECIMAL, .missing = true},
        [MINUTES] = {.name = "minutes", .type = TABLE_DECIMAL, .missing = true, .optional = true},
        [VIEWS] = {.name = "views", .type = TABLE_DECIMAL, .missing = true, .optional = true},
        [CURRENCY] = {.name = "currency", .type = TABLE_TEXT, .missing = true, .optional = true},
        [GROUP] = {.name = options->groups[0], .type = TABLE_TEXT, .missing = true},
        [GROUP + 1] = {.name = options->groups[1], .type = TABLE_TEXT, .missing = true},
    };
    struct accounts *accounts = NULL;
    void *state = NULL;
    int code = begin_accounts(table, options, &accounts, err);
    if (!code) {
        struct common *common = accounts->inside;
        code = table_bind(table, columns, GROUP + common->groups, err);
        if (!code)
            code = table_fold(table, &fold, common, &state, err);
        if (!code)
            code = finish_state(state, table, accounts, err);
    }
    state_destroy(state);
    if (code)
        accounts_destroy(accounts);
    else
        *ret = accounts;
    return code;
}

void accounts_destroy(struct accounts *accounts) {
    if (!accounts)
        return;
    for (size_t p = 0; p < LEDGER_PARTS; p++)
        free(accounts->parts[p].entries);
    free(accounts->places);
    common_destroy(accounts->inside);
    free(accounts);
}

/* ---- Visiting -------------------------------------------------------------------------------- */

struct visiting {
    const struct accounts *accounts;
    accounts_visit *visit;
    void *context;
};

static int visit_part(void *context, size_t number, int worker, struct error *err) {
    const struct visiting *visiting = context;
    const struct accounts_part *part = &visiting->accounts->parts[number];
    for (size_t i = 0, end; i < part->count; i = end) {
        for (end = i + 1;
             end < part->count && account_same_user(&part->entries[i], &part->entries[end]);)
            end++;
        if (visiting->visit(visiting->context, number, worker, &part->entries[i], end - i, err))
            return err->code;
    }
    return 0;
}

int accounts_each(const struct accounts *accounts, int threads, accounts_visit *visit,
                  void *context, struct error *err) {
    struct visiting visiting = {accounts, visit, context};
    return workers_run(threads, LEDGER_PARTS, visit_part, &visiting, err);
}
