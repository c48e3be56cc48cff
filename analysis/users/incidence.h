/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Cumulative incidence: the share of users who have left for each destination by each time.
 *
 *     struct exit_tables exits;
 *     struct incidence curve;
 *     if (exit_tables_build(&exits, &tally, err)) ...
 *     if (incidence_begin(&curve, &exits.tables[0], exits.destinations, error, err)) ...
 *     while (incidence_next(&curve))
 *         for (size_t k = 0; k < exits.destinations; k++)
 *             ... curve.time, curve.incidence[k], sqrt(curve.variance[k]) ...
 *     incidence_end(&curve);
 *     exit_tables_free(&exits);
 *
 * The estimate of Aalen & Johansen (1978): with d_k of the n at risk leaving for destination k at a
 * time, h_k = d_k/n and h their sum, S falls by the factor 1 - h and F_k grows by S(t-) h_k.
 * Leaving for one destination ends the chance of the others: 1 - Kaplan-Meier with the other exits
 * taken for censored would overstate each. S + sum of F_k = 1.
 *
 * Variances run along with the curve. With v_k the variance of h_k, c_k its covariance with h and v
 * that of h, given the past:
 *
 *     var F_k   <- var F_k + 2 h_k cov(S, F_k) + h_k^2 var S + S^2 v_k
 *     cov(S,F_k) <- (1 - h) (cov(S, F_k) + h_k var S) - S^2 c_k
 *     var S     <- (1 - h)^2 var S + S^2 v
 *
 * (Andersen, Borgan, Gill & Keiding 1993, eq. 4.4.20, as a recursion.) No large terms cancel, and a
 * curve takes one pass.
 */
#ifndef USERS_INCIDENCE_H
#define USERS_INCIDENCE_H

#include "base/arena.h"
#include "base/decimal.h"
#include "base/error.h"
#include "base/text.h"
#include "users/exits.h"
#include "users/tally.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* ---- What happened when ---------------------------------------------------------------------- */

/* One group. */
struct exit_table {
    struct text group, key; /* as in a life_table, and so is */
    uint32_t code;
    const struct exits_count *counts; /* by time and kind; of the tally */
    size_t n;
    int64_t subjects;
    int64_t entered; /* of them late */
};

/* Groups by name. */
struct exit_tables {
    struct exit_table *tables;
    size_t n;
    size_t destinations;
    struct text *names; /* of the destinations, by name; of the tally */
    struct arena arena;
};

/* The tally must outlive the tables. */
int exit_tables_build(struct exit_tables *ret, struct tally *tally, struct error *err);

/* The largest time at which anybody left or was last seen; 0 if nobody did. */
decimal exit_tables_last_time(const struct exit_tables *exits);
void exit_tables_free(struct exit_tables *exits); /* leaves it zeroed */

/* ---- Curves ---------------------------------------------------------------------------------- */

/* How many leave for k is, given the past:
 *   greenwood  multinomial: v_k = d_k (n - d_k)/n^3, covariances -d_j d_k/n^3: the default of etm.
 *              Without late entry it is also the infinitesimal jackknife over single spells
 *   aalen      independent, with a correction for ties: v_k = d_k (n - d_k)/(n^2 (n - 1)): Aalen
 *              (1978), as in cuminc of cmprsk, where all destinations but k are one; a little
 *              larger. With n = 1, v_k = d_k */
enum incidence_error { INCIDENCE_GREENWOOD, INCIDENCE_AALEN };

/* Just after `time`; before the first call of incidence_next, at the start. Arrays are as long as
 * there are destinations. */
struct incidence {
    decimal time;
    int64_t at_risk; /* at this time: exits at it included, entries at it not yet */
    int64_t events;
    int64_t censored;
    int64_t *left;  /* for each destination, at this time */
    double staying; /* S, by Kaplan-Meier */
    double staying_variance;
    double *incidence;
    double *variance;
    /* Expected time in each state from 0 up to `time`: the area under its curve. (Their variances
     * by the jackknife are those at the last incidence_wait.) */
    double stay;
    double stay_variance;
    double *spent; /* gone for k */
    double *spent_variance;
    bool fell_to_zero; /* all at risk left at `fell_at`, and others enter later */
    decimal fell_at;
    /* private */
    struct jackknife *jackknife; /* NULL: none */
    bool areas;                  /* are kept by it */
    const struct exit_table *table;
    size_t destinations;
    size_t next;
    int64_t coming_risk;
    enum incidence_error error;
    double stay_with_staying;
    double *staying_variances;  /* var S as F_k sees it: the other destinations together are one */
    double *with_staying;       /* cov(S, F_k) */
    double *spent_with_staying; /* cov(area of F_k, S) */
    double *spent_with_own;     /* cov(area of F_k, F_k) */
    int64_t run_expected;       /* at risk next if nobody is censored or enters */
    double run_stay, run_risk;
    double *run_left, *run_gone;
    double *storage;
};

/* Allocates; incidence_end it. The table must outlive it. */
int incidence_begin(struct incidence *ret, const struct exit_table *table, size_t destinations,
                    enum incidence_error error, struct error *err);

/* Errors by the infinitesimal jackknife (users/incidence-jackknife.h) in place of the others, as
 * R's survfit has; called before the first step. The records are those of the table's group; with
 * `clustered` they are sorted by cluster, which are the units, otherwise each spell is one. With
 * `areas` the variances of the expected times are made too. The records may go afterwards. */
int incidence_jackknife(struct incidence *curve, const struct tally_record *records, size_t n,
                        bool clustered, bool areas, struct error *err);

/* On to the next time at which anybody left or was last seen; false if there is none. */
bool incidence_next(struct incidence *curve);

/* The time of the next step, INT64_MAX behind the last. */
decimal incidence_coming(const struct incidence *curve);

/* Lets time pass up to `time`, before incidence_coming: areas grow, curves stay. */
void incidence_wait(struct incidence *curve, decimal time);

void incidence_end(struct incidence *curve); /* leaves it zeroed */

/* ---- Intervals ------------------------------------------------------------------------------- */

/* Pointwise intervals of a share p with standard error s, z the normal quantile. The names are
 * those of conf.type in R's survfit:
 *   log-log  p^exp(+-z s/(p ln p)), always within 0 and 1 (Choudhury 2002, doi:10.1002/sim.1123)
 *   log      p exp(+-z s/p), at most 1
 *   plain    p +- z s, cut at 0 and 1
 * None of them exists for p = 0, and log-log none for p = 1. */
enum incidence_interval { INCIDENCE_LOG_LOG, INCIDENCE_LOG, INCIDENCE_PLAIN };

void incidence_bounds(double p, double std_error, double confidence, enum incidence_interval kind,
                      double *ret_lower, double *ret_upper);

#endif
