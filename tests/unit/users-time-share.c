/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Shares of time: at the threshold and beside it, ties, nothing at all, sums beyond 64 bits. */
#include "users/time-share.h"

#include "tables.h"

static struct time_share of(decimal sole, size_t n, const decimal *times) {
    struct presence_stay stays[4] = {0};
    for (size_t i = 0; i < n; i++) {
        stays[i].platform = (uint32_t)i;
        stays[i].amount = times[i];
    }
    return time_share_of(stays, n, sole);
}

static void assert_share(decimal sole, size_t n, const decimal *times, uint32_t platform,
                         bool alone, bool tied) {
    const struct time_share share = of(sole, n, times);
    assert_true(share.spent);
    assert_int_equal(share.platform, platform);
    assert_int_equal(share.sole, alone);
    assert_int_equal(share.tied, tied);
    assert_int_equal(time_share_platform(time_share_state(&share)), platform);
    assert_int_equal(time_share_mostly(time_share_state(&share)), !alone);
}

/* 0.63 / (0.63 + 0.07) is below 0.9 in binary floating point, 0.81 / (0.81 + 0.09) above. */
static void decides_exactly(void **state) {
    (void)state;
    assert_share(900000, 2, (const decimal[]){630000, 70000}, 0, true, false);
    assert_share(900000, 2, (const decimal[]){629999, 70000}, 0, false, false);
    assert_share(900000, 2, (const decimal[]){70000, 630000}, 1, true, false);
    assert_share(900000, 2, (const decimal[]){810000, 90000}, 0, true, false);
    assert_share(900000, 2, (const decimal[]){810000, 90001}, 0, false, false);
    assert_share(DECIMAL_ONE, 2, (const decimal[]){INT64_MAX, 1}, 0, false, false);
    assert_share(DECIMAL_ONE, 2, (const decimal[]){INT64_MAX, 0}, 0, true, false);
    assert_share(500001, 2, (const decimal[]){500001, 499999}, 0, true, false);
    assert_share(500001, 2, (const decimal[]){500000, 500000}, 0, false, true);
}

static void takes_the_largest(void **state) {
    (void)state;
    assert_share(900000, 3, (const decimal[]){3, 4, 3}, 1, false, false);
    assert_share(900000, 3, (const decimal[]){3, 4, 4}, 1, false, true);
    assert_share(900000, 3, (const decimal[]){4, 4, 5}, 2, false, false);
    assert_share(600000, 4, (const decimal[]){1, 2, 6, 1}, 2, true, false);
    /* The sum is beyond 64 bits. */
    assert_share(900000, 4, (const decimal[]){INT64_MAX, INT64_MAX, 7, INT64_MAX}, 0, false, true);
}

static void nothing_is_nowhere(void **state) {
    (void)state;
    assert_false(of(900000, 0, NULL).spent);
    assert_false(of(900000, 3, (const decimal[]){0, 0, 0}).spent);
    assert_share(900000, 3, (const decimal[]){0, 1, 0}, 1, true, false);
    struct time_share_counts counts = {0}, more = {.tied = 2, .idle = 3};
    const struct time_share none = of(900000, 1, (const decimal[]){0});
    const struct time_share tie = of(900000, 2, (const decimal[]){5, 5});
    time_share_count(&counts, &none);
    time_share_count(&counts, &tie);
    time_share_add(&counts, &more);
    assert_int_equal(counts.tied, 3);
    assert_int_equal(counts.idle, 4);
}

static void names(void **state) {
    (void)state;
    struct buffer name = {0};
    time_share_name(&name, text_of("小红书"), true);
    assert_string_equal(name.bytes, "mostly 小红书");
    buffer_clear(&name);
    time_share_name(&name, text_of("TikTok"), false);
    assert_string_equal(name.bytes, "TikTok");
    buffer_free(&name);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(decides_exactly),
        cmocka_unit_test(takes_the_largest),
        cmocka_unit_test(nothing_is_nowhere),
        cmocka_unit_test(names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
