/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a Cox fit is made of; for the files cox-*.c only.
 *
 * Rows are sorted by stratum, time, and events before others. Each time of an event, in each
 * stratum, has a slot; the first slot of a stratum stands for the time before its first event. A
 * row is at risk at the events of the slots (first, last]. The rows with the same `last` are one
 * group, and the events of a slot are the first rows of its group.
 *
 * Sums over risk sets are made from the last slot of a stratum down: a group comes in, and who
 * entered at or after the slot's time goes out.
 */
#ifndef USERS_COX_INSIDE_H
#define USERS_COX_INSIDE_H

#include "users/cox.h"

enum { COX_CHUNK = 8192 }; /* rows of a task */

/* A run of slots, with about COX_CHUNK rows in their groups: one task. */
struct cox_slots {
    size_t from, to;
};

struct cox {
    struct cox_options options;
    struct cox_result result;
    bool competing; /* Fine and Gray */
    size_t n, p;
    size_t n_chunks; /* of rows */

    /* By sorted row. */
    uint32_t *row; /* in the data */
    uint32_t *first, *last;
    uint8_t *status;
    decimal *time, *entry; /* entry NULL: none */
    double *weight;        /* NULL: 1 each */
    uint32_t *cluster;     /* NULL: none */
    double *x;             /* p columns of n, centred and scaled */
    double *risk;          /* weight times exp(x'b), at the last pass */
    /* p: what was taken from x and what it was divided by, the mean and the standard deviation of
     * rows that are at risk at any event; and largest less smallest of these after that. */
    double *centre, *scale, *range;

    /* By slot. */
    size_t slots;
    decimal *when;
    uint32_t *group;      /* slots + 1: first row */
    uint32_t *deaths;     /* rows */
    double *death_weight; /* their sum of weights */
    uint32_t *late;     /* slots + 1: rows that entered at the slot are late_row[late[slot] ...] */
    uint32_t *late_row; /* NULL: nobody enters late */
    bool *fresh;        /* nobody is at risk just after this time */
    double *censoring;  /* Fine and Gray: G H just before the time; NULL otherwise */
    size_t n_strata;
    uint32_t *stratum_first; /* n_strata + 1: first slot */
    uint32_t *stratum_code;  /* n_strata */
    struct cox_slots *runs;
    size_t n_runs;

    /* Sums of the last pass, by slot; columns 0 (of w exp(x'b)) to p (times x_j). */
    double *at_risk;      /* (p + 1) columns of slots */
    double *dying;        /* the same of the events; NULL: no two events of a time */
    double *h;            /* sum over l of m/den, den = R - (l/d) D */
    double *hf;           /* of f m/den, f = l/d (0 for Breslow) */
    double *q0, *q1, *q2; /* of m/den^2, f m/den^2, f^2 m/den^2 */
    double *hazard;       /* cumulative h */
    double *sub_hazard;   /* Fine and Gray: cumulative G H h; NULL otherwise */
    double *competing_g;  /* by row: 1 over (G H)(T-), for competing events; NULL otherwise */

    /* Fine and Gray only. */
    uint32_t *entering;       /* late rows by stratum and entry; NULL: none */
    uint32_t *entering_first; /* n_strata + 1 */
    double *shift; /* units by p: derivative of the scaled coefficients by the weight of a cluster
                      or, without clusters, row, times that weight */
};

/* Rows by a key, stable: least significant digit first. The sorted ones are in *items; *other is
 * scratch space, and both may have changed places. n >= 1. */
struct cox_keyed {
    uint64_t key;
    uint32_t row;
};
void cox_sort(struct cox_keyed **items, struct cox_keyed **other, size_t n);

/* Sorts, makes slots, centres and scales. */
int cox_arrange(struct cox *cox, const struct cox_data *data, struct error *err);

/* The likelihood and its derivatives at b (of the scaled covariates). `score` has p, `information`
 * p by p; both may be NULL. *ret_loglik is not finite if b is out of reach. */
int cox_pass(struct cox *cox, const double *b, double *ret_loglik, double *score,
             double *information, struct error *err);

/* Sum of outer products of score residuals over clusters at the last pass, p by p, in the scale of
 * the scaled covariates. */
int cox_meat(const struct cox *cox, double *ret, struct error *err);

/* The sums themselves over clusters or, without any, rows: units by p; for the caller to free. */
int cox_scores(const struct cox *cox, double **ret, struct error *err);

/* ---- Fine and Gray (cox-competing.c) --------------------------------------------------------- */

/* Makes censoring, competing_g and what belongs to them; ERROR_DATA where a weight is not known. */
int cox_weigh_competing(struct cox *cox, struct error *err);

/* Adds to u, by sorted row, what each row of a stratum does to the score of the covariate x by way
 * of the weights; rest[slot] is the sum of G H xbar h behind the slot. */
void cox_weights_influence(const struct cox *cox, size_t stratum, const double *x,
                           const double *rest, double *u);

/* ret[i]: the standard error of the cumulative hazard for exp(x'b) = 1 after the stratum's event i,
 * from 0; drift[i] (p each) is the sum of (x - xbar) h up to it, of the scaled covariates. */
int cox_incidence_errors(const struct cox *cox, const double *drift, size_t stratum, double *ret,
                         struct error *err);

static inline double cox_weight(const struct cox *cox, size_t i) {
    return cox->weight ? cox->weight[i] : 1;
}

/* No event falls into the row's time at risk: it is part of no sum. (Who left for elsewhere stays
 * at risk in Fine and Gray's model.) */
static inline bool cox_idle(const struct cox *cox, size_t i) {
    return cox->first[i] == cox->last[i] && cox->status[i] != COX_COMPETING;
}

/* Cumulative hazard over the row's time at risk: its own event counts by Efron's shares. */
static inline double cox_exposure(const struct cox *cox, size_t i) {
    uint32_t last = cox->last[i];
    double until = cox->hazard[last] - cox->hazard[cox->first[i]];
    return cox->status[i] == COX_EVENT ? until - cox->hf[last] : until;
}

/* ---- Small symmetric matrices, p by p by rows (cox-solve.c) ---------------------------------- */

/* Lower triangle of L with A = L L', in place. False at the first pivot below `least` times its
 * diagonal element: *ret_column is its column, and its row of L up to there is as it was found. */
bool cox_cholesky(double *a, size_t p, double least, size_t *ret_column);
void cox_solve(const double *l, size_t p, double *b); /* b becomes A^-1 b */
void cox_invert(const double *l, size_t p, double *ret);
void cox_sandwich(const double *bread, const double *meat, size_t p, double *work, double *ret);
double cox_quadratic(const double *a, const double *b, size_t p); /* b' a b */

#endif
