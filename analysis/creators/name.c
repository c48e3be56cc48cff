/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Names that differ only in how they are typed. */
#include "creators/name.h"

#include <stdint.h>
#include <stdlib.h>
#include <unicase.h>
#include <unictype.h>
#include <uninorm.h>
#include <unistr.h>

bool name_is_plain(struct text name) {
    for (size_t i = 0; i < name.length; i++) {
        unsigned char byte = (unsigned char)name.bytes[i];
        if (byte <= ' ' || byte >= 0x7F || (byte >= 'A' && byte <= 'Z'))
            return false;
    }
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
