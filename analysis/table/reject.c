/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Bad rows that are skipped. */
#include "table/reject.h"

#include "table/origin.h"
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- Lists ----------------------------------------------------------------------------------- */

int reject_add(struct reject_list *list, struct reject_place place, const char *reason,
               struct text record, struct error *err) {
    if (array_reserve((void **)&list->items, &list->capacity, list->count + 1, sizeof *list->items,
                      err))
        return err->code;
    struct reject *item = &list->items[list->count];
    item->place = place;
    item->reason = list->text.length;
    buffer_append(&list->text, reason, strlen(reason) + 1); /* with its NUL */
    item->record = list->text.length;
    buffer_append(&list->text, record.bytes, record.length);
    item->end = list->text.length;
    if (buffer_check(&list->text, err))
        return err->code;
    list->count++;
    return 0;
}

void reject_list_free(struct reject_list *list) {
    free(list->items);
    buffer_free(&list->text);
    *list = (struct reject_list){0};
}

static int compare(const void *a, const void *b) {
    const struct reject_place *x = &((const struct reject *)a)->place;
    const struct reject_place *y = &((const struct reject *)b)->place;
    if (x->shard != y->shard)
        return x->shard < y->shard ? -1 : 1;
    return (x->line > y->line) - (x->line < y->line);
}

/* A block's parser and its subject each turn rows down in order, but one after the other. */
static void sort(struct reject_list *list) {
    if (list->count > 1)
        qsort(list->items, list->count, sizeof *list->items, compare);
}

/* ---- All of them ----------------------------------------------------------------------------- */

struct waiting {
    size_t sequence;
    struct reject_list list;
};

struct rejects {
    pthread_mutex_t lock;
    const char *const *names;
    struct output *output; /* NULL: they are counted only */
    bool hold;
    size_t next; /* the block whose turn it is */
    struct waiting *waiting;
    size_t n_waiting;
    size_t capacity;
    struct reject_list held;
    uint64_t count;
    uint64_t late;
    struct reject_place first_place;
    char first[512];
};

static void write_quoted(FILE *stream, const char *bytes, size_t length) {
    putc('"', stream);
    for (size_t at = 0; at < length;) {
        const char *quote = memchr(bytes + at, '"', length - at);
        size_t n = quote ? (size_t)(quote - bytes) + 1 - at : length - at;
        fwrite(bytes + at, 1, n, stream);
        if (quote)
            putc('"', stream);
        at += n;
    }
    putc('"', stream);
}

static void write_text(FILE *stream, const char *text) {
    if (strpbrk(text, ",\"\r\n"))
        write_quoted(stream, text, strlen(text));
    else
        fputs(text, stream);
}

/* Records are quoted always: they stand there as they stood in the file, byte for byte. */
static void write_list(struct rejects *rejects, struct reject_list *list) {
    FILE *stream = rejects->output ? output_stream(rejects->output) : NULL;
    if (!stream)
        return;
    sort(list);
    for (size_t i = 0; i < list->count; i++) {
        const struct reject *item = &list->items[i];
        const char *text = list->text.bytes;
        write_text(stream, rejects->names[item->place.shard]);
        fprintf(stream, ",%llu,", (unsigned long long)item->place.line);
        if (item->place.column > 0)
            fprintf(stream, "%d", item->place.column);
        putc(',', stream);
        write_text(stream, text + item->reason);
        putc(',', stream);
        write_quoted(stream, text + item->record, item->end - item->record);
        putc('\n', stream);
    }
}

int rejects_open(struct rejects **ret, const char *path, const char *const *names,
                 struct error *err) {
    struct rejects *rejects = calloc(1, sizeof *rejects);
    if (!rejects)
        return error_memory(err);
    rejects->names = names;
    pthread_mutex_init(&rejects->lock, NULL);
    if (path) {
        int code = output_open(&rejects->output, path, err);
        if (code) {
            rejects_close(rejects);
            return code;
        }
        fputs("file,line,column,reason,record\n", output_stream(rejects->output));
    }
    *ret = rejects;
    return 0;
}

bool rejects_wanted(const struct rejects *rejects) {
    return rejects->output != NULL;
}

static void note_first(struct rejects *rejects, const struct reject *item, const char *reason) {
    char column[16] = "";
    if (item->place.column > 0)
        snprintf(column, sizeof column, ":%d", item->place.column);
    rejects->first_place = item->place;
    char name[200];
    origin_name(rejects->names[item->place.shard], name, sizeof name);
    snprintf(rejects->first, sizeof rejects->first, "%s:%llu%s: %s", name,
             (unsigned long long)item->place.line, column, reason);
}

static void count(struct rejects *rejects, const struct reject_list *list, size_t from) {
    for (size_t i = from; i < list->count; i++) {
        const struct reject *item = &list->items[i];
        const struct reject first = {.place = rejects->first_place};
        if (rejects->count == 0 || compare(item, &first) < 0)
            note_first(rejects, item, list->text.bytes + item->reason);
        rejects->count++;
    }
}

/* Writes what need not wait any longer. Blocks come in almost in order, so few ever wait. */
static void flush(struct rejects *rejects) {
    for (size_t i = 0; i < rejects->n_waiting;) {
        struct waiting *waiting = &rejects->waiting[i];
        if (waiting->sequence != rejects->next) {
            i++;
            continue;
        }
        write_list(rejects, &waiting->list);
        reject_list_free(&waiting->list);
        *waiting = rejects->waiting[--rejects->n_waiting];
        rejects->next++;
        i = 0;
    }
}

static void clear(struct reject_list *list) {
    list->count = 0;
    buffer_clear(&list->text);
}

static int queue(struct rejects *rejects, size_t sequence, struct reject_list *list,
                 struct error *err) {
    if (array_reserve((void **)&rejects->waiting, &rejects->capacity, rejects->n_waiting + 1,
                      sizeof *rejects->waiting, err))
        return err->code;
    rejects->waiting[rejects->n_waiting++] = (struct waiting){sequence, *list};
    *list = (struct reject_list){0};
    flush(rejects);
    return 0;
}

static int hold(struct rejects *rejects, struct reject_list *list, struct error *err) {
    const char *text = list->text.bytes;
    int code = 0;
    for (size_t i = 0; i < list->count && !code; i++) {
        const struct reject *item = &list->items[i];
        struct text record = {text + item->record, item->end - item->record};
        code = reject_add(&rejects->held, item->place, text + item->reason, record, err);
    }
    clear(list);
    return code;
}

int rejects_put(struct rejects *rejects, size_t sequence, struct reject_list *list,
                struct error *err) {
    int code = 0;
    pthread_mutex_lock(&rejects->lock);
    count(rejects, list, 0);
    if (!rejects->output)
        clear(list);
    else
        code = rejects->hold ? hold(rejects, list, err) : queue(rejects, sequence, list, err);
    pthread_mutex_unlock(&rejects->lock);
    return code;
}

void rejects_hold(struct rejects *rejects) {
    rejects->hold = true;
}

int rejects_add(struct rejects *rejects, struct reject_list *list, struct reject_place place,
                const char *reason, struct text record, struct error *err) {
    pthread_mutex_lock(&rejects->lock);
    struct reject_list *into = list ? list : &rejects->held;
    int code = reject_add(into, place, reason, record, err);
    if (!code && !list) {
        count(rejects, into, into->count - 1);
        rejects->late++;
        if (!rejects->output)
            clear(into);
    }
    pthread_mutex_unlock(&rejects->lock);
    return code;
}

uint64_t rejects_count(const struct rejects *rejects) {
    return rejects->count;
}

uint64_t rejects_late(const struct rejects *rejects) {
    return rejects->late;
}

const char *rejects_first(const struct rejects *rejects) {
    return rejects->first;
}

int rejects_take(struct rejects *rejects, struct output **ret, struct error *err) {
    *ret = NULL;
    if (!rejects->output)
        return 0;
    write_list(rejects, &rejects->held);
    reject_list_free(&rejects->held);
    int code = output_finish(rejects->output, err);
    if (code)
        return code;
    *ret = rejects->output;
    rejects->output = NULL;
    return 0;
}

void rejects_close(struct rejects *rejects) {
    if (!rejects)
        return;
    for (size_t i = 0; i < rejects->n_waiting; i++)
        reject_list_free(&rejects->waiting[i].list);
    free(rejects->waiting);
    reject_list_free(&rejects->held);
    output_abandon(&rejects->output);
    pthread_mutex_destroy(&rejects->lock);
    free(rejects);
}
