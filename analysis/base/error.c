/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Error codes with one line of text. */
#include "base/error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

static bool is_continuation(char byte) {
    return ((unsigned char)byte & 0xC0) == 0x80;
}

/* A message that was cut to fit must not end inside a UTF-8 character. */
static void drop_partial_character(char *text, size_t length) {
    size_t lead = length;
    while (lead > 0 && is_continuation(text[lead - 1]))
        lead--;
    if (lead == 0)
        return;
    unsigned char first = (unsigned char)text[lead - 1];
    size_t expected = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : first >= 0xC0 ? 2 : 1;
    if (length - (lead - 1) < expected)
        text[lead - 1] = '\0';
}

static void append(struct error *err, const char *format, va_list arguments) {
    size_t start = strlen(err->text);
    size_t room = sizeof err->text - start;
    int needed = vsnprintf(err->text + start, room, format, arguments);
    if (needed >= 0 && (size_t)needed >= room)
        drop_partial_character(err->text, sizeof err->text - 1);
}

static void append_text(struct error *err, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void append_text(struct error *err, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    append(err, format, arguments);
    va_end(arguments);
}

static bool begin(struct error *err, enum error_code code) {
    if (!err || err->code)
        return false;
    err->code = code;
    err->text[0] = '\0';
    return true;
}

int error_set(struct error *err, enum error_code code, const char *format, ...) {
    if (begin(err, code)) {
        va_list arguments;
        va_start(arguments, format);
        append(err, format, arguments);
        va_end(arguments);
    }
    return code;
}

int error_system(struct error *err, const char *format, ...) {
    int number = errno;
    if (begin(err, ERROR_SYSTEM)) {
        va_list arguments;
        va_start(arguments, format);
        append(err, format, arguments);
        va_end(arguments);
        /* Unlike strerror: the same words in every locale, and safe for threads. */
        const char *meaning = strerrordesc_np(number);
        if (meaning)
            append_text(err, ": %s", meaning);
        else
            append_text(err, ": error %d", number);
    }
    errno = number;
    return ERROR_SYSTEM;
}

void error_prefix(struct error *err, const char *format, ...) {
    /* An empty text stands for "say nothing" and stays so. */
    if (!err || !err->code || !err->text[0])
        return;
    char message[sizeof err->text];
    memcpy(message, err->text, sizeof message);
    err->text[0] = '\0';
    va_list arguments;
    va_start(arguments, format);
    append(err, format, arguments);
    va_end(arguments);
    append_text(err, "%s", message);
}
