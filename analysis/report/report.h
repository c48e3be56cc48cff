/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Write-ups: a Markdown template whose figures and tables are lookups becomes Markdown, and
 * Markdown becomes one self-contained page.
 *
 *     Each month **{{arpu-loss.csv: revenue_lost where month = 1 | 2}} USD** are lost.
 *
 *     struct buffer markdown = {0}, page = {0};
 *     if (report_fill(template, "report.md", &files, &markdown, err)) ...
 *     if (report_page(markdown, &files, &page, err)) ...
 *
 * In a template {{LOOKUP}} is replaced (see report/lookup.h for the language), {{figures}} becomes
 * a table of all lookups before it, and \{{ is two braces.
 */
#ifndef REPORT_REPORT_H
#define REPORT_REPORT_H

#include "base/buffer.h"
#include "base/error.h"
#include "base/sheet.h"
#include "base/text.h"

/* Where a report gets its files from. Both own what they give until the report is done; a file
 * that is not there is their error. */
struct report_files {
    int (*sheet)(void *context, const char *name, const struct sheet **ret, struct error *err);
    int (*bytes)(void *context, const char *name, struct buffer *append, struct error *err);
    void *context;
};

/* Appends the filled Markdown. Errors read "NAME:LINE:COLUMN: found, expected". */
int report_fill(struct text template, const char *name, const struct report_files *files,
                struct buffer *out, struct error *err);

/* Appends an HTML page that needs no other file: GitHub's Markdown, style sheet inside, pictures
 * (svg, png) as data. A picture alone in its paragraph becomes a figure with its text as caption.
 * Raw HTML in the Markdown is left out. The title is the first heading of level 1. */
int report_page(struct text markdown, const struct report_files *files, struct buffer *out,
                struct error *err);

#endif
