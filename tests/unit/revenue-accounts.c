/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Single users one by one: what each has in each place and period, and what is refused. */
#include "accounts.h"

static const struct accounts_options by_month = {.period = PERIOD_MONTH, .threads = 1};

/* All entries as lines "period place revenue minutes views", a user's together, users sorted by
 * their lines, so that the order of hashes does not show. */
struct shown {
    char users[64][512];
    size_t n;
};

static int show_user(void *context, size_t part, int worker, const struct account_entry *entries,
                     size_t n, struct error *err) {
    struct shown *shown = context;
    char *text = shown->users[shown->n++];
    (void)part, (void)worker, (void)err;
    *text = '\0';
    for (size_t i = 0; i < n; i++) {
        char amounts[ACCOUNT_MEASURES][DECIMAL_TEXT], period[CALENDAR_TEXT];
        period_format((struct period){PERIOD_MONTH, entries[i].period}, period);
        for (int m = 0; m < ACCOUNT_MEASURES; m++)
            decimal_format(entries[i].of[m], 0, amounts[m]);
        sprintf(text + strlen(text), "%s %u %s %s %s;", period, entries[i].place, amounts[0],
                amounts[1], amounts[2]);
    }
    return 0;
}

static int by_text(const void *a, const void *b) {
    return strcmp(a, b);
}

static void assert_users(const struct accounts *accounts, const char *const *expected) {
    struct shown shown = {.n = 0};
    struct error err = {0};
    assert_int_equal(accounts_each(accounts, 1, show_user, &shown, &err), 0);
    qsort(shown.users, shown.n, sizeof shown.users[0], by_text);
    for (size_t i = 0; i < shown.n; i++) {
        assert_non_null(expected[i]);
        assert_string_equal(shown.users[i], expected[i]);
    }
    assert_null(expected[shown.n]);
}

/* Rows of one user, place and period add up; an empty amount is none; places go by name. */
static void entries_by_hand(void **state) {
    (void)state;
    struct accounts *accounts =
        accounts_of("user,platform,date,revenue,minutes,views\n"
                    "u,B,2025-01-05,1.5,10,\nu,A,2025-02-01,2,,3\nu,B,2025-01-31,0.25,5,7\n"
                    "v,A,2025-01-01,,1,1\nu,B,2025-03-31,-4,,\n",
                    &by_month);
    static const char *const users[] = {
        "2025-01 0 0 1 1;", "2025-02 0 2 0 3;2025-01 1 1.75 15 7;2025-03 1 -4 0 0;", NULL};
    assert_users(accounts, users);
    assert_int_equal(accounts->n_places, 2);
    assert_true(text_is(accounts->places[0].platform, "A"));
    assert_int_equal(accounts->last - accounts->first, 2);
    assert_int_equal(accounts->without_revenue, 1);
    assert_true(accounts->has[ACCOUNT_MINUTES] && accounts->has[ACCOUNT_VIEWS]);
    accounts_destroy(accounts);
}

static void groups_part_places(void **state) {
    (void)state;
    const struct accounts_options options = {
        .period = PERIOD_MONTH, .groups = {"plan"}, .threads = 1};
    struct accounts *accounts = accounts_of("user,platform,date,revenue,plan\n"
                                            "u,A,2025-01-05,1,plus\nu,A,2025-01-06,2,\n"
                                            "u,A,2025-01-07,4,plus\n",
                                            &options);
    static const char *const users[] = {"2025-01 0 2 0 0;2025-01 1 5 0 0;", NULL};
    assert_users(accounts, users);
    assert_int_equal(accounts->places[0].groups[0].length, 0);
    assert_true(text_is(accounts->places[1].groups[0], "plus"));
    accounts_destroy(accounts);
}

static void revenue_alone(void **state) {
    (void)state;
    const struct accounts_options options = {
        .period = PERIOD_MONTH, .revenue_alone = true, .threads = 1};
    struct accounts *accounts =
        accounts_of("user,platform,date,revenue,minutes\nu,A,2025-01-05,1,-7\n", &options);
    static const char *const users[] = {"2025-01 0 1 0 0;", NULL};
    assert_users(accounts, users);
    assert_false(accounts->has[ACCOUNT_MINUTES]);
    accounts_destroy(accounts);
}

static void no_rows(void **state) {
    (void)state;
    static const char *const nobody[] = {NULL};
    struct accounts *accounts = accounts_of("user,platform,date,revenue\n", &by_month);
    assert_true(accounts->first > accounts->last);
    assert_int_equal(accounts->n_places, 0);
    assert_users(accounts, nobody);
    accounts_destroy(accounts);
    accounts_destroy(NULL);
}

/* Users come in the same order, with the same numbers, for any number of threads. */
static void the_same_for_any_threads(void **state) {
    (void)state;
    enum { ROWS = 5000 };
    struct buffer csv = {0};
    struct accounts *accounts[2];
    buffer_text(&csv, "user,platform,date,revenue\n");
    for (unsigned i = 0; i < ROWS; i++)
        buffer_format(&csv, "u%u,%c,2025-%02u-15,%u.%02u\n", i * 7919 % 613, 'A' + (int)(i % 3),
                      1 + i / 7 % 12, i % 11, i % 100);
    for (int k = 0; k < 2; k++) {
        const struct accounts_options options = {.period = PERIOD_MONTH, .threads = 1 + 3 * k};
        accounts[k] = accounts_of(csv.bytes, &options);
    }
    for (size_t p = 0; p < LEDGER_PARTS; p++) {
        const struct accounts_part *a = &accounts[0]->parts[p], *b = &accounts[1]->parts[p];
        assert_int_equal(a->count, b->count);
        for (size_t i = 0; i < a->count; i++) {
            assert_true(account_same_user(&a->entries[i], &b->entries[i]));
            assert_int_equal(a->entries[i].place, b->entries[i].place);
            assert_int_equal(a->entries[i].period, b->entries[i].period);
            assert_memory_equal(a->entries[i].of, b->entries[i].of, sizeof a->entries[i].of);
        }
    }
    accounts_destroy(accounts[0]);
    accounts_destroy(accounts[1]);
    buffer_free(&csv);
}

static void assert_refused(const char *csv, const char *message) {
    struct accounts *accounts;
    struct error err = {0};
    assert_int_equal(accounts_try(csv, &by_month, &accounts, &err), ERROR_DATA);
    assert_null(accounts);
    if (!strstr(err.text, message))
        fail_msg("found '%s', expected '%s' in it", err.text, message);
}

static void refused(void **state) {
    (void)state;
    assert_refused(
        "user,platform,date,revenue,currency\nu,A,2025-01-05,1,USD\nu,A,2025-01-05,1,EUR\n",
        "currency is EUR, expected USD");
    assert_refused("user,platform,date,revenue,minutes\nu,A,2025-01-05,1,-7\n",
                   "minutes are negative, expected 0 or more");
    assert_refused("user,platform,date,revenue,views\nu,A,2025-01-05,1,-7\n",
                   "views are negative, expected 0 or more");
    assert_refused("user,platform,date,revenue\nu,A,2025-01-05,9000000000000\n"
                   "u,A,2025-01-06,9000000000000\n",
                   "out of range");
    assert_refused("user,platform,date\nu,A,2025-01-05\n", "revenue");
}

/* Sums that pass the range on the way and come back within it are right. */
static void there_and_back(void **state) {
    (void)state;
    struct accounts *accounts = accounts_of(
        "user,platform,date,revenue\nu,A,2025-01-05,9000000000000\nu,A,2025-01-06,9000000000000\n"
        "u,A,2025-01-07,-9000000000000\nu,A,2025-01-08,0.000001\n",
        &by_month);
    static const char *const users[] = {"2025-01 0 9000000000000.000001 0 0;", NULL};
    assert_users(accounts, users);
    accounts_destroy(accounts);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(entries_by_hand),
        cmocka_unit_test(groups_part_places),
        cmocka_unit_test(revenue_alone),
        cmocka_unit_test(no_rows),
        cmocka_unit_test(the_same_for_any_threads),
        cmocka_unit_test(refused),
        cmocka_unit_test(there_and_back),
    };
    return cmocka_run_group_tests(tests, tables_setup, tables_teardown);
}
