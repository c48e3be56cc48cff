/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The text of --help and --version, from the tool's own tables. */
#include "cli/help.h"
#include <string.h>

enum {
    HELP_WIDTH = 80,
    HELP_COLUMN = 26, /* where the descriptions of options start */
};

/* ---- Wrapping -------------------------------------------------------------------------------- */

static void indent(struct buffer *text, size_t n) {
    while (n-- > 0)
        buffer_byte(text, ' ');
}

/* The next piece of a paragraph that is not broken: a word; of a word that no line can hold, such
 * as a list without blanks, as much as ends in a comma. */
static struct text next_piece(struct text rest, size_t margin) {
    struct text piece = {rest.bytes, 0};
    while (piece.length < rest.length && !strchr(" \n", rest.bytes[piece.length]))
        piece.length++;
    if (text_width(piece) <= HELP_WIDTH - margin)
        return piece;
    size_t end = 0;
    for (size_t i = 0; i < piece.length && i < HELP_WIDTH - margin; i++)
        end = piece.bytes[i] == ',' ? i + 1 : end;
    return end > 0 ? (struct text){piece.bytes, end} : piece;
}

/* A paragraph from column `at` on; further lines start at column `margin`. */
static void wrap(struct buffer *text, struct text paragraph, size_t at, size_t margin) {
    struct text rest = paragraph;
    size_t blanks = 0; /* before the next piece */
    bool first = true;
    while (rest.length > 0) {
        if (strchr(" \n", *rest.bytes)) {
            blanks = !first;
            rest = (struct text){rest.bytes + 1, rest.length - 1};
            continue;
        }
        const struct text piece = next_piece(rest, margin);
        const size_t width = text_width(piece);
        if (!first && at + blanks + width > HELP_WIDTH) {
            buffer_byte(text, '\n');
            indent(text, margin);
            at = margin;
            blanks = 0;
        }
        indent(text, blanks);
        buffer_append(text, piece.bytes, piece.length);
        at += blanks + width;
        blanks = 0;
        first = false;
        rest = (struct text){piece.bytes + piece.length, rest.length - piece.length};
    }
    buffer_byte(text, '\n');
}

/* Paragraphs separated by empty lines. A line that starts with blanks is kept as it is, so that a
 * list or a small table survives. */
static void write_paragraphs(struct buffer *text, const char *paragraphs, size_t margin) {
    for (const char *at = paragraphs; *at; at += *at == '\n') {
        const bool kept = *at == ' ';
        size_t length = strcspn(at, "\n");
        /* Lines of one paragraph flow together, up to an empty or an indented line. */
        while (!kept && length > 0 && at[length] && !strchr(" \n", at[length + 1]))
            length += 1 + strcspn(at + length + 1, "\n");
        if (length > 0)
            indent(text, margin);
        if (kept)
            buffer_append(text, at, length);
        else
            wrap(text, (struct text){at, length}, margin, margin);
        buffer_text(text, kept ? "\n" : "");
        at += length;
    }
}

/* ---- Options --------------------------------------------------------------------------------- */

static const char *argument_of(const struct cli_option *option) {
    static const char *const names[] = {
        [CLI_FLAG] = "",     [CLI_TEXT] = "TEXT",   [CLI_COLUMN] = "COL", [CLI_FILE] = "FILE",
        [CLI_INTEGER] = "N", [CLI_NUMBER] = "X",    [CLI_DECIMAL] = "X",  [CLI_DECIMALS] = "X,...",
        [CLI_DATE] = "DATE", [CLI_CHOICE] = "WORD",
    };
    return option->argument ? option->argument : names[option->type];
}

static void add_remark(struct buffer *text, const char *before, const char *remark) {
    if (!*remark)
        return;
    buffer_text(text, text->length > 0 ? "; " : "");
    buffer_text(text, before);
    buffer_text(text, remark);
}

/* "--a, --b" from "a b". */
static void add_names(struct buffer *text, const char *before, const char *names) {
    if (!names)
        return;
    buffer_text(text, text->length > 0 ? "; " : "");
    buffer_text(text, before);
    const char *separator = "--";
    for (const char *at = names + strspn(names, " "); *at; at += strspn(at, " ")) {
        const size_t length = strcspn(at, " ");
        buffer_text(text, separator);
        buffer_append(text, at, length);
        separator = ", --";
        at += length;
    }
}

/* What it takes, its default, and what it goes with: "a number above 0 and below 1; default 0.95".
 */
static void write_remarks(struct buffer *text, const struct cli_option *option) {
    struct buffer remarks = {0};
    char takes[OPTION_TAKES];
    option_takes(option, takes);
    add_remark(&remarks, "", takes);
    add_remark(&remarks, "default: ", option->fallback ? option->fallback : "");
    add_remark(&remarks, "", option->many && option->type != CLI_FLAG ? "may be repeated" : "");
    add_names(&remarks, "needs ", option->needs);
    add_names(&remarks, "not with ", option->conflicts);
    if (remarks.length > 0)
        buffer_format(text, " (%s)", remarks.bytes);
    text->failed = text->failed || remarks.failed;
    buffer_free(&remarks);
}

static void write_option(struct buffer *text, const struct cli_option *option) {
    struct buffer left = {0}, right = {0};
    if (option->letter)
        buffer_format(&left, "  -%c, --%s", option->letter, option->name);
    else
        buffer_format(&left, "      --%s", option->name);
    if (option->type != CLI_FLAG)
        buffer_format(&left, " %s", argument_of(option));
    buffer_text(&right, option->help);
    write_remarks(&right, option);
    text->failed = text->failed || left.failed || right.failed;
    if (!text->failed) {
        buffer_append(text, left.bytes, left.length);
        if (left.length + 2 > HELP_COLUMN) {
            buffer_byte(text, '\n');
            indent(text, HELP_COLUMN);
        } else {
            indent(text, HELP_COLUMN - left.length);
        }
        wrap(text, (struct text){right.bytes, right.length}, HELP_COLUMN, HELP_COLUMN);
    }
    buffer_free(&left);
    buffer_free(&right);
}

/* ---- The whole ------------------------------------------------------------------------------- */

/* A list: each line is an entry of its own, and keeps the blanks it starts with. */
static void write_section(struct buffer *text, const char *title, const char *lines) {
    if (!lines)
        return;
    buffer_format(text, "\n%s:\n", title);
    for (const char *at = lines; *at; at += *at == '\n') {
        const size_t length = strcspn(at, "\n");
        const size_t margin = 2 + strspn(at, " ");
        indent(text, length > 0 ? margin : 0);
        wrap(text, (struct text){at, length}, margin, margin + 2);
        at += length;
    }
}

static void write_examples(struct buffer *text, const struct cli_example *examples) {
    if (!examples || !examples[0].command)
        return;
    buffer_text(text, "\nExamples:\n");
    for (size_t i = 0; examples[i].command; i++) {
        indent(text, 2);
        wrap(text, text_of(examples[i].says), 2, 2);
        buffer_format(text, "    $ %s\n", examples[i].command);
    }
}

void help_write(struct buffer *text, const struct cli_tool *tool, const struct options *options) {
    buffer_format(text, "Usage: %s [OPTION]...%s%s\n", tool->name, tool->operands ? " " : "",
                  tool->operands ? tool->operands : "");
    wrap(text, text_of(tool->summary), 0, 0);
    if (tool->description) {
        buffer_byte(text, '\n');
        write_paragraphs(text, tool->description, 0);
    }
    write_section(text, "Input", tool->input);
    write_section(text, "Output", tool->output);
    for (size_t i = 0; i < options->n_values; i++) {
        const char *heading = options->values[i].option->heading;
        if (i < options->n_own && (heading || i == 0))
            buffer_format(text, "\n%s:\n", heading ? heading : "Options");
        if (i == options->n_own)
            buffer_text(text, "\nCommon options:\n");
        write_option(text, options->values[i].option);
    }
    write_examples(text, tool->examples);
    buffer_text(text, "\nExit status:\n"
                      "  0  done\n"
                      "  1  the input is wrong: the message says where, and what was expected\n"
                      "  2  the command line is wrong\n"
                      "  3  the system failed: a file, the memory, the disk or another program\n");
}

void help_version(struct buffer *text, const struct cli_tool *tool) {
    buffer_format(text,
                  "%s (sojourn) " SOJOURN_VERSION "\n"
                  "Free software under the GNU General Public License, version 3 or later; there "
                  "is no\nwarranty, as far as the law permits.\n",
                  tool->name);
}
