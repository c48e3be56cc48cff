/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Tiers of creators by the size of their following. */
#include "creators/tiers.h"

#include "base/number.h"
#include "base/text.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static void format_bound(int64_t from, enum tiers_unit unit, char text[DECIMAL_TEXT]) {
    if (unit == TIERS_FOLLOWERS)
        snprintf(text, DECIMAL_TEXT, "%" PRId64, from);
    else
        decimal_format(from, 0, text);
}

/* Whether a tier may begin there; if not, `err` says what is expected. */
static int check_bound(const struct tiers *tiers, struct text name, int64_t from,
                       enum tiers_unit unit, enum error_code code, struct error *err) {
    int length = (int)name.length;
    char shown[DECIMAL_TEXT], before[DECIMAL_TEXT];
    format_bound(from, unit, shown);
    if (from < 0)
        return error_set(err, code, "tier '%.*s' begins at %s, expected 0 or more", length,
                         name.bytes, shown);
    if (unit == TIERS_SHARE && (from >= DECIMAL_ONE || (tiers->count == 0 && from > 0)))
        return error_set(err, code,
                         "tier '%.*s' begins at %s, expected %s as tiers by rank begin at the "
                         "share of creators below them",
                         length, name.bytes, shown, tiers->count == 0 ? "0" : "less than 1");
    if (tiers->count == 0 || from > tiers->from[tiers->count - 1])
        return 0;
    format_bound(tiers->from[tiers->count - 1], unit, before);
    return error_set(err, code,
                     "tier '%.*s' begins at %s, expected more than the %s of tier '%s' before it",
                     length, name.bytes, shown, before, tiers->names[tiers->count - 1]);
}

/* Appends a tier if it may follow the ones before it. */
static int append(struct tiers *tiers, struct text name, int64_t from, enum tiers_unit unit,
                  enum error_code code, struct error *err) {
    int length = (int)name.length;
    if (length == 0)
        return error_set(err, code, "a tier without a name, expected NAME:FOLLOWERS");
    if (tiers->count == TIERS_MOST)
        return error_set(err, code, "more than %d tiers", TIERS_MOST);
    for (size_t i = 0; i < tiers->count; i++)
        if (text_is(name, tiers->names[i]))
            return error_set(err, code, "tier '%.*s' stands twice, expected different names",
                             length, name.bytes);
    if (check_bound(tiers, name, from, unit, code, err))
        return err->code;
    const char *copy = arena_text(&tiers->arena, name.bytes, name.length);
    if (!copy)
        return error_memory(err);
    tiers->names[tiers->count] = copy;
    tiers->from[tiers->count++] = from;
    return 0;
}

static bool parse_bound(struct text cell, enum tiers_unit unit, int64_t *ret) {
    return unit == TIERS_FOLLOWERS ? number_parse_integer(cell, ret)
                                   : decimal_parse(cell, '.', ret);
}

static int parse_item(struct tiers *tiers, struct text item, enum tiers_unit unit,
                      struct error *err) {
    const char *colon = memrchr(item.bytes, ':', item.length);
    int64_t from;
    if (!colon || !parse_bound(text_trim((struct text){
                                   colon + 1, (size_t)(item.bytes + item.length - colon - 1)}),
                               unit, &from))
        return error_set(err, ERROR_USAGE, "tier '%.*s', expected %s", (int)item.length, item.bytes,
                         unit == TIERS_FOLLOWERS
                             ? "NAME:FOLLOWERS with a whole number such as micro:10000"
                         : unit == TIERS_AMOUNT ? "NAME:AMOUNT such as middle:2500.50"
                                                : "NAME:SHARE such as head:0.99");
    struct text name = {item.bytes, (size_t)(colon - item.bytes)};
    return append(tiers, text_trim(name), from, unit, ERROR_USAGE, err);
}

int tiers_parse(struct tiers *ret, const char *list, enum tiers_unit unit, struct error *err) {
    for (const char *at = list;;) {
        size_t length = strcspn(at, ",");
        int status = parse_item(ret, (struct text){at, length}, unit, err);
        if (status)
            return status;
        if (at[length] == '\0')
            return 0;
        at += length + 1;
    }
}

int tiers_read(struct tiers *ret, struct table *table, enum tiers_unit unit, struct error *err) {
    enum { TIER, FROM };
    const struct table_column columns[] = {
        [TIER] = {.name = "tier", .type = TABLE_TEXT},
        [FROM] = {.name = "from", .type = unit == TIERS_FOLLOWERS ? TABLE_INTEGER : TABLE_DECIMAL},
    };
    const struct table_batch *batch;
    if (table_bind(table, columns, 2, err) || table_read(table, &batch, err))
        return err->code;
    for (size_t row = 0; row < batch->rows; row++) {
        struct text name = text_trim(batch->columns[TIER].text[row]);
        int64_t from = unit == TIERS_FOLLOWERS ? batch->columns[FROM].integer[row]
                                               : batch->columns[FROM].decimal[row];
        if (append(ret, name, from, unit, ERROR_DATA, err)) {
            char where[TABLE_WHERE];
            table_where(batch, row, -1, where);
            error_prefix(err, "%s: ", where);
            return err->code;
        }
    }
    if (ret->count == 0)
        return error_set(err, ERROR_DATA, "a file of tiers without rows, expected at least one");
    return 0;
}

size_t tiers_find(const struct tiers *tiers, int64_t followers) {
    size_t tier = TIERS_NONE;
    while (tier + 1 < tiers->count && followers >= tiers->from[tier + 1])
        tier++;
    return tier;
}

void tiers_free(struct tiers *tiers) {
    arena_free(&tiers->arena);
    *tiers = (struct tiers){0};
}
