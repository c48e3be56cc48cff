/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Texts that repeat, as codes: a column of TABLE_CATEGORY.
 *
 *     struct category category = {.names = &dictionary};
 *     switch (category_read(&category, cell, &rules, &code, err)) ...
 *
 * A small table of short texts stands before the dictionary. Whatever is in it is known to be UTF-8
 * and not to mean a missing value, so that most cells cost two loads and a comparison.
 */
#ifndef TABLE_CATEGORY_H
#define TABLE_CATEGORY_H

#include "base/dictionary.h"
#include "base/digits.h"
#include "base/error.h"
#include "base/text.h"
#include "table/cell.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { CATEGORY_SHORT = 16, CATEGORY_SLOTS = 256 };

/* A text of 1 to CATEGORY_SHORT bytes: its first and last bytes, which may overlap, and how many.
 */
struct category_slot {
    uint64_t first, last;
    uint32_t length; /* 0: the slot is free */
    uint32_t code;
};

/* One worker's column. Zero-initialise all but `names`. */
struct category {
    struct dictionary *names;
    struct category_slot slots[CATEGORY_SLOTS];
};

/* `length` is 1 to CATEGORY_SHORT. Bytes beyond it are not read. */
static inline struct category_slot category_key(const char *bytes, size_t length) {
    if (length < 8)
        return (struct category_slot){.first = digits_load(bytes, length),
                                      .length = (uint32_t)length};
    return (struct category_slot){.first = digits_load_eight(bytes),
                                  .last = digits_load_eight(bytes + length - 8),
                                  .length = (uint32_t)length};
}

static inline size_t category_place(const struct category_slot *key) {
    const uint64_t mixed =
        (key->first ^ key->last * UINT64_C(0xD6E8FEB86659FD93)) * UINT64_C(0x9E3779B97F4A7C15);
    return (size_t)(mixed >> 32 ^ mixed >> 56) % CATEGORY_SLOTS;
}

/* A text met before, most often; false if it is not certain, and then it must be read. */
static inline bool category_find(const struct category *category, struct text cell,
                                 uint32_t *ret_code) {
    if (cell.length == 0 || cell.length > CATEGORY_SHORT)
        return false;
    const struct category_slot key = category_key(cell.bytes, cell.length);
    const struct category_slot *slot = &category->slots[category_place(&key)];
    *ret_code = slot->code;
    return slot->first == key.first && slot->last == key.last && slot->length == key.length;
}

/* As cell_read does it for a text; a missing one has DICTIONARY_NONE. 0 unless memory is out. */
int category_read(struct category *category, struct text cell, const struct cell_rules *rules,
                  uint32_t *ret_code, enum cell_state *ret_state, struct error *err);

#endif
