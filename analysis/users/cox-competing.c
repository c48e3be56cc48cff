/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Fine and Gray's model: weights of those who left for elsewhere, what each row does to them, and
 * the errors of predicted incidence.
 *
 *   1. Going through a stratum in time
 *   2. Weights
 *   3. The influence of rows on the weights
 *   4. Errors of predicted hazards
 *
 * Who left for elsewhere at T stays at risk at t > T with the weight G(t-) H(t-)/(G(T-) H(T-)): G
 * is the chance of not being censored yet and H that of having entered, both by product limits,
 * from the first time on and from the last (Geskus 2011, doi:10.1111/j.1541-0420.2010.01420.x, eq.
 * 11). At a time with Y at risk behind the d who leave, c censored and e who enter,
 *
 *     G falls by 1 - c/Y,   H rises by 1/(1 - e/R),   R = Y - c + e,
 *
 * together by (Y - c + e)/Y: the number at risk after the time to those who did not leave at it. So
 * G(t-) H(t-) is n(t)/S(t-) up to a factor, with n at risk and S the Kaplan-Meier curve of leaving
 * for wherever; and a user whose stretch ends while the next one begins changes nothing.
 */
#include "users/cox-inside.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- 1. Going through a stratum in time ------------------------------------------------------ */

/* A time at which rows end or begin. Sums are of weights. */
struct moment {
    decimal time;
    uint32_t from, to;             /* sorted rows that end */
    uint32_t enter_from, enter_to; /* places in cox->entering of those that begin */
    uint32_t slot;                 /* the last one at or before it */
    uint32_t rows, leavers;        /* at risk just before, and of them leaving */
    double at_risk, left, censored, entered;
};

struct walk {
    const struct cox *cox;
    uint32_t row, rows_end, enter, enter_end, slot, slot_end, rows;
    double at_risk;
};

static struct walk begin_walk(const struct cox *cox, size_t stratum) {
    struct walk walk = {.cox = cox,
                        .row = cox->group[cox->stratum_first[stratum]],
                        .rows_end = cox->group[cox->stratum_first[stratum + 1]],
                        .slot = cox->stratum_first[stratum],
                        .slot_end = cox->stratum_first[stratum + 1]};
    if (cox->entering) {
        walk.enter = cox->entering_first[stratum];
        walk.enter_end = cox->entering_first[stratum + 1];
    }
    walk.rows = walk.rows_end - walk.row - (walk.enter_end - walk.enter);
    for (uint32_t i = walk.row; i < walk.rows_end; i++)
        if (!cox->entry || cox->entry[i] == COX_NO_ENTRY)
            walk.at_risk += cox_weight(cox, i);
    return walk;
}

static decimal entry_of(const struct walk *walk) {
    return walk->cox->entry[walk->cox->entering[walk->enter]];
}

static bool next_moment(struct walk *walk, struct moment *ret) {
    const struct cox *cox = walk->cox;
    if (walk->row == walk->rows_end)
        return false; /* whoever enters has ended, too */
    decimal time = cox->time[walk->row];
    if (walk->enter < walk->enter_end && entry_of(walk) < time)
        time = entry_of(walk);
    *ret = (struct moment){.time = time,
                           .from = walk->row,
                           .enter_from = walk->enter,
                           .rows = walk->rows,
                           .at_risk = walk->at_risk};
    for (; walk->row < walk->rows_end && cox->time[walk->row] == time; walk->row++) {
        const bool left = cox->status[walk->row] != COX_CENSORED;
        *(left ? &ret->left : &ret->censored) += cox_weight(cox, walk->row);
        ret->leavers += left;
    }
    for (; walk->enter < walk->enter_end && entry_of(walk) == time; walk->enter++)
        ret->entered += cox_weight(cox, cox->entering[walk->enter]);
    while (walk->slot + 1 < walk->slot_end && cox->when[walk->slot + 1] <= time)
        walk->slot++;
    ret->to = walk->row;
    ret->enter_to = walk->enter;
    ret->slot = walk->slot;
    walk->rows += (ret->enter_to - ret->enter_from) - (ret->to - ret->from);
    walk->at_risk = walk->rows > 0 ? ret->at_risk - ret->left - ret->censored + ret->entered : 0;
    return true;
}

/* ---- 2. Weights ------------------------------------------------------------------------------ */

static int all_left(decimal time, struct error *err) {
    char text[DECIMAL_TEXT];
    decimal_format(time, 0, text);
    return error_set(err, ERROR_DATA,
                     "all who were at risk at time %s left, and others enter later, so the weight "
                     "then of those who left for elsewhere is not known: leave out what is before, "
                     "or fit the cause-specific hazard",
                     text);
}

static int weigh_stratum(struct cox *cox, size_t stratum, struct error *err) {
    struct walk walk = begin_walk(cox, stratum);
    struct moment moment;
    double stay = 1;
    bool competing = false, fallen = false;
    decimal fell_at = 0;
    while (next_moment(&walk, &moment)) {
        const double g = moment.at_risk / stay;
        for (uint32_t i = moment.from; i < moment.to; i++)
            if (cox->status[i] == COX_COMPETING)
                cox->competing_g[i] = 1 / g;
        if (moment.from < moment.to && cox->status[moment.from] == COX_EVENT) {
            cox->censoring[moment.slot] = g;
            if (fallen)
                return all_left(fell_at, err);
        }
        for (uint32_t i = moment.from; i < moment.to && !competing; i++)
            competing = cox->status[i] == COX_COMPETING;
        if (moment.leavers == 0)
            continue;
        stay *= 1 - moment.left / moment.at_risk;
        if (moment.leavers < moment.rows)
            continue;
        stay = 1; /* of whoever enters later */
        if (competing && !fallen) {
            fallen = true;
            fell_at = moment.time;
        }
    }
    return 0;
}

/* Late rows by stratum, entry and place. */
static int sort_entries(struct cox *cox, struct error *err) {
    size_t n = 0;
    for (size_t i = 0; i < cox->n; i++)
        n += cox->entry[i] != COX_NO_ENTRY;
    cox->entering = malloc((n + 1) * sizeof *cox->entering);
    cox->entering_first = calloc(cox->n_strata + 1, sizeof *cox->entering_first);
    struct cox_keyed *items = calloc(n + 1, sizeof *items), *other = calloc(n + 1, sizeof *other);
    if (!cox->entering || !cox->entering_first || !items || !other) {
        free(items);
        free(other);
        return error_memory(err);
    }
    size_t at = 0;
    for (size_t s = 0; s < cox->n_strata; s++) {
        const size_t first = at;
        for (uint32_t i = cox->group[cox->stratum_first[s]];
             i < cox->group[cox->stratum_first[s + 1]]; i++)
            if (cox->entry[i] != COX_NO_ENTRY) /* as an unsigned number in the same order */
                items[at++] = (struct cox_keyed){(uint64_t)cox->entry[i] ^ UINT64_C(1) << 63, i};
        cox->entering_first[s + 1] = (uint32_t)at;
        struct cox_keyed *sorted = items + first, *scratch = other + first;
        if (at > first)
            cox_sort(&sorted, &scratch, at - first);
        for (size_t k = first; k < at; k++)
            cox->entering[k] = sorted[k - first].row;
    }
    free(items);
    free(other);
    return 0;
}

int cox_weigh_competing(struct cox *cox, struct error *err) {
    cox->competing_g = calloc(cox->n, sizeof *cox->competing_g);
    cox->censoring = calloc(cox->slots, sizeof *cox->censoring);
    cox->sub_hazard = calloc(cox->slots, sizeof *cox->sub_hazard);
    if (!cox->competing_g || !cox->censoring || !cox->sub_hazard)
        return error_memory(err);
    int status = cox->entry ? sort_entries(cox, err) : 0;
    for (size_t s = 0; s < cox->n_strata && !status; s++)
        status = weigh_stratum(cox, s, err);
    return status;
}

/* ---- 3. The influence of rows on the weights ------------------------------------------------- */

/* The logarithm of G(t-) H(t-)/(G(T-) H(T-)) changes, with the weight of row i, by the sum over
 * T <= s < t of
 *
 *     psi_i(s) = (dN^e_i - R_i e/R)/R - (dN^c_i - Y_i c/Y)/Y
 *
 * as G's part does in Fine & Gray (1999, eq. 7 and 8). What multiplies it in the score is
 *
 *     q(s) = sum over competing T <= s of w exp(x'b)/(G H)(T-) integral behind s of
 *            (x - xbar) (G H)(t-) dH(t)
 *
 * of which a row has less by what everyone at risk has, a running sum (`drift`), and its own terms
 * as it enters and is censored. */
void cox_weights_influence(const struct cox *cox, size_t stratum, const double *x,
                           const double *rest, double *u) {
    struct walk walk = begin_walk(cox, stratum);
    struct moment m;
    double stay_x = 0, stay = 0, drift = 0;
    while (next_moment(&walk, &m)) {
        /* Whoever leaves at this time is gone before a censoring at it, and is no part of it. */
        for (uint32_t k = m.from; k < m.to; k++) {
            if (cox->status[k] == COX_COMPETING) {
                stay_x += cox->risk[k] * cox->competing_g[k] * x[k];
                stay += cox->risk[k] * cox->competing_g[k];
            }
            if (cox->status[k] != COX_CENSORED)
                u[k] += cox_weight(cox, k) * drift;
        }
        const double q = stay_x * cox->sub_hazard[m.slot] - stay * rest[m.slot];
        if (m.censored > 0) {
            const double y = m.at_risk - m.left, step = q / y;
            drift -= step * m.censored / y;
            for (uint32_t k = m.from; k < m.to; k++)
                if (cox->status[k] == COX_CENSORED)
                    u[k] += cox_weight(cox, k) * (drift + step);
        }
        if (m.entered > 0) {
            const double r = m.at_risk - m.left - m.censored + m.entered, step = q / r;
            for (uint32_t k = m.enter_from; k < m.enter_to; k++)
                u[cox->entering[k]] -= cox_weight(cox, cox->entering[k]) * (drift + step);
            drift += step * m.entered / r;
        }
    }
}

/* ---- 4. Errors of predicted hazards ---------------------------------------------------------- */

/* H(t | x) = exp(x'b) sum of h has, by the weight of a row or cluster, the derivative
 *
 *     exp(x'b) (a(t) + C(t)' db),   C(t) = sum of (x - xbar) h,
 *
 * db being that of b. With Q and B the sums of m/den^2 and of G H m/den^2 over events, P(s) the sum
 * of risks over G H of those who left for elsewhere by s, and D = sum of (c/Y^2 - e/R^2) P(s) over
 * times, each weighed by B(s) - B(t), a row at risk has
 *
 *     a = alpha + beta Q + gamma B + kappa D
 *
 * with constants that change as it enters and ends only, and afterwards alpha + gamma B. So the sum
 * of squares over rows is f' M f, with f = (1, Q, B, D, C) and M the sum of the products of these
 * constants and db: each row changes it twice. */
enum { ALPHA, BETA, GAMMA, KAPPA, OWN };

struct squares {
    const struct cox *cox;
    size_t width;  /* OWN + p */
    double *z;     /* units by width; db behind OWN */
    double *m;     /* width by width */
    double q, b;   /* Q and B */
    double d0, d1; /* D = d1 - d0 B: sums of its terms, and of these times B(s) */
    double p;      /* P */
};

static size_t unit_of(const struct cox *cox, size_t row) {
    return cox->cluster ? cox->cluster[row] : row;
}

/* A row that stands for w rows without clusters is w units, of which z has the sum. */
static double share_of(const struct cox *cox, size_t row) {
    return !cox->cluster && cox->options.counts ? 1 / cox_weight(cox, row) : 1;
}

/* Adds to the first four numbers of the row's unit. */
static void add_terms(struct squares *all, uint32_t row, const double change[OWN]) {
    const double share = share_of(all->cox, row);
    double *z = all->z + unit_of(all->cox, row) * all->width;
    for (size_t i = 0; i < OWN; i++) {
        if (change[i] == 0)
            continue;
        const double d = share * change[i];
        for (size_t j = 0; j < all->width; j++) {
            all->m[i * all->width + j] += d * z[j];
            all->m[j * all->width + i] += d * z[j];
        }
        all->m[i * all->width + i] += d * change[i];
        z[i] += change[i];
    }
}

/* Begins to be at risk now; `own` is psi P of its own entry. */
static void begin_row(struct squares *all, uint32_t row, double own) {
    const double w = cox_weight(all->cox, row), risk = all->cox->risk[row];
    add_terms(
        all, row,
        (const double[]){risk * all->q - w * all->d1 + own * all->b, -risk, w * all->d0 - own, w});
}

/* Ends now. Who left for elsewhere is gone on with, by B. */
static void end_row(struct squares *all, uint32_t row, double own) {
    const struct cox *cox = all->cox;
    const double w = cox_weight(cox, row), risk = cox->risk[row];
    double change[OWN] = {-risk * all->q + w * all->d1 + own * all->b, risk, -w * all->d0 - own,
                          -w};
    if (cox->status[row] == COX_EVENT) {
        const uint32_t slot = cox->last[row];
        change[ALPHA] += w * cox->h[slot] / cox->death_weight[slot] + risk * cox->q1[slot];
    } else if (cox->status[row] == COX_COMPETING) {
        change[ALPHA] += risk * cox->competing_g[row] * all->b;
        change[GAMMA] -= risk * cox->competing_g[row];
        all->p += risk * cox->competing_g[row];
    }
    add_terms(all, row, change);
}

static void take_moment(struct squares *all, const struct moment *m) {
    const struct cox *cox = all->cox;
    for (uint32_t k = m->from; k < m->to; k++)
        if (cox->status[k] != COX_CENSORED)
            end_row(all, k, 0);
    if (m->censored > 0) {
        const double y = m->at_risk - m->left, step = m->censored / y / y * all->p;
        all->d0 += step;
        all->d1 += step * all->b;
        for (uint32_t k = m->from; k < m->to; k++)
            if (cox->status[k] == COX_CENSORED)
                end_row(all, k, -cox_weight(cox, k) / y * all->p);
    }
    if (m->entered > 0) {
        const double r = m->at_risk - m->left - m->censored + m->entered;
        for (uint32_t k = m->enter_from; k < m->enter_to; k++)
            begin_row(all, cox->entering[k], cox_weight(cox, cox->entering[k]) / r * all->p);
        const double step = m->entered / r / r * all->p;
        all->d0 -= step;
        all->d1 -= step * all->b;
    }
}

/* f' M f. */
static double sum_of_squares(const struct squares *all, const double *c, double *f) {
    const double own[OWN] = {1, all->q, all->b, all->d1 - all->d0 * all->b};
    memcpy(f, own, sizeof own);
    memcpy(f + OWN, c, all->cox->p * sizeof *c);
    return fmax(cox_quadratic(all->m, f, all->width), 0);
}

static int begin_squares(struct squares *all, const struct cox *cox, size_t stratum,
                         struct error *err) {
    const size_t p = cox->p, units = cox->cluster ? cox->result.clusters : cox->n;
    *all = (struct squares){.cox = cox, .width = OWN + p};
    all->z = calloc(units * all->width + 1, sizeof *all->z);
    all->m = calloc(all->width * all->width, sizeof *all->m);
    if (!all->z || !all->m)
        return error_memory(err);
    for (size_t unit = 0; unit < units; unit++)
        memcpy(all->z + unit * all->width + OWN, cox->shift + unit * p, p * sizeof *cox->shift);
    for (size_t i = 0; i < p; i++)
        for (size_t j = 0; j < p; j++)
            all->m[(OWN + i) * all->width + OWN + j] =
                cox->result.robust[i * p + j] * cox->scale[i] * cox->scale[j];
    for (uint32_t i = cox->group[cox->stratum_first[stratum]];
         i < cox->group[cox->stratum_first[stratum + 1]]; i++)
        if (!cox->entry || cox->entry[i] == COX_NO_ENTRY)
            begin_row(all, i, 0);
    return 0;
}

int cox_incidence_errors(const struct cox *cox, const double *drift, size_t stratum, double *ret,
                         struct error *err) {
    struct squares all;
    struct walk walk = begin_walk(cox, stratum);
    struct moment moment;
    const uint32_t first = cox->stratum_first[stratum];
    uint32_t slot = first;
    double *f = malloc((OWN + cox->p) * sizeof *f);
    int status = begin_squares(&all, cox, stratum, err);
    if (!status && !f)
        status = error_memory(err);
    while (!status && next_moment(&walk, &moment)) {
        const bool event = moment.slot > slot;
        if (event) {
            slot = moment.slot;
            all.q += cox->q0[slot];
            all.b += cox->censoring[slot] * cox->q0[slot];
        }
        take_moment(&all, &moment);
        if (event)
            ret[slot - first - 1] =
                sqrt(sum_of_squares(&all, drift + (slot - first - 1) * cox->p, f));
    }
    free(all.z);
    free(all.m);
    free(f);
    return status;
}
