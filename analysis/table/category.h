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

enum { CATEGORY_SHORT = 16, CATEGORY_SLOTS = 256 }; /* a slot for each number of eight bits */

/* A text of 1 to CATEGORY_SHORT bytes: its first eight, zeros behind them if it has fewer, and if
 * it has more the last eight, which may overlap. */
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

static inline size_t category_place(uint64_t first, uint64_t last) {
    const uint64_t mixed =
        first * UINT64_C(0x9E3779B97F4A7C15) + last * UINT64_C(0xD6E8FEB86659FD93);
    return mixed >> 56;
}

/* A text met before, most often; false if it is not certain, and then it must be read. Bytes behind
 * the cell are looked at, up to `end` and no further. */
static inline bool category_find(const struct category *category, struct text cell, const char *end,
                                 uint32_t *ret_code) {
    if (cell.length - 1 >= CATEGORY_SHORT || end - cell.bytes < 8)
        return false;
    uint64_t first = digits_load_eight(cell.bytes), last = 0;
    if (cell.length > 8)
        last = digits_load_eight(cell.bytes + cell.length - 8);
    else
        first &= UINT64_MAX >> (64 - 8 * cell.length);
    const struct category_slot *slot = &category->slots[category_place(first, last)];
    *ret_code = slot->code;
    return slot->first == first && slot->last == last && slot->length == cell.length;
}

/* As cell_read does it for a text; a missing one has DICTIONARY_NONE. 0 unless memory is out. */
int category_read(struct category *category, struct text cell, const struct cell_rules *rules,
                  uint32_t *ret_code, enum cell_state *ret_state, struct error *err);

#endif
