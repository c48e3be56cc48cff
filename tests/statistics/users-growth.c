/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How often bounds hold the truth over 1,000 simulated series with independent errors: parameters,
 * and a count ahead of the series. Bounds of a curve that bends are approximate, so shares between
 * 0.92 and 0.98 pass. */
#include "users/growth.h"

#include "base/random.h"
#include <gsl/gsl_errno.h>
#include <gsl/gsl_randist.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum { RUNS = 1000, N = 40 };

static double truth(enum growth_model model, double t) {
    switch (model) {
    case GROWTH_EXPONENTIAL:
        return 100 * exp(0.05 * t);
    case GROWTH_LOGISTIC:
        return 1000 / (1 + exp(-0.2 * (t - 20)));
    case GROWTH_GOMPERTZ:
        return 1000 * exp(-exp(-0.12 * (t - 15)));
    case GROWTH_BASS:
        return 200 + 1000 * (1 - exp(-0.32 * t)) / (1 + 15 * exp(-0.32 * t));
    case GROWTH_MODELS:
        break;
    }
    return NAN;
}

static const double parameters[GROWTH_MODELS][4] = {
    {100, 0.05}, {1000, 0.2, 20}, {1000, 0.12, 15}, {1000, 0.02, 0.3, 200}};

static void coverage(enum growth_model model) {
    const struct growth_options how = {.confidence = 0.95, .launch = -1, .error = GROWTH_RELATIVE};
    int held[5] = {0};
    size_t k = 0;
    for (uint32_t run = 0; run < RUNS; run++) {
        double time[N], users[N];
        struct random_stream stream;
        struct growth_fit fit;
        struct error err = {0};
        random_open(&stream, 17, run, (uint32_t)model, 0, 0);
        for (int i = 0; i < N; i++) {
            time[i] = i;
            users[i] = truth(model, i) * (1 + gsl_ran_gaussian(random_gsl(&stream), 0.02));
        }
        const double ahead = truth(model, N + 4);
        const double count = ahead * (1 + gsl_ran_gaussian(random_gsl(&stream), 0.02));
        const struct growth_series series = {N, time, users};
        assert_int_equal(growth_fit(&series, model, &how, &fit, &err), 0);
        assert_int_equal(fit.verdict, GROWTH_FITS);
        k = fit.k;
        for (size_t j = 0; j < k; j++)
            held[j] += fit.parameters[j].lower <= parameters[model][j] &&
                       parameters[model][j] <= fit.parameters[j].upper;
        const struct growth_point at = growth_at(&fit, N + 4);
        held[4] += at.lower <= count && count <= at.upper;
    }
    for (size_t j = 0; j < 5; j++) {
        if (j >= k && j < 4)
            continue;
        print_message("# %s, %zu: %d of %d\n", growth_model_name(model), j, held[j], RUNS);
        assert_in_range(held[j], 920, 980);
    }
}

static void of_exponential(void **state) {
    (void)state;
    coverage(GROWTH_EXPONENTIAL);
}

static void of_logistic(void **state) {
    (void)state;
    coverage(GROWTH_LOGISTIC);
}

static void of_gompertz(void **state) {
    (void)state;
    coverage(GROWTH_GOMPERTZ);
}

static void of_bass(void **state) {
    (void)state;
    coverage(GROWTH_BASS);
}

int main(void) {
    gsl_set_error_handler_off();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(of_exponential),
        cmocka_unit_test(of_logistic),
        cmocka_unit_test(of_gompertz),
        cmocka_unit_test(of_bass),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
