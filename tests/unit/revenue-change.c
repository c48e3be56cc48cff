/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Decompositions of a change: against R, closed forms, all six orders of change, and limits. */
#include "revenue/change.h"

#include "base/random.h"
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#define ONE ((decimal_sum)DECIMAL_ONE)

static struct change_parts decompose(const struct change_segment *segments, size_t n,
                                     enum change_method method) {
    struct change_parts parts[8];
    struct error err = {0};
    if (change_decompose(segments, n, method, parts, NULL, &err))
        fail_msg("%s", err.text);
    for (size_t i = 0; i < n; i++) { /* exact, segment by segment */
        decimal_sum sum = 0;
        for (int p = 0; p < CHANGE_PARTS; p++)
            sum += parts[i].of[p];
        assert_true(sum == segments[i].revenue[1] - segments[i].revenue[0]);
    }
    return change_total(parts, n);
}

static void near(double found, double expected, double tolerance) {
    if (!(fabs(found - expected) <= tolerance))
        fail_msg("found %.17g, expected %.17g", found, expected);
}

static void part_is(const struct change_parts *parts, enum change_part part, double expected) {
    /* A millionth is the unit: half of one by rounding, and the rest of two others at most. */
    near((double)parts->of[part] / 1e6, expected, 3e-6);
}

/* Two segments, 10 and 40 users before, 40 and 40 after. R (tests/truth/arpu-change.R):
 *   lmdi(c(10, 40), c(30, 20), c(40, 40), c(80, 16))     # 32.38463791 38.28486735 -24.66950526
 *   shapley(c(10, 40), c(30, 20), c(40, 40), c(80, 16))  # 34.35 39.30 -27.65 */
static const struct change_segment two[] = {
    {.users = {10 * ONE, 40 * ONE}, .revenue = {30 * ONE, 80 * ONE}},
    {.users = {40 * ONE, 40 * ONE}, .revenue = {20 * ONE, 16 * ONE}},
};

static void two_segments_as_r(void **state) {
    (void)state;
    struct change_parts lmdi = decompose(two, 2, CHANGE_LMDI);
    part_is(&lmdi, CHANGE_USERS, 32.38463791);
    part_is(&lmdi, CHANGE_MIX, 38.28486735);
    part_is(&lmdi, CHANGE_ARPU, -24.66950526);
    struct change_parts shapley = decompose(two, 2, CHANGE_SHAPLEY);
    part_is(&shapley, CHANGE_USERS, 34.35);
    part_is(&shapley, CHANGE_MIX, 39.3);
    part_is(&shapley, CHANGE_ARPU, -27.65);
}

/* Without segments there is no mix. From 100 users at 1 to 200 at 2, both factors doubled: each has
 * half of the change of 300 by LMDI; by Shapley 100 x 1.5 and 150 x 1. */
static void one_segment_has_no_mix(void **state) {
    (void)state;
    const struct change_segment one = {.users = {100 * ONE, 200 * ONE},
                                       .revenue = {100 * ONE, 400 * ONE}};
    struct change_parts lmdi = decompose(&one, 1, CHANGE_LMDI);
    assert_true(lmdi.of[CHANGE_USERS] == 150 * ONE && lmdi.of[CHANGE_MIX] == 0 &&
                lmdi.of[CHANGE_ARPU] == 150 * ONE);
    struct change_parts shapley = decompose(&one, 1, CHANGE_SHAPLEY);
    assert_true(shapley.of[CHANGE_USERS] == 150 * ONE && shapley.of[CHANGE_MIX] == 0 &&
                shapley.of[CHANGE_ARPU] == 150 * ONE);
}

static void nothing_changes(void **state) {
    (void)state;
    const struct change_segment still = {.users = {7 * ONE, 7 * ONE},
                                         .revenue = {5 * ONE, 5 * ONE}};
    struct change_parts parts = decompose(&still, 1, CHANGE_LMDI);
    for (int p = 0; p < CHANGE_PARTS; p++)
        assert_true(parts.of[p] == 0);
    /* Twice the users at the same revenue: 5 ln 2 each way. */
    const struct change_segment moved = {.users = {7 * ONE, 14 * ONE},
                                         .revenue = {5 * ONE, 5 * ONE}};
    parts = decompose(&moved, 1, CHANGE_LMDI);
    part_is(&parts, CHANGE_USERS, 5 * M_LN2);
    part_is(&parts, CHANGE_ARPU, -5 * M_LN2);
}

/* The formula of the paper with a small number d in place of zeros (Ang & Liu 2007): what the
 * effects go to. Users, mix and ARPU of both segments together, in `ret`. */
static void with_small_numbers(const struct change_segment *segments, size_t n, long double d,
                               long double ret[3]) {
    long double all[2] = {0, 0};
    ret[0] = ret[1] = ret[2] = 0;
    for (size_t i = 0; i < n; i++)
        for (int t = 0; t < 2; t++)
            all[t] += (long double)segments[i].users[t];
    for (size_t i = 0; i < n; i++) {
        long double share[2], arpu[2], revenue[2];
        for (int t = 0; t < 2; t++) {
            share[t] = segments[i].users[t] > 0 ? (long double)segments[i].users[t] / all[t] : d;
            arpu[t] = segments[i].users[t] > 0 && segments[i].revenue[t] != 0
                          ? (long double)segments[i].revenue[t] / (long double)segments[i].users[t]
                          : d;
            if (segments[i].users[t] == 0) /* it never had an ARPU: take the other period's */
                arpu[t] =
                    (long double)segments[i].revenue[1 - t] / (long double)segments[i].users[1 - t];
            revenue[t] = all[t] * share[t] * arpu[t];
        }
        long double mean = (revenue[1] - revenue[0]) / logl(revenue[1] / revenue[0]);
        ret[0] += mean * logl(all[1] / all[0]);
        ret[1] += mean * logl(share[1] / share[0]);
        ret[2] += mean * logl(arpu[1] / arpu[0]);
    }
}

static void zeros_are_limits(void **state) {
    (void)state;
    const struct change_segment paid_nothing[] = {
        {.users = {10 * ONE, 30 * ONE}, .revenue = {0, 60 * ONE}}, two[1]};
    const struct change_segment came[] = {{.users = {0, 30 * ONE}, .revenue = {0, 60 * ONE}},
                                          two[1]};
    const struct change_segment went[] = {{.users = {30 * ONE, 0}, .revenue = {60 * ONE, 0}},
                                          two[1]};
    const struct change_segment *cases[] = {paid_nothing, came, went};
    for (int c = 0; c < 3; c++) {
        long double limit[3];
        with_small_numbers(cases[c], 2, 1e-4000L, limit); /* ln d = -9210: an error of 1 in 100 */
        struct change_parts parts = decompose(cases[c], 2, CHANGE_LMDI);
        near((double)parts.of[CHANGE_USERS], (double)limit[0], 2e-3 * 60e6);
        near((double)(parts.of[CHANGE_MIX] + parts.of[CHANGE_ARRIVED] + parts.of[CHANGE_LEFT]),
             (double)limit[1], 2e-3 * 60e6);
        near((double)parts.of[CHANGE_ARPU], (double)limit[2], 2e-3 * 60e6);
    }
    struct change_parts parts = decompose(paid_nothing, 2, CHANGE_LMDI);
    assert_true(parts.of[CHANGE_ARRIVED] == 0 && parts.of[CHANGE_LEFT] == 0);
    parts = decompose(came, 2, CHANGE_SHAPLEY);
    assert_true(parts.of[CHANGE_ARRIVED] == 60 * ONE && parts.of[CHANGE_LEFT] == 0);
    parts = decompose(went, 2, CHANGE_LMDI);
    assert_true(parts.of[CHANGE_LEFT] == -60 * ONE && parts.of[CHANGE_ARRIVED] == 0);
    const struct change_segment ghosts = {.users = {0, 0}, .revenue = {3 * ONE, -4 * ONE}};
    parts = decompose(&ghosts, 1, CHANGE_LMDI);
    assert_true(parts.of[CHANGE_WITHOUT_USERS] == -7 * ONE);
    const struct change_segment late = {.users = {5 * ONE, 0}, .revenue = {9 * ONE, -2 * ONE}};
    parts = decompose(&late, 1, CHANGE_LMDI);
    assert_true(parts.of[CHANGE_LEFT] == -11 * ONE);
}

static void signs(void **state) {
    (void)state;
    /* Refunds in both periods: the mirror image of sales. */
    struct change_segment sales = {.users = {10 * ONE, 20 * ONE}, .revenue = {5 * ONE, 8 * ONE}};
    struct change_segment refunds = {.users = {10 * ONE, 20 * ONE},
                                     .revenue = {-5 * ONE, -8 * ONE}};
    struct change_parts up = decompose(&sales, 1, CHANGE_LMDI);
    struct change_parts down = decompose(&refunds, 1, CHANGE_LMDI);
    for (int p = 0; p < CHANGE_PARTS; p++)
        assert_true(up.of[p] == -down.of[p]);
    /* From sales to refunds: no LMDI, but Shapley. 100 to 50 users, 1 to -1 each. */
    const struct change_segment both[] = {
        two[0], {.users = {100 * ONE, 50 * ONE}, .revenue = {100 * ONE, -50 * ONE}}};
    struct change_parts parts[2];
    struct error err = {0};
    size_t at = 9;
    assert_int_equal(change_decompose(both, 2, CHANGE_LMDI, parts, &at, &err), ERROR_DATA);
    assert_int_equal(at, 1);
    struct change_parts turned = decompose(&both[1], 1, CHANGE_SHAPLEY);
    assert_true(turned.of[CHANGE_USERS] == 0); /* -50 x (1 - 1)/2 */
    assert_true(turned.of[CHANGE_ARPU] == -150 * ONE);
}

/* ---- Random segments ------------------------------------------------------------------------- */

static void draw(struct random_stream *stream, struct change_segment *segments, size_t n) {
    for (size_t i = 0; i < n; i++)
        for (int t = 0; t < 2; t++) {
            segments[i].users[t] = (1 + random_below(stream, 1000000)) * ONE;
            segments[i].revenue[t] =
                (decimal_sum)random_below(stream, 4000000000) * random_below(stream, 2000000);
        }
}

/* One factor after the other, in each order; the mean of what each adds. */
static void all_orders(const struct change_segment *segment, const double whole[2], double ret[3]) {
    static const int orders[6][3] = {{0, 1, 2}, {0, 2, 1}, {1, 0, 2},
                                     {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};
    double factor[3][2];
    for (int t = 0; t < 2; t++) {
        factor[0][t] = whole[t];
        factor[1][t] = (double)segment->users[t] / whole[t];
        factor[2][t] = (double)segment->revenue[t] / (double)segment->users[t];
    }
    ret[0] = ret[1] = ret[2] = 0;
    for (int o = 0; o < 6; o++) {
        int at[3] = {0, 0, 0};
        for (int step = 0; step < 3; step++) {
            double before = factor[0][at[0]] * factor[1][at[1]] * factor[2][at[2]];
            at[orders[o][step]] = 1;
            double after = factor[0][at[0]] * factor[1][at[1]] * factor[2][at[2]];
            ret[orders[o][step]] += (after - before) / 6;
        }
    }
}

static void shapley_is_the_mean_of_all_orders(void **state) {
    (void)state;
    struct random_stream stream;
    random_open(&stream, 4, 0, 0, 0, 0);
    for (int repeat = 0; repeat < 200; repeat++) {
        struct change_segment segments[3];
        draw(&stream, segments, 3);
        struct change_parts parts[3];
        struct error err = {0};
        assert_int_equal(change_decompose(segments, 3, CHANGE_SHAPLEY, parts, NULL, &err), 0);
        double whole[2] = {0, 0};
        for (int i = 0; i < 3; i++)
            for (int t = 0; t < 2; t++)
                whole[t] += (double)segments[i].users[t];
        for (int i = 0; i < 3; i++) {
            double effects[3];
            all_orders(&segments[i], whole, effects);
            for (int p = 0; p < 3; p++)
                near((double)parts[i].of[p], effects[p], 1e-12 * 4e9 * 2e6 + 2);
        }
    }
}

/* LMDI forwards is LMDI backwards with the other sign (time reversal), and parts do not depend on
 * how segments are ordered. */
static void lmdi_reverses(void **state) {
    (void)state;
    struct random_stream stream;
    random_open(&stream, 5, 0, 0, 0, 0);
    for (int repeat = 0; repeat < 200; repeat++) {
        struct change_segment there[3], back[3];
        draw(&stream, there, 3);
        for (int i = 0; i < 3; i++)
            back[2 - i] =
                (struct change_segment){.users = {there[i].users[1], there[i].users[0]},
                                        .revenue = {there[i].revenue[1], there[i].revenue[0]}};
        struct change_parts a = decompose(there, 3, CHANGE_LMDI),
                            b = decompose(back, 3, CHANGE_LMDI);
        for (int p = 0; p < CHANGE_PARTS; p++)
            near((double)a.of[p], -(double)b.of[p], 1e-12 * 4e9 * 2e6 + 4);
    }
}

/* Slopes against differences of the parts of each segment, of amounts so large that rounding to the
 * unit does not show. */
static void assert_slopes(const struct change_segment *segments, enum change_method method) {
    struct change_slopes slopes[3];
    change_differentiate(segments, 3, method, slopes);
    for (int at = 0; at < 3 * 2 * 2; at++) {
        const int i = at / 4, t = at / 2 % 2, what = at % 2; /* 1: users */
        const decimal_sum kept = what ? segments[i].users[t] : segments[i].revenue[t];
        const decimal_sum step = kept / 10000;
        struct change_parts parts[2][3];
        if (step == 0)
            continue;
        for (int side = 0; side < 2; side++) {
            struct change_segment moved[3] = {segments[0], segments[1], segments[2]};
            struct error err = {0};
            *(what ? &moved[i].users[t] : &moved[i].revenue[t]) = kept + (side ? step : -step);
            assert_int_equal(change_decompose(moved, 3, method, parts[side], NULL, &err), 0);
        }
        for (int j = 0; j < 3; j++)
            for (int p = 0; p < CHANGE_PARTS; p++) {
                const double own = what ? slopes[i].users[t][p] : slopes[i].revenue[t][p];
                const double found = (i == j ? own : 0) + (what ? slopes[j].all[t][p] : 0);
                const double difference =
                    (double)(parts[1][j].of[p] - parts[0][j].of[p]) / (2 * (double)step);
                near(found, difference, 1e-5 * fabs(difference) + 2e-6 * (what ? 1e9 : 1));
            }
    }
}

static void slopes_are_derivatives(void **state) {
    (void)state;
    struct random_stream stream;
    random_open(&stream, 6, 0, 0, 0, 0);
    for (int repeat = 0; repeat < 50; repeat++) {
        struct change_segment segments[3];
        draw(&stream, segments, 3);
        if (repeat % 2) /* almost equal revenue: the series */
            segments[1].revenue[1] = segments[1].revenue[0] + segments[1].revenue[0] / 20000;
        if (repeat % 5 == 0)
            segments[2].users[0] = segments[2].revenue[0] = 0;
        for (int i = 0; i < 3; i++)
            for (int t = 0; t < 2; t++)
                segments[i].revenue[t] *= 1000000;
        assert_slopes(segments, CHANGE_LMDI);
        assert_slopes(segments, CHANGE_SHAPLEY);
        segments[0].revenue[0] = -segments[0].revenue[0]; /* no logarithm, and none needed */
        assert_slopes(segments, CHANGE_SHAPLEY);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(two_segments_as_r),
        cmocka_unit_test(one_segment_has_no_mix),
        cmocka_unit_test(nothing_changes),
        cmocka_unit_test(zeros_are_limits),
        cmocka_unit_test(signs),
        cmocka_unit_test(shapley_is_the_mean_of_all_orders),
        cmocka_unit_test(lmdi_reverses),
        cmocka_unit_test(slopes_are_derivatives),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
