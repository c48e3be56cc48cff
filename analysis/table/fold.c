/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reading a table once: threads take blocks in turn, and what they make of them is merged.
 *
 * Of several errors the first in the order of the input is returned. Blocks are handed out in that
 * order, so when one fails, all before it are finished or in work, and none behind it is needed:
 * no more are handed out, and the error of the lowest block wins. */
#include "table/inside.h"

#include "base/workers.h"
#include <stdlib.h>

struct run {
    struct table *table;
    const struct table_fold *fold;
    void *context;
    void **states; /* [tasks] */

    pthread_mutex_t lock;  /* for all below */
    struct cut *cut;       /* of the shard being read */
    size_t shard;          /* the one being read, or the next to open */
    size_t sequence;       /* of the block to come */
    uint64_t bytes_before; /* of the shards that are done */
    bool stopped;
    size_t failed; /* the lowest block that failed */
    struct error failure;
};

/* A block with where it stands. */
struct portion {
    struct block block;
    size_t shard;
    size_t sequence;
};

static void fail(struct run *run, size_t sequence, const struct error *error) {
    run->stopped = true;
    if (sequence < run->failed) {
        run->failed = sequence;
        run->failure = *error;
    }
}

static void fail_locked(struct run *run, size_t sequence, const struct error *error) {
    pthread_mutex_lock(&run->lock);
    fail(run, sequence, error);
    pthread_mutex_unlock(&run->lock);
}

static void report_progress(const struct run *run) {
    const struct table_options *options = run->table->options;
    uint64_t done = run->bytes_before;
    if (run->cut)
        done += source_consumed(cut_source(run->cut));
    if (options->progress)
        options->progress(options->progress_context, done, run->table->total_bytes);
}

static void end_shard(struct run *run) {
    run->bytes_before += source_consumed(cut_source(run->cut));
    cut_close(run->cut);
    run->cut = NULL;
    run->shard++;
}

static int read_portion(struct run *run, struct portion *portion, struct error *err) {
    portion->block.length = 0;
    while (run->shard < run->table->n_files) {
        if (!run->cut && table_open_shard(run->table, run->shard, &run->cut, err))
            return err->code;
        if (cut_next(run->cut, &portion->block, err))
            return err->code;
        if (portion->block.length > 0) {
            portion->shard = run->shard;
            return 0;
        }
        end_shard(run);
    }
    return 0;
}

/* The next block; false when there is none, or no more is wanted. */
static bool take_portion(struct run *run, struct portion *portion) {
    struct error error = {0};
    bool taken = false;
    pthread_mutex_lock(&run->lock);
    if (!run->stopped) {
        portion->sequence = run->sequence;
        if (read_portion(run, portion, &error))
            fail(run, portion->sequence, &error);
        else
            taken = portion->block.length > 0;
        run->sequence += taken;
        run->stopped |= !taken;
        report_progress(run);
    }
    pthread_mutex_unlock(&run->lock);
    return taken;
}

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
    return table->rejects ? rejects_put(table->rejects, portion->sequence, &scanner->list, err) : 0;
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
        code = add_portion(run, &scanner, &portion, run->states[index], &error);
        if (code)
            fail_locked(run, portion.sequence, &error);
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

int table_fold(struct table *table, const struct table_fold *fold, void *context, void **ret_state,
               struct error *err) {
    if (table->used || !table->field_of)
        return error_set(err, ERROR_SYSTEM, "a table is read once, after its columns are bound");
    table->used = true;
    int threads = threads_for(table);
    struct run run = {.table = table, .fold = fold, .context = context, .failed = SIZE_MAX};
    table->n_names = (size_t)threads * table->layout.n_columns;
    table->names = calloc(table->n_names + 1, sizeof *table->names);
    run.states = calloc((size_t)threads, sizeof *run.states);
    if (!run.states || !table->names) {
        free(run.states);
        return error_memory(err);
    }
    pthread_mutex_init(&run.lock, NULL);
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
    cut_close(run.cut);
    pthread_mutex_destroy(&run.lock);
    free(run.states);
    return code;
}
