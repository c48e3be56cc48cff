/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One pass over the data: the partial likelihood at b and its derivatives.
 *
 *   1. Risks: w exp(x'b) of each row
 *   2. Sums over risk sets, by slot
 *   3. Hazards and the likelihood, by slot
 *   4. Derivatives
 *
 * With v_i = risk_i times the cumulative hazard over the row's time at risk (less, for an event,
 * its share in its own time: cox_exposure), the derivatives are
 *
 *     score        sum over events of w x - sum of v x
 *     information  sum of v x x' - sum over times, l of m xbar_l xbar_l'
 *
 * with xbar_l = (S - f T)/(R - f D), S and T the sums of risk x over those at risk and over the
 * events, f = l/d. The first sum of the information is what one gets from adding S2/R over times,
 * with the order of adding changed.
 *
 * Each task has fixed rows or slots and an own place for its sums, which are added in their order.
 */
#include "users/cox-inside.h"

#include "base/workers.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

struct pass {
    struct cox *cox;
    const double *b;
    bool derivatives;
    size_t triangle; /* p (p + 1)/2 */
    double *of_chunks, *of_runs;
    size_t stride; /* of both: 1 for the likelihood, p, triangle */
};

/* ---- 1. Risks -------------------------------------------------------------------------------- */

static size_t chunk_end(const struct cox *cox, size_t from) {
    return from + COX_CHUNK < cox->n ? from + COX_CHUNK : cox->n;
}

static int risks(void *context, size_t chunk, int worker, struct error *err) {
    (void)worker;
    (void)err;
    const struct pass *pass = context;
    struct cox *cox = pass->cox;
    size_t from = chunk * COX_CHUNK, to = chunk_end(cox, from);
    double *risk = cox->risk, events = 0;
    memset(risk + from, 0, (to - from) * sizeof *risk);
    for (size_t j = 0; j < cox->p; j++) {
        const double *x = cox->x + j * cox->n, b = pass->b[j];
        for (size_t i = from; i < to; i++)
            risk[i] += b * x[i];
    }
    for (size_t i = from; i < to; i++)
        if (cox->status[i] == COX_EVENT)
            events += cox_weight(cox, i) * risk[i];
    for (size_t i = from; i < to; i++)
        risk[i] = exp(risk[i]);
    if (cox->weight)
        for (size_t i = from; i < to; i++)
            risk[i] *= cox->weight[i];
    for (size_t i = from; i < to; i++)
        risk[i] = cox_idle(cox, i) ? 0 : risk[i];
    pass->of_chunks[chunk * pass->stride] = events;
    return 0;
}

/* ---- 2. Sums over risk sets ------------------------------------------------------------------ */

/* Column 0 is of ones. */
static double times(const double *x, size_t i) {
    return x ? x[i] : 1;
}

/* What comes in at each slot, less what goes out. */
static void sum_groups(const struct cox *cox, const struct cox_slots *run, const double *x,
                       double *at_risk, double *dying) {
    const double *risk = cox->risk;
    for (size_t slot = run->from; slot < run->to; slot++) {
        double sum = 0;
        const uint32_t first = cox->group[slot], end = cox->group[slot + 1],
                       dead = first + cox->deaths[slot];
        if (x)
            for (uint32_t i = first; i < dead; i++)
                sum += risk[i] * x[i];
        else
            for (uint32_t i = first; i < dead; i++)
                sum += risk[i];
        if (dying)
            dying[slot] = sum;
        if (x)
            for (uint32_t i = dead; i < end; i++)
                sum += risk[i] * x[i];
        else
            for (uint32_t i = dead; i < end; i++)
                sum += risk[i];
        at_risk[slot] = sum;
    }
    if (!cox->late_row)
        return;
    for (size_t slot = run->from; slot < run->to; slot++) {
        double out = 0;
        for (uint32_t k = cox->late[slot]; k < cox->late[slot + 1]; k++)
            out += risk[cox->late_row[k]] * times(x, cox->late_row[k]);
        if (!cox->fresh[slot])
            at_risk[slot] -= out;
    }
}

static int groups(void *context, size_t run, int worker, struct error *err) {
    (void)worker;
    (void)err;
    struct cox *cox = ((const struct pass *)context)->cox;
    size_t columns = ((const struct pass *)context)->derivatives ? cox->p + 1 : 1;
    for (size_t j = 0; j < columns; j++)
        sum_groups(cox, &cox->runs[run], j > 0 ? cox->x + (j - 1) * cox->n : NULL,
                   cox->at_risk + j * cox->slots, cox->dying ? cox->dying + j * cox->slots : NULL);
    return 0;
}

/* Fine and Gray: those who left for elsewhere before the slot stay, with G(t-)/G(T-). */
static void add_competing(const struct cox *cox, size_t stratum, const double *x, double *at_risk) {
    double sum = 0;
    for (uint32_t slot = cox->stratum_first[stratum]; slot < cox->stratum_first[stratum + 1];
         slot++) {
        at_risk[slot] += cox->censoring[slot] * sum;
        for (uint32_t i = cox->group[slot]; i < cox->group[slot + 1]; i++)
            sum += cox->risk[i] * cox->competing_g[i] * times(x, i);
    }
}

/* From the last slot of each stratum down. */
static int accumulate(void *context, size_t j, int worker, struct error *err) {
    (void)worker;
    (void)err;
    struct cox *cox = ((const struct pass *)context)->cox;
    double *at_risk = cox->at_risk + j * cox->slots;
    for (size_t s = 0; s < cox->n_strata; s++) {
        double sum = 0;
        for (uint32_t slot = cox->stratum_first[s + 1]; slot-- > cox->stratum_first[s];) {
            sum = cox->fresh[slot] ? at_risk[slot] : sum + at_risk[slot];
            at_risk[slot] = sum;
        }
        if (cox->competing)
            add_competing(cox, s, j > 0 ? cox->x + (j - 1) * cox->n : NULL, at_risk);
    }
    return 0;
}

/* ---- 3. Hazards and the likelihood ----------------------------------------------------------- */

/* Tied events: how many there are, and the weight that each stands for. */
static void ties_of(const struct cox *cox, size_t slot, double *ret_d, double *ret_m) {
    double total = cox->death_weight[slot];
    *ret_d = cox->options.counts ? rint(total) : cox->deaths[slot];
    *ret_m = total / *ret_d;
}

/* Without ties, or by Breslow, all events share one denominator. */
static double one_denominator(struct cox *cox, size_t slot) {
    double den = cox->at_risk[slot], total = cox->death_weight[slot];
    cox->h[slot] = total / den;
    cox->q0[slot] = cox->h[slot] / den;
    return total * log(den);
}

static double efron(struct cox *cox, size_t slot) {
    double d, m, h = 0, hf = 0, q0 = 0, q1 = 0, q2 = 0, loglik = 0;
    ties_of(cox, slot, &d, &m);
    const size_t n = (size_t)d;
    for (size_t l = 0; l < n; l++) {
        double f = (double)l / d, den = cox->at_risk[slot] - f * cox->dying[slot], one = m / den;
        loglik += m * log(den);
        h += one;
        hf += f * one;
        q0 += one / den;
        q1 += f * one / den;
        q2 += f * f * one / den;
    }
    cox->h[slot] = h;
    cox->hf[slot] = hf;
    cox->q0[slot] = q0;
    cox->q1[slot] = q1;
    cox->q2[slot] = q2;
    return loglik;
}

static double dot(const double *a, const double *b, size_t n) {
    double sum[4] = {0};
    size_t i = 0;
    for (; i + 4 <= n; i += 4)
        for (size_t k = 0; k < 4; k++)
            sum[k] += a[i + k] * b[i + k];
    for (; i < n; i++)
        sum[0] += a[i] * b[i];
    return (sum[0] + sum[1]) + (sum[2] + sum[3]);
}

static void scale(const double *a, const double *b, size_t n, double *ret) {
    for (size_t i = 0; i < n; i++)
        ret[i] = a[i] * b[i];
}

/* Sum over slots and l of m xbar_l xbar_l', by lower triangle. */
static void sum_means(const struct cox *cox, const struct cox_slots *run, double *ret) {
    double weighted[COX_CHUNK], crossed[COX_CHUNK];
    size_t n = run->to - run->from, slots = cox->slots;
    for (size_t j = 0; j < cox->p; j++) {
        const double *s = cox->at_risk + (j + 1) * slots + run->from;
        scale(cox->q0 + run->from, s, n, weighted);
        if (cox->dying) {
            const double *t = cox->dying + (j + 1) * slots + run->from;
            for (size_t i = 0; i < n; i++) {
                weighted[i] -= cox->q1[run->from + i] * t[i];
                crossed[i] = cox->q2[run->from + i] * t[i] - cox->q1[run->from + i] * s[i];
            }
        }
        for (size_t k = 0; k <= j; k++) {
            double sum = dot(weighted, cox->at_risk + (k + 1) * slots + run->from, n);
            if (cox->dying)
                sum += dot(crossed, cox->dying + (k + 1) * slots + run->from, n);
            *ret++ = sum;
        }
    }
}

static int hazards(void *context, size_t run, int worker, struct error *err) {
    (void)worker;
    (void)err;
    const struct pass *pass = context;
    struct cox *cox = pass->cox;
    double *ret = pass->of_runs + run * pass->stride, loglik = 0;
    for (size_t slot = cox->runs[run].from; slot < cox->runs[run].to; slot++)
        if (cox->deaths[slot] > 0)
            loglik += cox->dying ? efron(cox, slot) : one_denominator(cox, slot);
    ret[0] = loglik;
    if (pass->derivatives)
        sum_means(cox, &cox->runs[run], ret + 1 + cox->p);
    return 0;
}

static void accumulate_hazards(struct cox *cox) {
    for (size_t s = 0; s < cox->n_strata; s++) {
        uint32_t first = cox->stratum_first[s], end = cox->stratum_first[s + 1];
        double sum = 0, rest = 0;
        for (uint32_t slot = first; slot < end; slot++)
            cox->hazard[slot] = sum += cox->h[slot];
        if (!cox->competing)
            continue;
        for (uint32_t slot = end; slot-- > first;) {
            cox->sub_hazard[slot] = rest; /* of the slots behind this one */
            rest += cox->censoring[slot] * cox->h[slot];
        }
    }
}

/* ---- 4. Derivatives -------------------------------------------------------------------------- */

static int rows(void *context, size_t chunk, int worker, struct error *err) {
    (void)worker;
    (void)err;
    const struct pass *pass = context;
    const struct cox *cox = pass->cox;
    size_t from = chunk * COX_CHUNK, n = chunk_end(cox, from) - from;
    double v[COX_CHUNK], left[COX_CHUNK], product[COX_CHUNK];
    double *ret = pass->of_chunks + chunk * pass->stride;
    for (size_t i = 0; i < n; i++) {
        size_t row = from + i;
        v[i] = cox->risk[row] * cox_exposure(cox, row);
        if (cox->competing && cox->status[row] == COX_COMPETING)
            v[i] += cox->risk[row] * cox->competing_g[row] * cox->sub_hazard[cox->last[row]];
        left[i] = (cox->status[row] == COX_EVENT ? cox_weight(cox, row) : 0) - v[i];
    }
    double *score = ret + 1, *information = score + cox->p;
    for (size_t j = 0; j < cox->p; j++) {
        const double *x = cox->x + j * cox->n + from;
        score[j] = dot(left, x, n);
        scale(v, x, n, product);
        for (size_t k = 0; k <= j; k++)
            *information++ = dot(product, cox->x + k * cox->n + from, n);
    }
    return 0;
}

static void add_up(const struct pass *pass, double *score, double *information) {
    const struct cox *cox = pass->cox;
    size_t p = cox->p;
    memset(score, 0, p * sizeof *score);
    memset(information, 0, p * p * sizeof *information);
    for (size_t c = 0; c < cox->n_chunks; c++) {
        const double *part = pass->of_chunks + c * pass->stride + 1;
        for (size_t j = 0; j < p; j++)
            score[j] += *part++;
        for (size_t j = 0; j < p; j++)
            for (size_t k = 0; k <= j; k++)
                information[j * p + k] += *part++;
    }
    for (size_t r = 0; r < cox->n_runs; r++) {
        const double *part = pass->of_runs + r * pass->stride + 1 + p;
        for (size_t j = 0; j < p; j++)
            for (size_t k = 0; k <= j; k++)
                information[j * p + k] -= *part++;
    }
    for (size_t j = 0; j < p; j++)
        for (size_t k = 0; k < j; k++)
            information[k * p + j] = information[j * p + k];
}

static double add_loglik(const struct pass *pass) {
    double sum = 0;
    for (size_t c = 0; c < pass->cox->n_chunks; c++)
        sum += pass->of_chunks[c * pass->stride];
    for (size_t r = 0; r < pass->cox->n_runs; r++)
        sum -= pass->of_runs[r * pass->stride];
    return sum;
}

int cox_pass(struct cox *cox, const double *b, double *ret_loglik, double *score,
             double *information, struct error *err) {
    size_t p = cox->p, triangle = p * (p + 1) / 2;
    struct pass pass = {.cox = cox,
                        .b = b,
                        .derivatives = score != NULL,
                        .triangle = triangle,
                        .stride = 1 + (score ? p + triangle : 0)};
    pass.of_chunks = calloc(cox->n_chunks * pass.stride, sizeof(double));
    pass.of_runs = calloc(cox->n_runs * pass.stride, sizeof(double));
    int threads = cox->options.threads, status = 0;
    if (!pass.of_chunks || !pass.of_runs)
        status = error_memory(err);
    if (!status)
        status = workers_run(threads, cox->n_chunks, risks, &pass, err);
    if (!status)
        status = workers_run(threads, cox->n_runs, groups, &pass, err);
    if (!status)
        status = workers_run(threads, score ? p + 1 : 1, accumulate, &pass, err);
    if (!status)
        status = workers_run(threads, cox->n_runs, hazards, &pass, err);
    if (!status) {
        *ret_loglik = add_loglik(&pass);
        accumulate_hazards(cox);
    }
    if (!status && score) {
        status = workers_run(threads, cox->n_chunks, rows, &pass, err);
        add_up(&pass, score, information);
    }
    free(pass.of_chunks);
    free(pass.of_runs);
    return status;
}
