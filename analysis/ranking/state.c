/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A file of records: a head of magic, key and size, then number, checksum and bytes of each. */
#include "ranking/state.h"

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <xxhash.h>

struct head {
    char magic[16];
    uint64_t key, bytes;
};

struct label {
    uint64_t replication, check;
};

static const char MAGIC[16] = "sojourn-state-1";

struct state {
    FILE *file;
    size_t bytes;
    char *path;
    pthread_mutex_t lock;
};

static int failed(const struct state *state, const char *what, struct error *err) {
    return error_set(err, ERROR_SYSTEM, "cannot %s '%s': %s", what, state->path, strerror(errno));
}

static int open_state(struct state **ret, const char *path, const char *mode, size_t bytes,
                      struct error *err) {
    struct state *state = calloc(1, sizeof *state);
    if (!state)
        return error_memory(err);
    pthread_mutex_init(&state->lock, NULL);
    state->bytes = bytes;
    state->path = strdup(path);
    if (!state->path) {
        state_close(state);
        return error_memory(err);
    }
    state->file = fopen(path, mode);
    if (!state->file) {
        failed(state, "open", err);
        state_close(state);
        return err->code;
    }
    *ret = state;
    return 0;
}

void state_close(struct state *state) {
    if (!state)
        return;
    if (state->file)
        fclose(state->file);
    pthread_mutex_destroy(&state->lock);
    free(state->path);
    free(state);
}

static int begin(struct state **ret, const char *path, uint64_t key, size_t bytes,
                 struct error *err) {
    struct state *state = NULL;
    struct head head = {.key = key, .bytes = bytes};
    if (open_state(&state, path, "w+b", bytes, err) || !state)
        return err->code;
    memcpy(head.magic, MAGIC, sizeof MAGIC);
    if (fwrite(&head, sizeof head, 1, state->file) != 1 || fflush(state->file)) {
        failed(state, "write", err);
        state_close(state);
        return err->code;
    }
    *ret = state;
    return 0;
}

static uint64_t checksum(uint64_t replication, const void *record, size_t bytes) {
    return XXH3_64bits_withSeed(record, bytes, replication);
}

static int check_head(const struct state *state, uint64_t key, struct error *err) {
    struct head head;
    if (fread(&head, sizeof head, 1, state->file) != 1 ||
        memcmp(head.magic, MAGIC, sizeof MAGIC) != 0)
        return error_set(err, ERROR_DATA,
                         "'%s' is no saved state, expected one that --save-state wrote",
                         state->path);
    if (head.key != key || head.bytes != state->bytes)
        return error_set(err, ERROR_DATA,
                         "'%s' was saved by a run with other parameters, rules, inputs or seed, "
                         "expected the same ones",
                         state->path);
    return 0;
}

/* Whole records from here on; returns where they end. */
static long read_records(const struct state *state, void *record,
                         void (*found)(void *context, uint32_t replication, const void *record),
                         void *context) {
    struct label label;
    long end = ftell(state->file);
    while (fread(&label, sizeof label, 1, state->file) == 1 &&
           fread(record, state->bytes, 1, state->file) == 1 &&
           label.check == checksum(label.replication, record, state->bytes)) {
        found(context, (uint32_t)label.replication, record);
        end = ftell(state->file);
    }
    return end;
}

int state_resume(struct state **ret, const char *path, uint64_t key, size_t bytes,
                 void (*found)(void *context, uint32_t replication, const void *record),
                 void *context, struct error *err) {
    struct state *state = NULL;
    if (open_state(&state, path, "r+b", bytes, err) || !state)
        return err->code;
    void *record = malloc(bytes);
    int code = record ? check_head(state, key, err) : error_memory(err);
    if (!code) {
        long end = read_records(state, record, found, context);
        if (end < 0 || fseek(state->file, end, SEEK_SET) ||
            ftruncate(fileno(state->file), (off_t)end))
            code = failed(state, "cut", err);
    }
    free(record);
    if (code)
        state_close(state);
    else
        *ret = state;
    return code;
}

/* What stands at the start of a file; false if there is none, or nothing in it. */
static bool read_head(const char *path, struct head *ret) {
    FILE *file = fopen(path, "rb");
    *ret = (struct head){0};
    bool any = file && fread(ret, 1, sizeof *ret, file) > 0;
    if (file)
        fclose(file);
    return any;
}

int state_create(struct state **ret, const char *path, uint64_t key, size_t bytes,
                 void (*found)(void *context, uint32_t replication, const void *record),
                 void *context, struct error *err) {
    struct head head;
    if (!read_head(path, &head))
        return begin(ret, path, key, bytes, err);
    if (memcmp(head.magic, MAGIC, sizeof MAGIC) != 0)
        return error_set(err, ERROR_DATA,
                         "'%s' is there already and is no saved state, expected a new file or one "
                         "that --save-state wrote",
                         path);
    return head.key == key && head.bytes == bytes
               ? state_resume(ret, path, key, bytes, found, context, err)
               : begin(ret, path, key, bytes, err);
}

int state_add(struct state *state, uint32_t replication, const void *record, struct error *err) {
    struct label label = {replication, checksum(replication, record, state->bytes)};
    pthread_mutex_lock(&state->lock);
    bool written = fwrite(&label, sizeof label, 1, state->file) == 1 &&
                   fwrite(record, state->bytes, 1, state->file) == 1 && !fflush(state->file);
    pthread_mutex_unlock(&state->lock);
    return written ? 0 : failed(state, "write", err);
}
