/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The life of a tool, in a process of its own: what it prints, what it leaves behind, and how it
 * ends. */
#include "chart/template.h"
#include "cli/cli.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

/* ---- A tool to try things on ----------------------------------------------------------------- */

/* In place of those of plots/: a chart for the tool below, as a script, which needs no gnuplot. */
static const char *const style[] = {"# style\n", NULL};
static const char *const template[] = {"# shape: slope group=user x=n y=n\n", "# title: Tries\n",
                                       "plot 1\n", NULL};
const struct template_file template_files[] = {
    {TEMPLATE_STYLE, style}, {"try-it", template}, {NULL, NULL}};

static const struct cli_option own[] = {
    {.name = "second", .type = CLI_FILE, .help = "a second table to read"},
    {.name = "beside", .type = CLI_FILE, .help = "a second table to write"},
    {.name = "bytes", .type = CLI_FILE, .help = "a second file to write"},
    {.name = "uses", .type = CLI_FILE, .help = "a file that is used"},
    {.name = "end",
     .type = CLI_CHOICE,
     .range = "well|usage|silent|term|many|ignored",
     .fallback = "well",
     .help = "how to end"},
    {.name = "stream", .type = CLI_FLAG, .help = "write no table"},
    {0},
};

static const struct table_column columns[] = {{.name = "user", .type = TABLE_TEXT},
                                              {.name = "n", .type = TABLE_INTEGER}};
static const char *const names[] = {"user", "n"};

static int read_rows(struct table *table, const struct table_batch **ret, struct error *err) {
    *ret = NULL;
    const int code = table_bind(table, columns, 2, err);
    return code ? code : table_read(table, ret, err);
}

static void write_rows(struct writer *writer, const struct table_batch *batch) {
    for (size_t i = 0; i < batch->rows; i++) {
        writer_text(writer, batch->columns[0].text[i]);
        writer_integer(writer, batch->columns[1].integer[i]);
    }
}

static int write_beside(struct cli *cli, struct error *err) {
    struct writer *writer;
    struct output *output;
    if (cli_text(cli, "beside")) {
        if (cli_output_table(cli, cli_text(cli, "beside"), names, 2, &writer, err))
            return err->code;
        writer_string(writer, "beside");
        writer_integer(writer, 1);
    }
    if (cli_text(cli, "bytes")) {
        if (cli_output(cli, cli_text(cli, "bytes"), &output, err))
            return err->code;
        fputs("bytes\n", output_stream(output));
    }
    return 0;
}

static int end(struct cli *cli, struct writer *writer, struct error *err) {
    if (cli_choice(cli, "end", "usage"))
        return cli_usage(err, "'%s' makes no sense", "x\x1b[2J\ny\xc2\x9b");
    if (cli_choice(cli, "end", "silent"))
        return ERROR_DATA;
    if (cli_choice(cli, "end", "term"))
        raise(SIGTERM);
    if (cli_choice(cli, "end", "ignored"))
        raise(SIGINT);
    for (int64_t i = 0; cli_choice(cli, "end", "many") && i < 1000000; i++) {
        if (writer_failed(writer))
            break;
        writer_string(writer, "many");
        writer_integer(writer, i);
    }
    return 0;
}

static int run(struct cli *cli, struct error *err) {
    struct table *table;
    const struct table_batch *batch;
    struct writer *writer;
    FILE *stream;
    if (cli_text(cli, "uses") && cli_input(cli, cli_text(cli, "uses"), err))
        return err->code;
    if (cli_open(cli, &table, err) || read_rows(table, &batch, err))
        return err->code;
    cli_note(cli, "assumed nothing");
    if (cli_flag(cli, "stream")) {
        if (cli_stream(cli, &stream, err))
            return err->code;
        fprintf(stream, "%zu rows\n", batch->rows);
        return write_beside(cli, err);
    }
    if (cli_writer(cli, names, 2, &writer, err))
        return err->code;
    write_rows(writer, batch);
    if (cli_text(cli, "second")) {
        if (cli_open_file(cli, cli_text(cli, "second"), &table, err) ||
            read_rows(table, &batch, err))
            return err->code;
        write_rows(writer, batch);
    }
    return write_beside(cli, err) ? err->code : end(cli, writer, err);
}

static const struct cli_tool tool = {
    .name = "try-it",
    .summary = "tries things",
    .operands = "[FILE]...",
    .max_operands = -1,
    .shares = CLI_READS | CLI_WRITES | CLI_CHARTS | CLI_RANDOM,
    .options = own,
    .run = run,
};

/* ---- Running it in a folder of its own ------------------------------------------------------- */

static char folder[] = "/tmp/sojourn-cli-XXXXXX";

static void write_file(const char *name, const char *bytes) {
    FILE *file = fopen(name, "w");
    assert_non_null(file);
    fputs(bytes, file);
    assert_int_equal(fclose(file), 0);
}

static char *read_file(const char *name, char *text, size_t size) {
    FILE *file = fopen(name, "r");
    if (!file)
        return NULL;
    const size_t n = fread(text, 1, size - 1, file);
    text[n] = '\0';
    fclose(file);
    return text;
}

static void assert_file(const char *name, const char *bytes) {
    char text[4096];
    if (!read_file(name, text, sizeof text))
        fail_msg("'%s' is not there", name);
    assert_string_equal(text, bytes);
}

static int set_up(void **state) {
    (void)state;
    if (!mkdtemp(folder) || chdir(folder) != 0)
        return -1;
    write_file("good.csv", "user,n\na,1\nb,2\n");
    write_file("bad.csv", "user,n\na,1\n\nb,x\nc,3\n");
    write_file("ragged.csv", "user,n\nq,4\n\"r\",5,6\n");
    write_file("empty", "");
    write_file("header.csv", "user,n\n");
    return 0;
}

/* Everything but the files that set_up has put there, sorted; removes them. */
static const char *left_over(void) {
    static const char *const expected[] = {".",          "..",         "good.csv", "bad.csv",
                                           "ragged.csv", "header.csv", "empty",    "header.csv",
                                           "out",        "err"};
    static char list[1024];
    size_t length = 0;
    struct dirent **entries;
    const int n = scandir(".", &entries, NULL, alphasort);
    assert_true(n >= 0);
    list[0] = '\0';
    for (int i = 0; i < n; i++) {
        bool known = false;
        for (size_t j = 0; j < sizeof expected / sizeof *expected; j++)
            known = known || strcmp(entries[i]->d_name, expected[j]) == 0;
        if (!known) {
            length += (size_t)snprintf(list + length, sizeof list - length, "%s%s",
                                       length ? " " : "", entries[i]->d_name);
            remove(entries[i]->d_name);
        }
        free(entries[i]);
    }
    free(entries);
    return list;
}

static int tear_down(void **state) {
    (void)state;
    left_over();
    static const char *const mine[] = {"good.csv", "bad.csv",    "ragged.csv", "header.csv",
                                       "empty",    "header.csv", "out",        "err"};
    for (size_t i = 0; i < sizeof mine / sizeof *mine; i++)
        remove(mine[i]);
    return chdir("/") == 0 ? rmdir(folder) : -1;
}

/* What the child's standard files are; 0 is the usual: nothing in, files "out" and "err". */
struct standard {
    int in, out, err;
    bool close_out, close_err;
    bool ignore_interrupt;
};

enum { MOST_ARGUMENTS = 20 };

static void become_tool(const struct standard *standard, char *line) {
    char *argv[MOST_ARGUMENTS + 1] = {line};
    int argc = 0;
    for (char *rest = line, *word; (word = strtok_r(rest, " ", &rest));)
        argv[argc++] = word;
    dup2(standard->in ? standard->in : open("/dev/null", O_RDONLY), STDIN_FILENO);
    dup2(standard->out ? standard->out : open("out", O_WRONLY | O_CREAT | O_TRUNC, 0666),
         STDOUT_FILENO);
    dup2(standard->err ? standard->err : open("err", O_WRONLY | O_CREAT | O_TRUNC, 0666),
         STDERR_FILENO);
    if (standard->close_out)
        close(STDOUT_FILENO);
    if (standard->close_err)
        close(STDERR_FILENO);
    signal(SIGINT, standard->ignore_interrupt ? SIG_IGN : SIG_DFL);
    signal(SIGTERM, SIG_DFL);
    _exit(cli_main(&tool, argc, argv)); /* it must have flushed everything itself */
}

/* The exit status as a shell gives it: 128 and more for a signal. */
static int run_with(const struct standard *standard, const char *line) {
    char copy[512];
    int status;
    snprintf(copy, sizeof copy, "try-it %s", line);
    remove("out");
    remove("err");
    const pid_t child = fork();
    if (child == 0)
        become_tool(standard, copy);
    assert_true(child > 0);
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

static int try(const char *line) {
    const struct standard usual = {0};
    return run_with(&usual, line);
}

/* ---- Writing --------------------------------------------------------------------------------- */

static void test_result_on_standard_output(void **state) {
    (void)state;
    assert_int_equal(try("good.csv"), 0);
    assert_file("out", "user,n\na,1\nb,2\n");
    assert_file("err", "");
    assert_int_equal(try("-f json - good.csv"), 1); /* an empty standard input has no header */
    assert_file("out", "");
    assert_int_equal(try("good.csv -f table"), 0);
    assert_file("out", "user  n\n----  -\na     1\nb     2\n");
    assert_string_equal(left_over(), "");
}

static void test_format_by_extension(void **state) {
    (void)state;
    static const struct {
        const char *arguments, *file, *bytes;
    } cases[] = {
        {"-o r.csv", "r.csv", "user,n\na,1\nb,2\n"},
        {"-o r", "r", "user,n\na,1\nb,2\n"},
        {"-o r.tsv", "r.tsv", "user\tn\na\t1\nb\t2\n"},
        {"-or.json", "r.json", "[\n{\"user\": \"a\", \"n\": 1},\n{\"user\": \"b\", \"n\": 2}\n]\n"},
        {"-o r.md", "r.md", "| user |   n |\n| ---- | --: |\n| a    |   1 |\n| b    |   2 |\n"},
        {"-o r.json -f csv", "r.json", "user,n\na,1\nb,2\n"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char line[128];
        snprintf(line, sizeof line, "good.csv %s", cases[i].arguments);
        assert_int_equal(try(line), 0);
        assert_file("out", "");
        assert_file("err", "");
        assert_file(cases[i].file, cases[i].bytes);
        assert_string_equal(left_over(), cases[i].file);
    }
}

static void test_all_outputs(void **state) {
    (void)state;
    assert_int_equal(try("good.csv -o r.csv --beside b.json --bytes x.txt --chart c.gp --title T "
                         "--provenance p.json"),
                     0);
    assert_file("r.csv", "user,n\na,1\nb,2\n");
    assert_file("b.json", "[\n{\"user\": \"beside\", \"n\": 1}\n]\n");
    assert_file("x.txt", "bytes\n");
    char script[65536];
    assert_non_null(read_file("c.gp", script, sizeof script));
    assert_non_null(strstr(script, "'T'"));
    assert_non_null(strstr(script, "\nplot 1\n"));
    assert_string_equal(left_over(), "b.json c.gp p.json r.csv x.txt");
}

static void test_stream(void **state) {
    (void)state;
    assert_int_equal(try("good.csv --stream -o r.txt"), 0);
    assert_file("r.txt", "2 rows\n");
    assert_int_equal(try("good.csv --stream"), 0);
    assert_file("out", "2 rows\n");
    assert_string_equal(left_over(), "r.txt");
}

/* Whatever goes wrong, and however late: nothing new, and what was there is as it was. */
static void test_failure_leaves_no_target(void **state) {
    (void)state;
    static const struct {
        int status;
        const char *arguments, *message;
    } cases[] = {
        {1, "bad.csv", "try-it: bad.csv:4:2: found 'x' in column 'n', expected a whole number\n"},
        {1, "good.csv --second bad.csv",
         "try-it: bad.csv:4:2: found 'x' in column 'n', expected a whole number\n"},
        {3, "none.csv", "try-it: cannot open 'none.csv': No such file or directory\n"},
        {3, "good.csv --chart no/c.gp",
         "try-it: cannot write 'no/c.gp': No such file or directory\n"},
        {1, "header.csv --chart c.gp", "try-it: the table has no rows: there is nothing to draw\n"},
        {3, "good.csv --beside /dev/full",
         "try-it: '/dev/full': cannot write the result: No space left on device\n"},
        {3, "good.csv --bytes /dev/full",
         "try-it: cannot write '/dev/full': No space left on device\n"},
        {3, "good.csv --provenance /dev/full",
         "try-it: cannot write '/dev/full': No space left on device\n"},
        {3, "good.csv --bytes no/folder",
         "try-it: cannot write 'no/folder': No such file or directory\n"},
        {2, "good.csv --bytes r.csv", "try-it: two outputs go to 'r.csv'; try 'try-it --help'\n"},
        {2, "good.csv --end usage",
         "try-it: 'x\\x1b[2J\\x0ay\\xc2\x9b' makes no sense; try 'try-it --help'\n"},
        {3, "good.csv --end silent", "try-it: failed without saying why\n"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char line[256];
        snprintf(line, sizeof line, "%s -o r.csv", cases[i].arguments);
        write_file("r.csv", "as it was\n");
        assert_int_equal(try(line), cases[i].status);
        assert_file("out", "");
        assert_file("err", cases[i].message);
        assert_file("r.csv", "as it was\n");
        assert_string_equal(left_over(), "r.csv");
        assert_int_equal(try(line), cases[i].status);
        assert_string_equal(left_over(), "");
    }
}

static void test_unwritable_result(void **state) {
    (void)state;
    assert_int_equal(try("good.csv -o no/folder"), 3);
    assert_file("err", "try-it: cannot write 'no/folder': No such file or directory\n");
    assert_int_equal(try("good.csv -o /dev/full --beside b.csv"), 3);
    assert_file("err", "try-it: '/dev/full': cannot write the result: No space left on device\n");
    assert_int_equal(try("good.csv -o /dev/full --stream --bytes b.csv"), 3);
    assert_file("err", "try-it: cannot write '/dev/full': No space left on device\n");
    assert_string_equal(left_over(), "");
}

/* ---- Standard output ------------------------------------------------------------------------- */

static void test_full_standard_output(void **state) {
    (void)state;
    static const char *const lines[] = {"good.csv --beside b.csv", "good.csv --stream", "--help",
                                        "--version"};
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        const struct standard full = {.out = open("/dev/full", O_WRONLY)};
        assert_int_equal(run_with(&full, lines[i]), 3);
        close(full.out);
        char text[256];
        assert_non_null(strstr(read_file("err", text, sizeof text), "No space left on device\n"));
        assert_string_equal(left_over(), "");
    }
}

static void test_closed_standard_output(void **state) {
    (void)state;
    const struct standard closed = {.close_out = true};
    char text[256];
    assert_int_equal(run_with(&closed, "good.csv"), 3);
    assert_non_null(strstr(read_file("err", text, sizeof text), "Bad file descriptor\n"));
    assert_int_equal(run_with(&closed, "--help"), 3);
    /* Nobody needs it here; and it must not become the number of the file that is written. */
    assert_int_equal(run_with(&closed, "good.csv -o r.csv"), 0);
    assert_file("r.csv", "user,n\na,1\nb,2\n");
    assert_file("err", "");
    assert_string_equal(left_over(), "r.csv");
}

/* Messages must not end up in the file that happens to get the free number. */
static void test_closed_standard_error(void **state) {
    (void)state;
    const struct standard closed = {.close_err = true};
    assert_int_equal(run_with(&closed, "good.csv -v -o r.csv"), 0);
    assert_file("r.csv", "user,n\na,1\nb,2\n");
    assert_string_equal(left_over(), "r.csv");
}

/* Quietly, as the signal: and without any other output. */
static void test_closed_pipe(void **state) {
    (void)state;
    static const char *const lines[] = {"good.csv --beside b.csv", "good.csv --end many",
                                        "good.csv --stream --bytes x", "--help"};
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        int ends[2];
        assert_int_equal(pipe(ends), 0);
        close(ends[0]);
        const struct standard closed = {.out = ends[1]};
        assert_int_equal(run_with(&closed, lines[i]), 128 + SIGPIPE);
        close(ends[1]);
        assert_file("err", "");
        assert_string_equal(left_over(), "");
    }
}

static void test_help_and_version(void **state) {
    (void)state;
    char text[256];
    assert_int_equal(try("-h --nonsense"), 0);
    assert_memory_equal(read_file("out", text, sizeof text), "Usage: try-it [OPTION]...", 25);
    assert_file("err", "");
    assert_int_equal(try("none.csv --version"), 0);
    assert_memory_equal(read_file("out", text, sizeof text), "try-it (sojourn) ", 17);
    assert_int_equal(try("--nonsense --help"), 2);
    assert_file("out", "");
    assert_string_equal(left_over(), "");
}

/* ---- Signals --------------------------------------------------------------------------------- */

static void test_signals(void **state) {
    (void)state;
    assert_int_equal(try("good.csv -o r.csv --bytes x --end term"), 128 + SIGTERM);
    assert_file("err", "");
    assert_string_equal(left_over(), "");
    assert_int_equal(try("good.csv -o r.csv --end ignored"), 128 + SIGINT);
    assert_string_equal(left_over(), "");
    const struct standard background = {.ignore_interrupt = true};
    assert_int_equal(run_with(&background, "good.csv -o r.csv --end ignored"), 0);
    assert_string_equal(left_over(), "r.csv");
}

/* ---- Saying ---------------------------------------------------------------------------------- */

static void test_verbose(void **state) {
    (void)state;
    assert_int_equal(try("bad.csv -v --bad-rows=skip -o r.csv"), 0);
    assert_file("err", "try-it: assumed nothing\n"
                       "try-it: read 2 rows from 1 file, 20 bytes\n"
                       "try-it: passed over 1 blank line\n"
                       "try-it: skipped 1 of 3 rows; the first: bad.csv:4:2: found 'x' in column "
                       "'n', expected a whole number; --rejects FILE keeps them\n"
                       "try-it: wrote 2 rows to r.csv\n");
    assert_string_equal(left_over(), "r.csv");
}

static void test_rejects_of_two_tables(void **state) {
    (void)state;
    assert_int_equal(try("bad.csv --second ragged.csv --bad-rows=skip --rejects j.csv"), 0);
    assert_file("out", "user,n\na,1\nc,3\nq,4\n");
    assert_file("j.csv",
                "file,line,column,reason,record\n"
                "bad.csv,4,2,\"found 'x' in column 'n', expected a whole number\",\"b,x\"\n"
                "ragged.csv,3,,\"found 3 fields, expected 2 (user,n)\",\"\"\"r\"\",5,6\"\n");
    assert_file("err", "try-it: skipped 1 of 3 rows; the first: bad.csv:4:2: found 'x' in column "
                       "'n', expected a whole number\n"
                       "try-it: skipped 1 of 2 rows; the first: ragged.csv:3: found 3 fields, "
                       "expected 2 (user,n)\n");
    assert_string_equal(left_over(), "j.csv");
    assert_int_equal(try("bad.csv --bad-rows=skip --rejects j.csv"), 0);
    assert_file("j.csv",
                "file,line,column,reason,record\n"
                "bad.csv,4,2,\"found 'x' in column 'n', expected a whole number\",\"b,x\"\n");
    assert_string_equal(left_over(), "j.csv");
}

static void test_check(void **state) {
    (void)state;
    assert_int_equal(try("--check good.csv good.csv -o r.csv --chart c.gp --beside b.csv "
                         "--provenance p"),
                     0);
    assert_file("out", "");
    assert_file("err", "try-it: 4 rows in 2 files: no fault found\n");
    assert_int_equal(try("--check bad.csv"), 1);
    assert_file("out", "");
    assert_int_equal(try("--check bad.csv --bad-rows=skip --rejects j.csv"), 0);
    assert_file("err", "try-it: skipped 1 of 3 rows; the first: bad.csv:4:2: found 'x' in column "
                       "'n', expected a whole number\n"
                       "try-it: 2 rows in 1 file: faults found, see above\n");
    assert_string_equal(left_over(), "");
}

/* ---- Provenance ------------------------------------------------------------------------------ */

static void test_provenance(void **state) {
    (void)state;
    json_error_t why;
    assert_int_equal(try("good.csv --uses empty --seed 7 -o r.csv --provenance p.json"), 0);
    json_t *p = json_load_file("p.json", 0, &why);
    assert_non_null(p);
    const char *name, *version, *first, *last;
    json_int_t seed;
    json_t *command, *inputs;
    assert_int_equal(json_unpack_ex(p, &why, JSON_STRICT, "{s:s, s:s, s:o, s:I, s:o}", "tool",
                                    &name, "version", &version, "command", &command, "seed", &seed,
                                    "inputs", &inputs),
                     0);
    assert_string_equal(name, "try-it");
    assert_string_equal(version, SOJOURN_VERSION);
    assert_int_equal(seed, 7);
    assert_int_equal(json_array_size(command), 10);
    first = json_string_value(json_array_get(command, 1));
    last = json_string_value(json_array_get(command, 9));
    assert_string_equal(first, "good.csv");
    assert_string_equal(last, "p.json");
    assert_int_equal(json_array_size(inputs), 2);
    /* The checksum of no bytes, as the documentation of xxHash gives it. */
    const json_t *empty = json_array_get(inputs, 0);
    assert_string_equal(json_string_value(json_object_get(empty, "path")), "empty");
    assert_int_equal(json_integer_value(json_object_get(empty, "bytes")), 0);
    assert_string_equal(json_string_value(json_object_get(empty, "xxh3-128")),
                        "99aa06d3014798d86001c324468d497f");
    assert_int_equal(json_integer_value(json_object_get(json_array_get(inputs, 1), "bytes")), 15);
    json_decref(p);
    assert_string_equal(left_over(), "p.json r.csv");
}

static void test_provenance_of_standard_input(void **state) {
    (void)state;
    json_error_t why;
    const struct standard piped = {.in = open("good.csv", O_RDONLY)};
    assert_int_equal(run_with(&piped, "-o r.csv --provenance p.json --na \xff"), 0);
    close(piped.in);
    json_t *p = json_load_file("p.json", 0, &why);
    assert_non_null(p);
    const json_t *input = json_array_get(json_object_get(p, "inputs"), 0);
    assert_string_equal(json_string_value(json_object_get(input, "path")), "-");
    assert_true(json_is_null(json_object_get(input, "bytes")));
    assert_true(json_is_null(json_object_get(input, "xxh3-128")));
    assert_true(json_is_string(json_object_get(input, "note")));
    const json_t *na = json_array_get(json_object_get(p, "command"), 6);
    assert_string_equal(json_string_value(na), "\\xff");
    json_decref(p);
    assert_string_equal(left_over(), "p.json r.csv");
}

/* ---- Terminals ------------------------------------------------------------------------------- */

struct terminal {
    int person; /* what a person types and sees */
    int tool;
};

static struct terminal open_terminal(void) {
    struct terminal terminal = {.person = posix_openpt(O_RDWR | O_NOCTTY)};
    assert_true(terminal.person >= 0 && grantpt(terminal.person) == 0);
    assert_int_equal(unlockpt(terminal.person), 0);
    terminal.tool = open(ptsname(terminal.person), O_RDWR | O_NOCTTY);
    assert_true(terminal.tool >= 0);
    return terminal;
}

static void close_terminal(struct terminal *terminal) {
    close(terminal->tool);
    close(terminal->person);
}

static void test_table_on_a_terminal(void **state) {
    (void)state;
    char text[256];
    struct terminal terminal = open_terminal();
    const struct standard shown = {.out = terminal.tool};
    assert_int_equal(run_with(&shown, "good.csv"), 0);
    const ssize_t n = read(terminal.person, text, sizeof text - 1);
    assert_true(n > 0);
    text[n] = '\0';
    assert_string_equal(text, "user  n\r\n----  -\r\na     1\r\nb     2\r\n");
    close_terminal(&terminal);
    assert_string_equal(left_over(), "");
}

static void test_reading_from_a_terminal(void **state) {
    (void)state;
    static const char typed[] = "user,n\nz,9\n\x04";
    struct terminal terminal = open_terminal();
    const struct standard typing = {.in = terminal.tool};
    assert_int_equal(write(terminal.person, typed, sizeof typed - 1), sizeof typed - 1);
    assert_int_equal(run_with(&typing, ""), 0);
    assert_file("out", "user,n\nz,9\n");
    assert_file("err", "try-it: reading from the terminal; give a FILE or see --help\n");
    close_terminal(&terminal);
    assert_string_equal(left_over(), "");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_result_on_standard_output),
        cmocka_unit_test(test_format_by_extension),
        cmocka_unit_test(test_all_outputs),
        cmocka_unit_test(test_stream),
        cmocka_unit_test(test_failure_leaves_no_target),
        cmocka_unit_test(test_unwritable_result),
        cmocka_unit_test(test_full_standard_output),
        cmocka_unit_test(test_closed_standard_output),
        cmocka_unit_test(test_closed_standard_error),
        cmocka_unit_test(test_closed_pipe),
        cmocka_unit_test(test_help_and_version),
        cmocka_unit_test(test_signals),
        cmocka_unit_test(test_verbose),
        cmocka_unit_test(test_rejects_of_two_tables),
        cmocka_unit_test(test_check),
        cmocka_unit_test(test_provenance),
        cmocka_unit_test(test_provenance_of_standard_input),
        cmocka_unit_test(test_table_on_a_terminal),
        cmocka_unit_test(test_reading_from_a_terminal),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
