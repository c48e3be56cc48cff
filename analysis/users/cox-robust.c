/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Score residuals, and the sum of their outer products over clusters.
 *
 * Of a row (Lin & Wei 1989; Efron's ties as in Therneau & Grambsch 2000, section 4.6)
 *
 *     u = delta (x - mean of xbar_l) - exp(x'b) integral over its time at risk of (x - xbar) dH
 *
 * The integral is x times the row's cumulative hazard less the cumulative sum of xbar h, which is a
 * running sum over slots: all rows together cost O(n p).
 *
 * In Fine and Gray's model those who left for elsewhere go on, with their weights, and each row has
 * an influence on these weights itself (cox-competing.c).
 */
#include "users/cox-inside.h"

#include "base/workers.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

struct residuals {
    const struct cox *cox;
    double *parts; /* lower triangles of chunks of rows */
    double *drift; /* p columns of slots: cumulative sum of xbar h */
    double *rest;  /* Fine and Gray: sums of G xbar h behind each slot; NULL otherwise */
    double *u;     /* p columns of n, by sorted row, with weights */
};

/* ---- Columns of residuals -------------------------------------------------------------------- */

static void accumulate_drift(const struct cox *cox, const double *s, const double *t, double *drift,
                             double *rest) {
    for (size_t k = 0; k < cox->n_strata; k++) {
        uint32_t first = cox->stratum_first[k], end = cox->stratum_first[k + 1];
        double sum = 0, behind = 0;
        for (uint32_t slot = first; slot < end; slot++) {
            sum += cox->q0[slot] * s[slot] - (t ? cox->q1[slot] * t[slot] : 0);
            drift[slot] = sum;
        }
        for (uint32_t slot = end; rest && slot-- > first;) {
            rest[slot] = behind;
            behind += cox->censoring[slot] *
                      (cox->q0[slot] * s[slot] - (t ? cox->q1[slot] * t[slot] : 0));
        }
    }
}

/* The event's own part: x less the mean of xbar_l, and what its share of its own time is less than
 * that of the others. Without the row's weight. */
static double own_event(const struct cox *cox, size_t i, double x, const double *s,
                        const double *t) {
    uint32_t slot = cox->last[i];
    double mean = cox->h[slot] * s[slot] - (t ? cox->hf[slot] * t[slot] : 0);
    return x - mean / cox->death_weight[slot];
}

static int one_column(void *context, size_t j, int worker, struct error *err) {
    (void)worker;
    (void)err;
    const struct residuals *residuals = context;
    const struct cox *cox = residuals->cox;
    const double *x = cox->x + j * cox->n, *s = cox->at_risk + (j + 1) * cox->slots;
    const double *t = cox->dying ? cox->dying + (j + 1) * cox->slots : NULL;
    double *drift = residuals->drift + j * cox->slots, *u = residuals->u + j * cox->n;
    double *rest = residuals->rest ? residuals->rest + j * cox->slots : NULL;
    accumulate_drift(cox, s, t, drift, rest);
    for (size_t i = 0; i < cox->n; i++) {
        uint32_t last = cox->last[i];
        double past = drift[last] - drift[cox->first[i]];
        if (cox->status[i] == COX_EVENT && t)
            past -= cox->q1[last] * s[last] - cox->q2[last] * t[last];
        u[i] = -cox->risk[i] * (x[i] * cox_exposure(cox, i) - past);
        if (cox->status[i] == COX_EVENT)
            u[i] += cox_weight(cox, i) * own_event(cox, i, x[i], s, t);
        if (rest && cox->status[i] == COX_COMPETING)
            u[i] -=
                cox->risk[i] * cox->competing_g[i] * (x[i] * cox->sub_hazard[last] - rest[last]);
    }
    for (size_t k = 0; k < cox->n_strata && rest; k++)
        cox_weights_influence(cox, k, x, rest, u);
    return 0;
}

/* ---- Adding up ------------------------------------------------------------------------------- */

/* Units by p: what the rows of a cluster have together, or each row by itself. */
static double *sum_units(const struct residuals *residuals) {
    const struct cox *cox = residuals->cox;
    size_t p = cox->p, units = cox->cluster ? cox->result.clusters : cox->n;
    double *sums = calloc(units * p, sizeof *sums);
    for (size_t j = 0; j < p && sums; j++)
        for (size_t i = 0; i < cox->n; i++)
            sums[(cox->cluster ? cox->cluster[i] : i) * p + j] += residuals->u[j * cox->n + i];
    return sums;
}

/* Over clusters, in their order. */
static int add_clusters(const struct residuals *residuals, double *ret, struct error *err) {
    size_t p = residuals->cox->p, clusters = residuals->cox->result.clusters;
    double *sums = sum_units(residuals);
    if (!sums)
        return error_memory(err);
    for (size_t c = 0; c < clusters; c++)
        for (size_t j = 0; j < p; j++)
            for (size_t k = 0; k <= j; k++)
                ret[j * p + k] += sums[c * p + j] * sums[c * p + k];
    free(sums);
    return 0;
}

/* Each row by itself; one that stands for w rows has w times the residual of each. */
static int add_chunk(void *context, size_t chunk, int worker, struct error *err) {
    (void)worker;
    (void)err;
    const struct residuals *residuals = context;
    const struct cox *cox = residuals->cox;
    size_t n = cox->n, p = cox->p, from = chunk * COX_CHUNK;
    size_t to = from + COX_CHUNK < n ? from + COX_CHUNK : n;
    const double *counts = cox->options.counts ? cox->weight : NULL;
    double *ret = residuals->parts + chunk * (p * (p + 1) / 2);
    for (size_t j = 0; j < p; j++)
        for (size_t k = 0; k <= j; k++) {
            const double *a = residuals->u + j * n, *b = residuals->u + k * n;
            double sum = 0;
            for (size_t i = from; i < to; i++)
                sum += counts ? a[i] * b[i] / counts[i] : a[i] * b[i];
            *ret++ = sum;
        }
    return 0;
}

static int add_rows(struct residuals *residuals, double *ret, struct error *err) {
    const struct cox *cox = residuals->cox;
    size_t p = cox->p;
    residuals->parts = malloc(cox->n_chunks * (p * (p + 1) / 2) * sizeof(double));
    if (!residuals->parts)
        return error_memory(err);
    int status = workers_run(cox->options.threads, cox->n_chunks, add_chunk, residuals, err);
    const double *part = residuals->parts;
    for (size_t c = 0; c < cox->n_chunks && !status; c++)
        for (size_t j = 0; j < p; j++)
            for (size_t k = 0; k <= j; k++)
                ret[j * p + k] += *part++;
    free(residuals->parts);
    return status;
}

static void free_residuals(struct residuals *residuals) {
    free(residuals->drift);
    free(residuals->rest);
    free(residuals->u);
}

static int make_residuals(struct residuals *ret, const struct cox *cox, struct error *err) {
    size_t p = cox->p;
    *ret = (struct residuals){.cox = cox};
    ret->drift = calloc(cox->slots * p, sizeof(double));
    ret->u = calloc(cox->n * p, sizeof(double));
    if (cox->competing)
        ret->rest = calloc(cox->slots * p, sizeof(double));
    if (!ret->drift || !ret->u || (cox->competing && !ret->rest))
        return error_memory(err);
    return workers_run(cox->options.threads, p, one_column, ret, err);
}

int cox_meat(const struct cox *cox, double *ret, struct error *err) {
    size_t p = cox->p;
    struct residuals residuals;
    int status = make_residuals(&residuals, cox, err);
    memset(ret, 0, p * p * sizeof *ret);
    if (!status && cox->cluster)
        status = add_clusters(&residuals, ret, err);
    else if (!status)
        status = add_rows(&residuals, ret, err);
    for (size_t j = 0; j < p; j++)
        for (size_t k = 0; k < j; k++)
            ret[k * p + j] = ret[j * p + k];
    free_residuals(&residuals);
    return status;
}

int cox_scores(const struct cox *cox, double **ret, struct error *err) {
    struct residuals residuals;
    int status = make_residuals(&residuals, cox, err);
    *ret = status ? NULL : sum_units(&residuals);
    if (!status && !*ret)
        status = error_memory(err);
    free_residuals(&residuals);
    return status;
}
