/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Markov chains from counts: books' chains, R's values, closed forms, what cannot be known. */
#include "stats/markov-chain.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

/* Linear algebra of a few states: each result is within some hundred ulp. */
#define CLOSE 1e-12
/* R's errors here are by central differences of step 1e-6, good to about eight digits. */
#define DIFFERENCED 1e-7

static void assert_near(double found, double expected, double tolerance, const char *what) {
    if (!(fabs(found - expected) <= tolerance * fabs(expected)))
        fail_msg("%s: found %.17g, expected %.17g", what, found, expected);
}

/* Grinstead & Snell, Introduction to Probability, 2nd ed. 1997, example 11.1: the weather in the
 * Land of Oz (rain, nice, snow), of which the book gives in examples 11.19 and 11.26 the fixed
 * vector (2/5, 1/5, 2/5) and the mean first passage times 4, 10/3, 8/3, 8/3, 10/3, 4. */
static const double oz[] = {0.5, 0.25, 0.25, 0.5, 0, 0.5, 0.25, 0.25, 0.5};

static void the_land_of_oz(void **state) {
    (void)state;
    struct error err = {0};
    static const double fixed[] = {0.4, 0.2, 0.4};
    static const double passage[3][3] = {{0, 4, 10.0 / 3}, {8.0 / 3, 0, 8.0 / 3}, {10.0 / 3, 4, 0}};
    double found[3], after[3];
    assert_int_equal(markov_stationary(oz, NULL, 3, found, NULL, &err), 0);
    for (size_t i = 0; i < 3; i++)
        assert_near(found[i], fixed[i], CLOSE, "fixed vector");
    for (size_t target = 0; target < 3; target++) {
        struct markov_reach reach[3];
        assert_int_equal(markov_reach(oz, NULL, 3, target, reach, &err), 0);
        for (size_t i = 0; i < 3; i++) {
            assert_near(reach[i].probability, 1, CLOSE, "certain");
            assert_near(reach[i].time, passage[i][target], CLOSE, "passage time");
        }
    }
    /* The book's P^6 begins .400 .200 .400; after one step from nice it is a row. */
    static const double nice[] = {0, 1, 0};
    assert_int_equal(markov_project(oz, NULL, 3, nice, 1, after, NULL, &err), 0);
    for (size_t i = 0; i < 3; i++)
        assert_near(after[i], oz[3 + i], CLOSE, "a row");
    assert_int_equal(markov_project(oz, NULL, 3, nice, 60, after, NULL, &err), 0);
    for (size_t i = 0; i < 3; i++)
        assert_near(after[i], fixed[i], CLOSE, "the limit");
}

/* The gambler with i of 5 coins in a fair game (states 0 to 5, both ends absorb): reaches 5 with
 * probability i/5 (Grinstead & Snell, section 12.2) and, given that, after (25 - i^2)/3 rounds on
 * average (Stern 1975, Math. Mag. 48:200, doi:10.2307/2690343). */
static void the_gambler(void **state) {
    (void)state;
    enum { N = 6 };
    struct error err = {0};
    double game[N * N] = {[0] = 1, [N * N - 1] = 1};
    for (size_t i = 1; i < N - 1; i++)
        game[i * N + i - 1] = game[i * N + i + 1] = 0.5;
    struct markov_reach reach[N];
    assert_int_equal(markov_reach(game, NULL, N, N - 1, reach, &err), 0);
    assert_true(reach[0].probability == 0 && isnan(reach[0].time));
    for (int i = 1; i < N; i++) {
        assert_near(reach[i].probability, i / 5.0, CLOSE, "of winning");
        assert_near(reach[i].time, (25 - i * i) / 3.0, CLOSE, "time to win");
    }
    double found[N];
    assert_int_equal(markov_stationary(game, NULL, N, found, NULL, &err), 0);
    assert_true(isnan(found[0]) && isnan(found[3])); /* two ends: where from decides */
}

/* R 4.2.2: n <- matrix(c(120,30,4,1, 18,200,25,2, 3,22,90,9, 0,1,12,40), 4, byrow = TRUE);
 * p <- n / rowSums(n); pi by eigen(t(p)); times by solve(diag(3) - p[-4,-4], rep(1, 3)); errors
 * sqrt(sum_i J_i V_i J_i'), V_i = (diag(p_i) - p_i p_i') / n_i, J by central differences of the
 * same functions along p_ij up, p_ii down, step 1e-6. */
static const uint64_t counts[] = {120, 30, 4, 1, 18, 200, 25, 2, 3, 22, 90, 9, 0, 1, 12, 40};

static void agrees_with_r(void **state) {
    (void)state;
    struct error err = {0};
    double shares[16], totals[4], found[4], errors[4];
    markov_shares(counts, 4, shares, totals);
    assert_true(totals[0] == 155 && totals[3] == 53);

    static const double fixed[] = {0.17699854456593381, 0.45570438107168937, 0.26813311179632837,
                                   0.099163962566048522};
    static const double fixed_errors[] = {0.0399494559, 0.05029698942, 0.04365749896,
                                          0.03605728255};
    assert_int_equal(markov_stationary(shares, totals, 4, found, errors, &err), 0);
    for (size_t i = 0; i < 4; i++) {
        assert_near(found[i], fixed[i], CLOSE, "stationary");
        assert_near(errors[i], fixed_errors[i], DIFFERENCED, "its error");
    }

    static const double times[] = {46.574442330970079, 44.312899878955562, 36.429621303821556};
    static const double time_errors[] = {12.43671594, 12.44375403, 11.95690456};
    struct markov_reach reach[4];
    assert_int_equal(markov_reach(shares, totals, 4, 3, reach, &err), 0);
    for (size_t i = 0; i < 3; i++) {
        assert_near(reach[i].time, times[i], CLOSE, "time");
        assert_near(reach[i].time_error, time_errors[i], DIFFERENCED, "its error");
        assert_near(reach[i].probability, 1, CLOSE, "certain");
        assert_true(reach[i].probability_error < 1e-12);
    }

    /* start rep(1/4, 4), five steps. */
    static const double start[] = {0.25, 0.25, 0.25, 0.25};
    static const double after[] = {0.17257353603796002, 0.40645510878525731, 0.28491421430036618,
                                   0.13605714087641663};
    static const double after_errors[] = {0.02786478764, 0.03926131212, 0.03665406678,
                                          0.03500863759};
    assert_int_equal(markov_project(shares, totals, 4, start, 5, found, errors, &err), 0);
    for (size_t i = 0; i < 4; i++) {
        assert_near(found[i], after[i], CLOSE, "projected");
        assert_near(errors[i], after_errors[i], DIFFERENCED, "its error");
    }
}

/* By the same differences: pi[-4] / sum(pi[-4]), and sum(pi * rowSums(p * abs(outer(1:4, 1:4,
 * "-")))). */
static void parts_and_means(void **state) {
    (void)state;
    struct error err = {0};
    double shares[16], totals[4], found[4], errors[4], distance[16], mean, error;
    markov_shares(counts, 4, shares, totals);
    static const double seen[] = {0.19648253090553369, 0.50586828472112588, 0.29764918437334043};
    static const double seen_errors[] = {0.0420437831, 0.04701659018, 0.05202731097};
    assert_int_equal(markov_stationary_without(shares, totals, 4, 3, found, errors, &err), 0);
    for (size_t i = 0; i < 3; i++) {
        assert_near(found[i], seen[i], CLOSE, "of those seen");
        assert_near(errors[i], seen_errors[i], DIFFERENCED, "its error");
    }
    assert_true(isnan(found[3]) && isnan(errors[3]));
    for (int i = 0; i < 4; i++)
        for (int j = 0; j < 4; j++)
            distance[i * 4 + j] = abs(i - j);
    assert_int_equal(markov_mean(shares, totals, 4, distance, &mean, &error, &err), 0);
    assert_near(mean, 0.24044152534407826, CLOSE, "mean");
    assert_near(error, 0.02059171921, DIFFERENCED, "its error");
}

/* As above with state 3 absorbing: h <- solve(diag(2) - p[1:2,1:2], p[1:2,3]);
 * u <- solve(diag(2) - p[1:2,1:2], h); c(h, u / h). */
static void reaches_before_absorption(void **state) {
    (void)state;
    struct error err = {0};
    double shares[16], totals[4];
    markov_shares(counts, 4, shares, totals);
    for (size_t to = 0; to < 4; to++)
        shares[12 + to] = to == 3;
    struct markov_reach reach[4];
    assert_int_equal(markov_reach(shares, totals, 4, 2, reach, &err), 0);
    assert_near(reach[0].probability, 0.89855072463768115, CLOSE, "probability");
    assert_near(reach[1].probability, 0.91497584541062804, CLOSE, "probability");
    assert_near(reach[0].time, 13.970391148511766, CLOSE, "time");
    assert_near(reach[1].time, 10.932285529181907, CLOSE, "time");
    assert_near(reach[0].probability_error, 0.05640954014, DIFFERENCED, "error");
    assert_near(reach[1].probability_error, 0.04884714231, DIFFERENCED, "error");
    assert_near(reach[0].time_error, 2.158571912, DIFFERENCED, "error");
    assert_near(reach[1].time_error, 1.975668844, DIFFERENCED, "error");
    assert_true(reach[3].probability == 0 && isnan(reach[3].time));
    assert_true(reach[2].probability == 1 && reach[2].time == 0);
}

/* R: qbeta(c(0.025, 0.975), 30.5, 126.5); qbeta(0.975, 0.5, 54.5). */
static void intervals(void **state) {
    (void)state;
    struct proportion_interval found = markov_interval(30, 155, 4, 0.95);
    assert_near(found.lower, 0.13642835093965358, CLOSE, "lower");
    assert_near(found.upper, 0.25947861022230267, CLOSE, "upper");
    found = markov_interval(0, 53, 4, 0.95);
    assert_true(found.lower == 0);
    assert_near(found.upper, 0.045246210378820484, CLOSE, "upper of nothing seen");
    assert_true(markov_interval(53, 53, 4, 0.95).upper == 1);
    found = markov_interval(0, 0, 4, 0.95);
    assert_true(isnan(found.lower) && isnan(found.upper));

    /* By hand: odds 1 times or by exp(1.959963984540054 * 0.1 / 0.25). */
    found = markov_share_interval(0.5, 0.1, 0.95);
    double factor = exp(1.959963984540054 * 0.4);
    assert_near(found.upper, factor / (1 + factor), CLOSE, "share");
    assert_near(found.lower, 1 / (1 + factor), CLOSE, "share");
    found = markov_time_interval(10, 1, 0.95);
    assert_near(found.upper, 10 * exp(0.1959963984540054), CLOSE, "time");
    assert_near(found.lower, 10 / exp(0.1959963984540054), CLOSE, "time");
    assert_true(isnan(markov_share_interval(1, 0.1, 0.95).lower));
    assert_true(isnan(markov_share_interval(0, 0, 0.95).upper));
    assert_true(isnan(markov_share_interval(0.5, 0, 0.95).upper));
    assert_true(isnan(markov_time_interval(1, 0, 0.95).lower));
    assert_true(isnan(markov_time_interval(NAN, NAN, 0.95).lower));
}

/* The moments of Dirichlet(n + 1/2): mean (n_ij + 1/2) / (n_i + 2), the beta variance. */
static void draws(void **state) {
    (void)state;
    enum { DRAWS = 40000 };
    struct random_stream stream;
    random_open(&stream, 5, 0, 0, 0, 0);
    double sum[16] = {0}, squares[16] = {0}, shares[16];
    for (int draw = 0; draw < DRAWS; draw++) {
        markov_draw(counts, 4, &stream, shares);
        for (size_t i = 0; i < 16; i++) {
            sum[i] += shares[i];
            squares[i] += shares[i] * shares[i];
        }
        assert_near(shares[4] + shares[5] + shares[6] + shares[7], 1, CLOSE, "a row");
    }
    static const double rows[] = {155, 245, 124, 53};
    for (size_t i = 0; i < 16; i++) {
        double total = rows[i / 4] + 2, mean = ((double)counts[i] + 0.5) / total;
        double variance = mean * (1 - mean) / (total + 1), found = sum[i] / DRAWS;
        assert_true(fabs(found - mean) < 5 * sqrt(variance / DRAWS));
        /* The variance of a skew share: kurtosis up to about 15 here. */
        assert_near(squares[i] / DRAWS - found * found, variance, 5 * sqrt(15.0 / DRAWS), "spread");
    }
}

/* A chain in which state 2 is never left nor stayed in, as a tier that was reached last. */
static void what_is_not_known(void **state) {
    (void)state;
    struct error err = {0};
    static const uint64_t few[] = {5, 5, 0, 5, 4, 1, 0, 0, 0};
    double shares[9], totals[3], found[3], errors[3];
    markov_shares(few, 3, shares, totals);
    assert_true(isnan(shares[6]) && isnan(shares[8]) && totals[2] == 0);
    assert_int_equal(markov_stationary(shares, totals, 3, found, errors, &err), 0);
    assert_true(isnan(found[0]) && isnan(errors[2]));
    struct markov_reach reach[3];
    assert_int_equal(markov_reach(shares, totals, 3, 0, reach, &err), 0);
    assert_true(isnan(reach[1].probability) && isnan(reach[1].time));
    assert_int_equal(markov_reach(shares, totals, 3, 2, reach, &err), 0);
    assert_near(reach[1].probability, 1, CLOSE, "2 itself needs no row");
    assert_near(reach[0].time, 22, CLOSE, "t0 = 2 + t1, 0.6 t1 = 1 + t0/2");
    static const double start[] = {1, 0, 0};
    assert_int_equal(markov_project(shares, totals, 3, start, 2, found, errors, &err), 0);
    assert_near(found[0], 0.5, CLOSE, "two steps on all is known");
    assert_near(found[2], 0.05, CLOSE, "and some are in 2");
    assert_true(errors[2] > 0);
    assert_int_equal(markov_project(shares, totals, 3, start, 3, found, errors, &err), 0);
    assert_true(isnan(found[0]) && isnan(errors[0]));

    /* Left for good: share 0; one state: share 1. */
    static const double leaving[] = {0.9, 0.1, 0, 1};
    static const double hundred[] = {100, 100};
    assert_int_equal(markov_stationary(leaving, hundred, 2, found, errors, &err), 0);
    assert_true(found[0] == 0 && found[1] == 1 && errors[1] == 0);
    static const double one[] = {1};
    assert_int_equal(markov_stationary(one, NULL, 1, found, NULL, &err), 0);
    assert_true(found[0] == 1);
}

/* R 4.2.2: a <- rbind(c(12,3,5), c(20,9,1)); b <- rbind(c(7,8,9), c(1,0,4), c(6,6,6));
 * chisq.test(a)$statistic 5.9027777777777786, of b 4.1183897243107763; 2 sum(t log(t/E)) of a
 * 6.058341481567739, of b 5.2011815555347809; pchisq(sum, 6, lower = FALSE). */
static void tests(void **state) {
    (void)state;
    /* Steps by state: state 0 has the rows of a (a third step without any), state 1 those of b. */
    static const uint64_t steps[3][3][3] = {{{12, 3, 5}, {7, 8, 9}, {0, 0, 0}},
                                            {{20, 9, 1}, {1, 0, 4}, {0, 0, 0}},
                                            {{0, 0, 0}, {6, 6, 6}, {1, 0, 0}}};
    struct markov_test test = markov_test_homogeneity(&steps[0][0][0], 3, 3);
    assert_near(test.pearson, 5.9027777777777786 + 4.1183897243107763, CLOSE, "Pearson");
    assert_near(test.likelihood_ratio, 6.058341481567739 + 5.2011815555347809, CLOSE, "G");
    assert_int_equal(test.df, 6);
    assert_near(test.pearson_p, 0.1237634357418623, CLOSE, "p");
    assert_near(test.likelihood_ratio_p, 0.080679175349962537, CLOSE, "p");
    assert_int_equal(test.cells, 6 + 9 + 1);
    /* Expected below 5: a's 12/50 x 20 = 4.8 and 6/50 x 20 = 2.4, 3.6; b's row of 5, and 24 x 14/47
     * and so on are above; the lone transition of state 2. */
    test = markov_test_homogeneity_from(&steps[0][0][0], 3, 3, 0);
    assert_near(test.pearson, 5.9027777777777786, CLOSE, "one state");
    assert_int_equal(test.df, 2);
    assert_int_equal(test.sparse, 3);

    /* The same tables as triples: first, second, third. */
    static const uint64_t triples[3][3][3] = {{{12, 3, 5}, {7, 8, 9}, {0, 0, 0}},
                                              {{20, 9, 1}, {1, 0, 4}, {0, 0, 0}},
                                              {{0, 0, 0}, {6, 6, 6}, {1, 0, 0}}};
    test = markov_test_order(&triples[0][0][0], 3);
    assert_near(test.pearson, 5.9027777777777786 + 4.1183897243107763, CLOSE, "order");
    assert_int_equal(test.df, 6);

    static const uint64_t square[] = {7, 8, 9, 1, 0, 4, 6, 6, 6};
    test = markov_test_independence(square, 3);
    assert_near(test.pearson, 4.1183897243107763, CLOSE, "independence");
    assert_int_equal(test.df, 4);

    static const uint64_t nothing[9] = {0};
    test = markov_test_independence(nothing, 3);
    assert_true(test.df == 0 && isnan(test.pearson_p) && test.pearson == 0);
}

/* Small shares keep their digits: a birth-and-death chain up 1e-6, down 0.5 has pi_k in ratio
 * 2e-6, so pi_5 is 3.2e-29 of pi_0. */
static void keeps_small_shares(void **state) {
    (void)state;
    enum { N = 6 };
    struct error err = {0};
    double chain[N * N] = {0}, found[N];
    for (size_t i = 0; i < N; i++) {
        double up = i + 1 < N ? 1e-6 : 0, down = i > 0 ? 0.5 : 0;
        chain[i * N + i] = 1 - up - down;
        if (i + 1 < N)
            chain[i * N + i + 1] = up;
        if (i > 0)
            chain[i * N + i - 1] = down;
    }
    assert_int_equal(markov_stationary(chain, NULL, N, found, NULL, &err), 0);
    for (size_t i = 1; i < N; i++)
        assert_near(found[i] / found[i - 1], 2e-6, CLOSE, "ratio");
}

int main(void) {
    const struct CMUnitTest all[] = {
        cmocka_unit_test(the_land_of_oz),
        cmocka_unit_test(the_gambler),
        cmocka_unit_test(agrees_with_r),
        cmocka_unit_test(parts_and_means),
        cmocka_unit_test(reaches_before_absorption),
        cmocka_unit_test(intervals),
        cmocka_unit_test(draws),
        cmocka_unit_test(what_is_not_known),
        cmocka_unit_test(tests),
        cmocka_unit_test(keeps_small_shares),
    };
    return cmocka_run_group_tests(all, NULL, NULL);
}
