/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Revenue churn, where it went, and the bootstrap of both: by hand and by the delta method. */
#include "accounts.h"

#include "base/random.h"
#include "revenue/destinations.h"
#include <gsl/gsl_cdf.h>
#include <math.h>

static const struct accounts_options by_month = {.period = PERIOD_MONTH, .threads = 1};

static void near(double found, double expected, double tolerance) {
    if (!(fabs(found - expected) <= tolerance * fmax(1, fabs(expected))))
        fail_msg("found %.17g, expected %.17g", found, expected);
}

static struct movements count(const struct accounts *accounts, uint32_t replications, int threads) {
    const struct movement_options options = {
        .confidence = 0.9, .bootstrap = {replications, 7}, .threads = threads};
    struct movements movements = {0};
    struct error err = {0};
    if (movements_count(accounts, &options, &movements, &err))
        fail_msg("%s", err.text);
    return movements;
}

/* u leaves with 10, v shrinks from 6 to 4, w grows from 4 to 5, x is new with 1: of 20, 12 are gone
 * and 1 has come. Losses 10, 2, 0 of 10, 6, 4; residuals at r = 0.6: 4, -1.6, -2.4. */
static void movements_by_hand(void **state) {
    (void)state;
    struct accounts *accounts = accounts_of(
        "user,platform,date,revenue\nu,A,2025-01-05,10\nv,A,2025-01-05,6\nw,A,2025-01-05,4\n"
        "v,A,2025-02-05,4\nw,A,2025-02-05,5\nx,A,2025-02-28,1\n",
        &by_month);
    struct movements movements = count(accounts, 0, 1);
    assert_int_equal(movements.count, 1);
    const struct movement *m = &movements.items[0];
    assert_true(m->start == 20 * DECIMAL_ONE && m->end == 10 * DECIMAL_ONE);
    assert_true(m->of[MOVEMENT_LOST] == 10 * DECIMAL_ONE);
    assert_true(m->of[MOVEMENT_CONTRACTION] == 2 * DECIMAL_ONE);
    assert_true(m->of[MOVEMENT_EXPANSION] == 1 * DECIMAL_ONE);
    assert_true(m->of[MOVEMENT_NEW] == 1 * DECIMAL_ONE && m->of[MOVEMENT_RETURNED] == 0);
    near(m->gross.value, 0.6, 1e-15);
    near(m->net.value, 0.55, 1e-15);
    const double t = gsl_cdf_tdist_Qinv(0.05, 2);
    near(m->gross.delta.lower, fmax(0.6 - t * sqrt(1.5 * (16 + 2.56 + 5.76)) / 20, 0), 1e-12);
    assert_true(m->gross.delta.upper == 1); /* cut */
    near(m->net.delta.upper, 0.55 + t * sqrt(1.5 * (4.5 * 4.5 + 1.3 * 1.3 + 3.2 * 3.2)) / 20,
         1e-12);
    assert_true(isnan(m->gross.bootstrap.lower));
    movements_free(&movements);
    accounts_destroy(accounts);
}

/* All lose a third, which is no exact number: nobody differs, and there is no interval. */
static void nobody_differs(void **state) {
    (void)state;
    struct accounts *accounts = accounts_of(
        "user,platform,date,revenue\nu,A,2025-01-05,3\nv,A,2025-01-05,6\nw,A,2025-01-05,30\n"
        "u,A,2025-02-05,2\nv,A,2025-02-05,4\nw,A,2025-02-05,20\n",
        &by_month);
    struct movements movements = count(accounts, 100, 1);
    near(movements.items[0].gross.value, 1.0 / 3, 1e-15);
    assert_true(isnan(movements.items[0].gross.delta.lower));
    assert_true(isnan(movements.items[0].gross.bootstrap.lower));
    movements_free(&movements);
    accounts_destroy(accounts);
}

/* 2,000 users of whom about 30 % leave, on one platform or on both. */
static struct accounts *many_accounts(void) {
    struct buffer csv = {0};
    struct random_stream stream;
    buffer_text(&csv, "user,platform,date,revenue,minutes\n");
    for (uint32_t u = 0; u < 2000; u++) {
        random_open(&stream, 5, 0, u, 0, 0);
        const double stays = random_uniform(&stream), paid = -log(random_uniform_open(&stream));
        buffer_format(&csv, "u%u,A,2025-01-15,%.4f,60\n", u, 10 * paid);
        if (stays > 0.3)
            buffer_format(&csv, "u%u,A,2025-02-15,%.4f,%d\n", u,
                          10 * paid * (0.5 + random_uniform(&stream)), 10 + (int)(u % 50));
        else if (stays > 0.1)
            buffer_format(&csv, "u%u,B,2025-02-15,%.4f,30\n", u, 5 * paid);
    }
    struct accounts *accounts = accounts_of(csv.bytes, &by_month);
    buffer_free(&csv);
    return accounts;
}

/* The width of the one within what 4,000 draws and the skewness leave of the other. */
static void the_bootstrap_agrees(void **state) {
    (void)state;
    struct accounts *accounts = many_accounts();
    struct movements movements = count(accounts, 4000, 2);
    const struct movement_share *shares[] = {&movements.items[0].gross, &movements.items[0].net};
    for (int k = 0; k < 2; k++) {
        const struct interval delta = shares[k]->delta, drawn = shares[k]->bootstrap;
        near((drawn.upper - drawn.lower) / (delta.upper - delta.lower), 1, 0.05);
        near((drawn.upper + drawn.lower) / 2 - (delta.upper + delta.lower) / 2, 0,
             0.06 * (delta.upper - delta.lower));
    }
    movements_free(&movements);
    accounts_destroy(accounts);
}

/* The first replications are the same however many there are, for any number of threads. */
static void draws_are_of_the_user(void **state) {
    (void)state;
    struct accounts *accounts = many_accounts();
    struct movements one = count(accounts, 203, 1), four = count(accounts, 203, 4);
    assert_memory_equal(&one.items[0].gross, &four.items[0].gross, sizeof one.items[0].gross);
    assert_memory_equal(&one.items[0].net, &four.items[0].net, sizeof one.items[0].net);
    movements_free(&one);
    movements_free(&four);
    accounts_destroy(accounts);
}

static void weigh(const void *context, const struct account_entry *entries, size_t n,
                  const struct bootstrap_lanes *weights, struct bootstrap_lanes *sums) {
    (void)context, (void)entries, (void)n;
    for (int lane = 0; lane < BOOTSTRAP_LANES; lane++) {
        sums[0].of[lane] += weights->of[lane];
        sums[1].of[lane] += weights->of[lane] * weights->of[lane];
        sums[2].of[lane] += weights->of[lane] == 0;
    }
}

/* Poisson(1): mean 1, mean square 2, e^-1 of them 0; over 2,000 x 400 draws, five errors. */
static void weights_are_poisson(void **state) {
    (void)state;
    struct accounts *accounts = many_accounts();
    const struct bootstrap_options options = {.replications = 400, .seed = 1};
    struct bootstrap bootstrap;
    struct error err = {0};
    double sums[3] = {0};
    assert_int_equal(bootstrap_run(accounts, &options, 3, 2, weigh, NULL, &bootstrap, &err), 0);
    for (size_t four = 0; four < 100; four++)
        for (int k = 0; k < 3; k++)
            for (int lane = 0; lane < BOOTSTRAP_LANES; lane++)
                sums[k] += bootstrap.sums[3 * four + (size_t)k].of[lane] / 800000;
    near(sums[0], 1, 5 / sqrt(800000));
    near(sums[1], 2, 5 * sqrt(11.0 / 800000) / 2); /* E X^4 = 15 */
    near(sums[2], exp(-1), 5 * 0.4823 / sqrt(800000));
    assert_true(isnan(bootstrap_ratio(&bootstrap, 0, 0, 0.95).lower)); /* always 1 */
    bootstrap_free(&bootstrap);
    accounts_destroy(accounts);
}

/* u goes from A to B and C in proportion to minutes, v is gone, w shrinks and stays. */
static void destinations_by_hand(void **state) {
    (void)state;
    struct accounts *accounts = accounts_of(
        "user,platform,date,revenue,minutes\nu,A,2025-01-05,10,60\nv,A,2025-01-05,6,60\n"
        "w,A,2025-01-05,4,60\nu,B,2025-02-05,3,30\nu,C,2025-02-05,0,10\nw,A,2025-02-05,1,60\n",
        &by_month);
    const struct movement_options options = {.confidence = 0.95, .threads = 3};
    struct destinations destinations = {0};
    struct error err = {0};
    if (destinations_count(accounts, &options, &destinations, &err))
        fail_msg("%s", err.text);
    assert_int_equal(destinations.count, 4);
    const struct destination *items = destinations.items;
    assert_int_equal(items[0].platform, 1);
    assert_true(items[0].lost == 7500000 && items[0].users_lost == 750000);
    assert_true(items[0].gain == 3 * DECIMAL_ONE && items[0].users_moved == 750000);
    near(items[0].share.value, 7.5 / 19, 1e-15);
    assert_int_equal(items[1].platform, 2);
    assert_true(items[1].lost == 2500000);
    assert_int_equal(items[2].platform, MOVEMENT_GONE);
    assert_true(items[2].lost == 6 * DECIMAL_ONE && items[2].users_moved == DECIMAL_ONE);
    assert_int_equal(items[3].platform, MOVEMENT_STAYED);
    assert_true(items[3].contraction == 3 * DECIMAL_ONE);
    /* (stayed): y = 0, 0, 3 of 10, 6, 3; r = 3/19. */
    const double r = 3.0 / 19, t = gsl_cdf_tdist_Qinv(0.025, 2);
    const double squares = 136 * r * r + 9 * (1 - r) * (1 - r);
    near(items[3].share.delta.upper, fmin(r + t * sqrt(1.5 * squares) / 19, 1), 1e-12);
    destinations_free(&destinations);
    accounts_destroy(accounts);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(movements_by_hand),    cmocka_unit_test(nobody_differs),
        cmocka_unit_test(the_bootstrap_agrees), cmocka_unit_test(draws_are_of_the_user),
        cmocka_unit_test(weights_are_poisson),  cmocka_unit_test(destinations_by_hand),
    };
    return cmocka_run_group_tests(tests, tables_setup, tables_teardown);
}
