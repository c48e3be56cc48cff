/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Survival curves: the share still there at each time, by Kaplan-Meier.
 *
 *     const struct survival_options options = {.confidence = 0.95};
 *     struct survival_curve curve;
 *     if (survival_fit(&curve, &lives.tables[0], &options, err)) ...
 *     double median = survival_quantile(&curve, 0.5, SURVIVAL_ESTIMATE);
 *     struct survival_mean mean = survival_restricted_mean(&curve, 365 * DECIMAL_ONE);
 *     survival_free(&curve);
 *
 * S(t) = prod over t_i <= t of (1 - d_i/n_i) (Kaplan & Meier 1958, eq. 2b), with the variance
 * S(t)^2 G(t), G(t) = sum of d_i/(n_i (n_i - d_i)) (Greenwood 1926; Klein & Moeschberger 2003,
 * eq. 4.2.2).
 */
#ifndef USERS_SURVIVAL_H
#define USERS_SURVIVAL_H

#include "base/decimal.h"
#include "base/error.h"
#include "users/lifetable.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Pointwise intervals, with z the normal quantile and s = sqrt(G). The names are those of
 * conf.type in R's survfit, and so are the values:
 *   log      S exp(+-z s), at most 1
 *   log-log  S^exp(+-z s / ln S) (Klein & Moeschberger eq. 4.3.2); none where S = 1
 *   plain    S +- z S s, at least 0 and at most 1 (eq. 4.3.1)
 * None of them exists where S = 0. */
enum survival_interval { SURVIVAL_LOG, SURVIVAL_LOG_LOG, SURVIVAL_PLAIN };

struct survival_options {
    enum survival_interval interval;
    double confidence;           /* in (0, 1) */
    const double *log_variances; /* of ln S just after each row of the table, in place of
                                    Greenwood's sum (users/robust.h); NULL: Greenwood's */
};

/* What does not exist is NaN. */
struct survival_step {
    decimal time; /* somebody left or was last seen */
    int64_t at_risk;
    int64_t events;
    int64_t censored;
    double survival;  /* just after this time */
    double std_error; /* of `survival`: S s; NaN where S = 0 */
    double lower;
    double upper;
};

/* With late entry the risk set may run empty at `from` although others enter later. If all who were
 * in it left, the curve is 0 from there on, whatever happens later; otherwise it says nothing about
 * the time up to `to`, when the next ones enter. */
struct survival_gap {
    bool found; /* the first fall to zero or, without any, the first gap */
    bool fell_to_zero;
    decimal from, to;
};

struct survival_curve {
    struct survival_step *steps; /* by time; S = 1 before the first */
    size_t n;                    /* 0: nobody was at risk */
    int64_t subjects;
    int64_t events;
    struct survival_gap gap;
};

/* Allocates *ret; survival_free it. The table must not change meanwhile, but may be freed after. */
int survival_fit(struct survival_curve *ret, const struct life_table *table,
                 const struct survival_options *options, struct error *err);

/* The step that holds at this time, 0 or more: the last one that is not after it; NULL before the
 * first one, where S = 1. Beyond the last step the curve says something only if it has fallen to 0:
 * *ret_known is false where it does not (as in R's summary(survfit, times = ), which leaves such
 * times out). */
const struct survival_step *survival_at(const struct survival_curve *curve, decimal time,
                                        bool *ret_known);

enum survival_line { SURVIVAL_ESTIMATE, SURVIVAL_LOWER, SURVIVAL_UPPER };

/* Time by which the share p has left, 0 < p < 1: where a horizontal line at 1 - p meets the curve,
 * or one of its bands (Brookmeyer & Crowley 1982; the lower band meets it first). That is the first
 * time with a value <= 1 - p; where the value is 1 - p itself and falls later, the midpoint between
 * that time and the fall, as the median of an even sample is. NaN if it is not reached. The same as
 * R's summary(survfit)$table; R's quantile() differs in one case only, a curve that ends on 1 - p.
 */
double survival_quantile(const struct survival_curve *curve, double p, enum survival_line line);

struct survival_mean {
    double mean;
    double std_error;
};

/* Mean time to leaving when no time counts beyond the horizon: the area under S from 0 to it, with
 * the variance sum of A_i^2 d_i/(n_i (n_i - d_i)), A_i the area from t_i on (Klein & Moeschberger
 * eqs. 4.5.1 and 4.5.2). Beyond the last time the curve stays as it is, as in R's
 * survfit(rmean = "common"). NaN where nobody was ever at risk. */
struct survival_mean survival_restricted_mean(const struct survival_curve *curve, decimal horizon);

void survival_free(struct survival_curve *curve); /* leaves it zeroed */

#endif
