/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The power law against other tails.
 *
 *   1. A tail as small values one by one and large ones as sums
 *   2. Exponential
 *   3. Lognormal
 *   4. Power law with an exponential end
 *   5. Vuong's test
 *
 * Whole numbers have the probability of the cell from x - 1/2 to x + 1/2 under lognormal, and the
 * laws of whole numbers under the two others.
 */
#include "creators/tail.h"

#include "stats/maximise.h"
#include <gsl/gsl_cdf.h>
#include <gsl/gsl_sf_erf.h>
#include <gsl/gsl_sf_gamma.h>
#include <math.h>
#include <stdlib.h>

const char *tail_alternative_name(enum tail_alternative alternative) {
    static const char *const names[] = {[TAIL_LOGNORMAL] = "lognormal",
                                        [TAIL_EXPONENTIAL] = "exponential",
                                        [TAIL_TRUNCATED] = "truncated power law"};
    return names[alternative];
}

/* ---- 1. Sums -----------------------------------------------------------------------------------
 */

/* From here on a cell of width 1 is flat to nine digits, and the likelihood of all values together
 * hangs on sums. */
#define FLAT 5000.0

/* y = log(x / edge), edge the lower end of xmin's cell. */
struct tail {
    const struct tail_data *data;
    size_t first, end_small; /* values one by one: [first, end_small) */
    bool discrete;
    double xmin, edge, n;
    double sum, logs;                              /* of x, of log x: over all */
    double large_n, large_y, large_yy, large_logs; /* over those not one by one */
};

static double times_of(const struct tail_data *data, size_t at) {
    return data->above[at] - data->above[at + 1];
}

static struct tail tail_of(const struct tail_data *data, const struct tail_fit *fit) {
    struct tail tail = {.data = data,
                        .first = fit->first,
                        .end_small = fit->first,
                        .discrete = data->kind == TAIL_DISCRETE,
                        .xmin = fit->xmin,
                        .n = fit->n,
                        .logs = data->logs[fit->first]};
    tail.edge = tail.discrete ? fit->xmin - 0.5 : fit->xmin;
    while (tail.discrete && tail.end_small < data->distinct && data->values[tail.end_small] < FLAT)
        tail.end_small++;
    for (size_t i = fit->first; i < data->distinct; i++) {
        double times = times_of(data, i), y = log(data->values[i] / tail.edge);
        tail.sum += times * data->values[i];
        if (i < tail.end_small)
            continue;
        tail.large_n += times;
        tail.large_y += times * y;
        tail.large_yy += times * y * y;
        tail.large_logs += times * log(data->values[i]);
    }
    return tail;
}

/* ---- 2. Exponential ----------------------------------------------------------------------------
 */

static void fit_exponential(const struct tail *tail, double *ret) {
    double mean = tail->sum / tail->n - tail->xmin;
    ret[0] = tail->discrete ? log1p(1 / mean) : 1 / mean;
}

static double log_exponential(const struct tail *tail, const double *lambda, double x) {
    return log(tail->discrete ? -expm1(-*lambda) : *lambda) - *lambda * (x - tail->xmin);
}

/* ---- 3. Lognormal ------------------------------------------------------------------------------
 */

/* The density of y >= 0 is exp(-b y - c y^2/2) / N, that of a normal distribution cut off at 0,
 * with c = 1/sigma^2 and b = (log edge - mu)/sigma^2. For c = 0 it is the power law with alpha = 1
 * + b, so that nothing runs away where the two are alike. */
static double log_upper(double b, double c, double y) {
    /* log of the integral from y on: density over hazard rate. */
    if (c <= 0)
        return -b * y - log(b);
    return -b * y - c * y * y / 2 - 0.5 * log(c) - log(gsl_sf_hazard((b + c * y) / sqrt(c)));
}

/* log of the integral over the cell of x, by Gauss's three points: its width is below 0.02 but for
 * small x, where the difference of two integrals keeps its digits. */
static double log_cell(double b, double c, double edge, double x) {
    double low = log((x - 0.5) / edge), high = log((x + 0.5) / edge), width = high - low;
    if (x < 50) {
        double upper = log_upper(b, c, low);
        return upper + log(-expm1(log_upper(b, c, high) - upper));
    }
    static const double nodes[] = {-0.7745966692414834, 0, 0.7745966692414834},
                        weights[] = {5.0 / 18, 8.0 / 18, 5.0 / 18};
    double middle = (low + high) / 2, base = -b * middle - c * middle * middle / 2, sum = 0;
    for (int i = 0; i < 3; i++) {
        double y = middle + nodes[i] * width / 2;
        sum += weights[i] * exp(-b * y - c * y * y / 2 - base);
    }
    return base + log(sum * width);
}

static double log_lognormal(const struct tail *tail, const double *theta, double x) {
    double norm = log_upper(theta[0], theta[1], 0);
    if (tail->discrete)
        return log_cell(theta[0], theta[1], tail->edge, x) - norm;
    double y = log(x / tail->edge);
    return -theta[0] * y - theta[1] * y * y / 2 - norm - log(x);
}

static double likelihood_lognormal(void *context, const double *theta) {
    const struct tail *tail = context;
    double b = theta[0], c = theta[1];
    if (c < 0 || (c <= 0 && b <= 0))
        return -INFINITY;
    double norm = log_upper(b, c, 0), sum = 0;
    for (size_t i = tail->first; i < tail->end_small; i++)
        sum += times_of(tail->data, i) * (log_cell(b, c, tail->edge, tail->data->values[i]) - norm);
    return sum - b * tail->large_y - c * tail->large_yy / 2 - tail->large_n * norm -
           tail->large_logs;
}

/* ---- 4. Power law with an exponential end ------------------------------------------------------
 */

/* log of the integral from q on of x^-alpha exp(-lambda (x - q)). */
static double log_truncated_integral(double alpha, double lambda, double q) {
    double k = lambda * q;
    if (k < 1e-12)
        return alpha > 1 ? (1 - alpha) * log(q) - log(alpha - 1) : NAN;
    if (k > 30) { /* by the asymptotic series of the incomplete gamma function (DLMF 8.11.2) */
        double term = 1, sum = 1;
        for (int i = 0; i < 20 && fabs(term) > 1e-17; i++)
            sum += term *= -(alpha + i) / k;
        return -alpha * log(q) - log(lambda) + log(sum);
    }
    gsl_sf_result gamma;
    if (gsl_sf_gamma_inc_e(1 - alpha, k, &gamma) || !(gamma.val > 0))
        return NAN;
    return (1 - alpha) * log(q) + (alpha - 1) * log(k) + log(gamma.val) + k;
}

/* log of the sum over whole numbers from q on of x^-alpha exp(-lambda (x - q)): terms one by one to
 * where they change slowly, then Euler and Maclaurin's formula. */
static double log_truncated_sum(double alpha, double lambda, double q) {
    double sum = 0, x = q;
    while (x < 40 + q && (x < 40 || lambda > 0.1)) {
        sum += exp(-alpha * log(x / q) - lambda * (x - q));
        x += 1;
    }
    if (lambda > 1) /* what is left is below exp(-40) */
        return log(sum) - alpha * log(q);
    double term = exp(-alpha * log(x / q) - lambda * (x - q));
    double g = -alpha / x - lambda, g1 = alpha / (x * x), g2 = -2 * alpha / (x * x * x);
    double rest = log_truncated_integral(alpha, lambda, x) + alpha * log(x);
    sum += term * (exp(rest) + 0.5 - g / 12 + (g * g * g + 3 * g * g1 + g2) / 720);
    return log(sum) - alpha * log(q);
}

static double log_truncated_norm(const struct tail *tail, double alpha, double lambda) {
    return tail->discrete ? log_truncated_sum(alpha, lambda, tail->xmin)
                          : log_truncated_integral(alpha, lambda, tail->xmin);
}

static double log_truncated(const struct tail *tail, const double *parameters, double x) {
    return -parameters[0] * log(x) - parameters[1] * (x - tail->xmin) -
           log_truncated_norm(tail, parameters[0], parameters[1]);
}

/* theta: alpha, and log of lambda xmin, which is of the order of one. */
static double likelihood_truncated(void *context, const double *theta) {
    const struct tail *tail = context;
    double lambda = exp(theta[1]) / tail->xmin;
    if (!(theta[0] > -5 && theta[0] < 50) || theta[1] > 20)
        return -INFINITY;
    return -theta[0] * tail->logs - lambda * (tail->sum - tail->n * tail->xmin) -
           tail->n * log_truncated_norm(tail, theta[0], lambda);
}

/* ---- 5. Vuong ----------------------------------------------------------------------------------
 */

typedef double log_density(const struct tail *tail, const double *parameters, double x);

static double log_power(const struct tail_fit *fit, double norm, double x) {
    return -fit->alpha * log(x) - norm;
}

/* The sum of the differences of log-likelihoods and their spread. */
static void compare(const struct tail *tail, const struct tail_fit *fit, log_density *other,
                    const double *parameters, struct tail_comparison *ret) {
    double norm = tail->discrete ? tail_log_zeta(fit->alpha, fit->xmin, NULL, NULL)
                                 : (1 - fit->alpha) * log(fit->xmin) - log(fit->alpha - 1);
    double squares = 0;
    ret->ratio = 0;
    for (size_t i = tail->first; i < tail->data->distinct; i++) {
        double x = tail->data->values[i], times = times_of(tail->data, i);
        double difference = log_power(fit, norm, x) - other(tail, parameters, x);
        ret->ratio += times * difference;
        squares += times * difference * difference;
    }
    double variance = squares / tail->n - (ret->ratio / tail->n) * (ret->ratio / tail->n);
    ret->normalised = variance > 0 ? ret->ratio / sqrt(tail->n * variance) : NAN;
    ret->p = variance > 0 ? 2 * gsl_cdf_ugaussian_Q(fabs(ret->normalised)) : NAN;
}

static int compare_lognormal(struct tail *tail, const struct tail_fit *fit,
                             struct tail_comparison *ret, struct error *err) {
    double slope = fit->alpha - 1;
    const double starts[][2] = {{slope * 0.98, slope * 0.01}, {slope / 2, slope / 4}, {0, 1}};
    struct maximum found;
    if (maximise(likelihood_lognormal, tail, 2, starts[0], 3, &found, err))
        return err->code;
    compare(tail, fit, log_lognormal, found.theta, ret);
    double variance = 1 / found.theta[1];
    ret->parameters[0] = log(tail->edge) - found.theta[0] * variance;
    ret->parameters[1] = sqrt(variance);
    return 0;
}

/* The power law is its limit, so that it never fits worse: a ratio above 0 is the search's. */
static int compare_truncated(struct tail *tail, const struct tail_fit *fit,
                             struct tail_comparison *ret, struct error *err) {
    const double starts[][2] = {
        {fit->alpha * 0.95, -8}, {fit->alpha * 0.8, -4}, {fit->alpha * 0.5, -1}, {0.5, 0}};
    struct maximum found;
    if (maximise(likelihood_truncated, tail, 2, starts[0], 4, &found, err))
        return err->code;
    ret->parameters[0] = found.theta[0];
    ret->parameters[1] = exp(found.theta[1]) / tail->xmin;
    compare(tail, fit, log_truncated, ret->parameters, ret);
    ret->ratio = fmin(ret->ratio, 0);
    ret->normalised = NAN;
    ret->p = gsl_cdf_chisq_Q(-2 * ret->ratio, 1);
    return 0;
}

int tail_compare(const struct tail_data *data, const struct tail_fit *fit,
                 struct tail_comparison ret[TAIL_ALTERNATIVES], struct error *err) {
    for (size_t i = 0; i < TAIL_ALTERNATIVES; i++)
        ret[i] = (struct tail_comparison){NAN, NAN, NAN, {NAN, NAN}};
    if (!fit->found)
        return 0;
    struct tail tail = tail_of(data, fit);
    fit_exponential(&tail, ret[TAIL_EXPONENTIAL].parameters);
    compare(&tail, fit, log_exponential, ret[TAIL_EXPONENTIAL].parameters, &ret[TAIL_EXPONENTIAL]);
    int status = compare_lognormal(&tail, fit, &ret[TAIL_LOGNORMAL], err);
    if (!status)
        status = compare_truncated(&tail, fit, &ret[TAIL_TRUNCATED], err);
    return status;
}
