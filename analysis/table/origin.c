/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where rows stand, and turning them down. */
#include "table/origin.h"

#include "table/cut.h"
#include "table/scan.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void origin_name(const char *name, char *shown, size_t size) {
    size_t length = strlen(name);
    if (length < size)
        memcpy(shown, name, length + 1);
    else
        snprintf(shown, size, "...%s", name + length - (size - sizeof "..."));
}

void origin_format(const char *name, uint64_t line, int column, char text[TABLE_WHERE]) {
    char shown[ORIGIN_NAME];
    origin_name(name, shown, sizeof shown);
    if (column > 0)
        snprintf(text, TABLE_WHERE, "%s:%llu:%d", shown, (unsigned long long)line, column);
    else
        snprintf(text, TABLE_WHERE, "%s:%llu", shown, (unsigned long long)line);
}

/* The last place that begins at or before the row. */
static const struct place *find_place(const struct origin *origin, size_t row) {
    size_t low = 0, high = origin->n_places;
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        if (origin->places[middle].first_row <= row)
            low = middle;
        else
            high = middle;
    }
    return &origin->places[low];
}

static struct reject_place locate(const struct origin *origin, size_t row, int column) {
    const struct place *place = find_place(origin, row);
    int field = column >= 0 ? origin->layout->field_of[column] : -1;
    return (struct reject_place){place->shard, place->line + origin->lines[row], field + 1};
}

void table_where(const struct table_batch *batch, size_t row, int column, char text[TABLE_WHERE]) {
    const struct origin *origin = batch->origin;
    struct reject_place place = locate(origin, row, column);
    origin_format(origin->layout->names[place.shard], place.line, place.column, text);
}

struct table_place table_place(const struct table_batch *batch, size_t row) {
    struct reject_place place = locate(batch->origin, row, -1);
    return (struct table_place){place.shard, place.line};
}

static struct text record_of(const struct origin *origin, size_t row) {
    const struct place *place = find_place(origin, row);
    if (!place->bytes || !origin->offsets)
        return text_of("");
    const char *bytes = place->bytes + origin->offsets[row];
    size_t next, lines;
    bool quotes;
    size_t length = cut_record(bytes, place->length - origin->offsets[row], place->quotes, &next,
                               &lines, &quotes);
    return (struct text){bytes, length};
}

int table_reject(const struct table_batch *batch, size_t row, int column, struct error *err,
                 const char *format, ...) {
    const struct origin *origin = batch->origin;
    char reason[CELL_REASON], where[TABLE_WHERE];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(reason, sizeof reason, format, arguments);
    va_end(arguments);
    struct rejects *rejects = origin->layout->rejects;
    if (!rejects) {
        table_where(batch, row, column, where);
        return error_set(err, ERROR_DATA, "%s: %s", where, reason);
    }
    struct text record = rejects_wanted(rejects) ? record_of(origin, row) : text_of("");
    return rejects_add(rejects, origin->list, locate(origin, row, column), reason, record, err);
}
