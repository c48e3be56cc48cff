/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The options that tools share: each stands once, here, in the order of --help. */
#include "cli/common.h"
#include "chart/chart.h"
#include <string.h>

const struct common_option common_options[] = {
    {CLI_CONFIDENCE,
     {.name = "confidence",
      .type = CLI_NUMBER,
      .argument = "LEVEL",
      .range = "(0,1)",
      .fallback = "0.95",
      .help = "level of the intervals"}},
    {CLI_RANDOM,
     {.name = "seed",
      .type = CLI_INTEGER,
      .argument = "N",
      .range = "[0,4294967295]",
      .fallback = "1",
      .help = "start of the random numbers: the same seed, the same result"}},
    {CLI_READS,
     {.name = "column",
      .type = CLI_TEXT,
      .argument = "NAME=HEADER",
      .many = true,
      .help = "the file calls column NAME HEADER"}},
    {CLI_READS,
     {.name = "delimiter",
      .type = CLI_TEXT,
      .argument = "CHAR",
      .fallback = ",",
      .help = "what stands between cells: one character, or the word tab"}},
    {CLI_READS,
     {.name = "decimal",
      .type = CLI_TEXT,
      .argument = "MARK",
      .fallback = ".",
      .help = "decimal mark of the input, a point or a comma; a comma needs another --delimiter"}},
    {CLI_READS,
     {.name = "na",
      .type = CLI_TEXT,
      .argument = "TEXT",
      .many = true,
      .help = "a cell that reads TEXT is missing, as an empty one is"}},
    {CLI_READS,
     {.name = "bad-rows",
      .type = CLI_CHOICE,
      .argument = "WHAT",
      .range = "stop|skip",
      .fallback = "stop",
      .help = "at a row that cannot be read: stop with its place, or skip and count it"}},
    {CLI_READS,
     {.name = "rejects",
      .type = CLI_FILE,
      .argument = "FILE",
      .help = "write skipped rows to FILE, each whole, with its place and the reason"}},
    {CLI_WRITES,
     {.name = "output",
      .letter = 'o',
      .type = CLI_FILE,
      .argument = "FILE",
      .help = "write to FILE instead of standard output; it appears only when complete"}},
    {CLI_WRITES,
     {.name = "format",
      .letter = 'f',
      .type = CLI_CHOICE,
      .argument = "FORMAT",
      .range = "csv|tsv|json|markdown|table",
      .help = "format of the result; without it, by the extension of -o (.csv, .tsv, .json, .md), "
              "otherwise table on a terminal and csv elsewhere"}},
    {CLI_CHARTS,
     {.name = "chart",
      .type = CLI_FILE,
      .argument = "FILE",
      .help = "draw the result as well; the kind is FILE's extension: .svg, .pdf, .png, .txt (for "
              "a terminal) or .gp (the gnuplot script)"}},
    {CLI_CHARTS,
     {.name = "title",
      .type = CLI_TEXT,
      .argument = "TEXT",
      .needs = "chart",
      .help = "title of the chart"}},
    {CLI_CHARTS,
     {.name = "source",
      .type = CLI_TEXT,
      .argument = "TEXT",
      .needs = "chart",
      .help = "where the data come from, for the chart's caption"}},
    {CLI_CHARTS,
     {.name = "colors",
      .type = CLI_TEXT,
      .argument = "LIST",
      .needs = "chart",
      .help = "names, separated by commas, that take the first colours in this order, so that each "
              "keeps its colour in every chart of a report"}},
    {CLI_WRITES,
     {.name = "check", .type = CLI_FLAG, .help = "read, check and compute, but write nothing"}},
    {CLI_WRITES,
     {.name = "provenance",
      .type = CLI_FILE,
      .argument = "FILE",
      .help = "write to FILE, as JSON, how the result was made: version, command line, seed, and "
              "checksums of the input"}},
    {0,
     {.name = "threads",
      .type = CLI_INTEGER,
      .argument = "N",
      .range = "[1,1024]",
      .help = "how many threads work, by default one a processor; never changes the result"}},
    {0,
     {.name = "progress",
      .type = CLI_CHOICE,
      .argument = "WHEN",
      .range = "auto|always|never",
      .fallback = "auto",
      .help = "show progress on standard error; auto: on a terminal, once the work takes longer "
              "than a second"}},
    {0,
     {.name = "verbose",
      .letter = 'v',
      .type = CLI_FLAG,
      .many = true,
      .help = "say on standard error what was read, skipped and assumed"}},
    {0, {.name = "help", .letter = 'h', .type = CLI_FLAG, .help = "print this help"}},
    {0, {.name = "version", .letter = 'V', .type = CLI_FLAG, .help = "print the version"}},
    {0, {.name = NULL}},
};

/* A tool's own option replaces the common one of the same name. */
static bool tool_has(const struct cli_tool *tool, const char *name) {
    for (const struct cli_option *option = tool->options; option && option->name; option++)
        if (strcmp(option->name, name) == 0)
            return true;
    return false;
}

bool common_has(const struct cli_tool *tool, const struct common_option *common) {
    return (common->share == 0 || (tool->shares & common->share)) &&
           !tool_has(tool, common->option.name);
}

/* ---- Checks that take more than one option's entry ------------------------------------------- */

/* The byte that --delimiter or --decimal stands for; '\0' if it is none. */
static char delimiter_byte(const char *text) {
    if (strcmp(text, "tab") == 0)
        return '\t';
    return strlen(text) == 1 && !strchr("\"\r\n", text[0]) ? text[0] : '\0';
}

static int check_reading(const struct options *options, struct error *err) {
    const char *delimiter = options_find(options, "delimiter")->text;
    const char *mark = options_find(options, "decimal")->text;
    if (!delimiter_byte(delimiter))
        return cli_usage(err,
                         "option '--delimiter' takes one character other than a quote or a "
                         "line end, or the word tab, found '%s'",
                         delimiter);
    if (strcmp(mark, ".") != 0 && strcmp(mark, ",") != 0)
        return cli_usage(err, "option '--decimal' takes '.' or ',', found '%s'", mark);
    if (delimiter_byte(delimiter) == mark[0])
        return cli_usage(err,
                         "delimiter and decimal mark are both '%s': give another --delimiter, "
                         "such as ';' or tab",
                         mark);
    const struct option_value *column = options_find(options, "column");
    for (size_t i = 0; i < column->given; i++) {
        const char *equals = strchr(column->texts[i], '=');
        if (!equals || equals == column->texts[i] || !equals[1])
            return cli_usage(err, "option '--column' takes NAME=HEADER, found '%s'",
                             column->texts[i]);
    }
    if (options_find(options, "rejects")->given &&
        strcmp(options_find(options, "bad-rows")->text, "skip") != 0)
        return cli_usage(err, "option '--rejects' needs '--bad-rows=skip' as well");
    return 0;
}

static const char *extension_of(const char *path) {
    const char *slash = strrchr(path, '/');
    const char *dot = strrchr(slash ? slash : path, '.');
    return dot ? dot + 1 : "";
}

static int check_chart(const struct options *options, struct error *err) {
    const char *path = options_find(options, "chart")->text;
    enum chart_kind kind;
    if (!path || chart_kind_named(extension_of(path), &kind))
        return 0;
    return cli_usage(err,
                     "option '--chart' takes a file ending in .svg, .pdf, .png, .txt or .gp, "
                     "found '%s'",
                     path);
}

/* Two outputs in one file: the later would silently replace the earlier. */
static int check_targets(const struct options *options, struct error *err) {
    static const char *const names[] = {"output", "chart", "rejects", "provenance"};
    enum { N = sizeof names / sizeof *names };
    const char *paths[N] = {0};
    for (size_t i = 0; i < N; i++) {
        const struct option_value *value = options_look_up(options, names[i]);
        paths[i] = value ? value->text : NULL;
        for (size_t j = 0; paths[i] && j < i; j++)
            if (paths[j] && strcmp(paths[i], paths[j]) == 0)
                return cli_usage(err, "options '--%s' and '--%s' both write '%s'", names[j],
                                 names[i], paths[i]);
    }
    return 0;
}

int common_check(const struct options *options, struct error *err) {
    if (options_look_up(options, "delimiter") && check_reading(options, err))
        return err->code;
    if (options_look_up(options, "chart") && check_chart(options, err))
        return err->code;
    return check_targets(options, err);
}

/* ---- What they mean -------------------------------------------------------------------------- */

void common_reading(const struct options *options, struct table_options *ret) {
    *ret = (struct table_options){0};
    if (!options_look_up(options, "delimiter"))
        return; /* a tool that reads nothing but what other tools wrote */
    const struct option_value *columns = options_find(options, "column");
    const struct option_value *na = options_find(options, "na");
    const bool skip = strcmp(options_find(options, "bad-rows")->text, "skip") == 0;
    *ret = (struct table_options){
        .columns = columns->texts,
        .n_columns = columns->given,
        .delimiter = delimiter_byte(options_find(options, "delimiter")->text),
        .decimal_mark = options_find(options, "decimal")->text[0],
        .na = na->texts,
        .n_na = na->given,
        .bad_rows = skip ? TABLE_SKIP : TABLE_STOP,
        .rejects = options_find(options, "rejects")->text,
    };
}

enum writer_format common_format_of(const char *path) {
    const char *extension = extension_of(path);
    if (strcmp(extension, "tsv") == 0)
        return WRITER_TSV;
    if (strcmp(extension, "json") == 0)
        return WRITER_JSON;
    if (strcmp(extension, "md") == 0 || strcmp(extension, "markdown") == 0)
        return WRITER_MARKDOWN;
    return WRITER_CSV;
}

enum writer_format common_format(const struct options *options, bool terminal) {
    static const char *const words[] = {
        [WRITER_CSV] = "csv",           [WRITER_TSV] = "tsv",     [WRITER_JSON] = "json",
        [WRITER_MARKDOWN] = "markdown", [WRITER_TABLE] = "table",
    };
    const char *format = options_find(options, "format")->text;
    const char *path = options_find(options, "output")->text;
    for (size_t i = 0; format && i < sizeof words / sizeof *words; i++)
        if (strcmp(format, words[i]) == 0)
            return (enum writer_format)i;
    if (path && strcmp(path, "-") != 0)
        return common_format_of(path);
    return terminal ? WRITER_TABLE : WRITER_CSV;
}
