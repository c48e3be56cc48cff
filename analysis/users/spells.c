/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Spells from rows.
 *
 *   1. Columns
 *   2. Words of the status column
 *   3. Durations
 *   4. Dates
 *   5. Groups, merging, the end
 */
#include "users/spells.h"

#include "base/calendar.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct spells {
    const struct spells_options *options;
    struct table_column *columns;
    char *status;      /* the column's name, without "=VALUE" */
    const char *value; /* what stands behind '='; NULL: the usual words */
    int time, state;   /* indices of bound columns; -1: none. state is the status column */
    int start, end;
    int entry, weight;
    int groups; /* the first one */
    size_t n;   /* the first extra one */
};

/* ---- 1. Columns ------------------------------------------------------------------------------ */

/* "COL=VALUE" is cut at the first '=' whose left side is a column: a header may hold one too. */
static int split_status(struct spells *spells, const struct table *table, const char *text,
                        struct error *err) {
    spells->status = strdup(text);
    if (!spells->status)
        return error_memory(err);
    if (table_has(table, text))
        return 0;
    char *cut = strchr(spells->status, '=');
    for (char *at = cut; at; at = strchr(at + 1, '=')) {
        *at = '\0';
        bool found = table_has(table, spells->status);
        *at = '=';
        if (found) {
            cut = at;
            break;
        }
    }
    if (cut) {
        *cut = '\0';
        spells->value = cut + 1;
    }
    return 0;
}

static int add_column(struct spells *spells, const char *name, enum table_type type, bool missing) {
    spells->columns[spells->n] =
        (struct table_column){.name = name, .type = type, .missing = missing};
    return (int)spells->n++;
}

static void add_columns(struct spells *spells) {
    const struct spells_options *options = spells->options;
    if (options->time) {
        spells->time = add_column(spells, options->time, TABLE_DECIMAL, false);
        if (options->status)
            spells->state = add_column(spells, spells->status, TABLE_CATEGORY, false);
    } else {
        spells->start = add_column(spells, "start", TABLE_DATE, false);
        spells->end = add_column(spells, "end", TABLE_DATE, true);
    }
    if (options->entry)
        spells->entry =
            add_column(spells, options->entry, options->time ? TABLE_DECIMAL : TABLE_DATE, true);
    if (options->weight)
        spells->weight = add_column(spells, options->weight, TABLE_INTEGER, false);
    spells->groups = (int)spells->n;
    for (size_t i = 0; i < options->n_groups; i++)
        add_column(spells, options->groups[i], TABLE_CATEGORY, true);
}

enum { OWN_COLUMNS = 4 }; /* two for the time, entry, weight */

/* Whoever brings a log is shown the way. */
static int check_shape(const struct table *table, const struct spells_options *options,
                       struct error *err) {
    if (options->time || table_has(table, "start") || !table_has(table, "date"))
        return 0;
    return error_set(
        err, ERROR_DATA,
        "found no column 'start', but 'date', as in a log of activity; expected spells: "
        "log-spells makes spells of a log (or name the column: --column start=HEADER)");
}

int spells_bind(struct spells **ret, struct table *table, const struct spells_options *options,
                const struct table_column *extra, size_t n_extra, struct error *err) {
    int status = 0;
    struct spells *spells = calloc(1, sizeof *spells);
    if (!spells)
        return error_memory(err);
    *spells = (struct spells){.options = options,
                              .time = -1,
                              .state = -1,
                              .start = -1,
                              .end = -1,
                              .entry = -1,
                              .weight = -1};
    spells->columns = calloc(OWN_COLUMNS + options->n_groups + n_extra, sizeof *spells->columns);
    if (!spells->columns) {
        status = error_memory(err);
        goto fail;
    }
    if (options->time && options->status) {
        status = split_status(spells, table, options->status, err);
        if (status)
            goto fail;
    }
    status = check_shape(table, options, err);
    if (status)
        goto fail;
    add_columns(spells);
    if (n_extra > 0)
        memcpy(spells->columns + spells->n, extra, n_extra * sizeof *extra);
    status = table_bind(table, spells->columns, spells->n + n_extra, err);
    if (status)
        goto fail;
    *ret = spells;
    return 0;
fail:
    spells_destroy(spells);
    return status;
}

size_t spells_extra(const struct spells *spells) {
    return spells->n;
}

void spells_destroy(struct spells *spells) {
    if (!spells)
        return;
    free(spells->columns);
    free(spells->status);
    free(spells);
}

/* ---- 2. Words of the status column ----------------------------------------------------------- */

/* At most SPELLS_WORD - 1 bytes, cut between characters, with a mark where it was cut. */
static void copy_word(char word[SPELLS_WORD], struct text text) {
    static const char mark[] = "...";
    if (text.length < SPELLS_WORD) {
        memcpy(word, text.bytes, text.length);
        word[text.length] = '\0';
        return;
    }
    size_t length = SPELLS_WORD - sizeof mark;
    while (length > 0 && ((unsigned char)text.bytes[length] & 0xC0) == 0x80)
        length--;
    memcpy(word, text.bytes, length);
    memcpy(word + length, mark, sizeof mark);
}

/* Keeps the least SPELLS_WORDS words. */
static void add_word(struct spells_words *words, const char *word) {
    int at = 0;
    while (at < words->n && strcmp(words->words[at], word) < 0)
        at++;
    if (at < words->n && strcmp(words->words[at], word) == 0)
        return;
    if (words->n == SPELLS_WORDS) {
        words->more = true;
        if (at == SPELLS_WORDS)
            return;
        words->n--;
    }
    memmove(words->words[at + 1], words->words[at], (size_t)(words->n - at) * SPELLS_WORD);
    memmove(words->words[at], word, strlen(word) + 1);
    words->n++;
}

static void list_words(const struct spells_words *words, struct buffer *text) {
    for (int i = 0; i < words->n; i++)
        buffer_format(text, "%s'%s'", i > 0 ? ", " : "", words->words[i]);
    if (words->more)
        buffer_text(text, " and others");
}

/* Whether a place in the input comes before that of the reader's first unexpected status. */
static bool comes_before(size_t sequence, size_t row, const struct spells_reader *reader) {
    return sequence < reader->sequence || (sequence == reader->sequence && row < reader->row);
}

static const char *const usual_words[] = {"0", "1", "no", "yes", "false", "true"};
enum { USUAL_WORDS = sizeof usual_words / sizeof usual_words[0] };

/* Index into usual_words, where odd ones mean an event; -1 for none. In any letters. */
static int usual_word(struct text cell) {
    if (cell.length == 1 && (cell.bytes[0] == '0' || cell.bytes[0] == '1'))
        return cell.bytes[0] - '0';
    for (int i = 2; i < USUAL_WORDS; i++)
        if (cell.length == strlen(usual_words[i]) &&
            strncasecmp(cell.bytes, usual_words[i], cell.length) == 0)
            return i;
    return -1;
}

/* A status that is none: skipped like any bad row, or else kept in mind, and the reading goes on,
 * so that the message can list everything that the column holds. */
static int unexpected_status(struct spells_reader *reader, const struct table_batch *batch,
                             size_t row, struct text cell, struct error *err) {
    char word[SPELLS_WORD], where[TABLE_WHERE];
    copy_word(word, cell);
    struct error stop = {0};
    int status = table_reject(
        batch, row, reader->spells->state, &stop,
        "status '%s', expected 1, true or yes (left), 0, false or no (still there)", word);
    if (status != ERROR_DATA)
        return status ? error_set(err, stop.code, "%s", stop.text) : 0;
    add_word(&reader->words, word);
    if (reader->unexpected && !comes_before(batch->sequence, row, reader))
        return 0;
    reader->unexpected = true;
    reader->sequence = batch->sequence;
    reader->row = row;
    table_where(batch, row, reader->spells->state, where);
    snprintf(reader->place, sizeof reader->place, "%s: status '%s'", where, word);
    return 0;
}

/* What is known of a text in the status column. */
enum state { UNKNOWN, STAYED, LEFT, UNEXPECTED };

/* A text that was not met before. */
static enum state judge(struct spells_reader *reader, struct text cell) {
    const struct spells *spells = reader->spells;
    if (!spells->value) {
        int word = usual_word(cell);
        if (word < 0)
            return UNEXPECTED;
        reader->usual |= 1U << word;
        return word % 2 == 1 ? LEFT : STAYED;
    }
    bool left = text_is(cell, spells->value);
    reader->matched = reader->matched || left;
    if (!reader->matched) { /* the words are of interest only if VALUE never comes */
        char word[SPELLS_WORD];
        copy_word(word, cell);
        add_word(&reader->words, word);
    }
    return left ? LEFT : STAYED;
}

/* SPELL_REJECTED unless the status is one. */
static int read_status(struct spells_reader *reader, const struct table_batch *batch, size_t row,
                       enum spell_outcome *ret, struct error *err) {
    const struct table_cells *cells = &batch->columns[reader->spells->state];
    const uint32_t code = cells->code[row];
    *ret = SPELL_REJECTED;
    if (code >= reader->n_states) {
        if (array_reserve((void **)&reader->states, &reader->states_capacity, (size_t)code + 1, 1,
                          err))
            return err->code;
        while (reader->n_states <= code)
            reader->states[reader->n_states++] = UNKNOWN;
    }
    if (reader->states[code] == UNKNOWN)
        reader->states[code] =
            (uint8_t)judge(reader, text_trim(dictionary_name(cells->names, code)));
    if (reader->states[code] == UNEXPECTED)
        return unexpected_status(reader, batch, row, text_trim(dictionary_name(cells->names, code)),
                                 err);
    *ret = reader->states[code] == LEFT ? SPELL_EVENT : SPELL_CENSORED;
    return 0;
}

/* ---- 3. Durations ---------------------------------------------------------------------------- */

static int reject_below_zero(const struct table_batch *batch, size_t row, int column,
                             const char *what, decimal found, struct error *err) {
    char text[DECIMAL_TEXT];
    decimal_format(found, 0, text);
    return table_reject(batch, row, column, err, "%s %s, expected 0 or more", what, text);
}

static int read_duration(struct spells_reader *reader, const struct table_batch *batch, size_t row,
                         struct spell *ret, struct error *err) {
    const struct spells *spells = reader->spells;
    ret->time = batch->columns[spells->time].decimal[row];
    if (ret->time < 0)
        return reject_below_zero(batch, row, spells->time, "time", ret->time, err);
    if (spells->entry >= 0 && !table_missing(batch, (size_t)spells->entry, row)) {
        ret->late = true;
        ret->entry = batch->columns[spells->entry].decimal[row];
        if (ret->entry < 0)
            return reject_below_zero(batch, row, spells->entry, "entry", ret->entry, err);
        if (ret->entry >= ret->time) {
            char entry[DECIMAL_TEXT], time[DECIMAL_TEXT];
            decimal_format(ret->entry, 0, entry);
            decimal_format(ret->time, 0, time);
            return table_reject(batch, row, spells->entry, err,
                                "entry %s, expected one before the time, %s", entry, time);
        }
    }
    ret->outcome = SPELL_EVENT;
    return spells->state < 0 ? 0 : read_status(reader, batch, row, &ret->outcome, err);
}

/* ---- 4. Dates -------------------------------------------------------------------------------- */

static int reject_date(const struct table_batch *batch, size_t row, int column, const char *what,
                       int32_t found, const char *expected, int32_t limit, struct error *err) {
    char day[CALENDAR_TEXT], other[CALENDAR_TEXT];
    calendar_format_date(found, day);
    calendar_format_date(limit, other);
    return table_reject(batch, row, column, err, "%s %s, expected %s %s", what, day, expected,
                        other);
}

static void see_date(struct spells_reader *reader, int32_t day) {
    if (!reader->any_date || day > reader->last_date)
        reader->last_date = day;
    reader->any_date = true;
}

static decimal days(int32_t from, int32_t to) {
    return ((decimal)to - from) * DECIMAL_ONE;
}

/* Whoever was watched from the start on, or from before it, is not late. */
static int read_entry_date(const struct spells *spells, const struct table_batch *batch, size_t row,
                           const int32_t *last, struct spell *ret, bool *ret_good,
                           struct error *err) {
    int32_t entry = batch->columns[spells->entry].date[row];
    *ret_good = !(last && entry > ret->start && entry >= *last);
    if (!*ret_good)
        return reject_date(batch, row, spells->entry, "entry", entry, "one before the last day,",
                           *last, err);
    ret->late = entry > ret->start;
    ret->entry = ret->late ? days(ret->start, entry) : 0;
    return 0;
}

static int read_dates(struct spells_reader *reader, const struct table_batch *batch, size_t row,
                      struct spell *ret, struct error *err) {
    const struct spells *spells = reader->spells;
    const int32_t *as_of = spells->options->as_of;
    bool open = table_missing(batch, (size_t)spells->end, row);
    int32_t end = open ? 0 : batch->columns[spells->end].date[row];
    ret->start = batch->columns[spells->start].date[row];
    if (!open && ret->start > end)
        return reject_date(batch, row, spells->end, "end", end, "none before the start,",
                           ret->start, err);
    if (as_of && ret->start > *as_of)
        return reject_date(batch, row, spells->start, "start", ret->start, "none after --as-of",
                           *as_of, err);
    /* Seen from the day of the last look, whoever left later is still there. */
    bool seen = !open && !(as_of && end > *as_of);
    const int32_t *last = seen ? &end : as_of; /* NULL: not known yet */
    bool entered = spells->entry >= 0 && !table_missing(batch, (size_t)spells->entry, row);
    if (entered) {
        bool good;
        int status = read_entry_date(spells, batch, row, last, ret, &good, err);
        if (status || !good)
            return status;
        see_date(reader, batch->columns[spells->entry].date[row]);
    }
    see_date(reader, open ? ret->start : end);
    ret->outcome = seen ? SPELL_EVENT : as_of ? SPELL_CENSORED : SPELL_OPEN;
    ret->time = last ? days(ret->start, *last) : 0;
    return 0;
}

int spells_read(struct spells_reader *reader, const struct table_batch *batch, size_t row,
                struct spell *ret, struct error *err) {
    const struct spells *spells = reader->spells;
    *ret = (struct spell){.outcome = SPELL_REJECTED, .weight = 1};
    if (spells->weight >= 0) {
        ret->weight = batch->columns[spells->weight].integer[row];
        if (ret->weight < 1)
            return table_reject(batch, row, spells->weight, err,
                                "weight %lld, expected a whole number from 1 on",
                                (long long)ret->weight);
    }
    return spells->time >= 0 ? read_duration(reader, batch, row, ret, err)
                             : read_dates(reader, batch, row, ret, err);
}

/* ---- 5. Groups, merging, the end ------------------------------------------------------------- */

static struct text group_cell(const struct table_batch *batch, size_t column, size_t row) {
    const struct table_cells *cells = &batch->columns[column];
    return cells->code[row] == DICTIONARY_NONE ? text_of("(missing)")
                                               : dictionary_name(cells->names, cells->code[row]);
}

int spells_group(struct spells_reader *reader, const struct table_batch *batch, size_t row,
                 struct text *ret, struct error *err) {
    size_t first = (size_t)reader->spells->groups;
    size_t n = reader->spells->options->n_groups;
    if (n <= 1) {
        *ret = n == 0 ? text_of("(all)") : group_cell(batch, first, row);
        return 0;
    }
    buffer_clear(&reader->group);
    for (size_t i = 0; i < n; i++) {
        struct text cell = group_cell(batch, first + i, row);
        if (i > 0)
            buffer_byte(&reader->group, '\0');
        buffer_append(&reader->group, cell.bytes, cell.length);
    }
    *ret = (struct text){reader->group.bytes, reader->group.length};
    return buffer_check(&reader->group, err);
}

/* A number of the row's group, from 0, that only this reader knows. A missing cell comes before the
 * codes of the others. */
static int number_group(struct spells_reader *reader, const struct table_batch *batch, size_t row,
                        uint32_t *ret, struct error *err) {
    const size_t first = (size_t)reader->spells->groups;
    const size_t n = reader->spells->options->n_groups;
    *ret = n > 0 ? batch->columns[first].code[row] + 1 : 0; /* DICTIONARY_NONE + 1 is 0 */
    if (n <= 1)
        return 0;
    buffer_clear(&reader->group);
    for (size_t i = 0; i < n; i++)
        buffer_append(&reader->group, &batch->columns[first + i].code[row], sizeof(uint32_t));
    if (buffer_check(&reader->group, err))
        return err->code;
    const struct text codes = {reader->group.bytes, reader->group.length};
    return dictionary_add(&reader->groups_met, codes, ret, err);
}

int spells_group_code(struct spells_reader *reader, const struct table_batch *batch, size_t row,
                      struct dictionary *groups, uint32_t *ret, struct error *err) {
    uint32_t number;
    if (number_group(reader, batch, row, &number, err))
        return err->code;
    if (number >= reader->n_group_codes) {
        if (array_reserve((void **)&reader->group_codes, &reader->group_codes_capacity,
                          (size_t)number + 1, sizeof *reader->group_codes, err))
            return err->code;
        while (reader->n_group_codes <= number)
            reader->group_codes[reader->n_group_codes++] = DICTIONARY_NONE;
    }
    if (reader->group_codes[number] == DICTIONARY_NONE) {
        struct text name;
        if (spells_group(reader, batch, row, &name, err) ||
            dictionary_add(groups, name, &reader->group_codes[number], err))
            return err->code;
    }
    *ret = reader->group_codes[number];
    return 0;
}

void spells_merge(struct spells_reader *into, const struct spells_reader *from) {
    if (from->any_date)
        see_date(into, from->last_date);
    into->matched = into->matched || from->matched;
    into->usual |= from->usual;
    for (int i = 0; i < from->words.n; i++)
        add_word(&into->words, from->words.words[i]);
    into->words.more = into->words.more || from->words.more;
    if (from->unexpected && (!into->unexpected || comes_before(from->sequence, from->row, into))) {
        into->unexpected = true;
        into->sequence = from->sequence;
        into->row = from->row;
        memcpy(into->place, from->place, sizeof into->place);
    }
}

/* VALUE in other letters is a slip; a column that never has it may just be one without events. */
static int check_value(const struct spells_reader *reader, const char *words,
                       struct spells_report *ret, struct error *err) {
    const struct spells *spells = reader->spells;
    for (int i = 0; i < reader->words.n; i++)
        if (strcasecmp(reader->words.words[i], spells->value) == 0)
            return error_set(err, ERROR_DATA,
                             "no row has '%s' in column '%s', which holds %s: expected the same "
                             "upper and lower case",
                             spells->value, spells->status, words);
    snprintf(ret->unmatched, sizeof ret->unmatched,
             "no row has '%s' in column '%s', which holds %s", spells->value, spells->status,
             words);
    return 0;
}

static int check_words(const struct spells_reader *reader, const char *words,
                       struct spells_report *ret, struct error *err) {
    if (reader->unexpected)
        return error_set(err, ERROR_DATA,
                         "%s, expected 1, true or yes (left), 0, false or no (still there); the "
                         "column holds %s: --status %s=VALUE says which one means left",
                         reader->place, words, reader->spells->status);
    return reader->spells->value && !reader->matched ? check_value(reader, words, ret, err) : 0;
}

int spells_finish(const struct spells_reader *reader, struct spells_report *ret,
                  struct error *err) {
    const struct spells_options *options = reader->spells->options;
    *ret = (struct spells_report){.dated = !options->time,
                                  .any_date = options->as_of || reader->any_date,
                                  .as_of = options->as_of ? *options->as_of : reader->last_date};
    struct spells_words found = reader->words;
    if (found.n == 0)
        return 0;
    for (int i = 0; i < USUAL_WORDS; i++)
        if (reader->usual & 1U << i)
            add_word(&found, usual_words[i]);
    struct buffer words = {0};
    list_words(&found, &words);
    int status = buffer_check(&words, err);
    if (!status)
        status = check_words(reader, words.bytes, ret, err);
    buffer_free(&words);
    return status;
}

void spells_reader_free(struct spells_reader *reader) {
    buffer_free(&reader->group);
    free(reader->states);
    free(reader->group_codes);
    dictionary_free(&reader->groups_met);
}
