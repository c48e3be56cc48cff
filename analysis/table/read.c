/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reading all rows as one batch: a fold whose state is copies of the batches, put in order and
 * joined at the end. */
#include "table/inside.h"

#include "base/buffer.h"
#include <stdlib.h>
#include <string.h>

/* A copy of one batch. */
struct piece {
    size_t sequence;
    struct place place;
    size_t rows;
    void **values;                   /* [columns] */
    bool **missing;                  /* [columns], NULL where none is */
    const struct dictionary **names; /* [columns], of categories: the worker's */
    uint32_t *lines;
    uint32_t *offsets; /* NULL unless records may be asked for */
    char *bytes;       /* of the block; the same */
    char *texts;       /* what the text cells point to */
};

/* All rows; also the state of one worker while reading. */
struct whole {
    const struct table *table;
    size_t columns;
    struct piece *pieces;
    size_t n_pieces;
    size_t capacity;

    size_t rows; /* the joined arrays */
    void **values;
    bool **missing;
    uint32_t *lines;
    uint32_t *offsets;
    struct dictionary *names; /* [columns], of categories */
    struct table_cells *cells;
    struct place *places;
    struct origin origin;
    struct table_batch batch;
};

static void free_all(void **items, size_t n) {
    for (size_t i = 0; items && i < n; i++)
        free(items[i]);
    free(items);
}

static void free_piece(struct piece *piece, size_t columns) {
    free_all(piece->values, columns);
    free_all((void **)piece->missing, columns);
    free(piece->names);
    free(piece->lines);
    free(piece->offsets);
    free(piece->bytes);
    free(piece->texts);
    *piece = (struct piece){0};
}

void whole_destroy(struct whole *whole) {
    if (!whole)
        return;
    for (size_t i = 0; i < whole->n_pieces; i++)
        free_piece(&whole->pieces[i], whole->columns);
    free(whole->pieces);
    free_all(whole->values, whole->columns);
    free_all((void **)whole->missing, whole->columns);
    free(whole->lines);
    free(whole->offsets);
    for (size_t c = 0; whole->names && c < whole->columns; c++)
        dictionary_free(&whole->names[c]);
    free(whole->names);
    free(whole->cells);
    free(whole->places);
    free(whole);
}

/* ---- The fold -------------------------------------------------------------------------------- */

static int begin(void *context, void **ret_state, struct error *err) {
    struct whole *whole = calloc(1, sizeof *whole);
    if (!whole)
        return error_memory(err);
    whole->table = context;
    whole->columns = whole->table->layout.n_columns;
    *ret_state = whole;
    return 0;
}

static void destroy(void *state) {
    whole_destroy(state);
}

/* NULL only when memory is out. */
static void *copy_of(const void *items, size_t size) {
    void *copy = malloc(size > 0 ? size : 1);
    if (copy && size > 0)
        memcpy(copy, items, size);
    return copy;
}

static bool copy_column(struct piece *piece, const struct table_cells *cells, size_t c,
                        size_t size) {
    piece->values[c] = copy_of(cells->text, piece->rows * size);
    piece->names[c] = cells->names;
    if (cells->missing)
        piece->missing[c] = copy_of(cells->missing, piece->rows * sizeof *cells->missing);
    return piece->values[c] && (!cells->missing || piece->missing[c]);
}

static size_t text_bytes(const struct text *texts, size_t rows) {
    size_t sum = 0;
    for (size_t row = 0; row < rows; row++)
        sum += texts[row].length;
    return sum;
}

/* The bytes of all text cells go into one allocation, to which the copied cells then point. */
static bool copy_texts(struct piece *piece, const struct table_batch *batch,
                       const struct layout *layout) {
    size_t size = 1, used = 0;
    for (size_t c = 0; c < layout->n_columns; c++)
        if (layout->columns[c].type == TABLE_TEXT)
            size += text_bytes(batch->columns[c].text, batch->rows);
    piece->texts = malloc(size);
    if (!piece->texts)
        return false;
    for (size_t c = 0; c < layout->n_columns; c++) {
        if (layout->columns[c].type != TABLE_TEXT)
            continue;
        const struct text *from = batch->columns[c].text;
        struct text *to = piece->values[c];
        for (size_t row = 0; row < batch->rows; row++) {
            to[row].bytes = piece->texts + used;
            memcpy(piece->texts + used, from[row].bytes, from[row].length);
            used += from[row].length;
        }
    }
    return true;
}

static bool copy_batch(struct piece *piece, const struct table_batch *batch,
                       const struct layout *layout) {
    const struct origin *origin = batch->origin;
    piece->sequence = batch->sequence;
    piece->rows = batch->rows;
    piece->place = origin->places[0];
    piece->values = calloc(layout->n_columns + 1, sizeof *piece->values);
    piece->missing = calloc(layout->n_columns + 1, sizeof *piece->missing);
    piece->names = calloc(layout->n_columns + 1, sizeof(struct dictionary *));
    piece->lines = copy_of(origin->lines, batch->rows * sizeof *origin->lines);
    if (!piece->values || !piece->missing || !piece->names || !piece->lines)
        return false;
    for (size_t c = 0; c < layout->n_columns; c++)
        if (!copy_column(piece, &batch->columns[c], c, cell_size(layout->columns[c].type)))
            return false;
    if (layout->rejects && rejects_wanted(layout->rejects)) {
        piece->offsets = copy_of(origin->offsets, batch->rows * sizeof *origin->offsets);
        piece->bytes = copy_of(piece->place.bytes, piece->place.length);
        if (!piece->offsets || !piece->bytes)
            return false;
    }
    piece->place.bytes = piece->bytes;
    return copy_texts(piece, batch, layout);
}

static int add(void *state, const struct table_batch *batch, struct error *err) {
    struct whole *whole = state;
    if (array_reserve((void **)&whole->pieces, &whole->capacity, whole->n_pieces + 1,
                      sizeof *whole->pieces, err))
        return err->code;
    struct piece *piece = &whole->pieces[whole->n_pieces++];
    *piece = (struct piece){0};
    return copy_batch(piece, batch, &whole->table->layout) ? 0 : error_memory(err);
}

static int merge(void *into_state, void *from_state, struct error *err) {
    struct whole *into = into_state, *from = from_state;
    if (array_reserve((void **)&into->pieces, &into->capacity, into->n_pieces + from->n_pieces,
                      sizeof *into->pieces, err))
        return err->code;
    for (size_t i = 0; i < from->n_pieces; i++)
        into->pieces[into->n_pieces++] = from->pieces[i];
    from->n_pieces = 0;
    return 0;
}

/* ---- Joining --------------------------------------------------------------------------------- */

static int by_sequence(const void *a, const void *b) {
    size_t x = ((const struct piece *)a)->sequence, y = ((const struct piece *)b)->sequence;
    return (x > y) - (x < y);
}

/* What the codes of one worker's dictionary have become. */
struct joined {
    const struct dictionary *from;
    uint32_t *codes;
};

/* The one of this dictionary among n, or a new one behind them; NULL when memory is out. */
static uint32_t *joined_codes(struct joined *joined, size_t *n, const struct dictionary *from) {
    for (size_t i = 0; i < *n; i++)
        if (joined[i].from == from)
            return joined[i].codes;
    uint32_t *codes = malloc(((size_t)from->count + 1) * sizeof *codes);
    for (uint32_t code = 0; codes && code < from->count; code++)
        codes[code] = DICTIONARY_NONE;
    joined[(*n)++] = (struct joined){from, codes};
    return codes;
}

static bool join_piece(struct piece *piece, size_t c, uint32_t *joined, struct dictionary *into) {
    uint32_t *codes = piece->values[c];
    struct error err = {0};
    for (size_t row = 0; joined && row < piece->rows; row++) {
        if (codes[row] == DICTIONARY_NONE)
            continue;
        uint32_t *code = &joined[codes[row]];
        if (*code == DICTIONARY_NONE &&
            dictionary_add(into, dictionary_name(piece->names[c], codes[row]), code, &err))
            return false;
        codes[row] = *code;
    }
    return joined != NULL;
}

/* The codes of all pieces become those of the whole, in the order of the rows, which does not
 * depend on which worker read which block. */
static bool join_codes(struct whole *whole, size_t c) {
    struct joined *joined = calloc(whole->n_pieces + 1, sizeof *joined);
    size_t n = 0;
    bool good = joined != NULL;
    for (size_t i = 0; i < whole->n_pieces && good; i++) {
        struct piece *piece = &whole->pieces[i];
        good = join_piece(piece, c, joined_codes(joined, &n, piece->names[c]), &whole->names[c]);
    }
    for (size_t i = 0; i < n; i++)
        free(joined[i].codes);
    free(joined);
    return good;
}

/* One column of all pieces; theirs is freed on the way, so that no column is there twice. */
static bool join_column(struct whole *whole, size_t c, size_t size) {
    if (whole->table->layout.columns[c].type == TABLE_CATEGORY) {
        whole->cells[c].names = &whole->names[c];
        if (!join_codes(whole, c))
            return false;
    }
    char *values = malloc(whole->rows * size + 1);
    bool any = false;
    for (size_t i = 0; i < whole->n_pieces; i++)
        any |= whole->pieces[i].missing[c] != NULL;
    bool *missing = any ? calloc(whole->rows, sizeof *missing) : NULL;
    whole->values[c] = values;
    whole->missing[c] = missing;
    if (!values || (any && !missing))
        return false;
    size_t row = 0;
    for (size_t i = 0; i < whole->n_pieces; i++) {
        struct piece *piece = &whole->pieces[i];
        memcpy(values + row * size, piece->values[c], piece->rows * size);
        if (piece->missing[c])
            memcpy(missing + row, piece->missing[c], piece->rows * sizeof *missing);
        free(piece->values[c]);
        free(piece->missing[c]);
        piece->values[c] = NULL;
        piece->missing[c] = NULL;
        row += piece->rows;
    }
    whole->cells[c].text = (const struct text *)whole->values[c];
    whole->cells[c].missing = missing;
    return true;
}

static bool join_places(struct whole *whole, bool records) {
    whole->lines = malloc(whole->rows * sizeof *whole->lines + 1);
    whole->offsets = records ? malloc(whole->rows * sizeof *whole->offsets + 1) : NULL;
    whole->places = calloc(whole->n_pieces + 1, sizeof *whole->places);
    if (!whole->lines || !whole->places || (records && !whole->offsets))
        return false;
    size_t row = 0;
    for (size_t i = 0; i < whole->n_pieces; i++) {
        struct piece *piece = &whole->pieces[i];
        whole->places[i] = piece->place;
        whole->places[i].first_row = row;
        memcpy(whole->lines + row, piece->lines, piece->rows * sizeof *whole->lines);
        if (records)
            memcpy(whole->offsets + row, piece->offsets, piece->rows * sizeof *whole->offsets);
        row += piece->rows;
    }
    return true;
}

static bool join(struct whole *whole, struct table *table) {
    const struct layout *layout = &table->layout;
    if (whole->n_pieces > 0)
        qsort(whole->pieces, whole->n_pieces, sizeof *whole->pieces, by_sequence);
    for (size_t i = 0; i < whole->n_pieces; i++)
        whole->rows += whole->pieces[i].rows;
    whole->values = calloc(layout->n_columns + 1, sizeof *whole->values);
    whole->missing = calloc(layout->n_columns + 1, sizeof *whole->missing);
    whole->names = calloc(layout->n_columns + 1, sizeof *whole->names);
    whole->cells = calloc(layout->n_columns + 1, sizeof *whole->cells);
    if (!whole->values || !whole->missing || !whole->names || !whole->cells)
        return false;
    for (size_t c = 0; c < layout->n_columns; c++)
        if (!join_column(whole, c, cell_size(layout->columns[c].type)))
            return false;
    if (!join_places(whole, layout->rejects && rejects_wanted(layout->rejects)))
        return false;
    whole->origin = (struct origin){.layout = layout,
                                    .places = whole->places,
                                    .n_places = whole->n_pieces,
                                    .lines = whole->lines,
                                    .offsets = whole->offsets};
    whole->batch = (struct table_batch){
        .rows = whole->rows, .columns = whole->cells, .table = table, .origin = &whole->origin};
    return true;
}

int table_read(struct table *table, const struct table_batch **ret, struct error *err) {
    static const struct table_fold fold = {begin, add, merge, destroy};
    void *state;
    if (table->rejects)
        rejects_hold(table->rejects);
    int code = table_fold(table, &fold, table, &state, err);
    if (code)
        return code;
    table->whole = state;
    if (!join(table->whole, table))
        return error_memory(err);
    *ret = &table->whole->batch;
    return 0;
}
