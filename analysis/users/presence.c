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

#include "base/arena.h"
#include "base/buffer.h"
#include "base/dictionary.h"
#include "base/ledger.h"
#include "base/workers.h"
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

/* Columns as bound: those of the platform, the amount and the groups, if there are any, are the
 * last. */
enum { USER, FROM, TO, COLUMNS = 5 };

static const enum period_kind months = PERIOD_MONTH;

/* ---- 1. Reading ------------------------------------------------------------------------------ */

/* What all workers fill. */
struct common {
    const struct presence_options *options;
    enum period_kind kind; /* of the steps; not of a panel */
    size_t platform;       /* its column; 0: none */
    size_t amount;         /* likewise */
    size_t group;          /* the first of its columns */
    struct ledger *ledger;
    pthread_mutex_t lock;        /* for what follows */
    struct dictionary platforms; /* with groups: the platform and its group, joined by NUL */
};

/* Where a kind of period was met first. */
struct kind_met {
    bool met;
    size_t sequence;
    size_t row;
    struct table_place place;
};

/* Without an end, and the last look is not known yet. */
struct open_spell {
    struct text user; /* in the arena */
    int32_t start;
    uint16_t platform;
};

enum { KINDS = PERIOD_DAY + 1, GATHERED = 16384, DAYS = 1024 };
#define UNKNOWN UINT16_MAX /* no number of a platform */

/* Rows on their way into the ledger, which takes many at a time. */
struct gathered {
    struct text users[GATHERED];
    decimal amounts[GATHERED];
    int32_t days[GATHERED];
    uint16_t platforms[GATHERED];
    size_t n;
};

/* One worker's, or several's once merged. */
struct reading {
    struct common *common;
    struct ledger_hand hand;
    struct gathered *gathered;
    uint16_t *platforms; /* of the codes of the worker's own */
    size_t n_platforms, platforms_capacity;
    struct dictionary cells; /* with groups: the codes of the platform and its group, in a row */
    struct buffer cell;      /* scratch */
    uint64_t rows, late_rows;
    int32_t first, last;
    struct {
        int32_t day, first;
    } firsts[DAYS]; /* first days of the periods of days met before */
    struct kind_met kinds[KINDS];
    uint64_t *panel_days; /* of a panel: a bit for each first day of a period, or NULL */
    struct open_spell *open;
    size_t n_open, open_capacity;
    struct arena names; /* of the open ones */
};

enum { ALL_DAYS = CALENDAR_MAX_DAY - CALENDAR_MIN_DAY + 1, DAY_WORDS = (ALL_DAYS + 63) / 64 };

static void reading_destroy(void *state) {
    struct reading *reading = state;
    if (!reading)
        return;
    ledger_hand_free(&reading->hand);
    free(reading->gathered);
    free(reading->platforms);
    dictionary_free(&reading->cells);
    buffer_free(&reading->cell);
    free(reading->panel_days);
    free(reading->open);
    arena_free(&reading->names);
    free(reading);
}

static int reading_begin(void *context, void **ret_state, struct error *err) {
    struct reading *reading = calloc(1, sizeof *reading);
    if (!reading)
        return error_memory(err);
    reading->common = context;
    reading->gathered = calloc(1, sizeof *reading->gathered);
    if (!reading->gathered) {
        free(reading);
        return error_memory(err);
    }
    reading->first = INT32_MAX;
    reading->last = INT32_MIN;
    for (size_t i = 0; i < DAYS; i++)
        reading->firsts[i].day = INT32_MIN; /* no date */
    *ret_state = reading;
    return 0;
}

static int32_t last_look(const struct reading *reading) {
    return reading->common->options->as_of ? *reading->common->options->as_of : INT32_MAX;
}

static void see_day(struct reading *reading, int32_t day) {
    reading->first = day < reading->first ? day : reading->first;
    reading->last = day > reading->last ? day : reading->last;
}

/* The number that a platform has for all workers. */
static int number_platform(struct common *common, struct text name, uint16_t *ret,
                           struct error *err) {
    uint32_t code = 0;
    pthread_mutex_lock(&common->lock);
    int status = dictionary_add(&common->platforms, name, &code, err);
    pthread_mutex_unlock(&common->lock);
    if (!status && code >= LEDGER_CELLS)
        status =
            error_set(err, ERROR_DATA, "more than %d different '%s'%s, expected fewer",
                      LEDGER_CELLS, common->options->platform, common->group ? " and groups" : "");
    *ret = (uint16_t)code;
    return status;
}

static int look_up(struct reading *reading, struct text name, uint32_t code, struct error *err) {
    if (array_reserve((void **)&reading->platforms, &reading->platforms_capacity, (size_t)code + 1,
                      sizeof *reading->platforms, err))
        return err->code;
    while (reading->n_platforms <= code)
        reading->platforms[reading->n_platforms++] = UNKNOWN;
    return number_platform(reading->common, name, &reading->platforms[code], err);
}

static struct text cell_name(const struct table_cells *cells, size_t row) {
    return cells->code[row] == DICTIONARY_NONE ? text_of("(missing)")
                                               : dictionary_name(cells->names, cells->code[row]);
}

/* The platform in this group: known by its codes, or else by its names. */
static int find_in_group(struct reading *reading, const struct table_batch *batch, size_t row,
                         uint16_t *ret, struct error *err) {
    const struct common *common = reading->common;
    const struct table_cells *platform = &batch->columns[common->platform];
    const struct table_cells *groups = &batch->columns[common->group];
    struct buffer *cell = &reading->cell;
    const size_t n = common->options->n_groups;
    uint32_t code = 0;
    buffer_clear(cell);
    buffer_append(cell, &platform->code[row], sizeof platform->code[row]);
    for (size_t g = 0; g < n; g++)
        buffer_append(cell, &groups[g].code[row], sizeof groups[g].code[row]);
    if (buffer_check(cell, err) ||
        dictionary_add(&reading->cells, (struct text){cell->bytes, cell->length}, &code, err))
        return err->code;
    if (code >= reading->n_platforms || reading->platforms[code] == UNKNOWN) {
        const struct text name = cell_name(platform, row);
        buffer_clear(cell);
        buffer_append(cell, name.bytes, name.length);
        for (size_t g = 0; g < n; g++) {
            const struct text group = cell_name(&groups[g], row);
            buffer_byte(cell, '\0');
            buffer_append(cell, group.bytes, group.length);
        }
        if (buffer_check(cell, err) ||
            look_up(reading, (struct text){cell->bytes, cell->length}, code, err))
            return err->code;
    }
    *ret = reading->platforms[code];
    return 0;
}

static int find_platform(struct reading *reading, const struct table_batch *batch, size_t row,
                         uint16_t *ret, struct error *err) {
    if (reading->common->group)
        return find_in_group(reading, batch, row, ret, err);
    const size_t column = reading->common->platform;
    const struct table_cells *cells = &batch->columns[column];
    const uint32_t code = column ? cells->code[row] : 0;
    if ((code >= reading->n_platforms || reading->platforms[code] == UNKNOWN) &&
        look_up(reading, column ? dictionary_name(cells->names, code) : text_of(""), code, err))
        return err->code;
    *ret = reading->platforms[code];
    return 0;
}

static int flush(struct reading *reading, struct error *err) {
    struct gathered *gathered = reading->gathered;
    const struct ledger_rows rows = {.users = gathered->users,
                                     .cells = gathered->platforms,
                                     .periods = gathered->days,
                                     .revenue = gathered->amounts};
    const size_t n = gathered->n;
    gathered->n = 0;
    return n == 0 ? 0 : ledger_add(reading->common->ledger, &reading->hand, &rows, n, err);
}

static int gather(struct reading *reading, struct text user, uint16_t platform, int32_t day,
                  decimal amount, struct error *err) {
    struct gathered *gathered = reading->gathered;
    const size_t i = gathered->n++;
    gathered->users[i] = user;
    gathered->platforms[i] = platform;
    gathered->days[i] = day;
    gathered->amounts[i] = amount;
    return gathered->n == GATHERED ? flush(reading, err) : 0;
}

/* The first day of the period, as the ledger tells no other days apart; or the day itself. */
static int32_t day_kept(struct reading *reading, int32_t day) {
    if (reading->common->options->days)
        return day;
    const size_t place = (uint32_t)day % DAYS;
    if (reading->firsts[place].day != day) {
        const int32_t first = period_first_day(period_of(reading->common->kind, day));
        reading->firsts[place].day = day;
        reading->firsts[place].first = first;
    }
    return reading->firsts[place].first;
}

/* False if the row is bad and skipped. */
static bool read_amount(struct reading *reading, const struct table_batch *batch, size_t row,
                        decimal *ret, int *ret_status, struct error *err) {
    const struct common *common = reading->common;
    *ret = common->amount ? batch->columns[common->amount].decimal[row] : 0;
    if (*ret >= 0 || !common->options->positive)
        return true;
    char shown[DECIMAL_TEXT];
    decimal_format(*ret, 0, shown);
    *ret_status =
        table_reject(batch, row, (int)common->amount, err, "found %s in '%s', expected 0 or more",
                     shown, common->options->amount);
    return false;
}

static int add_dated(struct reading *reading, const struct table_batch *batch, size_t row,
                     int32_t day, int32_t kept, struct error *err) {
    uint16_t platform = 0;
    decimal amount;
    int status = 0;
    if (!read_amount(reading, batch, row, &amount, &status, err))
        return status;
    reading->rows++;
    see_day(reading, day);
    if (find_platform(reading, batch, row, &platform, err))
        return err->code;
    return gather(reading, batch->columns[USER].text[row], platform, kept, amount, err);
}

static int add_log(struct reading *reading, const struct table_batch *batch, struct error *err) {
    const int32_t as_of = last_look(reading);
    for (size_t row = 0; row < batch->rows; row++) {
        const int32_t day = batch->columns[FROM].date[row];
        if (day > as_of)
            reading->late_rows++;
        else if (add_dated(reading, batch, row, day, day_kept(reading, day), err))
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
        const bool finer = reading->common->options->period && period.kind == PERIOD_DAY;
        const int32_t kept = finer ? day_kept(reading, day) : day;
        const uint32_t bit = (uint32_t)(kept - CALENDAR_MIN_DAY);
        see_kind(&reading->kinds[period.kind], batch, row);
        reading->panel_days[bit / 64] |= UINT64_C(1) << bit % 64;
        if (add_dated(reading, batch, row, day, kept, err))
            return err->code;
    }
    return 0;
}

/* A day for each period from `start` to `last`, which is not before it. */
static int gather_spell(struct reading *reading, struct text user, uint16_t platform, int32_t start,
                        int32_t last, struct error *err) {
    for (int32_t day = start; day <= last;) {
        const int32_t ends = period_last_day(period_of(reading->common->kind, day));
        if (gather(reading, user, platform, day_kept(reading, day), 0, err))
            return err->code;
        if (ends >= last)
            break;
        day = ends + 1;
    }
    return 0;
}

static int keep_open(struct reading *reading, const struct open_spell *spell, struct error *err) {
    if (array_reserve((void **)&reading->open, &reading->open_capacity, reading->n_open + 1,
                      sizeof *reading->open, err))
        return err->code;
    const char *user = arena_text(&reading->names, spell->user.bytes, spell->user.length);
    if (!user)
        return error_memory(err);
    reading->open[reading->n_open] = *spell;
    reading->open[reading->n_open++].user.bytes = user;
    return 0;
}

static int add_spell(struct reading *reading, const struct table_batch *batch, size_t row,
                     struct error *err) {
    const int32_t as_of = last_look(reading), start = batch->columns[FROM].date[row];
    const bool ended = !table_missing(batch, TO, row);
    const int32_t end = ended ? batch->columns[TO].date[row] : INT32_MAX;
    const struct text user = batch->columns[USER].text[row];
    uint16_t platform = 0;
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
    if (find_platform(reading, batch, row, &platform, err))
        return err->code;
    if (!ended && !reading->common->options->as_of)
        return keep_open(reading, &(struct open_spell){user, start, platform}, err);
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
    const enum presence_shape shape = reading->common->options->shape;
    const int status = shape == PRESENCE_LOG     ? add_log(reading, batch, err)
                       : shape == PRESENCE_PANEL ? add_panel(reading, batch, err)
                                                 : add_spells(reading, batch, err);
    return status ? status : flush(reading, err);
}

static int merge_open(struct reading *into, const struct reading *from, struct error *err) {
    for (size_t i = 0; i < from->n_open; i++)
        if (keep_open(into, &from->open[i], err))
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
    if (merge_open(into, from, err))
        return err->code;
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
    struct common common;
    struct reading *reading;
    uint32_t *order; /* order[rank] = number of the platform (in its group) */
    uint32_t *ranks; /* the other way round */
    /* With groups: platform and group of each of these ranks, the first of each platform, and the
     * groups by their codes and in order. */
    uint32_t *platform_of, *group_of, *first_of;
    uint32_t n_platforms;
    struct dictionary groups;
    uint32_t *group_order;
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
    const enum period_kind *wanted = reading->common->options->period;
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
                                       .kind = presence->common.kind,
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

/* columns has room for COLUMNS and the groups. */
static int bind(struct table *table, struct common *common, struct table_column *columns,
                struct error *err) {
    const struct presence_options *options = common->options;
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
    if (options->platform) {
        common->platform = n;
        columns[n++] = (struct table_column){.name = options->platform, .type = TABLE_CATEGORY};
    }
    if (options->amount) {
        common->amount = n;
        columns[n++] = (struct table_column){
            .name = options->amount, .type = TABLE_DECIMAL, .missing = !options->complete};
    }
    for (size_t g = 0; g < options->n_groups; g++) {
        common->group = g == 0 ? n : common->group;
        columns[n++] = (struct table_column){
            .name = options->groups[g], .type = TABLE_CATEGORY, .missing = true};
    }
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

static size_t platform_length(struct text cell) {
    const char *end = memchr(cell.bytes, '\0', cell.length);
    return end ? (size_t)(end - cell.bytes) : cell.length;
}

/* What was ranked so far are platforms in groups: as NUL comes before all else, in the order of
 * platforms. */
static int split_groups(struct presence *presence, struct error *err) {
    const uint32_t n = presence->n_platforms;
    uint32_t *ranks = NULL;
    presence->platform_of = calloc(n + (size_t)1, sizeof *presence->platform_of);
    presence->group_of = calloc(n + (size_t)1, sizeof *presence->group_of);
    presence->first_of = calloc(n + (size_t)1, sizeof *presence->first_of);
    if (!presence->platform_of || !presence->group_of || !presence->first_of)
        return error_memory(err);
    struct text before = text_of("");
    presence->n_platforms = 0;
    for (uint32_t cell = 0; cell < n; cell++) {
        const struct text whole =
            dictionary_name(&presence->common.platforms, presence->order[cell]);
        const struct text platform = {whole.bytes, platform_length(whole)};
        const struct text group = {whole.bytes + platform.length + 1,
                                   whole.length - platform.length - 1};
        if (cell == 0 || !text_equal(platform, before))
            presence->first_of[presence->n_platforms++] = cell;
        before = platform;
        presence->platform_of[cell] = presence->n_platforms - 1;
        if (dictionary_add(&presence->groups, group, &presence->group_of[cell], err))
            return err->code;
    }
    int status = dictionary_ranks(&presence->groups, &presence->group_order, &ranks, err);
    for (uint32_t cell = 0; cell < n && !status; cell++)
        presence->group_of[cell] = ranks[presence->group_of[cell]];
    free(ranks);
    return status;
}

static int rank_platforms(struct presence *presence, struct error *err) {
    const struct dictionary *platforms = &presence->common.platforms;
    presence->order = calloc(platforms->count + 1, sizeof *presence->order);
    presence->ranks = calloc(platforms->count + 1, sizeof *presence->ranks);
    if (!presence->order || !presence->ranks)
        return error_memory(err);
    dictionary_order(platforms, presence->order);
    for (uint32_t rank = 0; rank < platforms->count; rank++)
        presence->ranks[presence->order[rank]] = rank;
    presence->n_platforms = platforms->count;
    return presence->common.group ? split_groups(presence, err) : 0;
}

int presence_read(struct presence **ret, struct table *table,
                  const struct presence_options *options, struct error *err) {
    static const struct table_fold fold = {reading_begin, reading_add, reading_merge,
                                           reading_destroy};
    struct table_column *columns = calloc(COLUMNS + options->n_groups, sizeof *columns);
    struct presence *presence = calloc(1, sizeof *presence);
    *ret = NULL;
    if (!presence || !columns) {
        free(presence);
        free(columns);
        return error_memory(err);
    }
    presence->options = *options;
    presence->common.options = &presence->options;
    presence->common.kind = options->period ? *options->period : months;
    pthread_mutex_init(&presence->common.lock, NULL);
    void *reading = NULL;
    int status = ledger_create(&presence->common.ledger, err);
    if (!status)
        status = bind(table, &presence->common, columns, err);
    if (!status)
        status = table_fold(table, &fold, &presence->common, &reading, err);
    presence->reading = reading;
    free(columns);
    if (!status)
        status = find_steps(presence, table, err);
    if (!status)
        status = add_open(presence, err);
    if (!status)
        status = rank_platforms(presence, err);
    if (status)
        presence_destroy(presence);
    else
        *ret = presence;
    return status;
}

const struct presence_report *presence_report(const struct presence *presence) {
    return &presence->report;
}

bool presence_unfinished(const struct presence *presence) {
    return presence->n_steps > 0 &&
           presence->report.as_of < period_last_day(presence->steps[presence->n_steps - 1].period);
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
    return presence->n_platforms;
}

struct text presence_platform(const struct presence *presence, uint32_t rank) {
    const struct dictionary *names = &presence->common.platforms;
    if (!presence->common.group)
        return dictionary_name(names, presence->order[rank]);
    const struct text cell = dictionary_name(names, presence->order[presence->first_of[rank]]);
    return (struct text){cell.bytes, platform_length(cell)};
}

uint32_t presence_groups(const struct presence *presence) {
    return presence->common.group ? presence->groups.count : 1;
}

struct text presence_group(const struct presence *presence, uint32_t rank) {
    return presence->common.group ? dictionary_name(&presence->groups, presence->group_order[rank])
                                  : text_of("");
}

struct popular {
    int64_t users;
    uint32_t rank;
};

static int most_popular(const void *a, const void *b) {
    const struct popular *x = a, *y = b;
    if (x->users != y->users)
        return x->users > y->users ? -1 : 1;
    return (x->rank > y->rank) - (x->rank < y->rank);
}

int presence_choose(const struct presence *presence, const int64_t *users, size_t top,
                    uint32_t *numbers, uint32_t *ret_own, size_t *ret_others, struct error *err) {
    const uint32_t n = presence_platforms(presence);
    struct popular *platforms = calloc(n + (size_t)1, sizeof *platforms);
    if (!platforms)
        return error_memory(err);
    for (uint32_t i = 0; i < n; i++)
        platforms[i] = (struct popular){users[i], i};
    if (n > 0)
        qsort(platforms, n, sizeof *platforms, most_popular);
    for (uint32_t i = 0; i < n; i++) {
        const struct text name = presence_platform(presence, platforms[i].rank);
        const bool own = (top == 0 || i < top) && !text_is(name, PRESENCE_OTHER);
        numbers[platforms[i].rank] = own ? 0 : UINT32_MAX;
    }
    free(platforms);
    *ret_own = 0;
    for (uint32_t rank = 0; rank < n; rank++)
        if (numbers[rank] == 0)
            numbers[rank] = (*ret_own)++;
    for (uint32_t rank = 0; rank < n; rank++)
        if (numbers[rank] == UINT32_MAX)
            numbers[rank] = *ret_own;
    *ret_others = top > 0 && n > top ? n - top : 0;
    return 0;
}

void presence_destroy(struct presence *presence) {
    if (!presence)
        return;
    reading_destroy(presence->reading);
    ledger_destroy(presence->common.ledger);
    pthread_mutex_destroy(&presence->common.lock);
    dictionary_free(&presence->common.platforms);
    free(presence->order);
    free(presence->ranks);
    free(presence->platform_of);
    free(presence->group_of);
    free(presence->first_of);
    dictionary_free(&presence->groups);
    free(presence->group_order);
    free(presence->steps);
    free(presence->step_of_day);
    free(presence);
}

/* ---- 5. One user at a time ------------------------------------------------------------------- */

/* A ledger's entry, with what sorts it: all bits of its user, then day and platform. */
struct line {
    uint64_t user;
    uint64_t place; /* 26 bits of user, 22 of day, 16 of platform */
    decimal amount;
};

struct worker {
    void *state;
    struct line *lines, *sorted;
    size_t lines_capacity, sorted_capacity;
    uint32_t *starts;
    size_t starts_capacity;
    struct presence_stay *stays;
    size_t capacity;
    size_t n;
};

struct run {
    struct presence *presence;
    const struct presence_fold *fold;
    void *context;
    struct worker *workers;
};

static bool line_before(const struct line *a, const struct line *b) {
    return a->user != b->user ? a->user < b->user : a->place < b->place;
}

static int by_line(const void *a, const void *b) {
    return line_before(a, b) ? -1 : line_before(b, a);
}

static int take_lines(const struct run *run, struct worker *worker, size_t part,
                      struct error *err) {
    const struct ledger_entry *entry;
    struct ledger *ledger = run->presence->common.ledger;
    int128 sum;
    worker->n = 0;
    for (size_t place = 0; (entry = ledger_next(ledger, part, &place, &sum));) {
        decimal amount;
        if (!decimal_narrow(sum, &amount))
            return error_set(err, ERROR_DATA,
                             "the sum of '%s' of one user in one period is out of range",
                             run->presence->options.amount);
        if (array_reserve((void **)&worker->lines, &worker->lines_capacity, worker->n + 1,
                          sizeof *worker->lines, err))
            return err->code;
        const uint64_t user = entry->place >> (LEDGER_PERIOD_BITS + LEDGER_CELL_BITS);
        const uint64_t day = (uint64_t)(ledger_period(entry) - LEDGER_FIRST_PERIOD);
        const uint64_t platform = run->presence->ranks[ledger_cell(entry)];
        worker->lines[worker->n++] = (struct line){entry->user,
                                                   user << (LEDGER_PERIOD_BITS + LEDGER_CELL_BITS) |
                                                       day << LEDGER_CELL_BITS | platform,
                                                   amount};
    }
    ledger_drop(ledger, part);
    return 0;
}

static void sort_few(struct line *lines, size_t n) {
    for (size_t i = 1; i < n; i++) {
        const struct line line = lines[i];
        size_t at = i;
        for (; at > 0 && line_before(&line, &lines[at - 1]); at--)
            lines[at] = lines[at - 1];
        lines[at] = line;
    }
}

enum { FEW = 48, MOST_BITS = 20 };

/* Users are hashes, so their uppermost bits deal the lines evenly into heaps of a few. */
static int sort_lines(struct worker *worker, struct error *err) {
    int bits = 0;
    while (bits < MOST_BITS && (worker->n >> (bits + 3)) > 0)
        bits++;
    const size_t heaps = (size_t)1 << bits;
    if (array_reserve((void **)&worker->sorted, &worker->sorted_capacity, worker->n + 1,
                      sizeof *worker->sorted, err) ||
        array_reserve((void **)&worker->starts, &worker->starts_capacity, heaps + 2,
                      sizeof *worker->starts, err))
        return err->code;
    uint32_t *starts = worker->starts;
    for (size_t i = 0; i < heaps + 2; i++)
        starts[i] = 0;
    for (size_t i = 0; i < worker->n; i++)
        starts[(bits ? worker->lines[i].user >> (64 - bits) : 0) + 2]++;
    for (size_t i = 2; i < heaps + 2; i++)
        starts[i] += starts[i - 1];
    for (size_t i = 0; i < worker->n; i++)
        worker->sorted[starts[(bits ? worker->lines[i].user >> (64 - bits) : 0) + 1]++] =
            worker->lines[i];
    for (size_t i = 0; i < heaps; i++) {
        const size_t n = starts[i + 1] - starts[i];
        if (n <= FEW)
            sort_few(worker->sorted + starts[i], n);
        else
            qsort(worker->sorted + starts[i], n, sizeof *worker->sorted, by_line);
    }
    return 0;
}

static bool one_user(const struct line *a, const struct line *b) {
    return a->user == b->user && a->place >> (LEDGER_PERIOD_BITS + LEDGER_CELL_BITS) ==
                                     b->place >> (LEDGER_PERIOD_BITS + LEDGER_CELL_BITS);
}

/* A spell's or a period's first day may lie before the first date of the data. */
static uint32_t step_of(const struct presence *presence, int32_t day) {
    return day <= presence->report.first ? 0 : presence->step_of_day[day - presence->report.first];
}

static void make_stays(const struct presence *presence, const struct line *lines, size_t n,
                       struct presence_stay *stays) {
    for (size_t i = 0; i < n; i++) {
        const uint64_t place = lines[i].place;
        const int32_t day =
            (int32_t)(place >> LEDGER_CELL_BITS & ((1U << LEDGER_PERIOD_BITS) - 1)) +
            LEDGER_FIRST_PERIOD;
        const uint32_t cell = place & ((1U << LEDGER_CELL_BITS) - 1);
        stays[i] = (struct presence_stay){
            .step = step_of(presence, day),
            .platform = presence->platform_of ? presence->platform_of[cell] : cell,
            .group = presence->group_of ? presence->group_of[cell] : 0,
            .day = day,
            .amount = lines[i].amount};
    }
}

static int add_user(const struct run *run, struct worker *worker, const struct line *lines,
                    size_t n, struct error *err) {
    if (array_reserve((void **)&worker->stays, &worker->capacity, n, sizeof *worker->stays, err))
        return err->code;
    make_stays(run->presence, lines, n, worker->stays);
    const struct presence_user user = {worker->stays, n};
    return run->fold->add(worker->state, &user, err);
}

static int add_part(void *context, size_t number, int index, struct error *err) {
    const struct run *run = context;
    struct worker *worker = &run->workers[index];
    if (!worker->state && run->fold->begin(run->context, &worker->state, err))
        return err->code;
    if (take_lines(run, worker, number, err) || sort_lines(worker, err))
        return err->code;
    for (size_t i = 0, end; i < worker->n; i = end) {
        const struct line *first = &worker->sorted[i];
        for (end = i + 1; end < worker->n && one_user(first, &worker->sorted[end]); end++)
            ;
        if (add_user(run, worker, first, end - i, err))
            return err->code;
    }
    return 0;
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

static void worker_free(const struct run *run, struct worker *worker) {
    if (worker->state)
        run->fold->destroy(worker->state);
    free(worker->lines);
    free(worker->sorted);
    free(worker->starts);
    free(worker->stays);
}

int presence_fold(struct presence *presence, const struct presence_fold *fold, void *context,
                  void **ret_state, struct error *err) {
    const int threads = presence->options.threads > 1 ? presence->options.threads : 1;
    struct run run = {presence, fold, context, calloc((size_t)threads, sizeof *run.workers)};
    *ret_state = NULL;
    if (!run.workers)
        return error_memory(err);
    int status = workers_run(threads, LEDGER_PARTS, add_part, &run, err);
    if (!status)
        status = merge_workers(&run, threads, err);
    if (!status) {
        *ret_state = run.workers[0].state;
        run.workers[0].state = NULL;
    }
    for (int i = 0; i < threads; i++)
        worker_free(&run, &run.workers[i]);
    free(run.workers);
    return status;
}
