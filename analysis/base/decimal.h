/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Exact decimals: money and other decimal quantities as 64-bit counts of millionths.
 *
 *     decimal arpu, lost;
 *     decimal_parse(text_of("1.25"), '.', &arpu);            // 1250000
 *     decimal_multiply(arpu, 500000 * DECIMAL_ONE, &lost);   // 625000.000000
 *     decimal_format(lost, 2, text);                         // "625000.00"
 *
 * Range +-9,223,372,036,854.775807. No operation wraps: each returns false when its exact
 * result, rounded half to even at the sixth decimal, does not fit, and leaves *ret alone.
 */
#ifndef BASE_DECIMAL_H
#define BASE_DECIMAL_H

#include "base/text.h"
#include <stdbool.h>
#include <stdint.h>

typedef int64_t decimal;
__extension__ typedef __int128 int128;

#define DECIMAL_ONE    INT64_C(1000000)
#define DECIMAL_DIGITS 6
#define DECIMAL_TEXT   64 /* bytes that a formatted decimal or sum needs, with its NUL */

/* Sums are kept in 128 bits: 10^19 addends of any size fit, in any order, with the same result. */
typedef int128 decimal_sum;

/* The whole slice, without outer blanks, in the form of number_scan. More than six decimals are an
 * error unless those beyond are zeros: rounding input in silence would lose money. */
bool decimal_parse(struct text cell, char mark, decimal *ret);

bool decimal_add(decimal a, decimal b, decimal *ret);
bool decimal_multiply(decimal a, decimal b, decimal *ret);
bool decimal_narrow(decimal_sum sum, decimal *ret); /* false if it does not fit 64 bits */
bool decimal_sum_divide(decimal_sum sum, int64_t n, decimal *ret); /* mean: sum / n, n > 0 */

/* Nearest decimal to a finite x, ties to even; false out of range. The one way in from floating
 * point: say at the call why it is needed. */
bool decimal_from_double(double x, decimal *ret);
double decimal_to_double(decimal a); /* correctly rounded */
double decimal_sum_to_double(decimal_sum sum);

/* At least `places` (0 to 6) decimals, more if the value has them: 625000000000 with 2 is
 * "625000.00", 1 with 2 is "0.000001". Returns the length. */
int decimal_format(decimal a, int places, char text[DECIMAL_TEXT]);
int decimal_sum_format(decimal_sum sum, int places, char text[DECIMAL_TEXT]);

#endif
