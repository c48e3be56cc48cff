/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Intervals for the ratio of two counts. */
#include "creators/ratio.h"

#include "stats/beta.h"
#include <gsl/gsl_cdf.h>
#include <math.h>

/* Bonett & Price give each of the two proportions a Wilson interval of its own with a critical
 * value k below z, so that lower over upper and upper over lower bound the ratio at the confidence
 * asked for. With n units counted at least once, and one added to each cell under the roots,
 *
 *     k = z A / (B + C)        A^2 = (lost + gained + 2) / ((after + 1) (before + 1))
 *                              B^2 = (lost + 1) / ((n + 2) (after + 1))
 *                              C^2 = (gained + 1) / ((n + 2) (before + 1))
 *
 * in which the factors (after + 1) and (before + 1) cancel as below. */
static double paired_critical_value(double both, double lost, double gained, double z) {
    double n = both + lost + gained;
    double before = both + lost, after = both + gained;
    return z * sqrt((lost + gained + 2) * (n + 2)) /
           (sqrt((lost + 1) * (before + 1)) + sqrt((gained + 1) * (after + 1)));
}

/* Wilson's limits for the share x / n, of which n - x = rest, times 2 (n + k^2), a factor that both
 * shares have and the ratio loses. The lower one is written as the quotient of its conjugate: no
 * cancellation, and exactly 0 for x = 0. */
static double wilson_upper(double x, double rest, double n, double k) {
    return 2 * x + k * k + k * sqrt(k * k + 4 * x * (rest / n));
}

static double wilson_lower(double x, double rest, double n, double k) {
    return 4 * x * x * (1 + k * k / n) / wilson_upper(x, rest, n, k);
}

struct ratio_interval ratio_paired(uint64_t both, uint64_t lost, uint64_t gained,
                                   double confidence) {
    if (both + lost == 0)
        return (struct ratio_interval){NAN, NAN};
    double b = (double)both, l = (double)lost, g = (double)gained, n = b + l + g;
    double z = gsl_cdf_ugaussian_Qinv((1 - confidence) / 2);
    double k = paired_critical_value(b, l, g, z);
    return (struct ratio_interval){
        wilson_lower(b + g, l, n, k) / wilson_upper(b + l, g, n, k),
        wilson_upper(b + g, l, n, k) / wilson_lower(b + l, g, n, k),
    };
}

/* Clopper & Pearson: the share for which so many or more are as rare as `tail`, as odds. */
static double lower_odds(double count, double other, double tail) {
    return count == 0 ? 0 : beta_quantile_odds(tail, count, other + 1);
}

struct ratio_interval ratio_poisson(uint64_t before, uint64_t after, double confidence) {
    if (before == 0)
        return (struct ratio_interval){NAN, NAN};
    double tail = (1 - confidence) / 2;
    return (struct ratio_interval){
        lower_odds((double)after, (double)before, tail),
        1 / lower_odds((double)before, (double)after, tail),
    };
}
