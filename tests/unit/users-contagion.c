/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Exit contagion: Bass's solution, closed forms without imitation, what the profile bounds mean,
 * the ends of the ranges, recovery. R's numbers are compared in tests/truth, coverage in
 * tests/statistics. */
#include "users/contagion.h"

#include "base/random.h"
#include <gsl/gsl_cdf.h>
#include <gsl/gsl_errno.h>
#include <gsl/gsl_randist.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void assert_near(double found, double expected, double tolerance, const char *what) {
    if (!(fabs(found - expected) <= tolerance * fabs(expected)))
        fail_msg("%s: found %.17g, expected %.17g", what, found, expected);
}

/* ---- The chance ------------------------------------------------------------------------------ */

/* Bass 1969, eq. 9: the share gone t after nobody was. */
static double bass(double p, double q, double t) {
    return (1 - exp(-(p + q) * t)) / (1 + q / p * exp(-(p + q) * t));
}

static void follows_the_curve_of_bass(void **state) {
    (void)state;
    const double cases[][2] = {{0.03, 0.38}, {0.001, 0.9}, {0.2, 0.01}, {1e-6, 2}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        for (double t = 0.5; t < 40; t *= 1.7) {
            const double p = cases[i][0], q = cases[i][1], d = 0.8;
            const double from = bass(p, q, t), to = bass(p, q, t + d);
            if (1 - from < 1e-6) /* the difference below has no digits left */
                continue;
            assert_near(contagion_chance(p, q, from, d), (to - from) / (1 - from), 1e-8, "chance");
        }
}

static void without_imitation_it_is_exponential(void **state) {
    (void)state;
    assert_near(contagion_chance(0.02, 0, 0.7, 3), -expm1(-0.06), 1e-15, "q = 0");
    assert_near(contagion_chance(1e-12, 0, 0, 1), 1e-12, 1e-11, "tiny");
    assert_near(contagion_chance(50, 50, 0.5, 100), 1, 1e-15, "certain");
    assert_true(contagion_chance(0, 0.5, 0, 10) == 0);
}

/* Leavers are most at ln(q/p)/(p + q) (Bass 1969, eq. 11). */
static void peaks_where_bass_says(void **state) {
    (void)state;
    const double p = 0.01, q = 0.4, d = 0.001;
    double share = 0, most = 0, when = 0;
    for (int i = 0; i < 30000; i++) {
        const double leave = (1 - share) * contagion_chance(p, q, share, d);
        if (leave > most) {
            most = leave;
            when = (i + 0.5) * d;
        }
        share += leave;
    }
    assert_near(when, log(q / p) / (p + q), 2e-4, "peak");
}

/* ---- Histories ------------------------------------------------------------------------------- */

enum { MOST = 400 };

struct told {
    double days[MOST];
    int64_t gone[MOST + 1], leavers[MOST], pool[MOST];
    struct contagion_history history;
};

static void tell(struct told *told, const int64_t *leavers, size_t n, int64_t pool) {
    int64_t gone = 0;
    for (size_t i = 0; i < n; i++) {
        told->days[i] = 1;
        told->gone[i] = gone;
        told->leavers[i] = leavers[i];
        told->pool[i] = pool;
        gone += leavers[i];
    }
    told->gone[n] = gone;
    told->history = (struct contagion_history){n, told->days, told->gone, told->leavers,
                                               pool > 0 ? told->pool : NULL};
}

static void simulate(struct told *told, double p, double q, int64_t pool, size_t n,
                     uint32_t replication, bool known) {
    struct random_stream stream;
    int64_t leavers[MOST], gone = 0;
    random_open(&stream, 31, replication, 0, 0, 0);
    for (size_t i = 0; i < n; i++) {
        const double chance = contagion_chance(p, q, (double)gone / (double)pool, 1);
        leavers[i] = gsl_ran_binomial(random_gsl(&stream), chance, (unsigned)(pool - gone));
        gone += leavers[i];
    }
    tell(told, leavers, n, known ? pool : 0);
}

static const struct contagion_options binomial = {.confidence = 0.95, .binomial = true};

static struct contagion_fit fit_of(const struct told *told, const struct contagion_options *how) {
    struct contagion_fit fit;
    struct error err = {0};
    assert_int_equal(contagion_fit(&told->history, how, &fit, &err), 0);
    return fit;
}

/* With q = 0 and days of equal length P = leavers/person-days, so that the deviance of the test has
 * a closed form. */
static void test_against_the_closed_form(void **state) {
    (void)state;
    struct told told;
    simulate(&told, 0.01, 0.15, 5000, 40, 1, true);
    double leavers = 0, person_days = 0;
    for (size_t i = 0; i < told.history.n; i++) {
        leavers += (double)told.leavers[i];
        person_days += (double)(told.pool[i] - told.gone[i]);
    }
    const double p0 = -log1p(-leavers / person_days);
    struct contagion_fit fit = fit_of(&told, &binomial);
    const struct contagion_parameters without = {p0, 0, 5000};
    assert_near(fit.statistic,
                2 * (fit.log_likelihood - contagion_log_likelihood(&told.history, without)), 1e-9,
                "deviance");
    assert_near(fit.p_value, gsl_cdf_chisq_Q(fit.statistic, 1) / 2, 1e-12, "p-value");
    assert_true(fit.p_value < 1e-12);
}

/* At a bound the likelihood, with the other parameter wherever it is best, is down by half the
 * quantile: found here by a search along a line. */
static double best_with_p(const struct contagion_history *history, double p) {
    double low = log(1e-6), high = log(10), ratio = (sqrt(5) - 1) / 2;
    for (int i = 0; i < 120; i++) {
        const double a = high - ratio * (high - low), b = low + ratio * (high - low);
        const struct contagion_parameters at_a = {p, exp(a), 0}, at_b = {p, exp(b), 0};
        if (contagion_log_likelihood(history, at_a) > contagion_log_likelihood(history, at_b))
            high = b;
        else
            low = a;
    }
    const struct contagion_parameters at = {p, exp((low + high) / 2), 0};
    return contagion_log_likelihood(history, at);
}

static void bounds_lie_where_the_likelihood_has_fallen(void **state) {
    (void)state;
    struct told told;
    simulate(&told, 0.01, 0.2, 2000, 40, 2, true);
    struct contagion_fit fit = fit_of(&told, &binomial);
    const double wanted = fit.log_likelihood - gsl_cdf_chisq_Pinv(0.95, 1) / 2;
    assert_near(best_with_p(&told.history, fit.p.lower), wanted, 1e-10, "lower bound of p");
    assert_near(best_with_p(&told.history, fit.p.upper), wanted, 1e-10, "upper bound of p");
    assert_near(best_with_p(&told.history, fit.p.value), fit.log_likelihood, 1e-10, "maximum");
    assert_true(fit.q.lower < fit.q.value && fit.q.value < fit.q.upper);
    assert_near(fit.tipping.value, fit.p.value / fit.q.value, 1e-12, "tipping share");
    assert_true(fit.tipping.lower < fit.tipping.value && fit.tipping.value < fit.tipping.upper);
}

static void recovers_what_was_simulated(void **state) {
    (void)state;
    struct told told;
    simulate(&told, 0.01, 0.25, 1000000, 60, 3, false);
    struct contagion_fit fit = fit_of(&told, &binomial);
    assert_near(fit.p.value, 0.01, 0.01, "p");
    assert_near(fit.q.value, 0.25, 0.01, "q");
    assert_near(fit.pool.value, 1e6, 0.001, "pool");
    assert_true(!fit.pool_unbound);
    assert_true(fit.pool.lower < 1e6 && 1e6 < fit.pool.upper);
}

/* ---- The ends -------------------------------------------------------------------------------- */

static void no_imitation_is_zero_not_small(void **state) {
    (void)state;
    /* Ever fewer of those who are left: the other way round from contagion. */
    const int64_t leavers[] = {300, 120, 50, 20, 10, 6, 4, 3, 2, 1};
    struct told told;
    tell(&told, leavers, 10, 1000);
    struct contagion_fit fit = fit_of(&told, &binomial);
    assert_true(fit.q.value == 0 && fit.q.lower == 0 && fit.q.upper > 0);
    assert_true(isnan(fit.tipping.value) && isnan(fit.tipping.lower));
    assert_true(fit.statistic == 0 && fit.p_value == 1);
}

static void nothing_but_imitation(void **state) {
    (void)state;
    /* Begun by others before the records: 10 gone of 2000. */
    struct told told;
    struct random_stream stream;
    int64_t leavers[40], gone = 10;
    random_open(&stream, 5, 0, 0, 0, 0);
    for (int i = 0; i < 40; i++) {
        const double chance = contagion_chance(0, 0.3, (double)gone / 2000, 1);
        leavers[i] = gsl_ran_binomial(random_gsl(&stream), chance, (unsigned)(2000 - gone));
        gone += leavers[i];
    }
    tell(&told, leavers, 40, 2000);
    for (int i = 0; i <= 40; i++)
        told.gone[i] += 10;
    struct contagion_fit fit = fit_of(&told, &binomial);
    assert_true(fit.p.lower == 0 && fit.p.value < 0.002 && fit.tipping.lower == 0);
    assert_true(fit.q.lower < 0.3 && 0.3 < fit.q.upper);
}

static void exits_that_do_not_slow_down_leave_the_pool_open(void **state) {
    (void)state;
    const int64_t leavers[] = {3, 4, 4, 6, 7, 9, 12, 15, 19, 25, 31, 40, 51, 66, 84, 108};
    struct told told;
    tell(&told, leavers, 16, 0);
    struct contagion_fit fit = fit_of(&told, &binomial);
    assert_true(fit.pool_unbound);
    assert_true(isinf(fit.pool.value) && isinf(fit.pool.upper) && fit.pool.lower > 484);
    assert_true(isnan(fit.p.value) && isnan(fit.tipping.value));
    assert_true(fit.q.lower > 0.15 && fit.q.upper < 0.4); /* they grow by a factor of 1.28 a day */
}

static void too_little_is_said(void **state) {
    (void)state;
    struct error err = {0};
    struct contagion_fit fit;
    struct told told;
    tell(&told, (const int64_t[]){5, 0, 7, 0}, 4, 100);
    assert_int_equal(contagion_fit(&told.history, &binomial, &fit, &err), ERROR_DATA);
    assert_non_null(strstr(err.text, "leavers in 2 periods, expected at least 3"));
    struct told none;
    struct error of_none = {0};
    tell(&none, (const int64_t[]){0, 0, 0, 0}, 4, 0);
    assert_int_equal(contagion_fit(&none.history, &binomial, &fit, &of_none), ERROR_DATA);
}

static void all_of_the_pool_may_go(void **state) {
    (void)state;
    struct told told;
    tell(&told, (const int64_t[]){1, 3, 8, 12, 5, 1, 0, 0}, 8, 30);
    struct contagion_fit fit = fit_of(&told, &binomial);
    assert_true(isfinite(fit.p.value) && isfinite(fit.q.upper));
}

/* ---- Dispersion ------------------------------------------------------------------------------ */

static void scatter_widens_the_bounds(void **state) {
    (void)state;
    const struct contagion_options estimated = {.confidence = 0.95};
    struct told calm, wild;
    simulate(&calm, 0.02, 0.1, 20000, 40, 4, true);
    struct contagion_fit of_calm = fit_of(&calm, &estimated);
    assert_true(of_calm.dispersion >= 1 && of_calm.dispersion < 2);
    /* The leavers of two days on one of them. */
    int64_t leavers[40];
    for (int i = 0; i < 40; i += 2) {
        leavers[i] = calm.leavers[i] + calm.leavers[i + 1];
        leavers[i + 1] = 0;
    }
    tell(&wild, leavers, 40, 20000);
    struct contagion_fit of_wild = fit_of(&wild, &estimated);
    struct contagion_fit taken_as_calm = fit_of(&wild, &binomial);
    assert_true(of_wild.dispersion > 50);
    assert_true(of_wild.q.value == taken_as_calm.q.value);
    assert_true(of_wild.q.upper > taken_as_calm.q.upper);
    assert_true(of_wild.p_value > taken_as_calm.p_value);
}

/* ---- Forecast -------------------------------------------------------------------------------- */

static void forecast(const struct told *told, int threads, size_t steps,
                     struct contagion_step *ret) {
    struct error err = {0};
    struct contagion_fit fit = fit_of(told, &binomial);
    double days[MOST];
    for (size_t i = 0; i < steps; i++)
        days[i] = 1;
    const struct contagion_forecast_options how = {.confidence = 0.9,
                                                   .seed = 7,
                                                   .draws = 400,
                                                   .steps = steps,
                                                   .days = days,
                                                   .threads = threads};
    assert_int_equal(contagion_forecast(&told->history, &fit, &how, ret, &err), 0);
}

static void forecasts_what_comes(void **state) {
    (void)state;
    struct told whole, begun;
    struct contagion_step steps[40], same[40];
    simulate(&whole, 0.01, 0.25, 5000, 40, 6, true);
    tell(&begun, whole.leavers, 20, 5000);
    forecast(&begun, 1, 20, steps);
    forecast(&begun, 3, 20, same);
    assert_memory_equal(&steps[20], &same[20], 20 * sizeof *steps);
    size_t held = 0;
    for (size_t i = 20; i < 40; i++) {
        assert_true(steps[i].gone <= 5000 && steps[i].gone >= steps[i - 1].gone);
        held += steps[i].lower <= (double)whole.leavers[i] &&
                (double)whole.leavers[i] <= steps[i].upper;
    }
    assert_true(held >= 15);
    assert_true(steps[39].gone_lower <= (double)whole.gone[39] + (double)whole.leavers[39]);
    /* The past: expected of each step from where it began, gone as it was. */
    for (size_t i = 1; i < 20; i++) {
        assert_near(steps[i].gone, (double)(whole.gone[i] + whole.leavers[i]), 1e-15, "gone");
        assert_true(isnan(steps[i].gone_lower));
        assert_true(steps[i].lower <= steps[i].leavers && steps[i].leavers <= steps[i].upper);
    }
}

int main(void) {
    gsl_set_error_handler_off();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(follows_the_curve_of_bass),
        cmocka_unit_test(without_imitation_it_is_exponential),
        cmocka_unit_test(peaks_where_bass_says),
        cmocka_unit_test(test_against_the_closed_form),
        cmocka_unit_test(bounds_lie_where_the_likelihood_has_fallen),
        cmocka_unit_test(recovers_what_was_simulated),
        cmocka_unit_test(no_imitation_is_zero_not_small),
        cmocka_unit_test(nothing_but_imitation),
        cmocka_unit_test(exits_that_do_not_slow_down_leave_the_pool_open),
        cmocka_unit_test(too_little_is_said),
        cmocka_unit_test(all_of_the_pool_may_go),
        cmocka_unit_test(scatter_widens_the_bounds),
        cmocka_unit_test(forecasts_what_comes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
