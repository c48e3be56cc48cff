/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Models of who buys again, how often, and for how much: likelihoods and expectations.
 *
 *     const double theta[4] = {0.243, 4.414, 0.793, 2.426};
 *     const struct value_history history = {.x = 2, .t_x = 30.43, .age = 38.86};
 *     value_log_likelihood(VALUE_BG_NBD, theta, &history);
 *     value_alive(VALUE_BG_NBD, theta, &history);           // 0.7266
 *     value_purchases(VALUE_BG_NBD, theta, &history, 39);   // expected in the next 39 weeks
 *
 * A customer's history is x repeat purchases, the last of them at t_x (0 if x = 0), seen until
 * `age`, all counted from the first purchase: 0 <= t_x <= age.
 *
 * BG/NBD (Fader, Hardie & Lee 2005, doi:10.1287/mksc.1040.0098): theta = r, alpha, a, b. While
 * alive a customer buys at a rate from a gamma distribution (shape r, rate alpha), and after each
 * repeat purchase dies with a chance from a beta distribution (a, b).
 * Pareto/NBD (Schmittlein, Morrison & Colombo 1987, doi:10.1287/mnsc.33.1.1): theta = r, alpha, s,
 * beta. The same rate; death comes at a rate from a gamma distribution (shape s, rate beta).
 */
#ifndef REVENUE_VALUE_MODEL_H
#define REVENUE_VALUE_MODEL_H

#include <stddef.h>

enum value_model { VALUE_BG_NBD, VALUE_PARETO_NBD };
enum { VALUE_PARAMETERS = 4 };
extern const char *const value_parameter_names[2][VALUE_PARAMETERS];

struct value_history {
    double x, t_x, age;
};

/* BG/NBD: Fader, Hardie & Lee 2005, (6). Pareto/NBD: Fader & Hardie 2005, "A Note on Deriving the
 * Pareto/NBD Model and Related Expressions" (brucehardie.com/notes/009), section 3, as
 *
 *     Gamma(r+x) alpha^r beta^s / Gamma(r) [ (alpha+T)^-(r+x) (beta+T)^-s
 *         + s integral from t_x to T of (alpha+u)^-(r+x) (beta+u)^-(s+1) du ]
 *
 * where others take the difference of two hypergeometric functions, which cancels. */
double value_log_likelihood(enum value_model model, const double *theta,
                            const struct value_history *history);

/* It is the sum of two, of which the first is the same for all customers with the same x and age:
 * the likelihood of having bought so and being alive, and the logarithm of 1 + the odds of being
 * dead. */
double value_log_alive(enum value_model model, const double *theta, double x, double age);
double value_log_dead(enum value_model model, const double *theta,
                      const struct value_history *history);

/* The chance of being alive at `age`. */
double value_alive(enum value_model model, const double *theta,
                   const struct value_history *history);

/* Purchases expected from `age` to age + t, t >= 0. BG/NBD: Fader, Hardie & Lee 2005, (10), with
 * Gauss's function by Euler's transformation so that neither a = 1 nor a + b + x = 1 is special,
 * and by a double exponential quadrature where its series is slow or alternates. Pareto/NBD:
 * the note of Fader & Hardie 2005, section 6, after Schmittlein et al. 1987. */
double value_purchases(enum value_model model, const double *theta,
                       const struct value_history *history, double t);

/* The same, discounted at the continuous rate delta: the integral of e^(-delta t) d E(t), by parts
 * and 16 points of Gauss and Legendre. */
double value_discounted(enum value_model model, const double *theta,
                        const struct value_history *history, double t, double delta);

/* Both are the chance of being alive times what is expected of who is, which hangs on x and age
 * only. */
double value_purchases_alive(enum value_model model, const double *theta, double x, double age,
                             double t);
double value_discounted_alive(enum value_model model, const double *theta, double x, double age,
                              double t, double delta);

/* Gamma-Gamma (Fader, Hardie & Lee 2005, doi:10.1509/jmkr.2005.42.4.415; Fader & Hardie 2013, "The
 * gamma-gamma model of monetary value"): spend per purchase is gamma with shape p and a rate that
 * is itself gamma (q, gamma); theta = p, q, gamma. The density of a mean of x > 0 purchases, mean >
 * 0; and the expected spend per purchase of who spent `mean` on x, or, for x = 0, of anyone: p
 * (gamma + x mean) / (p x + q - 1), nan if p x + q <= 1. */
enum { VALUE_SPEND_PARAMETERS = 3 };
double value_spend_log_density(const double *theta, double x, double mean);

double value_spend_expected(const double *theta, double x, double mean);

/* The two parts of the density, of which the first is the same for all with the same x. */
double value_spend_log_scale(const double *theta, double x);
double value_spend_log_shape(const double *theta, double x, double mean);

/* Shifted beta-geometric (Fader & Hardie 2007, doi:10.1002/dir.20074): each period a customer
 * leaves with a chance from a beta distribution; theta = alpha, beta. S(t), t = 0, 1, ... periods.
 */
enum { VALUE_CONTRACT_PARAMETERS = 2 };
double value_contract_survival(const double *theta, double t);

#endif
