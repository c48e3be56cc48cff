/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Revenue per user, payer, minute and thousand views: by hand, and what a panel may not say. */
#include "accounts.h"

#include "revenue/figures.h"
#include <gsl/gsl_cdf.h>
#include <math.h>

static const struct accounts_options by_month = {.period = PERIOD_MONTH, .threads = 1};

static void near(double found, double expected) {
    if (!(fabs(found - expected) <= 1e-12 * fmax(1, fabs(expected))))
        fail_msg("found %.17g, expected %.17g", found, expected);
}

static struct figures figures_from(const struct accounts *accounts, uint32_t replications) {
    const struct figures_options options = {
        .confidence = 0.95, .bootstrap = {replications, 1}, .threads = 1};
    struct figures figures = {0};
    struct error err = {0};
    if (figures_of_log(accounts, &options, &figures, &err))
        fail_msg("%s", err.text);
    return figures;
}

/* Four users who pay 0, 2, 4 and 6 in 10, 20, 30 and 40 minutes. Per minute 0.12, residuals -1.2,
 * -0.4, 0.4, 1.2; per payer 4, residuals 0, -2, 0, 2. */
static void a_log_by_hand(void **state) {
    (void)state;
    struct accounts *accounts =
        accounts_of("user,platform,date,revenue,minutes\nu,A,2025-01-05,,10\nv,A,2025-01-05,2,20\n"
                    "w,A,2025-01-05,4,30\nx,A,2025-01-05,6,40\nx,A,2025-03-05,6,1\n",
                    &by_month);
    struct figures figures = figures_from(accounts, 0);
    const double t = gsl_cdf_tdist_Qinv(0.025, 3);
    assert_int_equal(figures.count, 3);
    const struct figure *f = &figures.items[0];
    near(f->arpu.value, 3);
    near(f->arpu.interval.upper, 3 + t * sqrt(20.0 / 3 / 4));
    near(f->arppu.value, 4);
    near(f->arppu.interval.lower, 4 - t * sqrt(4.0 / 3 * 8) / 3);
    near(f->payer_share.value, 0.75);
    near(f->per_minute.value, 0.12);
    near(f->per_minute.interval.upper, 0.12 + t * sqrt(4.0 / 3 * 3.2) / 100);
    assert_true(isnan(f->per_thousand_views.value) && isnan(f->arpu.bootstrap.lower));
    near(f->top_1, 0.5);
    assert_true(isnan(f->tail));
    /* A month without anybody, and one with a single user. */
    assert_true(figures.items[1].users == 0 && isnan(figures.items[1].arpu.value));
    near(figures.items[2].arpu.value, 6);
    assert_true(isnan(figures.items[2].arpu.interval.lower));
    figures_free(&figures);
    accounts_destroy(accounts);
}

/* Refunds: who gets all back is no payer; revenue below zero is a number as any other. */
static void refunds(void **state) {
    (void)state;
    struct accounts *accounts = accounts_of(
        "user,platform,date,revenue\nu,A,2025-01-05,5\nu,A,2025-01-06,-5\nv,A,2025-01-05,-3\n",
        &by_month);
    struct figures figures = figures_from(accounts, 0);
    near(figures.items[0].arpu.value, -1.5);
    assert_true(figures.items[0].payers == 0 && isnan(figures.items[0].arppu.value));
    near(figures.items[0].payer_share.value, 0);
    figures_free(&figures);
    accounts_destroy(accounts);
}

/* Amounts (i/n)^(-1/3), a tail of index 3: Hill's estimate is near it, and draws agree with t. */
static void a_tail(void **state) {
    (void)state;
    enum { N = 2000 };
    struct buffer csv = {0};
    buffer_text(&csv, "user,platform,date,revenue\n");
    for (int i = 0; i < N; i++)
        buffer_format(&csv, "u%d,A,2025-01-05,%.6f\n", i, pow((i + 0.5) / N, -1.0 / 3));
    struct accounts *accounts = accounts_of(csv.bytes, &by_month);
    struct figures figures = figures_from(accounts, 2000);
    const struct figure *f = &figures.items[0];
    assert_true(fabs(f->tail - 3) < 0.1); /* the (k+1)-th is no random one, but its own middle */
    const double width = f->arpu.interval.upper - f->arpu.interval.lower;
    assert_true(fabs((f->arpu.bootstrap.upper - f->arpu.bootstrap.lower) / width - 1) < 0.06);
    assert_true(isnan(f->payer_share.bootstrap.lower)); /* all pay */
    figures_free(&figures);
    accounts_destroy(accounts);
    buffer_free(&csv);
}

static int read_panel(const char *csv, struct figures *ret, struct error *err) {
    const char *const groups[ACCOUNT_GROUPS + 1] = {NULL};
    const char *path = tables_write("panel.csv", text_of(csv));
    const struct table_options how = {.files = &path, .n_files = 1, .threads = 1};
    struct table *table;
    *ret = (struct figures){0};
    assert_int_equal(table_open(&table, &how, err), 0);
    const int code = figures_of_panel(table, groups, ret, err);
    table_close(table);
    return code;
}

static void a_panel(void **state) {
    (void)state;
    struct figures figures;
    struct error err = {0};
    assert_int_equal(read_panel("platform,period,users,revenue,payers,minutes\nB,2025,4,10,2,50\n"
                                "A,2025,0,7,0,\nA,2024,8,-2,1,4\n",
                                &figures, &err),
                     0);
    assert_int_equal(figures.count, 3);
    near(figures.items[0].arpu.value, -0.25);
    assert_true(isnan(figures.items[1].arpu.value) && isnan(figures.items[1].per_minute.value));
    near(figures.items[2].arppu.value, 5);
    near(figures.items[2].per_minute.value, 0.2);
    assert_true(isnan(figures.items[2].arpu.interval.lower));
    figures_free(&figures);
}

static void assert_refused(const char *csv, const char *message) {
    struct figures figures;
    struct error err = {0};
    assert_int_equal(read_panel(csv, &figures, &err), ERROR_DATA);
    if (!strstr(err.text, message))
        fail_msg("found '%s', expected '%s' in it", err.text, message);
    figures_free(&figures);
}

static void refused(void **state) {
    (void)state;
    assert_refused("platform,period,users,revenue\nA,2025,-1,1\n", "users are negative");
    assert_refused("platform,period,users,revenue,payers\nA,2025,1,1,2\n",
                   "more payers than users");
    assert_refused("platform,period,users,revenue\nA,2025,1,1\nA,2025,1,2\n", "one row for each");
    assert_refused("platform,period,users,revenue\nA,2025,1,1\nA,2025-01,1,2\n",
                   "period is a month, expected a year");
    assert_refused("platform,period,users,revenue,currency\nA,2025,1,1,USD\nB,2025,1,2,EUR\n",
                   "currency is EUR, expected USD");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_log_by_hand), cmocka_unit_test(refunds), cmocka_unit_test(a_tail),
        cmocka_unit_test(a_panel),       cmocka_unit_test(refused),
    };
    return cmocka_run_group_tests(tests, tables_setup, tables_teardown);
}
