/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Exit contagion.
 *
 *   1. The likelihood
 *   2. Its maximum, free or with one parameter held
 *   3. Dispersion
 *   4. Profile intervals and the test of q = 0
 *   5. The fit
 *   6. Forecast
 */
#include "users/contagion.h"

#include "base/random.h"
#include "base/workers.h"
#include "stats/log-gamma.h"
#include <assert.h>
#include <gsl/gsl_cdf.h>
#include <gsl/gsl_errno.h>
#include <gsl/gsl_linalg.h>
#include <gsl/gsl_randist.h>
#include <gsl/gsl_roots.h>
#include <gsl/gsl_sf_psi.h>
#include <gsl/gsl_sort.h>
#include <gsl/gsl_statistics_double.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- 1. The likelihood ----------------------------------------------------------------------- */

/* The rate at the beginning of a step and the odds at its end, of which both chances are made. */
struct step_chance {
    double leave, stay; /* logarithms; leave is -inf at a rate of 0 */
};

static struct step_chance step_chance(double p, double q, double share, double days) {
    const double sum = p + q, rate = p + q * share, decay = exp(-sum * days);
    const double below = rate + q * (1 - share) * decay;
    if (!(rate > 0))
        return (struct step_chance){-INFINITY, 0};
    return (struct step_chance){log(rate * -expm1(-sum * days) / below),
                                log(sum / below) - sum * days};
}

double contagion_chance(double p, double q, double share_gone, double days) {
    return exp(step_chance(p, q, share_gone, days).leave);
}

static double pool_at(const struct contagion_history *history, double pool, size_t i) {
    return history->pool ? (double)history->pool[i] : pool;
}

static int64_t gone_at_end(const struct contagion_history *history) {
    return history->gone[history->n];
}

/* What a pool of unknown size adds: log of m (m-1) ... (m-k+1), one factor for each leaver. */
static double log_ways(const struct contagion_history *history, double pool) {
    return log_gamma(pool - (double)history->gone[0] + 1) -
           log_gamma(pool - (double)gone_at_end(history) + 1);
}

static double log_ways_slope(const struct contagion_history *history, double pool) {
    return gsl_sf_psi(pool - (double)history->gone[0] + 1) -
           gsl_sf_psi(pool - (double)gone_at_end(history) + 1);
}

/* Adds the derivatives of one step's log-likelihood by p, q and the share gone. */
static void add_slopes(struct contagion_parameters at, double share, double days, double left,
                       double stayed, double slope[3]) {
    const double p = at.p, q = at.q, sum = p + q, rate = p + q * share;
    const double decay = exp(-sum * days), below = rate + q * (1 - share) * decay;
    const double common = q * (1 - share) * days * decay;
    const double below_p = (1 - common) / below;
    const double below_q = (share + (1 - share) * decay - common) / below;
    const double below_share = q * -expm1(-sum * days) / below;
    if (left > 0) {
        const double grown = days * decay / -expm1(-sum * days);
        slope[0] += left * (1 / rate + grown - below_p);
        slope[1] += left * (share / rate + grown - below_q);
        slope[2] += left * (q / rate - below_share);
    }
    slope[0] += stayed * (1 / sum - days - below_p);
    slope[1] += stayed * (1 / sum - days - below_q);
    slope[2] -= stayed * below_share;
}

/* The log-likelihood and, unless NULL, its derivatives by p, q and the pool. */
static double likelihood(const struct contagion_history *history, struct contagion_parameters at,
                         double slopes[3]) {
    double sum = history->pool ? 0 : log_ways(history, at.pool), by_pool = 0;
    if (slopes) {
        memset(slopes, 0, 3 * sizeof *slopes);
        if (!history->pool)
            by_pool = log_ways_slope(history, at.pool);
    }
    for (size_t i = 0; i < history->n; i++) {
        const double all = pool_at(history, at.pool, i), gone = (double)history->gone[i];
        const double left = (double)history->leavers[i], stayed = fmax(all - gone - left, 0);
        if (!(all > gone)) /* nobody there who could leave */
            continue;
        const struct step_chance chance = step_chance(at.p, at.q, gone / all, history->days[i]);
        sum += (left > 0 ? left * chance.leave : 0) + stayed * chance.stay;
        if (!slopes)
            continue;
        double by_share[3] = {slopes[0], slopes[1], 0};
        add_slopes(at, gone / all, history->days[i], left, stayed, by_share);
        slopes[0] = by_share[0];
        slopes[1] = by_share[1];
        by_pool += chance.stay - by_share[2] * gone / (all * all);
    }
    if (slopes)
        slopes[2] = by_pool;
    return sum;
}

double contagion_log_likelihood(const struct contagion_history *history,
                                struct contagion_parameters at) {
    return likelihood(history, at, NULL);
}

/* ---- 2. Its maximum -------------------------------------------------------------------------- */

enum held { NOTHING, Q_AT_0, P_AT_0, P_AT, Q_AT, RATIO_AT, POOL_AT };

struct search {
    const struct contagion_history *history;
    enum held held;
    double at;
    double
        typical; /* gone before a typical leaver: the share, or with an unknown pool the number */
    double gone; /* at the end: the least that a pool can be */
};

enum { MOST_FREE = 3 };
static const double pool_most = 1e6; /* times those gone */

static struct search search_of(const struct contagion_history *history) {
    struct search search = {.history = history, .gone = (double)gone_at_end(history)};
    double sum = 0, leavers = 0;
    for (size_t i = 0; i < history->n; i++) {
        const double left = (double)history->leavers[i], gone = (double)history->gone[i];
        if (left > 0)
            sum += left * (history->pool ? gone / (double)history->pool[i] : gone);
        leavers += left;
    }
    search.typical = sum / leavers;
    return search;
}

static bool pool_is_free(const struct search *search) {
    return !search->history->pool && search->held != POOL_AT;
}

static size_t free_parameters(const struct search *search) {
    return (search->held == NOTHING || search->held == POOL_AT ? 2U : 1U) +
           (pool_is_free(search) ? 1U : 0U);
}

/* Where nothing is held, x[0] is the log rate of a typical leaver and x[1] the log odds that it was
 * by imitation: nearly independent, unlike p and q. The logarithm of the pool beyond those gone
 * comes last. */
static struct contagion_parameters parameters_at(const struct search *search, const double *x) {
    const double most = pool_most * search->gone;
    struct contagion_parameters at = {0};
    if (!search->history->pool)
        at.pool = search->held == POOL_AT
                      ? search->at
                      : search->gone + fmin(exp(x[free_parameters(search) - 1]), most);
    const double share = search->history->pool ? search->typical : search->typical / at.pool;
    switch (search->held) {
    case NOTHING:
    case POOL_AT:
        at.p = exp(x[0]) / (1 + exp(x[1]));
        at.q = exp(x[0]) / (1 + exp(-x[1])) / share;
        break;
    case Q_AT_0:
        at.p = exp(x[0]);
        break;
    case P_AT_0:
        at.q = exp(x[0]);
        break;
    case P_AT:
        at.p = search->at;
        at.q = exp(x[0]);
        break;
    case Q_AT:
        at.q = search->at;
        at.p = exp(x[0]);
        break;
    case RATIO_AT:
        at.q = exp(x[0]);
        at.p = search->at * at.q;
        break;
    }
    return at;
}

/* The other way round, as a start: parameters at 0 become small ones. */
static void start_at(const struct search *search, struct contagion_parameters from, double *x) {
    const double share = search->history->pool ? search->typical : search->typical / from.pool;
    const double rate = from.p + from.q * share, least = 1e-4 * rate;
    switch (search->held) {
    case NOTHING:
    case POOL_AT:
        x[0] = log(rate);
        x[1] = log(fmax(from.q * share, least) / fmax(from.p, least));
        break;
    case Q_AT_0:
    case Q_AT:
        x[0] = log(fmax(from.p, least));
        break;
    case P_AT_0:
    case P_AT:
    case RATIO_AT:
        x[0] = log(fmax(from.q, least / share));
        break;
    }
    if (pool_is_free(search))
        x[free_parameters(search) - 1] = log(fmax(from.pool - search->gone, 0.5));
}

/* The log-likelihood at x, and its derivatives by x (unless NULL): those by p, q and the pool,
 * times theirs by x. */
static double climb(const struct search *search, const double *x, double *slope) {
    const struct contagion_parameters at = parameters_at(search, x);
    double by[3];
    const double value = likelihood(search->history, at, slope ? by : NULL);
    if (!slope)
        return value;
    const double all = search->history->pool ? 1 : at.pool;
    const double imitated = at.q * search->typical / all, rate = at.p + imitated;
    const bool pool_free = pool_is_free(search);
    double by_pool = by[2];
    switch (search->held) {
    case NOTHING:
    case POOL_AT:
        slope[0] = by[0] * at.p + by[1] * at.q;
        slope[1] = -by[0] * at.p * imitated / rate + by[1] * at.q * at.p / rate;
        by_pool += by[1] * at.q / all; /* at the same imitation, q grows with the pool */
        break;
    case Q_AT_0:
    case Q_AT:
        slope[0] = by[0] * at.p;
        break;
    case P_AT_0:
    case P_AT:
        slope[0] = by[1] * at.q;
        break;
    case RATIO_AT:
        slope[0] = by[0] * at.p + by[1] * at.q;
        break;
    }
    if (pool_free)
        slope[free_parameters(search) - 1] =
            at.pool < search->gone * (1 + pool_most) ? by_pool * (at.pool - search->gone) : 0;
    return value;
}

struct maximum {
    struct contagion_parameters at;
    double log_likelihood;
};

/* Second derivatives by differences of the first; to about eight digits. */
static void curvature(const struct search *search, const double *x, size_t n, double *ret) {
    const double width = 1e-4;
    for (size_t i = 0; i < n; i++) {
        double moved[MOST_FREE], above[MOST_FREE], below[MOST_FREE];
        memcpy(moved, x, n * sizeof *x);
        moved[i] = x[i] + width;
        climb(search, moved, above);
        moved[i] = x[i] - width;
        climb(search, moved, below);
        for (size_t j = 0; j < n; j++)
            ret[i * n + j] = (above[j] - below[j]) / (2 * width);
    }
}

/* The step of Newton's method with `damping` added to the curvature, no longer than 2 in any
 * direction (a factor of e^2); false if the sum is not negative definite. */
static bool newton_step(const double *hessian, const double *slope, size_t n, double damping,
                        double *ret) {
    double a[MOST_FREE * MOST_FREE];
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < n; j++)
            a[i * n + j] = -(hessian[i * n + j] + hessian[j * n + i]) / 2 + (i == j ? damping : 0);
    gsl_matrix_view matrix = gsl_matrix_view_array(a, n, n);
    gsl_vector_const_view right = gsl_vector_const_view_array(slope, n);
    gsl_vector_view step = gsl_vector_view_array(ret, n);
    for (size_t i = 0; i < n * n; i++)
        if (!isfinite(a[i]))
            return false;
    if (gsl_linalg_cholesky_decomp1(&matrix.matrix) ||
        gsl_linalg_cholesky_solve(&matrix.matrix, &right.vector, &step.vector))
        return false;
    for (size_t i = 0; i < n; i++)
        ret[i] = fmin(fmax(ret[i], -2), 2);
    return true;
}

/* One step uphill from x, with as much damping as it takes; 0 if there is none. */
static double ascend(const struct search *search, double *x, double value, const double *slope,
                     double *damping) {
    enum { TRIES = 60 };
    const size_t n = free_parameters(search);
    double hessian[MOST_FREE * MOST_FREE] = {0}, step[MOST_FREE] = {0}, next[MOST_FREE] = {0};
    curvature(search, x, n, hessian);
    for (int i = 0; i < TRIES; i++) {
        if (newton_step(hessian, slope, n, *damping, step)) {
            for (size_t j = 0; j < n; j++)
                next[j] = x[j] + step[j];
            const double gain = climb(search, next, NULL) - value;
            if (gain > 0) {
                memcpy(x, next, n * sizeof *x);
                *damping = *damping > 1e-12 ? *damping / 10 : 0;
                return gain;
            }
        }
        *damping = *damping > 0 ? *damping * 10 : 1e-6;
    }
    return 0;
}

/* Newton's method, damped (Levenberg 1944; Nocedal & Wright 2006, section 4.3). It ends when a step
 * gains nothing but rounding; where the maximum is at 0 or infinity of a parameter, far enough out
 * that it makes no difference. */
static struct maximum maximise_from(const struct search *search, struct contagion_parameters from) {
    enum { STEPS = 200 };
    double x[MOST_FREE] = {0}, slope[MOST_FREE] = {0}, damping = 0;
    start_at(search, from, x);
    double value = climb(search, x, slope);
    for (int i = 0; i < STEPS && isfinite(value); i++) {
        const double gain = ascend(search, x, value, slope, &damping);
        if (!(gain > 1e-13 * fabs(value)))
            break;
        value = climb(search, x, slope);
    }
    return (struct maximum){parameters_at(search, x), isfinite(value) ? value : -INFINITY};
}

/* p and q that give every leaver's step about the rate it had, `imitated` of it by imitation. */
static struct contagion_parameters guess(const struct search *search, double imitated,
                                         double pool) {
    const struct contagion_history *history = search->history;
    double leavers = 0, exposure = 0;
    for (size_t i = 0; i < history->n; i++) {
        const double there = pool_at(history, pool, i) - (double)history->gone[i];
        leavers += (double)history->leavers[i];
        exposure += history->days[i] * fmax(there - (double)history->leavers[i] / 2, 0);
    }
    const double rate = leavers / fmax(exposure, 1e-9);
    const double share = history->pool ? search->typical : search->typical / pool;
    return (struct contagion_parameters){rate * (1 - imitated), rate * imitated / share, pool};
}

/* From several starts, and against both ends: no imitation, nothing but imitation. */
static struct maximum maximise(struct search search) {
    static const double imitated[] = {0.1, 0.5, 0.9}, beyond[] = {0.1, 1, 20};
    const enum held held = search.held;
    struct maximum best = {.log_likelihood = -INFINITY};
    for (size_t end = 0; end < (held == NOTHING ? 3 : 1); end++)
        for (size_t i = 0; i < 3; i++)
            for (size_t j = 0; j < (pool_is_free(&search) ? 3 : 1); j++) {
                search.held = end == 0 ? held : end == 1 ? Q_AT_0 : P_AT_0;
                const double pool = held == POOL_AT ? search.at : search.gone * (1 + beyond[j]) + 1;
                const struct maximum found =
                    maximise_from(&search, guess(&search, imitated[i], pool));
                /* An end is the answer where going inside gains nothing but rounding. */
                const double margin = end == 0 ? 0 : -1e-8;
                if (found.log_likelihood > best.log_likelihood + margin)
                    best = found;
            }
    return best;
}

/* ---- 3. Dispersion --------------------------------------------------------------------------- */

/* Pearson's chi-square over steps put together until five leavers are expected of them; what is
 * left over at the end joins the last cell. */
static double pearson(const struct contagion_history *history, struct contagion_parameters at,
                      size_t *ret_cells) {
    enum { EXPECTED = 5 };
    double observed = 0, expected = 0, variance = 0, sum = 0, last = 0;
    double last_observed = 0, last_expected = 0, last_variance = 0;
    *ret_cells = 0;
    for (size_t i = 0; i < history->n; i++) {
        const double all = pool_at(history, at.pool, i), there = all - (double)history->gone[i];
        if (!(there > 0))
            continue;
        const double chance =
            contagion_chance(at.p, at.q, (double)history->gone[i] / all, history->days[i]);
        observed += (double)history->leavers[i];
        expected += there * chance;
        variance += there * chance * (1 - chance);
        if (expected < EXPECTED)
            continue;
        last = (observed - expected) * (observed - expected) / variance;
        sum += last;
        ++*ret_cells;
        last_observed = observed, last_expected = expected, last_variance = variance;
        observed = expected = variance = 0;
    }
    if (*ret_cells > 0 && variance > 0) {
        const double miss = last_observed + observed - last_expected - expected;
        sum += miss * miss / (last_variance + variance) - last;
    }
    return sum;
}

static void fit_dispersion(struct contagion_fit *fit, const struct search *search,
                           struct contagion_parameters at, bool binomial) {
    const size_t parameters = search->history->pool ? 2 : 3;
    const double sum = pearson(search->history, at, &fit->cells);
    fit->df = fit->cells > parameters ? fit->cells - parameters : 0;
    if (binomial)
        fit->dispersion = 1;
    else
        fit->dispersion = fit->df > 0 ? fmax(1, sum / (double)fit->df) : NAN;
}

/* ---- 4. Profile intervals and the test ------------------------------------------------------- */

struct profile {
    struct search search;
    struct maximum best;
    double critical; /* deviance difference at the bounds */
    struct error *err;
};

/* The maximum of the others while one is held: from where they are at the best and, if the pool is
 * one of them, from both sides, as there may be two hills: much imitation and a small pool, little
 * and a large one. */
static struct maximum others(const struct search *search, struct contagion_parameters best) {
    static const double imitated[] = {0.9, 0.1}, beyond[] = {0.1, 5};
    struct maximum ret = maximise_from(search, best);
    for (size_t i = 0; i < 2 && pool_is_free(search); i++) {
        const double pool = search->gone * (1 + beyond[i]) + 1;
        const struct maximum found = maximise_from(search, guess(search, imitated[i], pool));
        if (found.log_likelihood > ret.log_likelihood)
            ret = found;
    }
    return ret;
}

/* How far the deviance is above that of the bounds with the parameter held at exp(x), which for the
 * pool is what it holds beyond those gone. */
static double beyond(double x, void *context) {
    struct profile *profile = context;
    profile->search.at = exp(x) + (profile->search.held == POOL_AT ? profile->search.gone : 0);
    struct contagion_parameters from = profile->best.at;
    if (profile->search.held == POOL_AT)
        from.pool = profile->search.at;
    const struct maximum found = others(&profile->search, from);
    return 2 * (profile->best.log_likelihood - found.log_likelihood) - profile->critical;
}

/* The bound between x (inside) and wherever the deviance has risen enough, going by `step`;
 * `edge` where that never happens. */
static double bound(struct profile *profile, double x, double step, double edge) {
    enum { MOST_STEPS = 60, MOST_ROUNDS = 100 };
    double inside = x, outside = x;
    for (int i = 0; beyond(outside, profile) <= 0; i++) {
        if (i == MOST_STEPS)
            return edge;
        inside = outside;
        outside += step;
        step *= 1.3;
    }
    gsl_function function = {beyond, profile};
    gsl_root_fsolver *solver = gsl_root_fsolver_alloc(gsl_root_fsolver_brent);
    if (!solver) {
        error_memory(profile->err);
        return NAN;
    }
    double root = outside;
    if (!gsl_root_fsolver_set(solver, &function, fmin(inside, outside), fmax(inside, outside)))
        for (int i = 0; i < MOST_ROUNDS; i++) {
            gsl_root_fsolver_iterate(solver);
            root = gsl_root_fsolver_root(solver);
            if (fabs(gsl_root_fsolver_x_upper(solver) - gsl_root_fsolver_x_lower(solver)) < 1e-10)
                break;
        }
    gsl_root_fsolver_free(solver);
    return root;
}

/* Whether the bounds take in the end of the range that `held` stands for. */
static bool takes_in(struct profile *profile, enum held held, double at) {
    struct search search = profile->search;
    search.held = held;
    search.at = at;
    struct contagion_parameters from = profile->best.at;
    if (held == POOL_AT)
        from.pool = at;
    const struct maximum found = others(&search, from);
    return 2 * (profile->best.log_likelihood - found.log_likelihood) <= profile->critical;
}

/* Bounds of a parameter of 0 or more that is held by `held`; at_0 and at_infinity are the models
 * at the ends of its range (NOTHING: there is none). */
static struct contagion_estimate interval(struct profile *profile, double value, enum held held,
                                          enum held at_0, enum held at_infinity) {
    struct contagion_estimate ret = {value, 0, INFINITY};
    const struct contagion_parameters at = profile->best.at;
    const double typical = value > 0 ? value : 1e-6 * (at.p + at.q);
    profile->search.held = held;
    if (value > 0 && !takes_in(profile, at_0, 0))
        ret.lower = exp(bound(profile, log(typical), -0.1, -INFINITY));
    profile->search.held = held;
    if (at_infinity == NOTHING || !takes_in(profile, at_infinity, 0)) {
        profile->search.held = held;
        ret.upper = exp(bound(profile, log(typical), 0.1, INFINITY));
    }
    return ret;
}

static struct contagion_estimate pool_interval(struct profile *profile, double value) {
    const double gone = profile->search.gone, most = gone * (1 + pool_most);
    struct contagion_estimate ret = {value, gone, INFINITY};
    const double inside = log(fmax(value - gone, 1e-3));
    profile->search.held = POOL_AT;
    if (!takes_in(profile, POOL_AT, gone))
        ret.lower = gone + exp(bound(profile, inside, -0.1, -INFINITY));
    if (!takes_in(profile, POOL_AT, most))
        ret.upper = gone + exp(bound(profile, inside, 0.1, INFINITY));
    return ret;
}

static void fit_intervals(struct contagion_fit *fit, const struct search *search,
                          const struct maximum *best, double confidence, struct error *err) {
    const double dispersion = isnan(fit->dispersion) ? 1 : fit->dispersion;
    const bool estimated = dispersion > 1;
    const double quantile = estimated ? gsl_cdf_fdist_Pinv(confidence, 1, (double)fit->df)
                                      : gsl_cdf_chisq_Pinv(confidence, 1);
    struct profile profile = {*search, *best, dispersion * quantile, err};
    fit->p = interval(&profile, best->at.p, P_AT, P_AT_0, NOTHING);
    fit->q = interval(&profile, best->at.q, Q_AT, Q_AT_0, NOTHING);
    if (search->history->pool) {
        const double pool = (double)search->history->pool[search->history->n - 1];
        fit->pool = (struct contagion_estimate){pool, NAN, NAN};
    } else {
        fit->pool = pool_interval(&profile, best->at.pool);
    }
    if (best->at.q > 0)
        fit->tipping = interval(&profile, best->at.p / best->at.q, RATIO_AT, P_AT_0, Q_AT_0);
    else
        fit->tipping = (struct contagion_estimate){NAN, NAN, NAN};
    if (isinf(fit->pool.upper)) /* as the pool grows without end, p falls to 0 */
        fit->p.lower = fit->tipping.lower = 0;
    if (fit->pool_unbound) {
        fit->p.value = fit->tipping.value = NAN;
        fit->pool.value = INFINITY;
    }
}

static void fit_test(struct contagion_fit *fit, double without) {
    const double dispersion = isnan(fit->dispersion) ? 1 : fit->dispersion;
    fit->statistic = fmax(0, 2 * (fit->log_likelihood - without) / dispersion);
    if (!(fit->statistic > 0))
        fit->p_value = 1;
    else if (dispersion > 1)
        fit->p_value = gsl_cdf_fdist_Q(fit->statistic, 1, (double)fit->df) / 2;
    else
        fit->p_value = gsl_cdf_chisq_Q(fit->statistic, 1) / 2;
}

/* ---- 5. The fit ------------------------------------------------------------------------------ */

/* p and q differ only in steps that begin with different shares gone. */
static int check(const struct contagion_history *history, struct error *err) {
    enum { LEAST_STEPS = 3 };
    size_t with_leavers = 0;
    bool differ = false;
    for (size_t i = 0; i < history->n; i++) {
        with_leavers += history->leavers[i] > 0;
        differ = differ || history->gone[i] != history->gone[0];
    }
    if (with_leavers < LEAST_STEPS)
        return error_set(err, ERROR_DATA,
                         "leavers in %zu period%s, expected at least %d: fewer do not tell "
                         "imitation from the rest",
                         with_leavers, with_leavers == 1 ? "" : "s", LEAST_STEPS);
    if (!differ)
        return error_set(
            err, ERROR_DATA,
            "the share gone never changes before the last leaver, expected it to grow");
    return 0;
}

/* Whether the largest pool looked at is as likely as the likeliest one. */
static bool pool_makes_no_difference(struct search search, struct maximum best) {
    search.held = POOL_AT;
    search.at = best.at.pool = search.gone * (1 + pool_most);
    return maximise_from(&search, best.at).log_likelihood > best.log_likelihood - 1e-3;
}

int contagion_fit(const struct contagion_history *history, const struct contagion_options *options,
                  struct contagion_fit *ret, struct error *err) {
    *ret = (struct contagion_fit){0};
    if (check(history, err))
        return err->code;
    struct search search = search_of(history);
    const struct maximum best = maximise(search);
    search.held = Q_AT_0;
    const struct maximum without = maximise(search);
    search.held = NOTHING;
    for (size_t i = 0; i < history->n; i++)
        ret->leavers += history->leavers[i];
    ret->maximum = best.at;
    ret->log_likelihood = best.log_likelihood;
    ret->pool_unbound = !history->pool && pool_makes_no_difference(search, best);
    fit_dispersion(ret, &search, best.at, options->binomial);
    fit_intervals(ret, &search, &best, options->confidence, err);
    fit_test(ret, without.log_likelihood);
    return err->code;
}

/* ---- 6. Forecast ----------------------------------------------------------------------------- */

struct forecast {
    const struct contagion_history *history;
    const struct contagion_forecast_options *options;
    struct contagion_parameters at;
    double dispersion;
    size_t columns;  /* history->n + 2 options->steps */
    double *leavers; /* draws, one a row: past and future leavers, future gone */
};

/* Leavers of `there` at this chance, the variance of whose number is `dispersion` times the
 * binomial one (beta-binomial with intraclass correlation (dispersion - 1)/(there - 1)). */
static double draw_leavers(double there, double chance, double dispersion, gsl_rng *rng) {
    if (!(there >= 1) || !(chance > 0))
        return 0;
    if (dispersion > 1 && there > 1) {
        const double correlation = fmin((dispersion - 1) / (there - 1), 0.999);
        const double size = 1 / correlation - 1;
        chance = gsl_ran_beta(rng, chance * size, (1 - chance) * size);
    }
    if (there < 4e9)
        return gsl_ran_binomial(rng, fmin(chance, 1), (unsigned)there);
    return gsl_ran_poisson(rng, there * chance); /* so many only where the pool is unbound */
}

static double draw_step(const struct forecast *forecast, struct contagion_parameters at,
                        double pool, double gone, double days, gsl_rng *rng) {
    const double there = round(pool - gone);
    if (!(there >= 1))
        return 0;
    const double chance = contagion_chance(at.p, at.q, gone / pool, days);
    return draw_leavers(there, chance, forecast->dispersion, rng);
}

/* A history that the fit might have given as well: those who came, and who left within the step in
 * which they came, are as they were. */
static void simulate_history(const struct forecast *forecast, int64_t *gone, int64_t *leavers,
                             gsl_rng *rng) {
    const struct contagion_history *history = forecast->history;
    int64_t so_far = history->gone[0];
    for (size_t i = 0; i < history->n; i++) {
        const double pool = pool_at(history, forecast->at.pool, i);
        gone[i] = so_far;
        leavers[i] =
            (int64_t)draw_step(forecast, forecast->at, pool, (double)so_far, history->days[i], rng);
        so_far += leavers[i] + history->gone[i + 1] - history->gone[i] - history->leavers[i];
        if (history->pool && i + 1 < history->n && so_far > history->pool[i + 1])
            so_far = history->pool[i + 1];
    }
    gone[history->n] = so_far;
}

/* The parameters of a simulated history; those of the fit where it says too little. */
static int refit(const struct forecast *forecast, gsl_rng *rng, struct contagion_parameters *ret,
                 struct error *err) {
    const size_t n = forecast->history->n;
    assert(n > 0); /* or there would be no fit */
    int64_t *gone = calloc(2 * n + 1, sizeof *gone);
    if (!gone)
        return error_memory(err);
    struct contagion_history simulated = *forecast->history;
    simulated.gone = gone;
    simulated.leavers = gone + n + 1;
    simulate_history(forecast, gone, gone + n + 1, rng);
    struct error too_little = {0};
    *ret = forecast->at;
    if (!check(&simulated, &too_little)) {
        const struct search search = search_of(&simulated);
        *ret = maximise_from(&search, forecast->at).at;
    }
    free(gone);
    return 0;
}

static int draw_one(void *context, size_t index, int worker, struct error *err) {
    (void)worker;
    const struct forecast *forecast = context;
    const struct contagion_history *history = forecast->history;
    const size_t steps = forecast->options->steps;
    double *row = forecast->leavers + index * forecast->columns;
    struct random_stream stream;
    struct contagion_parameters at = forecast->at;
    random_open(&stream, forecast->options->seed, (uint32_t)index, 0, 0, 0);
    gsl_rng *rng = random_gsl(&stream);
    for (size_t i = 0; i < history->n; i++)
        row[i] = draw_step(forecast, forecast->at, pool_at(history, forecast->at.pool, i),
                           (double)history->gone[i], history->days[i], rng);
    if (steps == 0)
        return 0;
    if (refit(forecast, rng, &at, err))
        return err->code;
    double gone = (double)gone_at_end(history);
    const double pool = fmax(pool_at(history, at.pool, history->n - 1), gone);
    for (size_t i = 0; i < steps; i++) {
        const double left = draw_step(forecast, at, pool, gone, forecast->options->days[i], rng);
        gone += left;
        row[history->n + i] = left;
        row[history->n + steps + i] = gone;
    }
    return 0;
}

/* Mean and quantiles of one column of the draws. */
static void summarise(const struct forecast *forecast, size_t column, double *scratch,
                      double *ret_mean, double *ret_lower, double *ret_upper) {
    const size_t draws = forecast->options->draws;
    const double tail = (1 - forecast->options->confidence) / 2;
    for (size_t i = 0; i < draws; i++)
        scratch[i] = forecast->leavers[i * forecast->columns + column];
    gsl_sort(scratch, 1, draws);
    *ret_mean = gsl_stats_mean(scratch, 1, draws);
    *ret_lower = gsl_stats_quantile_from_sorted_data(scratch, 1, draws, tail);
    *ret_upper = gsl_stats_quantile_from_sorted_data(scratch, 1, draws, 1 - tail);
}

static void fill_steps(const struct forecast *forecast, double *scratch,
                       struct contagion_step *ret) {
    const struct contagion_history *history = forecast->history;
    const size_t n = history->n, steps = forecast->options->steps;
    for (size_t i = 0; i < n + steps; i++) {
        struct contagion_step *step = &ret[i];
        summarise(forecast, i, scratch, &step->leavers, &step->lower, &step->upper);
        if (i >= n) {
            summarise(forecast, i + steps, scratch, &step->gone, &step->gone_lower,
                      &step->gone_upper);
            continue;
        }
        const double all = pool_at(history, forecast->at.pool, i), gone = (double)history->gone[i];
        step->leavers = all > gone ? (all - gone) * contagion_chance(forecast->at.p, forecast->at.q,
                                                                     gone / all, history->days[i])
                                   : 0;
        step->gone = (double)history->gone[i + 1];
        step->gone_lower = step->gone_upper = NAN;
    }
}

int contagion_forecast(const struct contagion_history *history, const struct contagion_fit *fit,
                       const struct contagion_forecast_options *options, struct contagion_step *ret,
                       struct error *err) {
    struct forecast forecast = {
        .history = history,
        .options = options,
        .at = fit->maximum,
        .dispersion = isnan(fit->dispersion) ? 1 : fit->dispersion,
        .columns = history->n + 2 * options->steps,
    };
    forecast.leavers = malloc(options->draws * forecast.columns * sizeof *forecast.leavers);
    double *scratch = malloc(options->draws * sizeof *scratch);
    int status = forecast.leavers && scratch ? 0 : error_memory(err);
    if (!status)
        status = workers_run(options->threads, options->draws, draw_one, &forecast, err);
    if (!status)
        fill_steps(&forecast, scratch, ret);
    free(forecast.leavers);
    free(scratch);
    return status;
}
