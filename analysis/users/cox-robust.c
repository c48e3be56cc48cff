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
 * In Fine and Gray's model those who left for elsewhere go on, with G, and each row has an
 * influence on G itself (Fine & Gray 1999, eq. 7 and 8, as in R's cmprsk::crr): with
 *
 *     q(s) = sum over competing T <= s of w exp(x'b)/G(T-) integral behind s of (x - xbar) G(t-) dH
 *
 * a row adds q(T)/Y(T) if it is censored, less the integral of q/Y dLambda_c over its time at risk,
 * Lambda_c the Nelson-Aalen hazard of censoring and Y those at risk of it: all O(n p) too.
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
    return 0;
}

/* ---- The influence on G ---------------------------------------------------------------------- */

/* Adds each row's influence on G, for the rows from..to of a stratum and column j. q changes where
 * competing events come in and where events of interest are passed. */
static void influence_on_g(const struct residuals *residuals, size_t stratum, size_t j) {
    const struct cox *cox = residuals->cox;
    const uint32_t first_slot = cox->stratum_first[stratum];
    const uint32_t from = cox->group[first_slot], to = cox->group[cox->stratum_first[stratum + 1]];
    const double *x = cox->x + j * cox->n, *rest = residuals->rest + j * cox->slots;
    double *u = residuals->u + j * cox->n;
    double at_risk = 0, stay_x = 0, stay = 0, drift = 0;
    for (uint32_t i = from; i < to; i++)
        at_risk += cox_weight(cox, i);
    for (uint32_t i = from, next; i < to; i = next) {
        double left = 0, censored = 0;
        for (next = i; next < to && cox->time[next] == cox->time[i]; next++)
            *(cox->status[next] == COX_CENSORED ? &censored : &left) += cox_weight(cox, next);
        /* Whoever leaves at this time is gone before a censoring at it, and is no part of it. */
        for (uint32_t k = i; k < next; k++) {
            if (cox->status[k] == COX_COMPETING) {
                stay_x += cox->risk[k] * cox->competing_g[k] * x[k];
                stay += cox->risk[k] * cox->competing_g[k];
            }
            if (cox->status[k] != COX_CENSORED)
                u[k] += cox_weight(cox, k) * drift;
        }
        double q = stay_x * cox->sub_hazard[cox->last[i]] - stay * rest[cox->last[i]];
        if (censored > 0) {
            double y = at_risk - left, step = q / y;
            drift -= step * censored / y;
            for (uint32_t k = i; k < next; k++)
                if (cox->status[k] == COX_CENSORED)
                    u[k] += cox_weight(cox, k) * (drift + step);
        }
        at_risk -= left + censored;
    }
}

/* ---- Adding up ------------------------------------------------------------------------------- */

/* Over clusters, in their order: what the rows of one have together. */
static int add_clusters(const struct residuals *residuals, double *ret, struct error *err) {
    const struct cox *cox = residuals->cox;
    size_t p = cox->p, clusters = cox->result.clusters;
    double *sums = calloc(clusters * p, sizeof *sums);
    if (!sums)
        return error_memory(err);
    for (size_t j = 0; j < p; j++)
        for (size_t i = 0; i < cox->n; i++)
            sums[cox->cluster[i] * p + j] += residuals->u[j * cox->n + i];
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

int cox_meat(const struct cox *cox, double *ret, struct error *err) {
    size_t p = cox->p;
    struct residuals residuals = {.cox = cox};
    residuals.drift = calloc(cox->slots * p, sizeof(double));
    residuals.u = calloc(cox->n * p, sizeof(double));
    if (cox->competing)
        residuals.rest = calloc(cox->slots * p, sizeof(double));
    int status = 0;
    if (!residuals.drift || !residuals.u || (cox->competing && !residuals.rest))
        status = error_memory(err);
    if (!status)
        status = workers_run(cox->options.threads, p, one_column, &residuals, err);
    for (size_t s = 0; s < cox->n_strata && cox->competing && !status; s++)
        for (size_t j = 0; j < p; j++)
            influence_on_g(&residuals, s, j);
    memset(ret, 0, p * p * sizeof *ret);
    if (!status && cox->cluster)
        status = add_clusters(&residuals, ret, err);
    else if (!status)
        status = add_rows(&residuals, ret, err);
    for (size_t j = 0; j < p; j++)
        for (size_t k = 0; k < j; k++)
            ret[k * p + j] = ret[j * p + k];
    free(residuals.drift);
    free(residuals.rest);
    free(residuals.u);
    return status;
}
