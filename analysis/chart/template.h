/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The gnuplot templates of plots/, as they travel inside the executables. */
#ifndef CHART_TEMPLATE_H
#define CHART_TEMPLATE_H

struct template_file {
    const char *name;         /* file name without ".gp" */
    const char *const *lines; /* each with its line end; ends with NULL */
};

/* Written by plots/embed.sh; sorted by name; ends with {0, 0}. */
extern const struct template_file template_files[];

#endif
