/* SPDX-License-Identifier: GPL-3.0-or-later */
/* From rows of ARPU to the changes of every platform. */
#include "revenue/change-steps.h"

#include "base/buffer.h"
#include <math.h>
#include <stdlib.h>

/* One platform: its rows, which are sorted by segment and period. */
struct platform {
    const struct arpu_row *rows;
    size_t n_rows;
    struct text *segments;
    size_t *starts; /* of each segment's rows, and where the last one's end */
    size_t n_segments;
    struct period *periods; /* all that have a row, ascending */
    size_t n_periods;
};

static int by_period(const void *a, const void *b) {
    return period_compare(*(const struct period *)a, *(const struct period *)b);
}

static void *take(struct change_steps *steps, size_t n, size_t size, struct error *err) {
    void *memory = arena_alloc(&steps->arena, n * size + 1);
    if (!memory)
        error_memory(err);
    return memory;
}

/* ---- A platform ------------------------------------------------------------------------------ */

static int list_segments_and_periods(struct change_steps *steps, struct platform *platform,
                                     struct error *err) {
    platform->segments = take(steps, platform->n_rows, sizeof *platform->segments, err);
    platform->starts = take(steps, platform->n_rows + 1, sizeof *platform->starts, err);
    platform->periods = take(steps, platform->n_rows, sizeof *platform->periods, err);
    if (!platform->segments || !platform->starts || !platform->periods)
        return err->code;
    for (size_t i = 0; i < platform->n_rows; i++) {
        const struct arpu_row *row = &platform->rows[i];
        platform->periods[i] = row->period;
        if (i == 0 || !text_equal(row->segment, row[-1].segment)) {
            platform->starts[platform->n_segments] = i;
            platform->segments[platform->n_segments++] = row->segment;
        }
    }
    platform->starts[platform->n_segments] = platform->n_rows;
    qsort(platform->periods, platform->n_rows, sizeof *platform->periods, by_period);
    for (size_t i = 0; i < platform->n_rows; i++)
        if (i == 0 || platform->periods[i].index != platform->periods[i - 1].index)
            platform->periods[platform->n_periods++] = platform->periods[i];
    return 0;
}

/* Keeps the periods from first to last; false if either is asked for and has no row. */
static bool cut_periods(struct platform *platform, const struct change_options *options) {
    size_t from = 0, to = platform->n_periods;
    while (options->first && from < to &&
           period_compare(platform->periods[from], *options->first) < 0)
        from++;
    while (options->last && to > from &&
           period_compare(platform->periods[to - 1], *options->last) > 0)
        to--;
    platform->periods += from;
    platform->n_periods = to - from;
    if (platform->n_periods < 2)
        return false;
    return (!options->first || period_compare(platform->periods[0], *options->first) == 0) &&
           (!options->last ||
            period_compare(platform->periods[platform->n_periods - 1], *options->last) == 0);
}

/* The row of a segment and period, or NULL. */
static const struct arpu_row *find_row(const struct platform *platform, size_t segment,
                                       struct period period) {
    size_t low = platform->starts[segment], high = platform->starts[segment + 1];
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = period_compare(platform->rows[middle].period, period);
        if (order == 0)
            return &platform->rows[middle];
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

/* ---- Steps ----------------------------------------------------------------------------------- */

static struct change_step *add_step(struct change_steps *steps, const struct platform *platform,
                                    size_t from, size_t to, struct error *err) {
    struct change_segment *values =
        take(steps, platform->n_segments, sizeof(struct change_segment), err);
    struct change_parts *parts = take(steps, platform->n_segments, sizeof *parts, err);
    if (!values || !parts ||
        array_reserve((void **)&steps->items, &steps->capacity, steps->count + 1,
                      sizeof *steps->items, err))
        return NULL;
    struct change_step *step = &steps->items[steps->count++];
    *step = (struct change_step){
        .platform = platform->rows[0].platform,
        .from = platform->periods[from],
        .to = platform->periods[to],
        .n_segments = platform->n_segments,
        .segments = platform->segments,
        .values = values,
        .parts = parts,
    };
    for (int p = 0; p < CHANGE_PARTS; p++)
        step->bounds[p] = (struct interval){NAN, NAN};
    for (int t = 0; t < CHANGE_TIMES; t++)
        step->levels[t] = (struct interval){NAN, NAN};
    for (size_t i = 0; i < platform->n_segments; i++)
        for (int t = 0; t < CHANGE_TIMES; t++) {
            const struct arpu_row *row =
                find_row(platform, i, t == CHANGE_BEFORE ? step->from : step->to);
            values[i].users[t] = row ? row->users : 0;
            values[i].revenue[t] = row ? row->revenue : 0;
            step->revenue[t] += values[i].revenue[t];
        }
    return step;
}

/* The message for a change of sign, with its place. */
static int no_logarithm(const struct change_step *step, size_t segment, struct error *err) {
    char from[CALENDAR_TEXT], to[CALENDAR_TEXT], amount[CHANGE_TIMES][DECIMAL_TEXT];
    const struct text name = step->segments[segment];
    period_format(step->from, from);
    period_format(step->to, to);
    for (int t = 0; t < CHANGE_TIMES; t++)
        decimal_sum_format(step->values[segment].revenue[t], 2, amount[t]);
    return error_set(err, ERROR_DATA,
                     "revenue of %.*s%s%.*s is %s in %s and %s in %s: a change of sign has no "
                     "logarithm, expected amounts of one sign, or --method shapley",
                     (int)step->platform.length, step->platform.bytes, name.length > 0 ? ", " : "",
                     (int)name.length, name.bytes, amount[CHANGE_BEFORE], from,
                     amount[CHANGE_AFTER], to);
}

static int make_step(struct change_steps *steps, const struct platform *platform, size_t from,
                     size_t to, const struct change_options *options, struct error *err) {
    struct change_step *step = add_step(steps, platform, from, to, err);
    struct error sign = {0};
    size_t at = 0;
    if (!step)
        return err->code;
    step->gap = options->chain && step->from.index + 1 != step->to.index;
    if (change_decompose(step->values, step->n_segments, options->method, step->parts, &at, &sign))
        return no_logarithm(step, at, err);
    step->total = change_total(step->parts, step->n_segments);
    return 0;
}

/* The sum of the platform's steps from `first` on, as one more. */
static int add_chain(struct change_steps *steps, const struct platform *platform, size_t first,
                     struct error *err) {
    const size_t end = steps->count;
    struct change_step *sum = add_step(steps, platform, 0, platform->n_periods - 1, err);
    if (!sum)
        return err->code;
    sum->chain = true;
    for (size_t s = first; s < end; s++)
        for (size_t i = 0; i < sum->n_segments; i++)
            for (int p = 0; p < CHANGE_PARTS; p++)
                sum->parts[i].of[p] += steps->items[s].parts[i].of[p];
    sum->total = change_total(sum->parts, sum->n_segments);
    return 0;
}

static int make_platform(struct change_steps *steps, struct platform *platform,
                         const struct change_options *options, struct error *err) {
    if (list_segments_and_periods(steps, platform, err))
        return err->code;
    if (!cut_periods(platform, options)) {
        if (steps->left_out++ == 0)
            steps->left_name = platform->rows[0].platform;
        return 0;
    }
    if (!options->chain)
        return make_step(steps, platform, 0, platform->n_periods - 1, options, err);
    const size_t first = steps->count;
    for (size_t i = 1; i < platform->n_periods; i++)
        if (make_step(steps, platform, i - 1, i, options, err))
            return err->code;
    return steps->count > first + 1 ? add_chain(steps, platform, first, err) : 0;
}

int change_steps_make(const struct arpu_table *arpu, const struct change_options *options,
                      struct change_steps *ret, struct error *err) {
    for (size_t i = 0, end; i < arpu->count; i = end) {
        for (end = i;
             end < arpu->count && text_equal(arpu->rows[end].platform, arpu->rows[i].platform);)
            end++;
        struct platform platform = {.rows = &arpu->rows[i], .n_rows = end - i};
        if (make_platform(ret, &platform, options, err))
            return err->code;
    }
    return 0;
}

void change_steps_free(struct change_steps *steps) {
    free(steps->items);
    arena_free(&steps->arena);
    *steps = (struct change_steps){0};
}
