/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Activity to spells.
 *
 *   1. Reading: each worker gathers active days in a set of its own
 *   2. When a user is active next, and where
 *   3. The spells of one user
 *   4. The spells of one part of the users
 *   5. Listing: the parts, each sorted, are merged as they are asked for
 *   6. All parts
 */
#include "users/activity-spells.h"

#include "base/buffer.h"
#include "base/workers.h"
#include "users/active-days.h"
#include <stdlib.h>

/* ---- 1. Reading ------------------------------------------------------------------------------ */

enum column { USER, PLATFORM, DATE, COLUMNS };

/* What all workers fill. */
struct common {
    const struct activity_spells_options *options;
    struct active_store *store;
};

/* What table_fold hands round: the sets of one worker, or of several once merged. */
struct reading {
    const struct activity_spells_options *options;
    struct active_days **sets;
    size_t n, capacity;
    uint64_t rows, late_rows;
    int32_t first, last;
};

static void reading_destroy(void *state) {
    struct reading *reading = state;
    if (!reading)
        return;
    for (size_t i = 0; i < reading->n; i++) {
        active_days_free(reading->sets[i]);
        free(reading->sets[i]);
    }
    free(reading->sets);
    free(reading);
}

static int reading_begin(void *context, void **ret_state, struct error *err) {
    const struct common *common = context;
    struct reading *reading = calloc(1, sizeof *reading);
    struct active_days *set = calloc(1, sizeof *set);
    if (!reading || !set ||
        array_reserve((void **)&reading->sets, &reading->capacity, 1, sizeof(struct active_days *),
                      err)) {
        free(reading);
        free(set);
        return error_memory(err);
    }
    reading->options = common->options;
    set->store = common->store;
    reading->first = INT32_MAX;
    reading->last = INT32_MIN;
    reading->sets[reading->n++] = set;
    *ret_state = reading;
    return 0;
}

/* `n` rows of a batch, none of them after the last look. */
static int add_rows(struct reading *reading, const struct table_batch *batch, size_t start,
                    size_t n, struct error *err) {
    const int32_t *days = batch->columns[DATE].date + start;
    for (size_t i = 0; i < n; i++) {
        reading->first = days[i] < reading->first ? days[i] : reading->first;
        reading->last = days[i] > reading->last ? days[i] : reading->last;
    }
    reading->rows += n;
    return active_days_add(reading->sets[0], batch->columns[USER].text + start,
                           batch->columns[PLATFORM].text + start, days, n, err);
}

static int reading_add(void *state, const struct table_batch *batch, struct error *err) {
    struct reading *reading = state;
    const int32_t as_of = reading->options->as_of ? *reading->options->as_of : INT32_MAX;
    const int32_t *days = batch->columns[DATE].date;
    for (size_t start = 0, end; start < batch->rows; start = end) {
        for (end = start; end < batch->rows && days[end] <= as_of; end++)
            ;
        if (end > start && add_rows(reading, batch, start, end - start, err))
            return err->code;
        for (; end < batch->rows && days[end] > as_of; end++)
            reading->late_rows++;
    }
    return 0;
}

static int reading_merge(void *into_state, void *from_state, struct error *err) {
    struct reading *into = into_state, *from = from_state;
    if (array_reserve((void **)&into->sets, &into->capacity, into->n + from->n,
                      sizeof(struct active_days *), err))
        return err->code;
    for (size_t i = 0; i < from->n; i++)
        into->sets[into->n++] = from->sets[i];
    from->n = 0;
    into->rows += from->rows;
    into->late_rows += from->late_rows;
    into->first = from->first < into->first ? from->first : into->first;
    into->last = from->last > into->last ? from->last : into->last;
    return 0;
}

/* ---- 2. When a user is active next, and where ------------------------------------------------ */

/* 64 days of one user on whatever platform. */
struct moment {
    int32_t first_day;
    uint64_t days;         /* bit i: active somewhere on first_day + i */
    uint32_t platform[64]; /* where on that day: the first by name */
};

/* One worker's scratch: the days of one user, by time. */
struct timeline {
    struct active_block *blocks; /* of the user, by time and then platform */
    size_t blocks_capacity;
    struct moment *moments;
    size_t n, capacity;
};

static void timeline_free(struct timeline *timeline) {
    free(timeline->blocks);
    free(timeline->moments);
}

static int by_time(const void *a, const void *b) {
    const struct active_block *x = a, *y = b;
    const uint16_t at = (uint16_t)x->key, other = (uint16_t)y->key;
    return at != other ? (at > other) - (at < other) : (x->key > y->key) - (x->key < y->key);
}

/* Platforms come by rank, which is by name: the first to claim a day keeps it. */
static void moment_add(struct moment *moment, const struct active_block *block) {
    for (uint64_t fresh = block->days & ~moment->days; fresh; fresh &= fresh - 1)
        moment->platform[__builtin_ctzll(fresh)] = active_block_platform(block);
    moment->days |= block->days;
}

/* `blocks` are one user's, n of them. */
static int timeline_build(struct timeline *timeline, const struct active_block *blocks, size_t n,
                          struct error *err) {
    if (array_reserve((void **)&timeline->blocks, &timeline->blocks_capacity, n,
                      sizeof *timeline->blocks, err) ||
        array_reserve((void **)&timeline->moments, &timeline->capacity, n,
                      sizeof *timeline->moments, err))
        return err->code;
    for (size_t i = 0; i < n; i++)
        timeline->blocks[i] = blocks[i];
    qsort(timeline->blocks, n, sizeof *timeline->blocks, by_time);
    timeline->n = 0;
    for (size_t i = 0; i < n; i++) {
        const int32_t first_day = active_block_first_day(&timeline->blocks[i]);
        if (timeline->n == 0 || timeline->moments[timeline->n - 1].first_day != first_day) {
            timeline->moments[timeline->n].first_day = first_day;
            timeline->moments[timeline->n++].days = 0;
        }
        moment_add(&timeline->moments[timeline->n - 1], &timeline->blocks[i]);
    }
    return 0;
}

/* The moment that holds the day, on which the user was active. */
static size_t timeline_find(const struct timeline *timeline, int32_t day) {
    size_t low = 0, high = timeline->n - 1;
    while (low < high) {
        const size_t middle = low + (high - low + 1) / 2;
        if (timeline->moments[middle].first_day <= day)
            low = middle;
        else
            high = middle - 1;
    }
    return low;
}

/* The first day after `day` on which the user is active anywhere; false if there is none. */
static bool timeline_next(const struct timeline *timeline, int32_t day, int32_t *ret_day,
                          uint32_t *ret_platform) {
    size_t i = timeline_find(timeline, day);
    const uint64_t one = UINT64_C(1) << (day - timeline->moments[i].first_day);
    uint64_t later = timeline->moments[i].days & ~(one | (one - 1));
    if (!later) {
        if (++i == timeline->n)
            return false;
        later = timeline->moments[i].days;
    }
    const int bit = __builtin_ctzll(later);
    *ret_day = timeline->moments[i].first_day + bit;
    *ret_platform = timeline->moments[i].platform[bit];
    return true;
}

/* ---- 3. The spells of one user --------------------------------------------------------------- */

#define STILL_THERE INT32_MIN
#define NOWHERE     UINT32_MAX

struct found {
    uint32_t user, platform; /* ranks by name */
    int32_t start;
    int32_t end;          /* or STILL_THERE */
    uint32_t destination; /* a platform's rank, or NOWHERE */
};

/* The spells of one part of the users, sorted. */
struct part {
    struct active_part days; /* the blocks only until the spells are found */
    struct found *spells;
    size_t n, capacity;
    size_t next;     /* of those not listed yet */
    uint64_t active; /* days, counted for each user and platform */
    uint64_t users, ended, moved, returns, early, unsettled;
};

struct activity_spells {
    struct activity_spells_options options;
    struct activity_spells_report report;
    struct active_platforms platforms;
    struct part parts[ACTIVE_DAYS_PARTS];
    /* A heap of the parts that have more to list, the least next user on top. */
    size_t heap[ACTIVE_DAYS_PARTS];
    size_t n_heap;
};

/* One user on one platform, as the days go by. */
struct stay {
    uint32_t user, platform;
    int32_t start, last;
    bool again; /* there has been a spell before */
};

/* Day on which the user was active on the platform again, later than the gap allows; or none. */
#define NO_RETURN INT32_MAX

static uint32_t destination_of(const struct activity_spells_options *options,
                               const struct timeline *timeline, int32_t last, int32_t back) {
    int32_t day;
    uint32_t platform;
    if (timeline->n == 0 || !timeline_next(timeline, last, &day, &platform) || day == back)
        return NOWHERE;
    return options->within > 0 && day - last > options->within ? NOWHERE : platform;
}

static int add_spell(const struct activity_spells *spells, struct part *part,
                     const struct timeline *timeline, const struct stay *stay, int32_t back,
                     struct error *err) {
    const struct activity_spells_report *report = &spells->report;
    const int32_t gap = spells->options.gap;
    if (spells->options.settled && stay->start > report->settled) {
        part->unsettled++;
        return 0;
    }
    if (array_reserve((void **)&part->spells, &part->capacity, part->n + 1, sizeof *part->spells,
                      err))
        return err->code;
    struct found *spell = &part->spells[part->n++];
    *spell = (struct found){stay->user, stay->platform, stay->start, STILL_THERE, NOWHERE};
    if (report->as_of - stay->last >= gap) {
        spell->end = stay->last + 1;
        spell->destination = destination_of(&spells->options, timeline, stay->last, back);
    }
    part->ended += spell->end != STILL_THERE;
    part->moved += spell->destination != NOWHERE;
    part->returns += stay->again;
    part->early += stay->start - report->first < gap;
    return 0;
}

/* `blocks` are the user's on one platform, n of them; the timeline is empty if there is no other
 * platform. */
static int add_stays(const struct activity_spells *spells, struct part *part,
                     const struct timeline *timeline, const struct active_block *blocks, size_t n,
                     struct error *err) {
    struct stay stay = {.user = active_block_user(blocks),
                        .platform = active_block_platform(blocks)};
    stay.start = stay.last = active_block_first_day(blocks) + __builtin_ctzll(blocks->days);
    for (size_t i = 0; i < n; i++) {
        const int32_t first_day = active_block_first_day(&blocks[i]);
        part->active += (uint64_t)__builtin_popcountll(blocks[i].days);
        for (uint64_t days = blocks[i].days; days; days &= days - 1) {
            const int32_t day = first_day + __builtin_ctzll(days);
            if (day - stay.last > spells->options.gap) {
                if (add_spell(spells, part, timeline, &stay, day, err))
                    return err->code;
                stay.start = day;
                stay.again = true;
            }
            stay.last = day;
        }
    }
    return add_spell(spells, part, timeline, &stay, NO_RETURN, err);
}

/* How many blocks from the first on agree with it in the key's bits from `shift` up. */
static size_t run_of(const struct active_block *blocks, size_t n, int shift) {
    size_t run = 1;
    while (run < n && blocks[run].key >> shift == blocks[0].key >> shift)
        run++;
    return run;
}

enum { OF_USER = 40, OF_PLATFORM = 16 };

static int add_user(const struct activity_spells *spells, struct part *part,
                    struct timeline *timeline, const struct active_block *blocks, size_t n,
                    struct error *err) {
    timeline->n = 0;
    if (run_of(blocks, n, OF_PLATFORM) < n && timeline_build(timeline, blocks, n, err))
        return err->code;
    for (size_t i = 0, run; i < n; i += run) {
        run = run_of(blocks + i, n - i, OF_PLATFORM);
        if (add_stays(spells, part, timeline, blocks + i, run, err))
            return err->code;
    }
    part->users++;
    return 0;
}

/* ---- 4. The spells of one part --------------------------------------------------------------- */

struct finish {
    struct activity_spells *spells;
    const struct reading *reading;
};

static int add_users(const struct activity_spells *spells, struct part *part,
                     struct timeline *timeline, struct error *err) {
    const struct active_part *days = &part->days;
    for (size_t i = 0, run; i < days->n; i += run) {
        run = run_of(days->blocks + i, days->n - i, OF_USER);
        if (add_user(spells, part, timeline, days->blocks + i, run, err))
            return err->code;
    }
    return 0;
}

static int finish_part(void *context, size_t number, int worker, struct error *err) {
    const struct finish *finish = context;
    struct part *part = &finish->spells->parts[number];
    struct timeline timeline = {0};
    (void)worker;
    int status = active_days_unite(finish->reading->sets, finish->reading->n,
                                   &finish->spells->platforms, number, &part->days, err);
    if (!status)
        status = add_users(finish->spells, part, &timeline, err);
    timeline_free(&timeline);
    free(part->days.blocks);
    part->days.blocks = NULL;
    return status;
}

/* ---- 5. Listing ------------------------------------------------------------------------------ */

static struct text next_user(const struct part *part) {
    return active_user_name(&part->days, part->spells[part->next].user);
}

static bool before(const struct activity_spells *spells, size_t a, size_t b) {
    return text_compare(next_user(&spells->parts[a]), next_user(&spells->parts[b])) < 0;
}

static void sift_down(struct activity_spells *spells, size_t at) {
    size_t *heap = spells->heap;
    for (size_t child; (child = 2 * at + 1) < spells->n_heap; at = child) {
        if (child + 1 < spells->n_heap && before(spells, heap[child + 1], heap[child]))
            child++;
        if (!before(spells, heap[child], heap[at]))
            return;
        const size_t part = heap[at];
        heap[at] = heap[child];
        heap[child] = part;
    }
}

static void heap_build(struct activity_spells *spells) {
    for (size_t i = 0; i < ACTIVE_DAYS_PARTS; i++)
        if (spells->parts[i].n > 0)
            spells->heap[spells->n_heap++] = i;
    for (size_t i = spells->n_heap / 2; i-- > 0;)
        sift_down(spells, i);
}

/* The part on top has listed one more spell: it stays there for the rest of that user. */
static void advance(struct activity_spells *spells, struct part *part) {
    const uint32_t user = part->spells[part->next++].user;
    if (part->next < part->n && part->spells[part->next].user == user)
        return;
    if (part->next == part->n)
        spells->heap[0] = spells->heap[--spells->n_heap];
    sift_down(spells, 0);
}

bool activity_spells_next(struct activity_spells *spells, struct activity_spell *ret) {
    if (spells->n_heap == 0)
        return false;
    struct part *part = &spells->parts[spells->heap[0]];
    const struct found *found = &part->spells[part->next];
    *ret = (struct activity_spell){
        .user = next_user(part),
        .platform = active_platform_name(&spells->platforms, found->platform),
        .start = found->start,
        .ended = found->end != STILL_THERE,
    };
    if (ret->ended)
        ret->end = found->end;
    if (found->destination != NOWHERE)
        ret->destination = active_platform_name(&spells->platforms, found->destination);
    advance(spells, part);
    return true;
}

/* ---- 6. All parts ---------------------------------------------------------------------------- */

static void begin_report(struct activity_spells *spells, const struct reading *reading) {
    struct activity_spells_report *report = &spells->report;
    report->any = reading->rows > 0;
    report->rows = reading->rows;
    report->late_rows = reading->late_rows;
    report->first = reading->first;
    report->as_of = spells->options.as_of ? *spells->options.as_of : reading->last;
    if (report->any)
        report->settled = report->as_of - spells->options.gap + 1;
}

static void sum_parts(struct activity_spells *spells) {
    struct activity_spells_report *report = &spells->report;
    for (size_t i = 0; i < ACTIVE_DAYS_PARTS; i++) {
        const struct part *part = &spells->parts[i];
        report->days += part->active;
        report->users += part->users;
        report->spells += part->n;
        report->ended += part->ended;
        report->moved += part->moved;
        report->returns += part->returns;
        report->early += part->early;
        report->unsettled += part->unsettled;
    }
}

static int finish(struct activity_spells *spells, const struct reading *reading,
                  struct error *err) {
    struct finish context = {spells, reading};
    begin_report(spells, reading);
    if (active_platforms_unite(reading->sets, reading->n, &spells->platforms, err) ||
        workers_run(spells->options.threads, ACTIVE_DAYS_PARTS, finish_part, &context, err))
        return err->code;
    sum_parts(spells);
    heap_build(spells);
    return 0;
}

int activity_spells_read(struct activity_spells **ret, struct table *table,
                         const struct activity_spells_options *options, struct error *err) {
    static const struct table_fold fold = {reading_begin, reading_add, reading_merge,
                                           reading_destroy};
    static const struct table_column columns[COLUMNS] = {
        [USER] = {.name = "user", .type = TABLE_TEXT},
        [PLATFORM] = {.name = "platform", .type = TABLE_TEXT},
        [DATE] = {.name = "date", .type = TABLE_DATE},
    };
    struct activity_spells *spells = calloc(1, sizeof *spells);
    if (!spells)
        return error_memory(err);
    struct common common = {.options = options};
    void *reading = NULL;
    spells->options = *options;
    int status = active_store_create(&common.store, err);
    if (!status)
        status = table_bind(table, columns, COLUMNS, err);
    if (!status)
        status = table_fold(table, &fold, &common, &reading, err);
    if (!status)
        status = finish(spells, reading, err);
    reading_destroy(reading);
    active_store_destroy(common.store);
    if (status) {
        activity_spells_destroy(spells);
        spells = NULL;
    }
    *ret = spells;
    return status;
}

const struct activity_spells_report *activity_spells_report(const struct activity_spells *spells) {
    return &spells->report;
}

void activity_spells_destroy(struct activity_spells *spells) {
    if (!spells)
        return;
    for (size_t i = 0; i < ACTIVE_DAYS_PARTS; i++) {
        active_part_free(&spells->parts[i].days);
        free(spells->parts[i].spells);
    }
    active_platforms_free(&spells->platforms);
    free(spells);
}
