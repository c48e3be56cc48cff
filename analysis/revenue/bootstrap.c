/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The bootstrap over users. */
#include "revenue/bootstrap.h"

#include "base/random.h"
#include "base/workers.h"
#include <gsl/gsl_sort_double.h>
#include <gsl/gsl_statistics_double.h>
#include <math.h>
#include <stdlib.h>

/* ---- Weights --------------------------------------------------------------------------------- */

enum { RANDOM_BOOTSTRAP = 17 };

/* P(X <= k) of Poisson(1) in units of 2^-32; beyond the last nothing is left of them. */
#define BELOW(p) ((uint32_t)((p)*0x1p32))
static const uint32_t poisson[] = {
    BELOW(0.36787944117144233), BELOW(0.73575888234288467), BELOW(0.91969860292860584),
    BELOW(0.98101184312384620), BELOW(0.99634015317265634), BELOW(0.99940581518241834),
    BELOW(0.99991675885071204), BELOW(0.99998975080332530), BELOW(0.99999887479740195),
    BELOW(0.99999988857452158), BELOW(0.99999998995223367), BELOW(0.99999999916838922),
};
enum { MOST = sizeof poisson / sizeof *poisson };

int bootstrap_times(uint32_t word) {
    int k = 0;
    while (k < MOST && word >= poisson[k])
        k++;
    return k;
}

static struct bootstrap_lanes draw_weights(uint32_t seed, uint32_t four,
                                           const struct account_entry *user) {
    struct random_stream stream;
    struct bootstrap_lanes weights;
    random_open(&stream, seed, four, account_entity(user), account_step(user), RANDOM_BOOTSTRAP);
    for (int lane = 0; lane < BOOTSTRAP_LANES; lane++)
        weights.of[lane] = bootstrap_times(random_word(&stream));
    return weights;
}

/* ---- Replications ---------------------------------------------------------------------------- */

struct running {
    const struct accounts *accounts;
    uint32_t seed;
    bootstrap_user *add;
    const void *context;
    struct bootstrap *bootstrap;
};

/* Users in the order of their parts, so that sums have the same digits for any number of threads.
 */
static int run_four(void *context, size_t four, int worker, struct error *err) {
    (void)worker, (void)err;
    const struct running *running = context;
    struct bootstrap_lanes *sums = running->bootstrap->sums + four * running->bootstrap->n;
    for (size_t p = 0; p < LEDGER_PARTS; p++) {
        const struct accounts_part *part = &running->accounts->parts[p];
        for (size_t i = 0, end; i < part->count; i = end) {
            for (end = i + 1;
                 end < part->count && account_same_user(&part->entries[i], &part->entries[end]);)
                end++;
            const struct bootstrap_lanes weights =
                draw_weights(running->seed, (uint32_t)four, &part->entries[i]);
            running->add(running->context, &part->entries[i], end - i, &weights, sums);
        }
    }
    return 0;
}

int bootstrap_run(const struct accounts *accounts, const struct bootstrap_options *options,
                  size_t n, int threads, bootstrap_user *add, const void *context,
                  struct bootstrap *ret, struct error *err) {
    struct running running = {accounts, options->seed, add, context, ret};
    const size_t fours = ((size_t)options->replications + BOOTSTRAP_LANES - 1) / BOOTSTRAP_LANES;
    *ret = (struct bootstrap){.replications = options->replications, .n = n};
    if (fours == 0)
        return 0;
    ret->sums = calloc(fours * n + 1, sizeof *ret->sums);
    ret->scratch = malloc(options->replications * sizeof *ret->scratch);
    if (!ret->sums || !ret->scratch)
        return error_memory(err);
    return workers_run(threads, fours, run_four, &running, err);
}

void bootstrap_free(struct bootstrap *bootstrap) {
    free(bootstrap->sums);
    free(bootstrap->scratch);
    *bootstrap = (struct bootstrap){0};
}

/* ---- Intervals ------------------------------------------------------------------------------- */

struct interval bootstrap_ratio(struct bootstrap *bootstrap, size_t over, size_t under,
                                double confidence) {
    const struct interval unknown = {NAN, NAN};
    const double tail = (1 - confidence) / 2;
    double *scratch = bootstrap->scratch;
    const size_t n = bootstrap->replications;
    for (size_t b = 0; b < n; b++) {
        const struct bootstrap_lanes *sums = bootstrap->sums + b / BOOTSTRAP_LANES * bootstrap->n;
        const int lane = (int)(b % BOOTSTRAP_LANES);
        if (!(sums[under].of[lane] > 0))
            return unknown;
        scratch[b] = sums[over].of[lane] / sums[under].of[lane];
    }
    if (n == 0)
        return unknown;
    gsl_sort(scratch, 1, n);
    if (!(scratch[n - 1] > scratch[0]))
        return unknown;
    return (struct interval){gsl_stats_quantile_from_sorted_data(scratch, 1, n, tail),
                             gsl_stats_quantile_from_sorted_data(scratch, 1, n, 1 - tail)};
}
