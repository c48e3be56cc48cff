/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Designs: numbers, categories and products of them as columns. */
#include "users/design.h"

#include "base/buffer.h"
#include <stdlib.h>
#include <string.h>

/* ---- Adding ---------------------------------------------------------------------------------- */

const struct design_term *design_find(const struct design *design, struct text name) {
    for (size_t i = 0; i < design->n; i++)
        if (text_is(name, design->terms[i].name))
            return &design->terms[i];
    return NULL;
}

/* A new term with room for its columns' names; its kind and columns are set. */
static int add_term(struct design *design, const char *name, enum design_kind kind, size_t columns,
                    struct design_term **ret, struct error *err) {
    if (design_find(design, text_of(name)))
        return error_set(err, ERROR_USAGE, "covariate '%s' was given twice", name);
    if (columns > DESIGN_MOST_COLUMNS - design->columns)
        return error_set(
            err, ERROR_DATA,
            "covariate '%s' makes %zu columns, %zu with those before, expected at most "
            "%d in all: put together rare categories, or use it as a stratum",
            name, columns, design->columns + columns, DESIGN_MOST_COLUMNS);
    const char *copy = arena_text(&design->arena, name, strlen(name));
    if (!copy)
        return error_memory(err);
    int status = array_reserve((void **)&design->terms, &design->capacity, design->n + 1,
                               sizeof *design->terms, err);
    if (!status)
        status = array_reserve((void **)&design->names, &design->names_capacity,
                               design->columns + columns, sizeof *design->names, err);
    if (status)
        return status;
    struct design_term *term = &design->terms[design->n++];
    *term = (struct design_term){
        .kind = kind, .name = copy, .first = design->columns, .columns = columns};
    design->columns += columns;
    *ret = term;
    return 0;
}

static int name_column(struct design *design, size_t column, const struct buffer *text,
                       struct error *err) {
    int status = buffer_check(text, err);
    if (status)
        return status;
    design->names[column] = arena_text(&design->arena, text->bytes, text->length);
    return design->names[column] ? 0 : error_memory(err);
}

int design_number(struct design *design, const char *name, struct error *err) {
    struct design_term *term = NULL;
    int status = add_term(design, name, DESIGN_NUMBER, 1, &term, err);
    if (status || !term)
        return status;
    term->input = design->inputs++;
    design->names[term->first] = term->name;
    return 0;
}

/* The level of a category's column: all but the reference, in order. */
static size_t level_of(const struct design_term *term, size_t column) {
    return column < term->reference ? column : column + 1;
}

int design_category(struct design *design, const char *name, const struct text *levels, size_t n,
                    size_t reference, struct error *err) {
    if (n < 2)
        return error_set(
            err, ERROR_DATA,
            "column '%s' holds %s%.*s%s, expected at least two categories: leave it out", name,
            n == 0 ? "no category" : "one category only, '", n == 0 ? 0 : (int)levels[0].length,
            n == 0 ? "" : levels[0].bytes, n == 0 ? "" : "'");
    struct design_term *term = NULL;
    struct text *copies = arena_alloc(&design->arena, n * sizeof *copies);
    if (!copies)
        return error_memory(err);
    int status = add_term(design, name, DESIGN_CATEGORY, n - 1, &term, err);
    if (status || !term)
        return status;
    for (size_t i = 0; i < n; i++) {
        copies[i] = (struct text){arena_text(&design->arena, levels[i].bytes, levels[i].length),
                                  levels[i].length};
        if (!copies[i].bytes)
            return error_memory(err);
    }
    term->input = design->inputs++;
    term->levels = copies;
    term->n_levels = n;
    term->reference = reference;
    struct buffer text = {0};
    for (size_t c = 0; c < term->columns && !status; c++) {
        struct text level = copies[level_of(term, c)];
        buffer_clear(&text);
        buffer_format(&text, "%s=%.*s", name, (int)level.length, level.bytes);
        status = name_column(design, term->first + c, &text, err);
    }
    buffer_free(&text);
    return status;
}

/* ---- Products -------------------------------------------------------------------------------- */

/* The two sides of a colon that are terms: a name may hold a colon too. */
static bool split(const struct design *design, const char *name, size_t factor[2]) {
    for (const char *colon = strchr(name, ':'); colon; colon = strchr(colon + 1, ':')) {
        const struct design_term *a =
            design_find(design, (struct text){name, (size_t)(colon - name)});
        const struct design_term *b = design_find(design, text_of(colon + 1));
        if (!a || !b || a->kind == DESIGN_PRODUCT || b->kind == DESIGN_PRODUCT)
            continue;
        factor[0] = (size_t)(a - design->terms);
        factor[1] = (size_t)(b - design->terms);
        return true;
    }
    return false;
}

int design_product(struct design *design, const char *name, struct error *err) {
    size_t factor[2];
    if (!split(design, name, factor))
        return error_set(err, ERROR_USAGE,
                         "found interaction '%s', expected A:B of two covariates that are in the "
                         "model by themselves",
                         name);
    size_t a = design->terms[factor[0]].columns, b = design->terms[factor[1]].columns;
    struct design_term *term = NULL;
    int status = add_term(design, name, DESIGN_PRODUCT, a * b, &term, err);
    if (status || !term)
        return status;
    memcpy(term->factor, factor, sizeof factor);
    const size_t first[2] = {design->terms[factor[0]].first, design->terms[factor[1]].first};
    struct buffer text = {0};
    for (size_t c = 0; c < a * b && !status; c++) { /* as R: the first one changes fastest */
        buffer_clear(&text);
        buffer_format(&text, "%s:%s", design->names[first[0] + c % a],
                      design->names[first[1] + c / a]);
        status = name_column(design, term->first + c, &text, err);
    }
    buffer_free(&text);
    return status;
}

/* ---- Rows ------------------------------------------------------------------------------------ */

void design_row(const struct design *design, const double *values, double *x) {
    for (size_t t = 0; t < design->n; t++) {
        const struct design_term *term = &design->terms[t];
        double *to = x + term->first;
        if (term->kind == DESIGN_NUMBER) {
            *to = values[term->input];
        } else if (term->kind == DESIGN_CATEGORY) {
            for (size_t c = 0; c < term->columns; c++)
                to[c] = values[term->input] == (double)level_of(term, c);
        } else {
            const struct design_term *a = &design->terms[term->factor[0]];
            const struct design_term *b = &design->terms[term->factor[1]];
            for (size_t c = 0; c < term->columns; c++)
                to[c] = x[a->first + c % a->columns] * x[b->first + c / a->columns];
        }
    }
}

void design_terms(const struct design *design, size_t *term) {
    for (size_t t = 0; t < design->n; t++)
        for (size_t c = 0; c < design->terms[t].columns; c++)
            term[design->terms[t].first + c] = t;
}

void design_free(struct design *design) {
    free(design->terms);
    free(design->names);
    arena_free(&design->arena);
    *design = (struct design){0};
}
