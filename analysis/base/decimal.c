/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Exact decimals as 64-bit counts of millionths. Whatever might not fit 64 bits is worked out in
 * 128 and narrowed once. */
#include "base/decimal.h"

#include "base/digits.h"
#include "base/number.h"
#include <math.h>
#include <string.h>

__extension__ typedef unsigned __int128 uint128;

/* n / d rounded half to even; 0 < d <= 2^126. */
static int128 divide_half_even(int128 n, int128 d) {
    int128 quotient = n / d, rest = n % d;
    int128 doubled = 2 * (rest < 0 ? -rest : rest);
    if (doubled > d || (doubled == d && quotient % 2 != 0))
        quotient += n < 0 ? -1 : 1;
    return quotient;
}

/* INT64_MIN is left out: the range is the same on both sides, and -a always fits. */
bool decimal_narrow(decimal_sum sum, decimal *ret) {
    if (sum > INT64_MAX || sum < -INT64_MAX)
        return false;
    *ret = (decimal)sum;
    return true;
}

bool decimal_parse(struct text cell, char mark, decimal *ret) {
    static const int64_t millionths[] = {1000000, 100000, 10000, 1000, 100, 10, 1};
    struct numeral n;
    uint32_t digits;
    unsigned behind;
    if (digits_split(cell.bytes, cell.length, mark, &digits, &behind) && behind <= DECIMAL_DIGITS) {
        *ret = digits * millionths[behind];
        return true;
    }
    if (!number_scan(cell, mark, &n))
        return false;
    /* 20 significant digits or more either exceed the range or have a seventh decimal. */
    if (n.cut)
        return false;
    if (n.digits == 0) {
        *ret = 0;
        return true;
    }
    int64_t zeros = n.exponent + DECIMAL_DIGITS;
    for (; zeros < 0 && n.digits % 10 == 0; zeros++)
        n.digits /= 10;
    if (zeros < 0 || zeros > 18)
        return false;
    int128 value = (int128)n.digits;
    for (; zeros > 0; zeros--)
        value *= 10;
    return decimal_narrow(n.negative ? -value : value, ret);
}

bool decimal_add(decimal a, decimal b, decimal *ret) {
    return decimal_narrow((int128)a + b, ret);
}

bool decimal_multiply(decimal a, decimal b, decimal *ret) {
    return decimal_narrow(divide_half_even((int128)a * b, DECIMAL_ONE), ret);
}

bool decimal_sum_divide(decimal_sum sum, int64_t n, decimal *ret) {
    return n > 0 && decimal_narrow(divide_half_even(sum, n), ret);
}

/* x = mantissa x 2^exponent exactly, and mantissa x 10^6 has at most 73 bits: one division by a
 * power of two rounds once, where x * 1e6 would round twice. */
bool decimal_from_double(double x, decimal *ret) {
    if (!(fabs(x) < 9223372036855.0))
        return false;
    int exponent;
    int128 scaled = (int128)ldexp(frexp(x, &exponent), 53) * DECIMAL_ONE;
    exponent -= 53; /* negative: |x| < 2^44 */
    if (exponent < -120)
        scaled = 0; /* below 2^73 / 2^121 */
    else
        scaled = divide_half_even(scaled, (int128)1 << -exponent);
    return decimal_narrow(scaled, ret);
}

double decimal_to_double(decimal a) {
    return decimal_sum_to_double(a);
}

static int bit_length(uint128 n) {
    uint64_t high = (uint64_t)(n >> 64), low = (uint64_t)n;
    return high ? 128 - __builtin_clzll(high) : low ? 64 - __builtin_clzll(low) : 0;
}

/* n / 10^6 for n > 2^53, rounded once: the leading 64 bits of the quotient, the lowest standing for
 * everything cut off behind it, go through the one conversion that rounds. */
static double divide_large(uint128 n) {
    uint128 quotient = n / DECIMAL_ONE, rest = n % DECIMAL_ONE;
    int excess = bit_length(quotient) - 64; /* at least -31 */
    uint64_t leading;
    bool more;
    if (excess > 0) {
        leading = (uint64_t)(quotient >> excess);
        more = rest != 0 || ((uint128)leading << excess) != quotient;
    } else {
        uint128 carried = rest << -excess;
        leading = (uint64_t)(quotient << -excess) + (uint64_t)(carried / DECIMAL_ONE);
        more = carried % DECIMAL_ONE != 0;
    }
    return ldexp((double)(leading | more), excess);
}

double decimal_sum_to_double(decimal_sum sum) {
    uint128 n = sum < 0 ? -(uint128)sum : (uint128)sum;
    double x = n <= UINT64_C(1) << 53 ? (double)n / DECIMAL_ONE : divide_large(n);
    return sum < 0 ? -x : x;
}

int decimal_format(decimal a, int places, char text[DECIMAL_TEXT]) {
    return decimal_sum_format(a, places, text);
}

int decimal_sum_format(decimal_sum sum, int places, char text[DECIMAL_TEXT]) {
    uint128 n = sum < 0 ? -(uint128)sum : (uint128)sum;
    char reversed[DECIMAL_TEXT];
    int length = 0;
    for (int decimals = DECIMAL_DIGITS; decimals > 0; decimals--, n /= 10)
        if (length > 0 || decimals <= places || n % 10 != 0)
            reversed[length++] = (char)('0' + (int)(n % 10));
    if (length > 0)
        reversed[length++] = '.';
    do {
        reversed[length++] = (char)('0' + (int)(n % 10));
        n /= 10;
    } while (n > 0);
    if (sum < 0)
        reversed[length++] = '-';
    for (int i = 0; i < length; i++)
        text[i] = reversed[length - 1 - i];
    text[length] = '\0';
    return length;
}
