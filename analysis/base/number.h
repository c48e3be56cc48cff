/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Numbers as text: whole-cell parsing and the shortest form that reads back the same.
 *
 *     double x;
 *     if (number_parse(text_of("1234,5"), ',', &x)) ...      // 1234.5
 *     char text[NUMBER_TEXT];
 *     number_format(x / 10, text);                           // "123.45"
 *
 * Nothing here depends on the locale. */
#ifndef BASE_NUMBER_H
#define BASE_NUMBER_H

#include "base/text.h"
#include <stdbool.h>
#include <stdint.h>

/* Each parses the whole slice, without outer blanks, and returns false (leaving *ret alone) if
 * anything else stands in it, or the value does not fit. `mark` is '.' or ','. */
bool number_parse(struct text cell, char mark, double *ret); /* correctly rounded; no inf, no nan */
bool number_parse_integer(struct text cell, int64_t *ret);   /* [+-]digits */

/* A numeral taken apart: +-digits x 10^exponent, of 19 significant digits at most. `cut` says that
 * further ones, not all zero, were left off. */
struct numeral {
    bool negative;
    bool cut;
    uint64_t digits;
    int64_t exponent;
};

/* The form that number_parse and decimal_parse accept: [+-]digits[mark digits][e[+-]digits], where
 * digits may be missing on one side of the mark (".5", "5."). */
bool number_scan(struct text cell, char mark, struct numeral *ret);

#define NUMBER_TEXT 32 /* bytes that any of the forms below needs, with its NUL */

/* Shortest decimal digits that read back as x, written without an exponent for
 * 1e-5 <= |x| < 1e15, otherwise as 1.5e-7 or 2e+20; "nan", "inf", "-inf". "-0" becomes "0".
 * Returns the length. */
int number_format(double x, char text[NUMBER_TEXT]);

/* For people: rounded half-even to `digits` (0 to 9) decimal places, thousands grouped by ','; what
 * rounds to zero has no sign. Not finite, or |x| >= 1e15: as number_format. Returns the length. */
int number_format_grouped(double x, int digits, char text[64]);

#endif
