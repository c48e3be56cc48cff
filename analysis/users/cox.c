/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Fitting Cox's model.
 *
 *   1. Messages that name covariates
 *   2. What the data cannot tell apart
 *   3. Newton's method
 *   4. Variances and tests
 *   5. The whole
 */
#include "users/cox.h"

#include "base/buffer.h"
#include "users/cox-inside.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The state of a fit while it is made. Matrices are p by p, of the scaled covariates. */
struct fitting {
    struct cox *cox;
    const struct cox_data *data;
    double *b, *score, *information, *factor; /* factor: Cholesky of information */
    double *step, *next, *next_score, *next_information;
    double *work; /* 3 p by p */
    double loglik;
};

/* ---- 1. Messages that name covariates -------------------------------------------------------- */

static void append_name(struct buffer *text, const struct cox_data *data, size_t j) {
    if (data->names)
        buffer_format(text, "'%s'", data->names[j]);
    else
        buffer_format(text, "column %zu", j + 1);
}

/* "'a', 'b' and 'c'" of those that are marked; long lists are cut. */
static void append_names(struct buffer *text, const struct cox_data *data, const bool *marked) {
    enum { MOST = 6 };
    size_t n = 0, done = 0;
    for (size_t j = 0; j < data->p; j++)
        n += marked[j];
    size_t shown = n > MOST + 1 ? MOST : n;
    for (size_t j = 0; j < data->p && done < shown; j++) {
        if (!marked[j])
            continue;
        if (done > 0)
            buffer_text(text, done + 1 == n ? " and " : ", ");
        append_name(text, data, j);
        done++;
    }
    if (shown < n)
        buffer_format(text, " and %zu others", n - shown);
}

static int refuse(struct buffer *text, struct error *err) {
    int status = buffer_check(text, err);
    if (!status)
        status = error_set(err, ERROR_DATA, "%s", text->bytes);
    buffer_free(text);
    return status;
}

/* ---- 2. What the data cannot tell apart ------------------------------------------------------ */

/* A share of variance that is left beyond that of other covariates: below this it is rounding. */
static const double least_pivot = 1e-10;

static int never_differs(const struct fitting *fitting, size_t j, struct error *err) {
    struct buffer text = {0};
    buffer_text(&text, "covariate ");
    append_name(&text, fitting->data, j);
    buffer_text(&text, " is the same for all who are at risk together whenever anyone leaves, so "
                       "nothing can be said about it: leave it out");
    if (fitting->cox->n_strata > 1)
        buffer_text(&text, " (it may be what the strata are made of)");
    return refuse(&text, err);
}

/* Column j is a combination of those before it: which, from its row of the factor. */
static int is_combination(const struct fitting *fitting, size_t j, struct error *err) {
    size_t p = fitting->cox->p;
    const double *l = fitting->factor;
    double *c = fitting->work;
    bool *marked = calloc(p + 1, sizeof *marked);
    if (!marked)
        return error_memory(err);
    memcpy(c, l + j * p, j * sizeof *c);
    for (size_t i = j; i-- > 0;) { /* L' c = its row */
        for (size_t k = i + 1; k < j; k++)
            c[i] -= l[k * p + i] * c[k];
        c[i] /= l[i * p + i];
    }
    for (size_t i = 0; i < j; i++)
        marked[i] = fabs(c[i]) > 1e-5;
    struct buffer text = {0};
    buffer_text(&text, "covariate ");
    append_name(&text, fitting->data, j);
    buffer_text(&text, " is an exact linear combination of ");
    append_names(&text, fitting->data, marked);
    buffer_text(&text,
                " among those at risk together, so their effects cannot be told apart: leave "
                "one of them out");
    free(marked);
    return refuse(&text, err);
}

/* The factor of the information, or the covariates that have none. */
static int factorise_null(struct fitting *fitting, struct error *err) {
    size_t p = fitting->cox->p, column;
    const double *information = fitting->information;
    for (size_t j = 0; j < p; j++) /* the scaled covariate has variance 1 over all rows */
        if (!(information[j * p + j] > 1e-12 * fitting->cox->result.events))
            return never_differs(fitting, j, err);
    memcpy(fitting->factor, information, p * p * sizeof *information);
    return cox_cholesky(fitting->factor, p, least_pivot, &column)
               ? 0
               : is_combination(fitting, column, err);
}

/* ---- 3. Newton's method ---------------------------------------------------------------------- */

/* Who left has the covariate at one and the same end of its range, where it has two values. */
static const char *where_events_are(const struct fitting *fitting, size_t j, double *ret_value) {
    const struct cox *cox = fitting->cox;
    const double *x = cox->x + j * cox->n;
    double low = INFINITY, high = -INFINITY;
    bool any_low = false, any_high = false;
    for (size_t i = 0; i < cox->n; i++) {
        low = fmin(low, x[i]);
        high = fmax(high, x[i]);
    }
    for (size_t i = 0; i < cox->n; i++) {
        if (x[i] != low && x[i] != high)
            return NULL;
        if (cox->status[i] != COX_EVENT)
            continue;
        any_low = any_low || x[i] == low;
        any_high = any_high || x[i] == high;
    }
    double value = any_high ? low : high;
    *ret_value = rint((value * cox->scale[j] + cox->centre[j]) * 1e6) / 1e6;
    return any_low && any_high ? NULL : "nobody";
}

static int goes_to_infinity(const struct fitting *fitting, const double *step, struct error *err) {
    const struct cox *cox = fitting->cox;
    size_t n = 0, only = 0;
    bool *marked = calloc(cox->p + 1, sizeof *marked);
    if (!marked)
        return error_memory(err);
    double most = 0, value;
    for (size_t j = 0; j < cox->p; j++)
        most = fmax(most, fabs(step[j]) * cox->range[j]);
    for (size_t j = 0; j < cox->p; j++)
        if (fabs(step[j]) * cox->range[j] > 0.2 * most) {
            marked[j] = true;
            only = j;
            n++;
        }
    struct buffer text = {0};
    buffer_text(&text, "the likelihood has no maximum: the estimate");
    buffer_text(&text, n > 1 ? "s of " : " of ");
    append_names(&text, fitting->data, marked);
    if (n == 1) {
        buffer_format(&text, " goes to %sinfinity", step[only] < 0 ? "minus " : "");
        if (where_events_are(fitting, only, &value))
            buffer_format(&text, ", as nobody left for whom it is %g", value);
        else
            buffer_text(&text, ", as it tells those who left from all who were at risk with them");
    } else {
        buffer_text(&text,
                    " go to infinity, as together they tell those who left from all who were "
                    "at risk with them");
    }
    buffer_text(&text, "; leave it out, merge rare categories, or compare within strata");
    free(marked);
    return refuse(&text, err);
}

static int make_step(struct fitting *fitting, double *ret_decrement, struct error *err) {
    size_t p = fitting->cox->p, column;
    memcpy(fitting->factor, fitting->information, p * p * sizeof *fitting->factor);
    if (!cox_cholesky(fitting->factor, p, 1e-14, &column)) {
        /* What could be told apart at 0 no longer can: the fit has run away along it. */
        memset(fitting->step, 0, p * sizeof *fitting->step);
        fitting->step[column] = fitting->b[column];
        return goes_to_infinity(fitting, fitting->step, err);
    }
    memcpy(fitting->step, fitting->score, p * sizeof *fitting->step);
    cox_solve(fitting->factor, p, fitting->step);
    *ret_decrement = 0;
    for (size_t j = 0; j < p; j++)
        *ret_decrement += fitting->step[j] * fitting->score[j];
    return 0;
}

/* Goes along the step, or half of it until the likelihood does not fall. */
static int take_step(struct fitting *fitting, double *ret_gain, struct error *err) {
    size_t p = fitting->cox->p;
    double loglik = 0, slack = 1e-11 * (1 + fabs(fitting->loglik));
    for (int halving = 0; halving < 40; halving++) {
        for (size_t j = 0; j < p; j++)
            fitting->next[j] = fitting->b[j] + fitting->step[j];
        int status = cox_pass(fitting->cox, fitting->next, &loglik, fitting->next_score,
                              fitting->next_information, err);
        if (status)
            return status;
        if (isfinite(loglik) && loglik >= fitting->loglik - slack)
            break;
        for (size_t j = 0; j < p; j++)
            fitting->step[j] /= 2;
    }
    if (!isfinite(loglik))
        return error_set(err, ERROR_DATA,
                         "no finite likelihood was found: covariates are too large "
                         "or too unlike to be fitted");
    *ret_gain = loglik - fitting->loglik;
    fitting->loglik = loglik;
    memcpy(fitting->b, fitting->next, p * sizeof *fitting->b);
    memcpy(fitting->score, fitting->next_score, p * sizeof *fitting->score);
    memcpy(fitting->information, fitting->next_information, p * p * sizeof(double));
    return 0;
}

/* Whether the fit runs away: the likelihood has all but stopped rising, and yet each step moves
 * someone's log hazard by much. Newton's steps then add about 1 each, for ever; where there is a
 * maximum they shrink quadratically. */
static bool runs_away(const struct fitting *fitting, double gain) {
    double most = 0;
    for (size_t j = 0; j < fitting->cox->p; j++)
        most = fmax(most, fabs(fitting->step[j]) * fitting->cox->range[j]);
    return fabs(gain) < 1e-7 && most > 0.3;
}

/* Until a step is below 1e-9 standard errors (its square, the decrement, below 1e-18); that step
 * is still taken. Rounding may keep the decrement a little above. */
static int climb(struct fitting *fitting, struct error *err) {
    enum { MOST_STEPS = 100 };
    struct cox *cox = fitting->cox;
    for (int i = 1; i <= MOST_STEPS; i++) {
        double decrement = 0, gain = 0;
        int status = make_step(fitting, &decrement, err);
        if (!status)
            status = take_step(fitting, &gain, err);
        if (status)
            return status;
        cox->result.iterations = i;
        if (runs_away(fitting, gain))
            return goes_to_infinity(fitting, fitting->step, err);
        if (decrement < 1e-18 || (decrement < 1e-12 && fabs(gain) <= 1e-14 * fabs(fitting->loglik)))
            return 0;
    }
    return error_set(err, ERROR_DATA,
                     "the fit did not converge in %d steps; covariates of very different size, or "
                     "nearly collinear ones, can be the reason",
                     MOST_STEPS);
}

/* ---- 4. Variances and tests ------------------------------------------------------------------ */

/* Of the covariates as they were given: V_jk/(scale_j scale_k). */
static void unscale(const struct cox *cox, double *v) {
    for (size_t j = 0; j < cox->p; j++)
        for (size_t k = 0; k < cox->p; k++)
            v[j * cox->p + k] /= cox->scale[j] * cox->scale[k];
}

static int score_tests(struct fitting *fitting, struct error *err) {
    struct cox *cox = fitting->cox;
    size_t p = cox->p, column;
    double *step = fitting->step, sum = 0;
    memcpy(step, fitting->score, p * sizeof *step);
    cox_solve(fitting->factor, p, step);
    for (size_t j = 0; j < p; j++)
        sum += step[j] * fitting->score[j];
    cox->result.score = sum;
    cox->result.robust_score = NAN;
    if (!cox->options.robust || !cox->options.tests)
        return 0;
    int status = cox_meat(cox, fitting->work, err);
    if (status || !cox_cholesky(fitting->work, p, 1e-12, &column))
        return status; /* fewer clusters than covariates: there is no such test */
    memcpy(step, fitting->score, p * sizeof *step);
    cox_solve(fitting->work, p, step);
    cox->result.robust_score = 0;
    for (size_t j = 0; j < p; j++)
        cox->result.robust_score += step[j] * fitting->score[j];
    return 0;
}

static double wald_test(struct fitting *fitting, const double *variance) {
    size_t p = fitting->cox->p, column;
    double *b = fitting->step, sum = 0;
    memcpy(fitting->work, variance, p * p * sizeof *variance);
    memcpy(b, fitting->cox->result.coefficient, p * sizeof *b);
    if (!cox_cholesky(fitting->work, p, 1e-12, &column))
        return NAN;
    cox_solve(fitting->work, p, b);
    for (size_t j = 0; j < p; j++)
        sum += b[j] * fitting->cox->result.coefficient[j];
    return sum;
}

/* The residuals of all rows add up to 0. Where those of each cluster do so by themselves, as when
 * only one cluster has any, what is left of their squares is rounding and no variance. */
static void drop_rounding(size_t p, const double *variance, double *robust) {
    for (size_t j = 0; j < p; j++)
        if (robust[j * p + j] <= 1e-20 * variance[j * p + j])
            robust[j * p + j] = NAN;
}

/* Fine and Gray: what each unit does to the coefficients. */
static int shifts(struct fitting *fitting, struct error *err) {
    struct cox *cox = fitting->cox;
    if (cox_scores(cox, &cox->shift, err))
        return err->code;
    const size_t units = cox->cluster ? cox->result.clusters : cox->n;
    for (size_t unit = 0; unit < units; unit++)
        cox_solve(fitting->factor, cox->p, cox->shift + unit * cox->p);
    return 0;
}

static int variances(struct fitting *fitting, struct error *err) {
    struct cox *cox = fitting->cox;
    struct cox_result *result = &cox->result;
    size_t p = cox->p, column;
    memcpy(fitting->factor, fitting->information, p * p * sizeof(double));
    if (!cox_cholesky(fitting->factor, p, 1e-14, &column))
        return goes_to_infinity(fitting, fitting->b, err);
    cox_invert(fitting->factor, p, result->variance);
    if (result->robust) {
        double *meat = fitting->work, *scratch = meat + p * p;
        int status = cox_meat(cox, meat, err);
        if (status)
            return status;
        cox_sandwich(result->variance, meat, p, scratch, result->robust);
        drop_rounding(p, result->variance, result->robust);
        unscale(cox, result->robust);
    }
    if (cox->competing && shifts(fitting, err))
        return err->code;
    unscale(cox, result->variance);
    for (size_t j = 0; j < p; j++)
        result->coefficient[j] = fitting->b[j] / cox->scale[j];
    for (size_t i = 0; i < p * p && cox->competing; i++)
        result->variance[i] = NAN;
    result->wald = wald_test(fitting, result->robust ? result->robust : result->variance);
    return 0;
}

/* ---- 5. The whole ---------------------------------------------------------------------------- */

static void count(struct cox *cox, const struct cox_data *data) {
    struct cox_result *result = &cox->result;
    uint32_t most = 0;
    bool counts = cox->options.counts && data->weight;
    cox->competing = cox->options.competing;
    for (size_t i = 0; i < data->n; i++) {
        double one = counts ? data->weight[i] : 1;
        result->rows += one;
        result->events += data->status[i] == COX_EVENT ? one : 0;
        cox->competing = cox->competing || data->status[i] == COX_COMPETING;
        if (data->cluster && data->cluster[i] > most)
            most = data->cluster[i];
    }
    result->clusters = data->cluster ? (size_t)most + 1 : 0;
    if (cox->competing || data->cluster)
        cox->options.robust = true;
}

static int check(const struct cox *cox, const struct cox_data *data, struct error *err) {
    if (data->p == 0)
        return error_set(err, ERROR_DATA, "no covariate was given, expected at least one");
    if (data->n == 0)
        return error_set(err, ERROR_DATA, "no rows are left to fit");
    if (data->n >= UINT32_MAX)
        return error_set(err, ERROR_DATA, "%zu rows, expected fewer than 4294967295", data->n);
    if (cox->result.events == 0)
        return error_set(
            err, ERROR_DATA,
            "nobody left in %zu row%s: without an event nothing can be said about what "
            "drives it",
            data->n, data->n == 1 ? "" : "s");
    return 0;
}

static bool allocate(struct fitting *fitting) {
    size_t p = fitting->cox->p;
    struct cox_result *result = &fitting->cox->result;
    double *all = calloc(5 * p + 6 * p * p + 1, sizeof *all);
    result->coefficient = calloc(p + 1, sizeof(double));
    result->mean = calloc(p + 1, sizeof(double));
    result->variance = calloc(p * p + 1, sizeof(double));
    result->robust = fitting->cox->options.robust ? calloc(p * p + 1, sizeof(double)) : NULL;
    fitting->b = all;
    if (!all || !result->coefficient || !result->mean || !result->variance ||
        (fitting->cox->options.robust && !result->robust))
        return false;
    fitting->score = all + p;
    fitting->step = all + 2 * p;
    fitting->next = all + 3 * p;
    fitting->next_score = all + 4 * p;
    fitting->information = all + 5 * p;
    fitting->factor = fitting->information + p * p;
    fitting->next_information = fitting->factor + p * p;
    fitting->work = fitting->next_information + p * p;
    return true;
}

static int fit(struct fitting *fitting, struct error *err) {
    struct cox *cox = fitting->cox;
    double loglik = 0;
    int status = cox_arrange(cox, fitting->data, err);
    if (!status)
        status = cox_pass(cox, fitting->b, &loglik, fitting->score, fitting->information, err);
    if (status)
        return status;
    fitting->loglik = loglik;
    cox->result.strata = cox->n_strata;
    cox->result.loglik_null = fitting->loglik;
    status = factorise_null(fitting, err);
    if (!status)
        status = score_tests(fitting, err);
    if (!status)
        status = climb(fitting, err);
    cox->result.loglik = fitting->loglik;
    return status ? status : variances(fitting, err);
}

int cox_fit(struct cox **ret, const struct cox_data *data, const struct cox_options *options,
            struct error *err) {
    struct cox *cox = calloc(1, sizeof *cox);
    if (!cox)
        return error_memory(err);
    cox->options = *options;
    cox->n = cox->result.n = data->n;
    cox->p = cox->result.p = data->p;
    count(cox, data);
    struct fitting fitting = {.cox = cox, .data = data};
    int status = check(cox, data, err);
    if (!status && !allocate(&fitting)) {
        error_memory(err);
        status = ERROR_SYSTEM;
    }
    if (!status)
        status = fit(&fitting, err);
    free(fitting.b);
    if (status)
        cox_destroy(cox);
    else
        *ret = cox;
    return status;
}

const struct cox_result *cox_result(const struct cox *cox) {
    return &cox->result;
}

void cox_destroy(struct cox *cox) {
    if (!cox)
        return;
    void *const owned[] = {cox->result.coefficient,
                           cox->result.variance,
                           cox->result.robust,
                           cox->result.mean,
                           cox->row,
                           cox->first,
                           cox->last,
                           cox->status,
                           cox->time,
                           cox->entry,
                           cox->weight,
                           cox->cluster,
                           cox->x,
                           cox->risk,
                           cox->centre,
                           cox->scale,
                           cox->range,
                           cox->when,
                           cox->group,
                           cox->deaths,
                           cox->death_weight,
                           cox->late,
                           cox->late_row,
                           cox->fresh,
                           cox->censoring,
                           cox->stratum_first,
                           cox->stratum_code,
                           cox->runs,
                           cox->at_risk,
                           cox->dying,
                           cox->h, /* and what lies behind it */
                           cox->sub_hazard,
                           cox->competing_g,
                           cox->entering,
                           cox->entering_first,
                           cox->shift};
    for (size_t i = 0; i < sizeof owned / sizeof *owned; i++)
        free(owned[i]);
    free(cox);
}
