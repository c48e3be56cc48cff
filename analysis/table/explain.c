/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What to tell a person about a bad cell.
 *
 * Contents: showing a cell; what spoils a number; what spoils a date; the messages. */
#include "table/cell.h"

#include "base/number.h"
#include <stdio.h>
#include <string.h>
#include <unistr.h>

/* ---- Showing a cell -------------------------------------------------------------------------- */

enum { MOST_SHOWN = 40 };

/* Bytes of the character at `bytes`, 0 if it should not reach a terminal as it is. */
static size_t printable(const char *bytes, size_t length) {
    ucs4_t c;
    int n = u8_mbtoucr(&c, (const uint8_t *)bytes, length);
    if (n <= 0 || c < 0x20 || (c >= 0x7F && c < 0xA0))
        return 0;
    return (size_t)n;
}

void cell_show(struct text cell, char shown[CELL_SHOWN]) {
    size_t used = 0, at = 0;
    shown[used++] = '\'';
    /* A character takes four bytes at most; so does "\xNN". */
    for (int characters = 0; at < cell.length && characters < MOST_SHOWN; characters++) {
        if (used + 4 + sizeof "...'" > CELL_SHOWN)
            break;
        size_t n = printable(cell.bytes + at, cell.length - at);
        if (n > 0)
            memcpy(shown + used, cell.bytes + at, n);
        else
            snprintf(shown + used, 5, "\\x%02X", (unsigned char)cell.bytes[at]);
        used += n > 0 ? n : 4;
        at += n > 0 ? n : 1;
    }
    snprintf(shown + used, CELL_SHOWN - used, "%s'", at < cell.length ? "..." : "");
}

/* ---- What spoils a number -------------------------------------------------------------------- */

static bool is_digit(char byte) {
    return byte >= '0' && byte <= '9';
}

static bool is_letter(char byte) {
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z');
}

static char lower(char byte) {
    return byte >= 'A' && byte <= 'Z' ? (char)(byte - 'A' + 'a') : byte;
}

static bool same_word(struct text cell, const char *word) {
    for (size_t i = 0; i < cell.length; i++)
        if (lower(cell.bytes[i]) != word[i]) /* stops at the NUL of a shorter word */
            return false;
    return word[cell.length] == '\0';
}

/* What other programs write where there is nothing. */
static bool means_missing(struct text cell) {
    static const char *const words[] = {"na",  "n/a", "#n/a", "nan", "null", "nil", "none",
                                        "\\n", "-",   "--",   ".",   "?",    "nat", "#n/a!"};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (same_word(cell, words[i]))
            return true;
    return false;
}

static bool is_infinite(struct text cell) {
    if (cell.length > 0 && (cell.bytes[0] == '-' || cell.bytes[0] == '+')) {
        cell.bytes++;
        cell.length--;
    }
    return same_word(cell, "inf") || same_word(cell, "infinity");
}

static bool has_byte(struct text cell, char byte) {
    return cell.length > 0 && memchr(cell.bytes, byte, cell.length);
}

/* Bytes of the thousands separator that the cell starts with: "," "." "_" "'", a blank, a no-break
 * blank (U+00A0, U+202F) or an apostrophe (U+2019); 0 if it starts with none. */
static size_t separator_length(struct text cell) {
    static const char *const separators[] = {
        ",", ".", "_", "'", " ", "\xC2\xA0", "\xE2\x80\xAF", "\xE2\x80\x99"};
    for (size_t i = 0; i < sizeof separators / sizeof separators[0]; i++) {
        size_t n = strlen(separators[i]);
        if (cell.length >= n && memcmp(cell.bytes, separators[i], n) == 0)
            return n;
    }
    return 0;
}

/* Digits in groups of three: "1,234,567", "1 234", "1'234.50". What follows the first group does
 * not matter. */
static bool has_groups(struct text cell, char *ret_separator) {
    size_t at = 0;
    if (cell.length > 0 && (cell.bytes[0] == '-' || cell.bytes[0] == '+'))
        at++;
    size_t start = at;
    while (at < cell.length && is_digit(cell.bytes[at]))
        at++;
    if (at == start || at - start > 3 || at == cell.length)
        return false;
    *ret_separator = cell.bytes[at];
    size_t separator = separator_length((struct text){cell.bytes + at, cell.length - at});
    size_t group = at + separator;
    if (separator == 0 || group + 3 > cell.length)
        return false;
    for (size_t i = group; i < group + 3; i++)
        if (!is_digit(cell.bytes[i]))
            return false;
    return group + 3 == cell.length || !is_digit(cell.bytes[group + 3]);
}

static bool has_digit(struct text cell) {
    for (size_t i = 0; i < cell.length; i++)
        if (is_digit(cell.bytes[i]))
            return true;
    return false;
}

/* "1.3M", "45%", "$1.25", "1.25 USD": digits and something that is no part of a number. */
static bool has_unit(struct text cell) {
    char first = cell.bytes[0], last = cell.bytes[cell.length - 1];
    bool before = !is_digit(first) && first != '-' && first != '+' && first != '.' && first != ',';
    bool after = is_letter(last) || last == '%' || (unsigned char)last >= 0x80;
    return has_digit(cell) && (before || after);
}

/* For a cell that is a number, but none of its type. */
static const char *expected_range(struct text cell, enum table_type type, char mark, double x) {
    bool digits_only = !has_byte(cell, mark) && !has_byte(cell, 'e') && !has_byte(cell, 'E');
    if (type == TABLE_INTEGER)
        return digits_only ? "a whole number of at most 9223372036854775807"
                           : "a whole number, digits only";
    return x > 9.2e12 || x < -9.2e12 ? "a decimal number of at most 9223372036854.775807"
                                     : "a decimal number with at most six decimals";
}

/* What was expected of a number, as exactly as the cell lets one say it. `plain` is the type's own
 * words, used when nothing better is known. */
static const char *expected_number(struct text cell, enum table_type type, char mark,
                                   const char *plain) {
    char separator = 0;
    struct numeral n;
    double x;
    if (number_parse(cell, mark, &x))
        return expected_range(cell, type, mark, x);
    if (number_scan(cell, mark, &n) || is_infinite(cell))
        return "a finite number";
    bool other_mark = number_parse(cell, mark == '.' ? ',' : '.', &x);
    if (has_groups(cell, &separator) && separator != mark)
        return other_mark && mark == '.' ? "plain digits without thousands separators (or "
                                           "--decimal , for a decimal comma)"
                                         : "plain digits without thousands separators";
    if (other_mark)
        return mark == '.' ? "a decimal point (or --decimal , for a decimal comma)"
                           : "a decimal comma, as --decimal says";
    return has_unit(cell) ? "plain digits, without unit or symbol" : plain;
}

/* ---- What spoils a date ---------------------------------------------------------------------- */

/* Whether the cell starts like "dddd-dd-dd", where d is any digit. */
static bool starts_like(struct text cell, const char *shape) {
    size_t n = strlen(shape);
    if (cell.length < n)
        return false;
    for (size_t i = 0; i < n; i++)
        if (shape[i] == 'd' ? !is_digit(cell.bytes[i]) : cell.bytes[i] != shape[i])
            return false;
    return true;
}

static const char *expected_date(struct text cell, const char *plain) {
    if (!starts_like(cell, "dddd-dd-dd"))
        return plain;
    if (cell.length > 10)
        return "a date as YYYY-MM-DD, with at most a time of day behind it";
    return "a date that exists, as YYYY-MM-DD";
}

/* ---- The messages ---------------------------------------------------------------------------- */

static const char *plain_expected(enum table_type type) {
    switch (type) {
    case TABLE_TEXT:
    case TABLE_CATEGORY:
        return "text";
    case TABLE_INTEGER:
        return "a whole number";
    case TABLE_NUMBER:
        return "a number";
    case TABLE_DECIMAL:
        return "a decimal number";
    case TABLE_DATE:
        return "a date as YYYY-MM-DD";
    case TABLE_PERIOD:
        return "a period as YYYY, YYYY-MM, YYYY-Qn, YYYY-Wnn or YYYY-MM-DD";
    }
    return "a value";
}

static const char *expected(struct text cell, enum table_type type, char mark) {
    const char *plain = plain_expected(type);
    switch (type) {
    case TABLE_INTEGER:
    case TABLE_NUMBER:
    case TABLE_DECIMAL:
        return expected_number(cell, type, mark, plain);
    case TABLE_DATE:
    case TABLE_PERIOD:
        return expected_date(cell, plain);
    case TABLE_TEXT:
    case TABLE_CATEGORY:
        break;
    }
    return plain;
}

void cell_explain(struct text cell, struct text column, enum table_type type,
                  const struct cell_rules *rules, char reason[CELL_REASON]) {
    char shown[CELL_SHOWN], name[CELL_SHOWN];
    cell_show(column, name);
    if (type == TABLE_TEXT) {
        cell_show(cell, shown);
        snprintf(reason, CELL_REASON,
                 "found %s in column %s: bytes that are not UTF-8, expected UTF-8 (convert the "
                 "file with iconv -t UTF-8)",
                 shown, name);
        return;
    }
    cell = text_trim(cell);
    cell_show(cell, shown);
    if (means_missing(cell))
        snprintf(reason, CELL_REASON,
                 "found %s in column %s, expected %s (where it stands for a missing value, say "
                 "--na %s)",
                 shown, name, plain_expected(type), shown);
    else
        snprintf(reason, CELL_REASON, "found %s in column %s, expected %s", shown, name,
                 expected(cell, type, rules->mark));
}

void cell_explain_missing(struct text cell, struct text column, enum table_type type,
                          char reason[CELL_REASON]) {
    char shown[CELL_SHOWN], name[CELL_SHOWN];
    cell_show(column, name);
    if (type != TABLE_TEXT)
        cell = text_trim(cell);
    if (cell.length == 0) {
        snprintf(reason, CELL_REASON, "found an empty cell in column %s, expected %s", name,
                 plain_expected(type));
        return;
    }
    cell_show(cell, shown);
    snprintf(reason, CELL_REASON, "found %s, a missing value, in column %s, expected %s", shown,
             name, plain_expected(type));
}
