/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Filling a template: everything between {{ and }} is looked up, everything else is copied. */
#include "report/lookup.h"
#include "report/report.h"
#include <string.h>

struct fill {
    struct text template;
    const char *name;
    const struct report_files *files;
    struct buffer *out;
    struct buffer figures; /* rows for {{figures}} */
    size_t n_figures;
};

/* Puts "NAME:LINE:COLUMN: " of an offset in the template before the message. */
static int fill_failed(const struct fill *fill, size_t offset, struct error *err) {
    size_t line = 1, column = 1;
    for (size_t i = 0; i < offset; i++) {
        column = fill->template.bytes[i] == '\n' ? 1 : column + 1;
        line += fill->template.bytes[i] == '\n';
    }
    error_prefix(err, "%s:%zu:%zu: ", fill->name, line, column);
    return err ? err->code : ERROR_DATA;
}

static void append_figures(struct fill *fill) {
    buffer_text(fill->out, "| figure | looked up as |\n| ---: | --- |\n");
    buffer_append(fill->out, fill->figures.bytes, fill->figures.length);
}

/* One row of {{figures}}: the value as shown, and the lookup as code. */
static void note_figure(struct fill *fill, const char *value, struct text expression) {
    buffer_format(&fill->figures, "| %s | `", value);
    for (size_t i = 0; i < expression.length; i++) {
        char byte = expression.bytes[i];
        if (byte == '|')
            buffer_byte(&fill->figures, '\\'); /* in a table, even in code */
        buffer_byte(&fill->figures, byte == '\n' || byte == '`' ? ' ' : byte);
    }
    buffer_text(&fill->figures, "` |\n");
    fill->n_figures++;
}

static int fill_lookup(struct fill *fill, struct text expression, struct error *err) {
    struct lookup lookup;
    const struct sheet *sheet;
    size_t start = fill->out->length;
    int code = lookup_parse(&lookup, expression, err);
    if (!code)
        code = fill->files->sheet(fill->files->context, lookup.file, &sheet, err);
    if (!code && lookup.table)
        code = lookup_table(&lookup, sheet, fill->out, err);
    else if (!code)
        code = lookup_value(&lookup, sheet, fill->out, err);
    if (!code)
        code = buffer_check(fill->out, err);
    if (!code && !lookup.table)
        note_figure(fill, fill->out->bytes + start, expression);
    lookup_free(&lookup);
    return code;
}

static int fill_all(struct fill *fill, struct error *err) {
    const char *bytes = fill->template.bytes;
    size_t length = fill->template.length, at = 0;
    while (at < length) {
        const char *open = memmem(bytes + at, length - at, "{{", 2);
        size_t start = open ? (size_t)(open - bytes) : length;
        bool escaped = open && start > at && bytes[start - 1] == '\\';
        buffer_append(fill->out, bytes + at, start - at - escaped);
        if (!open)
            break;
        if (escaped) {
            buffer_text(fill->out, "{{");
            at = start + 2;
            continue;
        }
        const char *close = memmem(open, length - start, "}}", 2);
        if (!close) {
            error_set(err, ERROR_DATA, "found {{ without its }}");
            return fill_failed(fill, start, err);
        }
        struct text expression = text_trim((struct text){open + 2, (size_t)(close - open - 2)});
        if (text_is(expression, "figures"))
            append_figures(fill);
        else if (fill_lookup(fill, expression, err))
            return fill_failed(fill, start, err);
        at = (size_t)(close - bytes) + 2;
    }
    return buffer_check(fill->out, err);
}

int report_fill(struct text template, const char *name, const struct report_files *files,
                struct buffer *out, struct error *err) {
    struct error own = {0};
    struct fill fill = {.template = template, .name = name, .files = files, .out = out};
    if (fill_all(&fill, &own))
        error_set(err, (enum error_code)own.code, "%s", own.text);
    buffer_free(&fill.figures);
    return own.code;
}
