/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Tiers of creators by the size of their following. */
#include "creators/tiers.h"

#include "base/number.h"
#include "base/text.h"
#include <inttypes.h>
#include <string.h>

/* Appends a tier if it may follow the ones before it. */
static int append(struct tiers *tiers, struct text name, int64_t from, enum error_code code,
                  struct error *err) {
    int length = (int)name.length;
    if (length == 0)
        return error_set(err, code, "a tier without a name, expected NAME:FOLLOWERS");
    if (tiers->count == TIERS_MOST)
        return error_set(err, code, "more than %d tiers", TIERS_MOST);
    for (size_t i = 0; i < tiers->count; i++)
        if (text_is(name, tiers->names[i]))
            return error_set(err, code, "tier '%.*s' stands twice, expected different names",
                             length, name.bytes);
    if (from < 0)
        return error_set(err, code, "tier '%.*s' begins at %" PRId64 ", expected 0 or more", length,
                         name.bytes, from);
    size_t last = tiers->count - 1;
    if (tiers->count > 0 && from <= tiers->from[last])
        return error_set(err, code,
                         "tier '%.*s' begins at %" PRId64 ", expected more than the %" PRId64
                         " of tier '%s' before it",
                         length, name.bytes, from, tiers->from[last], tiers->names[last]);
    const char *copy = arena_text(&tiers->arena, name.bytes, name.length);
    if (!copy)
        return error_memory(err);
    tiers->names[tiers->count] = copy;
    tiers->from[tiers->count++] = from;
    return 0;
}

static int parse_item(struct tiers *tiers, struct text item, struct error *err) {
    const char *colon = memrchr(item.bytes, ':', item.length);
    int64_t from;
    if (!colon ||
        !number_parse_integer(
            text_trim((struct text){colon + 1, (size_t)(item.bytes + item.length - colon - 1)}),
            &from))
        return error_set(err, ERROR_USAGE,
                         "tier '%.*s', expected NAME:FOLLOWERS with a whole number such as "
                         "micro:10000",
                         (int)item.length, item.bytes);
    struct text name = {item.bytes, (size_t)(colon - item.bytes)};
    return append(tiers, text_trim(name), from, ERROR_USAGE, err);
}

int tiers_parse(struct tiers *ret, const char *list, struct error *err) {
    for (const char *at = list;;) {
        size_t length = strcspn(at, ",");
        int status = parse_item(ret, (struct text){at, length}, err);
        if (status)
            return status;
        if (at[length] == '\0')
            return 0;
        at += length + 1;
    }
}

int tiers_read(struct tiers *ret, struct table *table, struct error *err) {
    enum { TIER, FROM };
    static const struct table_column columns[] = {
        [TIER] = {.name = "tier", .type = TABLE_TEXT},
        [FROM] = {.name = "from", .type = TABLE_INTEGER},
    };
    const struct table_batch *batch;
    if (table_bind(table, columns, 2, err) || table_read(table, &batch, err))
        return err->code;
    for (size_t row = 0; row < batch->rows; row++) {
        struct text name = text_trim(batch->columns[TIER].text[row]);
        if (append(ret, name, batch->columns[FROM].integer[row], ERROR_DATA, err)) {
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
