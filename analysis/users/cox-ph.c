/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Are hazards proportional? The score test for effects that change with time.
 *
 * Each covariate gets a companion g(t) x with coefficient 0. With V_k the variance of x over the
 * risk set of event time k (m sum over l of S2/R - xbar xbar'), g centred over events,
 *
 *     u = sum of g (x - xbar) over events,  A = sum V_k,  B = sum g V_k,  C = sum g^2 V_k
 *
 * and for a term's columns J the statistic is (0, u_J) [A B_J; B_J' C_JJ]^-1 (0, u_J), chi-square
 * of |J| degrees of freedom (Grambsch & Therneau 1994; R's cox.zph from survival 3.0 on). As in
 * cox-pass.c the sums over risk sets become sums over rows, by cumulative sums of g h and g^2 h.
 */
#include "users/cox-inside.h"

#include <gsl/gsl_cdf.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- g --------------------------------------------------------------------------------------- */

struct timed {
    decimal time;
    double change; /* of those at risk: -1 for an entry at this time, +1 for a row */
    double events;
};

static int by_time(const void *a, const void *b) {
    decimal left = ((const struct timed *)a)->time, right = ((const struct timed *)b)->time;
    return (left > right) - (left < right);
}

/* All times of rows, ascending. */
static int sort_times(const struct cox *cox, bool entries, struct timed **ret, size_t *ret_n,
                      struct error *err) {
    struct timed *all = malloc(2 * cox->n * sizeof *all);
    size_t n = 0;
    if (!all) {
        error_memory(err);
        return ERROR_SYSTEM;
    }
    bool counts = cox->options.counts;
    for (size_t i = 0; i < cox->n; i++) {
        double w = counts ? cox_weight(cox, i) : 1;
        all[n++] = (struct timed){cox->time[i], w, cox->status[i] == COX_EVENT ? w : 0};
        if (entries && cox->entry && cox->entry[i] != COX_NO_ENTRY)
            all[n++] = (struct timed){cox->entry[i], -w, 0};
    }
    qsort(all, n, sizeof *all, by_time);
    *ret = all;
    *ret_n = n;
    return 0;
}

/* The group of equal times that starts at `from`: where it ends. */
static size_t same_time(const struct timed *all, size_t n, size_t from) {
    size_t to = from + 1;
    while (to < n && all[to].time == all[from].time)
        to++;
    return to;
}

/* Fills `value` per distinct time of `all`, which becomes the list of these times. */
static void rank_times(struct timed *all, size_t *n, double *value) {
    double before = 0;
    size_t used = 0;
    for (size_t from = 0, to; from < *n; from = to) {
        to = same_time(all, *n, from);
        double ties = 0;
        for (size_t i = from; i < to; i++)
            ties += all[i].change;
        value[used] = before + (ties + 1) / 2;
        before += ties;
        all[used++].time = all[from].time;
    }
    *n = used;
}

/* 1 - S(t-), S the Kaplan-Meier curve of all rows together. */
static void km_times(struct timed *all, size_t *n, double *value) {
    double at_risk = 0, survival = 1;
    size_t used = 0;
    for (size_t i = *n; i-- > 0;) { /* at risk at a time: exits at or after it, less entries */
        at_risk += all[i].change;
        all[i].change = at_risk;
    }
    for (size_t from = 0, to; from < *n; from = to) {
        to = same_time(all, *n, from);
        double events = 0;
        for (size_t i = from; i < to; i++)
            events += all[i].events;
        value[used] = 1 - survival;
        if (events > 0)
            survival *= 1 - events / all[from].change;
        all[used++].time = all[from].time;
    }
    *n = used;
}

static double look_up(const struct timed *all, size_t n, const double *value, decimal time) {
    size_t low = 0, high = n - 1;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (all[middle].time < time)
            low = middle + 1;
        else
            high = middle;
    }
    return value[low];
}

/* g by slot, less its mean over events. */
static int make_g(const struct cox *cox, enum cox_transform transform, double *g,
                  struct error *err) {
    struct timed *all = NULL;
    double *value = NULL, sum = 0, events = 0;
    size_t n = 0;
    if (transform == COX_KM || transform == COX_RANK) {
        int status = sort_times(cox, transform == COX_KM, &all, &n, err);
        if (status)
            return status;
        value = malloc((n + 1) * sizeof *value);
        if (!value) {
            free(all);
            return error_memory(err);
        }
        if (transform == COX_KM)
            km_times(all, &n, value);
        else
            rank_times(all, &n, value);
    }
    for (size_t slot = 0; slot < cox->slots; slot++) {
        double time = decimal_to_double(cox->when[slot]);
        double count = cox->options.counts ? cox->death_weight[slot] : cox->deaths[slot];
        if (cox->deaths[slot] == 0)
            continue;
        g[slot] = value                  ? look_up(all, n, value, cox->when[slot])
                  : transform == COX_LOG ? log(time)
                                         : time;
        sum += count * g[slot];
        events += count;
    }
    free(all);
    free(value);
    for (size_t slot = 0; slot < cox->slots; slot++)
        g[slot] = cox->deaths[slot] > 0 ? g[slot] - sum / events : 0;
    if (!isfinite(sum))
        return error_set(err, ERROR_DATA,
                         "somebody left at time 0, which has no logarithm: choose another scale");
    return 0;
}

/* ---- Sums ------------------------------------------------------------------------------------ */

/* Everything is 2p by 2p, or 2p: b and then its companions. */
struct sums {
    const struct cox *cox;
    size_t *used; /* 2p: scratch */
    const double *g;
    double *u, *information;
    double *gh, *ggh; /* by slot: cumulative g h, g^2 h */
};

static void accumulate(const struct sums *sums) {
    const struct cox *cox = sums->cox;
    for (size_t s = 0; s < cox->n_strata; s++) {
        double one = 0, two = 0;
        for (uint32_t slot = cox->stratum_first[s]; slot < cox->stratum_first[s + 1]; slot++) {
            double g = sums->g[slot];
            sums->gh[slot] = one += g * cox->h[slot];
            sums->ggh[slot] = two += g * g * cox->h[slot];
        }
    }
}

/* Adds `weight[0]` times the product to A, `weight[1]` to B, `weight[2]` to C. */
static void add_products(const struct sums *sums, size_t j, size_t k, const double weight[3]) {
    size_t p = sums->cox->p, width = 2 * p;
    double *a = sums->information;
    a[j * width + k] += weight[0];
    a[(p + j) * width + k] += weight[1];
    if (j != k)
        a[(p + k) * width + j] += weight[1];
    a[(p + j) * width + p + k] += weight[2];
}

static void add_rows(const struct sums *sums) {
    const struct cox *cox = sums->cox;
    size_t n = cox->n, p = cox->p;
    for (size_t j = 0; j < p; j++)
        for (size_t k = 0; k <= j; k++)
            for (size_t from = 0; from < n; from += COX_CHUNK) {
                double part[3] = {0};
                for (size_t i = from; i < n && i < from + COX_CHUNK; i++) {
                    uint32_t first = cox->first[i], last = cox->last[i];
                    double own = cox->status[i] == COX_EVENT ? cox->hf[last] : 0, g = sums->g[last];
                    double xx = cox->risk[i] * cox->x[j * n + i] * cox->x[k * n + i];
                    part[0] += xx * cox_exposure(cox, i);
                    part[1] += xx * (sums->gh[last] - sums->gh[first] - g * own);
                    part[2] += xx * (sums->ggh[last] - sums->ggh[first] - g * g * own);
                }
                add_products(sums, j, k, part);
            }
}

static void subtract_means(const struct sums *sums) {
    const struct cox *cox = sums->cox;
    size_t p = cox->p, slots = cox->slots;
    for (size_t j = 0; j < p; j++)
        for (size_t k = 0; k <= j; k++) {
            const double *sj = cox->at_risk + (j + 1) * slots, *sk = cox->at_risk + (k + 1) * slots;
            const double *tj = cox->dying ? cox->dying + (j + 1) * slots : NULL;
            const double *tk = cox->dying ? cox->dying + (k + 1) * slots : NULL;
            double whole[3] = {0};
            for (size_t slot = 0; slot < slots; slot++) {
                double g = sums->g[slot], product = cox->q0[slot] * sj[slot] * sk[slot];
                if (tj)
                    product += cox->q2[slot] * tj[slot] * tk[slot] -
                               cox->q1[slot] * (sj[slot] * tk[slot] + tj[slot] * sk[slot]);
                whole[0] -= product;
                whole[1] -= g * product;
                whole[2] -= g * g * product;
            }
            add_products(sums, j, k, whole);
        }
}

static void add_scores(const struct sums *sums) {
    const struct cox *cox = sums->cox;
    size_t p = cox->p, slots = cox->slots;
    for (size_t j = 0; j < p; j++) {
        const double *s = cox->at_risk + (j + 1) * slots;
        const double *t = cox->dying ? cox->dying + (j + 1) * slots : NULL;
        const double *x = cox->x + j * cox->n;
        double sum = 0;
        for (size_t slot = 0; slot < slots; slot++) {
            double part = -(cox->h[slot] * s[slot] - (t ? cox->hf[slot] * t[slot] : 0));
            for (uint32_t i = cox->group[slot]; i < cox->group[slot] + cox->deaths[slot]; i++)
                part += cox_weight(cox, i) * x[i];
            sum += sums->g[slot] * part;
        }
        sums->u[p + j] = sum;
    }
}

/* ---- Tests ----------------------------------------------------------------------------------- */

/* Of the companions of the columns that `term` marks (SIZE_MAX: all). a, u and used are scratch. */
static void test(const struct sums *sums, const size_t *term, size_t which, double *a, double *u,
                 size_t *used, struct cox_ph_test *ret) {
    size_t p = sums->cox->p, n = 0, column;
    for (size_t j = 0; j < 2 * p; j++)
        if (j < p || which == SIZE_MAX || term[j - p] == which)
            used[n++] = j;
    for (size_t j = 0; j < n; j++) {
        u[j] = used[j] < p ? 0 : sums->u[used[j]];
        for (size_t k = 0; k <= j; k++)
            a[j * n + k] = sums->information[used[j] * 2 * p + used[k]];
    }
    ret->df = n - p;
    ret->chi_square = ret->p_value = NAN;
    if (!cox_cholesky(a, n, 1e-12, &column))
        return; /* all events of a category at one time, say: the effect cannot change */
    double *v = a + n * n;
    memcpy(v, u, n * sizeof *v);
    cox_solve(a, n, v);
    ret->chi_square = 0;
    for (size_t j = 0; j < n; j++)
        ret->chi_square += u[j] * v[j];
    ret->p_value = gsl_cdf_chisq_Q(ret->chi_square, (double)ret->df);
}

static void run_tests(struct sums *sums, const size_t *term, size_t terms, double *scratch,
                      struct cox_ph_test *ret) {
    accumulate(sums);
    add_rows(sums);
    subtract_means(sums);
    add_scores(sums);
    double *u = scratch + 4 * sums->cox->p * sums->cox->p + 2 * sums->cox->p;
    for (size_t t = 0; t <= terms; t++)
        test(sums, term, t < terms ? t : SIZE_MAX, scratch, u, sums->used, &ret[t]);
}

int cox_test_ph(const struct cox *cox, enum cox_transform transform, const size_t *term,
                size_t terms, struct cox_ph_test *ret, struct error *err) {
    size_t p = cox->p, slots = cox->slots;
    if (cox->competing)
        return error_set(err, ERROR_DATA,
                         "there is no test of proportional hazards for Fine and Gray's model");
    double *g = calloc(3 * slots, sizeof *g);
    double *sums = calloc(2 * p + 4 * p * p, sizeof *sums);
    double *scratch = calloc(4 * p * p + 4 * p, sizeof *scratch);
    size_t *used = calloc(2 * p, sizeof *used);
    int status = ERROR_SYSTEM;
    if (!g || !sums || !scratch || !used)
        error_memory(err);
    else
        status = make_g(cox, transform, g, err);
    if (!status) {
        struct sums all = {cox, used, g, sums, sums + 2 * p, g + slots, g + 2 * slots};
        run_tests(&all, term, terms, scratch, ret);
    }
    free(g);
    free(used);
    free(sums);
    free(scratch);
    return status;
}
