/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Likelihoods and expectations of models of repeat purchases.
 *
 *   1. Quadrature
 *   2. BG/NBD
 *   3. Pareto/NBD
 *   4. Either
 *   5. Spend, contracts
 */
#include "revenue/value-model.h"

#include "stats/log-gamma.h"

#include <math.h>

const char *const value_parameter_names[2][VALUE_PARAMETERS] = {{"r", "alpha", "a", "b"},
                                                                {"r", "alpha", "s", "beta"}};

/* ---- 1. Quadrature --------------------------------------------------------------------------- */

/* Gauss and Legendre, 16 points on [-1, 1]; the other half is the mirror (Abramowitz & Stegun 1964,
 * table 25.4). */
static const double node[8] = {0.0950125098376374, 0.2816035507792589, 0.4580167776572274,
                               0.6178762444026438, 0.7554044083550030, 0.8656312023878318,
                               0.9445750230732326, 0.9894009349916499};
static const double weight[8] = {0.1894506104550685, 0.1826034150449236, 0.1691565193950025,
                                 0.1495959888165767, 0.1246289712555339, 0.0951585116824928,
                                 0.0622535239386479, 0.0271524594117541};

/* ---- 2. BG/NBD ------------------------------------------------------------------------------- */

enum { R, ALPHA, A, B };

/* Having died after the last purchase against being alive: the odds. */
static double bg_odds_dead(const double *theta, const struct value_history *history) {
    if (!(history->x > 0))
        return 0;
    const double grown = log1p((history->age - history->t_x) / (theta[ALPHA] + history->t_x));
    return theta[A] / (theta[B] + history->x - 1) * exp((theta[R] + history->x) * grown);
}

/* Of having bought so and being alive. */
static double bg_log_alive(const double *theta, double x, double age) {
    const double r = theta[R], alpha = theta[ALPHA], a = theta[A], b = theta[B];
    double value = log_gamma(r + x) - log_gamma(r) + r * log(alpha) - (r + x) * log(alpha + age);
    if (x > 0)
        value += log_gamma(a + b) + log_gamma(b + x) - log_gamma(b) - log_gamma(a + b + x);
    return value;
}

/* E[(1 - (1 + p s)^-k) / p] over p from beta(a, b): the purchases of who is alive, for any
 * parameters. p = 1/(1 + e^-y), y = 2 sinh u, by the trapezoid rule, which for such integrands
 * converges faster than any power (Takahasi & Mori 1974). */
static double bg_by_quadrature(double a, double b, double k, double s) {
    const double h = 1.0 / 32, scale = log_gamma(a + b) - log_gamma(a) - log_gamma(b);
    double sum = 0;
    for (int i = -320; i <= 320; i++) {
        const double y = 2 * sinh(h * i);
        /* log p and log(1 - p), neither of which may be 0 - 0 */
        const double log_p = y > 0 ? -log1p(exp(-y)) : y - log1p(exp(y));
        const double log_rest = y > 0 ? -y - log1p(exp(-y)) : -log1p(exp(y));
        /* log(1 - (1 + p s)^-k), where p itself may be below the least number */
        const double small = log_p + log(k * s);
        const double log_gone = small < -36 ? small : log(-expm1(-k * log1p(exp(log_p) * s)));
        sum += exp(scale + (a - 1) * log_p + b * log_rest + log_gone) * 2 * cosh(h * i);
    }
    return h * sum;
}

/* By the series, with z = t/(alpha+T+t), A' = a+b-1-r, C = a+b+x-1:
 * E = C [1 - (1-z)^(a-1) F(A', a-1; C; z)] / (a-1), and C F = C + (a-1) sum over n >= 1 of
 * (A')_n (a)_(n-1) / (C+1)_(n-1) z^n/n!, so that both divisions cancel. */
static double bg_by_series(const double *theta, double x, double z, double log_rest) {
    const double a = theta[A], c = a + theta[B] + x - 1, other = a + theta[B] - 1 - theta[R];
    const double power = (a - 1) * log_rest;
    const double first = fabs(power) > 1e-300 ? -expm1(power) / (a - 1) : -log_rest;
    double term = other * z, sum = term;
    for (int n = 1; n < 2000; n++) {
        term *= (other + n) * (a + n - 1) / (c + n) * z / (n + 1);
        sum += term;
        if (fabs(term) < 1e-17 * fabs(sum) && n > -other)
            break;
    }
    return c * first - exp(power) * sum;
}

static double bg_purchases_alive(const double *theta, double x, double age, double t) {
    const double span = theta[ALPHA] + age, z = t / (span + t);
    const double other = theta[A] + theta[B] - 1 - theta[R];
    /* Elsewhere the series is slow, or its terms alternate and cancel. */
    if (z <= 0.9 && other > -3 && theta[A] + theta[B] + x < 1000)
        return bg_by_series(theta, x, z, -log1p(t / span));
    return bg_by_quadrature(theta[A], theta[B] + x, theta[R] + x, t / span);
}

/* ---- 3. Pareto/NBD --------------------------------------------------------------------------- */

enum { S = 2, BETA = 3 };

/* The logarithm of s times the integral from t_x to T of (alpha+u)^-(r+x) (beta+u)^-(s+1), over
 * (alpha+T)^-(r+x) (beta+T)^-s: the odds of having died. In w = log((m+u)/(m+t_x)), m the smaller
 * of alpha and beta, the logarithm of the integrand falls at most at the rate r+x+s, so that 16
 * points see a piece of 10 such lengths. Where it surely falls, at s or at r+x-1, what lies 40
 * lengths out is less than 1e-17 of the whole. */
static double pareto_log_odds_dead(const double *theta, const struct value_history *history) {
    const double alpha = theta[ALPHA], s = theta[S], beta = theta[BETA];
    const double k = theta[R] + history->x, least = fmin(alpha, beta);
    const double start = least + history->t_x;
    double range = log1p((history->age - history->t_x) / start);
    if (!(range > 0))
        return -INFINITY;
    const double sure = beta < alpha ? s : k - 1;
    if (sure > 0)
        range = fmin(range, 40 / sure);
    const double pieces = ceil(fmax(range * (k + s) / 10, range / 2));
    const int n = pieces < 256 ? (int)pieces : 256;
    double sum = 0;
    for (int piece = 0; piece < n; piece++)
        for (int i = 0; i < 16; i++) {
            const double at = i < 8 ? 1 - node[i] : 1 + node[i - 8];
            const double more = start * expm1(range / n * (piece + at / 2)); /* u - t_x */
            /* relative to the integrand at t_x, so that nothing underflows */
            const double decay = -k * log1p(more / (alpha + history->t_x)) -
                                 (s + 1) * log1p(more / (beta + history->t_x));
            sum += weight[i % 8] * exp(decay) * (start + more);
        }
    return log(s * sum * range / n / 2) - log(beta + history->t_x) +
           k * log1p((history->age - history->t_x) / (alpha + history->t_x)) +
           s * log1p((history->age - history->t_x) / (beta + history->t_x));
}

/* log(1 + e^y) */
static double log_one_more(double y) {
    return y > 0 ? y + log1p(exp(-y)) : log1p(exp(y));
}

static double pareto_log_alive(const double *theta, double x, double age) {
    const double r = theta[R], alpha = theta[ALPHA], s = theta[S], beta = theta[BETA];
    return log_gamma(r + x) - log_gamma(r) + r * log(alpha) - (r + x) * log(alpha + age) +
           s * (log(beta) - log(beta + age));
}

static double pareto_purchases_alive(const double *theta, double x, double age, double t) {
    const double span = theta[BETA] + age, less = theta[S] - 1;
    const double grown = log1p(t / span);
    const double factor = fabs(less * grown) > 1e-300 ? -expm1(-less * grown) / less : grown;
    return (theta[R] + x) * span / (theta[ALPHA] + age) * factor;
}

/* ---- 4. Either ------------------------------------------------------------------------------- */

double value_log_alive(enum value_model model, const double *theta, double x, double age) {
    return model == VALUE_BG_NBD ? bg_log_alive(theta, x, age) : pareto_log_alive(theta, x, age);
}

double value_log_dead(enum value_model model, const double *theta,
                      const struct value_history *history) {
    return model == VALUE_BG_NBD ? log1p(bg_odds_dead(theta, history))
                                 : log_one_more(pareto_log_odds_dead(theta, history));
}

double value_log_likelihood(enum value_model model, const double *theta,
                            const struct value_history *history) {
    return value_log_alive(model, theta, history->x, history->age) +
           value_log_dead(model, theta, history);
}

double value_alive(enum value_model model, const double *theta,
                   const struct value_history *history) {
    if (model == VALUE_BG_NBD)
        return 1 / (1 + bg_odds_dead(theta, history));
    return exp(-log_one_more(pareto_log_odds_dead(theta, history)));
}

double value_purchases_alive(enum value_model model, const double *theta, double x, double age,
                             double t) {
    if (!(t > 0))
        return 0;
    return model == VALUE_BG_NBD ? bg_purchases_alive(theta, x, age, t)
                                 : pareto_purchases_alive(theta, x, age, t);
}

double value_discounted_alive(enum value_model model, const double *theta, double x, double age,
                              double t, double delta) {
    double sum = exp(-delta * t) * value_purchases_alive(model, theta, x, age, t);
    for (int i = 0; i < 16 && delta > 0; i++) {
        const double u = t / 2 * (i < 8 ? 1 - node[i] : 1 + node[i - 8]);
        sum += delta * t / 2 * weight[i % 8] * exp(-delta * u) *
               value_purchases_alive(model, theta, x, age, u);
    }
    return sum;
}

double value_purchases(enum value_model model, const double *theta,
                       const struct value_history *history, double t) {
    return value_alive(model, theta, history) *
           value_purchases_alive(model, theta, history->x, history->age, t);
}

double value_discounted(enum value_model model, const double *theta,
                        const struct value_history *history, double t, double delta) {
    return value_alive(model, theta, history) *
           value_discounted_alive(model, theta, history->x, history->age, t, delta);
}

/* ---- 5. Spend, contracts --------------------------------------------------------------------- */

enum { P, Q, GAMMA };

double value_spend_log_scale(const double *theta, double x) {
    const double px = theta[P] * x, q = theta[Q];
    return log_gamma(px + q) - log_gamma(px) - log_gamma(q);
}

double value_spend_log_shape(const double *theta, double x, double mean) {
    const double total = x * mean, gamma = theta[GAMMA];
    return -log(mean) - theta[Q] * log1p(total / gamma) - theta[P] * x * log1p(gamma / total);
}

double value_spend_log_density(const double *theta, double x, double mean) {
    return value_spend_log_scale(theta, x) + value_spend_log_shape(theta, x, mean);
}

double value_spend_expected(const double *theta, double x, double mean) {
    const double below = theta[P] * x + theta[Q] - 1;
    return below > 0 ? theta[P] * (theta[GAMMA] + (x > 0 ? x * mean : 0)) / below : NAN;
}

double value_contract_survival(const double *theta, double t) {
    return exp(log_gamma(theta[1] + t) - log_gamma(theta[1]) + log_gamma(theta[0] + theta[1]) -
               log_gamma(theta[0] + theta[1] + t));
}
