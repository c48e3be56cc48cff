/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Texts that repeat, as codes. */
#include "table/category.h"

#include <string.h>

/* Gives the text the slot where category_find looks for it. */
static void keep(struct category *category, struct text text, uint32_t code) {
    char start[8] = {0};
    memcpy(start, text.bytes, text.length < 8 ? text.length : 8);
    const uint64_t first = digits_load_eight(start);
    const uint64_t last = text.length > 8 ? digits_load_eight(text.bytes + text.length - 8) : 0;
    category->slots[category_place(first, last)] =
        (struct category_slot){first, last, (uint32_t)text.length, code};
}

/* category_find for a cell that may end where its memory does. */
static bool find(const struct category *category, struct text cell, uint32_t *ret_code) {
    char padded[8] = {0};
    if (cell.length >= sizeof padded)
        return category_find(category, cell, cell.bytes + cell.length, ret_code);
    for (size_t i = 0; i < cell.length; i++)
        padded[i] = cell.bytes[i];
    const struct text copy = {padded, cell.length};
    return category_find(category, copy, padded + sizeof padded, ret_code);
}

int category_read(struct category *category, struct text cell, const struct cell_rules *rules,
                  uint32_t *ret_code, enum cell_state *ret_state, struct error *err) {
    struct text text;
    *ret_state = CELL_GOOD;
    if (find(category, cell, ret_code))
        return 0;
    *ret_state = cell_read(cell, TABLE_TEXT, rules, &text);
    *ret_code = DICTIONARY_NONE;
    if (*ret_state != CELL_GOOD)
        return 0;
    if (dictionary_add(category->names, text, ret_code, err))
        return err->code;
    if (text.length <= CATEGORY_SHORT)
        keep(category, text, *ret_code);
    return 0;
}
