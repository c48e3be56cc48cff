/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Command lines: every way of writing one, and the exact words about every way of getting it
 * wrong. */
#include "cli/options.h"
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static const struct cli_option own[] = {
    {.name = "group", .letter = 'g', .type = CLI_COLUMN, .many = true, .help = "groups"},
    {.name = "interval",
     .type = CLI_CHOICE,
     .range = "log|log-log|plain",
     .fallback = "log",
     .help = "kind"},
    {.name = "rows",
     .letter = 'n',
     .type = CLI_INTEGER,
     .range = "[0,inf)",
     .fallback = "3",
     .help = "rows"},
    {.name = "share", .type = CLI_NUMBER, .range = "[0,1)", .help = "share"},
    {.name = "any", .type = CLI_NUMBER, .help = "any number"},
    {.name = "arpu",
     .type = CLI_DECIMAL,
     .range = "(0,1000.5]",
     .fallback = "1.25",
     .help = "money"},
    {.name = "at", .type = CLI_DECIMALS, .range = "[0,100)", .help = "times"},
    {.name = "as-of", .type = CLI_DATE, .help = "date"},
    {.name = "summary", .letter = 's', .type = CLI_FLAG, .conflicts = "test rows", .help = "sum"},
    {.name = "test", .letter = 't', .type = CLI_FLAG, .help = "test"},
    {.name = "time", .type = CLI_COLUMN, .needs = "status", .help = "durations"},
    {.name = "status", .type = CLI_TEXT, .help = "events"},
    {.name = "graph", .type = CLI_FILE, .help = "a file"},
    {0},
};

static const struct cli_tool tool = {
    .name = "try-it",
    .operands = "[FILE]...",
    .max_operands = -1,
    .shares = CLI_READS | CLI_WRITES | CLI_CHARTS | CLI_CONFIDENCE | CLI_RANDOM,
    .options = own,
};

enum { MOST_ARGUMENTS = 16 };

/* Splits a command line at blanks; '' is an empty argument. Returns what options_parse does. */
static int parse(struct options *options, const struct cli_tool *of, const char *line,
                 struct error *err) {
    static char copy[512]; /* the options keep slices of it */
    static char name[] = "try-it";
    char *argv[MOST_ARGUMENTS + 1] = {name};
    int argc = 1;
    snprintf(copy, sizeof copy, "%s", line);
    for (char *rest = copy, *word; (word = strtok_r(rest, " ", &rest)); argc++) {
        assert_true(argc < MOST_ARGUMENTS);
        argv[argc] = strcmp(word, "''") == 0 ? word + 2 : word;
    }
    *options = (struct options){0};
    *err = (struct error){0};
    return options_parse(options, of, argc, argv, err);
}

static void good(struct options *options, const char *line) {
    struct error err;
    if (parse(options, &tool, line, &err))
        fail_msg("'%s': %s", line, err.text);
}

/* ---- Writing them ---------------------------------------------------------------------------- */

static void test_defaults(void **state) {
    (void)state;
    struct options options;
    good(&options, "");
    assert_string_equal(options_find(&options, "interval")->text, "log");
    assert_int_equal(options_find(&options, "rows")->integer, 3);
    assert_int_equal(options_find(&options, "rows")->given, 0);
    assert_true(options_find(&options, "arpu")->decimal == 1250000);
    assert_true(options_find(&options, "confidence")->number == 0.95);
    assert_int_equal(options_find(&options, "seed")->integer, 1);
    assert_null(options_find(&options, "group")->text);
    assert_int_equal(options.n_operands, 0);
    options_free(&options);
}

static void test_ways_to_give_a_value(void **state) {
    (void)state;
    static const char *const lines[] = {
        "--rows 12", "--rows=12", "-n12",     "-n 12",
        "-vn12",     "-vn 12",    "-v -n 12", "--rows 12 --verbose"};
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        struct options options;
        good(&options, lines[i]);
        assert_int_equal(options_find(&options, "rows")->integer, 12);
        assert_int_equal(options_find(&options, "rows")->given, 1);
        options_free(&options);
    }
}

static void test_grouped_flags(void **state) {
    (void)state;
    struct options options;
    good(&options, "-tvv");
    assert_int_equal(options_find(&options, "test")->given, 1);
    assert_int_equal(options_find(&options, "verbose")->given, 2);
    options_free(&options);
}

static void test_operands_anywhere(void **state) {
    (void)state;
    struct options options;
    good(&options, "a.csv --rows 2 - -t b.csv -- --rows -t --");
    assert_int_equal(options.n_operands, 6);
    assert_string_equal(options.operands[0], "a.csv");
    assert_string_equal(options.operands[1], "-");
    assert_string_equal(options.operands[2], "b.csv");
    assert_string_equal(options.operands[3], "--rows");
    assert_string_equal(options.operands[4], "-t");
    assert_string_equal(options.operands[5], "--");
    assert_int_equal(options_find(&options, "rows")->integer, 2);
    options_free(&options);
}

static void test_typed_values(void **state) {
    (void)state;
    struct options options;
    good(&options, "--any -1e-3 --arpu 1000.5 --as-of 2025-01-19 --interval log-log --share 0");
    assert_true(options_find(&options, "any")->number == -1e-3);
    assert_true(options_find(&options, "arpu")->decimal == 1000500000);
    assert_int_equal(options_find(&options, "as-of")->date, 20107);
    assert_string_equal(options_find(&options, "interval")->text, "log-log");
    assert_true(options_find(&options, "share")->number == 0);
    options_free(&options);
}

static void test_lists(void **state) {
    (void)state;
    struct options options;
    decimal item = 0;
    good(&options, "--at 30,0.25,90");
    const char *list = options_find(&options, "at")->text;
    assert_true(option_list_item(list, 0, &item) && item == 30 * DECIMAL_ONE);
    assert_true(option_list_item(list, 1, &item) && item == DECIMAL_ONE / 4);
    assert_true(option_list_item(list, 2, &item) && item == 90 * DECIMAL_ONE);
    assert_false(option_list_item(list, 3, &item));
    options_free(&options);
}

static void test_many(void **state) {
    (void)state;
    struct options options;
    good(&options, "--group a -gb --group=c --group d=e");
    const struct option_value *group = options_find(&options, "group");
    assert_int_equal(group->given, 4);
    assert_string_equal(group->texts[0], "a");
    assert_string_equal(group->texts[1], "b");
    assert_string_equal(group->texts[2], "c");
    assert_string_equal(group->texts[3], "d=e");
    assert_string_equal(group->text, "d=e");
    options_free(&options);
}

/* A value may look like a letter's option, or be anything behind '='. */
static void test_values_that_look_like_options(void **state) {
    (void)state;
    struct options options;
    good(&options, "--status -t --na=--rows --na --not-one-of-ours");
    assert_string_equal(options_find(&options, "status")->text, "-t");
    assert_int_equal(options_find(&options, "test")->given, 0);
    const struct option_value *na = options_find(&options, "na");
    assert_string_equal(na->texts[0], "--rows");
    assert_string_equal(na->texts[1], "--not-one-of-ours");
    options_free(&options);
}

static void test_help_needs_nothing_else(void **state) {
    (void)state;
    struct options options;
    struct error err;
    const struct cli_tool strict = {
        .name = "try-it", .operands = "FILE", .min_operands = 1, .max_operands = 1};
    assert_int_equal(parse(&options, &strict, "--help --nonsense", &err), 0);
    assert_int_equal(options_find(&options, "help")->given, 1);
    options_free(&options);
    assert_int_equal(parse(&options, &strict, "-V", &err), 0);
    assert_int_equal(options_find(&options, "version")->given, 1);
    options_free(&options);
}

/* What a tool does not share it does not have. */
static void test_shares(void **state) {
    (void)state;
    struct options options;
    struct error err;
    const struct cli_tool bare = {.name = "try-it"};
    assert_int_equal(parse(&options, &bare, "--threads 2", &err), 0);
    assert_null(options_look_up(&options, "seed"));
    assert_null(options_look_up(&options, "output"));
    assert_null(options_look_up(&options, "column"));
    assert_null(options_look_up(&options, "chart"));
    assert_null(options_look_up(&options, "confidence"));
    assert_non_null(options_look_up(&options, "progress"));
    options_free(&options);
}

/* ---- Getting them wrong ---------------------------------------------------------------------- */

static void test_messages(void **state) {
    (void)state;
    static const struct {
        const char *line, *message;
    } cases[] = {
        {"--intervl log", "unknown option '--intervl' (did you mean '--interval'?)"},
        {"--interval=log --nothing-like-it=3", "unknown option '--nothing-like-it'"},
        {"--conf 0.9", "unknown option '--conf' (did you mean '--confidence'?)"},
        {"-q", "unknown option '-q'"},
        {"-confidence=0.9", "unknown option '-confidence=0.9' (did you mean '--confidence'?)"},
        {"-vq", "unknown option '-q' in '-vq'"},
        {"--rows", "option '--rows' needs a value"},
        {"-n", "option '--rows' needs a value"},
        {"--seed", "option '--seed' needs a value, N"},
        {"--status --time",
         "option '--status' needs a value, found '--time' (if that is the value: "
         "'--status=--time')"},
        {"--status -- x", "option '--status' needs a value, found '--' (if that is the value: "
                          "'--status=--')"},
        {"--test=yes", "option '--test' takes no value, found 'yes'"},
        {"--rows 1 --rows 2", "option '--rows' is given twice"},
        {"-tt", "option '--test' is given twice"},
        {"--rows 12abc", "option '--rows' takes a whole number of at least 0, found '12abc'"},
        {"--rows -1", "option '--rows' takes a whole number of at least 0, found '-1'"},
        {"--rows 99999999999999999999",
         "option '--rows' takes a whole number of at least 0, found '99999999999999999999'"},
        {"--rows ''", "option '--rows' takes a whole number of at least 0, found ''"},
        {"--share 1", "option '--share' takes a number of at least 0 and below 1, found '1'"},
        {"--share nan", "option '--share' takes a number of at least 0 and below 1, found 'nan'"},
        {"--any inf", "option '--any' takes a number, found 'inf'"},
        {"--any 1,5", "option '--any' takes a number, found '1,5'"},
        {"--arpu 0", "option '--arpu' takes a number above 0 and at most 1000.5, found '0'"},
        {"--arpu 1000.500001",
         "option '--arpu' takes a number above 0 and at most 1000.5, found '1000.500001'"},
        {"--at 30,,90",
         "option '--at' takes numbers of at least 0 and below 100, separated by commas, found "
         "'30,,90'"},
        {"--at 30,100",
         "option '--at' takes numbers of at least 0 and below 100, separated by commas, found "
         "'30,100'"},
        {"--at=", "option '--at' takes numbers of at least 0 and below 100, separated by commas, "
                  "found ''"},
        {"--as-of 2025-02-29", "option '--as-of' takes a date YYYY-MM-DD, found '2025-02-29'"},
        {"--interval plian", "option '--interval' takes log, log-log or plain, found 'plian' (did "
                             "you mean 'plain'?)"},
        {"--interval zzz", "option '--interval' takes log, log-log or plain, found 'zzz'"},
        {"--group ''", "option '--group' needs the name of a column, found an empty text"},
        {"--graph=", "option '--graph' needs the name of a file, found an empty text"},
        {"--summary --test", "options '--summary' and '--test' exclude each other"},
        {"--rows 1 -s", "options '--summary' and '--rows' exclude each other"},
        {"--time t", "option '--time' needs '--status' as well"},
        {"--seed 4294967296",
         "option '--seed' takes a whole number from 0 to 4294967295, found '4294967296'"},
        {"--confidence 95", "option '--confidence' takes a number above 0 and below 1, found '95'"},
        {"--threads 0", "option '--threads' takes a whole number from 1 to 1024, found '0'"},
        {"--format jsn", "option '--format' takes csv, tsv, json, markdown or table, found 'jsn' "
                         "(did you mean 'json'?)"},
        {"--delimiter ;;", "option '--delimiter' takes one character other than a quote or a line "
                           "end, or the word tab, found ';;'"},
        {"--delimiter \"", "option '--delimiter' takes one character other than a quote or a line "
                           "end, or the word tab, found '\"'"},
        {"--delimiter ''", "option '--delimiter' takes one character other than a quote or a line "
                           "end, or the word tab, found ''"},
        {"--decimal ;", "option '--decimal' takes '.' or ',', found ';'"},
        {"--decimal ,",
         "delimiter and decimal mark are both ',': give another --delimiter, such as "
         "';' or tab"},
        {"--column user", "option '--column' takes NAME=HEADER, found 'user'"},
        {"--column user=", "option '--column' takes NAME=HEADER, found 'user='"},
        {"--column =user", "option '--column' takes NAME=HEADER, found '=user'"},
        {"--rejects r.csv", "option '--rejects' needs '--bad-rows=skip' as well"},
        {"--chart c.jpg", "option '--chart' takes a file ending in .svg, .pdf, .png, .txt or .gp, "
                          "found 'c.jpg'"},
        {"--chart x.svg/c",
         "option '--chart' takes a file ending in .svg, .pdf, .png, .txt or .gp, "
         "found 'x.svg/c'"},
        {"--title Churn", "option '--title' needs '--chart' as well"},
        {"-o a.svg --chart a.svg", "options '--output' and '--chart' both write 'a.svg'"},
        {"--bad-rows=skip --rejects p --provenance p",
         "options '--rejects' and '--provenance' both write 'p'"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct options options;
        struct error err;
        assert_int_equal(parse(&options, &tool, cases[i].line, &err), ERROR_USAGE);
        assert_int_equal(err.code, ERROR_USAGE);
        assert_string_equal(err.text, cases[i].message);
        options_free(&options);
    }
}

static void test_operand_counts(void **state) {
    (void)state;
    const struct cli_tool none = {.name = "try-it"};
    const struct cli_tool two = {
        .name = "try-it", .operands = "TOOL FILE", .min_operands = 2, .max_operands = 2};
    struct options options;
    struct error err;
    assert_int_equal(parse(&options, &none, "x.csv", &err), ERROR_USAGE);
    assert_string_equal(err.text, "'x.csv' is not expected: try-it takes options only");
    options_free(&options);
    assert_int_equal(parse(&options, &two, "", &err), ERROR_USAGE);
    assert_string_equal(err.text, "found no operand, expected TOOL FILE");
    options_free(&options);
    assert_int_equal(parse(&options, &two, "a", &err), ERROR_USAGE);
    assert_string_equal(err.text, "found 1 operand, expected TOOL FILE");
    options_free(&options);
    assert_int_equal(parse(&options, &two, "a b c", &err), ERROR_USAGE);
    assert_string_equal(err.text, "'c' is not expected after TOOL FILE");
    options_free(&options);
    assert_int_equal(parse(&options, &two, "a b", &err), 0);
    options_free(&options);
}

/* ---- What options take, in words ------------------------------------------------------------- */

static void test_takes(void **state) {
    (void)state;
    static const struct {
        enum cli_type type;
        const char *range, *words;
    } cases[] = {
        {CLI_INTEGER, "[1,1024]", "a whole number from 1 to 1024"},
        {CLI_INTEGER, "[1,inf)", "a whole number of at least 1"},
        {CLI_INTEGER, NULL, "a whole number"},
        {CLI_NUMBER, "(0,inf)", "a number above 0"},
        {CLI_NUMBER, "(-inf,inf)", "a number"},
        {CLI_NUMBER, "(-inf,5]", "a number of at most 5"},
        {CLI_NUMBER, "(-inf,5)", "a number below 5"},
        {CLI_NUMBER, "(0,1)", "a number above 0 and below 1"},
        {CLI_DECIMAL, "[0.5,1]", "a number from 0.5 to 1"},
        {CLI_DECIMALS, "(0,inf)", "numbers above 0, separated by commas"},
        {CLI_CHOICE, "yes|no", "yes or no"},
        {CLI_CHOICE, "one", "one"},
        {CLI_CHOICE, "a|b|c", "a, b or c"},
        {CLI_DATE, NULL, "a date YYYY-MM-DD"},
        {CLI_FLAG, NULL, ""},
        {CLI_TEXT, NULL, ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[OPTION_TAKES];
        const struct cli_option option = {.type = cases[i].type, .range = cases[i].range};
        option_takes(&option, text);
        assert_string_equal(text, cases[i].words);
    }
}

/* ---- Mistakes in a tool's own table ---------------------------------------------------------- */

static void parse_nothing(const struct cli_tool *of) {
    struct options options;
    struct error err;
    parse(&options, of, "", &err);
    options_free(&options);
}

static void find_missing(const struct cli_tool *of) {
    struct options options;
    struct error err;
    parse(&options, of, "", &err);
    options_find(&options, "seed");
}

static bool aborts(void (*function)(const struct cli_tool *), const struct cli_tool *of) {
    int status;
    const pid_t child = fork();
    if (child == 0) {
        const struct rlimit no_core = {0};
        setrlimit(RLIMIT_CORE, &no_core);
        signal(SIGABRT, SIG_DFL); /* not cmocka's */
        if (!freopen("/dev/null", "w", stderr))
            _exit(1);
        function(of);
        _exit(0);
    }
    assert_true(child > 0);
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT;
}

static void test_programming_errors(void **state) {
    (void)state;
    static const struct cli_option twins[] = {{.name = "a", .type = CLI_FLAG, .help = ""},
                                              {.name = "a", .type = CLI_FLAG, .help = ""},
                                              {0}};
    static const struct cli_option letters[] = {
        {.name = "a", .letter = 'v', .type = CLI_FLAG, .help = ""}, {0}};
    static const struct cli_option bad_default[] = {
        {.name = "a", .type = CLI_INTEGER, .fallback = "x", .help = ""}, {0}};
    static const struct cli_option bad_relation[] = {
        {.name = "a", .type = CLI_FLAG, .needs = "b", .help = ""}, {0}};
    static const struct cli_option fine[] = {{.name = "a", .type = CLI_FLAG, .help = ""}, {0}};
    const struct cli_tool tools[] = {
        {.name = "x", .options = twins},
        {.name = "x", .options = letters},
        {.name = "x", .options = bad_default},
        {.name = "x", .options = bad_relation},
        {.name = "x", .options = fine, .max_operands = 1},
    };
    for (size_t i = 0; i < sizeof tools / sizeof *tools; i++)
        assert_true(aborts(parse_nothing, &tools[i]));
    const struct cli_tool sound = {.name = "x", .options = fine};
    assert_false(aborts(parse_nothing, &sound));
    assert_true(aborts(find_missing, &sound));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_defaults),
        cmocka_unit_test(test_ways_to_give_a_value),
        cmocka_unit_test(test_grouped_flags),
        cmocka_unit_test(test_operands_anywhere),
        cmocka_unit_test(test_typed_values),
        cmocka_unit_test(test_lists),
        cmocka_unit_test(test_many),
        cmocka_unit_test(test_values_that_look_like_options),
        cmocka_unit_test(test_help_needs_nothing_else),
        cmocka_unit_test(test_shares),
        cmocka_unit_test(test_messages),
        cmocka_unit_test(test_operand_counts),
        cmocka_unit_test(test_takes),
        cmocka_unit_test(test_programming_errors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
