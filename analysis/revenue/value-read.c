/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Customers from logs and histories. */
#include "revenue/value-read.h"

#include "base/buffer.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static int add_customer(struct value_customers *customers, const struct value_customer *customer,
                        struct error *err) {
    if (array_reserve((void **)&customers->items, &customers->capacity, customers->n + 1,
                      sizeof *customers->items, err))
        return err->code;
    customers->items[customers->n++] = *customer;
    return 0;
}

/* ---- A log ----------------------------------------------------------------------------------- */

enum { USER, DATE, REVENUE, CURRENCY, LOG_COLUMNS };
static const struct table_column log_columns[LOG_COLUMNS] = {
    [USER] = {.name = "user", .type = TABLE_TEXT},
    [DATE] = {.name = "date", .type = TABLE_DATE},
    [REVENUE] = {.name = "revenue", .type = TABLE_DECIMAL, .missing = true},
    [CURRENCY] = {.name = "currency", .type = TABLE_TEXT, .missing = true, .optional = true},
};

/* A row, by the code of its user. */
struct payment {
    uint32_t user;
    int32_t day;
    decimal revenue;
};

struct log {
    struct dictionary users, currencies;
    struct payment *payments;
    size_t n, capacity;
};

static void log_destroy(void *state) {
    struct log *log = state;
    if (!log)
        return;
    dictionary_free(&log->users);
    dictionary_free(&log->currencies);
    free(log->payments);
    free(log);
}

static int log_begin(void *context, void **ret_state, struct error *err) {
    (void)context;
    *ret_state = calloc(1, sizeof(struct log));
    return *ret_state ? 0 : error_memory(err);
}

static int log_add(void *state, const struct table_batch *batch, struct error *err) {
    struct log *log = state;
    uint32_t code;
    if (array_reserve((void **)&log->payments, &log->capacity, log->n + batch->rows,
                      sizeof *log->payments, err))
        return err->code;
    for (size_t row = 0; row < batch->rows; row++) {
        struct payment *payment = &log->payments[log->n++];
        *payment = (struct payment){.day = batch->columns[DATE].date[row],
                                    .revenue = batch->columns[REVENUE].decimal[row]};
        if (dictionary_add(&log->users, batch->columns[USER].text[row], &payment->user, err))
            return err->code;
        if (!table_missing(batch, CURRENCY, row) &&
            dictionary_add(&log->currencies, batch->columns[CURRENCY].text[row], &code, err))
            return err->code;
    }
    return 0;
}

static int log_merge(void *into_state, void *from_state, struct error *err) {
    struct log *into = into_state, *from = from_state;
    uint32_t *codes = malloc((from->users.count + 1) * sizeof *codes);
    int code = codes ? 0 : error_memory(err);
    if (!code)
        code = dictionary_merge(&into->users, &from->users, codes, err) ||
                       dictionary_merge(&into->currencies, &from->currencies, NULL, err) ||
                       array_reserve((void **)&into->payments, &into->capacity, into->n + from->n,
                                     sizeof *into->payments, err)
                   ? err->code
                   : 0;
    for (size_t i = 0; i < from->n && !code; i++) {
        into->payments[into->n] = from->payments[i];
        into->payments[into->n++].user = codes[from->payments[i].user];
    }
    free(codes);
    return code;
}

static int by_user_and_day(const void *a, const void *b) {
    const struct payment *left = a, *right = b;
    if (left->user != right->user)
        return left->user < right->user ? -1 : 1;
    return (left->day > right->day) - (left->day < right->day);
}

static int check_currencies(const struct log *log, struct error *err) {
    if (log->currencies.count < 2)
        return 0;
    const struct text a = dictionary_name(&log->currencies, 0);
    const struct text b = dictionary_name(&log->currencies, 1);
    const bool swapped = text_compare(a, b) > 0;
    return error_set(err, ERROR_DATA, "%u currencies, such as %.*s and %.*s, expected one",
                     log->currencies.count, (int)(swapped ? b : a).length, (swapped ? b : a).bytes,
                     (int)(swapped ? a : b).length, (swapped ? a : b).bytes);
}

/* Numbers users by their names, so that nothing depends on which thread met them first. */
static int rank_users(struct log *log, struct dictionary *names, struct error *err) {
    const uint32_t n = log->users.count;
    uint32_t *order = malloc((n + 1) * sizeof *order), *rank = malloc((n + 1) * sizeof *rank);
    int code = order && rank ? 0 : error_memory(err);
    if (!code)
        dictionary_order(&log->users, order);
    for (uint32_t i = 0; i < n && !code; i++) {
        code = dictionary_add(names, dictionary_name(&log->users, order[i]), &rank[order[i]], err);
    }
    for (size_t i = 0; i < log->n && !code; i++)
        log->payments[i].user = rank[log->payments[i].user];
    free(order);
    free(rank);
    return code;
}

/* One user's payments, sorted by day. */
struct life {
    int32_t first, last;
    int64_t purchases;
    decimal_sum repeated; /* revenue of repeat purchases */
};

static struct life live(const struct payment *payments, size_t n, struct value_said *said) {
    struct life life = {0};
    for (size_t i = 0; i < n;) {
        const int32_t day = payments[i].day;
        decimal_sum revenue = 0;
        for (; i < n && payments[i].day == day; i++)
            revenue += payments[i].revenue;
        if (revenue < 0) {
            said->refund_days++;
            said->refunds += revenue;
        }
        if (revenue <= 0)
            continue;
        if (life.purchases++ == 0)
            life.first = day;
        else
            life.repeated += revenue;
        life.last = day;
    }
    return life;
}

static int add_life(const struct life *life, uint32_t user, const struct value_request *request,
                    const struct value_said *said, struct value_customers *ret, struct error *err) {
    const double repeats = (double)(life->purchases - 1), unit = request->unit_days;
    double mean = NAN;
    decimal exact; /* to the millionth */
    if (repeats > 0 && decimal_sum_divide(life->repeated, life->purchases - 1, &exact))
        mean = decimal_to_double(exact);
    const struct value_customer customer = {
        .name = user,
        .first = life->first,
        .history = {repeats, (life->last - life->first) / unit, (said->last - life->first) / unit},
        .mean = mean,
        .count = 1};
    return add_customer(ret, &customer, err);
}

static int make_customers(struct log *log, const struct value_request *request,
                          struct value_customers *ret, struct value_said *said, struct error *err) {
    said->last = request->last;
    for (size_t i = 0; i < log->n && request->last == INT32_MIN; i++)
        said->last = log->payments[i].day > said->last ? log->payments[i].day : said->last;
    size_t kept = 0;
    for (size_t i = 0; i < log->n; i++)
        if (log->payments[i].day <= said->last)
            log->payments[kept++] = log->payments[i];
    log->n = kept;
    if (rank_users(log, &ret->names, err))
        return err->code;
    if (log->n > 0)
        qsort(log->payments, log->n, sizeof *log->payments, by_user_and_day);
    for (size_t from = 0, to; from < log->n; from = to) {
        const uint32_t user = log->payments[from].user;
        for (to = from; to < log->n && log->payments[to].user == user;)
            to++;
        const struct life life = live(log->payments + from, to - from, said);
        if (life.purchases == 0)
            said->idle_users++;
        else if (add_life(&life, user, request, said, ret, err))
            return err->code;
    }
    return 0;
}

int value_read_log(struct table *table, const struct value_request *request,
                   struct value_customers *ret, struct value_said *ret_said, struct error *err) {
    static const struct table_fold fold = {log_begin, log_add, log_merge, log_destroy};
    void *state = NULL;
    *ret_said = (struct value_said){0};
    ret->spend = true;
    if (table_bind(table, log_columns, LOG_COLUMNS, err) ||
        table_fold(table, &fold, NULL, &state, err))
        return err->code;
    const int code =
        check_currencies(state, err) || make_customers(state, request, ret, ret_said, err)
            ? err->code
            : 0;
    log_destroy(state);
    return code;
}

/* ---- Histories ------------------------------------------------------------------------------- */

enum { FREQUENCY, RECENCY, AGE, VALUE, COUNT, NAME, HISTORY_COLUMNS };
static const struct table_column history_columns[HISTORY_COLUMNS] = {
    [FREQUENCY] = {.name = "frequency", .type = TABLE_NUMBER},
    [RECENCY] = {.name = "recency", .type = TABLE_NUMBER},
    [AGE] = {.name = "T", .type = TABLE_NUMBER},
    [VALUE] = {.name = "value", .type = TABLE_NUMBER, .missing = true, .optional = true},
    [COUNT] = {.name = "customers", .type = TABLE_INTEGER, .missing = true, .optional = true},
    [NAME] = {.name = "user", .type = TABLE_TEXT, .missing = true, .optional = true},
};

/* Which column is wrong, and what was expected of it; NULL if none is. */
static const char *wrong(const struct value_history *history, double count, int *ret_column) {
    if (!(history->x >= 0) || history->x != floor(history->x)) {
        *ret_column = FREQUENCY;
        return "expected a whole number of repeat purchases";
    }
    if (!(history->age >= 0)) {
        *ret_column = AGE;
        return "expected a time since the first purchase, 0 or more";
    }
    if (!(history->t_x >= 0 && history->t_x <= history->age)) {
        *ret_column = RECENCY;
        return "expected a time from the first to the last purchase, 0 to T";
    }
    if (history->x == 0 && history->t_x > 0) {
        *ret_column = RECENCY;
        return "expected 0 where frequency is 0: frequency counts repeat purchases";
    }
    if (history->x > 0 && history->t_x == 0) {
        *ret_column = RECENCY;
        return "expected more than 0 where frequency is above 0";
    }
    if (!(count >= 1)) {
        *ret_column = COUNT;
        return "expected 1 or more";
    }
    return NULL;
}

static int add_history(struct value_customers *ret, const struct table_batch *batch, size_t row,
                       struct error *err) {
    const struct table_cells *columns = batch->columns;
    struct value_customer customer = {
        .first = INT32_MIN,
        .history = {columns[FREQUENCY].number[row], columns[RECENCY].number[row],
                    columns[AGE].number[row]},
        .mean = table_missing(batch, VALUE, row) ? NAN : columns[VALUE].number[row],
        .count = table_missing(batch, COUNT, row) ? 1 : (double)columns[COUNT].integer[row]};
    int column;
    const char *expected = wrong(&customer.history, customer.count, &column);
    if (expected)
        return table_reject(batch, row, column, err, "found frequency %g, recency %g, T %g, %s",
                            customer.history.x, customer.history.t_x, customer.history.age,
                            expected);
    if (dictionary_add(&ret->names, columns[NAME].text[row], &customer.name, err))
        return err->code;
    return add_customer(ret, &customer, err);
}

int value_read_histories(struct table *table, struct value_customers *ret, struct error *err) {
    const struct table_batch *batch;
    ret->spend = table_has(table, "value");
    if (table_bind(table, history_columns, HISTORY_COLUMNS, err) || table_read(table, &batch, err))
        return err->code;
    for (size_t row = 0; row < batch->rows; row++)
        if (add_history(ret, batch, row, err))
            return err->code;
    return 0;
}
