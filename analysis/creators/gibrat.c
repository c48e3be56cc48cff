/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Gibrat's law: three passes over the panel, for means, for the slope, for its error. */
#include "creators/gibrat.h"

#include "base/workers.h"
#include <math.h>
#include <stdlib.h>

enum { CREATORS_A_TASK = 16384 };

/* What one pass adds up for one cell (a group and a tier). */
struct sums {
    uint64_t n, creators, zeros;
    double a, b, c; /* x, y; then xx, xy; then ee, scores */
};

struct fit {
    double mean_x, mean_y, xx, slope;
    uint64_t n;
};

struct passes {
    const struct standing *standing;
    enum gibrat_errors errors;
    size_t tiers, cells;
    int number;        /* of the pass: 0, 1, 2 */
    struct fit *fits;  /* by cell, from the passes before */
    struct sums *sums; /* [task][cell] */
    struct scratch {
        struct units units;
        double *scores; /* of the creator, by cell */
        bool *touched;  /* by cell; the list of them: */
        size_t *list, n;
    } * workers;
};

/* One step of one unit, in one cell. */
static void add_step(const struct passes *passes, struct sums *sums, struct scratch *scratch,
                     size_t cell, double x, double y) {
    const struct fit *fit = &passes->fits[cell];
    double u = x - fit->mean_x, v = y - fit->mean_y;
    sums += cell;
    if (!scratch->touched[cell])
        scratch->list[scratch->n++] = cell;
    scratch->touched[cell] = true;
    if (passes->number == 0) {
        sums->n++;
        sums->a += x;
        sums->b += y;
    } else if (passes->number == 1) {
        sums->a += u * u;
        sums->b += u * v;
    } else {
        double e = v - fit->slope * u, score = u * e;
        double leverage = 1 / (double)fit->n + u * u / fit->xx;
        sums->a += e * e;
        if (passes->errors == GIBRAT_HC1)
            sums->b += score * score;
        else if (passes->errors == GIBRAT_HC3)
            sums->b += score * score / ((1 - leverage) * (1 - leverage));
        scratch->scores[cell] += score;
    }
}

static void add_unit(const struct passes *passes, struct sums *sums, struct scratch *scratch,
                     const struct unit *unit) {
    for (size_t period = unit->first + 1; period < unit->end; period++) {
        int64_t before = unit->followers[period - 1], now = unit->followers[period];
        if (before < 0 || now < 0)
            continue;
        size_t group = unit->group[period - 1] * (passes->tiers + 1);
        size_t cells[] = {group + unit->tier[period - 1], group + passes->tiers};
        for (size_t i = 0; i < 2; i++) {
            if (before == 0 || now == 0)
                sums[cells[i]].zeros++;
            else
                add_step(passes, sums, scratch, cells[i], log((double)before),
                         log((double)now / (double)before));
        }
    }
}

/* The creator is one cluster. */
static void end_creator(const struct passes *passes, struct sums *sums, struct scratch *scratch) {
    while (scratch->n > 0) {
        size_t cell = scratch->list[--scratch->n];
        sums[cell].creators++;
        if (passes->number == 2 && passes->errors == GIBRAT_CLUSTERED)
            sums[cell].b += scratch->scores[cell] * scratch->scores[cell];
        scratch->scores[cell] = 0;
        scratch->touched[cell] = false;
    }
}

static int pass_task(void *context, size_t index, int worker, struct error *err) {
    const struct passes *passes = context;
    struct scratch *scratch = &passes->workers[worker];
    struct sums *sums = passes->sums + index * passes->cells;
    size_t n = passes->standing->options.panel->n_creators;
    size_t first = index * CREATORS_A_TASK, end = first + CREATORS_A_TASK;
    for (size_t creator = first; creator < end && creator < n; creator++) {
        if (standing_load(passes->standing, creator, &scratch->units, err))
            return err->code;
        for (size_t i = 0; i < scratch->units.n; i++)
            add_unit(passes, sums, scratch, &scratch->units.items[i]);
        end_creator(passes, sums, scratch);
    }
    return 0;
}

/* The sums of all tasks, in their order, in those of the first; the others are cleared. */
static void join_tasks(struct passes *passes, size_t tasks) {
    for (size_t cell = 0; cell < passes->cells; cell++)
        for (size_t task = 1; task < tasks; task++) {
            struct sums *into = &passes->sums[cell],
                        *from = &passes->sums[task * passes->cells + cell];
            into->n += from->n;
            into->creators += from->creators;
            into->zeros += from->zeros;
            into->a += from->a;
            into->b += from->b;
            *from = (struct sums){0};
        }
}

/* After each pass: what it found goes where the next one and the result need it. */
static void take_in(struct passes *passes, struct gibrat *fits) {
    for (size_t cell = 0; cell < passes->cells; cell++) {
        struct sums sums = passes->sums[cell];
        struct fit *fit = &passes->fits[cell];
        struct gibrat *result = &fits[cell];
        double n = (double)fit->n, g = (double)result->creators;
        passes->sums[cell] = (struct sums){0};
        if (passes->number == 0) {
            *fit = (struct fit){.n = sums.n};
            fit->mean_x = sums.a / (double)sums.n;
            fit->mean_y = sums.b / (double)sums.n;
            *result = (struct gibrat){.observations = sums.n,
                                      .creators = sums.creators,
                                      .zeros = sums.zeros,
                                      .mean_growth = fit->mean_y,
                                      .mean_size = exp(fit->mean_x),
                                      .slope = NAN,
                                      .error = NAN,
                                      .spread = NAN};
        } else if (passes->number == 1) {
            fit->xx = sums.a;
            if (fit->n >= 3 && sums.a > 0)
                result->slope = fit->slope = sums.b / sums.a;
        } else if (!isnan(result->slope)) {
            bool clustered = passes->errors == GIBRAT_CLUSTERED;
            double factor = clustered                      ? g / (g - 1) * (n - 1) / (n - 2)
                            : passes->errors == GIBRAT_HC1 ? n / (n - 2)
                                                           : 1;
            result->spread = sqrt(sums.a / (n - 2));
            result->df = clustered ? g - 1 : n - 2;
            result->error = result->df > 0 ? sqrt(factor * sums.b) / fit->xx : NAN;
        }
    }
}

static int make_scratch(struct passes *passes, size_t workers, size_t tasks, struct error *err) {
    passes->fits = calloc(passes->cells + 1, sizeof *passes->fits);
    passes->sums = calloc(tasks * passes->cells + 1, sizeof *passes->sums);
    passes->workers = calloc(workers, sizeof *passes->workers);
    if (!passes->fits || !passes->sums || !passes->workers)
        return error_memory(err);
    for (size_t i = 0; i < workers; i++) {
        passes->workers[i].scores = calloc(passes->cells + 1, sizeof(double));
        passes->workers[i].touched = calloc(passes->cells + 1, sizeof(bool));
        passes->workers[i].list = calloc(passes->cells + 1, sizeof(size_t));
        if (!passes->workers[i].scores || !passes->workers[i].touched || !passes->workers[i].list)
            return error_memory(err);
    }
    return 0;
}

static void free_scratch(struct passes *passes, size_t workers) {
    for (size_t i = 0; i < workers && passes->workers; i++) {
        units_free(&passes->workers[i].units);
        free(passes->workers[i].scores);
        free(passes->workers[i].touched);
        free(passes->workers[i].list);
    }
    free(passes->workers);
    free(passes->fits);
    free(passes->sums);
}

int gibrat_fit(const struct standing *standing, enum gibrat_errors errors, int threads,
               struct gibrat **ret, struct error *err) {
    const size_t creators = standing->options.panel->n_creators;
    const size_t tasks = creators > 0 ? (creators - 1) / CREATORS_A_TASK + 1 : 1;
    const size_t workers = threads < 1 ? 1 : (size_t)threads;
    struct passes passes = {.standing = standing,
                            .errors = errors,
                            .tiers = standing->outside,
                            .cells = standing->groups * (standing->outside + 1)};
    struct gibrat *fits = calloc(passes.cells + 1, sizeof *fits);
    if (!fits)
        return error_memory(err);
    int status = make_scratch(&passes, workers, tasks, err);
    for (passes.number = 0; passes.number < 3 && !status; passes.number++) {
        status = workers_run((int)workers, tasks, pass_task, &passes, err);
        if (!status) {
            join_tasks(&passes, tasks);
            take_in(&passes, fits);
        }
    }
    free_scratch(&passes, workers);
    if (status)
        free(fits);
    else
        *ret = fits;
    return status;
}
