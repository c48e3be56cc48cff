/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Slices of UTF-8 text, and the nearest word for "did you mean". */
#include "base/text.h"

#include <stdint.h>
#include <string.h>
#include <unistr.h>
#include <uniwidth.h>

struct text text_of(const char *string) {
    return (struct text){string, string ? strlen(string) : 0};
}

bool text_equal(struct text a, struct text b) {
    return a.length == b.length && (a.length == 0 || memcmp(a.bytes, b.bytes, a.length) == 0);
}

bool text_is(struct text a, const char *string) {
    return text_equal(a, text_of(string));
}

int text_compare(struct text a, struct text b) {
    size_t shorter = a.length < b.length ? a.length : b.length;
    int order = shorter == 0 ? 0 : memcmp(a.bytes, b.bytes, shorter);
    return order != 0 ? order : (a.length > b.length) - (a.length < b.length);
}

static bool is_blank(char byte) {
    return byte == ' ' || byte == '\t';
}

struct text text_trim(struct text a) {
    while (a.length > 0 && is_blank(a.bytes[a.length - 1]))
        a.length--;
    while (a.length > 0 && is_blank(a.bytes[0])) {
        a.bytes++;
        a.length--;
    }
    return a;
}

size_t text_width(struct text a) {
    const uint8_t *bytes = (const uint8_t *)a.bytes;
    size_t width = 0;
    for (size_t at = 0; at < a.length;) {
        ucs4_t character; /* U+FFFD for a malformed byte, which terminals draw in one column */
        int n = u8_mbtouc(&character, bytes + at, a.length - at);
        int columns = uc_width(character, "UTF-8");
        width += columns > 0 ? (size_t)columns : 0;
        at += n > 0 ? (size_t)n : 1;
    }
    return width;
}

bool text_is_utf8(struct text a) {
    return a.length == 0 || u8_check((const uint8_t *)a.bytes, a.length) == NULL;
}

/* ---- The nearest word ---------------------------------------------------------------------- */

enum { LONGEST_WORD = 128 }; /* what is longer is no slip of the finger */

/* A word as its characters, without what people vary when they type a name. */
struct word {
    ucs4_t characters[LONGEST_WORD];
    size_t length;
};

static bool fold(struct text text, struct word *ret) {
    const uint8_t *bytes = (const uint8_t *)text.bytes;
    ret->length = 0;
    for (size_t at = 0; at < text.length;) {
        ucs4_t c;
        int n = u8_mbtouc(&c, bytes + at, text.length - at);
        at += n > 0 ? (size_t)n : 1;
        if (c == ' ' || c == '\t' || c == '-' || c == '_')
            continue;
        if (ret->length == LONGEST_WORD)
            return false;
        ret->characters[ret->length++] = c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c;
    }
    return true;
}

static size_t smallest(size_t a, size_t b, size_t c) {
    size_t d = a < b ? a : b;
    return d < c ? d : c;
}

/* Optimal string alignment: insertions, deletions, substitutions and swaps of neighbours, no part
 * edited twice (Boytsov 2011, doi:10.1145/1963190.1963191, section 2.2). Three rows of the matrix
 * are enough. */
static size_t distance(const struct word *a, const struct word *b) {
    size_t rows[3][LONGEST_WORD + 1];
    size_t *before = rows[0], *above = rows[1], *row = rows[2];
    for (size_t j = 0; j <= b->length; j++)
        above[j] = j;
    for (size_t i = 1; i <= a->length; i++) {
        row[0] = i;
        for (size_t j = 1; j <= b->length; j++) {
            ucs4_t x = a->characters[i - 1], y = b->characters[j - 1];
            row[j] = smallest(above[j] + 1, row[j - 1] + 1, above[j - 1] + (x != y));
            bool swapped = i > 1 && j > 1 && x == b->characters[j - 2] && a->characters[i - 2] == y;
            if (swapped && before[j - 2] + 1 < row[j])
                row[j] = before[j - 2] + 1;
        }
        size_t *oldest = before;
        before = above;
        above = row;
        row = oldest;
    }
    return above[b->length];
}

static bool starts_with(const struct word *a, const struct word *start) {
    return a->length >= start->length &&
           memcmp(a->characters, start->characters, start->length * sizeof *start->characters) == 0;
}

const char *text_nearest(struct text word, const char *const *candidates, size_t n) {
    struct word sought, candidate;
    if (!fold(word, &sought) || sought.length == 0)
        return NULL;
    size_t limit = sought.length / 3 > 1 ? sought.length / 3 : 1;
    const char *nearest = NULL;
    size_t least = SIZE_MAX;
    for (size_t i = 0; i < n; i++) {
        if (!fold(text_of(candidates[i]), &candidate))
            continue;
        size_t edits = distance(&sought, &candidate);
        /* As many edits as letters is another word, not a slip. */
        bool near = edits <= limit && edits < sought.length;
        if (edits < least && (near || starts_with(&candidate, &sought))) {
            least = edits;
            nearest = candidates[i];
        }
    }
    return nearest;
}
