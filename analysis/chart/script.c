/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Writing gnuplot that cannot be talked into anything. */
#include "chart/script.h"

#include "base/number.h"
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

/* ---- Which texts are let in ---------------------------------------------------------------- */

/* C0, DEL and C1 control characters, and the two line ends of Unicode. */
static bool is_control(struct text text, size_t at) {
    unsigned char byte = (unsigned char)text.bytes[at];
    size_t left = text.length - at;
    if (byte < 0x20 || byte == 0x7F)
        return true;
    if (byte == 0xC2 && left > 1)
        return (unsigned char)text.bytes[at + 1] < 0xA0;
    return left > 2 && (memcmp(text.bytes + at, "\xE2\x80\xA8", 3) == 0 ||
                        memcmp(text.bytes + at, "\xE2\x80\xA9", 3) == 0);
}

/* The text up to `limit` bytes of output with everything but printable ASCII as \xNN: what is
 * refused for its bytes must not reach a terminal through the message that refuses it. */
static void describe(struct text text, char *out, size_t size) {
    size_t length = 0;
    for (size_t i = 0; i < text.length && length + 8 < size; i++) {
        unsigned char byte = (unsigned char)text.bytes[i];
        bool plain = byte >= 0x20 && byte < 0x7F;
        length += (size_t)snprintf(out + length, size - length, plain ? "%c" : "\\x%02x", byte);
    }
    out[length] = '\0';
}

int script_accepts(struct text text, struct error *err) {
    char shown[200];
    if (!text_is_utf8(text)) {
        describe(text, shown, sizeof shown);
        return error_set(err, ERROR_DATA, "found '%s' in a chart, expected UTF-8", shown);
    }
    for (size_t i = 0; i < text.length; i++) {
        if (!is_control(text, i))
            continue;
        describe(text, shown, sizeof shown);
        return error_set(err, ERROR_DATA,
                         "found a control character in '%s', which a chart cannot show", shown);
    }
    return 0;
}

/* ---- Writing ------------------------------------------------------------------------------- */

static void put(struct script *script, const char *text) {
    buffer_text(&script->bytes, text);
}

static void put_number(struct script *script, double value) {
    char text[NUMBER_TEXT];
    if (isfinite(value)) {
        number_format(value, text);
        put(script, text);
    } else {
        put(script, "NaN");
    }
}

/* Whole numbers beyond 32 bits would be integers out of gnuplot's range without a point. */
static void put_expression(struct script *script, double value) {
    put_number(script, value);
    if (isfinite(value) && value == rint(value) && fabs(value) > INT32_MAX && fabs(value) < 1e15)
        put(script, ".0");
}

/* A quote inside closes the string, is joined on by its number, and opens it again:
 * 'it'."\047".'s'. Doubling it would do in most places, but not at the start, where gnuplot takes
 * the pair for an empty string; and a quote between double ones would make its macros count wrong.
 */
static void put_quoted(struct script *script, struct text text, bool double_percent) {
    if (script_accepts(text, &script->error))
        return;
    put(script, "'");
    for (size_t i = 0; i < text.length; i++) {
        char byte = text.bytes[i];
        if (byte == '\'') {
            put(script, "'.\"\\047\".'");
            continue;
        }
        if (byte == '%' && double_percent)
            put(script, "%");
        buffer_byte(&script->bytes, byte);
    }
    put(script, "'");
}

static void put_line_end(struct script *script) {
    put(script, "\n");
}

void script_line(struct script *script, const char *line) {
    put(script, line);
    put_line_end(script);
}

void script_number(struct script *script, const char *name, double value) {
    buffer_format(&script->bytes, "%s = ", name);
    put_expression(script, value);
    put_line_end(script);
}

void script_text(struct script *script, const char *name, struct text value) {
    script_paragraph(script, name, &value, 1);
}

void script_paragraph(struct script *script, const char *name, const struct text *lines, size_t n) {
    buffer_format(&script->bytes, "%s = ", name);
    if (n == 0)
        put(script, "''");
    for (size_t i = 0; i < n; i++) {
        put(script, i > 0 ? ".\"\\n\"." : "");
        put_quoted(script, lines[i], false);
    }
    put_line_end(script);
}

/* ---- Arrays -------------------------------------------------------------------------------- */

static void open_array(struct script *script, const char *name, size_t n) {
    buffer_format(&script->bytes, "array %s[%zu] = [", name, n > 0 ? n : 1);
}

static void close_array(struct script *script, size_t n) {
    put(script, n > 0 ? "]" : "0]");
    put_line_end(script);
}

void script_numbers(struct script *script, const char *name, const double *values, size_t n) {
    open_array(script, name, n);
    for (size_t i = 0; i < n; i++) {
        put(script, i > 0 ? ", " : "");
        put_expression(script, values[i]);
    }
    close_array(script, n);
}

void script_texts(struct script *script, const char *name, const struct text *values, size_t n) {
    open_array(script, name, n);
    for (size_t i = 0; i < n; i++) {
        put(script, i > 0 ? ", " : "");
        put_quoted(script, values[i], false);
    }
    close_array(script, n);
}

void script_tic_texts(struct script *script, const char *name, const struct text *values,
                      const struct text *second, size_t n) {
    open_array(script, name, n);
    for (size_t i = 0; i < n; i++) {
        put(script, i > 0 ? ", " : "");
        put_quoted(script, values[i], true);
        if (second[i].length > 0) {
            put(script, ".\"\\n\".");
            put_quoted(script, second[i], true);
        }
    }
    close_array(script, n);
}

/* ---- Data blocks --------------------------------------------------------------------------- */

void script_block(struct script *script, const char *name) {
    buffer_format(&script->bytes, "$%s << DATA\n", name);
}

void script_row(struct script *script, size_t n, const double *values) {
    for (size_t i = 0; i < n; i++) {
        put(script, i > 0 ? " " : "");
        put_number(script, values[i]);
    }
    put_line_end(script);
}

/* Whether the bytes so far end like this. */
static bool ends_with(const struct script *script, const char *end) {
    size_t length = strlen(end);
    return script->bytes.length >= length &&
           memcmp(script->bytes.bytes + script->bytes.length - length, end, length) == 0;
}

/* One blank line breaks a line, two start a data set: two gaps in a row, or one at either end of a
 * data set, must not count as more. */
void script_gap(struct script *script) {
    if (!ends_with(script, "\n\n") && !ends_with(script, "<< DATA\n"))
        put_line_end(script);
}

static void fill_empty(struct script *script) {
    if (ends_with(script, "<< DATA\n") || ends_with(script, "\n\n\n"))
        script_row(script, 6, (const double[]){1e300, 1e300, 1e300, 1e300, 1e300, 1e300});
}

void script_next(struct script *script) {
    fill_empty(script);
    while (!ends_with(script, "\n\n\n"))
        put_line_end(script);
}

void script_block_end(struct script *script) {
    fill_empty(script);
    script_line(script, "DATA");
}

/* ---- Ending -------------------------------------------------------------------------------- */

int script_check(const struct script *script, struct error *err) {
    if (script->error.code)
        return error_set(err, script->error.code, "%s", script->error.text);
    return buffer_check(&script->bytes, err);
}

void script_free(struct script *script) {
    buffer_free(&script->bytes);
}
