/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Counting bytes, sixteen at a time. The vectors are a language extension of gcc and clang that
 * every processor can run, on its registers or piece by piece. */
#include "table/count.h"

#include <stdint.h>
#include <string.h>

typedef uint8_t lanes __attribute__((vector_size(16)));

static lanes load(const char *bytes) {
    lanes loaded;
    memcpy(&loaded, bytes, sizeof loaded);
    return loaded;
}

static size_t sum(lanes counts) {
    size_t total = 0;
    for (size_t i = 0; i < sizeof counts; i++)
        total += counts[i];
    return total;
}

size_t count_byte(const char *bytes, size_t length, char byte) {
    const lanes pattern = (lanes){0} + (uint8_t)byte;
    size_t count = 0, at = 0;
    while (length - at >= sizeof(lanes)) {
        /* An equal lane is -1. Each lane counts its own column, up to 255 before it overflows. */
        lanes counts = {0};
        size_t steps = (length - at) / sizeof(lanes);
        for (size_t end = steps < 255 ? steps : 255; end > 0; end--, at += sizeof(lanes))
            counts -= (lanes)(load(bytes + at) == pattern);
        count += sum(counts);
    }
    for (; at < length; at++)
        count += bytes[at] == byte;
    return count;
}

bool count_is_ascii(const char *bytes, size_t length) {
    lanes seen = {0};
    uint8_t rest = 0;
    size_t at = 0;
    for (; length - at >= sizeof(lanes); at += sizeof(lanes))
        seen |= load(bytes + at);
    for (; at < length; at++)
        rest |= (uint8_t)bytes[at];
    for (size_t i = 0; i < sizeof seen; i++)
        rest |= seen[i];
    return rest < 0x80;
}
