/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The log-rank test for any number of groups, weighted or not, with trend and Holm's adjustment. */
#include "users/logrank.h"

#include "stats/quadratic-form.h"
#include <gsl/gsl_cdf.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

/* ---- Sums over times ------------------------------------------------------------------------- */

static int start(struct logrank *test, size_t groups, struct error *err) {
    test->groups = groups;
    test->observed = calloc(groups + 1, sizeof *test->observed);
    test->expected = calloc(groups + 1, sizeof *test->expected);
    test->difference = calloc(groups + 1, sizeof *test->difference);
    if (groups <= SIZE_MAX / sizeof *test->covariance / (groups + 1))
        test->covariance = calloc(groups * groups + 1, sizeof *test->covariance);
    bool enough = test->observed && test->expected && test->difference && test->covariance;
    return enough ? 0 : error_memory(err);
}

/* The groups at one time: a cursor stands at the first row of its table with time >= t. */
struct moment {
    const struct life_table *tables;
    size_t *cursors;
    size_t *present; /* groups with anyone at risk */
    size_t n_present;
    int64_t at_risk; /* all groups together */
    int64_t events;
};

static const struct life_row *row_of(const struct moment *moment, size_t group) {
    const struct life_table *table = &moment->tables[group];
    size_t cursor = moment->cursors[group];
    return cursor < table->n ? &table->rows[cursor] : NULL;
}

/* The next time at which anything happens in any group; false if there is none. */
static bool next_time(const struct moment *moment, size_t groups, decimal *ret) {
    bool found = false;
    for (size_t g = 0; g < groups; g++) {
        const struct life_row *row = row_of(moment, g);
        if (row && (!found || row->time < *ret)) {
            *ret = row->time;
            found = true;
        }
    }
    return found;
}

static void look_around(struct moment *moment, size_t groups, decimal time) {
    moment->n_present = 0;
    moment->at_risk = moment->events = 0;
    for (size_t g = 0; g < groups; g++) {
        const struct life_row *row = row_of(moment, g);
        if (!row || row->at_risk == 0)
            continue;
        moment->present[moment->n_present++] = g;
        moment->at_risk += row->at_risk;
        moment->events += row->time == time ? row->events : 0;
    }
}

/* What the weights of a stratum go by. */
struct pool {
    double survival; /* all groups together, before this time */
    double peto;     /* the product of 1 - d/(n+1) */
};

static double weigh(const struct logrank *test, struct pool *pool, double n, double d) {
    double before = pool->survival;
    pool->survival *= (n - d) / n;
    pool->peto *= 1 - d / (n + 1);
    switch (test->weight) {
    case LOGRANK_EVEN:
        break;
    case LOGRANK_GEHAN:
        return n;
    case LOGRANK_TARONE_WARE:
        return sqrt(n);
    case LOGRANK_PETO_PRENTICE:
        return pool->peto;
    case LOGRANK_MODIFIED_PETO:
        return pool->peto * n / (n + 1);
    case LOGRANK_FLEMING_HARRINGTON:
        return pow(before, test->rho) * pow(1 - before, test->gamma);
    }
    return 1;
}

static void add_moment(struct logrank *test, const struct moment *moment, struct pool *pool,
                       decimal time) {
    double n = (double)moment->at_risk, d = (double)moment->events;
    double w = weigh(test, pool, n, d);
    /* With one at risk there is no choice of who leaves: no variance. */
    double c = moment->at_risk > 1 ? w * w * d * (n - d) / (n - 1) : 0;
    for (size_t i = 0; i < moment->n_present; i++) {
        size_t g = moment->present[i];
        const struct life_row *row = row_of(moment, g);
        double share = (double)row->at_risk / n;
        double observed = row->time == time ? (double)row->events : 0;
        test->observed[g] += w * observed;
        test->expected[g] += w * (d * share);
        test->difference[g] += w * (observed - d * share);
        double *covariance = test->covariance + g * test->groups;
        for (size_t j = 0; j < i; j++) {
            size_t h = moment->present[j];
            covariance[h] -= c * share * ((double)row_of(moment, h)->at_risk / n);
        }
        covariance[g] += c * share * ((double)(moment->at_risk - row->at_risk) / n);
    }
}

static void advance(struct moment *moment, size_t groups, decimal time) {
    for (size_t g = 0; g < groups; g++) {
        const struct life_row *row = row_of(moment, g);
        if (row && row->time == time)
            moment->cursors[g]++;
    }
}

int logrank_add(struct logrank *test, const struct life_table *tables, size_t groups,
                struct error *err) {
    if (!test->observed && start(test, groups, err))
        return ERROR_SYSTEM;
    int status = 0;
    struct moment moment = {.tables = tables};
    moment.cursors = calloc(groups + 1, sizeof *moment.cursors);
    moment.present = malloc((groups + 1) * sizeof *moment.present);
    if (!moment.cursors || !moment.present) {
        status = error_memory(err);
        goto done;
    }
    decimal time = 0;
    struct pool pool = {1, 1};
    while (next_time(&moment, groups, &time)) {
        look_around(&moment, groups, time);
        if (moment.events > 0)
            add_moment(test, &moment, &pool, time);
        advance(&moment, groups, time);
    }
done:
    free(moment.cursors);
    free(moment.present);
    return status;
}

/* ---- The test -------------------------------------------------------------------------------- */

/* Gives each group the least group it can be compared with, directly or through others: two groups
 * were at risk together while anyone left exactly when their covariance is not 0. */
static void find_islands(const struct logrank *test, size_t *island) {
    for (size_t g = 0; g < test->groups; g++)
        island[g] = g;
    for (size_t g = 0; g < test->groups; g++)
        for (size_t h = 0; h < g; h++) {
            if (test->covariance[g * test->groups + h] == 0 || island[g] == island[h])
                continue;
            size_t keep = island[g] < island[h] ? island[g] : island[h];
            size_t drop = island[g] < island[h] ? island[h] : island[g];
            for (size_t k = 0; k <= g; k++)
                if (island[k] == drop)
                    island[k] = keep;
        }
}

int logrank_solve(const struct logrank *test, struct logrank_result *ret, struct error *err) {
    size_t *island = malloc((test->groups + 1) * sizeof *island);
    if (!island)
        return error_memory(err);
    *ret = (struct logrank_result){.chi_square = NAN, .p_value = NAN};
    find_islands(test, island);
    /* One of each island follows from the others: its differences sum to 0. */
    size_t *chosen = island, df = 0;
    for (size_t g = 0; g < test->groups; g++)
        if (island[g] != g)
            chosen[df++] = g;
    double chi_square = 0;
    int status = quadratic_form(test->difference, test->covariance, test->groups, chosen, df,
                                &chi_square, err);
    if (!status && isnan(chi_square))
        status = error_set(err, ERROR_DATA,
                           "the covariance of the log-rank test is singular to working precision");
    if (df > 0 && !status)
        *ret = (struct logrank_result){chi_square, df, gsl_cdf_chisq_Q(chi_square, (double)df)};
    free(island);
    return status;
}

void logrank_trend(const struct logrank *test, const double *scores, struct logrank_result *ret) {
    double mean = 0, sum = 0, variance = 0, scale = 0;
    for (size_t g = 0; g < test->groups; g++)
        mean += scores[g] / (double)test->groups;
    for (size_t g = 0; g < test->groups; g++) {
        double a = scores[g] - mean; /* large scores of small spread would cancel */
        sum += a * test->difference[g];
        variance += a * a * test->covariance[g * test->groups + g];
        scale += a * a * test->covariance[g * test->groups + g];
        for (size_t h = 0; h < g; h++)
            variance += 2 * a * (scores[h] - mean) * test->covariance[g * test->groups + h];
    }
    *ret = (struct logrank_result){.chi_square = NAN, .p_value = NAN};
    if (!(variance >
          1e-12 * scale)) /* groups that meet all have one score: what is left is rounding */
        return;
    ret->df = 1;
    ret->chi_square = sum * sum / variance;
    ret->p_value = gsl_cdf_chisq_Q(ret->chi_square, 1);
}

/* ---- Several tests --------------------------------------------------------------------------- */

struct ranked {
    double p;
    size_t place;
};

static int compare_ranked(const void *left, const void *right) {
    const struct ranked *a = left, *b = right;
    return a->p != b->p ? (a->p < b->p ? -1 : 1) : (a->place > b->place) - (a->place < b->place);
}

int logrank_holm(double *p, size_t n, struct error *err) {
    struct ranked *ranked = malloc((n + 1) * sizeof *ranked);
    if (!ranked)
        return error_memory(err);
    size_t made = 0;
    for (size_t i = 0; i < n; i++)
        if (!isnan(p[i]))
            ranked[made++] = (struct ranked){p[i], i};
    qsort(ranked, made, sizeof *ranked, compare_ranked);
    double least = 0; /* an adjusted p is never below that of a smaller one */
    for (size_t i = 0; i < made; i++) {
        least = fmax(least, fmin(ranked[i].p * (double)(made - i), 1));
        p[ranked[i].place] = least;
    }
    free(ranked);
    return 0;
}

void logrank_free(struct logrank *test) {
    free(test->observed);
    free(test->expected);
    free(test->difference);
    free(test->covariance);
    *test = (struct logrank){0};
}
