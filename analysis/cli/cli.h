/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the mains of all tools share. A tool is a table of options and one function:
 *
 *     static const struct cli_option options[] = {
 *         {.name = "group", .type = CLI_COLUMN, .argument = "COL", .help = "one curve per value"},
 *         {.name = "interval", .type = CLI_CHOICE, .range = "log|log-log|plain",
 *          .fallback = "log", .help = "kind of confidence interval"},
 *         {0},
 *     };
 *
 *     static int run(struct cli *cli, struct error *err) {
 *         ... cli_open, table_bind, table_fold, compute, cli_writer, writer_number ...
 *     }
 *
 *     int main(int argc, char **argv) {
 *         static const struct cli_tool tool = {
 *             .name = "churn-survival", .summary = "...", .options = options, .run = run,
 *             .shares = CLI_READS | CLI_WRITES | CLI_CHARTS | CLI_CONFIDENCE};
 *         return cli_main(&tool, argc, argv);
 *     }
 *
 * From the table come parsing, range checks, "did you mean", --help and, later, manual pages and
 * completions. cli_main opens nothing before the whole command line is known to be right, and
 * renames outputs into place only after everything has succeeded.
 *
 * This folder is the one part of the library that speaks to the terminal; it does so for the mains.
 */
#ifndef CLI_CLI_H
#define CLI_CLI_H

#include "base/decimal.h"
#include "base/error.h"
#include "table/table.h"
#include "table/writer.h"
#include <stdbool.h>
#include <stdint.h>

struct cli; /* one run of a tool */

enum cli_type {
    CLI_FLAG,    /* no value */
    CLI_TEXT,    /* anything */
    CLI_COLUMN,  /* the name of an input column; documented as such */
    CLI_FILE,    /* a path */
    CLI_INTEGER, /* range such as "[0,4294967295]" */
    CLI_NUMBER, /* range such as "(0,1)": round brackets exclude their end; "inf" may stand in it */
    CLI_DECIMAL,  /* exact; range as above */
    CLI_DECIMALS, /* several, separated by commas: "30,90,365"; range as above, for each */
    CLI_DATE,     /* YYYY-MM-DD */
    CLI_CHOICE,   /* one of the words in range, "log|log-log|plain" */
};

struct cli_option {
    const char *name; /* without the dashes */
    enum cli_type type;
    char letter;           /* 'o' allows -o; 0: none */
    bool many;             /* may be given several times; otherwise twice is an error */
    const char *argument;  /* what --help calls the value: "COL" */
    const char *fallback;  /* the default, as a user would type it; NULL: none */
    const char *range;     /* see cli_type */
    const char *conflicts; /* names, separated by blanks, that must not be given with it */
    const char *needs;     /* names, separated by blanks, that must be given with it */
    const char *help;      /* one line or a few; --help wraps it */
    const char *heading;   /* --help begins a list of its own with this option; NULL: goes on */
};

/* Which of the common options a tool has; each stands once, in cli/common.c. */
enum cli_share {
    CLI_READS = 1,      /* --column --delimiter --decimal --na --bad-rows --rejects, shards */
    CLI_WRITES = 2,     /* -o -f --check --provenance */
    CLI_CHARTS = 4,     /* --chart --title --source --colors */
    CLI_CONFIDENCE = 8, /* --confidence */
    CLI_RANDOM = 16,    /* --seed */
};                      /* always: --threads --progress -v -h -V */

struct cli_example {
    const char *command; /* as typed, with files of datasets/: the tests run it */
    const char *says;    /* what it is for, one line */
};

struct cli_tool {
    const char *name;
    const char *summary;                /* one line, lower case, no full stop */
    const char *description;            /* paragraphs for --help, separated by an empty line */
    const char *input;                  /* the columns it reads, for --help */
    const char *output;                 /* the columns it writes, for --help */
    const char *operands;               /* "[FILE]..." in the usage line; NULL: takes none */
    int min_operands, max_operands;     /* max -1: any number */
    unsigned shares;                    /* enum cli_share, or-ed */
    const struct cli_option *options;   /* ends with {0}; replace common ones of their name */
    const struct cli_example *examples; /* ends with {0} */
    int (*run)(struct cli *cli, struct error *err);
};

/* The whole life of a tool; returns the exit status: 0, or an enum error_code. */
int cli_main(const struct cli_tool *tool, int argc, char **argv);

/* ---- What was asked for -------------------------------------------------------------------- */

/* Names without dashes, the common options' too; asking for an option that the tool does not have
 * is a programming error (assert). Without a value and a default: NULL or 0. */
bool cli_given(const struct cli *cli, const char *name); /* on the command line, not by default */
bool cli_flag(const struct cli *cli, const char *name);
const char *cli_text(const struct cli *cli, const char *name); /* given, default, or NULL */
int64_t cli_integer(const struct cli *cli, const char *name);
double cli_number(const struct cli *cli, const char *name);
decimal cli_decimal(const struct cli *cli, const char *name);
int32_t cli_date(const struct cli *cli, const char *name);

/* The i-th of a list, counted from 0 in the order given; false behind the last. */
bool cli_decimals(const struct cli *cli, const char *name, size_t i, decimal *ret);
bool cli_choice(const struct cli *cli, const char *name, const char *word); /* is it this one? */

/* All values of an option that may be repeated, in order, or its default; their number. */
size_t cli_many(const struct cli *cli, const char *name, const char *const **ret_values);
size_t cli_operands(const struct cli *cli, const char *const **ret_values);
int cli_threads(const struct cli *cli); /* --threads, or the cores there are */

/* ERROR_USAGE for what no option table can express; cli_main adds the hint at --help. */
int cli_usage(struct error *err, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* ---- Reading and writing -------------------------------------------------------------------- */

/* The operands as shards of one table, or one file, with the common options applied. The cli closes
 * it, reports what it skipped and commits its rejects. */
int cli_open(struct cli *cli, struct table **ret, struct error *err);
int cli_open_file(struct cli *cli, const char *path, struct table **ret, struct error *err);

/* A file that the tool reads in some other way: --provenance and --check count it. */
int cli_input(struct cli *cli, const char *path, struct error *err);

/* The tool's one output: -o, -f, --check and --chart are seen to. The cli finishes and destroys it,
 * as it does the ones below. Two names that are the same are ERROR_USAGE. */
int cli_writer(struct cli *cli, const char *const *names, size_t columns, struct writer **ret,
               struct error *err);

/* Bytes for standard output or -o that are no table (a report, a script); in place of
 * cli_writer. */
int cli_stream(struct cli *cli, FILE **ret, struct error *err);

/* A second output beside it (a file that one of the tool's own options names), as bytes or as a
 * table in the format of its extension. All outputs are renamed into place together, when all of
 * them are whole. */
int cli_output(struct cli *cli, const char *path, struct output **ret, struct error *err);
int cli_output_table(struct cli *cli, const char *path, const char *const *names, size_t columns,
                     struct writer **ret, struct error *err);

/* An output that something else has written, such as a chart, to be committed with the rest. Takes
 * it over, even when it fails; sets *output to NULL. */
int cli_adopt(struct cli *cli, struct output **output, struct error *err);

/* ---- Saying ---------------------------------------------------------------------------------- */
void cli_note(struct cli *cli, const char *format, ...) /* on standard error, with --verbose only */
    __attribute__((format(printf, 2, 3)));
void cli_warn(struct cli *cli, const char *format, ...) /* on standard error, always */
    __attribute__((format(printf, 2, 3)));

/* Progress of long work that is not reading; draws nothing unless --progress lets it. */
void cli_progress(struct cli *cli, const char *what, uint64_t done, uint64_t total);

#endif
