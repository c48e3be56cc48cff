/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Numbers as people write them: the unit is taken off, then the groups are closed up. */
#include "creators/quantity.h"

#include <stddef.h>
#include <string.h>
#include <strings.h>

static const struct {
    const char *name;
    int64_t factor;
} units[] = {
    {"bn", 1000000000}, {"b", 1000000000}, {"k", 1000},       {"m", 1000000},    {"w", 10000},
    {"万", 10000},      {"萬", 10000},     {"亿", 100000000}, {"億", 100000000},
};

/* Takes the unit off the end of *cell; 1 if it has none. */
static int64_t take_unit(struct text *cell) {
    for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
        size_t length = strlen(units[i].name);
        if (cell->length > length &&
            strncasecmp(cell->bytes + cell->length - length, units[i].name, length) == 0) {
            cell->length -= length;
            return units[i].factor;
        }
    }
    return 1;
}

/* Bytes of the separator of groups that starts at `at`; 0 if none does. */
static size_t separator_at(struct text cell, size_t at, char mark) {
    static const char *const all[] = {",",           ".", "_", "'", " ", "\xC2\xA0", "\xE2\x80\xAF",
                                      "\xE2\x80\x99"};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        size_t length = strlen(all[i]);
        if (all[i][0] != mark && cell.length - at >= length &&
            memcmp(cell.bytes + at, all[i], length) == 0)
            return length;
    }
    return 0;
}

static size_t digits_at(struct text cell, size_t at) {
    size_t n = 0;
    while (at + n < cell.length && cell.bytes[at + n] >= '0' && cell.bytes[at + n] <= '9')
        n++;
    return n;
}

enum { MOST = 64 };

/* Copies the numeral without its separators; the length, or 0 if the groups are not of three, are
 * separated in different ways, or it is too long. */
static size_t close_up(struct text cell, char mark, char plain[MOST]) {
    size_t used = 0, at = 0;
    struct text separator = {0};
    if (cell.length == 0 || cell.length >= MOST)
        return 0;
    if (cell.bytes[0] == '-' || cell.bytes[0] == '+')
        plain[used++] = cell.bytes[at++];
    for (size_t group = 0;; group++) {
        size_t digits = digits_at(cell, at);
        memcpy(plain + used, cell.bytes + at, digits);
        used += digits;
        at += digits;
        size_t length = at < cell.length ? separator_at(cell, at, mark) : 0;
        if ((group > 0 && digits != 3) || (group == 0 && length > 0 && (digits == 0 || digits > 3)))
            return 0;
        if (length == 0)
            break;
        struct text found = {cell.bytes + at, length};
        if (group > 0 && !text_equal(separator, found))
            return 0;
        separator = found;
        at += length;
    }
    memcpy(plain + used, cell.bytes + at, cell.length - at);
    return used + cell.length - at;
}

bool quantity_parse(struct text cell, char mark, decimal *ret) {
    char plain[MOST];
    decimal value;
    cell = text_trim(cell);
    int64_t factor = take_unit(&cell);
    size_t length = close_up(text_trim(cell), mark, plain);
    for (size_t i = 0; i < length; i++)
        if (plain[i] == 'e' || plain[i] == 'E') /* an exponent is no way people write */
            return false;
    return length > 0 && decimal_parse((struct text){plain, length}, mark, &value) &&
           decimal_multiply(value, factor * DECIMAL_ONE, ret);
}
