/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Fine and Gray's model with late entry, and the incidence that it predicts: against the estimate
 * of Aalen & Johansen, of users in stretches, of rows that stand for several. R's finegray and
 * cmprsk, and the errors by their definition, are compared in tests/truth. */
#include "users/cox.h"

#include "base/random.h"
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define T(x) ((decimal)((x)*DECIMAL_ONE))

static void near(double found, double expected, double tolerance, const char *what) {
    if (!(fabs(found - expected) <= tolerance * fabs(expected)))
        fail_msg("%s: found %.17g, expected %.17g", what, found, expected);
}

enum { USERS = 200, MOST = 8 * USERS, TIMES = 60 };

struct rows {
    size_t n;
    decimal time[MOST], entry[MOST];
    uint8_t status[MOST];
    uint32_t cluster[MOST];
    double weight[MOST], x[2][MOST];
};

static struct cox *fit(const struct rows *rows, size_t p, bool weighted, bool clustered,
                       enum cox_ties ties) {
    const double *const columns[] = {rows->x[0], rows->x[1]};
    const struct cox_data data = {.n = rows->n,
                                  .p = p,
                                  .time = rows->time,
                                  .entry = rows->entry,
                                  .status = rows->status,
                                  .weight = weighted ? rows->weight : NULL,
                                  .cluster = clustered ? rows->cluster : NULL,
                                  .x = columns};
    const struct cox_options options = {.ties = ties, .counts = weighted};
    struct error err = {0};
    struct cox *cox = NULL;
    if (cox_fit(&cox, &data, &options, &err))
        fail_msg("%s", err.text);
    return cox;
}

static struct cox_curve predict(const struct cox *cox, const double *x) {
    struct error err = {0};
    struct cox_curve curve;
    assert_int_equal(cox_predict(cox, x, 0, &curve, &err), 0);
    return curve;
}

/* Whole times, so that everything ties; two covariates. */
static void draw(struct rows *rows, uint32_t run) {
    struct random_stream draws;
    random_open(&draws, 71, run, 0, 0, 0);
    rows->n = USERS;
    for (uint32_t i = 0; i < USERS; i++) {
        const int entry = (int)random_below(&draws, 12);
        rows->entry[i] = i % 3 == 0 ? COX_NO_ENTRY : T(entry);
        rows->time[i] = T(entry + 1 + (int)random_below(&draws, 20));
        rows->status[i] = (uint8_t)random_below(&draws, 3);
        rows->cluster[i] = i;
        rows->weight[i] = 1 + random_below(&draws, 3);
        rows->x[0][i] = random_uniform(&draws);
        rows->x[1][i] = random_below(&draws, 2);
    }
}

static bool at_risk(const struct rows *rows, size_t i, decimal time) {
    return rows->entry[i] < time && rows->time[i] >= time;
}

/* Each user twice, with a covariate of 0 and of 1: its coefficient is 0, and the hazard at a time
 * is dF/(1 - F(t-)), F by Aalen & Johansen (Geskus 2011, section 3). */
static void is_aalen_johansen(void **state) {
    (void)state;
    static struct rows rows;
    for (uint32_t run = 0; run < 5; run++) {
        draw(&rows, run);
        for (size_t i = 0; i < USERS; i++) {
            rows.x[0][i] = 0;
            rows.time[USERS + i] = rows.time[i];
            rows.entry[USERS + i] = rows.entry[i];
            rows.status[USERS + i] = rows.status[i];
            rows.x[0][USERS + i] = 1;
        }
        rows.n = 2 * USERS;
        struct cox *cox = fit(&rows, 1, false, false, COX_BRESLOW);
        assert_true(fabs(cox_result(cox)->coefficient[0]) < 1e-9);
        struct cox_curve curve = predict(cox, (const double[]){0.3});
        double stay = 1, gone = 0, hazard = 0;
        size_t next = 0;
        for (int t = 1; t <= TIMES; t++) {
            double n = 0, left = 0, here = 0;
            for (size_t i = 0; i < USERS; i++) {
                n += at_risk(&rows, i, T(t));
                left += rows.time[i] == T(t) && rows.status[i] != COX_CENSORED;
                here += rows.time[i] == T(t) && rows.status[i] == COX_EVENT;
            }
            if (n == 0)
                continue;
            hazard += stay * here / n / (1 - gone);
            gone += stay * here / n;
            stay *= 1 - left / n;
            if (here == 0)
                continue;
            assert_true(curve.points[next].time == T(t));
            assert_true(curve.points[next].at_risk == (int64_t)(2 * n));
            near(curve.points[next++].hazard, hazard, 1e-10, "hazard");
        }
        assert_int_equal(next, curve.n);
        free(curve.points);
        cox_destroy(cox);
    }
}

static void compare(const struct rows *a, const struct rows *b, bool weighted, bool clustered,
                    enum cox_ties ties) {
    static const double x[] = {0.7, 1};
    struct cox *one = fit(a, 2, weighted, clustered, ties);
    struct cox *two = fit(b, 2, false, clustered, ties);
    const struct cox_result *r1 = cox_result(one), *r2 = cox_result(two);
    for (size_t j = 0; j < 2; j++)
        near(r1->coefficient[j], r2->coefficient[j], 1e-9, "coefficient");
    for (size_t j = 0; j < 4; j++)
        near(r1->robust[j], r2->robust[j], 1e-8, "variance");
    struct cox_curve c1 = predict(one, x), c2 = predict(two, x);
    assert_int_equal(c1.n, c2.n);
    for (size_t i = 0; i < c1.n; i++) {
        assert_true(c1.points[i].time == c2.points[i].time);
        assert_true(c1.points[i].at_risk == c2.points[i].at_risk);
        assert_true(c1.points[i].events == c2.points[i].events);
        near(c1.points[i].hazard, c2.points[i].hazard, 1e-9, "hazard");
        near(c1.points[i].std_error, c2.points[i].std_error, 1e-8, "error");
    }
    free(c1.points);
    free(c2.points);
    cox_destroy(one);
    cox_destroy(two);
}

/* Users cut into stretches, between other times: errors are those over users. */
static void stretches_change_nothing(void **state) {
    (void)state;
    static struct rows whole, cut;
    for (uint32_t run = 10; run < 14; run++) {
        draw(&whole, run);
        cut.n = 0;
        for (uint32_t i = 0; i < USERS; i++) {
            decimal from = whole.entry[i];
            for (decimal at = T(3.5); at < whole.time[i]; at += T(7)) {
                if (at <= from)
                    continue;
                const size_t k = cut.n++;
                cut.entry[k] = from;
                cut.time[k] = from = at;
                cut.status[k] = COX_CENSORED;
            }
            const size_t last = cut.n++;
            cut.entry[last] = from;
            cut.time[last] = whole.time[i];
            cut.status[last] = whole.status[i];
        }
        for (size_t k = 0, i = 0; k < cut.n; k++) {
            cut.cluster[k] = (uint32_t)i;
            cut.x[0][k] = whole.x[0][i];
            cut.x[1][k] = whole.x[1][i];
            i += cut.time[k] == whole.time[i];
        }
        assert_true(cut.n > USERS + 100);
        compare(&whole, &cut, false, true, run % 2 ? COX_EFRON : COX_BRESLOW);
    }
}

static void counts_are_repeated_rows(void **state) {
    (void)state;
    static struct rows counted, repeated;
    for (uint32_t run = 20; run < 24; run++) {
        draw(&counted, run);
        repeated.n = 0;
        for (uint32_t i = 0; i < USERS; i++)
            for (int copy = 0; copy < (int)counted.weight[i]; copy++) {
                const size_t k = repeated.n++;
                repeated.entry[k] = counted.entry[i];
                repeated.time[k] = counted.time[i];
                repeated.status[k] = counted.status[i];
                repeated.cluster[k] = i;
                repeated.x[0][k] = counted.x[0][i];
                repeated.x[1][k] = counted.x[1][i];
            }
        compare(&counted, &repeated, true, run % 4 < 2, run % 2 ? COX_EFRON : COX_BRESLOW);
    }
}

/* All who were at risk at 4 leave, one of them for elsewhere; two enter later. */
static void nobody_left_to_compare(void **state) {
    (void)state;
    static struct rows rows = {
        .n = 6,
        .time = {T(2), T(3), T(4), T(4), T(8), T(9)},
        .entry = {COX_NO_ENTRY, COX_NO_ENTRY, COX_NO_ENTRY, COX_NO_ENTRY, T(5), T(5)},
        .status = {COX_EVENT, COX_COMPETING, COX_EVENT, COX_COMPETING, COX_EVENT, COX_CENSORED},
        .x = {{1, 0, 0.5, 2, 1, 0}}};
    const double *const columns[] = {rows.x[0]};
    struct cox_data data = {.n = rows.n,
                            .p = 1,
                            .time = rows.time,
                            .entry = rows.entry,
                            .status = rows.status,
                            .x = columns};
    const struct cox_options options = {0};
    struct error err = {0};
    struct cox *cox = NULL;
    assert_int_equal(cox_fit(&cox, &data, &options, &err), ERROR_DATA);
    assert_non_null(
        strstr(err.text, "all who were at risk at time 4 left, and others enter later"));
    /* Where somebody stays, or everyone is merely not seen for a while, it is a fit. */
    rows.status[2] = COX_CENSORED;
    rows.status[3] = COX_CENSORED;
    err = (struct error){0};
    assert_int_equal(cox_fit(&cox, &data, &options, &err), 0);
    cox_destroy(cox);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(is_aalen_johansen),
        cmocka_unit_test(stretches_change_nothing),
        cmocka_unit_test(counts_are_repeated_rows),
        cmocka_unit_test(nobody_left_to_compare),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
