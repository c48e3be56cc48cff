/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Histories of exits.
 *
 *   1. The fold: counts by group and day, or period
 *   2. The steps
 *   3. A group's history
 */
#include "users/exit-history.h"

#include "base/decimal.h"
#include "base/dictionary.h"
#include "users/exits.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

/* ---- 1. The fold ----------------------------------------------------------------------------- */

enum { DATE, LEAVERS, COUNT_COLUMNS };
enum { START, END, SPELL_COLUMNS };

/* Kinds of counts, beside those of users/exits.h: who left in the period in which they came. */
enum { AT_ONCE = EXITS_EVENT + 1 };
enum { KINDS = PERIOD_DAY + 1 };

/* The fold's state. Times are days, or indices of periods, as decimals; a start before the records
 * is CALENDAR_MIN_DAY. */
struct reading {
    const struct exit_history_options *options;
    struct dictionary groups;
    struct exits exits;
    bool seen[KINDS]; /* kinds of dates, and where each stood first */
    struct table_place first[KINDS];
    int32_t least, most; /* days of any date */
};

static void reading_destroy(void *state) {
    struct reading *reading = state;
    if (!reading)
        return;
    dictionary_free(&reading->groups);
    exits_free(&reading->exits);
    free(reading);
}

static int reading_begin(void *context, void **ret_state, struct error *err) {
    struct reading *reading = calloc(1, sizeof *reading);
    if (!reading)
        return error_memory(err);
    reading->options = context;
    reading->least = CALENDAR_MAX_DAY;
    reading->most = CALENDAR_MIN_DAY;
    *ret_state = reading;
    return 0;
}

static void note_days(struct reading *reading, int32_t first, int32_t last) {
    if (first < reading->least)
        reading->least = first;
    if (last > reading->most)
        reading->most = last;
}

static bool place_before(struct table_place a, struct table_place b) {
    return a.shard != b.shard ? a.shard < b.shard : a.line < b.line;
}

static void note_kind(struct reading *reading, enum period_kind kind, struct table_place place) {
    if (!reading->seen[kind] || place_before(place, reading->first[kind]))
        reading->first[kind] = place;
    reading->seen[kind] = true;
}

static int group_of(struct reading *reading, const struct table_batch *batch, size_t row,
                    int column, uint32_t *ret, struct error *err) {
    struct text name = text_of("(all)");
    if (reading->options->group)
        name = table_missing(batch, (size_t)column, row) ? text_of("(missing)")
                                                         : batch->columns[column].text[row];
    return dictionary_add(&reading->groups, name, ret, err);
}

static int add_count(struct reading *reading, const struct table_batch *batch, size_t row,
                     struct error *err) {
    const struct period period = batch->columns[DATE].period[row];
    const int64_t leavers = batch->columns[LEAVERS].integer[row];
    uint32_t group;
    if (leavers < 0)
        return table_reject(batch, row, LEAVERS, err,
                            "found %" PRId64 " leavers, expected a whole number from 0 on",
                            leavers);
    if (group_of(reading, batch, row, COUNT_COLUMNS, &group, err))
        return err->code;
    note_kind(reading, period.kind, table_place(batch, row));
    note_days(reading, period_first_day(period), period_last_day(period));
    if (leavers == 0)
        return 0;
    return exits_add(&reading->exits, group, EXITS_EVENT, period.index * DECIMAL_ONE, leavers, err);
}

/* Who came, and who left by the last look. */
static int count_spell(struct reading *reading, uint32_t group, int32_t start, bool ended,
                       int32_t end, int64_t weight, struct error *err) {
    const struct exit_history_options *options = reading->options;
    const enum period_kind kind = options->period ? *options->period : PERIOD_DAY;
    if (ended && options->since && end < *options->since)
        return 0;
    if (options->as_of && end > *options->as_of)
        ended = false;
    if (exits_add(&reading->exits, group, EXITS_ENTERED, start * DECIMAL_ONE, weight, err))
        return err->code;
    if (!ended)
        return 0;
    const bool at_once =
        start != CALENDAR_MIN_DAY && period_of(kind, start).index == period_of(kind, end).index;
    return exits_add(&reading->exits, group, at_once ? AT_ONCE : EXITS_EVENT, end * DECIMAL_ONE,
                     weight, err);
}

static int add_spell(struct reading *reading, const struct table_batch *batch, size_t row,
                     struct error *err) {
    const bool came = !table_missing(batch, START, row), ended = !table_missing(batch, END, row);
    const int32_t start = came ? batch->columns[START].date[row] : CALENDAR_MIN_DAY;
    const int32_t end = ended ? batch->columns[END].date[row] : 0;
    const int weight_column = SPELL_COLUMNS + (reading->options->group ? 1 : 0);
    const int64_t weight =
        reading->options->weight ? batch->columns[weight_column].integer[row] : 1;
    uint32_t group;
    if (weight < 1)
        return table_reject(batch, row, weight_column, err,
                            "weight %" PRId64 ", expected a whole number from 1 on", weight);
    if (ended && end < start)
        return table_reject(batch, row, END, err, "the end is before the start, expected it later");
    if (reading->options->as_of && came && start > *reading->options->as_of)
        return table_reject(batch, row, START, err,
                            "the start is after the last look, expected it before");
    if (group_of(reading, batch, row, SPELL_COLUMNS, &group, err))
        return err->code;
    if (came)
        note_days(reading, start, start);
    if (ended)
        note_days(reading, end, end);
    return count_spell(reading, group, start, ended, end, weight, err);
}

static int reading_add(void *state, const struct table_batch *batch, struct error *err) {
    struct reading *reading = state;
    int status = 0;
    for (size_t row = 0; row < batch->rows && !status; row++)
        status = reading->options->spells ? add_spell(reading, batch, row, err)
                                          : add_count(reading, batch, row, err);
    return status;
}

static int reading_merge(void *into, void *from, struct error *err) {
    struct reading *a = into, *b = from;
    uint32_t *codes = malloc((b->groups.count + 1U) * sizeof *codes);
    if (!codes)
        return error_memory(err);
    int status = 0;
    for (uint32_t i = 0; i < b->groups.count && !status; i++)
        status = dictionary_add(&a->groups, dictionary_name(&b->groups, i), &codes[i], err);
    if (!status)
        status = exits_merge(&a->exits, &b->exits, codes, err);
    free(codes);
    for (int kind = 0; kind < KINDS; kind++)
        if (b->seen[kind])
            note_kind(a, (enum period_kind)kind, b->first[kind]);
    note_days(a, b->least, b->most);
    return status;
}

/* ---- 2. The steps ---------------------------------------------------------------------------- */

/* The one kind of the dates of a table of counts. */
static int kind_of_counts(const struct table *table, const struct reading *reading,
                          enum period_kind *ret, struct error *err) {
    int found = -1;
    for (int kind = 0; kind < KINDS; kind++) {
        if (!reading->seen[kind])
            continue;
        if (found >= 0) {
            char a[TABLE_WHERE], b[TABLE_WHERE];
            table_place_format(table, reading->first[found], a);
            table_place_format(table, reading->first[kind], b);
            return error_set(err, ERROR_DATA,
                             "%s: found a %s, and at %s a %s, expected all dates to be of one kind",
                             b, period_kind_name((enum period_kind)kind), a,
                             period_kind_name((enum period_kind)found));
        }
        found = kind;
    }
    *ret = (enum period_kind)found;
    const enum period_kind *wanted = reading->options->period;
    if (!wanted || *wanted == *ret)
        return 0;
    /* A week may lie in two months, so only days can be put together in every way. */
    const bool nested = *ret == PERIOD_DAY || (*ret != PERIOD_WEEK && *wanted < *ret);
    if (!nested)
        return error_set(err, ERROR_DATA, "counts by %s cannot be divided into periods of a %s",
                         period_kind_name(*ret), period_kind_name(*wanted));
    return 0;
}

/* The step in which a count lies, from the kind that its time is an index of. */
static int32_t step_index(enum period_kind steps, enum period_kind times, decimal time) {
    const struct period period = {times, (int32_t)(time / DECIMAL_ONE)};
    return period_of(steps, period_first_day(period)).index;
}

struct span {
    enum period_kind times; /* what the times of the counts are */
    enum period_kind steps;
    int32_t first, last; /* days */
    int32_t from;        /* index of the first step */
    size_t n;            /* steps */
};

static int lay_out(const struct table *table, const struct reading *reading, struct span *ret,
                   struct error *err) {
    const struct exit_history_options *options = reading->options;
    enum period_kind times = PERIOD_DAY;
    if (!options->spells && kind_of_counts(table, reading, &times, err))
        return err->code;
    *ret = (struct span){.times = times, .steps = options->period ? *options->period : times};
    ret->first = options->since && options->spells ? *options->since : reading->least;
    ret->last = options->as_of ? *options->as_of : reading->most;
    if (options->since && !options->spells && *options->since > reading->least) {
        char date[CALENDAR_TEXT];
        calendar_format_date(reading->least, date);
        return error_set(err, ERROR_DATA,
                         "the first leavers are of %s, expected none before the day of --since",
                         date);
    }
    if (ret->last < ret->first || (!options->spells && ret->last < reading->most))
        return error_set(err, ERROR_DATA, "the last look is before the %s date, expected it later",
                         ret->last < ret->first ? "first" : "last");
    ret->from = period_of(ret->steps, ret->first).index;
    ret->n = (size_t)(period_of(ret->steps, ret->last).index - ret->from) + 1;
    return 0;
}

/* ---- 3. A group's history -------------------------------------------------------------------- */

struct arrays {
    struct period *periods;
    double *days;
    int64_t *gone, *leavers, *pool;
};

static void *room(struct exit_histories *histories, size_t n, size_t size, struct error *err) {
    void *ret = arena_alloc(&histories->arena, (n + 1) * size);
    if (!ret)
        error_memory(err);
    return ret;
}

static int make_arrays(struct exit_histories *histories, const struct span *span,
                       struct arrays *ret, struct error *err) {
    ret->periods = room(histories, span->n, sizeof *ret->periods, err);
    ret->days = room(histories, span->n, sizeof *ret->days, err);
    ret->gone = room(histories, span->n, sizeof *ret->gone, err);
    ret->leavers = room(histories, span->n, sizeof *ret->leavers, err);
    ret->pool = room(histories, span->n, sizeof *ret->pool, err);
    if (err->code)
        return err->code;
    for (size_t i = 0; i <= span->n; i++)
        ret->gone[i] = ret->leavers[i] = ret->pool[i] = 0;
    for (size_t i = 0; i < span->n; i++) {
        const struct period period = {span->steps, span->from + (int32_t)i};
        const int32_t first = period_first_day(period), last = period_last_day(period);
        ret->periods[i] = period;
        ret->days[i] = (last < span->last ? last : span->last) -
                       (first > span->first ? first : span->first) + 1;
    }
    return 0;
}

/* Changes within each step, put into the one after and then summed up: gone and pool are those at
 * the beginning of a step. */
static void spread(const struct exits_count *counts, size_t n, const struct span *span,
                   struct arrays *to, struct exit_history *ret) {
    for (size_t i = 0; i < n; i++) {
        const int32_t step = step_index(span->steps, span->times, counts[i].time) - span->from;
        const size_t at = step < 0 ? 0 : (size_t)step;
        if (counts[i].kind == EXITS_ENTERED) {
            /* Who came before the first day is there when the first step begins. */
            to->pool[step < 0 || counts[i].time < span->first * DECIMAL_ONE ? 0 : at + 1] +=
                counts[i].count;
            continue;
        }
        to->gone[at + 1] += counts[i].count;
        ret->leavers += counts[i].count;
        if (counts[i].kind == AT_ONCE)
            ret->at_once += counts[i].count;
        else
            to->leavers[at] += counts[i].count;
    }
    for (size_t i = 1; i <= span->n; i++) {
        to->gone[i] += to->gone[i - 1];
        to->pool[i] += to->pool[i - 1];
    }
}

/* The steps from `from` on; with `since`, the first of them begins there. */
static void view(struct exit_history *ret, const struct arrays *arrays, const struct span *span,
                 size_t from, bool pool_known) {
    ret->periods = arrays->periods + from;
    ret->history = (struct contagion_history){
        .n = span->n - from,
        .days = arrays->days + from,
        .gone = arrays->gone + from,
        .leavers = arrays->leavers + from,
        .pool = pool_known ? arrays->pool + from : NULL,
    };
}

static int build(struct exit_histories *histories, const struct exit_history_options *options,
                 const struct span *span, const struct exits_count *counts, size_t n,
                 struct exit_history *ret, struct error *err) {
    struct arrays arrays;
    if (make_arrays(histories, span, &arrays, err))
        return err->code;
    spread(counts, n, span, &arrays, ret);
    size_t first = 0;
    while (first + 1 < span->n && arrays.leavers[first] == 0)
        first++;
    ret->first_share = arrays.leavers[first];
    size_t from = 0;
    if (options->left_truncate)
        from = first + 1 < span->n ? first + 1 : first;
    if (options->since && !options->spells) {
        from = first;
        arrays.days[first] += period_first_day(arrays.periods[first]) - *options->since;
    }
    if (options->pool > 0) {
        for (size_t i = 0; i < span->n; i++)
            arrays.pool[i] = options->pool;
        if (ret->leavers > options->pool)
            return error_set(err, ERROR_DATA,
                             "group '%.*s': %" PRId64 " left of a pool of %" PRId64
                             ", expected at most all of it",
                             (int)ret->group.length, ret->group.bytes, ret->leavers, options->pool);
    }
    view(ret, &arrays, span, from, options->spells || options->pool > 0);
    return 0;
}

static int name_group(struct exit_histories *histories, struct text name, struct text *ret,
                      struct error *err) {
    char *copy = arena_text(&histories->arena, name.bytes, name.length);
    *ret = (struct text){copy, name.length};
    return copy ? 0 : error_memory(err);
}

static int build_all(struct exit_histories *ret, struct reading *reading, const struct span *span,
                     struct error *err) {
    const struct exits_count *counts;
    size_t n;
    const uint32_t groups = reading->groups.count;
    uint32_t *order = malloc((groups + 1U) * sizeof *order);
    size_t *begin = calloc(groups + 2U, sizeof *begin);
    ret->items = calloc(groups + 1U, sizeof *ret->items);
    int status = order && begin && ret->items ? exits_sort(&reading->exits, &counts, &n, err)
                                              : error_memory(err);
    if (status)
        goto done;
    for (size_t i = 0; i < n; i++)
        begin[counts[i].group + 1U]++;
    for (uint32_t g = 0; g < groups; g++)
        begin[g + 1] += begin[g];
    dictionary_order(&reading->groups, order);
    for (uint32_t rank = 0; rank < groups && !status; rank++) {
        const uint32_t code = order[rank];
        struct exit_history *item = &ret->items[ret->n++];
        status = name_group(ret, dictionary_name(&reading->groups, code), &item->group, err);
        if (!status)
            status = build(ret, reading->options, span, counts + begin[code],
                           begin[code + 1] - begin[code], item, err);
    }
done:
    free(order);
    free(begin);
    return status;
}

int exit_histories_read(struct table *table, const struct exit_history_options *options,
                        struct exit_histories *ret, struct error *err) {
    static const struct table_fold fold = {reading_begin, reading_add, reading_merge,
                                           reading_destroy};
    struct table_column columns[SPELL_COLUMNS + 2];
    size_t n = 0;
    if (options->spells) {
        columns[n++] = (struct table_column){
            .name = "start", .type = TABLE_DATE, .missing = true, .optional = true};
        columns[n++] = (struct table_column){.name = "end", .type = TABLE_DATE, .missing = true};
    } else {
        columns[n++] = (struct table_column){.name = "date", .type = TABLE_PERIOD};
        columns[n++] = (struct table_column){.name = "leavers", .type = TABLE_INTEGER};
    }
    if (options->group)
        columns[n++] =
            (struct table_column){.name = options->group, .type = TABLE_TEXT, .missing = true};
    if (options->weight)
        columns[n++] = (struct table_column){.name = options->weight, .type = TABLE_INTEGER};
    void *state = NULL;
    struct span span = {0};
    *ret = (struct exit_histories){0};
    int status = table_bind(table, columns, n, err);
    if (!status)
        status = table_fold(table, &fold, (void *)options, &state, err);
    struct reading *reading = state;
    if (!status && reading->least <= reading->most) {
        status = lay_out(table, reading, &span, err);
        if (!status) {
            ret->kind = span.steps;
            ret->first = span.first;
            ret->last = span.last;
            status = build_all(ret, reading, &span, err);
        }
    }
    reading_destroy(reading);
    if (status)
        exit_histories_free(ret);
    return status;
}

void exit_histories_free(struct exit_histories *histories) {
    free(histories->items);
    arena_free(&histories->arena);
    *histories = (struct exit_histories){0};
}
