/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Up to eight digits at a time, as the bytes of one word: what most numbers in a table are.
 *
 *     uint64_t word = digits_load("2025", 4);               // as if "00002025" stood there
 *     if (digits_are(word)) ... digits_value(word) ...      // 2025
 *
 * The first byte is the lowest of the word, whatever the machine. For the parsers of this folder.
 */
#ifndef BASE_DIGITS_H
#define BASE_DIGITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum { DIGITS_MOST = 8 };

#define DIGITS_EACH(byte) (UINT64_C(0x0101010101010101) * (uint8_t)(byte))

static inline uint64_t digits_load_eight(const char *bytes) {
    uint64_t word;
    memcpy(&word, bytes, sizeof word);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    word = __builtin_bswap64(word);
#endif
    return word;
}

static inline uint64_t digits_load_four(const char *bytes) {
    uint32_t word;
    memcpy(&word, bytes, sizeof word);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    word = __builtin_bswap32(word);
#endif
    return word;
}

/* `length` bytes, 1 to 8, behind as many '0' as are lacking. Nothing beyond them is read: four and
 * more are two loads of four that may overlap, fewer are the first, the middle and the last. */
static inline uint64_t digits_load(const char *bytes, size_t length) {
    uint64_t word;
    if (length == 8)
        return digits_load_eight(bytes);
    if (length >= 4)
        word = digits_load_four(bytes) | digits_load_four(bytes + length - 4) << 8 * (length - 4);
    else
        word = (uint64_t)(unsigned char)bytes[0] |
               (uint64_t)(unsigned char)bytes[length / 2] << 8 * (length / 2) |
               (uint64_t)(unsigned char)bytes[length - 1] << 8 * (length - 1);
    return word << (64 - 8 * length) | DIGITS_EACH('0') >> 8 * length;
}

/* Whether all eight bytes are '0' to '9'. */
static inline bool digits_are(uint64_t word) {
    const uint64_t digits = word ^ DIGITS_EACH('0');
    return ((digits | (digits + DIGITS_EACH(0x76))) & DIGITS_EACH(0x80)) == 0;
}

/* The number that eight digits stand for: neighbours are put together, then pairs, then fours. */
static inline uint32_t digits_value(uint64_t word) {
    word = (word & DIGITS_EACH(0x0F)) * (1 + (UINT64_C(10) << 8)) >> 8;
    word = (word & UINT64_C(0x00FF00FF00FF00FF)) * (1 + (UINT64_C(100) << 16)) >> 16;
    word = (word & UINT64_C(0x0000FFFF0000FFFF)) * (1 + (UINT64_C(10000) << 32)) >> 32;
    return (uint32_t)word;
}

/* A number of at most seven digits with one `mark` among or beside them, or of at most eight and
 * none: the digits, and how many of them stand behind the mark. False for anything else, which may
 * be a number all the same. */
static inline bool digits_split(const char *bytes, size_t length, char mark, uint32_t *ret_digits,
                                unsigned *ret_behind) {
    if (length == 0 || length > DIGITS_MOST)
        return false;
    uint64_t word = digits_load(bytes, length);
    unsigned behind = 0;
    if (!digits_are(word)) {
        /* The lowest zero byte is found for certain, those above it are not. */
        const uint64_t differ = word ^ DIGITS_EACH(mark);
        const uint64_t zeros = (differ - DIGITS_EACH(1)) & ~differ & DIGITS_EACH(0x80);
        if (zeros == 0 || length == 1)
            return false;
        const unsigned place = (unsigned)__builtin_ctzll(zeros) / 8; /* of the mark */
        const uint64_t below = (UINT64_C(1) << 8 * place) - 1;
        word = (word & ~(below << 8 | 0xFF)) | (word & below) << 8 | '0';
        if (!digits_are(word))
            return false;
        behind = 7 - place;
    }
    *ret_digits = digits_value(word);
    *ret_behind = behind;
    return true;
}

#endif
