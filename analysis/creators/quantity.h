/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Numbers as people and web pages write them: 1.3M, 1,300,000, 12.5k, 130万.
 *
 *     decimal value;
 *     if (quantity_parse(text_of("1.3M"), '.', &value)) ...      // 1300000.000000
 */
#ifndef CREATORS_QUANTITY_H
#define CREATORS_QUANTITY_H

#include "base/decimal.h"
#include "base/text.h"
#include <stdbool.h>

/* What is accepted, as --help and messages say it. */
#define QUANTITY_FORMS "a number such as 1300000, 1,300,000, 1.3M, 12.5k or 130万"

/* [+-]digits with an optional decimal mark, the digits before it in groups of three if they are
 * grouped at all (by ',' or '.', whichever is not the mark, a blank, '_' or an apostrophe), and a
 * unit in any case: k thousand, m million, b or bn thousand million, 万 or w ten thousand, 亿 a
 * hundred million. Blanks around the number and before the unit do not matter. `mark` is '.' or
 * ','. Exact: false, leaving *ret alone, for what is no such number, does not fit, or has more than
 * six decimals after its unit is applied. */
bool quantity_parse(struct text cell, char mark, decimal *ret);

#endif
