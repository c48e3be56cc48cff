/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Regression with first-order autoregressive noise.
 *
 *   1. Cross-products: all that is needed of the rows
 *   2. One value of rho
 *   3. The largest likelihood
 *   4. Nodes
 *   5. Answers
 *   6. Sums
 */
#include "revenue/impact-ar1.h"

#include "base/buffer.h"
#include <gsl/gsl_cdf.h>
#include <gsl/gsl_integration.h>
#include <gsl/gsl_linalg.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- 1. Cross-products ------------------------------------------------------------------------
 *
 * Rows are taken in the orthonormal basis of the least-squares fit, with its residuals as a last
 * column: z = (x root, e / length). What whitens a row d steps behind the one before it is
 * z - rho^d z_before over sqrt((1 - rho^(2d)) / (1 - rho^2)), so Z'R^-1 Z for any rho is a sum over
 * the distances d that occur of three matrices, and costs no walk over the rows.
 */

struct distance {
    size_t steps, rows;
    double *same, *cross, *before; /* width x width: z z', z z_before' + z_before z', and so on */
};

struct profile {
    const struct impact_fit *fit;
    size_t width; /* k + 1 */
    double length;
    double *first; /* width x width, of the first row */
    struct distance *distances;
    size_t n_distances, capacity;
    double *matrix; /* width x width: room for Cholesky's factor */
};

static void profile_free(struct profile *profile) {
    for (size_t i = 0; i < profile->n_distances; i++)
        free(profile->distances[i].same);
    free(profile->distances);
    free(profile->first);
    free(profile->matrix);
}

/* That of so many steps; NULL (err set) when memory is out. */
static struct distance *distance_find(struct profile *profile, size_t steps, struct error *err) {
    for (size_t i = 0; i < profile->n_distances; i++)
        if (profile->distances[i].steps == steps)
            return &profile->distances[i];
    const size_t area = profile->width * profile->width;
    if (array_reserve((void **)&profile->distances, &profile->capacity, profile->n_distances + 1,
                      sizeof *profile->distances, err))
        return NULL;
    double *store = calloc(3 * area, sizeof *store);
    if (!store) {
        error_memory(err);
        return NULL;
    }
    struct distance *ret = &profile->distances[profile->n_distances++];
    *ret = (struct distance){
        .steps = steps, .same = store, .cross = store + area, .before = store + 2 * area};
    return ret;
}

/* into += a b', or a b' + b a' if they differ; the lower triangle. */
static void add_product(double *into, const double *a, const double *b, size_t width) {
    for (size_t i = 0; i < width; i++)
        for (size_t j = 0; j <= i; j++)
            into[i * width + j] += a == b ? a[i] * a[j] : a[i] * b[j] + b[i] * a[j];
}

static void fill_row(const struct profile *profile, const double *x, size_t row, double *ret) {
    const struct impact_fit *fit = profile->fit;
    for (size_t j = 0; j < fit->k; j++) {
        ret[j] = 0;
        for (size_t i = 0; i <= j; i++)
            ret[j] += x[row * fit->k + i] * fit->root[i * fit->k + j];
    }
    ret[fit->k] = fit->residuals[row] / profile->length;
}

static int add_row(struct profile *profile, size_t steps, const double *now, const double *before,
                   struct error *err) {
    struct distance *distance = distance_find(profile, steps, err);
    if (!distance)
        return err->code;
    distance->rows++;
    add_product(distance->same, now, now, profile->width);
    add_product(distance->cross, now, before, profile->width);
    add_product(distance->before, before, before, profile->width);
    return 0;
}

static int gather(struct profile *profile, const double *x, const size_t *positions,
                  struct error *err) {
    const size_t width = profile->width;
    double *rows = malloc(2 * width * sizeof *rows), *now = rows, *before = rows + width;
    profile->first = calloc(width * width, sizeof *profile->first);
    profile->matrix = malloc(width * width * sizeof *profile->matrix);
    int code = rows && profile->first && profile->matrix ? 0 : error_memory(err);
    for (size_t t = 0; t < profile->fit->n && !code; t++) {
        fill_row(profile, x, t, now);
        if (t == 0)
            add_product(profile->first, now, now, width);
        else
            code = add_row(profile, positions[t] - positions[t - 1], now, before, err);
        double *other = now;
        now = before;
        before = other;
    }
    free(rows);
    return code;
}

/* Residuals that are nothing but rounding. */
static bool perfect(const struct impact_fit *fit, const double *x) {
    double sum = 0;
    for (size_t t = 0; t < fit->n; t++) {
        double size = 0;
        for (size_t j = 0; j < fit->k; j++)
            size += fabs(x[t * fit->k + j] * fit->coefficients[j]);
        sum += size * size;
    }
    return fit->squares <= 1e-26 * sum;
}

/* ---- 2. One value of rho --------------------------------------------------------------------- */

/* 1 over the conditional variance of a row so many steps behind another. */
static double precision(double rho, size_t steps) {
    return steps == 1 ? 1 : (1 - rho * rho) / (1 - pow(rho, 2 * (double)steps));
}

/* The restricted log-likelihood; `matrix` becomes Cholesky's factor of Z'R^-1 Z. -INFINITY if it
 * has none. */
static double likelihood(struct profile *profile, double rho) {
    const size_t width = profile->width, k = width - 1;
    const double dof = (double)(profile->fit->n - k);
    double value = log(1 - rho * rho) / 2;
    for (size_t i = 0; i < width * width; i++)
        profile->matrix[i] = (1 - rho * rho) * profile->first[i];
    for (size_t d = 0; d < profile->n_distances; d++) {
        const struct distance *distance = &profile->distances[d];
        const double power = pow(rho, (double)distance->steps);
        const double weight = precision(rho, distance->steps);
        for (size_t i = 0; i < width * width; i++)
            profile->matrix[i] += weight * (distance->same[i] - power * distance->cross[i] +
                                            power * power * distance->before[i]);
        value += (double)distance->rows * log(weight) / 2;
    }
    gsl_matrix_view view = gsl_matrix_view_array(profile->matrix, width, width);
    if (gsl_linalg_cholesky_decomp1(&view.matrix))
        return -INFINITY;
    for (size_t j = 0; j < k; j++)
        value -= log(profile->matrix[j * width + j]);
    value -= dof * log(profile->matrix[k * width + k]);
    return isnan(value) ? -INFINITY : value;
}

static double last_of_factor(const struct profile *profile) {
    return profile->matrix[profile->width * profile->width - 1];
}

/* From Cholesky's factor (L 0; l' s): coefficients + root L^-T l, root L^-T, and s^2 / (n - k). */
static void fill_node(const struct profile *profile, struct ar1_node *node) {
    const struct impact_fit *fit = profile->fit;
    const size_t width = profile->width, k = width - 1;
    const double *factor = profile->matrix, last = profile->length * last_of_factor(profile);
    node->variance = last * last / (double)(fit->n - k);
    for (size_t i = 0; i < k; i++) {
        node->coefficients[i] = fit->coefficients[i];
        for (size_t j = 0; j < k; j++) { /* forward: row i of it times L' is row i of root */
            double sum = fit->root[i * k + j];
            for (size_t m = 0; m < j; m++)
                sum -= factor[j * width + m] * node->root[i * k + m];
            node->root[i * k + j] = sum / factor[j * width + j];
            node->coefficients[i] +=
                profile->length * node->root[i * k + j] * factor[k * width + j];
        }
    }
}

/* ---- 3. The largest likelihood ----------------------------------------------------------------
 *
 * In z = atanh rho, between -edge() and edge().
 */

enum { LOOKS = 65, POINTS = 192, NARROW = 64 };

static double edge(void) {
    return atanh(AR1_MOST);
}

/* log density of z: the likelihood, for `flat` times d rho / d z. */
static double density(struct profile *profile, double z, bool flat) {
    const double rho = tanh(z);
    return likelihood(profile, rho) + (flat ? log1p(-rho * rho) : 0);
}

/* What lies further below the peak than this is less than 1e-21 of it. */
#define DEPTH 50

/* Narrows [low, high] to where the density is not DEPTH below its largest value at LOOKS points,
 * and a step more at either end; whether that was much. */
static bool shrink(struct profile *profile, bool flat, double *low, double *high, double *best) {
    const double from = *low, step = (*high - from) / (LOOKS - 1);
    double values[LOOKS], most = -INFINITY;
    int first = LOOKS, last = -1;
    for (int i = 0; i < LOOKS; i++) {
        values[i] = density(profile, from + i * step, flat);
        if (values[i] > most) {
            most = values[i];
            *best = from + i * step;
        }
    }
    for (int i = 0; i < LOOKS; i++)
        if (values[i] > most - DEPTH) {
            first = first < i ? first : i;
            last = i;
        }
    if (last < 0)
        return false;
    *low = first > 0 ? from + (first - 1) * step : from;
    *high = last < LOOKS - 1 ? from + (last + 1) * step : *high;
    return *high - *low < 0.7 * (LOOKS - 1) * step;
}

/* Five points, of which the third is the middle, and their distance. */
enum { STENCIL = 5 };
#define SPACING 0.01

static double first_derivative(const double f[STENCIL]) {
    return (f[0] - 8 * f[1] + 8 * f[3] - f[4]) / (12 * SPACING);
}

static double second_derivative(const double f[STENCIL]) {
    return (-f[0] + 16 * f[1] - 30 * f[2] + 16 * f[3] - f[4]) / (12 * SPACING * SPACING);
}

/* From the best of some points `step` apart: halved until Newton's steps do the rest. */
static double find_best(struct profile *profile, double z, double step) {
    double value = likelihood(profile, tanh(z));
    for (int halving = 0; halving < 8; halving++) {
        for (int side = -1; side <= 1; side += 2) {
            const double other = fmin(fmax(z + side * step, -edge()), edge());
            const double there = likelihood(profile, tanh(other));
            if (there > value) {
                value = there;
                z = other;
            }
        }
        step /= 2;
    }
    for (int round = 0; round < 5 && fabs(z) < edge() - 3 * SPACING; round++) {
        double f[STENCIL];
        for (int i = 0; i < STENCIL; i++)
            f[i] = likelihood(profile, tanh(z + (i - 2) * SPACING));
        const double curvature = second_derivative(f), move = first_derivative(f) / curvature;
        if (!(curvature < 0) || !(fabs(move) < 0.05))
            break;
        z -= move;
    }
    return z;
}

/* ---- 4. Nodes -------------------------------------------------------------------------------- */

void ar1_free(struct ar1 *ar1) {
    free(ar1->nodes);
    free(ar1->store);
    free(ar1->terms);
    free(ar1->room);
    *ar1 = (struct ar1){0};
}

static int reserve(struct ar1 *ar1, size_t most, struct error *err) {
    const size_t k = ar1->k;
    ar1->nodes = calloc(most, sizeof *ar1->nodes);
    ar1->store = malloc(most * (k + k * k) * sizeof *ar1->store);
    ar1->terms = malloc(most * sizeof *ar1->terms);
    ar1->room = malloc(3 * k * sizeof *ar1->room);
    if (!ar1->nodes || !ar1->store || !ar1->terms || !ar1->room)
        return error_memory(err);
    for (size_t i = 0; i < most; i++) {
        ar1->nodes[i].coefficients = ar1->store + i * (k + k * k);
        ar1->nodes[i].root = ar1->nodes[i].coefficients + k;
    }
    return 0;
}

/* A fit without residuals: nothing to integrate over. */
static void fill_perfect(const struct impact_fit *fit, struct ar1 *ar1) {
    ar1->method = AR1_INTEGRATED;
    ar1->n_nodes = 1;
    ar1->nodes[0].weight = 1;
    memcpy(ar1->nodes[0].coefficients, fit->coefficients, fit->k * sizeof(double));
    memcpy(ar1->nodes[0].root, fit->root, fit->k * fit->k * sizeof(double));
}

/* Weights from logarithms to shares; what lies too deep is left out. */
static void normalise(struct ar1 *ar1, size_t n) {
    double most = -INFINITY, sum = 0;
    for (size_t i = 0; i < n; i++)
        most = fmax(most, ar1->nodes[i].weight);
    for (size_t i = 0; i < n; i++)
        if (ar1->nodes[i].weight > most - DEPTH)
            ar1->nodes[ar1->n_nodes++] = ar1->nodes[i];
    for (size_t i = 0; i < ar1->n_nodes; i++)
        sum += ar1->nodes[i].weight = exp(ar1->nodes[i].weight - most);
    for (size_t i = 0; i < ar1->n_nodes; i++)
        ar1->nodes[i].weight /= sum;
}

static int integrate(struct profile *profile, double low, double high, struct ar1 *ar1,
                     struct error *err) {
    /* A box around one peak needs fewer than all of the range, where a peak is a small part. */
    const size_t points = high - low < edge() ? NARROW : POINTS;
    gsl_integration_glfixed_table *table = gsl_integration_glfixed_table_alloc(points);
    if (!table)
        return error_memory(err);
    for (size_t i = 0; i < points; i++) {
        double z, share;
        gsl_integration_glfixed_point(low, high, i, &z, &share, table);
        ar1->nodes[i].rho = tanh(z);
        ar1->nodes[i].weight = density(profile, z, true) + log(share);
        if (isfinite(ar1->nodes[i].weight))
            fill_node(profile, &ar1->nodes[i]);
    }
    gsl_integration_glfixed_table_free(table);
    normalise(ar1, points);
    return 0;
}

/* With l(log v, z) = -(n - k)/2 log v + h(z) - RSS(z)/(2 v) at its top, where v = RSS/(n - k). */
static void inform(struct profile *profile, double z, struct ar1 *ar1) {
    double squares[STENCIL], rest[STENCIL];
    ar1->n_nodes = STENCIL;
    for (int i = 0; i < STENCIL; i++) {
        struct ar1_node *node = &ar1->nodes[i];
        node->rho = tanh(z + (i - 2) * SPACING);
        node->weight = i == 2;
        rest[i] = likelihood(profile, node->rho);
        fill_node(profile, node);
        squares[i] = ar1->dof * node->variance;
        rest[i] += ar1->dof * log(last_of_factor(profile));
    }
    const double variance = ar1->nodes[2].variance;
    for (int i = 0; i < STENCIL; i++)
        rest[i] -= squares[i] / (2 * variance);
    ar1->information[0] = ar1->dof / 2;
    ar1->information[1] = -first_derivative(squares) / (2 * variance);
    ar1->information[2] = -second_derivative(rest);
}

static int fill(struct profile *profile, struct ar1 *ar1, struct error *err) {
    double low = -edge(), high = edge(), best = 0;
    for (int round = 0; round < 20 && shrink(profile, true, &low, &high, &best); round++)
        ;
    double all[2] = {-edge(), edge()}, top = 0;
    shrink(profile, false, &all[0], &all[1], &top);
    const double z = find_best(profile, top, 2 * edge() / (LOOKS - 1));
    ar1->edge = fabs(z) > edge() - 3 * SPACING;
    ar1->best = tanh(z);
    ar1->log_likelihood = likelihood(profile, ar1->best);
    if (!isfinite(ar1->log_likelihood))
        return error_set(err, ERROR_DATA,
                         "the noise fits no autoregression: expected a series "
                         "with finite values");
    if (ar1->method == AR1_INTEGRATED)
        return integrate(profile, low, high, ar1, err);
    inform(profile, z, ar1);
    return 0;
}

int ar1_fit(const struct impact_fit *fit, const double *x, const size_t *positions,
            enum ar1_method method, struct ar1 *ret, struct error *err) {
    struct profile profile = {.fit = fit, .width = fit->k + 1, .length = sqrt(fit->squares)};
    *ret = (struct ar1){.method = method, .k = fit->k, .dof = (double)(fit->n - fit->k)};
    int code = reserve(ret, POINTS, err);
    if (!code && perfect(fit, x))
        fill_perfect(fit, ret);
    else if (!code)
        code = gather(&profile, x, positions, err) || fill(&profile, ret, err) ? err->code : 0;
    profile_free(&profile);
    if (code)
        ar1_free(ret);
    return code;
}

/* ---- 5. Answers ------------------------------------------------------------------------------ */

static double square(double x) {
    return x * x;
}

/* Satterthwaite's degrees of freedom of the variance of the middle one of five terms. */
static double satterthwaite(const struct ar1 *ar1) {
    const double *information = ar1->information;
    const double determinant = information[0] * information[2] - square(information[1]);
    double logs[STENCIL];
    if (ar1->edge || !(determinant > 0))
        return 1;
    for (int i = 0; i < STENCIL; i++)
        logs[i] = log(square(ar1->terms[i].scale) / ar1->nodes[i].variance);
    const double slope = first_derivative(logs);
    /* Var(log V) = (1, slope) information^-1 (1, slope)'; 2 V^2 / Var(V) = 2 / Var(log V). */
    const double spread =
        (information[2] - 2 * slope * information[1] + slope * slope * information[0]) /
        determinant;
    return isfinite(spread) ? fmin(fmax(2 / spread, 1), ar1->dof) : 1;
}

#define NEGLIGIBLE 1e-15

/* From the terms, one for each node. */
static struct impact_answer answer(const struct ar1 *ar1, double confidence, double against) {
    const struct posterior_term *terms = ar1->terms;
    const double tail = (1 - confidence) / 2;
    struct impact_answer ret = {.p = NAN};
    if (ar1->method == AR1_REML) {
        const double dof = satterthwaite(ar1), reach = gsl_cdf_tdist_Qinv(tail, dof);
        const double value = terms[2].mean, error = terms[2].scale;
        ret =
            (struct impact_answer){value, error, value - reach * error, value + reach * error, NAN};
        if (error > 0)
            ret.p = 2 * gsl_cdf_tdist_Q(fabs(value - against) / error, dof);
        return ret;
    }
    ret.value = posterior_mean(terms, ar1->n_nodes);
    ret.error = ar1->dof > 2 ? posterior_sd(terms, ar1->n_nodes, ar1->dof) : NAN;
    /* Small p need all terms, quantiles only those that can move them. */
    size_t first = 0, end = ar1->n_nodes;
    while (end - first > 1 && terms[first].weight < NEGLIGIBLE)
        first++;
    while (end - first > 1 && terms[end - 1].weight < NEGLIGIBLE)
        end--;
    ret.lower = posterior_quantile(terms + first, end - first, ar1->dof, tail);
    ret.upper = posterior_quantile(terms + first, end - first, ar1->dof, 1 - tail);
    if (ret.upper > ret.lower && !isnan(against))
        ret.p = fmin(1, 2 * fmin(posterior_below(terms, ar1->n_nodes, ar1->dof, against),
                                 posterior_above(terms, ar1->n_nodes, ar1->dof, against)));
    return ret;
}

static void put_term(struct ar1 *ar1, size_t i, double mean, double unit) {
    const struct ar1_node *node = &ar1->nodes[i];
    ar1->terms[i] =
        (struct posterior_term){node->weight, mean, sqrt(node->variance * fmax(unit, 0))};
}

struct impact_answer ar1_coefficient(struct ar1 *ar1, size_t j, double confidence) {
    for (size_t i = 0; i < ar1->n_nodes; i++) {
        const double *row = ar1->nodes[i].root + j * ar1->k;
        double unit = 0;
        for (size_t m = 0; m < ar1->k; m++)
            unit += row[m] * row[m];
        put_term(ar1, i, ar1->nodes[i].coefficients[j], unit);
    }
    return answer(ar1, confidence, 0);
}

struct impact_answer ar1_correlation(const struct ar1 *ar1, double confidence) {
    const double reach = gsl_cdf_ugaussian_Qinv((1 - confidence) / 2);
    struct impact_answer ret = {.error = NAN, .lower = NAN, .upper = NAN, .p = NAN};
    double mean = 0, centre = 0, spread = 0, around = 0;
    for (size_t i = 0; i < ar1->n_nodes; i++) {
        mean += ar1->nodes[i].weight * ar1->nodes[i].rho;
        centre += ar1->nodes[i].weight * atanh(ar1->nodes[i].rho);
    }
    for (size_t i = 0; i < ar1->n_nodes; i++) {
        spread += ar1->nodes[i].weight * square(ar1->nodes[i].rho - mean);
        around += ar1->nodes[i].weight * square(atanh(ar1->nodes[i].rho) - centre);
    }
    ret.value = mean;
    if (ar1->method == AR1_REML) {
        const double *information = ar1->information;
        around = 1 / (information[2] - square(information[1]) / information[0]);
        if (ar1->edge || !(around > 0))
            return ret;
        spread = around * square(1 - mean * mean);
    }
    if (!(around > 0))
        return ret;
    ret.error = sqrt(spread);
    ret.lower = tanh(centre - reach * sqrt(around));
    ret.upper = tanh(centre + reach * sqrt(around));
    return ret;
}

void ar1_innovations(struct ar1 *ar1, const double *x, const double *y, const size_t *positions,
                     size_t n, double *ret) {
    double rho = 0, *coefficients = ar1->room;
    memset(coefficients, 0, ar1->k * sizeof *coefficients);
    for (size_t i = 0; i < ar1->n_nodes; i++) {
        rho += ar1->nodes[i].weight * ar1->nodes[i].rho;
        for (size_t j = 0; j < ar1->k; j++)
            coefficients[j] += ar1->nodes[i].weight * ar1->nodes[i].coefficients[j];
    }
    double before = 0;
    for (size_t t = 0; t < n; t++) {
        double noise = y[t];
        for (size_t j = 0; j < ar1->k; j++)
            noise -= x[t * ar1->k + j] * coefficients[j];
        const size_t steps = t > 0 ? positions[t] - positions[t - 1] : 0;
        ret[t] = t == 0 ? noise * sqrt(1 - rho * rho)
                        : (noise - pow(rho, (double)steps) * before) * sqrt(precision(rho, steps));
        before = noise;
    }
}

/* ret = root' c */
static void turn(const struct ar1_node *node, size_t k, const double *c, double *ret) {
    memset(ret, 0, k * sizeof *ret);
    for (size_t i = 0; i < k; i++)
        for (size_t j = 0; j < k; j++)
            ret[j] += node->root[i * k + j] * c[i];
}

static double dot(const double *a, const double *b, size_t k) {
    double sum = 0;
    for (size_t j = 0; j < k; j++)
        sum += a[j] * b[j];
    return sum;
}

/* The variance of noise - columns (b^ - b) in units of that of u: `own` is that of the noise, and
 * `shared` times `row` what cov(noise, e) R^-1 X is. Cov(noise, b^) = shared row (X'R^-1 X)^-1. */
static double spread_of(struct ar1 *ar1, size_t i, const double *columns, double own,
                        const double *shared) {
    const size_t k = ar1->k;
    double *turned = ar1->room, *other = ar1->room + k;
    turn(&ar1->nodes[i], k, columns, turned);
    turn(&ar1->nodes[i], k, shared, other);
    return own + dot(turned, turned, k) - 2 * dot(turned, other, k);
}

/* What the noise of a period takes from the noise of its neighbours: simple kriging. */
static void weigh_neighbours(double rho, struct ar1_neighbour before, struct ar1_neighbour after,
                             double ret[2]) {
    const double back = pow(rho, (double)before.steps), ahead = pow(rho, (double)after.steps);
    ret[0] = before.row ? back : 0;
    ret[1] = after.row ? ahead : 0;
    if (before.row && after.row) {
        const double both = 1 - back * back * ahead * ahead;
        ret[0] = back * (1 - ahead * ahead) / both;
        ret[1] = ahead * (1 - back * back) / both;
    }
}

struct impact_answer ar1_period(struct ar1 *ar1, const double *columns, struct ar1_neighbour before,
                                struct ar1_neighbour after, double confidence, double actual) {
    const size_t k = ar1->k;
    for (size_t i = 0; i < ar1->n_nodes; i++) {
        const struct ar1_node *node = &ar1->nodes[i];
        double weights[2], *shared = ar1->room + 2 * k;
        weigh_neighbours(node->rho, before, after, weights);
        for (size_t j = 0; j < k; j++)
            shared[j] = (before.row ? weights[0] * before.row[j] : 0) +
                        (after.row ? weights[1] * after.row[j] : 0);
        put_term(ar1, i, dot(node->coefficients, columns, k),
                 spread_of(ar1, i, columns, 1 / (1 - node->rho * node->rho), shared));
    }
    return answer(ar1, confidence, actual);
}

/* ---- 6. Sums --------------------------------------------------------------------------------- */

int ar1_sum_begin(const struct ar1 *ar1, const double *row, struct ar1_sum *ret,
                  struct error *err) {
    *ret = (struct ar1_sum){.row = row};
    ret->columns = calloc(ar1->k + 3 * ar1->n_nodes, sizeof *ret->columns);
    if (!ret->columns)
        return error_memory(err);
    ret->chain = ret->columns + ar1->k;
    ret->own = ret->chain + ar1->n_nodes;
    ret->shared = ret->own + ar1->n_nodes;
    return 0;
}

void ar1_sum_free(struct ar1_sum *sum) {
    free(sum->columns);
    *sum = (struct ar1_sum){0};
}

/* chain: rho^(steps back to it), summed over the periods so far. */
void ar1_sum_add(const struct ar1 *ar1, struct ar1_sum *sum, const double *columns, size_t steps) {
    for (size_t i = 0; i < ar1->n_nodes; i++) {
        const double rho = ar1->nodes[i].rho;
        sum->chain[i] *= pow(rho, (double)(steps - sum->last));
        sum->own[i] += 1 + 2 * sum->chain[i];
        sum->chain[i] += 1;
        sum->shared[i] += pow(rho, (double)steps);
    }
    for (size_t j = 0; j < ar1->k; j++)
        sum->columns[j] += columns[j];
    sum->last = steps;
    sum->periods++;
}

struct impact_answer ar1_sum_answer(struct ar1 *ar1, const struct ar1_sum *sum, double confidence,
                                    double actual) {
    const size_t k = ar1->k;
    for (size_t i = 0; i < ar1->n_nodes; i++) {
        const struct ar1_node *node = &ar1->nodes[i];
        double *shared = ar1->room + 2 * k;
        for (size_t j = 0; j < k; j++)
            shared[j] = sum->shared[i] * sum->row[j];
        put_term(
            ar1, i, dot(node->coefficients, sum->columns, k),
            spread_of(ar1, i, sum->columns, sum->own[i] / (1 - node->rho * node->rho), shared));
    }
    return answer(ar1, confidence, actual);
}
