/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Numbers as text. Contents: scanning, parsing, the shortest form, the grouped form.
 *
 * strtod and printf follow the locale in one thing, the decimal mark. It never gets that far: what
 * strtod sees is whole digits and an exponent, and of what printf wrote only the digits are used.
 */
#include "base/number.h"

#include "base/digits.h"

#include <float.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

__extension__ typedef unsigned __int128 uint128;

/* Powers of ten that a double holds exactly. */
static const double powers[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

static bool is_digit(char byte) {
    return byte >= '0' && byte <= '9';
}

/* ---- Scanning ------------------------------------------------------------------------------ */

/* Adds a run of digits; `fraction` is 1 behind the decimal mark and 0 before it. */
static const char *scan_digits(const char *at, const char *end, int fraction, struct numeral *n) {
    for (; at < end && is_digit(*at); at++) {
        if (n->digits < UINT64_C(1000000000000000000)) {
            n->digits = 10 * n->digits + (uint64_t)(*at - '0');
            n->exponent -= fraction;
        } else {
            n->cut |= *at != '0';
            n->exponent += 1 - fraction;
        }
    }
    return at;
}

/* The exponent behind 'e', added to the one the decimal mark gave; NULL if there are no digits. */
static const char *scan_exponent(const char *at, const char *end, struct numeral *n) {
    bool negative = at < end && *at == '-';
    if (at < end && (*at == '-' || *at == '+'))
        at++;
    const char *first = at;
    int64_t exponent = 0;
    for (; at < end && is_digit(*at); at++)
        if (exponent < INT64_C(1000000000000000)) /* beyond, every value is 0 or too large */
            exponent = 10 * exponent + (*at - '0');
    n->exponent += negative ? -exponent : exponent;
    return at > first ? at : NULL;
}

bool number_scan(struct text cell, char mark, struct numeral *ret) {
    if (cell.length == 0)
        return false;
    const char *at = cell.bytes, *end = at + cell.length;
    struct numeral n = {.negative = *at == '-'};
    if (*at == '-' || *at == '+')
        at++;
    const char *first = at;
    at = scan_digits(at, end, 0, &n);
    bool any = at > first;
    if (at < end && *at == mark) {
        first = ++at;
        at = scan_digits(at, end, 1, &n);
        any = any || at > first;
    }
    if (any && at < end && (*at == 'e' || *at == 'E'))
        at = scan_exponent(at + 1, end, &n);
    if (!any || at != end)
        return false;
    *ret = n;
    return true;
}

/* ---- Parsing ------------------------------------------------------------------------------- */

/* Every double halfway between two neighbours has at most 767 significant digits, so that further
 * digits matter only by being there. */
enum { MOST_DIGITS = 800 };

/* The magnitude of a numeral of more than 19 significant digits. */
static double long_magnitude(struct text cell, const struct numeral *n) {
    char copy[MOST_DIGITS + 32];
    size_t length = 0;
    bool more = false;
    for (size_t i = 0; i < cell.length && cell.bytes[i] != 'e' && cell.bytes[i] != 'E'; i++) {
        char byte = cell.bytes[i];
        if (!is_digit(byte) || (length == 0 && byte == '0'))
            continue;
        if (length < MOST_DIGITS)
            copy[length++] = byte;
        else
            more |= byte != '0';
    }
    if (more)
        copy[length++] = '1';
    /* n->exponent counts from the 19 digits that it holds. */
    snprintf(copy + length, sizeof copy - length, "e%" PRId64,
             n->exponent - ((int64_t)length - 19));
    return strtod(copy, NULL);
}

static double magnitude(struct text cell, const struct numeral *n) {
    if (n->cut)
        return long_magnitude(cell, n);
    /* Both operands are exact, so that the one operation rounds once (Clinger 1990,
     * doi:10.1145/93542.93557). */
    if (n->digits <= UINT64_C(1) << DBL_MANT_DIG && n->exponent >= -22 && n->exponent <= 22)
        return n->exponent < 0 ? (double)n->digits / powers[-n->exponent]
                               : (double)n->digits * powers[n->exponent];
    char copy[64];
    snprintf(copy, sizeof copy, "%" PRIu64 "e%" PRId64, n->digits, n->exponent);
    return strtod(copy, NULL);
}

bool number_parse(struct text cell, char mark, double *ret) {
    struct numeral n;
    uint32_t digits;
    unsigned behind;
    if (digits_split(cell.bytes, cell.length, mark, &digits, &behind)) {
        *ret = digits / powers[behind]; /* as below: both are exact */
        return true;
    }
    if (!number_scan(cell, mark, &n))
        return false;
    double x = magnitude(cell, &n);
    if (isinf(x))
        return false;
    *ret = n.negative ? -x : x;
    return true;
}

bool number_parse_integer(struct text cell, int64_t *ret) {
    if (cell.length == 0)
        return false;
    if (cell.length <= DIGITS_MOST) {
        const uint64_t word = digits_load(cell.bytes, cell.length);
        if (digits_are(word)) {
            *ret = digits_value(word);
            return true;
        }
    }
    bool negative = cell.bytes[0] == '-';
    size_t first = negative || cell.bytes[0] == '+' ? 1 : 0;
    if (first == cell.length)
        return false;
    int64_t value = 0; /* grown downwards: the negative range is the wider one */
    for (size_t i = first; i < cell.length; i++) {
        if (!is_digit(cell.bytes[i]) || __builtin_mul_overflow(value, 10, &value) ||
            __builtin_sub_overflow(value, cell.bytes[i] - '0', &value))
            return false;
    }
    if (!negative && value == INT64_MIN)
        return false;
    *ret = negative ? value : -value;
    return true;
}

/* ---- The shortest form --------------------------------------------------------------------- */

/* x = 0.d1 d2 d3... x 10^point */
struct shortest {
    char digits[24];
    int length;
    int point;
};

static double read_back(const struct shortest *s) {
    char whole[48];
    snprintf(whole, sizeof whole, "%.*se%d", s->length, s->digits, s->point - s->length);
    return strtod(whole, NULL);
}

/* The digits of x > 0 to `precision` places, and whether they read back as x. */
static bool try_precision(double x, int precision, struct shortest *ret) {
    char written[48];
    snprintf(written, sizeof written, "%.*e", precision - 1, x);
    ret->length = 0;
    const char *at = written;
    for (; *at != 'e'; at++)
        if (is_digit(*at))
            ret->digits[ret->length++] = *at;
    ret->point = (int)strtol(at + 1, NULL, 10) + 1;
    if (read_back(ret) == x)
        return true;
    /* Doubles lie twice as far apart above a power of two as below it: the nearest digits may be
     * below and another double's, when the next ones up, further away, are still its own. (A last
     * digit of 9 would carry, and those digits were tried with one place less.) */
    int exponent;
    char *last = &ret->digits[ret->length - 1];
    if (frexp(x, &exponent) != 0.5 || *last == '9')
        return false;
    ++*last;
    return read_back(ret) == x;
}

/* 5^k for k to 31, below 2^72. */
static uint128 power_of_five(int k) {
    uint128 power = 1;
    for (; k > 0; k--)
        power *= 5;
    return power;
}

/* The same for 2e-15 <= x < 1e15 in exact integers, many times as fast as printf and strtod.
 *
 * x = m 2^e, and what lies within half a step of it reads back as x. In units of 2^-shift, x 10^k
 * is v = 4 m 5^k and half a step is 2 5^k, below a power of two only half of that. With k such that
 * x 10^k has 17 or 18 digits, `low` to `high` are the integers in between; the shortest form is the
 * multiple of the highest power of ten among them, the nearest one if there are several. The ends
 * themselves are odd multiples of a power of five over a power of two (shift is 3 or more), so that
 * they are no integers here.
 */
static void find_shortest_quick(double x, struct shortest *ret) {
    int e, k = 2;
    uint64_t m = (uint64_t)ldexp(frexp(x, &e), 53);
    for (double scaled = x * powers[2]; scaled < 2e16; k++)
        scaled *= 10;
    int shift = 53 - e + 2 - k;
    uint128 five = power_of_five(k); /* k <= 31: v + 2 five is below 2^127 */
    uint128 v = 4 * m * five;
    uint64_t low = (uint64_t)((v - (m == UINT64_C(1) << 52 ? five : 2 * five)) >> shift) + 1;
    uint64_t high = (uint64_t)((v + 2 * five) >> shift);

    uint64_t unit = 1;
    int zeros = 0;
    for (; high - high % (10 * unit) >= low; zeros++)
        unit *= 10;
    uint64_t whole = (uint64_t)(v >> shift), below = whole - whole % unit;
    uint128 past = v - ((uint128)below << shift), middle = ((uint128)unit << shift) / 2;
    bool odd = below / unit % 2 != 0;
    bool up = below < low || past > middle || (past == middle && odd);
    uint64_t digits = (up ? below + unit : below) / unit;

    ret->length = 0;
    for (uint64_t rest = digits; rest > 0; rest /= 10)
        ret->length++;
    for (int i = ret->length; i > 0; digits /= 10)
        ret->digits[--i] = (char)('0' + digits % 10);
    ret->point = ret->length + zeros - k;
}

static bool is_quick(double x) {
    return x >= 2e-15 && x < 1e15;
}

static bool is_plain(double x) {
    return x >= 1e-5 && x < 1e15;
}

/* Below DBL_MIN a number has fewer digits the smaller it is; above, any 15 digits survive the way
 * to a double and back, so that 15 digits less their zeros are the shortest if they read back. */
static void find_shortest(double x, struct shortest *ret) {
    if (is_quick(x)) {
        find_shortest_quick(x, ret);
        return;
    }
    int precision = x < DBL_MIN ? 1 : 15;
    while (!try_precision(x, precision, ret) && precision < 17)
        precision++;
    while (ret->length > 1 && ret->digits[ret->length - 1] == '0')
        ret->length--;
}

static char *put(char *at, const char *bytes, int length) {
    memcpy(at, bytes, (size_t)length);
    return at + length;
}

static char *put_zeros(char *at, int n) {
    for (; n > 0; n--)
        *at++ = '0';
    return at;
}

static char *put_plain(char *at, const struct shortest *s) {
    int whole = s->point > 0 ? (s->point < s->length ? s->point : s->length) : 0;
    if (whole == 0)
        *at++ = '0';
    at = put(at, s->digits, whole);
    at = put_zeros(at, s->point - s->length);
    if (whole == s->length)
        return at;
    *at++ = '.';
    at = put_zeros(at, -s->point);
    return put(at, s->digits + whole, s->length - whole);
}

static char *put_scientific(char *at, const struct shortest *s) {
    *at++ = s->digits[0];
    if (s->length > 1) {
        *at++ = '.';
        at = put(at, s->digits + 1, s->length - 1);
    }
    return at + sprintf(at, "e%+d", s->point - 1);
}

int number_format(double x, char text[NUMBER_TEXT]) {
    if (isnan(x))
        return sprintf(text, "nan");
    if (isinf(x))
        return sprintf(text, x < 0 ? "-inf" : "inf");
    if (x == 0)
        return sprintf(text, "0");
    struct shortest s;
    find_shortest(fabs(x), &s);
    char *at = text;
    if (x < 0)
        *at++ = '-';
    at = is_plain(fabs(x)) ? put_plain(at, &s) : put_scientific(at, &s);
    *at = '\0';
    return (int)(at - text);
}

/* ---- The grouped form ---------------------------------------------------------------------- */

int number_format_grouped(double x, int digits, char text[64]) {
    if (!isfinite(x) || fabs(x) >= 1e15)
        return number_format(x, text);
    char plain[64]; /* printf rounds the exact binary value half to even */
    int length = snprintf(plain, sizeof plain, "%.*f", digits, fabs(x));
    int whole = (int)strspn(plain, "0123456789");
    char *at = text;
    if (x < 0 && strpbrk(plain, "123456789"))
        *at++ = '-';
    for (int i = 0; i < whole; i++) {
        if (i > 0 && (whole - i) % 3 == 0)
            *at++ = ',';
        *at++ = plain[i];
    }
    if (digits > 0) {
        *at++ = '.';
        at = put(at, plain + length - digits, digits);
    }
    *at = '\0';
    return (int)(at - text);
}
