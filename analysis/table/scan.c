/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One block of records into typed columns.
 *
 * Contents: opening and closing; room for rows; one record; one column of a regular block; the
 * block. */
#include "table/scan.h"

#include "base/buffer.h"
#include "base/number.h"
#include "table/count.h"
#include "table/header.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- Opening and closing --------------------------------------------------------------------- */

static int open_categories(struct scanner *scanner, struct dictionary *names, struct error *err) {
    const struct layout *layout = scanner->layout;
    for (size_t c = 0; c < layout->n_columns; c++) {
        if (layout->columns[c].type != TABLE_CATEGORY)
            continue;
        struct category *category = calloc(1, sizeof *category);
        if (!category)
            return error_memory(err);
        category->names = &names[c];
        scanner->columns[c].category = category;
        scanner->cells[c].names = &names[c];
    }
    return 0;
}

int scanner_open(struct scanner *scanner, const struct layout *layout, struct dictionary *names,
                 struct table *table, struct error *err) {
    *scanner = (struct scanner){.layout = layout};
    scanner->columns = calloc(layout->n_columns + 1, sizeof *scanner->columns);
    scanner->cells = calloc(layout->n_columns + 1, sizeof *scanner->cells);
    if (!scanner->columns || !scanner->cells)
        return error_memory(err);
    if (open_categories(scanner, names, err))
        return err->code;
    scanner->batch =
        (struct table_batch){.columns = scanner->cells, .table = table, .origin = &scanner->origin};
    return splitter_open(&scanner->splitter, layout->delimiter, layout->fields, layout->wanted,
                         err);
}

void scanner_close(struct scanner *scanner) {
    for (size_t c = 0; scanner->columns && c < scanner->layout->n_columns; c++) {
        free(scanner->columns[c].values);
        free(scanner->columns[c].missing);
        free(scanner->columns[c].category);
    }
    free(scanner->columns);
    free(scanner->cells);
    free(scanner->lines);
    free(scanner->offsets);
    reject_list_free(&scanner->list);
    splitter_close(&scanner->splitter);
    regular_free(&scanner->regular);
    *scanner = (struct scanner){0};
}

/* ---- Room for rows --------------------------------------------------------------------------- */

/* Every array has room for scanner->capacity rows and grows alike. */
static int grow_array(const struct scanner *scanner, void **items, size_t rows, size_t size,
                      size_t *ret_capacity, struct error *err) {
    *ret_capacity = scanner->capacity;
    return array_reserve(items, ret_capacity, rows, size, err);
}

/* The cells of a column that the file has not are all missing, and nobody else writes there. */
static void fill_absent(struct scan_column *column, enum table_type type, size_t from, size_t to) {
    const struct cell_rules rules = {0};
    const size_t size = cell_size(type);
    for (size_t row = from; row < to; row++) {
        cell_read(text_of(""), type, &rules, (char *)column->values + row * size);
        column->missing[row] = true;
    }
}

static int grow(struct scanner *scanner, size_t rows, struct error *err) {
    const struct layout *layout = scanner->layout;
    size_t capacity = 0;
    for (size_t c = 0; c < layout->n_columns; c++) {
        struct scan_column *column = &scanner->columns[c];
        const enum table_type type = layout->columns[c].type;
        if (grow_array(scanner, &column->values, rows, cell_size(type), &capacity, err) ||
            grow_array(scanner, (void **)&column->missing, rows, sizeof *column->missing, &capacity,
                       err))
            return err->code;
        if (layout->field_of[c] < 0)
            fill_absent(column, type, scanner->capacity, capacity);
    }
    if (grow_array(scanner, (void **)&scanner->lines, rows, sizeof *scanner->lines, &capacity,
                   err) ||
        grow_array(scanner, (void **)&scanner->offsets, rows, sizeof *scanner->offsets, &capacity,
                   err))
        return err->code;
    scanner->capacity = capacity;
    return 0;
}

/* ---- One record ------------------------------------------------------------------------------ */

struct record {
    struct text text; /* without its line end */
    uint32_t line;    /* from the block's first */
    uint32_t offset;
    bool quotes;
};

/* A bad row, in the bound column or, with -1, as a whole: an error, or one more in the list. */
static int turn_down(struct scanner *scanner, const struct record *record, int field,
                     const char *reason, struct error *err) {
    const struct layout *layout = scanner->layout;
    uint64_t line = scanner->place.line + record->line;
    if (!layout->rejects) {
        char where[TABLE_WHERE];
        origin_format(layout->names[scanner->place.shard], line, field + 1, where);
        return error_set(err, ERROR_DATA, "%s: %s", where, reason);
    }
    struct text kept = rejects_wanted(layout->rejects) ? record->text : text_of("");
    struct reject_place place = {scanner->place.shard, line, field + 1};
    return reject_add(&scanner->list, place, reason, kept, err);
}

static int turn_down_ragged(struct scanner *scanner, const struct record *record,
                            struct error *err) {
    char headers[200], reason[CELL_REASON];
    size_t count = scanner->splitter.count;
    header_list(scanner->layout->headers, scanner->layout->fields, ",", headers, sizeof headers);
    snprintf(reason, sizeof reason, "found %zu field%s, expected %zu (%s)", count,
             count == 1 ? "" : "s", scanner->layout->fields, headers);
    return turn_down(scanner, record, -1, reason, err);
}

/* Quotes that are not as RFC 4180 has them; the field is the one after those that were whole. */
static int turn_down_quotes(struct scanner *scanner, const struct record *record, enum split split,
                            struct error *err) {
    char reason[CELL_REASON], found[CELL_SHOWN], delimiter[CELL_SHOWN], end[64] = "";
    cell_show((struct text){&scanner->splitter.found, 1}, found);
    cell_show((struct text){&scanner->layout->delimiter, 1}, delimiter);
    /* A stray quote takes the lines up to the next one with it. */
    size_t inside = count_byte(record->text.bytes, record->text.length - 1, '\n');
    unsigned long long last = scanner->place.line + record->line + inside;
    if (inside > 0)
        snprintf(end, sizeof end, "; the row ends on line %llu", last);
    if (split == SPLIT_QUOTE_INSIDE)
        snprintf(reason, sizeof reason,
                 "found a quote inside a field that does not start with one, expected the whole "
                 "field in quotes and its own quotes doubled%s",
                 end);
    else if (split == SPLIT_BEHIND_QUOTE)
        snprintf(reason, sizeof reason,
                 "found %s behind a closing quote, expected %s or the end of the line (quotes "
                 "within a field are doubled)%s",
                 found, delimiter, end);
    else
        snprintf(reason, sizeof reason,
                 "found a quote that opens and is not closed, expected one more before the end "
                 "of the file%s",
                 end);
    return turn_down(scanner, record, (int)scanner->splitter.count, reason, err);
}

static int turn_down_cell(struct scanner *scanner, const struct record *record, size_t c,
                          enum cell_state state, struct error *err) {
    const struct layout *layout = scanner->layout;
    enum table_type type = layout->columns[c].type;
    int field = layout->field_of[c];
    char reason[CELL_REASON];
    if (state == CELL_MISSING)
        cell_explain_missing(scanner->splitter.fields[field], layout->headers[field], type, reason);
    else
        cell_explain(scanner->splitter.fields[field], layout->headers[field], type, &layout->rules,
                     reason);
    return turn_down(scanner, record, field, reason, err);
}

static int read_cell(enum table_type type, const struct cell_rules *rules, struct text cell,
                     struct scan_column *column, size_t row, enum cell_state *ret,
                     struct error *err) {
    void *value = (char *)column->values + row * cell_size(type);
    if (type == TABLE_CATEGORY)
        return category_read(column->category, cell, rules, value, ret, err);
    *ret = cell_read(cell, type, rules, value);
    return 0;
}

/* The bound cells of the record become row scanner->rows; that it is a good one is said by counting
 * it, at the end. */
static int convert(struct scanner *scanner, const struct record *record,
                   const struct cell_rules *rules, struct error *err) {
    const struct layout *layout = scanner->layout;
    size_t row = scanner->rows;
    if (row == scanner->capacity && grow(scanner, row + 1, err))
        return err->code;
    for (size_t i = 0; i < layout->n_columns; i++) {
        size_t c = layout->by_field[i];
        const struct table_column *wanted = &layout->columns[c];
        struct scan_column *column = &scanner->columns[c];
        int field = layout->field_of[c];
        if (field < 0)
            continue;
        struct text cell = scanner->splitter.fields[field];
        enum cell_state state;
        if (read_cell(wanted->type, rules, cell, column, row, &state, err))
            return err->code;
        bool missing = state == CELL_MISSING;
        if (state == CELL_BAD || (missing && !wanted->missing))
            return turn_down_cell(scanner, record, c, state, err);
        column->missing[row] = missing;
        column->any_missing |= missing;
    }
    scanner->lines[row] = record->line;
    scanner->offsets[row] = record->offset;
    scanner->rows++;
    return 0;
}

static int scan_record(struct scanner *scanner, const struct record *record,
                       const struct cell_rules *rules, bool nuls, struct error *err) {
    if (nuls && memchr(record->text.bytes, '\0', record->text.length))
        return turn_down(scanner, record, -1, "found a NUL byte, expected text", err);
    enum split split = splitter_split(&scanner->splitter, record->text.bytes, record->text.length,
                                      record->quotes || scanner->layout->libcsv_only);
    if (split == SPLIT_MEMORY)
        return error_memory(err);
    if (split != SPLIT_GOOD)
        return turn_down_quotes(scanner, record, split, err);
    if (scanner->splitter.count != scanner->layout->fields)
        return turn_down_ragged(scanner, record, err);
    return convert(scanner, record, rules, err);
}

/* ---- One column of a regular block ----------------------------------------------------------- */

/* What converts a column of a regular block, and whether all has gone well: otherwise the block is
 * read record by record, which says what is wrong. */
struct conversion {
    const struct regular *regular;
    size_t field;
    const struct table_column *wanted;
    const struct cell_rules *rules;
    struct scan_column *column;
};

/* One cell the general way; false if it is not good. */
static bool convert_cell(const struct conversion *conversion, struct text cell, size_t row) {
    struct scan_column *column = conversion->column;
    struct error err = {0}; /* memory that is out here will be out there */
    enum cell_state state;
    if (read_cell(conversion->wanted->type, conversion->rules, cell, column, row, &state, &err))
        return false;
    if (state == CELL_GOOD)
        return true;
    if (state == CELL_BAD || !conversion->wanted->missing)
        return false;
    if (!column->any_missing)
        memset(column->missing, 0, conversion->regular->rows * sizeof *column->missing);
    column->any_missing = column->missing[row] = true;
    return true;
}

/* Most cells are good as they stand: `quick` is then true and has set the value. The others take
 * the general way, as all do that might stand for a missing value (`plain` is false). */
#define CONVERT_ALL(quick)                                                                         \
    do {                                                                                           \
        for (size_t row = 0; row < given->regular->rows; row++) {                                  \
            const struct text cell = regular_cell(given->regular, row, given->field);              \
            if (!(quick) && !convert_cell(given, cell, row))                                       \
                return false;                                                                      \
        }                                                                                          \
        return true;                                                                               \
    } while (0)

static bool convert_texts(const struct conversion *given) {
    struct text *values = given->column->values;
    const bool plain = given->rules->n_na == 0 && given->rules->ascii;
    CONVERT_ALL(plain && cell.length > 0 && (values[row] = cell, true));
}

static bool convert_integers(const struct conversion *given) {
    int64_t *values = given->column->values;
    const bool plain = given->rules->n_na == 0;
    CONVERT_ALL(plain && number_parse_integer(cell, &values[row]));
}

static bool convert_numbers(const struct conversion *given) {
    double *values = given->column->values;
    const char mark = given->rules->mark;
    const bool plain = given->rules->n_na == 0;
    CONVERT_ALL(plain && number_parse(cell, mark, &values[row]));
}

static bool convert_decimals(const struct conversion *given) {
    decimal *values = given->column->values;
    const char mark = given->rules->mark;
    const bool plain = given->rules->n_na == 0;
    CONVERT_ALL(plain && decimal_parse(cell, mark, &values[row]));
}

static bool convert_dates(const struct conversion *given) {
    int32_t *values = given->column->values;
    const bool plain = given->rules->n_na == 0;
    CONVERT_ALL(plain && calendar_parse_date(cell, &values[row]));
}

/* Rows of one period often stand together: what was read last is not parsed again. No period is a
 * text without bytes, as `cell` is at first. */
struct last_period {
    struct text cell;
    struct period value;
};

static bool parse_period(struct text cell, struct last_period *last, struct period *ret) {
    if (!text_equal(cell, last->cell)) {
        struct period value;
        if (!period_parse(cell, &value))
            return false;
        *last = (struct last_period){cell, value};
    }
    *ret = last->value;
    return true;
}

static bool convert_periods(const struct conversion *given) {
    struct period *values = given->column->values;
    const bool plain = given->rules->n_na == 0;
    struct last_period last = {0};
    CONVERT_ALL(plain && cell.length > 0 && parse_period(cell, &last, &values[row]));
}

static bool convert_categories(const struct conversion *given) {
    uint32_t *values = given->column->values;
    const struct category *category = given->column->category;
    const char *end = regular_end(given->regular);
    CONVERT_ALL(category_find(category, cell, end, &values[row]));
}

typedef bool converter(const struct conversion *given);

static converter *const converters[] = {
    [TABLE_TEXT] = convert_texts,          [TABLE_INTEGER] = convert_integers,
    [TABLE_NUMBER] = convert_numbers,      [TABLE_DECIMAL] = convert_decimals,
    [TABLE_DATE] = convert_dates,          [TABLE_PERIOD] = convert_periods,
    [TABLE_CATEGORY] = convert_categories,
};

/* All rows of a regular block; *ret_good is false if some cell is not good. */
static int scan_columns(struct scanner *scanner, const struct cell_rules *rules, bool *ret_good,
                        struct error *err) {
    const struct layout *layout = scanner->layout;
    const struct regular *regular = &scanner->regular;
    *ret_good = false;
    if (regular->rows > scanner->capacity && grow(scanner, regular->rows, err))
        return err->code;
    for (size_t i = 0; i < layout->n_columns; i++) {
        const size_t c = layout->by_field[i];
        const struct conversion conversion = {.regular = regular,
                                              .field = (size_t)layout->field_of[c],
                                              .wanted = &layout->columns[c],
                                              .rules = rules,
                                              .column = &scanner->columns[c]};
        if (layout->field_of[c] >= 0 && !converters[conversion.wanted->type](&conversion))
            return 0;
    }
    for (size_t row = 0; row < regular->rows; row++) {
        scanner->lines[row] = (uint32_t)row;
        scanner->offsets[row] = regular_offset(regular, row);
    }
    scanner->rows = regular->rows;
    *ret_good = true;
    return 0;
}

/* ---- The block ------------------------------------------------------------------------------- */

static void begin_block(struct scanner *scanner) {
    const struct layout *layout = scanner->layout;
    scanner->rows = 0;
    scanner->blank_lines = 0;
    for (size_t c = 0; c < layout->n_columns; c++)
        scanner->columns[c].any_missing = layout->field_of[c] < 0;
}

static int scan_records(struct scanner *scanner, const struct block *block,
                        const struct cell_rules *rules, bool nuls, struct error *err) {
    size_t at = 0, line = 0, used, lines;
    for (; at < block->length; at += used, line += lines) {
        struct record record = {.line = (uint32_t)line, .offset = (uint32_t)at};
        record.text.bytes = block->bytes + at;
        record.text.length = cut_record(record.text.bytes, block->length - at, block->quotes, &used,
                                        &lines, &record.quotes);
        if (record.text.length == 0)
            scanner->blank_lines++;
        else if (scan_record(scanner, &record, rules, nuls, err))
            return err->code;
    }
    return 0;
}

/* Column by column if the block is regular and all is well in it, otherwise record by record. */
static int scan_block(struct scanner *scanner, const struct block *block, struct error *err) {
    const struct layout *layout = scanner->layout;
    struct cell_rules rules = layout->rules;
    if (!block->quotes && !layout->libcsv_only) {
        struct index_found found;
        bool good;
        if (regular_find(&scanner->regular, layout->level, block->bytes, block->length,
                         layout->delimiter, layout->fields, &found, err))
            return err->code;
        rules.ascii = found.ascii;
        if (scanner->regular.is) {
            const int code = scan_columns(scanner, &rules, &good, err);
            if (code || good)
                return code;
            begin_block(scanner);
        }
    } else if (splitter_start(&scanner->splitter, block->length, err)) {
        return err->code;
    }
    rules.ascii = count_is_ascii(block->bytes, block->length);
    bool nuls = block->length > 0 && memchr(block->bytes, '\0', block->length);
    return scan_records(scanner, block, &rules, nuls, err);
}

static void finish_batch(struct scanner *scanner, size_t sequence) {
    scanner->batch.rows = scanner->rows;
    scanner->batch.sequence = sequence;
    for (size_t c = 0; c < scanner->layout->n_columns; c++) {
        struct scan_column *column = &scanner->columns[c];
        scanner->cells[c].text = column->values; /* every member of the union is a pointer */
        scanner->cells[c].missing = column->any_missing ? column->missing : NULL;
    }
    scanner->origin = (struct origin){.layout = scanner->layout,
                                      .places = &scanner->place,
                                      .n_places = 1,
                                      .lines = scanner->lines,
                                      .offsets = scanner->offsets,
                                      .list = &scanner->list};
}

int scanner_scan(struct scanner *scanner, const struct block *block, size_t shard, size_t sequence,
                 struct error *err) {
    begin_block(scanner);
    scanner->place = (struct place){.shard = shard,
                                    .line = block->line,
                                    .bytes = block->bytes,
                                    .length = block->length,
                                    .quotes = block->quotes};
    int code = scan_block(scanner, block, err);
    finish_batch(scanner, sequence);
    return code;
}
