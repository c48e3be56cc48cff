/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Running gnuplot on a script. */
#ifndef CHART_GNUPLOT_H
#define CHART_GNUPLOT_H

#include "base/buffer.h"
#include "base/error.h"
#include "base/text.h"

/* Appends to `picture` what the script draws on its standard output. gnuplot starts without a
 * shell, without start-up files, with an environment of our own and nothing to read but the script;
 * the script names no file. Anything on its standard error is a failure, whatever its exit status
 * says, because gnuplot draws half a chart and only warns. ERROR_SYSTEM in its own words. */
int gnuplot_run(struct text script, struct buffer *picture, struct error *err);

#endif
