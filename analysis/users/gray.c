/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Gray's test for any number of groups. */
#include "users/gray.h"

#include "stats/quadratic-form.h"
#include <gsl/gsl_cdf.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* ---- Sums over times ------------------------------------------------------------------------- */

/* One group at one time. The variance of the score has three parts: what a time adds at once, and,
 * as later terms depend on what happened before, the sums `own` and `cross` below. */
struct member {
    const struct exits_count *next, *end;
    double at_risk;
    double to_k, elsewhere; /* left at this time */
    double stay;            /* S just before this time */
    double stay_after;
    double gone;       /* F just before this time */
    double risk;       /* n/S */
    double own;        /* sum of (dF/dA)^2 var A */
    double *cross;     /* for each group i: sum of the first-order terms */
    double *influence; /* for each group i: c of group i with respect to this one */
    double *weight;    /* for each group i: a at this time */
};

struct comparison {
    struct gray *test;
    struct member *members;
    size_t n;
    double *storage;
    double pooled; /* F of all groups together under the hypothesis, before this time */
};

static void set_score(struct comparison *c, double to_k) {
    double factor = pow(1 - c->pooled, c->test->rho), adjusted = 0;
    for (size_t i = 0; i < c->n; i++)
        adjusted += c->members[i].risk * (1 - c->members[i].gone);
    for (size_t i = 0; i < c->n; i++) {
        const struct member *member = &c->members[i];
        if (member->at_risk > 0)
            c->test->score[i] +=
                factor * (member->to_k - to_k * (member->risk * (1 - member->gone)) / adjusted);
    }
}

/* a_ik = W R_i (delta_ik - R_k/R), and what it adds to the influence of past times. */
static void set_weights(struct comparison *c, double risk, double to_k) {
    double factor = pow(1 - c->pooled, c->test->rho);
    double rate = to_k / (risk * (1 - c->pooled));
    for (size_t k = 0; k < c->n; k++)
        for (size_t i = 0; i < c->n; i++) {
            struct member *member = &c->members[k];
            double r = c->members[i].risk;
            member->weight[i] = factor * r * ((i == k) - member->risk / risk);
            member->influence[i] += member->weight[i] * rate;
        }
}

/* A variance t in group k, of which the scores know: directly by `direct` and later by `later`
 * times their influence. */
static void add_variance(struct comparison *c, size_t k, bool direct, double later, double t) {
    struct member *member = &c->members[k];
    member->own += later * later * t;
    for (size_t i = 0; i < c->n; i++) {
        double x = (direct ? member->weight[i] : 0) - later * member->influence[i];
        member->cross[i] += x * later * t;
        for (size_t j = 0; j <= i; j++) {
            double y = (direct ? member->weight[j] : 0) - later * member->influence[j];
            c->test->covariance[i * c->n + j] += x * y * t;
        }
    }
}

static void add_variances(struct comparison *c, double risk, double to_k, double pooled) {
    for (size_t k = 0; k < c->n; k++) {
        const struct member *member = &c->members[k];
        double stay = member->stay, n = member->at_risk;
        if (to_k > 0 && n > 0) {
            double later = member->stay_after > 0 ? 1 - (1 - pooled) / member->stay_after : 1;
            double ties = to_k > 1 ? 1 - (to_k - 1) / (risk * stay - 1) : 1;
            add_variance(c, k, true, later, ties * stay * to_k / (risk * n));
        }
        if (member->elsewhere > 0 && member->stay_after > 0) {
            double d = member->elsewhere, later = (1 - pooled) / member->stay_after;
            double ties = d > 1 ? 1 - (d - 1) / (n - 1) : 1;
            add_variance(c, k, false, later, ties * stay * stay * d / (n * n));
        }
    }
}

static void meet(struct comparison *c) {
    double to_k = 0, left = 0, risk = 0;
    for (size_t i = 0; i < c->n; i++) {
        struct member *member = &c->members[i];
        to_k += member->to_k;
        left += member->to_k + member->elsewhere;
        member->risk = member->at_risk > 0 ? member->at_risk / member->stay : 0;
        risk += member->risk;
        member->stay_after = member->stay;
        if (member->at_risk > 0)
            member->stay_after *=
                (member->at_risk - member->to_k - member->elsewhere) / member->at_risk;
    }
    if (left == 0)
        return;
    double pooled = c->pooled + to_k / risk;
    if (to_k > 0) {
        set_score(c, to_k);
        set_weights(c, risk, to_k);
    }
    add_variances(c, risk, to_k, pooled);
    for (size_t i = 0; i < c->n; i++) {
        struct member *member = &c->members[i];
        if (member->at_risk > 0)
            member->gone += member->stay * member->to_k / member->at_risk;
        member->stay = member->stay_after;
    }
    c->pooled = pooled;
}

/* Takes what happens at the next time; false if there is none. */
static bool take_time(struct comparison *c, double *censored) {
    decimal time = INT64_MAX;
    for (size_t i = 0; i < c->n; i++)
        if (c->members[i].next < c->members[i].end && c->members[i].next->time < time)
            time = c->members[i].next->time;
    for (size_t i = 0; i < c->n; i++) {
        struct member *member = &c->members[i];
        member->to_k = member->elsewhere = censored[i] = 0;
        for (; member->next < member->end && member->next->time == time; member->next++) {
            double count = (double)member->next->count;
            if (member->next->kind == EXITS_CENSORED)
                censored[i] += count;
            else if (member->next->kind == EXITS_EVENT + c->test->destination)
                member->to_k += count;
            else
                member->elsewhere += count;
        }
    }
    return time < INT64_MAX;
}

static void add_past(struct comparison *c) {
    for (size_t k = 0; k < c->n; k++) {
        const struct member *member = &c->members[k];
        const double *influence = member->influence, *cross = member->cross;
        for (size_t i = 0; i < c->n; i++)
            for (size_t j = 0; j <= i; j++)
                c->test->covariance[i * c->n + j] += influence[i] * influence[j] * member->own +
                                                     influence[i] * cross[j] +
                                                     influence[j] * cross[i];
    }
}

static int start(struct gray *test, size_t groups, struct error *err) {
    test->groups = groups;
    test->score = calloc(groups + 1, sizeof *test->score);
    if (groups < UINT16_MAX)
        test->covariance = calloc(groups * groups + 1, sizeof *test->covariance);
    return test->score && test->covariance ? 0 : error_memory(err);
}

int gray_add(struct gray *test, const struct exit_table *tables, size_t groups, struct error *err) {
    if (!test->score && start(test, groups, err))
        return ERROR_SYSTEM;
    int status = 0;
    struct comparison c = {.test = test, .n = groups};
    c.members = calloc(groups + 1, sizeof *c.members);
    c.storage = calloc(3 * groups * groups + groups + 1, sizeof *c.storage);
    if (!c.members || !c.storage) {
        status = error_memory(err);
        goto done;
    }
    for (size_t i = 0; i < groups; i++) {
        double *rows = c.storage + 3 * groups * i;
        c.members[i] = (struct member){.next = tables[i].counts,
                                       .end = tables[i].counts + tables[i].n,
                                       .at_risk = (double)tables[i].subjects,
                                       .stay = 1,
                                       .cross = rows,
                                       .influence = rows + groups,
                                       .weight = rows + 2 * groups};
    }
    double *censored = c.storage + 3 * groups * groups;
    while (take_time(&c, censored)) {
        meet(&c);
        for (size_t i = 0; i < groups; i++)
            c.members[i].at_risk -= c.members[i].to_k + c.members[i].elsewhere + censored[i];
    }
    add_past(&c);
done:
    free(c.members);
    free(c.storage);
    return status;
}

/* ---- The test -------------------------------------------------------------------------------- */

/* Groups whose score can vary, but for the last of them: the scores sum to 0. */
static size_t choose(const struct gray *test, size_t *chosen) {
    size_t n = 0;
    for (size_t i = 0; i < test->groups; i++)
        if (test->covariance[i * test->groups + i] > 0)
            chosen[n++] = i;
    return n > 0 ? n - 1 : 0;
}

int gray_solve(const struct gray *test, struct gray_result *ret, struct error *err) {
    *ret = (struct gray_result){.chi_square = NAN, .p_value = NAN};
    size_t *chosen = malloc((test->groups + 1) * sizeof *chosen);
    if (!chosen)
        return error_memory(err);
    size_t df = choose(test, chosen);
    double chi_square;
    int status =
        quadratic_form(test->score, test->covariance, test->groups, chosen, df, &chi_square, err);
    if (!status && isnan(chi_square))
        status = error_set(err, ERROR_DATA,
                           "the covariance of Gray's test is singular to working precision: groups "
                           "with few users leave nothing to compare");
    if (df > 0 && !status)
        *ret = (struct gray_result){chi_square, df, gsl_cdf_chisq_Q(chi_square, (double)df)};
    free(chosen);
    return status;
}

void gray_free(struct gray *test) {
    free(test->score);
    free(test->covariance);
    *test = (struct gray){.destination = test->destination, .rho = test->rho};
}
