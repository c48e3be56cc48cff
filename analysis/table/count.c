/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Counting bytes, eight at a time in a 64-bit word. */
#include "table/count.h"

#include <stdint.h>
#include <string.h>

static const uint64_t ones = UINT64_C(0x0101010101010101);
static const uint64_t highs = UINT64_C(0x8080808080808080);

static uint64_t load(const char *bytes) {
    uint64_t word;
    memcpy(&word, bytes, sizeof word);
    return word;
}

/* A one in the lowest bit of each byte of `word` that is zero, without carries between bytes. */
static uint64_t zero_bytes(uint64_t word) {
    uint64_t nonzero = ((word & ~highs) + ~highs) | word;
    return (~nonzero & highs) >> 7;
}

size_t count_byte(const char *bytes, size_t length, char byte) {
    const uint64_t pattern = ones * (unsigned char)byte;
    size_t count = 0, at = 0;
    while (length - at >= sizeof(uint64_t)) {
        /* Each byte of `sums` counts its own column: 255 words fit before one could overflow. */
        uint64_t sums = 0;
        for (int words = 0; words < 255 && length - at >= sizeof(uint64_t); words++) {
            sums += zero_bytes(load(bytes + at) ^ pattern);
            at += sizeof(uint64_t);
        }
        for (; sums; sums >>= 8)
            count += sums & 255;
    }
    for (; at < length; at++)
        count += bytes[at] == byte;
    return count;
}

bool count_is_ascii(const char *bytes, size_t length) {
    uint64_t seen = 0;
    size_t at = 0;
    for (; length - at >= sizeof(uint64_t); at += sizeof(uint64_t))
        seen |= load(bytes + at);
    for (; at < length; at++)
        seen |= (unsigned char)bytes[at];
    return (seen & highs) == 0;
}
