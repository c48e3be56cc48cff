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

int category_read(struct category *category, struct text cell, const struct cell_rules *rules,
                  uint32_t *ret_code, enum cell_state *ret_state, struct error *err) {
    struct text text;
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
