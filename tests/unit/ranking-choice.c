/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The logit against its closed form. */
#include "worlds.h"

#include "base/random.h"
#include "ranking/choice.h"

#include <gsl/gsl_cdf.h>

/* exp(v) = 1, 2, 3 and 4 outside: shares of tenths, and ln(10 / 4). */
static void closed_form(void **state) {
    (void)state;
    const double v[] = {log(1), log(2), log(3)};
    double shares[3];
    double worth = choice_shares(v, 3, log(4), shares);
    for (int i = 0; i < 3; i++)
        assert_true(fabs(shares[i] - (i + 1) / 10.0) < 1e-15);
    assert_true(fabs(worth - log(10.0 / 4)) < 1e-15);
    assert_true(choice_shares(v, 0, 1, shares) == 0);
}

static void large_utilities(void **state) {
    (void)state;
    const double v[] = {1e6, 1e6 + log(3), -1e6};
    double shares[3];
    double worth = choice_shares(v, 3, 0, shares);
    assert_true(fabs(shares[0] - 0.25) < 1e-9); /* 1e6 + ln 3 has ten digits left for ln 3 */
    assert_true(fabs(shares[1] - 0.75) < 1e-9);
    assert_true(shares[2] == 0);
    assert_true(fabs(worth - 1e6 - log(4)) < 1e-9);
}

/* Against the C library's exponential function, which is within 0.51 units in the last place. */
static void exponentials(void **state) {
    (void)state;
    enum { N = 20000, MOST = 21 };
    struct random_stream stream;
    random_open(&stream, 3, 0, 0, 0, 0);
    double *x = malloc(N * sizeof *x), *found = malloc(N * sizeof *found);
    double *other = malloc(N * sizeof *other);
    for (int i = 0; i < N; i++)
        x[i] = i % 2 ? -700 * random_uniform(&stream) : -3 * random_uniform(&stream);
    x[0] = 0, x[1] = -708, x[2] = -709, x[3] = -1e300, x[4] = -INFINITY;
    choice_exponentials_at(KERNEL_PLAIN, x, N, 0, found);
    assert_true(found[0] == 1 && found[1] > 0);
    assert_true(found[2] == 0 && found[3] == 0 && found[4] == 0);
    for (int i = 5; i < N; i++)
        assert_true(fabs(found[i] / exp(x[i]) - 1) < 3e-16);
    for (int level = KERNEL_PLAIN; level <= (int)kernel_level(); level++) {
        choice_exponentials_at((enum kernel_level)level, x, N, 0, other);
        assert_memory_equal(found, other, N * sizeof *found);
        for (size_t n = 0; n < MOST; n++) { /* groups that are not whole */
            other[n] = 7;
            choice_exponentials_at((enum kernel_level)level, x + 5, n, 0, other);
            assert_memory_equal(found + 5, other, n * sizeof *found);
            assert_true(other[n] == 7);
        }
    }
    x[0] = 0.25;
    choice_exponentials_at(KERNEL_PLAIN, x, 1, 0.25, other);
    assert_true(other[0] == 1);
    free(x);
    free(found);
    free(other);
}

static void draws_follow_shares(void **state) {
    (void)state;
    enum { DRAWS = 1000000 };
    const double v[] = {0.3, -1.2, 1.7, 0.0, 2.2};
    double shares[5], none = 1, chi_square = 0;
    int counts[6] = {0};
    choice_shares(v, 5, 1.0, shares);
    struct random_stream stream;
    random_open(&stream, 7, 0, 0, 0, 0);
    for (int i = 0; i < DRAWS; i++)
        counts[choice_draw(shares, 5, random_uniform(&stream)) + 1]++;
    for (int i = 0; i < 5; i++)
        none -= shares[i];
    for (int i = 0; i < 6; i++) {
        double expected = DRAWS * (i == 0 ? none : shares[i - 1]);
        chi_square += (counts[i] - expected) * (counts[i] - expected) / expected;
    }
    print_message("seed 7: logit, chi-square %.1f on 5\n", chi_square);
    /* The seed is fixed: this fails for a wrong model, not once in a thousand runs. */
    assert_true(gsl_cdf_chisq_Q(chi_square, 5) > 0.001);
}

static void log_odds_and_back(void **state) {
    (void)state;
    for (int i = 1; i < 1000; i++)
        assert_true(fabs(choice_logistic(choice_log_odds(i / 1000.0)) - i / 1000.0) < 1e-14);
    assert_true(choice_logistic(choice_log_odds(0)) == 0);
    assert_true(choice_logistic(choice_log_odds(1)) == 1);
}

static double mean_share(const double *x, size_t n, double a) {
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += choice_logistic(a + x[i]);
    return sum / (double)n;
}

static void intercept_meets_rate(void **state) {
    (void)state;
    enum { N = 1000 };
    static const double rates[] = {1e-6, 0.001, 0.02, 0.5, 0.98, 0.999};
    static const double spreads[] = {0, 0.1, 3, 50};
    double x[N];
    for (size_t s = 0; s < sizeof spreads / sizeof *spreads; s++)
        for (size_t r = 0; r < sizeof rates / sizeof *rates; r++) {
            struct random_stream stream;
            random_open(&stream, 3, 0, (uint32_t)s, 0, 0);
            for (size_t i = 0; i < N; i++)
                x[i] = spreads[s] * (random_uniform(&stream) - 0.3);
            double a = choice_intercept(x, N, rates[r]);
            assert_true(fabs(mean_share(x, N, a) / rates[r] - 1) < 1e-9);
        }
}

static void intercept_at_the_ends(void **state) {
    (void)state;
    const double x[] = {-1, 0, 2};
    assert_true(choice_intercept(x, 3, 0) == -INFINITY);
    assert_true(choice_intercept(x, 3, 1) == INFINITY);
    assert_true(choice_intercept(NULL, 0, 0.25) == choice_log_odds(0.25));
    assert_true(fabs(choice_intercept(x + 2, 1, 0.25) - (choice_log_odds(0.25) - 2)) < 1e-11);
}

/* Taken with probabilities 1/2, 3/4 and 1/3 by themselves: 1/2, 1/2 3/4, 1/2 1/4 1/3 in a cascade;
 * with a patience of 1/2 each further place counts half. */
static void cascade_closed_form(void **state) {
    (void)state;
    const double v[] = {1, 1 + log(3), 1 - log(2)};
    double shares[3];
    choice_cascade(v, 3, 1, 1, shares);
    assert_true(fabs(shares[0] - 1.0 / 2) < 1e-15);
    assert_true(fabs(shares[1] - 3.0 / 8) < 1e-15);
    assert_true(fabs(shares[2] - 1.0 / 24) < 1e-15);
    choice_cascade(v, 3, 1, 0.5, shares);
    assert_true(fabs(shares[1] - 3.0 / 16) < 1e-15);
    assert_true(fabs(shares[2] - 1.0 / 96) < 1e-15);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(exponentials),         cmocka_unit_test(closed_form),
        cmocka_unit_test(large_utilities),      cmocka_unit_test(draws_follow_shares),
        cmocka_unit_test(log_odds_and_back),    cmocka_unit_test(cascade_closed_form),
        cmocka_unit_test(intercept_meets_rate), cmocka_unit_test(intercept_at_the_ends),
    };
    return cmocka_run_group_tests_name("ranking-choice", tests, NULL, NULL);
}
