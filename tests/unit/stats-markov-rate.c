/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Intensities: closed forms for two states, msm's answer for a small panel, and what the data do
 * not determine. R's own panels are in tests/cli/churn-flows.t and tests/truth/churn-flows.t. */
#include "stats/markov-rate.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void assert_near(double found, double expected, double relative) {
    if (!(fabs(found - expected) <= relative * fabs(expected)))
        fail_msg("found %.17g, expected %.17g", found, expected);
}

static struct markov_rate fit(size_t n_states, struct markov_step *steps, size_t n,
                              const bool *allowed, const bool *exact) {
    const struct markov_steps all = {.n_states = n_states, .steps = steps, .n = n};
    const struct markov_rate_options options = {.allowed = allowed, .exact = exact};
    struct markov_rate rate;
    struct error err = {0};
    if (markov_rate_fit(&all, &options, &rate, &err))
        fail_msg("%s", err.text);
    return rate;
}

/* ---- Closed forms ---------------------------------------------------------------------------- */

/* 30 of 100 have left after 2: q = -log(0.7) / 2, and by the delta method the error of log q is
 * sqrt(0.3 / (0.7 100)) / -log 0.7. */
static void one_way(void **state) {
    (void)state;
    struct markov_step steps[] = {{0, 0, 2, 70}, {0, 1, 2, 30}, {1, 1, 2, 5}};
    struct markov_rate rate = fit(2, steps, 3, NULL, NULL);
    const double q = -log(0.7) / 2, error = sqrt(0.3 / 70) / -log(0.7) * q;
    const struct markov_estimate found = markov_rate_intensity(&rate, 0, 1, 0.95);
    assert_near(found.value, q, 1e-12);
    assert_near(found.error, error, 1e-9);
    assert_near(found.lower, q * exp(-1.959963984540054 * error / q), 1e-8);
    assert_near(found.upper, q * exp(1.959963984540054 * error / q), 1e-8);
    assert_near(rate.log_likelihood, 70 * log(0.7) + 30 * log(0.3), 1e-13);
    const struct markov_estimate stay = markov_rate_sojourn(&rate, 0, 0.95);
    assert_near(stay.value, 1 / q, 1e-12);
    assert_near(stay.error, error / (q * q), 1e-9);
    assert_true(isinf(markov_rate_sojourn(&rate, 1, 0.95).value));
    assert_true(isnan(markov_rate_sojourn(&rate, 1, 0.95).lower));
    struct markov_estimate moved;
    struct error err = {0};
    assert_int_equal(markov_rate_probability(&rate, 0, 1, 2, 0.95, &moved, &err), 0);
    assert_near(moved.value, 0.3, 1e-12);
    assert_near(moved.error, sqrt(0.3 * 0.7 / 100), 1e-9); /* the binomial's */
    assert_true(markov_rate_intensity(&rate, 1, 0, 0.95).value == 0);
    assert_true(isnan(markov_rate_intensity(&rate, 1, 0, 0.95).error));
    markov_rate_free(&rate);
}

/* Two states, one length: exp(Q t) can be any matrix with p_00 + p_11 > 1, so it is the shares
 * seen; with s = -log(p_00 + p_11 - 1) / t, q_01 = s p_01 / (p_01 + p_10). */
static void both_ways(void **state) {
    (void)state;
    struct markov_step steps[] = {{0, 0, 3, 160}, {0, 1, 3, 40}, {1, 0, 3, 30}, {1, 1, 3, 70}};
    struct markov_rate rate = fit(2, steps, 4, NULL, NULL);
    const double a = 0.2, b = 0.3, left = 1 - a - b, s = -log(left) / 3;
    assert_near(rate.q[1], s * a / (a + b), 1e-12);
    assert_near(rate.q[2], s * b / (a + b), 1e-12);
    /* d q_01 / d a, d b; the variances of a and b are binomial. */
    const double by_a = s * b / ((a + b) * (a + b)) + a / (a + b) / (3 * left);
    const double by_b = -s * a / ((a + b) * (a + b)) + a / (a + b) / (3 * left);
    const double error = sqrt(by_a * by_a * a * (1 - a) / 200 + by_b * by_b * b * (1 - b) / 100);
    assert_near(markov_rate_intensity(&rate, 0, 1, 0.95).error, error, 1e-9);
    markov_rate_free(&rate);
}

/* Deaths at exactly their time: events over time, with error q / sqrt(events). */
static void exact_times(void **state) {
    (void)state;
    struct markov_step steps[] = {{0, 1, 2.5, 1}, {0, 1, 0.5, 2}, {0, 0, 4, 3}, {0, 1, 7, 1}};
    const bool exact[] = {false, true};
    struct markov_rate rate = fit(2, steps, 4, NULL, exact);
    const double q = 4 / (2.5 + 1 + 12 + 7);
    assert_near(rate.q[1], q, 1e-12);
    assert_near(markov_rate_intensity(&rate, 0, 1, 0.95).error, q / 2, 1e-9);
    assert_near(rate.log_likelihood, 4 * log(q) - q * 22.5, 1e-12);
    markov_rate_free(&rate);
}

/* ---- The same, however it is written --------------------------------------------------------- */

static const struct markov_step three[] = {
    {0, 0, 1, 50},   {0, 1, 1, 9},    {0, 2, 1, 2},    {1, 0, 1, 4},   {1, 1, 1, 30},
    {1, 2, 1, 8},    {0, 0, 2.5, 31}, {0, 1, 2.5, 11}, {0, 2, 2.5, 7}, {1, 0, 2.5, 5},
    {1, 1, 2.5, 12}, {1, 2, 2.5, 14}, {2, 2, 1, 3},
};
enum { THREE = sizeof three / sizeof *three };
static const bool onwards[] = {false, true, false, true, false, true, false, false, false};

/* R> library(msm)
 * R> s <- data.frame(from = c(1,1,1,2,2,2,1,1,1,2,2,2), to = rep(1:3, 4),
 *                    t = rep(c(1, 2.5), each = 6), n = c(50,9,2,4,30,8,31,11,7,5,12,14))
 * R> d <- do.call(rbind, Map(function(i, f, u, t) data.frame(id = i, time = c(0, t),
 *       state = c(f, u)), seq_len(sum(s$n)), rep(s$from, s$n), rep(s$to, s$n), rep(s$t, s$n)))
 * R> m <- msm(state ~ time, id, d, qmatrix = rbind(c(0, .2, 0), c(.1, 0, .2), 0),
 *             control = list(reltol = 1e-16, fnscale = 200, maxit = 10000))
 * R> print(m$Qmatrices$baseline, 12); print(m$QmatricesSE$baseline, 12); m$minus2loglik / -2
 * msm stops about 1e-6 before the peak. */
static void as_msm_has_it(void **state) {
    (void)state;
    struct markov_step steps[THREE];
    memcpy(steps, three, sizeof steps);
    struct markov_rate rate = fit(3, steps, THREE, onwards, NULL);
    assert_near(rate.q[0 * 3 + 1], 0.2132832214, 3e-6);
    assert_near(rate.q[1 * 3 + 0], 0.132841564905, 3e-6);
    assert_near(rate.q[1 * 3 + 2], 0.283503229825, 3e-6);
    assert_near(markov_rate_intensity(&rate, 0, 1, 0.95).error, 0.0421718995264, 1e-5);
    assert_near(markov_rate_intensity(&rate, 1, 0, 0.95).error, 0.0465735464191, 1e-5);
    assert_near(markov_rate_intensity(&rate, 1, 2, 0.95).error, 0.0525193649496, 1e-5);
    assert_near(rate.log_likelihood, -143.20630908186, 1e-10);
    markov_rate_free(&rate);
}

static void order_and_splitting_do_not_show(void **state) {
    (void)state;
    struct markov_step steps[THREE], other[THREE + 1];
    memcpy(steps, three, sizeof steps);
    for (int i = 0; i < THREE; i++)
        other[THREE - 1 - i] = three[i];
    other[THREE] = other[0];
    other[0].count -= 1;
    other[THREE].count = 1;
    struct markov_rate rate = fit(3, steps, THREE, onwards, NULL);
    struct markov_rate same = fit(3, other, THREE + 1, onwards, NULL);
    assert_memory_equal(rate.q, same.q, 9 * sizeof *rate.q);
    assert_memory_equal(rate.covariance, same.covariance, 9 * sizeof *rate.covariance);
    for (int i = 0; i < THREE; i++)
        steps[i].time *= 365.25e6;
    struct markov_rate slow = fit(3, steps, THREE, onwards, NULL);
    for (int i = 0; i < 9; i++)
        assert_true(fabs(slow.q[i] * 365.25e6 - rate.q[i]) < 1e-12);
    markov_rate_free(&rate);
    markov_rate_free(&same);
    markov_rate_free(&slow);
}

/* ---- What cannot be told --------------------------------------------------------------------- */

static void assert_refused(size_t n_states, struct markov_step *steps, size_t n,
                           const bool *allowed, const char *words) {
    const struct text names[] = {{"A", 1}, {"B", 1}, {"C", 1}};
    const struct markov_steps all = {.n_states = n_states, .steps = steps, .n = n};
    const struct markov_rate_options options = {.allowed = allowed, .names = names};
    struct markov_rate rate;
    struct error err = {0};
    if (markov_rate_fit(&all, &options, &rate, &err) != ERROR_DATA)
        fail_msg("expected '%s', found q %g %g %g", words, rate.q[0], rate.q[1], rate.q[2]);
    if (!strstr(err.text, words))
        fail_msg("found '%s', expected '%s'", err.text, words);
    assert_null(rate.q);
}

static void says_what_it_cannot_tell(void **state) {
    (void)state;
    struct markov_step none[1];
    assert_refused(2, none, 0, NULL, "nobody was seen twice");
    struct markov_step stays[] = {{0, 0, 1, 10}, {1, 1, 1, 10}};
    assert_refused(2, stays, 2, NULL, "nobody was seen to go from one state to another");
    struct markov_step back[] = {{0, 1, 1, 10}, {1, 0, 1, 3}, {0, 0, 1, 5}};
    const bool there[] = {false, true, false, false};
    assert_refused(2, back, 3, there, "found 3 going from 'B' to 'A', which the allowed moves do");
    /* p_00 + p_11 < 1: no process in continuous time does this. */
    struct markov_step swaps[] = {{0, 1, 1, 90}, {0, 0, 1, 10}, {1, 0, 1, 90}, {1, 1, 1, 10}};
    assert_refused(2, swaps, 4, NULL, "grows without bound: moves are quicker than the looks");
    /* From A to C always by B, which takes its time. */
    struct markov_step through[] = {
        {0, 0, 1, 900}, {0, 1, 1, 95}, {0, 2, 1, 2}, {1, 1, 1, 900}, {1, 2, 1, 95}};
    assert_refused(3, through, 5, NULL, "from 'A' to 'C' goes to 0");
    /* Nobody was seen to leave C or B: six moves from two shares. */
    struct markov_step unseen[] = {{0, 0, 1, 50}, {0, 1, 1, 25}, {0, 2, 1, 25}};
    const bool all[] = {false, true, true, true, false, true, true, true, false};
    assert_refused(3, unseen, 3, all, "from '");
}

static void looks_become_steps(void **state) {
    (void)state;
    const struct markov_look looks[] = {{7, 0, 1}, {7, 1, 3.5}, {7, 1, 3.5}, {7, 0, 4},
                                        {8, 1, 0}, {9, 0, 2},   {9, 0, 3}};
    struct markov_steps steps = {0};
    struct error err = {0};
    assert_int_equal(markov_steps_of(looks, 7, 2, NULL, &steps, &err), 0);
    assert_int_equal(steps.n, 3);
    assert_int_equal(steps.subjects, 3);
    assert_true(steps.steps[0].from == 0 && steps.steps[0].to == 1 && steps.steps[0].time == 2.5);
    assert_true(steps.steps[1].from == 1 && steps.steps[1].to == 0 && steps.steps[1].time == 0.5);
    assert_true(steps.steps[2].from == 0 && steps.steps[2].to == 0 && steps.steps[2].time == 1);
    const struct markov_look torn[] = {{1, 0, 2}, {1, 1, 2}};
    assert_int_equal(markov_steps_of(torn, 2, 2, NULL, &steps, &err), ERROR_DATA);
    assert_string_equal(err.text, "found a subject in '1' and in '2' at the same time, 2, expected "
                                  "one state at a time");
    markov_steps_free(&steps);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_way),
        cmocka_unit_test(both_ways),
        cmocka_unit_test(exact_times),
        cmocka_unit_test(as_msm_has_it),
        cmocka_unit_test(order_and_splitting_do_not_show),
        cmocka_unit_test(says_what_it_cannot_tell),
        cmocka_unit_test(looks_become_steps),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
