/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Running a model of synthetic data: entities in parallel, rows in order. */
#include "synth/synth.h"
#include "base/buffer.h"
#include "base/workers.h"
#include "synth/models.h"
#include <gsl/gsl_randist.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

const struct synth_model *const synth_models[] = {&synth_spells, &synth_activity, &synth_creators,
                                                  &synth_revenue, NULL};

/* Entities of one task, and tasks of one round: enough work between two barriers, rows in memory
 * only for one round. */
#define TASK_ENTITIES 256
#define ROUND_TASKS   64

struct synth {
    struct synth_world world;
    int threads;
    size_t entities, next;
    struct synth_rows parts[ROUND_TASKS]; /* of the current round, in order */
    size_t part, n_parts;                 /* the next part to give */
};

const struct synth_model *synth_find(const char *name) {
    for (const struct synth_model *const *model = synth_models; *model; model++)
        if (strcmp((*model)->name, name) == 0)
            return *model;
    return NULL;
}

void synth_defaults(const struct synth_model *model, struct assumption values[SYNTH_MOST]) {
    for (size_t i = 0; i < model->n_parameters; i++) {
        decimal value = model->parameters[i].fallback;
        values[i] = (struct assumption){.low = value, .value = value, .high = value};
    }
}

int synth_open(struct synth **ret, const struct synth_model *model,
               const struct assumption values[SYNTH_MOST], uint32_t seed, int threads,
               struct error *err) {
    struct synth *synth = calloc(1, sizeof *synth);
    if (!synth)
        return error_memory(err);
    synth->world.model = model;
    synth->world.seed = seed;
    synth->threads = threads;
    for (size_t i = 0; i < model->n_parameters; i++)
        synth->world.values[i] = decimal_to_double(values[i].value);
    int code = model->prepare(&synth->world, err);
    if (code) {
        synth_close(synth);
        return code;
    }
    synth->entities = model->entities(&synth->world);
    *ret = synth;
    return 0;
}

static int draw_part(void *context, size_t index, int worker, struct error *err) {
    struct synth *synth = context;
    (void)worker;
    struct synth_rows *part = &synth->parts[index];
    size_t from = synth->next + index * TASK_ENTITIES;
    size_t to = from + TASK_ENTITIES < synth->entities ? from + TASK_ENTITIES : synth->entities;
    part->n = 0;
    for (size_t number = from; number < to; number++)
        if (synth->world.model->entity(&synth->world, number, part, err))
            return err->code;
    return 0;
}

static int draw_round(struct synth *synth, struct error *err) {
    size_t left = synth->entities - synth->next;
    size_t parts = (left + TASK_ENTITIES - 1) / TASK_ENTITIES;
    parts = parts < ROUND_TASKS ? parts : ROUND_TASKS;
    int code = workers_run(synth->threads, parts, draw_part, synth, err);
    size_t drawn = parts * TASK_ENTITIES;
    synth->next += drawn < left ? drawn : left;
    synth->part = 0;
    synth->n_parts = parts;
    return code;
}

int synth_next(struct synth *synth, const struct synth_row **ret_rows, size_t *ret_n,
               struct error *err) {
    *ret_n = 0;
    while (*ret_n == 0) {
        if (synth->part == synth->n_parts) {
            if (synth->next == synth->entities)
                return 0;
            if (draw_round(synth, err))
                return err->code;
        }
        const struct synth_rows *part = &synth->parts[synth->part++];
        *ret_rows = part->rows;
        *ret_n = part->n;
    }
    return 0;
}

uint64_t synth_entities_done(const struct synth *synth, uint64_t *ret_total) {
    *ret_total = synth->entities;
    return synth->next;
}

void synth_truth(const struct synth *synth, synth_say *say, void *context) {
    const struct synth_model *model = synth->world.model;
    for (size_t i = 0; i < model->n_parameters; i++)
        say(context, model->parameters[i].known.name, "", "", synth->world.values[i],
            model->parameters[i].unit);
    model->truth(&synth->world, say, context);
}

void synth_close(struct synth *synth) {
    if (!synth)
        return;
    for (size_t i = 0; i < ROUND_TASKS; i++)
        free(synth->parts[i].rows);
    free(synth->world.first);
    free(synth);
}

/* ---- What models share ----------------------------------------------------------------------- */

int synth_append(struct synth_rows *rows, const struct synth_row *row, struct error *err) {
    if (array_reserve((void **)&rows->rows, &rows->capacity, rows->n + 1, sizeof *row, err))
        return err->code;
    rows->rows[rows->n++] = *row;
    return 0;
}

int64_t synth_geometric(struct random_stream *draws, double chance) {
    double days = ceil(log(random_uniform_open(draws)) / log1p(-chance));
    return days < 1 ? 1 : days > 1e9 ? 1000000000 : (int64_t)days;
}

decimal synth_lognormal_cents(struct random_stream *draws, double mean, double variation) {
    double variance = log1p(variation * variation);
    double amount =
        mean * exp(gsl_ran_gaussian_ziggurat(random_gsl(draws), sqrt(variance)) - variance / 2);
    /* Cents are where the invented amount becomes exact money. */
    return (decimal)llround(fmin(amount, 1e9) * 100) * (DECIMAL_ONE / 100);
}
