/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Last touches to a picture. */
#include "chart/finish.h"

#include <stdbool.h>
#include <string.h>

/* ---- SVG ----------------------------------------------------------------------------------- */

static void append_escaped(struct buffer *out, struct text text) {
    for (size_t i = 0; i < text.length; i++) {
        char byte = text.bytes[i];
        if (byte == '&')
            buffer_text(out, "&amp;");
        else if (byte == '<')
            buffer_text(out, "&lt;");
        else
            buffer_byte(out, byte);
    }
}

static bool starts(const char *line, size_t length, const char *start) {
    size_t n = strlen(start);
    return length >= n && memcmp(line, start, n) == 0;
}

/* The line with `old` in it, once, replaced; or as it is. */
static void append_replaced(struct buffer *out, const char *line, size_t length, struct text old,
                            const char *new) {
    const char *at = memmem(line, length, old.bytes, old.length);
    size_t before = at ? (size_t)(at - line) : length;
    buffer_append(out, line, before);
    if (!at)
        return;
    buffer_text(out, new);
    buffer_append(out, at + old.length, length - before - old.length);
}

/* What browsers show beside the mouse: gnuplot puts its own names for curves there. */
static void append_curve(struct buffer *out, const char *line, size_t length) {
    const char *from = memmem(line, length, "<title>", 7);
    const char *end = from ? memmem(from, length - (size_t)(from - line), "</title>", 8) : NULL;
    struct text title = {from, end ? (size_t)(end + 8 - from) : 0};
    if (title.length > 0)
        append_replaced(out, line, length, title, "");
    else
        buffer_append(out, line, length);
}

/* Texts stand in lines of their own, so that none can look like one of these. */
static void append_svg_line(struct buffer *out, const char *line, size_t length,
                            struct text title) {
    if (starts(line, length, "<title>")) {
        buffer_text(out, "<title>");
        append_escaped(out, title);
        buffer_text(out, "</title>\n");
    } else if (starts(line, length, "\t<g id=\"gnuplot_plot_")) {
        append_curve(out, line, length);
    } else if (starts(line, length, "\t\t<text>")) {
        buffer_append(out, line, length);
    } else if (!starts(line, length, "<desc>")) {
        append_replaced(out, line, length, text_of("font-family=\"DejaVu Sans\""),
                        "font-family=\"DejaVu Sans, Verdana, Noto Sans CJK SC, sans-serif\"");
    }
}

int finish_svg(struct buffer *picture, struct text title, struct error *err) {
    struct buffer out = {0};
    for (size_t at = 0; at < picture->length;) {
        const char *line = picture->bytes + at;
        const char *end = memchr(line, '\n', picture->length - at);
        size_t length = end ? (size_t)(end - line) + 1 : picture->length - at;
        at += length;
        append_svg_line(&out, line, length, title);
    }
    buffer_free(picture);
    *picture = out;
    return buffer_check(picture, err);
}

/* ---- PDF ----------------------------------------------------------------------------------- */

int finish_pdf(struct buffer *picture, struct error *err) {
    static const char key[] = "/CreationDate (D:", epoch[] = "19700101000000";
    char *at = memmem(picture->bytes, picture->length, key, sizeof key - 1);
    if (!at)
        return error_set(err, ERROR_SYSTEM, "found no date in the PDF that gnuplot drew");
    at += sizeof key - 1;
    if ((size_t)(picture->bytes + picture->length - at) >= sizeof epoch - 1)
        memcpy(at, epoch, sizeof epoch - 1);
    return 0;
}

/* ---- Text ---------------------------------------------------------------------------------- */

static size_t character(const char *bytes, size_t length) {
    size_t n = 1;
    while (n < length && ((unsigned char)bytes[n] & 0xC0) == 0x80)
        n++;
    return n;
}

/* gnuplot places labels by their width in columns, but moves one cell a character: blanks are too
 * many behind wide ones. They come out of the next gap, of which one blank stays; two blanks are
 * no gap but part of a label. */
static void append_text_line(struct buffer *out, const char *line, size_t length) {
    size_t start = out->length, owed = 0;
    for (size_t at = 0; at < length;) {
        size_t blanks = strspn(line + at, " ");
        if (blanks == 0) {
            size_t n = character(line + at, length - at);
            owed += text_width((struct text){line + at, n}) == 2;
            buffer_append(out, line + at, n);
            at += n;
            continue;
        }
        size_t gap = blanks > 2 ? blanks - 1 : 0, taken = owed < gap ? owed : gap;
        buffer_append(out, line + at, blanks - taken);
        owed -= taken;
        at += blanks;
    }
    while (!out->failed && out->length > start && out->bytes[out->length - 1] == ' ')
        out->length--;
    buffer_byte(out, '\n');
}

int finish_text(struct buffer *picture, struct error *err) {
    struct buffer out = {0};
    size_t filled = 0; /* up to the last line that is not empty */
    for (size_t at = 0; at < picture->length;) {
        const char *line = picture->bytes + at;
        size_t length = strcspn(line, "\n\f"), start = out.length;
        append_text_line(&out, line, length);
        at += length + 1;
        if (out.length == start + 1 && filled == 0)
            buffer_clear(&out);
        else if (out.length > start + 1)
            filled = out.length;
    }
    if (out.bytes) {
        out.length = filled;
        out.bytes[filled] = '\0';
    }
    buffer_free(picture);
    *picture = out;
    return buffer_check(picture, err);
}
