/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "users/growth-series.h"

#include "base/dictionary.h"
#include <stdlib.h>

enum { DATE, USERS, GROUP };

/* A row of the table, to be sorted by group and date. */
struct count {
    uint32_t rank; /* of its group's name */
    struct period period;
    double users;
    size_t row;
};

static int compare_counts(const void *left, const void *right) {
    const struct count *a = left, *b = right;
    if (a->rank != b->rank)
        return a->rank < b->rank ? -1 : 1;
    const int order = period_compare(a->period, b->period);
    return order ? order : (a->row > b->row) - (a->row < b->row);
}

static int compare_steps(const void *left, const void *right) {
    const int32_t a = *(const int32_t *)left, b = *(const int32_t *)right;
    return (a > b) - (a < b);
}

/* Good rows into `ret`, with the code of their group as the rank. A group whose rows all lack a
 * count is one too. */
static int take_counts(const struct table_batch *batch, bool grouped, struct dictionary *groups,
                       struct count *ret, size_t *ret_n, size_t *ret_missing, struct error *err) {
    size_t n = 0;
    *ret_missing = 0;
    for (size_t row = 0; row < batch->rows; row++) {
        struct count *count = &ret[n];
        struct text name = text_of("(all)");
        uint32_t code;
        if (grouped)
            name = table_missing(batch, GROUP, row) ? text_of("(missing)")
                                                    : batch->columns[GROUP].text[row];
        if (dictionary_add(groups, name, &code, err))
            return err->code;
        if (table_missing(batch, USERS, row)) {
            ++*ret_missing;
            continue;
        }
        *count = (struct count){.rank = code,
                                .period = batch->columns[DATE].period[row],
                                .users = batch->columns[USERS].number[row],
                                .row = row};
        if (count->users < 0) {
            if (table_reject(batch, row, USERS, err, "found %g users, expected 0 or more",
                             count->users))
                return err->code;
            continue;
        }
        n++;
    }
    *ret_n = n;
    return 0;
}

/* From codes to ranks of the names. */
static int rank_groups(const struct dictionary *groups, struct count *counts, size_t n,
                       struct error *err) {
    uint32_t *order, *ranks;
    const int status = dictionary_ranks(groups, &order, &ranks, err);
    for (size_t i = 0; i < n && !status; i++)
        counts[i].rank = ranks[counts[i].rank];
    free(order);
    free(ranks);
    return status;
}

static int refuse(const struct table_batch *batch, const struct count *first,
                  const struct count *second, struct error *err) {
    char a[TABLE_WHERE], b[TABLE_WHERE], date[CALENDAR_TEXT];
    table_where(batch, first->row, DATE, a);
    table_where(batch, second->row, DATE, b);
    period_format(second->period, date);
    if (first->period.kind != second->period.kind)
        return error_set(err, ERROR_DATA, "%s: found a %s, and at %s a %s, expected one kind", b,
                         period_kind_name(second->period.kind), a,
                         period_kind_name(first->period.kind));
    return error_set(err, ERROR_DATA,
                     "%s: found %s a second time, first at %s, expected each date once in a group",
                     b, date, a);
}

static int check(const struct table_batch *batch, const struct count *counts, size_t n,
                 struct error *err) {
    for (size_t i = 1; i < n; i++)
        if (counts[i].period.kind != counts[0].period.kind ||
            (counts[i].rank == counts[i - 1].rank &&
             counts[i].period.index == counts[i - 1].period.index)) {
            const bool kinds = counts[i].period.kind != counts[0].period.kind;
            return refuse(batch, &counts[kinds ? 0 : i - 1], &counts[i], err);
        }
    return 0;
}

static int32_t median_step(const struct count *counts, size_t n, struct error *err) {
    if (n < 2)
        return 1;
    int32_t *steps = malloc((n - 1) * sizeof *steps), ret = 1;
    if (!steps) {
        error_memory(err);
        return ret;
    }
    for (size_t i = 1; i < n; i++)
        steps[i - 1] = counts[i].period.index - counts[i - 1].period.index;
    qsort(steps, n - 1, sizeof *steps, compare_steps);
    ret = steps[(n - 1) / 2];
    free(steps);
    return ret;
}

static int fill(struct growth_table *growing, const struct count *counts, size_t n,
                struct text name, struct grown *ret, struct error *err) {
    struct period *periods = arena_alloc(&growing->arena, n * sizeof *periods);
    double *time = arena_alloc(&growing->arena, n * sizeof *time);
    double *users = arena_alloc(&growing->arena, n * sizeof *users);
    const char *copy = arena_text(&growing->arena, name.bytes, name.length);
    if (!periods || !time || !users || !copy)
        return error_memory(err);
    *ret = (struct grown){.group = {copy, name.length}, .periods = periods};
    for (size_t i = 0; i < n; i++) {
        periods[i] = counts[i].period;
        time[i] = grown_time(ret, periods[i]);
        users[i] = counts[i].users;
    }
    ret->series = (struct growth_series){n, time, users};
    ret->step = median_step(counts, n, err);
    return err->code;
}

double grown_time(const struct grown *grown, struct period period) {
    return period_first_day(period) - period_first_day(grown->periods[0]);
}

static int build(const struct table_batch *batch, bool grouped, struct dictionary *groups,
                 struct count *counts, struct growth_table *ret, struct error *err) {
    size_t n = 0, from = 0;
    if (take_counts(batch, grouped, groups, counts, &n, &ret->missing, err) ||
        rank_groups(groups, counts, n, err))
        return err->code;
    qsort(counts, n, sizeof *counts, compare_counts);
    ret->items = calloc(groups->count + 1U, sizeof *ret->items);
    uint32_t *order = malloc((groups->count + 1U) * sizeof *order);
    if (!ret->items || !order) {
        free(order);
        return error_memory(err);
    }
    int status = check(batch, counts, n, err);
    dictionary_order(groups, order);
    for (uint32_t rank = 0; rank < groups->count && !status; rank++) {
        size_t to = from;
        while (to < n && counts[to].rank == rank)
            to++;
        status = fill(ret, counts + from, to - from, dictionary_name(groups, order[rank]),
                      &ret->items[ret->n++], err);
        from = to;
    }
    free(order);
    return status;
}

int growth_table_read(struct table *table, const char *group, struct growth_table *ret,
                      struct error *err) {
    const struct table_column columns[] = {
        [DATE] = {.name = "date", .type = TABLE_PERIOD},
        [USERS] = {.name = "users", .type = TABLE_NUMBER, .missing = true},
        [GROUP] = {.name = group, .type = TABLE_TEXT, .missing = true},
    };
    const struct table_batch *batch;
    struct dictionary groups = {0};
    *ret = (struct growth_table){0};
    if (table_bind(table, columns, group ? 3 : 2, err) || table_read(table, &batch, err))
        return err->code;
    struct count *counts = malloc((batch->rows + 1) * sizeof *counts);
    int status = counts ? build(batch, group, &groups, counts, ret, err) : error_memory(err);
    free(counts);
    dictionary_free(&groups);
    if (status)
        growth_table_free(ret);
    return status;
}

void growth_table_free(struct growth_table *growing) {
    free(growing->items);
    arena_free(&growing->arena);
    *growing = (struct growth_table){0};
}
