/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Cox's proportional hazards model: what speeds an event up, and what slows it down.
 *
 *     const struct cox_data data = {.n = n, .p = 2, .time = time, .status = status, .x = columns};
 *     const struct cox_options options = {.ties = COX_EFRON, .threads = 4};
 *     struct cox *cox;
 *     if (cox_fit(&cox, &data, &options, err)) ...
 *     const struct cox_result *fit = cox_result(cox);
 *     ... exp(fit->coefficient[0]), sqrt(fit->variance[0]) ...
 *     cox_destroy(cox);
 *
 * A row is at risk at t while entry < t <= time, so a user whose covariates change has several
 * rows, each with an entry and a time (counting-process form, Andersen & Gill 1982,
 * doi:10.1214/aos/1176345976). The hazard of row i in stratum s is h_s(t) exp(x_i' b), and b
 * maximises the partial likelihood (Cox 1972; strata: Kalbfleisch & Prentice 2002, section 4.4)
 * with tied events by Efron (1977, doi:10.1080/01621459.1977.10480613) or Breslow (1974). With R
 * the sum of w exp(x'b) over those at risk, D the same over the d events of the time, and m the
 * mean weight of these,
 *
 *     log L = sum of w x'b over events - sum over times, l < d of m log(R - (l/d) D)
 *
 * and Breslow has D = 0. Times are exact: two tie if they are the same number.
 *
 * Work is O(n log n) once, for sorting, and O(n p^2) for each Newton step: sums over risk sets are
 * running sums, and the second derivative's sum over rows needs each row once, weighted by the
 * cumulative hazard over its time at risk. The result is the same to the bit for any number of
 * threads.
 *
 * With competing events (COX_COMPETING) the model is Fine and Gray's for the subdistribution (1999,
 * doi:10.1080/01621459.1999.10474144): who left for elsewhere at T stays at risk at t > T with the
 * weight G(t-)/G(T-), G being the Kaplan-Meier estimate of not being censored yet, by stratum. With
 * late entry it is G(t-) H(t-)/(G(T-) H(T-)), H being the product-limit estimate of having entered
 * (Geskus 2011, doi:10.1111/j.1541-0420.2010.01420.x).
 */
#ifndef USERS_COX_H
#define USERS_COX_H

#include "base/decimal.h"
#include "base/error.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum cox_status {
    COX_CENSORED,  /* still there at `time` */
    COX_EVENT,     /* left at `time` */
    COX_COMPETING, /* left at `time` for elsewhere: Fine and Gray */
};

#define COX_NO_ENTRY INT64_MIN /* at risk from before the first time on */

/* Nothing is copied but what the fit needs: the arrays may go after cox_fit. */
struct cox_data {
    size_t n, p; /* rows, columns of covariates */
    const decimal *time;
    const decimal *entry;    /* each below its time, or COX_NO_ENTRY; NULL: none */
    const uint8_t *status;   /* enum cox_status */
    const uint32_t *stratum; /* codes from 0 on; NULL: one stratum */
    const double *weight;    /* above 0; NULL: 1 each */
    const uint32_t
        *cluster;           /* codes below n: rows of one cluster are not independent; NULL: all are
                             */
    const double *const *x; /* p columns of n finite numbers */
    const char *const *names; /* p, for messages; NULL: "column 1" and so on */
};

enum cox_ties { COX_EFRON, COX_BRESLOW };

/* Zero is the default of every field. */
struct cox_options {
    enum cox_ties ties;
    bool counts; /* a weight says how many equal rows a row stands for (whole numbers): all results
                    are those of the repeated rows. Otherwise they are case weights as in R's
                    coxph: tied events have their mean weight, and robust errors are needed */
    bool robust; /* robust (Lin & Wei) errors; always so with clusters and in Fine and Gray's model
                  */
    bool competing; /* Fine and Gray's model, even if nobody left for elsewhere: then coefficients
                       are those of Cox's, errors robust */
    bool tests;     /* work out robust_score too, which costs as much as robust errors do */
    int threads;    /* 0 is 1 */
};

/* A test that all coefficients are 0: chi-square of p degrees of freedom. */
struct cox_result {
    size_t n, p;
    double rows;         /* sum of weights with `counts`, otherwise n */
    double events;       /* the same of the events */
    size_t strata;       /* with any row */
    size_t clusters;     /* 0: none given */
    int iterations;      /* Newton steps */
    double *coefficient; /* p */
    double *variance;    /* p by p: the inverse of the observed information; missing (nan) in Fine
                            and Gray's model, where it is not the variance */
    double *robust;      /* p by p, or NULL: V (sum of u u' over clusters) V, u the score residuals
                            (Lin & Wei 1989, doi:10.1080/01621459.1989.10478874); NaN on the
                            diagonal where the u add up to 0 cluster by cluster */
    double *mean;        /* p: weighted means of the covariates */
    double loglik_null, loglik;
    double score;        /* score test at 0, from the information */
    double wald;         /* by the robust variance where there is one */
    double robust_score; /* nan without robust errors, or without options.tests */
};

struct cox;

/* Fits the model. ERROR_DATA, naming the covariates and saying what to do, if there are no events,
 * a covariate never differs among those at risk together, one is a linear combination of others, or
 * the likelihood has no maximum (an estimate goes to infinity); also where Fine and Gray's weights
 * are not known, as all at risk left and others enter later. */
int cox_fit(struct cox **ret, const struct cox_data *data, const struct cox_options *options,
            struct error *err);
const struct cox_result *cox_result(const struct cox *cox); /* lives as long as the fit */
void cox_destroy(struct cox *cox);                          /* NULL is fine */

/* ---- Proportional hazards -------------------------------------------------------------------- */

enum cox_transform { COX_KM, COX_RANK, COX_IDENTITY, COX_LOG };

struct cox_ph_test {
    double chi_square;
    size_t df;
    double p_value;
};

/* The score test of Grambsch & Therneau (1994, doi:10.1093/biomet/81.3.515) that coefficients do
 * not change with g(time), as R's cox.zph from survival 3.0 on: g is 1 - S(t-) of the Kaplan-Meier
 * curve of all rows, the rank of the time among all rows, the time itself, or its logarithm, each
 * less its mean over events. term[j] is the number of column j's term, 0 to terms - 1; `ret` has
 * room for terms + 1: the last one is of all together. ERROR_DATA for COX_LOG with an event at time
 * 0, and in Fine and Gray's model. */
int cox_test_ph(const struct cox *cox, enum cox_transform transform, const size_t *term,
                size_t terms, struct cox_ph_test *ret, struct error *err);

/* ---- Concordance ----------------------------------------------------------------------------- */

struct cox_concordance {
    double concordant, discordant, tied; /* pairs, by their weights */
    double concordance;                  /* (concordant + tied/2)/all; nan without any pair */
    double std_error; /* infinitesimal jackknife, over clusters if there are any */
};

/* Of pairs at risk together of which one left, how often it had the higher x'b (Harrell; the error
 * as in R's concordance, Therneau & Atkinson 2020). Two that left at the same time are no pair.
 * O(n log n). */
int cox_concordance(const struct cox *cox, struct cox_concordance *ret, struct error *err);

/* ---- Predicted survival ---------------------------------------------------------------------- */

struct cox_point {
    decimal time;    /* somebody left */
    int64_t at_risk; /* rows, or their sum of weights with `counts` */
    int64_t events;
    double hazard;    /* cumulative, for the given covariates */
    double std_error; /* of `hazard`, and so of log survival */
};

struct cox_curve {
    uint32_t stratum;         /* its code in the data */
    struct cox_point *points; /* by time; hazard 0 before the first */
    size_t n;
    decimal last; /* last time of any row: nothing is known beyond it */
};

/* The number of strata with rows, numbered by ascending code. */
size_t cox_strata(const struct cox *cox);

/* The cumulative hazard of someone with covariates x (p) who stays in stratum number `stratum`:
 * H(t) = exp(x'b) times the sum of 1/R over events up to t, ties as in the fit; variance as in R's
 * survfit.coxph (Tsiatis 1981; Therneau & Grambsch 2000, eq. 10.11), with the robust variance of b
 * where there is one. Survival is exp(-H). The caller frees ret->points.
 *
 * In Fine and Gray's model H is that of the subdistribution, so that the incidence is 1 - exp(-H)
 * (their eq. 9 and what follows); the variance is the sum over rows or clusters of the squared
 * derivative of H by their weight, that of b and of the weights of competing events included. O(n
 * p) for all times together. */
int cox_predict(const struct cox *cox, const double *x, size_t stratum, struct cox_curve *ret,
                struct error *err);

#endif
