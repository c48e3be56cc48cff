/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Synthetic data with known truth: spells, activity logs, creator panels and revenue panels of any
 * size, drawn from models whose every parameter is written down beside the data.
 *
 *     const struct synth_model *model = synth_find("spells");
 *     struct assumption values[SYNTH_MOST];
 *     synth_defaults(model, values);
 *     struct synth *synth;
 *     if (synth_open(&synth, model, values, seed, threads, err)) ...
 *     for (;;) {
 *         const struct synth_row *rows;
 *         size_t n;
 *         if (synth_next(synth, &rows, &n, err) || n == 0) break;
 *         ... write n rows of model->columns ...
 *     }
 *     synth_truth(synth, say, context);
 *     synth_close(synth);
 *
 * An entity (a user, an account, a platform) is a pure function of the seed and its number, so a
 * larger file begins with the smaller one's entities, and threads change nothing.
 */
#ifndef SYNTH_SYNTH_H
#define SYNTH_SYNTH_H

#include "base/calendar.h"
#include "base/decimal.h"
#include "base/error.h"
#include "table/assumptions.h"
#include <stddef.h>
#include <stdint.h>

#define SYNTH_MOST 32 /* parameters of one model, and an upper bound on its columns */

enum synth_kind { SYNTH_ID, SYNTH_NAME, SYNTH_DATE, SYNTH_PERIOD, SYNTH_COUNT, SYNTH_MONEY };

/* id: a one-letter prefix and a zero-padded number, such as u00000042. */
struct synth_column {
    const char *name;
    enum synth_kind kind;
    const char *prefix; /* of SYNTH_ID */
};

/* One cell a column; which member is used follows from the column's kind. */
struct synth_cell {
    bool missing;
    union {
        int64_t number;   /* SYNTH_ID, SYNTH_COUNT */
        const char *name; /* SYNTH_NAME: static text */
        int32_t day;      /* SYNTH_DATE */
        struct period period;
        decimal money;
    };
};

#define SYNTH_COLUMNS 8
struct synth_row {
    struct synth_cell cells[SYNTH_COLUMNS];
};

struct synth_parameter {
    struct assumption_known known;
    decimal fallback;
    const char *unit;
    const char *meaning;
};

/* A growing list of rows, as a model's entity function fills it. */
struct synth_rows {
    struct synth_row *rows;
    size_t n, capacity;
};

/* Where a model puts its truth: one quantity, for a group and a time if it has them ("" if not). */
typedef void synth_say(void *context, const char *quantity, const char *group, const char *at,
                       double value, const char *unit);

struct synth_world; /* the parameters as the model works with them; see synth/models.h */

struct synth_model {
    const char *name;
    const char *summary;
    const struct synth_column *columns;
    size_t n_columns;
    const struct synth_parameter *parameters;
    size_t n_parameters;
    /* Checks what the ranges cannot, and prepares. */
    int (*prepare)(struct synth_world *world, struct error *err);
    size_t (*entities)(const struct synth_world *world);
    int (*entity)(const struct synth_world *world, size_t number, struct synth_rows *append,
                  struct error *err);
    void (*truth)(const struct synth_world *world, synth_say *say, void *context);
};

extern const struct synth_model synth_spells, synth_activity, synth_creators, synth_revenue;
extern const struct synth_model *const synth_models[]; /* ends with NULL */

const struct synth_model *synth_find(const char *name); /* NULL if there is none */
void synth_defaults(const struct synth_model *model, struct assumption values[SYNTH_MOST]);

struct synth;

/* ERROR_DATA where parameters contradict each other (shares above 1, and so on). */
int synth_open(struct synth **ret, const struct synth_model *model,
               const struct assumption values[SYNTH_MOST], uint32_t seed, int threads,
               struct error *err);

/* The rows of the next entities, valid until the next call; *ret_n is 0 at the end. */
int synth_next(struct synth *synth, const struct synth_row **ret_rows, size_t *ret_n,
               struct error *err);

uint64_t synth_entities_done(const struct synth *synth, uint64_t *ret_total);
void synth_truth(const struct synth *synth, synth_say *say, void *context);
void synth_close(struct synth *synth); /* NULL is fine */

#endif
