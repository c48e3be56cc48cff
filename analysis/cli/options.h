/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The command line against a tool's table of options.
 *
 *     struct options options = {0};
 *     if (options_parse(&options, tool, argc, argv, &err)) ...
 *     double level = options_find(&options, "confidence")->number;
 *     options_free(&options);
 *
 * `--name VALUE`, `--name=VALUE`, `-oFILE`, `-o FILE`, grouped flags `-vh`; in any order among the
 * operands; `--` ends the options; `-` alone is an operand. Names are never abbreviated, as a new
 * option would otherwise break old command lines.
 */
#ifndef CLI_OPTIONS_H
#define CLI_OPTIONS_H

#include "base/arena.h"
#include "cli/cli.h"

/* One option and what was given for it. */
struct option_value {
    const struct cli_option *option;
    size_t given;       /* how often it stood on the command line */
    const char **texts; /* its values there, in order; the default is not among them */
    size_t capacity;
    const char *text; /* the last value, or the default; NULL if there is neither */
    union {           /* `text` as the option's type says; zero without a text */
        int64_t integer;
        double number;
        decimal decimal;
        int32_t date;
    };
};

/* Zero-initialise. The texts are those of argv and of the tool's tables. */
struct options {
    struct option_value *values; /* the tool's own, then the common ones, as --help shows them */
    size_t n_values;
    size_t n_own;
    const char **operands;
    size_t n_operands;
    struct arena arena;
};

/* Parses and checks everything that the table of options can express: names, types, ranges,
 * repetition, conflicts, needs and the number of operands. It stops at -h and -V, which are good
 * in any command line that is right up to there. ERROR_USAGE says what to mend. */
int options_parse(struct options *options, const struct cli_tool *tool, int argc, char **argv,
                  struct error *err);

/* The option of that name; asking for one that the tool does not have is a programming error. */
const struct option_value *options_find(const struct options *options, const char *name);

/* The same, or NULL: for the common options, which not every tool has. */
const struct option_value *options_look_up(const struct options *options, const char *name);

/* The i-th number, counted from 0, of a list such as "30,90,365"; false if there is none or it is
 * no decimal. */
bool option_list_item(const char *list, size_t i, decimal *ret);

void options_free(struct options *options);

/* What an option takes, in words: "a whole number from 0 to 4294967295", "csv, tsv or json". Empty
 * for a flag or any text. `text` has room for OPTION_TAKES bytes. */
#define OPTION_TAKES 200
void option_takes(const struct cli_option *option, char text[OPTION_TAKES]);

#endif
