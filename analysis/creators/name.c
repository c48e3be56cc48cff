/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Names that differ only in how they are typed. */
#include "creators/name.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unicase.h>
#include <unictype.h>
#include <uninorm.h>
#include <unistr.h>

/* Bytes up to a blank, from DEL on, and capitals. */
static bool is_special(unsigned char byte) {
    return byte <= ' ' || byte >= 0x7F || (byte >= 'A' && byte <= 'Z');
}

/* The same of eight bytes at once, all below 0x80: adding lifts those that are too large over that
 * bit, and no sum runs into the next byte. */
static bool any_special(uint64_t word) {
    const uint64_t high = UINT64_C(0x8080808080808080), one = UINT64_C(0x0101010101010101);
    if (word & high)
        return true;
    const uint64_t above_blank = word + one * (0x7F - ' '), del = word + one,
                   from_a = word + one * (0x80 - 'A'), above_z = word + one * (0x7F - 'Z');
    return ((~above_blank | del | (from_a & ~above_z)) & high) != 0;
}

bool name_is_plain(struct text name) {
    size_t i = 0;
    for (; i + 8 <= name.length; i += 8) {
        uint64_t word;
        memcpy(&word, name.bytes + i, sizeof word);
        if (any_special(word))
            return false;
    }
    for (; i < name.length; i++)
        if (is_special((unsigned char)name.bytes[i]))
            return false;
    return true;
}

int name_fold(struct text name, struct buffer *ret, struct error *err) {
    size_t length = 0;
    buffer_clear(ret);
    if (name.length == 0)
        return 0;
    uint8_t *folded =
        u8_casefold((const uint8_t *)name.bytes, name.length, NULL, UNINORM_NFKC, NULL, &length);
    if (!folded)
        return error_memory(err); /* the reader has checked that it is UTF-8 */
    for (size_t at = 0, n; at < length; at += n) {
        ucs4_t character;
        n = (size_t)u8_mbtouc(&character, folded + at, length - at);
        if (!uc_is_property_white_space(character))
            buffer_append(ret, folded + at, n);
    }
    free(folded);
    return buffer_check(ret, err);
}
