/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The shifted beta-geometric model of contracts. */
#include "revenue/value-contract.h"

#include <gsl/gsl_cdf.h>
#include <math.h>

struct kept {
    const double *kept;
    size_t n;
};

/* log P(t) = log S(t-1) + log(alpha/(alpha+beta+t-1)), log S(t) = log S(t-1) + log((beta+t-1)/...):
 * Fader & Hardie 2007, (5) and (6). */
static double log_likelihood(void *context, const double *theta) {
    const struct kept *kept = context;
    const double alpha = exp(theta[0]), beta = exp(theta[1]);
    double stay = 0, value = 0;
    if (fabs(theta[0]) > 12 || fabs(theta[1]) > 12)
        return -INFINITY;
    for (size_t t = 1; t < kept->n; t++) {
        const double all = alpha + beta + (double)t - 1, lost = kept->kept[t - 1] - kept->kept[t];
        if (lost > 0)
            value += lost * (stay + log(alpha / all));
        stay += log((beta + (double)t - 1) / all);
    }
    return value + kept->kept[kept->n - 1] * stay;
}

int value_contract_fit(const double *kept, size_t n, double confidence, struct value_contract *ret,
                       struct error *err) {
    static const double starts[] = {0, 0, -1, 1, 1, 2, -1, -1};
    struct kept context = {kept, n};
    struct maximum found;
    if (n < 3)
        return error_set(err, ERROR_DATA,
                         "found %zu periods, expected at least two after the first", n);
    if (!(kept[n - 1] < kept[0]))
        return error_set(err, ERROR_DATA, "nobody leaves: there is nothing to learn from");
    if (maximise(log_likelihood, &context, 2, starts, 4, &found, err))
        return err->code;
    if (!found.converged)
        return error_set(
            err, ERROR_DATA,
            "the likelihood has no clear maximum: it still rises at alpha = %.4g, beta "
            "= %.4g, where all leave with the same chance; expected more periods",
            exp(found.theta[0]), exp(found.theta[1]));
    const double reach = gsl_cdf_ugaussian_Qinv((1 - confidence) / 2);
    for (int i = 0; i < VALUE_CONTRACT_PARAMETERS; i++) {
        const double value = exp(found.theta[i]), error = sqrt(found.covariance[i * 2 + i]);
        ret->parameters[i] = (struct value_parameter){
            value, value * error, value * exp(-reach * error), value * exp(reach * error)};
    }
    for (int i = 0; i < 4; i++)
        ret->covariance[i] = found.covariance[i];
    ret->log_likelihood = found.value;
    return 0;
}

static double logit_stay(const struct value_contract *contract, double t, double more_alpha,
                         double more_beta) {
    const double theta[2] = {contract->parameters[0].value * exp(more_alpha),
                             contract->parameters[1].value * exp(more_beta)};
    const double stay = value_contract_survival(theta, t);
    return log(stay) - log1p(-stay);
}

struct value_bounds value_contract_stay(const struct value_contract *contract, double t,
                                        double confidence) {
    const double theta[2] = {contract->parameters[0].value, contract->parameters[1].value};
    const double stay = value_contract_survival(theta, t);
    if (!(t > 0))
        return (struct value_bounds){1, 1, 1};
    const double slope[2] = {
        (logit_stay(contract, t, 1e-5, 0) - logit_stay(contract, t, -1e-5, 0)) / 2e-5,
        (logit_stay(contract, t, 0, 1e-5) - logit_stay(contract, t, 0, -1e-5)) / 2e-5};
    double variance = 0;
    for (int i = 0; i < 2; i++)
        for (int j = 0; j < 2; j++)
            variance += slope[i] * contract->covariance[i * 2 + j] * slope[j];
    const double reach = gsl_cdf_ugaussian_Qinv((1 - confidence) / 2) * sqrt(fmax(variance, 0));
    const double middle = logit_stay(contract, t, 0, 0);
    return (struct value_bounds){stay, 1 / (1 + exp(reach - middle)),
                                 1 / (1 + exp(-reach - middle))};
}

double value_contract_retention(const struct value_contract *contract, double t) {
    const double alpha = contract->parameters[0].value, beta = contract->parameters[1].value;
    return (beta + t - 1) / (alpha + beta + t - 1);
}

double value_contract_residual(const struct value_contract *contract, double t, double factor) {
    const double alpha = contract->parameters[0].value, beta = contract->parameters[1].value;
    if (!(factor <
          1)) /* sum of S(t+k)/S(t), k >= 1: the mean of a beta-geometric, less the present */
        return alpha > 1 ? (beta + t) / (alpha - 1) : NAN;
    double term = 1, sum = 0, k = 0;
    do {
        term *= (beta + t + k) / (alpha + beta + t + k);
        sum += term;
        term *= factor;
        k++;
    } while (term > 1e-16 * sum * (1 - factor) && k < 1e7);
    return k < 1e7 ? sum : NAN; /* a rate that is next to none */
}
