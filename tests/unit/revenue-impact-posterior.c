/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Directions by their posterior, and mixtures of t distributions: closed forms. */
#include "revenue/impact-posterior.h"

#include <gsl/gsl_cdf.h>
#include <gsl/gsl_errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

static void near(double found, double expected, double tolerance) {
    if (!(fabs(found - expected) <= tolerance))
        fail_msg("found %.17g, expected %.17g", found, expected);
}

/* Means of an element and of its square over the nodes, and their number. */
static size_t average(posterior_density *density, void *context, size_t n_sd, size_t element,
                      double ret[2]) {
    const double start[3] = {0.5, 0.5, 0.5};
    struct posterior_node *nodes;
    struct error err = {0};
    size_t n;
    double weights = 0;
    assert_int_equal(posterior_nodes(density, context, n_sd, start, &nodes, &n, &err), 0);
    ret[0] = ret[1] = 0;
    for (size_t i = 0; i < n; i++) {
        const double *sd = nodes[i].sd;
        near(sd[0] * sd[0] + sd[1] * sd[1] + sd[2] * sd[2], 1, 1e-14);
        weights += nodes[i].weight;
        ret[0] += nodes[i].weight * sd[element];
        ret[1] += nodes[i].weight * sd[element] * sd[element];
    }
    near(weights, 1, 1e-12);
    free(nodes);
    return n;
}

static double flat(void *context, const double sd[3]) {
    (void)context, (void)sd;
    return -123;
}

/* Even on the quarter circle: cosines have the mean 2/pi and the mean square 1/2. Even on the
 * eighth of a sphere: each element is even on [0, 1] (Archimedes). */
static void the_prior_alone(void **state) {
    (void)state;
    double found[2];
    for (size_t element = 0; element < 2; element++) {
        average(flat, NULL, 2, element, found);
        near(found[0], 2 / M_PI, 1e-12);
        near(found[1], 0.5, 1e-12);
    }
    for (size_t element = 0; element < 3; element++) {
        average(flat, NULL, 3, element, found);
        near(found[0], 0.5, 1e-12);
        near(found[1], 1.0 / 3, 1e-12);
    }
}

struct peak {
    double at, width;
};

/* Normal in the angle between the first two. */
static double peaked(void *context, const double sd[3]) {
    const struct peak *peak = context;
    const double z = (atan2(sd[1], sd[0]) - peak->at) / peak->width;
    return -z * z / 2;
}

/* A peak that no grid of the whole would meet, and half of one at the edge: the angle has there the
 * mean width sqrt(2/pi). */
static void a_narrow_peak(void **state) {
    (void)state;
    double found[2];
    struct peak peak = {0.3, 1e-5};
    average(peaked, &peak, 2, 1, found);
    near(found[0], sin(0.3), 1e-10);
    near(sqrt(found[1] - found[0] * found[0]) / cos(0.3), 1e-5, 1e-8);
    peak = (struct peak){0, 1e-3};
    average(peaked, &peak, 2, 1, found);
    near(found[0], 1e-3 * sqrt(2 / M_PI), 1e-8);
}

static double impossible(void *context, const double sd[3]) {
    (void)context, (void)sd;
    return -INFINITY;
}

static void nothing_is_possible(void **state) {
    (void)state;
    const double start[3] = {1, 0, 0};
    struct posterior_node *nodes;
    struct error err = {0};
    size_t n;
    assert_int_equal(posterior_nodes(impossible, NULL, 2, start, &nodes, &n, &err), ERROR_DATA);
}

static void one_term(void **state) {
    (void)state;
    const struct posterior_term term = {1, 10, 2};
    near(posterior_quantile(&term, 1, INFINITY, 0.975), 10 + 2 * 1.959963984540054, 1e-12);
    near(posterior_quantile(&term, 1, 5, 0.025), 10 - 2 * gsl_cdf_tdist_Qinv(0.025, 5), 1e-12);
    near(posterior_sd(&term, 1, INFINITY), 2, 1e-15);
    near(posterior_sd(&term, 1, 5), 2 * sqrt(5.0 / 3), 1e-14);
    near(posterior_above(&term, 1, 5, 14), gsl_cdf_tdist_Q(2, 5), 1e-15);
    const struct posterior_term point = {1, 3, 0};
    near(posterior_quantile(&point, 1, 5, 0.1), 3, 0);
    near(posterior_below(&point, 1, 5, 2.9), 0, 0);
}

/* Quantiles are where the chance is p, also between two far peaks; the middle of like ones is by
 * symmetry. */
static void mixtures(void **state) {
    (void)state;
    const struct posterior_term terms[] = {{0.5, -10, 1}, {0.5, 10, 1}, {0, 7, 1e6}};
    near(posterior_quantile(terms, 2, 8, 0.5), 0, 1e-9);
    near(posterior_sd(terms, 2, INFINITY), sqrt(101), 1e-12);
    for (double p = 0.01; p < 1; p += 0.07) {
        const double x = posterior_quantile(terms, 3, 8, p);
        near(posterior_below(terms, 3, 8, x), p, 1e-11);
        near(posterior_above(terms, 3, 8, x), 1 - p, 1e-11);
    }
    const struct posterior_term skew[] = {{0.7, 0, 1}, {0.2, 3, 10}, {0.1, 5, 0}};
    for (double p = 0.02; p < 0.7; p += 0.05)
        near(posterior_below(skew, 3, 30, posterior_quantile(skew, 3, 30, p)), p, 1e-11);
    for (int dof = 1; dof < 40; dof++) /* few of them by another formula than posterior_below */
        for (double p = 0.001; p < 1; p += 0.111)
            near(posterior_below(terms, 2, dof, posterior_quantile(terms, 2, dof, p)), p, 1e-11);
}

int main(void) {
    gsl_set_error_handler_off();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_prior_alone),
        cmocka_unit_test(a_narrow_peak),
        cmocka_unit_test(nothing_is_possible),
        cmocka_unit_test(one_term),
        cmocka_unit_test(mixtures),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
