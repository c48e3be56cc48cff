/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Last touches to a picture, which gnuplot has no words for. */
#ifndef CHART_FINISH_H
#define CHART_FINISH_H

#include "base/buffer.h"
#include "base/error.h"
#include "base/text.h"

/* SVG: the chart's title in place of gnuplot's, no version of gnuplot, and fonts to fall back on
 * where DejaVu Sans is not installed. */
int finish_svg(struct buffer *picture, struct text title, struct error *err);

/* PDF: the date of making becomes 1970-01-01, so that the same input gives the same bytes. */
int finish_pdf(struct buffer *picture, struct error *err);

/* Text: gnuplot gives each character one cell, terminals give CJK two. Blanks behind such
 * characters are taken out so that what follows stands where it should; blanks at line ends, empty
 * lines at both ends of the picture and the form feed before it go too. */
int finish_text(struct buffer *picture, struct error *err);

#endif
