/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One block of records into typed columns. */
#include "table/scan.h"

#include "base/buffer.h"
#include "table/count.h"
#include "table/header.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- Opening and closing --------------------------------------------------------------------- */

int scanner_open(struct scanner *scanner, const struct layout *layout, struct table *table,
                 struct error *err) {
    *scanner = (struct scanner){.layout = layout};
    scanner->columns = calloc(layout->n_columns + 1, sizeof *scanner->columns);
    scanner->cells = calloc(layout->n_columns + 1, sizeof *scanner->cells);
    if (!scanner->columns || !scanner->cells)
        return error_memory(err);
    scanner->batch =
        (struct table_batch){.columns = scanner->cells, .table = table, .origin = &scanner->origin};
    return splitter_open(&scanner->splitter, layout->delimiter, layout->fields, layout->wanted,
                         err);
}

void scanner_close(struct scanner *scanner) {
    for (size_t c = 0; scanner->columns && c < scanner->layout->n_columns; c++) {
        free(scanner->columns[c].values);
        free(scanner->columns[c].missing);
    }
    free(scanner->columns);
    free(scanner->cells);
    free(scanner->lines);
    free(scanner->offsets);
    reject_list_free(&scanner->list);
    splitter_close(&scanner->splitter);
    *scanner = (struct scanner){0};
}

/* ---- Room for rows --------------------------------------------------------------------------- */

/* Every array has room for scanner->capacity rows and grows alike. */
static int grow_array(const struct scanner *scanner, void **items, size_t size,
                      size_t *ret_capacity, struct error *err) {
    *ret_capacity = scanner->capacity;
    return array_reserve(items, ret_capacity, scanner->rows + 1, size, err);
}

static int grow(struct scanner *scanner, struct error *err) {
    size_t capacity = 0;
    for (size_t c = 0; c < scanner->layout->n_columns; c++) {
        struct scan_column *column = &scanner->columns[c];
        size_t size = cell_size(scanner->layout->columns[c].type);
        if (grow_array(scanner, &column->values, size, &capacity, err) ||
            grow_array(scanner, (void **)&column->missing, sizeof *column->missing, &capacity, err))
            return err->code;
    }
    if (grow_array(scanner, (void **)&scanner->lines, sizeof *scanner->lines, &capacity, err) ||
        grow_array(scanner, (void **)&scanner->offsets, sizeof *scanner->offsets, &capacity, err))
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

/* The bound cells of the record become row scanner->rows; that it is a good one is said by counting
 * it, at the end. */
static int convert(struct scanner *scanner, const struct record *record,
                   const struct cell_rules *rules, struct error *err) {
    const struct layout *layout = scanner->layout;
    size_t row = scanner->rows;
    if (row == scanner->capacity && grow(scanner, err))
        return err->code;
    for (size_t i = 0; i < layout->n_columns; i++) {
        size_t c = layout->by_field[i];
        const struct table_column *wanted = &layout->columns[c];
        struct scan_column *column = &scanner->columns[c];
        int field = layout->field_of[c];
        struct text cell = field >= 0 ? scanner->splitter.fields[field] : text_of("");
        void *value = (char *)column->values + row * cell_size(wanted->type);
        enum cell_state state = cell_read(cell, wanted->type, rules, value);
        bool missing = state == CELL_MISSING;
        if (state == CELL_BAD || (missing && field >= 0 && !wanted->missing))
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

/* ---- The block ------------------------------------------------------------------------------- */

static int scan_records(struct scanner *scanner, const struct block *block, struct error *err) {
    struct cell_rules rules = scanner->layout->rules;
    rules.ascii = count_is_ascii(block->bytes, block->length);
    bool nuls = block->length > 0 && memchr(block->bytes, '\0', block->length);
    size_t at = 0, line = 0, used, lines;
    for (; at < block->length; at += used, line += lines) {
        struct record record = {.line = (uint32_t)line, .offset = (uint32_t)at};
        record.text.bytes = block->bytes + at;
        record.text.length = cut_record(record.text.bytes, block->length - at, block->quotes, &used,
                                        &lines, &record.quotes);
        if (record.text.length == 0)
            scanner->blank_lines++;
        else if (scan_record(scanner, &record, &rules, nuls, err))
            return err->code;
    }
    return 0;
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
    scanner->rows = 0;
    scanner->blank_lines = 0;
    for (size_t c = 0; c < scanner->layout->n_columns; c++)
        scanner->columns[c].any_missing = false;
    scanner->place = (struct place){.shard = shard,
                                    .line = block->line,
                                    .bytes = block->bytes,
                                    .length = block->length,
                                    .quotes = block->quotes};
    int code = 0;
    if (block->quotes || scanner->layout->libcsv_only)
        code = splitter_start(&scanner->splitter, block->length, err);
    if (!code)
        code = scan_records(scanner, block, err);
    finish_batch(scanner, sequence);
    return code;
}
