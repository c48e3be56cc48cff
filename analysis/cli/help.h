/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The text of --help and --version, from the tool's own tables. */
#ifndef CLI_HELP_H
#define CLI_HELP_H

#include "base/buffer.h"
#include "cli/options.h"

/* Lines of at most 80 columns, except that the command of an example is never broken: it stands
 * behind "$ " on a line of its own, where the tests find it and run it. */
void help_write(struct buffer *text, const struct cli_tool *tool, const struct options *options);

void help_version(struct buffer *text, const struct cli_tool *tool);

#endif
