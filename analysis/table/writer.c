/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Writing one tidy table, row by row, in any of the formats.
 *
 * Contents: bytes to the stream; CSV and TSV; JSON; keeping cells for the two formats that need
 * their widths; the terminal's table; Markdown; one cell of any kind; life of a writer.
 */
#include "table/writer.h"
#include "base/arena.h"
#include "base/buffer.h"
#include "base/number.h"
#include <errno.h>
#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WRITER_BLOCK 65536          /* bytes gathered before the stream gets them */
#define REPLACEMENT  "\xef\xbf\xbd" /* U+FFFD, for what is no UTF-8 where only UTF-8 may stand */

enum cell_kind { CELL_MISSING, CELL_TEXT, CELL_NUMBER, CELL_DATE };

/* A cell that waits for the widths of its column. */
struct cell {
    struct text text;
    enum cell_kind kind;
};

struct writer {
    FILE *stream;
    enum writer_format format;
    size_t columns;
    size_t column; /* the next cell's */
    uint64_t rows; /* full ones */
    struct text *names;
    struct text *keys; /* JSON: ", \"name\": " ready to write, the first without its comma */
    struct error error;
    struct sheet *sheet;
    struct arena arena;
    struct cell *cells; /* kept ones, row by row */
    size_t n_cells;
    size_t capacity;
    struct buffer shown; /* the cell being kept, as its format shows it */
    size_t length;       /* of block */
    char block[WRITER_BLOCK];
};

/* ---- Bytes to the stream --------------------------------------------------------------------- */

/* A closed pipe says nothing: whoever read it has seen enough. */
static void stream_failed(struct writer *writer) {
    if (errno == EPIPE)
        error_set(&writer->error, ERROR_SYSTEM, "%s", "");
    else
        error_system(&writer->error, "cannot write the result");
}

static void send(struct writer *writer, const char *bytes, size_t length) {
    if (!writer->error.code && length > 0 && fwrite(bytes, 1, length, writer->stream) != length)
        stream_failed(writer);
}

static void flush(struct writer *writer) {
    send(writer, writer->block, writer->length);
    writer->length = 0;
}

static void put(struct writer *writer, const char *bytes, size_t length) {
    if (length == 0) /* an empty text may have no bytes to point at */
        return;
    if (length > WRITER_BLOCK - writer->length) {
        flush(writer);
        if (length > WRITER_BLOCK) {
            send(writer, bytes, length);
            return;
        }
    }
    memcpy(writer->block + writer->length, bytes, length);
    writer->length += length;
}

static void put_byte(struct writer *writer, char byte) {
    if (writer->length == WRITER_BLOCK)
        flush(writer);
    writer->block[writer->length++] = byte;
}

static void put_string(struct writer *writer, const char *string) {
    put(writer, string, strlen(string));
}

static void put_fill(struct writer *writer, char byte, size_t n) {
    while (n-- > 0)
        put_byte(writer, byte);
}

/* Length of the well-formed UTF-8 sequence that starts the bytes; 0 if none does. */
static size_t utf8_sequence(const char *bytes, size_t length) {
    const unsigned char first = (unsigned char)bytes[0];
    size_t n = first < 0x80 ? 1 : first < 0xc2 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
    if (first > 0xf4 || n > length)
        return 0;
    return text_is_utf8((struct text){bytes, n}) ? n : 0;
}

/* ---- CSV and TSV ----------------------------------------------------------------------------- */

static char delimiter_of(const struct writer *writer) {
    return writer->format == WRITER_TSV ? '\t' : ',';
}

static bool is_blank(char byte) {
    return byte == ' ' || byte == '\t';
}

/* Outer blanks are quoted because readers drop them from unquoted cells. */
static bool wants_quotes(struct text cell, char delimiter) {
    if (cell.length == 0)
        return false;
    if (is_blank(cell.bytes[0]) || is_blank(cell.bytes[cell.length - 1]))
        return true;
    for (size_t i = 0; i < cell.length; i++) {
        const char byte = cell.bytes[i];
        if (byte == delimiter || byte == '"' || byte == '\n' || byte == '\r')
            return true;
    }
    return false;
}

static void put_quoted(struct writer *writer, struct text cell) {
    put_byte(writer, '"');
    for (size_t i = 0; i < cell.length; i++) {
        if (cell.bytes[i] == '"')
            put_byte(writer, '"');
        put_byte(writer, cell.bytes[i]);
    }
    put_byte(writer, '"');
}

static void put_delimited(struct writer *writer, struct text cell, bool check) {
    if (writer->column > 0)
        put_byte(writer, delimiter_of(writer));
    /* An empty cell of a one-column table would be a blank line, which readers skip. */
    const bool blank_line = cell.length == 0 && writer->columns == 1;
    if (blank_line || (check && wants_quotes(cell, delimiter_of(writer))))
        put_quoted(writer, cell);
    else
        put(writer, cell.bytes, cell.length);
    if (writer->column + 1 == writer->columns)
        put_byte(writer, '\n');
}

static void put_delimited_header(struct writer *writer) {
    for (writer->column = 0; writer->column < writer->columns; writer->column++)
        put_delimited(writer, writer->names[writer->column], true);
    writer->column = 0;
}

/* ---- JSON ------------------------------------------------------------------------------------ */

/* What a byte of a string is written as; "" if as itself. RFC 8259, section 7. */
static const char *json_escape(unsigned char byte, char text[8]) {
    static const char hex[] = "0123456789abcdef";
    switch (byte) {
    case '"':
        return "\\\"";
    case '\\':
        return "\\\\";
    case '\n':
        return "\\n";
    case '\r':
        return "\\r";
    case '\t':
        return "\\t";
    default:
        break;
    }
    if (byte >= 0x20 && byte != 0x7f)
        return "";
    memcpy(text, "\\u00", 4);
    text[4] = hex[byte >> 4];
    text[5] = hex[byte & 15];
    text[6] = '\0';
    return text;
}

static void put_json_string(struct writer *writer, struct text text) {
    const bool sound = text_is_utf8(text);
    char escape[8];
    size_t start = 0;
    put_byte(writer, '"');
    for (size_t i = 0; i < text.length;) {
        const size_t sequence = sound ? 1 : utf8_sequence(text.bytes + i, text.length - i);
        const char *instead =
            sequence == 0 ? REPLACEMENT : json_escape((unsigned char)text.bytes[i], escape);
        if (*instead) {
            put(writer, text.bytes + start, i - start);
            put_string(writer, instead);
            start = i + 1;
        }
        i += sequence ? sequence : 1;
    }
    put(writer, text.bytes + start, text.length - start);
    put_byte(writer, '"');
}

static void put_json(struct writer *writer, enum cell_kind kind, struct text cell) {
    if (writer->column == 0)
        put_string(writer, writer->rows == 0 ? "[\n{" : ",\n{");
    put(writer, writer->keys[writer->column].bytes, writer->keys[writer->column].length);
    if (kind == CELL_NUMBER)
        put(writer, cell.bytes, cell.length);
    else if (kind == CELL_MISSING)
        put_string(writer, "null");
    else
        put_json_string(writer, cell);
    if (writer->column + 1 == writer->columns)
        put_byte(writer, '}');
}

/* The keys are the same in every row: they are escaped once, by writing them into the block. */
static int prepare_json_keys(struct writer *writer, struct error *err) {
    writer->keys = arena_alloc(&writer->arena, writer->columns * sizeof *writer->keys);
    if (!writer->keys)
        return error_memory(err);
    for (size_t i = 0; i < writer->columns; i++) {
        if (writer->names[i].length > WRITER_BLOCK / 8)
            return error_set(err, ERROR_DATA, "a column name of %zu bytes is too long",
                             writer->names[i].length);
        put_string(writer, i > 0 ? ", " : "");
        put_json_string(writer, writer->names[i]);
        put_string(writer, ": ");
        const char *copy = arena_text(&writer->arena, writer->block, writer->length);
        if (!copy)
            return error_memory(err);
        writer->keys[i] = (struct text){copy, writer->length};
        writer->length = 0;
    }
    return 0;
}

/* ---- Keeping cells --------------------------------------------------------------------------- */

static void append_escaped(struct buffer *shown, unsigned char byte) {
    switch (byte) {
    case '\n':
        buffer_text(shown, "\\n");
        break;
    case '\r':
        buffer_text(shown, "\\r");
        break;
    case '\t':
        buffer_text(shown, "\\t");
        break;
    default:
        buffer_format(shown, "\\x%02x", byte);
        break;
    }
}

static bool is_control(char byte) {
    return (unsigned char)byte < 0x20 || byte == 0x7f;
}

/* A terminal must not obey what stands in a file: control characters are shown, not sent. Those of
 * U+0080 to U+009F are control characters too. */
static void show_on_terminal(struct buffer *shown, struct text text) {
    for (size_t i = 0; i < text.length;) {
        const size_t sequence = utf8_sequence(text.bytes + i, text.length - i);
        const bool c1 = sequence == 2 && text.bytes[i] == '\xc2' && text.bytes[i + 1] < '\xa0';
        if (sequence == 0 || c1)
            buffer_text(shown, REPLACEMENT);
        else if (is_control(text.bytes[i]))
            append_escaped(shown, (unsigned char)text.bytes[i]);
        else
            buffer_append(shown, text.bytes + i, sequence);
        i += sequence ? sequence : 1;
    }
}

static bool is_word(char byte) {
    return (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'z') ||
           (byte >= 'A' && byte <= 'Z') || (byte & 0x80);
}

/* Whether Markdown would take this byte for markup. Underscores inside a word are none (GFM, 6.2),
 * so that column names stay readable; an ampersand is only before what may be an entity. */
static bool is_markup(struct text text, size_t i) {
    const char byte = text.bytes[i];
    if (byte == '_')
        return i == 0 || i + 1 == text.length || !is_word(text.bytes[i - 1]) ||
               !is_word(text.bytes[i + 1]);
    if (byte == '&')
        return memchr(text.bytes + i, ';', text.length - i) != NULL;
    return byte != '\0' && strchr("\\`*[<|~", byte) != NULL;
}

static void show_in_markdown(struct buffer *shown, struct text text) {
    for (size_t i = 0; i < text.length;) {
        const size_t sequence = utf8_sequence(text.bytes + i, text.length - i);
        const char byte = text.bytes[i];
        if (sequence == 0)
            buffer_text(shown, REPLACEMENT);
        else if (byte == '\n' || byte == '\r')
            buffer_text(shown, byte == '\r' && i + 1 < text.length && text.bytes[i + 1] == '\n'
                                   ? ""
                                   : "<br>");
        else if (is_control(byte))
            buffer_byte(shown, ' ');
        else {
            if (is_markup(text, i))
                buffer_byte(shown, '\\');
            buffer_append(shown, text.bytes + i, sequence);
        }
        i += sequence ? sequence : 1;
    }
}

static int show(struct writer *writer, struct text text, struct text *ret, struct error *err) {
    buffer_clear(&writer->shown);
    if (writer->format == WRITER_MARKDOWN)
        show_in_markdown(&writer->shown, text);
    else
        show_on_terminal(&writer->shown, text);
    if (buffer_check(&writer->shown, err))
        return err->code;
    const size_t length = writer->shown.length;
    const char *copy = arena_text(&writer->arena, length ? writer->shown.bytes : "", length);
    *ret = (struct text){copy, length};
    return copy ? 0 : error_memory(err);
}

static void keep(struct writer *writer, enum cell_kind kind, struct text cell) {
    if (writer->error.code ||
        array_reserve((void **)&writer->cells, &writer->capacity, writer->n_cells + 1,
                      sizeof *writer->cells, &writer->error))
        return;
    struct text shown;
    if (show(writer, cell, &shown, &writer->error))
        return;
    writer->cells[writer->n_cells++] = (struct cell){shown, kind};
}

/* ---- Laying out ------------------------------------------------------------------------------ */

/* How a column is set: numbers stand with their decimal marks under each other, which takes the
 * widest whole part and the widest part from the mark on. */
struct layout {
    bool numeric; /* no cell is text or date, and one at least is a number */
    size_t width;
    size_t whole;
    size_t rest;
};

static size_t whole_length(struct text number) {
    size_t n = 0;
    while (n < number.length && number.bytes[n] != '.' && number.bytes[n] != 'e')
        n++;
    return n;
}

static size_t larger(size_t a, size_t b) {
    return a > b ? a : b;
}

static struct layout lay_out(const struct writer *writer, struct text name, size_t column) {
    struct layout layout = {.width = text_width(name)};
    bool other = false;
    for (size_t i = column; i < writer->n_cells; i += writer->columns) {
        const struct cell *cell = &writer->cells[i];
        if (cell->kind == CELL_NUMBER) {
            const size_t whole = whole_length(cell->text);
            layout.numeric = true;
            layout.whole = larger(layout.whole, whole);
            layout.rest = larger(layout.rest, cell->text.length - whole);
        } else if (cell->kind != CELL_MISSING) {
            other = true;
        }
        layout.width = larger(layout.width, text_width(cell->text));
    }
    layout.numeric = layout.numeric && !other;
    if (layout.numeric)
        layout.width = larger(layout.width, layout.whole + layout.rest);
    return layout;
}

static struct layout *lay_out_all(struct writer *writer, const struct text *names) {
    struct layout *layouts = arena_alloc(&writer->arena, writer->columns * sizeof *layouts);
    for (size_t i = 0; layouts && i < writer->columns; i++)
        layouts[i] = lay_out(writer, names[i], i);
    return layouts;
}

/* Pads on the left, then the text, then on the right. */
static void put_aligned(struct writer *writer, struct text text, bool right, size_t width,
                        bool pad_right) {
    const size_t gap = width - text_width(text);
    put_fill(writer, ' ', right ? gap : 0);
    put(writer, text.bytes, text.length);
    put_fill(writer, ' ', right || !pad_right ? 0 : gap);
}

static void put_cell(struct writer *writer, const struct cell *cell, const struct layout *layout,
                     bool pad_right) {
    if (!layout->numeric || cell->kind != CELL_NUMBER) {
        put_aligned(writer, cell->text, false, layout->width, pad_right);
        return;
    }
    const size_t whole = whole_length(cell->text);
    const size_t behind = layout->rest - (cell->text.length - whole);
    put_fill(writer, ' ', layout->width - layout->rest - whole);
    put(writer, cell->text.bytes, cell->text.length);
    put_fill(writer, ' ', pad_right ? behind : 0);
}

/* ---- The terminal's table -------------------------------------------------------------------- */

/* How many cells there are up to the last one that is not missing: no line ends in blanks. */
static size_t filled_cells(const struct cell *cells, size_t n) {
    while (n > 0 && cells[n - 1].text.length == 0)
        n--;
    return n;
}

static void put_table(struct writer *writer, const struct text *names,
                      const struct layout *layouts) {
    for (size_t i = 0; i < writer->columns; i++) {
        const bool last = i + 1 == writer->columns;
        put_aligned(writer, names[i], layouts[i].numeric, layouts[i].width, !last);
        put_string(writer, last ? "\n" : "  ");
    }
    for (size_t i = 0; i < writer->columns; i++) {
        put_fill(writer, '-', layouts[i].width);
        put_string(writer, i + 1 == writer->columns ? "\n" : "  ");
    }
    for (uint64_t row = 0; row < writer->rows; row++) {
        const struct cell *cells = writer->cells + row * writer->columns;
        const size_t filled = filled_cells(cells, writer->columns);
        for (size_t i = 0; i < filled; i++) {
            put_cell(writer, &cells[i], &layouts[i], i + 1 < filled);
            put_string(writer, i + 1 < filled ? "  " : "");
        }
        put_string(writer, "\n");
    }
}

/* ---- Markdown -------------------------------------------------------------------------------- */

/* The delimiter row needs three dashes, or two and a colon. */
static void put_markdown(struct writer *writer, const struct text *names, struct layout *layouts) {
    for (size_t i = 0; i < writer->columns; i++) {
        layouts[i].width = larger(layouts[i].width, 3);
        put_string(writer, "| ");
        put_aligned(writer, names[i], layouts[i].numeric, layouts[i].width, true);
        put_string(writer, i + 1 == writer->columns ? " |\n" : " ");
    }
    for (size_t i = 0; i < writer->columns; i++) {
        put_string(writer, "| ");
        put_fill(writer, '-', layouts[i].width - (layouts[i].numeric ? 1 : 0));
        put_string(writer, layouts[i].numeric ? ":" : "");
        put_string(writer, i + 1 == writer->columns ? " |\n" : " ");
    }
    const struct cell *cell = writer->cells;
    for (uint64_t row = 0; row < writer->rows; row++)
        for (size_t i = 0; i < writer->columns; i++) {
            put_string(writer, "| ");
            put_cell(writer, cell++, &layouts[i], true);
            put_string(writer, i + 1 == writer->columns ? " |\n" : " ");
        }
}

static int put_kept(struct writer *writer) {
    struct text *names = arena_alloc(&writer->arena, writer->columns * sizeof *names);
    for (size_t i = 0; names && i < writer->columns; i++)
        if (show(writer, writer->names[i], &names[i], &writer->error))
            return writer->error.code;
    struct layout *layouts = names ? lay_out_all(writer, names) : NULL;
    if (!layouts)
        return error_memory(&writer->error);
    if (writer->format == WRITER_TABLE)
        put_table(writer, names, layouts);
    else
        put_markdown(writer, names, layouts);
    return 0;
}

/* ---- One cell -------------------------------------------------------------------------------- */

/* `shown` is the cell as the formats for people have it, `cell` as all others do. */
static void add_shown(struct writer *writer, enum cell_kind kind, struct text cell,
                      struct text shown) {
    switch (writer->format) {
    case WRITER_CSV:
    case WRITER_TSV:
        put_delimited(writer, cell, kind == CELL_TEXT);
        break;
    case WRITER_JSON:
        put_json(writer, kind, cell);
        break;
    case WRITER_MARKDOWN:
    case WRITER_TABLE:
        keep(writer, kind, shown);
        break;
    }
    if (writer->sheet && !writer->error.code)
        sheet_cell(writer->sheet, cell, &writer->error);
    if (++writer->column == writer->columns) {
        writer->column = 0;
        writer->rows++;
    }
}

static void add(struct writer *writer, enum cell_kind kind, struct text cell) {
    add_shown(writer, kind, cell, cell);
}

void writer_text(struct writer *writer, struct text cell) {
    add(writer, CELL_TEXT, cell);
}

void writer_string(struct writer *writer, const char *cell) {
    add(writer, CELL_TEXT, text_of(cell));
}

void writer_missing(struct writer *writer) {
    add(writer, CELL_MISSING, (struct text){"", 0});
}

void writer_integer(struct writer *writer, int64_t value) {
    char text[24];
    char *start = text + sizeof text;
    uint64_t left = value < 0 ? -(uint64_t)value : (uint64_t)value;
    do {
        *--start = (char)('0' + left % 10);
        left /= 10;
    } while (left > 0);
    if (value < 0)
        *--start = '-';
    add(writer, CELL_NUMBER, (struct text){start, (size_t)(text + sizeof text - start)});
}

/* For people: six significant digits, or all of the whole part if that has more. */
static double round_for_people(double value) {
    char text[48];
    double rounded = value, size = fabs(value);
    int decimals = size < 1e6 ? 5 : size < 1e15 ? (int)log10(size) : 16;
    snprintf(text, sizeof text, "%.*e", decimals, value);
    number_parse(text_of(text), '.', &rounded); /* infinity stays what it is */
    return rounded;
}

void writer_number(struct writer *writer, double value) {
    char text[NUMBER_TEXT], shown[NUMBER_TEXT];
    if (isnan(value)) {
        writer_missing(writer);
        return;
    }
    const size_t length = (size_t)number_format(value, text);
    const bool unknown = isinf(value) && writer->format == WRITER_JSON; /* it has no infinity */
    struct text whole = {text, length}, rounded = whole;
    if (writer->format >= WRITER_MARKDOWN)
        rounded = (struct text){shown, (size_t)number_format(round_for_people(value), shown)};
    add_shown(writer, unknown ? CELL_MISSING : CELL_NUMBER, whole, rounded);
}

void writer_decimal(struct writer *writer, decimal value, int places) {
    char text[DECIMAL_TEXT];
    const size_t length = (size_t)decimal_format(value, places, text);
    add(writer, CELL_NUMBER, (struct text){text, length});
}

void writer_sum(struct writer *writer, decimal_sum value, int places) {
    char text[DECIMAL_TEXT];
    const size_t length = (size_t)decimal_sum_format(value, places, text);
    add(writer, CELL_NUMBER, (struct text){text, length});
}

void writer_date(struct writer *writer, int32_t day) {
    char text[CALENDAR_TEXT];
    const size_t length = (size_t)calendar_format_date(day, text);
    add(writer, CELL_DATE, (struct text){text, length});
}

void writer_period(struct writer *writer, struct period period) {
    char text[CALENDAR_TEXT];
    const size_t length = (size_t)period_format(period, text);
    add(writer, CELL_DATE, (struct text){text, length});
}

/* ---- Life ------------------------------------------------------------------------------------ */

static int copy_names(struct writer *writer, const char *const *names, struct error *err) {
    writer->names = arena_alloc(&writer->arena, writer->columns * sizeof *writer->names);
    if (!writer->names)
        return error_memory(err);
    for (size_t i = 0; i < writer->columns; i++) {
        const size_t length = strlen(names[i]);
        const char *copy = arena_text(&writer->arena, names[i], length);
        if (!copy)
            return error_memory(err);
        writer->names[i] = (struct text){copy, length};
    }
    return 0;
}

int writer_open(struct writer **ret, FILE *stream, enum writer_format format,
                const char *const *names, size_t columns, struct error *err) {
    *ret = NULL;
    if (columns == 0)
        return error_set(err, ERROR_SYSTEM, "a table needs a column, found none");
    struct writer *writer = malloc(sizeof *writer);
    if (!writer)
        return error_memory(err);
    /* The block is left as it is: only the fields need their zeros. */
    memset(writer, 0, offsetof(struct writer, block));
    writer->stream = stream;
    writer->format = format;
    writer->columns = columns;
    int code = copy_names(writer, names, err);
    if (!code && format == WRITER_JSON)
        code = prepare_json_keys(writer, err);
    if (code) {
        writer_destroy(writer);
        return code;
    }
    if (format == WRITER_CSV || format == WRITER_TSV)
        put_delimited_header(writer);
    *ret = writer;
    return 0;
}

int writer_copy(struct writer *writer, struct sheet *sheet, struct error *err) {
    const char **names = calloc(writer->columns, sizeof *names);
    if (!names)
        return error_memory(err);
    for (size_t i = 0; i < writer->columns; i++)
        names[i] = writer->names[i].bytes;
    const int code = sheet_start(sheet, names, writer->columns, err);
    free(names);
    writer->sheet = code ? NULL : sheet;
    return code;
}

bool writer_failed(const struct writer *writer) {
    return writer->error.code != 0;
}

uint64_t writer_rows(const struct writer *writer) {
    return writer->rows;
}

int writer_finish(struct writer *writer, struct error *err) {
    if (writer->column > 0)
        error_set(&writer->error, ERROR_SYSTEM, "row %llu has %zu cells, expected %zu",
                  (unsigned long long)writer->rows + 1, writer->column, writer->columns);
    if (writer->format == WRITER_JSON)
        put_string(writer, writer->rows == 0 ? "[]\n" : "\n]\n");
    else if (writer->format == WRITER_TABLE || writer->format == WRITER_MARKDOWN)
        if (!writer->error.code)
            put_kept(writer);
    flush(writer);
    if (!writer->error.code && fflush(writer->stream) != 0)
        stream_failed(writer);
    return writer->error.code ? error_set(err, writer->error.code, "%s", writer->error.text) : 0;
}

void writer_destroy(struct writer *writer) {
    if (!writer)
        return;
    arena_free(&writer->arena);
    buffer_free(&writer->shown);
    free(writer->cells);
    free(writer);
}
