/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How a result was made, as JSON: tool, version, command line, seed, and each input with its size
 * and checksum. Nothing in it depends on the hour or the machine, so that a repeated run writes the
 * same bytes. */
#ifndef CLI_PROVENANCE_H
#define CLI_PROVENANCE_H

#include "cli/options.h"
#include <stdio.h>

/* `inputs` are the paths that were read; "-" is standard input. Those that can be read again are
 * read again for XXH3-128 (xxhash.com); the others get null and a note. */
int provenance_write(FILE *stream, const struct cli_tool *tool, const struct options *options,
                     int argc, char **argv, const char *const *inputs, size_t n_inputs,
                     struct error *err);

#endif
