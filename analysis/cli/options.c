/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The command line against a tool's table of options.
 *
 * Contents: ranges; the table itself; values; one argument after the other; what options say of
 * each other; operands.
 */
#include "cli/options.h"
#include "base/buffer.h"
#include "base/number.h"
#include "cli/common.h"
#include <assert.h>
#include <ctype.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

/* ---- Ranges ---------------------------------------------------------------------------------- */

/* "[0,1)" with its ends as written, for messages, and as numbers. */
struct range {
    bool low_open, high_open;
    struct text low_text, high_text;
    double low, high;
};

static double range_end(struct text text) {
    double end = 0;
    if (text_is(text, "inf"))
        return INFINITY;
    if (text_is(text, "-inf"))
        return -INFINITY;
    const bool sound = number_parse(text, '.', &end);
    assert(sound && "a range reads [LOW,HIGH], with ( or ) where an end is excluded");
    return sound ? end : 0;
}

static struct range range_parse(const char *range) {
    if (!range)
        return (struct range){.low = -INFINITY, .high = INFINITY};
    const char *comma = strchr(range, ',');
    const size_t length = strlen(range);
    assert(comma && strchr("[(", range[0]) && strchr("])", range[length - 1]));
    struct range r = {
        .low_open = range[0] == '(',
        .high_open = range[length - 1] == ')',
        .low_text = {range + 1, (size_t)(comma - range - 1)},
        .high_text = {comma + 1, (size_t)(range + length - comma - 2)},
    };
    r.low = range_end(r.low_text);
    r.high = range_end(r.high_text);
    return r;
}

/* Values and ends are both correctly rounded from decimal digits, so that a value written as the
 * end is written compares equal to it. */
static bool range_holds(const char *range, double value) {
    const struct range r = range_parse(range);
    return (r.low_open ? value > r.low : value >= r.low) &&
           (r.high_open ? value < r.high : value <= r.high);
}

/* " from 0 to 4294967295", " above 0 and below 1", " of at least 1", "". */
static void range_describe(const char *range, char *text, size_t size) {
    const struct range r = range_parse(range);
    const int low = (int)r.low_text.length, high = (int)r.high_text.length;
    const char *low_word = r.low_open ? "above" : "of at least";
    const char *high_word = r.high_open ? "below" : "at most";
    if (isinf(r.low) && isinf(r.high))
        text[0] = '\0';
    else if (isinf(r.high))
        snprintf(text, size, " %s %.*s", low_word, low, r.low_text.bytes);
    else if (isinf(r.low))
        snprintf(text, size, " %s%s %.*s", r.high_open ? "" : "of ", high_word, high,
                 r.high_text.bytes);
    else if (!r.low_open && !r.high_open)
        snprintf(text, size, " from %.*s to %.*s", low, r.low_text.bytes, high, r.high_text.bytes);
    else
        snprintf(text, size, " %s %.*s and %s %.*s", low_word, low, r.low_text.bytes, high_word,
                 high, r.high_text.bytes);
}

/* "a|b|c" as "a, b or c". */
static void words_describe(const char *words, char *text, size_t size) {
    size_t n = 0;
    for (const char *at = words; *at && n + 8 < size; at++) {
        const char *separator = strchr(at + 1, '|') ? ", " : " or ";
        if (*at != '|')
            text[n++] = *at;
        else
            n += (size_t)snprintf(text + n, size - n, "%s", separator);
    }
    text[n] = '\0';
}

void option_takes(const struct cli_option *option, char text[OPTION_TAKES]) {
    char range[OPTION_TAKES / 2];
    text[0] = '\0';
    switch (option->type) {
    case CLI_FLAG:
    case CLI_TEXT:
    case CLI_COLUMN:
    case CLI_FILE:
        break;
    case CLI_INTEGER:
        range_describe(option->range, range, sizeof range);
        snprintf(text, OPTION_TAKES, "a whole number%s", range);
        break;
    case CLI_NUMBER:
    case CLI_DECIMAL:
        range_describe(option->range, range, sizeof range);
        snprintf(text, OPTION_TAKES, "a number%s", range);
        break;
    case CLI_DECIMALS:
        range_describe(option->range, range, sizeof range);
        snprintf(text, OPTION_TAKES, "numbers%s, separated by commas", range);
        break;
    case CLI_DATE:
        snprintf(text, OPTION_TAKES, "a date YYYY-MM-DD");
        break;
    case CLI_CHOICE:
        words_describe(option->range, text, OPTION_TAKES);
        break;
    }
}

/* ---- The table ------------------------------------------------------------------------------- */

static size_t count_own(const struct cli_tool *tool) {
    size_t n = 0;
    while (tool->options && tool->options[n].name)
        n++;
    return n;
}

static size_t count_common(void) {
    size_t n = 0;
    while (common_options[n].option.name)
        n++;
    return n;
}

/* Two options of one name or letter would be a mistake in the tool's table. */
static void assert_no_twins(const struct options *options) {
    for (size_t i = 0; i < options->n_values; i++)
        for (size_t j = 0; j < i; j++) {
            const struct cli_option *a = options->values[i].option, *b = options->values[j].option;
            assert(strcmp(a->name, b->name) != 0 && "two options have one name");
            assert((!a->letter || a->letter != b->letter) && "two options have one letter");
            (void)a, (void)b;
        }
}

static int build(struct options *options, const struct cli_tool *tool, size_t n_arguments,
                 struct error *err) {
    options->n_own = count_own(tool);
    const size_t most = options->n_own + count_common();
    options->values = arena_alloc(&options->arena, most * sizeof *options->values);
    options->operands = arena_alloc(&options->arena, n_arguments * sizeof *options->operands);
    if (!options->values || !options->operands)
        return error_memory(err);
    for (size_t i = 0; i < options->n_own; i++)
        options->values[options->n_values++].option = &tool->options[i];
    for (size_t i = 0; common_options[i].option.name; i++)
        if (common_has(tool, &common_options[i]))
            options->values[options->n_values++].option = &common_options[i].option;
    assert_no_twins(options);
    return 0;
}

const struct option_value *options_look_up(const struct options *options, const char *name) {
    for (size_t i = 0; i < options->n_values; i++)
        if (strcmp(options->values[i].option->name, name) == 0)
            return &options->values[i];
    return NULL;
}

const struct option_value *options_find(const struct options *options, const char *name) {
    const struct option_value *value = options_look_up(options, name);
    assert(value && "the tool has no option of this name");
    return value;
}

/* ---- Values ---------------------------------------------------------------------------------- */

/* The word of a "a|b|c" range that a person most likely meant; NULL if none is near. */
static const char *nearest_word(const char *range, struct text found, struct arena *arena) {
    const char *words[64];
    size_t n = 0;
    for (const char *at = range; at && n < sizeof words / sizeof *words; n++) {
        const size_t length = strcspn(at, "|");
        words[n] = arena_text(arena, at, length);
        if (!words[n])
            return NULL;
        at = at[length] ? at + length + 1 : NULL;
    }
    return text_nearest(found, words, n);
}

static bool is_word_of(const char *range, const char *word) {
    const size_t length = strlen(word);
    for (const char *at = range; at; at = strchr(at, '|'), at = at ? at + 1 : NULL)
        if (strcspn(at, "|") == length && strncmp(at, word, length) == 0)
            return true;
    return false;
}

bool option_list_item(const char *list, size_t i, decimal *ret) {
    for (; i > 0 && list; i--)
        list = strchr(list, ',') ? strchr(list, ',') + 1 : NULL;
    return list && decimal_parse((struct text){list, strcspn(list, ",")}, '.', ret);
}

static bool list_parse(const char *list, const char *range) {
    size_t n = 1;
    for (const char *at = list; *at; at++)
        n += *at == ',';
    for (size_t i = 0; i < n; i++) {
        decimal item;
        if (!option_list_item(list, i, &item) || !range_holds(range, decimal_to_double(item)))
            return false;
    }
    return true;
}

/* Whether the text is of the option's type and in its range; fills the typed value. */
static bool value_parse(struct option_value *value, const char *text) {
    const struct cli_option *option = value->option;
    const struct text cell = text_of(text);
    switch (option->type) {
    case CLI_FLAG:
    case CLI_TEXT:
        return true;
    case CLI_COLUMN:
    case CLI_FILE:
        return cell.length > 0;
    case CLI_INTEGER:
        return number_parse_integer(cell, &value->integer) &&
               range_holds(option->range, (double)value->integer);
    case CLI_NUMBER:
        return number_parse(cell, '.', &value->number) && range_holds(option->range, value->number);
    case CLI_DECIMAL:
        return decimal_parse(cell, '.', &value->decimal) &&
               range_holds(option->range, decimal_to_double(value->decimal));
    case CLI_DECIMALS:
        return list_parse(text, option->range);
    case CLI_DATE:
        return calendar_parse_date(cell, &value->date);
    case CLI_CHOICE:
        return is_word_of(option->range, text);
    }
    return false;
}

static int value_wrong(const struct cli_option *option, const char *found, struct error *err) {
    char takes[OPTION_TAKES];
    option_takes(option, takes);
    if (option->type == CLI_COLUMN || option->type == CLI_FILE)
        return cli_usage(err, "option '--%s' needs the name of a %s, found an empty text",
                         option->name, option->type == CLI_FILE ? "file" : "column");
    if (option->type == CLI_CHOICE) {
        struct arena words = {0};
        const char *near = nearest_word(option->range, text_of(found), &words);
        cli_usage(err, "option '--%s' takes %s, found '%s'%s%s%s", option->name, takes, found,
                  near ? " (did you mean '" : "", near ? near : "", near ? "'?)" : "");
        arena_free(&words);
        return ERROR_USAGE;
    }
    return cli_usage(err, "option '--%s' takes %s, found '%s'", option->name, takes, found);
}

static int value_add(struct options *options, struct option_value *value, const char *text,
                     struct error *err) {
    if (value->given > 0 && !value->option->many)
        return cli_usage(err, "option '--%s' is given twice", value->option->name);
    if (value->given == value->capacity) {
        const size_t capacity = value->capacity ? 2 * value->capacity : 1;
        const char **texts = arena_alloc(&options->arena, capacity * sizeof *texts);
        if (!texts)
            return error_memory(err);
        if (value->given > 0)
            memcpy(texts, value->texts, value->given * sizeof *texts);
        value->texts = texts;
        value->capacity = capacity;
    }
    if (!value_parse(value, text))
        return value_wrong(value->option, text, err);
    value->texts[value->given++] = value->text = text;
    return 0;
}

/* A default is part of the tool's table: a bad one is a mistake in the tool. */
static void take_defaults(struct options *options) {
    for (size_t i = 0; i < options->n_values; i++) {
        struct option_value *value = &options->values[i];
        if (value->given > 0 || !value->option->fallback)
            continue;
        value->text = value->option->fallback;
        const bool sound = value_parse(value, value->text);
        assert(sound && "the default of an option must be one of its values");
        (void)sound;
    }
}

/* ---- One argument after the other ------------------------------------------------------------ */

struct reader {
    struct options *options;
    int argc;
    char **argv;
    int next;
};

static struct option_value *find_named(struct options *options, struct text name) {
    for (size_t i = 0; i < options->n_values; i++)
        if (text_is(name, options->values[i].option->name))
            return &options->values[i];
    return NULL;
}

static struct option_value *find_letter(struct options *options, char letter) {
    for (size_t i = 0; letter && i < options->n_values; i++)
        if (options->values[i].option->letter == letter)
            return &options->values[i];
    return NULL;
}

static struct text name_of(const char *argument) {
    return (struct text){argument + 2, strcspn(argument + 2, "=")};
}

static int unknown_name(const struct options *options, struct text name, struct error *err) {
    const char *names[256];
    size_t n = 0;
    for (size_t i = 0; i < options->n_values && n < sizeof names / sizeof *names; i++)
        names[n++] = options->values[i].option->name;
    const char *near = text_nearest(name, names, n);
    return cli_usage(err, "unknown option '--%.*s'%s%s%s", (int)name.length, name.bytes,
                     near ? " (did you mean '--" : "", near ? near : "", near ? "'?)" : "");
}

/* The value in the next argument. One that is itself an option, as in `--group --test`, is a value
 * forgotten far more often than a value meant. */
static int take_next(struct reader *reader, struct option_value *value, struct error *err) {
    const struct cli_option *option = value->option;
    if (reader->next == reader->argc)
        return cli_usage(err, "option '--%s' needs a value%s%s", option->name,
                         option->argument ? ", " : "", option->argument ? option->argument : "");
    const char *text = reader->argv[reader->next];
    const bool is_option =
        strncmp(text, "--", 2) == 0 && (!text[2] || find_named(reader->options, name_of(text)));
    if (is_option)
        return cli_usage(err,
                         "option '--%s' needs a value, found '%s' (if that is the value: "
                         "'--%s=%s')",
                         option->name, text, option->name, text);
    reader->next++;
    return value_add(reader->options, value, text, err);
}

static int read_named(struct reader *reader, const char *argument, struct error *err) {
    const struct text name = name_of(argument);
    struct option_value *value = find_named(reader->options, name);
    const char *given = name.bytes[name.length] == '=' ? name.bytes + name.length + 1 : NULL;
    if (!value)
        return unknown_name(reader->options, name, err);
    if (value->option->type == CLI_FLAG && given)
        return cli_usage(err, "option '--%s' takes no value, found '%s'", value->option->name,
                         given);
    if (given || value->option->type == CLI_FLAG)
        return value_add(reader->options, value, given ? given : "", err);
    return take_next(reader, value, err);
}

/* "-confidence" is a name with one dash too few. */
static int unknown_letter(struct options *options, const char *argument, struct error *err) {
    const struct option_value *named =
        find_named(options, (struct text){argument + 1, strcspn(argument + 1, "=")});
    return cli_usage(err, "unknown option '%s'%s%s%s", argument, named ? " (did you mean '--" : "",
                     named ? named->option->name : "", named ? "'?)" : "");
}

/* -o FILE, -oFILE, or flags such as -vh. */
static int read_letters(struct reader *reader, const char *argument, struct error *err) {
    for (const char *letter = argument + 1; *letter; letter++) {
        struct option_value *value = find_letter(reader->options, *letter);
        if (!value && letter == argument + 1)
            return unknown_letter(reader->options, argument, err);
        if (!value)
            return cli_usage(err, "unknown option '-%c' in '%s'", *letter, argument);
        if (value->option->type != CLI_FLAG)
            return letter[1] ? value_add(reader->options, value, letter + 1, err)
                             : take_next(reader, value, err);
        if (value_add(reader->options, value, "", err))
            return err->code;
    }
    return 0;
}

static bool asks_for_help(const struct options *options) {
    return options_find(options, "help")->given || options_find(options, "version")->given;
}

static int read_arguments(struct reader *reader, struct error *err) {
    struct options *options = reader->options;
    bool only_operands = false;
    while (reader->next < reader->argc && !asks_for_help(options)) {
        const char *argument = reader->argv[reader->next++];
        int code = 0;
        if (only_operands || argument[0] != '-' || !argument[1])
            options->operands[options->n_operands++] = argument;
        else if (strcmp(argument, "--") == 0)
            only_operands = true;
        else if (argument[1] == '-')
            code = read_named(reader, argument, err);
        else
            code = read_letters(reader, argument, err);
        if (code)
            return code;
    }
    return 0;
}

/* ---- What options say of each other ---------------------------------------------------------- */

/* The next name of a list separated by blanks; false at its end. */
static bool next_name(const char **list, struct text *ret) {
    const char *at = *list + strspn(*list, " ");
    const size_t length = strcspn(at, " ");
    *ret = (struct text){at, length};
    *list = at + length;
    return length > 0;
}

static bool is_given(struct options *options, struct text name) {
    const struct option_value *value = find_named(options, name);
    assert(value && "conflicts and needs name options of the tool");
    return value && value->given > 0;
}

static int check_relations(struct options *options, struct error *err) {
    for (size_t i = 0; i < options->n_values; i++) {
        const struct option_value *value = &options->values[i];
        const char *conflicts = value->option->conflicts ? value->option->conflicts : "";
        const char *needs = value->option->needs ? value->option->needs : "";
        struct text name;
        while (next_name(&conflicts, &name))
            if (is_given(options, name) && value->given)
                return cli_usage(err, "options '--%s' and '--%.*s' exclude each other",
                                 value->option->name, (int)name.length, name.bytes);
        while (next_name(&needs, &name))
            if (!is_given(options, name) && value->given)
                return cli_usage(err, "option '--%s' needs '--%.*s' as well", value->option->name,
                                 (int)name.length, name.bytes);
    }
    return 0;
}

/* ---- Operands -------------------------------------------------------------------------------- */

static int check_operands(const struct options *options, const struct cli_tool *tool,
                          struct error *err) {
    const int n = (int)options->n_operands;
    assert((tool->operands || tool->max_operands == 0) && "operands need a name for --help");
    if (!tool->operands && n > 0)
        return cli_usage(err, "'%s' is not expected: %s takes options only", options->operands[0],
                         tool->name);
    if (tool->max_operands >= 0 && n > tool->max_operands)
        return cli_usage(err, "'%s' is not expected after %s",
                         options->operands[tool->max_operands], tool->operands);
    if (n < tool->min_operands && n == 0)
        return cli_usage(err, "found no operand, expected %s", tool->operands);
    if (n < tool->min_operands)
        return cli_usage(err, "found %d operand%s, expected %s", n, n == 1 ? "" : "s",
                         tool->operands);
    return 0;
}

int options_parse(struct options *options, const struct cli_tool *tool, int argc, char **argv,
                  struct error *err) {
    struct reader reader = {.options = options, .argc = argc, .argv = argv, .next = 1};
    if (build(options, tool, argc > 0 ? (size_t)argc : 1, err) || read_arguments(&reader, err))
        return err->code;
    take_defaults(options);
    if (asks_for_help(options))
        return 0;
    if (check_relations(options, err) || check_operands(options, tool, err))
        return err->code;
    return common_check(options, err);
}

void options_free(struct options *options) {
    arena_free(&options->arena);
    *options = (struct options){0};
}

int cli_usage(struct error *err, const char *format, ...) {
    char text[sizeof err->text];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    return error_set(err, ERROR_USAGE, "%s", text);
}
