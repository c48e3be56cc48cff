/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Presence in periods, from logs, panels and spells.
 *
 *   1. Reading: each worker gathers days in a set of its own
 *   2. Spells: a day for each period that they touch
 *   3. The steps, and which day is in which
 *   4. Reading, all of it
 *   5. One user at a time
 */
#include "users/presence.h"

#include "base/buffer.h"
#include "base/workers.h"
#include <stdlib.h>

/* Columns as bound: the one of the platform, if there is one, is the last. */
enum { USER, FROM, TO, COLUMNS = 4 };

static const enum period_kind months = PERIOD_MONTH;

/* ---- 1. Reading ------------------------------------------------------------------------------ */

/* Where a kind of period was met first. */
struct kind_met {
    bool met;
    size_t sequence;
    size_t row;
    struct table_place place;
};

/* Without an end, and the last look is not known yet. */
struct open_spell {
    struct text user, platform; /* in the arena */
    int32_t start;
};

enum { KINDS = PERIOD_DAY + 1, GATHERED = 1024 };

/* One worker's, or several's once merged. */
struct reading {
    const struct presence_options *options;
    enum period_kind kind; /* of the steps; not of a panel */
    size_t platform;       /* its column */
    bool has_platform;
    struct active_days **sets;
    size_t n, capacity;
    uint64_t rows, late_rows;
    int32_t first, last;
    struct kind_met kinds[KINDS];
    uint64_t *panel_days; /* of a panel: a bit for each first day of a period, or NULL */
    struct open_spell *open;
    size_t n_open, open_capacity;
    struct arena names; /* of the open ones */
    /* Days on their way into the set, as it takes many at a time. */
    struct text users[GATHERED], platforms[GATHERED];
    int32_t days[GATHERED];
    size_t gathered;
};

enum { ALL_DAYS = CALENDAR_MAX_DAY - CALENDAR_MIN_DAY + 1, DAY_WORDS = (ALL_DAYS + 63) / 64 };

static void reading_destroy(void *state) {
    struct reading *reading = state;
    if (!reading)
        return;
    for (size_t i = 0; i < reading->n; i++) {
        active_days_free(reading->sets[i]);
        free(reading->sets[i]);
    }
    free(reading->sets);
    free(reading->panel_days);
    free(reading->open);
    arena_free(&reading->names);
    free(reading);
}

static int reading_begin(void *context, void **ret_state, struct error *err) {
    const struct reading *like = context;
    struct reading *reading = calloc(1, sizeof *reading);
    struct active_days *set = calloc(1, sizeof *set);
    if (!reading || !set ||
        array_reserve((void **)&reading->sets, &reading->capacity, 1, sizeof(struct active_days *),
                      err)) {
        free(reading);
        free(set);
        return error_memory(err);
    }
    reading->options = like->options;
    reading->kind = like->kind;
    reading->platform = like->platform;
    reading->has_platform = like->has_platform;
    reading->first = INT32_MAX;
    reading->last = INT32_MIN;
    reading->sets[reading->n++] = set;
    *ret_state = reading;
    return 0;
}

static int32_t last_look(const struct reading *reading) {
    return reading->options->as_of ? *reading->options->as_of : INT32_MAX;
}

static void see_day(struct reading *reading, int32_t day) {
    reading->first = day < reading->first ? day : reading->first;
    reading->last = day > reading->last ? day : reading->last;
}

static int flush(struct reading *reading, struct error *err) {
    const size_t n = reading->gathered;
    reading->gathered = 0;
    return n == 0 ? 0
                  : active_days_add(reading->sets[0], reading->users, reading->platforms,
                                    reading->days, n, err);
}

static int gather(struct reading *reading, struct text user, struct text platform, int32_t day,
                  struct error *err) {
    const size_t i = reading->gathered++;
    reading->users[i] = user;
    reading->platforms[i] = platform;
    reading->days[i] = day;
    return reading->gathered == GATHERED ? flush(reading, err) : 0;
}

static struct text platform_of(const struct reading *reading, const struct table_batch *batch,
                               size_t row) {
    return reading->has_platform ? batch->columns[reading->platform].text[row] : text_of("");
}

static int add_log(struct reading *reading, const struct table_batch *batch, struct error *err) {
    const int32_t as_of = last_look(reading);
    for (size_t row = 0; row < batch->rows; row++) {
        const int32_t day = batch->columns[FROM].date[row];
        if (day > as_of) {
            reading->late_rows++;
            continue;
        }
        reading->rows++;
        see_day(reading, day);
        if (gather(reading, batch->columns[USER].text[row], platform_of(reading, batch, row), day,
                   err))
            return err->code;
    }
    return 0;
}

/* ---- 2. Panels and spells -------------------------------------------------------------------- */

static void see_kind(struct kind_met *kind, const struct table_batch *batch, size_t row) {
    if (!kind->met)
        *kind = (struct kind_met){true, batch->sequence, row, table_place(batch, row)};
}

static int add_panel(struct reading *reading, const struct table_batch *batch, struct error *err) {
    const int32_t as_of = last_look(reading);
    if (!reading->panel_days) {
        reading->panel_days = calloc(DAY_WORDS, sizeof *reading->panel_days);
        if (!reading->panel_days)
            return error_memory(err);
    }
    for (size_t row = 0; row < batch->rows; row++) {
        const struct period period = batch->columns[FROM].period[row];
        const int32_t day = period_first_day(period);
        if (day > as_of) {
            reading->late_rows++;
            continue;
        }
        reading->rows++;
        see_kind(&reading->kinds[period.kind], batch, row);
        see_day(reading, day);
        const uint32_t bit = (uint32_t)(day - CALENDAR_MIN_DAY);
        reading->panel_days[bit / 64] |= UINT64_C(1) << bit % 64;
        if (gather(reading, batch->columns[USER].text[row], platform_of(reading, batch, row), day,
                   err))
            return err->code;
    }
    return 0;
}

/* A day for each period from `start` to `last`, which is not before it. */
static int gather_spell(struct reading *reading, struct text user, struct text platform,
                        int32_t start, int32_t last, struct error *err) {
    for (int32_t day = start; day <= last;) {
        if (gather(reading, user, platform, day, err))
            return err->code;
        const int32_t ends = period_last_day(period_of(reading->kind, day));
        if (ends >= last)
            break;
        day = ends + 1;
    }
    return 0;
}

static int keep_open(struct reading *reading, struct text user, struct text platform, int32_t start,
                     struct error *err) {
    if (array_reserve((void **)&reading->open, &reading->open_capacity, reading->n_open + 1,
                      sizeof *reading->open, err))
        return err->code;
    const char *user_copy = arena_text(&reading->names, user.bytes, user.length);
    const char *platform_copy = arena_text(&reading->names, platform.bytes, platform.length);
    if (!user_copy || !platform_copy)
        return error_memory(err);
    reading->open[reading->n_open++] =
        (struct open_spell){{user_copy, user.length}, {platform_copy, platform.length}, start};
    return 0;
}

static int add_spell(struct reading *reading, const struct table_batch *batch, size_t row,
                     struct error *err) {
    const int32_t as_of = last_look(reading), start = batch->columns[FROM].date[row];
    const bool ended = !table_missing(batch, TO, row);
    const int32_t end = ended ? batch->columns[TO].date[row] : INT32_MAX;
    const struct text user = batch->columns[USER].text[row];
    const struct text platform = platform_of(reading, batch, row);
    if (end < start) {
        char from[CALENDAR_TEXT], to[CALENDAR_TEXT];
        calendar_format_date(start, from);
        calendar_format_date(end, to);
        return table_reject(batch, row, TO, err, "end %s is before the start %s", to, from);
    }
    if (start > as_of) {
        reading->late_rows++;
        return 0;
    }
    reading->rows++;
    see_day(reading, start);
    if (ended && end <= as_of)
        see_day(reading, end);
    if (!ended && !reading->options->as_of)
        return keep_open(reading, user, platform, start, err);
    const int32_t last = end > as_of ? as_of : end > start ? end - 1 : start;
    return gather_spell(reading, user, platform, start, last, err);
}

static int add_spells(struct reading *reading, const struct table_batch *batch, struct error *err) {
    int status = 0;
    for (size_t row = 0; row < batch->rows && !status; row++)
        status = add_spell(reading, batch, row, err);
    return status;
}

/* What was gathered points into the batch. */
static int reading_add(void *state, const struct table_batch *batch, struct error *err) {
    struct reading *reading = state;
    const enum presence_shape shape = reading->options->shape;
    const int status = shape == PRESENCE_LOG     ? add_log(reading, batch, err)
                       : shape == PRESENCE_PANEL ? add_panel(reading, batch, err)
                                                 : add_spells(reading, batch, err);
    return status ? status : flush(reading, err);
}

static int merge_open(struct reading *into, const struct reading *from, struct error *err) {
    for (size_t i = 0; i < from->n_open; i++)
        if (keep_open(into, from->open[i].user, from->open[i].platform, from->open[i].start, err))
            return err->code;
    return 0;
}

static void merge_kinds(struct reading *into, struct reading *from) {
    for (int kind = 0; kind < KINDS; kind++) {
        const struct kind_met *met = &from->kinds[kind];
        struct kind_met *known = &into->kinds[kind];
        if (met->met && (!known->met || met->sequence < known->sequence ||
                         (met->sequence == known->sequence && met->row < known->row)))
            *known = *met;
    }
    if (!into->panel_days) {
        into->panel_days = from->panel_days;
        from->panel_days = NULL;
    } else if (from->panel_days) {
        for (size_t i = 0; i < DAY_WORDS; i++)
            into->panel_days[i] |= from->panel_days[i];
    }
}

static int reading_merge(void *into_state, void *from_state, struct error *err) {
    struct reading *into = into_state, *from = from_state;
    if (array_reserve((void **)&into->sets, &into->capacity, into->n + from->n,
                      sizeof(struct active_days *), err) ||
        merge_open(into, from, err))
        return err->code;
    for (size_t i = 0; i < from->n; i++)
        into->sets[into->n++] = from->sets[i];
    from->n = 0;
    into->rows += from->rows;
    into->late_rows += from->late_rows;
    into->first = from->first < into->first ? from->first : into->first;
    into->last = from->last > into->last ? from->last : into->last;
    merge_kinds(into, from);
    return 0;
}

/* ---- 3. Steps -------------------------------------------------------------------------------- */

struct step {
    struct period period;
    int32_t last_day; /* that belongs to it */
};

struct presence {
    struct presence_options options;
    struct presence_report report;
    struct reading *reading;
    struct active_platforms platforms;
    struct step *steps;
    size_t n_steps, capacity;
    uint32_t *step_of_day; /* from report.first on, up to the last look */
};

static int add_step(struct presence *presence, struct period period, int32_t last_day,
                    struct error *err) {
    if (array_reserve((void **)&presence->steps, &presence->capacity, presence->n_steps + 1,
                      sizeof *presence->steps, err))
        return err->code;
    presence->steps[presence->n_steps++] = (struct step){period, last_day};
    return 0;
}

static int calendar_steps(struct presence *presence, struct error *err) {
    const struct presence_report *report = &presence->report;
    struct period period = period_of(report->kind, report->first);
    for (; period_first_day(period) <= report->as_of; period.index++)
        if (add_step(presence, period, period_last_day(period), err))
            return err->code;
    return 0;
}

/* Days without a row belong to no step, and no user is there on them. */
static int panel_steps(struct presence *presence, struct error *err) {
    const uint64_t *days = presence->reading->panel_days;
    for (uint32_t bit = 0; bit < ALL_DAYS; bit++) {
        if (!(days[bit / 64] >> bit % 64 & 1))
            continue;
        const int32_t day = CALENDAR_MIN_DAY + (int32_t)bit;
        const struct period period = period_of(presence->report.kind, day);
        if (presence->n_steps > 0 &&
            period_compare(presence->steps[presence->n_steps - 1].period, period) == 0)
            continue;
        if (add_step(presence, period, period_last_day(period), err))
            return err->code;
    }
    return 0;
}

static int map_days(struct presence *presence, struct error *err) {
    const struct presence_report *report = &presence->report;
    const size_t n = (size_t)(report->last - report->first) + 1;
    presence->step_of_day = malloc(n * sizeof *presence->step_of_day);
    if (!presence->step_of_day)
        return error_memory(err);
    uint32_t step = 0;
    for (size_t i = 0; i < n; i++) {
        while (step + 1 < presence->n_steps &&
               report->first + (int32_t)i > presence->steps[step].last_day)
            step++;
        presence->step_of_day[i] = step;
    }
    return 0;
}

/* The two kinds that were met first, if there are two. */
static int check_kinds(const struct table *table, const struct reading *reading,
                       enum period_kind *ret, struct error *err) {
    const struct kind_met *first = NULL, *second = NULL;
    for (int i = 0; i < KINDS; i++) {
        const struct kind_met *met = &reading->kinds[i];
        if (!met->met)
            continue;
        const bool earlier = first && (met->sequence < first->sequence ||
                                       (met->sequence == first->sequence && met->row < first->row));
        if (!first || earlier) {
            second = first;
            first = met;
        } else if (!second || met->sequence < second->sequence ||
                   (met->sequence == second->sequence && met->row < second->row)) {
            second = met;
        }
    }
    const enum period_kind kind = first ? (enum period_kind)(first - reading->kinds) : *ret;
    if (second) {
        char here[TABLE_WHERE];
        table_place_format(table, second->place, here);
        return error_set(err, ERROR_DATA, "%s: found a %s, expected a %s as before", here,
                         period_kind_name((enum period_kind)(second - reading->kinds)),
                         period_kind_name(kind));
    }
    const enum period_kind *wanted = reading->options->period;
    if (wanted && *wanted != kind && kind != PERIOD_DAY)
        return error_set(err, ERROR_DATA,
                         "the periods of the panel are of kind %s, expected %s or day",
                         period_kind_name(kind), period_kind_name(*wanted));
    *ret = wanted ? *wanted : kind;
    return 0;
}

static int find_steps(struct presence *presence, const struct table *table, struct error *err) {
    const struct reading *reading = presence->reading;
    const bool panel = presence->options.shape == PRESENCE_PANEL;
    struct presence_report *report = &presence->report;
    *report = (struct presence_report){.any = reading->rows > 0,
                                       .first = reading->first,
                                       .last = reading->last,
                                       .kind = reading->kind,
                                       .rows = reading->rows,
                                       .late_rows = reading->late_rows};
    if (panel && check_kinds(table, reading, &report->kind, err))
        return err->code;
    if (!report->any)
        return 0;
    report->as_of = presence->options.as_of ? *presence->options.as_of : report->last;
    if (panel ? panel_steps(presence, err) : calendar_steps(presence, err))
        return err->code;
    if (panel)
        report->as_of = presence->steps[presence->n_steps - 1].last_day;
    if (presence->options.shape == PRESENCE_SPELLS)
        report->last = report->as_of;
    return map_days(presence, err);
}

/* ---- 4. All of it ---------------------------------------------------------------------------- */

static int bind(struct table *table, const struct presence_options *options,
                struct table_column columns[COLUMNS], struct reading *like, struct error *err) {
    size_t n = 0;
    columns[n++] = (struct table_column){.name = "user", .type = TABLE_TEXT};
    if (options->shape == PRESENCE_LOG) {
        columns[n++] = (struct table_column){.name = "date", .type = TABLE_DATE};
    } else if (options->shape == PRESENCE_PANEL) {
        columns[n++] = (struct table_column){.name = "period", .type = TABLE_PERIOD};
    } else {
        columns[n++] = (struct table_column){.name = "start", .type = TABLE_DATE};
        columns[n++] = (struct table_column){.name = "end", .type = TABLE_DATE, .missing = true};
    }
    like->platform = n;
    like->has_platform = options->platform != NULL;
    if (options->platform)
        columns[n++] = (struct table_column){.name = options->platform, .type = TABLE_TEXT};
    return table_bind(table, columns, n, err);
}

/* The spells that have not ended last up to the last look, which is known by now. */
static int add_open(struct presence *presence, struct error *err) {
    struct reading *reading = presence->reading;
    for (size_t i = 0; i < reading->n_open; i++)
        if (gather_spell(reading, reading->open[i].user, reading->open[i].platform,
                         reading->open[i].start, presence->report.as_of, err))
            return err->code;
    return flush(reading, err);
}

int presence_read(struct presence **ret, struct table *table,
                  const struct presence_options *options, struct error *err) {
    static const struct table_fold fold = {reading_begin, reading_add, reading_merge,
                                           reading_destroy};
    struct table_column columns[COLUMNS];
    struct reading like = {.options = options, .kind = options->period ? *options->period : months};
    struct presence *presence = calloc(1, sizeof *presence);
    if (!presence)
        return error_memory(err);
    presence->options = *options;
    void *reading = NULL;
    int status = bind(table, options, columns, &like, err);
    if (!status)
        status = table_fold(table, &fold, &like, &reading, err);
    presence->reading = reading;
    if (!status)
        status = find_steps(presence, table, err);
    if (!status)
        status = add_open(presence, err);
    if (!status)
        status = active_platforms_unite(presence->reading->sets, presence->reading->n,
                                        &presence->platforms, err);
    if (status) {
        presence_destroy(presence);
        presence = NULL;
    }
    *ret = presence;
    return status;
}

const struct presence_report *presence_report(const struct presence *presence) {
    return &presence->report;
}

size_t presence_steps(const struct presence *presence) {
    return presence->n_steps;
}

struct period presence_period(const struct presence *presence, size_t step) {
    return presence->steps[step].period;
}

bool presence_find(const struct presence *presence, struct period period, size_t *ret_step) {
    for (size_t i = 0; i < presence->n_steps; i++)
        if (period_compare(presence->steps[i].period, period) == 0) {
            *ret_step = i;
            return true;
        }
    return false;
}

uint32_t presence_platforms(const struct presence *presence) {
    return presence->platforms.names.count;
}

struct text presence_platform(const struct presence *presence, uint32_t rank) {
    return active_platform_name(&presence->platforms, rank);
}

void presence_destroy(struct presence *presence) {
    if (!presence)
        return;
    reading_destroy(presence->reading);
    active_platforms_free(&presence->platforms);
    free(presence->steps);
    free(presence->step_of_day);
    free(presence);
}

/* ---- 5. One user at a time ------------------------------------------------------------------- */

struct worker {
    void *state;
    struct presence_stay *stays;
    size_t capacity;
};

struct run {
    struct presence *presence;
    const struct presence_fold *fold;
    void *context;
    struct worker *workers;
};

/* A block's days, a step at a time. Stays of one platform come by step; none twice in a row. */
static size_t block_stays(const struct presence *presence, const struct active_block *block,
                          struct presence_stay *stays, size_t n) {
    const int32_t first_day = active_block_first_day(block);
    const uint32_t platform = active_block_platform(block);
    for (uint64_t days = block->days; days;) {
        const int32_t day = first_day + __builtin_ctzll(days);
        const uint32_t step = presence->step_of_day[day - presence->report.first];
        if (n == 0 || stays[n - 1].step != step || stays[n - 1].platform != platform)
            stays[n++] = (struct presence_stay){step, platform};
        const int32_t rest = presence->steps[step].last_day - first_day; /* bits up to this one */
        days = rest >= 63 ? 0 : days & ~((UINT64_C(2) << rest) - 1);
    }
    return n;
}

/* By insertion: a user's stays are few, and in order already where the platform is one. */
static void sort_stays(struct presence_stay *stays, size_t n) {
    for (size_t i = 1; i < n; i++) {
        const struct presence_stay stay = stays[i];
        size_t at = i;
        for (; at > 0 &&
               (stays[at - 1].step > stay.step ||
                (stays[at - 1].step == stay.step && stays[at - 1].platform > stay.platform));
             at--)
            stays[at] = stays[at - 1];
        stays[at] = stay;
    }
}

static int by_step(const void *a, const void *b) {
    const struct presence_stay *x = a, *y = b;
    return x->step != y->step ? (x->step > y->step) - (x->step < y->step)
                              : (x->platform > y->platform) - (x->platform < y->platform);
}

enum { FEW = 48 };

static int add_user(const struct run *run, struct worker *worker, const struct active_block *blocks,
                    size_t n_blocks, struct error *err) {
    if (array_reserve((void **)&worker->stays, &worker->capacity, 64 * n_blocks,
                      sizeof *worker->stays, err))
        return err->code;
    size_t n = 0;
    for (size_t i = 0; i < n_blocks; i++)
        n = block_stays(run->presence, &blocks[i], worker->stays, n);
    if (active_block_platform(&blocks[0]) != active_block_platform(&blocks[n_blocks - 1])) {
        if (n <= FEW)
            sort_stays(worker->stays, n);
        else
            qsort(worker->stays, n, sizeof *worker->stays, by_step);
    }
    const struct presence_user user = {worker->stays, n, blocks, n_blocks};
    return run->fold->add(worker->state, &user, err);
}

static int add_part(void *context, size_t number, int index, struct error *err) {
    const struct run *run = context;
    struct worker *worker = &run->workers[index];
    struct active_part part;
    if (!worker->state && run->fold->begin(run->context, &worker->state, err))
        return err->code;
    int status = active_days_unite(run->presence->reading->sets, run->presence->reading->n,
                                   &run->presence->platforms, number, &part, err);
    if (status)
        return status;
    for (size_t i = 0, end; i < part.n && !status; i = end) {
        const uint32_t user = active_block_user(&part.blocks[i]);
        for (end = i + 1; end < part.n && active_block_user(&part.blocks[end]) == user; end++)
            ;
        status = add_user(run, worker, part.blocks + i, end - i, err);
    }
    active_part_free(&part);
    return status;
}

/* Worker 0 has done a part, as the caller's thread is one of the workers; if it came too late for
 * any it has no state yet. */
static int merge_workers(const struct run *run, int threads, struct error *err) {
    struct worker *first = &run->workers[0];
    if (!first->state && run->fold->begin(run->context, &first->state, err))
        return err->code;
    int status = 0;
    for (int i = 1; i < threads && !status; i++)
        if (run->workers[i].state)
            status = run->fold->merge(first->state, run->workers[i].state, err);
    return status;
}

int presence_fold(struct presence *presence, const struct presence_fold *fold, void *context,
                  void **ret_state, struct error *err) {
    const int threads = presence->options.threads > 1 ? presence->options.threads : 1;
    struct run run = {presence, fold, context, calloc((size_t)threads, sizeof *run.workers)};
    if (!run.workers)
        return error_memory(err);
    int status = workers_run(threads, ACTIVE_DAYS_PARTS, add_part, &run, err);
    if (!status)
        status = merge_workers(&run, threads, err);
    *ret_state = NULL;
    if (!status) {
        *ret_state = run.workers[0].state;
        run.workers[0].state = NULL;
    }
    for (int i = 0; i < threads; i++) {
        if (run.workers[i].state)
            fold->destroy(run.workers[i].state);
        free(run.workers[i].stays);
    }
    free(run.workers);
    return status;
}
