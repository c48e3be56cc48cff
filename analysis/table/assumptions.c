/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reading a scenario file. */
#include "table/assumptions.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct table_column columns[ASSUMPTION_COLUMNS] = {
    [ASSUMPTION_PARAMETER] = {.name = "parameter", .type = TABLE_TEXT},
    [ASSUMPTION_LOW] = {.name = "low", .type = TABLE_DECIMAL, .missing = true, .optional = true},
    [ASSUMPTION_VALUE] = {.name = "value", .type = TABLE_DECIMAL},
    [ASSUMPTION_HIGH] = {.name = "high", .type = TABLE_DECIMAL, .missing = true, .optional = true},
    [ASSUMPTION_UNIT] = {.name = "unit", .type = TABLE_TEXT, .missing = true, .optional = true},
};

static size_t find_known(const struct assumption_known *known, size_t n, struct text name) {
    size_t i = 0;
    while (i < n && !text_is(name, known[i].name))
        i++;
    return i;
}

/* "unknown parameter 'arpuu', did you mean 'arpu'", or all there are. */
static void describe_unknown(const struct assumption_known *known, size_t n, struct text name,
                             char *text, size_t size) {
    const char **names = calloc(n + 1, sizeof *names);
    for (size_t i = 0; names && i < n; i++)
        names[i] = known[i].name;
    const char *near = names ? text_nearest(name, names, n) : NULL;
    int used = snprintf(text, size, "unknown parameter '%.*s', %s", (int)name.length, name.bytes,
                        near ? "did you mean '" : "expected one of");
    if (near)
        snprintf(text + used, size - (size_t)used, "%s'", near);
    for (size_t i = 0; !near && i < n && (size_t)used < size - 1; i++)
        used += snprintf(text + used, size - (size_t)used, "%s%s", i ? ", " : " ", known[i].name);
    free(names);
}

/* Whether a value is one the parameter may have; otherwise `text` says what was expected. */
static bool allowed(const struct assumption_known *known, decimal value, char *text, size_t size) {
    char found[DECIMAL_TEXT], least[DECIMAL_TEXT], most[DECIMAL_TEXT];
    decimal_format(value, 0, found);
    decimal_format(known->least, 0, least);
    decimal_format(known->most, 0, most);
    if (value < known->least || value > known->most) {
        if (known->most == INT64_MAX)
            snprintf(text, size, "%s is %s, expected %s or more", known->name, found, least);
        else
            snprintf(text, size, "%s is %s, expected %s to %s", known->name, found, least, most);
        return false;
    }
    if (known->whole && value % DECIMAL_ONE != 0) {
        snprintf(text, size, "%s is %s, expected a whole number", known->name, found);
        return false;
    }
    return true;
}

static bool in_order(const struct assumption_known *known, const struct assumption *value,
                     char *text, size_t size) {
    char low[DECIMAL_TEXT], middle[DECIMAL_TEXT], high[DECIMAL_TEXT];
    if (value->low <= value->value && value->value <= value->high)
        return true;
    decimal_format(value->low, 0, low);
    decimal_format(value->value, 0, middle);
    decimal_format(value->high, 0, high);
    snprintf(text, size, "%s is low %s, value %s, high %s, expected them in rising order",
             known->name, low, middle, high);
    return false;
}

/* Reads a row by itself; *ret_known is n if it was rejected and is to be skipped. */
static int parse_row(const struct table_batch *batch, size_t row,
                     const struct assumption_known *known, size_t n, size_t *ret_known,
                     struct assumption *ret, struct error *err) {
    char problem[800];
    const struct table_cells *cells = batch->columns;
    struct text name = text_trim(cells[ASSUMPTION_PARAMETER].text[row]);
    size_t i = find_known(known, n, name);
    *ret_known = n;
    if (i == n) {
        describe_unknown(known, n, name, problem, sizeof problem);
        return table_reject(batch, row, ASSUMPTION_PARAMETER, err, "%s", problem);
    }
    bool has_low = !table_missing(batch, ASSUMPTION_LOW, row);
    bool has_high = !table_missing(batch, ASSUMPTION_HIGH, row);
    if (has_low != has_high)
        return table_reject(batch, row, has_low ? ASSUMPTION_HIGH : ASSUMPTION_LOW, err,
                            "%s has a %s but no %s, expected both or neither", known[i].name,
                            has_low ? "low" : "high", has_low ? "high" : "low");
    decimal value = cells[ASSUMPTION_VALUE].decimal[row];
    *ret = (struct assumption){.given = true,
                               .low = has_low ? cells[ASSUMPTION_LOW].decimal[row] : value,
                               .value = value,
                               .high = has_high ? cells[ASSUMPTION_HIGH].decimal[row] : value,
                               .unit = cells[ASSUMPTION_UNIT].text[row],
                               .row = row};
    ret->ranged = ret->low < ret->high;
    if (!allowed(&known[i], ret->value, problem, sizeof problem) ||
        !allowed(&known[i], ret->low, problem, sizeof problem) ||
        !allowed(&known[i], ret->high, problem, sizeof problem) ||
        !in_order(&known[i], ret, problem, sizeof problem))
        return table_reject(batch, row, ASSUMPTION_VALUE, err, "%s", problem);
    *ret_known = i;
    return 0;
}

static int refuse_repeat(const struct table_batch *batch, size_t row, const char *name,
                         size_t original, struct error *err) {
    char where[TABLE_WHERE];
    table_where(batch, original, -1, where);
    return table_reject(batch, row, ASSUMPTION_PARAMETER, err,
                        "%s is given again, expected it once; first at %s", name, where);
}

static int read_row(const struct table_batch *batch, size_t row,
                    const struct assumption_known *known, size_t n, struct assumption *values,
                    struct error *err) {
    struct assumption read;
    size_t i;
    if (parse_row(batch, row, known, n, &i, &read, err))
        return err->code;
    if (i == n)
        return 0;
    if (values[i].given)
        return refuse_repeat(batch, row, known[i].name, values[i].row, err);
    values[i] = read;
    return 0;
}

int assumptions_read(struct table *table, const struct assumption_known *known, size_t n,
                     struct assumption *values, const struct table_batch **ret_batch,
                     struct error *err) {
    const struct table_batch *batch;
    if (table_bind(table, columns, ASSUMPTION_COLUMNS, err) || table_read(table, &batch, err))
        return err->code;
    for (size_t row = 0; row < batch->rows; row++)
        if (read_row(batch, row, known, n, values, err))
            return err->code;
    if (ret_batch)
        *ret_batch = batch;
    return 0;
}

/* ---- Rows with keys ----------------------------------------------------------------------------
 */

static bool same_keys(const struct assumption_row *a, const struct assumption_row *b) {
    for (int k = 0; k < ASSUMPTION_KEYS; k++)
        if (!text_equal(a->keys[k], b->keys[k]))
            return false;
    return a->known == b->known;
}

int assumptions_read_keyed(struct table *table, const struct assumption_known *known, size_t n,
                           const char *const *keys, struct assumption_row **ret_rows,
                           size_t *ret_count, const struct table_batch **ret_batch,
                           struct error *err) {
    struct table_column keyed[ASSUMPTION_COLUMNS + ASSUMPTION_KEYS];
    const struct table_batch *batch;
    size_t n_keys = 0;
    memcpy(keyed, columns, sizeof columns);
    for (; n_keys < ASSUMPTION_KEYS && keys[n_keys]; n_keys++)
        keyed[ASSUMPTION_COLUMNS + n_keys] = (struct table_column){
            .name = keys[n_keys], .type = TABLE_TEXT, .missing = true, .optional = true};
    if (table_bind(table, keyed, ASSUMPTION_COLUMNS + n_keys, err) ||
        table_read(table, &batch, err))
        return err->code;
    *ret_batch = batch;
    *ret_count = 0;
    *ret_rows = calloc(batch->rows + 1, sizeof **ret_rows);
    if (!*ret_rows)
        return error_memory(err);
    for (size_t row = 0; row < batch->rows; row++) {
        struct assumption_row *read = &(*ret_rows)[*ret_count];
        if (parse_row(batch, row, known, n, &read->known, &read->value, err))
            return err->code;
        if (read->known == n)
            continue;
        for (size_t k = 0; k < n_keys; k++)
            read->keys[k] = text_trim(batch->columns[ASSUMPTION_COLUMNS + k].text[row]);
        size_t first = 0; /* a file that people write is short */
        while (first < *ret_count && !same_keys(&(*ret_rows)[first], read))
            first++;
        if (first == *ret_count)
            ++*ret_count;
        else if (refuse_repeat(batch, row, known[read->known].name, (*ret_rows)[first].value.row,
                               err))
            return err->code;
    }
    return 0;
}

int assumptions_set(const char *setting, const struct assumption_known *known, size_t n,
                    struct assumption *values, struct error *err) {
    char problem[800];
    const char *equals = strchr(setting, '=');
    if (!equals)
        return error_set(err, ERROR_USAGE, "found '%s', expected NAME=VALUE", setting);
    struct text name = text_trim((struct text){setting, (size_t)(equals - setting)});
    size_t i = find_known(known, n, name);
    if (i == n) {
        describe_unknown(known, n, name, problem, sizeof problem);
        return error_set(err, ERROR_USAGE, "%s", problem);
    }
    decimal value;
    if (!decimal_parse(text_of(equals + 1), '.', &value))
        return error_set(err, ERROR_USAGE, "found '%s' for %s, expected a decimal number",
                         equals + 1, known[i].name);
    if (!allowed(&known[i], value, problem, sizeof problem))
        return error_set(err, ERROR_USAGE, "%s", problem);
    values[i] = (struct assumption){.given = true, .low = value, .value = value, .high = value};
    return 0;
}
