/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Spells with covariates from a table.
 *
 *   1. Columns
 *   2. Pieces: the rows of one batch, as numbers and codes
 *   3. Rows
 *   4. The fold
 *   5. Putting the pieces together
 *   6. The design
 *   7. The whole
 */
#include "users/drivers.h"

#include "base/arena.h"
#include "base/buffer.h"
#include "base/workers.h"
#include <stdlib.h>
#include <string.h>

/* ---- 1. Columns ------------------------------------------------------------------------------ */

/* What is bound behind the columns of the spells: numbers, the case weight, then texts that become
 * codes (categories, the cluster), then the destination. */
struct reading {
    const struct drivers_options *options;
    struct spells *spells;
    struct table_column *columns;
    size_t n_columns;
    size_t n_numbers;        /* numbers and the case weight, if there is one */
    size_t n_codes;          /* categories and the cluster, if there is one */
    size_t n_covariates;     /* columns that may lack a value: n_numbers + n_codes */
    char **category;         /* names without "=REFERENCE" */
    const char **reference;  /* NULL: the first by name */
    struct text destination; /* empty: any */
    bool by_stratum;
};

/* "COL=REFERENCE" is cut at the first '=' whose left side is a column. */
static int split_category(const struct table *table, const char *text, char **ret_name,
                          const char **ret_reference, struct error *err) {
    char *name = strdup(text);
    *ret_name = name;
    *ret_reference = NULL;
    if (!name)
        return error_memory(err);
    if (table_has(table, name))
        return 0;
    for (char *at = strchr(name, '='); at; at = strchr(at + 1, '=')) {
        *at = '\0';
        if (table_has(table, name)) {
            *ret_reference = at + 1;
            return 0;
        }
        *at = '=';
    }
    char *at = strchr(name, '='); /* for the message about a column that is not there */
    if (at)
        *at = '\0';
    return 0;
}

static void add_column(struct reading *reading, const char *name, enum table_type type,
                       bool optional) {
    reading->columns[reading->n_columns++] =
        (struct table_column){.name = name, .type = type, .missing = true, .optional = optional};
}

static int choose_columns(struct reading *reading, const struct table *table, struct error *err) {
    const struct drivers_options *options = reading->options;
    size_t n = options->n_numbers + options->n_categories + 3;
    reading->columns = calloc(n, sizeof *reading->columns);
    reading->category = calloc(options->n_categories + 1, sizeof *reading->category);
    reading->reference = calloc(options->n_categories + 1, sizeof *reading->reference);
    if (!reading->columns || !reading->category || !reading->reference) {
        error_memory(err);
        return ERROR_SYSTEM;
    }
    for (size_t i = 0; i < options->n_numbers; i++)
        add_column(reading, options->numbers[i], TABLE_NUMBER, false);
    if (options->case_weight)
        add_column(reading, options->case_weight, TABLE_NUMBER, false);
    reading->n_numbers = reading->n_columns;
    for (size_t i = 0; i < options->n_categories; i++) {
        int status = split_category(table, options->categories[i], &reading->category[i],
                                    &reading->reference[i], err);
        if (status)
            return status;
        add_column(reading, reading->category[i], TABLE_TEXT, false);
    }
    if (options->cluster)
        add_column(reading, options->cluster, TABLE_TEXT, false);
    reading->n_covariates = reading->n_columns;
    reading->n_codes = reading->n_covariates - reading->n_numbers;
    if (options->destination)
        add_column(reading, "destination", TABLE_TEXT, false);
    reading->destination = text_of(options->destination);
    reading->by_stratum = options->spells.n_groups > 0;
    return 0;
}

static void free_reading(struct reading *reading) {
    for (size_t i = 0; reading->category && i < reading->options->n_categories; i++)
        free(reading->category[i]);
    free(reading->category);
    free(reading->reference);
    free(reading->columns);
    spells_destroy(reading->spells);
}

/* ---- 2. Pieces ------------------------------------------------------------------------------- */

enum { OPEN = UINT8_MAX }; /* a status: still there on the last date of the file, start in `time` */

/* Columns of `size` cells, of which the first `rows` are used. */
struct piece {
    size_t sequence, rows, size;
    decimal *time, *entry;
    double *weight;  /* of the spells; NULL without */
    double *numbers; /* n_numbers columns */
    uint32_t *codes; /* the stratum, then n_codes columns */
    uint8_t *status;
};

static void free_piece(struct piece *piece) {
    free(piece->time);
    free(piece->entry);
    free(piece->weight);
    free(piece->numbers);
    free(piece->codes);
    free(piece->status);
}

static int make_piece(const struct reading *reading, struct piece *piece, size_t size,
                      struct error *err) {
    size_t room = size > 0 ? size : 1;
    piece->size = size;
    piece->time = malloc(room * sizeof(decimal));
    piece->entry = malloc(room * sizeof(decimal));
    piece->status = malloc(room);
    piece->codes = calloc(room * (reading->n_codes + 1), sizeof(uint32_t));
    piece->numbers = malloc(room * (reading->n_numbers + 1) * sizeof(double));
    bool weighted = reading->options->spells.weight != NULL;
    piece->weight = weighted ? malloc(room * sizeof(double)) : NULL;
    return piece->time && piece->entry && piece->status && piece->codes && piece->numbers &&
                   (!weighted || piece->weight)
               ? 0
               : error_memory(err);
}

/* ---- 3. Rows --------------------------------------------------------------------------------- */

struct state {
    const struct reading *reading;
    struct spells_reader reader;
    struct dictionary strata, *texts; /* texts: n_codes */
    struct dictionary destinations;   /* of events */
    struct piece *pieces;
    size_t n, capacity;
    int64_t rows, dropped;
    int64_t *lacked; /* n_covariates */
};

/* The extra column of a covariate in the batch. */
static size_t column_of(const struct state *state, size_t covariate) {
    return spells_extra(state->reading->spells) + covariate;
}

static int refuse_missing(struct state *state, const struct table_batch *batch, size_t row,
                          size_t covariate, struct error *err) {
    return table_reject(batch, row, (int)column_of(state, covariate), err,
                        "column '%s' has no value here, expected one; --missing drop leaves such "
                        "rows out",
                        state->reading->columns[covariate].name);
}

/* Whether all covariates have values; otherwise the row is dropped or refused. */
static int check_values(struct state *state, const struct table_batch *batch, size_t row,
                        bool *ret_good, struct error *err) {
    const struct reading *reading = state->reading;
    *ret_good = true;
    for (size_t c = 0; c < reading->n_covariates; c++) {
        if (!table_missing(batch, column_of(state, c), row))
            continue;
        if (!reading->options->drop_missing) {
            *ret_good = false;
            return refuse_missing(state, batch, row, c, err);
        }
        state->lacked[c]++;
        *ret_good = false;
    }
    if (!*ret_good) {
        state->rows++;
        state->dropped++;
    }
    if (*ret_good && reading->options->case_weight) {
        size_t column = column_of(state, reading->n_numbers - 1);
        double weight = batch->columns[column].number[row];
        *ret_good = weight > 0;
        if (!*ret_good)
            return table_reject(batch, row, (int)column, err,
                                "weight %g, expected a number above 0", weight);
    }
    return 0;
}

static int read_codes(struct state *state, const struct table_batch *batch, size_t row,
                      struct piece *piece, struct error *err) {
    const struct reading *reading = state->reading;
    size_t at = piece->rows;
    if (reading->by_stratum) {
        struct text name;
        int status = spells_group(&state->reader, batch, row, &name, err);
        if (!status)
            status = dictionary_add(&state->strata, name, &piece->codes[at], err);
        if (status)
            return status;
    }
    for (size_t c = 0; c < reading->n_codes; c++) {
        struct text cell = batch->columns[column_of(state, reading->n_numbers + c)].text[row];
        int status =
            dictionary_add(&state->texts[c], cell, &piece->codes[(c + 1) * piece->size + at], err);
        if (status)
            return status;
    }
    return 0;
}

/* An event that led elsewhere competes, or is a censoring. */
static int read_destination(struct state *state, const struct table_batch *batch, size_t row,
                            uint8_t *status, struct error *err) {
    const struct reading *reading = state->reading;
    if (*status != COX_EVENT || !reading->options->destination)
        return 0;
    size_t column = column_of(state, reading->n_covariates);
    uint32_t unused;
    struct text cell =
        table_missing(batch, column, row) ? text_of("(gone)") : batch->columns[column].text[row];
    if (!text_equal(cell, reading->destination))
        *status = reading->options->competing ? COX_COMPETING : COX_CENSORED;
    return dictionary_add(&state->destinations, cell, &unused, err);
}

static int add_row(struct state *state, const struct table_batch *batch, size_t row,
                   struct piece *piece, struct error *err) {
    const struct reading *reading = state->reading;
    struct spell spell;
    bool good;
    int status = spells_read(&state->reader, batch, row, &spell, err);
    if (status || spell.outcome == SPELL_REJECTED)
        return status;
    status = check_values(state, batch, row, &good, err);
    if (status || !good)
        return status;
    size_t at = piece->rows;
    status = read_codes(state, batch, row, piece, err);
    piece->status[at] = spell.outcome == SPELL_EVENT  ? COX_EVENT
                        : spell.outcome == SPELL_OPEN ? OPEN
                                                      : COX_CENSORED;
    if (!status)
        status = read_destination(state, batch, row, &piece->status[at], err);
    if (status)
        return status;
    for (size_t c = 0; c < reading->n_numbers; c++)
        piece->numbers[c * piece->size + at] = batch->columns[column_of(state, c)].number[row];
    piece->time[at] = spell.outcome == SPELL_OPEN ? spell.start : spell.time;
    piece->entry[at] = spell.late ? spell.entry : COX_NO_ENTRY;
    if (piece->weight)
        piece->weight[at] = (double)spell.weight;
    piece->rows++;
    state->rows++;
    return 0;
}

/* ---- 4. The fold ----------------------------------------------------------------------------- */

static void state_destroy(void *context) {
    struct state *state = context;
    if (!state)
        return;
    for (size_t i = 0; i < state->n; i++)
        free_piece(&state->pieces[i]);
    free(state->pieces);
    for (size_t c = 0; state->texts && c < state->reading->n_codes; c++)
        dictionary_free(&state->texts[c]);
    free(state->texts);
    free(state->lacked);
    dictionary_free(&state->strata);
    dictionary_free(&state->destinations);
    spells_reader_free(&state->reader);
    free(state);
}

static int state_begin(void *context, void **ret_state, struct error *err) {
    const struct reading *reading = context;
    struct state *state = calloc(1, sizeof *state);
    if (!state)
        return error_memory(err);
    state->reading = reading;
    state->reader.spells = reading->spells;
    state->texts = calloc(reading->n_codes + 1, sizeof *state->texts);
    state->lacked = calloc(reading->n_covariates + 1, sizeof *state->lacked);
    *ret_state = state;
    if (state->texts && state->lacked)
        return 0;
    state_destroy(state);
    return error_memory(err);
}

static int state_add(void *context, const struct table_batch *batch, struct error *err) {
    struct state *state = context;
    struct piece piece = {.sequence = batch->sequence};
    int status = make_piece(state->reading, &piece, batch->rows, err);
    for (size_t row = 0; row < batch->rows && !status; row++)
        status = add_row(state, batch, row, &piece, err);
    if (!status)
        status = array_reserve((void **)&state->pieces, &state->capacity, state->n + 1,
                               sizeof *state->pieces, err);
    if (status)
        free_piece(&piece);
    else
        state->pieces[state->n++] = piece;
    return status;
}

/* The codes of one column of all pieces become those of another dictionary. */
static int recode(struct state *from, struct dictionary *into, const struct dictionary *names,
                  size_t column, struct error *err) {
    uint32_t *codes = malloc((names->count + 1U) * sizeof *codes);
    if (!codes)
        return error_memory(err);
    int status = dictionary_merge(into, names, codes, err);
    for (size_t i = 0; i < from->n && !status; i++) {
        const struct piece *piece = &from->pieces[i];
        uint32_t *cells = piece->codes + column * piece->size;
        for (size_t row = 0; row < piece->rows; row++)
            cells[row] = codes[cells[row]];
    }
    free(codes);
    return status;
}

static int state_merge(void *into, void *from, struct error *err) {
    struct state *to = into, *other = from;
    const struct reading *reading = to->reading;
    int status = dictionary_merge(&to->destinations, &other->destinations, NULL, err);
    if (!status && reading->by_stratum)
        status = recode(other, &to->strata, &other->strata, 0, err);
    for (size_t c = 0; c < reading->n_codes && !status; c++)
        status = recode(other, &to->texts[c], &other->texts[c], c + 1, err);
    if (!status)
        status = array_reserve((void **)&to->pieces, &to->capacity, to->n + other->n,
                               sizeof *to->pieces, err);
    if (status)
        return status;
    if (other->n > 0)
        memcpy(to->pieces + to->n, other->pieces, other->n * sizeof *other->pieces);
    to->n += other->n;
    other->n = 0;
    to->rows += other->rows;
    to->dropped += other->dropped;
    for (size_t c = 0; c < reading->n_covariates; c++)
        to->lacked[c] += other->lacked[c];
    spells_merge(&to->reader, &other->reader);
    return 0;
}

/* ---- 5. Putting the pieces together ---------------------------------------------------------- */

/* Owned by a struct drivers. */
struct storage {
    struct arena arena;
    decimal *time, *entry;
    uint8_t *status;
    double *weight, *numbers, *x;
    const double **columns;
    uint32_t *codes; /* n_codes + 1 columns, as in a piece */
    struct text *strata_names;
};

static int by_sequence(const void *a, const void *b) {
    const struct piece *left = a, *right = b;
    return (left->sequence > right->sequence) - (left->sequence < right->sequence);
}

/* Open spells end on the last day of the file; one that came under observation then is no spell. */
static bool close_spell(struct piece *piece, size_t row, struct spells_report *report) {
    if (piece->status[row] != OPEN)
        return true;
    piece->status[row] = COX_CENSORED;
    piece->time[row] = (report->as_of - piece->time[row]) * DECIMAL_ONE;
    if (piece->entry[row] == COX_NO_ENTRY || piece->entry[row] < piece->time[row])
        return true;
    report->never_at_risk++;
    return false;
}

/* Drops rows that turn out to be none, in place. */
static void close_piece(const struct reading *reading, struct piece *piece,
                        struct spells_report *report) {
    size_t kept = 0;
    if (reading->options->spells.time)
        return; /* durations: none is open */
    for (size_t row = 0; row < piece->rows; row++) {
        if (!close_spell(piece, row, report))
            continue;
        piece->time[kept] = piece->time[row];
        piece->entry[kept] = piece->entry[row];
        piece->status[kept] = piece->status[row];
        if (piece->weight)
            piece->weight[kept] = piece->weight[row];
        for (size_t c = 0; c < reading->n_numbers; c++)
            piece->numbers[c * piece->size + kept] = piece->numbers[c * piece->size + row];
        for (size_t c = 0; c <= reading->n_codes; c++)
            piece->codes[c * piece->size + kept] = piece->codes[c * piece->size + row];
        kept++;
    }
    piece->rows = kept;
}

static int make_room(const struct reading *reading, struct storage *storage, size_t n,
                     struct error *err) {
    size_t room = n + 1;
    storage->time = malloc(room * sizeof(decimal));
    storage->entry = malloc(room * sizeof(decimal));
    storage->status = malloc(room);
    storage->numbers = malloc(room * (reading->n_numbers + 1) * sizeof(double));
    storage->codes = malloc(room * (reading->n_codes + 1) * sizeof(uint32_t));
    if (reading->options->spells.weight)
        storage->weight = malloc(room * sizeof(double));
    return storage->time && storage->entry && storage->status && storage->numbers &&
                   storage->codes && (!reading->options->spells.weight || storage->weight)
               ? 0
               : error_memory(err);
}

struct joining {
    const struct reading *reading;
    struct storage *storage;
    struct piece *pieces;
    size_t n;   /* rows of all */
    size_t *at; /* where the rows of each piece go */
};

/* Copies the rows of a piece to their place, and frees it. */
static int take_piece(void *context, size_t index, int worker, struct error *err) {
    (void)worker;
    (void)err;
    const struct joining *joining = context;
    const struct reading *reading = joining->reading;
    struct storage *storage = joining->storage;
    struct piece *piece = &joining->pieces[index];
    size_t rows = piece->rows, at = joining->at[index], n = joining->n;
    memcpy(storage->time + at, piece->time, rows * sizeof(decimal));
    memcpy(storage->entry + at, piece->entry, rows * sizeof(decimal));
    memcpy(storage->status + at, piece->status, rows);
    if (piece->weight)
        memcpy(storage->weight + at, piece->weight, rows * sizeof(double));
    for (size_t c = 0; c < reading->n_numbers; c++)
        memcpy(storage->numbers + c * n + at, piece->numbers + c * piece->size,
               rows * sizeof(double));
    for (size_t c = 0; c <= reading->n_codes; c++)
        memcpy(storage->codes + c * n + at, piece->codes + c * piece->size,
               rows * sizeof(uint32_t));
    free_piece(piece);
    *piece = (struct piece){0};
    return 0;
}

static int join(struct state *state, struct storage *storage, struct drivers *ret,
                struct error *err) {
    const struct reading *reading = state->reading;
    struct joining joining = {.reading = reading, .storage = storage, .pieces = state->pieces};
    bool late = false;
    joining.at = malloc((state->n + 1) * sizeof *joining.at);
    if (!joining.at)
        return error_memory(err);
    if (state->n > 1)
        qsort(state->pieces, state->n, sizeof *state->pieces, by_sequence);
    for (size_t i = 0; i < state->n; i++) {
        close_piece(reading, &state->pieces[i], &ret->report.spells);
        joining.at[i] = joining.n;
        joining.n += state->pieces[i].rows;
    }
    const size_t n = joining.n;
    int status = make_room(reading, storage, n, err);
    if (!status)
        status = workers_run(reading->options->threads, state->n, take_piece, &joining, err);
    free(joining.at);
    if (status)
        return status;
    for (size_t i = 0; i < n; i++)
        late = late || storage->entry[i] != COX_NO_ENTRY;
    ret->data.n = n;
    ret->data.time = storage->time;
    ret->data.status = storage->status;
    ret->data.entry = late ? storage->entry : NULL;
    ret->data.stratum = reading->by_stratum ? storage->codes : NULL;
    ret->data.weight = storage->weight;
    if (reading->options->case_weight)
        ret->data.weight = storage->numbers + (reading->n_numbers - 1) * n;
    if (reading->options->cluster)
        ret->data.cluster = storage->codes + reading->n_codes * n;
    return 0;
}

/* ---- 6. The design --------------------------------------------------------------------------- */

/* Codes of column c become ranks by name. */
static int rank_codes(struct storage *storage, const struct dictionary *names, size_t column,
                      size_t n, struct text *ret_levels, struct error *err) {
    uint32_t *order = malloc((names->count + 1U) * sizeof *order);
    uint32_t *rank = malloc((names->count + 1U) * sizeof *rank);
    int status = ERROR_SYSTEM;
    if (!order || !rank) {
        error_memory(err);
    } else {
        status = 0;
        dictionary_order(names, order);
        for (uint32_t r = 0; r < names->count; r++) {
            rank[order[r]] = r;
            ret_levels[r] = dictionary_name(names, order[r]);
        }
        uint32_t *codes = storage->codes + column * n;
        for (size_t i = 0; i < n; i++)
            codes[i] = rank[codes[i]];
    }
    free(order);
    free(rank);
    return status;
}

/* Codes in the order in which they first stand in a row: those of the dictionary depend on which
 * thread came first, and sums over clusters on their order. */
static int number_clusters(const struct state *state, struct storage *storage, size_t n,
                           struct error *err) {
    const size_t column = state->reading->n_codes;
    uint32_t count = state->texts[column - 1].count, next = 0;
    uint32_t *number = malloc((count + 1U) * sizeof *number);
    if (!number) {
        error_memory(err);
        return ERROR_SYSTEM;
    }
    memset(number, 0xFF, (count + 1U) * sizeof *number);
    uint32_t *codes = storage->codes + column * n;
    for (size_t i = 0; i < n; i++) {
        if (number[codes[i]] == UINT32_MAX)
            number[codes[i]] = next++;
        codes[i] = number[codes[i]];
    }
    free(number);
    if (next > 1)
        return 0;
    return error_set(err, ERROR_DATA,
                     "all %zu rows have one value in column '%s', expected at least two clusters: "
                     "nothing tells how much they differ",
                     n, state->reading->options->cluster);
}

static int find_reference(const char *name, const char *reference, const struct text *levels,
                          size_t n, size_t *ret, struct error *err) {
    *ret = 0;
    if (!reference)
        return 0;
    struct buffer list = {0};
    for (size_t i = 0; i < n; i++) {
        if (text_is(levels[i], reference)) {
            *ret = i;
            buffer_free(&list);
            return 0;
        }
        if (i < 8)
            buffer_format(&list, "%s'%.*s'", i > 0 ? ", " : "", (int)levels[i].length,
                          levels[i].bytes);
    }
    error_set(err, ERROR_DATA, "no row has the reference '%s' in column '%s', which holds %s%s",
              reference, name, list.bytes ? list.bytes : "nothing", n > 8 ? " and others" : "");
    buffer_free(&list);
    return err->code;
}

static int add_category(struct state *state, struct storage *storage, struct drivers *ret, size_t c,
                        struct error *err) {
    const struct reading *reading = state->reading;
    const struct dictionary *names = &state->texts[c];
    struct text *levels = malloc((names->count + 1U) * sizeof *levels);
    size_t reference;
    if (!levels)
        return error_memory(err);
    int status = rank_codes(storage, names, c + 1, ret->data.n, levels, err);
    if (!status)
        status = find_reference(reading->category[c], reading->reference[c], levels, names->count,
                                &reference, err);
    if (!status)
        status = design_category(&ret->design, reading->category[c], levels, names->count,
                                 reference, err);
    free(levels);
    return status;
}

/* Columns: numbers stay where they are, the others are made. */
static int make_columns(struct storage *storage, struct drivers *ret, struct error *err) {
    const struct design *design = &ret->design;
    size_t n = ret->data.n, p = design->columns, numbers = 0;
    for (size_t t = 0; t < design->n; t++)
        numbers += design->terms[t].kind == DESIGN_NUMBER;
    storage->columns = malloc((p + 1) * sizeof *storage->columns);
    storage->x = malloc((n * (p - numbers) + 1) * sizeof(double));
    if (!storage->columns || !storage->x)
        return error_memory(err);
    double *x = storage->x;
    for (size_t t = 0; t < design->n; t++) {
        const struct design_term *term = &design->terms[t];
        for (size_t c = 0; c < term->columns; c++) {
            const double **column = &storage->columns[term->first + c];
            *column = x;
            if (term->kind == DESIGN_NUMBER) {
                *column = storage->numbers + term->input * n;
                continue;
            }
            if (term->kind == DESIGN_CATEGORY) {
                size_t level = c < term->reference ? c : c + 1;
                const uint32_t *codes = storage->codes + (term->input - numbers + 1) * n;
                for (size_t i = 0; i < n; i++)
                    x[i] = codes[i] == level;
            } else {
                const struct design_term *a = &design->terms[term->factor[0]];
                const struct design_term *b = &design->terms[term->factor[1]];
                const double *left = storage->columns[a->first + c % a->columns];
                const double *right = storage->columns[b->first + c / a->columns];
                for (size_t i = 0; i < n; i++)
                    x[i] = left[i] * right[i];
            }
            x += n;
        }
    }
    ret->data.p = p;
    ret->data.x = storage->columns;
    ret->data.names = design->names;
    return 0;
}

static int make_design(struct state *state, struct storage *storage, struct drivers *ret,
                       struct error *err) {
    const struct drivers_options *options = state->reading->options;
    int status = 0;
    for (size_t i = 0; i < options->n_numbers && !status; i++)
        status = design_number(&ret->design, options->numbers[i], err);
    for (size_t i = 0; i < options->n_categories && !status; i++)
        status = add_category(state, storage, ret, i, err);
    for (size_t i = 0; i < options->n_products && !status; i++)
        status = design_product(&ret->design, options->products[i], err);
    return status ? status : make_columns(storage, ret, err);
}

/* ---- 7. The whole ---------------------------------------------------------------------------- */

/* "a, b" for the cells "a" and "b", which are joined by NUL. */
static int name_strata(struct state *state, struct storage *storage, struct drivers *ret,
                       struct error *err) {
    size_t n = state->strata.count;
    storage->strata_names = malloc((n + 1) * sizeof *storage->strata_names);
    if (!storage->strata_names)
        return error_memory(err);
    int status = rank_codes(storage, &state->strata, 0, ret->data.n, storage->strata_names, err);
    for (size_t i = 0; i < n && !status; i++) {
        struct buffer name = {0};
        struct text key = storage->strata_names[i];
        for (size_t k = 0; k < key.length; k++)
            buffer_append(&name, key.bytes[k] ? &key.bytes[k] : ", ", key.bytes[k] ? 1 : 2);
        status = buffer_check(&name, err);
        char *copy =
            status ? NULL : arena_text(&storage->arena, name.bytes ? name.bytes : "", name.length);
        if (!status && !copy)
            status = error_memory(err);
        storage->strata_names[i] = (struct text){copy, name.length};
        buffer_free(&name);
    }
    ret->strata = storage->strata_names;
    ret->n_strata = n;
    return status;
}

static int check_destination(const struct state *state, struct error *err) {
    const struct drivers_options *options = state->reading->options;
    uint32_t code;
    if (!options->destination || state->destinations.count == 0 ||
        dictionary_find(&state->destinations, state->reading->destination, &code))
        return 0;
    size_t n = state->destinations.count;
    const char **names = malloc(n * sizeof *names);
    if (!names)
        return error_memory(err);
    for (uint32_t i = 0; i < n; i++)
        names[i] = dictionary_name(&state->destinations, i).bytes;
    const char *near = text_nearest(state->reading->destination, names, n);
    error_set(err, ERROR_DATA, "nobody left for '%s'%s%s%s", options->destination,
              near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
    free(names);
    return err->code;
}

static int report(struct state *state, struct storage *storage, struct drivers *ret,
                  struct error *err) {
    const struct reading *reading = state->reading;
    size_t n = reading->n_covariates;
    ret->report.rows = state->rows;
    ret->report.dropped = state->dropped;
    ret->report.lacking = arena_alloc(&storage->arena, (n + 1) * sizeof *ret->report.lacking);
    ret->report.lacked = arena_alloc(&storage->arena, (n + 1) * sizeof *ret->report.lacked);
    if (!ret->report.lacking || !ret->report.lacked)
        return error_memory(err);
    for (size_t c = 0; c < n; c++) {
        if (state->lacked[c] == 0)
            continue;
        const char *name = reading->columns[c].name;
        const char *copy = arena_text(&storage->arena, name, strlen(name));
        if (!copy)
            return error_memory(err);
        ret->report.lacking[ret->report.n_lacking] = copy;
        ret->report.lacked[ret->report.n_lacking++] = state->lacked[c];
    }
    return spells_finish(&state->reader, &ret->report.spells, err);
}

static int take(struct state *state, struct drivers *ret, struct error *err) {
    struct storage *storage = calloc(1, sizeof *storage);
    if (!storage)
        return error_memory(err);
    ret->storage = storage;
    int status = report(state, storage, ret, err);
    if (!status)
        status = check_destination(state, err);
    if (!status)
        status = join(state, storage, ret, err);
    if (!status && ret->data.n == 0)
        status =
            error_set(err, ERROR_DATA, "no rows to fit: %lld were read, of which %lld lack a value",
                      (long long)ret->report.rows, (long long)ret->report.dropped);
    if (!status && state->reading->options->cluster)
        status = number_clusters(state, storage, ret->data.n, err);
    if (!status && state->reading->by_stratum)
        status = name_strata(state, storage, ret, err);
    if (!status)
        status = make_design(state, storage, ret, err);
    return status;
}

int drivers_read(struct table *table, const struct drivers_options *options, struct drivers *ret,
                 struct error *err) {
    static const struct table_fold fold = {state_begin, state_add, state_merge, state_destroy};
    struct reading reading = {.options = options};
    struct spells *spells = NULL;
    void *state = NULL;
    *ret = (struct drivers){0};
    int status = choose_columns(&reading, table, err);
    if (!status)
        status =
            spells_bind(&spells, table, &options->spells, reading.columns, reading.n_columns, err);
    reading.spells = spells;
    if (!status)
        status = table_fold(table, &fold, &reading, &state, err);
    if (!status)
        status = take(state, ret, err);
    state_destroy(state);
    free_reading(&reading);
    if (status)
        drivers_free(ret);
    return status;
}

void drivers_free(struct drivers *drivers) {
    struct storage *storage = drivers->storage;
    design_free(&drivers->design);
    if (storage) {
        free(storage->time);
        free(storage->entry);
        free(storage->status);
        free(storage->weight);
        free(storage->numbers);
        free(storage->x);
        free(storage->columns);
        free(storage->codes);
        free(storage->strata_names);
        arena_free(&storage->arena);
        free(storage);
    }
    *drivers = (struct drivers){0};
}
