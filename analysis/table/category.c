/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Texts that repeat, as codes. */
#include "table/category.h"

int category_read(struct category *category, struct text cell, const struct cell_rules *rules,
                  uint32_t *ret_code, enum cell_state *ret_state, struct error *err) {
    struct text text;
    *ret_state = cell_read(cell, TABLE_TEXT, rules, &text);
    *ret_code = DICTIONARY_NONE;
    if (*ret_state != CELL_GOOD)
        return 0;
    if (dictionary_add(category->names, text, ret_code, err))
        return err->code;
    if (text.length <= CATEGORY_SHORT) {
        struct category_slot key = category_key(text.bytes, text.length);
        key.code = *ret_code;
        category->slots[category_place(&key)] = key;
    }
    return 0;
}
