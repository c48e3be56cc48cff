/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Writing one tidy table, row by row, in any of the formats.
 *
 *     const char *const names[] = {"platform", "users", "arpu"};
 *     struct writer *writer;
 *     if (writer_open(&writer, stdout, WRITER_CSV, names, 3, err)) ...
 *     writer_text(writer, text_of("TikTok"));
 *     writer_integer(writer, 500000);
 *     writer_decimal(writer, arpu, 2);
 *     if (writer_finish(writer, err)) ...
 *     writer_destroy(writer);
 *
 * Rows need no call of their own: a row is full when each column has its cell. The first error
 * sticks and is returned by writer_finish, so that the cells need no checks.
 */
#ifndef TABLE_WRITER_H
#define TABLE_WRITER_H

#include "base/calendar.h"
#include "base/decimal.h"
#include "base/error.h"
#include "base/sheet.h"
#include "base/text.h"
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

enum writer_format {
    WRITER_CSV,  /* RFC 4180, LF; quotes only where needed; missing is the empty cell */
    WRITER_TSV,  /* as CSV, by tabs */
    WRITER_JSON, /* an array of objects, one a line; numbers as they are, missing and nan null */
    WRITER_MARKDOWN, /* a GitHub table, numbers to the right, '|' escaped */
    WRITER_TABLE,    /* for a terminal: aligned by display width, numbers to the right */
};

struct writer;

/* CSV, TSV and JSON are written as they come, in memory that does not grow; the other two keep
 * their cells until writer_finish, as they must know the widths. `names` is copied; the stream
 * stays the caller's. */
int writer_open(struct writer **ret, FILE *stream, enum writer_format format,
                const char *const *names, size_t columns, struct error *err);

/* From now on every cell also goes into `sheet` (started here, as CSV would show it). */
int writer_copy(struct writer *writer, struct sheet *sheet, struct error *err);

void writer_text(struct writer *writer, struct text cell);
void writer_string(struct writer *writer, const char *cell);
void writer_integer(struct writer *writer, int64_t value);

/* nan is a missing value. Markdown and table are for people: there it is rounded to six significant
 * digits, or to the whole part if that has more. */
void writer_number(struct writer *writer, double value);
void writer_decimal(struct writer *writer, decimal value, int places);
void writer_sum(struct writer *writer, decimal_sum value, int places);
void writer_date(struct writer *writer, int32_t day);
void writer_period(struct writer *writer, struct period period);
void writer_missing(struct writer *writer);

/* Whether an error has stuck: what writes for long can stop early. */
bool writer_failed(const struct writer *writer);

/* Ends the table. A row that is not full is a mistake of the caller: ERROR_SYSTEM. */
int writer_finish(struct writer *writer, struct error *err);
uint64_t writer_rows(const struct writer *writer);
void writer_destroy(struct writer *writer); /* NULL is fine */

#endif
