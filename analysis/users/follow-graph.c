/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Exposure to exits along a follow graph.
 *
 *   1. Spells, and when each user was gone
 *   2. The graph, by who is followed
 *   3. Changes of exposure, by follower and day
 *   4. Rows
 */
#include "users/follow-graph.h"

#include "base/buffer.h"
#include "base/calendar.h"
#include "base/dictionary.h"
#include <stdlib.h>
#include <string.h>

#define ALWAYS INT32_MIN /* a start before the records */
#define NEVER  INT32_MAX /* no end */

struct span {
    uint32_t user;
    int32_t start, end;
};

struct edge {
    uint32_t followed, follower;
};

/* The number of gone accounts that `user` follows goes up or down from `day` on. */
struct change {
    uint32_t user;
    int32_t day;
    int32_t by;
};

struct work {
    const struct follow_graph_options *options;
    struct dictionary users;
    struct span *spans; /* by user and start */
    size_t n_spans;
    struct edge *edges; /* by followed and follower, each once */
    size_t n_edges;
    struct change *changes; /* by user and day */
    size_t n_changes, changes_capacity;
    uint32_t *follows; /* by user: how many accounts */
    int32_t last;      /* the last look */
    size_t unknown;
};

static void work_free(struct work *work) {
    dictionary_free(&work->users);
    free(work->spans);
    free(work->edges);
    free(work->changes);
    free(work->follows);
}

/* ---- 1. Spells ------------------------------------------------------------------------------- */

enum { USER, START, END, SPELL_COLUMNS };

static int compare_spans(const void *left, const void *right) {
    const struct span *a = left, *b = right;
    if (a->user != b->user)
        return a->user < b->user ? -1 : 1;
    if (a->start != b->start)
        return a->start < b->start ? -1 : 1;
    return (a->end > b->end) - (a->end < b->end);
}

static int32_t last_date(const struct table_batch *batch) {
    int32_t last = CALENDAR_MIN_DAY;
    for (size_t row = 0; row < batch->rows; row++)
        for (int column = START; column <= END; column++)
            if (!table_missing(batch, (size_t)column, row) &&
                batch->columns[column].date[row] > last)
                last = batch->columns[column].date[row];
    return last;
}

/* One row; adds nothing where it is rejected. */
static int take_span(struct work *work, const struct table_batch *batch, size_t row,
                     struct error *err) {
    struct span span = {.start = ALWAYS, .end = NEVER};
    if (!table_missing(batch, START, row))
        span.start = batch->columns[START].date[row];
    if (!table_missing(batch, END, row))
        span.end = batch->columns[END].date[row];
    if (span.end < span.start)
        return table_reject(batch, row, END, err, "the end is before the start, expected it later");
    if (span.start > work->last)
        return table_reject(batch, row, START, err,
                            "the start is after the last look, expected it before");
    if (span.end > work->last)
        span.end = NEVER;
    work->spans[work->n_spans] = span;
    const int status = dictionary_add(&work->users, batch->columns[USER].text[row],
                                      &work->spans[work->n_spans].user, err);
    work->n_spans++;
    return status;
}

static int read_spells(struct work *work, struct table *table, struct error *err) {
    static const struct table_column columns[] = {
        [USER] = {.name = "user", .type = TABLE_TEXT},
        [START] = {.name = "start", .type = TABLE_DATE, .missing = true, .optional = true},
        [END] = {.name = "end", .type = TABLE_DATE, .missing = true},
    };
    const struct table_batch *batch;
    if (table_bind(table, columns, SPELL_COLUMNS, err) || table_read(table, &batch, err))
        return err->code;
    work->last = work->options->as_of ? *work->options->as_of : last_date(batch);
    work->spans = malloc((batch->rows + 1) * sizeof *work->spans);
    if (!work->spans)
        return error_memory(err);
    for (size_t row = 0; row < batch->rows; row++)
        if (take_span(work, batch, row, err))
            return err->code;
    qsort(work->spans, work->n_spans, sizeof *work->spans, compare_spans);
    return 0;
}

/* The spells of a user are spans[from] to the one before the returned. */
static size_t user_end(const struct work *work, size_t from) {
    size_t to = from;
    while (to < work->n_spans && work->spans[to].user == work->spans[from].user)
        to++;
    return to;
}

/* ---- 2. The graph ---------------------------------------------------------------------------- */

enum { FOLLOWER, FOLLOWED, GRAPH_COLUMNS };

static int compare_edges(const void *left, const void *right) {
    const struct edge *a = left, *b = right;
    if (a->followed != b->followed)
        return a->followed < b->followed ? -1 : 1;
    return (a->follower > b->follower) - (a->follower < b->follower);
}

static int read_graph(struct work *work, struct table *table, struct error *err) {
    static const struct table_column columns[] = {
        [FOLLOWER] = {.name = "follower", .type = TABLE_TEXT},
        [FOLLOWED] = {.name = "followed", .type = TABLE_TEXT},
    };
    const struct table_batch *batch;
    if (table_bind(table, columns, GRAPH_COLUMNS, err) || table_read(table, &batch, err))
        return err->code;
    work->edges = malloc((batch->rows + 1) * sizeof *work->edges);
    work->follows = calloc(work->users.count + 1U, sizeof *work->follows);
    if (!work->edges || !work->follows)
        return error_memory(err);
    for (size_t row = 0; row < batch->rows; row++) {
        const struct text follower = batch->columns[FOLLOWER].text[row];
        const struct text followed = batch->columns[FOLLOWED].text[row];
        struct edge edge;
        if (text_equal(follower, followed)) {
            if (table_reject(batch, row, FOLLOWED, err,
                             "'%.*s' follows '%.*s', expected somebody else", (int)follower.length,
                             follower.bytes, (int)followed.length, followed.bytes))
                return err->code;
        } else if (dictionary_find(&work->users, follower, &edge.follower) &&
                   dictionary_find(&work->users, followed, &edge.followed)) {
            work->edges[work->n_edges++] = edge;
        } else {
            work->unknown++;
        }
    }
    qsort(work->edges, work->n_edges, sizeof *work->edges, compare_edges);
    size_t kept = 0;
    for (size_t i = 0; i < work->n_edges; i++)
        if (i == 0 || compare_edges(&work->edges[i], &work->edges[kept - 1]) != 0) {
            work->edges[kept++] = work->edges[i];
            work->follows[work->edges[i].follower]++;
        }
    work->n_edges = kept;
    return 0;
}

/* ---- 3. Changes of exposure ------------------------------------------------------------------ */

static int compare_changes(const void *left, const void *right) {
    const struct change *a = left, *b = right;
    if (a->user != b->user)
        return a->user < b->user ? -1 : 1;
    if (a->day != b->day)
        return a->day < b->day ? -1 : 1;
    return (a->by > b->by) - (a->by < b->by);
}

/* From `day` on, one account more (or less) is gone for the followers edges[from] to edges[to - 1].
 */
static int tell_followers(struct work *work, size_t from, size_t to, int32_t day, int32_t by,
                          struct error *err) {
    if (day > work->last - work->options->lag) /* too late for anybody to be exposed to it */
        return 0;
    if (array_reserve((void **)&work->changes, &work->changes_capacity,
                      work->n_changes + (to - from), sizeof *work->changes, err))
        return err->code;
    for (size_t i = from; i < to; i++)
        work->changes[work->n_changes++] =
            (struct change){work->edges[i].follower, day + work->options->lag, by};
    return 0;
}

/* Gone from the end of a spell that no other one covers, to the start of the next. */
static int tell_of_user(struct work *work, size_t first, size_t last, size_t from, size_t to,
                        struct error *err) {
    int32_t there_until = work->spans[first].end;
    for (size_t i = first; i < last; i++) {
        const struct span *span = &work->spans[i];
        if (i > first && span->start > there_until) {
            if (tell_followers(work, from, to, there_until, 1, err) ||
                tell_followers(work, from, to, span->start, -1, err))
                return err->code;
        }
        if (span->end > there_until)
            there_until = span->end;
    }
    return there_until == NEVER ? 0 : tell_followers(work, from, to, there_until, 1, err);
}

static int find_changes(struct work *work, struct error *err) {
    size_t first = 0;
    for (size_t from = 0, to; from < work->n_edges; from = to) {
        const uint32_t followed = work->edges[from].followed;
        for (to = from; to < work->n_edges && work->edges[to].followed == followed;)
            to++;
        while (work->spans[first].user != followed) /* both are by user */
            first = user_end(work, first);
        if (tell_of_user(work, first, user_end(work, first), from, to, err))
            return err->code;
    }
    if (work->n_changes > 0)
        qsort(work->changes, work->n_changes, sizeof *work->changes, compare_changes);
    return 0;
}

/* ---- 4. Rows --------------------------------------------------------------------------------- */

static int make_room(const struct work *work, struct follow_exposure *ret, struct error *err) {
    /* A change may fall into several spells that overlap: each is cut there. */
    size_t most = work->n_spans;
    for (size_t from = 0, to, at = 0; from < work->n_spans; from = to) {
        const uint32_t user = work->spans[from].user;
        to = user_end(work, from);
        while (at < work->n_changes && work->changes[at].user < user)
            at++;
        size_t mine = at;
        while (mine < work->n_changes && work->changes[mine].user == user)
            mine++;
        most += (mine - at) * (to - from);
    }
    ret->entry = malloc((most + 1) * sizeof *ret->entry);
    ret->time = malloc((most + 1) * sizeof *ret->time);
    ret->status = malloc((most + 1) * sizeof *ret->status);
    ret->user = calloc(most + 1, sizeof *ret->user);
    ret->count = malloc((most + 1) * sizeof *ret->count);
    ret->share = malloc((most + 1) * sizeof *ret->share);
    const bool all =
        ret->entry && ret->time && ret->status && ret->user && ret->count && ret->share;
    return all ? 0 : error_memory(err);
}

static void put_row(const struct work *work, const struct span *span, int32_t entry, int32_t time,
                    bool left, int32_t gone, struct follow_exposure *ret) {
    const size_t i = ret->n++;
    const uint32_t follows = work->follows[span->user];
    ret->entry[i] = entry == ALWAYS ? INT64_MIN : entry * DECIMAL_ONE;
    ret->time[i] = time * DECIMAL_ONE;
    ret->status[i] = left;
    ret->user[i] = span->user;
    ret->count[i] = gone;
    ret->share[i] = follows > 0 ? (double)gone / follows : 0;
}

/* The spell cut at each day from which on the exposure is another: a row is (entry, time], so the
 * one before ends a day earlier. */
static void put_span(const struct work *work, const struct span *span, const struct change *changes,
                     size_t n, struct follow_exposure *ret) {
    const bool left = span->end != NEVER;
    const int32_t end = left ? span->end : work->last;
    int32_t entry = span->start, gone = 0;
    if (entry >= end) {
        ret->never_at_risk++;
        return;
    }
    ret->spells++;
    ret->leavers += left;
    for (size_t i = 0; i < n && changes[i].day <= end; i++) {
        const int32_t before = changes[i].day - 1;
        if (before > entry) {
            /* Changes of the same day cut once; what leaves the number as it is does too, which
             * makes no difference. */
            put_row(work, span, entry, before, false, gone, ret);
            entry = before;
        }
        gone += changes[i].by;
    }
    put_row(work, span, entry, end, left, gone, ret);
}

static void put_rows(const struct work *work, struct follow_exposure *ret) {
    size_t at = 0;
    for (size_t from = 0, to; from < work->n_spans; from = to) {
        const uint32_t user = work->spans[from].user;
        to = user_end(work, from);
        while (at < work->n_changes && work->changes[at].user < user)
            at++;
        size_t mine = at;
        while (mine < work->n_changes && work->changes[mine].user == user)
            mine++;
        for (size_t i = from; i < to; i++)
            put_span(work, &work->spans[i], work->changes + at, mine - at, ret);
        at = mine;
    }
}

/* Codes of users that have rows, without gaps: rows are by user. */
static void renumber(struct follow_exposure *ret) {
    uint32_t before = 0, code = 0;
    for (size_t i = 0; i < ret->n; i++) {
        const uint32_t user = ret->user[i];
        if (i > 0 && user != before)
            code++;
        before = user;
        ret->user[i] = code;
    }
    ret->users = ret->n > 0 ? code + 1U : 0;
}

int follow_graph_read(struct table *spells, struct table *graph,
                      const struct follow_graph_options *options, struct follow_exposure *ret,
                      struct error *err) {
    struct work work = {.options = options};
    *ret = (struct follow_exposure){0};
    int status = read_spells(&work, spells, err);
    if (!status)
        status = read_graph(&work, graph, err);
    if (!status)
        status = find_changes(&work, err);
    if (!status)
        status = make_room(&work, ret, err);
    if (!status) {
        put_rows(&work, ret);
        renumber(ret);
        ret->edges = work.n_edges;
        ret->unknown = work.unknown;
    } else {
        follow_exposure_free(ret);
    }
    work_free(&work);
    return status;
}

void follow_exposure_free(struct follow_exposure *exposure) {
    free(exposure->entry);
    free(exposure->time);
    free(exposure->status);
    free(exposure->user);
    free(exposure->count);
    free(exposure->share);
    *exposure = (struct follow_exposure){0};
}
