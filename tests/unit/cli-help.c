/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The text of --help: one small tool's, whole, and what must hold for any. */
#include "cli/help.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static const struct cli_option own[] = {
    {.name = "group",
     .letter = 'g',
     .type = CLI_COLUMN,
     .many = true,
     .help = "one curve for each value of this column, sorted by name, whatever that name may be"},
    {.name = "interval",
     .type = CLI_CHOICE,
     .argument = "KIND",
     .range = "log|log-log|plain",
     .fallback = "log",
     .conflicts = "group horizon",
     .help = "kind of confidence interval"},
    {.name = "horizon", .type = CLI_NUMBER, .range = "(0,inf)", .needs = "group", .help = "days"},
    {0},
};
static const struct cli_example examples[] = {
    {"try-it datasets/telco/spells.csv --group contract --interval plain --horizon 365.25 -f json",
     "by contract"},
    {0},
};
static const struct cli_tool tool = {
    .name = "try-it",
    .summary = "how long users stay",
    .description = "A first paragraph that is long enough to be wrapped at the eightieth column of "
                   "the text.\n\nA second one:\n  kept   as it is\nflows\non.",
    .input = "user: text\nstart: date\n\n  with --group: "
             "a_long_list,without_any_blank,such_as_the_columns_of_a_table,which_must_break,"
             "somewhere,and,does",
    .output = "time: days since the start, which is a description of one column that is as long as "
              "they come",
    .operands = "[FILE]...",
    .max_operands = -1,
    .options = own,
    .examples = examples,
};

static void help_of(struct buffer *text, const struct cli_tool *of) {
    static char name[] = "try-it";
    char *argv[] = {name, NULL};
    struct options options = {0};
    struct error err = {0};
    assert_int_equal(options_parse(&options, of, 1, argv, &err), 0);
    help_write(text, of, &options);
    options_free(&options);
    assert_int_equal(buffer_check(text, &err), 0);
}

static void test_whole_text(void **state) {
    (void)state;
    struct buffer text = {0};
    help_of(&text, &tool);
    assert_string_equal(
        text.bytes,
        "Usage: try-it [OPTION]... [FILE]...\n"
        "how long users stay\n"
        "\n"
        "A first paragraph that is long enough to be wrapped at the eightieth column of\n"
        "the text.\n"
        "\n"
        "A second one:\n"
        "  kept   as it is\n"
        "flows on.\n"
        "\n"
        "Input:\n"
        "  user: text\n"
        "  start: date\n"
        "\n"
        "    with --group: a_long_list,without_any_blank,such_as_the_columns_of_a_table,\n"
        "      which_must_break,somewhere,and,does\n"
        "\n"
        "Output:\n"
        "  time: days since the start, which is a description of one column that is as\n"
        "    long as they come\n"
        "\n"
        "Options:\n"
        "  -g, --group COL         one curve for each value of this column, sorted by\n"
        "                          name, whatever that name may be (may be repeated)\n"
        "      --interval KIND     kind of confidence interval (log, log-log or plain;\n"
        "                          default: log; not with --group, --horizon)\n"
        "      --horizon X         days (a number above 0; needs --group)\n"
        "\n"
        "Common options:\n"
        "      --threads N         how many threads work, by default one a processor;\n"
        "                          never changes the result (a whole number from 1 to\n"
        "                          1024)\n"
        "      --progress WHEN     show progress on standard error; auto: on a terminal,\n"
        "                          once the work takes longer than a second (auto, always\n"
        "                          or never; default: auto)\n"
        "  -v, --verbose           say on standard error what was read, skipped and\n"
        "                          assumed\n"
        "  -h, --help              print this help\n"
        "  -V, --version           print the version\n"
        "\n"
        "Examples:\n"
        "  by contract\n"
        "    $ try-it datasets/telco/spells.csv --group contract --interval plain --horizon "
        "365.25 -f json\n"
        "\n"
        "Exit status:\n"
        "  0  done\n"
        "  1  the input is wrong: the message says where, and what was expected\n"
        "  2  the command line is wrong\n"
        "  3  the system failed: a file, the memory, the disk or another program\n");
    buffer_free(&text);
}

/* With every common option there is. */
static void test_lines_fit_a_terminal(void **state) {
    (void)state;
    struct buffer text = {0};
    struct cli_tool full = tool;
    full.shares = CLI_READS | CLI_WRITES | CLI_CHARTS | CLI_CONFIDENCE | CLI_RANDOM;
    help_of(&text, &full);
    size_t lines = 0;
    for (const char *at = text.bytes; *at; at += strcspn(at, "\n") + 1, lines++) {
        const size_t length = strcspn(at, "\n");
        if (!strstr(at, "$ ") || strstr(at, "$ ") > at + length)
            assert_in_range(length, 0, 80);
        if (length > 0)
            assert_true(at[length - 1] != ' ');
    }
    assert_true(lines > 60);
    buffer_free(&text);
}

static void test_little_to_say(void **state) {
    (void)state;
    struct buffer text = {0};
    const struct cli_tool bare = {.name = "try-it", .summary = "nothing much"};
    help_of(&text, &bare);
    const char *start = "Usage: try-it [OPTION]...\nnothing much\n\nCommon options:\n";
    assert_memory_equal(text.bytes, start, strlen(start));
    assert_null(strstr(text.bytes, "Examples"));
    buffer_free(&text);
}

/* An option with a heading begins a list of its own; without one at the start there is "Options".
 */
static void test_headings(void **state) {
    (void)state;
    static const struct cli_option parted[] = {
        {.name = "a", .type = CLI_FLAG, .help = "first"},
        {.name = "b", .type = CLI_FLAG, .help = "second", .heading = "For a log"},
        {.name = "c", .type = CLI_FLAG, .help = "third"},
        {0},
    };
    struct buffer text = {0};
    struct cli_tool several = {.name = "try-it", .summary = "much", .options = parted};
    help_of(&text, &several);
    const char *start = "Usage: try-it [OPTION]...\nmuch\n\nOptions:\n"
                        "      --a                 first\n\nFor a log:\n"
                        "      --b                 second\n      --c                 third\n\n"
                        "Common options:\n";
    assert_memory_equal(text.bytes, start, strlen(start));
    buffer_clear(&text);
    several.options = parted + 1;
    help_of(&text, &several);
    start = "Usage: try-it [OPTION]...\nmuch\n\nFor a log:\n";
    assert_memory_equal(text.bytes, start, strlen(start));
    buffer_free(&text);
}

static void test_version(void **state) {
    (void)state;
    struct buffer text = {0};
    const char *start = "try-it (sojourn) " SOJOURN_VERSION "\n";
    help_version(&text, &tool);
    assert_memory_equal(text.bytes, start, strlen(start));
    buffer_free(&text);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_whole_text),    cmocka_unit_test(test_lines_fit_a_terminal),
        cmocka_unit_test(test_little_to_say), cmocka_unit_test(test_headings),
        cmocka_unit_test(test_version),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
