/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The bootstrap over users, for ratios of sums of what they did.
 *
 *     // adds what one user did to the sums of four replications at once
 *     static void add(const void *context, const struct account_entry *entries, size_t n,
 *                     const struct bootstrap_lanes *weights, struct bootstrap_lanes *sums) {
 *         for (size_t i = 0; i < n; i++) {
 *             bootstrap_add(&sums[0], weights, 1);                                // users
 *             bootstrap_add(&sums[1], weights, decimal_to_double(entries[i].of[ACCOUNT_REVENUE]));
 *         }
 *     }
 *
 *     const struct bootstrap_options options = {.replications = 1000, .seed = 1};
 *     struct bootstrap bootstrap = {0};
 *     if (bootstrap_run(accounts, &options, 2, threads, add, NULL, &bootstrap, err)) ...
 *     struct interval arpu = bootstrap_ratio(&bootstrap, 1, 0, 0.95);      // sum 1 / sum 0
 *     bootstrap_free(&bootstrap);
 *
 * Users are taken as independent draws from a larger population of users like them. Each
 * replication takes each user, with all they did, a Poisson(1) number of times in place of drawing
 * as many as there are (Hanley & MacGibbon 2006, doi:10.1016/j.cmpb.2006.04.006). That number is a
 * function of seed, replication and user alone, so that neither threads nor the order of the input
 * nor who else is in the log change it, and all ratios of a replication are of the same users.
 */
#ifndef REVENUE_BOOTSTRAP_H
#define REVENUE_BOOTSTRAP_H

#include "revenue/accounts.h"
#include "revenue/estimate.h"

struct bootstrap_options {
    uint32_t replications; /* 0: none */
    uint32_t seed;
};

/* A block of random words is four: replications are worked out four at a time. */
enum { BOOTSTRAP_LANES = 4 };

struct bootstrap_lanes {
    double of[BOOTSTRAP_LANES];
};

/* Adds one user (entries[0] to entries[n - 1], n at least 1) to sums, each amount by bootstrap_add
 * with the given weights. */
typedef void bootstrap_user(const void *context, const struct account_entry *entries, size_t n,
                            const struct bootstrap_lanes *weights, struct bootstrap_lanes *sums);

static inline void bootstrap_add(struct bootstrap_lanes *sum, const struct bootstrap_lanes *weights,
                                 double amount) {
    for (int lane = 0; lane < BOOTSTRAP_LANES; lane++)
        sum->of[lane] += weights->of[lane] * amount;
}

/* How often a user is drawn, by 32 random bits: Poisson(1) by inversion. */
int bootstrap_times(uint32_t word);

/* Zero-initialise. */
struct bootstrap {
    uint32_t replications;
    size_t n;                     /* sums in each */
    struct bootstrap_lanes *sums; /* [replication / 4][sum] */
    double *scratch;
};

/* Memory: 8 bytes for each of n sums of each replication. Nothing is done for 0 replications. */
int bootstrap_run(const struct accounts *accounts, const struct bootstrap_options *options,
                  size_t n, int threads, bootstrap_user *add, const void *context,
                  struct bootstrap *ret, struct error *err);
void bootstrap_free(struct bootstrap *bootstrap); /* leaves it zeroed */

/* Quantiles (type 7) of sum `over` / sum `under` over the replications. nan without replications,
 * if a replication had nothing above 0 to divide by, and if all gave the same: that nobody was seen
 * to differ does not make it certain. Not for two threads at once. */
struct interval bootstrap_ratio(struct bootstrap *bootstrap, size_t over, size_t under,
                                double confidence);

#endif
