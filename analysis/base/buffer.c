/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Growable bytes and growable arrays. */
#include "base/buffer.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Room for `more` bytes and a NUL behind the present ones. */
static bool make_room(struct buffer *buffer, size_t more) {
    if (buffer->failed)
        return false;
    if (more < buffer->capacity - buffer->length) /* one byte is kept for the NUL */
        return true;
    if (more >= SIZE_MAX / 2 - buffer->length) {
        buffer->failed = true;
        return false;
    }
    size_t needed = buffer->length + more + 1;
    size_t capacity = buffer->capacity < 32 ? 64 : 2 * buffer->capacity;
    if (capacity < needed)
        capacity = needed;
    char *bytes = realloc(buffer->bytes, capacity);
    if (!bytes) {
        buffer->failed = true;
        return false;
    }
    buffer->bytes = bytes;
    buffer->capacity = capacity;
    return true;
}

void buffer_append(struct buffer *buffer, const void *bytes, size_t length) {
    if (!make_room(buffer, length))
        return;
    if (length > 0)
        memcpy(buffer->bytes + buffer->length, bytes, length);
    buffer->length += length;
    buffer->bytes[buffer->length] = '\0';
}

void buffer_text(struct buffer *buffer, const char *text) {
    buffer_append(buffer, text, strlen(text));
}

void buffer_byte(struct buffer *buffer, char byte) {
    buffer_append(buffer, &byte, 1);
}

void buffer_format(struct buffer *buffer, const char *format, ...) {
    va_list arguments, again;
    va_start(arguments, format);
    va_copy(again, arguments);
    int needed = vsnprintf(NULL, 0, format, arguments);
    if (needed < 0)
        buffer->failed = true;
    else if (make_room(buffer, (size_t)needed)) {
        vsnprintf(buffer->bytes + buffer->length, (size_t)needed + 1, format, again);
        buffer->length += (size_t)needed;
    }
    va_end(again);
    va_end(arguments);
}

void buffer_clear(struct buffer *buffer) {
    buffer->length = 0;
    buffer->failed = false;
    if (buffer->bytes)
        buffer->bytes[0] = '\0';
}

int buffer_check(const struct buffer *buffer, struct error *err) {
    return buffer->failed ? error_memory(err) : 0;
}

/* Appends what a descriptor holds; 0, or a code with err filled. */
static int read_all(struct buffer *buffer, int file, const char *path, struct error *err) {
    struct stat about;
    size_t expected = 0;
    if (fstat(file, &about) == 0 && S_ISREG(about.st_mode) && about.st_size > 0)
        expected = (size_t)about.st_size;
    size_t block = expected + 1 > 65536 ? expected + 1 : 65536;
    for (;;) {
        if (!make_room(buffer, block))
            return error_memory(err);
        ssize_t n = read(file, buffer->bytes + buffer->length, block);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return error_system(err, "cannot read '%s'", path);
        buffer->length += (size_t)n;
        if (n == 0)
            return 0;
        block = 65536;
    }
}

int buffer_read_file(struct buffer *buffer, const char *path, struct error *err) {
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0)
        return error_system(err, "cannot read '%s'", path);
    int code = read_all(buffer, file, path, err);
    if (buffer->bytes)
        buffer->bytes[buffer->length] = '\0';
    close(file);
    return code;
}

void buffer_free(struct buffer *buffer) {
    free(buffer->bytes);
    *buffer = (struct buffer){0};
}

int array_reserve(void **items, size_t *capacity, size_t needed, size_t size, struct error *err) {
    if (needed <= *capacity)
        return 0;
    size_t grown = *capacity < 8 ? 16 : *capacity > SIZE_MAX / 2 ? SIZE_MAX : 2 * *capacity;
    if (grown < needed)
        grown = needed;
    if (grown > PTRDIFF_MAX / size)
        return error_memory(err);
    /* The caller's pointer has a type of its own: it is copied as bytes, not read as a void *. */
    void *memory;
    memcpy(&memory, (const void *)items, sizeof memory);
    memory = realloc(memory, grown * size);
    if (!memory)
        return error_memory(err);
    memcpy((void *)items, &memory, sizeof memory);
    *capacity = grown;
    return 0;
}
