/* SPDX-License-Identifier: GPL-3.0-or-later */
/* fill-report: a write-up whose every figure and table is looked up in a CSV. */
#include "cli/cli.h"
#include "report/report.h"
#include <stdlib.h>
#include <string.h>

static const struct cli_option options[] = {
    {.name = "data",
     .type = CLI_FILE,
     .argument = "FOLDER",
     .fallback = ".",
     .help = "where the tables and charts that TEMPLATE names are"},
    {.name = "format",
     .letter = 'f',
     .type = CLI_CHOICE,
     .argument = "FORMAT",
     .range = "html|markdown",
     .help = "format of the report; without it markdown for -o FILE.md, otherwise html"},
    {0},
};

/* The tables read so far, each once. */
struct folder {
    struct cli *cli;
    const char *path;
    struct loaded {
        char *name;
        struct sheet *sheet;
    } * loaded;
    size_t n, capacity;
};

static char *path_in(const struct folder *folder, const char *name) {
    struct buffer path = {0};
    if (name[0] != '/' && strcmp(folder->path, ".") != 0)
        buffer_format(&path, "%s/", folder->path);
    buffer_text(&path, name);
    return path.bytes;
}

static int read_sheet(struct folder *folder, const char *name, struct sheet *sheet,
                      struct error *err) {
    char *path = path_in(folder, name);
    struct table *table = NULL;
    int code = path ? cli_open_file(folder->cli, path, &table, err) : error_memory(err);
    if (!code)
        code = table_read_sheet(table, sheet, err);
    free(path);
    return code;
}

static int folder_sheet(void *context, const char *name, const struct sheet **ret,
                        struct error *err) {
    struct folder *folder = context;
    for (size_t i = 0; i < folder->n; i++)
        if (strcmp(folder->loaded[i].name, name) == 0) {
            *ret = folder->loaded[i].sheet;
            return 0;
        }
    if (array_reserve((void **)&folder->loaded, &folder->capacity, folder->n + 1,
                      sizeof *folder->loaded, err))
        return err->code;
    struct loaded *loaded = &folder->loaded[folder->n++];
    *loaded = (struct loaded){strdup(name), calloc(1, sizeof *loaded->sheet)};
    if (!loaded->name || !loaded->sheet)
        return error_memory(err);
    *ret = loaded->sheet;
    return read_sheet(folder, name, loaded->sheet, err);
}

static int folder_bytes(void *context, const char *name, struct buffer *append, struct error *err) {
    struct folder *folder = context;
    char *path = path_in(folder, name);
    int code = path ? cli_input(folder->cli, path, err) : error_memory(err);
    if (!code)
        code = buffer_read_file(append, path, err);
    free(path);
    return code;
}

static void folder_close(struct folder *folder) {
    for (size_t i = 0; i < folder->n; i++) {
        free(folder->loaded[i].name);
        if (folder->loaded[i].sheet)
            sheet_free(folder->loaded[i].sheet);
        free(folder->loaded[i].sheet);
    }
    free(folder->loaded);
}

static bool wants_markdown(const struct cli *cli) {
    if (cli_given(cli, "format"))
        return cli_choice(cli, "format", "markdown");
    const char *path = cli_text(cli, "output"), *dot = path ? strrchr(path, '.') : NULL;
    return dot && strcmp(dot, ".md") == 0;
}

static int run(struct cli *cli, struct error *err) {
    const char *const *operands;
    cli_operands(cli, &operands);
    struct buffer template = {0}, markdown = {0}, page = {0};
    struct folder folder = {.cli = cli, .path = cli_text(cli, "data")};
    const struct report_files files = {folder_sheet, folder_bytes, &folder};
    FILE *out;
    int code = cli_input(cli, operands[0], err);
    if (!code)
        code = buffer_read_file(&template, operands[0], err);
    if (!code)
        code = report_fill((struct text){template.bytes, template.length}, operands[0], &files,
                           &markdown, err);
    bool as_page = !wants_markdown(cli);
    if (!code && as_page)
        code = report_page((struct text){markdown.bytes, markdown.length}, &files, &page, err);
    if (!code)
        code = cli_stream(cli, &out, err);
    const struct buffer *whole = as_page ? &page : &markdown;
    if (!code && whole->length)
        fwrite(whole->bytes, 1, whole->length, out); /* checked when the output is finished */
    folder_close(&folder);
    buffer_free(&template);
    buffer_free(&markdown);
    buffer_free(&page);
    return code;
}

int main(int argc, char **argv) {
    static const struct cli_example examples[] = {
        {"fill-report datasets/tiny/report.md --data datasets/tiny -f markdown",
         "a template of a few lines, filled"},
        {0},
    };
    static const struct cli_tool tool = {
        .name = "fill-report",
        .summary = "fill a write-up: every figure and table is looked up in a CSV",
        .description =
            "TEMPLATE is Markdown. Each {{FILE: COLUMN where CONDITIONS | FORMAT}} in it is "
            "replaced by the one value that matches, and each {{table FILE: COLUMN; COLUMN ...}} "
            "by a table. A lookup that finds no row, or more than one, is an error with its line: "
            "no figure can be stale or made up.\n\n"
            "{{figures}} becomes a list of all figures with where they were looked up. Pictures "
            "(svg, png) travel inside the page. docs/fill-report.md has the whole language.",
        .input = "TEMPLATE, and the tables and charts it names, in the folder of --data",
        .output = "one HTML page that needs no other file, or Markdown",
        .operands = "TEMPLATE",
        .min_operands = 1,
        .max_operands = 1,
        .shares = CLI_WRITES,
        .options = options,
        .examples = examples,
        .run = run,
    };
    return cli_main(&tool, argc, argv);
}
