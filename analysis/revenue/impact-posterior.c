/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Directions of standard deviations by their posterior, and mixtures over them.
 *
 * Contents: directions; the box around the mass; nodes; mixtures.
 */
#include "revenue/impact-posterior.h"

#include <gsl/gsl_cdf.h>
#include <gsl/gsl_integration.h>
#include <gsl/gsl_randist.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

/* ---- Directions ------------------------------------------------------------------------------ */

/* By one angle or two, each from 0 to a right angle: angle[0] is between the first two, angle[1]
 * that between the third and the plane of these. */
enum { ANGLES = 2 };

struct search {
    posterior_density *density;
    void *context;
    bool two; /* angles, or one */
};

static size_t angles_of(const struct search *search) {
    return search->two ? 2 : 1;
}

static void direction(const struct search *search, const double *angle, double sd[3]) {
    const double plane = search->two ? cos(angle[1]) : 1;
    sd[0] = plane * cos(angle[0]);
    sd[1] = plane * sin(angle[0]);
    sd[2] = search->two ? sin(angle[1]) : 0;
    for (int i = 0; i < 3; i++)
        sd[i] = fmax(sd[i], 0); /* cos of a right angle is 6e-17 */
}

static double density_at(const struct search *search, const double *angle) {
    double sd[3];
    direction(search, angle, sd);
    const double value = search->density(search->context, sd);
    return isnan(value) ? -INFINITY : value;
}

/* Of the surface: the prior is even on it. */
static double element(const struct search *search, const double *angle) {
    return search->two ? cos(angle[1]) : 1;
}

/* ---- The box around the mass ----------------------------------------------------------------- */

struct box {
    double low[ANGLES], high[ANGLES];
};

/* What lies below the peak by this much is a millionth of it. */
#define DEPTH 14

/* Points along an angle, ends included, if there is one and if there are two. */
static const size_t looks[ANGLES] = {65, 25};

/* The box of the points that are not too deep, a step wider all around. */
static bool shrink(const struct search *search, const double *start, struct box *box,
                   double *values) {
    const size_t g = looks[search->two], all = search->two ? g * g : g;
    struct box next = {{INFINITY, INFINITY}, {-INFINITY, -INFINITY}};
    const double at_start = density_at(search, start);
    double best = at_start;
    bool smaller = false;
    for (size_t i = 0; i < all; i++) {
        double angle[ANGLES] = {0, 0};
        for (size_t d = 0, rest = i; d < angles_of(search); d++, rest /= g)
            angle[d] =
                box->low[d] + (box->high[d] - box->low[d]) * (double)(rest % g) / (double)(g - 1);
        values[i] = density_at(search, angle);
        best = fmax(best, values[i]);
    }
    for (size_t i = 0; i < all; i++) {
        if (!(values[i] > best - DEPTH))
            continue;
        for (size_t d = 0, rest = i; d < angles_of(search); d++, rest /= g) {
            const double width = box->high[d] - box->low[d];
            const double at = box->low[d] + width * (double)(rest % g) / (double)(g - 1);
            next.low[d] = fmin(next.low[d], at);
            next.high[d] = fmax(next.high[d], at);
        }
    }
    if (!isfinite(best))
        return false;
    for (size_t d = 0; d < angles_of(search); d++) {
        if (at_start > best - DEPTH) { /* a peak between the points */
            next.low[d] = fmin(next.low[d], start[d]);
            next.high[d] = fmax(next.high[d], start[d]);
        }
        const double step = (box->high[d] - box->low[d]) / (double)(g - 1);
        next.low[d] = fmax(next.low[d] - step, box->low[d]);
        next.high[d] = fmin(next.high[d] + step, box->high[d]);
        smaller |= next.high[d] - next.low[d] < 0.7 * (box->high[d] - box->low[d]);
    }
    *box = next;
    return smaller;
}

static struct box find_box(const struct search *search, const double *start, double *values) {
    struct box box = {{0, 0}, {M_PI_2, M_PI_2}};
    for (int round = 0; round < 20 && shrink(search, start, &box, values); round++)
        ;
    return box;
}

/* ---- Nodes ----------------------------------------------------------------------------------- */

static const size_t points[ANGLES] = {48, 20};

static void fill_nodes(const struct search *search, const struct box *box,
                       gsl_integration_glfixed_table *table, struct posterior_node *nodes) {
    const size_t g = points[search->two], all = search->two ? g * g : g;
    for (size_t i = 0; i < all; i++) {
        double angle[ANGLES] = {0, 0}, weight = 1;
        for (size_t d = 0, rest = i; d < angles_of(search); d++, rest /= g) {
            double share;
            gsl_integration_glfixed_point(box->low[d], box->high[d], rest % g, &angle[d], &share,
                                          table);
            weight *= share;
        }
        direction(search, angle, nodes[i].sd);
        nodes[i].weight = density_at(search, angle) + log(weight * element(search, angle));
    }
}

/* From logarithms to shares; returns how many are kept. */
static size_t normalise(struct posterior_node *nodes, size_t n) {
    double best = -INFINITY, sum = 0;
    size_t kept = 0;
    for (size_t i = 0; i < n; i++)
        best = fmax(best, nodes[i].weight);
    if (!isfinite(best))
        return 0;
    for (size_t i = 0; i < n; i++)
        if (nodes[i].weight > best - DEPTH - 6)
            nodes[kept++] = nodes[i];
    for (size_t i = 0; i < kept; i++)
        sum += nodes[i].weight = exp(nodes[i].weight - best);
    for (size_t i = 0; i < kept; i++)
        nodes[i].weight /= sum;
    return kept;
}

int posterior_nodes(posterior_density *density, void *context, size_t n_sd, const double start[3],
                    struct posterior_node **ret, size_t *ret_n, struct error *err) {
    const struct search search = {density, context, n_sd == 3};
    const double from[ANGLES] = {atan2(start[1], start[0]),
                                 search.two ? atan2(start[2], hypot(start[0], start[1])) : 0};
    const size_t g = looks[search.two], k = points[search.two];
    double *values = malloc((search.two ? g * g : g) * sizeof *values);
    struct posterior_node *nodes = calloc(search.two ? k * k : k, sizeof *nodes);
    gsl_integration_glfixed_table *table = gsl_integration_glfixed_table_alloc(k);
    int code = values && nodes && table ? 0 : error_memory(err);
    if (!code) {
        const struct box box = find_box(&search, from, values);
        fill_nodes(&search, &box, table, nodes);
        *ret_n = normalise(nodes, search.two ? k * k : k);
        if (*ret_n == 0)
            code = error_set(err, ERROR_DATA,
                             "no variances are possible: expected values that the "
                             "model can produce");
    }
    free(values);
    if (table)
        gsl_integration_glfixed_table_free(table);
    if (code)
        free(nodes);
    else
        *ret = nodes;
    return code;
}

/* ---- Mixtures -------------------------------------------------------------------------------- */

double posterior_mean(const struct posterior_term *terms, size_t n) {
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += terms[i].weight * terms[i].mean;
    return sum;
}

double posterior_sd(const struct posterior_term *terms, size_t n, double dof) {
    const double mean = posterior_mean(terms, n), wider = isinf(dof) ? 1 : dof / (dof - 2);
    double sum = 0;
    for (size_t i = 0; i < n; i++) {
        const double off = terms[i].mean - mean;
        sum += terms[i].weight * (wider * terms[i].scale * terms[i].scale + off * off);
    }
    return sqrt(sum);
}

/* P(T <= z) of one term. */
static double below(const struct posterior_term *term, double dof, double x) {
    if (!(term->scale > 0))
        return x >= term->mean;
    const double z = (x - term->mean) / term->scale;
    return isinf(dof) ? gsl_cdf_ugaussian_P(z) : gsl_cdf_tdist_P(z, dof);
}

static double above(const struct posterior_term *term, double dof, double x) {
    if (!(term->scale > 0))
        return x <= term->mean;
    const double z = (x - term->mean) / term->scale;
    return isinf(dof) ? gsl_cdf_ugaussian_Q(z) : gsl_cdf_tdist_Q(z, dof);
}

double posterior_below(const struct posterior_term *terms, size_t n, double dof, double x) {
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += terms[i].weight * below(&terms[i], dof, x);
    return sum;
}

double posterior_above(const struct posterior_term *terms, size_t n, double dof, double x) {
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += terms[i].weight * above(&terms[i], dof, x);
    return sum;
}

/* Student's t of few, whole degrees of freedom in closed form (Abramowitz & Stegun 26.7.3 and
 * 26.7.4), many times as fast as GSL's incomplete beta. Small only in absolute terms where it is
 * near 0, which a root at p does not mind. */
enum { CLOSED_FORM = 30 };

static double student_below(double z, int dof) {
    const double angle = atan(z / sqrt(dof)), c = cos(angle), s = sin(angle);
    double term = dof % 2 ? c : 1, sum = dof == 1 ? 0 : term;
    for (int i = dof % 2 ? 2 : 1; i + 1 < dof; i += 2) {
        term *= c * c * i / (i + 1);
        sum += term;
    }
    return 0.5 + (dof % 2 ? (angle + s * sum) / M_PI : s * sum / 2);
}

/* The share at most x, and the density there. */
static double share_and_density(const struct posterior_term *terms, size_t n, double dof, double x,
                                double *ret_density) {
    const double peak = isinf(dof) ? gsl_ran_ugaussian_pdf(0) : gsl_ran_tdist_pdf(0, dof);
    double sum = 0;
    *ret_density = 0;
    for (size_t i = 0; i < n; i++) {
        const struct posterior_term *term = &terms[i];
        const double z = (x - term->mean) / term->scale;
        if (!(term->scale > 0)) {
            sum += x >= term->mean ? term->weight : 0;
            continue;
        }
        sum += term->weight * (dof <= CLOSED_FORM && dof == floor(dof) ? student_below(z, (int)dof)
                                                                       : below(term, dof, x));
        *ret_density += term->weight / term->scale * peak *
                        (isinf(dof) ? exp(-z * z / 2) : pow(1 + z * z / dof, -(dof + 1) / 2));
    }
    return sum;
}

/* Newton's steps, kept between the least and the largest of the terms' own quantiles. */
double posterior_quantile(const struct posterior_term *terms, size_t n, double dof, double p) {
    const double z = isinf(dof) ? gsl_cdf_ugaussian_Pinv(p) : gsl_cdf_tdist_Pinv(p, dof);
    double low = INFINITY, high = -INFINITY, x = 0;
    for (size_t i = 0; i < n; i++) {
        const double own = terms[i].mean + z * terms[i].scale;
        low = fmin(low, own);
        high = fmax(high, own);
        x += terms[i].weight * own;
    }
    const double fine = 1e-13 * (high - low);
    x = fmin(fmax(x, low), high);
    for (int step = 0; step < 100 && high - low > fine; step++) {
        double density;
        const double off = share_and_density(terms, n, dof, x, &density) - p;
        *(off < 0 ? &low : &high) = x;
        const double next = x - off / density;
        const bool inside = next > low && next < high;
        const double moved = inside ? next : (low + high) / 2;
        if (fabs(moved - x) <= 1e-14 * fabs(x) + fine)
            return moved;
        x = moved;
    }
    return x;
}
