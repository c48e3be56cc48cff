/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The beta-PERT distribution: its closed-form moments. */
#include "stats/pert.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* Mean (low + 4 mode + high)/6; variance (mean - low)(high - mean)/7, as of any beta distribution
 * whose two shapes sum to 6. Both within five standard errors. */
static void moments(void **state) {
    (void)state;
    enum { DRAWS = 200000 };
    const double low = 0.9, mode = 1.1, high = 1.6;
    struct random_stream stream;
    random_open(&stream, 7, 0, 0, 0, 0);
    double sum = 0, squares = 0;
    for (int i = 0; i < DRAWS; i++) {
        double x = pert_draw(low, mode, high, &stream);
        assert_true(low <= x && x <= high);
        sum += x;
        squares += x * x;
    }
    double mean = sum / DRAWS, variance = squares / DRAWS - mean * mean;
    double truth = (low + 4 * mode + high) / 6, spread = (truth - low) * (high - truth) / 7;
    assert_true(fabs(mean - truth) < 5 * sqrt(spread / DRAWS));
    assert_true(fabs(variance / spread - 1) < 5 * sqrt(2.0 / DRAWS));
}

static void without_a_range(void **state) {
    (void)state;
    struct random_stream stream, same;
    random_open(&stream, 7, 0, 0, 0, 0);
    random_open(&same, 7, 0, 0, 0, 0);
    assert_true(pert_draw(2, 2, 2, &stream) == 2);
    assert_true(random_uniform(&stream) == random_uniform(&same));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(moments),
        cmocka_unit_test(without_a_range),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
