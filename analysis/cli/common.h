/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The options that tools share: each stands once, in the table of common.c.
 *
 *     for (size_t i = 0; common_options[i].option.name; i++)
 *         if (common_has(tool, &common_options[i])) ...
 */
#ifndef CLI_COMMON_H
#define CLI_COMMON_H

#include "cli/options.h"

struct common_option {
    unsigned share; /* enum cli_share; 0: every tool has it */
    struct cli_option option;
};

extern const struct common_option common_options[]; /* ends with {0} */

bool common_has(const struct cli_tool *tool, const struct common_option *common);

/* What no single option's entry can express, such as a delimiter equal to the decimal mark.
 * ERROR_USAGE says what to mend. */
int common_check(const struct options *options, struct error *err);

/* What the reading options ask for; the files and the progress are left to the caller. */
void common_reading(const struct options *options, struct table_options *ret);

/* -f, or what the extension of -o says, or a table on a terminal and CSV elsewhere. */
enum writer_format common_format(const struct options *options, bool terminal);

/* By the extension of a path: .tsv, .json, .md, otherwise CSV. */
enum writer_format common_format_of(const char *path);

#endif
