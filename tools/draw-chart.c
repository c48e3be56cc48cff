/* SPDX-License-Identifier: GPL-3.0-or-later */
/* draw-chart: the chart of any tool's result. */
#include "chart/chart.h"
#include "cli/cli.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const struct cli_option options[] = {
    {.name = "list",
     .type = CLI_FLAG,
     .conflicts = "format title source colors column",
     .help = "print which charts there are and the columns that each needs"},
    {.name = "format",
     .letter = 'f',
     .type = CLI_CHOICE,
     .argument = "FORMAT",
     .range = "svg|pdf|png|txt|gp",
     .help = "format of the chart; without it, by the extension of -o, otherwise txt on a terminal "
             "and svg elsewhere. gp is the gnuplot script itself, complete with its data"},
    {.name = "title", .type = CLI_TEXT, .argument = "TEXT", .help = "title of the chart"},
    {.name = "source",
     .type = CLI_TEXT,
     .argument = "TEXT",
     .help = "where the data come from, for the caption"},
    {.name = "colors",
     .type = CLI_TEXT,
     .argument = "LIST",
     .help = "names, separated by commas, that take the first colours in this order, so that each "
             "keeps its colour in every chart of a report"},
    {.name = "column",
     .type = CLI_TEXT,
     .argument = "NAME=HEADER",
     .many = true,
     .help = "the file calls column NAME HEADER"},
    {0},
};

enum { TEXT = 1024 };

/* ---- --list ---------------------------------------------------------------------------------- */

static int list(struct cli *cli, struct error *err) {
    static const char *const names[] = {"tool", "columns"};
    struct writer *writer;
    int code = cli_writer(cli, names, 2, &writer, err);
    char tool[TEXT], columns[TEXT];
    for (size_t i = 0; !code && chart_list(i, tool, columns, TEXT); i++) {
        writer_string(writer, tool);
        writer_string(writer, columns);
    }
    return code;
}

/* ---- What was asked for ---------------------------------------------------------------------- */

static int refuse_tool(const char *tool, struct error *err) {
    enum { MOST = 64, NAME = 64 };
    char names[MOST][NAME], columns[NAME];
    const char *candidates[MOST];
    size_t n = 0;
    for (; n < MOST && chart_list(n, names[n], columns, NAME); n++)
        candidates[n] = names[n];
    const char *nearest = text_nearest(text_of(tool), candidates, n);
    if (nearest)
        return cli_usage(err, "no chart is called '%s'; did you mean '%s'?", tool, nearest);
    return cli_usage(err, "no chart is called '%s'; --list shows all", tool);
}

/* -f, or the extension of -o, or what standard output can show. */
static int choose_kind(const struct cli *cli, enum chart_kind *ret, struct error *err) {
    const char *format = cli_text(cli, "format"), *path = cli_text(cli, "output");
    bool to_stdout = !path || strcmp(path, "-") == 0, terminal = to_stdout && isatty(STDOUT_FILENO);
    const char *slash = path ? strrchr(path, '/') : NULL;
    const char *dot = to_stdout ? NULL : strrchr(slash ? slash : path, '.');
    if (!format)
        format = terminal ? "txt" : dot ? dot + 1 : "svg"; /* /dev/stdout has no extension */
    if (!chart_kind_named(format, ret))
        return cli_usage(err,
                         "option '-o' takes a file ending in .svg, .pdf, .png, .txt or .gp, or any "
                         "file together with -f, found '%s'",
                         path);
    if (terminal && (*ret == CHART_PNG || *ret == CHART_PDF))
        return cli_usage(err, "a terminal cannot show %s: give -o FILE", format);
    return 0;
}

/* ---- Reading --------------------------------------------------------------------------------- */

/* Gives the column HEADER of NAME=HEADER the name NAME. */
static int rename_column(struct sheet *sheet, const char *pair, struct error *err) {
    const char *equals = strchr(pair, '=');
    size_t column, other;
    if (!equals || equals == pair || !equals[1])
        return cli_usage(err, "option '--column' takes NAME=HEADER, found '%s'", pair);
    if (!sheet_find(sheet, equals + 1, &column)) {
        const char *nearest = text_nearest(text_of(equals + 1), sheet->names, sheet->columns);
        return error_set(err, ERROR_DATA, "no column is called '%s'%s%s%s", equals + 1,
                         nearest ? "; did you mean '" : "", nearest ? nearest : "",
                         nearest ? "'?" : "");
    }
    const char *name = arena_text(&sheet->arena, pair, (size_t)(equals - pair));
    if (!name)
        return error_memory(err);
    if (sheet_find(sheet, name, &other) && other != column)
        sheet->names[other] = ""; /* what is called so must not be taken for it */
    sheet->names[column] = name;
    return 0;
}

static int read_result(struct cli *cli, const char *path, struct sheet *sheet, struct error *err) {
    const char *const *pairs;
    struct table *table;
    int code = cli_open_file(cli, path, &table, err);
    if (!code)
        code = table_read_sheet(table, sheet, err);
    size_t n = cli_many(cli, "column", &pairs);
    for (size_t i = 0; i < n && !code; i++)
        code = rename_column(sheet, pairs[i], err);
    return code;
}

/* The reason of a write that large is not kept until the output is finished. */
static int write_whole(const struct buffer *picture, FILE *out, struct error *err) {
    if (fwrite(picture->bytes, 1, picture->length, out) == picture->length)
        return 0;
    return errno == EPIPE ? error_set(err, ERROR_SYSTEM, "%s", "")
                          : error_system(err, "cannot write the chart");
}

static int draw(struct cli *cli, const char *tool, const char *path, struct error *err) {
    const struct chart_options look = {.title = cli_text(cli, "title"),
                                       .source = cli_text(cli, "source"),
                                       .colors = cli_text(cli, "colors")};
    struct sheet sheet = {0};
    struct buffer picture = {0};
    enum chart_kind kind;
    FILE *out;
    int code = choose_kind(cli, &kind, err);
    if (!code)
        code = read_result(cli, path, &sheet, err);
    if (!code) {
        code = chart_render(tool, &sheet, &look, kind, &picture, err);
        if (code == ERROR_DATA)
            error_prefix(err, "%s: ", strcmp(path, "-") == 0 ? "standard input" : path);
    }
    if (!code)
        code = cli_stream(cli, &out, err);
    if (!code)
        code = write_whole(&picture, out, err);
    buffer_free(&picture);
    sheet_free(&sheet);
    return code;
}

static int run(struct cli *cli, struct error *err) {
    const char *const *operands;
    size_t n = cli_operands(cli, &operands);
    if (cli_flag(cli, "list"))
        return n == 0 ? list(cli, err) : cli_usage(err, "--list takes no operand");
    if (n == 0)
        return cli_usage(err, "found no TOOL whose chart is to be drawn; --list shows all");
    if (!chart_exists(operands[0]))
        return refuse_tool(operands[0], err);
    return draw(cli, operands[0], n > 1 ? operands[1] : "-", err);
}

int main(int argc, char **argv) {
    static const struct cli_example examples[] = {
        {"draw-chart churn-flows --column from=platform --column to=destination "
         "--column users=projects datasets/freenode-libera/exits.csv",
         "where the projects of Freenode went, from a table that no tool wrote"},
        {"draw-chart --list", "which charts there are"},
        {0},
    };
    static const struct cli_tool tool = {
        .name = "draw-chart",
        .summary = "draw the chart of a tool's result",
        .description =
            "RESULT is a table as TOOL writes it, in CSV (standard input without it, or with -). "
            "Which chart is drawn follows from its columns, as with the tool's own --chart, so "
            "that a result can be drawn again without computing it again.",
        .input = "the columns that --list shows for TOOL; further ones are passed over",
        .output = "a chart, or with --list the columns tool and columns: what is needed for each",
        .operands = "[TOOL [RESULT]]",
        .max_operands = 2,
        .shares = CLI_WRITES,
        .options = options,
        .examples = examples,
        .run = run,
    };
    return cli_main(&tool, argc, argv);
}
