/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The life of a tool: parse, open the outputs, run, finish every output, rename them, say what went
 * wrong.
 *
 * Contents: saying; signals and standard files; what was asked for; inputs; outputs; the end of a
 * good run; cli_main.
 */
#include "base/arena.h"
#include "base/buffer.h"
#include "base/output.h"
#include "base/workers.h"
#include "chart/chart.h"
#include "cli/cli.h"
#include "cli/common.h"
#include "cli/help.h"
#include "cli/options.h"
#include "cli/progress.h"
#include "cli/provenance.h"
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <gsl/gsl_errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* An output, and the writer into it if it is a table. */
struct target {
    struct output *output;
    struct writer *writer;
    const char *path; /* NULL: standard output, or one that was adopted */
};

/* A table that is read; the reader keeps pointers into its options. */
struct opened {
    struct table *table;
    struct table_options options;
    struct opened *next;
};

struct cli {
    const struct cli_tool *tool;
    int argc;
    char **argv;
    struct options options;
    struct progress progress;
    struct arena arena;
    bool check;                          /* --check: outputs go to /dev/null */
    struct opened *tables, **last_table; /* in the order of opening */
    const char **inputs;                 /* paths, for the provenance */
    size_t n_inputs, inputs_capacity;
    struct target *targets; /* the first is the tool's own output, if it has CLI_WRITES */
    size_t n_targets, targets_capacity;
    struct sheet result; /* a copy of the table, for the chart */
};

/* ---- Saying ---------------------------------------------------------------------------------- */

/* Among them U+0080 to U+009F, of which some terminals take U+009B for the start of a command. */
static bool is_control(const char *at) {
    const unsigned char byte = (unsigned char)*at, next = (unsigned char)at[1];
    return byte < 0x20 || byte == 0x7f || (byte == 0xc2 && next >= 0x80 && next < 0xa0);
}

/* "TOOL: text" and a line end, in one write. Control characters are shown, not sent: a cell or a
 * file name must not command the terminal. */
static void say(struct cli *cli, const char *text) {
    struct buffer line = {0};
    buffer_format(&line, "%s: ", cli->tool->name);
    for (const char *at = text; *at; at++)
        if (is_control(at))
            buffer_format(&line, "\\x%02x", (unsigned char)*at);
        else
            buffer_byte(&line, *at);
    buffer_byte(&line, '\n');
    progress_clear(&cli->progress);
    fputs(line.failed ? "out of memory\n" : line.bytes, stderr);
    fflush(stderr);
    buffer_free(&line);
}

static void say_formatted(struct cli *cli, const char *format, va_list arguments) {
    char text[2048];
    vsnprintf(text, sizeof text, format, arguments);
    say(cli, text);
}

void cli_note(struct cli *cli, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    if (cli_flag(cli, "verbose"))
        say_formatted(cli, format, arguments);
    va_end(arguments);
}

void cli_warn(struct cli *cli, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    say_formatted(cli, format, arguments);
    va_end(arguments);
}

void cli_progress(struct cli *cli, const char *what, uint64_t done, uint64_t total) {
    progress_show(&cli->progress, what, done, total);
}

static void show_reading(void *context, uint64_t done, uint64_t total) {
    struct cli *cli = context;
    progress_show(&cli->progress, "reading", done, total);
}

static const char *plural(uint64_t n) {
    return n == 1 ? "" : "s";
}

/* ---- Signals and standard files -------------------------------------------------------------- */

/* The handler is reset on entry: raising the signal again ends the process by it, as the shell that
 * waits for us expects. */
static void remove_outputs_and_die(int number) {
    output_remove_all();
    raise(number);
}

static void handle_signals(void) {
    static const int signals[] = {SIGINT, SIGTERM, SIGHUP};
    struct sigaction remove = {.sa_handler = remove_outputs_and_die,
                               .sa_flags = (int)(SA_RESETHAND | SA_NODEFER)};
    struct sigaction ignore = {.sa_handler = SIG_IGN};
    sigemptyset(&remove.sa_mask);
    sigemptyset(&ignore.sa_mask);
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++) {
        struct sigaction before;
        sigaction(signals[i], NULL, &before);
        if (before.sa_handler != SIG_IGN) /* as nohup and a shell's background jobs set it */
            sigaction(signals[i], &remove, NULL);
    }
    sigaction(SIGPIPE, &ignore, NULL); /* writing then fails with EPIPE, and outputs are removed */
}

/* Nobody reads on: ends as a tool does that never heard of SIGPIPE, quietly and with 141 in the
 * shell's eyes. Returns only if even that is blocked. */
static int die_of_closed_pipe(void) {
    sigset_t pipe;
    sigemptyset(&pipe);
    sigaddset(&pipe, SIGPIPE);
    signal(SIGPIPE, SIG_DFL);
    raise(SIGPIPE);
    sigprocmask(SIG_UNBLOCK, &pipe, NULL);
    return 128 + SIGPIPE;
}

/* A file opened later must not take the number of a standard one that the caller has closed: the
 * result or a message would be written into it. The wrong direction makes every use fail. */
static void occupy_standard_files(void) {
    static const int flags[] = {O_WRONLY, O_RDONLY, O_RDONLY};
    for (int file = 0; file < 3; file++)
        if (fcntl(file, F_GETFD) == -1 && errno == EBADF && open("/dev/null", flags[file]) < 0)
            return;
}

/* What a file system says only at the end, such as a quota on a network disk, it says to the one
 * who closes: closing a duplicate asks it, and leaves standard output open. */
static int check_standard_output(struct error *err) {
    const int duplicate = dup(STDOUT_FILENO);
    if (fflush(stdout) != 0 || (duplicate >= 0 && close(duplicate) != 0)) {
        if (errno == EPIPE)
            return error_set(err, ERROR_SYSTEM, "%s", "");
        return error_system(err, "cannot write standard output");
    }
    return 0;
}

/* ---- What was asked for ---------------------------------------------------------------------- */

bool cli_given(const struct cli *cli, const char *name) {
    return options_find(&cli->options, name)->given > 0;
}

bool cli_flag(const struct cli *cli, const char *name) {
    return options_find(&cli->options, name)->given > 0;
}

const char *cli_text(const struct cli *cli, const char *name) {
    return options_find(&cli->options, name)->text;
}

static const struct option_value *find_typed(const struct cli *cli, const char *name,
                                             enum cli_type type) {
    const struct option_value *value = options_find(&cli->options, name);
    assert(value->option->type == type && "an option is asked for by its own type");
    (void)type;
    return value;
}

int64_t cli_integer(const struct cli *cli, const char *name) {
    return find_typed(cli, name, CLI_INTEGER)->integer;
}

double cli_number(const struct cli *cli, const char *name) {
    return find_typed(cli, name, CLI_NUMBER)->number;
}

decimal cli_decimal(const struct cli *cli, const char *name) {
    return find_typed(cli, name, CLI_DECIMAL)->decimal;
}

bool cli_decimals(const struct cli *cli, const char *name, size_t i, decimal *ret) {
    const char *list = find_typed(cli, name, CLI_DECIMALS)->text;
    return list && option_list_item(list, i, ret);
}

int32_t cli_date(const struct cli *cli, const char *name) {
    return find_typed(cli, name, CLI_DATE)->date;
}

bool cli_choice(const struct cli *cli, const char *name, const char *word) {
    const char *text = find_typed(cli, name, CLI_CHOICE)->text;
    return text && strcmp(text, word) == 0;
}

size_t cli_many(const struct cli *cli, const char *name, const char *const **ret_values) {
    const struct option_value *value = options_find(&cli->options, name);
    *ret_values = value->given ? value->texts : (const char *const *)&value->text;
    return value->given ? value->given : value->text != NULL;
}

size_t cli_operands(const struct cli *cli, const char *const **ret_values) {
    *ret_values = cli->options.operands;
    return cli->options.n_operands;
}

int cli_threads(const struct cli *cli) {
    return cli_given(cli, "threads") ? (int)cli_integer(cli, "threads") : workers_available();
}

/* ---- Inputs ---------------------------------------------------------------------------------- */

int cli_input(struct cli *cli, const char *path, struct error *err) {
    if (array_reserve((void **)&cli->inputs, &cli->inputs_capacity, cli->n_inputs + 1,
                      sizeof *cli->inputs, err))
        return err->code;
    const char *copy = arena_text(&cli->arena, path, strlen(path));
    if (!copy)
        return error_memory(err);
    cli->inputs[cli->n_inputs++] = copy;
    return 0;
}

/* `files` must live as long as the cli. */
static int open_table(struct cli *cli, const char *const *files, size_t n_files, struct table **ret,
                      struct error *err) {
    *ret = NULL;
    struct opened *opened = arena_alloc(&cli->arena, sizeof *opened);
    if (!opened)
        return error_memory(err);
    for (size_t i = 0; i < n_files; i++)
        if (cli_input(cli, files[i], err))
            return err->code;
    common_reading(&cli->options, &opened->options);
    opened->options.files = files;
    opened->options.n_files = n_files;
    opened->options.threads = cli_threads(cli);
    opened->options.progress = show_reading;
    opened->options.progress_context = cli;
    if (cli->check)
        opened->options.rejects = NULL;
    if (table_open(&opened->table, &opened->options, err))
        return err->code;
    *cli->last_table = opened;
    cli->last_table = &opened->next;
    *ret = opened->table;
    return 0;
}

int cli_open(struct cli *cli, struct table **ret, struct error *err) {
    static const char *const standard_input[] = {"-"};
    if (cli->options.n_operands > 0)
        return open_table(cli, cli->options.operands, cli->options.n_operands, ret, err);
    if (isatty(STDIN_FILENO))
        cli_warn(cli, "reading from the terminal; give a FILE or see --help");
    return open_table(cli, standard_input, 1, ret, err);
}

int cli_open_file(struct cli *cli, const char *path, struct table **ret, struct error *err) {
    const char **files = arena_alloc(&cli->arena, sizeof *files);
    if (!files)
        return error_memory(err);
    *files = path;
    return open_table(cli, files, 1, ret, err);
}

/* ---- Outputs --------------------------------------------------------------------------------- */

static int add_target(struct cli *cli, struct output **output, const char *path,
                      struct error *err) {
    if (array_reserve((void **)&cli->targets, &cli->targets_capacity, cli->n_targets + 1,
                      sizeof *cli->targets, err)) {
        output_abandon(output);
        return err->code;
    }
    cli->targets[cli->n_targets++] = (struct target){.output = *output, .path = path};
    *output = NULL;
    return 0;
}

int cli_adopt(struct cli *cli, struct output **output, struct error *err) {
    return add_target(cli, output, NULL, err);
}

static bool is_standard(const char *path) {
    return !path || strcmp(path, "-") == 0;
}

/* Two outputs in one file: the later would replace the earlier. */
static int open_target(struct cli *cli, const char *path, struct error *err) {
    struct output *output;
    for (size_t i = 0; i < cli->n_targets && !is_standard(path); i++)
        if (cli->targets[i].path && strcmp(cli->targets[i].path, path) == 0)
            return cli_usage(err, "two outputs go to '%s'", path);
    if (output_open(&output, cli->check ? "/dev/null" : path, err))
        return err->code;
    return add_target(cli, &output, is_standard(path) ? NULL : path, err);
}

int cli_output(struct cli *cli, const char *path, struct output **ret, struct error *err) {
    *ret = NULL;
    if (open_target(cli, path, err))
        return err->code;
    *ret = cli->targets[cli->n_targets - 1].output;
    return 0;
}

static int open_writer(struct target *target, enum writer_format format, const char *const *names,
                       size_t columns, struct writer **ret, struct error *err) {
    assert(!target->writer && "an output holds one table");
    *ret = NULL;
    if (writer_open(&target->writer, output_stream(target->output), format, names, columns, err))
        return err->code;
    *ret = target->writer;
    return 0;
}

int cli_output_table(struct cli *cli, const char *path, const char *const *names, size_t columns,
                     struct writer **ret, struct error *err) {
    *ret = NULL;
    if (open_target(cli, path, err))
        return err->code;
    return open_writer(&cli->targets[cli->n_targets - 1], common_format_of(path), names, columns,
                       ret, err);
}

static bool wants_chart(const struct cli *cli) {
    return (cli->tool->shares & CLI_CHARTS) && cli_given(cli, "chart") && !cli->check;
}

/* As by --group with the name of a column that the result has anyway: no tool could read it. */
static int check_names(const char *const *names, size_t columns, struct error *err) {
    for (size_t i = 1; i < columns; i++)
        for (size_t j = 0; j < i; j++)
            if (strcmp(names[i], names[j]) == 0)
                return cli_usage(err,
                                 "the result would have two columns '%s', expected names that "
                                 "differ: leave that column of the input out, or rename it there",
                                 names[i]);
    return 0;
}

int cli_writer(struct cli *cli, const char *const *names, size_t columns, struct writer **ret,
               struct error *err) {
    assert((cli->tool->shares & CLI_WRITES) && "a tool that writes has CLI_WRITES");
    if (check_names(names, columns, err))
        return err->code;
    const enum writer_format format =
        cli->check ? WRITER_CSV : common_format(&cli->options, isatty(STDOUT_FILENO));
    if (open_writer(&cli->targets[0], format, names, columns, ret, err))
        return err->code;
    return wants_chart(cli) ? writer_copy(*ret, &cli->result, err) : 0;
}

int cli_stream(struct cli *cli, FILE **ret, struct error *err) {
    assert((cli->tool->shares & CLI_WRITES) && "a tool that writes has CLI_WRITES");
    (void)err;
    *ret = output_stream(cli->targets[0].output);
    return 0;
}

/* Before the work, so that a folder that does not exist costs no time. */
static int open_outputs(struct cli *cli, struct error *err) {
    if (!(cli->tool->shares & CLI_WRITES))
        return 0;
    return open_target(cli, cli_text(cli, "output"), err);
}

/* ---- The end of a good run ------------------------------------------------------------------- */

static int finish_writers(struct cli *cli, struct error *err) {
    for (size_t i = 0; i < cli->n_targets; i++) {
        const struct target *target = &cli->targets[i];
        if (!target->writer || !writer_finish(target->writer, err))
            continue;
        if (target->path)
            error_prefix(err, "'%s': ", target->path);
        return err->code;
    }
    return 0;
}

/* Copies what a table rejected behind what an earlier one did, without the second header. */
static int append_rejects(struct output *into, struct output *from, bool header,
                          struct error *err) {
    struct buffer rows = {0};
    int code = output_finish(from, err);
    if (!code)
        code = buffer_read_file(&rows, output_temporary(from), err);
    if (!code && rows.length > 0) {
        const char *start = header ? rows.bytes : strchr(rows.bytes, '\n') + 1;
        fwrite(start, 1, rows.length - (size_t)(start - rows.bytes), output_stream(into));
    }
    buffer_free(&rows);
    return code;
}

static bool keeps_rejects(const struct cli *cli) {
    return (cli->tool->shares & CLI_READS) && cli_given(cli, "rejects") && !cli->check;
}

/* One table's rejects are ready as they are; those of several go into one file. */
static int finish_rejects(struct cli *cli, struct error *err) {
    struct output *into = NULL;
    if (!keeps_rejects(cli) || !cli->tables)
        return 0;
    if (cli->tables->next && cli_output(cli, cli_text(cli, "rejects"), &into, err))
        return err->code;
    for (struct opened *at = cli->tables; at; at = at->next) {
        struct output *rejects = NULL;
        int code = table_take_rejects(at->table, &rejects, err);
        if (!code && rejects)
            code = into ? append_rejects(into, rejects, at == cli->tables, err)
                        : cli_adopt(cli, &rejects, err);
        output_abandon(&rejects);
        if (code)
            return code;
    }
    return 0;
}

static void say_skipped(struct cli *cli, const struct table_summary *read) {
    cli_warn(cli, "skipped %" PRIu64 " of %" PRIu64 " row%s; the first: %s%s", read->bad_rows,
             read->rows + read->bad_rows, plural(read->rows + read->bad_rows), read->first_bad,
             cli->check || keeps_rejects(cli) ? "" : "; --rejects FILE keeps them");
}

static void say_read(struct cli *cli) {
    uint64_t rows = 0, bad_rows = 0;
    for (const struct opened *at = cli->tables; at; at = at->next) {
        struct table_summary read;
        table_summarise(at->table, &read);
        cli_note(cli, "read %" PRIu64 " row%s from %zu file%s, %" PRIu64 " bytes", read.rows,
                 plural(read.rows), read.files, plural(read.files), read.bytes);
        if (read.blank_lines > 0)
            cli_note(cli, "passed over %" PRIu64 " blank line%s", read.blank_lines,
                     plural(read.blank_lines));
        if (read.bad_rows > 0)
            say_skipped(cli, &read);
        rows += read.rows;
        bad_rows += read.bad_rows;
    }
    if (!cli->check)
        return;
    cli_warn(cli, "%" PRIu64 " row%s in %zu file%s: %s", rows, plural(rows), cli->n_inputs,
             plural(cli->n_inputs), bad_rows ? "faults found, see above" : "no fault found");
}

static void say_written(struct cli *cli) {
    for (size_t i = 0; i < cli->n_targets && !cli->check; i++) {
        const struct target *target = &cli->targets[i];
        if (!target->writer)
            continue;
        const uint64_t rows = writer_rows(target->writer);
        cli_note(cli, "wrote %" PRIu64 " row%s to %s", rows, plural(rows),
                 target->path ? target->path : "standard output");
    }
}

static int draw_chart(struct cli *cli, struct error *err) {
    if (!wants_chart(cli))
        return 0;
    const struct chart_options options = {.title = cli_text(cli, "title"),
                                          .source = cli_text(cli, "source"),
                                          .colors = cli_text(cli, "colors")};
    struct output *picture;
    if (chart_draw(cli->tool->name, &cli->result, &options, cli_text(cli, "chart"), &picture, err))
        return err->code;
    return cli_adopt(cli, &picture, err);
}

static int write_provenance(struct cli *cli, struct error *err) {
    struct output *output;
    if (!(cli->tool->shares & CLI_WRITES) || !cli_given(cli, "provenance") || cli->check)
        return 0;
    if (cli_output(cli, cli_text(cli, "provenance"), &output, err))
        return err->code;
    return provenance_write(output_stream(output), cli->tool, &cli->options, cli->argc, cli->argv,
                            cli->inputs, cli->n_inputs, err);
}

/* Everything is on disk before the first name appears, and the tool's own output, which Make waits
 * for, appears last. */
static int commit_outputs(struct cli *cli, struct error *err) {
    for (size_t i = 0; i < cli->n_targets; i++)
        if (output_finish(cli->targets[i].output, err))
            return err->code;
    if (check_standard_output(err))
        return err->code;
    for (size_t i = cli->n_targets; i-- > 0;)
        if (output_commit(&cli->targets[i].output, err))
            return err->code;
    return 0;
}

static int finish(struct cli *cli, struct error *err) {
    if (finish_writers(cli, err) || finish_rejects(cli, err) || draw_chart(cli, err) ||
        write_provenance(cli, err) || commit_outputs(cli, err))
        return err->code;
    say_read(cli);
    say_written(cli);
    return 0;
}

/* ---- cli_main -------------------------------------------------------------------------------- */

static void cli_destroy(struct cli *cli) {
    for (size_t i = 0; i < cli->n_targets; i++) {
        writer_destroy(cli->targets[i].writer);
        output_abandon(&cli->targets[i].output);
    }
    for (struct opened *at = cli->tables; at; at = at->next)
        table_close(at->table);
    free(cli->targets);
    free(cli->inputs);
    sheet_free(&cli->result);
    options_free(&cli->options);
    arena_free(&cli->arena);
    progress_end(&cli->progress);
}

static int print_help(const struct cli *cli, struct error *err) {
    struct buffer text = {0};
    struct output *output = NULL;
    if (cli_flag(cli, "help"))
        help_write(&text, cli->tool, &cli->options);
    else
        help_version(&text, cli->tool);
    int code = buffer_check(&text, err);
    if (!code)
        code = output_open(&output, NULL, err);
    if (!code) {
        fputs(text.bytes, output_stream(output));
        code = output_commit(&output, err);
    }
    buffer_free(&text);
    return code ? code : check_standard_output(err);
}

static enum progress_when when_to_show(const struct cli *cli) {
    return cli_choice(cli, "progress", "always")  ? PROGRESS_ALWAYS
           : cli_choice(cli, "progress", "never") ? PROGRESS_NEVER
                                                  : PROGRESS_AUTO;
}

static int work(struct cli *cli, struct error *err) {
    if (options_parse(&cli->options, cli->tool, cli->argc, cli->argv, err))
        return err->code;
    if (cli_flag(cli, "help") || cli_flag(cli, "version"))
        return print_help(cli, err);
    progress_end(&cli->progress);
    progress_begin(&cli->progress, when_to_show(cli));
    cli->check = (cli->tool->shares & CLI_WRITES) && cli_flag(cli, "check");
    if (open_outputs(cli, err))
        return err->code;
    if (cli->tool->run(cli, err) && !err->code)
        error_set(err, ERROR_SYSTEM, "failed without saying why");
    return err->code ? err->code : finish(cli, err);
}

int cli_main(const struct cli_tool *tool, int argc, char **argv) {
    struct cli cli = {.tool = tool, .argc = argc, .argv = argv};
    cli.last_table = &cli.tables;
    struct error err = {0};
    occupy_standard_files();
    handle_signals();
    gsl_set_error_handler_off(); /* every status is checked where it arises */
    progress_begin(&cli.progress, PROGRESS_NEVER);
    work(&cli, &err);
    const bool closed_pipe = err.code == ERROR_SYSTEM && !err.text[0];
    if (err.code == ERROR_USAGE)
        cli_warn(&cli, "%s; try '%s --help'", err.text, tool->name);
    else if (err.code && !closed_pipe)
        cli_warn(&cli, "%s", err.text);
    cli_destroy(&cli);
    return closed_pipe ? die_of_closed_pipe() : err.code;
}
