/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Dates and periods in the proleptic Gregorian calendar, years 0001 to 9999.
 *
 *     int32_t day;
 *     calendar_parse_date(text_of("2025-01-19"), &day);      // days since 1970-01-01
 *     struct period month = period_of(PERIOD_MONTH, day);    // 2025-01
 *     month.index += 1;                                      // 2025-02
 *
 * Periods of one kind are numbered without gaps, so that differences and next are arithmetic.
 */
#ifndef BASE_CALENDAR_H
#define BASE_CALENDAR_H

#include "base/text.h"
#include <stdbool.h>
#include <stdint.h>

#define CALENDAR_MIN_DAY (-719162) /* 0001-01-01 */
#define CALENDAR_MAX_DAY 2932896   /* 9999-12-31 */
#define CALENDAR_TEXT    16        /* bytes that a date or period needs, with its NUL */

/* YYYY-MM-DD, with an optional time of day behind 'T' or a blank, which is checked to look like one
 * (HH:MM[:SS[.fraction]][Z|+-HH[:MM]]) and dropped. False if it is no such date. */
bool calendar_parse_date(struct text cell, int32_t *ret_day);
int calendar_format_date(int32_t day, char text[CALENDAR_TEXT]); /* returns the length */
void calendar_civil(int32_t day, int *ret_year, int *ret_month, int *ret_day);
int32_t calendar_day(int year, int month, int day); /* must be a real date */

enum period_kind { PERIOD_YEAR, PERIOD_QUARTER, PERIOD_MONTH, PERIOD_WEEK, PERIOD_DAY };

/* index: year; 4 year + quarter - 1; 12 year + month - 1; ISO weeks since the one of 0001-01-01
 * (a Monday); days since 1970-01-01. */
struct period {
    enum period_kind kind;
    int32_t index;
};

/* YYYY, YYYY-MM, YYYY-Qn, YYYY-Wnn (ISO 8601) or a date. False if it is none of them. */
bool period_parse(struct text cell, struct period *ret);
int period_format(struct period period, char text[CALENDAR_TEXT]); /* returns the length */
struct period period_of(enum period_kind kind, int32_t day);
int32_t period_first_day(struct period period);
int32_t period_last_day(struct period period); /* 9999-W52 ends with the calendar, on a Friday */
int period_compare(struct period a, struct period b); /* by first day, then by kind */
const char *period_kind_name(enum period_kind kind);  /* "year", "quarter", ... */

/* Periods of this kind in a year: 1, 4, 12, 52.1775 or 365.2425 (400 years have 146,097 days). */
double period_per_year(enum period_kind kind);

#endif
