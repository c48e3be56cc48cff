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
    double *censoring;  /* Fine and Gray: G just before the time; NULL otherwise */
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
    double *sub_hazard;   /* Fine and Gray: cumulative G h; NULL otherwise */
    double *competing_g;  /* by row: weight over G(T-), for competing events; NULL otherwise */
};

/* Sorts, makes slots, centres and scales. */
int cox_arrange(struct cox *cox, const struct cox_data *data, struct error *err);

/* The likelihood and its derivatives at b (of the scaled covariates). `score` has p, `information`
 * p by p; both may be NULL. *ret_loglik is not finite if b is out of reach. */
int cox_pass(struct cox *cox, const double *b, double *ret_loglik, double *score,
             double *information, struct error *err);

/* Sum of outer products of score residuals over clusters at the last pass, p by p, in the scale of
 * the scaled covariates. */
int cox_meat(const struct cox *cox, double *ret, struct error *err);

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
