/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Periods that a log covers in part. */
#include "revenue/coverage.h"

#include <stdio.h>

void coverage_describe(enum period_kind kind, int32_t first_day, int32_t last_day,
                       char note[COVERAGE_TEXT], char warning[COVERAGE_TEXT]) {
    char period[CALENDAR_TEXT], day[CALENDAR_TEXT];
    const char *name = period_kind_name(kind);
    *note = *warning = '\0';
    if (first_day > last_day)
        return;
    const struct period first = period_of(kind, first_day), last = period_of(kind, last_day);
    if (period_first_day(first) != first_day) {
        period_format(first, period);
        calendar_format_date(first_day, day);
        snprintf(note, COVERAGE_TEXT, "the log begins on %s, after the %s %s did", day, name,
                 period);
    }
    if (period_last_day(last) != last_day) {
        period_format(last, period);
        calendar_format_date(last_day, day);
        snprintf(warning, COVERAGE_TEXT,
                 "the log ends on %s, before the %s %s does: if it was cut there, that %s has too "
                 "little revenue and too many users lost",
                 day, name, period, name);
    }
}
