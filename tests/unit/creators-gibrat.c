/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Gibrat's law: a small panel as R has it, exact lines, and too little. */
#include "creators/gibrat.h"

#include "panels.h"
#include <math.h>

static void assert_near(double found, double expected, const char *what) {
    if (!(fabs(found - expected) <= 1e-11 * fabs(expected)))
        fail_msg("%s: found %.17g, expected %.17g", what, found, expected);
}

/* Fits to a panel with tiers low:0,high:1000; the caller frees them. */
static struct gibrat *fit(const char *csv, enum gibrat_errors errors, int threads) {
    struct tiers tiers = {0};
    struct panel panel = {0};
    struct standing standing;
    struct gibrat *fits = NULL;
    struct error err = {0};
    panels_tiers(&tiers, "low:0,high:1000");
    panels_read(&panel, &(struct panel_options){0}, csv);
    const struct standing_options options = {.panel = &panel, .tiers = &tiers};
    assert_int_equal(standing_open(&standing, &options, &err), 0);
    assert_int_equal(gibrat_fit(&standing, errors, threads, &fits, &err), 0);
    assert_non_null(fits);
    standing_close(&standing);
    panel_free(&panel);
    tiers_free(&tiers);
    return fits;
}

/* Two accounts of one creator, a month without a row, followers that fall to 0. */
static const char example[] = "creator,platform,period,followers\n"
                              "a,A,2025-01,100\na,A,2025-02,150\na,A,2025-03,140\n"
                              "a,B,2025-02,900\na,B,2025-03,1000\n"
                              "b,A,2025-01,2000\nb,A,2025-02,2100\nb,A,2025-03,1900\n"
                              "c,A,2025-01,50\nc,A,2025-02,80\nc,A,2025-03,160\n"
                              "d,A,2025-01,30000\nd,A,2025-02,30500\nd,A,2025-03,29000\n"
                              "e,A,2025-01,700\ne,A,2025-03,5000\n"
                              "f,A,2025-01,10\nf,A,2025-02,0\nf,A,2025-03,5\n"
                              "g,A,2025-02,400\ng,A,2025-03,380\n";

/* R 4.2.2 with sandwich 3.0-2, of the steps merged by account:
 *   fit <- lm(log(y / x) ~ log(x)); coef(fit)[2]; mean(log(y / x)); exp(mean(log(x)));
 *   summary(fit)$sigma; sqrt(vcovCL(fit, cluster = creator, type = "HC1")[2, 2]);
 *   sqrt(vcovHC(fit, type = "HC1")[2, 2]); sqrt(vcovHC(fit, type = "HC3")[2, 2]) */
static void as_r_has_it(void **state) {
    (void)state;
    static const struct {
        uint64_t observations, creators, zeros;
        double slope, mean_growth, mean_size, spread, errors[3];
    } expected[] = {
        {6,
         3,
         2,
         -0.194816050344033,
         0.258948377949528,
         166.8817934997,
         0.254515691624623,
         {0.08849270455786, 0.0808440199139976, 0.154976588291954}},
        {4,
         2,
         0,
         0.00265232352946965,
         -0.021298711515808,
         7873.49572676047,
         0.0816949829793703,
         {0.000520665101109072, 0.0303359006985451, 0.0429299325825777}},
        {10,
         5,
         2,
         -0.0762138289991144,
         0.146849542163394,
         779.672853966159,
         0.223762460032049,
         {0.0364200752343767, 0.0291624239660746, 0.0347846947159886}},
    };
    for (enum gibrat_errors errors = GIBRAT_CLUSTERED; errors <= GIBRAT_HC3; errors++) {
        struct gibrat *fits = fit(example, errors, 1);
        for (size_t i = 0; i < 3; i++) {
            assert_int_equal(fits[i].observations, expected[i].observations);
            assert_int_equal(fits[i].creators, expected[i].creators);
            assert_int_equal(fits[i].zeros, expected[i].zeros);
            assert_near(fits[i].slope, expected[i].slope, "slope");
            assert_near(fits[i].mean_growth, expected[i].mean_growth, "mean growth");
            assert_near(fits[i].mean_size, expected[i].mean_size, "mean size");
            assert_near(fits[i].spread, expected[i].spread, "spread");
            assert_near(fits[i].error, expected[i].errors[errors], "error");
            assert_true(fits[i].df == (errors == GIBRAT_CLUSTERED
                                           ? (double)expected[i].creators - 1
                                           : (double)expected[i].observations - 2));
        }
        free(fits);
    }
}

/* Who doubles whatever their size has slope 0, growth ln 2 and no spread. */
static void doubling_is_gibrats_law(void **state) {
    (void)state;
    struct gibrat *fits = fit("creator,period,followers\n"
                              "a,2025-01,1\na,2025-02,2\nb,2025-01,10\nb,2025-02,20\n"
                              "c,2025-01,500\nc,2025-02,1000\nd,2025-01,4096\nd,2025-02,8192\n",
                              GIBRAT_HC1, 2);
    assert_true(fabs(fits[2].slope) < 1e-15 && fabs(fits[2].spread) < 1e-15);
    assert_near(fits[2].mean_growth, log(2), "ln 2");
    assert_int_equal(fits[0].observations, 3);
    free(fits);
}

static void too_little_has_no_slope(void **state) {
    (void)state;
    static const char *const cases[] = {
        "creator,period,followers\n",
        "creator,period,followers\na,2025-01,5\na,2025-02,6\nb,2025-01,7\nb,2025-02,6\n",
        /* one size only */
        "creator,period,followers\na,2025-01,5\na,2025-02,6\nb,2025-01,5\nb,2025-02,7\n"
        "c,2025-01,5\nc,2025-02,8\n",
    };
    static const uint64_t steps[] = {0, 2, 3};
    for (size_t i = 0; i < 3; i++) {
        struct gibrat *fits = fit(cases[i], GIBRAT_CLUSTERED, 1);
        assert_int_equal(fits[2].observations, steps[i]);
        assert_true(isnan(fits[2].slope) && isnan(fits[2].error));
        free(fits);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(as_r_has_it),
        cmocka_unit_test(doubling_is_gibrats_law),
        cmocka_unit_test(too_little_has_no_slope),
    };
    return cmocka_run_group_tests_name("creators-gibrat", tests, tables_setup, tables_teardown);
}
