/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Labels: cut, wrapped, pushed apart. */
#include "chart/label.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* ---- Cutting ------------------------------------------------------------------------------- */

static const char ellipsis[] = "…";

/* Bytes of the character at the start, in well-formed UTF-8. */
static size_t character(struct text text) {
    size_t length = 1;
    while (length < text.length && ((unsigned char)text.bytes[length] & 0xC0) == 0x80)
        length++;
    return length;
}

/* Bytes of the longest start that is at most `columns` wide, marks on its last character
 * included. */
static size_t fitting(struct text text, size_t columns) {
    size_t length = 0, width = 0;
    while (length < text.length) {
        struct text rest = {text.bytes + length, text.length - length};
        size_t n = character(rest);
        width += text_width((struct text){rest.bytes, n});
        if (width > columns)
            break;
        length += n;
    }
    return length;
}

int label_shorten(struct text text, size_t columns, struct arena *arena, struct text *ret,
                  struct error *err) {
    *ret = text;
    if (text_width(text) <= columns)
        return 0;
    struct text kept = {text.bytes, fitting(text, columns > 1 ? columns - 1 : 0)};
    kept = text_trim(kept);
    size_t length = kept.length + sizeof ellipsis - 1;
    char *bytes = arena_alloc(arena, length + 1);
    if (!bytes)
        return error_memory(err);
    memcpy(bytes, kept.bytes, kept.length);
    memcpy(bytes + kept.length, ellipsis, sizeof ellipsis);
    *ret = (struct text){bytes, length};
    return 0;
}

/* ---- Wrapping ------------------------------------------------------------------------------ */

/* Where the first line ends: behind its last word that fits, or inside a word wider than a line. */
static size_t break_line(struct text text, size_t columns) {
    size_t fits = fitting(text, columns);
    if (fits == text.length || text.bytes[fits] == ' ')
        return fits;
    for (size_t at = fits; at > 0; at--)
        if (text.bytes[at - 1] == ' ')
            return at - 1;
    return fits > 0 ? fits : character(text);
}

int label_wrap(struct text text, size_t columns, size_t most, struct arena *arena,
               struct text *ret_lines, size_t *ret_n, struct error *err) {
    *ret_n = 0;
    text = text_trim(text);
    while (text.length > 0 && *ret_n + 1 < most) {
        size_t end = break_line(text, columns);
        ret_lines[(*ret_n)++] = text_trim((struct text){text.bytes, end});
        text = text_trim((struct text){text.bytes + end, text.length - end});
    }
    if (text.length == 0)
        return 0;
    return label_shorten(text, columns, arena, &ret_lines[(*ret_n)++], err);
}

/* ---- Pushing apart ------------------------------------------------------------------------- */

struct wanted {
    double at;
    size_t index;
};

static int by_position(const void *a, const void *b) {
    const struct wanted *left = a, *right = b;
    if (left->at != right->at)
        return left->at < right->at ? -1 : 1;
    return (left->index > right->index) - (left->index < right->index);
}

/* A run of labels that touch, with the mean of their d. */
struct pool {
    double mean;
    size_t n;
};

static size_t pool_violators(const struct wanted *wanted, size_t n, double gap,
                             struct pool *pools) {
    size_t n_pools = 0;
    for (size_t i = 0; i < n; i++) {
        pools[n_pools++] = (struct pool){wanted[i].at - (double)i * gap, 1};
        while (n_pools > 1 && pools[n_pools - 2].mean > pools[n_pools - 1].mean) {
            struct pool *into = &pools[n_pools - 2], last = pools[n_pools - 1];
            into->mean = (into->mean * (double)into->n + last.mean * (double)last.n) /
                         (double)(into->n + last.n);
            into->n += last.n;
            n_pools--;
        }
    }
    return n_pools;
}

static void spread(double *positions, struct wanted *wanted, struct pool *pools, size_t n,
                   double gap, double low, double high) {
    if (n > 1 && gap * (double)(n - 1) > high - low)
        gap = (high - low) / (double)(n - 1);
    size_t n_pools = pool_violators(wanted, n, gap, pools);
    double most = fmax(low, high - gap * (double)(n - 1));
    for (size_t pool = 0, i = 0; pool < n_pools; pool++)
        for (size_t k = 0; k < pools[pool].n; k++, i++)
            positions[wanted[i].index] = fmin(fmax(pools[pool].mean, low), most) + (double)i * gap;
}

int label_spread(double *positions, size_t n, double gap, double low, double high,
                 struct error *err) {
    struct wanted *wanted = malloc((n > 0 ? n : 1) * sizeof *wanted);
    struct pool *pools = malloc((n > 0 ? n : 1) * sizeof *pools);
    bool room = wanted && pools;
    size_t there = 0;
    for (size_t i = 0; room && i < n; i++)
        if (!isnan(positions[i]))
            wanted[there++] = (struct wanted){positions[i], i};
    if (room && there > 0) {
        qsort(wanted, there, sizeof *wanted, by_position);
        spread(positions, wanted, pools, there, gap, low, high);
    }
    free(wanted);
    free(pools);
    return room ? 0 : error_memory(err);
}
