/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Cox fits from arrays. The small ones are worked by hand in Therneau & Grambsch 2000, Modeling
 * Survival Data, appendix E; where R is named, R 4.2.2 with survival 3.5-3 gave the numbers. */
#include "users/cox.h"
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define T(x) ((decimal)((x)*DECIMAL_ONE))

static void near(double found, double expected) {
    if (!(fabs(found - expected) <= 1e-9 * fmax(1, fabs(expected))))
        fail_msg("found %.17g, expected %.17g", found, expected);
}

static struct cox *fit(const struct cox_data *data, struct cox_options options) {
    struct cox *cox = NULL;
    struct error err = {0};
    if (cox_fit(&cox, data, &options, &err))
        fail_msg("%s", err.text);
    return cox;
}

/* ---- Appendix E.1: ties ---------------------------------------------------------------------- */

static const decimal book_time[] = {T(1), T(1), T(6), T(6), T(8), T(9)};
static const uint8_t book_status[] = {1, 0, 1, 1, 0, 1};
static const double book_x[] = {1, 1, 1, 0, 0, 0};
static const double *const book_columns[] = {book_x};
static const struct cox_data book = {
    .n = 6, .p = 1, .time = book_time, .status = book_status, .x = book_columns};

/* log L = 2b - log(3r + 3) - 2 log(r + 3), r = exp(b): largest at r = (3 + sqrt 33)/2. */
static void breslow_by_hand(void **state) {
    (void)state;
    struct cox *cox = fit(&book, (struct cox_options){.ties = COX_BRESLOW});
    const struct cox_result *result = cox_result(cox);
    double r = (3 + sqrt(33)) / 2, b = log(r);
    near(result->coefficient[0], b);
    near(result->loglik_null, -log(6) - 2 * log(4));
    near(result->loglik, 2 * b - log(3 * r + 3) - 2 * log(r + 3));
    /* Information: r/(r + 1)^2 + 6 r/(r + 3)^2. */
    near(1 / result->variance[0], r / ((r + 1) * (r + 1)) + 6 * r / ((r + 3) * (r + 3)));
    assert_null(result->robust);
    cox_destroy(cox);
}

/* log L = 2b - log(3r + 3) - log(r + 3) - log(r/2 + 5/2): largest at a root of a cubic. */
static void efron_by_hand(void **state) {
    (void)state;
    struct cox *cox = fit(&book, (struct cox_options){.robust = true});
    const struct cox_result *result = cox_result(cox);
    double r = exp(result->coefficient[0]);
    near(2, r / (r + 1) + r / (r + 3) + r / (r + 5));
    assert_true(fabs(result->coefficient[0] - 1.676857) < 1e-6); /* as printed in the book */
    near(1 / result->variance[0],
         r / ((r + 1) * (r + 1)) + 3 * r / ((r + 3) * (r + 3)) + 5 * r / ((r + 5) * (r + 5)));
    near(result->loglik,
         2 * result->coefficient[0] - log(3 * r + 3) - log(r + 3) - log(r / 2 + 2.5));
    cox_destroy(cox);
}

/* Two equal rows, or one that counts twice: the same in all. */
static void counts_are_repeated_rows(void **state) {
    (void)state;
    static const double weight[] = {1, 3, 2, 1, 2, 1};
    decimal time[10];
    uint8_t status[10];
    double x[10];
    size_t n = 0;
    for (size_t i = 0; i < 6; i++)
        for (int k = 0; k < (int)weight[i]; k++, n++) {
            time[n] = book_time[i];
            status[n] = book_status[i];
            x[n] = book_x[i];
        }
    const double *columns[] = {x};
    const struct cox_data repeated = {.n = n, .p = 1, .time = time, .status = status, .x = columns};
    struct cox_data counted = book;
    counted.weight = weight;
    struct cox *a = fit(&repeated, (struct cox_options){.robust = true});
    struct cox *b = fit(&counted, (struct cox_options){.robust = true, .counts = true});
    near(cox_result(b)->coefficient[0], cox_result(a)->coefficient[0]);
    near(cox_result(b)->variance[0], cox_result(a)->variance[0]);
    near(cox_result(b)->robust[0], cox_result(a)->robust[0]);
    near(cox_result(b)->loglik, cox_result(a)->loglik);
    near(cox_result(b)->rows, 10);
    struct cox_concordance one, two;
    struct error err = {0};
    assert_int_equal(cox_concordance(a, &one, &err) | cox_concordance(b, &two, &err), 0);
    near(two.concordance, one.concordance);
    near(two.std_error, one.std_error);
    near(two.concordant, one.concordant);
    cox_destroy(a);
    cox_destroy(b);
}

/* ---- Cutting a row in two changes nothing ---------------------------------------------------- */

static void cut_rows(void **state) {
    (void)state;
    enum { N = 60 };
    decimal time[2 * N], entry[2 * N];
    uint8_t status[2 * N];
    uint32_t user[2 * N];
    double x[2 * N], y[2 * N];
    uint32_t seed = 7;
    for (size_t i = 0; i < N; i++) {
        seed = seed * 1664525U + 1013904223U;
        time[i] = T(2 + seed % 23);
        status[i] = (seed >> 8) % 3 > 0;
        x[i] = (seed >> 10) % 17;
        y[i] = (seed >> 16) % 2;
        user[i] = (uint32_t)i;
        entry[i] = COX_NO_ENTRY;
    }
    const double *columns[] = {x, y};
    struct cox_data data = {
        .n = N, .p = 2, .time = time, .status = status, .x = columns, .cluster = user};
    struct cox *whole = fit(&data, (struct cox_options){0});
    for (size_t i = 0; i < N; i++) { /* the second half of each stay */
        time[N + i] = time[i];
        status[N + i] = status[i];
        entry[N + i] = T(1 + i % 2) / 2 * 2;
        time[i] = entry[N + i];
        status[i] = 0;
        x[N + i] = x[i];
        y[N + i] = y[i];
        user[N + i] = user[i];
        if (entry[N + i] >= time[N + i]) {
            entry[N + i] = time[N + i] - 1;
            time[i] = entry[N + i];
        }
    }
    data.n = 2 * N;
    data.entry = entry;
    struct cox *cut = fit(&data, (struct cox_options){.threads = 3});
    for (size_t j = 0; j < 2; j++)
        near(cox_result(cut)->coefficient[j], cox_result(whole)->coefficient[j]);
    for (size_t j = 0; j < 4; j++) {
        near(cox_result(cut)->variance[j], cox_result(whole)->variance[j]);
        near(cox_result(cut)->robust[j], cox_result(whole)->robust[j]);
    }
    near(cox_result(cut)->loglik, cox_result(whole)->loglik);
    struct cox_concordance one, two;
    struct error err = {0};
    assert_int_equal(cox_concordance(whole, &one, &err) | cox_concordance(cut, &two, &err), 0);
    near(two.concordance, one.concordance);
    near(two.std_error, one.std_error);
    cox_destroy(whole);
    cox_destroy(cut);
}

/* ---- R --------------------------------------------------------------------------------------- */

/* survival::ovarian, sorted by time:
 *     f <- coxph(Surv(futime, fustat) ~ age + rx, ovarian, eps = 1e-14)
 *     coef(f); vcov(f); f$loglik; f$score; f$wald.test; concordance(f); cox.zph(f, "rank")
 *     survfit(f, data.frame(age = 60, rx = 2)) */
static const decimal ovarian_time[] = {T(59),   T(115),  T(156),  T(268),  T(329), T(353), T(365),
                                       T(377),  T(421),  T(431),  T(448),  T(464), T(475), T(477),
                                       T(563),  T(638),  T(744),  T(769),  T(770), T(803), T(855),
                                       T(1040), T(1106), T(1129), T(1206), T(1227)};
static const uint8_t ovarian_status[] = {1, 1, 1, 1, 1, 1, 1, 0, 0, 1, 0, 1, 1,
                                         0, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0};
static const double ovarian_age[] = {72.3315, 74.4932, 66.4658, 74.5041, 43.137,  63.2192, 64.4247,
                                     58.3096, 53.3644, 50.3397, 56.4301, 56.937,  59.8548, 64.1753,
                                     55.1781, 56.7562, 50.1096, 59.6301, 57.0521, 39.2712, 43.1233,
                                     38.8932, 44.6,    53.9068, 44.2055, 59.589};
static const double ovarian_rx[] = {1, 1, 1, 1, 1, 2, 2, 2, 2, 1, 1, 2, 2,
                                    1, 2, 1, 2, 2, 2, 1, 1, 1, 1, 2, 2, 2};

static void as_r(void **state) {
    (void)state;
    const double *columns[] = {ovarian_age, ovarian_rx};
    const struct cox_data data = {
        .n = 26, .p = 2, .time = ovarian_time, .status = ovarian_status, .x = columns};
    struct cox *cox = fit(&data, (struct cox_options){0});
    const struct cox_result *result = cox_result(cox);
    near(result->coefficient[0], 0.147326595469114);
    near(result->coefficient[1], -0.8039730126651145);
    near(result->variance[0], 0.002129550015191918);
    near(result->variance[1], 0.004696921946662632);
    near(result->variance[3], 0.3994864084932074);
    near(result->loglik_null, -34.98494037116256);
    near(result->loglik, -27.04189886300839);
    near(result->score, 18.55712338361982);
    near(result->wald, 13.46750689528596);
    struct cox_concordance c;
    struct cox_ph_test ph[3];
    struct cox_curve curve;
    struct error err = {0};
    assert_int_equal(cox_concordance(cox, &c, &err), 0);
    near(c.concordance, 0.7981651376146789);
    near(c.std_error, 0.07632619914260061);
    assert_int_equal(cox_test_ph(cox, COX_RANK, (const size_t[]){0, 1}, 2, ph, &err), 0);
    near(ph[0].chi_square, 0.2548584333082753);
    near(ph[1].chi_square, 0.6886407801194282);
    near(ph[2].chi_square, 0.8801211820274795);
    assert_int_equal(ph[2].df, 2);
    assert_int_equal(cox_predict(cox, (const double[]){60, 2}, 0, &curve, &err), 0);
    assert_int_equal(curve.n, 12);
    assert_int_equal(curve.points[11].at_risk, 11);
    near(curve.points[0].hazard, 0.01322412851727506);
    near(curve.points[11].hazard, 0.8664263204048166);
    near(curve.points[11].std_error, 0.4225482011435393);
    free(curve.points);
    cox_destroy(cox);
}

/* ---- What cannot be fitted ------------------------------------------------------------------- */

static void refuses(struct cox_data data, const char *words) {
    struct cox *cox = NULL;
    struct error err = {0};
    const struct cox_options options = {0};
    assert_int_equal(cox_fit(&cox, &data, &options, &err), ERROR_DATA);
    assert_string_equal(err.text, words);
    assert_null(cox);
}

static void refused(void **state) {
    (void)state;
    static const uint8_t nobody[6] = {0};
    static const decimal entry[] = {T(0), T(0), T(6), T(0), T(0), T(0)};
    static const double bad[] = {1, 2, NAN, 0, 0, 0}, same[] = {2, 2, 2, 2, 2, 2};
    static const double *const bad_columns[] = {bad}, *const same_columns[] = {book_x, same};
    struct cox_data data = book;
    data.p = 0;
    refuses(data, "no covariate was given, expected at least one");
    data = book;
    data.n = 0;
    refuses(data, "no rows are left to fit");
    data = book;
    data.status = nobody;
    refuses(data,
            "nobody left in 6 rows: without an event nothing can be said about what drives it");
    data = book;
    data.entry = entry;
    refuses(data, "row 3 enters at its time or later, expected before it");
    data = book;
    data.x = bad_columns;
    refuses(data, "column 1, row 3: found no finite number");
    data = book;
    data.p = 2;
    data.x = same_columns;
    refuses(data, "covariate 'column 2' is 2 in every row (there are 6), so nothing can be said "
                  "about it: leave it out");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(breslow_by_hand),
        cmocka_unit_test(efron_by_hand),
        cmocka_unit_test(counts_are_repeated_rows),
        cmocka_unit_test(cut_rows),
        cmocka_unit_test(as_r),
        cmocka_unit_test(refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
