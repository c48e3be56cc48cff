/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reading a table once: threads take blocks in turn, and what they make of them is merged.
 *
 * Several shards are open at a time, each in a lane of its own: whoever wants a block takes the
 * next one of the first lane that nobody else is reading from, and opens a further shard if there
 * is none. Reading and decompressing are thus done by as many threads as there are shards.
 *
 * Of several errors the first in the order of the input is returned. Within a shard blocks are
 * handed out in that order, so when one fails, all before it are finished or in work, and none
 * behind it is needed; shards before it are read to their end, and the error of the lowest block
 * wins. */
#include "table/inside.h"

#include "base/workers.h"
#include <stdlib.h>

/* Numbers of blocks ascend in the order of the input: the shard, and the block within it. */
enum { BLOCK_BITS = 40 };
_Static_assert(sizeof(size_t) * 8 > BLOCK_BITS + 20, "a number holds a shard and a block");

static size_t number_of(size_t shard, size_t block) {
    return shard << BLOCK_BITS | block;
}

/* A shard being read. */
struct lane {
    struct cut *cut; /* NULL: not opened yet */
    size_t shard;
    size_t block; /* the next one */
    bool open;    /* otherwise the lane is free for another shard */
    bool busy;    /* somebody is reading from it */
};

struct run {
    struct table *table;
    const struct table_fold *fold;
    void *context;
    void **states; /* [threads] */
    bool ahead;    /* what is compressed is decoded by a thread of its own */

    pthread_mutex_t lock;   /* for all below */
    pthread_cond_t changed; /* a lane is no longer busy, or there is no need to wait for one */
    struct lane *lanes;     /* [n_lanes] */
    size_t n_lanes;
    size_t next_shard;     /* to open */
    size_t handed_out;     /* blocks */
    uint64_t bytes_before; /* of the shards that are done */
    size_t failed;         /* the lowest block that failed, or SIZE_MAX */
    struct error failure;
};

/* A block with where it stands. */
struct portion {
    struct block block;
    size_t shard;
    size_t sequence; /* of the batch: see number_of */
    size_t order;    /* in which blocks were handed out */
};

static void fail(struct run *run, size_t sequence, const struct error *error) {
    if (sequence < run->failed) {
        run->failed = sequence;
        run->failure = *error;
    }
    pthread_cond_broadcast(&run->changed);
}

static void fail_locked(struct run *run, size_t sequence, const struct error *error) {
    pthread_mutex_lock(&run->lock);
    fail(run, sequence, error);
    pthread_mutex_unlock(&run->lock);
}

static void report_progress(const struct run *run) {
    const struct table_options *options = run->table->options;
    uint64_t done = run->bytes_before;
    if (!options->progress)
        return;
    for (size_t i = 0; i < run->n_lanes; i++)
        if (run->lanes[i].open && run->lanes[i].cut)
            done += source_consumed(cut_source(run->lanes[i].cut));
    options->progress(options->progress_context, done, run->table->total_bytes);
}

/* ---- Lanes ----------------------------------------------------------------------------------- */

/* Whether blocks of this shard come before the first that failed. */
static bool is_wanted(const struct run *run, size_t shard) {
    return number_of(shard, 0) <= run->failed && shard != run->failed >> BLOCK_BITS;
}

static void close_lane(struct run *run, struct lane *lane) {
    if (lane->cut)
        run->bytes_before += source_consumed(cut_source(lane->cut));
    cut_close(lane->cut);
    *lane = (struct lane){0};
    pthread_cond_broadcast(&run->changed);
}

/* The first shard that can be read from now, being opened if need be; NULL if there is none, and
 * then whether one might come. */
static struct lane *choose_lane(struct run *run, bool *ret_wait) {
    struct lane *best = NULL, *unused = NULL;
    *ret_wait = false;
    for (size_t i = 0; i < run->n_lanes; i++) {
        struct lane *lane = &run->lanes[i];
        if (!lane->open)
            unused = lane;
        else if (!is_wanted(run, lane->shard))
            continue;
        else if (lane->busy)
            *ret_wait = true;
        else if (!best || lane->shard < best->shard)
            best = lane;
    }
    if (best || !unused || run->next_shard == run->table->n_files ||
        !is_wanted(run, run->next_shard))
        return best;
    *unused = (struct lane){.shard = run->next_shard++, .open = true};
    return unused;
}

/* Reads the lane's next block without the lock, which is held before and afterwards. */
static int read_block(struct run *run, struct lane *lane, struct block *block, struct error *err) {
    struct cut *cut = lane->cut;
    const size_t shard = lane->shard;
    int code = 0;
    lane->busy = true;
    pthread_mutex_unlock(&run->lock);
    block->length = 0;
    if (!cut) {
        code = table_open_shard(run->table, shard, &cut, err);
        if (!code && run->ahead)
            cut_read_ahead(cut);
    }
    if (!code)
        code = cut_next(cut, block, err);
    pthread_mutex_lock(&run->lock);
    lane->cut = cut;
    lane->busy = false;
    return code;
}

/* The next block; false when there is none, or no more is wanted. */
static bool take_portion(struct run *run, struct portion *portion) {
    bool taken = false, wait = true;
    pthread_mutex_lock(&run->lock);
    while (!taken) {
        struct error error = {0};
        struct lane *lane = choose_lane(run, &wait);
        if (!lane && !wait)
            break;
        if (!lane) {
            pthread_cond_wait(&run->changed, &run->lock);
            continue;
        }
        const int code = read_block(run, lane, &portion->block, &error);
        portion->shard = lane->shard;
        portion->sequence = number_of(lane->shard, lane->block);
        if (code)
            fail(run, portion->sequence, &error);
        taken = !code && portion->block.length > 0;
        if (taken) {
            lane->block++;
            portion->order = run->handed_out++;
            pthread_cond_signal(&run->changed);
        } else {
            close_lane(run, lane);
        }
        report_progress(run);
    }
    pthread_mutex_unlock(&run->lock);
    return taken;
}

/* ---- Blocks ---------------------------------------------------------------------------------- */

static void count(struct run *run, const struct scanner *scanner, size_t turned_down) {
    pthread_mutex_lock(&run->lock);
    run->table->summary.rows += scanner->rows - turned_down;
    run->table->summary.blank_lines += scanner->blank_lines;
    pthread_mutex_unlock(&run->lock);
}

/* The rows before a bad one are added first: if one of them makes no sense, its error is the first
 * in the input. */
static int add_portion(struct run *run, struct scanner *scanner, const struct portion *portion,
                       void *state, struct error *err) {
    struct error bad_row = {0};
    struct table *table = run->table;
    scanner_scan(scanner, &portion->block, portion->shard, portion->sequence, &bad_row);
    size_t bad_rows = scanner->list.count;
    int code = scanner->rows > 0 ? run->fold->add(state, &scanner->batch, err) : 0;
    if (code)
        return code;
    if (bad_row.code)
        return error_set(err, bad_row.code, "%s", bad_row.text);
    count(run, scanner, scanner->list.count - bad_rows);
    return table->rejects ? rejects_put(table->rejects, portion->order, &scanner->list, err) : 0;
}

static int work(void *context, size_t index, int worker, struct error *err) {
    (void)worker;
    struct run *run = context;
    struct scanner scanner = {0};
    struct portion portion = {0};
    int code = run->fold->begin(run->context, &run->states[index], err);
    if (!code)
        code =
            scanner_open(&scanner, &run->table->layout,
                         run->table->names + index * run->table->layout.n_columns, run->table, err);
    if (code)
        fail_locked(run, 0, err);
    while (!code && take_portion(run, &portion)) {
        struct error error = {0};
        if (!add_portion(run, &scanner, &portion, run->states[index], &error))
            continue;
        fail_locked(run, portion.sequence, &error);
        /* Shards before this one may hold an error that comes before it. What is added to no longer
         * matters, but must be in order. */
        run->fold->destroy(run->states[index]);
        run->states[index] = NULL;
        code = run->fold->begin(run->context, &run->states[index], &error);
    }
    block_free(&portion.block);
    scanner_close(&scanner);
    return 0; /* failures are kept in the run, in the order of the blocks */
}

/* Small files are not worth a thread each. */
static int threads_for(const struct table *table) {
    int threads = table->options->threads > 1 ? table->options->threads : 1;
    uint64_t full_blocks = table->total_bytes / table_block_bytes(table);
    bool known = table->total_bytes > 0 && table->all_plain;
    return known && full_blocks < (uint64_t)threads ? (int)full_blocks + 1 : threads;
}

static int merge_states(struct run *run, int n, struct error *err) {
    for (int i = 1; i < n; i++) {
        int code = run->fold->merge(run->states[0], run->states[i], err);
        run->fold->destroy(run->states[i]);
        run->states[i] = NULL;
        if (code)
            return code;
    }
    return 0;
}

/* Rejects are written in the order of the input: whatever is read ahead would have to wait for what
 * comes before it, in memory. Nor does anybody wait for one pipe while another has bytes. */
static size_t lanes_for(const struct table *table, int threads) {
    bool one = table->rejects && rejects_wanted(table->rejects);
    for (size_t i = 0; i < table->n_files; i++)
        one |= table->shards[i].kept != NULL;
    return one ? 1 : table->n_files < (size_t)threads ? table->n_files : (size_t)threads;
}

static int open_run(struct run *run, int threads, struct error *err) {
    struct table *table = run->table;
    run->ahead = threads > 1;
    run->n_lanes = lanes_for(table, threads);
    run->lanes = calloc(run->n_lanes + 1, sizeof *run->lanes);
    run->states = calloc((size_t)threads, sizeof *run->states);
    table->n_names = (size_t)threads * table->layout.n_columns;
    table->names = calloc(table->n_names + 1, sizeof *table->names);
    pthread_mutex_init(&run->lock, NULL);
    pthread_cond_init(&run->changed, NULL);
    return run->lanes && run->states && table->names ? 0 : error_memory(err);
}

static void close_run(struct run *run) {
    for (size_t i = 0; run->lanes && i < run->n_lanes; i++)
        cut_close(run->lanes[i].cut);
    free(run->lanes);
    free(run->states);
    pthread_cond_destroy(&run->changed);
    pthread_mutex_destroy(&run->lock);
}

int table_fold(struct table *table, const struct table_fold *fold, void *context, void **ret_state,
               struct error *err) {
    if (table->used || !table->field_of)
        return error_set(err, ERROR_SYSTEM, "a table is read once, after its columns are bound");
    table->used = true;
    int threads = threads_for(table);
    struct run run = {.table = table, .fold = fold, .context = context, .failed = SIZE_MAX};
    if (open_run(&run, threads, err)) {
        close_run(&run);
        return err->code;
    }
    int code = workers_run(threads, (size_t)threads, work, &run, err);
    if (!code && run.failed != SIZE_MAX)
        code = error_set(err, run.failure.code, "%s", run.failure.text);
    if (!code)
        code = merge_states(&run, threads, err);
    table->summary.bytes = run.bytes_before;
    for (int i = code ? 0 : 1; i < threads; i++)
        if (run.states[i])
            fold->destroy(run.states[i]);
    if (!code)
        *ret_state = run.states[0];
    close_run(&run);
    return code;
}
