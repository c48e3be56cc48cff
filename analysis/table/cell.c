/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One cell: from its text to a value. */
#include "table/cell.h"

#include "base/number.h"

size_t cell_size(enum table_type type) {
    switch (type) {
    case TABLE_TEXT:
        return sizeof(struct text);
    case TABLE_INTEGER:
        return sizeof(int64_t);
    case TABLE_NUMBER:
        return sizeof(double);
    case TABLE_DECIMAL:
        return sizeof(decimal);
    case TABLE_DATE:
        return sizeof(int32_t);
    case TABLE_PERIOD:
        return sizeof(struct period);
    case TABLE_CATEGORY:
        return sizeof(uint32_t);
    }
    return 0;
}

static enum cell_state missing(enum table_type type, void *value) {
    switch (type) {
    case TABLE_TEXT:
        *(struct text *)value = text_of("");
        break;
    case TABLE_INTEGER:
        *(int64_t *)value = 0;
        break;
    case TABLE_NUMBER:
        *(double *)value = 0;
        break;
    case TABLE_DECIMAL:
        *(decimal *)value = 0;
        break;
    case TABLE_DATE:
        *(int32_t *)value = 0;
        break;
    case TABLE_PERIOD:
        *(struct period *)value = (struct period){PERIOD_YEAR, 0};
        break;
    case TABLE_CATEGORY:
        *(uint32_t *)value = DICTIONARY_NONE;
        break;
    }
    return CELL_MISSING;
}

static bool is_na(struct text cell, const struct cell_rules *rules) {
    for (size_t i = 0; i < rules->n_na; i++)
        if (text_is(cell, rules->na[i]))
            return true;
    return false;
}

static bool parse(struct text cell, enum table_type type, char mark, void *value) {
    switch (type) {
    case TABLE_TEXT:
        *(struct text *)value = cell;
        return true;
    case TABLE_INTEGER:
        return number_parse_integer(cell, value);
    case TABLE_NUMBER:
        return number_parse(cell, mark, value);
    case TABLE_DECIMAL:
        return decimal_parse(cell, mark, value);
    case TABLE_DATE:
        return calendar_parse_date(cell, value);
    case TABLE_PERIOD:
        return period_parse(cell, value);
    case TABLE_CATEGORY:
        break;
    }
    return false;
}

enum cell_state cell_read(struct text cell, enum table_type type, const struct cell_rules *rules,
                          void *value) {
    if (type != TABLE_TEXT)
        cell = text_trim(cell);
    if (cell.length == 0 || is_na(cell, rules))
        return missing(type, value);
    if (type == TABLE_TEXT && !rules->ascii && !text_is_utf8(cell))
        return CELL_BAD;
    return parse(cell, type, rules->mark, value) ? CELL_GOOD : CELL_BAD;
}
