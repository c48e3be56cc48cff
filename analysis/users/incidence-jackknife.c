/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The infinitesimal jackknife of cumulative incidence.
 *
 *   1. Units and what they do
 *   2. Influences
 *   3. Steps
 *   4. Areas
 */
#include "users/incidence-jackknife.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* What a unit does at a time. */
struct change {
    decimal time;
    uint32_t unit;
    uint32_t kind; /* as in exits */
    int64_t count;
};

/* A, F_k, G_k and their areas are counted from the last time that all units were looked at: so no
 * large numbers cancel, and rounding does not pile up in the sums. */
struct jackknife {
    size_t destinations, units;
    struct change *changes; /* by time, unit, kind; each once */
    size_t n, next;
    int64_t *copies; /* of each unit; NULL: one */
    int64_t *y;
    double *b, *c; /* c: units by destinations */
    double *m;     /* the same; NULL without areas */
    decimal last;  /* time of the last step */
    double a, t;
    double *f, *g, *f_area, *g_area;
    double bb, by, yy;    /* sums over units */
    double *cc, *cb, *cy; /* of each destination */
    double *largest;      /* variance so far */
    double *arrays;       /* what holds these */
    size_t changed;       /* since all were looked at */
    bool fallen;          /* S is 0 */
    bool lone;            /* one cluster only: its influence adds up to 0 whatever the truth is */
};

/* ---- 1. Units and what they do --------------------------------------------------------------- */

static int compare(int64_t a, int64_t b) {
    return (a > b) - (a < b);
}

static int compare_changes(const void *left, const void *right) {
    const struct change *a = left, *b = right;
    int order = compare(a->time, b->time);
    order = order ? order : compare(a->unit, b->unit);
    return order ? order : compare(a->kind, b->kind);
}

static int compare_records(const void *left, const void *right) {
    const struct tally_record *a = left, *b = right;
    int order = compare(a->time, b->time);
    order = order ? order : compare(a->kind, b->kind);
    order = order ? order : compare(a->late, b->late);
    return order || !a->late ? order : compare(a->entry, b->entry);
}

static void add_record(struct jackknife *j, const struct tally_record *record, uint32_t unit,
                       int64_t count) {
    j->changes[j->n++] = (struct change){record->time, unit, record->kind, count};
    if (record->late)
        j->changes[j->n++] = (struct change){record->entry, unit, EXITS_ENTERED, count};
    else
        j->y[unit] += count;
}

static void add_clusters(struct jackknife *j, const struct tally_record *records, size_t n) {
    for (size_t i = 0; i < n; i++) {
        if (i == 0 || records[i].cluster != records[i - 1].cluster)
            j->units++;
        add_record(j, &records[i], (uint32_t)j->units - 1, records[i].weight);
    }
}

/* Spells that entered and left alike are one unit with copies, whatever rows they stand in. */
static int add_spells(struct jackknife *j, const struct tally_record *records, size_t n,
                      struct error *err) {
    struct tally_record *sorted = malloc((n + 1) * sizeof *sorted);
    j->copies = calloc(n + 1, sizeof *j->copies);
    if (!sorted || !j->copies) {
        free(sorted);
        return error_memory(err);
    }
    if (n > 0) {
        memcpy(sorted, records, n * sizeof *sorted);
        qsort(sorted, n, sizeof *sorted, compare_records);
    }
    for (size_t i = 0; i < n; i++) {
        if (i == 0 || compare_records(&sorted[i], &sorted[i - 1]) != 0)
            add_record(j, &sorted[i], (uint32_t)j->units++, 1);
        j->copies[j->units - 1] += sorted[i].weight;
    }
    free(sorted);
    return 0;
}

/* In whole numbers, so that the order of a cluster's records does not matter. */
static void sum_up(struct jackknife *j) {
    size_t used = 0;
    if (j->n > 0)
        qsort(j->changes, j->n, sizeof *j->changes, compare_changes);
    for (size_t i = 0; i < j->n; i++) {
        if (used > 0 && compare_changes(&j->changes[used - 1], &j->changes[i]) == 0)
            j->changes[used - 1].count += j->changes[i].count;
        else
            j->changes[used++] = j->changes[i];
    }
    j->n = used;
}

/* ---- 2. Influences --------------------------------------------------------------------------- */

static double copies_of(const struct jackknife *j, size_t unit) {
    return j->copies ? (double)j->copies[unit] : 1;
}

static void add_products(struct jackknife *j, size_t unit, double sign) {
    const double *c = j->c + unit * j->destinations, b = j->b[unit], y = (double)j->y[unit];
    const double times = sign * copies_of(j, unit);
    j->bb += times * b * b;
    j->by += times * b * y;
    j->yy += times * y * y;
    for (size_t k = 0; k < j->destinations; k++) {
        j->cc[k] += times * c[k] * c[k];
        j->cb[k] += times * c[k] * b;
        j->cy[k] += times * c[k] * y;
    }
}

static void look_at_all(struct jackknife *j) {
    const size_t size = j->destinations * sizeof(double);
    j->bb = j->by = j->yy = 0;
    memset(j->cc, 0, size);
    memset(j->cb, 0, size);
    memset(j->cy, 0, size);
    for (size_t unit = 0; unit < j->units; unit++) {
        const double b = j->b[unit], y = (double)j->y[unit];
        for (size_t k = 0; k < j->destinations; k++) {
            double *c = &j->c[unit * j->destinations + k];
            if (j->m)
                j->m[unit * j->destinations + k] += *c * j->t + b * j->f_area[k] + y * j->g_area[k];
            *c += b * j->f[k] + y * j->g[k];
        }
        j->b[unit] += y * j->a;
        add_products(j, unit, 1);
    }
    j->a = j->t = 0;
    memset(j->f, 0, size);
    memset(j->g, 0, size);
    memset(j->f_area, 0, size);
    memset(j->g_area, 0, size);
    j->changed = 0;
}

int jackknife_create(struct jackknife **ret, const struct tally_record *records, size_t n,
                     bool clustered, bool areas, size_t destinations, struct error *err) {
    enum { ARRAYS = 8 };
    struct jackknife *j = calloc(1, sizeof *j);
    *ret = j;
    if (!j)
        return error_memory(err);
    j->destinations = destinations;
    j->changes = malloc((2 * n + 1) * sizeof *j->changes);
    j->y = calloc(n + 1, sizeof *j->y);
    j->arrays = calloc(ARRAYS * destinations + 1, sizeof *j->arrays);
    if (!j->changes || !j->y || !j->arrays)
        return error_memory(err);
    double **arrays[ARRAYS] = {&j->f,  &j->g,  &j->f_area, &j->g_area,
                               &j->cc, &j->cb, &j->cy,     &j->largest};
    for (size_t i = 0; i < ARRAYS; i++)
        *arrays[i] = j->arrays + i * destinations;
    if (clustered)
        add_clusters(j, records, n);
    else if (add_spells(j, records, n, err))
        return err->code;
    j->lone = clustered && j->units == 1;
    sum_up(j);
    j->b = calloc(j->units + 1, sizeof *j->b);
    j->c = calloc(j->units * destinations + 1, sizeof *j->c);
    j->m = areas ? calloc(j->units * destinations + 1, sizeof *j->m) : NULL;
    if (!j->b || !j->c || (areas && !j->m))
        return error_memory(err);
    look_at_all(j);
    return 0;
}

void jackknife_destroy(struct jackknife *j) {
    if (!j)
        return;
    free(j->changes);
    free(j->copies);
    free(j->y);
    free(j->b);
    free(j->c);
    free(j->m);
    free(j->arrays);
    free(j);
}

/* ---- 3. Steps -------------------------------------------------------------------------------- */

static void pass_time(struct jackknife *j, decimal time) {
    const double dt = decimal_to_double(time - j->last);
    j->last = time;
    j->t += dt;
    for (size_t k = 0; k < j->destinations && j->m; k++) {
        j->f_area[k] += j->f[k] * dt;
        j->g_area[k] += j->g[k] * dt;
    }
}

/* What happens to everyone. */
static void leave(struct jackknife *j, const struct jackknife_moment *moment) {
    const double n = moment->at_risk, d = moment->events;
    for (size_t k = 0; k < j->destinations; k++) {
        const double gone = moment->staying * ((double)moment->left[k] / n);
        j->f[k] += gone;
        j->g[k] += (j->a - 1 / n) * gone;
    }
    if (n > d)
        j->a += d / n / (n - d);
    else
        j->fallen = true;
}

/* What a unit does itself. Its L and U_k are the same just before and after it enters or is last
 * seen; leaving has terms of its own. */
static void apply(struct jackknife *j, const struct change *change,
                  const struct jackknife_moment *moment) {
    const double count = (double)change->count, rest = moment->at_risk - moment->events;
    const bool leaves = change->kind >= EXITS_EVENT, enters = change->kind == EXITS_ENTERED;
    const double dy = enters ? count : -count;
    const double db = (leaves && rest > 0 ? -count / rest : 0) - dy * j->a;
    double *c = j->c + change->unit * j->destinations;
    double *m = j->m ? j->m + change->unit * j->destinations : NULL;
    add_products(j, change->unit, -1);
    for (size_t k = 0; k < j->destinations; k++) {
        double dc = -db * j->f[k] - dy * j->g[k];
        if (leaves && change->kind - EXITS_EVENT == k)
            dc += moment->staying * count / moment->at_risk;
        c[k] += dc;
        if (m)
            m[k] -= dc * j->t + db * j->f_area[k] + dy * j->g_area[k];
    }
    j->b[change->unit] += db;
    j->y[change->unit] += enters ? change->count : -change->count;
    add_products(j, change->unit, 1);
    j->changed++;
}

/* Where a variance should be 0, rounding leaves some 1e-16 of what it has been. */
static double without_rounding(double variance, double *largest) {
    *largest = fmax(*largest, variance);
    return variance > 1e-13 * *largest ? variance : 0;
}

static void forget_variances(const struct jackknife *j, double *ret_staying, double *ret_variance) {
    *ret_staying = NAN;
    for (size_t k = 0; k < j->destinations; k++)
        ret_variance[k] = NAN;
}

void jackknife_step(struct jackknife *j, const struct jackknife_moment *moment, double *ret_staying,
                    double *ret_variance) {
    for (; j->next < j->n && j->changes[j->next].time < moment->time; j->next++)
        apply(j, &j->changes[j->next], moment); /* they enter, between two steps */
    pass_time(j, moment->time);
    if (moment->events > 0)
        leave(j, moment);
    for (; j->next < j->n && j->changes[j->next].time == moment->time; j->next++)
        apply(j, &j->changes[j->next], moment);
    if (j->changed >= j->units)
        look_at_all(j);
    const double s = moment->staying * (1 - moment->events / moment->at_risk);
    *ret_staying =
        j->fallen ? 0 : fmax(s * s * (j->bb + 2 * j->a * j->by + j->a * j->a * j->yy), 0);
    for (size_t k = 0; k < j->destinations; k++) {
        const double f = j->f[k], g = j->g[k];
        const double sum = j->cc[k] + 2 * (f * j->cb[k] + g * j->cy[k]) + f * f * j->bb +
                           2 * f * g * j->by + g * g * j->yy;
        ret_variance[k] = without_rounding(sum, &j->largest[k]);
    }
    if (j->lone)
        forget_variances(j, ret_staying, ret_variance);
}

/* ---- 4. Areas -------------------------------------------------------------------------------- */

/* The area under S is the time less those under F_k. */
void jackknife_areas(struct jackknife *j, decimal time, double *ret_staying, double *ret_variance) {
    pass_time(j, time);
    look_at_all(j);
    *ret_staying = 0;
    memset(ret_variance, 0, j->destinations * sizeof *ret_variance);
    for (size_t unit = 0; unit < j->units; unit++) {
        const double *m = j->m + unit * j->destinations, times = copies_of(j, unit);
        double gone = 0;
        for (size_t k = 0; k < j->destinations; k++) {
            ret_variance[k] += times * m[k] * m[k];
            gone += m[k];
        }
        *ret_staying += times * gone * gone;
    }
    if (j->lone)
        forget_variances(j, ret_staying, ret_variance);
}
