/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How a tier grew between two periods, and what that is a year. */
#include "creators/growth.h"

#include "base/random.h"
#include "creators/ratio.h"
#include "stats/draws.h"
#include <gsl/gsl_randist.h>
#include <math.h>

struct growth growth_estimate(const struct tier_change *change, enum growth_interval interval,
                              double confidence) {
    if (change->from == 0)
        return (struct growth){NAN, NAN, NAN};
    uint64_t lost = change->promoted_out + change->demoted_out + change->left;
    uint64_t gained = change->promoted_in + change->demoted_in + change->entered;
    struct ratio_interval ratio = interval == GROWTH_FLOWS
                                      ? ratio_paired(change->from - lost, lost, gained, confidence)
                                      : ratio_poisson(change->from, change->to, confidence);
    /* The difference first: it is exact, so the rate is rounded once. */
    double difference = (double)((int64_t)change->to - (int64_t)change->from);
    return (struct growth){difference / (double)change->from, ratio.lower - 1, ratio.upper - 1};
}

/* One draw of so many creators, each of some kind with its share; those of none of the kinds make
 * up the rest. */
static double draw_rate(const uint64_t *clusters, size_t most, uint64_t creators,
                        struct random_stream *stream) {
    double before = 0, now = 0;
    uint64_t left = creators, unseen = creators; /* to be drawn; to be drawn from */
    for (size_t a = 0; a <= most; a++)
        for (size_t b = 0; b <= most; b++) {
            uint64_t kind = clusters[a * (most + 1) + b], drawn;
            if (kind == 0)
                continue;
            /* Binomial given the kinds before it. */
            drawn = kind >= unseen
                        ? left
                        : gsl_ran_binomial(random_gsl(stream), (double)kind / (double)unseen,
                                           (unsigned)left);
            before += (double)(a * drawn);
            now += (double)(b * drawn);
            left -= drawn;
            unseen -= kind;
        }
    return now / before - 1; /* nan or inf from nothing */
}

static void sum_clusters(const uint64_t *clusters, size_t most, double *ret_before,
                         double *ret_now) {
    *ret_before = *ret_now = 0;
    for (size_t a = 0; a <= most; a++)
        for (size_t b = 0; b <= most; b++) {
            double count = (double)clusters[a * (most + 1) + b];
            *ret_before += (double)a * count;
            *ret_now += (double)b * count;
        }
}

enum { PURPOSE_GROWTH = 0x6e0e };

struct growth growth_bootstrap(const uint64_t *clusters, size_t most, uint64_t creators,
                               double confidence, size_t replications, uint32_t seed,
                               uint32_t entity, uint32_t step, double *work) {
    double before, now;
    struct growth growth = {NAN, NAN, NAN};
    sum_clusters(clusters, most, &before, &now);
    if (!(before > 0))
        return growth;
    growth.rate = (now - before) / before;
    for (size_t r = 0; r < replications; r++) {
        struct random_stream stream;
        random_open(&stream, seed, (uint32_t)r, entity, step, PURPOSE_GROWTH);
        work[r] = draw_rate(clusters, most, creators, &stream);
    }
    const struct draws_summary drawn = draws_summarise(work, replications, confidence);
    growth.lower = drawn.lower;
    growth.upper = drawn.upper;
    return growth;
}

static double annualise(double rate, double years) {
    if (years == 1) /* not through a power, which could change its last digit */
        return rate;
    /* Near 0 by logarithms, which do not cancel; elsewhere the plain power is as good, and exact
     * where the result is: doubled in two months is 2^6 - 1 a year. */
    double annual = fabs(rate) < 0.5 ? expm1(log1p(rate) / years) : pow(1 + rate, 1 / years) - 1;
    return isfinite(annual) ? annual : NAN;
}

struct growth growth_annualise(struct growth growth, double years) {
    return (struct growth){annualise(growth.rate, years), annualise(growth.lower, years),
                           annualise(growth.upper, years)};
}
