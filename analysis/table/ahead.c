/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A ring of buffers between two threads. */
#include "table/ahead.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>

enum { BUFFERS = 8 };

struct ahead {
    ahead_read *read;
    void *context;
    size_t size;
    pthread_t thread;
    atomic_bool stop;

    pthread_mutex_t lock; /* for all below */
    pthread_cond_t changed;
    size_t filled, emptied; /* how many buffers have been, ever; the one in use is not emptied */
    bool in_use;
    bool ended;
    struct error failure;
    size_t lengths[BUFFERS];
    char bytes[]; /* BUFFERS x size */
};

static char *buffer_of(struct ahead *ahead, size_t number) {
    return ahead->bytes + number % BUFFERS * ahead->size;
}

/* Waits until a buffer may be filled; false when nobody wants it. */
static bool wait_for_room(struct ahead *ahead) {
    pthread_mutex_lock(&ahead->lock);
    while (ahead->filled - ahead->emptied == BUFFERS && !ahead->stop)
        pthread_cond_wait(&ahead->changed, &ahead->lock);
    pthread_mutex_unlock(&ahead->lock);
    return !ahead->stop;
}

static void *fill(void *argument) {
    struct ahead *ahead = argument;
    bool ended = false;
    while (!ended && wait_for_room(ahead)) {
        struct error error = {0};
        size_t n = 0;
        /* Only this thread counts `filled` up. */
        const size_t number = ahead->filled;
        const int code = ahead->read(ahead->context, &ahead->stop, buffer_of(ahead, number),
                                     ahead->size, &n, &error);
        ended = code != 0 || n == 0;
        pthread_mutex_lock(&ahead->lock);
        if (n > 0) {
            ahead->lengths[number % BUFFERS] = n;
            ahead->filled++;
        }
        if (ended) {
            ahead->failure = error;
            ahead->ended = true;
        }
        pthread_cond_signal(&ahead->changed);
        pthread_mutex_unlock(&ahead->lock);
    }
    return NULL;
}

int ahead_open(struct ahead **ret, size_t size, ahead_read *read, void *context,
               struct error *err) {
    struct ahead *ahead = malloc(sizeof *ahead + BUFFERS * size);
    if (!ahead)
        return error_memory(err);
    *ahead = (struct ahead){.read = read, .context = context, .size = size};
    atomic_init(&ahead->stop, false);
    pthread_mutex_init(&ahead->lock, NULL);
    pthread_cond_init(&ahead->changed, NULL);
    if (pthread_create(&ahead->thread, NULL, fill, ahead) != 0) {
        pthread_cond_destroy(&ahead->changed);
        pthread_mutex_destroy(&ahead->lock);
        free(ahead);
        return error_set(err, ERROR_SYSTEM, "no thread to be had");
    }
    *ret = ahead;
    return 0;
}

int ahead_next(struct ahead *ahead, const char **ret_bytes, size_t *ret_n, struct error *err) {
    int code = 0;
    *ret_n = 0;
    pthread_mutex_lock(&ahead->lock);
    if (ahead->in_use) {
        ahead->in_use = false;
        ahead->emptied++;
        pthread_cond_signal(&ahead->changed);
    }
    while (ahead->filled == ahead->emptied && !ahead->ended)
        pthread_cond_wait(&ahead->changed, &ahead->lock);
    if (ahead->filled > ahead->emptied) {
        ahead->in_use = true;
        *ret_bytes = buffer_of(ahead, ahead->emptied);
        *ret_n = ahead->lengths[ahead->emptied % BUFFERS];
    } else if (ahead->failure.code) {
        code = error_set(err, ahead->failure.code, "%s", ahead->failure.text);
    }
    pthread_mutex_unlock(&ahead->lock);
    return code;
}

void ahead_close(struct ahead *ahead) {
    if (!ahead)
        return;
    pthread_mutex_lock(&ahead->lock);
    ahead->stop = true;
    pthread_cond_signal(&ahead->changed);
    pthread_mutex_unlock(&ahead->lock);
    pthread_join(ahead->thread, NULL);
    pthread_cond_destroy(&ahead->changed);
    pthread_mutex_destroy(&ahead->lock);
    free(ahead);
}
