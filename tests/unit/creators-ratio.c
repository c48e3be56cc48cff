/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Intervals for the ratio of two counts. */
#include "creators/ratio.h"

#include "base/random.h"
#include <gsl/gsl_cdf.h>
#include <gsl/gsl_randist.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void near(double found, double expected, double relative) {
    if (!(fabs(found - expected) <= relative * fabs(expected)))
        fail_msg("found %.17g, expected %.17g", found, expected);
}

/* R 4.2.2: options(digits = 17); poisson.test(c(after, before), conf.level = level)$conf.int.
 * R's root finder is good to about 1e-11 for the large counts. */
static void poisson_agrees_with_r(void **state) {
    (void)state;
    static const struct {
        uint64_t before, after;
        double level, lower, upper;
    } cases[] = {
        {5, 7, 0.95, 0.38249424945366411, 5.5940342668434129},
        {1, 1, 0.95, 0.012739367083666625, 78.496835316262846},
        {2, 3, 0.95, 0.17182849255502164, 17.959160830022086},
        {30, 20, 0.90, 0.3949542096901198, 1.1102377607311231},
        {1000, 1050, 0.95, 0.96197352383637613, 1.1461354946302011},
        {100000, 123456, 0.95, 1.2242984438696483, 1.244909814316888},
        {2000000, 2000001, 0.95, 0.9980419557008553, 1.0019628877207429},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct ratio_interval found =
            ratio_poisson(cases[i].before, cases[i].after, cases[i].level);
        near(found.lower, cases[i].lower, 1e-10);
        near(found.upper, cases[i].upper, 1e-10);
    }
}

/* The definition: at each limit the binomial tail is alpha / 2. */
static void poisson_limits_have_the_tails_they_should(void **state) {
    (void)state;
    for (unsigned before = 1; before <= 60; before += 7)
        for (unsigned after = 1; after <= 60; after++) {
            struct ratio_interval found = ratio_poisson(before, after, 0.9);
            double low = found.lower / (1 + found.lower), high = found.upper / (1 + found.upper);
            near(gsl_cdf_binomial_Q(after - 1, low, before + after), 0.05, 1e-9);
            near(gsl_cdf_binomial_P(after, high, before + after), 0.05, 1e-9);
        }
}

/* With nothing after, the limit for the share is 1 - (alpha/2)^(1/n): a closed form. */
static void poisson_at_nothing(void **state) {
    (void)state;
    struct ratio_interval found = ratio_poisson(12, 0, 0.95);
    assert_true(found.lower == 0);
    near(found.upper, pow(0.025, -1.0 / 12) - 1, 1e-13);
    found = ratio_poisson(0, 12, 0.95);
    assert_true(isnan(found.lower) && isnan(found.upper));
}

/* Who is before and who after is a matter of names. */
static void poisson_turns_over(void **state) {
    (void)state;
    for (uint64_t n = 1; n < 10000000000; n *= 37) {
        struct ratio_interval one = ratio_poisson(n, 3 * n, 0.95),
                              other = ratio_poisson(3 * n, n, 0.95);
        near(one.lower, 1 / other.upper, 1e-15);
        near(one.upper, 1 / other.lower, 1e-15);
        assert_true(one.lower < 3 && 3 < one.upper);
    }
}

/* Complete response before and after consolidation (Cavo et al. 2012): 59 both, 6 before only, 16
 * after only. For before / after, BonettPrice_hybrid_Wilson_score_CI_paired_2x2 of
 * contingencytables, the R package to Fagerland, Lydersen & Laake, Statistical Analysis of
 * Contingency Tables (2017, chapter 8), prints 0.7579 to 0.9910. */
static void paired_agrees_with_the_book(void **state) {
    (void)state;
    struct ratio_interval found = ratio_paired(59, 16, 6, 0.95);
    near(found.lower, 0.7579, 0.00005 / 0.7579);
    near(found.upper, 0.9910, 0.00005 / 0.9910);
}

/* For large counts: ratio exp(+-z sqrt((lost + gained) / (before after))). */
static void paired_becomes_the_delta_method(void **state) {
    (void)state;
    struct ratio_interval found = ratio_paired(95000000, 5000000, 10000000, 0.95);
    double step = gsl_cdf_ugaussian_Pinv(0.975) * sqrt(15e6 / (100e6 * 105e6));
    near(found.lower, 1.05 * exp(-step), 1e-7);
    near(found.upper, 1.05 * exp(step), 1e-7);
}

/* If nobody stayed, the two counts are independent; the interval is then close to the Poisson one,
 * which is exact and so a little wider. */
static void paired_without_pairs_is_unpaired(void **state) {
    (void)state;
    struct ratio_interval paired = ratio_paired(0, 2000, 3000, 0.95),
                          poisson = ratio_poisson(2000, 3000, 0.95);
    near(paired.lower, poisson.lower, 1e-3);
    near(paired.upper, poisson.upper, 1e-3);
}

static void paired_edges(void **state) {
    (void)state;
    struct ratio_interval found = ratio_paired(0, 0, 5, 0.95);
    assert_true(isnan(found.lower) && isnan(found.upper));
    found = ratio_paired(0, 5, 0, 0.95); /* all lost */
    assert_true(found.lower == 0);
    assert_true(found.upper > 0 && found.upper < 1);
    found =
        ratio_paired(10, 0, 0, 0.95); /* nothing happened: still no certainty, and none of bias */
    assert_true(found.lower < 1 && 1 < found.upper);
    near(found.lower * found.upper, 1, 1e-14);
    struct ratio_interval more = ratio_paired(1000, 0, 0, 0.95);
    assert_true(more.lower > found.lower && more.upper < found.upper);
}

/* Creators in a tier before and after are three independent Poisson counts if creators come, stay
 * and go each for themselves: those of both periods, of the first only, of the second only. */
struct coverage {
    double paired, poisson;
};

static struct coverage simulate(double both, double lost, double gained, uint32_t purpose) {
    enum { DRAWS = 20000 };
    double truth = (both + gained) / (both + lost);
    struct coverage covered = {0, 0};
    int counted = 0;
    for (uint32_t i = 0; i < DRAWS; i++) {
        struct random_stream stream;
        random_open(&stream, 20250119, i, 0, 0, purpose);
        uint64_t b = gsl_ran_poisson(random_gsl(&stream), both);
        uint64_t l = gsl_ran_poisson(random_gsl(&stream), lost);
        uint64_t g = gsl_ran_poisson(random_gsl(&stream), gained);
        if (b + l == 0)
            continue;
        counted++;
        struct ratio_interval paired = ratio_paired(b, l, g, 0.95),
                              poisson = ratio_poisson(b + l, b + g, 0.95);
        covered.paired += paired.lower <= truth && truth <= paired.upper;
        covered.poisson += poisson.lower <= truth && truth <= poisson.upper;
    }
    covered.paired /= counted;
    covered.poisson /= counted;
    return covered;
}

/* The error of a simulated coverage near 0.95 is sqrt(0.95 0.05 / 20000) = 0.0015; the bounds leave
 * four of them beside what the method itself misses by. Where few come or go, it covers more. */
static void coverage_is_what_it_says(void **state) {
    (void)state;
    static const struct {
        double both, lost, gained, least, most;
    } cases[] = {
        {950, 50, 100, 0.944, 0.956}, {90, 10, 15, 0.944, 0.962}, {18, 2, 10, 0.940, 0.960},
        {10, 10, 2, 0.940, 0.970},    {98, 2, 2, 0.944, 1.000},   {4, 1, 1, 0.940, 1.000},
    };
    for (uint32_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct coverage covered = simulate(cases[i].both, cases[i].lost, cases[i].gained, i);
        if (covered.paired < cases[i].least || covered.paired > cases[i].most)
            fail_msg("case %u: the interval covers %.4f, expected %.3f to %.3f", i, covered.paired,
                     cases[i].least, cases[i].most);
        assert_true(covered.poisson > 0.99); /* pairs taken for strangers: far too wide */
    }
}

/* Two separate samples, nobody in both: here the exact interval holds its promise. */
static void poisson_is_for_separate_samples(void **state) {
    (void)state;
    struct coverage covered = simulate(0, 20, 30, 100);
    assert_true(covered.poisson >= 0.95 && covered.poisson < 0.975);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(poisson_agrees_with_r),
        cmocka_unit_test(poisson_limits_have_the_tails_they_should),
        cmocka_unit_test(poisson_at_nothing),
        cmocka_unit_test(poisson_turns_over),
        cmocka_unit_test(paired_agrees_with_the_book),
        cmocka_unit_test(paired_becomes_the_delta_method),
        cmocka_unit_test(paired_without_pairs_is_unpaired),
        cmocka_unit_test(paired_edges),
        cmocka_unit_test(coverage_is_what_it_says),
        cmocka_unit_test(poisson_is_for_separate_samples),
    };
    return cmocka_run_group_tests_name("creators-ratio", tests, NULL, NULL);
}
