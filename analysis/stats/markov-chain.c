/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Discrete-time Markov chains from counts of transitions.
 *
 *   1. Probabilities: shares, intervals, draws
 *   2. Structure: who leads to whom
 *   3. Stationary shares, projections, times, each with the gradient for its error
 *   4. Tests
 */
#include "stats/markov-chain.h"

#include "stats/beta.h"
#include <gsl/gsl_cdf.h>
#include <gsl/gsl_linalg.h>
#include <gsl/gsl_randist.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* ---- 1. Probabilities --------------------------------------------------------------------------
 */

static uint64_t sum_row(const uint64_t *row, size_t n) {
    uint64_t sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += row[i];
    return sum;
}

void markov_shares(const uint64_t *counts, size_t states, double *ret_shares, double *ret_totals) {
    for (size_t from = 0; from < states; from++) {
        const uint64_t *row = counts + from * states;
        uint64_t total = sum_row(row, states);
        for (size_t to = 0; to < states; to++)
            ret_shares[from * states + to] = total > 0 ? (double)row[to] / (double)total : NAN;
        if (ret_totals)
            ret_totals[from] = (double)total;
    }
}

struct proportion_interval markov_interval(uint64_t count, uint64_t total, size_t categories,
                                           double confidence) {
    if (total == 0)
        return (struct proportion_interval){NAN, NAN};
    double tail = (1 - confidence) / 2;
    double a = (double)count + 0.5;
    double b = (double)(total - count) + (double)(categories - 1) / 2;
    return (struct proportion_interval){
        count > 0 ? beta_quantile(tail, a, b) : 0,
        count < total ? beta_quantile_upper(tail, a, b) : 1,
    };
}

void markov_draw(const uint64_t *counts, size_t states, struct random_stream *stream,
                 double *ret_shares) {
    for (size_t from = 0; from < states; from++) {
        double *row = ret_shares + from * states, sum = 0;
        for (size_t to = 0; to < states; to++) {
            double shape = (double)counts[from * states + to] + 0.5;
            sum += row[to] = gsl_ran_gamma(random_gsl(stream), shape, 1);
        }
        for (size_t to = 0; to < states; to++)
            row[to] /= sum;
    }
}

/* ---- 2. Structure ------------------------------------------------------------------------------
 */

static bool is_known(const double *shares, size_t states, size_t state) {
    return !isnan(shares[state * states]);
}

/* leads[i * states + j]: j can be reached from i, in no or more steps (Warshall 1962). States of
 * which nothing is known lead nowhere. */
static unsigned char *find_ways(const double *shares, size_t states, struct error *err) {
    unsigned char *leads = calloc(states * states, 1);
    if (!leads) {
        error_memory(err);
        return NULL;
    }
    for (size_t i = 0; i < states; i++)
        for (size_t j = 0; j < states; j++)
            leads[i * states + j] = i == j || shares[i * states + j] > 0;
    for (size_t k = 0; k < states; k++)
        for (size_t i = 0; i < states; i++)
            for (size_t j = 0; leads[i * states + k] && j < states; j++)
                leads[i * states + j] |= leads[k * states + j];
    return leads;
}

/* The inverse of the n x n matrix in place. ERROR_DATA if it has none. */
static int invert(double *matrix, size_t n, struct error *err) {
    int status = 0, sign;
    gsl_matrix *factors = gsl_matrix_alloc(n, n), *inverse = gsl_matrix_alloc(n, n);
    gsl_permutation *order = gsl_permutation_alloc(n);
    if (!factors || !inverse || !order) {
        status = error_memory(err);
        goto done;
    }
    memcpy(factors->data, matrix, n * n * sizeof *matrix); /* as allocated: rows without gaps */
    if (gsl_linalg_LU_decomp(factors, order, &sign) ||
        gsl_linalg_LU_invert(factors, order, inverse)) {
        status = error_set(err, ERROR_DATA, "a matrix of transitions without an inverse");
        goto done;
    }
    memcpy(matrix, inverse->data, n * n * sizeof *matrix);
done:
    gsl_matrix_free(factors);
    gsl_matrix_free(inverse);
    gsl_permutation_free(order);
    return status;
}

/* sum_j p_j g_j^2 - (sum_j p_j g_j)^2, about the mean so that it never comes out negative. */
static double row_variance(const double *row, const double *gradient, size_t n) {
    double mean = 0, variance = 0;
    for (size_t j = 0; j < n; j++)
        if (row[j] > 0) /* a gradient may be infinite where nothing goes */
            mean += row[j] * gradient[j];
    for (size_t j = 0; j < n; j++)
        if (row[j] > 0)
            variance += row[j] * (gradient[j] - mean) * (gradient[j] - mean);
    return variance;
}

static double row_times(const double *row, const double *column, size_t n) {
    double sum = 0;
    for (size_t j = 0; j < n; j++)
        sum += row[j] * column[j];
    return sum;
}

static void fill(double *values, size_t n, double value) {
    for (size_t i = 0; i < n; i++)
        values[i] = value;
}

/* ---- 3a. Stationary shares ---------------------------------------------------------------------
 */

/* The one class of states that nothing leads out of: members[i] is 1 for them. False if there are
 * several, or if it holds a state of which nothing is known. */
static bool find_closed_class(const double *shares, size_t states, const unsigned char *leads,
                              unsigned char *members) {
    size_t some = states;
    for (size_t i = 0; i < states; i++) {
        bool closed = true;
        for (size_t j = 0; j < states; j++)
            closed = closed && (!leads[i * states + j] || leads[j * states + i]);
        members[i] = closed;
        if (closed &&
            (!is_known(shares, states, i) || (some < states && !leads[some * states + i])))
            return false;
        if (closed)
            some = i;
    }
    return true;
}

/* Grassmann, Taksar & Heyman: the last state is taken out of the chain, its visits going straight
 * to where it leads, until one is left; then back. `work` is a copy of the class's rows and is
 * destroyed. */
static void reduce(double *work, size_t n, double *ret) {
    for (size_t k = n - 1; k > 0; k--) {
        double out = 0;
        for (size_t j = 0; j < k; j++)
            out += work[k * n + j];
        for (size_t i = 0; i < k; i++) {
            work[i * n + k] /= out;
            for (size_t j = 0; j < k; j++)
                work[i * n + j] += work[i * n + k] * work[k * n + j];
        }
    }
    double sum = ret[0] = 1;
    for (size_t k = 1; k < n; k++) {
        ret[k] = 0;
        for (size_t i = 0; i < k; i++)
            ret[k] += ret[i] * work[i * n + k];
        sum += ret[k];
    }
    for (size_t k = 0; k < n; k++)
        ret[k] /= sum;
}

/* A chain in its long run: the n states that it stays among, chosen[] of all, and theirs of all
 * that follows. n is 0 if they are not unique or not known. */
struct long_run {
    size_t n, *chosen;
    double *shares, *totals, *stationary;
    double *deviation; /* (I - P + 1 pi)^-1 - 1 pi */
    double *gradient;  /* room for n */
};

static void long_run_end(struct long_run *run) {
    free(run->chosen);
    free(run->shares);
}

static int long_run_allocate(struct long_run *run, size_t states, struct error *err) {
    run->chosen = malloc((states + 1) * sizeof *run->chosen);
    run->shares = calloc(2 * states * states + 3 * states + 1, sizeof *run->shares);
    if (!run->chosen || !run->shares) {
        error_memory(err);
        return ERROR_SYSTEM;
    }
    run->deviation = run->shares + states * states;
    run->totals = run->deviation + states * states;
    run->stationary = run->totals + states;
    run->gradient = run->stationary + states;
    return 0;
}

static int long_run_choose(struct long_run *run, const double *shares, size_t states,
                           struct error *err) {
    unsigned char *leads = find_ways(shares, states, err), *members = calloc(states + 1, 1);
    if (leads && members && find_closed_class(shares, states, leads, members))
        for (size_t i = 0; i < states; i++)
            if (members[i])
                run->chosen[run->n++] = i;
    int status = leads && members ? 0 : error_memory(err);
    free(leads);
    free(members);
    return status;
}

/* With `errors` the deviation matrix too. long_run_end in every case. */
static int long_run_begin(struct long_run *run, const double *shares, const double *totals,
                          size_t states, bool errors, struct error *err) {
    if (long_run_allocate(run, states, err) || long_run_choose(run, shares, states, err))
        return err->code;
    const size_t n = run->n;
    if (n == 0)
        return 0;
    for (size_t i = 0; i < n; i++) {
        for (size_t j = 0; j < n; j++)
            run->deviation[i * n + j] = run->shares[i * n + j] =
                shares[run->chosen[i] * states + run->chosen[j]];
        run->totals[i] = totals ? totals[run->chosen[i]] : INFINITY;
    }
    reduce(run->deviation, n, run->stationary);
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < n; j++)
            run->deviation[i * n + j] = (i == j) - run->shares[i * n + j] + run->stationary[j];
    int status = errors ? invert(run->deviation, n, err) : 0;
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < n; j++)
            run->deviation[i * n + j] -= run->stationary[j];
    return status;
}

/* The error of a mean that hangs on row i with the gradient pi_i run->gradient[], plus what `own`
 * (NULL: nothing) adds to it in each row. */
static double long_run_error(const struct long_run *run, const double *own) {
    const size_t n = run->n;
    double variance = 0;
    for (size_t i = 0; i < n; i++) {
        double mean = 0, squares = 0;
        const double *row = run->shares + i * n, *extra = own ? own + i * n : NULL;
        for (size_t j = 0; j < n; j++)
            mean += row[j] * (run->gradient[j] + (extra ? extra[j] : 0));
        for (size_t j = 0; j < n; j++) {
            double deviation = run->gradient[j] + (extra ? extra[j] : 0) - mean;
            squares += row[j] * deviation * deviation;
        }
        variance += run->stationary[i] * run->stationary[i] * squares / run->totals[i];
    }
    return sqrt(variance);
}

/* The member number of a state; n if it is none. */
static size_t member_of(const struct long_run *run, size_t state) {
    size_t i = 0;
    while (i < run->n && run->chosen[i] != state)
        i++;
    return i;
}

int markov_stationary_without(const double *shares, const double *totals, size_t states,
                              size_t hidden, double *ret, double *ret_errors, struct error *err) {
    struct long_run run = {0};
    fill(ret, states, NAN);
    if (ret_errors)
        fill(ret_errors, states, NAN);
    int status = long_run_begin(&run, shares, totals, states, ret_errors != NULL, err);
    size_t n = run.n, h = member_of(&run, hidden);
    double seen = h < n ? 1 - run.stationary[h] : 1;
    if (!status && n > 0 && seen > 0) {
        fill(ret, states, 0);
        if (ret_errors)
            fill(ret_errors, states, 0);
        for (size_t k = 0; k < n; k++) {
            double share = k == h ? 0 : run.stationary[k] / seen;
            ret[run.chosen[k]] = share;
            for (size_t j = 0; j < n && k != h; j++)
                run.gradient[j] =
                    (run.deviation[j * n + k] + (h < n ? share * run.deviation[j * n + h] : 0)) /
                    seen;
            if (ret_errors && k != h)
                ret_errors[run.chosen[k]] = long_run_error(&run, NULL);
        }
    }
    if (hidden < states) {
        ret[hidden] = NAN;
        if (ret_errors)
            ret_errors[hidden] = NAN;
    }
    long_run_end(&run);
    return status;
}

int markov_stationary(const double *shares, const double *totals, size_t states, double *ret,
                      double *ret_errors, struct error *err) {
    return markov_stationary_without(shares, totals, states, states, ret, ret_errors, err);
}

int markov_mean(const double *shares, const double *totals, size_t states, const double *values,
                double *ret, double *ret_error, struct error *err) {
    struct long_run run = {0};
    double *own = NULL, *means = NULL;
    *ret = *ret_error = NAN;
    int status = long_run_begin(&run, shares, totals, states, true, err);
    const size_t n = run.n;
    if (status || n == 0)
        goto done;
    own = malloc((n * n + n) * sizeof *own);
    if (!own) {
        status = error_memory(err);
        goto done;
    }
    means = own + n * n; /* of each row */
    *ret = 0;
    for (size_t i = 0; i < n; i++) {
        means[i] = 0;
        for (size_t j = 0; j < n; j++) {
            own[i * n + j] = values[run.chosen[i] * states + run.chosen[j]];
            means[i] += run.shares[i * n + j] * own[i * n + j];
        }
        *ret += run.stationary[i] * means[i];
    }
    for (size_t j = 0; j < n; j++)
        run.gradient[j] = row_times(run.deviation + j * n, means, n);
    *ret_error = long_run_error(&run, own);
done:
    free(own);
    long_run_end(&run);
    return status;
}

/* ---- 3b. Projections ---------------------------------------------------------------------------
 */

/* row P, where what is zero adds nothing, not even nan. */
static void step_forward(const double *shares, size_t states, const double *row, double *ret) {
    fill(ret, states, 0);
    for (size_t i = 0; i < states; i++)
        for (size_t j = 0; row[i] != 0 && j < states; j++)
            ret[j] += row[i] * shares[i * states + j];
}

static void step_back(const double *shares, size_t states, const double *column, double *ret) {
    for (size_t i = 0; i < states; i++) {
        ret[i] = 0;
        for (size_t j = 0; j < states; j++)
            ret[i] += is_known(shares, states, i) ? shares[i * states + j] * column[j] : 0;
    }
}

/* The error of state k after `steps`: g_ij = sum over s of (start P^s)_i (P^(steps - 1 - s))_jk.
 * path holds start P^s for each s; `work` has room for (states + 2) states. */
static double project_error(const double *shares, const double *totals, size_t states,
                            const double *path, unsigned steps, size_t k, double *work) {
    double *gradient = work, *column = work + states * states, *next = column + states;
    double variance = 0;
    fill(gradient, states * states, 0);
    fill(column, states, 0);
    column[k] = 1;
    for (unsigned s = steps; s-- > 0;) {
        for (size_t i = 0; i < states; i++)
            for (size_t j = 0; j < states; j++)
                gradient[i * states + j] += path[s * states + i] * column[j];
        step_back(shares, states, column, next);
        memcpy(column, next, states * sizeof *column);
    }
    for (size_t i = 0; i < states; i++)
        if (totals[i] > 0)
            variance +=
                row_variance(shares + i * states, gradient + i * states, states) / totals[i];
    return sqrt(variance);
}

int markov_project(const double *shares, const double *totals, size_t states, const double *start,
                   unsigned steps, double *ret, double *ret_errors, struct error *err) {
    double *path = malloc((((size_t)steps + 1) * states + 1) * sizeof *path);
    double *work = malloc((states + 2) * states * sizeof *work + 1);
    if (!path || !work) {
        free(path);
        free(work);
        return error_memory(err);
    }
    memcpy(path, start, states * sizeof *path);
    for (size_t s = 0; s < steps; s++)
        step_forward(shares, states, path + s * states, path + (s + 1) * states);
    memcpy(ret, path + steps * states, states * sizeof *ret);
    for (size_t k = 0; k < states && ret_errors; k++)
        ret_errors[k] = isnan(ret[k]) ? NAN
                        : totals      ? project_error(shares, totals, states, path, steps, k, work)
                                      : 0;
    free(path);
    free(work);
    return 0;
}

/* ---- 3c. Times ---------------------------------------------------------------------------------
 */

/* A search for one target: among the `n` states that are chosen, from which it can be reached and
 * for which everything on the way is known, without the target itself. */
struct passage {
    const double *totals; /* of all states, or NULL */
    size_t states, target;
    double *shares; /* a copy in which nothing leads on from the target */
    size_t n, *chosen;
    double *visits;   /* N, n x n */
    double *h, *u;    /* of all states */
    double *gradient; /* room for all states */
};

static int passage_begin(struct passage *passage, const double *shares, struct error *err) {
    size_t states = passage->states, cells = states * states;
    passage->shares = calloc(2 * cells + 3 * states + 1, sizeof *passage->shares);
    passage->chosen = malloc((states + 1) * sizeof *passage->chosen);
    if (!passage->shares || !passage->chosen) {
        error_memory(err);
        return ERROR_SYSTEM;
    }
    passage->visits = passage->shares + cells;
    passage->h = passage->visits + cells;
    passage->u = passage->h + states;
    passage->gradient = passage->u + states;
    memcpy(passage->shares, shares, cells * sizeof *shares);
    fill(passage->shares + passage->target * states, states, 0);
    passage->shares[passage->target * states + passage->target] = 1;
    return 0;
}

/* Chooses the states, and sets every result to what it is for those not chosen. */
static int passage_choose(struct passage *passage, struct markov_reach *ret, struct error *err) {
    size_t states = passage->states;
    unsigned char *leads = find_ways(passage->shares, states, err);
    for (size_t i = 0; i < states && leads; i++) {
        const unsigned char *from = leads + i * states;
        bool known = true;
        for (size_t j = 0; j < states; j++)
            known = known && (!from[j] || is_known(passage->shares, states, j));
        ret[i] = known ? (struct markov_reach){0, 0, NAN, NAN}
                       : (struct markov_reach){NAN, NAN, NAN, NAN};
        if (known && from[passage->target] && i != passage->target)
            passage->chosen[passage->n++] = i;
    }
    ret[passage->target] = (struct markov_reach){1, 0, 0, 0};
    free(leads);
    return leads ? 0 : err->code;
}

static int passage_solve(struct passage *passage, struct error *err) {
    const size_t n = passage->n, *chosen = passage->chosen;
    double *visits = passage->visits;
    passage->h[passage->target] = 1;
    if (n == 0)
        return 0;
    for (size_t a = 0; a < n; a++)
        for (size_t b = 0; b < n; b++)
            visits[a * n + b] = (a == b) - passage->shares[chosen[a] * passage->states + chosen[b]];
    if (invert(visits, n, err))
        return err->code;
    for (size_t a = 0; a < n; a++)
        for (size_t b = 0; b < n; b++)
            passage->h[chosen[a]] +=
                visits[a * n + b] * passage->shares[chosen[b] * passage->states + passage->target];
    for (size_t a = 0; a < n; a++)
        for (size_t b = 0; b < n; b++)
            passage->u[chosen[a]] += visits[a * n + b] * passage->h[chosen[b]];
    return 0;
}

/* Of chosen state a, by the gradients in the header. */
static void passage_errors(const struct passage *passage, size_t a, struct markov_reach *reach) {
    const size_t n = passage->n, states = passage->states;
    const double *visits = passage->visits, *h = passage->h, *u = passage->u;
    double *gradient = passage->gradient, h_variance = 0, t_variance = 0;
    for (size_t b = 0; b < n && passage->totals; b++) {
        const size_t k = passage->chosen[b];
        const double *row = passage->shares + k * states;
        double once = visits[a * n + b], twice = 0;
        for (size_t c = 0; c < n; c++)
            twice += visits[a * n + c] * visits[c * n + b];
        for (size_t j = 0; j < states; j++)
            gradient[j] = once * h[j];
        h_variance += row_variance(row, gradient, states) / passage->totals[k];
        for (size_t j = 0; j < states; j++)
            gradient[j] = (twice * h[j] + once * (u[j] - reach->time * h[j])) / reach->probability;
        t_variance += row_variance(row, gradient, states) / passage->totals[k];
    }
    reach->probability_error = sqrt(h_variance);
    reach->time_error = sqrt(t_variance);
}

int markov_reach(const double *shares, const double *totals, size_t states, size_t target,
                 struct markov_reach *ret, struct error *err) {
    struct passage passage = {.totals = totals, .states = states, .target = target};
    int status = passage_begin(&passage, shares, err);
    if (!status)
        status = passage_choose(&passage, ret, err);
    if (!status)
        status = passage_solve(&passage, err);
    for (size_t a = 0; a < passage.n && !status; a++) {
        struct markov_reach *reach = &ret[passage.chosen[a]];
        double h = passage.h[passage.chosen[a]];
        reach->probability = fmin(h, 1); /* what is certain may come out as 1 + 1e-16 */
        reach->time = passage.u[passage.chosen[a]] / h;
        passage_errors(&passage, a, reach);
    }
    free(passage.shares);
    free(passage.chosen);
    return status;
}

struct proportion_interval markov_share_interval(double value, double error, double confidence) {
    if (!(value > 0 && value < 1) || !(error > 0))
        return (struct proportion_interval){NAN, NAN};
    double z = gsl_cdf_ugaussian_Qinv((1 - confidence) / 2);
    double odds = value / (1 - value), reach = exp(z * error / (value * (1 - value)));
    return (struct proportion_interval){1 / (1 + reach / odds), 1 / (1 + 1 / (odds * reach))};
}

struct proportion_interval markov_time_interval(double value, double error, double confidence) {
    if (!(value > 0) || !(error > 0))
        return (struct proportion_interval){NAN, NAN};
    double reach = exp(gsl_cdf_ugaussian_Qinv((1 - confidence) / 2) * error / value);
    return (struct proportion_interval){value / reach, value * reach};
}

/* ---- 4. Tests ----------------------------------------------------------------------------------
 */

/* A table of counts whose cell (row, column) is counts[row * row_stride + column]. */
struct contingency {
    const uint64_t *counts;
    size_t rows, columns, row_stride;
};

static double column_sum(const struct contingency *table, size_t column) {
    double sum = 0;
    for (size_t row = 0; row < table->rows; row++)
        sum += (double)table->counts[row * table->row_stride + column];
    return sum;
}

static void add_cell(struct markov_test *test, double count, double expected) {
    test->cells++;
    test->sparse += expected < 5;
    test->pearson += (count - expected) * (count - expected) / expected;
    if (count > 0)
        test->likelihood_ratio += 2 * count * log(count / expected);
}

/* Adds what one table says against the same shares in each of its rows. */
static void add_table(struct markov_test *test, const struct contingency *table) {
    double total = 0;
    uint64_t rows = 0, columns = 0;
    for (size_t row = 0; row < table->rows; row++) {
        uint64_t sum = sum_row(table->counts + row * table->row_stride, table->columns);
        rows += sum > 0;
        total += (double)sum;
    }
    for (size_t column = 0; column < table->columns; column++) {
        double below = column_sum(table, column);
        columns += below > 0;
        for (size_t row = 0; row < table->rows && below > 0; row++) {
            const uint64_t *cells = table->counts + row * table->row_stride;
            uint64_t beside = sum_row(cells, table->columns);
            if (beside > 0)
                add_cell(test, (double)cells[column], (double)beside * (below / total));
        }
    }
    if (rows > 0 && columns > 0)
        test->df += (rows - 1) * (columns - 1);
}

static struct markov_test finish(struct markov_test test) {
    double df = (double)test.df;
    /* Rounding alone can leave the statistic of a perfect fit a little below 0. */
    test.likelihood_ratio = fmax(test.likelihood_ratio, 0);
    test.pearson_p = test.df > 0 ? gsl_cdf_chisq_Q(test.pearson, df) : NAN;
    test.likelihood_ratio_p = test.df > 0 ? gsl_cdf_chisq_Q(test.likelihood_ratio, df) : NAN;
    return test;
}

static void add_steps(struct markov_test *test, const uint64_t *counts, size_t steps, size_t states,
                      size_t from) {
    add_table(test, &(struct contingency){counts + from * states, steps, states, states * states});
}

struct markov_test markov_test_homogeneity(const uint64_t *counts, size_t steps, size_t states) {
    struct markov_test test = {0};
    for (size_t from = 0; from < states; from++)
        add_steps(&test, counts, steps, states, from);
    return finish(test);
}

struct markov_test markov_test_homogeneity_from(const uint64_t *counts, size_t steps, size_t states,
                                                size_t from) {
    struct markov_test test = {0};
    add_steps(&test, counts, steps, states, from);
    return finish(test);
}

struct markov_test markov_test_independence(const uint64_t *counts, size_t states) {
    struct markov_test test = {0};
    add_table(&test, &(struct contingency){counts, states, states, states});
    return finish(test);
}

/* The table of the second state: first by third. */
struct markov_test markov_test_order(const uint64_t *triples, size_t states) {
    struct markov_test test = {0};
    for (size_t second = 0; second < states; second++)
        add_table(&test, &(struct contingency){triples + second * states, states, states,
                                               states * states});
    return finish(test);
}
