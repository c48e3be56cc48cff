/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How unequally something is spread.
 *
 *   1. All measures from sums over sorted values, each counted with a weight
 *   2. The jackknife: the same sums with one value left out
 *   3. The bootstrap: the same sums with weights that are drawn
 *
 * Within groups and between them: inequality-parts.c.
 */
#include "creators/inequality.h"

#include "base/random.h"
#include "base/workers.h"
#include "stats/draws.h"
#include <gsl/gsl_cdf.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

const char *inequality_name(enum inequality_measure measure) {
    static const char *const names[] = {
        [INEQUALITY_GINI] = "gini",       [INEQUALITY_THEIL_T] = "theil_t",
        [INEQUALITY_THEIL_L] = "theil_l", [INEQUALITY_PALMA] = "palma",
        [INEQUALITY_TOP_1] = "top_1",     [INEQUALITY_TOP_10] = "top_10"};
    return names[measure];
}

/* ---- 1. Measures -------------------------------------------------------------------------------
 */

/* What the measures are made of. */
struct sums {
    double n, sum;
    double unit;           /* what logarithms are of: values over it, that is over their mean */
    double ranked;         /* sum of i x_(i), i from 1 */
    double x_log_x, log_x; /* sums too */
    double lower_40, lower_90, lower_99; /* parts of the sum that these have */
};

/* A value and its logarithm, which costs more than all else that is done with it. */
struct logged {
    double x, log_x, x_log_x;
};

static struct logged take_log(double x, double unit) {
    double log_x = log(x / unit);
    return (struct logged){x, log_x, x > 0 ? x * log_x : 0};
}

static void measure(const struct sums *s, double ret[INEQUALITY_MEASURES]) {
    for (size_t i = 0; i < INEQUALITY_MEASURES; i++)
        ret[i] = NAN;
    if (!(s->n > 0) || !(s->sum > 0))
        return;
    if (s->n > 1)
        ret[INEQUALITY_GINI] = (2 * s->ranked / s->sum - (s->n + 1)) / (s->n - 1);
    double log_mean =
        log(s->sum / s->n / s->unit); /* equal values leave rounding, below 0 or not */
    ret[INEQUALITY_THEIL_T] = fmax(s->x_log_x / s->sum - log_mean, 0);
    if (isfinite(s->log_x))
        ret[INEQUALITY_THEIL_L] = fmax(log_mean - s->log_x / s->n, 0);
    if (s->lower_40 > 0)
        ret[INEQUALITY_PALMA] = (s->sum - s->lower_90) / s->lower_40;
    ret[INEQUALITY_TOP_1] = 1 - s->lower_99 / s->sum;
    ret[INEQUALITY_TOP_10] = 1 - s->lower_90 / s->sum;
}

/* The sum of the lowest p n of n values. */
static double lowest(const double *sums, size_t n, double p) {
    double count = p * (double)n;
    size_t whole = (size_t)count;
    if (whole >= n)
        return sums[n];
    return sums[whole] + (count - (double)whole) * (sums[whole + 1] - sums[whole]);
}

double inequality_lorenz(const double *sums, size_t n, double p) {
    return lowest(sums, n, p) / sums[n];
}

/* Running sums of values and of what else is needed; [n + 1] each. */
struct totals {
    const double *values;
    size_t n;
    double *sums;
    struct sums all;
};

/* To the sums that grow value by value; i is its number, from 0. */
static void add_value(struct sums *sums, size_t i, const struct logged *value) {
    sums->ranked += (double)(i + 1) * value->x;
    sums->x_log_x += value->x_log_x;
    sums->log_x += value->log_x;
}

static int totals_begin(struct totals *totals, const double *values, size_t n, struct error *err) {
    *totals = (struct totals){.values = values, .n = n};
    totals->sums = malloc((n + 1) * sizeof *totals->sums);
    if (!totals->sums)
        return error_memory(err);
    struct sums *all = &totals->all;
    totals->sums[0] = 0;
    for (size_t i = 0; i < n; i++)
        totals->sums[i + 1] = totals->sums[i] + values[i];
    all->n = (double)n;
    all->sum = totals->sums[n];
    all->unit = all->sum > 0 ? all->sum / all->n : 1;
    struct logged value = {0};
    for (size_t i = 0; i < n; i++) {
        if (i == 0 || values[i] > value.x)
            value = take_log(values[i], all->unit);
        add_value(all, i, &value);
    }
    all->lower_40 = lowest(totals->sums, n, 0.4);
    all->lower_90 = lowest(totals->sums, n, 0.9);
    all->lower_99 = lowest(totals->sums, n, 0.99);
    return 0;
}

/* ---- 2. Jackknife ------------------------------------------------------------------------------
 */

/* What is left of a sum without one value is that before it and that after it: a value that has
 * nearly all, taken from the whole, would leave nothing but rounding. */
static double before_and_after(double before, double with, double all) {
    return before + (all - with);
}

/* The sum of the lowest m without value number k (from 0). */
static double sum_without(const struct totals *totals, size_t m, size_t k) {
    const double *sums = totals->sums;
    return m <= k ? sums[m] : before_and_after(sums[k], sums[k + 1], sums[m + 1]);
}

/* Of all but one value, the lowest `whole` and a `part` of the next are a share of them. */
struct cut {
    size_t whole;
    double part; /* 0 if there is no next one */
};

static struct cut cut_at(double p, size_t others) {
    const double count = p * (double)others;
    const size_t whole = (size_t)count;
    return (struct cut){whole, whole < others ? count - (double)whole : 0};
}

static double lowest_without(const struct totals *totals, struct cut cut, size_t k) {
    const double below = sum_without(totals, cut.whole, k);
    if (cut.part == 0)
        return below;
    return below + cut.part * (sum_without(totals, cut.whole + 1, k) - below);
}

struct cuts {
    struct cut at_40, at_90, at_99;
};

/* The next value after number k that, left out, leaves another part of the lowest ones than the
 * value before it does; SIZE_MAX if there is none. */
static size_t next_cut(const struct cuts *cuts, size_t k) {
    const size_t wholes[] = {cuts->at_40.whole, cuts->at_90.whole, cuts->at_99.whole};
    size_t next = SIZE_MAX;
    for (size_t i = 0; i < 3; i++)
        for (size_t at = wholes[i]; at <= wholes[i] + 1; at++)
            if (at > k && at < next)
                next = at;
    return next;
}

/* Number k is the value; `before` are the sums of those before it. */
static struct sums leave_out(const struct totals *totals, const struct cuts *cuts, size_t k,
                             const struct logged *value, const struct sums *before) {
    const struct sums *all = &totals->all;
    const double *sums = totals->sums;
    struct sums with = *before;
    add_value(&with, k, value);
    return (struct sums){
        .n = all->n - 1,
        .sum = before_and_after(sums[k], sums[k + 1], all->sum),
        .unit = all->unit,
        /* Those above it lose one rank each. */
        .ranked =
            before_and_after(before->ranked, with.ranked, all->ranked) - (all->sum - sums[k + 1]),
        .x_log_x = before_and_after(before->x_log_x, with.x_log_x, all->x_log_x),
        .log_x =
            before_and_after(before->log_x, with.log_x, all->log_x), /* nan with a value of 0 */
        .lower_40 = lowest_without(totals, cuts->at_40, k),
        .lower_90 = lowest_without(totals, cuts->at_90, k),
        .lower_99 = lowest_without(totals, cuts->at_99, k),
    };
}

/* Adds up each measure without each of the values, and the squares, less what it is without the
 * first: that is near their mean. Equal ones leave the same, and are worked out once. */
static void leave_each_out(const struct totals *totals, double sum[INEQUALITY_MEASURES],
                           double squares[INEQUALITY_MEASURES]) {
    const size_t others = totals->n - 1;
    const struct cuts cuts = {cut_at(0.4, others), cut_at(0.9, others), cut_at(0.99, others)};
    struct sums before = {0};
    struct logged value = {0};
    double without[INEQUALITY_MEASURES], first[INEQUALITY_MEASURES];
    size_t cut = 0;
    for (size_t k = 0; k < totals->n; k++) {
        if (k == cut || totals->values[k] > value.x) {
            value = take_log(totals->values[k], totals->all.unit);
            const struct sums left = leave_out(totals, &cuts, k, &value, &before);
            measure(&left, without);
            cut = k == cut ? next_cut(&cuts, k) : cut;
        }
        add_value(&before, k, &value);
        if (k == 0)
            memcpy(first, without, sizeof first);
        for (size_t i = 0; i < INEQUALITY_MEASURES; i++) {
            double change = without[i] - first[i];
            sum[i] += change;
            squares[i] += change * change;
        }
    }
}

void inequality_bound(struct inequality_estimate *estimate, bool share, double confidence) {
    double z = gsl_cdf_ugaussian_Qinv((1 - confidence) / 2), x = estimate->value;
    estimate->lower = estimate->upper = isnan(estimate->error) ? NAN : x;
    if (!(estimate->error > 0) || !(x > 0))
        return;
    if (share && x < 1) {
        double reach = exp(z * estimate->error / (x * (1 - x))), odds = x / (1 - x);
        estimate->lower = 1 / (1 + reach / odds);
        estimate->upper = 1 / (1 + 1 / (odds * reach));
    } else if (!share) {
        double reach = exp(z * estimate->error / x);
        estimate->lower = x / reach;
        estimate->upper = x * reach;
    }
}

static bool is_share(enum inequality_measure measure) {
    return measure == INEQUALITY_GINI || measure == INEQUALITY_TOP_1 ||
           measure == INEQUALITY_TOP_10;
}

int inequality_jackknife(const double *values, size_t n, double confidence,
                         struct inequality_estimate ret[INEQUALITY_MEASURES], struct error *err) {
    struct totals totals;
    double found[INEQUALITY_MEASURES], sum[INEQUALITY_MEASURES] = {0},
                                       squares[INEQUALITY_MEASURES] = {0};
    if (totals_begin(&totals, values, n, err))
        return err->code;
    measure(&totals.all, found);
    if (n >= 3)
        leave_each_out(&totals, sum, squares);
    double count = (double)n;
    for (size_t i = 0; i < INEQUALITY_MEASURES; i++) {
        double spread = fmax(squares[i] - sum[i] * sum[i] / count, 0);
        ret[i] = (struct inequality_estimate){
            .value = found[i],
            .error = n < 3 || isnan(found[i] + sum[i]) ? NAN : sqrt((count - 1) / count * spread)};
        inequality_bound(&ret[i], is_share(i), confidence);
    }
    free(totals.sums);
    return 0;
}

/* ---- 3. Bootstrap ------------------------------------------------------------------------------
 */

enum { PURPOSE_INEQUALITY = 0x6e65 };

struct bootstrap {
    const double *values;
    size_t n;
    double unit; /* see struct sums */
    uint32_t seed, stream;
    uint32_t **times; /* by worker: how often each value was drawn */
    double (*found)[INEQUALITY_MEASURES];
};

/* The part of a running sum that falls below a count of values: `before` are those so far, of which
 * `count` follow, each x. */
static double part_below(double limit, double before, double count, double x) {
    return fmin(fmax(limit - before, 0), count) * x;
}

static struct sums weigh(const double *values, const uint32_t *times, size_t n, double unit) {
    struct sums s = {.n = (double)n, .unit = unit};
    struct logged value = {.x = -1}; /* below all */
    double seen = 0;
    for (size_t i = 0; i < n; i++) {
        if (times[i] == 0)
            continue;
        double w = times[i], x = values[i];
        if (x > value.x)
            value = take_log(x, unit);
        s.ranked += x * (w * seen + w * (w + 1) / 2);
        s.sum += w * x;
        s.x_log_x += w * value.x_log_x;
        s.log_x += w * value.log_x;
        s.lower_40 += part_below(0.4 * s.n, seen, w, x);
        s.lower_90 += part_below(0.9 * s.n, seen, w, x);
        s.lower_99 += part_below(0.99 * s.n, seen, w, x);
        seen += w;
    }
    return s;
}

static int bootstrap_task(void *context, size_t index, int worker, struct error *err) {
    (void)err;
    const struct bootstrap *bootstrap = context;
    uint32_t *times = bootstrap->times[worker];
    struct random_stream stream;
    random_open(&stream, bootstrap->seed, (uint32_t)index, bootstrap->stream, 0,
                PURPOSE_INEQUALITY);
    memset(times, 0, bootstrap->n * sizeof *times);
    for (size_t i = 0; i < bootstrap->n; i++)
        times[random_below(&stream, (uint32_t)bootstrap->n)]++;
    struct sums sums = weigh(bootstrap->values, times, bootstrap->n, bootstrap->unit);
    measure(&sums, bootstrap->found[index]);
    return 0;
}

int inequality_bootstrap(const double *values, size_t n, double confidence, size_t replications,
                         uint32_t seed, uint32_t stream, int threads,
                         struct inequality_estimate ret[INEQUALITY_MEASURES], struct error *err) {
    if (n < 3 || n > UINT32_MAX || replications < 2)
        return inequality_jackknife(values, n, confidence, ret, err);
    struct totals totals;
    int status = totals_begin(&totals, values, n, err);
    if (status)
        return status;
    size_t workers = threads < 1 ? 1 : (size_t)threads;
    struct bootstrap bootstrap = {
        .values = values, .n = n, .unit = totals.all.unit, .seed = seed, .stream = stream};
    bootstrap.times = calloc(workers, sizeof *bootstrap.times);
    bootstrap.found = malloc(replications * sizeof *bootstrap.found);
    double *work = malloc(replications * sizeof *work);
    bool ready = bootstrap.times && bootstrap.found && work;
    for (size_t i = 0; i < workers && ready; i++)
        ready = (bootstrap.times[i] = malloc(n * sizeof **bootstrap.times)) != NULL;
    if (!ready) {
        status = error_memory(err);
        goto done;
    }
    status = workers_run((int)workers, replications, bootstrap_task, &bootstrap, err);
    double found[INEQUALITY_MEASURES];
    measure(&totals.all, found);
    for (size_t i = 0; i < INEQUALITY_MEASURES && !status; i++) {
        for (size_t r = 0; r < replications; r++) /* Palma's may not exist in one: then no bounds */
            work[r] = bootstrap.found[r][i];
        const struct draws_summary drawn = draws_summarise(work, replications, confidence);
        ret[i] = (struct inequality_estimate){found[i], drawn.error, drawn.lower, drawn.upper};
    }
done:
    for (size_t i = 0; i < workers && bootstrap.times; i++)
        free(bootstrap.times[i]);
    free(bootstrap.times);
    free(bootstrap.found);
    free(work);
    free(totals.sums);
    return status;
}
