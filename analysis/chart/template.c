/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The first lines of templates, and which template a result gets. */
#include "chart/template.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

/* ---- Reading the first lines --------------------------------------------------------------- */

bool template_word(struct text *rest, struct text *ret) {
    *rest = text_trim(*rest);
    if (rest->length == 0)
        return false;
    const char *blank = memchr(rest->bytes, ' ', rest->length);
    size_t length = blank ? (size_t)(blank - rest->bytes) : rest->length;
    *ret = (struct text){rest->bytes, length};
    *rest = (struct text){rest->bytes + length, rest->length - length};
    return true;
}

size_t template_rank(struct text list, struct text name) {
    struct text word;
    for (size_t i = 0; template_word(&list, &word); i++)
        if (text_equal(word, name))
            return i;
    return SIZE_MAX;
}

/* Whether the line is "# key: value". */
static bool read_key(const char *line, const char *key, struct text *ret) {
    struct text text = text_of(line);
    size_t length = strlen(key);
    if (text.length < length + 4 || strncmp(line, "# ", 2) != 0 ||
        strncmp(line + 2, key, length) != 0 || line[2 + length] != ':')
        return false;
    text.bytes += length + 3;
    text.length -= length + 3;
    if (text.length > 0 && text.bytes[text.length - 1] == '\n')
        text.length--;
    *ret = text_trim(text);
    return true;
}

/* "role=column" or "role=column?" */
static bool read_role(struct text word, struct template_role *ret) {
    const char *equals = memchr(word.bytes, '=', word.length);
    if (!equals)
        return false;
    ret->role = (struct text){word.bytes, (size_t)(equals - word.bytes)};
    ret->column = (struct text){equals + 1, word.length - ret->role.length - 1};
    ret->optional = ret->column.length > 0 && ret->column.bytes[ret->column.length - 1] == '?';
    ret->column.length -= ret->optional;
    return ret->role.length > 0 && ret->column.length > 0;
}

static int read_shape(struct text line, struct template *ret, struct error *err) {
    const char *name = ret->file->name;
    struct text word;
    if (!template_word(&line, &ret->shape))
        return error_set(err, ERROR_SYSTEM, "template %s: found no shape behind 'shape:'", name);
    while (template_word(&line, &word)) {
        if (ret->n_roles == TEMPLATE_ROLES)
            return error_set(err, ERROR_SYSTEM, "template %s: found more than %d roles", name,
                             TEMPLATE_ROLES);
        if (!read_role(word, &ret->roles[ret->n_roles++]))
            return error_set(err, ERROR_SYSTEM, "template %s: found '%.*s', expected role=column",
                             name, (int)word.length, word.bytes);
    }
    return 0;
}

static void read_name(const char *name, struct template *ret) {
    const char *dot = strchr(name, '.');
    ret->tool = dot ? (struct text){name, (size_t)(dot - name)} : text_of(name);
    ret->variant = dot ? text_of(dot + 1) : text_of("");
}

int template_parse(const struct template_file *file, struct template *ret, struct error *err) {
    *ret = (struct template){.file = file};
    read_name(file->name, ret);
    for (const char *const *line = file->lines; *line && **line == '#'; line++) {
        struct text shape;
        if (read_key(*line, "shape", &shape)) {
            int status = read_shape(shape, ret, err);
            if (status)
                return status;
        }
        read_key(*line, "needs", &ret->needs);
        read_key(*line, "title", &ret->title);
        read_key(*line, "bands", &ret->bands);
        read_key(*line, "note", &ret->note);
        read_key(*line, "scale", &ret->scale);
        read_key(*line, "reference", &ret->reference);
        read_key(*line, "panels", &ret->panels);
    }
    if (ret->shape.length == 0)
        return error_set(err, ERROR_SYSTEM, "template %s: found no line '# shape: ...' at its top",
                         file->name);
    return 0;
}

/* ---- Finding ------------------------------------------------------------------------------- */

const struct template_file *template_find(const char *name) {
    for (const struct template_file *file = template_files; file->name; file++)
        if (strcmp(file->name, name) == 0)
            return file;
    return NULL;
}

static bool belongs(const struct template_file *file, const char *tool) {
    struct template name;
    read_name(file->name, &name);
    return !text_is(name.tool, TEMPLATE_STYLE) && (!tool || text_is(name.tool, tool));
}

/* By tool, the one without a variant first. */
static int compare_names(const struct template_file *a, const struct template_file *b) {
    struct template left, right;
    read_name(a->name, &left);
    read_name(b->name, &right);
    int order = text_compare(left.tool, right.tool);
    return order != 0 ? order : text_compare(left.variant, right.variant);
}

bool template_list(const char *tool, size_t i, const struct template_file **ret) {
    for (const struct template_file *file = template_files; file->name; file++) {
        if (!belongs(file, tool))
            continue;
        size_t rank = 0;
        for (const struct template_file *other = template_files; other->name; other++)
            rank += belongs(other, tool) && compare_names(other, file) < 0;
        if (rank == i) {
            *ret = file;
            return true;
        }
    }
    return false;
}

/* ---- Choosing ------------------------------------------------------------------------------ */

static bool has_column(const struct sheet *result, struct text name) {
    for (size_t column = 0; column < result->columns; column++)
        if (text_is(name, result->names[column]))
            return true;
    return false;
}

static bool fits(const struct template *template, const struct sheet *result) {
    for (size_t i = 0; i < template->n_roles; i++)
        if (!template->roles[i].optional && !has_column(result, template->roles[i].column))
            return false;
    struct text rest = template->needs, word;
    while (template_word(&rest, &word))
        if (!has_column(result, word))
            return false;
    return true;
}

/* Appends ",name", or "name" to an empty text. */
static void append_name(char *text, size_t size, struct text name) {
    size_t length = strlen(text);
    snprintf(text + length, size - length, "%s%.*s", length > 0 ? "," : "", (int)name.length,
             name.bytes);
}

void template_columns(const struct template *template, char *text, size_t size) {
    text[0] = '\0';
    for (size_t i = 0; i < template->n_roles; i++)
        if (!template->roles[i].optional)
            append_name(text, size, template->roles[i].column);
    struct text rest = template->needs, word;
    while (template_word(&rest, &word))
        append_name(text, size, word);
}

static int none_fits(const char *tool, const struct sheet *result, struct error *err) {
    char found[240] = "", needs[600] = "", columns[400];
    const struct template_file *file;
    for (size_t i = 0; template_list(tool, i, &file); i++) {
        struct template template;
        int status = template_parse(file, &template, err);
        if (status)
            return status;
        template_columns(&template, columns, sizeof columns);
        size_t length = strlen(needs);
        snprintf(needs + length, sizeof needs - length, "%s%s", i > 0 ? "; or " : "", columns);
    }
    if (!needs[0])
        return error_set(err, ERROR_DATA, "%s has no chart", tool);
    for (size_t column = 0; column < result->columns; column++)
        append_name(found, sizeof found, text_of(result->names[column]));
    return error_set(err, ERROR_DATA,
                     "no chart of %s fits this table: found the columns %s, expected %s", tool,
                     found, needs);
}

int template_choose(const char *tool, const struct sheet *result, struct template *ret,
                    struct error *err) {
    const struct template_file *file;
    for (size_t i = 0; template_list(tool, i, &file); i++) {
        int status = template_parse(file, ret, err);
        if (status || fits(ret, result))
            return status;
    }
    return none_fits(tool, result, err);
}
