/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Thinning a long curve to what a picture can show. */
#include "chart/thin.h"

#include <math.h>
#include <stdbool.h>

/* What stays of one column, as indices into the curve; SIZE_MAX: none. */
struct column {
    size_t first, last, lowest, highest, missing;
};

static const size_t none = (size_t)-1;

static void take(struct column *column, const double *y, size_t i) {
    if (isnan(y[i])) {
        if (column->missing == none)
            column->missing = i;
        return;
    }
    if (column->first == none)
        column->first = column->lowest = column->highest = i;
    column->last = i;
    if (y[i] < y[column->lowest])
        column->lowest = i;
    if (y[i] > y[column->highest])
        column->highest = i;
}

/* The distinct ones of five, ascending. */
static void put_column(const struct column *column, size_t *keep, size_t *n) {
    size_t all[] = {column->first, column->last, column->lowest, column->highest, column->missing};
    for (;;) {
        size_t least = none;
        for (size_t i = 0; i < 5; i++)
            least = all[i] < least ? all[i] : least;
        if (least == none)
            return;
        keep[(*n)++] = least;
        for (size_t i = 0; i < 5; i++)
            if (all[i] == least)
                all[i] = none;
    }
}

void thin_curve(const double *x, const double *y, size_t n, size_t most, size_t *keep,
                size_t *ret_n) {
    *ret_n = 0;
    size_t columns = most / 4;
    double width = n > 0 ? (x[n - 1] - x[0]) / (double)columns : 0;
    if (n <= most) {
        for (size_t i = 0; i < n; i++)
            keep[(*ret_n)++] = i;
        return;
    }
    const struct column empty = {none, none, none, none, none};
    struct column column = empty;
    size_t number = 0;
    for (size_t i = 0; i < n; i++) {
        size_t at = width > 0 ? (size_t)fmin((x[i] - x[0]) / width, (double)columns - 1) : 0;
        if (at != number) {
            put_column(&column, keep, ret_n);
            column = empty;
            number = at;
        }
        take(&column, y, i);
    }
    put_column(&column, keep, ret_n);
}
