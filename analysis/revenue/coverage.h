/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Periods that a log covers in part, in words.
 *
 *     char note[COVERAGE_TEXT], warning[COVERAGE_TEXT];
 *     coverage_describe(PERIOD_MONTH, first_day, last_day, note, warning);
 *     if (*warning) cli_warn(cli, "%s", warning);
 */
#ifndef REVENUE_COVERAGE_H
#define REVENUE_COVERAGE_H

#include "base/calendar.h"

#define COVERAGE_TEXT 240

/* `note`: the first period begins before the log does. `warning`: the last one ends after it, so
 * that it has less revenue than it should, and who has not been seen yet in it counts as lost.
 * Empty where that is not so, and without any day (first > last). */
void coverage_describe(enum period_kind kind, int32_t first_day, int32_t last_day,
                       char note[COVERAGE_TEXT], char warning[COVERAGE_TEXT]);

#endif
