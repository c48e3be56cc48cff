/* SPDX-License-Identifier: GPL-3.0-or-later */
/* ARPU from a panel: read whole, sort, compare neighbours. */
#include "revenue/arpu-panel.h"

#include "base/buffer.h"
#include <math.h>
#include <stdlib.h>

enum column { PLATFORM, PERIOD, USERS, REVENUE, SEGMENT, CURRENCY, COLUMNS };

/* One row of the input and where it stands. */
struct item {
    struct text platform, segment;
    struct period period;
    size_t row;
};

static int by_key(const void *a, const void *b) {
    const struct item *x = a, *y = b;
    int order = text_compare(x->platform, y->platform);
    if (order == 0)
        order = text_compare(x->segment, y->segment);
    return order != 0 ? order : period_compare(x->period, y->period);
}

static int by_key_and_row(const void *a, const void *b) {
    int order = by_key(a, b);
    if (order != 0)
        return order;
    const struct item *x = a, *y = b;
    return x->row < y->row ? -1 : x->row > y->row;
}

/* ---- Checking -------------------------------------------------------------------------------- */

/* The rows that others are held against. */
struct first {
    bool any, any_currency;
    struct period period;
    struct text currency;
    char where[TABLE_WHERE], currency_where[TABLE_WHERE];
};

/* Checks one row; *ret_good is false if it was rejected and is to be skipped. */
static int check_row(const struct table_batch *batch, size_t row, struct first *first,
                     bool *ret_good, struct error *err) {
    struct period period = batch->columns[PERIOD].period[row];
    struct text currency = batch->columns[CURRENCY].text[row];
    *ret_good = false;
    if (batch->columns[USERS].decimal[row] < 0)
        return table_reject(batch, row, USERS, err, "users are negative, expected 0 or more");
    if (first->any && period.kind != first->period.kind)
        return table_reject(batch, row, PERIOD, err, "period is a %s, expected a %s as at %s",
                            period_kind_name(period.kind), period_kind_name(first->period.kind),
                            first->where);
    if (currency.length > 0 && first->any_currency && !text_equal(currency, first->currency))
        return table_reject(batch, row, CURRENCY, err, "currency is %.*s, expected %.*s as at %s",
                            (int)currency.length, currency.bytes, (int)first->currency.length,
                            first->currency.bytes, first->currency_where);
    if (!first->any) {
        first->any = true;
        first->period = period;
        table_where(batch, row, -1, first->where);
    }
    if (currency.length > 0 && !first->any_currency) {
        first->any_currency = true;
        first->currency = currency;
        table_where(batch, row, -1, first->currency_where);
    }
    *ret_good = true;
    return 0;
}

static int collect(const struct table_batch *batch, struct item *items, size_t *ret_count,
                   struct first *first, struct error *err) {
    size_t n = 0;
    for (size_t row = 0; row < batch->rows; row++) {
        bool good;
        if (check_row(batch, row, first, &good, err))
            return err->code;
        if (good)
            items[n++] =
                (struct item){batch->columns[PLATFORM].text[row], batch->columns[SEGMENT].text[row],
                              batch->columns[PERIOD].period[row], row};
    }
    *ret_count = n;
    return 0;
}

struct repeat {
    size_t row, original;
};

static int by_row(const void *a, const void *b) {
    const struct repeat *x = a, *y = b;
    return x->row < y->row ? -1 : x->row > y->row;
}

/* Sorted items: all but the first of those with one key are rejected, in the order of the input. */
static int refuse_repeats(const struct table_batch *batch, struct item *items, size_t *count,
                          struct error *err) {
    struct repeat *repeats = malloc((*count + 1) * sizeof *repeats);
    size_t kept = 0, repeated = 0;
    int code = 0;
    if (!repeats)
        return error_memory(err);
    for (size_t i = 0; i < *count; i++) {
        if (kept > 0 && by_key(&items[kept - 1], &items[i]) == 0)
            repeats[repeated++] = (struct repeat){items[i].row, items[kept - 1].row};
        else
            items[kept++] = items[i];
    }
    *count = kept;
    qsort(repeats, repeated, sizeof *repeats, by_row);
    for (size_t i = 0; !code && i < repeated; i++) {
        char where[TABLE_WHERE];
        table_where(batch, repeats[i].original, -1, where);
        code = table_reject(batch, repeats[i].row, PERIOD, err,
                            "same platform, segment and period as %s, expected one row for each",
                            where);
    }
    free(repeats);
    return code;
}

/* ---- Rows ------------------------------------------------------------------------------------ */

/* Platform and segment are often the same as in the row before: one copy serves both. */
static int copy_text(struct arpu_table *table, struct text text, struct text before,
                     struct text *ret, struct error *err) {
    if (text_equal(text, before)) {
        *ret = before;
        return 0;
    }
    *ret = (struct text){arena_text(&table->names, text.bytes, text.length), text.length};
    return ret->bytes ? 0 : error_memory(err);
}

/* Only the net change is known, and that revenue is as that of any user. */
static void count_lost(const struct arpu_row *before, struct arpu_row *row) {
    bool fewer = row->users_change < 0;
    row->users_lost = fewer ? -row->users_change : 0;
    row->revenue_lost = fewer ? -row->change_by_users : 0;
    if (before->users > 0)
        row->users_share_lost =
            decimal_to_double(row->users_lost) / decimal_to_double(before->users);
    if (before->revenue > 0) /* both were multiplied by the ARPU before */
        row->share_lost = before->users > 0 ? row->users_share_lost : 0;
}

static int add_row(struct arpu_table *table, const struct table_batch *batch,
                   const struct item *item, struct error *err) {
    struct arpu_row *row = arpu_add(table, err);
    if (!row)
        return err->code;
    const struct arpu_row *before = table->count > 1 ? row - 1 : NULL;
    struct text nothing = {NULL, 0};
    if (copy_text(table, item->platform, before ? before->platform : nothing, &row->platform,
                  err) ||
        copy_text(table, item->segment, before ? before->segment : nothing, &row->segment, err))
        return err->code;
    row->period = item->period;
    row->users = batch->columns[USERS].decimal[item->row];
    row->revenue = batch->columns[REVENUE].decimal[item->row];
    if (arpu_of_row(row, err))
        return err->code;
    if (!before || !text_equal(before->platform, row->platform) ||
        !text_equal(before->segment, row->segment) || before->period.index + 1 != row->period.index)
        return 0;
    if (arpu_compare(before, row, err))
        return err->code;
    count_lost(before, row);
    return 0;
}

int arpu_read_panel(struct table *table, const char *segment, struct arpu_table *ret,
                    struct error *err) {
    const struct table_column columns[COLUMNS] = {
        [PLATFORM] = {.name = "platform", .type = TABLE_TEXT},
        [PERIOD] = {.name = "period", .type = TABLE_PERIOD},
        [USERS] = {.name = "users", .type = TABLE_DECIMAL},
        [REVENUE] = {.name = "revenue", .type = TABLE_DECIMAL},
        [SEGMENT] = {.name = segment ? segment : "segment",
                     .type = TABLE_TEXT,
                     .missing = true,
                     .optional = segment == NULL},
        [CURRENCY] = {.name = "currency", .type = TABLE_TEXT, .missing = true, .optional = true},
    };
    const struct table_batch *batch;
    struct first first = {0};
    struct item *items = NULL;
    size_t count = 0;
    if (table_bind(table, columns, COLUMNS, err) || table_read(table, &batch, err))
        return err->code;
    items = malloc((batch->rows + 1) * sizeof *items);
    if (!items)
        return error_memory(err);
    int code = collect(batch, items, &count, &first, err);
    if (!code) {
        qsort(items, count, sizeof *items, by_key_and_row);
        code = refuse_repeats(batch, items, &count, err);
    }
    for (size_t i = 0; !code && i < count; i++)
        code = add_row(ret, batch, &items[i], err);
    if (!code)
        code = copy_text(ret, first.currency, ret->currency, &ret->currency, err);
    ret->has_segments = table_has(table, columns[SEGMENT].name);
    free(items);
    return code;
}
