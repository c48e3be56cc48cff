/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Is the tail a power law?
 *
 *   1. Hurwitz's zeta function
 *   2. Values and sums over those above
 *   3. The fit from one value on
 *   4. KS distances, by branch and bound
 *   5. The search for xmin
 *   6. Goodness of fit
 *
 * The alternatives are in tail-compare.c, the bootstrap of xmin and alpha in tail-bootstrap.c.
 */
#include "creators/tail.h"

#include "base/random.h"
#include "base/workers.h"
#include <gsl/gsl_sort.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- 1. Zeta -----------------------------------------------------------------------------------
 */

/* B_2j / (2j)!, j = 1 to 8. */
static const double bernoulli[] = {1.0 / 12,          -1.0 / 720,
                                   1.0 / 30240,       -1.0 / 1209600,
                                   1.0 / 47900160,    -691.0 / 1307674368000,
                                   1.0 / 74724249600, -3617.0 / 10670622842880000};

/* A sum of terms with their derivatives by s, each term given with those of its logarithm. */
struct series {
    double value, first, second;
};

static void add_term(struct series *series, double term, double slope, double bend) {
    series->value += term;
    series->first += term * slope;
    series->second += term * (slope * slope + bend);
}

/* Terms are relative to q^-s, so that nothing underflows. */
double tail_log_zeta(double s, double q, double *ret_first, double *ret_second) {
    struct series sum = {0};
    double log_q = log(q), x = q;
    while (x < 12 + s) { /* terms one by one, until the formula is good */
        double near = x > q ? log(x) - log_q : 0;
        add_term(&sum, exp(-s * near), -near, 0);
        x += 1;
    }
    double l = log(x) - log_q, base = exp(-s * l), rise = 1 / (s - 1);
    add_term(&sum, base * x * rise, -l - rise, rise * rise);
    add_term(&sum, base / 2, -l, 0);
    double factor = base * s / x, slope = -l + 1 / s, bend = -1 / (s * s);
    for (size_t j = 0; j < sizeof bernoulli / sizeof *bernoulli; j++) {
        add_term(&sum, bernoulli[j] * factor, slope, bend);
        double a = s + (double)(2 * j + 1), b = a + 1;
        factor *= a * b / (x * x);
        slope += 1 / a + 1 / b;
        bend -= 1 / (a * a) + 1 / (b * b);
        if (fabs(factor) < 1e-17 * sum.value)
            break;
    }
    double ratio = sum.first / sum.value;
    if (ret_first)
        *ret_first = ratio - log_q;
    if (ret_second)
        *ret_second = sum.second / sum.value - ratio * ratio;
    return log(sum.value) - s * log_q;
}

/* ---- 2. Values ---------------------------------------------------------------------------------
 */

int tail_begin(struct tail_data *ret, const double *values, size_t n, enum tail_kind kind,
               struct error *err) {
    *ret = (struct tail_data){.kind = kind, .n = n};
    ret->values = malloc((3 * n + 2) * sizeof *ret->values);
    if (!ret->values)
        return error_memory(err);
    ret->above = ret->values + n;
    ret->logs = ret->above + n + 1;
    size_t k = 0;
    for (size_t i = 0; i < n; i++) {
        if (i == 0 || values[i] != values[i - 1]) {
            ret->values[k] = values[i];
            ret->above[k++] = (double)(n - i);
        }
    }
    ret->distinct = k;
    ret->above[k] = ret->logs[k] = 0;
    while (k-- > 0)
        ret->logs[k] = ret->logs[k + 1] + (ret->above[k] - ret->above[k + 1]) * log(ret->values[k]);
    return 0;
}

void tail_end(struct tail_data *data) {
    free(data->values);
    *data = (struct tail_data){0};
}

/* ---- 3. One fit --------------------------------------------------------------------------------
 */

/* log zeta is convex in s and falls: Newton's method on its slope, kept within where the root is.
 */
static double discrete_alpha(double xmin, double mean_log, double start, double *ret_bend) {
    double low = 1 + 1e-9, high = 1e4, alpha = start, bend = 0;
    for (int i = 0; i < 100; i++) {
        double slope;
        tail_log_zeta(alpha, xmin, &slope, &bend);
        double excess = slope + mean_log; /* rises with alpha; 0 at the estimate */
        if (excess > 0)
            high = alpha;
        else
            low = alpha;
        double next = alpha - excess / bend;
        if (!(next > low && next < high))
            next = low > 1.5 || high < 100 ? (low + high) / 2 : sqrt(low * high);
        if (fabs(next - alpha) <= 1e-13 * alpha)
            break;
        alpha = next;
    }
    *ret_bend = bend;
    return alpha;
}

/* `start` is a guess at alpha; 0: none. Without the distance. */
static struct tail_fit estimate(const struct tail_data *data, size_t first, double start) {
    struct tail_fit fit = {.found = true,
                           .first = first,
                           .xmin = data->values[first],
                           .n = data->above[first],
                           .ks = NAN};
    double mean_log = data->logs[first] / fit.n;
    if (data->kind == TAIL_CONTINUOUS) {
        fit.alpha = 1 + 1 / (mean_log - log(fit.xmin));
        fit.error = (fit.alpha - 1) / sqrt(fit.n);
    } else {
        double bend, guess = 1 + 1 / (mean_log - log(fit.xmin - 0.5)); /* (3.7) */
        fit.alpha = discrete_alpha(fit.xmin, mean_log, start > 1 ? start : guess, &bend);
        fit.error = 1 / sqrt(fit.n * bend);
    }
    return fit;
}

/* A fit with what its survival function needs. */
struct law {
    const struct tail_data *data;
    struct tail_fit fit;
    double log_norm; /* log zeta(alpha, xmin), or log xmin */
};

static struct law law_of(const struct tail_data *data, const struct tail_fit *fit) {
    return (struct law){data, *fit,
                        data->kind == TAIL_CONTINUOUS
                            ? log(fit->xmin)
                            : tail_log_zeta(fit->alpha, fit->xmin, NULL, NULL)};
}

static double survival(const struct law *law, double x) {
    double alpha = law->fit.alpha;
    if (law->data->kind == TAIL_CONTINUOUS)
        return exp((1 - alpha) * (log(x) - law->log_norm));
    return x > law->fit.xmin ? exp(tail_log_zeta(alpha, x, NULL, NULL) - law->log_norm) : 1;
}

double tail_survival(const struct tail_data *data, const struct tail_fit *fit, double x) {
    struct law law = law_of(data, fit);
    return survival(&law, x);
}

/* ---- 4. Distances ------------------------------------------------------------------------------
 */

/* What is known at one of the values: P(X >= x) and P(X > x) of the law. The distance is largest
 * just below or at a value, for whole numbers as for others. */
struct point {
    size_t at;
    double from, beyond;
};

/* A search for the largest distance, which may stop once it is above `limit`. */
struct search {
    const struct law *law;
    double largest, limit;
    size_t where;
};

static struct point look(struct search *search, size_t at) {
    const struct tail_data *data = search->law->data;
    double n = search->law->fit.n, x = data->values[at];
    struct point point = {at, survival(search->law, x), 0};
    point.beyond = data->kind == TAIL_CONTINUOUS ? point.from : survival(search->law, x + 1);
    double distance =
        fmax(fabs(data->above[at] / n - point.from), fabs(data->above[at + 1] / n - point.beyond));
    if (distance > search->largest) {
        search->largest = distance;
        search->where = at;
    }
    return point;
}

/* Both functions fall, so that between two values neither can be further from the other than the
 * one's highest is from the other's lowest. */
static void search_between(struct search *search, struct point left, struct point right) {
    const struct tail_data *data = search->law->data;
    double n = search->law->fit.n;
    while (right.at - left.at > 1 && search->largest <= search->limit) {
        double bound = fmax(data->above[left.at + 1] / n - right.from,
                            left.beyond - data->above[right.at] / n);
        if (bound <= search->largest)
            return;
        struct point middle = look(search, left.at + (right.at - left.at) / 2);
        search_between(search, left, middle);
        left = middle;
    }
}

/* The KS distance, or some lower bound of it above `limit`. `hint` is where to look first. */
static struct search find_distance(const struct law *law, double limit, size_t hint) {
    struct search search = {.law = law, .largest = -1, .limit = limit};
    size_t last = law->data->distinct - 1;
    if (hint > law->fit.first && hint < last)
        look(&search, hint);
    if (search.largest > limit)
        return search;
    struct point left = look(&search, law->fit.first), right = look(&search, last);
    search_between(&search, left, right);
    return search;
}

struct tail_fit tail_fit_from(const struct tail_data *data, size_t first) {
    struct tail_fit fit = estimate(data, first, 0);
    struct law law = law_of(data, &fit);
    fit.ks = find_distance(&law, INFINITY, 0).largest;
    return fit;
}

/* ---- 5. xmin -----------------------------------------------------------------------------------
 */

/* Tries one candidate, beginning at what its neighbour found. */
static void try_candidate(const struct tail_data *data, size_t first, size_t neighbour,
                          double *alphas, size_t *worst, struct tail_fit *best) {
    struct tail_fit fit = estimate(data, first, neighbour < first ? alphas[neighbour] : 0);
    struct law law = law_of(data, &fit);
    struct search search = find_distance(&law, best->found ? best->ks : INFINITY,
                                         neighbour < first ? worst[neighbour] : 0);
    alphas[first] = fit.alpha;
    worst[first] = search.where;
    fit.ks = search.largest;
    if (!best->found || fit.ks < best->ks || (fit.ks == best->ks && first < best->first))
        *best = fit;
}

/* Candidates are tried in ever finer steps: 0, then every 2^k-th, 2^(k-1)-th, and so on, each after
 * the one that is one step before it. So a good one is known early. */
static void try_all(const struct tail_data *data, size_t candidates, double *alphas, size_t *worst,
                    struct tail_fit *best) {
    size_t step = 1;
    while (step < candidates)
        step *= 2;
    try_candidate(data, 0, 0, alphas, worst, best);
    for (step /= 2; step > 0; step /= 2)
        for (size_t first = step; first < candidates; first += 2 * step)
            try_candidate(data, first, first - step, alphas, worst, best);
}

/* Those that leave `least` values and two distinct ones. */
static size_t count_candidates(const struct tail_data *data, size_t least) {
    size_t candidates = data->distinct > 0 ? data->distinct - 1 : 0;
    while (candidates > 0 && data->above[candidates - 1] < (double)least)
        candidates--;
    return candidates;
}

void tail_find(const struct tail_data *data, size_t least, struct tail_fit *ret) {
    size_t candidates = count_candidates(data, least < 2 ? 2 : least);
    *ret = (struct tail_fit){.alpha = NAN, .error = NAN, .ks = NAN, .xmin = NAN};
    double *alphas = malloc((candidates + 1) * sizeof *alphas);
    size_t *worst = malloc((candidates + 1) * sizeof *worst);
    if (alphas && worst && candidates > 0)
        try_all(data, candidates, alphas, worst, ret);
    free(alphas);
    free(worst);
}

/* ---- 6. Goodness of fit ------------------------------------------------------------------------
 */

/* P(X >= x) = u, downwards to a whole number where there are only these. */
static double quantile(const struct law *law, double u) {
    double alpha = law->fit.alpha, xmin = law->fit.xmin;
    if (law->data->kind == TAIL_CONTINUOUS)
        return xmin * pow(u, 1 / (1 - alpha));
    /* The continuous law is a good guess (D.6); from there doubling, then halving. */
    double low = floor((xmin - 0.5) * pow(u, 1 / (1 - alpha)) + 0.5), high, reach = 1;
    if (!(low < 0x1p52))
        return 0x1p52;
    low = fmax(low, xmin);
    while (low > xmin && survival(law, low) < u) {
        low = fmax(low - reach, xmin);
        reach *= 2;
    }
    high = low + 1;
    reach = 1;
    while (survival(law, high) >= u) {
        low = high;
        high += reach;
        reach *= 2;
    }
    while (high - low > 1) {
        double middle = floor((low + high) / 2);
        if (survival(law, middle) >= u)
            low = middle;
        else
            high = middle;
    }
    return low;
}

struct bootstrap {
    const struct tail_data *data;
    struct law law;
    size_t least;
    uint32_t seed, stream;
    double **samples; /* by worker */
    unsigned char *as_far;
};

enum { PURPOSE_TAIL = 0x7a11 };

/* A value of the data below xmin, each as likely. */
static double draw_below(const struct tail_data *data, size_t first, struct random_stream *stream) {
    double n = (double)data->n;
    double rank = (double)random_below(stream, (uint32_t)(n - data->above[first])); /* from 0 */
    size_t low = 0, high = first; /* the last value with so many below it or fewer */
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        if (n - data->above[middle] <= rank)
            low = middle;
        else
            high = middle;
    }
    return data->values[low];
}

static int bootstrap_task(void *context, size_t index, int worker, struct error *err) {
    const struct bootstrap *bootstrap = context;
    const struct tail_data *data = bootstrap->data;
    double *sample = bootstrap->samples[worker];
    double share = bootstrap->law.fit.n / (double)data->n;
    struct random_stream stream;
    random_open(&stream, bootstrap->seed, (uint32_t)index, bootstrap->stream, 0, PURPOSE_TAIL);
    for (size_t i = 0; i < data->n; i++)
        sample[i] = random_uniform(&stream) < share
                        ? quantile(&bootstrap->law, random_uniform_open(&stream))
                        : draw_below(data, bootstrap->law.fit.first, &stream);
    gsl_sort(sample, 1, data->n);
    struct tail_data drawn = {0};
    struct tail_fit fit;
    if (tail_begin(&drawn, sample, data->n, data->kind, err))
        return err->code;
    tail_find(&drawn, bootstrap->least, &fit);
    tail_end(&drawn);
    bootstrap->as_far[index] = fit.found && fit.ks >= bootstrap->law.fit.ks;
    return 0;
}

int tail_goodness(const struct tail_data *data, const struct tail_fit *fit, size_t least,
                  size_t replications, uint32_t seed, uint32_t stream, int threads, double *ret_p,
                  struct error *err) {
    *ret_p = NAN;
    if (!fit->found || replications == 0 || data->n > UINT32_MAX)
        return 0;
    size_t workers = threads < 1 ? 1 : (size_t)threads, count = 0;
    struct bootstrap bootstrap = {.data = data,
                                  .law = law_of(data, fit),
                                  .least = least,
                                  .seed = seed,
                                  .stream = stream,
                                  .samples = calloc(workers, sizeof *bootstrap.samples),
                                  .as_far = calloc(replications, 1)};
    bool ready = bootstrap.samples && bootstrap.as_far;
    for (size_t i = 0; i < workers && ready; i++)
        ready = (bootstrap.samples[i] = malloc(data->n * sizeof(double))) != NULL;
    int status = ready ? workers_run((int)workers, replications, bootstrap_task, &bootstrap, err)
                       : error_memory(err);
    for (size_t r = 0; r < replications && ready; r++)
        count += bootstrap.as_far[r];
    if (!status)
        *ret_p = (double)count / (double)replications;
    for (size_t i = 0; i < workers && bootstrap.samples; i++)
        free(bootstrap.samples[i]);
    free(bootstrap.samples);
    free(bootstrap.as_far);
    return status;
}
