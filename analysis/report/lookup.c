/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Lookups.
 *
 * Contents:
 *   1. Words of an expression
 *   2. Parsing
 *   3. Which rows match
 *   4. How a value is shown
 *   5. Values
 *   6. Tables
 */
#include "report/lookup.h"
#include "base/decimal.h"
#include "base/number.h"
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* ---- 1. Words of an expression --------------------------------------------------------------- */

struct words {
    struct text rest;
    struct arena *arena;
    const char *word; /* the current one; NULL at the end */
    bool quoted;
    struct error *err;
};

static const char *const signs[] = {"!=", "<=", ">=", "=", "<", ">", "|", ";"};

/* As enum lookup_comparison. */
static const char *const comparisons[] = {"=", "!=", "<", "<=", ">", ">="};

static const char *sign_at(struct text text) {
    for (size_t i = 0; i < sizeof signs / sizeof *signs; i++) {
        size_t length = strlen(signs[i]);
        if (text.length >= length && memcmp(text.bytes, signs[i], length) == 0)
            return signs[i];
    }
    return NULL;
}

static void words_skip(struct words *words, size_t n) {
    words->rest.bytes += n;
    words->rest.length -= n;
}

static int words_quoted(struct words *words) {
    struct buffer text = {0};
    words_skip(words, 1);
    for (;;) {
        const char *end = memchr(words->rest.bytes, '\'', words->rest.length);
        if (!end) {
            buffer_free(&text);
            return error_set(words->err, ERROR_DATA, "found no closing ' in the lookup");
        }
        size_t length = (size_t)(end - words->rest.bytes);
        buffer_append(&text, words->rest.bytes, length);
        words_skip(words, length + 1);
        if (words->rest.length == 0 || words->rest.bytes[0] != '\'')
            break;
        buffer_byte(&text, '\'');
        words_skip(words, 1);
    }
    words->word = arena_text(words->arena, text.bytes ? text.bytes : "", text.length);
    words->quoted = true;
    buffer_free(&text);
    return words->word ? 0 : error_memory(words->err);
}

/* Moves on to the next word. */
static int words_next(struct words *words) {
    words->word = NULL;
    words->quoted = false;
    while (words->rest.length && isspace((unsigned char)words->rest.bytes[0]))
        words_skip(words, 1);
    if (words->rest.length == 0)
        return 0;
    if (words->rest.bytes[0] == '\'')
        return words_quoted(words);
    size_t length = 0;
    const char *sign = sign_at(words->rest);
    if (sign)
        length = strlen(sign);
    while (!sign && length < words->rest.length &&
           !isspace((unsigned char)words->rest.bytes[length]) &&
           !sign_at((struct text){words->rest.bytes + length, words->rest.length - length}))
        length++;
    words->word = arena_text(words->arena, words->rest.bytes, length);
    words_skip(words, length);
    return words->word ? 0 : error_memory(words->err);
}

static bool words_at(const struct words *words, const char *word) {
    return words->word && !words->quoted && strcmp(words->word, word) == 0;
}

/* The current word, which must be no sign, and moves on. */
static int words_take(struct words *words, const char *expected, const char **ret) {
    if (!words->word || (!words->quoted && sign_at(text_of(words->word))))
        return error_set(words->err, ERROR_DATA, "found %s, expected %s",
                         words->word ? words->word : "the end of the lookup", expected);
    *ret = words->word;
    return words_next(words);
}

/* ---- 2. Parsing ------------------------------------------------------------------------------ */

static int parse_digits(struct words *words, int *ret) {
    int64_t digits;
    if (!words->word || !number_parse_integer(text_of(words->word), &digits) || digits < 0 ||
        digits > 9)
        return error_set(words->err, ERROR_DATA,
                         "found %s, expected a number of decimals from 0 to 9",
                         words->word ? words->word : "the end of the lookup");
    *ret = (int)digits;
    return words_next(words);
}

static int parse_format(struct words *words, struct lookup_column *column) {
    if (words_next(words))
        return words->err->code;
    if (words_at(words, "plain")) {
        column->style = LOOKUP_PLAIN;
        return words_next(words);
    }
    column->style = LOOKUP_FIXED;
    if (words_at(words, "percent"))
        column->style = LOOKUP_PERCENT;
    else if (words_at(words, "millions"))
        column->style = LOOKUP_MILLIONS;
    if (column->style != LOOKUP_FIXED && words_next(words))
        return words->err->code;
    return parse_digits(words, &column->digits);
}

static int parse_conditions(struct words *words, struct lookup *lookup) {
    do {
        if (lookup->n_conditions == LOOKUP_MOST)
            return error_set(words->err, ERROR_DATA, "found more than %d conditions", LOOKUP_MOST);
        struct lookup_condition *condition = &lookup->conditions[lookup->n_conditions++];
        if (words_next(words) || words_take(words, "a column to compare", &condition->column))
            return words->err->code;
        int found = -1;
        for (int i = 0; i < 6; i++)
            if (words_at(words, comparisons[i]))
                found = i;
        if (found < 0)
            return error_set(words->err, ERROR_DATA,
                             "found %s behind '%s', expected one of = != < <= > >=",
                             words->word ? words->word : "nothing", condition->column);
        condition->comparison = (enum lookup_comparison)found;
        if (words_next(words) || words_take(words, "a value to compare with", &condition->value))
            return words->err->code;
    } while (words_at(words, "and"));
    return 0;
}

static enum lookup_function function_of(const struct words *words) {
    static const char *const names[] = {"", "sum", "count", "first", "last", "min", "max"};
    for (int i = 1; i < 7; i++)
        if (words_at(words, names[i]))
            return (enum lookup_function)i;
    return LOOKUP_ONE;
}

static int parse_column(struct words *words, struct lookup *lookup) {
    if (lookup->n_columns == LOOKUP_MOST)
        return error_set(words->err, ERROR_DATA, "found more than %d columns", LOOKUP_MOST);
    struct lookup_column *column = &lookup->columns[lookup->n_columns++];
    if (!lookup->table)
        column->function = function_of(words);
    if (column->function != LOOKUP_ONE && words_next(words))
        return words->err->code;
    if (column->function == LOOKUP_COUNT)
        column->name = "";
    else if (words_take(words, "the name of a column", &column->name))
        return words->err->code;
    column->heading = column->name;
    for (;;) {
        int failed;
        if (words_at(words, "|"))
            failed = parse_format(words, column);
        else if (words_at(words, "or"))
            failed = words_next(words) || words_take(words, "a text", &column->otherwise);
        else if (lookup->table && words_at(words, "as"))
            failed = words_next(words) || words_take(words, "a heading", &column->heading);
        else if (words_at(words, "where"))
            failed = parse_conditions(words, lookup);
        else
            return 0;
        if (failed)
            return words->err->code;
    }
}

static int parse_file(struct words *words, struct lookup *lookup) {
    const char *colon = memchr(words->rest.bytes, ':', words->rest.length);
    if (!colon)
        return error_set(words->err, ERROR_DATA,
                         "found no ':', expected FILE: COLUMN, such as loss.csv: revenue_lost");
    struct text file = {words->rest.bytes, (size_t)(colon - words->rest.bytes)};
    words_skip(words, file.length + 1);
    file = text_trim(file);
    if (file.length > 6 && memcmp(file.bytes, "table ", 6) == 0) {
        lookup->table = true;
        file = text_trim((struct text){file.bytes + 6, file.length - 6});
    }
    if (file.length == 0)
        return error_set(words->err, ERROR_DATA, "found no file before ':', expected FILE: COLUMN");
    lookup->file = arena_text(&lookup->arena, file.bytes, file.length);
    return lookup->file ? 0 : error_memory(words->err);
}

int lookup_parse(struct lookup *ret, struct text expression, struct error *err) {
    *ret = (struct lookup){0};
    struct error own = {0};
    struct words words = {.rest = expression, .arena = &ret->arena, .err = &own};
    if (parse_file(&words, ret) || words_next(&words))
        goto done;
    do {
        if (ret->n_columns && words_next(&words))
            goto done;
        if (parse_column(&words, ret))
            goto done;
    } while (ret->table && words_at(&words, ";"));
    if (words.word)
        error_set(&own, ERROR_DATA,
                  "found '%s' in the lookup, expected where, | FORMAT, or TEXT or its end",
                  words.word);
done:
    return own.code ? error_set(err, (enum error_code)own.code, "%s", own.text) : 0;
}

void lookup_free(struct lookup *lookup) {
    arena_free(&lookup->arena);
    *lookup = (struct lookup){0};
}

/* ---- 3. Which rows match --------------------------------------------------------------------- */

static int find_column(const struct lookup *lookup, const struct sheet *sheet, const char *name,
                       size_t *ret, struct error *err) {
    if (sheet_find(sheet, name, ret))
        return 0;
    const char *near = text_nearest(text_of(name), sheet->names, sheet->columns);
    if (near)
        return error_set(err, ERROR_DATA, "%s has no column '%s'; did you mean '%s'?", lookup->file,
                         name, near);
    return error_set(err, ERROR_DATA, "%s has no column '%s'", lookup->file, name);
}

static int compare_cells(const char *cell, const char *value) {
    double a, b;
    if (number_parse(text_of(cell), '.', &a) && number_parse(text_of(value), '.', &b))
        return (a > b) - (a < b);
    return strcmp(cell, value);
}

static bool comparison_holds(enum lookup_comparison comparison, int order) {
    switch (comparison) {
    case LOOKUP_EQUAL:
        return order == 0;
    case LOOKUP_UNEQUAL:
        return order != 0;
    case LOOKUP_BELOW:
        return order < 0;
    case LOOKUP_AT_MOST:
        return order <= 0;
    case LOOKUP_ABOVE:
        return order > 0;
    case LOOKUP_AT_LEAST:
        return order >= 0;
    }
    return false;
}

/* Columns of the conditions, found once. */
static int find_conditions(const struct lookup *lookup, const struct sheet *sheet,
                           size_t columns[LOOKUP_MOST], struct error *err) {
    for (size_t i = 0; i < lookup->n_conditions; i++)
        if (find_column(lookup, sheet, lookup->conditions[i].column, &columns[i], err))
            return ERROR_DATA;
    return 0;
}

static bool row_matches(const struct lookup *lookup, const struct sheet *sheet,
                        const size_t columns[LOOKUP_MOST], size_t row) {
    for (size_t i = 0; i < lookup->n_conditions; i++) {
        const struct lookup_condition *condition = &lookup->conditions[i];
        int order = compare_cells(sheet_at(sheet, row, columns[i]), condition->value);
        if (!comparison_holds(condition->comparison, order))
            return false;
    }
    return true;
}

/* ---- 4. How a value is shown ----------------------------------------------------------------- */

/* ASCII signs that Markdown could read as markup get a backslash. */
static void append_escaped(struct buffer *out, const char *text) {
    for (; *text; text++) {
        if (strchr("\\`*_[]<>&|#~$!", *text))
            buffer_byte(out, '\\');
        buffer_byte(out, *text == '\n' ? ' ' : *text);
    }
}

/* Thousands grouped, in the text of a plain decimal number. */
static void append_grouped(struct buffer *out, const char *number) {
    if (*number == '-')
        buffer_byte(out, *number++);
    size_t whole = strcspn(number, ".");
    for (size_t i = 0; i < whole; i++) {
        if (i && (whole - i) % 3 == 0)
            buffer_byte(out, ',');
        buffer_byte(out, number[i]);
    }
    buffer_text(out, number + whole);
}

/* Rounds exactly, half to even, where value times 10^shift is a decimal; `digits` at most 6. */
static bool append_exact(struct buffer *out, const char *cell, int shift, int digits) {
    decimal value;
    char text[DECIMAL_TEXT];
    if (digits > DECIMAL_DIGITS || !decimal_parse(text_of(cell), '.', &value))
        return false;
    int128 scale = 1;
    for (int i = 0; i < DECIMAL_DIGITS - digits - shift; i++)
        scale *= 10;
    int128 unit = 1; /* micro-units in one of the last shown digit, after the shift */
    for (int i = 0; i < DECIMAL_DIGITS - digits; i++)
        unit *= 10;
    int128 shown = value;
    for (int i = 0; i < digits + shift - DECIMAL_DIGITS; i++)
        shown *= 10;
    int128 rest = shown % scale;
    shown -= rest;
    if (rest < 0)
        rest = -rest;
    int128 step = value < 0 ? -scale : scale;
    if (2 * rest > scale || (2 * rest == scale && (shown / scale) % 2 != 0))
        shown += step;
    decimal_sum_format(shown / scale * unit, digits, text);
    if (digits == 0)
        text[strcspn(text, ".")] = 0;
    append_grouped(out, text);
    return true;
}

static int append_number(struct buffer *out, const struct lookup_column *column, const char *cell,
                         struct error *err) {
    double value;
    if (!number_parse(text_of(cell), '.', &value))
        return error_set(err, ERROR_DATA, "found '%s' in column '%s', expected a number to format",
                         cell, column->name);
    int shift = column->style == LOOKUP_PERCENT ? 2 : column->style == LOOKUP_MILLIONS ? -6 : 0;
    if (!append_exact(out, cell, shift, column->digits)) {
        char text[64];
        double scaled = shift > 0 ? value * 100 : shift < 0 ? value / 1e6 : value;
        number_format_grouped(scaled, column->digits, text);
        buffer_text(out, text);
    }
    if (column->style == LOOKUP_PERCENT)
        buffer_text(out, " %");
    if (column->style == LOOKUP_MILLIONS)
        buffer_text(out, " million");
    return 0;
}

static int append_cell(struct buffer *out, const struct lookup_column *column, const char *cell,
                       struct error *err) {
    if (*cell == 0 && column->otherwise) {
        append_escaped(out, column->otherwise);
        return 0;
    }
    if (*cell == 0)
        return error_set(err, ERROR_DATA,
                         "the value of column '%s' is missing; say what to show instead: or '...'",
                         column->name);
    if (column->style != LOOKUP_PLAIN)
        return append_number(out, column, cell, err);
    append_escaped(out, cell);
    return 0;
}

/* ---- 5. Values ------------------------------------------------------------------------------- */

static void describe_conditions(const struct lookup *lookup, struct buffer *out) {
    for (size_t i = 0; i < lookup->n_conditions; i++)
        buffer_format(out, "%s%s %s %s", i ? " and " : " where ", lookup->conditions[i].column,
                      comparisons[lookup->conditions[i].comparison], lookup->conditions[i].value);
}

static int wrong_count(const struct lookup *lookup, size_t found, const char *expected,
                       struct error *err) {
    struct buffer conditions = {0};
    describe_conditions(lookup, &conditions);
    error_set(err, ERROR_DATA, "found %zu rows in %s%s, expected %s", found, lookup->file,
              conditions.bytes ? conditions.bytes : "", expected);
    buffer_free(&conditions);
    return ERROR_DATA;
}

/* The running state of a function over the rows that match; sum, min and max pass over missing
 * values. */
struct tally {
    size_t count;
    const char *cell; /* the chosen one of first, last, min, max, one */
    decimal_sum sum;
};

static int tally_add(struct tally *tally, const struct lookup_column *column, const char *cell,
                     struct error *err) {
    decimal value = 0;
    bool better = !tally->cell || *tally->cell == 0;
    tally->count++;
    switch (column->function) {
    case LOOKUP_COUNT:
        return 0;
    case LOOKUP_SUM:
        if (*cell && !decimal_parse(text_of(cell), '.', &value))
            return error_set(err, ERROR_DATA, "found '%s' in column '%s', expected a number to sum",
                             cell, column->name);
        tally->sum += value;
        return 0;
    case LOOKUP_ONE:
    case LOOKUP_FIRST:
        tally->cell = tally->cell ? tally->cell : cell;
        return 0;
    case LOOKUP_LAST:
        tally->cell = cell;
        return 0;
    case LOOKUP_MIN:
        if (better || (*cell && compare_cells(cell, tally->cell) < 0))
            tally->cell = cell;
        return 0;
    case LOOKUP_MAX:
        if (better || (*cell && compare_cells(cell, tally->cell) > 0))
            tally->cell = cell;
        return 0;
    }
    return 0;
}

int lookup_value(const struct lookup *lookup, const struct sheet *sheet, struct buffer *out,
                 struct error *err) {
    const struct lookup_column *column = &lookup->columns[0];
    size_t conditions[LOOKUP_MOST], at = 0;
    if (column->function != LOOKUP_COUNT && find_column(lookup, sheet, column->name, &at, err))
        return ERROR_DATA;
    if (find_conditions(lookup, sheet, conditions, err))
        return ERROR_DATA;
    struct tally tally = {0};
    for (size_t row = 0; row < sheet->rows; row++) {
        if (!row_matches(lookup, sheet, conditions, row))
            continue;
        const char *cell = column->function == LOOKUP_COUNT ? "" : sheet_at(sheet, row, at);
        if (tally_add(&tally, column, cell, err))
            return ERROR_DATA;
    }
    char text[DECIMAL_TEXT];
    if (column->function == LOOKUP_COUNT || column->function == LOOKUP_SUM) {
        decimal_sum total =
            column->function == LOOKUP_SUM ? tally.sum : (decimal_sum)tally.count * DECIMAL_ONE;
        decimal_sum_format(total, 0, text);
        return append_cell(out, column, text, err);
    }
    if (column->function == LOOKUP_ONE && tally.count != 1)
        return wrong_count(lookup, tally.count, "exactly one", err);
    if (tally.count == 0)
        return wrong_count(lookup, 0, "at least one", err);
    return append_cell(out, column, tally.cell, err);
}

/* ---- 6. Tables ------------------------------------------------------------------------------- */

static bool column_is_numeric(const struct sheet *sheet, size_t column) {
    double value;
    bool any = false;
    for (size_t row = 0; row < sheet->rows; row++) {
        if (sheet_number(sheet, row, column, &value))
            any = true;
        else if (*sheet_at(sheet, row, column))
            return false;
    }
    return any;
}

static void append_heading(const struct lookup *lookup, const struct sheet *sheet,
                           const size_t columns[LOOKUP_MOST], struct buffer *out) {
    for (size_t i = 0; i < lookup->n_columns; i++) {
        buffer_text(out, i ? " | " : "| ");
        append_escaped(out, lookup->columns[i].heading);
    }
    buffer_text(out, " |\n|");
    for (size_t i = 0; i < lookup->n_columns; i++)
        buffer_text(out, column_is_numeric(sheet, columns[i]) ? " ---: |" : " --- |");
    buffer_byte(out, '\n');
}

int lookup_table(const struct lookup *lookup, const struct sheet *sheet, struct buffer *out,
                 struct error *err) {
    size_t columns[LOOKUP_MOST], conditions[LOOKUP_MOST], rows = 0;
    for (size_t i = 0; i < lookup->n_columns; i++)
        if (find_column(lookup, sheet, lookup->columns[i].name, &columns[i], err))
            return ERROR_DATA;
    if (find_conditions(lookup, sheet, conditions, err))
        return ERROR_DATA;
    append_heading(lookup, sheet, columns, out);
    for (size_t row = 0; row < sheet->rows; row++) {
        if (!row_matches(lookup, sheet, conditions, row))
            continue;
        rows++;
        for (size_t i = 0; i < lookup->n_columns; i++) {
            buffer_text(out, i ? " | " : "| ");
            if (append_cell(out, &lookup->columns[i], sheet_at(sheet, row, columns[i]), err))
                return ERROR_DATA;
        }
        buffer_text(out, " |\n");
    }
    return rows ? 0 : wrong_count(lookup, 0, "at least one", err);
}
