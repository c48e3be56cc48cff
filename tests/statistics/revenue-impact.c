/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How often the bounds of arpu-impact hold the truth over 1,000 simulated series in which the event
 * does nothing: 95 % bounds of the effect of a single period, of the mean effect, and of what is
 * fitted. State spaces both with the error of their variances and with the variances plugged in,
 * which shows what the former is for. */
#include "revenue/impact-regression.h"
#include "revenue/impact-space.h"

#include "base/random.h"
#include <gsl/gsl_cdf.h>
#include <gsl/gsl_errno.h>
#include <gsl/gsl_randist.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "series.h"

enum { RUNS = 1000, AFTER = 10, LONGEST = 120 };

/* 0 is held by the bounds of so many of the runs. */
struct held {
    int first, last, mean; /* effects of the first and last period after, and of all */
};

static void look(const struct impact_result *result, const struct impact_series *series,
                 struct held *held) {
    const struct impact_bounds first = result->periods[series->event].effect,
                               last = result->periods[series->n - 1].effect,
                               mean = figure_of(result, "effect_mean")->of;
    held->first += first.lower <= 0 && 0 <= first.upper;
    held->last += last.lower <= 0 && 0 <= last.upper;
    held->mean += mean.lower <= 0 && 0 <= mean.upper;
}

static void assert_between(const char *what, int found, int least, int most) {
    if (found < least || found > most)
        fail_msg("%s: held %d times of %d, expected %d to %d", what, found, RUNS, least, most);
}

/* ---- Interrupted time series ------------------------------------------------------------------
 */

enum { COLUMNS = 4 }; /* constant, trend, change of level, change of slope */

/* How many of the runs hold the changes of level and slope, -5 and -0.1, in AR(1) noise. */
static void count_changes(const struct hac_options *hac, size_t n, size_t event, double rho,
                          int held[2]) {
    double x[LONGEST * COLUMNS], values[LONGEST];
    const double reach = gsl_cdf_tdist_Qinv(0.025, (double)(n - COLUMNS));
    held[0] = held[1] = 0;
    for (uint32_t run = 0; run < RUNS; run++) {
        struct random_stream stream;
        random_open(&stream, 21, run, 0, 0, 0);
        double noise = gsl_ran_gaussian(random_gsl(&stream), 1) / sqrt(1 - rho * rho);
        for (size_t t = 0; t < n; t++) {
            const double since = (double)t - (double)event, after = since >= 0;
            const double row[COLUMNS] = {1, (double)t, after, after * since};
            memcpy(x + COLUMNS * t, row, sizeof row);
            values[t] = 50 + 0.3 * (double)t - after * (5 + 0.1 * since) + noise;
            noise = rho * noise + gsl_ran_gaussian(random_gsl(&stream), 1);
        }
        struct impact_fit fit = {0};
        struct error err = {0};
        size_t dependent;
        double covariance[COLUMNS * COLUMNS], bandwidth;
        assert_int_equal(impact_fit_least_squares(x, values, n, COLUMNS, &fit, &dependent, &err),
                         0);
        assert_int_equal(hac_covariance(&fit, x, hac, covariance, &bandwidth, &err), 0);
        for (int k = 0; k < 2; k++)
            held[k] += fabs(fit.coefficients[2 + k] - (k == 0 ? -5 : -0.1)) <=
                       reach * sqrt(covariance[(2 + k) * (COLUMNS + 1)]);
        impact_fit_free(&fit);
    }
}

/* As often as docs/arpu-impact.md says; the C library's last digits may move a series or two. */
static void regression(const char *name, const struct hac_options *hac, size_t n, size_t event,
                       double rho, int level, int slope) {
    int held[2];
    count_changes(hac, n, event, rho, held);
    print_message("# regression, %s, n %zu, rho %.1f: level %d, slope %d of %d\n", name, n, rho,
                  held[0], held[1], RUNS);
    assert_between("level", held[0], level - 2, level + 2);
    assert_between("slope", held[1], slope - 2, slope + 2);
}

/* HAC errors are too small for short series, those with many lags most, and the more so the more
 * alike neighbours are: the page says so, and what helps. */
static void of_regression(void **state) {
    (void)state;
    const struct hac_options newey_west = HAC_DEFAULTS,
                             andrews = {.bandwidth = HAC_ANDREWS, .adjust = true},
                             whitened = {.kernel = HAC_QUADRATIC_SPECTRAL,
                                         .bandwidth = HAC_ANDREWS,
                                         .prewhiten = true,
                                         .adjust = true};
    regression("newey-west", &newey_west, 120, 80, 0, 827, 799);
    regression("andrews", &andrews, 120, 80, 0, 927, 920);
    regression("whitened", &whitened, 120, 80, 0, 924, 917);
    regression("newey-west", &newey_west, 40, 25, 0, 673, 661);
    regression("whitened", &whitened, 40, 25, 0, 870, 856);
    regression("newey-west", &newey_west, 120, 80, 0.5, 806, 767);
    regression("andrews", &andrews, 120, 80, 0.5, 823, 782);
    regression("whitened", &whitened, 120, 80, 0.5, 908, 891);
    regression("newey-west", &newey_west, 40, 25, 0.5, 671, 626);
    regression("whitened", &whitened, 40, 25, 0.5, 834, 800);
}

/* ---- State space ------------------------------------------------------------------------------
 */

/* Standard deviations of noise, level and slope. */
struct truth {
    size_t before;
    double sd[3];
};

static void draw(const struct truth *truth, uint32_t run, double *values) {
    struct random_stream stream;
    double level = 100, slope = 0;
    random_open(&stream, 22, run, (uint32_t)truth->before, 0, 0);
    gsl_rng *rng = random_gsl(&stream);
    for (size_t t = 0; t < truth->before + AFTER; t++) {
        values[t] = level + gsl_ran_gaussian(rng, truth->sd[0]);
        level += slope + gsl_ran_gaussian(rng, truth->sd[1]);
        slope += gsl_ran_gaussian(rng, truth->sd[2]);
    }
}

/* Runs whose series has no clear maximum are counted out. Where the level does not wander, bounds
 * that allow for it hold too often. */
static void space(const struct truth *truth, bool trend, int most_runs, int least, int most) {
    struct held held[2] = {{0}, {0}};
    int runs = 0;
    for (uint32_t run = 0; runs < most_runs; run++) {
        double values[LONGEST];
        draw(truth, run, values);
        const struct impact_series series =
            series_of(values, truth->before + AFTER, truth->before, NULL, 0);
        bool fitted = true;
        for (int plug_in = 0; plug_in < 2 && fitted; plug_in++) {
            const struct impact_space_options options = {
                .trend = trend, .confidence = 0.95, .plug_in = plug_in};
            struct impact_space *model;
            struct impact_result result = {0};
            struct error err = {0};
            fitted = impact_space_fit(&series, &options, &model, &err) == 0;
            if (!fitted)
                continue;
            assert_int_equal(impact_space_report(model, &result, &err), 0);
            look(&result, &series, &held[plug_in]);
            impact_result_free(&result);
            impact_space_destroy(model);
        }
        runs += fitted;
        assert_true(run < (uint32_t)(most_runs + most_runs / 10));
    }
    print_message("# %s, %zu before, sd %.1f %.1f %.2f: first %d, last %d, mean %d of %d; plugged "
                  "in: %d, %d, %d\n",
                  trend ? "trend" : "level", truth->before, truth->sd[0], truth->sd[1],
                  truth->sd[2], held[0].first, held[0].last, held[0].mean, runs, held[1].first,
                  held[1].last, held[1].mean);
    assert_between("first", held[0].first * RUNS / runs, least, most);
    assert_between("last", held[0].last * RUNS / runs, least, most);
    assert_between("mean", held[0].mean * RUNS / runs, least, most);
}

static void of_levels(void **state) {
    (void)state;
    static const struct truth truths[] = {
        {20, {1, 0, 0}}, {20, {1, 0.3, 0}}, {20, {1, 1, 0}}, {20, {0.3, 1, 0}},
        {80, {1, 0, 0}}, {80, {1, 0.3, 0}}, {80, {1, 1, 0}},
    };
    for (size_t i = 0; i < sizeof truths / sizeof *truths; i++)
        space(&truths[i], false, RUNS, 905, 1000);
}

static void of_trends(void **state) {
    (void)state;
    static const struct truth truths[] = {{40, {1, 0.3, 0.1}}, {40, {1, 1, 0.3}}};
    for (size_t i = 0; i < sizeof truths / sizeof *truths; i++)
        space(&truths[i], true, RUNS / 5, 905, 1000);
}

int main(void) {
    gsl_set_error_handler_off();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(of_regression),
        cmocka_unit_test(of_levels),
        cmocka_unit_test(of_trends),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
