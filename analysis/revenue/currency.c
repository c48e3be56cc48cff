/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One currency in a column. */
#include "revenue/currency.h"

#include "base/buffer.h"
#include <stdlib.h>

static bool before(struct table_place a, struct table_place b) {
    return a.shard != b.shard ? a.shard < b.shard : a.line < b.line;
}

int currencies_add(struct currencies *currencies, struct text name, struct table_place place,
                   struct error *err) {
    for (size_t i = 0; i < currencies->count; i++)
        if (text_equal(name, currencies->items[i].name)) {
            currencies->last = i;
            if (before(place, currencies->items[i].first))
                currencies->items[i].first = place;
            return 0;
        }
    if (array_reserve((void **)&currencies->items, &currencies->capacity, currencies->count + 1,
                      sizeof *currencies->items, err))
        return err->code;
    struct text copy = {arena_text(&currencies->arena, name.bytes, name.length), name.length};
    if (!copy.bytes)
        return error_memory(err);
    currencies->last = currencies->count;
    currencies->items[currencies->count++] = (struct currency){copy, place};
    return 0;
}

int currencies_note(struct currencies *currencies, const struct table_batch *batch, size_t row,
                    size_t column, struct error *err) {
    if (table_missing(batch, column, row))
        return 0;
    const struct text name = batch->columns[column].text[row];
    /* Batches of one worker come in the order of the input, so what is known stood earlier. */
    if (currencies->count > 0 && text_equal(name, currencies->items[currencies->last].name))
        return 0;
    return currencies_add(currencies, name, table_place(batch, row), err);
}

int currencies_merge(struct currencies *into, const struct currencies *from, struct error *err) {
    for (size_t i = 0; i < from->count; i++)
        if (currencies_add(into, from->items[i].name, from->items[i].first, err))
            return err->code;
    return 0;
}

int currencies_check(const struct currencies *currencies, const struct table *table,
                     struct text *ret_name, struct error *err) {
    const struct currency *first = NULL, *second = NULL;
    *ret_name = (struct text){NULL, 0};
    for (size_t i = 0; i < currencies->count; i++)
        if (!first || before(currencies->items[i].first, first->first))
            first = &currencies->items[i];
    for (size_t i = 0; i < currencies->count; i++)
        if (&currencies->items[i] != first &&
            (!second || before(currencies->items[i].first, second->first)))
            second = &currencies->items[i];
    if (first)
        *ret_name = first->name;
    if (!second)
        return 0;
    char here[TABLE_WHERE], there[TABLE_WHERE];
    table_place_format(table, second->first, here);
    table_place_format(table, first->first, there);
    return error_set(err, ERROR_DATA, "%s: currency is %.*s, expected %.*s as at %s", here,
                     (int)second->name.length, second->name.bytes, (int)first->name.length,
                     first->name.bytes, there);
}

void currencies_free(struct currencies *currencies) {
    free(currencies->items);
    arena_free(&currencies->arena);
    *currencies = (struct currencies){0};
}
